"""Threads: results in order, little read ahead, errors in their place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clusterer.arrays.parallel import ordered_map, run_both


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
