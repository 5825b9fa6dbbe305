"""weighted_minhash: see clusterer.minhash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import mix
from clusterer.arrays.ragged import Ragged
from clusterer.lsh.minhash import _ALL64, _GAMMA


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
    n, rows = len(sets), sets.rows
    last = 4.0 * k  # by then a slot has been missed with probability 1 / e**4
    salt = mix(np.full(1, seed, dtype=np.uint64))
    if kernels.compiled:
        sketch = np.empty((n, k), dtype=np.uint16)
        kernels.compiled.arrivals(sets.values, weights, sets.offsets, int(salt[0]), _WAITING, last, sketch)
        return sketch
    slower = np.bincount(rows, weights=weights, minlength=n)[rows] / weights
    slots = np.full(n * k, _ALL64, dtype=np.uint64)
    members, arrived = sets.values ^ salt, np.zeros(len(rows))
    turn = 0
    while len(members):
        turn += 1
        hashes = mix(members + np.uint64(turn * _GAMMA & _ALL64))
        upper = hashes >> np.uint64(32)
        cell = (upper >> np.uint64(20)).astype(np.int64)
        within = (upper & np.uint64(0xFFFFF)).astype(np.float64) * 2.0**-20
        arrived = arrived + (_WAITING[cell] + (_WAITING[cell + 1] - _WAITING[cell]) * within) * slower
        going = arrived <= last
        members, arrived, slower, rows, hashes = (x[going] for x in (members, arrived, slower, rows, hashes))
        slot = (hashes & np.uint64(0xFFFFFFFF)) * np.uint64(k) >> np.uint64(32)
        # Positive floats sort as their bits do: time above, member below, one minimum for both.
        time = arrived.astype(np.float32).view(np.uint32).astype(np.uint64) << np.uint64(32)
        np.minimum.at(slots, rows * k + slot.astype(np.int64), time | (members & np.uint64(0xFFFFFFFF)))
    out = (slots & np.uint64(0xFFFF)).astype(np.uint16).reshape(n, k)
    empty = (slots == np.uint64(_ALL64)).reshape(n, k) & (sets.counts > 0)[:, None]
    row, column = np.nonzero(empty)
    filled, own = np.flatnonzero(sets.counts), np.zeros(n, dtype=np.uint64)
    if len(filled):
        own[filled] = np.add.reduceat(sets.values, sets.offsets[filled])
    own = mix(own[row] + column.astype(np.uint64))
    out[row, column] = (own & np.uint64(0xFFFF)).astype(np.uint16)
    return out


# How long the next point of a Poisson process of rate 1 lets wait: -log of a uniform number, read from 4,096 cells and
# the straight line between them, so that every machine and both kinds of loop give the same bits. The first cell, where
# the logarithm has no end, keeps its mean.
_WAITING = np.concatenate(([2.0 * (1.0 + np.log(4096.0)) - np.log(4096.0)], -np.log(np.arange(1, 4097) / 4096.0)))
