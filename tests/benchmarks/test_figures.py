"""What benchmarks measure: helpers beside obvious oracles, peers beside brute force."""

from __future__ import annotations

import inspect
import itertools
import math
import random
from pathlib import Path

import numpy as np
import pytest
from places import SHARED

from benchmarks import measure
from benchmarks.corpora import feeds
from benchmarks.peers import copies
from benchmarks.plan import Plan
from benchmarks.suites import index, recall, scaling, sketches as suites_sketches, stages
from benchmarks.suites.throughput import SAME, compare, judged, missing, ours, true_pairs
from clusterer import cluster
from clusterer.lsh.bands import s_curve


def test_made_pairs_have_the_jaccard_they_claim() -> None:
    sets, jaccard = suites_sketches.made_pairs(3)
    rows = [set(row.tolist()) for row in np.split(sets.values, sets.offsets[1:-1])]
    assert len(rows) == 2 * len(jaccard) == 6 * len(suites_sketches.POINTS)
    for i, claimed in enumerate(jaccard.tolist()):
        a, b = rows[2 * i], rows[2 * i + 1]
        assert len(a) == len(b) == suites_sketches.MEMBERS
        assert claimed == pytest.approx(len(a & b) / len(a | b), abs=1e-12)
        assert claimed == pytest.approx(suites_sketches.POINTS[i // 3], abs=0.005)


def test_estimates_and_errors_beside_loops() -> None:
    slots = np.array([[1, 2, 3, 4], [1, 2, 9, 9], [5, 5, 5, 5], [5, 5, 5, 5]])
    assert suites_sketches.estimated(slots).tolist() == [0.5, 1.0]
    assert suites_sketches.rmse(np.array([0.3, -0.4])) == pytest.approx(math.sqrt((0.09 + 0.16) / 2))


def test_bands_meet_as_often_as_the_formula_says(plan: Plan) -> None:
    many = Plan(plan.corpora, plan.cache, None, 1, 400, (), ())
    for row in suites_sketches.bands(many)[0]["rows"]:
        b, r = map(int, row["bands"].split(" x "))
        assert row["predicted"] == pytest.approx(1 - (1 - row["jaccard"] ** r) ** b)
        assert row["predicted"] == pytest.approx(float(s_curve(row["jaccard"], b, r)))
        assert abs(row["measured"] - row["predicted"]) <= 5 * row["chance"] + 0.01


def test_accuracy_is_near_theory_for_every_scheme(plan: Plan) -> None:
    rows = suites_sketches.accuracy(Plan(plan.corpora, plan.cache, None, 1, 100, (), ()))[0]["rows"]
    theory = rows[0]["rmse"]
    for row in rows[1:]:
        if row["method"].startswith("clusterer"):
            assert row["rmse"] <= 1.1 * theory, row
            assert abs(row["bias"]) < 0.005, row


def test_recall_of_planted_pairs_beside_a_double_loop() -> None:
    source = random.Random(3)
    for count in (1, 2, 30):
        labels = [source.choice("abcde") for _ in range(count)]
        known = [source.randrange(4) for _ in range(count)]
        same = [(i, j) for i, j in itertools.combinations(range(count), 2) if known[i] == known[j]]
        wanted = sum(labels[i] == labels[j] for i, j in same) / len(same) if same else 1.0
        assert scaling.pair_recall(labels, known) == pytest.approx(wanted)


def test_groups_that_are_the_same_set_beside_a_double_loop() -> None:
    source = random.Random(5)
    for count in (1, 2, 30):
        labels = [source.choice("abcde") for _ in range(count)]
        others = [x if source.random() < 0.9 else source.randrange(4) for x in labels]
        same = [
            {j for j in range(count) if labels[j] == labels[i]} == {j for j in range(count) if others[j] == others[i]}
            for i in range(count)
        ]
        assert index.same_set(labels, others) == pytest.approx(sum(same) / count)
    assert index.same_set(["a", "a", "b"], [2, 2, 1]) == 1.0


def test_recall_and_precision_beside_a_double_loop() -> None:
    source = random.Random(4)
    labels = [source.randrange(9) for _ in range(40)]
    every = list(itertools.combinations(range(40), 2))
    counted = np.array([source.random() < 0.8 for _ in range(40)])
    true = [(i, j) for i, j in source.sample(every, 60) if counted[i] and counted[j]]
    together = [(i, j) for i, j in every if labels[i] == labels[j] and counted[i] and counted[j]]
    both = len(set(true) & set(together))
    assert judged(labels, np.array(true), counted) == pytest.approx((both / len(true), both / len(together)))


def test_true_pairs_are_those_of_a_double_loop() -> None:
    texts = [a.text for a in feeds.sample().articles()]
    pairs, counted = true_pairs(texts)
    labels = ours(texts, SAME)
    assert len(pairs) >= 4
    assert all(counted[i] and counted[j] and labels[i] == labels[j] for i, j in pairs.tolist())
    # Texts that are equal letter by letter are there, however they are found.
    equal = {(i, j) for i, j in itertools.combinations(range(len(texts)), 2) if texts[i] == texts[j] and counted[i]}
    assert equal <= {tuple(pair) for pair in pairs.tolist()}


def test_ratios_are_those_of_the_medians() -> None:
    seconds = {"clusterer, same job": 1.0, "datasketch 2": 10.0, "gaoya 1": 4.0, "gaoya 1, raw": 2.0}
    rows = [{"method": m, "articles": 9, "seconds": [s, s, 99.0]} for m, s in seconds.items()]
    rows.append({"method": "slow", "articles": 5, "seconds": [0.1]})
    said = compare(rows, 9)
    assert [row["to_datasketch"] for row in rows] == [10.0, 1.0, 2.5, 5.0, None]
    assert [row["to_fastest"] for row in rows] == [4.0, 0.4, 1.0, 2.0, None]
    assert "gaoya 1; clusterer, same job, is 4.00" in said[0]
    assert "gaoya 1, raw; clusterer, same job, is 2.00" in said[1]


def test_the_exponent_is_the_slope() -> None:
    assert measure.exponent([(n, 3 * n**1.5) for n in (10, 100, 1000)]) == pytest.approx(1.5)


def test_methods_run_in_turn_and_none_always_behind_the_same_one() -> None:
    def orders() -> list[str]:
        order: list[str] = []

        def method(name: str) -> tuple[float, str]:
            order.append(name)
            return float(len(order)), f"{name}{len(order)}"

        seconds, given = measure.in_turn({name: lambda name=name: method(name) for name in "abcde"}, 6)
        assert list(seconds) == list("abcde")
        for name, times in seconds.items():
            assert times == [float(at) for at, other in enumerate(order, 1) if other == name]
            assert given[name] == f"{name}{times[-1]:.0f}"
        return ["".join(order[at : at + 5]) for at in range(0, 30, 5)]

    rounds = orders()
    assert {"".join(sorted(one)) for one in rounds} == {"abcde"}
    run = "".join(rounds)
    assert all(len({run[at - 1] for at in range(1, len(run)) if run[at] == name}) >= 3 for name in "abcde")
    assert orders() == rounds


def test_the_clock_on_the_stages_changes_nothing() -> None:
    articles = feeds.sample().articles()
    with stages.clocked() as clock:
        watched = cluster(articles)
    assert watched == cluster(articles)
    assert all(seconds > 0 for seconds in clock.values())


@pytest.mark.slow
def test_cold_is_measured_beside_the_usual_imports(plan: Plan) -> None:
    rows = stages.cold(plan)[0]["rows"]
    usual = next(row for row in rows if row["command"] == stages.USUAL)
    assert usual["over"] == 1.0
    assert [row for row in rows if "clusterer" in row["command"]]


@pytest.mark.skipif(
    not (SHARED / "gold" / "events.jsonl").exists(), reason="no labelled real articles beside the project"
)
def test_gold_of_real_articles_alone_and_out_of_fold(plan: Plan) -> None:
    gold = SHARED / "gold" / "events.jsonl"
    rows = {
        (row["labels"], row["level"]): row
        for row in recall.gold(Plan(plan.corpora, plan.cache, gold, 1, 2, (), ()))[0]["rows"]
    }
    assert rows["events.jsonl, alone", "copy"]["f1"] >= 0.975
    assert rows["events.jsonl, alone, out of fold", "story"]["f1"] >= 0.965


def parts(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(i for i, x in enumerate(labels) if x == label) for label in set(labels)}


@pytest.mark.parametrize("name", [name for name, peer in copies.PEERS.items() if peer.verifies])
@pytest.mark.parametrize("feed", ["data", "generated"])
def test_a_verifying_peer_finds_what_brute_force_finds(name: str, feed: str, cache: Path) -> None:
    peer = copies.PEERS[name]
    corpus = feeds.sample() if feed == "data" else feeds.generated(200, cache)
    texts = [a.text for a in corpus.articles()]
    reason = missing(peer, ["one two three four", "five six seven eight"])
    if reason:
        pytest.skip(reason)
    sets = [copies.shingles(text) for text in texts]
    alike = [
        (i, j)
        for i, j in itertools.combinations(range(len(texts)), 2)
        if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= 0.7
    ]
    assert alike
    assert parts(peer.run(texts, 0.7)) == parts(copies.joined(len(texts), alike))


def test_adapters_are_short() -> None:
    functions = {peer.run for peer in copies.PEERS.values()} | {copies.text_dedup_buckets, copies.groups}
    for function in functions:
        assert len(inspect.getsource(function).splitlines()) <= 25, function.__name__
