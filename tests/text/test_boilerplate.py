"""Boilerplate: what must be cut, and above all what must not."""

from __future__ import annotations

import itertools
import random
import time

import numpy as np
import pytest
from made import lines_of, sentence, text_of

from clusterer.text.boilerplate import (
    MIN_SUPPORT,
    MIN_SUPPORT_UNKNOWN,
    known_lines,
    known_tails,
    learned_lines,
    whole_hashes,
)
from clusterer.text.boilerplate_phrases import AGENCIES, TAILS, dateline_end
from clusterer.text.words import concatenate, hash_words

pytestmark = pytest.mark.usefixtures("loops")

BODY = "كشف مصدر مطلع أمس عن خطة جديدة لتطوير المطار"

DATELINES = [
    "سبق- تبوك: ",
    "سبق - الرياض: ",
    "عبدالله البرقاوي- سبق- الرياض: ",
    "واس- عدن: ",
    "واس ـ عدن: ",
    "سبقـ تبوك: ",
    "الرياض – واس: ",
    "الرياض (رويترز) - ",
    "القاهرة (د ب أ) – ",
    "واس: ",
    "بيروت - أ ف ب: ",
    "وكالات - ",
    "لندن / رويترز: ",
    "الرياض - محمد العتيبي\n",
    "دبي — سانا:\n",
    "Next Previous سبق- تبوك: ",
    "Next Previous\n",
    "Next Previous ",
    "  \n واس- عدن: ",
]

OPENINGS = [
    "قال الوزير: إن الخطة جديدة",
    "وأوضح - في تصريح - أن الخطة جديدة وتشمل المطار كله",
    "وأضاف أن المشروع - وهو الأكبر - سيبدأ غدا",
    "أعلنت وزارة التعليم اليوم موعد بدء الدراسة",
    "واسـتقبل الملك اليوم ضيوفه",
    "قـال الوزير: إن الخطة جديدة",
    "وصـل الرئيس إلى جدة: أهلا به",
    "واستقبل أمير المنطقة: ضيوفه",
    "بناء على التوجيهات: تقرر ما يلي",
    "قناة السويس: رسوم جديدة",
    "2015 - 2016 موسم جديد",
    "الهلال يفوز 3-1 على النصر: تفاصيل",
    "«قال الوزير» - أمس - نعم إن الخطة جديدة",
    "Nextel Previously announced",
    "",
    "\n\n",
    "- - - - -",
    ":::",
]


@pytest.mark.parametrize("dateline", DATELINES)
def test_datelines_end_where_the_story_begins(dateline: str) -> None:
    text = dateline + BODY
    assert text[dateline_end(text) :] == BODY


@pytest.mark.parametrize("text", OPENINGS)
def test_sentences_are_no_datelines(text: str) -> None:
    assert text[dateline_end(text) :].strip() == text.strip()


@pytest.mark.parametrize("agency", AGENCIES)
def test_every_agency_signs_datelines(agency: str) -> None:
    for form in (f"{agency}: ", f"الرياض ({agency}) - ", f"عدن - {agency}: "):
        assert (form + BODY)[dateline_end(form + BODY) :] == BODY


@pytest.mark.parametrize(
    "text",
    [
        "وأوضح - في تصريح صحفي - أن الوزير قال: نعم",
        "قال محمد العلي - مدير التعليم: إن الدراسة غدا",
        "وقالت رويترز: إن الرئيس وصل أمس",
    ],
)
def test_sentences_with_the_shape_of_a_dateline_stay(text: str) -> None:
    assert dateline_end(text) == 0


@pytest.mark.parametrize(
    "head", ["ا" * 300, "ا- " * 100, "ا " * 150, "- " * 150, "Next " * 60, " " * 300, "ا-ب/" * 80, "1 ا " * 80]
)
def test_hostile_heads_take_no_time(head: str) -> None:
    start = time.perf_counter()
    dateline_end(head)
    assert time.perf_counter() - start < 0.5


def cut_from(text: str, profile: str = "news") -> tuple[int, int]:
    """How many words stay, and whether the cut runs to the end: words, words cut."""
    words = hash_words([text], profile)
    mask = known_tails(words, profile)
    kept = int((~mask).sum())
    assert mask[kept:].all()
    return kept, int(mask.sum())


@pytest.mark.parametrize("tail", TAILS, ids=lambda tail: tail.phrase)
@pytest.mark.parametrize("profile", ["news", "strict"])
def test_every_tail_is_cut_to_the_end(tail, profile: str) -> None:  # type: ignore[no-untyped-def]
    body = text_of(1, 200)
    after = "" if tail.closes else " " + text_of(2, min(3, tail.within))
    assert cut_from(f"{body}\n{tail.phrase}{after}", profile)[0] == 200
    assert cut_from(f"{body} {tail.phrase}{after}", profile)[0] == (
        200 if not tail.opens_line else 200 + len((tail.phrase + after).split())
    )


@pytest.mark.parametrize("tail", TAILS, ids=lambda tail: tail.phrase)
def test_a_tail_phrase_in_the_middle_of_a_long_article_stays(tail) -> None:  # type: ignore[no-untyped-def]
    assert cut_from(f"{text_of(1, 200)}\n{tail.phrase} {text_of(2, tail.within + 1)}")[1] == 0


@pytest.mark.parametrize("tail", TAILS, ids=lambda tail: tail.phrase)
def test_a_tail_does_not_reach_into_the_next_article(tail) -> None:  # type: ignore[no-untyped-def]
    first, *rest = tail.phrase.split()
    words = hash_words([f"{text_of(1, 20)}\n{first}", f"{' '.join(rest)} {text_of(2, 300)}", "", tail.phrase])
    mask = known_tails(words, "news")
    if rest:
        assert not mask[: words.offsets[2]].any()
    assert mask[words.offsets[3] :].all()


def test_tails_of_no_articles() -> None:
    assert len(known_tails(hash_words([]), "news")) == 0
    assert len(known_tails(hash_words(["", ""]), "news")) == 0


FOOTER = "تابع أخبار الصحيفة على منصات التواصل وشارك أصدقاءك ما يعجبك منها"


def learned(texts: list[str], outlets: list[str] | str = "سبق") -> list[str]:
    """The words that are learned from, and cut out of, each text, joined."""
    names = [outlets] * len(texts) if isinstance(outlets, str) else outlets
    words = hash_words(texts, letters=True)
    mask, keys = learned_lines(words, names)
    assert (mask == known_lines(words, names, keys)).all()
    letters, ends = words.letters  # type: ignore[misc]
    spelt = [letters[a : z - 1].tobytes().decode("utf-16-le") for a, z in itertools.pairwise(ends)]
    bounds = zip(words.offsets[:-1], words.offsets[1:], strict=True)
    return [" ".join(w for w, m in zip(spelt[a:z], mask[a:z], strict=True) if m) for a, z in bounds]


def test_a_footer_in_six_different_articles_of_an_outlet_is_learned() -> None:
    texts = [f"{lines_of(i, 4)}\n{FOOTER}" for i in range(6)]
    normal = hash_words([FOOTER])
    assert [len(cut.split()) for cut in learned(texts)] == [len(normal.hashes)] * 6


def test_a_footer_in_the_middle_or_at_the_head_is_learned_as_well() -> None:
    texts = [f"{lines_of(i, 2)}\n{FOOTER}\n{lines_of(i + 50, 2)}" for i in range(3)]
    texts += [f"{FOOTER}\n{lines_of(i + 90, 3)}" for i in range(3)]
    assert all(learned(texts))


@pytest.mark.parametrize(("outlet", "needed"), [("سبق", MIN_SUPPORT), ("", MIN_SUPPORT_UNKNOWN)])
def test_the_support_needed_is_exactly_this(outlet: str, needed: int) -> None:
    texts = [f"{lines_of(i, 4)}\n{FOOTER}" for i in range(needed)]
    assert all(learned(texts, outlet))
    assert not any(learned(texts[:-1], outlet))


def test_support_does_not_add_up_over_outlets() -> None:
    texts = [f"{lines_of(i, 4)}\n{FOOTER}" for i in range(8)]
    assert not any(learned(texts, ["سبق", "الرياض"] * 4))


def test_a_footer_is_cut_from_copies_and_short_articles_too_once_it_is_learned() -> None:
    texts = [f"{lines_of(i, 4)}\n{FOOTER}" for i in range(6)]
    assert all(learned([*texts, texts[0], FOOTER, f"خبر قصير\n{FOOTER}"]))


@pytest.mark.parametrize("copies", [5, 12])
@pytest.mark.parametrize("outlet", ["سبق", ""])
@pytest.mark.parametrize("change", ["edited", "added", "added first", "none"])
def test_copies_teach_nothing(copies: int, outlet: str, change: str) -> None:
    lines = lines_of(1, 6).split("\n")
    texts = []
    for i in range(copies):
        mine = list(lines)
        if change == "edited":
            mine[i % 6] = sentence(random.Random(100 + i))
        elif change == "added":
            mine.append(sentence(random.Random(100 + i)))
        elif change == "added first":
            mine.insert(0, sentence(random.Random(100 + i)))
        texts.append("\n".join(mine))
    assert not any(learned(texts, outlet))


def test_nothing_is_learned_from_three() -> None:
    assert not any(learned([f"{lines_of(i, 4)}\n{FOOTER}" for i in range(3)]))


def test_a_line_repeated_within_one_article_teaches_nothing() -> None:
    assert not any(learned([f"{lines_of(1, 20)}\n" + f"{FOOTER}\n" * 12]))


def test_identical_articles_count_once() -> None:
    texts = [f"{lines_of(i, 4)}\n{FOOTER}" for i in range(4)]
    assert not any(learned(texts * 5))


def test_what_is_learned_does_not_depend_on_the_order() -> None:
    shuffle = random.Random(5)
    texts = [f"{lines_of(i, 4)}\n{FOOTER}" for i in range(5)]
    texts += [texts[0].replace("\n", " "), *texts[1:3], lines_of(9, 3)]  # the first again, in one line
    outlets = ["سبق"] * len(texts)
    expected = sorted(zip(texts, learned(texts, outlets), strict=True))
    for _ in range(10):
        shuffle.shuffle(texts)
        assert sorted(zip(texts, learned(texts, outlets), strict=True)) == expected


def test_no_articles_and_empty_articles_teach_nothing() -> None:
    assert learned([]) == []
    assert learned(["", "", ""]) == ["", "", ""]


def test_whole_hashes_tell_orders_apart_and_leave_empty_articles_at_zero() -> None:
    words = hash_words(["ا ب ب ا", "ب ا ا ب", "", "ا ب\nب ا", "ا ب ب"])
    hashes = whole_hashes(words).tolist()
    assert hashes[2] == 0
    assert hashes[0] == hashes[3]
    assert len(set(hashes)) == 4
    again = whole_hashes(concatenate([hash_words(["س"]), words])).tolist()
    assert again[1:] == hashes
    assert np.array_equal(whole_hashes(words.slice(3, 5)), hashes[3:])
