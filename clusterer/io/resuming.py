"""A walk over a feed that goes on where an earlier one stood: inputs that need not be read again are passed over.

How an input is read depends on what the inputs before it taught (`plans.ColumnPlans.learn`): of one that is passed over the
beginning is read, which is where walks learn; where an earlier walk learned further down, all of it is. What a walk had counted
is set to what the earlier one had counted after that input.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, replace
from typing import Any

from clusterer.io.columns import FieldMap
from clusterer.io.detect import open_input
from clusterer.io.feed import Feed
from clusterer.io.readers.base import OpenedInput
from clusterer.io.rows import BadRow, DamagedFile, Layout, UnreadableDate
from clusterer.io.sources import Source

State = dict[str, Any]
"""What a walk has counted and read as what, as JSON holds it."""


def state_of(feed: Feed) -> State:
    """What the latest walk of a feed has counted so far."""
    walk = feed._walk
    first = feed.first_unreadable_date
    return {
        "rows": walk.rows,
        "bad_rows": walk.bad_rows,
        "blank_rows": walk.blank_rows,
        "bad_since": list(walk.bad_since),
        "blank_since": list(walk.blank_since),
        "formats": list(walk.formats),
        "readings": {reading: list(told) for reading, told in walk.readings.items()},
        "dated": [walk.dated, walk.undated, walk.undated_files],
        "notes": list(walk.notes),
        "empty": list(walk.empty),
        "columns": _columns_state(walk.columns),
        "fixed_columns": _columns_state(walk.fixed_columns),
        "damaged_files": [astuple(file) for file in feed.damaged_files],
        "first_unreadable_date": None if first is None else [first.file, first.line, str(first.value)],
        "first_bad": None if feed.first_bad is None else astuple(feed.first_bad),
        "learnt": _learnt(walk.columns),
        "in_pieces": walk.in_pieces,
        "parts": list(walk.parts),
        "format": walk.format,
    }


def layout_of(feed: Feed) -> Layout | None:
    """How the table is laid out that the latest walk of a feed has come to, also one without a row; None of what is no table."""
    return feed._walk.layout


def pass_over(feed: Feed, source: Source, state: State) -> None:
    """Go past an input that is not read again.

    Args:
        feed: whose walk has come to the input.
        source: the input.
        state: of the earlier walk after it.
    """
    walk = feed._walk
    report, walk.report = walk.report, _ignore
    rows = feed._read(source)
    first = walk.rows + 1
    for _ in rows:
        walk.rows += 1  # bad rows are in succession only where none of these is between
        if walk.rows == first and _learnt(walk.columns) == state["learnt"]:
            break
    rows.close()
    walk.report = report
    walk.rows, walk.bad_rows, walk.blank_rows = state["rows"], state["bad_rows"], state["blank_rows"]
    walk.formats, walk.notes = dict.fromkeys(state["formats"]), dict.fromkeys(state["notes"])
    walk.empty = dict.fromkeys(state["empty"])
    walk.readings = {reading: list(told) for reading, told in state["readings"].items()}
    walk.dated, walk.undated, walk.undated_files = state["dated"]
    for columns, kept in ((walk.columns, state["columns"]), (walk.fixed_columns, state["fixed_columns"])):
        _set_columns(columns, kept)
    feed.damaged_files = [DamagedFile(*file) for file in state["damaged_files"]]
    walk.bad_since, walk.blank_since = tuple(state["bad_since"]), tuple(state["blank_since"])
    walk.in_pieces, walk.format = state["in_pieces"], state["format"]
    walk.parts = [(first, name) for first, name in state["parts"]]
    date, bad = state["first_unreadable_date"], state["first_bad"]
    feed.first_unreadable_date = UnreadableDate(*date) if date else None
    feed.first_bad = BadRow(*bad) if bad else None


@contextmanager
def opened_again(feed: Feed, source: Source) -> Iterator[OpenedInput]:
    """An input once more, beside the walk over its feed, which counts nothing of it and hears only of damage that is new.

    Columns that nobody needed before may be damaged: their rows are bad ones of the feed like any other.

    Args:
        feed: whose walk has come to the input.
        source: the input.

    Raises:
        InputError: there is such damage, and the first bad row is to be one.
    """
    known = any(file.file == source.name for file in feed.damaged_files)

    def hear(bad: BadRow) -> None:
        if walk.damage and not known:
            feed._walk.bad_rows += 1
            feed._walk.report(bad)

    walk = replace(feed._walk, report=hear, damage="", rows=0)
    with ExitStack() as stack:
        yield open_input(source, stack, walk, feed._encoding)
    if walk.damage and not known:
        feed.damaged_files.append(DamagedFile(source.name, walk.damage, walk.rows))


def identity(source: Source) -> list[Any] | None:
    """What tells a file from another one, or from what it was: path, size, time of change; None of what is no file by itself."""
    if not source.path:
        return None
    try:
        found = os.stat(source.path)
    except OSError:
        return None
    return [
        source.name,
        os.path.realpath(source.path),
        found.st_size,
        found.st_mtime_ns,
        list(source.formats),
        source.part,
    ]


def chained(key: str, more: object) -> str:
    """A key that holds for what another one holds for and more besides: 32 hex digits."""
    return hashlib.blake2b(f"{key}\n{more!r}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _ignore(bad: BadRow) -> None:
    """Bad rows of an input that is passed over are known."""


def _learnt(columns: FieldMap) -> list[int]:
    """How much a walk has learned; grows with every lesson until it is full."""
    return [len(columns._learnt), sum(len(rows) for _, rows in columns._learnt.values())]


def _columns_state(columns: FieldMap) -> State:
    first = columns.first_unreadable
    return {
        "unreadable_dates": columns.unreadable_dates,
        "first_unreadable": None if first is None else str(first),
        "default_dates": columns.default_dates,
        "guessed_dates": columns.guessed_dates,
        "text_columns": list(columns.text_columns),
        "columns_read": {attribute: list(names) for attribute, names in columns._columns_read.items()},
        "notes": list(columns._notes),
        "lacking": {attribute: list(found) for attribute, found in columns.named.lacking.items()},
    }


def _set_columns(columns: FieldMap, state: State) -> None:
    columns.unreadable_dates, columns.default_dates = state["unreadable_dates"], state["default_dates"]
    columns.guessed_dates = state["guessed_dates"]
    columns.first_unreadable = state["first_unreadable"]
    columns.text_columns = dict.fromkeys(state["text_columns"])
    columns._columns_read = {attribute: dict.fromkeys(names) for attribute, names in state["columns_read"].items()}
    columns._notes = dict.fromkeys(state["notes"])
    columns.named.lacking = {attribute: tuple(found) for attribute, found in state["lacking"].items()}
