"""Articles as columns: what is kept of many at once, where no `Article` is made of each.

A reader that knows columns (`Format.read_blocks`) gives blocks of the rows that hold what they should, where they should; any
other row is judged by itself, as `FieldMap` does. What either says of a row is the same.

Array letters: `n` articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.utf8 import Utf8Texts, joined, scanned, utf8_of
from clusterer.articles import Article, name_of, outlet_of, seconds, tie
from clusterer.io.rows import Row


@dataclass(frozen=True, slots=True)
class Block:
    """What is kept of n articles.

    Attributes:
        lines: int64 (n,), where they stand in their input; numbers from 0 of articles that stand in none.
        ids: their names (`articles.name_of`).
        ties: uint32 (n,), of title and URL (`articles.tie`).
        outlets: who published each.
        dates: float64 (n,), seconds since 1970, +inf where unknown.
        titles: headlines.
        texts: bodies.
        letters: int64 (n,), letters of the bodies.
    """

    lines: NDArray[np.int64]
    ids: list[str]
    ties: NDArray[np.uint32]
    outlets: list[str]
    dates: NDArray[np.float64]
    titles: Sequence[str] | Utf8Texts
    texts: Sequence[str] | Utf8Texts
    letters: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def slice(self, start: int, stop: int) -> Block:
        """Articles `start` to `stop`."""
        part = slice(start, stop)
        titles, texts = (
            some.slice(start, stop) if isinstance(some, Utf8Texts) else some[part] for some in (self.titles, self.texts)
        )
        return Block(
            self.lines[part], self.ids[part], self.ties[part], self.outlets[part], self.dates[part], titles, texts,
            self.letters[part],
        )  # fmt: skip


def block_of(articles: Sequence[Article], lines: Sequence[int] | None = None) -> Block:
    """Articles as a block."""
    texts, ids, titles, urls, sources, dates = (list(map(column, articles)) for column in _COLUMNS)
    n, no_urls = len(articles), not any(urls)
    # Most articles of some feeds, and of plain texts all, have none of what is asked here: not a call for each.
    if not all(ids):
        ids = [id or name_of(article) for id, article in zip(ids, articles, strict=True)]
    ties = np.zeros(n, dtype=np.uint32)
    if not no_urls or any(titles):
        ties[:] = [tie(title, url) if title or url else 0 for title, url in zip(titles, urls, strict=True)]
    if not no_urls:
        sources = [source or (url and outlet_of(source, url)) for source, url in zip(sources, urls, strict=True)]
    when = np.full(n, np.inf)
    if dates.count(None) < n:
        when[:] = [np.inf if date is None else seconds(date) for date in dates]
    return Block(
        np.arange(n) if lines is None else np.array(lines, dtype=np.int64),
        ids,
        ties,
        sources,
        when,
        titles,
        texts,
        np.fromiter(map(len, texts), np.int64, n),
    )


_COLUMNS = tuple(map(attrgetter, ("text", "id", "title", "url", "source", "date")))


def gathered(stream: Iterable[Row | Block], size: int) -> Iterator[Block]:
    """Rows and blocks as blocks of about so many articles."""
    held, rows, count = list[Block](), list[Row](), 0
    for item in stream:
        if isinstance(item, Row):
            rows.append(item)
            count += 1
        else:
            if rows:
                held.append(_of_rows(rows))
                rows = []
            held.append(item)
            count += len(item)
        if count >= size:
            yield _joined([*held, _of_rows(rows)] if rows else held)
            held, rows, count = [], [], 0
    if count:
        yield _joined([*held, _of_rows(rows)] if rows else held)


def _of_rows(rows: Sequence[Row]) -> Block:
    return block_of([row.article for row in rows], [row.line for row in rows])


def _joined(blocks: Sequence[Block]) -> Block:
    """Blocks as one."""
    if len(blocks) == 1:
        return blocks[0]
    return Block(
        np.concatenate([block.lines for block in blocks]),
        [id for block in blocks for id in block.ids],
        np.concatenate([block.ties for block in blocks]),
        [outlet for block in blocks for outlet in block.outlets],
        np.concatenate([block.dates for block in blocks]),
        _texts_joined([block.titles for block in blocks]),
        _texts_joined([block.texts for block in blocks]),
        np.concatenate([block.letters for block in blocks]),
    )


def _texts_joined(parts: Sequence[Sequence[str] | Utf8Texts]) -> Sequence[str] | Utf8Texts:
    """Texts as one; in UTF-8 where some of them are."""
    if any(isinstance(part, Utf8Texts) for part in parts):
        return joined([part if isinstance(part, Utf8Texts) else scanned(utf8_of(part)) for part in parts])
    return [text for part in parts for text in part]


def with_odd_rows(block: Block, odd: NDArray[np.bool_], judge: Callable[[int], Iterator[Row]]) -> Iterator[Row | Block]:
    """A block, and at their places the rows that were judged by themselves; bad ones are reported then."""
    done = 0
    for i in np.flatnonzero(odd).tolist():
        if done < i:
            yield block.slice(done, i)
        yield from judge(i)
        done = i + 1
    if done < len(block):
        yield block.slice(done, len(block))
