"""Notices of every day in free words around common passages, as forecasts are: each day's its own copy group, and none removed."""

# ruff: noqa: E501 -- a text is one line
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clusterer import Article, cluster
from clusterer.deduplication import dedup

HEAD = "توقعت مديرية الأنواء والملاحة في تقريرها اليومي الذي يصدر صباحا عن حالة الجو على سواحل الدلتا وما يليها من الواحات والموانئ، بمشيئة الله تعالى،"
DAYS = (
    "أن تهب رياح نشطة محملة بالرمال على الواحات والطرق الصحراوية مع تدني الرؤية في بعض الأحياء، وأن يصحو الجو بعد الظهر على المدن والموانئ ويعود إليها الدفء مع المساء.",
    "ضبابا كثيفا عند الفجر فوق البحيرات والقنوات يحد من الرؤية على الطريق الدائري ثم ينقشع مع طلوع الشمس، فيما تبقى الأجواء لطيفة في القرى وتخف الرطوبة عما كانت عليه من قبل.",
    "سحبا منخفضة يصحبها رذاذ متفرق على المزارع والحقول ولا يستبعد معها هطول خفيف آخر الليل، ويميل الطقس إلى البرودة فوق الهضاب بينما تهدأ الحركة في الهواء إلى أن يحل الصباح.",
)
SEA = (
    "وأورد التقرير أن الرياح السطحية على الخليج الشرقي تكون شمالية شرقية إلى شمالية بسرعة خفيفة تنشط في بعض الأوقات، وارتفاع"
    " الموج من نصف متر إلى متر ونصف، وحالة البحر خفيف إلى متوسط الموج، فيما يكون مد البحر على المرافئ الغربية معتدلا طوال النهار."
)
NOON = datetime(2022, 4, 4, 12, tzinfo=UTC)
ENDINGS = {"النيل": "", "الساحل": " نقلا عن المديرية.", "الدلتا اليوم": " بحسب ما جاء في النشرة.", "": ""}


def forecast(day: int, outlet: str, hours: float = 0.0) -> Article:
    text = f"{HEAD} {DAYS[day]} {SEA}{ENDINGS[outlet]}"
    return Article(text, f"{outlet}-{day}-{hours}", source=outlet, date=NOON + timedelta(days=day, hours=hours))


def days_apart(articles: list[Article]) -> bool:
    copies = {a.id: a.copy for a in cluster(articles, level="copy")}
    days = {a.id.split("-")[1] for a in articles}
    groups = {(a.id.split("-")[1], copies[a.id]) for a in articles}
    return len(groups) == len({copy for _, copy in groups}) == len(days)


@pytest.mark.parametrize("days", [2, 3])
def test_the_days_that_several_outlets_print_are_groups_of_their_own(days: int) -> None:
    told = [forecast(day, outlet) for day in range(days) for outlet in ("النيل", "الساحل", "الدلتا اليوم")]
    assert days_apart(told)
    assert len(dedup(told).kept_ids) == days
    assert {name.split("-")[1] for name in dedup(told).kept_ids} == {str(day) for day in range(days)}


def test_three_days_of_one_outlet_stay() -> None:
    told = [forecast(day, "النيل") for day in range(3)]
    assert days_apart(told)
    assert not dedup(told).removed


def test_two_versions_of_one_outlet_may_be_those_of_a_page_and_of_a_paper() -> None:
    assert len({a.copy for a in cluster([forecast(0, "النيل"), forecast(1, "النيل")], level="copy")}) == 1


@pytest.mark.parametrize("outlet", ["النيل", ""])
def test_printed_again_on_other_days_it_is_no_notice(outlet: str) -> None:
    again = [forecast(0, outlet), forecast(1, outlet), forecast(0, outlet, 48.0), forecast(1, outlet, 48.0)]
    assert len({a.copy for a in cluster(again, level="copy")}) == 1


def test_without_outlets_nothing_tells_notices_apart() -> None:
    assert len({a.copy for a in cluster([forecast(day, "") for day in range(3)], level="copy")}) == 1


def test_what_a_later_text_holds_whole_is_its_cut() -> None:
    """A cable to one prince, and to two: the first is in the second, word by word."""
    later = [
        Article(f"{a.text} {DAYS[2]} {DAYS[1]}", f"{a.id}-later", source=a.source, date=NOON + timedelta(days=1))
        for a in (forecast(0, outlet) for outlet in ("النيل", "الساحل"))
    ]
    first = [forecast(0, outlet) for outlet in ("النيل", "الساحل")]
    assert len({a.copy for a in cluster([*first, *later], level="copy")}) == 1
