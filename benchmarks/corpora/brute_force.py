"""Brute force: every pair of a feed's distinct texts that is a copy or a cut, by a sparse product of shingle sets.

The oracle of recall and precision; shares the shingles with what it judges, and nothing after them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from clusterer.arrays.indexing import factorize
from clusterer.arrays.ragged import Ragged


@dataclass(frozen=True, slots=True)
class Truth:
    """All pairs with a containment of 0.3 or more.

    Attributes:
        pairs: int64 (m, 2), first < second, sorted.
        jaccard, containment: float64 (m,).
        smaller: int64 (m,), distinct shingles of the smaller set.
    """

    pairs: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    smaller: NDArray[np.int64]


def brute_force(shingles: Ragged, least: float = 0.3) -> Truth:
    """Compare every row of `shingles` with every other, 64-bit hashes, in blocks of 500 rows."""
    columns, index = factorize(shingles.values)
    n = len(shingles)
    # Copied: summing duplicates works in place.
    offsets = shingles.offsets.copy()
    sets = csr_array((np.ones(len(index), dtype=np.int32), index, offsets), shape=(n, len(columns)))
    sets.sum_duplicates()
    sets.data[:] = 1
    sizes = np.diff(sets.indptr)
    other = sets.T.tocsr()
    pairs, shared = [], []
    for start in range(0, n, 500):
        block = (sets[start : start + 500] @ other).tocoo()
        rows, cols = block.coords[0] + start, block.coords[1]
        kept = (rows < cols) & (block.data >= least * np.minimum(sizes[rows], sizes[cols]))
        pairs.append(np.stack([rows[kept], cols[kept]], axis=1).astype(np.int64))
        shared.append(block.data[kept])
    found, both = np.concatenate(pairs), np.concatenate(shared)
    order = np.lexsort((found[:, 1], found[:, 0]))
    found, both = found[order], both[order]
    small, large = sizes[found].min(axis=1), sizes[found].max(axis=1)
    return Truth(found, both / (small + large - both), both / np.maximum(small, 1), small)
