"""model: see clusterer.events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.ragged import Ragged
from clusterer.stories.features import FEATURES, _apart, _found, _sums, common_sums
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
    salience: TermWeights, pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The `lead` feature, float64 (m,), and the score, float64 (m,), that each pair has if nothing speaks against it but
    the dates: what costs most to find out, shared runs, only lowers a score (`benchmarks.train` fixes the signs of the
    weights). Sorts out hopeless candidates cheaply.

    Args:
        salience, pairs, first, last: as for `evidence`.
    """
    sums = _sums(salience, pairs, with_runs=False)
    lead, _, _, body, _, here, there, titles = sums.T
    found = _found(salience.lead_totals, pairs, here, there)
    return lead, _best(lead, body, found, titles, _apart(pairs, first, last))


def best_of_leads(
    leads: Ragged,
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `best_case` where only leads and dates are at hand: as if bodies and titles were the same. Never below it.

    Args:
        leads, weights: as `Salience.leads` gives them; weights may be rounded up, to float16 at the coarsest.
        pairs, first, last: as for `evidence`.
    """
    lead, here, there = common_sums(leads, weights, pairs).T
    totals = np.bincount(leads.rows, weights=weights, minlength=len(leads)).astype(np.float64, copy=False)
    found, same = _found(totals, pairs, here, there) * _ROUNDED, np.ones(len(pairs))
    return lead, _best(lead, same, found, same, _apart(pairs, first, last))


_ROUNDED = 1 + 2.0**-10  # totals may be too large by so much


def _best(
    lead: NDArray[np.float64],
    body: NDArray[np.float64],
    found: NDArray[np.float64],
    titles: NDArray[np.float64],
    apart: NDArray[np.float64],
) -> NDArray[np.float64]:
    known = {"lead": lead, "own_body": body, "lead_found": found, "titles": titles, "apart": apart}
    nothing = np.zeros(len(lead))
    return shipped_model().score(np.stack([known.get(name, nothing) for name in FEATURES], axis=1))
