"""Forged index files, made from an honest one: ``FORGERIES`` names each kind, with what makes it.

Rows of any type and size are written past the schema's rules, which are taken out for that moment and put back; pages that lead
into each other are written as bytes. Nothing here opens an index.

Source of the layout of pages: "Database File Format", sqlite.org.
"""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import zstandard

from clusterer.index.guards import crc_of_number, crc_of_pair, crc_of_story
from clusterer.index.schema import VERSION
from clusterer.stories.features import FEATURES

_NUMBER_BEYOND, _HUGE = 1 << 40, 1 << 62
_LOOP = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
_FIRST = "(SELECT min({0}) FROM {1})"


class Forgery(NamedTuple):
    """A kind of forged file.

    Attributes:
        name: what is forged.
        forge: turns a copy of an honest file into one.
    """

    name: str
    forge: Callable[[Path], None]


@contextmanager
def _loosened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection whose tables take any value; then they say again what they said before."""

    def rewritten(change: Callable[[str], str]) -> dict[str, str]:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            before = dict(file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
            file.execute("PRAGMA writable_schema = ON")
            for name, statement in before.items():
                file.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (change(statement), name))
            return before

    def loose(statement: str) -> str:
        statement = re.sub(r"--[^\n]*", "", statement).replace(" NOT NULL", "")
        return re.sub(r"(?<!PRIMARY) (TEXT|REAL|INTEGER)(?! PRIMARY)", " BLOB", statement)

    before = rewritten(loose)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            for function, count in ((crc_of_number, 1), (crc_of_story, 2), (crc_of_pair, 4)):
                file.create_function(function.__name__, count, _or_zero(function))
            yield file
    finally:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("PRAGMA writable_schema = ON")
            for name, statement in before.items():
                file.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (statement, name))


def _or_zero(function: Callable[..., int]) -> Callable[..., int]:
    def crc(*values: Any) -> int:
        try:
            return function(*values)
        except (TypeError, ValueError, AttributeError, sqlite3.Error):
            return 0

    return crc


def _rows(name: str, *statements: str, values: Sequence[Any] = ()) -> Forgery:
    """Rows that the tables' own rules would not take."""

    def forge(path: Path) -> None:
        with _loosened(path) as file:
            for statement in statements:
                file.execute(statement, values)

    return Forgery(name, forge)


def _plain(name: str, *statements: str) -> Forgery:
    """What anyone can do to a file with SQLite's shell."""

    def forge(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.executescript(";\n".join(statements))

    return Forgery(name, forge)


def _bytes(name: str, change: Callable[[bytearray], bytearray | None]) -> Forgery:
    def forge(path: Path) -> None:
        raw = bytearray(path.read_bytes())
        path.write_bytes(change(raw) or raw)

    return Forgery(name, forge)


# values


_VALUES = {"NULL": "NULL", "text": "'abc'", "blob": "x'00ff'", "-1": "-1", "2**62": str(_HUGE)}
_MOMENTS = {"NULL": "NULL", "text": "'abc'", "blob": "x'00ff'", "1e300": "1e300", "-1e300": "-1e300", "inf": "9e999"}
_NAMES = {"NULL": "NULL", "blob": "x'00ff'", "number": "7", "NUL": "char(0, 27, 8238)"}


def _values(table: str, column: str, values: dict[str, str], where: str = "", crc: str = "") -> Iterator[Forgery]:
    """Each of some values in a column of all rows, or of some; with a checksum that is right."""
    for name, value in values.items():
        statements = [
            f"UPDATE {table} SET {column} = {value} {where}",
            *([f"UPDATE {table} SET crc = {crc}"] if crc else []),
        ]
        yield _rows(f"{table}.{column} {name}", *statements)


_SCHEMA = [
    _plain("a view that never ends in place of a table", "ALTER TABLE article RENAME TO a2",
           f"CREATE VIEW article AS {_LOOP} i AS number, i AS key, 'x' AS id, i AS digest, 'x' AS outlet, i AS date,"
           " i AS added, i AS document, i AS crc FROM n"),
    _plain("a view in place of bodies", "ALTER TABLE body RENAME TO b2",
           "CREATE VIEW body AS SELECT number AS article, zeroblob(900000000) AS content FROM article"),
    _plain("a view beside", f"CREATE VIEW v AS {_LOOP} i FROM n"),
    _plain("a trigger that never ends", "CREATE TRIGGER t AFTER INSERT ON article BEGIN INSERT INTO furniture"
           f" {_LOOP} i FROM n; END"),
    _plain("a trigger that deletes", "CREATE TRIGGER t AFTER UPDATE ON state BEGIN DELETE FROM article; END"),
    _plain("a virtual table", "CREATE VIRTUAL TABLE r USING rtree(id, a, b)"),
    _plain("a table more", "CREATE TABLE more (a)"),
    _plain("an index more", "CREATE INDEX more ON article (outlet)"),
    _plain("an index over a costly expression", "CREATE INDEX more ON article (hex(zeroblob(100000)))"),
    _plain("statistics that mislead", "ANALYZE", "UPDATE sqlite_stat1 SET stat = '1 1 1'"),
    _plain("no table of pairs", "DROP TABLE pair"),
    _plain("no index of keys", "DROP INDEX article_key"),
    _plain("no index by age", "DROP INDEX article_age"),
    _plain("an index of another column", "DROP INDEX article_key", "CREATE INDEX article_key ON article (digest)"),
    _plain("a column more", "ALTER TABLE article ADD COLUMN more"),
    _plain("a column of another name", "ALTER TABLE article RENAME COLUMN digest TO other"),
    _plain("a column that is computed", "DROP TABLE furniture",
           "CREATE TABLE furniture (a, line INTEGER GENERATED ALWAYS AS (length(zeroblob(900000000))))"),
    _plain("a check that costs", "DROP TABLE furniture",
           "CREATE TABLE furniture (line INTEGER PRIMARY KEY CHECK (length(hex(zeroblob(100000000))) > 0))"),
    _plain("a schema that is no SQL", "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = 'abc' WHERE name = 'body'"),
    _plain("a schema of blobs", "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET sql = x'ff' WHERE name = 'body'"),
    _plain("two tables on one page", "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = (SELECT rootpage"
           " FROM sqlite_master WHERE name = 'document') WHERE name = 'text'"),
    _plain("a table on no page", "PRAGMA writable_schema = ON", "UPDATE sqlite_master SET rootpage = 0 WHERE name = 'pair'"),
    _plain("a table beyond the file", "PRAGMA writable_schema = ON",
           "UPDATE sqlite_master SET rootpage = 99999999 WHERE name = 'pair'"),
    _plain("a thousand tables", *(f"CREATE TABLE t{i} (a)" for i in range(1000))),
]  # fmt: skip


_MADE = [
    *(_plain(f"version {x}", f"PRAGMA user_version = {x}") for x in (0, -1, *range(1, VERSION), VERSION + 1, 2**31 - 1)),
    _plain("of another program", "PRAGMA application_id = 7"),
    _plain("kept with another journal", "PRAGMA journal_mode = DELETE"),
    *(
        _rows(f"settings {name}", f"UPDATE made SET value = {value} WHERE name = 'settings'",
              "UPDATE made SET value = '0' WHERE name = 'crc'")
        for name, value in {
            "NULL": "NULL", "blob": "x'ff'", "no JSON": "'abc'", "a number": "'1'", "a list": "'[]'",
            "deep": "replace(hex(zeroblob(50000)), '00', '[')", "unknown": """'{"abc":1}'""", "huge": """'{"slots":1e18}'""",
            "threads": """'{"threads":64}'""", "of wrong types": """'{"level":7,"jaccard":"x"}'""",
        }.items()
    ),
    _rows("no settings", "DELETE FROM made"),
    _rows("a recipe that is a blob", "UPDATE made SET value = x'ff' WHERE name = 'recipe'"),
    *(
        _rows(f"counter {name} {shown}", f"UPDATE state SET value = {value} WHERE name = '{name}'")
        for name in ("article", "articles", "texts", "generation", "dead", "story")
        for shown, value in {"2**40": str(_NUMBER_BEYOND), "-1": "-1", "text": "'abc'"}.items()
    ),
    _rows("counter article 2**32 - 1", "UPDATE state SET value = 4294967295 WHERE name IN ('article', 'dead')"),
    _rows("counter article NULL", "UPDATE state SET value = NULL WHERE name = 'article'"),
    _rows("counter article with a fraction", "UPDATE state SET value = 1.5 WHERE name = 'article'"),
    _rows("counter article 3", "UPDATE state SET value = 3"),
    _rows("a counter less", "DELETE FROM state WHERE name = 'dead'"),
    _rows("a counter more", "INSERT INTO state VALUES ('more', 1)"),
]  # fmt: skip


def _head_of_frame(size: int) -> bytes:
    """A frame of Zstandard that claims so many bytes, and has one."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x09\x00\x00a"


def _body(name: str, content: bytes, where: str = "") -> Forgery:
    return _rows(f"body {name}", f"UPDATE body SET content = ? {where}", values=[content])


def _packed(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(body)


def _bomb(name: str, size: int, where: str) -> Forgery:
    """A true bomb: it holds what it claims."""

    def forge(path: Path) -> None:
        head = f"0 0 {size} 0 0 \n".encode()
        with _loosened(path) as file:
            file.execute(f"UPDATE body SET content = ? {where}", [_packed(head + b"\xc7" * size)])

    return Forgery(f"body {name}", forge)


_BODIES = [
    *_values("body", "content", {"NULL": "NULL", "text": "'abc'", "number": "7", "empty": "x''", "garbage": "randomblob(90)"}),
    _body("that claims 8 EiB", _head_of_frame(1 << 63)),
    _body("that claims 5 GB", _head_of_frame(5_000_000_000)),
    _body("that claims nothing", b"\x28\xb5\x2f\xfd\x00\x58\x09\x00\x00a"),
    _bomb("a bomb of 400 MB", 400_000_000, "WHERE article = (SELECT min(article) FROM body)"),
    _bomb("bombs of 4 MB each", 4_000_000, ""),
    _body("without a head", _packed(b"abc")),
    *(
        _body(f"with the head {head!r}", _packed(head + b"\nabc"))
        for head in (b"0 -5 8 0 0 ", b"0 9999999999999999999 0 0 0 ", b"9 3 0 0 0 ", b"-1 3 0 0 0 ", b"0 3 0 0 0 nan",
                     b"0 3 0 0 0 1e300", b"0 3 0 0 0 inf", b"0 1 1 1", b"a b c d e f", b"1 0 3 0 0 " + b"9" * 5000)
    ),
    _rows("bodies that are swapped", "UPDATE body SET content = (SELECT content FROM body AS b WHERE b.article = 3)"),
    _rows("bodies of articles that are not there", "UPDATE body SET article = article + 1000000"),
    _rows("no bodies", "DELETE FROM body"),
]  # fmt: skip


_ARTICLES = [
    *_values("article", "id", _NAMES | {"no UTF-8": "CAST(x'ffd8' AS TEXT)"}, "WHERE number % 3 = 0"),
    *_values("article", "outlet", _NAMES),
    *_values("article", "key", {"NULL": "NULL", "text": "'abc'", "one for all": "5"}),
    *_values("article", "digest", {"NULL": "NULL", "text": "'abc'", "one for all": "5"}),
    *_values("article", "date", _MOMENTS),
    *_values("article", "added", _MOMENTS, crc="crc_of_number(added)"),
    *_values(
        "article", "document", {**_VALUES, "one for all": _FIRST.format("number", "document")}, "WHERE number > 5"
    ),
    _rows("articles of negative numbers", "UPDATE article SET number = -number"),
    _rows("articles of huge numbers", f"UPDATE article SET number = number + {_HUGE}"),
    _rows("articles of numbers beyond 32 bits", "UPDATE article SET number = number + 4294967296"),
    _rows("no articles", "DELETE FROM article"),
    _rows("one id for all", "UPDATE article SET id = 'one'"),
]
_REPLACED = [
    *_values("replaced", "id", _NAMES),
    *_values("replaced", "digest", {"NULL": "NULL", "text": "'abc'", "one for all": "5"}),
    *_values("replaced", "crc", {"NULL": "NULL", "other": "1"}),
]
_DOCUMENTS = [
    *_values("document", "article", {**_VALUES, "one for all": _FIRST.format("number", "article")}),
    *_values("document", "hash", {"NULL": "NULL", "text": "'abc'", "one for all": "5"}),
    *_values("document", "words", {**_VALUES, "0": "0", "-2**63": "-9223372036854775808"}),
    *_values(
        "document", "centre", {**_VALUES, "one for all": _FIRST.format("number", "document"), "next": "number + 1"}
    ),
    _rows("no documents", "DELETE FROM document"),
    _rows("documents of negative numbers", "UPDATE document SET number = -number"),
]
_ALL_LINKED = (
    "INSERT OR REPLACE INTO link SELECT d.number, e.number, 9, 9, 9, 1.0, 1.0, 0, 0, 0, 0, 0, 0, 0, 0, 1 FROM document AS d JOIN"
    " document AS e ON d.number < e.number"
)
_LINKS = [
    *(x for column in ("shared", "larger", "ties") for x in _values("link", column, _VALUES)),
    *_values("link", "smaller", {"0": "0", "-5": "-5"}),
    *_values("link", "opening", {"NULL": "NULL", "text": "'abc'", "inf": "9e999", "-1": "-1.0"}),
    *_values("link", "facts", {"-1": "-1", "2**62": str(_HUGE), "with a fraction": "0.5"}),
    _rows("links to what is not there", "UPDATE link SET b = b + 100000"),
    _rows("links from texts", "UPDATE link SET a = 'abc' || a"),
    _rows("links of documents with themselves", "UPDATE OR REPLACE link SET b = a"),
    _rows("every document linked with every other", _ALL_LINKED),
    _rows("no links", "DELETE FROM link"),
]
_TEXTS = [
    *_values("text", "body", _VALUES),
    *_values("text", "story", {**_VALUES, "one for all": _FIRST.format("number", "story")}),
    *_values("text", "first", _MOMENTS),
    *_values("text", "outlets", {"NULL": "NULL", "no JSON": "'abc'", "a number": "'7'", "of lists": "'[[1],[2]]'",
                                 "a blob": "x'ff'", "deep": "replace(hex(zeroblob(20000)), '00', '[')"}),
    *_values("text", "slots", {"NULL": "NULL", "text": "'abc'", "short": "x'0102'", "odd": "zeroblob(511)",
                               "8 MB": "zeroblob(8000000)", "all one": "zeroblob(512)"}),
    _rows("no texts", "DELETE FROM text"),
]  # fmt: skip
_CRC_OF_PAIR = "crc_of_pair(a, b, score, features)"
_PAIRS = [
    *_values("pair", "score", {"NULL": "NULL", "text": "'abc'", "inf": "9e999", "-1": "-1.0", "2": "2.0"}, crc=_CRC_OF_PAIR),
    *_values("pair", "features", {"NULL": "NULL", "text": "'abc'", "short": "x'00'", "NaN": "x'" + "ff" * 4 * len(FEATURES) + "'",
                                  "empty": "x''"}, crc=_CRC_OF_PAIR),
    _rows("pairs of what is not there", "UPDATE pair SET b = b + 100000"),
    _rows("pairs of texts", "UPDATE pair SET a = 'abc' || a"),
    _rows("pairs with themselves", "UPDATE OR REPLACE pair SET b = a"),
    _rows("every text paired with every other", "INSERT OR REPLACE INTO pair SELECT a.centre, b.centre, 0.99, (SELECT features"
          " FROM pair LIMIT 1), 0 FROM text AS a JOIN text AS b ON a.centre < b.centre",
          f"UPDATE pair SET crc = {_CRC_OF_PAIR}"),
]  # fmt: skip
_CRC_OF_STORY = "crc_of_story(id, into_story)"
_STORIES = [
    *_values("story", "id", {"no UTF-8": "CAST(x'ffd8' AS TEXT)"}, "WHERE number = 2"),
    *_values("story", "id", _NAMES, "WHERE number = 2", crc=_CRC_OF_STORY),
    *_values("story", "into_story", {**_VALUES, "itself": "number", "the next": "number + 1"}, crc=_CRC_OF_STORY),
    _rows("no stories", "DELETE FROM story"),
    *_values("standing", "size", _VALUES),
    *_values("standing", "newest", _MOMENTS),
    *_values("standing", "changed", _VALUES),
    *_values("standing", "stirred", _VALUES),
    _rows("standings of stories that are not there", "UPDATE standing SET story = story + 100000"),
    _rows("no standings", "DELETE FROM standing"),
    _rows("20,000 aliases", "INSERT INTO story WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
          f" SELECT 1000 + i, 'alias' || i, {_FIRST.format('number', 'story')}, 0 FROM n",
          f"UPDATE story SET crc = {_CRC_OF_STORY}"),
    _rows("200,000 learned lines", "INSERT OR IGNORE INTO furniture WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM"
          " n WHERE i < 200000) SELECT i * 46116860184273 FROM n"),
]  # fmt: skip
_SEGMENTS = [
    *(
        forgery
        for column in ("firsts", "documents", "stems")
        for forgery in _values("segment", column, {
            "NULL": "NULL", "text": "'abc'", "odd": "x'010203'", "descending": "x'ffffffffffffffff' || zeroblob(40)",
            "one": "zeroblob(24)", "huge": "x'ffffffffffffffffffffffff'", "8 MB": "zeroblob(24000000)"})
    ),
    _rows("segments of huge numbers", f"UPDATE segment SET number = number + {_NUMBER_BEYOND}"),
    _rows("segments of negative numbers", "UPDATE segment SET number = -number"),
    _rows("a segment without pages", "INSERT INTO segment VALUES (1000, zeroblob(80), x'', x'', 0)"),
    *_values("segment", "crc", {"NULL": "NULL", "other": "1"}),
    *_values("page", "entries", {"NULL": "NULL", "text": "'abc'", "empty": "x''", "odd": "x'010203'", "zeros": "zeroblob(4032)",
                                 "beyond": "x'ffffffffffffff7f'", "descending": "x'ffffffffffffff7f' || zeroblob(64)",
                                 "60 MB": "zeroblob(60000000)"}, "WHERE place = (SELECT min(place) FROM page)"),
    _rows("no pages", "DELETE FROM page"),
    _rows("pages of no segment", "UPDATE page SET place = -place - 1"),
    _rows("no segments", "DELETE FROM segment", "DELETE FROM page"),
]  # fmt: skip


# pages


def _root(raw: bytearray, name: str) -> int:
    file = sqlite3.connect(":memory:")
    try:
        image = bytearray(raw)
        image[18:20] = b"\x01\x01"  # no write-ahead log
        file.deserialize(bytes(image))
        return int(file.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0])
    finally:
        file.close()


def _interior(child: int, count: int, size: int, kind: int) -> bytes:
    """A page whose `count` children are all the same one: of a table (kind 5), or of an index (kind 2)."""
    cell = struct.pack(">I", child) + (b"\x01" if kind == 5 else b"\x03\x02\x09\x01")
    start = size - count * len(cell)
    head = struct.pack(">BHHHBI", kind, 0, count, start, 0, child)
    pointers = b"".join(struct.pack(">H", start + i * len(cell)) for i in range(count))
    return (head + pointers).ljust(start, b"\0") + cell * count


def _tower(name: str, kind: int, levels: int = 8) -> Forgery:
    """Pages each of which leads to the next one hundreds of times, so that a walk over the table would not end."""

    def change(raw: bytearray) -> None:
        size, pages, root = struct.unpack(">H", raw[16:18])[0], len(raw) // 4096, _root(raw, name)
        leaf = bytes(raw[(root - 1) * size : root * size])
        for i in range(levels):
            raw += _interior(pages + i + 2, 300, size, kind)
        raw += leaf
        raw[(root - 1) * size : root * size] = _interior(pages + 1, 300, size, kind)
        raw[28:32] = struct.pack(">I", len(raw) // size)
        raw[92:96] = raw[24:28]

    return _bytes(f"pages of {name} that lead into each other for ever", change)


def _ring(name: str, kind: int) -> Forgery:
    def change(raw: bytearray) -> None:
        root = _root(raw, name)
        raw[(root - 1) * 4096 : root * 4096] = _interior(root, 300, 4096, kind)

    return _bytes(f"a page of {name} that leads to itself", change)


def _set(name: str, at: int, value: bytes) -> Forgery:
    def change(raw: bytearray) -> None:
        raw[at : at + len(value)] = value

    return _bytes(name, change)


def _cut(share: float) -> Forgery:
    def change(raw: bytearray) -> bytearray:
        return raw[: int(len(raw) * share)]

    return _bytes(f"cut to {share:.0%}", change)


def _beside(name: str, ending: str, content: bytes) -> Forgery:
    return Forgery(name, lambda path: Path(f"{path}{ending}").write_bytes(content) and None)


_PAGES = [
    *(_tower(name, 5) for name in ("article", "body", "document", "text", "page", "segment", "story", "furniture")),
    *(_tower(name, 2) for name in ("article_key", "link", "pair", "made", "state", "text_story")),
    *(_ring(name, 5) for name in ("article", "body")),
    _ring("link", 2),
    _set("an encoding of UTF-16", 56, b"\0\0\0\x02"),
    _set("an encoding that is none", 56, b"\0\0\0\x09"),
    _set("pages of another size", 16, b"\x02\x00"),
    _set("pages of no size", 16, b"\x00\x03"),
    _set("a schema of another format", 44, b"\0\0\0\x63"),
    _set("a file that says it has 2**32 pages", 28, b"\xff\xff\xff\xff"),
    _set("free pages that are in use", 32, b"\0\0\0\x03\0\0\0\x05"),
    _set("pages reserved to the last byte", 20, b"\xff"),
    _set("no write-ahead log", 18, b"\x01\x01"),
    *(_cut(share) for share in (0.001, 0.2, 0.5, 0.99)),
    _beside("a log of garbage", "-wal", b"\x37\x7f\x06\x82" + bytes(range(256)) * 64),
    _beside("a journal of garbage", "-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(range(256)) * 64),
    _beside("a note of a writer with a huge number", "-writer",
            b'{"pid": 1e30, "host": "\x1b[31m", "command": "\x1b]0;x\x07", "at": 1e300}'),
]  # fmt: skip


FORGERIES: tuple[Forgery, ...] = (
    *_SCHEMA, *_MADE, *_ARTICLES, *_BODIES, *_REPLACED, *_DOCUMENTS, *_LINKS, *_TEXTS, *_PAIRS, *_STORIES, *_SEGMENTS, *_PAGES,
)  # fmt: skip
"""All kinds, each with a name of its own."""
