"""Articles that are there no more: removed by their ids, or let expire. They are not taken in again, and are told to who follows.

What was removed is meant to stay away: all of it is remembered, and known by its id or its URL, also with another text. What
has expired is known by its id with the same text, and only the last of it is remembered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from clusterer.articles import Article, name_of
from clusterer.index.articles import digest_of, id_key, read_articles
from clusterer.index.database import Database
from clusterer.index.guards import ascending, crc_of_gone
from clusterer.index.open_index import OpenIndex
from clusterer.results import Assignment
from clusterer.versions import url_key

REMEMBERED = 500_000
"""Expired articles that are remembered, those that went last: feeds repeat what is of these days. Each is about 60 bytes."""
_NAMED = """
SELECT id, digest, number FROM article WHERE key IN {} UNION ALL SELECT id, digest, -number FROM gone WHERE key IN {}
"""  # the keys twice: SQLite would hand a list of them to neither part of a UNION, and read both tables whole
_HELD = """
SELECT article.number, article.key, article.id, article.digest, coalesce(story.id, article.id) FROM article
LEFT JOIN document ON document.number = article.document LEFT JOIN text ON text.centre = document.centre
LEFT JOIN story ON story.number = text.story WHERE article.number IN {}
"""
_REMOVED = "SELECT number, id, title, url FROM gone WHERE removed AND"


@dataclass(frozen=True, slots=True)
class Gone:
    """An article that is there no more.

    Attributes:
        id: that it had.
        status: "removed" by its id, or "expired".
        of_story: id of the story that it was in.
    """

    id: str
    status: Literal["removed", "expired"]
    of_story: str

    @property
    def assignment(self) -> Assignment:
        """Alone, but for the story that it had."""
        return Assignment(self.id, self.of_story, self.id, self.id, False, None, None, None)


class _Row(NamedTuple):
    """A row of the table ``gone`` without its number and checksum."""

    key: int
    id: str
    digest: int
    of_story: str
    removed: int
    title: int | None
    url: int | None


def remember(index: OpenIndex, numbers: Iterable[int], *, removed: bool) -> None:
    """Keep the names of articles that are about to go.

    Args:
        index: open for writing.
        numbers: of these articles.
        removed: by their ids; else they expire.
    """
    numbers = sorted(numbers)
    articles = read_articles(index, numbers) if removed else {}
    rows = index.database.among(f"{_HELD} ORDER BY article.number", numbers)
    marks = {number: _marks(article) for number, article in articles.items()}
    _write(index, [_Row._make((*row, int(removed), *marks.get(number, (None, None)))) for number, *row in rows])


def _write(index: OpenIndex, rows: Sequence[_Row]) -> None:
    """Store rows under the next numbers, and forget what expired long ago."""
    database = index.database
    start = database.state["article"] + 1
    database.state["article"] += len(rows)
    database.write_many(
        "INSERT INTO gone VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(number, *row, crc_of_gone(number, *row)) for number, row in enumerate(rows, start)],
    )
    if all(row.removed for row in rows):
        return
    database.write(
        "DELETE FROM gone WHERE number IN (SELECT number FROM gone WHERE NOT removed ORDER BY number DESC LIMIT -1 OFFSET ?)",
        REMEMBERED,
    )


def _marks(article: Article) -> tuple[int | None, int | None]:
    """Hashes of the title of an article and of what its URL tells; None where it has none."""
    url = url_key(article.url) if article.url else ""
    return id_key(article.title) if article.title else None, id_key(url) if url else None


def named(database: Database, keys: Collection[int]) -> list[tuple[str, int, int]]:
    """Id, digest and number of what has an id with one of these keys, stored or gone; numbers of what is gone are negative."""
    return database.among(_NAMED, list(keys))


def withheld(index: OpenIndex, articles: Sequence[Article]) -> dict[int, int]:
    """Which articles were removed, by their places: the number under which each is remembered.

    That is the one with the URL, or with the id, unless titles or URLs of both tell that this is another article with that id.

    Args:
        index: in a transaction.
        articles: of which none is there.
    """
    database = index.database
    if not database.rows("SELECT 1 FROM gone INDEXED BY gone_url WHERE removed LIMIT 1"):
        return {}
    marks, names = [*map(_marks, articles)], [*map(name_of, articles)]
    urls = [url for _, url in marks if url is not None]
    of_url = {url: number for number, _, _, url in database.among(f"{_REMOVED} url IN {{}} ORDER BY number", urls)}
    rows = database.among(f"{_REMOVED} key IN {{}}", [*map(id_key, names)])
    of_name = {id: (number, marks) for number, id, *marks in rows}
    out = {}
    for place, (name, own) in enumerate(zip(names, marks, strict=True)):
        if own[1] is not None and own[1] in of_url:
            out[place] = of_url[own[1]]
        elif name in of_name:
            number, others = of_name[name]
            if all(None in (one, other) or one == other for one, other in zip(own, others, strict=True)):
                out[place] = number
    return out


def forget(index: OpenIndex, numbers: Sequence[int]) -> None:
    """Let in again what is gone, by the numbers under which it is remembered."""
    index.database.write_among("DELETE FROM gone WHERE number IN {}", numbers)
    index.passed_ids.clear()


def welcome(index: OpenIndex, articles: Iterable[Article]) -> None:
    """Let articles in again although they have expired or were replaced."""
    told = [(name_of(a), digest_of(a)) for a in articles]
    index.database.write_many(
        "DELETE FROM gone WHERE key = ? AND id = ? AND digest = ? AND NOT removed",
        [(id_key(name), name, digest) for name, digest in told],
    )
    index.database.write_among("DELETE FROM replaced WHERE digest IN {}", [digest for _, digest in told])
    index.passed_ids.clear()


def gone_of(index: OpenIndex, numbers: Collection[int]) -> dict[int, Gone]:
    """Articles that are gone, by their numbers, which are negative."""
    rows = index.database.among(
        "SELECT number, id, removed, of_story FROM gone WHERE number IN {}", [-number for number in numbers]
    )
    return {-number: _gone(*row) for number, *row in rows}


def gone_after(index: OpenIndex, after: int, limit: int) -> list[tuple[int, Gone]]:
    """What went after a point, with numbers in the order of its going, which those of articles share.

    Args:
        index: in a transaction.
        after: the number of that point, 0 for all that is remembered.
        limit: no more than so many; -1 for all.
    """
    statement = "SELECT number, id, removed, of_story FROM gone WHERE number > ? ORDER BY number LIMIT ?"
    rows = index.database.rows(statement, after, limit)
    ascending(index.database.path, [number for number, *_ in rows], after + 1)
    return [(number, _gone(*row)) for number, *row in rows]


def is_forgotten(index: OpenIndex, after: int) -> bool:
    """Whether something may have gone after a point that is not remembered any more."""
    database, expired = index.database, "SELECT number FROM gone WHERE NOT removed ORDER BY number"
    first = database.rows(f"{expired} LIMIT 1")
    if not first or after >= first[0][0]:
        return False
    return bool(
        database.rows(f"{expired} LIMIT 1 OFFSET ?", REMEMBERED - 1)
    )  # so many are kept that one may have been dropped


def carry(index: OpenIndex, rows: Iterable[Sequence[object]]) -> None:
    """Remember what is gone of another index, but for what is here, or gone here.

    Args:
        index: open for writing.
        rows: of the other one's table ``gone``, without numbers and checksums.
    """
    told = [*map(_Row._make, rows)]
    taken = {id for id, _, _ in named(index.database, [row.key for row in told])}
    _write(index, [row for row in told if row.id not in taken])


def _gone(id: str, removed: int, of_story: str) -> Gone:
    return Gone(id, "removed" if removed else "expired", of_story)
