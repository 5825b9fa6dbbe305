"""The table of formats: every line of it reads, is detected, and is written as it says; a new line is all a reader needs."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest
from feed_forms import ROWS, dump, lines, read, rss, sitemap, table, warc
from places import ROOT

from clusterer import Article
from clusterer.errors import InputError
from clusterer.io import Feed, read as read_articles, write_rows
from clusterer.io.formats import FORMATS, FORMATS_BY_NAME, given_back_as

SAMPLES = {
    "jsonl": lines().encode(),
    "json": ("[" + ",".join(lines().splitlines()) + "]").encode(),
    "rss": rss().encode(),
    "csv": table(",").encode(),
    "tsv": table("\t").encode(),
    "txt": ROWS[0]["text"].encode(),
    "markdown": f"# {ROWS[0]['title']}\n\n{ROWS[0]['text']}\n".encode(),
    "html": (
        f"<!DOCTYPE html><html><head><title>{ROWS[0]['title']}</title></head><body><nav>menu</nav><article>"
        f"<p>{ROWS[0]['text']}</p></article></body></html>"
    ).encode(),
    "sitemap": sitemap().encode(),
    "sql": dump().encode(),
    "warc": warc(),
}
"""A sample of each format; of ROWS, where it holds more than one article."""
PAGES = ("txt", "markdown", "html")
PACKAGES = {"html": "trafilatura", "warc": "warcio"}


def parquet() -> bytes:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


def workbook() -> bytes:
    pytest.importorskip("python_calamine")
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    for cells in (list(ROWS[0]), *(list(row.values()) for row in ROWS)):
        book.active.append(cells)
    book.save(out)
    return out.getvalue()


def database() -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(dump())
        return memory.serialize()


def duckdb() -> bytes:
    package, columns = pytest.importorskip("duckdb"), ", ".join(f"{name} VARCHAR" for name in ROWS[0])
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.closing(package.connect(f"{folder}/a.duckdb")) as made:
            made.execute(f"CREATE TABLE articles ({columns})")
            made.executemany("INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?)", [tuple(row.values()) for row in ROWS])
        return Path(folder, "a.duckdb").read_bytes()


def sample(name: str) -> bytes:
    pytest.importorskip(PACKAGES.get(name, "json"))
    made = {"parquet": parquet, "xlsx": workbook, "sqlite": database, "duckdb": duckdb}
    return made[name]() if name in made else SAMPLES[name]


def texts(name: str) -> list[str]:
    """The texts of a format's sample, their words: a page of HTML keeps no line ends."""
    rows = ROWS[:1] if name in PAGES else ROWS
    return ["" if name == "sitemap" else " ".join(row["text"].split()) for row in rows]


def words(articles: Iterable[Article]) -> list[str]:
    return [" ".join(article.text.split()) for article in articles]


@pytest.mark.parametrize(("name", "ending"), [(format.name, ending) for format in FORMATS for ending in format.endings])
def test_every_ending_is_read(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending.upper()}"
    path.write_bytes(sample(name))
    (tmp_path / f"b{ending}.gz").write_bytes(gzip.compress(sample(name)))
    articles, bad = read(tmp_path)
    assert words(articles) == texts(name) * 2
    assert not bad
    assert list(read_articles(tmp_path)) == articles


@pytest.mark.parametrize("name", FORMATS_BY_NAME)
def test_first_bytes_tell_what_no_ending_tells(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(sample(name))
    if name in ("txt", "markdown"):  # any bytes may be a text
        assert not any(format.sniff(SAMPLES[name], Feed(path, format="txt")._walk.columns) for format in FORMATS)
    else:
        assert words(read(path)[0]) == texts(name)
        assert Feed(path).format == (name if FORMATS_BY_NAME[name].write_rows else "jsonl")


@pytest.mark.parametrize("name", FORMATS_BY_NAME)
def test_rows_are_given_back_in_every_format_that_the_table_names(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(sample(name))
    for form in given_back_as(name):
        target = tmp_path / f"back-{form}{FORMATS_BY_NAME[form].endings[0]}"
        assert write_rows(target, Feed(path, format=name), form) == len(texts(name))
        assert [a.text for a in read(target)[0]] == [a.text for a in read(path, format=name)[0]]


def test_a_reader_is_a_function_and_a_line_of_the_table(tmp_path: Path) -> None:
    """A toy reader, registered before the others are loaded: found in folders, packed, by first bytes, by name, and written."""
    toy = b"TOY1\nfirst|a text\nsecond|\xff\nthird|another text\n"
    (tmp_path / "a.toy").write_bytes(toy)
    (tmp_path / "b.toy.gz").write_bytes(gzip.compress(toy.replace(b"text", b"note")))
    (tmp_path / "c.csv").write_text("id,text\n1,x\n")
    code = """
import sys
from clusterer.io import formats
from clusterer.io.columns import RowError
from clusterer.io.rows import Layout, Row

def read(opened):
    for number, line in opened.lines():
        if number > 1:
            try:
                title, _, text = line.decode().strip().partition("|")
                fields = {"id": f"{opened.id}-{number}", "title": title, "text": text}
                article = opened.fixed_columns(fields)
            except (UnicodeDecodeError, RowError) as error:
                opened.bad(number, str(error), line)
            else:
                yield Row(article, fields, opened.name, number, Layout("toy"))

toy = formats.Format("toy", (".toy",), read, lambda head, columns: head.startswith(b"TOY1"))
formats.FORMATS = (*formats.FORMATS, toy)
formats.FORMATS_BY_NAME["toy"] = toy
from clusterer.cli.main import main
main()
"""

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def dedup(*args: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-c", code, "dedup", *map(str, args)]
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=tmp_path, env=environment, timeout=120, check=False
        )

    done = dedup(tmp_path, "--format", "toy")
    assert done.returncode == 0, done.stderr.decode()
    first = b'{"id":"a-2","title":"first","text":"a text"}\n{"id":"a-4","title":"third","text":"another text"}\n'
    assert done.stdout == first + first.replace(b'"a-', b'"b-').replace(b" text", b" note")
    assert (tmp_path / "clusterer.quarantine.jsonl").read_bytes().count(b"\n") == 2
    assert dedup("-", stdin=toy).stdout == first.replace(b'"a-', b'"stdin-')
    assert b"csv, tsv, parquet, txt, toy" in dedup(tmp_path, "--format", "paper").stderr
    assert b".toy promises what is not written here" in dedup(tmp_path, "-o", "../out.toy").stderr


@pytest.mark.parametrize("name", FORMATS_BY_NAME)
def test_whatever_is_damaged_is_read_as_far_as_it_is_whole(name: str, tmp_path: Path) -> None:
    """Samples cut or changed at random: never another error than an InputError, and a cut is told."""
    random, data = Random(17), sample(name)
    path = tmp_path / "a"
    for number in range(60):
        at = random.randrange(1, len(data))
        changed = data[:at] if number % 2 else data[:at] + random.randbytes(random.randrange(1, 9)) + data[at + 4 :]
        path.write_bytes(changed)
        feed = Feed(path, format=name)
        with contextlib.suppress(InputError):
            found = len(list(feed))
            if number % 2 and name not in (
                "csv",
                "tsv",
                "jsonl",
                "txt",
                "markdown",
            ):  # whose ends look like ends of rows
                told = feed.bad_rows or feed.damaged_files
                assert found >= len(texts(name)) or told, f"cut at byte {at} of {len(data)}"
