"""Options that do nothing beside others: one table of them, and their refusal where they stand on the command line.

What a preset or a file of settings says beside them is no contradiction: such are written for several commands.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import click

from clusterer.io.field_names import FIELD_NAMES

_STORIES = ("story", "story_slots", "weights")
_CUTS = ("containment", "cut_ratio", "opening", "sample")
_COPIES = ("jaccard", *_CUTS, "series", "unit", "size", "scheme", "slots", "recall", "bucket_cap")
_FIELDS = frozenset(f"{attribute}_field" for attribute in FIELD_NAMES)
_GROUPS = (*_STORIES, *_COPIES, "level", "cuts", "window", "boilerplate", "representative", "keep")


class Need(NamedTuple):
    """Options that do nothing where another one has certain values.

    Attributes:
        names: parameters of the options.
        other: parameter of the other one.
        values: of the other one, with which they do nothing; none for any that is given.
        cure: the value of the other one with which they count; "" for none.
    """

    names: tuple[str, ...]
    other: str
    values: tuple[Any, ...]
    cure: str


NEEDS = (
    Need((*_GROUPS, "min_words"), "quote", (), ""),
    Need(tuple(name for name in _GROUPS if name != "unit"), "unit", ("paragraph",), ""),
    Need(_STORIES, "level", ("exact", "copy"), "--level story"),
    Need(_COPIES, "level", ("exact",), "--level copy"),
    Need(_CUTS, "cuts", (False,), "--cuts"),
    Need(("language",), "html", (None,), "--html FILE"),
    Need(("language",), "report", (None,), "--report FILE"),
)
"""Which options need what, those first that make most others idle."""


def refuse_idle(context: click.Context) -> None:
    """Refuse options of the command line that do nothing beside another one, given there or left as it is.

    Raises:
        click.UsageError: naming both, and the cure.
    """
    source = click.core.ParameterSource
    options = {option.name: option for option in context.command.params}
    for need in NEEDS:
        if need.other not in options:
            continue
        value = context.params.get(need.other)
        is_idle = value in need.values if need.values else value is not None
        if not is_idle or context.get_parameter_source(need.other) not in (source.COMMANDLINE, source.DEFAULT):
            continue
        for name in need.names:
            if name in options and context.get_parameter_source(name) is source.COMMANDLINE:
                one, other = _spelt(options[name], context.params[name]), _spelt(options[need.other], value)
                cure = f"{need.cure}, or leave {one} out" if need.cure else f"leave one of them out, {one} or {other}"
                other = f"without {options[need.other].opts[-1]}" if value is None else f"with {other}"
                raise click.UsageError(f"{one} does nothing {other}; cure: {cure}", context)


def refuse_twice(command: click.Command, context: click.Context, args: list[str]) -> None:
    """Refuse a file, or a field of articles, that is named twice: the last would win, the others be left out without a word.

    Raises:
        click.UsageError: naming the option.
    """
    order = command.make_parser(context).parse_args(args=list(args))[2]
    for option, count in Counter(order).items():
        if count == 1 or not isinstance(option, click.Option) or option.multiple:
            continue
        is_field = option.name in _FIELDS
        if is_field or isinstance(option.type, click.Path):
            what = "one field, which is used in each input that has it" if is_field else "one file"
            raise click.UsageError(
                f"{option.opts[-1]} is given {count} times and takes {what}; cure: leave one out", context
            )


def _spelt(option: click.Parameter, value: Any) -> str:
    """An option as it is typed, with its value."""
    if isinstance(value, bool):
        return (option.opts if value else option.secondary_opts)[0]
    return f"{option.opts[-1]} {value}"
