"""Parquet by columns: only those that articles have are read, and texts stay the bytes that they are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.utf8 import Utf8Texts
from clusterer.io.arrow import null_mask, whole_numbers
from clusterer.io.blocks import Block, with_odd_rows
from clusterer.io.cells import Cells, Moments, Plan, TextCells, clean_utf8, has_unreadable
from clusterer.io.columns import FieldMap
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.parquet import Batches, begin, rows_of_batch, walk_groups, wanted_columns
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
        layout, wanted = Layout("parquet", schema=schema), list[str]()

        def blocks(batches: Batches, taken: list[int]) -> Iterator[Row | Block]:
            if not wanted:
                wanted.extend(wanted_columns(opened, batches(None), table.schema_arrow)[0])
            own = import_pyarrow().schema([(name, type_of(schema, name)) for name in wanted])
            given = (batch if batch.schema.equals(own) else batch.cast(own) for batch in _selected(batches, wanted))
            first = next(given, None)
            while first is not None and tuple(wanted) not in opened.columns._plans:  # the first row makes it
                yield from rows_of_batch(opened, first.slice(0, 1), wanted, taken[0], layout)
                taken[0] += 1
                first = first.slice(1) if first.num_rows > 1 else next(given, None)
            jobs = _numbered(given if first is None else itertools.chain([first], given), taken[0])
            for batch, found in ordered_map(partial(_prepared, opened.columns, wanted), jobs, opened.walk.threads):
                yield from _judged(opened, batch, found, wanted, taken[0], layout)
                taken[0] += batch.num_rows

        yield from walk_groups(opened, table, file, blocks)


def _selected(batches: Batches, wanted: Sequence[str]) -> Iterator[Any]:
    """The batches of a row group, these columns in this order; those of no row are left out."""
    return (selected(batch, wanted) for batch in batches(wanted) if batch.num_rows)


_Job = tuple[int, Any]
"""A batch, and how many rows are before it in its file; or what was raised in its place."""


def _numbered(batches: Iterator[Any], before: int) -> Iterator[_Job]:
    """Batches as jobs; what is raised over one comes as the last, so that those before it are done first."""
    try:
        for batch in batches:
            yield before, batch
            before += batch.num_rows
    except Exception as error:
        yield before, error


def _prepared(
    columns: FieldMap, wanted: Sequence[str], job: _Job
) -> tuple[Any, tuple[Block, NDArray[np.bool_]] | None]:
    """A batch, and its rows as a block with those marked that must be judged by themselves; None where all must.

    Runs beside others and changes nothing that they look at.
    """
    before, batch = job
    if isinstance(batch, Exception):
        raise batch
    plan = columns._plans[tuple(wanted)]
    column, values = batch.column(plan[0][0]), _Values(batch)
    if (texts := _utf8(column)) is None or not all(values.are_readable(name) for name in wanted if name != plan[0][0]):
        return batch, None
    clean, letters, odd = clean_utf8(texts)
    odd |= null_mask(column)
    block = Cells(
        columns,
        before + 1 + np.arange(batch.num_rows),
        titles=_first_texts(batch, values, plan[1]),
        dates=_dates(columns, batch, values, plan[2]),
        sources=_first(values, plan[3]),
        urls=_first(values, plan[4]),
        ids=_first(values, plan[5]),
        row=partial(_row, values, plan),
        plans=[plan],
    ).block(clean, letters, odd)
    return batch, (block, odd)


def _judged(
    opened: OpenedInput,
    batch: Any,
    found: tuple[Block, NDArray[np.bool_]] | None,
    wanted: Sequence[str],
    before: int,
    layout: Layout,
) -> Iterator[Row | Block]:
    """A batch that was prepared, and has `before` rows before it in its file."""
    if found is None:
        yield from rows_of_batch(opened, batch, wanted, before, layout)
    else:
        yield from with_odd_rows(*found, lambda i: rows_of_batch(opened, batch.slice(i, 1), wanted, before + i, layout))


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
