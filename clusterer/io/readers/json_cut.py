"""The beginning of a JSON document, closed where it ends: what a cut, broken or too long one holds as far as it goes.

Tells where the articles of such a document stand. Reads none of them: the last value may be a part of what it was.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from clusterer.io.readers.jsonl import loaded

_MARKS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[{}\[\],]', re.S)
_CLOSING = {0x7B: b"}", 0x5B: b"]"}


def beginning(document: bytes) -> Any:
    """The value of a document as far as it is whole: up to where it ends or breaks, None where nothing is left of it.

    >>> beginning(b'{"about": 1, "items": [{"id": 1}, {"id": 2, "text": "cut')
    {'about': 1, 'items': [{'id': 1}, {'id': 2}]}
    >>> beginning(b'{"items": [{"id": 1}, oops')
    {'items': [{'id': 1}]}
    """
    value = loaded(closed(document))
    if isinstance(value, orjson.JSONDecodeError):  # broken before its end, or within a letter of several bytes
        text = document.decode("utf-8", "replace")
        error = loaded(text.encode())
        if isinstance(error, orjson.JSONDecodeError):
            text = text[: error.pos]
        value = loaded(closed(text.encode()))
    return None if isinstance(value, ValueError) else value


def closed(document: bytes) -> bytes:
    """A document that ends early, its last member left out where that is not whole, with the brackets that are missing.

    >>> closed(b'{"a": [1, 2, 3')
    b'{"a": [1, 2]}'
    """
    ends = [0]  # of the last whole member of each bracket that is open, outermost first
    brackets: list[int] = []
    for mark in _MARKS.finditer(document):
        sign = document[mark.start()]
        if sign == 0x2C:
            ends[-1] = mark.start()
        elif sign in _CLOSING:
            brackets.append(sign)
            ends.append(mark.end())
        elif sign != 0x22 and brackets:
            brackets.pop()
            ends.pop()
            ends[-1] = mark.end()
    return document[: ends[-1]] + b"".join(_CLOSING[sign] for sign in reversed(brackets))
