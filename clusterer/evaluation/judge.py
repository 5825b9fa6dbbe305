"""Gold of one level held against groups of documents: scores, and whether a change is surely better.

Source of the paired bootstrap: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 6 and 8.

Array letters: `d` documents, `m` judged pairs, `g` labelled articles, `x` judged articles, `u` units that are resampled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize
from clusterer.arrays.linkage import components
from clusterer.copies.documents import Documents
from clusterer.evaluation.gold import Gold
from clusterer.evaluation.metrics import PairScores, Scores, bcubed, evaluate, evaluate_pairs
from clusterer.messages import Message, message
from clusterer.results import Level

_RESAMPLES, _SURE = 200, 0.9  # a change must be better in this share of resamples of the gold
_FEW_PAIRS, _FEW_GROUPS = 100, 50  # judged pairs, gold groups of two or more, below which gold is little
_LEAST_PAIRS = 50  # judged pairs below which nothing is sure


@dataclass(frozen=True, slots=True)
class Judge:
    """Gold of one level over the documents of a feed.

    Attributes:
        documents: int64 (x,), the documents of the judged articles; -1 - i for texts too short to group, each its own.
        labels: int64 (g,), gold's numbers of the g = x articles; None for judged pairs.
        pairs, same: int64 (m, 2) places in `documents`, bool (m,); empty for labels.
    """

    documents: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    pairs: NDArray[np.int64]
    same: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Articles labelled, or pairs judged."""
        return len(self.documents) if self.labels is not None else len(self.pairs)

    def precision_recall(self, groups: NDArray[np.int64]) -> tuple[float, float]:
        """Return precision and recall of groups of documents, int64 (d,)."""
        found = self._ours(groups)
        if self.labels is not None:
            return bcubed(factorize(found)[1], self.labels)
        scores = self._pair_scores(found)
        return scores.precision, scores.recall

    def scores(self, groups: NDArray[np.int64]) -> Scores | PairScores:
        """Return all scores of groups of documents, int64 (d,)."""
        found = self._ours(groups)
        return self._pair_scores(found) if self.labels is None else evaluate(found.tolist(), self.labels.tolist())

    def surely_better(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> bool:
        """Return whether the F1 of some groups is above that of others, int64 (d,), in most resamples of the gold.

        Units are resampled, gold's groups or judged pairs: what differs in one or two of them only is no better in the many
        resamples that miss these. The seed is fixed. Resamples of a few judged pairs are of these few: under 50 nothing is sure.
        """
        if self.labels is None and self.count < _LEAST_PAIRS:
            return False
        parts = self._parts(self._ours(before)), self._parts(self._ours(after))
        rng, u = np.random.default_rng(0), len(parts[0])
        sums = np.empty((_RESAMPLES, 2, 4))
        for i in range(_RESAMPLES):
            times = np.bincount(rng.integers(0, u, u), minlength=u)
            sums[i] = [times @ part for part in parts]
        # Nothing put together is all right, and of nothing that belongs together all is found: 0 / 0 is 1.
        divisor = np.where(sums[..., 1::2] > 0, sums[..., 1::2], 1.0)
        shares = np.where(sums[..., 1::2] > 0, sums[..., ::2] / divisor, 1.0)
        total = shares.sum(axis=-1)
        f1 = 2 * shares.prod(axis=-1) / np.where(total > 0, total, 1.0)
        return bool(np.mean(f1[:, 1] > f1[:, 0] + 1e-12) >= _SURE)

    @property
    def groups(self) -> int:
        """Gold groups of two or more articles."""
        return 0 if self.labels is None else int((np.bincount(self.labels) > 1).sum())

    @property
    def events(self) -> int:
        """Groups that gold tells of, those of one article too."""
        labels = components(self.pairs[self.same], len(self.documents)) if self.labels is None else self.labels
        return len(np.unique(labels))

    @property
    def little(self) -> bool:
        """Whether so little is judged that scores are shaky."""
        return self.count < _FEW_PAIRS if self.labels is None else self.groups < _FEW_GROUPS

    def moved_by_one(self, scores: Scores | PairScores) -> float:
        """Return by how much F1 moves at most when one pair is decided otherwise, or one gold group is torn apart."""
        if isinstance(scores, PairScores):
            s = scores
            others = [
                PairScores(s.found - 1, s.wrongly_together, s.missed + 1, s.kept_apart),
                PairScores(s.found + 1, s.wrongly_together, s.missed - 1, s.kept_apart),
                PairScores(s.found, s.wrongly_together - 1, s.missed, s.kept_apart + 1),
                PairScores(s.found, s.wrongly_together + 1, s.missed, s.kept_apart - 1),
            ]
            possible = (o for o in others if min(o.found, o.wrongly_together, o.missed, o.kept_apart) >= 0)
            return max(abs(o.f1 - s.f1) for o in possible)
        assert self.labels is not None
        # Recall that is lost where the largest group of gold is torn apart, each article alone.
        lost = (int(np.bincount(self.labels).max()) - 1) / len(self.labels)
        p, r = scores.bcubed_precision, scores.bcubed_recall
        return scores.bcubed_f1 - f1_of(p, max(0.0, r - lost))

    def _parts(self, found: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each unit adds to precision's numerator and denominator and to recall's, float64 (u, 4)."""
        if self.labels is None:
            together = found[self.pairs[:, 0]] == found[self.pairs[:, 1]]
            found_together = together & self.same
            return np.stack([found_together, together, found_together, self.same], axis=1).astype(np.float64)
        width = int(self.labels.max()) + 1
        numbers = factorize(found)[1]
        codes, cells = np.unique(numbers * width + self.labels, return_counts=True)
        group, unit, size = codes // width, codes % width, np.bincount(self.labels)
        precision = np.bincount(unit, cells * (cells / np.bincount(numbers)[group]))
        recall = np.bincount(unit, cells * (cells / size[unit]))
        return np.stack([precision, size, recall, size], axis=1).astype(np.float64)

    def _ours(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        found, grouped = self.documents.copy(), self.documents >= 0
        found[grouped] = groups[self.documents[grouped]]
        return found

    def _pair_scores(self, found: NDArray[np.int64]) -> PairScores:
        return evaluate_pairs((found[self.pairs[:, 0]] == found[self.pairs[:, 1]]).tolist(), self.same.tolist())


def judges_of(gold: Gold, levels: Sequence[Level], ids: Sequence[str], documents: Documents) -> dict[Level, Judge]:
    """Return the gold of each level over the documents of a feed.

    Args:
        gold: labels or judged pairs.
        levels: that gold says something of.
        ids: of all articles of the feed.
        documents: the feed's distinct texts.

    Raises:
        InputError: of a level no article of gold is in the feed.
    """
    place = {name: i for i, name in enumerate(ids)}
    gold = gold.within(place, "the feed")
    judges: dict[Level, Judge] = {}
    for level in levels:
        labels, answers = gold.labels.get(level), gold.answers(level)
        names = list(labels) if labels else list(dict.fromkeys(name for p in answers for name in (p.a, p.b)))
        places = np.array([place[gold.place(name, place, "the feed")] for name in names])
        document = documents.of_article[places]
        document = np.where(document < 0, -1 - np.arange(len(places)), document)
        if labels:
            numbers: dict[object, int] = {}
            gold_numbers = np.array([numbers.setdefault(x, len(numbers)) for x in labels.values()])
            judges[level] = Judge(document, gold_numbers, np.zeros((0, 2), np.int64), np.zeros(0, np.bool_))
        else:
            row = {name: i for i, name in enumerate(names)}
            pairs = np.array([(row[p.a], row[p.b]) for p in answers], dtype=np.int64)
            judges[level] = Judge(document, None, pairs, np.array([bool(p.same) for p in answers]))
    return judges


def warnings_of(
    judges: Mapping[Level, Judge],
    scores: Mapping[Level, Scores | PairScores],
    articles: int,
    suggested: Collection[Level] = (),
) -> tuple[Message, ...]:
    """Return what to bear in mind where gold is little, or of pairs that were chosen to be judged.

    Args:
        judges: gold by level.
        scores: of the suggested settings, by level.
        articles: how many the feed has.
        suggested: levels of which other thresholds are suggested.
    """
    little = {level: judge for level, judge in judges.items() if judge.little}
    out = []
    for level, judge in little.items():
        many = judge.groups if judge.labels is not None else judge.count
        values = {
            "level": message(f"level.{level}"),
            "many": message("n.judged" if judge.labels is None else "n.gold_groups", n=many),
            "enough": _FEW_PAIRS if judge.labels is None else _FEW_GROUPS,
        }
        if many:
            out.append(message("little.moved", moved=judge.moved_by_one(scores[level]), **values))
        else:
            out.append(message("little", **values))
        if level in suggested:
            held = message("n.articles", n=len(judge.documents))
            out.append(message(f"little.suggested.{level}", groups=judge.events, articles=held))
    if any(judge.labels is None for judge in little.values()):
        out.append(message("little.hard"))
    if any(len(judge.documents) < articles for judge in little.values()):
        out.append(message("little.part"))
    if any(judge.labels is None and level in suggested for level, judge in judges.items()):
        out.append(message("hard.suggested"))
    return tuple(out)


def f1_of(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall, 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
