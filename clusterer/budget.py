"""The memory of a run: how much it should do with, and where large arrays live for that.

Only where arrays live hangs on it, never a result.
"""

from __future__ import annotations

import os
from pathlib import Path

from clusterer.arrays.spill import Store
from clusterer.errors import OutputError
from clusterer.settings import AUTO, LEAST_MEMORY, Settings, bytes_from

_SHARE = 2  # of what is free, one in so many by default; and of a budget what arrays that last may take


def store_of(settings: Settings) -> Store:
    """The store of a run's large arrays.

    Of its memory half is left to what has no file: ids, dates, groups, and what is being worked on.

    Raises:
        OutputError: the folder that `tmp` names is none.
    """
    if settings.tmp and not os.path.isdir(settings.tmp):
        raise OutputError(f"{settings.tmp}: --tmp is no folder; cure: make it, or name another one")
    budget = free_bytes() // _SHARE if settings.memory == AUTO else bytes_from(settings.memory)
    return Store(max(budget - LEAST_MEMORY, 0) // _SHARE, settings.tmp or None)


def free_bytes() -> int:
    """Memory that this process could take, as far as the system tells: of the machine, or of the group it is confined to."""
    free = _meminfo("MemAvailable")
    for path in (f"/sys/fs/cgroup{_group()}/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        free = min(free, _number(path) or free)
    return free


def _group() -> str:
    """The control group of this process, as a folder below that of all; "" where there is none, or it is that of a container."""
    try:
        return next(
            x[3:].rstrip("/") for x in Path("/proc/self/cgroup").read_text().splitlines() if x.startswith("0::")
        )
    except (OSError, StopIteration):
        return ""


def _meminfo(name: str) -> int:
    """Bytes of a line of /proc/meminfo; where there is none, those of the machine, or very many."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _SHARE
    except (AttributeError, ValueError, OSError):
        return 1 << 62


def _number(path: str) -> int | None:
    """The number in a file; None where there is none, or no limit."""
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None
