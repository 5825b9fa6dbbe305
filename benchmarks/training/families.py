"""What was written to teach the score, each family judged by a score that was trained without it.

Families of `data/`: what is found of them, and what is put together wrongly, as they came and without outlets and dates. Made
notices (`benchmarks.corpora.made_notices`): how many of one event and of two a score without their kind puts together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logit

from benchmarks.corpora.made_notices import HELD, TAUGHT, notices
from benchmarks.training import corpora
from clusterer import Article, Settings
from clusterer.evaluation.training import STRENGTH, Examples, fit
from clusterer.stories import term_weights
from clusterer.stories.candidates import STORY_TRACE
from clusterer.stories.features import FEATURES
from clusterer.stories.linkage import link_texts
from clusterer.stories.model import Model

SAMPLE_WEIGHT = 4.0
"""How much pairs of `data/` count beside those of one corpus."""
NOTICE_WEIGHT = 0.15
"""How much a pair of made notices counts beside one corpus."""
_SURE = 1e-15  # how near to 0 and 1 a score may be
_OTHERS = 4  # parts of the events that are of no family


def sample_examples(
    known: term_weights.Background, corpora_beside: int = 1, left_out: str | None = None
) -> list[Examples]:
    """Return what `data/` teaches beside some corpora, without the part that is left out.

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


def trained(parts: Sequence[Examples], notices: Examples) -> Model:
    """Weights from labelled pairs; then that of `form` from made notices as well, with all others as they are.

    Hardly a labelled pair is of a form; and what is made of few words says nothing of how news is told elsewhere: where it
    taught all weights, labelled corpora that were left out lost 0.01 to 0.02 of F1.
    """
    column = np.arange(len(FEATURES)) == FEATURES.index("form")
    model = fit([replace(part, features=np.where(column, 0.0, part.features)) for part in parts])
    every = joined([*parts, notices])
    margin = logit(np.clip(model.score(np.where(column, 0.0, every.features)), _SURE, 1.0 - _SURE))
    form = every.features[:, column].ravel()
    spread = form.std()

    def loss(weight: float) -> float:
        told = margin + weight * form
        each = np.logaddexp(0.0, told) - np.where(every.same, told, 0.0)
        return float(every.weight @ each + (weight * spread) ** 2 / (2.0 * STRENGTH))

    return replace(model, weights=model.weights + min(minimize_scalar(loss).x, 0.0) * column)


def notice_examples(known: term_weights.Background, corpora_beside: int = 1) -> Examples:
    """Return what made notices teach."""
    return joined([each.examples for each in compared_notices(known, TAUGHT)]).times(
        NOTICE_WEIGHT * max(corpora_beside, 1)
    )


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


def joined(parts: Sequence[Examples]) -> Examples:
    """Return examples as one."""
    return Examples(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Examples)))


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
    parts, notices = parts_of_sample(), notice_examples(known, corpora_beside)
    models = {
        name: trained(taught + sample_examples(known, corpora_beside, name), notices) for name in sorted(set(parts))
    }
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
    beside, weight = taught + sample_examples(known, corpora_beside), NOTICE_WEIGHT * max(corpora_beside, 1)
    compared = compared_notices(known, TAUGHT)
    kind = np.array([each.kind for each in compared])

    def judged(
        some: Sequence[ComparedNotices], teach: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        teachers = [each.examples for each, one in zip(compared, teach, strict=True) if one]
        found = joined([each.examples for each in some])
        return trained(beside, joined(teachers).times(weight)).score(found.features), found.same

    kinds = [judged([each for each in compared if each.kind == one], kind != one) for one in np.unique(kind)]
    never = judged(compared_notices(known, HELD), kind != "")
    for name, (score, same) in (
        ("each kind left out", tuple(map(np.concatenate, zip(*kinds, strict=True)))),
        ("never taught", never),
    ):
        likely = score >= Settings().story
        print(
            f"made notices, {name}: {(likely & same).sum()} of {same.sum()} of one event at {Settings().story} or more,"
            f" {(likely & ~same).sum()} of {(~same).sum()} of one outlet's form, filled twice"
        )


def held_out(found: Examples, part: NDArray[np.str_], models: dict[str, Model]) -> NDArray[np.float64]:
    """Score pairs of texts by models without their parts: of two parts by the mean of the two that lack one."""
    by_part = {name: model.score(found.features) for name, model in models.items()}
    ends: Sequence[NDArray[np.str_]] = part[found.pairs].T
    scores = [np.select([end == name for name in models], [by_part[name] for name in models], 0.0) for end in ends]
    return (scores[0] + scores[1]) / 2.0
