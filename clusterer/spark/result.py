"""Assignments in Spark's workers: the documents of whole stories through `clusterer.assignments`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize
from clusterer.assignments import assign
from clusterer.copies import verify
from clusterer.copies.candidates import CandidatePairs
from clusterer.copies.documents import Documents
from clusterer.copies.facts import no_differences
from clusterer.copies.verify import Links
from clusterer.corpus import Corpus, ranks_of_ids
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, numbers, ragged, whole
from clusterer.spark.copies import measured
from clusterer.stories import features as stories_features
from clusterer.stories.clustering import Stories

TOLD = (
    "doc long, lead string, story string, copy string, exact string, representative boolean, linked_to string,"
    " relation string, score double, evidence string"
)


def tell(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`TOLD`: of whole stories' documents how the article that stands for each is assigned.

    Rows by `row`: documents ("doc"), each with the first one of its group, its story's first one of those, its best and its
    earliest article; verified pairs of a group ("link"); pairs of groups within a story ("pair"). Of a document's articles
    those two decide.
    """
    table = whole(batches)
    if table is None:
        return
    held, linked, alike = (
        table.filter(pa.compute.equal(table.column("row"), kind)) for kind in ("doc", "link", "pair")
    )
    held = held.take(pa.array(np.argsort(numbers(held.column("doc"), np.int64), kind="stable")))
    docs = numbers(held.column("doc"), np.int64)
    d = len(docs)
    lead, early = (held.column(name).to_pylist() for name in ("lead", "earliest"))
    others = [i for i in range(d) if lead[i]["id"] != early[i]["id"]]
    rows = lead + [early[i] for i in others]
    ids = [row["id"] for row in rows]
    dates = np.array([row["date"] for row in rows], dtype=np.float64)
    none = np.zeros(0, dtype=np.uint64)
    corpus = Corpus(ids, [row["outlet"] for row in rows], dates, ranks_of_ids(ids), None, None, 0, 0, none)
    of_article = np.concatenate([np.arange(d), np.array(others, dtype=np.int64)])
    documents = Documents(np.arange(d), of_article, None, np.full(d, -1), np.full(d, np.inf))
    centres = np.searchsorted(docs, numbers(held.column("centre"), np.int64))
    told_stories = _stories(held, alike, docs, centres) if settings.level == "story" else None
    nothing = CandidatePairs(np.zeros((0, 2), dtype=np.int64), 0)
    assigned = assign(corpus, documents, nothing, links_of(linked, docs), centres, told_stories, settings).assignments[
        :d
    ]
    evidence = [None if x.evidence is None else orjson.dumps(x.evidence, default=dict).decode() for x in assigned]
    columns: dict[str, Any] = {"doc": docs, "lead": pa.array([x.id for x in assigned], pa.string())}
    kinds: dict[str, Callable[[], pa.DataType]] = {"representative": pa.bool_, "score": pa.float64}
    for name in ("story", "copy", "exact", "representative", "linked_to", "relation", "score"):
        columns[name] = pa.array([getattr(x, name) for x in assigned], kinds.get(name, pa.string)())
    yield batch_of({**columns, "evidence": pa.array(evidence, pa.string())})


def links_of(linked: Any, docs: NDArray[np.int64]) -> Links:
    """The verified pairs of whole groups, by the places of their documents."""
    if not len(linked):
        none = np.zeros((0, 2), dtype=np.int64)
        return Links(none, verify.join([]), no_differences(0), np.zeros(0, dtype=np.uint8))
    a, b = (np.searchsorted(docs, numbers(linked.column(name), np.int64)) for name in ("a", "b"))
    order = np.lexsort((b, a))
    rows = linked.take(pa.array(order))
    kind = numbers(rows.column("kind"), np.int32).astype(np.uint8)
    return Links(np.stack([a, b], axis=1)[order], *measured(rows), kind)


def _stories(held: Any, alike: Any, docs: NDArray[np.int64], centres: NDArray[np.int64]) -> Stories:
    distinct, text_of = factorize(centres)
    of_text = np.empty(len(distinct), dtype=np.int64)
    of_text[text_of] = np.searchsorted(docs, numbers(held.column("story"), np.int64))
    a, b = (np.searchsorted(docs, numbers(alike.column(name), np.int64)) for name in ("a", "b"))
    features = ragged(alike.column("features"), np.float32).values.reshape(-1, len(stories_features.FEATURES))
    score, order = numbers(alike.column("score"), np.float64), np.lexsort((b, a))
    pairs = np.stack([a, b], axis=1)[order]
    return Stories(text_of, of_text, pairs, score[order], features[order], 0, 0, 0)
