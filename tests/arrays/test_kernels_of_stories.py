"""The compiled kernels of term weights and same-event features: the same bits as their NumPy twins."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from kernel_twins import FEWER, NEEDS_BOTH, agreed, assert_same, pairs_of, ragged_of, rows_and_pairs

from clusterer.arrays import interning
from clusterer.arrays.ragged import Ragged
from clusterer.stories import features, model, term_weights

pytestmark = NEEDS_BOTH


@pytest.mark.parametrize("distinct", [0, 1, 2, 511, 512, 513, 2048, 40_000])
def test_columns_of_so_many_stems_that_their_table_grows(distinct: int) -> None:
    random = np.random.default_rng(distinct)
    stems = np.unique(random.integers(0, 2**32, distinct, dtype=np.uint32))
    stems = np.append(stems, [0, 2**32 - 1]).astype(np.uint32) if distinct else stems
    shuffled = random.permutation(np.tile(stems, 3))
    texts, titles = (Ragged(part, np.array([0, len(part)])) for part in np.split(shuffled, [len(shuffled) // 3]))
    found, bodies, heads = agreed(lambda: term_weights._columns(texts, titles))
    np.testing.assert_array_equal(found[np.concatenate([bodies.values, heads.values])], shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interning, "_BLOCK", 1000)
        assert_same((found, bodies, heads), agreed(lambda: term_weights._columns(texts, titles, 3)))


STEMS = st.sampled_from([0, 1, 2, 3, 255, 256, 65_536, 70_000, 2**32 - 1])


@FEWER
@given(
    st.lists(st.tuples(st.lists(STEMS, max_size=12), st.lists(STEMS, max_size=3)), max_size=8), st.sampled_from([1, 2])
)
def test_weights_block_after_block(both: list[tuple[list, list]], threads: int) -> None:
    bodies, titles = (ragged_of([row[x] for row in both], np.uint32) for x in (0, 1))
    whole = agreed(lambda: term_weights.weight_terms(bodies, titles, threads))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(term_weights, "_ROWS", 3)
        assert_same(whole, agreed(lambda: term_weights.weight_terms(bodies, titles, threads)))


def weighed(n: int, width: int, factor: int = 1) -> term_weights.TermWeights:
    """Texts of few stems and so with many shared and stock runs; some too short for a run, some empty."""
    random = np.random.default_rng(width)
    stems = np.arange(width) * factor % 2**32
    rows = [stems[random.integers(0, width, random.integers(0, 200) if i % 3 else i % 5)].tolist() for i in range(n)]
    titles = [stems[random.integers(0, width, i % 4)].tolist() for i in range(n)]
    known = replace(term_weights.background(), names=np.unique(stems[::3]).astype(np.uint32))
    return term_weights.weight_terms(ragged_of(rows, np.uint32), ragged_of(titles, np.uint32), known=known)


@pytest.mark.parametrize("width", [1, 3, 12, 300, 70_000])
@pytest.mark.parametrize("with_runs", [True, False])
def test_sums_that_evidence_is_made_of(width: int, with_runs: bool) -> None:
    found = agreed(lambda: weighed(30, width))
    pairs = np.random.default_rng(2).integers(0, 30, (200, 2))
    sums = agreed(lambda: features.term_sums(found, pairs, with_runs))
    assert with_runs or not sums[:, [1, 3]].any()
    assert sums[:, [12, 13]].any()
    for order in (np.argsort(pairs[:, 0], kind="stable"), np.arange(len(pairs))[::-1]):
        np.testing.assert_array_equal(features.term_sums(found, pairs[order], with_runs), sums[order])
    assert features.term_sums(found, pairs_of([]), with_runs).shape == (0, 14)


@FEWER
@given(rows_and_pairs(st.integers(0, 5), 5))
def test_evidence_of_texts_by_any_outlets(given_: tuple[list, list]) -> None:
    rows, pairs = given_
    if not pairs:
        return
    outlets = ragged_of([sorted(set(row)) for row in rows], np.int64)
    found = term_weights.weight_terms(ragged_of(rows, np.uint32), ragged_of([row[:2] for row in rows], np.uint32))
    dates = np.arange(len(rows)) * 86_400.0
    agreed(lambda: features.pair_features(found, pairs_of(pairs), outlets, dates, dates))
    common = agreed(lambda: features.shared_outlets(outlets, pairs_of(pairs)))
    assert common.tolist() == [len(set(rows[i]) & set(rows[j])) for i, j in pairs]
    weights = np.arange(1, len(outlets.values) + 1, dtype=np.float32) / 8  # exact, whatever the order of sums
    of = [dict(zip(row, weights[a:b].tolist(), strict=True)) for row, a, b in each_row(outlets)]
    slow = [
        [sum(of[i][x] * of[j][x] for x in both), sum(of[i][x] for x in both), sum(of[j][x] for x in both)]
        for i, j in pairs
        for both in [of[i].keys() & of[j].keys()]
    ]
    assert agreed(lambda: features.common_sums(outlets, weights, pairs_of(pairs))).tolist() == slow


def each_row(found: Ragged) -> list[tuple[list[int], int, int]]:
    ends = found.offsets.tolist()
    return [(found.values[a:b].tolist(), a, b) for a, b in itertools.pairwise(ends)]


@pytest.mark.parametrize("width", [1, 12, 300, 70_000])
def test_the_best_of_leads_is_never_below_the_best_of_texts(width: int) -> None:
    found, random = weighed(40, width, 2_654_435_761), np.random.default_rng(width)  # stems over all 32 bits
    pairs, first = random.integers(0, 40, (300, 2)), random.uniform(0, 40, 40) * 86_400
    first[::7] = np.inf
    shipped = model.shipped_model()
    lead, best = model.best_case(found, pairs, first, first, shipped)
    bound, highest = agreed(lambda: model.best_of_leads(*found.leads(), pairs, first, first, shipped))
    np.testing.assert_allclose(bound, lead, atol=1e-6)
    assert (highest >= best).all()
    short_leads = pytest.importorskip("clusterer.spark.stories", reason="pyarrow is not here").short_leads
    leads, weights = short_leads(*found.leads())
    bound, highest = agreed(
        lambda: model.best_of_leads(leads, weights.astype(np.float32), pairs, first, first, shipped)
    )
    assert (bound >= lead - 1e-6).all()
    assert (highest >= best).all()
    assert np.median(bound - lead) < 0.01
