"""Points in time and sizes as they are typed on the command line: what is none is an error of use."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import click

from clusterer.errors import InputError
from clusterer.io import limits


def parse_moment(value: str | None, zone: tzinfo | None = None) -> datetime | timedelta | None:
    """An age such as 7d, or a date, in a zone where it names none; None where nothing was typed.

    Raises:
        UsageError: it is neither.

    Examples:
        >>> parse_moment("12h")
        datetime.timedelta(seconds=43200)
    """
    try:
        return None if value is None else limits.parse_moment(value, zone)
    except InputError as error:
        raise click.UsageError(str(error)) from None


def parse_bytes(value: str | None) -> int | None:
    """A number of bytes, such as 500MB or 2GB; None where nothing was typed.

    Raises:
        UsageError: it is no size.

    Examples:
        >>> parse_bytes("500MB")
        500000000
    """
    try:
        return None if value is None else limits.parse_bytes(value)
    except InputError as error:
        raise click.UsageError(str(error)) from None
