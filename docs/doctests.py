"""For the API reference: examples of docstrings, lines from ``>>>`` to a blank one, become blocks of code."""

from __future__ import annotations

import re
from typing import Any

import griffe

EXAMPLE = re.compile(r"^( *)>>> .*(?:\n\1\S.*|\n\1 +\S.*)*", re.MULTILINE)


def fenced(text: str) -> str:
    """A docstring with its examples between fences."""

    def block(found: re.Match[str]) -> str:
        margin = found[1]
        return f"{margin}```pycon\n{found[0]}\n{margin}```"

    return EXAMPLE.sub(block, text)


class Doctests(griffe.Extension):
    """Fences the examples of everything that is loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring before it is parsed."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)
