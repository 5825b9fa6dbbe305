"""Feeds in: rows of every format as articles, lazily; bad rows are reported.

Reads JSON lines, JSON arrays, CSV/TSV, Parquet, folders of text files and RSS/Atom. Memory holds one row, one Parquet
batch or one text or RSS file, never a whole feed; a JSON document that is an object is held up to `max_row_bytes`, for
only its end tells whether it is one article or wraps a list of them. A bad row never stops a run: it goes to `on_bad`
with file, line and reason. What cannot be read at all (missing file, unknown format, no text column) is an `InputError`.

Does not find or unpack files (`streams`), does not name columns (`fields`), does not write (`output`); does not
normalise, score or deduplicate.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

import orjson

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import CHUNK, ChunkReader, TruncatedInput, cut_reason, peek
from clusterer.io.dates import dates_month_first
from clusterer.io.detect import HEAD, OpenedInput, begin, detect_dialect, is_article
from clusterer.io.readers.base import _BOM, _undecodable
from clusterer.io.readers.csv import _csv_records, _first_rows, _is_utf8
from clusterer.io.readers.json_array import JsonArray
from clusterer.io.readers.jsonl import json_reason
from clusterer.io.readers.text import _split_title
from clusterer.io.rows import (
    EXCERPT,
    FORMATS,
    PARQUET_BATCH,
    BadRow,
    Layout,
    Row,
    Unreadable,
    UnreadableDate,
    first_line,
    import_pyarrow,
    python_values,
    too_long,
)
from clusterer.io.sources import Source, find_sources


class Feed:
    """The rows of a set of inputs, in a fixed order, streamed; it can be walked more than once.

    Attributes:
        rows: good rows of the latest walk so far.
        bad_rows: bad rows of the latest walk so far.
        blank_rows: rows of tables in the latest walk so far whose cells are all empty; they are skipped.
        first_unreadable_date: where the first of `unreadable_dates` is; None before one.
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
        self._sources = find_sources(paths, format)
        self._start()

    def _start(self) -> None:
        self.rows = self.bad_rows = self.blank_rows = 0
        self.first_unreadable_date: UnreadableDate | None = None
        self._map, self._plain_map = FieldMap(self._fields), FieldMap()

    @property
    def unreadable_dates(self) -> int:
        """Rows of the latest walk so far whose date was there, not empty, and unreadable."""
        return self._map.unreadable_dates + self._plain_map.unreadable_dates

    @property
    def read_as(self) -> dict[str, str] | None:
        """For each article attribute the column of the latest walk, "" for none; None where rows differ, or have none."""
        return None if self._plain_map.read_as else self._map.read_as

    @property
    def format(self) -> str:
        """The one format of all inputs; "jsonl" where they differ, or where rows have no form to be given back in."""
        found = {self._format_of(source) for source in self._sources}
        only = found.pop() if len(found) == 1 else "jsonl"
        return "jsonl" if only in ("txt", "rss") else only

    @property
    def paths(self) -> list[str]:
        """The files that are read, without standard input; an archive once."""
        return list(dict.fromkeys(s.path or s.name for s in self._sources if os.path.exists(s.path or s.name)))

    def __iter__(self) -> Iterator[Row]:
        """Walk the good rows.

        Raises:
            InputError: an input cannot be opened, its format or encoding cannot be told, or it has no text column.
        """
        self._start()
        for source in self._sources:
            for row in self._read(source):
                yield self._counted(row)

    def follow(self, stream: int) -> Iterator[Row]:
        """The good rows of JSON lines that arrive on a file descriptor, each as soon as its line is there.

        In place of a walk: the paths are not read.

        Raises:
            InputError: what arrives is packed.
        """
        self._start()
        chunks: Iterator[bytes] = iter(partial(os.read, stream, CHUNK), b"")
        first = next(chunks, b"")
        if first.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")):
            raise InputError(
                "<stdin>: packed, and lines are wanted as they come; cure: unpack it before, with zcat or the like"
            )
        chunks = itertools.chain([first], chunks)
        for row in self._read_jsonl("<stdin>", OpenedInput("jsonl", "utf-8", b"", chunks)):
            yield self._counted(row)

    def _counted(self, row: Row) -> Row:
        self.rows += 1
        if row.article.date is None and self.first_unreadable_date is None:
            value = next((m.first_unreadable for m in (self._map, self._plain_map) if m.unreadable_dates), None)
            if value is not None:
                self.first_unreadable_date = UnreadableDate(row.file, row.line, value)
        return row

    def _bad(self, file: str, line: int, reason: str, raw: bytes | str = b"") -> None:
        self.bad_rows += 1
        if self.bad_rows <= self._reported:
            return
        self._reported += 1
        if self._on_bad:
            head = raw[: 4 * EXCERPT]
            text = head.decode("utf-8", "backslashreplace") if isinstance(head, bytes) else head
            self._on_bad(BadRow(file, line, reason, text.strip("\r\n")[:EXCERPT]))

    def _format_of(self, source: Source) -> str:
        if source.format is not None and source.format != "json":
            return source.format
        with ExitStack() as stack:
            try:
                return self._begin(source, stack).format
            except TruncatedInput:
                return source.format or "jsonl"

    def _begin(self, source: Source, stack: ExitStack) -> OpenedInput:
        return begin(source, stack, self._map, format=self._format, encoding=self._encoding, limit=self._limit)

    def _read(self, source: Source) -> Iterator[Row]:
        with ExitStack() as stack:
            try:
                begun = self._begin(source, stack)
            except TruncatedInput as cut:
                self._bad(source.name, 1, f"{cut}; cure: fetch the file again")
                return
            self._map.month_first = False
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
        stream = io.BufferedReader(ChunkReader(chunks), CHUNK)
        try:
            for line in iter(partial(stream.readline, limit + 1), b""):
                number += 1
                if len(line) <= limit or (line[-1] == 10 and len(line) == limit + 1):
                    yield number, line
                    continue
                size, piece = len(line), line
                while piece[-1:] not in (b"\n", b"") and (piece := stream.readline(CHUNK)):
                    size += len(piece)
                self._bad(file, number, too_long(size, limit), line)
        except TruncatedInput as cut:
            self._bad(file, number + 1, cut_reason(cut))

    def _read_jsonl(self, file: str, begun: OpenedInput) -> Iterator[Row]:
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
                    self._bad(file, number, json_reason(line, error, begun.encoding), line)
                    continue
            yield Row(made, line.rstrip(b"\r\n"), file, number, layout)

    def _read_json(self, file: str, begun: OpenedInput) -> Iterator[Row]:
        layout = Layout("json")
        for number, (raw, value) in enumerate(self._json_elements(begun), 1):
            try:
                if isinstance(value, ValueError):
                    raise value
                made = self._map(value)
            except ValueError as error:
                self._bad(file, number, json_reason(raw, error, begun.encoding), raw)
            else:
                yield Row(made, raw, file, number, layout)

    def _json_elements(self, begun: OpenedInput) -> Iterator[tuple[bytes, Any]]:
        """Rows of a JSON document: the elements of its array, or the document itself where it is one article."""
        chunks, limit = begun.chunks, self._limit
        if begun.head.removeprefix(_BOM).lstrip()[:1] == b"{":
            # An object that may be one row, or wrap a list of rows: which, only the whole of it tells.
            held, rest = peek(chunks, limit + HEAD)
            document = held.strip()
            if len(held) < limit + HEAD and is_article(document, self._map):
                fits = len(document) <= limit
                value = orjson.loads(document) if fits else RowError(too_long(len(document), limit))
                return itertools.chain([(document, value)], JsonArray(rest, limit))  # the rest: damage, or nothing
            if len(held) < HEAD and re.fullmatch(rb'\{\s*"[^"]*"\s*:\s*\[\s*\]\s*\}', document):  # {"articles": []}
                return iter(JsonArray(rest, limit))
            chunks = itertools.chain([held], rest)
        return iter(JsonArray(chunks, limit))

    def _read_csv(self, file: str, begun: OpenedInput) -> Iterator[Row]:
        csv.field_size_limit(max(csv.field_size_limit(), self._limit))
        layout = detect_dialect(begun.head, begun.format, self._map)
        hint, header = layout.header, True
        records = _csv_records(self._lines(file, begun.chunks), layout, self._limit)
        if hint:
            next(records, None)
        for number, raw, cells, reason in records:
            if header:
                if reason or cells is None:
                    raise InputError(f"{file}: the header cannot be read ({reason}); cure: mend its first line")
                # Who opens tables in other encodings takes UTF-8 without a mark for them.
                mark = _BOM if begun.head.startswith(_BOM) or not _is_utf8(begun.encoding) else b""
                newline = b"\r\n" if raw.endswith(b"\r\n") else b"\n"
                first = mark + (hint + newline if hint else b"") + raw.rstrip(b"\r\n")
                layout = replace(layout, columns=tuple(cells), header=first, newline=newline)
                self._begin_table(file, begun, layout, bool(hint))
                header = False
                continue
            if cells and len(cells) > 1 and not any(cell and not cell.isspace() for cell in cells):
                self.blank_rows += 1
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

    def _begin_table(self, file: str, begun: OpenedInput, layout: Layout, hinted: bool) -> None:
        """Refuse a header that cannot feed articles; tell by the first rows which way the dates are written."""
        rows = _first_rows(begun.head, layout, hinted)
        try:
            plan = self._map.check_header(layout.columns, file, rows)
        except InputError as error:
            if not begun.doubt:
                raise
            what = str(error).removeprefix(f"{file}: ")
            raise InputError(
                f"{file}: not {begun.encoding}; cure: {begun.doubt}; as {begun.encoding}: {what}"
            ) from None
        self._map.month_first = bool(plan["date"]) and dates_month_first(row[plan["date"][0]] for row in rows)

    def _read_parquet(self, source: Source, begun: OpenedInput, stack: ExitStack) -> Iterator[Row]:
        import tempfile

        parquet = import_pyarrow("parquet")
        damage = (import_pyarrow().ArrowException, OSError, ValueError)
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
        except (*damage, TruncatedInput) as error:
            self._bad(source.name, 1, f"not a whole Parquet file ({first_line(error)}); cure: fetch it again")
            return
        layout = Layout("parquet", schema=table.schema_arrow)
        self._map.check_header(tuple(table.schema_arrow.names), source.name)
        plan = self._map.columns(tuple(table.schema_arrow.names))
        wanted = list(dict.fromkeys(name for names in plan.values() for name in names))
        for group in range(table.num_row_groups):
            end = number + table.metadata.row_group(group).num_rows
            try:
                for batch in table.iter_batches(PARQUET_BATCH, row_groups=[group]):
                    columns = [python_values(batch.column(name)) for name in wanted]
                    for i, values in enumerate(zip(*columns, strict=True)):
                        number += 1
                        try:
                            if broken := next((v for v in values if isinstance(v, Unreadable)), None):
                                raise RowError(f"a cell cannot be read ({broken.why}); cure: write the file again")
                            made = self._map(dict(zip(wanted, values, strict=True)))
                        except RowError as error:
                            self._bad(source.name, number, str(error), repr(values))
                        else:
                            yield Row(made, batch.slice(i, 1), source.name, number, layout)
            except damage as error:
                lost = f"rows {number + 1} to {end} cannot be read ({first_line(error)}); cure: fetch the file again"
                self._bad(source.name, number + 1, lost)
                number = end

    def _whole(self, file: str, begun: OpenedInput) -> tuple[bytes, str]:
        """All bytes of a file, and why they are not all, or ""."""
        data = bytearray()
        try:
            for chunk in begun.chunks:
                data += chunk
                if len(data) > self._limit:
                    size = len(data) + sum(map(len, begun.chunks))
                    return bytes(data[: 4 * EXCERPT]), too_long(size, self._limit)
        except TruncatedInput as cut:
            return bytes(data), cut_reason(cut)
        return bytes(data), ""

    def _read_txt(self, source: Source, begun: OpenedInput) -> Iterator[Row]:
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

    def _read_rss(self, file: str, begun: OpenedInput) -> Iterator[Row]:
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
                why = first_line(parsed.get("bozo_exception", "no channel, no entries"))
                cut = f"neither RSS nor Atom ({why}); cure: --format, or leave the file out"
        if cut:
            self._bad(file, number + 1, cut, data)
