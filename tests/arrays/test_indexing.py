"""Positions in arrays, against loops over Python lists."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, strategies as st

from clusterer.arrays.indexing import (
    distinct_near,
    factorize,
    find_sorted,
    offsets_from_counts,
    places_of,
    positions_in_runs,
    run_starts,
    starts_run,
)

NUMBERS = st.lists(st.integers(0, 5), max_size=20)


@given(NUMBERS)
def test_offsets_and_positions_of_rows(counts: list[int]) -> None:
    offsets = offsets_from_counts(counts)
    assert offsets.dtype == np.int64
    assert offsets.tolist() == [0, *itertools.accumulate(counts)]
    assert positions_in_runs(np.array(counts, dtype=np.int64)).tolist() == [i for n in counts for i in range(n)]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=20))
def test_runs_begin_where_a_row_differs_from_the_one_before(rows: list[tuple[int, int]]) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    expected = [i for i in range(len(rows)) if i == 0 or rows[i] != rows[i - 1]]
    assert run_starts(*columns).tolist() == expected
    assert np.flatnonzero(starts_run(*columns)).tolist() == expected
    first = [i for i in range(len(rows)) if i == 0 or rows[i][0] != rows[i - 1][0]]
    assert run_starts(columns[0]).tolist() == first


@given(NUMBERS, NUMBERS)
def test_values_are_found_where_they_stand_first(held: list[int], wanted: list[int]) -> None:
    held.sort()
    positions, found = find_sorted(np.array(held, dtype=np.int64), np.array(wanted, dtype=np.int64))
    assert found.tolist() == [value in held for value in wanted]
    assert positions[found].tolist() == [held.index(value) for value in wanted if value in held]
    assert all(0 <= position < max(len(held), 1) for position in positions.tolist())


@given(NUMBERS)
def test_numbers_stand_for_values_in_any_shape(values: list[int]) -> None:
    distinct, numbers = factorize(np.array(values, dtype=np.int64))
    assert distinct.tolist() == sorted(set(values))
    assert distinct[numbers].tolist() == values
    pairs = np.array(values + values, dtype=np.int64).reshape(-1, 2)
    assert factorize(pairs)[1].shape == pairs.shape


@given(st.sets(st.integers(0, 60), max_size=20), st.lists(st.integers(-5, 70), max_size=40))
def test_places_of_numbers_near_each_other_are_those_that_are_found(values: set[int], asked: list[int]) -> None:
    ascending, wanted = np.array(sorted(values), dtype=np.int64), np.array(asked, dtype=np.int64)
    places, found = places_of(ascending, wanted)
    assert found.tolist() == [x in values for x in asked]
    assert ascending[places[found]].tolist() == wanted[found].tolist()
    assert not values or ((places >= 0) & (places < len(values))).all()  # valid indices even where a value is missing


@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**40)), max_size=20))
def test_distinct_numbers_near_each_other_or_not(numbers: list[int]) -> None:
    assert distinct_near(np.array(numbers, dtype=np.int64)).tolist() == sorted(set(numbers))
