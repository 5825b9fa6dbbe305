"""Threads: `map` over chunks, results in the order of the chunks, little read ahead.

The compiled loops and NumPy's sorts give up the interpreter's lock, so threads share out their work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
_S = TypeVar("_S")


def ordered_map(function: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Iterator[_R]:
    """`map` on threads, results in order, never more than two items a thread read ahead."""
    if threads == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[_R]] = deque()
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def run_both(first: Callable[[], _R], second: Callable[[], _S], threads: int) -> tuple[_R, _S]:
    """What two functions give, on two threads where there are as many."""
    if threads == 1:
        return first(), second()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(second)
        return first(), other.result()
