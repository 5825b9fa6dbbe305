"""Fields that are named, to be added to lines of a result or to order articles: an article's own, and any other of its row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clusterer.articles import Article
from clusterer.errors import InputError, did_you_mean
from clusterer.io.nested import MISSING, at_path
from clusterer.io.nulls import decoded
from clusterer.io.rows import Row, as_json

STORED = ("title", "text", "source", "url", "date")
"""Fields of an article that can be added to its line of a result; a source is the outlet, as stories name it."""
ADDABLE = (*STORED, "file", "row")
"""The same of a row, and where it stood. Any other name is that of a field of the row itself."""
_KNOWN = 1000  # names of rows that are remembered, to tell which was meant


class AddedFields:
    """Adds fields to lines, and knows which of them no row had."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names.

        Args:
            names: of `ADDABLE`, or of fields of rows: a name at the top, else a dotted path.
        """
        self._names = names
        self._others = [name for name in names if name not in ADDABLE]
        self._missing = set(self._others)
        self._known: dict[str, None] = {}
        self._has_rows = False

    def of(self, article: Article | Row) -> dict[str, Any]:
        """The fields of an article or row by name; None where it has none."""
        if not isinstance(article, Row):
            return {name: field_of(article, name) for name in self._names}
        self._has_rows = True
        where = {"file": article.file, "row": article.line}
        own = self._own(article) if self._others else {}
        return {
            name: own[name] if name in own else where[name] if name in where else field_of(article.article, name)
            for name in self._names
        }

    def missing(self) -> str:
        """What is wrong with names that no row so far had, "" where all are known."""
        if not self._missing or not self._has_rows:
            return ""
        name = next(name for name in self._others if name in self._missing)
        return f"--with {name!r}: no article has that field; cure: {self.instead(name)}"

    def instead(self, name: str, others: Sequence[str] = ()) -> str:
        """What could be named in place of a name that no row had.

        Args:
            name: that was given.
            others: what may stand there beside names of fields.
        """
        known = [*dict.fromkeys((*others, *ADDABLE, *self._known))]
        return f"{did_you_mean(name, known)}one of {', '.join(known[:30])}"

    def refuse_missing(self) -> None:
        """Refuse names that no row had; after all rows.

        Raises:
            InputError: names one, and what was meant.
        """
        if message := self.missing():
            raise InputError(message)

    def _own(self, row: Row) -> dict[str, Any]:
        """Fields of the row itself that are wanted."""
        fields = decoded(as_json(row))
        out = {}
        for name in self._others:
            value = at_path(fields, name)
            out[name] = None if value is MISSING else value
            if value is not MISSING:
                self._missing.discard(name)
        if self._missing and len(self._known) < _KNOWN:
            self._known |= dict.fromkeys(fields)
        return out


def field_of(article: Article, name: str) -> Any:
    """A field of an article, of which the source is who counts as having printed it."""
    return article.outlet if name == "source" else getattr(article, name)
