"""Retraining on few judged pairs of one corpus, judged on its other pairs, with no event in both.

    python -m benchmarks.suites.retraining --corpus july FEED GOLD PAIRS --corpus panarab FEED GOLD PAIRS

Of each corpus 50, 100 and 200 of its judged pairs are drawn by chance; these retrain the score as `clusterer tune --retrain`
does, and the pairs that share no text with them judge it. Twice: from the shipped weights, which have seen
the corpus, and from weights trained on the other corpora and `data/`, as a user with a feed of another kind has them. Printed
are mean F1, Brier score and logarithmic loss before, after, and as the rule takes it (retrained where better by
cross-validation), the worst change of F1, and how often the rule takes it. `--strength` tries other pulls to the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from benchmarks.training import corpora
from benchmarks.training.corpora import LabelledFeed
from benchmarks.training.families import notice_examples, sample_examples, trained
from benchmarks.training.train import compare, examples
from clusterer import Settings
from clusterer.arrays.indexing import factorize
from clusterer.arrays.linkage import components
from clusterer.evaluation import training
from clusterer.evaluation.metrics import evaluate_pairs
from clusterer.evaluation.training import Examples, cross_validate, fit
from clusterer.stories import term_weights
from clusterer.stories.model import Model, shipped_model

SIZES = (50, 100, 200)
DRAWS = 20


@click.command(help=__doc__.partition("\n")[0])
@click.option("--corpus", "chosen", multiple=True, required=True, nargs=4, metavar="NAME FEED GOLD PAIRS")
@click.option("--strength", "strengths", multiple=True, type=float, help="Variance around the prior; else the default.")
def main(chosen: Sequence[tuple[str, str, str, str]], strengths: Sequence[float]) -> None:
    """Print everything."""
    loaded = [corpora.load(name, *map(Path, paths)) for name, *paths in chosen]
    known = term_weights.background()
    for feed in loaded:
        judged = compare(feed, feed.inside, known).judged
        print(
            f"{feed.name}: {len(judged.same)} judged pairs, {judged.same.mean():.2f} of one event; {DRAWS} draws each"
        )
        print(f"{'':24}{'pairs':>6}{'F1 before':>11}{'after':>8}{'taken':>8}{'worst':>8}{'Brier':>8}{'taken':>8}"
              f"{'loss':>8}{'after':>8}{'taken':>8}{'times':>7}")  # fmt: skip
        for name, prior in (("shipped", shipped_model()), ("without the corpus", without(feed, loaded, known))):
            for strength in strengths or (training.PRIOR_STRENGTH,):
                for size in SIZES:
                    print(f"{name:18}{strength:>6g}{size:>6}{_row(judged, prior, size, strength)}", flush=True)


def without(held: LabelledFeed, loaded: Sequence[LabelledFeed], known: term_weights.Background) -> Model:
    """Weights of all corpora but one."""
    others = [feed for feed in loaded if feed is not held]
    beside = max(len(others), 1)
    parts = [part for feed in others for part in examples(feed, known)] + sample_examples(known, beside)
    return trained(parts, notice_examples(known, beside))


def _row(judged: Examples, prior: Model, size: int, strength: float) -> str:
    figures = np.array([figures_of(judged, prior, size, strength, seed) for seed in range(DRAWS)])
    before, after, taken = figures[:, 0], figures[:, 1], figures[:, 2]
    return (
        f"{before[:, 0].mean():>8.3f}{after[:, 0].mean():>10.3f}{taken[:, 0].mean():>8.3f}"
        f"{(taken[:, 0] - before[:, 0]).min():>+8.3f}{before[:, 1].mean():>8.4f}{taken[:, 1].mean():>8.4f}"
        f"{before[:, 2].mean():>8.3f}{after[:, 2].mean():>8.3f}{taken[:, 2].mean():>8.3f}{int(taken[:, 3].sum()):>4}/{DRAWS}"
    )


def figures_of(judged: Examples, prior: Model, size: int, strength: float, seed: int) -> list[list[float]]:
    """F1, Brier score and loss on the pairs that do not teach: before, retrained, and by the rule; and whether it takes it."""
    teach, judge = split(judged, size, seed)
    after = fit([teach], prior, strength)
    is_taken = cross_validate(teach, prior, Settings().story, strength).better
    return [[*_figures(judge, model), float(is_taken)] for model in (prior, after, after if is_taken else prior)]


def split(judged: Examples, size: int, seed: int) -> tuple[Examples, Examples]:
    """Pairs drawn by chance, as many as wished or a few more, and the others; no text, and so no event, is in both."""
    texts, local = factorize(judged.pairs)
    unit = components(local, len(texts))[local[:, 0]]
    order = np.random.default_rng(seed).permutation(np.unique(unit))
    counts = np.bincount(unit, minlength=len(texts))[order]
    drawn = np.isin(unit, order[: 1 + int(np.searchsorted(counts.cumsum(), size))])
    return judged.where(drawn), judged.where(~drawn)


def _figures(judge: Examples, model: Model) -> tuple[float, float, float]:
    score, weight = model.score(judge.features), judge.weight
    sure = weight == 1.0
    found = evaluate_pairs((score[sure] >= Settings().story).tolist(), judge.same[sure].tolist())
    loss = -np.log(np.clip(np.where(judge.same, score, 1.0 - score), 1e-12, None))
    brier = np.average((score - judge.same) ** 2, weights=weight)
    return found.f1, float(brier), float(np.average(loss, weights=weight))


if __name__ == "__main__":
    main()
