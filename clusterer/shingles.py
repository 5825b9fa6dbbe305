"""Shingles: word hashes to ragged sets of 64-bit shingle hashes, and the sets in a form that can be compared.

A shingle is `size` neighbouring words (or letters, with one space between words) of one article. An article shorter
than that has one shingle, all of it, so that short equal texts still meet. Normalising and cutting boilerplate come
before; sketching comes after.

Source: Broder 1997, "On the resemblance and containment of documents", section 2.

Array letters: `n` articles, `s` shingles, `w` words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer import kernels
from clusterer.ragged import ragged_index
from clusterer.words import Words, mix, multipliers


@dataclass(frozen=True, slots=True)
class Ragged:
    """n rows of different lengths in one array.

    Attributes:
        values: (s,), row after row; uint64 for shingles.
        offsets: int64 (n + 1,); row i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64 (n,), the length of each row."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> NDArray[np.int64]:
        """int64 (s,), the row that each value is of."""
        return np.repeat(np.arange(len(self)), self.counts)


def word_shingles(words: Words, size: int = 3) -> Ragged:
    """The shingles of `size` words each, uint64, in reading order, repeats kept.

    An article of w words has ``max(w - size + 1, min(w, 1))`` of them.
    """
    return _shingles(words.hashes, words.offsets, size)


def char_shingles(words: Words, size: int = 12) -> Ragged:
    """The shingles of `size` letters each, uint64, in reading order, repeats kept.

    Raises:
        ValueError: `words` was made without letters.
    """
    if words.letters is None:
        raise ValueError("these words carry no letters; make them with hash_words(..., letters=True)")
    letters, ends = words.letters
    return _shingles(mix(letters.astype(np.uint64)), ends[words.offsets], size)


def unique_sets(shingles: Ragged) -> Ragged:
    """Each row's distinct values, sorted: sets that `similarity` can intersect.

    Of each hash the upper 54 bits are kept: rows are sorted in blocks of 1,024, the row number above the hash. Two
    sets of 1,000 shingles then share a false one with probability 1e6 / 2**54, one in eighteen thousand million.
    """
    low, counts = np.uint64(_BLOCK_BITS), []
    parts = []
    for start in range(0, len(shingles), 1 << _BLOCK_BITS):
        offsets = shingles.offsets[start : start + (1 << _BLOCK_BITS) + 1]
        values = shingles.values[offsets[0] : offsets[-1]] >> low
        rows = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint64), np.diff(offsets))
        values |= rows << np.uint64(64 - _BLOCK_BITS)
        values.sort()
        values = values[np.concatenate(([True], values[1:] != values[:-1]))] if len(values) else values
        counts.append(np.bincount((values >> np.uint64(64 - _BLOCK_BITS)).astype(np.int64), minlength=len(offsets) - 1))
        parts.append(values & np.uint64((1 << (64 - _BLOCK_BITS)) - 1))
    if not parts:
        return shingles
    return Ragged(np.concatenate(parts), np.concatenate(([0], np.cumsum(np.concatenate(counts)))))


_BLOCK_BITS = 10


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


def _shingles(hashes: NDArray[np.uint64], offsets: NDArray[np.int64], size: int) -> Ragged:
    counts = np.diff(offsets)
    total = len(hashes)
    made = np.maximum(counts - size + 1, np.minimum(counts, 1))
    out = np.concatenate(([0], np.cumsum(made)))
    if total == 0:
        return Ragged(np.zeros(0, dtype=np.uint64), out)
    factors = multipliers(size)
    if kernels.compiled:
        values = np.empty(int(out[-1]), dtype=np.uint64)
        kernels.compiled.shingle_rows(np.ascontiguousarray(hashes), offsets, factors, out, values)
        return Ragged(values, out)
    sums = hashes * factors[0]
    for k in range(1, min(size, total)):
        sums[: total - k] += hashes[k:] * factors[k]
    inside = np.ones(total, dtype=np.bool_)  # False where a shingle would run over its article's end
    for k in range(1, size):
        ends = offsets[1:] - k
        inside[ends[(ends >= offsets[:-1])]] = False
    short = np.flatnonzero((counts > 0) & (counts < size))
    if len(short):
        index, within = ragged_index(offsets, short)
        place = np.arange(len(index)) - np.repeat(within[:-1], np.diff(within))
        sums[offsets[short]] = np.add.reduceat(hashes[index] * factors[place], within[:-1])
        inside[offsets[short]] = True
    return Ragged(mix(sums[inside]), out)
