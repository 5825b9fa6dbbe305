"""hashing: see clusterer.shingles, clusterer.words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels


def run_hashes_of(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], size: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Every run of `size` neighbours in rows of hashes, none across a row's end.

    Returns:
        uint64 (x,) hashes of the runs, int64 (x,) where each starts in `hashes`, int64 (x,) the row it is of.
    """
    counts = np.maximum(np.diff(offsets) - size + 1, 0)
    ends = np.cumsum(counts)
    starts = np.arange(ends[-1] if len(ends) else 0) + np.repeat(offsets[:-1] - (ends - counts), counts)
    return run_hashes_at(hashes, starts, size), starts, np.repeat(np.arange(len(counts)), counts)


def run_hashes_at(hashes: NDArray[np.uint64], starts: NDArray[np.int64], size: int) -> NDArray[np.uint64]:
    """uint64 (x,), the hashes of the runs of `size` neighbours that start at some places, int64 (x,)."""
    factors = multipliers(size)
    sums = hashes[starts] * factors[0]
    for k in range(1, size):
        sums += hashes[starts + k] * factors[k]
    return mix(sums)


_BLOCK = 1024  # articles or runs worked on at a time
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GAMMA = 0x9E3779B97F4A7C15
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The SplitMix64 finalizer: a bijection on 64 bits in which every input bit sways every output bit."""
    out = hashes ^ (hashes >> _S30)
    out *= _M1
    out ^= out >> _S27
    out *= _M2
    out ^= out >> _S31
    return out


def multipliers(count: int) -> NDArray[np.uint64]:
    """uint64 (count,), odd constants for position-dependent sums of hashes."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GAMMA)
    return mix(steps) | np.uint64(1)


def hash_runs(hashes: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One hash, uint64 (x,), of each run of hashes in its order: ``starts[i]:starts[i + 1]``, the last to the end.

    `starts`, int64 (x,), ascends strictly. A sum of hashes times factors of their place in the run; the factors follow no
    line, or "A B ... B A" and "B A ... A B" would be one.
    """
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    ends = np.append(starts[1:], len(hashes))
    factors = multipliers(int((ends - starts).max()))
    out = np.empty(len(starts), dtype=np.uint64)
    if kernels.compiled:
        kernels.compiled.hash_runs(np.ascontiguousarray(hashes), np.ascontiguousarray(starts), factors, out)
        return out
    for first in range(0, len(starts), _BLOCK):  # block by block, so that what lies between stays in the cache
        begin, end = starts[first : first + _BLOCK], ends[first : first + _BLOCK]
        base, lengths = int(begin[0]), end - begin
        place = np.arange(int(end[-1]) - base) - np.repeat(begin - base, lengths)
        products = factors[place]
        products *= hashes[base : int(end[-1])]
        out[first : first + _BLOCK] = np.add.reduceat(products, begin - base) + lengths.astype(np.uint64)
    return mix(out)
