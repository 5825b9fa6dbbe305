"""Articles as columns: what is kept of many at once, where no `Article` is made of each.

A reader that knows columns (`Format.read_blocks`) gives blocks of the rows that hold what they should, where they should; any
other row is judged by itself, as `FieldMap` does. What either says of a row is the same.

Array letters: `n` articles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.utf8 import LATIN_M, LATIN_S, MARKUP, NUL, Utf8Texts, joined, scanned, utf8_of
from clusterer.articles import Article, content_id, content_id_of, name_of, outlet_of, seconds, tie
from clusterer.io.columns import FieldMap
from clusterer.io.dates import is_relative_date, parse_date
from clusterer.io.html import clean_text
from clusterer.io.rows import Row, Unreadable
from clusterer.io.values import LONGEST, NO_IDS, RowError, first_filled, first_id, scalar, title_of

Plan = tuple[tuple[str, ...], ...]
"""The columns of each attribute, in the order of `FIELD_NAMES`."""
_SEVERAL = LATIN_M | LATIN_S
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    titles: list[str]
    texts: Sequence[str] | Utf8Texts
    letters: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def slice(self, start: int, stop: int) -> Block:
        """Articles `start` to `stop`."""
        part, texts = slice(start, stop), self.texts
        return Block(
            self.lines[part], self.ids[part], self.ties[part], self.outlets[part], self.dates[part], self.titles[part],
            texts.slice(start, stop) if isinstance(texts, Utf8Texts) else texts[part], self.letters[part],
        )  # fmt: skip


def block_of(articles: Sequence[Article], lines: Sequence[int] | None = None) -> Block:
    """Articles as a block."""
    texts = [article.text for article in articles]
    return Block(
        np.array(range(len(articles)) if lines is None else lines, dtype=np.int64),
        [name_of(article) for article in articles],
        np.array([tie(article.title, article.url) for article in articles], dtype=np.uint32),
        [article.outlet for article in articles],
        np.array([seconds(article.date) for article in articles], dtype=np.float64),
        [article.title for article in articles],
        texts,
        np.array([len(text) for text in texts], dtype=np.int64),
    )


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
    texts: Sequence[str] | Utf8Texts
    if any(isinstance(block.texts, Utf8Texts) for block in blocks):
        texts = joined(
            [block.texts if isinstance(block.texts, Utf8Texts) else scanned(utf8_of(block.texts)) for block in blocks]
        )
    else:
        texts = [text for block in blocks for text in block.texts]
    return Block(
        np.concatenate([block.lines for block in blocks]),
        [id for block in blocks for id in block.ids],
        np.concatenate([block.ties for block in blocks]),
        [outlet for block in blocks for outlet in block.outlets],
        np.concatenate([block.dates for block in blocks]),
        [title for block in blocks for title in block.titles],
        texts,
        np.concatenate([block.letters for block in blocks]),
    )


@dataclass(slots=True)
class Cells:
    """The cells of n rows by attribute, each of the column that is asked first.

    Attributes:
        columns: of the feed.
        lines: where the rows stand.
        titles, dates, sources, urls, ids: n cells; None where a row has no such column.
        row: a whole row by its number, with its plan, for what the first cells do not tell.
        plans: all plans of the rows.
    """

    columns: FieldMap
    lines: NDArray[np.int64]
    titles: Sequence[Any]
    dates: Sequence[Any] | Moments
    sources: Sequence[Any]
    urls: Sequence[Any]
    ids: Sequence[Any]
    row: Callable[[int], tuple[Mapping[str, Any], Plan]]
    plans: Sequence[Plan]

    def block(self, texts: Sequence[str] | Utf8Texts, letters: NDArray[np.int64], odd: NDArray[np.bool_]) -> Block:
        """The rows as a block; of those that `odd`, bool (n,), marks then it holds nothing that counts."""
        n = len(self.lines)
        several = [any(len(plan[attribute]) > 1 for plan in self.plans) for attribute in range(6)]
        urls = [
            url.strip()
            if type(url) is str and len(url) > LONGEST and not url.isspace()
            else ("" if url is None and not several[4] else self._url(i))
            for i, url in enumerate(self.urls)
        ]
        titles = [
            clean_text(title)
            if type(title) is str and len(title) > LONGEST and "\0" not in title and not title.isspace()
            else ("" if title is None and not several[1] else self._title(i, odd))
            for i, title in enumerate(self.titles)
        ]
        ids = [
            bare if type(id) is str and (bare := id.strip()) not in NO_IDS else self._id(i, odd)
            for i, id in enumerate(self.ids)
        ]
        known = self.columns._outlets
        sources = [""] * n
        for i, source in enumerate(self.sources):
            if type(source) is str and known.get(bare := source.strip()):
                sources[i] = bare
            else:
                row, plan = self.row(i)
                sources[i], urls[i] = self.columns._source(row, plan[3], urls[i])
        moments = self.dates if isinstance(self.dates, Moments) else self._moments(odd)
        odd |= moments.odd
        names = [id or url for id, url in zip(ids, urls, strict=True)]
        for i, name in enumerate(names):
            if not name and not odd[i]:
                names[i] = self._content_id(texts, i, titles[i], sources[i], moments)
        return Block(
            self.lines,
            names,
            np.fromiter(map(tie, titles, urls), dtype=np.uint32, count=n),
            list(map(outlet_of, sources, urls)),
            moments.seconds,
            titles,
            texts,
            letters,
        )

    def _url(self, i: int) -> str:
        row, plan = self.row(i)
        url = first_filled(row, plan[4])
        return url.strip() if type(url) is str else scalar(url)

    def _title(self, i: int, odd: NDArray[np.bool_]) -> str:
        row, plan = self.row(i)
        title = first_filled(row, plan[1])
        try:
            title = title if type(title) is str else title_of(title)
        except RowError:
            odd[i] = True
            return ""
        if "\0" in title:
            odd[i] = True
        return clean_text(title)

    def _id(self, i: int, odd: NDArray[np.bool_]) -> str:
        row, plan = self.row(i)
        id = first_id(row, plan[5])
        if type(id) is float and abs(id) >= 2**64:  # its digits are wanted
            odd[i] = True
        return id.strip() if type(id) is str else scalar(id)

    def _moments(self, odd: NDArray[np.bool_]) -> Moments:
        columns, found = self.columns, Moments.none(len(self.lines))
        month_first, zone, now, none = columns.month_first, columns._zone, columns._now, columns._choice.no_dates
        several = any(len(plan[2]) > 1 for plan in self.plans)
        for i, value in enumerate(self.dates):  # type: ignore[arg-type]
            if value is None:
                if not several:
                    continue
                row, plan = self.row(i)
                value = next((row[name] for name in plan[2] if row[name] is not None), None)
                if value is None:
                    continue
            moment = None if type(value) is list else parse_date(value, month_first, True, zone, now)
            if moment is None or moment.year == 1970 or moment in none or (now and is_relative_date(value)):
                found.odd[i] = True
            else:
                found.made[i] = moment
                found.seconds[i] = moment.timestamp()
        return found

    def _content_id(self, texts: Sequence[str] | Utf8Texts, i: int, title: str, source: str, moments: Moments) -> str:
        date = moments[i]
        if isinstance(texts, Utf8Texts):
            return content_id_of(source, date, title, texts.raw(i))
        return content_id(Article(texts[i], "", title, source, "", date))


@dataclass(frozen=True, slots=True)
class Moments:
    """The dates of n rows.

    Attributes:
        seconds: float64 (n,), +inf where there is none.
        odd: bool (n,), whose rows must be judged by themselves.
        made: the moments by row, those that were made.
        micros: int64 (n,), microseconds since 1970 where no moments were made; None where they were.
    """

    seconds: NDArray[np.float64]
    odd: NDArray[np.bool_]
    made: dict[int, datetime]
    micros: NDArray[np.int64] | None = None

    @classmethod
    def none(cls, n: int) -> Moments:
        """No date at all."""
        return cls(np.full(n, np.inf), np.zeros(n, dtype=np.bool_), {})

    def __getitem__(self, i: int) -> datetime | None:
        if self.micros is None or np.isinf(self.seconds[i]):
            return self.made.get(i)
        return _EPOCH + timedelta(microseconds=int(self.micros[i]))


def clean_utf8(texts: Utf8Texts) -> tuple[Utf8Texts, NDArray[np.int64], NDArray[np.bool_]]:
    """Texts of a column without HTML, how many letters each has, and which must be judged with their rows.

    Those are what is no UTF-8, holds NUL, or is so short, or blank, that it may stand for nothing.
    """
    texts = scanned(texts)
    assert texts.scan is not None
    letters, seen = texts.scan.lengths.copy(), texts.scan.seen
    odd = (letters <= LONGEST) | (seen & NUL > 0)
    doubtful = (seen & MARKUP > 0) | (seen & _SEVERAL == _SEVERAL)
    first = texts.data[np.where(odd, 0, texts.starts)] if len(texts.data) else np.zeros(len(texts), dtype=np.uint8)
    blank = ~(((first > 0x20) & (first < 0x7F)) | ((first > 0xC2) & (first < 0xE0)))
    changed: dict[int, str] = {}
    for i in np.flatnonzero((doubtful | blank) & ~odd).tolist():
        text = texts.text(i)
        clean = clean_text(text) if doubtful[i] else text
        if not clean or clean.isspace() or text.isspace():
            odd[i] = True
        elif clean is not text:
            changed[i], letters[i] = clean, len(clean)
    return texts.replaced(changed), letters, odd


def clean_strings(texts: Sequence[Any], odd: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.int64]]:
    """As `clean_utf8`, of cells of any kind; what must be judged with its row is marked in `odd`."""
    out = [""] * len(texts)
    for i, text in enumerate(texts):
        if type(text) is not str or len(text) <= LONGEST or text.isspace() or "\0" in text:
            odd[i] = True
            continue
        clean = clean_text(text)
        if not clean or clean.isspace():
            odd[i] = True
        out[i] = clean
    return out, np.array([len(text) for text in out], dtype=np.int64)


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


def has_unreadable(cells: Sequence[Any]) -> bool:
    """Whether a column holds cells that could not be made values."""
    return Unreadable in set(map(type, cells))
