"""RSS and Atom, by feedparser: an article an entry."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clusterer.io.columns import FieldMap, RowError
from clusterer.io.html import clean_text
from clusterer.io.readers.base import BOM, OpenedInput
from clusterer.io.rows import Layout, Row, first_line
from clusterer.io.values import is_nothing

FIELDS = {
    "text": "the longest of `content`, `content:encoded`, `description`, `summary`; else that of `media:`, `itunes:`, `dc:`",
    "title": "`title`", "date": "`pubDate`, `published`, `dc:date`, else `updated`",
    "source": "the entry's own `source`, else the feed's `title`", "url": "`link`", "id": "`guid`, `id`, `rdf:about`",
}  # fmt: skip
"""Article attribute to where it is read from; "" where the format has none."""

_XML = re.compile(rb"<(\?xml|!doctype|rss|feed|rdf)")
_ROOT = re.compile(rb"<((?:[\w.-]+:)?(?:rss|feed|rdf))[\s>]", re.I)
_ENTRY = re.compile(rb"<(/?)((?:[\w.-]+:)?(?:item|entry))(?=[\s/>])[^<>]*?(/?)>")
_HIDDEN = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)", re.S)
_PREFIX = re.compile(rb"""xmlns:([\w.-]+)\s*=\s*["']([^"'<>]*)["']""")
_OWN = (
    b"purl.org/rss/1.0",
    b"w3.org/2005/atom",
    b"purl.org/atom",
    b"backend.userland",
    b"my.netscape",
    b"w3.org/1999/xhtml",
)
_OWN_PREFIXES = (b"content", b"atom", b"rss", b"xhtml")  # of feeds that do not say what they mean
_ABSTRACT = re.compile(rb"(</?)([\w.-]+):(description|summary|abstract|subtitle)(?=[\s/>])")
_BODY = re.compile(rb"<(/?)(?:[\w.-]+:)?(?:description|encoded|summary|content)(?=[\s>])[^<>]*>")
_OTHERS = "clusterer_"  # begins the names of elements that describe a picture, an episode or a record


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of XML."""
    return _XML.match(head.removeprefix(BOM).lstrip()[:100].lower()) is not None


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the entries of a feed; `line` is their number in it. What is whole before damage is read."""
    data, cut = opened.whole()
    layout, number = Layout("rss"), 0
    if cut.startswith("longer"):
        opened.bad(1, cut, data)
        return
    data = _decodable(data, opened)
    parsed = import_module("feedparser").parse(
        io.BytesIO(_set_apart(data)),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    begun, ended, readable, is_whole = _entries_in(data)
    entries = parsed.entries if is_whole else parsed.entries[:readable]
    rows = [_fields(entry, parsed.feed.get("title", "")) for entry in entries]
    opened.fixed_columns.learn(rows, is_alone=True)
    for number, fields in enumerate(rows, 1):
        try:
            article = opened.fixed_columns(fields)
        except RowError as error:
            opened.bad(number, str(error), fields["text"])
        else:
            yield Row(article, {**fields, "date": article.date}, opened.name, number, layout)
    if not number and not cut and not parsed.get("version"):
        why = first_line(parsed.get("bozo_exception", "no channel, no entries"))
        opened.damaged(1, f"neither RSS nor Atom ({why}); cure: --format, or leave the file out", data)
    elif cut or not is_whole:
        opened.damaged(number + 1, cut or _cut_reason(number, begun, readable > ended), data[-1000:])
    elif len(parsed.entries) < begun:
        lost = begun - len(parsed.entries)
        why = first_line(parsed.get("bozo_exception", "broken XML"))
        opened.damaged(
            number + 1, f"{lost} of {begun} entries cannot be read ({why}); cure: fetch the file again", data
        )


def _decodable(data: bytes, opened: OpenedInput) -> bytes:
    """Bytes that are UTF-8 throughout: over one that is not feedparser would guess another encoding for all."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:  # else the last letter of a file that is cut off
            opened.note(
                f"{opened.name}: not valid UTF-8 at byte {error.start + 1}; cure: --encoding NAME, or fetch it again"
            )
        return data.decode("utf-8", "replace").encode()
    return data


def _cut_reason(number: int, begun: int, is_part: bool) -> str:
    part = ", the last one in part" if is_part else ", of the next a part is lost" if begun > number else ""
    return (
        f"the file ends early: the feed is not closed; {number} entries are read{part}, how many are missing is not known; "
        "cure: fetch the file again"
    )


def _entries_in(data: bytes) -> tuple[int, int, int, bool]:
    """How many entries begin in a feed, end, and have their text whole; and whether the feed itself is closed."""
    bare = _HIDDEN.sub(b"", data)
    begun = ended = last = 0
    for found in _ENTRY.finditer(bare):
        begun += not found[1]
        ended += bool(found[1] or found[3])
        last = found.end()
    marks = [bool(found[1]) for found in _BODY.finditer(bare, last)]
    is_last_readable = begun > ended and True in marks and 2 * sum(marks) == len(marks)
    root = _ROOT.search(bare)
    return (
        begun,
        ended,
        ended + is_last_readable,
        root is None or re.search(rb"</" + re.escape(root[1]) + rb"\s*>", bare) is not None,
    )


def _set_apart(data: bytes) -> bytes:
    """The feed with descriptions of other vocabularies under names of their own.

    `media:description`, `itunes:summary` and `dc:description` tell of a picture, an episode or a record. Whoever goes by
    the name behind the colon takes them for the article.
    """
    if not _ABSTRACT.search(data):
        return data
    uris = {found[1]: found[2].lower() for found in _PREFIX.finditer(data)}

    def renamed(found: re.Match[bytes]) -> bytes:
        uri = uris.get(found[2])
        is_own = any(own in uri for own in _OWN) if uri else found[2].lower() in _OWN_PREFIXES
        return found[0] if is_own else found[1] + _OTHERS.encode() + found[2].lower() + found[3]

    return _ABSTRACT.sub(renamed, data)


def _fields(entry: Any, feed_title: str) -> dict[str, Any]:
    """The fields of an article in one of feedparser's entries.

    The text is the longest of its bodies and its summary, without HTML; where there is none, what other vocabularies
    describe.
    """
    bodies = [part.get("value") or "" for part in entry.get("content", ())]
    bodies = [body for body in (*bodies, entry.get("summary") or "") if not is_nothing(body)]
    if not bodies:
        bodies = [value for name, value in entry.items() if name.startswith(_OTHERS) and isinstance(value, str)]
    return {
        "id": entry.get("id", ""),
        "title": entry.get("title", ""),
        "source": (entry.get("source") or {}).get("title") or feed_title,
        "url": entry.get("link", ""),
        "date": entry.get("published") or entry.get("updated") or "",
        "text": bodies[0] if len(bodies) == 1 else max(bodies, key=lambda body: len(clean_text(body)), default=""),
    }
