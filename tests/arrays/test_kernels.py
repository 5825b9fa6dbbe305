"""The compiled loops: the same bits as their NumPy twins, at the edges of every buffer too."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from strategies import articles, texts

from clusterer.arrays import kernels, letters, ragged, sorting
from clusterer.arrays.hashing import mix
from clusterer.arrays.kernels_numpy import facts, sketches
from clusterer.arrays.parallel import ordered_map, run_both
from clusterer.arrays.ragged import Growing, Ragged, compact, hash_runs, take_rows
from clusterer.copies.verify import overlap
from clusterer.lsh import bands, buckets, minhash, samples as lsh_samples, weighted_minhash
from clusterer.stories import features, model, term_weights
from clusterer.text.shingles import word_shingles
from clusterer.text.words import Words, hash_words

pytestmark = pytest.mark.skipif(
    "compiled" not in kernels.modules, reason="no compiled kernels are here to be held against those in NumPy"
)
FEWER = settings(max_examples=60)


@pytest.mark.parametrize("name", kernels.NAMES)
def test_every_kernel_takes_the_same_in_both_modules(name: str) -> None:
    compiled, numpy = (getattr(module, name) for module in kernels.modules.values())
    assert [*inspect.signature(compiled).parameters] == [*inspect.signature(numpy).parameters]


def test_modules_hold_no_other_kernels_and_the_same_constants() -> None:
    compiled = kernels.modules["compiled"]
    functions = {name for name in dir(compiled) if callable(getattr(compiled, name)) and not name.startswith("_")}
    assert functions == set(kernels.NAMES)
    modules = sketches, letters, facts
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


def parts(result: Any) -> Iterator[Any]:
    """The arrays and numbers that a result is made of."""
    if dataclasses.is_dataclass(result):
        result = [getattr(result, field.name) for field in dataclasses.fields(result)]
    if isinstance(result, list | tuple):
        for part in result:
            yield from parts(part)
    else:
        yield result


def assert_same(one: Any, other: Any) -> None:
    """Same types, same shapes, same bits."""
    for a, b in zip(parts(one), parts(other), strict=True):
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b


def agreed(function: Callable[[], Any]) -> Any:
    """What a function gives on the compiled kernels, after a look that those in NumPy give it too."""
    before, results = kernels.active, []
    try:
        for name in ("compiled", "numpy"):
            kernels.use(name)
            results.append(function())
    finally:
        kernels.use(before)
    compiled, twin = results
    assert_same(compiled, twin)
    return compiled


def ragged_of(rows: Sequence[Sequence[int]], dtype: type = np.uint64) -> Ragged:
    """Rows of numbers as one array and offsets."""
    flat = np.array(list(itertools.chain.from_iterable(rows)), dtype=dtype)
    return Ragged(flat, np.cumsum([0, *map(len, rows)], dtype=np.int64))


def mixed(rows: Sequence[Sequence[int]]) -> Ragged:
    """Rows of small numbers as hashes, which differ in their upper bits."""
    plain = ragged_of(rows)
    return Ragged(mix(plain.values), plain.offsets)


def pairs_of(pairs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """int64 (m, 2), for no pair too."""
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def rows_and_pairs(member: st.SearchStrategy[int], most: int = 12) -> st.SearchStrategy[tuple[list, list]]:
    """Some rows, and pairs of them in any order, again and again, or of a row with itself."""

    def with_pairs(rows: list[list[int]]) -> st.SearchStrategy[tuple[list, list]]:
        number = st.integers(0, len(rows) - 1)
        return st.tuples(st.just(rows), st.lists(st.tuples(number, number), max_size=12))

    return st.lists(st.lists(member, max_size=most), min_size=1, max_size=6).flatmap(with_pairs)


def hashed(batch: Sequence[str], profile: str = "news") -> Words:
    """The words of a batch with their stems, agreed on."""
    without = agreed(lambda: hash_words(batch, profile))
    words = agreed(lambda: hash_words(batch, profile, stems=True))
    np.testing.assert_array_equal(without.hashes, words.hashes)
    return words


@given(st.lists(texts(40), max_size=6), st.sampled_from(["news", "strict"]))
def test_words_of_any_texts_are_those_of_the_twin(batch: list[str], profile: str) -> None:
    words = hashed(batch, profile)
    assert words.counts.tolist() == [len(reference.words(text, profile)) for text in batch]


def test_every_letter_is_folded_as_by_the_twin() -> None:
    """Each in the middle of a word, alone and with a mark to compose; of the long ranges without cases every seventh."""
    plain = [*range(0x3400), *range(0x3400, 0xD7A0, 7), *range(0xD7A0, 0x10000), *range(0x10000, 0x110000, 997)]
    for mark in ("", "\u0654", "\u064e\u0301"):
        hashed([f"ا{chr(point)}{mark}بد" for point in plain])


@pytest.mark.parametrize(
    "batch",
    [
        [],
        [""],
        ["", "", ""],
        ["", "كلمه", "", "ا", ""],
        ["a", " ", "\n", "é", "ا", "😀", "𐤀", "\ud800", "\uffff", "\x00"],
        ["plain ascii, two\nlines", "déjà vu à Zürich ½", "كلمه ا\u0654خرى", "نص 😀 مع 𐤀𐤁𐤂 رمز"],
        ["\ud83d", "ا\udc00ب", "\udc00\ud800", "\ud800\udc00", "😀\ud83d", "abc\udfff"],
        ["ا\uffffب", "\uffff\u0301", "\uffff\uffff", "a\x00b", "\x00", "\x01\x02", "ا\x02ب"],
        ["ـ\u200b\u064b", "ـ" * 100, "\u0301", "\u0654\u0655", "\ufe0f"],
        ["ا" * 5000, "ا " * 5000, "x" * 4096 + " " + "y" * 4097],
    ],
    ids=["none", "empty", "empties", "between", "single", "kinds", "surrogates", "controls", "deleted", "long"],
)
@pytest.mark.parametrize("profile", ["news", "strict"])
def test_texts_of_every_kind_of_string_and_at_every_edge(batch: list[str], profile: str) -> None:
    words = hashed(batch, profile)
    assert words.counts.tolist() == [len(reference.words(text, profile)) for text in batch]


def test_words_of_every_length_and_stem() -> None:
    """At the start, in the middle and at the very end of a text, where no letter follows that could be read."""
    prefixes = ["", "و", "ل", "ال", "لل", "وال", "بال"]
    suffixes = ["", "ه", "ي", "ها", "ات", "تين", "تان"]
    words = [a + "سمكرتدبجحخطعغ"[:size] + z for a in prefixes for size in range(1, 14) for z in suffixes]
    hashed(words)
    hashed([f"{word} {word}" for word in words])
    hashed([" ".join(words)])
    hashed(["abcdefghijklm"[:size] for size in range(1, 14)])


@pytest.mark.parametrize(
    "batch",
    [
        ["ﷺ" * 3000],
        ["ﷺ "] * 5000,
        ["½ " * 20_000, "½ " * 92_869],  # the second just fits what the first might be taken to leave
        ["ﷺ" * 8000, "½ " * 165_000],
        ["½ " * 6000, "a", "½ " * 9000, "", "½ " * 30_000, "ا"],
        ["ﷺ" * 10, "ا ب " * 10_000, "½" * 9000],
    ],
    ids=["one word", "many texts", "left over", "far over", "again and again", "between plain ones"],
)
def test_ligatures_that_unfold_beyond_the_room_that_was_made(batch: list[str]) -> None:
    words = hashed(batch)
    assert words.offsets[-1] == len(words.hashes) == sum(len(reference.words(text)) for text in batch)


def test_kinds_of_string_count_as_strings_and_nothing_else_does() -> None:
    plain, kind = hash_words(["كلمه اخرى", "ﻻ"], stems=True), type("Text", (str,), {})
    assert_same(plain, hash_words([np.str_("كلمه اخرى"), np.str_("ﻻ")], stems=True))
    assert_same(plain, hash_words([kind("كلمه اخرى"), kind("ﻻ")], stems=True))
    for wrong in (None, 5, b"abc"):
        with pytest.raises(TypeError):
            hash_words(["كلمه", wrong])


def test_an_error_on_the_small_path_comes_out() -> None:
    """And the next call works."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clusterer.text.words.small_path", lambda text, profile: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            hash_words(["كلمه", "ﻻ"])
        patch.setattr("clusterer.text.words.small_path", lambda text, profile: None)
        with pytest.raises(TypeError):
            hash_words(["كلمه", "ﻻ"])
    hashed(["كلمه", "ﻻ"])


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


@pytest.mark.parametrize("sizes", [[], [0], [7], [8], [9], [3, 0, 5, 1], [8, 8], [30, 1, 8, 40]])
def test_growing_arrays_over_several_blocks(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ragged, "_BLOCK_BYTES", 32)
    grown = Growing(np.uint32)
    chunks = np.split(np.arange(sum(sizes), dtype=np.uint32), np.cumsum(sizes)[:-1]) if sizes else []
    for chunk in chunks:
        grown.append(chunk)
    array = grown.array()
    assert array.dtype == np.uint32
    assert array.tolist() == [*range(sum(sizes))]
    assert len(grown.array()) == 0


@FEWER
@given(st.lists(st.booleans(), max_size=30), st.integers(1, 8))
def test_compacted_values_are_those_kept(kept: list[bool], block: int) -> None:
    values, mask = np.arange(len(kept)), np.array(kept, dtype=np.bool_)
    expected = values[mask]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ragged, "_BLOCK", block)
        np.testing.assert_array_equal(compact(values, mask), expected)


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
@given(st.integers(0, 5), st.integers(1, 6), st.integers(1, 6), st.integers(0, 3))
def test_band_keys(n: int, b: int, r: int, more: int) -> None:
    slots = np.random.default_rng(n).integers(0, 2**32, (n, b * r + more), dtype=np.uint32)
    agreed(lambda: bands.band_keys(slots, b, r))


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
    asked = bands.Likeness(least, least + 1, 1.0, first, last)
    found, _ = agreed(lambda: bands.banded_pairs(slots.copy(), rows, r, 60, asked, threads))
    wanted = [
        (i, j)
        for i, j in itertools.combinations(rows.tolist(), 2)
        for same in [slots[i] == slots[j]]
        for far in [max(first[i] - last[j], first[j] - last[i]) > 1.0]
        if any(same[k : k + r].all() for k in range(8 - r)) and same.sum() >= least + far
    ]
    assert list(map(tuple, found.tolist())) == wanted
    agreed(lambda: bands.banded_pairs(slots.copy(), rows, r, 8, asked, threads))


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


def growing(values: NDArray[Any]) -> Growing:
    """An array that holds so much."""
    grown = Growing(values.dtype)
    grown.append(values)
    return grown


@FEWER
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=60), st.sampled_from([0.05, 0.3, 0.6, 1.0]))
def test_pairs_that_share_samples_often_enough(met: list[tuple[int, int]], containment: float) -> None:
    held = np.array([0, 1, 5, 20, 60])
    keys = mix(np.arange(len(met), dtype=np.uint64))  # each shared by one pair
    samples = sorting.distinct(buckets.entries(np.repeat(keys, 2), pairs_of(met).ravel(), 5))
    samples = samples[np.argsort(buckets.articles_of(samples, 5), kind="stable")]
    pairs, _ = agreed(lambda: lsh_samples.containment_pairs(growing(samples), held, 8, containment))
    shared = Counter((min(pair), max(pair)) for pair in met if pair[0] != pair[1])
    often = [(i, j) for (i, j), times in shared.items() if times >= containment / 3 * min(held[i], held[j])]
    assert [*map(tuple, pairs.tolist())] == sorted(often)


def test_pairs_of_no_articles() -> None:
    none = np.zeros(0, dtype=np.uint64)
    pairs, dropped = agreed(lambda: lsh_samples.containment_pairs(growing(none), none.astype(np.int64), 8, 0.6))
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


@pytest.mark.parametrize("distinct", [0, 1, 2, 511, 512, 513, 2048, 40_000])
def test_columns_of_so_many_stems_that_their_table_grows(distinct: int) -> None:
    random = np.random.default_rng(distinct)
    stems = np.unique(random.integers(0, 2**32, distinct, dtype=np.uint32))
    stems = np.append(stems, [0, 2**32 - 1]).astype(np.uint32) if distinct else stems
    shuffled = random.permutation(np.tile(stems, 3))
    found, places = agreed(lambda: term_weights._columns(shuffled))
    np.testing.assert_array_equal(found[places], shuffled)


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
    return term_weights.weight_terms(ragged_of(rows, np.uint32), ragged_of(titles, np.uint32))


@pytest.mark.parametrize("width", [1, 3, 12, 300, 70_000])
@pytest.mark.parametrize("with_runs", [True, False])
def test_sums_that_evidence_is_made_of(width: int, with_runs: bool) -> None:
    found = agreed(lambda: weighed(30, width))
    pairs = np.random.default_rng(2).integers(0, 30, (200, 2))
    sums = agreed(lambda: features.term_sums(found, pairs, with_runs))
    assert with_runs or not sums[:, [1, 3]].any()
    for order in (np.argsort(pairs[:, 0], kind="stable"), np.arange(len(pairs))[::-1]):
        np.testing.assert_array_equal(features.term_sums(found, pairs[order], with_runs), sums[order])
    assert features.term_sums(found, pairs_of([]), with_runs).shape == (0, 12)


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
    lead, best = model.best_case(found, pairs, first, first)
    bound, highest = agreed(lambda: model.best_of_leads(*found.leads(), pairs, first, first))
    np.testing.assert_allclose(bound, lead, atol=1e-6)
    assert (highest >= best).all()
    short_leads = pytest.importorskip("clusterer.spark.stories", reason="pyarrow is not here").short_leads
    leads, weights = short_leads(*found.leads())
    bound, highest = agreed(lambda: model.best_of_leads(leads, weights.astype(np.float32), pairs, first, first))
    assert (bound >= lead - 1e-6).all()
    assert (highest >= best).all()
    assert np.median(bound - lead) < 0.01


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
    contained, left_out = lsh_samples.containment_pairs(growing(sampled), shingles.counts, 8, 0.6)
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


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_and_little_is_read_ahead(threads: int) -> None:
    read = 0

    def numbers() -> Iterator[int]:
        nonlocal read
        for number in range(50):
            read += 1
            yield number

    taken = []
    for result in ordered_map(lambda number: number * number, numbers(), threads):
        assert read - len(taken) <= 2 * threads
        taken.append(result)
    assert taken == [number * number for number in range(50)]
    assert [*ordered_map(abs, [], threads)] == []


@pytest.mark.parametrize("threads", [1, 2])
def test_errors_come_out_in_their_place(threads: int) -> None:
    results = ordered_map(lambda number: 6 // number, iter([1, 2, 0, 3]), threads)
    assert [next(results), next(results)] == [6, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("feed")

    with pytest.raises(ValueError, match="feed"):
        list(ordered_map(abs, broken(), threads))


@pytest.mark.parametrize("threads", [1, 2])
def test_two_functions_alongside(threads: int) -> None:
    assert run_both(lambda: "first", lambda: 2, threads) == ("first", 2)
    with pytest.raises(ZeroDivisionError):
        run_both(lambda: 1 // 0, lambda: 2, threads)
    with pytest.raises(ZeroDivisionError):
        run_both(lambda: 1, lambda: 1 // 0, threads)
