"""Dates of one form, many at once: ISO 8601 as programs write it, such as 2024-05-01, 2024-05-01T10:00:00Z or +03:00.

Reads nothing else: any other date is `dates.parse_date`'s, one by one, which says of these the same.

Array letters: `n` dates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.utf8 import Utf8Texts

_FORMS = {  # by length: what stands where; 0 is any digit
    10: ("0000-00-00",),
    19: ("0000-00-00T00:00:00", "0000-00-00 00:00:00"),
    20: ("0000-00-00T00:00:00Z", "0000-00-00 00:00:00Z"),
    25: ("0000-00-00T00:00:00+00:00", "0000-00-00 00:00:00+00:00", "0000-00-00T00:00:00-00:00"),
}
_DIGIT = ord("0")
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_FARTHEST = 14  # hours of a zone
_NAKED = 19  # characters of a date without a zone, at most
_YEARS = (1971, 2099)  # what no rule of dates is about


def iso_seconds(texts: Utf8Texts, has_zone: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds since 1970 of n dates, int64 (n,), and which of them have such a form, bool (n,); 0 for the others.

    Args:
        texts: the dates.
        has_zone: a clock without a zone is of a zone that is not UTC, and left to others.

    >>> from clusterer.arrays.utf8 import utf8_of
    >>> iso_seconds(utf8_of(["1971-01-01", "1971-01-01T03:00:00+03:00", "1971-02-30", "yesterday"]), False)[1].tolist()
    [True, True, False, False]
    """
    seconds, found = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=np.bool_)
    sizes = texts.stops - texts.starts
    for size, forms in _FORMS.items():
        rows = np.flatnonzero(sizes == size)
        if not len(rows) or (has_zone and 10 < size <= _NAKED):
            continue
        letters = texts.data[texts.starts[rows][:, None] + np.arange(size)]
        fits = np.zeros(len(rows), dtype=np.bool_)
        for form in forms:
            wanted = np.frombuffer(form.encode(), dtype=np.uint8)
            digits = wanted == _DIGIT
            fits |= (letters[:, ~digits] == wanted[~digits]).all(axis=1) & (
                (letters[:, digits] - np.uint8(_DIGIT)) < 10  # what is less wraps around
            ).all(axis=1)
        rows, letters = rows[fits], letters[fits]
        told, is_date = _told(letters, size)
        seconds[rows], found[rows] = np.where(is_date, told, 0), is_date
    return seconds, found


def _told(letters: NDArray[np.uint8], size: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Seconds since 1970 of dates that have a form of so many letters, and which of them are dates."""

    def number(start: int, stop: int) -> NDArray[np.int64]:
        powers = 10 ** np.arange(stop - start - 1, -1, -1)
        return (letters[:, start:stop].astype(np.int64) - _DIGIT) @ powers

    year, month, day = number(0, 4), number(5, 7), number(8, 10)
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    good = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12) & (day >= 1)
    month = np.where(good, month, 1)
    good &= day <= _DAYS[month] + (is_leap & (month == 2))
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    seconds: NDArray[np.int64] = (months.astype("datetime64[D]").astype(np.int64) + day - 1) * 86_400
    if size > 10:
        hour, minute, second = number(11, 13), number(14, 16), number(17, 19)
        good &= (hour < 24) & (minute < 60) & (second < 60)
        seconds += hour * 3600 + minute * 60 + second
    if size > 20:
        hours, minutes = number(20, 22), number(23, 25)
        good &= (hours <= _FARTHEST) & (minutes < 60)
        seconds -= np.where(letters[:, 19] == ord("-"), -1, 1) * (hours * 3600 + minutes * 60)
        # A day that the zone carries into another year may be one that rules are about.
        good &= (year > _YEARS[0]) & (year < _YEARS[1])
    return seconds, good
