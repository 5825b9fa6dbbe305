"""Bombs: small feeds made to cost much. Each is read or refused by the command in a process of its own; prints time and memory.

Seconds are a processor's, those in brackets a clock's, which tell nothing where others work beside it.

`python -m benchmarks.suites.bombs [NAME...]`; the exit code is 1 where one takes over 10 s, over 300 MB, or ends in a traceback.
Files are made in a temporary folder, none over 64 MB on the disk; nothing of them is kept.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.corpora import bombs_of_markup  # noqa: F401  # registers its own
from benchmarks.corpora.bombs import BOMBS

MOST_SECONDS, MOST_BYTES = 10.0, 300_000_000


def explode(name: str, folder: Path) -> dict[str, Any]:
    """Make a bomb, run the command on it, and measure.

    Returns:
        Bytes of the file, seconds of a processor and on the clock, peak bytes, exit code, what it said.
    """
    path, said = folder / f"{name}{BOMBS[name][0]}", folder / "said"
    # in a process of its own: what is forked begins with the peak of whom it is forked from
    subprocess.run([sys.executable, "-m", "benchmarks.suites.bombs", "--make", name, "--into", str(path)], check=True)
    size = path.stat().st_size
    if name.startswith("sparse"):
        os.truncate(path, 2 << 30)
    command = [sys.executable, "-m", "clusterer", "cluster", str(path), "-o", str(folder / "out.jsonl"), "-q"]
    started = time.perf_counter()
    with said.open("wb") as errors:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=_bounded)
        watch = threading.Timer(
            60 * MOST_SECONDS, child.kill
        )  # others may work beside it: a processor's time ends it first
        watch.start()
        _, status, used = os.wait4(child.pid, 0)
        watch.cancel()
    return {
        "name": name, "size": size, "seconds": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - started,
        "peak": 1024 * used.ru_maxrss, "code": os.waitstatus_to_exitcode(status), "said": said.read_text("utf-8", "replace"),
    }  # fmt: skip


def _bounded() -> None:
    """Keep the machine: no bomb gets more than 8 GB of addresses, or six times the seconds."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(6 * MOST_SECONDS), int(6 * MOST_SECONDS)))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def main() -> None:
    """Run all bombs, or those named; print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BOMBS)}")
    for hidden in ("--one", "--make", "--into"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        Path(arguments.into).write_bytes(BOMBS[arguments.make][1]())
        return
    if arguments.one:  # a process for each: the peak of children never falls
        with tempfile.TemporaryDirectory() as folder:
            found = explode(arguments.one, Path(folder))
        ok = found["seconds"] <= MOST_SECONDS and found["peak"] <= MOST_BYTES and "Traceback" not in found["said"]
        ok = ok and found["code"] in (0, 1)
        lines = found["said"].strip().splitlines()
        print(
            f"{'ok  ' if ok else 'FAIL'} {found['name']:20} {found['size']:>11,} bytes {found['seconds']:5.1f} s "
            f"({found['wall']:4.1f}) {found['peak'] / 1e6:6.0f} MB  exit {found['code']}  {lines[-1][:150] if lines else 'read'}",
            flush=True,
        )
        sys.exit(not ok)
    names = arguments.names or list(BOMBS)
    failed = [
        name
        for name in names
        if subprocess.run([sys.executable, "-m", "benchmarks.suites.bombs", "--one", name], check=False).returncode
    ]
    print(f"{len(names) - len(failed)} of {len(names)} bombs within {MOST_SECONDS:g} s and {MOST_BYTES // 10**6} MB")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
