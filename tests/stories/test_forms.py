"""Texts of one form that name others are no story, though they are too different for copies; two reports of one event are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from story_forms import FILLINGS, REPORTS

from benchmarks.corpora.made_notices import HELD, notices
from benchmarks.training.corpora import examples
from clusterer import Article, Explainer, Settings, StoryIndex, cluster, explain
from clusterer.stories import model, term_weights

DAY = datetime(2025, 3, 3, 9, tzinfo=UTC)


def articles_of(pair: tuple[tuple[str, str], tuple[str, str]], name: str, second: str) -> list[Article]:
    """Two texts, the second printed three hours later by an outlet of that name."""
    outlets = "الأيام", second
    return [
        Article(text, f"{name} {i}", title, outlets[i], "", DAY + timedelta(hours=3 * i))
        for i, (title, text) in enumerate(pair)
    ]


def articles_of_all(second: str) -> list[Article]:
    """All forms' fillings and all reports."""
    return [a for name, pair in {**FILLINGS, **REPORTS}.items() for a in articles_of(pair, name, second)]


def together(story_of: dict[str, str]) -> set[str]:
    """The names of those whose two texts are in one story."""
    return {name for name in (*FILLINGS, *REPORTS) if story_of[f"{name} 0"] == story_of[f"{name} 1"]}


@pytest.mark.parametrize(("second", "least"), [("الأيام", 0.8), ("الصباح", 1.0)])
def test_fillings_of_one_form_are_two_stories(second: str, least: float) -> None:
    found = together({a.id: a.story for a in cluster(articles_of_all(second))})
    assert found.isdisjoint(FILLINGS)
    assert len(found) >= least * len(REPORTS)  # what one outlet prints twice has to be more alike


def test_fillings_are_no_copies_and_alike_as_reports() -> None:
    """Else the test before would hold without the rule: by their score most of them would be one story."""
    explainer, likely = Explainer(articles_of_all("الصباح")), 0
    for name in FILLINGS:
        found = explainer.explain(f"{name} 0", f"{name} 1")
        assert found.copying is not None
        assert found.reporting is not None
        assert (found.copying.form, found.copying.kind, found.relation) == (True, "", None), name
        likely += found.reporting.score >= Settings().story
    assert likely >= 0.8 * len(FILLINGS)
    for name in REPORTS:
        told = explainer.explain(f"{name} 0", f"{name} 1").copying
        assert told is not None
        assert not told.form, name


def test_an_explanation_says_it_in_words() -> None:
    articles = articles_of(FILLINGS["cable-sa"], "cable", "الصباح")
    found = explain(articles, articles[0].id, articles[1].id)
    assert found.copying is not None
    assert (found.copying.form, found.copying.kind, found.relation) == (True, "", None)
    assert any("name what the other has nowhere: one form, filled twice" in reason for reason in found.reasons)
    assert any(reason.startswith("Texts of one form report two events") for reason in found.reasons)


@pytest.mark.parametrize("batch", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_an_index_tells_forms_as_a_batch_does(batch: int, tmp_path: Path) -> None:
    articles = articles_of_all("الصباح")
    with StoryIndex.open(tmp_path / "news.db") as index:
        for start in range(0, len(articles), batch):
            index.add(articles[start : start + batch])
        assert together({a.id: a.story for a in index.assignments()}) == set(REPORTS)
        found = index.explain("cable-sa 0", "cable-sa 1")
    assert found.relation is None
    assert found.reasons[1] == explain(articles, "cable-sa 0", "cable-sa 1").reasons[1]


def test_the_score_tells_short_notices_of_one_outlet_apart() -> None:
    """Frames that taught the score nothing: what the copy level knows of forms is left out here."""
    scorer, known = model.shipped_model(), term_weights.background()
    score: dict[bool, list[float]] = {True: [], False: []}
    for each in notices(HELD):
        compared = examples(each.pair, [0, 0 if each.same else 1], known)
        score[each.same].extend(scorer.score(compared.features).tolist())
    joined = {same: sum(x >= Settings().story for x in scores) for same, scores in score.items()}
    assert (len(score[True]), len(score[False])) == (40, 75)
    assert joined[True] >= 30
    assert joined[False] <= 8
