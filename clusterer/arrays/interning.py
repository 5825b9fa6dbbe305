"""Interning: values to their places among the distinct ones, on threads.

Array letters: `n` values, `v` distinct ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.parallel import ordered_map, workers

_BLOCK = 1 << 22  # values that a thread works on at a time


def intern(values: NDArray[np.uint32], out: NDArray[np.uint32], threads: int = 1) -> NDArray[np.uint32]:
    """The distinct values, uint32 (v,), ascending; `out`, uint32 (n,), gets the place of each value among them."""
    values = np.ascontiguousarray(values)
    if workers(threads) == 1 or len(values) <= _BLOCK:
        return kernels.intern(values, out)
    starts = range(0, len(values), _BLOCK)

    def of_block(start: int) -> NDArray[np.uint32]:
        return kernels.intern(values[start : start + _BLOCK], out[start : start + _BLOCK])

    found = [*ordered_map(of_block, starts, threads)]
    distinct = np.unique(np.concatenate(found))

    def place(start: int) -> None:
        block = out[start : start + _BLOCK]
        np.take(np.searchsorted(distinct, found[start // _BLOCK]).astype(np.uint32), block, out=block, mode="clip")

    for _ in ordered_map(place, starts, threads):
        pass
    return distinct
