"""Entries of buckets to pairs, and what pairs of sets share, in NumPy.

An entry is a key's upper bits above the number of an article; a code is ``first * n + second``, a pair of articles.

Array letters: `n` articles or sets, `e` entries, `m` pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import multipliers
from clusterer.arrays.indexing import offsets_from_counts, positions_in_runs, ragged_index, run_starts, starts_run

_PAIRS = 1 << 14  # pairs whose slots are compared at a time
_BLOCK_BITS = 10  # rows that are sorted together, 2**10


def sort_in_place(values: NDArray[np.uint64], lowest: int) -> None:
    """Sort ascending by the bits from `lowest` on; equal ones keep their order."""
    if lowest:
        values[:] = values[np.argsort(values >> np.uint64(lowest), kind="stable")]
    else:
        values.sort()


def repeated_entries(keys: NDArray[np.uint64], bits: int, out: NDArray[np.uint64]) -> int:
    """Of the keys of n articles, one of each, entries of those that another one may have, into the front of `out`.

    Most keys are one article's alone: what they have in their uppermost bits tells it, as many as 8 n numbers have, at least 6.

    Args:
        keys: uint64 (n,), whose upper bits are those of hashes.
        bits: of an article's number, which takes the place of the key's lowest.
        out: uint64 (n,).

    Returns:
        How many there are.
    """
    top = max((8 * len(keys)).bit_length(), 6)
    place = (keys >> np.uint64(64 - top)).astype(np.int64)
    articles = np.flatnonzero(np.bincount(place, minlength=1 << top)[place] > 1).astype(np.uint64)
    out[: len(articles)] = (keys[articles] & ~np.uint64((1 << bits) - 1)) | articles
    return len(articles)


def bucket_pairs(
    entries: NDArray[np.uint64], bits: int, n: int, cap: int, hubs: int, neighbours: bool
) -> tuple[NDArray[np.int64], int]:
    """Return the codes of the pairs of every bucket, int64, and how many pairs large buckets left out.

    Args:
        entries: uint64 (e,), ascending, the key above `bits` bits of article; repeats are passed over.
        bits: of an article's number.
        n: number of articles.
        cap: the largest bucket that makes all its pairs.
        hubs: first members that all others of a larger one are paired with.
        neighbours: members of a larger one are paired with so many before each instead.
    """
    low, found = np.uint64((1 << bits) - 1), entries[starts_run(entries)]
    new = starts_run(found >> np.uint64(bits))
    met = ~(new & np.append(new[1:], True))  # a bucket of one makes no pair
    members, new = (found[met] & low).astype(np.int64), new[met]
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(members)))
    place = positions_in_runs(sizes)
    partners = np.where(np.repeat(sizes, sizes) > cap, np.minimum(place, hubs), place)
    # Each member's partners are the first ones of its bucket, or those before it: their places count up from there.
    begin = np.arange(len(members)) - partners if neighbours else np.repeat(starts, sizes)
    first = np.repeat(begin, partners) + positions_in_runs(partners)
    large = sizes[sizes > max(cap, hubs)]
    made = large * hubs - hubs * (hubs + 1) // 2
    return members[first] * n + np.repeat(members, partners), int((large * (large - 1) // 2 - made).sum())


def bucket_bounds(
    entries: NDArray[np.uint64],
    keys: NDArray[np.uint64],
    most: int,
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Write where the last `most` entries of each of some ascending keys begin, and how many these are.

    Entries have the key above 32 bits.
    """
    shift = np.uint64(32)
    ends = np.searchsorted(entries, keys << shift | np.uint64(0xFFFFFFFF), side="right")
    counts[:] = np.minimum(ends - np.searchsorted(entries, keys << shift), most)
    starts[:] = ends - counts


def shared_keys(
    parts: list[NDArray[np.uint64]],
    codes: NDArray[np.uint64],
    own: NDArray[np.int64],
    lowest: int,
    most: int,
    cap: int,
    hubs: int,
) -> NDArray[np.int64]:
    """Return which numbers share keys with n rows, once a shared key: int64, a row above a number of 32 bits each.

    They come key by key, of a key row by row, of a row in ascending order.

    Args:
        parts: ascending entries, a key above a number of 32 bits each.
        codes: uint64 (e,), ascending, a key of a row above the row, 32 bits each.
        own: int64 (n,), the number of each row, which it does not share with itself; -1 for none.
        lowest: numbers below are left out.
        most: of each key so many of a part are looked at, the last ones.
        cap: of a key that more numbers have than this only the first and last `hubs` count.
        hubs: so many.
    """
    shift, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    starts = run_starts(codes >> shift)
    keys, rows = codes[starts] >> shift, (codes & low).astype(np.int64)
    found = []
    for entries in parts:
        bounds = np.empty((2, len(keys)), dtype=np.int64)
        bucket_bounds(entries, keys, most, *bounds)
        place = np.repeat(bounds[0], bounds[1]) + positions_in_runs(bounds[1])
        found.append(np.repeat(np.arange(len(keys)), bounds[1]) << 32 | (entries[place] & low).astype(np.int64))
    held = np.unique(np.concatenate([*found, np.zeros(0, dtype=np.int64)]))
    held = held[held & 0xFFFFFFFF >= lowest]
    sizes = np.bincount(held >> 32, minlength=len(keys))
    place, size = positions_in_runs(sizes), np.repeat(sizes, sizes)
    held = held[(size <= cap) | (place < hubs) | (place >= size - hubs)]
    offsets = offsets_from_counts(np.bincount(held >> 32, minlength=len(keys)))
    key_of_code = np.repeat(np.arange(len(keys)), np.diff(np.append(starts, len(codes))))
    taken, bounds_of = ragged_index(offsets, key_of_code)
    rows, numbers = np.repeat(rows, np.diff(bounds_of)), held[taken] & 0xFFFFFFFF
    shared: NDArray[np.int64] = (rows << 32 | numbers)[numbers != own[rows]]
    return shared


def merge_entries(
    first: NDArray[np.uint64], second: NDArray[np.uint64], hubs: int, most: int, kept: int, out: NDArray[np.uint64]
) -> int:
    """Merge two ascending arrays of entries into `out`, each entry once; return how many there are.

    Of a key (above 32 bits) at most `most` stay, the first `hubs` and the last, but all entries below `kept`.
    """
    both = np.sort(np.concatenate([first, second]))
    both = both[starts_run(both)]
    sizes = np.diff(np.append(run_starts(both >> np.uint64(32)), len(both)))
    place, size = positions_in_runs(sizes), np.repeat(sizes, sizes)
    stays = (place < hubs) | (place >= size - (most - hubs)) | (both < np.uint64(kept))
    count = int(stays.sum())
    out[:count] = both[stays]
    return count


def likely_codes(
    slots: NDArray[np.uint16],
    codes: NDArray[np.int64],
    n: int,
    first: NDArray[np.float64],
    last: NDArray[np.float64],
    near: float,
    farthest: float,
    least: int,
    least_far: int,
    out: NDArray[np.int64],
) -> int:
    """Write the codes of pairs of rows that have enough equal slots into `out`; return their number.

    Args:
        slots: uint16 (n, k).
        codes: int64, ``first * n + second``.
        n: number of rows.
        first, last: float64 (n,), the span of time of each row.
        near: time between two spans up to which `least` equal slots are enough.
        farthest: time between two spans from which on a pair is left out, however many slots are equal.
        least, least_far: number of equal slots; of rows that are not near, the second.
        out: int64, as long as `codes`.
    """
    count = 0
    for start in range(0, len(codes), _PAIRS):
        block = codes[start : start + _PAIRS]
        i, j = np.divmod(block, n)
        gap = np.maximum(first[i] - last[j], first[j] - last[i])
        inside = ~(gap > farthest)
        block, i, j, far = block[inside], i[inside], j[inside], gap[inside] > near
        block = block[(slots[i] == slots[j]).sum(axis=1) >= np.where(far, least_far, least)]
        out[count : count + len(block)] = block
        count += len(block)
    return count


def frequent_codes(
    codes: NDArray[np.int64], n: int, held: NDArray[np.int64], share: float, out: NDArray[np.int64]
) -> int:
    """Write ascending codes that are there often enough, each once, into `out`; return their number.

    Often enough is `share` of what the article of the pair that holds fewer has, by `held`, int64 (n,). `out` may be
    `codes`.
    """
    starts = run_starts(codes)
    found, times = codes[starts], np.diff(np.append(starts, len(codes)))
    found = found[times >= share * np.minimum(*held[np.stack(np.divmod(found, max(n, 1)))])]
    out[: len(found)] = found
    return len(found)


def overlaps(
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
    head: int,
    late: int,
    least: float,
    sizes: NDArray[np.int64],
    heads: NDArray[np.int64],
    shared: NDArray[np.int64],
    opened: NDArray[np.int64],
) -> None:
    """Count what pairs of rows share.

    Args:
        values, offsets: uint64 members of n rows, repeats kept, int64 (n + 1,).
        pairs: int64 (m, 2), row numbers.
        head: how many of a row's first members make its head.
        late: of its first members one at least of so many, else nothing of its head counts as held.
        least: share of the smaller row below which nothing is told of a pair: it is given as 0.
        sizes, heads: int64 (n,), written: distinct members of each row and of its head.
        shared: int64 (m,), written: distinct members that both rows hold.
        opened: int64 (m, 2), written: those of the first one's head that the second holds, and the other way round.
    """
    sets = unique_sets(values, offsets)
    stops = np.minimum(offsets[:-1] + head, offsets[1:])
    openings, starts = (
        unique_sets(values[index], taken)
        for index, taken in (
            ragged_index(np.stack([offsets[:-1], ends], axis=1).ravel(), 2 * np.arange(len(ends)))
            for ends in (stops, np.minimum(offsets[:-1] + late, stops))
        )
    )
    sizes[:], heads[:] = np.diff(sets[1]), np.diff(openings[1])
    whole, opening, start = _matrix(*sets), _matrix(*openings), _matrix(*starts)
    first, second = pairs.T
    shared[:] = np.diff(whole[first].multiply(whole[second]).indptr)
    for side, (one, other) in enumerate(((first, second), (second, first))):
        begun = np.diff(start[one].multiply(whole[other]).indptr) > 0
        opened[:, side] = np.diff(opening[one].multiply(whole[other]).indptr) * begun
    far = shared / np.maximum(np.minimum(sizes[first], sizes[second]), 1) < least
    shared[far], opened[far] = 0, 0


def words_missing(
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
    passage: int,
    out: NDArray[np.int64],
) -> None:
    """Count the words of one row that another lacks, every time they are there.

    Args:
        hashes, offsets: uint64 words of n rows, int64 (n + 1,).
        pairs: int64 (m, 2), row numbers: whose words, and which row may lack them.
        passage: words in a row.
        out: int64 (2, m), written: in all, and most in any `passage` of them.
    """
    (at, starts), (others, ends) = (ragged_index(offsets, rows) for rows in pairs.T)
    rows, their_rows = (np.repeat(np.arange(len(pairs)), np.diff(x)) for x in (starts, ends))
    salts = multipliers(len(pairs))  # so that words of different pairs never meet
    missing = ~np.isin(hashes[at] + salts[rows], hashes[others] + salts[their_rows])
    out[0] = np.bincount(rows[missing], minlength=len(pairs))
    out[1] = 0
    so_far = np.concatenate(([0], np.cumsum(missing)))
    stops = np.minimum(np.arange(len(missing)) + passage, starts[1:][rows])
    np.maximum.at(out[1], rows, so_far[stops] - so_far[:-1])


def unique_sets(values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return each row's distinct values, sorted: sets that can be intersected, and their offsets.

    Of each hash the upper 54 bits are kept: rows are sorted in blocks of 1,024, the row number above the hash. Two
    sets of 1,000 shingles then share a false one with probability 1e6 / 2**54, one in eighteen thousand million.
    """
    low, top = np.uint64(_BLOCK_BITS), np.uint64(64 - _BLOCK_BITS)
    counts, parts = [np.zeros(0, dtype=np.int64)], [values[:0]]
    for start in range(0, len(offsets) - 1, 1 << _BLOCK_BITS):
        ends = offsets[start : start + (1 << _BLOCK_BITS) + 1]
        block = values[ends[0] : ends[-1]] >> low
        block |= np.repeat(np.arange(len(ends) - 1, dtype=np.uint64), np.diff(ends)) << top
        block.sort()
        block = block[starts_run(block)]
        counts.append(np.bincount((block >> top).astype(np.int64), minlength=len(ends) - 1))
        parts.append(block & ((np.uint64(1) << top) - np.uint64(1)))
    return np.concatenate(parts), offsets_from_counts(np.concatenate(counts))


def _matrix(values: NDArray[np.uint64], offsets: NDArray[np.int64]) -> Any:
    """Return the sets as a sparse matrix whose column numbers are the hashes.

    Only their order is ever looked at, so the width costs nothing, and SciPy's merge of two sorted rows is the
    intersection.
    """
    from scipy.sparse import csr_array

    ones = np.ones(len(values), dtype=np.int8)
    matrix = csr_array((ones, values.astype(np.int64), offsets), shape=(len(offsets) - 1, 1 << 62))
    matrix.has_canonical_format = True
    return matrix
