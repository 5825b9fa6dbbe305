"""What was written to teach the score, each family judged by a score that was trained without it.

Families of `data/`: what is found of them, and what is put together wrongly, as they came and without outlets and dates. Made
notices (`benchmarks.corpora.made_notices`): how many of one event and of two a score without their kind puts together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora.made_notices import HELD, TAUGHT, notices
from benchmarks.training import corpora
from clusterer import Article, Settings
from clusterer.evaluation.training import Examples, fit
from clusterer.stories import term_weights
from clusterer.stories.candidates import STORY_TRACE
from clusterer.stories.linkage import link_texts
from clusterer.stories.model import Model

SAMPLE_WEIGHT = 4.0
"""How much pairs of `data/` count beside those of one corpus."""
NOTICE_WEIGHT = 0.15
"""How much a pair of made notices counts beside one corpus."""
_OTHERS = 4  # parts of the events that are of no family


def sample_examples(known: term_weights.Background, corpora_beside: int = 1) -> list[Examples]:
    """Return what `data/` and made notices teach beside some corpora; `known` are counts of stems."""
    return [*data_examples(known, corpora_beside), notice_examples(known, corpora_beside)]


def data_examples(
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


def notice_examples(known: term_weights.Background, corpora_beside: int = 1) -> Examples:
    """Return what made notices teach."""
    return _joined(compared_notices(known, TAUGHT)).times(NOTICE_WEIGHT * max(corpora_beside, 1))


@dataclass(frozen=True)
class ComparedNotices:
    """A pair of made notices: its kind, and itself with its features; none where the two are one text."""

    kind: str
    examples: Examples


def compared_notices(known: term_weights.Background, part: str) -> list[ComparedNotices]:
    """Return the pairs of made notices, each compared as if it were all there is."""
    return [
        ComparedNotices(each.kind, corpora.examples(each.pair, [0, 0 if each.same else 1], known))
        for each in notices(part)
    ]


def _joined(compared: Sequence[ComparedNotices]) -> Examples:
    parts = [each.examples for each in compared]
    return Examples(
        np.concatenate([part.pairs for part in parts]), np.concatenate([part.features for part in parts]),
        np.concatenate([part.same for part in parts]), np.concatenate([part.weight for part in parts]),
    )  # fmt: skip


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
    parts, beside = parts_of_sample(), [*taught, notice_examples(known, corpora_beside)]
    models = {name: fit(beside + data_examples(known, corpora_beside, name)) for name in sorted(set(parts))}
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


def leave_notices_out(taught: list[Examples], known: term_weights.Background, corpora_beside: int) -> None:
    """Print how many made notices a score joins that was trained without their kind, and of those that never teach."""
    beside = taught + data_examples(known, corpora_beside)
    compared = compared_notices(known, TAUGHT)
    weight, taught_scores, same = NOTICE_WEIGHT * max(corpora_beside, 1), [], []
    for kind in sorted({each.kind for each in compared}):
        model = fit([*beside, _joined([each for each in compared if each.kind != kind]).times(weight)])
        of_kind = _joined([each for each in compared if each.kind == kind])
        taught_scores.append(model.score(of_kind.features))
        same.append(of_kind.same)
    held = _joined(compared_notices(known, HELD))
    held_scores = fit([*beside, _joined(compared).times(weight)]).score(held.features)
    for name, score, one in (
        ("each kind left out", np.concatenate(taught_scores), np.concatenate(same)),
        ("never taught", held_scores, held.same),
    ):
        likely = score >= Settings().story
        print(
            f"made notices, {name}: {(likely & one).sum()} of {one.sum()} of one event at {Settings().story} or more,"
            f" {(likely & ~one).sum()} of {(~one).sum()} of one outlet's form, filled twice"
        )


def held_out(found: Examples, part: NDArray[np.str_], models: dict[str, Model]) -> NDArray[np.float64]:
    """Score pairs of texts by models without their parts: of two parts by the mean of the two that lack one."""
    by_part = {name: model.score(found.features) for name, model in models.items()}
    ends: Sequence[NDArray[np.str_]] = part[found.pairs].T
    scores = [np.select([end == name for name in models], [by_part[name] for name in models], 0.0) for end in ends]
    return (scores[0] + scores[1]) / 2.0
