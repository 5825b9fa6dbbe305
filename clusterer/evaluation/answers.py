"""Answers: a file of judged pairs that is added to, one answer at a time, each on disk before the next question is asked.

The file is gold as `gold` reads it. Which pairs are asked about is for `labeling` to know, or for whoever asks.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import Any, BinaryIO

import orjson

from clusterer.errors import InputError, OutputError
from clusterer.evaluation.gold import Judged, read_gold
from clusterer.io.atomic import appended


class Answers:
    """The file of judged pairs: each answer is on disk before the next question is asked."""

    def __init__(self, path: str) -> None:
        """Read what is there.

        Raises:
            InputError: it holds something else than judged pairs.
        """
        self._path = path
        self.added = 0
        self._known: set[tuple[str, str, str]] = set()
        self._undo: list[tuple[int, tuple[str, str, str]]] = []
        self._mend()
        if os.path.exists(path) and os.path.getsize(path):
            gold = read_gold(path, with_doubtful=True)
            if gold.labels:
                raise InputError(f"{path}: holds labels, not judged pairs; cure: another name for the answers")
            self._known = {pair.key for pair in gold.pairs}

    def _mend(self) -> None:
        """Cut off the beginning of a line that a run was killed over; give a whole last line its end."""
        if not os.path.isfile(self._path):
            return
        try:
            with open(self._path, "r+b") as file:
                text = file.read()
                start = text.rfind(b"\n") + 1
                last = text[start:]
                if not last.strip():
                    return
                try:
                    orjson.loads(last)
                except orjson.JSONDecodeError:
                    file.truncate(start)
                else:
                    file.write(b"\n")
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror}); cure: another place") from None

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def __enter__(self) -> Answers:
        self._context = appended(self._path)
        self._out: BinaryIO = self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    def add(self, pair: Judged) -> None:
        """Write one answer, safely: its line is on disk, whole, or an error is raised.

        Raises:
            OutputError: the disk is full, ...
        """
        line = {"a": pair.a, "b": pair.b, "same": pair.same, "level": pair.level, "score": pair.score}
        size = os.fstat(self._out.fileno()).st_size
        self._store(orjson.dumps(line) + b"\n", size)
        self._undo.append((size, pair.key))
        self._known.add(pair.key)
        self.added += 1

    def undo(self) -> bool:
        """Take the last answer of this run back; False where there is none."""
        if not self._undo:
            return False
        size, key = self._undo.pop()
        os.ftruncate(self._out.fileno(), size)
        os.fsync(self._out.fileno())
        self._known.discard(key)
        self.added -= 1
        return True

    def _store(self, line: bytes, size: int) -> None:
        """Append a line; what of it was written when that fails is cut off, so that the file is `size` bytes as before."""
        try:
            if self._out.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._out.fileno())
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._out.fileno(), size)
            raise OutputError(f"{self._path}: cannot be written ({error.strerror}); cure: free some space") from None
