"""What a walk over a feed says to people: what it read as what, what is to be known of that, why an input ended."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from clusterer.errors import UnusableInput, is_out_of_memory
from clusterer.io.choice import DATES_LOST
from clusterer.io.compression import TruncatedInput
from clusterer.io.feed_limits import TooManyRows
from clusterer.io.formats import FORMATS_BY_NAME
from clusterer.io.readers.base import Walk
from clusterer.io.readers.workbook import SHEETS_LOST
from clusterer.io.rows import first_line

_MOST_READINGS = 8
_NO_TEXT = "the text is empty in every row of"
_LOG = logging.getLogger("clusterer")
_PANIC = "PanicException"  # of libraries in Rust; no Exception, and of a class of its own in each


def reading_of(walk: Walk) -> str:
    """What a walk read as what, for a person; inputs that were read alike are told together."""
    return "; ".join(readings_of(walk))


def readings_of(walk: Walk) -> list[str]:
    """The same, a line for all inputs that were read alike, most inputs first; one without names where all were."""
    if len(walk.readings) < 2:
        own = [name for name in walk.formats if FORMATS_BY_NAME[name].own_names]
        return [_columns_told(walk.columns.columns_read, walk.columns.text_columns, own or list(walk.formats))]
    lines = []
    ordered = sorted(walk.readings.items(), key=lambda item: -item[1][1])
    for reading, (first, count) in ordered[:_MOST_READINGS]:
        lines.append(f"{first if count == 1 else f'{count:,} files ({first} …)'}: {reading}")
    if more := ordered[_MOST_READINGS:]:
        lines.append(f"{sum(count for _, (_, count) in more):,} files in other ways")
    return lines


def note_input(walk: Walk, name: str, rows: int, is_dated: bool, has_text: bool, has_title: bool) -> None:
    """Keep what an input that has ended was read as, and whether it told a date and a text.

    Args:
        walk: that has come to its end.
        name: of the input.
        rows: good ones of it.
        is_dated: whether any of them has a date.
        has_text: whether any of them has a text.
        has_title: whether any of them has a title; only asked where none has a text.
    """
    if not rows:
        return
    own = [walk.format] if walk.format else []
    reading = _columns_told(walk.columns.columns_here, walk.columns.texts_here, own)
    if (
        reading not in walk.readings and len(walk.readings) >= 100
    ):  # inputs with ever new columns must not fill the memory
        reading = "in other ways"
    walk.readings.setdefault(reading, [name, 0])[1] += 1
    if rows > 1:  # a page, or a file that is one article, may be without
        if not has_text and not any(note.startswith(_NO_TEXT) for note in walk.notes):
            what = "titles stand in" if has_title else "and no title stands in, so its rows are grouped with nothing"
            walk.notes[f"{_NO_TEXT} {name}: {what}; cure: --text-field NAME if another column has it"] = None
        walk.dated += is_dated
        if not is_dated:
            walk.undated = walk.undated or name
            walk.undated_files += 1


def _columns_told(read: Mapping[str, Iterable[str]], texts: Iterable[str], formats: Sequence[str]) -> str:
    """Every attribute with the columns that it came from; formats whose fields have names of their own are named."""
    if not any(read.values()):
        return f"{', '.join(formats) or 'no rows'}, fields by the format's own names"
    parts = []
    for attribute, columns in read.items():
        parts.append(f"{attribute} {' or '.join(column or 'none' for column in columns)}")
        others = [name for name in texts if name not in columns]
        if attribute == "text" and others:
            parts[-1] += f" else {' else '.join(others)}"
    own = [name for name in formats if FORMATS_BY_NAME[name].own_names]
    return ", ".join(parts) + (f"; {', '.join(own)} by the format's own names" if own else "")


def notes_of(walk: Walk) -> list[str]:
    """What is to be known of how a walk was read, each with its cure."""
    maps = (walk.columns, walk.fixed_columns)
    notes = [*(note for columns in maps for note in columns.notes), *walk.notes]
    if walk.empty:
        first, files = next(iter(walk.empty)), len(walk.empty)
        which = f"{first} is" if files == 1 else f"{files:,} files are, the first {first},"
        notes.append(f"{which} empty, as what was not fetched whole; cure: fetch again, or leave out")
    if walk.dated and walk.undated:
        which = walk.undated if walk.undated_files == 1 else f"{walk.undated_files:,} files, the first {walk.undated}"
        notes.append(
            f"no date can be read in {which}, others have dates: what it holds is grouped without; cure: --date-field NAME"
        )
    if guessed := sum(columns.guessed_dates for columns in maps):
        rows = "1 row has" if guessed == 1 else f"{guessed:,} rows have"
        notes.append(
            f"{rows} 0 or the like where the moment would stand, so a clock is read that names no zone; cure: check --timezone"
        )
    if none := sum(columns.default_dates for columns in maps):
        dates = "1 date stands" if none == 1 else f"{none:,} dates stand"
        notes.append(f"{dates} for none, such as 1970-01-01")
    return notes


def is_loss(note: str) -> bool:
    """Whether a note tells of what is there, may be meant, and is not read: quiet runs tell it, too."""
    return DATES_LOST in note or SHEETS_LOST in note


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
    if is_out_of_memory(error):
        return f"no memory is left to read on ({what}); cure: a higher limit, --threads 1, or the file in parts"
    return f"{form} reader stopped here ({what}); cure: mend the file, or fetch it again"
