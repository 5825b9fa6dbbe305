"""Sketches: bit for bit against datasketch and a big-integer twin; then what they are worth, by statistics."""

from __future__ import annotations

import numpy as np
import pytest
import reference
from datasketch import MinHash, MinHashLSH
from hypothesis import given, strategies as st

from clusterer.arrays.ragged import Ragged
from clusterer.errors import SettingsError
from clusterer.lsh.datasketch import SCHEMES, from_datasketch, to_datasketch
from clusterer.lsh.minhash import estimate, signatures
from clusterer.text.shingles import word_shingles
from clusterer.text.words import hash_words

pytestmark = pytest.mark.usefixtures("loops")

PERMUTED = ["affine32", "affine64", "legacy"]
SETS = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=12), max_size=5)


def ragged(sets: list[list[int]]) -> Ragged:
    values = np.array([x for row in sets for x in row], dtype=np.uint64)
    return Ragged(values, np.cumsum([0, *map(len, sets)]).astype(np.int64))


def lists(sets: Ragged) -> list[list[int]]:
    return [sets.values[a:z].tolist() for a, z in zip(sets.offsets[:-1], sets.offsets[1:], strict=True)]


def by_datasketch(row: list[int], k: int, scheme: str, seed: int) -> np.ndarray:
    width = (1 << 64) - 1 if scheme == "affine64" else (1 << 32) - 1
    sketch = MinHash(num_perm=k, seed=seed, scheme=scheme, hashfunc=lambda value: value)
    if row:
        sketch.update_batch([value & width for value in row])
    return sketch.hashvalues


@pytest.mark.parametrize("scheme", PERMUTED)
@given(sets=SETS, k=st.sampled_from([1, 7, 16, 100, 128]), seed=st.sampled_from([0, 1, 42, 2**32 - 1]))
def test_permuted_schemes_equal_datasketch(scheme: str, sets: list[list[int]], k: int, seed: int) -> None:
    ours = signatures(ragged(sets), k, scheme, seed)
    assert ours.shape == (len(sets), k)
    for row, mine in zip(sets, ours, strict=True):
        theirs = by_datasketch(row, k, scheme, seed)
        assert mine.dtype == theirs.dtype
        assert mine.tolist() == theirs.tolist()


@pytest.mark.parametrize("scheme", PERMUTED)
def test_permuted_schemes_equal_datasketch_on_real_sets(scheme: str, real_texts: list[str]) -> None:
    sets = word_shingles(hash_words(real_texts[:200]), 3)
    ours = signatures(sets, 128, scheme, 5)
    for row, mine in zip(lists(sets), ours, strict=True):
        assert mine.tolist() == by_datasketch(row, 128, scheme, 5).tolist()


@pytest.mark.parametrize("scheme", PERMUTED)
def test_blocks_end_between_sets(scheme: str) -> None:
    random = np.random.default_rng(2)
    sets = [random.integers(0, 2**64, int(c), dtype=np.uint64).tolist() for c in (0, 20_000, 3, 0, 9000, 9000, 1, 0)]
    ours = signatures(ragged(sets), 128, scheme, 3)
    assert ours.tolist() == [by_datasketch(row, 128, scheme, 3).tolist() for row in sets]


@given(SETS, st.sampled_from([1, 7, 16, 100, 128, 200]), st.sampled_from([0, 1, 42, 2**32 - 1]))
def test_fast_equals_the_big_integer_twin(sets: list[list[int]], k: int, seed: int) -> None:
    assert signatures(ragged(sets), k, "fast", seed).tolist() == [reference.fast_sketch(row, k, seed) for row in sets]


def test_fast_equals_its_twin_on_real_sets(real_texts: list[str]) -> None:
    sets = word_shingles(hash_words(real_texts[:60]), 3)
    assert signatures(sets, 128).tolist() == [reference.fast_sketch(row, 128) for row in lists(sets)]


def test_fast_fills_every_slot_of_every_size_of_set() -> None:
    random = np.random.default_rng(4)
    sets = [
        random.integers(0, 2**64, n, dtype=np.uint64).tolist() for n in [1, 2, 3, 10, 30, 100, 128, 300, 1000, 0, 1]
    ]
    slots = signatures(ragged(sets), 128)
    assert slots.dtype == np.uint32
    assert slots.tolist() == [reference.fast_sketch(row, 128) for row in sets]
    assert (slots[9] == 2**32 - 1).all()
    assert (np.delete(slots, 9, axis=0) < 2**32 - 1).all()


@pytest.mark.parametrize("scheme", SCHEMES)
@given(sets=SETS, data=st.data())
def test_order_repeats_and_neighbours_do_not_matter(scheme: str, sets: list[list[int]], data: st.DataObject) -> None:
    messy = [data.draw(st.permutations(row + row[: len(row) // 2])) for row in sets]
    ours = signatures(ragged(sets), 16, scheme)
    assert np.array_equal(signatures(ragged(messy), 16, scheme), ours)
    for row, mine in zip(sets, ours, strict=True):
        assert np.array_equal(signatures(ragged([row]), 16, scheme)[0], mine)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_empty_sets_have_the_largest_value_and_no_sets_no_signatures(scheme: str) -> None:
    largest = {"fast": 2**32 - 1, "affine32": 2**32 - 1, "legacy": 2**32 - 1, "affine64": 2**64 - 1}[scheme]
    assert signatures(ragged([[], [5], []]), 8, scheme)[[0, 2]].tolist() == [[largest] * 8] * 2
    assert signatures(ragged([]), 8, scheme).shape == (0, 8)
    assert signatures(ragged([[]]), 8, scheme).shape == (1, 8)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_seeds_make_other_signatures(scheme: str) -> None:
    sets = ragged([[1, 2, 3, 4, 5]])
    made = {tuple(signatures(sets, 16, scheme, seed)[0].tolist()) for seed in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize("scheme", PERMUTED)
def test_to_datasketch_and_back(scheme: str) -> None:
    a, b = list(range(10**9, 10**9 + 300)), list(range(10**9 + 100, 10**9 + 400))
    made = signatures(ragged([a, b]), 64, scheme, 9)
    sketches = [to_datasketch(row, scheme, 9) for row in made]
    for sketch, row in zip(sketches, made, strict=True):
        back = from_datasketch(sketch)
        assert back.dtype == row.dtype
        assert np.array_equal(back, row)
    assert sketches[0].jaccard(sketches[1]) == estimate(made, np.array([[0, 1]]))[0]
    theirs = MinHash(num_perm=64, seed=9, scheme=scheme, hashfunc=lambda value: value)
    theirs.update_batch(a)
    assert theirs.jaccard(sketches[0]) == 1.0
    from_datasketch(sketches[0])[:] = 0  # a copy: the sketch is left alone
    assert np.array_equal(sketches[0].hashvalues, made[0])


def test_fast_has_no_datasketch_form() -> None:
    with pytest.raises(SettingsError, match=r"fast"):
        to_datasketch(signatures(ragged([[1]]), 8)[0], "fast")


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"'md5' is unknown; use one of fast"):
        signatures(ragged([[1]]), 8, "md5")  # type: ignore[arg-type]


def test_an_index_of_datasketch_fed_with_our_signatures_finds_the_pairs() -> None:
    random = np.random.default_rng(8)
    bases = [random.integers(0, 2**32, 200, dtype=np.uint64).tolist() for _ in range(30)]
    edited = [base[:-10] + random.integers(0, 2**32, 10, dtype=np.uint64).tolist() for base in bases]
    made = signatures(ragged(bases + edited), 128, "affine32")
    index = MinHashLSH(threshold=0.5, num_perm=128)
    for i, row in enumerate(made[:30]):
        index.insert(i, to_datasketch(row, "affine32"))
    for i, row in enumerate(made[30:]):
        assert index.query(to_datasketch(row, "affine32")) == [i]


def pairs_of_known_jaccard(jaccard: float, size: int, count: int, seed: int) -> tuple[Ragged, np.ndarray, float]:
    """`count` pairs of sets with a union of `size`, and their exact similarity."""
    shared = round(jaccard * size)
    only = (size - shared) // 2
    random = np.random.default_rng(seed)
    sets = []
    for _ in range(count):
        union = random.integers(0, 2**64, shared + 2 * only, dtype=np.uint64).tolist()
        sets += [union[: shared + only], union[:shared] + union[shared + only :]]
    return ragged(sets), np.arange(2 * count).reshape(-1, 2), shared / (shared + 2 * only)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [30, 250, 2000])
def test_estimates_are_unbiased_and_their_error_is_what_theory_says(scheme: str, size: int) -> None:
    count = 120 if size < 2000 else 40
    for jaccard in (0.1, 0.3, 0.5, 0.7, 0.8, 0.95):
        sets, pairs, exact = pairs_of_known_jaccard(jaccard, size, count, 11)
        errors = estimate(signatures(sets, 128, scheme, 1), pairs) - exact
        deviation = (exact * (1 - exact) / 128) ** 0.5
        assert abs(errors.mean()) < 4 * deviation / count**0.5 + 0.002
        assert np.abs(errors).mean() < 4 * deviation
        assert errors.std() < 1.35 * deviation


@pytest.mark.parametrize("size", [60, 150, 400])
def test_fast_errs_no_more_than_permutations(size: int) -> None:
    squares = {"fast": 0.0, "affine32": 0.0}
    for jaccard in (0.3, 0.5, 0.7, 0.9):
        sets, pairs, exact = pairs_of_known_jaccard(jaccard, size, 300, 21)
        for scheme in squares:
            for seed in (1, 2):
                squares[scheme] += float(((estimate(signatures(sets, 128, scheme, seed), pairs) - exact) ** 2).sum())  # type: ignore[arg-type]
    assert squares["fast"] < 1.08 * squares["affine32"]  # 2,400 squares each: a deviation is 3 to 4 %
