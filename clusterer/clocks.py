"""Clocks that were read wrong: outlets whose copies all lie the same whole half hours apart. Changes no date and no group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400.0  # seconds
_STEP = 1800.0  # seconds: zones differ by whole half hours, save three
_SLACK = 120.0  # seconds that a channel may take for a repost
_WIDEST = 28  # steps: no two zones of a feed are further apart
_FEWEST, _SHARE = 10, 0.8  # copies of two outlets, and of these those equally far apart
_BESIDE = 8  # outlets of a copy group that each is compared with
_ENTRIES = 1_000_000  # first articles of outlets within copy groups that are looked at: what is constant shows in fewer
_TOLD = 3


def constant_offsets(outlets: Sequence[str], dates: NDArray[np.float64], groups: NDArray[np.int64]) -> list[str]:
    """Notes of outlets whose copies are always as far apart as two zones are; with the cure.

    Of each copy group the earliest articles of two outlets count once. Days without an hour do not count.

    Args:
        outlets: of n articles, "" where unknown.
        dates: float64 (n,), seconds since 1970, inf where unknown.
        groups: int64 (n,), the copy group of each, negative where it has none.

    Examples:
        >>> hours = np.arange(1, 13) * 5000.0
        >>> dates, groups = np.concatenate([hours, hours + 3 * 3600]), np.tile(np.arange(12), 2)
        >>> constant_offsets(["a"] * 12 + ["b"] * 12, dates, groups)
        ['12 copies of a and b are 3 h 00 min apart, later in b: one clock may be read wrong; cure: check --timezone']
    """
    timed = np.flatnonzero(np.isfinite(dates) & (groups >= 0))
    timed = timed[dates[timed] % _DAY != 0]
    timed = timed[np.bincount(groups[timed])[groups[timed]] > 1]
    named = [outlets[i] for i in timed.tolist()]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(named))}
    outlet = np.fromiter(map(numbers.__getitem__, named), dtype=np.int64, count=len(timed))
    known = outlet != numbers.get("", -1)
    timed, outlet = timed[known], outlet[known]
    group, when = groups[timed], dates[timed]
    order = np.lexsort((when, outlet, group))
    group, outlet, when = group[order], outlet[order], when[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (group[1:] != group[:-1]) | (outlet[1:] != outlet[:-1])
    group, outlet, when = (x[first][:_ENTRIES] for x in (group, outlet, when))
    return _told(list(numbers), *_differences(group, outlet, when))


def _differences(
    group: NDArray[np.int64], outlet: NDArray[np.int64], when: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Of pairs in a group both outlets, int64 (m,) each, and by how many seconds the second is later, float64 (m,)."""
    a, b = list[NDArray[np.int64]](), list[NDArray[np.int64]]()
    for step in range(1, min(_BESIDE, len(group) - 1) + 1):
        start = np.flatnonzero(group[:-step] == group[step:])
        a.append(start)
        b.append(start + step)
    if not a:
        return outlet[:0], outlet[:0], when[:0]
    left, right = np.concatenate(a), np.concatenate(b)
    return outlet[left], outlet[right], when[right] - when[left]


def _told(names: list[str], left: NDArray[np.int64], right: NDArray[np.int64], apart: NDArray[np.float64]) -> list[str]:
    """A line for each of the pairs of outlets with the most such copies."""
    pairs, place, totals = np.unique(left * len(names) + right, return_inverse=True, return_counts=True)
    steps = np.rint(apart / _STEP).astype(np.int64)
    fits = (steps != 0) & (np.abs(steps) <= _WIDEST) & (np.abs(apart - steps * _STEP) <= _SLACK)
    width = 2 * _WIDEST + 1
    same, counts = np.unique(place[fits] * width + steps[fits] + _WIDEST, return_counts=True)
    pair, step = same // width, same % width - _WIDEST
    found = np.flatnonzero((totals[pair] >= _FEWEST) & (counts >= _SHARE * totals[pair]))
    found = found[np.argsort(-counts[found], kind="stable")]
    lines = []
    for i in found[:_TOLD].tolist():
        first, second = divmod(int(pairs[pair[i]]), len(names))
        later = names[second if step[i] > 0 else first]
        half_hours = abs(int(step[i]))
        total = int(totals[pair[i]])
        many = f"{counts[i]:,}" if counts[i] == total else f"{counts[i]:,} of {total:,}"
        lines.append(
            f"{many} copies of {names[first]} and {names[second]} are {half_hours // 2} h {half_hours % 2 * 30:02} min apart,"
            f" later in {later}: one clock may be read wrong; cure: check --timezone"
        )
    if len(found) > _TOLD:
        lines.append(f"so are copies of {len(found) - _TOLD} more pairs of outlets")
    return lines
