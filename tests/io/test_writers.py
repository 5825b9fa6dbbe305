"""What commands write: the form that a file's ending asks for, fields of articles beside the result, marks for Excel, and
answers that stay. Real processes, real files.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from commands import run
from places import ROOT
from said import said

from clusterer.index.story_index import StoryIndex

FEED = ROOT / "data" / "feed.jsonl"
GOLD = ROOT / "data" / "gold.jsonl"
BOM = b"\xef\xbb\xbf"
COLUMNS = ["id", "story", "copy", "exact", "representative", "linked_to", "relation", "score", "evidence"]
COMMAND = [sys.executable, "-c", "from clusterer.cli.main import main; main()"]
BODY = "أعلنت الوزارة اليوم موعد بدء العام الدراسي الجديد في جميع المدارس"
OTHER = "خبر آخر عن أمر آخر تماما في مدينة بعيدة"
TABLE = f'رقم;العنوان;التاريخ;النص\n1;"أ; ب";2016-01-01;"{BODY}"\n2;ج;2016-01-02;"{BODY}"\n3;د;2016-01-03;{OTHER}\n'
KEPT = [["رقم", "العنوان", "التاريخ", "النص"], ["1", "أ; ب", "2016-01-01", BODY], ["3", "د", "2016-01-03", OTHER]]
UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}
Row = dict[str, Any]


def done(*args: object, cwd: Path, stdin: bytes = b"") -> bytes:
    """What a run that goes well and says nothing writes to standard output."""
    ran = run(*args, cwd=cwd, stdin=stdin)
    assert (ran.returncode, said(ran.stderr)) == (0, "")
    return ran.stdout


def refused(*args: object, cwd: Path, stdin: bytes = b"") -> str:
    """The one line of a refusal that leaves the folder as it is."""
    before = {path: path.stat().st_mtime_ns for path in cwd.iterdir()}
    ran = run(*args, cwd=cwd, stdin=stdin)
    lines = ran.stderr.decode().splitlines()
    assert (ran.returncode, ran.stdout, len(lines)) == (1, b"", 1), lines
    assert {path: path.stat().st_mtime_ns for path in cwd.iterdir()} == before
    return lines[0]


def rows(data: bytes) -> list[Row]:
    return [json.loads(line) for line in data.splitlines()]


def cells(data: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True))


def as_cells(row: Row) -> list[str]:
    """The oracle: what a table of text holds of a line."""
    said = {None: "", True: "true", False: "false"}
    return [
        said[v]
        if v is None or isinstance(v, bool)
        else json.dumps(v, separators=(",", ":"))
        if isinstance(v, dict)
        else str(v)
        for v in row.values()
    ]


def number(value: str) -> Any:
    """A cell of evidence for comparison."""
    return json.loads(value) if value else None


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The result of the sample feed as JSON lines."""
    return rows(done("cluster", FEED, cwd=tmp_path_factory.mktemp("lines")))


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample feed. Never written to."""
    folder = tmp_path_factory.mktemp("news")
    run("index", "create", "news.db", cwd=folder)
    done("index", "add", "news.db", FEED, cwd=folder)
    return folder / "news.db"


@pytest.mark.parametrize("packing", UNPACK)
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".CSV"])
def test_a_table_of_text_holds_what_the_lines_hold(ending: str, packing: str, lines: list[Row], tmp_path: Path) -> None:
    name = f"clusters{ending}{packing}"
    done("cluster", FEED, "-o", name, cwd=tmp_path)
    data = UNPACK[packing]((tmp_path / name).read_bytes())
    assert data.startswith(BOM + b"id")
    head, *body = cells(data, "\t" if ending == ".tsv" else ",")
    assert head == COLUMNS
    assert [[*row[:-1], number(row[-1])] for row in body] == [[*as_cells(r)[:-1], r["evidence"]] for r in lines]


def test_a_result_may_be_parquet(lines: list[Row], news: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    done("cluster", FEED, "-o", "c.parquet", "--with", "date,title", cwd=tmp_path)
    table = parquet.read_table(tmp_path / "c.parquet")
    assert table.column_names == [*COLUMNS, "date", "title"]
    kinds = {f.name: str(f.type) for f in table.schema}
    assert (kinds["representative"], kinds["score"], kinds["date"]) == ("bool", "double", "timestamp[us, tz=UTC]")
    told = table.to_pylist()
    assert [{**r, "evidence": number(r["evidence"])} for r in told] == [
        {**a, "date": r["date"], "title": r["title"]} for a, r in zip(lines, told, strict=True)
    ]
    feed = rows(FEED.read_bytes())
    assert [r["title"] for r in told] == [article["title"] for article in feed]
    done("index", "export", news, "-o", "i.parquet", cwd=tmp_path)
    assert parquet.read_table(tmp_path / "i.parquet").column_names == COLUMNS
    assert "cure: -o c.parquet" in refused("cluster", FEED, "-o", "c.parquet.gz", cwd=tmp_path)


def test_an_index_is_exported_as_a_table(news: Path, tmp_path: Path) -> None:
    plain = rows(done("index", "export", news, cwd=tmp_path))
    done("index", "export", news, "-o", "c.csv", "--with", "title", cwd=tmp_path)
    head, *body = cells((tmp_path / "c.csv").read_bytes())
    assert head == [*COLUMNS, "title"]
    titles = [article["title"] for article in rows(FEED.read_bytes())]
    assert [row[:8] for row in body] == [as_cells(r)[:8] for r in plain]
    assert [row[9] for row in body] == titles
    assert "cure: -o c.csv" in refused("index", "export", news, "-o", "c.xls", cwd=tmp_path)


@pytest.mark.parametrize(
    "name", ["c.jsonl", "c.ndjson", "c.json", "c", "c.out", "c.txt", "c.2024", "c.jsonl.gz", "c.gz"]
)
def test_all_other_endings_stay_json_lines(name: str, lines: list[Row], tmp_path: Path) -> None:
    done("cluster", FEED, "-o", name, cwd=tmp_path)
    packing = ".gz" if name.endswith(".gz") else ""
    assert rows(UNPACK[packing]((tmp_path / name).read_bytes())) == lines


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("c.xlsb", "-o c.csv"),
        ("some.where.XLS", "-o some.where.csv"),
        ("c.html", "-o c.csv"),
        ("c.ods.gz", "-o c.csv.gz"),
        ("c.jsonl.zip", "-o c.jsonl.gz"),
    ],
)
def test_what_nothing_can_write_is_refused_before_any_work(name: str, cure: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed.jsonl")  # who reads this waits for ever
    said = refused("cluster", "feed.jsonl", "-o", name, cwd=tmp_path)
    assert name in said
    assert f"cure: {cure}" in said


def test_a_table_is_taken_as_a_result_and_not_as_a_feed(tmp_path: Path) -> None:
    done("cluster", FEED, "-o", "c.csv", "--with", "title,text", cwd=tmp_path)
    assert b"1.0000" in done("evaluate", "c.csv", GOLD, "--level", "copy", cwd=tmp_path)
    assert "a result of clusterer" in refused("cluster", "c.csv", cwd=tmp_path)


def test_no_article_makes_a_table_of_a_header(tmp_path: Path) -> None:
    (tmp_path / "feed.json").write_bytes(b"[]")
    done("cluster", "feed.json", "-o", "c.csv", "-q", cwd=tmp_path)
    assert cells((tmp_path / "c.csv").read_bytes()) == [COLUMNS]


def test_fields_of_articles_stand_at_the_end_of_their_lines(lines: list[Row], news: Path, tmp_path: Path) -> None:
    feed = rows(FEED.read_bytes())
    asked = "title, source,date,url,title"
    piped = done("cluster", "-", "--with", asked, cwd=tmp_path, stdin=FEED.read_bytes())
    told = rows(piped)
    assert {tuple(r) for r in told} == {(*COLUMNS, "title", "source", "date", "url")}
    assert [{k: r[k] for k in COLUMNS} for r in told] == lines
    assert [(r["title"], r["source"], r["url"]) for r in told] == [(a["title"], a["source"], a["url"]) for a in feed]
    assert told[0]["date"] == feed[0]["date"]
    assert done("cluster", FEED, "--with", asked, "--report", "r.html", cwd=tmp_path) == piped
    assert (tmp_path / "r.html").stat().st_size > 10_000
    added = ("title", "source", "date", "url")
    exported = rows(done("index", "export", news, "--with", asked, "--report", "i.html", cwd=tmp_path))
    assert [[r[k] for k in added] for r in exported] == [[r[k] for k in added] for r in told]


def test_cells_of_a_table_may_hold_anything(tmp_path: Path) -> None:
    odd = 'أولا، "قال"\nثانيا; ثالثا,\tرابعا\rخامسا'
    (tmp_path / "feed.jsonl").write_text(json.dumps({"id": "=1+1", "text": odd}) + "\n" + json.dumps({"text": "ب"}))
    texts = [r["text"] for r in rows(done("cluster", "feed.jsonl", "--with", "text", cwd=tmp_path))]
    for name, delimiter in (("c.csv", ","), ("c.tsv", "\t")):
        done("cluster", "feed.jsonl", "-o", name, "--with", "text,date", cwd=tmp_path)
        _, *body = cells((tmp_path / name).read_bytes(), delimiter)
        assert [row[9:] for row in body] == [[text, ""] for text in texts]
        assert body[0][0] == "'=1+1"  # guarded: no spreadsheet computes it
    done("cluster", "feed.jsonl", "-o", "c.csv", "--no-guard", cwd=tmp_path)
    assert cells((tmp_path / "c.csv").read_bytes(), ",")[1][0] == "=1+1"


@pytest.mark.parametrize("command", ["cluster", "export"])
def test_unknown_fields_are_refused_with_the_list(command: str, news: Path, tmp_path: Path) -> None:
    words = ["cluster", FEED] if command == "cluster" else ["index", "export", news]
    said = refused(*words, "-o", "c.jsonl", "--with", "title,author", cwd=tmp_path)
    assert "'author'" in said
    listed = {"cluster": "title, text, source, url, date, file, row", "export": "any of title,text,source,url,date"}
    assert listed[command] in said


@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("encoding", ["cp1256", "utf-16", "utf-8-sig"])
def test_a_table_that_was_not_plain_utf8_gets_a_mark_for_excel(encoding: str, packing: str, tmp_path: Path) -> None:
    data = TABLE.encode(encoding)
    (tmp_path / f"in.csv{packing}").write_bytes(gzip.compress(data) if packing else data)
    done("dedup", f"in.csv{packing}", "-o", "kept.csv", cwd=tmp_path)
    out = (tmp_path / "kept.csv").read_bytes()
    assert out.startswith(BOM)
    assert out.count(BOM) == 1
    assert cells(out, ";") == KEPT
    assert done("dedup", "-", "--format", "csv", cwd=tmp_path, stdin=data) == out


def test_a_table_in_plain_utf8_gets_none(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(TABLE, "utf-8")
    done("dedup", "in.csv", "-o", "kept.csv", cwd=tmp_path)
    out = (tmp_path / "kept.csv").read_bytes()
    assert out == b"".join(TABLE.encode().splitlines(keepends=True)[i] for i in (0, 1, 3))


def test_a_table_becomes_another_or_json_where_the_ending_asks(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(TABLE.encode("cp1256"))
    objects = [dict(zip(KEPT[0], row, strict=True)) for row in KEPT[1:]]
    for name in ("kept.jsonl", "kept.ndjson.gz", "kept.json", "kept.tsv"):
        done("dedup", "in.csv", "-o", name, cwd=tmp_path)
    assert rows((tmp_path / "kept.jsonl").read_bytes()) == objects
    assert rows(gzip.decompress((tmp_path / "kept.ndjson.gz").read_bytes())) == objects
    assert json.loads((tmp_path / "kept.json").read_bytes()) == objects
    assert (tmp_path / "kept.tsv").read_bytes().startswith(BOM)
    assert cells((tmp_path / "kept.tsv").read_bytes(), "\t") == KEPT
    (tmp_path / "in.json").write_text(json.dumps(objects), "utf-8")
    done("dedup", "in.json", "-o", "of-array.jsonl", cwd=tmp_path)
    assert rows((tmp_path / "of-array.jsonl").read_bytes()) == objects
    for name in ("kept", "kept.dat"):  # an ending that promises nothing
        done("dedup", "in.csv", "-o", name, cwd=tmp_path)
        assert cells((tmp_path / name).read_bytes(), ";") == KEPT


@pytest.mark.parametrize(
    ("args", "cure"),
    [
        (["dedup", "in.jsonl", "-o", "kept.csv"], "-o kept.jsonl"),
        (["dedup", "in.jsonl", "-o", "kept.parquet.gz"], "-o kept.jsonl.gz"),
        (["dedup", "in.csv", "-o", "kept.parquet"], "-o kept.csv"),
        (["dedup", "in.csv", "-o", "kept.xls"], "-o kept.csv"),
        (["dedup", "in.jsonl", "--removed", "gone.csv"], "--removed gone.jsonl"),
        (["cluster", "in.jsonl", "--stories", "s.xls"], "--stories s.csv"),
        (["cluster", "in.jsonl", "--pairs", "p.parquet.gz"], "--pairs p.parquet"),
        (["boilerplate", "in.jsonl", "-o", "cut.csv"], "-o cut.jsonl"),
    ],
)
def test_an_ending_that_contradicts_what_is_written_is_refused(args: list[str], cure: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.jsonl")
    os.mkfifo(tmp_path / "in.csv")
    assert f"cure: {cure}" in refused(*args, cwd=tmp_path)


def watched(*args: object, cwd: Path) -> str:
    """What a command says on a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    words = [*COMMAND, *map(str, args)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs, cwd=cwd, env=environment) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            said += part
        assert process.wait(60) == 0, said
    os.close(ours)
    return said.decode()


def test_a_terminal_is_told_what_was_written(news: Path, tmp_path: Path) -> None:
    said = watched("cluster", FEED, "-o", "c.csv", "--report", "r.html", cwd=tmp_path)
    assert said.splitlines()[-1] == "wrote c.csv, r.html"
    assert "wrote kept.jsonl, gone.jsonl\r\n" in watched(
        "dedup", FEED, "-o", "kept.jsonl", "--removed", "gone.jsonl", cwd=tmp_path
    )
    assert watched("index", "export", news, "-o", "e.csv", cwd=tmp_path) == "wrote e.csv\r\n"
    assert "wrote" not in watched("cluster", FEED, cwd=tmp_path)
    assert watched("cluster", FEED, "-o", "c.csv", "--quiet", cwd=tmp_path) == ""


def test_answers_go_to_a_file(tmp_path: Path) -> None:
    run("index", "create", "a.db", cwd=tmp_path)
    run("index", "create", "b.db", cwd=tmp_path)
    printed = done("index", "add", "a.db", FEED, cwd=tmp_path)
    (tmp_path / "answers.jsonl").write_bytes(b"of an earlier run\n")
    assert done("index", "add", "b.db", FEED, "-o", "answers.jsonl", cwd=tmp_path) == b""
    assert (tmp_path / "answers.jsonl").read_bytes() == printed
    assert len(rows(printed)) == 130
    assert not (tmp_path / "answers.jsonl.quarantine.jsonl").exists()


@pytest.mark.parametrize("name", ["answers.jsonl", "answers.jsonl.gz", "answers.jsonl.zst"])
def test_answers_are_there_before_the_next_line_and_stay(name: str, tmp_path: Path) -> None:
    run("index", "create", "news.db", cwd=tmp_path)
    words = [*COMMAND, "index", "add", "news.db", "-", "-o", name]
    path = tmp_path / name
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def answered() -> list[Row]:
        data = path.read_bytes() if path.exists() else b""
        if name.endswith(".gz"):
            with gzip.open(io.BytesIO(data)) as file:
                parts = []
                try:
                    while part := file.read1():
                        parts.append(part)
                except EOFError:  # it goes on
                    pass
            data = b"".join(parts)
        elif name.endswith(".zst"):
            data = UNPACK[".zst"](data)
        return rows(data)

    with subprocess.Popen(words, stdin=subprocess.PIPE, cwd=tmp_path, env=environment) as process:
        assert process.stdin
        for count, line in enumerate(FEED.read_bytes().splitlines(keepends=True)[:3], 1):
            process.stdin.write(line)
            process.stdin.flush()
            until = time.monotonic() + 120
            while len(answered()) < count and time.monotonic() < until:
                time.sleep(0.02)
            assert len(answered()) == count
        process.kill()
    with StoryIndex.open(tmp_path / "news.db", must_exist=True) as store:
        assert [a.id for a in store.assignments()] == [r["id"] for r in answered()]


def test_answers_are_refused_where_they_would_do_harm(tmp_path: Path) -> None:
    run("index", "create", "news.db", cwd=tmp_path)
    (tmp_path / "feed.jsonl").write_bytes(FEED.read_bytes())
    add = ("index", "add", "news.db", "feed.jsonl")
    assert "cure: -o answers.jsonl" in refused(*add, "-o", "answers.csv", cwd=tmp_path)
    assert "is also an input" in refused(*add, "-o", "news.db", cwd=tmp_path)
    assert "is also an input" in refused(*add, "-o", "feed.jsonl", cwd=tmp_path)
    assert "is also another output" in refused(*add, "-o", "x.jsonl", "--changes", "x.jsonl", cwd=tmp_path)
    assert "cannot be written" in refused(*add, "-o", "no/x.jsonl", cwd=tmp_path)
    (tmp_path / "old.jsonl").write_bytes(b"old\n")
    assert "cure" in refused("index", "add", "no.db", "feed.jsonl", "-o", "old.jsonl", cwd=tmp_path)
    assert (tmp_path / "old.jsonl").read_bytes() == b"old\n"


def test_a_full_disk_keeps_what_was_stored(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    run("index", "create", "news.db", cwd=tmp_path)
    ran = run("index", "add", "news.db", FEED, "-o", "/dev/full", cwd=tmp_path)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (1, 1), ran.stderr
    assert b"/dev/full: cannot be written" in ran.stderr
    with StoryIndex.open(tmp_path / "news.db", must_exist=True) as store:
        assert store.check() == []
        assert len(store) == 130
