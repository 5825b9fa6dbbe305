"""JSON with the NaN and Infinity that Python, pandas and others write into it, though JSON has no such numbers: null."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_WORDS = re.compile(rb'"[^"\\]*+(?:\\.?+[^"\\]*+)*+(?:"|\Z)| ?-?(?:NaN|Infinity)', re.S)


def with_nulls(raw: bytes) -> bytes:
    """JSON with null for NaN and Infinity that stand outside of strings; other JSON as it is.

    >>> with_nulls(b'{"views": NaN, "title": "NaN"}')
    b'{"views":null, "title": "NaN"}'
    """
    if b"NaN" not in raw and b"Infinity" not in raw:
        return raw
    return _WORDS.sub(_null, raw)


def _null(found: re.Match[bytes]) -> bytes:
    """As long as what it stands for, with the blank before it: an error further on keeps its place."""
    return found[0] if found[0][:1] == b'"' else b"null".ljust(len(found[0]))


def decoded(raw: bytes) -> Any:
    """The value that JSON stands for. Only what is no JSON is looked through for NaN and Infinity, which are None.

    Raises:
        orjson.JSONDecodeError: it is broken.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        mended = with_nulls(raw)
        if mended == raw:
            raise
        return orjson.loads(mended)


def decoded_exactly(raw: bytes) -> Any:
    """As `decoded`, with all digits of numbers; of JSON that `decoded` takes."""
    return json.loads(raw, parse_constant=lambda _: None)
