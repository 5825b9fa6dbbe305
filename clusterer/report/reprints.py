"""Who copies whom: outlets counted over copy groups, by who was first. Forms no group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from clusterer.report.model import Reprints
from clusterer.stories import features

OUTLETS = 24
"""Outlets of the matrix, those with the most copies."""


def reprints(copies: Sequence[str], outlets: Sequence[str], when: Sequence[float]) -> Reprints:
    """Return who copies whom.

    Args:
        copies: copy group of each article.
        outlets: outlet of each article, "" where it is unknown.
        when: date of each article in seconds since 1970, inf where it is unknown.
    """
    latest = features.end_of_day(np.asarray(when, dtype=np.float64)).tolist()
    groups: dict[str, list[int]] = {}
    for i, copy in enumerate(copies):
        groups.setdefault(copy, []).append(i)
    pairs = Counter[tuple[str, str]]()
    counted = ties = unknown = 0
    for group in groups.values():
        inside = {outlets[i] for i in group}
        if len(inside) < 2:
            continue
        if "" in inside or any(when[i] == np.inf for i in group):
            unknown += 1
            continue
        start = min(latest[i] for i in group)
        earliest = {outlets[i] for i in group if when[i] <= start}
        if len(earliest) > 1:
            ties += 1
            continue
        counted += 1
        (first,) = earliest
        pairs.update((outlet, first) for outlet in inside - earliest)
    copied, was_first = Counter[str](), Counter[str]()
    for (who, whom), count in pairs.items():
        copied[who] += count
        was_first[whom] += count
    order = sorted(copied | was_first, key=lambda name: (-copied[name] - was_first[name], name))
    names = tuple(order[:OUTLETS])
    return Reprints(
        names,
        tuple(tuple(pairs[who, whom] for whom in names) for who in names),
        tuple(copied[name] for name in names),
        tuple(was_first[name] for name in names),
        counted,
        ties,
        unknown,
        len(order) - len(names),
    )
