"""Processes that are forked, killed and stopped for real, and the steps that they carry out on an index. No mocks.

Nothing here waits for a writer inside this process: an index is open here only while no child is made.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple

import pytest
from places import DATA

from benchmarks.corpora.generator import feed
from clusterer.articles import Article
from clusterer.index.story_index import StoryIndex
from clusterer.io.feed import Feed

if hasattr(os, "fork"):
    pass


KEPT = 150  # articles that the plan's expiry leaves, at least


Tell = Callable[[str], None]


class Child:
    """A forked process that tells lines. What it raises is raised here, when it is joined or found dead."""

    def __init__(self, work: Callable[[Tell], None]) -> None:
        self.lines: list[str] = []
        self._rest = b""
        self._status: int | None = None
        self._reports, write = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            status = 1
            try:
                os.close(self._reports)
                work(lambda line: _write(write, f"{line}\n"))
                status = 0
            except BaseException:
                _write(write, f"raised {json.dumps(traceback.format_exc())}\n")
            finally:
                os._exit(status)
        os.close(write)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._reports)

    def hear(self, seconds: float = 0.0) -> bool:
        """Take in what it has told; False where nothing came in time, or nothing will."""
        if not select.select([self._reports], [], [], seconds)[0]:
            return False
        heard = os.read(self._reports, 1 << 16)
        *lines, self._rest = (self._rest + heard).split(b"\n")
        self.lines += [line.decode() for line in lines]
        return bool(heard)

    def await_line(self, start: str, seconds: float = 60.0) -> bool:
        """Wait for the next line that starts so; False where it ends before."""
        limit, seen = time.monotonic() + seconds, len(self.lines)
        while not any(line.startswith(start) for line in self.lines[seen:]):
            assert time.monotonic() < limit, f"no {start!r} after {self.lines}"
            if not self.hear(max(limit - time.monotonic(), 0)):
                return False
        return True

    def stop(self) -> bool:
        """Stop it where it is, or take note that it has stopped itself; False where it has ended."""
        os.kill(self.pid, signal.SIGSTOP)
        return self.await_stop()

    def await_stop(self) -> bool:
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        self._status = status
        self._heard_out()
        return False

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> bool:
        """End it as kill -9 does; False where it had ended by itself."""
        os.kill(self.pid, signal.SIGKILL)
        self._status = os.waitpid(self.pid, 0)[1]
        self._heard_out()
        return os.WIFSIGNALED(self._status)

    def join(self, seconds: float = 300.0) -> list[str]:
        """Let it end; its lines."""
        limit = time.monotonic() + seconds
        while self.hear(max(limit - time.monotonic(), 0)):
            pass
        assert time.monotonic() < limit, f"does not end; told {self.lines[-3:]}"
        self._status = os.waitpid(self.pid, 0)[1]
        self._heard_out()
        return self.lines

    def _heard_out(self) -> None:
        while self.hear(1.0):
            pass
        for line in self.lines:
            if line.startswith("raised "):
                pytest.fail(f"in a child process: {json.loads(line[7:])}")
        assert self._status is not None
        killed = os.WIFSIGNALED(self._status) and os.WTERMSIG(self._status) == signal.SIGKILL
        assert killed or self._status == 0, f"child ended with status {self._status}"


def _write(pipe: int, line: str) -> None:
    raw = line.encode()
    while raw:
        raw = raw[os.write(pipe, raw) :]


@lru_cache(maxsize=1)
def articles() -> list[Article]:
    """The demo feed, then generated articles with copies among them; by date, each with an id of its own."""
    real = [row.article for row in Feed([DATA / "feed.jsonl"])]
    made = [
        Article(row["content"], row["id"], row["title"], row["source"], "", datetime.fromisoformat(row["date"]))
        for row in feed(1_200, seed=7)
    ]
    assert all(a.date for a in real)
    return [*sorted(real, key=lambda a: (a.date, a.id)), *made]


class Step(NamedTuple):
    """One thing done to an index; done twice it changes no more than done once."""

    verb: Literal["add", "expire", "compact", "remove", "update", "merge"]
    articles: tuple[Article, ...] = ()
    before: datetime | None = None
    source: Path | None = None

    def carry_out(self, index: StoryIndex) -> None:
        if self.verb == "add":
            index.add(self.articles)
        elif self.verb == "expire":
            index.expire(self.before)
        elif self.verb == "remove":
            index.remove([a.id for a in self.articles])
        elif self.verb == "update":
            index.update(self.articles)
        elif self.verb == "merge":
            assert self.source is not None
            index.merge(self.source)
        else:
            index.compact()


def plan(seed: int, number: int) -> list[Step]:
    """Batches of one to twenty articles; now and then the oldest are forgotten, and the file made compact."""
    dice, steps, at = random.Random(seed), list[Step](), 0
    pool = articles()
    while at < number:
        size = dice.randint(1, 20)
        steps.append(Step("add", tuple(pool[at : at + size])))
        at += size
        if len(steps) % 6 == 5 and at > KEPT:
            steps.append(Step("expire", before=pool[at - KEPT].date))
        if len(steps) % 9 == 8:
            steps.append(Step("compact"))
    return steps


def every_verb(seed: int, number: int, folder: Path) -> list[Step]:
    """As `plan`, with removals, new versions and merges of other indexes, which are made in a folder.

    What is removed or changed came several steps ago: the step that was acknowledged last is done once more after a kill, and
    must not bring back what the next one took away.
    """
    dice, steps = random.Random(seed), list[Step]()
    old: list[Article] = []
    for i, step in enumerate(plan(seed, number)):
        steps.append(step)
        if i % 5 == 1 and step.verb == "add":
            path = folder / f"other-{i}.db"
            others = [
                replace(a, id=f"other-{a.id}") for a in dice.sample(step.articles, max(1, len(step.articles) // 2))
            ]
            with StoryIndex.open(path) as index:
                index.add(others)
            steps.append(Step("merge", tuple(others), source=path))
        if i % 4 == 3 and len(old) > 6:
            dice.shuffle(old)
            steps.append(Step("remove", tuple(old[:2])))
            steps.append(Step("update", tuple(replace(a, text=f"{a.text} {a.title}") for a in old[2:5])))
            old = []
        if i >= 3 and i % 4 == 2:
            old = [a for x in plan(seed, number)[i - 3 : i - 1] if x.verb == "add" for a in x.articles]
    return steps


def batches(size: int, number: int) -> list[Step]:
    """Articles in batches of one size."""
    pool = articles()[: size * number]
    return [Step("add", tuple(pool[i : i + size])) for i in range(0, len(pool), size)]


def ids_after(steps: Sequence[Step]) -> list[set[str]]:
    """The ids that must be there before the first step and after each."""
    there, out = dict[str, datetime | None](), [set[str]()]
    for step in steps:
        there |= {a.id: a.date for a in step.articles if step.verb != "remove"}
        if step.verb == "remove":
            there = {id: date for id, date in there.items() if id not in {a.id for a in step.articles}}
        if step.before is not None:
            there = {id: date for id, date in there.items() if date is None or date >= step.before}
        out.append(set(there))
    return out


def carry_out(path: Path, steps: Sequence[Step], first: int, tell: Tell) -> None:
    """Do steps from some place on; each is told before it begins, and acknowledged."""
    with StoryIndex.open(path) as index:
        for place in range(first, len(steps)):
            tell(f"begun {place}")
            steps[place].carry_out(index)
            tell(f"done {place}")


def told_of(lines: Sequence[str], word: str) -> int:
    """How far a child has come by its own words."""
    return max((int(line.split()[1]) + 1 for line in lines if line.startswith(f"{word} ")), default=0)


def state(index: StoryIndex) -> object:
    """All that an index says of what is in it, but for when it came."""
    counts = {name: number for name, number in index.counts().items() if name != "bytes"}
    return index.assignments(), [replace(story, updated=datetime.min) for story in index.stories()], counts


def undisturbed(path: Path, steps: Sequence[Step]) -> object:
    """What an index says that was left in peace; and it is well."""
    carry_out(path, steps, 0, lambda _: None)
    with StoryIndex.open(path) as index:
        assert index.check() == []
        return state(index)


def ids(index: StoryIndex) -> set[str]:
    return {a.id for a in index.assignments()}


def await_writing(*files: Path, seconds: float = 0.3) -> None:
    """Wait until one of some files is written, or made."""

    def stamps() -> list[tuple[int, int]]:
        out = []
        for file in files:
            with suppress(FileNotFoundError):
                found = file.stat()
                out.append((found.st_size, found.st_mtime_ns))
        return out

    before, limit = stamps(), time.monotonic() + seconds
    while stamps() == before and time.monotonic() < limit:
        pass


def log_of(path: Path) -> Path:
    return Path(f"{path}-wal")


def copied(path: Path, to: Path) -> tuple[bytes, bytes]:
    """File and log as they are now, also as a file of their own."""
    log = log_of(path)
    parts = path.read_bytes(), log.read_bytes() if log.exists() else b""
    put(to, *parts)
    return parts


def put(path: Path, file: bytes, log: bytes) -> None:
    for ending in ("-shm", "-writer"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    path.write_bytes(file)
    log_of(path).write_bytes(log)
