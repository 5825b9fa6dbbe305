"""The whole road: names, representatives and dates of groups."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from clusterings import DAY, by_id, edited
from made import text_of, words_of

from clusterer import Article, Settings, cluster
from clusterer.stories import features

pytestmark = pytest.mark.usefixtures("loops")


def family() -> list[Article]:
    """One copy group: the longest is late, the earliest is a cut, the centre is between."""
    base = words_of("family", 200)
    long = base + words_of("more", 30)
    near = edited(base, 0.05, random.Random(4))
    make = [
        ("late-long", long, 9),
        ("base", base, 5),
        ("cut", base[:60], 1),
        ("near", near, 7),
        ("base-again", base, 6),
    ]
    return [Article(" ".join(w), id=name, source="سبق", date=DAY + timedelta(hours=h)) for name, w, h in make]


def test_a_group_is_named_after_its_earliest_member() -> None:
    found = cluster(family())
    assert set(found.labels("copy")) == set(found.labels("story")) == {"cut"}
    assert by_id(found)["base-again"]["exact"] == "base"


def test_an_undated_member_is_later_than_any_dated_one() -> None:
    articles = [replace(a, date=None) if a.id == "cut" else a for a in family()]
    assert set(cluster(articles).labels()) == {"base"}


@pytest.mark.parametrize(("policy", "expected"), [("earliest", "cut"), ("longest", "late-long")])
def test_policies_choose_the_representative(policy: str, expected: str) -> None:
    found = cluster(family(), Settings(representative=policy))
    assert found.representatives == [expected]
    assert set(found.labels()) == {"cut"}  # the name does not follow the policy


def test_the_central_one_is_linked_to_all() -> None:
    found = cluster(family(), Settings(representative="central"))
    (centre,) = found.representatives
    assert {a.linked_to for a in found if a.exact == a.id and not a.representative} == {centre}


@pytest.mark.parametrize("policy", ["earliest", "longest", "central"])
@pytest.mark.parametrize("agency", ["واس", "رويترز", "SPA", "AFP"])
def test_an_agency_comes_first(policy: str, agency: str) -> None:
    articles = [replace(a, source=agency) if a.id == "near" else a for a in family()]
    found = cluster(articles, Settings(representative=policy))
    assert found.representatives == ["near"]
    assert set(found.labels()) == {"cut"}


@pytest.mark.parametrize(
    ("other", "first"),
    [("2016-04-11", "told"), ("2016-04-10", "day"), ("2016-04-11 07:59", "day"), ("2016-04-12", "told")],
)
def test_a_day_without_an_hour_is_not_earlier_than_an_hour_of_that_day(other: str, first: str) -> None:
    text = text_of(1, 40)
    rows = [{"id": "told", "text": text, "date": "2016-04-11 08:00"}, {"id": "day", "text": text, "date": other}]
    for articles in (rows, rows[::-1]):
        found = cluster(articles)
        assert found.representatives == [first]
        assert set(found.labels("copy")) == {first}


def test_a_day_without_an_hour_is_no_days_apart_from_its_hours() -> None:
    day = 86_400.0
    dates = np.array([10 * day, 10 * day + 82_800, 12 * day, 13 * day + 1, np.inf])
    pairs = np.array([[0, 1], [1, 2], [0, 2], [2, 3], [0, 4]])
    apart = features.days_apart(pairs, dates, dates) * features.FAR
    # To the start of a later day, from the end of an earlier one.
    expected = [0.0, 3_600 / day + 1, 1 + 1 / day, 2 / day, np.nan]
    np.testing.assert_allclose(apart, expected, atol=1e-9)
