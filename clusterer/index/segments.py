"""Segments: sorted arrays of entries in an index's file, cut into pages and never changed.

An entry is a key of 32 bits above the number of a document that holds it, in one uint64. With the entries a segment
holds how many sampled keys each of its documents has, and how the document frequencies of stems change by it. Which
segments there are, and when they are merged, is for `postings` to know.

Array letters: `e` entries, `q` keys looked for, `h` hits, `d` documents, `s` stems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import factorize
from clusterer.errors import IndexDamaged
from clusterer.index.database import Database
from clusterer.index.guards import damaged
from clusterer.lsh import buckets

PAGE = 504
"""Entries a page: with its row's head it fills one page of SQLite's."""
KEPT = 1 << 30
"""Keys below keep all their numbers, however many."""
SHIFT, NUMBER = np.uint64(32), np.uint64(0xFFFFFFFF)
"""How far an entry's key is shifted, and the bits of its number."""
NONE = np.zeros(0, dtype=np.uint64)
"""No entries."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment without its entries.

    Attributes:
        number: the generation of the write that made it; never used again.
        firsts: uint64, the first entry of each page.
        documents: uint32 (d,), ascending, the documents whose sampled keys were counted.
        sampled: uint16 (d,), how many sampled keys each has, at most 65,535.
        stems: uint32 (s,), ascending.
        changes: int32 (s,), how many more texts hold each stem by what the segment adds; negative for fewer.
    """

    number: int
    firsts: NDArray[np.uint64]
    documents: NDArray[np.uint32]
    sampled: NDArray[np.uint16]
    stems: NDArray[np.uint32]
    changes: NDArray[np.int32]

    @property
    def entries(self) -> int:
        """How many entries it has, rounded up to whole pages."""
        return len(self.firsts) * PAGE


# the file


def read_segments(database: Database, numbers: Sequence[int]) -> list[Segment]:
    """Segments by number, without their entries."""
    rows = database.blobs_among("SELECT number, firsts, documents, stems FROM segment WHERE number IN {}", numbers)
    return [_parse(database, *row) for row in rows]


def _parse(database: Database, number: int, firsts: bytes, documents: bytes, stems: bytes) -> Segment:
    """A segment of a row, refused where its arrays are not what `write_segment` writes: kernels take them on trust."""
    if len(firsts) % 8 or len(documents) % 6 or len(stems) % 8:
        raise damaged(database.path, f"arrays of segment {number} are cut")
    d, s = len(documents) // 6, len(stems) // 8
    segment = Segment(
        number,
        np.frombuffer(firsts, dtype="<u8"),
        np.frombuffer(documents, dtype="<u4", count=d),
        np.frombuffer(documents, dtype="<u2", offset=4 * d),
        np.frombuffer(stems, dtype="<u4", count=s),
        np.frombuffer(stems, dtype="<i4", offset=4 * s),
    )
    if not all(_ascends(x) for x in (segment.firsts, segment.documents, segment.stems)):
        raise damaged(database.path, f"numbers of segment {number} do not ascend")
    if d and int(segment.documents[-1]) > database.state["article"]:
        raise damaged(database.path, f"segment {number} names document {segment.documents[-1]}, which never was")
    return segment


def _ascends(values: NDArray[np.unsignedinteger[Any]]) -> bool:
    return bool((values[1:] > values[:-1]).all())


def read_entries(database: Database, segment: Segment, start: int = 0, stop: int | None = None) -> NDArray[np.uint64]:
    """The entries of pages `start` to `stop` of a segment, all of them by default: uint64 (e,), ascending."""
    place, stop = segment.number << 32, len(segment.firsts) if stop is None else stop
    rows = database.blobs(
        "SELECT entries FROM page WHERE place >= ? AND place < ? ORDER BY place", place + start, place + stop
    )
    return _joined(database, segment, segment.firsts[start:stop], rows)


def read_pages(database: Database, segment: Segment, pages: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The entries of some pages of a segment, given ascending: uint64 (e,), ascending."""
    rows = database.blobs_among(
        "SELECT entries FROM page WHERE place IN {} ORDER BY place", (segment.number << 32) + pages
    )
    return _joined(database, segment, segment.firsts[pages], rows)


def _joined(
    database: Database, segment: Segment, firsts: NDArray[np.uint64], rows: Sequence[tuple[bytes]]
) -> NDArray[np.uint64]:
    """The entries of pages, uint64 (e,), refused where they are not ascending pages that begin as the segment says."""
    pages = [page for (page,) in rows]
    sizes = {len(page) for page in pages[:-1]} | {8 * PAGE}
    if (
        len(pages) != len(firsts)
        or len(sizes) > 1
        or not all(0 < len(x) <= 8 * PAGE and len(x) % 8 == 0 for x in pages[-1:])
    ):
        raise damaged(database.path, f"pages of segment {segment.number} are missing or cut")
    entries = np.frombuffer(b"".join(pages), dtype="<u8")
    if not np.array_equal(entries[::PAGE], firsts) or not _ascends(entries):
        raise damaged(database.path, f"entries of segment {segment.number} do not ascend from page to page")
    return entries


def write_segment(
    database: Database,
    entries: NDArray[np.uint64],
    documents: NDArray[np.uint32],
    sampled: NDArray[np.uint16],
    stems: NDArray[np.uint32],
    changes: NDArray[np.int32],
) -> Segment:
    """Store a segment, inside a write; what each array is, `Segment` says.

    Its number is the generation, which is never used again, so what readers keep of a segment stays true.
    """
    segment = Segment(database.next_generation, entries[::PAGE].copy(), documents, sampled, stems, changes)
    place, raw, step = segment.number << 32, entries.astype("<u8", copy=False).view(np.uint8).data, 8 * PAGE
    document_bytes = documents.astype("<u4").tobytes() + sampled.astype("<u2").tobytes()
    stem_bytes = stems.astype("<u4").tobytes() + changes.astype("<i4").tobytes()
    database.write_many(
        "INSERT INTO page VALUES (?, ?)",
        ((place + i, raw[i * step : (i + 1) * step]) for i in range(len(segment.firsts))),
    )
    database.write(
        "INSERT INTO segment VALUES (?, ?, ?, ?, ?)",
        segment.number,
        segment.firsts.astype("<u8").tobytes(),
        document_bytes,
        stem_bytes,
        crc32(stem_bytes, crc32(document_bytes, crc32(raw))),
    )
    return segment


def delete_segment(database: Database, segment: Segment) -> None:
    """Take a segment and its pages away, inside a write."""
    place = segment.number << 32
    database.write("DELETE FROM page WHERE place >= ? AND place < ?", place, place + (1 << 32))
    database.write("DELETE FROM segment WHERE number = ?", segment.number)


def check_segments(database: Database, segments: Sequence[Segment]) -> list[str]:
    """What is wrong with the segments of a file, one line each; empty where all is well. Reads them all."""
    out = []
    places: dict[int, list[int]] = {}
    for (place,) in database.rows("SELECT place FROM page"):
        places.setdefault(place >> 32, []).append(place)
    for segment in segments:
        name = f"segment {segment.number}"
        if len(places.pop(segment.number, [])) != len(segment.firsts):
            out.append(f"{name}: pages are missing, or too many")
            continue
        try:
            entries = read_entries(database, segment)
        except IndexDamaged as error:
            out.append(str(error))
            continue
        if len(entries) and int((entries & NUMBER).max()) > database.state["article"]:
            out.append(f"{name}: names a document that never was")
        documents, stems, crc = database.rows(
            "SELECT documents, stems, crc FROM segment WHERE number = ?", segment.number
        )[0]
        if crc32(stems, crc32(documents, crc32(entries.tobytes()))) != crc:
            out.append(f"{name}: its checksum is another one")
    out.extend(f"pages of segment {number}, which is not there" for number in places)
    return out


# arrays


def hits(entries: NDArray[np.uint64], keys: NDArray[np.uint64], most: int) -> NDArray[np.uint64]:
    """The entries of some keys, uint64 (h,): the key's place in `keys` above the number.

    Args:
        entries: uint64 (e,), ascending.
        keys: uint64 (q,), ascending, each once.
        most: how many are given of a key, the last ones.
    """
    starts, counts = np.empty((2, len(keys)), dtype=np.int64)
    kernels.bucket_bounds(entries, np.ascontiguousarray(keys), most, starts, counts)
    place = np.flatnonzero(counts)
    if not len(place):
        return NONE
    starts, counts = starts[place], counts[place]
    before = np.cumsum(counts) - counts
    codes = entries[np.repeat(starts - before, counts) + np.arange(int(before[-1] + counts[-1]))] & NUMBER
    codes |= np.repeat(place.astype(np.uint64) << SHIFT, counts)
    return codes


def merge_entries(a: NDArray[np.uint64], b: NDArray[np.uint64], most: int) -> NDArray[np.uint64]:
    """The entries of two ascending arrays, uint64 (e,), ascending, each once.

    Of every key from `KEPT` on `most` are kept: the first `buckets.HUBS`, so that who comes later meets the same ones,
    and the last, which stay longest.
    """
    out = np.empty(len(a) + len(b), dtype=np.uint64)
    count = kernels.merge_entries(a, b, buckets.HUBS, most, KEPT << 32, out)
    return out[:count]


def sum_stems(
    parts: Sequence[tuple[NDArray[np.uint32], NDArray[np.int32]]],
) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Stems and their changes of several segments as one; stems that no text holds any more are left out."""
    if not parts:
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int32)
    stems, inverse = factorize(np.concatenate([s for s, _ in parts]))
    sums = np.bincount(inverse, weights=np.concatenate([c for _, c in parts]), minlength=len(stems)).astype(np.int32)
    return stems[sums != 0], sums[sums != 0]


def latest_samples(
    parts: Sequence[tuple[NDArray[np.uint32], NDArray[np.uint16]]],
) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
    """Documents, ascending, and their sampled keys, of several segments in order; of a number made again the newer one."""
    documents = np.concatenate([d for d, _ in parts])
    sampled = np.concatenate([c for _, c in parts])
    order = np.argsort(documents, kind="stable")
    documents, sampled = documents[order], sampled[order]
    last = np.append(documents[1:] != documents[:-1], True)[: len(documents)]
    return documents[last], sampled[last]
