"""Points in time, and what came after one: articles in their order of arrival. Reads only."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from clusterer.articles import seconds
from clusterer.errors import InputError
from clusterer.index.guards import ascending
from clusterer.index.open_index import OpenIndex
from clusterer.io.limits import parse_moment


def arrived(index: OpenIndex, after: int, limit: int) -> list[tuple[int, str]]:
    """Number and id of the articles that came after one, in order of arrival, no more than so many.

    Args:
        index: in a transaction.
        after: number of that article, 0 for all.
        limit: no more than so many.
    """
    statement = "SELECT number, id FROM article WHERE number > ? ORDER BY number LIMIT ?"
    rows = [(number, id) for number, id in index.database.rows(statement, after, limit)]
    ascending(index.database.path, [number for number, _ in rows], after + 1)
    return rows


def last_before(index: OpenIndex, since: str | None) -> int:
    """Number of the last article that came before a point in time, or so long ago; 0 where there is none.

    Raises:
        InputError: `since` says neither.
    """
    when = point("since", since)
    if when is None:
        return 0
    ((number,),) = index.database.rows("SELECT max(number) FROM article WHERE added < ?", when)
    return int(number or 0)


def point(name: str, when: datetime | timedelta | str | None) -> float | None:
    """Seconds since 1970 of a point in time, or of so long ago; `name` is what errors call it."""
    if isinstance(when, str):
        when = parse_moment(when)
    if not isinstance(when, datetime | timedelta | None):
        raise InputError(f"{name} is {when!r}; it must be an age or a date; cure: '7d' or '2015-07-21'")
    if isinstance(when, timedelta):
        if when < timedelta():
            raise InputError(f"{name} is {when}; an age must not be negative")
        return time.time() - when.total_seconds()
    return None if when is None else seconds(when)
