"""Facts: what two texts of one form differ in, told from their words alone.

A form that is filled daily (prices, prayer times, cables, results) differs in its slots: numbers, dates and names on both sides,
and nothing else. An edited article differs in other words, or on one side. So two texts are aligned, word by word, and every
run that differs is judged: what is spelt otherwise or written with other digits is no difference; a run with numbers or dates on
both sides is a fact, one with names on both a name, every other one an edit. Which pairs are a series is decided by
`verify`, with outlets and dates.

A word is a name by a list, or by not being among the most common words: text in hand there is none, only hashes and signatures
(`words.Words`). Texts that need more than `EDITS` words put in or left out are no form, and are not judged.

Source of the alignment: Myers 1986, "An O(ND) difference algorithm and its variations", section 4.

Array letters: `n` texts, `m` pairs, `w` words, `k` known words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.kernels_numpy.facts import COMMON, DATE, NAME, NEUTRAL, NUMBER, UNKNOWN, USUAL
from clusterer.copies import fact_words as lists
from clusterer.text.boilerplate import whole_hashes
from clusterer.text.words import Words, hash_words, number_signature

_COMMON_RANK = 1500  # words that make sentences; those after them make subjects
_BUCKET_BITS = 14


@dataclass(frozen=True, slots=True)
class Known:
    """Words whose kind is known, in the order of their keys.

    Attributes:
        keys: uint32 (k,), the upper halves of the words' hashes, ascending.
        meanings: uint32 (k,), the kind above 16 bits of value.
        starts: int32 (2**14 + 1,), where keys with the same upper 14 bits begin.
        unknown: the kind of other Arabic words: `UNKNOWN` where common words are known, else `COMMON`.
    """

    keys: NDArray[np.uint32]
    meanings: NDArray[np.uint32]
    starts: NDArray[np.int32]
    unknown: int


@dataclass(frozen=True, slots=True)
class Differences:
    """What m pairs of texts differ in, in runs.

    Attributes:
        facts: int64 (m,), runs with numbers or dates on both sides.
        dates: int64 (m,), those of them with weekdays or months on both sides.
        names: int64 (m,), other short runs with listed names on both sides.
        subjects: int64 (m,), other short runs with words on both sides that name something.
        edits: int64 (m,), all other runs, long ones more than once; `EDITS` where the texts are too different to be judged.
        numbers: int64 (m,), words with a number that the other text has nowhere, the fewer of the two sides.
    """

    facts: NDArray[np.int64]
    dates: NDArray[np.int64]
    names: NDArray[np.int64]
    subjects: NDArray[np.int64]
    edits: NDArray[np.int64]
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.facts)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Differences:
        """Only the pairs where `kept`, bool (m,), is True, or those with these numbers."""
        return Differences(*(getattr(self, f.name)[kept] for f in fields(self)))

    def filled(self, places: NDArray[np.bool_], found: Differences) -> Differences:
        """With what was found at the places, bool (m,), that are True."""
        columns = [getattr(self, f.name).copy() for f in fields(self)]
        for column, f in zip(columns, fields(self), strict=True):
            column[places] = getattr(found, f.name)
        return Differences(*columns)

    @classmethod
    def join(cls, parts: Sequence[Differences]) -> Differences:
        """Several batches of pairs as one."""
        return cls(
            *(np.concatenate([np.zeros(0, np.int64), *(getattr(x, f.name) for x in parts)]) for f in fields(cls))
        )


def no_differences(m: int) -> Differences:
    """Of m pairs that were not looked at."""
    return Differences(*np.zeros((len(fields(Differences)), m), dtype=np.int64))


def differences(words: Words, pairs: NDArray[np.int64], profile: str) -> Differences:
    """What pairs of texts differ in.

    Args:
        words: of n texts.
        pairs: int64 (m, 2), row numbers; which of the two comes first does not matter.
        profile: by which the words were folded.
    """
    # By length and content, so that the same two texts are compared the same way wherever they stand.
    (a, b), (ours, theirs) = pairs.T, words.counts[pairs].T
    swapped = theirs > ours
    equal = np.flatnonzero(ours == theirs)
    if len(equal):
        rows, local = np.unique(pairs[equal], return_inverse=True)
        first, second = whole_hashes(words.take(rows))[local.reshape(-1, 2)].T
        swapped[equal] = (second < first) | (second == first) & (b[equal] < a[equal])
    turned = np.ascontiguousarray(np.where(swapped[:, None], pairs[:, ::-1], pairs))
    known = known_words(profile)
    found = np.empty((len(pairs), 6), dtype=np.int64)
    hashes = np.ascontiguousarray(words.hashes)
    kernels.differences(hashes, words.offsets, turned, known.keys, known.meanings, known.starts, known.unknown, found)
    return Differences(*found.T)


@lru_cache(maxsize=4)
def known_words(profile: str) -> Known:
    """The known words of a profile: numbers, dates and names, and common words where it is ``news``."""
    meanings: dict[int, int] = {}
    news = profile.startswith("news")
    if news:
        frequent = common_words().tolist()
        meanings.update(dict.fromkeys(frequent[_COMMON_RANK:], USUAL << 16))
        meanings.update(dict.fromkeys(frequent[:_COMMON_RANK], COMMON << 16))

    def enter(
        words: str, meaning: int, clitics: tuple[str, ...] = lists.CLITICS, endings: tuple[str, ...] = ("",)
    ) -> None:
        spelt = [clitic + word + ending for word in words.split() for clitic in clitics for ending in endings]
        meanings.update(dict.fromkeys((hash_words(spelt, profile).hashes >> np.uint64(32)).tolist(), meaning))

    joined = (*lists.CLITICS, "ال", "وال", "بال", "لل")
    names = " ".join((lists.COUNTRIES, lists.CITIES, lists.GIVEN_NAMES, lists.CLUBS)).split()
    for place, spellings in enumerate(names, start=1):
        enter(spellings.replace("|", " "), NAME << 16 | place, joined)
    for place, spellings in enumerate(lists.PEOPLES.split(), start=len(names) + 1):
        endings = ("", "ة", "ين", "ون", "ا", "تين", "ات")
        enter(spellings.replace("|", " "), NAME << 16 | place, ("", "ال", "وال", "لل", "بال"), endings)
    enter(lists.PARTS, NEUTRAL << 16)
    for place, days in enumerate(lists.WEEKDAYS):
        enter(days, DATE << 16 | place)
    for place, months in enumerate(lists.MONTHS):
        enter(months, DATE << 16 | 16 + place)
    for place, times in enumerate(lists.TIMES):
        enter(times, NUMBER << 16 | 2 * place + 2)  # an even value: no number has it
    for number, spellings in lists.NUMBERS.items():
        enter(spellings, NUMBER << 16 | number_signature(number))
    keys = np.array(sorted(meanings), dtype=np.uint32)
    values = np.array([meanings[key] for key in keys.tolist()], dtype=np.uint32)
    edges = np.arange((1 << _BUCKET_BITS) + 1, dtype=np.uint64) << np.uint64(32 - _BUCKET_BITS)
    starts = np.searchsorted(keys.astype(np.uint64), edges).astype(np.int32)
    return Known(keys, values, starts, UNKNOWN if news else COMMON)


def common_words() -> NDArray[np.uint32]:
    """uint32: the upper halves of the hashes of the most frequent words of Arabic news, the most frequent first."""
    with files("clusterer.copies").joinpath("common_words.npy").open("rb") as file:
        words: NDArray[np.uint32] = np.load(file)
    return words
