"""Paragraphs that recur in other articles, against a dict of their words."""

from __future__ import annotations

import random
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
    out = []
    for place, article in enumerate(articles):
        kept = []
        for line in article.text.split("\n"):
            words = words_of(line)
            if len(words) >= least and first.setdefault(words, place) != place:
                continue
            kept.append(line)
        out.append("\n".join(kept).strip("\n"))
    return out


def made(seed: int) -> list[Article]:
    dice = random.Random(seed)
    pool = [text_of(f"{seed} {i}", dice.randint(1, 20)) for i in range(30)]
    lines = [*pool, *(f"«{line}»!" for line in pool[:10]), "", "  "]
    return [Article("\n".join(dice.choices(lines, k=dice.randint(0, 8))), f"a{i}") for i in range(60)]


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
