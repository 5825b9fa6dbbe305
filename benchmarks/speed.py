"""Speed beside other deduplicators, with recall: ``python -m benchmarks.speed FEED``.

Texts in, verified groups out, in one process, one thread each, methods in turn, medians of the rounds. `clusterer, same
job` does what the peers do (Jaccard of word 3-shingles, nothing else); `clusterer, copies` also cuts boilerplate and
finds cuts. Recall: of the pairs that brute force finds at the threshold, those that end in one group.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

import click
import numpy as np

from benchmarks.peers import PEERS
from benchmarks.truth import brute_force
from clusterer import Article, Settings, cluster
from clusterer.files import Feed
from clusterer.shingles import word_shingles
from clusterer.words import concatenate, hash_words

THRESHOLD = 0.7


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed")
@click.option("--articles", default=10_000, show_default=True, help="How many, from the start of the feed.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--memory", is_flag=True, hidden=True)
def main(feed: str, articles: int, rounds: int, memory: bool) -> None:
    """Print a table."""
    os.environ["RAYON_NUM_THREADS"] = "1"  # the peers in Rust read it when they first start threads, which is below
    texts = [row.article.text for _, row in zip(range(articles), Feed([feed]), strict=False)]
    if memory:
        cluster(Article(t, id=str(i)) for i, t in enumerate(texts))
        print(peak_bytes())
        return
    letters = sum(map(len, texts))
    same = Settings(level="copy", jaccard=THRESHOLD, recall=0.999, sample=0, boilerplate="none")
    methods: dict[str, Callable[[], Sequence[object]]] = {
        "clusterer, same job": lambda: _ours(texts, same),
        "clusterer, copies": lambda: _ours(texts, Settings(level="copy")),
        "clusterer, copies, 2 threads": lambda: _ours(texts, Settings(level="copy", threads=2)),
        "clusterer, copies and stories": lambda: _ours(texts, Settings()),
    }
    for name, peer in PEERS.items():
        try:
            methods[f"{name} {version(name)}"] = lambda peer=peer: peer(texts, THRESHOLD)
        except PackageNotFoundError:
            print(f"{name}: not installed, left out")
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    labels: dict[str, Sequence[object]] = {}
    _ours(texts[:100], same)  # tables are made and modules imported before the clock runs
    for _ in range(rounds):
        for name, method in methods.items():
            start = time.perf_counter()
            labels[name] = method()
            seconds[name].append(time.perf_counter() - start)
    pairs = true_pairs(texts)
    print(
        f"{len(texts):,} articles, {letters:,} letters, {len(pairs):,} pairs at Jaccard >= {THRESHOLD},"
        f" medians of {rounds} rounds; Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores"
    )
    print(f"{'':32}{'seconds':>9}{'spread':>16}{'x ours':>9}{'recall':>9}")
    ours = statistics.median(seconds["clusterer, same job"])
    for name, times in seconds.items():
        group = np.unique(np.array(labels[name], dtype=object), return_inverse=True)[1]
        recall = (group[pairs[:, 0]] == group[pairs[:, 1]]).mean()
        median = statistics.median(times)
        spread = f"{min(times):.2f} to {max(times):.2f}"
        print(f"{name:32}{median:9.2f}{spread:>16}{median / ours:9.2f}{recall:9.4f}")
    command = [sys.executable, "-m", "benchmarks.speed", feed, "--articles", str(articles), "--memory"]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"peak memory of a process that reads and clusters (default): {peak / letters:.1f} bytes a letter of input")


def true_pairs(texts: Sequence[str]) -> np.ndarray:
    """int64 (m, 2): pairs at or above the threshold by brute force; texts of six words or more."""
    words = concatenate(hash_words(texts[i : i + 1024]) for i in range(0, len(texts), 1024))
    truth = brute_force(word_shingles(words))
    long = (words.counts[truth.pairs] >= Settings().min_words).all(axis=1)
    return truth.pairs[long & (truth.jaccard >= THRESHOLD)]


def peak_bytes() -> int:
    """Most memory this process has held. Not `getrusage`: a child's figure there starts at its parent's size."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def _ours(texts: Sequence[str], settings: Settings) -> Sequence[object]:
    return cluster((Article(text, id=str(i)) for i, text in enumerate(texts)), settings).labels("copy")


if __name__ == "__main__":
    main()
