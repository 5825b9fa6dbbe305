"""Words: a normalised batch of letters to one 64-bit hash a word, without a Python string in between.

Four letters (16 bits each) are read at a time as one unaligned 64-bit number; longer words are mixed in steps of four.
Every later stage (boilerplate, shingles, the exact level) works on these hashes. A hash depends on the letters alone:
not on the platform, the batch or a seed. What a word means, and where it may be cut away, is decided elsewhere.

Mixing: multiply and xor-shift with the constants of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", section 4).

Array letters: `n` articles, `w` words of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import _M1, _M2, _S27, _S30, _S31, mix
from clusterer.arrays.ragged import Growing, compact, ragged_index, take_rows
from clusterer.text.normalize import BOUNDARY, DIGIT, NEWLINE, SPACE, fold, letter_classes, small_path, tables
from clusterer.text.stemming import AFFIXES, stem_bounds

UNSURE = 1
"""Signature of a word with two numbers in it ("7ر53", "84م2"): which one it is, and in what order, nobody can tell."""
_LOW = np.uint64(0xFFFF)
_LETTERS = 4  # 16-bit letters in a 64-bit number
_KEEP = np.array([0, 2**16 - 1, 2**32 - 1, 2**48 - 1, 2**64 - 1], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n articles.

    Attributes:
        hashes: uint64 (w,), one a word, in reading order. The lowest 16 bits are its signature, so that two words can be
            told to be one number or two spellings of one name when their letters are gone: of a word with digits an odd
            number, the same for the same digits ("2015", "2015م", "لعام2015"), or `UNSURE`; of another one the classes
            of its letters (`arabic.letter_classes`).
        offsets: int64 (n + 1,); article i has words ``offsets[i]:offsets[i + 1]``.
        opens_line: bool (w,), True for the first word of every line; None once no line matters any more.
        spans: int64 (w, 2), first and past-the-last character of each word in the article's own text, or None when
            positions were not asked for.
        letters: the words spelt out, uint16 letters with one `SPACE` after each word, and int64 (w + 1,) offsets of the
            words in them; or None when letters were not asked for.
        stems: uint32 (w,), a hash of each word's light stem, or None when stems were not asked for. Half as wide as the
            words' own: of 500,000 stems about thirty share one, and weights of stems can bear that.
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    opens_line: NDArray[np.bool_] | None = None
    spans: NDArray[np.int64] | None = None
    letters: tuple[NDArray[np.uint16], NDArray[np.int64]] | None = None
    stems: NDArray[np.uint32] | None = None

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
        return self._each(lambda x: x[a:z], offsets - a, letters)

    def keep(self, kept: NDArray[np.bool_], in_place: bool = False) -> Words:
        """The same articles with only the words where `kept`, bool (w,), is True. In place, the result takes over these
        arrays: a whole feed's are not held twice.
        """
        gone = np.searchsorted(self.offsets, np.flatnonzero(~kept), side="right") - 1
        counts = self.counts - np.bincount(gone, minlength=len(self))
        letters = self.letters
        if letters is not None:
            letters = take_rows(*letters, np.flatnonzero(kept))
        return self._each(lambda x: compact(x, kept) if in_place else x[kept], _offsets(counts), letters)

    def take(self, articles: NDArray[np.int64]) -> Words:
        """The words of some articles, in the order given; `articles` int64 (any length) may repeat."""
        letters = self.letters
        if letters is not None:
            letters = take_rows(*letters, ragged_index(self.offsets, articles)[0])
        offsets = _offsets(self.counts[articles])
        return self._each(lambda x: take_rows(x, self.offsets, articles)[0], offsets, letters)

    def _each(
        self,
        change: Callable[[NDArray[Any]], NDArray[Any]],
        offsets: NDArray[np.int64],
        letters: tuple[NDArray[np.uint16], NDArray[np.int64]] | None,
    ) -> Words:
        """Words whose arrays of one entry a word are changed alike."""
        changed = (None if x is None else change(x) for x in (self.opens_line, self.spans, self.stems))
        opens_line, spans, stems = changed
        return Words(change(self.hashes), offsets, opens_line, spans, letters, stems)


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
    if kernels.compiled and not positions and not letters:
        folding, settled = tables(profile)
        found = kernels.compiled.hash_texts(
            list(texts), folding, settled, lambda text: small_path(text, profile), stems, *AFFIXES, letter_classes()
        )
        hashes, offsets, opens_line, stemmed = found
        return Words(hashes, offsets, opens_line, stems=stemmed)
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
        stemmed = (_hash_runs(codes, begin, end - begin) >> np.uint64(32)).astype(np.uint32)
    hashes = _hash_runs(codes, starts, stops - starts) & ~_LOW | _signatures(codes, starts, stops)
    return Words(hashes, offsets, opens_line[:-1], spans, spelt, stemmed)


def number_signature(number: int) -> int:
    """The signature of a word that holds this number, 16 bits."""
    return _number_signatures(np.array([number % (1 << 64)], dtype=np.uint64))[0].item()


def _signatures(codes: NDArray[np.uint16], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.uint64]:
    """uint64 (w,), below 2**16: see `Words.hashes`."""
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    classes = letter_classes()[codes]
    # One run a word and one for what follows it; the gaps go.
    edges = np.stack([starts, stops], axis=1).ravel()
    signatures = np.bitwise_or.reduceat(classes, edges)[::2].astype(np.uint64)
    digits = np.flatnonzero(classes & DIGIT)
    word = np.searchsorted(starts, digits, side="right") - 1
    opens = np.append(True, (np.diff(digits) > 1) | (np.diff(word) > 0))[: len(digits)]
    runs = np.bincount(word[opens], minlength=len(starts))
    single = runs[word] == 1
    numbers = np.zeros(len(starts), dtype=np.uint64)
    place = np.arange(len(digits)) - np.maximum.accumulate(np.where(opens, np.arange(len(digits)), 0))
    value = (codes[digits] & 15).astype(np.uint64)
    for k in range(int(place.max(initial=-1)) + 1):
        at = single & (place == k)
        numbers[word[at]] = numbers[word[at]] * np.uint64(10) + value[at]
    signatures[runs > 1] = UNSURE
    one = runs == 1
    signatures[one] = _number_signatures(numbers[one])
    return signatures


def _number_signatures(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """An odd number below 2**16, not `UNSURE`, for each number."""
    return np.maximum(mix(numbers + np.uint64(1)) >> np.uint64(49), np.uint64(1)) << np.uint64(1) | np.uint64(1)


def concatenate(batches: Iterable[Words]) -> Words:
    """Several batches of one kind as one, without spans. Each batch is copied as it comes and may then go."""
    hashes, counts, opens_line = Growing(np.uint64), Growing(np.int64), Growing(np.bool_)
    stems, letters, lengths = Growing(np.uint32), Growing(np.uint16), Growing(np.int64)
    with_lines, with_stems, with_letters = True, False, False
    for batch in batches:
        hashes.append(batch.hashes)
        counts.append(batch.counts)
        if with_lines := batch.opens_line is not None:
            opens_line.append(batch.opens_line)
        if with_stems := batch.stems is not None:
            stems.append(batch.stems)
        if with_letters := batch.letters is not None:
            letters.append(batch.letters[0])
            lengths.append(np.diff(batch.letters[1]))
    return Words(
        hashes.array(),
        _offsets(counts.array()),
        opens_line.array() if with_lines else None,
        letters=(letters.array(), _offsets(lengths.array())) if with_letters else None,
        stems=stems.array() if with_stems else None,
    )


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts)))


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
