"""Batches of texts as UTF-16 code units: joined, folded through a table, cut into words, hashed.

Which letter folds to which, and which affixes a stem loses, is in tables that callers hand over (`clusterer.text`).

Words are hashed four letters at a time (16 bits each), read as one unaligned 64-bit number; longer words are mixed in
steps of four.

Array letters: `n` texts, `c` codes of a batch, `w` words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import MULTIPLIER_1, MULTIPLIER_2, SHIFT_27, SHIFT_30, SHIFT_31, mix
from clusterer.arrays.indexing import offsets_from_counts, ragged_index

SPACE, NEWLINE, STOP = 0x20, 0x0A, 4
"""The separators that a folded batch holds besides `BOUNDARY`; every letter is larger than `SPACE`. `STOP` ends a sentence,
or is a colon, where the table has it."""
BOUNDARY = 0
"""Ends every text in a folded batch."""
DELETE = 1
"""Table value of a letter that leaves no trace."""
UNFOLD = 2
"""Table value of a letter whose text must be written out first."""
COMMA = 3
"""Table value of a letter that separates thousands between digits, and is a space elsewhere."""
JOINER = "\uffff"
"""Ends every text of a joined batch: a noncharacter, which no text may hold."""
STEM_LETTERS = 3
"""Letters that stemming leaves at least."""
LONGEST_STEM = 64
"""Letters of a stem up to which its vowels go; what is longer is no word."""
NAME_LETTERS = 4
"""Letters without vowels from which on a stem is taken for a name that may be spelt in several ways."""
ALEF, LAM = 0x0627, 0x0644
"""Letters of the article."""
CLITICS = (0x0648, 0x0628, 0x0641)
"""Letters that may stand before the article: and, on, so."""
WHOLE = (5, 8)
"""Fewest and most letters of a word that is not stemmed, its article among them."""

DIGIT = 1
"""Bit of a letter's class that says it is a digit; its value is in the letter's lowest four bits."""
ARABIC = 1 << 15
"""Bit of a letter's class that says it is an Arabic letter."""
UNSURE = 1
"""Signature of a word with two numbers in it ("7ر53", "84م2"): which one it is, and in what order, nobody can tell."""

_SIGNATURE = np.uint64(0xFFFF)  # bits of a word's hash that hold its signature
_WAW = 0x0648
_ZEROS = (0x0030, 0x0660, 0x06F0)
_LETTERS = 4  # 16-bit letters in a 64-bit number
_KEEP = np.array([0, 2**16 - 1, 2**32 - 1, 2**48 - 1, 2**64 - 1], dtype=np.uint64)


def join_texts(texts: Sequence[str]) -> NDArray[np.uint16]:
    """Return all texts as UTF-16 code units, uint16, with a `JOINER` after each."""
    joined = JOINER.join(texts) + JOINER if texts else ""
    if joined.count(JOINER) != len(texts):  # some text holds the noncharacter itself
        joined = "".join(text.replace(JOINER, " ") + JOINER for text in texts)
    return np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), dtype="<u2")


def fold_texts(
    texts: Sequence[str], table: NDArray[np.uint16], settled: NDArray[np.uint16], unfold: Callable[[str], str]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16], list[int]]:
    """Fold texts through a table of 65,536 entries.

    Args:
        texts: n strings.
        table: uint16 (65536,), code unit to letter, `SPACE`, `NEWLINE`, `STOP`, `BOUNDARY`, `DELETE`, `UNFOLD` or `COMMA`.
        settled: the same for texts that have been written out.
        unfold: writes out a text that holds letters with the value `UNFOLD`.

    Returns:
        The code units, uint16 (c,), their table values, uint16 (c,), with `DELETE` still among them, and the numbers of
        the texts that were written out, in the order in which they were.
    """
    units = join_texts(texts)
    codes = table[units]
    unfolded: list[int] = []
    if (codes == UNFOLD).any():
        texts, ends = list(texts), np.flatnonzero(units == ord(JOINER))
        unfolded = np.unique(np.searchsorted(ends, np.flatnonzero(codes == UNFOLD))).tolist()
        for i in unfolded:
            texts[i] = unfold(texts[i])
        units = join_texts(texts)
        codes = settled[units]
    return units, codes, unfolded


def join_marks(codes: NDArray[np.uint16], joins_waw: bool) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Join what is one word: numbers over separators of thousands, and a lone و with the word after it.

    A comma separates thousands between one to three digits that do not begin with a zero, or three after another comma, and
    just three; stops do so by twos at least, for one alone is a decimal point. A و joins the next word of its line; one that was
    joined itself joins nothing.

    Args:
        codes: uint16 (c,), a folded batch without `DELETE`.
        joins_waw: whether a lone و joins.

    Returns:
        The codes without what stood between, other commas made spaces, and which of the codes given they are, int64.
    """
    kept = np.arange(len(codes))
    commas = np.flatnonzero(codes == COMMA)
    if len(commas):
        places = commas[:, None] + np.arange(-4, 5)
        around = codes[np.clip(places, 0, len(codes) - 1)]
        around[places < 0] = BOUNDARY
        digit, zero = _are_digits(around), np.isin(around, _ZEROS)
        before = digit[:, 3::-1].cumprod(axis=1).sum(axis=1)
        rows = np.arange(len(commas))
        plain = (around[rows, 3 - np.minimum(before, 3)] == COMMA) | ~zero[rows, 4 - np.clip(before, 1, 4)]
        joins = (before >= 1) & (before <= 3) & plain & digit[:, 5:8].all(axis=1) & ~digit[:, 8]
        points = _separating_stops(codes, commas[joins])
        codes = codes.copy()
        codes[commas] = SPACE
        kept = np.delete(kept, np.concatenate((commas[joins], points)))
        codes = codes[kept]
    elif len(points := _separating_stops(codes, commas)):
        kept = np.delete(kept, points)
        codes = codes[kept]
    waws = np.flatnonzero(codes == _WAW) if joins_waw else np.zeros(0, dtype=np.int64)
    lone = (codes[waws + 1] <= SPACE) & ((waws == 0) | (codes[waws - 1] <= SPACE))
    gaps: list[int] = []
    done = 0
    for waw in waws[lone].tolist():
        after = waw + 1
        while codes[after] in (SPACE, STOP):
            after += 1
        if waw >= done and codes[after] > SPACE:
            gaps.extend(range(waw + 1, after))
            done = after + 1
    return (np.delete(codes, gaps), np.delete(kept, gaps)) if gaps else (codes, kept)


def _separating_stops(codes: NDArray[np.uint16], commas: NDArray[np.int64]) -> NDArray[np.int64]:
    """The stops that separate thousands, int64, in a folded batch in which these commas do."""
    stops = np.flatnonzero(codes == STOP)
    stops = stops[(stops > 0) & (stops + 4 < len(codes))]  # a batch ends with a boundary
    around = _are_digits(codes[stops[:, None] + np.arange(-1, 5)])
    stops = stops[around[:, [0, 2, 3, 4]].all(axis=1) & ~around[:, 5]]
    found: list[int] = []
    grouped, joining = set(stops.tolist()), set(commas.tolist())
    for stop in stops.tolist():
        if found and stop == found[-1] + 4:
            found.append(stop)
            continue
        first = stop
        while first > 0 and stop - first <= 3 and bool(_are_digits(codes[first - 1 : first])[0]):
            first -= 1
        if stop - first <= 3 and stop + 4 in grouped and codes[first] not in _ZEROS and first - 1 not in joining:
            found.append(stop)
    return np.array(found, dtype=np.int64)


def _are_digits(codes: NDArray[np.uint16]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.logical_or.reduce([(codes >= zero) & (codes <= zero + 9) for zero in _ZEROS])
    return found


def find_words(
    codes: NDArray[np.uint16],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Find the words of a folded batch.

    Args:
        codes: uint16 (c,), ends with a `BOUNDARY` unless it is empty.

    Returns:
        First and past-the-last letter of each word, int64 (w,); bool (w,), True for the first word of every line; bool (w,),
        True for these and for the first word after every `STOP`; and int64 (n + 1,), the offsets of the texts in words.
    """
    separates = np.empty(len(codes) + 1, dtype=np.bool_)
    separates[0] = True
    np.less_equal(codes, SPACE, out=separates[1:])
    edges = np.flatnonzero(separates[1:] != separates[:-1])
    starts, stops = edges[0::2], edges[1::2]  # every batch ends with a boundary, so edges come in pairs
    breaks = np.flatnonzero((codes == NEWLINE) | (codes == BOUNDARY))
    opens_line = np.zeros(len(starts) + 1, dtype=np.bool_)
    opens_line[np.searchsorted(starts, breaks)] = True
    opens_line[0] = True
    opens_sentence = opens_line.copy()
    opens_sentence[np.searchsorted(starts, np.flatnonzero(codes == STOP))] = True
    offsets = np.concatenate(([0], np.searchsorted(starts, np.flatnonzero(codes == BOUNDARY))))
    return starts, stops, opens_line[:-1], opens_sentence[:-1], offsets


def _four_letters(codes: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """Return the four letters from each one on as numbers of 64 bits, (c + 1,).

    They overlap in memory; x86 and ARM read them unaligned, NumPy copies elsewhere.
    """
    padded = np.concatenate((codes, np.zeros(_LETTERS, dtype=np.uint16))).astype("<u2", copy=False)
    return np.ndarray((len(codes) + 1,), dtype="<u8", buffer=padded.data, strides=(2,))


def stem_bounds(
    codes: NDArray[np.uint16],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    affixes: NDArray[np.uint64],
    sizes: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where the light stem of each word begins and ends.

    At most one prefix and one suffix go, the longest that leaves `STEM_LETTERS` letters.

    Args:
        codes: uint16 (c,), ends with a separator.
        starts, stops: int64 (w,), each word's first and past-the-last letter in `codes`.
        affixes: uint64, each affix's letters as one number, prefixes of one, two and three letters, then suffixes.
        sizes: int64 (6 or more,), how many there are of each length.

    Returns:
        int64 (w,) twice, each stem's first and past-the-last letter.
    """
    begin, end = starts.copy(), stops.copy()
    long_enough = np.flatnonzero(stops - starts > STEM_LETTERS)
    fours = _four_letters(codes)
    bounds = offsets_from_counts(sizes[:6]).tolist()
    for first, at_start in ((0, True), (3, False)):
        left = end[long_enough] - begin[long_enough]
        letters = fours[begin[long_enough]] if at_start else fours[end[long_enough] - _LETTERS]
        cut = np.zeros(len(long_enough), dtype=np.int64)
        for size in (1, 2, 3):  # the longest that fits is written last
            edge = letters & _KEEP[size] if at_start else letters >> np.uint64(16 * (_LETTERS - size))
            known = affixes[bounds[first + size - 1] : bounds[first + size]]
            hit = np.zeros(len(long_enough), dtype=np.bool_)
            for affix in known:
                hit |= edge == affix
            cut[hit & (left >= STEM_LETTERS + size)] = size
        if at_start:
            begin[long_enough] += cut
        else:
            end[long_enough] -= cut
    return begin, end


def hash_letters(
    codes: NDArray[np.uint16], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Hash runs of codes, given by their first codes and lengths, int64 (w,); gives uint64 (w,)."""
    fours = _four_letters(codes)
    hashes = fours[starts].astype(np.uint64, copy=False) & _KEEP[np.minimum(lengths, _LETTERS)]
    hashes *= MULTIPLIER_1
    hashes ^= hashes >> SHIFT_30
    rest = np.flatnonzero(lengths > _LETTERS)
    step = _LETTERS
    while len(rest):
        left = lengths[rest] - step
        more = fours[starts[rest] + step] & _KEEP[np.minimum(left, _LETTERS)]
        more = (hashes[rest] ^ more) * MULTIPLIER_2
        hashes[rest] = more ^ (more >> SHIFT_31)
        rest, step = rest[left > _LETTERS], step + _LETTERS
    hashes *= MULTIPLIER_2
    hashes ^= hashes >> SHIFT_27
    return hashes


def hash_words(
    codes: NDArray[np.uint16], starts: NDArray[np.int64], stops: NDArray[np.int64], classes: NDArray[np.uint16]
) -> NDArray[np.uint64]:
    """Hash words; the lowest 16 bits are their signatures.

    Args:
        codes: uint16 (c,), ends with a separator.
        starts, stops: int64 (w,), each word's first and past-the-last letter in `codes`.
        classes: uint16 (65536,), the class of each letter.

    Returns:
        uint64 (w,). The signature of a word with digits is an odd number, the same for the same digits, or `UNSURE`; of
        another one the classes of its letters, OR-ed.
    """
    return hash_letters(codes, starts, stops - starts) & ~_SIGNATURE | _signatures(codes, starts, stops, classes)


def _signatures(
    codes: NDArray[np.uint16], starts: NDArray[np.int64], stops: NDArray[np.int64], classes: NDArray[np.uint16]
) -> NDArray[np.uint64]:
    """Return the signatures of words, uint64 (w,), below 2**16; as for `hash_words`."""
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    class_of_code = classes[codes]
    # One run a word and one for what follows it; the gaps go.
    edges = np.stack([starts, stops], axis=1).ravel()
    signatures = np.bitwise_or.reduceat(class_of_code, edges)[::2].astype(np.uint64)
    digits = np.flatnonzero(class_of_code & DIGIT)
    word = np.searchsorted(starts, digits, side="right") - 1
    opens = np.append(True, (np.diff(digits) > 1) | (np.diff(word) > 0))[: len(digits)]
    runs = np.bincount(word[opens], minlength=len(starts))
    single = runs[word] == 1
    numbers = np.zeros(len(starts), dtype=np.uint64)
    place = np.arange(len(digits)) - np.maximum.accumulate(np.where(opens, np.arange(len(digits)), 0))
    value = (codes[digits] & 15).astype(np.uint64)
    for k in range(int(place.max(initial=-1)) + 1):
        chosen = single & (place == k)
        numbers[word[chosen]] = numbers[word[chosen]] * np.uint64(10) + value[chosen]
    signatures[runs > 1] = UNSURE
    signatures[runs == 1] = number_signatures(numbers[runs == 1])
    return signatures


def number_signatures(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return an odd number below 2**16, not `UNSURE`, for each number."""
    mixed: NDArray[np.uint64] = np.maximum(mix(numbers + np.uint64(1)) >> np.uint64(49), np.uint64(1))
    return mixed << np.uint64(1) | np.uint64(1)


def hash_stems(
    codes: NDArray[np.uint16],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    affixes: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    bones: NDArray[np.uint16],
) -> NDArray[np.uint32]:
    """Hash the stems of words: without affixes, without vowels, names in classes of letters; some words as they are.

    Args:
        codes, starts, stops: as for `stem_bounds`.
        affixes: as for `stem_bounds`, then hashes of words that stay whole.
        sizes: int64 (7,), how many affixes there are of each length, and how many such words.
        bones: uint16 (65536,), as for `skeletons`.

    Returns:
        uint32 (w,).
    """
    kept, begin, end = skeletons(codes, *stem_bounds(codes, starts, stops, affixes, sizes), bones)
    stems = (hash_letters(kept, begin, end - begin) >> np.uint64(32)).astype(np.uint32)
    padded = np.concatenate((codes, np.zeros(_LETTERS, dtype=np.uint16)))
    begin = starts + ((stops - starts > WHOLE[0]) & np.isin(padded[starts], CLITICS))
    fewest, most = WHOLE
    defined = (padded[begin] == ALEF) & (padded[begin + 1] == LAM)
    words = np.flatnonzero(defined & (stops - begin >= fewest) & (stops - begin <= most))
    hashes = hash_letters(codes, begin[words], (stops - begin)[words])
    whole = np.isin(hashes, affixes[int(sizes[:6].sum()) :])
    stems[words[whole]] = (hashes[whole] >> np.uint64(32)).astype(np.uint32)
    return stems


def skeletons(
    codes: NDArray[np.uint16], begin: NDArray[np.int64], end: NDArray[np.int64], bones: NDArray[np.uint16]
) -> tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.int64]]:
    """Reduce stems to their consonants.

    Vowels behind the first letter go where `STEM_LETTERS` letters are left; letters of names become classes, doubled ones once.

    Args:
        codes: uint16 (c,).
        begin, end: int64 (w,), each stem's first and past-the-last letter in `codes`.
        bones: uint16 (65536,), the class of each letter, 0 for a vowel.

    Returns:
        Letters, uint16, and each stem's first and past-the-last one in them, int64 (w,) twice.
    """
    lengths = end - begin
    places, offsets = ragged_index(np.stack([begin, end], axis=1).ravel(), 2 * np.arange(len(begin)))
    letters, stem = codes[places], np.repeat(np.arange(len(begin)), lengths)
    is_first = np.zeros(len(letters), dtype=np.bool_)
    is_first[offsets[:-1][lengths > 0]] = True
    stays = is_first | (bones[letters] > 0)
    left = np.bincount(stem, weights=stays, minlength=len(begin))
    changes = (lengths > STEM_LETTERS) & (lengths <= LONGEST_STEM) & (left >= STEM_LETTERS)
    stays |= ~changes[stem]
    letters, stem, is_first = letters[stays], stem[stays], is_first[stays]
    is_name = (changes & (left >= NAME_LETTERS))[stem]
    letters = np.where(is_name & (bones[letters] > 0), bones[letters], letters)
    doubled = np.zeros(len(letters), dtype=np.bool_)
    doubled[1:] = is_name[1:] & ~is_first[1:] & (letters[1:] == letters[:-1])
    letters, stem = letters[~doubled], stem[~doubled]
    ends = offsets_from_counts(np.bincount(stem, minlength=len(begin)))
    return letters, ends[:-1], ends[1:]
