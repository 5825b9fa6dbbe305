"""Words that only say when."""

from __future__ import annotations

import pytest

from clusterer.text.date_words import date_words
from clusterer.text.words import hash_words


def dates(text: str, profile: str = "news") -> list[str]:
    words = hash_words([text], profile, positions=True)
    assert words.spans is not None
    mask = date_words(words, profile).tolist()
    return [text[a:z] for (a, z), found in zip(words.spans.tolist(), mask, strict=True) if found]


@pytest.mark.parametrize("profile", ["news", "strict"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "وصل اليوم الاثنين 14 رجب 1447 هـ الموافق 5 يناير 2026 م إلى",
            "اليوم الاثنين 14 رجب 1447 هـ الموافق 5 يناير 2026 م",
        ),
        ("في ٧ أيلول/سبتمبر ٢٠١٩ أعلن", "٧ أيلول سبتمبر ٢٠١٩"),
        ("الرياض 3 ربيع الأول 1440هـ", "3 ربيع الأول 1440هـ"),
        ("مونديال 2022 في قطر", "2022"),
        ("صام الناس شهر رمضان ثلاثين يوما", ""),
        ("فاز الأحد بثلاثة أهداف مقابل 2", ""),
        ("بلغ السعر 2500 ريال و 14 هللة", ""),
        ("الدفعة 12 من الخريجين في مايو", ""),
    ],
)
def test_dates_in_full_and_years_are_found_and_nothing_else(text: str, found: str, profile: str) -> None:
    assert dates(text, profile) == found.split()


def test_a_date_does_not_reach_into_the_next_article() -> None:
    words = hash_words(["بدأ في 5", "مارس الجديد", "عام 2020", "الأول هنا"])
    mask = date_words(words, "news")
    assert [mask[a:z].tolist() for a, z in zip(words.offsets[:-1], words.offsets[1:], strict=True)] == [
        [False] * 3,
        [False] * 2,
        [True] * 2,
        [False] * 2,
    ]
    assert not len(date_words(hash_words([]), "news"))
