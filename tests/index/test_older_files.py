"""Files of earlier releases: an index that one of them made opens here, answers as it did, and takes more.

`data/version-2.db.gz` was made by the release before the package's wings, of articles of `data/feed.jsonl`: six, then three
more, then one under a taken id, then one removed, then compacted. `data/version-2.json` holds what that release said of
it: its assignments, answers to the first sixty articles of the feed, and the assignments when these were added and
``darb-08`` removed.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from made import text_of
from places import DATA

from clusterer import Article, Assignment, InputError, Settings, StoryIndex
from clusterer.fingerprint import recipe
from clusterer.index.schema import VERSION
from clusterer.io.feed import Feed

FOLDER = Path(__file__).with_name("data")
SAID: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "version-2.json").read_text("utf-8"))
SAMPLE = [row.article for row in Feed([DATA / "feed.jsonl"])][:60]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress((FOLDER / "version-2.db.gz").read_bytes()))
    return path


def plain(assignments: list[Assignment]) -> list[dict[str, Any]]:
    return [a.as_dict() for a in assignments]


def test_an_old_file_opens_with_todays_settings_and_is_sound(old: Path) -> None:
    with StoryIndex.open(old, Settings(), must_exist=True) as index:
        assert index.check() == []
        assert len(index) == 9


def test_an_old_file_says_of_its_articles_what_it_said(old: Path) -> None:
    with StoryIndex.open(old) as index:
        assert plain(index.assignments()) == SAID["stored"]


def test_an_old_file_answers_as_it_did(old: Path) -> None:
    with StoryIndex.open(old) as index:
        assert plain(index.query(SAMPLE)) == SAID["asked"]


def test_an_old_file_takes_articles_as_it_did(old: Path) -> None:
    with StoryIndex.open(old) as index:
        index.add(SAMPLE)
        index.remove(["darb-08"])
        assert plain(index.assignments()) == SAID["after"]
        assert index.check() == []


def test_an_old_file_whose_results_would_be_others_is_refused_and_can_be_merged(old: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as file:
        file.execute("UPDATE made SET value = 'ffff' WHERE name = 'recipe'")
    with pytest.raises(InputError, match=f"recipe ffff, this one {recipe()}.*cure: make a new index and merge"):
        StoryIndex.open(old)
    with StoryIndex.open(tmp_path / "new.db") as index:
        assert len(index.merge(old)) == 9
        assert [a[:4] for a in index.assignments()] == [tuple(a.values())[:4] for a in SAID["stored"]]


def test_a_file_of_an_older_schema_is_brought_to_this_one(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        before = index.assignments()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("DROP INDEX article_age")  # all that the first schema lacked
        file.execute("PRAGMA user_version = 1")
    with StoryIndex.open(path) as index:
        assert index.check() == []
        assert index.assignments() == before
        index.add([Article(text_of(3, 40), "c")])
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone()[0] == VERSION > 1
        assert file.execute("SELECT 1 FROM sqlite_master WHERE name = 'article_age'").fetchone()
