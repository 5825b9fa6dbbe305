"""Rows of a feed in batches: of one size, or as many as have come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

_Item = TypeVar("_Item")


def batches(rows: Iterator[_Item], size: int) -> Iterator[list[_Item]]:
    """Rows in batches of one size; the last one may be smaller.

    Examples:
        >>> list(batches(iter("abc"), 2))
        [['a', 'b'], ['c']]
    """
    while batch := list(islice(rows, size)):
        yield batch


class _End:
    """The end of the rows, and the error that ended them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def live_batches(rows: Iterator[_Item], most: int) -> Iterator[list[_Item]]:
    """Rows in batches: as many as are there, at least one, at most so many. Nobody waits for a batch to fill.

    Args:
        rows: read in a thread of its own.
        most: rows a batch.

    Raises:
        Exception: what reading raised, once the rows before it were given.
    """
    waiting: queue.Queue[_Item | _End] = queue.Queue(2 * most)

    def read() -> None:
        try:
            for row in rows:
                waiting.put(row)
            waiting.put(_End())
        except Exception as error:  # raised by whoever takes the rows
            waiting.put(_End(error))

    threading.Thread(target=read, daemon=True).start()
    batch: list[_Item] = []
    while True:
        try:
            item = waiting.get(block=not batch)
        except queue.Empty:
            yield batch
            batch = []
            continue
        if isinstance(item, _End):
            break
        batch.append(item)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch
    if item.error is not None:
        raise item.error
