"""Postings: sorted keys with the numbers of the documents that hold them, in segments of an index's file.

A key is 32 bits of a hash (a band, a sampled shingle, a line, ...), an entry is key and number in 64 bits. A segment is a
sorted array of entries, cut into pages; it is never changed. What is added becomes a new segment; segments of like size
are merged four by four, so there are few of them. One key is found by its page, many
keys by walking whole segments. What a key means is for the caller to know; two keys may fall together, so what is found
is a proposal.

With the entries a segment holds how many sampled keys each of its documents has, and how the document frequencies of
stems change by it.

Sources: Bentley and Saxe 1980, "Decomposable searching problems I: static-to-dynamic transformation" (the logarithmic
method); O'Neil et al. 1996, "The log-structured merge-tree".

Array letters: `e` entries, `q` keys looked for, `h` hits.
"""

from __future__ import annotations

from collections import OrderedDict
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import find_sorted, ragged_index
from clusterer.index.database import Store
from clusterer.index.segments import _NONE, _NUMBER, _SHIFT, PAGE, _hits, _merged, _read, _Segment, _summed
from clusterer.lsh import buckets

CACHE = 1 << 29
"""Bytes of segments that are kept in memory, once they were read whole: small ones, and those that a large batch needs."""
_TIER = 4  # segments of like size that become one: fewer rewrite more often, more are slower to look through
_SMALL = 1 << 24  # bytes of a segment that is read whole in any case
_WHOLE = 4  # a segment is read whole where one page in so many is needed


class Postings:
    """The segments of a store, and what the running transaction will add to them."""

    def __init__(self, store: Store, cap: int) -> None:
        """Of an open store; of a key `cap` + 1 numbers are kept in a segment."""
        self._store, self._most = store, cap + 1
        self._generation, self._lowest = -1, 0
        self._known: dict[int, _Segment] = {}
        self._segments: list[_Segment] = []
        self._whole: OrderedDict[int, NDArray[np.uint64]] = OrderedDict()
        self.forget()

    def forget(self, failed: bool = False) -> None:
        """Drop what was staged; where its transaction failed, also what was kept of segments, whose numbers others may
        take."""
        if failed:
            self._known, self._segments = {}, []
            self._whole.clear()
        self._staged: list[NDArray[np.uint64]] = []
        self._sorted: NDArray[np.uint64] | None = None
        self._held: dict[int, int] = {}
        self._changes: list[tuple[NDArray[np.uint32], NDArray[np.int32]]] = []
        self._generation = -1

    def refresh(self) -> None:
        """Look which segments there are. Inside a transaction, before anything else."""
        rows = self._store.rows("SELECT min(number) FROM article UNION ALL SELECT min(number) FROM document")
        self._lowest = min((number for (number,) in rows if number), default=0)
        generation = self._store.state["generation"]
        if generation == self._generation:
            return
        numbers = [number for (number,) in self._store.rows("SELECT number FROM segment ORDER BY number")]
        for row in self._store.among(
            "SELECT number, firsts, documents, stems FROM segment WHERE number IN {}",
            [number for number in numbers if number not in self._known],
        ):
            self._known[row[0]] = _read(*row)
        self._keep(numbers)
        self._generation = generation

    def _keep(self, numbers: list[int]) -> None:
        self._known = {number: self._known[number] for number in numbers}
        self._segments = [self._known[number] for number in numbers]
        for number in [number for number in self._whole if number not in self._known]:
            del self._whole[number]

    # looking up

    def find(
        self, keys: NDArray[np.uint64], cap: int | None = None, every: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Who holds some keys: int64 (h,) places in `keys` and int64 (h,) numbers, ascending; staged ones too.

        Args:
            keys: uint64 (q,) below 2**32, ascending, each once.
            cap: of a key that more numbers than this hold, only the first and last `lsh.HUBS` are given.
            every: give all that are kept.
        """
        if not len(keys):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        most = self._store.state["article"] + 1 if every else self._most
        cap = most if every else self._most - 1 if cap is None else cap
        found = [_hits(self._entries(segment, keys), keys, most) for segment in self._segments]
        if self._staged:
            found.append(_hits(self._staged_entries(), keys, most))
        found = [codes for codes in found if len(codes)]
        codes = found[0] if len(found) == 1 else sorting.distinct(np.concatenate([*found, _NONE]))
        if self._lowest:
            codes = codes[(codes & _NUMBER) >= self._lowest]  # what has expired is no hub
        which, numbers = (codes >> _SHIFT).astype(np.int64), (codes & _NUMBER).astype(np.int64)
        if len(which) > cap and (which[cap:] == which[:-cap]).any():
            sizes = np.bincount(which, minlength=len(keys))
            starts = np.cumsum(sizes) - sizes
            place, size = np.arange(len(which)) - starts[which], sizes[which]
            kept = (size <= cap) | (place < buckets.HUBS) | (place >= size - buckets.HUBS)
            which, numbers = which[kept], numbers[kept]
        return which, numbers

    def sampled(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many sampled keys each document has, int64 like `numbers`, which ascend; 0 for those not known."""
        out = np.zeros(len(numbers), dtype=np.int64)
        for segment in self._segments:
            position, found = find_sorted(segment.documents, numbers)
            out[found] = segment.held[position[found]]
        if self._held:
            staged = np.fromiter(self._held, dtype=np.int64)
            staged_held = np.fromiter(self._held.values(), dtype=np.int64)
            order = np.argsort(staged)
            position, found = find_sorted(staged[order], numbers)
            out[found] = staged_held[order][position[found]]
        return out

    def stem_counts(self, stems: NDArray[np.uint32]) -> NDArray[np.int64]:
        """How many texts hold each stem, int64 like `stems`."""
        out = np.zeros(len(stems), dtype=np.int64)
        kept = [(segment.stems, segment.changes) for segment in self._segments]
        for known, changes in [*kept, *self._changes]:
            position, found = find_sorted(known, stems)
            out[found] += changes[position[found]]
        return out

    def holds(self, keys: NDArray[np.uint64], numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each key leads to its number, or to so many that some are left out: bool (e,). Reads everything."""
        wanted, held = keys << _SHIFT | numbers.astype(np.uint64), np.zeros(len(keys), dtype=np.bool_)
        for segment in self._segments:
            whole = self._read_whole(segment)
            if len(whole):
                held |= find_sorted(whole, wanted)[1]
                low = np.searchsorted(whole, keys << _SHIFT)
                held |= np.searchsorted(whole, keys << _SHIFT | _NUMBER, side="right") - low >= self._most
        return held

    def all_stem_counts(self) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        """Every stem that a text holds, ascending, and how many hold it."""
        return _summed([*((s.stems, s.changes) for s in self._segments), *self._changes])

    def _entries(self, segment: _Segment, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Entries of a segment, ascending, among which are all that have one of the keys."""
        if not len(segment.firsts):
            return _NONE
        if (whole := self._whole.get(segment.number)) is not None:
            self._whole.move_to_end(segment.number)
            return whole
        first = np.maximum(np.searchsorted(segment.firsts, keys << _SHIFT, side="right") - 1, 0)
        last = np.searchsorted(segment.firsts, (keys + np.uint64(1)) << _SHIFT) - 1
        last = np.maximum(np.where(keys == _NUMBER, len(segment.firsts) - 1, last), first)
        pages = np.unique(ragged_index(np.stack([first, last + 1], axis=1).ravel(), 2 * np.arange(len(keys)))[0])
        size = 8 * segment.entries
        if size <= _SMALL or (size <= CACHE // 2 and len(pages) * _WHOLE >= len(segment.firsts)):
            whole = self._read_whole(segment)
            self._remember(segment.number, whole)
            return whole
        low, high = int(pages[0]), int(pages[-1]) + 1  # keys of a kind lie together: a range may be asked for as one
        if len(pages) * _WHOLE >= high - low:
            return self._read(segment, low, high)
        places = (segment.number << 32) + pages
        rows = self._store.among("SELECT entries FROM page WHERE place IN {} ORDER BY place", places)
        return np.frombuffer(b"".join([row[0] for row in rows]), dtype="<u8")

    def _read(self, segment: _Segment, low: int, high: int) -> NDArray[np.uint64]:
        """The entries of a range of pages."""
        first = segment.number << 32
        rows = self._store.rows(
            "SELECT entries FROM page WHERE place >= ? AND place < ? ORDER BY place", first + low, first + high
        )
        return np.frombuffer(b"".join([row[0] for row in rows]), dtype="<u8")

    def _read_whole(self, segment: _Segment) -> NDArray[np.uint64]:
        return self._read(segment, 0, len(segment.firsts))

    def _remember(self, number: int, whole: NDArray[np.uint64]) -> None:
        self._whole[number] = whole
        while len(self._whole) > 1 and sum(x.nbytes for x in self._whole.values()) > CACHE:
            self._whole.popitem(last=False)

    # adding

    def stage(self, keys: NDArray[np.uint64], numbers: NDArray[np.int64]) -> None:
        """Add entries: keys uint64 (e,) below 2**32, and who holds each. Found at once, stored by `flush`."""
        self._staged.append((keys << _SHIFT) | numbers.astype(np.uint64))
        self._sorted = None

    def stage_sampled(self, numbers: NDArray[np.int64], held: NDArray[np.int64]) -> None:
        """Say how many sampled keys new documents have."""
        self._held.update(zip(numbers.tolist(), held.tolist(), strict=True))

    def stage_stems(self, stems: NDArray[np.uint32], change: int) -> None:
        """Say that texts with these stems, each as often as texts hold it, have come (1) or gone (-1)."""
        distinct, times = np.unique(stems, return_counts=True)
        self._changes.append((distinct, (change * times).astype(np.int32)))

    def _staged_entries(self) -> NDArray[np.uint64]:
        if self._sorted is None:
            self._sorted = _merged(sorting.distinct(np.concatenate(self._staged)), _NONE, self._most)
            self._staged = [self._sorted]
        return self._sorted

    def flush(self, all_of_it: bool = False) -> None:
        """Store what was staged as a segment, merged with those of like size, or with all. Inside a write."""
        new = bool(self._staged or self._held or self._changes)
        if not new and not (all_of_it and self._segments):
            return
        entries = [self._staged_entries()] if self._staged else []
        count, merged = sum(map(len, entries)), list[_Segment]()
        while like := self._like(count, all_of_it):
            for segment in reversed(like):
                entries.append(self._whole.get(segment.number, _NONE))
                if not len(entries[-1]):
                    entries[-1] = self._read_whole(segment)
                count += len(entries[-1])
                merged.append(self._segments.pop())
        merged.reverse()
        documents = np.concatenate([*(s.documents for s in merged), np.fromiter(self._held, np.uint32)])
        held = np.concatenate([*(s.held for s in merged), np.minimum([*self._held.values()], 65535)]).astype(np.uint16)
        order = np.argsort(documents, kind="stable")
        documents, held = documents[order], held[order]
        last = np.append(documents[1:] != documents[:-1], True)[: len(documents)]  # a number made again: the newer one
        documents, held = documents[last], held[last]
        stems, changes = _summed([*((s.stems, s.changes) for s in merged), *self._changes])
        whole = _NONE
        for part in entries:  # the smallest first
            whole = _merged(whole, part, self._most)
        if merged and self._store.state["dead"]:
            alive = self._alive(whole)
            whole = whole[alive[(whole & _NUMBER).astype(np.int64)]]
            living = alive[documents]
            documents, held = documents[living], held[living]
        self._replace(merged, whole, documents, held, stems, changes)
        if all_of_it:
            self._store.state["dead"] = 0

    def _like(self, count: int, all_of_it: bool) -> list[_Segment]:
        """The last segments, where they are enough of like size to be merged with so many new entries."""
        if all_of_it:
            return self._segments[:]
        start = len(self._segments)
        while start and self._segments[start - 1].entries < _TIER * (count + PAGE):
            start -= 1
        return self._segments[start:] if len(self._segments) - start >= _TIER - 1 else []

    def _alive(self, entries: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """bool, by number: it is still that of an article or a document."""
        alive = np.zeros(self._store.state["article"] + 1, dtype=np.bool_)
        numbers = sorting.distinct(entries & _NUMBER)
        if len(numbers):
            low, high = int(numbers[0]), int(numbers[-1])
            for table in ("article", "document"):
                found = self._store.rows(f"SELECT number FROM {table} WHERE number BETWEEN ? AND ?", low, high)
                alive[[number for (number,) in found]] = True
        return alive

    def _replace(
        self,
        merged: list[_Segment],
        whole: NDArray[np.uint64],
        documents: NDArray[np.uint32],
        held: NDArray[np.uint16],
        stems: NDArray[np.uint32],
        changes: NDArray[np.int32],
    ) -> None:
        store = self._store
        for segment in merged:
            low = segment.number << 32
            store.write("DELETE FROM page WHERE place >= ? AND place < ?", low, low + (1 << 32))
            store.write("DELETE FROM segment WHERE number = ?", segment.number)
        # The generation numbers segments: it is never used again, so what readers keep of one stays true.
        segment = _Segment(store.next_generation, whole[::PAGE].copy(), documents, held, stems, changes)
        low, raw, step = segment.number << 32, whole.astype("<u8", copy=False).tobytes(), 8 * PAGE
        known = documents.astype("<u4").tobytes() + held.astype("<u2").tobytes()
        counted = stems.astype("<u4").tobytes() + changes.astype("<i4").tobytes()
        store.write_many(
            "INSERT INTO page VALUES (?, ?)",
            ((low + i, raw[i * step : (i + 1) * step]) for i in range(len(segment.firsts))),
        )
        store.write(
            "INSERT INTO segment VALUES (?, ?, ?, ?, ?)",
            segment.number,
            segment.firsts.astype("<u8").tobytes(),
            known,
            counted,
            crc32(counted, crc32(known, crc32(raw))),
        )
        self._known[segment.number] = segment
        self._keep([*(s.number for s in self._segments), segment.number])
        self._remember(segment.number, whole)
        self.forget()
        self._generation = store.next_generation

    def problems(self) -> list[str]:
        """What is wrong with the segments: empty where all is well. Reads them all."""
        out = []
        places: dict[int, list[tuple[int, int]]] = {}
        for place, size in self._store.rows("SELECT place, length(entries) FROM page"):
            places.setdefault(place >> 32, []).append((place & 0xFFFFFFFF, size))
        for segment in self._segments:
            whole = self._read_whole(segment)
            name = f"segment {segment.number}"
            if (whole[1:] <= whole[:-1]).any():
                out.append(f"{name}: entries do not ascend")
            if not np.array_equal(whole[::PAGE], segment.firsts):
                out.append(f"{name}: pages and their first entries differ")
            if len(places.pop(segment.number, [])) != len(segment.firsts):
                out.append(f"{name}: pages are missing")
            known, counted, crc = self._store.rows(
                "SELECT documents, stems, crc FROM segment WHERE number = ?", segment.number
            )[0]
            if crc32(counted, crc32(known, crc32(whole.tobytes()))) != crc:
                out.append(f"{name}: its checksum is another one")
        out.extend(f"pages of segment {number}, which is not there" for number in places)
        return out
