"""Tuning: what it says of settings is what `cluster` does with them, and what it picks is good on other articles."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from commands import run_in_text as command
from hypothesis import given, strategies as st
from made import generated, words_of
from places import ROOT, SHARED
from said import said

from benchmarks.corpora.generator import feed
from benchmarks.corpora.gold import gold_articles, gold_rows
from benchmarks.suites.tuning import coarse_stories, gaps, halves
from clusterer import Article, InputError, Settings, SettingsError, cluster
from clusterer.cli.main import cli
from clusterer.evaluation.choice import choose
from clusterer.evaluation.gold import Gold, Judged, read_gold
from clusterer.evaluation.judge import Judge
from clusterer.evaluation.metrics import PairScores, Scores, bcubed, evaluate, evaluate_pairs
from clusterer.evaluation.result_file import read_result
from clusterer.evaluation.sweeps import COPY_AXES, GRID, Tried
from clusterer.evaluation.tuning import Tuning, tune
from clusterer.io.feed import Feed

DATA = ROOT / "data"


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [row.article for row in Feed([DATA / "feed.jsonl"])]


@pytest.fixture(scope="module")
def gold() -> Gold:
    return read_gold(DATA / "gold.jsonl")


@pytest.fixture(scope="module")
def tuned(articles: list[Article], gold: Gold) -> Tuning:
    return tune(articles, gold, settings=Settings(story=0.8))  # higher than gold says: there is something to suggest


@pytest.fixture(scope="module")
def made() -> tuple[list[dict], Gold]:
    """A generated feed with its copy groups."""
    rows = list(feed(1200))
    return rows, Gold({"copy": {r["id"]: r["copy"] for r in rows}}, name="generated")


def labelled(gold: Gold, level: str, result: object) -> Scores:
    groups = {a.id: getattr(a, level) for a in result}  # type: ignore[attr-defined]
    return evaluate([groups[name] for name in gold.labels[level]], list(gold.labels[level].values()))


@pytest.mark.parametrize("level", ["copy", "story"])
def test_scores_before_and_after_are_those_of_cluster(
    articles: list[Article], gold: Gold, tuned: Tuning, level: str
) -> None:
    assert tuned.before[level] == labelled(gold, level, cluster(articles, tuned.start))
    assert tuned.after[level] == labelled(gold, level, cluster(articles, tuned.suggested))


SOME = [(0.3, 0.4, 0.0), (0.3, 0.95, 0.5), (0.5, 0.6, 0.2), (0.65, 0.55, 0.1), (0.95, 0.4, 0.3), (0.95, 0.95, 0.0)]


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(bucket_cap=8),  # large buckets leave pairs out, differently for every shape of bands
        Settings(sample=0),
        Settings(slots=16, recall=0.7),
        Settings(unit="char", size=12, chunk=100, threads=2),
    ],
    ids=lambda s: str({n: v for n, v in s.as_dict().items() if v != getattr(Settings(), n)}),
)
def test_every_setting_tried_scores_what_cluster_scores(made: tuple[list[dict], Gold], settings: Settings) -> None:
    rows, gold = made
    settings = replace(settings, level="copy")
    tried = {(t.jaccard, t.containment, t.opening): t for t in tune(rows, gold, settings=settings).tried["copy"]}
    assert len({(t.precision, t.recall) for t in tried.values()}) > 20
    compared = 0
    for at in SOME:
        if at not in tried:  # so low a similarity is out of reach of so few slots
            continue
        chosen = replace(settings, jaccard=at[0], containment=at[1], opening=at[2])
        scores = labelled(gold, "copy", cluster(rows, chosen))
        assert (tried[at].precision, tried[at].recall) == pytest.approx((scores.bcubed_precision, scores.bcubed_recall))
        compared += 1
    assert compared >= 2


def test_articles_that_gold_does_not_name_decide_too(made: tuple[list[dict], Gold]) -> None:
    rows, whole = made
    few = Gold({"copy": {name: label for i, (name, label) in enumerate(whole.labels["copy"].items()) if i % 5 == 0}})
    tried = {(t.jaccard, t.containment, t.opening): t for t in tune(rows, few).tried["copy"]}
    for at in [*SOME, (0.7, 0.8, 0.2), (0.85, 0.9, 0.4)]:
        chosen = Settings(level="copy", jaccard=at[0], containment=at[1], opening=at[2])
        scores = labelled(few, "copy", cluster(rows, chosen))
        assert (tried[at].precision, tried[at].recall) == pytest.approx((scores.bcubed_precision, scores.bcubed_recall))


def test_a_cut_that_samples_miss_is_missed_here_too() -> None:
    """Cuts of few shingles, a little over the threshold: a part of them shares too few samples to be looked at."""
    texts = {i: (words_of(f"whole {i}", 120), words_of(f"own {i}", 9)) for i in range(500)}
    rows = [{"id": f"{i} {kind}", "text": " ".join(words)} for i, (whole, own) in texts.items()
            for kind, words in (("whole", whole), ("cut", whole[:18] + own))]  # fmt: skip
    told = tune(rows, Gold({"copy": {r["id"]: r["id"].split()[0] for r in rows}}), settings=Settings(level="copy"))
    for containment in (0.4, 0.5, 0.6):
        point = next(t for t in told.along("containment") if t.containment == containment)
        at = Settings(level="copy", jaccard=point.jaccard, containment=containment, opening=point.opening)
        scores = labelled(Gold({"copy": {r["id"]: r["id"].split()[0] for r in rows}}), "copy", cluster(rows, at))
        assert point.recall == pytest.approx(scores.bcubed_recall)
        assert 0.9 < point.recall < 1


@pytest.mark.parametrize("story", [0.2, 0.45, 0.7, 0.8])
def test_every_story_threshold_scores_what_cluster_scores(
    articles: list[Article], gold: Gold, tuned: Tuning, story: float
) -> None:
    for tried, settings in ((tuned.story_before, tuned.start), (tuned.tried["story"], tuned.suggested)):
        scores = labelled(gold, "story", cluster(articles, replace(settings, story=story)))
        point = next(t for t in tried if t.story == story)
        assert (point.precision, point.recall) == pytest.approx((scores.bcubed_precision, scores.bcubed_recall))


def test_the_grid_has_the_settings_started_from(articles: list[Article], gold: Gold) -> None:
    start = Settings(jaccard=0.52, containment=0.61, opening=0.23, story=0.41)
    told = tune(articles, gold, settings=start)
    for name in (*COPY_AXES, "story"):
        values = [getattr(t, name) for t in told.tried["story" if name == "story" else "copy"]]
        assert set(values) == {*GRID[name], getattr(start, name)}
    assert len(told.tried["copy"]) == np.prod([len(GRID[name]) + 1 for name in COPY_AXES])
    assert told.start == start


def test_along_a_threshold_the_others_are_the_suggested(tuned: Tuning) -> None:
    for name in (*COPY_AXES, "story"):
        along = tuned.along(name)
        assert [getattr(t, name) for t in along] == sorted({*GRID[name], getattr(tuned.start, name)})
        at = next(t for t in along if getattr(t, name) == getattr(tuned.suggested, name))
        after = tuned.after["story" if name == "story" else "copy"]
        assert isinstance(after, Scores)
        assert at.f1 == pytest.approx(after.bcubed_f1)


def test_a_level_that_gold_says_nothing_of_stays(articles: list[Article], gold: Gold) -> None:
    events = Gold({"story": gold.labels["story"]})
    told = tune(articles, events)
    assert all(getattr(told.suggested, name) == getattr(told.start, name) for name in COPY_AXES)
    assert list(told.tried) == ["story"]
    copies = tune(articles, Gold({"copy": gold.labels["copy"]}))
    assert copies.suggested.story == copies.start.story
    assert list(copies.after) == ["copy"]
    assert list(tune(articles, gold, settings=Settings(level="copy")).after) == ["copy"]


def test_bad_settings_are_mended(made: tuple[list[dict], Gold]) -> None:
    rows, gold = made
    start = Settings(level="copy", jaccard=0.95, containment=0.95, opening=0.5)
    told = tune(rows, gold, settings=start)
    before, after = told.before["copy"], told.after["copy"]
    assert isinstance(before, Scores)
    assert isinstance(after, Scores)
    assert after.bcubed_f1 > before.bcubed_f1 + 0.02
    assert after.bcubed_f1 >= told.best("copy").f1 - 1 / len(rows)


@pytest.mark.parametrize(
    ("wish", "value"), [("precision", 0.999), ("recall", 0.98), ("precision", 0.5), ("recall", 1.0)]
)
def test_a_wish_is_fulfilled_at_the_least_cost(articles: list[Article], gold: Gold, wish: str, value: float) -> None:
    told = tune(articles, gold, **{wish: value})
    assert told.wish == (wish, value)
    other = "recall" if wish == "precision" else "precision"
    for level in ("copy", "story"):
        scores = told.after[level]
        got = {"precision": scores.bcubed_precision, "recall": scores.bcubed_recall}  # type: ignore[union-attr]
        reached = [t for t in told.tried[level] if getattr(t, wish) >= value]
        assert (level in told.missed) == (not reached)
        if reached:
            assert got[wish] >= value
            assert got[other] >= max(getattr(t, other) for t in reached) - 1 / len(articles)
        else:
            assert got[wish] == pytest.approx(max(getattr(t, wish) for t in told.tried[level]))


def grid_of(f1: list[float]) -> list[Tried]:
    return [Tried(0.5, 0.5, 0.0, None, x, x) for x in f1]


def test_of_equal_settings_the_middle_or_the_nearest_is_chosen() -> None:
    row = grid_of([0.5, 0.9, 0.9, 0.9, 0.9, 0.9, 0.2])
    assert choose(row, (7,), (6,), None, 0.0) == (3, True)
    assert choose(row, (7,), (5,), None, 0.0) == (5, True)  # as good as any: it stays
    assert choose(row, (7,), (6,), None, 0.0, nearest=True) == (5, True)
    assert choose(row, (7,), (2,), None, 0.0, nearest=True) == (2, True)
    even = grid_of([0, 1, 1, 1, 1, 0])  # two in the middle: the nearer one
    assert [choose(even, (6,), (start,), None, 0.0)[0] for start in (0, 5)] == [2, 3]
    runs = grid_of([1, 0, 0, 0, 1, 1, 1])
    assert choose(runs, (7,), (1,), None, 0.0) == (5, True)
    assert choose(runs, (7,), (1,), None, 0.0, nearest=True) == (0, True)
    assert choose(grid_of([1, 0, 1, 1, 0]), (5,), (1,), None, 0.0, nearest=True)[0] in (0, 2)
    plane = grid_of([0, 1, 0, 1, 1, 1, 0, 1, 0])  # a cross
    assert choose(plane, (3, 3), (0, 0), None, 0.0) == (4, True)
    assert choose(plane, (3, 3), (0, 2), None, 0.0, nearest=True)[0] in (1, 5)


def test_differences_smaller_than_a_step_are_none() -> None:
    row = grid_of([0.90, 0.905, 0.91, 0.5])
    assert choose(row, (4,), (0,), None, 0.0) == (2, True)
    assert choose(row, (4,), (0,), None, 0.006, nearest=True) == (1, True)
    assert choose(row, (4,), (0,), None, 0.011, nearest=True) == (0, True)
    assert choose(row, (4,), (0,), None, 0.01, nearest=True) == (1, True)


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=12, max_size=12), st.integers(0, 3), st.integers(0, 2))
def test_what_is_chosen_is_always_one_of_the_best(f1: list[float], i: int, j: int) -> None:
    place, reached = choose(grid_of(f1), (4, 3), (i, j), None, 0.0, nearest=True)
    assert reached
    assert f1[place] == max(f1)
    best = [(k // 3, k % 3) for k, x in enumerate(f1) if x == max(f1)]
    assert abs(place // 3 - i) + abs(place % 3 - j) == min(abs(x - i) + abs(y - j) for x, y in best)


def test_judged_pairs_are_gold_too(articles: list[Article], gold: Gold) -> None:
    names = list(gold.labels["story"])
    rng = np.random.default_rng(0)
    chosen = [tuple(names[i] for i in rng.choice(len(names), 2, replace=False)) for _ in range(200)]
    chosen += [(a, b) for a in names for b in names if a < b and gold.labels["story"][a] == gold.labels["story"][b]]
    pairs = tuple(Judged(a, b, gold.labels["story"][a] == gold.labels["story"][b]) for a, b in dict.fromkeys(chosen))
    judged = Gold(pairs=(*pairs, Judged(names[0], names[1], None, "copy")))
    told = tune(articles, judged)
    assert told.counts == {"story": len(pairs)}
    after = told.after["story"]
    assert isinstance(after, PairScores)
    groups = {a.id: a.story for a in cluster(articles, told.suggested)}
    assert after == evaluate_pairs([groups[p.a] == groups[p.b] for p in pairs], [bool(p.same) for p in pairs])
    assert after.f1 >= max(t.f1 for t in told.tried["story"]) - 4 / len(pairs)  # no surely better one is left aside
    assert after.f1 > told.before["story"].f1  # type: ignore[union-attr]
    assert "judged pairs" in told.toml


def few_pairs(articles: list[Article], gold: Gold, missed: int) -> Gold:
    """Ten judged pairs: the settings started from miss so many, and decide the others rightly."""
    groups, names = {a.id: a.story for a in cluster(articles)}, list(gold.labels["story"])
    label = gold.labels["story"]
    same = [(a, b) for a in names for b in names if a < b and label[a] == label[b]]
    apart = [(a, b) for a, b in pairwise(names) if label[a] != label[b] and groups[a] != groups[b]]
    wrong = [pair for pair in same if groups[pair[0]] != groups[pair[1]]]
    right = [pair for pair in same if groups[pair[0]] == groups[pair[1]]]
    chosen = [*wrong[:missed], *right[: 6 - missed], *apart[:4]]
    return Gold(pairs=tuple(Judged(a, b, label[a] == label[b]) for a, b in chosen), name="few")


def test_what_one_pair_says_changes_nothing(articles: list[Article], gold: Gold) -> None:
    told = tune(articles, few_pairs(articles, gold, missed=1))
    assert told.best("story").f1 > told.before["story"].f1  # type: ignore[union-attr]
    assert told.suggested == told.start
    assert told.stays == ("story",)
    assert "F1 was 0.9091); nothing tried is surely better; the start stays" in told.toml
    wished = tune(articles, few_pairs(articles, gold, missed=1), recall=1.0)
    assert wished.suggested.story < told.start.story  # a wish is taken at its word
    assert wished.stays == ()


def test_what_many_say_is_suggested(articles: list[Article], gold: Gold) -> None:
    told = tune(articles, few_pairs(articles, gold, missed=4))
    assert told.suggested.story < told.start.story
    assert told.stays == ()


def test_a_threshold_moves_no_farther_than_gold_is_sure_of(tuned: Tuning) -> None:
    best = tuned.best("story")
    assert best.story is not None
    assert best.story <= tuned.suggested.story < tuned.start.story
    assert tuned.before["story"].bcubed_f1 < tuned.after["story"].bcubed_f1 <= best.f1  # type: ignore[union-attr]


def judge_of(gold: list[int]) -> Judge:
    return Judge(np.arange(len(gold)), np.array(gold), np.zeros((0, 2), np.int64), np.zeros(0, np.bool_))


@pytest.mark.parametrize(("mended", "sure"), [(0, False), (1, False), (4, True), (20, True)])
def test_surely_better_is_what_several_groups_say(mended: int, sure: bool) -> None:
    gold = [i // 2 for i in range(80)]
    before = np.arange(80)
    after = np.array([g if g < mended else 100 + i for i, g in enumerate(gold)])
    judge = judge_of(gold)
    numbers = np.unique(after, return_inverse=True)[1]
    assert judge.surely_better(before, numbers) == sure
    assert not judge.surely_better(numbers, before)


@given(st.integers(1, 20).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 4), min_size=n, max_size=n)] * 2)))
def test_the_parts_of_gold_add_up_to_its_scores(both: tuple[list[int], list[int]]) -> None:
    ours, gold = (np.unique(x, return_inverse=True)[1] for x in both)
    judge = judge_of(list(gold))
    parts = judge._parts(ours).sum(axis=0)
    assert (parts[0] / parts[1], parts[2] / parts[3]) == pytest.approx(bcubed(ours, gold))


def test_little_gold_is_warned_of_everywhere(tmp_path: Path, articles: list[Article], gold: Gold) -> None:
    judged = few_pairs(articles, gold, missed=1)
    path = tmp_path / "judged.jsonl"
    path.write_text("\n".join(json.dumps({"a": p.a, "b": p.b, "same": p.same}) for p in judged.pairs), "utf-8")
    output, page = tmp_path / "settings.toml", tmp_path / "page.html"
    done = command("tune", DATA / "feed.jsonl", path, "-o", output, "--html", page)
    assert done.returncode == 0
    wants = [
        "story: 10 judged pairs, 100 or more would be surer; one of them moves F1 by up to 0.1091",
        "pairs that label chose are hard ones: their F1 is not that of the feed",
        "precision is that of the articles gold names; of the rest of the feed it says nothing",
    ]
    assert [line.removeprefix("warning: ") for line in said(done.stderr).splitlines()] == wants
    for want in wants:
        assert f"# Warning: {want}\n" in output.read_text("utf-8")
        assert want in page.read_text("utf-8")
    assert "nothing tried is surely better; the start stays" in page.read_text("utf-8")
    assert "suggested: the settings as they were" in done.stdout


def test_enough_gold_is_not_warned_of(made: tuple[list[dict], Gold]) -> None:
    assert tune(*made, settings=Settings(level="copy")).warnings == ()


def test_gold_that_does_not_fit_is_refused(articles: list[Article]) -> None:
    with pytest.raises(InputError, match=r"'nobody' is not in the feed; cure"):
        tune(articles, Gold({"story": {"nobody": 1}}))
    with pytest.raises(InputError, match=r"gold: says nothing of copies or stories; cure"):
        tune(articles, Gold({"exact": {articles[0].id: 1}}))
    with pytest.raises(InputError, match="says nothing of copies; cure"):
        tune(articles, Gold({"story": {articles[0].id: 1}}), settings=Settings(level="copy"))


def test_wishes_that_cannot_be_are_refused(articles: list[Article], gold: Gold) -> None:
    with pytest.raises(SettingsError, match="both wished"):
        tune(articles, gold, precision=0.9, recall=0.9)
    for value in (0.0, 1.5, float("nan")):
        with pytest.raises(SettingsError, match=f"wished recall is {value}"):
            tune(articles, gold, recall=value)
    with pytest.raises(SettingsError, match="level exact"):
        tune(articles, gold, settings=Settings(level="exact"))


def test_a_text_too_short_to_be_like_others_is_alone(gold: Gold) -> None:
    rows = [{"id": str(i), "text": f"نص قصير {i}"} for i in range(3)]
    told = tune(rows, Gold({"copy": {"0": 1, "1": 1, "2": 2}, "story": {"0": 1, "1": 1, "2": 2}}))
    for level in ("copy", "story"):
        scores = told.after[level]
        assert isinstance(scores, Scores)
        assert (scores.bcubed_precision, scores.pair_recall) == (1, 0)
    assert told.suggested == told.start


def test_the_curve_measured_is_the_curve_predicted() -> None:
    rows = list(feed(4000, seed=3))
    told = tune(rows, Gold({"copy": {r["id"]: r["copy"] for r in rows}}), settings=Settings(level="copy", jaccard=0.8))
    assert told.shapes[0] == (25, 5)
    bins = [b for b in told.curve if b.pairs >= 60]
    assert len(bins) >= 6
    for b in bins:
        for share, predicted in ((b.before, b.predicted_before), (b.after, b.predicted_after)):
            error = np.sqrt(max(predicted * (1 - predicted), 0.01) / b.pairs)
            assert abs(share - predicted) < 4 * error + 0.03, b
    assert [b.predicted_before for b in told.curve] == sorted(b.predicted_before for b in told.curve)
    assert told.curve[0].before < 0.1
    assert told.curve[-1].before > 0.99


def test_the_settings_file_does_what_the_command_said(tmp_path: Path) -> None:
    paths = DATA / "feed.jsonl", DATA / "gold.jsonl"
    start = tmp_path / "start.toml"
    start.write_text("story = 0.8\n")  # higher than gold says: there is something to suggest
    done = command(
        "tune", *paths, "--settings", start, "-o", tmp_path / "settings.toml", "--html", tmp_path / "tune.html"
    )
    assert done.returncode == 0
    assert done.stderr.count("warning: ") == len(said(done.stderr).splitlines()) == 2
    assert "suggested: --story" in done.stdout
    assert "copy: nothing tried is surely better; the start stays" in done.stdout
    text = (tmp_path / "settings.toml").read_text("utf-8")
    assert str(DATA / "gold.jsonl") in text.splitlines()[0]
    assert "130 articles" in text
    assert "level" not in Settings.from_toml(text).to_toml(["jaccard"])
    out = tmp_path / "out.jsonl"
    assert command("cluster", paths[0], "--settings", tmp_path / "settings.toml", "-o", out).returncode == 0
    result, gold = read_result(out), read_gold(paths[1])
    for level in ("copy", "story"):
        labels = gold.labels[level]
        scores = evaluate([getattr(result[name], level) for name in labels], list(labels.values()))
        wanted = [f"{x:.4f}" for x in (scores.bcubed_precision, scores.bcubed_recall, scores.bcubed_f1)]
        assert f"# {level}: precision {wanted[0]}, recall {wanted[1]}, F1 {wanted[2]} over" in text
        # What the table says, too: a row's figures are its last.
        rows = [line.split() for line in done.stdout.split(f"{level}: ")[1].splitlines()]
        assert next(row for row in rows if row[:1] == ["suggested"])[-3:] == wanted


def invoke(*args: object) -> str:
    done = CliRunner().invoke(cli, ["tune", *map(str, args)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def test_the_page_has_a_chart_and_a_table_of_everything(tmp_path: Path, tuned: Tuning) -> None:
    hostile = tmp_path / "<b>gold & "
    hostile.mkdir()
    gold = hostile / "g.jsonl"
    gold.write_bytes((DATA / "gold.jsonl").read_bytes())
    invoke(DATA / "feed.jsonl", gold, "--html", tmp_path / "page.html", "--language", "en")
    page = re.sub(r' data-say="[^"]*"', "", (tmp_path / "page.html").read_text("utf-8"))
    page = re.sub("</?span>", "", page)
    assert "&lt;b&gt;gold &amp; " in page
    assert "<b>gold" not in page
    charts = re.findall(r'<svg class="chart"[^>]*role="img" aria-labelledby="(\S+) (\S+)">(.*?)</svg>', page, re.S)
    assert len(charts) == 5
    for title, desc, inside in charts:
        assert f'<title id="{title}">' in inside
        assert f'<desc id="{desc}">' in inside
    for t in tuned.along("containment"):
        assert f'<th scope="row" class="n">{t.containment:g}</th><td class="n">{t.precision:.4f}</td>' in page
    for b in tuned.curve:
        assert f'<td class="n">{b.pairs:,}</td><td class="n">{b.predicted_after:.4f}</td>' in page
    line = re.search(r'class="line a" d="(M[^"]+)"', charts[1][2])
    assert line
    points = [tuple(map(float, p.split())) for p in re.split("[ML]", line[1])[1:]]
    assert len(points) == len(tuned.along("containment"))
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert all(46 <= x <= 637 and 25 <= y <= 247 for x, y in points)
    assert not re.search(r'(src|href)="?http', page)


def test_a_wish_out_of_reach_is_said(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    rows = [json.loads(line) for line in (DATA / "gold.jsonl").read_text("utf-8").splitlines()]
    gold.write_text("\n".join(json.dumps({"id": r["id"], "event": i // 2}) for i, r in enumerate(rows)), "utf-8")
    said = invoke(DATA / "feed.jsonl", gold, "--want-recall", "0.9", "-o", tmp_path / "s.toml")
    assert "story: no setting tried has a recall of 0.9; the nearest is suggested" in said
    assert "the wish is out of reach" in (tmp_path / "s.toml").read_text("utf-8")


def test_settings_to_start_from_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "start.toml").write_text('unit = "char"\nsize = 12\nlevel = "copy"\n')
    said = invoke(
        DATA / "feed.jsonl", DATA / "gold.jsonl", "--settings", tmp_path / "start.toml", "-o", tmp_path / "o.toml"
    )
    assert "story" not in said
    found = Settings.from_toml((tmp_path / "o.toml").read_text("utf-8"))
    assert (found.unit, found.size) == ("char", 12)
    both = invoke(DATA / "feed.jsonl", DATA / "gold.jsonl", "--settings", tmp_path / "start.toml", "--level", "story")
    assert "\nstory: 130 articles" in both


def test_no_output_over_an_input(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_bytes((DATA / "gold.jsonl").read_bytes())
    for option in ("-o", "--html"):
        with pytest.raises(InputError, match="is also an input"):
            invoke(DATA / "feed.jsonl", gold, option, gold)
    assert gold.read_bytes() == (DATA / "gold.jsonl").read_bytes()


def test_the_quarantine_is_beside_the_output(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes((DATA / "feed.jsonl").read_bytes() + b"no JSON\n")
    invoke(feed, DATA / "gold.jsonl", "-o", tmp_path / "settings.toml", "--level", "copy")
    assert (tmp_path / "settings.toml.quarantine.jsonl").exists()


def test_gold_that_is_missing_or_first_is_told(tmp_path: Path) -> None:
    forgotten = command("tune", DATA / "feed.jsonl")
    assert forgotten.returncode == 1
    assert "Missing argument 'GOLD': INPUT comes first, GOLD last" in forgotten.stderr
    assert "'INPUT" in command("tune").stderr
    turned = command("tune", DATA / "gold.jsonl", DATA / "feed.jsonl", "--quarantine", tmp_path / "bad.jsonl")
    assert turned.returncode == 1
    assert "looks like a feed, not gold" in turned.stderr
    result = tmp_path / "out.jsonl"
    assert command("cluster", DATA / "feed.jsonl", "-o", result).returncode == 0
    assert "is a result of clusterer, not what people judged" in command("tune", DATA / "feed.jsonl", result).stderr


def test_a_feed_of_bad_rows_is_told_as_such(tmp_path: Path) -> None:
    done = command("tune", DATA / "gold.jsonl", DATA / "gold.jsonl", "--quarantine", tmp_path / "bad.jsonl")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "none of 130 rows is an article" in done.stderr


def test_tuning_on_a_generated_feed_scores_what_clustering_gives() -> None:
    articles, copy_of = generated()
    labels = {name: copy_of[name] for name in list(copy_of)[:1000]}
    start = Settings(level="copy", jaccard=0.9, containment=0.95)
    tuned = tune(articles, Gold({"copy": labels}), settings=start)
    assert tuned.counts == {"copy": 1000}
    for settings, scores in ((start, tuned.before["copy"]), (tuned.suggested, tuned.after["copy"])):
        copies = {a.id: a.copy for a in cluster(articles, settings)}
        assert scores == evaluate([copies[name] for name in labels], list(labels.values()))
    assert tuned.suggested != start
    assert tuned.after["copy"].bcubed_f1 > tuned.before["copy"].bcubed_f1  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def real() -> tuple[list[Article], Gold]:
    path = SHARED / "gold" / "events.jsonl"
    if not path.exists():
        pytest.skip("no labelled real articles beside the project (shared/gold)")
    return gold_articles(gold_rows(str(path))), read_gold(path)


@pytest.fixture(scope="module")
def real_feed() -> list[Article]:
    if not (SHARED / "feed").exists():
        pytest.skip("no real articles beside the project (shared/feed)")
    return [row.article for row in Feed([SHARED / "feed"])]


def test_halves_share_no_event(real: tuple[list[Article], Gold]) -> None:
    first, second = halves(real[1], 0)
    assert not set(first.labels["story"].values()) & set(second.labels["story"].values())
    assert len(first.labels["story"]) + len(second.labels["story"]) == len(real[1].labels["story"]) == 456
    assert all(150 < len(half.labels["copy"]) < 306 for half in (first, second))


def test_half_of_the_gold_is_enough_for_the_other_half(real: tuple[list[Article], Gold]) -> None:
    articles, gold = real
    told = coarse_stories(articles, gold)
    for seed in range(5):
        lost, _, chosen = gaps(articles, gold, seed, told)
        # Of five halves one is 0.014 below the best of all combinations: of a thousand settings the best is luck in part.
        assert max(lost.values()) <= 0.015, (seed, lost, chosen)


@pytest.mark.slow
def test_tuning_on_a_whole_feed_takes_less_than_a_minute(
    real: tuple[list[Article], Gold], real_feed: list[Article]
) -> None:
    first, _ = halves(real[1], 0)
    started = time.perf_counter()
    told = tune(real_feed, first)
    assert time.perf_counter() - started < 60
    result = cluster(real_feed, told.suggested)
    groups = {
        name: label for a, article in zip(result, real_feed, strict=True) for name, label in ((article.url, a.story),)
    }
    ours = [groups[first.urls[name]] for name in first.labels["story"]]
    assert told.after["story"] == evaluate(ours, list(first.labels["story"].values()))


@pytest.mark.slow
def test_half_of_the_gold_is_enough_inside_the_whole_feed(
    real: tuple[list[Article], Gold], real_feed: list[Article]
) -> None:
    every = []
    for seed in range(5):
        lost, seconds, chosen = gaps(real_feed, real[1], seed)
        assert seconds < 60
        assert lost["story"] <= 0.01, (seed, chosen)
        every.append(lost["copy"])
    assert np.mean(every) <= 0.01
    assert np.max(every) <= 0.012  # of a thousand settings the best on 228 articles is luck in part
