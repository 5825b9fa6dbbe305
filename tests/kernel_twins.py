"""What is compared between the compiled kernels and their NumPy twins: results of one call on both, bit by bit."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import mix
from clusterer.arrays.partitions import Partitions
from clusterer.arrays.ragged import Ragged

NEEDS_BOTH = pytest.mark.skipif(
    "compiled" not in kernels.modules, reason="no compiled kernels are here to be held against those in NumPy"
)
FEWER = settings(max_examples=60)


def parts(result: Any) -> Iterator[Any]:
    """The arrays and numbers that a result is made of."""
    if dataclasses.is_dataclass(result):
        result = [getattr(result, field.name) for field in dataclasses.fields(result)]
    if isinstance(result, list | tuple):
        for part in result:
            yield from parts(part)
    else:
        yield result


def assert_same(one: Any, other: Any) -> None:
    """Same types, same shapes, same bits."""
    for a, b in zip(parts(one), parts(other), strict=True):
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b


def agreed(function: Callable[[], Any]) -> Any:
    """What a function gives on the compiled kernels, after a look that those in NumPy, and plain instructions, give it too."""
    before, results, use_wide = kernels.active, [], kernels.modules["compiled"]._use_wide
    try:
        for name, most in (("compiled", 2), ("compiled", 1), ("compiled", 0), ("numpy", 0)):
            kernels.use(name)
            use_wide(most)
            results.append(function())
    finally:
        kernels.use(before)
        use_wide(2)
    compiled, *others = results
    for other in others:
        assert_same(compiled, other)
    return compiled


def ragged_of(rows: Sequence[Sequence[int]], dtype: type = np.uint64) -> Ragged:
    """Rows of numbers as one array and offsets."""
    flat = np.array(list(itertools.chain.from_iterable(rows)), dtype=dtype)
    return Ragged(flat, np.cumsum([0, *map(len, rows)], dtype=np.int64))


def mixed(rows: Sequence[Sequence[int]]) -> Ragged:
    """Rows of small numbers as hashes, which differ in their upper bits."""
    plain = ragged_of(rows)
    return Ragged(mix(plain.values), plain.offsets)


def pairs_of(pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """int64 (m, 2), for no pair too."""
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def rows_and_pairs(member: st.SearchStrategy[int], most: int = 12) -> st.SearchStrategy[tuple[list, list]]:
    """Some rows, and pairs of them in any order, again and again, or of a row with itself."""

    def with_pairs(rows: list[list[int]]) -> st.SearchStrategy[tuple[list, list]]:
        number = st.integers(0, len(rows) - 1)
        return st.tuples(st.just(rows), st.lists(st.tuples(number, number), max_size=12))

    return st.lists(st.lists(member, max_size=most), min_size=1, max_size=6).flatmap(with_pairs)


def parted(values: NDArray[np.uint64]) -> Partitions:
    """One part that holds all values."""
    parts = Partitions()
    parts.append(values.view(np.int64))
    return parts
