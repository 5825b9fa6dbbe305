"""Shingles against tuples and sets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st
from strategies import articles

from clusterer.arrays.kernels_numpy.pairs import unique_sets
from clusterer.arrays.ragged import Ragged
from clusterer.text.shingles import char_shingles, word_shingles
from clusterer.text.words import hash_words

pytestmark = pytest.mark.usefixtures("loops")

BATCHES = st.lists(articles(), max_size=6)


def rows(ragged: Ragged) -> list[list[int]]:
    return [ragged.values[a:z].tolist() for a, z in zip(ragged.offsets[:-1], ragged.offsets[1:], strict=True)]


def assert_one_to_one(ours: list[list[int]], theirs: list[list[tuple[str, ...]]]) -> None:
    """Same shape, and a bijection between hashes and tuples over the whole batch."""
    assert [len(row) for row in ours] == [len(row) for row in theirs]
    pairs = {(h, t) for a, b in zip(ours, theirs, strict=True) for h, t in zip(a, b, strict=True)}
    assert len(pairs) == len({h for h, _ in pairs}) == len({t for _, t in pairs})


@given(BATCHES, st.integers(1, 9))
def test_word_shingles_are_tuples_of_words(batch: list[str], size: int) -> None:
    ours = rows(word_shingles(hash_words(batch), size))
    assert_one_to_one(ours, [reference.shingles(reference.words(text), size) for text in batch])


@given(BATCHES, st.integers(1, 20))
def test_char_shingles_are_tuples_of_letters(batch: list[str], size: int) -> None:
    ours = rows(char_shingles(hash_words(batch, letters=True), size))
    assert_one_to_one(ours, [reference.char_shingles(reference.words(text), size) for text in batch])


@given(BATCHES, st.integers(1, 9), st.data())
def test_shingles_do_not_depend_on_the_batch(batch: list[str], size: int, data: st.DataObject) -> None:
    words = hash_words(batch, letters=True)
    start = data.draw(st.integers(0, len(batch)))
    part = words.slice(start, len(batch))
    for make in (word_shingles, char_shingles):
        assert rows(make(part, size)) == rows(make(words, size))[start:]
        assert rows(make(words, size)) == [rows(make(hash_words([t], letters=True), size))[0] for t in batch]


def test_real_articles_have_the_shingles_of_the_reference(real_texts: list[str]) -> None:
    batch = real_texts[:150]
    theirs = [reference.words(text) for text in batch]
    words = hash_words(batch, letters=True)
    assert_one_to_one(rows(word_shingles(words, 3)), [reference.shingles(w, 3) for w in theirs])
    assert_one_to_one(rows(char_shingles(words, 12))[:40], [reference.char_shingles(w, 12) for w in theirs][:40])


@pytest.mark.parametrize("count", range(7))
def test_a_text_shorter_than_a_shingle_is_one(count: int) -> None:
    made = word_shingles(hash_words(["", " ".join("ابتثجحخ"[:count]), "س ش ص ض ط"]), 4)
    assert made.counts.tolist() == [0, max(count - 3, min(count, 1)), 2]


def test_short_texts_that_differ_have_different_shingles() -> None:
    texts = ["ا", "ا ا", "ا ا ا", "ب", "ا ب", "ب ا", "ا ب ا", "ا ا ب", "ا ا ا ا"]
    values = word_shingles(hash_words(texts), 5).values.tolist()
    assert len(values) == len(set(values)) == len(texts)


def test_nothing_in_nothing_out() -> None:
    for texts in ([], [""], ["", "", ""]):
        for make in (word_shingles, char_shingles):
            made = make(hash_words(texts, letters=True))
            assert len(made) == len(texts)
            assert len(made.values) == 0
            assert rows(Ragged(*unique_sets(made.values, made.offsets))) == [[] for _ in texts]


def test_letters_must_have_been_asked_for() -> None:
    with pytest.raises(ValueError, match=r"letters=True"):
        char_shingles(hash_words(["ا"]))


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=8), max_size=5), st.integers(0, 2**64 - 1))
def test_unique_sets_are_sets_of_the_upper_54_bits(lists: list[list[int]], common: int) -> None:
    lists = [[*row, common, *row[:2]] if i % 2 else row for i, row in enumerate(lists)]
    offsets = np.cumsum([0, *map(len, lists)])
    ragged = Ragged(np.array([x for row in lists for x in row], dtype=np.uint64), offsets)
    assert rows(Ragged(*unique_sets(ragged.values, ragged.offsets))) == [
        sorted({x >> 10 for x in row}) for row in lists
    ]
    assert ragged.values.tolist() == [x for row in lists for x in row]  # the input is left alone


def test_unique_sets_of_more_rows_than_a_block() -> None:
    random = np.random.default_rng(1)
    counts = random.integers(0, 5, 2500)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    ragged = Ragged(random.integers(0, 2**64, offsets[-1], dtype=np.uint64) | np.uint64(7 << 60), offsets)
    assert rows(Ragged(*unique_sets(ragged.values, ragged.offsets))) == [
        sorted({x >> 10 for x in row}) for row in rows(ragged)
    ]


def test_ragged_counts_and_rows() -> None:
    ragged = Ragged(np.arange(5, dtype=np.uint64), np.array([0, 2, 2, 5]))
    assert len(ragged) == 3
    assert ragged.counts.tolist() == [2, 0, 3]
    assert ragged.rows.tolist() == [0, 0, 2, 2, 2]


def test_hashes_fall_evenly() -> None:
    values = word_shingles(hash_words([" ".join(f"كلمه{i}" for i in range(20_000))]), 3).values
    for bits in (values >> np.uint64(60), values & np.uint64(15)):
        counts = Counter(bits.tolist())
        assert all(abs(counts[i] - 1250) < 200 for i in range(16))
