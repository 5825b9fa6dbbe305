"""Tables of DuckDB databases: `news.duckdb::articles`; in another schema than main `news.duckdb::archive.articles`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from importlib import import_module
from typing import Any

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap
from clusterer.io.compression import TruncatedInput, cut_reason
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.database import path_of, quoted, read_table
from clusterer.io.rows import Row, first_line

_BROKEN = "the database cannot be read here ({}); cure: close it elsewhere, fetch it again, or update duckdb"
_TABLES = (
    "SELECT schema_name, name FROM (SELECT schema_name, table_name AS name, table_oid AS place, internal FROM duckdb_tables()"
    " WHERE database_name = current_database() UNION ALL SELECT schema_name, view_name, view_oid, internal FROM duckdb_views()"
    " WHERE database_name = current_database()) WHERE NOT internal ORDER BY place"
)


def require() -> Any:
    """Load duckdb.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module("duckdb")
    except ImportError:
        raise InputError("databases of DuckDB need duckdb; cure: pip install 'clusterer[duckdb]'") from None


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a DuckDB database."""
    return head[8:12] == b"DUCK"


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of the table that the path names behind "::", else of the only one that holds texts.

    Raises:
        InputError: duckdb is not installed; there is no such table, none holds texts, or several do.
    """
    duckdb = require()
    with ExitStack() as stack:
        try:
            database = stack.enter_context(closing(duckdb.connect(path_of(opened, stack), read_only=True)))
            tables = {}
            for schema, name in database.cursor().execute(_TABLES).fetchall():
                known_as = name if schema == "main" else f"{schema}.{name}"
                tables[known_as] = f"{quoted(schema)}.{quoted(name)}"
            yield from read_table(opened, lambda sql: database.cursor().execute(sql), tables, duckdb.Error, _reason_of)
        except TruncatedInput as cut:
            opened.damaged(1, cut_reason(cut))
        except duckdb.Error as error:
            opened.damaged(1, _reason_of(error))


def _reason_of(error: Exception) -> str:
    return _BROKEN.format(first_line(error))
