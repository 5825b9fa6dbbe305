"""From one row of a feed to one `Article`: names of fields, stray HTML, dates.

Finds the columns that hold text, title, date, source, url and id under the names that feeds use, in English and Arabic;
takes HTML out of texts (`html`), reads dates (`dates`).

Does not read files, does not normalise Arabic: letters, marks and digits of texts stay as they came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from clusterer.articles import Article
from clusterer.errors import ClustererError, InputError
from clusterer.io.dates import _NO_MARKS, parse_date
from clusterer.io.html import clean_text

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


class RowError(ClustererError, ValueError):
    """One row cannot be an article. Its message is the reason in the quarantine file; the run goes on."""


def column_key(name: str) -> str:
    """The form in which column names are compared: case, outer spaces, `-` or `_`, diacritics, tatweel do not matter.

    >>> column_key(" Pub-Date ")
    'pub_date'
    """
    return name.translate(_NO_MARKS).strip().casefold().replace("-", "_").replace(" ", "_")


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
        columns_read = {tuple(next(iter(columns), "") for columns in plan.values()) for plan in self._plans.values()}
        return dict(zip(FIELD_NAMES, columns_read.pop(), strict=True)) if len(columns_read) == 1 else None

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
            present = ", ".join(str(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
            raise RowError(
                f"found columns: {present or '(none)'}; cure: --text-field {_likely_text(names, rows)}; "
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
