"""How much of a run uses all cores: told of a program that is known to work alone, then together."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.suites import cores

PROGRAM = """
import hashlib, sys, threading, time
marks = open(sys.argv[1], "w")
def begin(stage):
    print(time.monotonic(), stage, file=marks, flush=True)
def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
def hash(seconds):  # without the interpreter's lock
    end, block = time.thread_time() + seconds, bytes(1 << 22)
    while time.thread_time() < end:
        hashlib.sha256(block)
def both():
    threads = [threading.Thread(target=hash, args=(0.3,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
begin("alone"); spin(0.3)
begin("together"); both()
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="a system that tells nothing of threads")
def test_who_works_alone_is_told_from_who_works_beside_others(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    told = cores.observe([sys.executable, "-c", PROGRAM, str(marks)], tmp_path, marks).stages
    assert [*told] == ["starting", "alone", "together"]
    alone, together = told["alone"], told["together"]
    assert alone.main_alone > 0.8 * alone.all > 0.2
    assert together.main_alone < 0.2 * together.all
    assert together.one_alone < 0.5 * together.all
    assert together.all > 0.4
