"""The lines of a block of articles, and which of very many segments recur at all.

Array letters: `n` articles, `x` lines or segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted, starts_run
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.partitions import Partitions
from clusterer.arrays.ragged import Growing
from clusterer.arrays.sorting import sort
from clusterer.text.words import Words

_LOOKED_UP = 1 << 20  # segments that are looked up at a time


@dataclass(frozen=True, slots=True)
class Lines:
    """The x lines of a block of articles.

    Attributes:
        words: of the block's articles.
        outlet: uint64, of each article.
        first: int64 twice, the place of the first article, and of the first word, among all.
        starts, lengths, article: int64 (x,), the first word of each, how many it has, and whose it is.
    """

    words: Words
    outlet: NDArray[np.uint64]
    first: tuple[int, int]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    article: NDArray[np.int64]

    @staticmethod
    def of(words: Words, outlet: NDArray[np.uint64], start: int, stop: int) -> Lines:
        """The lines of articles `start` to `stop`."""
        block = words.slice(start, min(stop, len(words)))
        assert block.opens_line is not None
        starts = np.flatnonzero(block.opens_line)
        article = np.searchsorted(block.offsets, starts, side="right") - 1
        lengths = np.diff(np.append(starts, len(block.hashes)))
        return Lines(block, outlet[start:stop], (start, int(words.offsets[start])), starts, lengths, article)

    def rows(self, last: bool, least: int) -> NDArray[np.int64]:
        """The lines that are the first of their article, or the last, and have so many words."""
        offsets = self.words.offsets
        closes = self.starts + self.lengths == offsets[self.article + 1]
        at_edge = closes if last else self.starts == offsets[self.article]
        return np.flatnonzero(at_edge & (self.lengths >= least))

    def edges(self, rows: NDArray[np.int64], last: bool, salts: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """uint64 (m,): a key of the first, or last, three words of some lines."""
        hashes = self.words.hashes
        edge = self.starts[rows] + self.lengths[rows] - 3 if last else self.starts[rows]
        keys: NDArray[np.uint64] = hashes[edge] + hashes[edge + 1] * salts[0] + hashes[edge + 2] * salts[1]
        return keys ^ self.outlet[self.article[rows]]


def recurring_keys(keys: NDArray[np.uint64], fewest: int) -> NDArray[np.uint64]:
    """The keys that stand there so many times or more, ascending. Sorts in place."""
    sort(keys)
    recurring: NDArray[np.uint64] = keys[: 1 - fewest][keys[fewest - 1 :] == keys[: 1 - fewest]]
    return recurring[starts_run(recurring)] if len(recurring) else recurring


def recurring_rows(
    blocks: Iterable[tuple[NDArray[Any], ...]],
    key_of: Callable[[list[NDArray[Any]]], NDArray[np.uint64]],
    fewest: int,
    keys: Partitions,
    threads: int,
) -> tuple[NDArray[Any], ...]:
    """The rows of a table whose keys stand in it so many times or more; all of it is held where the partitions are.

    Args:
        blocks: rows of the table, as columns; a row's own key is the first, uint64.
        key_of: gives of some rows the keys that are looked for.
        fewest: times.
        keys: empty; used up.
        threads: parts worked on side by side.
    """
    columns: list[Growing] = []
    for block in blocks:
        columns = columns or [Growing(column.dtype, keys.store) for column in block]
        for growing, column in zip(columns, block, strict=True):
            growing.append(column)
        keys.append(block[0].view(np.int64))
    parts = ordered_map(lambda part: recurring_keys(part.array(in_memory=True), fewest), keys.take(), threads)
    recurring = np.sort(np.concatenate([*parts]))
    every = [growing.array() for growing in columns]

    def kept_of(start: int) -> NDArray[np.int64]:
        wanted = key_of([column[start : start + _LOOKED_UP] for column in every])
        return start + np.flatnonzero(find_sorted(recurring, wanted)[1])

    kept = [*ordered_map(kept_of, range(0, max(len(every[0]), 1), _LOOKED_UP), threads)]
    return tuple(np.concatenate([column[rows] for rows in kept]) for column in every)
