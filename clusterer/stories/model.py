"""The same-event score: a logistic regression over the features of two texts, and its best case for a cheap first look.

The weights ship as plain JSON (`event_model.json`, made by ``python -m benchmarks.training.train``).

Source: Cox 1958, "The regression analysis of binary sequences".

Array letters: `m` pairs, `f` features.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.ragged import Ragged
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


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """The model in the package."""
    data = orjson.loads(files("clusterer.stories").joinpath("event_model.json").read_bytes())
    weights = np.array([data["weights"][name] for name in FEATURES])
    return Model(weights, float(data["bias"]), float(data["undated"]))


def best_case(
    weights: TermWeights, pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the likeness of the leads and the score of each pair if nothing spoke against it but the dates.

    What costs most to find out, shared runs, only lowers a score: `features.TABLE` fixes the signs of the weights. So
    hopeless candidates are sorted out cheaply.

    Args:
        weights, pairs, first, last: as for `features.pair_features`.

    Returns:
        float64 (m,) twice.
    """
    sums = term_sums(weights, pairs, with_runs=False)
    known = columns(first_look(weights, pairs, sums, first, last), cheap=True)
    return sums[:, 0], shipped_model().score(known)


def best_of_leads(
    leads: Ragged,
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `best_case` where only leads and dates are at hand: all else at its best. Never below it.

    Args:
        leads, weights: as `TermWeights.leads` gives them; weights may be rounded up, to float16 at the coarsest.
        pairs, first, last: as for `features.pair_features`.
    """
    lead = common_sums(leads, weights, pairs)[:, 0]
    most = np.tile([feature.most if feature.sign > 0 else 0.0 for feature in TABLE], (len(pairs), 1))
    most[:, FEATURES.index("apart")] = days_apart(pairs, first, last)
    return lead, shipped_model().score(most)
