"""Rows that an open index remembers, against a dictionary; what other programs change in its file is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, strategies as st

from clusterer import Article, StoryIndex
from clusterer.index.remembered import Remembered, RememberedTexts, StoredText

MOST = 8
NUMBERS = st.lists(st.integers(1, 20), max_size=12)
STEPS = st.lists(
    st.tuples(st.sampled_from(["find", "write", "write and tell", "delete", "clear"]), NUMBERS), max_size=30
)


@given(STEPS)
def test_rows_are_those_of_the_file(steps: list[tuple[str, list[int]]]) -> None:
    file, asked = dict.fromkeys(range(1, 15), 0), list[int]()

    def read(numbers: Iterable[int]) -> dict[int, int]:
        asked[:] = numbers
        return {x: file[x] for x in asked if x in file}

    remembered = Remembered(read, MOST)
    for version, (step, numbers) in enumerate(steps, start=1):
        if step == "find":
            asked.clear()
            assert remembered.find(numbers) == {x: file[x] for x in numbers if x in file}
            assert len(asked) == len(set(asked))
            if len(set(numbers)) <= MOST // 2:
                asked.clear()
                remembered.find(numbers)
                assert not asked  # what was just read is not read again
        elif step == "clear":
            remembered.clear()
        else:
            for number in numbers:
                file.pop(number, None)
            if step != "delete":
                file |= dict.fromkeys(numbers, version)
            if step == "write and tell":
                remembered.put(dict.fromkeys(numbers, version))
            else:
                remembered.forget(numbers)
        assert len(remembered._rows) <= MOST


@given(STEPS)
def test_leads_are_those_of_the_file(steps: list[tuple[str, list[int]]]) -> None:
    file = dict.fromkeys(range(1, 15), 0)

    def text(version: int) -> StoredText:
        return StoredText(np.nan, float(version), "[]", version, np.array([version, 7, 9], dtype="<u2").tobytes())

    texts = RememberedTexts(lambda centres: {x: text(file[x]) for x in centres if x in file}, "a file", 3)
    for version, (step, numbers) in enumerate(steps, start=1):
        if step == "clear":
            texts.clear()
        elif step != "find":
            for number in numbers:
                file.pop(number, None)
            if step != "delete":
                file |= dict.fromkeys(numbers, version)
            if step == "write and tell":
                texts.put({x: text(version) for x in numbers})
            else:
                texts.forget(numbers)
        asked = sorted({*numbers, *range(version, 20, 5)})
        found, leads = texts.find_leads(np.array(asked, dtype=np.int64))
        assert found.tolist() == [x for x in asked if x in file]
        assert leads.slots.tolist() == [[file[x], 7, 9] for x in asked if x in file]
        assert leads.dates[:, 1].tolist() == [file[x] for x in asked if x in file]
        assert np.isnan(leads.dates[:, 0]).all()


def test_what_another_program_changes_is_not_what_was_remembered(path: Path, generated: list[Article]) -> None:
    article = next(x for x in generated if len(x.text) > 300)
    twin = replace(article, id="twin")
    with StoryIndex.open(path) as index:
        index.add([article])
        assert index.query([twin])[0].relation == "exact"
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE document SET hash = hash - 1")
        assert index.query([twin])[0].relation == "copy"
