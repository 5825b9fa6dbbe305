"""Assignments held as arrays, written some thousands at a time: no Python object an article, thus on threads.

A line is a row of pieces (names, numbers, and what stands between them) that are picked from one array of bytes. What is
written is to the byte what `writers.write_lines` writes of the same assignments, one by one. Opens no files.

Array letters: `n` assignments of a block, `x` of them with evidence, `f` features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.texts import Texts, chosen_texts
from clusterer.io.guard import json_line
from clusterer.results import MEASURES, RELATIONS, Assignments

_ROWS = 1 << 14  # assignments of a block
_GRID, _DOUBT = 1e4, 1e-6
"""Numbers are rounded to this part of one; of what is so near to the middle of two Python itself says which is nearer."""
_ODD = np.zeros(256, dtype=np.bool_)
_ODD[[*range(0x20), *b'"\\<\x7f', 0xC2, 0xE2, 0xED]] = True
"""Bytes of texts that may have to be escaped in JSON, or are no letter; beside them an Arabic mark of direction, D8 9C."""
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Columns:
    """The fields of n assignments.

    Attributes:
        names: ids, each once, and last an empty text.
        named: int64 (5, n), places in `names` of id, story, copy, exact and linked_to; the last is empty for heads.
        is_head: bool (n,), who is linked to none.
        relation: int64 (n,), places in `RELATIONS`.
        score: float64 (n,), rounded.
        evidence: JSON of each, "" of those that have none.
    """

    names: Texts
    named: NDArray[np.int64]
    is_head: NDArray[np.bool_]
    relation: NDArray[np.int64]
    score: NDArray[np.float64]
    evidence: Texts

    def __len__(self) -> int:
        return len(self.is_head)

    @staticmethod
    def of(found: Assignments, start: int, stop: int) -> Columns:
        """Those from one place to another."""
        part = slice(start, stop)
        heads = found.is_head[part]
        wanted, places = np.unique(
            np.concatenate([np.arange(start, stop), found.groups[:, part].ravel(), found.parent[part]]),
            return_inverse=True,
        )
        named = places.reshape(5, stop - start)
        named[4, heads] = len(wanted)
        evidence = np.where(heads, -1, found.evidence[part])
        return Columns(
            Texts.joined([chosen_texts(found.ids, wanted), Texts.of([""])]),
            named,
            heads,
            found.relation[part].astype(np.int64),
            rounded(found.score[part]),
            _told(found, evidence),
        )


def each_block(found: Assignments, make: Callable[[Columns], _Made], threads: int) -> Iterator[_Made]:
    """What is made of the columns of some assignments at a time, in their order; on threads, 0 for all cores."""

    def of_block(start: int) -> _Made:
        return make(Columns.of(found, start, min(start + _ROWS, len(found))))

    return ordered_map(of_block, range(0, len(found), _ROWS), threads)


def json_lines(columns: Columns) -> NDArray[np.uint8]:
    """Lines of JSON, UTF-8."""
    n, heads = len(columns), columns.is_head
    scores, score = _numbers(columns.score)
    between = ['","story":"', '","copy":"', '","exact":"', '","representative":false,"linked_to":"']
    related = [f'","relation":"{name}","score":' for name in RELATIONS]
    ends = ['","representative":true,' + "".join(f'"{name}":null,' for name in _OF_LINKS)[:-1] + "}\n"]
    fixed = ["", '{"id":"', *between, *ends, ',"evidence":null}\n', ',"evidence":', "}\n", *related]
    pool, (own, names, numbers, told) = _pooled([Texts.of(fixed), _spelt(columns.names), scores, columns.evidence])
    has_evidence = np.diff(columns.evidence.offsets) > 0
    pieces = np.empty((n, 14), dtype=np.int64)
    for place in range(4):  # id, story, copy, exact
        pieces[:, 2 * place] = own + 1 + place
        pieces[:, 2 * place + 1] = names + columns.named[place]
    pieces[:, 8] = own + np.where(heads, 6, 5)
    pieces[:, 9] = names + columns.named[4]
    pieces[:, 10] = own + np.where(heads, 0, 10 + columns.relation)
    pieces[:, 11] = np.where(heads, own, numbers + score)
    pieces[:, 12] = own + np.where(heads, 0, np.where(has_evidence, 8, 7))
    pieces[:, 13] = told + np.arange(n)
    ended = np.where(has_evidence, own + 9, own)
    return pool.picked(np.column_stack([pieces, ended]).ravel()).data


_OF_LINKS = ("linked_to", "relation", "score", "evidence")


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers to four decimals, float64 (any shape), each as Python's `round` has it.

    >>> rounded(np.array([0.00005, 0.12345, 2.0])).tolist() == [round(x, 4) for x in (0.00005, 0.12345, 2.0)]
    True
    """
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = values * _GRID
        near = np.rint(scaled)
        out: NDArray[np.float64] = near / _GRID
        sure = (np.abs(np.abs(scaled - near) - 0.5) > _DOUBT) & (np.abs(scaled) < 1 / _DOUBT)
    out[~sure] = [round(x, 4) for x in values[~sure].tolist()]
    return out


def _told(found: Assignments, numbers: NDArray[np.int32]) -> Texts:
    """The evidence of these numbers as JSON; "" of those below 0."""
    measures = len(found.measures)
    measured, compared = np.flatnonzero((numbers >= 0) & (numbers < measures)), np.flatnonzero(numbers >= measures)
    texts = [
        _objects(MEASURES, found.measures[numbers[measured]]),
        _objects(found.names, rounded(found.features[numbers[compared] - measures].astype(np.float64))),
        Texts.of([""]),
    ]
    place = np.full(len(numbers), len(measured) + len(compared))
    place[measured], place[compared] = np.arange(len(measured)), len(measured) + np.arange(len(compared))
    return Texts.joined(texts).picked(place)


def _objects(names: Sequence[str], values: NDArray[np.float64]) -> Texts:
    """Rows of numbers, float64 (x, f), as JSON objects of these f names; what is not known is left out."""
    x, f = values.shape
    if not f:
        return Texts.of(["{}"] * x)
    known = values == values
    first = known & (np.cumsum(known, axis=1) == 1)
    keys = [orjson.dumps(name).decode() for name in names[:f]]
    fixed = ["", "{", "}", *(f"{{{key}:" for key in keys), *(f",{key}:" for key in keys)]
    told, number = _numbers(values)
    pool, (own, numbers) = _pooled([Texts.of(fixed), told])
    pieces = np.full((x, 2 * f + 2), own, dtype=np.int64)
    pieces[:, 0:-2:2] += np.where(known, 3 + np.arange(f) + np.where(first, 0, f), 0)
    pieces[:, 1:-2:2] = np.where(known, numbers + number, own)
    pieces[:, -2] += np.where(known.any(axis=1), 0, 1)
    pieces[:, -1] += 2
    whole = pool.picked(pieces.ravel())
    return Texts(whole.data, whole.offsets[:: 2 * f + 2])


def _numbers(values: NDArray[np.float64]) -> tuple[Texts, NDArray[np.int64]]:
    """Numbers as JSON, each once, and the place of each among them, int64 (any shape)."""
    bits, places = np.unique(np.ascontiguousarray(values).view(np.int64), return_inverse=True)  # 0.0 is not -0.0
    told = orjson.dumps(bits.view(np.float64).tolist())[1:-1].decode()
    return Texts.of(told.split(",")), places.reshape(values.shape)


def _spelt(names: Texts) -> Texts:
    """Names as they stand in JSON between quotes."""
    data = names.data
    odd = _ODD[data]
    odd[:-1] |= (data[:-1] == 0xD8) & (data[1:] == 0x9C)
    rows = np.unique(np.searchsorted(names.offsets, np.flatnonzero(odd), side="right") - 1)
    if not len(rows):
        return names
    place = np.arange(len(names))
    place[rows] = len(names) + np.arange(len(rows))
    spelt = [json_line(name)[1:-2].decode() for name in chosen_texts(names, rows)]
    return Texts.joined([names, Texts.of(spelt)]).picked(place)


def _pooled(parts: Sequence[Texts]) -> tuple[Texts, list[int]]:
    """Texts as one, and where each part begins."""
    begins = np.cumsum([0, *map(len, parts)])[:-1]
    return Texts.joined(parts), begins.tolist()
