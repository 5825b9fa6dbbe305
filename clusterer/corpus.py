"""The first stage: articles of any kind to words, ids, dates and outlets, and to distinct texts.

Texts are read once, in chunks, and not held; boilerplate is marked and cut by `boilerplate`. Compares nothing.

Array letters: `n` articles, `d` documents.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer import boilerplate
from clusterer.errors import InputError
from clusterer.records import Article
from clusterer.settings import Settings
from clusterer.stages import Corpus, Documents, Progress
from clusterer.words import Words, concatenate, hash_words

_T = TypeVar("_T")


_R = TypeVar("_R")


def read(
    articles: Iterable[Article | Mapping[str, Any] | str], settings: Settings, progress: Progress | None = None
) -> Corpus:
    """Read articles in chunks, keep their words, cut boilerplate. Texts are not held."""
    tell = progress or silent
    names: list[tuple[str, ...]] = []  # what an id is made unique by: id, title, url, outlet
    outlets: list[str] = []
    dates: list[float] = []

    stories = settings.level == "story"

    def chunks() -> Iterator[tuple[list[str], list[str]]]:
        items = (as_article(item, place) for place, item in enumerate(articles, start=1))
        while chunk := list(islice(items, settings.chunk)):
            for article in chunk:
                names.append(
                    (article.id or article.url or _content_id(article), article.title, article.url, article.outlet)
                )
                outlets.append(article.outlet)
                dates.append(_seconds(article.date))
            yield [article.text for article in chunk], [article.title for article in chunk]

    def words_of(chunk: tuple[list[str], list[str]]) -> tuple[Words, Words]:
        tell("reading", len(chunk[0]))
        return text_words(chunk[0], settings), hash_words(chunk[1] if stories else [], settings.profile, stems=True)

    parts = list(in_order(words_of, chunks(), settings.threads)) or [words_of(([], []))]
    words, titles = concatenate(w for w, _ in parts), concatenate(t for _, t in parts)
    del parts
    total = 0
    if settings.boilerplate == "learned":
        furniture = boilerplate.learned_lines(words, outlets)
        total = int(furniture.sum())
        if total:
            words = words.keep(~furniture)
    when = np.array(dates, dtype=np.float64)
    ids, renamed = _unique_ids(names, when, words)
    return Corpus(ids, outlets, when, words, titles, renamed, total)


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
    hashes, counts = boilerplate.whole_hashes(words), words.counts
    order = np.lexsort((hashes, -counts))
    order = order[counts[order] >= settings.min_words]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = hashes[order[1:]] != hashes[order[:-1]]
    of_article = np.full(len(words), -1, dtype=np.int64)
    of_article[order] = np.cumsum(new) - 1
    return Documents(words.take(order[new]), of_article)


def as_article(item: Article | Mapping[str, Any] | str, place: int) -> Article:
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
            return article_from(item)
        except RowError as error:
            raise InputError(f"article {place}: {error}") from None
    raise InputError(f"article {place} is a {type(item).__name__}; give a str, a mapping or an Article")


def _seconds(date: datetime | None) -> float:
    """Seconds since 1970; a date without a zone is UTC, whatever the machine's own zone; +inf where there is none."""
    if date is None:
        return np.inf
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _content_id(article: Article) -> str:
    date = article.date.isoformat() if article.date else ""
    parts = "\x1f".join((article.source, date, article.title, article.text))
    return hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _unique_ids(names: list[tuple[str, ...]], dates: NDArray[np.float64], words: Words) -> tuple[list[str], int]:
    """Ids with "#2", "#3", ... where one is taken. Who keeps the bare one does not depend on the order of the input."""
    ids = [name[0] for name in names]
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
        members.sort(key=lambda i: (dates[i], hashes[i], names[i]))
        number = 1
        for i in members[1:]:
            number += 1
            while f"{name}#{number}" in counts:
                number += 1
            ids[i] = f"{name}#{number}"
            renamed += 1
    return ids, renamed


def in_order(function: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Iterator[_R]:
    """`map` on threads, results in order, never more than two items a thread read ahead."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[_R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def silent(stage: str, done: int) -> None:
    pass
