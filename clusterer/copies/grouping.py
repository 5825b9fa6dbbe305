"""Star clustering: verified links of documents to copy groups, bounded against chains.

The member with the most links becomes a centre and takes every document that is linked to it; the next free one
follows. Each member then stands with the centre it is most alike. So every member was verified against its centre
itself, no group is wider than two links, and a chain of look-alikes falls into pieces instead of growing.

Documents are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Source: Aslam, Pelekhov and Rus 2004, "The star clustering algorithm for static and dynamic information organization".

Array letters: `n` documents, `m` links.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts, run_starts


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
    starts = offsets_from_counts(degree)
    is_centre = degree == 0
    taken = is_centre.copy()
    linked = np.flatnonzero(degree)
    for i in linked[np.argsort(-degree[linked], kind="stable")].tolist():
        if not taken[i]:
            is_centre[i] = True
            taken[ends[starts[i] : starts[i + 1], 1]] = True

    to_centre = is_centre[ends[:, 1]] & ~is_centre[ends[:, 0]]
    member, star, strong = ends[to_centre, 0], ends[to_centre, 1], strong[to_centre]
    order = np.lexsort((star, -strong, member))
    best = order[run_starts(member[order])]
    centre[member[best]] = star[best]
    return centre
