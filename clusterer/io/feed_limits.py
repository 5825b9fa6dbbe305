"""What one input may cost: limits with names and defaults, so that a small feed does not run for hours or fill the memory.

What goes beyond ends its input there: rows before are kept, the reason names the limit and what raises it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clusterer.errors import InputError
from clusterer.io.compression import TruncatedInput
from clusterer.io.limits import parse_bytes

MAX_ROW_BYTES = 32 * 2**20
"""Bytes that a row may have unless set otherwise."""
FREE_BYTES = 2 * MAX_ROW_BYTES
"""Unpacked bytes that cost little, whatever they are packed into: the ratio counts beyond."""
FREE_TEXT = 8 * 2**20
"""Characters of texts that cost little, whatever the size of their file."""
FREE_ROWS = 100_000
"""Rows that cost little, whatever the size of their file."""
FREE_LINES = 1_000_000
"""Lines that cost little, whatever the size of their file."""
BIG_ROW = 1 << 20
"""Bytes; only in longer rows values are counted."""


class LimitReached(TruncatedInput):
    """An input costs more than it may; what stands before is read."""


class TooManyRows(Exception):
    """So many rows in succession are blank or bad that what follows is not read."""


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """What one input may cost. Each field is a name that ``--limits`` takes, with "-" for "_"."""

    row_bytes: int = dataclasses.field(
        default=MAX_ROW_BYTES,
        metadata={"help": "bytes of a row, and of a file that is held whole; longer ones are bad"},
    )
    skipped_bytes: int = dataclasses.field(
        default=512 * 2**20, metadata={"help": "bytes of a row over row-bytes that are read in search of its end"}
    )
    ratio: int = dataclasses.field(
        default=200, metadata={"help": "bytes unpacked, or read of a view, for each byte of the file; from 64 MiB on"}
    )
    row_ratio: int = dataclasses.field(
        default=1, metadata={"help": "rows for each byte of the file; from 100,000 rows on"}
    )
    inflated_bytes: int = dataclasses.field(default=2**37, metadata={"help": "bytes of one input, unpacked"})
    blank_rows: int = dataclasses.field(default=2_000_000, metadata={"help": "blank rows or lines in succession"})
    bad_rows: int = dataclasses.field(default=100_000, metadata={"help": "bad rows in succession"})
    values: int = dataclasses.field(
        default=1_000_000, metadata={"help": "values, lists and objects of a row; cells of a row or sheet, tenfold"}
    )
    members: int = dataclasses.field(default=100_000, metadata={"help": "members of an archive"})
    depth: int = dataclasses.field(default=256, metadata={"help": "elements of XML and HTML, one in the other"})

    def __post_init__(self) -> None:
        """Refuse what is no limit.

        Raises:
            InputError: a value below 1.
        """
        for own in dataclasses.fields(self):
            value = getattr(self, own.name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(
                    f"limit {own.name} is {value!r}; it must be a whole number from 1; cure: such as {own.default}"
                )


NAMES = tuple(own.name for own in dataclasses.fields(FeedLimits))


def limits_from(given: Mapping[str, Any] | None, row_bytes: int = MAX_ROW_BYTES) -> FeedLimits:
    """Limits as a caller gives them.

    Args:
        given: name of a limit, with "_" or "-", to its value: a number, or a size such as "64MB".
        row_bytes: the limit of that name, where `given` has none.

    Raises:
        InputError: an unknown name, a value that is no number or size.

    >>> limits_from({"row-bytes": "64MB"}).row_bytes
    64000000
    """
    if given is not None and not isinstance(given, Mapping):
        raise InputError(f"limits is {given!r:.80}; it must be a dict; cure: limits={{'ratio': 1000}}")
    values: dict[str, int] = {"row_bytes": row_bytes}
    for name, value in (given or {}).items():
        own = str(name).strip().replace("-", "_")
        if own not in NAMES:
            known = ", ".join(name.replace("_", "-") for name in NAMES)
            raise InputError(f"limit {name!r} is not known; cure: one of {known}")
        values[own] = parse_bytes(value) if isinstance(value, str) else value
    return FeedLimits(**values)


def check_blank(count: int, limits: FeedLimits) -> None:
    """Refuse ever more blank rows.

    Raises:
        TooManyRows: there are so many in succession.
    """
    if count > limits.blank_rows:
        what = f"{limits.blank_rows:,} blank rows in succession; the rest is not read"
        raise TooManyRows(over(what, "blank_rows", limits.blank_rows))


def over(what: str, name: str, limit: int) -> str:
    """The reason of an input over a limit, and what raises it.

    >>> over("more than 3 members", "members", 3)
    'more than 3 members; cure: leave the file out, or --limits members=6 if it is as it should be'
    """
    return (
        f"{what}; cure: leave the file out, or --limits {name.replace('_', '-')}={2 * limit} if it is as it should be"
    )


def held_to(chunks: Iterable[bytes], packed: list[int], limits: FeedLimits) -> Iterator[bytes]:
    """Unpacked chunks up to where they are too many.

    Args:
        chunks: unpacked bytes.
        packed: one number, of the packed bytes that were taken so far.
        limits: as of the feed.

    Raises:
        LimitReached: by its iterator.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > FREE_BYTES and size > limits.ratio * packed[0]:
            what = f"unpacks to more than {limits.ratio} times its size: {size:,} bytes out of {packed[0]:,}"
            raise LimitReached(over(what, "ratio", limits.ratio))
        if size > limits.inflated_bytes:
            raise LimitReached(over(f"unpacks to more than {size:,} bytes", "inflated_bytes", limits.inflated_bytes))
        yield chunk


def counted(chunks: Iterable[bytes], packed: list[int]) -> Iterator[bytes]:
    """Chunks as they are, their bytes added to the one number of a list as they are taken."""
    for chunk in chunks:
        packed[0] += len(chunk)
        yield chunk


def too_many_values(raw: bytes, limits: FeedLimits, separators: bytes = b",[{") -> str:
    """The reason of a long row with more values than it may have; "" for none.

    Each value costs memory beyond its bytes: `[[],[],[], ...]` takes thirty times its length.
    """
    if len(raw) <= BIG_ROW:
        return ""
    count = len(raw) - len(raw.translate(None, separators))
    if count <= limits.values:
        return ""
    cure = f"cure: leave the row out, or --limits values={2 * count} if it is as it should be"
    return f"about {count:,} values in one row, limit {limits.values:,}; {cure}"
