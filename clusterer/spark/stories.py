"""What Spark's workers do at the story level, and the last stage: Arrow batches through the kernels of the package.

As `copies` of this wing: functions of one partition's batches. What a feed knows of stems (how many texts hold one) is
counted where all holders of a stem meet, and goes back to each home: the partition that wrote a text. A text then carries
the counts of its stems, and can be compared anywhere.

Array letters: `n` texts, `e` keys, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import factorize, offsets_from_counts, run_starts
from clusterer.arrays.ragged import Growing, Ragged
from clusterer.lsh import bands as lsh_bands
from clusterer.settings import Settings
from clusterer.spark.arrow import (
    Batch,
    batch_of,
    cells,
    messages,
    numbers,
    ragged,
    rows_of,
    shares,
    whole,
)
from clusterer.spark.copies import names_of, span
from clusterer.spark.messages import PAIR_KINDS, pairs_and_texts, sent
from clusterer.stories import candidates, clustering, model, term_weights
from clusterer.stories.features import FEATURES
from clusterer.stories.follow_ups import earlier_stories
from clusterer.stories.linkage import link_texts
from clusterer.stories.texts import telling_stems

GROUPED = "text long, key long, title binary, first double, last double, outlets array<string>"
"""A copy group as one text, by its centre: the article that carries its words, the rest of all its articles."""
KNOWLEDGE = "to int, home int, stems binary, counts binary"
WEIGHED = (
    "text long, stems binary, title binary, first double, last double, outlets array<string>, counts binary,"
    " slots binary, lead binary, near binary"
)
"""A text with what the feed knows of it: of each of its stems, ascending, how many texts hold it; its signature; the
`short_leads`."""
SLOTS = "to int, docs binary, first binary, last binary, slots binary"
"""Signatures of a batch's texts with their dates, for where some bands of all meet."""
ALIKE = "a long, b long, score double, features binary"
STORY_OF = "text long, story long"
FOLLOWS = "story long, follows long"

_HIGH = np.uint64(32)


def texts(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`GROUPED` of all documents of some copy groups: rows of text, doc, holder, title, first, last, outlets."""
    table = whole(batches)
    if table is None:
        return
    text, doc = numbers(table.column("text")), numbers(table.column("doc"))
    order = np.lexsort((doc, text))
    text = text[order]
    starts = run_starts(text)
    table = table.take(pa.array(order))
    longest = table.take(pa.array(starts))
    first, last = span(numbers(table.column("first")), numbers(table.column("last")), starts)
    outlets = table.column("outlets")
    rows = pa.compute.list_parent_indices(outlets).to_numpy(zero_copy_only=False).astype(np.int64)
    yield batch_of(
        {
            "text": text[starts], "key": longest.column("holder"), "title": longest.column("title"), "first": first,
            "last": last, "outlets": names_of(pa.compute.list_flatten(outlets), rows, starts),
        }
    )  # fmt: skip


def telling(batches: Iterable[Batch], least: int) -> Iterator[Batch]:
    """Return `GROUPED` with "stems binary", of rows that also have `size`.

    Stems and titles as `stories.texts.telling_stems` leaves them; of texts of fewer than `least` words none.
    """
    for batch in batches:
        short = numbers(batch.column("size")) < least
        columns = {name: batch.column(name) for name in batch.schema.names if name != "size"}
        for name in ("title", "stems"):
            kept = telling_stems(ragged(columns[name], np.uint32), short)
            columns[name] = cells(kept.values, kept.offsets)
        yield batch_of(columns)


def send_stems(batches: Iterable[Batch], receivers: int) -> Iterator[Batch]:
    """`KNOWLEDGE` of texts: of each home's stems in how many of its texts they are, for where all homes' meet."""
    kinds = {"to": pa.int32(), "home": pa.int32(), "stems": np.uint32, "counts": np.uint32}
    for batch in batches:
        homes = numbers(batch.column("home"))
        for home in np.unique(homes).tolist():
            part = batch.take(pa.array(np.flatnonzero(homes == home)))
            bodies, titles = ragged(part.column("stems"), np.uint32), ragged(part.column("title"), np.uint32)
            distinct, counts = term_weights.frequencies(bodies, titles)
            stems = distinct.astype(np.uint64) << _HIGH
            rows_sent: list[dict[str, Any]] = [
                {"to": to, "home": home, "stems": share >> _HIGH, "counts": counts[np.searchsorted(stems, share)]}
                for to, share in shares(stems, receivers)
            ]
            if rows_sent:
                yield messages(rows_sent, kinds)


def _distinct(bodies: Ragged, titles: Ragged) -> Ragged:
    """The distinct stems of each text and its title, uint32, ascending."""
    keys = [one.rows.astype(np.uint64) << np.uint64(32) | one.values.astype(np.uint64) for one in (bodies, titles)]
    found = sorting.distinct(np.concatenate(keys))
    rows = (found >> np.uint64(32)).astype(np.int64)
    return Ragged(found.astype(np.uint32), np.searchsorted(rows, np.arange(len(bodies) + 1)))


def count_stems(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Send the knowledge back to the homes, `to` and `home` alike: in how many texts each stem is."""
    kinds = {"to": pa.int32(), "home": pa.int32(), "stems": np.uint32, "counts": np.uint32}
    table = whole(batches)
    if table is None:
        return
    made: list[dict[str, Any]] = []
    home, stems = numbers(table.column("home")), ragged(table.column("stems"), np.uint32)
    counts = ragged(table.column("counts"), np.uint32).values
    both = stems.values.astype(np.uint64) << _HIGH | counts.astype(np.uint64)
    sorting.sort(both, 32)
    distinct = (both >> _HIGH).astype(np.uint32)
    new = run_starts(distinct)
    total = np.add.reduceat(both & np.uint64(2**32 - 1), new).astype(np.uint32) if len(new) else counts
    distinct = distinct[new]
    for one in np.unique(home).tolist():
        positions = np.flatnonzero(home == one)
        held = sorting.distinct(rows_of(stems, positions).values.astype(np.uint64)).astype(np.uint32)
        made.append({"to": one, "home": one, "stems": held, "counts": total[np.searchsorted(distinct, held)]})
    if made:
        yield messages(made, kinds)


def weigh(batches: Iterable[Batch], settings: Settings, texts: int) -> Iterator[Batch]:
    """The texts of a home and what came back to it, to `WEIGHED`. A feed of so many texts."""
    table = whole(batches)
    if table is None:
        return
    texts_here = table.filter(pa.compute.is_valid(table.column("text")))
    knowledge = table.filter(pa.compute.is_null(table.column("text")))
    if not texts_here.num_rows:
        return
    stems, counts = (ragged(knowledge.column(name), np.uint32).values for name in ("stems", "counts"))
    bodies, titles = ragged(texts_here.column("stems"), np.uint32), ragged(texts_here.column("title"), np.uint32)
    feed = _feed(texts, stems, counts)
    salient = term_weights.weight_terms(bodies, titles, 1, feed)
    slots = candidates.story_slots(salient, settings)
    held = feed.counts(salient.stems).astype(np.uint32)[salient.columns]
    given = {name: texts_here.column(name) for name in ("text", "stems", "title", "first", "last", "outlets")}
    width = slots.shape[1]
    leads, weights = short_leads(*salient.leads())
    yield batch_of(
        {
            **given,
            "counts": cells(held, salient.offsets),
            "slots": cells(slots.ravel(), np.arange(len(slots) + 1) * width),
            "lead": cells(leads.values, leads.offsets),
            "near": cells(weights, leads.offsets),
        }
    )


def short_leads(leads: Ragged, weights: NDArray[np.float32]) -> tuple[Ragged, NDArray[np.float16]]:
    """Return leads in half the bytes, for a look that may err on the side of likeness only.

    Of stems the upper 16 bits are kept; stems that then are one weigh as much as all of them; weights are rounded up.

    Args:
        leads, weights: as `TermWeights.leads` returns them.
    """
    short, rows = (leads.values >> np.uint32(16)).astype(np.uint16), leads.rows
    new = run_starts(short, rows)
    sums = np.add.reduceat(weights, new) if len(new) else weights
    rounded = sums.astype(np.float16)
    rounded = np.where(rounded < sums, np.nextafter(rounded, np.float16(np.inf)), rounded)
    return Ragged(short[new], np.searchsorted(new, leads.offsets)), rounded


def _feed(texts: int, stems: NDArray[np.uint32], counts: NDArray[np.uint32]) -> term_weights.DocumentFrequencies:
    """A feed of which the counts of some stems are known, each perhaps several times."""
    both = stems.astype(np.uint64) << _HIGH | counts.astype(np.uint64)
    both = sorting.distinct(both)
    distinct, known = (both >> _HIGH).astype(np.uint32), (both & np.uint64(2**32 - 1)).astype(np.int64)

    def look_up(wanted: NDArray[np.uint32]) -> NDArray[np.int64]:
        return known[np.searchsorted(distinct, wanted)]

    return term_weights.DocumentFrequencies(texts, look_up)


@dataclass(frozen=True, slots=True)
class Places:
    """Where signatures meet: each place looks at the bands of a group, and of these at the keys of a range.

    Attributes:
        groups: bands are dealt out to.
        ranges: keys of a band are split into.
    """

    groups: int
    ranges: int

    def __len__(self) -> int:
        """Return how many places there are."""
        return self.groups * self.ranges

    def bands(self, to: int, slots: NDArray[np.uint16]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """The bands that place `to` looks at, by their first slot, and which of n signatures, uint16 (n, k), take part."""
        group, part = divmod(to, self.ranges)
        for slot in self._bands(group, slots.shape[1]):
            yield slot, np.flatnonzero(self._part(slots[:, slot]) == part)

    def of_group(self, group: int, slots: NDArray[np.uint16]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """The places that look at the bands of a group, and which of n signatures, uint16 (n, k), each needs for that."""
        n = len(slots)
        if self.ranges == 1:
            yield group, np.arange(n)
            return
        part = self._part(slots[:, list(self._bands(group, slots.shape[1]))]).astype(np.int64)
        parts, rows = np.divmod(np.unique(part * n + np.arange(n)[:, None]), max(n, 1))
        ends = np.searchsorted(parts, np.arange(self.ranges + 1))
        for part_of in np.flatnonzero(np.diff(ends)).tolist():
            yield group * self.ranges + part_of, rows[ends[part_of] : ends[part_of + 1]]

    def _bands(self, group: int, k: int) -> range:
        return range(group, k - candidates.STORY_ROWS + 1, self.groups)

    def _part(self, first: NDArray[np.uint16]) -> NDArray[np.uint32]:
        """The range that a key is of, by its first slot."""
        part: NDArray[np.uint32] = first.astype(np.uint32) * np.uint32(self.ranges) >> np.uint32(16)
        return part


def send_slots(batches: Iterable[Batch], places: Places) -> Iterator[Batch]:
    """`SLOTS` of texts, for each place that looks at one of their bands."""
    kinds = {"to": pa.int32(), "docs": np.int64, "first": np.float64, "last": np.float64, "slots": np.uint16}
    for batch in batches:
        texts, slots = numbers(batch.column("text")), _slots(batch)
        filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
        texts, slots = numbers(batch.column("text"))[filled], slots[filled]
        first, last = (numbers(batch.column(name), np.float64)[filled] for name in ("first", "last"))
        rows_sent = [
            {"to": to, "docs": texts[rows], "first": first[rows], "last": last[rows], "slots": slots[rows].ravel()}
            for group in range(places.groups if len(texts) else 0)
            for to, rows in places.of_group(group, slots)
        ]
        if rows_sent:
            yield messages(rows_sent, kinds)


def _slots(batch: Batch) -> NDArray[np.uint16]:
    found: NDArray[np.uint16] = ragged(batch.column("slots"), np.uint16).values.reshape(batch.num_rows, -1)
    return found


def leads_met(batches: Iterable[Batch], settings: Settings, places: Places, receivers: int) -> Iterator[Batch]:
    """`PAIRS`: texts that share a band and enough slots, packed for where all meetings of a pair come together."""
    cap, k = candidates.story_cap(settings), settings.story_slots
    kinds = {"docs": np.int64, "first": np.float64, "last": np.float64, "slots": np.uint16}
    held: dict[int, Signatures] = {}
    for batch in batches:
        to = numbers(batch.column("to"))
        columns = [ragged(batch.column(name), kind) for name, kind in kinds.items()]
        for message, place in enumerate(to.tolist()):
            docs, first, last, part = (x.values[x.offsets[message] : x.offsets[message + 1]] for x in columns)
            held.setdefault(place, Signatures(k)).append(docs, first, last, part.reshape(-1, k))
    for place in sorted(held):
        texts, first, last, slots = held.pop(place).ascending()
        likeness = candidates.story_likeness(first, last, settings)
        order = lsh_bands.in_order_of_time(slots, likeness)
        likeness = likeness.take(order)
        found, dropped = Growing(np.int64), 0
        for slot, rows in places.bands(place, slots):
            of_band = lsh_bands.pairs_of_band(slots, rows, slot, candidates.STORY_ROWS, cap, likeness)
            found.append(of_band.codes)
            dropped += of_band.dropped
        del slots  # by far the most of what is held
        codes, times = lsh_bands.with_counts(lsh_bands.original_codes(found.array(), order))
        yield from _sent(codes, times, texts, receivers, dropped)


class Signatures:
    """Signatures of texts, put together without being held twice: the largest thing that a worker holds."""

    def __init__(self, k: int) -> None:
        """None yet, of k slots."""
        self._texts: list[NDArray[np.int64]] = []
        self._spans: list[NDArray[np.float64]] = []
        self._slots = np.empty((0, k), dtype=np.uint16)

    def append(
        self,
        texts: NDArray[np.int64],
        first: NDArray[np.float64],
        last: NDArray[np.float64],
        slots: NDArray[np.uint16],
    ) -> None:
        """Those of more texts."""
        n, k = self._slots.shape
        self._texts.append(texts.copy())  # not a view, which would keep all that came with it
        self._spans.append(np.stack([first, last]))
        self._slots.resize((n + len(slots), k), refcheck=False)  # large arrays grow where they are
        self._slots[n:] = slots

    def ascending(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.uint16]]:
        """Return the texts in ascending order, with their dates and signatures.

        Returns:
            int64 (n,), ascending; float64 (n,) twice, first and last date; uint16 (n, k), put in that order where they are.
        """
        texts = np.concatenate(self._texts)
        order = np.argsort(texts, kind="stable")
        for start in range(0, self._slots.shape[1], _MOVED):
            self._slots[:, start : start + _MOVED] = self._slots[order, start : start + _MOVED]
        first, last = np.concatenate(self._spans, axis=1)[:, order]
        return texts[order], first, last, self._slots


_MOVED = 16  # slots of all texts, at a time


def _sent(
    codes: NDArray[np.int64], times: NDArray[np.int64], texts: NDArray[np.int64], receivers: int, dropped: int = 0
) -> Iterator[Batch]:
    if rows := sent(codes, times, texts, np.zeros(len(texts), dtype=np.int32), receivers, 0, dropped):
        yield messages(rows, PAIR_KINDS)


def near(batches: Iterable[Batch], settings: Settings, receivers: int) -> Iterator[Batch]:
    """`PAIRS`: of pairs those whose leads and dates, in rows with a `doc`, are near each other."""
    texts, pairs, held = pairs_and_texts(batches)
    if not len(pairs):
        return
    leads, weights = ragged(held.column("lead"), np.uint16), ragged(held.column("near"), np.float16).values
    first, last = (numbers(held.column(name), np.float64) for name in ("first", "last"))
    scorer = model.model_of(settings)
    kept = candidates.prefilter_by_lead(leads, weights.astype(np.float32), pairs, first, last, scorer)
    yield from _sent(kept @ np.array([len(texts), 1]), np.ones(len(kept), dtype=np.int64), texts, receivers)


def compare(batches: Iterable[Batch], settings: Settings, texts: int) -> Iterator[Batch]:
    """`ALIKE`: of pairs those with more than a trace of likeness, by `WEIGHED` rows with a `doc`."""
    names, pairs, held = pairs_and_texts(batches)
    if not len(pairs):
        return
    bodies, titles = ragged(held.column("stems"), np.uint32), ragged(held.column("title"), np.uint32)
    counts = ragged(held.column("counts"), np.uint32).values
    salient = term_weights.weight_terms(bodies, titles, 1, _feed(texts, _distinct(bodies, titles).values, counts))
    first, last = (numbers(held.column(name), np.float64) for name in ("first", "last"))
    numbered: dict[str, int] = {}
    printed = [
        sorted(numbered.setdefault(name, len(numbered)) for name in row or ())
        for row in held.column("outlets").to_pylist()
    ]
    offsets = offsets_from_counts([len(row) for row in printed])
    outlets = Ragged(np.array([x for row in printed for x in row], dtype=np.uint32), offsets)
    scorer = model.model_of(settings)
    for start in range(0, len(pairs), _BLOCK):
        block = candidates.prefilter_pairs(salient, pairs[start : start + _BLOCK], first, last, scorer)
        found, score, features = clustering.score_pairs(salient, block, outlets, first, last, scorer)
        width = features.shape[1]
        yield batch_of(
            {
                "a": names[found[:, 0]], "b": names[found[:, 1]], "score": score,
                "features": cells(features.ravel(), np.arange(len(features) + 1) * width),
            }
        )  # fmt: skip


_BLOCK = 1 << 14  # pairs compared at a time


def stories(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`STORY_OF`: the story of each text of whole components, by its first text."""
    table = whole(batches)
    if table is None:
        return
    a, b = numbers(table.column("a")), numbers(table.column("b"))
    order = np.lexsort((b, a))
    texts, local = factorize(np.stack([a, b], axis=1)[order])
    score = numbers(table.column("score"))[order]
    story = link_texts(local, score, len(texts), settings.story)
    yield batch_of({"text": texts, "story": texts[story]})


def follow_ups(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`FOLLOWS`: of pairs of texts in two stories, all those of a later story, which earlier one it goes on with.

    Rows of a_story, b_story, a_begun, b_begun, features. A story stands for its texts here: when it began is known.
    """
    table = whole(batches)
    if table is None:
        return
    stories, pairs = factorize(np.stack([numbers(table.column(f"{end}_story")) for end in "ab"], axis=1))
    begun = np.empty(len(stories))
    for end, column in enumerate(("a_begun", "b_begun")):
        begun[pairs[:, end]] = numbers(table.column(column), np.float64)
    features = ragged(table.column("features"), np.float32).values.reshape(-1, len(FEATURES))
    found = stories[earlier_stories(pairs, features, np.arange(len(stories)), begun, model.model_of(settings))]
    yield batch_of({"story": found[:, 0], "follows": found[:, 1]})
