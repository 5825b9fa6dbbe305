"""Feeds in: the rows of every format as articles, one after the other; bad rows are reported.

Memory holds one row, one Parquet batch, or one file where its format leaves no choice; never a whole feed. A bad row never
stops a walk: it goes to `on_bad` with file, line and reason. What cannot be read at all (a missing file, an unknown format,
no text column) is named and set aside; it is an `InputError` where no input can be read.

Finds inputs by `sources`, opens them by `detect`, reads them by the readers of `formats`; does none of this itself.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, tzinfo
from functools import cached_property, partial
from typing import TypeVar, cast

import numpy as np

from clusterer.errors import ClustererError, InputError, UnusableInput, did_you_mean
from clusterer.io.blocks import Block
from clusterer.io.columns import FieldMap
from clusterer.io.compression import CHUNK, MAGIC
from clusterer.io.dates import parse_date, zone_from
from clusterer.io.detect import format_of, open_input
from clusterer.io.feed_limits import MAX_ROW_BYTES, limits_from
from clusterer.io.formats import FORMATS_BY_NAME
from clusterer.io.gain import within_limits
from clusterer.io.named_fields import check_fields
from clusterer.io.position import Position
from clusterer.io.readers import jsonl
from clusterer.io.readers.base import OpenedInput, Walk
from clusterer.io.rows import BadRow, DamagedFile, Row, UnreadableDate
from clusterer.io.shards import Shards, check_shards
from clusterer.io.sources import STDIN_NAME, Source, find_sources
from clusterer.io.walk_words import note_input, notes_of, reading_of, readings_of, reason_of

_CURE = "--timezone, --now or --date-field, or leave --strict out"  # of a date that cannot be read
_Item = TypeVar("_Item")


class Feed:
    r"""The rows of a set of inputs, in a fixed order, read as they are asked for; it can be walked more than once.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "feed.csv")
    >>> _ = path.write_text("id,text\n1,first article\n2,second article\n")
    >>> feed = Feed(path)
    >>> [(row.article.id, row.line) for row in feed]
    [('1', 2), ('2', 3)]
    >>> feed.rows, feed.bad_rows
    (2, 0)

    Attributes:
        first_unreadable_date: where the first of `unreadable_dates` is; None before one.
        first_bad: the first bad row of the latest walk; None before one.
        damaged_files: of the latest walk so far, the files that are cut off, damaged, or of no use at all.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        fields: Mapping[str, str] | None = None,
        format: str | None = None,
        encoding: str | None = None,
        timezone: str | tzinfo | None = None,
        now: str | datetime | None = None,
        max_row_bytes: int = MAX_ROW_BYTES,
        limits: Mapping[str, int | str] | None = None,
        strict: bool = False,
        on_bad: Callable[[BadRow], None] | None = None,
    ) -> None:
        """Find the inputs; nothing is read yet.

        Args:
            paths: files, folders (all files with known endings, at any depth), globs, or "-" for standard input.
            fields: article attribute to column name, where the usual names do not fit.
            format: a name in `clusterer.io.formats.FORMATS` when endings and first bytes mislead; in folders and archives
                it picks the files of that format.
            encoding: of all text inputs; detected for each when None.
            timezone: of clocks that name none, such as "Asia/Riyadh" or "+03:00"; UTC when None.
            now: when the inputs were fetched; dates such as "منذ ساعتين" are told from it, if a row has no date of fetching.
            max_row_bytes: a longer row is bad; it is skipped without being held.
            limits: what an input may cost, by the names of `FeedLimits`, for example ``{"ratio": 1000}``; beyond, the rest of
                it is not read.
            strict: the first bad row, damage or unreadable date is an `InputError`.
            on_bad: called once for every bad row, however often the feed is walked.

        Raises:
            InputError: a path or glob without a file, an unknown format, encoding, field or zone, a `now` that is no date.
        """
        _check(format, encoding, max_row_bytes)
        check_fields(fields)
        self._fields, self._encoding = dict(fields or {}), encoding
        self._limits, self._on_bad = limits_from(limits, max_row_bytes), on_bad
        self._of_caller: BaseException | None = None  # raised by `on_bad`
        self._zone, self._strict = zone_from(timezone), strict
        self._now = None if now is None else _moment(now, self._zone)
        self._reported, self._threads = 0, 1
        self._sources = find_sources(paths, format, self._limits.members)
        self._walk = self._new_walk()

    def _new_walk(self) -> Walk:
        self.first_unreadable_date: UnreadableDate | None = None
        self.damaged_files: list[DamagedFile] = []
        self.first_bad: BadRow | None = None
        self._unusable: list[UnusableInput] = []
        columns = FieldMap(self._fields, self._zone, self._now)
        columns.named.waits = len(self._sources) > 1
        fixed = FieldMap(
            self._fields, self._zone, self._now
        )  # by the caller's names where a reader has such, else its own
        fixed.named.waits = True
        return Walk(columns, fixed, self._limits, self._report, threads=self._threads)

    @property
    def rows(self) -> int:
        """Good rows of the latest walk so far."""
        return self._walk.rows

    @property
    def bad_rows(self) -> int:
        """Bad rows of the latest walk so far."""
        return self._walk.bad_rows

    @property
    def blank_rows(self) -> int:
        """Rows of tables in the latest walk so far whose cells are all empty; they are skipped."""
        return self._walk.blank_rows

    @property
    def unreadable_dates(self) -> int:
        """Rows of the latest walk so far whose date was there, not empty, and unreadable."""
        return self._walk.columns.unreadable_dates + self._walk.fixed_columns.unreadable_dates

    @property
    def read_as(self) -> dict[str, str] | None:
        """For each article attribute the column of the latest walk, "" for none; None where rows differ, or have none."""
        return None if self._walk.fixed_columns.read_as else self._walk.columns.read_as

    @property
    def reading(self) -> str:
        """What the latest walk read as what, for a person: every attribute with the columns that it came from."""
        return reading_of(self._walk)

    @property
    def readings(self) -> list[str]:
        """The same, one of all inputs that were read alike."""
        return readings_of(self._walk)

    @property
    def notes(self) -> list[str]:
        """What a reader of the latest walk's result should know of how it was read, each with its cure."""
        return notes_of(self._walk)

    @property
    def format(self) -> str:
        """The one format of all inputs; "jsonl" where they differ, or where their format is never written."""
        names = set(self.formats)
        name = names.pop() if len(names) == 1 else "jsonl"
        return name if FORMATS_BY_NAME[name].write_rows else "jsonl"

    @property
    def formats(self) -> list[str]:
        """The format of each input, as far as it can be told."""
        several = len(self._sources) > 1
        return [format_of(source, self._walk, self._encoding, several) for source in self._sources]

    @property
    def empty_inputs(self) -> list[str]:
        """Names of the inputs of the latest walk that are empty, or but blanks: not so much as a header, or `[]`."""
        return list(self._walk.empty)

    @property
    def share_read(self) -> float | None:
        """How much of all files' bytes the latest walk has read, from 0 to 1; None where that is not known."""
        return self._walk.position.share if self._walk.position else None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The inputs, in the order in which they are read."""
        return self._sources

    @property
    def paths(self) -> list[str]:
        """The files that are read, without standard input; an archive once."""
        return list(dict.fromkeys(s.path or s.name for s in self._sources if os.path.exists(s.path or s.name)))

    @cached_property
    def shards(self) -> Shards:
        """What the footers of the inputs in Parquet say; read once, before any row.

        Raises:
            InputError: a shard cannot be read beside the others; names files and fields.
        """
        paths = [(s.name, s.path) for s in self._sources if s.formats == ("parquet",) and s.path and not s.packing]
        if len(paths) < 2:
            return Shards()
        columns = FieldMap(self._fields)
        columns.named.waits = True
        return check_shards(paths, columns)

    def __iter__(self) -> Iterator[Row]:
        """Walk the good rows.

        Raises:
            InputError: of no input anything can be read: they cannot be opened, their formats or encodings cannot be told, or
                they have no text column; a column that the caller named is in none of them.
        """
        for _, rows in self.by_input():
            yield from rows

    def blocks_by_input(self) -> Iterator[tuple[Source, Iterator[Row | Block]]]:
        """As `by_input`; most rows come in blocks, where their format is read by columns, and none of them can be written.

        Raises:
            InputError: as a walk over the rows.
        """
        return _walked(self, _items_of)

    def by_input(self, own_schemas: bool = False) -> Iterator[tuple[Source, Iterator[Row]]]:
        """Walk the inputs one after the other, each with its good rows; these are taken before the next one is asked for.

        Args:
            own_schemas: rows of Parquet files keep the schema of their file, where they are not put into one table.

        Raises:
            InputError: as a walk over the rows.
        """
        return _walked(self, _rows_of, own_schemas)

    def follow(self, stream: int) -> Iterator[Row]:
        """The good rows of JSON lines that arrive on a file descriptor, each as soon as its line is there.

        In place of a walk: the paths are not read.

        Raises:
            InputError: what arrives is packed.
        """
        self._walk = self._new_walk()
        chunks: Iterator[bytes] = iter(partial(os.read, stream, CHUNK), b"")
        first = next(chunks, b"")
        if first.startswith((*MAGIC, b"PK\x03\x04")):
            raise InputError(
                f"{STDIN_NAME}: packed, and lines are wanted as they come; cure: unpack it before, with zcat or the like"
            )
        chunks = itertools.chain([first], chunks)
        for row in jsonl.read(OpenedInput("jsonl", "utf-8", b"", chunks, self._walk, STDIN_NAME)):
            yield self._counted(row)

    def _read(self, source: Source, by_block: bool = False) -> Generator[Row | Block]:
        """The rows of an input, or blocks of them; whatever is raised over it is one bad row, and its end."""
        walk, before, form = self._walk, self._walk.rows, "its"
        with ExitStack() as stack:
            walk.columns.month_first, walk.columns.input = False, source.name
            try:
                opened = open_input(source, stack, walk, self._encoding)
                walk.format = opened.format
                walk.formats[opened.format], form = None, f"the {opened.format}"
                how = FORMATS_BY_NAME[opened.format]
                yield from within_limits(opened, ((by_block and how.read_blocks) or how.read)(opened))
                return
            except BaseException as error:
                is_aside = isinstance(error, UnusableInput) and len(self._sources) > 1 and source.part == ""
                if error is self._of_caller or (isinstance(error, ClustererError) and not is_aside):
                    raise
                reason = reason_of(error, form, source.name)
                if isinstance(error, UnusableInput):
                    self._unusable.append(error)
        walk.bad_rows += 1
        walk.damage = reason
        walk.report(BadRow(source.name, walk.rows - before + 1, reason, ""))

    def _counted(self, row: Row) -> Row:
        self._walk.rows += 1
        if row.article.date is None and self.first_unreadable_date is None:
            maps = (self._walk.columns, self._walk.fixed_columns)
            value = next((columns.first_unreadable for columns in maps if columns.unreadable_dates), None)
            if value is not None:
                self.first_unreadable_date = UnreadableDate(row.file, row.line, value)
                if self._strict:
                    raise InputError(f"{row.file}, line {row.line}: date {value!r:.80} cannot be read; cure: {_CURE}")
        return row

    def _report(self, bad: BadRow) -> None:
        """Hand on a bad row that no walk before has met.

        Raises:
            InputError: in strict feeds.
        """
        if self._strict:
            raise InputError(f"{bad.file}, line {bad.line}: {bad.reason}; or leave --strict out")
        self.first_bad = self.first_bad or bad
        if self._walk.bad_rows > self._reported:
            self._reported = self._walk.bad_rows
            if self._on_bad:
                try:
                    self._on_bad(bad)
                except BaseException as error:
                    self._of_caller = error
                    raise


def _check(format: str | None, encoding: str | None, max_row_bytes: int) -> None:
    """Refuse what no feed can be read by.

    Raises:
        InputError: a format or an encoding is not known; no row is as short.
    """
    if format is not None and format not in FORMATS_BY_NAME:
        meant = did_you_mean(format, FORMATS_BY_NAME)
        raise InputError(f"format {format!r} is not known; cure: {meant}one of {', '.join(FORMATS_BY_NAME)}")
    if max_row_bytes < 1:
        raise InputError(f"max_row_bytes {max_row_bytes} is below 1; cure: a number of bytes such as 33554432")
    if encoding is not None:
        try:
            "".encode(encoding)
        except LookupError:
            raise InputError(
                f"encoding {encoding!r} is not known; cure: a name such as utf-8, utf-16 or windows-1256"
            ) from None


def _moment(now: str | datetime, zone: tzinfo | None) -> datetime:
    """When inputs were fetched.

    Raises:
        InputError: it is no date.
    """
    if (moment := parse_date(now, zone=zone)) is None:
        raise InputError(f"now {now!r} is no date; cure: one such as 2025-03-02T12:00")
    return moment


def _walked(
    feed: Feed, read: Callable[[Feed, Source], Iterator[_Item]], own_schemas: bool = False
) -> Iterator[tuple[Source, Iterator[_Item]]]:
    """A new walk: the inputs, each with what is read of it."""
    walk = feed._walk = feed._new_walk()
    shards = feed.shards
    walk.schemas = {} if own_schemas else shards.schemas
    position = walk.position = Position([(source.name, source.path) for source in feed._sources])
    for source in feed._sources:
        yield source, read(feed, source)
        position.passed(source.name)
    if walk is feed._walk:
        if len(feed._unusable) == len(feed._sources):
            raise feed._unusable[0]
        walk.columns.refuse_lacking()


def _is_of_no_feed(feed: Feed, source: Source) -> bool:
    """Whether an input, just read, whose one row is bad has no column of texts: an error page in an article's place."""
    is_page = FORMATS_BY_NAME[format_of(source, feed._walk, feed._encoding, True)].fields
    return not is_page and not feed._walk.columns.columns_here["text"]


def _rows_of(feed: Feed, source: Source) -> Iterator[Row]:
    """The good rows of an input that a walk has come to."""
    return cast(Iterator[Row], _items_of(feed, source, False))


def _items_of(feed: Feed, source: Source, by_block: bool = True) -> Iterator[Row | Block]:
    """The good rows of an input that a walk has come to, or blocks of them."""
    walk, rows, bad = feed._walk, feed._walk.rows, feed._walk.bad_rows
    walk.damage = walk.first_reason = ""
    walk.is_blank = False
    walk.in_pieces, walk.layout, walk.parts = False, None, []
    is_dated = has_text = has_title = False
    walk.columns.begin_input()
    walk.fixed_columns.begin_input()
    for item in feed._read(source, by_block):
        if isinstance(item, Row):
            feed._counted(item)
            is_dated = is_dated or item.article.date is not None
            has_text = has_text or item.article.text != ""
            has_title = has_title or item.article.title != ""
        else:
            walk.rows += len(item)
            is_dated = is_dated or bool(np.isfinite(item.dates).any())
            has_text = has_text or bool(item.letters.any())
            has_title = has_title or has_text or any(item.titles)
        yield item
    if walk.position:
        walk.position.passed(source.name)
    if walk is not feed._walk:  # another walk began meanwhile
        return
    rows, bad = walk.rows - rows, walk.bad_rows - bad
    if walk.is_blank and not rows and not bad:
        walk.empty[source.name] = None
    note_input(walk, source.name, rows, is_dated, has_text, has_title)
    if rows:
        walk.columns.end_input(source.name)
    if walk.damage or (not rows and (bad > 1 or (bad == 1 and _is_of_no_feed(feed, source)))):
        none = f"none of {bad:,} rows is an article; the first" if bad > 1 else "what it holds is no article"
        reason = walk.damage or f"{none}: {walk.first_reason}"
        feed.damaged_files.append(DamagedFile(source.name, reason, rows))
