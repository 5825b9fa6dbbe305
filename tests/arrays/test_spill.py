"""Arrays that may live in files: the same as NumPy's, within their limit, and nothing is left of them."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from kernel_twins import FEWER

from clusterer.arrays import spill
from clusterer.arrays.partitions import Partitions, joined
from clusterer.arrays.ragged import Growing
from clusterer.arrays.spill import Store
from clusterer.errors import OutputError

CHUNKS = st.lists(st.lists(st.integers(0, 2**63 - 1), max_size=9), max_size=9)


@pytest.fixture(autouse=True)
def _everything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "SMALL", 0)


@FEWER
@given(CHUNKS, st.integers(0, 300), st.booleans())
def test_what_grows_is_what_was_appended_wherever_it_lives(chunks: list[list[int]], limit: int, reads: bool) -> None:
    grown = Growing(np.int64, store := Store(limit))
    for chunk in chunks:
        grown.append(np.array(chunk, dtype=np.int64))
    array = grown.array(in_memory=reads)
    expected = [x for chunk in chunks for x in chunk]
    assert array.tolist() == expected
    assert (store.spilled > 0) == (8 * len(expected) > limit)
    array[:] = 7  # what lives in a file can be written to
    assert array.tolist() == [7] * len(expected)
    assert len(grown.array()) == 0


@FEWER
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6), st.integers(0, 200))
def test_no_more_is_held_in_memory_than_the_limit(shapes: list[tuple[int, int]], limit: int) -> None:
    store, arrays = Store(limit), []
    for shape in shapes:
        arrays.append(store.empty(shape, np.uint32))
        arrays[-1].fill(len(arrays))
        in_memory = sum(a.nbytes for a in arrays) - store.spilled
        assert in_memory <= limit
    assert [a.shape for a in arrays] == shapes
    assert all((a == number).all() for number, a in enumerate(arrays, 1))


def test_memory_is_given_back_once_no_view_is_left() -> None:
    store = Store(100)
    view = store.empty(10, np.uint64)[2:]
    assert store._held == 80
    assert store.empty(10, np.uint64).nbytes == store.spilled == 80
    grown = Growing(np.uint64, store)
    grown.append(np.zeros(2, dtype=np.uint64))
    assert store._held == 96
    del grown, view
    assert store._held == 0
    assert store.empty(10, np.uint64).nbytes == store.spilled


@FEWER
@given(CHUNKS, st.integers(0, 3), st.sampled_from([None, 0]))
def test_parts_hold_all_of_a_value_together(chunks: list[list[int]], bits: int, limit: int | None) -> None:
    by_hash, by_range = Partitions(bits, Store(limit)), Partitions(bits, Store(limit))
    for chunk in chunks:
        by_hash.append(np.array(chunk, dtype=np.int64))
        by_range.append_ascending(np.sort(np.array(chunk, dtype=np.uint64) << np.uint64(1)))
    whole = sorted(x for chunk in chunks for x in chunk)
    parts = [part.array(in_memory=True) for part in by_hash.take()]
    assert len(parts) == 2**bits
    assert sum(len(set(part.tolist())) for part in parts) == len(set(whole))
    assert joined(np.sort(part.view(np.int64)) for part in parts).tolist() == whole
    ranges = [np.sort(part.array()).tolist() for part in by_range.take()]
    assert [x for part in ranges for x in part] == [2 * x for x in whole]


def test_files_have_no_name_and_pages_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_RESIDENT", 1 << 20)
    store = Store(0, str(tmp_path))
    array = store.empty(1 << 23, np.uint64)
    array[:] = np.arange(len(array), dtype=np.uint64)
    assert store.spilled == array.nbytes
    assert list(tmp_path.iterdir()) == []
    if sys.platform == "linux":
        before = spill._shared_bytes()
        array.max()
        spill._RELIEF.look()
        assert spill._shared_bytes() <= before + (8 << 20)
    assert int(array[::4096].sum()) == sum(range(0, len(array), 4096))


@pytest.mark.skipif(sys.platform == "win32", reason="without kill -9")
def test_nothing_is_left_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from clusterer.arrays.spill import Store; from clusterer.arrays.ragged import Growing\n"
        "store = Store(0, sys.argv[1]); held = store.empty(1 << 20, np.uint64); held.fill(1)\n"
        "grown = Growing(np.uint64, store); grown.append(held); print(store.spilled, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert int(process.stdout.readline()) == 2 << 23
        process.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="without a limit of the size of files")
def test_a_full_disk_is_one_line_with_a_cure(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(OutputError, match=f"{tmp_path}: no space left .*; cure: .*--tmp"):
            Store(0, str(tmp_path)).empty(1 << 20, np.uint64)
        grown = Growing(np.uint64, Store(0, str(tmp_path)))
        with pytest.raises(OutputError, match=f"{tmp_path}: no space left .*; cure: .*--tmp"):
            grown.append(np.zeros(1 << 20, dtype=np.uint64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_that_is_none_is_one_line_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=f"{os.strerror(errno.ENOENT)}.*; cure: --tmp"):
        Store(0, str(tmp_path / "gone")).empty(9, np.uint64)
