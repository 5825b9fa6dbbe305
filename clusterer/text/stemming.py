"""The stemmer of Arabic: what the forms and the spellings of a word share. No dictionary, no roots.

On the folded letters of the `news` profile:

- at most one prefix and one suffix go, the longest that leaves `STEM_LETTERS` letters (light stemming);
- long vowels behind the first letter go where so many letters are left, so that كتاب and كتب, ترامب and ترمب meet;
- in long stems, most of them foreign names, letters that newsrooms write for one another are one, and doubled ones stand
  once: غوتيريش, كوتيريش, جوتيريش;
- names of weekdays stay whole: without article and vowels they would be numbers.

Source: Larkey, Ballesteros and Connell 2002, "Improving stemming for Arabic information retrieval" (light stemming).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import letters

PREFIXES = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل")
SUFFIXES = ("تين", "تان", "ها", "ان", "ات", "ون", "ين", "يه", "يا", "وا", "هم", "نا", "ه", "ي")
STEM_LETTERS = letters.STEM_LETTERS
VOWELS = "اوي"
CLASSES = {"غ": "ج", "ك": "ج", "ق": "ج", "چ": "ج", "گ": "ج", "ط": "ت", "ص": "س", "پ": "ب", "ڤ": "ف"}
"""Letters of names, and the one that stands for each."""
WEEKDAYS = ("السبت", "الاحد", "الاثنين", "الثلاثاء", "الاربعاء", "الخميس", "الجمعه")
"""Saturday to Friday."""
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


def _as_stemmer() -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint16]]:
    """Return `AFFIXES` with the hashes of `WEEKDAYS` after them, how many there are of each kind, and the table of letters."""
    codes = np.frombuffer("".join(WEEKDAYS).encode("utf-16-le"), dtype="<u2").astype(np.uint16)
    lengths = np.array([len(day) for day in WEEKDAYS], dtype=np.int64)
    days = letters.hash_letters(codes, np.cumsum(lengths) - lengths, lengths)
    bones = np.arange(65536, dtype=np.uint16)
    bones[[ord(letter) for letter in VOWELS]] = 0
    for letter, other in CLASSES.items():
        bones[ord(letter)] = ord(other)
    affixes, sizes = AFFIXES
    return np.concatenate([affixes, days]), np.append(sizes, len(days)), bones


STEMMER: tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint16]] = _as_stemmer()
"""All of this, as `letters.hash_stems` reads it."""
