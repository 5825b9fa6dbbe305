"""Messages: what a page says, as key and values, worded in Arabic or English by one table (`messages.json`).

Plurals are those of CLDR (Arabic: zero, one, two, few, many, other), digits, months and lists those of the language. Says
nothing of where a message is shown. `report/templates/page.js` words the same table in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

Language = Literal["ar", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_FIELD = re.compile(r"\{(\w+)(?::([^}]+))?\}")
_DIGITS = str.maketrans("0123456789,.%", "٠١٢٣٤٥٦٧٨٩٬٫٪")
_LETTER = re.compile(r"([ء-ي])|([A-Za-z])")
_LOOK = 400  # letters of a text that tell its language


class Message(NamedTuple):
    """Something to say.

    Attributes:
        key: of the table.
        values: by the names in its text: text, numbers, dates as ISO 8601, messages, or lists of these. ``n`` chooses the plural.
    """

    key: str
    values: Mapping[str, Any]


def message(key: str, **values: Any) -> Message:
    """Return a message."""
    return Message(key, values)


@lru_cache(maxsize=1)
def table() -> dict[str, dict[Language, str | dict[str, str]]]:
    """Return every message in both languages: its text, or its text by plural category."""
    loaded: dict[str, dict[Language, str | dict[str, str]]] = json.loads(
        files("clusterer").joinpath("messages.json").read_text("utf-8")
    )
    return loaded


def worded(said: Message, language: Language = "en", isolate: bool = False) -> str:
    """Return a message in words.

    Args:
        said: the message.
        language: to say it in.
        isolate: whether text among the values is set apart from the direction of the words around it (Unicode's FSI and PDI).

    Example:
        >>> worded(message("n.articles", n=2)), worded(message("n.articles", n=11), "ar")
        ('2 articles', '١١ خبرًا')
    """
    text = table()[said.key][language]
    if isinstance(text, dict):
        text = text.get(plural(said.values["n"], language), text["other"])

    def filled(found: re.Match[str]) -> str:
        return _told(said.values[found[1]], found[2] or "", language, isolate)

    return _FIELD.sub(filled, text)


def plain(value: Any) -> Any:
    """Return a message, and what is in it, as dicts and lists: what a page words anew."""
    if isinstance(value, Message):
        return {"key": value.key, "values": {name: plain(x) for name, x in value.values.items()}}
    return [plain(x) for x in value] if isinstance(value, list | tuple) else value


def plural(n: int, language: Language) -> str:
    """Return the category of a number of things, by CLDR's rules for whole numbers."""
    if language == "en":
        return "one" if n == 1 else "other"
    if n in (0, 1, 2):
        return ("zero", "one", "two")[n]
    return "few" if 3 <= n % 100 <= 10 else "many" if 11 <= n % 100 <= 99 else "other"


def language_of(texts: Iterable[str]) -> Language:
    """Return the language of most texts, by the letters of their beginnings; Arabic where there are as many of both, or none."""
    votes = 0
    for text in texts:
        letters = _LETTER.findall(text[:_LOOK])
        arabic = sum(bool(letter) for letter, _ in letters)
        votes += (2 * arabic >= len(letters)) - (2 * arabic < len(letters)) if letters else 0
    return "ar" if votes >= 0 else "en"


def _told(value: Any, spec: str, language: Language, isolate: bool) -> str:
    if isinstance(value, Message):
        return worded(value, language, isolate)
    if isinstance(value, str):
        if spec in ("date", "day"):
            return _dated(value, spec, language)
        return f"\u2068{value}\u2069" if isolate else value
    if isinstance(value, Sequence):
        separator = table()["separator"][language]
        assert isinstance(separator, str)
        return separator.join(_told(one, spec, language, isolate) for one in value)
    return _numbered(value, spec, language)


def _numbered(value: float, spec: str, language: Language) -> str:
    if spec == "%":
        text = f"{min(99, round(value * 100)) if value < 1 else 100}%"
    elif spec == "g":
        text = f"{value:g}"
    elif spec:
        text = f"{value:+.{spec[1:]}f}" if spec[0] == "+" else f"{value:.{spec}f}"
    else:
        text = f"{value:,}"
    text = text.replace("-", "−") if language == "ar" else text
    return text.translate(_DIGITS) if language == "ar" else text


def _dated(stamp: str, spec: str, language: Language) -> str:
    """A month, a day, or a moment; midnight to the second, in UTC, is a day whose hour nobody told."""
    months = table()["months"][language]
    assert isinstance(months, str)
    parts = stamp[:10].split("-")
    name = months.split()[int(parts[1]) - 1]
    text = " ".join([*([str(int(parts[2]))] if len(parts) > 2 else []), name, parts[0]])
    if spec == "date" and len(stamp) > 10 and stamp[11:] not in ("00:00:00", "00:00:00Z"):
        text += f" {stamp[11:16]}"
    return text.translate(_DIGITS) if language == "ar" else text
