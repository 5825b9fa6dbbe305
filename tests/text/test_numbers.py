"""Guards take no number for another one because it is grouped otherwise, and no other number for the same."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, compress

import numpy as np
import pytest
from hypothesis import given, strategies as st

from clusterer.copies import facts
from clusterer.text import numbers
from clusterer.text.numbers import in_one_way
from clusterer.text.words import Words, hash_words

_EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
SEPARATORS = ["", ",", ".", " ", "\u00a0", "\u202f", "\u066c", "\u060c"]


def differences(a: str, b: str, profile: str = "news") -> list[int]:
    frame = "بلغت قيمة العقود {} خلال الربع الأخير من العام"
    words = hash_words([frame.format(a), frame.format(b)], profile)
    return [int(column[0]) for column in facts.differences(words, np.array([[0, 1]]), profile).columns]


def written(value: int, separator: str, digits: dict[int, int]) -> str:
    return f"{value:,}".replace(",", separator).translate(digits)


_WAYS = st.tuples(st.sampled_from(SEPARATORS), st.sampled_from([{}, _EASTERN, _PERSIAN]))


@given(
    st.integers(1000, 999_999_999_999),
    _WAYS,
    _WAYS,
    st.sampled_from(["", "و", "بـ"]),
    st.sampled_from(["news", "strict"]),
)
def test_no_grouping_is_a_fact(
    value: int,
    one: tuple[str, dict[int, int]],
    way: tuple[str, dict[int, int]],
    clitic: str,
    profile: str,
) -> None:
    first, second = clitic + written(value, *one), clitic + written(value, *way)
    assert differences(first, second, profile)[0] == 0, (first, second)
    assert differences(second, first, profile)[0] == 0
    assert differences(first, clitic + written(value + 1, *way), profile)[0] == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [("200-249", "200-250"), ("363 378", "363379"), ("9 شركات", "تسعين شركة"), ("39.82", "39.85"), ("1.277", "1278")],
)
def test_other_numbers_are_a_fact(a: str, b: str) -> None:
    assert differences(a, b)[0] == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [("9 عقود", "تسعة عقود"), ("50 عقدا", "خمسين عقدا"), ("35 عقدا", "خمسة وثلاثين عقدا"), ("150", "مئة وخمسين")],
)
def test_a_number_in_words_is_none(a: str, b: str) -> None:
    assert not any(differences(a, b))


@pytest.mark.parametrize("profile", ["news", "strict"])
@pytest.mark.parametrize(
    ("a", "b"), [("3 آلاف", "3000"), ("150 ألف", "150,000"), ("بـ150 ألفا", "بـ150000"), ("٣ ملايين", "3.000.000")]
)
def test_thousands_in_a_word_are_none(a: str, b: str, profile: str) -> None:
    assert differences(a, b, profile)[0] == 0
    assert differences(a, b.replace("000", "001"), profile)[0] == 1


def test_a_range_is_no_number_unless_the_other_text_has_it() -> None:
    words = hash_words(["بين 200-249 شخصا", "بين 200 إلى 249 شخصا"])
    assert not in_one_way(words, np.array([[0, 1]]), "news")[0].any()


def test_no_pair_and_no_word_is_no_error() -> None:
    words = hash_words(["بلغ 345 678", "بلغ 345678"])
    assert len(in_one_way(words, np.zeros((0, 2), dtype=np.int64), "news")[0]) == 0
    nothing = hash_words(["", ""])
    assert not in_one_way(nothing, np.array([[0, 1]]), "news")[0].any()


def test_the_last_word_of_a_text_and_the_first_of_the_next_are_no_number() -> None:
    words = hash_words(["بلغ 345", "678 شخصا", "بلغ 345678 شخصا"])
    assert not in_one_way(words, np.array(list(combinations(range(3), 2))), "news")[0].any()


def whole(text: list[str]) -> list[str]:
    """A text with all that may be groups of one number, or thousands, written as one word, slowly."""
    said, i = [], 0
    while i < len(text):
        if (
            text[i].isdigit()
            and len(text[i]) <= 3
            and text[i + 1 : i + 2] == ["ألف"]
            and not (i and text[i - 1].isdigit())
        ):
            said.append(f"{int(text[i])}000")
            i += 2
            continue
        stop = i + 1
        while text[i].isdigit() and stop < len(text) and text[stop].isdigit() and len(text[stop]) == 3:
            stop += 1
        grouped = text[i].isdigit() and len(text[i]) <= 3 and text[i][0] != "0" and 1 < stop - i <= 6
        said += ["".join(text[i:stop])] if grouped else text[i:stop]
        i = stop
    return said


@given(st.integers(0, 2**32), st.sampled_from([3, 1 << 20]))
def test_texts_in_one_way_are_those_with_the_numbers_written_so(seed: int, asked: int) -> None:
    """Every pair, with its spans; also where few numbers are looked for at a time."""
    source = random.Random(seed)
    known = ["قال", "12", "345", "678", "345678", "12345", "12345678", "7", "012", "ألف", "7000"]
    texts = [source.choices(known, k=source.randint(0, 9)) for _ in range(6)]
    words = hash_words([" ".join(text) for text in texts], positions=True)
    pairs = np.array(list(combinations(range(6), 2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "_ASKED", asked)
        found, done, turned = in_one_way(words, pairs, "news")
    both = [[texts[row] for row in pair] for pair in pairs.tolist()]
    met = [any(word in other for text, other in (two, two[::-1]) for word in runs(text)) for two in both]
    assert found.tolist() == met
    for two, rows in zip(compress(both, met), turned.tolist(), strict=True):
        for text, row in zip(two, rows, strict=True):
            said = whole(text)
            assert done.take(np.array([row])).hashes.tolist() == hash_words([" ".join(said)]).hashes.tolist()
            assert valued(spelt(done, row, " ".join(text))) == valued(said)


def valued(words: list[str]) -> list[str]:
    return [word.replace("ألف", "000").lstrip("0") for word in words]


def runs(text: list[str]) -> list[str]:
    """The numbers that a text has in groups."""
    said = whole(text)
    return [*(Counter(said) - Counter(text))]


def spelt(words: Words, row: int, text: str) -> list[str]:
    """The words of a text by their spans, digits only."""
    assert words.spans is not None
    spans = words.spans[words.offsets[row] : words.offsets[row + 1]].tolist()
    return [text[a:z].replace(" ", "") for a, z in spans]
