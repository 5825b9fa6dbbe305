"""Groups larger than a bucket: thousands of copies, near-copies and daily series."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from indexes import (
    assert_as_batch,
    assert_well_formed,
    chunks,
    groups,
    near_copies,
)

from clusterer.index.story_index import StoryIndex


@pytest.mark.parametrize("size", [pytest.param(20, marks=pytest.mark.slow), 300])
def test_three_hundred_near_copies(size: int, path: Path) -> None:
    articles = near_copies(300)
    began = time.process_time()
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, size):
            index.add(batch)
        assert_well_formed(index)
        assert_as_batch(index, articles)
        assert len(groups(index.assignments())) == 1
        (asked,) = index.query(near_copies(1, start=1000))
        assert (asked.relation, asked.story) == ("copy", "0000")
    assert time.process_time() - began < 30


@pytest.mark.parametrize("steps", [1, 5])
@pytest.mark.parametrize("compacted", [False, True], ids=["as it is", "compacted"])
def test_the_later_of_many_near_copies_stay_together_when_the_first_expire(
    steps: int, compacted: bool, path: Path
) -> None:
    """A daily text: its large bucket loses the members that all others were paired with."""
    articles = near_copies(300)
    with StoryIndex.open(path) as index:
        index.add(articles)
        for step in range(steps):
            removed = index.expire(max_articles=300 - 250 * (step + 1) // steps)
            assert removed.changes == ()
            if compacted:
                index.compact()
        assert index.check() == []
        assert_as_batch(index, articles[250:])
        assert index.query(near_copies(1, start=1000))[0].relation == "copy"
        assert index.add(near_copies(1, start=1000)).status == ("copy",)


@pytest.mark.parametrize(("day", "window"), [(20, 150), pytest.param(1, 70, marks=pytest.mark.slow)])
def test_a_daily_series_that_slides_stays_one_story(day: int, window: int, path: Path) -> None:
    """More near copies at a time than a bucket's cap; every one that was ever a hub expires."""
    with StoryIndex.open(path) as index:
        index.add(near_copies(window))
        for start in range(window, 3 * window, day):
            assert index.add(near_copies(day, start=start)).changes == (), start
            assert index.expire(max_articles=window).changes == (), start
            if start % 20 == 0:
                assert len(groups(index.assignments())) == 1, start
        assert {a.story for a in index.assignments()} == {"0000"}
        assert_well_formed(index)
