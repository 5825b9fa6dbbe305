"""From one row of a feed to one `Article`: the columns that hold its fields, stray HTML, dates.

Takes of the columns that `plans` finds the first that is filled in each row, takes HTML out of texts (`html`), reads dates
(`dates`).

Does not read files, does not normalise Arabic: letters, marks and digits of texts stay as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from clusterer.articles import Article
from clusterer.io.dates import is_relative_date, parse_date
from clusterer.io.field_names import FETCH_NAMES, FIELD_NAMES, MOMENT_NAMES, column_key
from clusterer.io.garbled import garbled
from clusterer.io.html import clean_text
from clusterer.io.nested import is_service_message
from clusterer.io.plans import ColumnPlans, quoted
from clusterer.io.values import (
    LONGEST,
    NOTHING,
    BlankRow,
    NoText,
    RowError,
    first_filled,
    first_id,
    is_no_date,
    is_nothing,
    kind,
    scalar,
    text_of,
    title_of,
)

__all__ = ["FIELD_NAMES", "FieldMap", "RowError", "article_from", "column_key", "quoted"]

_ELSEWHERE = timezone(timedelta(hours=1))  # any zone but UTC


def article_from(row: Mapping[str, Any], fields: Mapping[str, str] | None = None) -> Article:
    """One row as an article.

    Args:
        row: column names to values.
        fields: article attribute to column name, where the usual names (`FIELD_NAMES`) do not fit.

    Raises:
        RowError: the row cannot be an article; the message says why.
        InputError: `fields` names an attribute that articles do not have.

    >>> article = article_from({"Headline": "عنوان", "body": "<p>نص الخبر</p>", "pubDate": "23/07/2015"})
    >>> article.title, article.text, article.date.isoformat()
    ('عنوان', 'نص الخبر', '2015-07-23T00:00:00+00:00')
    """
    return _shared_map(tuple(sorted(fields.items())) if fields else ())(row)


class FieldMap(ColumnPlans):
    """Turns rows into articles, by the columns that `ColumnPlans` finds for them.

    Attributes:
        unreadable_dates: rows so far whose date was there, not empty, and unreadable.
        first_unreadable: the first of these dates, as it came; None before one.
        default_dates: rows so far without a date of which one stands for none: 0, 1970-01-01, or the default of the feed.
        guessed_dates: rows so far whose date names no zone, where a column that tells moments (`MOMENT_NAMES`) holds such a one.
        lost_digits: whether an id since this was last set False was a number too large for its digits to be kept.
    """

    def __init__(
        self,
        fields: Mapping[str, str] | None = None,
        zone: tzinfo | None = None,
        now: datetime | None = None,
        keeps_empty: bool = False,
    ) -> None:
        """Take the explicit column names; attributes that are not in `fields` are found by `FIELD_NAMES`.

        Args:
            fields: article attribute to column name.
            zone: as `parse_date` takes it.
            now: as `parse_date` takes it; a row's own date of fetching wins.
            keeps_empty: a row without text and title is an article nevertheless.

        Raises:
            InputError: an attribute that articles do not have.
        """
        super().__init__(fields, zone, now)
        self.unreadable_dates = self.default_dates = self.guessed_dates = 0
        self.first_unreadable: Any = None
        self.lost_digits = False
        self._keeps_empty = keeps_empty

    def __call__(self, row: Mapping[str, Any]) -> Article:
        """The row as an article.

        Raises:
            RowError: the row cannot be an article; the message says why.
        """
        try:
            if type(row) is not dict and not isinstance(row, Mapping):
                raise RowError(f"the row is {kind(row)}, not an object; cure: one JSON object a row")
            names = tuple(row)
            plan = self._plans.get(names)
            if plan is None:  # rows with nested fields come here each time: none but their flat form has a plan
                row = self.flattened(row)
                names = tuple(row)
                plan = self._plans.get(names) or self._plan(names, row)
            texts, titles, dates, sources, urls, ids = plan
            text, title = first_filled(row, texts), first_filled(row, titles)
            if type(title) is not str:
                title = title_of(title)
            if type(text) is not str:
                text = self._no_text(row, texts, title) if text is None else text_of(text, texts[0])
            if "\0" in text or "\0" in title:
                where = "text" if "\0" in text else "title"
                raise RowError(f"NUL character in the {where}; cure: remove it, the row was damaged on its way")
            url, id = first_filled(row, urls), first_id(row, ids)
            if type(id) is float and abs(id) >= 2**64:
                self.lost_digits = True
            url = url.strip() if type(url) is str else scalar(url)
            id = id.strip() if type(id) is str else scalar(id)
            source, url = self._source(row, sources, url)
            text = clean_text(text)
            if not text or text.isspace():
                text = self._next_text(row, texts)
            title = clean_text(title)
            if why := garbled(text or title):
                raise RowError(why)
            return Article(text, id or url, title, source, url, self._date(row, dates))
        except RecursionError:
            raise RowError("the row is nested too deeply; cure: write the article flat") from None

    def _no_text(self, row: Mapping[str, Any], names: tuple[str, ...], title: str) -> str:
        """The text of a row without one: "" where it has a title, or an empty string for a text."""
        values = [row[name] for name in names]
        if is_service_message(row, title):
            raise BlankRow("a message without words, left out; cure: none is needed")
        if title or self._keeps_empty or any(type(value) is str and not value.strip() for value in values):
            return ""
        word = next((value for value in values if type(value) is str), None)
        what = "null" if word is None else f"{word!r}, which says nothing,"
        raise NoText(f"text (column {names[0]!r}) is {what} and there is no title; cure: give the row one of them")

    def _next_text(self, row: Mapping[str, Any], names: tuple[str, ...]) -> str:
        """The first text of which anything is left without its HTML; "" where there is none."""
        texts = (clean_text(text_of(row[name], name)) for name in names if not is_nothing(row[name]))
        return next((text for text in texts if not is_nothing(text) and "\0" not in text), "")

    def _source(self, row: Mapping[str, Any], names: tuple[str, ...], url: str) -> tuple[str, str]:
        """Who printed it, and where; a source that is an address is none, unless the caller named its column."""
        for name in names:
            value = row[name]
            source = value.strip() if type(value) is str else scalar(value)
            is_outlet = self._outlets.get(source)
            if is_outlet is None:
                is_outlet = self._is_outlet(source)
            if is_outlet:
                return source, url
            if not url and source[:4].lower() == "http" and column_key(name) == "source":
                host, path = _place(source)
                if not path:
                    return host, url
                url = source
        return "", url

    def _is_outlet(self, source: str) -> bool:
        """Whether a source names an outlet; it is remembered."""
        says_something = len(source) > LONGEST or source.lower() not in NOTHING
        is_other = source != self._choice.aggregator and source[:4].lower() != "http"
        if len(self._outlets) >= 10_000:  # a source of its own in every row must not fill the memory
            self._outlets.clear()
        self._outlets[source] = found = says_something and (is_other or "source" in self.named.used)
        return found

    def _date(self, row: Mapping[str, Any], names: tuple[str, ...]) -> datetime | None:
        """The date in the first column that tells one."""
        unreadable, is_default = None, False
        for name in names:
            value = row[name]
            if value is None:
                continue
            if type(value) is list and len(value) == 1:
                value = value[0]
            moment = parse_date(value, self.month_first, True, self._zone, self._now)
            if moment is None:
                if is_no_date(value):
                    is_default = is_default or not is_nothing(value)
                elif unreadable is None:
                    unreadable = value
                    if is_relative_date(value) and (fetched := self._fetched(row)):
                        return parse_date(value, zone=self._zone, now=fetched)
            elif (moment.year == 1970 and moment.month == moment.day == 1) or (
                self._choice.no_dates and moment in self._choice.no_dates
            ):
                is_default = True
            else:
                if self._now is not None and is_relative_date(value) and (fetched := self._fetched(row)):
                    return parse_date(value, zone=self._zone, now=fetched)
                if len(names) > 1 and self._is_guessed(row, names, value):
                    self.guessed_dates += 1
                return moment
        if is_default:
            self.default_dates += 1
        if unreadable is not None:
            self.unreadable_dates += 1
            if self.first_unreadable is None:
                self.first_unreadable = unreadable
        return None

    def _is_guessed(self, row: Mapping[str, Any], names: tuple[str, ...], value: Any) -> bool:
        """Whether a date names no zone where a column that would tell the moment stands beside it and holds a default."""
        if not any(is_no_date(row[name]) and not is_nothing(row[name]) for name in _moment_columns(names)):
            return False
        here, there = (parse_date(value, self.month_first, True, zone, self._now) for zone in (UTC, _ELSEWHERE))
        return here != there

    def _fetched(self, row: Mapping[str, Any]) -> datetime | None:
        """When the row was fetched, as it says itself."""
        values = [value for name, value in row.items() if isinstance(name, str) and column_key(name) in FETCH_NAMES]
        return next((moment for value in values if (moment := parse_date(value, zone=self._zone))), None)


@lru_cache(maxsize=64)
def _shared_map(fields: tuple[tuple[str, str], ...]) -> FieldMap:
    return FieldMap(dict(fields))


@lru_cache(maxsize=64)
def _moment_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the columns that tell moments in UTC."""
    return tuple(name for name in names if column_key(name) in MOMENT_NAMES)


def _place(address: str) -> tuple[str, str]:
    """Host and path of an address, the host without "www."; two "" where it is none."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").removeprefix("www."), parts.path.strip("/") + parts.query
    except ValueError:
        return "", ""
