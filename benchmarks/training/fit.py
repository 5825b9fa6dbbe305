"""The weights of the same-event score from labelled pairs: logistic regression whose weights keep the sign of their meaning.

Features are scaled to spread 1; the bias is free of the penalty. A doubtful pair counts half. Reads and prints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from clusterer.stories.features import TABLE
from clusterer.stories.model import Model

STRENGTH = 0.3
"""Variance of the weights beforehand: smaller pulls them harder to 0."""
UNDATED = 0.02
"""What `apart` counts as where a date is missing: a quarter of a day."""


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


def fit(parts: Sequence[Examples]) -> Model:
    """Weights from all examples together."""
    features = np.concatenate([part.features for part in parts])
    features = np.where(np.isnan(features), UNDATED, features)
    same = np.concatenate([part.same for part in parts]).astype(np.float64)
    weight = np.concatenate([part.weight for part in parts])
    mean, spread = np.average(features, axis=0, weights=weight), features.std(axis=0) + 1e-9
    scaled = np.hstack([(features - mean) / spread, np.ones((len(features), 1))])

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = scaled @ w
        slope = ((1.0 / (1.0 + np.exp(-margin)) - same) * weight) @ scaled
        flat = np.append(w[:-1], 0.0)
        value = float((weight * (np.logaddexp(0.0, margin) - same * margin)).sum() + flat @ flat / (2 * STRENGTH))
        return value, slope + flat / STRENGTH

    bounds = [(0, None) if feature.sign > 0 else (None, 0) for feature in TABLE] + [(None, None)]
    start = np.zeros(len(bounds))
    best = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 2000}).x
    weights = best[:-1] / spread
    return Model(weights, float(best[-1] - weights @ mean), UNDATED)
