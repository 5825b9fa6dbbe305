"""Reasons and cures in the words of who calls from Python: arguments in place of the command line's options."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

_FIELD = re.compile(r"--(text|title|date|source|url|id)-field(?: (NAME|'(?:[^']|'\\''|)*'))?")
_ARGUMENT = re.compile(r"--(timezone|now|encoding|format|max-row-bytes|limits|strict)\b")


def tell_notes(notes: Iterable[str]) -> None:
    """Warn of what was chosen or left out in reading, in words of Python."""
    for note in notes:
        warnings.warn(in_python(note), stacklevel=3)


def in_python(message: str) -> str:
    """A message with arguments for options.

    >>> in_python("found columns: body; cure: --text-field 'body'")
    "found columns: body; cure: fields={'text': 'body'}"
    >>> in_python("cure: --max-row-bytes or --date-field")
    "cure: max_row_bytes= or fields={'date': NAME}"
    """

    def field(match: re.Match[str]) -> str:
        given = match[2]
        name = repr(given[1:-1].replace("'\\''", "'")) if given and given != "NAME" else "NAME"
        return f"fields={{{match[1]!r}: {name}}}"

    return _ARGUMENT.sub(lambda match: match[1].replace("-", "_") + "=", _FIELD.sub(field, message))
