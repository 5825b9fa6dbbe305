"""Where a JSON document, or one line of a file, holds its articles: in which array, in several, or as a data frame's columns."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from clusterer.io.columns import FieldMap, RowError
from clusterer.io.nested import table_rows, transposed
from clusterer.io.values import first_filled, scalar_text

_MEASURED = 20  # elements of an array whose texts are measured
_DEEPEST = 50  # names on the way to an array


def text_size(rows: list[Any], columns: FieldMap) -> float:
    """Characters of text that these rows hold, on average; 0 where they are no articles."""
    size = 0
    for row in rows:
        with contextlib.suppress(RowError):
            if isinstance(row, dict):
                flat = columns.flattened(row)
                size += len(scalar_text(first_filled(flat, columns.columns(tuple(flat))["text"])))
    return size / max(1, len(rows))


def arrays_of_articles(document: Any, columns: FieldMap) -> list[list[Any]]:
    """The arrays that hold a document's articles: those at one path, of several paths the one with the most text."""
    groups: dict[tuple[str, ...], list[list[Any]]] = {}
    with contextlib.suppress(RecursionError):
        for path, rows in arrays_by_path(document, columns):
            groups.setdefault(path, []).append(rows)
    sizes = {
        path: sum(text_size(rows[:_MEASURED], columns) * len(rows) for rows in arrays)
        for path, arrays in groups.items()
    }
    best = max(sizes, key=sizes.__getitem__, default=())
    return groups[best] if sizes.get(best) else []


def arrays_by_path(
    value: Any, columns: FieldMap | None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every array of objects in a document, in the order in which they begin, with the names on the way to it.

    Args:
        value: the document.
        columns: tells articles, whose own arrays, of comments or of parts of a text, are left out; None for all arrays.
        path: names on the way to `value`.
    """
    if len(path) > _DEEPEST:
        return
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            yield path, value
            if columns and text_size([value[0], value[-1]], columns):
                return
        for inner in value:
            if isinstance(inner, dict | list):
                yield from arrays_by_path(inner, columns, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                yield from arrays_by_path(inner, columns, (*path, name))


def frame_rows(document: Mapping[str, Any], columns: FieldMap) -> list[dict[str, Any]]:
    """The rows of a data frame, or of an object whose members are articles under their keys; none of aught else."""
    if not all(isinstance(value, dict | list) for value in document.values()):
        return []
    for rows in (table_rows(document), transposed(document)):
        if text_size(rows[:_MEASURED], columns):
            return rows
    return []


def rows_within(value: Any, columns: FieldMap) -> list[tuple[bytes, Any]]:
    """The articles inside an object that is none itself, such as one answer of an interface, with their bytes."""
    if not isinstance(value, dict):
        return []
    rows = [row for array in arrays_of_articles(value, columns) for row in array] or frame_rows(value, columns)
    return [(as_bytes(row), row) for row in rows]


def as_bytes(row: Any) -> bytes:
    """A value as JSON, with all digits of its numbers."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
