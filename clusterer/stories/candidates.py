"""Candidate pairs of texts that may report one event: bands of weighted leads, and cheap looks that sort out the hopeless.

Array letters: `n` texts, `k` slots, `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.lsh import bands, weighted_minhash
from clusterer.settings import Settings
from clusterer.stories import features, model, term_weights

STORY_ROWS = 2  # slots a band: few, because what is proposed too much is verified
_NEAR, _FAR = 5 / 64, 9 / 64
"""Least share of equal slots, near in time and far: a cheap look before texts are compared."""
_NEAR_DAYS, _DAYS = 1.0, 8.0
"""Days up to which texts are near, and from which on they are no candidates: no labelled pair of one event lies so far apart."""
STORY_LEAD = 0.06  # least cosine of the leads: a cheap look before the evidence is weighed
STORY_TRACE = 0.05  # scores below count as 0 in the mean of two groups
_STORY_CAP = 16  # largest bucket of leads that makes all its pairs: bounds the candidates of a text


def prefilter_pairs(
    weights: term_weights.TermWeights,
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    scorer: model.Model,
) -> NDArray[np.int64]:
    """Keep the candidate pairs of texts that may have more than a trace of likeness, by a cheap look.

    Shared runs and outlets need not be known. Two tables are none: the same one is a copy, another one another day's.

    Args:
        weights: of n texts.
        pairs: int64, rows of `weights`.
        first, last: float64 (n,), earliest and latest date of each text, in seconds.
        scorer: makes the score.

    Returns:
        int64 (m, 2).
    """
    pairs = _not_far(pairs, first, last)
    pairs = pairs[~weights.tables[pairs].all(axis=1)]
    lead, best = model.best_case(weights, pairs, first, last, scorer)
    return pairs[(lead >= STORY_LEAD) & (best >= STORY_TRACE)]


def prefilter_by_lead(
    leads: Ragged,
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    scorer: model.Model,
) -> NDArray[np.int64]:
    """Keep the candidate pairs that `prefilter_pairs` may keep, by their leads and dates alone.

    For texts that are far away while these are at hand. Arguments as for `model.best_of_leads`.

    Returns:
        int64 (m, 2).
    """
    pairs = _not_far(pairs, first, last)
    lead, best = model.best_of_leads(leads, weights, pairs, first, last, scorer)
    return pairs[(lead >= STORY_LEAD) & (best >= STORY_TRACE)]


def _not_far(pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pairs that are less than `_DAYS` apart, or of which a date is missing."""
    return pairs[~(features.days_apart(pairs, first, last) * features.FAR >= _DAYS)]


def story_candidates(
    weights: term_weights.TermWeights,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    settings: Settings,
    store: Store = IN_MEMORY,
) -> tuple[NDArray[np.int64], int]:
    """Pairs of texts whose weighted leads and titles share a band and more, int64 (m, 2), and how many large buckets left out.

    Args:
        weights: of n texts.
        first, last: float64 (n,), earliest and latest date of each text's copies in seconds, inf where unknown.
        settings: how many slots, and what a bucket may hold.
        store: where signatures live meanwhile.
    """
    slots, rows = story_slots(weights, settings, store), settings.chunk
    blocks = (slots[start : start + rows] for start in range(0, len(slots), rows))
    is_filled = [(block != block[:, :1]).any(axis=1) for block in blocks]
    filled = np.flatnonzero(np.concatenate([np.zeros(0, dtype=np.bool_), *is_filled]))
    likeness = story_likeness(first, last, settings)
    return bands.banded_pairs(slots, filled, STORY_ROWS, story_cap(settings), likeness, settings.threads)


def story_cap(settings: Settings) -> int:
    """The largest bucket of leads that makes all its pairs."""
    return min(settings.bucket_cap, _STORY_CAP)


def story_likeness(first: NDArray[np.float64], last: NDArray[np.float64], settings: Settings) -> bands.Likeness:
    """How many slots a candidate pair must share. Arguments as for `story_candidates`."""
    near, far = (int(np.ceil(share * settings.story_slots)) for share in (_NEAR, _FAR))
    known = np.isfinite(first)
    begin, end = np.where(known, first, -np.inf), np.where(known, features.end_of_day(last), np.inf)
    # A second more, for `_not_far` counts in days: what it drops is only dropped earlier.
    return bands.Likeness(near, far, _NEAR_DAYS * features.DAY, begin, end, _DAYS * features.DAY + 1.0)


def story_slots(weights: term_weights.TermWeights, settings: Settings, store: Store = IN_MEMORY) -> NDArray[np.uint16]:
    """Signatures of the n texts' weighted leads and titles, uint16 (n, k); all slots of a text without any are equal."""

    def of_chunk(start: int) -> NDArray[np.uint16]:
        sets, parts = weights.weighted_sets(start, min(start + settings.chunk, len(weights)))
        return weighted_minhash.weighted_signatures(sets, parts, settings.story_slots, settings.seed)

    slots: NDArray[np.uint16] = store.empty((len(weights), settings.story_slots), np.uint16)
    starts = range(0, len(weights), settings.chunk)
    for start, found in zip(starts, ordered_map(of_chunk, starts, settings.threads), strict=True):
        slots[start : start + len(found)] = found
    return slots
