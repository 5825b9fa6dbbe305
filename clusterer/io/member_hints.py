"""Fields that a feed keeps inside an object, where its rows have no column for them: told, not read, for it may be another's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from clusterer.io.field_names import FETCH_NAMES, FIELD_NAMES, column_key
from clusterer.io.values import scalar

_OF_OTHERS = frozenset(
    column_key(name)
    for name in (
        "author",
        "authors",
        "byline",
        "creator",
        "editor",
        "user",
        "account",
        "image",
        "thumbnail",
        "media",
        "video",
    )
)
"""Objects with an address, a name or a number of their own, which is not the article's."""
_NAMES = {**{name: frozenset(names) for name, names in FIELD_NAMES.items()}, "date": FETCH_NAMES | {"crawled"}}


def member_hint(rows: Sequence[Mapping[str, Any]], given: Collection[str]) -> str:
    """What is to be said of members of objects with usual names, for fields without a column; "" for nothing.

    Args:
        rows: the first ones of an input.
        given: attributes that the caller named a column for.

    >>> member_hint([{"text": "نص", "metadata": {"publisher": "واس", "link": "https://spa.example/1"}}], ())
    'inside objects, not read: source, url; cure: --source-field metadata.publisher --url-field metadata.link'
    """
    keys = {column_key(name) for row in rows for name in row if isinstance(name, str)}
    found: dict[str, str] = {}
    for attribute in ("title", "date", "source", "url"):
        if attribute in given or keys & set(FIELD_NAMES[attribute]):
            continue
        members = (
            (f"{name}.{key}", column_key(key))
            for row in rows
            for name, value in row.items()
            if isinstance(name, str) and isinstance(value, Mapping) and column_key(name) not in _OF_OTHERS
            for key, inner in value.items()
            if isinstance(key, str) and scalar(inner)
        )
        known = [member for member in members if member[1] in _NAMES[attribute] or member[1] in FIELD_NAMES[attribute]]
        usual = [path for path, key in known if key in FIELD_NAMES[attribute]]
        if known:
            found[attribute] = (usual or [path for path, _ in known])[0]
    if not found:
        return ""
    cure = " ".join(f"--{attribute}-field {path}" for attribute, path in found.items())
    return f"inside objects, not read: {', '.join(found)}; cure: {cure}"
