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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import find_sorted, ragged_index
from clusterer.arrays.kernels_numpy.facts import (
    COMMON,
    DATE,
    HALF,
    LONE,
    MARKER,
    MONTHS,
    NAME,
    NAME_BITS,
    NEGATION,
    NEUTRAL,
    NUMBER,
    OPPOSITE,
    UNKNOWN,
    USUAL,
)
from clusterer.arrays.ragged import take_rows
from clusterer.copies import fact_words as lists
from clusterer.text.numbers import figures, in_one_way, signatures
from clusterer.text.words import Words, hash_words, number_signature, whole_hashes

_COMMON_RANK = 1500  # words that make sentences; those after them make subjects
_BUCKET_BITS = 14
_MARK_BITS = 20
_CLASSES = ("country", "city", "person")
_PERSON = 2
_PLACES = (NAME << 16 - NAME_BITS, (NAME << 16 - NAME_BITS) + 1)  # the kind and the class of countries and of towns
_SERVANT, _LISTED = 2_000, 3_000  # numbers of the first name of each list
_TOLL_FACTS = (
    2  # that the numbers of a toll are at most: the dead and the wounded, the missing and the houses change together
)
_DATELINE, _LEAD = (
    4,
    40,
)  # words of a text that may say who writes from where, and up to which it tells where it happened
_NAME_LETTERS = 3  # of a name in `name_words.txt` at least: shorter ones are too many other words


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
        facts: int64 (m,), runs with numbers or dates on both sides; those of two tolls are two at most.
        dates: int64 (m,), those of them with weekdays or months on both sides; one more than there are facts where both texts
            open with weekdays, and none in common.
        names: int64 (m,), other short runs with listed names on both sides.
        subjects: int64 (m,), other short runs with words on both sides that name something.
        edits: int64 (m,), all other runs, long ones more than once; `EDITS` where the texts are too different to be judged.
        numbers: int64 (m,), words with a number that the other text has nowhere, the fewer of the two sides.
        others: int64 (m,), short runs in which either text has a listed name of one class (country, town, person, club) that
            the other has nowhere; where they say the opposite, two. One at least where either opens with a country, or either
            with a town, that the other has nowhere, also in texts too different to be aligned.
        unknowns: int64 (m,), other short runs in which either names something that the other does nowhere: by words that are
            no common ones, or by any behind the word for a place, a firm or a body.
        doubts: int64 (m,), short runs of which one side alone negates, and those of `unknowns` behind such a word: what one text
            says may be news beside the other.
    """

    facts: NDArray[np.int64]
    dates: NDArray[np.int64]
    names: NDArray[np.int64]
    subjects: NDArray[np.int64]
    edits: NDArray[np.int64]
    numbers: NDArray[np.int64]
    others: NDArray[np.int64]
    unknowns: NDArray[np.int64]
    doubts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def columns(self) -> tuple[NDArray[np.int64], ...]:
        """Every column, in the order above."""
        return tuple(getattr(self, f.name) for f in fields(self))

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Differences:
        """Only the pairs where `kept`, bool (m,), is True, or those with these numbers."""
        return Differences(*(column[kept] for column in self.columns))

    def filled(self, places: NDArray[np.bool_], found: Differences) -> Differences:
        """With what was found at the places, bool (m,), that are True."""
        columns = [column.copy() for column in self.columns]
        for column, told in zip(columns, found.columns, strict=True):
            column[places] = told
        return Differences(*columns)

    @classmethod
    def join(cls, parts: Sequence[Differences]) -> Differences:
        """Several batches of pairs as one."""
        return cls(
            *(np.concatenate([np.zeros(0, np.int64), *(getattr(x, f.name) for x in parts)]) for f in fields(cls))
        )


_OTHERS = [f.name for f in fields(Differences)].index("others")


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
    found = _differences(words, pairs, profile)
    met, joined, again = in_one_way(words, pairs, profile)
    return found.filled(met, _differences(joined, again, profile)) if met.any() else found


def _differences(words: Words, pairs: NDArray[np.int64], profile: str) -> Differences:
    """`differences` of pairs that write their numbers in one way."""
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
    found = np.empty((len(pairs), len(fields(Differences))), dtype=np.int64)
    hashes = np.ascontiguousarray(words.hashes)
    kernels.differences(hashes, words.offsets, turned, known.keys, known.meanings, known.starts, known.unknown, found)
    many = np.flatnonzero(found[:, 0] > _TOLL_FACTS)
    recounted = many[_tell_tolls(words, pairs[many], profile)]
    found[recounted, 0] = np.maximum(found[recounted, 1], _TOLL_FACTS)
    elsewhere, other_weekdays = _openings(words, pairs, profile)
    found[:, _OTHERS] = np.maximum(found[:, _OTHERS], elsewhere)
    found[other_weekdays, 1] = found[other_weekdays, 0] + 1
    return Differences(*found.T)


def _openings(words: Words, pairs: NDArray[np.int64], profile: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Bool (m,) both: pairs of texts that open elsewhere, and that open with weekdays, none of which they share.

    Elsewhere is where either opens with a country, or either with a town, that the other has nowhere. Only the frequent ones of
    `fact_words` count: in free text words of the long list, as those of any farm, are other words.
    """
    rows, local = np.unique(pairs, return_inverse=True)
    a, b = local.reshape(-1, 2).T
    text, meaning, word = _named_in(words, rows, profile, _LEAD)
    weekdays, is_weekday = np.zeros(len(rows), dtype=np.int64), meaning >> 16 == DATE
    np.bitwise_or.at(weekdays, text[is_weekday], 1 << (meaning[is_weekday] & 0xFFFF))
    other_weekdays: NDArray[np.bool_] = (np.minimum(weekdays[a], weekdays[b]) > 0) & (weekdays[a] & weekdays[b] == 0)
    opening = np.unique((text << 32 | meaning)[word >= _DATELINE])
    elsewhere = _have_own_places(opening, opening, a, b)
    asked = np.flatnonzero(elsewhere)  # few: of these alone all words are looked at
    among = np.unique(np.concatenate([a[asked], b[asked]]))
    text, meaning, _ = _named_in(words, rows[among], profile)
    elsewhere[asked] = _have_own_places(opening, np.unique(among[text] << 32 | meaning), a[asked], b[asked])
    return elsewhere, other_weekdays


def _named_in(
    words: Words, rows: NDArray[np.int64], profile: str, lead: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Weekdays and frequent places in texts, or in their openings, `lead` words each.

    Returns:
        int64 (x,) each: which of the rows, what its word means, and the word's place in the text.
    """
    hashes, offsets = take_rows(words.hashes, words.offsets, rows, lead)
    keys, meanings, marked = _place_words(profile)
    near = np.flatnonzero(marked[hashes >> np.uint64(64 - _MARK_BITS)])
    place, is_place = find_sorted(keys, (hashes[near] >> np.uint64(32)).astype(np.uint32))
    named = near[is_place]
    text = np.searchsorted(offsets, named, side="right") - 1
    return text, meanings[place[is_place]], named - offsets[text]


def _have_own_places(
    opening: NDArray[np.int64], everywhere: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Bool (m,): pairs of texts a and b, int64 (m,), that both open with a place of one kind that the other does not name.

    Args:
        opening, everywhere: as `_only_in_one` takes them.
        a, b: numbers of texts.
    """
    own = np.zeros((2, len(_PLACES), len(a)), dtype=np.bool_)
    for side, one, other in ((0, a, b), (1, b, a)):
        pair, name = _only_in_one(opening, everywhere, one, other)
        for number, kind in enumerate(_PLACES):
            own[side, number, pair[name >> NAME_BITS == kind]] = True
    found: NDArray[np.bool_] = np.logical_or.reduce(np.logical_and.reduce(own))
    return found


def open_with_other_figures(words: Words, pairs: NDArray[np.int64], profile: str) -> NDArray[np.bool_]:
    """Bool (m,): pairs of which either opens with a figure that the other has nowhere, in digits or a word, however rewritten."""
    found = _open_with_other_figures(words, pairs, profile)
    met, joined, again = in_one_way(words, pairs, profile)
    if met.any():
        found[met] = _open_with_other_figures(joined, again, profile)
    return found


def _open_with_other_figures(words: Words, pairs: NDArray[np.int64], profile: str) -> NDArray[np.bool_]:
    """`open_with_other_figures` of pairs that write their numbers in one way."""
    rows, local = np.unique(pairs, return_inverse=True)
    a, b = local.reshape(-1, 2).T
    hashes, offsets = take_rows(words.hashes, words.offsets, rows)
    figure = figures(hashes)
    text = np.searchsorted(offsets, figure, side="right") - 1
    codes = text << 32 | signatures(hashes[figure])
    opening = np.unique(codes[figure - offsets[text] < _LEAD])
    keys, spelt = _spelt_numbers(profile)
    place, is_spelt = find_sorted(keys, (hashes >> np.uint64(32)).astype(np.uint32))
    spelt_in = np.searchsorted(offsets, np.flatnonzero(is_spelt), side="right") - 1
    everywhere = np.unique(np.concatenate([codes, spelt_in << 32 | spelt[place[is_spelt]]]))
    own = np.zeros((2, len(pairs)), dtype=np.bool_)
    own[0, _only_in_one(opening, everywhere, a, b)[0]] = True
    own[1, _only_in_one(opening, everywhere, b, a)[0]] = True
    found: NDArray[np.bool_] = np.logical_and.reduce(own)
    return found


def _only_in_one(
    opening: NDArray[np.int64], everywhere: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the texts `one` open with and the texts `other`, int64 (m,), have nowhere: the pairs' numbers, and the values.

    Args:
        opening, everywhere: int64, ascending, text in the upper half and value in the lower: of openings, and of whole texts.
        one, other: texts of m pairs.
    """
    starts = np.searchsorted(opening, np.arange(int(one.max(initial=0)) + 2) << 32)
    taken, ends = ragged_index(starts, one)
    pair, value = np.repeat(np.arange(len(one)), np.diff(ends)), opening[taken] & 0xFFFFFFFF
    alone = ~find_sorted(everywhere, other[pair] << 32 | value)[1]
    return pair[alone], value[alone]


@lru_cache(maxsize=4)
def _place_words(profile: str) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.bool_]]:
    """Keys of the words for weekdays, frequent countries and towns, ascending, what they mean, and which upper bits occur."""
    known = known_words(profile)
    frequent = (known.meanings & ((1 << NAME_BITS) - 1)) < _SERVANT
    places = np.isin(known.meanings >> NAME_BITS, _PLACES) & frequent
    places |= (known.meanings >> 16 == DATE) & (known.meanings & 0xFFFF < MONTHS)
    keys = known.keys[places]
    marked = np.zeros(1 << _MARK_BITS, dtype=np.bool_)
    marked[keys >> np.uint32(32 - _MARK_BITS)] = True
    return keys, known.meanings[places].astype(np.int64), marked


@lru_cache(maxsize=4)
def _spelt_numbers(profile: str) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Keys of the words for numbers, ascending, and the signatures of these numbers in digits."""
    known = known_words(profile)
    numbers = (known.meanings >> 16 == NUMBER) & (known.meanings & 1 == 1)
    return known.keys[numbers], known.meanings[numbers].astype(np.int64) & 0xFFFF


def _tell_tolls(words: Words, pairs: NDArray[np.int64], profile: str) -> NDArray[np.bool_]:
    """Bool (m,): pairs of texts that both count victims, by two different words at least."""
    rows, local = np.unique(pairs, return_inverse=True)
    texts = words.take(rows)
    keys = texts.hashes >> np.uint64(32)
    place = np.flatnonzero(np.isin(keys, _toll_keys(profile)))
    text = np.repeat(np.arange(len(texts)), texts.counts)[place]
    told = np.unique(np.stack([text.astype(np.uint64), keys[place]], axis=1), axis=0)[:, 0].astype(np.int64)
    kinds = np.bincount(told, minlength=len(texts))
    both: NDArray[np.bool_] = kinds[local.reshape(-1, 2)].min(axis=1, initial=2) >= 2
    return both


@lru_cache(maxsize=4)
def _toll_keys(profile: str) -> NDArray[np.uint64]:
    forms = [clitic + word for word in lists.TOLL.split() for clitic in (*lists.CLITICS, "ال", "وال")]
    return np.unique(hash_words(forms, profile).hashes >> np.uint64(32))


@lru_cache(maxsize=4)
def known_words(profile: str) -> Known:
    """The known words of a profile: numbers, dates, names and opposites, and common words where it is ``news``."""
    news = profile.startswith("news")
    meanings: dict[int, int] = {}
    common: dict[int, int] = {}
    if news:
        frequent = common_words().tolist()
        common = dict.fromkeys(frequent[:_COMMON_RANK], COMMON << 16)
        meanings = dict.fromkeys(frequent[_COMMON_RANK:], USUAL << 16)
    usual = frozenset(meanings)
    values = _name_values()
    spelt, told = _spelt(values)
    listed = _listed_names(values)
    bases = list(dict.fromkeys(name.word for name in listed))
    keys = (hash_words([*bases, *(name.form for name in listed), *spelt], profile).hashes >> np.uint64(32)).tolist()
    key_of = dict(zip(bases, keys, strict=False))
    for key, name in zip(keys[len(bases) : len(bases) + len(listed)], listed, strict=True):
        base = key_of[name.word]
        if base not in common and (name.alone or base not in usual):
            meanings[key] = name.meaning
    meanings.update(common)
    meanings.update(zip(keys[len(bases) + len(listed) :], told, strict=True))
    known = np.array(sorted(meanings), dtype=np.uint32)
    edges = np.arange((1 << _BUCKET_BITS) + 1, dtype=np.uint64) << np.uint64(32 - _BUCKET_BITS)
    starts = np.searchsorted(known.astype(np.uint64), edges).astype(np.int32)
    found = np.array([meanings[key] for key in known.tolist()], dtype=np.uint32)
    return Known(known, found, starts, UNKNOWN if news else COMMON)


def name_forms() -> list[str]:
    """Every name of the lists, with all that may stand around it."""
    values = _name_values()
    spelt = zip(*_spelt(values), strict=True)
    return [form for form, meaning in spelt if meaning >> 16 == NAME] + [x.form for x in _listed_names(values)]


def are_names(hashes: NDArray[np.uint64], profile: str) -> NDArray[np.bool_]:
    """Which words, by their hashes, uint64 (w,), are names of the lists and no common words: bool (w,)."""
    known = known_words(profile)
    place, found = find_sorted(known.keys, (hashes >> np.uint64(32)).astype(np.uint32))
    found[found] = known.meanings[place[found]] >> 16 == NAME
    return found


def _name_values() -> dict[str, int]:
    """Of every spelling in the lists of names what it means: its kind, its class and what it names."""
    values: dict[str, int] = {}
    number = 0
    people = f"{lists.FAMILIES} {lists.GIVEN_NAMES}"  # of a name in both the given one counts
    for place, names in enumerate((lists.COUNTRIES, lists.CITIES, people, lists.CLUBS)):
        for spellings in names.split():
            number += 1
            values.update(dict.fromkeys(spellings.split("|"), NAME << 16 | place << NAME_BITS | number))
    return values


def _spelt(values: dict[str, int]) -> tuple[list[str], list[int]]:
    """Words of the lists with what may stand around them, and what each means; a later one of the same letters counts."""
    spelt: list[str] = []
    meanings: list[int] = []

    def enter(
        words: str, meaning: int, clitics: tuple[str, ...] = lists.CLITICS, endings: tuple[str, ...] = ("",)
    ) -> None:
        forms = [clitic + word + ending for word in words.split() for clitic in clitics for ending in endings]
        spelt.extend(forms)
        meanings.extend([meaning] * len(forms))

    for place, (one, other) in enumerate(lists.OPPOSITES):
        enter(one, OPPOSITE << 16 | 2 * place, ("", "و", "ب", "ال", "وال", "بال"))
        enter(other, OPPOSITE << 16 | 2 * place + 1, ("", "و", "ب", "ال", "وال", "بال"))
    joined = (*lists.CLITICS, "ال", "وال", "بال", "لل")
    for name, value in values.items():
        enter(name, value, lists.CLITICS if (value & 0xFFFF) >> NAME_BITS == _PERSON else joined)
    ordinary = lists.ORDINARY.split()
    for number, name in enumerate(lists.SERVANTS.split(), start=_SERVANT):
        own = "" if name in ordinary else name
        enter(f"عبد{name} العبد{name.removeprefix('ال')} {own}", NAME << 16 | _PERSON << NAME_BITS | number)
    for country, spellings in lists.PEOPLES.items():
        endings = ("", "ة", "ين", "ون", "ا", "تين", "ات")
        enter(spellings.replace("|", " "), values[country], ("", "ال", "وال", "لل", "بال"), endings)
    enter(lists.PARTS, NEUTRAL << 16)
    enter(lists.MARKERS, MARKER << 16)
    for value, negations in ((0, lists.NEGATIONS), (LONE, lists.LONE_NEGATIONS), (HALF, lists.HALF_NEGATIONS)):
        enter(negations, NEGATION << 16 | value, (*lists.CLITICS, "ف"))
    for place, days in enumerate(lists.WEEKDAYS):
        enter(days, DATE << 16 | place)
    for place, months in enumerate(lists.MONTHS):
        enter(months, DATE << 16 | MONTHS + place)
    for place, times in enumerate(lists.TIMES):
        enter(times, NUMBER << 16 | 2 * place + 2)  # an even value: no number has it
    for number, spellings in lists.NUMBERS.items():
        enter(spellings, NUMBER << 16 | number_signature(number))
    return spelt, meanings


class _Listed(NamedTuple):
    """A form of a listed name: what it means, the word that it is a form of, and whether that is a name by itself."""

    form: str
    meaning: int
    word: str
    alone: bool


def _listed_names(values: dict[str, int]) -> list[_Listed]:
    """The names of `name_words.txt` with what may stand before them.

    Args:
        values: of the names in the lists: those of another spelling there are the same.
    """
    out: dict[str, _Listed] = {}
    text = files("clusterer.copies").joinpath("name_words.txt").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=_LISTED):
        kind, _, names = line.partition(" ")
        spellings = names.split("|")
        words = [word for name in spellings for word in name.split() if len(word) >= _NAME_LETTERS]
        told = [values[word] for word in words if word in values] + [out[word].meaning for word in words if word in out]
        meaning = min(told, default=NAME << 16 | _CLASSES.index(kind) << NAME_BITS | number)
        for word in words:
            defined = [f"لل{word[2:]}"] if word.startswith("ال") else []
            for form in (*(clitic + word for clitic in lists.CLITICS), *defined):
                out.setdefault(form, _Listed(form, meaning, word, word in spellings))
    return list(out.values())


def common_words() -> NDArray[np.uint32]:
    """uint32: the upper halves of the hashes of the most frequent words of Arabic news, the most frequent first."""
    with files("clusterer.copies").joinpath("common_words.npy").open("rb") as file:
        words: NDArray[np.uint32] = np.load(file)
    return words
