"""JSON lines: one object a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import orjson

from clusterer.io.columns import FieldMap, RowError, column_key
from clusterer.io.compression import HEAD
from clusterer.io.readers.base import BOM, OpenedInput, undecodable
from clusterer.io.rows import Layout, Row, as_json

_ABSTRACTS = ("description", "summary", "الوصف", "الملخص")  # what a whole feed may have as well as an article


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of objects line by line, rather than of one JSON document."""
    lines = [line.strip() for line in head.removeprefix(BOM).split(b"\n")]
    whole = [line for line in lines[: None if len(head) < HEAD else -1] if line]
    objects = sum(line.startswith(b"{") and isinstance(loaded(line), dict) for line in whole[:20])
    first = whole[0] if whole else lines[0]
    if not first.startswith(b"{"):
        return False
    return is_article(first, columns) if len(whole) == 1 else objects > 0


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of JSON lines; blank lines are skipped."""
    layout, loads, article_of, file = Layout("jsonl"), orjson.loads, opened.columns, opened.name
    for number, line in opened.lines():
        try:
            article = article_of(loads(line))
        except ValueError:
            line = line.rstrip(b"\r\n").removeprefix(BOM)  # files that were glued together keep their marks
            if not line.strip():
                continue
            try:
                article = article_of(loads(line))
            except ValueError as error:
                opened.bad(number, json_reason(line, error, opened.encoding), line)
                continue
        yield Row(article, line.rstrip(b"\r\n"), file, number, layout)


def write_rows(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    """Write rows of any format as JSON lines; return their number."""
    count = 0
    for row in rows:
        out.write(as_json(row) + b"\n")
        count += 1
    return count


def write_result(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str], format: str) -> None:
    """Write the lines of a result as JSON lines."""
    for line in lines:
        out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def is_article(document: bytes, columns: FieldMap) -> bool:
    """Whether a JSON object is an article, not the wrapping of a list of articles that has a description itself."""
    try:
        row = orjson.loads(document)
        text = columns.columns(tuple(row))["text"][0]
    except (orjson.JSONDecodeError, RowError):
        return False
    lists = [v for v in row.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    return not lists or column_key(text) not in _ABSTRACTS


def loaded(raw: bytes) -> Any:
    """The value that JSON stands for, or the error as a value."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return error


def json_reason(raw: bytes, error: Exception, encoding: str) -> str:
    """What is wrong with a row of JSON, in words that help."""
    if not isinstance(error, orjson.JSONDecodeError):
        return str(error)
    try:
        text = raw.decode()
    except UnicodeDecodeError as damage:
        return undecodable(raw, damage, encoding)
    message, position = error.msg.split(": line ")[0], error.pos
    if "\0" in text:
        return "NUL bytes in the row; cure: fetch the file again, it was damaged on its way"
    if "surrogate" in message:
        return f"lone surrogate, half of a character, at character {position + 1}; cure: write whole characters"
    if "depth" in message or "recursion" in message:
        return "JSON nested too deeply (over 1,024 levels); cure: write the article flat"
    if re.match(r"-?(NaN|Infinity)", text[position : position + 9]) or text[position - 1 : position + 8] == "-Infinity":
        return f"NaN or Infinity at character {position + 1} is not JSON; cure: write null"
    if "unexpected end" in message:
        return "broken JSON: the row is cut off; cure: write one whole object a row"
    return f"broken JSON: {message} at character {position + 1}; cure: write one whole object a row"
