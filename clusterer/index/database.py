"""The file of a living index: SQLite with one writer and many readers, its schema, and what is refused.

Knows tables, transactions and locks; what the rows mean for groups is `intake`'s and `index`'s business.

A transaction of SQLite's write-ahead log is whole or absent: what was acknowledged survives kill -9 and a cut power, and
readers see the state before or after it. Sources: "Write-Ahead Logging" and "Atomic Commit In SQLite", sqlite.org.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.errors import ClustererError, InputError, OutputError, SettingsError
from clusterer.settings import Settings

APPLICATION = 0x41725374
"""`application_id` of our files: the letters ArSt."""
VERSION = 3
"""`user_version` of the schema below."""
WAIT = 30.0
"""Seconds that a writer waits for another one."""

_SCHEMA = """
-- What the file was made with, as text: settings (JSON), recipe (what words and scores are made by).
CREATE TABLE made (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Counters: generation (of the last write), article and story (the next numbers; none is used twice), articles and texts
-- (how many there are), dead (numbers in segments that no longer mean anything).
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE article (
    number INTEGER PRIMARY KEY,  -- in order of arrival
    key INTEGER NOT NULL,        -- hash of id
    id TEXT NOT NULL,
    digest INTEGER NOT NULL,     -- hash of title and text: the same id with the same digest is the same article
    outlet TEXT NOT NULL,
    date REAL,                   -- seconds since 1970, NULL where unknown
    added REAL NOT NULL,         -- seconds since 1970: when it came
    document INTEGER             -- the distinct text that it holds; NULL where it is too short to group
);
CREATE INDEX article_key ON article (key);
CREATE INDEX article_document ON article (document);
CREATE INDEX article_age ON article (coalesce(date, added));

-- Title, text, source, url and date, compressed (Zstandard, with checksum), see Lookup.pack.
CREATE TABLE body (article INTEGER PRIMARY KEY, content BLOB NOT NULL);

CREATE TABLE document (
    number INTEGER PRIMARY KEY,  -- that of the article it was made for
    article INTEGER NOT NULL,    -- whose text and title stand for it
    hash INTEGER NOT NULL,       -- of its words
    words INTEGER NOT NULL,
    centre INTEGER NOT NULL      -- the longest document of its copy group
);
CREATE INDEX document_centre ON document (centre);

-- Verified pairs of documents; a is the longer one.
CREATE TABLE link (
    a INTEGER NOT NULL, b INTEGER NOT NULL,
    shared INTEGER NOT NULL, smaller INTEGER NOT NULL, larger INTEGER NOT NULL,  -- shingles, as in verify.Overlap
    opening REAL NOT NULL, own_opening REAL NOT NULL,
    facts INTEGER NOT NULL, dates INTEGER NOT NULL, names INTEGER NOT NULL,      -- runs that differ, as in facts.Differences
    subjects INTEGER NOT NULL, edits INTEGER NOT NULL, numbers INTEGER NOT NULL,
    ties INTEGER NOT NULL,       -- 1 a copy or a cut, or a series that would be one; 0 only near
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX link_b ON link (b);

-- One row a copy group: what the story level compares.
CREATE TABLE text (
    centre INTEGER PRIMARY KEY,
    body INTEGER NOT NULL,       -- its longest document: whose words and title are compared
    story INTEGER NOT NULL,
    first REAL, last REAL,       -- dates of its articles, NULL where none has one
    outlets TEXT NOT NULL,       -- JSON list of names
    slots BLOB                   -- uint16, signature of the weighted lead
);
CREATE INDEX text_story ON text (story);

-- Copy groups that were compared and have more than a trace of likeness; a < b.
CREATE TABLE pair (
    a INTEGER NOT NULL, b INTEGER NOT NULL,
    score REAL NOT NULL,
    features BLOB NOT NULL,      -- float32, as in events.FEATURES
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX pair_b ON pair (b);

CREATE TABLE story (
    number INTEGER PRIMARY KEY,  -- in order of opening
    id TEXT NOT NULL UNIQUE,
    into_story INTEGER           -- for an alias the story it became part of
);
CREATE INDEX story_alias ON story (into_story) WHERE into_story IS NOT NULL;

-- Lines that an outlet repeats in otherwise different articles: hashes of outlet and line.
CREATE TABLE furniture (line INTEGER PRIMARY KEY);

-- Sorted keys with the numbers that hold them, see postings. Never changed, only replaced.
CREATE TABLE segment (
    number INTEGER PRIMARY KEY,
    firsts BLOB NOT NULL,        -- uint64, the first entry of each page
    documents BLOB NOT NULL,     -- uint32 numbers, ascending, then uint16 sampled keys of each
    stems BLOB NOT NULL,         -- uint32 stems, ascending, then int32 changes of the texts that hold each
    crc INTEGER NOT NULL         -- CRC-32 of its pages, then of the two before
);
CREATE TABLE page (place INTEGER PRIMARY KEY, entries BLOB NOT NULL);  -- segment << 32 | page; uint64 entries
"""
_SIGNED: dict[str, type] = {"pid": int, "host": str, "command": str, "at": float}
_NO_ROOM = (778, 1290, 4874)  # SQLITE_IOERR_WRITE, _TRUNCATE, _SHMSIZE: how full disks and quotas are told, too
_BOUND = 500  # values bound in one statement
_MIGRATIONS = {
    1: "CREATE INDEX article_age ON article (coalesce(date, added))",
    2: "ALTER TABLE link ADD COLUMN ties INTEGER NOT NULL DEFAULT 1",
}
"""What makes a file of one version one of the next. (Pairs of version 2 are of an older recipe: only articles are read.)"""
_STATE = ("generation", "article", "story", "articles", "texts", "dead")


class Store:
    """An open file. For one thread at a time; processes and threads of their own open it each for themselves."""

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
            InputError: the file is missing, not ours, damaged, or of another version; says what to do.
            SettingsError: it has other settings.
            OutputError: it cannot be made.
        """
        self.path = os.fspath(path)
        self.state: dict[str, int] = {}
        self._signed = (0, 0)
        there = os.path.exists(self.path)
        if must_exist and not there:
            raise InputError(f"{self.path}: no such index; cure: clusterer index create {self.path}")
        with self.named_errors():
            self._connection = sqlite3.connect(
                self.path, timeout=WAIT, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            try:
                self.settings = self._enter(settings, recipe, must_exist)
            except BaseException:
                self._connection.close()
                raise

    def _enter(self, settings: Settings | None, recipe: str | None, must_exist: bool) -> Settings:
        run = self._connection.execute
        with self._transaction("DEFERRED"):  # another process may be making it at this moment
            application, version, tables = (
                run(statement).fetchone()[0]
                for statement in (
                    "PRAGMA application_id",
                    "PRAGMA user_version",
                    "SELECT count(*) FROM sqlite_master",
                )
            )
        empty = application == version == tables == 0
        if empty and must_exist:
            raise InputError(f"{self.path}: an empty file; cure: remove it, then clusterer index create {self.path}")
        if not empty and application != APPLICATION:
            raise InputError(f"{self.path}: an SQLite file of another program; cure: name an index of clusterer's")
        if version > VERSION:
            raise InputError(
                f"{self.path}: schema {version} of a newer clusterer, this one knows {VERSION}; cure: update clusterer"
            )
        run("PRAGMA cache_size = -32000")
        if empty:
            run("PRAGMA auto_vacuum = INCREMENTAL")
        self._log_ahead()
        run("PRAGMA synchronous = FULL")  # an acknowledged batch survives a cut power
        run("PRAGMA wal_autocheckpoint = 4000")  # pages: few large ones cost less than many small ones
        run("PRAGMA journal_size_limit = 16000000")
        if empty:
            self._make(settings or Settings(), recipe or "")
        elif version < VERSION:
            self._migrate()
        made = dict(self.rows("SELECT name, value FROM made"))
        try:
            kept, known = Settings(**orjson.loads(made["settings"])), made["recipe"]
            if {name for (name,) in self.rows("SELECT name FROM state")} != set(_STATE):
                raise KeyError("state")
        except (KeyError, TypeError, orjson.JSONDecodeError, SettingsError) as error:
            raise InputError(
                f"{self.path}: damaged, what it was made with cannot be read ({error}); cure: restore a copy"
            ) from None
        if settings is not None and settings.fingerprint() != kept.fingerprint():
            ours, theirs = settings.as_dict(), kept.as_dict()
            others = [
                f"{f.name} {theirs[f.name]!r}, not {ours[f.name]!r}"
                for f in fields(Settings)
                if f.metadata["shapes_result"] and ours[f.name] != theirs[f.name]
            ]
            raise SettingsError(
                f"{self.path}: was made with {', '.join(others)}; cure: open it without settings, or make a new index"
                " with these and merge the old one into it"
            )
        if recipe is not None and known != recipe:
            raise InputError(
                f"{self.path}: its keys are of another release of clusterer (recipe {known}, this one"
                f" {recipe}); cure: make a new index and merge this one into it, articles are read anew"
            )
        return settings or kept

    def _log_ahead(self) -> None:
        """Write-ahead log. SQLite does not wait where two connections of a new file both ask for it."""
        start = time.monotonic()
        while self.rows("PRAGMA journal_mode")[0][0] != "wal":
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() - start > WAIT:
                    raise
                time.sleep(0.01)

    def _make(self, settings: Settings, recipe: str) -> None:
        with self._transaction("IMMEDIATE"):
            if self.rows("SELECT 1 FROM sqlite_master"):
                return  # another process was faster
            for statement in _SCHEMA.split(";\n"):
                self._connection.execute(statement)
            shaping = {f.name: settings.as_dict()[f.name] for f in fields(Settings) if f.metadata["shapes_result"]}
            self.write_many(
                "INSERT INTO made VALUES (?, ?)", [("settings", orjson.dumps(shaping).decode()), ("recipe", recipe)]
            )
            self.write_many("INSERT INTO state VALUES (?, ?)", [(name, 0) for name in _STATE])
            self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _migrate(self) -> None:
        """Bring an older file to this version, whole or not at all."""
        with self._transaction("IMMEDIATE"):
            version = self.rows("PRAGMA user_version")[0][0]  # another process may have been faster
            for step in range(version, VERSION):
                self._connection.execute(_MIGRATIONS[step])
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the file; a closed one can be copied as it is."""
        self._connection.close()
        with suppress(OSError):
            if self._holder().get("pid") == os.getpid():
                os.unlink(self._writer_path)

    # transactions

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A view of one moment, whatever a writer does meanwhile. Inside another one, that one's."""
        if self._connection.in_transaction:
            yield
            return
        with self.named_errors(), self._transaction("DEFERRED"):
            self.state = dict(self.rows("SELECT name, value FROM state"))
            yield

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
        with self.named_errors(), self._transaction("IMMEDIATE"):
            self._sign()
            self.state = dict(self.rows("SELECT name, value FROM state"))
            yield
            self.state["generation"] += 1
            self.write_many("UPDATE state SET value = ? WHERE name = ?", [(v, k) for k, v in self.state.items()])

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

    @property
    def _writer_path(self) -> str:
        return f"{self.path}-writer"

    def _sign(self) -> None:
        """Leave our name for those who wait. Not a lock: SQLite's lock goes with the process, this file may stay."""
        with suppress(OSError):
            if self._signature() == self._signed:
                return  # nobody has signed since
        command = " ".join([os.path.basename(sys.argv[0]), *sys.argv[1:4]])[:200]
        name = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "at": time.time()}
        with suppress(OSError):
            with open(self._writer_path, "wb") as file:
                file.write(orjson.dumps(name))
            self._signed = self._signature()

    def _signature(self) -> tuple[int, int]:
        told = os.stat(self._writer_path)
        return told.st_ino, told.st_mtime_ns

    def _holder(self) -> dict[str, Any]:
        """Who signed last; nothing where that cannot be read."""
        with suppress(OSError, ValueError, TypeError, KeyError), open(self._writer_path, "rb") as file:
            holder = orjson.loads(file.read())
            return {name: kind(holder[name]) for name, kind in _SIGNED.items()}
        return {}

    def _writer(self) -> str:
        """Who is writing, as far as one can tell."""
        holder = self._holder()
        here = holder.get("host") == socket.gethostname()
        if not holder or (here and (holder["pid"] == os.getpid() or not _alive(holder["pid"]))):
            return "another program"
        since = time.strftime("%H:%M:%S", time.localtime(holder["at"]))
        return f"process {holder['pid']} on {holder['host']} ({holder['command']}, since {since})"

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """SQLite's errors as ours: with the file, what is wrong and what to do."""
        try:
            yield
        except (ClustererError, sqlite3.ProgrammingError):
            raise
        except sqlite3.Error as error:
            raise self._named(error) from error

    def _named(self, error: sqlite3.Error) -> ClustererError:
        extended = getattr(error, "sqlite_errorcode", None) or 0
        code = extended & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return OutputError(f"{self.path}: is being written by {self._writer()}; cure: wait for it, or stop it")
        if code == sqlite3.SQLITE_FULL or extended in _NO_ROOM:
            return OutputError(
                f"{self.path}: the disk is full ({error}), nothing of this batch was stored; cure: free some space"
            )
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            what = "not an index of clusterer's" if code == sqlite3.SQLITE_NOTADB else "damaged"
            return InputError(f"{self.path}: {what} ({error}); cure: name another file, or restore a copy")
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            return OutputError(f"{self.path}: cannot be opened for writing ({error}); cure: check folder and rights")
        return OutputError(f"{self.path}: {error}; cure: see clusterer index check {self.path}")

    # rows

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows that a statement gives."""
        return self._connection.execute(statement, values).fetchall()

    def among(self, statement: str, numbers: NDArray[np.int64] | Sequence[int], *more: Any) -> list[tuple[Any, ...]]:
        """Rows of a statement in which ``{}`` stands for a list of numbers (``WHERE number IN {}``)."""
        if not len(numbers):
            return []
        values = _listed(numbers)
        return self._connection.execute(
            statement.replace("{}", "(SELECT value FROM json_each(?1))"), (values, *more)
        ).fetchall()

    def among_texts(self, statement: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        """As `among`, for a list of texts."""
        out = []
        for start in range(0, len(values), _BOUND):  # not as JSON, which ends a text at its first NUL
            part = values[start : start + _BOUND]
            marks = f"({','.join('?' * len(part))})"
            out += self._connection.execute(statement.replace("{}", marks), part).fetchall()
        return out

    def table(self, statement: str, numbers: NDArray[np.int64] | Sequence[int], width: int) -> NDArray[np.int64]:
        """As `among`, for rows of integers: int64 (rows, width)."""
        return np.array(self.among(statement, numbers), dtype=np.int64).reshape(-1, width)

    def write(self, statement: str, *values: Any) -> int:
        """Run a statement; how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def write_among(self, statement: str, numbers: NDArray[np.int64] | Sequence[int], *more: Any) -> None:
        """As `among`, for statements that change rows."""
        self.among(statement, numbers, *more)

    def write_many(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of many rows."""
        self._connection.executemany(statement, values)

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
            pages, free = (self.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count"))
            if free and (all_of_it or free > pages // 5):
                self._connection.executescript("PRAGMA incremental_vacuum")  # `execute` would free one page
            if all_of_it:
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _listed(numbers: NDArray[np.int64] | Sequence[int]) -> str:
    return orjson.dumps(np.ascontiguousarray(numbers, dtype=np.int64), option=orjson.OPT_SERIALIZE_NUMPY).decode()
