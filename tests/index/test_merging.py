"""Articles and story ids of one index that are taken over into another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from indexes import (
    BY_ID,
    FOREIGN,
    SAMPLE,
    assert_as_batch,
    assert_well_formed,
    by_copies,
    chunks,
    dump,
    groups,
)
from made import text_of

from clusterer import Article, InputError, Settings
from clusterer.index.story_index import StoryIndex


def test_merging_into_an_empty_index_gives_the_batchs_groups(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "other.db") as other:
        for batch in chunks(SAMPLE, 40):
            other.add(batch)
    before = dump(tmp_path / "other.db")
    with StoryIndex.open(tmp_path / "news.db") as index:
        added = index.merge(tmp_path / "other.db")
        assert [a.id for a in added] == [article.id for article in SAMPLE]
        assert index.articles(BY_ID) == BY_ID
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
    assert dump(tmp_path / "other.db") == before


def test_merging_into_an_index_keeps_both_names(tmp_path: Path) -> None:
    half = len(SAMPLE) // 2
    with StoryIndex.open(tmp_path / "other.db") as other:
        other.add(SAMPLE[half - 10 :])
        theirs = {story.id: [a.id for a in story.assignments] for story in other.stories()}
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(SAMPLE[:half])
        ours = {story.id: [a.id for a in story.assignments] for story in index.stories()}
        added = index.merge(str(tmp_path / "other.db"))
        assert added.status.count("known") == 10
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
        for names in (ours, theirs):
            for story, members in names.items():
                assert set(members) & {a.id for a in index.story(story).assignments}, story
        told = list(index.assignments())
        stories = [(story.id, story.aliases) for story in index.stories()]
        again = index.merge(tmp_path / "other.db")
        assert (again.changes, set(again.status)) == ((), {"known"})
        assert list(index.assignments()) == told
        assert [(story.id, story.aliases) for story in index.stories()] == stories
        assert_well_formed(index)


def test_merged_articles_have_the_statuses_of_added_ones(tmp_path: Path) -> None:
    text = BY_ID["sawahil-11"].text
    with StoryIndex.open(tmp_path / "other.db") as other:
        other.add([Article(text, "copy"), BY_ID["marsad-08"], Article(text_of(1, 40), "new"), Article("", "there")])
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add([Article(text, "a"), Article("", "there")])
        assert index.merge(tmp_path / "other.db").status == ("copy", "report", "new", "known")


def test_merging_articles_whose_ids_are_taken(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "other.db") as other:
        other.add([Article(text_of(2, 40), "x"), Article(text_of(1, 40), "x"), Article(text_of(3, 40), "y")])
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add([Article(text_of(1, 40), "x")])
        for _ in range(2):
            added = index.merge(tmp_path / "other.db")
            assert [a.id for a in added] == ["x#2", "x#2#2", "y"]
            assert index.story("x").assignments[0].id == "x"
            assert_well_formed(index)


def test_merging_an_index_of_other_settings(tmp_path: Path) -> None:
    chosen = Settings(level="copy", unit="char", size=9, min_words=1, boilerplate="none")
    with StoryIndex.open(tmp_path / "other.db", chosen) as other:
        other.add(SAMPLE)
        names = {story.id: {a.id for a in story.assignments} for story in other.stories()}
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.merge(tmp_path / "other.db")
        assert_well_formed(index)
        assert_as_batch(index, SAMPLE)
        for story, members in names.items():
            assert members & {a.id for a in index.story(story).assignments}


def test_aliases_of_a_merged_index_come_along(tmp_path: Path) -> None:
    left, right, both = by_copies()
    with StoryIndex.open(tmp_path / "other.db") as other:
        for batch in (left, right, [both]):
            other.add(batch)
        assert other.story("right").id == "left"
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add([replace(both, id="mine")])
        index.merge(tmp_path / "other.db")
        assert {index.story(name).id for name in ("left", "right", "both")} == {"mine"}
        assert set(index.story("mine").aliases) == {"left", "right"}
        assert_well_formed(index)
        index.remove(["mine", "both"])
        assert_well_formed(index)


def test_merging_many_articles(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "other.db", Settings(level="copy")) as other:
        other.add([Article(text_of(i % 6000, 12), f"{i}") for i in range(7000)])
    with StoryIndex.open(tmp_path / "news.db", Settings(level="copy")) as index:
        index.add([Article(text_of(3, 12), "mine")])
        assert len(index.merge(tmp_path / "other.db")) == 7000
        assert len(index) == 7001
        assert len(groups(index.assignments())) == 6000
        assert index.check() == []


def test_an_index_is_not_merged_into_itself(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:10])
        link = path.with_name("link.db")
        link.symlink_to(path)
        for name in (path, str(path), path.parent / "." / path.name, link):
            with pytest.raises(InputError, match=r"this index itself; cure: "):
                index.merge(name)
        assert len(index) == 10


@pytest.mark.parametrize("kind", [*FOREIGN, "missing", "empty"])
def test_what_is_no_index_is_not_merged(kind: str, path: Path) -> None:
    other = path.with_name("other.db")
    made: dict[str, Callable[[Path], Any]] = {**FOREIGN, "missing": lambda path: None, "empty": Path.touch}
    made[kind](other)
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:10])
        before = dump(path)
        with pytest.raises(InputError, match=r"other\.db: .*cure: "):
            index.merge(other)
        assert dump(path) == before
        assert other.exists() == (kind != "missing")


def test_versions_that_were_replaced_are_known_in_the_other_index_too(tmp_path: Path) -> None:
    first, later = SAMPLE[0], replace(SAMPLE[0], text=f"{SAMPLE[0].text} زيادة في آخر الخبر")
    moved = replace(later, source="صحيفة أخرى")  # of the same text
    with StoryIndex.open(tmp_path / "other.db") as other:
        for article in (first, later, moved):
            other.update([article])
        told = [other.update([article]).status for article in (first, later, moved)]
    assert told == [("older",), ("known",), ("known",)]
    for names in ([], [Article(text_of("stranger", 50), first.id)]):
        with StoryIndex.open(tmp_path / f"news-{len(names)}.db") as index:
            index.add(names)
            index.merge(tmp_path / "other.db")
            assert [index.update([article]).status for article in (first, later, moved)] == told
            assert index.add([first]).status == ("older",)
            assert [a.source for a in index.articles([first.id, f"{first.id}#2"]).values()][-1] == moved.source
            assert len(index) == len(names) + 1
            assert index.check() == []


@pytest.mark.parametrize("by_url", [False, True])
def test_an_index_whose_ids_are_of_the_other_kind_is_refused_where_articles_would_be_there_twice(
    tmp_path: Path, by_url: bool
) -> None:
    articles = [
        Article(text_of(i, 30), f"n{i}", url=f"https://www.example.org/news/{i}?utm_source=x", source="س")
        for i in range(9)
    ]
    with StoryIndex.open(tmp_path / "other.db") as other, StoryIndex.open(tmp_path / "far.db") as far:
        other.update(articles[3:], unique_url=not by_url)
        far.update(articles[6:], unique_url=not by_url)
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.update(articles[:6], unique_url=by_url)
        told = list(index.assignments())
        with pytest.raises(
            InputError, match=r"other\.db: 3 articles are in .*news\.db already .*nothing is merged; cure: "
        ):
            index.merge(tmp_path / "other.db")
        assert list(index.assignments()) == told
        assert len(index.merge(tmp_path / "far.db")) == 3  # nothing of it is here
    with StoryIndex.open(tmp_path / "same.db") as same:
        same.update(articles[:4], unique_url=not by_url)
        assert same.merge(tmp_path / "other.db").status.count("known") == 1
