"""Arrays that may live in files: what does not fit a budget is spilled, and looked at through a mapping.

A `Store` hands out arrays in memory as long as its limit allows it, then such of temporary files. These have no name, so nothing
is left of them however a run ends, and they are ordinary NumPy arrays to whoever uses them. Pages of mapped files that were
looked at count as memory of the process until they are given back: a thread does so while there are such files (`_Relief`).
What is in the arrays, callers know.

Source: madvise(2), MADV_DONTNEED: pages of a shared mapping are dropped from the process, what was written stays in the file.
"""

from __future__ import annotations

import contextlib
import errno
import math
import mmap
import os
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from clusterer.errors import OutputError

SMALL = 1 << 18
"""Bytes below which an array stays in memory whatever the limit: a file has its price."""
_LEAST_PART, _PART = 1 << 20, 1 << 26  # bytes that a part of a partition should have
_MOST_PARTS = 6  # bits: more would be many open files
_RESIDENT = 1 << 27  # bytes of mapped files that may stay in memory at least
_LOOKS = 0.03  # seconds between two looks at how many they are
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}


class Store:
    """Where large arrays live: in memory up to a limit, in files beyond it.

    Attributes:
        limit: bytes that arrays of this store may take in memory; None for no limit.
        folder: of the files; None for the system's folder of temporary files.
        spilled: bytes that were put into files so far.
    """

    def __init__(self, limit: int | None = None, folder: str | None = None) -> None:
        """Hold nothing yet; no file is made before it is needed."""
        self.limit, self.folder, self.spilled = limit, folder, 0
        self._held, self._lock = 0, threading.RLock()

    def empty(self, shape: int | tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """An array like `numpy.empty`.

        Raises:
            OutputError: it belongs into a file, and there is no room for it.
        """
        dtype = np.dtype(dtype)
        size = math.prod(shape if isinstance(shape, tuple) else (shape,)) * dtype.itemsize
        claim = self.claim()
        if claim.grow(size):
            return claim.keep(np.empty(shape, dtype=dtype))
        file = self.file()
        with self.guarded():
            _allocate(file.fileno(), size)
        self.spilled += size
        return self.mapped(file, dtype).reshape(shape)

    def claim(self) -> Claim:
        """A claim to memory, of nothing yet."""
        return Claim(self)

    def parts(self, size: int, threads: int = 1) -> int:
        """Bits of so many parts that each of them is small enough to be worked on in memory, `threads` at a time.

        Args:
            size: bytes of all.
            threads: that work side by side; each gets parts.
        """
        part = _PART if self.limit is None else max(min(_PART, self.limit // (8 * threads)), _LEAST_PART)
        wanted = max(-(-size // part), 4 * threads if threads > 1 and size > _LEAST_PART else 1)
        return min((wanted - 1).bit_length(), _MOST_PARTS)

    def file(self) -> IO[bytes]:
        """A file without a name."""
        with self.guarded():
            return tempfile.TemporaryFile(dir=self.folder, buffering=1 << 18)

    def mapped(self, file: IO[bytes], dtype: Any) -> NDArray[Any]:
        """The content of a file as an array, (x,); writing to it writes to the file, which is closed."""
        file.flush()
        size = os.fstat(file.fileno()).st_size
        if not size:
            return np.empty(0, dtype=dtype)
        mapping = mmap.mmap(file.fileno(), size)
        file.close()
        _RELIEF.watch(mapping, max(_RESIDENT, (self.limit or 0) // 4))
        array: NDArray[Any] = np.frombuffer(mapping, dtype=dtype)
        return array

    @contextlib.contextmanager
    def guarded(self) -> Any:
        """Turn what a full or missing folder raises into one line.

        Raises:
            OutputError: naming the folder and the cure.
        """
        try:
            yield
        except OSError as error:
            folder = self.folder or tempfile.gettempdir()
            if error.errno in _FULL:
                raise OutputError(
                    f"{folder}: no space left for the arrays that do not fit the memory of the run ({error.strerror}); cure: "
                    "make room, --tmp with a folder on a larger disk, or more --memory"
                ) from None
            raise OutputError(
                f"{folder}: arrays that do not fit the memory of the run cannot be written there ({error.strerror}); cure: "
                "--tmp with a folder that can be written"
            ) from None


class Claim:
    """Bytes of a store's limit that somebody holds; given back when it, and the array it is kept for, are gone."""

    __slots__ = ("_store", "size")

    def __init__(self, store: Store) -> None:
        """Claim nothing."""
        self._store, self.size = store, 0

    def grow(self, size: int) -> bool:
        """Claim so many bytes more; False where they are not to be had."""
        store = self._store
        with store._lock:
            if store.limit is not None and self.size + size >= SMALL and store._held + size > store.limit:
                return False
            store._held += size
            self.size += size
        return True

    def release(self) -> None:
        """Give all of it back."""
        with self._store._lock:
            self._store._held -= self.size
            self.size = 0

    def keep(self, array: NDArray[Any]) -> NDArray[Any]:
        """Give it back when an array is gone; returns the array."""
        if self._store.limit is not None:
            owner = array if array.base is None else array.base  # who is left where only a view of it is
            weakref.finalize(owner, self.release).atexit = False
        return array

    def __del__(self) -> None:
        """Give back what was claimed for something that never became an array."""
        if self.size:
            self.release()


IN_MEMORY = Store()
"""A store without a limit."""


def _allocate(descriptor: int, size: int) -> None:
    """Make a file so large, with room on the disk for all of it: a mapping of a hole on a full disk kills the process."""
    if hasattr(os, "posix_fallocate"):
        with contextlib.suppress(OSError):  # file systems without it are written to
            os.posix_fallocate(descriptor, 0, size)
            return
    zeros, done = bytes(1 << 20), 0
    while done < size:
        done += os.write(descriptor, zeros[: size - done])


class _Relief:
    """Gives back the pages of mapped files, by a thread that lives as long as there are any."""

    def __init__(self) -> None:
        self._mappings: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()
        self._lock, self._goes_on = threading.Lock(), False
        self._at_rest = 0  # bytes of libraries and the like
        self._looked, self._resident = 0.0, _RESIDENT

    def watch(self, mapping: mmap.mmap, resident: int) -> None:
        """Look after a mapping, beside others; so many bytes of all of them may stay in memory."""
        if not hasattr(mmap, "MADV_DONTNEED"):  # Windows trims by itself
            return
        with self._lock:
            self._mappings.add(mapping)
            self._resident = resident
            if not self._goes_on:
                self._goes_on, self._at_rest = True, _shared_bytes()
                threading.Thread(target=self._go_on, name="clusterer spill", daemon=True).start()

    def look(self) -> bool:
        """Give pages back where there are many; whether there is a mapping."""
        with self._lock:
            self._looked, mappings = time.monotonic(), list(self._mappings)
            if mappings and _shared_bytes() - self._at_rest > self._resident:
                for mapping in mappings:
                    mapping.madvise(mmap.MADV_DONTNEED)
            self._goes_on = self._goes_on and bool(mappings)
            return self._goes_on

    def look_again(self) -> None:
        """As `look`, unless that was just done."""
        if self._mappings and time.monotonic() - self._looked > _LOOKS / 16:
            self.look()

    def _go_on(self) -> None:
        while self.look():
            time.sleep(_LOOKS)


def _shared_bytes() -> int:
    """Bytes of files that are in this process's memory; many where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[2]) * mmap.PAGESIZE
    except OSError:
        return 1 << 62


_RELIEF = _Relief()


def relieve() -> None:
    """Give back pages of mapped files that were looked at, where they are many; to be called between blocks of work.

    The thread alone would come too late where others keep the cores busy.
    """
    _RELIEF.look_again()
