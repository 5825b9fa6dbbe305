"""Options that commands share: inputs, outputs, settings and gold.

No command of its own; each command is a file of this wing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any, ClassVar, TypeVar

import click

from clusterer.cli.limits import parse_bytes
from clusterer.cli.terminal import tell
from clusterer.errors import InputError
from clusterer.evaluation.gold import Gold, read_gold
from clusterer.io.columns import FIELD_NAMES
from clusterer.io.feed_limits import NAMES, limits_from
from clusterer.io.writers import ADDABLE
from clusterer.messages import LANGUAGES
from clusterer.results import Level
from clusterer.settings import PRESETS, Settings, toml_values

LIMIT_NAMES = [name.replace("_", "-") for name in NAMES]
language_option = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="of the page at first, it can be turned into the other; else that of most articles",
)
html_option = click.option(
    "--html", metavar="FILE", type=click.Path(dir_okay=False), help="also write a page that shows it"
)
label_option = click.option(
    "--label", metavar="NAME", help="gold field that holds the label; else copy or dup, event or story"
)
doubtful_option = click.option(
    "--all", "with_doubtful", is_flag=True, help="count what the gold file marks as doubtful, too"
)


def gold_of(path: str, label: str | None, level: Level | None, with_doubtful: bool) -> Gold:
    """Gold of a file; a word of it where it is nobody's judgement."""
    gold = read_gold(path, label=label, level=level, with_doubtful=with_doubtful)
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


class Days(click.ParamType):  # type: ignore[type-arg]
    """A stretch of time in days: a number, or one with a unit ("3d", "36h", "2w")."""

    name = "days"
    _UNITS: ClassVar[dict[str, float]] = {"h": 1 / 24, "d": 1.0, "w": 7.0}

    def __init__(self, low: float, high: float) -> None:
        """With its bounds, in days."""
        self.min, self.max = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A value as days."""
        text = str(value).strip().lower()
        factor = self._UNITS.get(text[-1:], 0.0)
        try:
            days = float(text[:-1]) * factor if factor else float(text)
        except ValueError:
            self.fail(f"{value!r} is no stretch of time; cure: such as 3d, 36h or 2w", param, ctx)
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
        meta, default = f.metadata, defaults.get(f.name, f.default)
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
        help = meta["help"] + (PARAGRAPH if also_unit and f.name == "unit" else "")
        command = click.option(name, f.name, type=kind, default=default, show_default=True, help=help)(command)
    return preset_option(settings_file(command, exposed=False))


def preset_option(command: _F) -> _F:
    """`--preset NAME`: settings for a kind of work stand for the defaults; those of --settings, and options given, win."""

    def take(context: click.Context, _: click.Parameter, name: str | None) -> None:
        if name:
            context.default_map = {**PRESETS[name], **(context.default_map or {})}

    return click.option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        is_eager=True,
        expose_value=False,
        callback=take,
        help="settings for a kind of work: news are the defaults, corpus is for texts that a model is trained on (whole texts by"
        " their words alone: no stories, no learned lines, Jaccard 0.8, no cuts, series merged); options given beside it win",
    )(command)


PARAGRAPH = "; paragraph: all articles stay, and lose the paragraphs that stand in an earlier one"


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


class SectionOption(click.Option):
    """An option that help shows in a section of its own."""

    def __init__(self, *args: Any, section: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help shows its options section by section, those of no section first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, as click does, under a heading a section."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for option in self.get_params(ctx):
            if record := option.get_help_record(ctx):
                sections.setdefault(getattr(option, "section", "Options"), []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)


def _reading(*names: str, **options: Any) -> Callable[[_F], _F]:
    return click.option(*names, cls=SectionOption, section="How INPUT is read", **options)


def _damage(*names: str, **options: Any) -> Callable[[_F], _F]:
    return click.option(*names, cls=SectionOption, section="What cannot be read", **options)


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


def reading_options(command: _F, required: bool = True) -> _F:
    """How inputs are read."""
    options = [
        click.argument("inputs", metavar="INPUT..." if required else "[INPUT...]", nargs=-1, required=required),
        click.option("-q", "--quiet", is_flag=True, help="no progress, no summary, no word of how INPUT was read"),
        _reading("--format", "format_", metavar="NAME", help="format of inputs whose name does not tell it"),
        _reading("--encoding", metavar="NAME", help="encoding of text inputs; else detected"),
        _reading("--timezone", metavar="NAME", help="zone of times that name none, such as Asia/Riyadh; else UTC"),
        _reading("--now", metavar="DATE", help="when INPUT was fetched: dates such as two hours ago are told from it"),
        *(
            _reading(
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
        _damage("--quarantine", type=click.Path(dir_okay=False), help="file for bad rows; else beside the output"),
        _damage(
            "--max-bad",
            metavar="N|N%",
            callback=_share_or_count,
            help="exit with 1, all outputs written, after more bad rows; else only where a whole file is unreadable",
        ),
        _damage("--strict", is_flag=True, help="stop at the first bad row, cut file or unreadable date; write nothing"),
        _damage(
            "--max-row-bytes", metavar="SIZE", callback=_bytes, help="longer rows are bad, such as 64MB; else 32 MiB"
        ),
        _damage(
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
    type=click.Path(allow_dash=True),
    help="where to write; - is standard output; .gz or .zst compresses",
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
pairs_option = click.option(
    "--pairs",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    callback=_named,
    help="also write every verified pair with its relation (exact, copy, contained, quoted, series, story), measures, files and"
    " rows; .csv, .tsv and .parquet make a table, all else JSON lines",
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
    help="also write a line a story: story, articles, representative, follows (the earlier story of the same affair); .csv, .tsv"
    " and .parquet make a table, all else JSON lines",
)
with_option = click.option(
    "--with",
    "added",
    metavar="NAMES",
    callback=_names,
    help=f"add these fields of the articles, or where they stood, to every line: any of {','.join(ADDABLE)}",
)
