"""Lines many together beside the same lines one by one."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import example, given, strategies as st

from clusterer.io.columns import FieldMap
from clusterer.io.compression import TruncatedInput
from clusterer.io.feed_limits import FeedLimits
from clusterer.io.readers.base import OpenedInput, Walk
from clusterer.io.readers.line_blocks import _first_lines, line_blocks

_Line = tuple[int, bytes, int]


def opened(chunks: list[bytes], limit: int, is_cut: bool) -> OpenedInput:
    """An input of these chunks, damaged behind them or whole."""

    def given_chunks() -> Iterator[bytes]:
        yield from chunks
        if is_cut:
            raise TruncatedInput("damaged")

    walk = Walk(FieldMap(), FieldMap(), FeedLimits(row_bytes=limit), print)
    return OpenedInput("jsonl", "utf-8", b"", given_chunks(), walk, "a")


def one_by_one(of: OpenedInput) -> tuple[list[_Line], int]:
    """Lines, and the first that is lost, 0 for none."""
    found = []
    try:
        found.extend(of.cut_lines())
    except TruncatedInput as cut:
        return found, cut.line
    return found, 0


def together(of: OpenedInput, count: int) -> tuple[list[_Line], int]:
    """The same of blocks."""
    found = list[_Line]()
    try:
        for block in line_blocks(of, count, 1 << 20):
            lines = b"".join(block.parts).splitlines(keepends=True)
            assert len(lines) == block.count
            for number, line in enumerate(lines, block.number):
                over = len(line) - line.endswith(b"\n") > of.row_limit
                found.append((number, line[: of.row_limit + 1], block.size or len(line)) if over else (number, line, 0))
    except TruncatedInput as cut:
        return found, cut.line
    return found, 0


@given(
    st.lists(st.lists(st.sampled_from([b"a", b"\n", b"bcd"]), max_size=9).map(b"".join), max_size=6),
    st.integers(1, 8),
    st.integers(1, 4),
    st.booleans(),
)
@example([b"aaaa", b"aaaa\n", b"\na"], 3, 2, True)
@example([b"", b"a\n", b"", b"b"], 8, 1, False)
def test_lines_are_those_that_are_read_one_by_one(chunks: list[bytes], limit: int, count: int, is_cut: bool) -> None:
    expected, lost = one_by_one(opened(chunks, limit, is_cut))
    found, lost_here = together(opened(chunks, limit, is_cut), count)
    assert found == expected
    assert lost_here == lost


@given(st.lists(st.sampled_from([b"a", b"\n", b"bcd\n", b"\n\n"]), max_size=9), st.integers(1, 8))
@example([b"a" * (1 << 20), b"\n" * (1 << 20), b"\n"], 1 << 20)
def test_the_first_lines_are_those_that_are_split_off(parts: list[bytes], count: int) -> None:
    lines = b"".join(parts).split(b"\n")[:-1]
    if len(lines) >= count:
        assert b"".join(_first_lines(parts, count)) == b"\n".join(lines[:count]) + b"\n"
