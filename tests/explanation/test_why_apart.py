"""Why two texts that are alike are no copies, or both stay: `explain` and the pairs of a run name the same guard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from daily_forms import printed
from made import text_of, words_of

from clusterer import Article, Explainer, Settings, StoryIndex, dedup, explain
from clusterer.copies.series import WHY
from clusterer.messages import worded
from clusterer.pairs import verified_pairs
from clusterer.pipeline import run_pipeline

NOON = datetime(2024, 9, 2, 12, tzinfo=UTC)


def told(text: str, name: str, outlet: str, hours: float) -> Article:
    return Article(text, name, source=outlet, date=NOON + timedelta(hours=hours))


def named(town: str) -> str:
    head, tail = text_of("before", 14), text_of("behind", 25)
    return f"{head} وقع الحادث في مدينة {town} {tail}"


def notice(day: int, outlet: str) -> Article:
    text = f"{text_of('head', 20)} {text_of(f'day {day}', 24)} {text_of('sea', 40)} {text_of(outlet, 3)}"
    return told(text, f"{outlet}{day}", outlet, 24 * day)


def bulletin(day: int) -> Article:
    """Another outlet's every day: a run with one figure and words of its own between two passages of the form."""
    own = [*words_of(f"own {day}", 24), str(310 + 7 * day)]
    return told(" ".join([*words_of("before", 25), *own, *words_of("behind", 25)]), f"w{day}", f"صحيفة {day}", 24 * day)


FEEDS = {
    "others": ([told(named("حلب"), "a", "", 0), told(named("تعز"), "b", "", 0)], "a", "b"),
    "filled": ([x for x in printed(2, 1) if x.id.startswith("gold-jo")], "gold-jo-00", "gold-jo-01"),
    "next": (
        [
            told(f"{text_of(f'lead {x}', 45)} {text_of('affair', 120)}", x, "الضفة", hours)
            for x, hours in (("a", 0), ("b", 4))
        ],
        "a",
        "b",
    ),
    "recurs": ([bulletin(day) for day in range(8)], "w0", "w1"),
    "notices": ([notice(day, outlet) for day in (0, 1) for outlet in ("أ", "ب")], "أ0", "أ1"),
}


def test_every_guard_but_one_is_asked_for() -> None:
    assert {*WHY} - {*FEEDS} == {"", "recounted"}  # of which `tests/copies/test_series.py` knows


@pytest.mark.parametrize("why", FEEDS)
def test_the_guard_is_named(why: str, tmp_path: Path) -> None:
    articles, a, b = FEEDS[why]
    settings = Settings(boilerplate="none")
    run = run_pipeline(articles, settings)
    found = {frozenset((x.a, x.b)): x for x in verified_pairs(run, settings) if x.relation != "story"}
    assert found[frozenset((a, b))].apart == why
    with StoryIndex.open(tmp_path / "news.db", settings) as index:
        for article in articles:
            index.add([article])
        stored = {frozenset((x.a, x.b)): x.apart for x in index.pairs() if x.relation != "story"}
        assert {pair: x.apart for pair, x in found.items()} == stored
        for explained in (Explainer(articles, settings).explain(a, b), index.explain(a, b)):
            assert explained.copying is not None
            assert (explained.copying.kind, explained.copying.why) == ("series", why)
            assert explained.relation == "series"
            (said,) = (m for m in explained.messages if m.key == "reason.series")
            for language in ("ar", "en"):
                assert worded(said.values["why"], language) in worded(said, language)


TELLING = {"others": ("name", "حلب", "تعز"), "recurs": ("number", "310", "317")}


@pytest.mark.parametrize("why", FEEDS)
def test_the_words_that_part_two_texts_are_named(why: str) -> None:
    articles, a, b = FEEDS[why]
    found = Explainer(articles, Settings(boilerplate="none")).explain(a, b)
    texts = {x.id: x.text for x in articles}
    for _, one, other in found.telling:
        assert one in texts[a]
        assert other in texts[b]
        assert one != other
    if why in TELLING:
        assert TELLING[why] in found.telling
        assert any(f"“{TELLING[why][1]}”" in reason and f"“{TELLING[why][2]}”" in reason for reason in found.reasons)


BASE = words_of("base", 90)
COPIES = {
    "others": " ".join(["لم", *BASE[:60], *BASE[61:]]),
    "figures": " ".join(["49", *BASE]),
    "words": " ".join([*BASE[:70], *words_of("own", 11)]),
    "": " ".join(BASE[:80]),
}


@pytest.mark.parametrize("why", COPIES)
def test_why_dedup_keeps_two_copies_is_told(why: str) -> None:
    longer = " ".join(["48", *BASE, *words_of("more", 3)] if why == "figures" else [*BASE, *words_of("more", 3)])
    articles = [told(longer, "a", "الضفة", 0), told(COPIES[why], "b", "الضفة", 1)]
    settings = Settings(level="copy", boilerplate="none")
    found = explain(articles, "a", "b", settings)
    assert found.copying is not None
    assert (found.level, found.copying.stays) == ("copy", why)
    assert bool(dedup(articles, settings).removed) == (why == "")
    assert any("dedup removes neither for the other" in reason for reason in found.reasons) == (why != "")
    (pair,) = verified_pairs(run_pipeline(articles, settings), settings)
    assert pair.apart == (why if why in ("others", "figures") else None)
    own = " ".join(words_of("own", 11))
    named = {"others": ("negation", "", "لم"), "figures": ("number", "48", "49"), "words": ("words", "", own)}
    assert found.telling[:1] == ((named[why],) if why else ())
    if found.telling:
        others, words = "“لم” in b alone", f"Not in the longer text: “{own[:60]}"
        said = {"others": others, "words": words, "figures": "“48” in the first, “49” in the second"}[why]
        assert any(said in reason for reason in found.reasons)
        turned = explain(articles, "b", "a", settings)
        assert turned.telling == tuple((kind, other, one) for kind, one, other in found.telling)


def test_passages_that_the_longer_text_lacks_are_named_largest_first() -> None:
    """Words that stand elsewhere in the longer text are no passage of its own, nor do they part one."""
    small, large = words_of("small", 5), words_of("large", 9)
    shorter = [*BASE[:20], *small, *BASE[20:40], *large[:4], BASE[3], *large[4:], *BASE[40:]]
    articles = [told(" ".join([*BASE, *words_of("more", 30)]), "a", "", 0), told(" ".join(shorter), "b", "", 0)]
    found = explain(articles, "a", "b", Settings(level="copy", boilerplate="none", jaccard=0.5))
    assert found.copying is not None
    assert (found.level, found.copying.stays) == ("copy", "words")
    passages = [" ".join([*large[:4], BASE[3], *large[4:]]), " ".join(small)]
    assert found.telling == tuple(("words", "", passage) for passage in passages)


def test_figures_of_texts_too_different_to_be_aligned_are_named() -> None:
    """What an outlet opens with anew, over paragraphs of which it rewrote much."""
    body = words_of("affair", 300)
    rewritten = [*body[:120], *words_of("anew", 60), *body[180:]]
    one, other = (
        " ".join([*text_of("lead", 8).split(), figure, *rest]) for figure, rest in (("48", body), ("52", rewritten))
    )
    articles = [told(one, "a", "الضفة", 0), told(other, "b", "الضفة", 1)]
    found = explain(articles, "a", "b", Settings(level="copy", boilerplate="none"))
    assert found.copying is not None
    assert (found.level, found.copying.stays) == ("copy", "figures")
    assert ("number", "48", "") in found.telling
    assert ("number", "", "52") in found.telling


@pytest.mark.parametrize(
    ("one", "other"), [("39.82", "39.85"), ("3,5", "3,6"), ("10-12", "10-14"), ("1.277,35", "1.278,35"), ("٣٫٥", "٣٫٦")]
)
def test_figures_are_named_as_they_are_written(one: str, other: str) -> None:
    """Whole, though words end at points."""
    head, tail = text_of("before", 14), text_of("behind", 25)
    articles = [told(f"{head} بلغ {figure} {tail}", figure, "الضفة", 48 * i) for i, figure in enumerate((one, other))]
    assert explain(articles, one, other, Settings(level="copy")).telling == (("number", one, other),)


def test_a_number_that_is_grouped_otherwise_is_none() -> None:
    head, tail = text_of("before", 14), text_of("behind", 25)
    ways = ["363,378", "363.378", "363 378", "363378", "٣٦٣٬٣٧٨"]
    articles = [told(f"{head} بلغ {figure} شخصا {tail}", figure, "الضفة", 48 * i) for i, figure in enumerate(ways)]
    for i, one in enumerate(ways):
        for other in ways[:i]:
            found = explain(articles, one, other, Settings(level="copy"))
            assert (found.telling, found.level) in [((), "copy"), ((), "exact")]
