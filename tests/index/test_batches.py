"""An index that was filled in batches of any size has the groups of one run over the same articles."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from indexes import (
    CHANCE,
    SAMPLE,
    assert_as_batch,
    assert_well_formed,
    both_loops,
    chunks,
    groups,
)

from benchmarks.corpora.generator import feed
from clusterer import Article, Settings
from clusterer.index.story_index import StoryIndex


@both_loops
@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.slow), 7, 50, 130])
def test_the_sample_feed_in_batches_of_any_size(size: int, path: Path) -> None:
    with StoryIndex.open(path) as index:
        for i, batch in enumerate(chunks(SAMPLE, size)):
            added = index.add(batch)
            assert [a.id for a in added] == [article.id for article in batch]
            if size > 1 or i % 10 == 0:
                assert index.check() == []
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
    with StoryIndex.open(path, must_exist=True) as index:
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


@pytest.mark.parametrize("size", [1, 7, 50, 200])
def test_a_generated_feed_in_batches_of_any_size(size: int, generated: list[Article], path: Path) -> None:
    with StoryIndex.open(path) as index:
        for i, batch in enumerate(chunks(generated, size)):
            index.add(batch)
            if size > 7 or i % 20 == 0:
                assert index.check() == []
        assert_well_formed(index)
        assert_as_batch(index, generated, CHANCE)


@pytest.mark.slow
@pytest.mark.parametrize("size", [97, 1000, 3000])
def test_a_larger_generated_feed(size: int, path: Path) -> None:
    articles = [Article(row["content"], row["id"], row["title"], row["source"]) for row in feed(3000, seed=5)]
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, size):
            index.add(batch)
            assert index.check() == []
        assert_as_batch(index, articles)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_hardly_matters(seed: int, path: Path) -> None:
    shuffled = SAMPLE[:]
    random.Random(seed).shuffle(shuffled)
    with StoryIndex.open(path) as index:
        for batch in chunks(shuffled, 13):
            index.add(batch)
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


def test_taking_away_what_was_added_leaves_the_groups_of_the_rest(path: Path) -> None:
    draw = random.Random(8)
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        left = {article.id: article for article in SAMPLE}
        for _ in range(6):
            gone = draw.sample(sorted(left), 15)
            assert index.remove(gone).articles == 15
            for name in gone:
                del left[name]
            assert_well_formed(index)
            assert_as_batch(index, list(left.values()))
        index.add(SAMPLE, again=True)
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


@pytest.mark.parametrize(
    "other",
    [
        {"level": "exact"},
        {"level": "copy"},
        {"unit": "char", "size": 12},
        {"scheme": "affine32"},
        {"scheme": "affine64", "seed": 7},
        {"scheme": "legacy", "profile": "strict-1"},
        {"profile": "strict", "boilerplate": "none"},
        {"boilerplate": "known", "sample": 0},
        {"min_words": 40, "representative": "longest"},
        {"representative": "central", "jaccard": 0.3, "containment": 0.4},
        {"slots": 32, "story_slots": 64, "recall": 0.9},
        {"bucket_cap": 8},
        {"story": 0.7},
        {"threads": 2, "chunk": 9},
    ],
    ids=lambda other: " ".join(f"{name}={value}" for name, value in other.items()),
)
def test_other_settings(other: dict[str, Any], path: Path) -> None:
    chosen = Settings(**other)
    with StoryIndex.open(path, chosen) as index:
        for batch in chunks(SAMPLE, 33):
            index.add(batch)
            assert index.check() == []
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE, agreement=0.95)
        if chosen.level != "story":
            assert all(a.story for a in index.assignments())
            assert groups(index.assignments(), "story") == groups(index.assignments(), chosen.level)


def test_threads_change_nothing(tmp_path: Path, generated: list[Article]) -> None:
    told = []
    for threads in (1, 2, 3):
        with StoryIndex.open(tmp_path / f"{threads}.db", Settings(threads=threads, chunk=10)) as index:
            for batch in chunks(generated, 60):
                index.add(batch)
            told.append((list(index.assignments()), index.query(SAMPLE[:20])))
    assert told[0] == told[1] == told[2]
