"""LSH: signatures to candidate pairs. It proposes; `similarity` decides.

Two kinds of key go through one road of buckets and pairs: band keys (b bands of r slots, for Jaccard) and sampled
shingles (FracMinHash, for containment, where one article is a cut of the other). A bucket of s articles costs
s (s - 1) / 2 pairs up to a cap; a larger one is joined to its few first members only, so cost stays linear and a bucket
of 10,000 copies still yields every one of them.

Articles must be numbered so that lower means better hub (the pipeline numbers the longest text first): then pairs do
not depend on the order of the input.

Sources: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3rd edition, section 3.4 (bands and the S-curve);
Irber et al. 2022, "Lightweight compositional analysis of metagenomes with FracMinHash"; Hera, Pierce-Ward and Koslicki
2023, "Deriving confidence intervals for mutation rates across a wide range of evolutionary distances using FracMinHash".

Array letters: `n` articles, `k` slots, `b` bands, `r` rows a band, `e` keys, `m` pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.errors import SettingsError
from clusterer.shingles import Ragged
from clusterer.words import mix, multipliers

HUBS = 4
"""Members of a bucket above the cap that all its others are paired with."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate pairs.

    Attributes:
        pairs: int64 (m, 2), each once, first < second, sorted.
        shared: int64 (m,), in how many buckets each pair met.
        dropped: pairs that large buckets did not make.
        held: int64 (n,), distinct keys of each article.
    """

    pairs: NDArray[np.int64]
    shared: NDArray[np.int64]
    dropped: int
    held: NDArray[np.int64]


def s_curve(jaccard: NDArray[np.float64] | float, b: int, r: int) -> NDArray[np.float64]:
    """Probability that a pair of that similarity shares a bucket: ``1 - (1 - j**r)**b``."""
    return 1.0 - (1.0 - np.asarray(jaccard, dtype=np.float64) ** r) ** b


def choose_bands(threshold: float, k: int, recall: float) -> tuple[int, int]:
    """The most selective (b, r), b * r <= k, that still finds `recall` of the pairs at the threshold.

    Verification removes what too many candidates cost; nothing brings a missed pair back. So recall is the promise
    and r, the rows a band, is made as large as it allows.

    Raises:
        SettingsError: even one row a band does not reach the recall.
    """
    for r in range(k, 0, -1):
        if s_curve(threshold, k // r, r) >= recall:
            return k // r, r
    raise SettingsError(
        f"recall {recall} at Jaccard {threshold} is out of reach with {k} slots; raise slots or lower the recall"
    )


def band_keys(signatures: NDArray[Any], b: int, r: int) -> NDArray[np.uint64]:
    """uint64 (n, b): a hash of each band's r slots and of the band's number."""
    slots = signatures[:, : b * r].reshape(len(signatures), b, r).astype(np.uint64)
    factors = multipliers(r + b)
    sums = np.broadcast_to(factors[r:], (len(signatures), b)).copy()
    for i in range(r):
        sums += mix(slots[:, :, i] + factors[i]) * factors[i]
    return mix(sums)


def sampled_keys(shingles: Ragged, scale: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """FracMinHash: the shingles whose hash is below 2**64 / scale, with the article each is of; uint64, int64 (e,).

    Nothing with scale 0.
    """
    if scale == 0:
        return shingles.values[:0], shingles.offsets[:0]
    chosen = np.flatnonzero(shingles.values <= np.uint64(2**64 // scale - 1))
    return shingles.values[chosen], np.searchsorted(shingles.offsets, chosen, side="right") - 1


def candidate_pairs(keys: NDArray[np.uint64], articles: NDArray[np.int64], n: int, cap: int = 64) -> Candidates:
    """All pairs of articles that share a key.

    Args:
        keys: uint64 (e,).
        articles: int64 (e,), below n, the article that each key is of. A key may repeat within an article.
        n: number of articles, below 2**24.
        cap: the largest bucket that makes all its pairs; larger ones make pairs with their first `HUBS` members.
    """
    bits = np.uint64(max(1, int(n).bit_length()))
    low = np.uint64((1 << int(bits)) - 1)
    # The key's upper bits and the article in one number: one sort makes buckets, articles ascending in each.
    entries = (mix(keys) & ~low) | articles.astype(np.uint64)
    entries.sort()
    entries = entries[_is_new(entries)]
    held = np.bincount((entries & low).astype(np.int64), minlength=n)
    new = _is_new(entries >> bits)
    met = ~(new & np.append(new[1:], True))  # a bucket of one makes no pair
    members, new = (entries[met] & low).astype(np.int64), new[met]
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(members)))
    place = np.arange(len(members)) - np.repeat(starts, sizes)
    partners = np.where(np.repeat(sizes, sizes) > cap, np.minimum(place, HUBS), place)
    # Each member's partners are the first ones of its bucket: their places count up from the bucket's start.
    ends = np.cumsum(partners)
    first = np.arange(ends[-1] if len(ends) else 0) + np.repeat(np.repeat(starts, sizes) - (ends - partners), partners)
    codes = members[first] * n + np.repeat(members, partners)
    codes.sort()
    at = np.flatnonzero(_is_new(codes))
    pairs = np.stack(np.divmod(codes[at], max(n, 1)), axis=1)
    large = sizes[sizes > cap]
    made = large * HUBS - HUBS * (HUBS + 1) // 2
    dropped = int((large * (large - 1) // 2 - made).sum())
    return Candidates(pairs, np.diff(np.append(at, len(codes))), dropped, held)


def containment_pairs(
    keys: NDArray[np.uint64], articles: NDArray[np.int64], n: int, cap: int, containment: float
) -> Candidates:
    """Pairs whose shared samples make a containment of that much possible.

    Of a pair at the threshold, the samples shared are that share of the smaller one's on average, and vary. A third of
    the threshold is asked for: far enough below the mean that short texts are not lost by bad luck.

    Args:
        keys, articles: of `sampled_keys`.
        n, cap: as for `candidate_pairs`.
        containment: the threshold that pairs will be verified at.
    """
    found = candidate_pairs(keys, articles, n, cap)
    enough = found.shared >= containment / 3 * found.held[found.pairs].min(axis=1)
    return Candidates(found.pairs[enough], found.shared[enough], found.dropped, found.held)


def union(a: NDArray[np.int64], b: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The pairs of two lists, int64 (m, 2), each once, sorted."""
    codes = np.union1d(a[:, 0] * n + a[:, 1], b[:, 0] * n + b[:, 1])
    return np.stack(np.divmod(codes, max(n, 1)), axis=1)


def _is_new(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """bool, True where a value differs from the one before it."""
    new = np.ones(len(ascending), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return new
