"""Follow-ups: which earlier story of the same affair a story goes on with. It joins nothing: one day's news stays one story.

Two stories are of one affair where two of their texts would report one event if nothing were known of when and by whom: the
same names and words, another day. Of several earlier stories the most alike one counts. Looks at pairs only that were compared
anyway, so an affair that rests for some days starts anew.

Array letters: `t` texts, `m` pairs, `f` features, `s` stories.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.stories.features import DAY, FEATURES
from clusterer.stories.model import Model

AFFAIR = 0.5
"""Score of two texts, were they of one day, from which on they are of one affair."""
LATER = 0.5
"""Days by which a story must have begun after the one that it follows."""
OF_THE_DAY = ("weekday", "apart", "carried")
"""Features that tell one day's news from the next. `form` is none: what an outlet fills anew goes on with nothing."""


def earlier_stories(
    pairs: NDArray[np.int64],
    features: NDArray[np.float32],
    story: NDArray[np.int64],
    first: NDArray[np.float64],
    scorer: Model,
) -> NDArray[np.int64]:
    """Return stories that go on with an earlier one, and that one: int64 (s, 2), in the order of the former.

    Args:
        pairs: int64 (m, 2), texts that were compared.
        features: float32 (m, f), of each pair.
        story: int64 (t,), of each text the first text of its story.
        first: float64 (t,), earliest date of each text in seconds, inf where unknown.
        scorer: makes the score.
    """
    begun = np.full(len(story), np.inf)
    np.minimum.at(begun, story, first)
    ends = story[pairs]
    later = np.where(begun[ends[:, 0]] > begun[ends[:, 1]], 0, 1)
    rows = np.arange(len(pairs))
    after, before = ends[rows, later], ends[rows, 1 - later]
    known = np.flatnonzero((after != before) & np.isfinite(begun[after]))
    known = known[begun[after[known]] - begun[before[known]] >= LATER * DAY]
    timeless = features[known].astype(np.float64)
    timeless[:, [FEATURES.index(name) for name in OF_THE_DAY]] = 0.0
    score = scorer.score(timeless)
    alike = score >= AFFAIR
    known, score = known[alike], score[alike]
    order = np.lexsort((before[known], -begun[before[known]], -score, after[known]))
    known = known[order]
    new = np.ones(len(known), dtype=np.bool_)
    new[1:] = after[known[1:]] != after[known[:-1]]
    return np.stack([after[known[new]], before[known[new]]], axis=1)
