"""Bombs: small feeds made to cost much, each a function of its name. `benchmarks.suites.bombs` reads them."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from typing import Any

MB = 1 << 20
BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {}


def bomb(ending: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a function that makes the bytes of a file with this ending."""

    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        BOMBS[make.__name__] = ending, make
        return make

    return register


def packed(piece: bytes, times: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    """A piece so many times, between a head and a tail, as gzip."""
    out = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, out, mtime=0) as file:
        file.write(head)
        block = piece * max(1, MB // len(piece))
        for _ in range(times * len(piece) // len(block)):
            file.write(block)
        file.write(tail)
    return out.getvalue()


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# --- lines ------------------------------------------------------------------------------------------------------------


@bomb(".jsonl.gz")
def blank_lines() -> bytes:
    """Two hundred million blank lines."""
    return packed(b"\n", 200 * MB)


@bomb(".jsonl.gz")
def refused_lines() -> bytes:
    """A hundred million lines that are no objects."""
    return packed(b"{\n", 100 * MB)


@bomb(".jsonl.gz")
def tiny_articles() -> bytes:
    """Ten million articles of one letter."""
    return packed(b'{"text":"a"}\n', 10 * MB)


@bomb(".jsonl.gz")
def endless_line() -> bytes:
    """A line of 2 GB."""
    return packed(b"x", 2048 * MB)


@bomb(".jsonl")
def sparse_line() -> bytes:
    """A file of holes, 2 GB of NULs in one line; made by its size."""
    return b"\0"


@bomb(".csv")
def sparse_table() -> bytes:
    """The same as a table."""
    return b"id,text\n"


@bomb(".jsonl")
def nested_text() -> bytes:
    """A text in a thousand lists, in a thousand rows."""
    return (b'{"text":' + b"[" * 990 + b'"a"' + b"]" * 990 + b"}\n") * 1000


@bomb(".jsonl")
def nested_data() -> bytes:
    """An article in a thousand objects."""
    return (b'{"data":' * 990 + b'{"text":"a"}' + b"}" * 990 + b"\n") * 1000


@bomb(".jsonl.gz")
def empty_lists() -> bytes:
    """A row of eight million lists: each costs thirty times its bytes."""
    return packed(b"[],", 8 * MB, b'{"text":"a","x":[', b"0]}\n")


@bomb(".jsonl.gz")
def million_keys() -> bytes:
    """A row of a million and a half different keys."""
    keys = b"".join(b'"%d":1,' % i for i in range(1_500_000))
    return gzip.compress(b'{"text":"a",' + keys + b'"z":1}\n', 9)


@bomb(".jsonl.gz")
def escaped_tags() -> bytes:
    """A text of 24 MB of half-open tags, entities and comments."""
    return packed(b"<a &amp;lt;<!-- <script ", MB, b'{"text":"', b'"}\n')


# --- JSON documents ---------------------------------------------------------------------------------------------------


@bomb(".json.gz")
def open_array() -> bytes:
    """An array whose only object never ends, 1 GB."""
    return packed(b"x", 1024 * MB, b'[{"text":"')


@bomb(".json.gz")
def array_of_numbers() -> bytes:
    """An array of 500 million numbers."""
    return packed(b"1,", 500 * MB, b"[")


@bomb(".json.gz")
def long_number() -> bytes:
    """An array of one number of 1 GB."""
    return packed(b"1", 1024 * MB, b"[")


@bomb(".json.gz")
def nested_arrays() -> bytes:
    """A billion brackets."""
    return packed(b"[", 1024 * MB)


@bomb(".json.gz")
def rows_in_rows() -> bytes:
    """Rows that are never closed: each looks like the beginning of all that follow."""
    return packed(b'{"text":"a",\n', 4 * MB, b'[{"text":"a"},\n')


@bomb(".json.gz")
def long_prologue() -> bytes:
    """1 GB before an array of articles."""
    return packed(b"x", 1024 * MB, b'{"note":"', b'","articles":[{"text":"a"}]}')


# --- packings ---------------------------------------------------------------------------------------------------------


@bomb(".jsonl.zst")
def zstandard_zeros() -> bytes:
    """4 GB of NULs in Zstandard's repeated blocks."""
    import zstandard

    out = io.BytesIO()
    with zstandard.ZstdCompressor(3).stream_writer(out, closefd=False) as packed:
        for _ in range(64):
            packed.write(bytes(64 * MB))
    return out.getvalue()


@bomb(".jsonl.zst")
def zstandard_window() -> bytes:
    """A frame that asks for a window of 2 GB, and fills a part of it."""
    import zstandard

    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=1, compression_level=3)
    out = io.BytesIO()
    with zstandard.ZstdCompressor(compression_params=parameters).stream_writer(out, closefd=False) as packed:
        for _ in range(16):
            packed.write(b"\n" * 64 * MB)
    return out.getvalue()


@bomb(".jsonl.bz2")
def bzip2_zeros() -> bytes:
    """1 GB of NULs, in 800 bytes."""
    packer, parts = bz2.BZ2Compressor(), []
    for _ in range(16):
        parts.append(packer.compress(bytes(64 * MB)))
    return b"".join(parts) + packer.flush()


@bomb(".jsonl.xz")
def xz_blank_lines() -> bytes:
    """512 MB of blank lines."""
    packer, parts = lzma.LZMACompressor(preset=1), []
    for _ in range(8):
        parts.append(packer.compress(b"\n" * 64 * MB))
    return b"".join(parts) + packer.flush()


@bomb(".jsonl.gz")
def gzip_in_gzip() -> bytes:
    """8 GB of blank lines, packed three times."""
    inner = packed(b"\n", 1024 * MB)
    return gzip.compress(gzip.compress(inner * 8, 9), 9)


@bomb(".zip")
def many_members() -> bytes:
    """150,000 members without a word."""
    return _zip({f"{i}.txt": b"" for i in range(150_000)}, zipfile.ZIP_STORED)


@bomb(".zip")
def zipped_blank_lines() -> bytes:
    """A member of 512 MB of blank lines."""
    return _zip({"a.jsonl": b"\n" * 512 * MB})


@bomb(".zip")
def overlapping_members() -> bytes:
    """Two thousand members that are one and the same."""
    whole = _zip({"000000.jsonl": b'{"text":"' + b"x" * 30 * MB + b'"}\n'})
    end = whole.rindex(b"PK\5\6")
    start = whole.rindex(b"PK\1\2", 0, end)
    entry = whole[start:end]
    entries = b"".join(entry.replace(b"000000", b"%06d" % i) for i in range(2000))
    tail = bytearray(whole[end:])
    struct.pack_into("<HHL", tail, 8, 2000, 2000, len(entries))
    return whole[:start] + entries + bytes(tail)


# --- tables -----------------------------------------------------------------------------------------------------------


@bomb(".csv.gz")
def open_quote() -> bytes:
    """A quote that is never closed before 64 million short lines."""
    return packed(b"\n", 64 * MB, b'id,text\n1,"')


@bomb(".csv.gz")
def wide_header() -> bytes:
    """A header of fifteen million columns."""
    return packed(b"a,", 15 * MB, b"id,text,", b"z\n1,2\n")


@bomb(".csv.gz")
def blank_cells() -> bytes:
    """A hundred million rows of empty cells."""
    return packed(b",\n", 100 * MB, b"id,text\n")


@bomb(".tsv.gz")
def backslashes() -> bytes:
    """A record of a dump that goes on for thirty million lines."""
    return packed(b"\\\n", 30 * MB, b"id\ttext\n1\ta\\nb\n2\tc\\nd\n")


@bomb(".sql.gz")
def endless_insert() -> bytes:
    """A statement that seems to end in every line, and does not."""
    return packed(b"),\n", 20 * MB, b"CREATE TABLE a (id int, text text);\nINSERT INTO a VALUES (1,'")


@bomb(".db")
def endless_view() -> bytes:
    """A view that gives rows for ever."""
    return _database(
        "CREATE VIEW articles(id, text) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i, hex(zeroblob(2000)) FROM n"
    )


@bomb(".db")
def computing_view() -> bytes:
    """A view that never gives a row."""
    return _database(
        "CREATE VIEW articles(id, text) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i, 'a' FROM n WHERE i < 0"
    )


def _database(script: str) -> bytes:
    with contextlib.closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(script)
        return memory.serialize()


# --- Parquet and workbooks --------------------------------------------------------------------------------------------


def _parquet(columns: dict[str, Any], **options: Any) -> bytes:
    import pyarrow
    import pyarrow.parquet

    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()


@bomb(".parquet")
def brotli_texts() -> bytes:
    """Texts of 30 MB each, the same letter, packed with brotli."""
    return _parquet(
        {"id": [str(i) for i in range(40)], "text": ["x" * 30 * MB] * 40}, compression="brotli", use_dictionary=False
    )


@bomb(".parquet")
def one_value() -> bytes:
    """A text of 1 MB that stands once in the file and in four thousand rows."""
    return _parquet(
        {"id": [str(i) for i in range(4000)], "text": ["x" * MB] * 4000},
        compression="zstd",
        dictionary_pagesize_limit=4 * MB,
    )


@bomb(".parquet")
def brotli_map() -> bytes:
    """A row whose map has forty million entries."""
    import numpy as np
    import pyarrow as pa

    size = 40_000_000
    keys = pa.array(np.zeros(size, np.int32)).cast(pa.int32())
    entries = pa.MapArray.from_arrays(pa.array([0, size], pa.int32()), keys, pa.array(np.zeros(size, np.int64)))
    return _parquet({"text": ["a"], "map": entries}, compression="brotli")


@bomb(".xlsx")
def far_cell() -> bytes:
    """A sheet whose last cell is the farthest that there is."""
    sheet = (
        b'<row r="1"><c r="A1" t="str"><v>text</v></c></row>'
        b'<row r="2"><c r="A2" t="str"><v>a</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    return _workbook(sheet)


@bomb(".xlsx")
def inflated_sheet() -> bytes:
    """A sheet of 600 MB."""
    return _workbook(b'<row r="1"><c r="A1" t="str"><v>text</v></c></row>' + b"<row/>" * 100_000_000)


def _workbook(rows: bytes) -> bytes:
    format, package = (f"http://schemas.openxmlformats.org/{of}/2006" for of in ("officeDocument", "package"))
    sheets = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    types = f"<Types xmlns='{package}/content-types'/>"
    book = (
        f"<workbook xmlns='{sheets}' xmlns:r='{format}/relationships'>"
        "<sheets><sheet name='a' sheetId='1' r:id='r1'/></sheets></workbook>"
    )

    def related(kind: str, target: str) -> bytes:
        one = f"<Relationship Id='r1' Type='{format}/relationships/{kind}' Target='{target}'/>"
        return f"<Relationships xmlns='{package}/relationships'>{one}</Relationships>".encode()

    return _zip({
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": related("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": book.encode(),
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f"<worksheet xmlns='{sheets}'><sheetData>".encode() + rows + b"</sheetData></worksheet>",
    })  # fmt: skip


@bomb(".ods")
def repeated_cells() -> bytes:
    """One cell, repeated over a whole sheet."""
    names = (
        b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    content = (
        b"<office:document-content %s><office:body><office:spreadsheet><table:table table:name='a'>"
        b"<table:table-row table:number-rows-repeated='1048576'><table:table-cell office:value-type='string' "
        b"table:number-columns-repeated='16384'><text:p>text</text:p></table:table-cell></table:table-row>"
        b"</table:table></office:spreadsheet></office:body></office:document-content>" % names
    )
    return _zip(
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}, zipfile.ZIP_STORED
    )
