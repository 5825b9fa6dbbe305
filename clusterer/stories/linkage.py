"""Texts to stories by the scores of their pairs: average linkage of scores raised to a power.

In a plain mean a pair at 0.9 and one at 0 that shares little because one report is short or leads with another point weigh
alike, and big stories fall apart. With a power of more than 1 strong pairs count for more: 0.9 and 0 join at a threshold of
0.5, 0.7 and 0.2 do not. Pairs never compared count as 0. Knows no texts; `clusterer.arrays.linkage` joins.

Source: Bullen 2003, "Handbook of means and their inequalities", chapter III (power means).

Array letters: `t` texts, `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.linkage import average_linkage

POWER = 1.25
"""Of the scores in the mean of two stories. Taken by roots, which every machine rounds alike."""


def link_texts(pairs: NDArray[np.int64], score: NDArray[np.float64], count: int, threshold: float) -> NDArray[np.int64]:
    """Return the story of each text, int64 (t,): its first text.

    Args:
        pairs: int64 (m, 2), texts, each pair once.
        score: float64 (m,), how likely both report one event.
        count: how many texts there are.
        threshold: power mean of the scores between two stories from which they are joined, as `Settings.story`.
    """
    joins = np.zeros(
        count, dtype=np.bool_
    )  # a text whose every pair is below the threshold stays alone, whatever the others do
    joins[pairs[score >= threshold].ravel()] = True
    kept = joins[pairs].all(axis=1)
    return average_linkage(pairs[kept], raised(score[kept]), count, float(raised(np.array([threshold]))[0]))


def mean_score(score: NDArray[np.float64], pairs: int) -> float:
    """Return the power mean over so many pairs, of which those without a score count as 0.

    Examples:
        >>> round(mean_score(np.array([0.9]), 2), 3)
        0.517
    """
    return float((raised(score).sum() / pairs) ** (1.0 / POWER))


def raised(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores to the power of `POWER`."""
    raised: NDArray[np.float64] = score * np.sqrt(np.sqrt(score))
    return raised
