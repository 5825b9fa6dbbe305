"""How much a row group of Parquet costs once it is read, told before it is: by its footer and its dictionaries.

Believes the footer's sizes, which a forged file can get wrong; pyarrow has no limit of its own. Reads no values but dictionaries.
"""

from __future__ import annotations

from typing import Any

from clusterer.io.feed_limits import FREE_BYTES, FeedLimits, LimitReached, over
from clusterer.io.rows import PARQUET_BATCH, import_pyarrow

HELD = 1 << 25
"""Bytes that a batch may have where the same value may stand in every row of it."""
_FEWEST = 8  # rows of a batch, however large a value may be
_HEAD = 32  # bytes; enough for type and size of a page
_ALL_FREE = 10  # times `values`: values of a row group, however few its rows are
_SMALL = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE")  # types whose values have at most twelve bytes
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
    size = _page_size(file.read(_HEAD))
    if size * PARQUET_BATCH <= HELD or size > HELD or column.physical_type != "BYTE_ARRAY":
        return size
    return _longest(column.path_in_schema, file, group, size)


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
