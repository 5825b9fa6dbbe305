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
from clusterer.files import Feed
from clusterer.index_cli import index
from clusterer.options import Run, input_options, output_option, settings_options
from clusterer.output import as_json, atomic_output, write_rows
from clusterer.rows import Row
from clusterer.spark_cli import cluster_on_spark, engine_options

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
@output_option
@engine_options
@settings_options
def cluster_command(output: str, engine: str, **options: Any) -> None:
    """Group the articles of INPUT; write one line an article, in input order.

    Fields of a line: id, story, copy, exact, representative, linked_to, relation, score, evidence.

    Example: clusterer cluster 'feeds/*.jsonl.gz' -o clusters.jsonl
    """
    if engine == "spark":
        cluster_on_spark(output, options)
        return
    run = Run(output, options)
    with run.quarantine, atomic_output(output) as out:
        result = run.cluster()
        for assignment in result:
            out.write(orjson.dumps(assignment.as_dict()) + b"\n")
    run.summarise(result.stats)


@cli.command("dedup")
@input_options
@output_option
@click.option("--removed", type=click.Path(dir_okay=False), help="file for the removed articles, with what kept them")
@partial(settings_options, level="copy")
def dedup_command(output: str, removed: str | None, **options: Any) -> None:
    """Keep one article of every group of copies; write them whole, in their own format and order.
    Articles of RSS files and of .txt folders are written as JSON lines.

    Which one is kept: --representative. With --level exact only identical texts are removed, with --level story also
    reports of one event in other words. A line of --removed has
    id, kept (the id of the article that stands for it), relation, score, linked_to and the whole article.

    Example: clusterer dedup feed.csv -o unique.csv --removed removed.jsonl
    """
    run = Run(output, options, written=[removed])
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

        write_rows(output, kept(), run.feed.format)
    run.summarise({**result.stats, "articles kept": len(keeper)})


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
    with run.quarantine, atomic_output(output) as out:
        for article, passages in removed_passages((row.article for row in run.feed), run.settings):
            if passages:
                row = {"id": article.id or article.url, "source": article.outlet, "removed": passages}
                out.write(orjson.dumps(row) + b"\n")
    run.warn()


@cli.command("evaluate")
@click.argument("result", type=click.Path(exists=True, dir_okay=False))
@click.argument("gold", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--level",
    type=click.Choice(["exact", "copy", "story"]),
    default="story",
    show_default=True,
    help="which of our ids to hold against gold",
)
@click.option("--label", metavar="NAME", help="gold field that holds the label; else copy or dup, event for stories")
@click.option("--all", "with_doubtful", is_flag=True, help="count articles that the gold file marks as doubtful, too")
@click.option("--errors", type=click.IntRange(0), default=10, show_default=True, help="wrong groups to list")
@click.option(
    "--feed", "feed", type=click.Path(exists=True), help="the articles, to list wrong groups with source and title"
)
def evaluate_command(
    result: str, gold: str, level: str, label: str | None, with_doubtful: bool, errors: int, feed: str | None
) -> None:
    """Hold RESULT (written by `cluster`) against GOLD (JSON lines: id and a label).

    Only articles that GOLD names count. Prints B-cubed and pairwise scores and the adjusted Rand index, then the groups
    that were merged or split wrongly, the worst first.

    Example: clusterer evaluate clusters.jsonl data/gold.jsonl --feed data/feed.jsonl
    """
    from clusterer.evaluate import evaluate, mistakes

    ours = {row["id"]: row for row in _json_lines(result, ("id", level))}
    names = [label] if label else ["event", "story"] if level == "story" else ["copy", "dup"]
    ids: dict[str, None] = {}
    found, wanted = [], []
    for row in _json_lines(gold, ("id",)):
        name = next((n for n in names if n in row), None)
        if name is None:
            raise InputError(f"{gold}: article {row['id']!r} has no field {' or '.join(names)}; cure: --label NAME")
        if row[name] is None or (row.get("doubtful") and not with_doubtful):
            continue
        if str(row["id"]) in ids:
            raise InputError(f"{gold}: article {row['id']!r} is labelled twice; cure: one line an article")
        if str(row["id"]) not in ours:
            raise InputError(f"{gold}: article {row['id']!r} is not in {result}; cure: cluster the same articles")
        ids[str(row["id"])] = None
        found.append(ours[str(row["id"])][level])
        wanted.append(row[name])
    if not ids:
        raise InputError(f"{gold}: no labelled article; cure: JSON lines with id and {' or '.join(names)}")
    order = list(ids)
    scores = evaluate(found, wanted)
    rows = [
        ("B-cubed", scores.bcubed_precision, scores.bcubed_recall, scores.bcubed_f1),
        ("pairs", scores.pair_precision, scores.pair_recall, scores.pair_f1),
    ]
    click.echo(f"{level}: {scores.articles} articles, {len(set(found))} groups, {len(set(wanted))} in gold")
    click.echo(f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}")
    for name, precision, recall, f1 in rows:
        click.echo(f"{name:10}{precision:10.4f}{recall:10.4f}{f1:10.4f}")
    click.echo(f"{'ARI':10}{scores.ari:30.4f}")
    titles = {r.article.id: f"[{r.article.outlet}] {r.article.title}" for r in Feed([feed])} if feed and errors else {}
    for mistake in mistakes(found, wanted)[:errors]:
        click.echo(f"\n{mistake.kind}, {mistake.pairs} wrong pairs")
        for part in mistake.parts:
            for i, place in enumerate(part):
                name = order[place]
                click.echo(f"  {'-' if i == 0 else ' '} {name}  {titles.get(name, '')}".rstrip())


def _json_lines(path: str, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise InputError(f"{path}, line {number}: not JSON ({error})") from None
            missing = [name for name in needed if not isinstance(row, dict) or name not in row]
            if missing:
                raise InputError(f"{path}, line {number}: no field {missing[0]!r}")
            yield row


cli.add_command(index)
cli.add_command(explain_command)
