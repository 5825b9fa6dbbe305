"""The compiled kernel of lines of JSON: the same bits as its twin, and what a parser of JSON says."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, strategies as st
from kernel_twins import NEEDS_BOTH, agreed
from strategies import texts

from clusterer.arrays.json_cells import NO_CELL, NULL, TEXT, UNKNOWN, UNUSUAL, KeyPaths, Objects, find_objects
from clusterer.arrays.kernels_numpy.json_cells import DEEP, DIGITS, KEYS
from clusterer.arrays.utf8 import scanned

pytestmark = NEEDS_BOTH

KINDS = [("text", "id"), ("text", "id", "عنوان"), ("id",), ("text", 'a"b\\', "title")]
PATHS = KeyPaths([(keys, (keys.index("text") if "text" in keys else -1, len(keys) - 1)) for keys in KINDS], 2)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(texts(40), st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts(5), inner, max_size=3)),
    max_leaves=5,
)
ODD = [
    b"", b" \r", b"{}", b"[1]", b'{"text"}', b'{"text": }', b'{"text": "a"', b'{"text": "a", }', b'{"text": "a"} x',
    b'{"id": 01}', b'{"id": -}', b'{"id": 1.}', b'{"id": 1e}', b'{"id": 1e+07}', b'{"id": 1e300}', b'{"id": -0.5}\r',
    b'{"id": nul}', b'{"id": "\x01"}', b'{"id": "\\x"}', b'{"id": "\\ud800"}', b'{"id": "\\udc00\\ud800"}',
    b'{"id": "\\ud83d\\ude00"}', b'{"id": "\\u00e9\\/\\b\\f"}', b'{"id": "\xff"}', b'{"id": "\xd8\\n\xa7"}',
    b'{"id": "\xed\xa0\x80"}', b'{"id": "\xc0\x80"}', b'{"id": [1, ]}', b'{"id": {"a": 1,}}', b'{"id": {"a" 1}}',
    b'{"id": {1: 1}}', b'{"id": []}', b'{"id": [ {} , [ ] ]}', b'{"id": "a", "id": "b"}', b'\xef\xbb\xbf{"id": 1}',
    b'{"\\u0069d": 1}', b'{"id": "\\', b'{"id": "\\u12', b'{"id": "a\\"b\\\\"}',
    b'\t{ "text"\t:\r"a" , "id" : true }\t', b'{"id": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"id": ' + b"[" * (DEEP + 1) + b"]" * (DEEP + 1) + b"}", b'{"id": ' + b"1" * DIGITS + b"}",
    b'{"id": ' + b"1" * (DIGITS + 1) + b"}", b'{"other": 1}', b'{"text": "a", "other": 1}',
]  # fmt: skip


def found_in(raw: bytes, longest: int = 1 << 20, paths: KeyPaths = PATHS) -> Objects:
    """What both kernels find."""

    def find() -> Objects:
        data = np.zeros(2 * len(raw) + 16, dtype=np.uint8)
        data[: len(raw)] = np.frombuffer(raw, dtype=np.uint8)
        data[len(raw)] = 10
        return find_objects(data, 0, len(raw), len(raw) + 1, raw.count(b"\n") + 1, paths, longest)

    found: Objects = agreed(find)
    return found


def check(raw: bytes) -> None:
    """Every object of a known kind holds what a parser finds in it."""
    found, start = found_in(raw), 0
    for i, (end, kind) in enumerate(zip(found.ends.tolist(), found.kinds.tolist(), strict=True)):
        line, start = raw[start:end], end
        if kind in (UNUSUAL, UNKNOWN):
            continue
        row = orjson.loads(line)
        assert tuple(row) == KINDS[kind]
        for cell, name in enumerate(("text", KINDS[kind][-1])):
            bare = found.data[found.starts[cell, i] : found.stops[cell, i]].tobytes()
            if name not in row:
                assert found.cells[cell, i] == NO_CELL
            elif row[name] is None:
                assert found.cells[cell, i] == NULL
            elif isinstance(row[name], str):
                assert (found.cells[cell, i], bare.decode()) == (TEXT, row[name])
            else:
                assert orjson.loads(bare) == row[name]
    for cell in range(2):
        texts_of, others = found.texts(cell, len(found))
        given_scan, texts_of = texts_of.scan, scanned(type(texts_of)(texts_of.data, texts_of.starts, texts_of.stops))
        assert given_scan is not None
        assert texts_of.scan is not None
        for name in ("lengths", "seen", "opens"):
            np.testing.assert_array_equal(getattr(given_scan, name), getattr(texts_of.scan, name))
        assert others.tolist() == (found.cells[cell] != TEXT).tolist()


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A row as programs write it, perhaps with a byte that is another one."""
    row = {key: draw(VALUES) for key in draw(st.sampled_from(KINDS))}
    raw = json.dumps(
        row, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([(",", ":"), (" ,\t", " : ")]))
    )
    out = bytearray(raw.encode("utf-8", "surrogatepass"))
    if draw(st.integers(0, 3)) == 0:
        out[draw(st.integers(0, len(out) - 1))] = draw(st.integers(0, 255))
    return bytes(out)


@given(st.lists(st.one_of(lines(), st.sampled_from(ODD)), max_size=6), st.sampled_from([b"\n", b"\r\n"]))
@example([good for odd in ODD for good in (odd, b'{"id": "x"}')], b"\n")
def test_cells_are_those_of_the_twin_and_of_a_parser(given_lines: list[bytes], end: bytes) -> None:
    check(end.join(given_lines))


@pytest.mark.parametrize("line", ODD)
def test_what_is_not_as_lines_should_be_is_judged_by_itself(line: bytes) -> None:
    check(line)
    found = found_in(line + b'\n{"id": 1}')
    if len(found) == 2:
        assert found.kinds[1] == KINDS.index(("id",))


def test_what_is_beyond_bounds_is_unusual() -> None:
    keys = [f"k{i}" for i in range(KEYS + 1)]
    wide = [json.dumps(dict.fromkeys(keys[:count], 1)).encode() for count in (KEYS, KEYS + 1)]
    paths = KeyPaths([(keys[:KEYS], (0, 1)), (keys, (0, 1))], 2)
    assert found_in(b"\n".join(wide), paths=paths).kinds.tolist() == [0, UNUSUAL]
    assert found_in(b'{"id": 1}\n{"id": 22}\n', longest=10).kinds.tolist() == [2, UNUSUAL]


def test_lines_behind_one_of_no_kind_are_left() -> None:
    found = found_in(b'{"id": "\\n"}\n{"other": 1}\n{"id": 1}\n')
    assert found.kinds.tolist() == [2, UNKNOWN]
    assert found.data[found.starts[1, 0] : found.stops[1, 0]].tobytes() == b"\n"
