"""Packed messages between Spark's workers: keys and pairs, a row for each receiver and batch.

A message names its documents once, ascending, and refers to them by their place in it. Knows nothing of Spark.

Array letters: `d` documents, `e` entries, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.hashing import mix
from clusterer.arrays.indexing import run_starts
from clusterer.arrays.ragged import Ragged
from clusterer.lsh import bands, buckets
from clusterer.spark.arrow import (
    SHARED_BY,
    Batch,
    batch_of,
    messages,
    numbers,
    partition_by,
    ragged,
    renumbered,
    rows_of,
    shares,
    unsigned,
    whole,
)

CHUNK = 4096
"""Articles worked on at a time; their numbers fit below the bits of a key that buckets go by."""

KEYS = "to int, kind int, keys binary, docs binary, held binary"
PAIRS = "to int, kind int, docs binary, held binary, pairs binary, dropped long"
"""Pairs of documents, or of texts: 24 bits of the place of each among `docs`, ascending, and 16 of how often they met."""


def addressed(
    keys: NDArray[np.uint64], members: NDArray[np.int64], receivers: int
) -> Iterator[tuple[int, NDArray[np.uint64], NDArray[np.int64]]]:
    """Yield, for each receiver, the entries that are sent there, numbered anew, and what the new numbers stand for.

    Args:
        keys: uint64 (e,), the key of each entry.
        members: int64 (e,), the place in a batch of the holder of each key.
        receivers: how many there are.
    """
    entries = buckets.entries(keys, members, CHUNK)
    sorting.sort(entries, SHARED_BY)
    low = np.uint64((1 << int(CHUNK).bit_length()) - 1)
    for to, share in shares(entries, receivers):
        distinct, local = renumbered((share & low).astype(np.int64), CHUNK)
        yield to, (share & ~low) | local.astype(np.uint64), distinct


PAIR_KINDS = {"to": pa.int32(), "kind": pa.int32(), "docs": np.int64, "held": np.int32, "pairs": np.uint64,
              "dropped": pa.int64()}  # fmt: skip
CUT = 1
"""Kind of the row that counts pairs of texts that look like too many."""
_B, _A = np.uint64(16), np.uint64(40)
_PLACE, _TIMES = np.uint64((1 << 24) - 1), np.uint64((1 << 16) - 1)
_A_ROW = 1 << 17
"""Pairs that travel in one row: rows stay small, however many pairs a receiver gets."""


def sent(
    codes: NDArray[np.int64],
    times: NDArray[np.int64],
    docs: NDArray[np.int64],
    held: NDArray[np.int32],
    receivers: int,
    kind: int = 0,
    dropped: int = 0,
) -> list[dict[str, Any]]:
    """Return rows of `PAIRS` that carry pairs to where their second document is at home.

    Hubs, which are first documents, are homes of few pairs then, and nobody waits for them.

    Args:
        codes: int64 (m,), ascending, first * d + second place of each pair.
        times: int64 (m,), how often each pair met.
        docs: int64 (d,), the documents.
        held: int32 (d,), what the documents hold.
        receivers: number of homes.
        kind: of the keys that the pairs met by.
        dropped: how many pairs large buckets left out.
    """
    first, second = np.divmod(codes, max(len(docs), 1))
    home = (mix(unsigned(docs)) % np.uint64(receivers)).astype(np.uint32)
    rows: list[dict[str, Any]] = [{"to": 0, "kind": kind, "dropped": dropped}] if dropped else []
    for to, every in partition_by(home[second], receivers):
        for start in range(0, len(every), _A_ROW):
            part = every[start : start + _A_ROW]
            members, local = renumbered(np.concatenate([first[part], second[part]]), len(docs))
            a, b = local.astype(np.uint64).reshape(2, -1)
            pairs = a << _A | b << _B | np.minimum(times[part].astype(np.uint64), _TIMES)
            rows.append(
                {"to": to, "kind": kind, "docs": docs[members], "held": held[members], "pairs": pairs, "dropped": 0}
            )
    return rows


def merged(keys: Ragged, docs: Ragged, n: int) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Merge the entries of many messages into those of one.

    Args:
        keys: of each message the `lsh.buckets.entries` of its own numbers.
        docs: of each message its documents by number, ascending.
        n: the number that `lsh.buckets.entries` was given.

    Returns:
        Sorted entries, uint64 (e,), of the documents' new numbers; the documents, int64 (d,), ascending; and where each is
        found among those of the messages, int64 (d,).
    """
    low = np.uint64((1 << int(n).bit_length()) - 1)
    distinct, back, mention = together(docs)
    starts = np.repeat(docs.offsets[:-1], keys.counts)
    entries = buckets.entries(keys.values & ~low, back[(keys.values & low).astype(np.int64) + starts], len(distinct))
    sorting.sort(entries)
    return entries, distinct, mention


def together(docs: Ragged) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct documents of messages, and where they are mentioned.

    Args:
        docs: of each message its documents, ascending.

    Returns:
        The distinct documents, int64 (d,), ascending; the place among them of each mention; and for each document where it
        is mentioned, int64 (d,).
    """
    distinct = sorting.distinct(docs.values.copy())
    back = np.searchsorted(distinct, docs.values)
    mention = np.empty(len(distinct), dtype=np.int64)
    mention[back] = np.arange(len(back))
    return distinct, back, mention


def pairs_of(table: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Read the pairs of rows of `PAIRS`.

    Returns:
        The documents, int64 (d,), ascending; pairs of places among them, int64 (m, 2), each once, sorted; how often each
        pair met, int64 (m,); and what the documents hold, int64 (d,).
    """
    docs, pairs = ragged(table.column("docs"), np.int64), ragged(table.column("pairs"), np.uint64)
    distinct, back, mention = together(docs)
    held = ragged(table.column("held"), np.int32).values
    held = held[mention] if len(held) else np.zeros(len(distinct), dtype=np.int32)
    starts = np.repeat(docs.offsets[:-1], pairs.counts)
    a, b = (back[(pairs.values >> shift & _PLACE).astype(np.int64) + starts].astype(np.uint64) for shift in (_A, _B))
    codes = a << _A | b << _B | pairs.values & _TIMES
    sorting.sort(codes, 16)
    ends = codes >> _B
    new = run_starts(ends)
    times = np.add.reduceat((codes & _TIMES).astype(np.int64), new) if len(new) else np.zeros(0, dtype=np.int64)
    ends = ends[new]
    local = np.stack([ends >> np.uint64(24), ends & _PLACE], axis=1).astype(np.int64)
    return distinct, local, times, held.astype(np.int64)


def each_once(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`PAIRS` of one receiver, each pair once; of those of one second text at most `bands.MOST`, that met most often.

    How many that leaves out is a row of the kind `CUT`.
    """
    table = whole(batches)
    if table is None:
        return
    docs, pairs, times, _ = pairs_of(table)
    dropped, to = int(numbers(table.column("dropped")).sum()), table.column("to")[0].as_py()
    kept = bands.most_met(pairs @ np.array([max(len(docs), 1), 1]), pairs[:, 1], times, bands.MOST)
    if cut := len(pairs) - len(kept):
        yield messages([{"to": to, "kind": CUT, "dropped": cut}], PAIR_KINDS)
    yield _kept(pairs[kept], docs, to, dropped)


def _kept(pairs: NDArray[np.int64], docs: NDArray[np.int64], to: int, dropped: int) -> Batch:
    rows: list[dict[str, Any]] = [{"to": to, "kind": 0, "dropped": dropped}] if dropped else []
    for start in range(0, len(pairs), _A_ROW):
        members, local = renumbered(pairs[start : start + _A_ROW].T.ravel(), len(docs))
        a, b = local.astype(np.uint64).reshape(2, -1)
        rows.append(
            {"to": to, "kind": 0, "docs": docs[members], "pairs": a << _A | b << _B | np.uint64(1), "dropped": 0}
        )
    return messages(rows, PAIR_KINDS)


def needed(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Documents, and where pairs need them: rows of `doc long, to int`."""
    for batch in batches:
        docs, to = ragged(batch.column("docs"), np.int64), numbers(batch.column("to"), np.int32)
        for one in np.unique(to):  # a place's pairs may be in many rows
            members = sorting.distinct(rows_of(docs, np.flatnonzero(to == one)).values.copy())
            yield batch_of({"doc": members, "to": np.full(len(members), one, dtype=np.int32)})


def pairs_and_texts(batches: Iterable[Batch]) -> tuple[NDArray[np.int64], NDArray[np.int64], Any]:
    """Read rows of `PAIRS` and the rows of texts, those with a `doc`, that came with them.

    Returns:
        The documents, int64 (d,), ascending; pairs of places among them, int64 (m, 2), sorted; and the texts' rows in the
        order of the documents, None where there is no row.
    """
    table = whole(batches)
    nothing = np.zeros(0, dtype=np.int64)
    if table is None:
        return nothing, nothing.reshape(0, 2), None
    is_text = pa.compute.is_valid(table.column("doc"))
    docs, pairs, _, _ = pairs_of(table.filter(pa.compute.invert(is_text)))
    texts = table.filter(is_text)
    held, rows = np.unique(numbers(texts.column("doc"), np.int64), return_index=True)
    assert np.array_equal(held, docs)
    return docs, pairs, texts.take(pa.array(rows))
