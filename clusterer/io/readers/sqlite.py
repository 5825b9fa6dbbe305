"""Tables of SQLite databases, by the standard library: `news.db::articles`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from clusterer.io.columns import FieldMap
from clusterer.io.compression import TruncatedInput, cut_reason
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.database import path_of, quoted, read_table
from clusterer.io.rows import Row, first_line

_BROKEN = "the database cannot be read here ({}); cure: fetch it again, or `sqlite3 FILE .recover`"
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
    with ExitStack() as stack:
        try:
            address = f"{Path(path_of(opened, stack)).absolute().as_uri()}?mode=ro"
            database = stack.enter_context(closing(sqlite3.connect(address, uri=True)))
            database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")  # one bad row, not the end
            tables = {str(name): quoted(str(name)) for (name,) in database.execute(_TABLES)}
            yield from read_table(opened, database.execute, tables, sqlite3.Error, _BROKEN)
        except TruncatedInput as cut:
            opened.damaged(1, cut_reason(cut))
        except (sqlite3.Error, UnicodeError) as error:  # names that are not UTF-8 any more
            opened.damaged(1, _BROKEN.format(first_line(error)))
