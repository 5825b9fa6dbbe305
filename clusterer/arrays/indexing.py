"""Positions in arrays: offsets of rows, starts of runs, places in sorted arrays, numbers for values.

Nothing here sorts in place, hashes or looks at what the values mean.

Array letters: `n` rows or values, `m` rows taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_V = TypeVar("_V", bound=np.generic)


def offsets_from_counts(counts: NDArray[Any] | Sequence[int]) -> NDArray[np.int64]:
    """Return where rows of given lengths begin and end when they are laid one after another.

    Args:
        counts: integers (n,), the length of each row.

    Returns:
        int64 (n + 1,); row i is ``values[offsets[i]:offsets[i + 1]]``.

    Examples:
        >>> offsets_from_counts(np.array([2, 0, 3])).tolist()
        [0, 2, 2, 5]
    """
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def starts_run(*columns: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the rows that differ in any column from the row before them, bool (n,); the first one always does.

    Args:
        columns: one array (n,) or more.

    Examples:
        >>> starts_run(np.array([4, 4, 7])).tolist()
        [True, False, True]
    """
    new = np.ones(len(columns[0]), dtype=np.bool_)
    np.not_equal(columns[0][1:], columns[0][:-1], out=new[1:])
    for column in columns[1:]:
        new[1:] |= column[1:] != column[:-1]
    return new


def run_starts(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """Return the positions, int64, at which runs of equal neighbours begin; several columns count as rows.

    Examples:
        >>> run_starts(np.array([4, 4, 7, 7, 7, 4])).tolist()
        [0, 2, 5]
    """
    return np.flatnonzero(starts_run(*columns))


def find_sorted(ascending: NDArray[Any], wanted: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Look values up in an ascending array.

    Args:
        ascending: (n,), sorted; of values that are there several times the first is found.
        wanted: (m,), in any order.

    Returns:
        int64 (m,) positions in `ascending`, valid indices even where a value is missing (0 in an empty array), and bool
        (m,), whether the value stands there.

    Examples:
        >>> positions, found = find_sorted(np.array([10, 20, 30]), np.array([20, 25, 99]))
        >>> positions.tolist(), found.tolist()
        ([1, 2, 2], [True, False, False])
    """
    if not len(ascending):
        return np.zeros(wanted.shape, dtype=np.int64), np.zeros(wanted.shape, dtype=np.bool_)
    positions = np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)
    return positions, ascending[positions] == wanted


def places_of(ascending: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """As `find_sorted`, quicker for many numbers that lie near each other: by a table of all between the least and the largest.

    Args:
        ascending: int64 (n,), sorted, each once.
        wanted: int64 of any shape, in any order; what is returned is shaped alike.

    Examples:
        >>> places_of(np.array([10, 20]), np.array([20, 10, 15]))[1].tolist()
        [True, True, False]
    """
    if not len(ascending) or int(ascending[-1]) - int(ascending[0]) > 4 * len(wanted):
        return find_sorted(ascending, wanted)
    least = ascending[0]
    table = np.full(int(ascending[-1] - least) + 1, -1)
    table[ascending - least] = np.arange(len(ascending))
    places = np.where(wanted >= least, wanted - least, 0)
    places = table[np.minimum(places, len(table) - 1)]
    return np.maximum(places, 0), ascending[places] == wanted


def distinct_near(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct ones of some numbers, ascending; quicker than sorting where many lie near each other.

    Examples:
        >>> distinct_near(np.array([30, 10, 30])).tolist()
        [10, 30]
    """
    if not len(numbers) or int(numbers.max()) - int(numbers.min()) > 4 * len(numbers):
        return np.asarray(np.unique(numbers), dtype=np.int64)
    least = int(numbers.min())
    is_there = np.zeros(int(numbers.max()) - least + 1, dtype=np.bool_)
    is_there[numbers - least] = True
    return np.flatnonzero(is_there) + least


def factorize(values: NDArray[_V]) -> tuple[NDArray[_V], NDArray[np.int64]]:
    """Number values by their place among the distinct ones.

    Returns:
        The distinct values, ascending, and int64 of the shape of `values`, the place of each among them.

    Examples:
        >>> distinct, numbers = factorize(np.array([30, 10, 30]))
        >>> distinct.tolist(), numbers.tolist()
        ([10, 30], [1, 0, 1])
    """
    distinct, numbers = np.unique(values, return_inverse=True)
    return distinct, numbers.reshape(values.shape)


def positions_in_runs(counts: NDArray[Any]) -> NDArray[np.int64]:
    """Count up from 0 within each of n runs, int64 (sum of counts,).

    Examples:
        >>> positions_in_runs(np.array([2, 0, 3])).tolist()
        [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(counts)
    positions: NDArray[np.int64] = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    return positions


def ragged_index(offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the elements of some rows of a ragged array lie.

    Args:
        offsets: int64 (n + 1,).
        rows: int64 (m,), row numbers, may repeat.

    Returns:
        int64 (elements,) positions in the values, row after row, and int64 (m + 1,) offsets of the rows taken.

    Examples:
        >>> positions, offsets = ragged_index(np.array([0, 2, 5]), np.array([1, 0]))
        >>> positions.tolist(), offsets.tolist()
        ([2, 3, 4, 0, 1], [0, 3, 5])
    """
    counts = offsets[rows + 1] - offsets[rows]
    taken = offsets_from_counts(counts)
    return np.arange(taken[-1]) + np.repeat(offsets[rows] - taken[:-1], counts), taken
