"""Hashes of 64 bits: one mixed, several summed to one whose order counts. No text is hashed here.

Mixing: multiply and xor-shift with the constants of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", section 4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MULTIPLIER_1, MULTIPLIER_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
GAMMA = 0x9E3779B97F4A7C15
SHIFT_30, SHIFT_27, SHIFT_31 = np.uint64(30), np.uint64(27), np.uint64(31)


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Apply the SplitMix64 finalizer: a bijection on 64 bits in which every input bit sways every output bit.

    Examples:
        >>> [hex(value) for value in mix(np.array([0, 1], dtype=np.uint64)).tolist()]
        ['0x0', '0x5692161d100b05e5']
    """
    out = hashes ^ (hashes >> SHIFT_30)
    out *= MULTIPLIER_1
    out ^= out >> SHIFT_27
    out *= MULTIPLIER_2
    out ^= out >> SHIFT_31
    return out


def multipliers(count: int) -> NDArray[np.uint64]:
    """Return odd constants, uint64 (count,), for sums of hashes in which the position counts."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA)
    return mix(steps) | np.uint64(1)


def run_positions(offsets: NDArray[np.int64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where every run of `size` neighbours begins in rows of values, none across a row's end.

    Args:
        offsets: int64 (n + 1,), of the rows.
        size: values a run.

    Returns:
        int64 (x,) positions at which a run begins, ascending, and int64 (x,), the row of each run.

    Examples:
        >>> starts, rows = run_positions(np.array([0, 4, 5, 8]), 3)
        >>> starts.tolist(), rows.tolist()
        ([0, 1, 5], [0, 0, 2])
    """
    counts = np.maximum(np.diff(offsets) - size + 1, 0)
    ends = np.cumsum(counts)
    starts = np.arange(ends[-1] if len(ends) else 0) + np.repeat(offsets[:-1] - (ends - counts), counts)
    return starts, np.repeat(np.arange(len(counts)), counts)


def run_hashes_of(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], size: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Hash every run of `size` neighbours in rows of hashes, none across a row's end.

    Returns:
        uint64 (x,) hashes of the runs, and of each run where it begins in `hashes` and its row, int64 (x,).
    """
    starts, rows = run_positions(offsets, size)
    return run_hashes_at(hashes, starts, size), starts, rows


def run_hashes_at(hashes: NDArray[np.uint64], starts: NDArray[np.int64], size: int) -> NDArray[np.uint64]:
    """Hash the runs of `size` neighbours that begin at some positions, int64 (x,); gives uint64 (x,)."""
    return mixed_sums(hashes, starts, multipliers(size))


def mixed_sums(
    hashes: NDArray[np.uint64], starts: NDArray[np.int64], factors: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the mixed sum, uint64 (x,), of ``hashes[start + i] * factors[i]`` for each of x starts, int64."""
    sums = hashes[starts] * factors[0]
    for k in range(1, len(factors)):
        sums += hashes[starts + k] * factors[k]
    return mix(sums)
