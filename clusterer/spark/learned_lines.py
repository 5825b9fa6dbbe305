"""Learned boilerplate in Spark's workers: lines that many articles of an outlet share are counted, and cut.

Functions of one partition's Arrow batches. The rule is that of `text.boilerplate.learned_lines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from clusterer.arrays.indexing import offsets_from_counts, run_starts
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, messages, numbers, partition_by, ragged, signed, whole
from clusterer.spark.articles import _originals, _text, unpacked
from clusterer.text import boilerplate

LINES = "to int, line binary, key binary, length binary, size binary, unknown binary"
FREQUENT = "line long, article long, length long, size long, unknown boolean"
HELD = "key long, line long"


def lines_of_originals(batches: Iterable[Batch], receivers: int) -> Iterator[Batch]:
    """`LINES`: the lines of one article of each outlet and words, sent to where all occurrences of a line meet."""
    table = whole(batches)
    if table is None:
        return
    lines = ragged(table.column("lines"), np.uint64)
    table = table.take(pa.array(_originals(numbers(table.column("key")), numbers(table.column("same")), lines)))
    lines, lengths = ragged(table.column("lines"), np.uint64), ragged(table.column("lengths"), np.int32).values
    rows, unknown, key = lines.rows, numbers(table.column("unknown")), numbers(table.column("key"))
    size = np.bincount(rows, weights=lengths, minlength=len(lines)).astype(np.int32)
    packed = [
        {
            "to": to, "line": lines.values[part], "key": key[rows[part]], "length": lengths[part], "size": size[rows[part]],
            "unknown": unknown[rows[part]],
        }
        for to, part in partition_by((lines.values % np.uint64(receivers)).astype(np.int64), receivers)
    ]  # fmt: skip
    if packed:
        yield messages(
            packed,
            {"to": pa.int32(), "line": np.uint64, "key": np.int64, "length": np.int32, "size": np.int32,
             "unknown": np.uint8},
        )  # fmt: skip


def frequent_lines(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`FREQUENT`: the lines that more than one original holds, once an article, with their words in it."""
    table = whole(batches)
    if table is None:
        return
    kinds = {"line": np.uint64, "key": np.int64, "length": np.int32, "size": np.int32}
    line, key, length, size = (ragged(table.column(name), kind).values for name, kind in kinds.items())
    unknown = ragged(table.column("unknown"), np.uint8).values
    order = np.lexsort((key, line))
    line, key, length, size, unknown = (x[order] for x in (line, key, length, size, unknown))
    first = run_starts(line, key)
    lengths = np.add.reduceat(length.astype(np.int64), first)
    line, key, size, unknown = (x[first] for x in (line, key, size, unknown))
    _, number, times = np.unique(line, return_inverse=True, return_counts=True)
    again = times[number] > 1
    columns = {"line": signed(line), "article": key, "length": lengths, "size": size}
    out = {name: x[again].astype(np.int64) for name, x in columns.items()}
    yield batch_of({**out, "unknown": unknown[again].astype(np.bool_)})


def lines_held(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`HELD`: article and line, of all lines."""
    for batch in batches:
        lines = ragged(batch.column("lines"), np.uint64)
        yield batch_of({"key": numbers(batch.column("key"))[lines.rows], "line": signed(lines.values)})


def mend(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`MENDED`: articles without the lines in their column `cut`."""
    for batch in batches:
        words = unpacked(batch)
        known = np.unique(batch.column("cut").flatten().to_numpy(zero_copy_only=False)).view(np.uint64)
        lines, lengths = ragged(batch.column("lines"), np.uint64), ragged(batch.column("lengths"), np.int32)
        starts = offsets_from_counts(lengths.values)[:-1]
        boilerplate_line = np.isin(lines.values, known)
        inside = boilerplate.words_of_lines(
            words, starts[boilerplate_line], lengths.values[boilerplate_line].astype(np.int64)
        )
        yield batch_of({"key": batch.column("key"), **_text(words.keep(~inside), settings, False)})
