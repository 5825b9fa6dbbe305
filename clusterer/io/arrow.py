"""Arrow arrays to and from NumPy's by their buffers: pyarrow's own ways import pandas wherever it is installed.

Knows no files and no formats.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.texts import Texts
from clusterer.io.rows import import_pyarrow

_HALF = 0xED  # begins halves of surrogate pairs in bytes, and some whole letters


def null_mask(column: Any) -> NDArray[np.bool_]:
    """Bool (n,), True where a cell of an Arrow array is null.

    >>> import pyarrow
    >>> null_mask(pyarrow.array(["a", None])).tolist()
    [False, True]
    """
    n = len(column)
    if not column.null_count:
        return np.zeros(n, dtype=np.bool_)
    bits = column.is_null()
    return _bits(bits.buffers()[1], bits.offset, n)


def whole_numbers(column: Any) -> NDArray[np.int64]:
    """int64 (n,), the cells of an Arrow array of 64 bits each, such as numbers or timestamps; any number where one is null."""
    _, data = column.buffers()
    return np.frombuffer(data or b"", dtype=np.int64)[column.offset : column.offset + len(column)]


def arrow_mask(chosen: NDArray[np.bool_]) -> Any:
    """An Arrow array of bool (n,)."""
    pyarrow = import_pyarrow()
    bits = pyarrow.py_buffer(np.packbits(chosen, bitorder="little"))
    return pyarrow.Array.from_buffers(pyarrow.bool_(), len(chosen), [None, bits], 0)


def arrow_numbers(numbers: NDArray[np.int64]) -> Any:
    """An Arrow array of int64 (n,)."""
    pyarrow = import_pyarrow()
    data = pyarrow.py_buffer(np.ascontiguousarray(numbers))
    return pyarrow.Array.from_buffers(pyarrow.int64(), len(numbers), [None, data], 0)


def arrow_reals(numbers: NDArray[np.float64], nulls: NDArray[np.bool_]) -> Any:
    """An Arrow array of float64 (n,); null where `nulls`, bool (n,), is True."""
    pyarrow = import_pyarrow()
    data = pyarrow.py_buffer(np.ascontiguousarray(numbers))
    return pyarrow.Array.from_buffers(pyarrow.float64(), len(numbers), [_valid(nulls), data])


def arrow_texts(texts: Texts, nulls: NDArray[np.bool_]) -> Any:
    """An Arrow array of n texts; null where `nulls`, bool (n,), is True.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair.
        OverflowError: they have more bytes than an Arrow array can hold.
    """
    pyarrow = import_pyarrow()
    if (texts.data == _HALF).any():
        "".join(texts).encode()
    if texts.offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{texts.offsets[-1]} bytes of text in one array")
    ends, data = pyarrow.py_buffer(texts.offsets.astype(np.int32)), pyarrow.py_buffer(texts.data)
    return pyarrow.Array.from_buffers(pyarrow.string(), len(texts), [_valid(nulls), ends, data])


def _valid(nulls: NDArray[np.bool_]) -> Any:
    """The bitmap of cells that hold something; None where all do."""
    return import_pyarrow().py_buffer(np.packbits(~nulls, bitorder="little")) if nulls.any() else None


def _bits(data: Any, start: int, count: int) -> NDArray[np.bool_]:
    """Bool (count,), bits of a buffer from the one of a number on."""
    packed = np.frombuffer(data, dtype=np.uint8)[start // 8 : (start + count + 7) // 8]
    return np.unpackbits(packed, count=start % 8 + count, bitorder="little")[start % 8 :].view(np.bool_)
