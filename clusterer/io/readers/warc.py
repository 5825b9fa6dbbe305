"""WARC, the archives of crawlers, and WET, the texts of Common Crawl's: an article a page that was fetched."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clusterer.errors import InputError
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.compression import CHUNK, ChunkReader, TruncatedInput, cut_reason
from clusterer.io.encodings import detect_encoding
from clusterer.io.readers import html
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.text import split_title
from clusterer.io.rows import Layout, Row, first_line, too_long

FIELDS = {
    "text": "the page's main text, as of HTML; of WET the record", "title": "as of HTML; of WET a short first line",
    "date": "as of HTML; `WARC-Date` is the day of fetching, from which \"yesterday\" is told", "source": "as of HTML",
    "url": "`WARC-Target-URI`", "id": "the URL",
}  # fmt: skip
"""Article attribute to where it is read from; "" where the format has none."""

_HEAD = 1 << 16  # bytes; no head of a record is longer
_PAGES = ("text/html", "application/xhtml+xml")


def require() -> None:
    """Refuse early what cannot be done.

    Raises:
        InputError: warcio is not installed.
    """
    _iterator()


def _iterator() -> Any:
    try:
        return import_module("warcio.archiveiterator").ArchiveIterator
    except ImportError:
        raise InputError("WARC needs warcio; cure: pip install 'clusterer[web]'") from None


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a WARC file."""
    return head.startswith(b"WARC/")


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the pages of an archive, found (status 200) and of HTML, and texts; `line` is the record's number in it.

    Requests, pictures, redirects and what stands twice are no articles and pass without a word.

    Raises:
        InputError: warcio is not installed, or trafilatura where there are pages.
    """
    counted = _Counted(opened.chunks)
    records = iter(_iterator()(io.BufferedReader(ChunkReader(iter(counted)), CHUNK)))
    number, layout = 0, Layout("warc")
    while True:
        number += 1
        try:
            with contextlib.redirect_stderr(
                io.StringIO()
            ):  # warcio prints what it stumbles over, as it stands in the record
                record = next(records, None)
            if record is None:
                if counted.cut or counted.ends_in_head():
                    reason = "the file ends early, inside the head of a record; cure: fetch the file again"
                    opened.damaged(number, counted.cut or reason)
                return
            is_page = _is_page(record)
            with contextlib.redirect_stderr(io.StringIO()):
                data = record.content_stream().read(opened.row_limit + 1) if is_page else b""
            length = int(record.rec_headers.get_header("Content-Length") or 0)
            while record.raw_stream.read(CHUNK):
                pass
            left = getattr(record.raw_stream, "limit", 0)
            if counted.is_at_end and (left > 0 or not record.rec_headers.get_header("Content-Length")):
                raise TruncatedInput(f"the record ends {left:,} of {length:,} bytes early" if left else "no whole head")
            if not is_page:
                continue
        except TruncatedInput as cut:
            opened.damaged(number, counted.cut or cut_reason(cut))
            return
        except Exception as error:  # warcio raises what it met, of many kinds
            opened.damaged(
                number, counted.cut or f"no WARC record from here on ({first_line(error)}); cure: fetch the file again"
            )
            return
        try:
            if len(data) > opened.row_limit:
                raise RowError(too_long(length, opened.row_limit))
            fields = _fields(record, data, opened)
            article = opened.fixed_columns(fields)
        except RowError as error:
            opened.bad(number, str(error), data)
        else:
            yield Row(article, {**fields, "date": article.date}, opened.name, number, layout)


class _Counted:
    """Chunks up to damage, which is kept until what stands before it is read; and whether the last one was handed out."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self.is_at_end, self.cut, self._tail = chunks, False, "", b""

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._chunks:
                self._tail = (self._tail + chunk)[-_HEAD:]
                yield chunk
        except TruncatedInput as cut:
            self.cut = cut_reason(cut)
        self.is_at_end = True

    def ends_in_head(self) -> bool:
        """Whether the last bytes are the beginning of a record's head: warcio takes them for the end."""
        last = self._tail.rpartition(b"\r\n\r\n")[2]
        return bool(last) and (last.startswith(b"WARC/") or b"WARC/".startswith(last))


def _is_page(record: Any) -> bool:
    """Whether a record holds a page or a text."""
    kind = _media_type(record.rec_headers.get_header("Content-Type"))
    if record.rec_type == "conversion":
        return kind == "text/plain"
    if record.rec_type == "resource":
        return kind in _PAGES
    if record.rec_type != "response" or record.http_headers is None:
        return False
    page = _media_type(record.http_headers.get_header("Content-Type"))
    return str(record.http_headers.get_statuscode()) == "200" and page in _PAGES


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()


def _fields(record: Any, data: bytes, opened: OpenedInput) -> dict[str, Any]:
    url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    fetched = record.rec_headers.get_header("WARC-Date") or ""
    try:
        text = data.decode(detect_encoding(data, opened.name), "replace")
    except (InputError, LookupError):
        raise RowError("the page's encoding cannot be told; cure: leave it out") from None
    if record.rec_type == "conversion":
        title, text = split_title(text)
        return {"id": "", "title": title, "source": "", "url": url, "date": "", "text": text, "warc_date": fetched}
    return {"id": "", **html.fields_of(text, url), "warc_date": fetched}
