"""Calendar words and numbers among stems: what tells when or how many, never which event.

A year, a month or the number of a day is rare in a background of another year, and two texts that share it share nothing.
Numbers in the lead (dead, goals, points) and weekdays are compared by features of their own. Knows stems by their hashes;
weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.text.stemming import WEEKDAYS
from clusterer.text.words import hash_words

MONTHS = (
    "يناير فبراير مارس أبريل ابريل مايو يونيو يوليو أغسطس اغسطس سبتمبر أكتوبر اكتوبر نوفمبر ديسمبر كانون شباط آذار اذار نيسان"
    " أيار ايار حزيران تموز آب اب أيلول ايلول تشرين جانفي فيفري أفريل افريل ماي جوان جويلية جويليه أوت اوت محرم صفر ربيع جمادى"
    " جمادي رجب شعبان رمضان شوال القعدة القعده الحجة الحجه"
)
"""Names of months in east and west, and of the Islamic year, as they are written and as the `news` profile folds them."""
NUMBERS = 10_000
"""Numbers below this are known as such."""


@lru_cache(maxsize=1)
def date_stems() -> NDArray[np.uint32]:
    """Stems of months, weekdays and numbers, uint32, ascending."""
    return np.unique(np.concatenate([_stems(MONTHS.split()), _stems(WEEKDAYS), _stems(_numerals(range(NUMBERS)))]))


@lru_cache(maxsize=1)
def number_stems() -> NDArray[np.uint32]:
    """Stems of numbers that are no years, uint32, ascending."""
    years = {*range(1400, 1500), *range(1900, 2100)}
    return np.unique(_stems(_numerals(n for n in range(NUMBERS) if n not in years)))


@lru_cache(maxsize=1)
def weekday_stems() -> NDArray[np.uint32]:
    """Stems of the weekdays, uint32 (7,), Saturday first."""
    return _stems(WEEKDAYS)


def _numerals(numbers: Iterable[int]) -> list[str]:
    """Numbers as they are written, with and without leading zeros."""
    return [f"{n:0{width}}" for n in numbers for width in (1, 2, 3) if width == 1 or n < 10**width]


def _stems(words: Iterable[str]) -> NDArray[np.uint32]:
    """One stem a word, whatever the profile: digits and folded letters stay as they are."""
    stems = hash_words([" ".join(words)], "strict", stems=True).stems
    assert stems is not None
    return stems
