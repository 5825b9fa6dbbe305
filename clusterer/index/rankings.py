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
_ORDERS: dict[StoryOrder, str] = {
    "date": "newest DESC, story",
    "size": "size DESC, newest DESC, story",
    "growth": "recent DESC, newest DESC, story",
    "change": "latest DESC",
}


def ranked_stories(
    database: Database, selected: Selection, min_size: int, limit: int | None, sort: StoryOrder
) -> list[int]:
    """Numbers of stories in an order; equals by their latest article, then by their number.

    What is asked for from some point on is read from the table `standing`; for anything else the articles of its time are walked
    through, of an outlet without a time all.

    Args:
        database: of an index, in a transaction.
        selected: only those with such an article. Where an outlet or an end is given, their latest is the latest of these.
        min_size: least number of articles.
        limit: no more than so many.
        sort: see `StoryOrder`.
    """
    asked = {f"{_AGE} >= ?": selected.since, f"{_AGE} < ?": selected.until, "outlet = ?": selected.outlet}
    terms = {term: value for term, value in asked.items() if value is not None}
    source, since = "standing", -inf if selected.since is None else selected.since
    if walked := sort == "growth" or selected != Selection(selected.since):
        found = f"{_SELECTED} WHERE {' AND '.join(terms) or 'TRUE'} GROUP BY 1"
        source = f"(SELECT story, recent, last AS newest, size, latest FROM ({found}) JOIN standing USING (story))"
    rows = database.rows(
        f"SELECT story FROM {source} WHERE newest >= ? AND size >= ? ORDER BY {_ORDERS[sort]} LIMIT ?",
        *(terms.values() if walked else ()),
        since,
        min_size,
        -1 if limit is None else limit,
    )
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
