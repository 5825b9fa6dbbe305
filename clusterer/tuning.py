"""Tuning: the settings that fit gold best, found without hashing a text twice.

A feed is read and sketched once. The sketches do not depend on thresholds: the candidates of every setting tried are the
pairs that meet in a band of its shape, or share enough samples for its containment, all known beforehand, as is what they
share. So each setting tried gives the very copy groups that `pipeline.cluster` gives, and costs milliseconds. Stories are
told anew for each set of copy groups that is looked at (the suggested and that of the settings started from), once for all
story thresholds.

Scores are B-cubed over labelled articles, or precision and recall over judged pairs. What scores best on little gold does
so by luck: a change is suggested only where it is better in most resamples of the gold, too. Learns no weights: that is
what `benchmarks.train` does. Reads and writes nothing.

Source of the rule that small differences are none: Breiman, Friedman, Olshen and Stone 1984, "Classification and
Regression Trees", section 3.4.3, here with an article or a judged pair in place of the standard error. Of the paired
bootstrap: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 6 and 8, over gold groups, as the
articles of one are not independent.

Array letters: `d` documents, `m` pairs, `g` labelled articles, `u` units that are resampled (gold groups, judged pairs).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clusterer import grouping, lsh, minhash
from clusterer.corpus import find_documents, items_of, read, silent
from clusterer.errors import InputError, SettingsError
from clusterer.evaluate import PairScores, Scores, bcubed, evaluate, evaluate_pairs
from clusterer.gold import Gold
from clusterer.pipeline import band_shape, shingle, story_texts, tell_stories, verify
from clusterer.ragged import Growing
from clusterer.records import Article, Level
from clusterer.settings import Settings
from clusterer.stages import Corpus, Documents, Links, Progress
from clusterer.words import mix

GRID: Mapping[str, tuple[float, ...]] = {
    "jaccard": tuple(round(0.3 + 0.05 * i, 2) for i in range(14)),
    "containment": tuple(round(0.4 + 0.05 * i, 2) for i in range(12)),
    "opening": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "story": tuple(round(0.2 + 0.025 * i, 3) for i in range(25)),
}
"""Values tried of each threshold, beside those started from."""
COPY_AXES = ("jaccard", "containment", "opening")
STAYS = "nothing tried is surely better; the start stays"
"""What is said of a level whose thresholds stay."""
Wish = Literal["precision", "recall"]
# Differences in score that count as none, in articles (or judged pairs): of a thousand settings of copies one is more
# likely to score well by luck than of 25 thresholds. Chosen by `benchmarks.tuning`, on halves of labelled real articles.
_LUCK: Mapping[Level, float] = {"copy": 1.0, "story": 0.5}
_RESAMPLES, _SURE = 200, 0.9  # a change must be better in this share of resamples of the gold
_FEW_PAIRS, _FEW_GROUPS = 100, 50  # judged pairs, gold groups of two or more, below which gold is little
_LOOSE = 0.1  # containment from which pairs are looked at for the S-curve
_BIN = 0.05  # width of its bins
_CURVE_PAIRS = 200_000  # most pairs looked at for it


@dataclass(frozen=True, slots=True)
class Tried:
    """One setting tried, and what it scores on gold.

    Attributes:
        jaccard, containment, opening: of its copy level.
        story: its story threshold; None where copies are scored.
        precision, recall: B-cubed, or of judged pairs.
    """

    jaccard: float
    containment: float
    opening: float
    story: float | None
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _f1(self.precision, self.recall)


@dataclass(frozen=True, slots=True)
class CurveBin:
    """Pairs of a range of Jaccard similarity, and the share of them that meet in a band.

    Attributes:
        low, high: the range, `high` excluded but for 1.
        pairs: how many there are.
        before, after: share that meets in bands of the shape started from, and of the suggested one.
        predicted_before, predicted_after: mean of `lsh.s_curve` over the same pairs.
    """

    low: float
    high: float
    pairs: int
    before: float
    after: float
    predicted_before: float
    predicted_after: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was tried on gold, and what it suggests.

    Attributes:
        start: the settings started from.
        suggested: the same with other thresholds; those of a level that gold says nothing of stay.
        gold: name of the gold, and `counts` of what was judged at each level: articles or pairs.
        tried: at each level tuned, every setting tried: copies over the whole grid, stories over the thresholds with the
            suggested copy settings.
        story_before: story thresholds tried with the copy settings started from.
        before, after: scores at each level tuned of the settings started from and of the suggested.
        wish: what was asked for, ("precision", 0.99) or so; None for the best F1.
        missed: levels at which nothing tried fulfils the wish; there the nearest is suggested.
        stays: levels at which nothing tried is surely better than the start, which stays; none where there is a wish.
        warnings: what to bear in mind where gold is little, a sentence or two each; empty where it is not.
        shapes: bands and slots a band of the settings started from, and of the suggested.
        curve: the S-curve of both, by rising similarity; bins without a pair are left out.
    """

    start: Settings
    suggested: Settings
    gold: str
    counts: Mapping[Level, int]
    tried: Mapping[Level, tuple[Tried, ...]]
    story_before: tuple[Tried, ...]
    before: Mapping[Level, Scores | PairScores]
    after: Mapping[Level, Scores | PairScores]
    wish: tuple[Wish, float] | None
    missed: tuple[Level, ...]
    stays: tuple[Level, ...]
    warnings: tuple[str, ...]
    shapes: tuple[tuple[int, int], tuple[int, int]]
    curve: tuple[CurveBin, ...]

    def along(self, name: str) -> tuple[Tried, ...]:
        """The settings tried that differ from the suggested in one threshold only, by its rising value."""
        level: Level = "story" if name == "story" else "copy"
        names = (*COPY_AXES, "story") if level == "story" else COPY_AXES
        others = [other for other in names if other != name]
        found = [
            t
            for t in self.tried.get(level, ())
            if all(getattr(t, other) == getattr(self.suggested, other) for other in others)
        ]
        return tuple(sorted(found, key=lambda t: float(getattr(t, name))))

    def best(self, level: Level) -> Tried:
        """The one of best F1 of all tried at a level; of equal ones the first."""
        return max(self.tried[level], key=lambda t: t.f1)

    @property
    def toml(self) -> str:
        """The suggested settings as a settings file, with what they come from.

        Everything that shapes groups but the level: how far to go is the command's business.
        """
        kind = {level: "articles" if isinstance(s, Scores) else "judged pairs" for level, s in self.after.items()}
        lines = [f"Suggested by clusterer tune on {self.gold}."]
        if self.wish:
            lines.append(f"Wished: {self.wish[0]} of {self.wish[1]} or more.")
        for level, after in self.after.items():
            p, r, f1 = figures(after)
            old = figures(self.before[level])[2]
            lines.append(
                f"{level}: precision {p:.4f}, recall {r:.4f}, F1 {f1:.4f} over {self.counts[level]} {kind[level]}"
                f" (F1 was {old:.4f})"
                + ("; the wish is out of reach" if level in self.missed else "")
                + (f"; {STAYS}" if level in self.stays else "")
            )
        lines += [f"Warning: {warning}" for warning in self.warnings]
        lines.append(f"Settings started from: {self.start.fingerprint()}. Thresholds are those of this gold and feed.")
        head = "".join(f"# {line.splitlines()[0]}\n" for line in lines)
        names = [f.name for f in fields(Settings) if f.metadata["shapes_result"] and f.name != "level"]
        return head + self.suggested.to_toml(names)


def figures(scores: Scores | PairScores) -> tuple[float, float, float]:
    """Precision, recall and F1 that tuning goes by: B-cubed, or of judged pairs."""
    if isinstance(scores, Scores):
        return scores.bcubed_precision, scores.bcubed_recall, scores.bcubed_f1
    return scores.precision, scores.recall, scores.f1


def tune(
    articles: Iterable[Article | Mapping[str, Any] | str],
    gold: Gold,
    *,
    settings: Settings | None = None,
    precision: float | None = None,
    recall: float | None = None,
    progress: Progress | None = None,
) -> Tuning:
    """Find the thresholds that fit gold best, or that fulfil a wish.

    The thresholds of copies are chosen by labels or judged pairs of copies, that of stories by those of stories; what gold
    says nothing of stays as it is. Where no setting is surely better than what it started from, that stays, too: the best
    must be better in 90 % of 200 resamples of the gold. A wish is taken at its word, without that test. Settings that
    score as well as the best but for less than an article or a pair (half of one for stories) are equals. Of equal story
    thresholds the one in their middle is taken, of these the nearest to where it started. Of copies the nearest comes
    first: of three thresholds gold often leaves one open, and the middle of that is anywhere.

    Args:
        articles: the feed; all articles of gold must be in it.
        gold: labels or judged pairs.
        settings: where to start from; at level "copy" stories are left alone.
        precision, recall: at most one: at least so much is wanted at each level, and then as much of the other as there is.
        progress: told how far the work is.

    Raises:
        InputError: an article of gold is not in the feed, or gold says nothing of what can be tuned.
        SettingsError: two wishes, or one that is not within 0 and 1, or the level is "exact".
    """
    start, tell = settings or Settings(), progress or silent
    wish = _wish(precision, recall)
    if start.level == "exact":
        raise SettingsError("level exact has no threshold; use copy or story")
    levels = [level for level in gold.levels if level in ("copy", start.level)]
    if not levels:
        raise InputError(
            f"{gold.name}: says nothing of copies{' or stories' * (start.level == 'story')}; cure: other gold"
        )
    corpus = read(items_of(articles), replace(start, level="story" if "story" in levels else "copy"), tell)
    documents = find_documents(corpus, start)
    judges = _judges(gold, levels, corpus.ids, documents)
    pool = _Pool(documents, start, tell)
    tried: dict[Level, tuple[Tried, ...]] = {}
    missed: list[Level] = []
    stays: list[Level] = []
    before: dict[Level, Scores | PairScores] = {}
    after: dict[Level, Scores | PairScores] = {}
    suggested = start
    copies_before = copies_after = pool.copies(start)
    if "copy" in judges:
        judge = judges["copy"]
        suggested, tried["copy"], reached = _tune_copies(pool, judge, start, wish)
        missed += [] if reached else ["copy"]
        if not wish and (suggested == start or not judge.surely_better(copies_before, pool.copies(suggested))):
            stays.append("copy")
            suggested = start
        copies_after = pool.copies(suggested)
        before["copy"], after["copy"] = judge.scores(copies_before), judge.scores(copies_after)
    story_before: tuple[Tried, ...] = ()
    if "story" in judges:
        judge = judges["story"]
        told = _Told(corpus, documents, copies_before, start, judge, tell)
        story_before, before["story"] = told.sweep(start), judge.scores(told.groups(start.story))
        if not np.array_equal(copies_before, copies_after):
            told = _Told(corpus, documents, copies_after, suggested, judge, tell)
        tried["story"] = told.sweep(suggested)
        thresholds = _axis("story", start)
        place, reached = choose(
            tried["story"], (len(thresholds),), (thresholds.index(start.story),), wish, _LUCK["story"] / judge.count
        )
        missed += [] if reached else ["story"]
        found = thresholds[place]
        if not wish:
            found = _no_farther(judge, told, thresholds, start.story, found)
            stays += ["story"] if found == start.story else []
        suggested = replace(suggested, story=found)
        after["story"] = judge.scores(told.groups(suggested.story))
    shapes = band_shape(start), band_shape(suggested)
    counts = {level: judge.count for level, judge in judges.items()}
    warnings = _warnings(judges, after, len(corpus.ids))
    return Tuning(
        start, suggested, gold.name, counts, tried, story_before, before, after, wish, tuple(missed), tuple(stays),
        warnings, shapes, pool.curve(*shapes),
    )  # fmt: skip


def _wish(precision: float | None, recall: float | None) -> tuple[Wish, float] | None:
    if precision is not None and recall is not None:
        raise SettingsError(
            f"precision {precision} and recall {recall} are both wished; wish for one, the other follows"
        )
    for name, value in (("precision", precision), ("recall", recall)):
        if value is not None:
            if not 0 < value <= 1:
                raise SettingsError(f"the wished {name} is {value}; it must be above 0 and at most 1")
            return ("precision" if name == "precision" else "recall"), float(value)
    return None


# --- what gold says ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judge:
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
        """Of groups of documents, int64 (d,)."""
        ours = self._ours(groups)
        if self.labels is not None:
            return bcubed(np.unique(ours, return_inverse=True)[1], self.labels)
        scores = self._pair_scores(ours)
        return scores.precision, scores.recall

    def scores(self, groups: NDArray[np.int64]) -> Scores | PairScores:
        """All scores of groups of documents, int64 (d,)."""
        ours = self._ours(groups)
        return self._pair_scores(ours) if self.labels is None else evaluate(ours.tolist(), self.labels.tolist())

    def surely_better(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> bool:
        """Whether the F1 of some groups is above that of others, int64 (d,), in most resamples of the gold.

        Units are resampled, gold's groups or judged pairs: what differs in one or two of them only is no better in the many
        resamples that miss these. The seed is fixed.
        """
        parts = self._parts(self._ours(before)), self._parts(self._ours(after))
        rng, u = np.random.default_rng(0), len(parts[0])
        sums = np.empty((_RESAMPLES, 2, 4))
        for i in range(_RESAMPLES):
            times = np.bincount(rng.integers(0, u, u), minlength=u)
            sums[i] = [times @ part for part in parts]
        # Nothing put together is all right, and of nothing that belongs together all is found: 0 / 0 is 1.
        over = np.where(sums[..., 1::2] > 0, sums[..., 1::2], 1.0)
        shares = np.where(sums[..., 1::2] > 0, sums[..., ::2] / over, 1.0)
        total = shares.sum(axis=-1)
        f1 = 2 * shares.prod(axis=-1) / np.where(total > 0, total, 1.0)
        return bool(np.mean(f1[:, 1] > f1[:, 0] + 1e-12) >= _SURE)

    @property
    def groups(self) -> int:
        """Gold groups of two or more articles."""
        return 0 if self.labels is None else int((np.bincount(self.labels) > 1).sum())

    @property
    def little(self) -> bool:
        """Whether so little is judged that scores are shaky."""
        return self.count < _FEW_PAIRS if self.labels is None else self.groups < _FEW_GROUPS

    def moved_by_one(self, scores: Scores | PairScores) -> float:
        """By how much F1 moves at most when one pair is decided otherwise, or one gold group of two or more is torn apart."""
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
        return scores.bcubed_f1 - _f1(p, max(0.0, r - lost))

    def _parts(self, ours: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each unit adds to precision's numerator and denominator and to recall's, float64 (u, 4)."""
        if self.labels is None:
            together = ours[self.pairs[:, 0]] == ours[self.pairs[:, 1]]
            found = together & self.same
            return np.stack([found, together, found, self.same], axis=1).astype(np.float64)
        width = int(self.labels.max()) + 1
        numbers = np.unique(ours, return_inverse=True)[1]
        codes, cells = np.unique(numbers * width + self.labels, return_counts=True)
        group, unit, size = codes // width, codes % width, np.bincount(self.labels)
        precision = np.bincount(unit, cells * (cells / np.bincount(numbers)[group]))
        recall = np.bincount(unit, cells * (cells / size[unit]))
        return np.stack([precision, size, recall, size], axis=1).astype(np.float64)

    def _ours(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        ours, grouped = self.documents.copy(), self.documents >= 0
        ours[grouped] = groups[self.documents[grouped]]
        return ours

    def _pair_scores(self, ours: NDArray[np.int64]) -> PairScores:
        return evaluate_pairs((ours[self.pairs[:, 0]] == ours[self.pairs[:, 1]]).tolist(), self.same.tolist())


def _judges(gold: Gold, levels: Sequence[Level], ids: Sequence[str], documents: Documents) -> dict[Level, _Judge]:
    place = {name: i for i, name in enumerate(ids)}
    judges: dict[Level, _Judge] = {}
    for level in levels:
        labels, answers = gold.labels.get(level), gold.answers(level)
        names = list(labels) if labels else list(dict.fromkeys(name for p in answers for name in (p.a, p.b)))
        at = np.array([place[gold.place(name, place, "the feed")] for name in names])
        document = documents.of_article[at]
        document = np.where(document < 0, -1 - np.arange(len(at)), document)
        if labels:
            numbers: dict[object, int] = {}
            gold_numbers = np.array([numbers.setdefault(x, len(numbers)) for x in labels.values()])
            judges[level] = _Judge(document, gold_numbers, np.zeros((0, 2), np.int64), np.zeros(0, np.bool_))
        else:
            row = {name: i for i, name in enumerate(names)}
            pairs = np.array([(row[p.a], row[p.b]) for p in answers], dtype=np.int64)
            judges[level] = _Judge(document, None, pairs, np.array([bool(p.same) for p in answers]))
    return judges


def _warnings(
    judges: Mapping[Level, _Judge], scores: Mapping[Level, Scores | PairScores], articles: int
) -> tuple[str, ...]:
    """What to bear in mind where gold is little; of a feed of so many articles."""
    little = {level: judge for level, judge in judges.items() if judge.little}
    out = []
    for level, judge in little.items():
        many = judge.groups if judge.labels is not None else judge.count
        kind = "judged pair" if judge.labels is None else "gold group"
        of = "" if judge.labels is None else " of two or more articles"
        enough = _FEW_PAIRS if judge.labels is None else _FEW_GROUPS
        moved = f"; one of them moves F1 by up to {judge.moved_by_one(scores[level]):.4f}" if many else ""
        out.append(f"{level}: {many} {kind}{'' if many == 1 else 's'}{of}, {enough} or more would be surer{moved}")
    if any(judge.labels is None for judge in little.values()):
        out.append("pairs that label chose are hard ones: their F1 is not that of the feed")
    if any(len(judge.documents) < articles for judge in little.values()):
        out.append("precision is that of the articles gold names; of the rest of the feed it says nothing")
    return tuple(out)


# --- the copy level ----------------------------------------------------------------------------------------------------


class _Pool:
    """All candidate pairs of a feed under any thresholds of the grid, and what they share."""

    def __init__(self, documents: Documents, settings: Settings, tell: Progress) -> None:
        """Sketch once, look at every pair once.

        Args:
            documents: d distinct texts.
            settings: where the grid is laid around.
            tell: of the progress.
        """
        self._settings, self._d = settings, len(documents)
        self._sketch(documents, tell)
        self.axes = {name: _axis(name, settings) for name in COPY_AXES}
        self.axes["jaccard"] = tuple(j for j in self.axes["jaccard"] if self._shape(j))
        shapes = {shape for j in self.axes["jaccard"] if (shape := self._shape(j))}
        self._banded = {shape: self._band_codes(shape) for shape in sorted(shapes)}
        self._sampled = {c: self._sample_codes(c) for c in self.axes["containment"]}
        self._loose = self._sample_codes(_LOOSE) if settings.sample else lsh.distinct(np.concatenate([
            np.zeros(0, np.int64), *self._banded.values()]))  # fmt: skip
        self._loose = self._loose[:: 1 + len(self._loose) // _CURVE_PAIRS]
        needed = lsh.distinct(np.concatenate([*self._banded.values(), *self._sampled.values(), self._loose]))
        least = {f.name: f.metadata["low"] for f in fields(Settings) if f.name in COPY_AXES}
        # What is below the least of all thresholds is no link at any.
        self.links: Links = verify(documents, self._pairs(needed), replace(settings, **least), tell)
        codes = self.links.pairs[:, 0] * self._d + self.links.pairs[:, 1]
        self._in_bands = {shape: np.isin(codes, found) for shape, found in self._banded.items()}
        self._in_samples = {c: np.isin(codes, found) for c, found in self._sampled.items()}
        self._measured = np.isin(codes, self._loose)
        overlap = self.links.overlap
        self._jaccard, self._containment, self._opening = overlap.jaccard, overlap.containment, overlap.opening

    def copies(self, settings: Settings) -> NDArray[np.int64]:
        """The copy group's centre of each document, int64 (d,), under thresholds of the grid."""
        kept = self._kept(settings.jaccard, settings.containment, settings.opening)
        return grouping.star_centres(self.links.pairs[kept], self._containment[kept], self._d)

    def part(self, documents: NDArray[np.int64]) -> _Part:
        """What can ever be in one group with some documents: the rest of the feed decides nothing about them."""
        return _Part(self.links.pairs, documents, self._d)

    def precision_recall(self, part: _Part, judge: _Judge, at: tuple[float, float, float]) -> tuple[float, float]:
        """Of the copies at a Jaccard, containment and opening."""
        kept = part.chosen[self._kept(*at, rows=part.chosen)]
        centres = grouping.star_centres(part.local(self.links.pairs[kept]), self._containment[kept], len(part))
        return judge.precision_recall(part.everywhere(centres))

    def curve(self, before: tuple[int, int], after: tuple[int, int]) -> tuple[CurveBin, ...]:
        """The S-curve of two shapes, over pairs that were not found by bands (they were by samples, where there are)."""
        bins = np.minimum((self._jaccard / _BIN + 1e-9).astype(np.int64), round(1 / _BIN) - 1)
        out = []
        for number in range(round(_LOOSE / _BIN), round(1 / _BIN)):
            mine = self._measured & (bins == number)
            if mine.any():
                met = [float(self._in_bands[shape][mine].mean()) for shape in (before, after)]
                said = [float(lsh.s_curve(self._jaccard[mine], *shape).mean()) for shape in (before, after)]
                low, high = round(number * _BIN, 2), round((number + 1) * _BIN, 2)
                out.append(CurveBin(low, high, int(mine.sum()), met[0], met[1], said[0], said[1]))
        return tuple(out)

    def _kept(
        self, jaccard: float, containment: float, opening: float, rows: NDArray[np.int64] | slice = slice(None)
    ) -> NDArray[np.bool_]:
        """Which of some pairs are links."""
        shape = self._shape(jaccard)
        assert shape is not None
        candidates = self._in_bands[shape][rows] | self._in_samples[containment][rows]
        cut = (self._containment[rows] >= containment) & (self._opening[rows] >= opening)
        alike = (self._jaccard[rows] >= jaccard) | cut
        kept: NDArray[np.bool_] = candidates & alike
        return kept

    def _shape(self, jaccard: float) -> tuple[int, int] | None:
        """The bands that find copies from this similarity on; None where the recall is out of reach."""
        try:
            return lsh.choose_bands(jaccard, self._settings.slots, self._settings.recall)
        except SettingsError:
            if jaccard == self._settings.jaccard:
                raise
            return None

    def _sketch(self, documents: Documents, tell: Progress) -> None:
        s, d = self._settings, self._d
        slots, samples = [], Growing(np.uint64)
        for start in range(0, d, s.chunk):
            stop = min(start + s.chunk, d)
            shingles = shingle(documents.take(slice(start, stop)), s)
            slots.append(minhash.signatures(shingles, s.slots, s.scheme, s.seed))  # type: ignore[arg-type]
            sampled, rows = lsh.sampled_keys(shingles, s.sample)
            samples.append(lsh.distinct(lsh.entries(mix(sampled), rows + start, d)))
            tell("sketching", stop - start)
        self._slots = np.concatenate(slots) if slots else np.zeros((0, s.slots), np.uint32)
        self._samples = samples.array()
        self._held = np.bincount(lsh.articles_of(self._samples, d), minlength=d)

    def _band_codes(self, shape: tuple[int, int]) -> NDArray[np.int64]:
        keys = list(np.ascontiguousarray(lsh.band_keys(self._slots, *shape).T))
        pairs, _ = lsh.band_pairs(keys, self._d, self._settings.bucket_cap, self._settings.threads)
        return pairs[:, 0] * self._d + pairs[:, 1]

    def _sample_codes(self, containment: float) -> NDArray[np.int64]:
        entries = Growing(np.uint64)
        entries.append(self._samples.copy())
        pairs, _ = lsh.containment_pairs(entries, self._held, self._settings.bucket_cap, containment)
        return pairs[:, 0] * self._d + pairs[:, 1]

    def _pairs(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.stack(np.divmod(codes, max(self._d, 1)), axis=1)


class _Part:
    """The members that hang together with some of n by links, with numbers of their own in the same order."""

    def __init__(self, pairs: NDArray[np.int64], members: NDArray[np.int64], n: int) -> None:
        """Of all links, int64 (m, 2), those that lead from some members, int64, wherever they lead."""
        reached = np.zeros(n, dtype=np.bool_)
        reached[members[members >= 0]] = True
        count = -1
        either = np.zeros(len(pairs), dtype=np.bool_)
        while count != (count := int(reached.sum())):
            either = reached[pairs[:, 0]] | reached[pairs[:, 1]]
            reached[pairs[either]] = True
        self.chosen = np.flatnonzero(either)
        self._members = np.flatnonzero(reached)
        self._n = n

    def __len__(self) -> int:
        return len(self._members)

    def local(self, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Pairs of members by their own numbers."""
        return np.searchsorted(self._members, pairs)

    def everywhere(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Groups by own numbers as groups of all n: who is not a member is alone."""
        out = np.arange(self._n)
        out[self._members] = self._members[groups]
        return out


def _tune_copies(
    pool: _Pool, judge: _Judge, start: Settings, wish: tuple[Wish, float] | None
) -> tuple[Settings, tuple[Tried, ...], bool]:
    axes = [pool.axes[name] for name in COPY_AXES]
    part = pool.part(judge.documents)
    tried = tuple(
        Tried(*at, None, *pool.precision_recall(part, judge, at))
        for at in ((j, c, o) for j in axes[0] for c in axes[1] for o in axes[2])
    )
    at_start = tuple(axis.index(getattr(start, name)) for name, axis in zip(COPY_AXES, axes, strict=True))
    place, reached = choose(tried, tuple(map(len, axes)), at_start, wish, _LUCK["copy"] / judge.count, nearest=True)
    best = tried[place]
    return replace(start, jaccard=best.jaccard, containment=best.containment, opening=best.opening), tried, reached


# --- the story level ---------------------------------------------------------------------------------------------------


class _Told:
    """The stories of one set of copy groups, at any threshold."""

    def __init__(
        self,
        corpus: Corpus,
        documents: Documents,
        copies: NDArray[np.int64],
        settings: Settings,
        judge: _Judge,
        tell: Progress,
    ) -> None:
        """Compare once."""
        texts = story_texts(corpus, documents, copies)
        stories = tell_stories(texts, settings, tell)
        self._judge, self._text_of = judge, texts.text_of
        self._pairs, self._score = np.searchsorted(texts.centres, stories.pairs), stories.score
        self._part = _Part(self._pairs, texts.text_of[judge.documents[judge.documents >= 0]], len(texts.centres))

    def groups(self, threshold: float) -> NDArray[np.int64]:
        """The story of each document, int64 (d,); right for those of gold."""
        chosen = self._part.chosen
        pairs = self._part.local(self._pairs[chosen])
        groups = grouping.average_linkage(pairs, self._score[chosen], len(self._part), threshold)
        return self._part.everywhere(groups)[self._text_of]

    def sweep(self, settings: Settings) -> tuple[Tried, ...]:
        """Every threshold of the grid with these copy settings."""
        copies = settings.jaccard, settings.containment, settings.opening
        return tuple(Tried(*copies, x, *self._judge.precision_recall(self.groups(x))) for x in _axis("story", settings))


def _no_farther(judge: _Judge, told: _Told, thresholds: Sequence[float], start: float, found: float) -> float:
    """From a story threshold towards a better one, no farther than gold is sure of: the first that is surely better than the
    start and that the better one does not surely beat; the start where none is."""
    best, own = told.groups(found), told.groups(start)
    between = [x for x in thresholds if min(start, found) <= x <= max(start, found) and x != start]
    for threshold in sorted(between, key=lambda x: abs(x - start)):
        groups = told.groups(threshold)
        if judge.surely_better(own, groups) and not judge.surely_better(groups, best):
            return threshold
    return start


# --- choosing ----------------------------------------------------------------------------------------------------------


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _axis(name: str, settings: Settings) -> tuple[float, ...]:
    """The values tried of a threshold: the grid's, and the one started from."""
    return tuple(sorted({*GRID[name], float(getattr(settings, name))}))


def choose(
    tried: Sequence[Tried],
    shape: tuple[int, ...],
    start: tuple[int, ...],
    wish: tuple[Wish, float] | None,
    step: float,
    nearest: bool = False,
) -> tuple[int, bool]:
    """The place of the best setting, and whether it fulfils the wish. The one started from, where none is better.

    Args:
        tried: all settings of a grid of that shape, the last axis running fastest.
        start: where on the grid the settings started from are.
        wish: None for the best F1.
        step: differences in score below this are none; settings that do not differ are a plateau.
        nearest: of a plateau the fewest steps from the start, and then the farthest from any worse one; else the latter
            first.
    """
    score, reached = np.array([t.f1 for t in tried]), True
    allowed = score >= 0.0
    if wish:
        wished = np.array([getattr(t, wish[0]) for t in tried])
        other = np.array([t.recall if wish[0] == "precision" else t.precision for t in tried])
        reached = bool((wished >= wish[1]).any())
        # Out of reach: the nearest to the wish, and of the nearest ones what has most of the other.
        allowed = wished >= (wish[1] if reached else wished.max() - 1e-12)
        score = other
    best, own = score[allowed].max(), int(np.ravel_multi_index(start, shape))
    if allowed[own] and score[own] >= best - 1e-12:
        return own, reached
    least = best - max(step - 1e-12, 1e-12)
    good = (allowed & (score >= least)).reshape(shape)
    places = np.argwhere(good)
    depth = np.sum([_steps_to_worse(good, axis) for axis in range(len(shape))], axis=0)[good]
    far = np.abs(places - np.array(start)).sum(axis=1)
    chosen = places[np.lexsort((-depth, far) if nearest else (far, -depth))[0]]
    return int(np.ravel_multi_index(tuple(chosen), shape)), reached


def _steps_to_worse(good: NDArray[np.bool_], axis: int) -> NDArray[np.int64]:
    """Along an axis, how many steps it takes at least to leave what is good; int64, of the same shape, 0 where it is not.

    What lies beyond the grid is not good.
    """
    lanes = np.moveaxis(good, axis, 0)
    steps = np.minimum(_runs(lanes), _runs(lanes[::-1])[::-1])
    return np.moveaxis(steps, 0, axis)


def _runs(lanes: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many are True in a row along the first axis, up to and with each; int64, of the same shape."""
    out = np.zeros(lanes.shape, dtype=np.int64)
    run = np.zeros(lanes.shape[1:], dtype=np.int64)
    for i, lane in enumerate(lanes):
        run = (run + 1) * lane
        out[i] = run
    return out
