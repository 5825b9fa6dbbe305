"""The same-event score: a logistic regression over the features of two texts, and its best case for a cheap first look.

The weights ship as plain JSON (`event_model.json`, made by ``python -m benchmarks.training.train``). Weights that a user has
retrained (`clusterer.evaluation.training`) come as a text, which settings carry.

Source: Cox 1958, "The regression analysis of binary sequences".

Array letters: `m` pairs, `f` features.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.ragged import Ragged
from clusterer.errors import SettingsError
from clusterer.settings import SHIPPED, Settings
from clusterer.stories.features import FEATURES, TABLE, columns, common_sums, days_apart, first_look, term_sums
from clusterer.stories.term_weights import TermWeights


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the score: ``1 / (1 + exp(-(bias + features @ weights)))``.

    Attributes:
        weights: float64 (f,).
        bias: float.
        undated: what `apart` counts as where a date is missing.
    """

    weights: NDArray[np.float64]
    bias: float
    undated: float

    def score(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1] for features float64 (m, f)."""
        filled = np.where(np.isnan(features), self.undated, features)
        score: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(self.bias + filled @ self.weights)))
        return score

    @property
    def text(self) -> str:
        """The weights as `Settings.weights` has them: the model they start from, then name and number of each."""
        numbers = zip((*FEATURES, "bias"), (*self.weights.tolist(), self.bias), strict=True)
        return " ".join([_shipped_digest(), *(f"{name}={round(x, 4) + 0.0:.10g}" for name, x in numbers)])


def model_of(settings: Settings) -> Model:
    """The model that settings choose: the one in the package, or weights that were retrained from it.

    Raises:
        SettingsError: the weights are of another release, of other features, or have a sign that their meaning forbids.
    """
    return shipped_model() if settings.weights == SHIPPED else _parsed(settings.weights)


@lru_cache(maxsize=8)
def _parsed(text: str) -> Model:
    start, *parts = text.split()
    given = {name: float(number) for name, _, number in (part.partition("=") for part in parts)}
    known = (*FEATURES, "bias")
    cure = "cure: clusterer tune --retrain with this release, or weights = 'shipped'"
    if other := [*(name for name in given if name not in known), *(name for name in known if name not in given)]:
        raise SettingsError(f"weights: {', '.join(other)}: this release's score is made of {', '.join(known)}; {cure}")
    if start != _shipped_digest():
        raise SettingsError(
            f"weights were retrained from {start}, the shipped ones of another release; here these are {_shipped_digest()};"
            f" {cure}"
        )
    for feature in TABLE:
        if given[feature.name] * feature.sign < 0:
            rule = "at least 0" if feature.sign > 0 else "at most 0"
            raise SettingsError(f"weights: {feature.name} is {given[feature.name]:g}; by its meaning {rule}; {cure}")
    weights = np.array([given[name] for name in FEATURES])
    return Model(weights, given["bias"], shipped_model().undated)


@lru_cache(maxsize=1)
def _shipped_digest() -> str:
    """8 hex digits of the shipped weights: new ones come with every change of what a feature measures."""
    return hashlib.blake2b(_shipped_bytes(), digest_size=4).hexdigest()


def _shipped_bytes() -> bytes:
    return files("clusterer.stories").joinpath("event_model.json").read_bytes()


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The model in the package."""
    data = orjson.loads(_shipped_bytes())
    weights = np.array([data["weights"][name] for name in FEATURES])
    return Model(weights, float(data["bias"]), float(data["undated"]))


def best_case(
    weights: TermWeights,
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    scorer: Model,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the likeness of the leads and the score of each pair if nothing spoke against it but the dates.

    What costs most to find out, shared runs, only lowers a score: `features.TABLE` fixes the signs of the weights. So
    hopeless candidates are sorted out cheaply.

    Args:
        weights, pairs, first, last: as for `features.pair_features`.
        scorer: makes the score.

    Returns:
        float64 (m,) twice.
    """
    sums = term_sums(weights, pairs, with_runs=False)
    known = columns(first_look(weights, pairs, sums, first, last), cheap=True)
    return sums[:, 0], scorer.score(known)


def best_of_leads(
    leads: Ragged,
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    scorer: Model,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `best_case` where only leads and dates are at hand: all else at its best. Never below it.

    Args:
        leads, weights: as `TermWeights.leads` gives them; weights may be rounded up, to float16 at the coarsest.
        pairs, first, last: as for `features.pair_features`.
        scorer: makes the score.
    """
    lead = common_sums(leads, weights, pairs)[:, 0]
    most = np.tile([feature.most if feature.sign > 0 else 0.0 for feature in TABLE], (len(pairs), 1))
    most[:, FEATURES.index("apart")] = days_apart(pairs, first, last)
    return lead, scorer.score(most)
