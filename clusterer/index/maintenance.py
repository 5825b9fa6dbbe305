"""Keys that mean nothing any more, and learned lines that no article has, cleaned away."""

from __future__ import annotations

import numpy as np

from clusterer.arrays.indexing import factorize
from clusterer.index.keys import keys_of
from clusterer.index.open_index import OpenIndex

_DEAD, _FEW = 3, 100  # segments are cleaned when one number in so many of theirs means nothing any more


def clean(index: OpenIndex) -> None:
    """Put all keys into one segment, without those of articles that are gone, and forget lines that no article has."""
    index.postings.flush(all_of_it=True)
    lines = index.learned_lines
    keys, place = factorize(keys_of(lines, "line"))
    which, _ = index.postings.find(keys)
    unseen = lines[~np.isin(place, which)]
    index.database.write_many(
        "DELETE FROM furniture WHERE line = ?", [(line,) for line in unseen.view(np.int64).tolist()]
    )
    index.learned_lines = np.setdiff1d(lines, unseen)


def clean_if_worn(index: OpenIndex) -> None:
    """Clean an index of whose keys a third means nothing any more."""
    state = index.database.state
    if state["dead"] * _DEAD > state["articles"] + _FEW:
        clean(index)
