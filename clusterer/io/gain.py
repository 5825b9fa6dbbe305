"""Rows and blocks of an input up to where they are more than a file of its size can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from clusterer.io.blocks import Block
from clusterer.io.feed_limits import FREE_ROWS, FREE_TEXT, TooManyRows
from clusterer.io.readers.base import OpenedInput
from clusterer.io.rows import Row


def within_limits(opened: OpenedInput, items: Iterable[Row | Block]) -> Iterator[Row | Block]:
    """The rows and blocks; a block is cut where rows by themselves would have ended.

    Args:
        opened: whose walk counts what is taken before the next is asked for.
        items: of it.

    Raises:
        TooManyRows: there are too many, or too much text.
    """
    walk, before = opened.walk, opened.walk.rows
    allowed, room, size = FREE_ROWS, FREE_TEXT, 0
    for item in items:
        if isinstance(item, Row):
            size += len(item.article.text)
            if walk.rows - before >= allowed or size > room:
                allowed, room = opened.check_gain(walk.rows - before, size)
            yield item
            continue
        sizes, rows = size + np.cumsum(item.letters), walk.rows - before + np.arange(len(item))
        while len(over := np.flatnonzero((rows >= allowed) | (sizes > room))):
            first = int(over[0])
            try:
                allowed, room = opened.check_gain(int(rows[first]), int(sizes[first]))
            except TooManyRows:
                if first:
                    yield item.slice(0, first)
                raise
        size = int(sizes[-1])
        yield item
