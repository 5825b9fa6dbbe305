"""How far a walk over inputs is, by the bytes of their files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from typing import IO


class Position:
    """How far a walk over inputs is.

    Attributes:
        stream: the file of the input that is read now; None between two.
    """

    def __init__(self, files: Sequence[tuple[str, str | None]]) -> None:
        """Be at the beginning of inputs, each by its name and the path of its file, None where it is no file by itself."""
        self.stream: IO[bytes] | None = None
        self._files = files
        self._passed: dict[str, None] = {}

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {name: os.path.getsize(path) for name, path in self._files if path and os.path.exists(path)}

    def passed(self, name: str) -> None:
        """An input is over."""
        self.stream = None
        self._passed[name] = None

    @property
    def share(self) -> float | None:
        """How much of all bytes is read, from 0 to 1; None where an input is no file of a known size."""
        total = sum(self._sizes.values())
        try:
            place = self.stream.tell() if self.stream else 0
        except (OSError, ValueError):  # closed, or no file that has places
            place = 0
        read = sum(self._sizes.get(name, 0) for name in self._passed) + place
        return min(read / total, 1.0) if total and len(self._sizes) == len(self._files) else None
