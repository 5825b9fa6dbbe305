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
from functools import lru_cache, reduce
from importlib.resources import files
from operator import or_

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.copies import fact_words as lists
from clusterer.text.boilerplate import whole_hashes
from clusterer.text.normalize import ARABIC
from clusterer.text.words import UNSURE, Words, hash_words, number_signature

UNKNOWN, COMMON, NAME, NEUTRAL, NUMBER, DATE, USUAL = range(7)
"""Kinds of words. `USUAL` ones are frequent, but as often part of a name or a subject as of the frame of a form."""
_SLOT = 8
"""Words that the slot of a form holds at most."""
EDITS = 96
"""Words that an alignment may put in or leave out."""
_COMMON_RANK = 1500  # words that make sentences; those after them make subjects
_BUCKET_BITS = 14
_SUBJECTS = (NAME, UNKNOWN, USUAL)


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
        return cls(*(np.concatenate([np.zeros(0, np.int64), *(getattr(x, f.name) for x in parts)]) for f in fields(cls)))


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
    order = np.lexsort((whole_hashes(words), -words.counts))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    turned = np.ascontiguousarray(order[np.sort(place[pairs], axis=1)])
    known = known_words(profile)
    found = np.empty((len(pairs), 6), dtype=np.int64)
    if kernels.compiled:
        kernels.compiled.differences(
            np.ascontiguousarray(words.hashes), words.offsets, turned, known.keys, known.meanings, known.starts,
            known.unknown, found,
        )  # fmt: skip
    else:
        for i, (a, b) in enumerate(turned.tolist()):
            found[i] = _difference(*(words.hashes[words.offsets[x] : words.offsets[x + 1]].tolist() for x in (a, b)), known)
    return Differences(*found.T)


def _difference(a: list[int], b: list[int], known: Known) -> tuple[int, ...]:
    """`differences` of one pair."""
    numbers = [[word & 0xFFFF for word in text if word & 1 and word & 0xFFFF != UNSURE] for text in (a, b)]
    own = min(sum(number not in other for number in one) for one, other in (numbers, numbers[::-1]))
    marks = _align(a, b)
    if marks is None:
        return 0, 0, 0, 0, EDITS, own
    counts = [0, 0, 0, 0, 0]
    for run in _runs(*marks):
        _judge(a[run[0] : run[1]], b[run[2] : run[3]], known, counts)
    return *counts, own


def _align(a: list[int], b: list[int]) -> tuple[list[bool], list[bool]] | None:
    """Which words of a are left out in b, and which of b are put in: fewest in all; None where they are too many."""
    n, m, rows = len(a), len(b), list[dict[int, int]]()
    for d in range(EDITS + 1):
        last, row = rows[-1] if rows else {}, dict[int, int]()
        rows.append(row)
        for k in range(-d, d + 1, 2):
            if d == 0:
                x = 0
            elif k == -d or (k != d and last[k - 1] < last[k + 1]):
                x = last[k + 1]
            else:
                x = last[k - 1] + 1
            while x < n and x - k < m and a[x] == b[x - k]:
                x += 1
            row[k] = x
            if x >= n and x - k >= m:
                return _traced(rows, n, m)
    return None


def _traced(rows: list[dict[int, int]], n: int, m: int) -> tuple[list[bool], list[bool]]:
    left, put = [False] * n, [False] * m
    x, y = n, m
    for d in range(len(rows) - 1, 0, -1):
        last, k = rows[d - 1], x - y
        if k == -d or (k != d and last[k - 1] < last[k + 1]):
            x = last[k + 1]
            y = x - k - 1
            put[y] = True
        else:
            x = last[k - 1]
            y = x - k + 1
            left[x] = True
    return left, put


def _runs(left: list[bool], put: list[bool]) -> list[list[int]]:
    """Where the texts differ: start and stop in either. Words that changed places leave a shared one between two runs of one
    side each; these are one run."""
    runs: list[list[int]] = []
    i = j = 0
    while i < len(left) or j < len(put):
        if not ((i < len(left) and left[i]) or (j < len(put) and put[j])):
            i, j = i + 1, j + 1
            continue
        start, other = i, j
        while i < len(left) and left[i]:
            i += 1
        while j < len(put) and put[j]:
            j += 1
        last = runs[-1] if runs else None
        if last and start - last[1] == 1 and (last[0] == last[1] or last[2] == last[3] or start == i or other == j):
            last[1], last[3] = i, j
        else:
            runs.append([start, i, other, j])
    return runs


def _judge(a: list[int], b: list[int], known: Known, counts: list[int]) -> None:
    """Add a run to the counts of facts, dates, names, subjects or edits."""
    theirs = [(word, _meaning(word, known)) for word in b]
    ours = []
    for word in a:
        meaning = _meaning(word, known)
        if meaning >> 16 == NEUTRAL:
            continue
        for place, other in enumerate(theirs):
            if _one_word(word, meaning, *other):
                del theirs[place]
                break
        else:
            ours.append((word, meaning))
    sides = [ours, [pair for pair in theirs if pair[1] >> 16 != NEUTRAL]]
    if not any(sides):
        return
    kinds = [{meaning >> 16 for _, meaning in side} for side in sides]
    longest = max(map(len, sides))
    if all(NUMBER in x or DATE in x for x in kinds):
        if not any(DATE in x for x in kinds) and _written_out(*sides):
            return
        counts[0] += 1
        counts[1] += all(DATE in x for x in kinds)
    elif _joined(*sides):
        return
    elif longest > _SLOT or not all(x & {*_SUBJECTS} for x in kinds):
        counts[4] += 1 + longest // 8
    elif all(NAME in x for x in kinds):
        counts[2] += 1
    else:
        counts[3] += 1


def _joined(ours: list[tuple[int, int]], theirs: list[tuple[int, int]]) -> bool:
    """Whether one side has the other's words in fewer pieces."""
    if len(ours) == len(theirs) or not ours or not theirs:
        return False
    letters = [reduce(or_, (word & 0xFFFF for word, _ in side)) for side in (ours, theirs)]
    return letters[0] == letters[1]


def _written_out(ours: list[tuple[int, int]], theirs: list[tuple[int, int]]) -> bool:
    """Whether one side has its numbers in digits and the other in words: the same one, most often ("35", "الخامسة والثلاثون")."""
    digits = [{bool(word & 1) for word, meaning in side if meaning >> 16 == NUMBER} for side in (ours, theirs)]
    return digits in ([{True}, {False}], [{False}, {True}])


def _meaning(word: int, known: Known) -> int:
    """Kind of a word, and below it the value of a number or date, else its signature."""
    signature = word & 0xFFFF
    if signature & 1:
        return (NEUTRAL if signature == UNSURE else NUMBER) << 16 | signature
    at = int(np.searchsorted(known.keys, np.uint32(word >> 32)))
    kind = UNKNOWN
    if at < len(known.keys) and int(known.keys[at]) == word >> 32:
        meaning = int(known.meanings[at])
        kind = meaning >> 16
        if kind in (NAME, NUMBER, DATE):
            return meaning
    if kind == UNKNOWN and (known.unknown != UNKNOWN or not signature & ARABIC):
        kind = COMMON
    return kind << 16 | signature


def _one_word(word: int, meaning: int, other_word: int, other: int) -> bool:
    """Whether two words say the same: one word, one number, or one word in two spellings."""
    if word == other_word:
        return True
    kinds = meaning >> 16, other >> 16
    if any(kind in (NUMBER, DATE) for kind in kinds) or kinds == (NAME, NAME):
        return meaning == other
    return NAME not in kinds and _spelt_alike(meaning, other)


def _spelt_alike(a: int, b: int) -> bool:
    """By the classes of their consonants: all but one are shared, or all but two of at least five."""
    if not a & b & ARABIC:
        return False
    both, other = (a & b & 0x7FFF).bit_count(), ((a ^ b) & 0x7FFF).bit_count()
    return other <= (2 if both >= 3 else 1 if both >= 1 else 0)


@lru_cache(maxsize=4)
def known_words(profile: str) -> Known:
    """The known words of a profile: numbers, dates and names, and common words where it is ``news``."""
    meanings: dict[int, int] = {}
    news = profile.startswith("news")
    if news:
        frequent = common_words().tolist()
        meanings.update(dict.fromkeys(frequent[_COMMON_RANK:], USUAL << 16))
        meanings.update(dict.fromkeys(frequent[:_COMMON_RANK], COMMON << 16))

    def enter(words: str, meaning: int, clitics: tuple[str, ...] = lists.CLITICS, endings: tuple[str, ...] = ("",)) -> None:
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
