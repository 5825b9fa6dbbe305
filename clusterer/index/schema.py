"""The tables of an index's file, of this version and of older ones, and whether a file has just these.

Tells SQLite what there is; who writes and reads rows is for others to know. Every table and column is described in
`SCHEMA`, which SQLite keeps in the file with its comments.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import lru_cache

from clusterer.io.readers.sqlite import INDEX_APPLICATION

APPLICATION = INDEX_APPLICATION
"""SQLite's `application_id` of an index; who reads feeds knows it, too."""
VERSION = 8
"""SQLite's `user_version` of the schema below. Of files of older ones only the articles and story ids are read."""
OLDER_COUNTERS = ("generation", "article", "story", "articles", "texts", "dead")
"""Rows of the table `state` up to version 3."""
COUNTERS = (*OLDER_COUNTERS, "open")
"""Rows of the table `state`."""

SCHEMA = """
-- What the file was made with, as text: settings (JSON), crc (CRC-32 of these), recipe (what words and
-- scores are made by), history (random, with its CRC-32, another one in every backup: numbers of articles mean
-- the same within one).
CREATE TABLE made (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- Counters: generation (of the last write), article and story (the next numbers; none is used twice), articles and texts
-- (how many there are), dead (numbers in segments that no longer mean anything), open (who the file is while it is
-- written, 0 once it is closed, see index.whole).
CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE article (
    number INTEGER PRIMARY KEY,  -- in order of arrival
    key INTEGER NOT NULL,        -- hash of id
    id TEXT NOT NULL,
    digest INTEGER NOT NULL,     -- hash of title and text: the same id with the same digest is the same article
    outlet TEXT NOT NULL,
    date REAL,                   -- seconds since 1970, NULL where unknown
    added REAL NOT NULL,         -- seconds since 1970: when it came
    document INTEGER,            -- the distinct text that it holds; NULL where it has no word
    crc INTEGER NOT NULL         -- CRC-32 of added, which nothing else in the file tells
);
CREATE INDEX article_key ON article (key);
CREATE INDEX article_document ON article (document);
CREATE INDEX article_age ON article (coalesce(date, added));

-- Articles that were removed or let expire: they are not taken in again, and no other article gets their ids, see index.gone.
CREATE TABLE gone (
    number INTEGER PRIMARY KEY,  -- in order of going: of the numbers that articles have in order of arrival the next one
    key INTEGER NOT NULL, id TEXT NOT NULL, digest INTEGER NOT NULL,  -- as in article
    of_story TEXT NOT NULL,      -- id of its story when it went
    removed INTEGER NOT NULL,    -- 1 by its id, 0 expired
    title INTEGER, url INTEGER,  -- hashes of these, of what was removed; NULL where it had none
    crc INTEGER NOT NULL         -- CRC-32 of the eight before
);
CREATE INDEX gone_key ON gone (key);
CREATE INDEX gone_url ON gone (url) WHERE removed;

-- Versions of articles that are not the latest: they are not taken in again, see index.replaced.
CREATE TABLE replaced (
    number INTEGER PRIMARY KEY,  -- in the order in which they were first seen
    id TEXT NOT NULL,            -- of the article
    digest INTEGER NOT NULL,     -- as in article; of a version with the text of the stored one a hash of all of it
    crc INTEGER NOT NULL         -- CRC-32 of the two before
);
CREATE INDEX replaced_digest ON replaced (digest);

-- Title, text, source, url and date, compressed (Zstandard, with checksum), see index.articles.
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
    shared INTEGER NOT NULL, smaller INTEGER NOT NULL, larger INTEGER NOT NULL,  -- shingles, as in copies.verify.Overlap
    opening REAL NOT NULL, own_opening REAL NOT NULL,
    facts INTEGER NOT NULL, dates INTEGER NOT NULL, names INTEGER NOT NULL,  -- runs that differ, as in facts.Differences
    subjects INTEGER NOT NULL, edits INTEGER NOT NULL, numbers INTEGER NOT NULL,
    others INTEGER NOT NULL, unknowns INTEGER NOT NULL,
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
    slots BLOB,                  -- uint16, signature of the weighted lead
    crc INTEGER NOT NULL         -- CRC-32 of slots
);
CREATE INDEX text_story ON text (story);

-- Copy groups that were compared and have more than a trace of likeness; a < b.
CREATE TABLE pair (
    a INTEGER NOT NULL, b INTEGER NOT NULL,
    score REAL NOT NULL,
    features BLOB NOT NULL,      -- float32, as in stories.features.FEATURES
    crc INTEGER NOT NULL,        -- CRC-32 of the four before
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX pair_b ON pair (b);

CREATE TABLE story (
    number INTEGER PRIMARY KEY,  -- in order of opening
    id TEXT NOT NULL UNIQUE,
    into_story INTEGER,          -- for an alias the story it became part of
    crc INTEGER NOT NULL         -- CRC-32 of the two before
);
CREATE INDEX story_alias ON story (into_story) WHERE into_story IS NOT NULL;

-- One row a story that is no alias, and an article without a word: what stories are ranked by, see index.rankings.
CREATE TABLE standing (
    story INTEGER PRIMARY KEY,   -- of an article without a word its number, negative
    size INTEGER NOT NULL,       -- how many articles it has
    newest REAL NOT NULL,        -- seconds since 1970: their latest date, of those without one when they came
    latest INTEGER NOT NULL,     -- the highest of their numbers
    changed INTEGER NOT NULL,    -- generation of the last write that changed what is told of it
    stirred INTEGER NOT NULL     -- of the last that changed its likeness to others: what it goes on with
);
CREATE INDEX standing_size ON standing (size DESC, newest DESC);
CREATE INDEX standing_newest ON standing (newest DESC, story, size);
CREATE INDEX standing_latest ON standing (latest DESC, newest, size);

-- Lines that an outlet repeats in otherwise different articles: hashes of outlet and line.
CREATE TABLE furniture (line INTEGER PRIMARY KEY);

-- Sorted keys with the numbers that hold them, see index.postings. Never changed, only replaced.
CREATE TABLE segment (
    number INTEGER PRIMARY KEY,
    firsts BLOB NOT NULL,        -- uint64, the first entry of each page
    documents BLOB NOT NULL,     -- uint32 numbers, ascending, then uint16 sampled keys of each
    stems BLOB NOT NULL,         -- uint32 stems, ascending, then int32 changes of the texts that hold each
    crc INTEGER NOT NULL         -- CRC-32 of its pages, then of the two before
);
CREATE TABLE page (place INTEGER PRIMARY KEY, entries BLOB NOT NULL);  -- segment << 32 | page; uint64 entries
"""

_OLDER_LINKS = """
CREATE TABLE link (a INTEGER NOT NULL, b INTEGER NOT NULL, shared INTEGER NOT NULL, smaller INTEGER NOT NULL, larger INTEGER
NOT NULL, opening REAL NOT NULL, copy INTEGER NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID
"""  # of versions 1 and 2
_OLDER_GONE = [
    ("table", "expired", "expired", "CREATE TABLE expired (number INTEGER PRIMARY KEY, key INTEGER NOT NULL, id TEXT NOT NULL,"
     " digest INTEGER NOT NULL, of_story TEXT NOT NULL, crc INTEGER NOT NULL)"),
    ("index", "expired_key", "expired", "CREATE INDEX expired_key ON expired (key)"),
]  # fmt: skip
"""Of versions 5 and 6, in place of the table `gone`."""
_AGE = "article_age"  # an index that version 1 lacks

_KINDS = {"INTEGER": int, "REAL": float, "TEXT": str, "BLOB": bytes}
TYPES: dict[str, frozenset[type]] = {
    name: frozenset({_KINDS[kind]} if told else {_KINDS[kind], type(None)})
    for name, kind, told in re.findall(r"(\w+) (INTEGER|REAL|TEXT|BLOB)( NOT NULL| PRIMARY KEY)?", SCHEMA)
    if name != "value"  # a text in one table, a number in another
}
"""By name of a column the Python types of its values: SQLite itself stores any value in any column."""

_Object = tuple[str, str, str, str]


def differences(objects: Iterable[tuple[str, str, str, str | None]], version: int) -> list[str]:
    """What a file has that an index of its version has not, and what it lacks: views, triggers, other tables and columns.

    Args:
        objects: rows of ``sqlite_master``: type, name, table, statement.
        version: of the file, 1 to `VERSION`.
    """
    objects = frozenset(objects)
    if version == VERSION and objects == _made():
        return []
    found = {(kind, name, table, _bare(statement)) for kind, name, table, statement in objects}
    wanted = _objects(version)
    known = {name for _, name, _, _ in wanted}
    foreign = [
        f"{kind} {name!r} {'is another one' if name in known else ''}".strip() for kind, name, _, _ in found - wanted
    ]
    names = {name for _, name, _, _ in found}
    return sorted(foreign) + sorted(f"no {kind} {name!r}" for kind, name, _, _ in wanted if name not in names)


def _bare(statement: object) -> str:
    """A statement without comments, its white space made one."""
    return " ".join(re.sub(r"--[^\n]*", "", str(statement)).replace("(", " ( ").replace(")", " ) ").split())


@lru_cache(maxsize=1)
def _made() -> frozenset[tuple[str, str, str, str | None]]:
    """The rows of ``sqlite_master`` of an index that this version makes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in SCHEMA.split(";\n"):
            connection.execute(statement)
        return frozenset(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


@lru_cache(maxsize=4)
def _objects(version: int) -> frozenset[_Object]:
    """The rows of ``sqlite_master`` of an index of some version, their statements bare."""
    objects = [(kind, name, table, _bare(sql)) for kind, name, table, sql in _made()]
    if version <= 6:
        objects = [x for x in objects if x[2] not in ("standing", "gone")]
        objects += [(k, n, t, _bare(s)) for k, n, t, s in _OLDER_GONE]
    if version <= 5:
        objects = [x for x in objects if x[2] != "replaced"]
    if version <= 4:
        objects = [x for x in objects if x[2] != "expired"]
    if version <= 3:
        checks = " crc INTEGER NOT NULL"
        counts = " others INTEGER NOT NULL, unknowns INTEGER NOT NULL"
        objects = [
            (k, n, t, s if t == "segment" else s.replace(f",{checks}", "").replace(f",{counts}", ""))
            for k, n, t, s in objects
        ]
    if version <= 2:
        objects = [(k, n, t, _bare(_OLDER_LINKS) if n == "link" else s) for k, n, t, s in objects]
    return frozenset(x for x in objects if version > 1 or x[1] != _AGE)
