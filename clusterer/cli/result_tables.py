"""What commands write beside their result, a line or row a pair or a story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any, BinaryIO

from clusterer.articles import Article
from clusterer.cli.run import Run
from clusterer.io.writers import write_lines
from clusterer.pairs import COLUMNS, verified_pairs
from clusterer.pipeline import PipelineRun
from clusterer.results import Clustering
from clusterer.settings import Settings


def write_pairs(
    out: BinaryIO,
    done: PipelineRun,
    run: Run,
    form: str,
    guard: bool = True,
    place: Callable[[int], tuple[str, int | None]] | None = None,
) -> None:
    """Write the verified pairs of a run, with the files and rows of their articles.

    Args:
        out: an open file.
        done: the run.
        run: its inputs.
        form: as for `write_lines`.
        guard: as for `write_lines`.
        place: file and row of an article of the run by its number; by default as the run's inputs stand.
    """
    stood = place or run.place_of
    lines = (
        dict(zip(COLUMNS, (*pair[:-2], *stood(pair.a_place), *stood(pair.b_place)), strict=True))
        for pair in verified_pairs(done, run.settings)
    )
    write_lines(out, lines, COLUMNS, form, guard)


def write_stories(
    out: BinaryIO,
    result: Clustering,
    articles: Iterable[Article],
    settings: Settings,
    form: str,
    guard: bool = True,
    zone: tzinfo | None = None,
) -> None:
    """Write a line a story, in the order of `story_table`.

    Args:
        out: an open file.
        result, articles, settings: as for `story_table`.
        form, guard, zone: as for `write_lines`.
    """
    from clusterer.report.story_table import StoryRow, story_table

    rows = (row._asdict() for row in story_table(result, articles, settings))
    write_story_lines(out, rows, StoryRow._fields, form, guard, zone)


def write_story_lines(
    out: BinaryIO,
    lines: Iterable[dict[str, Any]],
    columns: Sequence[str],
    form: str,
    guard: bool = True,
    zone: tzinfo | None = None,
) -> None:
    """Write lines of stories; in a cell lists of words are as people read them. Arguments as for `write_lines`."""
    if form != "jsonl":
        lists = [name for name in ("outlets", "key_words", "aliases") if name in columns]
        lines = (line | {name: "; ".join(line[name]) for name in lists} for line in lines)
    write_lines(out, lines, columns, form, guard, zone)
