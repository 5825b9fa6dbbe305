"""Average linkage: the two groups with the strongest mean link are joined, again and again, while that mean reaches a threshold.

Pairs without a link count as 0. So one link does not weld two groups, and an article that tells two events joins at most one of
them. What links are, and how they are measured, others know.

Items are numbered by preference (lower first), so ties fall the same way whatever the order of the input.

Source: Sokal and Michener 1958, "A statistical method for evaluating systematic relationships".

Array letters: `n` items, `m` links.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels


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
    weights = np.ones(n, dtype=np.int64) if weights is None else np.ascontiguousarray(weights, dtype=np.int64)
    binds = np.ones(len(links), dtype=np.uint8) if binding is None else np.ascontiguousarray(binding).view(np.uint8)
    group = np.empty(n, dtype=np.int64)
    kernels.link_on_average(
        np.ascontiguousarray(links), np.ascontiguousarray(strength), threshold, weights, binds, group
    )
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
