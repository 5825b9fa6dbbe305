"""Evaluate: a grouping held against gold labels. B-cubed, pairs, adjusted Rand index, and the errors themselves.

Works on labels alone; reads and prints nothing.

Sources: Bagga and Baldwin 1998, "Entity-based cross-document coreferencing using the vector space model" (B-cubed);
Amigó et al. 2009, "A comparison of extrinsic clustering evaluation metrics", section 4; Hubert and Arabie 1985,
"Comparing partitions" (adjusted Rand index).

Array letters: `n` articles.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scores:
    """How well n articles are grouped. All in [0, 1] but `ari`, which is at most 1 and near 0 by chance."""

    articles: int
    bcubed_precision: float
    bcubed_recall: float
    pair_precision: float
    pair_recall: float
    ari: float

    @property
    def bcubed_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return _f1(self.bcubed_precision, self.bcubed_recall)

    @property
    def pair_f1(self) -> float:
        """Harmonic mean of pairwise precision and recall."""
        return _f1(self.pair_precision, self.pair_recall)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One group that went wrong.

    Attributes:
        kind: "merged" (one group of ours holds several of gold's) or "split" (one of gold's lies in several of ours).
        pairs: pairs of articles that are wrong because of it; what mistakes are sorted by.
        parts: the members, place in the input, by the label of the other side.
    """

    kind: str
    pairs: int
    parts: tuple[tuple[int, ...], ...]


def evaluate(labels: Sequence[Hashable], gold: Sequence[Hashable]) -> Scores:
    """Scores of n labels against n gold labels.

    Raises:
        ValueError: the lengths differ or are 0.
    """
    ours, theirs, both = _tables(labels, gold)
    n = len(labels)
    size_ours, size_theirs = np.bincount(ours), np.bincount(theirs)
    cell_ours, cell_theirs, cells = both
    precision = float((cells * (cells / size_ours[cell_ours])).sum() / n)
    recall = float((cells * (cells / size_theirs[cell_theirs])).sum() / n)
    together = _pairs(cells)
    in_ours, in_theirs, all_pairs = _pairs(size_ours), _pairs(size_theirs), n * (n - 1) / 2
    chance = in_ours * in_theirs / all_pairs if all_pairs else 0.0
    most = (in_ours + in_theirs) / 2
    return Scores(
        n,
        precision,
        recall,
        together / in_ours if in_ours else 1.0,
        together / in_theirs if in_theirs else 1.0,
        (together - chance) / (most - chance) if most != chance else 1.0,
    )


def mistakes(labels: Sequence[Hashable], gold: Sequence[Hashable]) -> list[Mistake]:
    """Every group that is merged or split wrongly, the one with most wrong pairs first."""
    out = [*_mistakes("merged", labels, gold), *_mistakes("split", gold, labels)]
    return sorted(out, key=lambda m: (-m.pairs, m.kind, m.parts))


def _mistakes(kind: str, groups: Sequence[Hashable], parts: Sequence[Hashable]) -> list[Mistake]:
    members: dict[Hashable, dict[Hashable, list[int]]] = {}
    for i, (group, part) in enumerate(zip(groups, parts, strict=True)):
        members.setdefault(group, {}).setdefault(part, []).append(i)
    found = []
    for inside in members.values():
        if len(inside) > 1:
            total = sum(map(len, inside.values()))
            wrong = (total**2 - sum(len(p) ** 2 for p in inside.values())) // 2
            ordered = sorted(inside.values(), key=lambda p: (-len(p), p))
            found.append(Mistake(kind, wrong, tuple(map(tuple, ordered))))
    return found


def _tables(
    labels: Sequence[Hashable], gold: Sequence[Hashable]
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    if len(labels) != len(gold) or not len(labels):
        raise ValueError(f"{len(labels)} labels and {len(gold)} gold labels; give as many of each, at least one")
    ours, theirs = _numbers(labels), _numbers(gold)
    width = int(theirs.max()) + 1
    codes, cells = np.unique(ours * width + theirs, return_counts=True)
    return ours, theirs, (codes // width, codes % width, cells)


def _numbers(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(x, len(seen)) for x in labels), dtype=np.int64, count=len(labels))


def _pairs(sizes: NDArray[np.int64]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
