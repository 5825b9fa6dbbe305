"""What articles have in common with a benchmark, against runs of words told slowly."""

from __future__ import annotations

import random

import pytest
import reference
from made import text_of

from clusterer import Article, InputError, dedup


def slow_runs(text: str, length: int) -> set[tuple[str, ...]]:
    words = reference.words(text)
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


@pytest.mark.parametrize("length", [1, 4, 13])
def test_what_quotes_is_what_has_a_run_in_common(length: int) -> None:
    dice = random.Random(length)
    pool = text_of("pool", 400).split()
    bench = [Article(" ".join(dice.sample(pool, dice.randint(1, 40))), f"q{i}") for i in range(30)]
    news = []
    for i in range(200):
        words = text_of(f"news {i}", 60).split()
        if i % 3 == 0:
            quoted = dice.choice(bench).text.split()
            start = dice.randint(0, len(quoted))
            at = dice.randint(0, 60)
            words[at:at] = quoted[start : start + dice.randint(1, 20)]
        title = dice.choice(bench).text if i % 50 == 1 else "عنوان"
        news.append(Article(" ".join(words), f"n{i}", title))
    theirs = set().union(*(slow_runs(a.text, length) for a in bench))
    expected = {
        i for i, a in enumerate(news) if slow_runs(a.text, length) & theirs or slow_runs(a.title, length) & theirs
    }
    result = dedup(news, against=bench, quote=length)
    assert {r.place for r in result.removed} == expected
    assert expected
    short = sum(len(reference.words(a.text)) < length for a in bench)
    assert result.stats[f"of these shorter than {length} words, not looked for"] == short
    texts = {a.id: a.text for a in bench}
    for removal in result.removed:
        for quote in removal.quotes:
            where = getattr(news[removal.place], quote.field)
            assert where[quote.start : quote.stop] == quote.passage
            spoken, source = reference.words(quote.passage), reference.words(texts[quote.quoted])
            assert len(spoken) == quote.words >= length
            assert any(
                tuple(spoken[i : i + length]) in slow_runs(texts[quote.quoted], length) for i in range(len(spoken))
            )
            assert source
            assert bench[quote.quoted_place].id == quote.quoted


def test_letters_fold_and_articles_end_runs() -> None:
    question = "مَا هي عاصمةُ المملكةِ العربيّةِ السعودية"
    bench = [Article(question, "q"), Article("سؤال قصير", "short")]
    said = "قال المعلم: ما هي عاصمة المملكة العربية السعودية؟ ثم أجاب"
    halves = [Article("ما هي عاصمة", "a"), Article("المملكة العربية السعودية", "b")]
    result = dedup([Article(said, "x"), *halves], against=bench, quote=6)
    [removal] = result.removed
    assert (removal.id, removal.kept, removal.relation, removal.is_against) == ("x", "q", "quoted", True)
    assert [q.passage for q in removal.quotes] == ["ما هي عاصمة المملكة العربية السعودية"]
    assert removal.words_lost == 4
    assert result.kept == halves


@pytest.mark.parametrize("length", [-1, 1001])
def test_runs_out_of_range_are_refused(length: int) -> None:
    with pytest.raises(InputError, match="13 is usual"):
        dedup(["نص"], against=["نص"], quote=length)


def test_a_benchmark_is_needed() -> None:
    with pytest.raises(InputError, match="cure: against="):
        dedup(["نص"], quote=13)
