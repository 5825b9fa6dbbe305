"""Grouping: verified links to groups, bounded against chains.

Star clustering: the member with the most links becomes a centre and takes every article that is linked to it; the
next free one follows. Each member then stands with the centre it is most alike. So every member was verified against
its centre itself, no group is wider than two links, and a chain of look-alikes falls into pieces instead of growing.

Articles are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Source: Aslam, Pelekhov and Rus 2004, "The star clustering algorithm for static and dynamic information organization".

Array letters: `n` articles, `m` links.
"""

from __future__ import annotations

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
    degree = np.bincount(ends[:, 0], minlength=n)
    rank = np.empty(n, dtype=np.int64)
    rank[np.lexsort((np.arange(n), -degree))] = np.arange(n)

    # The greedy order in parallel rounds: whoever has no open neighbour of better rank is next (or simultaneous).
    is_centre = degree == 0
    open_ = degree > 0
    better = ends[rank[ends[:, 1]] < rank[ends[:, 0]]]
    while open_.any():
        better = better[open_[better[:, 0]] & open_[better[:, 1]]]
        chosen = open_.copy()
        chosen[better[:, 0]] = False
        is_centre |= chosen
        open_ &= ~chosen
        open_[ends[chosen[ends[:, 0]], 1]] = False

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
