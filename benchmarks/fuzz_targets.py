"""Targets of fuzzing: each takes bytes and may raise nothing but the errors that a user can mend.

Some hold two ways to one result against each other: rows and blocks, chunks and a whole, compiled kernels and NumPy. Those of the
index and of `serve` are in `fuzz_index`. Bytes are made by `fuzz`.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fuzz_index import INDEX_TARGETS

Target = Callable[[bytes], None]


def _check(holds: object, said: str) -> None:
    assert holds, said


def _reader(name: str, folder: Path) -> Target:
    """Read bytes as a format; anything but an `InputError` is a finding."""
    from clusterer.errors import InputError
    from clusterer.io import Feed, write_rows

    path, back = folder / "a", folder / "b"

    def read(data: bytes) -> None:
        path.write_bytes(data)
        bad: list[Any] = []
        try:
            feed = Feed(path, format=name, limits={"row-bytes": 1 << 18}, on_bad=bad.append)
            rows = list(feed)
        except InputError as error:
            _check("cure: " in str(error), f"no cure: {error}")
            return
        for one in bad:
            assert "cure: " in one.reason, f"no cure: {one.reason}"
            assert "reader stopped" not in one.reason, one.reason
        one_kind = len({row.layout.columns for row in rows}) == 1
        if one_kind and name in ("jsonl", "json", "csv", "tsv") and not _is_told_by_rows(rows):
            write_rows(back, rows)
            again = [row.article for row in Feed(back, format=name, limits={"row-bytes": 1 << 19})]
            assert again == [row.article for row in rows], "read back otherwise"

    return read


def _is_told_by_rows(rows: Sequence[Any]) -> bool:
    """Whether columns are told by what the rows hold, as several have usual names: bad ones, which are not written, tell, too."""
    from clusterer.io.choice import usual_columns
    from clusterer.io.readers.jsonl import loaded

    names = dict.fromkeys(rows[0].layout.columns)
    if not names:
        values = [loaded(row.raw) if isinstance(row.raw, bytes) else row.raw for row in rows]
        names = dict.fromkeys(name for value in values if isinstance(value, dict) for name in value)
    return any(len(columns) > 1 for columns in usual_columns(tuple(names)).values())


def _json_array(data: bytes) -> None:
    """An array in chunks of any size gives what it gives whole."""
    from clusterer.io.feed_limits import FeedLimits
    from clusterer.io.readers.json_array import JsonArray

    def told(chunks: Iterator[bytes]) -> list[tuple[bytes, str]]:
        return [(raw, repr(value)) for raw, value in JsonArray(chunks, FeedLimits(row_bytes=1 << 16))]

    size = 1 + data[0] % 7 if data else 1
    body = data[1:]
    assert told(iter([body])) == told(body[i : i + size] for i in range(0, len(body), size)), "chunks matter"


def _blocks(name: str, folder: Path) -> Target:
    """What is read by columns is what is read row by row: articles, bad rows, counts and notes."""
    from clusterer.errors import InputError
    from clusterer.io.blocks import Block, block_of, gathered
    from clusterer.io.feed import Feed
    from clusterer.io.resuming import state_of
    from clusterer.io.rows import BadRow

    path = folder / f"a.{name}"

    def told(by_columns: bool) -> list[Any]:
        bad, blocks = list[BadRow](), list[Block]()
        feed = Feed(path, format=name, limits={"row-bytes": 1 << 18}, on_bad=bad.append, now="2025-01-01")
        try:
            if by_columns:
                for _, items in feed.blocks_by_input():
                    blocks += gathered(items, 10**9)
            else:
                for _, rows in feed.by_input():
                    if held := list(rows):
                        blocks.append(block_of([row.article for row in held], [row.line for row in held]))
        except InputError as error:
            return [str(error), bad]
        return [
            [(list(b.ids), list(b.titles), b.outlets, list(b.texts)) for b in blocks],
            [[getattr(b, own).tolist() for own in ("lines", "ties", "dates", "letters")] for b in blocks],
            bad, state_of(feed), feed.notes, feed.damaged_files,
        ]  # fmt: skip

    def read(data: bytes) -> None:
        path.write_bytes(data)
        for one, other in zip(told(False), told(True), strict=True):
            assert one == other, f"by rows {str(one)[:200]}, by columns {str(other)[:200]}"

    return read


def _both(function: Callable[[], Any]) -> None:
    """Hold the compiled kernels against NumPy, bit for bit."""
    from clusterer.arrays import kernels

    found = []
    for name in ("compiled", "numpy"):
        if name in kernels.modules:
            kernels.use(name)
            found.append(function())

    for one, other in zip(*map(list, map(_parts, found)), strict=True) if len(found) == 2 else ():
        assert np.array_equal(one, other), "compiled and NumPy differ"


def _parts(value: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(value):
        value = [getattr(value, own.name) for own in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        for part in value:
            yield from _parts(part)
    else:
        yield value


def _folding(data: bytes) -> None:
    from clusterer.text.normalize import fold, normalise
    from clusterer.text.shingles import word_shingles
    from clusterer.text.words import hash_words

    texts = data.decode("utf-8", "replace").split("\x1e")
    _both(lambda: fold(texts, positions=True))
    _both(lambda: word_shingles(hash_words(texts)))
    once = normalise(texts)
    assert normalise(once) == once, "folded twice is other than once"


def _utf8(data: bytes) -> None:
    """Bytes that need not be UTF-8 are looked at without a fault; the words of those that are, are those of the strings."""
    from clusterer.arrays.utf8 import Utf8Texts, scanned
    from clusterer.text.words import hash_words

    stops = np.array([i for i, byte in enumerate(data) if byte == 0x1E] + [len(data)], dtype=np.int64)
    texts = Utf8Texts(np.frombuffer(data, dtype=np.uint8), np.concatenate(([0], stops[:-1] + 1)), stops)
    _both(lambda: scanned(texts).scan)
    try:
        strings = list(texts)
    except UnicodeDecodeError:
        return
    _both(lambda: hash_words(texts, stems=True))
    plain, other = hash_words(strings, stems=True), hash_words(texts, stems=True)
    for one, two in zip(_parts(plain), _parts(other), strict=True):
        assert np.array_equal(one, two), "words of bytes are other than those of strings"


def _links(data: bytes) -> None:
    """Groups, trees and missing words of small graphs made of bytes."""
    from clusterer.arrays import kernels
    from clusterer.arrays.linkage import average_linkage, components

    n = 2 + (data[0] % 30 if data else 0)
    numbers = np.frombuffer(data[1 : 1 + (len(data) - 1) // 3 * 3], dtype=np.uint8).reshape(-1, 3).astype(np.int64)
    ends = numbers[:, :2] % n
    kept = ends[:, 0] != ends[:, 1]
    _, first = np.unique(np.sort(ends[kept], axis=1), axis=0, return_index=True)
    pairs, values = np.ascontiguousarray(ends[kept][np.sort(first)]), numbers[kept][np.sort(first), 2]
    strength, weights = (values % 16 - 2) / 12, np.arange(n) % 5 + 1
    _both(lambda: average_linkage(pairs, strength, n, 0.3, weights, values >= 64))
    roots = np.zeros(n, dtype=np.uint8)
    roots[np.unique(components(pairs, n), return_index=True)[1]] = 1

    def spanned() -> Any:
        out = np.empty(n, dtype=np.int64)
        kernels.spanning_links(pairs, roots, out)
        return out

    def missing() -> Any:
        out = np.empty((2, len(ends)), dtype=np.int64)
        offsets = np.linspace(0, len(numbers), n + 1).astype(np.int64)
        words = np.ascontiguousarray(numbers[:, 2] % 8).astype(np.uint64)
        kernels.words_missing(words, offsets, np.ascontiguousarray(ends), 1 + n % 7, out)
        return out

    _both(spanned)
    _both(missing)


def _dates(data: bytes) -> None:
    from clusterer.io.dates import dates_month_first, parse_date

    value = data.decode("utf-8", "replace")
    for month_first in (False, True):
        moment = parse_date(value, month_first, True)
        assert moment is None or moment.tzinfo is not None
    dates_month_first([value, value[::-1]])


def _html(data: bytes) -> None:
    from clusterer.io.html import clean_text
    from clusterer.io.readers.markdown import fields_of

    value = data.decode("utf-8", "replace")
    started = time.process_time()
    clean_text(value)
    fields_of(value)
    assert time.process_time() - started < 1 + len(value) / 1e5, "not linear"


def _settings(data: bytes) -> None:
    from clusterer.errors import ClustererError
    from clusterer.settings import Settings, toml_values

    try:
        Settings(**toml_values(data.decode("utf-8", "replace")))
    except ClustererError as error:
        _check(str(error), "an error without a word")


def _gold(folder: Path) -> Target:
    from clusterer.errors import ClustererError
    from clusterer.evaluation.gold import read_gold
    from clusterer.evaluation.result_file import read_result

    paths = [folder / "gold.jsonl", folder / "gold.csv"]

    def read(data: bytes) -> None:
        for path in paths:
            path.write_bytes(data)
            for load in (read_gold, read_result):
                try:
                    load(path)
                except ClustererError as error:
                    _check(str(error), "an error without a word")

    return read


def _guards(data: bytes) -> None:
    from clusterer.cli.terminal import plain
    from clusterer.io.guard import guarded, json_line, unguarded

    value = data.decode("utf-8", "replace")
    assert unguarded(guarded(value)) == value
    line = json_line({"a": value})
    assert json.loads(line) == {"a": value}
    assert b"</" not in line
    shown = plain(value)
    assert "\x1b" not in shown
    assert not any(0x80 <= ord(c) < 0xA0 or c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069" for c in shown)


def targets(folder: Path, names: Sequence[str] = ()) -> dict[str, Target]:
    """Targets by name, ready to run: those that are named, all where none is.

    Raises:
        InputError: a library that one of them needs is not installed.
        KeyError: there is no target of that name.
    """
    from clusterer.io.formats import FORMATS

    makers: dict[str, Callable[[], Target]] = {}
    for form in FORMATS:
        makers[f"read-{form.name}"] = partial(_of_format, form, _reader, folder)
        if form.read_blocks is not None:
            makers[f"blocks-{form.name}"] = partial(_of_format, form, _blocks, folder)
    makers |= {
        "utf8": lambda: _utf8,
        "links": lambda: _links,
        "json-array": lambda: _json_array,
        "folding": lambda: _folding,
        "dates": lambda: _dates,
        "html": lambda: _html,
        "settings": lambda: _settings,
        "gold": partial(_gold, folder),
        "guards": lambda: _guards,
        **{name: partial(make, folder) for name, make in INDEX_TARGETS.items()},
    }
    return {name: makers[name]() for name in names or makers}


def _of_format(form: Any, make: Callable[[str, Path], Target], folder: Path) -> Target:
    form.require()
    return make(form.name, folder)
