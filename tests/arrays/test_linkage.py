"""Components and average linkage against what their definitions say, in plain Python."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from reference import linked_on_average
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from clusterer.arrays.linkage import average_linkage, components


def walked(links: list[tuple[int, int]], n: int) -> list[int]:
    """The first item of what can be reached from every item, link by link."""
    out = []
    for start in range(n):
        reached, waiting = {start}, [start]
        while waiting:
            here = waiting.pop()
            near = {b for a, b in links if a == here} | {a for a, b in links if b == here}
            waiting += near - reached
            reached |= near
        out.append(min(reached))
    return out


def array(links: list[tuple[int, int]]) -> np.ndarray:
    return np.array(links, dtype=np.int64).reshape(-1, 2)


@given(st.integers(1, 16), st.data())
def test_components_are_what_can_be_reached(n: int, data: st.DataObject) -> None:
    item = st.integers(0, n - 1)
    links = data.draw(st.lists(st.tuples(item, item), max_size=24))
    assert components(array(links), n).tolist() == walked(links, n)


@pytest.mark.parametrize("mean_degree", [0.5, 1.0, 1.5, 4.0])
def test_components_of_large_graphs_are_those_of_scipy(mean_degree: float) -> None:
    n = 20_000
    links = np.random.default_rng(1).integers(0, n, (int(n * mean_degree / 2), 2))
    _, labels = connected_components(coo_array((np.ones(len(links)), links.T), shape=(n, n)), directed=False)
    first = np.full(n, n)
    np.minimum.at(first, labels, np.arange(n))
    assert np.array_equal(components(links, n), first[labels])


def test_components_of_chains_in_any_order() -> None:
    chain = [(i, i + 1) for i in range(2_000)]
    random.Random(1).shuffle(chain)
    chain = [(b, a) if a % 3 else (a, b) for a, b in chain]
    assert components(array(chain), 2_002).tolist() == [0] * 2_001 + [2_001]
    assert components(array([]), 3).tolist() == [0, 1, 2]
    assert components(array([]), 0).tolist() == []


# Strengths are multiples of 1/1024: sums are exact, and unequal means are far enough apart for floats.


@given(st.integers(2, 9), st.randoms(use_true_random=False), st.floats(0.1, 0.9))
def test_average_linkage_equals_its_definition(n: int, draw: random.Random, threshold: float) -> None:
    links = {pair: draw.randint(1, 1024) / 1024 for pair in combinations(range(n), 2) if draw.random() < 0.6}
    found = average_linkage(array([*links]), np.array([*links.values()]), n, threshold)
    assert found.tolist() == linked_on_average(links, n, threshold)


@given(st.integers(2, 9), st.randoms(use_true_random=False), st.sampled_from([0.3, 0.4, 0.6]))
def test_weights_and_binding_links(n: int, draw: random.Random, threshold: float) -> None:
    """Items that stand for several, and groups that are joined only where a link binds them."""
    pairs = [pair for pair in combinations(range(n), 2) if draw.random() < 0.6]
    links = {pair: draw.randint(-300, 1024) / 1024 for pair in pairs}
    binding = {pair: draw.random() < 0.5 for pair in pairs}
    weights = [draw.randint(1, 4) for _ in range(n)]
    found = average_linkage(
        array(pairs), np.array([*links.values()]), n, threshold, np.array(weights), np.array([*binding.values()], bool)
    )
    assert found.tolist() == linked_on_average(links, n, threshold, weights, {x for x in pairs if binding[x]})


def test_a_strong_mean_without_a_binding_link_joins_nothing() -> None:
    links, strength = array([(0, 1), (1, 2)]), np.array([0.9, 0.8])
    assert average_linkage(links, strength, 3, 0.4, binding=np.array([True, False])).tolist() == [0, 0, 2]
    assert average_linkage(links, strength, 3, 0.4, binding=np.array([True, True])).tolist() == [0, 0, 0]
    # Through a group a binding link of one member binds all of it.
    three = array([(0, 1), (0, 2), (1, 2)])
    bound = np.array([True, False, True])
    assert average_linkage(three, np.array([0.9, 0.8, 0.6]), 3, 0.5, binding=bound).tolist() == [0, 0, 0]
    assert average_linkage(three, np.array([0.9, 0.8, 0.1]), 3, 0.5, binding=bound).tolist() == [0, 0, 2]


def test_what_an_item_stands_for_weighs() -> None:
    links, strength = array([(0, 1), (0, 2)]), np.array([0.9, 0.8])
    assert average_linkage(links, strength, 3, 0.4).tolist() == [0, 0, 0]
    assert average_linkage(links, strength, 3, 0.4, np.array([1, 5, 1])).tolist() == [0, 0, 2]  # mean 0.8 / 6
    against = average_linkage(array([(0, 1), (0, 2), (1, 2)]), np.array([0.9, 0.9, -0.25]), 3, 0.4)
    assert against.tolist() == [0, 0, 2]  # (0.9 - 0.25) / 2


def test_a_chain_is_cut_and_an_item_between_two_groups_does_not_weld_them() -> None:
    chain = average_linkage(array([(i, i + 1) for i in range(99)]), np.full(99, 0.9), 100, 0.4)
    assert max(Counter(chain.tolist()).values()) <= 4
    two = [*combinations(range(4), 2), *combinations(range(4, 8), 2), (3, 8), (4, 8)]
    joined = average_linkage(array(two), np.full(len(two), 0.8), 9, 0.4)
    assert joined[0] != joined[4]
