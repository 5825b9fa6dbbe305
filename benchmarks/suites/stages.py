"""Where the time goes: stages, threads, the floor under any program that reads the feed, and the first result."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import orjson

from benchmarks.corpora.feeds import generated, planted, sample
from benchmarks.measure import in_turn, timed
from benchmarks.plan import Plan, Row, table
from benchmarks.suites.scaling import pair_recall
from clusterer import Clustering, Settings, cluster, pipeline
from clusterer.copies import grouping
from clusterer.io.feed import Feed

STAGES: dict[str, tuple[Any, str]] = {
    "read: words of the texts, boilerplate": (pipeline, "read"),
    "find_documents: distinct texts": (pipeline, "find_documents"),
    "generate_candidates: sketches, bands, candidates": (pipeline, "generate_candidates"),
    "verify: exact sets of the candidates": (pipeline, "verify"),
    "group_documents: copy groups": (grouping, "group_documents"),
    "cluster_stories: stories": (pipeline, "cluster_stories"),
    "assign: ids, representatives, evidence": (pipeline, "assign"),
}
COLD = 10  # articles of the first result
BARE = "python -c pass"
USUAL = "python -c 'import sklearn, scipy.sparse'"


def stages(plan: Plan) -> list[dict[str, Any]]:
    """Seconds of each stage of `cluster`, articles in memory, default settings, one thread."""
    tables = []
    for corpus in plan.corpora:
        articles = corpus.articles()
        cluster(articles[:50])
        spent: dict[str, list[float]] = defaultdict(list)
        for _ in range(plan.rounds):
            with clocked() as clock:
                seconds, _ = timed(partial(cluster, articles))
            for name in clock:
                spent[name].append(clock[name])
            spent["everything else"].append(seconds - sum(clock.values()))
            spent["all of it"].append(seconds)
        whole = statistics.median(spent["all of it"])
        rows = [{"stage": n, "seconds": s, "share": statistics.median(s) / whole} for n, s in spent.items()]
        tables.append(table("stages", corpus.name, rows, f"{len(articles):,} articles, {plan.rounds} rounds."))
    return tables


@contextmanager
def clocked(now: Callable[[], float] = time.perf_counter) -> Iterator[dict[str, float]]:
    """Seconds spent in each stage while it is open, filled in as the stages run. `now` is the clock that is read."""
    clock: dict[str, float] = {}

    def watched(name: str, stage: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            start = now()
            given = stage(*arguments, **named)
            clock[name] = now() - start
            return given

        return call

    with ExitStack() as stack:
        for name, (where, stage) in STAGES.items():
            stack.enter_context(patch.object(where, stage, watched(name, getattr(where, stage))))
        yield clock


def workers(plan: Plan) -> list[dict[str, Any]]:
    """One thread against two on generated feeds, in turn, articles in memory; groups must be equal."""
    rows: list[Row] = []
    for size in plan.threaded:
        # A smaller feed of the generator is the start of a larger one.
        corpus = generated(max(plan.threaded), plan.cache, size)
        articles, known = corpus.articles(), planted(corpus)
        for level in ("copy", "story"):
            methods = {
                threads: partial(timed, partial(cluster, articles, Settings(level=level, threads=threads)))
                for threads in (1, 2)
            }
            seconds, results = in_turn(methods, plan.rounds)
            rows.append(
                {
                    "articles": size,
                    "level": level,
                    "seconds": seconds[1],
                    "two": seconds[2],
                    "equal": results[1].assignments == results[2].assignments,
                    "recall": pair_recall(results[1].labels("copy"), known),
                }
            )
    return [table("workers", "generated feeds", rows, f"{plan.rounds} rounds.")]


def floor(plan: Plan) -> list[dict[str, Any]]:
    """The least that any program does with a feed of JSON lines, beside the whole job at the copy level.

    Decoding: every line to a dict by orjson, its text kept. Over: how many times reading and decoding together. The file lies in
    the system's cache.
    """
    tables = []
    for corpus in plan.corpora:
        articles = corpus.articles()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "feed.jsonl")
            file.write_bytes(b"".join(orjson.dumps(_line(a)) + b"\n" for a in articles))
            whole = file.read_bytes()
            jobs: dict[str, Callable[[], Any]] = {
                "read the bytes": file.read_bytes,
                "decode": lambda lines=whole: [orjson.loads(line)["content"] for line in lines.splitlines()],
                "copy the bytes in memory": partial(bytearray, whole),
                "read the articles (our reader)": lambda file=file: [row.article for row in Feed([file])],
                "file to copy groups": partial(_copies, file),
            }
            jobs["file to copy groups"]()
            seconds, given = in_turn({name: partial(timed, job) for name, job in jobs.items()}, plan.rounds)
        median = {name: statistics.median(times) for name, times in seconds.items()}
        least = median["read the bytes"] + median["decode"]
        rows = [{"job": name, "seconds": times, "over": median[name] / least} for name, times in seconds.items()]
        groups = len(set(given["file to copy groups"].labels("copy")))
        tables.append(
            table(
                "floor", corpus.name, rows, f"{len(whole):,} bytes, {len(articles):,} articles, {groups:,} copy groups."
            )
        )
    return tables


def _line(article: Any) -> dict[str, Any]:
    names = ("id", "source", "url", "title")
    date = {"date": article.date.isoformat()} if article.date else {}
    return {name: getattr(article, name) for name in names} | date | {"content": article.text}


def _copies(file: Path) -> Clustering:
    return cluster(file, Settings(level="copy"))


def cold(plan: Plan) -> list[dict[str, Any]]:
    """From a command to its end on ten articles, beside what importing the usual libraries takes. Processes in turn."""
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder, "ten.jsonl"), Path(folder, "clusters.jsonl")
        file.write_bytes(b"".join(orjson.dumps(_line(a)) + b"\n" for a in sample(COLD).articles()))
        commands = {
            BARE: ["-c", "pass"],
            "python -c 'import clusterer'": ["-c", "import clusterer"],
            "clusterer --version": ["-m", "clusterer", "--version"],
            "python -c 'import numpy'": ["-c", "import numpy"],
            "python -c 'from clusterer import cluster'": ["-c", "from clusterer import cluster"],
            USUAL: ["-c", "import sklearn, scipy.sparse"],
            "clusterer cluster, stories": ["-m", "clusterer", "cluster", str(file), "-o", str(out)],
            "clusterer cluster --level copy": [
                "-m", "clusterer", "cluster", str(file), "-o", str(out), "--level", "copy",
            ],
        }  # fmt: skip
        runs = {
            name: partial(timed, partial(subprocess.run, [sys.executable, *given], check=True, capture_output=True))
            for name, given in commands.items()
        }
        in_turn(runs, 1)
        seconds, _ = in_turn(runs, plan.rounds)
        written = len(out.read_bytes().splitlines())
    median = {name: statistics.median(times) for name, times in seconds.items()}
    rows = [
        {
            "command": name,
            "seconds": times,
            "started": median[name] - median[BARE],
            "more": median[name] - median[USUAL],
            "over": median[name] / median[USUAL],
        }
        for name, times in seconds.items()
    ]
    return [table("cold", "ten articles of data/", rows, f"{written} articles in the result.")]
