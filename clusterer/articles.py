"""articles: see clusterer.corpus, clusterer.naming, clusterer.records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from zlib import crc32

import numpy as np


def seconds(date: datetime | None) -> float:
    """Seconds since 1970; a date without a zone is UTC, whatever the machine's own zone; +inf where there is none."""
    if date is None:
        return np.inf
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def content_id(article: Article) -> str:
    """The name of an article that came without one: 16 hex digits of its content."""
    date = article.date.isoformat() if article.date else ""
    parts = "\x1f".join((article.source, date, article.title, article.text))
    return hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def tie(title: str, url: str) -> int:
    """What else an id is made unique by, in few bytes."""
    return crc32(title.encode("utf-8", "surrogatepass"), crc32(url.encode("utf-8", "surrogatepass")))


def name_of(article: Article) -> str:
    """An article's id: its own, else its URL, else a hash of its content."""
    return article.id or article.url or content_id(article)


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a feed.

    Attributes:
        text: the body as it came, lines separated by "\\n". May be empty.
        id: the caller's name for it; "" lets the pipeline fall back to `url`, then to a hash of the content.
        title: the headline, or "".
        source: the outlet's name, or "".
        url: where it was found, or "".
        date: when it was published or crawled, timezone-aware (UTC), or None where unknown or unreadable.
    """

    text: str
    id: str = ""
    title: str = ""
    source: str = ""
    url: str = ""
    date: datetime | None = None

    @property
    def outlet(self) -> str:
        """Who published it: the source, else the host of the URL without "www.", else ""."""
        if self.source or not self.url:
            return self.source
        try:
            host = urlsplit(self.url).hostname or ""
        except ValueError:
            return ""
        return host.removeprefix("www.")

    @property
    def when(self) -> str:
        """Its date to the minute, or the day alone where that is midnight to the second: nobody told the hour; "" without."""
        if self.date is None:
            return ""
        day = self.date.isoformat(" ", "minutes")
        return day[:10] if (self.date.hour, self.date.minute, self.date.second) == (0, 0, 0) else day[:16]
