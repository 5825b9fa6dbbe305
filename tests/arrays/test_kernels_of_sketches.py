"""The compiled kernels of sketches, buckets and pairs: the same bits as their NumPy twins."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st
from kernel_twins import FEWER, NEEDS_BOTH, agreed, mixed, pairs_of, parted, ragged_of, rows_and_pairs
from numpy.typing import NDArray
from strategies import articles

from clusterer.arrays import kernels, sorting
from clusterer.arrays.hashing import mix
from clusterer.copies.verify import overlap
from clusterer.lsh import bands, buckets, minhash, samples as lsh_samples, weighted_minhash
from clusterer.text.shingles import word_shingles
from clusterer.text.words import hash_words

pytestmark = NEEDS_BOTH


@FEWER
@given(st.lists(articles(12), max_size=6), st.integers(1, 9))
def test_shingles_of_texts_shorter_and_longer_than_one(batch: list[str], size: int) -> None:
    words = hash_words(batch)
    shingles = agreed(lambda: word_shingles(words, size))
    assert shingles.counts.tolist() == [len(reference.shingles(reference.words(t), size)) for t in batch]


@FEWER
@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=20), max_size=5), st.sampled_from([1, 2, 7, 64]))
def test_fast_signatures(rows: list, k: int) -> None:
    sets = ragged_of(rows)
    found = agreed(lambda: minhash.signatures(sets, k, seed=2**32 - 1))
    assert found.tolist() == [reference.fast_sketch(row, k, 2**32 - 1) for row in rows]


@pytest.mark.parametrize("k", [8, 63, 64, 65, 128, 255, 256, 257, 700])
def test_fast_signatures_of_sets_of_all_sizes(k: int) -> None:
    """Around what is looked at side by side, and what is held at a time; slots are filled in the first round, or in none."""
    random = np.random.default_rng(k)
    sizes = [*range(1, 20), 31, 32, 33, 63, 64, 65, 255, 256, 257, 263, 264, 265, 519, 520, 521, 4000]
    rows = [random.integers(0, 2**64, size, dtype=np.uint64).tolist() for size in sizes]
    found = agreed(lambda: minhash.signatures(ragged_of(rows), k, seed=7))
    assert found[:12].tolist() == [reference.fast_sketch(row, k, 7) for row in rows[:12]]


@FEWER
@given(
    st.lists(st.dictionaries(st.integers(0, 2**64 - 1), st.floats(1e-6, 1e6), max_size=8), max_size=5),
    st.sampled_from([1, 2, 3, 32, 700]),
)
def test_weighted_signatures(rows: list[dict[int, float]], k: int) -> None:
    sets = ragged_of([[*row] for row in rows])
    weights = np.array([weight for row in rows for weight in row.values()], dtype=np.float64)
    agreed(lambda: weighted_minhash.weighted_signatures(sets, weights, k))


def test_weighted_signatures_of_one_member_hold_it() -> None:
    """Whatever it weighs; but for the slots that nothing reached."""
    sets = ragged_of([[7], [], [7], [8]])
    found = agreed(lambda: weighted_minhash.weighted_signatures(sets, np.array([1e-30, 1e30, 1.0]), 1024))
    np.testing.assert_array_equal(found[0], found[2])
    assert (found[1] == 0xFFFF).all()
    assert np.unique(found[0], return_counts=True)[1].max() > 900


@FEWER
@given(st.integers(0, 20), st.integers(1, 6), st.integers(1, 6), st.integers(0, 3), st.sampled_from([32, 64]))
def test_band_keys(n: int, b: int, r: int, more: int, bits: int) -> None:
    dtype = np.uint32 if bits == 32 else np.uint64
    slots = np.random.default_rng(n).integers(0, 2**bits, (n, b * r + more), dtype=dtype)
    agreed(lambda: bands.band_keys(slots, b, r))


@FEWER
@given(st.lists(st.integers(0, 2**64 - 1), max_size=40), st.data())
def test_entries_of_keys_that_nobody_else_has_are_left_out(keys: list[int], data: st.DataObject) -> None:
    """All that share a bucket are there; of the others few, so that hardly one is sorted for nothing."""
    again = data.draw(st.lists(st.sampled_from(keys), max_size=20)) if keys else []
    given_ = np.array(keys + again, dtype=np.uint64)
    n, bits = len(given_), buckets._bits(len(given_))

    def kept() -> NDArray[np.uint64]:
        out = np.empty(n, dtype=np.uint64)
        return out[: kernels.repeated_entries(given_, bits, out)].copy()

    every = [key >> bits << bits | i for i, key in enumerate(given_.tolist())]
    top = max((8 * n).bit_length(), 6)
    met = Counter(entry >> (64 - top) for entry in every)
    assert agreed(kept).tolist() == [entry for entry in every if met[entry >> (64 - top)] > 1]


KEYS_OF_ARTICLES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 29)), max_size=60)


def sorted_entries(met: Sequence[tuple[int, int]]) -> NDArray[np.uint64]:
    """Entries of (key, article), sorted, repeats kept."""
    keys = mix(np.array([key for key, _ in met], dtype=np.uint64))
    return np.sort(buckets.entries(keys, np.array([x for _, x in met], dtype=np.int64), 30))


@given(KEYS_OF_ARTICLES, st.integers(0, 12))
def test_pairs_of_buckets_below_at_and_above_the_cap(met: list[tuple[int, int]], cap: int) -> None:
    found = sorted_entries(met)
    codes, dropped = buckets.bucket_codes(found, 30, cap)
    expected, left_out = reference.bucket_pairs([k for k, _ in met], [x for _, x in met], cap, buckets.HUBS)
    assert Counter(divmod(code, 30) for code in codes.tolist()) == expected
    assert dropped == left_out
    if cap >= buckets.HUBS:  # no setting asks for less
        agreed(lambda: buckets.bucket_codes(found, 30, cap))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 40])
@pytest.mark.parametrize("cap", [0, 1, 2, 3, 4, 5, 39, 40, 41])
def test_one_bucket_of_a_size_and_a_cap(size: int, cap: int) -> None:
    found = np.repeat(np.arange(size, dtype=np.uint64), 2)  # everyone is there twice
    codes, dropped = buckets.bucket_codes(found, 64, cap)
    expected, left_out = reference.bucket_pairs([0] * size, range(size), cap, buckets.HUBS)
    assert Counter(divmod(code, 64) for code in codes.tolist()) == expected
    assert dropped == left_out


@FEWER
@given(st.integers(0, 40), st.integers(1, 3), st.sampled_from([4, 8]), st.sampled_from([1, 2]))
def test_pairs_of_bands(n: int, values: int, cap: int, threads: int) -> None:
    keys = mix(np.random.default_rng(n).integers(0, values, (5, n), dtype=np.uint64))
    agreed(lambda: bands.band_pairs([*keys.copy()], n, cap, threads))


@FEWER
@given(st.integers(0, 40), st.sampled_from([1, 2]), st.integers(0, 6), st.sampled_from([1, 2]))
def test_likely_pairs(n: int, r: int, least: int, threads: int) -> None:
    random = np.random.default_rng(n)
    slots = random.integers(0, 4, (n, 7), dtype=np.uint16) * np.uint16(21845)
    rows = np.flatnonzero(random.random(n) < 0.8)
    first = random.integers(0, 6, n).astype(np.float64)
    first[random.random(n) < 0.2] = -np.inf
    last = np.where(np.isfinite(first), first + random.integers(0, 2, n), np.inf)
    asked = bands.Likeness(least, least + 1, 1.0, first, last, 3.0)
    found, _ = agreed(lambda: bands.banded_pairs(slots.copy(), rows, r, 60, asked, threads))
    wanted = [
        (i, j)
        for i, j in itertools.combinations(rows.tolist(), 2)
        for same in [slots[i] == slots[j]]
        for gap in [max(first[i] - last[j], first[j] - last[i])]
        for far in [gap > 1.0]
        if gap <= 3.0 and any(same[k : k + r].all() for k in range(8 - r)) and same.sum() >= least + far
    ]
    assert list(map(tuple, found.tolist())) == wanted
    agreed(lambda: bands.banded_pairs(slots.copy(), rows, r, 8, asked, threads))


@FEWER
@given(st.integers(2, 60), st.integers(0, 4), st.integers(1, 300), st.integers(1, 8))
def test_pairs_are_bounded_on_average(n: int, least: int, small: int, average: int) -> None:
    """Few of those that are found without a bound, the same on any number of threads; all where the bound is not reached."""
    random = np.random.default_rng(n)
    slots = random.integers(0, 2, (n, 20), dtype=np.uint16)
    moments = random.integers(0, 6, n).astype(np.float64)
    asked = bands.Likeness(least, least, 1.0, moments, moments)

    def found(threads: int) -> tuple[NDArray[np.int64], int]:
        return bands.banded_pairs(slots.copy(), np.arange(n), 2, 16, asked, threads)

    whole, _ = found(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "SMALL", small)
        patch.setattr(bands, "AVERAGE", average)
        bound = bands.pairs_at_most(n)
        some, left_out = agreed(lambda: found(1))
        assert np.array_equal(some, found(2)[0])
    codes = (whole @ np.array([n, 1])).tolist()
    assert set((some @ np.array([n, 1])).tolist()) <= set(codes)
    assert len(some) == len(whole) if len(whole) <= bound else bound - n < len(some) <= bound
    assert left_out >= 0


@FEWER
@given(st.integers(2, 60), st.integers(2, 5), st.integers(1, 40))
def test_large_buckets_are_looked_at_up_to_so_many_looks(n: int, values: int, most: int) -> None:
    """What is found is what buckets made one by one give, of which large ones bring nothing once there were so many looks."""
    slots = np.random.default_rng(n).integers(0, values, (n, 30), dtype=np.uint16)
    moments, cap = np.arange(n, dtype=np.float64), 4
    asked = bands.Likeness(2, 2, np.inf, moments, moments)
    expected, looks, shared = set[tuple[int, int]](), 0, slots.tolist()
    for band in range(29):
        if band % 8 == 0:
            near = bands.NEIGHBOURS if looks < most * n else 0
        buckets_of_band: dict[tuple[int, ...], list[int]] = {}
        for i in range(n):
            buckets_of_band.setdefault(tuple(shared[i][band : band + 2]), []).append(i)
        for members in buckets_of_band.values():
            for place, later in enumerate(members):
                before = members[:place] if len(members) <= cap else members[max(0, place - near) : place]
                looks += len(before)
                expected |= {(earlier, later) for earlier in before}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "LOOKS", most)
        patch.setattr(bands, "SMALL", 1)
        patch.setattr(bands, "AVERAGE", 10_000)
        found, _ = agreed(lambda: bands.banded_pairs(slots.copy(), np.arange(n), 2, cap, asked))
        assert np.array_equal(found, bands.banded_pairs(slots.copy(), np.arange(n), 2, cap, asked, threads=2)[0])
    assert set(map(tuple, found.tolist())) == expected


@given(st.lists(st.integers(0, 400), min_size=1, max_size=50), st.integers(0, 8_000))
def test_the_most_that_each_may_bring(brought: list[int], pairs: int) -> None:
    most = bands._level(np.array(brought), pairs)
    sums = [sum(min(count, each) for count in brought) for each in range(bands.MOST + 1)]
    assert most == max(each for each, brings in enumerate(sums) if brings <= pairs)


@pytest.mark.parametrize("pairs", [0, 1, 15, 16, 17, 33, 20_000])
@pytest.mark.parametrize("k", [1, 31, 32, 33, 300])
def test_codes_of_rows_with_enough_equal_slots(pairs: int, k: int) -> None:
    random = np.random.default_rng(k)
    slots = random.integers(0, 2, (9, k), dtype=np.uint16)
    codes = random.integers(0, 81, pairs)
    asked = bands.Likeness(k // 2, k, 5.0, np.zeros(9), np.zeros(9))
    found = agreed(lambda: bands.pairs_with_equal_slots(slots, codes, asked))
    equal = (slots[:, None] == slots[None]).sum(axis=2).ravel()
    assert found.tolist() == [code for code in codes.tolist() if equal[code] >= k // 2]


@FEWER
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=60), st.sampled_from([0.05, 0.3, 0.6, 1.0]))
def test_pairs_that_share_samples_often_enough(met: list[tuple[int, int]], containment: float) -> None:
    held = np.array([0, 1, 5, 20, 60])
    keys = mix(np.arange(len(met), dtype=np.uint64))  # each shared by one pair
    samples = sorting.distinct(buckets.entries(np.repeat(keys, 2), pairs_of(met).ravel(), 5))
    samples = samples[np.argsort(buckets.articles_of(samples, 5), kind="stable")]
    pairs, _ = agreed(lambda: lsh_samples.containment_pairs(parted(samples), held, 8, containment))
    shared = Counter((min(pair), max(pair)) for pair in met if pair[0] != pair[1])
    often = [(i, j) for (i, j), times in shared.items() if times >= containment / 3 * min(held[i], held[j])]
    assert [*map(tuple, pairs.tolist())] == sorted(often)


def test_pairs_of_no_articles() -> None:
    none = np.zeros(0, dtype=np.uint64)
    pairs, dropped = agreed(lambda: lsh_samples.containment_pairs(parted(none), none.astype(np.int64), 8, 0.6))
    assert (pairs.shape, dropped) == ((0, 2), 0)
    codes, dropped = agreed(lambda: buckets.bucket_codes(none, 0, 8))
    assert (len(codes), dropped) == (0, 0)


@given(rows_and_pairs(st.integers(0, 9), 60))
def test_overlap_of_sets_with_repeats_and_of_empty_ones(given_: tuple[list, list]) -> None:
    rows, pairs = given_
    found = agreed(lambda: overlap(mixed(rows), pairs_of(pairs)))
    assert found.shared.tolist() == [len(set(rows[i]) & set(rows[j])) for i, j in pairs]
    assert found.opening.tolist() == [reference.opening(rows[i], rows[j]) for i, j in pairs]


def test_overlap_of_long_texts_in_unsorted_pairs() -> None:
    random = np.random.default_rng(5)
    rows = [random.integers(0, 400, size).tolist() for size in (0, 1, 3, 4, 5, 39, 40, 41, 500, 2000)]
    pairs = random.permutation([(i, j) for i in range(10) for j in range(10)] * 2)
    agreed(lambda: overlap(mixed(rows), pairs))
    agreed(lambda: overlap(mixed([]), pairs_of([])))
