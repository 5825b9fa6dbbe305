"""Damaged feeds: every damage is one bad row, and all other rows are read."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import re
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard
from damage import good_row, write_damaged_feed
from feed_forms import read

from clusterer.io.compression import CHUNK, TruncatedInput, inflated
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow


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
        assert len(found.excerpt) <= 16_000
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


def before_the_damage(chunks: Iterator[bytes]) -> bytes:
    out = bytearray()
    with contextlib.suppress(OSError, EOFError, zlib.error, TruncatedInput):
        for chunk in chunks:
            out += chunk
        pytest.fail("the damage was not noticed")
    return bytes(out)


def test_no_byte_before_the_damage_is_lost_that_gzip_gives() -> None:
    random = Random(1)
    words = [b"%d" % i for i in range(3000)]
    whole = b"".join(b" ".join(random.choices(words, k=40)) + b"\n" for _ in range(1000))
    packed = gzip.compress(whole)
    lengths = []
    for _ in range(40):
        position = random.randrange(100, len(packed) - 100)
        damaged = packed[:position] + random.randbytes(8) + packed[position + 8 :]
        with gzip.open(io.BytesIO(damaged)) as stream:
            theirs = before_the_damage(iter(partial(stream.read1, 1 << 16), b""))
        ours = before_the_damage(inflated(iter([damaged]), "gz"))
        assert ours.startswith(theirs)
        lengths.append(len(theirs))
    assert max(lengths) > len(whole) // 2


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "one.json", "wrapped.json"])
def test_a_file_that_ends_within_a_row_is_told_as_cut_off(name: str, tmp_path: Path) -> None:
    rows = [good_row(f"r-{i}") for i in range(4)]
    data = {
        "a.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "a.json": json.dumps(rows),
        "a.csv": "id,text\n" + "".join(f'{row["id"]},"{row["text"]}"\n' for row in rows),
        "one.json": json.dumps(rows[0]),
        "wrapped.json": json.dumps({"n": 4, "articles": rows}),
    }[name].encode()
    count = 0 if name == "one.json" else 3
    (tmp_path / name).write_bytes(data[:-30])
    feed = Feed(tmp_path / name)
    assert [row.article.id for row in feed] == [row["id"] for row in rows[:count]]
    assert feed.bad_rows == 1
    ((rows_read, reason),) = ((file.rows, file.reason) for file in feed.damaged_files)
    assert rows_read == count
    assert "the file ends" in reason
    assert "fetch" in reason
    (tmp_path / name).write_bytes(data.rstrip(b"\n"))
    list(feed)
    assert not feed.damaged_files


def test_a_file_of_bad_rows_only_is_of_no_use(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"colour": "red"}\n{"colour": "blue"}\n')
    (tmp_path / "b.jsonl").write_text('{"colour": "red"}\n{"text": "x"}\n')
    (tmp_path / "c.json").write_text('{"text": null}')  # an article that is none, not a file that is damaged
    feed = Feed(tmp_path)
    assert [row.article.text for row in feed] == ["x"]
    ((file, reason),) = ((Path(d.file).name, d.reason) for d in feed.damaged_files)
    assert (file, reason.partition("; the first")[0]) == ("a.jsonl", "none of 2 rows is an article")
    assert feed.damaged_files[0].is_unreadable


def test_few_bytes_that_unpack_to_many_come_out_in_chunks() -> None:
    """Of Zstandard 512 bytes made 16 MB at once, and as many lines of them took 800 MB."""
    whole = b"\n" * (64 << 20)
    chunks = list(inflated(iter([zstandard.compress(whole)]), "zst"))
    assert max(map(len, chunks)) <= CHUNK
    assert b"".join(chunks) == whole


def test_how_much_of_a_packed_file_is_there_is_told_where_its_head_says_so(tmp_path: Path) -> None:
    text = "".join(
        json.dumps({"id": i, "text": f"{Random(i).getrandbits(4000):x}"}) + "\n" for i in range(900)
    ).encode()
    packed = zstandard.compress(text)
    (tmp_path / "a.jsonl.zst").write_bytes(packed[: len(packed) // 2])
    feed = Feed(tmp_path / "a.jsonl.zst")
    assert 0 < len(list(feed)) < 900
    told = re.search(r"([\d,]+) of ([\d,]+) bytes are there", feed.damaged_files[0].reason)
    assert told
    there, whole = (int(number.replace(",", "")) for number in told.groups())
    assert 0 < there < whole == len(text)


@pytest.mark.parametrize("page", ["<html><h1>503 Service Unavailable</h1></html>", '{"error": "rate limit exceeded"}'])
def test_an_error_page_in_an_articles_place_is_named(page: str, tmp_path: Path) -> None:
    """One bad row of a large feed would not be looked at."""
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    (tmp_path / "err.json").write_text(page)
    feed = Feed(tmp_path)
    assert [row.article.text for row in feed] == ["x"]
    (damaged,) = feed.damaged_files
    assert (Path(damaged.file).name, damaged.is_unreadable) == ("err.json", True)
    assert damaged.reason.startswith("what it holds is no article: ")
