"""Several processes at one index: writers wait and name each other, readers never wait."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from processes import (
    Child,
    Tell,
    articles,
    batches,
)

from clusterer.articles import Article
from clusterer.errors import InputError, OutputError
from clusterer.index import database
from clusterer.index.database import Database
from clusterer.index.story_index import StoryIndex
from clusterer.results import Assignment
from clusterer.settings import Settings

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


def add_told(path: Path, some: Sequence[Article]) -> Callable[[Tell], None]:
    """Work of a child: one batch, with a word before and after."""

    def work(tell: Tell) -> None:
        with StoryIndex.open(path) as index:
            tell("begun")
            index.add(some)
            tell("done")

    return work


def await_lock(path: Path, pid: int) -> None:
    """Wait until someone holds the write lock, then until a process has signed, or has had the time to."""
    file, limit = sqlite3.connect(path, timeout=0, isolation_level=None), time.monotonic() + 120
    with suppress(sqlite3.OperationalError):
        while time.monotonic() < limit:
            file.execute("BEGIN IMMEDIATE")
            file.execute("ROLLBACK")
    file.close()
    assert time.monotonic() < limit
    note, limit = Path(f"{path}-writer"), time.monotonic() + 0.15
    while not (note.exists() and f'"pid":{pid},' in note.read_text()) and time.monotonic() < limit:
        pass


@contextmanager
def in_the_middle_of_an_add(path: Path, some: Sequence[Article]) -> Iterator[Child]:
    """A child that was stopped while it holds the write lock."""
    StoryIndex.open(path).close()
    with Child(add_told(path, some)) as child:
        assert child.await_line("begun")
        await_lock(path, child.pid)
        assert child.stop()
        child.hear()
        assert child.lines == ["begun"]
        yield child


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    path, (first, second) = tmp_path / "news.db", batches(200, 2)
    with in_the_middle_of_an_add(path, first.articles) as child, Child(add_told(path, second.articles)) as other:
        assert other.await_line("begun")
        assert not other.hear(0.5)
        child.go_on()
        assert child.join()[-1] == "done"
        assert other.join()[-1] == "done"
    with StoryIndex.open(path) as index:
        assert index.check() == []
        assert [a.id for a in index.assignments()] == [a.id for a in (*first.articles, *second.articles)]
    assert not Path(f"{path}-writer").exists()


def test_a_writer_that_waited_in_vain_names_the_process_that_holds_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 1.0)
    path, (first, second) = tmp_path / "news.db", batches(200, 2)
    with in_the_middle_of_an_add(path, first.articles) as child:
        with StoryIndex.open(path) as index:
            start = time.monotonic()
            with pytest.raises(OutputError, match=rf"process {child.pid} on .*cure: wait for it, or stop it"):
                index.add(second.articles)
            assert 0.9 < time.monotonic() - start < 20  # not the usual half a minute
        monkeypatch.setattr(database, "WAIT", 600.0)
        start = time.monotonic()
        with StoryIndex.open(path) as index:
            assert index.counts()["articles"] == 0
            assert index.query(second.articles[:3])
        assert time.monotonic() - start < 300  # who reads does not wait
        child.go_on()
        assert child.join()[-1] == "done"
    with StoryIndex.open(path) as index:
        index.add(second.articles)
        assert index.check() == []
        assert len(index) == 400


def test_of_two_writers_by_turns_the_one_that_holds_the_index_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 0.2)
    path, (few, others) = tmp_path / "news.db", batches(200, 2)
    many = articles()[400:1_200]

    def twice(tell: Tell) -> None:
        with StoryIndex.open(path) as index:
            index.add(few.articles[:2])
            os.kill(os.getpid(), signal.SIGSTOP)
            index.add(many)

    with Child(twice) as child:
        assert child.await_stop()
        with StoryIndex.open(path) as index:
            index.add(others.articles[:2])
            child.go_on()
            await_lock(path, child.pid)
            assert child.stop()
            with pytest.raises(OutputError, match=rf"process {child.pid} on"):
                index.add(others.articles)
            child.go_on()
            child.join()


def test_the_note_of_a_killed_writer_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT", 1.0)
    path, (first, second) = tmp_path / "news.db", batches(200, 2)
    with in_the_middle_of_an_add(path, first.articles) as child:
        assert child.kill()
    note = Path(f"{path}-writer")
    assert note.exists()
    with StoryIndex.open(path) as index:
        assert index.check() == []
        assert len(index) == 0
        index.add(second.articles)  # would be refused after a second, were the index held
        assert f'"pid":{os.getpid()},' in note.read_text()
    assert not note.exists()


def test_a_dead_process_is_not_blamed_for_a_lock_that_another_program_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 0.2)
    path, (first, second) = tmp_path / "news.db", batches(200, 2)
    with in_the_middle_of_an_add(path, first.articles) as child:
        assert child.kill()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with StoryIndex.open(path) as index:
        with pytest.raises(OutputError, match="is being written by another program") as caught:
            index.add(second.articles)
        assert str(child.pid) not in str(caught.value)
        other.execute("ROLLBACK")
        index.add(second.articles)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="is being written by another program"):  # nor are we ourselves
            index.add(first.articles)
    other.close()


@pytest.mark.parametrize("note", [b"", b"[]", b"null", b"{}", b'{"pid": 1}', b'{"pid": "x", "host": 1}', b"\xff\x00{"])
def test_a_damaged_note_of_a_writer_harms_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, note: bytes) -> None:
    monkeypatch.setattr(database, "WAIT", 0.1)
    path, (first, second) = tmp_path / "news.db", batches(5, 2)
    with StoryIndex.open(path) as index:
        index.add(first.articles)
        Path(f"{path}-writer").write_bytes(note)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="is being written by another program"):
            index.add(second.articles)
        other.close()
        Path(f"{path}-writer").write_bytes(note)


def make_sure_of(told: Sequence[Assignment]) -> None:
    """Assignments of whole stories agree with each other."""
    by_id = {a.id: a for a in told}
    assert len(by_id) == len(told)
    heads = Counter(a.story for a in told if a.representative)
    assert heads == dict.fromkeys({a.story for a in told}, 1)
    for a in told:
        assert (a.linked_to is None) == (a.relation is None) == a.representative
        if a.linked_to is not None:
            assert by_id[a.linked_to].story == a.story
        assert by_id[a.exact].copy == by_id[a.copy].copy == a.copy
        assert by_id[a.copy].story == a.story


class Reader:
    """Asks an index this and that, and times it."""

    BATCH = 10

    def __init__(self, index: StoryIndex, seed: int, forgetful: bool) -> None:
        self.index, self.dice, self.forgetful = index, random.Random(seed), forgetful
        self.calls: Counter[str] = Counter()
        self.longest: dict[str, float] = {}  # seconds
        self.waited: dict[str, float] = {}  # the same without the time that it waited for a core
        self.seen = [0]
        self.known = ["none"]

    def timed(self, name: str, call: Callable[[], Any]) -> Any:
        queued, start = _queued(), time.monotonic()
        out = call()
        took = time.monotonic() - start
        self.calls[name] += 1
        self.longest[name] = max(took, self.longest.get(name, 0))
        self.waited[name] = max(took - (_queued() - queued), self.waited.get(name, 0))
        return out

    def ask(self) -> None:
        getattr(self, self.dice.choice(("counts", "assignments", "stories", "story", "story", "query", "query")))()

    def counts(self) -> None:
        found = self.timed("counts", self.index.counts)
        self.came_to(found["articles"])
        assert found["stories"] <= found["copy groups"] <= found["distinct texts"] <= found["articles"]

    def came_to(self, articles: int) -> None:
        """A batch is there or not; and, where nothing is forgotten, there are never fewer."""
        assert articles % self.BATCH == 0
        assert self.forgetful or articles >= self.seen[-1]
        self.seen.append(articles)

    def assignments(self) -> None:
        told = self.timed("assignments", self.index.assignments)
        self.came_to(len(told))
        make_sure_of(told)
        assert set(Counter(a.id.split("-")[0] for a in told).values()) <= {self.BATCH}
        self.known = [a.id for a in told] or self.known

    def stories(self) -> None:
        stories = self.timed("stories", self.index.stories)
        assert len({s.id for s in stories}) == len(stories) or self.forgetful
        for story in stories:
            self.sure_of(story.id, story)

    def story(self) -> None:
        id = self.dice.choice(self.known)
        try:
            story = self.timed("story", lambda: self.index.story(id))
        except InputError:
            assert self.forgetful or id == "none"
            return
        self.sure_of(story.id, story)
        assert id in {story.id, *story.aliases, *(a.id for a in story.assignments)}

    def sure_of(self, id: str, story: Any) -> None:
        make_sure_of(story.assignments)
        assert {a.story for a in story.assignments} == {id}
        assert len(story) == len(story.assignments) > 0
        assert story.independent_texts == len({a.copy for a in story.assignments})
        assert story.first <= story.last

    def query(self) -> None:
        some = self.dice.sample(articles(), 3)
        told = self.timed("query", lambda: self.index.query(some))
        assert [a.id for a in told] == [a.id for a in some]
        for a in told:
            assert (a.linked_to is None) == (a.relation is None)
            assert a.linked_to is not None or a.story == a.id
            twins = {
                other.id for other in told if other is not a and (other.exact, other.relation) == (a.exact, "exact")
            }
            assert a.linked_to is None or a.linked_to in twins or re.match(r"b\d+-\d$", a.linked_to)


def _queued() -> float:
    """Seconds that this thread was ready and waited for a core; 0 where the system does not tell."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


@pytest.mark.parametrize("forgetful", [False, True], ids=["adding", "adding and forgetting"])
@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_four_readers_never_wait_and_never_see_half_a_batch(
    tmp_path: Path, seconds: int, forgetful: bool, record_property: Callable[[str, object], None]
) -> None:
    path, size = tmp_path / "news.db", Reader.BATCH
    StoryIndex.open(path).close()
    end, written = time.monotonic() + seconds, tmp_path / "written"  # on a loaded machine it takes as long as it takes

    def read(seed: int, tell: Tell) -> None:
        with StoryIndex.open(path, Settings(threads=1)) as index:
            reader = Reader(index, seed, forgetful)
            while not written.exists() or reader.calls.total() < 30:
                reader.ask()
        tell(json.dumps([reader.calls, reader.longest, reader.waited, max(reader.seen)]))

    def add(tell: Tell) -> None:
        pool, batch, longest = articles(), 0, 0.0
        with StoryIndex.open(path) as index:
            while time.monotonic() < end - 0.5 or batch < 10:
                start = time.monotonic()
                some = [pool[(batch * size + i) % len(pool)] for i in range(size)]
                index.add([replace(a, id=f"b{batch}-{i}") for i, a in enumerate(some)])
                longest = max(longest, time.monotonic() - start)
                batch += 1
                if forgetful:
                    index.expire(max_articles=20 * size)
                time.sleep(max(0, seconds / 200 - (time.monotonic() - start)))
        written.touch()
        tell(json.dumps([batch, longest]))

    readers = [Child(lambda tell, seed=seed: read(seed, tell)) for seed in range(4)]  # type: ignore[misc]
    with Child(add) as writer:
        batch, longest_add = json.loads(writer.join()[-1])
    told = []
    for reader in readers:
        with reader:
            told.append(json.loads(reader.join()[-1]))
    longest = {name: round(max(x[1][name] for x in told), 3) for name in told[0][1]}
    waited = {name: round(max(x[2][name] for x in told), 3) for name in told[0][2]}
    calls = sum((Counter(x[0]) for x in told), Counter())
    figures = {
        "batches": batch,
        "longest add": round(longest_add, 3),
        "calls": dict(calls),
        "longest": longest,
        "of which not waiting for a core": waited,
    }
    record_property("readers", figures)
    print(figures)
    assert batch >= 10
    assert all(x[3] >= 2 * size for x in told)
    assert min(calls.values()) >= 8
    assert max(waited.values()) < 1.0
    with StoryIndex.open(path) as index:
        assert index.check() == []


def test_a_batch_is_acknowledged_when_it_is_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    StoryIndex.open(path).close()
    opened = Database(path, None, None, must_exist=True)
    assert opened.rows("PRAGMA synchronous") == [(2,)]  # FULL: every commit is synced
    assert opened.rows("PRAGMA journal_mode") == [("wal",)]
    opened.close()
    header = path.read_bytes()[:100]
    assert header[18:20] == b"\x02\x02"  # write-ahead log, for those who read and those who write
