"""Who writes an index: a note in a file beside it, for those who wait to name the one they wait for.

The note is no lock: SQLite's own lock goes with its process, while this file may stay after a crash.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress
from typing import Any

import orjson

_MOST, _LETTERS = 4096, 200  # bytes of a note that are read, letters of a field that are shown
_FIELDS: dict[str, type] = {"pid": int, "host": str, "command": str, "at": float}


class WriterNote:
    """The note of whoever wrote an index last."""

    def __init__(self, path: str) -> None:
        """Name the note; nothing is read or written yet.

        Args:
            path: of the index's file.
        """
        self._path = f"{path}-writer"
        self._own_stat = (0, 0)

    def sign(self) -> None:
        """Leave the name of this process, where another one has signed since. A folder that takes no file is no error."""
        with suppress(OSError):
            if self._stat() == self._own_stat:
                return
        command = " ".join([os.path.basename(sys.argv[0]), *sys.argv[1:4]])[:_LETTERS]
        name = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "at": time.time()}
        with suppress(OSError):
            with open(self._path, "wb") as file:
                file.write(orjson.dumps(name))
            self._own_stat = self._stat()

    def remove_own(self) -> None:
        """Remove the note, where this process signed it."""
        with suppress(OSError):
            if self._read().get("pid") == os.getpid():
                os.unlink(self._path)

    def describe(self) -> str:
        """Who is writing, as far as one can tell: ``process 12 on host (clusterer index add, since 12:00:00)``."""
        writer = self._read()
        same_host = writer.get("host") == socket.gethostname()
        if not writer or (same_host and (writer["pid"] == os.getpid() or not _runs(writer["pid"]))):
            return "another program"
        try:
            since = time.strftime("%H:%M:%S", time.localtime(writer["at"]))
        except (OverflowError, ValueError, OSError):  # no time that a clock shows
            return "another program"
        return f"process {writer['pid']} on {_plain(writer['host'])} ({_plain(writer['command'])}, since {since})"

    def _stat(self) -> tuple[int, int]:
        status = os.stat(self._path)
        return status.st_ino, status.st_mtime_ns

    def _read(self) -> dict[str, Any]:
        """The note's fields; nothing where it cannot be read."""
        with suppress(OSError, ValueError, TypeError, KeyError, OverflowError), open(self._path, "rb") as file:
            fields = orjson.loads(file.read(_MOST))
            return {name: kind(fields[name]) for name, kind in _FIELDS.items()}
        return {}


def _plain(text: str) -> str:
    """A text that whoever wrote the note chose, for a terminal: what is no letter is shown escaped."""
    return "".join(x if x.isprintable() else repr(x)[1:-1] for x in text[:_LETTERS])


def _runs(pid: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
