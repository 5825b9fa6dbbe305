"""The file of bad rows, whole or absent; or one that lasts and is added to."""

from __future__ import annotations

import os
import re
from collections import Counter
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO

from clusterer.io.atomic import _remove, appended, atomic_output
from clusterer.io.guard import json_line
from clusterer.io.rows import BadRow

_TOLD, _KINDS, _LONGEST = 3, 1000, 100  # reasons that are told, that are counted, letters of one


class Quarantine:
    """The file of bad rows: JSON lines with `file`, `line`, `reason`, `row`. It appears only when there is one.

    A context manager; `add` fits `Feed`'s `on_bad`. Whole or absent, as `atomic_output`. After a run without a bad row
    a file of this name is removed: it would tell of an earlier run. One that lasts is added to instead, row by row, for
    what never ends.
    """

    def __init__(self, path: str | os.PathLike[str], lasting: bool = False) -> None:
        """Only remember the path."""
        self.count = 0
        self._reasons: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._lasting = lasting
        self._path = path
        self._stack = ExitStack()
        self._out: BinaryIO | None = None

    def add(self, bad: BadRow) -> None:
        """Write one bad row."""
        if self._out is None:
            self._out = self._stack.enter_context(appended(self._path) if self._lasting else atomic_output(self._path))
        self.count += 1
        self._count_reason(bad.reason.partition("; cure: ")[0])
        self._out.write(
            json_line(
                {"file": _printable(bad.file), "line": bad.line, "reason": _printable(bad.reason),
                 "row": _printable(bad.excerpt)}
            )
        )  # fmt: skip

    def told_reasons(self) -> str:
        """The commonest reasons with their counts, of each kind as it came first; places and sizes make no kind."""
        told = [f"{count} × {self._first[kind]}" for kind, count in self._reasons.most_common(_TOLD)]
        return ", ".join([*told, *["..."] * (len(self._reasons) > _TOLD)])

    def _count_reason(self, reason: str) -> None:
        kind = re.sub("[0-9][0-9,.]*", "#", reason)
        if kind in self._first or len(self._first) < _KINDS:
            self._first.setdefault(kind, reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}...")
            self._reasons[kind] += 1

    def __enter__(self) -> Quarantine:
        """Nothing is made yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, or remove it after an exception; without a bad row, remove that of an earlier run.

        Raises:
            OutputError: it cannot be written or removed.
        """
        self._stack.__exit__(kind, error, trace)
        if error is None and self._out is None and not self._lasting:
            _remove(self._path)


def _printable(text: str) -> str:
    """Text that UTF-8 can hold; file names may have lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()
