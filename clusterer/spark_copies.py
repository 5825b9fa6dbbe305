"""What Spark's workers do at the copy level: Arrow batches through the kernels of the package.

Each function takes the batches of one partition and gives batches; which rows meet in a partition, `spark` decides.
A document is known by a code of its length and the hash of its words that sorts as documents are numbered locally:
longest first, ties by hash. So hubs, centres and ties fall alike, and nobody has to count documents through.

Keys travel packed, a row for each receiver and batch: a key that half of the feed holds costs its holders' numbers, no
rows, and is no task of its own.

Array letters: `n` articles, `d` documents, `e` keys, `m` pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from clusterer import boilerplate, events, grouping, lsh, pipeline, similarity
from clusterer.assign import AGENCIES
from clusterer.corpus import content_id, seconds, text_words, tie
from clusterer.fields import FieldMap, RowError
from clusterer.files import json_reason
from clusterer.packed import (
    SHARED_BY,
    Batch,
    batch_of,
    cells,
    empty_cells,
    messages,
    numbers,
    of_kind,
    parcels,
    ragged,
    renumbered,
    rows_of,
    shares,
    signed,
    unsigned,
    whole,
)  # fmt: skip
from clusterer.records import Article
from clusterer.rows import EXCERPT, Unreadable, python_values
from clusterer.settings import Settings
from clusterer.shingles import Ragged
from clusterer.stages import Documents
from clusterer.words import Words, hash_words, mix

CHUNK = 4096
"""Articles worked on at a time; their numbers fit below the bits of a key that buckets go by."""

WORDS = (
    "hash long, size int, doc long, carries boolean, words binary, stems binary, letters binary, ends binary, bands binary,"
    " samples binary"
)
"""The text of an article: `doc` is -1 where it is too short to group; of articles with the same words within a batch
only the first carries keys, and words for others than itself."""
ARTICLES = (
    "key long, id string, tie long, outlet string, date double, moment double, title binary, same long, original boolean,"
    " lines binary, lengths binary, " + WORDS + ", file string, reason string, excerpt string"
)
"""One article: `moment` is the latest that its date can stand for, `same` a hash of outlet and words, `original` which of
those with the same hash in a batch stands for all; lines by key and length in words; or why it is none."""
MENDED = "key long, " + WORDS
"""The text of an article without furniture that was learned."""
LINES = "to int, line binary, key binary, length binary, size binary, unknown binary"
FREQUENT = "line long, article long, length long, size long, unknown boolean"
HELD = "key long, line long"
ARTICLE = "struct<id: string, outlet: string, date: double>"
KEYS = "to int, kind int, keys binary, docs binary, held binary"
PAIRS = "to int, kind int, docs binary, held binary, pairs binary, dropped long"
"""Pairs of documents, or of texts: 24 bits of the place of each among `docs`, ascending, and 16 of how often they met."""
LINKS = "a long, b long, shared long, smaller long, larger long, opening double, copy boolean"
DOCUMENTS = (
    f"doc long, holder long, lead {ARTICLE}, earliest {ARTICLE}, title binary, first double, last double,"
    " outlets array<string>, mixed boolean"
)
"""A distinct text: the article that carries its words, the one that stands for it, the earliest one and its title, its
dates and outlets; whether two texts have its code."""
STARS = "doc long, centre long, shared long, smaller long, larger long, opening double, copy boolean"

_LONG = 2048  # words from which on a length takes more bits, and leaves fewer to the hash
_BANDED, _SAMPLED = 0, 1


@dataclass(frozen=True, slots=True)
class Source:
    """How the rows of a data frame are read.

    Attributes:
        fields: article attribute to column name, where the usual names do not fit.
        lines: rows are lines of JSON in a binary column `value`.
    """

    fields: tuple[tuple[str, str], ...] = ()
    lines: bool = False


def doc_codes(sizes: NDArray[np.int64], hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """int64 (n,), none below 0: codes that sort as documents are numbered, the longest first, ties by hash.

    A length below 2,048 leaves 51 bits of the hash, a longer one (up to 2**20) 42. `spark` refuses a run in which two
    different texts have one code: of 100 million texts once in 200 runs.
    """
    size = np.minimum(sizes, (1 << 20) - 1).astype(np.uint64)
    long = sizes >= _LONG
    # Longest first: lengths count down; the longer kind comes first.
    short_code = np.uint64(1 << 62) | (np.uint64(_LONG - 1) - np.minimum(size, np.uint64(_LONG - 1))) << np.uint64(51)
    long_code = (np.uint64((1 << 20) - 1) - size) << np.uint64(42)
    code = np.where(long, long_code | hashes >> np.uint64(22), short_code | hashes >> np.uint64(13))
    return code.astype(np.int64)


# --- reading


def read(batches: Iterable[Batch], settings: Settings, source: Source, task: int | None = None) -> Iterator[Batch]:
    """Rows to `ARTICLES`. Texts do not travel on."""
    if task is None:
        from pyspark import TaskContext

        context = TaskContext.get()
        task = context.partitionId() if context else 0
    key, fields = task << 40, FieldMap(dict(source.fields))
    for batch in batches:
        for start in range(0, batch.num_rows, settings.chunk):
            good, bad = _articles(batch.slice(start, settings.chunk), fields, source)
            if good:
                yield _read(good, key, settings)
                key += len(good)
            if bad:
                yield _set_aside(bad)


def _articles(batch: Batch, fields: FieldMap, source: Source) -> tuple[list[Article], list[tuple[str, str, str]]]:
    good, bad = [], []
    names = batch.schema.names
    files = batch.column("file").to_pylist() if source.lines else [""] * batch.num_rows
    if source.lines:
        for raw, file in zip(batch.column("value").to_pylist(), files, strict=True):
            line = raw.rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                good.append(fields(orjson.loads(line)))
            except ValueError as error:
                bad.append((file, json_reason(line, error, "utf-8"), line.decode("utf-8", "replace")[:EXCERPT]))
        return good, bad
    columns = [python_values(batch.column(name)) for name in names]
    for values in zip(*columns, strict=True):
        try:
            if broken := next((v for v in values if isinstance(v, Unreadable)), None):
                raise RowError(f"a cell cannot be read ({broken.why}); cure: write the row again")
            good.append(fields(dict(zip(names, values, strict=True))))
        except RowError as error:
            bad.append(("", str(error), repr(values)[:EXCERPT]))
    return good, bad


def _read(articles: list[Article], key: int, settings: Settings) -> Batch:
    n = len(articles)
    outlets = [a.outlet for a in articles]
    dates = np.array([seconds(a.date) for a in articles], dtype=np.float64)
    words = text_words([a.text for a in articles], settings)
    titles = hash_words(
        [a.title for a in articles] if words.stems is not None else [""] * n, settings.profile, stems=True
    )
    outlet = boilerplate.outlet_hashes(outlets)
    lines, _, lengths, article = boilerplate.lines(words, outlet)
    if settings.boilerplate != "learned":
        lines, lengths, article = lines[:0], lengths[:0], article[:0]
    ends = np.searchsorted(article, np.arange(n + 1))
    assert titles.stems is not None
    none = pa.nulls(n, pa.string())
    text = _text(words, settings, len(lines) > 0)
    keys, same = np.arange(key, key + n), signed(boilerplate.whole_hashes(words) ^ outlet)
    original = np.zeros(n, dtype=np.bool_)
    original[_originals(keys, same, Ragged(lines, ends))] = True
    return batch_of(
        {
            "key": keys,
            "id": [a.id or a.url or content_id(a) for a in articles],
            "tie": np.array([tie(a.title, a.url) for a in articles], dtype=np.int64),
            "outlet": outlets,
            "date": dates,
            "moment": events.end_of_day(dates),
            "title": cells(titles.stems, titles.offsets),
            "same": same,
            "original": original,
            "lines": cells(lines, ends),
            "lengths": cells(lengths.astype(np.int32), ends),
            **text,
            "file": none,
            "reason": none,
            "excerpt": none,
        }
    )


def _text(words: Words, settings: Settings, every: bool) -> dict[str, Any]:
    """The columns of `WORDS`. Articles that may lose furniture must all carry their words."""
    n, hashes, sizes = len(words), boilerplate.whole_hashes(words), words.counts
    docs = np.where(sizes >= settings.min_words, doc_codes(sizes, hashes), -1)
    first = np.zeros(n, dtype=np.bool_)
    first[np.unique(docs, return_index=True)[1]] = True
    first &= docs >= 0
    rows = np.flatnonzero(first)
    kept = words.take(rows)
    bands, samples = empty_cells(n), empty_cells(n)
    if settings.level != "exact" and len(rows):
        keys, sampled, of = pipeline.sketch(kept, settings)
        b = keys.shape[1]
        bands = _spread(cells(keys.ravel(), np.arange(len(rows) + 1) * b), first)
        order = np.argsort(sampled)  # and by rows, few enough to be sorted by their digits
        order = order[np.argsort(of[order].astype(np.uint16), kind="stable")]
        sampled, of = sampled[order], of[order]
        new = np.append(True, (sampled[1:] != sampled[:-1]) | (of[1:] != of[:-1]))[: len(of)]
        samples = _spread(cells(sampled[new], np.searchsorted(of[new], np.arange(len(rows) + 1))), first)
    packed = _packed(words) if every else {k: _spread(x, first) for k, x in _packed(kept).items()}
    return {
        "hash": signed(hashes), "size": sizes.astype(np.int32), "doc": docs, "carries": first, **packed, "bands": bands,
        "samples": samples,
    }  # fmt: skip


def _spread(column: Any, filled: NDArray[np.bool_]) -> Any:
    """Rows, where `filled`, among empty ones."""
    counts = np.zeros(len(filled), dtype=np.int64)
    found = ragged(column, np.uint8)
    counts[filled] = found.counts
    return cells(found.values, np.concatenate(([0], np.cumsum(counts))))


def _packed(words: Words) -> dict[str, Any]:
    """The columns of words, stems and letters."""
    n = len(words)
    out = {"words": cells(words.hashes, words.offsets)}
    out["stems"] = empty_cells(n) if words.stems is None else cells(words.stems, words.offsets)
    out["letters"] = out["ends"] = empty_cells(n)
    if words.letters is not None:
        letters, ends = words.letters
        out["letters"] = cells(letters, ends[words.offsets])
        out["ends"] = cells(np.diff(ends).astype(np.int32), words.offsets)
    return out


def unpacked(batch: Batch) -> Words:
    """The words of `_packed`."""
    words = ragged(batch.column("words"), np.uint64)
    stems = ragged(batch.column("stems"), np.uint32)
    spelt = ragged(batch.column("letters"), np.uint16)
    letters = None
    if len(spelt.values):
        lengths = ragged(batch.column("ends"), np.int32).values
        letters = spelt.values, np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    return Words(words.values, words.offsets, letters=letters, stems=stems.values if len(stems.values) else None)


def _set_aside(bad: list[tuple[str, str, str]]) -> Batch:
    names = [part.split() for part in ARTICLES.split(",")]
    kinds = {
        "long": pa.int64(),
        "int": pa.int32(),
        "string": pa.string(),
        "double": pa.float64(),
        "binary": pa.binary(),
        "boolean": pa.bool_(),
    }
    columns: dict[str, Any] = {name: pa.nulls(len(bad), kinds[kind]) for name, kind in names}
    for place, name in enumerate(("file", "reason", "excerpt")):
        columns[name] = pa.array([_printable(row[place]) for row in bad], pa.string())
    return batch_of(columns)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


# --- furniture


def _originals(keys: NDArray[np.int64], same: NDArray[np.int64], lines: Ragged) -> NDArray[np.int64]:
    """Places of one article of each outlet and words: which of them goes by their lines."""
    layout = np.zeros(len(lines), dtype=np.uint64)
    np.add.at(layout, lines.rows, lines.values)
    order = np.lexsort((keys, layout, same))
    return np.sort(order[np.unique(same[order], return_index=True)[1]])


def lines_of_originals(batches: Iterable[Batch], receivers: int) -> Iterator[Batch]:
    """`LINES`: the lines of one article of each outlet and words, sent to where all occurrences of a line meet."""
    table = whole(batches)
    if table is None:
        return
    lines = ragged(table.column("lines"), np.uint64)
    table = table.take(pa.array(_originals(numbers(table.column("key")), numbers(table.column("same")), lines)))
    lines, lengths = ragged(table.column("lines"), np.uint64), ragged(table.column("lengths"), np.int32).values
    rows, unknown, key = lines.rows, numbers(table.column("unknown")), numbers(table.column("key"))
    size = np.bincount(rows, weights=lengths, minlength=len(lines)).astype(np.int32)
    made = [
        {
            "to": to, "line": lines.values[at], "key": key[rows[at]], "length": lengths[at], "size": size[rows[at]],
            "unknown": unknown[rows[at]],
        }
        for to, at in parcels((lines.values % np.uint64(receivers)).astype(np.int64), receivers)
    ]  # fmt: skip
    if made:
        yield messages(
            made,
            {"to": pa.int32(), "line": np.uint64, "key": np.int64, "length": np.int32, "size": np.int32,
             "unknown": np.uint8},
        )  # fmt: skip


def frequent_lines(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`FREQUENT`: the lines that more than one original holds, once an article, with their words in it."""
    table = whole(batches)
    if table is None:
        return
    kinds = {"line": np.uint64, "key": np.int64, "length": np.int32, "size": np.int32}
    line, key, length, size = (ragged(table.column(name), kind).values for name, kind in kinds.items())
    unknown = ragged(table.column("unknown"), np.uint8).values
    order = np.lexsort((key, line))
    line, key, length, size, unknown = (x[order] for x in (line, key, length, size, unknown))
    new = np.append(True, (line[1:] != line[:-1]) | (key[1:] != key[:-1]))
    first = np.flatnonzero(new)
    lengths = np.add.reduceat(length.astype(np.int64), first)
    line, key, size, unknown = (x[first] for x in (line, key, size, unknown))
    _, of, times = np.unique(line, return_inverse=True, return_counts=True)
    again = times[of] > 1
    columns = {"line": signed(line), "article": key, "length": lengths, "size": size}
    out = {name: x[again].astype(np.int64) for name, x in columns.items()}
    yield batch_of({**out, "unknown": unknown[again].astype(np.bool_)})


def lines_held(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`HELD`: article and line, of all lines."""
    for batch in batches:
        lines = ragged(batch.column("lines"), np.uint64)
        yield batch_of({"key": numbers(batch.column("key"))[lines.rows], "line": signed(lines.values)})


# --- words and keys


def mend(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`MENDED`: articles without the lines in their column `cut`."""
    for batch in batches:
        words = unpacked(batch)
        known = np.unique(batch.column("cut").flatten().to_numpy(zero_copy_only=False)).view(np.uint64)
        lines, lengths = ragged(batch.column("lines"), np.uint64), ragged(batch.column("lengths"), np.int32)
        starts = np.concatenate(([0], np.cumsum(lengths.values, dtype=np.int64)))[:-1]
        furniture = np.isin(lines.values, known)
        inside = boilerplate.words_of_lines(words, starts[furniture], lengths.values[furniture].astype(np.int64))
        yield batch_of({"key": batch.column("key"), **_text(words.keep(~inside), settings, False)})


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
    lead, earliest = (table.take(pa.array(rows[starts])) for rows in (preferred, order))
    outlets = names_of(table.column("outlet").take(pa.array(order)), np.arange(len(order)), starts)
    yield batch_of(
        {
            "doc": earliest.column("doc"), "holder": holder, "lead": _article(lead), "earliest": _article(earliest),
            "title": earliest.column("title"), "first": first, "last": last, "outlets": outlets,
            "mixed": np.minimum.reduceat(code, starts) != np.maximum.reduceat(code, starts),
        }
    )  # fmt: skip


def _grouped(table: Any, *columns: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of rows by columns, and where in it another value of the first one begins."""
    order = pa.compute.sort_indices(table, [(name, "ascending") for name in columns]).to_numpy().astype(np.int64)
    by = numbers(table.column(columns[0]))[order]
    return order, np.flatnonzero(np.append(True, by[1:] != by[:-1]))


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
    of, code = np.divmod(found, width)
    empty = pa.compute.equal(coded.dictionary, "").to_numpy(zero_copy_only=False)
    if len(code):
        of, code = of[~empty[code]], code[~empty[code]]
    ends = np.searchsorted(of, np.arange(len(starts) + 1)).astype(np.int32)
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
        made: list[dict[str, Any]] = []
        for kind, keys in ((_BANDED, bands), (_SAMPLED, samples)):
            for to, entries, mine in addressed(keys.values, place[keys.rows], receivers):
                made.append({"to": to, "kind": kind, "keys": entries, "docs": docs[mine], "held": held[mine]})
        if made:
            yield messages(made, kinds)


def addressed(
    keys: NDArray[np.uint64], of: NDArray[np.int64], receivers: int
) -> Iterator[tuple[int, NDArray[np.uint64], NDArray[np.int64]]]:
    """Entries of a batch for each receiver, numbered anew, and the places that the numbers stand for."""
    entries = lsh.entries(keys, of, CHUNK)
    lsh.sort(entries, SHARED_BY)
    low = np.uint64((1 << int(CHUNK).bit_length()) - 1)
    for to, share in shares(entries, receivers):
        mine, local = renumbered((share & low).astype(np.int64), CHUNK)
        yield to, (share & ~low) | local.astype(np.uint64), mine


def pairs_met(batches: Iterable[Batch], settings: Settings, receivers: int) -> Iterator[Batch]:
    """`PAIRS`: documents that share a key, packed for where all meetings of a pair come together."""
    table = whole(batches)
    if table is None:
        return
    made: list[dict[str, Any]] = []
    for kind in (_BANDED, _SAMPLED):
        part = of_kind(table, kind)
        entries, docs, at = merged(ragged(part.column("keys"), np.uint64), ragged(part.column("docs"), np.int64), CHUNK)
        codes, dropped = lsh.bucket_codes(entries, len(docs), settings.bucket_cap)
        lsh.sort(codes)
        new = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])[: len(codes)])
        times = np.diff(np.append(new, len(codes)))
        held = ragged(part.column("held"), np.int32).values[at]
        made += sent(codes[new], times, docs, held, receivers, kind, dropped)
    if made:
        yield messages(made, PAIR_KINDS)


PAIR_KINDS = {"to": pa.int32(), "kind": pa.int32(), "docs": np.int64, "held": np.int32, "pairs": np.uint64,
              "dropped": pa.int64()}  # fmt: skip
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
    """Rows of `PAIRS`: pairs by code, sorted, for where the second one is at home: hubs, which are first ones, are not
    kept waiting for by all. And how many pairs large buckets left out."""
    first, second = np.divmod(codes, max(len(docs), 1))
    home = (mix(unsigned(docs)) % np.uint64(receivers)).astype(np.uint32)
    rows: list[dict[str, Any]] = [{"to": 0, "kind": kind, "dropped": dropped}] if dropped else []
    for to, every in parcels(home[second], receivers):
        for start in range(0, len(every), _A_ROW):
            at = every[start : start + _A_ROW]
            mine, local = renumbered(np.concatenate([first[at], second[at]]), len(docs))
            a, b = local.astype(np.uint64).reshape(2, -1)
            pairs = a << _A | b << _B | np.minimum(times[at].astype(np.uint64), _TIMES)
            rows.append({"to": to, "kind": kind, "docs": docs[mine], "held": held[mine], "pairs": pairs, "dropped": 0})
    return rows


def merged(keys: Ragged, docs: Ragged, n: int) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Entries of many messages as those of one: sorted entries, uint64 (e,), of the documents' numbers; the documents,
    int64 (d,), ascending; and where each is found among those of the messages, int64 (d,).

    Args:
        keys: of each message the `lsh.entries` of its own numbers.
        docs: of each message its documents by number, ascending.
        n: the number that `lsh.entries` was given.
    """
    low = np.uint64((1 << int(n).bit_length()) - 1)
    distinct, back, at = together(docs)
    starts = np.repeat(docs.offsets[:-1], keys.counts)
    entries = lsh.entries(keys.values & ~low, back[(keys.values & low).astype(np.int64) + starts], len(distinct))
    lsh.sort(entries)
    return entries, distinct, at


def together(docs: Ragged) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The distinct documents of messages, each ascending; of each mention its place among them; where each is mentioned."""
    distinct = lsh.distinct(docs.values.copy())
    back = np.searchsorted(distinct, docs.values)
    at = np.empty(len(distinct), dtype=np.int64)
    at[back] = np.arange(len(back))
    return distinct, back, at


def pairs_of(table: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of rows of `PAIRS`: their documents, int64 (d,), ascending; pairs of places among them, each once, sorted, int64
    (m, 2); how often each met, int64 (m,); and what the documents hold, (d,)."""
    docs, pairs = ragged(table.column("docs"), np.int64), ragged(table.column("pairs"), np.uint64)
    distinct, back, at = together(docs)
    held = ragged(table.column("held"), np.int32).values
    held = held[at] if len(held) else np.zeros(len(distinct), dtype=np.int32)
    starts = np.repeat(docs.offsets[:-1], pairs.counts)
    a, b = (back[(pairs.values >> shift & _PLACE).astype(np.int64) + starts].astype(np.uint64) for shift in (_A, _B))
    codes = a << _A | b << _B | pairs.values & _TIMES
    lsh.sort(codes, 16)
    ends = codes >> _B
    new = np.flatnonzero(np.append(True, ends[1:] != ends[:-1])[: len(ends)])
    times = np.add.reduceat((codes & _TIMES).astype(np.int64), new) if len(new) else np.zeros(0, dtype=np.int64)
    ends = ends[new]
    local = np.stack([ends >> np.uint64(24), ends & _PLACE], axis=1).astype(np.int64)
    return distinct, local, times, held.astype(np.int64)


def candidates(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`PAIRS` of one receiver: of documents that met those worth verifying, each pair once."""
    table = whole(batches)
    if table is None:
        return
    dropped, to = int(numbers(table.column("dropped")).sum()), table.column("to")[0].as_py()
    docs, both, times, held = pairs_of(of_kind(table, _BANDED))
    others, sampled, times, held = pairs_of(of_kind(table, _SAMPLED))
    sampled = sampled[times >= settings.containment / 3 * held[sampled].min(axis=1)]
    distinct = np.union1d(docs, others)
    codes = lsh.distinct(
        np.concatenate(
            [np.searchsorted(distinct, part)[pairs] @ np.array([len(distinct), 1])
             for part, pairs in ((docs, both), (others, sampled))]
        )
    )  # fmt: skip
    yield _kept(np.stack(np.divmod(codes, max(len(distinct), 1)), axis=1), distinct, to, dropped)


def each_once(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`PAIRS` of one receiver, each pair once."""
    table = whole(batches)
    if table is None:
        return
    docs, pairs, _, _ = pairs_of(table)
    dropped, to = int(numbers(table.column("dropped")).sum()), table.column("to")[0].as_py()
    yield _kept(pairs, docs, to, dropped)


def _kept(pairs: NDArray[np.int64], docs: NDArray[np.int64], to: int, dropped: int) -> Batch:
    rows: list[dict[str, Any]] = [{"to": to, "kind": 0, "dropped": dropped}] if dropped else []
    for start in range(0, len(pairs), _A_ROW):
        mine, local = renumbered(pairs[start : start + _A_ROW].T.ravel(), len(docs))
        a, b = local.astype(np.uint64).reshape(2, -1)
        rows.append({"to": to, "kind": 0, "docs": docs[mine], "pairs": a << _A | b << _B | np.uint64(1), "dropped": 0})
    return messages(rows, PAIR_KINDS)


def needed(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Documents, and where pairs need them: rows of `doc long, to int`."""
    for batch in batches:
        docs, to = ragged(batch.column("docs"), np.int64), numbers(batch.column("to"), np.int32)
        for one in np.unique(to):  # a place's pairs may be in many rows
            mine = lsh.distinct(rows_of(docs, np.flatnonzero(to == one)).values.copy())
            yield batch_of({"doc": mine, "to": np.full(len(mine), one, dtype=np.int32)})


def verified(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """`LINKS`: pairs, rows of `PAIRS`, that are copies or cuts, by the words of rows with a `doc`."""
    docs, pairs, texts = pairs_and_texts(batches)
    if not len(pairs):
        return
    every = np.arange(len(docs))
    links = pipeline.verify(Documents(every, every, unpacked(texts)), pairs, settings)
    o = links.overlap
    yield batch_of(
        {
            "a": docs[links.pairs[:, 0]], "b": docs[links.pairs[:, 1]], "shared": o.shared, "smaller": o.smaller,
            "larger": o.larger, "opening": o.opening, "copy": links.is_copy,
        }
    )  # fmt: skip


def pairs_and_texts(batches: Iterable[Batch]) -> tuple[NDArray[np.int64], NDArray[np.int64], Any]:
    """Of rows of `PAIRS` and rows of texts with a `doc`: the documents, int64 (d,), ascending, pairs of their places, int64
    (m, 2), sorted, and the texts' rows in the order of the documents."""
    table = whole(batches)
    nothing = np.zeros(0, dtype=np.int64)
    if table is None:
        return nothing, nothing.reshape(0, 2), None
    is_text = pa.compute.is_valid(table.column("doc"))
    docs, pairs, _, _ = pairs_of(table.filter(pa.compute.invert(is_text)))
    texts = table.filter(is_text)
    held, at = np.unique(numbers(texts.column("doc"), np.int64), return_index=True)
    assert np.array_equal(held, docs)
    return docs, pairs, texts.take(pa.array(at))


def stars(batches: Iterable[Batch]) -> Iterator[Batch]:
    """`STARS`: the linked documents of whole components, each with its centre and how alike the two are."""
    table = whole(batches)
    if table is None:
        return
    a, b, shared, smaller, larger = (
        numbers(table.column(name), np.int64) for name in ("a", "b", "shared", "smaller", "larger")
    )
    opening, copy = (numbers(table.column(name)) for name in ("opening", "copy"))
    order = np.lexsort((b, a))
    a, b, shared, smaller, larger, opening, copy = (x[order] for x in (a, b, shared, smaller, larger, opening, copy))
    docs, local = np.unique(np.stack([a, b], axis=1), return_inverse=True)
    pairs, overlap = local.reshape(-1, 2), similarity.Overlap(shared, smaller, larger, opening)
    centres = grouping.star_centres(pairs, overlap.containment, len(docs))
    codes, mine = pairs[:, 0] * len(docs) + pairs[:, 1], np.arange(len(docs))
    at = np.searchsorted(codes, np.minimum(mine, centres) * len(docs) + np.maximum(mine, centres))
    at = np.where(centres == mine, 0, at)
    yield batch_of(
        {
            "doc": docs, "centre": docs[centres], "shared": shared[at], "smaller": smaller[at], "larger": larger[at],
            "opening": opening[at], "copy": copy[at],
        }
    )  # fmt: skip


# --- ids


def suffixes(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Rows of `key long, id string, turn int, taken array<string>` to `key long, name string`: an id that is there again
    gets "#2", "#3", ... past those that other articles have."""
    for batch in batches:
        names = []
        columns = (batch.column(name).to_pylist() for name in ("id", "turn", "taken"))
        for id, turn, taken in zip(*columns, strict=True):
            number = turn
            for other in sorted(int(x) for x in taken or ()):
                number += other <= number
            names.append(f"{id}#{number}")
        yield batch_of({"key": batch.column("key"), "name": names})


SUFFIX = re.compile(r"^(.*)#([2-9]|[1-9][0-9]+)$", re.DOTALL)


def taken_ids(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Ids that look like one with a suffix: rows of `id string, number string`."""
    for batch in batches:
        found = [match for id in batch.column("id").to_pylist() if (match := SUFFIX.match(id))]
        yield batch_of(
            {"id": pa.array([m[1] for m in found], pa.string()), "number": pa.array([m[2] for m in found], pa.string())}
        )
