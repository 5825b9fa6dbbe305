"""Files of earlier releases: an index that one of them made is refused with a cure, and is merged into a new one.

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
from places import DATA

from clusterer import Assignment, InputError, StoryIndex
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


def test_an_old_file_is_refused(old: Path) -> None:
    with pytest.raises(InputError, match=r"schema 2 of an older clusterer.*cure: make a new index and merge"):
        StoryIndex.open(old)


def test_an_old_file_is_merged_into_a_new_one(old: Path, tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "new.db") as index:
        assert len(index.merge(old)) == 9
        assert [a[:4] for a in index.assignments()] == [tuple(a.values())[:4] for a in SAID["stored"]]
        assert index.check() == []
        index.add(SAMPLE)
        index.remove(["darb-08"])
        assert {a.id for a in index.assignments()} == {a["id"] for a in SAID["after"]}
        assert index.check() == []


def test_a_file_without_what_version_7_keeps_is_of_version_6(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        stories = {(story.id, len(story)) for story in index.stories()}
    with closing(sqlite3.connect(path)) as file, file:
        for table in ("standing", "gone"):
            file.execute(f"DROP TABLE {table}")
        file.execute(
            "CREATE TABLE expired (number INTEGER PRIMARY KEY, key INTEGER NOT NULL, id TEXT NOT NULL, digest INTEGER NOT NULL,"
            " of_story TEXT NOT NULL, crc INTEGER NOT NULL)"
        )
        file.execute("CREATE INDEX expired_key ON expired (key)")
        file.execute("PRAGMA user_version = 6")
    with pytest.raises(InputError, match=r"schema 6 of an older clusterer.*cure: make a new index and merge"):
        StoryIndex.open(path)
    with StoryIndex.open(tmp_path / "new.db") as index:
        index.merge(path)
        assert {(story.id, len(story)) for story in index.stories(sort="size")} == stories
        assert index.check() == []
