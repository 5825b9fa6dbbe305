"""What reading and writing share: the records of a feed's rows, words of complaint, Parquet cells as Python values.

`Row` is a good row, `BadRow` one for the quarantine file, `Layout` how the rows of one file were written.

Does not open files, does not make articles, does not write.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any, cast

import orjson

from clusterer.articles import Article
from clusterer.errors import InputError, OutputError
from clusterer.io.escapes import cells_of
from clusterer.io.guard import guarded

EXCERPT = 1000  # characters that are kept of what is no whole row
PARQUET_BATCH = 1024  # rows


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be an article.

    Attributes:
        file: as it was given; members of archives as "feed.zip/member.jsonl"; standard input is "<stdin>".
        line: 1-based physical line where the row starts; row number in Parquet, JSON arrays and RSS; 1 where the
            whole file is meant.
        reason: what is wrong, and the cure.
        excerpt: the whole row; of one that is longer than a row may be (the reason has its size), and of a file that is cut off
            or damaged, the beginning.
    """

    file: str
    line: int
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that is not whole, or of which nothing could be read.

    Attributes:
        file: as in `BadRow`.
        reason: what is wrong, how much is missing as far as that is known, and the cure.
        rows: good rows that were read of it.
    """

    file: str
    reason: str
    rows: int

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing at all of it was read."""
        return not self.rows


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one file were written: what a writer needs beside the rows themselves.

    Attributes:
        format: name of the format (`clusterer.io.formats.FORMATS`).
        columns: CSV, TSV and sheets: the header's cells.
        header: CSV and TSV: the header as it came, without its line end, with its byte order mark and the line
            `sep=;` before it, where there was one.
        delimiter: CSV and TSV: what stands between cells.
        quoted: CSV and TSV: False where quotes have no meaning.
        escaped: TSV: cells are as MySQL and PostgreSQL dump them (`escapes`).
        newline: CSV and TSV: the line end.
        schema: Parquet: the `pyarrow.Schema`.
        packed_as: Parquet: the `pyarrow.parquet.FileMetaData` of the file; None where nobody needs it.
    """

    format: str
    columns: tuple[str, ...] = ()
    header: bytes = b""
    delimiter: str = ","
    quoted: bool = True
    escaped: bool = False
    newline: bytes = b"\n"
    schema: Any = None
    packed_as: Any = None

    @property
    def dialect(self) -> dict[str, Any]:
        """Keyword arguments for `csv.reader` and `csv.writer`."""
        quoting = csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
        return {"delimiter": self.delimiter, "quoting": quoting, "strict": True}


@dataclass(frozen=True, slots=True)
class Row:
    """A good row.

    Attributes:
        article: what was read out of it.
        raw: the row as it came, for `write_rows`: the bytes of a line, an array's element or a CSV record (UTF-8,
            without the line end), a one-row `pyarrow.RecordBatch`, or a dict of the fields (text files, RSS).
        file: as in `BadRow`.
        line: as in `BadRow`.
        layout: how its file was written; one object shared by all rows of a file.
    """

    article: Article
    raw: object
    file: str
    line: int
    layout: Layout = Layout("jsonl")


NOT_READ = Article("")
"""Stands for the article of a row that is given back without being read again."""


def csv_cells(row: Row) -> list[str]:
    """The cells of a row that was read from a table of text, or of a sheet, whose texts no spreadsheet shall compute."""
    if isinstance(row.raw, dict):
        cells = (as_cell(row.raw.get(name)) for name in row.layout.columns)
        return ["" if cell is None else guarded(cell) if isinstance(cell, str) else str(cell) for cell in cells]
    text = cast(bytes, row.raw).decode()
    if row.layout.escaped:
        return cells_of(text)
    return next(csv.reader(io.StringIO(text, newline=""), **row.layout.dialect))


def as_json(row: Row) -> bytes:
    """A row of any format as one line of JSON, without its line end.

    Bytes of JSON stay as they came, except that line ends inside become blanks; a row of a table becomes an object of
    its columns, and a dict of fields an object of these.
    """
    value = row.raw
    if isinstance(value, bytes):
        if row.layout.columns:
            return orjson.dumps(dict(zip(row.layout.columns, csv_cells(row), strict=True)))
        return value.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in value else value
    if not isinstance(value, dict):
        batch = cast(Any, value)
        value = {name: python_values(batch.column(i))[0] for i, name in enumerate(batch.schema.names)}
    return orjson.dumps(value, default=lambda v: v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v))


def as_cell(value: Any) -> Any:
    """A value of a result's line as a table holds it: objects and lists as JSON, dates in ISO 8601, true and false as words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return orjson.dumps(value, default=dict).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def unfit(row: Row, format: str, why: str) -> OutputError:
    """The error of a row that a file of this format cannot hold beside those before."""
    return OutputError(f"{row.file}, line {row.line}: {why} in a {format} file; cure: write JSON lines (.jsonl)")


def as_text(raw: bytes | str) -> str:
    """A row that is none as the quarantine file holds it, without its line end."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    return text.strip("\r\n")


def beginning(raw: bytes | str) -> str:
    """As `as_text`, the first 1,000 characters."""
    return as_text(raw[: 4 * EXCERPT])[:EXCERPT]


def too_long(size: int, limit: int) -> str:
    """The reason of a row over the limit, both in bytes."""
    cure = f"--max-row-bytes {size}, in Python max_row_bytes={size}"
    return f"longer than a row may be: {size:,} bytes, limit {limit:,}; cure: {cure}"


def first_line(error: object) -> str:
    """What an error says, short enough for a reason."""
    return str(error).split("\n", 1)[0][:200] or type(error).__name__


@dataclass(frozen=True, slots=True)
class UnreadableDate:
    """A date that could not be read: as it came, and where."""

    file: str
    line: int
    value: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a Parquet cell that cannot become a Python value."""

    why: str


def python_values(column: Any) -> list[Any]:
    """The cells of an Arrow array; what cannot be a Python value is `Unreadable`."""
    types = import_pyarrow("types")
    if types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(import_pyarrow().timestamp("us", column.type.tz), safe=False)
    try:
        return cast(list[Any], column.to_pylist())
    except (ValueError, OverflowError):
        values: list[Any] = []
        for cell in column:
            try:
                values.append(cell.as_py())
            except (ValueError, OverflowError) as error:
                values.append(Unreadable(first_line(error)))
        return values


def import_pyarrow(module: str = "") -> ModuleType:
    """`pyarrow`, or a module of it.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ImportError:
        raise InputError("Parquet needs pyarrow; cure: pip install 'clusterer[parquet]'") from None
