"""Markdown: one article a file; its title the first heading, more in the lines between `---` at its beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clusterer.io.field_names import FIELD_NAMES, column_key
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.text import read_whole, split_title
from clusterer.io.rows import Row

FIELDS = {
    "text": "what follows, without marks", "title": "front matter, else the first heading, else a short first line",
    "date": "front matter", "source": "front matter", "url": "front matter", "id": "front matter, else the file's name",
}  # fmt: skip
"""Article attribute to where it is read from; "" where the format has none."""

_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"^([\w-]+)[ \t]*[:=](.++)$", re.M)
_HEADING = re.compile(r"\A\s*+(?:#[ \t]++(?P<marked>[^\n]++)|(?P<ruled>[^\n]++)\n=+[ \t]*+)(?:\n|\Z)")
_LONGEST = 1 << 20  # characters; in a longer file, which is no article, marks stay
_MARKS = (
    (re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.M), ""),
    (re.compile(r"!\[[^\[\]\n]*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"), ""),
    (re.compile(r"\[([^\[\]\n]*)\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"), r"\1"),
    (re.compile(r"^[ \t]*\[[^\]\n]+\]:[ \t]*\S+.*$", re.M), ""),
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]++(.*+)$", re.M), lambda found: found[1].rstrip(" \t#")),
    (re.compile(r"^[ \t]*(?:>[ \t]?)+", re.M), ""),
    (re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$", re.M), ""),
    (re.compile(r"^([ \t]*)[-*+][ \t]+", re.M), r"\1"),
    (re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1", re.S), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)"), r"\1"),
    (re.compile(r"~~(?=\S)(.{1,500}?)(?<=\S)~~"), r"\1"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])"), r"\1"),
)


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the one row of a Markdown file; its id is the file's name without ending."""
    return read_whole(opened, fields_of, "markdown")


def fields_of(text: str) -> dict[str, str]:
    r"""The fields of a file: its front matter's, and title and text without marks.

    >>> fields_of("---\ndate: 2015-07-23\n---\n# Title\n\nA **bold** [link](http://x).")
    {'date': '2015-07-23', 'title': 'Title', 'text': 'A bold link.'}
    """
    fields: dict[str, str] = {}
    text = text.lstrip("\ufeff")
    if front := _FRONT.match(text):
        text = text[front.end() :]
        for name, value in _FIELD.findall(front[2]):
            for attribute, names in FIELD_NAMES.items():
                if attribute != "text" and column_key(name) in names:
                    fields.setdefault(attribute, value.strip(" \t").strip("\"'"))
    if heading := _HEADING.match(text):
        fields.setdefault("title", plain((heading["marked"] or "").rstrip(" \t#") or heading["ruled"] or ""))
        text = text[heading.end() :]
    elif "title" not in fields:
        title, text = split_title(text)
        fields["title"] = plain(title)
    return {**fields, "text": plain(text)}


def plain(text: str) -> str:
    r"""A text without Markdown's marks: what links show stays, pictures go.

    >>> plain("## Heading\n\n- *first*\n- 2 * 3 * 4 and snake_case_name")
    'Heading\n\nfirst\n2 * 3 * 4 and snake_case_name'
    """
    if len(text) > _LONGEST:
        return text.strip()
    for mark, instead in _MARKS:
        text = mark.sub(instead, text)
    return text.strip()
