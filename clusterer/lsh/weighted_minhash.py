"""Weighted MinHash: sets whose members count more or less to signatures, for probability Jaccard similarity.

Sources: Moulton and Jiang 2018, "Maximally consistent sampling and the Jaccard index of probability distributions";
Ertl 2020, "ProbMinHash", algorithm 1; Li and König 2010, "b-Bit minwise hashing".

Array letters: `n` sets, `s` members of all sets, `k` slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import mix
from clusterer.arrays.ragged import Ragged


def weighted_signatures(sets: Ragged, weights: NDArray[np.float64], k: int = 256, seed: int = 1) -> NDArray[np.uint16]:
    """Signatures of n weighted sets: a slot holds a member, a heavy one more often than a light one.

    The share of equal slots of two signatures estimates their probability Jaccard similarity (Moulton and Jiang 2018,
    "Maximally consistent sampling and the Jaccard index of probability distributions"). Each member sends out points
    of a Poisson process as fast as it is heavy, each to a random slot; a slot keeps the first that arrives: Ertl 2020,
    "ProbMinHash", algorithm 1, but stopped at a fixed time, so that all sets run side by side. About one slot in 55
    is then still empty; it gets a value of its own that hardly ever equals another. Of members 16 bits are kept (Li
    and König 2010): two different ones look equal once in 65,536 slots.

    Args:
        sets: uint64 hashes of members, each once a set.
        weights: float64 (s,), positive; only their proportions within a set count.
        k: slots a signature.
        seed: of the hash functions.

    Returns:
        uint16 (n, k). A set without members has the largest value in every slot.
    """
    last = WAITED * k  # by then a slot has been missed with probability 1 / e**4
    salt = mix(np.full(1, seed, dtype=np.uint64))
    slots = np.empty((len(sets), k), dtype=np.uint16)
    kernels.arrivals(sets.values, weights, sets.offsets, int(salt[0]), _WAITING, last, slots)
    return slots


# How long the next point of a Poisson process of rate 1 lets wait: -log of a uniform number, read from 4,096 cells and
# the straight line between them, so that every machine and both kinds of loop give the same bits. The first cell, where
# the logarithm has no end, keeps its mean.
CELLS = 4096  # the kernels read a cell off twelve bits
WAITED = 4.0  # slots' worth of time after which a set's points stop
_WAITING = np.concatenate(([2.0 * (1.0 + np.log(CELLS)) - np.log(CELLS)], -np.log(np.arange(1, CELLS + 1) / CELLS)))
