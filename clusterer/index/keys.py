"""Keys: what a document or a text is found by, 32 bits each, and who shares them.

A key is two bits of its kind and thirty bits of a hash: of all words, of a line with its outlet, of a band of a
signature or a sampled shingle, of a band of a weighted lead, of a run of stems. Two hashes may give one key, so who
shares a key is a candidate, and verified elsewhere.

Array letters: `n` documents or texts, `e` keys, `h` hits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.hashing import mix
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged
from clusterer.copies import candidates
from clusterer.settings import Settings
from clusterer.stories import candidates as stories_candidates
from clusterer.text.words import Words

Kind = Literal["words", "line", "copy", "story"]
_KINDS: dict[Kind, int] = {"words": 0, "line": 0, "copy": 1, "story": 2}  # one kind lies together in a segment
_HIGH, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Sketches:
    """The keys of n documents that their copies share.

    Attributes:
        bands: uint64 (e,), keys of the bands of signatures.
        band_rows: int64 (e,), row of the document that each is of.
        samples: uint64 (e,), keys of sampled shingles, each once a document.
        sample_rows: int64 (e,), row of the document that each is of.
        sampled: int64 (n,), how many sampled shingles each document has.
    """

    bands: NDArray[np.uint64]
    band_rows: NDArray[np.int64]
    samples: NDArray[np.uint64]
    sample_rows: NDArray[np.int64]
    sampled: NDArray[np.int64]


def keys_of(hashes: NDArray[np.uint64], kind: Kind) -> NDArray[np.uint64]:
    """Keys of one kind, uint64 (e,) below 2**32.

    Args:
        hashes: uint64 (e,), whose upper bits differ as much as their lower ones.
        kind: what was hashed.
    """
    return hashes >> np.uint64(34) | np.uint64(_KINDS[kind] << 30)


def sketch(words: Words, settings: Settings) -> Sketches:
    """The keys of documents that their copies share.

    Args:
        words: of n documents, without boilerplate.
        settings: how they are shingled and sketched.
    """

    def of_chunk(start: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
        return candidates.sketch(words.slice(start, min(start + settings.chunk, len(words))), settings)

    starts = range(0, max(len(words), 1), settings.chunk)
    parts = list(ordered_map(of_chunk, starts, settings.threads))
    bands = keys_of(np.concatenate([keys for keys, _, _ in parts]), "copy")
    codes = [
        sorting.distinct(keys_of(keys, "copy") | (rows + start).astype(np.uint64) << _HIGH)
        for start, (_, keys, rows) in zip(starts, parts, strict=True)
    ]
    code = np.concatenate(codes)
    rows = (code >> _HIGH).astype(np.int64)
    sampled = np.bincount(rows, minlength=len(words))
    band_rows = np.repeat(np.arange(len(words)), bands.shape[1])
    return Sketches(bands.ravel(), band_rows, code & _LOW, rows, sampled)


def lead_keys(slots: NDArray[np.uint16]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Keys of the bands of weighted leads, uint64 (e,), and the row of each, int64 (e,); none for empty leads.

    Args:
        slots: uint16 (n, k), signatures of the leads.
    """
    filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
    r = stories_candidates.STORY_ROWS
    b = slots.shape[1] - r + 1  # a band begins at every slot
    key = np.zeros((len(filled), b), dtype=np.uint64)
    for i in range(r):
        key = key << np.uint64(16) | slots[filled][:, i : i + b].astype(np.uint64)
    key |= np.arange(b, dtype=np.uint64) << np.uint64(16 * r)
    return keys_of(mix(key.ravel()), "story"), np.repeat(filled, b)


def codes_of(keys: NDArray[np.uint64], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Keys above the rows that hold them, uint64 (e,), ascending, as `Postings.shared` takes them."""
    codes = keys << _HIGH | rows.astype(np.uint64)
    sorting.sort(codes)
    return codes


def distinct_stems(stems: Ragged, titles: Ragged) -> NDArray[np.uint32]:
    """The distinct stems of each of n texts, title included, uint32 (s,), one text after the other."""
    codes = [part.rows.astype(np.uint64) << _HIGH | part.values.astype(np.uint64) for part in (stems, titles)]
    return (sorting.distinct(np.concatenate(codes)) & _LOW).astype(np.uint32)
