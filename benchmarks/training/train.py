"""Train the same-event score: ``python -m benchmarks.training.train GOLD [--write clusterer/stories/event_model.json]``.

Pairs of copy groups, from GOLD (JSON lines: id, source, url, date, title, text, event, doubtful) and from the
sample feed in `data/`, which holds what GOLD has little of: one outlet's formula for different events. Logistic regression
with the sign of every weight fixed by what its feature means, so that a small gold set cannot turn one round. Prints
out-of-fold scores (ten folds by event) and, for every family, the scores when that family is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.corpora.gold import (
    FOLDS,
    SAMPLE_WEIGHT,
    STRENGTH,
    UNDATED,
    Labelled,
    families,
    gold_articles,
    gold_rows,
    gold_scores,
    label,
)
from clusterer.stories import features as stories_features
from clusterer.arrays import linkage

from clusterer.stories import model as stories_model

SIGNS = dict.fromkeys(stories_features.FEATURES, -1) | dict.fromkeys(("lead", "own_body", "lead_found", "titles"), 1)


@click.command(help=__doc__.partition("\n")[0])
@click.argument("gold")
@click.option("--write", help="Where to write the weights.")
def main(gold: str, write: str | None) -> None:
    """Print scores out of fold; train on everything; write."""
    rows = gold_rows(gold)
    real = label(gold_articles(rows), [r["event"] for r in rows], [bool(r["doubtful"]) for r in rows])
    sample, family = families()
    for name, part in (("GOLD", real), ("the sample feed", sample)):
        print(f"{len(part.pairs):,} pairs of {name}, {part.same.sum()} of one event")
    scores = out_of_fold(real, sample, np.ones(len(sample.pairs), dtype=np.bool_))
    for threshold in np.arange(0.35, 0.75, 0.05):
        print(f"threshold {threshold:.2f}  {describe(rows, real, story_labels(real, scores, threshold, len(rows)))}")
    for name in sorted(set(family.tolist()) - {""}):
        model = fit(real, sample, family != name)
        mine = family == name
        found = model.score(sample.features[mine])
        same = sample.same[mine]
        others = np.sort(found[~same])[::-1][:4]
        print(
            f"family left out: {name:12} one event {np.round(found[same], 2)}  most alike others {np.round(others, 2)}"
        )
    model = fit(real, sample, np.ones(len(sample.pairs), dtype=np.bool_))
    weights = {name: round(float(w), 3) for name, w in zip(stories_features.FEATURES, model.weights, strict=True)}
    out = {"weights": weights, "bias": round(model.bias, 3), "undated": UNDATED}
    print(out)
    if write:
        Path(write).write_bytes(orjson.dumps(out, option=orjson.OPT_INDENT_2) + b"\n")


def fit(
    real: Labelled, sample: Labelled, of_sample: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
) -> stories_model.Model:
    """Weights from GOLD's pairs that are kept and not doubtful, and from chosen pairs of the families."""
    chosen = real.sure[real.pairs].all(axis=1) & (True if kept is None else kept)
    features = np.concatenate([real.features[chosen], sample.features[of_sample]])
    features = np.where(np.isnan(features), UNDATED, features)
    sign = np.concatenate([real.same[chosen], sample.same[of_sample]]) * 2.0 - 1.0
    weight = np.concatenate([np.ones(chosen.sum()), np.full(of_sample.sum(), SAMPLE_WEIGHT)])
    mean, spread = np.average(features, axis=0, weights=weight), features.std(axis=0) + 1e-9
    scaled = np.hstack([(features - mean) / spread, np.ones((len(features), 1))])

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (scaled @ w)
        slope = -(sign * weight / (1.0 + np.exp(margin))) @ scaled
        flat = np.append(w[:-1], 0.0)
        return float(
            (np.logaddexp(0.0, -margin) * weight).sum() + (flat @ flat) / (2 * STRENGTH)
        ), slope + flat / STRENGTH

    bounds = [(0, None) if SIGNS[name] > 0 else (None, 0) for name in stories_features.FEATURES] + [(None, None)]
    best = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = best[:-1] / spread
    return stories_model.Model(weights, float(best[-1] - weights @ mean), UNDATED)


def out_of_fold(real: Labelled, sample: Labelled, of_sample: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Scores of GOLD's pairs out of fold, float64 (m,).

    A pair of one event is scored by a model that never saw the event; a pair of events in two folds by the mean of two
    models that each lack one of them.
    """
    fold = np.random.default_rng(0).permutation(int(real.event.max()) + 1)[real.event] % FOLDS
    of_pair = fold[real.pairs]
    total, times = np.zeros(len(real.pairs)), np.zeros(len(real.pairs))
    for k in range(FOLDS):
        held = (of_pair == k).any(axis=1)
        total[held] += fit(real, sample, of_sample, ~held).score(real.features[held])
        times[held] += 1
    return total / times


def story_labels(real: Labelled, scores: NDArray[np.float64], threshold: float, count: int) -> list[int]:
    """Story numbers of all `count` articles, by average linkage of copy groups."""
    likely = scores >= 0.05
    groups = linkage.average_linkage(real.pairs[likely], scores[likely], len(real.members), threshold)
    labels = [len(real.members) + i for i in range(count)]
    for members, group in zip(real.members, groups.tolist(), strict=True):
        for i in members:
            labels[i] = group
    return labels


def describe(rows: Sequence[dict[str, Any]], real: Labelled, labels: Sequence[Any]) -> str:
    """B-cubed and the recall of same-event pairs in different words, doubtful articles left out."""
    scores, different = gold_scores(rows, labels)
    return (
        f"B-cubed precision {scores.bcubed_precision:.4f} recall {scores.bcubed_recall:.4f} F1 {scores.bcubed_f1:.4f},"
        f" pairs in different words found {different:.3f}"
    )


if __name__ == "__main__":
    main()
