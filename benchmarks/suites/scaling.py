"""Cost against the feed's size, on generated feeds, each run in a process of its own that reads a file as a user would.

Planted pairs are articles that the generator made from one text. Recall is that of the planted pairs that are copies or
cuts by their exact shingle sets: found in one copy group.
Started by itself, ``python -m benchmarks.suites.scaling FILE LEVEL``, it makes one run and prints it as JSON.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks.corpora.feeds import Corpus, generated, planted
from benchmarks.measure import exponent, peak_bytes, run_alone, timed
from benchmarks.plan import Plan, Row, table
from clusterer import Settings, cluster
from clusterer.arrays.indexing import factorize
from clusterer.copies.candidates import shingle
from clusterer.copies.verify import overlap
from clusterer.corpus import read
from clusterer.io.feed import Feed

LEVELS = ("copy", "story")
_BLOCK = 1 << 14  # pairs compared at a time


def scaling(plan: Plan) -> list[dict[str, Any]]:
    """Time, memory and candidates against the feed's size, from a file to groups, and the recall of planted copies.

    Recall: of the planted pairs that are copies or cuts by their exact sets, those in one group; "planted": of all of them,
    also those that the generator's edits took too far apart.

    Generated feeds, default settings, one thread, one run each in a process of its own, with what a first run has to make.
    The exponent is the slope of the best line through the logarithms of size and time.
    """
    rows: list[Row] = []
    for size in plan.sizes:
        corpus = generated(size, plan.cache)
        for level in LEVELS:
            row = orjson.loads(run_alone("benchmarks.suites.scaling", str(corpus.path), level))
            row["per_article"] = row["candidates"] / size
            row["per_byte"] = row["bytes"] / corpus.path.stat().st_size
            rows.append({"articles": size, "level": level, **row})
    said = []
    for level in LEVELS if len(plan.sizes) > 1 else ():
        points = [(row["articles"], row["seconds"][0]) for row in rows if row["level"] == level]
        said.append(
            f"{level}: time grows with size to the power of {exponent(points):.2f},"
            f" from {points[-2][0]:,} to {points[-1][0]:,} articles of {exponent(points[-2:]):.2f}."
        )
    return [table("scaling", "generated feeds", rows, *said)]


def pair_recall(labels: Sequence[Hashable], known: Sequence[int]) -> float:
    """Of the pairs that share a known number, those that share a label."""
    numbers: dict[Hashable, int] = {}
    group = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)
    wanted = np.array(known, dtype=np.int64)
    both = np.unique(wanted * (len(numbers) + 1) + group, return_counts=True)[1]
    every = np.bincount(wanted)
    total = int((every * (every - 1) // 2).sum())
    return int((both * (both - 1) // 2).sum()) / total if total else 1.0


def exact_pairs(file: str, known: Sequence[int]) -> NDArray[np.int64]:
    """int64 (m, 2), the planted pairs that are copies or cuts by their exact shingle sets, sketches apart."""
    settings = Settings(level="copy")
    corpus = read((row.article for row in Feed([file])), settings)
    assert corpus.words is not None
    order = np.argsort(np.array(known), kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(np.array(known)[order])) + 1)
    planted_pairs = np.array([p for g in groups if len(g) > 1 for p in combinations(g.tolist(), 2)], dtype=np.int64)
    planted_pairs = planted_pairs.reshape(-1, 2)
    kept = [planted_pairs[:0]]
    for start in range(0, len(planted_pairs), _BLOCK):
        block = planted_pairs[start : start + _BLOCK]
        articles, local = factorize(block)
        found = overlap(shingle(corpus.words.take(articles), settings), local)
        cuts = found.are_contained(settings.containment, settings.cut_ratio) & found.are_openings(settings.opening)
        kept.append(block[found.are_copies(settings.jaccard) | cuts])
    return np.concatenate(kept)


def main(file: str, level: str) -> None:
    """One run; prints its figures."""
    known = planted(Corpus("generated", "", Path(file)))
    job = partial(cluster, (row.article for row in Feed([file])), Settings(level=level))
    seconds, result = timed(job)
    peak = peak_bytes()
    candidates = sum(result.stats.get(name, 0) for name in ("candidate pairs", "candidate pairs of stories"))
    labels = result.labels("copy")
    del result
    numbers: dict[str, int] = {}
    group = np.array([numbers.setdefault(label, len(numbers)) for label in labels], dtype=np.int64)
    exact = exact_pairs(file, known)
    recall = float((group[exact[:, 0]] == group[exact[:, 1]]).mean()) if len(exact) else 1.0
    row = {"seconds": [seconds], "bytes": peak, "candidates": candidates, "recall": recall}
    sys.stdout.buffer.write(orjson.dumps(row | {"planted": pair_recall(labels, known)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
