"""Which lines of added articles have become boilerplate of their outlet, and who holds these lines already."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import find_sorted
from clusterer.corpus import title_words
from clusterer.index.articles import StoredWords, in_learned_lines, stored_words
from clusterer.index.changes import Changes, release_documents, stories_of_articles
from clusterer.index.keys import keys_of
from clusterer.index.open_index import OpenIndex
from clusterer.text import boilerplate
from clusterer.text.words import Words, concatenate


class Arrivals(NamedTuple):
    """Stored articles that hold no document yet, in ascending order of their numbers.

    Attributes:
        numbers: int64 (n,).
        outlets: name of each one's outlet, "" where unknown.
        words: of the texts; lines that were learned are still in.
        titles: of the articles.
    """

    numbers: NDArray[np.int64]
    outlets: list[str]
    words: Words
    titles: list[str]


def learn_lines(index: OpenIndex, changes: Changes, arrivals: Arrivals) -> Arrivals:
    """Learn which lines of arriving articles are boilerplate by now.

    Stored articles that hold such a line leave their documents and arrive anew, with these.

    Returns:
        All articles that need a document.
    """
    segments = boilerplate.segments(arrivals.words, arrivals.outlets)
    keys = segments.keys
    index.postings.stage(keys_of(keys, "line"), arrivals.numbers[segments.article])
    learned = _lines_to_learn(index, sorting.distinct(keys[~find_sorted(index.learned_lines, keys)[1]]))
    if not len(learned):
        return arrivals
    index.database.write_many(
        "INSERT OR IGNORE INTO furniture VALUES (?)", [(line,) for line in learned.view(np.int64).tolist()]
    )
    _, holders = index.postings.find(np.unique(keys_of(learned, "line")), every=True)
    stored = stored_words(index, np.unique(holders))
    segments = boilerplate.segments(stored.words, stored.outlets)
    numbers = np.array(stored.numbers, dtype=np.int64)
    rows = np.unique(segments.article[np.isin(segments.keys, learned)])
    holder_numbers = np.setdiff1d(numbers[rows], arrivals.numbers)
    changes.inherited_story |= stories_of_articles(index, holder_numbers.tolist())
    release_documents(index, changes, holder_numbers)
    changes.articles.update(holder_numbers.tolist())
    index.learned_lines = np.union1d(
        index.learned_lines, learned
    )  # from here on: what went had its stems by the old ones
    return _joined(arrivals, stored, np.searchsorted(numbers, holder_numbers))


def _lines_to_learn(index: OpenIndex, unknown: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The keys of lines, uint64, that stand in so many otherwise different articles that they are boilerplate.

    Args:
        index: that holds the articles.
        unknown: uint64, ascending, keys of lines that are not learned yet.
    """
    short = sorting.distinct(keys_of(unknown, "line"))
    which, holders = index.postings.find(short, 1 << 32)
    often = np.bincount(which, minlength=len(short)) >= boilerplate.MIN_SUPPORT
    holders = sorting.distinct(holders[often[which]])
    if not len(holders):
        return np.zeros(0, dtype=np.uint64)
    _, outlets, words, titles = stored_words(index, holders)
    is_boilerplate = in_learned_lines(index, words, outlets)
    words = words.keep(~is_boilerplate) if is_boilerplate.any() else words
    _, lines = boilerplate.learned_lines(words, outlets, title_words(titles, index.settings))
    return lines


def _joined(arrivals: Arrivals, stored: StoredWords, rows: NDArray[np.int64]) -> Arrivals:
    """Arriving articles and some rows of stored ones, in ascending order of their numbers."""
    numbers = np.append(arrivals.numbers, np.array(stored.numbers, dtype=np.int64)[rows])
    order = np.argsort(numbers, kind="stable")
    outlets = [*arrivals.outlets, *(stored.outlets[i] for i in rows.tolist())]
    titles = [*arrivals.titles, *(stored.titles[i] for i in rows.tolist())]
    words = concatenate([arrivals.words, stored.words.take(rows)]).take(order)
    places = order.tolist()
    return Arrivals(numbers[order], [outlets[i] for i in places], words, [titles[i] for i in places])
