"""Bands: signatures to candidate pairs, by buckets of equal slots. It proposes; `clusterer.copies.verify` decides.

A signature of k slots is cut into b bands of r slots; two articles that are equal in all slots of a band meet.

Source: Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", 3rd edition, section 3.4 (bands and the S-curve).

Array letters: `n` articles, `k` slots, `b` bands, `r` rows a band, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import multipliers
from clusterer.arrays.indexing import run_starts
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.partitions import Partitions, joined
from clusterer.arrays.ragged import Growing
from clusterer.arrays.sorting import distinct, sort
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.errors import SettingsError
from clusterer.lsh.buckets import NEIGHBOURS, _bits, bucket_codes, entries, pairs_from

MOST = 256
"""Pairs that a text brings to `banded_pairs`, with those before it: of a feed made to be compared with itself, not all. No text
of a month of news has brought as many."""
AVERAGE, SMALL = 64, 1 << 20
"""Pairs that texts may bring on average to `banded_pairs`, where they are more than `SMALL` in all. News brings 4 to 7."""
LOOKS = 512
"""Pairs that share a band, of which slots are looked at, that texts may bring on average before large buckets bring no more:
two feeds of some 15,000 articles stay below; much larger ones may not."""
_ROUND = 8  # bands after which pairs are counted
_COUNTED = 1 << 22  # pairs that are counted at a time
_MOVED = 16  # slots of all texts that are moved at a time


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
    keys = np.empty((b, len(signatures)), dtype=np.uint64)  # most callers go band by band
    kernels.band_keys(np.ascontiguousarray(signatures), r, multipliers(r + b), keys)
    return keys.T


def band_pairs(
    bands: list[NDArray[np.uint64]],
    n: int,
    cap: int,
    threads: int = 1,
    bits: int = 0,
    store: Store = IN_MEMORY,
    possible: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
) -> tuple[NDArray[np.int64], int]:
    """Pairs that share a band, int64 (m, 2), each once, sorted, and how many large buckets left out.

    Band by band, so that memory holds the buckets of one.

    Args:
        bands: of each band the keys of the n articles, uint64 (n,). Used up.
        n, cap: as for `bucket_codes`.
        threads: bands worked on side by side.
        bits: of the parts that the pairs are made distinct in.
        store: where these live.
        possible: takes codes of pairs and gives those that are worth keeping, as `Bitmaps.possible` does; all are where None.
    """

    def of_band(band: NDArray[np.uint64]) -> tuple[NDArray[np.int64], int]:
        found = np.empty(n, dtype=np.uint64)
        found = found[: kernels.repeated_entries(band, _bits(n), found)]
        sort(found, _bits(n))  # articles ascend as it is
        codes, dropped = bucket_codes(found, n, cap)
        return distinct(possible(codes) if possible else codes), dropped

    codes, dropped = Partitions(bits, store), 0
    for found, left_out in ordered_map(of_band, (bands.pop() for _ in range(len(bands))), threads):
        codes.append(found)
        dropped += left_out
    return pairs_from(joined(ordered_map(_distinct, codes.take(), threads)), n), dropped


def _distinct(codes: Growing) -> NDArray[np.int64]:
    return distinct(codes.array(in_memory=True).view(np.int64))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How many slots two texts must share, by the time between them.

    Attributes:
        least: number of equal slots of texts that are near in time.
        least_far: the same of others.
        near: seconds between the last moment of one and the first of the other up to which they are near.
        first, last: float64 (n,), the moments of each text; -inf and inf where they are unknown, so that it is near all.
        farthest: seconds from which on two texts are no pair, whatever they share.
    """

    least: int
    least_far: int
    near: float
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    farthest: float = np.inf

    def take(self, rows: NDArray[np.int64]) -> Likeness:
        """The same of some texts."""
        return replace(self, first=self.first[rows], last=self.last[rows])


def banded_pairs(
    slots: NDArray[np.uint16], rows: NDArray[np.int64], r: int, cap: int, likeness: Likeness, threads: int = 1
) -> tuple[NDArray[np.int64], int]:
    """Pairs that share a band of r slots and, in all, enough slots: int64 (m, 2), each once, sorted, and those left out.

    Where low similarity is looked for, most pairs that share a band share nothing else: each band's are looked at before
    they are kept. Bands overlap, one begins at every slot: nearly twice as many for the same signature. Of large buckets
    those meet that are neighbours in time, and of those before it no text meets more than `MOST`. Where texts bring more than
    `pairs_at_most` in all, the most that each may bring is lowered as far as it must, and who has as many looks no further.
    All are counted anew only where as many have come as there were: with each few bands it would cost more than the looks.
    Once texts brought `looks_at_most` pairs in all to look at, those of large buckets are looked at no more: what shares a rare
    key still meets.

    Args:
        slots: uint16 (n, k), n below 2**24. Used up: put into the order of time.
        rows: int64, those that take part, ascending.
        r: slots a band, at most 2.
        cap: as for `bucket_codes`.
        likeness: what is asked of a pair, of the n texts.
        threads: bands worked on side by side.
    """
    n, k = slots.shape
    order = in_order_of_time(slots, likeness)
    takes_part = np.zeros(n, dtype=np.bool_)
    takes_part[rows] = True
    rows, likeness = np.flatnonzero(takes_part[order]), likeness.take(order)
    found, packed, dropped = Growing(np.int64), np.zeros(0, dtype=np.int64), 0
    held, looks, is_full, bands = 0, 0, np.zeros(n, dtype=np.bool_), k - r + 1
    for begin in range(0, bands, _ROUND):
        near = 0 if looks >= looks_at_most(n) else NEIGHBOURS

        def of_band(start: int, full: NDArray[np.bool_] = is_full, near: int = near) -> BandPairs:
            return pairs_of_band(slots, rows, start, r, cap, likeness, full, near)

        for of_this in ordered_map(of_band, range(begin, min(begin + _ROUND, bands)), threads):
            found.append(of_this.codes)
            held += len(of_this.codes)
            looks += of_this.looks
            dropped += of_this.dropped
        if held > max(pairs_at_most(n), 2 * len(packed)) or begin + _ROUND >= bands:
            packed = _packed(packed, found.array())
            codes, owners = packed >> 8, (packed >> 8) % max(n, 1)
            most = _level(np.bincount(owners, minlength=n), pairs_at_most(n))
            if most < MOST or begin + _ROUND >= bands:
                kept = most_met(codes, owners, packed & 255, most)
                dropped += len(packed) - len(kept)
                packed = packed[kept]
                is_full = np.bincount(owners[kept], minlength=n) >= most
            held = len(packed)
    pairs = distinct(original_codes(packed >> 8, order))
    return np.stack(np.divmod(pairs, max(n, 1)), axis=1), dropped


def pairs_at_most(n: int) -> int:
    """Pairs that n texts may bring in all to `banded_pairs`."""
    return max(AVERAGE * n, SMALL)


def looks_at_most(n: int) -> int:
    """Pairs of n texts that may be looked at in all in `banded_pairs` before large buckets bring no more."""
    return LOOKS * max(n, SMALL // AVERAGE)


def full_texts(pairs: NDArray[np.int64], first: NDArray[np.float64]) -> int:
    """How many texts brought `MOST` pairs, so that they may be like others that they were not compared with.

    Args:
        pairs: int64 (m, 2), as `banded_pairs` gives them.
        first: float64 (n,), the first moment of each text, as `Likeness` has it.
    """
    n, rank = len(first), np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(n)
    brought = np.zeros(n, dtype=np.int64)
    for start in range(0, len(pairs), _COUNTED):
        brought += np.bincount(rank[pairs[start : start + _COUNTED]].max(axis=1), minlength=n)
    return int((brought >= MOST).sum())


def _packed(packed: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes above how often each met, 8 bits, ascending: those that are there and more, which are sorted in place."""
    codes, met = with_counts(codes)
    more = codes << 8 | np.minimum(met, 255)
    if not len(packed):
        return more
    both = np.concatenate([packed, more])
    sort(both)
    starts = run_starts(both >> 8)
    return both[starts] & ~255 | np.minimum(np.add.reduceat(both & 255, starts), 255)


def _level(brought: NDArray[np.int64], pairs: int) -> int:
    """The most pairs a text, at most `MOST`, with which texts that bring so many each bring no more in all."""
    at_least = np.cumsum(np.bincount(np.minimum(brought, MOST), minlength=MOST + 1)[:0:-1])[::-1]
    return int(np.searchsorted(np.cumsum(at_least), pairs, side="right"))


def with_counts(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The codes, each once, ascending, and how often each was there; sorts them in place."""
    sort(codes)
    starts = run_starts(codes)
    return codes[starts], np.diff(np.append(starts, len(codes)))


def most_met(
    codes: NDArray[np.int64], owners: NDArray[np.int64], met: NDArray[np.int64], most: int = MOST
) -> NDArray[np.int64]:
    """Of the pairs that each text brings, those that met most often, of equal ones the last: their places, ascending.

    Args:
        codes: int64 (m,), a number for each pair, ascending; fewer than 2**32.
        owners: int64 (m,), the text that brings each, below 2**24.
        met: int64 (m,), bands in which each was found.
        most: pairs that are kept of a text.
    """
    over = np.bincount(owners)[owners] > most
    asked = np.flatnonzero(over)
    if not len(asked):
        return np.arange(len(codes))
    keys = owners[asked].astype(np.uint64) << np.uint64(40) | (255 - np.minimum(met[asked], 255)).astype(
        np.uint64
    ) << np.uint64(32)
    keys |= (len(codes) - 1 - asked).astype(np.uint64)
    sort(keys)
    order = len(codes) - 1 - (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)
    starts = run_starts(keys >> np.uint64(40))
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    kept = ~over
    kept[order[place < most]] = True
    return np.flatnonzero(kept)


def in_order_of_time(slots: NDArray[np.uint16], likeness: Likeness) -> NDArray[np.int64]:
    """Put the signatures of n texts, uint16 (n, k), into the order of time where they are, texts of one moment as they stand.

    Returns:
        int64 (n,), the text that each row is of now.
    """
    order = np.argsort(likeness.first, kind="stable")
    for at in range(0, slots.shape[1], _MOVED):
        slots[:, at : at + _MOVED] = slots[order, at : at + _MOVED]
    return order


def original_codes(codes: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes ``first * n + second`` of rows as those of the texts that rows are of, int64; the lower text first."""
    n = max(len(order), 1)
    a, b = order[codes // n], order[codes % n]
    return np.minimum(a, b) * n + np.maximum(a, b)


class BandPairs(NamedTuple):
    """What one band gives to `banded_pairs`.

    Attributes:
        codes: int64 ``first * n + second``, in no order.
        looks: of how many pairs slots were looked at.
        dropped: number of pairs left out.
    """

    codes: NDArray[np.int64]
    looks: int
    dropped: int


def pairs_of_band(
    slots: NDArray[np.uint16],
    rows: NDArray[np.int64],
    start: int,
    r: int,
    cap: int,
    likeness: Likeness,
    is_full: NDArray[np.bool_] | None = None,
    near: int = NEIGHBOURS,
) -> BandPairs:
    """What one band, its r slots from `start` on, gives to `banded_pairs`.

    Args:
        slots, likeness: of n texts in the order of time.
        rows, r, cap: as for `banded_pairs`.
        start: the first slot of the band.
        is_full: bool (n,), texts that bring no pair, but may be the earlier one of another's; none where None.
        near: members before it that each one of a large bucket meets.
    """
    key = np.zeros(len(rows), dtype=np.uint64)
    for column in range(start, start + r):
        key = key << np.uint64(16) | slots[rows, column].astype(np.uint64)
    found = entries(key << np.uint64(64 - 16 * r), rows, len(slots))
    sort(found, 64 - 16 * r)  # rows ascend as it is
    codes, dropped = bucket_codes(found, len(slots), cap, near)
    if is_full is not None and is_full.any():
        going_on = codes[~is_full[codes % len(slots)]]
        codes, dropped = going_on, dropped + len(codes) - len(going_on)
    return BandPairs(pairs_with_equal_slots(slots, codes, likeness), len(codes), dropped)


def pairs_with_equal_slots(
    slots: NDArray[np.uint16], codes: NDArray[np.int64], likeness: Likeness
) -> NDArray[np.int64]:
    """The codes, int64 ``first * n + second``, of pairs of rows with enough equal slots; slots uint16 (n, k)."""
    out = np.empty(len(codes), dtype=np.int64)
    found = kernels.likely_codes(
        slots,
        codes,
        len(slots),
        likeness.first,
        likeness.last,
        likeness.near,
        likeness.farthest,
        likeness.least,
        likeness.least_far,
        out,
    )
    return out[:found]
