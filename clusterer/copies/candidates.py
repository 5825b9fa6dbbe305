"""Candidate pairs of documents that may be copies or cuts: sketches of their shingles, bands and samples of these.

Proposes only; `verify` decides.

Array letters: `n` texts, `d` documents, `b` bands, `e` samples, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.hashing import mix
from clusterer.arrays.parallel import ordered_map, run_both, workers
from clusterer.arrays.partitions import Partitions
from clusterer.arrays.ragged import Ragged
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.copies.documents import Documents
from clusterer.copies.grouping import SHARE
from clusterer.corpus import text_words
from clusterer.lsh import bands as lsh_bands, buckets, minhash, samples as lsh_samples
from clusterer.lsh.bitmaps import MANY, Bitmaps, GrowingBitmaps, bitmaps_of
from clusterer.progress import Progress, silent
from clusterer.settings import GivenSettings, Settings, settings_from
from clusterer.text.shingles import char_shingles, word_shingles
from clusterer.text.words import Words

_BANDS = 16  # bands whose keys lie together: a file of its own for each would be many open files


def generate_candidates(
    documents: Documents,
    settings: Settings,
    progress: Progress | None = None,
    store: Store = IN_MEMORY,
    least: float = 0.0,
) -> CandidatePairs:
    """Candidate pairs of documents: by bands of their signatures, and by sampled shingles.

    Args:
        documents: with their words.
        settings: of the run.
        progress: told how far the work is.
        store: where keys and pairs live meanwhile.
        least: containment below which a pair is not asked for, so that most of those that share a phrase are left out here.
    """
    bands, samples, held, maps = _sketches(documents, settings, progress or silent, store, least > 0)
    n, cap, threads, bits = len(held), settings.bucket_cap, settings.threads, samples.bits
    possible = partial(maps.possible, least=least) if maps else None
    (banded, dropped), (sampled, left_out) = run_both(
        lambda: lsh_bands.band_pairs(bands, n, cap, threads, bits, store, possible),
        lambda: lsh_samples.containment_pairs(samples, held, cap, settings.containment, threads),
        threads,
    )
    return CandidatePairs(buckets.union(banded, sampled, n), dropped + left_out)


def _sketches(
    documents: Documents, settings: Settings, tell: Progress, store: Store = IN_MEMORY, maps: bool = False
) -> tuple[list[NDArray[np.uint64]], Partitions, NDArray[np.int64], Bitmaps | None]:
    """Of d documents the b bands' keys (d,), the sampled shingles as entries, how many there are of each (d,), and bitmaps."""
    d = min(documents.compared, len(documents))
    b, _ = band_shape(settings)
    growing = GrowingBitmaps() if maps else None
    blocks = (store.empty((min(_BANDS, b - start), d), np.uint64) for start in range(0, b, _BANDS))
    bands, held = [band for block in blocks for band in block], np.zeros(d, np.int64)
    words = documents.corpus_words
    assert words is not None
    expected = 8 * len(words.hashes) // max(settings.sample, 1)
    are_small = len(words.hashes) > MANY
    samples = Partitions(store.parts(expected, workers(settings.threads)), store)

    def of_chunk(start: int) -> tuple[NDArray[np.uint64], Bitmaps | None]:
        stop = min(start + settings.chunk, d)
        shingles = shingle(words, settings, documents.articles[start:stop])
        keys, sampled, rows = _keys(shingles, settings)
        for band, column in zip(bands, keys.T, strict=True):
            band[start:stop] = column
        found = sorting.distinct(buckets.entries(sampled, rows + start, d))
        held[start:stop] = np.bincount(buckets.articles_of(found, d) - start, minlength=stop - start)
        tell("sketching", stop - start)
        return found, bitmaps_of(shingles, are_small) if maps else None

    for found, made in ordered_map(of_chunk, range(0, d, settings.chunk), settings.threads):
        samples.append_ascending(found)
        if growing and made:
            growing.append(made)
    return bands, samples, held, growing.whole() if growing else None


def band_shape(settings: Settings) -> tuple[int, int]:
    """Bands of a signature, and slots a band, that the settings ask for.

    Groups are joined by the mean of their pairs (`grouping.SHARE` of the threshold), and one that was not looked at counts as
    0: so pairs are looked for down to that mean, unless there are too few slots.
    """
    b, r = lsh_bands.choose_bands(settings.jaccard, settings.slots, settings.recall)
    return (b, r) if r == 1 else lsh_bands.choose_bands(SHARE * settings.jaccard, settings.slots, settings.recall)


def sketch(words: Words, settings: Settings) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """Return the keys that n texts meet by.

    Returns:
        Of their b bands the keys, uint64 (n, b); of e sampled shingles the keys, uint64 (e,), and the text that each is of,
        int64 (e,), ascending. A text may hold a sample twice.
    """
    return _keys(shingle(words, settings), settings)


def _keys(shingles: Ragged, settings: Settings) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """As `sketch`, of n texts' shingles."""
    slots = minhash.signatures(shingles, settings.slots, settings.scheme, settings.seed)  # type: ignore[arg-type]
    sampled, rows = lsh_samples.sampled_keys(shingles, settings.sample)
    return lsh_bands.band_keys(slots, *band_shape(settings)), mix(sampled), rows


def shingles_of(texts: Sequence[str], settings: GivenSettings | None = None, **choices: Any) -> Ragged:
    """The shingles of texts as they are compared: letters folded, datelines and footers cut. For sketches and indexes of others.

    Args:
        texts: their sets are in the same order; the set of a text without a word is empty.
        settings: as for `clusterer.cluster`; of these `unit`, `size`, `profile` and `boilerplate`.
        **choices: as for `clusterer.cluster`.

    Example:
        >>> shingles_of(["وصل الوفد إلى الرياض اليوم", ""], boilerplate="none").counts.tolist()
        [3, 0]
    """
    chosen = settings_from(settings, choices)
    return shingle(text_words(texts, chosen), chosen)


def shingle(words: Words, settings: Settings, articles: NDArray[np.int64] | None = None) -> Ragged:
    """The shingles that the settings ask for, of some articles, int64, or of all."""
    return (word_shingles if settings.unit == "word" else char_shingles)(words, settings.size, articles)


@dataclass(frozen=True, slots=True)
class CandidatePairs:
    """Candidate pairs of documents, int64 (m, 2), sorted, and what their making cost."""

    pairs: NDArray[np.int64]
    dropped: int
