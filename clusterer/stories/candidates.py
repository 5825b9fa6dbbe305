"""candidates: see clusterer.pipeline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged
from clusterer.lsh import bands, weighted_minhash
from clusterer.settings import Settings
from clusterer.stories import model, term_weights

STORY_ROWS = 2  # slots a band: few, because what is proposed too much is verified
_STORY_ESTIMATE = 5 / 64  # least share of equal slots: a cheap look before the leads are compared
_STORY_LEAD = 0.12  # least cosine of the leads: a cheap look before the evidence is weighed
STORY_TRACE = 0.05  # scores below count as 0 in the mean of two groups
_STORY_CAP = 16  # largest bucket of leads that makes all its pairs: bounds the candidates of a text


def prefilter_pairs(
    salient: term_weights.TermWeights, pairs: NDArray[np.int64], first: NDArray[np.float64], last: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Of candidate pairs of texts those that may have more than a trace of likeness, int64 (m, 2): a cheap look, for which
    stock phrases need not be known."""
    lead, best = model.best_case(salient, pairs, first, last)
    return pairs[(lead >= _STORY_LEAD) & (best >= STORY_TRACE)]


def prefilter_by_lead(
    leads: Ragged,
    weights: NDArray[np.float32],
    pairs: NDArray[np.int64],
    first: NDArray[np.float64],
    last: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Of candidate pairs of texts those that can be `promising` by their leads and dates, int64 (m, 2): where the texts are
    far away and these at hand. Arguments as for `events.best_of_leads`."""
    lead, best = model.best_of_leads(leads, weights, pairs, first, last)
    return pairs[(lead >= _STORY_LEAD) & (best >= STORY_TRACE)]


def story_candidates(salient: term_weights.TermWeights, settings: Settings) -> tuple[NDArray[np.int64], int]:
    """Pairs of texts whose weighted leads share a band and more, int64 (m, 2), and those that large buckets left out."""
    slots = story_slots(salient, settings)
    filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
    cap, least = story_limits(settings)
    return bands.banded_pairs(slots, filled, STORY_ROWS, cap, least, settings.threads)


def story_limits(settings: Settings) -> tuple[int, int]:
    """The largest bucket of leads that makes all its pairs, and how many slots a candidate pair must share."""
    return min(settings.bucket_cap, _STORY_CAP), int(np.ceil(_STORY_ESTIMATE * settings.story_slots))


def story_slots(salient: term_weights.TermWeights, settings: Settings) -> NDArray[np.uint16]:
    """Signatures of the n texts' weighted leads, uint16 (n, k); all slots of a text with an empty lead are equal."""

    def of_chunk(start: int) -> NDArray[np.uint16]:
        sets, weights = salient.weighted_sets(start, min(start + settings.chunk, len(salient)))
        return weighted_minhash.weighted_signatures(sets, weights, settings.story_slots, settings.seed)

    slots = np.empty((len(salient), settings.story_slots), dtype=np.uint16)
    starts = range(0, len(salient), settings.chunk)
    for start, found in zip(starts, ordered_map(of_chunk, starts, settings.threads), strict=True):
        slots[start : start + len(found)] = found
    return slots
