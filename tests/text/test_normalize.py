"""Normalising against a slow twin, fold by fold, and on text that no newsroom would write."""

from __future__ import annotations

import time
import tracemalloc
import unicodedata

import numpy as np
import pytest
import reference
from hypothesis import example, given, strategies as st
from strategies import texts

from clusterer.errors import SettingsError
from clusterer.text.normalize import BOUNDARY, NEWLINE, SPACE, STOP, _unfold, fold, normalise, small_path

PROFILES = ["news", "strict", "news-1", "strict-1"]


def one(text: str, profile: str = "news") -> str:
    return normalise([text], profile)[0]


LETTERS = [*"ﻻﷺ½﷼\u200b\u0653اَ 😀𝐀𠀀𓀀①㎏…\U000e0100\ud800\udc00", "أب"]
SPECIAL = st.lists(st.sampled_from(LETTERS), max_size=30)


@given(SPECIAL.map("".join), st.sampled_from(PROFILES))
@example("ﻻ\u200bاب" * 9, "news")
@example("اﻻ\u0653 ﻻ", "news-1")
def test_letters_written_out_all_at_once_are_those_written_out_one_by_one(text: str, profile: str) -> None:
    assert small_path(text, profile) == _unfold(text, profile)


@pytest.mark.parametrize("letters", ["😀", "😀🎉✋½㎏①②③④⑤⑥"])
def test_special_letters_without_end_are_written_out_in_little_memory(letters: str) -> None:
    small_path(letters, "news")  # tables are made once
    text = letters * (200_000 // len(letters))
    tracemalloc.start()
    try:
        small_path(text, "news")
        assert tracemalloc.get_traced_memory()[1] < 25 * len(text)
    finally:
        tracemalloc.stop()


ALIKE = [(0x3400, 0x4DC0), (0x4E00, 0xA48D), (0xAC00, 0xD7A4), (0xD800, 0xF900)]
"""Blocks whose characters all fold alike: ideographs, Yi and Hangul syllables, halves of characters, those of private use."""


@pytest.mark.parametrize("step", [37, pytest.param(1, marks=pytest.mark.slow)])
def test_every_character_of_the_basic_plane_alone_equals_the_reference(step: int) -> None:
    """Of the blocks `ALIKE` one in so many, all others."""
    left_out = {c for start, end in ALIKE for c in range(start + 1, end - 1) if c % step}
    everything = [chr(c) for c in range(0x10000) if c not in left_out]
    assert len(everything) > 18_000
    for profile in PROFILES:
        wrong = [
            f"U+{ord(ch):04X}"
            for ch, ours in zip(everything, normalise(everything, profile), strict=True)
            if ours != reference.normalise(ch, profile)
        ]
        assert not wrong


def test_every_character_of_the_basic_plane_is_a_fixed_point_when_folded() -> None:
    for profile in PROFILES:
        folded = normalise([f"ب{chr(c)}ب" for c in range(0x10000)], profile)
        assert normalise(folded, profile) == folded


@pytest.mark.parametrize("profile", PROFILES)
@given(batch=st.lists(texts(), max_size=6))
@example(batch=["J\u030c"])  # composes only once it is lower case
@example(batch=["\uff21\u0301", "e\u200d\u0301", "e\u06d6\u0301", "ﺎ\u0654", "ی\u0654"])
@example(batch=["\ud83d", "\ude00", "\ud83d\ude00", "\uffff", "a\uffffb", "\x00"])
@example(batch=["e\U000e0100\u0301", "ﷺ", "\u0301", "😀\u0301"])
def test_normalise_equals_the_reference_whatever_the_batch(profile: str, batch: list[str]) -> None:
    expected = [reference.normalise(text, profile) for text in batch]
    assert normalise(batch, profile) == expected
    assert [one(text, profile) for text in batch] == expected


@pytest.mark.parametrize("profile", PROFILES)
@given(text=texts())
def test_normalise_is_idempotent(profile: str, text: str) -> None:
    once = one(text, profile)
    assert one(once, profile) == once


@given(text=texts())
def test_news_folds_what_strict_has_folded(text: str) -> None:
    assert one(one(text, "strict")) == one(text)


@pytest.mark.parametrize("count", [120, pytest.param(500, marks=pytest.mark.slow)])
def test_real_articles_equal_the_reference_and_are_fixed_points(real_texts: list[str], count: int) -> None:
    batch = real_texts[:count]
    for profile in PROFILES:
        folded = normalise(batch, profile)
        assert folded == [reference.normalise(text, profile) for text in batch]
        assert normalise(folded, profile) == folded


@pytest.mark.parametrize("profile", PROFILES)
@given(batch=st.lists(texts(), max_size=4))
def test_the_parts_of_a_batch_fit_together(profile: str, batch: list[str]) -> None:
    letters = fold(batch, profile, positions=True)
    assert len(letters.ends) == len(batch)
    assert (letters.codes[letters.ends] == BOUNDARY).all()
    assert (letters.codes == BOUNDARY).sum() == len(batch)
    assert np.isin(letters.codes[letters.codes <= SPACE], [SPACE, NEWLINE, BOUNDARY, STOP]).all()
    assert letters.origin is not None
    start = 0
    for text, end in zip(batch, letters.ends.tolist(), strict=True):
        origin = letters.origin[start : end + 1].tolist()
        assert origin == sorted(origin)
        assert origin[-1] == len(text)
        assert all(0 <= place < len(text) for place in origin[:-1])
        start = end + 1
    assert fold(batch, profile).origin is None


SAME_IN_STRICT = [
    ("Persian yeh and kaf", "رئیس الکویت", "رئيس الكويت"),
    ("tatweel", "الســـلام", "السلام"),
    ("presentation forms", "ﺍﻟﺴﻼﻡ", "السلام"),
    ("the lam-alef ligatures", "ﻻ ﻷ ﻹ ﻵ", "لا لأ لإ لآ"),
    ("the ligature of God's name", "ﷲ", "الله"),
    ("zero-width marks", "ال\u200cسل\u200dام\u200b\ufeff", "السلام"),
    ("bidi marks", "\u200f\u202bالسلام\u202c\u200e\u2067\u2069\u061c", "السلام"),
    ("no-break space", "قال\u00a0الوزير\u202fأمس", "قال الوزير أمس"),
    ("decomposed hamza", "ا\u0654حمد ا\u0653ل و\u0654 ي\u0654", "أحمد آل ؤ ئ"),
    ("full-width forms", "ＡＢＣ１", "ABC1"),
    ("punctuation", "قال، نعم؛ أ؟ «لا» (بلى).", "قال نعم أ لا بلى"),
    ("variation selectors", "قال ❤\ufe0f نعم", "قال نعم"),
    ("emoji", "قال😀نعم", "قال نعم"),
    ("padding of a lone diacritic", "كتـﹷب", "كتب"),
    ("padding beside a mark", "كا\u0653ﱠﹷب", "كآب"),
]
SAME_IN_NEWS = [
    ("alef maksura for yeh", "فى الروسى", "في الروسي"),
    ("diacritics", "مُحَمَّدٌ رَسُولٌ", "محمد رسول"),
    ("superscript alef", "هٰذا الرحمٰن", "هذا الرحمن"),
    ("Quranic signs", "قالۖ نعمۗ ۭلا", "قال نعم لا"),
    ("hamza carriers", "أحمد إلى آل ٱلله مؤمن رئيس", "احمد الي ال الله مومن رييس"),
    ("teh marbuta", "مدرسة", "مدرسه"),
    ("Arabic digits", "٠١٢٣٤٥٦٧٨٩", "0123456789"),
    ("Persian digits", "۰۱۲۳۴۵۶۷۸۹", "0123456789"),
    ("Latin upper case", "NASA", "nasa"),
    ("full-width letters", "ＡＢＣ", "abc"),
]


@pytest.mark.parametrize(("what", "a", "b"), SAME_IN_STRICT, ids=lambda x: x if x.isascii() else "")
def test_encoding_noise_folds_in_both_profiles(what: str, a: str, b: str) -> None:
    assert one(a, "strict") == b, what
    assert one(a) == one(b), what


@pytest.mark.parametrize(("what", "a", "b"), SAME_IN_NEWS, ids=lambda x: x if x.isascii() else "")
def test_spelling_folds_in_news_only(what: str, a: str, b: str) -> None:
    assert one(a) == b, what
    if what != "full-width letters":
        assert one(a, "strict") == " ".join(a.split()), what


def test_every_diacritic_of_the_quran_block_leaves_no_trace_in_news() -> None:
    signs = [0x670, *range(0x64B, 0x653), *range(0x656, 0x660), *range(0x6D6, 0x6EE)]
    letters = [chr(c) for c in signs if c not in (0x6DD, 0x6DE, 0x6E9)]
    assert set(normalise([f"كت{ch}ب" for ch in letters])) == {"كتب"}
    assert set(normalise([f"كت{ch}ب" for ch in "\u06dd\u06de\u06e9"])) == {"كت ب"}


@pytest.mark.parametrize(
    "text",
    [
        "l'été où naïf garçon cœur",
        "съезд объявил ёлка йод",
        "בְּרֵאשִׁית בָּרָא אֱלֹהִים",
        "हिन्दी समाचार ३४५ क्षेत्र",
        "中文新闻报道",
        "日本語のニュース",
        "한국어 뉴스",
        "ไทยแลนด์ที่นี่",
        "Ελληνικά ώρα",
        "አማርኛ",
    ],
)
def test_other_languages_pass_unharmed(text: str) -> None:
    for form in ("NFC", "NFD"):
        for profile in PROFILES:
            kept = one(unicodedata.normalize(form, text), profile)
            wanted = [c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c)[0] in "LMN"]
            got = [c for c in unicodedata.normalize("NFD", kept.lower()) if unicodedata.category(c)[0] in "LMN"]
            assert got == wanted


@pytest.mark.parametrize("profile", PROFILES)
@given(text=st.text("اأوؤيئهةلbeéEÉöüñşç \u0653\u0654\u0655\u0301\u0308\u0327\u064e\u0651", max_size=12))
def test_composed_and_decomposed_spellings_are_one(profile: str, text: str) -> None:
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    folded = normalise(forms, profile)
    assert folded[0] == folded[1]


def test_lines_are_kept_and_empty_ones_dropped() -> None:
    assert one("أ\r\n\n  ب  ج \u2028 د\x85\n") == "ا\nب ج\nد"


def test_no_texts_and_empty_texts() -> None:
    assert normalise([]) == []
    assert normalise(["", " ", "\n"]) == ["", "", ""]
    assert normalise(["", "ﻻ", ""]) == ["", "لا", ""]


def test_an_unknown_profile_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"profile 'quran' is unknown; use one of strict"):
        normalise(["x"], "quran")
    assert normalise(["فى"], "news-1") == normalise(["فى"], "news")


@pytest.mark.parametrize("text", ["ـ" * 200_000 + "ﻻ", "\u064e" * 200_000 + "ﻻ", "ا\u0654" * 100_000, "ﻻ" * 200_000])
def test_hostile_runs_take_linear_time(text: str) -> None:
    start = time.process_time()
    one(text)
    assert time.process_time() - start < 5


# --- version 2


HIDDEN = "\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\ufff0\U000e0041\U0001d173"


@pytest.mark.parametrize("profile", ["news", "strict"])
def test_hidden_characters_leave_no_trace(profile: str) -> None:
    for ch in HIDDEN + "\u200b\u115f\u1160\u3164\uffa0":
        assert one(f"مدر{ch}سة جد{ch}يدة في {ch} المدينة", profile) == one("مدرسة جديدة في المدينة", profile)
    assert one("مدرسة", "news-1") != one("مدر\u034fسة", "news-1"), "a version never changes"


@pytest.mark.parametrize("blank", "\u200b\u3164\uffa0")
@pytest.mark.parametrize("profile", ["news", "strict"])
def test_blanks_are_the_spaces_of_a_text_that_has_no_others(blank: str, profile: str) -> None:
    text = "وصلت القافلة الأولى إلى المدينة صباح اليوم"
    assert one(text.replace(" ", blank), profile) == one(text, profile)
    assert one(text.replace(" ", blank) + ".\n" + text.replace(" ", blank), profile) == one(f"{text}\n{text}", profile)
    broken = " ".join(blank.join([word[:2], word[2:]]) for word in text.split())
    assert one(broken, profile) == one(text, profile), "breaks inside words are none"
    assert one(blank.join("القافلة"), profile) == one("القافلة", profile)


def test_marks_of_unicode_14_are_diacritics() -> None:
    for point in range(0x0898, 0x08A0):
        assert one(f"كت{chr(point)}ب") == "كتب"
        assert one(f"كت{chr(point)}ب", "strict") != "كتب"


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        ("\ufdfd", "بسم الله الرحمن الرحيم"),
        ("بلغ 70\ufdfc أمس", "بلغ 70 ريال أمس"),
        ("بلغ 70\u20c1", "بلغ 70 ريال"),
        ("النبي\ufdfa قال", "النبي صلى الله عليه وسلم قال"),
        ("عمر \ufd41", "عمر رضي الله عنه"),
        ("الله \ufdff", "الله عز وجل"),
    ],
)
def test_words_in_one_sign_are_spelt_out(sign: str, words: str) -> None:
    assert one(sign) == one(words)
    assert one(sign, "strict") == one(words, "strict")


NUMBERS = [
    ("1,234", "1234"),
    ("12,345,678", "12345678"),
    ("1٬234,567", "1234567"),
    ("٥٬٤٣٢٬١٠٠", "5432100"),
    ("1،250", "1250"),
    ("1,245.6", "1245 6"),
    ("x1,234y", "x1234y"),
    ("0,500", "0 500"),
    ("1234,567", "1234 567"),
    ("2,50", "2 50"),
    ("2,5000", "2 5000"),
    ("10,20,300", "10 20300"),
    ("1, 234", "1 234"),
    (",234", "234"),
    ("1,2345", "1 2345"),
    ("375.526.840", "375526840"),
    ("٣٧٥.٥٢٦.٨٤٠", "375526840"),
    ("1.234.567,890", "1234567890"),
    ("1,234.567.890", "1234 567 890"),
    ("1.234.567.89", "1234567 89"),
    ("1234.567.890.123", "1234 567890123"),
    ("12.345", "12 345"),
    ("0.123.456", "0 123 456"),
    ("1.234.5678", "1 234 5678"),
]


@pytest.mark.parametrize(("written", "word"), NUMBERS)
def test_separators_of_thousands_go(written: str, word: str) -> None:
    assert one(written) == word
    assert one(f"قبل {written} بعد") == f"قبل {word} بعد"
    assert one(one(written, "strict")) == word


def test_a_lone_waw_joins_the_next_word_of_its_line() -> None:
    assert one("قال و أضاف") == one("قال وأضاف") == "قال واضاف"
    assert one("و «القدس» و\nالضفة و") == "والقدس و\nالضفه و"
    assert one("و و و قال") == "وو وقال"
    assert one("قال و أضاف", "strict") == "قال و أضاف"
    assert one("قال و أضاف", "news-1") == "قال و اضاف"


SIGNS = [
    ("a + b", "a - b"),
    ("x = y", "x != y"),
    ("if (!ready)", "if (ready)"),
    ("n - 1", "n * 1"),
    ("a / b", "a b"),
    ("-7 درجات", "7 درجات"),
    ("5%", "5"),
    ("5 $", "5 €"),
    ("a >= b", "a <= b"),
    ("p && q", "p || q"),
    ("f(x) == 1", "f(x) = 1"),
]


@pytest.mark.parametrize(("a", "b"), SIGNS)
def test_signs_and_operators_are_words_of_strict(a: str, b: str) -> None:
    assert one(a, "strict") != one(b, "strict")
    assert one(a, "strict-1") == one(a, "strict-1").strip("-+=!%$€<>&|*/")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("a+b", "a + b"),
        ("سبق - تبوك", "سبق تبوك"),
        ("– قال نعم", "قال نعم"),
        ("well-known", "well known"),
        ("5٪", "5%"),
        ("عاجل!", "عاجل"),
        ("الرياض/واس", "الرياض واس"),
        ("n−1", "n-1"),
    ],
)
def test_what_is_no_sign_is_none_and_spaces_do_not_matter(a: str, b: str) -> None:
    assert one(a, "strict") == one(b, "strict")
