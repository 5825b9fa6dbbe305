"""Grouping: verified links to groups, bounded against chains. Two ways, one input: links and how strong they are.

Star clustering: the member with the most links becomes a centre and takes every article that is linked to it; the
next free one follows. Each member then stands with the centre it is most alike. So every member was verified against
its centre itself, no group is wider than two links, and a chain of look-alikes falls into pieces instead of growing.

Average linkage: the two groups with the strongest mean link are joined, again and again, while that mean reaches a
threshold; pairs without a link count as 0. So one link does not weld two groups, and an article that tells two events
joins at most one of them.

Articles are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Sources: Aslam, Pelekhov and Rus 2004, "The star clustering algorithm for static and dynamic information organization";
Sokal and Michener 1958, "A statistical method for evaluating systematic relationships" (average linkage).

Array letters: `n` articles, `m` links.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def star_centres(links: NDArray[np.int64], strength: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """The centre of every article, int64 (n,); a centre is its own.

    Args:
        links: int64 (m, 2), verified pairs, each once, in either order.
        strength: float64 (m,), how alike each pair is; decides between two centres.
        n: number of articles.
    """
    centre = np.arange(n)
    if not len(links):
        return centre
    ends = np.concatenate([links, links[:, ::-1]])  # each link seen from both sides
    strong = np.concatenate([strength, strength])
    by_first = np.lexsort((ends[:, 1], ends[:, 0]))
    ends, strong = ends[by_first], strong[by_first]
    degree = np.bincount(ends[:, 0], minlength=n)
    starts = np.concatenate(([0], np.cumsum(degree)))
    is_centre = degree == 0
    taken = is_centre.copy()
    linked = np.flatnonzero(degree)
    for i in linked[np.argsort(-degree[linked], kind="stable")].tolist():
        if not taken[i]:
            is_centre[i] = True
            taken[ends[starts[i] : starts[i + 1], 1]] = True

    to_centre = is_centre[ends[:, 1]] & ~is_centre[ends[:, 0]]
    member, of, strong = ends[to_centre, 0], ends[to_centre, 1], strong[to_centre]
    order = np.lexsort((of, -strong, member))
    first = np.concatenate(([True], member[order][1:] != member[order][:-1]))
    centre[member[order][first]] = of[order][first]
    return centre


def first_of_group(groups: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """For every group the member that comes first, int64 (number of groups,).

    Args:
        groups: int64 (n,), group numbers 0, 1, 2, ... of each article.
        order: int64 (n,), the articles from best to last.
    """
    out = np.full(int(groups.max(initial=-1)) + 1, -1, dtype=np.int64)
    out[groups[order[::-1]]] = order[::-1]  # the last write wins: the best of each group
    return out


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


def spanning_parents(
    links: NDArray[np.int64], strength: NDArray[np.float64], groups: NDArray[np.int64], roots: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The link by which each article hangs on its group's root: number of a link, int64 (n,), -1 for roots.

    The strongest links that reach everybody: a maximum spanning tree of each group (Kruskal 1956).

    Args:
        links: int64 (m, 2).
        strength: float64 (m,).
        groups: int64 (n,), any labels; links across groups are left out. Groups must hang together by links.
        roots: bool (n,), one article a group.
    """
    n = len(groups)
    top = list(range(n))

    def find(x: int) -> int:
        while top[x] != x:
            top[x] = top[top[x]]
            x = top[x]
        return x

    inside = np.flatnonzero(groups[links[:, 0]] == groups[links[:, 1]])
    order = inside[np.lexsort((links[inside, 1], links[inside, 0], -strength[inside]))]
    near: dict[int, list[tuple[int, int]]] = {}
    for number in order.tolist():
        a, b = links[number].tolist()
        x, y = find(a), find(b)
        if x != y:
            top[y] = x
            near.setdefault(a, []).append((b, number))
            near.setdefault(b, []).append((a, number))
    by = np.full(n, -1, dtype=np.int64)
    reached = [i for i in np.flatnonzero(roots).tolist() if i in near]
    seen = set(reached)
    while reached:
        a = reached.pop()
        for b, number in near[a]:
            if b not in seen:
                seen.add(b)
                by[b] = number
                reached.append(b)
    return by
