"""Words: a normalised batch of letters to one 64-bit hash a word, without a Python string in between.

Four letters (16 bits each) are read at a time as one unaligned 64-bit number; longer words are mixed in steps of four.
Every later stage (boilerplate, shingles, the exact level) works on these hashes. A hash depends on the letters alone:
not on the platform, the batch or a seed. What a word means, and where it may be cut away, is decided elsewhere.

Mixing: multiply and xor-shift with the constants of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", section 4).

Array letters: `n` articles, `w` words of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusterer.arabic import BOUNDARY, NEWLINE, SPACE, fold, stem_bounds

_BLOCK = 1024  # articles or runs worked on at a time
_LETTERS = 4  # 16-bit letters in a 64-bit number
_KEEP = np.array([0, 2**16 - 1, 2**32 - 1, 2**48 - 1, 2**64 - 1], dtype=np.uint64)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GAMMA = 0x9E3779B97F4A7C15
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n articles.

    Attributes:
        hashes: uint64 (w,), one a word, in reading order.
        offsets: int64 (n + 1,); article i has words ``offsets[i]:offsets[i + 1]``.
        opens_line: bool (w,), True for the first word of every line.
        spans: int64 (w, 2), first and past-the-last character of each word in the article's own text, or None when
            positions were not asked for.
        letters: the words spelt out, uint16 letters with one `SPACE` after each word, and int64 (w + 1,) offsets of the
            words in them; or None when letters were not asked for.
        stems: uint64 (w,), a hash of each word's light stem, or None when stems were not asked for.
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    opens_line: NDArray[np.bool_]
    spans: NDArray[np.int64] | None = None
    letters: tuple[NDArray[np.uint16], NDArray[np.int64]] | None = None
    stems: NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """int64 (n,), words of each article."""
        return np.diff(self.offsets)

    def slice(self, start: int, stop: int) -> Words:
        """Articles `start` to `stop`, as views where that is possible."""
        offsets = self.offsets[start : stop + 1]
        a, z = int(offsets[0]), int(offsets[-1])
        letters = self.letters
        if letters is not None:
            ends = letters[1][a : z + 1]
            letters = letters[0][ends[0] : ends[-1]], ends - ends[0]
        spans = None if self.spans is None else self.spans[a:z]
        stems = None if self.stems is None else self.stems[a:z]
        return Words(self.hashes[a:z], offsets - a, self.opens_line[a:z], spans, letters, stems)

    def keep(self, kept: NDArray[np.bool_]) -> Words:
        """The same articles with only the words where `kept`, bool (w,), is True."""
        totals = np.concatenate(([0], np.cumsum(kept)))
        return self._pick(np.flatnonzero(kept), totals[self.offsets])

    def take(self, articles: NDArray[np.int64]) -> Words:
        """The words of some articles, in the order given; `articles` int64 (any length) may repeat."""
        if len(articles) <= _BLOCK or self.spans is not None:
            return self._pick(*ragged_index(self.offsets, articles))
        return concatenate(self.take(articles[i : i + _BLOCK]) for i in range(0, len(articles), _BLOCK))

    def first(self, limit: int) -> Words:
        """The same articles, each with its first `limit` words."""
        counts = np.minimum(self.counts, limit)
        ends = np.stack([self.offsets[:-1], self.offsets[:-1] + counts], axis=1).ravel()
        return self._pick(*ragged_index(ends, 2 * np.arange(len(self))))

    def _pick(self, index: NDArray[np.int64], offsets: NDArray[np.int64]) -> Words:
        letters = self.letters
        if letters is not None:
            places, ends = ragged_index(letters[1], index)
            letters = letters[0][places], ends
        return Words(
            self.hashes[index],
            offsets,
            self.opens_line[index],
            None if self.spans is None else self.spans[index],
            letters,
            None if self.stems is None else self.stems[index],
        )


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The SplitMix64 finalizer: a bijection on 64 bits in which every input bit sways every output bit."""
    out = hashes ^ (hashes >> _S30)
    out *= _M1
    out ^= out >> _S27
    out *= _M2
    out ^= out >> _S31
    return out


def multipliers(count: int) -> NDArray[np.uint64]:
    """uint64 (count,), odd constants for position-dependent sums of hashes."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_GAMMA)
    return mix(steps) | np.uint64(1)


def hash_runs(hashes: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """One hash, uint64 (x,), of each run of hashes in its order: ``starts[i]:starts[i + 1]``, the last to the end.

    `starts`, int64 (x,), ascends strictly. A sum of hashes times factors of their place in the run; the factors follow no
    line, or "A B ... B A" and "B A ... A B" would be one.
    """
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    ends = np.append(starts[1:], len(hashes))
    factors = multipliers(int((ends - starts).max()))
    out = np.empty(len(starts), dtype=np.uint64)
    for first in range(0, len(starts), _BLOCK):  # block by block, so that what lies between stays in the cache
        begin, end = starts[first : first + _BLOCK], ends[first : first + _BLOCK]
        base, lengths = int(begin[0]), end - begin
        place = np.arange(int(end[-1]) - base) - np.repeat(begin - base, lengths)
        products = factors[place]
        products *= hashes[base : int(end[-1])]
        out[first : first + _BLOCK] = np.add.reduceat(products, begin - base) + lengths.astype(np.uint64)
    return mix(out)


def ragged_index(offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the elements of some rows of a ragged array lie.

    Args:
        offsets: int64 (n + 1,).
        rows: int64 (m,), row numbers, may repeat.

    Returns:
        int64 (elements,) positions in the values, row after row, and int64 (m + 1,) offsets of the rows taken.
    """
    counts = offsets[rows + 1] - offsets[rows]
    out = np.concatenate(([0], np.cumsum(counts)))
    return np.arange(out[-1]) + np.repeat(offsets[rows] - out[:-1], counts), out


def hash_words(
    texts: Sequence[str], profile: str = "news", *, positions: bool = False, letters: bool = False, stems: bool = False
) -> Words:
    """The words of a batch of texts.

    Args:
        texts: n strings.
        profile: how letters fold, see `clusterer.arabic`.
        positions: also give `Words.spans`.
        letters: also give `Words.letters`.
        stems: also give `Words.stems`.

    Raises:
        SettingsError: the profile is unknown.
    """
    batch = fold(texts, profile, positions)
    codes = batch.codes
    separates = np.empty(len(codes) + 1, dtype=np.bool_)
    separates[0] = True
    np.less_equal(codes, SPACE, out=separates[1:])
    edges = np.flatnonzero(separates[1:] != separates[:-1])
    starts, stops = edges[0::2], edges[1::2]  # every batch ends with a boundary, so edges come in pairs
    breaks = np.flatnonzero((codes == NEWLINE) | (codes == BOUNDARY))
    opens_line = np.zeros(len(starts) + 1, dtype=np.bool_)
    opens_line[np.searchsorted(starts, breaks)] = True
    opens_line[0] = True
    offsets = np.concatenate(([0], np.searchsorted(starts, batch.ends)))
    spans = spelt = None
    if batch.origin is not None:
        # Up to the separator, so that marks composed with the last letter belong; a ligature may hold both.
        ends = np.maximum(batch.origin[stops], batch.origin[stops - 1] + 1)
        spans = np.stack([batch.origin[starts], ends], axis=1)
    if letters:
        places, ends = ragged_index(np.stack([starts, stops + 1], axis=1).ravel(), 2 * np.arange(len(starts)))
        spelt = codes[places], ends
        spelt[0][ends[1:] - 1] = SPACE
    stemmed = None
    if stems:
        begin, end = stem_bounds(codes, starts, stops)
        stemmed = _hash_runs(codes, begin, end - begin)
    return Words(_hash_runs(codes, starts, stops - starts), offsets, opens_line[:-1], spans, spelt, stemmed)


def concatenate(batches: Iterable[Words]) -> Words:
    """Several batches as one, without spans."""
    parts = list(batches) or [hash_words([])]
    letters = None
    if all(p.letters is not None for p in parts):
        spelt = [p.letters for p in parts if p.letters is not None]
        letters = np.concatenate([x for x, _ in spelt]), _join_offsets([ends for _, ends in spelt])
    return Words(
        np.concatenate([p.hashes for p in parts]),
        _join_offsets([p.offsets for p in parts]),
        np.concatenate([p.opens_line for p in parts]),
        letters=letters,
        stems=np.concatenate([p.stems for p in parts if p.stems is not None])
        if all(p.stems is not None for p in parts)
        else None,
    )


def _join_offsets(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    before = np.cumsum([0, *(p[-1] for p in parts)])
    return np.concatenate([*(p[:-1] + b for p, b in zip(parts, before, strict=False)), before[-1:]])


def _hash_runs(codes: NDArray[np.uint16], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """uint64 (w,): a hash of each run of codes."""
    padded = np.concatenate((codes, np.zeros(_LETTERS, dtype=np.uint16))).astype("<u2", copy=False)
    # Overlapping numbers, one starting at every letter; x86 and ARM read them unaligned, NumPy copies elsewhere.
    fours = np.ndarray((len(codes) + 1,), dtype="<u8", buffer=padded.data, strides=(2,))
    hashes = fours[starts].astype(np.uint64, copy=False) & _KEEP[np.minimum(lengths, _LETTERS)]
    hashes *= _M1
    hashes ^= hashes >> _S30
    rest = np.flatnonzero(lengths > _LETTERS)
    step = _LETTERS
    while len(rest):
        left = lengths[rest] - step
        more = fours[starts[rest] + step] & _KEEP[np.minimum(left, _LETTERS)]
        more = (hashes[rest] ^ more) * _M2
        hashes[rest] = more ^ (more >> _S31)
        rest, step = rest[left > _LETTERS], step + _LETTERS
    hashes *= _M2
    hashes ^= hashes >> _S27
    return hashes
