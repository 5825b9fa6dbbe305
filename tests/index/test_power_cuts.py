"""Cut power: any part of what was written reached the disk, and the index is whole at some moment."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from processes import (
    Child,
    Tell,
    await_writing,
    carry_out,
    copied,
    ids,
    ids_after,
    log_of,
    plan,
    put,
    told_of,
)

from clusterer.index.story_index import StoryIndex

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


@pytest.mark.parametrize("images", [20, pytest.param(40, marks=pytest.mark.slow)])
def test_an_image_taken_at_any_moment_holds_what_was_acknowledged(images: int, tmp_path: Path) -> None:
    dice, steps = random.Random(21), plan(21, 25 * images)
    there, path, image = ids_after(steps), tmp_path / "news.db", tmp_path / "image.db"
    with Child(lambda tell: carry_out(path, steps, 0, tell)) as child:
        assert child.await_line("done")
        for _ in range(images):
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


@pytest.mark.parametrize("number", [210, pytest.param(330, marks=pytest.mark.slow)])
def test_whatever_part_of_a_commit_a_cut_power_leaves_it_is_whole_or_absent(number: int, tmp_path: Path) -> None:
    dice, steps = random.Random(8), plan(8, number)
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
    assert found["log, absent"] >= number // 60
