"""From one row of a feed to one `Article`: the columns that hold its fields, stray HTML, dates.

Finds the columns under the names that feeds use (`field_names`), in the order that the first rows tell (`choice`), takes the
first that is filled in each row; takes HTML out of texts (`html`), reads dates (`dates`).

Does not read files, does not normalise Arabic: letters, marks and digits of texts stay as they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.io.choice import SAMPLE, Choice, choose, usual_columns
from clusterer.io.dates import dates_month_first, is_relative_date, parse_date
from clusterer.io.field_names import FETCH_NAMES, FIELD_NAMES, column_key
from clusterer.io.html import clean_text
from clusterer.io.values import LONGEST, NOTHING, RowError, first_filled, is_no_date, kind, scalar, text_of, title_of

__all__ = ["FIELD_NAMES", "FieldMap", "RowError", "article_from", "column_key", "quoted"]


_NO_CHOICE = Choice()


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


class FieldMap:
    """Turns rows into articles, resolving the columns once for every distinct tuple of column names.

    Attributes:
        unreadable_dates: rows so far whose date was there, not empty, and unreadable.
        first_unreadable: the first of these dates, as it came; None before one.
        default_dates: rows so far whose date stands for none: 1970-01-01, or the default of the feed.
        month_first: whether days like 04/11/2016 are read month first; `learn` decides.
        lost_digits: whether an id since this was last set False was a number too large for its digits to be kept.
        text_columns: all that a text was or might have been read from, the first choices first.
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
        self.unreadable_dates = self.default_dates = 0
        self.first_unreadable: Any = None
        self.month_first = self.lost_digits = False
        self.text_columns: dict[str, None] = {}
        self._zone, self._now, self._keeps_empty = zone, now, keeps_empty
        self._given = dict(fields or {})
        for attribute in self._given:
            if attribute not in FIELD_NAMES:
                raise InputError(
                    f"field {attribute!r} is not one that articles have; cure: use one of {', '.join(FIELD_NAMES)}"
                )
        self._choice = _NO_CHOICE
        self._aggregator, self._no_dates = "", self._choice.no_dates
        self._learnt: dict[frozenset[str], tuple[Choice, list[Mapping[str, Any]]]] = {}
        self._known: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
        self._date_columns: dict[frozenset[str], tuple[str, ...]] = {}
        self._notes: dict[str, None] = {}
        self._plans: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}  # the columns in the order of FIELD_NAMES
        self._outlets: dict[str, bool] = {}  # whether a source names an outlet, for those met so far
        self._columns_read: dict[str, dict[str, None]] = {attribute: {} for attribute in FIELD_NAMES}

    @property
    def read_as(self) -> dict[str, str] | None:
        """For each article attribute the column that it was read from, "" for none; None where rows differ in that."""
        if any(len(columns) != 1 for columns in self._columns_read.values()):
            return None
        return {attribute: next(iter(columns)) for attribute, columns in self._columns_read.items()}

    @property
    def columns_read(self) -> dict[str, tuple[str, ...]]:
        """For each article attribute all columns that it was read from first, in any row; "" for rows without one."""
        return {attribute: tuple(columns) for attribute, columns in self._columns_read.items()}

    @property
    def notes(self) -> list[str]:
        """What `learn` found that a reader of the run should know."""
        return list(
            dict.fromkeys([*self._notes, *(note for choice, _ in self._learnt.values() for note in choice.notes)])
        )

    def learn(self, rows: Sequence[Mapping[str, Any]], is_alone: bool = False) -> None:
        """Tell by the first rows of an input which columns hold what, and how its dates are written.

        Args:
            rows: the first ones, as they came.
            is_alone: inputs with the same columns are not shards of one feed; else they are read alike, and what earlier
                ones held counts too.
        """
        names = frozenset(name for row in rows[:SAMPLE] for name in row if isinstance(name, str))
        if (dates := self._date_columns.get(names)) is None:
            given = self._given.get("date")
            dates = self._date_columns[names] = (given,) if given in names else usual_columns(sorted(names))["date"]
        self.month_first = any(dates_month_first(row.get(name) for row in rows) for name in dates)
        choice, seen = (_NO_CHOICE, []) if is_alone else self._learnt.get(names, (_NO_CHOICE, []))
        if rows and len(seen) < SAMPLE:
            before, seen = len(seen), [*seen, *rows[:SAMPLE]][:SAMPLE]
            if (
                before < 2 or len(seen) == SAMPLE or len(seen).bit_length() > before.bit_length()
            ):  # there may be many inputs
                choice = choose(seen, self._given, self._parse)
            if len(self._learnt) >= 100:  # inputs with ever new columns must not fill the memory
                self._learnt.clear()
                self._date_columns.clear()
            if is_alone:
                self._notes.update(dict.fromkeys(choice.notes))
            else:
                self._learnt[names] = choice, seen
        if choice is not self._choice:
            self._choice = choice
            self._aggregator, self._no_dates = choice.aggregator, choice.no_dates
            for cache in (self._plans, self._known, self._outlets):
                cache.clear()

    def _parse(self, value: Any) -> datetime | None:
        return None if value is None else parse_date(value, self.month_first, True, self._zone, self._now)

    def columns(self, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]] = ()) -> dict[str, tuple[str, ...]]:
        """For each article attribute the columns among `names` that may hold it, the preferred one first.

        Args:
            names: of the columns.
            rows: some of what is in them, for the cure to propose a column.

        Raises:
            RowError: none of them holds text.
        """
        if (known := self._known.get(names)) is not None:
            return known
        if {"story", "copy", "exact", "representative"} <= set(names):
            raise RowError("this is a result of clusterer, not an article; cure: name the feed instead")
        plan: dict[str, tuple[str, ...]] = {}
        for attribute, usual in usual_columns(names).items():
            given = self._given.get(attribute)
            if given is None:
                chosen = self._choice.columns.get(attribute)
                plan[attribute] = usual if not chosen else tuple(dict.fromkeys(
                    [*(name for name in chosen if name in names), *usual]
                ))  # fmt: skip
            elif given in names:
                plan[attribute] = (given,)
            else:
                plan[attribute] = tuple(
                    [name for name in names if isinstance(name, str) and column_key(name) == column_key(given)][:1]
                )
        if not plan["text"]:
            given = self._given.get("text")
            wanted = repr(given) if given else f"one of {', '.join(FIELD_NAMES['text'])}"
            present = ", ".join(str(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
            raise RowError(
                f"found columns: {present or '(none)'}; cure: --text-field {_likely_text(names, rows)}; "
                f"so far there is no text field; expected {wanted}"
            )
        if len(self._known) >= 1000:  # rows with ever new columns must not fill the memory
            self._known.clear()
        self._known[names] = plan
        return plan

    def check_header(
        self, names: tuple[str, ...], file: str, rows: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, tuple[str, ...]]:
        """Refuse a table whose header cannot feed articles; else its `columns`, as its first rows tell them.

        Raises:
            InputError: no text column, or a column named in `fields` is not in the header.
        """
        try:
            self.columns(names, rows)
        except RowError as error:
            raise InputError(f"{file}: {error}") from None
        self.learn(rows)
        plan = self.columns(names, rows)
        for attribute, given in self._given.items():
            if not plan[attribute]:
                raise InputError(
                    f"{file}: no column {given!r} (given for {attribute}); "
                    f"found columns: {', '.join(names)}; cure: --{attribute}-field with one of these"
                )
        return plan

    def __call__(self, row: Mapping[str, Any]) -> Article:
        """The row as an article.

        Raises:
            RowError: the row cannot be an article; the message says why.
        """
        if type(row) is not dict and not isinstance(row, Mapping):
            raise RowError(f"the row is {kind(row)}, not an object; cure: one JSON object a row")
        names = tuple(row)
        texts, titles, dates, sources, urls, ids = self._plans.get(names) or self._plan(names, row)
        text, title = first_filled(row, texts), first_filled(row, titles)
        if type(title) is not str:
            title = title_of(title)
        if type(text) is not str:
            text = self._no_text(row, texts, title) if text is None else text_of(text, texts[0])
        if "\0" in text or "\0" in title:
            where = "text" if "\0" in text else "title"
            raise RowError(f"NUL character in the {where}; cure: remove it, the row was damaged on its way")
        url, id = first_filled(row, urls), first_filled(row, ids)
        if type(id) is float and abs(id) >= 2**64:
            self.lost_digits = True
        url = url.strip() if type(url) is str else scalar(url)
        id = id.strip() if type(id) is str else scalar(id)
        source, url = self._source(row, sources, url)
        return Article(clean_text(text), id or url, clean_text(title), source, url, self._date(row, dates))

    def _plan(self, names: tuple[str, ...], row: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
        plan = self.columns(names, (row,))
        if len(self._plans) >= 1000:  # rows with ever new columns must not fill the memory
            self._plans.clear()
        for attribute, columns in plan.items():
            self._columns_read[attribute][next(iter(columns), "")] = None
        self.text_columns.update(dict.fromkeys(plan["text"]))
        self._plans[names] = tuple(plan[attribute] for attribute in FIELD_NAMES)
        return self._plans[names]

    def _no_text(self, row: Mapping[str, Any], names: tuple[str, ...], title: str) -> str:
        """The text of a row without one: "" where it has a title, or an empty string for a text."""
        values = [row[name] for name in names]
        if title or self._keeps_empty or any(type(value) is str and not value.strip() for value in values):
            return ""
        word = next((value for value in values if type(value) is str), None)
        what = "null" if word is None else f"{word!r}, which says nothing,"
        raise RowError(f"text (column {names[0]!r}) is {what} and there is no title; cure: give the row one of them")

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
        is_other = source != self._aggregator and source[:4].lower() != "http"
        if len(self._outlets) >= 10_000:  # a source of its own in every row must not fill the memory
            self._outlets.clear()
        self._outlets[source] = found = says_something and (is_other or "source" in self._given)
        return found

    def _date(self, row: Mapping[str, Any], names: tuple[str, ...]) -> datetime | None:
        """The date in the first column that tells one."""
        unreadable = None
        for name in names:
            value = row[name]
            if value is None:
                continue
            moment = parse_date(value, self.month_first, True, self._zone, self._now)
            if moment is None:
                if unreadable is None and not is_no_date(value):
                    unreadable = value
                    if is_relative_date(value) and (fetched := self._fetched(row)):
                        return parse_date(value, zone=self._zone, now=fetched)
            elif (moment.year == 1970 and moment.month == moment.day == 1) or (
                self._no_dates and moment in self._no_dates
            ):
                self.default_dates += 1
            else:
                if self._now is not None and is_relative_date(value) and (fetched := self._fetched(row)):
                    return parse_date(value, zone=self._zone, now=fetched)
                return moment
        if unreadable is not None:
            self.unreadable_dates += 1
            if self.first_unreadable is None:
                self.first_unreadable = unreadable
        return None

    def _fetched(self, row: Mapping[str, Any]) -> datetime | None:
        """When the row was fetched, as it says itself."""
        values = [value for name, value in row.items() if isinstance(name, str) and column_key(name) in FETCH_NAMES]
        return next((moment for value in values if (moment := parse_date(value, zone=self._zone))), None)


@lru_cache(maxsize=64)
def _shared_map(fields: tuple[tuple[str, str], ...]) -> FieldMap:
    return FieldMap(dict(fields))


def _place(address: str) -> tuple[str, str]:
    """Host and path of an address, the host without "www."; two "" where it is none."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "").removeprefix("www."), parts.path.strip("/") + parts.query
    except ValueError:
        return "", ""


def _likely_text(names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> str:
    """The column most likely meant as text, quoted for a shell: the longest strings, of no other usual name; else NAME."""
    usual_elsewhere = {name for attribute, usual in FIELD_NAMES.items() if attribute != "text" for name in usual}
    free = [
        name for name in names if isinstance(name, str) and name.strip() and column_key(name) not in usual_elsewhere
    ]
    if not free:
        return "NAME"
    length = {name: sum(len(v) for row in rows if isinstance(v := row.get(name), str)) for name in free}
    return quoted(max(free, key=length.__getitem__))


def quoted(name: str) -> str:
    r"""A name as a shell takes it.

    >>> print(quoted("it's"))
    'it'\''s'
    """
    return "'" + name.replace("'", "'\\''") + "'"
