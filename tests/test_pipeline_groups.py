"""The whole road: which articles group, which stay alone, and how fast large groups are formed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable

import pytest
import reference
from clusterings import FEED, PLAIN, by_id, edited, groups, ids_together
from made import lines_of, text_of, words_of

from clusterer import Article, Settings, cluster

pytestmark = pytest.mark.usefixtures("loops")


@pytest.mark.parametrize("text", ["", " ", "\n\n", "خبر عاجل", "صورة من المصدر", "؟!...", "😀"])
def test_two_hundred_identical_tiny_articles_are_exact_and_alike_ones_stay_alone(text: str) -> None:
    words = len(reference.words(text))
    found = cluster([Article(text, id=f"{i:03}") for i in range(200)])
    assert len(groups(found, "exact")) == (1 if words else 200)
    assert found.stats["too short to group"] == (0 if words else 200)
    found = cluster([Article(text, id=f"{i:03}", title=f"عنوان{i}") for i in range(200)])
    assert len(groups(found)) == 200
    found = cluster([Article(f"{text} كلمه{i}", id=f"{i:03}") for i in range(200)])
    assert len(groups(found)) == 200


@pytest.mark.parametrize("boilerplate", ["learned", "known"])
def test_two_hundred_articles_of_nothing_but_a_footer_stay_alone(boilerplate: str) -> None:
    footer = "رابط الخبر بصحيفة الوئام: عنوان الخبر الذي نشر أمس في الصحيفة"
    found = cluster(
        [Article(footer, id=str(i), source="الوئام") for i in range(200)], Settings(boilerplate=boilerplate)
    )
    assert len(groups(found)) == 200


@pytest.mark.parametrize("min_words", [1, 6, 20])
def test_min_words_is_the_length_from_which_texts_are_alike(min_words: int) -> None:
    settings = Settings(min_words=min_words)
    for words in (min_words + 12, min_words - 1):
        text = text_of(1, words)
        alike = cluster([text, f"{text} {text_of(2, 1)}"], settings)
        assert len(groups(alike)) == (2 if words < min_words - 1 or words == 0 else 1 if words >= min_words else 2)
        assert len(groups(cluster([text] * 2, settings))) == (1 if words else 2)


def test_a_footer_alone_does_not_bind_strangers() -> None:
    footer = "\n".join(["تابع أخبار الصحيفة على منصات التواصل وشارك أصدقاءك ما يعجبك منها"] * 3)
    articles = [Article(f"{text_of(i, 32)}\n{lines_of(i, 1)}\n{footer}", id=str(i), source="سبق") for i in range(30)]
    found = cluster(articles)
    assert len(groups(found)) == 30
    assert found.stats["learned boilerplate words"] > 0
    assert cluster(articles, PLAIN).stats["learned boilerplate words"] == 0


def test_ten_thousand_identical_articles_are_one_group_fast() -> None:
    text = text_of(1, 250)
    start = time.process_time()
    found = cluster([Article(text, id=f"{i:05}") for i in range(10_000)])
    assert time.process_time() - start < 20
    assert len(groups(found)) == len(groups(found, "exact")) == 1
    assert Counter(a.relation for a in found) == {"exact": 9999, None: 1}
    assert {a.linked_to for a in found} == {"00000", None}


@pytest.mark.parametrize("count", [500, pytest.param(3000, marks=pytest.mark.slow)])
def test_thousands_of_near_identical_articles_are_one_group_fast(count: int, loops: str) -> None:
    source, base = random.Random(3), words_of(3, 250)
    count = 3000 if loops == "compiled" else count  # a second there, twenty on NumPy's
    said_twice = [(place, word) for place in range(250) for word in range(250) if word not in (place - 1, place)]
    articles = []
    for i, (place, word) in enumerate(source.sample(said_twice, count)):  # a word of one text alone would be a name
        mine = [*base[:place], base[word], *base[place:]]
        articles.append(Article(" ".join(mine), id=f"{i:05}"))
    start = time.process_time()
    found = cluster(articles)
    assert time.process_time() - start < 30
    assert len(groups(found)) == 1
    assert len(groups(found, "exact")) == count
    assert {a.relation for a in found} == {"copy", None}


@pytest.mark.parametrize("settings", [Settings(), PLAIN, Settings(unit="char", size=12)])
def test_a_chain_of_edits_does_not_become_one_group(settings: Settings) -> None:
    source = random.Random(7)
    chain = [words_of(7, 200)]
    for _ in range(59):
        chain.append(edited(chain[-1], 0.15, source))
    found = cluster([Article(" ".join(w), id=f"{i:02}") for i, w in enumerate(chain)], settings)
    sizes = found.sizes()
    assert max(sizes.values()) <= 8
    for members in found.groups().values():
        assert max(map(int, members)) - min(map(int, members)) <= 8


def test_the_daily_report_from_one_template_does_not_become_one_group() -> None:
    source, template = random.Random(9), words_of(9, 120)
    days = []
    for _ in range(60):
        template = edited(template, 0.2, source)
        days.append(" ".join(template))
    assert max(cluster(days).sizes().values()) <= 8


def test_a_cut_is_contained() -> None:
    base = words_of(5, 250)
    found = by_id(cluster([Article(" ".join(base), id="whole"), Article(" ".join(base[:40]), id="cut")]))
    assert found["whole"]["copy"] == found["cut"]["copy"]
    cut = next(a for a in found.values() if not a["representative"])
    assert (cut["relation"], cut["score"]) == ("contained", 1.0)


@pytest.mark.parametrize("words", [20, 30, 40, 60, 100])
def test_cuts_of_every_length_are_found(words: int) -> None:
    bases = [words_of(f"cut {i}", 250) for i in range(50)]
    articles = [Article(" ".join(b), id=f"{i}") for i, b in enumerate(bases)]
    articles += [Article(" ".join(b[:words]), id=f"{i} cut") for i, b in enumerate(bases)]
    found = cluster(articles)
    together = sum(found.groups().get(str(i), []) == [str(i), f"{i} cut"] for i in range(50))
    assert together >= (50 if words >= 40 else 48)


def test_without_samples_cuts_are_not_looked_for() -> None:
    base = words_of(5, 1000)
    articles = [" ".join(base), " ".join(base[:40]), " ".join(base[:960])]
    assert cluster(articles, Settings(level="copy")).sizes().most_common(1)[0][1] == 3
    assert cluster(articles, Settings(sample=0, jaccard=0.8, level="copy")).sizes().most_common(1)[0][1] == 2
    assert cluster(articles, Settings(cuts=False, level="copy")).sizes().most_common(1)[0][1] == 2


def test_a_cut_of_the_middle_is_a_quotation() -> None:
    base = words_of(5, 250)
    found = cluster([" ".join(base), " ".join(base[150:190])])
    assert len(groups(found)) == 2
    assert found.stats["quotations not linked"] == 1
    assert len(groups(cluster([" ".join(base), " ".join(base[150:190])], Settings(opening=0.0)))) == 1


def test_a_digest_is_grouped_with_nothing_that_it_quotes() -> None:
    stories = [lines_of(f"digest {i}", 8) for i in range(10)]
    digest = "\n".join(story.split("\n")[0] for story in stories)
    found = cluster([Article(digest, id="digest"), *(Article(s, id=str(i)) for i, s in enumerate(stories))])
    assert len(groups(found)) == 11


def test_of_two_in_one_only_what_it_opens_with_is_a_cut_of_it() -> None:
    first, second = text_of("first", 110), text_of("second", 100)
    articles = [
        Article(first, id="first"),
        Article(second, id="second"),
        Article(f"{first} من جهة أخرى {second}", id="both"),
    ]
    assert ids_together(cluster(articles)) == {frozenset({"first", "both"})}


def test_strangers_stay_strangers() -> None:
    found = cluster([text_of(f"stranger {i}", 100) for i in range(500)])
    assert len(groups(found)) == 500


def test_nearness_counts_from_the_threshold_on() -> None:
    base = words_of(6, 200)
    near, far = list(base), list(base)
    near[100:120] = words_of("n", 20)
    far[50:130] = words_of("f", 80)
    for jaccard, expected in ((0.5, {frozenset("ab")}), (0.95, set())):
        articles = [Article(" ".join(x), id=i) for i, x in zip("abc", (base, near, far), strict=True)]
        assert ids_together(cluster(articles, Settings(jaccard=jaccard, containment=1.0))) == expected


def test_five_articles_group_alike_alone_and_within_a_feed() -> None:
    base = words_of("alone", 150)
    five = [
        base,
        edited(base, 0.05, random.Random(1)),
        base[:50],
        words_of("other", 90),
        edited(base, 0.6, random.Random(2)),
    ]
    articles = [Article(" ".join(w), id=f"five-{i}") for i, w in enumerate(five)]
    names = {a.id for a in articles}
    alone = groups(cluster(articles, PLAIN))
    within = groups(cluster([*FEED, *articles], PLAIN))
    assert {g for g in within if g & names} == alone


def test_words_in_another_order_are_no_exact_copies() -> None:
    source = "الهلال والنصر يلتقيان غدا ثم يلتقي النصر والهلال"
    a = f"{source} الهلال النصر {text_of(1, 20)} النصر الهلال"
    b = f"{source} النصر الهلال {text_of(1, 20)} الهلال النصر"
    found: Iterable[str] = cluster([a, b]).labels("exact")
    assert len(set(found)) == 2
