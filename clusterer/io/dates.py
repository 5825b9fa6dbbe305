"""Moments from what feeds write into date fields: ISO, RFC 822, epochs, both Arabic month traditions, Excel.

Hijri dates are not converted: they are unreadable, None. No zone is guessed: a date without one is UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

_MARKS = {0x640, *range(0x64B, 0x653), 0x670, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF}
_NO_MARKS: dict[int, None] = dict.fromkeys({*_MARKS, *range(0x2066, 0x206A)})  # tatweel, diacritics, marks of direction

_MONTHS = (
    "يناير|كانون الثاني|جانفي|january|jan",
    "فبراير|شباط|فيفري|february|feb",
    "مارس|اذار|march|mar",
    "ابريل|نيسان|افريل|april|apr",
    "مايو|ايار|ماي|مايس|may",
    "يونيو|يونيه|حزيران|جوان|june|jun",
    "يوليو|يوليه|تموز|جويليه|يوليوز|july|jul",
    "اغسطس|اب|اوت|غشت|august|aug",
    "سبتمبر|ايلول|شتنبر|september|sept|sep",
    "اكتوبر|تشرين الاول|october|oct",
    "نوفمبر|تشرين الثاني|نونبر|november|nov",
    "ديسمبر|كانون الاول|دجنبر|december|dec",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
_MONTH = re.compile(r"(?<![^\W\d_])(?:" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")(?![^\W\d_])")
_HIJRI_MONTH = re.compile(
    r"محرم|صفر|ربيع (?:ال)?(?:اول|اخر|ثاني)|جماد[يه] |رجب|شعبان|رمضان|شوال|ذ[وي] (?:ال)?(?:قعده|حجه)"
)
_HIJRI_YEAR = re.compile(r"\d\s*ه(?!\w)|\d\s*هجري")
_LETTERS = str.maketrans(
    {
        **{chr(zero + i): str(i) for zero in (0x660, 0x6F0) for i in range(10)},
        **dict.fromkeys("أإآٱ", "ا"),
        "ى": "ي",
        "ة": "ه",
        "ی": "ي",
        "ک": "ك",
        **dict.fromkeys("،,\u00a0\u202f", " "),
    }
    | _NO_MARKS
)
_CLOCK = re.compile(
    r"(?<!\d)(?:t\s*)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(صباحا|مساء|ظهرا|ص|م|[ap]\.?m\b\.?)?(?!\w)"
    r"\s*(?:(?:utc|gmt|z)?\s*([+-])(\d{1,2}):?(\d{2})?(?!\d))?"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})(?!\d)")
_SHORT = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2})", re.ASCII)  # Excel: 4/25/16
_SHORT_NAMED = re.compile(r"(\d{1,2})-([^\W\d_]+(?: [^\W\d_]+)?)-(\d{2})")  # Excel: 11-Apr-16
_CENTURY = 69  # two digits of a year below it are of this century
_SERIALS = (20_000, 60_000)  # Excel: days since
_SERIAL_ZERO = datetime(1899, 12, 30)
_EARLIEST, _LATEST = 1970, 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_date(value: Any, month_first: bool = False, serials: bool = False) -> datetime | None:
    """A moment in UTC from what feeds put into date fields; None where it is unreadable. Never raises.

    Reads ISO 8601, RFC 822, epoch seconds, milli-, micro- and nanoseconds (numbers or digits), `datetime` and
    `date`, day/month/year and year/month/day, English and Arabic month names (يناير, كانون الثاني, جانفي), digits
    of all three scripts, ص/م clocks, Excel's 25/4/16 and 25-Apr-16 (two digits of a year: 1969 to 2068). Without a
    zone: UTC. Years outside 1970 to 2100 are implausible: None.

    Args:
        value: as it came.
        month_first: 04/11/2016 is the eleventh of April. What can only be read the other way is, in both orders.
        serials: numbers of 20000 to 60000 are Excel's days since 1899-12-30, 42485.5 the noon of 2016-04-25.

    >>> parse_date("٢٣ تموز ٢٠١٥، 1:20 م").isoformat()
    '2015-07-23T13:20:00+00:00'
    >>> parse_date("Thu, 23 Jul 2015 13:20:30 +0300").isoformat()
    '2015-07-23T10:20:30+00:00'
    >>> print(parse_date("yesterday"))
    None
    """
    try:
        if type(value) is str:
            if value[4:5] == "-":
                try:
                    return _plausible(datetime.fromisoformat(value))
                except ValueError:
                    pass
            return _from_words(value, month_first, serials)
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, datetime):
            return _plausible(value)
        if isinstance(value, date):
            return _plausible(datetime(value.year, value.month, value.day))
        if isinstance(value, int | float):
            return _from_number(value, serials)
        if isinstance(value, Mapping):  # MongoDB's {"$date": …}
            return parse_date(value.get("$date", value.get("$numberLong")), month_first, serials)
        if isinstance(value, str | bytes):
            return _from_words(str(value) if isinstance(value, str) else value.decode(), month_first, serials)
        return None
    except (ValueError, OverflowError, RecursionError):
        return None


def dates_month_first(values: Iterable[str]) -> bool:
    """Whether a column writes the month before the day: some value can only be read so, none only the other way.

    >>> dates_month_first(["04/11/2016", "04/25/2016"]), dates_month_first(["04/11/2016"])
    (True, False)
    """
    orders = {_order(value) for value in values}
    return "month" in orders and "day" not in orders


def _order(value: str) -> str:
    """What a date in numbers must begin with, "day" or "month"; "" where it may be either, or no such date."""
    for part in _parts(value[:200].translate(_LETTERS).lower()):
        bare = _CLOCK.sub(" ", part)
        if not _YEAR_FIRST.search(bare) and (match := _year_last(bare)):
            first, second = int(match[1]), int(match[2])
            return "month" if first <= 12 < second <= 31 else "day" if second <= 12 < first <= 31 else ""
    return ""


def _plausible(moment: datetime) -> datetime | None:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment if _EARLIEST <= moment.year <= _LATEST else None


def _from_number(number: int | float, serials: bool) -> datetime | None:
    if 19_700_101 <= number <= 21_001_231 and number == int(number):  # 20150723
        return _plausible(datetime.strptime(str(int(number)), "%Y%m%d"))
    if serials and _SERIALS[0] <= number <= _SERIALS[1]:
        return _plausible(_SERIAL_ZERO + timedelta(seconds=round(number * 86_400)))
    if not 1e8 <= number < 1e20:  # zero and small numbers mean "missing", not the early 1970s
        return None
    while number >= 1e11:
        number /= 1000
    return _plausible(_EPOCH + timedelta(seconds=number))


def _from_words(s: str, month_first: bool, serials: bool) -> datetime | None:
    if len(s) > 200:
        return None
    s = s.translate(_LETTERS).strip().lower()
    if not s:
        return None
    if re.fullmatch(r"\d+(?:\.\d+)?", s, re.ASCII):
        if len(s) == 14:
            return _plausible(datetime.strptime(s, "%Y%m%d%H%M%S"))
        return _from_number(float(s) if "." in s else int(s), serials)
    for part in _parts(s):
        if moment := _from_part(part, month_first):
            return moment
    return None


def _parts(s: str) -> Iterator[str]:
    """The parts of a date whose letters are folded, one a calendar, without those of the Hijri one."""
    for part in re.split(r"الموافق|\|", s):
        if not (_HIJRI_YEAR.search(part) or _HIJRI_MONTH.search(part)):
            yield part.strip()


def _from_part(s: str, month_first: bool) -> datetime | None:
    if s[4:5] == "-":
        try:
            return _plausible(datetime.fromisoformat(s))
        except ValueError:
            pass
    if re.match(r"(?:[a-z]{3} +)?\d{1,2} +[a-z]{3} +\d{4} +\d", s):
        from email.utils import parsedate_to_datetime

        try:
            return _plausible(parsedate_to_datetime(s))
        except (ValueError, TypeError, IndexError):  # what the parser lets through differs by Python version
            pass
    clock = _CLOCK.search(s)
    rest = f"{s[: clock.start()]} {s[clock.end() :]}" if clock else s
    day = _day(rest, month_first)
    if day is None or clock is None:
        return None if day is None else _plausible(day)
    hour, minute, second = (int(part or 0) for part in clock.group(1, 2, 3))
    half = clock[4] or ""
    if half:
        if not 1 <= hour <= 12:
            half = ""  # "14:30 م": the mark adds nothing
        elif half[0] in "صa":
            hour %= 12
        else:  # مساء, ظهرا, م, pm
            hour = hour % 12 + 12
    moment = day.replace(hour=hour, minute=minute, second=min(second, 59), tzinfo=UTC)
    if clock[5]:
        shift = timedelta(hours=int(clock[6]), minutes=int(clock[7] or 0))
        moment += -shift if clock[5] == "+" else shift
    return _plausible(moment)


def _year_last(s: str) -> re.Match[str] | None:
    return _YEAR_LAST.search(s) or _SHORT.fullmatch(s.strip())


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else int(digits) + (2000 if int(digits) < _CENTURY else 1900)


def _day(s: str, month_first: bool) -> datetime | None:
    """The day that a date without its clock names: year first, year last, or a month's name."""
    if match := _YEAR_FIRST.search(s):
        year, month, day = map(int, match.groups())
        return datetime(year, month, day)
    if match := _year_last(s):
        day, month = int(match[1]), int(match[2])
        if month > 12 >= day or (month_first and day <= 12):
            day, month = month, day
        return datetime(_year(match[3]), month, day)
    if (match := _SHORT_NAMED.fullmatch(s.strip())) and match[2] in _MONTH_OF:
        return datetime(_year(match[3]), _MONTH_OF[match[2]], int(match[1]))
    months = {_MONTH_OF[name] for name in _MONTH.findall(s)}
    numbers = re.findall(r"\d+", s)
    years = [n for n in numbers if len(n) == 4]
    days = [n for n in numbers if len(n) <= 2]
    if len(months) != 1 or len(years) != 1 or len(days) != 1:
        return None
    return datetime(int(years[0]), months.pop(), int(days[0]))
