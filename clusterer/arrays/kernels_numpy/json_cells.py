"""Cells of objects that stand in lines of JSON: the same by regular expressions, string by string."""

from __future__ import annotations

import json
import re

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.kernels_numpy.letters import scan_utf8

KEYS, DEEP, DIGITS = 128, 32, 200
"""Keys of an object, values in values, and bytes of a number, at most; a line with more is `UNUSUAL`."""
UNUSUAL, UNKNOWN = -1, -2
"""In place of the kind of an object: its line must be judged by itself; its keys are those of no kind."""
NO_CELL, NULL, TEXT, OTHER = range(4)
"""Kinds of cells: the object has none; null; a string; any other value."""
_BLANKS = re.compile(rb"[ \t\r]*")
_STRING = re.compile(rb'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"')
_OTHER = re.compile(rb"(null)|true|false|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?([0-9]+))?)")
_HALF = re.compile("[\ud800-\udfff]")
_Cell = tuple[int, int, int, bytes | None]  # kind, first and past-the-last byte, the letters of a string with escapes


class _NoObjectError(Exception):
    """A line is not as lines usually are."""


class _NoKindError(Exception):
    """The keys of a line are those of no kind."""


def find_cells(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    free_from: int,
    longest: int,
    head: int,
    classes: NDArray[np.uint8],
    names: NDArray[np.uint8],
    branches: NDArray[np.int64],
    firsts: NDArray[np.int64],
    kind_of: NDArray[np.int64],
    places: NDArray[np.int64],
    ends: NDArray[np.int64],
    objects: NDArray[np.int64],
    spans: NDArray[np.int64],
    cells: NDArray[np.uint8],
    lengths: NDArray[np.int64],
    seen: NDArray[np.uint8],
    opens: NDArray[np.uint8],
) -> tuple[int, int]:
    r"""Find where the cells of objects stand, of which each is a line, up to and with the first one of no kind.

    A line that is no object, holds what is not valid, or more than `KEYS`, `DEEP` and `DIGITS` say, is `UNUSUAL`.

    Args:
        data: uint8, lines, "\n" in ``data[stop]``, and 15 bytes behind the room for what is escaped in them. Written there.
        start, stop: the lines are ``data[start:stop]``.
        free_from: where in `data` strings go without their escapes.
        longest: bytes of a line with its end from which on it is `UNUSUAL`.
        head, classes: as for `scan_utf8`.
        names, branches, firsts, kind_of, places: attributes of `clusterer.arrays.json_cells.KeyPaths`.
        ends: int64 (n,), written: past the last byte of each line.
        objects: int64 (n,), written: the kind of each, `UNUSUAL` or `UNKNOWN`.
        spans: int64 (2, k, n), written: first and past-the-last byte of strings without their quotes, and of other values; 0, 0
            of null and of what is not there.
        cells: uint8 (k, n), written: their kinds.
        lengths, seen, opens: int64 and uint8 (2, n), written: as by `scan_utf8`, of the first two cells; 0 of what is no string.

    Returns:
        How many lines were looked through, up to n, and where in `data` there is room still.
    """
    raw, free, place, line = data[:stop].tobytes(), free_from, start, 0
    while place < stop and line < len(ends):
        end = raw.find(b"\n", place)
        end = stop if end < 0 else end
        found: list[_Cell] = []
        try:
            kind = _read_object(raw[place:end], names.tobytes(), branches, firsts, kind_of, found)
        except _NoObjectError:
            kind = UNUSUAL
        except _NoKindError:
            kind = UNKNOWN
        ends[line] = min(end + 1, stop)
        kind = UNUSUAL if ends[line] - place > longest else kind
        spans[:, :, line], cells[:, line] = 0, NO_CELL
        stands = list[tuple[int, int]]()
        for _, a, z, unescaped in found if kind >= 0 else ():
            if unescaped is not None:
                data[free : free + len(unescaped)] = np.frombuffer(unescaped, dtype=np.uint8)
                a, z = free, free + len(unescaped)
                free = z
            else:
                a, z = a + place, z + place
            stands.append((a, z))
        for cell, which in enumerate(places[kind].tolist() if kind >= 0 else ()):
            if which >= 0:
                cells[cell, line] = found[which][0]
                spans[:, cell, line] = stands[which] if found[which][0] >= TEXT else (0, 0)
        objects[line], place, line = kind, int(ends[line]), line + 1
        if kind == UNKNOWN:
            break
    for cell in range(2):
        starts, stops = (np.where(cells[cell, :line] == TEXT, of[cell, :line], 0) for of in spans)
        scan_utf8(data, starts, stops, head, classes, lengths[cell, :line], seen[cell, :line], opens[cell, :line])
    return line, free


def _read_object(
    raw: bytes,
    names: bytes,
    branches: NDArray[np.int64],
    firsts: NDArray[np.int64],
    kind_of: NDArray[np.int64],
    found: list[_Cell],
) -> int:
    """The kind of the object that a line is, after its cells were found.

    Raises:
        _NoObjectError: it is none.
        _NoKindError: it has a key that leads nowhere.
    """
    node, place = 0, _behind(raw, 0, b"{")
    while len(found) < KEYS and raw[place : place + 1] == b'"':
        for a, z, to in branches[firsts[node] : firsts[node + 1]].tolist():
            if raw.startswith(names[a:z] + b'"', place + 1):
                node, place = to, place + 1 + z - a + 1
                break
        else:
            raise _NoKindError
        place = _behind(raw, _blanks(raw, place), b":")
        cell, place = _value(raw, place, 0)
        found.append(cell)
        place = _blanks(raw, place)
        if raw[place : place + 1] == b"}":
            if _blanks(raw, place + 1) == len(raw):
                return int(kind_of[node])
            break
        place = _behind(raw, place, b",")
    raise _NoObjectError


def _blanks(raw: bytes, place: int) -> int:
    """Behind blanks."""
    found = _BLANKS.match(raw, place)
    return found.end() if found else place


def _behind(raw: bytes, place: int, sign: bytes) -> int:
    """Behind a sign and the blanks around it.

    Raises:
        _NoObjectError: it is not there.
    """
    place = _blanks(raw, place)
    if raw[place : place + 1] != sign:
        raise _NoObjectError
    return _blanks(raw, place + 1)


def _value(raw: bytes, place: int, depth: int) -> tuple[_Cell, int]:
    """The value that begins at a place, and where it is over.

    Raises:
        _NoObjectError: there is none, or it is not valid.
    """
    first = raw[place : place + 1]
    if first == b'"':
        return _string(raw, place)
    if first in (b"{", b"["):
        return (OTHER, place, end := _behind_nested(raw, place, depth), None), end
    found = _OTHER.match(raw, place)
    if not found or len(found[2] or "") > DIGITS or len(found[3] or "") > 2:
        raise _NoObjectError
    return (NULL if found[1] else OTHER, place, found.end(), None), found.end()


def _string(raw: bytes, place: int) -> tuple[_Cell, int]:
    """As `_value`, of a string."""
    found = _STRING.match(raw, place)
    if not found:
        raise _NoObjectError
    try:
        text = json.loads(found[0])
    except UnicodeDecodeError:
        raise _NoObjectError from None
    if _HALF.search(text):
        raise _NoObjectError
    return (TEXT, *found.span(1), text.encode() if b"\\" in found[1] else None), found.end()


def _behind_nested(raw: bytes, place: int, depth: int) -> int:
    """Behind an object or a list.

    Raises:
        _NoObjectError: it is not valid.
    """
    if depth == DEEP:
        raise _NoObjectError
    is_object, closing = raw[place : place + 1] == b"{", b"}" if raw[place : place + 1] == b"{" else b"]"
    place = _blanks(raw, place + 1)
    while raw[place : place + 1] != closing:
        if is_object:
            if raw[place : place + 1] != b'"':
                raise _NoObjectError
            place = _behind(raw, _string(raw, place)[1], b":")
        place = _blanks(raw, _value(raw, place, depth + 1)[1])
        if raw[place : place + 1] == closing:
            break
        place = _behind(raw, place, b",")
        if raw[place : place + 1] == closing:
            raise _NoObjectError
    return place + 1
