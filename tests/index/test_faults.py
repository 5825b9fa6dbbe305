"""Faults of the world around an index: killed processes, full disks, other writers, cut power, damaged files. No mocks.

Processes are forked, killed and stopped for real, disks are small file systems that fill up. Nothing here waits for a
writer inside this process: an index is open here only while no child is made.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple

import pytest
from made import text_of
from places import DATA

from benchmarks.corpora.generator import feed
from clusterer.articles import Article
from clusterer.errors import ClustererError, InputError, OutputError
from clusterer.index import database
from clusterer.index.database import Database
from clusterer.index.story_index import StoryIndex
from clusterer.io.feed import Feed
from clusterer.results import Assignment
from clusterer.settings import Settings

if hasattr(os, "fork"):
    import resource


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")

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

    verb: Literal["add", "expire", "compact"]
    articles: tuple[Article, ...] = ()
    before: datetime | None = None

    def carry_out(self, index: StoryIndex) -> None:
        if self.verb == "add":
            index.add(self.articles)
        elif self.verb == "expire":
            index.expire(self.before)
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


def batches(size: int, number: int) -> list[Step]:
    """Articles in batches of one size."""
    pool = articles()[: size * number]
    return [Step("add", tuple(pool[i : i + size])) for i in range(0, len(pool), size)]


def ids_after(steps: Sequence[Step]) -> list[set[str]]:
    """The ids that must be there before the first step and after each."""
    there, out = dict[str, datetime | None](), [set[str]()]
    for step in steps:
        there |= {a.id: a.date for a in step.articles}
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
    """All that an index says of what is in it."""
    counts = {name: number for name, number in index.counts().items() if name != "bytes"}
    return index.assignments(), index.stories(), counts


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


def test_left_in_peace_an_index_is_sound_after_every_step(tmp_path: Path) -> None:
    steps = plan(21, 380)
    with StoryIndex.open(tmp_path / "news.db") as index:
        for step, there in zip(steps, ids_after(steps)[1:], strict=True):
            step.carry_out(index)
            assert index.check() == []
            assert ids(index) == there


def await_some_moment(child: Child, path: Path, dice: random.Random) -> None:
    """Wait for one of the moments in a writer's life: while it opens, reads and computes, or commits."""
    how = dice.random()
    if how < 0.15:
        time.sleep(dice.uniform(0, 0.008))
        return
    for _ in range(dice.choice((1, 2, 2, 2, 3))):
        child.await_line("begun")
    if how < 0.6:
        time.sleep(dice.uniform(0, 0.03))
    else:
        await_writing(path, log_of(path))
        time.sleep(dice.choice((0, dice.uniform(0, 0.004))))


KILLS = {"all": 200, "in the middle of add": 80, "while opening": 10}
"""Kills at least, in all and at some moments: how often one is met hangs on the machine, so it goes on until it has been."""


def short(kills: Counter[str]) -> bool:
    return any(kills[moment] < least for moment, least in KILLS.items()) and kills["all"] < 4 * KILLS["all"]


def test_writers_killed_200_times_lose_nothing_that_they_acknowledged(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice, steps = random.Random(11), plan(11, 330)
    there, expected = ids_after(steps), undisturbed(tmp_path / "undisturbed.db", steps)
    kills: Counter[str] = Counter()
    for round in count():
        path, done, at = tmp_path / f"{round}.db", 0, 0
        while done < len(steps):
            # The step acknowledged last is done once more: whoever sends batches may not have got the word.
            with Child(partial(carry_out, path, steps, max(done - 1, 0))) as child:
                if short(kills):
                    await_some_moment(child, path, dice)
                    killed = child.kill()
                else:
                    killed = not child.join()
            done, begun = max(done, told_of(child.lines, "done")), told_of(child.lines, "begun")
            if killed:
                kills["all"] += 1
                kills["while opening"] += not begun
                if begun > done:
                    kills[f"in the middle of {steps[begun - 1].verb}"] += 1
            with StoryIndex.open(path) as index:
                assert index.check() == []
                found = ids(index)
            if begun > done and there[begun] != there[done] and found == there[begun]:
                kills["between commit and word"] += at < begun
            at = max(at, done) if found == there[max(at, done)] else max(at, begun)
            assert found == there[at]
        with StoryIndex.open(path) as index:
            assert state(index) == expected
        if not short(kills):
            break
    record_property("kills", dict(kills))
    print(dict(kills))
    assert all(kills[moment] >= least for moment, least in KILLS.items())


def test_a_file_whose_maker_was_killed_is_made_by_the_next(tmp_path: Path) -> None:
    dice, some = random.Random(5), batches(5, 1)
    for i in range(40):
        path = tmp_path / f"{i}.db"
        with Child(partial(carry_out, path, some, 0)) as child:
            time.sleep(dice.uniform(0, 0.012))
            child.kill()
        with StoryIndex.open(path) as index:
            assert index.check() == []
            some[0].carry_out(index)
            assert ids(index) == {a.id for a in some[0].articles}
        with sqlite3.connect(path) as file:
            assert file.execute("PRAGMA auto_vacuum").fetchone() == (2,)  # or no space would ever be given back
        file.close()


def test_processes_that_make_one_index_at_once_all_open_it(tmp_path: Path) -> None:
    for i in range(30):
        path, start = tmp_path / f"{i}.db", time.monotonic() + 0.03

        def make(tell: Tell, path: Path = path, start: float = start) -> None:
            while time.monotonic() < start:
                pass
            StoryIndex.open(path).close()

        children = [Child(make) for _ in range(4)]
        for child in children:
            with child:
                child.join()


def mount(folder: Path, megabytes: int) -> str:
    """Mount a small file system that only this process and its children see; why that cannot be, or ""."""
    new_mounts, new_user = 0x00020000, 0x10000000
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        return "this system has no mount namespaces"
    if libc.unshare(new_mounts):
        if libc.unshare(new_mounts | new_user):
            return f"no namespace of our own: {os.strerror(ctypes.get_errno())}"
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    for command in ("mount --make-rprivate /", f"mount -t tmpfs -o size={megabytes}m none {folder}"):
        try:
            subprocess.run(command.split(), check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"{command}: {getattr(error, 'stderr', '') or error}"
    return ""


def on_a_small_disk(folder: Path, megabytes: int, work: Callable[[Path], None]) -> None:
    """Do some work in a process that has a small file system at a folder; skips where it may not be mounted."""
    folder.mkdir()

    def there(tell: Tell) -> None:
        reason = mount(folder, megabytes)
        if reason:
            tell(f"skipped {reason}")
        else:
            work(folder)

    with Child(there) as child:
        for line in child.join():
            if line.startswith("skipped "):
                pytest.skip(f"a small file system cannot be mounted here: {line[8:]}")


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """The last byte of a disk taken, for a while."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        path.unlink()


def shrink(ballast: Path, by: int) -> None:
    """Make some space."""
    os.truncate(ballast, max(ballast.stat().st_size - by, 0))


def refused_for_space(work: Callable[[], object]) -> bool:
    """Whether some work found the disk full, and said so and what to do; other errors are raised."""
    try:
        work()
    except OutputError as error:
        if "disk is full" in str(error) and "cure: free some space" in str(error):
            return True
        raise
    return False


def test_a_full_disk_is_named_and_the_batch_goes_in_when_space_is_made(tmp_path: Path) -> None:
    steps = batches(25, 24)
    there, expected = ids_after(steps), undisturbed(tmp_path / "undisturbed.db", steps)

    def work(disk: Path) -> None:
        path, ballast = disk / "news.db", disk / "ballast"
        ballast.write_bytes(bytes(22 << 20))
        refused = 0
        with StoryIndex.open(path) as index:
            for place, step in enumerate(steps):
                while refused_for_space(partial(step.carry_out, index)):
                    refused += 1
                    with filled(disk):
                        for reader in (index, StoryIndex.open(path)):
                            assert reader.check() == []
                            assert ids(reader) == there[place]
                            assert reader.query(steps[0].articles)
                            assert len(reader.stories()) == reader.counts()["stories"]
                    reader.close()
                    shrink(ballast, 1 << 20)
                    assert refused < 40
            assert state(index) == expected
        assert refused >= 3
        assert undisturbed(path, []) == expected

    on_a_small_disk(tmp_path / "disk", 24, work)


def test_an_index_is_opened_on_a_full_disk_or_the_disk_is_named(tmp_path: Path) -> None:
    steps = batches(25, 8)

    def work(disk: Path) -> None:
        path, ballast = disk / "news.db", disk / "ballast"
        expected = undisturbed(path, steps)
        ballast.write_bytes(bytes(1 << 16))
        with filled(disk):
            # Beside the file there is no room for what readers and writers share.
            if not refused_for_space(lambda: StoryIndex.open(path, must_exist=True).close()):
                with StoryIndex.open(path, must_exist=True) as index:
                    assert state(index) == expected
            ballast.unlink()
            with StoryIndex.open(path, must_exist=True) as index:
                assert state(index) == expected
                assert refused_for_space(lambda: index.add([Article(text_of(i, 300)) for i in range(20)]))
                assert state(index) == expected
        assert undisturbed(path, []) == expected

    on_a_small_disk(tmp_path / "disk", 12, work)


def test_articles_can_be_forgotten_on_a_full_disk_or_all_stay(tmp_path: Path) -> None:
    steps = batches(25, 20)
    there = ids_after(steps)[-1]

    def work(disk: Path) -> None:
        path, ballast = disk / "news.db", disk / "ballast"
        undisturbed(path, steps)
        for space in (0, 1 << 14, 1 << 17, 1 << 19, 1 << 21):  # bytes left for it
            ballast.write_bytes(bytes(space))
            with StoryIndex.open(path) as index, filled(disk):
                ballast.unlink()
                left = index.counts()["articles"]
                refused = refused_for_space(partial(index.expire, max_articles=left - 50))
                assert index.counts()["articles"] == left - (0 if refused else 50)
                assert index.check() == []
        with StoryIndex.open(path) as index:
            assert ids(index) < there
            index.compact()
            assert index.check() == []

    on_a_small_disk(tmp_path / "disk", 12, work)


def test_writers_killed_on_a_full_disk_lose_nothing(tmp_path: Path) -> None:
    steps = batches(20, 30)
    there, expected = ids_after(steps), undisturbed(tmp_path / "undisturbed.db", steps)

    def keep_trying(path: Path, first: int, tell: Tell) -> None:
        with StoryIndex.open(path) as index:
            for place in range(first, len(steps)):
                tell(f"begun {place}")
                while refused_for_space(partial(steps[place].carry_out, index)):
                    tell("full")
                tell(f"done {place}")

    def work(disk: Path) -> None:
        path, ballast, dice = disk / "news.db", disk / "ballast", random.Random(3)
        ballast.write_bytes(bytes(22 << 20))
        done, killed_when_full = 0, 0
        while done < len(steps):
            with Child(partial(keep_trying, path, max(done - 1, 0))) as child:
                for _ in range(dice.randint(1, 3)):
                    child.await_line("full" if killed_when_full < 25 else "done", 20)
                time.sleep(dice.uniform(0, 0.04))
                child.kill()
            full = "full" in child.lines
            killed_when_full += full
            done, begun = max(done, told_of(child.lines, "done")), told_of(child.lines, "begun")
            with StoryIndex.open(path) as index:
                assert index.check() == []
                assert ids(index) in (there[done], there[max(begun, done)])
            if full and killed_when_full % 3 == 0:
                shrink(ballast, 1 << 20)
            if killed_when_full >= 25:
                shrink(ballast, 22 << 20)
        assert killed_when_full >= 20
        assert undisturbed(path, []) == expected

    on_a_small_disk(tmp_path / "disk", 24, work)


@pytest.mark.parametrize("kilobytes", [100, 500, 1_500])
def test_a_file_that_may_not_grow_refuses_a_batch_and_takes_it_later(tmp_path: Path, kilobytes: int) -> None:
    steps = batches(30, 10)
    there = ids_after(steps)

    def work(tell: Tell) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        refused = 0
        with StoryIndex.open(tmp_path / "news.db") as index:
            for place, step in enumerate(steps):
                resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, most))
                with suppress(OutputError):
                    step.carry_out(index)
                    continue
                refused += 1
                assert index.check() == []
                assert ids(index) == there[place]
                with pytest.raises(OutputError, match="cure: "):
                    step.carry_out(index)
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
                step.carry_out(index)
            resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, most))  # nor when it is closed
        assert refused

    with Child(work) as child:
        child.join()
    assert undisturbed(tmp_path / "news.db", []) == undisturbed(tmp_path / "undisturbed.db", steps)


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
    file, limit = sqlite3.connect(path, timeout=0, isolation_level=None), time.monotonic() + 20
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
            assert 0.9 < time.monotonic() - start < 3
            start = time.monotonic()
            assert index.counts()["articles"] == 0
            assert index.query(second.articles[:3])
            assert time.monotonic() - start < 1  # who reads does not wait
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
        start = time.monotonic()
        index.add(second.articles)
        assert time.monotonic() - start < 0.9
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
        assert story.copies == len({a.copy for a in story.assignments})
        assert story.first <= story.last

    def query(self) -> None:
        some = self.dice.sample(articles(), 3)
        told = self.timed("query", lambda: self.index.query(some))
        assert [a.id for a in told] == [a.id for a in some]
        for a in told:
            assert (a.linked_to is None) == (a.relation is None)
            assert a.linked_to is not None or a.story == a.id
            assert a.linked_to is None or re.match(r"b\d+-\d$", a.linked_to)


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
    end = time.monotonic() + seconds

    def read(seed: int, tell: Tell) -> None:
        with StoryIndex.open(path, Settings(threads=1)) as index:
            reader = Reader(index, seed, forgetful)
            while time.monotonic() < end:
                reader.ask()
        tell(json.dumps([reader.calls, reader.longest, reader.waited, max(reader.seen)]))

    def add(tell: Tell) -> None:
        pool, batch, longest = articles(), 0, 0.0
        with StoryIndex.open(path) as index:
            while time.monotonic() < end - 0.5:
                start = time.monotonic()
                some = [pool[(batch * size + i) % len(pool)] for i in range(size)]
                index.add([replace(a, id=f"b{batch}-{i}") for i, a in enumerate(some)])
                longest = max(longest, time.monotonic() - start)
                batch += 1
                if forgetful:
                    index.expire(max_articles=20 * size)
                time.sleep(max(0, seconds / 200 - (time.monotonic() - start)))
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


def test_an_image_taken_at_any_moment_holds_what_was_acknowledged(tmp_path: Path) -> None:
    dice, steps = random.Random(21), plan(21, 1_000)
    there, path, image = ids_after(steps), tmp_path / "news.db", tmp_path / "image.db"
    with Child(lambda tell: carry_out(path, steps, 0, tell)) as child:
        assert child.await_line("done")
        for _ in range(40):
            if dice.random() < 0.5:
                await_writing(path, log_of(path))
            else:
                time.sleep(dice.uniform(0, 0.04))
            assert child.stop()
            child.hear()
            copied(path, image)
            done, begun = told_of(child.lines, "done"), told_of(child.lines, "begun")
            with StoryIndex.open(image) as index:
                assert index.check() == []
                assert ids(index) in (there[done], there[begun])
            child.go_on()


def mixed(before: bytes, after: bytes, dice: random.Random, first: bool) -> bytes:
    """A file of which any sector that was written may have reached the disk or not; or surely its first one has."""
    share, sector = dice.choice((0.1, 0.5, 0.9, 1.0)), 512
    size = dice.choice((len(before), len(after), dice.randint(0, len(after) // sector) * sector))
    out = bytearray(max(size, len(before), sector * first))
    out[: len(before)] = before
    for start in range(0, len(out), sector):
        if dice.random() < share or (first and not start):
            new = after[start : start + sector]
            out[start : start + len(new)] = new
    return bytes(out)


def cut_off(before: tuple[bytes, bytes], after: tuple[bytes, bytes], dice: random.Random) -> tuple[bytes, bytes]:
    """What a disk may hold of a file and its log, when the power goes between two states.

    Sectors that were written since the last sync reach it in any order. SQLite syncs the log before it writes the file, the
    file before it begins the log anew, and a new log's head before what follows (sqlite.org, "Write-Ahead Logging").
    """
    (file, log), (new_file, new_log) = before, after
    anew = log[16:24] != new_log[16:24]
    if file == new_file:
        return file, mixed(log, new_log, dice, anew and len(new_log) > 0)
    return new_file if anew else mixed(file, new_file, dice, False), new_log


def test_whatever_part_of_a_commit_a_cut_power_leaves_it_is_whole_or_absent(tmp_path: Path) -> None:
    dice, steps = random.Random(8), plan(8, 330)
    there, path, image = ids_after(steps), tmp_path / "news.db", tmp_path / "image.db"
    found: Counter[str] = Counter()

    def pausing(tell: Tell) -> None:
        with StoryIndex.open(path) as index:
            for place, step in enumerate(steps):
                step.carry_out(index)
                tell(f"done {place}")
                os.kill(os.getpid(), signal.SIGSTOP)  # all is synced

    with Child(pausing) as child:
        while child.await_stop():
            child.hear()
            done = told_of(child.lines, "done")
            before = copied(path, image)
            child.go_on()
            await_writing(path if done < len(steps) and steps[done].verb == "compact" else log_of(path))
            time.sleep(dice.uniform(0, 0.002))
            if not child.stop():
                break
            child.hear()
            acknowledged = told_of(child.lines, "done") > done
            after = copied(path, image)
            child.go_on()
            for again in range(3):
                put(image, *(after if acknowledged or not again else cut_off(before, after, dice)))
                with StoryIndex.open(image) as index:
                    assert index.check() == []
                    left = ids(index)
                assert left in there[done + acknowledged : done + 2]
                if not acknowledged:
                    written = "file" if before[0] != after[0] else "log"
                    found[f"{written}, {'absent' if left == there[done] else 'whole'}"] += 1
    print(dict(found))
    assert found["log, absent"] >= 10


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed index of articles that came, went and came."""
    path = tmp_path_factory.mktemp("sound") / "news.db"
    some = articles()[:330]
    with StoryIndex.open(path) as index:
        for start in range(0, len(some), 30):
            index.add(some[start : start + 30])
        index.remove([a.id for a in some[::11]])
        assert index.check() == []
    return path


def damage(raw: bytes, dice: random.Random) -> tuple[str, bytes]:
    """A damaged copy of a file, and what was done."""
    at, out = dice.randrange(len(raw)), bytearray(raw)
    kind = dice.choice(("bit", "bit", "bit", "run", "sector", "page", "swap", "cut"))
    if kind == "bit":
        out[at] ^= 1 << dice.randrange(8)
    elif kind == "run":
        out[at : at + 40] = dice.randbytes(len(out[at : at + 40]))
    elif kind == "sector":
        at -= at % 512
        out[at : at + 512] = bytes(512)
    elif kind == "page":
        at -= at % 4096
        out[at : at + 4096] = dice.randbytes(4096)
    elif kind == "swap":
        at, other = at - at % 4096, dice.randrange(len(raw) // 4096) * 4096
        out[at : at + 4096], out[other : other + 4096] = raw[other : other + 4096], raw[at : at + 4096]
    else:
        del out[at:]
    return f"{kind} at {at}", bytes(out)


# What nothing in the file can tell: it is written once, and made from what is not kept.
UNKNOWABLE = {("article", "added"), ("text", "slots"), ("pair", "features"), ("story", "id")}
COUNTERS = {("state", "generation"), ("state", "dead"), ("state", "story"), ("state", "article")}  # may leap


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a file, without what nobody can make sure of."""
    file = sqlite3.connect(path)
    try:
        out = {}
        for (table,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
            named = ", ".join(column for column in columns if (table, column) not in UNKNOWABLE)
            rows = file.execute(f"SELECT {named} FROM {table} NOT INDEXED").fetchall()
            out[table] = [row for row in rows if (table, row[0]) not in COUNTERS]
        return out
    finally:
        file.close()


def judged(path: Path, tell: Tell) -> None:
    """Open an index and ask it everything; whether it was refused, or found to be damaged."""
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, resource.RLIM_INFINITY))
    some = articles()[:3] + articles()[325:335]
    verbs: list[Callable[[StoryIndex], object]] = [
        lambda index: index.assignments(),
        lambda index: index.stories(),
        lambda index: [index.story(a.id) for a in some[1:3]],
        lambda index: index.query(some),
        lambda index: index.counts(),
        lambda index: index.add(some),
        lambda index: index.expire(max_articles=100),
    ]
    try:
        index = StoryIndex.open(path)
    except ClustererError as error:
        tell(f"refused {error}")
        return
    with index:
        try:
            problems = index.check()
            tell(f"named {problems[0]}" if problems else "unnoticed")
        except ClustererError as error:
            tell(f"refused {error}")
        for verb in verbs:
            with suppress(ClustererError):
                verb(index)


def judgement(path: Path) -> str:
    """What `judged` says, in a process of its own: "refused", "named", "unnoticed"; or how it went wrong."""
    with Child(lambda tell: judged(path, tell)) as child:
        try:
            return child.join(60)[0]
        except BaseException as error:
            trace = str(error).strip().splitlines()
            ours = [line.strip() for line in trace if "/clusterer/" in line]
            return f"went wrong: {trace[-1]} {ours[-1] if ours else ''}"


def test_a_damaged_file_is_refused_or_found_out(
    sound: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice, raw, whole = random.Random(4), sound.read_bytes(), contents(sound)
    outcomes: Counter[str] = Counter()
    wrong = []
    for i in range(100):
        path = tmp_path / f"{i}.db"
        what, damaged = damage(raw, dice)
        path.write_bytes(damaged)
        try:
            changed = contents(path) != whole
        except (sqlite3.Error, UnicodeError):
            changed = True
        outcome = judgement(path)
        if outcome.startswith("went wrong") or (changed and outcome == "unnoticed"):
            wrong.append(f"{what}: {outcome}")
        outcomes[f"{outcome.split()[0]}{'' if changed else ', nothing changed'}"] += 1
        for left in tmp_path.glob(f"{i}.db*"):
            left.unlink()
    record_property("damages", dict(outcomes))
    print(dict(outcomes))
    assert not wrong, f"{len(wrong)} of 100:\n" + "\n".join(wrong)
    assert outcomes["refused"] + outcomes["named"] >= 50


CHECKED = {
    "made": "value",
    "article": "key id digest date outlet document",
    "body": "content",
    "document": "article hash words centre",
    "link": "shared smaller larger opening copy",
    "text": "story first last outlets",
    "pair": "score",
    "segment": "firsts documents stems",
    "page": "entries",
}


def changed(value: Any, dice: random.Random) -> Any:
    """A value that differs a little."""
    if isinstance(value, int):
        return value ^ 1 << dice.randrange(60 if abs(value) > 1 << 40 else 4)
    if isinstance(value, float):
        return value + dice.choice((0.5, -0.25, 0.001))
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    raw[dice.randrange(len(raw))] ^= 1
    return raw.decode(errors="replace") if isinstance(value, str) else bytes(raw)


@pytest.mark.parametrize(("table", "name"), [(table, name) for table in CHECKED for name in CHECKED[table].split()])
def test_a_changed_value_is_found_out(sound: Path, tmp_path: Path, table: str, name: str) -> None:
    dice, wrong = random.Random(f"{table}.{name}"), []
    for i in range(3):
        path = tmp_path / f"{i}.db"
        shutil.copy(sound, path)
        file = sqlite3.connect(path)
        keys = [row[1] for row in file.execute(f"PRAGMA table_info({table})") if row[5]]
        rows = file.execute(f"SELECT {name}, {', '.join(keys)} FROM {table} WHERE length({name}) > 0").fetchall()
        where = " AND ".join(f"{key} = ?" for key in keys)
        while True:
            value, *place = dice.choice(rows)
            with suppress(sqlite3.IntegrityError):
                file.execute(f"UPDATE {table} SET {name} = ? WHERE {where}", (changed(value, dice), *place))
                break
        file.commit()
        file.close()
        outcome = judgement(path)
        if not outcome.startswith(("refused", "named")):
            wrong.append(f"row {place}: {outcome}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("size", [2, 50, 99, 100, 512, 4095, 4096, 5000, 40960])
def test_a_file_cut_short_is_refused(sound: Path, tmp_path: Path, size: int) -> None:
    path = tmp_path / "news.db"
    path.write_bytes(sound.read_bytes()[:size])
    assert judgement(path).startswith("refused")


def test_a_damaged_log_gives_an_older_state_or_is_refused(tmp_path: Path) -> None:
    """SQLite cannot tell a log that was damaged from one whose writing was cut short: it takes what is whole."""
    steps, path, image = batches(20, 10), tmp_path / "news.db", tmp_path / "image.db"
    there, dice = ids_after(steps), random.Random(6)
    with StoryIndex.open(path) as index:
        for step in steps:
            step.carry_out(index)
        file, log = copied(path, image)
    for _ in range(12):
        _, damaged = damage(log, dice)
        put(image, file, damaged)
        with Child(lambda tell: judged(image, tell)) as child:
            assert child.join()[0].startswith(("refused", "named", "unnoticed"))
        put(image, file, damaged)
        with suppress(ClustererError), StoryIndex.open(image) as index:
            if index.check() == []:
                assert ids(index) in there
