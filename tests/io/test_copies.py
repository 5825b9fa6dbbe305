"""Rows given back as they stand in their files beside the same rows written one by one."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusterer import InputError, OutputError, Settings
from clusterer.io.feed import Feed
from clusterer.io.formats import FORMATS_BY_NAME
from clusterer.io.readers.base import Copied
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import BadRow, Row, as_json
from clusterer.reading import InputReader

TEXT = "نص طويل يكفي لأن يكون خبرا في صحيفة"


def reader_of(paths: Path, **how: Any) -> InputReader:
    """Inputs that have been read once."""
    reader = InputReader(Feed(paths, **how), Settings(level="copy"))
    for _ in reader.chunks():
        pass
    return reader


def masks(reader: InputReader) -> list[Any]:
    dice = np.random.default_rng(3)
    return [dice.random(len(read.lines)) < 0.6 for read in reader.inputs]


def copied(reader: InputReader, format: str, added: bool, gone: list[tuple[int, int, bytes]]) -> bytes:
    """The rows of the inputs by masks."""
    out = io.BytesIO()

    def put_aside(start: int, place: int, row: Row) -> None:
        gone.append((start + place, row.line, as_json(row)))

    def inputs() -> Iterator[Copied]:
        for (read, opened), stays in zip(reader.opened_again(), masks(reader), strict=True):
            n = len(read.lines)
            columns = {"copy": [f"c{i}" for i in range(n)]} if added else {}
            kept = np.ones(n, dtype=np.bool_) if added else stays
            yield Copied(opened, read.lines, kept, columns, partial(put_aside, read.start), lambda n: None)

    copy = FORMATS_BY_NAME[format].copy_rows
    assert copy is not None
    copy(out, inputs(), format, 1 + added)
    return out.getvalue()


def written(reader: InputReader, format: str, added: bool, gone: list[tuple[int, int, bytes]]) -> bytes:
    """The same, row by row."""
    out, rows, editor = io.BytesIO(), list[Row](), RowEditor(("copy",))
    for (read, given), stays in zip(reader.again(), masks(reader), strict=True):
        for i, row in enumerate(given):
            if added:
                rows.append(editor.with_added(row, [f"c{i}"]))
            elif stays[i]:
                rows.append(row)
            else:
                gone.append((read.start + i, row.line, as_json(row)))
    write = FORMATS_BY_NAME[format].write_rows
    assert write is not None
    write(out, rows, rows[0].layout, format)
    return out.getvalue()


@pytest.mark.parametrize("added", [False, True])
@pytest.mark.parametrize("packing", ["", ".gz"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_keep_their_bytes(end: bytes, packing: str, added: bool, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for file in range(2):
        lines = [orjson.dumps({"id": f"{file}-{i}", "text": f"{TEXT} {i}"}).replace(b":", b" : ") for i in range(40)]
        lines[3:3] = [b"", b"{broken", b'{"id": "no text"}', b"  "]
        data = b"\xef\xbb\xbf" + end.join(lines)
        (folder / f"{file}.jsonl{packing}").write_bytes(gzip.compress(data) if packing else data)
    reader = reader_of(folder)
    gone: list[tuple[int, int, bytes]] = []
    expected_gone: list[tuple[int, int, bytes]] = []
    assert all(read.stands_whole for read in reader.inputs)
    expected = written(reader, "jsonl", added, expected_gone)
    assert copied(reader, "jsonl", added, gone) == expected
    assert gone == expected_gone


def test_rows_that_are_no_whole_lines_are_not_copied(tmp_path: Path) -> None:
    row = orjson.dumps({"id": "a", "text": TEXT})
    for name, data in {
        "list": b"[\n" + row + b",\n" + row + b"\n]\n",
        "glued": row + row,
        "comma": row + b",\n" + row,
    }.items():
        (tmp_path / f"{name}.jsonl").write_bytes(row + b"\n" + data)
    assert not any(read.stands_whole for read in reader_of(tmp_path).inputs)


@pytest.mark.parametrize("added", [False, True])
def test_parquet_keeps_all_that_its_file_is(added: bool, tmp_path: Path) -> None:
    n = 300
    table = pa.table(
        {
            "text": pa.array([None if i % 7 == 3 else f"{TEXT} {i}" for i in range(n)], pa.large_string()),
            "tags": pa.array([[str(i)] * (i % 3) for i in range(n)], pa.list_(pa.string())),
            "day": pa.array([10**9 + i for i in range(n)], pa.timestamp("ms", "Asia/Riyadh")),
            "kind": pa.array([f"k{i % 4}" for i in range(n)]).dictionary_encode(),
            "nested": pa.array([{"a": i, "b": None} for i in range(n)]),
        }
    ).replace_schema_metadata({"owner": "me"})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, row_group_size=120, compression={"text": "ZSTD", "day": "NONE", "kind": "GZIP"})
    reader = reader_of(path)
    gone: list[tuple[int, int, bytes]] = []
    expected_gone: list[tuple[int, int, bytes]] = []
    found = pq.ParquetFile(io.BytesIO(copied(reader, "parquet", added, gone)))
    by_row = pq.ParquetFile(io.BytesIO(written(reader, "parquet", added, expected_gone)))
    expected = by_row.read()
    assert found.read().equals(expected)
    assert found.schema_arrow.equals(expected.schema, check_metadata=True)
    assert gone == expected_gone
    own = pq.ParquetFile(path).metadata.row_group(0)
    for group in (found.metadata.row_group(0), by_row.metadata.row_group(0)):
        assert group.num_rows == 120
        assert [group.column(i).compression for i in range(6)] == [own.column(i).compression for i in range(6)]
        assert not added or group.column(6).compression == "ZSTD"


def test_shards_in_one_file_have_one_schema(tmp_path: Path) -> None:
    for name, kind in (("a", pa.string()), ("b", pa.large_string())):
        columns = {"text": pa.array([f"{TEXT} {name} {i}" for i in range(20)], kind), "n": list(range(20))}
        names = ["text", "n"] if name == "a" else ["n", "text"]
        pq.write_table(pa.table(columns).select(names), tmp_path / f"{name}.parquet")
    reader = reader_of(tmp_path)
    found = pq.read_table(io.BytesIO(copied(reader, "parquet", False, [])))
    assert found.equals(pq.read_table(io.BytesIO(written(reader, "parquet", False, []))))


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_file_that_changed_or_has_the_column_is_refused(format: str, tmp_path: Path) -> None:
    rows = [{"text": f"{TEXT} {i}", "copy": "x"} for i in range(20)]
    path = tmp_path / f"a.{format}"

    def write(some: list[dict[str, str]]) -> None:
        if format == "parquet":
            pq.write_table(pa.Table.from_pylist(some), path)
        else:
            path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in some))

    write(rows)
    reader = reader_of(path)
    with pytest.raises(OutputError, match="'copy' already"):
        copied(reader, format, True, [])
    write(rows[:-1])
    with pytest.raises(InputError, match="changed"):
        copied(reader, format, False, [])


def test_damage_in_a_column_that_nobody_read_costs_its_rows_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"text": [f"{TEXT} {i}" for i in range(20)], "other": [f"{i}" * 50 for i in range(20)]}
    pq.write_table(pa.table(columns), path, row_group_size=10, compression="ZSTD", use_dictionary=False)
    about = pq.ParquetFile(path).metadata.row_group(1).column(1)
    data = bytearray(path.read_bytes())
    end = about.data_page_offset + about.total_compressed_size
    data[end - 40 : end] = b"\xff" * 40
    path.write_bytes(data)
    heard: list[BadRow] = []
    reader = reader_of(path, on_bad=heard.append)
    assert len(reader.inputs[0].lines) == 20
    rows = pq.read_table(io.BytesIO(copied(reader, "parquet", False, []))).num_rows
    assert rows == int(masks(reader)[0][:10].sum())
    (damaged,) = reader.feed.damaged_files
    assert "rows 11 to 20 cannot be read" in damaged.reason
    assert damaged.rows == 10
    assert [(bad.line, bad.reason) for bad in heard] == [(11, damaged.reason)]
    with pytest.raises(InputError, match=r"rows 11 to 20 .*strict"):
        copied(reader_of(path, strict=True), "parquet", False, [])
