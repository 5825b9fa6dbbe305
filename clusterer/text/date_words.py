"""Dates in texts: which words only say when. Shared by all that was written on one day, they make no two texts alike.

Years alone, days beside months, and what stands beside these (weekdays, eras). A month alone may be a topic (رمضان), and a
number alone is a fact; both stay. Reads no dates: that is `io.dates`' business.

Array letters: `n` articles, `w` words.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted
from clusterer.text.stemming import NO_STEM, WEEKDAYS
from clusterer.text.words import Words, hash_words

_MONTHS = (
    "يناير فبراير مارس أبريل إبريل مايو يونيو يونيه يوليو يوليه أغسطس سبتمبر أكتوبر نوفمبر ديسمبر كانون شباط آذار نيسان أيار"
    " حزيران تموز آب أيلول تشرين جانفي فيفري أفريل ماي جوان جويلية أوت غشت شتنبر نونبر دجنبر محرم المحرم صفر ربيع جمادى رجب"
    " شعبان رمضان شوال القعدة الحجة january february march april may june july august september october november december"
)
_BESIDE = (
    "الأول الثاني الآخر الأولى الآخرة ذو ذي هـ هجري هجرية الهجري م ميلادي ميلادية الميلادي الموافق عام لعام سنة لسنة شهر"
    " السبت الأحد الإثنين الاثنين الثلاثاء الأربعاء الخميس الجمعة اليوم أمس غدا يوم"
)
"""Words of a date only beside another one."""
_YEARS = (*range(1350, 1500), *range(1900, 2100))
_REACH = 4  # words beside a day, month or year that may belong to its date


def without_dates(words: Words, profile: str) -> Words:
    """The same words; what only says when has `NO_STEM` for a stem, but for weekdays, which tell one report from the next."""
    if words.stems is None:
        return words
    told = date_words(words, profile)
    told[told] = ~np.isin(words.hashes[told], hash_words([" ".join(WEEKDAYS)], profile).hashes)
    words.stems[told] = NO_STEM
    return words


def date_words(words: Words, profile: str) -> NDArray[np.bool_]:
    """Bool (w,), True for words that only say when."""
    known, kinds, mark = _lists(profile)
    hashes = words.hashes
    near = np.flatnonzero(mark.take((hashes >> np.uint64(48)).view(np.int64)))  # nearly all others are none
    place, listed = find_sorted(known, hashes[near])
    near, kind = near[listed], kinds[place[listed]]
    found = np.zeros(len(hashes), dtype=np.bool_)
    if not len(near):
        return found
    article = np.searchsorted(words.offsets, near, side="right")
    month, day, year, other = ((kind & bit).astype(np.bool_) for bit in (1, 2, 4, 8))
    # A day counts beside a month, a month beside a day or a year; then all that stands next to one of these.
    sure = year | (day & _next_to(month, near, article)) | (month & _next_to(day | year, near, article))
    for _ in range(_REACH):
        sure |= (month | other) & _next_to(sure, near, article)
    found[near[sure]] = True
    return found


def _next_to(marked: NDArray[np.bool_], near: NDArray[np.int64], article: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the word before or after, of the same article, is marked."""
    touches = (np.diff(near) == 1) & (np.diff(article) == 0)
    out = np.zeros(len(marked), dtype=np.bool_)
    out[1:] |= marked[:-1] & touches
    out[:-1] |= marked[1:] & touches
    return out


@lru_cache(maxsize=4)
def _lists(profile: str) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the words, uint64, ascending, and what each is by bits, uint8: a month, a day, a year, or beside one.

    And which upper 16 bits of a hash any of them has, bool (65536,).
    """

    def hashed(texts: list[str]) -> NDArray[np.uint64]:
        return np.unique(hash_words(texts, profile).hashes)

    eastern = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    days = [form for day in range(1, 32) for form in (str(day), f"{day:02}")]
    years = [form + era for year in _YEARS for form in (str(year),) for era in ("", "م", "هـ")]
    both = [[*forms, *(form.translate(eastern) for form in forms)] for forms in (days, years)]
    lists = hashed([_MONTHS]), hashed(both[0]), hashed(both[1]), hashed(_BESIDE.split())
    known = np.unique(np.concatenate(lists))
    kinds = np.zeros(len(known), dtype=np.uint8)
    for bit, words in zip((1, 2, 4, 8), lists, strict=True):
        kinds[np.searchsorted(known, words)] |= bit
    mark = np.zeros(1 << 16, dtype=np.bool_)
    mark[(known >> np.uint64(48)).astype(np.int64)] = True
    return known, kinds, mark
