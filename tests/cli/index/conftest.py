"""Fixtures of the tests of `clusterer index`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from index_commands import FEED, ask

from clusterer.index.story_index import StoryIndex


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quarantine files and relative names go to the test's own folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample feed. Never written to."""
    path = tmp_path_factory.mktemp("index") / "news.db"
    ask("create", path)
    ask("add", path, FEED)
    return path


@pytest.fixture
def news(filled: Path, tmp_path: Path) -> Path:
    """An index of the sample feed."""
    return Path(shutil.copy(filled, tmp_path / "news.db"))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An index of nothing."""
    StoryIndex.open(tmp_path / "empty.db").close()
    return tmp_path / "empty.db"
