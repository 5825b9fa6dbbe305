"""Quotations: runs of words that articles have in common with texts they must not hold, such as those of a benchmark.

A run is so many words in a row, folded as all words are, in a text or a title; boilerplate counts. Word by word the same, never
about the same: that is what `copies` is for. Texts shorter than a run hold none and are counted.

Source: Brown et al. 2020, "Language models are few-shot learners", appendix C: overlaps of 13 words.

Array letters: `n` articles, `w` words, `x` runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted
from clusterer.arrays.ragged import Growing
from clusterer.articles import Article, name_of
from clusterer.errors import InputError
from clusterer.progress import Progress, silent
from clusterer.settings import Settings
from clusterer.text.shingles import word_shingles
from clusterer.text.words import Words, hash_words

LONGEST = 1000
"""Words that a run may have."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage of an article that stands word by word in a text compared against.

    Attributes:
        quoted, quoted_place: id and place of that text, the first of those that hold it.
        words: how many.
        field: where it stands in the article, "text" or "title".
        start, stop: its first and past-the-last character there.
        passage: as the article spells it.
    """

    quoted: str
    quoted_place: int
    words: int
    field: str
    start: int
    stop: int
    passage: str


@dataclass(frozen=True, slots=True)
class BenchmarkRuns:
    """The runs of words of the texts compared against.

    Attributes:
        length: words of a run.
        profile: how letters fold.
        hashes: uint64 (x,), ascending, distinct.
        owners: int64 (x,), the first text that holds each.
        ids: of all texts.
        short: texts of words that hold no run, in text and title.
    """

    length: int
    profile: str
    hashes: NDArray[np.uint64]
    owners: NDArray[np.int64]
    ids: tuple[str, ...]
    short: int


def benchmark_runs(articles: Iterable[Article], length: int, settings: Settings) -> BenchmarkRuns:
    """The runs of words of texts.

    Args:
        articles: the texts, with titles.
        length: words of a run.
        settings: how letters fold.

    Raises:
        InputError: the length is out of range, or no text is as long: who looks for nothing must not seem to find nothing.
    """
    if not 1 <= length <= LONGEST:
        raise InputError(f"quote is {length}; it must be from 1 to {LONGEST} words; cure: 13 is usual")
    hashes, owners, ids, short = Growing(np.uint64), Growing(np.int64), list[str](), 0
    for chunk in _chunks(articles, settings.chunk):
        held = np.zeros(len(chunk), dtype=np.bool_)
        worded = np.zeros(len(chunk), dtype=np.bool_)
        for texts in ([a.text for a in chunk], [a.title for a in chunk]):
            words = hash_words(texts, settings.profile)
            values, rows, _ = _runs(words, length)
            hashes.append(values)
            owners.append(rows + len(ids))
            held[rows] = True
            worded |= words.counts > 0
        short += int((worded & ~held).sum())
        ids.extend(map(name_of, chunk))
    found, of = hashes.array(), owners.array()
    if not len(found):
        what = f"none of {len(ids):,} articles has {length} words" if ids else "there is no article"
        raise InputError(f"against: {what}, so nothing would be looked for; cure: a lower quote, or see what it holds")
    order = np.lexsort((of, found))
    found, of = found[order], of[order]
    first = np.append(True, found[1:] != found[:-1])
    return BenchmarkRuns(length, settings.profile, found[first], of[first], tuple(ids), short)


def find_quotes(
    articles: Iterable[Article], runs: BenchmarkRuns, chunk: int = 1024, progress: Progress | None = None
) -> Iterator[tuple[Article, int, tuple[Quote, ...]]]:
    """The articles with their number of words and what they quote; articles without a quotation as well.

    Args:
        articles: read once, some at a time.
        runs: of the texts compared against.
        chunk: articles worked on at a time.
        progress: told how far the work is.
    """
    tell = progress or silent
    for some in _chunks(articles, chunk):
        tell("reading", len(some))
        quotes: list[list[Quote]] = [[] for _ in some]
        total = np.zeros(len(some), dtype=np.int64)
        for field in ("title", "text"):
            texts = [getattr(article, field) for article in some]
            words = hash_words(texts, runs.profile)
            total += words.counts
            values, rows, places = _runs(words, runs.length)
            at, found = find_sorted(runs.hashes, values)
            for row in np.unique(rows[found]).tolist():
                inside = found & (rows == row)
                quotes[row] += _quotes(texts[row], field, places[inside], runs.owners[at[inside]], runs)
        yield from zip(some, total.tolist(), map(tuple, quotes), strict=True)


def _runs(words: Words, length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Of every run of so many words its hash, its text, and the place of its first word there."""
    runs = word_shingles(words, length)
    rows = np.repeat(np.arange(len(words)), runs.counts)
    whole = words.counts[rows] >= length
    places = np.arange(len(rows)) - runs.offsets[rows]
    return runs.values[whole], rows[whole], places[whole]


def _quotes(
    text: str, field: str, places: NDArray[np.int64], owners: NDArray[np.int64], runs: BenchmarkRuns
) -> list[Quote]:
    """Runs of one text that overlap or touch, put together, in reading order."""
    spans = hash_words([text], runs.profile, positions=True).spans
    assert spans is not None
    new = np.append(True, (places[1:] > places[:-1] + runs.length) | (owners[1:] != owners[:-1]))
    starts = np.flatnonzero(new)
    stops = np.append(starts[1:], len(places)) - 1
    out = []
    for a, z in zip(starts.tolist(), stops.tolist(), strict=True):
        first, last = int(places[a]), int(places[z]) + runs.length - 1
        start, stop, owner = int(spans[first, 0]), int(spans[last, 1]), int(owners[a])
        out.append(Quote(runs.ids[owner], owner, last - first + 1, field, start, stop, text[start:stop]))
    return out


def _chunks(articles: Iterable[Article], size: int) -> Iterator[list[Article]]:
    remaining = iter(articles)
    while chunk := list(islice(remaining, size)):
        yield chunk
