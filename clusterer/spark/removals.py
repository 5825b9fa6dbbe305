"""Removals in Spark's workers: the articles of whole groups through `clusterer.deduplication`.

Array letters: `n` articles, `d` documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize, run_starts
from clusterer.copies.candidates import CandidatePairs
from clusterer.copies.documents import Documents, outlet_numbers
from clusterer.corpus import Corpus, ranks_of_ids
from clusterer.deduplication import Removal, deduplicate
from clusterer.pipeline import PipelineRun
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, numbers, whole
from clusterer.spark.articles import PART_BITS, unpacked
from clusterer.spark.result import links_of
from clusterer.stories.clustering import Stories
from clusterer.stories.features import FEATURES
from clusterer.text.words import Words

REMOVED = "key long, id string, kept string, relation string, score double, words_lost long, against boolean"
"""An article that goes, as `deduplication.Removal` has it."""


def removed(batches: Iterable[Batch], settings: Settings, keep: str) -> Iterator[Batch]:
    """`REMOVED` of whole groups.

    Rows by `row`: articles ("article") by key, with their document and its group; the words of documents ("words"); pairs of
    documents that were verified ("link"); pairs of groups that report one event ("pair"). Nothing that is decided in a group
    needs to know of another one.
    """
    table = whole(batches)
    if table is None:
        return
    rows, words, linked, alike = (
        table.filter(pa.compute.equal(table.column("row"), kind)) for kind in ("article", "words", "link", "pair")
    )
    rows = _with_others(rows.take(pa.array(np.argsort(numbers(rows.column("key"), np.int64), kind="stable"))))
    if not rows.num_rows:
        return
    keys = numbers(rows.column("key"), np.int64)
    old = int((keys >> PART_BITS == 0).sum())
    run = _run_of(rows, words, linked, alike, settings)
    found = deduplicate(run, settings, keep, old=old).removed
    if found:
        yield _told(found, keys[old:])


def _with_others(rows: Any) -> Any:
    """The articles of groups of two or more."""
    units, places = np.unique(numbers(rows.column("unit"), np.int64), return_inverse=True)
    return rows.filter(pa.array(np.bincount(places, minlength=len(units))[places] > 1))


def _told(found: Sequence[Removal], keys: NDArray[np.int64]) -> Batch:
    """`REMOVED` of articles by their keys, int64 (n,)."""
    strings = {name: pa.array([getattr(r, name) for r in found], pa.string()) for name in ("id", "kept", "relation")}
    return batch_of(
        {
            "key": keys[[r.place for r in found]],
            **strings,
            "score": np.array([r.score for r in found], dtype=np.float64),
            "words_lost": np.array([r.words_lost for r in found], dtype=np.int64),
            "against": np.array([r.is_against for r in found], dtype=np.bool_),
        }
    )


def _run_of(rows: Any, words: Any, linked: Any, alike: Any, settings: Settings) -> PipelineRun:
    """The run of some groups, as if they were a feed.

    Args:
        rows: of articles, in the order in which they were read.
        words, linked, alike: the other rows of the groups; pairs of other groups are left out.
        settings: of the run.
    """
    n = rows.num_rows
    ids, outlets = (rows.column(name).to_pylist() for name in ("id", "outlet"))
    dates = numbers(rows.column("date"), np.float64)
    ranks = np.where(np.isfinite(dates), ranks_of_ids(ids), np.arange(n))
    docs, of_article = factorize(numbers(rows.column("doc"), np.int64))
    first = np.lexsort((ranks, dates, of_article))
    first = first[run_starts(of_article[first])]  # who printed each document first
    centres = np.searchsorted(docs, numbers(rows.column("centre"), np.int64)[first])
    printed = outlet_numbers(outlets)[first]
    nothing = Words(np.zeros(0, dtype=np.uint64), np.zeros(n + 1, dtype=np.int64))
    corpus = Corpus(ids, outlets, dates, ranks, nothing, None, 0, 0, np.zeros(0, dtype=np.uint64))
    documents = Documents(np.arange(len(docs)), of_article, _words_of(words, docs), printed, dates[first])
    links = links_of(_among(linked, docs), docs)
    stories = _stories(_among(alike, docs), docs, centres) if settings.level == "story" else None
    proposed = CandidatePairs(np.zeros((0, 2), dtype=np.int64), 0)

    def unnamed() -> Any:
        raise AssertionError("groups are named by other stages")

    return PipelineRun({}, unnamed, corpus, documents, proposed, links, centres, None, stories)


def _words_of(rows: Any, docs: NDArray[np.int64]) -> Words:
    """The words of documents, int64 (d,) ascending; none where no row has them: nothing is compared with these."""
    held, row = np.unique(numbers(rows.column("doc"), np.int64), return_index=True)
    at = np.minimum(np.searchsorted(held, docs), max(len(held) - 1, 0))
    there = held[at] == docs if len(held) else np.zeros(len(docs), dtype=np.bool_)
    places = row[at] if len(held) else at
    return unpacked(rows.take(pa.array(places, pa.int64(), mask=~there)))


def _among(pairs: Any, docs: NDArray[np.int64]) -> Any:
    """The pairs whose documents are all there."""
    ends = (numbers(pairs.column(name), np.int64) for name in ("a", "b"))
    a, b = (np.isin(end, docs) for end in ends)
    return pairs.filter(pa.array(a & b))


def _stories(alike: Any, docs: NDArray[np.int64], centres: NDArray[np.int64]) -> Stories:
    """Pairs of groups that report one event; which stories they make nobody asks here."""
    a, b = (np.searchsorted(docs, numbers(alike.column(name), np.int64)) for name in ("a", "b"))
    order = np.lexsort((b, a))
    pairs, score = np.stack([a, b], axis=1)[order], numbers(alike.column("alike"), np.float64)[order]
    distinct, text_of = factorize(centres)
    features = np.zeros((len(pairs), len(FEATURES)), dtype=np.float32)
    return Stories(text_of, distinct, pairs, score, features, 0, 0, 0)
