"""Threads: `map` over chunks, results in the order of the chunks, little read ahead.

The compiled loops and NumPy's sorts give up the interpreter's lock, so threads share out their work.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from itertools import chain, islice
from math import ceil
from pathlib import Path
from typing import TypeVar, cast

from clusterer.arrays.spill import relieve

_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds of processor time, and in how many
_AHEAD = 4  # items that are made before they are asked for
_T = TypeVar("_T")
_R = TypeVar("_R")
_S = TypeVar("_S")


def workers(threads: int) -> int:
    """How many threads to work with: those asked for; for 0 as many as there are cores."""
    return threads or usable_cores()


@lru_cache(maxsize=1)
def usable_cores() -> int:
    """Cores that this process may use: those of its affinity, at most the quota of its container (cgroups, version 2)."""
    count: int | None
    if sys.version_info >= (3, 13):
        count = os.process_cpu_count()
    elif hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count()
    with suppress(OSError, ValueError):  # without a quota it reads "max"
        quota, period = map(int, _QUOTA.read_text(encoding="ascii").split())
        count = min(count or 1, max(ceil(quota / period), 1))
    return count or 1


def ordered_map(function: Callable[[_T], _R], items: Iterable[_T], threads: int) -> Iterator[_R]:
    """`map` on threads (0 for all cores), results in order, never more than two items a thread read ahead."""
    threads, remaining = workers(threads), iter(items)
    first = [] if threads == 1 else [*islice(remaining, 2)]
    if len(first) < 2:  # no work to share out
        for result in map(function, chain(first, remaining)):
            yield result
            relieve()
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[_R]] = deque()
        for item in chain(first, remaining):
            waiting.append(pool.submit(function, item))
            if len(waiting) >= 2 * threads:
                yield waiting.popleft().result()
                relieve()
        while waiting:
            yield waiting.popleft().result()


def ahead(items: Iterable[_T], threads: int) -> Generator[_T, None, None]:
    """The items, made on a thread of their own while others are worked on, where there are several (0 for all cores)."""
    if workers(threads) == 1:
        yield from items
        return
    remaining, end = iter(items), object()
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, remaining, end) for _ in range(_AHEAD))
        while (item := waiting.popleft().result()) is not end:
            waiting.append(pool.submit(next, remaining, end))
            yield cast(_T, item)


def run_both(first: Callable[[], _R], second: Callable[[], _S], threads: int) -> tuple[_R, _S]:
    """What two functions give, on two threads where there are as many (0 for all cores)."""
    if workers(threads) == 1:
        return first(), second()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(second)
        return first(), other.result()
