"""From paths to bytes: the files of a feed in a fixed order, unpacked, in UTF-8, with their format told.

Finds the files of folders, globs and archives; spools standard input; unpacks gzip, Zstandard and zip; tells encoding
and format from the first bytes; hands out chunks of bytes, so that memory never holds a whole file.

Does not cut chunks into rows, makes no articles, reports no bad rows: damage is a `Cut`, raised after all bytes before
it. An input that cannot be read at all is an `InputError`.

Layout of the file: what readers use first, then the ways from paths to bytes, from bytes to UTF-8, and the detection.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import glob
import io
import itertools
import os
import re
import shutil
import sys
import weakref
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from clusterer.errors import InputError
from clusterer.fields import FieldMap, RowError, column_key
from clusterer.rows import FORMATS, Layout, first_line

CHUNK = 1 << 18
HEAD = 1 << 18  # bytes looked at to tell format, encoding and dialect
_BOM = codecs.BOM_UTF8
_ENDINGS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".parquet": "parquet", ".txt": "txt", ".rss": "rss", ".xml": "rss", ".atom": "rss",
}  # fmt: skip
_SEP = re.compile(r"""[\r\n]*("?sep=([^\w"'\r\n])"?[ \t]*)(?:\r\n?|\n)""", re.I)
_MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
_STDIN = "<stdin>"
# also: packed in a way that is not known, encrypted, names that are not UTF-8
_BAD_ZIP = (zipfile.BadZipFile, RuntimeError, UnicodeDecodeError, EOFError)


class Cut(Exception):
    """The bytes of an input end early or are damaged from here on."""


@dataclass(slots=True)
class Source:
    """One file, archive member or stream. `format` None: to be told from its first bytes."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    format: str | None
    packing: str
    id: str
    path: str | None = None


@dataclass(slots=True)
class Begun:
    """An opened input: its chunks are UTF-8 without a mark (Parquet: as they are); `head` keeps the mark.

    `doubt`: the cure where the encoding that was given is most likely wrong, else "".
    """

    format: str
    encoding: str
    head: bytes
    chunks: Iterator[bytes]
    plain: bool = True
    doubt: str = ""


def find_sources(
    paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str], format: str | None
) -> tuple[Source, ...]:
    """All files, archive members and streams that the paths name, each path's own sorted by name.

    Raises:
        InputError: a path or glob without a file, a folder or archive without a file that can be read.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise InputError("no input given; cure: name a file, a folder, a glob, or - for standard input")
    found: list[Source] = []
    for path in [os.fspath(path) for path in given]:
        if path == "-":
            found.append(Source(_STDIN, _Stdin().open, format, "", "stdin"))
        elif os.path.exists(path):
            found += _sources_at(path, format)
        elif matches := sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []:
            for match in matches:
                found += _sources_at(match, format)
        elif glob.has_magic(path):
            raise InputError(f"{path!r} matches no file; cure: check the pattern, or name a folder")
        else:
            raise InputError(f"{path!r} does not exist; cure: check the path")
    counts = Counter(source.id for source in found)
    for source in found:
        if counts[source.id] > 1:  # the same name in two places: ids of text files must differ
            source.id = os.path.splitext(source.name)[0]
    return tuple(found)


def begin(
    source: Source, stack: ExitStack, fields: FieldMap, *, format: str | None, encoding: str | None, limit: int
) -> Begun:
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
        raise Cut(f"the archive's member cannot be unpacked ({error})") from None
    head, rest = peek(_chunks(stream), 4)
    packing = source.packing or next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
    if packing and not any(head.startswith(magic) for magic, kind in _MAGIC.items() if kind == packing):
        raise Cut(f"not {packing} data, as its ending says" if head else f"empty, not {packing} data")
    chunks: Iterator[bytes] = itertools.chain([head], rest)
    if packing:
        chunks = _inflated(chunks, packing)
    head, rest = peek(chunks, HEAD)
    if _is_workbook(head):
        raise InputError(
            f'{source.name}: an Excel workbook, not a table of text; cure: save it as "CSV UTF-8" in Excel'
        )
    if source.format == "parquet" or (source.format is None and head.startswith(b"PAR1")):
        return Begun("parquet", "", head, itertools.chain([head], rest), not packing)
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
    return Begun(found, encoding, head, itertools.chain([head.removeprefix(_BOM)], rest), doubt=doubt)


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """At least the first `size` bytes where there are as many, and the rest; damage is raised by the rest."""
    head: list[bytes] = []
    length = 0
    try:
        while length < size and (chunk := next(chunks, None)) is not None:
            head.append(chunk)
            length += len(chunk)
    except Cut as cut:
        return b"".join(head), _raising(cut)
    return b"".join(head), chunks


class ChunkReader(io.RawIOBase):
    """Chunks as a raw stream, for `io.BufferedReader` to cut into lines."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def cut_reason(cut: Cut) -> str:
    """The reason of the row in which the bytes of an input end."""
    return f"the file ends early or is damaged here ({cut}); rows before it are kept; cure: fetch the file again"


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


# --- from paths to bytes ------------------------------------------------------------------------------------------------


class _Stdin:
    """Standard input, copied to a temporary file on first use so that it can be read again."""

    def __init__(self) -> None:
        self._copy = ""

    def open(self) -> BinaryIO:
        if not self._copy:
            import tempfile

            handle, self._copy = tempfile.mkstemp(prefix="clusterer-")
            weakref.finalize(self, os.unlink, self._copy)
            with open(handle, "wb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy, CHUNK)
        return open(self._copy, "rb")


def _sources_at(path: str, format: str | None, inside: bool = False) -> list[Source]:
    if os.path.isdir(path):
        root = Path(path)
        names = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
        kept = [name for name in names if _wanted(name, format, zips=True)]
        found = []
        for name in kept:
            for source in _sources_at(str(root / name), format, inside=True):
                source.id = _stem(name) if source.path else source.id
                found.append(source)
        if not found:
            raise _nothing_in(path, "folder", format)
        return found
    if path.lower().endswith(".zip"):
        try:
            archive = zipfile.ZipFile(path)
        except _BAD_ZIP:
            return [Source(path, partial(_broken_zip, path), format or "jsonl", "", "")]
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror or error}); cure: check its permissions"
            ) from None
        members = sorted(name for name in archive.namelist() if _wanted(name, format))
        if not members and not inside:
            raise _nothing_in(path, "archive", format)
        return [
            Source(f"{path}/{name}", partial(_open_member, archive, name), format or _ending(name)[0],
                    _ending(name)[1], _stem(name))
            for name in members
        ]  # fmt: skip
    ending, packing = _ending(path)
    return [Source(path, partial(_open_file, path), format or ending, packing, _stem(Path(path).name), path)]


def _open_file(path: str) -> BinaryIO:
    return Path(path).open("rb")


def _open_member(archive: zipfile.ZipFile, name: str) -> AbstractContextManager[BinaryIO]:
    return cast(AbstractContextManager[BinaryIO], archive.open(name))


def _broken_zip(path: str) -> AbstractContextManager[BinaryIO]:
    raise zipfile.BadZipFile(f"{path} is not a whole zip archive")


def _nothing_in(path: str, kind: str, format: str | None) -> InputError:
    endings = [ending for ending, own in _ENDINGS.items() if format in (None, own)]
    return InputError(
        f"{path}: the {kind} holds no file that can be read; cure: files ending in {' '.join(endings)}, "
        "also with .gz or .zst"
    )


def _wanted(name: str, format: str | None, zips: bool = False) -> bool:
    """Whether a file in a folder or archive is part of the feed: a known ending, not hidden."""
    if any(part.startswith((".", "__MACOSX")) for part in name.split("/")):
        return False
    if zips and name.lower().endswith(".zip"):
        return True
    ending = _ending(name)[0]
    return ending is not None and (format in (None, ending) or (format == "jsonl" and ending == "json"))


def _ending(name: str) -> tuple[str | None, str]:
    """What the ending says: format (None: nothing) and packing ("gz", "zst" or "")."""
    stem, last = os.path.splitext(name.lower())
    packing = last[1:] if last in (".gz", ".zst") else ""
    return _ENDINGS.get(os.path.splitext(stem)[1] if packing else last), packing


def _stem(name: str) -> str:
    stem, packed = os.path.splitext(name)
    return os.path.splitext(stem)[0] if packed.lower() in (".gz", ".zst") else stem


# --- unpacking and decoding --------------------------------------------------------------------------------------------


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream as they become available."""
    read = cast(io.BufferedReader, stream).read1
    size = 1 << 14 if isinstance(stream, zipfile.ZipExtFile) else CHUNK  # it loses the piece whose checksum is wrong
    try:
        while chunk := read(size):
            yield chunk
    except (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise Cut(first_line(error)) from None


def _inflated(chunks: Iterator[bytes], packing: str) -> Iterator[bytes]:
    """Unpack gzip members or Zstandard frames, one after the other; damage comes after all that is readable."""
    new: Callable[[], Any]
    if packing == "gz":
        new, damage, size = partial(zlib.decompressobj, 31), zlib.error, 1 << 14
    else:
        zstandard = import_module("zstandard")
        new, damage, size = zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError, 1 << 11
    unpacker, begun = new(), False
    for chunk in chunks:
        for start in range(0, len(chunk), size):  # small pieces: what comes out stays small
            piece, more = chunk[start : start + size], False
            while more or (piece and (begun or piece.strip(b"\0"))):  # there may be padding after the last member
                before = unpacker.copy() if packing == "gz" else None
                try:
                    out = unpacker.decompress(piece, CHUNK) if before else unpacker.decompress(piece)
                except damage as error:
                    if before:  # what is whole before the damage, byte by byte
                        with contextlib.suppress(damage):
                            for i in range(len(piece)):
                                if out := before.decompress(piece[i : i + 1]):
                                    yield out
                    raise Cut(f"damaged {packing} data: {first_line(error)}") from None
                if out:
                    yield out
                if begun := not unpacker.eof:
                    piece, more = (unpacker.unconsumed_tail, len(out) == CHUNK) if before else (b"", False)
                else:
                    piece, more, unpacker = unpacker.unused_data, False, new()
    if begun:
        raise Cut(f"the {packing} data ends before its end mark")


def _raising(cut: Cut) -> Iterator[bytes]:
    raise cut
    yield b""  # makes this a generator


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


# --- what the first bytes tell -----------------------------------------------------------------------------------------


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
