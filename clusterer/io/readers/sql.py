r"""Dumps of MySQL, MariaDB, PostgreSQL and SQLite (.sql): the rows of `INSERT` and `COPY` into tables that hold texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from clusterer.errors import UnusableInput
from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.escapes import cells_of, unescaped
from clusterer.io.field_names import ABSTRACT_NAMES, column_key, each_once
from clusterer.io.readers.base import BOM, OpenedInput, undecodable
from clusterer.io.rows import Layout, Row, too_long

_NAME = r"(?:[`\"\[]?[\w$]+[`\"\]]?\.)?[`\"\[]?([\w$ -]+?)[`\"\]]?"
_CREATE = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?{_NAME}\s*\((.*)", re.I | re.S)
_COLUMN = re.compile(r"\s*(?:[`\"\[]([^`\"\]]+)[`\"\]]|(\w+))\s+\w")
_NO_COLUMN = re.compile(r"\s*(?:PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|FOREIGN|FULLTEXT|SPATIAL|CHECK|EXCLUDE)\b", re.I)
_COPY = re.compile(rf"COPY {_NAME} \(([^()]*)\) FROM stdin", re.I)
_INSERT = re.compile(rf"(?:INSERT|REPLACE) (?:IGNORE )?INTO {_NAME}\s*(?:\(([^()]*)\)\s*)?VALUES\s*", re.I)
_VALUE = {
    True: re.compile(
        r"\s*(?:(?P<call>_\w+\s*|[NE])?'(?P<text>(?:[^'\\]|''|\\.)*+)'|(?P<bare>[^,()']++(?:\([^()']*\))?))\s*(?=[,)])",
        re.S | re.I,
    ),
    False: re.compile(
        r"\s*(?:(?P<call>(?:replace\()++|unistr\()?'(?P<text>(?:[^']|'')*+)'(?(call)(?P<ends>(?:,'[^']*',char\(\d+\)\))++|\)))"
        r"|(?P<bare>[^,()']++(?:\([^()']*\))?))\s*(?=[,)])",
        re.S,
    ),
}
"""A value of a tuple, where backslashes are escapes (MySQL) and where they are none (PostgreSQL, SQLite)."""
_TOKEN = re.compile(r"'([^']*)',char\((\d+)\)")
_CODE = re.compile(r"\\(u[0-9a-fA-F]{4}|\\)")
_BETWEEN = re.compile(r"\s*(,|;|\Z|ON\b)\s*", re.I)
_DUMP = re.compile(
    rb"(?:--[^\n]*\n|\s|/\*.*?\*/;?|#[^\n]*\n)*+"
    rb"(?:PRAGMA |BEGIN|SET |CREATE (?:TABLE|DATABASE)|INSERT INTO|COPY |DROP TABLE|USE |START TRANS|LOCK TABLES|SELECT pg_)",
    re.S,
)
_PLAIN_QUOTES = re.compile(rb"PostgreSQL database dump|PRAGMA |\ABEGIN TRANSACTION|standard_conforming_strings = on")
_ENDS = (
    (re.compile(rb"^-- (?:MySQL|MariaDB) dump", re.M), "-- Dump completed"),
    (re.compile(rb"^-- PostgreSQL database dump", re.M), "-- PostgreSQL database dump complete"),
    (re.compile(rb"\A(?:PRAGMA [^\n]*\n)*BEGIN TRANSACTION;"), "COMMIT;"),
)
"""What a dump that begins so ends with, near enough."""
_WORK = 4  # times what was read, and the longest row: characters that are looked at, again and again where no row ends
_CUT = "the dump ends early{}; rows before it are kept; cure: fetch the file again, or dump it anew"
_NO_POSTS = {
    "post_type": {"revision", "attachment", "nav_menu_item"},
    "post_status": {"auto-draft", "trash", "inherit"},
}


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a dump."""
    return _DUMP.match(head.removeprefix(BOM)[:20_000]) is not None


@dataclass(slots=True)
class _Record:
    """A row of a table: the line where it starts, its bytes, its fields; what is wrong with it, "" for nothing."""

    line: int
    table: str
    raw: str
    row: dict[str, str | None]
    reason: str = ""


@dataclass(slots=True)
class _Dump:
    """What was met so far in a dump: the columns of its tables, and which of them hold articles."""

    opened: OpenedInput
    escapes: bool
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fit: dict[str, bool] = field(default_factory=dict)

    def is_read(self, table: str) -> bool:
        """Whether a table's rows are articles: the caller named it, or it has a text that is more than a description."""
        if table not in self.fit:
            try:
                texts = self.opened.columns.columns(self.columns.get(table, ()))["text"]
            except RowError:
                texts = ()
            is_full = bool(texts) and column_key(texts[0]) not in ABSTRACT_NAMES
            part = self.opened.part
            self.fit[table] = table == part if part else is_full
        return self.fit[table]


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of a dump's tables that hold texts, or of the one that the path names behind "::".

    WordPress's revisions, attachments, menus and drafts are left out.

    Raises:
        InputError: no table holds texts, or there is none of that name.
    """
    dump = _Dump(opened, _PLAIN_QUOTES.search(opened.head) is None)
    layout, waiting = Layout("sql"), list[_Record]()
    for record in _records(dump):
        waiting.append(record)
        if len(waiting) >= SAMPLE or waiting[0].table != record.table:
            yield from _articles(opened, waiting, layout)
            waiting = []
    yield from _articles(opened, waiting, layout)
    if not any(dump.fit.values()) and not opened.walk.damage:
        tables = (
            "; ".join(f"{name} ({', '.join(columns[:20])})" for name, columns in dump.columns.items()) or "no table"
        )
        what = f"no table {opened.part!r}" if opened.part else "no table has a text column"
        raise UnusableInput(f"{opened.name}: {what}; found {tables}; cure: FILE::TABLE, and --text-field NAME")


def _articles(opened: OpenedInput, records: list[_Record], layout: Layout) -> Iterator[Row]:
    good = [record.row for record in records if not record.reason]
    if good:
        opened.columns.check_header(tuple(good[0]), opened.name, good)
    for record in records:
        try:
            if record.reason:
                raise RowError(record.reason)
            if any(record.row.get(name) in values for name, values in _NO_POSTS.items()):
                opened.blank()
                opened.note(f"{opened.name}: revisions, attachments, menus and drafts of WordPress are left out")
                continue
            article = opened.columns(record.row)
        except RowError as error:
            opened.bad(record.line, str(error), record.raw)
        else:
            yield Row(article, record.row, opened.name, record.line, layout)


def _records(dump: _Dump) -> Iterator[_Record]:
    """The rows of the tables that are read, statement by statement."""
    opened, copied, inserted = dump.opened, "", ""
    created, held, first, work, size = "", "", 0, 0, 0
    number, is_complete, text = 0, False, ""
    end_mark = next((mark for begin, mark in _ENDS if begin.search(opened.head[:4096])), "")
    for number, line in opened.lines():
        text = line.decode("utf-8", "surrogateescape")
        size += len(text)
        is_complete = is_complete or text.startswith(end_mark)
        if copied:
            if text.rstrip("\r\n") == r"\.":
                copied = ""
            elif dump.is_read(copied):
                record = text.rstrip("\r\n")
                yield _checked(dump, copied, number, record, cells_of(record))
        elif inserted or (found := _INSERT.match(text)):
            if not inserted and found:
                inserted, text = found[1], text[found.end() :]
                if found[2]:
                    dump.columns[inserted] = _names(found[2])
                    dump.fit.pop(inserted, None)
            first = first if held else number
            held += text
            if len(held) > opened.row_limit + len(text) or work > _WORK * (size + opened.row_limit):
                opened.bad(first, too_long(len(held), opened.row_limit), held[:4000])
                inserted = held = ""
            elif text.rstrip().endswith((")", "),", ");", ";")):
                work += len(held)
                rows, end, is_done = _tuples(held, dump.escapes)
                if dump.is_read(inserted):
                    for raw, cells in rows:
                        yield _checked(dump, inserted, first, raw, cells)
                held = held[end:]
                if is_done:
                    inserted = held = ""
        elif created and not text.lstrip().startswith(")"):
            _add_columns(dump, created, text)
        elif found := _CREATE.match(text):
            created = found[1]
            dump.columns[created] = ()
            _add_columns(dump, created, found[2])
            created = "" if text.rstrip().endswith(";") else created
        elif found := _COPY.match(text):
            copied, created = found[1], ""
            dump.columns[copied] = _names(found[2])
        else:
            created = ""
    if copied or held.strip():
        opened.damaged(number, _CUT.format(", inside a table"), held[:4000])
    elif end_mark and not is_complete:
        opened.damaged(number, _CUT.format(f", before {end_mark!r}"), text)


def _names(columns: str) -> tuple[str, ...]:
    return each_once(tuple(name.strip().strip('`"[]') for name in columns.split(",")))


def _add_columns(dump: _Dump, table: str, text: str) -> None:
    """Add the columns that a part of `CREATE TABLE` names."""
    for part in re.sub(r"\([^()]*\)", "", text).partition(")")[0].split(","):  # `decimal(10,2)` holds a comma
        if not _NO_COLUMN.match(part) and (found := _COLUMN.match(part)):
            dump.columns[table] = (*dump.columns[table], found[1] or found[2])


def _checked(dump: _Dump, table: str, number: int, raw: str, cells: Sequence[str | None]) -> _Record:
    names, reason = dump.columns.get(table, ()), ""
    data = raw.encode("utf-8", "surrogateescape")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        reason, raw = undecodable(data, error, dump.opened.encoding), data.decode("utf-8", "backslashreplace")
    if len(cells) != len(names):
        reason = f"{len(cells)} values where the table has {len(names)} columns; cure: dump it anew, with column names"
    return _Record(number, table, raw, dict(zip(names, cells, strict=False)), reason)


def _tuples(text: str, escapes: bool) -> tuple[list[tuple[str, list[str | None]]], int, bool]:
    """The whole tuples at the beginning of a statement's values, where they end, and whether the statement does."""
    rows: list[tuple[str, list[str | None]]] = []
    end, value = 0, _VALUE[escapes]
    while True:
        start = end + len(text[end:]) - len(text[end:].lstrip()) if text[end : end + 1].isspace() else end
        if text[start : start + 1] != "(":
            return rows, end, start < len(text) and text[start] == ";"
        cells: list[str | None] = []
        position = start + 1
        while found := value.match(text, position):
            cells.append(_cell(found, escapes))
            position = found.end()
            if text[position] == ")":
                break
            position += 1
        if not found:
            return rows, end, False
        between = _BETWEEN.match(text, position + 1)
        if not between:
            return rows, end, False
        rows.append((text[start : position + 1], cells))
        end = between.end()
        if between[1] == ";" or between[1].upper() == "ON":
            return rows, end, True


def _cell(found: re.Match[str], escapes: bool) -> str | None:
    """A value of a tuple: a string between quotes, with SQLite's functions for line ends around it; or a bare word."""
    if found["text"] is None:
        word = found["bare"].strip()
        return None if word.upper() == "NULL" else word
    text = found["text"].replace("''", "'")
    if escapes:
        return unescaped(text)
    if (found["call"] or "").startswith("unistr"):
        return _CODE.sub(lambda code: "\\" if code[1] == "\\" else chr(int(code[1][1:], 16)), text)
    for token, number in _TOKEN.findall(found["ends"] or ""):
        text = text.replace(token, chr(int(number)))
    return text
