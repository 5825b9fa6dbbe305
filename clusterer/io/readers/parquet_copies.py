"""Rows of Parquet files given back by masks: batches filtered as they stand, packed and grouped as in their file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from clusterer.errors import CHANGED, InputError
from clusterer.io.arrow import arrow_mask, arrow_numbers
from clusterer.io.readers.base import Copied
from clusterer.io.readers.parquet import HELD, packed_as, rows_of_group, walk_batches
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import NOT_READ, Layout, Row, import_pyarrow, python_values


def copy_rows(out: BinaryIO, inputs: Iterable[Copied], format: str, threads: int) -> int:
    """Write rows as they stand in Parquet files that have, or can be cast to, one schema; return their number.

    With several threads row groups are packed and written by one while the next is read.

    Raises:
        InputError: a row is not where it was.
        OutputError: a column that is to be added is there.
    """
    with ExitStack() as stack:
        copies = _Copies(out, stack, threads)
        for copied in inputs:
            copies.take(copied)
        copies.flush()
        copies.wait()
        return copies.count


class _Copies:
    """A Parquet file that is written: opened with the first input, written a row group at a time."""

    def __init__(self, out: BinaryIO, stack: ExitStack, threads: int) -> None:
        self.count = 0
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._writing: deque[Future[None]] = deque()
        self._out, self._stack = out, stack
        self._writer: Any = None
        self._held: list[Any] = []
        self._rows = self._bytes = 0
        self._size = 1

    def take(self, copied: Copied) -> None:
        """The rows of one input."""
        done, editor, added = 0, RowEditor(tuple(copied.added)), list(copied.added.values())
        for about, before, batch in walk_batches(copied.opened):
            layout = Layout("parquet", schema=batch.schema)
            start, stop = np.searchsorted(copied.lines, [before, before + batch.num_rows], "right").tolist()
            if start > done:
                _refuse_change(copied)
                done = start
            places, stays = copied.lines[done:stop] - before - 1, copied.stays[done:stop]
            if copied.aside:
                gone = np.flatnonzero(~stays)
                rows = _as_fields(batch.take(arrow_numbers(places[gone])))
                for number, fields in zip(gone.tolist(), rows, strict=True):
                    line = int(copied.lines[done + number])
                    copied.aside(done + number, Row(NOT_READ, fields, copied.opened.name, line, layout))
            kept = np.zeros(batch.num_rows, dtype=np.bool_)
            kept[places[stays]] = True
            if not kept.all():
                batch = batch.filter(arrow_mask(kept))
            if added:
                row = Row(NOT_READ, batch, copied.opened.name, before + 1, layout)
                batch = editor.with_columns(row, [values[done:stop] for values in added]).raw
            self._put(batch, about, copied.added)
            copied.tell(stop - done)
            done = stop
        if done < len(copied.lines):
            _refuse_change(copied)

    def _put(self, batch: Any, about: Any, added: Iterable[str]) -> None:
        if self._writer is None:
            parquet = import_pyarrow("parquet")
            self._writer = self._stack.enter_context(
                parquet.ParquetWriter(self._out, batch.schema, **packed_as(about, added))
            )
            if self._threads > 1:  # ends before the writer
                self._pool = self._stack.enter_context(ThreadPoolExecutor(1))
        self._size = max(self._size, rows_of_group(about))
        self._held.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        self.count += batch.num_rows
        if self._rows >= self._size or self._bytes >= HELD:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        if self._rows:
            table = import_pyarrow().Table.from_batches(self._held)
            write = partial(self._writer.write_table, table, row_group_size=min(self._rows, self._size))
            self.wait(1)
            if self._pool:
                self._writing.append(self._pool.submit(write))
            else:
                write()
        self._held, self._rows, self._bytes = [], 0, 0

    def wait(self, left: int = 0) -> None:
        """Wait for what is being written, but for so many row groups."""
        while len(self._writing) > left:
            self._writing.popleft().result()


def _refuse_change(copied: Copied) -> None:
    """Where rows are missing: columns that nobody read before may be damaged, which is told; else the file is another one.

    Raises:
        InputError: it is.
    """
    if not copied.opened.walk.damage:
        raise InputError(CHANGED)


def _as_fields(batch: Any) -> Iterator[dict[str, Any]]:
    """The rows of a batch as values by name."""
    names = batch.schema.names
    cells = [python_values(column) for column in batch.columns]
    return (dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True))
