"""Buckets: articles that share a key to pairs. It proposes; `clusterer.copies.verify` decides.

Two kinds of key go the same way: keys of bands (`bands`) and sampled shingles (`samples`). A bucket of s articles costs
s (s - 1) / 2 pairs up to a cap; a larger one is joined to its few first members only, so cost stays linear and a bucket
of 10,000 copies still yields every one of them.

Articles must be numbered so that lower means better hub (the pipeline numbers the longest text first): then pairs do
not depend on the order of the input.

Array letters: `n` articles, `e` keys, `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.sorting import distinct

HUBS = 4
"""Members of a bucket above the cap that all its others are paired with."""


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


NEIGHBOURS = 8
"""Members before it that each one of a bucket above the cap is paired with, where articles are in the order of time."""


def bucket_codes(
    sorted_entries: NDArray[np.uint64], n: int, cap: int, neighbours: int | None = None
) -> tuple[NDArray[np.int64], int]:
    """Pairs that share a bucket, as int64 (x,) codes ``first * n + second``, and how many large buckets left out.

    A pair that meets in several buckets is there several times.

    Args:
        sorted_entries: uint64 (e,), of `entries`, ascending; an article may be in a bucket twice.
        n: number of articles.
        cap: the largest bucket that makes all its pairs; larger ones make pairs with their first `HUBS` members.
        neighbours: larger ones make pairs of members with so many before each instead: where articles are numbered by
            time, of those of one time.
    """
    hubs = HUBS if neighbours is None else neighbours
    return kernels.bucket_pairs(sorted_entries, _bits(n), n, cap, hubs, neighbours is not None)


def articles_of(found: NDArray[np.uint64], n: int) -> NDArray[np.int64]:
    """int64 (e,): the article of each of the `entries`."""
    return (found & np.uint64((1 << _bits(n)) - 1)).astype(np.int64)


def union(a: NDArray[np.int64], b: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The pairs of two lists, int64 (m, 2), each once, sorted."""
    return pairs_from(distinct(np.concatenate([a[:, 0] * n + a[:, 1], b[:, 0] * n + b[:, 1]])), n)


def pairs_from(codes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Codes ``first * n + second`` as pairs, int64 (m, 2), in their order."""
    return np.stack(np.divmod(codes, max(n, 1)), axis=1)


def _bits(n: int) -> int:
    return max(1, int(n).bit_length())
