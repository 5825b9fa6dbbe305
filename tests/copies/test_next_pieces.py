"""The next piece of an outlet on one affair, put before what it printed already: no copy of the piece before."""

# ruff: noqa: E501 -- a text is one line
from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clusterer import Article, Settings, cluster
from clusterer.deduplication import dedup
from clusterer.pairs import verified_pairs
from clusterer.pipeline import run_pipeline

AFFAIRS = {
    "bridge": (
        "أغلقت سلطات ميناء نواذيبو مساء الثلاثاء جسر الحوض القديم أمام الشاحنات بعد ظهور تشققات في دعامته الوسطى، وحولت السير إلى الطريق الساحلي.",
        "طالب اتحاد الناقلين الوزارة بتعويض أصحاب الشاحنات عن أيام التوقف، وهدد أمينه العام يوسف ولد بلال بإضراب مفتوح ابتداء من مطلع الأسبوع. وأضاف أن أعضاءه خسروا في يوم واحد ما يكسبونه في شهر.",
        "وكانت لجنة فنية قد فحصت الجسر الذي شيد قبل أربعين عاما ويعبره نحو تسعمئة شاحنة في اليوم. وقالت اللجنة في تقريرها إن الملوحة أكلت حديد التسليح في دعامتين، وإن الترميم يحتاج إلى سبعة أشهر. ويربط الجسر منطقة التبريد بمرافئ الصيد، ولا بديل عنه سوى طريق ضيق يمر بالأحياء السكنية.",
    ),
    "goalkeeper": (
        "كشف نادي أهلي صنعاء أن حارسه الأول مازن القدسي سيغيب ستة أسابيع بعد كسر في إصبع يده اليسرى خلال الحصة التدريبية الأخيرة.",
        "سخر الحارس البديل من الجماهير التي شككت في قدراته، وكتب على صفحته أنه سيرد داخل الملعب لا خارجه وأن الشباك لن تهتز بسهولة. وحصد منشوره آلاف التعليقات خلال ساعة، ودعا لاعبون سابقون إلى مساندته قبل المباراة الحاسمة.",
        "ويستعد الفريق لمواجهة شعب حضرموت في نصف نهائي الكأس على ملعب المدينة يوم السبت المقبل. وخسر أهلي صنعاء مباراتيه الأخيرتين في الدوري وتراجع إلى المركز الرابع بفارق خمس نقاط عن الصدارة. ويعول المدرب على عودة المهاجم رائد الحيمي الذي أنهى عقوبة الإيقاف، ويحتاج الفريق إلى الفوز لإنقاذ موسمه.",
    ),
    "court": (
        "رفضت محكمة الاستئناف في ستوكهولم طلب الإفراج عن الناشر السوري غيث النعساني وأبقته في الحبس إلى موعد النطق بالحكم.",
        "وصفت نقابة الصحفيين ما جرى بالسابقة الخطيرة ودعت أعضاءها إلى وقفة أمام البرلمان، فيما نأت الحكومة بنفسها عن القضية. وقالت النقابة إنها ستطلب رأي لجنة البندقية في نصوص القانون الذي حوكم بموجبه.",
        "وأوقف النعساني في مطلع الشتاء بعدما نشر وثائق عن عقود شركة أمنية تعمل مع البلديات. ويقول الادعاء إن نشر الوثائق كشف عناوين موظفين وعرض سلامتهم للخطر، بينما يؤكد الدفاع أن موكله حجب الأسماء كلها قبل النشر. وقد تصل العقوبة إلى سنتين إذا أدين بالتهمتين معا، ومن المقرر أن يصدر الحكم قبل نهاية الشهر.",
    ),
}
NOON = datetime(2021, 11, 9, 12, tzinfo=UTC)


def pieces(affair: str, hours: float = 3.0, outlets: tuple[str, str] = ("الضفة", "الضفة")) -> list[Article]:
    first, following, background = AFFAIRS[affair]
    told = (f"{first} {background}", NOON), (f"{following} {first} {background}", NOON + timedelta(hours=hours))
    return [Article(text, source=o, date=d) for (text, d), o in zip(told, outlets, strict=True)]


@pytest.mark.parametrize("hours", [1.0, 6.0, 30.0])
@pytest.mark.parametrize("affair", AFFAIRS)
def test_the_next_piece_of_an_outlet_stays(affair: str, hours: float) -> None:
    both = pieces(affair, hours)
    assert len({x.copy for x in cluster(both).assignments}) == 2
    assert not dedup(both).removed


@pytest.mark.parametrize("affair", AFFAIRS)
def test_what_another_outlet_puts_a_lead_before_is_a_copy(affair: str) -> None:
    both = pieces(affair, outlets=("الضفة", "الشاشة"))
    assert len({x.copy for x in cluster(both, level="copy").assignments}) == 1


@pytest.mark.parametrize("affair", AFFAIRS)
def test_an_edited_lead_is_no_other_one(affair: str) -> None:
    first, _, background = AFFAIRS[affair]
    words = first.split()
    edited = " ".join(["وفي التفاصيل", *words[:6], "أيضا", *words[7:], "وفق مصادر متطابقة."])
    both = [
        Article(f"{lead} {background}", source="الضفة", date=NOON + timedelta(hours=2 * i))
        for i, lead in enumerate((first, edited))
    ]
    assert len(dedup(both).removed) == 1


@pytest.mark.parametrize("hours", [3.0, 30.0])
def test_a_text_quoted_behind_another_lead_is_a_quotation(hours: float) -> None:
    first, following, background = AFFAIRS["bridge"]
    others = " ".join(f"{b} {a}" for affair in ("goalkeeper", "court") for a, _, b in [AFFAIRS[affair]])
    later = NOON + timedelta(hours=hours)
    both = [
        Article(f"{first} {background}", source="الضفة", date=NOON),
        Article(f"{following} {others} {first} {background}", source="الضفة", date=later),
    ]
    settings = Settings(level="copy")
    assert [x.relation for x in verified_pairs(run_pipeline(both, settings), settings)] == ["quoted"]


def of_days(
    days: tuple[str, str], hours: float, outlets: tuple[str, str] = ("الضفة", "الضفة"), own: str = ""
) -> list[Article]:
    """Two pieces that share all but a short lead with a weekday, and what the second has of its own further down."""
    background = " ".join(told for _, _, told in AFFAIRS.values())
    edited = background.replace("فنية", "").replace("الأخيرتين ", "").replace("مطلع", "أول").replace("كلها ", "")
    leads = f"وصل محققون {{0}} إلى مقر الشركة. {background}", f"أوقفت الشرطة {{0}} مدير الشركة. {edited}"
    return [
        Article(f"{lead.format(day)} {more}", str(i), source=o, date=NOON + timedelta(hours=i * hours))
        for i, (lead, day, o, more) in enumerate(zip(leads, days, outlets, ("", own), strict=True))
    ]


@pytest.mark.parametrize(("hours", "groups"), [(2.0, 1), (20.0, 2), (500.0, 2)])
@pytest.mark.parametrize("long", [False, True])
def test_a_lead_of_another_weekday_is_the_next_piece(hours: float, groups: int, long: bool) -> None:
    """Whatever the two share, both stay; nearly the same text is one group all the same, and so is what one day brings."""
    own = " ".join(f"{a} {b}" for a, b, _ in AFFAIRS.values()) if long else ""
    both = of_days(("الاثنين", "اليوم الثلاثاء"), hours, own=own)
    assert len({x.copy for x in cluster(both, level="copy").assignments}) == (groups if long else 1)
    assert not dedup(both).removed


@pytest.mark.parametrize(
    ("days", "outlets"),
    [
        (("الاثنين", "أمس الاثنين"), ("الضفة", "الضفة")),
        (("", "الثلاثاء"), ("الضفة", "الضفة")),
        (("الاثنين", "بين الاثنين والثلاثاء"), ("الضفة", "الضفة")),
        (("الاثنين", "الثلاثاء"), ("الضفة", "الشاشة")),
        (("الاثنين", "الثلاثاء"), ("", "")),
    ],
)
def test_the_same_weekday_none_or_that_of_another_outlet_tells_nothing(
    days: tuple[str, str], outlets: tuple[str, str]
) -> None:
    both = of_days(days, 20.0, outlets)
    assert len({x.copy for x in cluster(both, level="copy").assignments}) == 1
    assert len(dedup(both).removed) == 1
