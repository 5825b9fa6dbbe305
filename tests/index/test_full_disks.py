"""Disks that are full, small file systems of our own: the batch is refused with a reason, and goes in later."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from made import text_of
from processes import (
    Child,
    Tell,
    batches,
    ids,
    ids_after,
    state,
    told_of,
    undisturbed,
)

from clusterer.articles import Article
from clusterer.errors import OutputError
from clusterer.index.story_index import StoryIndex

if hasattr(os, "fork"):
    import resource


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


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


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_writers_killed_on_a_full_disk_lose_nothing(kills: int, tmp_path: Path) -> None:
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
                    child.await_line("full" if killed_when_full < kills else "done", 20)
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
            if killed_when_full >= kills:
                shrink(ballast, 22 << 20)
        assert killed_when_full >= 0.8 * kills
        assert undisturbed(path, []) == expected

    on_a_small_disk(tmp_path / "disk", 24, work)


@pytest.mark.parametrize("kilobytes", [100, pytest.param(500, marks=pytest.mark.slow), 1_500])
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
