"""Threads: results in order, little read ahead, errors in their place."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from clusterer.arrays import parallel
from clusterer.arrays.parallel import ahead, ordered_map, run_both, usable_cores, workers


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
def test_items_are_made_ahead_in_order_and_few(threads: int) -> None:
    made, makers = list[int](), set[int]()

    def numbers() -> Iterator[int]:
        for number in range(30):
            made.append(number)
            makers.add(threading.get_ident())
            yield number
        raise ValueError("feed")

    given, taken = ahead(numbers(), threads), []
    for number in islice(given, 30):
        assert len(made) - len(taken) <= (1 if threads == 1 else 1 + parallel._AHEAD)
        taken.append(number)
    assert taken == [*range(30)]
    with pytest.raises(ValueError, match="feed"):
        next(given)
    assert (makers == {threading.get_ident()}) == (threads == 1)
    assert [*ahead([None, 0, ""], threads)] == [None, 0, ""]
    stopped = ahead(iter(range(30)), threads)
    assert next(stopped) == 0
    stopped.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_two_functions_alongside(threads: int) -> None:
    assert run_both(lambda: "first", lambda: 2, threads) == ("first", 2)
    with pytest.raises(ZeroDivisionError):
        run_both(lambda: 1 // 0, lambda: 2, threads)
    with pytest.raises(ZeroDivisionError):
        run_both(lambda: 1, lambda: 1 // 0, threads)


def test_no_threads_asked_for_are_all_that_may_be_used() -> None:
    assert [workers(n) for n in (1, 2, 7)] == [1, 2, 7]
    assert workers(0) == usable_cores() >= 1
    together = threading.Barrier(min(usable_cores(), 4))
    assert [*ordered_map(lambda _: together.wait(120) >= 0, range(together.parties), 0)] == [True] * together.parties


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a system without affinity")
def test_cores_are_those_of_the_affinity_and_of_the_quota(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores.__wrapped__() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(parallel, "_QUOTA", quota)
    for text, cores in (("50000 100000", 1), ("100000 100000", 1), ("max 100000", len(allowed)), ("?", len(allowed))):
        quota.write_text(text)
        assert usable_cores.__wrapped__() == min(cores, len(allowed))


def test_one_item_needs_no_thread() -> None:
    assert [*ordered_map(lambda _: threading.current_thread(), [0], 3)] == [threading.current_thread()]
