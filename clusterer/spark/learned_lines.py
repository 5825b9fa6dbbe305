"""Learned boilerplate on Spark: the rule of `boilerplate.recurring`, an outlet in one place.

Segments travel packed to where all of one key meet. Those that stand often enough go on as rows: those of an outlet meet in
one task, where the batch's own code judges them. What was learned is few, and every worker holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted
from clusterer.corpus import with_titles
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, messages, numbers, partition_by, ragged, signed, unsigned, whole
from clusterer.spark.articles import _text, unpacked, unpacked_titles
from clusterer.text import boilerplate
from clusterer.text.boilerplate_lines import recurring_keys

_KINDS = {
    **dict.fromkeys(("line", "article", "outlet", "same"), np.int64),
    "size": np.int32, "unknown": np.bool_, "title_a": np.int64, "title_b": np.int64, "telling": np.float64,
    "length": np.int32, "kind": np.int32, "beside": np.int64,
}  # fmt: skip
_NAMES = {np.int64: "long", np.int32: "int", np.float64: "double", np.bool_: "boolean"}
SEGMENTS = ", ".join(f"{name} {_NAMES[kind]}" for name, kind in _KINDS.items())
"""A segment of an article, with what is known of the article."""
PACKED = ", ".join(["to int", *(f"{name} binary" for name in _KINDS)])
"""Segments of a batch, for where all of one key meet."""


def send_segments(batches: Iterable[Batch], receivers: int) -> Iterator[Batch]:
    """`PACKED` of articles."""
    for batch in batches:
        columns = _segments(batch)
        to = (unsigned(columns["line"]) >> np.uint64(32)) * np.uint64(receivers) >> np.uint64(32)
        sent = [
            {"to": receiver, **{name: column[places] for name, column in columns.items()}}
            for receiver, places in partition_by(to, receivers)
        ]
        if sent:
            yield messages(sent, {"to": pa.int32(), **_KINDS})


def _segments(batch: Batch) -> dict[str, NDArray[Any]]:
    """The columns of `SEGMENTS` of articles."""
    lines = ragged(batch.column("lines"), np.uint64)
    rows, outlets = lines.rows, batch.column("outlet").to_pylist()
    titles = ragged(batch.column("titles"), np.uint64).values.reshape(len(lines), -1)
    return {
        "line": signed(lines.values),
        "article": numbers(batch.column("key"))[rows],
        "outlet": signed(boilerplate.outlet_hashes(outlets))[rows],
        "same": numbers(batch.column("same"))[rows],
        "size": (numbers(batch.column("size")) - numbers(batch.column("stands_in")))[rows].astype(np.int32),
        "unknown": np.array([not name for name in outlets], dtype=np.bool_)[rows],
        "title_a": signed(titles[:, 0])[rows],
        "title_b": signed(titles[:, 1])[rows],
        "telling": numbers(batch.column("telling"))[rows],
        "length": ragged(batch.column("lengths"), np.int32).values,
        "kind": ragged(batch.column("kinds"), np.int8).values.astype(np.int32),
        "beside": signed(ragged(batch.column("beside"), np.uint64).values),
    }


def often_met(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`SEGMENTS` of those that stand often enough to be learned, of all segments of some keys."""
    table = whole(batches)
    if table is None:
        return
    lines = ragged(table.column("line"), np.uint64).values
    often = np.flatnonzero(find_sorted(recurring_keys(lines.copy(), boilerplate.FEWEST), lines)[1])
    yield batch_of({name: ragged(table.column(name), kind).values[often] for name, kind in _KINDS.items()})


def learned(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The keys, "line long", of segments that are furniture, of all the repeated ones of some outlets."""
    table = whole(batches)
    if table is None:
        return
    column = {name.split()[0]: numbers(table.column(name.split()[0])) for name in SEGMENTS.split(",")}
    _, first, article = np.unique(column["article"], return_index=True, return_inverse=True)
    titles = np.stack([unsigned(column[name][first]) for name in ("title_a", "title_b")], axis=1)
    facts = boilerplate.Facts(
        column["size"][first].astype(np.int64),
        unsigned(column["same"][first]),
        column["unknown"][first].astype(np.bool_),
        titles,
        column["telling"][first],
    )
    found = boilerplate.Segments(
        unsigned(column["line"]),
        np.zeros(len(article), dtype=np.int64),
        column["length"].astype(np.int64),
        article,
        column["kind"].astype(np.int8),
        unsigned(column["beside"]),
    )
    yield batch_of({"line": signed(boilerplate.recurring(found, facts))})


def mend(batches: Iterable[Batch], settings: Settings, known: Any) -> Iterator[Batch]:
    """`MENDED`: of articles those with segments that were learned, without them.

    Args:
        batches: rows of articles.
        settings: of the run.
        known: Spark's broadcast of the keys that were learned, uint64, ascending.
    """
    learned = known.value
    for batch in batches:
        lines = ragged(batch.column("lines"), np.uint64)
        found = find_sorted(learned, lines.values)[1]
        if found.any():
            yield _mended(batch.take(pa.array(np.unique(lines.rows[found]))), settings, learned)


def _mended(batch: Batch, settings: Settings, learned: NDArray[np.uint64]) -> Batch:
    """Articles without the segments that were learned, uint64, ascending."""
    words, titles = unpacked(batch), unpacked_titles(batch)
    place = np.arange(len(words.hashes)) - np.repeat(words.offsets[:-1], words.counts)
    words = words.keep(place >= np.repeat(numbers(batch.column("stands_in")), words.counts))
    lines = ragged(batch.column("lines"), np.uint64)
    found = boilerplate.Segments(
        lines.values,
        ragged(batch.column("starts"), np.int32).values + words.offsets[lines.rows],
        ragged(batch.column("lengths"), np.int32).values.astype(np.int64),
        lines.rows,
        ragged(batch.column("kinds"), np.int8).values,
        lines.values,
    )
    found = found.where(find_sorted(learned, found.keys)[1] & found.cuttable())
    words = words.keep(~boilerplate.words_of_lines(words, found.starts, found.lengths))
    words = with_titles(replace(words, opens_line=None), titles, settings)
    return batch_of({"key": batch.column("key"), **_text(words, settings, False)})
