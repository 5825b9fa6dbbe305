"""Errors of SQLite as ours: what is wrong with an index's file, and what to do."""

from __future__ import annotations

import sqlite3

from clusterer.errors import ClustererError, InputError, OutputError
from clusterer.index.guards import damaged
from clusterer.index.writer_note import WriterNote

_NO_ROOM = (778, 1290, 4874)  # SQLITE_IOERR_WRITE, _TRUNCATE, _SHMSIZE: how full disks and quotas show, too
_DAMAGES = (
    0,  # Python's own: text that is not UTF-8
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
)  # what only rows, pages or a schema that no index writes lead to


def named(error: sqlite3.Error, path: str, note: WriterNote) -> ClustererError:
    """An error of SQLite's as one of ours: what is wrong with the file at `path`, and what to do."""
    extended = getattr(error, "sqlite_errorcode", None) or 0
    code = extended & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return OutputError(f"{path}: is being written by {note.describe()}; cure: wait for it, or stop it")
    if code == sqlite3.SQLITE_FULL or extended in _NO_ROOM:
        return OutputError(
            f"{path}: the disk is full ({error}), nothing of this batch was stored; cure: free some space"
        )
    if code == sqlite3.SQLITE_NOTADB:
        return InputError(
            f"{path}: not an index of clusterer's ({error}); cure: name another file, or restore a backup"
        )
    if code == sqlite3.SQLITE_INTERRUPT:
        return damaged(path, "its pages lead into each other, so that reading them would not end")
    if code in _DAMAGES and isinstance(error, sqlite3.DatabaseError):
        return damaged(path, str(error))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return OutputError(f"{path}: cannot be opened for writing ({error}); cure: check folder and rights")
    return OutputError(f"{path}: {error}; cure: see clusterer index check {path}")
