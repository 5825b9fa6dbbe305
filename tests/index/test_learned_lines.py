"""Lines that an outlet repeats are learned from the articles stored, and what that changes in groups."""

from __future__ import annotations

from pathlib import Path

import pytest
from indexes import (
    FOOTER,
    assert_as_batch,
    assert_well_formed,
    both_loops,
    chunks,
    groups,
    kinds,
    with_a_footer,
)
from made import lines_of, text_of

from clusterer import Article
from clusterer.index.story_index import StoryIndex


def arrangements() -> dict[str, list[list[Article]]]:
    notices, others = with_a_footer()
    mixed = [article for pair in zip(notices, others, strict=True) for article in pair]
    return {
        "at once": [[*notices, *others]],
        "notices first": [notices, others],
        "notices last": [others, notices],
        "one by one": [[article] for article in mixed],
        "notices one by one first": [[article] for article in [*notices, *others]],
        "in threes": [mixed[i : i + 3] for i in range(0, 12, 3)],
    }


@both_loops
@pytest.mark.parametrize("arrangement", arrangements())
def test_a_footer_is_learned_whenever_its_fifth_article_comes(arrangement: str, path: Path) -> None:
    batches = arrangements()[arrangement]
    articles = [article for batch in batches for article in batch]
    with StoryIndex.open(path) as index:
        for batch in batches:
            index.add(batch)
            assert_well_formed(index)
        assert index.counts()["learned lines"] > 0
        assert len(groups(index.assignments())) == 12
        assert_as_batch(index, articles)
        (asked,) = index.query([Article(f"{text_of('asked', 12)}\n{FOOTER}", "asked", "", "سبق")])
        assert asked.relation is None
        again = index.query([Article(f"{text_of('notice 1', 12)}", "asked", "", "سبق")])[0]
        assert (again.relation, again.linked_to) == ("exact", "notice 1")


def test_what_only_a_footer_held_together_comes_apart_when_it_is_learned(path: Path) -> None:
    notices, others = with_a_footer()
    with StoryIndex.open(path) as index:
        index.add(notices)
        assert len(groups(index.assignments())) == 1
        index.add(others[:4])
        assert index.counts()["learned lines"] == 0
        added = index.add(others[4:5])
        assert index.counts()["learned lines"] > 0
        assert {change.kind for change in added.changes} == {"split"}
        assert {change.story for change in added.changes} == {"notice 0"}
        assert {name for change in added.changes for name in change.articles} == {f"notice {i}" for i in range(1, 6)}
        assert [a.id for a in index.story("notice 0").assignments] == ["notice 0"]
        assert_well_formed(index)


def test_a_line_is_furniture_of_its_outlet_only(path: Path) -> None:
    notices, others = with_a_footer()
    elsewhere = [
        Article(f"{text_of(f'elsewhere {i}', 12)}\n{FOOTER}", f"elsewhere {i}", "", "الرياض") for i in range(3)
    ]
    with StoryIndex.open(path) as index:
        index.add([*notices, *elsewhere, *others])
        assert_as_batch(index, [*notices, *elsewhere, *others])
        assert {a.copy for a in index.assignments() if a.id.startswith("elsewhere")} == {"elsewhere 0"}
        assert_well_formed(index)


@pytest.mark.parametrize("count", [9, 10])
def test_a_line_of_unknown_outlets_must_recur_more_often(count: int, path: Path) -> None:
    articles = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"{i}") for i in range(count)]
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, 4):
            index.add(batch)
        assert (index.counts()["learned lines"] > 0) == (count == 10)
        assert_well_formed(index)


MANY = {
    "one by one of ten": [10] * 10,
    "at once": [100],
    "in halves": [50, 50],
}


@pytest.mark.parametrize("sizes", MANY.values(), ids=MANY)
@pytest.mark.parametrize("outlet", ["", "سبق"], ids=["unknown outlet", "outlet"])
def test_a_footer_of_more_articles_than_a_bucket_holds_is_learned(sizes: list[int], outlet: str, path: Path) -> None:
    articles = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"{i}", "", outlet) for i in range(100)]
    with StoryIndex.open(path) as index:
        rest = iter(articles)
        for size in sizes:
            index.add([next(rest) for _ in range(size)])
        assert index.counts()["learned lines"] > 0
        assert_as_batch(index, articles)
        assert_well_formed(index)


@pytest.mark.parametrize("first", [0, 1, 12], ids="{} long ones first".format)
@pytest.mark.parametrize("outlet", ["", "سبق"], ids=["unknown outlet", "outlet"])
def test_all_that_hold_a_footer_are_read_anew_when_it_is_learned(first: int, outlet: str, path: Path) -> None:
    notices = [Article(f"{text_of(f'notice {i}', 12)}\n{FOOTER}", f"notice {i}", "", outlet) for i in range(80)]
    others = [Article(f"{text_of(f'long {i}', 60)}\n{FOOTER}", f"long {i}", "", outlet) for i in range(12)]
    with StoryIndex.open(path) as index:
        for batch in (others[:first], notices[:40], notices[40:], others[first:]):
            index.add(batch)
            assert index.check() == []
        assert index.counts()["learned lines"] > 0
        assert_as_batch(index, [*notices, *others])
        assert_well_formed(index)


def test_lines_that_repeat_only_in_copies_are_not_learned(path: Path) -> None:
    articles = [Article(lines_of("same", 6), f"{i}", "", "سبق") for i in range(20)]
    with StoryIndex.open(path) as index:
        for batch in chunks(articles, 3):
            index.add(batch)
        assert index.counts()["learned lines"] == 0
        assert len(groups(index.assignments())) == 1


def test_an_article_of_nothing_but_a_learned_footer_is_too_short(path: Path) -> None:
    _, others = with_a_footer()
    bare = [Article(FOOTER, f"bare {i}", "", "سبق") for i in range(3)]
    with StoryIndex.open(path) as index:
        index.add(bare[:2])
        assert index.counts()["too short to group"] == 0
        added = index.add([*others, bare[2]])
        assert index.counts()["too short to group"] == 3
        assert ("ended", "bare 0", "") in kinds(added.changes)
        assert [a.story for a in index.assignments()][:2] == ["bare 0", "bare 1"]
        assert_well_formed(index)


def test_what_was_learned_is_forgotten_with_the_last_article_that_holds_it(path: Path) -> None:
    notices, others = with_a_footer()
    with StoryIndex.open(path) as index:
        index.add([*notices, *others, Article(text_of(1, 40), "left")])
        index.remove([a.id for a in others])
        index.compact()
        assert index.counts()["learned lines"] > 0
        index.remove([a.id for a in notices])
        index.compact()
        assert index.counts()["learned lines"] == 0
        index.add(notices, again=True)
        assert len(groups(index.assignments())) == 2
        assert_well_formed(index)
