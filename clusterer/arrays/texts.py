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

    >>> found = Texts.of(["a", "ب", ""])
    >>> found[1], found[1:], len(found)
    ('ب', ['ب', ''], 3)
    """

    def __init__(self, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        """Hold UTF-8, uint8 (s,), and where texts begin in it, int64 (n + 1,)."""
        self._data, self._offsets = data, offsets

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Hold some texts."""
        growing = GrowingTexts()
        growing.extend(list(texts))
        return growing.whole()

    def __len__(self) -> int:
        return len(self._offsets) - 1

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
        return self._data[self._offsets[place] : self._offsets[place + 1]].tobytes().decode("utf-8", _HALVES)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _TEXTS):
            yield from self._block(start, min(start + _TEXTS, len(self)))

    def take(self, places: NDArray[np.int64]) -> list[str]:
        """The texts at some places, int64 (any length), in that order."""
        return Texts(*take_rows(self._data, self._offsets, places))[:]

    def _block(self, start: int, stop: int) -> list[str]:
        """Texts from one place to another."""
        ends = self._offsets[start : stop + 1]
        data = self._data[ends[0] : ends[-1]].tobytes()
        bounds = (ends - ends[0]).tolist()
        if data.isascii():
            text = data.decode("ascii")
            return [text[a:z] for a, z in pairwise(bounds)]
        return [data[a:z].decode("utf-8", _HALVES) for a, z in pairwise(bounds)]


class GrowingTexts:
    """Texts that are added some at a time."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._data, self._counts, self._hashes = Growing(np.uint8), Growing(np.int64), Growing(np.int64)
        self.count = 0

    def extend(self, texts: Sequence[str]) -> None:
        """Add some at the end."""
        whole = "".join(texts)
        if whole.isascii():
            data, counts = whole.encode("ascii"), np.fromiter(map(len, texts), np.int64, len(texts))
        else:
            encoded = [text.encode("utf-8", _HALVES) for text in texts]
            data, counts = b"".join(encoded), np.fromiter(map(len, encoded), np.int64, len(texts))
        self._data.append(np.frombuffer(data, dtype=np.uint8))
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
