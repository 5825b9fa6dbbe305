"""Beginnings and ends of lines: a hash of the first words, however many, without a look at each of them again.

What they are hashed for is decided in `boilerplate`.

Array letters: `w` words, `x` lines, `m` of these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import mix, multipliers
from clusterer.arrays.indexing import offsets_from_counts, positions_in_runs


class Runs:
    """The beginnings, or the ends read backwards, of x lines."""

    def __init__(
        self,
        hashes: NDArray[np.uint64],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        backwards: bool,
        longest: int,
        salts: NDArray[np.uint64],
    ) -> None:
        """Sum up the first words, or the last, of each line times factors of their place; and hash them pair by pair.

        Args:
            hashes: uint64 (w,), of words.
            starts, lengths: int64 (x,), the first word of each line, and how many it has.
            backwards: read from the end.
            longest: words of a line that are looked at.
            salts: uint64 (2,), by which a pair of words is hashed.
        """
        counts = np.minimum(lengths, longest)
        self._offsets = offsets_from_counts(counts)
        place = positions_in_runs(counts)
        first = starts + lengths - 1 if backwards else starts
        held = hashes[np.repeat(first, counts) + (-place if backwards else place)]
        sums = np.cumsum(held * multipliers(longest)[place], dtype=np.uint64)
        self._sums = np.concatenate((np.zeros(1, dtype=np.uint64), sums))
        pairs = mix(held[:-1] * salts[0] + held[1:] * salts[1])
        self._pairs = np.append(pairs, np.zeros(2, dtype=np.uint64))  # so that a range may end with the last

    def hashes(self, rows: NDArray[np.int64], size: int) -> NDArray[np.uint64]:
        """uint64 (m,): a hash of the first words of some lines."""
        return mix(self._sums[self._offsets[rows] + size] - self._sums[self._offsets[rows]])

    def beside(self, rows: NDArray[np.int64], start: int, size: int) -> NDArray[np.uint64]:
        """Return uint64 (m,): of some lines the least of the pairs in `size` words from `start` on.

        Lines that go on alike mostly share it, though a word differ.
        """
        if not len(rows):
            return np.zeros(0, dtype=np.uint64)
        first = self._offsets[rows] + start
        last = np.minimum(first + size, self._offsets[rows + 1]) - 1
        return np.minimum.reduceat(self._pairs, np.stack([first, last], axis=1).ravel())[::2]
