"""articles: see clusterer.lookup, clusterer.naming."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import UTC, datetime

from clusterer.articles import Article, seconds

_CODINGS = ("cp1256", "utf-8")  # a letter in one byte where that can be: half the size, and as much less to compress
_REMEMBERED = 1 << 14  # texts whose stems are kept in memory


def body_of(article: Article) -> tuple[bytes, int]:
    """All of an article but its id, as bytes, and a hash of its title and text, signed 64 bits."""
    fields = (article.title, article.text, article.source, article.url)
    for coding in _CODINGS:
        with suppress(UnicodeEncodeError):
            parts = [field.encode(coding, "surrogatepass" if coding == "utf-8" else "strict") for field in fields]
            break
    title, text = (x.encode("utf-8", "surrogatepass") for x in fields[:2])
    hashed = hashlib.blake2b(text, digest_size=8, key=hashlib.blake2b(title).digest() if title else b"")
    date = "" if article.date is None else repr(seconds(article.date))
    head = f"{_CODINGS.index(coding)} {' '.join(str(len(part)) for part in parts)} {date}\n".encode()
    return head + b"".join(parts), int.from_bytes(hashed.digest(), "little", signed=True)


def digest(article: Article) -> int:
    """The hash that `body_of` gives."""
    return body_of(article)[1]


def moment(seconds: float) -> datetime:
    """The point in time so many seconds after 1970; those outside the calendar are its first or last one."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):
        return (datetime.min if seconds < 0 else datetime.max).replace(tzinfo=UTC)


def key(name: str) -> int:
    """Hash of an id, signed 64 bits."""
    return int.from_bytes(
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little", signed=True
    )
