"""Tables of SQLite databases, by the standard library: `news.db::articles`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap
from clusterer.io.compression import TruncatedInput, cut_reason
from clusterer.io.feed_limits import FREE_BYTES, LimitReached, over
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.database import path_of, quoted, read_table
from clusterer.io.rows import Row, first_line

_HEADER = 1 << 20  # bytes beyond a row's, for what SQLite puts around it
_STEPS = 1_000_000  # instructions of SQLite between two looks at its budget
_FREE_STEPS = 30_000_000  # less than a second
_BROKEN = "the database cannot be read here ({}); cure: fetch it again, or `sqlite3 FILE .recover`"
INDEX_APPLICATION = 0x41725374
"""SQLite's `application_id` of a living index: the letters ArSt."""
_AN_INDEX = (
    "{0}: a living index, no feed; cure: `clusterer index export {0} -o FILE` tells its groups,"
    " `clusterer index merge OTHER.db {0}` adds its articles to another index, and `dedup --against` reads it"
)
_TABLES = (
    "SELECT name FROM sqlite_master AS own WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND NOT EXISTS (SELECT 1 FROM sqlite_master AS search WHERE search.sql LIKE 'CREATE VIRTUAL TABLE%'"
    " AND (substr(own.name, 1, length(search.name) + 1) = search.name || '_'"
    " OR (own.name = search.name AND own.sql LIKE '%content=%'))) ORDER BY rowid"
)
"""Tables and views, but for what an index for full-text search keeps beside them."""


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of an SQLite database."""
    return head.startswith(b"SQLite format 3\0")


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of the table that the path names behind "::", else of the only one that holds texts.

    Raises:
        InputError: there is no such table, none holds texts, or several do.
    """
    budget = None
    with ExitStack() as stack:
        try:
            path = path_of(opened, stack)
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
            if not opened.part and database.execute("PRAGMA application_id").fetchone()[0] == INDEX_APPLICATION:
                raise InputError(_AN_INDEX.format(opened.name))
            tables = {str(name): quoted(str(name)) for (name,) in database.execute(_TABLES)}
            yield from read_table(opened, database.execute, tables, sqlite3.Error, budget.reason_of, budget.spend)
        except TruncatedInput as cut:
            opened.damaged(1, cut_reason(cut))
        except (sqlite3.Error, UnicodeError) as error:  # names that are not UTF-8 any more
            opened.damaged(1, budget.reason_of(error) if budget else _BROKEN.format(first_line(error)))


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

    def reason_of(self, error: Exception) -> str:
        """Why reading ended with an error of SQLite's."""
        return self.reason or _BROKEN.format(first_line(error))

    def spend(self, size: int) -> None:
        """Count the bytes of a row.

        Raises:
            LimitReached: the rows are far more than the file can hold.
        """
        self._bytes += size
        if self._bytes > FREE_BYTES and self._bytes > self._limits.ratio * self._size:
            what = f"rows of {self._bytes:,} bytes out of a file of {self._size:,}; rows before are kept"
            raise LimitReached(over(what, "ratio", self._limits.ratio))
