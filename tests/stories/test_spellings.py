"""Names spelt in several ways, and words that only tell when: what stems and rarity make of them, and the stories that follow."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from benchmarks.corpora.made_pairs import negative_pairs, spelling_pairs
from benchmarks.suites.variants import together
from clusterer import Article, cluster
from clusterer.stories import calendar, name_variants, term_weights
from clusterer.text.words import hash_words

pytestmark = pytest.mark.usefixtures("loops")

SPELLINGS = (
    "ترامب ترمب", "نتنياهو نتانياهو", "غوتيريش كوتيريش جوتيريش", "جوزيف جوزف", "سوريا سورية", "روسيا روسية", "أوباما اوباما",
    "بوتين بوتن", "ماكرون مكرون", "ميركل ميركيل", "زيلينسكي زلنسكي", "بواتينغ بواتينج", "إنكليزي إنجليزي",
    "كوريا كورية", "أنقرة انقره", "لوكاشينكو لوكاشنكو", "فنزويلا فنزويلّا", "بيلاروسيا بيلاروسية",
)  # fmt: skip
DIFFERENT = "قال كال", "الخميس خمس", "الاحد احد", "الجمعة جمع", "كريم جريم", "ليبيا لبنان", "عمان عمر"
MONTHS = ["يناير", "مارس", "أغسطس", "تموز", "رمضان", "محرم"]


def stem(word: str) -> int:
    stems = hash_words([word], stems=True).stems
    assert stems is not None
    return int(stems[0])


@pytest.mark.parametrize("spellings", SPELLINGS)
def test_a_name_has_one_stem_however_it_is_spelt(spellings: str) -> None:
    assert len({stem(word) for word in spellings.split()}) == 1


@pytest.mark.parametrize("words", DIFFERENT)
def test_other_words_keep_apart(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 2


@pytest.mark.parametrize("word", [*MONTHS, "2025", "1446", "2016", "الخميس", "والخميس", "13", "07"])
def test_calendar_words_and_numbers_are_never_rare(word: str) -> None:
    stems = np.array([stem(word)], dtype=np.uint32)
    assert term_weights.inverse_frequencies(stems, np.array([1]), 1)[0] <= term_weights.DATE_RARITY


def test_a_stem_that_nobody_knows_is_not_the_rarest_of_all() -> None:
    known = term_weights.background()
    seldom, unknown = known.stems[np.argmin(known.counts)], np.uint32(12345)
    assert unknown not in known.stems
    rare, unseen = (
        float(term_weights.inverse_frequencies(np.array([x], dtype=np.uint32), np.array([1]), 1)[0])
        for x in (seldom, unknown)
    )
    assert unseen - rare < 0.1


def test_years_are_no_numbers_and_days_are_told_apart() -> None:
    numbers = set(calendar.number_stems().tolist())
    assert {stem("12"), stem("012"), stem("007")} <= numbers
    assert not {stem("2016"), stem("1437"), stem("كتاب")} & numbers
    assert len(set(calendar.weekday_stems().tolist())) == 7


FAIRS = (
    ("معرض الكتاب يفتح أبوابه", "افتتح وزير الثقافة في الدوحة معرض الكتاب يوم الخميس 13 مارس 2025 الموافق 13 رمضان 1446 بمشاركة"
     " خمسمئة ناشر من أربعين بلدا، وتستمر فعالياته عشرة أيام."),
    ("مهرجان للتمور في القصيم", "انطلق في بريدة مهرجان التمور السنوي يوم الخميس 13 مارس 2025 الموافق 13 رمضان 1446، ويعرض"
     " المزارعون محاصيلهم من السكري والبرحي في ساحة السوق."),
)  # fmt: skip


@pytest.mark.parametrize("years", [("2025", "1446"), ("2016", "1437"), ("2031", "1452")])
def test_two_fairs_of_one_date_are_two_stories(years: tuple[str, str]) -> None:
    west, hijri = years
    texts = [(title, text.replace("2025", west).replace("1446", hijri)) for title, text in FAIRS]
    assert len({a.story for a in cluster([Article(text, str(i), title) for i, (title, text) in enumerate(texts)])}) == 2


REPORTS = (
    ("{} يلتقي الأمين العام {} في جنيف", "التقى الرئيس {} اليوم في جنيف الأمين العام للأمم المتحدة {} وبحثا وقف إطلاق النار في {}"
     " وإدخال المساعدات إلى المدن المحاصرة قبل نهاية الأسبوع."),
    ("وقف النار على طاولة {} و{}", "بحث الأمين العام للأمم المتحدة {1} مع الرئيس {0} في جنيف سبل وقف إطلاق النار في {2}، وقال إن"
     " المساعدات يجب أن تصل إلى المدن المحاصرة قبل نهاية الأسبوع."),
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    list(combinations([("ترامب", "غوتيريش", "سوريا"), ("ترمب", "كوتيريش", "سورية"), ("ترامب", "جوتيريش", "سورية")], 2)),
)
def test_two_reports_that_spell_the_names_in_two_ways_are_one_story(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    reports = [
        Article(text.format(*names), str(i), title.format(*names), f"outlet {i}")
        for i, ((title, text), names) in enumerate(zip(REPORTS, (one, other), strict=True))
    ]
    assert len({a.story for a in cluster(reports)}) == 1


@pytest.mark.parametrize("name", name_variants.NAMES)
def test_listed_spellings_count_as_one(name: str) -> None:
    stems = hash_words([name], stems=True).stems
    assert stems is not None
    assert len(set(stems.tolist())) > 1  # else the stemmer sees it by itself
    assert set(name_variants.one_spelling(stems).tolist()) == {int(stems[0])}
    assert name_variants.one_spelling(stems[:1]) is not None


def test_no_spelling_is_listed_under_two_names() -> None:
    listed = [set(map(stem, name.split())) for name in name_variants.NAMES]
    assert sum(map(len, listed)) == len(set().union(*listed))


def test_made_pairs_that_differ_in_spelling_are_one_story_each() -> None:
    made = list(spelling_pairs())
    assert len(made) == 60
    assert together(made) == made


def test_made_pairs_of_two_happenings_are_two_stories_each() -> None:
    made = list(negative_pairs())
    assert len(made) == 60
    assert [one.id for one, _ in together(made)] == []
