"""The sample feed, its gold, settings tuned to it; a generated feed with its copy groups."""

from __future__ import annotations

import pytest
from places import DATA

from benchmarks.corpora.generator import feed
from clusterer import Article, Settings
from clusterer.evaluation.gold import Gold, read_gold
from clusterer.evaluation.tuning import Tuning, tune
from clusterer.io.feed import Feed


@pytest.fixture(scope="session")
def articles() -> list[Article]:
    return [row.article for row in Feed([DATA / "feed.jsonl"])]


@pytest.fixture(scope="session")
def gold() -> Gold:
    return read_gold(DATA / "gold.jsonl")


@pytest.fixture(scope="session")
def tuned(articles: list[Article], gold: Gold) -> Tuning:
    return tune(articles, gold, settings=Settings(story=0.8))  # higher than gold says: there is something to suggest


@pytest.fixture(scope="session")
def made() -> tuple[list[dict], Gold]:
    """A generated feed with its copy groups."""
    rows = list(feed(600))
    return rows, Gold({"copy": {r["id"]: r["copy"] for r in rows}}, name="generated")
