"""Short and empty texts: titles that stand in, headlines of one day, posts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made import text_of, words_of

from clusterer import Article, Clustering, Settings, StoryIndex, cluster, dedup
from clusterer.copies.short_texts import SHORT_WORDS, share_words
from clusterer.io import Feed
from clusterer.text.words import hash_words

pytestmark = pytest.mark.usefixtures("loops")

CASES = Path(__file__).parents[3] / "shared" / "cases"


def levels(found: Clustering, level: str) -> list[str]:
    return [getattr(a, level) for a in found]


def shared(a: str, b: str) -> bool:
    return bool(share_words(hash_words([a, b]), np.array([[0, 1]]), "news")[0])


def test_near_duplicates_of_short_texts_need_all_but_one_of_their_words() -> None:
    words = words_of(1, 9)
    text = " ".join(words)
    assert shared(text, text)
    assert shared(text, " ".join(words[:-1]))
    assert shared(text, " ".join([*words[:-1], "آخر"]))
    assert not shared(text, " ".join(words[:-2]))
    assert not shared(text, " ".join([*words[:-2], "قول", "آخر"]))
    long = words_of(2, SHORT_WORDS + 1)
    assert shared(" ".join(long), " ".join(long[:-5] + words_of(3, 5))), "long texts are not asked"
    assert not shared("أب أب أب ثم لا", "أب ثم لا")
    assert not shared("أب ثم لا", "أب ثم")


@pytest.mark.parametrize("count", [7, SHORT_WORDS])
def test_a_caption_is_no_cut_of_its_article(count: int) -> None:
    article = words_of(4, 80)
    caption, lead = " ".join(article[:count]), " ".join(article[: SHORT_WORDS + 8])
    found = cluster([Article(" ".join(article), id="a"), Article(caption, id="b"), Article(lead, id="c")])
    a, b, c = levels(found, "copy")
    assert a == c != b


def test_dates_make_no_two_headlines_alike() -> None:
    day = "اليوم الثلاثاء 9 يونيو 2026"
    forms = ["سعر الفضة {0}", "طقس المدن {0}", "{0} مباريات كأس العالم", "درجات الحرارة {0} في العواصم", "أبراج {0}"]
    found = cluster([Article(form.format(day), id=str(i)) for i, form in enumerate(forms)])
    assert len(set(levels(found, "story"))) == len(forms)
    assert not shared(f"سعر {day}", f"طقس {day}")


@pytest.mark.parametrize("year", [1998, 2013, 2025, 2031])
def test_dates_in_full_make_no_story(year: int) -> None:
    date = f"اليوم الاثنين 4 محرم {year - 579} هـ الموافق 6 مايو {year} م"
    texts = [
        f"دشن وزير الزراعة {date} مشروع ري القمح في الوادي الشمالي بكلفة كبيرة",
        f"توج فريق الشباب {date} بلقب بطولة الدراجات بعد سباق طويل حول البحيرة",
        f"أوقفت الشرطة {date} عصابة تزور جوازات السفر وضبطت أختاما وآلات طباعة",
    ]
    found = cluster([Article(text, id=str(i), title=text_of(i, 5)) for i, text in enumerate(texts)])
    assert len(set(levels(found, "story"))) == len(texts)


def test_the_title_stands_in_for_an_empty_or_tiny_text() -> None:
    title = "إغلاق الميناء الجنوبي بسبب العاصفة الترابية الشديدة"
    found = cluster(
        [
            Article("", id="empty", title=title),
            Article("  ", id="blank", title=title),
            Article(title, id="text", title="عنوان آخر"),
            Article("فيديو", id="video", title=title),
            Article("صور", id="pictures", title=title),
            Article("", id="none"),
        ]
    )
    exact = dict(zip(["empty", "blank", "text", "video", "pictures", "none"], levels(found, "exact"), strict=True))
    assert exact["empty"] == exact["blank"] == exact["text"]
    assert len({exact[x] for x in ("empty", "video", "pictures", "none")}) == 4
    assert found.stats["titles in place of short texts"] == 4


@pytest.mark.parametrize("rubric", ["كاريكاتير", "حالة الطقس", "صور.. صور.. صور", "عاجل"])
@pytest.mark.parametrize("preset", ["news", "corpus", "headlines"])
def test_a_rubric_stands_for_no_text(rubric: str, preset: str, tmp_path: Path) -> None:
    """Nor where the same outlet prints it the same day: what stands below it nobody knows."""
    bodies = ["", " \n", "…", ""]
    articles = [Article(body, id=str(i), title=rubric, source="صحيفة") for i, body in enumerate(bodies)]
    telling = [Article("", id=x, title=f"{rubric} الميناء الجنوبي {rubric}") for x in "ab"]
    found = cluster([*articles, *telling], preset)
    assert len(set(levels(found, "story"))) == len(articles) + 1
    assert [one.exact for one in found][-2:] == ["a", "a"]
    assert [gone.id for gone in dedup([*articles, *telling], preset).removed] == ["b"]
    assert found.stats["titles in place of short texts"] == len(telling)
    assert found.stats["too short to group"] == len(articles)
    with StoryIndex.open(tmp_path / "news.db", preset) as index:
        index.add([*articles, *telling])
        assert [(x.id, x.exact) for x in index.assignments()] == [(x.id, x.exact) for x in found]


def test_placeholders_are_no_texts() -> None:
    for body in ("[Removed]", "هذا المقال مخصص للمشتركين فقط يرجى تسجيل الدخول لمتابعة القراءة"):
        found = cluster([Article(body, id=str(i), title=text_of(i, 8), source="صحيفة") for i in range(3)])
        assert len(set(levels(found, "story"))) == 3


def test_identical_title_and_text_are_exact_at_any_length() -> None:
    for text in ("نعم", "شكرا لكم", "كل عام وأنتم بخير"):
        found = cluster([Article(text, id=x, title=y) for x, y in (("a", "ت"), ("b", "ت"), ("c", "ث"), ("d", ""))])
        a, b, c, d = levels(found, "exact")
        assert a == b
        assert len({a, c, d}) == 3


@pytest.mark.parametrize("level", ["exact", "copy", "story"])
def test_links_make_posts_neither_alike_nor_different(level: str) -> None:
    post = "افتتاح الجسر الجديد على النهر أمام حركة السيارات"
    found = cluster(
        [
            Article(f"{post} https://t.co/aaa1", id="1"),
            Article(f"{post} https://t.co/bbb2?utm_source=x&utm_medium=y", id="2"),
            Article("https://news.example/2026/06/09/a-b-c?utm_source=feed&utm_campaign=daily قالوا", id="3"),
            Article("https://news.example/2026/06/09/a-b-d?utm_source=feed&utm_campaign=daily ردوا", id="4"),
        ],
        Settings(level=level),
    )
    a, b, c, d = levels(found, "exact")
    assert a == b
    assert len(set(levels(found, "story"))) == 3
    assert len({a, c, d}) == 3
    plain = cluster([f"{post} https://t.co/a1", f"{post} https://t.co/b2"], Settings(boilerplate="none", level=level))
    assert len(set(levels(plain, "exact"))) == 2


# --- the shared cases, where they are here


def run(name: str, settings: Settings | None = None, fields: dict[str, str] | None = None) -> Clustering:
    path = CASES / name
    if not path.exists():
        pytest.skip(f"the shared cases are not here: no {path}")
    return cluster([row.article for row in Feed([path], fields=fields)], settings)


SAME: Sequence[str] = (
    "reports/12-rss-double-escaped/a.jsonl",
    "reports/14-rss-title-only/a.rss",
    "reports/21-word-conditional-comments/a.jsonl",
    "reports/47-invisible-letters/a.jsonl",
    "reports/49-word-signs/a.jsonl",
    "reports/50-thousands-separators/a.jsonl",
    "reports/51-waw-apart/a.jsonl",
)
APART: Sequence[str] = (
    "reports/17-cookie-banner/banner-inline.jsonl",
    "reports/17-cookie-banner/banner-line.jsonl",
    "reports/17-cookie-banner/plain.jsonl",
    "reports/18-stub-bodies/a.jsonl",
    "reports/19-tail-phrase-in-prose/a.jsonl",
)


@pytest.mark.parametrize("name", SAME)
def test_shared_cases_that_are_one_text(name: str) -> None:
    assert len(set(levels(run(name), "exact"))) == 1


@pytest.mark.parametrize("name", APART)
def test_shared_cases_that_are_strangers(name: str) -> None:
    found = run(name)
    assert len(set(levels(found, "copy"))) == len(found)


def test_shared_cases_of_titles_posts_years_and_signs() -> None:
    found = run("titles/daily-titles.jsonl", fields={"text": "title"})
    assert len(set(levels(found, "copy"))) == len(found) == 6
    a, b, c = levels(run("titles/rss_notext.xml"), "exact")
    assert a == b != c
    posts = {a.id: a for a in run("copies/short-posts.jsonl")}
    assert posts["6"].exact == posts["7"].exact
    assert posts["4"].copy == posts["5"].copy
    found = run("copies/years.jsonl")
    assert len(set(levels(found, "story"))) == len(found)
    pairs = {a.id: a.exact for a in run("copies/exact-or-not.jsonl", Settings(profile="strict"))}
    for name in ("code_ops", "sign", "decimal", "negation"):
        assert pairs[f"{name}.a"] != pairs[f"{name}.b"]
    for name in ("short", "short5", "html", "presform", "zh", "digits"):
        assert pairs[f"{name}.a"] == pairs[f"{name}.b"]
