"""Workbooks of Excel (.xlsx) and LibreOffice (.ods), by python-calamine: the rows of a sheet, the first of them the header."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clusterer.errors import InputError, UnusableInput, did_you_mean
from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.feed_limits import LimitReached
from clusterer.io.field_names import each_once
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.workbook_size import check_workbook
from clusterer.io.rows import Layout, Row, first_line

_MEMBER = re.compile(rb"PK\x03\x04.{26}(?:xl/|mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet)", re.S)


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
    """Yield the rows of the sheet that the path names behind "::", else of the first that holds texts; `line` is the row's.

    Raises:
        InputError: python-calamine is not installed, there is no such sheet, or none has a text column.
    """
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
        return
    if opened.part and not sheets:
        meant = did_you_mean(opened.part, all_names)
        raise InputError(
            f"{opened.name}: no sheet {opened.part!r}; cure: {meant}one of {', '.join(map(repr, all_names))}"
        )
    reasons = []
    for name, rows in sheets:
        start = next((i for i, row in enumerate(rows) if sum(cell not in ("", None) for cell in row) > 1), 0)
        header = each_once(tuple(str(cell).strip() for cell in rows[start])) if rows else ()
        body = rows[start + 1 :]
        try:
            opened.columns.check_header(header, opened.name, [_cells(header, row) for row in body[:SAMPLE]])
        except InputError as error:
            reasons.append(error)
            continue
        yield from _rows(opened, header, body, start + 2)
        others = [other for other, cells in sheets if other != name and len(cells) > 1]
        if others:
            opened.note(
                f"{opened.name}: sheet {name!r} was read, not {', '.join(map(repr, others))}; cure: {opened.name}::SHEET"
            )
        return
    raise reasons[0] if reasons else UnusableInput(f"{opened.name}: an empty workbook; cure: leave it out")


def _rows(opened: OpenedInput, header: tuple[str, ...], body: list[list[Any]], first: int) -> Iterator[Row]:
    layout = Layout("xlsx")
    for number, cells in enumerate(body, first):
        if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells):
            opened.blank()
            continue
        row = _cells(header, cells)
        try:
            article = opened.columns(row)
        except RowError as error:
            opened.bad(number, str(error), repr(row))
        else:
            yield Row(article, row, opened.name, number, layout)


def _cells(header: tuple[str, ...], cells: list[Any]) -> dict[str, Any]:
    return {name: _value(cell) for name, cell in zip(header, cells, strict=False) if name}


def _value(cell: Any) -> Any:
    """A cell as other tables have it: whole numbers whole, moments in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, datetime.timedelta) else cell
