"""Tables of numbers without a sentence: every day's is a story of its own, whoever prints it; the same table is a copy."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clusterer import Article, cluster
from clusterer.index import StoryIndex

CITIES = ["وهران", "قسنطينة", "عنابة", "سطيف", "ورقلة", "بشار", "تلمسان", "باتنة", "الجلفة", "جيجل"]
CURRENCIES = ["الدولار", "اليورو", "الإسترليني", "الليرة", "الدرهم", "الين", "اليوان", "الفرنك"]
PRAYERS = ("الفجر", "الشروق", "الظهر", "العصر", "المغرب", "العشاء")
CLUBS = ["الوداد", "الرجاء", "الجيش", "بركان", "تطوان", "أكادير", "آسفي", "طنجة", "خريبكة", "وجدة"]


def temperatures(source: random.Random) -> str:
    return "الطقس الليلة " + "، ".join(f"{city} {source.randint(24, 44)} {source.randint(9, 23)}" for city in CITIES)


def rates(source: random.Random) -> str:
    return " ".join(
        f"{name} {source.randint(10, 99)}.{source.randint(10, 99)} {source.randint(10, 99)}.{source.randint(10, 99)}"
        for name in CURRENCIES
    )


def prayer_times(source: random.Random) -> str:
    hours = zip(PRAYERS, (4, 5, 12, 3, 6, 8), strict=True)
    return " ".join(f"{name} {hour}:{source.randint(10, 59)}" for name, hour in hours)


def results(source: random.Random) -> str:
    clubs = source.sample(CLUBS, len(CLUBS))
    pairs = zip(clubs[::2], clubs[1::2], strict=True)
    return "، ".join(f"{a} {source.randint(0, 4)} - {source.randint(0, 4)} {b}" for a, b in pairs)


Table = Callable[[random.Random], str]
TABLES: tuple[Table, ...] = (temperatures, rates, prayer_times, results)
MORNING = datetime(2022, 5, 2, 7, tzinfo=UTC)


def printed(table: Table, outlets: tuple[str, ...], dated: bool) -> Iterator[Article]:
    source = random.Random(0)
    for day in range(12):
        date = MORNING + timedelta(days=day) if dated else None
        yield Article(table(source), title="جدول اليوم", source=outlets[day % len(outlets)], date=date)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("outlets", [("المغاربية",), ("المغاربية", "أخبار الساحل"), ("",)])
@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_a_story_of_its_own(table: Table, outlets: tuple[str, ...], dated: bool) -> None:
    found = cluster([*printed(table, outlets, dated)])
    assert Counter(x.story for x in found.assignments).most_common(1)[0][1] == 1


@pytest.mark.parametrize("table", TABLES)
def test_the_same_table_of_two_outlets_is_one_story(table: Table) -> None:
    of_days = [*printed(table, ("المغاربية",), dated=True)]
    again = [replace(x, id="", source="أخبار الساحل", text="ننشر لكم " + x.text) for x in of_days]
    found = cluster([*of_days, *again])
    assert {*Counter(x.story for x in found.assignments).values()} == {2}


def test_an_index_knows_tables_too(tmp_path: Path) -> None:
    with StoryIndex.open(tmp_path / "tables.db") as index:
        for i, article in enumerate(printed(results, ("المغاربية",), dated=True)):
            index.add([replace(article, id=f"{i}")])
        stories = [x.story for x in index.assignments()]
    assert len(stories) == len(set(stories)) == 12


def test_a_flash_with_a_score_is_no_table() -> None:
    flashes = [
        Article(
            "عاجل: الوداد 2 - 1 الرجاء في نهائي كأس العرش بملعب مراكش أمام 45 ألف متفرج", title="الوداد بطلا لكأس العرش"
        ),
        Article(
            "الوداد يفوز بكأس العرش على حساب الرجاء 2 - 1 في مراكش وسط حضور 45 ألف متفرج", title="كأس العرش للوداد"
        ),
    ]
    found = cluster([replace(x, source=o, date=MORNING) for x, o in zip(flashes, "اب", strict=True)])
    assert len({x.story for x in found.assignments}) == 1
