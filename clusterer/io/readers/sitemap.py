"""News sitemaps: an article a URL, of which there is a title and no text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import TruncatedInput, cut_reason
from clusterer.io.feed_limits import over
from clusterer.io.readers.base import BOM, OpenedInput
from clusterer.io.rows import Layout, Row, first_line

FIELDS = {
    "text": "", "title": "`news:title`", "date": "`news:publication_date`, else `lastmod`", "source": "`news:name`",
    "url": "`loc`", "id": "the URL",
}  # fmt: skip
"""Article attribute to where it is read from; "" where the format has none."""

_OWN = (
    "sitemaps.org",
    "schemas/sitemap/",
    "sitemap-news",
)  # in the addresses of the vocabularies that are read; pictures and films have titles too
_NO_ARTICLES = (
    "a list of sitemaps, which holds no article; cure: fetch the sitemaps that it names, and name their files or folder"
)


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a sitemap, or of a list of these."""
    start = head.removeprefix(BOM)[:4096]
    return b"<urlset" in start or b"<sitemapindex" in start


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the articles of a sitemap; `line` is their number in it. What is whole before damage is read."""
    parser: XMLPullParser[Any] = XMLPullParser(events=("start", "end"))
    number, depth, size, layout = 0, 0, 0, Layout("sitemap")
    root: Any = None
    try:
        for chunk in opened.chunks:
            parser.feed(chunk)
            for event, element in cast(Iterator[tuple[str, Element]], parser.read_events()):
                depth += 1 if event == "start" else -1
                if depth > opened.limits.depth:
                    what = f"elements stand {depth:,} deep in one another; the rest is not read"
                    opened.damaged(number + 1, over(what, "depth", opened.limits.depth), chunk)
                    return
                if root is None:
                    root = element
                    if _name(element) == "sitemapindex":
                        opened.bad(1, _NO_ARTICLES, chunk)
                        return
                if event == "end" and depth == 1:
                    number += 1
                    yield from _row(opened, number, element, layout)
                    root.clear()
                    size = 0
            size += len(chunk)
            if size > opened.row_limit + len(chunk):
                opened.damaged(number + 1, "an entry without end; cure: fetch the file again", chunk)
                return
        parser.close()
    except TruncatedInput as cut:
        opened.damaged(number + 1, cut_reason(cut))
    except ParseError as error:
        opened.damaged(
            number + 1,
            f"the sitemap ends early or is damaged here ({first_line(error)}); entries before it are kept; "
            "cure: fetch the file again",
        )


def _row(opened: OpenedInput, number: int, entry: Element, layout: Layout) -> Iterator[Row]:
    fields = _fields(entry)
    try:
        if not fields["title"]:
            raise RowError("an address without a title; cure: name a sitemap of news, or fetch the pages themselves")
        article = opened.fixed_columns(fields)
    except RowError as error:
        opened.bad(number, str(error), fields["url"])
    else:
        yield Row(article, {**fields, "date": article.date}, opened.name, number, layout)


def _fields(entry: Element) -> dict[str, Any]:
    found: dict[str, str] = {}
    for element in entry.iter():
        space = element.tag.partition("}")[0].lower()
        if not space.startswith("{") or any(own in space for own in _OWN):
            found.setdefault(_name(element), (element.text or "").strip())
    return {
        "id": "",
        "title": found.get("title", ""),
        "source": found.get("name", ""),
        "url": found.get("loc", ""),
        "date": found.get("publication_date") or found.get("lastmod") or "",
        "text": "",
    }


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()
