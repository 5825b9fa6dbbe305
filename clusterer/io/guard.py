r"""What is written for other programs, so that texts of a feed stay texts there: cells of tables, lines of JSON.

A spreadsheet takes a cell that begins with "=" for a formula; a browser that is handed a line of JSON inside a script ends
the script at "</script>", and a log or terminal obeys control characters. Both are written so that who reads them as what
they are gets the same values.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

_FORMULA = re.compile(r"'*(?:[=@\t\r\uff1d\uff20]|[+\uff0b\uff0d-](?![0-9]+(?:[.,][0-9]+)?\Z))")
"""Begins a cell that a spreadsheet computes; a number is none. Apostrophes before it: what came so is guarded, too."""
_UNSAFE = re.compile(rb"</|\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""In UTF-8: the end of an element, C1 controls, marks of direction, and line ends that JSON allows and scripts once did not."""


def guarded(cell: str) -> str:
    """A cell of text that no spreadsheet computes; one that begins like a formula gets an apostrophe before it.

    >>> guarded("=1+1"), guarded("-5"), guarded("'=1")
    ("'=1+1", '-5', "''=1")
    """
    return "'" + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell that was guarded.

    >>> unguarded("'=1+1"), unguarded("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell, 1) else cell


def json_line(value: Any, option: int = 0) -> bytes:
    r"""A line of JSON, with its line end, that neither ends a script nor steers a terminal or log: such characters are escaped.

    >>> json_line({"title": "</script>\u2028"})
    b'{"title":"<\\/script>\\u2028"}\n'
    """
    line = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE | option)
    return _UNSAFE.sub(_escaped, line)


def _escaped(found: re.Match[bytes]) -> bytes:
    return rb"<\/" if found[0] == b"</" else rb"\u%04x" % ord(found[0].decode())
