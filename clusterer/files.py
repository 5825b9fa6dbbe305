"""Feeds in, results out: read rows lazily, hand bad ones to quarantine, write files that are whole or absent.

Reads JSON lines, JSON arrays, CSV/TSV, Parquet, folders of text files and RSS/Atom, plain, `.gz`, `.zst` or inside a
`.zip`, in UTF-8, UTF-16 and the legacy Arabic encodings. Memory holds one row, one Parquet batch or one text or RSS
file, never a whole feed. A bad row never stops a run: it goes to `on_bad` with file, line and reason. What cannot be
read at all (missing file, unknown format, no text column) is an `InputError`.

Does not normalise, score or deduplicate; does not print. Output is UTF-8, whatever the input was in.

Layout of the file: public names first, then the ways from paths to bytes, from bytes to rows, and from rows to files.
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
import stat
import sys
import weakref
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, BinaryIO, cast

import orjson

from .errors import InputError, OutputError
from .fields import FieldMap, RowError, column_key
from .records import Article

FORMATS: tuple[str, ...] = ("jsonl", "json", "csv", "tsv", "parquet", "txt", "rss")

_ENDINGS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".parquet": "parquet", ".txt": "txt", ".rss": "rss", ".xml": "rss", ".atom": "rss",
}  # fmt: skip
_MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
_STDIN = "<stdin>"
_BOM = codecs.BOM_UTF8
_CHUNK = 1 << 18
_HEAD = 1 << 18  # bytes looked at to tell format, encoding and dialect
_EXCERPT = 1000  # characters
_BATCH = 1024  # Parquet rows


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be an article.

    Attributes:
        file: as it was given; members of archives as "feed.zip/member.jsonl"; standard input is "<stdin>".
        line: 1-based physical line where the row starts; row number in Parquet, JSON arrays and RSS; 1 where the
            whole file is meant.
        reason: what is wrong, and the cure.
        excerpt: the first 1,000 characters of the row.
    """

    file: str
    line: int
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one file were written: what a writer needs beside the rows themselves.

    Attributes:
        format: one of `FORMATS`.
        columns: CSV and TSV: the header's cells.
        header: CSV and TSV: the header as it came, without its line end, with its byte order mark.
        delimiter: CSV and TSV: what stands between cells.
        quoted: CSV and TSV: False where quotes have no meaning.
        newline: CSV and TSV: the line end.
        schema: Parquet: the `pyarrow.Schema`.
    """

    format: str
    columns: tuple[str, ...] = ()
    header: bytes = b""
    delimiter: str = ","
    quoted: bool = True
    newline: bytes = b"\n"
    schema: Any = None

    @property
    def dialect(self) -> dict[str, Any]:
        """Keyword arguments for `csv.reader` and `csv.writer`."""
        quoting = csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
        return {"delimiter": self.delimiter, "quoting": quoting, "strict": True}


@dataclass(frozen=True, slots=True)
class Row:
    """A good row.

    Attributes:
        article: what was read out of it.
        raw: the row as it came, for `write_rows`: the bytes of a line, an array's element or a CSV record (UTF-8,
            without the line end), a one-row `pyarrow.RecordBatch`, or a dict of the fields (text files, RSS).
        file: as in `BadRow`.
        line: as in `BadRow`.
        layout: how its file was written; one object shared by all rows of a file.
    """

    article: Article
    raw: object
    file: str
    line: int
    layout: Layout = Layout("jsonl")


class Feed:
    """The rows of a set of inputs, in a fixed order, streamed; it can be walked more than once.

    Attributes:
        rows: good rows of the latest walk so far.
        bad_rows: bad rows of the latest walk so far.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        fields: Mapping[str, str] | None = None,
        format: str | None = None,
        encoding: str | None = None,
        max_row_bytes: int = 32 * 2**20,
        on_bad: Callable[[BadRow], None] | None = None,
    ) -> None:
        """Find the inputs; nothing is read yet.

        Args:
            paths: files, folders (all files with known endings, at any depth), globs, or "-" for standard input.
            fields: article attribute to column name, where the usual names do not fit.
            format: one of `FORMATS` when endings and first bytes mislead; in folders and archives it picks the
                files of that format.
            encoding: of all text inputs; detected for each when None.
            max_row_bytes: a longer row is bad; it is skipped without being held.
            on_bad: called once for every bad row, however often the feed is walked.

        Raises:
            InputError: a path or glob without a file, an unknown format, encoding or field.
        """
        if format is not None and format not in FORMATS:
            raise InputError(f"format {format!r} is not known; cure: one of {', '.join(FORMATS)}")
        if max_row_bytes < 1:
            raise InputError(f"max_row_bytes {max_row_bytes} is below 1; cure: a number of bytes such as 33554432")
        if encoding is not None:
            try:
                "".encode(encoding)
            except LookupError:
                raise InputError(
                    f"encoding {encoding!r} is not known; cure: a name such as utf-8, utf-16 or windows-1256"
                ) from None
        self._fields, self._format, self._encoding = dict(fields or {}), format, encoding
        self._limit, self._on_bad = max_row_bytes, on_bad
        self._reported = 0
        self._sources = _find_sources(paths, format)
        self._start()

    def _start(self) -> None:
        self.rows = self.bad_rows = 0
        self._map, self._plain_map = FieldMap(self._fields), FieldMap()

    @property
    def unreadable_dates(self) -> int:
        """Rows of the latest walk so far whose date was there, not empty, and unreadable."""
        return self._map.unreadable_dates + self._plain_map.unreadable_dates

    @property
    def format(self) -> str:
        """The one format of all inputs; "jsonl" where they differ, or where rows have no form to be given back in."""
        found = {self._format_of(source) for source in self._sources}
        only = found.pop() if len(found) == 1 else "jsonl"
        return "jsonl" if only in ("txt", "rss") else only

    def __iter__(self) -> Iterator[Row]:
        """Walk the good rows.

        Raises:
            InputError: an input cannot be opened, its format or encoding cannot be told, or it has no text column.
        """
        self._start()
        for source in self._sources:
            for row in self._read(source):
                self.rows += 1
                yield row

    def _bad(self, file: str, line: int, reason: str, raw: bytes | str = b"") -> None:
        self.bad_rows += 1
        if self.bad_rows <= self._reported:
            return
        self._reported += 1
        if self._on_bad:
            head = raw[: 4 * _EXCERPT]
            text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
            self._on_bad(BadRow(file, line, reason, text.strip("\r\n")[:_EXCERPT]))

    def _format_of(self, source: _Source) -> str:
        if source.format is not None and source.format != "json":
            return source.format
        with ExitStack() as stack:
            try:
                return self._begin(source, stack).format
            except _Cut:
                return source.format or "jsonl"

    def _begin(self, source: _Source, stack: ExitStack) -> _Begun:
        """Open an input, unpack it, tell format and encoding.

        Raises:
            InputError: it cannot be opened, or not be told.
            _Cut: it is damaged from its first byte.
        """
        try:
            stream = stack.enter_context(source.open())
        except OSError as error:
            raise InputError(
                f"{source.name}: cannot be read ({error.strerror or error}); cure: check the path and its permissions"
            ) from None
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise _Cut(f"the archive's member cannot be unpacked ({error})") from None
        head, rest = _peek(_chunks(stream), 4)
        packing = source.packing or next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
        if packing and not any(head.startswith(magic) for magic, kind in _MAGIC.items() if kind == packing):
            raise _Cut(f"not {packing} data, as its ending says" if head else f"empty, not {packing} data")
        chunks: Iterator[bytes] = itertools.chain([head], rest)
        if packing:
            chunks = _inflated(chunks, packing)
        head, rest = _peek(chunks, _HEAD)
        if source.format == "parquet" or (source.format is None and head.startswith(b"PAR1")):
            return _Begun("parquet", "", head, itertools.chain([head], rest), not packing)
        if source.format is None and head.startswith(b"PK\x03\x04"):
            raise InputError(f"{source.name}: a zip archive without its ending; cure: name it .zip, or unpack it")
        encoding = self._encoding or _detect_encoding(head, source.name, xml=source.format == "rss")
        chunks = itertools.chain([head], rest)
        if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig", "ascii"):
            chunks = _transcoded(chunks, encoding)
            head, rest = _peek(chunks, _HEAD)
        format = source.format or _detect_format(head, self._map)
        if format == "json" and self._format is None and _holds_lines(head, self._map):
            format = "jsonl"
        if not format:
            raise InputError(
                f"{source.name}: neither its ending nor its first bytes tell the format; "
                f"cure: --format with one of {', '.join(FORMATS)}"
            )
        if format in ("jsonl", "csv", "tsv") and b"\r" in head and b"\n" not in head:  # line ends of old Macs
            head, rest = head.replace(b"\r", b"\n"), (chunk.replace(b"\r", b"\n") for chunk in rest)
        return _Begun(format, encoding, head, itertools.chain([head.removeprefix(_BOM)], rest))

    def _read(self, source: _Source) -> Iterator[Row]:
        with ExitStack() as stack:
            try:
                begun = self._begin(source, stack)
            except _Cut as cut:
                self._bad(source.name, 1, f"{cut}; cure: fetch the file again")
                return
            if begun.format == "jsonl":
                rows = self._read_jsonl(source.name, begun)
            elif begun.format == "json":
                rows = self._read_json(source.name, begun)
            elif begun.format in ("csv", "tsv"):
                rows = self._read_csv(source.name, begun)
            elif begun.format == "parquet":
                rows = self._read_parquet(source, begun, stack)
            elif begun.format == "txt":
                rows = self._read_txt(source, begun)
            else:
                rows = self._read_rss(source.name, begun)
            yield from rows

    # --- one reader for each format

    def _lines(self, file: str, chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        """Physical lines with their numbers. Over-long ones are skipped piece by piece and reported."""
        limit, number = self._limit, 0
        stream = io.BufferedReader(_ChunkReader(chunks), _CHUNK)
        try:
            for line in iter(partial(stream.readline, limit + 1), b""):
                number += 1
                if len(line) <= limit or (line[-1] == 10 and len(line) == limit + 1):
                    yield number, line
                    continue
                size, piece = len(line), line
                while piece[-1:] not in (b"\n", b"") and (piece := stream.readline(_CHUNK)):
                    size += len(piece)
                self._bad(file, number, _too_long(size, limit), line)
        except _Cut as cut:
            self._bad(file, number + 1, _cut_reason(cut))

    def _read_jsonl(self, file: str, begun: _Begun) -> Iterator[Row]:
        layout, loads, article = Layout("jsonl"), orjson.loads, self._map
        for number, line in self._lines(file, begun.chunks):
            try:
                made = article(loads(line))
            except ValueError:
                line = line.rstrip(b"\r\n").removeprefix(_BOM)  # files that were glued together keep their marks
                if not line.strip():
                    continue
                try:
                    made = article(loads(line))
                except ValueError as error:
                    self._bad(file, number, _json_reason(line, error, begun.encoding), line)
                    continue
            yield Row(made, line.rstrip(b"\r\n"), file, number, layout)

    def _read_json(self, file: str, begun: _Begun) -> Iterator[Row]:
        layout = Layout("json")
        for number, (raw, value) in enumerate(self._json_elements(begun), 1):
            try:
                if isinstance(value, ValueError):
                    raise value
                made = self._map(value)
            except ValueError as error:
                self._bad(file, number, _json_reason(raw, error, begun.encoding), raw)
            else:
                yield Row(made, raw, file, number, layout)

    def _json_elements(self, begun: _Begun) -> Iterator[tuple[bytes, Any]]:
        """Rows of a JSON document: the elements of its array, or the document itself where it is one article."""
        if len(begun.head) < _HEAD and begun.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            document = begun.head.removeprefix(_BOM).strip()
            if _is_article(document, self._map):
                return iter([(document, orjson.loads(document))])
            if re.fullmatch(rb'\{\s*"[^"]*"\s*:\s*\[\s*\]\s*\}', document):  # {"articles": []}
                return iter(())
        return iter(_JsonArray(begun.chunks, self._limit))

    def _read_csv(self, file: str, begun: _Begun) -> Iterator[Row]:
        csv.field_size_limit(max(csv.field_size_limit(), self._limit))
        layout = _detect_dialect(begun.head, begun.format, self._map)
        header = True
        for number, raw, cells, reason in _csv_records(self._lines(file, begun.chunks), layout, self._limit):
            if header:
                if reason or cells is None:
                    raise InputError(f"{file}: the header cannot be read ({reason}); cure: mend its first line")
                mark = _BOM if begun.head.startswith(_BOM) else b""
                newline = b"\r\n" if raw.endswith(b"\r\n") else b"\n"
                layout = replace(layout, columns=tuple(cells), header=mark + raw.rstrip(b"\r\n"), newline=newline)
                self._map.check_header(layout.columns, file)
                header = False
                continue
            if cells is not None and len(cells) != len(layout.columns):
                reason = (
                    f"{len(cells)} columns where the header has {len(layout.columns)}; "
                    f"cure: quote cells that hold {layout.delimiter!r}"
                )
            try:
                if reason or cells is None:
                    raise RowError(reason)
                made = self._map(dict(zip(layout.columns, cells, strict=True)))
            except RowError as error:
                self._bad(file, number, str(error), raw)
            else:
                yield Row(made, raw.rstrip(b"\r\n"), file, number, layout)

    def _read_parquet(self, source: _Source, begun: _Begun, stack: ExitStack) -> Iterator[Row]:
        import tempfile

        parquet = _pyarrow("parquet")
        damage = (_pyarrow().ArrowException, OSError, ValueError)
        number = 0
        try:
            if source.path and begun.plain:
                file: Any = stack.enter_context(open(source.path, "rb"))  # noqa: SIM115
            else:  # the format is read from its end: unpack to disk
                file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
                for chunk in begun.chunks:
                    file.write(chunk)
                file.seek(0)
            table = parquet.ParquetFile(file)
        except (*damage, _Cut) as error:
            self._bad(source.name, 1, f"not a whole Parquet file ({_first_line(error)}); cure: fetch it again")
            return
        layout = Layout("parquet", schema=table.schema_arrow)
        self._map.check_header(tuple(table.schema_arrow.names), source.name)
        plan = self._map.columns(tuple(table.schema_arrow.names))
        wanted = list(dict.fromkeys(name for names in plan.values() for name in names))
        for group in range(table.num_row_groups):
            end = number + table.metadata.row_group(group).num_rows
            try:
                for batch in table.iter_batches(_BATCH, row_groups=[group]):
                    columns = [_python_values(batch.column(name)) for name in wanted]
                    for i, values in enumerate(zip(*columns, strict=True)):
                        number += 1
                        try:
                            if broken := next((v for v in values if isinstance(v, _Unreadable)), None):
                                raise RowError(f"a cell cannot be read ({broken.why}); cure: write the file again")
                            made = self._map(dict(zip(wanted, values, strict=True)))
                        except RowError as error:
                            self._bad(source.name, number, str(error), repr(values))
                        else:
                            yield Row(made, batch.slice(i, 1), source.name, number, layout)
            except damage as error:
                lost = f"rows {number + 1} to {end} cannot be read ({_first_line(error)}); cure: fetch the file again"
                self._bad(source.name, number + 1, lost)
                number = end

    def _whole(self, file: str, begun: _Begun) -> tuple[bytes, str]:
        """All bytes of a file, and why they are not all, or ""."""
        data = bytearray()
        try:
            for chunk in begun.chunks:
                data += chunk
                if len(data) > self._limit:
                    size = len(data) + sum(map(len, begun.chunks))
                    return bytes(data[: 4 * _EXCERPT]), _too_long(size, self._limit)
        except _Cut as cut:
            return bytes(data), _cut_reason(cut)
        return bytes(data), ""

    def _read_txt(self, source: _Source, begun: _Begun) -> Iterator[Row]:
        data, reason = self._whole(source.name, begun)
        try:
            if reason:
                raise RowError(reason)
            title, text = _split_title(data.decode().replace("\r\n", "\n"))
            fields = {"id": source.id, "title": title, "text": text}
            made = self._plain_map(fields)
        except UnicodeDecodeError as error:
            self._bad(source.name, 1, _undecodable(data, error, begun.encoding), data)
        except RowError as error:
            self._bad(source.name, 1, str(error), data)
        else:
            yield Row(made, fields, source.name, 1, Layout("txt"))

    def _read_rss(self, file: str, begun: _Begun) -> Iterator[Row]:
        data, cut = self._whole(file, begun)
        layout, number = Layout("rss"), 0
        if not cut.startswith("longer"):
            parsed = import_module("feedparser").parse(
                io.BytesIO(data),
                response_headers={"content-type": "application/xml; charset=utf-8"},
                sanitize_html=False,
                resolve_relative_uris=False,
            )
            name = parsed.feed.get("title", "")
            for number, entry in enumerate(parsed.entries, 1):
                bodies = [part.get("value") or "" for part in entry.get("content", ())]
                fields = {
                    "id": entry.get("id", ""),
                    "title": entry.get("title", ""),
                    "source": (entry.get("source") or {}).get("title") or name,
                    "url": entry.get("link", ""),
                    "date": entry.get("published") or entry.get("updated") or "",
                    "text": max(bodies, key=len, default="") or entry.get("summary") or "",
                }
                try:
                    made = self._plain_map(fields)
                except RowError as error:
                    self._bad(file, number, str(error), fields["text"])
                else:
                    yield Row(made, {**fields, "date": made.date}, file, number, layout)
            if not number and not cut and not parsed.get("version"):
                why = _first_line(parsed.get("bozo_exception", "no channel, no entries"))
                cut = f"neither RSS nor Atom ({why}); cure: --format, or leave the file out"
        if cut:
            self._bad(file, number + 1, cut, data)


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file that appears whole under its name, or not at all.

    Written beside its target, flushed to disk, then moved over it; removed on any exception. "-" is standard output;
    devices and pipes are written directly. An ending `.gz` or `.zst` compresses.

    Raises:
        OutputError: the folder is missing, the target is a folder, the disk is full, ...
        BrokenPipeError: the reader of standard output has gone; the caller decides.
    """
    name = os.fspath(path)
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = os.path.realpath(name)
    direct = os.path.exists(target) and not os.path.isfile(target)
    if os.path.isdir(target):
        raise OutputError(f"{name}: is a folder; cure: name a file in it")
    place = target if direct else os.path.join(
        os.path.dirname(target), f".{os.path.basename(target)[:100]}.{os.urandom(4).hex()}.tmp"
    )  # fmt: skip
    try:
        file = _OutputFile(place, "wb" if direct else "xb", name)
    except OSError as error:
        cure = "make the folder first" if isinstance(error, FileNotFoundError) else "choose another place"
        raise OutputError(f"{name}: cannot be written ({error.strerror or error}); cure: {cure}") from None
    try:
        with file, io.BufferedWriter(file, _CHUNK) as buffered:
            with _packed(cast(BinaryIO, buffered), target) as out:
                yield out
            buffered.flush()
            if not direct:
                os.fsync(file.fileno())
        if not direct:
            with contextlib.suppress(OSError):
                os.chmod(place, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(place, target)
    except BaseException as error:
        if not direct:
            with contextlib.suppress(OSError):
                os.unlink(place)
        if isinstance(error, OSError) and error.filename == place:
            raise OutputError(f"{name}: cannot be written ({error.strerror}); cure: choose another place") from None
        raise


class Quarantine:
    """The file of bad rows: JSON lines with `file`, `line`, `reason`, `row`. It appears only when there is one.

    A context manager; `add` fits `Feed`'s `on_bad`. Whole or absent, as `atomic_output`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Only remember the path."""
        self.count = 0
        self._path = path
        self._stack = ExitStack()
        self._out: BinaryIO | None = None

    def add(self, bad: BadRow) -> None:
        """Write one bad row."""
        if self._out is None:
            self._out = self._stack.enter_context(atomic_output(self._path))
        self.count += 1
        self._out.write(
            orjson.dumps(
                {"file": _printable(bad.file), "line": bad.line, "reason": _printable(bad.reason),
                 "row": _printable(bad.excerpt)},
                option=orjson.OPT_APPEND_NEWLINE,
            )
        )  # fmt: skip

    def __enter__(self) -> Quarantine:
        """Nothing is made yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file, or remove it after an exception."""
        self._stack.__exit__(kind, error, trace)


def write_rows(path: str | os.PathLike[str], rows: Iterable[Row], format: str | None = None) -> int:
    """Write rows in the form in which they came.

    JSON lines and array elements keep their bytes, CSV records theirs and their header, Parquet rows their schema.
    Rows of text files and RSS become JSON lines of the article's fields; rows of any format can become JSON.

    Args:
        path: as for `atomic_output`.
        rows: consumed lazily.
        format: "jsonl", "json", "csv", "tsv" or "parquet"; None for that of the first row.

    Returns:
        The number of rows written.

    Raises:
        OutputError: the place cannot be written, or the rows do not fit into one table.
    """
    walk = iter(rows)
    first = next(walk, None)
    own = first.layout.format if first else "jsonl"
    format = format or ("jsonl" if own in ("txt", "rss") else own)
    writers = {"jsonl": _write_jsonl, "json": _write_json, "csv": _write_csv, "tsv": _write_csv,
               "parquet": _write_parquet}  # fmt: skip
    if format not in writers:
        raise OutputError(f"format {format!r} cannot be written; cure: one of {', '.join(writers)}")
    if first is None and format == "parquet":
        format = "jsonl"  # no row, no schema: an empty file
    with atomic_output(path) as out:
        if first is None:
            out.write(b"[]\n" if format == "json" else b"")
            return 0
        return writers[format](out, itertools.chain([first], walk), first.layout, format)


# --- from paths to bytes ----------------------------------------------------------------------------------------


class _Cut(Exception):
    """The bytes of an input end early or are damaged from here on."""


@dataclass(slots=True)
class _Source:
    """One file, archive member or stream. `format` None: to be told from its first bytes."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    format: str | None
    packing: str
    id: str
    path: str | None = None


@dataclass(slots=True)
class _Begun:
    """An opened input: its chunks are UTF-8 without a mark (Parquet: as they are); `head` keeps the mark."""

    format: str
    encoding: str
    head: bytes
    chunks: Iterator[bytes]
    plain: bool = True


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
                shutil.copyfileobj(sys.stdin.buffer, copy, _CHUNK)
        return open(self._copy, "rb")


def _find_sources(
    paths: Sequence[str | os.PathLike[str]] | str | os.PathLike[str], format: str | None
) -> tuple[_Source, ...]:
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not given:
        raise InputError("no input given; cure: name a file, a folder, a glob, or - for standard input")
    found: list[_Source] = []
    for path in [os.fspath(path) for path in given]:
        if path == "-":
            found.append(_Source(_STDIN, _Stdin().open, format, "", "stdin"))
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


def _sources_at(path: str, format: str | None, inside: bool = False) -> list[_Source]:
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
        except zipfile.BadZipFile:
            return [_Source(path, partial(_broken_zip, path), format or "jsonl", "", "")]
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror or error}); cure: check its permissions"
            ) from None
        members = sorted(name for name in archive.namelist() if _wanted(name, format))
        if not members and not inside:
            raise _nothing_in(path, "archive", format)
        return [
            _Source(f"{path}/{name}", partial(_open_member, archive, name), format or _ending(name)[0],
                    _ending(name)[1], _stem(name))
            for name in members
        ]  # fmt: skip
    ending, packing = _ending(path)
    return [_Source(path, partial(_open_file, path), format or ending, packing, _stem(Path(path).name), path)]


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


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream as they become available."""
    read = cast(io.BufferedReader, stream).read1
    size = 1 << 14 if isinstance(stream, zipfile.ZipExtFile) else _CHUNK  # it loses the piece whose checksum is wrong
    try:
        while chunk := read(size):
            yield chunk
    except (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise _Cut(_first_line(error)) from None


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
                    out = unpacker.decompress(piece, _CHUNK) if before else unpacker.decompress(piece)
                except damage as error:
                    if before:  # what is whole before the damage, byte by byte
                        with contextlib.suppress(damage):
                            for i in range(len(piece)):
                                if out := before.decompress(piece[i : i + 1]):
                                    yield out
                    raise _Cut(f"damaged {packing} data: {_first_line(error)}") from None
                if out:
                    yield out
                if begun := not unpacker.eof:
                    piece, more = (unpacker.unconsumed_tail, len(out) == _CHUNK) if before else (b"", False)
                else:
                    piece, more, unpacker = unpacker.unused_data, False, new()
    if begun:
        raise _Cut(f"the {packing} data ends before its end mark")


def _peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """At least the first `size` bytes where there are as many, and the rest; damage is raised by the rest."""
    head: list[bytes] = []
    length = 0
    try:
        while length < size and (chunk := next(chunks, None)) is not None:
            head.append(chunk)
            length += len(chunk)
    except _Cut as cut:
        return b"".join(head), _raising(cut)
    return b"".join(head), chunks


def _raising(cut: _Cut) -> Iterator[bytes]:
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


class _ChunkReader(io.RawIOBase):
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


# --- from bytes to rows: what the first bytes tell ----------------------------------------------------------------

_ARABIC_LETTERS = frozenset("اليمنوتربةه")
_LEGACY = (("cp1256", _ARABIC_LETTERS), ("iso8859_6", _ARABIC_LETTERS), ("cp1252", frozenset("éèàçêùôîâûëïÉÀ")))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']""")


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
    start = max(0, len(head.decode("ascii", "ignore")) and _first_high(head) - 1000)
    guess = import_module("charset_normalizer").from_bytes(head[start : start + (1 << 15)]).best()
    if guess is None:
        raise InputError(f"{name}: the encoding cannot be told; cure: --encoding NAME, such as windows-1256")
    return str(guess.encoding)


def _first_high(head: bytes) -> int:
    match = re.search(rb"[\x80-\xff]", head)
    return match.start() if match else 0


def _detect_format(head: bytes, fields: FieldMap) -> str:
    bare = head.removeprefix(_BOM).lstrip()
    if not bare:
        return "jsonl"
    if bare[:1] in (b"{", b"["):
        return "json"
    if re.match(rb"<(\?xml|!doctype|rss|feed|rdf)", bare[:100].lower()):
        return "rss"
    layout = _detect_dialect(head, "csv", fields)
    try:
        fields.columns(layout.columns)
    except RowError:
        return ""
    return "tsv" if layout.delimiter == "\t" else "csv"


def _holds_lines(head: bytes, fields: FieldMap) -> bool:
    """Whether a JSON file holds one object a line, rather than one document."""
    lines = [line.strip() for line in head.removeprefix(_BOM).split(b"\n")]
    whole = [line for line in lines[: None if len(head) < _HEAD else -1] if line]
    objects = sum(line.startswith(b"{") and isinstance(_loaded(line), dict) for line in whole[:20])
    first = whole[0] if whole else lines[0]
    if not first.startswith(b"{"):
        return False
    return _is_article(first, fields) if len(whole) == 1 else objects > 0


def _is_article(document: bytes, fields: FieldMap) -> bool:
    """Whether a JSON object is an article, not the wrapping of a list of articles that has a description itself."""
    try:
        row = orjson.loads(document)
        own = fields.columns(tuple(row))["text"][0]
    except (orjson.JSONDecodeError, RowError):
        return False
    lists = [v for v in row.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    return not lists or column_key(own) not in ("description", "summary", "الوصف", "الملخص")


def _loaded(raw: bytes) -> Any:
    """The value, or the error as a value."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return error


def _detect_dialect(head: bytes, format: str, fields: FieldMap) -> Layout:
    """The delimiter under which the header has a text column, or the most columns; whether quotes mean anything."""
    text = head.removeprefix(_BOM).decode("utf-8", "ignore")
    best, best_rank = Layout(format), (False, 0)
    for delimiter in "\t,;" if format == "tsv" else ",\t;":
        layout = Layout(format, delimiter=delimiter)
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
        lines = text.splitlines()[: None if len(head) < _HEAD else -1]
        width = len(best.columns)
        bare = sum(line.count("\t") + 1 == width for line in lines)
        quoted = 0
        with contextlib.suppress(csv.Error):
            for cells in csv.reader(lines, **best.dialect):
                quoted += len(cells) == width and not any("\t" in cell for cell in cells)
        best = replace(best, quoted=quoted >= bare)
    return best


# --- from bytes to rows: pieces -------------------------------------------------------------------------------------


class _TooLong(csv.Error):
    """A record of many lines, most likely a quote that is never closed."""


def _csv_records(
    lines: Iterator[tuple[int, bytes]], layout: Layout, limit: int
) -> Iterator[tuple[int, bytes, list[str] | None, str]]:
    """Records as (line, bytes, cells, ""), bad ones as (line, bytes, None, reason).

    After a quote that is never closed, only the first physical line of what it swallowed is bad; the others are
    read again.
    """
    waiting: deque[tuple[int, bytes]] = deque()
    taken: list[tuple[int, bytes]] = []

    def physical() -> Iterator[str]:
        size = 0
        while item := waiting.popleft() if waiting else next(lines, None):
            if not taken:
                size = 0
            taken.append(item)
            size += len(item[1])
            if size > limit:
                raise _TooLong(_too_long(size, limit) + ", or close a quote")
            yield item[1].decode("utf-8", "surrogateescape")

    reader = csv.reader(physical(), **layout.dialect)
    while True:
        taken.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number, raw = taken[0]
            waiting.extendleft(reversed(taken[1:]))
            reader = csv.reader(physical(), **layout.dialect)
            reason = f"bad quoting ({error}); cure: double the quotes inside a quoted cell"
            yield number, raw, None, str(error) if isinstance(error, _TooLong) else reason
            continue
        raw = b"".join(line for _, line in taken)
        if not cells or (not raw.strip() and len(layout.columns) != 1):
            continue
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            yield taken[0][0], raw, None, _undecodable(raw, error, "utf-8")
        else:
            yield taken[0][0], raw, cells, ""


_MARKS = re.compile(rb'["{}\[\]]')
_BLANKS = re.compile(rb"[\s,]*+")
_BARE = re.compile(rb"[^,\]\s]++|.", re.S)
_FIRST_KEY = re.compile(rb'\{\s*"[^"\\\n]{1,200}"\s*:')


class _JsonArray:
    """The elements of the array in a JSON document as (bytes, value); one held at a time. Damage has an error as value.

    The array is the document, or the first array of objects inside it. After a broken element the walk goes on where
    the next one seems to begin: a comma, a brace and the first key, laid out as in the elements before.
    """

    def __init__(self, chunks: Iterator[bytes], limit: int) -> None:
        self._chunks, self._limit = chunks, limit
        self._buffer, self._start, self._at = b"", 0, 0  # element from _start, looked at up to _at
        self._cut, self._ended = "", False  # why the bytes ended early; whether they ended inside an element
        self._between, self._opening = rb",\s*", b""  # patterns: what parts elements, how they begin

    def __iter__(self) -> Iterator[tuple[bytes, Any]]:
        if not self._enter():
            if self._cut:
                yield self._buffer[: 4 * _EXCERPT], RowError(self._cut)
            elif self._buffer:
                yield (
                    self._buffer[: 4 * _EXCERPT],
                    RowError("no array of objects in this JSON document; cure: --format"),
                )
            return
        end_of_last = -1
        while self._skip_blanks():
            if self._buffer[self._start] == 0x5D:  # ]
                self._start += 1
                if not self._skip_blanks():
                    if self._cut:
                        yield b"", RowError(self._cut)
                    return
                if self._wrapped:
                    return
                if self._buffer[self._start] != 0x5B:
                    yield self._buffer[self._start :], RowError("bytes after the end of the array; cure: remove them")
                    return
                self._start += 1  # two arrays, one after the other
                continue
            gap = self._buffer[end_of_last : self._start] if 0 <= end_of_last <= self._start else b""
            element, reason = self._element()
            value = RowError(reason) if reason else _loaded(element)
            if not isinstance(value, ValueError):
                if element[:1] == b"{" and (key := _FIRST_KEY.match(element)):
                    self._opening = re.escape(key[0])
                    if b"," in gap and _BLANKS.fullmatch(gap):
                        self._between = re.escape(gap)
                yield element, value
                end_of_last = self._start
                continue
            end_of_last = -1
            first = self._opening or (re.escape(key[0]) if (key := _FIRST_KEY.match(element)) else rb"\{")
            again = re.compile(self._between + b"(?=" + first + b")").search(element, 1)
            if again:
                tail = self._buffer[self._start :]
                self._buffer, self._start = element[again.end() :] + tail, 0
                element = element[: again.start()]
                if not reason:
                    value = _loaded(element)
            yield element, value
            if self._ended and not again:
                return
        why = self._cut or "the array is not closed: the file ends early; cure: fetch the file again"
        yield b"", RowError(why)

    def _fill(self) -> bool:
        """Drop what is done with, take one more chunk."""
        self._buffer, self._at, self._start = self._buffer[self._start :], self._at - self._start, 0
        try:
            chunk = next(self._chunks, b"")
        except _Cut as cut:
            chunk, self._cut = b"", _cut_reason(cut)
        self._buffer += chunk
        return bool(chunk)

    def _skip_blanks(self) -> bool:
        """To the next element or bracket; False at the end of the file."""
        while True:
            match = _BLANKS.match(self._buffer, self._start)
            self._start = match.end() if match else self._start
            if self._start < len(self._buffer):
                return True
            self._at = self._start
            if not self._fill():
                return False

    def _marks(self) -> Iterator[int]:
        """Brackets, braces and ends of strings from `_start` on; 0 whenever the element grows beyond the limit."""
        self._at, in_string, starved = self._start, False, False
        while True:
            if starved or self._at >= len(self._buffer):
                if self._at - self._start > self._limit:
                    yield 0
                if not self._fill():
                    return
                starved = False
            if in_string:
                quote = self._buffer.find(b'"', self._at)
                broken = self._buffer.find(b"\n", self._at, len(self._buffer) if quote < 0 else quote)
                if broken >= 0:  # no string can hold a line end: this one was never closed
                    self._at, in_string = broken + 1, False
                    yield 0x22
                    continue
                end = len(self._buffer) if quote < 0 else quote
                first = end
                while first > self._at and self._buffer[first - 1] == 0x5C:
                    first -= 1
                if quote < 0:  # backslashes at the end of the buffer wait for what they escape
                    self._at, starved = first, True
                else:
                    self._at, in_string = quote + 1, (quote - first) % 2 == 1
                    if not in_string:
                        yield 0x22
            elif match := _MARKS.search(self._buffer, self._at):
                self._at = match.end()
                if match[0] == b'"':
                    in_string = True
                else:
                    yield match[0][0]
            else:
                self._at = len(self._buffer)

    def _enter(self) -> bool:
        """Go to the first element; False where there is no array."""
        self._wrapped = False
        if not self._skip_blanks():
            return False
        if self._buffer[self._start] == 0x5B:
            self._start += 1
            return True
        self._wrapped = True
        for mark in self._marks():
            if mark == 0x5B:
                while not (rest := self._buffer[self._at : self._at + 1000].lstrip()) and self._fill():
                    pass
                if rest[:1] == b"{":
                    self._start = self._at
                    return True
            elif mark == 0:
                self._start = self._at
        return False

    def _element(self) -> tuple[bytes, str]:
        """The value at `_start`, and what is wrong with its extent; `_start` moves behind it."""
        if self._buffer[self._start] not in b'{["':
            match = _BARE.match(self._buffer, self._start)
            while match and match.end() == len(self._buffer) and len(match[0]) <= self._limit and self._fill():
                match = _BARE.match(self._buffer, self._start)
            element = match[0] if match else b""
            self._start += len(element)
            return element, ""
        depth, skipped, excerpt = 0, 0, b""
        for mark in self._marks():
            if mark == 0:
                element = self._buffer[self._start : self._at]
                if not skipped and self._opening and re.search(self._between + self._opening, element):
                    self._start = self._at
                    return element, ""
                excerpt = excerpt or element[: 4 * _EXCERPT]
                skipped += len(element)
                self._start = self._at
                continue
            depth += (mark in b"{[") - (mark in b"}]")
            if depth <= 0:
                element = self._buffer[self._start : self._at]
                self._start = self._at
                size = skipped + len(element)
                return (excerpt or element, _too_long(size, self._limit)) if size > self._limit else (element, "")
        element = excerpt or self._buffer[self._start :]
        self._start, self._ended = len(self._buffer), True
        return element, self._cut


def _json_reason(raw: bytes, error: Exception, encoding: str) -> str:
    """What is wrong with a row of JSON, in words that help."""
    if not isinstance(error, orjson.JSONDecodeError):
        return str(error)
    try:
        text = raw.decode()
    except UnicodeDecodeError as undecodable:
        return _undecodable(raw, undecodable, encoding)
    message, place = error.msg.split(": line ")[0], error.pos
    if "\0" in text:
        return "NUL bytes in the row; cure: fetch the file again, it was damaged on its way"
    if "surrogate" in message:
        return f"lone surrogate, half of a character, at character {place + 1}; cure: write whole characters"
    if "depth" in message or "recursion" in message:
        return "JSON nested too deeply (over 1,024 levels); cure: write the article flat"
    if re.match(r"-?(NaN|Infinity)", text[place : place + 9]) or text[place - 1 : place + 8] == "-Infinity":
        return f"NaN or Infinity at character {place + 1} is not JSON; cure: write null"
    if "unexpected end" in message:
        return "broken JSON: the row is cut off; cure: write one whole object a row"
    return f"broken JSON: {message} at character {place + 1}; cure: write one whole object a row"


def _undecodable(raw: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    bad = raw[error.start : error.start + 3]
    if bad == b"\xed\xb3\xbf" and encoding not in ("utf-8", ""):
        return f"not valid {encoding}; cure: --encoding NAME, or mend the row"
    if bad[:1] == b"\xed" and b"\xa0" <= bad[1:2] <= b"\xbf":
        return f"lone surrogate, half of a character, at byte {error.start + 1}; cure: write whole characters"
    return f"not valid UTF-8 at byte {error.start + 1} (0x{bad[:1].hex()}); cure: --encoding NAME, or mend the row"


def _too_long(size: int, limit: int) -> str:
    return f"longer than a row may be: {size:,} bytes, limit {limit:,}; cure: raise max_row_bytes"


def _cut_reason(cut: _Cut) -> str:
    return f"the file ends early or is damaged here ({cut}); rows before it are kept; cure: fetch the file again"


def _first_line(error: object) -> str:
    return str(error).split("\n", 1)[0][:200] or type(error).__name__


def _split_title(text: str) -> tuple[str, str]:
    """Title and body of a text file. A short first line is a title before an empty line or a much longer text."""
    text = text.lstrip("\ufeff \t\n")
    first, _, rest = text.partition("\n")
    words = len(first.split())
    if words > 25 or not rest.strip() or first.rstrip().endswith((".", "،", "؛", ":")):
        return "", text
    if not rest.partition("\n")[0].strip() or len(rest.split()) >= 4 * words:
        return first.strip(), rest.lstrip()
    return "", text


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands for a Parquet cell that cannot become a Python value."""

    why: str


def _python_values(column: Any) -> list[Any]:
    types = _pyarrow("types")
    if types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(_pyarrow().timestamp("us", column.type.tz), safe=False)
    try:
        return cast(list[Any], column.to_pylist())
    except (ValueError, OverflowError):
        values: list[Any] = []
        for cell in column:
            try:
                values.append(cell.as_py())
            except (ValueError, OverflowError) as error:
                values.append(_Unreadable(_first_line(error)))
        return values


def _pyarrow(module: str = "") -> ModuleType:
    try:
        return import_module(f"pyarrow.{module}" if module else "pyarrow")
    except ImportError:
        raise InputError("Parquet needs pyarrow; cure: pip install 'clusterer[parquet]'") from None


# --- from rows to files ---------------------------------------------------------------------------------------------


class _OutputFile(io.FileIO):
    """A file whose write errors name it and the cure, so that they are not taken for a reader's."""

    def __init__(self, place: str, mode: str, shown: str) -> None:
        super().__init__(place, mode)
        self._shown = shown

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"{self._shown}: cannot be written ({error.strerror}); cure: free some space, or another place"
            ) from None


@contextmanager
def _packed(file: BinaryIO, target: str) -> Iterator[BinaryIO]:
    if target.lower().endswith(".gz"):
        import gzip

        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif target.lower().endswith(".zst"):
        compressor = import_module("zstandard").ZstdCompressor()
        with closing(compressor.stream_writer(file, closefd=False)) as packed:
            yield packed
    else:
        yield file


def _printable(text: str) -> str:
    """Text that UTF-8 can hold; file names may have lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def _cells(row: Row) -> list[str]:
    text = cast(bytes, row.raw).decode()
    return next(csv.reader(io.StringIO(text, newline=""), **row.layout.dialect))


def as_json(row: Row) -> bytes:
    """A row as one line of JSON."""
    if row.layout.format in ("jsonl", "json"):
        raw = cast(bytes, row.raw)
        return raw.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in raw else raw
    if row.layout.format in ("csv", "tsv"):
        return orjson.dumps(dict(zip(row.layout.columns, _cells(row), strict=True)))
    value = row.raw
    if row.layout.format == "parquet":
        batch = cast(Any, row.raw)
        value = {name: _python_values(batch.column(i))[0] for i, name in enumerate(batch.schema.names)}
    return orjson.dumps(value, default=lambda v: v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v))


def _write_jsonl(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    count = 0
    for row in rows:
        out.write(as_json(row) + b"\n")
        count += 1
    return count


def _write_json(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        raw = cast(bytes, row.raw) if row.layout.format == "json" else as_json(row)
        out.write((b",\n" if count > 1 else b"[\n") + raw)
    out.write(b"\n]\n")
    return count


def _unfit(row: Row, format: str, why: str) -> OutputError:
    return OutputError(f"{row.file}, line {row.line}: {why} in a {format} file; cure: write JSON lines (.jsonl)")


def _write_csv(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    delimiter = layout.delimiter if format == layout.format else "\t" if format == "tsv" else ","
    target = replace(layout, format=format, delimiter=delimiter, quoted=layout.quoted or delimiter != layout.delimiter)

    def record(cells: Sequence[str]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=layout.newline.decode(), **target.dialect).writerow(cells)
        return text.getvalue().encode()

    count = 0
    for count, row in enumerate(rows, 1):
        if row.layout.format not in ("csv", "tsv"):
            raise _unfit(row, format, f"a row of {row.layout.format} has no columns to stand")
        same = (row.layout.delimiter, row.layout.quoted) == (target.delimiter, target.quoted)
        if count == 1:
            mark = _BOM if layout.header.startswith(_BOM) else b""
            out.write(layout.header + layout.newline if same else mark + record(layout.columns))
        if same and row.layout.columns == layout.columns:
            out.write(cast(bytes, row.raw) + layout.newline)
            continue
        if sorted(row.layout.columns) != sorted(layout.columns):
            raise _unfit(row, format, "its columns differ from those of the rows before, and cannot stand together")
        by_name = dict(zip(row.layout.columns, _cells(row), strict=True))
        try:
            out.write(record([by_name[name] for name in layout.columns]))
        except csv.Error as error:
            raise _unfit(row, format, f"its cells ({error}) cannot stand") from None
    return count


def _write_parquet(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    pyarrow, parquet = _pyarrow(), _pyarrow("parquet")
    count = 0
    walk = iter(rows)
    first = next(walk)
    if layout.schema is None:
        raise _unfit(first, format, f"a row of {layout.format} has no schema to stand")
    walk = itertools.chain([first], walk)
    with parquet.ParquetWriter(out, layout.schema) as writer:
        while batch := list(itertools.islice(walk, _BATCH)):
            for row in batch:
                if row.layout.schema != layout.schema:
                    raise _unfit(row, format, "its columns differ from those of the rows before: no place")
            writer.write_table(pyarrow.Table.from_batches([row.raw for row in batch], layout.schema).combine_chunks())
            count += len(batch)
    return count
