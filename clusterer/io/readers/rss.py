"""RSS and Atom, by feedparser: an article an entry."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clusterer.io.columns import FieldMap, RowError
from clusterer.io.html import clean_text
from clusterer.io.readers.base import BOM, OpenedInput, too_deep
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
_COPIED = 1 << 26  # bytes of a feed's head that are parsed again with its entries
_LOG = logging.getLogger("clusterer.io")
_OTHERS = "clusterer_"  # begins the names of elements that describe a picture, an episode or a record


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of XML."""
    return _XML.match(head.removeprefix(BOM).lstrip()[:100].lower()) is not None


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the entries of a feed; `line` is their number in it. What is whole before damage is read."""
    data, cut = opened.whole()
    layout, number = Layout("rss"), 0
    cut = cut or too_deep(data, opened.limits)
    if cut.startswith(("longer", "elements")):
        opened.bad(1, cut, data)
        return
    data = _decodable(data, opened)
    opened.check_pieces(4 * data.count(b"<"), "tags")  # feedparser takes longer for one than others for a line
    prepared = _set_apart(data)
    begun, ended, readable, is_whole = _entries_in(data)
    try:
        parsed = _parsed(prepared)
        rows = _rows_of(parsed)
    except Exception as error:  # feedparser's, of any kind: one entry must not cost the others
        _LOG.debug("%s", opened.name, exc_info=True)
        parsed, rows = _one_by_one(prepared, error)
    rows = rows if is_whole else rows[:readable]
    opened.fixed_columns.learn([row for row in rows if isinstance(row, dict)], is_alone=True)
    for number, fields in enumerate(rows, 1):
        try:
            if isinstance(fields, RowError):
                raise fields
            article = opened.fixed_columns(fields)
        except RowError as error:
            opened.bad(number, str(error), fields["text"] if isinstance(fields, dict) else b"")
        else:
            yield Row(article, {**fields, "date": article.date}, opened.name, number, layout)
    if not number and not cut and not parsed.get("version"):
        why = first_line(parsed.get("bozo_exception", "no channel, no entries"))
        opened.damaged(1, f"neither RSS nor Atom ({why}); cure: --format, or leave the file out", data)
    elif cut or not is_whole:
        opened.damaged(number + 1, cut or _cut_reason(number, begun, readable > ended), data[-1000:])
    elif len(rows) < begun:
        lost = begun - len(rows)
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


def _parsed(data: bytes) -> Any:
    """A feed as feedparser tells it."""
    return import_module("feedparser").parse(
        io.BytesIO(data),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def _rows_of(parsed: Any) -> list[dict[str, Any] | RowError]:
    title = parsed.feed.get("title", "")
    return [_fields(entry, title if isinstance(title, str) else "") for entry in parsed.entries]


def _one_by_one(data: bytes, error: Exception) -> tuple[Any, list[dict[str, Any] | RowError]]:
    """The entries of a feed that feedparser stumbles over, each parsed for itself; of a bad one the reason.

    Args:
        data: the feed.
        error: what feedparser raised.

    Returns:
        What feedparser tells of the feed without entries, and a row or reason an entry.
    """
    spans = _spans(_HIDDEN.sub(lambda found: b" " * len(found[0]), data))
    start, end = (spans[0][0], spans[-1][1]) if spans else (len(data), len(data))
    head, tail = data[:start], data[end:]
    root = _ROOT.search(head)
    bare = head[root.start() : head.find(b">", root.start()) + 1] + b"<channel>" if root else b"<rss><channel>"
    try:
        parsed = _parsed(head + tail)
    except Exception:
        head, tail, parsed = bare, b"", _parsed(bare)
    if len(spans) * (len(head) + len(tail)) > _COPIED:
        head, tail = bare, b""
    rows: list[dict[str, Any] | RowError] = []
    for begin, stop in spans:
        try:
            rows += _rows_of(_parsed(head + data[begin:stop] + tail))[:1]
        except Exception as own:
            rows.append(RowError(f"feedparser cannot read the entry ({_named(own)}); cure: mend it"))
    if not rows:
        rows.append(RowError(f"feedparser cannot read the feed ({_named(error)}); cure: mend it, or fetch it again"))
    return parsed, rows


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


def _spans(bare: bytes) -> list[tuple[int, int]]:
    """Where each entry begins and ends."""
    spans, begin = [], -1
    for found in _ENTRY.finditer(bare):
        if not found[1] and begin < 0:
            begin = found.start()
        if begin >= 0 and (found[1] or found[3]):
            spans.append((begin, found.end()))
            begin = -1
    return spans if begin < 0 else [*spans, (begin, len(bare))]


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
