"""Rows with other values in their fields, or with fields more at their end, in the form in which they came.

All else of a row stays: bytes of JSON lines and of records, schemas of Parquet. Reads and writes no files.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import orjson

from clusterer.errors import OutputError
from clusterer.io.escapes import escaped
from clusterer.io.field_names import FIELD_NAMES, column_key
from clusterer.io.html import clean_text
from clusterer.io.nulls import decoded
from clusterer.io.rows import NOT_READ, Layout, Row, csv_cells, import_pyarrow, python_values, unfit


class RowEditor:
    """Edits rows; those of one file share their layout afterwards as before."""

    def __init__(self, added: Sequence[str] = (), text_field: str | None = None) -> None:
        """Remember what is to be done.

        Args:
            added: rows get these fields more, texts, at their end.
            text_field: where texts stand, if the caller knows.
        """
        self._added = tuple(added)
        self._layouts: dict[
            int, tuple[Layout, Layout]
        ] = {}  # by the old one's identity; it is held, so it stays unique
        self._text_field = text_field or ""

    def with_added(self, row: Row, values: Sequence[str]) -> Row:
        """A row with the values of the added fields.

        Raises:
            OutputError: it has a field of such a name, or the value cannot stand in its table.
        """
        layout, raw = self._layout(row), row.raw
        added = dict(zip(self._added, values, strict=True))
        if isinstance(raw, dict):
            self._refuse(row, raw)
            return replace(row, raw={**raw, **added}, layout=layout)
        if not isinstance(raw, bytes):
            return self.with_columns(row, [[value] for value in values])
        if row.layout.columns:
            return replace(row, raw=raw + row.layout.delimiter.encode() + _record(row, values), layout=layout)
        if any(f'"{name}"'.encode() in raw for name in self._added):
            self._refuse(row, decoded(raw))
        head = raw.rstrip()[:-1].rstrip()
        comma = b"" if head.endswith(b"{") else b","
        return replace(row, raw=head + comma + orjson.dumps(added)[1:])

    def with_columns(self, rows: Row, columns: Sequence[Sequence[str]]) -> Row:
        """Rows of Parquet, one batch as the `raw` of one row, with the columns of the added fields.

        Raises:
            OutputError: there is a column of such a name.
        """
        layout, batch, array = self._layout(rows), cast(Any, rows.raw), import_pyarrow().array
        arrays = [*batch.columns, *(array(values, "string") for values in columns)]
        return replace(rows, raw=import_pyarrow().RecordBatch.from_arrays(arrays, schema=layout.schema), layout=layout)

    def with_fields(self, layout: Layout, file: str) -> Layout:
        """The layout of a table that has no rows, with the added fields.

        Raises:
            OutputError: it has a field of such a name.
        """
        return self._layout(Row(NOT_READ, b"", file, 1, layout))

    def with_text(self, row: Row, text: str) -> Row | None:
        """A row with another text in the field that its article's text was read from; None where that cannot be told.

        That field is one at the top of the row, whose value is the article's text as it is or once HTML is taken out.
        """
        raw = row.raw
        values = _fields(row)
        name = self._text_field
        if not _is_text(values.get(name), row.article.text):
            equal = [own for own, value in values.items() if _is_text(value, row.article.text)]
            name = next((own for own in equal if column_key(own) in FIELD_NAMES["text"]), next(iter(equal), ""))
        if not name:
            return None
        self._text_field = name
        if isinstance(raw, dict):
            return replace(row, raw={**raw, name: text})
        if not isinstance(raw, bytes):
            batch, number = cast(Any, raw), cast(Any, raw).schema.get_field_index(name)
            value = import_pyarrow().array([text]).cast(batch.schema.field(number).type)
            columns = [value if place == number else column for place, column in enumerate(batch.columns)]
            return replace(row, raw=import_pyarrow().RecordBatch.from_arrays(columns, schema=batch.schema))
        if row.layout.columns:
            cells = [text if own == name else value for own, value in values.items()]
            return replace(row, raw=_record(row, cells))
        for dumps in (orjson.dumps, _ascii_json):  # as it is spelt: all other bytes stay
            old = dumps(values[name])
            if raw.count(old) == 1:
                return replace(row, raw=raw.replace(old, dumps(text)))
        return replace(row, raw=json.dumps({**json.loads(raw), name: text}, ensure_ascii=False).encode())

    def _layout(self, row: Row) -> Layout:
        """The layout of a row with the added fields."""
        old = row.layout
        known = self._layouts.get(id(old))
        if known is None:
            names = old.columns or (tuple(old.schema.names) if old.schema is not None else ())
            self._refuse(row, dict.fromkeys(names))
            new = old
            if old.columns:
                header = old.header + old.delimiter.encode() + _record(row, self._added)
                new = replace(old, columns=(*old.columns, *self._added), header=header)
            elif old.schema is not None:
                schema = old.schema
                for name in self._added:
                    schema = schema.append(import_pyarrow().field(name, import_pyarrow().string()))
                new = replace(old, schema=schema)
            known = self._layouts[id(old)] = old, new
        return known[1]

    def _refuse(self, row: Row, names: Mapping[str, Any]) -> None:
        for name in self._added:
            if name in names:
                raise OutputError(f"{row.file}, line {row.line}: has a field {name!r} already; cure: rename it before")


def _fields(row: Row) -> Mapping[str, Any]:
    """The fields of a row by name; of Parquet those of strings."""
    raw = row.raw
    if isinstance(raw, dict):
        return raw
    if isinstance(raw, bytes):
        if row.layout.columns:
            return dict(zip(row.layout.columns, csv_cells(row), strict=True))
        found = decoded(raw)
        return found if isinstance(found, dict) else {}
    batch, types = cast(Any, raw), import_pyarrow("types")
    return {
        own.name: python_values(batch.column(number))[0]
        for number, own in enumerate(batch.schema)
        if types.is_string(own.type) or types.is_large_string(own.type) or types.is_dictionary(own.type)
    }


def _is_text(value: Any, text: str) -> bool:
    return isinstance(value, str) and (value == text or clean_text(value) == text)


def _record(row: Row, cells: Sequence[str]) -> bytes:
    """Cells as they stand in the table of a row, without the line end."""
    if row.layout.escaped:
        return "\t".join(map(escaped, cells)).encode()
    text = io.StringIO(newline="")
    try:
        csv.writer(text, lineterminator="", **row.layout.dialect).writerow(cells)
    except csv.Error as error:
        raise unfit(row, row.layout.format, f"its cells ({error}) cannot stand") from None
    return text.getvalue().encode()


def _ascii_json(value: Any) -> bytes:
    return json.dumps(value).encode()
