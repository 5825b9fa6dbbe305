"""Boilerplate: what must be cut, and above all what must not."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from made import lines_of, sentence, text_of

from clusterer.text.boilerplate import (
    MIN_SUPPORT,
    MIN_SUPPORT_UNKNOWN,
    known_lines,
    learned_lines,
)
from clusterer.text.boilerplate_phrases import AGENCIES, TAILS, dateline_end, without_links
from clusterer.text.boilerplate_tails import STUB_WORDS, known_tails
from clusterer.text.words import hash_words

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
    "دبي، الإمارات العربية المتحدة (CNN)-- ",
    "RT @Newsroom: ",
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
    start = time.process_time()
    dateline_end(head)
    assert time.process_time() - start < 0.5


def cut_from(text: str, profile: str = "news") -> tuple[int, int]:
    """How many words stay, and whether the cut runs to the end: words, words cut."""
    words = hash_words([text], profile)
    mask = known_tails(words, profile)
    kept = int((~mask).sum())
    assert mask[kept:].all()
    return kept, int(mask.sum())


def kept(text: str, profile: str = "news") -> str:
    """The words that stay once known tails are cut, as they came."""
    words = hash_words([text], profile, positions=True)
    assert words.spans is not None
    stay = words.spans[~known_tails(words, profile)]
    return " ".join(text[a:z].strip(".,:،؟») ") for a, z in stay.tolist())


@pytest.mark.parametrize(
    "tail", [t for t in TAILS if not (t.closes or t.titles or t.tags)], ids=lambda tail: tail.phrase
)
@pytest.mark.parametrize("profile", ["news", "strict"])
def test_a_tail_with_a_line_of_its_own_is_cut_to_the_end(tail, profile: str) -> None:  # type: ignore[no-untyped-def]
    body = text_of(1, 200)
    assert cut_from(f"{body}\n{tail.phrase}\n{text_of(2, min(3, tail.within))}", profile)[0] == 200
    assert cut_from(f"{body}\n{tail.phrase}:", profile)[0] == 200


@pytest.mark.parametrize("tail", [t for t in TAILS if not (t.closes or t.sure)], ids=lambda tail: tail.phrase)
@pytest.mark.parametrize("profile", ["news", "strict"])
@pytest.mark.parametrize("gap", [" ", ". "])
def test_a_tail_phrase_that_prose_goes_on_from_stays(tail, profile: str, gap: str) -> None:  # type: ignore[no-untyped-def]
    """In a sentence and at its start, near the end of the article and far from it."""
    for words in (3, tail.within, tail.within + 1, 300):
        assert cut_from(f"{text_of(1, 60)}{gap}{tail.phrase} {text_of(2, words)}", profile)[1] == 0


@pytest.mark.parametrize(
    "tail", [t for t in TAILS if t.within >= 40 and not (t.titles or t.closes)], ids=lambda tail: tail.phrase
)
def test_a_tail_in_one_line_is_cut_where_most_of_what_follows_is_furniture(tail) -> None:  # type: ignore[no-untyped-def]
    signs = "فيسبوك وتويتر فيسبوك انستغرام واتساب يوتيوب"
    for gap in ("\n", ". ", " "):
        assert cut_from(f"{text_of(1, 60)}{gap}{tail.phrase} {signs}")[0] == 60
    assert cut_from(f"{text_of(1, 60)} {tail.phrase} {text_of(2, 20)} فيسبوك وتويتر انستغرام")[1] == 0


PROSE = [
    "ناقش المجتمعون في العاصمة أمس مواضيع ذات صلة بأمن الموانئ وتدريب العاملين فيها على إجراءات السلامة الحديثة",
    "قال المدرب بعد المباراة تابعنا على مدار الموسم لاعبين شبانا من الدرجة الثانية وسنضم ثلاثة منهم",
    "وأكدت الهيئة إلغاء الرد على الشكاوى المتأخرة وطالبت أصحابها بتقديم طلبات جديدة عبر فروعها في المدن",
    "بعد دقائق من نشره شارك الخبر آلاف المتابعين على تويتر وفيسبوك قبل أن تنفي الشركة صحته في بيان رسمي",
    "قال التاجر في شهادته حمل تطبيق القانون الجديد أصحاب المحال أعباء كبيرة دفعت بعضهم إلى الإغلاق",
    "وأوضح المحامي أن جميع الحقوق محفوظة للورثة وأن القضية ستعرض على المحكمة العليا الأسبوع المقبل",
    "كتب الباحث في دراسته عن الإدارة الحديثة فصلا طويلا نشر هذا العام\nسمات القائد الناجح كثيرة وأولها الصبر",
    "نفت الوزارة في بيان لها أمس ما نشر عن تأجيل الاختبارات النهائية\nالمصدر قال إن الجدول لن يتغير أبدا",
    "زار الوفد المعرض الدولي في يومه الأول وتجول في أجنحته كلها\nشاهد أيضا الوزير عرضا حيا لفرق الإنقاذ",
    "أعلنت الشركة أن المصانع الثلاثة ستعود إلى العمل هذا الشهر وأن السوق ستستقبل المزيد",
]


@pytest.mark.parametrize("text", PROSE)
def test_phrases_inside_sentences_cut_nothing(text: str) -> None:
    assert cut_from(text)[1] == 0


def test_read_also_cuts_its_own_line_and_titles_below_it_and_the_article_goes_on() -> None:
    first, last, title, other = text_of(1, 40), text_of(2, 60), text_of(3, 9), text_of(4, 11)
    rest = f"{first} {last}".split()
    assert kept(f"{first}\nاقرأ أيضا: {title}\n{last}").split() == rest
    assert kept(f"{first}\nاقرأ أيضاً:\n{title}\n{other}\n{last}").split() == rest
    assert kept(f"{first} {last}\nمواضيع ذات صلة\n{title}\n{other}").split() == rest
    assert kept(f"{first} {last}. اقرأ أيضا: {title}").split() == rest


def test_tags_and_the_title_again_are_words_of_the_article() -> None:
    body = text_of(1, 60)
    some = " ".join(body.split()[5:12])
    assert kept(f"{body}\nسمات {some}").split() == body.split()
    assert kept(f"{body}. رابط الخبر: {some}").split() == body.split()
    assert kept(f"{body}. رابط الخبر بصحيفة الضفة: {text_of(9, 8)}").split() == body.split()
    other = f"{body}\nسمات {text_of(2, 5)}"
    assert kept(other).split() == other.split()


@pytest.mark.parametrize("words", range(1, 14))
def test_no_cut_leaves_a_stub(words: int) -> None:
    body = text_of(1, words)
    assert cut_from(f"{body}\nتابعونا على فيسبوك وتويتر")[0] == (words if words >= STUB_WORDS else words + 4)


STUBS = [
    "هذا المقال مخصص للمشتركين فقط يرجى تسجيل الدخول لمتابعة القراءة",
    "عذرا المحتوى حصري للمشتركين سجل الدخول أو اشترك الآن لقراءة المقال كاملا",
    "This article is for subscribers only. Log in or subscribe to continue reading.",
    "[Removed]",
]


@pytest.mark.parametrize("text", STUBS)
def test_notices_in_place_of_a_text_are_none(text: str) -> None:
    assert cut_from(text)[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "أعلنت الصحيفة أن عدد المشتركين في نسختها الرقمية بلغ مليونا بعد عام من بدء الاشتراك المدفوع في موقعها",
        "Removed from office",
        "محذوف من القائمة",
    ],
)
def test_news_of_subscribers_is_news(text: str) -> None:
    assert cut_from(text)[1] == 0


def test_a_tail_does_not_reach_into_the_next_article() -> None:
    for tail in TAILS:
        first, *rest = tail.phrase.split()
        words = hash_words([f"{text_of(1, 20)}\n{first}", f"{' '.join(rest)} {text_of(2, 300)}", ""])
        if rest:
            assert not known_tails(words, "news").any()


def test_tails_of_no_articles() -> None:
    assert len(known_tails(hash_words([]), "news")) == 0
    assert len(known_tails(hash_words(["", ""]), "news")) == 0


FOOTER = "تابع أخبار الصحيفة على منصات التواصل وشارك أصدقاءك ما يعجبك منها"


def learned(texts: list[str], outlets: list[str] | str = "سبق", titles: list[str] | None = None) -> list[str]:
    """The words that are learned from, and cut out of, each text, joined."""
    names = [outlets] * len(texts) if isinstance(outlets, str) else outlets
    words = hash_words(texts, letters=True)
    mask, keys = learned_lines(words, names, None if titles is None else hash_words(titles))
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


# --- told apart by titles

TITLES = [text_of(f"title {i}", 7) for i in range(40)]
BANNER = text_of("banner", 51)


def cut_words(texts: list[str], outlets: list[str] | str = "سبق", titles: list[str] | None = None) -> list[int]:
    """How many words each text loses."""
    return [len(cut.split()) for cut in learned(texts, outlets, titles)]


def test_a_notice_longer_than_the_news_is_learned_where_titles_differ() -> None:
    texts = [f"{BANNER}\n{text_of(i, 30)}" for i in range(12)]
    assert cut_words(texts, titles=TITLES[:12]) == [51] * 12
    assert cut_words([f"{text_of(i, 30)}\n{BANNER}" for i in range(12)], titles=TITLES[:12]) == [51] * 12
    assert not any(learned(texts, titles=[TITLES[0]] * 12))
    assert not any(learned(texts[:4], titles=TITLES[:4]))


@pytest.mark.parametrize("size", [20, 33, 51, 80])
def test_a_notice_without_a_line_end_is_learned_but_for_a_few_words(size: int) -> None:
    notice = text_of("inline", size)
    for form in ("{0} {1}", "{1} {0}"):
        texts = [form.format(notice, text_of(i, 60)) for i in range(12)]
        cut = cut_words(texts, titles=TITLES[:12])
        assert min(cut) == max(cut) >= 0.75 * size
        assert max(cut) <= size
        assert not any(learned(texts))  # without titles forms cannot be told from notices
        assert not any(learned(texts[:4], titles=TITLES[:4]))


@pytest.mark.parametrize("outlet", ["سبق", ""])
def test_one_story_under_many_titles_is_no_furniture(outlet: str) -> None:
    """A statement that many print, in one line and in several, as it is and with a few words changed."""
    lines = lines_of("statement", 8).split("\n")
    texts, flat = [], []
    for i in range(20):
        mine = list(lines)
        mine[i % 8] = f"{mine[i % 8]} {text_of(i, 2)}"
        texts.append("\n".join(mine))
        flat.append(" ".join(mine))
    assert not any(learned(texts, outlet, TITLES[:20]))
    assert not any(learned(flat, outlet, TITLES[:20]))
    assert not any(learned([texts[0]] * 20, outlet, TITLES[:20]))


def test_a_form_of_one_outlet_is_no_furniture() -> None:
    """Its beginning recurs, but so does most of what goes on, and the title."""
    texts = [f"{text_of('form', 30)} {i} {text_of('form on', 20)} {i + 3} {text_of('end', 8)}" for i in range(30)]
    titles = [f"{text_of('form title', 6)} {i}" for i in range(30)]
    assert not any(learned(texts, titles=titles))


def test_leads_are_told_from_quotations_by_the_articles_that_they_open() -> None:
    leads, more = (
        [sentence(random.Random(f"lead {k}"), 20) for k in range(3)],
        sentence(random.Random("no lead here"), 20),
    )
    items = [f"{lines_of(i, 3)}\n{chr(10).join(leads)}\n{more}" for i in range(6)]
    own = [f"{lead}\n{lines_of(k + 50, 3)}" for k, lead in enumerate(leads)]
    titles = [text_of(i, 9) for i in range(9)]
    assert cut_words([*items, *own], titles=titles) == [80] * 6 + [0] * 3
    assert cut_words(items, titles=titles[:6]) == [0] * 6


def test_leads_of_other_stories_go_and_stay_where_they_belong() -> None:
    leads = [text_of(f"lead {i}", 25) for i in range(24)]
    texts = []
    for i in range(24):
        others = [leads[(i + k) % 24] for k in range(1, 7)]
        texts.append("\n".join([leads[i], text_of(f"more {i}", 30), text_of(f"and {i}", 30), *others]))
    cut = learned(texts, titles=TITLES[:24])
    assert [len(x.split()) for x in cut] == [150] * 24
    first = hash_words(leads, letters=True)
    spelt = first.letters[0].tobytes().decode("utf-16-le").split()  # type: ignore[index]
    assert all(" ".join(spelt[25 * i : 25 * i + 25]) not in x for i, x in enumerate(cut))


@pytest.mark.parametrize("layout", ["{own}\n{said}\n{more}", "{own}\n{said}", "{own} {said}"])
def test_a_quotation_that_a_few_items_share_is_news(layout: str) -> None:
    said = sentence(random.Random("said"), 26)
    texts = [layout.format(own=lines_of(i, 2), said=said, more=lines_of(i + 50, 2)) for i in range(MIN_SUPPORT_UNKNOWN)]
    titles = [text_of(i, 9) for i in range(len(texts))]
    for few in range(MIN_SUPPORT, len(texts)):
        assert not any(learned(texts[:few], titles=titles[:few]))
    assert all(learned(texts, titles=titles))


def test_a_notice_in_place_of_texts_is_learned_and_news_under_other_titles_is_not() -> None:
    notice = "صفحة الخبر غير متوفرة حاليا بسبب أعمال الصيانة يرجى المحاولة لاحقا"
    assert all(cut_words([notice] * 8, titles=TITLES[:8]))
    assert all(cut_words([notice.replace("حاليا ", "حاليا\n")] * 8, titles=TITLES[:8]))
    assert not any(learned([notice] * 4, titles=TITLES[:4]))
    news = text_of("brief", 20)
    words = news.split()
    told = [" ".join([*words[i : i + 4], *TITLES[i].split()[:3]]) for i in range(8)]
    assert not any(learned([news] * 8, titles=told))


def test_addresses_are_blanks() -> None:
    for link in (
        "https://t.co/AbC1?x=1&utm_source=y",
        "http://a.example/نص/2",
        "www.example.com/a",
        "pic.twitter.com/x",
    ):
        assert without_links(f"قال {link} نعم") == f"قال {' ' * len(link)} نعم"
    plain = "قال 5/3 نعم/لا و t.com"
    assert without_links(plain) == plain
