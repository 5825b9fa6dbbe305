"""Options that commands share: inputs, outputs, settings and gold.

No command of its own; each command is a file of this wing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from clusterer.cli.limits import parse_bytes
from clusterer.cli.output_names import OutputPath
from clusterer.cli.terminal import tell
from clusterer.errors import InputError, SettingsError, did_you_mean
from clusterer.evaluation.gold import Gold, read_gold
from clusterer.io.added_fields import ADDABLE, STORED
from clusterer.io.columns import FIELD_NAMES
from clusterer.io.feed_limits import NAMES, limits_from
from clusterer.io.sources import split_part
from clusterer.messages import LANGUAGES
from clusterer.paragraphs import FOOTER_ARTICLES, FOOTER_SHARE
from clusterer.results import Assignment, Level
from clusterer.settings import PRESETS, Settings, days_from, values_of_file

OF_PRESET = f"{__name__}.of_preset"
"""In the meta of a context the settings whose defaults are those of a preset, where one is given."""
COMMAND_DEFAULTS: dict[str, Any] = {"threads": 0}
"""Settings of which commands have a default of their own: a program that calls the library shares its cores with others."""
LINE_FIELDS = (*Assignment._fields, "status", "story_title")
LIMIT_NAMES = [name.replace("_", "-") for name in NAMES]
language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="of the page at first, it can be turned into the other; else that of most articles",
)
html_option = click.option("--html", metavar="FILE", type=OutputPath("html"), help="also write a page that shows it")
label_option = click.option(
    "--label", metavar="NAME", help="gold field that holds the label; else copy or dup, event or story"
)
doubtful_option = click.option(
    "--all", "with_doubtful", is_flag=True, help="count what the gold file marks as doubtful, too"
)


class TablePath(click.Path):
    """A file that is there, or a sheet of it: `book.xlsx::Sheet`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path as it was given, where its file is there."""
        super().convert(split_part(value)[0], param, ctx)
        return value


def gold_of(path: str, label: str | None, level: Level | None, with_doubtful: bool, results: bool = False) -> Gold:
    """Gold of a file; a word of it where it is nobody's judgement. `results` as for `read_gold`."""
    gold = read_gold(path, label=label, level=level, with_doubtful=with_doubtful, results=results)
    if gold.is_result:
        tell(
            f"{path} is a result of clusterer, not what people judged: scores tell how far two results agree", err=True
        )
    return gold


_F = TypeVar("_F", bound=Callable[..., Any])


def read_settings(path: str) -> dict[str, Any]:
    """The settings that a TOML file gives, by name.

    Raises:
        InputError: the file cannot be read.
        SettingsError: it is not TOML, a key is no setting, a value is of a wrong type or out of range.
    """
    if not os.path.exists(path):
        raise InputError(f"{path!r} does not exist; cure: check the path of --settings")
    return values_of_file(path)


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


class Days(click.ParamType):  # type: ignore[type-arg]
    """A stretch of time in days: a number, or one with a unit ("3d", "36h", "2w")."""

    name = "3d|36h|2w"

    def __init__(self, low: float, high: float) -> None:
        """With its bounds, in days."""
        self.min, self.max = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A value as days."""
        try:
            days = days_from(str(value))
        except SettingsError as error:
            self.fail(str(error), param, ctx)
        if not self.min <= days <= self.max:
            self.fail(f"{value!r} is not from {self.min:g} to {self.max:g} days", param, ctx)
        return days


def settings_options(command: _F, also_unit: tuple[str, ...] = (), **defaults: Any) -> _F:
    """One option for every field of `Settings`, with its default, range and help, and `--settings` for a file of them.

    Args:
        command: gets them.
        also_unit: what else the command takes as --unit.
        **defaults: where they are the command's own.
    """
    for f in reversed(fields(Settings)):
        meta, default = f.metadata, defaults.get(f.name, COMMAND_DEFAULTS.get(f.name, f.default))
        kind: Any = type(f.default)
        if meta["choices"]:
            kind = click.Choice((*meta["choices"], *(also_unit if f.name == "unit" else ())))
        elif kind is int:
            kind = click.IntRange(meta["low"], meta["high"])
        elif kind is float:
            kind = click.FloatRange(meta["low"], meta["high"])
        name = "--" + f.name.replace("_", "-")
        if type(f.default) is bool:
            name, kind = f"{name}/--no-{name[2:]}", None
        if f.name == "window":
            kind = Days(meta["low"], meta["high"])
        shown: bool | str = "0" if f.name == "window" else True  # what is typed is 3d or 36h
        help = meta["help"] + (PARAGRAPH.get(f.name, "") if also_unit else "")
        command = click.option(name, f.name, type=kind, default=default, show_default=shown, help=help)(command)
    return preset_option(settings_file(command, exposed=False))


def is_given(context: click.Context, name: str) -> bool:
    """Whether an option stands on the command line."""
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


def preset_option(command: _F) -> _F:
    """`--preset NAME`: settings for a kind of work stand for the defaults; those of --settings, and options given, win."""

    def take(context: click.Context, _: click.Parameter, name: str | None) -> None:
        if name:
            context.meta[OF_PRESET] = set(PRESETS[name]) - set(context.default_map or {})
            context.default_map = {**PRESETS[name], **(context.default_map or {})}

    return click.option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        is_eager=True,
        expose_value=False,
        callback=take,
        help="settings for a kind of work: news are the defaults; corpus is for texts that a model is trained on (whole texts by"
        " their words alone: no stories, no learned lines, no title for a short text, Jaccard 0.8, no cuts, series merged);"
        " headlines is for titles without texts; strict groups only what is sure; options given beside it win",
    )(command)


PARAGRAPH = {
    "unit": "; paragraph: all articles stay, and lose the paragraphs that stand in an earlier one",
    "min_words": "; of --unit paragraph, words below which a paragraph goes only if it recurs as a footer does: two words or"
    f" more, in {FOOTER_ARTICLES} articles of its outlet and {1000 * FOOTER_SHARE:g} of 1,000",
}
"""What the help of settings says more, where --unit may be paragraph."""


class ManyOption(click.Option):
    """An option that takes all words up to the next option, as a shell makes them of `old/*.jsonl`."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Register it, as click does, and take the words that follow the first."""
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            option = parser._long_opt[name]
            take_one = option.process

            def take_all(value: str, state: Any, take_one: Callable[[str, Any], None] = take_one) -> None:
                take_one(value, state)
                while state.rargs and (state.rargs[0] == "-" or not state.rargs[0].startswith("-")):
                    take_one(state.rargs.pop(0), state)

            option.process = take_all


def _bytes(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    return parse_bytes(value)


def _limits(context: click.Context, option: click.Parameter, value: str | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in (value or "").split(",") if pair.strip()]
    if wrong := next((name for name, equals, _ in pairs if not equals), None):
        raise click.BadParameter(f"{wrong!r} is no NAME=N; cure: such as ratio=1000,row-bytes=64MB")
    limits = {name.strip(): number.strip() for name, _, number in pairs}
    limits_from(limits)
    return limits


def _share_or_count(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"\d+|(?:\d{1,2}(?:\.\d+)?|100)%", value.strip(), re.ASCII):
        raise click.BadParameter(f"{value!r} is neither a number of rows nor a share of them; cure: such as 100 or 1%")
    return value and value.strip()


def _files(context: click.Context, argument: click.Parameter, typed: str) -> list[CompletionItem]:
    """What a shell completes: the names of files."""
    return [CompletionItem(typed, type="file")]


def reading_options(command: _F, required: bool = True) -> _F:
    """How inputs are read."""
    options = [
        click.argument(
            "inputs",
            metavar="INPUT..." if required else "[INPUT...]",
            nargs=-1,
            required=required,
            shell_complete=_files,
        ),
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            help="no progress, no summary, no word of how INPUT was read; only of damaged files and errors",
        ),
        click.option("--format", "format_", metavar="NAME", help="format of inputs whose name does not tell it"),
        click.option("--encoding", metavar="NAME", help="encoding of text inputs; else detected"),
        click.option(
            "--timezone",
            metavar="NAME",
            help="zone of times that name none, such as Asia/Riyadh, else UTC; a report and a .csv tell dates in it",
        ),
        click.option(
            "--now", metavar="DATE", help="when INPUT was fetched: dates such as two hours ago are told from it"
        ),
        *(
            click.option(
                f"--{attribute}-field",
                metavar="NAME",
                help=f"field of the {attribute}; else told by names and rows",
            )
            for attribute in FIELD_NAMES
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def input_options(command: _F) -> _F:
    """How inputs are read, where bad rows go, and whether counts are told: what a `Run` takes."""
    options = [
        click.option("--quarantine", type=OutputPath("jsonl"), help="file for bad rows; else beside the output"),
        click.option(
            "--max-bad",
            metavar="N|N%",
            callback=_share_or_count,
            help="exit with 1, all outputs written, after more bad rows; else only where a whole file is unreadable",
        ),
        click.option(
            "--strict", is_flag=True, help="stop at the first bad row, cut file or unreadable date; write nothing"
        ),
        click.option(
            "--max-row-bytes", metavar="SIZE", callback=_bytes, help="longer rows are bad, such as 64MB; else 32 MiB"
        ),
        click.option(
            "--limits",
            metavar="NAME=N,...",
            callback=_limits,
            help="what one input may cost, such as ratio=1000,members=1000000; names: " + ", ".join(LIMIT_NAMES),
        ),
        click.option("--summary", is_flag=True, help="print the summary even where there is no terminal"),
    ]
    for option in reversed(options):
        command = option(command)
    return reading_options(command)


versions_option = click.option(
    "--unique-url",
    is_flag=True,
    help="articles of one URL, without scheme, www, AMP and tracking, are versions of one: the latest is grouped, the others"
    " go with it, relation version; INPUT is read once more",
)
output_option = click.option(
    "-o",
    "--output",
    default="-",
    type=OutputPath("jsonl", allow_dash=True),
    help="where to write JSON lines; - is standard output; .gz or .zst compresses",
)


rows_option = click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(allow_dash=True),
    help="where to write; - is standard output; .gz or .zst compresses; a folder, FOLDER/, takes one file an input, of its"
    " name, and a manifest",
)


def _named(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value == "-":
        raise click.BadParameter("standard output is for the lines; name a file")
    return value


report_option = click.option(
    "--report",
    metavar="FILE",
    type=OutputPath("html", ", and for a table of stories `--stories FILE` of cluster, `index stories -o FILE`"),
    callback=_named,
    help="also write the stories as a page to browse, HTML",
)


def _names(value: str | None) -> tuple[str, ...]:
    """Names between commas; those of an article's own fields in small letters."""
    names = [name.strip() for name in (value or "").split(",") if name.strip()]
    return tuple(dict.fromkeys(name.lower() if name.lower() in ADDABLE else name for name in names))


def _any_names(context: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    for name in (names := _names(value)):
        if name in LINE_FIELDS:
            raise click.BadParameter(f"{name!r} is in every line already; cure: leave it out")
    return names


def _stored_names(context: click.Context, option: click.Parameter, value: str | None) -> tuple[str, ...]:
    for name in (names := _names(value)):
        if name not in STORED:
            meant = "" if name in ADDABLE else f"{did_you_mean(name, STORED)}any of {','.join(STORED)}, or "
            raise click.BadParameter(
                f"{name!r}: an index does not keep that; cure: {meant}index add --with {name}, which tells it as it comes"
            )
    return names


result_option = click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(allow_dash=True),
    help="where to write; - is standard output. .csv, .tsv, .xlsx and .parquet make a table, all else JSON lines; "
    ".gz or .zst compresses",
)
pairs_option = click.option(
    "--pairs",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    callback=_named,
    help="also write every verified pair with its relation (exact, copy, contained, quoted, series, story), measures, files and"
    " rows; .csv, .tsv, .xlsx and .parquet make a table, all else JSON lines",
)
guard_option = click.option(
    "--guard/--no-guard",
    default=True,
    help="in .csv and .tsv put an apostrophe before a text that a spreadsheet would take for a formula; default: --guard",
)
stories_option = click.option(
    "--stories",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    callback=_named,
    help="also write a line a story: story, title, first, last, articles, independent_texts, outlets, first_outlet,"
    " representative, key_words, follows (the earlier story of the same affair); .csv, .tsv, .xlsx and .parquet make a"
    " table, all else JSON lines. On Spark without what needs titles and dates",
)
with_option = click.option(
    "--with",
    "added",
    metavar="NAMES",
    callback=_any_names,
    help=f"add these fields to every line: {', '.join(ADDABLE[:-2])} of the articles, file and row where they stood, and any"
    " other field of INPUT by its name, nested ones as a.b",
)
zone_option = click.option(
    "--timezone",
    metavar="NAME",
    help="clock that tells dates, of tables, a report, and a day that another option names, such as Asia/Riyadh; else UTC",
)
stored_with_option = click.option(
    "--with",
    "added",
    metavar="NAMES",
    callback=_stored_names,
    help=f"add these fields of the articles, which are all that an index keeps: {','.join(STORED)}",
)
