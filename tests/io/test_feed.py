"""Reading feeds of every form, quarantine, and writing rows back: real files, no mocks."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import zstandard
from damage import good_row, write_damaged_feed
from hypothesis import example, given, settings, strategies as st
from places import ROOT, SHARED

from clusterer.articles import Article
from clusterer.errors import InputError, OutputError
from clusterer.io.atomic import atomic_output
from clusterer.io.columns import FIELD_NAMES, RowError, article_from
from clusterer.io.dates import parse_date
from clusterer.io.feed import Feed
from clusterer.io.html import clean_text
from clusterer.io.quarantine import Quarantine
from clusterer.io.rows import BadRow, UnreadableDate
from clusterer.io.writers import write_rows

REAL = SHARED / "feed"
MOMENT = datetime(2015, 7, 23, 10, 20, 30, tzinfo=UTC)

ROWS: list[dict[str, str]] = [
    {
        "id": f"a{i}",
        "title": f"عنوان الخبر {i}",
        "text": f'قالت الوزارة في بيان لها رقم {i} إن العمل مستمر، وأضافت: "لن يتوقف"\nسطر ثان; وبه\tجدولة, وفاصلة',
        "date": "2015-07-23 10:20:30",
        "source": "واس",
        "url": f"https://spa.example/{i}",
    }
    for i in range(5)
]
ARTICLES = [Article(r["text"], r["id"], r["title"], r["source"], r["url"], MOMENT) for r in ROWS]


def table(delimiter: str, newline: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(ROWS[0]), delimiter=delimiter, lineterminator=newline)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue()


def rss() -> str:
    items = "".join(
        f"<item><guid>{r['id']}</guid><title>{r['title']}</title><link>{r['url']}</link>"
        f"<pubDate>Thu, 23 Jul 2015 13:20:30 +0300</pubDate><description><![CDATA[{r['text']}]]></description></item>"
        for r in ROWS
    )
    return f'<rss version="2.0"><channel><title>واس</title>{items}</channel></rss>'


def atom() -> str:
    items = "".join(
        f"<entry><id>{r['id']}</id><title>{r['title']}</title><link href='{r['url']}'/><summary>موجز</summary>"
        f"<updated>2015-07-23T10:20:30Z</updated><content type='text'><![CDATA[{r['text']}]]></content></entry>"
        for r in ROWS
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>واس</title>{items}</feed>'


def lines() -> str:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ROWS)


TEXTS: dict[str, Callable[[], str]] = {
    "a.jsonl": lines,
    "a.ndjson": lambda: lines().replace("\n", "\r\n"),
    "a.jsonlines": lambda: lines().rstrip("\n"),
    "lines.json": lines,
    "array.json": lambda: json.dumps(ROWS, ensure_ascii=False),
    "escaped.json": lambda: json.dumps(ROWS),
    "indented.json": lambda: json.dumps(ROWS, ensure_ascii=False, indent=2),
    "wrapped.json": lambda: json.dumps({"tags": ["a"], "data": {"articles": ROWS}}, ensure_ascii=False),
    "a.csv": lambda: table(","),
    "semicolons.csv": lambda: table(";", "\n"),
    "a.tsv": lambda: table("\t"),
    "a.rss": rss,
    "a.xml": rss,
    "a.atom": atom,
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256", "iso8859-6")
PACKINGS: dict[str, Callable[[str, bytes], bytes]] = {
    "": lambda _, data: data,
    ".gz": lambda _, data: gzip.compress(data),
    ".zst": lambda _, data: zstandard.compress(data),
    ".zip": lambda name, data: zipped({name: data}),
}


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def read(*paths: Path | str, **options: Any) -> tuple[list[Article], list[BadRow]]:
    bad: list[BadRow] = []
    return [row.article for row in Feed(paths, on_bad=bad.append, **options)], bad


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", TEXTS)
def test_every_form_reads_the_same_and_comes_back_whole(name: str, encoding: str, packing: str, tmp_path: Path) -> None:
    expected = ARTICLES
    path = tmp_path / (name + packing)
    path.write_bytes(PACKINGS[packing](name, TEXTS[name]().encode(encoding)))

    feed = Feed(path)
    rows = list(feed)
    assert [row.article for row in rows] == expected
    assert (feed.rows, feed.bad_rows, feed.unreadable_dates) == (5, 0, 0)

    kept = tmp_path / f"kept.{feed.format}{packing if packing != '.zip' else ''}"
    assert write_rows(kept, rows[1:3]) == 2
    again, bad = read(kept)
    assert (again, bad) == (expected[1:3], [])


@pytest.mark.parametrize("encoding", ["cp1256", "utf-16", "windows-1256"])
def test_a_declared_encoding_is_taken(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,text\n1,لا\n".encode(encoding))
    assert read(path, encoding=encoding)[0] == [Article("لا", "1")]


def test_a_french_feed_is_detected(tmp_path: Path) -> None:
    text = "Le gouvernement a annoncé hier à Genève que la réunion a été reportée à l'été prochain, déjà très chargé."
    path = tmp_path / "a.jsonl"
    path.write_bytes((json.dumps({"id": "1", "text": text * 3}, ensure_ascii=False) + "\n").encode("cp1252"))
    assert read(path)[0][0].text == text * 3


def test_xml_declares_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b'<?xml version="1.0" encoding="windows-1256"?>' + rss().encode("cp1256"))
    assert read(path)[0] == ARTICLES


def test_rows_come_back_byte_for_byte(tmp_path: Path) -> None:
    odd = b'{"b" : 1.50,  "text":"\\u0646\xd8\xb5", "id":12345678901234567890123}'
    (tmp_path / "a.jsonl").write_bytes(odd + b"\r\n")
    write_rows(tmp_path / "b.jsonl", Feed(tmp_path / "a.jsonl"))
    assert (tmp_path / "b.jsonl").read_bytes() == odd + b"\n"

    odd = b'\xef\xbb\xbf"id";"text";id\r\n"1";abc;"x"\r\n2;"d ""e"" \r\n\r\nf";\r\n'
    (tmp_path / "a.csv").write_bytes(odd)
    write_rows(tmp_path / "b.csv", Feed(tmp_path / "a.csv"))
    assert (tmp_path / "b.csv").read_bytes() == odd


def test_line_numbers_are_physical(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,"x\n\ny"\n\n2,z\n')
    assert [row.line for row in Feed(tmp_path / "a.csv")] == [2, 6]
    (tmp_path / "a.jsonl").write_text('\n{"text": "x"}\n\n{"text": "y"}')
    assert [row.line for row in Feed(tmp_path / "a.jsonl")] == [2, 4]
    (tmp_path / "a.json").write_text('[\n\n{"text": "x"}, {"text": "y"}\n]')
    assert [row.line for row in Feed(tmp_path / "a.json")] == [1, 2]


def test_tsv_without_quoting(tmp_path: Path) -> None:
    data = 'id\ttext\n1\t"قال" فلان\n2\t"مفتوح\n3\tعادي "مقتبس"\n'
    (tmp_path / "a.tsv").write_text(data, encoding="utf-8")
    articles, bad = read(tmp_path / "a.tsv")
    assert [a.text for a in articles] == ['"قال" فلان', '"مفتوح', 'عادي "مقتبس"']
    assert not bad
    write_rows(tmp_path / "b.tsv", Feed(tmp_path / "a.tsv"))
    assert (tmp_path / "b.tsv").read_text(encoding="utf-8") == data


def test_old_mac_line_ends(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text\r1,abc\r2,def\r")
    assert [a.text for a in read(tmp_path / "a.csv")[0]] == ["abc", "def"]


def test_one_article_in_a_json_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": "x", "tags": [{"name": "t"}]}, indent=2))
    (tmp_path / "b.json").write_text('{"articles": []}')
    (tmp_path / "c.json").write_text("[]")
    (tmp_path / "d.json").write_text("")
    assert read(tmp_path) == ([Article("x")], [])


def test_a_json_feed_has_a_description_of_its_own(tmp_path: Path) -> None:
    items = [{"id": "1", "content_html": "<p>x</p>", "date_published": "2015-07-23T10:20:30Z"}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "واس", "description": "أخبار", "items": items}
    (tmp_path / "a.json").write_text(json.dumps(feed))
    (tmp_path / "b.json").write_text(json.dumps(feed, indent=1))
    (tmp_path / "c.json").write_text(json.dumps({"text": "y", "comments": [{"text": "no"}]}))
    assert read(tmp_path) == ([Article("x", "1", date=MOMENT)] * 2 + [Article("y")], [])


def test_json_arrays_do_not_depend_on_how_chunks_fall(tmp_path: Path) -> None:
    rows = [{"id": str(i), "text": '\\"[]{},\\' * (i * 37 % 4000), "n": [{"text": "no"}, [[]]]} for i in range(400)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    articles, bad = read(tmp_path / "a.json")
    assert [(a.id, a.text) for a in articles] == [(r["id"], r["text"]) for r in rows]
    assert not bad


BIG = {"id": "big", "text": "x" * 300_000}  # more than the bytes that tell format and encoding
SMALL = {"id": "small", "text": "y"}


@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("document", "ids"),
    [
        (json.dumps(BIG), ["big"]),
        (json.dumps(BIG, indent=2) + "\n", ["big"]),
        ("\ufeff\n " + json.dumps(BIG), ["big"]),
        (json.dumps({"tags": [{"name": "t"}], "comments": [{"text": "no"}], **BIG}), ["big"]),
        (json.dumps([BIG]), ["big"]),
        (json.dumps([SMALL, BIG, SMALL]), ["small", "big", "small"]),
        (json.dumps([BIG, SMALL], indent=1), ["big", "small"]),
        (json.dumps({"status": "ok", "articles": [SMALL, BIG]}), ["small", "big"]),
        (json.dumps({"description": "x" * 300_000, "items": [SMALL, BIG]}, indent=1), ["small", "big"]),
        (json.dumps(BIG) + "\n" + json.dumps(SMALL) + "\n", ["big", "small"]),
        (json.dumps(SMALL) + "\n" + json.dumps(BIG), ["small", "big"]),
        (json.dumps(BIG) + "\n{\n" + json.dumps(SMALL) + "\n", ["big", "small"]),
    ],
)
def test_a_big_article_in_a_json_file_is_good(document: str, ids: list[str], packing: str, tmp_path: Path) -> None:
    name = f"a.json{packing}"
    (tmp_path / name).write_bytes(PACKINGS[packing](name, document.encode()))
    articles, bad = read(tmp_path / name)
    assert [a.id for a in articles] == ids
    assert [len(a.text) for a in articles] == [300_000 if i == "big" else 1 for i in ids]
    assert [b.line for b in bad] == ([2] if "\n{\n" in document else [])


@pytest.mark.parametrize("form", ["line", "document", "element", "last element", "wrapped"])
@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_the_row_limit_of_json_documents_is_exact(spare: int, form: str, tmp_path: Path) -> None:
    row = json.dumps(BIG, indent=2 if form == "document" else None)
    small = json.dumps(SMALL)
    (tmp_path / "a.json").write_text(
        {
            "line": f"{row}\n",
            "document": f" \n{row}\n",
            "element": f"[{row}, {small}]",
            "last element": f"[{small}, {row}]",
            "wrapped": f'{{"articles": [{row}]}}',
        }[form]
    )
    articles, bad = read(tmp_path / "a.json", max_row_bytes=len(row) + spare)
    assert [a.id for a in articles if a.id != "small"] == ["big"] * (spare >= 0)
    assert [(b.line, "longer than a row may be" in b.reason, b.excerpt[:1]) for b in bad] == [
        (1 + (form == "last element"), True, "{")
    ] * (spare < 0)


def test_a_json_document_far_over_the_limit_is_one_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(BIG | {"more": "z" * 10**6}))
    articles, bad = read(tmp_path / "a.json", max_row_bytes=1000)
    assert not articles
    assert [(b.line, b.excerpt[:14]) for b in bad] == [(1, '{"id": "big", ')]
    assert "longer than a row may be: 1,300,0" in bad[0].reason


def test_damage_after_a_whole_document_is_told(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(json.dumps(SMALL, indent=1).encode()))
    data[-8] ^= 0xFF
    (tmp_path / "a.json.gz").write_bytes(data)
    articles, bad = read(tmp_path / "a.json.gz")
    assert [a.id for a in articles] == ["small"]
    assert [(b.line, "damaged gz data" in b.reason) for b in bad] == [(2, True)]


def test_two_arrays_in_one_file_and_missing_commas(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"text": "a"} {"text": "b"},,]\n[{"text": "c"}]')
    articles, bad = read(tmp_path / "a.json")
    assert ([a.text for a in articles], bad) == (["a", "b", "c"], [])


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["text", "title", "id", "url", "x", 'q"\\[{']),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<&\r"), max_size=40),
        ),
        max_size=8,
    ),
    st.sampled_from(["jsonl", "json", "indented"]),
)
@settings(max_examples=150, deadline=None)
def test_any_rows_survive_json(rows: list[dict[str, str]], form: str) -> None:
    for row in rows:
        row.setdefault("text", "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.jsonl" if form == "jsonl" else "a.json")
        if form == "jsonl":
            text = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)
        else:
            text = json.dumps(rows, ensure_ascii=False, indent=2 if form == "indented" else None)
        path.write_bytes(text.encode())
        feed = Feed(path, encoding="utf-8")
        got = list(feed)
        assert [(r.article.text, r.article.title) for r in got] == [(r["text"], r.get("title", "")) for r in rows]
        assert feed.bad_rows == 0
        out = Path(folder) / "out.jsonl"
        write_rows(out, got, "jsonl")
        assert [json.loads(line) for line in out.read_bytes().splitlines()] == rows


def test_a_folder_of_texts(tmp_path: Path) -> None:
    long = "قالت الوزارة في بيان لها إن العمل مستمر. " * 5
    for name, text in {
        "b.txt": f"عنوان قصير\n\n{long}",
        "a.txt": f"عنوان قصير\n{long}",
        "day/c.txt": "سطر واحد فقط",
        "day/b.txt": f"جملة تنتهي بنقطة.\n\n{long}",
        "d.txt": "",
        "e.txt": "كلمة " * 26 + f"\n\n{long}",
        ".hidden.txt": "لا",
        "README.md": "لا",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    articles, bad = read(tmp_path)
    assert not bad
    assert [a.id for a in articles] == ["a", "b", "d", "day/b", "day/c", "e"]
    by_id = {a.id: a for a in articles}
    assert (by_id["a"].title, by_id["a"].text) == ("عنوان قصير", long)
    assert (by_id["b"].title, by_id["b"].text) == ("عنوان قصير", long)
    assert (by_id["day/c"].title, by_id["day/c"].text) == ("", "سطر واحد فقط")
    assert by_id["day/b"].title == by_id["e"].title == by_id["d"].text == ""
    assert write_rows(tmp_path / "out.jsonl", Feed(tmp_path, format="txt")) == 6
    assert [a.id for a in read(tmp_path / "out.jsonl")[0]] == [a.id for a in articles]


def test_texts_of_one_name_get_ids_of_their_own(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.txt").write_text(folder)
    ids = [a.id for a in read(tmp_path / "x", tmp_path / "y")[0]]
    assert ids == [str(tmp_path / "x" / "1"), str(tmp_path / "y" / "1")]


def test_folders_globs_and_archives_come_sorted(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.csv", "sub/c.jsonl.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        text = f"text\n{name}\n" if name.endswith("csv") else json.dumps({"text": name})
        path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    (tmp_path / "d.zip").write_bytes(
        zipped({"z.jsonl": b'{"text": "z"}', "a.txt": b"a", "__MACOSX/a.txt": b"no", "x.png": b"no", "k/": b""})
    )
    names = [a.text for a in read(tmp_path)[0]]
    assert names == ["a.csv", "b.jsonl", "a", "z", "sub/c.jsonl.gz"]
    assert [a.text for a in read(f"{tmp_path}/*.[cj]s*")[0]] == ["a.csv", "b.jsonl"]
    assert [a.text for a in read(f"{tmp_path}/**/*.gz")[0]] == ["sub/c.jsonl.gz"]
    assert [a.text for a in read(tmp_path, format="jsonl")[0]] == ["b.jsonl", "z", "sub/c.jsonl.gz"]
    (tmp_path / "odd[1].jsonl").write_text('{"text": "odd"}')
    assert [a.text for a in read(tmp_path / "odd[1].jsonl")[0]] == ["odd"]
    assert Feed(tmp_path).format == "jsonl"
    assert Feed(tmp_path / "a.csv").format == "csv"


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (lines().encode(), 5),
        (gzip.compress(lines().encode()), 5),
        (zstandard.compress(json.dumps(ROWS).encode()), 5),
        (table(",").encode("utf-8-sig"), 5),
        (table("\t").encode("utf-16"), 5),
        (rss().encode(), 5),
        (b"", 0),
    ],
    ids=["jsonl", "gz", "zst-array", "csv", "tsv-utf16", "rss", "empty"],
)
def test_standard_input_is_told_by_its_bytes_and_walked_twice(data: bytes, count: int) -> None:
    code = (
        "from clusterer.io import Feed\n"
        "feed = Feed(['-'])\n"
        "first = [(r.article, r.line, r.file) for r in feed]\n"
        "assert first == [(r.article, r.line, r.file) for r in feed]\n"
        "print(len(first), {r[2] for r in first} <= {'<stdin>'})"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=False, cwd=ROOT)
    assert done.stdout.split() == [str(count).encode(), b"True"], done.stderr.decode()


def test_unknown_endings_are_told_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(lines(), encoding="utf-8")
    (tmp_path / "b").write_bytes(gzip.compress(table(";").encode()))
    assert read(tmp_path / "a.log", tmp_path / "b")[0] == ARTICLES * 2


@pytest.mark.parametrize(
    ("paths", "options", "parts"),
    [
        (["missing.jsonl"], {}, ["missing.jsonl", "does not exist"]),
        (["*.nothing"], {}, ["*.nothing", "matches no file"]),
        ([], {}, ["no input"]),
        (["empty-folder"], {}, ["empty-folder", ".jsonl"]),
        (["no-members.zip"], {}, ["no-members.zip", ".jsonl"]),
        (["words.dat"], {}, ["words.dat", "--format"]),
        (["no-text.csv"], {}, ["no-text.csv", "no text field", "found columns: id, author", "--text-field"]),
        (["ok.csv"], {"fields": {"text": "body_ar"}}, ["ok.csv", "body_ar", "found columns: id, text"]),
        (["ok.csv"], {"fields": {"date": "when"}}, ["ok.csv", "'when'", "--date-field"]),
        (["ok.csv"], {"fields": {"txt": "text"}}, ["'txt'", "text, title, date"]),
        (["ok.csv"], {"format": "xlsx"}, ["xlsx", "jsonl"]),
        (["ok.csv"], {"encoding": "arabic-9"}, ["arabic-9", "windows-1256"]),
        (["ok.csv"], {"max_row_bytes": 0}, ["max_row_bytes 0"]),
        (["noise.jsonl"], {}, ["noise.jsonl", "encoding", "--encoding"]),
    ],
)
def test_what_cannot_be_read_names_value_rule_and_cure(
    paths: list[str], options: dict[str, Any], parts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty-folder").mkdir()
    Path("no-members.zip").write_bytes(zipped({"a.png": b""}))
    Path("words.dat").write_text("just words\nand more")
    Path("no-text.csv").write_text("id,author\n1,x\n")
    Path("ok.csv").write_text("id,text\n1,x\n")
    Path("noise.jsonl").write_bytes(bytes((i * i * 31 + i // 7) % 251 + 5 | 128 for i in range(5000)))
    with pytest.raises(InputError) as error:
        list(Feed(paths, **options))
    for part in [*parts, "cure"]:
        assert part in str(error.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(InputError, match="permissions"):
        list(Feed(path))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    folder = tmp_path_factory.mktemp("damaged")
    return folder, write_damaged_feed(folder)


def test_every_damage_is_one_bad_row_and_all_others_are_read(damaged: tuple[Path, list[Any]]) -> None:
    folder, expected = damaged
    assert len({e.kind for e in expected}) == len(expected) >= 45
    bad: list[BadRow] = []
    feed = Feed(folder, on_bad=bad.append)
    good: dict[str, list[str]] = {}
    for row in feed:
        good.setdefault(row.file, []).append(row.article.id)
    by_file = {b.file: b for b in bad}
    assert len(by_file) == len(bad) == feed.bad_rows
    for e in expected:
        assert tuple(good.pop(e.file, ())) == e.good, e.kind
        found = by_file.pop(e.file)
        assert (found.line, e.reason in found.reason) == (e.line, True), (e, found)
        assert "cure" in found.reason, found
        assert len(found.excerpt) <= 1000
    assert not good
    assert not by_file


def test_bad_rows_are_told_once_however_often_the_feed_is_walked(damaged: tuple[Path, list[Any]]) -> None:
    folder, expected = damaged
    bad: list[BadRow] = []
    feed = Feed(folder, on_bad=bad.append, format="csv")
    next(iter(feed))
    list(feed)
    list(feed)
    unknown = ("zip-cut", "zip-list")  # who knows what was in those
    of_csv = [e for e in expected if ".csv" in e.file or e.kind in unknown]
    assert len(bad) == len(of_csv) == feed.bad_rows


def test_a_cut_gzip_keeps_all_rows_before_the_cut(tmp_path: Path) -> None:
    rows = b"".join(json.dumps(good_row(f"r-{os.urandom(20).hex()}")).encode() + b"\n" for _ in range(3000))
    packed = gzip.compress(rows)
    packed = packed[: len(packed) * 2 // 3]
    (tmp_path / "a.jsonl.gz").write_bytes(packed)
    whole = zlib.decompressobj(31).decompress(packed).count(b"\n")
    assert 1000 < whole < 3000
    articles, bad = read(tmp_path / "a.jsonl.gz")
    assert len(articles) == whole
    assert [b.line for b in bad] == [whole + 1]


def test_a_long_line_is_skipped_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as out:
        out.write(b'{"text": "first"}\n{"text": "')
        for _ in range(16):
            out.write(b"x" * 2**20)
        out.write(b'"}\n{"text": "last"}\n')
    tracemalloc.start()
    articles, bad = read(path, max_row_bytes=2**18)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [a.text for a in articles] == ["first", "last"]
    assert (bad[0].line, "16,777,229 bytes" in bad[0].reason) == (2, True), bad[0].reason
    assert peak < 4 * 2**20


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_a_long_element_of_an_array_is_skipped_without_being_held(packing: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.json{packing}"
    with (gzip.open if packing else open)(path, "wb") as out:  # type: ignore[operator]
        out.write(b'[{"text": "first"}, {"text": "')
        for _ in range(16):
            out.write((b'x\\"\\\\]}' + b"y" * 1017) * 2**10)
        out.write(b'"}, {"text": "last"}]')
    tracemalloc.start()
    articles, bad = read(path, max_row_bytes=2**18)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [a.text for a in articles] == ["first", "last"]
    assert [(b.line, "longer than a row may be" in b.reason) for b in bad] == [(2, True)]
    assert peak < 4 * 2**20


@pytest.mark.parametrize("size", [99, 100, 101])
def test_the_row_limit_is_exact(size: int, tmp_path: Path) -> None:
    line = b'{"text": "' + b"x" * (size - 12) + b'"}'
    assert len(line) == size
    for end in (b"\n", b""):
        (tmp_path / "a.jsonl").write_bytes(line + end)
        articles, bad = read(tmp_path / "a.jsonl", max_row_bytes=100)
        assert (len(articles), len(bad)) == ((1, 0) if size <= 100 else (0, 1))


def test_a_quote_that_never_closes_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{i},x{i}\n" for i in range(2000))
    (tmp_path / "a.csv").write_text(f'id,text\n1,"open\n{rows}')
    articles, bad = read(tmp_path / "a.csv")
    assert (len(articles), [b.line for b in bad]) == (2000, [2])


def test_a_record_of_many_lines_is_cut_at_the_limit(tmp_path: Path) -> None:
    rows = "".join(f"{i},x{i}\n" for i in range(300))
    (tmp_path / "a.csv").write_text(f'id,text\n1,"open\n{rows}2,"q"\n')
    articles, bad = read(tmp_path / "a.csv", max_row_bytes=500)
    assert (len(articles), [b.line for b in bad]) == (301, [2])
    assert "longer than a row may be" in bad[0].reason


@pytest.mark.parametrize("written", ['\\"', "\\\\", '\\\\\\"', "\\u0646"])
@pytest.mark.parametrize("back", range(8))
def test_an_escape_may_straddle_two_chunks(written: str, back: int, tmp_path: Path) -> None:
    start = '[{"text": "'
    data = start + "x" * (2**18 - len(start) - back) + written + '"}, {"id": "other first key", "text": "next"}]'
    (tmp_path / "a.json").write_text(data)
    articles, bad = read(tmp_path / "a.json")
    assert not bad
    assert [a.text for a in articles] == [row["text"] for row in json.loads(data)]


def test_good_elements_between_two_broken_ones_are_found(tmp_path: Path) -> None:
    good = [f'{{"id": "{i}", "text": "{i}"}}' for i in range(4)]
    broken = '{"id": "x", "a": {"text": "y"}', '{"id": "z", "text": "z"}}'
    (tmp_path / "a.json").write_text("[" + ", ".join([*good[:2], broken[0], good[2], broken[1], good[3]]) + "]")
    articles, bad = read(tmp_path / "a.json")
    assert [a.id for a in articles if a.id != "z"] == ["0", "1", "2", "3"]
    assert [b.line for b in bad] == [3, 6]
    assert bad[0].excerpt == broken[0]


def test_what_looks_bad_and_is_good(tmp_path: Path) -> None:
    bom = "\ufeff"
    (tmp_path / "a.jsonl").write_text(
        f'{bom}{{"text": "one"}}\n{bom}{{"text": "glued file"}}\n{{"text": "x{bom}y"}}\n{{"text": "", "id": 0}}\n'
        '{"text": null, "title": "t"}\n{"text": "a", "text": "b"}\n{"text": "c", "title": 7, "id": 1.0}\n'
        '{"text": null, "content": "second choice"}\n{"TEXT ": "d", "Published-At": "2015-07-23"}\n',
        encoding="utf-8",
    )
    articles, bad = read(tmp_path / "a.jsonl")
    assert not bad
    assert [a.text for a in articles] == ["one", "glued file", "x\ufeffy", "", "", "b", "c", "second choice", "d"]
    assert (articles[3].id, articles[4].title, articles[6].title, articles[6].id) == ("0", "t", "7", "1")
    assert articles[8].date == datetime(2015, 7, 23, tzinfo=UTC)


def test_unreadable_dates_are_counted(tmp_path: Path) -> None:
    values = ["2015-07-23", "أمس", "", None, "٧ شوال ١٤٣٦هـ", 0, [], ["2015"], "  ", "9999-99-99", float("1e300")]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": "x", "date": v}) + "\n" for v in values))
    feed = Feed(tmp_path / "a.jsonl")
    assert [row.article.date is not None for row in feed] == [True] + [False] * 10
    assert feed.unreadable_dates == 5
    list(feed)
    assert feed.unreadable_dates == 5


def test_parquet_round_trip_keeps_schema_and_values(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    schema = pa.schema(
        [
            ("id", pa.int32()),
            ("body", pa.dictionary(pa.int32(), pa.string())),
            ("published", pa.timestamp("ns", "Asia/Riyadh")),
            ("title", pa.large_string()),
            ("tags", pa.list_(pa.string())),
        ],
        metadata={"made": "by a test"},
    )
    when = [1437646830000000001 + i for i in range(3000)]
    table = pa.table(
        [
            pa.array(range(3000), pa.int32()),
            pa.array([f"نص {i % 7}" for i in range(3000)]).dictionary_encode(),
            pa.array(when, pa.timestamp("ns", "Asia/Riyadh")),
            pa.array([None if i % 2 else f"عنوان {i}" for i in range(3000)], pa.large_string()),
            pa.array([["a"]] * 3000, pa.list_(pa.string())),
        ],
        schema,
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    feed = Feed([tmp_path / "a.parquet", tmp_path / "b.parquet.gz"])
    rows = list(feed)
    assert feed.format == "parquet"
    assert [row.article.id for row in rows] == [str(i) for i in range(3000)] * 2
    assert [row.line for row in rows[:3000]] == list(range(1, 3001))
    assert rows[8].article == Article("نص 1", "8", "عنوان 8", "", "", MOMENT)
    write_rows(tmp_path / "out.parquet", rows[3000:])
    out = pq.read_table(tmp_path / "out.parquet")
    original = pq.read_table(tmp_path / "a.parquet")
    assert out.equals(original)
    assert out.schema.equals(original.schema, check_metadata=True)
    write_rows(tmp_path / "out.jsonl", rows[:2], "jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1])["tags"] == ["a"]


def test_parquet_without_text_is_an_input_error(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"id": [1], "author": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"found columns: id, author; cure: --text-field 'author';.*no text field"):
        list(Feed(tmp_path / "a.parquet"))


def test_parquet_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from clusterer.errors import InputError\n"
        "from clusterer.io import Feed\n"
        "try: list(Feed('a.parquet'))\nexcept InputError as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert b"pip install 'clusterer[parquet]'" in done.stdout, done.stderr.decode()


def test_rows_of_several_forms_become_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,n\n1,abc,5\n")
    (tmp_path / "b.json").write_text('[{"text":\n"x"}]')
    (tmp_path / "c.txt").write_text("text only")
    (tmp_path / "d.rss").write_text(rss(), encoding="utf-8")
    feed = Feed(tmp_path)
    write_rows(tmp_path / "out", feed, feed.format)
    out = [json.loads(line) for line in (tmp_path / "out").read_text(encoding="utf-8").splitlines()]
    assert out[0] == {"id": "1", "text": "abc", "n": "5"}
    assert out[1] == {"text": "x"}
    assert out[2] == {"id": "c", "title": "", "text": "text only"}
    assert out[3]["date"] == "2015-07-23T10:20:30+00:00"
    assert len(out) == 8
    write_rows(tmp_path / "out.json", feed, "json")
    assert json.loads((tmp_path / "out.json").read_bytes()) == out


def test_tables_of_several_dialects_are_written_as_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,abc\n")
    (tmp_path / "b.csv").write_text('text;id\n"d;e,""f""";2\n')
    write_rows(tmp_path / "out.csv", Feed([tmp_path / "a.csv", tmp_path / "b.csv"]))
    assert (tmp_path / "out.csv").read_text() == 'id,text\n1,abc\n2,"d;e,""f"""\n'
    write_rows(tmp_path / "out.tsv", Feed(tmp_path / "b.csv"), "tsv")
    assert (tmp_path / "out.tsv").read_text() == 'text\tid\n"d;e,""f"""\t2\n'
    (tmp_path / "c.csv").write_text("id,text,more\n3,x,y\n")
    with pytest.raises(OutputError, match=r"c\.csv, line 2.*jsonl"):
        write_rows(tmp_path / "not.csv", Feed([tmp_path / "a.csv", tmp_path / "c.csv"]))
    assert not (tmp_path / "not.csv").exists()


@pytest.mark.parametrize("format", ["csv", "tsv", "parquet", "xml"])
def test_rows_without_columns_make_no_table(format: str, tmp_path: Path) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    (tmp_path / "a.jsonl").write_text('{"text": "x"}')
    with pytest.raises(OutputError, match="cure"):
        write_rows(tmp_path / "out", Feed(tmp_path / "a.jsonl"), format)
    assert os.listdir(tmp_path) == ["a.jsonl"]


def test_no_rows_make_an_empty_file(tmp_path: Path) -> None:
    for format, data in {"jsonl": b"", "json": b"[]\n", "csv": b"", "parquet": b""}.items():
        assert write_rows(tmp_path / "out", [], format) == 0
        assert (tmp_path / "out").read_bytes() == data


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
@pytest.mark.parametrize("name", ["out.jsonl", "out.gz", "out.zst"])
def test_an_exception_leaves_the_old_file_and_nothing_else(
    error: type[BaseException], name: str, tmp_path: Path
) -> None:
    target = tmp_path / name
    target.write_bytes(b"old")

    def write_and_fail() -> None:
        with atomic_output(target) as out:
            out.write(b"new" * 10**6)
            assert len(os.listdir(tmp_path)) == 2
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert (target.read_bytes(), os.listdir(tmp_path)) == (b"old", [name])


def test_output_is_whole_packed_and_keeps_its_mode(tmp_path: Path) -> None:
    for name, unpack in {
        "a": bytes,
        "a.gz": gzip.decompress,
        "a.zst": lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b),
    }.items():
        with atomic_output(tmp_path / name) as out:
            out.write(b"x" * 10**6)
        assert unpack((tmp_path / name).read_bytes()) == b"x" * 10**6
    first = (tmp_path / "a.gz").read_bytes()
    with atomic_output(tmp_path / "a.gz") as out:
        out.write(b"x" * 10**6)
    assert (tmp_path / "a.gz").read_bytes() == first
    (tmp_path / "plain").write_bytes(b"")
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
        (tmp_path / "a").chmod(0o640)
        (tmp_path / "link").symlink_to(tmp_path / "a")
        with atomic_output(tmp_path / "link") as out:
            out.write(b"through the link")
        assert (tmp_path / "a").read_bytes() == b"through the link"
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "part"), [("", "is a folder"), ("none/a.jsonl", "make the folder first"), ("x" * 300, "cannot be written")]
)
def test_what_cannot_be_written_is_named(name: str, part: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(OutputError, match=part) as error, atomic_output(path) as out:
        out.write(b"x")
    assert str(path) in str(error.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputError, match=r"/dev/full: cannot be written.*cure"), atomic_output("/dev/full") as out:
        out.write(b"x" * 10**6)
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code = "from clusterer.io import atomic_output\nwith atomic_output('-') as out: out.write(b'abc')"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert capfdbinary.readouterr().out == b"abc"


def test_quarantine_appears_only_when_there_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    with Quarantine(path) as quarantine:
        assert quarantine.count == 0
    assert not path.exists()
    with Quarantine(path) as quarantine:
        quarantine.add(BadRow("a\udcff.jsonl", 3, "why; cure: that", "نص\0"))
        quarantine.add(BadRow("b.jsonl", 4, "why", ""))
        assert not path.exists()
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {"file": "a\\udcff.jsonl", "line": 3, "reason": "why; cure: that", "row": "نص\0"}
    assert second["line"] == 4
    path.unlink()

    def add_and_stop() -> None:
        with Quarantine(path) as quarantine:
            quarantine.add(BadRow("b.jsonl", 4, "why", ""))
            assert len(os.listdir(tmp_path)) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_and_stop()
    assert os.listdir(tmp_path) == []


def test_a_run_without_a_bad_row_removes_the_quarantine_of_an_earlier_one(tmp_path: Path) -> None:
    path, other = tmp_path / "bad.jsonl", tmp_path / "other.jsonl"
    other.write_bytes(b"not ours")

    def run(*bad: BadRow, error: Exception | None = None) -> None:
        with Quarantine(path) as quarantine:
            for row in bad:
                quarantine.add(row)
            if error:
                raise error

    row = BadRow("b.jsonl", 4, "why", "")
    run(row)
    earlier = path.read_bytes()
    for bad in ((), (row, row)):  # a run that fails leaves it as it was
        with pytest.raises(ValueError, match="stop"):
            run(*bad, error=ValueError("stop"))
        assert path.read_bytes() == earlier
    run()
    run()  # nothing there: nothing to do
    assert os.listdir(tmp_path) == ["other.jsonl"]

    run(row)
    path.rename(tmp_path / "real")
    path.symlink_to(tmp_path / "real")
    run()  # through the link, as it was written
    assert not path.exists()
    assert sorted(os.listdir(tmp_path)) == ["bad.jsonl", "other.jsonl"]

    path.unlink()
    path.mkdir()
    run()
    assert path.is_dir()
    for name in ("-", os.devnull):
        with Quarantine(name):
            pass
    assert os.path.exists(os.devnull)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        *[
            (value, MOMENT)
            for value in (
                "2015-07-23 10:20:30", "2015-07-23T10:20:30", "2015-07-23T10:20:30Z", "2015-07-23T13:20:30+03:00",
                "2015-07-23T13:20:30+0300", "2015-07-23 13:20:30 +0300", "2015-07-23T10:20:30.000", "20150723102030",
                "2015/07/23 10:20:30", "2015-07-23 10:20:30 UTC", " 2015-07-23 10:20:30\n",
                "Thu, 23 Jul 2015 13:20:30 +0300", "Thu, 23 Jul 2015 10:20:30 GMT", "23 Jul 2015 10:20:30 GMT",
                "Thu Jul 23 10:20:30 2015", "July 23, 2015 10:20:30 AM", "1437646830", "1437646830000", 1437646830,
                1437646830.0, 1437646830000, 1437646830000000, 1437646830000000000, "1437646830.0", MOMENT,
                datetime(2015, 7, 23, 10, 20, 30), MOMENT.astimezone(timezone(timedelta(hours=3))),
                {"$date": "2015-07-23T10:20:30Z"}, b"2015-07-23 10:20:30",
                "٢٠١٥-٠٧-٢٣ ١٠:٢٠:٣٠", "۲۰۱۵/۰۷/۲۳ ۱۰:۲۰:۳۰", "23/07/2015 10:20:30",
                "23/07/2015 13:20:30 +0300",
                "23/07/2015 08:20:30 GMT-2", "23-7-2015 10:20:30 ص",
                "\u200f23\u200f/\u200f07\u200f/\u200f2015 10:20:30 ص", "الخميس ٢٣ يوليو ٢٠١٥، ١٠:٢٠:٣٠ صباحاً",
            )
        ],
        *[
            (value, datetime(2015, 7, 23, tzinfo=UTC))
            for value in (
                "2015-07-23", "20150723", 20150723, date(2015, 7, 23), "23/7/2015", "7/23/2015", "23.07.2015",
                "2015.7.23", "23 يوليو 2015", "الخميس 23 تموز 2015", "الخميس، 23 تموز (يوليو) 2015م",
                "23/7/15", "7/23/15", "٢٣/٧/١٥", "23-Jul-15", "23-Jul-2015", "23-يوليو-15", "23-تموز-15", "7/23/2015",
                "٢٣ يوليو/تموز ٢٠١٥", "23 جويلية 2015", "23 يوليوز 2015", "23 يولـيو 2015 م", "July 23, 2015",
                "الخميس 7 شوال 1436هـ الموافق 23 يوليو 2015م", "23/07/2015م الموافق 07/10/1436هـ",
            )
        ],
        ("5-كانون الثاني-15", datetime(2015, 1, 5, tzinfo=UTC)),
        ("1/2/68", datetime(2068, 2, 1, tzinfo=UTC)),
        ("1/2/70 3:30 PM", datetime(1970, 2, 1, 15, 30, tzinfo=UTC)),
        ("5 كانون الثاني 2015", datetime(2015, 1, 5, tzinfo=UTC)),
        ("5 كانون الأول 2015", datetime(2015, 12, 5, tzinfo=UTC)),
        ("5 يناير/كانون الثاني 2015", datetime(2015, 1, 5, tzinfo=UTC)),
        ("5 تشرين الثاني/نوفمبر 2015", datetime(2015, 11, 5, tzinfo=UTC)),
        ("5 تشرين الاول 2015", datetime(2015, 10, 5, tzinfo=UTC)),
        ("5 آب (أغسطس) 2015", datetime(2015, 8, 5, tzinfo=UTC)),
        ("5 اب 2015", datetime(2015, 8, 5, tzinfo=UTC)),
        ("5 أيار 2015 الساعة 3:30 م", datetime(2015, 5, 5, 15, 30, tzinfo=UTC)),
        ("5 ايار 2015 12:30 ص", datetime(2015, 5, 5, 0, 30, tzinfo=UTC)),
        ("5 ايار 2015 12:30 مساءً", datetime(2015, 5, 5, 12, 30, tzinfo=UTC)),
        *[
            (value, None)
            for value in (
                None, "", "  ", "أمس", "منذ 3 ساعات", "2015", "2015-07", "2015-13-01", "31/02/2015", "x" * 10**6, True,
                0, -1, 2015, 1e30, float("nan"), float("inf"), 10**400, [], {}, object(), "1969-12-31", "2101-01-01",
                "7 شوال 1436هـ", "07/10/1436 هـ", "1436/10/07", "7 رمضان 1436", "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-14:00", "5 يناير/فبراير 2015", "9" * 150, "5 مارسيليا 2015",
                "13/13/15", "1/2/69", "1/2/15/6", "11-رمضان-36", "31-Feb-15", "11-May", "15-07-23", 42471, "42471",
            )
        ],
    ],
)  # fmt: skip
def test_dates(written: Any, expected: datetime | None) -> None:
    found = parse_date(written)
    assert found == expected
    assert found is None or found.tzinfo is UTC


def test_all_month_names_of_both_traditions() -> None:
    east = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
    west = "يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
    for names in (east, west, east.replace("آ", "ا").replace("أ", "ا"), west.replace("أ", "إ")):
        for month, name in enumerate(names.split("|"), 1):
            assert parse_date(f"الأحد 9 {name} 2016") == datetime(2016, month, 9, tzinfo=UTC), name


DATE_PIECES = st.sampled_from(
    ["2015", "07", "23", "-", "/", ":", " ", "T", "+", "Z", "٢", "۳", "م", "ص", "هـ", "يوليو", "كانون", "Thu", "Jul",
     ",",
     "GMT", ".", "الموافق", "(", "\0", "99999999999", "²", "𞣇"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(DATE_PIECES, max_size=14).map("".join), st.floats(), st.integers(), st.binary()))
@example("2015-07-23T10:20:30+99:99")
@example("Thu, 99 Jul 2015 99:99:99 +9999")
@example("1 jan 2015 0")
@settings(max_examples=1500, deadline=None)
def test_dates_never_raise(written: Any) -> None:
    found = parse_date(written)
    assert found is None or (found.tzinfo is UTC and 1970 <= found.year <= 2100)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2099, 12, 31), timezones=st.timezones()))
@settings(max_examples=200, deadline=None)
def test_iso_dates_keep_their_moment(moment: datetime) -> None:
    assert parse_date(moment.isoformat()) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a < b", "a < b"),
        ("<3 و 5>4", "<3 و 5>4"),
        ("<p>أول</p>\n\n<p>ثان</p>", "أول\nثان"),
        ("سطر<br>سطر<BR/>سطر", "سطر\nسطر\nسطر"),
        ("كلم<b>ة</b> و<a href='x>y'>رابط</a>", "كلمة ورابط"),
        ("<td>1</td><td>2</td>", "1  2"),
        ("نص<script>if (a<b) {'<p>'}</script>نص<STYLE>p{}</STYLE >", "نص\nنص"),
        ("نص <!-- <p> --> نص <!-- مفتوح", "نص  نص <!-- مفتوح"),
        ("<script>مفتوح", "مفتوح"),
        ("a &amp; b &quot;c&#34; &#x41;&nbsp;d", 'a & b "c" A\u00a0d'),
        ("&lt;p&gt;مهرب&lt;/p&gt; 3 &lt; 5", "مهرب\n3 < 5"),
        ("AT&T ?a=1&copy=2&lt=3 &nosuch; & &#0;", "AT&T ?a=1&copy=2&lt=3 &nosuch; & \ufffd"),
        ("<https://a.b/c> <x@y.z>", "<https://a.b/c> <x@y.z>"),
        ("<![CDATA[نص]]><o:p></o:p>", "نص"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_clean_text(written: str, expected: str) -> None:
    assert clean_text(written) == expected


def test_clean_text_gives_back_what_needs_nothing() -> None:
    text = "قالت الوزارة\nفي بيان " * 10
    assert clean_text(text) is text


@pytest.mark.parametrize(
    "hostile", ['<a "', "<!--", "<script>", "<p", "&", "<b '", "<a b=\"'", "&#", "\n \t", "<p>\n "]
)
def test_clean_text_is_linear(hostile: str) -> None:
    start = time.perf_counter()
    clean_text(hostile * 200_000)
    assert time.perf_counter() - start < 5  # a second walk for every mark would take hours


def test_every_usual_name_is_found() -> None:
    for attribute, names in FIELD_NAMES.items():
        for name in names:
            row = {"text": "x"} | {name.upper().replace("_", " "): "2015-07-23"}
            if attribute == "text":
                row = {name.title(): "2015-07-23"}
            value = getattr(article_from(row), attribute)
            assert value == (datetime(2015, 7, 23, tzinfo=UTC) if attribute == "date" else "2015-07-23"), name


def test_fields_can_be_given() -> None:
    row = {"text": "no", "body_ar": "yes", "k": 5, "source": {"id": None, "name": "واس"}, "_id": {"$oid": "f00"}}
    assert article_from(row, {"text": "Body_AR", "id": "k"}) == Article("yes", "5", source="واس")
    assert article_from(row) == Article("no", "f00", source="واس")
    assert article_from({"text": "x", "url": "u"}).id == "u"
    with pytest.raises(RowError, match=r"found columns: text; cure: --text-field 'text'; .*expected 'nope'"):
        article_from({"text": "x"}, {"text": "nope"})


def test_serial_days_of_excel_are_read_in_columns_only() -> None:
    for written, expected in {
        "42208": datetime(2015, 7, 23, tzinfo=UTC),
        "42208.5": datetime(2015, 7, 23, 12, tzinfo=UTC),
        "٤٢٢٠٨.43090277778": MOMENT,
        42208.430902778: MOMENT,
        42208: datetime(2015, 7, 23, tzinfo=UTC),
        "60000": datetime(2064, 4, 8, tzinfo=UTC),
        "25568": None,  # 1969
        "60001": None,
        2015: None,
    }.items():
        assert article_from({"text": "x", "date": written}).date == expected, written
    assert parse_date("42208") is None  # whoever deletes what is older than 42208 means no date


def test_marks_in_names_of_columns_do_not_matter() -> None:
    row = {"المُتـــن": "نص", "\u200fالعُنوان": "عنوان", "media": "واس"}
    assert article_from(row) == Article("نص", title="عنوان", source="واس")


def test_a_picture_is_no_source() -> None:
    picture = "https://spa.example/1.jpg"
    for media in (picture, {"url": picture}, [picture]):
        assert article_from({"text": "x", "media": media}).source == ""
        assert article_from({"text": "x", "media": media, "channel": "واس"}).source == "واس"
    assert article_from({"text": "x", "media": picture}, {"source": "media"}).source == picture


@pytest.mark.parametrize(
    ("row", "cure"),
    [
        ({"id": "1", "العنوان": "ع" * 99, "ملاحظة": "م", "المضمون": "نص" * 9}, "cure: --text-field 'المضمون';"),
        ({"id": "1", "it's": "x"}, "cure: --text-field 'it'\\''s';"),
        ({"id": "1", "date": "x"}, "cure: --text-field NAME;"),
        ({}, "found columns: (none); cure: --text-field NAME;"),
    ],
)
def test_the_cure_of_a_row_without_a_text_is_filled_in(row: dict[str, str], cure: str) -> None:
    with pytest.raises(RowError) as error:
        article_from(row)
    told = str(error.value)
    assert told.startswith("found columns: ")
    assert cure in told
    assert told.endswith(", ".join(FIELD_NAMES["text"]))


def test_rows_of_empty_cells_are_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id;text;title\n;;\n1;x;y\n ;"\n";\t\n;;;;;\n;\n2;;\n;;z\n' + ";;\n" * 300)
    bad: list[BadRow] = []
    feed = Feed(tmp_path / "a.csv", on_bad=bad.append)
    for _ in range(2):
        assert [(r.line, r.article) for r in feed] == [(3, Article("x", "1", "y")), (8, Article("", "2")),
                                                       (9, Article("", title="z"))]  # fmt: skip
        assert (feed.rows, feed.bad_rows, feed.blank_rows, bad) == (3, 0, 304, [])
    (tmp_path / "b.csv").write_text('text\nx\n""\n')  # an empty cell of one column is written so
    assert [a.text for a in read(tmp_path / "b.csv")[0]] == ["x", ""]


@pytest.mark.parametrize("hint", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=|", "sep=\t"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a"])
def test_the_delimiter_may_stand_in_the_first_line(hint: str, name: str, tmp_path: Path) -> None:
    delimiter = hint.strip('"')[-1]
    data = f"{hint}\r\n" + "id;text,a,b,c\r\n1;x, y\r\n2;z\r\n".replace(";", delimiter)
    (tmp_path / name).write_bytes(data.encode())
    feed = Feed(tmp_path / name, fields={"text": "text,a,b,c"})
    rows = list(feed)
    assert [(r.line, r.article) for r in rows] == [(3, Article("x, y", "1")), (4, Article("z", "2"))]
    write_rows(tmp_path / "b.csv", rows, feed.format)
    assert (tmp_path / "b.csv").read_bytes() == data.encode()


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.xls"])
def test_a_workbook_is_told_with_the_cure(name: str, tmp_path: Path) -> None:
    book = zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99) if name == "a.xls" else book)
    with pytest.raises(InputError, match=f'{name}: an Excel workbook.*cure: save it as "CSV UTF-8"'):
        list(Feed(tmp_path / name))


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["04/11/2016", "04/16/2016"], ["04-11", "04-16"]),  # the second can only be month first
        (["04/11/2016 3:30 PM", "4/16/16 3:30 PM"], ["04-11", "04-16"]),
        (["٠٤/١١/٢٠١٦", "٠٤/١٦/٢٠١٦"], ["04-11", "04-16"]),
        (["04/11/2016", "16/04/2016"], ["11-04", "04-16"]),
        (["04/11/2016", "05/12/2016"], ["11-04", "12-05"]),  # nothing tells: day first
        (["04/11/2016", "04/16/2016", "16/04/2016"], ["11-04", "04-16", "04-16"]),  # both: day first
        (["04/11/2016", "2016-04-16", "99/99/2016"], ["11-04", "04-16", None]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_column_of_dates_is_read_in_one_order(
    dates: list[str], expected: list[str], delimiter: str, tmp_path: Path
) -> None:
    lines = "".join(f"نص{delimiter}{date}\r\n" for date in dates)
    (tmp_path / "a.csv").write_text(f"text{delimiter}date\r\n{lines}", encoding="utf-8-sig")
    (tmp_path / "b.csv").write_text("text,date\nx,04/11/2016\n")  # the next file is not bound by it
    (tmp_path / "c.jsonl").write_text('{"text": "x", "date": "04/11/2016"}')
    found = [article.date and f"{article.date:%m-%d}" for article in read(tmp_path)[0]]
    assert found == [*expected, "11-04", "11-04"]


def test_the_order_of_dates_is_told_by_whole_rows_only(tmp_path: Path) -> None:
    rows = "1,04/11/2016\n" * 40_000
    (tmp_path / "a.csv").write_text(f'text,date\n"open,04/16/2016\n{rows}x,04/17/2016\n')
    articles, bad = read(tmp_path / "a.csv")
    assert [b.line for b in bad] == [2]
    assert {a.date for a in articles[:-1]} == {datetime(2016, 11, 4, tzinfo=UTC)}  # the tell is far behind the head


@pytest.mark.parametrize("name", ["a.csv", "a"])
@pytest.mark.parametrize("encoding", ["cp1256", "utf-16"])
def test_a_wrong_encoding_is_told_to_be_left_out(name: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("المعرف,النص\n1,خبر عن الوزارة\n" * 2, encoding="utf-8")
    with pytest.raises(InputError, match=f"cure: leave --encoding {encoding} out, the file is UTF-8"):
        list(Feed(tmp_path / name, encoding=encoding))
    (tmp_path / name).write_text("name,body_ar\n1,x\n")
    with pytest.raises(InputError) as error:
        list(Feed(tmp_path / name, encoding=encoding))
    assert "leave --encoding" not in str(error.value)


def test_the_first_unreadable_date_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,date\nx,2016-04-11\n,\nx,\nx,أمس\nx,قبل يوم\n", encoding="utf-8")
    feed = Feed(tmp_path / "a.csv")
    for _ in range(2):
        walk = iter(feed)
        next(walk)
        assert feed.first_unreadable_date is None
        list(walk)
        assert feed.first_unreadable_date == UnreadableDate(str(tmp_path / "a.csv"), 5, "أمس")
        assert (feed.unreadable_dates, feed.blank_rows) == (2, 1)


def test_what_columns_were_read_as_is_known_where_rows_agree(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("النص,التاريخ,text\nx,y,z\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "x", "التاريخ": "y"}\n{"text": "x", "التاريخ": "y", "no": 1}')
    (tmp_path / "c.txt").write_text("x")
    columns = {"text": "text", "title": "", "date": "التاريخ", "source": "", "url": "", "id": ""}
    for paths, expected in {
        ("a.csv",): columns,
        ("a.csv", "b.jsonl"): columns,
        ("a.csv", "c.txt"): None,
        ("c.txt",): None,
    }.items():
        feed = Feed([tmp_path / path for path in paths])
        assert feed.read_as is None
        list(feed)
        assert feed.read_as == expected, paths
    (tmp_path / "d.csv").write_text("النص\nx\n", encoding="utf-8")
    feed = Feed([tmp_path / "a.csv", tmp_path / "d.csv"])
    list(feed)
    assert feed.read_as is None


@pytest.mark.parametrize("options", [[], ["--summary"], ["--quiet"]])
def test_a_run_tells_of_dates_blank_rows_and_columns(options: list[str], tmp_path: Path) -> None:
    far = "x" * 100
    (tmp_path / "a.csv").write_text(f"النص;التاريخ\nx;2016-04-11\n;\nx;أمس\n;;;\nx;{far}\n", encoding="utf-8")
    command = [sys.executable, "-m", "clusterer", "cluster", "a.csv", "-o", "out.jsonl", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    told = done.stderr.decode().splitlines()
    if "--quiet" in options:
        assert not told
        return
    assert told[0] == "2 dates could not be read, first 'أمس' (a.csv, line 4); articles are kept without"
    if not options:
        assert len(told) == 1
        return
    assert [line.split() for line in told if "rows" in line] == [["2", "blank", "rows"],
        ["0", "bad", "rows", "in", "quarantine"]]  # fmt: skip
    assert told[-1] == "read as: text النص, title none, date التاريخ, source none, url none, id none"
    (tmp_path / "a.csv").write_text(f"text,date\nx,{far}\n")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    told = done.stderr.decode().splitlines()
    assert told[0] == f"1 date could not be read: '{far[:59]}… (a.csv, line 2); the article is kept without"
    assert not any("blank" in line for line in told)


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here")
def test_the_real_feed_is_read_whole() -> None:
    feed = Feed(REAL)
    articles = [row.article for row in feed]
    assert (len(articles), feed.bad_rows, feed.unreadable_dates) == (15_042, 0, 0)
    assert sum(not a.text for a in articles) > 0  # empty bodies are kept
    assert all(a.id == a.url and a.source and a.date for a in articles)


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    code = (
        "import sys, clusterer.io.feed, clusterer.io.writers, clusterer.io.quarantine; "
        "print([m for m in sys.modules if m in sys.argv[1:]])"
    )
    heavy = ["feedparser", "pyarrow", "charset_normalizer", "zstandard"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
