"""One cell of a row as text, title, or short string; and what cells say that means nothing.

Knows no columns: which cell is a row's text is the business of `columns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusterer.errors import ClustererError
from clusterer.io.nested import in_pieces

NOTHING = frozenset({
    "", "nan", "null", "none", "nil", "n/a", "#n/a", "na", "<na>", "nat", "\\n", "-", "--", "---", "—", "–", "...", "?",
    "undefined", "unknown", "(null)", "(none)", "[null]", "[removed]", "[deleted]", "[]", "{}",
    "غير معروف", "غير محدد", "لا يوجد", "مجهول",
})  # fmt: skip
"""Words, lower case, that tables and APIs put where there is nothing: a cell that holds one of them is empty."""
LONGEST = max(map(len, NOTHING)) + 2
"""Characters: what is longer says something."""
NO_IDS = frozenset({"", "nan", "NaN", "null", "NULL", "None", "\\N", "<NA>", "NaT"})
"""What programs write where there is no id."""
_NO_DATES = ("0000-", "0001-01-01", "1900-01-01", "1899-12-3", "1970-01-01", "9999-12-31")


class RowError(ClustererError, ValueError):
    """One row cannot be an article. Its message is the reason in the quarantine file; the run goes on."""


class NoText(RowError):
    """A row whose text is missing, and that has no title."""


class BlankRow(RowError):
    """A row that is no article and never meant to be one: it is counted as blank."""


def is_nothing(value: Any) -> bool:
    r"""Whether a cell holds nothing: null, NaN, no letters, an empty list, or a word that stands for nothing.

    >>> [is_nothing(value) for value in (" N/A ", "\\N", float("nan"), [], 0, "نص")]
    [True, True, True, True, False, False]
    """
    if type(value) is str:
        if len(value) > LONGEST:
            return value.isspace()
        return value.strip().lower() in NOTHING
    if isinstance(value, list | tuple | Mapping | str):
        return not value
    return missing(value)


def is_no_date(value: Any) -> bool:
    """Whether a date field holds what feeds write for no date: nothing, zero, the first or last day of a calendar.

    >>> [is_no_date(value) for value in ("0000-00-00 00:00:00", 0, "1970-01-01T00:00:00Z", "2016-04-17", "NaT")]
    [True, True, True, False, True]
    """
    if type(value) is str:
        return value.startswith(_NO_DATES) or value.strip() == "0" or is_nothing(value)
    return value == 0 if isinstance(value, int | float) and not missing(value) else is_nothing(value)


def first_filled(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the first of these columns that holds something; None where none does."""
    for name in names:
        value = row[name]
        if value is None:
            continue
        if type(value) is str:  # as `is_nothing`, without its call: every cell of a feed comes here
            if value.strip().lower() not in NOTHING if len(value) <= LONGEST else not value.isspace():
                return value
        elif not is_nothing(value):
            return value
    return None


def first_id(row: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these columns that holds an id; None where none does. An id may be any word but what programs write for none.

    >>> [first_id({"id": value}, ("id",)) for value in ("none", "NULL", "-", float("nan"))]
    ['none', None, '-', None]
    """
    for name in names:
        value = row[name]
        if type(value) is str:
            if value.strip() not in NO_IDS:
                return value
        elif not is_nothing(value):
            return value
    return None


def missing(value: object) -> bool:
    """Whether a value stands for none: None, NaN as data frames and tables have it, pandas' NA."""
    try:
        return value is None or bool(value != value)
    except TypeError:  # NA is neither true nor false
        return True
    except ValueError:  # an array
        return False


def kind(value: object) -> str:
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


def title_of(value: Any) -> str:
    """A title as a string; one in pieces as one line.

    Raises:
        RowError: it is a list or an object, and not of strings.
    """
    if isinstance(value, list | tuple | Mapping):
        if (text := in_pieces(value)) is not None:
            return " ".join(text.split())
        raise RowError(f"title is {kind(value)}, not a string; cure: write it as a string")
    return scalar(value)


def text_of(value: Any, name: str) -> str:
    """A text that is no plain string, as one.

    Raises:
        RowError: it is neither a string, nor pieces of one, nor bytes of UTF-8.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise RowError(
                f"text (column {name!r}) is not valid UTF-8 at byte {error.start + 1}; cure: mend the row"
            ) from None
    if isinstance(value, list | tuple | Mapping) and (text := in_pieces(value)) is not None:
        return text
    raise RowError(f"text (column {name!r}) is {kind(value)}, not a string; cure: --text-field NAME")


def scalar_text(value: Any) -> str:
    """What a cell holds as text, "" for no text: as `text_of`, where nothing is to be told of it."""
    if isinstance(value, list | tuple | Mapping):
        return in_pieces(value) or ""
    return value if isinstance(value, str) else ""


def scalar(value: Any) -> str:
    """A short field as a string; "" for what is missing, a list of several, or an object (save the well-known ones)."""
    if type(value) is str:
        return value.strip()
    if missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, Mapping):  # MongoDB's {"$oid": …}, NewsAPI's {"id": …, "name": …}
        for name in ("$oid", "$numberLong", "$uuid", "name", "title", "url", "href", "rendered"):
            if isinstance(value.get(name), str):
                return str(value[name]).strip()
    if isinstance(value, list | tuple) and len(value) == 1:  # Scrapy's
        return scalar(value[0])
    return "" if isinstance(value, list | tuple | Mapping) else str(value)
