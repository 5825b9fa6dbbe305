"""Tuning: the settings that fit gold best, found without hashing a text twice.

A feed is read and sketched once. The sketches do not depend on thresholds: the candidates of every setting tried are the
pairs that meet in a band of its shape, or share enough samples for its containment, all known beforehand, as is what they
share. So each setting tried gives the very copy groups that `pipeline.cluster` gives, and costs milliseconds. Stories are
told anew for each set of copy groups that is looked at (the suggested and that of the settings started from), once for all
story thresholds.

Scores are B-cubed over labelled articles, or precision and recall over judged pairs. What scores best on little gold does
so by luck: a change is suggested only where it is better in most resamples of the gold, too. Learns no weights: that is
what `training` does. Reads and writes nothing.

Source of the rule that small differences are none: Breiman, Friedman, Olshen and Stone 1984, "Classification and
Regression Trees", section 3.4.3, here with an article or a judged pair in place of the standard error. Of the paired
bootstrap: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 6 and 8, over gold groups, as the
articles of one are not independent.

Array letters: `d` documents, `m` pairs, `g` labelled articles, `u` units that are resampled (gold groups, judged pairs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from clusterer.copies.candidates import band_shape
from clusterer.copies.documents import Documents, find_documents
from clusterer.corpus import Corpus, read
from clusterer.errors import InputError, SettingsError
from clusterer.evaluation.choice import Wish, choose, wish_of
from clusterer.evaluation.gold import Gold
from clusterer.evaluation.judge import Judge, judges_of, warnings_of
from clusterer.evaluation.metrics import PairScores, Scores
from clusterer.evaluation.sweeps import COPY_AXES, CopyPool, CurveBin, StorySweep, Tried, axis_of
from clusterer.io.inputs import Articles, articles_from
from clusterer.messages import Message, message, worded
from clusterer.progress import Progress, progress_from
from clusterer.results import Level, group_counts
from clusterer.settings import GivenSettings, Settings, settings_from

STAYS = worded(message("tune.stays"))
"""What is said of a level whose thresholds stay."""
# Differences in score that count as none, in articles (or judged pairs): of a thousand settings of copies one is more
# likely to score well by luck than of 25 thresholds. Chosen by `benchmarks.suites.tuning`, on halves of labelled real articles.
_LUCK: Mapping[Level, float] = {"copy": 1.0, "story": 0.5}


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
        cautions: what to bear in mind where gold is little; empty where it is not.
        shapes: bands and slots a band of the settings started from, and of the suggested.
        curve: the S-curve of both, by rising similarity; bins without a pair are left out.
        feed: what becomes of the whole feed with both: counts of a run at the levels tuned, as in `Clustering.stats`.
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
    cautions: tuple[Message, ...]
    shapes: tuple[tuple[int, int], tuple[int, int]]
    curve: tuple[CurveBin, ...]
    feed: tuple[Mapping[str, int], Mapping[str, int]]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions in English, a sentence or two each."""
        return tuple(map(worded, self.cautions))

    def along(self, name: str) -> tuple[Tried, ...]:
        """Return the settings tried that differ from the suggested in one threshold only, by its rising value."""
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
        """Return the one of best F1 of all tried at a level; of equal ones the first."""
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
    """Return precision, recall and F1 that tuning goes by: B-cubed, or of judged pairs."""
    if isinstance(scores, Scores):
        return scores.bcubed_precision, scores.bcubed_recall, scores.bcubed_f1
    return scores.precision, scores.recall, scores.f1


def tune(
    articles: Articles,
    gold: Gold,
    *,
    settings: GivenSettings | None = None,
    precision: float | None = None,
    recall: float | None = None,
    was: Settings | None = None,
    progress: Progress | bool | None = None,
) -> Tuning:
    """Find the thresholds that fit gold best, or that fulfil a wish.

    The thresholds of copies are chosen by labels or judged pairs of copies, that of stories by those of stories; what gold
    says nothing of stays as it is. Where no setting is surely better than what it started from, that stays, too: the best
    must be better in 90 % of 200 resamples of the gold, and of fewer than 50 judged pairs nothing is.
    A wish is taken at its word, without that test. Settings that
    score as well as the best but for less than an article or a pair (half of one for stories) are equals. Of equal story
    thresholds the one in their middle is taken, of these the nearest to where it started. Of copies the nearest comes
    first: of three thresholds gold often leaves one open, and the middle of that is anywhere.

    Args:
        articles: the feed; gold of articles that are not in it is left out, with a warning.
        gold: labels or judged pairs.
        settings: where to start from; at level "copy" stories are left alone.
        precision: at least so much is wanted at each level, and then as much recall as there is; or
        recall: at least so much is wanted at each level, and then as much precision as there is. One of both at most.
        was: what the suggestion is compared with, as `start` of what is returned, where weights were retrained meanwhile;
            else the settings to start from.
        progress: called with how far the work is.

    Raises:
        InputError: no article of gold is in the feed, or gold says nothing of what can be tuned.
        SettingsError: two wishes, or one that is not within 0 and 1, or the level is "exact".
    """
    start, tell = settings_from(settings), progress_from(progress)
    wish = wish_of(precision, recall)
    if start.level == "exact":
        raise SettingsError("level exact has no threshold; use copy or story")
    levels = [level for level in gold.levels if level in ("copy", start.level)]
    if not levels:
        raise InputError(
            f"{gold.name}: says nothing of copies{' or stories' * (start.level == 'story')}; cure: other gold"
        )
    corpus = read(articles_from(articles), replace(start, level="story" if "story" in levels else "copy"), tell)
    documents = find_documents(corpus, start)
    judges = judges_of(gold, levels, corpus.ids, documents)
    pool = CopyPool(documents, start, tell)
    suggested = start
    found: dict[Level, _Level] = {}
    if "copy" in judges:
        suggested, found["copy"] = _tune_copies(pool, judges["copy"], start, wish)
    story_before: tuple[Tried, ...] = ()
    sweeps: list[StorySweep] = []
    if "story" in judges:

        def sweep(settings: Settings, groups: NDArray[np.int64], forms: NDArray[np.int64]) -> StorySweep:
            return StorySweep(corpus, documents, groups, settings, judges["story"], tell, forms)

        before, after = _copies_and_forms(pool, start), _copies_and_forms(pool, suggested)
        sweeps = [sweep(start, *before)] * 2
        if not all(map(np.array_equal, before, after)):
            sweeps[1] = sweep(suggested, *after)
        story_before = sweeps[0].sweep(start)
        suggested, found["story"] = _tune_stories(sweeps, judges["story"], start, suggested, wish)
        if was and was.weights != start.weights:
            sweeps[0] = sweep(was, *before)
            found["story"] = replace(found["story"], before=judges["story"].scores(sweeps[0].groups(was.story)))
    shapes = band_shape(start), band_shape(suggested)
    scores = {level: one.after for level, one in found.items()}
    return Tuning(
        start=was or start,
        suggested=suggested,
        gold=gold.name,
        counts={level: judge.count for level, judge in judges.items()},
        tried={level: one.tried for level, one in found.items()},
        story_before=story_before,
        before={level: one.before for level, one in found.items()},
        after=scores,
        wish=wish,
        missed=tuple(level for level, one in found.items() if one.missed),
        stays=tuple(level for level, one in found.items() if one.stays),
        cautions=warnings_of(judges, scores, len(corpus.ids), _suggested(start, suggested)),
        shapes=shapes,
        curve=pool.curve(*shapes),
        feed=(
            _feed_counts(corpus, documents, pool, was or start, sweeps[:1]),
            _feed_counts(corpus, documents, pool, suggested, sweeps[1:]),
        ),
    )


def _suggested(start: Settings, suggested: Settings) -> list[Level]:
    """The levels of which other thresholds are suggested."""
    names: Mapping[Level, Sequence[str]] = {"copy": COPY_AXES, "story": ("story",)}
    return [level for level, axes in names.items() if any(getattr(start, x) != getattr(suggested, x) for x in axes)]


def _copies_and_forms(pool: CopyPool, settings: Settings) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what stories are told of: the copy group of each document, and the pairs that are one form, filled twice."""
    links = pool.judged(settings)
    return pool.copies(settings), links.pairs[links.forms]


def _feed_counts(
    corpus: Corpus, documents: Documents, pool: CopyPool, settings: Settings, sweep: Sequence[StorySweep]
) -> dict[str, int]:
    """Count what a run over the feed would give with some thresholds; stories where there is a sweep of them."""
    once = np.ones(len(corpus.ids), dtype=np.bool_)
    once[list(corpus.again)] = False
    held = documents.of_article[once]

    def sizes(groups: NDArray[np.int64]) -> list[int]:
        """Of groups of documents, in articles; one without a word is alone."""
        return [*Counter(groups[held[held >= 0]].tolist()).values(), *[1] * int((held < 0).sum())]

    told = {
        "links": int(pool.judged(settings).linked.sum()),
        **group_counts("copy group", sizes(pool.copies(settings))),
    }
    for one in sweep:
        groups, links = one.all_groups(settings.story)
        told |= {"story links": links, **group_counts("story", sizes(groups))}
    return told


@dataclass(frozen=True, slots=True)
class _Level:
    """What tuning found at one level; fields as in `Tuning`, of this level alone."""

    tried: tuple[Tried, ...]
    before: Scores | PairScores
    after: Scores | PairScores
    missed: bool
    stays: bool


def _tune_copies(
    pool: CopyPool, judge: Judge, start: Settings, wish: tuple[Wish, float] | None
) -> tuple[Settings, _Level]:
    """Choose the thresholds of copies: the start with these, and what was found."""
    axes = [pool.axes[name] for name in COPY_AXES]
    part = pool.part(judge.documents)
    tried = tuple(
        Tried(*values, None, *pool.precision_recall(part, judge, values))
        for values in ((j, c, o) for j in axes[0] for c in axes[1] for o in axes[2])
    )
    start_place = tuple(axis.index(getattr(start, name)) for name, axis in zip(COPY_AXES, axes, strict=True))
    place, reached = choose(tried, tuple(map(len, axes)), start_place, wish, _LUCK["copy"] / judge.count, nearest=True)
    best = tried[place]
    suggested = replace(start, jaccard=best.jaccard, containment=best.containment, opening=best.opening)
    before = pool.copies(start)
    stays = not wish and (suggested == start or not judge.surely_better(before, pool.copies(suggested)))
    suggested = start if stays else suggested
    scores = judge.scores(before), judge.scores(pool.copies(suggested))
    return suggested, _Level(tried, *scores, not reached, stays)


def _tune_stories(
    sweeps: Sequence[StorySweep], judge: Judge, start: Settings, suggested: Settings, wish: tuple[Wish, float] | None
) -> tuple[Settings, _Level]:
    """Choose the story threshold: the suggested settings with it, and what was found.

    Args:
        sweeps: the stories of the copy groups of the start, and of those suggested.
        judge: gold of stories.
        start, suggested: settings started from, and with other thresholds of copies.
        wish: as in `Tuning`.
    """
    sweep = sweeps[1]
    tried, thresholds = sweep.sweep(suggested), axis_of("story", start)
    place, reached = choose(
        tried, (len(thresholds),), (thresholds.index(start.story),), wish, _LUCK["story"] / judge.count
    )
    threshold, stays = thresholds[place], False
    if not wish:
        threshold = _no_farther(judge, sweep, thresholds, start.story, threshold)
        stays = threshold == start.story
    scores = judge.scores(sweeps[0].groups(start.story)), judge.scores(sweep.groups(threshold))
    return replace(suggested, story=threshold), _Level(tried, *scores, not reached, stays)


def _no_farther(judge: Judge, sweep: StorySweep, thresholds: Sequence[float], start: float, found: float) -> float:
    """Return the threshold nearest to the start that is as good as a better one, as far as gold is sure.

    Going from the start towards the better one, it is the first that is surely better than the start and that the better
    one does not surely beat; the start where none is.
    """
    best, own = sweep.groups(found), sweep.groups(start)
    between = [x for x in thresholds if min(start, found) <= x <= max(start, found) and x != start]
    for threshold in sorted(between, key=lambda x: abs(x - start)):
        groups = sweep.groups(threshold)
        if judge.surely_better(own, groups) and not judge.surely_better(groups, best):
            return threshold
    return start
