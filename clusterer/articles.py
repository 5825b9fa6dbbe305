"""An article, and how it is named and dated: ids for those without one, one rule for ids that are taken.

Reads nothing and compares nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zlib import crc32

import numpy as np

from clusterer.errors import InputError

_HEADING = 80  # letters
_DAY = 86_400.0  # seconds
_NO_TEXT: Any = None  # refused with a cure, where Python would give a bare TypeError


@dataclass(frozen=True, slots=True, init=False)
class Article:
    r"""One article of a feed.

    Attributes:
        text: the body as it came, lines separated by "\n". May be empty.
        id: the caller's name for it; "" lets the pipeline fall back to `url`, then to a hash of the content.
        title: the headline, or "".
        source: the outlet's name, or "".
        url: where it was found, or "".
        date: when it was published or crawled, timezone-aware (UTC), or None where unknown or unreadable.

    Examples:
        >>> Article("نص", url="https://www.example.org/news/1").outlet
        'example.org'
    """

    text: str
    id: str = ""
    title: str = ""
    source: str = ""
    url: str = ""
    date: datetime | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            text: str,
            id: str = "",
            title: str = "",
            source: str = "",
            url: str = "",
            date: datetime | None = None,
        ) -> None: ...
    else:  # two thirds of the time of what `dataclass` writes

        def __init__(
            self,
            text: str = _NO_TEXT,
            id: str = "",
            title: str = "",
            source: str = "",
            url: str = "",
            date: datetime | None = None,
        ) -> None:
            """Hold what an article is made of."""
            _SETTERS[0](self, text)
            _SETTERS[1](self, id)
            _SETTERS[2](self, title)
            _SETTERS[3](self, source)
            _SETTERS[4](self, url)
            _SETTERS[5](self, date)
            if not (date is None and type(text) is type(id) is type(title) is type(source) is type(url) is str):
                self.__post_init__()

    def __post_init__(self) -> None:
        """Make of values what the attributes hold: dates of texts and days, texts of numbers, "" of None.

        Raises:
            InputError: a text is none, or a date is no date.
        """
        if not (type(self.text) is type(self.id) is type(self.title) is type(self.source) is type(self.url) is str):
            for name in ("text", "id", "title", "source", "url"):
                object.__setattr__(self, name, _text(name, getattr(self, name)))
        if self.date is not None and type(self.date) is not datetime:
            object.__setattr__(self, "date", _moment(self.date))

    @property
    def outlet(self) -> str:
        """Who published it: the source, else the host of the URL without "www.", else ""."""
        return outlet_of(self.source, self.url)

    @property
    def heading(self) -> str:
        """What a list calls it: the title, else the first words of the text, up to 80 letters, with "…" where more follow."""
        if title := self.title.strip():
            return title
        words = " ".join(self.text[:400].split())
        return words if len(words) <= _HEADING else f"{words[:_HEADING].rpartition(' ')[0] or words[: _HEADING - 1]}…"

    @property
    def when(self) -> str:
        """Its date to the minute with its zone, "" without one; the day alone at midnight of UTC to the second, an hour not told.

        >>> Article("نص", date=datetime.fromisoformat("2016-04-17T00:00+03:00")).when
        '2016-04-17 00:00 UTC+03:00'
        """
        if self.date is None:
            return ""
        day = self.date.isoformat(" ", "minutes")
        if self.date.utcoffset():
            return f"{day[:16]} UTC{day[16:]}"
        return day[:10] if (self.date.hour, self.date.minute, self.date.second) == (0, 0, 0) else f"{day[:16]} UTC"


_SETTERS = [vars(Article)[field.name].__set__ for field in fields(Article)]


def _text(name: str, value: object) -> str:
    """A value of an article's attribute as a text."""
    if isinstance(value, str):
        return str(value)
    if value is None and name != "text":
        return ""
    if name == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InputError(f"{name} is {value!r:.80}; it must be a str; cure: Article(text=..., id=..., title=...)")


def _moment(value: object) -> datetime | None:
    """A date of another kind, such as a text in ISO form, as a point in time; None for a NaT."""
    if isinstance(value, datetime):  # pandas has points in time of its own kind, and a NaT that is one
        return value if value == value else None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        if not value.strip():
            return None
        with suppress(ValueError):
            moment = datetime.fromisoformat(value.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise InputError(
        f"date is {value!r:.80}; it must be a datetime, or a text such as 2025-03-02T12:00; cure: one of these, or a"
        " dict in place of the Article, whose dates are read in any usual form"
    )


def seconds(date: datetime | None) -> float:
    """Return seconds since 1970, +inf for None; a date without a zone is UTC, whatever the machine's own zone.

    Examples:
        >>> seconds(datetime(1970, 1, 2)), seconds(None)
        (86400.0, inf)
    """
    if date is None:
        return np.inf
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def latest(when: float) -> float:
    """The latest moment that a date can stand for, both in seconds since 1970: midnight to the second is any time of its day.

    Examples:
        >>> latest(86_400.0), latest(86_401.0)
        (172799.0, 86401.0)
    """
    return when if when % _DAY else when + _DAY - 1


def first_outlet(earliest: Mapping[str, float], opened: float) -> str | None:
    """Whose article is the earliest of a story.

    Args:
        earliest: of each outlet, "" where it is unknown, the date of its earliest article; inf where none has one.
        opened: by when the earliest article had come, see `latest`; inf where none has a date.

    Returns:
        None where that is not known: all are without a date, the earliest is without an outlet, or several may be it.

    Examples:
        >>> first_outlet({"وكالة": 7200.0, "صحيفة": 3600.0}, 3600.0)
        'صحيفة'
        >>> first_outlet({"وكالة": 7200.0, "صحيفة": 0.0}, 7200.0) is None
        True
    """
    early = [name for name, when in earliest.items() if when <= opened < np.inf]
    return (early[0] or None) if len(early) == 1 else None


def outlet_of(source: str, url: str) -> str:
    """Return who published an article of this source and URL: as `Article.outlet`."""
    if source or not url:
        return source
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def content_id(article: Article) -> str:
    """Return the id of an article that came without one: 16 hex digits of its content."""
    text = article.text.encode("utf-8", "surrogatepass")
    return content_id_of(article.source, article.date, article.title, text)


def content_id_of(source: str, date: datetime | None, title: str, text: bytes) -> str:
    """Return `content_id` of an article of these attributes, its text in UTF-8."""
    head = "\x1f".join((source, date.isoformat() if date else "", title, ""))
    return hashlib.blake2b(head.encode("utf-8", "surrogatepass") + text, digest_size=8).hexdigest()


def name_of(article: Article) -> str:
    """Return an article's id: its own, else its URL, else a hash of its content."""
    return article.id or article.url or content_id(article)


def tie(title: str, url: str) -> int:
    """Return what orders articles of one id, date, text and outlet: 32 bits of title and URL."""
    try:
        return crc32(title.encode(), crc32(url.encode()))
    except UnicodeEncodeError:  # half of a pair; rare, and naming the cure takes every text longer
        return tie_of(title.encode("utf-8", "surrogatepass"), url)


def tie_of(title: bytes | memoryview, url: str) -> int:
    """Return `tie` of a title in UTF-8 and an URL."""
    return crc32(title, crc32(url.encode("utf-8", "surrogatepass")) if url else 0)


def numbered_id(name: str, number: int) -> str:
    """Return the id of the so-manieth article of a name: the name itself, then "name#2", "name#3", ..."""
    return name if number == 1 else f"{name}#{number}"


def free_story_id(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return the id of a story that opens with an article of this id: its id, else "name#story2", "name#story3", ...

    No article gets an id of this form: a story "58#2" would read as that of the article "58#2", which may be in another one.

    Args:
        name: the id of its first article.
        is_taken: whether a story, or for all but the bare name another article, has an id.

    Examples:
        >>> free_story_id("58", {"58"}.__contains__)
        '58#story2'
    """
    return name if not is_taken(name) else next(id for n in count(2) if not is_taken(id := f"{name}#story{n}"))


def free_ids(name: str, is_taken: Callable[[str], bool]) -> Iterator[str]:
    """Yield the ids that articles of one name get, in turn: name, "name#2", "name#3", ... but for those taken.

    Every place that makes an id unique asks here: a run in memory, an index, a Spark job (by `nth_free_id`).

    Args:
        name: the id that several articles have.
        is_taken: whether another article has an id.

    Examples:
        >>> from itertools import islice
        >>> list(islice(free_ids("a", {"a", "a#3"}.__contains__), 2))
        ['a#2', 'a#4']
    """
    for number in count(1):
        if not is_taken(id := numbered_id(name, number)):
            yield id


def nth_free_id(name: str, turn: int, taken: Iterable[int]) -> str:
    """Return the id that `free_ids` gives the article whose turn it is, without counting up to it.

    Args:
        name: the id that several articles have.
        turn: 1 for the article that keeps the bare name, 2 for the next one, ...
        taken: numbers, from 2 on, that other articles have behind this name.

    Examples:
        >>> nth_free_id("a", 3, [3])
        'a#4'
    """
    number = turn
    for other in sorted(taken):
        number += other <= number
    return numbered_id(name, number)


_NUMBERED = re.compile(r"^(.*)#([2-9]|[1-9][0-9]+)$", re.DOTALL)


def parse_id(id: str) -> tuple[str, int] | None:
    """Return name and number of an id that looks like one of `numbered_id`; None for others.

    Examples:
        >>> parse_id("a#12"), parse_id("a#1"), parse_id("a")
        (('a', 12), None, None)
    """
    found = _NUMBERED.match(id)
    return (found[1], int(found[2])) if found else None
