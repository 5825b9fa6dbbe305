"""Learned boilerplate on Spark: the rule of `boilerplate.recurring`, an outlet in one place.

Segments that stand once in the whole feed never leave their worker; of the others those of an outlet meet in one task, where
the batch's own code judges them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from clusterer.arrays.ragged import Ragged
from clusterer.corpus import with_titles
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, numbers, ragged, signed, unsigned, whole
from clusterer.spark.articles import _text, unpacked, unpacked_titles
from clusterer.text import boilerplate

SEGMENTS = (
    "line long, article long, outlet long, same long, size int, unknown boolean, title_a long, title_b long, telling double,"
    " length int, kind int, beside long"
)
"""A segment of an article, with what is known of the article."""
HELD = "key long, line long"


def segments(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`SEGMENTS` of articles."""
    for batch in batches:
        lines = ragged(batch.column("lines"), np.uint64)
        rows, outlets = lines.rows, batch.column("outlet").to_pylist()
        titles = ragged(batch.column("titles"), np.uint64).values.reshape(len(lines), -1)
        yield batch_of(
            {
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
        )


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


def lines_held(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`HELD`: article and segment, of all segments."""
    for batch in batches:
        lines = ragged(batch.column("lines"), np.uint64)
        yield batch_of({"key": numbers(batch.column("key"))[lines.rows], "line": signed(lines.values)})


def mend(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`MENDED`: articles without the segments in their column `cut`."""
    for batch in batches:
        words, titles = unpacked(batch), unpacked_titles(batch)
        place = np.arange(len(words.hashes)) - np.repeat(words.offsets[:-1], words.counts)
        words = words.keep(place >= np.repeat(numbers(batch.column("stands_in")), words.counts))
        known = np.unique(batch.column("cut").flatten().to_numpy(zero_copy_only=False)).view(np.uint64)
        lines: Ragged = ragged(batch.column("lines"), np.uint64)
        found = boilerplate.Segments(
            lines.values,
            ragged(batch.column("starts"), np.int32).values + words.offsets[lines.rows],
            ragged(batch.column("lengths"), np.int32).values.astype(np.int64),
            lines.rows,
            ragged(batch.column("kinds"), np.int8).values,
            lines.values,
        )
        found = found.where(np.isin(found.keys, known) & found.cuttable())
        words = words.keep(~boilerplate.words_of_lines(words, found.starts, found.lengths))
        words = with_titles(replace(words, opens_line=None), titles, settings.min_words)
        yield batch_of({"key": batch.column("key"), **_text(words, settings, False)})
