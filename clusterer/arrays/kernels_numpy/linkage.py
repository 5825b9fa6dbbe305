"""Links to groups and to trees, in NumPy and plain Python.

Array letters: `n` items, `m` links.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray


def link_on_average(
    pairs: NDArray[np.int64],
    strength: NDArray[np.float64],
    threshold: float,
    weights: NDArray[np.int64],
    binding: NDArray[np.uint8],
    group: NDArray[np.int64],
) -> None:
    """Join the two groups with the strongest mean link, again and again, while that mean reaches the threshold.

    Args:
        pairs: int64 (m, 2), each once, in either order.
        strength: float64 (m,).
        threshold: least mean at which two groups are joined.
        weights: int64 (n,), how many each item stands for.
        binding: uint8 (m,), 1 for links of which two groups must have one to be joined.
        group: int64 (n,), written: the first member of each item's group.
    """
    parent, size = list(range(len(weights))), weights.tolist()
    near: dict[int, dict[int, float]] = {}
    bound: dict[int, set[int]] = {}
    heap: list[tuple[float, int, int]] = []
    for (a, b), s, binds in zip(pairs.tolist(), strength.tolist(), binding.tolist(), strict=True):
        near.setdefault(a, {})[b] = near.setdefault(b, {})[a] = s * (size[a] * size[b])
        if binds:
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
        for c in bound.pop(b):
            bound[c].discard(b)
            if c != a:
                bound[a].add(c)
                bound[c].add(a)
        for c, s in near[a].items():
            mean = s / (size[a] * size[c])
            if mean >= threshold and c in bound[a]:
                heapq.heappush(heap, (-mean, min(a, c), max(a, c)))
    group[:] = parent
    while (group[group] != group).any():
        group[:] = group[group]


def spanning_links(pairs: NDArray[np.int64], roots: NDArray[np.uint8], out: NDArray[np.int64]) -> None:
    """Find the links by which items hang on roots: the first ones that reach everybody, a minimum spanning tree.

    Args:
        pairs: int64 (m, 2), each once, the best first.
        roots: uint8 (n,), 1 for one item of each component.
        out: int64 (n,), written: the link by which each item is joined on the way to its root; -1 for roots and what no
            root reaches.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    n = len(roots)
    ranks = np.arange(1.0, len(pairs) + 1)  # distinct, so that there is one tree; a weight of 0 would be no link
    tree = minimum_spanning_tree(coo_array((ranks, pairs.T), shape=(n, n)).tocsr()).tocoo()
    # One search from an item that does not exist, joined to every root.
    top = np.flatnonzero(roots)
    rows, columns = np.append(tree.row, np.full(len(top), n)), np.append(tree.col, top)
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n + 1, n + 1)).tocsr()
    _, parents = breadth_first_order(graph, n, directed=False)
    number = tree.data.astype(np.int64) - 1
    out[:] = -1
    for child, parent in ((tree.row, tree.col), (tree.col, tree.row)):
        joined = parents[child] == parent
        out[child[joined]] = number[joined]
