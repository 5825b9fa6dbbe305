"""What `--help` shows: the ten options that people use; all of them, by what they are about, under `--help-all`.

Also what is meant where a choice was mistyped. Which options there are is the commands' own business.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from clusterer.cli.contradictions import refuse_idle, refuse_twice
from clusterer.errors import did_you_mean

_SHOWN = 10  # options of a command that --help shows
_USED = (
    "output", "report", "removed", "against", "added", "keep", "level", "preset", "jaccard", "story", "settings_file",
    "format_", "stories", "pairs", "result", "index", "html", "update", "changes", "limit", "retrain", "settings", "text_field",
    "threads", "memory", "max_bad", "strict", "quiet", "summary",
)  # fmt: skip
"""Options by their parameters' names, those first that most people use; the first ten that a command has are shown."""
_USED_OF = {
    "add": ("output", "added", "format_", "timezone", "update", "changes", "text_field", "max_bad", "strict", "quiet"),
    "cluster": ("output", "report", "stories", "added", "level", "preset", "jaccard", "story", "format_", "timezone"),
    "dedup": ("output", "removed", "against", "quote", "keep", "level", "preset", "unit", "jaccard", "memory"),
}
"""Of a command whose users want others first, all that are shown."""
_SECTIONS = {
    "Input": (
        "format_", "encoding", "timezone", "now", "id_field", "text_field", "title_field", "source_field", "url_field",
        "date_field", "max_bad", "strict", "max_row_bytes", "limits", "quarantine", "unique_url", "batch", "update", "against",
        "result", "index",
    ),
    "Output": (
        "output", "added", "report", "pairs", "stories", "guard", "removed", "changes", "html", "as_json", "join", "stats",
    ),
    "What is a copy": (
        "level", "profile", "boilerplate", "unit", "size", "jaccard", "cuts", "containment", "cut_ratio", "opening",
        "series", "window", "min_words", "keep", "quote",
    ),
    "What is a story": ("story", "weights", "representative"),
    "Sketching": ("scheme", "slots", "seed", "recall", "sample", "bucket_cap", "story_slots"),
}  # fmt: skip
"""Sections of --help-all, with the parameters of their options; all others are in the last one."""
_SECTION_OF = {name: section for section, names in _SECTIONS.items() for name in names}
_REST = "Run"


class MeantChoice(click.Choice[Any]):
    """A choice that tells which one was meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Click's own message, and the cure."""
        message = super().get_invalid_choice_message(value, ctx)
        meant = did_you_mean(value, map(str, self.choices)).strip()
        return f"{message.rstrip('.')}; cure: {meant}" if meant else message


class SectionedCommand(click.Command):
    """A command whose help shows what people use, and all its options in sections where that is asked for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As click's; where it has many options, `--help-all` shows them."""
        super().__init__(*args, **options)
        for option in self.params:
            if type(option.type) is click.Choice:
                option.type = MeantChoice(option.type.choices, option.type.case_sensitive)
        self._all = click.Option(
            ["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=_show_all, help="show all options"
        )
        self.params.append(self._all)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; options that contradict each other, or do nothing, are refused."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        try:
            refuse_twice(self, ctx, args)
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name in ("-o", "--output") and any(option.name == "html" for option in self.params):
                told = (
                    f"No such option {error.option_name!r}; cure: --html FILE, a page is all that this command writes"
                )
                raise click.UsageError(told, ctx) from None
            raise
        refuse_idle(ctx)
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options that people use or, where all are asked for, every one under the heading of its section."""
        own = [option for option in self.params if isinstance(option, click.Option) and option is not self._all]
        helps = [option for option in self.get_params(ctx) if option not in [*own, *self.params]]
        order = _USED_OF.get(self.name or "", _USED)
        used = sorted((o for o in own if o.name in order), key=lambda o: order.index(o.name or ""))[:_SHOWN]
        shows_all = ctx.meta.get(_ALL, False)
        if len(own) <= _SHOWN:
            _write(ctx, formatter, "Options", [*own, *helps])
        elif shows_all:
            for section in (*_SECTIONS, _REST):
                inside = [o for o in own if _SECTION_OF.get(o.name or "", _REST) == section]
                _write(ctx, formatter, section, [*inside, *(helps if section == _REST else ())])
        else:
            _write(ctx, formatter, "Options", [*used, *helps, self._all])


_ALL = f"{__name__}.all"


def _show_all(context: click.Context, _: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        context.meta[_ALL] = True
        click.echo(context.get_help(), color=context.color)
        context.exit()


def _write(
    ctx: click.Context, formatter: click.HelpFormatter, heading: str, options: Iterable[click.Parameter]
) -> None:
    if records := [record for option in options if (record := option.get_help_record(ctx))]:
        with formatter.section(heading):
            formatter.write_dl(records)
