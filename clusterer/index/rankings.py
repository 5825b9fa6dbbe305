"""Which stories come first: with the latest article, with most articles, with most in a window, with the article that came last.

The latest stories, and those that grew in a window, are found without a look at all others. Knows numbers only; what stories
are is for `views` to tell.
"""

from __future__ import annotations

from math import inf
from typing import Literal

from clusterer.index.database import Database

StoryOrder = Literal["date", "size", "growth", "change"]
"""Which stories come first: with the latest article; with most articles; with most articles since the point that is asked for;
with the article that came last."""

_AGE = "coalesce(date, added)"
_OF_STORIES = "text JOIN document ON document.centre = text.centre JOIN article ON article.document = document.number"
_OF_ARTICLES = "article JOIN document ON document.number = article.document JOIN text ON text.centre = document.centre"
_KEPT = f"GROUP BY story HAVING count(*) >= ?1 AND max({_AGE}) >= ?2"
_KEPT_AMONG = _KEPT.replace("?2", "?3").replace("?1", "?2")  # behind a list, which is ?1
_ORDERS: dict[StoryOrder, str] = {
    "date": f"max({_AGE})",
    "size": "count(*)",
    "growth": f"sum({_AGE} >= ?2)",
    "change": "max(article.number)",
}
_WALKS: dict[StoryOrder, str] = {"date": _AGE, "change": "article.number"}
_FEW, _EACH = 256, 8  # articles that a walk reads: at least so many, and so many for each story that is wanted


def ranked_stories(
    database: Database, after: float | None, min_size: int, limit: int | None, sort: StoryOrder
) -> list[int]:
    """Numbers of stories in an order; equals by their latest article, then by their number.

    Args:
        database: of an index, in a transaction.
        after: only those with an article not older, in seconds since 1970.
        min_size: least number of articles.
        limit: no more than so many.
        sort: see `StoryOrder`; "growth" with `after`.
    """
    within = "" if after is None else f"WHERE text.story IN (SELECT story FROM {_OF_ARTICLES} WHERE {_AGE} >= ?2)"
    after = -inf if after is None else after
    found: list[int] = []
    if limit is not None and sort in _WALKS:
        found = _walked(database, after, min_size, limit, _WALKS[sort])
    elif limit is not None and sort == "growth":  # those with as many in the window come before all others
        found = _grouped(database, f"{_OF_ARTICLES} WHERE {_AGE} >= ?2", after, min_size, limit, sort)
    if limit is not None and (len(found) >= limit or (sort == "growth" and min_size <= 1)):
        return found[:limit]
    return _grouped(database, f"{_OF_STORIES} {within}", after, min_size, limit, sort)


def _grouped(
    database: Database, articles: str, after: float, min_size: int, limit: int | None, sort: StoryOrder
) -> list[int]:
    """The first stories among some articles."""
    rows = database.rows(
        f"SELECT story FROM {articles} {_KEPT} ORDER BY {_ORDERS[sort]} DESC, max({_AGE}) DESC, story LIMIT ?3",
        min_size,
        after,
        -1 if limit is None else limit,
    )
    return [story for (story,) in rows]


def _walked(database: Database, after: float, min_size: int, limit: int, value: str) -> list[int]:
    """The first stories by the articles with the highest `value`, as far as these tell."""
    count = max(_FEW, _EACH * limit)
    rows = database.rows(f"SELECT story, {value} FROM {_OF_ARTICLES} ORDER BY {value} DESC LIMIT ?1", count)
    first: dict[int, float] = {}
    for story, place in rows:
        first.setdefault(story, place)
    least = rows[-1][1] if len(rows) == count else -inf  # others may be as high
    order = [story for place, story in sorted((-place, story) for story, place in first.items()) if -place > least]
    kept = database.among(f"SELECT story FROM {_OF_STORIES} WHERE story IN {{}} {_KEPT_AMONG}", order, min_size, after)
    inside = {story for (story,) in kept}
    return [story for story in order if story in inside]
