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
    input_options,
    report_option,
    result_option,
    settings_options,
    with_option,
)
from clusterer.cli.run import Run, tell_written
from clusterer.cli.spark import cluster_on_spark, engine_options
from clusterer.errors import InputError
from clusterer.io.atomic import atomic_output
from clusterer.io.writers import result_form, write_result
from clusterer.results import Clustering

_CHANGED = "an input changed between its two readings; cure: run again on files at rest"


@click.command("cluster", cls=SectionedCommand)
@input_options
@result_option
@with_option
@report_option
@engine_options
@settings_options
def cluster_command(output: str, added: tuple[str, ...], report: str | None, engine: str, **options: Any) -> None:
    """Group the articles of INPUT; write one line an article, in input order.

    Fields of a line: id, story, copy, exact, representative, linked_to, relation, score, evidence, then those of --with.
    With --report or --with INPUT is read again.

    Example: clusterer cluster 'feeds/*.jsonl.gz' -o clusters.csv --with title,source,date --report report.html
    """
    if engine == "spark":
        cluster_on_spark(output, {**options, "added": added, "report": report})
        return
    run = Run(output, options, written=[report])
    form = result_form(output)
    with run.quarantine, contextlib.ExitStack() as stack:
        out = stack.enter_context(atomic_output(output))
        page = stack.enter_context(atomic_output(report)) if report else None
        result = run.cluster()
        write_result(out, result, form, added, _again(run, result) if added else None)
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
                quarantined=bad,
            )
            page.write(report_page(content))
    run.summarise(result.stats)
    if not run.quiet:
        tell_written(output, report)
    run.check()


def _again(run: Run, result: Clustering) -> Iterator[Article]:
    """The articles of a run, read once more."""
    rows = iter(run.feed)
    for a in result:
        row = next(rows, None)
        if row is None or not a.id.startswith(row.article.id or row.article.url):
            raise InputError(_CHANGED)
        yield row.article
    if next(rows, None) is not None:
        raise InputError(_CHANGED)
