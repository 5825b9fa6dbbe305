r"""Cells as MySQL and PostgreSQL write them into text: `\n` for a line end, `\t` for a tab, `\N` for null."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ESCAPE = re.compile(r"\\(.)", re.S)
_MEANING = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a", "f": "\f", "v": "\v"}
_CELL = re.compile(r"(?:[^\\\t]|\\.|\\\Z)*+", re.S)
_NEEDED = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\0": r"\0", "\\": r"\\"}
_LEGAL = re.compile(r"\\[0bnrtZNfv\\'\"\t\n]")
_COMMON = re.compile(r"\\[nrtN\\]")


def unescaped(cell: str) -> str:
    r"""A cell with its escapes undone; `\N`, the null of dumps, is "".

    >>> unescaped(r"first\nsecond"), unescaped(r"\N")
    ('first\nsecond', '')
    """
    if "\\" not in cell:
        return cell
    return "" if cell == r"\N" else _ESCAPE.sub(lambda found: _MEANING.get(found[1], found[1]), cell)


def escaped(cell: str) -> str:
    r"""A cell as a dump holds it.

    >>> print(escaped("first\nsecond"))
    first\nsecond
    """
    return "".join(_NEEDED.get(letter, letter) for letter in cell)


def cells_of(record: str) -> list[str]:
    r"""The cells of a record between tabs, escapes undone; a tab or line end behind a backslash is part of a cell.

    >>> cells_of("1\tfirst\\\nsecond\\tthird\t\\N")
    ['1', 'first\nsecond\tthird', '']
    """
    if "\\\t" not in record:
        return [unescaped(cell) for cell in record.split("\t")]
    cells, position = [], 0
    while cell := _CELL.match(record, position):
        cells.append(unescaped(cell[0]))
        position = cell.end() + 1
        if position > len(record):
            break
    return cells


def records(lines: Iterator[tuple[int, bytes]], limit: int) -> Iterator[tuple[int, bytes]]:
    """Records with the number of their first line: a line that ends in a backslash goes on in the next one.

    One that grows over the limit ends there, so that it can be refused; so does one of very many lines.
    """
    first, size, held = 0, 0, list[bytes]()
    for number, line in lines:
        first = first or number
        held.append(line)
        size += len(line)
        bare = without_line_end(line)
        if goes_on(bare) and bare != line and size <= limit and len(held) <= max(1000, limit >> 7):
            continue
        yield first, b"".join(held)
        first, size, held = 0, 0, []
    if held:
        yield first, b"".join(held)


def without_line_end(record: bytes) -> bytes:
    r"""A record without the line end that closes it; one behind a backslash is part of its last cell.

    >>> without_line_end(b"first\\\n\n")
    b'first\\\n'
    """
    return record.removesuffix(b"\n").removesuffix(b"\r")


def closed(record: bytes) -> bytes:
    r"""A record without its line end, before which anything may stand: what would belong to that is spelt out at its end.

    >>> closed(b"half an escape\\"), closed(b"a letter of its own\r\r\r\n")
    (b'half an escape\\\\', b'a letter of its own\r\\r')
    """
    bare = without_line_end(record)
    if goes_on(bare):
        return bare + b"\\"
    if not bare.endswith(b"\r"):
        return bare
    return bare[:-1] + (b"r" if goes_on(bare[:-1]) else rb"\r")


def goes_on(record: bytes) -> bool:
    r"""Whether a record ends in a backslash, to which the line end that follows would belong.

    >>> goes_on(b"first\\"), goes_on(b"first\\\\")
    (True, False)
    """
    return (len(record) - len(record.rstrip(b"\\"))) % 2 == 1


def are_escaped(text: str) -> bool:
    r"""Whether every backslash in the first lines of a table begins an escape, and some are common ones.

    >>> are_escaped(r"first\nsecond"), are_escaped(r"C:\Users")
    (True, False)
    """
    return _COMMON.search(text) is not None and "\\" not in _LEGAL.sub("", text).rstrip("\\")
