"""Runs of the pipeline on demand, in processor time, by whichever `clusterer` the folder that it is started in holds.

A process of `against`: imports nothing of `benchmarks`, which is this checkout's, and only what older commits have too. The
paths of a feed and the stages are its arguments; of every line that it reads, a job as JSON, it prints what that took.
"""

from __future__ import annotations

import gc
import importlib
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import orjson

from clusterer import Settings, pipeline
from clusterer.arrays import kernels
from clusterer.io.feed import Feed


def main(stages: list[tuple[str, str, str]], paths: list[str]) -> None:
    """Read the feed once, then run what is asked for."""
    spent: dict[str, float] = {}
    for label, module, name in stages:
        owner = importlib.import_module(module)
        if hasattr(owner, name):  # a stage that the commit does not have belongs to everything else
            setattr(owner, name, _clocked(spent, label, getattr(owner, name)))
    articles = [row.article for row in Feed(paths)]
    _tell({"articles": len(articles), "kernels": getattr(kernels, "active", "unknown")})
    for line in sys.stdin:
        job = orjson.loads(line)
        some = articles[: job.get("articles", len(articles))]
        settings = Settings(**job["settings"])
        run = _dedup if job.get("dedup") else pipeline.run_pipeline
        spent.clear()
        gc.collect()
        if "index" in job:
            _tell({"seconds": _indexed(some, settings, **job["index"]), "stages": {}})
            continue
        start = time.process_time()
        result = run(some, settings)
        getattr(result, "clustering", None)  # later commits name groups when they are asked
        took = time.process_time() - start
        _tell({"seconds": took, "stages": dict(spent)})
        del result


def _indexed(articles: list[Any], settings: Settings, batch: int, stored: int = 0, asked: bool = False) -> float:
    """Seconds that an index takes to store articles, or to say what they are.

    Args:
        articles: of a feed.
        settings: of the index.
        batch: articles given at a time.
        stored: how many are stored first, which is not measured.
        asked: the others are asked about, not stored.
    """
    from clusterer.index.story_index import StoryIndex

    with tempfile.TemporaryDirectory() as folder, StoryIndex.open(f"{folder}/index.db", settings) as index:
        for start in range(0, stored, 1000):
            index.add(articles[start : min(start + 1000, stored)])
        before = time.process_time()
        for start in range(stored, len(articles), batch):
            some = articles[start : start + batch]
            index.query(some) if asked else index.add(some)
        return time.process_time() - before


def _dedup(articles: list[Any], settings: Settings) -> Any:
    """What goes; before there was a library for it, `dedup` wrote what groups left."""
    try:
        from clusterer.deduplication import dedup
    except ImportError:
        return pipeline.run_pipeline(articles, settings)
    return dedup(articles, settings)


def _clocked(spent: dict[str, float], label: str, stage: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        start = time.process_time()
        result = stage(*given, **named)
        spent[label] = spent.get(label, 0.0) + time.process_time() - start
        return result

    return call


def _tell(told: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(told) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(orjson.loads(sys.argv[1]), sys.argv[2:])
