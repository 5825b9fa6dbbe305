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
from clusterer.arrays.kernels_numpy.sketches import ROUNDS
from clusterer.arrays.ragged import Ragged
from clusterer.errors import SettingsError
from clusterer.lsh.datasketch import SCHEMES, Scheme, _permuted


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
    salts = mix(np.arange(1, ROUNDS + k + 1, dtype=np.uint64) + (np.uint64(seed) << np.uint64(32)))
    slots = np.empty((len(sets), k), dtype=np.uint32)
    kernels.fast_signatures(sets.values, sets.offsets, salts, slots)
    return slots
