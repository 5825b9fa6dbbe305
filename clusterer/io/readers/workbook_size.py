"""How much a workbook costs once it is read, told before it is: bytes of its members, cells of its sheets.

calamine holds a sheet as a whole rectangle, from the first cell to the last; one cell far away makes billions. Streams members, holds
none. Of .xlsb and .xls only the bytes are counted.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from clusterer.io.feed_limits import FREE_BYTES, FeedLimits, LimitReached, over

_FAR = re.compile(rb"""\br=["'](?:([A-Z]{2,3})([0-9]{1,7})|([A-Z]?)([0-9]{6,7}))["']""")
"""References to cells or rows that a rectangle of 26 columns and 99,999 rows does not hold."""
_ODS = re.compile(rb"<table:(table-row|(?:covered-)?table-cell)\b([^<>]*)>")
_COLUMNS = re.compile(rb"""number-columns-repeated=["']([0-9]{1,9})""")
_ROWS = re.compile(rb"""number-rows-repeated=["']([0-9]{1,9})""")
_CHUNK = 1 << 20
_OVERLAP = 1 << 10  # bytes that are looked at again with the next chunk, for what a chunk's end cuts
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
            rectangle = _Rectangle()
            look = _look_at_ods if name == "content.xml" else _look_at_sheet
            looks = name == "content.xml" or (name.startswith("xl/worksheets/") and name.endswith(".xml"))
            with archive.open(name) as member:
                held = b""
                for chunk in _chunks(member):
                    total += len(chunk)
                    if total > FREE_BYTES and total > limits.ratio * len(data):
                        what = f"a workbook of {len(data):,} bytes unpacks to more than {total:,}"
                        raise LimitReached(over(what, "ratio", limits.ratio))
                    if looks:
                        held += chunk
                        done = look(held, rectangle)
                        held = held[max(done, len(held) - _OVERLAP) :]
            rectangle.check(name, limits)


def _chunks(member: io.BufferedIOBase | object) -> Iterator[bytes]:
    while chunk := member.read(_CHUNK):  # type: ignore[union-attr]
        yield chunk


class _Rectangle:
    """The cells that a sheet takes once it is read, and how many are filled."""

    def __init__(self) -> None:
        self.rows, self.columns, self.filled = 99_999, 26, 0
        self.row, self.row_times, self.column = 0, 1, 0  # of an OpenDocument sheet

    def check(self, name: str, limits: FeedLimits) -> None:
        """Refuse one that is far larger than what fills it.

        Raises:
            LimitReached: naming the sheet.
        """
        cells = self.rows * self.columns
        is_sparse = cells > max(10 * limits.values // 3, _SPARSE * self.filled)
        if is_sparse or cells > 100 * limits.values:
            what = f"{name} takes {cells:,} cells, {self.filled:,} of them filled"
            raise LimitReached(over(what, "values", max(limits.values, cells // 3)))


def _look_at_sheet(data: bytes, rectangle: _Rectangle) -> int:
    """Count the cells of a piece of an Excel sheet; return where what was seen ends."""
    rectangle.filled += data.count(b"<c ") + data.count(b"<c>")
    end = 0
    for found in _FAR.finditer(data):
        column = 0
        for letter in found[1] or found[3] or b"":
            column = 26 * column + letter - 64
        rectangle.columns = max(rectangle.columns, column)
        rectangle.rows = max(rectangle.rows, int(found[2] or found[4]))
        end = found.end()
    return end


def _look_at_ods(data: bytes, rectangle: _Rectangle) -> int:
    """Count the cells of a piece of an OpenDocument table, repeated ones as often; return where what was seen ends."""
    end = 0
    for found in _ODS.finditer(data):
        end = found.end()
        if found[1] == b"table-row":
            times = _ROWS.search(found[2])
            rectangle.row += rectangle.row_times
            rectangle.row_times, rectangle.column = int(times[1]) if times else 1, 0
            continue
        times = _COLUMNS.search(found[2])
        rectangle.column += int(times[1]) if times else 1
        if b"value-type" in found[2]:
            rectangle.filled += 1
            rectangle.columns = max(rectangle.columns, rectangle.column)
            rectangle.rows = max(rectangle.rows, rectangle.row + rectangle.row_times)
    return end
