"""RSS and Atom, by feedparser: an article an entry."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clusterer.io.columns import FieldMap, RowError
from clusterer.io.readers.base import BOM, OpenedInput
from clusterer.io.rows import Layout, Row, first_line

_XML = re.compile(rb"<(\?xml|!doctype|rss|feed|rdf)")


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of XML."""
    return _XML.match(head.removeprefix(BOM).lstrip()[:100].lower()) is not None


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the entries of a feed; `line` is their number in it. What is whole before damage is read."""
    data, cut = opened.whole()
    layout, number = Layout("rss"), 0
    if not cut.startswith("longer"):
        parsed = import_module("feedparser").parse(
            io.BytesIO(data),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
        for number, entry in enumerate(parsed.entries, 1):
            fields = _fields(entry, parsed.feed.get("title", ""))
            try:
                article = opened.fixed_columns(fields)
            except RowError as error:
                opened.bad(number, str(error), fields["text"])
            else:
                yield Row(article, {**fields, "date": article.date}, opened.name, number, layout)
        if not number and not cut and not parsed.get("version"):
            why = first_line(parsed.get("bozo_exception", "no channel, no entries"))
            cut = f"neither RSS nor Atom ({why}); cure: --format, or leave the file out"
    if cut:
        opened.bad(number + 1, cut, data)


def _fields(entry: Any, feed_title: str) -> dict[str, Any]:
    """The fields of an article in one of feedparser's entries; the text is the longest body, else the summary."""
    bodies = [part.get("value") or "" for part in entry.get("content", ())]
    return {
        "id": entry.get("id", ""),
        "title": entry.get("title", ""),
        "source": (entry.get("source") or {}).get("title") or feed_title,
        "url": entry.get("link", ""),
        "date": entry.get("published") or entry.get("updated") or "",
        "text": max(bodies, key=len, default="") or entry.get("summary") or "",
    }
