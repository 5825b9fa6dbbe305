"""Zip archives, before they are trusted: how many members they list, and whether these lie in one another.

Reads the list at the archive's end, never a member. What is wrong comes back as a reason.
"""

from __future__ import annotations

import os
from typing import BinaryIO

from clusterer.io.feed_limits import over

_END, _END_64, _MEMBER = b"PK\x05\x06", b"PK\x06\x06", b"PK\x01\x02"
_TAIL = (1 << 16) + 22 + 20 + 56  # bytes: the longest comment, and what stands before it
_CHUNK = 1 << 20


def refused_archive(path: str, max_members: int) -> str:
    """Why an archive is not opened; "" where it may be. One that is damaged is left to whoever opens it.

    Args:
        path: of a zip archive.
        max_members: that it may have.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = _list_of_members(file, size)
        if start < 0:
            return ""
        file.seek(start)
        members = packed = 0
        held = b""
        while chunk := file.read(_CHUNK):
            held += chunk
            position, limit = 0, len(held) - 46 if len(chunk) == _CHUNK else len(held)
            while 0 <= (found := held.find(_MEMBER, position)) < limit:
                members += 1
                if members > max_members:
                    return over(f"an archive of more than {max_members:,} members", "members", max_members)
                packed += int.from_bytes(held[found + 20 : found + 24], "little") % 0xFFFFFFFF
                position = found + 46
            held = held[max(position, limit) :]
    if packed > size:
        return f"members of the archive lie in one another ({packed:,} bytes in a file of {size:,}); cure: leave it out"
    return ""


def _list_of_members(file: BinaryIO, size: int) -> int:
    """Where an archive's list begins; -1 where no end of it is found."""
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    end = tail.rfind(_END)
    if end < 0 or end + 20 > len(tail):
        return -1
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    before = size - len(tail) + end
    if (end_64 := tail.rfind(_END_64, 0, end)) >= 0 and end_64 + 48 <= len(tail):
        length = max(length % 0xFFFFFFFF, int.from_bytes(tail[end_64 + 40 : end_64 + 48], "little"))
        before = size - len(tail) + end_64
    return max(0, before - length)
