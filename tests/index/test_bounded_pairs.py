"""An index whose texts all look alike: what a new one is compared with is bounded, and told; news never meets the bound."""

from __future__ import annotations

import logging
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from indexes import SAMPLE, chunks, groups, near_copies

from benchmarks.corpora.attacks import one_story
from clusterer import Article, Settings
from clusterer.index import story_candidates
from clusterer.index.story_index import StoryIndex
from clusterer.lsh import bands


@pytest.mark.parametrize(
    ("pairs", "texts", "stored", "most"),
    [
        (64_001, 1_000, 16_385, 64),
        (64_000, 1_000, 16_385, 256),  # on average no more than a feed may bring
        (64_001, 1_000, 16_384, 256),  # the index is small
        (6_401, 1, 16_385, 64),
        (6_400, 1, 16_385, 256),  # a lone text is no batch
        (0, 0, 16_385, 256),
    ],
)
def test_a_text_brings_fewer_pairs_where_a_large_index_meets_a_batch_that_brings_many(
    pairs: int, texts: int, stored: int, most: int
) -> None:
    assert story_candidates.most_of(pairs, texts, stored) == most


def told_stories(path: Path, feed: list[Article]) -> tuple[int, set[frozenset[str]]]:
    """Pairs that the last thirty articles of a feed brought to an index, and its stories."""
    with StoryIndex.open(path) as index:
        for batch in chunks(feed[:-30], 50):
            index.add(batch)
        (before,), *_ = index._index.database.rows("SELECT count(*) FROM pair")
        index.add(feed[-30:])
        (after,), *_ = index._index.database.rows("SELECT count(*) FROM pair")
        assert index.check() == []
        return after - before, groups(index.assignments(), "story")


def test_pairs_that_are_left_out_are_told_once(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = islice(one_story(180, np.random.default_rng(1)), 180)
    feed = [Article(row["text"], row["id"], row["title"], row["source"]) for row in rows]
    caplog.set_level(logging.WARNING, "clusterer")
    brought, _ = told_stories(tmp_path / "free.db", feed)
    assert brought > 30 * 8
    assert not caplog.messages
    monkeypatch.setattr(bands, "AVERAGE", 4)
    monkeypatch.setattr(bands, "SMALL", 4 * 100)
    monkeypatch.setattr(story_candidates, "_BATCH", 10)
    bounded, _ = told_stories(path, feed)
    assert 30 < bounded <= 30 * 4
    (told,) = caplog.messages
    assert told.startswith(f"{path}: too many texts look alike: a new one is compared with the 4 that are most like it")


def test_candidates_of_copies_that_are_left_out_are_told_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "clusterer")
    monkeypatch.setattr(bands, "MOST", 8)
    settings = Settings(level="copy")
    with StoryIndex.open(path, settings) as index:
        index.add(near_copies(8))
        index.add(near_copies(1, start=1000))  # eight before it: as many as a text may meet, by bands and by samples
        assert not caplog.messages
        for start in (2000, 3000):
            index.add(near_copies(2, start=start))
        (asked,) = index.query(near_copies(1, start=4000))
        assert asked.relation == "copy"
        assert index.check() == []
    (told,) = caplog.messages
    assert told.startswith(
        f"{path}: too many texts look alike: a new one is compared with the 8 that are most like it, "
    )
    assert "; cure: " in told


def test_news_is_compared_as_ever_where_an_index_is_large(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "clusterer")
    free = told_stories(tmp_path / "free.db", SAMPLE)
    monkeypatch.setattr(bands, "SMALL", 1)
    monkeypatch.setattr(story_candidates, "_BATCH", 1)
    assert told_stories(path, SAMPLE) == free
    assert not caplog.messages
