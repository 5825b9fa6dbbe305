"""Texts in one array of bytes, against lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from clusterer.arrays import texts as arrays_texts
from clusterer.arrays.texts import GrowingTexts, Texts, take_texts

TEXTS = st.lists(
    st.text(st.characters(exclude_categories=()), max_size=6) | st.sampled_from(["a1", "خبر", "\ud800", ""])
)


@given(TEXTS, st.slices(12), st.lists(st.integers(0, 11)))
def test_they_are_those_of_a_list(texts: list[str], part: slice, places: list[int]) -> None:
    found = Texts.of(texts)
    assert (len(found), list(found), found[:]) == (len(texts), texts, texts)
    assert found[part] == texts[part]
    assert [found[i] for i in range(-len(texts), len(texts))] == texts + texts
    chosen = np.array([i for i in places if i < len(texts)], dtype=np.int64)
    assert take_texts(found, chosen) == take_texts(texts, chosen) == [texts[i] for i in chosen]


@given(st.lists(TEXTS))
def test_they_grow_and_tell_whether_one_repeats(blocks: list[list[str]]) -> None:
    growing, every = GrowingTexts(), [text for block in blocks for text in block]
    for block in blocks:
        growing.extend(block)
    assert growing.count == len(every)
    assert growing.may_repeat() == (len(set(every)) < len(every))
    assert list(growing.whole()) == every


def test_blocks_follow_each_other(monkeypatch) -> None:
    monkeypatch.setattr(arrays_texts, "_TEXTS", 3)
    texts = [str(i) for i in range(10)]
    assert list(Texts.of(texts)) == texts
