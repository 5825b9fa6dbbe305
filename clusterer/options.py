"""What commands share: options for inputs and settings, and a run over a feed with its quarantine and progress.

No command of its own; `cli` and `index_cli` hold these.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import click

from clusterer.errors import InputError
from clusterer.fields import FIELD_NAMES
from clusterer.files import Feed
from clusterer.output import ADDABLE, Quarantine
from clusterer.pipeline import cluster
from clusterer.records import Clustering
from clusterer.rows import BadRow
from clusterer.settings import Settings, toml_values
from clusterer.stages import Progress

_FIRST_BAD = 10  # bad rows that a run remembers
_F = TypeVar("_F", bound=Callable[..., Any])


def read_settings(path: str) -> dict[str, Any]:
    """The settings that a TOML file gives, by name.

    Raises:
        InputError: the file cannot be read.
        SettingsError: it is not TOML, a key is no setting, a value is of a wrong type or out of range.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            return toml_values(file.read(), path)
    except FileNotFoundError:
        raise InputError(f"{path!r} does not exist; cure: check the path of --settings") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); cure: a TOML file in UTF-8") from None


def settings_file(command: _F, exposed: bool = True) -> _F:
    """`--settings FILE`: what it gives stands for the defaults of the command's own options, which win.

    Where exposed, the command gets it whole as `settings_file`, by name.
    """

    def take(context: click.Context, _: click.Parameter, path: str | None) -> dict[str, Any]:
        given = read_settings(path) if path else {}
        context.default_map = {**(context.default_map or {}), **given}
        return given

    return click.option(
        "--settings",
        "settings_file",
        metavar="FILE",
        is_eager=True,
        expose_value=exposed,
        callback=take,
        help="TOML file of settings, such as tune writes; options given beside it win",
    )(command)


def settings_options(command: _F, **defaults: Any) -> _F:
    """One option for every field of `Settings`, with its default, range and help, and `--settings` for a file of them."""
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
    return settings_file(command, exposed=False)


def reading_options(command: _F, required: bool = True) -> _F:
    """How inputs are read."""
    for attribute in reversed(FIELD_NAMES):
        command = click.option(
            f"--{attribute}-field", metavar="NAME", help=f"field that holds the {attribute}; else its usual names"
        )(command)
    options = [
        click.argument("inputs", metavar="INPUT..." if required else "[INPUT...]", nargs=-1, required=required),
        click.option("--format", "format_", metavar="NAME", help="format of inputs whose name does not tell it"),
        click.option("--encoding", metavar="NAME", help="encoding of text inputs; else detected"),
        click.option("-q", "--quiet", is_flag=True, help="no progress, no summary, no word of bad rows"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def input_options(command: _F) -> _F:
    """How inputs are read, where bad rows go, and whether counts are told: what a `Run` takes."""
    options = [
        click.option("--quarantine", type=click.Path(dir_okay=False), help="file for bad rows; else beside the output"),
        click.option("--summary", is_flag=True, help="print the summary even where there is no terminal"),
    ]
    for option in reversed(options):
        command = option(command)
    return reading_options(command)


output_option = click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(allow_dash=True),
    help="where to write; - is standard output; .gz or .zst compresses",
)


def _named(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value == "-":
        raise click.BadParameter("standard output is for the lines; name a file")
    return value


report_option = click.option(
    "--report",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    callback=_named,
    help="also write the stories as a page to browse, HTML",
)


def _names(context: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip().lower() for name in (value or "").split(",") if name.strip()))
    for name in names:
        if name not in ADDABLE:
            raise click.BadParameter(f"{name!r} is not a field of articles; cure: any of {','.join(ADDABLE)}")
    return names


result_option = click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(allow_dash=True),
    help="where to write; - is standard output. .csv, .tsv and .parquet make a table, all else JSON lines; "
    ".gz or .zst compresses",
)
with_option = click.option(
    "--with",
    "added",
    metavar="NAMES",
    callback=_names,
    help=f"add these fields of the articles to every line: any of {','.join(ADDABLE)}",
)


def tell_written(*paths: str | None) -> None:
    """One line of the files that were written, on a terminal only. None is no file, "-" standard output."""
    names = [path for path in paths if path and path != "-"]
    if names and sys.stderr.isatty():
        click.echo(f"wrote {', '.join(names)}", err=True)


def keep_apart(outputs: Sequence[str | None], inputs: Sequence[str]) -> None:
    """Refuse to write over what is read, or two outputs into one file. None is no file, "-" a standard stream.

    Raises:
        InputError: naming the file.
    """
    taken = {os.path.realpath(path): "an input" for path in inputs}
    for path in outputs:
        if path is None or path == "-":
            continue
        place = os.path.realpath(path)
        if place in taken and os.path.isfile(place) | (taken[place] != "an input"):
            raise InputError(f"{path} is also {taken[place]}; cure: write to another name")
        taken[place] = "another output"


def settings_of(options: Mapping[str, Any]) -> Settings:
    """The settings that a command's options give."""
    names = {f.name for f in fields(Settings)}
    return Settings(**{k: v for k, v in options.items() if k in names})


def feed_of(options: Mapping[str, Any], on_bad: Callable[[BadRow], None] | None = None) -> Feed:
    """The inputs that a command's options name."""
    return Feed(
        options["inputs"],
        fields={a: options[f"{a}_field"] for a in FIELD_NAMES if options[f"{a}_field"]},
        format=options["format_"],
        encoding=options["encoding"],
        on_bad=on_bad,
    )


class Run:
    """One run over inputs: the feed, the settings, the quarantine file, and what the terminal is told."""

    def __init__(
        self,
        output: str,
        options: Mapping[str, Any],
        read: Sequence[str] = (),
        written: Sequence[str | None] = (),
        lasting: str | None = None,
    ) -> None:
        """Of a command's options.

        Args:
            output: where its result goes.
            options: by name.
            read, written: other files that it reads and writes.
            lasting: the file that it adds to, run after run; its quarantine is added to as well.
        """
        self.settings = settings_of(options)
        self.tells: bool = not options["quiet"] and (options["summary"] or sys.stderr.isatty())
        beside = lasting or ("clusterer" if output == "-" else output)
        self.quarantine_path = options["quarantine"] or f"{beside}.quarantine.jsonl"
        self.quarantine = Quarantine(self.quarantine_path, lasting is not None)
        self.feed = feed_of(options, self._set_aside)
        keep_apart([output, self.quarantine_path, *written], [*self.feed.paths, *read])
        self.first_bad: list[BadRow] = []
        self.quiet: bool = options["quiet"]

    def _set_aside(self, bad: BadRow) -> None:
        if len(self.first_bad) < _FIRST_BAD:
            self.first_bad.append(bad)
        self.quarantine.add(bad)

    def cluster(self) -> Clustering:
        with progress_shown(self.quiet) as progress:
            result = cluster((row.article for row in self.feed), self.settings, progress=progress)
        if not result:
            self.refuse_nothing()
        return result

    def refuse_nothing(self) -> None:
        """There was no article.

        Raises:
            InputError: there were rows, all bad; tells of the first.
        """
        if self.first_bad:
            bad = self.first_bad[0]
            raise InputError(
                f"none of {self.quarantine.count} rows is an article; {bad.file}, line {bad.line}: {bad.reason}"
            )

    def warn(self) -> None:
        """One line where rows were set aside, one where dates were unreadable, unless quiet."""
        bad, dates, first = self.quarantine.count, self.feed.unreadable_dates, self.feed.first_unreadable_date
        if bad and not self.quiet:
            click.echo(f"{bad} bad {'row' if bad == 1 else 'rows'} set aside in {self.quarantine_path}", err=True)
        if dates and first and not self.quiet:
            many = "1 date could not be read:" if dates == 1 else f"{dates:,} dates could not be read, first"
            kept = "the article is kept without" if dates == 1 else "articles are kept without"
            value = repr(first.value)
            value = value if len(value) <= 60 else value[:60] + "…"
            click.echo(f"{many} {value} ({first.file}, line {first.line}); {kept}", err=True)

    def summarise(self, counts: Mapping[str, int]) -> None:
        """The counts of the run, as a table."""
        self.warn()
        if not self.tells:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="right")
        table.add_column()
        bad = {"bad rows in quarantine": self.quarantine.count, "unreadable dates": self.feed.unreadable_dates}
        blank = {"blank rows": self.feed.blank_rows} if self.feed.blank_rows else {}
        for name, value in {**counts, **blank, **bad}.items():
            table.add_row(f"{value:,}", name)
        Console(stderr=True).print(table)
        if columns := self.feed.read_as:
            told = ", ".join(f"{attribute} {column or 'none'}" for attribute, column in columns.items())
            click.echo(f"read as: {told}", err=True)


@contextlib.contextmanager
def progress_shown(quiet: bool) -> Iterator[Progress | None]:
    """Bars on a terminal, unless quiet; what tells them how far the work is."""
    if quiet or not sys.stderr.isatty():
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
