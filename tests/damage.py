"""A folder of damaged feeds: one file for each kind of damage, between good rows, with what a reader must say.

Makes files only; asserts nothing. Every file holds exactly one bad row. Ids of good rows are unique in the folder.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

LIMIT = 32 * 2**20  # the reader's default for a row; "too-long" is the one damage that really is that long


@dataclass(frozen=True)
class Expected:
    """What reading one damaged file must give: one bad row, and all the good ones."""

    kind: str
    file: str
    line: int
    reason: str
    good: tuple[str, ...]


def good_row(name: str) -> dict[str, str]:
    """An article of its own: no two share their words."""
    words = " ".join(f"كلمة{name.replace('-', '')}{i}" for i in range(12))
    return {
        "id": name,
        "title": f"أعلنت الوزارة خبر {name}",
        "text": f"قالت الوزارة في بيان لها اليوم إن العمل مستمر في المشروع، وأضافت: {words}.",
        "date": "2015-07-23 10:20:30",
    }


def _json(row: object) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode()


def _with_text(text: bytes) -> bytes:
    """A row whose text is given as raw JSON."""
    return b'{"id": "bad", "title": "\xd8\xae\xd8\xa8\xd8\xb1", "text": ' + text + b"}"


LINES: dict[str, tuple[bytes, str]] = {
    "cut-object": (b'{"id": "bad", "text": "\xd9\x86\xd8\xb5"', "broken JSON"),
    "cut-string": (b'{"id": "bad", "text": "\xd9\x86\xd8\xb5', "cut off"),
    "missing-quote": (b'{"id": "bad", "text: "abc"}', "broken JSON"),
    "missing-comma": (b'{"id": "bad" "text": "abc"}', "broken JSON"),
    "trailing-comma": (b'{"id": "bad", "text": "abc",}', "broken JSON"),
    "single-quotes": (b"{'id': 'bad', 'text': 'abc'}", "broken JSON"),
    "bad-escape": (_with_text(b'"a\\xb"'), "broken JSON"),
    "raw-tab": (_with_text(b'"a\tb"'), "control character"),
    "object-and-more": (b'{"id": "bad", "text": "a"} ["id"]', "after document"),
    "plain-words": ("سطر من كلام لا من بيانات".encode(), "broken JSON"),
    "html-error": (b"<html><body>502 Bad Gateway</body></html>", "broken JSON"),
    "merge-conflict": (b"<<<<<<< HEAD", "broken JSON"),
    "comment": (b"// the rest follows", "broken JSON"),
    "row-list": (b'["id", "text"]', "a list, not an object"),
    "row-empty-list": (b"[]", "a list, not an object"),
    "row-string": (b'"text"', "a string, not an object"),
    "row-number": (b"42", "a number, not an object"),
    "row-null": (b"null", "null, not an object"),
    "row-true": (b"true", "true or false, not an object"),
    "no-text": (b'{"id": "bad", "author": "x"}', "so far there is no text field"),
    "no-keys": (b"{}", "no text field"),
    "text-number": (_with_text(b"12.5"), "is a number, not a string"),
    "text-true": (_with_text(b"true"), "is true or false, not a string"),
    "text-list": (_with_text(b"[1, 2]"), "is a list, not a string"),
    "text-object": (_with_text(b'{"ar": "a"}'), "is an object, not a string"),
    "text-null": (b'{"id": "bad", "title": null, "text": null}', "is null and there is no title"),
    "title-list": (b'{"id": "bad", "title": [5], "text": "b"}', "title is a list"),
    "title-object": (b'{"id": "bad", "title": {"ar": "a"}, "text": "b"}', "title is an object"),
    "surrogate-high": (_with_text(b'"a\\ud800b"'), "lone surrogate"),
    "surrogate-low": (_with_text(b'"a\\udc00b"'), "surrogate"),
    "surrogate-bytes": (_with_text(b'"a\xed\xa0\x80b"'), "lone surrogate"),
    "nul-escaped": (_with_text(b'"a\\u0000b"'), "NUL character in the text"),
    "nul-title": (b'{"id": "bad", "title": "a\\u0000", "text": "b"}', "NUL character in the title"),
    "nul-in-string": (_with_text(b'"a\0b"'), "NUL bytes"),
    "nul-line": (b"\0" * 512, "NUL bytes"),
    "utf8-byte": (_with_text(b'"a\xffb"'), "not valid UTF-8 at byte"),
    "utf8-cut": (_with_text(b'"\xd9\x86\xd8"'), "not valid UTF-8 at byte"),
    "utf8-overlong": (_with_text(b'"\xc0\xaf"'), "not valid UTF-8 at byte"),
    "cp1256-line": (_with_text('"قالت الوزارة في بيان"'.encode("cp1256")), "not valid UTF-8"),
    "binary": (bytes(range(128, 256)) + b"\xff\xfe", "not valid UTF-8"),
    "nan": (b'{"id": "bad", "views": NaN, "text": NaN}', "is null and there is no title"),
    "infinity": (b'{"id": "bad", "views": -Infinity, "text": Infinit}', "broken JSON: "),
    "nested": (_with_text(b"[" * 5000 + b"]" * 5000), "nested too deeply"),
    "number-huge": (b'{"id": "bad", "text": 1' + b"0" * 400 + b"}", ""),
}  # fmt: skip
"""Kind to the bad line, and a part of the reason. Each becomes a JSON-lines file of its own."""


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.expected: list[Expected] = []

    def good(self, kind: str, *numbers: int) -> list[dict[str, str]]:
        return [good_row(f"{kind}-{n}") for n in numbers]

    def add(self, kind: str, name: str, data: bytes, line: int, reason: str, *numbers: int, member: str = "") -> None:
        path = self.folder / name
        path.write_bytes(data)
        file = f"{path}/{member}" if member else str(path)
        self.expected.append(Expected(kind, file, line, reason, tuple(f"{kind}-{n}" for n in numbers)))


def _lines(rows: list[dict[str, str]]) -> bytes:
    return b"".join(_json(row) + b"\n" for row in rows)


def _table(rows: list[list[str]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def write_damaged_feed(folder: Path) -> list[Expected]:
    """Fill an empty folder; kinds that need pyarrow are left out where it is missing."""
    out = _Folder(folder)
    _json_lines(out)
    _packed(out)
    _tables(out)
    _arrays(out)
    _whole_files(out)
    _parquet(out)
    return out.expected


def _json_lines(out: _Folder) -> None:
    for kind, (line, reason) in LINES.items():
        before, after = _lines(out.good(kind, 1, 2)), _lines(out.good(kind, 3, 4))
        out.add(kind, f"{kind}.jsonl", before + line + b"\n" + after, 3, reason, 1, 2, 3, 4)

    kind = "last-line-cut"
    out.add(kind, f"{kind}.jsonl", _lines(out.good(kind, 1, 2)) + b'{"id": "bad", "te', 3, "cut off", 1, 2)
    kind = "after-empty-lines"  # empty lines are no rows, but they count as lines
    data = _lines(out.good(kind, 1)) + b"\n  \n\r\n" + b"{\n" + _lines(out.good(kind, 2))
    out.add(kind, f"{kind}.jsonl", data, 5, "broken JSON", 1, 2)
    kind = "too-long"
    data = _lines(out.good(kind, 1)) + _with_text(b'"' + b"x" * LIMIT + b'"') + b"\n" + _lines(out.good(kind, 2))
    out.add(kind, f"{kind}.jsonl.gz", gzip.compress(data, 1), 2, "longer than a row may be", 1, 2)
    kind = "utf16-cut"
    data = _lines(out.good(kind, 1, 2)).decode().encode("utf-16") + '{"id": "bad"'.encode("utf-16-le") + b"\x06"
    out.add(kind, f"{kind}.jsonl", data, 3, "not valid utf-16", 1, 2)


def _packed(out: _Folder) -> None:
    more = _lines([good_row(f"never-read-{n}") for n in range(50)])
    kind = "gz-cut"  # a whole member, then one that ends in its header
    data = gzip.compress(_lines(out.good(kind, 1, 2))) + gzip.compress(more)[:12]
    out.add(kind, f"{kind}.jsonl.gz", data, 3, "ends before its end mark", 1, 2)
    kind = "gz-checksum"
    data = bytearray(gzip.compress(_lines(out.good(kind, 1, 2))))
    data[-8] ^= 0xFF
    out.add(kind, f"{kind}.jsonl.gz", bytes(data), 3, "damaged gz data", 1, 2)
    kind = "gz-garbage-after"
    data = gzip.compress(_lines(out.good(kind, 1, 2))) + b"garbage"
    out.add(kind, f"{kind}.jsonl.gz", data, 3, "damaged gz data", 1, 2)
    out.add("gz-not", "gz-not.jsonl.gz", more, 1, "not gz data")
    out.add("gz-empty", "gz-empty.jsonl.gz", b"", 1, "empty, not gz data")
    kind = "zst-cut"
    data = zstandard.compress(_lines(out.good(kind, 1, 2))) + zstandard.compress(more)[:-5]
    out.add(kind, f"{kind}.jsonl.zst", data, 3, "ends before its end mark", 1, 2)
    out.add("zst-not", "zst-not.csv.zst", b"id,text\n1,abc\n", 1, "not zst data")
    out.add("zip-cut", "zip-cut.zip", _zip("a.jsonl", more)[:200], 1, "not a whole zip archive")
    data = _zip("خبر.jsonl", more)
    at = data.rindex("خبر".encode())  # in the list of members, then before the member itself
    out.add("zip-list", "zip-list.zip", data[:at] + b"\xff" + data[at + 1 :], 1, "not a whole zip archive")
    at = data.index("خبر".encode())
    data = data[:at] + b"\xff" + data[at + 1 :]
    out.add("zip-name", "zip-name.zip", data, 1, "cannot be unpacked", member="خبر.jsonl")
    kind = "zip-member-row"
    data = _zip("day/a.jsonl", _lines(out.good(kind, 1)) + b"{]\n" + _lines(out.good(kind, 2)))
    out.add(kind, f"{kind}.zip", data, 2, "broken JSON", 1, 2, member="day/a.jsonl")
    kind = "zip-checksum"
    data = _zip("a.jsonl", more[:10_000], zipfile.ZIP_STORED)
    at = data.index(b"2015-07-23")
    data = data[:at] + b"2016" + data[at + 4 :]
    out.add(kind, f"{kind}.zip", data, 1, "CRC", member="a.jsonl")
    kind = "csv-gz-cut"
    rows = [[row["id"], row["text"]] for row in out.good(kind, 1, 2)]
    data = gzip.compress(_table([["id", "text"], *rows])) + gzip.compress(b"x")[:3]
    out.add(kind, f"{kind}.csv.gz", data, 4, "ends before its end mark", 1, 2)
    kind = "array-gz-cut"
    data = gzip.compress(b"[" + _json(out.good(kind, 1)[0]) + b",") + gzip.compress(b"x")[:3]
    out.add(kind, f"{kind}.json.gz", data, 2, "ends before its end mark", 1)


def _zip(name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


def _tables(out: _Folder) -> None:
    bad: dict[str, tuple[bytes, str]] = {
        "csv-too-many": (b"bad,abc,2015-07-23,more\n", "4 columns where the header has 3"),
        "csv-too-few": (b"bad,abc\n", "2 columns where the header has 3"),
        "csv-open-quote": (b'bad,"abc,2015-07-23\n', "bad quoting"),
        "csv-after-quote": (b'bad,"abc"def,2015-07-23\n', "bad quoting"),
        "csv-utf8": (b"bad,a\xffb,2015-07-23\n", "not valid UTF-8"),
        "csv-nul": (b"bad,a\0b,2015-07-23\n", "NUL character in the text"),
    }
    for kind, (line, reason) in bad.items():
        # quoted cells and a cell of two lines: lines are physical ones
        rows = [[row["id"], f'{row["text"]} "مقتبس"\nسطر', row["date"]] for row in out.good(kind, 1, 2, 3)]
        data = _table([["id", "text", "date"], rows[0]]) + line + _table(rows[1:])
        out.add(kind, f"{kind}.csv", data, 4, reason, 1, 2, 3)
    kind = "tsv-too-many"
    rows = [[row["id"], row["text"]] for row in out.good(kind, 1, 2)]
    data = _table([["id", "text"], rows[0]], "\t") + b"bad\ta\tb\n" + _table(rows[1:], "\t")
    out.add(kind, f"{kind}.tsv", data, 3, "3 columns where the header has 2", 1, 2)


def _arrays(out: _Folder) -> None:
    def array(kind: str, bad: bytes, separator: bytes, indent: int | None = None) -> bytes:
        rows = [
            json.dumps(row, ensure_ascii=False, indent=indent).replace("\n", "\n  ").encode()
            for row in out.good(kind, 1, 2, 3, 4)
        ]
        return b"[" + separator.lstrip(b",") + separator.join([*rows[:2], bad, *rows[2:]]) + b"\n]\n"

    for kind, bad, separator, reason in (
        ("array-number", b"7", b",\n", "a number, not an object"),
        ("array-null", b"null", b", ", "null, not an object"),
        ("array-list", b"[[1], {}]", b",", "a list, not an object"),
        ("array-no-text", b'{"id": "bad"}', b",\n", "no text field"),
        ("array-open-string", b'{"id": "bad", "text": "abc}', b",\n", "broken JSON"),
        ("array-open-brace", b'{"id": "bad", "text": "abc"', b",\n", "broken JSON"),
        ("array-one-line", b'{"id": "bad", "text": "abc}', b", ", "broken JSON"),
        ("array-extra-brace", b'{"id": "bad", text: "abc"}', b",", "broken JSON"),
        ("array-utf8", b'{"id": "bad", "text": "a\xffb"}', b",\n", "not valid UTF-8"),
    ):
        out.add(kind, f"{kind}.json", array(kind, bad, separator), 3, reason, 1, 2, 3, 4)
    kind = "array-indented"
    data = array(kind, b'{\n    "id": "bad",\n    "text": "abc,\n    "tags": [\n      {}\n    ]\n  }', b",\n  ", 2)
    out.add(kind, f"{kind}.json", data, 3, "broken JSON", 1, 2, 3, 4)
    kind = "array-wrapped"
    data = b'{"status": "ok", "articles": ' + array(kind, b'{"id": "bad", "text": 5}', b",") + b', "next": null}'
    out.add(kind, f"{kind}.json", data, 3, "is a number, not a string", 1, 2, 3, 4)
    kind = "array-not-closed"
    out.add(kind, f"{kind}.json", array(kind, b"{}", b",").split(b",{}")[0], 3, "not closed", 1, 2)
    kind = "array-cut"
    data = array(kind, b"{}", b",").split(b",{}")[0]
    out.add(kind, f"{kind}.json", data[:-20], 2, "the file ends early", 1)
    kind = "array-more-after"
    data = b"[" + b",".join(_json(row) for row in out.good(kind, 1, 2)) + b"]\nmore"
    out.add(kind, f"{kind}.json", data, 3, "after the end of the array", 1, 2)


def _whole_files(out: _Folder) -> None:
    out.add("txt-nul", "txt-nul.txt", b"abc\0def", 1, "NUL character in the text")
    out.add("xml-not-a-feed", "xml-not-a-feed.xml", b"<?xml version='1.0'?><a><b>c</b></a>", 1, "neither RSS nor")
    out.add("xml-empty", "xml-empty.rss", b"", 1, "neither RSS nor Atom")
    kind = "xml-gz-cut"
    items = "".join(
        f"<item><guid>{row['id']}</guid><title>{row['title']}</title><description>{row['text']}</description></item>"
        for row in out.good(kind, 1, 2)
    )
    data = f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}'.encode()
    out.add(kind, f"{kind}.xml.gz", gzip.compress(data) + gzip.compress(b"x")[:3], 3, "ends before its end", 1, 2)


def _parquet(out: _Folder) -> None:
    for name, data, line, reason, kind, numbers in _parquet_files():
        out.add(kind, name, data, line, reason, *numbers)


def _parquet_files() -> Iterator[tuple[str, bytes, int, str, str, tuple[int, ...]]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return

    def table(rows: list[dict[str, str | None]], **options: object) -> bytes:
        stream = io.BytesIO()
        schema = pyarrow.schema([(name, pyarrow.string()) for name in ("id", "title", "text", "date")])
        parquet.write_table(pyarrow.Table.from_pylist(rows, schema), stream, **options)
        return stream.getvalue()

    def good(kind: str, *numbers: int) -> list[dict[str, str | None]]:
        return [{**good_row(f"{kind}-{n}")} for n in numbers]

    kind = "parquet-null"
    rows = [*good(kind, 1), {"id": "bad"}, *good(kind, 2)]
    yield f"{kind}.parquet", table(rows), 2, "is null and there is no title", kind, (1, 2)
    kind = "parquet-nul"
    rows = [*good(kind, 1), {"id": "bad", "text": "a\0b"}, *good(kind, 2)]
    yield f"{kind}.parquet", table(rows), 2, "NUL character in the text", kind, (1, 2)
    kind = "parquet-cut"
    yield f"{kind}.parquet", table(good(kind, 1, 2))[:-30], 1, "not a whole Parquet file", kind, ()
    kind = "parquet-not"
    yield f"{kind}.parquet", b"PAR1 but nothing else", 1, "not a whole Parquet file", kind, ()
    kind = "parquet-utf8"
    data = table(
        [*good(kind, 1), {"id": "bad", "text": "badbad"}, *good(kind, 2)], compression="none", use_dictionary=False
    )
    data = data.replace(b"badbad", b"\xff\xfe\xff\xfe\xff\xfe")
    yield f"{kind}.parquet", data, 2, "a cell cannot be read", kind, (1, 2)
    kind = "parquet-page"  # the second of three row groups is damaged
    data = table(
        good(kind, 1, 2, 3), row_group_size=1, compression="gzip", use_dictionary=False, write_statistics=False
    )
    meta = parquet.ParquetFile(io.BytesIO(data)).metadata.row_group(1).column(2)
    end = meta.data_page_offset + meta.total_compressed_size
    data = data[: end - 60] + b"\0" * 60 + data[end:]
    yield f"{kind}.parquet", data, 2, "rows 2 to 2 cannot be read", kind, (1, 3)
