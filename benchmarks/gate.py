"""The quality gate: ``python -m benchmarks.gate`` holds today's figures against `benchmarks/gate.json`, in under a minute.

Two kinds of figures. What is found (recall and precision of pairs against brute force, B-cubed of groups against labels,
on `data/` and on a generated feed) is the same on every machine, so its floor is the figure itself. What it costs is told as
a ratio: processor seconds of a stage over those of a yardstick, work of the same sort that no code of this package does,
both the least of several rounds in turn; so neither a slow machine nor a busy one fails. Ceilings leave `SLACK` for the rest.

A worse figure, a figure that is missing and a corpus of other bytes fail and are named. ``--write`` writes today's figures
down; the difference to the committed file is what a reviewer reads.
"""

from __future__ import annotations

import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson

from benchmarks.corpora.feeds import DATA, Corpus, generated, planted, sample, sha256
from benchmarks.measure import in_turn, kernels
from benchmarks.plan import Plan
from benchmarks.suites.recall import gold, pairs
from benchmarks.suites.stages import clocked
from clusterer import Article, StoryIndex, cluster
from clusterer.evaluation.metrics import evaluate
from clusterer.io.feed import Feed

FILE = Path(__file__).with_name("gate.json")
GENERATED = 3_000  # articles: brute force compares every pair
ROUNDS, ATTEMPTS = 5, 3  # of every timing; of all of them, before a ceiling counts as broken
SLACK = 1.5  # ceiling over measured ratio
SHARE = 0.03  # of a run: stages below it are too short to be held

YARDSTICK = "yardstick"

Figures = dict[str, float]


def found(corpora: tuple[Corpus, Corpus]) -> Figures:
    """Name to share: what is found of the sample feed and of a generated one. All are better when larger."""
    made = corpora[1]
    plan = Plan(corpora, made.path.parent, None, 1, 0, (), ())
    figures: Figures = {}
    for table in pairs(plan):
        for row in table["rows"]:
            for name in ("proposed", "recall", "precision"):
                figures[f"{table['title']}, pairs, {row['pairs']}: {name}"] = row[name]
    for row in gold(plan)[0]["rows"]:
        for name in ("precision", "recall"):
            figures[f"data, {row['level']}: B-cubed {name}"] = row[name]
    result, known = cluster(made.articles()), planted(made)
    for level in ("copy", "story"):  # nothing planted is one event in other words: a story is a copy group
        scores = evaluate(result.labels(level), known)
        figures |= {
            f"{made.name}, {level}: B-cubed precision": scores.bcubed_precision,
            f"{made.name}, {level}: B-cubed recall": scores.bcubed_recall,
        }
    return figures


def spent(made: Corpus, rounds: int) -> Figures:
    """Name to the least processor seconds of the yardstick and of every stage, in rounds that take turns."""
    articles, fresh = made.articles(), count()
    clocks: list[dict[str, float]] = []

    def run() -> tuple[float, Any]:
        with clocked(time.process_time) as clock:
            given = _processor(partial(cluster, articles))
        clocks.append(clock)
        return given

    with tempfile.TemporaryDirectory() as folder:
        jobs: dict[str, Callable[[], tuple[float, Any]]] = {
            YARDSTICK: partial(_processor, partial(yardstick, made.path.read_bytes())),
            "read a file": partial(_processor, lambda: sum(1 for _ in Feed([made.path]))),
            "cluster": run,
            "index, a batch of 1,000": lambda: _added(Path(folder, f"{next(fresh)}.db"), articles),
        }
        seconds, _ = in_turn(jobs, rounds + 1)
    least = {name: min(times[1:]) for name, times in seconds.items()}  # the first round warms caches
    stages = {f"cluster, {name.partition(': ')[2]}": min(clock[name] for clock in clocks[1:]) for name in clocks[0]}
    return least | stages


def ratios(seconds: Figures) -> Figures:
    """Seconds in yardsticks. All are better when smaller."""
    return {name: took / seconds[YARDSTICK] for name, took in seconds.items() if name != YARDSTICK}


def yardstick(feed: bytes) -> int:
    """Decode a feed, count its words in a dict, sort and mix numbers: what stages do, by other people's code."""
    counts: dict[str, int] = {}
    for line in feed.splitlines():
        for word in orjson.loads(line)["content"].split():
            counts[word] = counts.get(word, 0) + 1
    numbers = np.random.default_rng(1).integers(0, 1 << 63, 1_000_000, dtype=np.uint64)
    numbers ^= numbers >> np.uint64(31)
    numbers.sort()
    return len(counts) + int(np.count_nonzero(numbers[1:] != numbers[:-1]))


def worse(figures: Mapping[str, float], floors: Mapping[str, float], ceilings: Mapping[str, float]) -> list[str]:
    """A sentence for every figure that is under its floor, over its ceiling, or missing."""
    said = [f"{name} was not measured" for name in (*floors, *ceilings) if name not in figures]
    said += [
        f"{name} is {figures[name]:.4f}, its floor {floor:.4f}"
        for name, floor in floors.items()
        if name in figures and not figures[name] >= floor
    ]
    return said + [
        f"{name} takes {figures[name]:.3f} yardsticks, its ceiling is {ceiling:.3f}"
        for name, ceiling in ceilings.items()
        if name in figures and not figures[name] <= ceiling
    ]


def measure(ceilings: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Today's content of `gate.json`, with the measured ratios in place of ceilings.

    While a ratio is over its ceiling all are measured again, `ATTEMPTS` times at most, and the least seconds count: another
    program on the machine can only make them more. Where None are held, all attempts are made.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = generated(GENERATED, Path(folder))
        files = {"data": DATA / "feed.jsonl", "labels of data": DATA / "gold.jsonl", made.name: made.path}
        seconds: Figures = {}
        for _ in range(ATTEMPTS):
            again = spent(made, ROUNDS)
            seconds |= {name: min(took, seconds.get(name, took)) for name, took in again.items()}
            if ceilings is not None and not worse(ratios(seconds), {}, ceilings):
                break
        return {
            "corpora": {name: sha256(path) for name, path in files.items()},
            "kernels": kernels(),
            "floors": found((sample(), made)),
            "ceilings": ratios(seconds),
        }


def failures(committed: Mapping[str, Any], measured: Mapping[str, Any]) -> list[str]:
    """What is worse today than `committed`, in sentences. Ratios are held by runs on the same kernels only."""
    said = [
        f"{name} has other bytes than the floors were measured on: SHA-256 {measured['corpora'].get(name)}"
        for name, digest in committed["corpora"].items()
        if measured["corpora"].get(name) != digest
    ]
    ceilings = committed["ceilings"] if committed["kernels"] == measured["kernels"] else {}
    return said + worse(measured["floors"] | measured["ceilings"], committed["floors"], ceilings)


def _added(path: Path, articles: list[Article]) -> tuple[float, Any]:
    with StoryIndex.open(path) as index:
        return _processor(partial(index.add, articles[:1_000]))


def _processor(job: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of a call, its threads together, and what it gave."""
    gc.collect()
    start = time.process_time()
    given = job()
    return time.process_time() - start, given


@click.command(help=__doc__.partition("\n")[0])
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), default=FILE, help="Floors and ceilings.")
@click.option("--write", is_flag=True, help="Write today's figures to the file, and hold nothing.")
def main(file: Path, write: bool) -> None:
    """Print every figure beside what it is held against; exit with 1 where one is worse."""
    if write:
        measured = measure()
        measured["floors"] = {name: math.floor(value * 1e4) / 1e4 for name, value in measured["floors"].items()}
        costs, least = measured["ceilings"], SHARE * measured["ceilings"]["cluster"]
        measured["ceilings"] = {name: round(cost * SLACK, 3) for name, cost in costs.items() if cost >= least}
        file.write_bytes(orjson.dumps(measured, option=orjson.OPT_INDENT_2) + b"\n")
        return
    committed = orjson.loads(file.read_bytes())
    same = committed["kernels"] == kernels()
    measured = measure(ceilings=committed["ceilings"] if same else {})
    for name, value in measured["floors"].items():
        print(f"{value:8.4f}  at least {committed['floors'].get(name, 0.0):7.4f}  {name}")
    for name, value in measured["ceilings"].items():
        print(f"{value:8.3f}  at most  {committed['ceilings'].get(name, math.inf):7.3f}  yardsticks: {name}")
    if not same:
        print(f"Times are not held: the file's are those of {committed['kernels']} kernels.")
    said = failures(committed, measured)
    for sentence in said:
        print(f"gate: {sentence}", file=sys.stderr)
    sys.exit(1 if said else 0)


if __name__ == "__main__":
    main()
