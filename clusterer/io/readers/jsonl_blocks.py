"""JSON lines by columns: cells are found where they stand in the bytes of many lines, and no Python object is made of a line.

Array letters: `n` lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.json_cells import NULL, OTHER, TEXT, UNKNOWN, UNUSUAL, KeyPaths, Objects, find_objects
from clusterer.io.blocks import Block, with_odd_rows
from clusterer.io.cells import Cells, Plan, TextCells, clean_utf8
from clusterer.io.feed_limits import BIG_ROW
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.line_blocks import LineBlock
from clusterer.io.rows import Row

_FIELDS = 6
_NO_PLAN: Plan = ((),) * _FIELDS  # of a line that is judged by itself
_FEW = 16  # lines that are judged one by one: a block of them costs more
_MANY_PLANS = 64  # from here on a row of a new kind is known with the next lines only


class LineBlocks:
    """Makes blocks of lines of JSON."""

    def __init__(self, opened: OpenedInput, judge: Callable[[int, bytes], Iterator[Row]]) -> None:
        """Begin an input; `judge` gives the rows of a line by its number, and reports a bad one."""
        self._opened, self._judge = opened, judge
        self._known: list[tuple[tuple[str, ...], Plan]] = []
        self._paths = KeyPaths([], _FIELDS)

    def of(self, block: LineBlock) -> Iterator[Row | Block]:
        """The articles of some lines."""
        columns, number, count, size = self._opened.columns, block.number, block.count, sum(map(len, block.parts))
        data, stop = np.empty(2 * size + 16, dtype=np.uint8), 0  # behind the lines is room for what they escape
        for part in block.parts:
            data[stop : stop + len(part)] = np.frombuffer(part, dtype=np.uint8)
            stop += len(part)
        data[stop] = 0x0A
        start, free, longest = 0, stop + 1, min(BIG_ROW, self._opened.row_limit)
        self._learn()
        while start < stop:
            found = find_objects(data, start, stop, free, count, self._paths, longest)
            n, lines = len(found), _LinesOf(found, start)

            def judged(i: int, first: int = number, lines: _LinesOf = lines) -> Iterator[Row]:
                return self._judge(first + i, lines[i])

            known = n - int(found.kinds[-1] == UNKNOWN)
            if known < _FEW:
                for i in range(known):
                    yield from judged(i)
            else:
                articles, odd = self._block(found, known, number, lines)
                yield from with_odd_rows(articles, odd, judged)
            if known < n:  # a row of a new kind makes a plan
                yield from judged(known)
                if len(columns._plans) < _MANY_PLANS:
                    self._learn()
            start, free, number, count = int(found.ends[-1]), len(found.data), number + n, count - n

    def _learn(self) -> None:
        """Take the plans that there are by now."""
        known = list(self._opened.columns._plans.items())
        if known != self._known:
            self._known = known
            kinds = [(names, [names.index(of[0]) if of else -1 for of in plan]) for names, plan in known]
            self._paths = KeyPaths(kinds, _FIELDS)

    def _block(self, found: Objects, count: int, number: int, lines: _LinesOf) -> tuple[Block, NDArray[np.bool_]]:
        """The first lines as a block, and which of them must be judged by themselves."""
        plans = [plan for _, plan in self._known]
        kinds = found.kinds[:count].tolist()
        texts, unusual = found.texts(0, count)
        clean, letters, odd = clean_utf8(texts)
        odd |= unusual
        titles, dates = (_texts_or_values(found, place, count) for place in (1, 2))
        sources, urls, ids = (_values(found, place, count) for place in (3, 4, 5))
        columns = [None, titles, dates, sources, urls, ids]

        def row(i: int) -> tuple[Mapping[str, Any], Plan]:
            plan = plans[kinds[i]] if kinds[i] != UNUSUAL else _NO_PLAN
            return _RowOfCells(columns, plan, lines, i), plan

        cells = Cells(
            self._opened.columns, number + np.arange(count), titles, dates, sources, urls, ids, row,
            [plans[kind] for kind in sorted({*kinds} - {UNUSUAL})],
        )  # fmt: skip
        return cells.block(clean, letters, odd), odd


class _LinesOf:
    """The bytes of lines, each made when it is asked for."""

    def __init__(self, found: Objects, start: int) -> None:
        self._found, self._start = found, start

    def __getitem__(self, i: int) -> bytes:
        ends = self._found.ends
        return self._found.data[ends[i - 1] if i else self._start : ends[i]].tobytes()


class _RowOfCells(Mapping[str, Any]):
    """A row of which only what no cell holds is decoded, when it is asked for."""

    def __init__(self, columns: Sequence[Any], plan: Plan, lines: _LinesOf, i: int) -> None:
        self._columns, self._plan, self._lines, self._i = columns, plan, lines, i
        self._whole: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        for column, names in zip(self._columns, self._plan, strict=True):
            if column is not None and names[:1] == (name,):
                return column[self._i]
        return self._decoded()[name]

    def _decoded(self) -> dict[str, Any]:
        if self._whole is None:
            self._whole = orjson.loads(self._lines[self._i])
        return self._whole

    def __iter__(self) -> Iterator[str]:
        return iter(self._decoded())

    def __len__(self) -> int:
        return len(self._decoded())


def _texts_or_values(found: Objects, place: int, count: int) -> Sequence[Any] | TextCells:
    """A cell of each line: as texts where no other values stand there."""
    if (found.cells[place, :count] == OTHER).any():
        return _values(found, place, count)
    return TextCells(*found.texts(place, count))


def _values(found: Objects, place: int, count: int) -> list[Any]:
    """A cell of each line as a value; None where there is none."""
    data = found.data.data
    spans = zip(*(of[place, :count].tolist() for of in (found.cells, found.starts, found.stops)), strict=True)
    return [
        None if kind <= NULL else str(data[a:z], "utf-8") if kind == TEXT else orjson.loads(data[a:z])
        for kind, a, z in spans
    ]
