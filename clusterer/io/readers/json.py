"""JSON documents: an array of objects, an object that wraps such an array, or one article."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import HEAD, peek
from clusterer.io.feed_limits import too_many_values
from clusterer.io.nulls import decoded_exactly
from clusterer.io.readers.base import BOM, OpenedInput
from clusterer.io.readers.json_array import DOCUMENT_NOT_CLOSED, DamageError, JsonArray
from clusterer.io.readers.json_cut import beginning
from clusterer.io.readers.json_pages import (
    arrays_of_articles,
    frame_rows,
    is_empty_page,
    left_out,
    rows_within,
)
from clusterer.io.readers.jsonl import glued_objects, is_article, is_page, json_reason, loaded, loaded_exactly
from clusterer.io.rows import EXCERPT, Layout, Row, as_json, too_long
from clusterer.io.values import BlankRow

_SAMPLED = 1 << 20  # bytes of elements that tell the columns
_ARRAY = re.compile(rb"\[\s*\{")
_GLUED = re.compile(rb"\}\s*,?\s*\{")
_BEGINNING = re.compile(rb'[\[{]\s*(?:[\[{"\]}]|null\b|\Z)')


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a JSON document."""
    return _BEGINNING.match(head.removeprefix(BOM).lstrip()) is not None


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of a JSON document; `line` is their number in it."""
    layout, columns = Layout("json"), opened.columns
    for number, (raw, value) in enumerate(_learnt_from(_unfolded(_elements(opened), opened), columns), 1):
        try:
            if isinstance(value, ValueError):
                raise value
            article = columns(value)
            if columns.lost_digits:
                columns.lost_digits = False
                article = columns(decoded_exactly(raw))
        except BlankRow:
            opened.blank()
        except DamageError as damage:
            opened.damaged(number, json_reason(raw, damage, opened.encoding), raw)
        except ValueError as error:
            opened.bad(number, json_reason(raw, error, opened.encoding), raw)
        else:
            yield Row(article, raw, opened.name, number, layout)


def _learnt_from(elements: Iterator[tuple[bytes, Any]], columns: FieldMap) -> Iterator[tuple[bytes, Any]]:
    """The elements, after the columns were told by the first of them."""
    first: list[tuple[bytes, Any]] = []
    size = 0
    while len(first) < SAMPLE and size < _SAMPLED and (element := next(elements, None)):
        first.append(element)
        size += len(element[0])
    columns.learn([value for _, value in first if isinstance(value, dict)])
    return itertools.chain(first, elements)


def _elements(opened: OpenedInput) -> Iterator[tuple[bytes, Any]]:
    """Rows as bytes and value: the elements of the array, or the document itself where it is one article."""
    chunks, limit = opened.chunks, opened.row_limit
    if opened.head.removeprefix(BOM).lstrip()[:1] != b"{":
        return iter(JsonArray(chunks, opened.limits))
    # An object that may be one row, or wrap lists of rows: which, only the whole of it tells.
    start, rest = peek(chunks, limit + HEAD)
    document = start.strip()
    is_held = len(start) < limit + HEAD
    reason = too_many_values(document, opened.limits) if is_held else "longer than may be held"
    is_held = is_held and not reason
    value = RowError(reason) if reason else loaded(document)
    if isinstance(value, dict) and is_article(value, opened.columns):
        fits = len(document) <= limit
        row = value if fits else RowError(too_long(len(document), limit))
        return itertools.chain([(document, row)], JsonArray(rest, opened.limits))  # the rest: damage, or nothing
    if is_held and isinstance(value, ValueError):
        if _are_objects(document, opened):
            return iter(JsonArray(itertools.chain([document], rest), opened.limits, bare=True))
        if glued := glued_objects(document):
            return itertools.chain(glued, JsonArray(rest, opened.limits))
        if not _ARRAY.search(document) and _ends_early(document):
            return iter([(document, DamageError(DOCUMENT_NOT_CLOSED))])
    if isinstance(value, dict) and is_empty_page(value):
        return iter(JsonArray(rest, opened.limits))
    known = value if isinstance(value, dict) else _beginning(document, opened)
    arrays, others = arrays_of_articles(known, opened.columns)
    if isinstance(value, dict) and not arrays:
        if frame_rows(value, opened.columns):
            return iter(rows_within(loaded_exactly(document), opened.columns, opened.note))
        if not _ARRAY.search(document):
            return itertools.chain([(document, value)], JsonArray(rest, opened.limits))
    for path, count in others.items():
        opened.note(left_out(path, count))
    if not is_held and arrays:
        where = " and ".join(repr(".".join(path)) for path in arrays)
        opened.note(
            f"longer than may be held: articles are read from {where}, where its beginning has them, and nowhere else; "
            f"cure: --max-row-bytes with more than its size"
        )
    array = JsonArray(itertools.chain([start], rest), opened.limits, arrays)
    return _to_the_end(array, document) if is_held and isinstance(value, ValueError) else iter(array)


def _beginning(document: bytes, opened: OpenedInput) -> Any:
    """What a document that is broken, or longer than may be held, says of where its articles stand."""
    while too_many_values(document, opened.limits):
        document = document[: len(document) // 2]
    return beginning(document)


def _unfolded(elements: Iterator[tuple[bytes, Any]], opened: OpenedInput) -> Iterator[tuple[bytes, Any]]:
    """The elements; where the first is none but holds articles, those in place of every such element: pages in a list."""
    first = next(elements, None)
    if first is None:
        return
    are_pages = is_page(first[1], opened.columns) and bool(
        is_empty_page(first[1]) or rows_within(first[1], opened.columns)
    )
    for raw, value in itertools.chain([first], elements):
        parts = []
        if are_pages and is_page(value, opened.columns):
            parts = rows_within(loaded_exactly(raw), opened.columns, opened.note)
            if not parts and is_empty_page(value):
                opened.walk.blank_rows += 1
                continue
        yield from parts or [(raw, value)]


def _to_the_end(array: JsonArray, document: bytes) -> Iterator[tuple[bytes, Any]]:
    """The elements of a broken document, and the damage that stands behind its array, which the array knows nothing of."""
    is_told = False
    for raw, value in array:
        is_told = is_told or isinstance(value, ValueError)
        yield raw, value
    if not is_told:
        reason = "the document is broken behind its array; cure: mend it, or fetch the file again"
        yield document[-EXCERPT:], DamageError(DOCUMENT_NOT_CLOSED if _ends_early(document) else reason)


def _ends_early(document: bytes) -> bool:
    """Whether a document is only cut off."""
    return "unexpected end" in str(loaded(document.decode("utf-8", "ignore").encode()))


def _are_objects(document: bytes, opened: OpenedInput) -> bool:
    """Whether a document is objects one after the other, the first of them an article."""
    if not _GLUED.search(document):
        return False
    first = next(iter(JsonArray(iter([document]), opened.limits, bare=True)))[0]
    follows = document[len(first) : len(first) + 1000].lstrip(b", \t\r\n")[:1]
    return follows == b"{" and isinstance(row := loaded(first), dict) and is_article(row, opened.columns)


def write_rows(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    """Write rows of any format as one JSON array; return their number."""
    count = 0
    for count, row in enumerate(rows, 1):
        raw = cast(bytes, row.raw) if row.layout.format == "json" else as_json(row)
        out.write((b",\n" if count > 1 else b"[\n") + raw)
    out.write(b"\n]\n")
    return count
