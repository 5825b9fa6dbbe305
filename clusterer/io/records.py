"""The rows of one file as plain objects, whatever their columns, for files that must be right: anything wrong is an error.

For labels, judgements and results, where `Feed` would set a bad row aside.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import orjson

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap
from clusterer.io.compression import CHUNK, ChunkReader, TruncatedInput
from clusterer.io.detect import open_input
from clusterer.io.feed_limits import FeedLimits
from clusterer.io.guard import unguarded
from clusterer.io.readers import workbook
from clusterer.io.readers.base import OpenedInput, Walk
from clusterer.io.readers.csv import begin_table
from clusterer.io.rows import BadRow, first_line, import_pyarrow
from clusterer.io.sources import Source, source_of_file, split_part
from clusterer.results import LEVELS

BLANKS = " \t\r\n\u00a0\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\u061c\ufeff"
"""Blanks, and the marks of direction that spreadsheets put around Arabic words."""


def read_records(path: str | os.PathLike[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    r"""Read JSON lines, or a table where the ending is .csv, .tsv, .xlsx or .parquet; also packed.

    Of a workbook the sheet behind "::", else the first with a row. Encoding and delimiter are detected as for feeds. Blank lines,
    and rows of a table whose cells are all blank, are no rows.

    Args:
        path: of the file.

    Yields:
        The line where a row starts, from 1, and the row; values of .csv and .tsv are strings.

    Raises:
        InputError: the file or a row of it cannot be read; names file, line, rule and cure.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "gold.csv")
    >>> _ = path.write_text("id;event\na;1\n")
    >>> list(read_records(path))
    [(2, {'id': 'a', 'event': '1'})]
    """
    name = os.fspath(path)
    source = _source(name)
    read = _OF_TABLES.get(source.formats)
    if not read:
        source.formats, read = ("jsonl",), _objects
    with ExitStack() as stack:
        try:
            yield from read(open_input(source, stack, _walk()))
        except TruncatedInput as cut:
            raise InputError(f"{name}: cannot be read ({cut}); cure: a whole file that can be read") from None


def is_table(path: str) -> bool:
    """Whether a file is read as a table."""
    return _source(path).formats in _OF_TABLES


def sheet_names(path: str) -> list[str]:
    """The sheets of a workbook; none of another file."""
    source = _source(path)
    if source.formats != ("xlsx",):
        return []
    source = replace(source, part="")
    with ExitStack() as stack:
        return workbook.sheet_names(open_input(source, stack, _walk()))


def _source(path: str) -> Source:
    file, part = split_part(path)
    return replace(source_of_file(file), name=path, part=part)


def _walk() -> Walk:
    return Walk(FieldMap(), FieldMap(), FeedLimits(row_bytes=1 << 30), report=_refuse)


def shown(value: object) -> str:
    """A value as a message shows it, cut off where it is long.

    >>> shown([1, 2])
    '[1, 2]'
    """
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refuse(bad: BadRow) -> None:
    raise InputError(f"{bad.file}, line {bad.line}: {bad.reason}")


def _lines(opened: OpenedInput) -> Iterator[tuple[int, bytes]]:
    return enumerate(io.BufferedReader(ChunkReader(opened.chunks), CHUNK), 1)


def _objects(opened: OpenedInput) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in _lines(opened):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InputError(
                f"{opened.name}, line {number}: not JSON ({error}); cure: one JSON object a line"
            ) from None
        if not isinstance(row, dict):
            raise InputError(f"{opened.name}, line {number}: {shown(row)} is no object; cure: one JSON object a line")
        yield number, row


def _table_rows(opened: OpenedInput) -> Iterator[tuple[int, dict[str, Any]]]:
    layout, records = begin_table(opened, _decodable(opened))
    is_result = {"id", *LEVELS} <= set(layout.columns)  # its texts were guarded when it was written
    for number, _, cells, reason in records:
        if cells is not None and not any(cell.strip(BLANKS) for cell in cells):
            continue
        if cells is not None and reason:
            raise InputError(f"{opened.name}, line {number}: not as many cells as the header; cure: one a column")
        if cells is None:
            raise InputError(f"{opened.name}, line {number}: no CSV ({reason})")
        if is_result:
            cells = list(map(unguarded, cells))
        yield number, dict(zip(layout.columns, cells, strict=True))


def _parquet_rows(opened: OpenedInput) -> Iterator[tuple[int, dict[str, Any]]]:
    parquet = import_pyarrow("parquet")
    data = b"".join(opened.chunks)
    try:
        rows = (row for batch in parquet.ParquetFile(io.BytesIO(data)).iter_batches() for row in batch.to_pylist())
        yield from enumerate(rows, 1)
    except Exception as error:  # pyarrow's, of many kinds
        raise InputError(
            f"{opened.name}: not a whole Parquet file ({first_line(error)}); cure: write it again"
        ) from None


_OF_TABLES: dict[tuple[str, ...], Callable[[OpenedInput], Iterator[tuple[int, dict[str, Any]]]]] = {
    ("csv",): _table_rows,
    ("tsv",): _table_rows,
    ("xlsx",): workbook.records,
    ("parquet",): _parquet_rows,
}


def _decodable(opened: OpenedInput) -> Iterator[tuple[int, bytes]]:
    for number, line in _lines(opened):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise InputError(
                f"{opened.name}: neither UTF-8 nor Windows-1256 ({error.reason}); cure: save it as CSV in UTF-8"
            ) from None
        yield number, line
