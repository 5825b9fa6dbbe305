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
