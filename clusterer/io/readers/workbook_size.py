"""How much a workbook costs once it is read, told before it is: bytes of its members, cells of its sheets.

calamine holds a sheet as a whole rectangle, from the first cell to the last; one cell far away makes billions. Streams
members, holds none. Of .xlsb and .xls only the bytes are counted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from clusterer.io.feed_limits import FREE_BYTES, FeedLimits, LimitReached, over

_FAR = re.compile(rb"""\br=["'](?:[A-Z]{2,3}[0-9]|[A-Z]?[0-9]{6})""")
"""Begins a reference to a cell or row that a rectangle of 26 columns and 99,999 rows does not hold."""
_CELL = re.compile(rb"""\br=["']([A-Z]{0,3})([0-9]{1,7})["']""")
_ODS = re.compile(rb"<table:(table-row|(?:covered-)?table-cell)\b([^<>]*)>")
_COLUMNS = re.compile(rb"""number-columns-repeated=["']([0-9]{1,9})""")
_ROWS = re.compile(rb"""number-rows-repeated=["']([0-9]{1,9})""")
_CHUNK = 1 << 20
_SPARSE = 100  # times as many cells as are filled


def check_workbook(data: bytes, limits: FeedLimits) -> None:
    """Refuse a workbook that costs far more than it weighs.

    Args:
        data: all its bytes.
        limits: what an input may cost.

    Raises:
        LimitReached: names what is too much.
        zipfile.BadZipFile: a member is damaged, or longer than the archive says.
    """
    if not data.startswith(b"PK"):
        return
    total = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if len(archive.namelist()) > limits.members:
            raise LimitReached(over(f"more than {limits.members:,} members", "members", limits.members))
        for name in archive.namelist():
            is_sheet, is_far = name.startswith("xl/worksheets/") and name.endswith(".xml"), False
            for piece in _pieces(archive, name):
                total += min(len(piece), _CHUNK)
                if total > FREE_BYTES and total > limits.ratio * len(data):
                    what = f"a workbook of {len(data):,} bytes unpacks to more than {total:,}"
                    raise LimitReached(over(what, "ratio", limits.ratio))
                is_far = is_far or (is_sheet and _FAR.search(piece) is not None)
            if is_far or name == "content.xml":
                rectangle = _Rectangle()
                for piece in _pieces(archive, name):
                    (rectangle.add_ods if name == "content.xml" else rectangle.add_sheet)(piece)
                rectangle.check(name, limits)


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A member piece by piece, each cut where a tag begins, so that none is torn."""
    held = b""
    with archive.open(name) as member:
        while chunk := member.read(_CHUNK):
            held += chunk
            end = held.rfind(b"<")
            if end > 0:
                yield held[:end]
                held = held[end:]
            elif len(held) > 4 * _CHUNK:  # no XML
                yield held
                held = b""
    yield held


class _Rectangle:
    """The cells that a sheet takes once it is read, and how many are filled."""

    def __init__(self) -> None:
        self.rows = self.columns = self.filled = 0
        self.row, self.row_times, self.column = 0, 1, 0  # of an OpenDocument sheet

    def check(self, name: str, limits: FeedLimits) -> None:
        """Refuse one that is far larger than what fills it.

        Raises:
            LimitReached: naming the sheet.
        """
        cells = self.rows * self.columns
        if cells > max(10 * limits.values, _SPARSE * self.filled) or cells > 100 * limits.values:
            what = f"{name} takes {cells:,} cells, {self.filled:,} of them filled"
            raise LimitReached(over(what, "values", max(limits.values, cells // 10)))

    def add_sheet(self, piece: bytes) -> None:
        """Count the cells of a piece of an Excel sheet."""
        for letters, digits in _CELL.findall(piece):
            column = 0
            for letter in letters:
                column = 26 * column + letter - 64
            self.filled += bool(letters)
            self.columns, self.rows = max(self.columns, column), max(self.rows, int(digits))

    def add_ods(self, piece: bytes) -> None:
        """Count the cells of a piece of an OpenDocument table, repeated ones as often."""
        for found in _ODS.finditer(piece):
            if found[1] == b"table-row":
                times = _ROWS.search(found[2])
                self.row += self.row_times
                self.row_times, self.column = int(times[1]) if times else 1, 0
                continue
            times = _COLUMNS.search(found[2])
            self.column += int(times[1]) if times else 1
            if b"value-type" in found[2]:
                self.filled += 1
                self.columns, self.rows = max(self.columns, self.column), max(self.rows, self.row + self.row_times)
