"""Opening an input: unpack it, tell its encoding and its format, and hand it out as a reader takes it."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack

from clusterer.errors import ClustererError, InputError, UnusableInput
from clusterer.io.columns import FieldMap
from clusterer.io.compression import HEAD, TruncatedInput, closed_archive, inflated, packing_of, peek, read_chunks
from clusterer.io.encodings import detect_encoding, is_utf8, transcoded, wrong_encoding_cure
from clusterer.io.feed_limits import counted, held_to
from clusterer.io.formats import FORMATS, FORMATS_BY_NAME
from clusterer.io.readers import parquet, workbook
from clusterer.io.readers.base import BOM, OpenedInput, Walk
from clusterer.io.sources import BAD_ZIP, Source

_NESTED = 4  # packings, one in the other
_JSON, _XML, _TABLES = ("jsonl", "json"), ("sitemap", "rss"), ("csv", "tsv")
_MARKED = (*_JSON, *_XML, "parquet")  # formats whose files all begin alike
_OTHERS = {b"{": _JSON, b"[": _JSON, b"<": _XML, b"P": ("xlsx", *_TABLES)}
"""By the first byte, the formats that an input may have in truth; others may be tables."""


def open_input(source: Source, stack: ExitStack, walk: Walk, encoding: str | None = None) -> OpenedInput:
    """Open an input, unpack it, tell format and encoding.

    Args:
        source: one of `find_sources`.
        stack: closes the input.
        walk: the walk over the feed; its columns tell what holds articles.
        encoding: as it was given by the caller, or None.

    Raises:
        InputError: it cannot be opened, or its format or encoding cannot be told.
        TruncatedInput: it is damaged from its first byte.
    """
    packed = [source.packed_bytes]
    chunks, packing = _unpacked(source, stack, walk, packed)
    head, rest = peek(chunks, HEAD)
    binary = _binary_format(source, head, walk.columns)
    if binary and source.part and not FORMATS_BY_NAME[binary].has_parts:
        raise InputError(f"{source.name}: neither a database nor a workbook; cure: leave '::{source.part}' out")
    if binary:
        if encoding:
            walk.notes[
                f"{source.name} is {binary}, which tells its letters by itself: --encoding {encoding} is of texts; cure: none,"
                " or leave it out"
            ] = None
        _refuse_other(source, binary, head, walk.columns)
        path = None if packing else source.path
        start = itertools.chain([head], rest)
        return OpenedInput(binary, "", head, start, walk, source.name, source.id, path, part=source.part, packed=packed)
    _refuse_binary(source, head, walk.columns)
    cure = wrong_encoding_cure(head, encoding) if encoding else ""
    if cure:
        raise UnusableInput(f"{source.name}: not {encoding}; cure: {cure}")
    encoding = encoding or detect_encoding(head, source.name)
    if not is_utf8(encoding):
        try:
            head, rest = peek(transcoded(itertools.chain([head], rest), encoding), HEAD)
        except UnicodeError as error:  # no byte order mark where the encoding must have one
            other = cure or "--encoding with another name, such as utf-16-le"
            raise UnusableInput(f"{source.name}: not {encoding} ({error}); cure: {other}") from None
    walk.is_blank = len(head) < HEAD and not head.removeprefix(BOM).strip()
    if len(source.formats) != 1:
        head, rest = _with_first_line(head, rest, walk.limits.row_bytes)
    chunks, looked_at = itertools.chain([head.removeprefix(BOM)], rest), head
    if "jsonl" in source.formats and len(head) > walk.limits.row_bytes and is_utf8(encoding) and b"\n" not in head:
        looked_at = _second_line(source, walk) or head
    format = _text_format(source.formats, looked_at, walk.columns)
    if not format:
        raise UnusableInput(
            f"{source.name}: neither its ending nor its first bytes tell the format; "
            f"cure: {cure or '--format with one of ' + ', '.join(FORMATS_BY_NAME)}"
        )
    if source.part and not FORMATS_BY_NAME[format].has_parts:
        raise InputError(f"{source.name}: neither a database nor a workbook; cure: leave '::{source.part}' out")
    _refuse_other(source, format, head, walk.columns)
    if (
        FORMATS_BY_NAME[format].in_lines and looked_at is head and b"\r" in head and b"\n" not in head
    ):  # ends of old Macs
        looked_at, rest = head.replace(b"\r", b"\n"), (chunk.replace(b"\r", b"\n") for chunk in rest)
        chunks = itertools.chain([looked_at.removeprefix(BOM)], rest)
    return OpenedInput(
        format, encoding, looked_at, chunks, walk, source.name, source.id, None, cure, source.part, packed
    )


def format_of(source: Source, walk: Walk, encoding: str | None, are_several: bool) -> str:
    """The name of an input's format.

    Args:
        source, walk, encoding: as for `open_input`.
        are_several: whether there are other inputs; then one that cannot be opened is told when it is read.

    Raises:
        InputError: as `open_input`.
    """
    if len(source.formats) == 1:
        return source.formats[0]
    own = FORMATS_BY_NAME[source.formats[-1]] if source.formats else None
    if own and own.write_rows and own.may_be == source.formats[:-1]:  # told by the ending, whatever the bytes say
        return own.name
    with ExitStack() as stack:
        try:
            return open_input(source, stack, walk, encoding).format
        except Exception as error:
            if isinstance(error, ClustererError) and not (isinstance(error, UnusableInput) and are_several):
                raise  # all else is told when the input is read
            return source.formats[-1] if source.formats else "jsonl"


def _unpacked(source: Source, stack: ExitStack, walk: Walk, packed: list[int]) -> tuple[Iterator[bytes], str]:
    """The bytes of an input, and how they were packed, "" for not at all."""
    try:
        stream = stack.enter_context(source.open())
    except OSError as error:
        raise UnusableInput(
            f"{source.name}: cannot be read ({error.strerror or error}); cure: check the path and its permissions"
        ) from None
    except BAD_ZIP as error:
        raise TruncatedInput(f"the archive's member cannot be unpacked ({error})") from None
    if walk.position:
        walk.position.stream = stream
    head, rest = peek(read_chunks(stream) if source.packed_bytes else counted(read_chunks(stream), packed), 16)
    packing = packing_of(head)
    if source.packing and packing != source.packing:
        what = source.packing
        if not packing:
            raise TruncatedInput(f"not {what} data, as its ending says" if head else f"empty, not {what} data")
    chunks: Iterator[bytes] = itertools.chain([head], rest)
    inner, depth = packing, 0
    while inner and depth < _NESTED:  # what was packed by a crawler, and again by who keeps its files
        head, rest = peek(inflated(chunks, inner), 16)
        chunks, inner, depth = itertools.chain([head], rest), packing_of(head), depth + 1
    return held_to(chunks, packed, walk.limits) if packing or source.packed_bytes else chunks, packing


def _binary_format(source: Source, head: bytes, columns: FieldMap) -> str:
    """The format of an input that is no text; "" for text."""
    for format in FORMATS:
        known = source.formats == (format.name,)
        possible = format.is_binary and (not source.formats or format.name in source.formats)
        if possible and (known or format.sniff(head, columns)):
            return format.name
    if source.formats and all(FORMATS_BY_NAME[name].is_binary for name in source.formats):
        return source.formats[-1]  # its reader tells what is wrong
    return ""


def _text_format(candidates: tuple[str, ...], head: bytes, columns: FieldMap) -> str:
    """The format of a text by its first bytes, in UTF-8, of those that its ending allows; "" where nothing tells."""
    if len(candidates) == 1:
        return candidates[0]
    if head.removeprefix(BOM).strip():
        for format in FORMATS:
            allowed = not candidates or format.name in candidates
            if allowed and not format.is_binary and format.sniff(head, columns):
                return format.name
        return candidates[-1] if candidates else ""
    return candidates[-1] if candidates else FORMATS[0].name


def _refuse_binary(source: Source, head: bytes, columns: FieldMap) -> None:
    """Refuse bytes that are no text where a text is expected.

    Raises:
        UnusableInput: naming what they are.
    """
    if head.startswith(parquet.MAGIC):
        raise UnusableInput(_looks_like(source, "parquet"))
    if workbook.sniff(head, columns):
        cure = "name it .xlsx" if head.startswith(b"PK") else "name it .xls"
        raise UnusableInput(
            f'{source.name}: an Excel workbook, not a table of text; cure: {cure}, or save it as "CSV UTF-8"'
        )
    if what := closed_archive(head):
        raise UnusableInput(f"{source.name}: {what}, which is not opened here; cure: unpack it before")
    if head.startswith(b"PK\x03\x04"):
        raise UnusableInput(f"{source.name}: a zip archive without its ending; cure: name it .zip, or unpack it")


def _refuse_other(source: Source, format: str, head: bytes, columns: FieldMap) -> None:
    """Refuse an input whose first bytes are of another format than its ending, or the caller, says.

    Raises:
        UnusableInput: naming that format; readers would take its bytes for rows or names of columns.
    """
    others = _OTHERS.get(head.removeprefix(BOM).lstrip()[:1], _TABLES)
    if (
        format not in (*_MARKED, *_TABLES)
        or format in others
        or (format == "parquet" and head.startswith(parquet.MAGIC))
    ):
        return
    for name in others:
        if FORMATS_BY_NAME[name].sniff(head, columns) and not (name in _TABLES and format in _TABLES + _XML):
            raise UnusableInput(_looks_like(source, name))


def _looks_like(source: Source, name: str) -> str:
    stem, packing = os.path.splitext(source.name.lower())
    endings = FORMATS_BY_NAME[name].endings
    if source.name.lower().endswith(endings) or (packing in (".gz", ".zst", ".bz2", ".xz") and stem.endswith(endings)):
        given = source.formats[0] if source.formats else "another format"
        return f"{source.name}: looks like {name}, as its name says, and is to be read as {given}; cure: leave --format out"
    return f"{source.name}: looks like {name}, which its name does not say; cure: --format {name}, or another ending"


def _second_line(source: Source, walk: Walk) -> bytes:
    """The head of what follows a first line that is longer than a row may be; empty where nothing does, or it is damaged.

    It tells what the line does not: a document in one line is JSON; of objects line by line the first is a bad row.
    """
    found, position = b"", walk.position
    stream = position.stream if position else None
    with ExitStack() as stack, contextlib.suppress(TruncatedInput, ClustererError):
        chunks, _ = _unpacked(source, stack, walk, [0])
        for chunk in chunks:
            if b"\n" in chunk:
                found = peek(itertools.chain([chunk.partition(b"\n")[2]], chunks), HEAD)[0].lstrip()
                break
    if position:
        position.stream = stream
    return found


def _with_first_line(head: bytes, rest: Iterator[bytes], limit: int) -> tuple[bytes, Iterator[bytes]]:
    """More of a JSON file, where it begins with an object and its first line is longer than the head."""
    size = HEAD
    while size <= len(head) <= limit and head.removeprefix(BOM).lstrip()[:1] == b"{" and b"\n" not in head.strip():
        size = 2 * len(head)
        head, rest = peek(itertools.chain([head], rest), size)
    return head, rest
