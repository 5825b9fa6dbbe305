"""What an index's file is held to before its rows are believed: a file travels, and whoever had it may have forged it.

Every statement that reads hands its rows through a `StatementGuard`: it knows what types they may have, how long a statement
may run before the pages of the file are looked through, and how many bytes of blobs there can be. What the rows mean is for
others to check. Sources: "Defense Against The Dark Arts" and "PRAGMA cell_size_check", sqlite.org.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import zstandard
from numpy.typing import NDArray

from clusterer.errors import IndexDamaged
from clusterer.index.schema import TYPES

_STEPS = 20_000  # steps of SQLite's machine between two looks at the clock: a fraction of a millisecond
_PATIENCE = 0.1  # seconds that a statement runs before the pages of the file are looked through, ...
_PACE = 50_000_000  # ... and a second more for so many bytes of it: about what looking through them takes
_SLACK, _RATIO = 1 << 20, 32
"""Bytes that bodies read together may inflate to: so many, and so many for each that they are packed in."""
_OWN_SLACK = 4096

Row = tuple[Any, ...]


def damaged(path: str, what: str) -> IndexDamaged:
    """The one error of a file in which something stands that no index writes."""
    return IndexDamaged(
        f"{path}: the file is damaged: {what}; cure: clusterer index check {path} names each damage; restore a backup, or"
        " make a new index and merge this one into it"
    )


class StatementGuard:
    """Holds what the statements of one connection give to what an honest file can hold."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        """Guard a connection.

        Args:
            connection: just opened; untrusted schemas are told so.
            path: of its file.
        """
        self._connection, self._path = connection, path
        self._since, self._size, self._is_sound, self._only_reads = 0.0, 0, False, True
        self._types: dict[str, list[tuple[int, str, frozenset[type]]]] = {}
        self._only_type: dict[str, type] = {}  # of all columns of a statement, where it is one
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(self._pause, _STEPS)

    def run(self, statement: str, values: Sequence[Any]) -> list[Row]:
        """All rows of a statement; each value is of the type that its column is declared with.

        Raises:
            IndexDamaged: one is not.
        """
        self._since = time.monotonic()
        cursor = self._connection.execute(statement, values)
        rows = cursor.fetchall()
        if rows:
            self._check_types(statement, cursor, rows)
        return rows

    def run_blobs(self, statement: str, values: Sequence[Any], width: int | None = None) -> list[Row]:
        """As `run`, of rows that end in a blob. Together these are no larger than the file, whatever its pages claim.

        Args:
            statement, values: as `run`.
            width: bytes of each; None where they differ.
        """
        self._since = time.monotonic()
        cursor = self._connection.execute(statement, values)
        rows, total, most = [], 0, self._size
        for row in cursor:
            blob = row[-1]
            if type(blob) is not bytes:
                raise damaged(
                    self._path, f"a {type(blob).__name__} in place of the bytes of {cursor.description[-1][0]}"
                )
            if width not in (None, len(blob)):
                raise damaged(self._path, f"{cursor.description[-1][0]} of {len(blob):,} bytes, not {width}")
            total += len(blob)
            if total > most:
                most = self._size = self._bytes_of_file()
                if total > most:
                    raise damaged(self._path, f"more bytes in {cursor.description[-1][0]} than the file has")
            rows.append(row)
        if rows:
            self._check_types(statement, cursor, rows)
        return rows

    def allow_changes(self) -> None:
        """From now on statements may change the file: whoever only reads cannot. For good, for SQLite compiles all anew."""
        if self._only_reads:
            self._connection.execute("PRAGMA query_only = OFF")
            self._only_reads = False

    def begin(self) -> None:
        """A statement begins that gives no rows."""
        self._since = time.monotonic()

    def look_through(self) -> list[str]:
        """What SQLite finds wrong with the pages and rows of the file; where it is nothing, statements take their time."""
        self._is_sound = True
        try:
            lines = [str(line) for (line,) in self._connection.execute("PRAGMA integrity_check") if line != "ok"]
        except BaseException:
            self._is_sound = False
            raise
        self._is_sound = not lines
        return lines

    def _bytes_of_file(self) -> int:
        count, size = (self._connection.execute(f"PRAGMA {x}").fetchone()[0] for x in ("page_count", "page_size"))
        return int(count * size)

    def _pause(self) -> int:
        """Asked by SQLite while a statement runs: whether to stop it.

        No honest statement is stopped: one that runs long has the pages looked through once, by another connection. Where
        each page is used once, no statement of ours can run forever.
        """
        if self._is_sound or time.monotonic() - self._since < _PATIENCE:
            return 0
        try:
            size = Path(self._path).stat().st_size
            if time.monotonic() - self._since < _PATIENCE + size / _PACE:
                return 0
            other = sqlite3.connect(f"{Path(self._path).absolute().as_uri()}?mode=ro", uri=True)
            try:
                other.execute("PRAGMA cell_size_check = ON")
                self._is_sound = other.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            finally:
                other.close()
        except (OSError, sqlite3.Error):
            self._is_sound = False
        return 0 if self._is_sound else 1

    def _check_types(self, statement: str, cursor: sqlite3.Cursor, rows: list[Row]) -> None:
        told = self._types.get(statement)
        if told is None:
            names = [column[0] for column in cursor.description]
            told = self._types[statement] = [(i, x, TYPES[x]) for i, x in enumerate(names) if x in TYPES]
            kinds = {TYPES.get(x, frozenset()) for x in names}
            if len(kinds) == 1 == len(kind := kinds.pop()):
                self._only_type[statement] = next(iter(kind))
        if statement in self._only_type and set(map(type, chain.from_iterable(rows))) == {self._only_type[statement]}:
            return  # in one walk; what is wrong is told below
        columns = list(zip(*rows, strict=True)) if told else []
        for i, name, types in told:
            if not types.issuperset(map(type, columns[i])):
                other = next(x for x in columns[i] if type(x) not in types)
                raise damaged(self._path, f"{_shown(other)} where {name} is expected")


def _shown(value: object) -> str:
    kind = {type(None): "NULL", str: "a text", bytes: "a blob", float: "a number with a fraction"}.get(type(value))
    return kind or f"the number {value!r:.30}"


def columns_of(rows: Sequence[Row], width: int) -> Sequence[Sequence[Any]]:
    """The columns of rows, of no row as many empty ones."""
    return list(zip(*rows, strict=True)) if rows else [()] * width


def blob_rows(path: str, name: str, blobs: Sequence[bytes], dtype: str, width: int) -> NDArray[Any]:
    """Blobs of one width as the rows of an array, (n, width); read only.

    Raises:
        IndexDamaged: one is of another width.
    """
    size = np.dtype(dtype).itemsize * width
    if {len(blob) for blob in blobs} - {size}:
        raise damaged(path, f"{name} of another length than {size} bytes")
    return np.frombuffer(b"".join(blobs), dtype=dtype).reshape(-1, width)


def checked_ends(path: str, a: Sequence[int], b: Sequence[int]) -> NDArray[np.int64]:
    """Ends of pairs of texts, int64 (n, 2), below 2**32.

    Raises:
        IndexDamaged: the second is not the larger one, or one is no number of a text.
    """
    out = np.stack([np.array(a, dtype=np.int64), np.array(b, dtype=np.int64)], axis=1)
    if not (out[:, 0] < out[:, 1]).all():
        raise damaged(path, "a likeness of a text with itself, or with an earlier one")
    if len(out) and not 0 < out.min() <= out.max() < 1 << 32:
        raise damaged(path, "a likeness of a text that has no number")
    return out


def checked_scores(path: str, scores: Sequence[float]) -> NDArray[np.float64]:
    """Scores of pairs, float64 (n,).

    Raises:
        IndexDamaged: one is not from 0 to 1.
    """
    out = np.array(scores, dtype=np.float64)
    if not ((out >= 0) & (out <= 1)).all():
        raise damaged(path, "a score that is not from 0 to 1")
    return out


def ascending(path: str, numbers: Sequence[int], least: int, end: float = np.inf) -> Sequence[int]:
    """Numbers of rows that were read in their order, from `least` to before `end`: who goes on behind the last one gets ahead.

    Raises:
        IndexDamaged: they are not, as where pages lead into each other.
    """
    if any(a >= b for a, b in pairwise([least - 1, *numbers])) or (numbers and numbers[-1] >= end):
        raise damaged(path, "its articles are not in the order of their numbers")
    return numbers


# checksums


def crc_of_number(value: float) -> int:
    """CRC-32 of a number with a fraction."""
    return crc32(repr(value).encode())


def crc_of_pair(a: int, b: int, score: float, features: bytes) -> int:
    """CRC-32 of a row of the table ``pair``."""
    return crc32(features, crc32(f"{a} {b} {score!r}".encode()))


def crcs_of_pairs(
    a: Sequence[int], b: Sequence[int], scores: Sequence[float], features: Sequence[bytes]
) -> Iterator[int]:
    """As `crc_of_pair`, of many rows in few steps."""
    rows = repr([*zip(a, b, scores, strict=True)])[2:-2].replace("), (", "\n").replace(", ", " ")
    return map(crc32, features, map(crc32, rows.encode().split(b"\n")))


def crc_of_story(id: str, into_story: int | None) -> int:
    """CRC-32 of a row of the table ``story``; SQL knows it by this name."""
    return crc32(f"{into_story} {id}".encode("utf-8", "surrogatepass"))


def crc_of_gone(
    number: int, key: int, id: str, digest: int, of_story: str, removed: int, title: int | None, url: int | None
) -> int:
    """CRC-32 of a row of the table ``gone``."""
    numbers = f"{number} {key} {digest} {removed} {title} {url}"
    return crc32(f"{numbers} {len(id)} {id} {of_story}".encode("utf-8", "surrogatepass"))


def crc_of_replaced(id: str, digest: int) -> int:
    """CRC-32 of a row of the table ``replaced``."""
    return crc32(f"{digest} {id}".encode("utf-8", "surrogatepass"))


# compressed bodies


def padded(packed: bytes, size: int) -> bytes:
    """A compressed body that inflates to no more than a reader takes; zeros behind a frame mean nothing.

    Args:
        packed: one frame of Zstandard.
        size: bytes of what it holds.
    """
    return packed + bytes(max(0, -(-(size - _OWN_SLACK) // _RATIO) - len(packed)))


def refuse_bombs(path: str, packed: Sequence[bytes]) -> None:
    """Refuse compressed bodies that claim, together, more than an honest file's can: before any is inflated.

    Raises:
        IndexDamaged: they do.
        zstandard.ZstdError: one is no frame of Zstandard.
    """
    total, most = 0, _SLACK
    for body in packed:
        size = zstandard.frame_content_size(body)
        total += size if size >= 0 else 1 << 62  # all that we write say how large they are
        most += _RATIO * len(body)
    if total > most:
        raise damaged(
            path, f"bodies of {len(packed)} articles claim {total:,} bytes, more than {most:,} packed as they are"
        )
