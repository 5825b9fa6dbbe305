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

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer import kernels
from clusterer.errors import SettingsError
from clusterer.ragged import Growing
from clusterer.shingles import Ragged
from clusterer.threads import in_order
from clusterer.words import mix, multipliers

_V = TypeVar("_V", bound=np.generic)

HUBS = 4
"""Members of a bucket above the cap that all its others are paired with."""
_LOOKED_AT = 1 << 14  # pairs whose slots are compared at a time


def s_curve(jaccard: NDArray[np.float64] | float, b: int, r: int) -> NDArray[np.float64]:
    """Probability that a pair of that similarity shares a bucket: ``1 - (1 - j**r)**b``."""
    return 1.0 - (1.0 - np.asarray(jaccard, dtype=np.float64) ** r) ** b


@lru_cache(maxsize=64)
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
    """uint64 (n, b): a hash of each band's r slots and of the band's number.

    Raises:
        ValueError: a signature has fewer than b * r slots.
    """
    if b * r > signatures.shape[1]:
        raise ValueError(f"{b} bands of {r} slots need {b * r}; these signatures have {signatures.shape[1]}")
    factors = multipliers(r + b)
    if kernels.compiled and signatures.dtype == np.uint32:
        keys = np.empty((len(signatures), b), dtype=np.uint64)
        kernels.compiled.band_keys(np.ascontiguousarray(signatures), r, factors, keys)
        return keys
    slots = signatures[:, : b * r].reshape(len(signatures), b, r).astype(np.uint64)
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


def entries(keys: NDArray[np.uint64], articles: NDArray[np.int64], n: int) -> NDArray[np.uint64]:
    """uint64 (e,): each key's upper bits above the number of its article, so that one sort makes the buckets.

    Args:
        keys: uint64 (e,), of which the upper bits must differ as much as the lower.
        articles: int64 (e,), below n.
        n: number of articles, below 2**24.
    """
    low = np.uint64((1 << _bits(n)) - 1)
    made: NDArray[np.uint64] = (keys & ~low) | articles.astype(np.uint64)
    return made


def bucket_codes(sorted_entries: NDArray[np.uint64], n: int, cap: int) -> tuple[NDArray[np.int64], int]:
    """Pairs that share a bucket, as int64 (x,) codes ``first * n + second``, and how many large buckets left out.

    A pair that meets in several buckets is there several times.

    Args:
        sorted_entries: uint64 (e,), of `entries`, ascending; an article may be in a bucket twice.
        n: number of articles.
        cap: the largest bucket that makes all its pairs; larger ones make pairs with their first `HUBS` members.
    """
    bits = _bits(n)
    if kernels.compiled:
        codes, dropped = kernels.compiled.bucket_pairs(sorted_entries, bits, n, cap, HUBS)
        return codes, dropped
    low, found = np.uint64((1 << bits) - 1), sorted_entries[_is_new(sorted_entries)]
    new = _is_new(found >> np.uint64(bits))
    met = ~(new & np.append(new[1:], True))  # a bucket of one makes no pair
    members, new = (found[met] & low).astype(np.int64), new[met]
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(members)))
    place = np.arange(len(members)) - np.repeat(starts, sizes)
    partners = np.where(np.repeat(sizes, sizes) > cap, np.minimum(place, HUBS), place)
    # Each member's partners are the first ones of its bucket: their places count up from the bucket's start.
    ends = np.cumsum(partners)
    first = np.arange(ends[-1] if len(ends) else 0) + np.repeat(np.repeat(starts, sizes) - (ends - partners), partners)
    large = sizes[sizes > max(cap, HUBS)]
    made = large * HUBS - HUBS * (HUBS + 1) // 2
    return members[first] * n + np.repeat(members, partners), int((large * (large - 1) // 2 - made).sum())


def distinct(values: NDArray[_V]) -> NDArray[_V]:
    """The distinct values, ascending. Sorts in place: `numpy.unique` hashes integers, and is slower."""
    sort(values)
    return values[_is_new(values)]


def sort(values: NDArray[Any], lowest: int = 0) -> None:
    """Sort integers of 64 bits, none below 0, in place, by their bits from `lowest` on; equal ones keep their order."""
    if kernels.compiled:
        kernels.compiled.sort_in_place(values.view(np.uint64), lowest)
    elif lowest:
        values[:] = values[np.argsort(values >> np.uint64(lowest), kind="stable")]
    else:
        values.sort()


def articles_of(found: NDArray[np.uint64], n: int) -> NDArray[np.int64]:
    """int64 (e,): the article of each of the `entries`."""
    return (found & np.uint64((1 << _bits(n)) - 1)).astype(np.int64)


def band_pairs(bands: list[NDArray[np.uint64]], n: int, cap: int, threads: int = 1) -> tuple[NDArray[np.int64], int]:
    """Pairs that share a band, int64 (m, 2), each once, sorted, and how many large buckets left out.

    Band by band, so that memory holds the buckets of one.

    Args:
        bands: of each band the keys of the n articles, uint64 (n,). Used up.
        n, cap: as for `bucket_codes`.
        threads: bands worked on side by side.
    """

    def of_band(band: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
        band &= ~np.uint64((1 << _bits(n)) - 1)
        band |= np.arange(n, dtype=np.uint64)
        sort(band, _bits(n))  # articles ascend as it is
        codes, dropped = bucket_codes(band, n, cap)
        return distinct(codes), dropped

    codes, dropped = Growing(np.int64), 0
    for found, left_out in in_order(of_band, (bands.pop() for _ in range(len(bands))), threads):
        codes.append(found)
        dropped += left_out
    return _pairs(codes.array(), n), dropped


def likely_pairs(
    slots: NDArray[np.uint16], rows: NDArray[np.int64], r: int, cap: int, least: int, threads: int = 1
) -> tuple[NDArray[np.int64], int]:
    """Pairs that share a band of r slots and, in all, `least` slots: int64 (m, 2), each once, sorted, and those left out.

    Where low similarity is looked for, most pairs that share a band share nothing else: each band's are looked at before
    they are kept.

    Args:
        slots: uint16 (n, k), n below 2**24.
        rows: int64, those that take part, ascending.
        r: slots a band, at most 2.
        cap: as for `bucket_codes`.
        least: number of equal slots.
        threads: bands worked on side by side.
    """
    n, k = slots.shape
    codes, dropped = Growing(np.int64), 0
    bands = range(0, k - r + 1, r)
    for found, left_out in in_order(lambda at: likely_of_band(slots, rows, at, r, cap, least), bands, threads):
        codes.append(found)
        dropped += left_out
    return _pairs(codes.array(), n), dropped


def likely_of_band(
    slots: NDArray[np.uint16], rows: NDArray[np.int64], at: int, r: int, cap: int, least: int
) -> tuple[NDArray[np.int64], int]:
    """Of `likely_pairs` what one band gives, its r slots from `at` on: int64 codes ``first * n + second``, in no order."""
    key = np.zeros(len(rows), dtype=np.uint64)
    for column in range(at, at + r):
        key = key << np.uint64(16) | slots[rows, column].astype(np.uint64)
    found = entries(key << np.uint64(64 - 16 * r), rows, len(slots))
    sort(found, 64 - 16 * r)  # rows ascend as it is
    codes, dropped = bucket_codes(found, len(slots), cap)
    return likely(slots, codes, least), dropped


def likely(slots: NDArray[np.uint16], codes: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """The codes, int64 ``first * n + second``, of pairs of rows with `least` equal slots; slots uint16 (n, k)."""
    n = len(slots)
    if kernels.compiled:
        out = np.empty(len(codes), dtype=np.int64)
        found: int = kernels.compiled.likely_codes(slots, codes, n, least, out)
        return out[:found]
    kept = [codes[:0]]
    for start in range(0, len(codes), _LOOKED_AT):
        block = codes[start : start + _LOOKED_AT]
        first, second = np.divmod(block, n)
        kept.append(block[(slots[first] == slots[second]).sum(axis=1) >= least])
    return np.concatenate(kept)


def containment_pairs(
    samples: Growing, held: NDArray[np.int64], cap: int, containment: float
) -> tuple[NDArray[np.int64], int]:
    """Pairs whose shared samples make a containment of that much possible, int64 (m, 2), sorted, and those left out.

    Of a pair at the threshold, the samples shared are that share of the smaller one's on average, and vary. A third of
    the threshold is asked for: far enough below the mean that short texts are not lost by bad luck.

    Args:
        samples: uint64, `entries` of mixed `sampled_keys`, each once, articles ascending. Used up: a large feed has no
            room for them beside the pairs made of them.
        held: int64 (n,), how many there are of each article.
        cap: as for `bucket_codes`.
        containment: the threshold that pairs will be verified at.
    """
    n = len(held)
    sampled = samples.array()
    sort(sampled, _bits(n))
    codes, dropped = bucket_codes(sampled, n, cap)
    del sampled
    sort(codes)
    if kernels.compiled:
        found: int = kernels.compiled.frequent_codes(codes, n, held, containment / 3, codes)
        return np.stack(np.divmod(codes[:found], max(n, 1)), axis=1), dropped
    at = np.flatnonzero(_is_new(codes))
    pairs, shared = np.stack(np.divmod(codes[at], max(n, 1)), axis=1), np.diff(np.append(at, len(codes)))
    enough: NDArray[np.bool_] = shared >= containment / 3 * held[pairs].min(axis=1)
    return pairs[enough], dropped


def union(a: NDArray[np.int64], b: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The pairs of two lists, int64 (m, 2), each once, sorted."""
    return _pairs(np.concatenate([a[:, 0] * n + a[:, 1], b[:, 0] * n + b[:, 1]]), n)


def _pairs(codes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Distinct codes as pairs, sorted. Sorts in place."""
    return np.stack(np.divmod(distinct(codes), max(n, 1)), axis=1)


def _bits(n: int) -> int:
    return max(1, int(n).bit_length())


def _is_new(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """bool, True where a value differs from the one before it."""
    new = np.ones(len(ascending), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=new[1:])
    return new
