"""Labelled articles alone, grouped by a score that never saw their events: for suites that have no feed beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.corpora.gold import gold_articles
from benchmarks.training import corpora
from benchmarks.training.families import notice_examples, sample_examples, trained
from clusterer import Settings
from clusterer.evaluation.training import FOLDS, out_of_fold
from clusterer.stories import term_weights
from clusterer.stories.candidates import STORY_TRACE
from clusterer.stories.linkage import link_texts


def labels_out_of_fold(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Story numbers of labelled articles, by models that are trained on the other events and on `data/`."""
    known = term_weights.background()
    batch = corpora.batch_of_articles(gold_articles(rows), range(len(rows)))
    compared = corpora.compare(list(rows), batch, known)
    event = {t: row["event"] for t, row in zip(batch.text_of.tolist(), rows, strict=True)}
    fold = np.random.default_rng(0).permutation(max(event.values()) + 1) % FOLDS
    of_text = np.full(len(batch.texts.first), -1)
    for text, number in event.items():
        if text >= 0:
            of_text[text] = fold[number]
    sample, notices = sample_examples(known), notice_examples(known)
    kept = [(of_text[compared.gold.pairs] != k).all(axis=1) for k in range(FOLDS)]
    models = [trained([*sample, compared.gold.where(some)], notices) for some in kept]
    pairs, features = compared.candidates
    scores = out_of_fold(pairs, features, of_text, models, models[0])
    likely = scores >= STORY_TRACE
    group = link_texts(pairs[likely], scores[likely], len(of_text), Settings().story)
    return [len(of_text) + i if t < 0 else int(group[t]) for i, t in enumerate(batch.text_of.tolist())]
