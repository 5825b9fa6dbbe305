"""Texts without the HTML that strays into them."""

from __future__ import annotations

import html
import re

_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details",
        "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
        "h4", "h5", "h6", "head", "header", "hr", "html", "legend", "li", "main", "nav", "ol", "option",
        "p", "pre", "section", "select", "summary", "table", "tbody", "tfoot", "thead", "title", "tr", "ul",
        "video", "audio", "iframe",
    }
)  # fmt: skip
_TAG = re.compile(
    r"""</?([A-Za-z][A-Za-z0-9]*+(?::[A-Za-z]++)?+)(?=[\s/>])(?:(?:"[^"<]*+"|'[^'<]*+'|[^<>"'])*+>|[^<>]*+>)"""
    r"|<!(?:\[CDATA\[|[A-Za-z][^<>]*+>)|<\?[A-Za-z][^<>]*+>|\]\]>"
)
_HIDDEN = (
    (re.compile(r"<!--"), re.compile(r"-->"), ""),
    (re.compile(r"<script\b[^<>]*>", re.I), re.compile(r"</script\s*>", re.I), "\n"),
    (re.compile(r"<style\b[^<>]*>", re.I), re.compile(r"</style\s*>", re.I), "\n"),
)
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};|(?:nbsp|quot|amp|lt|gt)(?![A-Za-z0-9=;]))"
)
_BLANK_LINES = re.compile(r"[ \t]*\n\s*")


def clean_text(s: str) -> str:
    r"""A text without HTML: entities decoded, tags out (block tags end a line), script and style dropped.

    "a < b" and "<3" stay. Line ends become "\n". A text without "<", "&" and "\r" comes back as it is.

    >>> clean_text("<p>first &amp; second</p><p>a < b</p>")
    'first & second\na < b'
    """
    if "<" in s:
        s = _without_tags(s)
    if "&" in s:
        s = _ENTITY.sub(_decode, s)
        if "<" in s:  # HTML that was escaped on its way
            s = _without_tags(s)
    if "\r" in s:
        s = s.replace("\r\n", "\n").replace("\r", "\n")
    return s


def _decode(match: re.Match[str]) -> str:
    """The character of an entity; NUL and other characters that HTML forbids become U+FFFD or nothing."""
    return html.unescape(match[0] if match[0].endswith(";") else match[0] + ";")


def _without_tags(s: str) -> str:
    bare = s
    for opening, closing, instead in _HIDDEN:
        bare = _without_hidden(bare, opening, closing, instead)
    bare = _TAG.sub(_tag, bare)
    return s if bare == s else _BLANK_LINES.sub("\n", bare).strip()


def _without_hidden(s: str, opening: re.Pattern[str], closing: re.Pattern[str], instead: str) -> str:
    """Drop what stands between two marks. One walk; an opening mark that is never closed hides nothing."""
    parts, position = [], 0
    while (start := opening.search(s, position)) and (end := closing.search(s, start.end())):
        parts.append(s[position : start.start()])
        position = end.end()
    return instead.join([*parts, s[position:]]) if parts else s


def _tag(match: re.Match[str]) -> str:
    name = (match[1] or "").lower()
    return "\n" if name in _BLOCKS else " " if name in ("td", "th") else ""
