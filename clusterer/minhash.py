"""MinHash: ragged sets of hashes to signatures (n, k), for the whole batch at once.

Two families of schemes, one contract: the share of equal slots of two signatures estimates the Jaccard similarity of
the two sets; equal sets have equal signatures, whatever the order or repeats of their members.

- ``fast`` (default): fast similarity sketching. Each member falls into one of k bins a round and a bin keeps its
  least value; rounds go on only for sets with empty bins. One pass over long sets, and a smaller error than k
  permutations. Dahlgaard, Knudsen and Thorup 2017, "Fast similarity sketching", algorithm 1.
- ``affine32``, ``affine64``, ``legacy``: k permutations as datasketch 2 has them, equal bit for bit given the same
  hash values and seed, so that signatures can feed an existing index. Broder 1997; Li and König 2010 for b bits.

Bands and thresholds live elsewhere.

Array letters: `n` sets, `s` members of all sets, `k` slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from clusterer import kernels
from clusterer.errors import SettingsError
from clusterer.ragged import ragged_index
from clusterer.shingles import Ragged
from clusterer.words import mix

if TYPE_CHECKING:
    import datasketch

Scheme = Literal["fast", "affine32", "affine64", "legacy"]
SCHEMES: tuple[Scheme, ...] = ("fast", "affine32", "affine64", "legacy")

_ROUNDS = 6  # after so many, the few sets with empty bins are finished bin by bin
_VALUE_BITS = 27  # of a slot; the round, up to 31, lies above
_GAMMA, _ALL64 = 0x9E3779B97F4A7C15, (1 << 64) - 1
_EMPTY32 = np.uint32(0xFFFFFFFF)
_MERSENNE = np.uint64((1 << 61) - 1)
_CELLS = 1 << 20  # members x permutations worked on at a time: 8 MB, about a second-level cache


def signatures(sets: Ragged, k: int = 128, scheme: Scheme = "fast", seed: int = 1) -> NDArray[Any]:
    """Signatures of n sets.

    Args:
        sets: uint64 members; repeats do no harm. `affine32` and `legacy` use the low 32 bits of each.
        k: slots a signature.
        scheme: see the module's docstring.
        seed: of the hash functions, 0 to 2**32 - 1.

    Returns:
        (n, k): uint32 for `fast` and `affine32`, uint64 for `affine64` and `legacy`. An empty set has the largest
        value in every slot.

    Raises:
        SettingsError: the scheme is unknown.
    """
    if scheme == "fast":
        return _fast(sets, k, seed)
    if scheme in SCHEMES:
        return _permuted(sets, k, scheme, seed)
    raise SettingsError(f"scheme {scheme!r} is unknown; use one of {', '.join(SCHEMES)}")


def estimate(signatures: NDArray[Any], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity, float64 (m,), of pairs int64 (m, 2) of rows: the share of equal slots."""
    equal: NDArray[np.float64] = np.mean(signatures[pairs[:, 0]] == signatures[pairs[:, 1]], axis=1)
    return equal


def to_datasketch(signature: NDArray[Any], scheme: Scheme, seed: int = 1) -> datasketch.MinHash:
    """One row, (k,), as a `datasketch.MinHash` for an index of datasketch's.

    Raises:
        SettingsError: the scheme is ``fast``, which datasketch does not know.
    """
    from datasketch import MinHash

    if scheme == "fast":
        raise SettingsError("scheme 'fast' has no datasketch form; sketch with affine32, affine64 or legacy")
    return MinHash(num_perm=len(signature), seed=seed, hashvalues=signature, scheme=scheme)


def from_datasketch(minhash: datasketch.MinHash) -> NDArray[Any]:
    """A datasketch MinHash's slots, (k,), in the dtype that `signatures` gives for its scheme."""
    return np.asarray(minhash.hashvalues).copy()


def _fast(sets: Ragged, k: int, seed: int) -> NDArray[np.uint32]:
    n = len(sets)
    salts = mix(np.arange(1, _ROUNDS + k + 1, dtype=np.uint64) + (np.uint64(seed) << np.uint64(32)))
    if kernels.compiled:
        out = np.empty((n, k), dtype=np.uint32)
        kernels.compiled.fast_signatures(sets.values, sets.offsets, salts, out)
        return out
    slots = np.full(n * k, _EMPTY32, dtype=np.uint32)
    members: NDArray[np.uint64] = sets.values
    rows = sets.rows
    for turn in range(_ROUNDS):
        hashes = mix(members ^ salts[turn])
        bins = (hashes >> np.uint64(32)) * np.uint64(k) >> np.uint64(32)
        # Bins come from the upper half, values from the lower: independent.
        values = (hashes & np.uint64((1 << _VALUE_BITS) - 1)).astype(np.uint32)
        values |= np.uint32(turn << _VALUE_BITS)
        np.minimum.at(slots, rows * k + bins.astype(np.int64), values)
        unfilled = (slots.reshape(n, k) == _EMPTY32).any(axis=1) & (sets.counts > 0)
        todo = np.flatnonzero(unfilled)
        if not len(todo):
            return slots.reshape(n, k)
        index, offsets = ragged_index(sets.offsets, todo)
        members, rows = sets.values[index], np.repeat(todo, np.diff(offsets))
    # What is left are short sets: for every empty bin, the least hash of a function of the bin's own.
    empty = np.flatnonzero((slots.reshape(n, k) == _EMPTY32) & unfilled[:, None])
    for start in range(0, len(empty), _CELLS // 32):
        cells = empty[start : start + _CELLS // 32]
        index, offsets = ragged_index(sets.offsets, cells // k)
        members = sets.values[index]
        hashes = mix(members ^ np.repeat(salts[_ROUNDS + cells % k], np.diff(offsets)))
        values = (hashes & np.uint64((1 << _VALUE_BITS) - 1)).astype(np.uint32)
        slots[cells] = np.minimum.reduceat(values, offsets[:-1]) | np.uint32(_ROUNDS << _VALUE_BITS)
    return slots.reshape(n, k)


def _permuted(sets: Ragged, k: int, scheme: Scheme, seed: int) -> NDArray[Any]:
    from datasketch import MinHash

    a, b = MinHash(num_perm=k, seed=seed, scheme=scheme).permutations
    dtype = np.dtype(np.uint32 if scheme == "affine32" else np.uint64)
    empty = np.iinfo(np.uint64 if scheme == "affine64" else np.uint32).max
    out = np.full((len(sets), k), empty, dtype=dtype)
    filled = np.flatnonzero(sets.counts)
    step = max(1, _CELLS // k)
    members = _premix(sets.values, scheme)
    # Blocks end between sets, so that every set's least value is found within one block.
    start = 0
    while start < len(filled):
        first = sets.offsets[filled[start]]
        stop = max(start + 1, int(np.searchsorted(sets.offsets[filled + 1], first + step, side="right")))
        block = filled[start:stop]
        values = members[first : sets.offsets[block[-1] + 1]]
        with np.errstate(over="ignore"):
            hashes = values[:, None] * a[None, :].astype(dtype) + b[None, :].astype(dtype)
        if scheme == "legacy":
            hashes = (hashes % _MERSENNE) & np.uint64(0xFFFFFFFF)
        out[block] = np.minimum.reduceat(hashes, sets.offsets[block] - first, axis=0)
        start = stop
    return out


def _premix(values: NDArray[np.uint64], scheme: Scheme) -> NDArray[Any]:
    """Hash values as datasketch prepares them: MurmurHash3's finalizer of the scheme's width."""
    if scheme == "affine64":
        h: NDArray[Any] = values ^ (values >> np.uint64(33))
        h *= np.uint64(0xFF51AFD7ED558CCD)
        h ^= h >> np.uint64(33)
        h *= np.uint64(0xC4CEB9FE1A85EC53)
        h ^= h >> np.uint64(33)
        return h
    low: NDArray[Any] = values & np.uint64(0xFFFFFFFF)
    if scheme == "legacy":
        return low
    g = low.astype(np.uint32)
    g ^= g >> np.uint32(16)
    g *= np.uint32(0x85EBCA6B)
    g ^= g >> np.uint32(13)
    g *= np.uint32(0xC2B2AE35)
    return g ^ (g >> np.uint32(16))


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
