"""Names of files that a command writes in one form only: a page, JSON lines, settings."""

from __future__ import annotations

import os
from typing import Any

import click


class FormedPath(str):
    """The path of a file that is written in one form, whatever it is called."""

    form: str
    option: str
    instead: str

    def __new__(cls, path: str, form: str, option: str, instead: str = "") -> FormedPath:
        """Take the path, the form as an ending without its dot, the option that gave it, and what may be said for a cure."""
        made = super().__new__(cls, path)
        made.form, made.option, made.instead = form, option, instead
        return made

    def check(self) -> None:
        """Refuse a name that promises another form.

        Raises:
            OutputError: naming it, and a name that does not.
        """
        from clusterer.io.writers import promised

        promised(self, (self.form,), self.option, self.instead)


class OutputPath(click.Path):
    """A file that is written in one form, whatever it is called; `keep_apart` refuses a name that promises another form."""

    def __init__(self, form: str, instead: str = "", **choices: Any) -> None:
        """Take the form, an ending without its dot, and what may be said beside the right name; the rest as `click.Path`."""
        super().__init__(dir_okay=False, **choices)
        self._form, self._instead = form, instead

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path as it was given, with its form."""
        path = super().convert(value, param, ctx)
        return FormedPath(os.fsdecode(path), self._form, param.opts[0] if param else "-o", self._instead)
