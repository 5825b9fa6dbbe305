"""Documents of many kinds against brute force: ``python -m benchmarks.suites.mixed``.

Groups 13,000 mixed documents (`benchmarks.corpora.mixed`) as a corpus for training is cleaned, with
``--jaccard 0.8 --no-cuts --boilerplate none``, and prints, in all and by kind: how many pairs of distinct texts have Jaccard 0.8
or more by brute force and the share of them in one group (bar 0.995), and how many pairs in one group have less than 0.5 (bar 0).
Exits with 1 where a bar is missed.
"""

from __future__ import annotations

import sys
import time
from itertools import combinations

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora.brute_force import brute_force
from benchmarks.corpora.mixed import mixed
from clusterer import Settings
from clusterer.copies.candidates import shingle
from clusterer.copies.verify import SERIES, overlap
from clusterer.pipeline import PipelineRun, run_pipeline

ALIKE, RECALL, FAR = 0.8, 0.995, 0.5
SETTINGS = Settings(level="copy", jaccard=ALIKE, cuts=False, boilerplate="none")


@click.command(help=__doc__.partition("\n")[0])
@click.argument("count", type=click.IntRange(10), default=13_000)
@click.option("--seed", default=1, show_default=True, help="Another seed, other documents.")
def main(count: int, seed: int) -> None:
    """Print the figures."""
    articles = mixed(count, seed)
    start = time.perf_counter()
    run = run_pipeline(articles, SETTINGS, keep=True)
    took = time.perf_counter() - start
    kinds = np.array([articles[i].id.partition("-")[0] for i in run.documents.articles.tolist()])
    found, far = alike(run), together(run)
    print(f"{len(articles):,} documents, {len(run.documents):,} distinct texts, grouped in {took:.2f} s")
    print(f"{'kind':10}{'texts':>8}{'Jaccard >= 0.8':>16}{'one group':>11}{'series':>8}{'one group below 0.5':>21}")
    for kind in [*dict.fromkeys(kinds.tolist()), "all"]:
        mine = kinds == kind if kind != "all" else np.ones(len(kinds), dtype=np.bool_)
        wanted = found[mine[found[:, 0]] & mine[found[:, 1]]]
        share = (run.copies[wanted[:, 0]] == run.copies[wanted[:, 1]]).mean() if len(wanted) else 1.0
        apart = int((mine[far[:, 0]] & mine[far[:, 1]]).sum())
        print(f"{kind:10}{mine.sum():8,}{len(wanted):16,}{share:11.4f}{in_series(run, wanted):8,}{apart:21,}")
    if share < RECALL or len(far):
        sys.exit(1)


def alike(run: PipelineRun) -> NDArray[np.int64]:
    """Pairs of documents with Jaccard `ALIKE` or more, int64 (m, 2), by brute force."""
    truth = brute_force(shingle(run.documents.words, SETTINGS), ALIKE)
    return truth.pairs[truth.jaccard >= ALIKE]


def together(run: PipelineRun) -> NDArray[np.int64]:
    """Pairs of documents in one group that have less than `FAR`, int64 (m, 2)."""
    order = np.argsort(run.copies, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(run.copies[order])) + 1)
    inside = [pair for group in groups if len(group) > 1 for pair in combinations(group.tolist(), 2)]
    pairs = np.array(inside, dtype=np.int64).reshape(-1, 2)
    return pairs[overlap(shingle(run.documents.words, SETTINGS), pairs).jaccard < FAR]


def in_series(run: PipelineRun, pairs: NDArray[np.int64]) -> int:
    """How many of these pairs are a series: forms that differ in their dates."""
    d = len(run.documents)
    series = run.links.pairs[run.links.kind == SERIES]
    return int(np.isin(pairs @ np.array([d, 1]), series @ np.array([d, 1])).sum())


if __name__ == "__main__":
    main()
