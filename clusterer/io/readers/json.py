"""JSON documents: an array of objects, an object that wraps such an array, or one article."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, cast

import orjson

from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import HEAD, peek
from clusterer.io.readers.base import BOM, OpenedInput
from clusterer.io.readers.json_array import JsonArray
from clusterer.io.readers.jsonl import is_article, json_reason
from clusterer.io.rows import Layout, Row, as_json, too_long

_EMPTY_WRAPPING = re.compile(rb'\{\s*"[^"]*"\s*:\s*\[\s*\]\s*\}')  # {"articles": []}


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a JSON document."""
    return head.removeprefix(BOM).lstrip()[:1] in (b"{", b"[")


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of a JSON document; `line` is their number in it."""
    layout = Layout("json")
    for number, (raw, value) in enumerate(_elements(opened), 1):
        try:
            if isinstance(value, ValueError):
                raise value
            article = opened.columns(value)
        except ValueError as error:
            opened.bad(number, json_reason(raw, error, opened.encoding), raw)
        else:
            yield Row(article, raw, opened.name, number, layout)


def _elements(opened: OpenedInput) -> Iterator[tuple[bytes, Any]]:
    """Rows as bytes and value: the elements of the array, or the document itself where it is one article."""
    chunks, limit = opened.chunks, opened.row_limit
    if opened.head.removeprefix(BOM).lstrip()[:1] == b"{":
        # An object that may be one row, or wrap a list of rows: which, only the whole of it tells.
        beginning, rest = peek(chunks, limit + HEAD)
        document = beginning.strip()
        if len(beginning) < limit + HEAD and is_article(document, opened.columns):
            fits = len(document) <= limit
            value = orjson.loads(document) if fits else RowError(too_long(len(document), limit))
            return itertools.chain([(document, value)], JsonArray(rest, limit))  # the rest: damage, or nothing
        if len(beginning) < HEAD and _EMPTY_WRAPPING.fullmatch(document):
            return iter(JsonArray(rest, limit))
        chunks = itertools.chain([beginning], rest)
    return iter(JsonArray(chunks, limit))


def write_rows(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    """Write rows of any format as one JSON array; return their number."""
    count = 0
    for count, row in enumerate(rows, 1):
        raw = cast(bytes, row.raw) if row.layout.format == "json" else as_json(row)
        out.write((b",\n" if count > 1 else b"[\n") + raw)
    out.write(b"\n]\n")
    return count
