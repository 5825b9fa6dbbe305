"""What a Parquet footer says of columns that pyarrow cannot take apart: it ends the process there, where an error is due.

Reads Thrift's compact form as far as that needs; makes no values and checks nothing else. Source: parquet.thrift of Apache
Parquet, and the conditions of `SizeStatistics::Validate` and `ColumnChunkMetaData` of Apache Arrow.
"""

from __future__ import annotations

import os
from typing import Any

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_ROW_GROUPS, _COLUMNS, _METADATA, _CRYPTO, _SIZES = 4, 1, 3, 8, 16  # numbers of fields
_UNENCODED, _REPETITIONS, _DEFINITIONS = 1, 2, 3  # fields of the sizes of a column
_NEEDED = frozenset((1, 2, 3, 4, 5, 6, 7, 9))  # fields that the metadata of every column has
_TYPE, _CODEC = 1, 4
_MOST = {_TYPE: 7, _CODEC: 7}  # largest value of fields that name one of a list
_WANTED = {(_ROW_GROUPS,), (_ROW_GROUPS, _COLUMNS)}  # lists whose members are looked at


def unreadable_columns(table: Any, file: Any) -> str:
    """The reason why columns of a file must not be asked for, with the cure; "" where they may be.

    Args:
        table: a `pyarrow.parquet.ParquetFile`.
        file: its bytes, open; moved.
    """
    file.seek(-8, os.SEEK_END)
    size = int.from_bytes(file.read(4), "little")
    file.seek(-8 - size, os.SEEK_END)
    try:
        groups = _Thrift(file.read(size)).struct(()).get(_ROW_GROUPS, [])
    except (IndexError, RecursionError):  # pyarrow took it for another one, and may end the process over its columns
        return "damaged footer: it ends inside a field; cure: fetch the file again"
    reasons = (_reason(group.get(_COLUMNS, []), table.schema) for group in groups)
    return next(filter(None, reasons), "")


def _reason(columns: list[dict[int, Any]], schema: Any) -> str:
    """What is wrong with the columns of a row group."""
    if len(columns) != len(schema):
        return f"damaged footer: {len(columns)} columns where the schema has {len(schema)}; cure: fetch the file again"
    for i, column in enumerate(columns):
        own = schema.column(i)
        if _CRYPTO in column:
            return f"column {own.path!r} is encrypted; cure: decrypt the file, or write it without that column"
        about = column.get(_METADATA)
        if not isinstance(about, dict) or not about.keys() >= _NEEDED:
            return f"damaged footer: column {own.path!r} is not described whole; cure: fetch the file again"
        if any(isinstance(about[field], int) and not 0 <= about[field] <= most for field, most in _MOST.items()):
            return f"damaged footer: column {own.path!r} has an unknown type or packing; cure: fetch the file again"
        sizes = about.get(_SIZES)
        if not isinstance(sizes, dict):
            sizes = {}
        levels = ((_REPETITIONS, own.max_repetition_level), (_DEFINITIONS, own.max_definition_level))
        if any(sizes.get(field, 0) not in (0, most + 1) for field, most in levels) or (
            _UNENCODED in sizes and own.physical_type != "BYTE_ARRAY"
        ):
            return f"damaged footer: the sizes of column {own.path!r} are those of another; cure: fetch the file again"
    return ""


class _Thrift:
    """Bytes of Thrift's compact form, read from their beginning."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def _number(self) -> int:
        number = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def _signed(self) -> int:
        number = self._number()
        return number >> 1 ^ -(number & 1)

    def struct(self, path: tuple[int, ...]) -> dict[int, Any]:
        """The fields of a structure that lies behind these fields: structures and lists on the way to what is wanted.

        Raises:
            IndexError: the bytes end inside it.
        """
        fields: dict[int, Any] = {}
        field = 0
        while (head := self._data[self._at]) & 15:
            self._at += 1
            if head >> 4:
                field += head >> 4
            else:
                field = self._signed()
            fields[field] = self._value(head & 15, (*path, field))
        self._at += 1
        return fields

    def _value(self, kind: int, path: tuple[int, ...]) -> Any:
        if kind == _STRUCT:
            return self.struct(path)
        if kind in (_LIST, _SET):
            return self._list(path)
        if kind == _MAP:
            if size := self._number():
                kinds = self._data[self._at]
                self._at += 1
                for _ in range(size):
                    self._element(kinds >> 4, path)
                    self._element(kinds & 15, path)
        elif kind == _BINARY:
            size = self._number()
            self._at += size
        elif kind == _DOUBLE:
            self._at += 8
        elif kind == _BYTE:
            self._at += 1
        elif kind not in (_TRUE, _FALSE):
            return self._signed()
        return None

    def _list(self, path: tuple[int, ...]) -> Any:
        """Structures that are wanted; of another list how many it has."""
        head = self._data[self._at]
        self._at += 1
        size = head >> 4 if head < 0xF0 else self._number()
        if path in _WANTED:
            return [self._element(head & 15, path) for _ in range(size)]
        for _ in range(size):
            self._element(head & 15, path)
        return size

    def _element(self, kind: int, path: tuple[int, ...]) -> Any:
        if kind in (_TRUE, _FALSE):
            self._at += 1
            return None
        return self._value(kind, path)
