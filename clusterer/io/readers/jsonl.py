"""jsonl: see clusterer.files."""

from __future__ import annotations

import re

import orjson

from clusterer.io.readers.base import _undecodable


def json_reason(raw: bytes, error: Exception, encoding: str) -> str:
    """What is wrong with a row of JSON, in words that help."""
    if not isinstance(error, orjson.JSONDecodeError):
        return str(error)
    try:
        text = raw.decode()
    except UnicodeDecodeError as undecodable:
        return _undecodable(raw, undecodable, encoding)
    message, place = error.msg.split(": line ")[0], error.pos
    if "\0" in text:
        return "NUL bytes in the row; cure: fetch the file again, it was damaged on its way"
    if "surrogate" in message:
        return f"lone surrogate, half of a character, at character {place + 1}; cure: write whole characters"
    if "depth" in message or "recursion" in message:
        return "JSON nested too deeply (over 1,024 levels); cure: write the article flat"
    if re.match(r"-?(NaN|Infinity)", text[place : place + 9]) or text[place - 1 : place + 8] == "-Infinity":
        return f"NaN or Infinity at character {place + 1} is not JSON; cure: write null"
    if "unexpected end" in message:
        return "broken JSON: the row is cut off; cure: write one whole object a row"
    return f"broken JSON: {message} at character {place + 1}; cure: write one whole object a row"
