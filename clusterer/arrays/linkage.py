"""Average linkage: the two groups with the strongest mean link are joined, again and again, while that mean reaches a threshold.

Pairs without a link count as 0. So one link does not weld two groups, and an article that tells two events joins at most one of
them. What links are, and how they are measured, others know.

Items are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Source: Sokal and Michener 1958, "A statistical method for evaluating systematic relationships".

Array letters: `n` items, `m` links.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def average_linkage(
    links: NDArray[np.int64],
    strength: NDArray[np.float64],
    n: int,
    threshold: float,
    weights: NDArray[np.int64] | None = None,
    binding: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """The group of every item, int64 (n,): the number of its first member.

    Args:
        links: int64 (m, 2), pairs, each once, in either order.
        strength: float64 (m,), negative where a link speaks against joining.
        n: number of items.
        threshold: least mean strength at which two groups are joined.
        weights: int64 (n,), how many each item stands for; 1 where None.
        binding: bool (m,), links of which two groups must have one to be joined; all where None.
    """
    parent = list(range(n))
    size = [1] * n if weights is None else weights.tolist()
    near: dict[int, dict[int, float]] = {}
    bound: dict[int, set[int]] | None = None if binding is None else {}
    heap: list[tuple[float, int, int]] = []
    for number, ((a, b), s) in enumerate(zip(links.tolist(), strength.tolist(), strict=True)):
        near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = s * (size[a] * size[b])
        if bound is not None and binding is not None:
            if not binding[number]:
                continue
            bound.setdefault(a, set()).add(b)
            bound.setdefault(b, set()).add(a)
        if s >= threshold:
            heap.append((-s, min(a, b), max(a, b)))
    # A mean is its total over sizes again, to the last bit, or the queue would not know its own entries.
    heap = [(-near[a][b] / (size[a] * size[b]), a, b) for _, a, b in heap]
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
        if bound is not None:
            for c in bound.pop(b):
                bound[c].discard(b)
                if c != a:
                    bound[a].add(c)
                    bound[c].add(a)
        for c, s in near[a].items():
            mean = s / (size[a] * size[c])
            if mean >= threshold and (bound is None or c in bound[a]):
                heapq.heappush(heap, (-mean, min(a, c), max(a, c)))
    group = np.array(parent, dtype=np.int64)
    while (group[group] != group).any():
        group = group[group]
    return group


def components(links: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The connected component of every item, int64 (n,): the number of its first member.

    Args:
        links: int64 (m, 2), pairs of items.
        n: number of items.
    """
    component = np.arange(n)
    a, b = links.T
    while (component[a] != component[b]).any():
        least = np.minimum(component[a], component[b])
        np.minimum.at(component, component[a], least)
        np.minimum.at(component, component[b], least)
        while (component[component] != component).any():
            component = component[component]
    return component
