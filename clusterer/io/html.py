"""HTML out of texts: entities decoded, tags and what Word leaves of its styles taken out.

Does not read files and does not parse: a text that is no HTML comes back as it is, and "a < b" stays.
"""

from __future__ import annotations

import html
import re
from string import ascii_letters, digits

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
    r"|<!(?:\[CDATA\[|\[(?:if|endif)\b[^<>]*+>|[A-Za-z][^<>]*+>)|<\?[A-Za-z][^<>]*+>|\]\]>",
    re.I,
)
_HIDDEN = (
    # Word's bullets and numbers of lists, for programs that have no lists.
    (re.compile(r"<!(?:--)?\[if !supportLists\](?:--)?>"), re.compile(r"<!(?:--)?\[endif\](?:--)?>"), ""),
    (re.compile(r"<!--"), re.compile(r"-->"), ""),
    (re.compile(r"<script\b[^<>]*>", re.I), re.compile(r"</script\s*>", re.I), "\n"),
    (re.compile(r"<style\b[^<>]*>", re.I), re.compile(r"</style\s*>", re.I), "\n"),
)
# Without ";" only entities that no word and no query of an address goes on from.
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};"
    r"|(?:nbsp|quot|apos|amp|lt|gt|[lr]aquo|[lr][ds]quo|[nm]dash|hellip|middot|bull|copy|reg|trade|shy|zwn?j|lrm|rlm)"
    r"(?![A-Za-z0-9=;])|#[0-9]{2,7}(?![0-9;=])|#[xX][0-9a-fA-F]{2,6}(?![0-9A-Za-z;=]))"
)
_ESCAPES = 4  # times that a text may have been escaped on its way
_BLANK_LINES = re.compile(r"[ \t]*\n\s*")
# What Word leaves of its styles where only tags were taken out: heads of style sheets, classes, attributes, declarations,
# and the settings of a document ("Normal 0 false false false EN-US X-NONE AR-SA"). Bounded: time stays linear.
_WORD_STYLES = re.compile(
    r"/\*\s{0,9}(?:Style|Font|List|Page) Definitions\s{0,9}\*/"
    r"|(?<![\w-])(?:class|style|lang|dir|align)=(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}'|Mso\w{1,40})"
    r"|(?<![\w-])mso-[a-z-]{1,60}\s{0,3}:[^;\"'{}<>\n]{0,100};?"
    r"|\bNormal\s{1,9}0\s{1,9}(?:(?:\d[\d.]{0,5}|false|true|pt)\s{1,9}){2,8}(?:[A-Z]{2}-[A-Z]{2,4}\s{1,9}|X-NONE\s{1,9})+"
    r"|\bMicrosoftInternetExplorer4\b"
    r"|(?<![\w-])(?:[a-z]\w{0,9})?\.?Mso(?:Normal|List|NoSpacing|PlainText|BodyText|Chp|Pap|Title|Footer|Header)\w{0,40}"
)
_SELECTOR = ascii_letters + digits + ".#:@,-_* \t\n"


def clean_text(s: str) -> str:
    r"""A text without HTML: entities decoded, tags out (block tags end a line), script and style dropped.

    "a < b" and "<3" stay. What was escaped several times on its way is decoded as often. What Word leaves of its styles
    goes. Line ends become "\n". A text without "<", "&", "mso-", "Mso" and "\r" comes back as it is.

    >>> clean_text("<p>first &amp; second</p><p>a < b</p>")
    'first & second\na < b'
    """
    if "<" in s:
        s = _without_tags(s)
    for _ in range(_ESCAPES):
        if "&" not in s or (decoded := _ENTITY.sub(_decode, s)) == s:
            break
        s = decoded
        if "<" in s:  # HTML that was escaped on its way
            s = _without_tags(s)
    if "o" in s and ("mso-" in s or "Mso" in s):  # few Arabic texts have that letter
        s = _WORD_STYLES.sub(" ", _without_rules(s)).strip()
    if "\r" in s:
        s = s.replace("\r\n", "\n").replace("\r", "\n")
    return s


def _without_rules(s: str) -> str:
    """A text without the rules of style sheets, selectors too, where one of them is Word's."""
    parts = s.split("}")
    for i, part in enumerate(parts[:-1]):
        selector, brace, body = part.rpartition("{")
        if brace and body.isascii() and (":" in body or not body.strip()):
            parts[i] = selector.rstrip(_SELECTOR) + " "
        else:
            parts[i] += "}"
    return "".join(parts)


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
