"""What every reader takes and gives: an opened input in, good rows out, bad rows reported.

A reader is a function ``read(opened)`` that yields a `Row` for every article of an `OpenedInput`, in order, and calls
``opened.bad`` for every row that cannot be one. It holds one row at a time, or one file where its format leaves no choice,
and never more than ``opened.row_limit`` bytes of a row. `text` is the shortest example.
"""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clusterer.io.columns import FieldMap
from clusterer.io.compression import CHUNK, ChunkReader, TruncatedInput, cut_reason
from clusterer.io.feed_limits import (
    FREE_LINES,
    FREE_ROWS,
    FREE_TEXT,
    FeedLimits,
    LimitReached,
    TooManyRows,
    check_blank,
    over,
)
from clusterer.io.position import Position
from clusterer.io.rows import EXCERPT, BadRow, Layout, Row, as_text, beginning, too_long

BOM = codecs.BOM_UTF8
_PIECES = 4  # times `row_ratio`: lines, or tags, for each byte of a file
_TAG = re.compile(rb"<(/?)([A-Za-z][\w:.-]*+)[^<>]*?(/?)>")
_NEVER_CLOSED = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd option tr td th tbody thead tfoot".split()
)


@dataclass(slots=True)
class Walk:
    """One walk over a feed: how its rows are read, and what was counted so far.

    Attributes:
        columns: makes articles of rows whose columns the feed names; the caller's choice of columns applies.
        fixed_columns: makes articles of rows whose fields the reader itself names.
        limits: what an input may cost.
        report: takes every bad row.
        rows: good rows.
        bad_rows: bad rows.
        blank_rows: rows of tables whose cells are all empty.
        damage: why the latest input is not whole, "" while it seems to be.
        first_reason: of the latest input's bad rows the first one's reason, "" before one.
        format: name of the latest input's format, "" before one.
        layout: of the latest input, where its reader knows it before any row: of tables.
        formats: names of the formats of all inputs so far.
        notes: what readers left out or chose, each with its cure.
        readings: what inputs with rows were read as, with the name of the first that was and how many were.
        dated: inputs of several rows of which one has a date.
        undated, undated_files: the first of those without any, "" for none, and how many they are.
        bad_since: number of good rows when the latest succession of bad rows began, and their number.
        blank_since: the same of blank rows.
        position: how far it is; None where nobody asks.
        schemas: of shards in Parquet that can stand together, the schema of all, by the name of the input.
        in_pieces: whether rows of the latest input are not what stands at their places there: an element of an array, one of
            several objects of a line.
        parts: of the latest input, where several of its sheets are read, the names of these as rows tell them, each after the
            number of good rows before it.
        is_blank: whether the latest input is a text without a letter.
        empty: names of inputs that are such texts and gave nothing.
        threads: that prepare what is read by columns; 0 for all cores.
    """

    columns: FieldMap
    fixed_columns: FieldMap
    limits: FeedLimits
    report: Callable[[BadRow], None]
    rows: int = 0
    bad_rows: int = 0
    blank_rows: int = 0
    damage: str = ""
    first_reason: str = ""
    formats: dict[str, None] = field(default_factory=dict)
    schemas: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    bad_since: tuple[int, int] = (0, 0)
    blank_since: tuple[int, int] = (0, 0)
    readings: dict[str, list[Any]] = field(default_factory=dict)
    dated: int = 0
    undated: str = ""
    undated_files: int = 0
    position: Position | None = None
    in_pieces: bool = False
    parts: list[tuple[int, str]] = field(default_factory=list)
    format: str = ""
    layout: Layout | None = None
    threads: int = 1
    is_blank: bool = False
    empty: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class OpenedInput:
    """An opened input: what a reader takes.

    Attributes:
        format: its name in `clusterer.io.formats.FORMATS`.
        encoding: that the bytes had before; "" for formats that are no text.
        head: its first bytes, at least `HEAD` where there are as many, with a byte order mark if it came with one.
        chunks: all its bytes, unpacked; of formats that are text in UTF-8, without a byte order mark. A byte that could
            not be decoded is a lone surrogate there, thus not valid UTF-8. Raises `TruncatedInput` where bytes are lost.
        walk: what the inputs of a walk share.
        name: as rows say where they are from.
        id: name of the file without folder and endings.
        path: where the file itself can be opened, if its bytes stand there as in `chunks`; else None.
        part: of a database or workbook the table or sheet that the caller named; "" for none.
        packed: one number, of the bytes that were read so far of the file itself.
        encoding_cure: the cure where the encoding that the caller gave is most likely wrong; else "".
    """

    format: str
    encoding: str
    head: bytes
    chunks: Iterator[bytes]
    walk: Walk
    name: str
    id: str = ""
    path: str | None = None
    encoding_cure: str = ""
    part: str = ""
    packed: list[int] = field(default_factory=lambda: [0])

    @property
    def columns(self) -> FieldMap:
        """Makes an article of a row whose columns the feed names; raises `RowError` where it cannot be one."""
        return self.walk.columns

    @property
    def fixed_columns(self) -> FieldMap:
        """Makes an article of a row whose fields the reader names: text, title, date, source, url, id."""
        return self.walk.fixed_columns

    @property
    def row_limit(self) -> int:
        """Bytes that a row may have; longer ones are bad, and skipped without being held."""
        return self.walk.limits.row_bytes

    @property
    def limits(self) -> FeedLimits:
        """What the input may cost."""
        return self.walk.limits

    def bad(self, line: int, reason: str, raw: bytes | str = b"") -> None:
        """Report a row that cannot be an article.

        Args:
            line: as in `BadRow`, counted from 1.
            reason: what is wrong, and after "; cure: " what helps.
            raw: the row, or its beginning.
        """
        walk = self.walk
        begun, count = walk.bad_since
        count = count + 1 if begun == walk.rows else 1
        walk.bad_since = walk.rows, count
        if count > walk.limits.bad_rows:
            what = f"{count - 1:,} bad rows in succession, the last: {reason.partition('; cure: ')[0]}; the rest is not read"
            raise TooManyRows(over(what, "bad_rows", walk.limits.bad_rows))
        self.walk.bad_rows += 1
        self.walk.first_reason = self.walk.first_reason or reason
        self.walk.report(BadRow(self.name, line, reason, beginning(raw) if len(raw) > self.row_limit else as_text(raw)))

    def blank(self, count: int = 1) -> None:
        """Count rows without anything in them, which are skipped.

        Raises:
            TooManyRows: there are too many in succession.
        """
        self.walk.blank_rows += count
        self.skipped(count)

    def skipped(self, count: int = 1) -> None:
        """Count blank lines, which are no rows.

        Raises:
            TooManyRows: there are too many in succession.
        """
        walk = self.walk
        begun, before = walk.blank_since
        walk.blank_since = walk.rows, count + before if begun == walk.rows else count
        check_blank(walk.blank_since[1], walk.limits)

    def check_gain(self, rows: int, size: int) -> tuple[int, int]:
        """Refuse an input that gives more than a file of its size can hold.

        Args:
            rows: good ones that came so far.
            size: characters of their texts.

        Returns:
            How many rows, and how many characters, may come before this is asked again.

        Raises:
            TooManyRows: there are too many of either.
        """
        weight = os.stat(self.path).st_size if self.path else self.packed[0]
        if rows >= max(FREE_ROWS, self.limits.row_ratio * weight):
            what = f"{rows:,} rows out of a file of {weight:,} bytes; the rest is not read"
            raise TooManyRows(over(what, "row_ratio", self.limits.row_ratio))
        if size > max(FREE_TEXT, self.limits.ratio * weight):
            what = f"texts of {size:,} characters out of a file of {weight:,} bytes; the rest is not read"
            raise TooManyRows(over(what, "ratio", self.limits.ratio))
        return rows + FREE_ROWS // 10, size + FREE_TEXT // 10

    def damaged(self, line: int, reason: str, raw: bytes | str = b"") -> None:
        """Report that the input is not whole: one bad row, and a word of the file when the run ends.

        Args:
            line: of the first row that is lost.
            reason: as for `bad`; says how much is lost where that is known.
            raw: what is left of the row.
        """
        self.walk.damage = self.walk.damage or reason
        self.bad(line, reason, beginning(raw))

    def begin_part(self, name: str) -> None:
        """Name what rows, good and bad, are of from here on: one of several sheets."""
        self.name = name
        self.walk.parts.append((self.walk.rows, name))

    def note(self, note: str) -> None:
        """Tell whoever reads the run's result what was left out or chosen, and the cure."""
        self.walk.notes[note] = None

    def last_bad(self, line: int, reason: str, raw: bytes) -> None:
        """Report a bad row; the file seems cut off where it is the last one, without a line end."""
        if raw.endswith((b"\n", b"\r")):
            self.bad(line, reason, raw)
        else:
            self.damaged(line, reason.replace("; cure: ", ": the file ends here; cure: fetch it again, or ", 1), raw)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Lines with their numbers, from 1, and their line ends. Those over the limit are skipped and reported."""
        try:
            for number, line, size in self.cut_lines():
                if size:
                    self.bad(number, too_long(size, self.row_limit), line)
                else:
                    yield number, line
        except TruncatedInput as cut:
            self.damaged(cut.line, cut_reason(cut))

    def cut_lines(self) -> Iterator[tuple[int, bytes, int]]:
        """Lines with their numbers, from 1, and their line ends, and 0; of those over the limit the beginning and the size.

        Raises:
            TruncatedInput: bytes are lost from one of its lines on.
        """
        limit, number = self.row_limit, 0
        stream = io.BufferedReader(ChunkReader(self.chunks), CHUNK)
        try:
            for line in iter(partial(stream.readline, limit + 1), b""):
                number += 1
                if not number % FREE_LINES:
                    self.check_pieces(number + 1, "lines")
                if len(line) <= limit or (line[-1] == 10 and len(line) == limit + 1):
                    yield number, line, 0
                    continue
                size, piece = len(line), line
                while piece[-1:] not in (b"\n", b"") and (piece := stream.readline(CHUNK)):
                    size += len(piece)
                    self.check_skipped(size)
                yield number, line, size
        except TruncatedInput as cut:
            cut.line = number + 1
            raise

    def check_pieces(self, number: int, what: str) -> None:
        """Refuse more lines, or tags, than a file of this size can hold.

        Args:
            number: of those that are known so far.
            what: they are, in the plural.

        Raises:
            LimitReached: there are several for each byte.
        """
        packed = self.packed[0]
        if packed and number > max(FREE_LINES, _PIECES * self.limits.row_ratio * packed):
            what = f"{number:,} {what} out of a file of {packed:,} bytes; the rest is not read"
            raise LimitReached(over(what, "row_ratio", self.limits.row_ratio))

    def check_skipped(self, size: int) -> None:
        """Give up a row of which so many bytes were read without an end.

        Raises:
            LimitReached: they are too many.
        """
        if size > self.limits.skipped_bytes:
            what = f"a row without an end in {size:,} bytes; the rest is not read"
            raise LimitReached(over(what, "skipped_bytes", self.limits.skipped_bytes))

    def whole(self) -> tuple[bytes, str]:
        """All bytes, and "" or the reason why they are not all; of a file over the limit only the first."""
        data = bytearray()
        try:
            for chunk in self.chunks:
                data += chunk
                if len(data) > self.row_limit:
                    size = len(data)
                    for chunk in self.chunks:
                        size += len(chunk)
                        self.check_skipped(size)
                    return bytes(data[: 4 * EXCERPT]), too_long(size, self.row_limit)
        except TruncatedInput as cut:
            return bytes(data), cut_reason(cut)
        return bytes(data), ""


def too_deep(data: bytes, limits: FeedLimits) -> str:
    """The reason of XML or HTML whose elements stand too deep in one another; "" where they do not.

    Parsers of both go down into every element, and take long, or fall over, where there is no end to it. Counted are tags that
    open over those that close: what HTML need not close (`<p>`, `<br>`) counts once for each that stands open at most.
    """
    depth = deepest = 0
    for found in _TAG.finditer(data):
        if found[1]:
            depth = max(0, depth - 1)
        elif not found[3] and found[2].lower() not in _NEVER_CLOSED:
            depth += 1
            deepest = max(deepest, depth)
    if deepest <= limits.depth:
        return ""
    return over(f"elements stand {deepest:,} deep in one another", "depth", max(limits.depth, deepest // 2))


@dataclass(frozen=True, slots=True)
class Copied:
    """An input whose rows are given back as they stand in it, none made an article again.

    Attributes:
        opened: it, opened anew.
        lines: int64 (n,), where its n good rows stand.
        stays: bool (n,), which of them are given back.
        added: n texts by name, of the fields that rows get more at their end; all rows stay then.
        aside: takes those that are not given back, each with its number from 0; None where nobody wants them.
        tell: takes how many more rows were met.
    """

    opened: OpenedInput
    lines: NDArray[np.int64]
    stays: NDArray[np.bool_]
    added: Mapping[str, Sequence[str]]
    aside: Callable[[int, Row], None] | None
    tell: Callable[[int], None]


class Reader(Protocol):
    """The function of a format that reads it."""

    def __call__(self, opened: OpenedInput) -> Iterator[Row]:
        """Yield the good rows of an input; report the bad ones.

        Raises:
            InputError: the whole input cannot be read, for example because it has no text column.
        """


def undecodable(raw: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    """The reason of a row that is not valid in its encoding."""
    bad = raw[error.start : error.start + 3]
    if bad == b"\xed\xb3\xbf" and encoding not in ("utf-8", ""):
        return f"not valid {encoding}; cure: --encoding NAME, or mend the row"
    if bad[:1] == b"\xed" and b"\xa0" <= bad[1:2] <= b"\xbf":
        return f"lone surrogate, half of a character, at byte {error.start + 1}; cure: write whole characters"
    return f"not valid UTF-8 at byte {error.start + 1} (0x{bad[:1].hex()}); cure: --encoding NAME, or mend the row"
