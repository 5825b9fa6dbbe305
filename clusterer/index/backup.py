"""Whole copies of an index, made while others read and write it. Source: "SQLite Backup API", sqlite.org."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from clusterer.errors import ClustererError, IndexDamaged, InputError, OutputError
from clusterer.index.made import new_history
from clusterer.index.open_index import OpenIndex
from clusterer.index.schema import APPLICATION

_MAGIC, _PLACE = b"SQLite format 3\0", slice(68, 72)  # of a file; of the application's number in its head


def backup(index: OpenIndex, path: str | os.PathLike[str]) -> int:
    """Copy an index as it is at one moment, while others read and write it.

    Args:
        index: an open index, outside a transaction.
        path: of the copy; an index that is there and that nobody has open is replaced, once the copy is whole.

    Returns:
        The number of articles in the copy.

    Raises:
        InputError: the path is that of the index itself.
        IndexDamaged: it does not say how many articles it holds.
        OutputError: it is another file, or an index that is in use; or it cannot be written.
    """
    target = os.path.realpath(path)
    _refuse_target(target, index.database.path)
    partial = f"{target}.{os.getpid()}.partial"
    try:
        with closing(sqlite3.connect(partial, isolation_level=None)) as copy:
            index.database.copy_into(copy)
            copy.execute("PRAGMA synchronous = FULL")
            copy.execute("UPDATE state SET value = 0 WHERE name = 'open'")
            copy.execute("UPDATE made SET value = ? WHERE name = 'history'", (new_history(),))
            counted = copy.execute("SELECT value FROM state WHERE name = 'articles'").fetchone()
        if not counted or not isinstance(counted[0], int):
            raise IndexDamaged(
                f"{index.database.path}: is damaged: it does not say how many articles it holds; cure: an earlier backup"
            )
        _sync(partial)
        os.replace(partial, target)
        _sync(os.path.dirname(target))
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, ClustererError):
            raise
        raise OutputError(f"{target}: cannot be written ({error}); cure: check folder, rights and room") from error
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                os.unlink(partial + ending)
    return int(counted[0])


def _refuse_target(target: str, source: str) -> None:
    """Refuse to replace what is no backup."""
    if not os.path.exists(target):
        return
    if os.path.samefile(target, source):
        raise InputError(f"{target}: is this index itself; cure: name another file")
    if os.path.isdir(target):
        raise OutputError(f"{target}: is a folder; cure: name a file in it")
    with Path(target).open("rb") as file:
        head = file.read(100)
    if head and (not head.startswith(_MAGIC) or int.from_bytes(head[_PLACE], "big") != APPLICATION):
        raise OutputError(f"{target}: is there, and no index; cure: name another file")
    if os.path.exists(f"{target}-wal"):
        raise OutputError(f"{target}: is an index in use; cure: name another file, or close it")


def _sync(path: str) -> None:
    """Have a file, or the names in a folder, reach the disk; where a system does not sync folders, it does so itself."""
    with suppress(PermissionError):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
