"""Many short texts, such as ids, in one array of bytes: a Python string is made of one when it is asked for.

Array letters: `n` texts, `s` bytes of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts
from clusterer.arrays.ragged import Growing, take_rows

_TEXTS = 1 << 12  # texts made together
_HALVES = "surrogatepass"  # halves of pairs are kept as they came


class Texts(Sequence[str]):
    """n texts, that cannot be changed; a part of them is a list.

    Attributes:
        data: uint8 (s,), UTF-8 in which halves of surrogate pairs may stand.
        offsets: int64 (n + 1,); text i is ``data[offsets[i]:offsets[i + 1]]``.

    >>> found = Texts.of(["a", "ب", ""])
    >>> found[1], found[1:], len(found)
    ('ب', ['ب', ''], 3)
    """

    def __init__(self, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        """Hold UTF-8, uint8 (s,), and where texts begin in it, int64 (n + 1,)."""
        self.data, self.offsets = data, offsets

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Hold some texts."""
        data, counts = _encoded(list(texts))
        return cls(data, offsets_from_counts(counts))

    @classmethod
    def joined(cls, parts: Sequence[Texts]) -> Texts:
        """Several as one."""
        data = np.concatenate([part.data[part.offsets[0] : part.offsets[-1]] for part in parts])
        return cls(data, offsets_from_counts(np.concatenate([np.diff(part.offsets) for part in parts])))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, which: int) -> str: ...
    @overload
    def __getitem__(self, which: slice) -> list[str]: ...
    def __getitem__(self, which: int | slice) -> str | list[str]:
        if isinstance(which, slice):
            places = range(len(self))[which]
            if places.step == 1:
                return self._block(places.start, max(places.stop, places.start))
            return [self[i] for i in places]
        place = range(len(self))[which]
        return self.data[self.offsets[place] : self.offsets[place + 1]].tobytes().decode("utf-8", _HALVES)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _TEXTS):
            yield from self._block(start, min(start + _TEXTS, len(self)))

    def picked(self, places: NDArray[np.int64]) -> Texts:
        """The texts at some places, int64 (any length), in that order."""
        return Texts(*take_rows(self.data, self.offsets, places))

    def take(self, places: NDArray[np.int64]) -> list[str]:
        """As `picked`, as strings."""
        return self.picked(places)[:]

    def _block(self, start: int, stop: int) -> list[str]:
        """Texts from one place to another."""
        ends = self.offsets[start : stop + 1]
        data = self.data[ends[0] : ends[-1]].tobytes()
        bounds = (ends - ends[0]).tolist()
        if data.isascii():
            text = data.decode("ascii")
            return [text[a:z] for a, z in pairwise(bounds)]
        return [data[a:z].decode("utf-8", _HALVES) for a, z in pairwise(bounds)]


def _encoded(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Texts in UTF-8, uint8 (s,), and the bytes of each, int64 (n,)."""
    whole = "".join(texts)
    if whole.isascii():
        data, counts = whole.encode("ascii"), np.fromiter(map(len, texts), np.int64, len(texts))
    else:
        encoded = [text.encode("utf-8", _HALVES) for text in texts]
        data, counts = b"".join(encoded), np.fromiter(map(len, encoded), np.int64, len(texts))
    return np.frombuffer(data, dtype=np.uint8), counts


class GrowingTexts:
    """Texts that are added some at a time."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._data, self._counts, self._hashes = Growing(np.uint8), Growing(np.int64), Growing(np.int64)
        self.count = 0

    def extend(self, texts: Sequence[str]) -> None:
        """Add some at the end."""
        data, counts = _encoded(texts)
        self._data.append(data)
        self._counts.append(counts)
        self._hashes.append(np.fromiter(map(hash, texts), np.int64, len(texts)))
        self.count += len(texts)

    def may_repeat(self) -> bool:
        """Whether two of them may be equal; told once. Where it is False, none are."""
        hashes = self._hashes.array()
        hashes.sort()
        return bool((hashes[1:] == hashes[:-1]).any())

    def whole(self) -> Texts:
        """All of them; nothing is left here."""
        return Texts(self._data.array(), offsets_from_counts(self._counts.array()))


def take_texts(texts: Sequence[str], places: NDArray[np.int64]) -> list[str]:
    """As `Texts.take`, of any sequence."""
    return texts.take(places) if isinstance(texts, Texts) else [texts[i] for i in places.tolist()]


def chosen_texts(texts: Sequence[str], places: NDArray[np.int64]) -> Texts:
    """As `Texts.picked`, of any sequence."""
    return texts.picked(places) if isinstance(texts, Texts) else Texts.of([texts[i] for i in places.tolist()])
