"""The longest value of a dictionary, read from its page alone, beside what pyarrow reads of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from places import ROOT

from clusterer.io.feed_limits import FeedLimits
from clusterer.io.readers import parquet_size
from clusterer.io.rows import PARQUET_BATCH


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_of_every_codec(codec: str, version: str, checksum: bool, tmp_path: Path) -> None:
    path, n = tmp_path / "a.parquet", 1500
    columns = {
        "short": [f"v{i % 7}" for i in range(n)],
        "some": [None if i % 3 else "ن" * (i % 300) for i in range(n)],
        "many": [f"خبر رقم {i}" * (i % 40) for i in range(n)],
        "long": ["x" * 50_000 if i == 5 else f"{i}" for i in range(n)],
        "none": pa.array([None] * n, pa.string()),
    }
    pq.write_table(pa.table(columns), path, compression=codec, data_page_version=version, write_page_checksum=checksum)
    group, told = pq.read_metadata(path).row_group(0), 0
    with path.open("rb") as file:
        for number, name in enumerate(columns):
            file.seek(group.column(number).dictionary_page_offset)
            found = parquet_size._longest_in_page(group.column(number), file, file.read(32))
            told += found is not None
            assert found in (None, parquet_size._longest(name, file, 0, -1))
        assert told == (0 if codec == "lz4" else len(columns)), "lz4 has two forms, and is left to pyarrow"
        rows = parquet_size.batch_rows(group, file, FeedLimits(), 0)
        assert rows == parquet_size.HELD // 50_000 < PARQUET_BATCH
        assert parquet_size.batch_rows(group, file, FeedLimits(), 0) == rows, "also when it is asked again"
    columns["long"][5] = "x"
    pq.write_table(pa.table(columns), path, compression=codec)
    with path.open("rb") as file:
        assert parquet_size.batch_rows(pq.read_metadata(path).row_group(0), file, FeedLimits(), 0) == PARQUET_BATCH


@pytest.mark.slow
def test_a_long_value_in_every_row_is_read_within_the_bound_of_a_bomb() -> None:
    """However many batches are read ahead: 300 MB for a process, most of which importing takes."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.suites.bombs", "one_value"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stdout.decode()
