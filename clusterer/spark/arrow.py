"""Packed columns: NumPy arrays as cells of Arrow batches, and back, without a Python object for an element.

A cell of a binary column is one row of a ragged array, its numbers in the byte order of the machine (little-endian
everywhere that Spark runs). Knows neither Spark nor what the numbers mean.

Array letters: `n` rows, `e` elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute  # `pa.compute` is there in every worker, whatever else it did before
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize, offsets_from_counts
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.errors import InputError

Batch = Any
"""A `pyarrow.RecordBatch`."""


def cells(values: NDArray[Any], offsets: NDArray[np.int64]) -> Any:
    """A binary array of n rows, given as values (e,) and offsets int64 (n + 1,)."""
    data = np.ascontiguousarray(values[offsets[0] : offsets[-1]])
    ends = ((offsets - offsets[0]) * data.itemsize).astype(np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def empty_cells(n: int) -> Any:
    """A binary array of n rows without an element."""
    return cells(np.zeros(0, dtype=np.uint8), np.zeros(n + 1, dtype=np.int64))


def ragged(column: Any, kind: Any) -> Ragged:
    """The rows of a binary array; a missing cell is an empty row."""
    n, (_, ends, data) = len(column), column.buffers()
    kind, wide = np.dtype(kind), np.int64 if pa.types.is_large_binary(column.type) else np.int32
    if ends is None or not n:
        return Ragged(np.zeros(0, dtype=kind), np.zeros(n + 1, dtype=np.int64))
    offsets = np.frombuffer(ends, dtype=wide)[column.offset : column.offset + n + 1].astype(np.int64)
    start, stop = int(offsets[0]), int(offsets[-1])
    held = np.frombuffer(data, dtype=np.uint8)[start:stop] if data is not None else np.zeros(0, dtype=np.uint8)
    if held.ctypes.data % kind.itemsize:
        held = held.copy()
    return Ragged(held.view(kind), (offsets - start) // kind.itemsize)


def numbers(column: Any, kind: Any = None) -> NDArray[Any]:
    """The cells of an array of numbers; none is missing."""
    found: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found if kind is None else found.astype(kind, copy=False)


def signed(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The same bits, as Spark's longs have them."""
    return np.ascontiguousarray(values).view(np.int64)


def unsigned(values: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The same bits, as hashes."""
    return np.ascontiguousarray(values).view(np.uint64)


def batch_of(columns: Mapping[str, Any]) -> Batch:
    """A record batch of named arrays, NumPy's or Arrow's."""
    arrays = [x if isinstance(x, pa.Array) else pa.array(x) for x in columns.values()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def whole(batches: Iterable[Batch]) -> Any:
    """All batches of a partition as one `pyarrow.RecordBatch`; None where there is no row.

    Raises:
        InputError: a column of it has more bytes than Arrow can hold in one.
    """
    kept = [batch for batch in batches if batch.num_rows]
    if not kept:
        return None
    if len(kept) == 1:
        return kept[0]
    combined = pa.Table.from_batches(kept).combine_chunks().to_batches()
    if len(combined) > 1:
        raise InputError("a partition has more than 2 GB of one column; cure: more partitions")
    return combined[0]


def of_kind(table: Any, kind: int) -> Any:
    """The rows of a kind, by the column `kind`."""
    return table.filter(pa.compute.equal(table.column("kind"), kind))


def partition_by(to: NDArray[Any], count: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """For each receiver, 0 to count - 1, that gets something: its number, and the places of its elements, ascending.

    Args:
        to: integers (e,), the receiver of each element.
        count: number of receivers.
    """
    small = to.astype(np.uint16 if count < 1 << 16 else np.uint32)  # the former are sorted by their digits
    order = np.argsort(small, kind="stable")
    ends = offsets_from_counts(np.bincount(small, minlength=count))
    for receiver in np.flatnonzero(np.diff(ends)).tolist():
        yield receiver, order[ends[receiver] : ends[receiver + 1]]


SHARED_BY = 40
"""The lowest of the bits that `shares` goes by."""


def shares(ordered: NDArray[np.uint64], count: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """Yield each receiver that gets something, 0 to count - 1, with its share of ascending numbers.

    Shares follow the order of the numbers' bits from `SHARED_BY` on, so that no number is moved.

    Args:
        ordered: uint64 (e,), spread evenly over 64 bits, ascending by these bits.
        count: number of receivers.
    """
    least = np.array([-(-(i << 64 - SHARED_BY) // count) for i in range(1, count)], dtype=np.uint64)
    ends = np.concatenate(([0], np.searchsorted(ordered >> np.uint64(SHARED_BY), least), [len(ordered)]))
    for receiver in np.flatnonzero(np.diff(ends)).tolist():
        yield receiver, ordered[ends[receiver] : ends[receiver + 1]]


def renumbered(values: NDArray[np.int64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct ones of numbers below n, ascending, and the place of each among them."""
    if n > 8 * len(values):
        distinct, local = factorize(values)
        return distinct, local
    is_held = np.zeros(n, dtype=np.bool_)
    is_held[values] = True
    places = np.cumsum(is_held) - 1
    return np.flatnonzero(is_held), places[values]


def messages(rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Any]) -> Batch:
    """Rows whose columns are numbers, or arrays to be packed, as a batch.

    Args:
        rows: by column; arrays are of the NumPy kind that `kinds` names.
        kinds: of each column, an Arrow type for a number, a NumPy kind for an array.
    """
    columns: dict[str, Any] = {}
    for name, kind in kinds.items():
        if isinstance(kind, pa.DataType):
            columns[name] = pa.array([row[name] for row in rows], kind)
            continue
        parts = [np.asarray(row[name], dtype=kind) if name in row else np.zeros(0, dtype=kind) for row in rows]
        offsets = offsets_from_counts([len(part) for part in parts])
        columns[name] = cells(np.concatenate([*parts, np.zeros(0, dtype=kind)]), offsets)
    return batch_of(columns)


def rows_of(found: Ragged, rows: NDArray[np.int64]) -> Ragged:
    """Some rows of a ragged array, in the order given."""
    return Ragged(*take_rows(found.values, found.offsets, rows))
