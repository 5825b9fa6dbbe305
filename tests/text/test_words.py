"""Words: equal word, equal hash; and a batch that can be cut and joined like a list of lists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st
from strategies import articles, texts

from clusterer.arrays.hashing import mix, multipliers
from clusterer.arrays.indexing import ragged_index
from clusterer.arrays.ragged import hash_runs
from clusterer.text.words import Words, concatenate, hash_words, whole_hashes

pytestmark = pytest.mark.usefixtures("loops")

LISTS = st.lists(articles(12), max_size=6)


def spelt(words: Words) -> list[list[str]]:
    """Every article's words, spelt from the letters variant."""
    assert words.letters is not None
    letters, ends = words.letters
    all_words = [
        letters[a:z].astype("<u2").tobytes().decode("utf-16-le", "surrogatepass") for a, z in itertools.pairwise(ends)
    ]
    assert all(word.endswith(" ") for word in all_words)
    return [[word[:-1] for word in all_words[a:z]] for a, z in zip(words.offsets[:-1], words.offsets[1:], strict=True)]


def rows(words: Words) -> list[list[tuple]]:
    """Every article's words as (hash, opens_line, span, spelling), for comparing."""
    spellings = [x for row in spelt(words) for x in row] if words.letters else [None] * len(words.hashes)
    spans = words.spans.tolist() if words.spans is not None else [None] * len(words.hashes)
    flat = list(zip(words.hashes.tolist(), words.opens_line.tolist(), map(str, spans), spellings, strict=True))
    return [flat[a:z] for a, z in zip(words.offsets[:-1], words.offsets[1:], strict=True)]


def test_equal_hash_means_equal_word_on_a_real_vocabulary(real_texts: list[str]) -> None:
    words = hash_words(real_texts[:300], letters=True)
    by_hash: dict[int, str] = {}
    for hash_, word in zip(words.hashes.tolist(), (w for row in spelt(words) for w in row), strict=True):
        assert by_hash.setdefault(hash_, word) == word
    assert len(set(by_hash.values())) == len(by_hash) > 5_000
    assert spelt(words) == [reference.words(text) for text in real_texts[:300]]


def test_equal_hash_means_equal_word_on_a_random_vocabulary() -> None:
    random = np.random.default_rng(3)
    letters = np.array(list("ابتثجحخدذرزسشصضطظعغفقكلمنهوي"))
    vocabulary = sorted({"".join(random.choice(letters, random.integers(1, 14))) for _ in range(40_000)} - {"و"})
    words = hash_words([" ".join(vocabulary)])
    assert len(words.hashes) == len(vocabulary) == len(set(words.hashes.tolist()))


def test_near_words_of_every_length_differ() -> None:
    vocabulary = (
        ["ا" * n for n in range(1, 40)] + ["ا" * n + "ب" for n in range(40)] + ["ب" + "ا" * n for n in range(1, 40)]
    )
    assert len(set(hash_words([" ".join(vocabulary)]).hashes.tolist())) == len(vocabulary)


@given(texts(), LISTS, LISTS)
def test_a_word_does_not_depend_on_batch_or_place(text: str, before: list[str], after: list[str]) -> None:
    alone = hash_words([text], positions=True, letters=True)
    among = hash_words([*before, text, *after], positions=True, letters=True)
    assert rows(among)[len(before)] == rows(alone)[0]
    assert spelt(alone)[0] == reference.words(text)


def test_known_hashes_never_change() -> None:
    hashes = hash_words(["قال الوزير في المؤتمر"]).hashes.tolist()
    assert hashes == hash_words(["قَالَ الوزير؛ فى الموتمر"]).hashes.tolist()
    assert [f"{h:016x}" for h in hashes] == [
        "a7e1c64b89d38220",
        "2f1b094545429204",
        "e3eef96786278080",
        "ae380ca381049602",
    ]


@given(texts(), st.sampled_from(["news", "strict"]))
def test_spans_point_at_the_word_in_its_own_text(text: str, profile: str) -> None:
    words = hash_words([text], profile, positions=True, letters=True)
    assert words.spans is not None
    for word, (start, stop) in zip(spelt(words)[0], words.spans.tolist(), strict=True):
        assert 0 <= start < stop <= len(text)
        found = reference.words(text[start:stop], profile)
        if len(found) == 1:
            assert found == [word]
        else:  # several words in one character
            assert word in found
            assert any(ch in reference.WORDS or " " in reference.fold_letter(ch, True) for ch in text[start:stop])


def test_spans_of_a_plain_text_are_its_words() -> None:
    text = "  قالَ الوزير:\n«نعم» السـّلام ﻻ"
    words = hash_words(["x", text], positions=True)
    assert words.spans is not None
    assert [text[a:z].strip(":»") for a, z in words.spans[1:].tolist()] == ["قالَ", "الوزير", "نعم", "السـّلام", "ﻻ"]


@given(articles())
def test_opens_line_marks_the_first_word_of_every_line(text: str) -> None:
    words = hash_words(["س\nص", text])
    expected = [i == 0 for line in reference.normalise(text).split("\n") for i, _ in enumerate(line.split())]
    assert words.opens_line[2:].tolist() == expected


@given(LISTS, st.data())
def test_slice_take_keep_and_concatenate_do_as_lists_do(batch: list[str], data: st.DataObject) -> None:
    words = hash_words(batch, positions=True, letters=True)
    all_rows = rows(words)
    assert len(words) == len(batch)
    assert words.counts.tolist() == [len(row) for row in all_rows]

    start = data.draw(st.integers(0, len(batch)))
    stop = data.draw(st.integers(start, len(batch)))
    assert rows(words.slice(start, stop)) == all_rows[start:stop]

    if batch:
        chosen = data.draw(st.lists(st.integers(0, len(batch) - 1), max_size=8))
        assert rows(words.take(np.array(chosen, dtype=np.int64))) == [all_rows[i] for i in chosen]

    kept = data.draw(st.lists(st.booleans(), min_size=len(words.hashes), max_size=len(words.hashes)))
    marks = iter(kept)
    assert rows(words.keep(np.array(kept, dtype=np.bool_))) == [[x for x in row if next(marks)] for row in all_rows]

    cut = data.draw(st.integers(0, len(batch)))
    parts = [hash_words(part, letters=True) for part in (batch[:cut], [], batch[cut:])]
    assert rows(concatenate(parts)) == rows(hash_words(batch, letters=True))
    assert rows(concatenate(iter([words.slice(0, cut), words.slice(cut, len(batch))]))) == rows(
        hash_words(batch, letters=True)
    )


def test_nothing_concatenated_is_an_empty_batch() -> None:
    nothing = concatenate([])
    assert len(nothing) == 0
    assert nothing.hashes.dtype == np.uint64
    assert nothing.offsets.tolist() == [0]


def test_mix_is_splitmix_and_multipliers_are_odd_and_differ() -> None:
    values = [0, 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF]
    assert mix(np.array(values, dtype=np.uint64)).tolist() == [reference.splitmix(v) for v in values]
    factors = multipliers(100).tolist()
    assert len(set(factors)) == 100
    assert all(f % 2 for f in factors)
    assert factors == [reference.splitmix((i * 0x9E3779B97F4A7C15) & reference.MASK) | 1 for i in range(1, 101)]
    assert multipliers(0).tolist() == []


@given(st.lists(st.lists(st.sampled_from(["ا", "ب", "ج"]), min_size=1, max_size=7), min_size=1, max_size=60))
def test_runs_have_one_hash_if_and_only_if_they_are_equal(runs: list[list[str]]) -> None:
    words = hash_words([" ".join(run) for run in runs])
    hashes = hash_runs(words.hashes, words.offsets[:-1]).tolist()
    assert len(set(zip(hashes, map(tuple, runs), strict=True))) == len(set(map(tuple, runs))) == len(set(hashes))


def test_words_that_change_places_twice_make_another_run() -> None:
    # With factors in an arithmetic progression these pairs had one hash, and so were "exact" copies.
    pairs = [("A B B A", "B A A B"), ("الهلال والنصر ثم النصر والهلال", "والنصر الهلال ثم والهلال النصر")]
    for a, b in [*pairs, ("A B x y B A", "B A x y A B")]:
        words = hash_words([a, b])
        first, second = hash_runs(words.hashes, words.offsets[:-1]).tolist()
        assert first != second


def test_runs_may_begin_after_the_first_hash_and_there_may_be_none() -> None:
    hashes = hash_words(["a b c d e"]).hashes
    assert hash_runs(hashes, np.array([2, 4]))[0] == hash_runs(hashes[2:4], np.array([0]))[0]
    assert len(hash_runs(hashes, np.zeros(0, dtype=np.int64))) == 0


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.data())
def test_ragged_index_finds_the_elements_of_rows(counts: list[int], data: st.DataObject) -> None:
    offsets = np.concatenate(([0], np.cumsum(counts)))
    chosen = data.draw(st.lists(st.integers(0, len(counts) - 1), max_size=8))
    index, ends = ragged_index(offsets, np.array(chosen, dtype=np.int64))
    expected = [list(range(offsets[i], offsets[i + 1])) for i in chosen]
    assert index.tolist() == [x for row in expected for x in row]
    assert ends.tolist() == np.cumsum([0, *map(len, expected)]).tolist()


def test_whole_hashes_tell_orders_apart_and_leave_empty_articles_at_zero() -> None:
    words = hash_words(["ا ب ب ا", "ب ا ا ب", "", "ا ب\nب ا", "ا ب ب"])
    hashes = whole_hashes(words).tolist()
    assert hashes[2] == 0
    assert hashes[0] == hashes[3]
    assert len(set(hashes)) == 4
    again = whole_hashes(concatenate([hash_words(["س"]), words])).tolist()
    assert again[1:] == hashes
    assert np.array_equal(whole_hashes(words.slice(3, 5)), hashes[3:])
