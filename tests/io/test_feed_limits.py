"""What an input may cost, and what its libraries raise: one bad row of its file, with the reason; other files are read."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clusterer.errors import InputError
from clusterer.io import Feed
from clusterer.io.feed_limits import NAMES, FeedLimits
from clusterer.io.formats import FORMATS_BY_NAME

GOOD = b'{"id": "1", "text": "good"}\n'


def read(path: Path, **options: Any) -> tuple[list[str], list[str]]:
    """Ids of good rows, and reasons of bad ones."""
    bad: list[str] = []
    ids = [row.article.id for row in Feed(path, on_bad=lambda row: bad.append(row.reason), **options)]
    return ids, bad


def workbook(last: str) -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in (["id", "text"], ["1", "good"]):
        book.active.append(row)
    book.active[last] = 1
    book.save(out)
    return out.getvalue()


def database(view: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(
            f"CREATE VIEW articles(id, text) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) {view}"
        )
        return memory.serialize()


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in names:
            packed.writestr(name, GOOD)
    return out.getvalue()


LONG = {"row-bytes": 1000, "skipped-bytes": 5000}
CASES: dict[str, tuple[str, bytes, dict[str, int | str], str, int]] = {
    "ratio": (".jsonl.gz", gzip.compress(GOOD + b"x" * (1 << 27) + b"\n"), {"skipped-bytes": "1GB"}, "unpacks to more", 1),
    "inflated": (".jsonl.gz", gzip.compress(GOOD + b" " * 2**20), {"inflated-bytes": 2**19}, "unpacks to more", 1),
    "blank lines": (".jsonl", GOOD + b"\n" * 11, {"blank-rows": 10}, "10 blank rows", 1),
    "blank cells": (".csv", b"id,text\n1,good\n" + b",\n" * 11, {"blank-rows": 10}, "10 blank rows", 1),
    "blank records": (".csv", b"id,text\n1,good\n" + b"\n" * 11, {"blank-rows": 10}, "10 blank rows", 1),
    "bad rows": (".jsonl", GOOD + b"{0\n" * 11 + GOOD, {"bad-rows": 10}, "10 bad rows in succession, the last: broken JSON", 1),
    "endless line": (".jsonl", GOOD + b"x" * 2**20, LONG, "a row without an end", 1),
    "endless object": (".json", b'[{"id": 1, "text": "good"}, {"text": "' + b"x" * 2**20, LONG, "without an end", 1),
    "endless prologue": (".json", b'{"a": "' + b"x" * 2**21 + b'", "b": [{"text": "a"}]}', LONG, "without an end", 0),
    "values": (".jsonl", GOOD + b'{"text": "a", "x": [' + b"0," * 2**20 + b"0]}\n" + GOOD, {}, "values in one row", 2),
    "cells": (".csv", b"id,text\n1,good\n2," + b"," * 2**21 + b"\n", {}, "values in one row", 1),
    "open quote": (".csv", b'id,text\n1,good\n2,"' + b"\n" * 1200, {"row-bytes": 2000}, "more than 1,000 lines", 1),
    "rows": (".jsonl.gz", gzip.compress(b'{"text":"a"}\n' * 200_000), {}, "rows out of a file", 100_000),
    "members": (".zip", archive("a.jsonl", "b.jsonl", "c.jsonl"), {"members": 2}, "more than 2 members", 0),
    "depth of pages": (".rss", b"<rss><channel>" + b"<a>" * 300 + b"<item><title>a</title></item>", {}, "deep in one another", 0),
    "depth of sitemaps": (".xml", b"<urlset>" + b"<a>" * 300, {}, "deep in one another", 0),
    "far cell": (".xlsx", b"XFD1048576", {}, "cells", 0),
    "endless view": (".db", database("SELECT i, 'a' FROM n"), {}, "rows out of a file", 100_000),
    "computing view": (".db", database("SELECT i, 'a' FROM n WHERE i < 0"), {}, "computes on and on", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_costs_too_much_ends_its_file_with_the_cure(name: str, tmp_path: Path) -> None:
    ending, data, limits, reason, good = CASES[name]
    (tmp_path / f"a{ending}").write_bytes(workbook(data.decode()) if name == "far cell" else data)
    (tmp_path / "z.jsonl").write_bytes(GOOD)
    format = None if ending != ".db" else "sqlite"
    ids, bad = read(tmp_path / f"a{ending}", limits=limits, format=format)
    assert len(ids) == good
    assert reason in bad[-1], bad[-1]
    assert "; cure: " in bad[-1]
    if format is None:
        feed = Feed([tmp_path / f"a{ending}", tmp_path / "z.jsonl"], limits=limits)
        assert list(feed)[-1].file.endswith("z.jsonl")  # the others are read
    if "--limits" in bad[-1] and name in ("bad rows", "blank lines", "members", "values"):  # the cure works
        given = bad[-1].rpartition("--limits ")[2].split()[0]
        assert len(read(tmp_path / f"a{ending}", limits={**limits, **dict([given.split("=")])})[0]) > good - (
            name == "blank lines"
        )


def test_an_array_in_rows_that_never_close_ends(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'[{"text":"a"},\n' + b'{"text":"a",\n' * 20_000)
    ids, bad = read(tmp_path / "a.json", max_row_bytes=1 << 16)
    assert ids
    assert "broken again and again" in bad[-1]


def test_limits_that_are_none_are_refused_with_the_names(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    for limits, said in (
        ({"ration": 1}, "ratio"),
        ({"ratio": 0}, "from 1"),
        ({"ratio": "many"}, "no size"),
        ([1], "must be a dict"),
    ):
        with pytest.raises(InputError, match=said):
            Feed(tmp_path / "a.jsonl", limits=limits)  # type: ignore[arg-type]
    assert Feed(tmp_path / "a.jsonl", limits={"row-bytes": "64MB"})._limits == FeedLimits(row_bytes=64_000_000)
    assert len(NAMES) == 10


RSS = (
    b'<rss version="2.0" xmlns:georss="http://www.georss.org/georss" xmlns:media="http://search.yahoo.com/mrss/"><channel>'
    b"<title>t</title><item><title>one</title></item>%s<item><title>two</title></item></channel></rss>"
)


@pytest.mark.parametrize("kind", [KeyError("x"), TypeError("y"), ValueError("z")])
def test_an_entry_that_feedparser_stumbles_over_costs_itself(
    kind: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every release of feedparser stumbles elsewhere: here, over a title."""
    from clusterer.io.readers import rss

    parse = rss._parsed

    def stumbling(data: bytes) -> Any:
        if b"stumble" in data:
            raise kind
        return parse(data)

    monkeypatch.setattr(rss, "_parsed", stumbling)
    (tmp_path / "a.rss").write_bytes(RSS % b"<item><title>stumble</title></item>")
    bad: list[str] = []
    titles = [row.article.title for row in Feed(tmp_path / "a.rss", on_bad=lambda row: bad.append(row.reason))]
    assert titles == ["one", "two"]
    assert [f"feedparser cannot read the entry ({type(kind).__name__}" in reason for reason in bad] == [True]


@pytest.mark.parametrize(
    "kind",
    [
        KeyError("x"),
        MemoryError(),
        RecursionError(),
        UnicodeError("u"),
        type("PanicException", (BaseException,), {})("p"),
    ],
)
def test_whatever_a_reader_raises_is_one_bad_row_and_the_next_file_is_read(
    kind: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    text = FORMATS_BY_NAME["txt"]

    def broken(opened: Any) -> Any:
        yield from text.read(opened)
        raise kind

    monkeypatch.setitem(FORMATS_BY_NAME, "txt", dataclasses.replace(text, read=broken))
    (tmp_path / "a.txt").write_text("a text")
    (tmp_path / "b.jsonl").write_bytes(GOOD)
    feed = Feed([tmp_path / "a.txt", tmp_path / "b.jsonl"])
    assert [row.article.text for row in feed] == ["a text", "good"]
    assert type(kind).__name__ in str(feed.first_bad)
    assert feed.damaged_files[0].file.endswith("a.txt")


def test_what_a_caller_raises_is_the_callers(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"{\n")

    def refuse(row: object) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        list(Feed(tmp_path / "a.jsonl", on_bad=refuse))
    with pytest.raises(KeyboardInterrupt):
        list(Feed(tmp_path / "a.jsonl", on_bad=lambda row: (_ for _ in ()).throw(KeyboardInterrupt)))


@pytest.mark.parametrize("ending", ["jsonl", "json", "jsonl.gz"])
def test_a_first_line_that_is_too_long_is_one_bad_row(ending: str, tmp_path: Path) -> None:
    path, long = tmp_path / f"a.{ending}", b'{"id": "0", "text": "' + 1_200_000 * b"x" + b'"}'
    packed = gzip.compress if ending.endswith("gz") else bytes
    path.write_bytes(packed(long + b"\n" + GOOD + GOOD.replace(b'"1"', b'"2"')))
    ids, bad = read(path, max_row_bytes=300_000, limits={"ratio": 10_000})
    assert (ids, len(bad)) == (["1", "2"], 1)
    assert bad[0].startswith("longer than a row may be: 1,200,0")
    path.write_bytes(packed(b'{"articles": [' + b",".join([GOOD.strip()] * 20_000) + b"]}\n"))  # a document of one line
    assert len(read(path, max_row_bytes=300_000)[0]) == 20_000
