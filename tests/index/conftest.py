"""Fixtures of the tests of `clusterer.index`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks.corpora.generator import feed
from clusterer import Article
from clusterer.arrays import kernels


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


@pytest.fixture(params=["compiled", "numpy"])
def either_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """As `loops`, of single tests: what is slow runs on the compiled kernels only."""
    before = kernels.active
    kernels.use(request.param if request.param in kernels.modules else before)
    yield
    kernels.use(before)


@pytest.fixture(scope="module")
def generated() -> list[Article]:
    """A made feed whose outlets have footers, most of them unknown until they recur."""
    return [
        Article(row["content"], row["id"], row["title"], row["source"], "", datetime.fromisoformat(row["date"]))
        for row in feed(200)
    ]
