"""Evaluate: a grouping held against gold labels or judged pairs, and the errors themselves, the worst first.

B-cubed, pairs, adjusted Rand index and V-measure of labels; precision, recall, F1 and accuracy of judged pairs. Works on
labels and answers alone; reads and prints nothing.

Sources: Bagga and Baldwin 1998, "Entity-based cross-document coreferencing using the vector space model" (B-cubed);
Amigó et al. 2009, "A comparison of extrinsic clustering evaluation metrics", section 4; Hubert and Arabie 1985,
"Comparing partitions" (adjusted Rand index); Rosenberg and Hirschberg 2007, "V-Measure: A conditional entropy-based
external cluster evaluation measure".

Array letters: `n` articles, `m` judged pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
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
    homogeneity: float
    completeness: float

    @property
    def bcubed_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return _f1(self.bcubed_precision, self.bcubed_recall)

    @property
    def pair_f1(self) -> float:
        """Harmonic mean of pairwise precision and recall."""
        return _f1(self.pair_precision, self.pair_recall)

    @property
    def v_measure(self) -> float:
        """Harmonic mean of homogeneity (a group holds one label) and completeness (a label lies in one group)."""
        return _f1(self.homogeneity, self.completeness)


@dataclass(frozen=True, slots=True)
class PairScores:
    """How m judged pairs were decided: counts of pairs put together or kept apart, rightly or wrongly."""

    found: int
    wrongly_together: int
    missed: int
    kept_apart: int

    @property
    def judged(self) -> int:
        """All m."""
        return self.found + self.wrongly_together + self.missed + self.kept_apart

    @property
    def precision(self) -> float:
        """Share of the pairs put together that belong together; 1 where none was."""
        together = self.found + self.wrongly_together
        return self.found / together if together else 1.0

    @property
    def recall(self) -> float:
        """Share of the pairs that belong together that were put together; 1 where none does."""
        same = self.found + self.missed
        return self.found / same if same else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _f1(self.precision, self.recall)

    @property
    def accuracy(self) -> float:
        """Share of pairs decided rightly."""
        return (self.found + self.kept_apart) / self.judged


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
    table = _Table.of(_numbered(labels, gold))
    n = len(labels)
    precision, recall = table.bcubed()
    together = _pairs(table.cells)
    in_ours, in_theirs, all_pairs = _pairs(table.ours), _pairs(table.theirs), n * (n - 1) / 2
    chance = in_ours * in_theirs / all_pairs if all_pairs else 0.0
    most = (in_ours + in_theirs) / 2
    ours, theirs, both = (_entropy(sizes, n) for sizes in (table.ours, table.theirs, table.cells))
    shared = ours + theirs - both  # mutual information
    return Scores(
        n,
        precision,
        recall,
        together / in_ours if in_ours else 1.0,
        together / in_theirs if in_theirs else 1.0,
        (together - chance) / (most - chance) if most != chance else 1.0,
        min(max(shared / theirs, 0.0), 1.0) if theirs else 1.0,
        min(max(shared / ours, 0.0), 1.0) if ours else 1.0,
    )


def bcubed(ours: NDArray[np.int64], gold: NDArray[np.int64]) -> tuple[float, float]:
    """B-cubed precision and recall of n group numbers against n gold numbers, both int64 (n,) from 0 on: what sweeps
    compute over and over."""
    return _Table.of((ours, gold)).bcubed()


def evaluate_pairs(together: Sequence[bool], same: Sequence[bool]) -> PairScores:
    """Scores of m pairs: whether each was put together, against whether it belongs together.

    Raises:
        ValueError: the lengths differ or are 0.
    """
    if len(together) != len(same) or not len(same):
        raise ValueError(f"{len(together)} decisions and {len(same)} judgements; give as many of each, at least one")
    ours, theirs = np.array(together, dtype=np.bool_), np.array(same, dtype=np.bool_)
    counts = ((ours & theirs).sum(), (ours & ~theirs).sum(), (~ours & theirs).sum(), (~ours & ~theirs).sum())
    return PairScores(*map(int, counts))


def link_strength(links: Mapping[str, tuple[str, float]], a: str, b: str) -> float | None:
    """How sure a clustering was that two articles belong together: the weakest link on the way from one to the other.

    Args:
        links: of each article that hangs on another: that one, and the score; a forest.
        a, b: two articles.

    Returns:
        None where no way leads from one to the other.
    """
    ways: list[dict[str, float]] = []
    for name in (a, b):
        weakest, way = 1.0, {name: 1.0}
        while name in links:
            name, score = links[name]
            if name in way:  # no forest: a damaged result
                break
            weakest = min(weakest, score)
            way[name] = weakest
        ways.append(way)
    met = [min(weakest, ways[1][name]) for name, weakest in ways[0].items() if name in ways[1]]
    return max(met) if met else None


def worst_first(
    together: Sequence[bool], same: Sequence[bool], scores: Sequence[float | None]
) -> tuple[list[int], list[int]]:
    """The places of the m pairs that were wrongly put together, and of those wrongly kept apart.

    The surest first: merges by falling score, pairs kept apart by rising score; those of unknown score last, in order.
    """
    merged = [i for i, (ours, theirs) in enumerate(zip(together, same, strict=True)) if ours and not theirs]
    split = [i for i, (ours, theirs) in enumerate(zip(together, same, strict=True)) if theirs and not ours]

    def surest(sign: int) -> Callable[[int], tuple[bool, float]]:
        return lambda i: ((score := scores[i]) is None, sign * (score or 0.0))

    return sorted(merged, key=surest(-1)), sorted(split, key=surest(1))


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


@dataclass(frozen=True, slots=True)
class _Table:
    """The contingency table: sizes of our groups and of gold's, and of the cells that are not empty, with their places."""

    ours: NDArray[np.int64]
    theirs: NDArray[np.int64]
    cell_ours: NDArray[np.int64]
    cell_theirs: NDArray[np.int64]
    cells: NDArray[np.int64]

    @staticmethod
    def of(numbers: tuple[NDArray[np.int64], NDArray[np.int64]]) -> _Table:
        ours, theirs = numbers
        width = int(theirs.max()) + 1
        codes, cells = np.unique(ours * width + theirs, return_counts=True)
        return _Table(np.bincount(ours), np.bincount(theirs), codes // width, codes % width, cells)

    def bcubed(self) -> tuple[float, float]:
        n = int(self.cells.sum())
        precision = (self.cells * (self.cells / self.ours[self.cell_ours])).sum() / n
        recall = (self.cells * (self.cells / self.theirs[self.cell_theirs])).sum() / n
        return float(precision), float(recall)


def _numbered(labels: Sequence[Hashable], gold: Sequence[Hashable]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(labels) != len(gold) or not len(labels):
        raise ValueError(f"{len(labels)} labels and {len(gold)} gold labels; give as many of each, at least one")
    return _numbers(labels), _numbers(gold)


def _numbers(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    seen: dict[Hashable, int] = {}
    return np.fromiter((seen.setdefault(x, len(seen)) for x in labels), dtype=np.int64, count=len(labels))


def _pairs(sizes: NDArray[np.int64]) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


def _entropy(sizes: NDArray[np.int64], n: int) -> float:
    """Of the partition of n articles into groups of these sizes, in nats; exactly 0 for a single group."""
    share = sizes[sizes > 0] / n
    return float(-(share * np.log(share)).sum()) + 0.0


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
