"""What `add` says of each article, and the ids that articles get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from indexes import (
    BY_ID,
    DAY,
    SAMPLE,
    assert_well_formed,
    chunks,
    lead,
)
from made import text_of

from clusterer import Article, cluster
from clusterer.index.story_index import StoryIndex


def test_status_tells_what_each_article_is(path: Path) -> None:
    text = BY_ID["sawahil-11"].text
    with StoryIndex.open(path) as index:
        first = index.add([Article(text, "a"), Article(text_of(1, 40), "b"), Article("قصير", "tiny")])
        assert first.status == ("new", "new", "new")
        assert first.changes == ()
        added = index.add(
            [
                Article(text_of(1, 40), "b"),
                Article(text, "exact"),
                Article(f"{text} وأضاف المصدر", "near"),
                Article(lead("sawahil-11", 60), "cut"),
                replace(BY_ID["marsad-08"], id="report", date=None),
                Article("قصير", "tiny"),
                Article("قصير", "tiny too"),
                Article(text_of(2, 40), "new"),
            ]
        )
        assert added.status == ("known", "copy", "copy", "copy", "report", "known", "copy", "new")
        assert [a.story for a in added] == ["b", "a", "a", "a", "a", "tiny", "tiny", "new"]
        assert [a.relation for a in added][1:5] == ["exact", "copy", "contained", "story"]
        assert len(added) == 8
        assert list(added) == list(added.assignments)
        assert added.changes == ()


@pytest.mark.parametrize("size", [1, 2, 3, 200])
def test_of_a_group_one_member_is_new_however_batches_fall(size: int, path: Path) -> None:
    text = BY_ID["sawahil-11"].text
    items = [
        Article(text_of(1, 40), "a"),
        Article(text_of(1, 40), "b"),
        Article(text_of(1, 40), "b"),
        replace(BY_ID["marsad-08"], id="report"),
        Article(text, "first"),
        Article(f"{text} وأضاف المصدر", "near"),
        replace(BY_ID["marsad-08"], id="again"),
    ]
    with StoryIndex.open(path) as index:
        status = [x for batch in chunks(items, size) for x in index.add(batch).status]
        assert status == ["new", "copy", "known", "new", "report", "copy", "copy"]
        assert [a.story for a in index.assignments()] == ["a", "a", "report", "report", "report", "report"]


@pytest.mark.parametrize("size", [7, 200])
def test_every_story_of_a_feed_has_its_first_article_alone_new(size: int, path: Path) -> None:
    with StoryIndex.open(path) as index:
        added = [index.add(batch) for batch in chunks(SAMPLE, size)]
        new = [a.id for one in added for a, x in zip(one, one.status, strict=True) if x == "new"]
        merged = sum(change.kind == "merged" for one in added for change in one.changes)
        split = {
            change.into for one in added for change in one.changes if change.kind == "split"
        }  # new by `changes` alone
        stories = Counter(index.story(id).id for id in new)
        assert set(stories) | split == {a.story for a in index.assignments()}
        assert not set(stories) & split
        assert sum(stories.values()) == len(stories) + merged


ARRANGEMENTS = [[3], [1, 1, 1], [1, 2], [2, 1]]


@pytest.mark.parametrize("sizes", ARRANGEMENTS, ids=str)
@pytest.mark.parametrize("kind", ["long", "short", "titles"])
def test_a_taken_id_gets_a_number_and_is_known_by_it(sizes: list[int], kind: str, path: Path) -> None:
    versions = {
        "long": [Article(text_of(i, 40), "x") for i in range(3)],
        "short": [Article("", "x"), Article("قصير", "x"), Article("قصير جدا", "x")],
        "titles": [Article(text_of(1, 40), "x", title) for title in ("", "عنوان", "آخر")],
    }[kind]
    with StoryIndex.open(path) as index:
        rest = iter(versions)
        names = [a.id for size in sizes for a in index.add([next(rest) for _ in range(size)])]
        assert names == ["x", "x#2", "x#3"]
        again = index.add([*versions[::-1], versions[0]])
        assert again.status == ("known",) * 4
        assert [a.id for a in again] == ["x#3", "x#2", "x", "x"]
        assert len(index) == 3
        for name, article in zip(names, versions, strict=True):
            assert index.articles([name]) == {name: replace(article, id=name)}
        assert_well_formed(index)


def test_repeats_within_one_batch_are_stored_once(path: Path) -> None:
    a, b = Article(text_of(1, 40), "x"), Article(text_of(2, 40), "x")
    with StoryIndex.open(path) as index:
        added = index.add([a, b, a, b, a])
        assert [x.id for x in added] == ["x", "x#2", "x", "x#2", "x"]
        assert added.status == ("new", "new", "known", "known", "known")
        assert len(index) == 2


def test_an_id_that_looks_like_a_numbered_one_is_left_to_who_has_it(path: Path) -> None:
    own = Article(text_of("own", 40), "x#2")
    with StoryIndex.open(path) as index:
        added = index.add([own, Article(text_of(1, 40), "x"), Article(text_of(2, 40), "x")])
        assert [a.id for a in added] == ["x#2", "x", "x#3"]
        assert index.add([own, Article(text_of(2, 40), "x")]).status == ("known", "known")
        assert_well_formed(index)


def test_articles_without_an_id_are_named_by_address_or_content(path: Path) -> None:
    text = text_of(1, 40)
    with StoryIndex.open(path) as index:
        added = index.add([Article(text, url="http://x/1"), text, {"text": text, "title": "عنوان"}])
        assert added.assignments[0].id == "http://x/1"
        assert len({a.id for a in added}) == len(index) == 3
        assert [a.id for a in added] == [a.id for a in cluster([Article(text, url="http://x/1"), text])] + [
            added.assignments[2].id
        ]
        assert index.add([text, Article(text, url="http://x/1")]).status == ("known", "known")
        assert len(index) == 3


def test_strings_mappings_and_articles_are_taken(path: Path) -> None:
    row = {"id": 7, "content": text_of(1, 40), "published": "2016-04-01T00:00:00Z"}
    rows: list[Article | dict[str, Any] | str] = [row, Article("", "b"), "نص"]
    with StoryIndex.open(path) as index:
        added = index.add(iter(rows))
        assert [a.id for a in added][:2] == ["7", "b"]
        assert index.articles(["7"])["7"].date == DAY


def steps_of(index: StoryIndex, verb: Callable[[], object]) -> int:
    """Steps that SQLite takes for what a verb does, in hundreds."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    index._database._connection.set_progress_handler(count, 100)
    verb()
    return counted


def test_one_article_costs_no_more_the_more_are_stored(path: Path) -> None:
    steps = []
    with StoryIndex.open(path) as index:
        for turn, many in enumerate((200, 4000)):
            index.add(Article("؟!", f"{turn}-{i}") for i in range(many))
            each = []
            for i in range(4):
                new = [Article(text_of(f"{turn} {i}", 40), f"new {turn} {i}"), Article("؟!", f"none {turn} {i}")]
                verbs = [
                    *(partial(index.add, [article]) for article in new),
                    partial(index.update, [replace(new[0], text=text_of(f"{turn} {i} anew", 40))]),
                    partial(index.remove, [new[1].id]),
                ]
                each.append([steps_of(index, verb) for verb in verbs])
            steps.append(np.min(each, axis=0))  # now and then a segment is merged with others, for all that come after
    few, more = steps
    assert (few > 0).all()
    assert (more < few + 40).all(), steps  # 4,000 rows that are read take several steps each
