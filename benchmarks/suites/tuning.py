"""Tuning on half of the gold, judged on the other half: ``python -m benchmarks.suites.tuning FEED GOLD``.

Gold is halved by events. Settings are tuned on one half; on the other their B-cubed F1 is held against the best of the
same grid there: for copies any of it; for stories any threshold, with the copy settings started from and with those that
the other half itself chooses. Then, for stories, against a wider search than the tuning makes: any threshold with any copy
setting of a coarser grid, told the long way. The best of so many on few articles is luck in part. What the tuned settings
score is taken from `cluster`, not from the tuning. Inside the whole feed, and on the gold articles alone.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import click
import numpy as np

from benchmarks.corpora.gold import gold_articles, gold_rows
from clusterer import Article, Settings, cluster
from clusterer.copies import grouping
from clusterer.copies.candidates import generate_candidates
from clusterer.copies.documents import find_documents
from clusterer.copies.verify import verify
from clusterer.corpus import read
from clusterer.evaluation.gold import Gold, read_gold
from clusterer.evaluation.metrics import evaluate
from clusterer.evaluation.sweeps import GRID
from clusterer.evaluation.tuning import Tuning, tune
from clusterer.io.feed import Feed
from clusterer.results import Level
from clusterer.stories.clustering import cluster_stories
from clusterer.stories.linkage import link_texts
from clusterer.stories.texts import story_texts

LEVELS: tuple[Level, ...] = ("copy", "story")
COARSE = {"jaccard": (0.4, 0.5, 0.6, 0.7, 0.8), "containment": (0.5, 0.6, 0.7, 0.8), "opening": (0.0, 0.2, 0.4)}
SEEDS = 5
Labels = dict[str, object]  # article's name in gold to group


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed")
@click.argument("gold")
@click.option("--seeds", default=SEEDS, show_default=True, help="Ways to halve.")
def main(feed: str, gold: str, seeds: int) -> None:
    """Print everything."""
    labels = read_gold(gold)
    places = {"gold articles alone": gold_articles(gold_rows(gold)), "whole feed": [r.article for r in Feed([feed])]}
    for where, articles in places.items():
        started = time.perf_counter()
        told = coarse_stories(articles, labels)
        print(f"{where}: {len(articles):,} articles, {len(told):,} story settings told in {_since(started):.0f} s")
        print("  below the best of the other half by, for copies, stories, and stories of a wider search:")
        every = []
        for seed in range(seeds):
            lost, seconds, chosen = gaps(articles, labels, seed, told)
            every.append(list(lost.values()))
            print(f"  seed {seed}: {_row(every[-1])}; tuned in {seconds:.1f} s to {chosen}")
        print(f"  mean:   {_row(np.mean(every, axis=0))}")
        print(f"  worst:  {_row(np.max(every, axis=0))}")


def halves(gold: Gold, seed: int) -> tuple[Gold, Gold]:
    """Gold in two, no event in both."""
    events = sorted(set(gold.labels["story"].values()), key=str)
    random.Random(f"halves {seed}").shuffle(events)
    first = set(events[: len(events) // 2])
    sides = []
    for side in (True, False):
        names = {name for name, event in gold.labels["story"].items() if (event in first) == side}
        labels = {level: {n: x for n, x in own.items() if n in names} for level, own in gold.labels.items()}
        sides.append(replace(gold, labels=labels))
    return sides[0], sides[1]


def gaps(
    articles: Sequence[Article], gold: Gold, seed: int, told: Sequence[Labels] = ()
) -> tuple[dict[str, float], float, str]:
    """Return how far below the best F1 of one half the settings are that were tuned on the other.

    For copies, stories and, beside the stories `told`, stories of a wider search; the seconds that tuning took, and what it
    chose.
    """
    mine, other = halves(gold, seed)
    started = time.perf_counter()
    tuned = tune(articles, mine)
    seconds = _since(started)
    there = tune(articles, other)
    chosen = tuned.suggested
    result = cluster(articles, chosen)
    lost: dict[str, float] = {}
    for level in LEVELS:
        own = f1(other, level, named(articles, result.labels(level), [a.id for a in result]))
        lost[level] = max(own, _best(there, level)) - own
    if told:
        lost["wider"] = max(lost["story"], max(f1(other, "story", labels) for labels in told) - own)
    thresholds = ", ".join(f"{name} {getattr(chosen, name)}" for name in GRID)
    return lost, seconds, thresholds


def coarse_stories(articles: Sequence[Article], gold: Gold) -> list[Labels]:
    """The stories of gold's articles under every threshold with every copy setting of the coarse grid, the long way."""
    corpus = read(articles, Settings())
    documents = find_documents(corpus, Settings())
    names = [a.url or a.id for a in articles]
    place = {name: i for i, names_of in enumerate(zip(corpus.ids, names, strict=True)) for name in names_of}
    wanted = [place[gold.place(name, place, "the feed")] for name in gold.labels["story"]]
    out: list[Labels] = []
    for jaccard, containment, opening in product(*COARSE.values()):
        settings = Settings(jaccard=jaccard, containment=containment, opening=opening)
        links = verify(documents, generate_candidates(documents, settings).pairs, settings)
        copies = grouping.group_documents(links.likeness, len(documents), jaccard, containment, settings.bucket_cap)
        texts = story_texts(corpus, documents, copies)
        stories = cluster_stories(texts, settings, forms=links.pairs[links.forms])
        pairs = np.searchsorted(texts.centres, stories.pairs)
        for threshold in GRID["story"]:
            groups = link_texts(pairs, stories.score, len(texts.centres), threshold)
            found = [int(documents.of_article[i]) for i in wanted]
            of = [int(groups[texts.text_of[d]]) if d >= 0 else f"alone {i}" for i, d in enumerate(found)]
            out.append(dict(zip(gold.labels["story"], of, strict=True)))
    return out


def named(articles: Sequence[Article], labels: Sequence[str], ids: Sequence[str]) -> Labels:
    """Groups by every name that an article has."""
    by_url = {a.url: label for a, label in zip(articles, labels, strict=True) if a.url}
    return {**by_url, **dict(zip(ids, labels, strict=True))}


def f1(gold: Gold, level: Level, labels: Labels) -> float:
    """B-cubed F1 of groups by name."""
    names = gold.labels[level]
    ours = [labels[gold.place(name, labels, "the feed")] for name in names]
    return evaluate(ours, list(names.values())).bcubed_f1


def _best(tuning: Tuning, level: Level) -> float:
    before = [t.f1 for t in tuning.story_before] if level == "story" else []
    return max([tuning.best(level).f1, *before])


def _row(gaps: Sequence[float]) -> str:
    return "  ".join(f"{gap:.4f}" for gap in gaps)


def _since(started: float) -> float:
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
