"""JSON lines: one object a line."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

import orjson

from clusterer.errors import CHANGED, InputError
from clusterer.io.blocks import Block
from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap, RowError, column_key
from clusterer.io.compression import HEAD, TruncatedInput, cut_reason
from clusterer.io.feed_limits import BIG_ROW, FeedLimits, too_many_values
from clusterer.io.field_names import ABSTRACT_NAMES
from clusterer.io.guard import json_line
from clusterer.io.nested import table_rows
from clusterer.io.nulls import decoded, decoded_exactly
from clusterer.io.readers.base import BOM, Copied, OpenedInput, undecodable
from clusterer.io.readers.json_pages import is_empty_page, rows_within
from clusterer.io.readers.jsonl_blocks import LineBlocks
from clusterer.io.readers.line_blocks import line_blocks
from clusterer.io.result_columns import each_block, json_lines
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import NOT_READ, Layout, Row, as_json, too_long
from clusterer.io.values import BlankRow, scalar_text
from clusterer.results import Assignments

_MANY_DIGITS = re.compile(rb"[0-9]{19}")
_ACTION = re.compile(rb'\s*\{\s*"(?:index|create|update)"\s*:\s*\{[^{}]*\}\s*\}\s*$')  # of Elasticsearch's bulk files
_PIECES = (b",", b"[", b"{")  # what lines of one JSON document end in
_BLOCK, _BLOCK_BYTES = 1024, 1 << 24  # lines of a block, or bytes of them, at least
_TOLD = 1024  # rows between two words of progress
_NO_MORE = (-1, (0, False))  # no line has the number 0


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of objects line by line, rather than of one JSON document."""
    lines = [line.strip() for line in head.removeprefix(BOM).split(b"\n")]
    whole = [line for line in lines[: None if len(head) < HEAD else -1] if line]
    first = whole[0] if whole else lines[0]
    if not first.startswith(b"{"):
        return False
    heavy = [bool(too_many_values(line, FeedLimits())) for line in whole[:20]]  # would cost much to decode
    if len(whole) == 1:
        return not heavy[0] and isinstance(row := loaded(first), dict) and is_article(row, columns)
    objects = sum(
        line.startswith(b"{") and (much or isinstance(loaded(line), dict))
        for line, much in zip(whole, heavy, strict=False)
    )
    return objects > 0 and objects >= sum(line.endswith(_PIECES) for line in whole[:20])


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of JSON lines; blank lines are skipped."""
    layout = Layout("jsonl")
    if _ACTION.match(opened.head[:4096].removeprefix(BOM).partition(b"\n")[0]):
        yield from _read_bulk(opened, layout)
        return
    if opened.head:
        opened.columns.learn(_first_rows(opened.head))
    for number, line in opened.lines():
        yield from _line(opened, number, line, layout)


def _line(opened: OpenedInput, number: int, line: bytes, layout: Layout) -> Iterator[Row]:
    """The rows of a line, of which there is usually one."""
    if _is_blank(line):
        opened.skipped()
        return
    if len(line) > BIG_ROW and (reason := too_many_values(line, opened.limits)):
        opened.bad(number, reason, line)
        return
    article_of = opened.columns
    try:
        article = article_of(decoded(line))
    except ValueError:
        yield from _mended(opened, number, line, layout)
        return
    if article_of.lost_digits:
        article_of.lost_digits = False
        article = article_of(decoded_exactly(line))
    yield Row(article, line.rstrip(b"\r\n"), opened.name, number, layout)


def _is_blank(line: bytes) -> bool:
    """Whether a line is but its end."""
    return len(line) <= 2 and line.isspace()


def read_blocks(opened: OpenedInput) -> Iterator[Row | Block]:
    """Yield the articles of JSON lines in blocks, and by themselves those of lines that are not as lines should be."""
    if _ACTION.match(opened.head[:4096].removeprefix(BOM).partition(b"\n")[0]):
        yield from _read_bulk(opened, Layout("jsonl"))
        return
    if opened.head:
        opened.columns.learn(_first_rows(opened.head))
    blocks = LineBlocks(opened, partial(_judged, opened))
    try:
        for block in line_blocks(opened, _BLOCK, _BLOCK_BYTES):
            if block.size:
                opened.bad(block.number, too_long(block.size, opened.row_limit), bytes(block.parts[0]))
            else:
                yield from blocks.of(block)
    except TruncatedInput as cut:
        opened.damaged(cut.line, cut_reason(cut))


def _judged(opened: OpenedInput, number: int, line: bytes) -> Iterator[Row]:
    """The rows of a line that may be over the limit."""
    if len(line) - line.endswith(b"\n") <= opened.row_limit:
        yield from _line(opened, number, line, Layout("jsonl"))
        return
    try:
        opened.check_skipped(len(line))
    except TruncatedInput as cut:
        cut.line = number + 1
        raise
    opened.bad(number, too_long(len(line), opened.row_limit), line)


def _read_bulk(opened: OpenedInput, layout: Layout) -> Iterator[Row]:
    """The articles of a file for Elasticsearch's bulk interface: before each a line that names its id."""
    opened.columns.learn([row for row in _first_rows(opened.head) if not {"index", "create", "update"} & row.keys()])
    opened.walk.in_pieces = True  # an action belongs to its article
    action: dict[str, Any] = {}
    for number, line in opened.lines():
        value = loaded_exactly(line)
        if _ACTION.match(line) and isinstance(value, dict):
            action = next(iter(value.values()))
            continue
        try:
            if isinstance(value, ValueError):
                raise value
            article = opened.columns({"_id": action.get("_id"), **value} if isinstance(value, dict) else value)
        except ValueError as error:
            if line.strip():
                opened.bad(number, json_reason(line, error, opened.encoding), line)
        else:
            yield Row(article, line.rstrip(b"\r\n"), opened.name, number, layout)
        action = {}


def _first_rows(head: bytes) -> list[dict[str, Any]]:
    """The objects of the first whole lines."""
    lines = head[:HEAD].removeprefix(BOM).split(b"\n")
    lines = lines[:-1] if len(head) >= HEAD else lines
    return [row for line in lines[:SAMPLE] if isinstance(row := loaded(line), dict)]


def _mended(opened: OpenedInput, number: int, line: bytes, layout: Layout) -> Iterator[Row]:
    """The rows of a line that is no object as it stands: an element of an array, or several objects; else it is bad."""
    came, line = line, line.rstrip(b"\r\n").removeprefix(BOM)  # files that were glued together keep their marks
    bare = line.strip()
    if bare in (b"", b"[", b"]"):
        opened.skipped()
        return
    line = bare[:-1].rstrip() if bare[-1:] == b"," else line
    parts = glued_objects(line)
    if not parts and is_page(page := loaded_exactly(line), opened.columns):
        parts = rows_within(page, opened.columns, opened.note)
        if not parts and is_empty_page(page):
            opened.walk.blank_rows += 1
            return
        opened.columns.learn([value for _, value in parts])
        if len(parts) > 1:
            opened.walk.in_pieces = True
            yield from _page(opened, number, parts, layout)
            return
    try:
        rows = [(raw, opened.columns(value)) for raw, value in parts or [(line, decoded(line))]]
    except BlankRow:
        opened.blank()
        return
    except ValueError as error:
        reason = json_reason(line, error, opened.encoding)
        report = opened.last_bad if "cut off" in reason else opened.bad
        report(number, reason, came)
        return
    opened.walk.in_pieces = True
    for raw, article in rows:
        yield Row(article, raw, opened.name, number, layout)


def _page(opened: OpenedInput, number: int, parts: list[tuple[bytes, Any]], layout: Layout) -> Iterator[Row]:
    """The articles of one answer of an interface; each that is none is a bad row of its own."""
    for raw, value in parts:
        try:
            yield Row(opened.columns(value), raw, opened.name, number, layout)
        except BlankRow:
            opened.blank()
        except RowError as error:
            opened.bad(number, str(error), raw)


def glued_objects(line: bytes) -> list[tuple[bytes, Any]]:
    """The objects of a line that holds several, one after the other, with their bytes; none where it holds aught else.

    >>> [raw for raw, value in glued_objects(b'{"a": 1}{"b": 2}')]
    [b'{"a": 1}', b'{"b": 2}']
    """
    if not re.search(rb"\}\s*\{", line):
        return []
    try:
        text = line.decode().strip()
        decode, position, found = json.JSONDecoder(parse_constant=lambda _: None).raw_decode, 0, []
        while position < len(text):
            value, end = decode(text, position)
            if not isinstance(value, dict):
                return []
            found.append((text[position:end].encode(), value))
            position = end + len(text[end:]) - len(text[end:].lstrip())
    except (ValueError, RecursionError):
        return []
    return found if len(found) > 1 else []


def write_rows(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    """Write rows of any format as JSON lines; return their number."""
    count = 0
    for row in rows:
        out.write(as_json(row) + b"\n")
        count += 1
    return count


def copy_rows(out: BinaryIO, inputs: Iterable[Copied], format: str, threads: int) -> int:
    """Write lines as they stand in files of JSON lines; return their number.

    Raises:
        InputError: a line is not where it was.
        OutputError: a field that is to be added is there.
    """
    count, layout = 0, Layout("jsonl")
    for copied in inputs:
        editor, values = RowEditor(tuple(copied.added)), list(zip(*copied.added.values(), strict=True))
        wanted = enumerate(zip(copied.lines.tolist(), copied.stays.tolist(), strict=True))
        place, (next_line, stays) = next(wanted, _NO_MORE)
        for number, line in copied.opened.lines():
            if number != next_line:
                continue
            raw = line.rstrip(b"\r\n")
            if not stays:
                if copied.aside:
                    copied.aside(place, Row(NOT_READ, raw, copied.opened.name, number, layout))
            else:
                if values:
                    row = Row(NOT_READ, raw, copied.opened.name, number, layout)
                    raw = as_json(editor.with_added(row, values[place]))
                out.write(raw + b"\n")
                count += 1
            if not place % _TOLD:
                copied.tell(_TOLD)
            place, (next_line, stays) = next(wanted, _NO_MORE)
        if next_line:
            raise InputError(CHANGED)
    return count


def write_result(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str], format: str) -> None:
    """Write the lines of a result as JSON lines."""
    for line in lines:
        out.write(json_line(line))


def write_assignments(out: BinaryIO, found: Assignments, threads: int) -> None:
    """Write assignments as JSON lines."""
    for lines in each_block(found, json_lines, threads):
        out.write(lines.data)


def is_article(row: dict[str, Any], columns: FieldMap) -> bool:
    """Whether a JSON object is an article, not the wrapping of a list of articles that has a description itself."""
    try:
        row = dict(columns.flattened(row))
        text = columns.columns(tuple(row))["text"][0]
    except RowError:
        return False
    if (isinstance(row[text], dict) and not scalar_text(row[text])) or table_rows(row):  # a data frame's column
        return False
    lists = [v for v in row.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    return not lists or column_key(text) not in ABSTRACT_NAMES


def is_page(value: Any, columns: FieldMap) -> bool:
    """Whether a value may hold articles, and is none itself."""
    return isinstance(value, list) or (isinstance(value, dict) and not is_article(value, columns))


def loaded(raw: bytes) -> Any:
    """The value that JSON stands for, or the error as a value."""
    try:
        return decoded(raw)
    except orjson.JSONDecodeError as error:
        return error


def loaded_exactly(raw: bytes) -> Any:
    """As `loaded`, with all digits of numbers."""
    with contextlib.suppress(ValueError, RecursionError):
        if _MANY_DIGITS.search(raw):
            return decoded_exactly(raw)
    return loaded(raw)


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
    if "unexpected end" in message:
        return "broken JSON: the row is cut off; cure: write one whole object a row"
    return f"broken JSON: {message} at character {position + 1}; cure: write one whole object a row"
