"""Moments from what feeds write into date fields: ISO, RFC 822, epochs, Arabic month traditions, Hijri, Excel, "منذ ساعتين".

A Hijri date beside a Gregorian one is left out; alone it is converted, by the calendar of Umm al-Qura. No zone is guessed: a
date without one is in the zone that the caller names, else UTC. The words themselves are in `date_words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from clusterer.errors import InputError
from clusterer.io.date_words import (
    HIJRI_NAME,
    LETTERS,
    MONTH_NAME,
    MONTH_OF,
    OF_PLACE,
    ZONE_NAME,
    ZONE_OF_TABLE,
    hijri_month,
    is_relative,
    time_ago,
    without_ago,
    zone_meant,
    zone_named,
)

_MONTH = re.compile(rf"(?<![^\W\d_]){MONTH_NAME}(?![^\W\d_])")
_CLOCK = re.compile(
    r"(?<!\d)(?:t\s*)?(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?!\d)\s*(صباحا|مساء|ظهرا|ص|م|[ap]\.?m\b\.?)?(?![^\W\d_z])"
    rf"\s*({ZONE_NAME}(?![^\W\d_]))?\s*(?:\(?([+-])(\d{{1,2}})(?::?(\d{{2}}))?(?![\d/.-]))?"
)
_BARE_CLOCK = re.compile(
    r"(?<![\d./-])(\d{1,2})\.(\d{2})(?![\d.])\s*(صباحا|مساء|ظهرا|ص|م|[ap]\.?m\b\.?)?(?!\w)"
)  # 08.15
_HOUR = re.compile(r"(?<!\d)(?:الساعه\s+)?(\d{1,2})\s*(صباحا|مساء|ظهرا|[ap]\.?m\b\.?)(?!\w)")  # 8 مساء
_RFC_822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d):(\d\d)(?::(\d\d))?"
    r"(?: (?:(GMT|UTC|Z)|([+-])(\d\d)(\d\d)))?",
    re.ASCII,
)
_NUMBERS = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)
_COMPACT = re.compile(r"(\d{8})[t ]?(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)?\s*(z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII)
_YEAR_FIRST = re.compile(r"(?<![\d/.-])(\d{4})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<![\d/.-])(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})(?!\d)")
_SHORT = re.compile(r"(?<![\d/.-])(\d{1,2})([-/.])(\d{1,2})\2(\d{2})(?![\d/.-])")  # Excel: 4/25/16
_NAMED = re.compile(
    rf"(?<!\d)(\d{{1,2}})[\s-]+({MONTH_NAME})[\s-]+(\d{{2}})(?!\d)"
)  # Excel: 11-Apr-16; RFC 822: 11 Apr 16
_HIJRI_YEAR = r"(1[34]\d\d)(?!\d)"
_HIJRI_MARK = r"(?:\s*\(?(?:ه(?!\w)|هجري\w*))?"
_HIJRI = (
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})\s*(?:من\s+)?(?:شهر\s+)?[-/]?\s*(?P<m>{HIJRI_NAME})(?!\w)"
        rf"(?:\s*[-/]?\s*(?:عام\s+|سنه\s+|لعام\s+)?(?P<y>{_HIJRI_YEAR}))?{_HIJRI_MARK}"
    ),
    re.compile(rf"(?<!\w)(?P<m>{HIJRI_NAME})\s+(?P<d>\d{{1,2}})\s+(?P<y>{_HIJRI_YEAR}){_HIJRI_MARK}"),
    re.compile(rf"(?<![\d/.-])(?P<d>\d{{1,2}})\s*([-/.])\s*(?P<m>\d{{1,2}})\s*\2\s*(?P<y>{_HIJRI_YEAR}){_HIJRI_MARK}"),
    re.compile(
        rf"(?<![\d/.-])(?P<y>{_HIJRI_YEAR})\s*([-/.])\s*(?P<m>\d{{1,2}})\s*\3\s*(?P<d>\d{{1,2}})(?!\d){_HIJRI_MARK}"
    ),
)
_MAYBE_HIJRI = re.compile(r"\d\s*ه|(?<!\d)1[34]\d\d(?!\d)|محرم|صفر|ربيع|جماد|رجب|شعبان|رمضان|شوال|ذ[وي]")
_HIJRI_REST = re.compile(rf"\d\s*ه(?!\w)|\d\s*هجري|(?<!\w){HIJRI_NAME}(?!\w)")
_HIJRI_YEARS = range(1343, 1501)  # of the calendar of Umm al-Qura
_BARE_HIJRI_YEARS = range(1420, 1501)  # of numbers alone: what is earlier may as well be a Persian year
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", re.I | re.ASCII)
_LONGEST = 200  # characters of a date
_CENTURY = 69  # two digits of a year below it are of this century
_SERIALS = (20_000, 60_000)  # Excel: days since
_SERIAL_ZERO = datetime(1899, 12, 30)
_EARLIEST, _LATEST = 1970, 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the caller knows of a column of dates: see `parse_date`."""

    month_first: bool
    serials: bool
    zone: tzinfo | None
    now: datetime | None


@lru_cache(maxsize=64)
def _rules(month_first: bool, serials: bool, zone: tzinfo | None, now: datetime | None) -> _Rules:
    return _Rules(month_first, serials, zone, now)


def parse_date(
    value: Any,
    month_first: bool = False,
    serials: bool = False,
    zone: tzinfo | None = None,
    now: datetime | None = None,
) -> datetime | None:
    """A moment in UTC from what feeds put into date fields; None where it is unreadable. Never raises.

    Reads ISO 8601, RFC 822, epoch seconds, milli-, micro- and nanoseconds (numbers or digits), `datetime` and
    `date`, day/month/year and year/month/day, English, French and Arabic month names (يناير, كانون الثاني, جانفي), digits
    of all three scripts, ص/م clocks, Excel's 25/4/16 and 25-Apr-16 (two digits of a year: 1969 to 2068), Hijri dates that
    stand alone. Years outside 1970 to 2100 are implausible: None.

    Args:
        value: as it came.
        month_first: 04/11/2016 is the eleventh of April. What can only be read the other way is, in both orders.
        serials: numbers of 20000 to 60000 are Excel's days since 1899-12-30, 42485.5 the noon of 2016-04-25.
        zone: of a clock without one; UTC where None. A day without a clock stays that day, whatever the zone.
        now: when the feed was fetched, with a zone; "منذ ساعتين" and "أمس" are told from it, and unreadable where None.

    >>> parse_date("٢٣ تموز ٢٠١٥، 1:20 م").isoformat()
    '2015-07-23T13:20:00+00:00'
    >>> parse_date("Thu, 23 Jul 2015 13:20:30 +0300").isoformat()
    '2015-07-23T10:20:30+00:00'
    >>> parse_date("7 شوال 1436هـ").date().isoformat()
    '2015-07-23'
    >>> print(parse_date("yesterday"))
    None
    """
    try:
        if type(value) is str:
            if value[4:5] == "-":
                try:
                    moment = datetime.fromisoformat(value)
                except ValueError:
                    pass
                else:
                    if moment.year >= _EARLIEST and not (
                        moment.microsecond and value[13:14] == "."
                    ):  # 10.30 is no 10:00:00.3
                        is_utc = moment.tzinfo is UTC and moment.year <= _LATEST
                        return moment if is_utc else _plausible(moment, zone)
            return _from_words(value, _rules(month_first, serials, zone, now)) if len(value) <= _LONGEST else None
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, datetime):
            return _plausible(value, zone)
        if isinstance(value, date):
            return _plausible(datetime(value.year, value.month, value.day), None)
        if isinstance(value, int | float):
            return _from_number(value, _rules(month_first, serials, zone, now))
        if isinstance(value, Mapping):  # MongoDB's {"$date": …}
            return parse_date(value.get("$date", value.get("$numberLong")), month_first, serials, zone, now)
        if isinstance(value, str | bytes):
            words = str(value) if isinstance(value, str) else value.decode()
            return _from_words(words, _rules(month_first, serials, zone, now)) if len(words) <= _LONGEST else None
        return None
    except (ValueError, OverflowError, RecursionError):
        return None


def zone_from(zone: str | tzinfo | None) -> tzinfo | None:
    """The zone of a name such as "Asia/Riyadh", or of an offset such as "+03:00".

    Raises:
        InputError: there is none of that name.

    >>> zone_from("+03:00").utcoffset(None)
    datetime.timedelta(seconds=10800)
    """
    if zone is None or isinstance(zone, tzinfo):
        return zone
    if found := _OFFSET.fullmatch(zone.strip()):
        shift = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(shift if found[1] == "+" else -shift)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(zone.strip())
    except (KeyError, ValueError, OSError):  # KeyError: ZoneInfoNotFoundError
        meant = zone_meant(zone)
        raise InputError(
            f"timezone {zone!r} is not known; cure: {f'did you mean {meant!r}? ' if meant else ''}a name such as Asia/Riyadh"
            " or Africa/Cairo, or an offset such as +03:00"
        ) from None


def on_clock(moment: datetime, zone: tzinfo | None) -> datetime | str:
    """A point in time as the clock of a zone tells it, with its offset; a day without an hour stays that day.

    >>> on_clock(datetime(2025, 3, 4, 6, 30, tzinfo=UTC), zone_from("+03:00")).isoformat()
    '2025-03-04T09:30:00+03:00'
    >>> on_clock(datetime(2025, 3, 4, tzinfo=UTC), zone_from("+03:00"))
    '2025-03-04'
    """
    if zone is None:
        return moment
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    utc = moment.astimezone(UTC)
    return moment.astimezone(zone) if utc.hour or utc.minute or utc.second else f"{utc:%Y-%m-%d}"


def is_relative_date(value: Any) -> bool:
    """Whether a date is told from the day of its reading.

    >>> is_relative_date("منذ ساعتين"), is_relative_date("2015-07-23")
    (True, False)
    """
    return isinstance(value, str) and len(value) <= _LONGEST and is_relative(value.translate(LETTERS).strip().lower())


def dates_month_first(values: Iterable[Any]) -> bool:
    """Whether a column writes the month before the day: some value can only be read so, none only the other way.

    >>> dates_month_first(["04/11/2016", "04/25/2016"]), dates_month_first(["04/11/2016"])
    (True, False)
    """
    orders = {_order(value) for value in values if isinstance(value, str)}
    return "month" in orders and "day" not in orders


def _order(value: str) -> str:
    """What a date in numbers must begin with, "day" or "month"; "" where it may be either, or no such date."""
    rest, _ = _without_hijri(value[:200].translate(LETTERS).lower())
    for part in _parts(rest):
        bare = _CLOCK.sub(" ", part)
        if not _YEAR_FIRST.search(bare) and (match := _year_last(bare)):
            first, second = int(match[1]), int(match[3])
            return "month" if first <= 12 < second <= 31 else "day" if second <= 12 < first <= 31 else ""
    return ""


def _plausible(moment: datetime, zone: tzinfo | None) -> datetime | None:
    """The moment in UTC; None in years that no feed means. Midnight without a zone is a day, not an hour: it stays."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    elif zone is None or not (moment.hour or moment.minute or moment.second):
        moment = moment.replace(tzinfo=UTC)
    else:
        moment = moment.replace(tzinfo=zone).astimezone(UTC)
    return moment if _EARLIEST <= moment.year <= _LATEST else None


def _from_number(number: int | float, rules: _Rules) -> datetime | None:
    if 19_700_101 <= number <= 21_001_231 and number == int(number):  # 20150723
        return _plausible(datetime.strptime(str(int(number)), "%Y%m%d"), None)
    if rules.serials and _SERIALS[0] <= number <= _SERIALS[1]:
        return _plausible(_SERIAL_ZERO + timedelta(seconds=round(number * 86_400)), rules.zone)
    if not 1e8 <= number < 1e20:  # zero and small numbers mean "missing", not the early 1970s
        return None
    while number >= 1e11:
        number /= 1000
    return _plausible(_EPOCH + timedelta(seconds=number), None)


@lru_cache(maxsize=4096)  # the articles of a day share it
def _from_words(s: str, rules: _Rules) -> datetime | None:
    if found := _RFC_822.fullmatch(s):
        return _from_rfc_822(found, rules)
    if found := _NUMBERS.fullmatch(s):
        day, month = _in_order(int(found[1]), int(found[3]), rules.month_first)
        clock = (int(found[5] or 0), int(found[6] or 0), min(int(found[7] or 0), 59))
        if (year := int(found[4])) >= _EARLIEST and clock[0] < 24:
            return _plausible(datetime(year, month, day, *clock), rules.zone)
    s = s.translate(LETTERS).strip().lower()
    if not s:
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", s, re.ASCII):
        if len(s) == 14 or (len(s) == 12 and s[:2] in ("19", "20") and "." not in s):
            return _plausible(datetime.strptime(s, "%Y%m%d%H%M%S" if len(s) == 14 else "%Y%m%d%H%M"), rules.zone)
        return _from_number(float(s) if "." in s else int(s), rules)
    if found := _COMPACT.fullmatch(s):
        text = f"{found[1]}T{found[2]}{found[3]}{found[4] or '00'}{(found[5] or '').upper()}"
        return _plausible(datetime.fromisoformat(text), rules.zone)
    rest, hijri = _without_hijri(s)
    moment = _from_parts(rest, rules)
    if moment is None and (bare := without_ago(rest)) != rest:
        moment = _from_parts(bare, rules)
    if moment is not None:
        return moment
    if hijri is not None:
        return _with_clock(hijri, _clock_in(rest), rest, rules)
    if rules.now is not None and (ago := time_ago(s, rules.now.astimezone(rules.zone or UTC))):
        moment, rest = ago
        return _with_clock(moment, _clock_in(rest), rest, rules) if moment.tzinfo is None else _plausible(moment, None)
    return None


def _without_hijri(s: str) -> tuple[str, datetime | None]:
    """A folded date without its Hijri part, and the day which that part names, None where it names none."""
    day: datetime | None = None
    if not _MAYBE_HIJRI.search(s):
        return s, None
    for pattern in _HIJRI:
        while found := pattern.search(s):
            if day is None and found["y"]:
                named = not found["m"].isdigit()
                day = _gregorian(int(found["y"]), hijri_month(found["m"]) if named else int(found["m"]), int(found["d"]),
                                 named or found[0].endswith("ه"))  # fmt: skip
            s = f"{s[: found.start()]} | {s[found.end() :]}"
    return s, day


def _gregorian(year: int, month: int, day: int, is_marked: bool) -> datetime | None:
    """The day of a Hijri one; None where there is none. Numbers alone must be of years that feeds have."""
    if year not in (_HIJRI_YEARS if is_marked else _BARE_HIJRI_YEARS):
        return None
    from hijridate import Hijri

    try:
        found = Hijri(year, month, day).to_gregorian()
    except (ValueError, OverflowError):
        return None
    return datetime(found.year, found.month, found.day)


def _parts(s: str) -> Iterator[str]:
    """The parts of a folded date, one a calendar, without those of the Hijri one."""
    for part in re.split(r"الموافق|\|", s):
        if not _HIJRI_REST.search(part):
            yield part.strip()


def _from_parts(s: str, rules: _Rules) -> datetime | None:
    return next((moment for part in _parts(s) if (moment := _from_part(part, s, rules))), None)


def _from_part(s: str, beside: str, rules: _Rules) -> datetime | None:
    """The moment that a part of a folded date tells; its clock may stand in another part."""
    if s[4:5] == "-" and s[13:14] != ".":
        try:
            return _plausible(datetime.fromisoformat(s), rules.zone)
        except ValueError:
            pass
    clock = _clock_in(s)
    day = _day(f"{s[: clock.start()]} {s[clock.end() :]}" if clock else s, rules.month_first)
    if day is None:
        return None
    if clock is None and beside != s:
        clock, s = _clock_in(beside), beside
    return _with_clock(day, clock, s, rules)


def _clock_in(s: str) -> re.Match[str] | None:
    """Where the clock of a folded date stands: 8:15, else 08.15, else 8 مساء."""
    if found := _CLOCK.search(s):
        return found
    for found in _BARE_CLOCK.finditer(s):
        if int(found[1]) < 24 and int(found[2]) < 60:
            return found
    return _HOUR.search(s)


def _with_clock(day: datetime, clock: re.Match[str] | None, s: str, rules: _Rules) -> datetime | None:
    """A day at the clock that was found in a folded date, in its zone; the day alone where none was."""
    if clock is None:
        return _plausible(day, None)
    parts = clock.groups()
    is_whole = clock.re is _CLOCK
    hour = int(parts[0])
    minute = 0 if clock.re is _HOUR else int(parts[1])
    second = int(parts[2] or 0) if is_whole else 0
    half = (parts[3] if is_whole else parts[-1]) or ""
    if half:
        if not 1 <= hour <= 12:
            half = ""  # "14:30 م": the mark adds nothing
        elif half[0] in "صa":
            hour %= 12
        else:  # مساء, ظهرا, م, pm
            hour = hour % 12 + 12
    if (hour, minute) == (24, 0):
        return _plausible(day + timedelta(days=1), None)
    moment = day.replace(hour=hour, minute=minute, second=min(second, 59))
    place = OF_PLACE.search(s) or ZONE_OF_TABLE.search(s)
    zone = zone_named(place[1]) if place else None
    if is_whole and parts[5] and int(parts[6]) <= 14:
        shift = timedelta(hours=int(parts[6]), minutes=int(parts[7] or 0))
        zone = timezone(shift if parts[5] == "+" else -shift)
    elif is_whole and parts[4]:
        zone = zone_named(parts[4])
    if zone is not None:
        return _plausible(moment.replace(tzinfo=zone), None)
    return _plausible(moment, rules.zone)


def _year_last(s: str) -> re.Match[str] | None:
    return _YEAR_LAST.search(s) or _SHORT.search(s)


def _in_order(first: int, second: int, month_first: bool) -> tuple[int, int]:
    """Day and month of the first two numbers of a date whose year stands last."""
    return (second, first) if second > 12 >= first or (month_first and first <= 12) else (first, second)


def _from_rfc_822(found: re.Match[str], rules: _Rules) -> datetime | None:
    month = MONTH_OF[found[2].lower()]
    moment = datetime(int(found[3]), month, int(found[1]), int(found[4]), int(found[5]), min(int(found[6] or 0), 59))
    if not found[8]:
        return _plausible(moment.replace(tzinfo=UTC) if found[7] else moment, rules.zone)
    shift = timedelta(hours=int(found[9]), minutes=int(found[10]))
    return _plausible(moment.replace(tzinfo=timezone(shift if found[8] == "+" else -shift)), None)


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else int(digits) + (2000 if int(digits) < _CENTURY else 1900)


def _day(s: str, month_first: bool) -> datetime | None:
    """The day that a date without its clock names: year first, year last, or a month's name."""
    if match := _YEAR_FIRST.search(s):
        return datetime(int(match[1]), int(match[3]), int(match[4]))
    if match := _year_last(s):
        day, month = _in_order(int(match[1]), int(match[3]), month_first)
        return datetime(_year(match[4]), month, day)
    if match := _NAMED.search(s):
        return datetime(_year(match[3]), MONTH_OF[" ".join(match[2].split())], int(match[1]))
    months = {MONTH_OF[" ".join(name.split())] for name in _MONTH.findall(s)}
    numbers = re.findall(r"\d+", s)
    years = [n for n in numbers if len(n) == 4]
    days = [n for n in numbers if len(n) <= 2]
    if len(months) != 1 or len(years) != 1 or len(days) != 1:
        return None
    return datetime(int(years[0]), months.pop(), int(days[0]))
