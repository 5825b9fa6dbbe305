"""Metrics: a grouping held against gold labels or judged pairs, and the errors themselves, the worst first.

B-cubed, pairs, adjusted Rand index and V-measure of labels; precision, recall, F1 and accuracy of judged pairs. Works on
labels and answers alone; reads and prints nothing.

Sources: Bagga and Baldwin 1998, "Entity-based cross-document coreferencing using the vector space model" (B-cubed);
Amigó et al. 2009, "A comparison of extrinsic clustering evaluation metrics", section 4; Hubert and Arabie 1985,
"Comparing partitions" (adjusted Rand index); Rosenberg and Hirschberg 2007, "V-Measure: A conditional entropy-based
external cluster evaluation measure".

Array letters: `n` articles, `m` judged pairs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.linkage import components


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
    """Return scores of n labels against n gold labels.

    Args:
        labels: group of each article, of any kind that can be compared.
        gold: label of each article, in the same order.

    Raises:
        ValueError: the lengths differ or are 0.

    Example:
        >>> scores = evaluate(["a", "a", "b", "b"], [1, 1, 1, 2])
        >>> round(scores.bcubed_precision, 3), round(scores.bcubed_recall, 3)
        (0.75, 0.667)
    """
    table = _Table.of(_numbered(labels, gold))
    n = len(labels)
    precision, recall = table.bcubed()
    together = _pairs(table.cells)
    in_groups, in_gold, all_pairs = _pairs(table.groups), _pairs(table.gold), n * (n - 1) / 2
    chance = in_groups * in_gold / all_pairs if all_pairs else 0.0
    most = (in_groups + in_gold) / 2
    found_entropy, gold_entropy, joint_entropy = (
        _entropy(sizes, n) for sizes in (table.groups, table.gold, table.cells)
    )
    shared = found_entropy + gold_entropy - joint_entropy  # mutual information
    return Scores(
        n,
        precision,
        recall,
        together / in_groups if in_groups else 1.0,
        together / in_gold if in_gold else 1.0,
        (together - chance) / (most - chance) if most != chance else 1.0,
        min(max(shared / gold_entropy, 0.0), 1.0) if gold_entropy else 1.0,
        min(max(shared / found_entropy, 0.0), 1.0) if found_entropy else 1.0,
    )


def bcubed(groups: NDArray[np.int64], gold: NDArray[np.int64]) -> tuple[float, float]:
    """Return B-cubed precision and recall, without the other scores of `evaluate`.

    Args:
        groups: int64 (n,), the group number of each article, from 0 on.
        gold: int64 (n,), gold's number of each article, from 0 on.

    Example:
        >>> bcubed(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
        (1.0, 1.0)
    """
    return _Table.of((groups, gold)).bcubed()


def evaluate_pairs(together: Sequence[bool], same: Sequence[bool]) -> PairScores:
    """Return scores of m pairs.

    Args:
        together: whether each pair was put together.
        same: whether it belongs together.

    Raises:
        ValueError: the lengths differ or are 0.

    Example:
        >>> scores = evaluate_pairs([True, True, False], [True, False, True])
        >>> scores.precision, scores.recall, scores.missed
        (0.5, 0.5, 1)
    """
    if len(together) != len(same) or not len(same):
        raise ValueError(f"{len(together)} decisions and {len(same)} judgements; give as many of each, at least one")
    found, wanted = np.array(together, dtype=np.bool_), np.array(same, dtype=np.bool_)
    counts = ((found & wanted).sum(), (found & ~wanted).sum(), (~found & wanted).sum(), (~found & ~wanted).sum())
    return PairScores(*map(int, counts))


def link_strength(links: Mapping[str, tuple[str, float]], a: str, b: str) -> float | None:
    """Return how sure a clustering was that two articles belong together: the weakest link on the way between them.

    Args:
        links: of each article that hangs on another: that one, and the score; a forest.
        a: one article.
        b: the other.

    Returns:
        The score of that link; None where no way leads from one to the other.

    Example:
        >>> link_strength({"a": ("c", 0.9), "b": ("c", 0.6)}, "a", "b")
        0.6
    """
    chains: list[dict[str, float]] = []
    for name in (a, b):
        weakest, chain = 1.0, {name: 1.0}
        while name in links:
            name, score = links[name]
            if name in chain:  # no forest: a damaged result
                break
            weakest = min(weakest, score)
            chain[name] = weakest
        chains.append(chain)
    met = [min(weakest, chains[1][name]) for name, weakest in chains[0].items() if name in chains[1]]
    return max(met) if met else None


def worst_first(
    together: Sequence[bool], same: Sequence[bool], scores: Sequence[float | None]
) -> tuple[list[int], list[int]]:
    """Return the places of the m pairs that were wrongly put together, and of those wrongly kept apart.

    The surest first: merges by falling score, pairs kept apart by rising score; those of unknown score last, in order.
    """
    merged = [
        i for i, (is_together, is_same) in enumerate(zip(together, same, strict=True)) if is_together and not is_same
    ]
    split = [
        i for i, (is_together, is_same) in enumerate(zip(together, same, strict=True)) if is_same and not is_together
    ]

    def surest(sign: int) -> Callable[[int], tuple[bool, float]]:
        return lambda i: ((score := scores[i]) is None, sign * (score or 0.0))

    return sorted(merged, key=surest(-1)), sorted(split, key=surest(1))


def mistakes(labels: Sequence[Hashable], gold: Sequence[Hashable]) -> list[Mistake]:
    """Return every group that is merged or split wrongly, the one with most wrong pairs first.

    Args:
        labels: group of each article.
        gold: label of each article, in the same order.

    Example:
        >>> [(mistake.kind, mistake.parts) for mistake in mistakes(["a", "a", "b"], [1, 2, 2])]
        [('merged', ((0,), (1,))), ('split', ((1,), (2,)))]
    """
    out = [*_mistakes("merged", labels, gold), *_mistakes("split", gold, labels)]
    return sorted(out, key=lambda m: (-m.pairs, m.kind, m.parts))


@dataclass(frozen=True, slots=True)
class Change:
    """Groups of two results that hold the same articles, and are not the same groups.

    Attributes:
        kind: "joined" (several of the other result are one), "split" (one of the other is several), or "moved" (several are
            several others).
        pairs: pairs of articles that are together in one of both results only; what changes are sorted by.
        parts: articles that are together in both, place in the input.
    """

    kind: str
    pairs: int
    parts: tuple[tuple[int, ...], ...]


def changes(labels: Sequence[Hashable], others: Sequence[Hashable]) -> list[Change]:
    """Return what is another group in a result than in another one, the most changed pairs first.

    Args:
        labels: group of each article.
        others: its group in the other result, in the same order.

    Example:
        >>> [(change.kind, change.parts) for change in changes(["a", "a", "b", "c", "c"], [1, 2, 3, 3, 4])]
        [('joined', ((0,), (1,))), ('moved', ((2,), (3,), (4,)))]
    """
    cells: dict[tuple[Hashable, Hashable], list[int]] = {}
    for i, cell in enumerate(zip(labels, others, strict=True)):
        cells.setdefault(cell, []).append(i)
    here, there = _numbered(labels, others)
    first = [members[0] for members in cells.values()]
    ends = np.stack(
        [here[first], here.max() + 1 + there[first]], axis=1
    )  # groups of both, linked where they share articles
    of_group = components(ends, int(ends.max()) + 1)[ends[:, 0]]
    inside: dict[int, list[list[int]]] = {}
    for members, group in zip(cells.values(), of_group.tolist(), strict=True):
        inside.setdefault(group, []).append(members)
    out = []
    for parts in inside.values():
        sides = [Counter(side[part[0]] for part in parts for _ in part) for side in (labels, others)]
        if max(map(len, sides)) > 1:
            kind = "joined" if len(sides[0]) == 1 else "split" if len(sides[1]) == 1 else "moved"
            together = [sum(math.comb(size, 2) for size in side.values()) for side in sides]
            kept = sum(math.comb(len(part), 2) for part in parts)
            ordered = sorted(parts, key=lambda part: (-len(part), part)) if kind != "moved" else sorted(parts)
            out.append(Change(kind, sum(together) - 2 * kept, tuple(map(tuple, ordered))))
    return sorted(out, key=lambda change: (-change.pairs, change.kind, change.parts))


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

    groups: NDArray[np.int64]
    gold: NDArray[np.int64]
    cell_groups: NDArray[np.int64]
    cell_gold: NDArray[np.int64]
    cells: NDArray[np.int64]

    @staticmethod
    def of(numbers: tuple[NDArray[np.int64], NDArray[np.int64]]) -> _Table:
        groups, gold = numbers
        width = int(gold.max()) + 1
        codes, cells = np.unique(groups * width + gold, return_counts=True)
        return _Table(np.bincount(groups), np.bincount(gold), codes // width, codes % width, cells)

    def bcubed(self) -> tuple[float, float]:
        n = int(self.cells.sum())
        precision = (self.cells * (self.cells / self.groups[self.cell_groups])).sum() / n
        recall = (self.cells * (self.cells / self.gold[self.cell_gold])).sum() / n
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
