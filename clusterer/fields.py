"""From one row of a feed to one `Article`: names of fields, stray HTML, dates.

Finds the columns that hold text, title, date, source, url and id under the names that feeds use, in English
and Arabic; takes HTML out of texts; reads dates as newsrooms write them (ISO, RFC 822, epochs, both Arabic
month traditions) and as Excel does (two digits of a year, serial days).

Does not read files, does not normalise Arabic (letters, marks and digits of texts stay as they came), does not
convert Hijri dates (they are unreadable: None), never guesses a zone (a date without one is UTC).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from clusterer.errors import ClustererError, InputError
from clusterer.records import Article

FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "text": (
        "text", "content", "body", "article", "article_body", "articlebody", "article_text", "full_text",
        "fulltext", "maintext", "main_text", "content_text", "content_html", "description", "summary",
        "body_text", "النص", "نص", "المحتوى", "محتوى", "نص_الخبر", "متن_الخبر", "نص_المقال", "الخبر", "المقال",
        "المتن", "محتوى_الخبر", "نص_المقالة", "التفاصيل", "الوصف", "الملخص", "story",
    ),
    "title": (
        "title", "headline", "head", "heading", "article_title",
        "العنوان", "عنوان", "عنوان_الخبر", "عنوان_المقال",
    ),
    "date": (
        "date", "published", "pubdate", "pub_date", "published_at", "publishedat", "publish_date", "datetime",
        "timestamp", "created_at", "date_published", "datepublished", "date_publish", "publication_date",
        "date_extracted", "updated", "updated_at",
        "التاريخ", "تاريخ", "تاريخ_النشر", "تاريخ_الخبر", "وقت_النشر",
    ),
    "source": (
        "source", "outlet", "publisher", "newspaper", "site", "site_name", "source_name", "domain",
        "source_domain", "المصدر", "مصدر", "الصحيفة", "الجريدة", "الموقع", "اسم_المصدر", "الوكالة", "القناة",
        "channel", "media",
    ),
    "url": ("url", "link", "href", "permalink", "الرابط", "رابط", "رابط_الخبر"),
    "id": ("id", "_id", "uuid", "guid", "article_id", "doc_id", "docid", "المعرف", "الرقم", "رقم_الخبر"),
}  # fmt: skip
"""Article attribute to the usual column names, in order of preference; compared by `column_key`."""
_MARKS = {0x640, *range(0x64B, 0x653), 0x670, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF}
_NO_MARKS: dict[int, None] = dict.fromkeys({*_MARKS, *range(0x2066, 0x206A)})  # tatweel, diacritics, marks of direction


class RowError(ClustererError, ValueError):
    """One row cannot be an article. Its message is the reason in the quarantine file; the run goes on."""


def column_key(name: str) -> str:
    """The form in which column names are compared: case, outer spaces, `-` or `_`, diacritics, tatweel do not matter."""
    return name.translate(_NO_MARKS).strip().casefold().replace("-", "_").replace(" ", "_")


def article_from(row: Mapping[str, Any], fields: Mapping[str, str] | None = None) -> Article:
    """One row as an article.

    Args:
        row: column names to values.
        fields: article attribute to column name, where the usual names (`FIELD_NAMES`) do not fit.

    Raises:
        RowError: the row cannot be an article; the message says why.
        InputError: `fields` names an attribute that articles do not have.
    """
    return _shared_map(tuple(sorted(fields.items())) if fields else ())(row)


class FieldMap:
    """Turns rows into articles, resolving the columns once for every distinct tuple of column names.

    Attributes:
        unreadable_dates: rows so far whose date was there, not empty, and unreadable.
        first_unreadable: the first of these dates, as it came; None before one.
        month_first: whether days like 04/11/2016 are read month first; a reader that has seen the column decides.
    """

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        """Take the explicit column names; attributes that are not in `fields` are found by `FIELD_NAMES`."""
        self.unreadable_dates = 0
        self.first_unreadable: Any = None
        self.month_first = False
        self._given = dict(fields or {})
        for attribute in self._given:
            if attribute not in FIELD_NAMES:
                raise InputError(
                    f"field {attribute!r} is not one that articles have; cure: use one of {', '.join(FIELD_NAMES)}"
                )
        self._plans: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}

    @property
    def read_as(self) -> dict[str, str] | None:
        """For each article attribute the column that it was read from, "" for none; None where rows differ in that."""
        found = {tuple(next(iter(columns), "") for columns in plan.values()) for plan in self._plans.values()}
        return dict(zip(FIELD_NAMES, found.pop(), strict=True)) if len(found) == 1 else None

    def columns(self, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]] = ()) -> dict[str, tuple[str, ...]]:
        """For each article attribute the columns among `names` that may hold it, the preferred one first.

        Args:
            names: of the columns.
            rows: some of what is in them, for the cure to propose a column.

        Raises:
            RowError: none of them holds text.
        """
        if {"story", "copy", "exact", "representative"} <= set(names):
            raise RowError("this is a result of clusterer, not an article; cure: name the feed instead")
        by_key: dict[str, str] = {}
        for name in names:
            if isinstance(name, str):
                by_key.setdefault(column_key(name), name)
        plan: dict[str, tuple[str, ...]] = {}
        for attribute, usual in FIELD_NAMES.items():
            given = self._given.get(attribute)
            if given is None:
                plan[attribute] = tuple(by_key[key] for key in usual if key in by_key)
            elif given in names:
                plan[attribute] = (given,)
            else:
                plan[attribute] = tuple(by_key[key] for key in (column_key(given),) if key in by_key)
        if not plan["text"]:
            given = self._given.get("text")
            wanted = repr(given) if given else f"one of {', '.join(FIELD_NAMES['text'])}"
            found = ", ".join(str(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
            raise RowError(
                f"found columns: {found or '(none)'}; cure: --text-field {_likely_text(names, rows)}; "
                f"so far there is no text field; expected {wanted}"
            )
        return plan

    def check_header(
        self, names: tuple[str, ...], file: str, rows: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, tuple[str, ...]]:
        """Refuse a table whose header cannot feed articles; else its `columns`.

        Raises:
            InputError: no text column, or a column named in `fields` is not in the header.
        """
        try:
            plan = self.columns(names, rows)
        except RowError as error:
            raise InputError(f"{file}: {error}") from None
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
            raise RowError(f"the row is {_kind(row)}, not an object; cure: one JSON object a row")
        names = tuple(row)
        plan = self._plans.get(names)
        if plan is None:
            plan = self.columns(names, (row,))
            if len(self._plans) >= 1000:  # rows with ever new columns must not fill the memory
                self._plans.clear()
            self._plans[names] = plan
        text, title, when = _first(row, plan["text"]), _first(row, plan["title"]), _first(row, plan["date"])
        if type(text) is not str or type(title) is not str:
            title = _title(title)
            text = _text(text, title, plan["text"][0])
        if "\0" in text or "\0" in title:
            where = "text" if "\0" in text else "title"
            raise RowError(f"NUL character in the {where}; cure: remove it, the row was damaged on its way")
        url = _scalar(_first(row, plan["url"]))
        moment = parse_date(when, self.month_first, serials=True)
        if moment is None and when and (_scalar(when) or isinstance(when, list | dict)):
            self.unreadable_dates += 1
            if self.first_unreadable is None:
                self.first_unreadable = when
        return Article(
            clean_text(text),
            _scalar(_first(row, plan["id"])) or url,
            clean_text(title),
            self._source(row, plan["source"]),
            url,
            moment,
        )

    def _source(self, row: Mapping[str, Any], names: tuple[str, ...]) -> str:
        """Who printed it. A column `media` that nobody named may hold pictures: an address there is no source."""
        source = _scalar(_first(row, names))
        if source[:4] == "http" and column_key(names[-1]) == "media" and "source" not in self._given:
            return _scalar(_first(row, names[:-1]))
        return source


@lru_cache(maxsize=64)
def _shared_map(fields: tuple[tuple[str, str], ...]) -> FieldMap:
    return FieldMap(dict(fields))


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the first column that is not null."""
    for name in names:
        value = row[name]
        if value is not None:
            return value
    return None


def _likely_text(names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> str:
    """The column most likely meant as text, quoted for a shell: the longest strings, of no other usual name; else NAME."""
    taken = {name for attribute, usual in FIELD_NAMES.items() if attribute != "text" for name in usual}
    free = [name for name in names if isinstance(name, str) and name.strip() and column_key(name) not in taken]
    if not free:
        return "NAME"
    length = {name: sum(len(v) for row in rows if isinstance(v := row.get(name), str)) for name in free}
    return quoted(max(free, key=length.__getitem__))


def quoted(name: str) -> str:
    """A name as a shell takes it."""
    return "'" + name.replace("'", "'\\''") + "'"


def _missing(value: object) -> bool:
    """Whether a value stands for none: None, NaN as data frames and tables have it, pandas' NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # NA is neither true nor false
        return True
    except ValueError:  # an array
        return False


def _kind(value: object) -> str:
    """What a value is, in the words of JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return "a string" if isinstance(value, str) else f"a {type(value).__name__}"


def _title(value: Any) -> str:
    if isinstance(value, list | tuple | Mapping):
        raise RowError(f"title is {_kind(value)}, not a string; cure: write it as a string")
    return _scalar(value)


def _text(value: Any, title: str, name: str) -> str:
    if isinstance(value, str):
        return value
    if _missing(value):
        if title:
            return ""
        raise RowError(f"text (column {name!r}) is null and there is no title; cure: give the row one of them")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise RowError(f"text (column {name!r}) is not valid UTF-8 at byte {error.start + 1}") from None
    raise RowError(f"text (column {name!r}) is {_kind(value)}, not a string; cure: --text-field NAME")


def _scalar(value: Any) -> str:
    """A short field as a string; "" for what is missing, a list, or an object (save the well-known ones)."""
    if type(value) is str:
        return value.strip()
    if _missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, Mapping):  # MongoDB's {"$oid": …}, NewsAPI's {"id": …, "name": …}
        for name in ("$oid", "name", "title", "url"):
            if isinstance(value.get(name), str):
                return str(value[name]).strip()
    return "" if isinstance(value, list | tuple | Mapping) else str(value)


# --- text --------------------------------------------------------------------------------------------------

_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details",
        "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
        "h4", "h5", "h6", "head", "header", "hr", "html", "legend", "li", "main", "nav", "ol", "option",
        "p", "pre", "section", "select", "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
        "video", "audio", "iframe",
    }
)  # fmt: skip
_TAG = re.compile(
    r"""</?([A-Za-z][A-Za-z0-9]*+(?::[A-Za-z]++)?+)(?=[\s/>])(?:(?:"[^"<]*+"|'[^'<]*+'|[^<>"'])*+>|[^<>]*+>)"""
    r"|<!(?:\[CDATA\[|[A-Za-z][^<>]*+>)|<\?[A-Za-z][^<>]*+>|\]\]>"
)
_HIDDEN = (
    (re.compile(r"<!--"), re.compile(r"-->"), ""),
    (re.compile(r"<script\b[^<>]*>", re.I), re.compile(r"</script\s*>", re.I), "\n"),
    (re.compile(r"<style\b[^<>]*>", re.I), re.compile(r"</style\s*>", re.I), "\n"),
)
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};|(?:nbsp|quot|amp|lt|gt)(?![A-Za-z0-9=;]))"
)
_BLANK_LINES = re.compile(r"[ \t]*\n\s*")


def clean_text(s: str) -> str:
    """A text without HTML: entities decoded, tags out (block tags end a line), script and style dropped.

    "a < b" and "<3" stay. Line ends become "\\n". A text without "<", "&" and "\\r" comes back as it is.
    """
    if "<" in s:
        s = _without_tags(s)
    if "&" in s:
        s = _ENTITY.sub(_decode, s)
        if "<" in s:  # HTML that was escaped on its way
            s = _without_tags(s)
    if "\r" in s:
        s = s.replace("\r\n", "\n").replace("\r", "\n")
    return s


def _decode(match: re.Match[str]) -> str:
    """The character of an entity; NUL and other characters that HTML forbids become U+FFFD or nothing."""
    return html.unescape(match[0] if match[0].endswith(";") else match[0] + ";")


def _without_tags(s: str) -> str:
    bare = s
    for opening, closing, instead in _HIDDEN:
        bare = _without_hidden(bare, opening, closing, instead)
    bare = _TAG.sub(_tag, bare)
    return s if bare == s else _BLANK_LINES.sub("\n", bare).strip()


def _without_hidden(s: str, opening: re.Pattern[str], closing: re.Pattern[str], instead: str) -> str:
    """Drop what stands between two marks. One walk; an opening mark that is never closed hides nothing."""
    kept, at = [], 0
    while (start := opening.search(s, at)) and (end := closing.search(s, start.end())):
        kept.append(s[at : start.start()])
        at = end.end()
    return instead.join([*kept, s[at:]]) if kept else s


def _tag(match: re.Match[str]) -> str:
    name = (match[1] or "").lower()
    return "\n" if name in _BLOCKS else " " if name in ("td", "th") else ""


# --- dates -------------------------------------------------------------------------------------------------

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
    """Whether a column writes the month before the day: some value can only be read so, none only the other way."""
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
