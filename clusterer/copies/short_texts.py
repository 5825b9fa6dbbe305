"""Short texts: headlines, posts, tickers. A few shared words make much of one; near-duplicates share all but one.

What only says when (`text.date_words`) counts for nothing: six headlines of one day share its date. Only looks at pairs that
are alike by their shingles already.

Array letters: `n` texts, `w` words, `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.text.date_words import date_words
from clusterer.text.words import Words

SHORT_WORDS = 12
"""Words up to which a text is short."""
MISSING = 1
"""Words of a short text that its near-duplicate may lack."""
FEWEST = 3
"""Words that near-duplicates share at least: of shorter texts only identical ones are one."""


def share_words(words: Words, pairs: NDArray[np.int64], profile: str) -> NDArray[np.bool_]:
    """Tell which pairs of texts share all but `MISSING` of the longer text's words, bool (m,); True where both are long.

    Args:
        words: of n texts.
        pairs: int64 (m, 2), rows of `words`.
        profile: that the words were folded by.
    """
    share = np.ones(len(pairs), dtype=np.bool_)
    counts = words.counts
    asked = np.flatnonzero(counts[pairs].min(axis=1, initial=SHORT_WORDS + 1) <= SHORT_WORDS)
    if not len(asked):
        return share
    rows, local = np.unique(pairs[asked], return_inverse=True)
    told = words.take(rows)
    told = told.keep(~date_words(told, profile))
    texts = [told.hashes[a:z].tolist() for a, z in zip(told.offsets[:-1], told.offsets[1:], strict=True)]
    for k, (a, b) in zip(asked.tolist(), local.reshape(-1, 2).tolist(), strict=True):
        shorter, longer = sorted((texts[a], texts[b]), key=len)
        left = list(longer)
        shared = 0
        for word in shorter:
            if word in left:
                left.remove(word)
                shared += 1
        share[k] = shared >= max(len(longer) - MISSING, FEWEST)
    return share
