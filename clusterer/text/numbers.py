"""Numbers that one text writes in groups, or with a word for thousands, and the other as one word.

Newsrooms write one number as 363,378, 363.378, 363 378 and ٣٦٣٬٣٧٨. Words end at points and spaces, but not at commas between
thousands (`normalize`). Spaces, points and hyphens are not told apart any more where only words are known, so that groups are one
number only where the other text has that number as one word: "200-249" is a range.

Array letters: `w` words, `m` pairs, `r` runs of words that may be groups of one number.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted, ragged_index
from clusterer.arrays.letters import UNSURE, number_signatures
from clusterer.text.words import Words, hash_words

_GROUP = 3  # digits of a group of thousands
_PIECES = 6  # groups of a number at most: more are a list
_CLITICS = ("و", "ب", "ل")
_SCALES = {"ألف ألفا آلاف": 1_000, "مليون مليونا ملايين": 1_000_000}  # with three digits before them, a number as well
_ZEROS = ("0", "\u0660", "\u06f0")
_ASKED = 1 << 20  # numbers of pairs that are looked for at a time


def figures(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of the words that hold one number in digits, int64, ascending, among `hashes`, uint64 (w,)."""
    odd = np.flatnonzero(
        (hashes.astype("<u8", copy=False).view(np.uint8)[::8] & 1).view(np.bool_)
    )  # few are: bytes are quicker
    found: NDArray[np.int64] = odd[signatures(hashes[odd]) != UNSURE]
    return found


def signatures(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """int64 (w,), as `Words` has them in their hashes."""
    return (hashes & np.uint64(0xFFFF)).astype(np.int64)


def in_one_way(
    words: Words, pairs: NDArray[np.int64], profile: str
) -> tuple[NDArray[np.bool_], Words, NDArray[np.int64]]:
    """Which pairs of texts have a number that the one writes in groups and the other as one word, and the texts of these.

    Args:
        words: of n texts.
        pairs: int64 (m, 2), row numbers.
        profile: by which the words were folded.

    Returns:
        Bool (m,); the texts of these pairs, in which all that may be groups of one number is one word, whose span, where spans
        are kept, reaches over the whole number; and these pairs, int64, as rows of those texts.
    """
    met = _have_one_number(words, pairs, profile)
    rows, local = np.unique(pairs[met], return_inverse=True)
    texts = words.take(rows)
    return met, _joined(texts, profile) if len(rows) else texts, local.reshape(-1, 2)


def _have_one_number(words: Words, pairs: NDArray[np.int64], profile: str) -> NDArray[np.bool_]:
    """Bool (m,): pairs with a number that one text has in groups and the other as one word."""
    places = figures(words.hashes)
    firsts, _, values = _grouped(words, places, profile)
    found = np.zeros(len(pairs), dtype=np.bool_)
    if not len(firsts):
        return found
    whole = number_signatures(values.astype(np.uint64)).astype(np.int64)
    wanted = np.zeros(1 << 16, dtype=np.bool_)
    wanted[whole] = True
    places = places[wanted[signatures(words.hashes[places])]]
    text = np.searchsorted(words.offsets, places, side="right") - 1
    said = np.unique(text << 16 | signatures(words.hashes[places]))
    starts = np.searchsorted(firsts, words.offsets)
    for side in (0, 1):
        asked = np.cumsum(np.diff(starts)[pairs[:, side]])
        parts = np.searchsorted(asked, np.arange(_ASKED, asked.max(initial=0), _ASKED))
        for some in np.split(np.arange(len(pairs)), parts):
            run, ends = ragged_index(starts, pairs[some, side])
            pair = np.repeat(some, np.diff(ends))
            found[pair[find_sorted(said, pairs[pair, 1 - side] << 16 | whole[run])[1]]] = True
    return found


def _joined(words: Words, profile: str) -> Words:
    """Texts whose words are nobody else's, with all runs made one word each."""
    firsts, groups, values = _grouped(words, figures(words.hashes), profile)
    written = " ".join(map(str, values.tolist()))
    words.hashes[firsts] = hash_words([written], profile).hashes
    if words.spans is not None:
        words.spans[firsts, 1] = words.spans[firsts + groups - 1, 1]
    kept = np.ones(len(words.hashes), dtype=np.bool_)
    for group in range(1, _PIECES):
        kept[firsts[groups > group] + group] = False
    return words.keep(kept)


def _grouped(
    words: Words, places: NDArray[np.int64], profile: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Runs of words that may be groups of one number, int64 (r,) each: their first words, how many there are, and the number.

    One to three digits that do not begin with a zero, and others of three behind them.

    Args:
        words: of texts.
        places: of their words with one number in digits, int64, ascending.
        profile: by which they were folded.
    """
    behind = places[1:][np.diff(places) == 1]
    behind = behind[~find_sorted(words.offsets, behind)[1]]  # the first word of a text follows none
    behind = behind[_read(words.hashes[behind], profile)[1] == _GROUP]
    apart = np.diff(behind) > 1
    firsts, lasts = behind[np.append(True, apart)[: len(behind)]] - 1, behind[np.append(apart, True)[: len(behind)]]
    opening, digits = _read(words.hashes[firsts], profile)
    may_open = (digits > 0) & (opening >= 10 ** np.maximum(digits - 1, 0)) & (lasts - firsts < _PIECES)
    firsts, lasts, numbers = firsts[may_open], lasts[may_open], opening[may_open]
    for group in range(1, _PIECES):
        there = firsts + group <= lasts
        numbers[there] = numbers[there] * 1000 + _read(words.hashes[firsts[there] + group], profile)[0]
    scaled, products = _scaled(words, places, profile)
    groups = np.concatenate([lasts - firsts + 1, np.full(len(scaled), 2)])
    firsts, numbers = np.concatenate([firsts, scaled]), np.concatenate([numbers, products])
    order = np.argsort(firsts)
    return firsts[order], groups[order], numbers[order]


def _scaled(words: Words, places: NDArray[np.int64], profile: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Figures with the word for thousands or millions behind them, "150 ألف", int64: their places, and the numbers."""
    known, scales, marked = _scale_words(profile)
    behind = words.hashes[np.minimum(places + 1, len(words.hashes) - 1)]
    near = np.flatnonzero(marked[signatures(behind)])  # few are: all else need not be looked up
    place, is_scale = find_sorted(known, behind[near])
    asked = near[is_scale]
    firsts = places[asked]
    opens = find_sorted(words.offsets, firsts)[1]
    follows = (np.diff(places, prepend=-2)[asked] == 1) & ~opens  # as a group of another number
    values = _read(words.hashes[firsts], profile)[0]
    kept = ~follows & ~find_sorted(words.offsets, firsts + 1)[1] & (values > 0)
    return firsts[kept], (values * scales[place[is_scale]])[kept]


def _read(hashes: NDArray[np.uint64], profile: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The value of each figure and how many digits it is written with, int64 (w,) both; 0 and 0 where that is more than three."""
    known, told = _short_figures(profile)
    place, found = find_sorted(known, hashes)
    values, digits = np.zeros((2, len(hashes)), dtype=np.int64)
    values[found], digits[found] = told[place[found]].T
    return values, digits


@lru_cache(maxsize=4)
def _short_figures(profile: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of figures of one to three digits in every script, also behind a clitic, ascending; of each value and digits."""
    written = [(n, width) for width in range(1, _GROUP + 1) for n in range(10**width)]
    said = [f"{clitic}{n:0{width}}" for clitic in ("", *_CLITICS) for n, width in written]
    scripts = [" ".join(said).translate({48 + i: ord(zero) + i for i in range(10)}) for zero in _ZEROS]
    hashes = hash_words([" ".join(scripts)], profile).hashes
    known, first = np.unique(hashes, return_index=True)
    return known, np.array(written * len(_ZEROS) * (len(_CLITICS) + 1), dtype=np.int64)[first]


@lru_cache(maxsize=4)
def _scale_words(profile: str) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.bool_]]:
    """Hashes of the words for thousands and millions, ascending, what they multiply by, and bool (65536,), their signatures."""
    told = {word: scale for words, scale in _SCALES.items() for word in words.split()}
    known, first = np.unique(hash_words([" ".join(told)], profile).hashes, return_index=True)
    marked = np.zeros(1 << 16, dtype=np.bool_)
    marked[signatures(known)] = True
    return known, np.array([*told.values()], dtype=np.int64)[first], marked
