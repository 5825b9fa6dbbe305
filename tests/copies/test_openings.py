"""Reports in one form, told in words of their own: where each opens with another town, they report two happenings."""

# ruff: noqa: E501 -- a text is one line
from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from clusterer import Article, cluster
from clusterer.copies import facts
from clusterer.deduplication import dedup
from clusterer.text.words import hash_words

FRAME = (
    "أصدرت وزارة العدل اليوم بيانا عن تنفيذ حكم المحكمة العليا بحق أحد المدانين في {town} بعد أن استوفت القضية جميع درجات التقاضي",
    "وبإحالته إلى المحكمة العامة صدر بحقه صك شرعي يقضي بثبوت ما نسب إليه والحكم عليه بالعقوبة المقررة وصدق الحكم من محكمة الاستئناف"
    " ومن المحكمة العليا وصدر أمر سام بإنفاذ ما تقرر شرعا وتم تنفيذ الحكم صباح اليوم",
    "والوزارة إذ تعلن ذلك لتؤكد للجميع حرص الدولة على استتباب الأمن وتحقيق العدل وتنفيذ أحكام القضاء في كل من يتعدى على الآمنين"
    " وتحذر في الوقت ذاته كل من تسول له نفسه الإقدام على مثل ذلك بأن العقاب الشرعي سيكون مصيره، وتذكر بأن باب الصلح مفتوح أمام"
    " أهل الخصومات لدى لجان إصلاح ذات البين في الإمارات والمحافظات، وتهيب بمن لديه معلومة عن نزاع قائم أن يبلغ أقرب مركز إليه قبل"
    " أن يقع ما لا تحمد عقباه، سائلة الله أن يديم على البلاد نعمة الأمن وأن يحفظ أهلها من كل سوء وأن يهدي شبابها إلى الطريق القويم",
)
TOLD = (
    "وكان المدان قد نازع جاره على حدود بئر قديمة فترصد له عند باب المزرعة ليلا وأطلق عليه النار من بندقية صيد ثم ألقى السلاح في بطن"
    " السيل وفر إلى أقاربه في قرية مجاورة، وكشف التحقيق أن الخلاف بينهما يعود إلى سنوات وأن وجهاء الحي حاولوا الصلح بينهما مرارا"
    " دون جدوى، واعترف في أقواله الأولى ثم تراجع عنها أمام القاضي قبل أن تثبت عليه شهادة ثلاثة من الرعاة كانوا قرب المكان",
    "وأظهرت الأدلة أنه دخل متجرا للذهب متنكرا قبيل الإغلاق وطعن صاحبه بسكين مطبخ حين قاومه واستولى على حقيبة فيها أساور وخواتم،"
    " وتعقبت دورية مركبته حتى حاجز على المدخل الشمالي فصدم مركبة أخرى وأصيب رجل مرور، وعثر رجال البحث على المسروقات مدفونة تحت"
    " شجرة خلف منزل والدته، وأنكر محاميه التهمة في ثلاث جلسات طالبا عرض موكله على لجنة طبية رأت أنه مسؤول عن تصرفاته",
)


def statement(town: str, told: int, ending: str = "") -> str:
    return f"{FRAME[0].format(town=town)} {TOLD[told]} {FRAME[1]} {FRAME[2]} {ending}"


def groups(*texts: str) -> int:
    return cluster([Article(t, str(i)) for i, t in enumerate(texts)], level="copy").stats["copy groups"]


def test_statements_of_two_towns_are_none_of_them_a_copy() -> None:
    both = statement("نجران", 0), statement("تبوك", 1)
    assert groups(*both) == 2
    assert not dedup([Article(t) for t in both], level="copy").removed


@pytest.mark.parametrize(
    "other",
    [
        statement("نجران", 1),  # of one town
        statement("البلدة", 1),  # one of them names none
        statement("تبوك", 1, "وكان سجينا في نجران قبل ذلك"),  # told of further down
    ],
)
def test_what_both_tell_of_parts_nothing(other: str) -> None:
    assert groups(statement("نجران", 0), other) == 1


TOWNS = "نجران تبوك دبي مصر تونس مسقط"
COMMON = "قال وزير من في على يوم عام خبر كتاب بيت"
DAYS = ["السبت", "الثلاثاء", "الجمعة"]
WORDS = [*TOWNS.split(), *DAYS, *COMMON.split()]
CLASS = {"نجران": 1, "تبوك": 1, "دبي": 1, "مصر": 0, "تونس": 0, "مسقط": 1}


@given(st.integers(0, 2**32))
def test_openings_are_compared_as_told(seed: int) -> None:
    source = random.Random(seed)
    texts = [
        source.choices(WORDS, [1] * 9 + [source.randint(1, 9)] * 10, k=source.choice([5, 8, 45, 90])) for _ in range(5)
    ]
    pairs = np.array([(i, j) for j in range(5) for i in range(j)])
    words = hash_words([" ".join(text) for text in texts])
    elsewhere, other_weekdays = facts._openings(words, pairs, "news")

    def own(one: list[str], other: list[str]) -> set[int]:
        return {CLASS[word] for word in one[4:40] if word in CLASS and word not in other}

    def days(text: list[str]) -> set[str]:
        return {*text[:40]} & {*DAYS}

    assert elsewhere.tolist() == [bool(own(texts[i], texts[j]) & own(texts[j], texts[i])) for i, j in pairs.tolist()]
    said = [(days(texts[i]), days(texts[j])) for i, j in pairs.tolist()]
    assert other_weekdays.tolist() == [bool(a and b and not a & b) for a, b in said]


IN_WORDS = {"سبع": "7", "خمسين": "50"}


@given(st.integers(0, 2**32))
def test_figures_of_openings_are_those_told_nowhere_else(seed: int) -> None:
    source = random.Random(seed)
    told = [*["7", "12", "48", "50", "360", *IN_WORDS], *COMMON.split()]
    texts = [
        source.choices(told, [1] * 7 + [source.randint(1, 9)] * 10, k=source.choice([5, 45, 90])) for _ in range(5)
    ]
    pairs = np.array([(i, j) for j in range(5) for i in range(j)])

    def own(one: list[str], other: list[str]) -> bool:
        said = {*other, *(IN_WORDS[word] for word in other if word in IN_WORDS)}
        return any(word.isdigit() and word not in said for word in one[:40])

    found = facts.open_with_other_figures(hash_words([" ".join(text) for text in texts]), pairs, "news")
    assert found.tolist() == [own(texts[i], texts[j]) and own(texts[j], texts[i]) for i, j in pairs.tolist()]
