"""Outlets whose copies are always as far apart as two zones are, against a twin that looks at pairs one by one."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from clusterer import Article, cluster, dedup
from clusterer.clocks import constant_offsets

ENTRIES = st.tuples(
    st.integers(-1, 14), st.sampled_from(["", "a", "b", "c"]), st.sampled_from([0, 1, 6, 7, 30]), st.integers(-150, 150)
)


@given(st.lists(ENTRIES, max_size=60), st.integers(8, 15), st.sampled_from([-6, 6, 29]))
def test_pairs_of_outlets_are_told_as_their_twin_tells_them(
    some: list[tuple[int, str, int, int]], count: int, steps: int
) -> None:
    regular = [(g, name, k * (name == "b"), 0) for g in range(count) for name, k in (("a", 0), ("b", steps))]
    rows = [(g, name, 5e8 + g * 7777 + step * 1800 + more) for g, name, step, more in (*some, *regular)]
    earliest: dict[int, dict[str, float]] = defaultdict(dict)
    for group, name, when in rows:
        if group >= 0 and name and when % 86_400:
            earliest[group][name] = min(when, earliest[group].get(name, np.inf))
    apart: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for names in earliest.values():
        for one, other in combinations(sorted(names), 2):
            shift = names[other] - names[one]
            step = round(shift / 1800)
            apart[one, other][step if abs(shift - step * 1800) <= 120 and abs(step) <= 28 else 0] += 1
    wanted = {
        (*pair, abs(step))
        for pair, steps_of in apart.items()
        for step, n in steps_of.items()
        if step and sum(steps_of.values()) >= 10 and n >= 0.8 * sum(steps_of.values())
    }
    groups, names, dates = (np.array(x) for x in zip(*rows, strict=True))
    told = constant_offsets(names.tolist(), dates, groups)
    found = set()
    for line in told:
        words = line.split(" copies of ")[1].split()
        found.add((*sorted((words[0], words[2])), int(words[4]) * 2 + int(words[6]) // 30))
        assert line.endswith("cure: check --timezone")
    assert found == wanted


def test_a_wrong_zone_is_told_by_cluster_and_dedup_and_a_right_one_is_not() -> None:
    words = [f"كلام{number}" for number in range(12)]
    start = datetime(2018, 5, 8, 0, 11, 33, tzinfo=UTC)
    articles = [
        Article(" ".join([f"خبر{number}", *words[number:], *(f"كلمة{number}{x}" for x in range(20))]), f"{name}{number}",
                source=name, date=start + timedelta(minutes=47 * number, hours=hours))
        for number in range(12) for name, hours in (("وكالة", 3), ("قناة", 0))
    ]  # fmt: skip
    told = (
        r"12 copies of (وكالة and قناة|قناة and وكالة) are 3 h 00 min apart, later in وكالة: .*; cure: check timezone="
    )
    with pytest.warns(UserWarning, match=told):
        cluster(articles)
    with pytest.warns(UserWarning, match=told):
        dedup(articles, keep="earliest")
    with warnings.catch_warnings(action="error"):
        cluster(
            [a for number, a in enumerate(articles) if number < 18 or a.source == "قناة"]
        )  # nine copies are too few
