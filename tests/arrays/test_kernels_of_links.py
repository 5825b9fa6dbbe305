"""The compiled kernels of groups, trees and words that are missing: the same bits as their NumPy twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from kernel_twins import FEWER, NEEDS_BOTH, agreed, mixed, pairs_of, rows_and_pairs

from clusterer.arrays import kernels
from clusterer.arrays.linkage import average_linkage, components

pytestmark = NEEDS_BOTH

Links = list[tuple[int, int, float, bool]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, Links, list[int]]:
    """Items, links between them with their strengths and whether they bind, and what each item stands for."""
    n = draw(st.integers(2, 12))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] != p[1])
    pairs = draw(st.lists(pair, max_size=40, unique_by=frozenset))
    strength = st.sampled_from([-0.25, 0.0, 0.1, 0.3, 0.5, 0.5, 0.7, 1 / 3, 0.9, 1.0])
    return (
        n,
        [(*p, draw(strength), draw(st.booleans())) for p in pairs],
        draw(st.lists(st.integers(1, 5), min_size=n, max_size=n)),
    )


@FEWER
@given(graphs(), st.sampled_from([0.1, 1 / 3, 0.5, 0.9]), st.booleans())
def test_average_linkage(graph: tuple[int, Links, list[int]], threshold: float, binds: bool) -> None:
    n, links, weights = graph
    pairs, strength = pairs_of([link[:2] for link in links]), np.array([link[2] for link in links], dtype=np.float64)
    binding = np.array([link[3] for link in links], dtype=np.bool_) if binds else None
    agreed(lambda: average_linkage(pairs, strength, n, threshold, np.array(weights), binding))


@pytest.mark.parametrize(("n", "m"), [(40, 700), (2_000, 9_000)])
def test_average_linkage_of_many_links_of_few_strengths(n: int, m: int) -> None:
    """Many ties, long queues, and groups of which most links become one."""
    random = np.random.default_rng(n)
    pairs = np.unique(np.sort(random.integers(0, n, (m, 2)), axis=1), axis=0)
    pairs = random.permutation(pairs[pairs[:, 0] < pairs[:, 1]])
    strength, binding = random.integers(-1, 8, len(pairs)) / 8, random.random(len(pairs)) < 0.7
    weights = random.permutation(n) % 3 + 1
    group = agreed(lambda: average_linkage(pairs, strength, n, 0.3, weights, binding))
    assert 1 < len(np.unique(group)) < n


@settings(max_examples=25)
@given(graphs(), st.data())
def test_trees_that_reach_everybody(graph: tuple[int, Links, list[int]], data: st.DataObject) -> None:
    n, links, _ = graph
    pairs = pairs_of([link[:2] for link in links])
    roots = np.zeros(n, dtype=np.uint8)
    for component in np.unique(components(pairs, n)).tolist():
        members = np.flatnonzero(components(pairs, n) == component).tolist()
        roots[data.draw(st.sampled_from(members))] = data.draw(st.integers(0, 1))

    def found() -> np.ndarray:
        out = np.empty(n, dtype=np.int64)
        kernels.spanning_links(pairs, roots, out)
        return out

    agreed(found)


@FEWER
@given(rows_and_pairs(st.integers(0, 6), 40), st.sampled_from([1, 2, 30]))
def test_words_that_another_text_lacks(given_: tuple[list, list], passage: int) -> None:
    rows, pairs = given_
    words, asked = mixed(rows), pairs_of(pairs)

    def lost() -> np.ndarray:
        out = np.empty((2, len(asked)), dtype=np.int64)
        kernels.words_missing(words.values, words.offsets, asked, passage, out)
        return out

    told = agreed(lost)
    for (a, b), missing, densest in zip(pairs, *told.tolist(), strict=True):
        lacks = [word not in rows[b] for word in rows[a]]
        assert missing == sum(lacks)
        assert densest == max((sum(lacks[i : i + passage]) for i in range(len(lacks))), default=0)
