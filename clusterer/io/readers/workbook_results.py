"""Results of a run as a workbook of Excel, by XlsxWriter: header fixed, dates as dates; a text is never a formula or a link."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, BinaryIO

from clusterer.errors import InputError, OutputError
from clusterer.io.rows import as_cell

_MOST_ROWS = 1_048_576
_MOST_LETTERS = 32_767
"""What a sheet and a cell can hold; rows go on in another sheet, texts do not."""
_WIDTHS = {"title": 60, "key_words": 40, "evidence": 30, "outlets": 30}
_WIDTH = 18
_ARABIC = re.compile("[\u0620-\u064a]")


def require() -> None:
    """Require XlsxWriter.

    Raises:
        InputError: it is not installed.
    """
    _xlsxwriter()


def _xlsxwriter() -> Any:
    try:
        return import_module("xlsxwriter")
    except ImportError:
        raise InputError("a workbook is written by XlsxWriter; cure: pip install 'clusterer[excel]'") from None


def write_result(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str], format: str) -> None:
    """Write the lines of a result as sheets of a workbook; objects and lists are JSON, dates without their zone.

    Raises:
        OutputError: a text is longer than a cell can be.
    """
    with tempfile.TemporaryDirectory(prefix="clusterer-") as folder:  # rows wait there for the end of the file
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "default_date_format": "yyyy-mm-dd hh:mm",
            "remove_timezone": True,
        }
        with _xlsxwriter().Workbook(out, options) as book:
            bold = book.add_format({"bold": True})
            sheet, row, is_arabic = _sheet(book, columns, bold), 0, False
            for line in lines:
                row += 1
                if row == _MOST_ROWS:
                    sheet, row, is_arabic = _sheet(book, columns, bold), 1, False
                if not is_arabic and any(isinstance(value, str) and _ARABIC.search(value) for value in line.values()):
                    is_arabic = True
                    sheet.right_to_left()  # the first column on the right, as who reads Arabic begins there
                for column, (name, value) in enumerate(line.items()):
                    _write(sheet, row, column, name, value)


def _sheet(book: Any, columns: Sequence[str], bold: Any) -> Any:
    sheet = book.add_worksheet()
    for column, name in enumerate(columns):
        sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH))
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(columns):
        sheet.write_string(0, column, name, bold)
    return sheet


def _write(sheet: Any, row: int, column: int, name: str, value: Any) -> None:
    """Write one cell; a text as a text, whatever it begins with."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    else:
        text = str(as_cell(value))
        if len(text.encode("utf-16-le")) > 2 * _MOST_LETTERS:
            raise OutputError(
                f"{name} {text[:40]!r}… has {len(text):,} letters, more than the {_MOST_LETTERS:,} of a workbook's cell; cure: "
                "name the file .csv or .jsonl"
            )
        sheet.write_string(row, column, text)
