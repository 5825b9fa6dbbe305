"""How much a row group of Parquet costs once it is read, told before it is: by its footer and its dictionaries.

Believes the footer's sizes, which a forged file can get wrong; pyarrow has no limit of its own. Reads no values but dictionaries.
"""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from clusterer.arrays import kernels
from clusterer.io.feed_limits import FREE_BYTES, FeedLimits, LimitReached, over
from clusterer.io.rows import PARQUET_BATCH, import_pyarrow

HELD = 1 << 23
"""Bytes that a batch may have where the same value may stand in every row of it; a few batches are held at once."""
_FEWEST = 8  # rows of a batch, however large a value may be
_HEAD = 32  # bytes; enough for type and size of a page
_ALL_FREE = 10  # times `values`: values of a row group, however few its rows are
_SMALL = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE")  # types whose values have at most twelve bytes
_CODECS = ("UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "BROTLI")  # that have one form in files of all writers
_VARINT = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
_PAGE = re.compile(  # the whole head of a dictionary's page in Thrift's compact form: kind, sizes, perhaps a checksum, values
    rb"\x15\x04\x15(?P<size>" + _VARINT + rb")\x15(?P<packed>" + _VARINT + rb")(?:\x15" + _VARINT + rb"\x3c|\x4c)"
    rb"\x15(?P<count>" + _VARINT + rb")\x15[\x00\x04][\x11\x12]?\x00\x00",
    re.DOTALL,
)  # fmt: skip
_MOST_KNOWN = 1 << 14
_known: dict[
    tuple[int, ...], int
] = {}  # by place, the longest value of a dictionary: a file is read, and given back, in walks
_A_ROW = 100  # values that a row of a group may have beyond them


def batch_rows(group: Any, file: Any, limits: FeedLimits, number: int) -> int:
    """How many rows of a row group to read at once, at most `PARQUET_BATCH`.

    Args:
        group: its `pyarrow.parquet.RowGroupMetaData`.
        file: of the table, open.
        limits: what the input may cost.
        number: of the row group, from 0.

    Raises:
        LimitReached: it unpacks to far more than it takes in the file, or holds far more values than rows.
    """
    columns = [group.column(i) for i in range(group.num_columns)]
    size = sum(max(0, column.total_uncompressed_size) for column in columns)
    packed = max(1, sum(max(0, column.total_compressed_size) for column in columns))
    if size > FREE_BYTES and size > limits.ratio * packed:
        raise LimitReached(over(f"{packed:,} bytes unpack to {size:,}", "ratio", limits.ratio))
    values = max((column.num_values for column in columns), default=0)
    if values > max(_ALL_FREE * limits.values, _A_ROW * group.num_rows):
        raise LimitReached(over(f"{values:,} values in {group.num_rows:,} rows", "values", limits.values))
    largest = max((_repeated(column, file, number) for column in columns), default=0)
    return max(_FEWEST, min(PARQUET_BATCH, HELD // max(1, largest)))


def _repeated(column: Any, file: Any, group: int) -> int:
    """Bytes of the longest value that may stand in every row of a column at the cost of none, as far as that is known."""
    if column.physical_type in _SMALL:
        return 0
    if "DELTA_BYTE_ARRAY" in column.encodings:  # each value goes on from the one before
        return int(column.total_uncompressed_size)
    if not column.has_dictionary_page:
        return 0
    file.seek(column.dictionary_page_offset)
    head = file.read(_HEAD)
    size = _page_size(head)
    if size * PARQUET_BATCH <= HELD or size > HELD or column.physical_type != "BYTE_ARRAY":
        return size
    key = _place(file, column.dictionary_page_offset)
    if key not in _known:
        longest = _longest_in_page(column, file, head)
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _longest(column.path_in_schema, file, group, size) if longest is None else longest
    return _known[key]


def _place(file: Any, offset: int) -> tuple[int, ...]:
    """What tells a place in an open file from all others."""
    about = os.fstat(file.fileno())
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns, offset


def _longest_in_page(column: Any, file: Any, head: bytes) -> int | None:
    """Bytes of the longest value in the dictionary of a column, read from its page alone; None where it is not a usual one."""
    if column.compression not in _CODECS or "." in column.path_in_schema or not (found := _PAGE.match(head)):
        return None
    size, packed, count = (_zigzag(found[name]) for name in ("size", "packed", "count"))
    if min(size, packed, count) < 0 or max(size, packed) > HELD:
        return None
    file.seek(column.dictionary_page_offset + found.end())
    page = file.read(packed)
    try:
        if column.compression != "UNCOMPRESSED":
            page = import_pyarrow().decompress(page, size, column.compression.lower())
    except (import_pyarrow().ArrowException, OSError, ValueError):
        return None
    longest = kernels.longest_value(np.frombuffer(page, dtype=np.uint8), count)
    return longest if longest >= 0 else None


def _zigzag(raw: bytes) -> int:
    """A number as Thrift's compact form writes it, seven bits a byte, the least first; the lowest bit is its sign."""
    number = sum((byte & 0x7F) << 7 * i for i, byte in enumerate(raw))
    return number >> 1 ^ -(number & 1)


def _longest(name: str, file: Any, group: int, size: int) -> int:
    """Bytes of the longest value in the dictionary of a column at the top, of so many bytes; of others these."""
    if "." in name:  # in a list or an object
        return size
    try:
        table = import_pyarrow("parquet").ParquetFile(file, read_dictionary=[name])
        cells = next(table.iter_batches(1, row_groups=[group], columns=[name], use_threads=False)).column(0)
        lengths = import_pyarrow("compute").binary_length(cells.dictionary)
        return int(import_pyarrow("compute").max(lengths).as_py() or 0)
    except (import_pyarrow().ArrowException, OSError, ValueError, AttributeError, StopIteration):
        return size


def _page_size(head: bytes) -> int:
    """The second field of a page's head, its size unpacked: Thrift's compact form, the first field being its type."""
    if len(head) < 4 or head[0] != 0x15 or head[2] != 0x15:
        return HELD
    number = shift = 0
    for byte in head[3:]:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return number >> 1
