"""`clusterer cluster`: articles grouped, a line each, and the report. Parse, call `cluster`, write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from functools import lru_cache
from typing import Any, BinaryIO, cast

import click
import numpy as np

from clusterer.articles import Article
from clusterer.cli.help import SectionedCommand
from clusterer.cli.manifest import about, stats_option, write_stats
from clusterer.cli.options import (
    guard_option,
    input_options,
    language_option,
    pairs_option,
    report_option,
    result_option,
    settings_options,
    stories_option,
    versions_option,
    with_option,
)
from clusterer.cli.result_tables import write_pairs, write_stories
from clusterer.cli.row_outputs import Fate, RowOutputs
from clusterer.cli.run import Run, tell_written
from clusterer.cli.spark import cluster_on_spark, engine_options
from clusterer.errors import CHANGED, InputError
from clusterer.io.atomic import atomic_output
from clusterer.io.dates import zone_from
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import Row
from clusterer.io.shard_outputs import is_folder
from clusterer.io.writers import result_form, write_result
from clusterer.messages import Language
from clusterer.results import LEVELS, Clustering, Level

_ROWS = 1 << 12  # rows whose ids are looked up together


@click.command("cluster", cls=SectionedCommand)
@input_options
@result_option
@with_option
@report_option
@language_option
@pairs_option
@stories_option
@versions_option
@click.option(
    "--join",
    is_flag=True,
    help="write the rows of INPUT as they came, in their format, with the ids of their groups as columns more: exact, copy,"
    " story, as far as --level goes; -o FOLDER/ takes one file an input",
)
@stats_option
@guard_option
@engine_options
@settings_options
def cluster_command(
    output: str,
    added: tuple[str, ...],
    report: str | None,
    language: Language | None,
    pairs: str | None,
    stories: str | None,
    join: bool,
    guard: bool,
    engine: str,
    **options: Any,
) -> None:
    """Group the articles of INPUT; write one line an article, in input order.

    Fields of a line: id, story, copy, exact, representative, linked_to, relation, score, evidence, then those of --with.
    With --report, --stories or --with INPUT is read again.

    Example: clusterer cluster 'feeds/*.jsonl.gz' -o clusters.csv --with title,source,date --report report.html
    """
    if engine == "spark":
        if options["unique_url"]:
            raise click.UsageError("--unique-url is not known to --engine spark; leave one of them out")
        written = {"report": report, "pairs": pairs, "stories": stories, "join": join}
        cluster_on_spark(output, {**options, **written, "added": added})
        return
    if join and added:
        raise click.UsageError("--with is of lines, and --join writes whole rows; cure: leave --with out")
    if is_folder(output) and not join:
        raise click.UsageError(f"{output} is a folder, for the rows of --join; cure: name a file, or add --join")
    run = Run(output, options, written=[report, pairs, stories], resumes=True)
    rows_out = RowOutputs(run, output) if join else None
    form = "" if join else result_form(output)
    zone = zone_from(options["timezone"])
    pairs_form = result_form(pairs, "--pairs") if pairs else ""
    stories_form = result_form(stories, "--stories") if stories else ""
    with run.going_on() as stack:
        out = None if rows_out else stack.enter_context(atomic_output(output))
        page = stack.enter_context(atomic_output(report)) if report else None
        aside = stack.enter_context(atomic_output(pairs)) if pairs else None
        listed = stack.enter_context(atomic_output(stories)) if stories else None
        done = run.pipeline()
        result = run.versions.complete(done.clustering) if run.versions else done.clustering
        if out:
            again = _rows_again(run, result) if added else None
            write_result(out, result, form, added, again, guard, zone, run.settings.threads)
        if aside:
            write_pairs(aside, done, run, pairs_form, guard)
        if listed:
            write_stories(listed, result, _again(run, result), run.settings, stories_form, guard, zone)
        if page:
            _write_report(page, run, result, language, zone)
        if rows_out:
            entries = rows_out.write(_joined(result, run.settings.level))
            if rows_out.is_folder:
                rows_out.finish(about(run, result.stats), entries)
    run.summarise(result.stats)
    write_stats(run, result.stats)
    if not run.quiet:
        tell_written(output, report, pairs, stories, run.stats_path)
    run.check()


def _joined(result: Clustering, level: str) -> Fate:
    """What becomes of rows that get the ids of their groups."""
    names = LEVELS[: LEVELS.index(cast(Level, level)) + 1]
    editor = RowEditor(names)

    @lru_cache(maxsize=2)  # rows are asked for one by one
    def block(start: int, stop: int) -> list[tuple[str, ...]]:
        return [tuple(getattr(a, name) for name in names) for a in result.assignments[start:stop]]

    def ids(number: int) -> tuple[str, ...]:
        start = number - number % _ROWS
        return block(start, start + _ROWS)[number - start]

    def added(start: int, stop: int) -> dict[str, list[str]]:
        columns = zip(*block(start, stop), strict=True) if stop > start else [()] * len(names)
        return dict(zip(names, map(list, columns), strict=True))

    return Fate(
        lambda number, row: editor.with_added(row, ids(number)),
        lambda start, stop: block(start, stop),
        stays=lambda start, stop: np.ones(stop - start, dtype=np.bool_),
        added=added,
    )


def _write_report(page: BinaryIO, run: Run, result: Clustering, language: Language | None, zone: tzinfo | None) -> None:
    """The page of --report."""
    from clusterer.report.build import build
    from clusterer.report.model import Quarantined
    from clusterer.report.page import page as report_page

    first = tuple(replace(bad, file=_bare(bad.file)) for bad in run.first_bad)
    bad = Quarantined(run.quarantine.count, _bare(run.quarantine_path), first)
    content = build(
        result.assignments,
        lambda: _again(run, result),
        run.settings,
        furniture=result.furniture,
        stats=result.stats,
        follows=result.follows,
        again=result.again,
        quarantined=bad,
        zone=zone,
    )
    page.write(report_page(content, language))


def _bare(path: str) -> str:
    """A file without its folders, which are nobody's business whom a page is sent to."""
    file, mark, part = path.partition("::")
    return os.path.basename(file) + mark + part


def _again(run: Run, result: Clustering) -> Iterator[Article]:
    """The articles of a run, read once more."""
    return (row.article for row in _rows_again(run, result))


def _rows_again(run: Run, result: Clustering) -> Iterator[Row]:
    """The rows of a run, read once more."""
    for row, a in zip(run.reader.rows_again(), result, strict=True):
        if not a.id.startswith(row.article.id or row.article.url):
            raise InputError(CHANGED)
        yield row
