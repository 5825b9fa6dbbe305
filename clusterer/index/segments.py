"""segments: see clusterer.postings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import factorize
from clusterer.lsh import buckets

PAGE = 504
"""Entries a page: with its row's head it fills one page of SQLite's."""
KEPT = 1 << 30
"""Keys below keep all their numbers, however many."""
_SHIFT, _NUMBER = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment without its entries; fields as in the table."""

    number: int
    firsts: NDArray[np.uint64]
    documents: NDArray[np.uint32]
    held: NDArray[np.uint16]
    stems: NDArray[np.uint32]
    changes: NDArray[np.int32]

    @property
    def entries(self) -> int:
        """About how many it has."""
        return len(self.firsts) * PAGE


_NONE = np.zeros(0, dtype=np.uint64)


def _read(number: int, firsts: bytes, documents: bytes, stems: bytes) -> _Segment:
    n, v = len(documents) // 6, len(stems) // 8
    return _Segment(
        number,
        np.frombuffer(firsts, dtype="<u8"),
        np.frombuffer(documents, dtype="<u4", count=n),
        np.frombuffer(documents, dtype="<u2", offset=4 * n),
        np.frombuffer(stems, dtype="<u4", count=v),
        np.frombuffer(stems, dtype="<i4", offset=4 * v),
    )


def _hits(entries: NDArray[np.uint64], keys: NDArray[np.uint64], most: int) -> NDArray[np.uint64]:
    """Of every key the last `most` entries, uint64 (h,): its place in `keys` above the number."""
    starts, counts = np.empty((2, len(keys)), dtype=np.int64)
    kernels.bucket_bounds(entries, np.ascontiguousarray(keys), most, starts, counts)
    hit = np.flatnonzero(counts)
    if not len(hit):
        return _NONE
    starts, counts = starts[hit], counts[hit]
    before = np.cumsum(counts) - counts
    found = entries[np.repeat(starts - before, counts) + np.arange(int(before[-1] + counts[-1]))] & _NUMBER
    found |= np.repeat(hit.astype(np.uint64) << _SHIFT, counts)
    return found


def _merged(a: NDArray[np.uint64], b: NDArray[np.uint64], most: int) -> NDArray[np.uint64]:
    """The entries of both, ascending, each once. Of every key from `KEPT` on `most`: the first `lsh.HUBS`, so that who comes
    later meets the same ones, and the last, which stay longest."""
    out = np.empty(len(a) + len(b), dtype=np.uint64)
    count = kernels.merge_entries(a, b, buckets.HUBS, most, KEPT << 32, out)
    return out[:count]


def _summed(
    parts: list[tuple[NDArray[np.uint32], NDArray[np.int32]]],
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Changes of several segments as one; stems that no text holds any more are left out."""
    if not parts:
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int32)
    stems, inverse = factorize(np.concatenate([s for s, _ in parts]))
    sums = np.bincount(inverse, weights=np.concatenate([c for _, c in parts]), minlength=len(stems)).astype(np.int32)
    return stems[sums != 0], sums[sums != 0]
