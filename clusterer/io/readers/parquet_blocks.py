"""Parquet by columns: only those that articles have are read, and texts stay the bytes that they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import ahead, ordered_map
from clusterer.arrays.utf8 import Utf8Texts
from clusterer.io.arrow import null_mask, whole_numbers
from clusterer.io.blocks import Block, with_odd_rows
from clusterer.io.cells import Cells, Moments, Plan, TextCells, clean_utf8, has_unreadable
from clusterer.io.columns import FieldMap
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.parquet import Piece, begin, pieces_of, rows_of_batch, walk_pieces, wanted_columns
from clusterer.io.readers.parquet_structs import selected, type_of
from clusterer.io.rows import Layout, Row, import_pyarrow, python_values

_SECONDS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SURE = tuple(
    int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1971, 2100)
)  # what no rule of dates is about
_ANY = tuple(int(datetime(year, 1, 2, tzinfo=UTC).timestamp()) for year in (1, 9999))  # what has a form in Python


def read_blocks(opened: OpenedInput) -> Iterator[Row | Block]:
    """Yield the articles of a Parquet file in blocks, and by themselves rows that are not as rows should be.

    Raises:
        InputError: pyarrow is not installed, or there is no text column.
    """
    with ExitStack() as stack:
        if (found := begin(opened, stack)) is None:
            return
        table, file, schema = found
        layout = Layout("parquet", schema=schema)
        wanted, group = wanted_columns(opened, table, file)
        names, threads, first = tuple(wanted), opened.walk.threads, list[Piece]()
        own = import_pyarrow().schema([(name, type_of(schema, name)) for name in wanted])
        pieces = ahead(pieces_of(opened, table, file, partial(_shaped, own), wanted, group), threads)

        def until_planned() -> Iterator[Piece]:
            while not first and (piece := next(pieces, None)):
                yield piece

        def plan(piece: Piece) -> Iterator[Row | Block]:  # the first row makes it
            for i in range(piece.batch.num_rows):
                if names in opened.columns._plans:
                    first.append(replace(piece, before=piece.before + i, batch=piece.batch.slice(i)))
                    return
                yield from rows_of_batch(opened, piece.batch.slice(i, 1), wanted, piece.before + i, layout)

        yield from walk_pieces(opened, until_planned(), plan)
        prepared = ordered_map(partial(_prepared, opened.columns, wanted), itertools.chain(first, pieces), threads)
        yield from walk_pieces(opened, prepared, partial(_judged, opened, wanted, layout))


def _shaped(own: Any, batch: Any) -> Any:
    """A batch with the columns of a schema, in their order."""
    batch = selected(batch, own.names)
    return batch if batch.schema.equals(own) else batch.cast(own)


def _prepared(columns: FieldMap, wanted: Sequence[str], piece: Piece) -> Piece:
    """A piece with its rows as a block, and which must be judged by themselves; with nothing made where all must.

    Runs beside others and changes nothing that they look at.
    """
    if isinstance(piece.batch, Exception):
        return piece
    try:
        return replace(piece, made=_block(columns, wanted, piece))
    except Exception as error:  # told where the rows before it are done
        return replace(piece, batch=error)


def _block(columns: FieldMap, wanted: Sequence[str], piece: Piece) -> tuple[Block, NDArray[np.bool_]] | None:
    batch, plan = piece.batch, columns._plans[tuple(wanted)]
    column, values = batch.column(plan[0][0]), _Values(batch)
    if (texts := _utf8(column)) is None or not all(values.are_readable(name) for name in wanted if name != plan[0][0]):
        return None
    clean, letters, odd = clean_utf8(texts)
    odd |= null_mask(column)
    block = Cells(
        columns,
        piece.before + 1 + np.arange(batch.num_rows),
        titles=_first_texts(batch, values, plan[1]),
        dates=_dates(columns, batch, values, plan[2]),
        sources=_first(values, plan[3]),
        urls=_first(values, plan[4]),
        ids=_first(values, plan[5]),
        row=partial(_row, values, plan),
        plans=[plan],
    ).block(clean, letters, odd)
    return block, odd


def _judged(opened: OpenedInput, wanted: Sequence[str], layout: Layout, piece: Piece) -> Iterator[Row | Block]:
    """The articles of a piece that was prepared."""
    batch, before = piece.batch, piece.before
    if piece.made is None:
        yield from rows_of_batch(opened, batch, wanted, before, layout)
    else:
        block, odd = piece.made
        yield from with_odd_rows(
            block, odd, lambda i: rows_of_batch(opened, batch.slice(i, 1), wanted, before + i, layout)
        )


class _Values(dict[str, list[Any]]):
    """The cells of a batch's columns as Python values, made when a column is first asked for."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def __missing__(self, name: str) -> list[Any]:
        self[name] = values = python_values(self._batch.column(name))
        return values

    def are_readable(self, name: str) -> bool:
        """Whether every cell of a column can be made a value."""
        column, types = self._batch.column(name), import_pyarrow("types")
        if types.is_timestamp(column.type):
            low, high = _limits(column)
            return low >= _ANY[0] * _SECONDS[column.type.unit] and high < _ANY[1] * _SECONDS[column.type.unit]
        if types.is_string(column.type) or types.is_large_string(column.type):
            try:
                column.validate(full=True)
            except import_pyarrow().ArrowException:
                return False
            return True
        return not has_unreadable(self[name])


class _RowView(Mapping[str, Any]):
    """One row of a batch; its cells are made values when they are asked for."""

    def __init__(self, values: _Values, i: int) -> None:
        self._values, self._i = values, i

    def __getitem__(self, name: str) -> Any:
        return self._values[name][self._i]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values._batch.schema.names)

    def __len__(self) -> int:
        return len(self._values._batch.schema.names)


def _row(values: _Values, plan: Plan, i: int) -> tuple[Mapping[str, Any], Plan]:
    return _RowView(values, i), plan


def _first(values: _Values, names: Sequence[str]) -> list[Any]:
    """The cells of the first of some columns; None in each row where there is no column."""
    return values[names[0]] if names else [None] * values._batch.num_rows


def _first_texts(batch: Any, values: _Values, names: Sequence[str]) -> Sequence[Any] | TextCells:
    """As `_first`, the bytes of a column of texts."""
    column = batch.column(names[0]) if names else None
    texts = None if column is None else _utf8(column)
    return _first(values, names) if texts is None else TextCells(texts, null_mask(column))


def _utf8(column: Any) -> Utf8Texts | None:
    """The texts of a column as bytes; None where it is no column of texts."""
    pyarrow, types = import_pyarrow(), import_pyarrow("types")
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if str(column.type) == "string_view":
        column = column.cast(pyarrow.large_string())
    if not (types.is_string(column.type) or types.is_large_string(column.type)):
        return None
    _, ends, data = column.buffers()
    width = np.dtype(np.int32 if types.is_string(column.type) else np.int64)
    offsets = np.frombuffer(ends, dtype=width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    own = np.frombuffer(data or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    return Utf8Texts(own, offsets[:-1] - offsets[0], offsets[1:] - offsets[0])


def _limits(column: Any) -> tuple[int, int]:
    """The least and the largest number of a column of timestamps; 0 for none."""
    found = import_pyarrow("compute").min_max(column.cast(import_pyarrow().int64())).as_py()
    return found["min"] or 0, found["max"] or 0


def _dates(columns: FieldMap, batch: Any, values: _Values, names: Sequence[str]) -> Sequence[Any] | TextCells | Moments:
    """The dates of a batch: as moments where their column holds such, else as values that are still to be read."""
    if not names:
        return [None] * batch.num_rows
    column = batch.column(names[0])
    if not import_pyarrow("types").is_timestamp(column.type) or (column.type.tz is None and columns._zone is not None):
        return _first_texts(batch, values, names)
    ticks, nulls = whole_numbers(column), null_mask(column)
    second = _SECONDS[column.type.unit]
    odd = ((ticks < _SURE[0] * second) | (ticks >= _SURE[1] * second)) & ~nulls
    micros = np.where(odd | nulls, 0, ticks)
    micros = micros // (second // 10**6) if second > 10**6 else micros * (10**6 // second)
    if columns._choice.no_dates:
        odd |= np.isin(micros, [round(moment.timestamp() * 10**6) for moment in columns._choice.no_dates]) & ~nulls
    for other in names[1:]:
        odd |= nulls & ~null_mask(batch.column(other))
    return Moments(np.where(nulls, np.inf, micros / 1e6), odd, micros)
