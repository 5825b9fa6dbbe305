"""The weights of the same-event score from labelled pairs: logistic regression whose weights keep the sign of their meaning.

`fit` trains anew, or, with a prior, away from weights that are known to be good: each weight is drawn to the prior's the
harder the fewer pairs speak against it. `retrain` does that with a user's gold, starting from the shipped weights, and says
by cross-validation whether it helped. Features are scaled to spread 1. Reads and prints nothing.

Sources: Hoerl and Kennard 1970, "Ridge regression" (a Gaussian prior, here around other weights than 0); Stone 1974,
"Cross-validatory choice and assessment of statistical predictions", here in folds by event.

Array letters: `t` texts, `m` pairs, `f` features, `u` events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize
from clusterer.arrays.linkage import components
from clusterer.errors import InputError, SettingsError
from clusterer.evaluation.gold import Gold
from clusterer.evaluation.judge import Judge, judges_of
from clusterer.evaluation.metrics import PairScores, evaluate_pairs
from clusterer.io.inputs import Articles
from clusterer.pipeline import PipelineRun, run_pipeline
from clusterer.progress import Progress
from clusterer.settings import GivenSettings, Settings, settings_from
from clusterer.stories import features as stories_features
from clusterer.stories.features import TABLE
from clusterer.stories.model import Model, model_of
from clusterer.stories.term_weights import weight_terms

STRENGTH = 0.3
"""Variance of the weights beforehand: smaller pulls them harder to 0."""
PRIOR_STRENGTH = 0.01
"""Likewise around the weights of a prior. Chosen by `benchmarks.suites.retraining` on labelled real articles."""
UNDATED = 0.02
"""What `apart` counts as where a date is missing: a quarter of a day."""
FOLDS = 10
"""Parts of the events, each judged by weights that never saw it."""
LEAST_EVENTS = 2 * FOLDS
"""Events below which nothing is taken: of fewer a fold holds one or none, and says what that event says."""
LEAST_PAIRS = 50
"""Judged pairs below which nothing is taken, as for thresholds (`judge`): resamples of a few pairs are of these few."""
SURE = 0.9
"""Share of resamples of the events in which retrained weights must lose less, as for thresholds."""
_RESAMPLES = 200
_SPREAD = 0.02  # least spread of a feature: what hardly varies in few pairs tells nothing of its weight


@dataclass(frozen=True)
class Examples:
    """Labelled pairs with their features.

    Attributes:
        pairs: int64 (m, 2), rows of texts.
        features: float64 (m, f).
        same: bool (m,), one event.
        weight: float64 (m,), how much each counts.
    """

    pairs: NDArray[np.int64]
    features: NDArray[np.float64]
    same: NDArray[np.bool_]
    weight: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> Examples:
        """Those that are kept, bool (m,)."""
        return Examples(self.pairs[kept], self.features[kept], self.same[kept], self.weight[kept])

    def times(self, factor: float) -> Examples:
        """The same, each counting so many times as much."""
        return Examples(self.pairs, self.features, self.same, self.weight * factor)


def fit(parts: Sequence[Examples], prior: Model | None = None, strength: float | None = None) -> Model:
    """Weights from all examples together.

    Args:
        parts: the examples.
        prior: weights to start from, which few examples move little; None to train anew, with a bias that is free.
        strength: variance of the weights around those of the prior, or around 0; as declared above where None.
    """
    from scipy.optimize import minimize  # only training waits for it

    undated = UNDATED if prior is None else prior.undated
    features = np.concatenate([part.features for part in parts])
    features = np.where(np.isnan(features), undated, features)
    same = np.concatenate([part.same for part in parts]).astype(np.float64)
    weight = np.concatenate([part.weight for part in parts])
    mean = np.average(features, axis=0, weights=weight)
    spread = np.maximum(features.std(axis=0), _SPREAD)
    scaled = np.hstack([(features - mean) / spread, np.ones((len(features), 1))])
    centre, pulled = np.zeros(len(TABLE) + 1), np.ones(len(TABLE) + 1)
    if prior is None:
        pulled[-1] = 0.0
    else:
        centre = np.append(prior.weights * spread, prior.bias + prior.weights @ mean)
    pulled /= strength or (STRENGTH if prior is None else PRIOR_STRENGTH)

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin, moved = scaled @ w, w - centre
        slope = ((1.0 / (1.0 + np.exp(-margin)) - same) * weight) @ scaled
        value = float((weight * (np.logaddexp(0.0, margin) - same * margin)).sum() + moved @ (pulled * moved) / 2)
        return value, slope + pulled * moved

    bounds = [(0, None) if feature.sign > 0 else (None, 0) for feature in TABLE] + [(None, None)]
    best = minimize(loss, centre, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000}).x
    weights = best[:-1] / spread
    return Model(weights, float(best[-1] - weights @ mean), undated)


def out_of_fold(
    pairs: NDArray[np.int64],
    features: NDArray[np.float64],
    of_text: NDArray[np.int64],
    models: Sequence[Model],
    every: Model,
) -> NDArray[np.float64]:
    """Score pairs by models that never saw their texts.

    Of texts in two folds, by the mean of the two models that lack one of them; of texts without a label, by the one of all.
    """
    total, times = np.zeros(len(pairs)), np.zeros(len(pairs))
    for fold, model in enumerate(models):
        held = (of_text[pairs] == fold).any(axis=1)
        total[held] += model.score(features[held])
        times[held] += 1
    return np.where(times > 0, total / np.maximum(times, 1), every.score(features))


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """How pairs are decided by weights to start from, and by retrained ones that never saw the events of the pair.

    Attributes:
        pairs, events: how many there are.
        before, after: decisions of both.
        losses: mean logarithmic losses of both: what a score costs that is sure and wrong.
        surely: share of resamples of the events in which the retrained ones lose less.
    """

    pairs: int
    events: int
    before: PairScores
    after: PairScores
    losses: tuple[float, float]
    surely: float

    @property
    def few(self) -> bool:
        """Whether there are too few events or pairs to tell."""
        return self.events < LEAST_EVENTS or self.pairs < LEAST_PAIRS

    @property
    def better(self) -> bool:
        """Whether the retrained ones are taken: they lose less by more than chance, decide more pairs well, and these suffice."""
        is_less = self.losses[1] < self.losses[0] and self.surely >= SURE
        return not self.few and is_less and self.after.f1 > self.before.f1


def cross_validate(
    examples: Examples, prior: Model, threshold: float, strength: float | None = None
) -> CrossValidation:
    """Retrain on all pairs but those of each fold of the events, which are then judged.

    Args:
        examples: judged pairs.
        prior, strength: as for `fit`.
        threshold: score from which a pair is one event.
    """
    texts, pairs = factorize(examples.pairs)
    event = factorize(components(pairs[examples.same], len(texts)))[1]
    u = int(event.max()) + 1
    fold = np.random.default_rng(0).permutation(u)[event] % FOLDS
    kept = [(fold[pairs] != k).all(axis=1) for k in range(FOLDS)]
    models = [fit([examples.where(some)], prior, strength) if some.any() else prior for some in kept]
    scores = prior.score(examples.features), out_of_fold(pairs, examples.features, fold, models, prior)
    losses = [_losses(score, examples.same) * examples.weight for score in scores]
    before, after = (evaluate_pairs((score >= threshold).tolist(), examples.same.tolist()) for score in scores)
    means = float(losses[0].sum() / examples.weight.sum()), float(losses[1].sum() / examples.weight.sum())
    return CrossValidation(len(pairs), u, before, after, means, _surely_less(losses[0] - losses[1], event[pairs], u))


def _surely_less(gain: NDArray[np.float64], events: NDArray[np.int64], u: int) -> float:
    """The share of resamples of the events in which pairs gain in all; a pair counts as often as both of its events.

    Args:
        gain: float64 (m,), of the pairs.
        events: int64 (m, 2), of their texts.
        u: how many there are.
    """
    rng, is_one = np.random.default_rng(0), events[:, 0] == events[:, 1]
    gains = 0
    for _ in range(_RESAMPLES):
        times = np.bincount(rng.integers(0, u, u), minlength=u)[events]
        gains += bool(np.where(is_one, times[:, 0], times.prod(axis=1)) @ gain > 0)
    return gains / _RESAMPLES


def _losses(score: NDArray[np.float64], same: NDArray[np.bool_]) -> NDArray[np.float64]:
    losses: NDArray[np.float64] = -np.log(np.clip(np.where(same, score, 1.0 - score), 1e-12, None))
    return losses


class Retraining(NamedTuple):
    """What retraining gave.

    Attributes:
        settings: those started from, with the retrained weights where these are better.
        check: how both do on events that the retrained ones did not see.
    """

    settings: Settings
    check: CrossValidation


def retrain(
    articles: Articles,
    gold: Gold,
    *,
    settings: GivenSettings | None = None,
    progress: Progress | bool | None = None,
) -> Retraining:
    """Retrain the weights of the same-event score on gold, starting from those that the settings have.

    Features are computed where the articles stand, in their feed. Retrained weights are taken where they are better on
    events that they did not see, by more than chance, and where these and the pairs suffice, see `CrossValidation`.

    Args:
        articles: the feed; gold of articles that are not in it is left out, with a warning.
        gold: labels of stories, or judged pairs; of labels every pair counts that a run compares.
        settings: where to start from, at the level of stories.
        progress: called with how far the work is.

    Raises:
        InputError: an article of gold is not in the feed; gold says nothing of stories, or says one thing of all pairs.
        SettingsError: the level is not that of stories.
    """
    start = settings_from(settings)
    if start.level != "story":
        raise SettingsError(f"level {start.level} has no score to retrain; use story")
    if "story" not in gold.levels:
        raise InputError(
            f"{gold.name}: says nothing of stories; cure: gold with event or story, or pairs of that level"
        )
    run = run_pipeline(articles, start, progress, keep=True)
    judge = judges_of(gold, ["story"], run.corpus.ids, run.documents)["story"]
    examples = _examples(run, judge)
    if len(set(examples.same.tolist())) < 2:
        one = f"{len(examples.same)} pairs of different texts" + (
            f", all of {'one event' if examples.same[0] else 'two events'}" if len(examples.same) else ""
        )
        raise InputError(f"{gold.name}: has {one}; cure: judge pairs of both kinds, such as clusterer label asks about")
    prior = model_of(start)
    check = cross_validate(examples, prior, start.story)
    taken = replace(start, weights=fit([examples], prior).text) if check.better else start
    return Retraining(taken, check)


def _examples(run: PipelineRun, judge: Judge) -> Examples:
    """The pairs of texts that gold judges, each once, with their features in the feed; copies of one text teach nothing."""
    assert run.texts is not None
    assert run.stories is not None
    texts, known = run.texts, judge.documents >= 0
    text = np.full(len(known), -1)
    text[known] = texts.text_of[judge.documents[known]]
    if judge.labels is None:
        chosen = known[judge.pairs].all(axis=1)
        pairs, same = np.sort(text[judge.pairs[chosen]], axis=1), judge.same[chosen]
    else:
        event = np.full(len(texts.centres), -1)
        event[text[known][::-1]] = judge.labels[known][::-1]  # of articles with one text the first one's
        pairs = np.sort(np.searchsorted(texts.centres, run.stories.pairs), axis=1)
        pairs = pairs[(event[pairs] >= 0).all(axis=1)]
        same = event[pairs[:, 0]] == event[pairs[:, 1]]
    differ = pairs[:, 0] != pairs[:, 1]
    table = np.unique(np.column_stack([pairs, same])[differ], axis=0)
    pairs, same = np.ascontiguousarray(table[:, :2]), table[:, 2].astype(np.bool_)
    weights = weight_terms(texts.stems, texts.titles, 1)
    features = stories_features.pair_features(weights, pairs, texts.outlets, texts.first, texts.last)
    return Examples(pairs, features, same, np.ones(len(pairs)))
