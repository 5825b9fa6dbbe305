"""The table of formats: every line of it reads, is detected, and is written as it says; a new line is all a reader needs."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from feed_forms import ARTICLES, ROWS, lines, read, rss, table
from places import ROOT

from clusterer.io import Feed, read as read_articles, write_rows
from clusterer.io.formats import FORMATS, FORMATS_BY_NAME, given_back_as

SAMPLES = {
    "jsonl": lines().encode(),
    "json": ("[" + ",".join(lines().splitlines()) + "]").encode(),
    "rss": rss().encode(),
    "csv": table(",").encode(),
    "tsv": table("\t").encode(),
    "txt": ROWS[0]["text"].encode(),
}
"""A sample of each format; of ROWS, where it holds more than one article."""


def parquet() -> bytes:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), out)
    return out.getvalue()


def sample(name: str) -> bytes:
    return parquet() if name == "parquet" else SAMPLES[name]


@pytest.mark.parametrize(("name", "ending"), [(format.name, ending) for format in FORMATS for ending in format.endings])
def test_every_ending_is_read(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending.upper()}"
    path.write_bytes(sample(name))
    (tmp_path / f"b{ending}.gz").write_bytes(gzip.compress(sample(name)))
    articles, bad = read(tmp_path)
    expected = [article.text for article in ARTICLES] if name != "txt" else [ROWS[0]["text"]]
    assert [article.text for article in articles] == expected * 2
    assert not bad
    assert list(read_articles(tmp_path)) == articles


@pytest.mark.parametrize("name", FORMATS_BY_NAME)
def test_first_bytes_tell_what_no_ending_tells(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(sample(name))
    if name == "txt":  # any bytes may be a text
        assert not any(format.sniff(SAMPLES["txt"], Feed(path, format="txt")._walk.columns) for format in FORMATS)
    else:
        assert [article.text for article in read(path)[0]] == [article.text for article in ARTICLES]
        assert Feed(path).format == (name if FORMATS_BY_NAME[name].write_rows else "jsonl")


@pytest.mark.parametrize("name", FORMATS_BY_NAME)
def test_rows_are_given_back_in_every_format_that_the_table_names(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(sample(name))
    for form in given_back_as(name):
        target = tmp_path / f"back-{form}{FORMATS_BY_NAME[form].endings[0]}"
        assert write_rows(target, Feed(path, format=name), form) == (1 if name == "txt" else len(ROWS))
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
    assert b".toy promises what is not written here" in dedup(tmp_path, "-o", "out.toy").stderr
