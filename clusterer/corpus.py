"""The first stage: articles of any kind to words, ids, dates and outlets, and to distinct texts.

Texts are read once, in chunks, and not held; boilerplate is marked and cut by `boilerplate`. Compares nothing.

Array letters: `n` articles, `d` documents.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusterer import boilerplate
from clusterer.errors import InputError
from clusterer.ragged import Growing
from clusterer.records import Article
from clusterer.settings import Settings
from clusterer.stages import Corpus, Documents, Progress
from clusterer.threads import in_order
from clusterer.words import Words, concatenate, hash_words

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries


def read(
    articles: Iterable[Article | Mapping[str, Any] | str], settings: Settings, progress: Progress | None = None
) -> Corpus:
    """Read articles in chunks, keep their words, cut boilerplate. Texts are not held."""
    tell = progress or silent
    ids: list[str] = []
    ties: list[int] = []  # by what else an id is made unique, in few bytes
    outlets: list[str] = []
    known: dict[str, str] = {}
    dates = Growing(np.float64)
    titles: list[Words] = []
    stories = settings.level == "story"

    def chunks() -> Iterator[list[Article]]:
        items = iter(articles)
        while batch := list(islice(items, settings.chunk)):
            chunk = [
                item if type(item) is Article else as_article(item, place)
                for place, item in enumerate(batch, start=len(ids) + 1)
            ]
            ids.extend([a.id or a.url or content_id(a) for a in chunk])
            ties.extend([tie(a.title, a.url) for a in chunk])
            outlets.extend([known.setdefault(a.outlet, a.outlet) for a in chunk])
            dates.append(np.array([seconds(a.date) for a in chunk]))
            yield chunk

    def words_of(chunk: list[Article]) -> tuple[Words, Words]:
        tell("reading", len(chunk))
        heads = [a.title for a in chunk] if stories else []
        return text_words([a.text for a in chunk], settings), hash_words(heads, settings.profile, stems=True)

    def texts() -> Iterator[Words]:
        for words, heads in in_order(words_of, chunks(), settings.threads):
            titles.append(heads)
            yield words
        if not titles:  # no article at all
            words, heads = words_of([])
            titles.append(heads)
            yield words

    words = concatenate(texts())
    total, lines = 0, np.zeros(0, dtype=np.uint64)
    if settings.boilerplate == "learned":
        furniture, lines = boilerplate.learned_lines(words, outlets)
        total = int(furniture.sum())
        if total:
            words = words.keep(np.logical_not(furniture, out=furniture), in_place=True)
        del furniture
    words = replace(words, opens_line=None)
    when = dates.array()
    ids, renamed = _unique_ids(ids, ties, outlets, when, words)
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    return Corpus(ids, outlets, when, ranks, words, concatenate(titles), renamed, total, lines)


def text_words(texts: Sequence[str], settings: Settings) -> Words:
    """The words of a chunk of texts without known boilerplate: datelines and tails."""
    if settings.boilerplate != "none":
        texts = [text[boilerplate.dateline_end(text) :] for text in texts]
    stems = settings.level == "story"
    words = hash_words(texts, settings.profile, letters=settings.unit == "char", stems=stems)
    if settings.boilerplate != "none":
        tails = boilerplate.known_tails(words, settings.profile)
        if tails.any():
            words = words.keep(~tails)
    return words


def find_documents(corpus: Corpus, settings: Settings) -> Documents:
    """The distinct texts of `min_words` words or more, longest first."""
    words = corpus.words
    assert words is not None
    hashes, counts = boilerplate.whole_hashes(words), words.counts
    order = np.lexsort((hashes, -counts))
    order = order[counts[order] >= settings.min_words]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = hashes[order[1:]] != hashes[order[:-1]]
    of_article = np.full(len(words), -1, dtype=np.int64)
    of_article[order] = np.cumsum(new) - 1
    return Documents(order[new], of_article, words)


def items_of(
    articles: Iterable[Article | Mapping[str, Any] | str] | IntoDataFrame | IntoSeries,
    fields: Mapping[str, str] | None = None,
) -> Iterable[Article | Mapping[str, Any] | str]:
    """What gives the articles one by one, whatever a caller's are in: a list, an iterator, a data frame, a column of texts.

    Args:
        articles: as `clusterer.cluster` takes them.
        fields: article attribute to column name, where the usual names do not fit; mappings come out as `Article`s.

    Raises:
        InputError: a single article; a frame that has no articles; `fields` names an attribute that articles do not have.
            From the walk: an item is no article.
    """
    if isinstance(articles, str | Mapping | Article):
        cure = "give a list of articles, or read a file with clusterer.files.Feed(path)"
        raise InputError(f"articles is one {type(articles).__name__}; {cure}")
    if not isinstance(articles, list | tuple | Iterator):  # narwhals takes a moment to import
        from clusterer.frames import rows_of

        rows = rows_of(articles, fields)
        articles = articles if rows is None else rows
        if not isinstance(articles, Iterable):
            raise InputError(f"articles is a {type(articles).__name__}; give a list of articles")
    if fields:
        from clusterer.fields import FieldMap

        FieldMap(fields)  # refuse what articles do not have before the walk
        return (as_article(item, place, fields) for place, item in enumerate(articles, start=1))
    return articles


def as_article(item: Article | Mapping[str, Any] | str, place: int, fields: Mapping[str, str] | None = None) -> Article:
    """An item of the caller's as an `Article`.

    Raises:
        InputError: it is none of the kinds that `cluster` takes, or a mapping without a text.
    """
    if isinstance(item, Article):
        return item
    if isinstance(item, str):
        return Article(item)
    if isinstance(item, Mapping):
        from clusterer.fields import RowError, article_from

        try:
            return article_from(item, fields)
        except RowError as error:
            raise InputError(f"article {place}: {error}") from None
    raise InputError(f"article {place} is a {type(item).__name__}; give a str, a mapping or an Article")


def seconds(date: datetime | None) -> float:
    """Seconds since 1970; a date without a zone is UTC, whatever the machine's own zone; +inf where there is none."""
    if date is None:
        return np.inf
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def content_id(article: Article) -> str:
    """The name of an article that came without one: 16 hex digits of its content."""
    date = article.date.isoformat() if article.date else ""
    parts = "\x1f".join((article.source, date, article.title, article.text))
    return hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def tie(title: str, url: str) -> int:
    """What else an id is made unique by, in few bytes."""
    return crc32(title.encode("utf-8", "surrogatepass"), crc32(url.encode("utf-8", "surrogatepass")))


def _unique_ids(
    ids: list[str], ties: list[int], outlets: list[str], dates: NDArray[np.float64], words: Words
) -> tuple[list[str], int]:
    """Ids with "#2", "#3", ... where one is taken. Who keeps the bare one does not depend on the order of the input."""
    counts = Counter(ids)
    if len(counts) == len(ids):
        return ids, 0
    hashes = boilerplate.whole_hashes(words)
    again: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        if counts[name] > 1:
            again.setdefault(name, []).append(i)
    renamed = 0
    for name, members in again.items():
        members.sort(key=lambda i: (dates[i], hashes[i], outlets[i], ties[i]))
        number = 1
        for i in members[1:]:
            number += 1
            while f"{name}#{number}" in counts:
                number += 1
            ids[i] = f"{name}#{number}"
            renamed += 1
    return ids, renamed


def silent(stage: str, done: int) -> None:
    pass
