"""Boilerplate: which words of an article are the outlet's and not its news.

Three ways in: the dateline at the head (a pattern on the text's first letters), tails that Arabic outlets are known
to end with (phrases, compared as normalised words), and lines learned from the batch. A line is learned when it recurs
in articles of one outlet that are otherwise different: at least half of each such article's words stand in lines of
its own. Copies repeat all their lines together and so teach nothing.

Only marks words; cutting them away is `Words.keep`, and shingles come later.

Array letters: `n` articles, `w` words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted, ragged_index
from clusterer.arrays.ragged import hash_runs
from clusterer.text.boilerplate_phrases import TAILS, Tail
from clusterer.text.words import Words, hash_words

MIN_SUPPORT = 5
"""Otherwise different articles of an outlet that a line must recur in to be its furniture."""
MIN_SUPPORT_UNKNOWN = 10
"""The same where no outlet is known: unrelated outlets may quote one paragraph of a wire."""


def known_tails(words: Words, profile: str) -> NDArray[np.bool_]:
    """Return bool (w,), True for the words of a tail in `TAILS`: from its first such phrase to the end of the article."""
    phrases = _hashed_tails(profile)
    hashes, ends = words.hashes, words.offsets[1:]
    # Sixteen bits of a word's hash tell nearly all words apart from the phrases' first ones at the cost of one look-up.
    mark = np.zeros(1 << 16, dtype=np.bool_)
    mark[[int(p[0] >> np.uint64(48)) for p, _ in phrases]] = True
    near = np.flatnonzero(mark[hashes.astype("<u8", copy=False).view("<u2")[3::4]])
    article = np.searchsorted(ends, near, side="right")
    cut = ends.copy()
    for phrase, tail in phrases:
        hit = hashes[near] == phrase[0]
        left = (cut if tail.closes else ends)[article] - near
        hit &= left >= len(phrase)
        hit &= left == len(phrase) if tail.closes else left <= len(phrase) + tail.within
        if tail.opens_line:
            assert words.opens_line is not None
            hit &= words.opens_line[near]
        position, row = near[hit], article[hit]
        for i, word in enumerate(phrase[1:], start=1):
            same = hashes[position + i] == word
            position, row = position[same], row[same]
        np.minimum.at(cut, row, position)
    return _mask(cut, ends, len(hashes))


def learned_lines(words: Words, outlets: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Find lines that recur in otherwise different articles of one outlet.

    Returns bool (w,), True for their words, and their keys as of `lines`, uint64 (x,), ascending.

    Args:
        words: n articles; best without what `known_tails` marks.
        outlets: n names; "" where unknown.
    """
    nothing, n = (np.zeros(len(words.hashes), dtype=np.bool_), np.zeros(0, dtype=np.uint64)), len(words)
    outlet = outlet_hashes(outlets)
    keys, starts, lengths, article = lines(words, outlet)
    if not len(starts):
        return nothing
    # Nearly all lines stand in the feed once: only the others are looked at more closely.
    ascending = np.sort(keys)
    repeated = np.unique(ascending[1:][ascending[1:] == ascending[:-1]])
    if not len(repeated):
        return nothing
    line, found = find_sorted(repeated, keys)
    again = np.flatnonzero(found)
    # Once an article, and once for all articles of an outlet with the same words. They may break into lines differently:
    # which of them counts goes by their lines, not by the order of the input.
    whole, layout = whole_hashes(words) ^ outlet, np.zeros(n, dtype=np.uint64)
    np.add.at(layout, article, keys)
    order = np.lexsort((layout, whole))
    original = np.zeros(n, dtype=np.bool_)
    original[order[np.unique(whole[order], return_index=True)[1]]] = True
    own = np.bincount(article, weights=lengths, minlength=n)
    line, article, lengths, starts = line[again], article[again], lengths[again], starts[again]
    counts = original[article]
    once, holder = np.divmod(np.unique(line[counts] * n + article[counts]), n)
    frequency = np.bincount(once, minlength=len(repeated))
    own -= np.bincount(article, weights=lengths * (frequency[line] > 1), minlength=n)
    different = 2 * own >= words.counts
    support = np.bincount(once, weights=different[holder], minlength=len(repeated))
    unknown = np.fromiter((not name for name in outlets), dtype=np.bool_, count=len(outlets))
    needed = np.where(unknown[article], MIN_SUPPORT_UNKNOWN, MIN_SUPPORT)
    recurs = support[line] >= needed
    return words_of_lines(words, starts[recurs], lengths[recurs]), repeated[np.unique(line[recurs])]


def known_lines(words: Words, outlets: Sequence[str], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return bool (w,), True for the words of lines that have been learned, given by their keys."""
    line_keys, starts, lengths, _ = lines(words, outlets)
    known = np.isin(line_keys, keys)
    return words_of_lines(words, starts[known], lengths[known])


def lines(
    words: Words, outlets: Sequence[str] | NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the lines of n articles, their outlets by name (n,).

    Returns:
        Keys of outlet and line, uint64 (x,), and of each its first word, its length in words and its article, int64 (x,).
    """
    assert words.opens_line is not None
    starts = np.flatnonzero(words.opens_line)
    article = np.searchsorted(words.offsets, starts, side="right") - 1
    outlet = outlets if isinstance(outlets, np.ndarray) else outlet_hashes(outlets)
    keys = hash_runs(words.hashes, starts) ^ outlet[article]
    return keys, starts, np.diff(np.append(starts, len(words.hashes))), article


def words_of_lines(words: Words, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return bool (w,), True for the words of some lines, given by their first words and lengths, int64."""
    inside = np.zeros(len(words.hashes), dtype=np.bool_)
    ends = np.stack([starts, starts + lengths], axis=1).ravel()
    inside[ragged_index(ends, 2 * np.arange(len(starts)))[0]] = True
    return inside


def outlet_hashes(outlets: Sequence[str]) -> NDArray[np.uint64]:
    """uint64 (n,), a hash of each outlet's name."""
    hashes = {
        name: int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        for name in dict.fromkeys(outlets)
    }
    return np.fromiter((hashes[name] for name in outlets), dtype=np.uint64, count=len(outlets))


def whole_hashes(words: Words) -> NDArray[np.uint64]:
    """uint64 (n,): one hash of each article's words in their order; 0 where it has none."""
    out = np.zeros(len(words), dtype=np.uint64)
    filled = np.flatnonzero(words.counts)
    if len(filled):
        out[filled] = hash_runs(words.hashes, words.offsets[filled])
    return out


def _mask(cut: NDArray[np.int64], ends: NDArray[np.int64], total: int) -> NDArray[np.bool_]:
    steps = np.zeros(total + 1, dtype=np.int32)
    some = cut < ends
    np.add.at(steps, cut[some], 1)
    np.add.at(steps, ends[some], -1)
    return np.cumsum(steps[:-1]).astype(np.bool_)


@lru_cache(maxsize=4)
def _hashed_tails(profile: str) -> list[tuple[NDArray[np.uint64], Tail]]:
    words = hash_words([tail.phrase for tail in TAILS], profile)
    rows = zip(words.offsets[:-1], words.offsets[1:], TAILS, strict=True)
    return [(words.hashes[start:stop], tail) for start, stop, tail in rows]
