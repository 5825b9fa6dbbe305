"""Postings: which documents hold a key, in segments of an index's file.

What is added becomes a new segment; segments of like size are merged four by four, so there are few of them. One key is
found by its page, many keys by walking whole segments. What a key means is for `keys` to know; two keys may fall
together, so who holds one is a candidate.

Sources: Bentley and Saxe 1980, "Decomposable searching problems I: static-to-dynamic transformation" (the logarithmic
method); O'Neil et al. 1996, "The log-structured merge-tree".

Array letters: `e` entries, `q` keys looked for, `h` hits.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels, sorting
from clusterer.arrays.indexing import find_sorted, ragged_index, run_starts
from clusterer.index import segments
from clusterer.index.database import Database
from clusterer.index.segments import NONE, NUMBER, SHIFT, Segment
from clusterer.lsh import bands, buckets

CACHE = 1 << 29
"""Bytes of segments that are kept in memory, once they were read whole: small ones, and those that a large batch needs."""
_TIER = 4  # segments of like size that become one: fewer rewrite more often, more are slower to look through
_SMALL = 1 << 24  # bytes of a segment that is read whole in any case
_WHOLE = 4  # a segment is read whole where one page in so many is needed


class Postings:
    """The segments of a file, and what the running transaction will add to them."""

    def __init__(self, database: Database, cap: int) -> None:
        """Wrap an open file; nothing is read before `refresh`.

        Args:
            database: the file.
            cap: a segment keeps at most ``cap + 1`` document numbers per key.
        """
        self._database, self._most = database, cap + 1
        self._generation, self._lowest = -1, 0
        self._read: dict[int, Segment] = {}
        self._segments: list[Segment] = []
        self._whole: OrderedDict[int, NDArray[np.uint64]] = OrderedDict()
        self.forget()

    def forget(self, failed: bool = False) -> None:
        """Drop what was staged.

        Args:
            failed: the transaction failed; drop also what was kept of segments, whose numbers others may take.
        """
        if failed:
            self._read, self._segments = {}, []
            self._whole.clear()
        self._staged: list[NDArray[np.uint64]] = []
        self._in_order = 0  # how many of these are, the first one
        self._sampled: dict[int, int] = {}
        self._changes: list[tuple[NDArray[np.uint32], NDArray[np.int32]]] = []
        self._generation = -1

    def refresh(self) -> None:
        """Look which segments there are. Inside a transaction, before anything else."""
        rows = self._database.rows("SELECT min(number) FROM article UNION ALL SELECT min(number) FROM document")
        self._lowest = min((number for (number,) in rows if number), default=0)
        generation = self._database.state["generation"]
        if generation == self._generation:
            return
        numbers = [number for (number,) in self._database.rows("SELECT number FROM segment ORDER BY number")]
        new = [number for number in numbers if number not in self._read]
        self._read |= {segment.number: segment for segment in segments.read_segments(self._database, new)}
        self._keep(numbers)
        self._generation = generation

    def _keep(self, numbers: list[int]) -> None:
        """Forget all segments but these."""
        self._read = {number: self._read[number] for number in numbers}
        self._segments = [self._read[number] for number in numbers]
        for number in [number for number in self._whole if number not in self._read]:
            del self._whole[number]

    # looking up

    def find(
        self, keys: NDArray[np.uint64], cap: int | None = None, every: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Who holds some keys, staged ones too.

        Args:
            keys: uint64 (q,) below 2**32, ascending, each once.
            cap: of a key that more numbers than this hold, only the first and last `buckets.HUBS` are given.
            every: give all that are kept.

        Returns:
            int64 (h,) places in `keys` and int64 (h,) numbers, ascending.
        """
        if not len(keys):
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        most = self._database.state["article"] + 1 if every else self._most
        cap = most if every else self._most - 1 if cap is None else cap
        parts = [segments.hits(entries, keys, most) for entries in self._parts(keys)]
        parts = [part for part in parts if len(part)]
        codes = parts[0] if len(parts) == 1 else sorting.distinct(np.concatenate([*parts, NONE]))
        if self._lowest:
            codes = codes[(codes & NUMBER) >= self._lowest]  # what has expired is no hub
        which, numbers = (codes >> SHIFT).astype(np.int64), (codes & NUMBER).astype(np.int64)
        if len(which) > cap and (which[cap:] == which[:-cap]).any():
            sizes = np.bincount(which, minlength=len(keys))
            starts = np.cumsum(sizes) - sizes
            place, size = np.arange(len(which)) - starts[which], sizes[which]
            kept = (size <= cap) | (place < buckets.HUBS) | (place >= size - buckets.HUBS)
            which, numbers = which[kept], numbers[kept]
        return which, numbers

    def shared(
        self, codes: NDArray[np.uint64], own: NDArray[np.int64], cap: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Who shares keys with some rows, staged ones too, and how many.

        Args:
            codes: uint64 (e,), ascending, a key of a row above the row, 32 bits each.
            own: int64 (n,), the number of each row, with which it shares nothing; -1 for none.
            cap: as for `find`.

        Returns:
            int64 codes of a row above a number of 32 bits, ascending, and int64 how many keys both share.
        """
        keys = codes >> SHIFT
        parts = self._parts(keys[run_starts(keys)])
        return bands.with_counts(kernels.shared_keys(parts, codes, own, self._lowest, self._most, cap, buckets.HUBS))

    def _parts(self, keys: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
        """Entries, ascending in each part, among which are all that have one of some keys, ascending; staged ones last."""
        parts = [self._entries(segment, keys) for segment in self._segments] if len(keys) else []
        return [*parts, self._staged_entries()] if self._staged else parts

    def sampled(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many sampled keys each document has, int64 like `numbers`, which ascend; 0 for those not known."""
        out = np.zeros(len(numbers), dtype=np.int64)
        parts = [(segment.documents, segment.sampled) for segment in self._segments]
        if self._sampled:
            parts.append(self._staged_samples())
        for documents, counts in parts:
            place, inside = find_sorted(documents, numbers)
            out[inside] = counts[place[inside]]
        return out

    def stem_counts(self, stems: NDArray[np.uint32]) -> NDArray[np.int64]:
        """How many texts hold each stem, int64 like `stems`."""
        out = np.zeros(len(stems), dtype=np.int64)
        for some, changes in self._all_changes():
            place, inside = find_sorted(some, stems)
            out[inside] += changes[place[inside]]
        return out

    def all_stem_counts(self) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        """Every stem that a text holds, ascending, and how many hold it."""
        return segments.sum_stems(self._all_changes())

    def _all_changes(self) -> list[tuple[NDArray[np.uint32], NDArray[np.int32]]]:
        return [*((segment.stems, segment.changes) for segment in self._segments), *self._changes]

    def holds(self, keys: NDArray[np.uint64], numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each key leads to its number, or to so many that some are left out: bool (e,). Reads everything."""
        wanted, out = keys << SHIFT | numbers.astype(np.uint64), np.zeros(len(keys), dtype=np.bool_)
        for segment in self._segments:
            entries = segments.read_entries(self._database, segment)
            if len(entries):
                out |= find_sorted(entries, wanted)[1]
                low = np.searchsorted(entries, keys << SHIFT)
                out |= np.searchsorted(entries, keys << SHIFT | NUMBER, side="right") - low >= self._most
        return out

    def check(self) -> list[str]:
        """What is wrong with the segments, one line each; empty where all is well. Reads them all."""
        return segments.check_segments(self._database, self._segments)

    def _entries(self, segment: Segment, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Entries of a segment, ascending, among which are all that have one of the keys."""
        if not len(segment.firsts):
            return NONE
        if (whole := self._whole.get(segment.number)) is not None:
            self._whole.move_to_end(segment.number)
            return whole
        first = np.maximum(np.searchsorted(segment.firsts, keys << SHIFT, side="right") - 1, 0)
        last = np.searchsorted(segment.firsts, (keys + np.uint64(1)) << SHIFT) - 1
        last = np.maximum(np.where(keys == NUMBER, len(segment.firsts) - 1, last), first)
        pages = np.unique(ragged_index(np.stack([first, last + 1], axis=1).ravel(), 2 * np.arange(len(keys)))[0])
        size = 8 * segment.entries
        if size <= _SMALL or (size <= CACHE // 2 and len(pages) * _WHOLE >= len(segment.firsts)):
            whole = segments.read_entries(self._database, segment)
            self._remember(segment.number, whole)
            return whole
        low, high = int(pages[0]), int(pages[-1]) + 1  # keys of a kind lie together: a range may be asked for as one
        if len(pages) * _WHOLE >= high - low:
            return segments.read_entries(self._database, segment, low, high)
        return segments.read_pages(self._database, segment, pages)

    def _remember(self, number: int, whole: NDArray[np.uint64]) -> None:
        self._whole[number] = whole
        while len(self._whole) > 1 and sum(x.nbytes for x in self._whole.values()) > CACHE:
            self._whole.popitem(last=False)

    # adding

    def stage(self, keys: NDArray[np.uint64], numbers: NDArray[np.int64]) -> None:
        """Add entries, found at once and stored by `flush`.

        Args:
            keys: uint64 (e,) below 2**32.
            numbers: int64 (e,), who holds each.
        """
        self._staged.append((keys << SHIFT) | numbers.astype(np.uint64))

    def stage_sampled(self, numbers: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Say how many sampled keys new documents have."""
        self._sampled.update(zip(numbers.tolist(), counts.tolist(), strict=True))

    def stage_stems(self, stems: NDArray[np.uint32], change: int) -> None:
        """Say that texts with these stems, each as often as texts hold it, have come (1) or gone (-1)."""
        distinct, times = np.unique(stems, return_counts=True)
        self._changes.append((distinct, (change * times).astype(np.int32)))

    def _staged_entries(self) -> NDArray[np.uint64]:
        if len(self._staged) > self._in_order:
            first, *new = self._staged if self._in_order else (NONE, *self._staged)
            self._staged = [segments.merge_entries(first, sorting.distinct(np.concatenate(new)), self._most)]
            self._in_order = 1
        return self._staged[0]

    def _staged_samples(self) -> tuple[NDArray[np.uint32], NDArray[np.uint16]]:
        documents = np.fromiter(self._sampled, np.uint32)
        counts = np.minimum([*self._sampled.values()], 65535).astype(np.uint16)
        order = np.argsort(documents)
        return documents[order], counts[order]

    def flush(self, all_of_it: bool = False) -> None:
        """Store what was staged as a segment, merged with those of like size. Inside a write.

        Args:
            all_of_it: merge all segments into one.
        """
        new = bool(self._staged or self._sampled or self._changes)
        if not new and not (all_of_it and self._segments):
            return
        entries = [self._staged_entries()] if self._staged else []
        count, merged = sum(map(len, entries)), list[Segment]()
        while like := self._like(count, all_of_it):
            for segment in reversed(like):
                entries.append(self._whole.get(segment.number, NONE))
                if not len(entries[-1]):
                    entries[-1] = segments.read_entries(self._database, segment)
                count += len(entries[-1])
                merged.append(self._segments.pop())
        merged.reverse()
        documents, sampled = segments.latest_samples(
            [*((segment.documents, segment.sampled) for segment in merged), self._staged_samples()]
        )
        stems, changes = segments.sum_stems([*((s.stems, s.changes) for s in merged), *self._changes])
        whole = NONE
        for part in entries:  # the smallest first
            whole = segments.merge_entries(whole, part, self._most)
        if merged and self._database.state["dead"]:
            numbers = whole & NUMBER
            alive = _alive(self._database, numbers)
            whole, is_alive = whole[np.isin(numbers, alive)], np.isin(documents, alive)
            documents, sampled = documents[is_alive], sampled[is_alive]
        for segment in merged:
            segments.delete_segment(self._database, segment)
        stored = segments.write_segment(self._database, whole, documents, sampled, stems, changes)
        self._read[stored.number] = stored
        self._keep([*(segment.number for segment in self._segments), stored.number])
        self._remember(stored.number, whole)
        self.forget()
        self._generation = self._database.next_generation
        if all_of_it:
            self._database.state["dead"] = 0

    def _like(self, count: int, all_of_it: bool) -> list[Segment]:
        """The last segments, where they are enough of like size to be merged with so many new entries."""
        if all_of_it:
            return self._segments[:]
        start = len(self._segments)
        while start and self._segments[start - 1].entries < _TIER * (count + segments.PAGE):
            start -= 1
        return self._segments[start:] if len(self._segments) - start >= _TIER - 1 else []


def _alive(database: Database, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Those of the articles and documents between the least and the largest of some numbers, uint64."""
    if not len(numbers):
        return numbers
    rows = database.rows(
        "SELECT number FROM article WHERE number BETWEEN ?1 AND ?2 UNION SELECT number FROM document WHERE number BETWEEN"
        " ?1 AND ?2",
        int(numbers.min()),
        int(numbers.max()),
    )
    return np.array([number for (number,) in rows], dtype=np.uint64)
