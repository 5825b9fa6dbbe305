"""Rows of different lengths in one array: picking rows, and arrays that grow chunk by chunk.

Row i of values and offsets is ``values[offsets[i]:offsets[i + 1]]``. What the values are, callers know.

Array letters: `n` rows, `m` rows taken.
"""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import multipliers
from clusterer.arrays.indexing import offsets_from_counts, ragged_index
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.spill import IN_MEMORY, Store, relieve

_BLOCK = 1 << 20  # values moved at a time
_TAKEN = 1 << 10  # rows taken at a time
_BLOCK_BYTES = 1 << 26  # of a growing array; memory that is not written to costs nothing
_SMALL_BYTES = 1 << 18  # of one at first
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
    for start in range(0, len(rows), _TAKEN):  # a page is mapped with its neighbours: of a file they must go soon
        some = slice(start, start + _TAKEN)
        kernels.take_rows(values.view(unsigned), offsets, rows[some], out[some], taken.view(unsigned))
        relieve()
    return taken, out


def put_before(
    values: NDArray[_V],
    offsets: NDArray[np.int64],
    others: NDArray[_V],
    starts: NDArray[np.int64],
    rows: NDArray[np.int64],
    store: Store = IN_MEMORY,
) -> tuple[NDArray[_V], NDArray[np.int64]]:
    """Rows of which some have the same row of another array before them.

    Args:
        values, offsets: of one dimension, and int64 (n + 1,).
        others, starts: likewise, of as many rows.
        rows: int64 (m,), ascending, those that get it.
        store: where the new values live.

    Returns:
        The values, and int64 (n + 1,) offsets.
    """
    counts, more = np.diff(offsets), np.zeros(len(offsets) - 1, dtype=np.int64)
    more[rows] = np.diff(starts)[rows]
    out = offsets_from_counts(counts + more)
    joined, unsigned = store.empty(int(out[-1]), values.dtype), _UNSIGNED[values.dtype.itemsize]

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

    It is one mapping that grows where it lies or is moved page by page, never copied; where the system cannot do that, large
    blocks, which go one by one when the whole is put together: joining a list of chunks would hold everything twice, and leave
    the allocator full of holes. Where the store has no room left, they go to a file.
    """

    def __init__(self, dtype: Any, store: Store = IN_MEMORY, block: int | None = None) -> None:
        """Empty.

        Args:
            dtype: of the values.
            store: where they live.
            block: bytes of a block; as many as is good for one large array where None.
        """
        self._dtype, self._used, self._block_bytes = np.dtype(dtype), 0, block or _BLOCK_BYTES
        self._full: list[NDArray[Any]] = []
        self._map = _mapping(_SMALL_BYTES) if block is None else None
        self._block = self._room()
        self._store, self._claim = store, store.claim()
        self._file: IO[bytes] | None = None

    def _room(self) -> NDArray[Any]:
        if self._map is None:
            return np.empty(self._block_bytes // self._dtype.itemsize, dtype=self._dtype)
        return np.frombuffer(self._map, self._dtype, len(self._map) // self._dtype.itemsize)

    def append(self, chunk: NDArray[Any]) -> None:
        """Copy a chunk to the end.

        Raises:
            OutputError: it belongs into a file, and there is no room for it.
        """
        if self._file is None and not self._claim.grow(chunk.nbytes):
            self._spill()
        if self._file is not None:
            self._write(chunk)
            return
        while len(chunk):
            if self._used == len(self._block):
                self._make_room()
            fits = min(len(chunk), len(self._block) - self._used)
            self._block[self._used : self._used + fits] = chunk[:fits]
            chunk, self._used = chunk[fits:], self._used + fits

    def _make_room(self) -> None:
        """Room behind what is there, or a new block."""
        if self._map is not None:
            size = len(self._map)
            if size == _SMALL_BYTES:  # into one of large pages, which a few values are not worth
                held, self._map = self._block, _mapping(self._block_bytes >> 4, large=True)
                self._block = self._room()
                self._block[: len(held)] = held
                return
            self._resize(size + max(min(size, _BLOCK_BYTES), size // 4 & -_BLOCK_BYTES))
            return
        if self._used:
            self._full.append(self._block)
        self._block, self._used = self._room(), 0

    def _resize(self, size: int) -> None:
        """Make the mapping so many bytes long."""
        assert self._map is not None
        self._block = np.empty(0, dtype=self._dtype)  # no view may be there
        try:
            self._map.resize(size)
        except OSError as error:
            raise MemoryError(f"{size:,} bytes") from error
        self._block = np.frombuffer(self._map, self._dtype, size // self._dtype.itemsize)

    def _spill(self) -> None:
        """Put what is held into a file, where all else follows."""
        self._file = self._store.file()
        for block in [*self._full, self._block[: self._used]]:
            self._write(block)
        self._full, self._block, self._used, self._map = [], self._block[:0].copy(), 0, None
        self._claim.release()

    def _write(self, chunk: NDArray[Any]) -> None:
        assert self._file is not None
        with self._store.guarded():
            self._file.write(np.ascontiguousarray(chunk).view(np.uint8).data)
        self._store.spilled += chunk.nbytes

    def array(self, in_memory: bool = False) -> NDArray[Any]:
        """What was appended; nothing is left here.

        Args:
            in_memory: even what was spilled is read into memory.

        Raises:
            OutputError: as for `append`.
        """
        claim, self._claim = self._claim, self._store.claim()
        if self._file is not None:
            file, self._file = self._file, None
            with self._store.guarded():
                if not in_memory:
                    return self._store.mapped(file, self._dtype)
                with file:
                    file.seek(0)
                    return np.fromfile(file, dtype=self._dtype)
        if self._map is not None and self._used:
            self._resize(self._used * self._dtype.itemsize)
        last = self._block[: self._used]
        self._block, self._used, self._map = last[:0], 0, None
        if not self._full:
            return claim.keep(last)
        whole = np.empty(sum(map(len, self._full)) + len(last), dtype=self._dtype)
        end = len(whole) - len(last)
        whole[end:] = last
        while self._full:
            block = self._full.pop()
            whole[end - len(block) : end] = block
            end -= len(block)
        return claim.keep(whole)


def _mapping(size: int, large: bool = False) -> mmap.mmap | None:
    """Memory that can grow without being copied (mremap(2)), of large pages if asked for; None where the system has none."""
    if sys.platform != "linux":
        return None
    try:
        mapping = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"{size:,} bytes") from error
    if large:
        with suppress(OSError):  # a kernel without large pages
            mapping.madvise(mmap.MADV_HUGEPAGE)
    return mapping


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
