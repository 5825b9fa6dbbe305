"""Generated feeds, made once for all tests of a process, and what a suite is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpora import feeds
from benchmarks.plan import Plan


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def plan(cache: Path) -> Plan:
    return Plan((feeds.sample(),), cache, None, 1, 5, (150,), (150,))
