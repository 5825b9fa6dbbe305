"""What a run tells at its end: the dates that it could not read, and what became of its articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clusterer.io.dates import is_relative_date
from clusterer.io.feed import Feed

_ONE = {
    "copy groups": "copy group", "stories": "story", "distinct texts": "distinct text", "paragraphs removed": "paragraph removed",
}  # fmt: skip


def dates_told(feeds: Sequence[Feed]) -> str:
    """How many dates could not be read, the first of them and, where that helps, the cure; "" where all could."""
    dates = sum(feed.unreadable_dates for feed in feeds)
    first = next((feed.first_unreadable_date for feed in feeds if feed.first_unreadable_date), None)
    if not dates or not first:
        return ""
    many = "1 date could not be read:" if dates == 1 else f"{dates:,} dates could not be read, first"
    kept = "the article is kept without" if dates == 1 else "articles are kept without"
    value = repr(first.value)
    value = value if len(value) <= 60 else value[:60] + "…"
    cure = "; cure: --now with when it was fetched, such as 2025-03-02T12:00" if is_relative_date(first.value) else ""
    return f"{many} {value} ({first.file}, line {first.line}); {kept}{cure}"


def outcome(counts: Mapping[str, int], level: str) -> str:
    """What became of the articles of a run, by its counts; "" of an index, which answers an article."""
    names = ("distinct texts",) if level == "exact" else ("copy groups", "stories")
    parts, articles = {name: counts[name] for name in names if name in counts}, counts.get("articles", 0)
    if (kept := counts.get("articles kept")) is not None:
        removed = sum(count for name, count in counts.items() if name.startswith("removed as "))
        parts, articles = {"kept": kept, "removed": removed}, kept + removed
    elif "paragraphs removed" in counts:
        parts = {"paragraphs removed": counts["paragraphs removed"]}
    told = ", ".join(f"{count:,} {_ONE.get(name, name) if count == 1 else name}" for name, count in parts.items())
    return f"{articles:,} {'article' if articles == 1 else 'articles'}: {told}" if told else ""
