"""The shared cases of copies and of the index, where they are here: each the smallest form of a fault met in real use."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import SHARED

from clusterer import Article, Settings, StoryIndex, cluster
from clusterer.deduplication import dedup
from clusterer.io import Feed

CASES = SHARED / "cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason=f"the shared cases are not here: no {CASES}")
COPIES = Settings(level="copy")


def read(name: str) -> list[Article]:
    return [row.article for row in Feed([CASES / name])]


def test_daily_forms() -> None:
    articles = read("copies/daily.jsonl")
    assert len(articles) == 60
    # Two of the days are the same text, word for word.
    twins = [a.id for a in articles if [b.text for b in articles].count(a.text) > 1]
    assert twins == ["gold-20", "gold-27"]
    result = cluster(articles, COPIES)
    assert len(result.sizes("copy")) == 59
    removed = dedup(articles, COPIES).removed
    assert [(r.id in twins, r.kept in twins, r.relation) for r in removed] == [(True, True, "exact")]


def test_forms_of_agencies() -> None:
    articles = read("copies/agency-forms.jsonl")
    result = cluster(articles)
    assert len(result.sizes("copy")) == len(result.sizes("story")) == len(articles) == 8
    assert dedup(articles, COPIES).removed == ()


@pytest.mark.parametrize("name", ["copies/hub_5_60.jsonl", "copies/hub_50_300.jsonl"])
def test_unrelated_texts_behind_one_formula(name: str) -> None:
    articles = read(name)
    result = cluster(articles)
    assert len(result.sizes("story")) == len(articles)
    assert dedup(articles, COPIES).removed == ()


@pytest.mark.parametrize("cuts", [True, False])
def test_product_pages_of_one_template(cuts: bool) -> None:
    articles = read("copies/products200.jsonl")
    settings = Settings(level="copy", jaccard=0.8, cuts=cuts)
    assert len(cluster(articles, settings).sizes("copy")) == len(articles) == 200
    assert dedup(articles, settings).removed == ()


def test_without_dates_the_first_in_input_order_stands_for_its_group() -> None:
    articles = read("copies/first-without-dates.jsonl")
    result = cluster(articles)
    assert [a.copy for a in result] == [articles[0].id] * 2
    assert result.representatives == [articles[0].id]
    assert dedup(articles, keep="earliest").kept_ids == [articles[0].id]


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_of_every_group_one_member_is_new(tmp_path: Path, batch: int) -> None:
    articles = read("index/three.jsonl")
    with StoryIndex.open(tmp_path / "news.db") as index:
        for start in range(0, len(articles), batch):
            added = index.add(articles[start : start + batch])
            assert added.status == tuple(("new", "copy", "new")[start : start + batch])
        told = index.assignments()
        assert told[0].copy == told[1].copy != told[2].copy


def test_questions_under_a_taken_id_and_two_of_one_text(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(read("index/three.jsonl"))
        asked = read("index/q.jsonl")
        (alone,) = index.query([x for x in asked if x.id == "a"])
        assert (alone.linked_to, alone.relation, alone.story, alone.copy) == (None, None, "a#2", "a#2")
        q1, q2, q3 = index.query([x for x in asked if x.id != "a"])
        assert q1.exact == q2.exact
        assert (q1.linked_to, q2.linked_to, q3.linked_to) == ("q2", "q1", "c")
