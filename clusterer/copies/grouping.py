"""Grouping: verified pairs to copy groups, bounded against chains.

Texts that are all but equal are put together first: around the one with the most such neighbours, so that none is further from
it than `DENSE` allows. (Jaccard distance is a metric: any two of them are at most twice as far apart, and what one is alike, all
are.) These clumps are joined by average linkage over the verified similarities, absent pairs counting as 0: near-identical
texts come together, a chain of look-alikes falls into pieces, and two groups that no pair of copies binds stay apart.

Then every group may join one other as a cut of it: the one that holds most of it, on average over all pairs. It carries no
likeness on: what was joined to a third is no source, two cuts share something or stay apart, and a text that is held by
several otherwise different ones is a formula, and a cut of none.

Groups hang on pairs alone, so a component that is linked to nothing else can be grouped by itself: batch, index and Spark call
the same function. Documents are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Sources: Aslam, Pelekhov and Rus 2004, "The star clustering algorithm for static and dynamic information organization" (clumps);
Levandowsky and Winter 1971, "Distance between sets" (the metric).

Array letters: `n` documents, `m` pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import factorize, offsets_from_counts, run_starts, starts_run
from clusterer.arrays.linkage import average_linkage, components

DENSE = 0.9
"""Jaccard from which texts are put together before groups are compared."""
SHARE = 0.85
"""Share of a threshold that two groups must reach on average; one pair at least must reach it all."""
FORMULA = 4
"""Otherwise different groups that hold a text about equally: it is a formula, and no cut of any."""
_EQUALLY = 0.2  # containment by which a source may be behind the best one and still count


@dataclass(frozen=True, slots=True)
class Likeness:
    """What grouping needs to know of m pairs of documents.

    Attributes:
        pairs: int64 (m, 2), the longer document first, sorted.
        jaccard, containment: float64 (m,); negative for pairs that should not come together.
        copies, cuts: bool (m,), pairs that are copies as a whole, and those whose second document is a cut of the first.
    """

    pairs: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    copies: NDArray[np.bool_]
    cuts: NDArray[np.bool_]


def group_documents(
    likeness: Likeness, n: int, jaccard: float, containment: float, crowd: int = 1 << 62
) -> NDArray[np.int64]:
    """The copy group of every document, int64 (n,): the number of its first member.

    Args:
        likeness: of all pairs that are near.
        n: number of documents.
        jaccard, containment: thresholds of copies and cuts.
        crowd: documents of one component above which pairs may be missing, for buckets have a cap: there the clumps are
            as wide as copies are.
    """
    cores = _cores(likeness, n, jaccard, crowd)
    return _with_cuts(likeness, cores, containment) if likeness.cuts.any() else cores


def _cores(likeness: Likeness, n: int, jaccard: float, crowd: int) -> NDArray[np.int64]:
    """Groups of texts that are alike as a whole."""
    copies = np.flatnonzero(likeness.copies)
    if not len(copies):
        return np.arange(n)
    pairs, strength = likeness.pairs[copies], likeness.jaccard[copies]
    dense = strength >= max(DENSE, jaccard)
    clump = clump_centres(pairs[dense], strength[dense], n)
    crowded = _crowded(clump[pairs], n, crowd)
    if crowded.any():
        loose = crowded[clump[pairs[:, 0]]]
        wide = clump_centres(pairs[loose], strength[loose], n)
        clump = np.where(crowded[clump], wide, clump)
    ends = np.sort(clump[likeness.pairs], axis=1)
    between = np.flatnonzero(ends[:, 0] != ends[:, 1])
    codes, number = factorize(ends[between] @ np.array([n, 1]))
    mean = np.bincount(number, likeness.jaccard[between], len(codes)) / np.bincount(number, minlength=len(codes))
    bound = np.bincount(number, likeness.copies[between], len(codes)) > 0
    links, weights = np.stack(np.divmod(codes, n), axis=1), np.bincount(clump, minlength=n)
    group = _linked(links, mean, n, SHARE * jaccard, weights, bound)[clump]
    first = np.full(n, n)
    np.minimum.at(first, group, np.arange(n))
    return first[group]


def _linked(
    links: NDArray[np.int64],
    mean: NDArray[np.float64],
    n: int,
    threshold: float,
    weights: NDArray[np.int64],
    bound: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """`average_linkage`; most clumps have one neighbour that has no other, and need no queue.

    What no chain of bonds joins never comes together, whatever it shares.
    """
    component = components(links[bound], n)
    inside = component[links[:, 0]] == component[links[:, 1]]
    links, mean, bound = links[inside], mean[inside], bound[inside]
    degree = np.bincount(links.ravel(), minlength=n)
    single = (degree[links] == 1).all(axis=1)
    group = average_linkage(links[~single], mean[~single], n, threshold, weights, bound[~single])
    joined = links[single & bound & (mean >= threshold)]
    group[joined[:, 1]] = joined[:, 0]
    return group


def _crowded(pairs: NDArray[np.int64], n: int, crowd: int) -> NDArray[np.bool_]:
    """Bool (n,), True for the clumps of components of more than so many."""
    if n <= crowd:
        return np.zeros(n, dtype=np.bool_)
    component = components(pairs[pairs[:, 0] != pairs[:, 1]], n)
    crowded: NDArray[np.bool_] = (np.bincount(component, minlength=n) > crowd)[component]
    return crowded


def _with_cuts(likeness: Likeness, cores: NDArray[np.int64], containment: float) -> NDArray[np.int64]:
    """Groups joined to the one that they are cuts of."""
    n = len(cores)
    longer, shorter = cores[likeness.pairs].T
    between = longer != shorter
    near = np.flatnonzero(between)
    codes, number = factorize(np.minimum(longer, shorter)[near] * n + np.maximum(longer, shorter)[near])
    size = np.bincount(cores, minlength=n)
    low, high = np.divmod(codes, n)
    held = np.bincount(number, likeness.containment[near], len(codes)) / (size[low] * size[high])
    cut, source = np.divmod(np.unique(shorter[likeness.cuts & between] * n + longer[likeness.cuts & between]), n)
    share = held[np.searchsorted(codes, np.minimum(cut, source) * n + np.maximum(cut, source))]
    starts = np.flatnonzero(starts_run(cut))
    which = np.cumsum(starts_run(cut)) - 1
    best = np.maximum.reduceat(share, starts)[which]
    about_equally = np.add.reduceat((share >= best - _EQUALLY).astype(np.int64), starts)[which]
    offered = np.flatnonzero((about_equally < FORMULA) & (share >= SHARE * containment))
    offered = offered[np.lexsort((cut[offered], source[offered], -share[offered]))]
    is_cut = np.zeros(n, dtype=np.bool_)
    is_cut[cut] = True
    beside = is_cut[low] & is_cut[high]  # of other pairs nobody asks
    mean = dict(zip(codes[beside].tolist(), held[beside].tolist(), strict=True))
    joined: dict[int, int] = {}
    cuts_of: dict[int, list[int]] = {}
    for short, long in zip(cut[offered].tolist(), source[offered].tolist(), strict=True):
        if short in joined or long in joined or short in cuts_of:
            continue
        others = cuts_of.get(long, [])
        if all(mean.get(min(short, other) * n + max(short, other), 0.0) > 0 for other in others):
            joined[short] = long
            cuts_of[long] = [*others, short]
    group = np.arange(n)
    group[list(joined)] = list(joined.values())
    # A source is longer than its cuts, but a copy of a cut may be longer than the source: named by the longest of all.
    group = group[cores]
    first = np.full(n, n)
    np.minimum.at(first, group, np.arange(n))
    return first[group]


def clump_centres(links: NDArray[np.int64], strength: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """The centre of every document, int64 (n,); a centre is its own.

    The document with the most links becomes a centre and takes every one that is linked to it; the next free one follows. Each
    member then stands with the centre it is most alike.

    Args:
        links: int64 (m, 2), verified pairs, each once, in either order.
        strength: float64 (m,), how alike each pair is; decides between two centres.
        n: number of documents.
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
    member, middle, strong = ends[to_centre, 0], ends[to_centre, 1], strong[to_centre]
    order = np.lexsort((middle, -strong, member))
    best = order[run_starts(member[order])]
    centre[member[best]] = middle[best]
    return centre
