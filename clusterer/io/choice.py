"""Which column holds text, title, date, source, URL and id: told by what the first rows hold, not by names alone.

A text is long and differs from row to row; a date with an hour says more than one without; a source is no address; one value
in every row says nothing where another column differs. Names only decide between columns that hold alike.

Sees rows as they came. Makes no articles: `columns` does, in the order of columns that is chosen here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from clusterer.io.field_names import ABSTRACT_NAMES, FETCH_NAMES, FIELD_NAMES, column_key
from clusterer.io.html import clean_text
from clusterer.io.values import is_no_date, is_nothing, scalar, scalar_text

DATES_LOST = "a default, read as no date"
"""Stands in the notes that tell of dates which are there and not believed: they are told in quiet runs, too."""
SAMPLE = 100
"""Rows that are looked at."""
_TEXTS = 50  # of them texts that are measured
_LONGER = 1.5  # a column is the text instead of the usual one if it is so many times as long
_FULLER = 3.0  # an abstract, instead of what should be fuller, if so many times
_UNUSUAL = 2.0  # and of no usual name, beside an abstract, if so many times
_FEW_WORDS = 8  # a column of no usual name has at least so many a row
_PAGE = re.compile(r"<(?:!doctype|html|body)\b", re.I)
_NO_TEXTS = re.compile(
    r"html$|comment|tag|keyword|categor|image|photo|caption|video|script|json|xml|url|link|author|title|head"
)
_SAME_ROWS = 3  # at least so many rows say the same before that says anything
_SECOND_LEVEL = frozenset(("co", "com", "net", "org", "gov", "edu", "ac", "mil"))  # as in spa.gov.sa
_OTHERS = 5  # rows with other dates, beside which a default stands out
_EPOCHS = (
    1980,
    2000,
    2001,
)  # years from whose first day programs count: DOS, much else, Apple; 1970 is no date anywhere
_NEAR = timedelta(days=31)  # of other dates: a day of them, not a default
_SHORT = timedelta(days=10)  # a feed of a day or a week, with room for zones
_MANY_HOSTS = 3  # an outlet has fewer


@dataclass(slots=True)
class Choice:
    """What the first rows tell.

    Attributes:
        columns: article attribute to its columns, the best first; empty where the rows tell nothing.
        notes: what a reader of the run should know, each with its cure.
        no_dates: moments that stand for no date.
        aggregator: a source that stands for none: it is the same in every row, and the URLs have many hosts. "" for none.
    """

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    no_dates: frozenset[datetime] = frozenset()
    aggregator: str = ""


def choose(
    rows: Sequence[Mapping[str, Any]], given: Mapping[str, str], parse: Callable[[Any], datetime | None]
) -> Choice:
    """Tell the columns of rows by what they hold.

    Args:
        rows: the first of a feed.
        given: article attribute to column, where the caller named one: it is not chosen again.
        parse: reads a date as the feed's are: `parse_date` with the caller's zone and the order of the column.
    """
    rows = [row for row in rows[:SAMPLE] if isinstance(row, Mapping)]
    names = tuple(dict.fromkeys(name for row in rows for name in row if isinstance(name, str)))
    choice = Choice()
    if not rows:
        return choice
    usual = usual_columns(names)
    chosen = choice.columns
    for attribute in ("title", "id"):
        chosen[attribute] = _varying_first(rows, usual[attribute])
    chosen["url"] = tuple(sorted(usual["url"], key=lambda name: -(_share(rows, name, _is_address) > 0.5)))
    if "text" not in given:
        chosen["text"] = _texts(rows, names, usual, choice.notes)
    dates = (given["date"],) if given.get("date") in names else usual["date"]
    chosen["date"] = _dates(rows, dates, parse)
    choice.no_dates = _no_dates(rows, chosen["date"], parse, "date" in given)
    choice.notes += [_default_told(rows, chosen["date"][0], moment, parse) for moment in choice.no_dates]
    chosen["source"] = usual["source"]
    if "source" not in given:
        choice.aggregator = _aggregator(rows, chosen["source"], chosen["url"], choice.notes)
        if choice.aggregator:
            chosen["source"] = _varying_first(rows, chosen["source"])
    for attribute in given:
        chosen.pop(attribute, None)
    return choice


def usual_columns(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each article attribute the columns that bear one of its usual names, in the order of these."""
    by_key: dict[str, list[str]] = {}
    for name in names:
        if isinstance(name, str):
            by_key.setdefault(column_key(name), []).append(name)
    found = {
        attribute: tuple(name for key in keys for name in by_key.get(key, ()))
        for attribute, keys in FIELD_NAMES.items()
    }
    if not found["text"] and found["date"] and found["id"]:  # of a chat; an error that an interface answers has neither
        found["text"] = tuple(by_key.get("message", ()))
    return found


@dataclass(slots=True)
class _TextColumn:
    """What a column holds, as a text: characters and words of a row that is filled; whether rows differ; whether whole pages."""

    name: str
    length: float
    differs: bool
    is_page: bool
    words: float
    cells: list[str]


def _text_column(rows: Sequence[Mapping[str, Any]], name: str) -> _TextColumn:
    cells = [value if (value := scalar_text(row.get(name))) and not is_nothing(value) else "" for row in rows[:_TEXTS]]
    cleaned = [clean_text(value[:20_000]) for value in cells]
    raw, values = list(filter(None, cells)), list(filter(None, cleaned))
    count = max(1, len(values))
    return _TextColumn(
        name,
        sum(map(len, values)) / count,
        len(values) < _SAME_ROWS or len(set(values)) > max(1, len(values) / 2),
        sum(_PAGE.search(value[:5000]) is not None for value in raw) > len(raw) / 2,
        sum(len(value.split()) for value in values) / count,
        cleaned,
    )


def _texts(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], usual: Mapping[str, Sequence[str]], notes: list[str]
) -> tuple[str, ...]:
    """The columns of the text: the one that holds the longest texts that differ, then those of usual names."""
    named = list(usual["text"])
    if not named:
        return ()
    full = [name for name in named if column_key(name) not in ABSTRACT_NAMES]
    if len(named) == len(full) == 1:
        cells = [row.get(named[0]) for row in rows[:_SAME_ROWS]]
        if len(set(map(repr, cells))) == len(cells) and not any(map(is_nothing, cells)):
            return tuple(named)
    elsewhere = {name for columns in usual.values() for name in columns}
    columns = {name: _text_column(rows, name) for name in named}

    def is_fit(column: _TextColumn) -> bool:
        return column.differs and column.length > 0 and not column.is_page

    fit = [name for name in named if is_fit(columns[name])]
    best = fit[0] if fit else max(named, key=lambda name: (columns[name].length > 0, -named.index(name)))
    for name in fit:
        is_part = name not in full and best in full
        if is_part and columns[name].words < _FEW_WORDS:
            continue
        if columns[name].length > (_FULLER if is_part else _LONGER) * columns[best].length:
            best = name
    if best not in full or best not in fit:
        for name in names:
            if name in elsewhere or _NO_TEXTS.search(column_key(name)) or column_key(name) in FETCH_NAMES:
                continue
            other = _text_column(rows, name)
            enough = other.length > _UNUSUAL * columns[best].length or best not in fit
            if is_fit(other) and enough and other.words >= _FEW_WORDS:
                columns[name], best = other, name
    for name in full:
        other, mine = columns[name], columns[best]
        if (
            name != best
            and best in full
            and is_fit(other)
            and other.length * _LONGER > mine.length
            and _unlike(other, mine)
        ):
            notes.append(
                f"texts stand in {best!r} and {name!r}; {best!r} was read; cure: --text-field {name!r} for the other"
            )
    if best not in named:
        notes.append(f"{best!r} was read as text, {named[0]!r} only where it is empty; cure: --text-field {named[0]!r}")
    return (best, *(name for name in named if name != best))


def _unlike(one: _TextColumn, other: _TextColumn) -> bool:
    """Whether two columns hold different texts: in most rows both are filled, and share less than half of their words."""
    unlike = 0
    for cell, beside in zip(one.cells, other.cells, strict=True):
        words, others = set(cell.split()), set(beside.split())
        unlike += bool(words and others) and 2 * len(words & others) < len(words | others)
    return unlike > len(one.cells) / 2


def _share(rows: Sequence[Mapping[str, Any]], name: str, is_such: Callable[[Any], bool]) -> float:
    values = [value for row in rows if not is_nothing(value := row.get(name))]
    return sum(map(is_such, values)) / len(values) if values else 0.0


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip()[:4].lower() in ("http", "www.")


def _varying_first(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> tuple[str, ...]:
    """Columns in their order, those last that say one thing in every row, or nothing at all, where another differs."""

    def rank(name: str) -> int:
        values = {repr(value) for row in rows if not is_nothing(value := row.get(name))}
        return 2 if not values else 1 if len(values) == 1 and len(rows) >= _SAME_ROWS else 0

    return tuple(sorted(names, key=rank)) if len(names) > 1 else tuple(names)


def _dates(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], parse: Callable[[Any], datetime | None]
) -> tuple[str, ...]:
    """The columns of the date: readable ones that differ first; one with hours before one of the same days without."""
    if len(names) < 2:
        return tuple(names)
    moments = {name: [parse(row.get(name)) for row in rows] for name in names}

    def rank(name: str) -> int:
        found = [moment for moment in moments[name] if moment]
        filled = sum(not is_no_date(row.get(name)) for row in rows)
        if not filled or len(found) < filled / 2:
            return 3
        is_same = len(rows) >= _SAME_ROWS and len(set(found)) == 1
        return 2 if is_same else 1 if column_key(name) in FETCH_NAMES else 0

    ordered = sorted(names, key=rank)
    best = ordered[0]
    if not any(_has_hour(moment) for moment in moments[best]):
        for name in ordered[1:]:
            pairs = [(a, b) for a, b in zip(moments[best], moments[name], strict=True) if a and b]
            near = sum(abs(a - b) < timedelta(days=1.6) for a, b in pairs)
            if pairs and near > 0.8 * len(pairs) and sum(_has_hour(b) for _, b in pairs) > len(pairs) / 2:
                ordered.remove(name)
                return (name, *ordered)
    return tuple(ordered)


def _has_hour(moment: datetime | None) -> bool:
    return moment is not None and (moment.hour, moment.minute, moment.second) != (0, 0, 0)


def _no_dates(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    parse: Callable[[Any], datetime | None],
    is_named: bool,
) -> frozenset[datetime]:
    """The one moment that more than a third of the rows have and that stands out: a default, not a date.

    A first of January years away from all others stands out; of a column that the caller named, one of `_EPOCHS`, and nothing
    else does. Else the others must differ, as dates do, and the moment be none that a feed of these dates has: a day, or a
    paper's edition, near them; any moment where all are of one week.
    """
    if not names:
        return frozenset()
    found = [moment for row in rows if (moment := parse(row.get(names[0])))]
    counts = Counter(found).most_common(2)
    if len(counts) < 2:
        return frozenset()
    (moment, count), (_, next_count) = counts
    others = [other for other in found if other != moment]
    if count < _SAME_ROWS or count <= len(rows) / 3:
        return frozenset()
    is_far = min(abs(other - moment) for other in others) > timedelta(days=366)
    is_new_year = (moment.month, moment.day) == (1, 1)
    if is_far and is_new_year and (not is_named or moment.year in _EPOCHS):
        return frozenset([moment])
    do_differ = len(others) >= _OTHERS and 2 * len(set(others)) >= len(others)
    if is_named or not do_differ or count < 3 * next_count or _is_among(moment, others):
        return frozenset()
    return frozenset([moment])


def _is_among(moment: datetime, others: Sequence[datetime]) -> bool:
    """Whether a moment that many rows have may be one of a feed with these other dates."""
    first, last = min(others), max(others)
    if (moment.minute % 30, moment.second, moment.microsecond) == (0, 0, 0):  # a day, in whatever zone, or an edition
        return first - max(_NEAR, last - first) <= moment <= last + max(_NEAR, last - first)
    return max(last, moment) - min(first, moment) <= _SHORT


def _default_told(
    rows: Sequence[Mapping[str, Any]], name: str, moment: datetime, parse: Callable[[Any], datetime | None]
) -> str:
    count = sum(parse(row.get(name)) == moment for row in rows)
    is_epoch = (moment.month, moment.day) == (1, 1) and moment.year in _EPOCHS  # not believed of a named column either
    cure = "--date-field with another column" if is_epoch else f"--date-field {name!r} to believe it, or another column"
    return (
        f"{moment.isoformat(' ', 'minutes')[:16]} UTC is the date of {count} of the first {len(rows)} rows, unlike the others: "
        f"{DATES_LOST}; cure: {cure}"
    )


def _aggregator(
    rows: Sequence[Mapping[str, Any]], sources: Sequence[str], urls: Sequence[str], notes: list[str]
) -> str:
    """The source that every row names although their URLs have many hosts; "" for none."""
    if not sources or not urls:
        return ""
    named = {source for row in rows if (source := scalar(row.get(sources[0]))) and not is_nothing(source)}
    hosts = [host for row in rows if (host := _site(scalar(row.get(urls[0]))))]
    if len(named) != 1 or len(hosts) < len(rows) / 2:
        return ""
    source = named.pop()
    if len(set(hosts)) < _MANY_HOSTS or _is_address(source):
        return ""
    notes.append(
        f"source {source!r} stands in every row, and the URLs are of {len(set(hosts))} hosts: the host is taken as outlet; "
        f"cure: --source-field {sources[0]!r} to keep it"
    )
    return source


def _site(url: str) -> str:
    """The site of a URL: its host without what names a part of the site, as in m.example.org."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    labels = host.removeprefix("www.").split(".")
    return ".".join(
        labels[-3:] if labels[-2:-1] and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else labels[-2:]
    )
