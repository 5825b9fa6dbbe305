"""What two texts of one form differ in, told from their words alone, in NumPy.

Two texts are aligned, word by word, and every run that differs is judged: what is spelt otherwise or written with other digits
is no difference; a run with numbers or dates on both sides is a fact, one with names on both a name, every other one an edit.
Which words are known is said by the caller (`clusterer.copies.facts`).

Source of the alignment: Myers 1986, "An O(ND) difference algorithm and its variations", section 4.

Array letters: `n` texts, `m` pairs, `k` known words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import pairwise
from operator import or_

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.letters import ARABIC, UNSURE

UNKNOWN, COMMON, NAME, NEUTRAL, NUMBER, DATE, USUAL, OPPOSITE, MARKER, NEGATION = range(10)
"""Kinds of words. `USUAL` ones are frequent, but as often part of a name or a subject as of the frame of a form. An `OPPOSITE`
is a common one that contradicts the one whose value differs in the last bit only. What stands behind a `MARKER` ("road", "town")
names a place, a firm or a body, however common the word is. What a `NEGATION` stands in is denied."""
NAME_BITS = 14
"""Bits of a name's value below its class: what it names. Names of two classes do not exclude each other."""
MONTHS = 16
"""Value of a date from which it is a month; below it is a weekday."""
CLITIC_CLASSES = 1 << 8 | 1 << 9
"""Classes of the letters that spelling puts before a word: ب and ل."""
LONE, HALF = 1, 2
"""Values of a `NEGATION` that negates where it is put in only, and of one that may be another word as well; else it is 0."""
DENIED = 2
"""Words that a run differs in at most where one side alone negates."""
PLACE = 3
"""Words that differ beside two of opposite meaning at most, where these stand in one place."""
ARTICLE = 1 << 9
"""Class of ل, which names share by their article."""
FORM_CLASSES = CLITIC_CLASSES | 1 << 1 | 1 << 4 | 1 << 10 | 1 << 11
"""Classes of the consonants by which forms of a word differ: those of clitics, ت, ه, م and ن, with what is typed for them."""
LETTERS, ELSEWHERE = 3, 4
"""Classes of consonants that a word must have at least to be told again in another form: in its place, and anywhere in a text,
where a name of three often meets another word with the same ones."""
NEARLY = 4
"""Classes of consonants that two words in one place share at least where one more may differ in either."""
EDITS = 96
"""Words that an alignment may put in or leave out."""
SLOT = 8
"""Words that the slot of a form holds at most."""
PIECES = 3
"""Words that one word, or a few, may be written as: of more, the consonants are too many to tell anything."""
_SUBJECTS = (NAME, UNKNOWN, USUAL)


class Meanings(dict[int, int]):
    """Of every word that was asked for its kind, and below it the value of a number or date, else its signature."""

    def __init__(self, keys: NDArray[np.uint32], meanings: NDArray[np.uint32], unknown: int) -> None:
        """Known words as for `differences`."""
        super().__init__()
        self._told: dict[int, int] = dict(zip(keys.tolist(), meanings.tolist(), strict=True))
        self._unknown = unknown

    def __missing__(self, word: int) -> int:
        self[word] = meaning = self._meaning(word)
        return meaning

    def _meaning(self, word: int) -> int:
        signature = word & 0xFFFF
        if signature & 1:
            return (NEUTRAL if signature == UNSURE else NUMBER) << 16 | signature
        meaning = self._told.get(word >> 32)
        kind = UNKNOWN if meaning is None else meaning >> 16
        if meaning is not None and kind in (NAME, NUMBER, DATE, OPPOSITE, NEGATION):
            return meaning
        if kind == UNKNOWN and (self._unknown != UNKNOWN or not signature & ARABIC):
            kind = COMMON
        return kind << 16 | signature


def differences(
    values: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    pairs: NDArray[np.int64],
    keys: NDArray[np.uint32],
    meanings: NDArray[np.uint32],
    starts: NDArray[np.int32],
    unknown: int,
    out: NDArray[np.int64],
) -> None:
    """Count what pairs of texts differ in.

    Args:
        values, offsets: hashes of the words of n texts, uint64, with their signatures, and int64 (n + 1,).
        pairs: int64 (m, 2), row numbers.
        keys, meanings: uint32 (k,), the upper halves of the known words' hashes, ascending; kind above 16 bits of value.
        starts: int32, where keys with the same upper 14 bits begin; not used here.
        unknown: the kind of other Arabic words.
        out: int64 (m, 9), written: runs that are facts, those of them that are dates, names, subjects, edits; how many
            numbers either has for itself, the fewer of the two; runs in which either text names something else, by lists
            and by words that are not known; and runs that leave it in doubt whether both report one thing.
    """
    known = Meanings(keys, meanings, unknown)
    for i, (a, b) in enumerate(pairs.tolist()):
        first, second = (values[offsets[row] : offsets[row + 1]].tolist() for row in (a, b))
        out[i] = _difference(first, second, known)


def _difference(a: list[int], b: list[int], known: Meanings) -> tuple[int, ...]:
    """`differences` of one pair."""
    numbers = [[word & 0xFFFF for word in text if word & 1 and word & 0xFFFF != UNSURE] for text in (a, b)]
    own = min(sum(number not in other for number in one) for one, other in (numbers, numbers[::-1]))
    runs = judged_runs(a, b, known)
    if runs is None:
        return 0, 0, 0, 0, EDITS, own, 0, 0, 0
    totals = [0] * 8
    for _, told in runs:
        totals = [total + one for total, one in zip(totals, told, strict=True)]
    return *totals[:5], own, *totals[5:]


def judged_runs(a: list[int], b: list[int], known: Meanings) -> Iterator[tuple[list[int], list[int]]] | None:
    """Every run that two texts differ in, as `_runs` has it, and what it counts as in each column of `differences` but numbers.

    Returns:
        None where they are too different to be aligned.
    """
    marks = _align(a, b)
    return None if marks is None else _judged(a, b, known, _runs(*marks))


def _judged(
    a: list[int], b: list[int], known: Meanings, runs: list[list[int]]
) -> Iterator[tuple[list[int], list[int]]]:
    texts = [[(word, known[word]) for word in text] for text in (a, b)]
    for run in runs:
        counts, others = [0, 0, 0, 0, 0], [0, 0, 0]
        placed = run[0] > 0 and texts[0][run[0] - 1][1] >> 16 == MARKER
        sides = _judge(a[run[0] : run[1]], b[run[2] : run[3]], known, placed, counts)
        if sides is not None:
            others[2] += _alone_negates([texts[0][run[0] : run[1]], texts[1][run[2] : run[3]]], sides)
            _tell_apart(sides, texts, placed, others)
        yield run, [*counts, *others]


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
    """Return where the texts differ: start and stop in either.

    Words that changed places leave a shared one between two runs of one side each; these are one run.
    """
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


def _judge(
    a: list[int], b: list[int], known: Meanings, placed: bool, counts: list[int]
) -> list[list[tuple[int, int]]] | None:
    """Add a run, `placed` where it stands behind a marker, to the counts of facts, dates, names, subjects or edits.

    Returns:
        What differs in it, words and their meanings of either side; None where nothing does.
    """
    if _joined(a, b):
        return None
    theirs = [(word, known[word]) for word in b]
    ours, has_parts = [], False
    for word in a:
        meaning = known[word]
        if meaning >> 16 == NEUTRAL:
            has_parts = True
            continue
        for place, other in enumerate(theirs):
            if _one_word(word, meaning, *other):
                del theirs[place]
                break
        else:
            ours.append((word, meaning))
    sides = [ours, [pair for pair in theirs if pair[1] >> 16 != NEUTRAL]]
    has_parts |= len(sides[1]) < len(theirs)
    if not any(sides):
        return None
    if placed:
        usual = USUAL << 16
        sides = [[(w, usual | told & 0xFFFF if told >> 16 == COMMON else told) for w, told in side] for side in sides]
    kinds = [{meaning >> 16 for _, meaning in side} for side in sides]
    longest = max(map(len, sides))
    words = [[word for word, _ in side] for side in sides]
    stated = set.intersection(*({*map(_stated, side)} for side in sides)) - {None}
    if stated:
        if "day" not in stated and "month" not in stated and _written_out(sides[0], sides[1], has_parts):
            return None
        counts[0] += 1
        counts[1] += "day" in stated or "month" in stated
    elif _joined(*words):
        return None
    elif longest > SLOT or not all(x & {*_SUBJECTS} for x in kinds):
        counts[4] += 1 + longest // 8
    elif all(NAME in x for x in kinds):
        counts[2] += 1
    else:
        counts[3] += 1
    return sides


def _stated(told: tuple[int, int]) -> str | None:
    """What a word and its meaning state: only like can differ from like ("صباح أمس" and "الأربعاء" may be one time)."""
    kind, value = told[1] >> 16, told[1] & 0xFFFF
    if kind == NUMBER:
        return "number" if value & 1 else "time"
    return ("month" if value >= MONTHS else "day") if kind == DATE else None


def _tell_apart(
    sides: list[list[tuple[int, int]]], texts: list[list[tuple[int, int]]], placed: bool, others: list[int]
) -> None:
    """Add a run to those in which each text names something else, by lists or by words that are not known.

    A copy tells the same with more or fewer words and in another place: only what the other text says nowhere counts. Names
    exclude each other within their class; words of opposite meaning do so in one place. In doubt are a short run of which one
    side alone negates, and other names behind a marker.
    """
    if max(map(len, sides)) > SLOT:
        return
    near = max(map(len, sides)) <= PLACE
    opposites = [{meaning for _, meaning in side if near and meaning >> 16 == OPPOSITE} for side in sides]
    own = [
        [told for told in side if _is_own(*told, text) and not _nearly_said(*told, other)]
        for side, text, other in zip(sides, texts[::-1], sides[::-1], strict=True)
    ]
    kinds = [{meaning >> 16 for _, meaning in side} for side in own]
    classes = [{(meaning & 0xFFFF) >> NAME_BITS for _, meaning in side if meaning >> 16 == NAME} for side in own]
    if any(meaning ^ 1 in opposites[1] for meaning in opposites[0]):
        others[0] += 2  # no copy says the opposite
    elif classes[0] & classes[1]:
        others[0] += 1
    elif all(kinds) and (placed or NAME in kinds[0] | kinds[1] or all(UNKNOWN in side for side in kinds)):
        others[1] += 1
        others[2] += placed


def _alone_negates(run: list[list[tuple[int, int]]], sides: list[list[tuple[int, int]]]) -> bool:
    """Whether one side of a short run negates and the other one does not, nor half; where but a negation is left of it, that one.

    Args:
        run: words and their meanings of either side.
        sides: those of them that differ.
    """
    told = [{meaning & 0xFFFF for _, meaning in side if meaning >> 16 == NEGATION} for side in run]
    if bool(told[0]) == bool(told[1]):
        return False
    if all(sides):
        return max(map(len, sides)) <= DENIED and 0 in told[0] | told[1]
    return max(map(len, sides)) == 1 and not {0, LONE}.isdisjoint(told[0] | told[1])


def _is_own(word: int, meaning: int, other: list[tuple[int, int]]) -> bool:
    """Whether a word names something that another text does not, in no spelling."""
    kind = meaning >> 16
    if kind == NAME:
        return all(meaning != told for _, told in other)
    return kind in (UNKNOWN, USUAL) and not any(
        word == said or _same_letters(word, said, ELSEWHERE) for said, _ in other
    )


def _nearly_said(word: int, meaning: int, slot: list[tuple[int, int]]) -> bool:
    """Whether a word that is no listed name stands in the other text's slot, nearly alike or in two pieces."""
    if meaning >> 16 == NAME or word & 1 or not word & ARABIC:
        return False
    pieces = ((one | other) & 0x7FFF for (one, _), (other, _) in pairwise(slot) if not (one | other) & 1)
    return any(_nearly_alike(word, said) for said, _ in slot) or any(word & 0x7FFF == both for both in pieces)


def _nearly_alike(a: int, b: int) -> bool:
    """Whether two words in one place may be one: another form of it ("متجاوزة", "لتتجاوز"), or a letter mistaken.

    By the classes of their consonants: `LETTERS` at least are shared, that of an article not counted where more than one
    differs, and what differs is of `FORM_CLASSES`; or `NEARLY` are shared, and either has another one at most.
    """
    if b & 1 or not b & ARABIC:
        return False
    both, other = a & b & 0x7FFF, (a ^ b) & 0x7FFF
    shared, differing = (both & ~ARTICLE).bit_count(), other.bit_count()
    formed = not other & ~FORM_CLASSES and (both if differing <= 1 else both & ~ARTICLE).bit_count() >= LETTERS
    return differing == 0 or formed or (differing <= 2 and shared >= NEARLY)


def _same_letters(a: int, b: int, least: int = LETTERS) -> bool:
    """Whether two words have the same consonants, `least` classes or more, but for those of clitics."""
    if not a & b & ARABIC or a & 1 or b & 1:
        return False
    return not (a ^ b) & 0x7FFF & ~CLITIC_CLASSES and (a & b & 0x7FFF & ~CLITIC_CLASSES).bit_count() >= least


def _joined(ours: list[int], theirs: list[int]) -> bool:
    """Whether one side has the other's words, none of them with digits, in fewer pieces."""
    if not ours or not theirs or len(ours) == len(theirs) or max(len(ours), len(theirs)) > PIECES:
        return False
    letters = [reduce(or_, (word & 0xFFFF for word in side)) for side in (ours, theirs)]
    return letters[0] == letters[1] and not letters[0] & 1


def _written_out(ours: list[tuple[int, int]], theirs: list[tuple[int, int]], has_parts: bool) -> bool:
    """Whether one side has its numbers in digits and the other in words: the same one, most often ("35", "الخامسة والثلاثون").

    Not where one or two words, without parts such as "hundred", stand for as many ("9 firms"): equal numbers are no difference.
    """
    digits = [{bool(word & 1) for word, meaning in side if meaning >> 16 == NUMBER} for side in (ours, theirs)]
    if digits not in ([{True}, {False}], [{False}, {True}]):
        return False
    return has_parts or len(ours) != len(theirs) or len(ours) > PLACE


def _one_word(word: int, meaning: int, other_word: int, other: int) -> bool:
    """Whether two words say the same: one word, one number, or one word in two spellings."""
    if word == other_word:
        return True
    kinds = meaning >> 16, other >> 16
    if any(kind in (NUMBER, DATE, OPPOSITE, NEGATION) for kind in kinds) or kinds == (NAME, NAME):
        return meaning == other
    return _same_letters(word, other_word) if NAME in kinds else _spelt_alike(meaning, other)


def _spelt_alike(a: int, b: int) -> bool:
    """By the classes of their consonants: all but one are shared, or all but two of at least six.

    Names of one pattern ("المنصوري", "الزهراني") share many: of two words that may both be names, all but one of at least
    four, or all but two of at least eight.
    """
    if not a & b & ARABIC:
        return False
    both, other = (a & b & 0x7FFF).bit_count(), ((a ^ b) & 0x7FFF).bit_count()
    if all(meaning >> 16 in (UNKNOWN, USUAL) for meaning in (a, b)):
        own = (a & b & 0x7FFF & ~ARTICLE).bit_count()
        return other <= (2 if both >= 6 else 1 if own >= 4 else 0)
    return other <= (2 if both >= 4 else 1 if both >= 1 else 0)
