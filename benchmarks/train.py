"""Train the same-event score: ``python -m benchmarks.train GOLD [--write clusterer/event_model.json]``.

Pairs of copy groups, from GOLD (JSON lines: id, source, url, date, title, text, event, doubtful) and from the
sample feed in `data/`, which holds what GOLD has little of: one outlet's formula for different events. Logistic regression
with the sign of every weight fixed by what its feature means, so that a small gold set cannot turn one round. Prints
out-of-fold scores (ten folds by event) and, for every family, the scores when that family is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.optimize import minimize

from clusterer import Article, Settings, events, grouping, salience
from clusterer.corpus import find_documents, read
from clusterer.evaluate import Scores, evaluate
from clusterer.fields import parse_date
from clusterer.files import Feed
from clusterer.pipeline import propose, story_texts, verify
from clusterer.stages import StoryTexts

DATA = Path(__file__).parents[1] / "data"
SIGNS = dict.fromkeys(events.FEATURES, -1) | dict.fromkeys(("lead", "own_body", "lead_found", "titles"), 1)
STRENGTH, SAMPLE_WEIGHT, UNDATED, LEAST_LEAD, FOLDS = 1.0, 0.25, 0.02, 0.06, 10


@dataclass(frozen=True)
class Labelled:
    """Pairs of copy groups with their features.

    Attributes:
        members: places of the articles of each copy group, n groups.
        event: int64 (n,), label of each group's first member.
        sure: bool (n,), no member is doubtful.
        pairs, features, same: int64 (m, 2), float64 (m, f), bool (m,).
    """

    members: list[list[int]]
    event: NDArray[np.int64]
    sure: NDArray[np.bool_]
    pairs: NDArray[np.int64]
    features: NDArray[np.float64]
    same: NDArray[np.bool_]


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
    weights = {name: round(float(w), 3) for name, w in zip(events.FEATURES, model.weights, strict=True)}
    out = {"weights": weights, "bias": round(model.bias, 3), "undated": UNDATED}
    print(out)
    if write:
        Path(write).write_bytes(orjson.dumps(out, option=orjson.OPT_INDENT_2) + b"\n")


def gold_rows(path: str) -> list[dict[str, Any]]:
    """The lines of a gold file."""
    return [orjson.loads(line) for line in Path(path).read_bytes().splitlines()]


def gold_articles(rows: Sequence[dict[str, Any]]) -> list[Article]:
    """The articles of gold rows."""
    return [Article(r["text"], r["id"], r["title"], r["source"], r["url"], parse_date(r["date"])) for r in rows]


def families() -> tuple[Labelled, NDArray[Any]]:
    """The sample feed's pairs, and the family of each pair whose members both belong to it ("" for the rest).

    Every pair stands there twice: as it is, and as it would be without sources and dates, so that the score also knows
    plain texts.
    """
    articles = [row.article for row in Feed([DATA / "feed.jsonl"])]
    gold = {r["id"]: r for r in gold_rows(str(DATA / "gold.jsonl"))}
    plain = [Article(a.text, a.id, a.title) for a in articles]
    event, doubtful = [gold[a.id]["event"] for a in articles], [False] * len(articles)
    found, bare = (label(some, event, doubtful) for some in (articles, plain))
    names = []
    for part in (found, bare):
        of = [gold[articles[m[0]].id].get("family", "") for m in part.members]
        names += [of[a] if of[a] == of[b] else "" for a, b in part.pairs.tolist()]
    both = Labelled(
        found.members,
        found.event,
        found.sure,
        np.concatenate([found.pairs, bare.pairs]),
        np.concatenate([found.features, bare.features]),
        np.concatenate([found.same, bare.same]),
    )
    return both, np.array(names)


def story_input(articles: Sequence[Article]) -> tuple[StoryTexts, list[list[int]]]:
    """The copy groups of articles as the story level sees them, and the places of each group's articles."""
    settings = Settings()
    corpus = read(articles, settings)
    documents = find_documents(corpus, settings)
    links = verify(documents, propose(documents, settings).pairs, settings)
    copies = grouping.star_centres(links.pairs, links.overlap.containment, len(documents))
    texts = story_texts(corpus, documents, copies)
    members: list[list[int]] = [[] for _ in range(len(texts.first))]
    for i, d in enumerate(documents.of_article.tolist()):
        if d >= 0:
            members[texts.text_of[d]].append(i)
    return texts, members


def compared(texts: StoryTexts, groups: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All pairs among some copy groups whose leads have anything in common, and their features."""
    pairs = np.array(list(combinations(sorted(groups), 2)), dtype=np.int64).reshape(-1, 2)
    salient = salience.weigh(texts.stems, texts.titles)
    pairs = pairs[events.best_case(salient, pairs, texts.first, texts.last)[0] >= LEAST_LEAD]
    return pairs, events.evidence(salient, pairs, texts.outlets, texts.first, texts.last)


def label(articles: Sequence[Article], event: Sequence[int], doubtful: Sequence[bool]) -> Labelled:
    """All labelled pairs of copy groups."""
    texts, members = story_input(articles)
    pairs, features = compared(texts, range(len(members)))
    labels = np.array([event[m[0]] for m in members])
    sure = np.array([not any(doubtful[i] for i in m) for m in members])
    return Labelled(members, labels, sure, pairs, features, labels[pairs[:, 0]] == labels[pairs[:, 1]])


def fit(
    real: Labelled, sample: Labelled, of_sample: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None
) -> events.Model:
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

    bounds = [(0, None) if SIGNS[name] > 0 else (None, 0) for name in events.FEATURES] + [(None, None)]
    best = minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = best[:-1] / spread
    return events.Model(weights, float(best[-1] - weights @ mean), UNDATED)


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
    groups = grouping.average_linkage(real.pairs[likely], scores[likely], len(real.members), threshold)
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


def gold_scores(rows: Sequence[dict[str, Any]], labels: Sequence[Any]) -> tuple[Scores, float]:
    """Scores of labels against `event`, and the recall of same-event pairs whose `dup` differs; no doubtful ones."""
    kept = [i for i, r in enumerate(rows) if not r["doubtful"]]
    found = [
        labels[a] == labels[b]
        for a, b in combinations(kept, 2)
        if rows[a]["event"] == rows[b]["event"] and rows[a]["dup"] != rows[b]["dup"]
    ]
    return evaluate([labels[i] for i in kept], [rows[i]["event"] for i in kept]), float(np.mean(found))


if __name__ == "__main__":
    main()
