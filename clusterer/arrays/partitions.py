"""Numbers of 64 bits in parts, each small enough to be sorted in memory, all of one value in one part.

Array letters: `x` numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import GAMMA
from clusterer.arrays.ragged import Growing
from clusterer.arrays.sorting import sort
from clusterer.arrays.spill import IN_MEMORY, Store

_BLOCK = 1 << 18  # numbers that are parted at a time
_FIRST = 1 << 26  # bytes of the first blocks of all parts


class Partitions:
    """Numbers that are appended, and taken out part by part: in each part those that it got, in their order.

    Attributes:
        bits: there are ``2**bits`` parts.
        store: where they live.
    """

    def __init__(self, bits: int = 0, store: Store = IN_MEMORY) -> None:
        """Empty, of ``2**bits`` parts, which live where the store says."""
        self.bits, self.store = bits, store
        self._parts = [Growing(np.uint64, store, _FIRST >> bits if bits else None) for _ in range(1 << bits)]

    def append_ascending(self, values: NDArray[np.uint64]) -> None:
        """Append uint64 (x,), ascending; parted by their upper bits."""
        bounds = np.arange(1, 1 << self.bits, dtype=np.uint64) << np.uint64(64 - self.bits)
        for part, some in zip(self._parts, np.split(values, np.searchsorted(values, bounds)), strict=True):
            part.append(some)

    def append(self, values: NDArray[np.int64]) -> None:
        """Append int64 (x,), in any order, none below 0; parted by a hash."""
        if not self.bits:
            self._parts[0].append(values.view(np.uint64))
            return
        for start in range(0, len(values), _BLOCK):
            some = values[start : start + _BLOCK].view(np.uint64)
            part = (some * np.uint64(GAMMA) >> np.uint64(64 - self.bits)).astype(np.uint8)
            some = some[np.argsort(part, kind="stable")]
            ends = np.cumsum(np.bincount(part, minlength=1 << self.bits))[:-1]
            for growing, mine in zip(self._parts, np.split(some, ends), strict=True):
                growing.append(mine)

    def take(self) -> Iterator[Growing]:
        """The parts, one by one; nothing is left here."""
        while self._parts:
            yield self._parts.pop(0)


def joined(parts: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Parts, each ascending, as one that is; int64."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    whole = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    sort(whole)
    return whole
