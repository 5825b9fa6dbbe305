"""Which stories come first: with the latest article, with most articles, with most in a window, with the article that came last.

What stories are ranked by is kept in the table `standing`, a row a story; whoever changes a story has its row made anew. An
article without a word is a story of its own and has no number as one: it stands here by its own, negative. Knows numbers only;
what stories are is for `views` to tell.
"""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from typing import Literal, NamedTuple

from clusterer.index.database import Database

StoryOrder = Literal["date", "size", "growth", "change"]
"""Which stories come first: with the latest article; with most articles; with most articles among those that are asked for; with
the article that came last."""


class Selection(NamedTuple):
    """Which articles are asked for: stories that have none of these are left out.

    Attributes:
        since: those not older, in seconds since 1970; None for all.
        until: those older, likewise.
        outlet: those of this outlet; None for all.
    """

    since: float | None = None
    until: float | None = None
    outlet: str | None = None


_AGE = "coalesce(date, added)"
STANDINGS = (
    f"SELECT story, count(*) AS size, max({_AGE}) AS newest, max(article.number) AS latest FROM text JOIN document ON"
    " document.centre = text.centre JOIN article ON article.document = document.number"
)
"""What the rows of `standing` are made of; to be grouped by story."""
WORDLESS = f"SELECT -number AS story, 1 AS size, {_AGE} AS newest, number AS latest FROM article WHERE document IS NULL"
"""Those of articles without a word."""
_SELECTED = (
    f"SELECT coalesce(text.story, -article.number) AS story, count(*) AS recent, max({_AGE}) AS last FROM article LEFT JOIN"
    " document ON document.number = article.document LEFT JOIN text ON text.centre = document.centre"
)
_PRINTED = (
    "EXISTS (SELECT 1 FROM text JOIN document ON document.centre = text.centre JOIN article ON article.document ="
    f" document.number WHERE text.story = first.story AND outlet = ?3 AND {_AGE} >= ?1) OR EXISTS (SELECT 1 FROM article WHERE"
    f" number = -first.story AND outlet = ?3 AND {_AGE} >= ?1)"
)
_ORDERS: dict[StoryOrder, str] = {
    "date": "last DESC, story",
    "size": "size DESC, newest DESC, story",
    "growth": "recent DESC, last DESC, story",
    "change": "latest DESC",
}
_LOOK = 500  # of the first stories, or of the latest articles, among which an outlet is looked for before all else


def ranked_stories(
    database: Database, selected: Selection, min_size: int, limit: int | None, sort: StoryOrder
) -> list[int]:
    """Numbers of stories in an order; equals by their latest article, then by their number.

    What is asked for from some point on is read from the table `standing`; for anything else the articles of its time are walked
    through, of an outlet without a time all. Of an outlet the first stories of all are mostly enough.

    Args:
        database: of an index, in a transaction.
        selected: only those with such an article. "date" goes by the latest of these.
        min_size: least number of articles.
        limit: no more than so many.
        sort: see `StoryOrder`.
    """
    since, most = -inf if selected.since is None else selected.since, -1 if limit is None else limit
    if sort != "growth" and selected == Selection(selected.since):
        statement = "SELECT story, newest AS last FROM standing WHERE newest >= ? AND size >= ?"
        rows = database.rows(f"{statement} ORDER BY {_ORDERS[sort]} LIMIT ?", since, min_size, most)
        return [story for story, _ in rows]
    if sort != "growth" and limit and selected.outlet is not None and selected.until is None:
        found = _first_of_outlet(database, since, selected.outlet, min_size, sort)[:limit]
        if len(found) == limit:
            return found
    asked = {f"{_AGE} >= ?": selected.since, f"{_AGE} < ?": selected.until, "outlet = ?": selected.outlet}
    terms = {term: value for term, value in asked.items() if value is not None}
    walked = f"{_SELECTED} WHERE {' AND '.join(terms) or 'TRUE'} GROUP BY 1"
    rows = database.rows(
        f"SELECT story FROM ({walked}) JOIN standing USING (story) WHERE size >= ? ORDER BY {_ORDERS[sort]} LIMIT ?",
        *terms.values(),
        min_size,
        most,
    )
    return [story for (story,) in rows]


def _first_of_outlet(database: Database, since: float, outlet: str, min_size: int, sort: StoryOrder) -> list[int]:
    """The first stories with an article of an outlet, not older than a point: those among the first `_LOOK` of all."""
    if sort == "date":
        rows = database.rows(
            f"SELECT number, {_AGE} AS age FROM article WHERE {_AGE} >= ? ORDER BY {_AGE} DESC LIMIT ?", since, _LOOK
        )
        oldest = rows[-1][1] if len(rows) == _LOOK else -inf  # others of this very moment may not be among them
        walked = f"{_SELECTED} WHERE article.number IN {{}} AND outlet = ?2 AND {_AGE} > ?3 GROUP BY 1"
        rows = database.among(
            f"SELECT story FROM ({walked}) JOIN standing USING (story) WHERE size >= ?4 ORDER BY {_ORDERS[sort]}",
            [number for number, _ in rows],
            outlet,
            oldest,
            min_size,
        )
    else:
        first = f"SELECT * FROM standing WHERE newest >= ?1 AND size >= ?2 ORDER BY {_ORDERS[sort]} LIMIT ?4"
        statement = f"SELECT story FROM ({first}) AS first WHERE {_PRINTED} ORDER BY {_ORDERS[sort]}"
        rows = database.rows(statement, since, min_size, outlet, _LOOK)
    return [story for (story,) in rows]


def changed_since(database: Database, write: int) -> list[int]:
    """Numbers of the stories that a later write changed than the one of this generation.

    Args:
        database: of an index, in a transaction.
        write: that generation.
    """
    return [story for (story,) in database.rows("SELECT story FROM standing WHERE changed > ? ORDER BY story", write)]


def stand_anew(
    database: Database, stories: Collection[int], stirred: Collection[int] = (), articles: Collection[int] = ()
) -> None:
    """Make the rows of stories anew, of which anything may have changed; those that are no more have none.

    So have articles that are gone or have words by now, and those without one by now have a row.

    Args:
        database: open for writing.
        stories: their numbers.
        stirred: numbers of stories of which the likeness to others may have changed.
        articles: numbers of those that came, went or were read anew: no other lost or got its words.
    """
    numbers, now = sorted(stories), database.next_generation
    database.write_among("UPDATE standing SET stirred = ?2 WHERE story IN {}", sorted(stirred), now)
    database.write_among("DELETE FROM standing WHERE story IN {}", numbers)
    database.write_among(
        f"INSERT INTO standing SELECT *, ?2, ?2 FROM ({STANDINGS} WHERE story IN {{}} GROUP BY story)", numbers, now
    )
    numbers = sorted(articles)
    database.write_among(
        "DELETE FROM standing WHERE story IN {} AND NOT EXISTS (SELECT 1 FROM article WHERE number = -story AND document"
        " IS NULL)",
        [-number for number in numbers],
    )
    database.write_among(
        f"INSERT INTO standing SELECT *, ?2, ?2 FROM ({WORDLESS} AND number IN {{}}) WHERE story NOT IN (SELECT story FROM"
        " standing)",
        numbers,
        now,
    )
