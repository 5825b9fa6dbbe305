"""What one index takes over of another: articles in batches, and the ids of stories as aliases."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice

from clusterer.articles import Article
from clusterer.index.articles import read_articles
from clusterer.index.database import Database
from clusterer.index.open_index import OpenIndex

_BATCH = 5000  # articles read at a time


def open_source(path: str | os.PathLike[str]) -> OpenIndex:
    """Open an index of whatever release and settings, to read its articles only.

    Raises:
        InputError: it is not an index.
    """
    return OpenIndex(Database(path, None, None, True))


def article_batches(source: OpenIndex) -> Iterator[dict[int, Article]]:
    """All articles of an index by number, in order of arrival, thousands at a time."""
    numbers = iter([n for (n,) in source.database.rows("SELECT number FROM article ORDER BY number")])
    while batch := list(islice(numbers, _BATCH)):
        articles = read_articles(source, batch)
        yield {number: articles[number] for number in batch}


def story_ids(source: OpenIndex) -> list[tuple[str, int]]:
    """The ids of the stories of an index, aliases too, each with the number of its first article."""
    return source.database.rows(
        "SELECT story.id, min(article.number) FROM story JOIN text ON text.story = coalesce(into_story,"
        " story.number) JOIN document ON document.centre = text.centre JOIN article ON article.document ="
        " document.number GROUP BY story.number"
    )


def adopt_story_ids(index: OpenIndex, ids: Iterable[tuple[str, int]]) -> None:
    """Make ids aliases of the stories that some articles are in, where no story has them yet.

    Args:
        index: open for writing.
        ids: each with the number of an article.
    """
    database = index.database
    for name, article in ids:
        database.write(
            "INSERT OR IGNORE INTO story (id, into_story) SELECT ?, text.story FROM article JOIN document ON"
            " document.number = article.document JOIN text ON text.centre = document.centre WHERE article.number = ?",
            name,
            article,
        )
    database.state["story"] = database.rows("SELECT coalesce(max(number), 0) FROM story")[0][0]
