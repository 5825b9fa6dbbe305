"""csv: see clusterer.files."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import deque
from collections.abc import Iterator

from clusterer.io.detect import HEAD
from clusterer.io.readers.base import _BOM, _undecodable
from clusterer.io.rows import Layout, too_long


def _first_rows(head: bytes, layout: Layout, hinted: bool) -> list[dict[str, str]]:
    """The rows of a table in its first bytes that are whole and have all columns; before its header may be a hint."""
    lines = io.BytesIO(head[:HEAD].removeprefix(_BOM)).readlines()
    whole = lines[:-1] if len(head) >= HEAD else lines
    records = _csv_records(iter(enumerate(whole, 1)), layout, HEAD)
    found = [cells for _, _, cells, _ in itertools.islice(records, 1 + hinted, None)]
    return [dict(zip(layout.columns, c, strict=True)) for c in found if c and len(c) == len(layout.columns)]


class _TooLong(csv.Error):
    """A record of many lines, most likely a quote that is never closed."""


def _csv_records(
    lines: Iterator[tuple[int, bytes]], layout: Layout, limit: int
) -> Iterator[tuple[int, bytes, list[str] | None, str]]:
    """Records as (line, bytes, cells, ""), bad ones as (line, bytes, None, reason).

    After a quote that is never closed, only the first physical line of what it swallowed is bad; the others are
    read again.
    """
    waiting: deque[tuple[int, bytes]] = deque()
    taken: list[tuple[int, bytes]] = []

    def physical() -> Iterator[str]:
        size = 0
        while item := waiting.popleft() if waiting else next(lines, None):
            if not taken:
                size = 0
            taken.append(item)
            size += len(item[1])
            if size > limit:
                raise _TooLong(too_long(size, limit) + ", or close a quote")
            yield item[1].decode("utf-8", "surrogateescape")

    reader = csv.reader(physical(), **layout.dialect)
    while True:
        taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number, raw = taken[0]
            waiting.extendleft(reversed(taken[1:]))
            reader = csv.reader(physical(), **layout.dialect)
            reason = f"bad quoting ({error}); cure: double the quotes inside a quoted cell"
            yield number, raw, None, str(error) if isinstance(error, _TooLong) else reason
            continue
        raw = b"".join(line for _, line in taken)
        if not cells or (not raw.strip() and len(layout.columns) != 1):
            continue
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            yield taken[0][0], raw, None, _undecodable(raw, error, "utf-8")
        else:
            yield taken[0][0], raw, cells, ""


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
