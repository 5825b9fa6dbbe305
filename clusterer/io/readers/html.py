"""Pages of HTML, by trafilatura: one article a file, its main text without menus, footers and what readers wrote below."""

from __future__ import annotations

import contextlib
import html
import json
import logging
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from typing import Any

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.readers.base import BOM, OpenedInput, too_deep, undecodable
from clusterer.io.rows import Layout, Row
from clusterer.io.values import scalar

FIELDS = {
    "text": "the main text by trafilatura, else `articleBody` of JSON-LD where that is much longer",
    "title": "`headline` of JSON-LD, `og:title`, `title`",
    "date": "`datePublished` of JSON-LD, `article:published_time` and the like, else what trafilatura finds",
    "source": "`og:site_name`, `publisher` of JSON-LD", "url": "`link rel=canonical`, `og:url`", "id": "the file's name",
}  # fmt: skip
"""Article attribute to where it is read from; "" where the format has none."""

_PAGE = re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_META = re.compile(r"<meta\b[^<>]*>", re.I)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_LINKED = re.compile(r"<script\b[^<>]{0,1000}\bld\+json\b[^<>]{0,1000}>", re.I)
_SCRIPT_END = re.compile(r"</script", re.I)
_CANONICAL = re.compile(r"<link\b[^<>]{0,1000}\brel\s{0,9}=\s{0,9}[\"']?canonical\b[^<>]{0,1000}>", re.I)
_SHORTEST = "40"  # characters: a brief of one sentence
_ARTICLES = ("Article", "BlogPosting", "LiveBlog", "Report")
_PUBLISHED = (
    "article:published_time",
    "datepublished",
    "og:published_time",
    "dc.date.issued",
    "dc.date",
    "pubdate",
    "date",
)


def require() -> None:
    """Refuse early what cannot be done.

    Raises:
        InputError: trafilatura is not installed.
    """
    _extract()


@cache
def _extract() -> Any:
    try:
        module = import_module("trafilatura")
    except ImportError:
        raise InputError("HTML needs trafilatura; cure: pip install 'clusterer[web]'") from None
    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it cannot read is a bad row of ours
    config = module.settings.use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", _SHORTEST)  # below it whole pages, menus too, are taken for the text
    return partial(module.bare_extraction, config=config)


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a page."""
    return _PAGE.match(head.removeprefix(BOM).lstrip()[:4096]) is not None


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the one row of a page; its id is the file's name without ending.

    Raises:
        InputError: trafilatura is not installed.
    """
    require()
    data, reason = opened.whole()
    reason = reason or too_deep(data, opened.limits)
    if reason and not reason.startswith(("longer", "elements")):
        opened.damaged(1, reason, data)
        return
    try:
        if reason:
            raise RowError(reason)
        fields = {"id": opened.id, **fields_of(data.decode())}
        article = opened.fixed_columns(fields)
    except UnicodeDecodeError as error:
        opened.bad(1, undecodable(data, error, opened.encoding), data)
    except RowError as error:
        opened.bad(1, str(error), data)
    else:
        yield Row(article, fields, opened.name, 1, Layout("html"))
    if not reason and b"</html" not in data[-2000:].lower() and b"<html" in data[:5000].lower():
        opened.walk.damage = opened.walk.damage or "the page ends before </html>: perhaps cut off; cure: fetch it again"


def fields_of(page: str, url: str = "") -> dict[str, str]:
    """The fields of a page.

    Args:
        page: its HTML.
        url: where it was fetched; else it is what the page says of itself.

    Raises:
        RowError: it has no main text.
    """
    found = _extract()(
        page, url=url or None, with_metadata=True, include_comments=False,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )  # fmt: skip
    meta, linked = _meta(page), _linked(page)
    title = scalar(linked.get("headline")) or meta.get("og:title", "") or (found.title if found else "") or ""
    text = (found.text if found else "") or ""
    body = linked.get("articleBody")
    if isinstance(body, str) and len(body) > 2 * len(text):
        text = body
    first, _, rest = text.partition("\n")
    text = rest if first.strip() == title.strip() and rest.strip() else text
    if not text.strip():
        raise RowError("no main text found in the page; cure: leave it out, or extract its text before")
    published = linked.get("datePublished"), *(meta.get(name) for name in _PUBLISHED), found.date if found else ""
    source = meta.get("og:site_name") or scalar(linked.get("publisher"))
    return {
        "title": html.unescape(title),
        "source": html.unescape(source),
        "url": url or _canonical(page) or meta.get("og:url", ""),
        "date": next((scalar(date) for date in published if date), ""),
        "text": text,
    }


def _meta(page: str) -> dict[str, str]:
    """What the elements `meta` say, by their names in lower case."""
    found: dict[str, str] = {}
    for element in _META.findall(page):
        said = _attributes(element)
        if name := said.get("property") or said.get("name") or said.get("itemprop"):
            found.setdefault(name.lower(), html.unescape(said.get("content", "")).strip())
    return found


def _canonical(page: str) -> str:
    element = _CANONICAL.search(page)
    address = html.unescape(_attributes(element[0]).get("href", "")) if element else ""
    return address if address.startswith("http") else ""


def _attributes(element: str) -> dict[str, str]:
    return {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(element)}


def _linked(page: str) -> Mapping[str, Any]:
    """The article among the page's linked data (JSON-LD); empty where there is none."""
    position = 0
    while (begin := _LINKED.search(page, position)) and (end := _SCRIPT_END.search(page, begin.end())):
        script, position = page[begin.end() : end.start()], end.end()
        with contextlib.suppress(ValueError, RecursionError):
            waiting = [json.loads(script, strict=False)]
            while waiting:
                value = waiting.pop(0)
                if isinstance(value, list):
                    waiting += value
                elif isinstance(value, dict):
                    if any(name in str(value.get("@type")) for name in _ARTICLES):
                        return value
                    waiting += [value["@graph"]] if "@graph" in value else []
    return {}
