"""Scores against brute force and scikit-learn."""

from __future__ import annotations

from itertools import combinations

import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from clusterer.evaluate import Mistake, evaluate, mistakes

LABELLINGS = st.integers(1, 25).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 6), min_size=n, max_size=n)] * 2))


@given(LABELLINGS)
def test_scores_equal_brute_force(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    scores = evaluate(labels, gold)
    assert scores.articles == len(labels)
    assert (scores.bcubed_precision, scores.bcubed_recall) == pytest.approx(reference.bcubed(labels, gold))
    assert (scores.pair_precision, scores.pair_recall) == pytest.approx(reference.pairwise(labels, gold))
    assert scores.ari == pytest.approx(adjusted_rand_score(gold, labels), abs=1e-12)
    for f1, p, r in (
        (scores.bcubed_f1, scores.bcubed_precision, scores.bcubed_recall),
        (scores.pair_f1, scores.pair_precision, scores.pair_recall),
    ):
        assert f1 == pytest.approx(2 * p * r / (p + r) if p + r else 0.0)


@given(LABELLINGS)
def test_scores_do_not_depend_on_names_or_order(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    named = evaluate([f"g{x}" for x in reversed(labels)], [("gold", x) for x in reversed(gold)])
    plain, turned = evaluate(labels, gold), evaluate(gold, labels)
    for name in ("bcubed_precision", "bcubed_recall", "pair_precision", "pair_recall", "ari"):
        assert getattr(named, name) == pytest.approx(getattr(plain, name))
    assert turned.bcubed_precision == pytest.approx(plain.bcubed_recall)
    assert turned.pair_recall == pytest.approx(plain.pair_precision)
    assert turned.ari == pytest.approx(plain.ari)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_a_perfect_grouping_scores_one_and_has_no_mistakes(gold: list[int]) -> None:
    scores = evaluate([-x for x in gold], gold)
    assert (scores.bcubed_f1, scores.pair_f1, scores.ari) == pytest.approx((1, 1, 1))
    assert mistakes(gold, gold) == []


def test_known_values() -> None:
    scores = evaluate([1, 1, 1, 2, 2], [1, 1, 2, 2, 2])
    assert scores.pair_precision == scores.pair_recall == 0.5
    assert scores.bcubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert evaluate([1] * 4, [1, 2, 3, 4]).pair_precision == 0
    assert evaluate([1, 2, 3, 4], [1] * 4).pair_recall == 0


def test_a_big_group_does_not_overflow() -> None:
    n = 200_000
    scores = evaluate([0] * n, [0] * n)
    assert (scores.ari, scores.pair_f1) == (1.0, 1.0)
    half = evaluate([0] * n, [i % 2 for i in range(n)])
    assert half.pair_precision == pytest.approx(0.5, abs=1e-4)
    assert half.ari == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("labels", "gold"), [([], []), ([1], []), ([1, 2], [1])])
def test_lengths_must_agree(labels: list[int], gold: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"{len(labels)} labels and {len(gold)} gold"):
        evaluate(labels, gold)


@given(LABELLINGS)
def test_mistakes_are_all_the_wrong_pairs(both: tuple[list[int], list[int]]) -> None:
    labels, gold = both
    found = mistakes(labels, gold)
    for kind, a, b in (("merged", labels, gold), ("split", gold, labels)):
        wrong = {(i, j) for i, j in combinations(range(len(a)), 2) if a[i] == a[j] and b[i] != b[j]}
        assert sum(m.pairs for m in found if m.kind == kind) == len(wrong)
        named = {
            tuple(sorted((i, j)))
            for m in found
            if m.kind == kind
            for p, q in combinations(m.parts, 2)
            for i in p
            for j in q
        }
        assert named == wrong
    assert [m.pairs for m in found] == sorted((m.pairs for m in found), reverse=True)


def test_a_mistake_lists_its_parts_the_largest_first() -> None:
    assert mistakes(["a"] * 4 + ["b"], [1, 2, 2, 2, 3]) == [Mistake("merged", 3, ((1, 2, 3), (0,)))]
