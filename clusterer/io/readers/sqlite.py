"""Tables of SQLite databases, by the standard library: `news.db::articles`."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from clusterer.errors import InputError
from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import TruncatedInput, cut_reason
from clusterer.io.feed_limits import FREE_BYTES, LimitReached, over
from clusterer.io.field_names import each_once
from clusterer.io.readers.base import OpenedInput
from clusterer.io.rows import Layout, Row, first_line, too_long

_HEADER = 1 << 20  # bytes beyond a row's, for what SQLite puts around it
_STEPS = 1_000_000  # instructions of SQLite between two looks at its budget
_FREE_STEPS = 30_000_000  # less than a second
_BROKEN = "the database cannot be read here ({}); cure: fetch it again, or `sqlite3 FILE .recover`"


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of an SQLite database."""
    return head.startswith(b"SQLite format 3\0")


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of the table that the path names behind "::", else of the only one that holds texts.

    Raises:
        InputError: there is no such table, none holds texts, or several do.
    """
    with ExitStack() as stack:
        try:
            path = opened.path or _copied(opened, stack)
            database = stack.enter_context(
                closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True))
            )
            database.setlimit(
                sqlite3.SQLITE_LIMIT_LENGTH, 2 * opened.row_limit + _HEADER
            )  # also of what a view makes up
            for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON"):
                database.execute(f"PRAGMA {pragma}")
            budget = _Budget(opened, Path(path).stat().st_size)
            database.set_progress_handler(budget.gives_up, _STEPS)
            database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")  # one bad row, not the end
            names = [str(name) for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                " ORDER BY rowid"
            )]  # fmt: skip
            table = _table(opened, database, names)
            yield from _rows(opened, database, table, budget)
        except TruncatedInput as cut:
            opened.damaged(1, cut_reason(cut))
        except (sqlite3.Error, UnicodeError) as error:  # names that are not UTF-8 any more
            opened.damaged(1, budget.reason or _BROKEN.format(first_line(error)))


class _Budget:
    """What reading a database may cost: a view can compute for ever, or give rows without end.

    Attributes:
        reason: why it was stopped; "" before.
    """

    def __init__(self, opened: OpenedInput, size: int) -> None:
        """Of a file of so many bytes."""
        self._limits, self._size, self.reason = opened.limits, size, ""
        self._steps_left = _FREE_STEPS + opened.limits.ratio * size
        self._bytes = 0

    def gives_up(self) -> bool:
        """Whether SQLite has worked enough; it asks every `_STEPS` instructions."""
        self._steps_left -= _STEPS
        if self._steps_left < 0:
            what = f"a view that computes on and on in a file of {self._size:,} bytes; rows before are kept"
            self.reason = over(what, "ratio", self._limits.ratio)
        return bool(self.reason)

    def spend(self, size: int) -> None:
        """Count the bytes of a row.

        Raises:
            LimitReached: the rows are far more than the file can hold.
        """
        self._bytes += size
        if self._bytes > FREE_BYTES and self._bytes > self._limits.ratio * self._size:
            what = f"rows of {self._bytes:,} bytes out of a file of {self._size:,}; rows before are kept"
            raise LimitReached(over(what, "ratio", self._limits.ratio))


def _copied(opened: OpenedInput, stack: ExitStack) -> str:
    """A file with the bytes of a database that was packed."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="clusterer-"))
    path = Path(folder, "copy.db")
    with path.open("wb") as copy:
        for chunk in opened.chunks:
            copy.write(chunk)
    return str(path)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_rows(database: sqlite3.Connection, name: str) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    cursor = database.execute(f"SELECT * FROM {_quoted(name)} LIMIT {SAMPLE}")
    columns = each_once(tuple(column[0] for column in cursor.description))
    return columns, [dict(zip(columns, cells, strict=True)) for cells in cursor]


def _table(opened: OpenedInput, database: sqlite3.Connection, names: list[str]) -> str:
    """The table that is read."""
    if opened.part:
        if opened.part not in names:
            raise InputError(f"{opened.name}: no table {opened.part!r}; cure: one of {', '.join(names) or '(none)'}")
        columns, rows = _first_rows(database, opened.part)
        opened.columns.check_header(columns, opened.name, rows)
        return opened.part
    fit, headers = [], []
    for name in names:
        columns, rows = _first_rows(database, name)
        headers.append(f"{name} ({', '.join(columns[:20])})")
        try:
            opened.columns.columns(columns)
        except RowError:
            continue
        if rows:
            fit.append(name)
    if len(fit) != 1:
        which = f"tables {', '.join(fit)} may hold the articles" if fit else "no table has a text column"
        raise InputError(
            f"{opened.name}: {which}; cure: {opened.name}::TABLE"
            + ("" if fit else f" and --text-field NAME; found {'; '.join(headers) or 'no table'}")
        )
    columns, rows = _first_rows(database, fit[0])
    opened.columns.check_header(columns, opened.name, rows)
    return fit[0]


def _rows(opened: OpenedInput, database: sqlite3.Connection, table: str, budget: _Budget) -> Iterator[Row]:
    cursor = database.execute(f"SELECT * FROM {_quoted(table)}")
    columns = each_once(tuple(column[0] for column in cursor.description))
    layout = Layout("sqlite")
    number = 0
    while True:
        number += 1
        try:
            cells = next(cursor, None)
        except sqlite3.Error as error:
            reason = budget.reason or f"{_BROKEN.format(first_line(error))}; rows before it are kept"
            opened.damaged(number, reason)
            return
        if cells is None:
            return
        try:
            size = sum(len(cell.encode()) if isinstance(cell, str) else 8 for cell in cells)
            budget.spend(size)
            if size > opened.row_limit:
                raise RowError(too_long(size, opened.row_limit))
            row = dict(zip(columns, cells, strict=True))
            article = opened.columns(row)
        except UnicodeEncodeError as error:
            raw = error.object.encode("utf-8", "surrogateescape")
            opened.bad(number, f"not valid UTF-8 at character {error.start + 1}; cure: mend the row", raw)
        except RowError as error:
            opened.bad(number, str(error), repr(cells))
        else:
            yield Row(article, row, opened.name, number, layout)
