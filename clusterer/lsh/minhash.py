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

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import mix
from clusterer.arrays.ragged import Ragged, ragged_index
from clusterer.errors import SettingsError
from clusterer.lsh.datasketch import _CELLS, SCHEMES, Scheme, _permuted

_ROUNDS = 6  # after so many, the few sets with empty bins are finished bin by bin
_VALUE_BITS = 27  # of a slot; the round, up to 31, lies above
_GAMMA, _ALL64 = 0x9E3779B97F4A7C15, (1 << 64) - 1
_EMPTY32 = np.uint32(0xFFFFFFFF)


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
