"""What a walk over a feed says to people: what it read as what, what is to be known of that, why an input ended."""

from __future__ import annotations

import logging

from clusterer.errors import UnusableInput
from clusterer.io.compression import TruncatedInput
from clusterer.io.feed_limits import TooManyRows
from clusterer.io.formats import FORMATS_BY_NAME
from clusterer.io.readers.base import Walk
from clusterer.io.rows import first_line

_LOG = logging.getLogger("clusterer")
_PANIC = "PanicException"  # of libraries in Rust; no Exception, and of a class of its own in each


def reading_of(walk: Walk) -> str:
    """What a walk read as what, for a person."""
    if not any(walk.columns.columns_read.values()):
        return f"{', '.join(walk.formats) or 'no rows'}, fields by the format's own names"
    parts = []
    for attribute, columns in walk.columns.columns_read.items():
        parts.append(f"{attribute} {' or '.join(column or 'none' for column in columns)}")
        others = [name for name in walk.columns.text_columns if name not in columns]
        if attribute == "text" and others:
            parts[-1] += f" else {' else '.join(others)}"
    own = [name for name in walk.formats if FORMATS_BY_NAME[name].own_names]
    return ", ".join(parts) + (f"; {', '.join(own)} by the format's own names" if own else "")


def notes_of(walk: Walk) -> list[str]:
    """What is to be known of how a walk was read, each with its cure."""
    maps = (walk.columns, walk.fixed_columns)
    count = sum(columns.default_dates for columns in maps)
    notes = [*(note for columns in maps for note in columns.notes), *walk.notes]
    many = "1 date stands" if count == 1 else f"{count:,} dates stand"
    return [*notes, f"{many} for none, such as 1970-01-01"] if count else notes


def reason_of(error: BaseException, form: str, name: str) -> str:
    """Why an input is not read on, whatever was raised over it; what ends programs is raised again."""
    if isinstance(error, TooManyRows):
        return str(error)
    if isinstance(error, UnusableInput):
        return str(error).removeprefix(f"{name}: ")
    if isinstance(error, TruncatedInput):
        return str(error) if "; cure: " in str(error) else f"{error}; cure: fetch the file again"
    if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
        raise error
    _LOG.debug("%s", name, exc_info=error)
    what = f"{type(error).__name__}: {first_line(error)}"
    return f"{form} reader stopped here ({what}); cure: mend the file, or fetch it again"
