"""Verification: exact measures of candidate pairs. The only place where a candidate becomes a link.

Jaccard |A & B| / |A | B|, containment |A & B| / min(|A|, |B|), and the opening: which share of the longer text's first
shingles the shorter one holds. A cut keeps the opening of what it was cut from; a text that a roundup quotes
further down does not, and the two are no copies. Finding pairs is the business of `candidates`.

Source: Broder 1997, "On the resemblance and containment of documents", section 2.

Array letters: `n` sets, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import factorize
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged
from clusterer.copies.candidates import shingle
from clusterer.copies.documents import Documents
from clusterer.copies.short_texts import share_words
from clusterer.progress import Progress, silent
from clusterer.settings import Settings

_VERIFY_BLOCK = 1 << 14  # pairs verified at a time: their shingle sets are made, used and dropped


def verify(
    documents: Documents, pairs: NDArray[np.int64], settings: Settings, progress: Progress | None = None
) -> Links:
    """The candidate pairs that are copies or cuts by their exact shingle sets."""
    tell = progress or silent

    def check(start: int) -> tuple[Overlap, NDArray[np.bool_], NDArray[np.bool_]]:
        block = pairs[start : start + _VERIFY_BLOCK]
        needed, local = factorize(block)
        words = documents.take(needed)
        tell("verifying", len(block))
        return overlap(shingle(words, settings), local), *share_words(words, local, settings.profile)

    blocks = list(ordered_map(check, range(0, len(pairs), _VERIFY_BLOCK), settings.threads))
    shared = join([block[0] for block in blocks])
    copies = shared.are_copies(settings.jaccard)
    cuts = shared.are_cuts(settings.containment, settings.opening)
    copies &= np.concatenate([np.ones(0, dtype=np.bool_), *(block[1] for block in blocks)])
    cuts &= np.concatenate([np.ones(0, dtype=np.bool_), *(block[2] for block in blocks)])
    kept = copies | cuts
    quoted = int((shared.are_cuts(settings.containment, 0.0) & ~kept).sum())
    return Links(pairs[kept], shared.where(kept), copies[kept], quoted)


OPENING = 40
"""Shingles that count as an article's opening: about its first two sentences."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What m pairs of shingle sets share.

    Attributes:
        shared: int64 (m,), members in both.
        smaller, larger: int64 (m,), members of the smaller and of the larger set.
        opening: float64 (m,) in [0, 1], the share of the larger one's opening that the smaller holds.
    """

    shared: NDArray[np.int64]
    smaller: NDArray[np.int64]
    larger: NDArray[np.int64]
    opening: NDArray[np.float64]

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1]; two empty sets have 0."""
        union = np.maximum(self.smaller + self.larger - self.shared, 1)
        jaccard: NDArray[np.float64] = self.shared / union
        return jaccard

    @property
    def containment(self) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1]: the share of the smaller set that is in the larger."""
        return self.shared / np.maximum(self.smaller, 1)

    def where(self, kept: NDArray[np.bool_]) -> Overlap:
        """Only the pairs where `kept`, bool (m,), is True."""
        return Overlap(self.shared[kept], self.smaller[kept], self.larger[kept], self.opening[kept])

    def are_copies(self, jaccard: float) -> NDArray[np.bool_]:
        """Return bool (m,): alike as a whole."""
        return self.jaccard >= jaccard

    def are_cuts(self, containment: float, opening: float) -> NDArray[np.bool_]:
        """Return bool (m,): the smaller one is a cut of the larger."""
        return (self.containment >= containment) & (self.opening >= opening)


def overlap(shingles: Ragged, pairs: NDArray[np.int64]) -> Overlap:
    """Exact overlap of pairs of articles.

    Args:
        shingles: uint64, n articles' shingles in reading order, repeats kept.
        pairs: int64 (m, 2), row numbers. Of two sets of one size the first row of the pair counts as the larger.
    """
    counts, heads = np.empty((2, len(shingles)), dtype=np.int64)
    shared, opened = np.empty((2, len(pairs)), dtype=np.int64)
    pairs = np.ascontiguousarray(pairs)
    kernels.overlaps(shingles.values, shingles.offsets, pairs, OPENING, counts, heads, shared, opened)
    large, small = _by_size(counts, pairs)
    # A very short text cannot hold forty shingles: its own length is then what can be asked of it.
    asked = np.maximum(np.minimum(heads[large], counts[small]), 1)
    return Overlap(shared, counts[small], counts[large], np.minimum(opened / asked, 1.0))


def join(parts: Sequence[Overlap]) -> Overlap:
    """Several batches of pairs as one."""
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Overlap(none, none, none, none.astype(np.float64))
    return Overlap(
        np.concatenate([p.shared for p in parts]),
        np.concatenate([p.smaller for p in parts]),
        np.concatenate([p.larger for p in parts]),
        np.concatenate([p.opening for p in parts]),
    )


def _by_size(counts: NDArray[np.int64], pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The larger and the smaller set of each pair; of equal ones the first is the larger."""
    swap = counts[pairs[:, 1]] > counts[pairs[:, 0]]
    return np.where(swap, pairs[:, 1], pairs[:, 0]), np.where(swap, pairs[:, 0], pairs[:, 1])


@dataclass(frozen=True, slots=True)
class Links:
    """Verified links of documents.

    Attributes:
        pairs: int64 (m, 2), first < second, sorted.
        overlap: what each pair shares.
        is_copy: bool (m,), alike as a whole; False for cuts.
        quoted: number of pairs with enough containment that are quotations rather than cuts.
    """

    pairs: NDArray[np.int64]
    overlap: Overlap
    is_copy: NDArray[np.bool_]
    quoted: int
