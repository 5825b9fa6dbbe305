"""What a run measures on, and the shape of what a suite gives: data only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.corpora.feeds import Corpus

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What every suite is given.

    Attributes:
        corpora: feeds to measure on, the sample feed first.
        cache: the folder of generated feeds.
        gold: labelled real articles, or None.
        rounds: repeats of every timing.
        pairs: made pairs of sets at every similarity.
        sizes: of generated feeds, for growth.
        threaded: of generated feeds, for threads.
        stored: articles of the indexes that single articles are added to.
        daily: articles a day of the feed that comes and goes.
    """

    corpora: tuple[Corpus, ...]
    cache: Path
    gold: Path | None
    rounds: int
    pairs: int
    sizes: tuple[int, ...]
    threaded: tuple[int, ...]
    stored: tuple[int, ...] = ()
    daily: int = 1


def table(kind: str, title: str, rows: list[Row], *says: str) -> dict[str, Any]:
    """One table of a report.

    Args:
        kind: which columns it is shown with, see `benchmarks.report.tables.COLUMNS`.
        title: what it was measured on.
        rows: name to value; lists are repeats.
        says: sentences below it.
    """
    return {"kind": kind, "title": title, "rows": rows, "says": list(says)}
