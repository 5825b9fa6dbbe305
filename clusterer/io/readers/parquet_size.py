"""How much a row group of Parquet costs once it is read, told before it is: by its footer and the heads of its dictionaries.

Believes the footer's sizes, which a forged file can get wrong; pyarrow has no limit of its own. Reads no values.
"""

from __future__ import annotations

from typing import Any

from clusterer.io.feed_limits import FREE_BYTES, FeedLimits, LimitReached, over
from clusterer.io.rows import PARQUET_BATCH

HELD = 1 << 25
"""Bytes that a batch may have where the same value may stand in every row of it."""
_FEWEST = 8  # rows of a batch, however large a value may be
_HEAD = 32  # bytes; enough for type and size of a page
_ALL_FREE = 10  # times `values`: values of a row group, however few its rows are
_A_ROW = 100  # values that a row of a group may have beyond them


def batch_rows(group: Any, file: Any, limits: FeedLimits) -> int:
    """How many rows of a row group to read at once, at most `PARQUET_BATCH`.

    Args:
        group: its `pyarrow.parquet.RowGroupMetaData`.
        file: of the table, open.
        limits: what the input may cost.

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
    largest = max((_repeated(column, file) for column in columns), default=0)
    return max(_FEWEST, min(PARQUET_BATCH, HELD // max(1, largest)))


def _repeated(column: Any, file: Any) -> int:
    """Bytes of the longest value that may stand in every row of a column at the cost of none: what its dictionary holds."""
    if "DELTA_BYTE_ARRAY" in column.encodings:  # each value goes on from the one before
        return int(column.total_uncompressed_size)
    if not column.has_dictionary_page:
        return 0
    file.seek(column.dictionary_page_offset)
    return _page_size(file.read(_HEAD))


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
