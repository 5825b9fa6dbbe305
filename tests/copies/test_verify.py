"""Overlap against Python sets."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st

from clusterer.arrays.ragged import Ragged
from clusterer.copies.verify import OPENING, Overlap, join, overlap
from clusterer.text.shingles import word_shingles
from clusterer.text.words import hash_words

pytestmark = pytest.mark.usefixtures("loops")

# Few different values in the upper bits, so that sets share; runs longer than an opening.
ROWS = st.lists(
    st.lists(st.integers(0, 25).map(lambda x: (x * 0x9E3779B97F4A7C15) % 2**64), max_size=70), min_size=1, max_size=5
)


def ragged(rows: list[list[int]]) -> Ragged:
    values = np.array([x for row in rows for x in row], dtype=np.uint64)
    return Ragged(values, np.cumsum([0, *map(len, rows)]).astype(np.int64))


def assert_equal_to_sets(found: Overlap, rows: list[list], pairs: list[tuple[int, int]]) -> None:
    for i, (a, b) in enumerate(pairs):
        x, y = set(rows[a]), set(rows[b])
        assert (found.shared[i], found.smaller[i], found.larger[i]) == (len(x & y), *sorted((len(x), len(y))))
        assert found.jaccard[i] == pytest.approx(reference.jaccard(x, y))
        assert found.containment[i] == pytest.approx(reference.containment(x, y))
        assert found.opening[i] == pytest.approx(reference.opening(rows[a], rows[b]))
    assert len(found.shared) == len(pairs)
    for values in (found.jaccard, found.containment, found.opening):
        assert ((values >= 0) & (values <= 1)).all()


@given(ROWS, st.data())
def test_overlap_equals_sets(rows: list[list[int]], data: st.DataObject) -> None:
    place = st.integers(0, len(rows) - 1)
    pairs = data.draw(st.lists(st.tuples(place, place), max_size=12))
    found = overlap(ragged(rows), np.array(pairs, dtype=np.int64).reshape(-1, 2))
    assert_equal_to_sets(found, rows, pairs)


def test_overlap_of_real_articles_equals_sets_of_tuples(real_texts: list[str]) -> None:
    texts = real_texts[:80]
    rows = [reference.shingles(reference.words(text), 3) for text in texts]
    pairs = [(i, j) for i in range(len(texts)) for j in range(i)]
    found = overlap(word_shingles(hash_words(texts)), np.array(pairs))
    assert_equal_to_sets(found, rows, pairs)


def test_more_sets_than_a_block_and_joined_parts() -> None:
    random = np.random.default_rng(1)
    rows = [
        (random.integers(0, 40, int(n)).astype(np.uint64) << np.uint64(58)).tolist()
        for n in random.integers(0, 9, 2300)
    ]
    pairs = random.integers(0, 2300, (4000, 2))
    sets = ragged(rows)
    whole = overlap(sets, pairs)
    assert_equal_to_sets(whole, rows, [tuple(pair) for pair in pairs.tolist()])
    parts = join([overlap(sets, pairs[:100]), overlap(sets, pairs[100:100]), overlap(sets, pairs[100:])])
    for name in ("shared", "smaller", "larger", "opening"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_no_pairs_no_sets() -> None:
    none = np.zeros((0, 2), dtype=np.int64)
    assert len(overlap(ragged([[1], [2]]), none).shared) == 0
    assert len(overlap(ragged([]), none).shared) == 0
    assert len(join([]).jaccard) == 0
    assert join([]).are_copies(0.5).tolist() == []
    empty = overlap(ragged([[], [], [5]]), np.array([[0, 1], [0, 2]]))
    assert empty.jaccard.tolist() == empty.containment.tolist() == empty.opening.tolist() == [0, 0]


def high(*numbers: int) -> list[int]:
    return [n << 40 for n in numbers]


def test_the_opening_is_of_the_larger_text() -> None:
    long = high(*range(1, 101))
    cases = {
        "its first forty": (high(*range(1, 41)), 1.0),
        "its first ten and ten others": (high(*range(1, 11), *range(901, 911)), 0.5),
        "its end": (high(*range(61, 101)), 0.0),
        "half of the opening": (high(*range(18, 21), *range(24, 61)), 0.5),
        "what stands behind another lead": (high(*range(19, 61)), 0.0),
    }
    for short, expected in cases.values():
        for pair in ([0, 1], [1, 0]):
            assert overlap(ragged([long, short]), np.array([pair])).opening[0] == pytest.approx(expected)
    assert OPENING == 40


def test_the_own_opening_is_of_the_smaller_text() -> None:
    long = high(*range(1, 101))
    cuts = [high(*range(1, 41)), high(*range(201, 211), *range(1, 41)), high(*range(61, 101))]
    cuts.append(high(*range(201, 219), *range(1, 41)))
    for short, expected in zip(cuts, (1.0, 0.75, 1.0, 0.0), strict=True):
        for pair in ([0, 1], [1, 0]):
            assert overlap(ragged([long, short]), np.array([pair])).own_opening[0] == pytest.approx(expected)


def test_of_two_sets_of_one_size_the_first_counts_as_the_larger() -> None:
    sets = ragged([high(*range(1, 61)), high(*range(41, 101))])
    assert overlap(sets, np.array([[0, 1], [1, 0]])).opening.tolist() == [0.0, 0.5]


def test_thresholds_hold_at_their_very_value() -> None:
    found = overlap(ragged([high(1, 2, 3, 4), high(1, 2, 9, 8, 7, 6)]), np.array([[0, 1]]))
    assert found.jaccard[0] == 0.25
    assert found.containment[0] == 0.5
    assert found.opening[0] == 0.5
    assert found.are_copies(0.25)[0]
    assert not found.are_copies(0.2501)[0]
    assert found.own_opening[0] == 0.5
    assert found.are_contained(0.5, 0.75)[0]
    assert not found.are_contained(0.51, 0.75)[0]
    assert found.are_contained(0.5, 4 / 6)[0]
    assert not found.are_contained(0.5, 0.66)[0]
    assert found.are_openings(0.5)[0]
    assert not found.are_openings(0.51)[0]


def test_where_keeps_the_pairs_that_are_marked() -> None:
    found = overlap(ragged([high(1, 2), high(2, 3, 4), high(1)]), np.array([[0, 1], [0, 2], [1, 2]]))
    kept = found.where(np.array([True, False, True]))
    assert kept.shared.tolist() == [1, 0]
    assert kept.larger.tolist() == [3, 3]
