"""New versions of articles, which keep their story where they can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from indexes import (
    BY_ID,
    DAY,
    assert_well_formed,
    groups,
    kinds,
)
from made import text_of

from clusterer import Article
from clusterer.index.story_ids import Change
from clusterer.index.story_index import StoryIndex


def test_an_update_replaces_the_text_and_keeps_the_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        updated = index.update([Article(text_of(3, 40), "a", "عنوان")])
        assert updated.status == ("updated",)
        assert updated.changes == ()
        assert updated.assignments[0][:4] == ("a", "a", "a", "a")
        assert index.articles(["a"])["a"].text == text_of(3, 40)
        assert len(index) == 2
        assert index.query([text_of(1, 40)])[0].relation is None
        assert index.query([text_of(3, 40)])[0].story == "a"
        assert_well_formed(index)


def test_an_update_of_a_storys_only_old_article_keeps_its_id_without_being_its_name(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "founder"), Article(text_of(1, 40), "heir")])
        index.remove(["founder"])
        updated = index.update([Article(text_of(2, 40), "heir")])
        assert updated.changes == ()
        assert updated.assignments[0].story == "founder"
        assert_well_formed(index)


def test_another_article_stands_for_a_text_when_the_first_is_taken_away(path: Path) -> None:
    text, title = BY_ID["aldifaf-05"].text, BY_ID["sawahil-03"].title
    with StoryIndex.open(path) as index:
        index.add([BY_ID["darb-02"], Article(text, "first", "كرة القدم"), Article(text, "second", title)])
        index.remove(["first"])
        index.add([BY_ID["sawahil-03"]])
        told = list(index.assignments())
        assert_well_formed(index)
    with StoryIndex.open(path) as index:  # nothing of the first one's title is remembered by anyone
        assert list(index.assignments()) == told
        assert_well_formed(index)
        index.update([Article(text, "second", "عنوان آخر")])
    with StoryIndex.open(path) as index:
        assert_well_formed(index)


def test_an_update_may_bring_an_article_into_another_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        updated = index.update([Article(text_of(1, 40), "b")])
        assert updated.status == ("copy",)
        assert updated.assignments[0].story == "a"
        assert index.story("b").id == "a"
        assert kinds(updated.changes) == {("merged", "b", "a")}
        assert_well_formed(index)
        apart = index.update([Article(text_of(2, 40), "b")])
        assert apart.status == ("new",)
        assert apart.assignments[0].story == "b"
        assert kinds(apart.changes) == {("split", "a", "b")}
        assert_well_formed(index)


def test_an_update_of_an_unknown_id_adds(path: Path) -> None:
    with StoryIndex.open(path) as index:
        updated = index.update([Article(text_of(1, 40), "a"), Article(text_of(2, 40)), Article("", url="http://x/1")])
        assert updated.status == ("new", "new", "new")
        assert len(index) == 3


def test_an_update_with_the_same_content_is_known(path: Path) -> None:
    article = Article(text_of(1, 40), "a", "عنوان", "سبق", "http://x/1", DAY)
    with StoryIndex.open(path) as index:
        index.add([article, Article("قصير", "tiny")])
        before = list(index.assignments())
        updated = index.update([article, Article("قصير", "tiny")])
        assert (updated.status, updated.changes) == (("known", "known"), ())
        assert list(index.assignments()) == before


def test_of_two_versions_in_one_update_the_last_stays(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "b")])
        updated = index.update(
            [Article(text_of(3, 40), "a"), Article(text_of(2, 40), "b"), Article(text_of(4, 40), "a")]
        )
        assert [x.id for x in updated] == ["a", "b", "a"]
        assert updated.assignments[0] == updated.assignments[2]
        assert updated.status == ("updated", "known", "updated")
        assert index.articles(["a"])["a"].text == text_of(4, 40)
        assert len(index) == 2
        assert_well_formed(index)


def test_another_article_with_a_taken_id_is_no_version(path: Path) -> None:
    """Rows of a daily delivery are numbered from one every day."""

    def day(number: int, **other: str) -> list[Article]:
        rows = [
            Article(text_of(f"{number} {i}", 40), f"{i}", f"عنوان {number} {i}", "وكالة", f"http://x/{number}/{i}")
            for i in (1, 2)
        ]
        return [replace(row, **other) for row in rows]

    with StoryIndex.open(path) as index:
        index.update(day(8))
        added = index.update(day(9))
        assert ([a.id for a in added], set(added.status)) == (["1#2", "2#2"], {"new"})
        assert [a.id for a in index.update([*day(10), *day(11)])] == ["1#3", "2#3", "1#4", "2#4"]
        assert len(index) == 8
        assert [a.id for a in index.update(day(8, title="عنوان آخر"))] == ["1", "2"]
        assert [a.id for a in index.update(day(8, title="عنوان آخر", url="http://x/moved"))] == ["1", "2"]
        assert len(index) == 8
        assert_well_formed(index)


def test_a_correction_of_a_later_delivery_replaces_its_row(path: Path) -> None:
    """Ids are those of another day's rows: the URL tells which one was corrected, also where a new row stands before it."""

    def row(day: int, text: str) -> Article:
        return Article(text_of(text, 40), "1", f"عنوان {text}", "وكالة", f"http://x/{day}")

    with StoryIndex.open(path) as index:
        index.update([row(day, f"first {day}") for day in (1, 2, 3)])
        again = index.update([row(4, "first 4"), row(2, "second 2"), row(5, "first 5"), row(2, "third 2")])
        assert [a.id for a in again] == ["1#4", "1#2", "1#5", "1#2"]
        assert index.update([row(3, "first 3"), row(2, "third 2")]).status == ("known", "known")
        assert {a.url[-1]: a.text for a in index.articles(["1", "1#2", "1#3", "1#4", "1#5"]).values()} == {
            str(day): text_of("third 2" if day == 2 else f"first {day}", 40) for day in (1, 2, 3, 4, 5)
        }
        index.update([replace(row(6, "first 2"), title="عنوان third 2")])  # one title, another URL: news of its own
        assert len(index) == 6
        index.expire(max_articles=2)
        assert [a.id for a in index.update([row(6, "second 6")])] == ["1#6"]
        assert_well_formed(index)


def test_an_update_to_a_text_without_a_word_ends_its_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a")])
        assert index.update([Article("؟!", "a")]).changes == (Change("ended", "a", "", ()),)
        assert index.counts()["stories"] == 0
        assert index.story("a").assignments[0].id == "a"
        assert index.update([Article(text_of(1, 40), "a")]).assignments[0].story == "a"
        assert_well_formed(index)


def test_an_update_of_the_article_that_stands_for_others(path: Path) -> None:
    text = text_of(1, 40)
    with StoryIndex.open(path) as index:
        index.add([Article(text, name, date=DAY + timedelta(i)) for i, name in enumerate("abc")])
        index.update([Article(text_of(2, 40), "a", date=DAY)])
        assert groups(index.assignments()) == {frozenset("a"), frozenset("bc")}
        assert index.story("b").id == "a"
        assert_well_formed(index)
