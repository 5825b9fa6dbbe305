"""The `clusterer` command: parse, call the library, write. No algorithm of its own.

Data goes to standard output or ``-o``, everything else to standard error. Exit codes: 0 done, 1 bad input or usage
(one line says what), 130 interrupted.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar

import click
import orjson

from clusterer import __version__, kernels
from clusterer.errors import ClustererError, InputError
from clusterer.fields import FIELD_NAMES
from clusterer.files import Feed
from clusterer.output import Quarantine, as_json, atomic_output, write_rows
from clusterer.pipeline import cluster
from clusterer.records import Clustering
from clusterer.rows import BadRow, Row
from clusterer.settings import Settings
from clusterer.stages import Progress

_CHANGED = "an input changed between its two readings; cure: run again on files at rest"
_F = TypeVar("_F", bound=Callable[..., Any])


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


def _settings_options(command: _F, **defaults: Any) -> _F:
    """One option for every field of `Settings`, with its default, range and help."""
    for f in reversed(fields(Settings)):
        meta, default = f.metadata, defaults.get(f.name, f.default)
        kind: Any = type(f.default)
        if meta["choices"]:
            kind = click.Choice(meta["choices"])
        elif kind is int:
            kind = click.IntRange(meta["low"], meta["high"])
        elif kind is float:
            kind = click.FloatRange(meta["low"], meta["high"])
        name = "--" + f.name.replace("_", "-")
        command = click.option(name, f.name, type=kind, default=default, show_default=True, help=meta["help"])(command)
    return command


def _input_options(command: _F) -> _F:
    """How inputs are read, and where bad rows go."""
    for attribute in reversed(FIELD_NAMES):
        command = click.option(
            f"--{attribute}-field", metavar="NAME", help=f"field that holds the {attribute}; else its usual names"
        )(command)
    options = [
        click.argument("inputs", metavar="INPUT...", nargs=-1, required=True),
        click.option("--format", "format_", metavar="NAME", help="format of inputs whose name does not tell it"),
        click.option("--encoding", metavar="NAME", help="encoding of text inputs; else detected"),
        click.option("--quarantine", type=click.Path(dir_okay=False), help="file for bad rows; else beside the output"),
        click.option("-q", "--quiet", is_flag=True, help="no progress, no summary, no word of bad rows"),
        click.option("--summary", is_flag=True, help="print the summary even where there is no terminal"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


_output = click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(allow_dash=True),
    help="where to write; - is standard output; .gz or .zst compresses",
)


@cli.command("cluster")
@_input_options
@_output
@_settings_options
def cluster_command(output: str, **options: Any) -> None:
    """Group the articles of INPUT; write one line an article, in input order.

    Fields of a line: id, story, copy, exact, representative, linked_to, relation, score, evidence.

    Example: clusterer cluster 'feeds/*.jsonl.gz' -o clusters.jsonl
    """
    run = _Run(output, options)
    with run.quarantine, atomic_output(output) as out:
        result = run.cluster()
        for assignment in result:
            out.write(orjson.dumps(assignment.as_dict()) + b"\n")
    run.summarise(result)


@cli.command("dedup")
@_input_options
@_output
@click.option("--removed", type=click.Path(dir_okay=False), help="file for the removed articles, with what kept them")
@partial(_settings_options, level="copy")
def dedup_command(output: str, removed: str | None, **options: Any) -> None:
    """Keep one article of every group of copies; write them whole, in their own format and order.
    Articles of RSS files and of .txt folders are written as JSON lines.

    Which one is kept: --representative. With --level exact only identical texts are removed, with --level story also
    reports of one event in other words. A line of --removed has
    id, kept (the id of the article that stands for it), relation, score, linked_to and the whole article.

    Example: clusterer dedup feed.csv -o unique.csv --removed removed.jsonl
    """
    run = _Run(output, {**options, "removed": removed})
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
    run.summarise(result, **{"articles kept": len(keeper)})


@cli.command("boilerplate")
@_input_options
@_output
@_settings_options
def boilerplate_command(output: str, **options: Any) -> None:
    """Show what is cut from the articles of INPUT before they are compared.

    One line for every article that loses something: id, source, removed (a list of passages). Holds all texts.

    Example: clusterer boilerplate feed.jsonl | head
    """
    from clusterer.explain import removed_passages

    run = _Run(output, options)
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


def _keep_apart(outputs: list[str], inputs: list[str]) -> None:
    """Refuse to write over what is read, or two outputs into one file.

    Raises:
        InputError: naming the file.
    """
    taken = {os.path.realpath(path): "an input" for path in inputs}
    for path in outputs:
        place = os.path.realpath(path)
        if place in taken and os.path.isfile(place) | (taken[place] != "an input"):
            raise InputError(f"{path} is also {taken[place]}; cure: write to another name")
        taken[place] = "another output"


class _Run:
    """One run over inputs: the feed, the settings, the quarantine file, and what the terminal is told."""

    def __init__(self, output: str, options: Mapping[str, Any]) -> None:
        names = {f.name for f in fields(Settings)}
        self.settings = Settings(**{k: v for k, v in options.items() if k in names})
        self.tells: bool = not options["quiet"] and (options["summary"] or sys.stderr.isatty())
        self.quarantine_path = options["quarantine"] or f"{'clusterer' if output == '-' else output}.quarantine.jsonl"
        self.quarantine = Quarantine(self.quarantine_path)
        chosen = {a: options[f"{a}_field"] for a in FIELD_NAMES if options[f"{a}_field"]}
        self.feed = Feed(
            options["inputs"],
            fields=chosen,
            format=options["format_"],
            encoding=options["encoding"],
            on_bad=self._set_aside,
        )
        targets = [output, self.quarantine_path, options.get("removed")]
        _keep_apart([t for t in targets if t and t != "-"], self.feed.paths)
        self.unreadable_dates = self.bad_rows = 0
        self.first_bad: BadRow | None = None
        self.quiet: bool = options["quiet"]

    def _set_aside(self, bad: BadRow) -> None:
        self.first_bad = self.first_bad or bad
        self.quarantine.add(bad)

    def cluster(self) -> Clustering:
        with self._progress() as progress:
            result = cluster((row.article for row in self.feed), self.settings, progress=progress)
        self.unreadable_dates, self.bad_rows = self.feed.unreadable_dates, self.feed.bad_rows
        if not result and self.first_bad:
            bad = self.first_bad
            raise InputError(f"none of {self.bad_rows} rows is an article; {bad.file}, line {bad.line}: {bad.reason}")
        return result

    def warn(self) -> None:
        """One line where rows were set aside, unless quiet."""
        bad = self.quarantine.count
        if bad and not self.quiet:
            click.echo(f"{bad} bad {'row' if bad == 1 else 'rows'} set aside in {self.quarantine_path}", err=True)

    def summarise(self, result: Clustering, **more: int) -> None:
        """The counts of the run, as a table."""
        self.warn()
        if not self.tells:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="right")
        table.add_column()
        counts = {**result.stats, "bad rows in quarantine": self.bad_rows, "unreadable dates": self.unreadable_dates}
        for name, value in {**counts, **more}.items():
            table.add_row(f"{value:,}", name)
        Console(stderr=True).print(table)

    @contextlib.contextmanager
    def _progress(self) -> Iterator[Progress | None]:
        if self.quiet or not sys.stderr.isatty():
            yield None
            return
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.completed:,}"),
            TimeElapsedColumn(),
        )
        with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
            tasks: dict[str, Any] = {}

            def tell(stage: str, done: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=None)
                bars.advance(tasks[stage], done)

            yield tell
