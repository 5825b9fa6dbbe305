"""What came after a point: articles in their order of arrival. Reads only."""

from __future__ import annotations

from clusterer.index.guards import ascending
from clusterer.index.open_index import OpenIndex
from clusterer.index.story_index import point


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
