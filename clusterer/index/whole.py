"""Whether a file is all of an index, or a copy that was made by hand without its log.

While an index is written, its latest batches stand in SQLite's log, `-wal` beside the file. Who copies the file alone gets an
older state, or half of one, and nothing in SQLite's own format tells. Therefore the counter `open` holds who the file is (its
inode) from the first write until it is closed: in a file of another inode it tells of a copy that was made meanwhile.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from zlib import crc32

from clusterer.errors import IndexDamaged


def identity(path: str) -> int:
    """Who a file is, 1 to 2**32 - 1: the same after a rename, another one for every copy. 0 where there is none."""
    try:
        return max(crc32(str(os.stat(path).st_ino).encode()), 1)
    except OSError:
        return 0


def refuse_part(path: str, has_log: bool, articles_only: bool) -> None:
    """Refuse a copy of a file that was being written, made without its log; warn where the log is there.

    Args:
        path: of a file that another one's `open` stands in.
        has_log: whether a log was beside it before SQLite opened it.
        articles_only: whether its articles are wanted as far as they are there: then it warns.

    Raises:
        IndexDamaged: batches that were acknowledged may be missing.
    """
    if not has_log and not articles_only:
        raise IndexDamaged(
            f"{path}: was copied by hand while it was being written, without {Path(path).name}-wal, where the latest batches"
            " stand; cure: clusterer index backup ORIGINAL COPY, or, where the original is gone, make a new index and merge"
            " this one into it, for what is there"
        )
    with_log = (
        " and completed from its -wal; whole if both were copied at one moment" if has_log else ", without its -wal"
    )
    warnings.warn(
        f"{path}: was copied by hand while it was being written{with_log}; cure: clusterer index backup makes whole copies",
        stacklevel=2,
    )
