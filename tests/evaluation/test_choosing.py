"""What tuning suggests: the middle of the best or what is nearest to the start, and only what several judgements say."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from commands import run_in_text as command
from hypothesis import given, strategies as st
from places import DATA
from said import said

from clusterer import Article, Settings, cluster
from clusterer.evaluation.choice import choose
from clusterer.evaluation.gold import Gold, Judged
from clusterer.evaluation.judge import Judge, warnings_of
from clusterer.evaluation.metrics import PairScores, bcubed, evaluate_pairs
from clusterer.evaluation.sweeps import Tried
from clusterer.evaluation.tuning import Tuning, figures, tune


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
    assert after.f1 > figures(told.before["story"])[2]
    assert "judged pairs" in told.toml


def few_pairs(articles: list[Article], gold: Gold, missed: int, more: int = 0) -> Gold:
    """Ten judged pairs, and more of two stories: the settings started from miss so many, and decide the others rightly."""
    groups, names = {a.id: a.story for a in cluster(articles)}, list(gold.labels["story"])
    label = gold.labels["story"]
    same = [(a, b) for a in names for b in names if a < b and label[a] == label[b]]
    apart = [(a, b) for a, b in pairwise(names) if label[a] != label[b] and groups[a] != groups[b]]
    wrong = [pair for pair in same if groups[pair[0]] != groups[pair[1]]]
    right = [pair for pair in same if groups[pair[0]] == groups[pair[1]]]
    chosen = [*wrong[:missed], *right[: 6 - missed], *apart[: 4 + more]]
    return Gold(pairs=tuple(Judged(a, b, label[a] == label[b]) for a, b in chosen), name="few")


def test_what_one_pair_says_changes_nothing(articles: list[Article], gold: Gold) -> None:
    told = tune(articles, few_pairs(articles, gold, missed=1))
    assert told.best("story").f1 > figures(told.before["story"])[2]
    assert told.suggested == told.start
    assert told.stays == ("story",)
    assert "F1 was 0.9091); nothing tried is surely better; the start stays" in told.toml
    wished = tune(articles, few_pairs(articles, gold, missed=1), recall=1.0)
    assert wished.suggested.story < told.start.story  # a wish is taken at its word
    assert wished.stays == ()


def test_what_many_say_is_suggested(articles: list[Article], gold: Gold) -> None:
    judged = few_pairs(articles, gold, missed=4, more=40)
    assert len(judged.pairs) == 50
    told = tune(articles, judged)
    assert told.suggested.story < told.start.story
    assert told.stays == ()
    fewer = tune(articles, replace(judged, pairs=judged.pairs[:-1]))
    assert fewer.best("story").f1 > figures(fewer.before["story"])[2] + 0.1
    assert (fewer.suggested, fewer.stays) == (fewer.start, ("story",))


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


def test_what_judged_pairs_suggest_is_warned_of_however_many_they_are() -> None:
    pairs = np.array([(i, i + 200) for i in range(200)])
    same = np.arange(200) % 2 == 0
    judges = {
        "pairs": Judge(np.arange(400), None, pairs, same),
        "labels": judge_of([i // 2 for i in range(200)]),
    }
    for kind, judge in judges.items():
        scores = {"story": judge.scores(np.arange(400))}
        for suggested in ((), ("story",)):
            told = [one.key for one in warnings_of({"story": judge}, scores, 400, suggested)]
            assert told == (["hard.suggested"] if kind == "pairs" and suggested else []), (kind, suggested)
