"""Result files read back: the groups of each article, as `clusterer cluster` or `index export` wrote them."""

from __future__ import annotations

import os
from typing import NamedTuple

from clusterer.errors import InputError
from clusterer.evaluation.gold import _name
from clusterer.io.records import read_records
from clusterer.results import Level


class ResultRow(NamedTuple):
    """One line of a result: the group of an article at each level, and the link by which it is there."""

    exact: str | None
    copy: str | None
    story: str | None
    linked_to: str | None
    score: float | None


def read_result(path: str | os.PathLike[str], needed: tuple[Level, ...] = ()) -> dict[str, ResultRow]:
    """Read a result: article id to its groups.

    Args:
        path: JSON lines or a table, also packed.
        needed: levels that every line must have.

    Raises:
        InputError: it cannot be read, a line has no id or lacks a level, an id is there twice.
    """
    name = os.fspath(path)
    rows: dict[str, ResultRow] = {}
    for number, row in read_records(name):
        for key in ("id", *needed):
            if key not in row:
                raise InputError(f"{name}, line {number}: no field {key!r}; cure: lines that clusterer cluster wrote")
        own = _name(name, number, "id", row["id"])
        if own in rows:
            raise InputError(f"{name}, line {number}: article {own!r} is there twice; cure: the result of one run")
        rows[own] = ResultRow(*(row.get(key) for key in ResultRow._fields))
    return rows
