"""The whole road: what becomes of articles, whatever their order, number and oddity."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st
from made import lines_of, text_of, word, words_of
from places import ROOT
from strategies import texts

from clusterer import Article, Clustering, InputError, Settings, SettingsError, cluster
from clusterer.lsh.datasketch import SCHEMES
from clusterer.stories import features

pytestmark = pytest.mark.usefixtures("loops")

DAY = datetime(2015, 7, 21, tzinfo=UTC)


def latest(date: datetime) -> datetime:
    """What a date may stand for at the latest: midnight to the second is a day without an hour."""
    return date + timedelta(days=1, seconds=-1) if (date - DAY) % timedelta(days=1) == timedelta() else date


def by_id(clustering: Clustering) -> dict[str, dict]:
    found = {a.id: a.as_dict() for a in clustering}
    assert len(found) == len(clustering)
    return found


def groups(clustering: Clustering, level: str = "copy") -> set[frozenset[str]]:
    return {frozenset(members) for members in clustering.groups(level).values()}


def ids_together(clustering: Clustering) -> set[frozenset[str]]:
    return {members for members in groups(clustering) if len(members) > 1}


def edited(text_words: list[str], share: float, source: random.Random) -> list[str]:
    """A copy with that share of its words replaced."""
    out = list(text_words)
    for i in source.sample(range(len(out)), round(share * len(out))):
        out[i] = word(source)
    return out


def a_feed(seed: int = 0, stories: int = 40) -> list[Article]:
    """Articles of every relation: exact copies, edited ones, cuts, extensions, strangers, tiny and empty ones."""
    source = random.Random(f"feed {seed}")
    out: list[Article] = []
    for story in range(stories):
        base = words_of(f"{seed} {story}", source.randint(60, 260))
        for version in range(source.choice([1, 1, 2, 3, 6])):
            kind = source.choice(["exact", "edited", "cut", "longer"]) if version else "exact"
            body = {
                "exact": lambda b=base: b,
                "edited": lambda b=base: edited(b, source.choice([0.02, 0.05, 0.1]), source),
                "cut": lambda b=base: b[: max(20, len(b) // 4)],
                "longer": lambda b=base: b + [word(source) for _ in range(20)],
            }[kind]()
            when = DAY + timedelta(hours=source.randint(0, 60)) if source.random() < 0.9 else None
            outlet = source.choice(["سبق", "الرياض", "واس", ""])
            out.append(Article(" ".join(body), f"{story:03}-{version}", "عنوان", outlet, "", when))
    out += [
        Article(text, f"tiny-{i}")
        for i, text in enumerate(["", "", "خبر", "خبر", "  \n", "عاجل الآن جدا", "عاجل الآن جدا"])
    ]
    source.shuffle(out)
    return out


FEED = a_feed()


def earliness(name: str, dates: dict[str, datetime | None], places: dict[str, int]) -> tuple:
    """What the earliest of a group is told by: its time, then its name; where nobody tells the time, its place in the input."""
    date = dates[name]
    return (True, latest(DAY), "", places[name]) if date is None else (False, latest(date), name, 0)


def assert_invariants(articles: list[Article], found: Clustering, settings: Settings) -> None:
    """Everything that must hold of any result; scores recomputed from the texts (boilerplate off)."""
    assert len(found) == len(articles)
    assert settings.boilerplate == "none"
    assignments = {a.id: a for a in found}
    assert len(assignments) == len(articles)
    text_of_id = {}
    for a, article in zip(found, articles, strict=True):  # the title stands in for a text that is too short
        short = len(reference.words(article.text, settings.profile)) < settings.min_words
        text_of_id[a.id] = f"{article.title}\n{article.text}" if short else article.text
    date_of_id = {a.id: article.date for a, article in zip(found, articles, strict=True)}
    place_of_id = {a.id: place for place, a in enumerate(found)}
    unit = reference.shingles if settings.unit == "word" else reference.char_shingles
    shingles: dict[str, list] = {}

    def runs(name: str) -> list:
        if name not in shingles:
            shingles[name] = unit(reference.words(text_of_id[name], settings.profile), settings.size)
        return shingles[name]

    for level, finer in (("story", "copy"), ("copy", "exact")):
        for a in found:
            assert getattr(assignments[getattr(a, finer)], level) == getattr(a, level)
        for group, members in found.groups(finer).items():
            assert len({getattr(assignments[m], level) for m in members}) == 1
            earliest = min(members, key=lambda m: earliness(m, date_of_id, place_of_id))
            assert group == earliest
    for members in found.groups("story").values():
        assert sum(assignments[m].representative for m in members) == 1
    for members in found.groups("copy").values():
        assert sum(assignments[m].relation in (None, "story") for m in members) == 1

    for a in found:
        if a.representative:
            assert (a.linked_to, a.relation, a.score) == (None, None, None)
            continue
        assert a.linked_to is not None
        other = assignments[a.linked_to]
        assert other.id != a.id
        assert other.story == a.story
        assert (other.copy == a.copy) == (a.relation != "story")
        seen, at = {a.id}, other
        while not at.representative:
            assert at.id not in seen
            seen.add(at.id)
            at = assignments[at.linked_to]  # type: ignore[index]
        mine, theirs = runs(a.id), runs(other.id)
        words_mine, words_theirs = (reference.words(text_of_id[x], settings.profile) for x in (a.id, other.id))
        assert len(words_mine) >= (1 if a.relation == "exact" else settings.min_words)
        jaccard, contained = reference.jaccard(set(mine), set(theirs)), reference.containment(set(mine), set(theirs))
        if a.relation == "exact":
            assert words_mine == words_theirs
            assert (a.exact, a.score) == (other.exact, 1.0)
        elif a.relation == "copy":
            assert a.exact != other.exact
            assert jaccard >= settings.jaccard
            assert a.score == pytest.approx(jaccard, abs=5.1e-5)
        elif a.relation == "story":
            assert settings.level == "story"
            assert 0.05 <= a.score <= 1
        else:
            assert a.relation == "contained"
            assert jaccard < settings.jaccard
            assert contained >= settings.containment
            assert max(reference.opening(mine, theirs), reference.opening(theirs, mine)) >= settings.opening
            assert a.score == pytest.approx(contained, abs=5.1e-5)
    for a in found:
        for b in found:
            if a.exact == b.exact:
                assert reference.words(text_of_id[a.id], settings.profile) == reference.words(
                    text_of_id[b.id], settings.profile
                )


PLAIN = Settings(boilerplate="none")


def test_strings_mappings_and_articles_come_out_in_their_order() -> None:
    text = text_of(1, 50)
    found = cluster(
        [text, {"text": text, "id": "b"}, Article(text_of(2, 50), id="c"), {"content": text, "url": "http://x/d"}]
    )
    assert [a.id for a in found][1:] == ["b", "c", "http://x/d"]
    assert [a.relation for a in found].count("exact") == 2
    assert found.labels()[0] == found.labels()[1] == found.labels()[3] != found.labels()[2]


def test_every_article_is_in_the_output_in_order() -> None:
    found = cluster(FEED)
    assert [a.id for a in found] == [a.id for a in FEED]
    assert found.stats["articles"] == len(FEED)
    assert found.fingerprint == Settings().fingerprint()


@pytest.mark.parametrize("level", ["exact", "copy"])
def test_no_articles_and_one(level: str) -> None:
    settings = Settings(level=level)
    for unit in (settings, replace(settings, unit="char", size=12)):
        assert len(cluster([], unit)) == 0
        assert len(cluster([""], unit)) == 1
        (only,) = cluster([text_of(1, 30)], unit)
        assert only.representative
        assert only.story == only.copy == only.exact == only.id


@pytest.mark.parametrize(
    ("items", "place", "kind"), [([5], 1, "int"), (["x", None], 2, "NoneType"), ([b"x"], 1, "bytes")]
)
def test_an_item_of_another_kind_is_refused_with_its_place(items: list, place: int, kind: str) -> None:
    with pytest.raises(InputError, match=rf"article {place} is a {kind}"):
        cluster(items)


def test_a_mapping_without_a_text_is_refused_with_its_place() -> None:
    with pytest.raises(InputError, match=r"article 2: "):
        cluster(["x", {"colour": "red"}])


def test_articles_are_read_once_and_lazily() -> None:
    assert len(cluster(iter(FEED))) == len(FEED)
    assert len(cluster(article for article in FEED)) == len(FEED)


def test_progress_counts_every_article_of_every_stage() -> None:
    told: Counter[str] = Counter()
    cluster(FEED, Settings(chunk=7), progress=lambda stage, done: told.update({stage: done}))
    assert told["reading"] == len(FEED)
    assert 0 < told["sketching"] <= len(FEED)
    assert told["verifying"] == cluster(FEED).stats["candidate pairs"]


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
    start = time.perf_counter()
    found = cluster([Article(text, id=f"{i:05}") for i in range(10_000)])
    assert time.perf_counter() - start < 20
    assert len(groups(found)) == len(groups(found, "exact")) == 1
    assert Counter(a.relation for a in found) == {"exact": 9999, None: 1}
    assert {a.linked_to for a in found} == {"00000", None}


def test_three_thousand_near_identical_articles_are_one_group_fast() -> None:
    source, base = random.Random(3), words_of(3, 250)
    articles = []
    for i in range(3000):
        mine = list(base)
        mine[source.randrange(250)] = f"كلمه{i}"
        articles.append(Article(" ".join(mine), id=f"{i:05}"))
    start = time.perf_counter()
    found = cluster(articles)
    assert time.perf_counter() - start < 30
    assert len(groups(found)) == 1
    assert len(groups(found, "exact")) == 3000
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


def with_noise(seed: int) -> list[Article]:
    """A feed with footers to be learned and ids that repeat."""
    footer = "تابع أخبار الصحيفة على منصات التواصل وشارك أصدقاءك ما يعجبك منها"
    articles = a_feed(seed, 25)
    articles = [replace(a, text=f"{a.text}\n{footer}") if a.source == "سبق" else a for a in articles]
    again = [replace(a, source="واس") for a in articles[:5]] + [replace(a, date=None) for a in articles[5:8]]
    return [*articles, *again, *articles[10:12]]


@pytest.mark.parametrize("representative", ["earliest", "longest", "central"])
def test_the_order_of_the_input_does_not_matter(representative: str) -> None:
    settings, articles = Settings(representative=representative), with_noise(1)
    expected = cluster(articles, settings)
    for seed in range(4):
        random.Random(seed).shuffle(articles)
        found = cluster(articles, settings)
        assert by_id(found) == by_id(expected)
        assert found.stats == expected.stats
        assert groups(found) == groups(expected)


@pytest.mark.parametrize(
    "unit", [Settings(), Settings(unit="char", size=12), Settings(size=8), Settings(scheme="affine32")]
)
def test_chunks_and_threads_do_not_matter(unit: Settings) -> None:
    articles = with_noise(2)
    expected = cluster(articles, unit)
    for chunk in (1, 7, 1024):
        for threads in (1, 2):
            found = cluster(articles, replace(unit, chunk=chunk, threads=threads))
            assert found == expected


def test_a_shingle_longer_than_a_chunk_of_words_is_no_trouble() -> None:
    articles = [text_of(1, 6), text_of(2, 7), text_of(1, 6)]
    for settings in (Settings(size=64, chunk=1), Settings(size=64), Settings(unit="char", size=64, chunk=1)):
        assert len(groups(cluster(articles, settings), "exact")) == 2


def test_the_hash_seed_of_python_does_not_matter(tmp_path: Path) -> None:
    rows = [
        {"text": a.text, "id": a.id, "source": a.source, "date": a.date and a.date.isoformat()} for a in with_noise(3)
    ]
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    code = (
        "import json, sys; from clusterer import cluster; found = cluster(json.load(open(sys.argv[1], encoding='utf-8')));"
        "print(json.dumps([[a.as_dict() for a in found], dict(found.stats), found.fingerprint]))"
    )
    outputs = set()
    for seed in ("0", "1", "random"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, str(tmp_path / "rows.json")]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(outputs) == 1


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


def test_ids_fall_back_to_the_url_then_to_a_hash_of_the_content() -> None:
    texts_ = [text_of(i, 20) for i in range(4)]
    articles = [
        Article(texts_[0], id="a", url="u"),
        Article(texts_[1], url="u1"),
        Article(texts_[2]),
        Article(texts_[3]),
    ]
    names = [a.id for a in cluster(articles)]
    assert names[:2] == ["a", "u1"]
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names[2:])
    assert names == [a.id for a in cluster(articles)]
    assert [a.id for a in cluster(articles[::-1])] == names[::-1]


def test_duplicate_ids_are_renamed_and_reported() -> None:
    articles = [Article(text_of(i, 20), id="x", date=DAY + timedelta(hours=i)) for i in range(3)]
    articles += [Article(text_of(7, 20), id="x#2"), Article(text_of(8, 20), id="y")]
    found = cluster(articles)
    assert [a.id for a in found] == ["x", "x#3", "x#4", "x#2", "y"]
    assert found.stats["duplicate ids renamed"] == 2
    assert [a.id for a in cluster(articles[::-1])] == ["y", "x#2", "x#4", "x#3", "x"]


def test_who_keeps_a_duplicate_id_does_not_depend_on_the_order() -> None:
    # Same id, day, words, title and url: only the outlet differs, and an agency's article stands for its group.
    text = text_of(1, 40)
    articles = [Article(text, "x", source=source, date=DAY) for source in ("سبق", "واس", "الرياض")]
    articles += [
        Article(text_of(2, 40), "x", source="سبق", date=DAY),
        Article("", "x", date=DAY),
        Article("", "x", date=DAY),
    ]
    expected = by_id(cluster(articles))
    for seed in range(6):
        random.Random(seed).shuffle(articles)
        found = cluster(articles)
        assert by_id(found) == expected
        named = {(a.source, a.text): b.id for a, b in zip(articles, found, strict=True) if a.text}
        assert expected[named[("واس", text)]]["representative"]


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2", "b", ""]), max_size=12))
def test_ids_are_unique_whatever_comes(names: list[str]) -> None:
    found = cluster([Article(f"نص {i}", id=name) for i, name in enumerate(names)])
    ids = [a.id for a in found]
    assert len(set(ids)) == len(ids)
    for name in set(names) - {""}:
        assert name in ids


def family() -> list[Article]:
    """One copy group: the longest is late, the earliest is a cut, the centre is between."""
    base = words_of("family", 200)
    long = base + words_of("more", 30)
    near = edited(base, 0.05, random.Random(4))
    make = [
        ("late-long", long, 9),
        ("base", base, 5),
        ("cut", base[:60], 1),
        ("near", near, 7),
        ("base-again", base, 6),
    ]
    return [Article(" ".join(w), id=name, source="سبق", date=DAY + timedelta(hours=h)) for name, w, h in make]


def test_a_group_is_named_after_its_earliest_member() -> None:
    found = cluster(family())
    assert set(found.labels("copy")) == set(found.labels("story")) == {"cut"}
    assert by_id(found)["base-again"]["exact"] == "base"


def test_an_undated_member_is_later_than_any_dated_one() -> None:
    articles = [replace(a, date=None) if a.id == "cut" else a for a in family()]
    assert set(cluster(articles).labels()) == {"base"}


@pytest.mark.parametrize(("policy", "expected"), [("earliest", "cut"), ("longest", "late-long")])
def test_policies_choose_the_representative(policy: str, expected: str) -> None:
    found = cluster(family(), Settings(representative=policy))
    assert found.representatives == [expected]
    assert set(found.labels()) == {"cut"}  # the name does not follow the policy


def test_the_central_one_is_linked_to_all() -> None:
    found = cluster(family(), Settings(representative="central"))
    (centre,) = found.representatives
    assert {a.linked_to for a in found if a.exact == a.id and not a.representative} == {centre}


@pytest.mark.parametrize("policy", ["earliest", "longest", "central"])
@pytest.mark.parametrize("agency", ["واس", "رويترز", "SPA", "AFP"])
def test_an_agency_comes_first(policy: str, agency: str) -> None:
    articles = [replace(a, source=agency) if a.id == "near" else a for a in family()]
    found = cluster(articles, Settings(representative=policy))
    assert found.representatives == ["near"]
    assert set(found.labels()) == {"cut"}


@pytest.mark.parametrize(
    "settings",
    [
        PLAIN,
        *(replace(PLAIN, representative=policy) for policy in ("longest", "central")),
        *(replace(PLAIN, scheme=scheme) for scheme in SCHEMES[1:]),
        replace(PLAIN, unit="char", size=12),
        replace(PLAIN, size=1),
        replace(PLAIN, profile="strict", min_words=1),
        replace(PLAIN, jaccard=0.9, containment=0.95),
        replace(PLAIN, jaccard=0.2, containment=0.3, opening=0.0),
        replace(PLAIN, level="exact"),
        replace(PLAIN, slots=64, seed=99, bucket_cap=8),
    ],
    ids=lambda s: " ".join(f"{k}={v}" for k, v in s.as_dict().items() if v != getattr(PLAIN, k)) or "default",
)
def test_invariants_hold_under_any_settings(settings: Settings) -> None:
    found = cluster(FEED, settings)
    assert_invariants(FEED, found, settings)
    if settings.level == "exact":
        assert found.labels("copy") == found.labels("exact")
        assert {a.relation for a in found} == {"exact", None}
        assert found.stats["candidate pairs"] == 0


def test_invariants_hold_on_real_articles(real_texts: list[str]) -> None:
    articles = [Article(text, id=f"{i:04}") for i, text in enumerate(real_texts[:400])]
    assert_invariants(articles, cluster(articles, PLAIN), PLAIN)


def test_every_scheme_finds_the_same_groups() -> None:
    expected = groups(cluster(FEED, replace(PLAIN, recall=0.9999)))
    for scheme in SCHEMES:
        assert groups(cluster(FEED, replace(PLAIN, scheme=scheme, recall=0.9999))) == expected


def test_all_pairs_by_the_reference_are_found_and_no_others() -> None:
    found = cluster(FEED, PLAIN)
    sets = {a.id: set(reference.shingles(reference.words(a.text), 3)) for a in FEED if len(a.text.split()) >= 6}
    label = {a.id: a.copy for a in found}
    for i in sets:
        near = [j for j in sets if j != i and reference.jaccard(sets[i], sets[j]) >= 0.5]
        assert (not near) or found.sizes()[label[i]] > 1


@given(st.lists(texts(60), max_size=5))
def test_no_text_breaks_the_road(batch: list[str]) -> None:
    for settings in (Settings(min_words=1), Settings(unit="char", size=12, chunk=1, min_words=1)):
        found = cluster([*batch, *batch], settings)
        assert len(found) == 2 * len(batch)
        assert len({a.id for a in found}) == 2 * len(batch)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"raise slots or lower the recall"):
        cluster([text_of(1, 30), text_of(2, 30)], Settings(jaccard=0.05, slots=8, recall=0.9999))


def test_stats_add_up() -> None:
    found = cluster([*FEED, FEED[0]])
    stats = found.stats
    assert stats["articles"] == len(FEED) + 1
    assert stats["distinct texts"] == len(groups(found, "exact"))
    assert stats["copy groups"] == len(groups(found))
    assert stats["largest copy group"] == max(found.sizes().values())
    assert stats["copy groups of two or more"] == sum(size > 1 for size in found.sizes().values())
    assert stats["undated"] == sum(a.date is None for a in [*FEED, FEED[0]])
    assert stats["duplicate ids renamed"] == 1
    assert all(type(value) is int for value in stats.values())


def test_labels_of_an_unknown_level_are_refused() -> None:
    with pytest.raises(ValueError, match=r"level 'event' is not one of exact, copy, story"):
        cluster(["x"]).labels("event")


def test_words_in_another_order_are_no_exact_copies() -> None:
    source = "الهلال والنصر يلتقيان غدا ثم يلتقي النصر والهلال"
    a = f"{source} الهلال النصر {text_of(1, 20)} النصر الهلال"
    b = f"{source} النصر الهلال {text_of(1, 20)} الهلال النصر"
    found: Iterable[str] = cluster([a, b]).labels("exact")
    assert len(set(found)) == 2


@pytest.mark.parametrize(
    ("other", "first"),
    [("2016-04-11", "told"), ("2016-04-10", "day"), ("2016-04-11 07:59", "day"), ("2016-04-12", "told")],
)
def test_a_day_without_an_hour_is_not_earlier_than_an_hour_of_that_day(other: str, first: str) -> None:
    text = text_of(1, 40)
    rows = [{"id": "told", "text": text, "date": "2016-04-11 08:00"}, {"id": "day", "text": text, "date": other}]
    for articles in (rows, rows[::-1]):
        found = cluster(articles)
        assert found.representatives == [first]
        assert set(found.labels("copy")) == {first}


def test_a_day_without_an_hour_is_no_days_apart_from_its_hours() -> None:
    day = 86_400.0
    dates = np.array([10 * day, 10 * day + 82_800, 12 * day, 13 * day + 1, np.inf])
    pairs = np.array([[0, 1], [1, 2], [0, 2], [2, 3], [0, 4]])
    apart = features.days_apart(pairs, dates, dates) * features.FAR
    # To the start of a later day, from the end of an earlier one.
    expected = [0.0, 3_600 / day + 1, 1 + 1 / day, 2 / day, np.nan]
    np.testing.assert_allclose(apart, expected, atol=1e-9)
