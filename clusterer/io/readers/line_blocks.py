"""Lines of an input, many together, as they stand: for readers that know lines by columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from clusterer.io.compression import TruncatedInput
from clusterer.io.feed_limits import FREE_LINES, LimitReached
from clusterer.io.readers.base import OpenedInput

_LINE_END = ord("\n")
_PIECE = 1 << 20  # bytes whose line ends are counted at once


@dataclass(frozen=True, slots=True)
class LineBlock:
    """Lines that follow one another.

    Attributes:
        number: of the first, from 1.
        count: how many they are.
        parts: their bytes, in pieces; the last line may have no end.
        size: 0; bytes of the one line that it is where that is over the limit, and was not held: `parts` is its beginning.
    """

    number: int
    count: int
    parts: Sequence[bytes | memoryview]
    size: int = 0


def line_blocks(opened: OpenedInput, count: int, size: int) -> Iterator[LineBlock]:
    """All lines, at least so many together, or so many bytes of them.

    Raises:
        TruncatedInput: bytes are lost from one of its lines on.
    """
    chunks: Iterator[bytes] = filter(None, opened.chunks)  # an empty one is no end
    number = 1
    parts, rest = list[bytes | memoryview](), list[bytes | memoryview]()  # of whole lines, and what is behind the last
    lines = held = behind = 0
    cut: TruncatedInput | None = None
    while True:
        try:
            chunk = next(chunks, b"")
        except TruncatedInput as damage:
            chunk, cut, rest = b"", damage, []
        if end := chunk.rfind(b"\n") + 1:
            parts += [*rest, memoryview(chunk)[:end]]
            rest, behind = [memoryview(chunk)[end:]], len(chunk) - end
            lines += int(np.count_nonzero(np.frombuffer(chunk, dtype=np.uint8) == _LINE_END))
        elif chunk:
            rest.append(chunk)
            behind += len(chunk)
        elif any(rest):
            parts, lines = [*parts, *rest], lines + 1
        held += len(chunk)
        if lines and (lines >= count or held >= size or behind > opened.row_limit or not chunk):
            yield from _checked(opened, LineBlock(number, lines, parts))
            number, parts, lines, held = number + lines, [], 0, behind
        if not chunk:
            break
        if behind > opened.row_limit:
            block, left = _long_line(opened, number, b"".join(rest), chunks)
            yield from _checked(opened, block)
            number, rest, held, behind, chunks = number + 1, [], 0, 0, chain([left] if left else [], chunks)
    if cut:
        cut.line = number
        raise cut


def _long_line(opened: OpenedInput, number: int, begun: bytes, chunks: Iterator[bytes]) -> tuple[LineBlock, bytes]:
    """A line over the limit that has begun, and what of the last chunk stands behind it."""
    size, chunk, end = len(begun), b"", 0
    try:
        while not end and (chunk := next(chunks, b"")):
            end = chunk.find(b"\n") + 1
            size += end or len(chunk)
            opened.check_skipped(size)
    except TruncatedInput as cut:
        cut.line = number + 1
        raise
    return LineBlock(number, 1, [begun[: opened.row_limit + 1]], size), chunk[end:] if end else b""


def _checked(opened: OpenedInput, block: LineBlock) -> Iterator[LineBlock]:
    """A block, up to where its lines are more than a file of its size can hold."""
    bound = -(-block.number // FREE_LINES) * FREE_LINES
    while bound < block.number + block.count:
        try:
            opened.check_pieces(bound + 1, "lines")
        except LimitReached as cut:
            cut.line = bound + 1
            if (count := bound - block.number) > 0:
                yield replace(block, count=count, parts=_first_lines(block.parts, count))
            raise
        bound += FREE_LINES
    yield block


def _first_lines(parts: Sequence[bytes | memoryview], count: int) -> list[memoryview]:
    """The bytes of the first so many lines, of which there are more; none of them an object of its own."""
    first: list[memoryview] = []
    for piece in (memoryview(part)[start : start + _PIECE] for part in parts for start in range(0, len(part), _PIECE)):
        is_end = np.frombuffer(piece, dtype=np.uint8) == _LINE_END
        ends = int(np.count_nonzero(is_end))
        if ends >= count:
            return [*first, piece[: int(np.flatnonzero(is_end)[count - 1]) + 1]]
        first.append(piece)
        count -= ends
    return first
