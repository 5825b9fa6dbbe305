"""The oldest articles of an index, removed until it keeps to its limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from clusterer.errors import InputError
from clusterer.index import maintenance
from clusterer.index.articles import moment
from clusterer.index.gone import remember
from clusterer.index.open_index import OpenIndex
from clusterer.index.story_ids import Change
from clusterer.index.transactions import rehearsing, writing
from clusterer.index.writer import IndexWriter


def rehearse(
    index: OpenIndex,
    before: float | None,
    max_articles: int | None,
    max_bytes: int | None,
    age: timedelta | None = None,
) -> tuple[int, list[Change]]:
    """What `expire` would do: all of it is done in one transaction, which is taken back.

    Args:
        index, before, max_articles, max_bytes, age: as `expire`.

    Returns:
        How many would be removed, and what that would do to stories.

    Raises:
        InputError: as `expire`.
    """
    count, changes = 0, list[Change]()
    with rehearsing(index) as writer:
        _refuse_to_empty(index, before, age)
        while numbers := _expired(index, before, max_articles, max_bytes):
            remember(index, numbers, removed=False)
            writer.remove(numbers)
            changes += writer.settle()
            count += len(numbers)
            if max_bytes is None:
                break
            maintenance.clean(index)
            index.database.state["generation"] += 1  # as the next transaction would: segments are numbered by it
            writer = IndexWriter(index)
    return count, changes


def expire(
    index: OpenIndex,
    before: float | None,
    max_articles: int | None,
    max_bytes: int | None,
    age: timedelta | None = None,
) -> tuple[int, list[Change]]:
    """Remove the oldest articles, and give their space back.

    Args:
        index: an open index, outside a transaction.
        before: remove those older than this, in seconds since 1970.
        max_articles: keep no more than so many.
        max_bytes: keep so many that the file's pages in use are at most so large.
        age: the age that `before` was counted back from now by; none where all may go.

    Returns:
        How many were removed, and what that did to stories.

    Raises:
        InputError: all articles are older than the age.
    """
    count, changes = 0, list[Change]()
    while True:
        with writing(index) as writer:
            if not count:
                _refuse_to_empty(index, before, age)
            numbers = _expired(index, before, max_articles, max_bytes)
            remember(index, numbers, removed=False)
            writer.remove(numbers)
            changes += writer.settle()
            if max_bytes is not None and numbers:
                maintenance.clean(index)
        count += len(numbers)
        if not numbers or max_bytes is None or index.database.bytes_used <= max_bytes:
            break
    if count:
        index.database.give_back()
    return count, changes


def _refuse_to_empty(index: OpenIndex, before: float | None, age: timedelta | None) -> None:
    """Refuse an age that all articles are older than: the feed stood still, or is one of long ago."""
    if age is None or before is None or not index.database.state["articles"]:
        return
    newest = index.database.rows("SELECT max(coalesce(date, added)) FROM article")[0][0]
    if newest >= before:
        return
    last, day = moment(newest), moment(newest - age.total_seconds())
    raise InputError(
        f"{index.database.path}: all articles are older: the latest is of {last:%F %H:%M} UTC, and an age counts back from"
        f" now, {datetime.now(UTC):%F %H:%M}; nothing was removed; cure: a date, such as {day:%F},"
        " so long before the latest; or, to empty the index, --max-articles 0 (max_articles=0)"
    )


def _expired(index: OpenIndex, before: float | None, max_articles: int | None, max_bytes: int | None) -> set[int]:
    """Numbers of the oldest articles, which are beyond a limit.

    An article is as old as its date, or, where it has none, as its stay in the index.

    Args:
        index: that holds them.
        before: those older than this, in seconds since 1970.
        max_articles: all but so many.
        max_bytes: about as many as make the file's pages in use at most so large.
    """
    database = index.database
    out = set[int]()
    if before is not None:
        rows = database.rows("SELECT number FROM article WHERE coalesce(date, added) < ?", before)
        out = {number for (number,) in rows}
    count = database.state["articles"]
    surplus = 0 if max_articles is None else count - max_articles
    if max_bytes is not None and (bytes_used := database.bytes_used) > max_bytes:
        surplus = max(surplus, min(count, int(count * (1 - max_bytes / bytes_used)) + 1))
    if surplus > len(out):
        rows = database.rows("SELECT number FROM article ORDER BY coalesce(date, added), number LIMIT ?", surplus)
        out |= {number for (number,) in rows}
    return out
