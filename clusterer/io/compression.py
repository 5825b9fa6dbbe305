"""Chunks of bytes, unpacked: gzip, Zstandard, bzip2 and xz, up to where they are damaged.

Damage is a `TruncatedInput`, raised after all bytes that stand before it.
"""

from __future__ import annotations

import bz2
import contextlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any, BinaryIO, cast

from clusterer.io.rows import first_line

CHUNK = 1 << 18  # bytes read at once
HEAD = 1 << 18  # bytes looked at to detect format, encoding and dialect
MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}
PACKINGS = (".gz", ".zst", ".bz2", ".xz")
"""Endings of what is unpacked."""
_CLOSED = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x04\x22\x4d\x18": "packed with LZ4",
}
_WINDOW = 1 << 31  # bytes that a Zstandard frame may refer back to: all that the format allows on 64 bits


class TruncatedInput(Exception):
    """The bytes of an input end early or are damaged from here on.

    Attributes:
        line: the first line that is lost, where lines are read; else 0.
    """

    line = 0


def peek(chunks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """At least the first `size` bytes where there are as many, and the rest; damage is raised by the rest."""
    head: list[bytes] = []
    length = 0
    try:
        while length < size and (chunk := next(chunks, None)) is not None:
            head.append(chunk)
            length += len(chunk)
    except TruncatedInput as cut:
        return b"".join(head), _raising(cut)
    return b"".join(head), chunks


class ChunkReader(io.RawIOBase):
    """Chunks as a raw stream, for `io.BufferedReader` to cut into lines."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, memoryview(b"")

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the next bytes of one chunk; return their number, 0 at the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def cut_reason(cut: TruncatedInput) -> str:
    """The reason of the row in which the bytes of an input end, or are too many."""
    if "; cure: " in str(cut):
        return str(cut)
    return f"the file ends early or is damaged here ({cut}); rows before it are kept; cure: fetch the file again"


def read_chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of a stream as they become available."""
    read_available = cast(io.BufferedReader, stream).read1
    size = 1 << 14 if isinstance(stream, zipfile.ZipExtFile) else CHUNK  # it loses the piece whose checksum is wrong
    done = 0
    try:
        while chunk := read_available(size):
            done += len(chunk)
            yield chunk
    except (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        whole = getattr(stream, "_orig_file_size", None)  # of a member, as the archive's directory says
        raise TruncatedInput(first_line(error) + (_share_of(done, whole) if whole else "")) from None


def _share_of(done: int, whole: int) -> str:
    """How much of something that is cut off was there, where that is known."""
    return f"; {done:,} of {whole:,} bytes are there" if done < whole else ""


def packing_of(head: bytes) -> str:
    """How bytes are packed, by the first of them: "gz", "zst", "bz2", "xz", or "" for not at all.

    >>> packing_of(bz2.compress(b"x")), packing_of(b"BZh is no bzip2")
    ('bz2', '')
    """
    kind = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")
    return "" if kind == "bz2" and head[4:10] not in (b"1AY&SY", b"\x17rE8P\x90") else kind


def closed_archive(head: bytes) -> str:
    """What a packing that is not opened here is, in words; "" for all else."""
    if head[257:262] == b"ustar":
        return "a tar archive"
    return next((name for magic, name in _CLOSED.items() if head.startswith(magic)), "")


def inflated(chunks: Iterator[bytes], packing: str) -> Iterator[bytes]:
    """Unpack gzip, Zstandard, bzip2 or xz, one member after the other; damage comes after all that is readable."""
    if packing in ("bz2", "xz"):
        yield from _inflated_blocks(chunks, packing)
        return
    new: Callable[[], Any]
    if packing == "gz":
        new, damage, size = partial(zlib.decompressobj, 31), zlib.error, 1 << 14
    else:
        zstandard = import_module("zstandard")
        unpack = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        new, damage, size = unpack.decompressobj, zstandard.ZstdError, 1 << 9
    unpacker, inside_member = new(), False
    done, whole = 0, 0  # bytes of this member so far, and of all of it where its head says so
    for chunk in chunks:
        for start in range(0, len(chunk), size):  # small pieces: what comes out stays small
            piece, more = chunk[start : start + size], False
            while more or (
                piece and (inside_member or piece.strip(b"\0"))
            ):  # there may be padding after the last member
                before = unpacker.copy() if packing == "gz" else None
                if not before and not inside_member:
                    done, whole = 0, _content_size(piece)
                try:
                    out = unpacker.decompress(piece, CHUNK) if before else unpacker.decompress(piece)
                except damage as error:
                    if before:  # what is whole before the damage, byte by byte
                        with contextlib.suppress(damage):
                            for i in range(len(piece)):
                                if out := before.decompress(piece[i : i + 1]):
                                    yield out
                    raise TruncatedInput(f"damaged {packing} data: {first_line(error)}") from None
                done += len(out)
                for at in range(0, len(out), CHUNK):  # of Zstandard a few bytes may be many millions
                    yield out[at : at + CHUNK]
                if inside_member := not unpacker.eof:
                    piece, more = (unpacker.unconsumed_tail, len(out) == CHUNK) if before else (b"", False)
                else:
                    piece, more, unpacker = unpacker.unused_data, False, new()
    if inside_member:
        raise TruncatedInput(f"the {packing} data ends before its end mark" + (_share_of(done, whole) if whole else ""))


def _content_size(head: bytes) -> int:
    """Bytes that a frame of Zstandard unpacks to, as its head says; 0 where it does not."""
    zstandard = import_module("zstandard")
    try:
        size = int(zstandard.get_frame_parameters(head).content_size)
    except zstandard.ZstdError:
        return 0
    return 0 if size in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR) else size


def _inflated_blocks(chunks: Iterator[bytes], packing: str) -> Iterator[bytes]:
    """Unpack bzip2 or xz; a block that is damaged costs what follows."""
    new: Callable[[], Any] = bz2.BZ2Decompressor if packing == "bz2" else lzma.LZMADecompressor
    unpacker, inside = new(), False
    for chunk in chunks:
        piece = chunk
        while piece or (inside and not unpacker.needs_input):
            if not inside and not piece.strip(b"\0"):  # padding between streams
                break
            try:
                out = unpacker.decompress(piece, CHUNK)
            except (OSError, lzma.LZMAError, EOFError) as error:
                raise TruncatedInput(f"damaged {packing} data: {first_line(error)}") from None
            if out:
                yield out
            inside, piece = not unpacker.eof, b""
            if unpacker.eof:
                piece, unpacker = unpacker.unused_data, new()
    if inside:
        raise TruncatedInput(f"the {packing} data ends before its end mark")


def _raising(cut: TruncatedInput) -> Iterator[bytes]:
    raise cut
    yield b""  # makes this a generator
