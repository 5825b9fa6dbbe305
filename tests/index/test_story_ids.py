"""Ids of stories last: when stories are brought together, come apart, move, lose articles or end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from indexes import (
    DAY,
    WAYS,
    assert_well_formed,
    bridged,
    groups,
    kinds,
)
from made import text_of, words_of

from clusterer import Article, InputError, Settings
from clusterer.index.story_ids import Change
from clusterer.index.story_index import StoryIndex


@WAYS
def test_two_stories_that_an_article_brings_together_are_the_older_one(way: Any, path: Path) -> None:
    left, right, both = way()
    with StoryIndex.open(path) as index:
        assert index.add(left).status == ("new",)
        assert index.add(right).status == ("new",)
        added = index.add([both])
        assert added.changes == (Change("merged", "right", "left", ("right",)),)
        assert added.assignments[0].story == "left"
        assert added.status[0] in ("copy", "report")
        story = index.story("right")
        assert (story.id, story.aliases, len(story)) == ("left", ("right",), 3)
        assert index.story("both") == index.story("left") == story
        assert_well_formed(index)
    with StoryIndex.open(path) as index:
        assert index.story("right") == story


@WAYS
def test_the_older_story_keeps_its_id_though_the_younger_is_larger(way: Any, path: Path) -> None:
    left, right, both = way()
    copies = [replace(right[0], id=f"right {i}") for i in range(5)]
    with StoryIndex.open(path) as index:
        index.add(left)
        index.add(copies)
        added = index.add([both])
        assert [(c.kind, c.story, c.into) for c in added.changes] == [("merged", "right 0", "left")]
        assert set(added.changes[0].articles) == {a.id for a in copies}
        assert len(index.story("right 0")) == 7
        assert_well_formed(index)


@WAYS
def test_a_story_that_comes_apart_leaves_its_id_to_the_larger_part(way: Any, path: Path) -> None:
    left, right, both = way()
    copies = [replace(right[0], id=f"right {i}") for i in range(3)]
    with StoryIndex.open(path) as index:
        for batch in (left, copies, [both]):
            index.add(batch)
        removed = index.remove(["both"])
        assert {a.id for a in index.story("left").assignments} == {a.id for a in copies}
        (change,) = removed.changes
        assert (change.kind, change.story, change.articles) == ("split", "left", ("left",))
        assert change.into not in ("left", "right 0")
        assert [a.id for a in index.story(change.into).assignments] == ["left"]
        assert index.story("right 0").id == "left"
        assert_well_formed(index)


@WAYS
def test_of_two_equal_parts_the_earlier_keeps_the_id_and_the_alias_is_its_own_again(way: Any, path: Path) -> None:
    left, right, both = way()
    with StoryIndex.open(path) as index:
        for batch in (left, right, [both]):
            index.add(batch)
        assert index.remove(["both"]).changes == (Change("split", "left", "right", ("right",)),)
        assert [a.id for a in index.story("left").assignments] == ["left"]
        assert [a.id for a in index.story("right").assignments] == ["right"]
        assert index.story("left").aliases == ()
        assert_well_formed(index)
        assert index.add([both], again=True).changes == (Change("merged", "right", "left", ("right",)),)
        assert index.story("right").aliases == ("right",)


def test_aliases_of_a_story_that_becomes_an_alias_follow_it(path: Path) -> None:
    a, b, c = (words_of(seed, 100) for seed in "abc")
    with StoryIndex.open(path, Settings(story=0.05)) as index:  # whatever shares a part is one story
        for seed, text in (("a", a), ("b", b), ("c", c)):
            index.add([Article(" ".join(text), seed)])
        index.add([Article(bridged(b, c), "bc")])
        assert (index.story("c").id, index.story("b").aliases) == ("b", ("c",))
        index.add([Article(" ".join([*a[:15], *b[:15], *c[:15], *a[15:], *b[15:], *c[15:]]), "abc")])
        assert {index.story(name).id for name in ("a", "b", "c", "bc", "abc")} == {"a"}
        assert index.story("a").aliases == ("b", "c")
        assert_well_formed(index)
        removed = index.remove(["a", "b", "c", "bc", "abc"])
        assert kinds(removed.changes) == {("ended", "a", "")}
        for name in "abc":
            with pytest.raises(InputError, match=rf"'{name}'.*cure"):
                index.story(name)


def test_a_part_of_a_story_moves_to_another_one(path: Path) -> None:
    """A cut that leaves the text it was a cut of for one that holds more of it."""
    shared, own = words_of("shared", 42), words_of("own", 18)
    first, second = words_of("first", 100), words_of("second", 100)
    with StoryIndex.open(path, Settings(level="copy")) as index:
        index.add([Article(" ".join([*shared, *first]), "first")])
        index.add([Article(" ".join([*shared, *own]), "short")])
        assert index.story("short").id == "first"
        index.add([Article(" ".join([*shared[26:], *own, *second]), "second 0")])
        added = index.add([Article(" ".join([*shared, *own, *second]), "second")])
        assert added.changes == (Change("moved", "first", "second 0", ("short",)),)
        assert index.story("short").id == "second 0"
        assert_well_formed(index)


def test_a_part_that_goes_with_new_articles_is_split_off(path: Path) -> None:
    shared, own = words_of("shared", 42), words_of("own", 18)
    first, second = words_of("first", 100), words_of("second", 100)
    with StoryIndex.open(path, Settings(level="copy")) as index:
        index.add([Article(" ".join([*shared, *first]), "first")])
        index.add([Article(" ".join([*shared, *own]), "short")])
        assert index.story("short").id == "first"
        added = index.add([Article(" ".join([*shared, *own, *second]), "second")])
        (change,) = added.changes
        assert (change.kind, change.story, change.articles) == ("split", "first", ("short",))
        assert {a.story for a in added} == {change.into}
        assert_well_formed(index)


def test_a_story_outlives_the_article_it_is_named_after(path: Path) -> None:
    text = text_of("story", 60)
    with StoryIndex.open(path) as index:
        index.add([Article(text, "founder", date=DAY)])
        index.add([Article(text, "heir", date=DAY + timedelta(5))])
        removed = index.expire(DAY + timedelta(1))
        assert (removed.articles, removed.changes) == (1, ())
        assert [a.id for a in index.story("founder").assignments] == ["heir"]
        (only,) = index.assignments()
        assert (only.story, only.representative) == ("founder", True)
        assert index.add([Article(text, "third")]).assignments[0].story == "founder"
        assert_well_formed(index)


@pytest.mark.parametrize("text", [text_of("elsewhere", 40), "قصير", ""], ids=["long", "short", "empty"])
def test_an_id_that_is_used_again_does_not_take_a_living_storys_id(text: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of("story", 60), name) for name in ("founder", "heir")])
        index.remove(["founder"])
        (asked,) = index.query([Article(text, "founder")])
        assert asked.story != "founder"
        (again,) = index.add([Article(text, "founder")], again=True).assignments
        assert again.id == "founder"
        assert again.story != "founder"
        assert [a.id for a in index.story("founder").assignments] == ["heir"]
        assert [a.id for a in index.story(again.story).assignments] == ["founder"]
        assert len(groups(index.assignments(), "story")) == 2
        assert_well_formed(index)


@pytest.mark.parametrize("kind", ["an article of a story", "a short article", "a story"])
def test_a_short_article_shares_its_storys_id_with_nobody(kind: str, path: Path) -> None:
    """Its own id names a living story, and the next one, "a#2", is in use as well."""
    others = {
        "an article of a story": Article(text_of("there", 40), "a"),
        "a short article": Article("قصير أيضا", "a"),
        "a story": Article(text_of("elsewhere", 40), "a"),
    }
    with StoryIndex.open(path) as index:
        index.add([Article(text_of("story", 60), name) for name in "ab"])
        index.add([Article(text_of("there", 40), "there")])
        index.remove(["a"])
        index.add([Article("قصير", "a"), others[kind]], again=True)
        found = assert_well_formed(index)
        assert found.keys() == {"b", "there", "a", "a#2"}
        assert len(groups(found.values(), "story")) == (3 if kind == "an article of a story" else 4)
        assert index.query([Article("قصير", "a")]) == [found["a"]]


def test_no_article_has_the_id_of_a_story_that_it_is_not_in(path: Path) -> None:
    """A second story that opens with an article "58", and a second article "58"."""
    with StoryIndex.open(path) as index:
        index.add([Article(text_of("story", 60), name) for name in ("58", "heir")])
        index.remove(["58"])
        opened, twin = index.add([Article(text_of(text, 40), "58") for text in ("other", "third")], again=True)
        assert [(a.id, a.story) for a in (opened, twin)] == [("58", "58#story2"), ("58#2", "58#2")]
        assert [a.id for a in index.story("58#2").assignments] == ["58#2"]
        own = Article(text_of("fourth", 40), "58#story3")
        index.add([own])
        index.remove(["58"])
        short, _ = index.add([Article("قصير", "58"), Article(text_of("fifth", 40), "58")], again=True)
        assert (short.id, short.story) == ("58", "58#story2")
        assert_well_formed(index)


def test_a_story_that_has_ended_leaves_its_id_to_others(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a")])
        assert index.remove("a").changes == (Change("ended", "a", "", ()),)
        (again,) = index.add([Article(text_of(2, 40), "a")])
        assert again.story == "a"
        assert_well_formed(index)
