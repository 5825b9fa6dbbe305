"""Which stored documents a new one may be a copy or a cut of, and which it verifiably is.

Candidates share a band of their signatures or enough sampled shingles; what they share is then counted by
`copies.verify`, as in a batch run. Stores nothing.

Array letters: `n` new documents, `m` pairs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import factorize, find_sorted
from clusterer.copies import verify
from clusterer.copies.documents import Documents
from clusterer.copies.verify import Links
from clusterer.index import keys
from clusterer.index.articles import document_words
from clusterer.index.keys import Sketches
from clusterer.index.open_index import OpenIndex
from clusterer.lsh import bands
from clusterer.lsh.samples import SLACK
from clusterer.text.words import Words

_NUMBER = 0xFFFFFFFF


def copy_candidates(index: OpenIndex, sketches: Sketches, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs that may be copies or cuts: int64 (m, 2) rows of the sketches and numbers of documents, each once.

    Args:
        index: to look in.
        sketches: of n documents.
        numbers: int64 (n,), ascending: their own numbers where they were staged, so that a pair of two new ones is
            given once; else -1.
    """
    cap = index.settings.bucket_cap
    by_band = index.postings.shared(keys.codes_of(sketches.bands, sketches.band_rows), numbers, cap)
    pair, shared = index.postings.shared(keys.codes_of(sketches.samples, sketches.sample_rows), numbers, cap)
    distinct, place = factorize(pair & _NUMBER)
    fewer = np.minimum(sketches.sampled[pair >> 32], index.postings.sampled(distinct)[place])
    enough = shared >= index.settings.containment / SLACK * fewer
    both = np.concatenate([by_band[0], pair[enough]])
    if np.bincount(both >> 32, minlength=1).max() > bands.MOST:
        both, place = factorize(both)
        met = np.bincount(place, np.concatenate([by_band[1], shared[enough]])).astype(np.int64)
        kept = bands.most_met(both, both >> 32, met, bands.MOST)
        if len(kept) < len(both):
            index.tell_cut_short("copy", bands.MOST, "a copy that shares less with it may be missed")
        both = both[kept]
    rows, others = both >> 32, both & _NUMBER
    # Two new ones met each other twice, or, where one of them is a hub, once: the later one gets the pair.
    other_row, is_new = find_sorted(numbers, others)
    turned = is_new & (others > numbers[rows])
    rows, others = np.where(turned, other_row, rows), np.where(turned, numbers[rows], others)
    both = sorting.distinct(rows << 32 | others)
    return np.stack([both >> 32, both & _NUMBER], axis=1)


def verify_candidates(
    index: OpenIndex,
    pairs: NDArray[np.int64],
    words: Words,
    counts: NDArray[np.int64],
    hashes: NDArray[np.uint64],
) -> tuple[Links, NDArray[np.int64]]:
    """The candidate pairs that are near, judged without outlets and dates.

    Args:
        index: that holds the documents of the second column.
        pairs: int64 (m, 2), as `copy_candidates` gives them.
        words: of the n new documents.
        counts: int64 (n,), how many words each has.
        hashes: uint64 (n,), of the words of each.

    Returns:
        Links whose pairs are places in the second array, the longer document first; that array, int64, gives for each
        place ``-1 - row`` of a new document or the number of a stored one.
    """
    stored = index.documents.find(np.unique(pairs[:, 1]))
    pairs = pairs[np.fromiter((x in stored for x in pairs[:, 1].tolist()), dtype=np.bool_, count=len(pairs))]
    rows, others = np.unique(pairs[:, 0]), np.unique(pairs[:, 1])
    other_words = document_words(index, {x: stored[x].article for x in others.tolist()})
    together = _appended(replace(words.take(rows), opens_line=None), other_words)
    size = np.append(counts[rows], [stored[x].words for x in others.tolist()]).astype(np.int64)
    hash = np.append(hashes[rows], np.array([stored[x].hash for x in others.tolist()], dtype=np.uint64))
    order = np.lexsort((hash, -size))
    place = np.argsort(order)
    local = np.stack(
        [place[np.searchsorted(rows, pairs[:, 0])], place[len(rows) + np.searchsorted(others, pairs[:, 1])]], axis=1
    )
    unknown = np.full(len(order), -1), np.full(len(order), np.inf)  # what pairs are is decided when groups are formed
    links = verify.verify(Documents(order, place, together, *unknown), np.sort(local, axis=1), index.settings)
    return links, np.concatenate([-1 - rows, others])[order]


def _appended(a: Words, b: Words) -> Words:
    """Hashes, and letters where there are some, of the articles of both."""
    letters = None
    if a.letters is not None and b.letters is not None:
        letters = (
            np.concatenate([a.letters[0], b.letters[0]]),
            np.append(a.letters[1], a.letters[1][-1] + b.letters[1][1:]),
        )
    offsets = np.append(a.offsets, a.offsets[-1] + b.offsets[1:])
    return Words(np.concatenate([a.hashes, b.hashes]), offsets, letters=letters)
