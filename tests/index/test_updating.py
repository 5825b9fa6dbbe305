"""New versions of articles, which keep their story where they can."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from indexes import (
    BY_ID,
    DAY,
    assert_well_formed,
    groups,
    kinds,
)
from made import text_of

from clusterer import Article, InputError
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
        apart = index.update([Article(text_of(3, 40), "b")])
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
        assert updated.status == ("older", "known", "updated")
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
        assert [story.id for story in index.stories()] == ["a"]
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


V1 = Article(text_of(1, 40), "a", "عنوان", "سبق", "http://x/1")
V2 = replace(V1, text=text_of(2, 40), source="واس")


def test_a_version_that_was_replaced_is_not_taken_again(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "other")])
        assert [index.update([v]).status[0] for v in (V1, V2, V1, V2, V1)] == ["copy", "new", "older", "known", "older"]
        again = index.add([V1, V2])
        assert (again.status, [a.id for a in again], again.changes) == (("older", "known"), ["a", "a"], ())
        assert again.titles == ("عنوان", "عنوان")
        moved = replace(V2, source="صحيفة أخرى")  # the same text, told of anew
        assert [index.update([v]).status[0] for v in (moved, V2, moved)] == ["updated", "known", "known"]
        assert index.articles(["a"]) == {"a": moved}
        assert_well_formed(index)
        index.remove(["a"])
        assert [index.update([v]).status[0] for v in (V1, V2)] == ["removed", "removed"]
        assert index.update([V2], again=True).status == ("new",)
        assert index.update([V1]).status == ("older",)
        assert_well_formed(index)


def test_a_version_is_older_by_its_date_whatever_the_order(path: Path) -> None:
    first, second, third = (replace(V1, text=text_of(i, 40), date=DAY + timedelta(i)) for i in (1, 2, 3))
    with StoryIndex.open(path) as index:
        assert index.update([second, first]).status == ("new", "older")
        assert [index.update([v]).status[0] for v in (first, second, third, second)] == [
            "older", "known", "updated", "older"
        ]  # fmt: skip
        assert index.update([replace(first, text=text_of(4, 40), date=None)]).status == ("updated",)  # nobody knows
        assert_well_formed(index)


def test_versions_of_one_folder_stay_the_same_however_its_batches_fall(path: Path) -> None:
    """A folder that only grows is given again and again: nothing is updated that was once."""
    rows = [replace(V1, text=text_of(i, 40)) for i in range(5)]
    with StoryIndex.open(path) as index:
        assert index.update(rows).status == ("older",) * 4 + ("new",)
        for size in (1, 2, 3):
            for start in range(0, 5, size):
                answers = index.update(rows[start : start + size])
                assert (set(answers.status) <= {"older", "known"}, answers.changes) == (True, ())
        assert index.articles(["a"]) == {"a": rows[-1]}


def test_so_many_replaced_versions_are_remembered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clusterer.index.replaced.REMEMBERED", 2)
    rows = [replace(V1, text=text_of(i, 40)) for i in range(5)]
    with StoryIndex.open(path) as index:
        for row in rows:
            index.update([row])
        assert index.update(rows[2:]).status == ("older", "older", "known")
        assert index.update(rows[:1]).status == ("updated",)


def test_a_replaced_version_of_an_expired_article_has_expired(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.update([V1])
        index.update([V2])
        index.expire(max_articles=0)
        assert (index.update([V1]).status, index.add([V1]).status) == (("expired",), ("expired",))


def test_a_forged_memory_of_versions_is_named(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.update([V1])
        index.update([V2])
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE replaced SET digest = 7")
        file.commit()
    with StoryIndex.open(path) as index:
        assert any("replaced versions whose names does not have its checksum" in line for line in index.check())


def test_articles_of_one_url_are_versions_whatever_their_ids(path: Path) -> None:
    """Feeds that number ids anew every day bring a correction under another one."""
    first = Article(text_of(1, 40), "17", "عنوان", "سبق", "https://www.x.example/news/1?utm_source=rss")
    corrected = replace(first, text=text_of(2, 40), id="203", title="عنوان مصحح", url="http://x.example/news/1/")
    other = replace(first, text=text_of(3, 40), url="http://x.example/news/2")
    nowhere = Article(text_of(4, 40), "17")
    with StoryIndex.open(path) as index:
        index.update([first, other, nowhere], unique_url=True)
        again = index.update([corrected], unique_url=True)
        assert (again.status, [a.id for a in again]) == (("updated",), ["x.example/news/1"])
        assert index.update([first], unique_url=True).status == ("older",)
        assert {a.id for a in index.assignments()} == {"x.example/news/1", "x.example/news/2", "17"}
        assert index.articles(["x.example/news/1"])["x.example/news/1"].text == corrected.text
        with pytest.raises(InputError, match="half a character"):
            index.update([replace(first, url="http://x.example/\ud83d/1")], unique_url=True)


@pytest.mark.parametrize("own", ["17", ""])
def test_articles_under_ids_of_the_other_kind_are_refused_before_they_come_twice(path: Path, own: str) -> None:
    """Their own ids and those made of URLs: who adds now so, now so, would have everything twice."""
    feed = [Article(text_of(n, 40), own and f"{own}-{n}", f"عنوان {n}", url=f"https://x.example/{n}") for n in range(5)]
    new, nowhere = replace(feed[0], text=text_of(9, 40), id=own and "9", url="https://x.example/9"), Article("نص", "n")
    for first, other, cure in (
        (StoryIndex.add, partial(StoryIndex.update, unique_url=True), "cure: leave --unique-url out"),
        (StoryIndex.update, partial(StoryIndex.update, unique_url=True), "cure: leave --unique-url out"),
        (partial(StoryIndex.update, unique_url=True), StoryIndex.add, "cure: --unique-url"),
        (partial(StoryIndex.update, unique_url=True), StoryIndex.update, "cure: --unique-url"),
    ):
        path.unlink(missing_ok=True)
        with StoryIndex.open(path) as index:
            first(index, [*feed[:4], nowhere])
            held = index.assignments()
            with pytest.raises(InputError, match=f"4 articles are there already.*nothing of 6 is stored; {cure}"):
                other(index, [new, *feed])
            with pytest.raises(InputError, match="1 article is there already"):
                other(index, [replace(feed[3], text=text_of(8, 40))])
            assert index.assignments() == held
            assert first(index, [*feed, nowhere]).status == (*["known"] * 4, "new", "known")
            assert other(index, [new]).status == ("new",)  # what is not there may be added so or so
            assert other(index, [new, nowhere]).status == ("known", "known")


def test_what_is_there_under_both_kinds_of_ids_or_shares_a_number_is_not_refused(path: Path) -> None:
    """Numbers are given anew every day, a URL comes later, and one that is told without its scheme is an article's own id."""
    first, second = (Article(text_of(n, 40), "1", f"عنوان {n}", url=f"https://x.example/{n}") for n in range(2))
    late = Article(text_of(2, 40), "2", "عنوان")
    with StoryIndex.open(path) as index:
        for _ in range(2):
            index.update([first, late], unique_url=True)
            index.update([second, replace(late, url="https://x.example/2")], unique_url=True)
        assert {a.id for a in index.assignments()} == {"2", *(f"x.example/{n}" for n in range(3))}
    path.unlink()
    with StoryIndex.open(path) as index:
        index.add([first, second])
        with pytest.raises(InputError, match=r"'x\.example/1' as '1#2'"):
            index.update([second], unique_url=True)
        index.add([Article(text_of(3, 40), url="x.example/3"), Article(text_of(4, 40), "x.example/4")])
        again = [
            Article(text_of(3, 40), url="https://x.example/3"),
            Article(text_of(5, 40), "5", url="https://x.example/4"),
        ]
        assert [a.id for a in index.add(again)] == ["https://x.example/3", "5"]


def test_an_address_with_tracking_is_that_of_the_same_article(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.update([V1])
        marked = replace(V2, title="عنوان آخر", url="https://www.x/1?utm_source=rss")
        assert [a.id for a in index.update([replace(marked, url="http://x/1?utm_source=rss")])] == ["a"]


def test_a_date_without_a_zone_is_in_utc(path: Path) -> None:
    first = Article(text_of("first", 40), "a", "عنوان", date=datetime(2016, 4, 2, 10))
    earlier = replace(first, text=text_of("earlier", 40), date=datetime(2016, 4, 1))
    with StoryIndex.open(path) as index:
        assert index.update([first]).status == ("new",)
        assert index.update([first]).status == ("known",)
        assert index.update([earlier]).status == ("older",)
        later = replace(first, text=text_of("later", 40), date=datetime(2016, 4, 2, 10, 1, tzinfo=UTC))
        assert index.update([later, earlier]).status == ("updated", "older")
        assert index.check() == []
