"""keys: see clusterer.lookup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HIGH, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_KINDS = {"words": 0, "line": 0, "copy": 1, "story": 2}  # keys of a kind lie together in a segment


@dataclass(frozen=True, slots=True)
class Sketches:
    """Keys of n documents, each below 2**32: uint64 (e,), with the row of each, int64 (e,).

    Attributes:
        bands, band_rows: of signatures.
        samples, sample_rows: of sampled shingles, each once a document.
        held: int64 (n,), sampled shingles of each.
    """

    bands: NDArray[np.uint64]
    band_rows: NDArray[np.int64]
    samples: NDArray[np.uint64]
    sample_rows: NDArray[np.int64]
    held: NDArray[np.int64]


def keys_of(hashes: NDArray[np.uint64], kind: str) -> NDArray[np.uint64]:
    """Keys below 2**32, of hashes whose upper bits differ as much as their lower: two bits of kind, thirty of hash."""
    return hashes >> np.uint64(34) | np.uint64(_KINDS[kind] << 30)
