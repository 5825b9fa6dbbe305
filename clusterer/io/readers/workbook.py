"""Workbooks of Excel (.xlsx) and LibreOffice (.ods), by python-calamine: the rows of their sheets, each under its header."""

from __future__ import annotations

import contextlib
import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from clusterer.errors import InputError, UnusableInput, did_you_mean
from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap, RowError, column_key, quoted
from clusterer.io.feed_limits import LimitReached
from clusterer.io.field_names import ABSTRACT_NAMES, each_once
from clusterer.io.readers import csv
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.json_pages import likeness
from clusterer.io.readers.workbook_size import check_workbook
from clusterer.io.rows import Layout, Row, first_line

_MEMBER = re.compile(rb"PK\x03\x04.{26}(?:xl/|mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet)", re.S)


SHEETS_LOST = "it was not read"
"""Stands in the notes of sheets with texts that are left out: they are told in quiet runs, too."""


def require() -> None:
    """Refuse early what cannot be done.

    Raises:
        InputError: python-calamine is not installed.
    """
    _calamine()


def _calamine() -> Any:
    try:
        return import_module("python_calamine")
    except ImportError:
        raise InputError("workbooks need python-calamine; cure: pip install 'clusterer[excel]'") from None


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a workbook: a zip archive with members in `xl/`, or the older .xls."""
    is_new = _MEMBER.search(head) if head.startswith(b"PK\x03\x04") else None
    return is_new is not None or head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of the sheet that the path names behind "::", else of all that hold articles, each by its own header.

    `line` is the row's; `file` names its sheet where several are read.

    Raises:
        InputError: python-calamine is not installed, there is no such sheet, or none has a text column.
    """
    if (sheets := _sheets(opened)) is None:
        return
    tables = [_table(opened, name, rows) for name, rows in sheets]
    chosen = _of_articles(opened, tables) or tables
    file, reasons, was_read = opened.name, list[InputError](), list[_Table]()
    for table in chosen:
        try:
            opened.columns.check_header(table.header, file, table.rows(SAMPLE))
        except InputError as error:
            reasons.append(error)
            continue
        if len(chosen) > 1:
            opened.begin_part(f"{file}::{table.name}")
        was_read.append(table)
        yield from _rows(opened, table)
    if not was_read:
        raise reasons[0] if reasons else UnusableInput(f"{file}: an empty workbook; cure: leave it out")
    _tell_sheets(opened, file, was_read, [table for table in tables if table.body and table not in was_read])


def records(opened: OpenedInput) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of the sheet that the path names, else of the first that has some below its header.

    By the names of its header, with each its number. Rows of blank cells are none.

    Raises:
        InputError: as `read`.
    """
    for name, rows in _sheets(opened) or ():
        table = _table(opened, name, rows)
        filled = [(number, cells) for number, cells in enumerate(table.body, table.first) if not _is_blank(cells)]
        if filled:
            yield from ((number, _cells(table.header, cells)) for number, cells in filled)
            return


def sheet_names(opened: OpenedInput) -> list[str]:
    """The names of all sheets, in their order."""
    return [name for name, _ in _sheets(opened) or ()]


def _sheets(opened: OpenedInput) -> list[tuple[str, list[list[Any]]]] | None:
    """The sheets that are meant, with their rows; None, and reported, where the workbook is not whole."""
    calamine = _calamine()
    data = b"".join(opened.chunks)
    try:
        check_workbook(data, opened.limits)
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        all_names = list(book.sheet_names)
        names = [name for name in all_names if opened.part in ("", name)]
        sheets = [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names]
    except LimitReached:
        raise
    except Exception as error:  # calamine's, zipfile's, of many kinds
        opened.damaged(1, f"not a whole workbook ({first_line(error)}); cure: fetch it again, or save it anew")
        return None
    if opened.part and not sheets:
        meant = did_you_mean(opened.part, all_names)
        raise InputError(
            f"{opened.name}: no sheet {opened.part!r}; cure: {meant}one of {', '.join(map(repr, all_names))}"
        )
    return sheets


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """A sheet.

    Attributes:
        name: of the sheet.
        header: names of its columns.
        body: the rows below.
        first: number of the first of these.
        text: the column that would be its text, as `column_key` tells it; "" where none is.
        attributes: of articles, for which it has columns.
    """

    name: str
    header: tuple[str, ...]
    body: list[list[Any]]
    first: int
    text: str
    attributes: frozenset[str] = frozenset()

    def rows(self, count: int) -> list[dict[str, Any]]:
        """The first rows, by the names of their columns."""
        return [_cells(self.header, cells) for cells in self.body[:count]]


def _of_articles(opened: OpenedInput, tables: list[_Table]) -> list[_Table]:
    """Of the sheets the one most like articles, and those that hold the same of an article, whatever their columns are called.

    A sheet of notes or comments has a text, too, but little else that articles have.
    """
    best = max(tables, key=lambda table: likeness(table.rows(SAMPLE), opened.columns), default=None)

    def is_alike(table: _Table, best: _Table) -> bool:
        is_part = table.text in ABSTRACT_NAMES and best.text not in ABSTRACT_NAMES
        shared = len(table.attributes & best.attributes)
        return table.text == best.text or (not is_part and 2 * shared > len(table.attributes | best.attributes))

    return [table for table in tables if best and best.text and table.text and is_alike(table, best)]


def _table(opened: OpenedInput, name: str, rows: list[list[Any]]) -> _Table:
    """What a sheet holds below the first row that has more than one cell."""
    start = next((i for i, row in enumerate(rows) if sum(cell not in ("", None) for cell in row) > 1), 0)
    header = each_once(tuple(str(cell).strip() for cell in rows[start])) if rows else ()
    body = rows[start + 1 :]
    if body:
        with contextlib.suppress(RowError):
            columns = opened.columns.columns(header)
            has = frozenset(attribute for attribute, found in columns.items() if found)
            return _Table(name, header, body, start + 2, column_key(columns["text"][0]), has)
    return _Table(name, header, body, start + 2, "")


def _tell_sheets(opened: OpenedInput, file: str, was_read: list[_Table], others: list[_Table]) -> None:
    """Note which sheets were read, which were not, and why."""
    names = ", ".join(repr(table.name) for table in was_read)
    without = ", ".join(repr(table.name) for table in others if not table.text)
    if len(was_read) > 1 or without:
        many = f"sheets {names} were" if len(was_read) > 1 else f"sheet {names} was"
        left = f", not {without}, without a text column" if without else ""
        opened.note(f"{file}: {many} read{left}; cure: {file}::SHEET for one")
    for table in others:
        if table.text:
            opened.note(
                f"{file}: sheet {table.name!r} holds texts, and little else of what {was_read[0].name!r} has: {SHEETS_LOST}; "
                f"cure: name columns alike, or {quoted(f'{file}::{table.name}')} in a run of its own"
            )


def _rows(opened: OpenedInput, table: _Table) -> Iterator[Row]:
    columns = tuple(name for name in table.header if name)
    layout = Layout("xlsx", columns, csv.header_of(columns), newline=b"\r\n")
    opened.walk.layout = opened.walk.layout or layout
    for number, cells in enumerate(table.body, table.first):
        if _is_blank(cells):
            opened.blank()
            continue
        row = _cells(table.header, cells)
        try:
            article = opened.columns(row)
        except RowError as error:
            opened.bad(number, str(error), repr(row))
        else:
            yield Row(article, row, opened.name, number, layout)


def _is_blank(cells: list[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells)


def _cells(header: tuple[str, ...], cells: list[Any]) -> dict[str, Any]:
    return {name: _value(cell) for name, cell in zip(header, cells, strict=False) if name}


def _value(cell: Any) -> Any:
    """A cell as other tables have it: whole numbers whole, moments in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, datetime.timedelta) else cell
