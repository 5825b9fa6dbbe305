"""The array of a JSON document, element by element, from chunks of bytes.

Holds one element at a time, never the document; goes on behind broken elements.

Does not make articles, does not number rows; what is wrong comes out as a value, never as an exception.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import orjson

from clusterer.io.columns import RowError
from clusterer.io.compression import TruncatedInput, cut_reason
from clusterer.io.feed_limits import FeedLimits, over, too_many_values
from clusterer.io.readers.jsonl import loaded
from clusterer.io.rows import EXCERPT, too_long

_MARKS = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"|["{}\[\]]')  # whole strings where they can be had
_BLANKS = re.compile(rb"[\s,]*+")
_BARE = re.compile(rb"[^,\]\s]++|.", re.S)
_BARE_REST = re.compile(rb"[^,\]\s]*+")
_FIRST_KEY = re.compile(rb'\{\s*"[^"\\\n]{1,200}"\s*:')


_ALL_MARKS = 10  # times `values`: brackets and ends of strings of a row
_LEVELS = 1024  # beyond which no element is read
_NOT_BROKEN = ("unexpected end", "depth", "recursion", "memory")  # words of errors that tell no broken syntax
_AGAIN = 2  # times the longest row: bytes that are looked at again behind broken elements
_TOO_BROKEN = "the array is broken again and again, rows in rows; the rest is not read; cure: fetch the file again"
_NOT_CLOSED = "the array is not closed: the file ends early; cure: fetch the file again"
DOCUMENT_NOT_CLOSED = "the file ends early: the document is not closed; cure: fetch the file again"
_LONGEST_KEY = 1000  # bytes
_LONGEST_GAP = 1000  # bytes between elements that are laid out alike


def _key_before(end: bytes) -> str | None:
    r"""The string that these bytes end with; None where it is longer, or none.

    >>> _key_before(b'{"a": 1, "b\\"c"'), _key_before(b'c"')
    ('b"c', None)
    """
    start = len(end) - 1
    while (start := end.rfind(b'"', 0, start)) >= 0:
        before = end[:start]
        if (len(before) - len(before.rstrip(b"\\"))) % 2 == 0:  # else it is escaped, and the string's own
            key = loaded(end[start:])
            return key if isinstance(key, str) else None
    return None


class DamageError(RowError):
    """The document ends here, and was not whole."""


class JsonArray:
    """The elements of the array in a JSON document as (bytes, value); one held at a time. Damage has an error as value.

    The array is the document, or all arrays of objects that stand at some paths inside it, by the names on the way to them;
    where no path is told, at that of the first one. A bare one is objects one after the other, without brackets. After a broken
    element the walk goes on where the next one seems to begin: a comma, a brace and the first key, laid out as in the
    elements before.
    """

    def __init__(
        self, chunks: Iterator[bytes], limits: FeedLimits, paths: Collection[tuple[str, ...]] = (), bare: bool = False
    ) -> None:
        self._chunks, self._limits, self._paths, self._bare = chunks, limits, paths, bare
        self._names: list[str | None] = []  # of what encloses the array: a member's name, None for what has none
        self._path: list[str] = []  # those of them that are names
        self._limit, self._looked_again = limits.row_bytes, 0  # bytes behind broken elements that were taken up again
        self._buffer, self._start, self._position = b"", 0, 0  # element from _start, looked at up to _position
        self._skipped, self._excerpt = 0, b""  # bytes before the array that were dropped, and how they began
        self._cut, self._ended = "", False  # why the bytes ended early; whether they ended inside an element
        self._gap = b""  # blanks and commas that were skipped last, the first of them
        self._between, self._opening = rb",\s*", b""  # patterns: what parts elements, how they begin

    @property
    def cut(self) -> str:
        """Why the bytes ended early, or were not read to their end; "" where they were."""
        return self._cut

    def __iter__(self) -> Iterator[tuple[bytes, Any]]:
        if not self._enter():
            rest = self._buffer[self._start :]
            size, excerpt = self._skipped + len(rest), (self._excerpt + rest)[: 4 * EXCERPT]
            if self._cut:
                yield excerpt, DamageError(self._cut)
            elif size > self._limit:
                yield excerpt, RowError(f"no array of objects in this JSON document, and {too_long(size, self._limit)}")
            elif size:
                yield excerpt, RowError("no array of objects in this JSON document; cure: --format")
            return
        was_whole = False  # the element before, which this one follows
        while self._skip_blanks():
            if self._buffer[self._start] == 0x5D:  # ]
                self._start += 1
                was_whole = False
                if self._wrapped:
                    if self._enter_next():
                        continue
                    if self._cut or self._names:
                        yield b"", DamageError(self._cut or DOCUMENT_NOT_CLOSED)
                    return
                if not self._skip_blanks():
                    if self._cut:
                        yield b"", DamageError(self._cut)
                    return
                if self._buffer[self._start] != 0x5B:
                    while len(self._buffer) - self._start < 4 * EXCERPT and self._fill():
                        pass
                    excerpt = self._buffer[self._start : self._start + 4 * EXCERPT]
                    yield excerpt, RowError("bytes after the end of the array; cure: remove them")
                    return
                self._start += 1  # two arrays, one after the other
                continue
            gap = self._gap if was_whole and len(self._gap) <= _LONGEST_GAP else b""
            element, reason = self._element()
            is_cut = self._ended and not reason.startswith("longer")
            error_type = DamageError if is_cut else RowError
            reason = reason or too_many_values(element, self._limits)
            value = error_type(reason or _NOT_CLOSED) if reason or is_cut else loaded(element)
            if not isinstance(value, ValueError):
                if element[:1] == b"{" and (key := _FIRST_KEY.match(element)):
                    self._opening = re.escape(key[0])
                    if b"," in gap:
                        self._between = re.escape(gap)
                yield element, value
                was_whole = True
                continue
            was_whole = False
            first = self._opening or (re.escape(key[0]) if (key := _FIRST_KEY.match(element)) else rb"\{")
            resumption = re.compile(self._between + b"(?=" + first + b")").search(element, 1)
            if resumption:
                tail = self._buffer[self._start :]
                self._buffer, self._start = element[resumption.end() :] + tail, 0
                self._looked_again += len(self._buffer)
                self._ended = False  # what is taken up again may be whole
                if self._looked_again > _AGAIN * self._limit:
                    yield element[: 4 * EXCERPT], DamageError(_TOO_BROKEN)
                    return
                element = element[: resumption.start()]
                if not reason:
                    value = loaded(element)
            yield element, value
            if self._ended and not resumption:
                return
        if self._cut or not self._bare:
            yield b"", DamageError(self._cut or _NOT_CLOSED)

    def _no_end(self, what: str, size: int) -> str:
        limit, self._chunks = self._limits.skipped_bytes, iter(())
        return over(f"{what} without an end in {size:,} bytes; the rest is not read", "skipped_bytes", limit)

    def _fill(self) -> bool:
        """Drop what is done with, take one more chunk."""
        self._buffer, self._position, self._start = self._buffer[self._start :], self._position - self._start, 0
        try:
            chunk = next(self._chunks, b"")
        except TruncatedInput as cut:
            chunk, self._cut = b"", cut_reason(cut)
        self._buffer += chunk
        return bool(chunk)

    def _skip_blanks(self) -> bool:
        """To the next element or bracket; False at the end of the file."""
        self._gap = b""
        while True:
            begin, match = self._start, _BLANKS.match(self._buffer, self._start)
            self._start = match.end() if match else begin
            self._gap += self._buffer[begin : min(self._start, begin + _LONGEST_GAP + 1 - len(self._gap))]
            if self._start < len(self._buffer):
                return True
            self._position = self._start
            if not self._fill():
                return False

    def _marks(self) -> Iterator[int]:
        """Brackets, braces and ends of strings from `_start` on; 0 whenever the element grows beyond the limit."""
        self._position, in_string, starved, count = self._start, False, False, 0
        while True:
            if starved or self._position >= len(self._buffer):
                if self._position - self._start > self._limit:
                    yield 0
                if not self._fill():
                    return
                starved = False
            if in_string:
                quote = self._buffer.find(b'"', self._position)
                broken = self._buffer.find(b"\n", self._position, len(self._buffer) if quote < 0 else quote)
                if broken >= 0:  # no string can hold a line end: this one was never closed
                    self._position, in_string = broken + 1, False
                    yield 0x22
                    continue
                end = len(self._buffer) if quote < 0 else quote
                first = end
                while first > self._position and self._buffer[first - 1] == 0x5C:
                    first -= 1
                if quote < 0:  # backslashes at the end of the buffer wait for what they escape
                    self._position, starved = first, True
                else:
                    self._position, in_string = quote + 1, (quote - first) % 2 == 1
                    if not in_string:
                        yield 0x22
                continue
            buffer, most = self._buffer, _ALL_MARKS * self._limits.values
            for match in _MARKS.finditer(buffer, self._position):
                start, self._position = match.span()
                count += 1
                if count > most:
                    what = f"a row of more than {count:,} brackets and strings; the rest is not read"
                    self._cut, self._chunks = over(what, "values", self._limits.values), iter(())
                    return
                if in_string := buffer[start] == 0x22 and self._position == start + 1:
                    break
                yield buffer[start]
                if self._buffer is not buffer:  # whoever takes the marks took more bytes
                    break
            else:
                self._position = len(buffer)

    def _enter(self) -> bool:
        """Go to the first element; False where there is no array."""
        self._wrapped = False
        if not self._skip_blanks():
            return False
        if self._bare:
            return True
        if self._buffer[self._start] == 0x5B:
            self._start += 1
            return True
        self._wrapped = True
        return self._enter_next()

    def _enter_next(self) -> bool:
        """Go to the first element of the next array at one of the paths, from between values of the document."""
        name: str | None = None
        self._skipped = 0
        for mark in self._marks():
            if mark == 0x22:
                if self._next_byte() == b":":
                    name = _key_before(self._buffer[max(self._start, self._position - _LONGEST_KEY) : self._position])
                continue
            if mark and mark in b"{[":
                is_array = mark == 0x5B and self._next_byte() == b"{"
                if is_array and self._is_wanted(name):
                    self._start = self._position
                    return True
                self._names.append(name)
                self._path += [name] if name is not None else []
                name = None
            elif mark:
                name = None
                if self._names and self._names.pop() is not None:
                    self._path.pop()
            if (room := 4 * EXCERPT - len(self._excerpt)) > 0:
                self._excerpt += self._buffer[self._start : min(self._position, self._start + room)]
            self._skipped += self._position - self._start
            self._start = self._position
            if self._skipped > self._limits.skipped_bytes:
                self._cut = self._no_end("an object before the articles", self._skipped)
                return False
        return False

    def _is_wanted(self, name: str | None) -> bool:
        """Whether an array of objects under this name, here, is one whose elements are told; costs no more the deeper it is."""
        longest = max(map(len, self._paths)) if self._paths else _LEVELS
        if len(self._path) + (name is not None) > longest:
            return False
        path = (*self._path, name) if name is not None else tuple(self._path)
        self._paths = self._paths or {path}
        return path in self._paths

    def _next_byte(self) -> bytes:
        """What stands next behind the mark that was found last, blanks left out; b"" where the file ends."""
        while not (rest := self._buffer[self._position : self._position + 1000].lstrip()) and self._fill():
            pass
        return rest[:1]

    def _element(self) -> tuple[bytes, str]:
        """The value at `_start`, and what is wrong with its extent; `_start` moves behind it."""
        if self._buffer[self._start] not in b'{["':
            match = _BARE.match(self._buffer, self._start)
            size = match.end() - self._start if match else 0
            while self._start + size == len(self._buffer) and size <= self._limit and self._fill():
                size = _BARE_REST.match(self._buffer, self._start + size).end() - self._start  # type: ignore[union-attr]
            element = self._buffer[self._start : self._start + size]
            self._start += size
            return element, ""
        depth, skipped, excerpt, is_deep = 0, 0, b"", False
        for mark in self._marks():
            if mark == 0:
                element = self._buffer[self._start : self._position]
                if not skipped and self._holds_another(element):
                    self._start = self._position
                    return element, ""
                excerpt = excerpt or element[: 4 * EXCERPT]
                skipped += len(element)
                self._start = self._position
                if skipped > self._limits.skipped_bytes:
                    self._ended, self._cut = True, self._no_end("a row", skipped)
                    return excerpt, self._cut
                continue
            depth += (mark in b"{[") - (mark in b"}]")
            if depth > _LEVELS and not is_deep and not skipped:
                is_deep, element = True, self._buffer[self._start : self._position]
                if self._is_left_open(element):
                    self._start = self._position
                    return element, ""
            if depth <= 0:
                element = self._buffer[self._start : self._position]
                self._start = self._position
                size = skipped + len(element)
                return (excerpt or element, too_long(size, self._limit)) if size > self._limit else (element, "")
        element = excerpt or self._buffer[self._start :]
        self._start, self._ended = len(self._buffer), True
        return element, self._cut

    def _holds_another(self, element: bytes) -> bool:
        """Whether the next element seems to begin inside this one."""
        return bool(self._opening and re.search(self._between + self._opening, element))

    def _is_left_open(self, beginning: bytes) -> bool:
        """Whether an element was never closed before the next ones: it is not only deep, but broken as far as this goes."""
        value = loaded(beginning)
        return (
            isinstance(value, orjson.JSONDecodeError)
            and not any(word in value.msg for word in _NOT_BROKEN)
            and self._holds_another(beginning)
        )
