"""Bands and buckets against a formula and dictionaries."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st

from clusterer.arrays.hashing import mix
from clusterer.arrays.partitions import Partitions
from clusterer.arrays.ragged import Ragged
from clusterer.arrays.sorting import distinct, sort
from clusterer.errors import SettingsError
from clusterer.lsh.bands import band_keys, choose_bands, s_curve
from clusterer.lsh.buckets import HUBS, articles_of, bucket_codes, entries, union
from clusterer.lsh.minhash import signatures
from clusterer.lsh.samples import containment_pairs, sampled_keys

pytestmark = pytest.mark.usefixtures("loops")


def arrays(keys: list[int], articles: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(keys, dtype=np.uint64), np.array(articles, dtype=np.int64)


class Candidates(NamedTuple):
    pairs: np.ndarray
    shared: np.ndarray
    dropped: int


def candidate_pairs(keys: np.ndarray, articles: np.ndarray, n: int, cap: int = 64) -> Candidates:
    """All pairs that share a key, each once, and in how many buckets."""
    found = entries(mix(keys), articles, n)
    sort(found)
    codes, dropped = bucket_codes(found, n, cap)
    codes, shared = np.unique(codes, return_counts=True)
    return Candidates(np.stack(np.divmod(codes, max(n, 1)), axis=1), shared, dropped)


def contained(keys: list[int], articles: list[int], n: int, cap: int, containment: float) -> list[list[int]]:
    samples = distinct(entries(mix(np.array(keys, dtype=np.uint64)), np.array(articles, dtype=np.int64), n))
    samples = samples[np.argsort(articles_of(samples, n), kind="stable")]
    held = np.bincount(articles_of(samples, n), minlength=n)
    parts = Partitions()
    parts.append(samples.view(np.int64))
    return containment_pairs(parts, held, cap, containment)[0].tolist()


def assert_equal_to_reference(keys: list[int], articles: list[int], n: int, cap: int) -> None:
    found = candidate_pairs(*arrays(keys, articles), n, cap)
    met, dropped = reference.bucket_pairs(keys, articles, cap, HUBS)
    assert [tuple(pair) for pair in found.pairs.tolist()] == sorted(met)
    assert found.shared.tolist() == [met[pair] for pair in sorted(met)]
    assert found.dropped == dropped
    assert found.pairs.shape == (len(met), 2)


@given(st.integers(0, 12), st.integers(1, 4), st.integers(1, 8), st.floats(0, 1))
def test_the_s_curve_is_its_formula(tenths: int, b: int, r: int, j: float) -> None:
    assert float(s_curve(j, b, r)) == pytest.approx(reference.s_curve(j, b, r), abs=1e-12)


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.5, 0.7, 0.8, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("k", [8, 64, 100, 128, 256])
@pytest.mark.parametrize("recall", [0.5, 0.9, 0.99, 0.9999])
def test_bands_reach_the_recall_and_a_row_more_would_not(threshold: float, k: int, recall: float) -> None:
    reachable = reference.s_curve(threshold, k, 1) >= recall
    if not reachable:
        with pytest.raises(SettingsError, match=r"out of reach with \d+ slots"):
            choose_bands(threshold, k, recall)
        return
    b, r = choose_bands(threshold, k, recall)
    assert b * r <= k
    assert (b + 1) * r > k
    assert reference.s_curve(threshold, b, r) >= recall
    for more in range(r + 1, k + 1):
        assert reference.s_curve(threshold, k // more, more) < recall


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9)), max_size=60), st.integers(8, 12))
def test_pairs_below_the_cap_are_those_of_dictionaries(entries: list[tuple[int, int]], cap: int) -> None:
    assert_equal_to_reference([k for k, _ in entries], [a for _, a in entries], 10, cap)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), max_size=150), st.integers(5, 9))
def test_pairs_above_the_cap_are_those_with_the_hubs(entries: list[tuple[int, int]], cap: int) -> None:
    assert_equal_to_reference([k for k, _ in entries], [a for _, a in entries], 41, cap)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_nothing_makes_no_pairs(n: int) -> None:
    for keys, articles in ([], []), ([5] * n, [0] * n), (list(range(n)), list(range(n))):
        assert_equal_to_reference(keys, articles, n, 64)
        assert contained(keys, articles, n, 64, 0.6) == []
    none = np.zeros((0, 2), dtype=np.int64)
    assert union(none, none, n).shape == (0, 2)


@pytest.mark.parametrize("size", [63, 64, 65, 66])
def test_the_cap_is_the_largest_bucket_that_makes_all_its_pairs(size: int) -> None:
    found = candidate_pairs(*arrays([7] * size, list(range(size))), size, 64)
    everyone = size * (size - 1) // 2
    assert len(found.pairs) + found.dropped == everyone
    assert (found.dropped == 0) == (size <= 64)


def test_ten_thousand_equal_keys_make_linearly_many_pairs_and_lose_nobody() -> None:
    n = 10_000
    found = candidate_pairs(*arrays([3] * n, list(range(n))), n)
    assert len(found.pairs) <= HUBS * n
    assert set(found.pairs.ravel().tolist()) == set(range(n))
    assert set(found.pairs[:, 0].tolist()) == set(range(HUBS))
    assert len(found.pairs) + found.dropped == n * (n - 1) // 2


def test_a_member_of_giant_buckets_keeps_a_link_in_every_one() -> None:
    random = np.random.default_rng(1)
    keys, articles = random.integers(0, 30, 20_000).tolist(), random.integers(0, 4000, 20_000).tolist()
    found = {tuple(pair) for pair in candidate_pairs(*arrays(keys, articles), 4000, 64).pairs.tolist()}
    for key in range(30):
        members = sorted({a for k, a in zip(keys, articles, strict=True) if k == key})
        assert all((members[0], other) in found for other in members[1:])


def test_pairs_do_not_depend_on_the_order_of_the_keys() -> None:
    random = np.random.default_rng(2)
    keys, articles = arrays(random.integers(0, 200, 3000).tolist(), random.integers(0, 500, 3000).tolist())
    order = random.permutation(3000)
    a, b = candidate_pairs(keys, articles, 500, 10), candidate_pairs(keys[order], articles[order], 500, 10)
    assert np.array_equal(a.pairs, b.pairs)
    assert np.array_equal(a.shared, b.shared)


def test_keys_that_differ_in_low_bits_only_are_different_buckets() -> None:
    n = 5000
    assert len(candidate_pairs(*arrays(list(range(n)), list(range(n))), n).pairs) == 0


def test_band_keys_are_equal_for_equal_bands_only() -> None:
    random = np.random.default_rng(3)
    slots = random.integers(0, 3, (400, 12)).astype(np.uint32)
    keys = band_keys(slots, 4, 3)
    assert keys.shape == (400, 4)
    assert keys.dtype == np.uint64
    seen: dict[tuple, int] = {}
    for row, mine in zip(slots.tolist(), keys.tolist(), strict=True):
        for band, key in enumerate(mine):
            assert seen.setdefault((band, *row[3 * band : 3 * band + 3]), key) == key
    assert len(set(seen.values())) == len(seen)
    assert np.array_equal(band_keys(slots[7:8], 4, 3)[0], keys[7])
    assert band_keys(slots[:0], 4, 3).shape == (0, 4)


def test_slots_beyond_the_bands_do_not_count() -> None:
    slots = np.arange(20, dtype=np.uint64).reshape(2, 10)
    other = slots.copy()
    other[:, 9] = 99
    assert np.array_equal(band_keys(slots, 3, 3), band_keys(other, 3, 3))


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=9), max_size=6), st.sampled_from([1, 2, 4, 64]))
def test_sampled_keys_are_the_hashes_below_the_bound(sets: list[list[int]], scale: int) -> None:
    shingles = Ragged(
        np.array([x for row in sets for x in row], dtype=np.uint64), np.cumsum([0, *map(len, sets)]).astype(np.int64)
    )
    keys, articles = sampled_keys(shingles, scale)
    expected = [(x, i) for i, row in enumerate(sets) for x in row if x < 2**64 // scale or scale == 1]
    assert list(zip(keys.tolist(), articles.tolist(), strict=True)) == expected


def test_scale_zero_samples_nothing() -> None:
    keys, articles = sampled_keys(Ragged(np.arange(5, dtype=np.uint64), np.array([0, 2, 5])), 0)
    assert len(keys) == len(articles) == 0


def test_containment_pairs_share_a_third_of_what_the_threshold_asks() -> None:
    # Articles 0 and 1 share 2 of article 1's 10 samples, 0 and 2 share 1 of 10: a third of 0.6 lies between.
    samples = {0: range(50), 1: [*range(2), *range(100, 108)], 2: [2, *range(200, 209)]}
    keys = [key for row in samples.values() for key in row]
    articles = [article for article, row in samples.items() for _ in row]
    assert contained(keys, articles, 3, 64, 0.6) == [[0, 1]]
    assert contained(keys, articles, 3, 64, 0.3) == [[0, 1], [0, 2]]


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20),
)
def test_union_is_the_union(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    first, second = (np.array(x, dtype=np.int64).reshape(-1, 2) for x in (a, b))
    assert [tuple(pair) for pair in union(first, second, 9).tolist()] == sorted({*a, *b})


def test_bands_find_the_promised_share_of_pairs_at_the_threshold() -> None:
    b, r = choose_bands(0.5, 128, 0.99)
    random = np.random.default_rng(5)
    values, count = [], 400
    for _ in range(count):
        union_ = random.integers(0, 2**64, 300, dtype=np.uint64)
        values += [union_[:225], np.concatenate([union_[:75], union_[150:]])]  # 150 of 300 shared
    sets = Ragged(np.concatenate(values), np.arange(2 * count + 1) * 225)
    keys = band_keys(signatures(sets), b, r)
    found = candidate_pairs(keys.ravel(), np.repeat(np.arange(2 * count), b), 2 * count)
    hits = {tuple(pair) for pair in found.pairs.tolist()} & {(2 * i, 2 * i + 1) for i in range(count)}
    assert len(hits) >= 0.975 * count
