"""Texts as bytes of UTF-8 with offsets, as columns of tables hold them: no string a text.

Knows letters, not what they mean: what is looked for is a caller's table of classes.

Array letters: `n` texts, `c` bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels

_NEAR = 0x800  # letters below have classes: those of Latin, Greek, Cyrillic, Hebrew and Arabic
HEAD = 120
"""Letters at the beginning of a text that are looked at by themselves."""
NUL, MARKUP, LATIN_M, LATIN_S, LATIN_W, LATIN_T, SLASH, PAUSE = (1 << bit for bit in range(8))
"""Classes of letters by which a text is told that needs a closer look."""
_CLASSES = {
    NUL: "\0", MARKUP: "<&\r", LATIN_M: "mM", LATIN_S: "s", LATIN_W: "w", LATIN_T: "t", SLASH: "/",
    PAUSE: "-:/|\n\u0640NP",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at all letters of n texts tells.

    Attributes:
        lengths: int64 (n,), letters of each; -1 where it is not valid UTF-8.
        seen: uint8 (n,), classes of all its ASCII letters.
        opens: uint8 (n,), classes of its first `HEAD` letters; all classes where one of them is from 0x800 on.
    """

    lengths: NDArray[np.int64]
    seen: NDArray[np.uint8]
    opens: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Utf8Texts:
    """n texts.

    Attributes:
        data: uint8 (c,), UTF-8 in which halves of surrogate pairs may stand.
        starts, stops: int64 (n,), each text's first and past-the-last byte in `data`; texts may overlap, and come in any order.
        scan: what `scanned` tells of them; None before.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    scan: Scan | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def raw(self, i: int) -> bytes:
        """The bytes of a text."""
        return self.data[self.starts[i] : self.stops[i]].tobytes()

    def text(self, i: int) -> str:
        """A text as a string."""
        return self.raw(i).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return map(self.text, range(len(self)))

    def slice(self, start: int, stop: int) -> Utf8Texts:
        """Texts `start` to `stop`, as views."""
        part, scan = slice(start, stop), self.scan
        if scan is not None:
            scan = Scan(scan.lengths[part], scan.seen[part], scan.opens[part])
        return Utf8Texts(self.data, self.starts[part], self.stops[part], scan)

    def head(self, i: int) -> str:
        """The first `HEAD` letters of a text."""
        start, stop = int(self.starts[i]), int(self.stops[i])
        end = start + 4 * HEAD
        while end < stop and self.data[end] & 0xC0 == 0x80:  # inside a letter
            end -= 1
        return self.data[start : min(end, stop)].tobytes().decode("utf-8", "surrogatepass")[:HEAD]

    def replaced(self, texts: Mapping[int, str]) -> Utf8Texts:
        """The texts, some of them, by their numbers, others than they were; not scanned."""
        if not texts:
            return self
        raw = [text.encode("utf-8", "surrogatepass") for text in texts.values()]
        ends = len(self.data) + np.cumsum([len(text) for text in raw])
        starts, stops, numbers = self.starts.copy(), self.stops.copy(), list(texts)
        starts[numbers], stops[numbers] = ends - [len(text) for text in raw], ends
        return Utf8Texts(np.concatenate([self.data, np.frombuffer(b"".join(raw), dtype=np.uint8)]), starts, stops)


def utf8_of(texts: Sequence[str]) -> Utf8Texts:
    """Strings as bytes.

    >>> list(utf8_of(["a", "", "نص"]))
    ['a', '', 'نص']
    """
    raw = [text.encode("utf-8", "surrogatepass") for text in texts]
    sizes = np.array([len(text) for text in raw], dtype=np.int64)
    stops = np.cumsum(sizes)
    return Utf8Texts(np.frombuffer(b"".join(raw), dtype=np.uint8), stops - sizes, stops)


def joined(parts: Sequence[Utf8Texts]) -> Utf8Texts:
    """Several as one."""
    if len(parts) == 1:
        return parts[0]
    parts = [_own(part) for part in parts]
    shifts = np.cumsum([0, *(len(part.data) for part in parts)])[:-1]
    scans = [part.scan for part in parts if part.scan is not None]
    scan = None
    if len(scans) == len(parts):
        scan = Scan(*(np.concatenate([getattr(one, f.name) for one in scans]) for f in fields(Scan)))
    return Utf8Texts(
        np.concatenate([part.data for part in parts]),
        np.concatenate([part.starts + shift for part, shift in zip(parts, shifts, strict=True)]),
        np.concatenate([part.stops + shift for part, shift in zip(parts, shifts, strict=True)]),
        scan,
    )


def _own(texts: Utf8Texts) -> Utf8Texts:
    """The same without the bytes around them: parts of one array must not carry all of it each."""
    if not len(texts):
        return replace(texts, data=texts.data[:0])
    start, stop = int(texts.starts.min()), int(texts.stops.max())
    return replace(texts, data=texts.data[start:stop], starts=texts.starts - start, stops=texts.stops - start)


def scanned(texts: Utf8Texts) -> Utf8Texts:
    """The texts with what a look at all their letters tells."""
    if texts.scan is not None:
        return texts
    n = len(texts)
    found = Scan(np.empty(n, dtype=np.int64), np.empty(n, dtype=np.uint8), np.empty(n, dtype=np.uint8))
    kernels.scan_utf8(
        texts.data, texts.starts, texts.stops, HEAD, letter_classes(), found.lengths, found.seen, found.opens
    )
    return replace(texts, scan=found)


@lru_cache(maxsize=1)
def letter_classes() -> NDArray[np.uint8]:
    """uint8 (`_NEAR`,), the classes of each letter."""
    table = np.zeros(_NEAR, dtype=np.uint8)
    for bit, letters in _CLASSES.items():
        table[[ord(letter) for letter in letters]] |= np.uint8(bit)
    return table
