"""Paragraphs that recur in other articles, against a dict of their words."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import reference
from made import text_of

from clusterer import Article, Settings, dedup_paragraphs


@cache
def words_of(line: str) -> tuple[str, ...]:
    return tuple(reference.words(line))


def slow(articles: list[Article], least: int) -> list[str]:
    """The texts that are left: of every paragraph the first article that holds it keeps it."""
    first: dict[tuple[str, ...], int] = {}
    holders: dict[tuple[str, tuple[str, ...]], set[int]] = {}
    for place, article in enumerate(articles):
        for line in article.text.split("\n"):
            holders.setdefault((article.source, words_of(line)), set()).add(place)
    sizes = Counter(article.source for article in articles)
    out = []
    for place, article in enumerate(articles):
        kept = []
        for line in article.text.split("\n"):
            words = words_of(line)
            is_footer = len(words) >= 2 and len(holders[article.source, words]) >= max(10, sizes[article.source] / 500)
            if words and first.setdefault(words, place) != place and (len(words) >= least or is_footer):
                continue
            kept.append(line)
        out.append("\n".join(kept).strip("\n"))
    return out


def made(seed: int) -> list[Article]:
    dice = random.Random(seed)
    pool = [text_of(f"{seed} {i}", dice.randint(1, 20)) for i in range(30)]
    pool += [text_of(f"{seed} short {i}", dice.randint(1, 5)) for i in range(4)] * 6
    lines = [*pool, *(f"«{line}»!" for line in pool[:10]), "", "  "]
    texts = ["\n".join(dice.choices(lines, k=dice.randint(0, 8))) for _ in range(90)]
    return [Article(text, f"a{i}", source=dice.choice(("one", "one", "other"))) for i, text in enumerate(texts)]


def test_what_is_left_is_what_the_rule_leaves() -> None:
    for seed in range(2):
        articles = made(seed)
        for least in (1, 6):
            done = dedup_paragraphs(articles, min_words=least)
            gone = {removal.place for removal in done.removed}
            expected = slow(articles, least)
            assert [a.text for i, a in enumerate(done.articles) if i in gone] == [expected[i] for i in sorted(gone)]
            untouched = [a for i, a in enumerate(articles) if i not in gone]
            assert [a for i, a in enumerate(done.articles) if i not in gone] == untouched
            assert [a.text.strip("\n") for a in untouched] == [x for i, x in enumerate(expected) if i not in gone]
            assert gone
            for removal in done.removed:
                lines = articles[removal.place].text.split("\n")
                words = words_of(lines[removal.paragraph])
                kept = articles[removal.kept_place]
                assert words in map(words_of, kept.text.split("\n"))
                assert (removal.id, removal.kept, removal.words) == (articles[removal.place].id, kept.id, len(words))
                assert removal.kept_place < removal.place


def test_articles_stay_whatever_goes_and_do_not_depend_on_chunks() -> None:
    footer = text_of("footer", 12)
    done = dedup_paragraphs([footer, footer, f"{footer}\n{footer}"], min_words=6)
    assert [a.text for a in done.articles] == [footer, "", ""]
    assert done.stats["articles left without a text"] == 2
    articles = made(9)
    assert dedup_paragraphs(articles, Settings(chunk=7)).removed == dedup_paragraphs(articles).removed
    assert dedup_paragraphs([]).removed == ()


def test_short_lines_go_where_they_recur_as_footers_do() -> None:
    footer, heading, name = "جميع الحقوق محفوظة", "ما هي المخاطر؟", "مصر"
    lines = [heading, footer, name]
    articles = [
        Article("\n".join([text_of(f"own {i}", 9), *(lines if i < 9 else lines[1:])]), source="x") for i in range(30)
    ]
    for preset in (None, "corpus", {"min_words": 6}):
        texts = [article.text.split("\n") for article in dedup_paragraphs(articles, preset).articles]
        assert sum(footer in text for text in texts) == 1
        assert sum(heading in text for text in texts) == 9
        assert sum(name in text for text in texts) == 30
    rare = [*articles[:10], *(Article(text_of(f"rest {i}", 9), source="x") for i in range(5_500))]
    assert not dedup_paragraphs(rare).removed
