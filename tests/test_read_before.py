"""Articles that were read several times, as in snapshots of one feed: a line a row, but one report in every count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from made import text_of

from clusterer import Article, Settings, cluster, dedup
from clusterer.report.build import build
from clusterer.report.story_table import story_table

START = datetime(2018, 5, 8, 9, tzinfo=UTC)


def read_often() -> tuple[list[Article], set[int]]:
    """A feed fetched often, what looks alike but is no second reading, and where the second readings are."""
    item = Article(text_of(1, 80), "7", "عنوان", "قناة", "https://example.org/7", START)
    others = [
        Article(item.text, "9", "عنوان آخر", "صحيفة", "https://other.example/9", START + timedelta(hours=2)),
        replace(item, date=START + timedelta(hours=1)),  # printed again
        replace(item, source="قناة أخرى"),
        replace(item, text=f"{text_of(2, 70)} {item.text}"),
    ]
    articles = [item] * 12 + others + [item]
    return articles, {*range(1, 12), 16}


@pytest.mark.parametrize("level", ["exact", "copy", "story"])
def test_one_report_whatever_is_asked(level: str) -> None:
    articles, again = read_often()
    settings = Settings(level=level)
    result = cluster(articles, settings)
    assert len(result) == len(articles)
    assert result.again == again
    assert result.stats["articles read before"] == len(again)
    kept = [place for place in range(len(articles)) if place not in again]
    rows = list(story_table(result, articles, settings))
    assert sum(row.articles for row in rows) == len(kept) == 5
    made = build(result.assignments, lambda: articles, settings, stats=result.stats, again=result.again)
    assert (made.totals["articles"], made.totals["articles read before"]) == (5, 12)
    assert [story.size for story in made.stories] == [row.articles for row in rows]
    if level != "exact":
        name = "story" if level == "story" else "copy group"
        assert result.stats[f"largest {name}"] == rows[0].articles
    assert not any(result.assignments[place].representative for place in again)
    assert not {result.assignments[place].id for place in again} & {a.linked_to for a in result}


def test_what_nothing_tells_from_a_second_article_counts() -> None:
    item = Article("نص قصير عن افتتاح المعرض في العاصمة", "7", source="قناة")
    for other in (item, replace(item, source="", date=START)):  # no date, no outlet
        assert not cluster([other, other]).again
    assert not cluster(["نص واحد", "نص واحد"]).again


def test_versions_of_one_url_read_again() -> None:
    articles, _ = read_often()
    first = Article(text_of(3, 60), "5", "سابق", "قناة", "https://example.org/5", START)
    articles += [
        first,
        replace(first, date=START + timedelta(hours=3)),
        first,
        replace(first, text=text_of(4, 60)),
        first,
    ]
    result = cluster(articles, unique_url=True)
    assert {18 - 1 + 2, 18 - 1 + 4} <= result.again  # of the first version of the last URL
    once = [a for place, a in enumerate(result) if place not in result.again]
    assert result.stats["stories"] == len({a.story for a in once})
    assert result.stats["largest story"] == max(sum(a.story == name for a in once) for name in {a.story for a in once})
    removed = dedup(articles, unique_url=True)
    for relation in ("exact", "version"):
        told = removed.stats.get(f"removed as {relation}", 0)
        assert told == sum(r.relation == relation for r in removed.removed)
