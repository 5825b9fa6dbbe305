"""The light stemmer of Arabic: which affixes a word loses.

At most one prefix and one suffix go, the longest that leaves `STEM_LETTERS` letters, on the folded letters of the `news`
profile. No dictionary, no roots.

Source: Larkey, Ballesteros and Connell 2002, "Improving stemming for Arabic information retrieval" (light stemming).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import letters

PREFIXES = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل")
SUFFIXES = ("تين", "تان", "ها", "ان", "ات", "ون", "ين", "يه", "وا", "هم", "نا", "ه", "ي")
STEM_LETTERS = letters.STEM_LETTERS
NO_STEM = 0
"""In place of the hash of a stem: of a word that says nothing of a story, such as a year."""


def _as_numbers(affixes: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return affixes by their length, each as one number, and how many there are of 1, 2 and 3 letters."""
    ordered = sorted(affixes, key=len)
    numbers = [int.from_bytes(affix.encode("utf-16-le"), "little") for affix in ordered]
    sizes = [sum(len(affix) == size for affix in affixes) for size in (1, 2, 3)]
    return np.array(numbers, dtype=np.uint64), np.array(sizes, dtype=np.int64)


AFFIXES: tuple[NDArray[np.uint64], NDArray[np.int64]] = (
    np.concatenate([_as_numbers(PREFIXES)[0], _as_numbers(SUFFIXES)[0]]),
    np.concatenate([_as_numbers(PREFIXES)[1], _as_numbers(SUFFIXES)[1]]),
)
"""Prefixes, then suffixes, as `letters.stem_bounds` reads them: numbers, and how many there are of each length."""
