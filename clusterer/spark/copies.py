"""What Spark's workers do at the copy level: Arrow batches through the kernels of the package.

Each function takes the batches of one partition and gives batches; which rows meet in a partition, `stages` decides.
A document is known by a code of its length and the hash of its words that sorts as documents are numbered locally:
longest first, ties by hash. So hubs, centres and ties fall alike, and nobody has to count documents through.

Keys travel packed, a row for each receiver and batch: a key that half of the feed holds costs its holders' numbers, no
rows, and is no task of its own.

Array letters: `n` articles, `d` documents, `e` keys, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import factorize, run_starts
from clusterer.assignments import AGENCIES
from clusterer.copies import grouping, verify
from clusterer.copies.documents import Documents
from clusterer.copies.facts import Differences
from clusterer.copies.verify import Links, Overlap
from clusterer.lsh import buckets
from clusterer.lsh.samples import SLACK
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, messages, numbers, of_kind, ragged, whole
from clusterer.spark.articles import unpacked
from clusterer.spark.messages import CHUNK, PAIR_KINDS, _kept, addressed, merged, pairs_and_texts, pairs_of, sent

ARTICLE = "struct<id: string, outlet: string, date: double>"
_SHARED = {
    **dict.fromkeys(("shared", "smaller", "larger"), np.int64),
    **dict.fromkeys(("opening", "own_opening"), np.float64),
}
"""What a pair shares, as in `verify.Overlap`."""
_DIFFERING = dict.fromkeys((f.name for f in fields(Differences)), np.int64)
"""What it differs in, as in `facts.Differences`."""
_MEASURES = ", ".join(
    f"{name} {'long' if kind is np.int64 else 'double'}" for name, kind in {**_SHARED, **_DIFFERING}.items()
)
LINKS = f"a long, b long, {_MEASURES}, ties boolean"
"""A verified pair; whether it may tie documents, whoever printed them."""
DOCUMENTS = (
    f"doc long, holder long, lead {ARTICLE}, earliest {ARTICLE}, printed {ARTICLE}, title binary, first double,"
    " last double, outlets array<string>, mixed boolean"
)
"""A distinct text: the article that carries its words, the one that stands for it, the earliest one and its title, who
printed it first, its dates and outlets; whether two texts have its code. (A day alone ends the day among the earliest,
and begins it among those who printed.)"""
GROUPS = f"part int, doc long, centre long, a long, b long, {_MEASURES}, kind int"
"""What grouping found, by `part`: `CENTRED` documents with the first one of their group, `NEAR` pairs of documents of one
group, links by their `kind` or none, `FILLED` pairs of groups that are one form, filled twice."""
CENTRED, NEAR, FILLED = range(3)

_BANDED, _SAMPLED = 0, 1


def documents(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`DOCUMENTS` of all articles of some documents: rows of key, id, outlet, date, moment, hash, doc, title, carries."""
    table = whole(batches)
    if table is None:
        return
    known = pa.compute.is_in(table.column("outlet"), pa.array(sorted(AGENCIES)))
    table = table.append_column("other", pa.compute.invert(known))
    order, starts = _grouped(table, "doc", "moment", "id")
    preferred, _ = _grouped(table, "doc", "other", "moment", "id")
    key, date, code = (numbers(table.column(name))[order] for name in ("key", "date", "hash"))
    carries = numbers(table.column("carries"))[order]
    holder = np.minimum.reduceat(np.where(carries, key, np.iinfo(np.int64).max), starts)
    first, last = span(date, date, starts)
    printed, _ = _grouped(table, "doc", "date", "id")
    lead, earliest, printer = (table.take(pa.array(rows[starts])) for rows in (preferred, order, printed))
    outlets = names_of(table.column("outlet").take(pa.array(order)), np.arange(len(order)), starts)
    yield batch_of(
        {
            "doc": earliest.column("doc"), "holder": holder, "lead": _article(lead), "earliest": _article(earliest),
            "printed": _article(printer), "title": earliest.column("title"), "first": first, "last": last,
            "outlets": outlets,
            "mixed": np.minimum.reduceat(code, starts) != np.maximum.reduceat(code, starts),
        }
    )  # fmt: skip


def _grouped(table: Any, *columns: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of rows by columns, and where in it another value of the first one begins."""
    order = pa.compute.sort_indices(table, [(name, "ascending") for name in columns]).to_numpy().astype(np.int64)
    keys = numbers(table.column(columns[0]))[order]
    return order, run_starts(keys)


def _article(table: Any) -> Any:
    names = ("id", "outlet", "date")
    return pa.StructArray.from_arrays([table.column(name) for name in names], names)


def span(
    first: NDArray[np.float64], last: NDArray[np.float64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The earliest and the latest known date of each group, inf where there is none."""
    latest = np.maximum.reduceat(np.where(np.isfinite(last), last, -np.inf), starts)
    return np.minimum.reduceat(first, starts), np.where(np.isfinite(latest), latest, np.inf)


def names_of(names: Any, rows: NDArray[np.int64], starts: NDArray[np.int64]) -> Any:
    """The distinct names of each group, without the empty one: an array of lists.

    Args:
        names: x strings.
        rows: int64 (x,), the row that each is of, ascending.
        starts: int64, the first row of each group.
    """
    coded = names.dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    group = np.searchsorted(starts, rows, side="right") - 1
    width = max(len(coded.dictionary), 1)
    found = np.unique(group * width + numbers(coded.indices, np.int64))
    owner, code = np.divmod(found, width)
    empty = pa.compute.equal(coded.dictionary, "").to_numpy(zero_copy_only=False)
    if len(code):
        owner, code = owner[~empty[code]], code[~empty[code]]
    ends = np.searchsorted(owner, np.arange(len(starts) + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), coded.dictionary.take(pa.array(code)))


def send_keys(batches: Iterable[Batch], receivers: int) -> Iterator[Batch]:
    """`KEYS`: band keys and sampled shingles of documents, packed for where all holders of a key meet."""
    kinds = {"to": pa.int32(), "kind": pa.int32(), "keys": np.uint64, "docs": np.int64, "held": np.int32}
    for batch in batches:
        bands, samples = ragged(batch.column("bands"), np.uint64), ragged(batch.column("samples"), np.uint64)
        docs, held = numbers(batch.column("doc")), samples.counts
        order = np.argsort(docs, kind="stable")  # places in a batch then ascend as documents do
        place = np.argsort(order)
        docs, held = docs[order], held[order]
        rows: list[dict[str, Any]] = []
        for kind, keys in ((_BANDED, bands), (_SAMPLED, samples)):
            for to, entries, members in addressed(keys.values, place[keys.rows], receivers):
                rows.append({"to": to, "kind": kind, "keys": entries, "docs": docs[members], "held": held[members]})
        if rows:
            yield messages(rows, kinds)


def pairs_met(batches: Iterable[Batch], settings: Settings, receivers: int) -> Iterator[Batch]:
    """`PAIRS`: documents that share a key, packed for where all meetings of a pair come together."""
    table = whole(batches)
    if table is None:
        return
    rows: list[dict[str, Any]] = []
    for kind in (_BANDED, _SAMPLED):
        part = of_kind(table, kind)
        entries, docs, mention = merged(
            ragged(part.column("keys"), np.uint64), ragged(part.column("docs"), np.int64), CHUNK
        )
        codes, dropped = buckets.bucket_codes(entries, len(docs), settings.bucket_cap)
        sorting.sort(codes)
        new = run_starts(codes)
        times = np.diff(np.append(new, len(codes)))
        held = ragged(part.column("held"), np.int32).values[mention]
        rows += sent(codes[new], times, docs, held, receivers, kind, dropped)
    if rows:
        yield messages(rows, PAIR_KINDS)


def candidates(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`PAIRS` of one receiver: of documents that met those worth verifying, each pair once."""
    table = whole(batches)
    if table is None:
        return
    dropped, to = int(numbers(table.column("dropped")).sum()), table.column("to")[0].as_py()
    docs, both, times, held = pairs_of(of_kind(table, _BANDED))
    others, sampled, times, held = pairs_of(of_kind(table, _SAMPLED))
    sampled = sampled[times >= settings.containment / SLACK * held[sampled].min(axis=1)]
    distinct = np.union1d(docs, others)
    codes = sorting.distinct(
        np.concatenate(
            [np.searchsorted(distinct, part)[pairs] @ np.array([len(distinct), 1])
             for part, pairs in ((docs, both), (others, sampled))]
        )
    )  # fmt: skip
    yield _kept(np.stack(np.divmod(codes, max(len(distinct), 1)), axis=1), distinct, to, dropped)


def verified(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`LINKS`: pairs, rows of `PAIRS`, that are near, by the words of rows with a `doc`."""
    docs, pairs, texts = pairs_and_texts(batches)
    if not len(pairs):
        return
    every, unknown = np.arange(len(docs)), (np.full(len(docs), -1), np.full(len(docs), np.inf))
    links = verify.verify(Documents(every, every, unpacked(texts), *unknown), pairs, settings)
    ends = docs[links.pairs]
    yield batch_of({"a": ends[:, 0], "b": ends[:, 1], **measures(links), "ties": links.overlap.ties(settings)})


def measures(links: Links) -> dict[str, NDArray[Any]]:
    """What pairs share and differ in, by column."""
    columns: dict[str, NDArray[Any]] = {name: getattr(links.overlap, name) for name in _SHARED}
    return columns | {name: getattr(links.differences, name) for name in _DIFFERING}


def measured(table: Any) -> tuple[Overlap, Differences]:
    """The same back from columns."""
    shared = Overlap(*(numbers(table.column(name), kind) for name, kind in _SHARED.items()))
    return shared, Differences(*(numbers(table.column(name), kind) for name, kind in _DIFFERING.items()))


def groups(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`GROUPS` of whole components.

    Args:
        batches: rows of `LINKS` with `a_outlet`, `a_date`, `b_outlet` and `b_date` of who printed either first.
        settings: of the run.
    """
    table = whole(batches)
    if table is None:
        return
    a, b = (numbers(table.column(name), np.int64) for name in ("a", "b"))
    order = np.lexsort((b, a))
    table = table.take(pa.array(order))
    docs, pairs = factorize(np.stack([a[order], b[order]], axis=1))
    shared, differing = measured(table)
    kind = verify.classify(pairs, shared, differing, *_first_printed(table, pairs, len(docs)), settings)
    links = Links(pairs, shared, differing, kind)
    centres = grouping.group_documents(
        links.likeness, len(docs), settings.jaccard, settings.containment, settings.bucket_cap
    )
    yield _part(CENTRED, {"doc": docs, "centre": docs[centres]})
    together = links.where(centres[links.pairs[:, 0]] == centres[links.pairs[:, 1]])
    ends = docs[together.pairs]
    of_links = {"a": ends[:, 0], "b": ends[:, 1], "centre": docs[centres[together.pairs[:, 0]]]}
    yield _part(NEAR, {**of_links, **measures(together), "kind": together.kind.astype(np.int32)})
    filled = np.unique(np.sort(docs[centres[links.pairs[links.forms]]], axis=1), axis=0)
    yield _part(FILLED, {"a": filled[:, 0], "b": filled[:, 1]})


def _first_printed(table: Any, pairs: NDArray[np.int64], d: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Outlets, numbered, and dates of d documents, each told beside every one of its pairs."""
    outlets, dates = np.full(d, -1, dtype=np.int64), np.full(d, np.inf)
    known: dict[str, int] = {}
    for end, places in zip("ab", pairs.T, strict=True):
        names = table.column(f"{end}_outlet").to_pylist()
        outlets[places] = [known.setdefault(name, len(known)) if name else -1 for name in names]
        dates[places] = numbers(table.column(f"{end}_date"), np.float64)
    return outlets, dates


def _part(part: int, columns: dict[str, NDArray[Any]]) -> Batch:
    """Rows of `GROUPS`, 0 where a column is not given."""
    rows = len(next(iter(columns.values())))
    kinds = {**dict.fromkeys(("doc", "centre", "a", "b"), np.int64), **_SHARED, **_DIFFERING, "kind": np.int32}
    filled = {name: columns.get(name, np.zeros(rows, dtype=kind)) for name, kind in kinds.items()}
    return batch_of({"part": np.full(rows, part, dtype=np.int32), **filled})
