"""Updates: what an outlet prints again with another figure is news, also where all else is as it was."""

from __future__ import annotations

import pytest

from clusterer import Article, Settings, cluster, dedup

pytestmark = pytest.mark.usefixtures("loops")

LEAD = "انتشلت فرق الإنقاذ {0} جثة بعد غرق عبارة ركاب قبالة المرفأ القديم فيما تواصل زوارق خفر السواحل تمشيط المنطقة"
BODY = (
    "وقال ناطق باسم الدفاع المدني إن العبارة كانت تقل أكثر من طاقتها حين مالت على جنبها وسط أمواج عالية ورياح شديدة وإن"
    " الغواصين يعملون في نوبات متصلة داخل الهيكل المقلوب. وأقامت السلطات خيمة للأهالي قرب الرصيف ووزعت عليهم ماء وأغطية"
    " ونقلت الناجين إلى مستشفى المدينة. وأمر وزير النقل بوقف رحلات الشركة المالكة إلى أن ينتهي التحقيق في أوراق السفينة"
    " وفي ما إذا كان الربان قد تلقى إنذارا من مركز الأرصاد قبل الإبحار."
)
BACKGROUND = (
    "ووقف عشرات من ذوي الركاب على الرصيف يحملون صورا لأبنائهم ويسألون كل زورق يعود عما رأى، وشكا بعضهم من أن أحدا لم يتصل بهم"
    " وأن القوائم التي علقت على جدار المرفأ ناقصة وفيها أسماء كتبت مرتين. ووعد المحافظ الذي زار المكان بنشر قائمة كاملة مساء"
    " وبأن تتكفل المحافظة بنقل الجثامين إلى قراها، وقال إن الشركة ستحاسب إن ثبت أنها باعت تذاكر لا مقاعد لها على متن العبارة."
    " والعبارات هي السبيل الوحيد بين الجزيرة والساحل منذ تهدم الجسر القديم في فيضان الشتاء الماضي، ويقول سكان إن أحدا لا يفتش"
    " سترات النجاة فيها، وإن طوابير العائدين من السوق تتزاحم على آخر رحلة لأن الأجرة ترتفع بعد الغروب."
)


def told(figure: int | str, name: str, outlet: str, hour: int, lead: str = LEAD) -> Article:
    return Article(f"{lead.format(figure)}. {BODY}", name, source=outlet, date=f"2026-03-04T{hour:02}:00:00")


@pytest.mark.parametrize("hours", [0, 3, 9])
@pytest.mark.parametrize(("first", "later"), [(48, 55), (55, 48), ("ثماني", "تسع")])
def test_an_outlets_next_figure_stays(first: int | str, later: int | str, hours: int) -> None:
    """Both: which of the two is right only a reader can tell. They are one report all the same."""
    articles = [told(first, "a", "المرفأ", 9), told(later, "b", "المرفأ", 9 + hours)]
    assert len(cluster(articles, Settings(level="copy")).groups("copy")) == 1
    for keep in ("longest", "earliest", "central"):
        assert dedup(articles, keep=keep).removed == ()


@pytest.mark.parametrize(
    ("later", "outlet", "gone"), [(55, "المرفأ", []), (48, "المرفأ", ["b"]), (55, "صحيفة أخرى", ["b"])]
)
def test_so_does_one_that_is_too_short_to_be_aligned(later: int, outlet: str, gone: list[str]) -> None:
    long = told(48, "a", "المرفأ", 9)
    long = Article(f"{long.text} {BACKGROUND}", "a", source=long.source, date=long.date)
    assert [one.id for one in dedup([long, told(later, "b", outlet, 12)]).removed] == gone


@pytest.mark.parametrize("outlet", ["المرفأ", "صحيفة أخرى"])
def test_the_same_figure_is_removed(outlet: str) -> None:
    for figure in (48, "٤٨"):
        edited = LEAD.replace("تمشيط المنطقة", "تمشيط المكان كله")
        articles = [told(48, "a", "المرفأ", 9), told(figure, "b", outlet, 12, edited)]
        assert len(dedup(articles).removed) == 1


def test_another_day_further_down_is_no_other_figure() -> None:
    texts = [f"{LEAD.format(48)}. {BODY} ويعود المحققون يوم {day} إلى الرصيف." for day in ("الثلاثاء", "الأربعاء")]
    articles = [Article(text, source="المرفأ", date="2026-03-04T09:00:00") for text in texts]
    assert len(dedup(articles).removed) == 1
