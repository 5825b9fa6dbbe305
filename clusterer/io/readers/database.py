"""What readers of databases share: which table is read, and its rows.

Opens nothing: the caller gives a function that carries out SQL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from clusterer.errors import InputError, UnusableInput, did_you_mean
from clusterer.io.choice import SAMPLE
from clusterer.io.columns import RowError
from clusterer.io.field_names import each_once
from clusterer.io.readers.base import OpenedInput
from clusterer.io.rows import Layout, Row, too_long

Execute = Callable[[str], Any]
"""Carries out a statement; gives a cursor with `description` and `fetchone`."""


def quoted(name: str) -> str:
    """A name as SQL takes it.

    >>> quoted('my "news" here')
    '"my ""news"" here"'
    """
    return '"' + name.replace('"', '""') + '"'


def path_of(opened: OpenedInput, stack: ExitStack) -> str:
    """A file with the bytes of a database: its own, or a copy where it was packed."""
    if opened.path:
        return opened.path
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="clusterer-"))
    path = Path(folder, "copy.db")
    with path.open("wb") as copy:
        for chunk in opened.chunks:
            copy.write(chunk)
    return str(path)


def read_table(
    opened: OpenedInput,
    execute: Execute,
    tables: Mapping[str, str],
    error_type: type[Exception],
    reason_of: Callable[[Exception], str],
    spend: Callable[[int], None] = lambda size: None,
) -> Iterator[Row]:
    """Yield the rows of the table that the path names behind "::", else of the only one that holds texts.

    Args:
        opened: the database.
        execute: as `Execute`.
        tables: names of tables and views, as a caller writes them, to the same as SQL takes them.
        error_type: what the database raises where it cannot be read.
        reason_of: says why, with the cure.
        spend: told the bytes of every row; what it raises ends the table.

    Raises:
        InputError: there is no such table, none holds texts, or several do.
    """
    table = tables[_chosen(opened, execute, tables)]
    cursor = execute(f"SELECT * FROM {table}")
    columns = each_once(tuple(str(column[0]) for column in cursor.description))
    layout = Layout(opened.format)
    number = 0
    while True:
        number += 1
        try:
            cells = cursor.fetchone()
        except error_type as error:
            opened.damaged(number, f"{reason_of(error)}; rows before it are kept")
            return
        if cells is None:
            return
        try:
            size = sum(len(cell.encode()) if isinstance(cell, str) else 8 for cell in cells)
            spend(size)
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


def _chosen(opened: OpenedInput, execute: Execute, tables: Mapping[str, str]) -> str:
    """The table that is read."""
    if opened.part:
        if opened.part not in tables:
            meant = did_you_mean(opened.part, tables)
            raise InputError(
                f"{opened.name}: no table {opened.part!r}; cure: {meant}one of {', '.join(tables) or '(none)'}"
            )
        columns, rows = _first_rows(execute, tables[opened.part])
        opened.columns.check_header(columns, opened.name, rows)
        return opened.part
    fit, headers = [], []
    for name, table in tables.items():
        columns, rows = _first_rows(execute, table)
        headers.append(f"{name} ({', '.join(columns[:20])})")
        try:
            opened.columns.columns(columns)
        except RowError:
            continue
        if rows:
            fit.append(name)
    if len(fit) != 1:
        which = f"tables {', '.join(fit)} may hold the articles" if fit else "no table has a text column"
        raise UnusableInput(
            f"{opened.name}: {which}; cure: {opened.name}::TABLE"
            + ("" if fit else f" and --text-field NAME; found {'; '.join(headers) or 'no table'}")
        )
    columns, rows = _first_rows(execute, tables[fit[0]])
    opened.columns.check_header(columns, opened.name, rows)
    return fit[0]


def _first_rows(execute: Execute, table: str) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    cursor = execute(f"SELECT * FROM {table} LIMIT {SAMPLE}")
    columns = each_once(tuple(str(column[0]) for column in cursor.description))
    return columns, [dict(zip(columns, cells, strict=True)) for cells in iter(cursor.fetchone, None)]
