"""Average linkage: scored pairs to groups. It bounds how far a group may stretch.

The two groups with the strongest mean link are joined, again and again, while that mean reaches a threshold; pairs
without a link count as 0. So one link does not weld two groups, and an article that tells two events joins at most one
of them.

Texts are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Source: Sokal and Michener 1958, "A statistical method for evaluating systematic relationships".

Array letters: `n` texts, `m` links.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def average_linkage(
    links: NDArray[np.int64], strength: NDArray[np.float64], n: int, threshold: float
) -> NDArray[np.int64]:
    """The group of every article, int64 (n,): the number of its first member.

    Args:
        links: int64 (m, 2), pairs, each once, in either order.
        strength: float64 (m,), positive.
        n: number of articles.
        threshold: least mean strength at which two groups are joined.
    """
    parent = list(range(n))
    size = [1] * n
    near: dict[int, dict[int, float]] = {}
    heap: list[tuple[float, int, int]] = []
    for (a, b), s in zip(links.tolist(), strength.tolist(), strict=True):
        near.setdefault(a, {})[b] = s
        near.setdefault(b, {})[a] = s
        if s >= threshold:
            heap.append((-s, min(a, b), max(a, b)))
    heapq.heapify(heap)
    while heap:
        mean, a, b = heapq.heappop(heap)
        total = near[a].get(b) if parent[a] == a and parent[b] == b else None
        if total is None or -mean != total / (size[a] * size[b]):
            continue  # one of the two has grown or gone since
        parent[b] = a
        del near[a][b], near[b][a]
        for c, s in near.pop(b).items():
            del near[c][b]
            near[a][c] = near[c][a] = near[a].get(c, 0.0) + s
        size[a] += size[b]
        for c, s in near[a].items():
            mean = s / (size[a] * size[c])
            if mean >= threshold:
                heapq.heappush(heap, (-mean, min(a, c), max(a, c)))
    group = np.array(parent, dtype=np.int64)
    while (group[group] != group).any():
        group = group[group]
    return group
