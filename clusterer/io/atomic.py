"""Files that are whole or absent, files that are added to, files that are written in place; packed by their ending.

What cannot be written is an `OutputError` that names the file and the cure.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any, BinaryIO, cast

from clusterer.errors import OutputError

_BUFFER = 1 << 18


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that appears whole under its name, or not at all.

    Written beside its target, flushed to disk, then moved over it; removed on any exception, and by the next run where this one
    is killed. "-" is standard output; devices and pipes are written directly. An ending `.gz` or `.zst` compresses.

    Raises:
        OutputError: the folder is missing, the target is a folder, the disk is full, ...
        BrokenPipeError: the reader of standard output has gone; the caller decides.
    """
    name = os.fspath(path)
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = os.path.realpath(name)
    direct = os.path.exists(target) and not os.path.isfile(target)
    if os.path.isdir(target):
        raise OutputError(f"{name}: is a folder; cure: name a file in it")
    place = target
    try:
        if direct:
            file: io.FileIO = _OutputFile(place, "wb", name)
        else:
            folder, base = os.path.split(target)
            file, place = temporary_file(os.path.join(folder, f".{base[:100]}."), name)
    except OSError as error:
        is_missing = not os.path.isdir(os.path.dirname(target))  # what stands in /proc is not found either
        cure = "make the folder first" if is_missing else "choose another place"
        raise OutputError(f"{name}: cannot be written ({error.strerror or error}); cure: {cure}") from None
    try:
        with file, io.BufferedWriter(file, _BUFFER) as buffered:
            with _packed(cast(BinaryIO, buffered), target) as out:
                yield out
            buffered.flush()
            if not direct:
                os.fsync(file.fileno())
        if not direct:
            with contextlib.suppress(OSError):
                os.chmod(place, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(place, target)
    except BaseException as error:
        if not direct:
            with contextlib.suppress(OSError):
                os.unlink(place)
        if isinstance(error, OSError) and error.filename == place:
            raise OutputError(f"{name}: cannot be written ({error.strerror}); cure: choose another place") from None
        if isinstance(error, BrokenPipeError) and not direct:  # not of this file
            raise OutputError(f"{name}: not written, as whoever read standard output left; cure: -o FILE") from error
        raise


def temporary_file(stem: str, shown: str) -> tuple[io.FileIO, str]:
    """A new file that is this process's as long as it is open, and its path; those of dead runs with this stem are removed.

    Args:
        stem: path that its name begins with.
        shown: what errors call it.
    """
    _clean(stem)
    while True:
        place = f"{stem}{os.urandom(4).hex()}.tmp"
        file = _OutputFile(place, "xb", shown)
        if lock(file.fileno()) and os.path.exists(place):
            return file, place
        file.close()  # another run took it for a dead one's before it was locked, and removes it


def _clean(stem: str) -> None:
    """Remove what killed runs left: temporary files that nobody holds locked."""
    folder, name = os.path.split(stem)
    ours = re.compile(re.escape(name) + r"[0-9a-f]{8}\.tmp")
    with contextlib.suppress(OSError):
        for left in os.listdir(folder):
            if ours.fullmatch(left):
                with contextlib.suppress(OSError), open(os.path.join(folder, left), "rb") as file:
                    if lock(file.fileno()):
                        os.unlink(file.name)


def lock(file: int) -> bool:
    """Hold a file for this process until it is closed or the process ends; False where another one holds it.

    Where the system knows no such locks, a file that is open cannot be removed either.
    """
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


@contextmanager
def appended(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that is added to, each line as it is written.

    Raises:
        OutputError: the folder is missing, the target is a folder, ...
    """
    try:
        file = io.FileIO(path, "ab")
    except OSError as error:
        raise OutputError(f"{os.fspath(path)}: cannot be written ({error.strerror}); cure: another place") from None
    with file:
        yield cast(BinaryIO, file)


@contextmanager
def streamed(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that is written from its start, in place: what was flushed is there, however the run ends.

    "-" is standard output. An ending `.gz` or `.zst` compresses.

    Raises:
        OutputError: the folder is missing, the target is a folder, the disk is full, ...
    """
    name = os.fspath(path)
    if name == "-":
        yield sys.stdout.buffer
        return
    try:
        file = _OutputFile(name, "wb", name)
    except OSError as error:
        raise OutputError(f"{name}: cannot be written ({error.strerror}); cure: another place") from None
    with file, io.BufferedWriter(file, _BUFFER) as buffered, _packed(cast(BinaryIO, buffered), name) as out:
        yield out


def _remove(path: str | os.PathLike[str]) -> None:
    """Take away what `atomic_output` would replace: a file, also at the end of a link; never "-", a device or pipe."""
    name = os.fspath(path)
    if name == "-" or not os.path.isfile(name):
        return
    try:
        os.unlink(os.path.realpath(name))
    except OSError as error:
        raise OutputError(
            f"{name}: is of an earlier run and cannot be removed ({error.strerror or error}); cure: remove it"
        ) from None


class _OutputFile(io.FileIO):
    """A file whose write errors name it and the cure, so that they are not taken for a reader's."""

    def __init__(self, place: str, mode: str, shown: str) -> None:
        super().__init__(place, mode)
        self._shown = shown

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"{self._shown}: cannot be written ({error.strerror}); cure: free some space, or another place"
            ) from None


@contextmanager
def _packed(file: BinaryIO, target: str) -> Iterator[BinaryIO]:
    if target.lower().endswith(".gz"):
        import gzip

        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif target.lower().endswith(".zst"):
        compressor = import_module("zstandard").ZstdCompressor()
        with closing(compressor.stream_writer(file, closefd=False)) as packed:
            yield packed
    else:
        yield file
