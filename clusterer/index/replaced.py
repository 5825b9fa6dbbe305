"""Versions of stored articles that are not the latest: they are known, and are not taken in again.

A folder that only grows holds each version of an article for ever; without a memory each run would take the first in place of
the last, and the last in place of the first. What is remembered is a hash: of title and text, or, where these are those of the
stored version, of the whole article, so that a corrected source or date does not come and go either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from clusterer.articles import Article
from clusterer.index.articles import digest_of, whole_digest
from clusterer.index.guards import crc_of_replaced
from clusterer.index.open_index import OpenIndex
from clusterer.index.outcomes import is_older, same_text

REMEMBERED = 500_000
"""Versions that are remembered, those that were seen last. Each is about 60 bytes."""


def stale(index: OpenIndex, versions: Sequence[tuple[Article, Article]]) -> list[bool]:
    """Whether each article is no new version of the stored one beside it: dated before it, or one that was replaced.

    Args:
        index: in a transaction.
        versions: an article, and the stored one with its id.
    """
    hashes = [_hash(version, stored) for version, stored in versions]
    seen = replaced_among(index, hashes)
    return [
        is_older(version, stored) or (stored.id, hash) in seen
        for (version, stored), hash in zip(versions, hashes, strict=True)
    ]


def replaced_among(index: OpenIndex, hashes: Collection[int]) -> set[tuple[str, int]]:
    """The versions with some hashes that are remembered: id and hash of each."""
    return set(index.database.among("SELECT id, digest FROM replaced WHERE digest IN {}", list({*hashes})))


def remember(index: OpenIndex, versions: Iterable[tuple[Article, Article]]) -> None:
    """Remember versions that are not the stored one.

    Args:
        index: open for writing.
        versions: a version, of whatever id, and the stored article.
    """
    told = [(replace(version, id=stored.id), stored) for version, stored in versions]
    keep(index, [(stored.id, _hash(version, stored)) for version, stored in told if version != stored])


def keep(index: OpenIndex, versions: Iterable[tuple[str, int]]) -> None:
    """Remember versions by the id of the stored article and their hash; `index` is open for writing."""
    named = dict.fromkeys(versions)
    seen = replaced_among(index, [hash for _, hash in named])
    if rows := [(*row, crc_of_replaced(*row)) for row in named if row not in seen]:
        index.database.write_many("INSERT INTO replaced (id, digest, crc) VALUES (?, ?, ?)", rows)
        index.database.write("DELETE FROM replaced WHERE number <= (SELECT max(number) FROM replaced) - ?", REMEMBERED)


def all_replaced(index: OpenIndex) -> list[tuple[int, int]]:
    """Number of the stored article and hash of every version that is remembered of one; none in files of older releases."""
    if not index.database.rows("SELECT 1 FROM sqlite_master WHERE name = 'replaced'"):
        return []
    statement = "SELECT article.number, replaced.digest FROM replaced JOIN article USING (id) ORDER BY replaced.number"
    return index.database.rows(statement)


def _hash(version: Article, stored: Article) -> int:
    return whole_digest(version) if same_text(version, stored) else digest_of(version)
