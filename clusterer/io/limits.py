"""Ages, points in time and sizes as people write them: 7d, 2015-07-21, 500MB. For the command line and for callers."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta, tzinfo

from clusterer.errors import InputError, SettingsError
from clusterer.io.dates import parse_date
from clusterer.settings import bytes_from

_CLOCK = re.compile(r"\d:\d|T\d|\d{9}", re.I)  # a time of a day, or seconds since 1970
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_moment(value: str, zone: tzinfo | None = None) -> datetime | timedelta:
    """An age such as 7d, or a date.

    Args:
        value: as it was typed.
        zone: of a date that names none, also of a day alone, which begins with its midnight there; UTC where None.

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
    if date := parse_date(value, zone=zone):
        is_day = (date.hour, date.minute, date.second) == (0, 0, 0) and not _CLOCK.search(value)
        return date.replace(tzinfo=zone).astimezone(UTC) if zone and is_day else date
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
