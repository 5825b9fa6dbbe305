"""Questions about articles, of which nothing is stored."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from indexes import (
    BY_ID,
    LEVELS,
    SAMPLE,
    assert_well_formed,
    dump,
    lead,
)
from made import text_of

from clusterer import Article, Assignment, InputError, Settings
from clusterer.index.story_index import StoryIndex


def test_a_question_stores_nothing(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:100])
        before, size = dump(path), path.stat().st_size
        index.query(SAMPLE)
        index.query([])
        index.query(["", "قصير", text_of(1, 40), Article(f"{text_of(2, 40)} \ud800", "x")])
        for article in (Article(text_of(2, 40), "x\ud800"), Article(text_of(2, 40), source="\ud800")):
            with suppress(InputError):  # what could never be added may be refused, in so many words
                index.query([article])
        list(index.stories())
        list(index.assignments())
        index.check()
        assert dump(path) == before
        assert path.stat().st_size == size


def test_a_question_about_a_stored_article_is_answered_by_its_assignment(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        assert index.query(SAMPLE) == list(index.assignments())


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_question_foretells_what_an_addition_says(every: int, path: Path) -> None:
    """Articles of the sample feed in turn: taken away, asked about, added again."""
    same, told = 0, {"exact": "copy", "copy": "copy", "contained": "copy", "story": "report", None: "new"}
    with StoryIndex.open(path) as index:
        index.add(SAMPLE)
        for article in SAMPLE[::every]:
            index.remove([article.id])
            (asked,) = index.query([article])
            added = index.add([article], again=True)
            (found,) = added.assignments
            agree = told[asked.relation] == added.status[0]
            agree &= asked.relation is None or asked.story == found.story
            agree &= found.relation is None or asked.relation == found.relation
            agree &= asked.relation != "exact" or asked.exact == found.exact
            same += agree
        assert same >= 0.95 * len(SAMPLE[::every])
        assert_well_formed(index)


def test_questions_with_different_texts_do_not_see_each_other(path: Path) -> None:
    twice = [Article(text_of(1, 40), "a"), Article(f"{text_of(1, 40)} أخرى", "b")]
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(2, 40), "there")])
        assert [a[:6] for a in index.query(twice)] == [(x, x, x, x, True, None) for x in "ab"]
        distinct = list({article.text: article for article in SAMPLE[:50]}.values())
        assert index.query(distinct) == [index.query([article])[0] for article in distinct]


@pytest.mark.parametrize("settings", [{}, {"level": "copy"}, {"level": "exact"}])
def test_questions_with_one_text_name_each_other(settings: dict[str, Any], path: Path) -> None:
    asked = [Article(text_of(1, 40), x) for x in "abc"] + [Article("قصير", x) for x in ("tiny", "tiny too")]
    with StoryIndex.open(path, Settings(**settings)) as index:
        a, b, c, *short = index.query(asked)
        assert [x[:6] for x in (a, b, c)] == [
            ("a", "a", "a", "a", True, "b"),
            ("b", "a", "a", "a", False, "a"),
            ("c", "a", "a", "a", False, "a"),
        ]
        assert [(x.relation, x.score, x.evidence) for x in (a, b, c)] == [("exact", 1.0, None)] * 3
        assert [x[:6] for x in short] == [
            ("tiny", "tiny", "tiny", "tiny", True, "tiny too"),
            ("tiny too", "tiny", "tiny", "tiny", False, "tiny"),
        ]
        index.add([Article(text_of(1, 40), "there")])
        assert [x.linked_to for x in index.query(asked)[:3]] == ["there"] * 3


def test_an_article_that_is_asked_about_twice_is_no_twin_of_itself(path: Path) -> None:
    one, other = Article(text_of(1, 40), "a"), Article(text_of(1, 40), "b")
    with StoryIndex.open(path) as index:
        assert [x.linked_to for x in index.query([one, one])] == [None, None]
        assert [x.linked_to for x in index.query([one, one, other])] == ["b", "b", "a"]


def test_questions_with_one_text_join_one_group_of_a_story(path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(BY_ID["sawahil-11"].text, "there")])
        one, other = index.query([replace(BY_ID["marsad-08"], id=x) for x in ("one", "other")])
        assert (one.story, one.copy, one.linked_to, one.relation) == ("there", "one", "there", "story")
        assert other[:7] == ("other", "there", "one", "one", False, "one", "exact")


@pytest.mark.parametrize("text", [text_of(3, 40), "قصير"], ids=["long", "short"])
def test_a_question_under_a_taken_id_shares_no_name_with_its_holder(text: str, path: Path) -> None:
    with StoryIndex.open(path) as index:
        index.add([Article(text_of(1, 40), "a"), Article(text_of(2, 40), "a"), Article(text_of(2, 40), "b")])
        (asked,) = index.query([Article(text, "a")])
        assert asked == Assignment("a", "a#3", "a#3", "a#3", True, None, None, None)
        (added,) = index.add([Article(text, "a")])
        assert added[1:] == asked[1:]


@pytest.mark.parametrize("level", LEVELS)
def test_questions_at_every_level(level: str, path: Path) -> None:
    text = BY_ID["sawahil-11"].text
    asked = [
        Article(text, "exact"),
        Article(f"{text} وأضاف المصدر", "copy"),
        Article(lead("sawahil-11", 60), "contained"),
        replace(BY_ID["marsad-08"], id="story"),
        Article("قصير", "tiny"),
    ]
    with StoryIndex.open(path, Settings(level=level)) as index:
        index.add([Article(text, "there"), BY_ID["marsad-01"]])
        expected = {"exact": ["exact"], "copy": ["exact", "copy", "contained"]}.get(
            level, ["exact", "copy", "contained", "story"]
        )
        answers = index.query(asked)
        assert [a.relation for a in answers] == expected + [None] * (5 - len(expected))
        assert all(a.linked_to == a.story == "there" for a in answers[: len(expected)])
        for a in answers:
            assert (a.score is None) == (a.relation is None)
            assert (a.evidence is None) == (a.relation in (None, "exact"))
            assert a.copy == ("there" if a.relation in ("exact", "copy", "contained") else a.id)
            assert a.exact == ("there" if a.relation == "exact" else a.id)
