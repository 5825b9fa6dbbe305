"""What is kept is what was read: rows of every format that is written, read, written back and read again."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from clusterer.io import Feed, write_rows
from clusterer.io.guard import guarded, json_line, unguarded
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import csv_cells

FEW = settings(max_examples=60)
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
CELL = st.one_of(
    TEXT,
    st.sampled_from(
        ["", " ", '"', '""', '"a"', "a,b", "a;b", "a\nb", "\r\n", "=1+1", "\ufeffa", "\\N", "\\", "'", "\t"]
    ),
)
WORDS = st.sampled_from(["نص الخبر", "خبر آخر", 'قال "نعم", ثم', "a\tb"])
VALUE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def back(data: bytes, format: str, **options: Any) -> tuple[list[Any], list[Any], bytes, int]:
    """Rows that were read, the same after they were written and read again, what was written, and how many rows were bad."""
    with tempfile.TemporaryDirectory() as folder:
        path, again = Path(folder, "a"), Path(folder, "b")
        path.write_bytes(data)
        feed = Feed(path, format=format, **options)
        rows = list(feed)
        write_rows(again, rows, format)
        return (
            rows,
            list(Feed(again, format=format, **options)) if rows else [],
            again.read_bytes(),
            feed.bad_rows + feed.blank_rows,
        )


@FEW
@given(st.lists(st.tuples(WORDS, st.dictionaries(TEXT, VALUE, max_size=3)), min_size=1, max_size=5), st.booleans())
def test_lines_keep_their_bytes(rows: list[tuple[str, dict[str, Any]]], ascii: bool) -> None:
    lines = [json.dumps({"x": more, "text": text, "text ": 1}, ensure_ascii=ascii).encode() for text, more in rows]
    lines = [line.replace(b'"x"', b'"text": "first", "x"', 1) for line in lines]  # a key twice: the last is read
    read, again, written, _ = back(b"\r\n".join(lines), "jsonl")
    assert [row.raw for row in read] == lines
    assert written == b"".join(line + b"\n" for line in lines)
    assert [row.article for row in again] == [row.article for row in read]
    assert [row.article.text for row in read] == [text for text, _ in rows]


@FEW
@given(
    st.lists(st.tuples(WORDS, st.dictionaries(TEXT, VALUE, max_size=3)), min_size=1, max_size=5),
    st.sampled_from([None, 1, 4]),
)
def test_elements_of_an_array_keep_their_bytes(rows: list[tuple[str, dict[str, Any]]], indent: int | None) -> None:
    elements = [json.dumps({"text": text, "x": [[1, [2]], more]}, indent=indent).encode() for text, more in rows]
    read, again, _, _ = back(b"[" + b", ".join(elements) + b"]", "json")
    assert [row.raw for row in read] == elements
    assert [(row.raw, row.article) for row in again] == [(row.raw, row.article) for row in read]


@FEW
@given(
    st.lists(st.tuples(WORDS, CELL, CELL), min_size=1, max_size=6), st.sampled_from(",;\t"), st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)  # fmt: skip
def test_records_of_a_table_keep_their_bytes(
    rows: list[tuple[str, str, str]], delimiter: str, quoted: bool, end: str
) -> None:
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([("id", "text", "note"), *((one, text, other) for text, one, other in rows)])
    data = out.getvalue().encode()
    read, again, written, lost = back(data, "csv")
    assert len(read) + lost == len(rows)
    assert [(row.raw, row.article) for row in again] == [(row.raw, row.article) for row in read]
    if not lost:
        assert written == data


@pytest.mark.parametrize(
    "lines",
    [
        [b'1\t"a" b', b'2\t"a"', b"3\tb"],  # the first tells that quotes mean nothing
        [b"1\tC:\\Users", b"2\ta\\nb", b"3\tc\\td"],  # the first tells that backslashes do
        [b"1\ta\\nb", b'2\tx "y"', b'3\t"z"'],
    ],
)
def test_what_quotes_mean_does_not_change_with_the_rows_that_go(lines: list[bytes], tmp_path: Path) -> None:
    """Found by `make fuzz`: what was kept of a table was read otherwise."""
    (tmp_path / "a.tsv").write_bytes(b"id\ttext\n" + b"\n".join(lines) + b"\n")
    rows = list(Feed(tmp_path / "a.tsv"))
    assert len(rows) == 3
    for kept in (rows[1:], rows[2:], rows[:1]):
        assert write_rows(tmp_path / "b.tsv", kept) == len(kept)
        assert [row.article for row in Feed(tmp_path / "b.tsv")] == [row.article for row in kept]


@pytest.mark.parametrize(
    "data",
    [
        b'text\n12\n\\"""\x0b',  # written with quotes everywhere, and a line end that is none to CSV
        b"text\n\\ttext\\\n\r\n\\t",  # the last cell of a record ends in an escaped line end
        b"id\ttext\n1\ta\\tb\n2\tb\\",  # a file that ends in half an escape
        b'id\ttext\n\\\t\x0btext\tb\\\n\n"\r\n\\n\\\n\n\\\t',  # a bad row alone tells that there are escapes
        b'id\ttext\tsource\n\\t\t2018-01-01\ta\t""\\n\n"a\\\ta\\"\\\n\tb\tc\r\n',
        b"id\ttext\n1\ta\\nb\n2\tb\r\r\r\n3\tc\r",  # cells that end in what could be half a line end
        b"text\tid\\\n\n1\\n\ta\nb\tc",  # so does a column's name
        b'id\ttext\t"note\n1\ta\tb\n2\tc\td\n',  # a column's name begins with a quote that is never closed
        b'id\ttext\t"""\nx\n\ta\t\n0\t"""\n',  # it is closed in a bad row only
        b"id\ttext\n" + b"1\ta\\nb\n" * 40_000 + b"2\tb\\\r\r\n",  # behind what tells the meaning of backslashes
    ],
)
def test_tables_of_no_sense_read_back_as_they_were(data: bytes, tmp_path: Path) -> None:
    """Found by `make fuzz`: which bytes are escapes was told by bad rows, too, which are gone then."""
    (tmp_path / "a.tsv").write_bytes(data)
    rows = list(Feed(tmp_path / "a.tsv"))
    assert rows
    write_rows(tmp_path / "b.tsv", [*rows, *rows])  # also where others follow
    assert [row.article for row in Feed(tmp_path / "b.tsv")] == [row.article for row in rows] * 2


@pytest.mark.parametrize("ending", [b"\\", b"\r\r\n", b"\\\\\r\r\n", b""])
def test_fields_are_added_behind_a_cell_that_ends_in_half_an_escape(ending: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b"id\ttext\n1\ta\\nb\n2\tb" + ending)
    rows = list(Feed(tmp_path / "a.tsv"))
    editor = RowEditor(["story"])
    write_rows(tmp_path / "b.tsv", [editor.with_added(row, ["7"]) for row in rows])
    again = list(Feed(tmp_path / "b.tsv"))
    assert [row.article for row in again] == [row.article for row in rows]
    assert [csv_cells(row)[2] for row in again] == ["7", "7"]


@pytest.mark.parametrize(
    "kind", ["list", "map", "struct", "dictionary", "decimal", "binary", "date", "time", "null", "fixed", "view"]
)
def test_parquet_keeps_types_and_values(kind: str) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    column = {
        "list": pa.array([[["a"], []], None, [[None]]]),
        "map": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "struct": pa.array([{"a": 1, "b": [1]}, None, {"a": None, "b": None}]),
        "dictionary": pa.array(["a", None, "a"]).dictionary_encode(),
        "decimal": pa.array([1, None, 3], pa.decimal128(30, 5)),
        "binary": pa.array([b"\xff\x00", None, b""]),
        "date": pa.array([0, None, -1], pa.date32()),
        "time": pa.array([1, None, 2**40], pa.timestamp("ns", "Asia/Riyadh")),
        "null": pa.nulls(3),
        "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
        "view": pa.array(["a", None, "b" * 40], pa.string_view()),
    }[kind]
    table, out = pa.table({"id": ["1", "2", "3"], "text": ["a", "b", "c"], "x": column}), io.BytesIO()
    pq.write_table(table, out)
    original = pq.read_table(io.BytesIO(out.getvalue()))
    read, again, written, lost = back(out.getvalue(), "parquet")
    assert not lost
    assert pq.read_table(io.BytesIO(written)).equals(original)
    assert [row.article for row in again] == [row.article for row in read]


def test_arrow_columns_with_fields_twice_cost_their_rows_only(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    twice = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(pa.table({"text": ["a"], "x": twice}), tmp_path / "a.parquet")
    bad: list[Any] = []
    rows = list(Feed(tmp_path / "a.parquet", on_bad=bad.append))
    assert len(rows) + len(bad) == 1
    assert all("cure: " in one.reason for one in bad)


@given(CELL)
def test_guarded_cells_come_back(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in ("=", "@", "\t", "\r")


@given(VALUE)
def test_lines_of_json_say_what_they_did(value: Any) -> None:
    line = json_line({"a": value}) if not _is_large(value) else b'{"a":0}\n'
    if not _is_large(value):
        assert json.loads(line) == {"a": value}
    for unsafe in ("</", "\u2028", "\u2029", "\u202e", "\u2066", "\x9b"):
        assert unsafe.encode() not in line


def _is_large(value: Any) -> bool:
    """Whether a value holds a number that orjson does not write."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, int) and not -(2**63) <= value < 2**64) or any(map(_is_large, inner))
