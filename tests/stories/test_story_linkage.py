"""Texts to stories by the power mean of their scores."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from clusterer.stories.linkage import POWER, link_texts, mean_score


def by_definition(scores: dict[tuple[int, int], float], n: int, threshold: float) -> list[int]:
    """Join the two groups of the greatest mean of powers, again and again, by the definition."""
    groups = [[i] for i in range(n)]

    def mean(a: list[int], b: list[int]) -> float:
        found = [scores.get((min(i, j), max(i, j)), 0.0) for i in a for j in b]
        return sum(x**POWER for x in found) / len(found)

    while len(groups) > 1:
        a, b = max(combinations(groups, 2), key=lambda two: mean(*two))
        if mean(a, b) < threshold**POWER:
            break
        groups = [*(g for g in groups if g not in (a, b)), a + b]
    story = {i: min(group) for group in groups for i in group}
    return [story[i] for i in range(n)]


@given(st.integers(2, 8), st.randoms(use_true_random=False), st.floats(0.1, 0.9))
def test_stories_are_those_of_the_definition(n: int, draw: random.Random, threshold: float) -> None:
    scores = {pair: draw.random() for pair in combinations(range(n), 2) if draw.random() < 0.6}
    pairs = np.array([*scores], dtype=np.int64).reshape(-1, 2)
    found = link_texts(pairs, np.array([*scores.values()]), n, threshold)
    assert found.tolist() == by_definition(scores, n, threshold)


@pytest.mark.parametrize(("scores", "joined"), [((0.9, 0.0), True), ((0.7, 0.2), False), ((0.51, 0.51), True)])
def test_a_strong_pair_stands_against_a_weak_one(scores: tuple[float, float], joined: bool) -> None:
    """Two texts of one story and a third, which is surely of the event of one of them."""
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    story = link_texts(pairs, np.array([0.99, *scores]), 3, 0.5)
    assert (len(set(story.tolist())) == 1) == joined
    assert (mean_score(np.array(scores), 2) >= 0.5) == joined
    assert mean_score(np.array(scores), 2) >= sum(scores) / 2
