"""The scores of stored pairs of texts that an open index read or wrote last, as arrays.

A story of many texts is looked at whole with each batch that comes to it; its pairs are more than its texts. Whoever changes
rows of the table `pair` says so here (`put`, `drop`); `OpenIndex.refresh` clears all where another one wrote.

Array letters: `t` texts, `m` pairs, each once from either end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import positions_in_runs, run_starts
from clusterer.index.database import Database
from clusterer.index.guards import checked_ends, checked_scores, columns_of

MOST = 1 << 20
"""Pairs, from either end, that are kept in memory, and texts: 16 MB, and up to some 60 MB."""
_SPARE = 16  # new pairs are sorted in among the others once they are a sixteenth as many
_GONE = -1.0  # score of a pair that is there no more
_HIGH, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


class Pairs(NamedTuple):
    """Pairs of texts.

    Attributes:
        ends: int64 (m, 2), centres; a text that was asked for comes first.
        scores: float64 (m,).
    """

    ends: NDArray[np.int64]
    scores: NDArray[np.float64]


class _Scores(NamedTuple):
    """Codes of pairs, uint64 (m,), ascending, one end above the other; and scores, float64 (m,)."""

    codes: NDArray[np.uint64]
    scores: NDArray[np.float64]

    def of(self, texts: NDArray[np.int64]) -> _Scores:
        """Those of some texts, ascending."""
        first = texts.astype(np.uint64) << _HIGH
        start, stop = np.searchsorted(self.codes, first), np.searchsorted(self.codes, first | _LOW, side="right")
        places = np.repeat(start, stop - start) + positions_in_runs(stop - start)
        places = places[self.scores[places] != _GONE]
        return _Scores(self.codes[places], self.scores[places])

    def without(self, codes: NDArray[np.uint64]) -> None:
        """Take pairs away that may be among these."""
        place = np.minimum(np.searchsorted(self.codes, codes), max(len(self.codes) - 1, 0))
        if len(self.codes):
            self.scores[place[self.codes[place] == codes]] = _GONE

    def joined(self, other: _Scores) -> _Scores:
        """Both in one, those that are gone left out."""
        places = np.searchsorted(self.codes, other.codes)
        codes, scores = (np.insert(*columns) for columns in zip(self, (places, places), other, strict=True))
        there = scores != _GONE
        return _Scores(codes, scores) if there.all() else _Scores(codes[there], scores[there])


_NONE = _Scores(np.zeros(0, dtype=np.uint64), np.zeros(0))


class RememberedPairs:
    """The pairs of some texts, all of each."""

    def __init__(self, database: Database) -> None:
        """Remember nothing yet.

        Args:
            database: the file.
        """
        self._database = database
        self.clear()

    def clear(self) -> None:
        """Trust nothing that is remembered."""
        self._known = set[int]()
        self._sorted, self._new = _NONE, _NONE  # few new ones are sorted by themselves

    def of(self, texts: NDArray[np.int64]) -> Pairs:
        """All pairs of some texts, int64 (t,) ascending, by the text and the other one; inside a transaction.

        Raises:
            IndexDamaged: a pair or a score is none.
        """
        missing = texts[[x not in self._known for x in texts.tolist()]]
        if len(missing) > MOST // 2:  # a walk over all of a large index: none is kept
            found = self._read(texts)
        else:
            if len(self._sorted.codes) > MOST or len(self._known) > MOST:
                self.clear()
                missing = texts
            if len(missing):
                self._add(self._read(missing))
                self._known.update(missing.tolist())
            found = self._sorted.of(texts).joined(self._new.of(texts))
        ends = np.stack([found.codes >> _HIGH, found.codes & _LOW], axis=1).astype(np.int64)
        return Pairs(ends, found.scores)

    def put(self, pairs: NDArray[np.int64], scores: NDArray[np.float64], made: Iterable[int]) -> None:
        """Remember pairs, int64 (m, 2), that were just written, and were not there before; `made` are texts that had none."""
        self._known.update(made)
        written = _both_ways(pairs, scores)
        texts = written.codes >> _HIGH
        starts = run_starts(texts)
        known = np.array([x in self._known for x in texts[starts].tolist()], dtype=np.bool_)
        is_known = np.repeat(known, np.diff(np.append(starts, len(texts))))
        self._add(_Scores(written.codes[is_known], written.scores[is_known]))

    def drop(self, pairs: NDArray[np.int64]) -> None:
        """Forget pairs, int64 (m, 2), that are there no more."""
        codes = _both_ways(pairs, np.zeros(len(pairs))).codes
        self._sorted.without(codes)
        self._new.without(codes)

    def _add(self, some: _Scores) -> None:
        self._new = self._new.joined(some)
        if len(self._new.codes) * _SPARE > len(self._sorted.codes):
            self._sorted, self._new = self._sorted.joined(self._new), _NONE

    def _read(self, texts: NDArray[np.int64]) -> _Scores:
        found = _NONE
        for turned, end in enumerate("ab"):
            rows = self._database.among(f"SELECT a, b, score FROM pair WHERE {end} IN {{}}", texts)
            *columns, scores = columns_of(rows, 3)
            ends = checked_ends(self._database.path, *columns).astype(np.uint64)
            codes = ends[:, turned] << _HIGH | ends[:, 1 - turned]
            found = found.joined(_in_order(codes, checked_scores(self._database.path, scores)))
        return found


def _both_ways(pairs: NDArray[np.int64], scores: NDArray[np.float64]) -> _Scores:
    """Pairs from either end, ascending."""
    one, other = pairs.T.astype(np.uint64)
    codes = np.concatenate([one << _HIGH | other, other << _HIGH | one])
    return _in_order(codes, np.concatenate([scores, scores]))


def _in_order(codes: NDArray[np.uint64], scores: NDArray[np.float64]) -> _Scores:
    order = np.argsort(codes)
    return _Scores(codes[order], scores[order])
