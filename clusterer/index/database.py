"""The file of a living index: SQLite with one writer and many readers, and what is refused.

Knows tables, transactions and locks; what the rows mean is for the modules beside it to know.

A transaction of SQLite's write-ahead log is whole or absent: what was acknowledged survives kill -9 and a cut power, and
readers see the state before or after it. Sources: "Write-Ahead Logging" and "Atomic Commit In SQLite", sqlite.org.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.errors import ClustererError, InputError
from clusterer.index.guards import StatementGuard, crc_of_story, damaged
from clusterer.index.made import check_version, checked_settings, made_texts
from clusterer.index.schema import APPLICATION, COUNTERS, OLDER_COUNTERS, SCHEMA, VERSION, differences
from clusterer.index.sqlite_errors import named
from clusterer.index.whole import identity, refuse_part
from clusterer.index.writer_note import WriterNote
from clusterer.settings import Settings

WAIT = 30.0
"""Seconds that a writer waits for another one."""
_MOST_OBJECTS = 100  # tables and indexes that are looked at: an index has fewer
_SHOWN = 5  # differences named in a line
_LISTED = "(SELECT value FROM json_each(?1))"
_BOUND = 500  # values bound in one statement


class Database:
    """An open file. For one thread at a time; processes and threads of their own open it each for themselves.

    Attributes:
        path: of the file.
        settings: what it was made with.
        state: the counters of the table `state` by name, as the running transaction sees and changes them.
    """

    def __init__(
        self, path: str | os.PathLike[str], settings: Settings | None, recipe: str | None, must_exist: bool
    ) -> None:
        """Open a file, or make it.

        Args:
            path: of the file; beside it SQLite keeps `-wal` and `-shm`, and a writer its name in `-writer`.
            settings: what a new file is made with; for one that exists they must be the same, or None.
            recipe: what words, keys and scores are made by; a file of another one is refused. None to read articles only.
            must_exist: refuse to make a file.

        Raises:
            InputError: the file is missing, not ours, or of another version; says what to do.
            IndexDamaged: it is damaged or forged.
            SettingsError: it has other settings.
            OutputError: it cannot be made.
        """
        self.path = os.fspath(path)
        self.state: dict[str, int] = {}
        self._note = WriterNote(self.path)
        self._wrote, self._is_pushed = False, True
        has_log = os.path.exists(f"{self.path}-wal")
        if must_exist and not os.path.exists(self.path):
            raise InputError(f"{self.path}: no such index; cure: clusterer index create {self.path}")
        with self.named_errors():
            self._connection = sqlite3.connect(
                self.path, timeout=WAIT, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            try:
                self._guard = StatementGuard(self._connection, self.path)
                self._connection.create_function("crc_of_story", 2, crc_of_story, deterministic=True)
                self._identity = identity(self.path)
                self._prepare(settings, recipe, must_exist)
                texts, version = dict(self.rows("SELECT name, value FROM made")), self.rows("PRAGMA user_version")
                self.settings = checked_settings(self.path, texts, version[0][0], settings, recipe)
                self._check_whole(has_log, recipe is None)
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self, settings: Settings | None, recipe: str | None, must_exist: bool) -> None:
        """Set the connection up; make the tables of an empty file, refuse a foreign or an older one."""
        run = self._connection.execute
        with self._transaction("DEFERRED"):  # another process may be making it at this moment
            statements = "PRAGMA application_id", "PRAGMA user_version"
            application, version = (run(statement).fetchone()[0] for statement in statements)
            objects = run("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchmany(_MOST_OBJECTS)
        empty = application == version == len(objects) == 0
        if empty and must_exist:
            raise InputError(f"{self.path}: an empty file; cure: remove it, then clusterer index create {self.path}")
        if not empty:
            check_version(self.path, application, version, recipe)
            if other := differences(objects, version):
                raise damaged(self.path, f"its schema is not that of an index: {', '.join(other[:_SHOWN])}")
        run("PRAGMA cache_size = -32000")
        if empty:
            self._guard.allow_changes()
            run("PRAGMA auto_vacuum = INCREMENTAL")
        self._log_ahead()
        run("PRAGMA synchronous = FULL")  # an acknowledged batch survives a cut power
        run("PRAGMA wal_autocheckpoint = 4000")  # pages: few large ones cost less than many small ones
        run("PRAGMA journal_size_limit = 16000000")
        if empty:
            self._make(settings or Settings(), recipe or "")

    def _check_whole(self, has_log: bool, articles_only: bool) -> None:
        """Refuse a copy that was made of an open file without its log."""
        is_open = [value for (value,) in self.rows("SELECT value FROM state WHERE name = 'open'")]
        self._counters = COUNTERS if is_open or not articles_only else OLDER_COUNTERS
        if is_open and is_open[0] not in (0, self._identity):
            refuse_part(self.path, has_log, articles_only)

    def _log_ahead(self) -> None:
        """Write-ahead log. SQLite does not wait where two connections of a new file both ask for it."""
        start = time.monotonic()
        while self.rows("PRAGMA journal_mode")[0][0] != "wal":
            self._guard.allow_changes()
            try:
                (mode,) = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
                if mode == "memory" or time.monotonic() - start > WAIT:
                    raise InputError(
                        f"{self.path}: kept with the journal mode {mode!r}, an index needs 'wal', which names in memory and file"
                        " systems without shared memory do not have; cure: name a file on a local disk"
                    )
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() - start > WAIT:
                    raise
                time.sleep(0.01)

    def _make(self, settings: Settings, recipe: str) -> None:
        with self._transaction("IMMEDIATE"):
            if self.rows("SELECT 1 FROM sqlite_master"):
                return  # another process was faster
            for statement in SCHEMA.split(";\n"):
                self._connection.execute(statement)
            self.write_many("INSERT INTO made VALUES (?, ?)", made_texts(settings, recipe).items())
            counters = {**dict.fromkeys(COUNTERS, 0), "open": self._identity}
            self.write_many("INSERT INTO state VALUES (?, ?)", counters.items())
            self._wrote, self._is_pushed = True, False
            self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the file; one that nobody has open can be copied as it is."""
        if self._wrote:
            with suppress(sqlite3.Error):  # another one writes, and closes it later; or the disk is full
                self._connection.execute("PRAGMA busy_timeout = 0")
                with self._transaction("IMMEDIATE"):
                    self._connection.execute(
                        "UPDATE state SET value = 0 WHERE name = 'open' AND value = ?", (self._identity,)
                    )
        self._connection.close()
        self._note.remove_own()

    # transactions

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A view of one moment, whatever a writer does meanwhile. Inside another one, that one's."""
        if self._connection.in_transaction:
            yield
            return
        with self.named_errors(), self._transaction("DEFERRED"):
            self.state = self._read_state()
            yield

    def _read_state(self) -> dict[str, int]:
        return _checked_state(self.path, dict(self.rows("SELECT name, value FROM state")), self._counters)

    @property
    def history(self) -> str:
        """What tells the arrivals of this file from those of its backups, as it stands now: a file may be restored under us."""
        return str(self.rows("SELECT value FROM made WHERE name = 'history'")[0][0])

    @property
    def next_generation(self) -> int:
        """The generation that the running write makes."""
        return self.state["generation"] + 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing. Waits for another writer.

        Raises:
            OutputError: the other one did not finish; says who it is. Or the disk is full: nothing was stored.
        """
        self._guard.allow_changes()
        with self.named_errors(), self._transaction("IMMEDIATE"):
            self._note.sign()
            self.state = self._read_state()
            self._is_pushed &= self.state["open"] == self._identity
            self.state["open"] = self._identity
            self._wrote = True
            yield
            self.state["generation"] += 1
            self.write_many("UPDATE state SET value = ? WHERE name = ?", [(v, k) for k, v in self.state.items()])
        if not self._is_pushed:
            self._push()

    def _push(self) -> None:
        """Have the file itself tell that it is being written, before anything is acknowledged that a copy of it would lack."""
        with suppress(sqlite3.Error):  # what was committed is; next time
            busy, pages, pushed = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._is_pushed = not busy and pages == pushed

    def copy_into(self, connection: sqlite3.Connection) -> None:
        """Copy the whole file as it is at one moment into an empty one, while others write it."""
        with self.named_errors():
            self._connection.backup(connection)

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        self._connection.execute(f"BEGIN {kind}")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """SQLite's errors as ours: with the file, what is wrong and what to do."""
        try:
            yield
        except (ClustererError, sqlite3.ProgrammingError):
            raise
        except sqlite3.Error as error:
            raise named(error, self.path, self._note) from error
        except UnicodeDecodeError as error:  # a message of SQLite's quotes what is damaged
            raise damaged(self.path, f"names in it are no text ({error})") from error

    # rows

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows that a statement gives, each value of the type of its column."""
        return self._guard.run(statement, values)

    def among(self, statement: str, numbers: NDArray[np.int64] | Sequence[int], *more: Any) -> list[tuple[Any, ...]]:
        """Rows of a statement in which ``{}`` stands for a list of numbers (``WHERE number IN {}``)."""
        if not len(numbers):
            return []
        return self._guard.run(statement.replace("{}", _LISTED), (_as_json(numbers), *more))

    def blobs(self, statement: str, *values: Any, width: int | None = None) -> list[tuple[Any, ...]]:
        """As `rows`, of rows that end in a blob of `width` bytes; they are refused where the file cannot hold so many."""
        return self._guard.run_blobs(statement, values, width)

    def blobs_among(
        self, statement: str, numbers: NDArray[np.int64] | Sequence[int], width: int | None = None
    ) -> list[tuple[Any, ...]]:
        """As `among`, of rows that end in a blob of `width` bytes."""
        return self.blobs(statement.replace("{}", _LISTED), _as_json(numbers), width=width) if len(numbers) else []

    def among_texts(self, statement: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        """As `among`, for a list of texts."""
        out = []
        for start in range(0, len(values), _BOUND):  # not as JSON, which ends a text at its first NUL
            part = values[start : start + _BOUND]
            out += self._guard.run(statement.replace("{}", f"({','.join('?' * len(part))})"), part)
        return out

    def numbers(self, statement: str, numbers: NDArray[np.int64] | Sequence[int], *more: Any) -> set[int]:
        """As `among`, for rows of one number."""
        return {number for (number,) in self.among(statement, numbers, *more)}

    def write(self, statement: str, *values: Any) -> None:
        """Run a statement that changes rows."""
        self._guard.begin()
        self._connection.execute(statement, values)

    def write_among(self, statement: str, numbers: NDArray[np.int64] | Sequence[int], *more: Any) -> None:
        """As `among`, for statements that change rows."""
        self.among(statement, numbers, *more)

    def write_many(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of many rows."""
        self._guard.begin()
        self._connection.executemany(statement, values)

    def look_through(self) -> list[str]:
        """What SQLite finds wrong with the file, one line each. Reads it all."""
        return self._guard.look_through()

    # space

    @property
    def bytes_used(self) -> int:
        """Bytes of the file's pages that hold something."""
        pages, free, size = (
            self.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def give_back(self, all_of_it: bool = False) -> None:
        """Return free pages to the file system, where they are many. Between transactions."""
        with self.named_errors():
            self._guard.allow_changes()
            self._guard.begin()
            pages, free = (self.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count"))
            if free and (all_of_it or free > pages // 5):
                self._connection.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page
            if all_of_it:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _checked_state(path: str, state: dict[str, int], counters: Sequence[str]) -> dict[str, int]:
    """The counters by name; each may become a size of arrays."""
    if state.keys() != set(counters):
        raise damaged(path, f"it has the counters {', '.join(map(repr, state))}, not {', '.join(counters)}")
    for name, value in state.items():
        if type(value) is not int or not 0 <= value < (1 << 31 if name == "generation" else 1 << 32):
            raise damaged(path, f"its counter {name!r} is {value!r:.30}")
    for name in ("articles", "texts", "dead"):
        if state[name] > state["article"]:
            raise damaged(path, f"its counter {name!r} is {state[name]}, and it ever saw {state['article']} articles")
    return state


def _as_json(numbers: NDArray[np.int64] | Sequence[int]) -> str:
    return orjson.dumps(np.ascontiguousarray(numbers, dtype=np.int64), option=orjson.OPT_SERIALIZE_NUMPY).decode()
