"""The compiled kernels of texts and words: the same bits as their NumPy twins, at the edges of every buffer too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import reference
from hypothesis import example, given, strategies as st
from kernel_twins import NEEDS_BOTH, agreed, assert_same
from strategies import texts

from clusterer.arrays import kernels
from clusterer.arrays.utf8 import HEAD, Utf8Texts, scanned, utf8_of
from clusterer.text.words import Words, hash_words

pytestmark = NEEDS_BOTH


def hashed(batch: Sequence[str], profile: str = "news") -> Words:
    """The words of a batch with their stems, agreed on."""
    without = agreed(lambda: hash_words(batch, profile))
    words = agreed(lambda: hash_words(batch, profile, stems=True))
    np.testing.assert_array_equal(without.hashes, words.hashes)
    assert_same(agreed(lambda: hash_words(utf8_of(batch), profile, stems=True)), words)
    return words


BEHIND_HEAD = st.tuples(st.integers(HEAD - 2, HEAD + 2), st.binary(max_size=9)).map(lambda x: b"x" * x[0] + x[1])


@given(
    st.lists(
        st.one_of(
            texts(200).map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=9), BEHIND_HEAD
        ),
        max_size=6,
    )
)
@example(
    [b"x" * HEAD + bytes([a, b, 0x80, c]) for a in range(0x7F, 256) for b in range(0, 256, 15) for c in (0x80, 65)]
)
def test_bytes_of_any_kind_are_looked_at_as_by_the_twin(raw: list[bytes]) -> None:
    stops = np.cumsum([len(text) for text in raw], dtype=np.int64)
    sizes = np.array([len(text) for text in raw], dtype=np.int64)
    found = Utf8Texts(np.frombuffer(b"".join(raw), dtype=np.uint8), stops - sizes, stops)
    scan = agreed(lambda: scanned(found).scan)
    for text, length in zip(raw, scan.lengths.tolist(), strict=True):
        try:
            assert length == len(text.decode())
        except UnicodeDecodeError:
            assert length == -1


@given(st.lists(st.binary(max_size=9), max_size=6), st.integers(-1, 1), st.binary(max_size=5))
def test_the_longest_value_of_a_page_is_that_of_the_twin(values: list[bytes], more: int, rest: bytes) -> None:
    raw = b"".join(len(value).to_bytes(4, "little") + value for value in values) + rest
    page, count = np.frombuffer(raw, dtype=np.uint8), max(len(values) + more, 0)
    longest = agreed(lambda: kernels.longest_value(page, count))
    if not more and not rest:
        assert longest == max(map(len, values), default=0)


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


LONG = st.text(
    st.one_of(
        st.sampled_from("ابتجحدرسصعفقكلمنهوي  ىةأإآؤئء"),
        st.sampled_from("،.\n12«»(٠ـ\u064b\u0651\u065f\u0660\u00a0”ﷺ\ufefb\x00é"),
    ),
    min_size=20,
    max_size=200,
)


@given(st.lists(LONG, min_size=1, max_size=3), st.sampled_from(["news", "news-2", "strict", "strict-2"]))
@example(["سلام " * 30 + "\u064b" + "سلام " * 30, "مُحَمَّدٌ " * 60, "abcdefgh " * 40 + "سلام " * 40], "news")
@example(["ا" * size + mark + "ب" * 40 for size in range(65) for mark in "\u064b\u065fﷺ،\u0654“پк"], "news")
def test_long_texts_are_folded_as_by_the_twin(batch: list[str], profile: str) -> None:
    """Of 32 letters and more, that may be looked at together, with others and marks at any place among them."""
    hashed([text + "ا" for text in batch], profile)


def test_words_of_every_length_and_stem() -> None:
    """At the start, in the middle and at the very end of a text, where no letter follows that could be read."""
    prefixes = ["", "و", "ل", "ال", "لل", "وال", "بال"]
    suffixes = ["", "ه", "ي", "ها", "ات", "تين", "تان"]
    words = [a + "سمكرتدبجحخطعغ"[:size] + z for a in prefixes for size in range(1, 14) for z in suffixes]
    hashed(words)
    hashed([f"{word} {word}" for word in words])
    hashed([" ".join(words)])
    hashed(["abcdefghijklm"[:size] for size in range(1, 14)])


def test_words_of_every_length_between_others_of_every_kind() -> None:
    """Words are hashed many at once: each kind that is looked at by itself, at every place among usual ones."""
    usual = ["كتب", "وقال", "الوزير", "مدينه", "abc", "ا", "ثمانيه8", "والمسؤول", "بالمستشفيات"]
    kinds = [
        "12",
        "1,250,000",
        "1.250.000",
        "و",
        "و\n",
        "2,5",
        "abcdefgh",
        "abcdefghi",
        "قال.",
        "قال\nثم",
        "قال  ثم",
        "قال   ثم",
        "قال . ",
        "مـ",
    ]
    texts = []
    for kind in kinds:
        for place in range(72):
            words = [usual[(place + i) % len(usual)] for i in range(place + 1 + place % 9)]
            words[place] = kind
            texts += [" ".join(words), " ".join([*words, kind, kind, *words])]
    words = hashed(texts)
    assert words.counts.tolist() == [len(reference.words(text, "news")) for text in texts]


def test_what_lies_between_words_opens_the_next_one_wherever_registers_end() -> None:
    """Gaps of every kind and length that begin before, at and behind the edges of 64 and of 128 letters."""
    gaps = [
        f"{before}{sign}{behind}"
        for sign in (" ", "\n", ".", "،")
        for before in ("", " " * 3, " " * 70)
        for behind in ("", "  ")
    ]
    batch = [f"{'ا' * first}{gap}بد هو.جد" for gap in gaps for first in (*range(56, 67), *range(124, 131))]
    words = hashed(batch)
    opens = words.opens_sentence
    assert opens is not None
    second = opens[words.offsets[:-1] + 1]
    assert second.tolist() == ["." in text.partition("ب")[0] or "\n" in text for text in batch]


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
    texts = ["كلمه اخرى", "ﻻ", "ﷺ"]
    plain, kind = hash_words(texts, stems=True), type("Text", (str,), {})
    assert_same(plain, hash_words([*map(np.str_, texts)], stems=True))
    assert_same(plain, hash_words([*map(kind, texts)], stems=True))
    for wrong in (None, 5, b"abc"):
        with pytest.raises(TypeError):
            hash_words(["كلمه", wrong])


def test_an_error_on_the_small_path_comes_out() -> None:
    """And the next call works."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clusterer.text.words.small_path", lambda text, profile: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            hash_words(["كلمه", "ﷺ"])
        patch.setattr("clusterer.text.words.small_path", lambda text, profile: None)
        with pytest.raises(TypeError):
            hash_words(["كلمه", "ﷺ"])
    hashed(["كلمه", "ﷺ"])


@pytest.mark.parametrize("profile", ["news", "strict", "news-1", "strict-1"])
def test_ligatures_of_two_letters_ask_for_no_small_path(profile: str) -> None:
    """Unless a mark that is to be composed, or another special letter, is in the text as well."""
    batch = ["ﻻ", "قال ﻷن الوزير ﻵخر مرة " * 9, "ﻻﻷﻹﻵ" * 40, "ﻻ\u064eﻷ ١٢"]
    words = hashed(batch, profile)
    np.testing.assert_array_equal(words.counts, [len(reference.words(text, profile)) for text in batch])
    hashed([f"{text}{special} ﻻ" for text in batch for special in "\u0653ﷺ½\U0001f600"], profile)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clusterer.text.words.small_path", lambda text, profile: 1 // 0)
        assert_same(hash_words(batch, profile, stems=True), words)
