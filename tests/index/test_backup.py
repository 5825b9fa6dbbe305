"""Copies of an index that is being written: those of `backup` are whole, those made by hand are refused or told."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from processes import Child, Tell, batches, carry_out, ids, ids_after, log_of, plan, told_of

from clusterer.articles import Article
from clusterer.errors import IndexDamaged, InputError, OutputError
from clusterer.index.story_index import StoryIndex

TEXT = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في المدارس"


def some(first: int, count: int) -> list[Article]:
    return [Article(f"{TEXT} رقم {i}", str(i), f"عنوان {i}") for i in range(first, first + count)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.parametrize("wanted", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_backups_under_a_running_writer_hold_what_was_acknowledged(
    wanted: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice, steps = random.Random(wanted), plan(21, 330)
    there, copy, made, between, round = ids_after(steps), tmp_path / "copy.db", 0, 0, 0
    while made < wanted:
        path, round = tmp_path / f"{round}.db", round + 1

        def slowly(tell: Tell, path: Path = path) -> None:
            carry_out(path, steps, 0, tell)

        with Child(slowly) as child:
            child.await_line("done")
            while made < wanted:
                time.sleep(dice.uniform(0, 0.03))
                child.hear()
                before = told_of(child.lines, "done")
                with StoryIndex.open(path, must_exist=True) as index:
                    count = index.backup(copy)
                child.hear()
                begun = told_of(child.lines, "begun")
                if before == len(steps):
                    break
                with StoryIndex.open(copy, must_exist=True) as index:
                    assert index.check() == []
                    found = ids(index)
                    assert len(found) == count
                assert found in there[before : begun + 1]
                made += 1
                between += begun > before
    record_property("backups", made)
    print(f"{made} backups, each restored, checked and whole; {between} while a batch was written; {round} writers")
    assert between > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")
@pytest.mark.parametrize("wanted", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_backup_leaves_no_file_that_looks_whole(wanted: int, tmp_path: Path) -> None:
    dice, path, old, kills, cut = random.Random(wanted), tmp_path / "news.db", tmp_path / "old.db", 0, 0
    with StoryIndex.open(path) as index:
        for step in batches(25, 4):
            step.carry_out(index)
        index.backup(old)
        earlier = ids(index)
        for step in batches(25, 8)[4:]:
            step.carry_out(index)
        latest = ids(index)
    for i in range(4 * wanted):
        copy = tmp_path / f"{i}.db"
        if replaces := i % 2 == 0:
            shutil.copy(old, copy)

        def work(tell: Tell, copy: Path = copy) -> None:
            with StoryIndex.open(path, must_exist=True) as index:
                tell("begun")
                index.backup(copy)
                tell("done")

        with Child(work) as child:
            child.await_line("begun")
            time.sleep(dice.uniform(0, 0.02))
            kills += child.kill()
        told = "done" in child.lines
        assert copy.exists() or not (told or replaces)
        found = [copy] if copy.exists() else []
        left = [name for name in tmp_path.glob(f"{i}.db.*") if name.suffix == ".partial"]
        cut += bool(left)
        for name in [*found, *left]:
            try:
                with StoryIndex.open(name, must_exist=True) as index:
                    assert index.check() == []
                    assert ids(index) == latest or (ids(index) == earlier and replaces and not told)
            except InputError:
                assert name not in found
        for name in tmp_path.glob(f"{i}.db*"):
            name.unlink()
        if kills >= wanted and cut:
            break
    print(f"{kills} killed backups, {cut} of them left a part of one")
    assert kills >= wanted


def test_a_file_that_is_being_written_is_not_copied_by_hand(tmp_path: Path) -> None:
    path, hand = tmp_path / "news.db", tmp_path / "hand.db"
    StoryIndex.open(path).close()
    with StoryIndex.open(path) as index:
        index.add(some(0, 3))
        shutil.copy(path, hand)
        with pytest.raises(IndexDamaged, match=r"copied by hand.*hand.db-wal.*cure: clusterer index backup"):
            StoryIndex.open(hand)
        with StoryIndex.open(tmp_path / "new.db") as new, pytest.warns(UserWarning, match="without its -wal"):
            new.merge(hand)
        shutil.copy(log_of(path), log_of(hand))
        with pytest.warns(UserWarning, match="completed from its -wal"):
            whole = StoryIndex.open(hand)
        with whole:
            assert len(whole) == 3
            assert whole.check() == []
            whole.add(some(3, 1))
        StoryIndex.open(hand).close()  # its own now: no word
        index.add(some(3, 1))
    shutil.copy(path, hand)  # closed: nothing stands beside it
    with StoryIndex.open(hand) as whole:
        assert len(whole) == 4
    path.rename(tmp_path / "moved.db")
    StoryIndex.open(tmp_path / "moved.db").close()


def test_the_first_answer_comes_when_a_copy_by_hand_can_be_told(tmp_path: Path) -> None:
    """Also where another one holds the file open, or has just closed it."""
    path = tmp_path / "news.db"
    with StoryIndex.open(path) as one, StoryIndex.open(path) as other:
        for start, index in ((0, one), (3, other)):
            index.add(some(start, 3))
            shutil.copy(path, tmp_path / f"{start}.db")
            with pytest.raises(IndexDamaged, match="copied by hand"):
                StoryIndex.open(tmp_path / f"{start}.db")
        one.close()
        other.add(some(6, 1))
        shutil.copy(path, tmp_path / "6.db")
        with pytest.raises(IndexDamaged, match="copied by hand"):
            StoryIndex.open(tmp_path / "6.db")


def test_a_backup_replaces_a_backup_and_nothing_else(tmp_path: Path) -> None:
    path, copy = tmp_path / "news.db", tmp_path / "copy.db"
    with StoryIndex.open(path) as index:
        index.add(some(0, 2))
        assert index.backup(copy) == 2
        index.add(some(2, 1))
        assert index.backup(copy) == 3
        with pytest.raises(InputError, match="this index itself"):
            index.backup(path)
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(OutputError, match="no index"):
            index.backup(tmp_path / "notes.txt")
        with pytest.raises(OutputError, match="cannot be written"):
            index.backup(tmp_path / "missing" / "copy.db")
        with StoryIndex.open(copy) as used:
            used.add(some(9, 1))
            with pytest.raises(OutputError, match="in use"):
                index.backup(copy)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert {p.name for p in tmp_path.iterdir()} == {"news.db", "copy.db", "notes.txt"}


def test_a_restored_backup_has_another_history(tmp_path: Path) -> None:
    """What comes after a number is not what came after it before: whoever asks on is told."""
    path, copy = tmp_path / "news.db", tmp_path / "copy.db"
    with StoryIndex.open(path) as index:
        index.add(some(0, 3))
        told = index.changes()
        assert [id for ids in told.new for id in ids] == ["0", "1", "2"]
        index.backup(copy)
        index.add(some(3, 2))
        more = index.changes(told.next, told.history)
        assert [x for ids in more.new for x in ids] == ["3", "4"]
        assert more.history.partition(".")[0] == told.history.partition(".")[0]
        assert index.changes(more.next, more.history, limit=1).next == more.next
    shutil.copy(copy, path)
    with StoryIndex.open(path) as index:
        assert index.check() == []
        with pytest.raises(InputError, match=r"after is 5, and no article .*beyond 3.*cure: begin anew, after 0"):
            index.changes(more.next)
        index.add(some(7, 9))  # other articles have the numbers 4 and 5 now
        with pytest.raises(InputError, match=r"history is .*a backup was restored.*cure: begin anew, after 0"):
            index.changes(more.next, more.history)
        with pytest.raises(InputError, match="after is -1; it must be 0 or more"):
            index.changes(-1)
        assert sum(map(len, index.changes(3, index.changes().history).new)) == 9


@pytest.mark.parametrize("history", ["''", "NULL", "'../../x'", "x'00'"])
def test_a_forged_history_is_refused(history: str, tmp_path: Path) -> None:
    StoryIndex.open(tmp_path / "news.db").close()
    with closing(sqlite3.connect(tmp_path / "news.db")) as file:
        file.execute(f"UPDATE OR REPLACE made SET value = coalesce({history}, 'no') WHERE name = 'history'")
        file.commit()
    with pytest.raises(IndexDamaged, match="what it was made with cannot be read"):
        StoryIndex.open(tmp_path / "news.db")


def test_an_index_that_lost_its_count_is_not_copied(tmp_path: Path) -> None:
    """Found by `make fuzz`: the count went after the index was opened."""
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(some(0, 3))
        with closing(sqlite3.connect(tmp_path / "news.db", isolation_level=None)) as other:
            other.execute("DELETE FROM state WHERE name = 'articles'")
        with pytest.raises(IndexDamaged, match="how many articles"):
            index.backup(tmp_path / "copy.db")
    assert not list(tmp_path.glob("copy*"))
