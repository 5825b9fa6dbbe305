"""Bitmaps of shingle sets: pairs that they rule out need not be verified. It never rules out what verifying would keep.

Buckets bring together texts that have a phrase or two in common, the more of them the larger a feed is; a look at a few words of
memory tells most of them from copies.

Source: Sandes, Teodoro and Melo 2020, "Bitmap filter: Speeding up exact set similarity joins with bitwise operations".

Array letters: `n` articles, `x` words of all bitmaps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import offsets_from_counts
from clusterer.arrays.ragged import Growing, Ragged

_SHINGLES = 8  # shingles a word of 64 bits at most: eight bits each, so that most bits stay free, of twice as many too
MANY = 1 << 28
"""Shingles of a feed from which on bitmaps have half their size: of so many they are half a gigabyte, two bytes a shingle."""


@dataclass(frozen=True, slots=True)
class Bitmaps:
    """Bitmaps of n sets.

    Attributes:
        words: uint64 (x,).
        offsets: int64 (n + 1,); set i has the words ``offsets[i]:offsets[i + 1]``.
        counts: int32 (n,), members of each, repeats too.
    """

    words: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int32]

    def possible(self, codes: NDArray[np.int64], least: float) -> NDArray[np.int64]:
        """The codes, int64 ``first * n + second``, of pairs that may have a containment of `least`; written over the first."""
        return codes[: kernels.possible_codes(self.words, self.offsets, self.counts, codes, least, codes)]


class GrowingBitmaps:
    """Bitmaps that are added block by block; in memory, for any two of them are looked at, again and again."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._words, self._sizes, self._counts = Growing(np.uint64), Growing(np.int64), Growing(np.int32)

    def append(self, made: Bitmaps) -> None:
        """Add those of the next sets."""
        self._words.append(made.words)
        self._sizes.append(np.diff(made.offsets))
        self._counts.append(made.counts)

    def whole(self) -> Bitmaps:
        """All of them; nothing is left here."""
        return Bitmaps(self._words.array(), offsets_from_counts(self._sizes.array()), self._counts.array())


def bitmaps_of(shingles: Ragged, are_small: bool = False) -> Bitmaps:
    """The bitmaps of n sets of shingles, each as large as its set asks for; small ones of half that size rule out less."""
    counts = shingles.counts
    sizes = 1 << np.frexp((counts - 1) // (2 * _SHINGLES if are_small else _SHINGLES))[1].astype(np.int64)
    offsets = offsets_from_counts(sizes)
    words = np.zeros(int(offsets[-1]), dtype=np.uint64)
    kernels.set_bitmaps(shingles.values, shingles.offsets, offsets, words)
    return Bitmaps(words, offsets, counts.astype(np.int32))
