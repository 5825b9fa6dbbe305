"""Words: a normalised batch of letters to one 64-bit hash a word, without a Python string in between.

Four letters (16 bits each) are read at a time as one unaligned 64-bit number; longer words are mixed in steps of four.
Every later stage (boilerplate, shingles, the exact level) works on these hashes. A hash depends on the letters alone:
not on the platform, the batch or a seed. What a word means, and where it may be cut away, is decided elsewhere.

Mixing: multiply and xor-shift with the constants of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
pseudorandom number generators", section 4).

Array letters: `n` articles, `w` words of a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels, letters as arrays_letters
from clusterer.arrays.indexing import offsets_from_counts, ragged_index
from clusterer.arrays.letters import SPACE, UNFOLD, find_words, hash_stems, number_signatures
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Growing, compact, hash_runs, take_rows
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.arrays.utf8 import Utf8Texts
from clusterer.text.normalize import PROFILES, fold, joins_waw, letter_classes, small_path, tables, written_alone
from clusterer.text.stemming import STEMMER

_BLOCK = 1 << 24  # words that are looked at together
_ARTICLES = 1 << 13  # articles that a thread works on at a time
_LIGATURES = 0xFB50, 0xFF00  # presentation forms of Arabic letters


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n articles.

    Attributes:
        hashes: uint64 (w,), one a word, in reading order. The lowest 16 bits are its signature, so that two words can be
            told to be one number or two spellings of one name when their letters are gone: of a word with digits an odd
            number, the same for the same digits ("2015", "2015م", "لعام2015"), or `UNSURE`; of another one the classes
            of its letters (`normalize.letter_classes`).
        offsets: int64 (n + 1,); article i has words ``offsets[i]:offsets[i + 1]``.
        opens_line: bool (w,), True for the first word of every line; None once no line matters any more.
        opens_sentence: bool (w,), True for the first word of every line and after the end of a sentence; None once no
            sentence matters any more. By profiles of version 1 only lines open sentences.
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
    opens_sentence: NDArray[np.bool_] | None = None

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

    def keep(self, kept: NDArray[np.bool_], in_place: bool = False, threads: int = 1) -> Words:
        """Return the same articles with only the words where `kept`, bool (w,), is True.

        In place, the result takes over these arrays: a whole feed's are not held twice; blocks of them go on threads.
        """
        counts = self.counts
        for start in range(0, len(kept), _BLOCK):
            gone = start + np.flatnonzero(~kept[start : start + _BLOCK])
            row = np.searchsorted(self.offsets, gone, side="right") - 1
            counts -= np.bincount(row, minlength=len(counts))
        letters = self.letters
        if letters is not None:
            letters = take_rows(*letters, np.flatnonzero(kept))
        return self._each(
            lambda x: compact(x, kept, threads) if in_place else x[kept], offsets_from_counts(counts), letters
        )

    def take(self, articles: NDArray[np.int64]) -> Words:
        """The words of some articles, in the order given; `articles` int64 (any length) may repeat."""
        letters = self.letters
        if letters is not None:
            letters = take_rows(*letters, ragged_index(self.offsets, articles)[0])
        offsets = offsets_from_counts(self.counts[articles])
        return self._each(lambda x: take_rows(x, self.offsets, articles)[0], offsets, letters)

    def _each(
        self,
        change: Callable[[NDArray[Any]], NDArray[Any]],
        offsets: NDArray[np.int64],
        letters: tuple[NDArray[np.uint16], NDArray[np.int64]] | None,
    ) -> Words:
        """Words whose arrays of one entry a word are changed alike."""
        columns = (self.opens_line, self.spans, self.stems, self.opens_sentence)
        opens_line, spans, stems, opens_sentence = (None if x is None else change(x) for x in columns)
        return Words(change(self.hashes), offsets, opens_line, spans, letters, stems, opens_sentence)


def hash_words(
    texts: Sequence[str] | Utf8Texts,
    profile: str = "news",
    *,
    positions: bool = False,
    letters: bool = False,
    stems: bool = False,
) -> Words:
    """The words of a batch of texts.

    Args:
        texts: n of them.
        profile: how letters fold, see `clusterer.text.normalize`.
        positions: also give `Words.spans`.
        letters: also give `Words.letters`.
        stems: also give `Words.stems`.

    Raises:
        SettingsError: the profile is unknown.
    """
    classes = letter_classes()
    if not positions and not letters:
        table, settled = tables(profile)
        affixes, sizes, bones = STEMMER
        unfold, joined = partial(small_path, profile=profile), joins_waw(profile)
        rest = table, settled, letter_pairs(profile), unfold, stems, affixes, sizes, bones, classes, joined
        if isinstance(texts, Utf8Texts):
            hashed = kernels.hash_utf8(texts.data, texts.starts, texts.stops, *rest)
        else:
            hashed = kernels.hash_texts(list(texts), *rest)
        hashes, offsets, opens, stemmed = hashed
        opens_sentence = (opens >> 1).view(np.bool_)
        opens &= 1
        return Words(hashes, offsets, opens.view(np.bool_), stems=stemmed, opens_sentence=opens_sentence)
    batch = fold(list(texts), profile, positions)
    codes = batch.codes
    starts, stops, opens_line, opens_sentence, offsets = find_words(codes)
    spans = spelt = None
    if batch.origin is not None:
        # Up to the separator, so that marks composed with the last letter belong; a ligature may hold both.
        ends = np.maximum(batch.origin[stops], batch.origin[stops - 1] + 1)
        spans = np.stack([batch.origin[starts], ends], axis=1)
    if letters:
        places, ends = ragged_index(np.stack([starts, stops + 1], axis=1).ravel(), 2 * np.arange(len(starts)))
        spelt = codes[places], ends
        spelt[0][ends[1:] - 1] = SPACE
    stemmed = hash_stems(codes, starts, stops, *STEMMER) if stems else None
    hashes = arrays_letters.hash_words(codes, starts, stops, classes)
    return Words(hashes, offsets, opens_line, spans, spelt, stemmed, opens_sentence)


@lru_cache(maxsize=4)
def letter_pairs(profile: str) -> NDArray[np.uint32]:
    """uint32 (65536,), of Arabic ligatures of two letters these, folded, the first in the lowest 16 bits; 0 of all else.

    Old systems print every lam-alef so: such texts would take the small path, each of them.
    """
    table, pairs = tables(profile)[0], np.zeros(65536, dtype=np.uint32)
    for point in (_LIGATURES[0] + np.flatnonzero(table[slice(*_LIGATURES)] == UNFOLD)).tolist():
        written = written_alone(chr(point), PROFILES[profile]) or ""
        codes = [int(table[ord(ch)]) for ch in written if ch <= "\uffff"]
        if len(written) == len(codes) == 2 and min(codes) > SPACE:
            pairs[point] = codes[0] | codes[1] << 16
    return pairs


def number_signature(number: int) -> int:
    """Return the signature of a word that holds this number, 16 bits."""
    return int(number_signatures(np.array([number % (1 << 64)], dtype=np.uint64))[0])


def concatenate(batches: Iterable[Words], store: Store = IN_MEMORY) -> Words:
    """Several batches of one kind as one, without spans. Each batch is copied as it comes and may then go.

    Args:
        batches: in their order.
        store: where what belongs to words lives.
    """
    hashes, counts, opens_line = Growing(np.uint64, store), Growing(np.int64), Growing(np.bool_, store)
    stems, letters, lengths = Growing(np.uint32, store), Growing(np.uint16, store), Growing(np.int64, store)
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
        offsets_from_counts(counts.array()),
        opens_line.array() if with_lines else None,
        letters=(letters.array(), offsets_from_counts(lengths.array())) if with_letters else None,
        stems=stems.array() if with_stems else None,
    )


def whole_hashes(words: Words, threads: int = 1) -> NDArray[np.uint64]:
    """uint64 (n,): one hash of each article's words in their order; 0 where it has none."""
    out = np.zeros(len(words), dtype=np.uint64)

    def of_block(start: int) -> None:
        offsets = words.offsets[start : start + _ARTICLES + 1]
        filled = np.flatnonzero(np.diff(offsets))
        out[start + filled] = hash_runs(words.hashes[offsets[0] : offsets[-1]], offsets[filled] - offsets[0])

    deque(ordered_map(of_block, range(0, len(words), _ARTICLES), threads), 0)
    return out
