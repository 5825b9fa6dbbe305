"""Footers over which pyarrow would end the process: what is wrong is told, and the next file is read."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusterer.io.feed import Feed
from clusterer.io.readers import parquet_footer
from clusterer.io.readers.parquet_footer import unreadable_columns

ROWS = [{"id": str(i), "text": f"نص طويل يكفي لأن يكون خبرا {i}", "tags": ["a", "b"]} for i in range(20)]


def reasons(path: Path) -> list[str]:
    bad: list[Any] = []
    pq.write_table(pa.Table.from_pylist(ROWS), path.with_name("z.parquet"))
    for blocks in (False, True):
        feed = Feed([path, path.with_name("z.parquet")], on_bad=bad.append)
        read = feed.blocks_by_input() if blocks else feed.by_input()
        assert sum(1 if blocks is False else len(getattr(x, "ids", "1")) for _, items in read for x in items) == 20
        assert [file.file for file in feed.damaged_files] == [str(path)]
    return [one.reason for one in bad]


def test_a_column_that_is_encrypted_is_told(tmp_path: Path) -> None:
    encryption = pytest.importorskip("pyarrow.parquet.encryption", reason="this pyarrow has no encryption")

    def wrap_key(_: object, key: bytes, __: str) -> bytes:
        return base64.b64encode(key)  # keys are their own names

    def begin(own: Any, _: object) -> None:
        encryption.KmsClient.__init__(own)

    client = type("Keys", (encryption.KmsClient,), {"__init__": begin, "wrap_key": wrap_key})
    chosen = encryption.EncryptionConfiguration(footer_key="f", column_keys={"k": ["text"]}, plaintext_footer=True)
    keys = encryption.CryptoFactory(client)
    how = keys.file_encryption_properties(encryption.KmsConnectionConfig(), chosen)
    table, path = pa.Table.from_pylist(ROWS), tmp_path / "a.parquet"
    with pq.ParquetWriter(path, table.schema, encryption_properties=how) as writer:
        writer.write_table(table)
    for reason in reasons(path):
        assert reason == "column 'text' is encrypted; cure: decrypt the file, or write it without that column"


def test_sizes_of_another_column_are_told(tmp_path: Path) -> None:
    """Found by `make fuzz`: a byte of the footer that was another one."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    data = path.read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - size], data[-8 - size :]
    two = (
        b"\x19\x26"  # a list of two 64-bit numbers, as the levels of an optional column are counted: after it one more
    )
    at = footer.index(two) + 1
    path.write_bytes(
        body + footer[:at] + b"\x36\x00" + footer[at + 1 : -8] + (size + 1).to_bytes(4, "little") + b"PAR1"
    )
    for reason in reasons(path):
        assert reason == "damaged footer: the sizes of column 'id' are those of another; cure: fetch the file again"


def test_a_column_that_is_not_described_whole_is_told(tmp_path: Path) -> None:
    """Found by `make fuzz`: a field of the footer that ends its structure, so that others are taken for it."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    footer = pq.ParquetFile(path)
    described = parquet_footer._reason([{3: dict.fromkeys(parquet_footer._NEEDED)}] * 3, footer.schema)
    assert described == ""
    for lacking in (
        *({3: dict.fromkeys(parquet_footer._NEEDED - {field})} for field in parquet_footer._NEEDED),
        {},
        {3: None},
    ):
        whole = {3: dict.fromkeys(parquet_footer._NEEDED)}
        said = parquet_footer._reason([whole, lacking, whole], footer.schema)
        assert said == "damaged footer: column 'text' is not described whole; cure: fetch the file again"


@pytest.mark.parametrize("packing", [-23, -1, 8, 63])
def test_an_unknown_packing_is_told(packing: int, tmp_path: Path) -> None:
    """Found by `make fuzz`: a number that no packing has."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path, compression="none")
    data = bytearray(path.read_bytes())
    own = b"\x19\x18\x02id\x15\x00"  # a list of one name, and packing 0
    data[data.index(own) + len(own) - 1] = packing << 1 if packing >= 0 else (-packing << 1) - 1  # zigzag
    path.write_bytes(data)
    for reason in reasons(path):
        assert reason == "damaged footer: column 'id' has an unknown type or packing; cure: fetch the file again"


def test_a_footer_that_pyarrow_alone_can_walk_is_told(tmp_path: Path) -> None:
    """Found by `make fuzz`: pyarrow took it for another one, and ended the process over the sizes of a column."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    data = path.read_bytes()
    cut = io.BytesIO(data[:-9] + b"\x18" + data[-8:])  # in place of the end a field begins
    said = unreadable_columns(pq.ParquetFile(path), cut)
    assert said == "damaged footer: it ends inside a field; cure: fetch the file again"


def test_footers_that_are_whole_are_not_complained_of(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    nested = pa.table(
        {
            "text": ["نص"] * 50, "n": pa.array([None, 1] * 25), "m": [{"a": [{"b": 1}]}] * 50, "f": [True] * 50,
            "k": pa.array([[("x", 1)]] * 50, pa.map_(pa.string(), pa.int64())), "d": [1.5] * 50,
        }
    )  # fmt: skip
    for options in (
        {},
        {"write_page_index": True},
        {"data_page_version": "2.0"},
        {"use_dictionary": False},
        {"version": "1.0"},
    ):
        pq.write_table(nested, path, row_group_size=7, **options)
        with path.open("rb") as file:
            assert unreadable_columns(pq.ParquetFile(file), file) == ""
    wide = pa.table({f"c{i}": [i] * 300 for i in range(50)})
    pq.write_table(wide, path, row_group_size=3)
    with path.open("rb") as file:
        table, started = pq.ParquetFile(file), time.process_time()
        assert unreadable_columns(table, file) == ""
        print(f"{time.process_time() - started:.3f} s for 5,000 columns of row groups")
