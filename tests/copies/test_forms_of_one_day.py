"""Two outlets' reports of one day in one form are two pieces of news; a reprint with small edits is a copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from one_day_forms import FORMS, fillings, reprints

from clusterer import Article, Settings, cluster
from clusterer.deduplication import dedup

COPIES = Settings(level="copy")
DAY = datetime(2025, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("date", [DAY, None], ids=["one day", "undated"])
@pytest.mark.parametrize(
    "outlets", [("الأيام", "الصباح"), ("الأيام", "الأيام"), ("", "")], ids=["two", "one", "unknown"]
)
def test_no_report_that_names_others_is_removed(outlets: tuple[str, str], date: datetime | None) -> None:
    removed, total = [], 0
    for name, *texts in fillings(4):
        articles = [Article(text, str(i), "", outlets[i], "", date) for i, text in enumerate(texts)]
        removed += [(name, *texts)] * len(dedup(articles, COPIES).removed)
        total += 1
    assert total == 4 * len(FORMS) == 40
    assert removed == []


def test_reports_that_name_others_are_series_for_the_most_part() -> None:
    found = [cluster([Article(a), Article(b)], COPIES).stats["copy groups"] == 2 for _, a, b in fillings(4)]
    assert sum(found) >= 0.95 * len(found)


@pytest.mark.parametrize("outlets", [("الأيام", "الصباح"), ("", "")], ids=["two", "unknown"])
def test_reprints_are_copies_and_one_is_kept(outlets: tuple[str, str]) -> None:
    for name, *texts in reprints(4):
        articles = [Article(text, str(i), "", outlets[i], "", DAY) for i, text in enumerate(texts)]
        assert cluster(articles, COPIES).stats["copy groups"] == 1, (name, texts)
        assert len(dedup(articles, COPIES).kept_ids) == 1, (name, texts)


@pytest.mark.parametrize("outlets", [("وكالة", "وكالة"), ("وكالة", "صحيفة")])
@pytest.mark.parametrize("hours", [1, 8, 11, 14, 17])
def test_a_toll_that_grows_is_one_report(outlets: tuple[str, str], hours: int) -> None:
    said = (
        "أعلنت وزارة الصحة أن حصيلة ضحايا الزلزال الذي ضرب المدينة ارتفعت إلى {} قتيلا و {} جريحا و {} مفقودا وقالت إن فرق"
        " الإنقاذ تواصل البحث عن ناجين تحت أنقاض {} مبنى وإن المستشفيات استقبلت المصابين من القرى القريبة"
    )
    start = datetime(2025, 3, 3, 14, tzinfo=UTC)
    articles = [
        Article(said.format(*counts), id=str(i), source=outlets[i], date=start + timedelta(hours=i * hours))
        for i, counts in enumerate([(11, 42, 7, 15), (19, 66, 5, 23)])
    ]
    assert len({a.copy for a in cluster(articles, Settings(level="copy"))}) == 1
