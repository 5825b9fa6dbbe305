"""Rubrics: titles of a word or two, such as "caricature", "pictures" or "weather", which head a new piece every day.

They tell nothing of what stands below them: where that has not a word, two of them are no one article. Groups nothing.

Array letters: `n` titles.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import run_starts
from clusterer.text.words import Words

TELLING = 3
"""Different words from which a title tells of one article."""


def are_rubrics(titles: Words) -> NDArray[np.bool_]:
    """Bool (n,): titles of fewer than `TELLING` different words.

    Example:
        >>> from clusterer.text.words import hash_words
        >>> are_rubrics(hash_words(["صور", "عاجل عاجل", "حالة الطقس", "إغلاق الميناء اليوم"])).tolist()
        [True, True, True, False]
    """
    title = np.repeat(np.arange(len(titles)), titles.counts)
    word, other = np.zeros(len(titles), dtype=np.uint64), np.ones(len(title), dtype=np.bool_)
    for _ in range(TELLING - 1):  # other words than the first of each title, then than the second
        at = np.flatnonzero(other)
        at = at[run_starts(title[at])]
        word[title[at]] = titles.hashes[at]
        other &= titles.hashes != word[title]
    rubrics: NDArray[np.bool_] = np.bincount(title[other], minlength=len(titles)) == 0
    return rubrics
