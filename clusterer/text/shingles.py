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
from clusterer.arrays.spill import relieve
from clusterer.text.words import Words

_ROWS = 1 << 10  # looked at at a time: pages of a file must go soon


def word_shingles(words: Words, size: int = 3, articles: NDArray[np.int64] | None = None) -> Ragged:
    """The shingles of `size` words each, uint64, in reading order, repeats kept.

    An article of w words has ``max(w - size + 1, min(w, 1))`` of them.

    Args:
        words: of n articles.
        size: words a shingle.
        articles: int64, which ones are asked for, in this order; all where None.
    """
    return _shingles(words.hashes, words.offsets, size, articles)


def char_shingles(words: Words, size: int = 12, articles: NDArray[np.int64] | None = None) -> Ragged:
    """The shingles of `size` letters each, uint64, in reading order, repeats kept; arguments as of `word_shingles`.

    Raises:
        ValueError: `words` was made without letters.
    """
    if articles is not None:
        words = words.take(articles)
    if words.letters is None:
        raise ValueError("these words carry no letters; make them with hash_words(..., letters=True)")
    letters, ends = words.letters
    return _shingles(mix(letters.astype(np.uint64)), ends[words.offsets], size)


def _shingles(
    hashes: NDArray[np.uint64], offsets: NDArray[np.int64], size: int, rows: NDArray[np.int64] | None = None
) -> Ragged:
    rows = np.arange(len(offsets) - 1) if rows is None else np.ascontiguousarray(rows)
    counts = offsets[rows + 1] - offsets[rows]
    out = offsets_from_counts(np.maximum(counts - size + 1, np.minimum(counts, 1)))
    values = np.empty(int(out[-1]), dtype=np.uint64)
    hashes, factors = np.ascontiguousarray(hashes), multipliers(size)
    for start in range(0, len(rows) if len(values) else 0, _ROWS):
        some = rows[start : start + _ROWS]
        kernels.shingle_rows(hashes, offsets, some, factors, out[start : start + len(some) + 1], values)
        relieve()
    return Ragged(values, out)
