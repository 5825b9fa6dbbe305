"""The compiled kernels: one interface of two modules, arrays and sorting with the same bits as the NumPy twins."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from kernel_twins import FEWER, NEEDS_BOTH, agreed, assert_same, mixed, pairs_of, parted, ragged_of, rows_and_pairs
from numpy.typing import NDArray

from clusterer.arrays import kernels, letters, ragged, sorting
from clusterer.arrays.hashing import mix
from clusterer.arrays.kernels_numpy import bitmaps, facts, json_cells, sketches
from clusterer.arrays.ragged import Growing, Ragged, compact, hash_runs, take_rows
from clusterer.copies.verify import overlap
from clusterer.lsh import bands, buckets, minhash, samples as lsh_samples, weighted_minhash
from clusterer.stories import features, term_weights
from clusterer.text.shingles import word_shingles
from clusterer.text.words import hash_words

pytestmark = NEEDS_BOTH


@pytest.mark.parametrize("name", kernels.NAMES)
def test_every_kernel_takes_the_same_in_both_modules(name: str) -> None:
    compiled, numpy = (getattr(module, name) for module in kernels.modules.values())
    assert [*inspect.signature(compiled).parameters] == [*inspect.signature(numpy).parameters]


def test_modules_hold_no_other_kernels_and_the_same_constants() -> None:
    compiled = kernels.modules["compiled"]
    functions = {name for name in dir(compiled) if callable(getattr(compiled, name)) and not name.startswith("_")}
    assert functions == set(kernels.NAMES)
    modules = sketches, letters, facts, bitmaps, json_cells
    assert {
        name: next(getattr(module, name) for module in modules if hasattr(module, name)) for name in compiled.CONSTANTS
    } == compiled.CONSTANTS


def test_a_module_is_taken_from_the_next_call_on() -> None:
    before = kernels.active
    try:
        for name, module in kernels.modules.items():
            kernels.use(name)
            assert kernels.active == name
            assert [getattr(kernels, function) for function in kernels.NAMES] == [
                getattr(module, function) for function in kernels.NAMES
            ]
        with pytest.raises(KeyError):
            kernels.use("fortran")
        assert kernels.active == name
    finally:
        kernels.use(before)


@pytest.mark.parametrize("wanted", ["numpy", "compiled"])
def test_the_environment_chooses_and_the_version_says_which(wanted: str) -> None:
    command = [sys.executable, "-m", "clusterer", "--version"]
    done = subprocess.run(command, env={**os.environ, "CLUSTERER_KERNELS": wanted}, capture_output=True, text=True)
    assert ("NumPy" in done.stdout, "compiled" in done.stdout) == (wanted == "numpy", wanted == "compiled")


@FEWER
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60), st.sets(st.integers(0, 59)))
def test_runs_of_hashes(hashes: list[int], starts: set[int]) -> None:
    chosen = np.array(sorted(start for start in starts if start < len(hashes)), dtype=np.int64)
    agreed(lambda: hash_runs(np.array(hashes, dtype=np.uint64), chosen))


@FEWER
@given(
    st.lists(st.lists(st.integers(0, 127), max_size=9), max_size=8),
    st.lists(st.integers(0, 7), max_size=12),
    st.sampled_from([None, 0, 1, 4, 100]),
    st.sampled_from(
        [np.uint8, np.int8, np.bool_, np.uint16, np.int32, np.float32, np.uint64, np.float64, np.complex128]
    ),
)
def test_rows_taken_in_any_order(rows: list, numbers: list[int], limit: int | None, dtype: type) -> None:
    values = ragged_of(rows, dtype)
    chosen = np.array([number for number in numbers if number < len(rows)], dtype=np.int64)
    taken, offsets = agreed(lambda: take_rows(values.values, values.offsets, chosen, limit))
    expected = [[*map(dtype, rows[i])][:limit] for i in chosen]
    assert taken.tolist() == [x for row in expected for x in row]
    assert np.diff(offsets).tolist() == [*map(len, expected)]


def test_rows_of_two_dimensions_and_of_views() -> None:
    values, offsets = np.arange(40).reshape(20, 2), np.array([0, 3, 3, 20])
    rows = np.array([2, 9, 0, 9, 1, 9])[::2]
    agreed(lambda: take_rows(values, offsets, rows))
    agreed(lambda: take_rows(values[:, 0], offsets, rows))


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("sizes", [[], [0], [7], [8], [9], [3, 0, 5, 1], [8, 8], [30, 1, 8, 40], [900, 5000, 3]])
def test_growing_arrays_over_several_blocks(sizes: list[int], in_place: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ragged, "_BLOCK_BYTES", 128)
    monkeypatch.setattr(ragged, "_SMALL_BYTES", 4)
    if not in_place:  # as where memory cannot be remapped
        monkeypatch.setattr(ragged, "_mapping", lambda size, large=False: None)
    grown = Growing(np.uint32)
    chunks = np.split(np.arange(sum(sizes), dtype=np.uint32), np.cumsum(sizes)[:-1]) if sizes else []
    for chunk in chunks:
        grown.append(chunk)
    array = grown.array()
    assert array.dtype == np.uint32
    assert array.tolist() == [*range(sum(sizes))]
    array[:] = 7  # is nobody else's
    assert len(grown.array()) == 0
    grown.append(np.array([1, 2], dtype=np.uint32))
    assert (grown.array().tolist(), set(array.tolist())) == ([1, 2], {7} if sum(sizes) else set())


@FEWER
@given(st.lists(st.booleans(), max_size=30), st.integers(1, 8))
def test_compacted_values_are_those_kept(kept: list[bool], block: int) -> None:
    values, mask = np.arange(len(kept)), np.array(kept, dtype=np.bool_)
    expected = values[mask]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragged, "_BLOCK", block)
        np.testing.assert_array_equal(compact(values.copy(), mask), expected)
        np.testing.assert_array_equal(compact(values, mask, 3), expected)


@given(
    st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**63 - 1)), max_size=60),
    st.sampled_from([0, 1, 5, 11, 20, 32, 48, 62, 63]),
)
def test_sorting_by_upper_bits_keeps_the_order_of_equals(numbers: list[int], lowest: int) -> None:
    def sorted_copy() -> NDArray[Any]:
        values = np.array(numbers, dtype=np.uint64 if lowest else np.int64)
        sorting.sort(values, lowest)
        return values

    assert agreed(sorted_copy).tolist() == sorted(numbers, key=lambda number: number >> lowest)


def test_sorting_numbers_of_all_64_bits() -> None:
    values = np.random.default_rng(1).integers(0, 2**64, 5000, dtype=np.uint64)
    values[:3] = 0, 2**64 - 1, 2**63
    for lowest in (0, 1, 13, 63):
        expected = values[np.argsort(values >> np.uint64(lowest), kind="stable")]
        copy = values.copy()
        sorting.sort(copy, lowest)
        np.testing.assert_array_equal(copy, expected)
    np.testing.assert_array_equal(agreed(lambda: sorting.distinct(values.copy())), np.unique(values))


def everything(seed: int) -> list[Any]:
    """What each of the compiled loops makes of a small feed."""
    random = np.random.default_rng(seed)
    vocabulary = np.array(["قال", "وزير", "الرياض", "امس", "والمدارس", "ﷺ", "ه\u064e\u0654", "😀", "x", "المعلمين"])
    batch = [" ".join(random.choice(vocabulary, size)) for size in random.integers(0, 120, 60)]
    words = hash_words(batch, stems=True)
    shingles = word_shingles(words, 3)
    found = minhash.signatures(shingles, 32)
    pairs, dropped = bands.band_pairs([*np.ascontiguousarray(bands.band_keys(found, 16, 2).T)], 60, 8)
    bodies = Ragged(words.stems, words.offsets)
    weights = term_weights.weight_terms(bodies, bodies)
    sketch = weighted_minhash.weighted_signatures(*weights.weighted_sets(0, 60), 64)
    asked = bands.Likeness(4, 4, 1.0, np.zeros(60), np.zeros(60))
    likely = bands.banded_pairs(sketch.copy(), np.arange(60), 2, 8, asked)
    order = random.permutation(np.array([(i, j) for i in range(60) for j in range(60)]))
    runs = hash_runs(words.hashes, np.arange(0, len(words.hashes), 5))
    sampled = buckets.entries(mix(shingles.values), shingles.rows, 60)
    contained, left_out = lsh_samples.containment_pairs(parted(sampled), shingles.counts, 8, 0.6)
    taken = words.take(np.arange(60)[::-1])
    evidence = features.term_sums(weights, order)
    return [words, shingles, found, pairs, dropped, weights, sketch, likely, overlap(shingles, order), runs, sampled,
            left_out, contained, taken, evidence]  # fmt: skip


def test_loops_side_by_side_give_what_one_gives() -> None:
    alone = [everything(seed) for seed in range(4)]
    start = threading.Barrier(2)

    def together(first: int) -> list[list[Any]]:
        start.wait(60)
        return [everything((first + turn) % 4) for turn in range(8)]

    with ThreadPoolExecutor(2) as pool:
        for first, results in zip((0, 1), pool.map(together, (0, 1)), strict=True):
            for turn, result in enumerate(results):
                assert_same(result, alone[(first + turn) % 4])


@FEWER
@given(rows_and_pairs(st.integers(0, 9)), st.sampled_from([0.0, 0.25, 0.4, 0.5, 1.0]))
def test_pairs_that_share_too_little_share_nothing(given_: tuple[list, list], least: float) -> None:
    rows, pairs = given_
    sets = mixed(rows)
    for some in (pairs_of(pairs), pairs_of(sorted(map(sorted, pairs)))):
        whole, found = overlap(sets, some), agreed(lambda some=some: overlap(sets, some, least))
        near = whole.containment >= least
        assert_same(found.where(near), whole.where(near))
        assert not found.shared[~near].any()
