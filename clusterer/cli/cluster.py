"""`clusterer cluster`: articles grouped, a line each, and the report. Parse, call `cluster`, write."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import click

from clusterer.articles import Article
from clusterer.cli.options import (
    SectionedCommand,
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
from clusterer.cli.run import CHANGED, Run, tell_written, write_pairs, write_stories
from clusterer.cli.spark import cluster_on_spark, engine_options
from clusterer.errors import InputError
from clusterer.io.atomic import atomic_output
from clusterer.io.rows import Row
from clusterer.io.writers import result_form, write_result
from clusterer.messages import Language
from clusterer.results import Clustering


@click.command("cluster", cls=SectionedCommand)
@input_options
@result_option
@with_option
@report_option
@language_option
@pairs_option
@stories_option
@versions_option
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
    guard: bool,
    engine: str,
    **options: Any,
) -> None:
    """Group the articles of INPUT; write one line an article, in input order.

    Fields of a line: id, story, copy, exact, representative, linked_to, relation, score, evidence, then those of --with.
    With --report or --with INPUT is read again.

    Example: clusterer cluster 'feeds/*.jsonl.gz' -o clusters.csv --with title,source,date --report report.html
    """
    if engine == "spark":
        if options["unique_url"]:
            raise click.UsageError("--unique-url is not known to --engine spark; leave one of them out")
        cluster_on_spark(output, {**options, "added": added, "report": report, "pairs": pairs, "stories": stories})
        return
    run = Run(output, options, written=[report, pairs, stories])
    form = result_form(output)
    pairs_form, stories_form = (result_form(path) if path else "" for path in (pairs, stories))
    with run.quarantine, contextlib.ExitStack() as stack:
        out = stack.enter_context(atomic_output(output))
        page = stack.enter_context(atomic_output(report)) if report else None
        aside = stack.enter_context(atomic_output(pairs)) if pairs else None
        listed = stack.enter_context(atomic_output(stories)) if stories else None
        done = run.pipeline()
        result = run.versions.complete(done.clustering) if run.versions else done.clustering
        write_result(out, result, form, added, _rows_again(run, result) if added else None, guard)
        if aside:
            write_pairs(aside, done, run, pairs_form, guard)
        if listed:
            write_stories(listed, result, stories_form, guard)
        if page:
            from clusterer.report.build import build
            from clusterer.report.model import Quarantined
            from clusterer.report.page import page as report_page

            bad = Quarantined(run.quarantine.count, os.path.basename(run.quarantine_path), tuple(run.first_bad))
            content = build(
                result.assignments,
                lambda: _again(run, result),
                run.settings,
                furniture=result.furniture,
                stats=result.stats,
                follows=result.follows,
                quarantined=bad,
            )
            page.write(report_page(content, language))
    run.summarise(result.stats)
    if not run.quiet:
        tell_written(output, report, pairs, stories)
    run.check()


def _again(run: Run, result: Clustering) -> Iterator[Article]:
    """The articles of a run, read once more."""
    return (row.article for row in _rows_again(run, result))


def _rows_again(run: Run, result: Clustering) -> Iterator[Row]:
    """The rows of a run, read once more."""
    rows = iter(run.feed)
    for a in result:
        row = next(rows, None)
        if row is None or not a.id.startswith(row.article.id or row.article.url):
            raise InputError(CHANGED)
        yield row
    if next(rows, None) is not None:
        raise InputError(CHANGED)
