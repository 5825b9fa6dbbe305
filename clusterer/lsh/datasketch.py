"""The bridge to datasketch: its permutations bit for bit, and signatures as its `MinHash` objects.

Sources: Broder 1997, "On the resemblance and containment of documents"; Li and König 2010, "b-Bit minwise hashing".

Array letters: `n` sets, `s` members of all sets, `k` slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.ragged import Ragged
from clusterer.errors import SettingsError

if TYPE_CHECKING:
    import datasketch

Scheme = Literal["fast", "affine32", "affine64", "legacy"]
SCHEMES: tuple[Scheme, ...] = ("fast", "affine32", "affine64", "legacy")

_MERSENNE = np.uint64((1 << 61) - 1)
_CELLS = 1 << 20  # members x permutations worked on at a time: 8 MB, about a second-level cache


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
