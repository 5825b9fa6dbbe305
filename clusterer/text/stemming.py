"""stemming: see clusterer.arabic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

PREFIXES = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل")
SUFFIXES = ("تين", "تان", "ها", "ان", "ات", "ون", "ين", "يه", "وا", "هم", "نا", "ه", "ي")
STEM_LETTERS = 3
"""Letters that stemming leaves at least."""
_FOUR = 4  # letters read at a time, as one 64-bit number


def _as_numbers(affixes: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Affixes by their length, each as one number, and how many there are of 1, 2 and 3 letters."""
    ordered = sorted(affixes, key=len)
    numbers = [int.from_bytes(affix.encode("utf-16-le"), "little") for affix in ordered]
    sizes = [sum(len(affix) == size for affix in affixes) for size in (1, 2, 3)]
    return np.array(numbers, dtype=np.uint64), np.array(sizes, dtype=np.int64)


AFFIXES: tuple[NDArray[np.uint64], NDArray[np.int64]] = (
    np.concatenate([_as_numbers(PREFIXES)[0], _as_numbers(SUFFIXES)[0]]),
    np.concatenate([_as_numbers(PREFIXES)[1], _as_numbers(SUFFIXES)[1]]),
)
"""Prefixes, then suffixes, as the compiled stemmer reads them: numbers, and how many there are of each length."""


def stem_bounds(
    codes: NDArray[np.uint16], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the light stem of each word of a normalised batch begins and ends.

    At most one prefix and one suffix go, the longest that leaves `STEM_LETTERS` letters: what Larkey, Ballesteros and
    Connell 2002, "Improving stemming for Arabic information retrieval", call light stemming, on the folded letters of
    the `news` profile. No dictionary, no roots.

    Args:
        codes: uint16 (c,), ends with a separator.
        starts, stops: int64 (w,), each word's first and past-the-last letter in `codes`.
    """
    begin, end = starts.copy(), stops.copy()
    todo = np.flatnonzero(stops - starts > STEM_LETTERS)
    padded = np.concatenate((codes, np.zeros(4, dtype=np.uint16))).astype("<u2", copy=False)
    fours = np.ndarray((len(codes) + 1,), dtype="<u8", buffer=padded.data, strides=(2,))
    for affixes, at_start in ((PREFIXES, True), (SUFFIXES, False)):
        left = end[todo] - begin[todo]
        letters = fours[begin[todo]] if at_start else fours[end[todo] - _FOUR]
        cut = np.zeros(len(todo), dtype=np.int64)
        for size in (1, 2, 3):  # the longest that fits is written last
            low, high = np.uint64((1 << 16 * size) - 1), np.uint64(16 * (_FOUR - size))
            edge = letters & low if at_start else letters >> high
            hit = np.zeros(len(todo), dtype=np.bool_)
            for affix in affixes:
                if len(affix) == size:
                    hit |= edge == np.uint64(int.from_bytes(affix.encode("utf-16-le"), "little"))
            cut[hit & (left >= STEM_LETTERS + size)] = size
        if at_start:
            begin[todo] += cut
        else:
            end[todo] -= cut
    return begin, end
