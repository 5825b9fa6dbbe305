"""Sampled shingles: pairs of articles of which one may be a cut of the other. It proposes; `clusterer.copies.verify` decides.

Sources: Irber et al. 2022, "Lightweight compositional analysis of metagenomes with FracMinHash"; Hera, Pierce-Ward and
Koslicki 2023, "Deriving confidence intervals for mutation rates across a wide range of evolutionary distances using
FracMinHash".

Array letters: `n` articles, `e` samples, `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.partitions import Partitions, joined
from clusterer.arrays.ragged import Growing, Ragged
from clusterer.arrays.sorting import sort
from clusterer.lsh.buckets import _bits, bucket_codes, pairs_from

SLACK = 3
"""A pair is verified from one in so many of the samples that it would share on average at the threshold."""


def sampled_keys(shingles: Ragged, scale: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """FracMinHash: the shingles whose hash is below 2**64 / scale, with the article each is of; uint64, int64 (e,).

    Nothing with scale 0.
    """
    if scale == 0:
        return shingles.values[:0], shingles.offsets[:0]
    chosen = np.flatnonzero(shingles.values <= np.uint64(2**64 // scale - 1))
    return shingles.values[chosen], np.searchsorted(shingles.offsets, chosen, side="right") - 1


def containment_pairs(
    samples: Partitions, held: NDArray[np.int64], cap: int, containment: float, threads: int = 1
) -> tuple[NDArray[np.int64], int]:
    """Pairs whose shared samples make a containment of that much possible, int64 (m, 2), sorted, and those left out.

    Of a pair at the threshold, the samples shared are that share of the smaller one's on average, and vary. Of
    these one in `SLACK` is asked for: far enough below the mean that short texts are not lost by bad luck.

    Args:
        samples: uint64, `entries` of mixed `sampled_keys`, each once, articles ascending, parted by their upper bits. Used up:
            a large feed has no room for them beside the pairs made of them.
        held: int64 (n,), how many there are of each article.
        cap: as for `bucket_codes`.
        containment: the threshold that pairs will be verified at.
        threads: parts worked on side by side.
    """
    n = len(held)

    def of_part(part: Growing) -> tuple[NDArray[np.int64], int]:
        sampled = part.array(in_memory=True)
        sort(sampled, _bits(n))
        return bucket_codes(sampled, n, cap)

    def frequent(part: Growing) -> NDArray[np.int64]:
        shared = part.array(in_memory=True).view(np.int64)
        sort(shared)
        found = kernels.frequent_codes(shared, n, held, containment / SLACK, shared)
        return shared[:found].copy()

    codes, dropped = Partitions(samples.bits, samples.store), 0
    for found, left_out in ordered_map(of_part, samples.take(), threads):
        codes.append(found)
        dropped += left_out
    return pairs_from(joined(ordered_map(frequent, codes.take(), threads)), n), dropped
