"""The cells of many rows as what is kept of articles: titles, dates, outlets, names; the same as `FieldMap` says row by row.

A row that is not as rows should be is marked, for the caller to judge by itself. Columns of texts stay the bytes that they are.

Array letters: `n` rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.utf8 import LATIN_M, LATIN_S, MARKUP, NUL, Utf8Texts, scanned, utf8_of
from clusterer.articles import Article, content_id, content_id_of, outlet_of, tie, tie_of
from clusterer.io.blocks import Block
from clusterer.io.columns import FieldMap
from clusterer.io.dates import is_relative_date, parse_date
from clusterer.io.garbled import garbled, may_be_garbled
from clusterer.io.html import clean_text
from clusterer.io.iso_dates import iso_seconds
from clusterer.io.rows import Unreadable
from clusterer.io.values import LONGEST, NO_IDS, RowError, first_filled, first_id, scalar, title_of

Plan = tuple[tuple[str, ...], ...]
"""The columns of each attribute, in the order of `FIELD_NAMES`."""
_SEVERAL = LATIN_M | LATIN_S
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TextCells:
    """The cells of a column of texts.

    Attributes:
        texts: n, valid UTF-8.
        nulls: bool (n,), which cells hold nothing.
    """

    texts: Utf8Texts
    nulls: NDArray[np.bool_]

    def __getitem__(self, i: int) -> str | None:
        return None if self.nulls[i] else self.texts.text(i)


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
    titles: Sequence[Any] | TextCells
    dates: Sequence[Any] | TextCells | Moments
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
        titles = self._titles(several[1], odd)
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
                names[i] = self._content_id(texts, i, _text(titles, i), sources[i], moments)
        return Block(
            self.lines,
            names,
            _ties(titles, urls),
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

    def _titles(self, several: bool, odd: NDArray[np.bool_]) -> Sequence[str] | Utf8Texts:
        """The headlines; `several` columns may hold one."""
        if isinstance(self.titles, TextCells):
            texts, nulls = scanned(self.titles.texts), self.titles.nulls
            plain = _says_something(texts) & ~_is_doubtful(texts)
            starts = np.where(nulls, texts.stops, texts.starts)
            changed = {
                i: self._clean_title(i, self.titles[i], odd)
                for i in np.flatnonzero(np.where(nulls, several, ~plain)).tolist()
            }
            return replace(texts, starts=starts).replaced(changed)
        return [
            "" if title is None and not several else self._clean_title(i, title, odd)
            for i, title in enumerate(self.titles)
        ]

    def _clean_title(self, i: int, title: Any, odd: NDArray[np.bool_]) -> str:
        if type(title) is str and len(title) > LONGEST and "\0" not in title and not title.isspace():
            return clean_text(title)
        return self._title(i, odd)

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
        texts, nulls = self._written_dates()
        seconds, is_iso = iso_seconds(texts, zone is not None)
        is_iso &= ~nulls
        if none:
            is_iso &= ~np.isin(seconds, [int(moment.timestamp()) for moment in none])
        found.micros[is_iso], found.seconds[is_iso] = seconds[is_iso] * 10**6, seconds[is_iso]
        rows = np.flatnonzero(~is_iso & (several | ~nulls)).tolist()
        for i in rows:
            value = self.dates[i]
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
                found.micros[i], found.seconds[i] = (moment - _EPOCH) // _MICRO, moment.timestamp()
        return found

    def _written_dates(self) -> tuple[Utf8Texts, NDArray[np.bool_]]:
        """The dates as texts, "" of what is none, and which cells hold nothing."""
        if isinstance(self.dates, TextCells):
            return self.dates.texts, self.dates.nulls
        assert not isinstance(self.dates, Moments)
        texts = utf8_of([value if type(value) is str else "" for value in self.dates])
        return texts, np.array([value is None for value in self.dates], dtype=np.bool_)

    def _content_id(self, texts: Sequence[str] | Utf8Texts, i: int, title: str, source: str, moments: Moments) -> str:
        date = moments[i]
        if isinstance(texts, Utf8Texts):
            return content_id_of(source, date, title, texts.raw(i))
        return content_id(Article(texts[i], "", title, source, "", date))


@dataclass(frozen=True, slots=True)
class Moments:
    """The dates of n rows.

    Attributes:
        seconds: float64 (n,), seconds since 1970, +inf where there is none.
        odd: bool (n,), whose rows must be judged by themselves.
        micros: int64 (n,), microseconds since 1970.
    """

    seconds: NDArray[np.float64]
    odd: NDArray[np.bool_]
    micros: NDArray[np.int64]

    @classmethod
    def none(cls, n: int) -> Moments:
        """No date at all."""
        return cls(np.full(n, np.inf), np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.int64))

    def __getitem__(self, i: int) -> datetime | None:
        return None if np.isinf(self.seconds[i]) else _EPOCH + timedelta(microseconds=int(self.micros[i]))


def _text(texts: Sequence[str] | Utf8Texts, i: int) -> str:
    return texts.text(i) if isinstance(texts, Utf8Texts) else texts[i]


def _ties(titles: Sequence[str] | Utf8Texts, urls: Sequence[str]) -> NDArray[np.uint32]:
    """uint32 (n,), `articles.tie` of each title and URL."""
    if not isinstance(titles, Utf8Texts):
        return np.fromiter(map(tie, titles, urls), dtype=np.uint32, count=len(urls))
    data, places = titles.data.data, zip(titles.starts.tolist(), titles.stops.tolist(), urls, strict=True)
    return np.fromiter((tie_of(data[a:z], url) for a, z, url in places), dtype=np.uint32, count=len(urls))


def _says_something(texts: Utf8Texts) -> NDArray[np.bool_]:
    """Bool (n,): texts that are surely neither empty nor blank, hold no NUL, and are too long to stand for nothing."""
    assert texts.scan is not None
    firm = (texts.scan.lengths > LONGEST) & (texts.scan.seen & NUL == 0)
    first = texts.data[np.where(firm, texts.starts, 0)] if len(texts.data) else np.zeros(len(texts), dtype=np.uint8)
    says: NDArray[np.bool_] = firm & (((first > 0x20) & (first < 0x7F)) | ((first > 0xC2) & (first < 0xE0)))
    return says


def _is_doubtful(texts: Utf8Texts) -> NDArray[np.bool_]:
    """Bool (n,): texts that may hold HTML, or what Word leaves of its styles."""
    assert texts.scan is not None
    doubtful: NDArray[np.bool_] = (texts.scan.seen & MARKUP > 0) | (texts.scan.seen & _SEVERAL == _SEVERAL)
    return doubtful


def clean_utf8(texts: Utf8Texts) -> tuple[Utf8Texts, NDArray[np.int64], NDArray[np.bool_]]:
    """Texts of a column without HTML, how many letters each has, and which must be judged with their rows.

    Those are what is no UTF-8, holds NUL, is garbled, or is so short, or blank, that it may stand for nothing.
    """
    texts = scanned(texts)
    assert texts.scan is not None
    letters = texts.scan.lengths.copy()
    odd = (letters <= LONGEST) | (texts.scan.seen & NUL > 0)
    doubtful, blank = _is_doubtful(texts), ~_says_something(texts)
    changed: dict[int, str] = {}
    for i in np.flatnonzero((doubtful | blank | may_be_garbled(texts)) & ~odd).tolist():
        text = texts.text(i)
        clean = clean_text(text) if doubtful[i] else text
        if not clean or clean.isspace() or text.isspace() or garbled(clean):
            odd[i] = True
        elif clean is not text:
            changed[i], letters[i] = clean, len(clean)
    return texts.replaced(changed), letters, odd


def has_unreadable(cells: Sequence[Any]) -> bool:
    """Whether a column holds cells that could not be made values."""
    return Unreadable in set(map(type, cells))
