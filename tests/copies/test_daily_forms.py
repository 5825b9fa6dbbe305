"""Forms that are filled daily are news every day; the same day's text in another outlet is a copy."""

from __future__ import annotations

from collections import Counter

import pytest
from daily_forms import FORMS, printed, reprinted

from clusterer import Settings, cluster
from clusterer.deduplication import dedup
from clusterer.pairs import verified_pairs
from clusterer.pipeline import run_pipeline

COPIES = Settings(level="copy")
DAYS = 30


@pytest.mark.parametrize("seed", [1, 2])
def test_no_day_of_a_form_is_a_copy_of_another_and_none_is_lost(seed: int) -> None:
    articles = list(printed(DAYS, seed))
    assert len(articles) == len(FORMS) * DAYS == 600
    result = dedup(articles, COPIES)
    assert [(removal.id, removal.kept) for removal in result.removed] == []
    assert result.stats["copy groups"] == 600
    assert result.stats["series not linked"] > 5_000, "the days are alike, and known for what they are"
    assert cluster(articles, Settings()).stats["copy groups"] == 600


@pytest.mark.parametrize("seed", [1, 2])
def test_reprints_of_the_same_day_are_all_copies(seed: int) -> None:
    articles = list(printed(DAYS, seed))
    again = [reprinted(article, seed) for article in articles]
    result = cluster([*articles, *again], COPIES)
    copy = {a.id: a.copy for a in result}
    assert [a.id for a in articles if copy[f"{a.id}-again"] != copy[a.id]] == []
    assert set(result.sizes("copy").values()) == {2}
    kept = dedup([*articles, *again], COPIES).kept_ids
    assert sorted(name.removesuffix("-again") for name in kept) == sorted(a.id for a in articles)


def test_pairs_name_the_days_of_a_form_as_a_series() -> None:
    articles = list(printed(10, 1))
    relations = Counter(pair.relation for pair in verified_pairs(run_pipeline(articles, COPIES), COPIES))
    assert set(relations) == {"series"}
    forms = {pair.a.rpartition("-")[0] for pair in verified_pairs(run_pipeline(articles, COPIES), COPIES)}
    assert len(forms) >= 15, "forms with many slots share too little to be looked at"


def test_series_are_judged_by_their_words_alone_where_that_is_asked_for() -> None:
    articles = list(printed(DAYS, 1))
    merged = cluster(articles, Settings(level="copy", series="merge"))
    assert merged.stats["series not linked"] == 0
    assert merged.stats["copy groups"] < 200
    kept = dedup(articles, Settings(level="copy", series="merge"))
    assert len(kept.kept_ids) < 400


def test_the_window_keeps_days_apart_even_then() -> None:
    articles = list(printed(DAYS, 1))
    settings = Settings(level="copy", series="merge", window=0.5)
    assert cluster(articles, settings).stats["copy groups"] == 600
    again = [reprinted(article, 1) for article in articles]
    assert cluster([*articles, *again], settings).stats["copy groups"] == 600


@pytest.mark.slow
def test_hardly_a_day_is_lost_in_other_fillings() -> None:
    """Words are hashes: two short names may share all the classes of their letters, and pass for one."""
    lost = apart = total = 0
    for seed in range(3, 21):
        articles = list(printed(DAYS, seed))
        total += len(articles)
        lost += len(dedup(articles, COPIES).removed)
        copy = {a.id: a.copy for a in cluster([*articles, *(reprinted(a, seed) for a in articles)], COPIES)}
        apart += sum(copy[a.id] != copy[f"{a.id}-again"] for a in articles)
    assert total == 10_800
    assert lost <= 3
    assert apart == 0
