"""Where a JSON document, or one line of a file, holds its articles: in which array, in several, or as a data frame's columns.

Of several arrays the one is taken whose elements look most like articles, and all others of the same columns.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clusterer.io.choice import usual_columns
from clusterer.io.columns import FieldMap, RowError, column_key
from clusterer.io.field_names import ABSTRACT_NAMES
from clusterer.io.nested import table_rows, transposed
from clusterer.io.values import first_filled, scalar_text

_MEASURED = 20  # elements of an array whose texts are measured
_LISTS = frozenset((
    "articles", "items", "results", "docs", "hits", "data", "value", "news", "stories", "response", "statuses", "entries",
    "posts", "records", "rows", "messages", "edges", "list", "documents",
))  # fmt: skip
"""Names under which interfaces list what they found."""
_DEEPEST = 50  # names on the way to an array
_DEEPEST_FRAME = 8  # names on the way to a data frame, each of which costs a look at all below

Path = tuple[str, ...]
"""Names on the way to an array; arrays in arrays have none."""


def text_size(rows: list[Any], columns: FieldMap) -> float:
    """Characters of text that these rows hold, on average; 0 where they are no articles."""
    size = 0
    for row in rows:
        with contextlib.suppress(RowError):
            if isinstance(row, dict):
                flat = columns.flattened(row)
                size += len(scalar_text(first_filled(flat, columns.columns(tuple(flat))["text"])))
    return size / max(1, len(rows))


def likeness(rows: list[Any], columns: FieldMap) -> float:
    """How much an array looks like one of articles: its texts, more where it has titles, dates and addresses, too.

    Of texts that stand more than once, as the word on a site that every category repeats, one counts.
    """
    sample = [row for row in rows[:_MEASURED] if isinstance(row, dict)]
    names: set[str] = set()
    lengths: dict[str, int] = {}
    for row in sample:
        with contextlib.suppress(RowError):
            flat = columns.flattened(row)
            text = scalar_text(first_filled(flat, columns.columns(tuple(flat))["text"]))
            names.update(flat)
            lengths[text] = len(text)
    if not lengths:
        return 0.0
    usual = usual_columns(tuple(names))
    is_full = any(column_key(name) not in ABSTRACT_NAMES for name in usual["text"])
    signs = 1 + is_full + sum(bool(usual[attribute]) for attribute in ("title", "date", "url"))
    return signs * sum(lengths.values()) * len(rows) / len(sample)


def arrays_of_articles(document: Any, columns: FieldMap) -> tuple[dict[Path, list[list[Any]]], dict[str, int]]:
    """Find the arrays that hold a document's articles.

    Args:
        document: the value of it.
        columns: tells articles.

    Returns:
        The arrays by the names on the way to them: of several paths those most like articles, and those of nearly the same
        columns; and of other arrays with texts, the path and how many elements are there.
    """
    groups: dict[Path, list[list[Any]]] = {}
    with contextlib.suppress(RecursionError):
        for path, rows in arrays_by_path(document, columns):
            groups.setdefault(path, []).append(rows)
    sizes = {path: sum(likeness(rows, columns) for rows in arrays) for path, arrays in groups.items()}
    best = max(sizes, key=sizes.__getitem__, default=())
    if not sizes.get(best):
        return {}, {}
    kept = {path: groups[path] for path in groups if path == best or _are_alike(groups[path], groups[best], columns)}
    others = {
        ".".join(path): sum(map(len, arrays))
        for path, arrays in groups.items()
        if sizes[path] and not any(path[: len(outer)] == outer for outer in kept)
    }
    return kept, others


def _are_alike(some: list[list[Any]], others: list[list[Any]], columns: FieldMap) -> bool:
    """Whether the objects of two paths have the same column of the text, and most others."""
    one, other = _joined(some), _joined(others)
    if 2 * len(one.keys() & other) <= len(one.keys() | other):
        return False
    try:
        texts = [columns.columns(tuple(columns.flattened(row)))["text"][0] for row in (one, other)]
    except RowError:
        return False
    return texts[0] == texts[1]


def _joined(arrays: list[list[Any]]) -> dict[str, Any]:
    """One object with all fields that the first objects of these arrays have: some have few, as a chat's first message."""
    sample = itertools.islice(itertools.chain.from_iterable(arrays), _MEASURED)
    return {name: value for row in sample if isinstance(row, dict) for name, value in row.items()}


def arrays_by_path(value: Any, columns: FieldMap, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    """Every array of objects in a document, in the order in which they begin, with the names on the way to it.

    Args:
        value: the document.
        columns: tells articles, whose own arrays, of comments or of parts of a text, are left out.
        path: names on the way to `value`.
    """
    if len(path) > _DEEPEST:
        return
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            yield path, value
            if any(text_size([row], columns) for row in value):  # the first may have none, as a note of a chat
                return
        for inner in value:
            if isinstance(inner, dict | list):
                yield from arrays_by_path(inner, columns, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                yield from arrays_by_path(inner, columns, (*path, name))


def frame_rows(document: Mapping[str, Any], columns: FieldMap, levels: int = _DEEPEST_FRAME) -> list[dict[str, Any]]:
    """The rows of a data frame, or of an object whose members are articles under their keys; none of aught else.

    Args:
        document: holds it, so many objects deep at most.
        columns: tells articles.
        levels: how many are left.
    """
    if document and all(isinstance(value, dict | list) for value in document.values()):
        if text_size((rows := table_rows(document))[:_MEASURED], columns):
            return rows
        if text_size((rows := transposed(document))[:_MEASURED], columns):
            has_id = bool(usual_columns(tuple(rows[0]))["id"])
            return rows if has_id else [{"id": key, **row} for key, row in zip(document, rows, strict=True)]
    values = document.values() if levels else ()
    inner = (frame_rows(value, columns, levels - 1) for value in values if isinstance(value, dict))
    return next((rows for rows in inner if rows), [])


def rows_within(value: Any, columns: FieldMap, note: Callable[[str], None] = lambda _: None) -> list[tuple[bytes, Any]]:
    """The articles inside a list, or an object that is none itself, such as one answer of an interface, with their bytes.

    Args:
        value: the list or object.
        columns: tells articles.
        note: told of other objects with texts that are left out.
    """
    if not isinstance(value, dict | list):
        return []
    arrays, others = arrays_of_articles(value, columns)
    for path, count in others.items():
        note(left_out(path, count))
    rows = [row for of_path in arrays.values() for array in of_path for row in array]
    if not rows and isinstance(value, dict):
        rows = frame_rows(value, columns)
    return [(as_bytes(row), row) for row in rows]


def left_out(path: str, count: int) -> str:
    """What is told of an array with texts that is not read."""
    many = "1 object" if count == 1 else f"{count:,} objects"
    return f"{many} under {path!r} with texts, too, were not read; cure: a file of these alone"


def is_empty_page(value: Any, levels: int = _DEEPEST) -> bool:
    """Whether an object is the answer of an interface that found nothing; so many objects deep it is looked for.

    >>> is_empty_page({"status": "ok", "articles": []}), is_empty_page({"id": 1, "tags": []})
    (True, False)
    """
    if not isinstance(value, dict) or not levels:
        return False
    found = [inner for name, inner in value.items() if name in _LISTS]
    return any(inner == [] or is_empty_page(inner, levels - 1) for inner in found)


def as_bytes(row: Any) -> bytes:
    """A value as JSON, with all digits of its numbers."""
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
