"""Cases of the copy level, titles and the index, with their right values: tables for `benchmarks.suites.cases`.

Asks which articles are one, and which stay; what is read is asked there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from clusterer import Article, Clustering, Settings, StoryIndex, cluster
from clusterer.deduplication import dedup
from clusterer.io import Feed

COPIES = Settings(level="copy")
Check = Callable[[Path], object]
"""Looks at a case; raises `AssertionError` with what is wrong."""


def _articles(path: Path, text: str | None = None) -> list[Article]:
    return [row.article for row in Feed([path], fields={"text": text} if text else None)]


def _ids(found: Clustering, level: str) -> list[str]:
    return [getattr(assignment, level) for assignment in found]


def _equal(found: object, right: object, what: str) -> None:
    assert found == right, f"{what}: {found!r}, right is {right!r}"


def _all_news(name: str, text: str | None = None, settings: Settings | None = None, level: str = "copy") -> Check:
    """A check that every text is a group of its own, and none is removed."""

    def check(folder: Path) -> None:
        articles = _articles(folder / name, text)
        _equal(len({*_ids(cluster(articles, settings), level)}), len(articles), f"{level} groups")
        _equal(len(dedup(articles, settings or COPIES).removed), 0, "removed")

    return check


def _one_text(name: str, level: str = "exact") -> Check:
    """A check that all articles are one group."""
    return lambda folder: _equal(len({*_ids(cluster(_articles(folder / name)), level)}), 1, f"{level} groups")


def _daily(folder: Path) -> None:
    articles = _articles(folder / "daily.jsonl")
    texts = {a.text for a in articles}  # two of the days are alike word for word, and no word can tell them apart
    _equal(len({*_ids(cluster(articles, COPIES), "copy")}), len(texts), "copy groups")
    _equal(len(dedup(articles, COPIES).kept_ids), len(texts), "kept")


def _exact_or_not(folder: Path) -> None:
    found = {a.id: a.exact for a in cluster(_articles(folder / "exact-or-not.jsonl"), Settings(profile="strict"))}
    for name in ("code_ops", "sign", "decimal", "negation"):
        assert found[f"{name}.a"] != found[f"{name}.b"], f"{name} is exact"
    for name in ("short", "short5", "zh", "digits", "html", "presform"):
        assert found[f"{name}.a"] == found[f"{name}.b"], f"{name} is not exact"


def _first(folder: Path) -> None:
    articles = _articles(folder / "first-without-dates.jsonl")
    _equal(_ids(cluster(articles), "copy"), [articles[0].id] * 2, "copy groups")
    _equal(dedup(articles, keep="earliest").kept_ids, [articles[0].id], "kept")


def _posts(folder: Path) -> None:
    found = {a.id: a for a in cluster(_articles(folder / "short-posts.jsonl"))}
    _equal(found["6"].exact, found["7"].exact, "exact group")
    _equal(found["4"].copy, found["5"].copy, "copy group")


def _titles(folder: Path) -> None:
    a, b, c = _ids(cluster(_articles(folder / "rss_notext.xml")), "exact")
    assert a == b != c, f"exact groups {a}, {b}, {c}"


def _statuses(folder: Path) -> None:
    articles = _articles(folder / "three.jsonl")
    for batch in (1, 2, 3):
        with tempfile.TemporaryDirectory() as place, StoryIndex.open(Path(place, "news.db")) as index:
            parts = [index.add(articles[start : start + batch]).status for start in range(0, len(articles), batch)]
            _equal([status for part in parts for status in part], ["new", "copy", "new"], f"batches of {batch}")


def _questions(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place, StoryIndex.open(Path(place, "news.db")) as index:
        index.add(_articles(folder / "three.jsonl"))
        asked = _articles(folder / "q.jsonl")
        (alone,) = index.query([x for x in asked if x.id == "a"])
        _equal(alone.linked_to, None, "under a taken id")
        found = {a.id: a.linked_to for a in index.query([x for x in asked if x.id != "a"])}
        _equal(found, {"q1": "q2", "q2": "q1", "q3": "c"}, "linked to")


def _banners(folder: Path) -> None:
    for path in sorted(folder.glob("*.jsonl")):
        _all_news(path.name)(folder)


def _prose(folder: Path) -> None:
    for level in ("exact", "copy", "story"):
        _all_news("a.jsonl", level=level)(folder)


CASES: dict[str, dict[str, Check]] = {
    "copies": {
        "daily.jsonl": _daily,
        "agency-forms.jsonl": _all_news("agency-forms.jsonl", level="story"),
        "years.jsonl": _all_news("years.jsonl", level="story"),
        "hub_50_300.jsonl": _all_news("hub_50_300.jsonl", level="story"),
        "hub_5_60.jsonl": _all_news("hub_5_60.jsonl", level="story"),
        "products200.jsonl": _all_news("products200.jsonl", settings=Settings(level="copy", jaccard=0.8)),
        "short-posts.jsonl": _posts,
        "exact-or-not.jsonl": _exact_or_not,
        "first-without-dates.jsonl": _first,
    },
    "titles": {
        "daily-titles.jsonl": _all_news("daily-titles.jsonl", text="title"),
        "rss_notext.xml": _titles,
    },
    "index": {"three.jsonl": _statuses, "q.jsonl": _questions},
    "reports": {
        "12-rss-double-escaped": _one_text("a.jsonl"),
        "14-rss-title-only": _one_text("a.rss"),
        "17-cookie-banner": _banners,
        "18-stub-bodies": _all_news("a.jsonl"),
        "19-tail-phrase-in-prose": _prose,
        "21-word-conditional-comments": _one_text("a.jsonl"),
        "47-invisible-letters": _one_text("a.jsonl"),
        "49-word-signs": _one_text("a.jsonl"),
        "50-thousands-separators": _one_text("a.jsonl"),
        "51-waw-apart": _one_text("a.jsonl", level="copy"),
    },
}
"""Name in each folder to its check."""
