"""The whole road: what must hold of any result, recomputed from the texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
import reference
from clusterings import DAY, FEED, PLAIN, groups, latest

from clusterer import Article, Clustering, Settings, cluster
from clusterer.lsh.datasketch import SCHEMES

pytestmark = pytest.mark.usefixtures("loops")


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
