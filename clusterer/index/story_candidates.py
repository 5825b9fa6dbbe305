"""story_candidates: see clusterer.lookup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts
from clusterer.arrays.ragged import Ragged


@dataclass(frozen=True, slots=True)
class Texts:
    """What is compared of n texts, as in `stages.StoryTexts`; outlets as JSON lists of names."""

    stems: Ragged
    titles: Ragged
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    outlets: Sequence[str | bytes]

    def printed_by(self, rows: NDArray[np.int64]) -> Ragged:
        """Numbers of the outlets of some of the texts; nothing for the others."""
        names: dict[str, int] = {}
        listed = [sorted(names.setdefault(x, len(names)) for x in orjson.loads(self.outlets[i])) for i in rows.tolist()]
        counts = np.zeros(len(self.outlets), dtype=np.int64)
        counts[rows] = [len(each) for each in listed]
        flat = np.array([x for each in listed for x in each], dtype=np.uint32)
        return Ragged(flat, offsets_from_counts(counts))


def _row(bodies: Ragged, heads: Ragged, i: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """A copy of row i of both: a view would keep the whole alive."""
    return (
        bodies.values[bodies.offsets[i] : bodies.offsets[i + 1]].copy(),
        heads.values[heads.offsets[i] : heads.offsets[i + 1]].copy(),
    )


def _joined(a: Ragged, b: Ragged) -> Ragged:
    return Ragged(np.concatenate([a.values, b.values]), np.append(a.offsets, a.offsets[-1] + b.offsets[1:]))


def _ragged(rows: list[NDArray[np.uint32]]) -> Ragged:
    offsets = offsets_from_counts([len(row) for row in rows])
    return Ragged(np.concatenate([*rows, np.zeros(0, dtype=np.uint32)]), offsets)
