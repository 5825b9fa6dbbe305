"""What is a series: pairs by their differences, forms that come back on many days, hours between printings."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, strategies as st

from clusterer.copies.facts import Differences, no_differences
from clusterer.copies.series import are_notices, hours_apart, recur, why_series

DAY = 86_400.0
FIELDS = ("facts", "dates", "names", "subjects", "edits", "numbers", "others", "unknowns", "doubts")
NOON = datetime(2025, 3, 3, 12, tzinfo=UTC).timestamp()


def is_series(one_outlet: bool, hours: float, jaccard: float = 0.8, opening: float = 0.9, **differing: int) -> bool:
    measures = [np.array([value]) for value in (jaccard, opening)]
    columns = [np.array([differing.get(f, 0)]) for f in FIELDS]
    told = *measures, Differences(*columns), np.array([one_outlet]), np.array([hours])
    return bool(why_series(*told)[0])


SAME_DAY, NEXT_DAY, UNKNOWN = 0.0, 24.0, float("nan")


@pytest.mark.parametrize(
    ("what", "series", "one_outlet", "hours", "differing"),
    [
        ("prices of two days", True, True, NEXT_DAY, {"facts": 3, "numbers": 3}),
        ("one outlet's numbers, updated within hours", False, True, SAME_DAY, {"facts": 3, "numbers": 3}),
        ("the same prices by another outlet", False, False, SAME_DAY, {"facts": 3, "numbers": 3}),
        ("one number, months later, by another outlet", False, False, 2000.0, {"facts": 1, "numbers": 1}),
        ("two numbers and a name, months later, by another outlet", True, False, 2000.0, {"facts": 2, "names": 1}),
        ("calls with two presidents of one day", True, True, 3.0, {"names": 2}),
        ("names of one day by two outlets, which stand in both texts", False, False, 3.0, {"names": 2}),
        ("towns of one day by two outlets", True, False, 3.0, {"names": 1, "others": 1}),
        ("towns, dates and outlets unknown", True, False, UNKNOWN, {"names": 1, "others": 1}),
        ("a town in a long text that is else the same", False, False, 3.0, {"names": 1, "others": 1, "jaccard": 0.93}),
        ("a name and a number of one day by two outlets", True, False, 3.0, {"subjects": 1, "unknowns": 1, "facts": 1}),
        ("a word and no number of one day by two outlets", False, False, 3.0, {"subjects": 1, "unknowns": 1}),
        ("a word and a number, much edited", False, False, 3.0, {"unknowns": 1, "facts": 1, "edits": 5}),
        ("cables of two days", True, True, NEXT_DAY, {"names": 2, "subjects": 1, "others": 1}),
        ("an edited article that names nothing else", False, True, NEXT_DAY, {"subjects": 2}),
        ("an edited article, the next day", False, True, NEXT_DAY, {"edits": 6}),
        ("an edited article with one number", False, True, NEXT_DAY, {"facts": 1, "edits": 4, "numbers": 1}),
        ("a form with three numbers and an added sentence", True, True, NEXT_DAY, {"facts": 3, "edits": 5}),
        ("two dates in the texts themselves", True, False, UNKNOWN, {"facts": 2, "dates": 1}),
        ("two numbers, dates of printing unknown", False, True, UNKNOWN, {"facts": 2}),
        ("one date only", False, True, UNKNOWN, {"facts": 1, "dates": 1}),
        ("another lead, the background repeated", True, True, NEXT_DAY, {"opening": 0.1, "jaccard": 0.5, "edits": 20}),
        ("another lead within hours", True, True, SAME_DAY, {"opening": 0.1, "jaccard": 0.5, "edits": 20}),
        ("another lead, dates unknown", True, True, UNKNOWN, {"opening": 0.1, "jaccard": 0.5, "edits": 20}),
        ("another lead by another outlet", False, False, SAME_DAY, {"opening": 0.1, "jaccard": 0.5, "edits": 20}),
        ("a lead of which half is the same", False, True, SAME_DAY, {"opening": 0.5, "jaccard": 0.5, "edits": 20}),
        ("another lead, nearly all the same", False, True, SAME_DAY, {"opening": 0.1, "jaccard": 0.8}),
        ("another lead, most of the whole the same", False, True, NEXT_DAY, {"opening": 0.1, "jaccard": 0.8}),
        ("one odd word in a long text", False, True, NEXT_DAY, {"subjects": 1, "unknowns": 1, "jaccard": 0.95}),
        ("one odd word in a short text", True, True, NEXT_DAY, {"subjects": 1, "unknowns": 1, "jaccard": 0.8}),
        ("one known name in a long text", True, True, NEXT_DAY, {"names": 1, "others": 1, "jaccard": 0.95}),
        ("a toll of the evening, and of the next morning", False, True, 12.0, {"facts": 2, "numbers": 2}),
        ("the same by two outlets", False, False, 12.0, {"facts": 2, "numbers": 2}),
        ("prices of the evening, and of the next morning", True, True, 12.0, {"facts": 3, "numbers": 3}),
        ("little shared, a toll of the next morning", False, True, 12.0, {"jaccard": 0.44, "facts": 2, "edits": 9, "numbers": 2}),
        ("little shared, other numbers", True, True, NEXT_DAY, {"jaccard": 0.44, "edits": 20, "numbers": 2}),
        ("nothing differs", False, True, NEXT_DAY, {}),
    ],
)  # fmt: skip
def test_series(what: str, series: bool, one_outlet: bool, hours: float, differing: dict) -> None:
    assert is_series(one_outlet, hours, **differing) == series, what


def differing_in(stated: Sequence[bool] | np.ndarray) -> Differences:
    """A name each where it is True."""
    return replace(no_differences(len(stated)), names=np.array(stated, dtype=np.int64))


@given(st.integers(0, 2**32))
def test_forms_recur_where_more_than_five_days_are_near(seed: int) -> None:
    source = random.Random(seed)
    d = source.randint(1, 14)
    dates = [
        source.choice([NOON + DAY * source.randint(0, 7) + 3600 * source.randint(-12, 11), np.inf]) for _ in range(d)
    ]
    pairs = [(a, b) for a in range(d) for b in range(a + 1, d) if source.random() < 0.4]
    ties = [source.random() < 0.7 for _ in pairs]
    jaccard = [source.choice([0.5, 0.69, 0.7, 0.9]) for _ in pairs]
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    moments = np.array(dates)
    hours = hours_apart(moments[rows[:, 0]], moments[rows[:, 1]])
    stated = [source.random() < 0.8 for _ in pairs]
    found = recur(rows, np.array(ties, dtype=bool), np.array(jaccard), differing_in(stated), moments, hours)

    def often(start: int) -> bool:
        reached = {start}
        for _ in range(2):
            reached |= {x for pair, tie in zip(pairs, ties, strict=True) if tie and reached & {*pair} for x in pair}
        return len({datetime.fromtimestamp(dates[i], UTC).date() for i in reached if np.isfinite(dates[i])}) > 5

    expected = []
    for k, (a, b) in enumerate(pairs):
        expected.append((often(a) or often(b)) and bool(hours[k] > 10) and jaccard[k] < 0.7 and stated[k])
    assert found.tolist() == expected


@pytest.mark.parametrize(("days", "recurs"), [(2, False), (5, False), (6, True), (30, True)])
def test_a_report_is_reprinted_for_five_days_at_most(days: int, recurs: bool) -> None:
    pairs = np.array([(i, j) for j in range(days) for i in range(j)])
    dates = NOON + DAY * np.arange(days)
    hours = hours_apart(dates[pairs[:, 0]], dates[pairs[:, 1]])
    everything = np.ones(len(pairs), dtype=bool)
    names, far = differing_in(everything), np.full(len(pairs), 0.6)
    assert recur(pairs, everything, far, names, dates, hours).tolist() == [recurs] * len(pairs)
    assert not recur(pairs, everything, far, differing_in(~everything), dates, hours).any()
    assert not recur(pairs, everything, np.full(len(pairs), 0.75), names, dates, hours).any()
    assert not recur(pairs, ~everything, far, names, dates, hours).any()
    unknown = np.full(days, np.inf), np.full(len(pairs), np.nan)
    assert not recur(pairs, everything, far, names, *unknown).any()


def test_a_chain_of_many_days_is_no_form() -> None:
    pairs = np.array([(i, i + 1) for i in range(30)])
    dates = NOON + DAY * np.arange(31)
    chained = pairs, np.ones(30, dtype=bool), np.full(30, 0.6), differing_in([True] * 30), dates, np.full(30, 24.0)
    assert not recur(*chained).any()
    hub = np.array([(0, i) for i in range(1, 31)])
    assert recur(hub, *chained[1:]).all()


@given(st.integers(0, 2**32))
def test_notices_are_versions_that_two_outlets_print_or_one_in_three(seed: int) -> None:
    source = random.Random(seed)
    d = source.randint(2, 10)
    dates = [source.choice([NOON + DAY * source.randint(0, 3), np.inf]) for _ in range(d)]
    outlets = [source.choice([-1, 0, 0, 1, 1, 2]) for _ in range(d)]
    pairs = [(a, b) for a in range(d) for b in range(a + 1, d) if source.random() < 0.6]
    jaccard = [source.choice([0.5, 0.5, 0.59, 0.6, 0.9]) for _ in pairs]
    containment = [source.choice([0.7, 0.7, 0.95]) for _ in pairs]
    ties = [source.random() < 0.7 for _ in pairs]
    rows, moments = np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(dates)
    hours = hours_apart(moments[rows[:, 0]], moments[rows[:, 1]])
    measures = [np.array(x) for x in (ties, jaccard, containment, outlets)]
    found = are_notices(rows, *measures, moments, hours)

    version = list(range(d))
    for _ in range(d):
        for (a, b), share in zip(pairs, jaccard, strict=True):
            if share >= 0.6:
                version[a] = version[b] = min(version[a], version[b])
    apart = [j < 0.6 and c < 0.9 for j, c in zip(jaccard, containment, strict=True)]
    printing, printed = dict[frozenset[int], set[int]](), dict[tuple[int, int], set[tuple[frozenset[int], float]]]()
    for k, (a, b) in enumerate(pairs):
        if apart[k] and hours[k] > 10 and outlets[a] == outlets[b] != -1:
            both = frozenset((version[a], version[b]))
            printing.setdefault(both, set()).add(outlets[a])
            if ties[k]:
                printed.setdefault((version[a], outlets[a]), set()).add((both, dates[b]))
                printed.setdefault((version[b], outlets[b]), set()).add((both, dates[a]))
    notices = {both for both, by in printing.items() if len(by) >= 2}
    for told in printed.values():
        if len({day for _, day in told}) >= 2:
            notices |= {both for both, _ in told}
    expected = [
        apart[k] and version[a] != version[b] and frozenset((version[a], version[b])) in notices
        for k, (a, b) in enumerate(pairs)
    ]
    assert found.tolist() == expected


def test_hours_apart() -> None:
    a = np.array([NOON, NOON, NOON, NOON, np.inf, np.inf])
    b = np.array([NOON + 3600, NOON - 11 * 3600, NOON + 13 * 3600, NOON - 36 * 3600, NOON, np.inf])
    hours = hours_apart(a, b)
    assert hours.tolist()[:4] == [0.0, 0.0, 13.0, 36.0]
    assert np.isnan(hours[4:]).all()
    assert np.array_equal(hours_apart(b, a), hours, equal_nan=True)
