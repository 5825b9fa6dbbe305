"""Star clustering against one centre after the other."""

from __future__ import annotations

import random

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st

from clusterer.assignments import first_of_group
from clusterer.copies.grouping import star_centres


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[tuple[int, int], float], int]:
    """Links with their strength, many of them equal, and the number of articles."""
    n = draw(st.integers(1, 14))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1])
    links = draw(st.dictionaries(pair, st.sampled_from([0.5, 0.6, 1.0]), max_size=30)) if n > 1 else {}
    return links, n


def centres(links: dict[tuple[int, int], float], n: int) -> list[int]:
    return star_centres(
        np.array(list(links), dtype=np.int64).reshape(-1, 2), np.array(list(links.values())), n
    ).tolist()


def assert_linked(links: dict[tuple[int, int], float], found: list[int]) -> None:
    for member, centre in enumerate(found):
        assert found[centre] == centre
        assert member == centre or (min(member, centre), max(member, centre)) in links
    chosen = set(found)
    assert not any(a in chosen and b in chosen for a, b in links)  # two centres are never linked
    linked = {article for pair in links for article in pair}
    assert all(found[i] == i for i in range(len(found)) if i not in linked)


@given(graphs(), st.randoms(use_true_random=False))
def test_stars_are_those_of_the_sequential_greedy(graph: tuple, shuffle: random.Random) -> None:
    links, n = graph
    found = centres(links, n)
    assert found == reference.stars(links, n)
    assert_linked(links, found)
    turned = [((b, a) if shuffle.random() < 0.5 else (a, b), s) for (a, b), s in links.items()]
    shuffle.shuffle(turned)
    assert centres(dict(turned), n) == found


@pytest.mark.parametrize("n", [50, 400])
@pytest.mark.parametrize("degree", [0.5, 2, 8])
def test_larger_random_graphs(n: int, degree: float) -> None:
    source = random.Random(f"{n} {degree}")
    for _ in range(10):
        pairs = {tuple(sorted(source.sample(range(n), 2))) for _ in range(int(n * degree / 2))}
        links = {pair: source.choice([0.5, 0.7, 0.9]) for pair in pairs}
        found = centres(links, n)
        assert found == reference.stars(links, n)
        assert_linked(links, found)


def test_a_chain_of_a_thousand_is_cut_into_pieces() -> None:
    links = {(i, i + 1): 0.9 for i in range(999)}
    found = centres(links, 1000)
    assert_linked(links, found)
    assert max(found.count(c) for c in set(found)) <= 3
    assert found == reference.stars(links, 1000)


def test_a_star_and_a_clique_stay_whole() -> None:
    assert centres({(5, i): 0.5 for i in range(10) if i != 5}, 10) == [5] * 10
    assert centres({(i, j): 0.5 for i in range(9) for j in range(i + 1, 9)}, 10) == [0] * 9 + [9]


def test_a_member_stands_with_the_centre_it_is_most_alike() -> None:
    links = {(0, 1): 0.9, (0, 2): 0.9, (0, 3): 0.9, (0, 8): 0.6, (4, 5): 0.9, (4, 6): 0.9, (4, 7): 0.9, (4, 8): 0.7}
    assert centres(links, 9)[8] == 4
    links[(0, 8)] = 0.7
    assert centres(links, 9)[8] == 0


@pytest.mark.parametrize("n", [0, 1, 3])
def test_without_links_everyone_is_alone(n: int) -> None:
    assert centres({}, n) == list(range(n))


@given(st.lists(st.integers(0, 4), max_size=12), st.randoms(use_true_random=False))
def test_first_of_group_is_the_first_in_the_order(labels: list[int], shuffle: random.Random) -> None:
    numbers = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    groups = [numbers[label] for label in labels]
    order = list(range(len(labels)))
    shuffle.shuffle(order)
    found = first_of_group(np.array(groups, dtype=np.int64), np.array(order, dtype=np.int64)).tolist()
    assert found == [next(i for i in order if groups[i] == g) for g in range(len(numbers))]
