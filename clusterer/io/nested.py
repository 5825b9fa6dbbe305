"""Rows of JSON as interfaces answer and programs dump them: fields inside fields, texts in pieces, pages, whole tables.

What is found here is brought to the one form that `columns` knows: an object with its fields at the top.

Knows no files. Which column is a row's text is the business of `columns`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

WRAPPINGS = (
    "_source", "fields", "attributes", "node", "article", "item", "post", "story", "document", "doc", "record", "data",
    "object", "row", "tweet", "legacy", "status", "extended_tweet",
)  # fmt: skip
"""Fields that hold an article as an object: of Elasticsearch, JSON:API, the Guardian, GraphQL, ActivityPub, X, ..."""
_ACCOUNTS = ("account", "user")  # of Mastodon, of X
_NAMES_OF_ACCOUNTS = ("acct", "screen_name", "username")
MISSING = object()
_SPLIT = {"columns", "data"}  # of a data frame, beside its index


def at_path(row: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; of lists on the way their first element. `MISSING` where there is none.

    >>> at_path({"a": [{"b.c": 1}]}, "a.b.c")
    1
    """
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        value = row.get(".".join(parts[:count]), MISSING)
        if count == len(parts) and value is not MISSING:
            return value
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, Mapping) and (found := at_path(value, ".".join(parts[count:]))) is not MISSING:
            return found
    return MISSING


def flattened(row: Mapping[str, Any], paths: Mapping[str, str], has_text: bool, depth: int = 0) -> Mapping[str, Any]:
    """A row with its nested fields at the top; the row itself where it has none that matter.

    Args:
        row: as it came.
        paths: article attribute to the dotted path that the caller gave for it.
        has_text: whether a column of the row itself may be its text; then what it wraps is something else.
        depth: of the wrappings that were taken off so far.

    >>> flattened({"_id": "7", "_source": {"body": "text"}}, {}, False)["body"]
    'text'
    """
    found: dict[str, Any] = {}
    for attribute, path in paths.items():
        if path not in row and (value := at_path(row, path)) is not MISSING:
            found[path] = value
        elif path not in row and attribute != "text":
            found[path] = None
    if not has_text and not paths.get("text"):
        for name in WRAPPINGS:
            if isinstance(inner := row.get(name), Mapping):
                found = {**{key: value for key, value in row.items() if key != name}, **inner, **found}
                is_wrapped = depth < _DEEPEST and any(name in inner for name in WRAPPINGS)
                return flattened(found, {}, False, depth + 1) if is_wrapped else _signed(found)
    elif isinstance(extended := row.get("extended_tweet"), Mapping) and isinstance(extended.get("full_text"), str):
        found["full_text"] = extended["full_text"]
        found["text"] = None  # cut at 140 characters
    return _signed({**row, **found}) if found else _signed(row)


def _signed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with the name of its account, if it is a post, as its source."""
    for name in _ACCOUNTS:
        account, source = row.get(name), row.get("source")
        if isinstance(source, str) and source.strip() and source[:1] != "<" and "id_str" not in row:
            continue  # an outlet; X's is the program, as a link
        if isinstance(account, Mapping) and not row.get("source_name"):
            for key in _NAMES_OF_ACCOUNTS:
                if isinstance(account.get(key), str):
                    return {**{k: v for k, v in row.items() if k != "source"}, "source_name": account[key]}
    if "from_id" in row and isinstance(row.get("from"), str) and not row.get("source_name"):  # Telegram's
        if "media_type" in row:
            row = {name: value for name, value in row.items() if name != "title"}  # of a song
        named = {**row, "source_name": row["from"], **_titled(row)}
        if isinstance(row["from_id"], str) and isinstance(row.get("id"), int):
            named["id"] = f"{row['from_id']}/{row['id']}"  # every channel counts from one
        return named
    return row


_MARKS = ("خبر عاجل", "عاجل", "#عاجل", "breaking news", "breaking")
_LONGEST_TITLE = 300  # characters
_INLINE_START = {"type": "plain", "text": ""}  # what follows is pieces of a line


def _titled(row: Mapping[str, Any]) -> dict[str, Any]:
    r"""Title and text of a message that opens with a bold line, which is how channels write one; else nothing.

    What stands before it, and what cries within it, is no part of the title.

    >>> _titled({"text": ["🔴 ", {"type": "bold", "text": "عاجل | العنوان"}, "\n\nالنص ", {"type": "link", "text": "x.org"}]})
    {'title': 'العنوان', 'text': 'النص x.org'}
    """
    pieces = row.get("text")
    if not isinstance(pieces, list) or "title" in row:
        return {}
    kinds = [piece.get("type") if isinstance(piece, Mapping) else None for piece in pieces[:4]]
    place = kinds.index("bold") if "bold" in kinds else -1
    before = in_pieces([_INLINE_START, *pieces[:place]])
    if place < 0 or before is None or (before and _without_marks(before + "|")):
        return {}
    bold, rest = in_pieces(pieces[place : place + 1]), in_pieces([_INLINE_START, *pieces[place + 1 :]])
    if not bold or not rest or not rest.strip():
        return {}
    title = _without_marks(bold)
    ends_line = bold.endswith("\n") or rest.lstrip(" \t\u200f\u200e").startswith("\n")
    if not ends_line or not title or "\n" in title or len(title) > _LONGEST_TITLE:
        return {}
    return {"title": title, "text": rest.strip()}


def _without_marks(text: str) -> str:
    """A line without the pictures, and the cry of news and what parts it from the rest, that it opens with."""
    while True:
        start = next((i for i, letter in enumerate(text) if not _is_picture(letter)), len(text))
        text = text[start:].strip()
        mark = next((mark for mark in _MARKS if text.lower().startswith(mark)), "")
        rest = text[len(mark) :].lstrip()
        if not mark or rest[:1] not in tuple("|:-–—!.•/"):
            return text
        text = rest.lstrip("|:-–—!.•/ ")


def _is_picture(letter: str) -> bool:
    """Whether a character is a picture, what joins or tints pictures, a bar, or blank."""
    return letter in "|•" or letter.isspace() or unicodedata.category(letter) in ("So", "Sk", "Cf", "Mn", "Me")


def is_service_message(row: Mapping[str, Any], title: str) -> bool:
    """Whether a row without a text is what Telegram exports beside messages: a channel was named, a picture was sent.

    The title of the first kind is the channel's.
    """
    kind = row.get("type")
    return (kind == "service" and "action" in row) or (
        not title and kind == "message" and "date" in row and "id" in row
    )


def table_rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a data frame: pandas' `to_json` with `orient` "columns", "index" or "split", or a list a column; else none.

    >>> table_rows({"id": {"0": 1, "1": 2}, "text": {"0": "a", "1": "b"}})
    [{'id': 1, 'text': 'a'}, {'id': 2, 'text': 'b'}]
    """
    if (
        set(document) >= _SPLIT
        and isinstance(names := document["columns"], list)
        and isinstance(document["data"], list)
    ):
        if all(isinstance(row, list) and len(row) == len(names) for row in document["data"]):
            return [dict(zip(map(str, names), row, strict=True)) for row in document["data"]]
        return []
    values = list(document.values())
    if len(values) > 1 and all(isinstance(value, list) and len(value) == len(values[0]) > 1 for value in values):
        rows = [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
        return [] if any(isinstance(cell, dict | list) for cell in rows[0].values()) else rows
    if not values or not all(isinstance(value, dict) and value for value in values):
        return []
    keys = list(values[0])
    if any(list(value) != keys for value in values[1:]):
        return []
    if all(map(str.isdecimal, keys)) or not all(map(str.isdecimal, document)):
        return [{name: value[key] for name, value in document.items()} for key in keys]
    return values


def transposed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The objects of an object whose members are rows, under their keys: `orient="index"` with an index of words."""
    values = list(document.values())
    return values if len(values) > 1 and all(isinstance(value, dict) for value in values) else []


_INLINE = frozenset((
    "bold", "italic", "link", "text_link", "hashtag", "plain", "mention", "mention_name", "underline", "strikethrough",
    "bot_command", "email", "phone", "cashtag", "spoiler", "custom_emoji", "blockquote", "bank_card",
))  # fmt: skip
_DEEPEST = 50  # pieces in pieces of a text, wrappings in wrappings of an article
_HOLDERS = ("rendered", "text", "html", "value", "content", "plain", "#text", "$t", "_", "raw", "__cdata", "$", "body")


def in_pieces(value: Sequence[Any] | Mapping[str, Any], depth: int = 0) -> str | None:
    r"""A text that is a list of strings, paragraphs or entities, or an object around one; None where it is no text.

    Strings and paragraphs are lines; entities, as Telegram's, are pieces of a line.

    >>> in_pieces(["first", "second"]), in_pieces({"rendered": "<p>text</p>"})
    ('first\nsecond', '<p>text</p>')
    >>> in_pieces(["see ", {"type": "link", "text": "here"}])
    'see here'
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, Mapping):
        for name in _HOLDERS:
            inner = value.get(name)
            if isinstance(inner, str):
                return inner
            if isinstance(inner, list | tuple | Mapping):
                return in_pieces(inner, depth + 1)
        return None
    parts = [
        part if isinstance(part, str) else in_pieces(part, depth + 1) if part else ""
        for part in value
        if _is_part(part)
    ]
    if len(parts) < len(value) or any(part is None for part in parts):
        return None
    is_inline = any(isinstance(part, Mapping) and part.get("type") in _INLINE for part in value)
    return ("" if is_inline else "\n").join(part or "" for part in parts)


def _is_part(part: Any) -> bool:
    return part is None or isinstance(part, str | list | tuple | Mapping)
