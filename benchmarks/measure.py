"""How things are measured: methods in turn on one clock, peak memory, and what machine and versions did it.

Knows nothing of corpora or methods, prints nothing, and keeps every repeat: medians are taken where they are shown.
"""

from __future__ import annotations

import gc
import os
import platform
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import clusterer
from clusterer.arrays import kernels as loops

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "numpy", "scipy", "scikit-learn", "orjson", "pyarabic", "datasketch", "rensa", "gaoya", "fastsketchlsh",
    "text-dedup", "matplotlib",
)  # fmt: skip
_SEED = 1  # of the orders in which methods take turns
_AT_HAND = 1 << 28  # bytes that are touched, and free again, before each of them

T = TypeVar("T")


def timed(method: Callable[[], T]) -> tuple[float, T]:
    """Seconds of one call, and what it gave."""
    gc.collect()  # what another method left behind is not this one's work
    start = time.perf_counter()
    given = method()
    return time.perf_counter() - start, given


def in_turn(
    methods: Mapping[str, Callable[[], tuple[float, T]]], rounds: int
) -> tuple[dict[str, list[float]], dict[str, T]]:
    """Seconds of every method in every round, and what each gave in the last.

    Round by round and not method by method: a machine that slows down for a while then slows down all of them. Each round has
    an order of its own, the same in every run of the program: in one order the same method would pay in every round for what
    the one before it left behind. And each finds memory at hand: a virtual machine may give free memory back to its host, and
    who then runs first behind a long method waits for what others find there.
    """
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    given: dict[str, T] = {}
    chance, order = random.Random(_SEED), list(methods)
    for _ in range(rounds):
        chance.shuffle(order)
        for name in order:
            np.empty(_AT_HAND, dtype=np.uint8).fill(1)
            took, given[name] = methods[name]()
            seconds[name].append(took)
    return seconds, given


def peak_bytes() -> int:
    """Return the most memory this process has held.

    `getrusage` only where there is no /proc: a child's figure there starts at its parent's size.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def run_alone(module: str, *arguments: str, **environment: str) -> bytes:
    """What ``python -m module`` prints, in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True).stdout


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """The power of the size that time grows with: the slope of the best line through both logarithms."""
    logs = np.log(np.array(points))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])


def kernels() -> str:
    """Return which kernels the package works with here: "compiled" or "NumPy"."""
    return "compiled" if loops.active == "compiled" else "NumPy"


def surroundings() -> dict[str, Any]:
    """Machine, versions and commit, as far as the system tells."""
    return {
        "machine": {
            "cpu": _first_after("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "memory_bytes": int((_first_after("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) * 1024,
            "system": platform.platform(terse=True),
        },
        "python": platform.python_version(),
        "packages": {"clusterer": clusterer.__version__} | {name: installed(name) for name in PACKAGES},
        "commit": _commit(),
        "kernels": kernels(),
    }


def installed(distribution: str) -> str | None:
    """The version of a distribution, None where it is absent."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _first_after(path: str, name: str) -> str:
    if not os.path.exists(path):
        return ""
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _commit() -> str:
    """The commit, with "and changes" where the tree differs from it; "unknown" outside a repository."""
    try:
        head, changes = (
            subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} and changes" if changes else head
