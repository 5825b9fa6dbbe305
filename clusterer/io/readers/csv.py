"""Tables of text: CSV and TSV, read record by record, and written as they came."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple, cast

from clusterer.errors import InputError, UnusableInput
from clusterer.io import escapes
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import HEAD
from clusterer.io.encodings import is_utf8
from clusterer.io.feed_limits import BIG_ROW, FeedLimits, check_blank, too_many_values
from clusterer.io.field_names import each_once
from clusterer.io.readers.base import BOM, OpenedInput, undecodable
from clusterer.io.rows import Layout, Row, as_cell, csv_cells, too_long, unfit

_SEPARATOR_LINE = re.compile(r"""[\r\n]*("?sep=([^\w"'\r\n])"?[ \t]*)(?:\r\n?|\n)""", re.I)
_QUOTED_CELL = re.compile(r'(?:^|\t)"[^\t\n]*"(?:\t|$)', re.M)


class Record(NamedTuple):
    """A record of a table: the line where it starts, its bytes, and its cells; None and a reason where it is bad."""

    line: int
    raw: bytes
    cells: list[str] | None
    reason: str


def sniff_csv(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a table with a text column, between commas or semicolons."""
    layout = detect_dialect(head, "csv", columns)
    return layout.delimiter != "\t" and _has_text(layout, columns)


def sniff_tsv(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a table with a text column, between tabs, and of rows as wide as its header."""
    first = head.removeprefix(BOM).lstrip(b"\r\n").partition(b"\n")[0]
    if b"\t" not in first and not first[:5].lower().lstrip(b'"').startswith(b"sep="):
        return False
    layout = detect_dialect(head, "csv", columns)
    if layout.delimiter != "\t" or not _has_text(layout, columns):
        return False
    return bool(_first_rows(head, layout)) or b"\n" not in head.strip()


def is_surely_table(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes, of a file that should be a text, are of a table: three usual columns, and rows as wide."""
    if head.partition(b"\n")[0].count(b",") + head.partition(b"\n")[0].count(b";") < 2:
        return False
    layout = detect_dialect(head, "csv", columns)
    with contextlib.suppress(RowError):
        found = columns.columns(layout.columns)
        return sum(map(bool, found.values())) >= 3 and bool(_first_rows(head, layout))
    return False


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of a table; rows whose cells are all empty are counted as blank.

    Raises:
        InputError: the header cannot be read, or has no text column.
    """
    layout, records = begin_table(opened, opened.lines())
    if layout.columns:
        _check_table(opened, layout)
        opened.walk.layout = layout
    article_of = opened.columns
    for number, raw, cells, reason in records:
        if is_blank(cells):
            opened.blank()
            continue
        try:
            if reason or cells is None:
                raise RowError(reason)
            article = article_of(dict(zip(layout.columns, cells, strict=True)))
        except RowError as error:
            report = opened.last_bad if reason else opened.bad
            report(number, str(error), raw)
        else:
            yield Row(article, _bare(raw, layout), opened.name, number, layout)


def begin_table(opened: OpenedInput, lines: Iterator[tuple[int, bytes]]) -> tuple[Layout, Iterator[Record]]:
    """Read a table up to its header.

    Args:
        opened: the input.
        lines: its lines, with their numbers.

    Returns:
        The layout, without columns where there is no header at all, and the records that follow. Those whose cells are
        not as many as the header's have a reason.

    Raises:
        InputError: the header cannot be read.
    """
    csv.field_size_limit(max(csv.field_size_limit(), opened.row_limit))
    layout = detect_dialect(opened.head, opened.format, opened.columns)
    records = csv_records(lines, layout, opened.limits)
    separator_line = layout.header
    if separator_line:
        next(records, None)
    header = next(records, None)
    if header is None:
        return replace(layout, columns=()), records
    if header.reason or header.cells is None:
        raise UnusableInput(f"{opened.name}: the header cannot be read ({header.reason}); cure: mend its first line")
    # Who opens tables in other encodings takes UTF-8 without a mark for them.
    mark = BOM if opened.head.startswith(BOM) or not is_utf8(opened.encoding) else b""
    newline = b"\r\n" if header.raw.endswith(b"\r\n") else b"\n"
    first = mark + (separator_line + newline if separator_line else b"") + _bare(header.raw, layout)
    layout = replace(layout, columns=each_once(tuple(header.cells)), header=first, newline=newline)
    return layout, (_of_full_width(record, layout) for record in records)


def _bare(record: bytes, layout: Layout) -> bytes:
    """A record without its line end, as another one, or more cells, may follow it."""
    return escapes.closed(record) if layout.escaped else record.rstrip(b"\r\n")


def is_blank(cells: Sequence[str] | None) -> bool:
    """Whether a record has several cells and all are empty."""
    if cells and cells[0] and not cells[0].isspace():  # nearly always
        return False
    return bool(cells) and len(cells or ()) > 1 and not any(cell and not cell.isspace() for cell in cells or ())


def _of_full_width(record: Record, layout: Layout) -> Record:
    """The record, bad where its cells are not as many as the header's."""
    if record.cells is None or len(record.cells) == len(layout.columns):
        return record
    reason = (
        f"{len(record.cells)} columns where the header has {len(layout.columns)}; "
        f"cure: quote cells that hold {layout.delimiter!r}"
    )
    return record._replace(reason=reason)


def _check_table(opened: OpenedInput, layout: Layout) -> None:
    """Refuse a header that cannot feed articles; tell by the first rows what the columns hold."""
    rows = _first_rows(opened.head, layout)
    try:
        opened.columns.check_header(layout.columns, opened.name, rows)
    except InputError as error:
        if not opened.encoding_cure:
            raise
        what = str(error).removeprefix(f"{opened.name}: ")
        raise type(error)(
            f"{opened.name}: not {opened.encoding}; cure: {opened.encoding_cure}; as {opened.encoding}: {what}"
        ) from None


def _has_text(layout: Layout, columns: FieldMap) -> bool:
    with contextlib.suppress(RowError):
        return bool(columns.columns(layout.columns))
    return False


def detect_dialect(head: bytes, format: str, columns: FieldMap) -> Layout:
    """The delimiter under which the header has a text column, or the most columns; whether quotes mean anything.

    A first line `sep=;`, Excel's, decides about the delimiter; it is the layout's `header`, else that is empty.
    """
    text = head.removeprefix(BOM).decode("utf-8", "ignore")
    best, best_rank = Layout(format), (False, 0)
    delimiters, separator_line = "\t,;" if format == "tsv" else ",\t;", ""
    if match := _SEPARATOR_LINE.match(text):
        delimiters, separator_line = match[2], match[1]
        text = text[match.end() :]
        best = Layout(format, delimiter=delimiters, header=separator_line.encode())
    for delimiter in delimiters:
        layout = Layout(format, delimiter=delimiter, header=separator_line.encode())
        header = _header(text, layout)
        if header is None and delimiter == "\t":  # a quote that is never closed is a letter there
            layout = replace(layout, quoted=False)
            header = _header(text, layout)
        if header is None:
            continue
        layout = replace(layout, columns=header)
        rank = (_has_text(layout, columns), len(header))
        if rank > best_rank:
            best, best_rank = layout, rank
    if best.delimiter != "\t" or _is_quoted_header(text.lstrip("\r\n"), best):
        return best
    if "\\" in text and escapes.are_escaped(text) and not _QUOTED_CELL.search(text):
        return replace(best, quoted=False, escaped=True)
    if '"' in text and best.quoted:
        best = replace(best, quoted=_quotes_matter(text.split("\n")[: None if len(head) < HEAD else -1], best))
    return best


def _header(text: str, layout: Layout) -> tuple[str, ...] | None:
    """The cells of a table's first record; None where it is none in this dialect."""
    with contextlib.suppress(csv.Error):
        return tuple(next(csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), **layout.dialect), ()))
    return None


def _is_quoted_header(text: str, layout: Layout) -> bool:
    """Whether a table begins with a header all of whose cells are quoted: no column is named so."""
    quoted = io.StringIO(newline="")
    csv.writer(quoted, lineterminator="", **{**layout.dialect, "quoting": csv.QUOTE_ALL}).writerow(layout.columns)
    return bool(layout.columns) and text.startswith(quoted.getvalue())


def _quotes_matter(lines: Sequence[str], layout: Layout) -> bool:
    """Whether quotes in a table between tabs stand around cells: no fewer rows have the header's width with them."""
    width = len(layout.columns)
    bare = sum(line.count("\t") + 1 == width for line in lines)
    quoted = 0
    with contextlib.suppress(csv.Error):
        for cells in csv.reader(lines, **layout.dialect):
            quoted += len(cells) == width and not any("\t" in cell for cell in cells)
    return quoted >= bare


def _first_rows(head: bytes, layout: Layout) -> list[dict[str, str]]:
    """The rows of a table in its first bytes that are whole and have all columns."""
    lines = io.BytesIO(head[:HEAD].removeprefix(BOM)).readlines()
    whole = lines[:-1] if len(head) >= HEAD else lines
    header_lines = 1 + bool(_SEPARATOR_LINE.match(head[:1000].removeprefix(BOM).decode("utf-8", "ignore")))
    records = csv_records(iter(enumerate(whole, 1)), layout, FeedLimits(row_bytes=HEAD))
    rows = [record.cells for record in itertools.islice(records, header_lines, None)]
    return [
        dict(zip(layout.columns, cells, strict=True)) for cells in rows if cells and len(cells) == len(layout.columns)
    ]


_FEWEST_LINES = 1000  # that a record may have, however short its rows may be


class _TooLong(csv.Error):
    """A record of many lines, most likely a quote that is never closed."""


def csv_records(lines: Iterator[tuple[int, bytes]], layout: Layout, limits: FeedLimits) -> Iterator[Record]:
    """Records within the limits, bad ones with a reason; empty lines are none.

    After a quote that is never closed, only the first physical line of what it swallowed is bad; the others are
    read again.
    """
    if layout.escaped:
        yield from _dumped_records(lines, limits.row_bytes)
        return
    limit, most_lines = limits.row_bytes, max(_FEWEST_LINES, limits.row_bytes >> 7)
    separator = layout.delimiter.encode()
    blank = 0
    waiting: deque[tuple[int, bytes]] = deque()
    consumed: list[tuple[int, bytes]] = []

    def physical() -> Iterator[str]:
        size = 0
        while item := waiting.popleft() if waiting else next(lines, None):
            if not consumed:
                size = 0
            consumed.append(item)
            size += len(item[1])
            if size > limit:
                raise _TooLong(too_long(size, limit) + ", or close a quote")
            if len(consumed) > most_lines:
                raise _TooLong(f"a record of more than {most_lines:,} lines; cure: close a quote")
            if len(item[1]) > BIG_ROW and (reason := too_many_values(item[1], limits, separator)):
                raise _TooLong(reason)
            yield item[1].decode("utf-8", "surrogateescape")

    reader = csv.reader(physical(), **layout.dialect)
    while True:
        consumed.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number, raw = consumed[0]
            waiting.extendleft(reversed(consumed[1:]))
            reader = csv.reader(physical(), **layout.dialect)
            reason = f"bad quoting ({error}); cure: double the quotes inside a quoted cell"
            yield Record(number, raw, None, str(error) if isinstance(error, _TooLong) else reason)
            continue
        raw = b"".join(line for _, line in consumed)
        if not cells or (not raw.strip() and len(layout.columns) != 1):
            blank += 1
            check_blank(blank, limits)
            continue
        blank = 0
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            yield Record(consumed[0][0], raw, None, undecodable(raw, error, "utf-8"))
        else:
            yield Record(consumed[0][0], raw, cells, "")


def _dumped_records(lines: Iterator[tuple[int, bytes]], limit: int) -> Iterator[Record]:
    """Records of a table that a database dumped; a bad one has a reason."""
    for number, raw in escapes.records(lines, limit):
        bare = escapes.without_line_end(raw)
        if not bare.strip(b"\r\n"):
            continue
        if len(raw) > limit:
            yield Record(number, raw, None, too_long(len(raw), limit))
            continue
        try:
            yield Record(number, raw, escapes.cells_of(bare.decode()), "")
        except UnicodeDecodeError as error:
            yield Record(number, raw, None, undecodable(raw, error, "utf-8"))


def header_of(columns: Sequence[str]) -> bytes:
    """A header for rows that were in no text, without its line end; with a byte order mark, so that Excel shows Arabic."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(columns)
    return BOM + text.getvalue().encode()


def write_rows(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    """Write rows of tables of text; return their number. Records that fit as they came keep their bytes.

    What quotes and backslashes mean is told by a table's beginning. Where fewer rows would tell otherwise than all did, every
    cell is quoted: the values stay, not the bytes.

    Raises:
        OutputError: a row has no columns, other ones, or cells that the dialect cannot hold.
    """
    delimiter = layout.delimiter if format == layout.format else "\t" if format == "tsv" else ","
    target = replace(layout, format=format, delimiter=delimiter, quoted=layout.quoted or delimiter != layout.delimiter)
    target = replace(target, escaped=layout.escaped and delimiter == layout.delimiter)
    rows, first, size = iter(rows), list[Row](), 0
    while size < HEAD and (row := next(rows, None)):
        first.append(row)
        size += sum(map(len, csv_cells(row))) if row.layout.columns else HEAD
    head = b"".join(_written(first, layout, target))[:HEAD]
    found, quotes_all = detect_dialect(head, format, FieldMap()), False
    if found.delimiter == delimiter and (found.quoted, found.escaped) != (target.quoted, target.escaped):
        target, quotes_all = replace(target, quoted=True, escaped=False), True
    written = map(out.write, _written(itertools.chain(first, rows), layout, target, quotes_all))
    return max(0, sum(1 for _ in written) - 1)  # without the header


def _written(rows: Iterable[Row], layout: Layout, target: Layout, quotes_all: bool = False) -> Iterator[bytes]:
    """The header and the records of rows, as bytes: as they came where they came in this dialect, and not all is to be quoted."""
    newline = layout.newline.decode()
    dialect = {**target.dialect, **({"quoting": csv.QUOTE_ALL} if quotes_all else {})}

    def record(cells: Sequence[str]) -> bytes:
        text = io.StringIO(newline="")
        if target.escaped:
            return ("\t".join(map(escapes.escaped, cells)) + newline).encode()
        csv.writer(text, lineterminator=newline, **dialect).writerow(cells)
        return text.getvalue().encode()

    def header(is_kept: bool) -> bytes:
        mark = BOM if layout.header.startswith(BOM) else b""
        return layout.header + layout.newline if is_kept else mark + record(layout.columns)

    count = 0
    for count, row in enumerate(rows, 1):
        if not row.layout.columns:
            raise unfit(row, target.format, f"a row of {row.layout.format} has no columns to stand")
        own = row.layout
        same = (own.delimiter, own.quoted, own.escaped) == (target.delimiter, target.quoted, target.escaped)
        same = same and not quotes_all and isinstance(row.raw, bytes)
        if count == 1:
            yield header(same)
        if same and row.layout.columns == layout.columns:
            yield cast(bytes, row.raw) + layout.newline
            continue
        if sorted(row.layout.columns) != sorted(layout.columns):
            raise unfit(
                row, target.format, "its columns differ from those of the rows before, and cannot stand together"
            )
        cell_of = dict(zip(row.layout.columns, csv_cells(row), strict=True))
        try:
            yield record([cell_of[name] for name in layout.columns])
        except csv.Error as error:
            raise unfit(row, target.format, f"its cells ({error}) cannot stand") from None
    if not count and layout.columns:
        yield header(not quotes_all and target == replace(layout, format=target.format))


def write_result(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str], format: str) -> None:
    """Write the lines of a result as a table, with a byte order mark, so that Excel shows Arabic."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter="\t" if format == "tsv" else ",", lineterminator="\r\n")
    out.write(BOM)
    for cells in itertools.chain([columns], (map(as_cell, line.values()) for line in lines)):
        writer.writerow(cells)
        out.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()
