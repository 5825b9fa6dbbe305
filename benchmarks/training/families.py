"""The families of `data/`, each judged by a score that was trained without it.

What is found of them, and what is put together wrongly, as they came and without outlets and dates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.training import corpora
from clusterer import Article, Settings
from clusterer.evaluation.training import Examples, fit
from clusterer.stories import term_weights
from clusterer.stories.candidates import STORY_TRACE
from clusterer.stories.linkage import link_texts
from clusterer.stories.model import Model

SAMPLE_WEIGHT = 4.0
"""How much pairs of `data/` count beside those of one corpus."""
_OTHERS = 4  # parts of the events that are of no family


def sample_examples(
    known: term_weights.Background, corpora_beside: int = 1, left_out: str | None = None
) -> list[Examples]:
    """Return what `data/` teaches, without the part that is left out.

    Its articles stand there as they are, and without outlets and dates, so that the score also knows plain texts.

    Args:
        known: counts of stems.
        corpora_beside: other corpora that teach, too; beside each the sample counts alike.
        left_out: name of the part, see `parts_of_sample`.
    """
    articles, event, _ = corpora.sample()
    chosen = [i for i, name in enumerate(parts_of_sample()) if name != left_out]
    dated = [articles[i] for i in chosen]
    plain = [Article(a.text, a.id, a.title) for a in dated]
    events = [event[i] for i in chosen]
    weight = SAMPLE_WEIGHT * max(corpora_beside, 1)
    return [corpora.examples(some, events, known).times(weight) for some in (dated, plain)]


def parts_of_sample() -> list[str]:
    """Return of each article of `data/` its family, or for those of none one of a few parts by its event."""
    _, event, family = corpora.sample()
    return [name or f"others {number % _OTHERS}" for number, name in zip(event, family, strict=True)]


def leave_families_out(
    taught: list[Examples], known: term_weights.Background, corpora_beside: int
) -> dict[str, tuple[int, int]]:
    """Print what is found of each family of `data/`, and of all, when it is left out of the training.

    Returns:
        With dates and plain: how many pairs of one event are found, and how many others are put together.
    """
    counts: dict[str, tuple[int, int]] = {}
    parts = parts_of_sample()
    models = {name: fit(taught + sample_examples(known, corpora_beside, name)) for name in sorted(set(parts))}
    articles, event, _ = corpora.sample()
    for where, batch in (
        ("with dates", articles),
        ("plain", [Article(a.text, a.id, a.title) for a in articles]),
    ):
        found, first = corpora.examples_of_groups(batch, event, known)
        part = np.array(parts)[first]
        scores = held_out(found, part, models)
        likely = scores >= STORY_TRACE
        group = link_texts(found.pairs[likely], scores[likely], len(first), Settings().story)
        together: NDArray[np.bool_] = group[found.pairs[:, 0]] == group[found.pairs[:, 1]]
        ends = part[found.pairs]
        for name in sorted(models):
            of_part = (ends == name).all(axis=1)
            print(
                f"  {name:12} left out, {where:10} one event {np.round(np.sort(scores[of_part & found.same]), 2)}"
                f"  most alike others {np.round(np.sort(scores[of_part & ~found.same])[::-1][:3], 2)}"
            )
        print(
            f"families of data/ left out, {where}: found {(together & found.same).sum()} of {found.same.sum()},"
            f" wrong {(together & ~found.same).sum()}"
        )
        counts[where] = int((together & found.same).sum()), int((together & ~found.same).sum())
    return counts


def held_out(found: Examples, part: NDArray[np.str_], models: dict[str, Model]) -> NDArray[np.float64]:
    """Score pairs of texts by models without their parts: of two parts by the mean of the two that lack one."""
    by_part = {name: model.score(found.features) for name, model in models.items()}
    ends: Sequence[NDArray[np.str_]] = part[found.pairs].T
    scores = [np.select([end == name for name in models], [by_part[name] for name in models], 0.0) for end in ends]
    return (scores[0] + scores[1]) / 2.0
