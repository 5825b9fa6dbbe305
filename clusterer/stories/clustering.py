"""The story level: copy groups to stories. Weighs terms, finds candidates, scores them, links them.

Array letters: `t` copy groups, `d` documents, `m` pairs, `f` features.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.copies.verify import _VERIFY_BLOCK
from clusterer.lsh.bands import full_texts
from clusterer.progress import Progress, begin, silent
from clusterer.settings import Settings
from clusterer.stories import features as stories_features, model, term_weights
from clusterer.stories.candidates import STORY_TRACE, prefilter_pairs, story_candidates, story_likeness
from clusterer.stories.follow_ups import earlier_stories
from clusterer.stories.linkage import link_texts
from clusterer.stories.texts import StoryTexts


def cluster_stories(
    texts: StoryTexts,
    settings: Settings,
    progress: Progress | None = None,
    forms: NDArray[np.int64] | None = None,
    store: Store = IN_MEMORY,
) -> Stories:
    """Copy groups to stories. A group enters as one text: its longest, however often it was copied.

    Args:
        texts: of t copy groups.
        settings: with the threshold.
        progress: told how far the work is.
        forms: int64 (x, 2), pairs of documents that are one form, filled twice: their groups report two events, however
            alike they are.
        store: where what belongs to stems, and signatures, live meanwhile.
    """
    tell = progress or silent
    begin(tell, "weighing", len(texts.centres))
    count = len(texts.centres)
    weights = term_weights.weight_terms(texts.stems, texts.titles, settings.threads, store=store)
    scorer = model.model_of(settings)
    tell("weighing", count)
    begin(tell, "proposing pairs of stories", count)
    candidates, dropped = story_candidates(weights, texts.first, texts.last, settings, store)

    def of_block(start: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
        pairs = candidates[start : start + _VERIFY_BLOCK]
        tell("comparing", len(pairs))
        pairs = prefilter_pairs(weights, pairs, texts.first, texts.last, scorer)
        return score_pairs(weights, pairs, texts.outlets, texts.first, texts.last, scorer)

    full = full_texts(candidates, story_likeness(texts.first, texts.last, settings).first)
    begin(tell, "comparing", len(candidates))
    parts = list(ordered_map(of_block, range(0, max(len(candidates), 1), _VERIFY_BLOCK), settings.threads))
    pairs, score, features = (np.concatenate(x) for x in zip(*parts, strict=True))
    if forms is not None and len(forms):
        filled = np.sort(texts.text_of[forms], axis=1)
        other = ~np.isin(pairs @ np.array([count, 1]), filled @ np.array([count, 1]))
        pairs, score, features = pairs[other], score[other], features[other]
    begin(tell, "linking", len(pairs))
    story = link_texts(pairs, score, count, settings.story)
    centres = texts.centres
    follows = earlier_stories(pairs, features, story, texts.first, scorer)
    return Stories(
        texts.text_of, centres[story], centres[pairs], score, features, len(candidates), dropped, full, centres[follows]
    )


def score_pairs(
    weights: term_weights.TermWeights,
    pairs: NDArray[np.int64],
    outlets: Ragged,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    scorer: model.Model,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """Score pairs of texts and keep those with more than a trace of likeness.

    Args:
        weights: of n texts.
        pairs: int64, rows of `weights`, as `prefilter_pairs` leaves them.
        outlets, first, last: as for `features.pair_features`.
        scorer: makes the score.

    Returns:
        The pairs kept, int64 (m, 2), their scores, float64 (m,), and their features, float32 (m, f).
    """
    features = stories_features.pair_features(weights, pairs, outlets, first, last)
    score = scorer.score(features)
    likely = score >= STORY_TRACE
    return pairs[likely], score[likely], features[likely].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of t copy groups.

    Attributes:
        text_of: int64 (d,), the copy group that each document is of, numbered 0 to t - 1.
        of_text: int64 (t,), the story of each copy group: the centre of its first one.
        pairs: int64 (m, 2), centres of copy groups that were compared and have more than a trace of likeness.
        score: float64 (m,), how likely both report the same event.
        features: float32 (m, f), what the score is made of, columns as in `features.FEATURES`.
        candidates: pairs that shared a band and looked likely.
        dropped: pairs that large buckets left out.
        full: texts that brought as many candidates as a text may.
        follows: int64 (s, 2), stories and the earlier one that each goes on with, as in `of_text`; none where it is not known.
    """

    text_of: NDArray[np.int64]
    of_text: NDArray[np.int64]
    pairs: NDArray[np.int64]
    score: NDArray[np.float64]
    features: NDArray[np.float32]
    candidates: int
    dropped: int
    full: int
    follows: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))

    def features_of(self, pairs: NDArray[np.int64]) -> NDArray[np.float32]:
        """What the scores of some pairs, given by their numbers, are made of, float32 (p, f)."""
        return self.features[pairs]
