"""Pairs of an index: those that a batch of the same articles verifies."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from daily_forms import printed
from made import text_of

from clusterer import Article, Settings, StoryIndex
from clusterer.pairs import Pair, verified_pairs
from clusterer.pipeline import run_pipeline

# What is learned of a feed depends on how it came; copies and series do not. At the story level neither do candidates here.
SETTINGS = Settings(boilerplate="known", level="copy")


def articles() -> list[Article]:
    base, other, news = text_of("base", 120), text_of("other", 120), text_of("news", 40)
    texts = [base, base, f"{base} {text_of('more', 10)}", " ".join(base.split()[:50]), news]
    texts += [f"{other} {news} {text_of('rest', 60)}", text_of("alone", 50), ""]
    return [*(Article(text, f"n{i}", source=f"o{i}") for i, text in enumerate(texts)), *printed(3, 1)]


def told(pairs: list[Pair]) -> set[tuple]:
    return {pair[:-2] for pair in pairs}


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_pairs_are_those_of_a_batch(tmp_path: Path, batch: int) -> None:
    given = articles()
    expected = told(list(verified_pairs(run_pipeline(given, SETTINGS), SETTINGS)))
    assert {pair[0] for pair in expected} == {"exact", "copy", "contained", "quoted", "series"}
    with StoryIndex.open(tmp_path / "news.db", SETTINGS) as index:
        assert index.pairs() == []
        for start in range(0, len(given), batch):
            index.add(given[start : start + batch])
        assert told(index.pairs()) == expected
        held = [a for a in given if a.id != "n7"]  # without a word
        assert all((held[p.a_place].id, held[p.b_place].id) == (p.a, p.b) for p in index.pairs())


def test_pairs_go_with_their_articles(tmp_path: Path) -> None:
    given = articles()
    random.Random(1).shuffle(given)
    with StoryIndex.open(tmp_path / "news.db", SETTINGS) as index:
        index.add(given)
        gone = {"n0", "n5", "gold-jo-01"}
        index.remove(gone)
        left = [a for a in given if a.id not in gone]
        assert told(index.pairs()) == told(list(verified_pairs(run_pipeline(left, SETTINGS), SETTINGS)))


def test_reports_of_one_event_are_pairs(tmp_path: Path) -> None:
    from places import DATA

    from clusterer.io import Feed

    given = [row.article for row in Feed([DATA / "feed.jsonl"])]
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(given)
        reports = {pair[:-2] for pair in index.pairs() if pair.relation == "story"}
    settings = Settings()
    batch = {pair[:-2] for pair in verified_pairs(run_pipeline(given, settings), settings) if pair.relation == "story"}
    assert len(batch) > 10
    assert {pair[5:] for pair in reports} == {pair[5:] for pair in batch}
