"""Rows of different lengths in one array: picking rows, and arrays that grow chunk by chunk.

Row i of values and offsets is ``values[offsets[i]:offsets[i + 1]]``. What the values are, callers know.

Array letters: `n` rows, `m` rows taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import multipliers
from clusterer.arrays.indexing import offsets_from_counts, ragged_index
from clusterer.arrays.parallel import ordered_map

_BLOCK = 1 << 20  # values moved at a time
_BLOCK_BYTES = 1 << 26  # of a growing array; memory that is not written to costs nothing
_V = TypeVar("_V", bound=np.generic)


def take_rows(
    values: NDArray[_V], offsets: NDArray[np.int64], rows: NDArray[np.int64], limit: int | None = None
) -> tuple[NDArray[_V], NDArray[np.int64]]:
    """The elements of some rows, in the order given, and int64 (m + 1,) offsets of the rows taken.

    Args:
        values: (elements,), row after row.
        offsets: int64 (n + 1,).
        rows: int64 (m,), row numbers, may repeat.
        limit: take only so many elements of each row, the first.
    """
    if limit is not None:  # every row as it is taken, and the gap after it
        stops = np.minimum(offsets[:-1] + limit, offsets[1:])
        offsets, rows = np.append(np.stack([offsets[:-1], stops], axis=1).ravel(), offsets[-1]), 2 * rows
    unsigned = _UNSIGNED.get(values.dtype.itemsize) if values.ndim == 1 else None
    if unsigned is None:
        index, out = ragged_index(offsets, rows)
        return values[index], out
    out = offsets_from_counts(offsets[rows + 1] - offsets[rows])
    taken = np.empty(out[-1], dtype=values.dtype)
    rows, values = np.ascontiguousarray(rows), np.ascontiguousarray(values)
    kernels.take_rows(values.view(unsigned), offsets, rows, out, taken.view(unsigned))
    return taken, out


def put_before(
    values: NDArray[_V],
    offsets: NDArray[np.int64],
    others: NDArray[_V],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> tuple[NDArray[_V], NDArray[np.int64]]:
    """Rows of which some have the same row of another array before them.

    Args:
        values, offsets: of one dimension, and int64 (n + 1,).
        others, starts: likewise, of as many rows.
        rows: int64 (m,), ascending, those that get it.

    Returns:
        The values, and int64 (n + 1,) offsets.
    """
    counts, more = np.diff(offsets), np.zeros(len(offsets) - 1, dtype=np.int64)
    more[rows] = np.diff(starts)[rows]
    out = offsets_from_counts(counts + more)
    joined, unsigned = np.empty(out[-1], dtype=values.dtype), _UNSIGNED[values.dtype.itemsize]

    def put(part: NDArray[_V], bounds: NDArray[np.int64], which: NDArray[np.int64], to: NDArray[np.int64]) -> None:
        part = np.ascontiguousarray(part)
        kernels.take_rows(part.view(unsigned), bounds, which, np.ascontiguousarray(to), joined.view(unsigned))

    put(others, starts, rows, out[rows])
    put(values, offsets, np.arange(len(counts)), out[:-1] + more)
    return joined, out


_UNSIGNED: dict[int, Any] = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}  # by bytes a value


def hash_runs(hashes: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return one hash, uint64 (x,), of each run of hashes in its order: ``starts[i]:starts[i + 1]``, the last to the end.

    A sum of hashes times factors of their place in the run; the factors follow no line, or "A B ... B A" and
    "B A ... A B" would be one.

    Args:
        hashes: uint64 (n,).
        starts: int64 (x,), strictly ascending.
    """
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    longest = int(np.diff(np.append(starts, len(hashes))).max())
    out = np.empty(len(starts), dtype=np.uint64)
    kernels.hash_runs(np.ascontiguousarray(hashes), np.ascontiguousarray(starts), multipliers(longest), out)
    return out


def compact(values: NDArray[_V], kept: NDArray[np.bool_], threads: int = 1) -> NDArray[_V]:
    """Only the values where `kept` is True, moved to the front in place, block by block; a view of them.

    What is moved overwrites only blocks that were looked at, so that threads may look at those after them.
    """

    def of_block(start: int) -> NDArray[_V]:
        return values[start : start + _BLOCK][kept[start : start + _BLOCK]]

    end = 0
    for part in ordered_map(of_block, range(0, len(values), _BLOCK), threads):
        values[end : end + len(part)] = part
        end += len(part)
    return values[:end]


class Growing:
    """An array of one dimension that chunks are appended to.

    They are kept in large blocks, which go one by one when the whole is put together: joining a list of chunks would
    hold everything twice, and leave the allocator full of holes.
    """

    def __init__(self, dtype: Any) -> None:
        """Empty."""
        self._dtype, self._used = np.dtype(dtype), 0
        self._full: list[NDArray[Any]] = []
        self._block = self._room()

    def _room(self) -> NDArray[Any]:
        return np.empty(_BLOCK_BYTES // self._dtype.itemsize, dtype=self._dtype)

    def append(self, chunk: NDArray[Any]) -> None:
        """Copy a chunk to the end."""
        while len(chunk):
            if self._used == len(self._block):
                if self._used:
                    self._full.append(self._block)
                self._block, self._used = self._room(), 0
            fits = min(len(chunk), len(self._block) - self._used)
            self._block[self._used : self._used + fits] = chunk[:fits]
            chunk, self._used = chunk[fits:], self._used + fits

    def array(self) -> NDArray[Any]:
        """What was appended; nothing is left here."""
        last = self._block[: self._used]
        self._block, self._used = last[:0], 0
        if not self._full:
            return last
        whole = np.empty(sum(map(len, self._full)) + len(last), dtype=self._dtype)
        end = len(whole) - len(last)
        whole[end:] = last
        while self._full:
            block = self._full.pop()
            whole[end - len(block) : end] = block
            end -= len(block)
        return whole


@dataclass(frozen=True, slots=True)
class Ragged:
    """n rows of different lengths in one array.

    Attributes:
        values: (s,), row after row; uint64 for shingles.
        offsets: int64 (n + 1,); row i is ``values[offsets[i]:offsets[i + 1]]``.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64 (n,), the length of each row."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> NDArray[np.int64]:
        """int64 (s,), the row that each value is of."""
        return np.repeat(np.arange(len(self)), self.counts)
