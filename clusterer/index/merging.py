"""Articles of one index added to another, and the ids of its stories as aliases."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import NamedTuple

from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.index.articles import read_articles
from clusterer.index.changes import stories_of_articles
from clusterer.index.database import Database
from clusterer.index.gone import Gone, carry, gone_of, welcome
from clusterer.index.open_index import OpenIndex
from clusterer.index.rankings import stand_anew
from clusterer.index.replaced import all_replaced, keep
from clusterer.index.story_ids import Change
from clusterer.index.transactions import contradictions_named, writing
from clusterer.index.views import IndexReader
from clusterer.results import Assignment

_GONE = "number, key, id, digest, of_story, removed, title, url"
_BATCH = 5000  # articles read at a time


class Merged(NamedTuple):
    """What became of the articles of another index.

    Attributes:
        numbers: their numbers here, in order of arrival there.
        is_known: whether each was here before.
        assigned: assignments by number, of these and of all others in their stories.
        changes: what it did to stories that were here before.
        titles: of the stories of these articles, by their ids.
        gone: of these those that were removed here before, by number.
    """

    numbers: list[int]
    is_known: list[bool]
    assigned: dict[int, Assignment]
    changes: list[Change]
    titles: dict[str, str]
    gone: dict[int, Gone]


def merge(reader: IndexReader, path: str | os.PathLike[str]) -> Merged:
    """Add all articles of another index, of whatever release and settings.

    Args:
        reader: of an open index, outside a transaction.
        path: of the other one.

    Raises:
        InputError: the other one is no index, or this one itself.
        IndexDamaged: articles of the other one cannot be read.
    """
    index = reader.index
    if os.path.exists(path) and os.path.samefile(path, index.database.path):
        raise InputError(f"{os.fspath(path)}: is this index itself; cure: name another one")
    source = OpenIndex(Database(path, None, None, True))
    number_here, changes, is_known = dict[int, int](), list[Change](), list[bool]()
    try:
        with contradictions_named(source), source.database.reading():
            for batch in _article_batches(source):
                with writing(index) as writer:
                    welcome(index, batch.values())
                    numbers, stored, _ = writer.store(list(batch.values()))
                    changes += writer.settle()
                number_here |= dict(zip(batch, numbers, strict=True))
                is_known += stored
            ids, replaced = _story_ids(source), all_replaced(source)
            _carry_gone(index, source)
    finally:
        source.database.close()
    numbers = list(number_here.values())
    with writing(index):
        first: dict[str, int] = {}  # of those that were not removed here
        for name, article in ids:
            if number_here[article] > 0:
                first.setdefault(name, number_here[article])
        _adopt_story_ids(index, first.items())
        _adopt_replaced(index, [(number_here[article], hash) for article, hash in replaced])
        assigned = reader.assignments_of_stories([number for number in numbers if number > 0])
        titles = reader.titles(assigned, {})
        gone = gone_of(index, [number for number in numbers if number < 0])
    return Merged(numbers, is_known, assigned, changes, titles, gone)


def _article_batches(source: OpenIndex) -> Iterator[dict[int, Article]]:
    """All articles of an index by number, in order of arrival, thousands at a time."""
    numbers = [n for (n,) in source.database.rows("SELECT number FROM article ORDER BY number")]
    for start in range(0, len(numbers), _BATCH):
        batch = numbers[start : start + _BATCH]
        articles = read_articles(source, batch)
        yield {number: articles[number] for number in batch}


def _carry_gone(index: OpenIndex, source: OpenIndex) -> None:
    """Remember what is gone of an index, thousands at a time; older releases' files do not tell."""
    last = -1
    while source.database.rows("SELECT 1 FROM sqlite_master WHERE name = 'gone'"):
        rows = source.database.rows(f"SELECT {_GONE} FROM gone WHERE number > ? ORDER BY number LIMIT {_BATCH}", last)
        if not rows:
            return
        with writing(index):
            carry(index, [row for _, *row in rows])
        last = rows[-1][0]


def _story_ids(source: OpenIndex) -> list[tuple[str, int]]:
    """The ids of the stories of an index, aliases too, each with the numbers of its articles, in order."""
    return source.database.rows(
        "SELECT story.id, article.number FROM story JOIN text ON text.story = coalesce(into_story, story.number) JOIN document"
        " ON document.centre = text.centre JOIN article ON article.document = document.number ORDER BY story.number,"
        " article.number"
    )


def _adopt_story_ids(index: OpenIndex, ids: Collection[tuple[str, int]]) -> None:
    """Make ids aliases of the stories that some articles are in, where no story has them yet.

    Args:
        index: open for writing.
        ids: each with the number of an article.
    """
    database = index.database
    for name, article in ids:
        database.write(
            "INSERT OR IGNORE INTO story (id, into_story, crc) SELECT ?1, text.story, crc_of_story(?1, text.story) FROM article"
            " JOIN document ON document.number = article.document JOIN text ON text.centre = document.centre WHERE"
            " article.number = ?2",
            name,
            article,
        )
    database.state["story"] = database.rows("SELECT coalesce(max(number), 0) FROM story")[0][0]
    stand_anew(database, {*stories_of_articles(index, [article for _, article in ids]).values()})


def _adopt_replaced(index: OpenIndex, versions: Collection[tuple[int, int]]) -> None:
    """Remember earlier versions of articles, by number and hash, but for those that are stored themselves."""
    statement = "SELECT number, id, digest FROM article WHERE number IN {}"
    stored = {number: row for number, *row in index.database.among(statement, sorted({x for x, _ in versions}))}
    keep(index, [(stored[x][0], hash) for x, hash in versions if x in stored and stored[x][1] != hash])
