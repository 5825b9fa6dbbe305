"""Writers that are killed at any moment: what they acknowledged is there, and nothing is there in half."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from processes import (
    Child,
    Tell,
    await_writing,
    batches,
    carry_out,
    every_verb,
    ids,
    ids_after,
    log_of,
    plan,
    state,
    told_of,
    undisturbed,
)

from clusterer.index.story_index import StoryIndex

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked here")


def test_left_in_peace_an_index_is_sound_after_every_step(tmp_path: Path) -> None:
    steps = plan(21, 250)
    assert {step.verb for step in steps} == {"add", "expire", "compact"}
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


FEW = {"all": 15, "in the middle of add": 5}
MANY = {
    "all": 300,
    "in the middle of add": 80,
    "in the middle of merge": 10,
    "in the middle of update": 5,
    "in the middle of remove": 5,
    "in the middle of expire": 3,
    "in the middle of compact": 3,
    "while opening": 10,
}
"""Kills at least, in all and at some moments: how often one is met hangs on the machine, so it goes on until it has been."""


def short(kills: Counter[str], wanted: dict[str, int]) -> bool:
    return any(kills[moment] < least for moment, least in wanted.items()) and kills["all"] < 4 * wanted["all"]


@pytest.mark.parametrize("wanted", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
def test_killed_writers_lose_nothing_that_they_acknowledged(
    wanted: dict[str, int], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice, steps = random.Random(11), every_verb(11, 330, tmp_path)
    there, expected = ids_after(steps), undisturbed(tmp_path / "undisturbed.db", steps)
    kills: Counter[str] = Counter()
    for round in count():
        path, done, at = tmp_path / f"{round}.db", 0, 0
        while done < len(steps):
            # The step acknowledged last is done once more: whoever sends batches may not have got the word.
            with Child(partial(carry_out, path, steps, max(done - 1, 0))) as child:
                if short(kills, wanted):
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
        if not short(kills, wanted):
            break
    record_property("kills", dict(kills))
    print(dict(kills))
    assert all(kills[moment] >= least for moment, least in wanted.items())


@pytest.mark.parametrize("times", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_a_file_whose_maker_was_killed_is_made_by_the_next(times: int, tmp_path: Path) -> None:
    dice, some = random.Random(5), batches(5, 1)
    for i in range(times):
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


@pytest.mark.parametrize("times", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_processes_that_make_one_index_at_once_all_open_it(times: int, tmp_path: Path) -> None:
    for i in range(times):
        path, start = tmp_path / f"{i}.db", time.monotonic() + 0.03

        def make(tell: Tell, path: Path = path, start: float = start) -> None:
            while time.monotonic() < start:
                pass
            StoryIndex.open(path).close()

        children = [Child(make) for _ in range(4)]
        for child in children:
            with child:
                child.join()
