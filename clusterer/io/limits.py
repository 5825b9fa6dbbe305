"""Ages, points in time and sizes as people write them: 7d, 2015-07-21, 500MB. For the command line and for callers."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timedelta

from clusterer.errors import InputError, SettingsError
from clusterer.io.dates import parse_date
from clusterer.settings import bytes_from

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(value: str) -> datetime | timedelta:
    """An age such as 7d, or a date.

    Raises:
        InputError: it is neither.

    Examples:
        >>> parse_moment("12h")
        datetime.timedelta(seconds=43200)
    """
    if age := _AGE.fullmatch(value.strip()):
        with contextlib.suppress(OverflowError):
            return timedelta(**{_UNITS[age[2]]: float(age[1])})
        return timedelta.max
    if date := parse_date(value):
        return date
    raise InputError(f"{value!r} is neither an age such as 12h, 7d, 2w nor a date such as 2015-07-21")


def parse_bytes(value: str) -> int:
    """A number of bytes, such as 500MB or 2GB.

    Raises:
        InputError: it is no size.

    Examples:
        >>> parse_bytes("500MB")
        500000000
    """
    try:
        return bytes_from(value)
    except SettingsError:
        raise InputError(f"{value!r} is no size such as 500MB or 2GB") from None
