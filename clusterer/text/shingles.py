"""Shingles: word hashes to ragged sets of 64-bit shingle hashes, and the sets in a form that can be compared.

A shingle is `size` neighbouring words (or letters, with one space between words) of one article. An article shorter
than that has one shingle, all of it, so that short equal texts still meet. Normalising and cutting boilerplate come
before; sketching comes after.

Source: Broder 1997, "On the resemblance and containment of documents", section 2.

Array letters: `n` articles, `s` shingles, `w` words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import mix, multipliers
from clusterer.arrays.indexing import offsets_from_counts
from clusterer.arrays.ragged import Ragged
from clusterer.text.words import Words


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


def _shingles(hashes: NDArray[np.uint64], offsets: NDArray[np.int64], size: int) -> Ragged:
    counts = np.diff(offsets)
    total = len(hashes)
    made = np.maximum(counts - size + 1, np.minimum(counts, 1))
    out = offsets_from_counts(made)
    values = np.empty(int(out[-1]), dtype=np.uint64)
    if total:
        kernels.shingle_rows(np.ascontiguousarray(hashes), offsets, multipliers(size), out, values)
    return Ragged(values, out)
