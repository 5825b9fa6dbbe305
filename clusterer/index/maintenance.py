"""What keeps an index small: which articles expire, and keys that mean nothing any more."""

from __future__ import annotations

import numpy as np

from clusterer.arrays.indexing import factorize
from clusterer.index.keys import keys_of
from clusterer.index.open_index import OpenIndex

_DEAD, _FEW = 3, 100  # segments are cleaned when one number in so many of theirs means nothing any more


def expired_articles(
    index: OpenIndex, before: float | None, max_articles: int | None, max_bytes: int | None
) -> set[int]:
    """Numbers of the oldest articles, which are beyond a limit.

    An article is as old as its date, or, where it has none, as its stay in the index.

    Args:
        index: that holds them.
        before: those older than this, in seconds since 1970.
        max_articles: all but so many.
        max_bytes: about as many as make the file's pages in use at most so large.
    """
    database = index.database
    out = set[int]()
    if before is not None:
        rows = database.rows("SELECT number FROM article WHERE coalesce(date, added) < ?", before)
        out = {number for (number,) in rows}
    count = database.state["articles"]
    surplus = 0 if max_articles is None else count - max_articles
    if max_bytes is not None and (used := database.bytes_used) > max_bytes:
        surplus = max(surplus, min(count, int(count * (1 - max_bytes / used)) + 1))
    if surplus > len(out):
        rows = database.rows("SELECT number FROM article ORDER BY coalesce(date, added), number LIMIT ?", surplus)
        out |= {number for (number,) in rows}
    return out


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
