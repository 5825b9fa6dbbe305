"""The `clusterer` command: parse, call the library, write. No algorithm of its own.

Data goes to standard output or ``-o``, everything else to standard error. Exit codes: 0 done, 1 bad input or usage
(one line says what), 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import click
import orjson

from clusterer import __version__, kernels
from clusterer.errors import ClustererError, InputError
from clusterer.explain_cli import explain_command
from clusterer.gold_cli import evaluate_command, tune_command
from clusterer.index_cli import index
from clusterer.label_cli import label_command
from clusterer.options import (
    Run,
    input_options,
    output_option,
    report_option,
    result_option,
    settings_options,
    tell_written,
    with_option,
)
from clusterer.output import as_json, atomic_output, form_for, result_form, write_result, write_rows
from clusterer.records import Article, Clustering
from clusterer.rows import Row
from clusterer.spark_cli import cluster_on_spark, engine_options

# What rows of a format can be given back as, the first unless the output's ending asks for another.
_GIVEN_BACK = {
    "jsonl": ("jsonl",),
    "json": ("json", "jsonl"),
    "csv": ("csv", "tsv", "jsonl", "json"),
    "tsv": ("tsv", "csv", "jsonl", "json"),
    "parquet": ("parquet", "jsonl", "json"),
}
_CHANGED = "an input changed between its two readings; cure: run again on files at rest"


def main() -> None:
    """Entry point: click's own errors and ours as one line and exit code 1."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(1)
    except click.ClickException as error:
        context = f" (see {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(error.format_message() + context)
    except ClustererError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output left: not our error. Python must not try to flush what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; nothing was written", err=True)
        sys.exit(130)


def _fail(message: str) -> None:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(f"{__version__}, {'compiled' if kernels.compiled else 'NumPy'} loops")
def cli() -> None:
    """Group articles of Arabic news feeds: exact copies within near-duplicates and cuts within stories.

    INPUT is any mix of JSON lines, JSON, CSV/TSV, Parquet, RSS/Atom and folders of .txt files, also .gz, .zst or .zip,
    globs, or - for standard input.

    Example: clusterer cluster feed.jsonl -o clusters.jsonl
    """


@cli.command("cluster")
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
            from clusterer import report as reports

            bad = reports.Quarantined(run.quarantine.count, os.path.basename(run.quarantine_path), tuple(run.first_bad))
            made = reports.build(
                result.assignments,
                lambda: _again(run, result),
                run.settings,
                furniture=result.furniture,
                stats=result.stats,
                quarantined=bad,
            )
            page.write(reports.page(made))
    run.summarise(result.stats)
    if not run.quiet:
        tell_written(output, report)


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


@cli.command("dedup")
@input_options
@output_option
@click.option("--removed", type=click.Path(dir_okay=False), help="file for the removed articles, with what kept them")
@partial(settings_options, level="copy")
def dedup_command(output: str, removed: str | None, **options: Any) -> None:
    """Keep one article of every group of copies; write them whole, in their own format and order.
    Articles of RSS files and of .txt folders are written as JSON lines. Tables become JSON lines too where -o ends in
    .jsonl, and CSV becomes TSV where it ends in .tsv. CSV that was not in UTF-8 gets a byte order mark, for Excel.

    Which one is kept: --representative. With --level exact only identical texts are removed, with --level story also
    reports of one event in other words. A line of --removed has
    id, kept (the id of the article that stands for it), relation, score, linked_to and the whole article.

    Example: clusterer dedup feed.csv -o unique.csv --removed removed.jsonl
    """
    run = Run(output, options, written=[removed])
    form = form_for(output, _GIVEN_BACK[run.feed.format])
    if removed:
        form_for(removed, ("jsonl",), "--removed")
    level = run.settings.level
    with run.quarantine, contextlib.ExitStack() as stack:
        aside = stack.enter_context(atomic_output(removed)) if removed else None
        result = run.cluster()
        keeper = {getattr(a, level): a.id for a in result if a.representative}

        def kept() -> Iterator[Row]:
            rows = iter(run.feed)
            for a in result:
                row = next(rows, None)
                if row is None:
                    raise InputError(_CHANGED)
                name = keeper[getattr(a, level)]
                if name == a.id:
                    yield row
                elif aside:
                    why = {"id": a.id, "kept": name, "relation": a.relation, "score": a.score, "linked_to": a.linked_to}
                    aside.write(orjson.dumps({**why, "article": orjson.Fragment(as_json(row))}) + b"\n")
            if next(rows, None) is not None:
                raise InputError(_CHANGED)

        write_rows(output, kept(), form)
    run.summarise({**result.stats, "articles kept": len(keeper)})
    if not run.quiet:
        tell_written(output, removed)


@cli.command("boilerplate")
@input_options
@output_option
@settings_options
def boilerplate_command(output: str, **options: Any) -> None:
    """Show what is cut from the articles of INPUT before they are compared.

    One line for every article that loses something: id, source, removed (a list of passages). Holds all texts.

    Example: clusterer boilerplate feed.jsonl | head
    """
    from clusterer.passages import removed_passages

    run = Run(output, options)
    form_for(output, ("jsonl",))
    with run.quarantine, atomic_output(output) as out:
        for article, passages in removed_passages((row.article for row in run.feed), run.settings):
            if passages:
                row = {"id": article.id or article.url, "source": article.outlet, "removed": passages}
                out.write(orjson.dumps(row) + b"\n")
    run.warn()


for _command in (evaluate_command, tune_command, label_command):
    cli.add_command(_command)
cli.add_command(index)
cli.add_command(explain_command)
