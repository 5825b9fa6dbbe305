"""Bitmaps of sets, and what they rule out, in NumPy.

A bitmap is a power of two of 64-bit words; larger ones fold onto it word by word. A bit that one set has and the other has not is
a member at least that the other lacks: so two bitmaps bound from above what two sets share.

Source: Sandes, Teodoro and Melo 2020, "Bitmap filter: Speeding up exact set similarity joins with bitwise operations".

Array letters: `n` rows, `s` members of all rows, `x` words of all bitmaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITMAP_SHIFT = 20
"""Bits of a hash below those that say where it stands in a bitmap."""
CROWDED = 8
"""Times as large as the other one, from which on a bitmap rules nothing out: hardly a bit of it is free once it is folded."""
_CODES = 1 << 14  # pairs looked at a time


def set_bitmaps(
    values: NDArray[np.uint64], offsets: NDArray[np.int64], to: NDArray[np.int64], out: NDArray[np.uint64]
) -> None:
    """Set the bits of rows.

    Args:
        values, offsets: uint64 (s,) members of n rows, int64 (n + 1,).
        to: int64 (n + 1,), row i has the words ``out[to[i]:to[i + 1]]``, a power of two of them.
        out: uint64 (x,), all 0; written.
    """
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    mask = (64 * np.diff(to) - 1).astype(np.uint64)
    bit = values[offsets[0] : offsets[-1]] >> np.uint64(BITMAP_SHIFT) & mask[row]
    word = to[row] + (bit >> np.uint64(6)).astype(np.int64)
    np.bitwise_or.at(out, word, np.uint64(1) << (bit & np.uint64(63)))


def possible_codes(
    maps: NDArray[np.uint64],
    to: NDArray[np.int64],
    counts: NDArray[np.int32],
    codes: NDArray[np.int64],
    least: float,
    out: NDArray[np.int64],
) -> int:
    """Write the codes of pairs that may share enough into `out`, in their order; return their number.

    Enough is a containment of `least`. Of one set at most what it has, less the bits that the other lacks, is shared; which of
    the two is the smaller is not known, as members are counted with repeats, so that either may allow it.

    Args:
        maps, to: of n rows, as `set_bitmaps` makes them.
        counts: int32 (n,), members of each row, repeats too.
        codes: int64, ``first * n + second``.
        least: in (0, 1].
        out: int64, as long as `codes`.
    """
    count, sizes = 0, np.diff(to)
    for start in range(0, len(codes), _CODES):
        block = codes[start : start + _CODES]
        pairs = np.stack(np.divmod(block, max(len(counts), 1)), axis=1)
        larger = np.where(sizes[pairs[:, 0]] >= sizes[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
        smaller = pairs.sum(axis=1) - larger
        kept = sizes[larger] >= CROWDED * sizes[smaller]
        shapes = np.stack([sizes[larger], sizes[smaller]], axis=1)
        for shape in np.unique(shapes[~kept], axis=0):
            rows = np.flatnonzero((shapes == shape).all(axis=1))
            a, b = (
                maps[to[x[rows]][:, None] + np.arange(size)] for x, size in zip((larger, smaller), shape, strict=True)
            )
            a = np.bitwise_or.reduce(a.reshape(len(rows), -1, shape[1]), axis=1)
            for one, other, row in ((a, b, larger[rows]), (b, a, smaller[rows])):
                lacking = np.bitwise_count(one & ~other).sum(axis=1, dtype=np.int64)
                kept[rows] |= (counts[row] - lacking) / counts[row] >= least
        block = block[kept]
        out[count : count + len(block)] = block
        count += len(block)
    return count
