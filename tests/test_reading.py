"""Inputs kept in a work folder: what is kept is what reading gives, and is used where, and only where, it holds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from places import DATA

from clusterer import InputError, Settings
from clusterer.corpus import gather
from clusterer.io.feed import Feed
from clusterer.io.rows import BadRow
from clusterer.io.work_folder import WorkFolder
from clusterer.pipeline import cluster, group_corpus
from clusterer.reading import InputReader


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """The sample feed in five files, with rows that are bad, undated or of another name among them."""
    folder = tmp_path / "in"
    folder.mkdir()
    lines = (DATA / "feed.jsonl").read_bytes().splitlines(keepends=True)
    for number in range(5):
        part = lines[number * 26 : number * 26 + 26]
        if number == 1:
            part[3:3] = [b"{broken\n", b'{"id": "x", "text": "", "date": "nie"}\n']
        if number == 2:
            part = [line.replace(b'"content"', b'"body"').replace(b'"date"', b'"published"') for line in part]
        if number == 3:
            part = [b'{"items": [' + b",".join(line.strip() for line in part) + b"]}\n"]
        (folder / f"{number}.jsonl").write_bytes(b"".join(part))
    (folder / "empty.jsonl").touch()
    (folder / "nothing.jsonl").write_bytes(b"{broken\n{broken\n")
    (folder / "torn.jsonl.gz").write_bytes(b"no gzip data")
    return folder


def read(folder: Path, work: Path, settings: Settings, key: str = "key") -> tuple[object, ...]:
    """All that a run knows of its inputs: result, places, counts, bad rows and words for people."""
    bad: list[BadRow] = []
    feed = Feed(folder, on_bad=bad.append)
    with WorkFolder(str(work)) as kept:
        reader = InputReader(feed, settings, kept, key)
        done = group_corpus(gather(reader.chunks(), settings), settings)
        rows = [(row.file, row.line, row.raw) for row in reader.rows_again()]
        assert [(file, line) for file, line, _ in rows] == [reader.place(i) for i in range(len(rows))]
        counts = (feed.rows, feed.bad_rows, feed.blank_rows, feed.unreadable_dates, feed.first_unreadable_date)
        told = (feed.reading, feed.notes, feed.damaged_files, feed.first_bad, feed.read_as)
    return done.clustering, rows, [read.lines.tolist() for read in reader.inputs], counts, bad, told


@pytest.mark.parametrize(
    "settings", [Settings(), Settings(level="copy", threads=2, chunk=7), Settings(unit="char", size=12)]
)
@pytest.mark.parametrize("lost", [(), (0,), (1, 3), (0, 1, 2, 3, 4, 5, 6, 7)])
def test_a_run_that_goes_on_knows_what_the_first_one_knew(
    settings: Settings, lost: tuple[int, ...], shards: Path, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    first = read(shards, work, settings)
    for number in lost:
        (work / f"input-{number:06d}.npz").unlink()
    again = read(shards, work, settings)
    assert again == first
    assert first[0] == cluster([row.article for row in Feed(shards)], settings)


def test_what_is_kept_is_used_as_long_as_the_file_seems_the_same(shards: Path, tmp_path: Path) -> None:
    work, settings, file = tmp_path / "work", Settings(level="copy"), shards / "0.jsonl"
    before, stamp = read(shards, work, settings), file.stat()
    file.write_bytes(file.read_bytes().replace(b"aldifaf-13", b"aldifaf-XX"))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert read(shards, work, settings)[0] == before[0], "it was not read again"
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert "aldifaf-XX" in {a.id for a in read(shards, work, settings)[0]}
    (shards / "0.jsonl").unlink()
    assert read(shards, work, settings) == read(shards, tmp_path / "fresh", settings)
    assert read(shards, work, settings, "other") == read(shards, tmp_path / "fresh", settings)


@pytest.mark.parametrize("cut", [0, 100, 5_000, -1])
def test_what_is_not_whole_is_read_again(cut: int, shards: Path, tmp_path: Path) -> None:
    work, settings = tmp_path / "work", Settings(level="copy")
    first = read(shards, work, settings)
    kept = work / "input-000002.npz"
    data = bytearray(kept.read_bytes())
    if cut < 0:
        data[len(data) // 2] ^= 1
        kept.write_bytes(data)
    else:
        kept.write_bytes(data[:cut])
    assert read(shards, work, settings) == first


def test_a_folder_that_cannot_be_written_costs_nothing_but_itself(shards: Path, tmp_path: Path) -> None:
    settings = Settings(level="copy")
    (tmp_path / "work").write_text("a file stands there")
    assert read(shards, tmp_path / "work", settings) == read(shards, tmp_path / "fresh", settings)


def test_an_input_of_more_bad_rows_than_are_held_is_read_again(
    shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, settings = tmp_path / "work", Settings(level="copy")
    first = read(shards, tmp_path / "fresh", settings)
    monkeypatch.setattr("clusterer.reading._LETTERS", 10)  # fewer than those of the two rows of nothing.jsonl
    assert read(shards, work, settings) == read(shards, work, settings) == first
    kept, all_of_them = ({path.name for path in folder.glob("*.npz")} for folder in (work, tmp_path / "fresh"))
    assert all_of_them - kept == {"input-000006.npz"}


def test_a_file_that_changes_between_two_readings_is_told(shards: Path) -> None:
    feed = Feed(shards)
    reader = InputReader(feed, Settings(level="copy"))
    assert sum(map(len, reader.chunks())) == np.sum([len(read.lines) for read in reader.inputs])
    lines = (shards / "4.jsonl").read_bytes().splitlines(keepends=True)
    (shards / "4.jsonl").write_bytes(b"".join(lines[1:]))
    with pytest.raises(InputError, match="an input changed"):
        list(reader.rows_again())
