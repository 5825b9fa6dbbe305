"""Articles of odd kinds, ids, letters, dates and sizes: refused with their place, or kept as they are."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from indexes import (
    DAY,
    Twin,
    assert_well_formed,
    dump,
)
from made import text_of
from strategies import texts

from clusterer import Article, InputError
from clusterer.index.story_index import StoryIndex


class _Frame:
    """What walks like a data frame."""

    columns = ("id", "text")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


@pytest.mark.parametrize("verb", ["add", "update", "query"])
@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([text_of(1, 40), 5], "article 2 is a int"),
        ([{"colour": "red"}], "article 1: "),
        ("نص", "one str"),
        ({"text": "نص"}, "one dict"),
        (Article("نص"), "one Article"),
        (_Frame(), "data frame"),
    ],
    ids=["number", "no text", "string", "mapping", "article", "frame"],
)
def test_what_is_no_article_is_refused_and_nothing_stored(verb: str, items: Any, message: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(2, 40), "there")])
        before = dump(path)
        with pytest.raises(InputError, match=message):
            getattr(index, verb)(items)
        assert dump(path) == before
        assert_well_formed(index)


@pytest.mark.parametrize(
    ("article", "what"),
    [
        (Article(text_of(1, 40), "x\ud800"), "id"),
        (Article(text_of(1, 40), url="http://x/\udfff"), "id"),
        (Article(text_of(1, 40), "x", source="\udc00"), "source"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "update"])
def test_half_a_character_in_a_name_is_refused_with_its_place(
    verb: str, article: Article, what: str, path: Path
) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(2, 40), "there")])
        before = dump(path)
        with pytest.raises(InputError, match=rf"article 2: {what} .*half a character.*cure"):
            getattr(index, verb)([Article(text_of(3, 40), "good"), article])
        assert dump(path) == before
        assert index.add([Article(text_of(3, 40), "good")]).status == ("new",)
        assert_well_formed(index)


def test_names_with_half_a_character_are_nobodys(path: Path) -> None:
    with StoryIndex.open(path) as index:
        assert index.remove(["\ud800"]).missing == ("\ud800",)
        assert index.articles(["\ud800"]) == {}


@pytest.mark.parametrize("where", ["text", "title"])
@pytest.mark.parametrize("sign", ["\ud800", "\x00", "\x1f", "\u2028", "\ufeff", "\U0001f600"])
def test_odd_signs_are_kept(sign: str, where: str, path: Path) -> None:
    plain = Article(text_of(1, 40), "plain", "عنوان")
    told = f"{sign}{getattr(plain, where)} {sign}و{sign}"
    odd = replace(plain, id="odd", text=told) if where == "text" else replace(plain, id="odd", title=told)
    with StoryIndex.open(path) as index:
        index.add([odd, plain])
        assert index.articles(["odd"]) == {"odd": odd}
        assert index.story("odd").id == index.story("plain").id
        assert index.add([odd, plain]).status == ("known", "known")
        index.remove(["plain"])
        assert_well_formed(index)


def test_a_separator_does_not_make_two_articles_one(path: Path) -> None:
    text = text_of(1, 40)
    versions = [Article(f"ب\x1f{text}", "x", "أ"), Article(text, "x", "أ\x1fب")]
    with StoryIndex.open(path) as index:
        assert [a.id for a in index.add(versions)] == ["x", "x#2"]
        assert index.articles(["x#2"])["x#2"].title == "أ\x1fب"
    nameless = [replace(article, id="") for article in versions]
    with StoryIndex.open(path.with_name("nameless.db")) as index:
        index.add(nameless)
        assert len(index) == 2


def test_the_address_and_the_outlet_do_not_tell_two_articles_of_one_id_apart(path: Path) -> None:
    article = Article(text_of(1, 40), "x", "عنوان", "سبق", "http://x.example/1", DAY)
    with StoryIndex.open(path) as index:
        index.add([article])
        for other in (
            {"url": "http://x.example/\U0001f600"},
            {"source": "ﷺ"},
            {"date": None},
            {"source": "", "url": ""},
        ):
            assert index.add([replace(article, **other)]).status == ("known",), other


@pytest.mark.parametrize("coding", ["cp1256", "latin-1"])
def test_a_text_is_not_taken_for_itself_in_a_wrong_encoding(coding: str, path: Path) -> None:
    text = f"{text_of(1, 40)} ۲۰۱۶ ی"
    wrong = text.encode("utf-8").decode(coding)
    with StoryIndex.open(path) as index:
        index.add([Article(wrong, "x")])
        assert index.update([Article(text, "x")]).status == ("updated",)
        assert index.articles(["x"])["x"].text == text
        assert [a.id for a in index.add([Article(text, "x", wrong), Article(text, "x", text)])] == ["x#2", "x#3"]
        assert_well_formed(index)


ODD_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@given(st.lists(st.tuples(ODD_NAMES, st.integers(0, 4)), min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=12)
def test_any_names_are_kept_apart(pairs: list[tuple[str, int]], draw: random.Random) -> None:
    articles = [Article(text_of(seed, 30) if seed else "قصير", name) for name, seed in pairs]
    twin = Twin()
    with tempfile.TemporaryDirectory() as folder, StoryIndex.open(Path(folder, "news.db")) as index:
        expected = [twin.add(article) for article in articles]
        added = index.add(articles)
        assert [a.id for a in added] == [name for name, _ in expected]
        assert index.articles(twin.articles) == twin.articles
        assert_well_formed(index)
        for name in draw.sample(sorted(twin.articles), len(twin.articles)):
            story = index.story(name)
            assert name in {story.id, *story.aliases} | {a.id for a in story.assignments}
            if draw.random() < 0.5:
                assert index.remove([name]).articles == 1
            else:
                index.update([Article(text_of(draw.randrange(1, 6), 30), name)])
        assert_well_formed(index)


@pytest.mark.parametrize("name", ["a\x00b", "\x00", "a\nb", "'; DROP TABLE article; --", "%", "ا" * 5000, "[1]", "x#2"])
def test_a_story_named_by_odd_signs_lives_on(name: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), name), Article(text_of(1, 40), "other")])
        assert {a.story for a in index.assignments()} == {name}
        index.remove([name])
        assert [a.id for a in index.story(name).assignments] == ["other"]
        (again,) = index.add([Article(text_of(2, 40), name)], again=True)
        assert (again.id, again.story != name) == (name, True)
        assert_well_formed(index)


@given(
    st.lists(
        st.builds(
            Article,
            texts(60),
            st.just(""),
            texts(),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
            st.one_of(st.just(""), st.integers(0, 9).map("http://x.example/{}".format)),
            st.one_of(st.none(), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))),
        ),
        max_size=8,
    )
)
@settings(max_examples=30)
def test_articles_come_back_as_they_were(articles: list[Article]) -> None:
    named = [replace(article, id=f"{i}") for i, article in enumerate(articles)]
    with tempfile.TemporaryDirectory() as folder:
        with StoryIndex.open(Path(folder, "news.db")) as index:
            index.add(named)
        with StoryIndex.open(Path(folder, "news.db")) as index:
            assert list(index.articles([*(a.id for a in named), "nobody"]).values()) == named
            assert index.add(named).status == ("known",) * len(named)
            assert index.check() == []


EDGES = [
    datetime.max,
    datetime.min,
    datetime.max.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


@pytest.mark.parametrize("date", EDGES, ids=str)
def test_the_ends_of_time_do_not_spoil_an_index(date: datetime, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "edge", date=date), Article("قصير", "tiny", date=date)])
        assert index.articles(["edge"])["edge"].text == text_of(1, 40)
        assert len(index.story("edge")) == len(index.story("tiny")) == 1
        assert_well_formed(index)
        assert index.query([Article(text_of(1, 40), "asked", date=date)])[0].story == "edge"
    with StoryIndex.open(path.with_name("other.db")) as other:
        assert len(other.merge(path)) == 2


def test_a_date_without_a_zone_is_utc(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article("نص", "naive", date=datetime(2016, 4, 1, 3, 4, 5, 678_901))])
        there = timezone(timedelta(hours=3))
        index.add([Article("نص", "riyadh", date=datetime(2016, 4, 1, 3, 4, 5, tzinfo=there))])
        found = index.articles(["naive", "riyadh"])
        assert found["naive"].date == datetime(2016, 4, 1, 3, 4, 5, 678_901, tzinfo=UTC)
        assert found["riyadh"].date == datetime(2016, 4, 1, 0, 4, 5, tzinfo=UTC)


def test_huge_texts(path: Path) -> None:
    long = text_of("huge", 100_000)
    with StoryIndex.open(path) as index:
        began = time.process_time()
        added = index.add(
            [
                Article(long, "a"),
                Article(f"{long} و", "b"),
                Article("ا" * 2_000_000, "word"),
                Article("ا " * 200_000, "c"),
            ]
        )
        assert added.status == ("new", "copy", "new", "new")
        assert time.process_time() - began < 20
        assert_well_formed(index)


def test_ten_thousand_identical_texts_stay_quick(path: Path) -> None:
    text = text_of("same", 120)
    began = time.process_time()
    with StoryIndex.open(path) as index:
        added = index.add([Article(text, f"{i:05}", source=f"{i % 50}", date=DAY) for i in range(10_000)])
        assert Counter(added.status) == {"new": 1, "copy": 9_999}
        assert {a.story for a in added} == {"00000"}
        for i in range(5):
            assert index.add([Article(text, f"later {i}")]).assignments[0].story == "00000"
        assert index.query([Article(text, "asked")])[0].relation == "exact"
        assert index.remove(["00000", "00001"]).changes == ()
        assert len(index.story("00000")) == 10_003
        assert index.check() == []
        assert index.expire(max_articles=10).changes == ()
        assert index.story("00000").id == "00000"
        assert_well_formed(index)
    assert time.process_time() - began < 30
