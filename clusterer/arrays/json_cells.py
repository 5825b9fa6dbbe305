"""Cells of objects that stand in lines of JSON, found in the bytes of many lines: no Python object a line.

Array letters: `n` lines, `k` cells that are wanted of each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.kernels_numpy.json_cells import (
    NO_CELL as NO_CELL,
    NULL as NULL,
    OTHER as OTHER,
    TEXT as TEXT,
    UNKNOWN as UNKNOWN,
    UNUSUAL as UNUSUAL,
)
from clusterer.arrays.utf8 import HEAD, Scan, Utf8Texts, letter_classes

SCANNED = 2
"""So many cells of each object, the first, are looked through letter by letter."""


class KeyPaths:
    """The keys of some kinds of objects, in the order in which they stand, as ways through a tree.

    Attributes:
        names: uint8, the bytes of all keys as they stand in JSON.
        branches: int64 (b, 3), first and past-the-last byte in `names` of a key, and the node that it leads to.
        firsts: int64 (nodes + 1,), the branches of node i are ``firsts[i]:firsts[i + 1]``.
        kind_of: int64 (nodes,), the kind of an object whose keys end at a node; `UNKNOWN` for none.
        places: int64 (kinds, k), which of its keys leads to each cell that is wanted; -1 for none.
    """

    def __init__(self, kinds: Sequence[tuple[Sequence[str], Sequence[int]]], wanted: int) -> None:
        """Take the keys of each kind, and which of them lead to the k cells that are `wanted` of each, -1 for none."""
        nodes: list[dict[str, int]] = [{}]
        kind_of = [UNKNOWN]
        for number, (keys, _) in enumerate(kinds):
            node = 0
            for key in keys:
                if key not in nodes[node]:
                    nodes[node][key] = len(nodes)
                    nodes.append({})
                    kind_of.append(UNKNOWN)
                node = nodes[node][key]
            kind_of[node] = number
        names, branches, firsts = b"", list[tuple[int, int, int]](), [0]
        for after in nodes:
            for key, to in after.items():
                for form in _forms(key):
                    branches.append((len(names), len(names) + len(form), to))
                    names += form
            firsts.append(len(branches))
        self.names = np.frombuffer(names + b"\0", dtype=np.uint8)
        self.branches = np.array(branches, dtype=np.int64).reshape(-1, 3)
        self.firsts, self.kind_of = np.array(firsts, dtype=np.int64), np.array(kind_of, dtype=np.int64)
        self.places = np.array([places for _, places in kinds], dtype=np.int64).reshape(-1, wanted)


def _forms(key: str) -> set[bytes]:
    """A key as programs write it: its letters, or escapes in place of those that are not ASCII."""
    with suppress(UnicodeEncodeError):
        return {json.dumps(key, ensure_ascii=ascii)[1:-1].encode() for ascii in (False, True)}
    return set()


@dataclass(frozen=True, slots=True)
class Objects:
    """What stands in n lines.

    Attributes:
        data: uint8, the lines, and behind them strings without their escapes.
        ends: int64 (n,), past the last byte of each line.
        kinds: int64 (n,), the kind of each object, `UNUSUAL`, or `UNKNOWN`; that can only be the last one.
        cells: uint8 (k, n), the kind of each cell.
        starts, stops: int64 (k, n), where it stands in `data`: a string without its quotes and escapes, any other value as it is.
        scans: of the first `SCANNED` cells where they are strings.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]
    kinds: NDArray[np.int64]
    cells: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    scans: list[Scan]

    def __len__(self) -> int:
        return len(self.ends)

    def texts(self, cell: int, count: int) -> tuple[Utf8Texts, NDArray[np.bool_]]:
        """One cell of each of the first objects, "" of what is no string, and which are none, bool (count,)."""
        others = self.cells[cell, :count] != TEXT
        starts, stops = (np.where(others, 0, places[cell, :count]) for places in (self.starts, self.stops))
        scan = None
        if cell < SCANNED:
            told = self.scans[cell]
            scan = Scan(told.lengths[:count], told.seen[:count], told.opens[:count])
        return Utf8Texts(self.data, starts, stops, scan), others


def find_objects(
    data: NDArray[np.uint8], start: int, stop: int, free: int, count: int, paths: KeyPaths, longest: int
) -> Objects:
    """Look through lines up to the first object of no kind that is known.

    Args:
        data: uint8, lines from `start` to `stop`, a line end behind the last one, and from `free` on room for as much again.
        start, stop, free: places in it.
        count: lines, at least one, to look through at most.
        paths: the kinds.
        longest: bytes of a line, its end too, from which on it must be judged by itself.
    """
    k = paths.places.shape[1]
    ends, kinds = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    spans, cells = np.empty((2, k, count), dtype=np.int64), np.empty((k, count), dtype=np.uint8)
    lengths, seen, opens = np.empty((SCANNED, count), dtype=np.int64), *np.empty((2, SCANNED, count), dtype=np.uint8)
    n, free = kernels.find_cells(
        data, start, stop, free, longest, HEAD, letter_classes(), paths.names, paths.branches, paths.firsts, paths.kind_of,
        paths.places, ends, kinds, spans, cells, lengths, seen, opens,
    )  # fmt: skip
    scans = [Scan(lengths[cell, :n], seen[cell, :n], opens[cell, :n]) for cell in range(SCANNED)]
    return Objects(data[:free], ends[:n], kinds[:n], cells[:, :n], spans[0, :, :n], spans[1, :, :n], scans)
