"""The choice of one setting among those tried: the best, or the one that fulfils a wish. Tries and scores nothing.

Source: see `tuning`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clusterer.errors import SettingsError
from clusterer.evaluation.sweeps import Tried

Wish = Literal["precision", "recall"]


def wish_of(precision: float | None, recall: float | None) -> tuple[Wish, float] | None:
    """Return what is wished for, by name and value; None where nothing is.

    Raises:
        SettingsError: both are wished for, or a value is not above 0 and at most 1.
    """
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


def choose(
    tried: Sequence[Tried],
    shape: tuple[int, ...],
    start: tuple[int, ...],
    wish: tuple[Wish, float] | None,
    step: float,
    nearest: bool = False,
) -> tuple[int, bool]:
    """Return the place of the best setting, and whether it fulfils the wish; the one started from, where none is better.

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
