"""Ids: one rule for those that are taken, whoever asks."""

from __future__ import annotations

from itertools import islice

from hypothesis import given, strategies as st

from clusterer.articles import free_ids, nth_free_id, numbered_id, parse_id


@given(st.text(max_size=5), st.integers(1, 12), st.sets(st.integers(2, 15), max_size=8))
def test_an_id_by_turn_is_the_one_that_counting_up_finds(name: str, turn: int, numbers: set[int]) -> None:
    taken = {numbered_id(name, number) for number in numbers}
    assert nth_free_id(name, turn, numbers) == next(islice(free_ids(name, taken.__contains__), turn - 1, None))


@given(st.text(max_size=5), st.integers(2, 10**20))
def test_numbered_ids_are_read_back(name: str, number: int) -> None:
    assert parse_id(numbered_id(name, number)) == (name, number)


def test_what_only_looks_like_a_numbered_id() -> None:
    assert [parse_id(id) for id in ("a", "a#", "a#0", "a#1", "a#02", "a#2b", "#")] == [None] * 7
    assert parse_id("a\nb#2#3") == ("a\nb#2", 3)
