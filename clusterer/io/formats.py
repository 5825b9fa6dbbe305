"""The formats that are read and written: one plain table, from which everything else learns what there is.

A reader is one file in `readers` and its line here. Endings in folders and archives, detection by first bytes, the names
that ``--format`` takes, what an output's ending asks for, and what rows can be given back as are all looked up in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from clusterer.io.blocks import Block
from clusterer.io.columns import FieldMap
from clusterer.io.readers import (
    csv,
    duckdb,
    html,
    json,
    jsonl,
    markdown,
    parquet,
    parquet_blocks,
    parquet_copies,
    parquet_results,
    rss,
    sitemap,
    sql,
    sqlite,
    text,
    warc,
    workbook,
    workbook_results,
)
from clusterer.io.readers.base import Copied, OpenedInput, Reader
from clusterer.io.rows import Layout, Row
from clusterer.results import Assignments

RowWriter = Callable[[BinaryIO, Iterable[Row], Layout, str], int]
"""Writes rows to an open file, laid out as the first of them, in the format of this name; returns their number."""
RowCopier = Callable[[BinaryIO, Iterable[Copied], str, int], int]
"""Writes rows as they stand in inputs of one format to an open file, on so many threads; returns their number."""
ResultWriter = Callable[[BinaryIO, Iterable[dict[str, Any]], Sequence[str], str], None]
"""Writes the lines of a result, all of these columns, to an open file in the format of this name."""
AssignmentWriter = Callable[[BinaryIO, Assignments, int], None]
"""Writes assignments held as arrays to an open file, on so many threads, as the writer of its results writes their lines."""


def never(head: bytes, columns: FieldMap) -> bool:
    """Sniff nothing: a format that only its ending, or ``--format``, tells."""
    return False


def nothing() -> None:
    """Require nothing: a format that is read and written without a package of its own."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format.

    Attributes:
        name: for ``--format`` and messages.
        endings: of file names, lower case, with the dot. Formats may share one; then first bytes decide, and the last of
            these formats is taken where they say nothing.
        read: its reader.
        sniff: tells by the first bytes whether an input has this format; asked in the table's order. Text comes in UTF-8.
        is_binary: its bytes are no text, thus not decoded.
        in_lines: a carriage return alone ends a line where a file has no line feed.
        read_blocks: reads most rows by columns, in blocks; None where each is read by itself.
        write_rows: writes rows that were read; None where rows of this format are given back as JSON lines.
        copy_rows: writes rows as they stand in their files, without making articles of them; None where no format can.
        write_result: writes results; None where these cannot have this format.
        write_assignments: writes results by columns; None where they are written line by line.
        may_be: names of formats that its first bytes may tell instead: a table that was saved as a text.
        require: raises `InputError` with the cure where a package that the format needs is not installed.
        require_written: as `require`, for writing where that takes another package; None where it does not.
        fields: where its reader, and not the file, names the fields: article attribute to where it is read from; else empty.
        is_aside: its files stand beside feeds, too: pages that explain them, databases of tools. In folders and archives with
            files of other formats they are left out, unless the caller names the format.
        has_parts: a path may name a table or sheet of it, as `news.db::articles`.
        also: names of other formats that rows of this one can be given back as.
    """

    name: str
    endings: tuple[str, ...]
    read: Reader
    sniff: Callable[[bytes, FieldMap], bool] = never
    is_binary: bool = False
    in_lines: bool = False
    read_blocks: Callable[[OpenedInput], Iterator[Row | Block]] | None = None
    write_rows: RowWriter | None = None
    copy_rows: RowCopier | None = None
    write_result: ResultWriter | None = None
    write_assignments: AssignmentWriter | None = None
    may_be: tuple[str, ...] = ()
    require: Callable[[], object] = nothing
    require_written: Callable[[], object] | None = None
    also: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    is_aside: bool = False
    has_parts: bool = False

    @property
    def own_names(self) -> bool:
        """Whether its reader names the fields, not the file."""
        return bool(self.fields)


FORMATS: tuple[Format, ...] = (
    Format(
        "jsonl", (".jsonl", ".ndjson", ".jsonlines", ".json"), jsonl.read, jsonl.sniff, in_lines=True,
        may_be=("json",),
        read_blocks=jsonl.read_blocks, write_rows=jsonl.write_rows, copy_rows=jsonl.copy_rows,
        write_result=jsonl.write_result, write_assignments=jsonl.write_assignments,
    ),
    Format("json", (".json",), json.read, json.sniff, write_rows=json.write_rows, also=("jsonl",)),
    Format("sitemap", (".xml",), sitemap.read, sitemap.sniff, fields=sitemap.FIELDS),
    Format(
        "html", (".html", ".htm", ".xhtml"), html.read, html.sniff, require=html.require, fields=html.FIELDS, is_aside=True
    ),
    Format("rss", (".rss", ".xml", ".atom"), rss.read, rss.sniff, fields=rss.FIELDS),
    Format("markdown", (".md", ".markdown"), markdown.read, fields=markdown.FIELDS, is_aside=True),
    Format(
        "warc", (".warc", ".wet"), warc.read, warc.sniff, is_binary=True, require=warc.require, fields=warc.FIELDS
    ),
    Format(
        "xlsx", (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), workbook.read, workbook.sniff, is_binary=True,
        require=workbook.require, has_parts=True, also=("csv", "tsv"),
        write_result=workbook_results.write_result, require_written=workbook_results.require,
    ),
    Format(
        "duckdb", (".duckdb", ".ddb"), duckdb.read, duckdb.sniff, is_binary=True, require=duckdb.require, is_aside=True,
        has_parts=True,
    ),
    Format(
        "sqlite", (".db", ".sqlite", ".sqlite3"), sqlite.read, sqlite.sniff, is_binary=True, is_aside=True, has_parts=True,
        may_be=("duckdb",),
    ),
    Format("sql", (".sql",), sql.read, sql.sniff, is_aside=True, has_parts=True),
    Format(
        "csv", (".csv",), csv.read, csv.sniff_csv, in_lines=True,
        write_rows=csv.write_rows, write_result=csv.write_result, also=("tsv", "jsonl", "json"),
    ),
    Format(
        "tsv", (".tsv",), csv.read, csv.sniff_tsv, in_lines=True,
        write_rows=csv.write_rows, write_result=csv.write_result, also=("csv", "jsonl", "json"),
    ),
    Format(
        "parquet", (".parquet",), parquet.read, parquet.sniff, is_binary=True, require=parquet.require,
        read_blocks=parquet_blocks.read_blocks, write_rows=parquet.write_rows,
        copy_rows=parquet_copies.copy_rows, write_result=parquet_results.write_result,
        write_assignments=parquet_results.write_assignments,
        also=("jsonl", "json"),
    ),
    Format("txt", (".txt",), text.read, may_be=("jsonl", "json", "tsv"), fields=text.FIELDS),
)  # fmt: skip
"""All formats, in the order in which an input without a known ending is compared with them."""
FORMATS_BY_NAME: dict[str, Format] = {format.name: format for format in FORMATS}


def given_back_as(name: str) -> tuple[str, ...]:
    """Names of the formats that rows of a format can be written in, the one they came in first.

    >>> given_back_as("csv")
    ('csv', 'tsv', 'jsonl', 'json')
    >>> given_back_as("rss"), given_back_as("xlsx")
    (('jsonl',), ('jsonl', 'csv', 'tsv'))
    """
    format = FORMATS_BY_NAME[name]
    return (name if format.write_rows else "jsonl", *format.also)
