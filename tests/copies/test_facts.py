"""What two texts differ in: the compiled loop against its NumPy twin, the alignment against its definition, and written cases."""

from __future__ import annotations

import random
from dataclasses import astuple
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from made import words_of
from strategies import texts

from clusterer.arrays import kernels
from clusterer.arrays.kernels_numpy import facts as twin
from clusterer.copies.fact_words import GIVEN_NAMES, MONTHS, WEEKDAYS
from clusterer.copies.facts import Differences, common_words, differences, known_words, no_differences
from clusterer.text.words import hash_words

FIELDS = ("facts", "dates", "names", "subjects", "edits", "numbers", "others", "unknowns", "doubts")


def between(a: str, b: str, profile: str = "news") -> dict[str, int]:
    """What two texts differ in, without what is 0; the same from either side and on both kernels."""
    words, before, found = hash_words([a, b], profile), kernels.active, []
    try:
        for name in kernels.modules:
            kernels.use(name)
            found += [differences(words, np.array([pair]), profile) for pair in ([0, 1], [1, 0])]
    finally:
        kernels.use(before)
    values = {tuple(int(x[0]) for x in astuple(one)) for one in found}
    assert len(values) == 1, values
    return {name: value for name, value in zip(FIELDS, values.pop(), strict=True) if value}


# --- the compiled loop and its twin

_WORDS = st.one_of(
    st.sampled_from(
        [
            "في",
            "من",
            "على",
            "قال",
            "أعلن",
            "الوزارة",
            "مدينة",
            "طريق",
            "المطار",
            "محمد",
            "ترامب",
            "ترمب",
            "الرياض",
            "دمشق",
            "السبت",
            "الأحد",
            "مارس",
            "آذار",
            "الهلال",
            "شركة",
            "لن",
            "لا",
            "ما",
            "بدون",
            "ارتفع",
            "انخفض",
        ]
    ),
    st.sampled_from(
        [
            "1",
            "12",
            "١٢",
            "3,450",
            "ثلاثة",
            "الثالث",
            "مئة",
            "كانون",
            "7ر53",
            "84م2",
            "صباح",
            "مساء",
            "ملعب",
            "ملعبا",
            "ميدان",
            "الميدان",
            "وميدان",
        ]
    ),
    st.text("ابتسرلمن", min_size=1, max_size=7),
    st.text("abc19", min_size=1, max_size=3),
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and another one made of it: words changed, put in, left out, moved, joined and split."""
    words = draw(st.lists(_WORDS, min_size=0, max_size=40))
    other = list(words)
    for _ in range(draw(st.integers(0, 8))):
        place = draw(st.integers(0, len(other)))
        kind = draw(st.sampled_from(["change", "put in", "leave out", "move", "join", "split"]))
        if kind == "put in":
            other[place:place] = draw(st.lists(_WORDS, max_size=4))
        elif place < len(other):
            word = other.pop(place)
            if kind == "change":
                other.insert(place, draw(_WORDS))
            elif kind == "move":
                other.insert(draw(st.integers(0, len(other))), word)
            elif kind == "join" and place < len(other):
                other[place] = word + other[place]
            elif kind == "split":
                other[place:place] = [x for x in (word[:3], word[3:]) if x]
    return " ".join(words), " ".join(other)


@pytest.mark.skipif("compiled" not in kernels.modules, reason="no compiled kernels are here")
@pytest.mark.parametrize("profile", ["news", "strict"])
def test_compiled_and_numpy_agree_to_the_bit(profile: str) -> None:
    @given(st.lists(edited(), min_size=1, max_size=2), st.lists(texts(), max_size=1))
    @settings(max_examples=60)
    def agree(pairs: list[tuple[str, str]], others: list[str]) -> None:
        words = hash_words([text for pair in pairs for text in pair] + others, profile)
        rows = np.array([(i, j) for i in range(len(words)) for j in range(len(words)) if i != j], dtype=np.int64)
        before, found = kernels.active, []
        try:
            for name in ("compiled", "numpy"):
                kernels.use(name)
                found.append(np.stack(astuple(differences(words, rows.reshape(-1, 2), profile))))
        finally:
            kernels.use(before)
        assert np.array_equal(*found)
        mirrored = dict(zip(map(tuple, rows.tolist()), found[0].T.tolist(), strict=True))
        assert all(mirrored[a, b] == mirrored[b, a] for a, b in mirrored)

    agree()


@pytest.mark.skipif("compiled" not in kernels.modules, reason="no compiled kernels are here")
@pytest.mark.parametrize("edits", [1, 40, 47, 48, 49, 96, 97, 200])
def test_compiled_and_numpy_agree_up_to_the_edits_that_are_looked_at_and_past_them(edits: int) -> None:
    words = words_of("frame", 300)
    places = random.Random(edits).sample(range(300), edits)
    changed = [f"{word}ق" if i in places else word for i, word in enumerate(words)]  # one left out, one put in
    left_out = [word for i, word in enumerate(words) if i not in places]
    whole = " ".join(words)
    found = between(whole, " ".join(changed))
    assert (found.get("edits") == twin.EDITS) == (2 * edits > twin.EDITS) or edits == 48
    assert (between(whole, " ".join(left_out)) == {"edits": twin.EDITS}) == (edits >= twin.EDITS) or edits == 96
    assert between("", whole) == {"edits": twin.EDITS}
    assert between("", "") == {}


def fewest_edits(a: list[int], b: list[int]) -> int:
    """Words to leave out and put in, by the table of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        above, row = row, [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
    return len(a) + len(b) - 2 * row[-1]


@given(st.lists(st.integers(0, 5), max_size=30), st.lists(st.integers(0, 5), max_size=30))
def test_texts_are_aligned_with_the_fewest_edits(a: list[int], b: list[int]) -> None:
    marks = twin._align(a, b)
    assert marks is not None
    left, put = marks
    assert [x for x, gone in zip(a, left, strict=True) if not gone] == [
        y for y, new in zip(b, put, strict=True) if not new
    ]
    assert sum(left) + sum(put) == fewest_edits(a, b)


@given(st.lists(st.booleans(), max_size=20), st.lists(st.booleans(), max_size=20))
def test_runs_hold_every_word_that_differs(left: list[bool], put: list[bool]) -> None:
    same = min(left.count(False), put.count(False))  # of what is shared there is as much in both
    left = [x for x in left if x] + [False] * same
    put = [x for x in put if x] + [False] * same
    random.Random(len(left)).shuffle(left)
    random.Random(len(put)).shuffle(put)
    runs = twin._runs(left, put)
    for mark, start, stop in ((left, 0, 1), (put, 2, 3)):
        inside = {i for run in runs for i in range(run[start], run[stop])}
        assert {i for i, x in enumerate(mark) if x} <= inside
    for before, after in pairwise(runs):
        assert before[1] < after[0], "a shared word lies between"
        assert before[3] < after[2]


# --- written cases

FRAME = "أعلنت الوزارة في بيان لها أن {} وذلك بحسب ما قاله المتحدث باسمها في ختام الاجتماع"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("سعر الغرام 57 دينارا", "سعر الغرام 58 دينارا", {"facts": 1, "numbers": 1}),
        ("سعر الغرام 57 دينارا", "سعر الغرام ٥٧ دينارا", {}),
        ("سعر الغرام 57 دينارا", "سعر الغرام ٥٨ دينارا", {"facts": 1, "numbers": 1}),
        ("سعر الغرام ۵۷ دينارا", "سعر الغرام 57 دينارا", {}),
        ("بلغ العدد 12,345 طالبا", "بلغ العدد 12345 طالبا", {}),
        ("بلغ العدد ١٢٬٣٤٥ طالبا", "بلغ العدد 12,345 طالبا", {}),
        ("بلغ العدد 12,345 طالبا", "بلغ العدد 12,346 طالبا", {"facts": 1, "numbers": 1}),
        ("بلغ العدد 1,234,567 طالبا", "بلغ العدد ١٢٣٤٥٦٧ طالبا", {}),
        ("حضر ثلاثة وزراء", "حضر 3 وزراء", {}),
        ("حضر ثلاثة وزراء", "حضر أربعة وزراء", {"facts": 1}),
        ("في ذكراها الخامسة والثلاثين", "في ذكراها 35", {}),
    ],
)
def test_numbers(a: str, b: str, expected: dict[str, int]) -> None:
    assert between(FRAME.format(a), FRAME.format(b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("الجلسة يوم السبت المقبل", "الجلسة يوم الأحد المقبل", {"facts": 1, "dates": 2}),
        ("الجلسة يوم السبت المقبل", "الجلسة يوم السبت أو الأحد", {"edits": 1}),
        (f"الجلسة {40 * 'اليوم '} السبت المقبل", f"الجلسة {40 * 'اليوم '} الأحد المقبل", {"facts": 1, "dates": 1}),
        ("الجلسة في مارس المقبل", "الجلسة في أبريل المقبل", {"facts": 1, "dates": 1}),
        ("الجلسة في فبراير المقبل", "الجلسة في شباط المقبل", {}),
        ("الجلسة في فيفري المقبل", "الجلسة في فبراير المقبل", {}),
        ("الجلسة يوم 9 مارس", "الجلسة يوم 10 أبريل", {"facts": 1, "dates": 1, "numbers": 1}),
        ("الجلسة يوم الإثنين المقبل", "الجلسة يوم الاثنين المقبل", {}),
        ("الجلسة صباح غد", "الجلسة مساء غد", {"facts": 1}),
    ],
)
def test_dates(a: str, b: str, expected: dict[str, int]) -> None:
    assert between(FRAME.format(a), FRAME.format(b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("الوفد يزور فرنسا", "الوفد يزور تركيا", {"names": 1, "others": 1}),
        ("الوفد يزور الرياض", "الوفد يزور دمشق", {"names": 1, "others": 1}),
        ("الوفد يضم محمد وخالد", "الوفد يضم سالم وناصر", {"names": 1, "others": 1}),
        ("الاتصال مع ترامب", "الاتصال مع ترمب", {}),
        ("الاتصال مع الرئيس الأميركي", "الاتصال مع الرئيس الأمريكي", {}),
        ("الوفد السعودي وصل", "الوفد التركي وصل", {"names": 1, "others": 1}),
        ("الوفد السعودي وصل", "الوفد السعودية وصل", {}),
        # Names of one pattern are no spellings of each other, nor are short words that share a letter.
        ("العزاء في وفاة المنصوري هناك", "العزاء في وفاة الزهراني هناك", {"names": 1, "others": 1}),
        ("العزاء في وفاة المزروعي هناك", "العزاء في وفاة المنصوري هناك", {"names": 1, "others": 1}),
        ("حادث على طريق الضليل هناك", "حادث على طريق وادي رم هناك", {"subjects": 1, "unknowns": 1, "doubts": 1}),
        # A word that is neither common nor listed may be a name: another subject.
        ("الحفل حضره زغلول", "الحفل حضره شمخاني", {"subjects": 1, "unknowns": 1}),
        # But one with a letter mistaken, another ending, or a blank more in its place is none of its own.
        ("الإخوة اليمنيين المرضى", "الإخوة اليمنين المرضى", {"subjects": 1}),
        ("الهدف سجله ماسكيرانو", "الهدف سجله ماسشيرانو", {"subjects": 1}),
        ("البرنامج يقوم على تشويقهم", "البرنامج يقوم على تشويقهن", {"subjects": 1}),
        ("الأعضاء أبدوا رأيهم متجاوزين ذلك", "الأعضاء أبدوا رأيهم لتتجاوز ذلك", {"subjects": 1}),
        ("السكان يتعاونون معهم", "السكان متعاونون معهم", {"subjects": 1}),
        ("بموجب وثيقة مزورة هناك", "بموجب وثيقة زورتها هناك", {"subjects": 1}),
        ("الحفل حضره شيراني", "الحفل حضره شتوان", {"subjects": 1, "unknowns": 1}),
        # Somewhere else in a text another word with the same few consonants says nothing: "مساهمة" is no "سهام".
        ("مساهمة في عرض الوزيرة سهام الدرع", "مساهمة في عرض الوزيرة ليان الصاوي", {"subjects": 1, "unknowns": 1}),
        ("المدير زار العبدالفتاح في المعرض", "المدير زار العبد الفتاح المعرض", {"subjects": 1}),
        ("حادث في قرية العراقيب هناك", "حادث في قرية العشاقين هناك", {"subjects": 1, "unknowns": 1, "doubts": 1}),
        # A country and its people are one name; one that the other text tells elsewhere, or of another class, is no other.
        ("زار اليمن", "زار الجمهورية اليمنية", {"edits": 1}),
        ("زار دمشق وفد من بيروت وعاد", "زار بيروت وفد من دمشق وعاد", {"names": 2}),
        ("الوفد يزور الرياض", "الوفد يزور فرنسا", {"names": 1, "unknowns": 1}),
        ("الوفد يضم عبدالرحمن هنا", "الوفد يضم عبد الرحمن هنا", {}),
        ("الوفد يزور النرويج", "الوفد يزور النروج", {}),
        # Opposites, in one place.
        ("أكد الوزير", "نفى الوزير", {"edits": 1, "others": 2}),
        ("أكد الوزير", "أعلن الوزير", {"edits": 1}),
        ("النتائج أفضل من المتوقع", "النتائج أسوأ من المتوقع", {"edits": 1, "others": 2}),
        ("الاجتماع الذي بدأ بتأجيل الجلسة", "الاجتماع الذي بدأ بتبكير الجلسة", {"edits": 1, "others": 2}),
        # What says when in another way is no other fact.
        ("الجلسة صباح أمس هناك", "الجلسة الأربعاء الماضي هناك", {"edits": 1}),
        ("الكلفة 375.526.840 ريالا", "الكلفة 375,526,840 ريالا", {}),
    ],
)
def test_names(a: str, b: str, expected: dict[str, int]) -> None:
    assert between(FRAME.format(a), FRAME.format(b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("الميناء لن يستقبل السفن", "الميناء سيستقبل السفن", {"edits": 1, "doubts": 1}),
        ("الميناء لا يستقبل السفن", "الميناء يستقبل السفن", {"edits": 1, "doubts": 1}),
        ("القرار غير ملزم للجميع", "القرار ملزم للجميع", {"edits": 1, "doubts": 1}),
        ("الوزير تعهد بعدم رفع السعر", "الوزير تعهد برفع السعر", {"edits": 1, "doubts": 1}),
        # One that negates otherwise, or may do so, denies the same.
        ("الميناء لن يستقبل السفن", "الميناء لا يستقبل السفن", {}),
        ("الميناء لا يزال مغلقا", "الميناء ما زال مغلقا", {"edits": 1}),
        ("الميناء مازال مغلقا", "الميناء لا زال مغلقا", {"edits": 1}),
        ("الطلبة الذين يشترط ألا تقل أعمارهم", "الطلبة الذين يشترط أن لا تقل أعمارهم", {"edits": 1}),
        ("الوفد وصل لكنه تأخر", "الوفد وصل غير أنه تأخر", {"edits": 1}),
        # Another word in its place may be that word said otherwise, as may what a longer passage denies.
        ("الهجرة غير النظامية", "الهجرة السرية", {"subjects": 1}),
        ("الطريق مفتوح", "الطريق مفتوح ولا داعي للقلق", {"edits": 1}),
    ],
)
def test_what_one_side_alone_negates_is_in_doubt(a: str, b: str, expected: dict[str, int]) -> None:
    assert between(FRAME.format(a), FRAME.format(b)) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("أرباح شركة الاتصالات نمت", "أرباح شركة المراعي نمت", {"subjects": 1, "unknowns": 1, "doubts": 1}),
        ("موظفو وزارة المالية عادوا", "موظفو وزارة العمل عادوا", {"subjects": 1, "unknowns": 1, "doubts": 1}),
        ("زبائن لبنك الإسكان هناك", "زبائن لبنك التعمير هناك", {"subjects": 1, "unknowns": 1, "doubts": 1}),
        ("أرباح شركة الاتصالات نمت", "أرباح شركة الإتصالات نمت", {}),
        ("زبائن لبنك الإسكان هناك", "زبائن لبنك الاسكان هناك", {}),
    ],
)
def test_a_common_word_behind_a_firm_or_a_body_names_it(a: str, b: str, expected: dict[str, int]) -> None:
    for profile in ("news", "strict") if expected else ("news",):  # another spelling is another word to the strict one
        assert between(FRAME.format(a), FRAME.format(b), profile) == expected


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("نصه الكاملوقال ذلك", "نصه الكامل وقال ذلك"),
        ("عبد الرحمن زار المعرض", "عبدالرحمن زار المعرض"),
        ("الرئيس ماكرونقال ذلك", "الرئيس ماكرون قال ذلك"),
        ("اللاعب بواتينغ سافر", "اللاعب بواتينج سافر"),
        ("المدينة الصناعيةالجديدة تفتح أبوابها", "المدينة الصناعية الجديدة تفتح أبوابها"),
        ("انعقاد الديموقراطية هنا", "انعقاد الديمقراطية هنا"),
        ("مركز الأبحاث والدراسات", "مركز الابحاث والدراسات"),
    ],
)
def test_joined_words_and_spellings_are_no_difference(a: str, b: str) -> None:
    assert between(FRAME.format(a), FRAME.format(b)) == {}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("القرار يسري من اليوم", "القرار يسري من الآن"),
        ("القرار نهائي", "القرار نهائي وملزم"),
        ("القرار صدر", "القرار صدر بعد أن قال الوزير إن ذلك هو ما كان يريده الجميع"),
        ("بلغ العدد 12 طالبا", "بلغ العدد طالبا"),  # a number on one side only
        ("وصل الوفد", "وصل الوفد إلى الرياض"),
    ],
)
def test_edits_are_no_facts(a: str, b: str) -> None:
    found = between(FRAME.format(a), FRAME.format(b))
    assert set(found) == {"edits"}, found


def test_a_long_run_counts_for_several() -> None:
    added = " ".join(words_of("added", 24))
    assert between(FRAME.format("الأمر تم"), FRAME.format(f"الأمر تم {added}")) == {"edits": 1 + 24 // 8}
    assert between(FRAME.format("الأمر تم"), FRAME.format(f"الأمر {words_of('x', 1)[0]} تم")) == {"edits": 1}


def test_a_misprint_keeps_the_consonants_of_its_word() -> None:
    for a, b in (("المستشفيات", "المستشفبات"), ("الاقتصادية", "الاقتصاية"), ("المحافظة", "المحافضة")):
        assert between(FRAME.format(a), FRAME.format(b)) == {}, (a, b)


def test_words_that_changed_places_are_one_run() -> None:
    assert between(FRAME.format("الوفد وصل صباحا"), FRAME.format("وصل الوفد صباحا")) == {}
    assert between(FRAME.format("5 قتلى و7 جرحى"), FRAME.format("7 قتلى و5 جرحى")).get("numbers") is None


def test_strict_profiles_know_no_common_words() -> None:
    assert known_words("strict").unknown == twin.COMMON
    assert known_words("news").unknown == twin.UNKNOWN
    a, b = FRAME.format("الحفل حضره زغلول"), FRAME.format("الحفل حضره شمخاني")
    assert between(a, b, "strict") == {"edits": 1}
    assert between(FRAME.format("الوفد يزور فرنسا"), FRAME.format("الوفد يزور تركيا"), "strict") == {
        "names": 1,
        "others": 1,
    }


@pytest.mark.parametrize("profile", ["news", "strict", "news-1", "strict-1"])
def test_the_table_of_known_words_is_in_order(profile: str) -> None:
    known = known_words(profile)
    assert (np.diff(known.keys.astype(np.int64)) > 0).all()
    for bucket in (0, 1, 777, len(known.starts) - 2):
        inside = known.keys[known.starts[bucket] : known.starts[bucket + 1]]
        assert (inside >> np.uint32(18) == bucket).all()
    assert known.starts[-1] == len(known.keys)
    meaning = dict(zip(known.keys.tolist(), (known.meanings >> np.uint32(16)).tolist(), strict=True))

    def kind(word: str) -> int:
        return meaning[int(hash_words([word], profile).hashes[0] >> np.uint64(32))]

    assert {kind(word) for words in (*WEEKDAYS, *MONTHS) for word in words.split()} == {twin.DATE}
    listed = [kind(name) for names in GIVEN_NAMES.split() for name in names.split("|")]
    assert listed.count(twin.NAME) > 0.95 * len(listed)
    assert len(np.unique(common_words())) == len(common_words())


def test_differences_are_taken_apart_and_put_together() -> None:
    facts = ("سعر الغرام 57 دينارا", "سعر الغرام 58 دينارا", "سعر الغرام 57 دينارا")
    texts = [FRAME.format(x) + " أمس" * (i == 2) for i, x in enumerate(facts)]
    words, pairs = hash_words(texts), np.array([[0, 1], [0, 2], [1, 2]])
    whole = differences(words, pairs, "news")
    parts = Differences.join([differences(words, pairs[:1], "news"), differences(words, pairs[1:], "news")])
    assert np.array_equal(np.stack(astuple(whole)), np.stack(astuple(parts)))
    asked = np.array([False, True, True])
    filled = no_differences(3).filled(asked, whole.where(asked))
    assert filled.edits.tolist() == [0, 1, 1]
    assert filled.facts.tolist() == [0, 0, 1]
    assert len(Differences.join([])) == 0
    assert len(differences(words, pairs[:0], "news")) == 0


def test_the_numbers_of_a_toll_are_two_facts_at_most() -> None:
    said = "أعلنت الوزارة أن حصيلة الزلزال بلغت {} قتلى و {} جريحا و {} مفقودا وانهار {} مبنى في المدينة"
    assert between(said.format(7, 31, 5, 12), said.format(9, 44, 3, 20)) == {"facts": 2, "numbers": 4}
    prices = "أعلنت الوزارة أن سعر الذهب بلغ {} ريالا والفضة {} ريالا والنحاس {} ريالا والقمح {} ريالا في المدينة"
    assert between(prices.format(7, 31, 5, 12), prices.format(9, 44, 3, 20)) == {"facts": 4, "numbers": 4}


@pytest.mark.parametrize("marker", ["طريق", "بمحافظة", "مدينة"])
def test_common_words_name_places_behind_the_word_for_a_place(marker: str) -> None:
    said = "توفي شخص وأصيب أربعة في حادث تصادم وقع على {} {} صباح اليوم وفتح تحقيق"
    places = [said.format(marker, name) for name in ("المطار", "البحر الأحمر", "الأزرق")]
    for a, b in combinations(places, 2):
        assert between(a, b)["unknowns"] == 1
    assert "unknowns" not in between(said.format("جانب", "المطار"), said.format("جانب", "البحر الأحمر"))
    assert "unknowns" not in between(places[0], places[0].replace("على", "المطار على")), (
        "the other text has it elsewhere"
    )
