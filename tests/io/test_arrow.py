"""Arrow arrays by their buffers beside what pyarrow itself makes of them; pandas is not imported for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, strategies as st

from clusterer.io.arrow import arrow_mask, arrow_numbers, null_mask, whole_numbers

cells = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=40)


@given(cells, st.integers(0, 20), st.integers(0, 20))
def test_as_pyarrow_has_them(found: list[int | None], start: int, count: int) -> None:
    column = pa.array(found, pa.int64()).slice(start, count)
    nulls = null_mask(column)
    assert nulls.tolist() == column.is_null().to_pylist()
    assert whole_numbers(column)[~nulls].tolist() == [cell for cell in column.to_pylist() if cell is not None]
    assert arrow_mask(nulls).equals(column.is_null())
    numbers = np.array([cell or 0 for cell in column.to_pylist()], dtype=np.int64)
    assert arrow_numbers(numbers[::-1]).to_pylist() == numbers[::-1].tolist()


def test_a_run_over_parquet_does_without_pandas(tmp_path: Path) -> None:
    rows = [{"id": str(i % 9), "text": f"خبر طويل بما يكفي رقم {i % 9} من صحيفة", "n": i or None} for i in range(20)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    code = "import sys\nfrom clusterer.cli.main import main\ntry: main()\nfinally: print('pandas' in sys.modules)\n"
    given = ["dedup", str(tmp_path / "a.parquet"), "-o", str(tmp_path / "b.parquet"), "--quiet"]
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert pq.read_table(tmp_path / "b.parquet").num_rows == 9
