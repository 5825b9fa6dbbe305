"""Explanations: their numbers must reproduce the decision, computed here anew from what they show."""

from __future__ import annotations

import json
import math
import random
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import run_in_text
from hypothesis import given, strategies as st
from made import generated, text_of
from places import ROOT

from clusterer import Article, Assignment, Explainer, Explanation, InputError, Settings, StoryIndex, explain
from clusterer.explanation.evidence import path
from clusterer.explanation.highlights import Passages, Piece
from clusterer.io.feed import Feed
from clusterer.messages import worded
from clusterer.text.normalize import normalise

DATA = ROOT / "data"
FEED = ROOT.parent / "shared" / "feed"
MODEL = json.loads((ROOT / "clusterer" / "stories" / "event_model.json").read_text("utf-8"))


def shingles(article: Article, pieces: tuple[Piece, ...], settings: Settings) -> set[tuple[str, ...]]:
    """Runs of words of what was not cut, as Python sets; the title stands in for a text that is too short."""
    kept = "\n".join(piece.text for piece in pieces if piece.kind != "cut")
    words = normalise([kept], settings.profile)[0].split()
    if len(words) < settings.min_words:
        words = normalise([f"{article.title}\n{kept}"], settings.profile)[0].split()
    size = settings.size
    return {tuple(words[i : i + size]) for i in range(max(len(words) - size + 1, min(len(words), 1)))}


def assert_reproduced(e: Explanation, settings: Settings) -> None:
    """What an explanation shows must lead to what it says."""
    a, b = e.assignments
    assert e.verdict
    assert e.reasons
    assert all(reason.endswith(".") and len(reason) > 30 for reason in e.reasons)
    levels = [level for level in ("exact", "copy", "story") if getattr(a, level) == getattr(b, level)]
    assert e.level == (levels[0] if levels else None)
    for article, pieces in zip(e.articles, e.passages, strict=True):
        assert "".join(piece.text for piece in pieces) == article.text
    if e.level == "exact":
        mine, theirs = (shingles(*x, settings) for x in zip(e.articles, e.passages, strict=True))
        assert mine == theirs
        assert e.relation == "exact"
    copies, score = False, None
    if e.copying is not None:
        mine, theirs = (shingles(*x, settings) for x in zip(e.articles, e.passages, strict=True))
        both, either = len(mine & theirs), len(mine | theirs)
        x = e.copying
        assert (x.shared, x.smaller + x.larger - x.shared) == (both, either)
        assert x.jaccard == pytest.approx(both / either)
        assert x.containment == pytest.approx(both / min(len(mine), len(theirs)))
        cut = x.containment >= settings.containment and x.smaller <= settings.cut_ratio * x.larger
        cut = cut and min(x.opening, x.own_opening) >= settings.opening
        copies = x.kind in ("copy", "contained")
        assert copies <= (x.jaccard >= settings.jaccard or cut)
        assert copies or x.kind == "series" or not (x.jaccard >= settings.jaccard or cut)
        assert (e.relation in ("copy", "contained")) == copies
    if e.reporting is not None:
        r, points = e.reporting, 0.0
        for part in r.parts:
            value = MODEL["undated"] if part.value is None else part.value
            assert part.points == pytest.approx(value * MODEL["weights"][part.name], abs=1e-9)
            points += part.points
        others = {one.id: other for one, other in zip(e.articles, r.texts, strict=True) if one.id != other}
        said = [m for m in e.messages if m.key == "reason.stands_in"]
        assert ({m.values["id"]: m.values["other"] for m in said}, e.by_others) == (others, bool(others))
        if not e.by_others:
            (own,) = normalise([f"{e.articles[0].title} {e.articles[0].text}"], settings.profile)
            assert all(normalise([w.word], settings.profile)[0] in own for w in r.words)
        score = 1 / (1 + math.exp(-(MODEL["bias"] + points)))
        assert r.score == pytest.approx(score, abs=1e-9)
        assert (e.relation == "story") == (r.compared and score >= settings.story and not copies)
        if e.level is None and e.relation == "story":
            assert r.mean < settings.story
            assert any("one link does not join" in reason for reason in e.reasons)
    if e.level is None:
        assert e.path == ()
    elif a.id != b.id:
        assert [step.a for step in e.path] == [a.id, *(step.b for step in e.path[:-1])]
        assert e.path[-1].b == b.id
        for step in e.path:
            assert {step.a, step.b} == {step.assignment.id, step.assignment.linked_to}


@pytest.fixture(scope="module", params=["generated", "real"])
def feed(request: pytest.FixtureRequest) -> Explainer:
    if request.param == "generated":
        return Explainer(generated()[0])
    if not sorted(FEED.glob("*.jsonl.gz")):
        pytest.skip(f"real articles are not here: no *.jsonl.gz in {FEED}")
    return Explainer([row.article for row in Feed([FEED])])


def test_a_hundred_linked_pairs_of_a_feed(feed: Explainer) -> None:
    source, told = random.Random(7), feed.clustering.assignments
    for relation, count in (("story", 45), ("copy", 25), ("contained", 20), ("exact", 10)):
        linked = [a for a in told if a.relation == relation]
        assert len(linked) >= count // 2
        for a in source.sample(linked, min(count, len(linked))):
            assert a.linked_to is not None
            e = feed.explain(a.id, a.linked_to)
            assert_reproduced(e, Settings())
            assert len(e.path) == 1
            if relation == "story":
                assert e.reporting is not None
                assert round(e.reporting.score, 4) == pytest.approx(a.score, abs=1.1e-4)
                assert e.reporting.compared
                assert e.level == "story"
                assert e.reporting.words
                if e.relation in ("copy", "contained"):  # a verified link between two copy groups: the stars part them
                    assert e.copying is not None
                else:
                    assert e.relation == "story" or e.reporting.score < Settings().story
                evidence = {part.name: part.value for part in e.reporting.parts if part.value is not None}
                assert evidence == pytest.approx(dict(a.evidence or {}), abs=1e-4)
            elif relation != "exact":
                assert e.relation == relation
                assert e.copying is not None
                assert {
                    "jaccard": e.copying.jaccard,
                    "containment": e.copying.containment,
                    "opening": e.copying.opening,
                } == (pytest.approx(dict(a.evidence or {}), abs=1e-4))


def test_a_hundred_near_misses_of_a_feed(feed: Explainer) -> None:
    source, told = random.Random(11), feed.clustering.assignments
    run, threshold = feed._walk, Settings().story
    assert run.stories is not None
    article_of = run.documents.articles
    story = run.stories.of_text[np.searchsorted(np.unique(run.copies), run.stories.pairs)]
    near = (run.stories.score > 0.2) & (run.stories.score < threshold)
    parted = (run.stories.score >= threshold) & (story[:, 0] != story[:, 1])
    pairs = []
    for chosen, count in ((near, 50), (parted, 25)):
        numbers = source.sample(np.flatnonzero(chosen).tolist(), min(count, int(chosen.sum())))
        pairs += [(article_of[a], article_of[b]) for a, b in run.stories.pairs[numbers].tolist()]
    # Candidates of the copy level that verification refused.
    linked = set(map(tuple, run.links.pairs.tolist()))
    refused = [pair for pair in map(tuple, run.proposed.pairs.tolist()) if pair not in linked]
    pairs += [(article_of[a], article_of[b]) for a, b in source.sample(refused, min(25, len(refused)))]
    assert len(pairs) > 10
    for i, j in pairs:
        e = feed.explain(told[i].id, told[j].id)
        assert_reproduced(e, Settings())
        # A verified link between two copy groups: the stars part them.
        assert e.relation in (None, "story") or told[i].copy != told[j].copy


def test_pairs_chosen_blindly(feed: Explainer) -> None:
    source, told = random.Random(13), feed.clustering.assignments
    largest = max(feed.clustering.groups("story").values(), key=len)
    pairs = [source.sample([a.id for a in told], 2) for _ in range(40)]
    for a, b in pairs + [source.sample(largest, 2) for _ in range(20)]:
        assert_reproduced(feed.explain(a, b), Settings())


def sample() -> list[Article]:
    return [row.article for row in Feed([DATA / "feed.jsonl"])]


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(level="copy"), Settings(level="exact"), Settings(unit="char", size=12), Settings(size=1)],
    ids=["default", "copy", "exact", "letters", "words"],
)
def test_all_kinds_of_pairs_of_the_sample(settings: Settings) -> None:
    explainer = Explainer(sample(), settings)
    groups = [g for g in explainer.clustering.groups("story").values() if len(g) > 1]
    inside = [pair for group in groups for pair in combinations(group, 2)]
    across = [(one[0], other[0]) for one, other in combinations(groups, 2)]
    source = random.Random(5)
    for a, b in source.sample(inside, min(60, len(inside))) + source.sample(across, min(30, len(across))):
        e = explainer.explain(a, b)
        if settings.unit == "word":
            assert_reproduced(e, settings)
        assert (e.level is None) == (e.assignments[0].story != e.assignments[1].story)
        assert explainer.explain(b, a).level == e.level


def test_an_index_explains_as_a_run_does(tmp_path: Path) -> None:
    articles = sample()
    explainer, source = Explainer(articles), random.Random(3)
    told = explainer.clustering.assignments
    linked = [(a.id, a.linked_to) for a in told if a.linked_to]
    pairs = source.sample(linked, 30) + [tuple(source.sample([a.id for a in told], 2)) for _ in range(30)]
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(articles)
        for a, b in pairs:
            e, other = index.explain(a, b or ""), explainer.explain(a, b or "")
            assert_reproduced(e, Settings())
            assert (e.copying, e.passages) == (other.copying, other.passages)
            if e.reporting and other.reporting:
                whole = {x.id: x.exact for x in told}  # of articles with the same words the index takes the first
                assert [whole[x] for x in e.reporting.texts] == [whole[x] for x in other.reporting.texts]
                assert e.reporting.compared == other.reporting.compared
                spelt = [normalise([w.word for w in x.reporting.words[:2]]) for x in (e, other) if x.reporting]
                assert spelt[0] == spelt[1]
            mine = e.assignments[0]
            if mine.linked_to == b and mine.relation == "story":
                assert e.reporting is not None
                assert e.reporting.score == pytest.approx(mine.score, abs=1e-4)
        with pytest.raises(InputError, match="no article 'nobody'"):
            index.explain("nobody", articles[0].id)


@pytest.mark.parametrize("way", ["feed", "index"])
def test_what_is_measured_on_another_text_than_the_articles_says_so(way: str, tmp_path: Path) -> None:
    """A copy that was cut to what the other report does not tell is in the story by the whole text of its group."""
    lead, rest = text_of("what happened", 40), [text_of(f"more {i}", 60) for i in range(2)]
    whole = Article(f"{lead} {rest[0]}", "whole", "انفجار في المرفأ", "واس")
    report = Article(f"{lead} {rest[1]}", "report", "انفجار هائل في المرفأ", "سبق")
    part = Article(f"{text_of('another opening', 8)} {rest[0]}", "part", "الإطفاء يعمل", "الضفاف")
    feed, rows = tmp_path / "feed.jsonl", [asdict(article) for article in (whole, report, part)]
    feed.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    args: list[str | Path] = ["part", "report", feed]
    if way == "index":
        with StoryIndex.open(tmp_path / "news.db", Settings(story=0.05)) as index:
            index.add([whole, report, part])
        args = ["part", "report", "--index", tmp_path / "news.db"]
    else:
        args += ["--story", "0.05"]
    told = json.loads(run(*args, "--json").stdout)
    assert told["reporting"]["texts"] == ["whole", "report"]
    said = "part is compared by the text of whole, the longest of its copy group"
    assert [said in reason for reason in told["reasons"]].count(True) == 1
    shown = run(*args, "--html", tmp_path / "e.html", "--language", "ar")
    assert shown.returncode == 0, shown.stderr
    page = (tmp_path / "e.html").read_text("utf-8")
    assert "يُقارَن" in page
    assert "مقيس على نصَّي" in page
    out = " ".join(run(*args).stdout.split())
    assert said in out
    assert "Measured on the texts of whole and report" in out


def test_texts_too_short_say_so(tmp_path: Path) -> None:
    articles = [Article("قصير جدا", "a"), Article("قصير جدا", "b"), Article(text_of(1, 40), "c")]
    for b, level in (("b", "exact"), ("c", None)):
        e = explain(articles, "a", b)
        assert e.level == level
        assert ("a has 2 words" in e.reasons[0]) == (level is None)
        assert (e.copying, e.reporting) == (None, None)
        with StoryIndex.open(tmp_path / f"{b}.db") as index:
            index.add(articles)
            assert index.explain("a", b).reasons == e.reasons


def test_short_texts_that_share_too_few_words_say_so() -> None:
    headline = "وزير الصحة يفتتح مستشفى الأطفال في الرياض"
    rows = [
        {"id": "a", "text": "", "title": headline},
        {"id": "b", "text": "اقرأ المزيد", "title": headline},
        {"id": "c", "text": "عاجل", "title": headline},
    ]
    explainer = Explainer(rows)
    apart, together = explainer.explain("a", "b"), explainer.explain("a", "c")
    assert (apart.level, together.level) == (None, "copy")
    assert any(
        reason.startswith("One of them has at most 12 words: a text so short is a copy") for reason in apart.reasons
    )
    assert any(worded(said, "ar").startswith("في أحدهما ١٢ كلمة على الأكثر") for said in apart.messages)
    assert not any("at most 12 words" in reason for reason in together.reasons)


def test_one_link_does_not_join_groups_and_that_is_said() -> None:
    """Three texts in a row, each like the next: two of them are a group."""
    words = [text_of(i, 30) for i in range(4)]
    chain = [Article(f"{words[i]} {words[i + 1]} {text_of('x', 6)}", str(i)) for i in range(3)]
    told = [explain(chain, *pair, Settings(jaccard=0.3)) for pair in ("01", "12", "02")]
    assert [(e.level, e.relation) for e in told] == [("copy", "copy"), (None, "copy"), (None, None)]
    assert any("alike enough for a link, but not their groups" in reason for reason in told[1].reasons)


def test_a_frame_is_explained_as_its_rows_are() -> None:
    rows = [{"key": name, "body": text_of(seed, 40)} for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    frame = pd.DataFrame(rows).rename(columns={"body": "نص الصفحة"})
    explainer = Explainer(frame, fields={"id": "key", "text": "نص الصفحة"})
    e = explainer.explain("a", "b")
    assert (e.level, e.articles[1].text) == ("exact", rows[1]["body"])
    assert explainer.explain("a", "c").level is None


def test_ids_that_are_not_there_and_ids_that_were_taken() -> None:
    articles = [Article(text_of(1, 40), "a"), Article(text_of(2, 40), "a"), text_of(3, 40)]
    explainer = Explainer(iter(articles))
    assert [a.id for a in explainer.clustering][:2] in (["a", "a#2"], ["a#2", "a"])
    e = explainer.explain("a", "a#2")
    assert {article.id for article in e.articles} == {"a", "a#2"}
    with pytest.raises(InputError, match=r"no article 'b' among 3; cure"):
        explainer.explain("a", "b")
    assert explainer.explain("a", "a").level == "exact"


def test_a_way_between_two_articles_is_the_shortest_in_the_tree() -> None:
    def told(id: str, to: str | None) -> Assignment:
        return Assignment(id, "r", id, id, to is None, to, None if to is None else "story", None if to is None else 0.9)

    tree = {x: told(x, to) for x, to in {"r": None, "a": "r", "b": "a", "c": "a", "d": "c", "e": "r"}.items()}

    def ids(a: str, b: str) -> list[str]:
        return [step.id for step in path(tree[a], tree[b], tree.__getitem__)]

    assert ids("b", "d") == ["b", "c", "d"]
    assert ids("r", "d") == ["a", "c", "d"]
    assert ids("d", "a") == ["d", "c"]
    assert ids("e", "b") == ["e", "a", "b"]
    assert ids("b", "b") == []


TEXTS = st.lists(
    st.sampled_from([*"ابجدهو", "\n", " ", "،", "كلمة", "اترك رد", "سبق- تبوك:", "🙂", "\u200f"]), max_size=40
).map(" ".join)


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_pieces_are_the_text_and_shared_is_what_shingles_share(a: str, b: str, size: int) -> None:
    settings = Settings(size=size, min_words=1)
    passages = Passages([Article(a), Article(b)], settings)
    for i, j, text in ((0, 1, a), (1, 0, b)):
        mine, theirs = passages.pieces(i, j), passages.pieces(j, i)
        assert "".join(piece.text for piece in mine) == text
        kept = [word for p in mine if p.kind != "cut" for word in normalise([p.text])[0].split()]
        other = [word for p in theirs if p.kind != "cut" for word in normalise([p.text])[0].split()]
        runs = {tuple(other[k : k + size]) for k in range(max(len(other) - size + 1, 1))}
        wanted = [
            any(
                tuple(kept[k : k + size]) in runs
                for k in range(max(at - size + 1, 0), at + 1)
                if k + size <= len(kept) or k == 0
            )
            for at in range(len(kept))
        ]
        found = [p.kind == "shared" for p in mine if p.kind != "cut" for _ in normalise([p.text])[0].split()]
        assert found == wanted


def test_learned_furniture_is_cut_in_passages_too() -> None:
    footer = "تابعوا أخبارنا على مواقع التواصل كل يوم"
    articles = [Article(f"{text_of(i, 40)}\n{footer}", str(i), source="سبق") for i in range(8)]
    e = explain(articles, "0", "1")
    assert [p.text.strip() for p in e.passages[0] if p.kind == "cut"] == [footer]


def run(*args: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return run_in_text("explain", *args, cwd=cwd)


def test_two_files(tmp_path: Path) -> None:
    files = sorted((DATA / "palmyra").glob("*.txt"))
    done = run(files[0], files[1], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "One story: independent reports of the same event." in done.stdout
    assert "تدمر" in done.stdout
    assert "Apart" in run(files[0], files[3]).stdout
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result and an index of the sample feed."""
    folder = tmp_path_factory.mktemp("made")
    for command in (["cluster", DATA / "feed.jsonl", "-o", folder / "c.jsonl"], ["index", "create", folder / "news.db"],
                    ["index", "add", folder / "news.db", DATA / "feed.jsonl"]):  # fmt: skip
        assert run_in_text(*command).returncode == 0
    return folder


@pytest.fixture(scope="module")
def linked(made: Path) -> Callable[[str], tuple[str, str]]:
    rows = [json.loads(line) for line in (made / "c.jsonl").read_text("utf-8").splitlines()]
    return lambda relation: next((row["id"], row["linked_to"]) for row in rows if row["relation"] == relation)


@pytest.mark.parametrize("relation", ["exact", "copy", "contained", "story"])
def test_a_feed_a_result_and_an_index_say_the_same(
    made: Path, linked: Callable[[str], tuple[str, str]], relation: str
) -> None:
    a, b = linked(relation)
    verdict = {"exact": "The same text", "story": "One story"}.get(relation, "Copies")
    by_feed = run(a, b, DATA / "feed.jsonl", "--result", made / "c.jsonl")
    by_index = run(a, b, "--index", made / "news.db")
    for done in (by_feed, by_index):
        assert done.returncode == 0, done.stderr
        assert verdict in done.stdout
    alone = run(a, b, "--result", made / "c.jsonl")
    assert f"together at level {'copy' if relation == 'contained' else relation}" in alone.stdout
    assert f"{relation} " in alone.stdout
    told = json.loads(run(a, b, DATA / "feed.jsonl", "--json").stdout)
    assert told["relation"] == relation
    assert told["reasons"]


def test_a_page_shows_text_and_runs_none_of_it(tmp_path: Path) -> None:
    text = f"{text_of(1, 30)} <img src=x onerror=alert(2)>"
    with StoryIndex.open(tmp_path / "news.db") as index:  # readers of feeds take tags away, `Article`s keep them
        index.add([Article(text, name, "<script>alert(1)</script>", "<i>") for name in ("<b>a", "c")])
    done = run("<b>a", "c", "--index", tmp_path / "news.db", "--html", tmp_path / "e.html")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "e.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<script") == 2  # the table of messages, and the page's own
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert 'dir="rtl"' in page


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nobody", "marsad-14", "{feed}"], "no article 'nobody' among 130"),
        (["nobody", "else"], "'nobody' is no file"),
        (["marsad-14", "nobody", "--result", "{made}/c.jsonl"], "no article 'nobody'"),
        (["a", "b", "--result", "{feed}"], "not a line that cluster writes"),
        (["marsad-14", "nobody", "--index", "{made}/news.db"], "no article 'nobody'"),
        (["marsad-14", "aldifaf-14", "--index", "{made}/none.db"], "no such index"),
        (["a", "b", "{feed}", "--index", "{made}/news.db"], "leave out INPUT"),
        (["a", "b", "--result", "{made}/c.jsonl", "--html", "{made}/x.html"], "name the INPUT"),
        (["marsad-14", "aldifaf-14", "{feed}", "--html", "{feed}"], "is also an input"),
    ],
)
def test_what_cannot_be_explained_says_why(made: Path, args: list[str], told: str) -> None:
    done = run(*(x.format(feed=DATA / "feed.jsonl", made=made) for x in args))
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_result_of_other_settings_is_refused(made: Path, linked: Callable[[str], tuple[str, str]]) -> None:
    a, b = linked("story")
    done = run(a, b, DATA / "feed.jsonl", "--result", made / "c.jsonl", "--level", "copy")
    assert done.returncode == 1
    assert "settings that it was made with" in done.stderr
