"""Articles of one index added to another, and the ids of its stories as aliases."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import NamedTuple

from clusterer.articles import Article, parse_id
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
from clusterer.versions import url_key

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
        InputError: the other one is no index, or this one itself; or of one of the two the ids are made of URLs (`update` with
            `unique_url`), and articles would be there twice.
        IndexDamaged: articles of the other one cannot be read.
    """
    index = reader.index
    if os.path.exists(path) and os.path.samefile(path, index.database.path):
        raise InputError(f"{os.fspath(path)}: is this index itself; cure: name another one")
    source = OpenIndex(Database(path, None, None, True))
    number_here, changes, is_known = dict[int, int](), list[Change](), list[bool]()
    try:
        with contradictions_named(source), source.database.reading():
            with index.database.reading():
                _refuse_twice(index, source, os.fspath(path))
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


def _refuse_twice(index: OpenIndex, source: OpenIndex, path: str) -> None:
    """Refuse an index of whose articles some are here under ids of the other kind: their own, or those made of URLs."""
    by_url, theirs = _ids_are_urls(index), _ids_are_urls(source)
    if None in (by_url, theirs) or by_url == theirs:
        return
    held = {
        url_key(article.url): article.id
        for batch in _article_batches(index)
        for article in batch.values()
        if article.url and _is_url(article) == by_url
    }
    twice = [
        (article.id, held[url_key(article.url)])
        for batch in _article_batches(source)
        for article in batch.values()
        if article.url and _is_url(article) == theirs and url_key(article.url) in held
    ]
    if not twice:
        return
    (own, here), are = twice[0], "1 article is" if len(twice) == 1 else f"{len(twice):,} articles are"
    kinds = ("without", "with") if by_url is False else ("with", "without")
    raise InputError(
        f"{path}: {are} in {index.database.path} already ({own!r} as {here!r}), which was filled {kinds[0]} --unique-url and this"
        f" one {kinds[1]} it, and would be there twice; nothing is merged; cure: a new index, all articles added with it or all"
        " without"
    )


def _ids_are_urls(index: OpenIndex) -> bool | None:
    """Whether ids of an index are made of URLs, by its first articles that have one; None where none has."""
    told = [_is_url(a) for a in next(_article_batches(index), {}).values() if a.url and url_key(a.url)]
    return 2 * sum(told) > len(told) if told else None


def _is_url(article: Article) -> bool:
    """Whether an article's id is made of its URL."""
    bare = parse_id(article.id)
    return url_key(article.url or "") in (article.id, bare[0] if bare else article.id)


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
