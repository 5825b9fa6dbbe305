"""detect: see clusterer.streams."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import orjson

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap, RowError, column_key
from clusterer.io.compression import _MAGIC, TruncatedInput, _chunks, _inflated, peek
from clusterer.io.rows import FORMATS, Layout
from clusterer.io.sources import _BAD_ZIP, Source

HEAD = 1 << 18  # bytes looked at to tell format, encoding and dialect
_BOM = codecs.BOM_UTF8
_SEP = re.compile(r"""[\r\n]*("?sep=([^\w"'\r\n])"?[ \t]*)(?:\r\n?|\n)""", re.I)


@dataclass(slots=True)
class OpenedInput:
    """An opened input: its chunks are UTF-8 without a mark (Parquet: as they are); `head` keeps the mark.

    `doubt`: the cure where the encoding that was given is most likely wrong, else "".
    """

    format: str
    encoding: str
    head: bytes
    chunks: Iterator[bytes]
    plain: bool = True
    doubt: str = ""


def begin(
    source: Source, stack: ExitStack, fields: FieldMap, *, format: str | None, encoding: str | None, limit: int
) -> OpenedInput:
    """Open an input, unpack it, tell format and encoding.

    Args:
        source: one of `find_sources`.
        stack: closes the input.
        fields: tells by the names of columns what holds articles.
        format: as it was given by the user, or None.
        encoding: as it was given by the user, or None.
        limit: bytes that a row may have.

    Raises:
        InputError: it cannot be opened, or not be told.
        Cut: it is damaged from its first byte.
    """
    try:
        stream = stack.enter_context(source.open())
    except OSError as error:
        raise InputError(
            f"{source.name}: cannot be read ({error.strerror or error}); cure: check the path and its permissions"
        ) from None
    except _BAD_ZIP as error:
        raise TruncatedInput(f"the archive's member cannot be unpacked ({error})") from None
    head, rest = peek(_chunks(stream), 4)
    packing = source.packing or next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
    if packing and not any(head.startswith(magic) for magic, kind in _MAGIC.items() if kind == packing):
        raise TruncatedInput(f"not {packing} data, as its ending says" if head else f"empty, not {packing} data")
    chunks: Iterator[bytes] = itertools.chain([head], rest)
    if packing:
        chunks = _inflated(chunks, packing)
    head, rest = peek(chunks, HEAD)
    if _is_workbook(head):
        raise InputError(
            f'{source.name}: an Excel workbook, not a table of text; cure: save it as "CSV UTF-8" in Excel'
        )
    if source.format == "parquet" or (source.format is None and head.startswith(b"PAR1")):
        return OpenedInput("parquet", "", head, itertools.chain([head], rest), not packing)
    if source.format is None and head.startswith(b"PK\x03\x04"):
        raise InputError(f"{source.name}: a zip archive without its ending; cure: name it .zip, or unpack it")
    doubt = _doubt(head, encoding) if encoding else ""
    encoding = encoding or _detect_encoding(head, source.name, xml=source.format == "rss")
    chunks = itertools.chain([head], rest)
    if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig", "ascii"):
        chunks = _transcoded(chunks, encoding)
        try:
            head, rest = peek(chunks, HEAD)
        except UnicodeError as error:  # no byte order mark where the encoding must have one
            cure = doubt or "--encoding with another name, such as utf-16-le"
            raise InputError(f"{source.name}: not {encoding} ({error}); cure: {cure}") from None
    found = source.format or _detect_format(head, fields)
    if found == "json" and format is None:
        head, rest = _with_first_line(head, rest, limit)
        if _holds_lines(head, fields):
            found = "jsonl"
    if not found:
        raise InputError(
            f"{source.name}: neither its ending nor its first bytes tell the format; "
            f"cure: {doubt or '--format with one of ' + ', '.join(FORMATS)}"
        )
    if found in ("jsonl", "csv", "tsv") and b"\r" in head and b"\n" not in head:  # line ends of old Macs
        head, rest = head.replace(b"\r", b"\n"), (chunk.replace(b"\r", b"\n") for chunk in rest)
    return OpenedInput(found, encoding, head, itertools.chain([head.removeprefix(_BOM)], rest), doubt=doubt)


def is_article(document: bytes, fields: FieldMap) -> bool:
    """Whether a JSON object is an article, not the wrapping of a list of articles that has a description itself."""
    try:
        row = orjson.loads(document)
        own = fields.columns(tuple(row))["text"][0]
    except (orjson.JSONDecodeError, RowError):
        return False
    lists = [v for v in row.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    return not lists or column_key(own) not in ("description", "summary", "الوصف", "الملخص")


def loaded(raw: bytes) -> Any:
    """The value, or the error as a value."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return error


def detect_dialect(head: bytes, format: str, fields: FieldMap) -> Layout:
    """The delimiter under which the header has a text column, or the most columns; whether quotes mean anything.

    A first line `sep=;`, Excel's, decides about the delimiter; it is the layout's `header`, else that is empty.
    """
    text = head.removeprefix(_BOM).decode("utf-8", "ignore")
    best, best_rank = Layout(format), (False, 0)
    delimiters, hint = "\t,;" if format == "tsv" else ",\t;", ""
    if match := _SEP.match(text):
        delimiters, hint = match[2], match[1]
        text = text[match.end() :]
        best = Layout(format, delimiter=delimiters, header=hint.encode())
    for delimiter in delimiters:
        layout = Layout(format, delimiter=delimiter, header=hint.encode())
        try:
            header = tuple(next(csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), **layout.dialect), ()))
        except csv.Error:
            continue
        has_text = False
        with contextlib.suppress(RowError):
            has_text = bool(fields.columns(header))
        if (has_text, len(header)) > best_rank:
            best, best_rank = replace(layout, columns=header), (has_text, len(header))
    if best.delimiter == "\t" and '"' in text:
        lines = text.splitlines()[: None if len(head) < HEAD else -1]
        width = len(best.columns)
        bare = sum(line.count("\t") + 1 == width for line in lines)
        quoted = 0
        with contextlib.suppress(csv.Error):
            for cells in csv.reader(lines, **best.dialect):
                quoted += len(cells) == width and not any("\t" in cell for cell in cells)
        best = replace(best, quoted=quoted >= bare)
    return best


def _transcoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """From any encoding to UTF-8. What cannot be decoded becomes a lone surrogate, thus invalid UTF-8 in its row."""
    codecs.register_error("clusterer-mark", _mark)
    decode = codecs.getincrementaldecoder(encoding)("clusterer-mark").decode
    for chunk in chunks:
        if text := decode(chunk):
            yield text.encode("utf-8", "surrogatepass")
    if text := decode(b"", True):
        yield text.encode("utf-8", "surrogatepass")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return "\udcff", error.end
    raise error


_ARABIC_LETTERS = frozenset("اليمنوتربةه")
_LEGACY = (("cp1256", _ARABIC_LETTERS), ("iso8859_6", _ARABIC_LETTERS), ("cp1252", frozenset("éèàçêùôîâûëïÉÀ")))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']""")


def _is_workbook(head: bytes) -> bool:
    """Whether these are the first bytes of .xlsx, a zip archive with members in xl/, or of the older .xls."""
    if head.startswith(b"PK\x03\x04"):
        return re.search(rb"PK\x03\x04.{26}xl/", head, re.S) is not None
    return head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def _doubt(head: bytes, encoding: str) -> str:
    """The cure where the encoding that was given is not UTF-8 and the bytes are, with letters beyond ASCII; else ""."""
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii") or head.isascii():
        return ""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last letter may be cut
    except UnicodeDecodeError:
        return ""
    return f"leave --encoding {encoding} out, the file is UTF-8"


def _detect_encoding(head: bytes, name: str, xml: bool = False) -> str:
    for mark, encoding in (
        (_BOM, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    for encoding, high in (("utf-16-le", head[1:8192:2]), ("utf-16-be", head[0:8192:2])):
        if len(high) > 1 and b"\0" in high and high.count(0) + high.count(6) >= 0.7 * len(high):
            return encoding
    if xml and (declared := _DECLARED.match(head)):
        with contextlib.suppress(LookupError, UnicodeDecodeError):
            encoding = declared[1].decode("ascii")
            codecs.getincrementaldecoder(encoding)().decode(head)
            return encoding
    high_bytes = len(head) - len(head.translate(None, bytes(range(128, 256))))
    valid = head.decode("utf-8", "ignore").encode()
    valid_bytes = len(valid) - len(valid.translate(None, bytes(range(128, 256))))
    if valid_bytes >= high_bytes / 2 or high_bytes < 4:
        return "utf-8"  # perhaps with damaged rows
    shares = {}
    for encoding, common in _LEGACY:
        letters = [c for c in head.decode(encoding, "replace") if c > "\x7f"]
        shares[encoding] = sum(c in common for c in letters) / len(letters)
    best = max(shares, key=shares.__getitem__)
    if shares[best] >= 0.45:
        return best
    if high_bytes < 16:  # too little to tell
        return "utf-8"
    start = max(0, next(i for i, byte in enumerate(head) if byte > 127) - 1000)
    guess = import_module("charset_normalizer").from_bytes(head[start : start + (1 << 15)]).best()
    if guess is None:
        raise InputError(f"{name}: the encoding cannot be told; cure: --encoding NAME, such as windows-1256")
    return str(guess.encoding)


def _detect_format(head: bytes, fields: FieldMap) -> str:
    bare = head.removeprefix(_BOM).lstrip()
    if not bare:
        return "jsonl"
    if bare[:1] in (b"{", b"["):
        return "json"
    if re.match(rb"<(\?xml|!doctype|rss|feed|rdf)", bare[:100].lower()):
        return "rss"
    layout = detect_dialect(head, "csv", fields)
    try:
        fields.columns(layout.columns)
    except RowError:
        return ""
    return "tsv" if layout.delimiter == "\t" else "csv"


def _with_first_line(head: bytes, rest: Iterator[bytes], limit: int) -> tuple[bytes, Iterator[bytes]]:
    """More of a JSON file, where it begins with an object and its first line is longer than the head."""
    size = HEAD
    while size <= len(head) <= limit and head.removeprefix(_BOM).lstrip()[:1] == b"{" and b"\n" not in head.strip():
        size = 2 * len(head)
        head, rest = peek(itertools.chain([head], rest), size)
    return head, rest


def _holds_lines(head: bytes, fields: FieldMap) -> bool:
    """Whether a JSON file holds one object a line, rather than one document."""
    lines = [line.strip() for line in head.removeprefix(_BOM).split(b"\n")]
    whole = [line for line in lines[: None if len(head) < HEAD else -1] if line]
    objects = sum(line.startswith(b"{") and isinstance(loaded(line), dict) for line in whole[:20])
    first = whole[0] if whole else lines[0]
    if not first.startswith(b"{"):
        return False
    return is_article(first, fields) if len(whole) == 1 else objects > 0
