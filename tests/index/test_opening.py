"""Files that are opened, made or refused, and the settings that an index keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from indexes import (
    FOREIGN,
    SAMPLE,
    assert_as_batch,
    assert_well_formed,
    chunks,
    sqlite_file,
)
from made import text_of

from clusterer import InputError, OutputError, Settings, SettingsError
from clusterer.index.story_index import StoryIndex


def test_an_index_keeps_the_settings_it_was_made_with(path: Path) -> None:
    chosen = Settings(level="copy", jaccard=0.7, seed=9)
    StoryIndex.open(path, chosen).close()
    with StoryIndex.open(path) as index:
        assert index.settings.fingerprint() == chosen.fingerprint()
        assert index.settings.level == "copy"
    with StoryIndex.open(path, replace(chosen, threads=2, chunk=10)) as index:
        assert (index.settings.threads, index.settings.chunk) == (2, 10)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"jaccard": 0.8}, ["jaccard 0.43, not 0.8"]),
        ({"level": "copy", "size": 5}, ["level 'story', not 'copy'", "size 3, not 5"]),
    ],
)
def test_other_settings_are_refused_with_both_values(other: dict[str, Any], told: list[str], path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:5])
    before = path.read_bytes()
    with pytest.raises(SettingsError) as error:
        StoryIndex.open(path, Settings(**other))
    assert all(part in str(error.value) for part in [str(path), "cure", *told])
    assert path.read_bytes() == before


@pytest.mark.parametrize("must_exist", [False, True])
@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_that_is_no_index_is_refused_and_left_as_it_is(kind: str, must_exist: bool, path: Path) -> None:
    FOREIGN[kind](path)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"news\.db: .*cure: "):
        StoryIndex.open(path, must_exist=must_exist)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_file_is_made_or_refused(path: Path) -> None:
    with pytest.raises(InputError, match=r"news\.db: no such index; cure: "):
        StoryIndex.open(path, must_exist=True)
    assert not path.exists()
    StoryIndex.open(path).close()
    with StoryIndex.open(path, must_exist=True) as index:
        assert len(index) == 0


def test_an_empty_file_becomes_an_index_unless_there_must_be_one(path: Path) -> None:
    path.touch()
    with pytest.raises(InputError, match=r"news\.db: an empty file; cure: "):
        StoryIndex.open(path, must_exist=True)
    assert path.read_bytes() == b""
    with StoryIndex.open(path) as index:
        assert index.check() == []


@pytest.mark.parametrize("where", [".", "missing/news.db"])
def test_a_folder_or_a_missing_one_is_refused(where: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot be opened.*cure: "):
        StoryIndex.open(tmp_path / where)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA user_version = 99", r"schema 99 of a newer clusterer.*cure: update"),
        ("UPDATE made SET value = 'feedfeedfeedfeed' WHERE name = 'recipe'", r"recipe feedfeedfeedfeed.*cure: .*merge"),
    ],
    ids=["schema", "recipe"],
)
def test_an_index_of_another_release_is_refused(statement: str, message: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:5])
    sqlite_file(path, statement)
    with pytest.raises(InputError, match=message):
        StoryIndex.open(path)


def test_an_index_of_another_recipe_can_be_merged(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
    sqlite_file(path, "UPDATE made SET value = 'feedfeedfeedfeed' WHERE name = 'recipe'", "DELETE FROM page")
    with StoryIndex.open(path.with_name("new.db")) as index:
        index.merge(path)
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)


def test_a_path_may_be_a_string_and_hold_odd_letters(tmp_path: Path) -> None:
    for name in ("أخبار اليوم.db", "a%20b?mode=memory#x.db", ":memory:"):
        with StoryIndex.open(str(tmp_path / name)) as index:
            index.add(SAMPLE[:3])
        with StoryIndex.open(tmp_path / name, must_exist=True) as index:
            assert len(index) == 3


def test_two_open_indexes_of_one_file_see_each_others_work(tmp_path: Path) -> None:
    with (
        StoryIndex.open(tmp_path / "two.db") as one,
        StoryIndex.open(tmp_path / "two.db") as two,
        StoryIndex.open(tmp_path / "alone.db") as alone,
    ):
        for i, batch in enumerate(chunks(SAMPLE, 13)):
            writer, reader = (one, two) if i % 2 else (two, one)
            added = writer.add(batch)
            assert added == alone.add(batch)
            assert reader.query(batch) == list(added)
            if i % 3 == 2:
                gone = [article.id for article in batch[:4]]
                assert reader.remove(gone) == alone.remove(gone)
                updated = [replace(batch[5], text=text_of(i, 40))]
                assert writer.update(updated) == alone.update(updated)
            assert list(one.assignments()) == list(two.assignments()) == list(alone.assignments())
        one.compact()
        assert two.query(SAMPLE) == alone.query(SAMPLE)
        for index in (one, two, alone):
            assert_well_formed(index)


def test_a_name_without_a_write_ahead_log_is_refused() -> None:
    with pytest.raises(InputError, match=r":memory:.*journal mode 'memory'.*cure: name a file"):
        StoryIndex.open(":memory:")
