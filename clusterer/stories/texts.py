"""What enters the story level: each copy group as one text, with its title, span of dates and outlets.

Array letters: `n` articles, `d` documents, `t` copy groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize, offsets_from_counts, run_starts
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Growing, Ragged, take_rows
from clusterer.arrays.spill import Store
from clusterer.copies.documents import Documents
from clusterer.corpus import Corpus
from clusterer.stories import features, term_weights
from clusterer.stories.name_variants import one_spelling
from clusterer.text.stemming import NO_STEM

_BLOCK = 1 << 14  # texts whose stems are taken at a time


def story_texts(corpus: Corpus, documents: Documents, copies: NDArray[np.int64], threads: int = 1) -> StoryTexts:
    """What enters the story level: of each copy group the longest text, its title, the span of dates, the outlets."""
    words, titles, of_article = corpus.words, corpus.titles, documents.of_article
    assert words is not None
    assert titles is not None
    centres, text_of = factorize(copies)
    grouped = np.flatnonzero(of_article >= 0)
    text_of_article = text_of[of_article[grouped]]
    # Documents are numbered longest first; of equal ones the earliest article gives the title.
    dates = features.end_of_day(corpus.dates[grouped])
    order = grouped[np.lexsort((corpus.ranks[grouped], dates, of_article[grouped], text_of_article))]
    head = order[run_starts(text_of[of_article[order]])]
    if words.stems is None or titles.stems is None:
        raise ValueError("these words carry no stems; read them at the story level")
    short = centres >= documents.compared
    stems = _telling_rows(
        Ragged(words.stems, words.offsets), head, short, threads, corpus.store, term_weights.BODY_WORDS
    )
    heads = _telling_rows(Ragged(titles.stems, titles.offsets), head, short, threads, corpus.store)
    return StoryTexts(centres, text_of, head, stems, heads, *_span(corpus, grouped, text_of_article, len(centres)))


def _telling_rows(
    stems: Ragged,
    rows: NDArray[np.int64],
    short: NDArray[np.bool_],
    threads: int,
    store: Store,
    limit: int | None = None,
) -> Ragged:
    """`telling_stems` of some rows, of each the first `limit`, blocks of them on threads; in the store."""
    kept, counts = Growing(np.uint32, store), np.zeros(len(rows), dtype=np.int64)

    def of_block(start: int) -> Ragged:
        block = slice(start, start + _BLOCK)
        return telling_stems(Ragged(*take_rows(stems.values, stems.offsets, rows[block], limit)), short[block])

    starts = range(0, len(rows), _BLOCK)
    for start, taken in zip(starts, ordered_map(of_block, starts, threads), strict=True):
        kept.append(taken.values)
        counts[start : start + _BLOCK] = taken.counts
    return Ragged(kept.array(), offsets_from_counts(counts))


def telling_stems(rows: Ragged, short: NDArray[np.bool_]) -> Ragged:
    """Stems without those that only say when (`NO_STEM`), and without all of texts that are too short to be like others.

    Names stand in one spelling (`name_variants`).
    """
    rows = Ragged(one_spelling(rows.values), rows.offsets)
    kept = (rows.values != NO_STEM) & np.repeat(~short, rows.counts)
    if kept.all():
        return rows
    before = np.concatenate(([0], np.cumsum(kept)))
    return Ragged(rows.values[kept], before[rows.offsets])


def _span(
    corpus: Corpus, articles: NDArray[np.int64], texts: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], Ragged]:
    """First and last date of the articles of each text, and the outlets that print it."""
    dates = corpus.dates[articles]
    first, last = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(first, texts, dates)
    np.maximum.at(last, texts, np.where(np.isfinite(dates), dates, -np.inf))
    last[~np.isfinite(first)] = np.inf
    numbers = {name: number for number, name in enumerate(filter(None, dict.fromkeys(corpus.outlets)))}
    outlet = np.fromiter(map({**numbers, "": -1}.__getitem__, corpus.outlets), np.int64, len(corpus.outlets))[articles]
    known, width = outlet >= 0, max(len(numbers), 1)
    rows, printed = np.divmod(np.unique(texts[known] * width + outlet[known]), width)
    offsets = offsets_from_counts(np.bincount(rows, minlength=count))
    return first, last, Ragged(printed.astype(np.uint32), offsets)


@dataclass(frozen=True, slots=True)
class StoryTexts:
    """The t copy groups as texts to be compared.

    Attributes:
        centres: int64 (t,), the centre of each copy group.
        text_of: int64 (d,), the copy group of each document, 0 to t - 1.
        articles: int64 (t,), the article whose words and title stand for each.
        stems, titles: of the longest text of each group, as many of its words as count.
        first, last: float64 (t,), earliest and latest date in seconds, inf where unknown.
        outlets: uint32, ascending in each row, the numbers of the outlets that print each group.
    """

    centres: NDArray[np.int64]
    text_of: NDArray[np.int64]
    articles: NDArray[np.int64]
    stems: Ragged
    titles: Ragged
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    outlets: Ragged
