"""Rows of hashes to shingles, signatures and band keys, in NumPy.

Array letters: `n` rows, `s` members of all rows, `k` slots, `b` bands of `r` slots.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import GAMMA, mix
from clusterer.arrays.indexing import positions_in_runs, ragged_index

ROUNDS = 6
"""Rounds of fast similarity sketching; after so many, the few sets with empty slots are finished slot by slot."""
VALUE_BITS = 27
"""Bits of a slot that hold a value; the round, up to 31, lies above."""

_EMPTY32 = np.uint32(0xFFFFFFFF)
_ALL64 = (1 << 64) - 1
_RUNS = 1024  # runs hashed at a time, so that what lies between stays in the cache
_CELLS = 1 << 15  # empty slots finished at a time


def hash_runs(
    hashes: NDArray[np.uint64], starts: NDArray[np.int64], factors: NDArray[np.uint64], out: NDArray[np.uint64]
) -> None:
    """Hash each run ``hashes[starts[i]:starts[i + 1]]``, the last one to the end, into `out`, uint64 (x,)."""
    ends = np.append(starts[1:], len(hashes))
    for first in range(0, len(starts), _RUNS):
        begin, end = starts[first : first + _RUNS], ends[first : first + _RUNS]
        base, lengths = int(begin[0]), end - begin
        products = factors[positions_in_runs(lengths)]
        products *= hashes[base : int(end[-1])]
        sums = np.add.reduceat(products, begin - base) + lengths.astype(np.uint64)
        out[first : first + _RUNS] = mix(sums)


def take_rows(
    values: NDArray[Any],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    to: NDArray[np.int64],
    out: NDArray[Any],
) -> None:
    """Copy rows of a ragged array to where `to`, int64 (m or more,), says that each begins in `out`."""
    places, begins = ragged_index(offsets, rows)
    counts = np.diff(begins)
    out[np.arange(len(places)) + np.repeat(to[: len(rows)] - begins[:-1], counts)] = values[places]


def shingle_rows(
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    factors: NDArray[np.uint64],
    to: NDArray[np.int64],
    out: NDArray[np.uint64],
) -> None:
    """Hash the shingles of ``len(factors)`` members of each of some rows, one for a shorter row, into `out`.

    `to`, int64 (m + 1,), are the offsets of the m rows of shingles in `out`.
    """
    taken, offsets = ragged_index(offsets, rows)
    hashes = hashes[taken]
    size, total, counts = len(factors), len(hashes), np.diff(offsets)
    sums = hashes * factors[0]
    for k in range(1, min(size, total)):
        sums[: total - k] += hashes[k:] * factors[k]
    inside = np.ones(total, dtype=np.bool_)  # False where a shingle would run over its row's end
    for k in range(1, size):
        ends = offsets[1:] - k
        inside[ends[(ends >= offsets[:-1])]] = False
    short = np.flatnonzero((counts > 0) & (counts < size))
    if len(short):
        index, within = ragged_index(offsets, short)
        place = positions_in_runs(np.diff(within))
        sums[offsets[short]] = np.add.reduceat(hashes[index] * factors[place], within[:-1])
        inside[offsets[short]] = True
    out[to[0] : to[-1]] = mix(sums[inside])


def fast_signatures(
    values: NDArray[np.uint64], offsets: NDArray[np.int64], salts: NDArray[np.uint64], slots: NDArray[np.uint32]
) -> None:
    """Sketch n sets by fast similarity sketching (Dahlgaard, Knudsen and Thorup 2017, algorithm 1) into `slots`, (n, k).

    `salts`, uint64 (ROUNDS + k,), make the hash functions of the rounds, then those of the slots left empty.
    """
    n, k = slots.shape
    cells, counts = np.full(n * k, _EMPTY32, dtype=np.uint32), np.diff(offsets)
    members, rows = values[offsets[0] : offsets[-1]], np.repeat(np.arange(n), counts)
    unfilled = counts > 0
    for turn in range(ROUNDS):
        hashes = mix(members ^ salts[turn])
        bins = (hashes >> np.uint64(32)) * np.uint64(k) >> np.uint64(32)
        # Bins come from the upper half, values from the lower: independent.
        found = (hashes & np.uint64((1 << VALUE_BITS) - 1)).astype(np.uint32)
        found |= np.uint32(turn << VALUE_BITS)
        np.minimum.at(cells, rows * k + bins.astype(np.int64), found)
        unfilled = (cells.reshape(n, k) == _EMPTY32).any(axis=1) & (counts > 0)
        if not unfilled.any():
            break
        index, taken = ragged_index(offsets, np.flatnonzero(unfilled))
        members, rows = values[index], np.repeat(np.flatnonzero(unfilled), np.diff(taken))
    # What is left are short sets: for every empty slot, the least hash of a function of the slot's own.
    empty = np.flatnonzero((cells.reshape(n, k) == _EMPTY32) & unfilled[:, None])
    for start in range(0, len(empty), _CELLS):
        chosen = empty[start : start + _CELLS]
        index, taken = ragged_index(offsets, chosen // k)
        hashes = mix(values[index] ^ np.repeat(salts[ROUNDS + chosen % k], np.diff(taken)))
        found = (hashes & np.uint64((1 << VALUE_BITS) - 1)).astype(np.uint32)
        cells[chosen] = np.minimum.reduceat(found, taken[:-1]) | np.uint32(ROUNDS << VALUE_BITS)
    slots[:] = cells.reshape(n, k)


def band_keys(slots: NDArray[Any], r: int, factors: NDArray[np.uint64], keys: NDArray[np.uint64]) -> None:
    """Hash each band's r slots and the band's number into `keys`, uint64 (b, n); `slots` uint32 or uint64 (n, k)."""
    b, n = keys.shape
    banded = slots[:, : b * r].reshape(n, b, r).astype(np.uint64)
    sums = np.broadcast_to(factors[r:], (n, b)).copy()
    for i in range(r):
        sums += mix(banded[:, :, i] + factors[i]) * factors[i]
    keys[:] = mix(sums).T


def arrivals(
    values: NDArray[np.uint64],
    weights: NDArray[np.float64],
    offsets: NDArray[np.int64],
    seed: int,
    table: NDArray[np.float64],
    last: float,
    slots: NDArray[np.uint16],
) -> None:
    """Sketch n weighted sets into `slots`, uint16 (n, k): a slot keeps the member whose point arrives first.

    Args:
        values, weights, offsets: uint64 (s,) members, float64 (s,) their weights, int64 (n + 1,).
        seed: of the hash functions, mixed.
        table: float64 (4097,), how long the next point of a Poisson process of rate 1 lets wait, by cells.
        last: the time at which a set's points stop.
        slots: written into; the largest value for a set without members.
    """
    n, k = slots.shape
    counts = np.diff(offsets)
    rows = np.repeat(np.arange(n), counts)
    slower = np.bincount(rows, weights=weights, minlength=n)[rows] / weights
    first = np.full(n * k, _ALL64, dtype=np.uint64)
    members, arrived = values ^ np.uint64(seed), np.zeros(len(rows))
    turn = 0
    while len(members):
        turn += 1
        hashes = mix(members + np.uint64(turn * GAMMA & _ALL64))
        upper = hashes >> np.uint64(32)
        cell = (upper >> np.uint64(20)).astype(np.int64)
        within = (upper & np.uint64(0xFFFFF)).astype(np.float64) * 2.0**-20
        arrived = arrived + (table[cell] + (table[cell + 1] - table[cell]) * within) * slower
        going = arrived <= last
        members, arrived, slower = members[going], arrived[going], slower[going]
        rows, hashes = rows[going], hashes[going]
        slot = (hashes & np.uint64(0xFFFFFFFF)) * np.uint64(k) >> np.uint64(32)
        # Positive floats sort as their bits do: time above, member below, one minimum for both.
        time = arrived.astype(np.float32).view(np.uint32).astype(np.uint64) << np.uint64(32)
        np.minimum.at(first, rows * k + slot.astype(np.int64), time | (members & np.uint64(0xFFFFFFFF)))
    slots[:] = (first & np.uint64(0xFFFF)).astype(np.uint16).reshape(n, k)
    row, column = np.nonzero((first == np.uint64(_ALL64)).reshape(n, k) & (counts > 0)[:, None])
    filled, sums = np.flatnonzero(counts), np.zeros(n, dtype=np.uint64)
    if len(filled):
        sums[filled] = np.add.reduceat(values, offsets[filled])
    own = mix(sums[row] + column.astype(np.uint64))  # a value of its own for a slot that nothing reached
    slots[row, column] = (own & np.uint64(0xFFFF)).astype(np.uint16)
