"""Articles in Spark's workers: rows to articles, their words packed with the keys of their texts; ids that are taken.

Functions of one partition's Arrow batches. Names columns and finds words by the package's own functions.

Array letters: `n` articles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts, starts_run
from clusterer.articles import Article, content_id, nth_free_id, parse_id, seconds, tie
from clusterer.copies import candidates
from clusterer.corpus import text_words, title_words, with_titles
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.nulls import decoded
from clusterer.io.readers.jsonl import json_reason
from clusterer.io.rows import Unreadable, python_values
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, cells, empty_cells, numbers, ragged, signed
from clusterer.stories import features
from clusterer.text import boilerplate
from clusterer.text.words import Words, whole_hashes

WORDS = (
    "hash long, size int, doc long, carries boolean, words binary, stems binary, letters binary, ends binary, bands binary,"
    " samples binary"
)
"""The text of an article: `doc` is -1 where it has no word; of articles with the same words within a batch only the first
carries keys, those of fewer than `min_words` words none, and words for others than itself."""
ARTICLES = (
    "key long, id string, tie long, outlet string, date double, moment double, title binary, heads binary,"
    " head_letters binary, head_ends binary, stands_in int, same long, titles binary, telling double, lines binary,"
    " starts binary, lengths binary, kinds binary, beside binary, "
    + WORDS
    + ", file string, reason string, excerpt string"
)
"""One article: `moment` is the latest that its date can stand for; the stems, words and letters of its title, and how many of
the text's words are the title's; of `boilerplate.Facts` the columns that are not known otherwise; of `boilerplate.Segments`
those of its segments, `lines` for their keys; or why it is none."""
MENDED = "key long, " + WORDS
"""The text of an article without boilerplate that was learned."""

PART_BITS = 62
"""The bits of an article's key below those that tell what is compared against, 0, from what is asked about, 1."""
KEY = "__key"
"""The column of rows that were numbered before."""

FILE = "__file"
"""The column with the file that a row is of, where files have an order."""

_LONG = 2048  # words from which on a length takes more bits, and leaves fewer to the hash


@dataclass(frozen=True, slots=True)
class Source:
    """How the rows of a data frame are read.

    Attributes:
        fields: article attribute to column name, where the usual names do not fit.
        lines: rows are lines of JSON in a binary column `value`.
        sample: the first rows, which tell what the columns hold, as `clusterer.io.choice` does for a run in memory.
        keyed: rows have their number in a column `KEY`.
    """

    fields: tuple[tuple[str, str], ...] = ()
    lines: bool = False
    sample: tuple[Mapping[str, Any], ...] = ()
    keyed: bool = False


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


def read(batches: Iterable[Batch], settings: Settings, source: Source, task: int | None = None) -> Iterator[Batch]:
    """Rows to `ARTICLES`. Texts do not travel on."""
    if task is None:
        from pyspark import TaskContext

        context = TaskContext.get()
        task = context.partitionId() if context else 0
    key, fields = task << 40, FieldMap(dict(source.fields))
    fields.learn(source.sample)
    for batch in batches:
        for start in range(0, batch.num_rows, settings.chunk):
            rows = batch.slice(start, settings.chunk)
            keys = np.arange(key, key + rows.num_rows)
            key += rows.num_rows
            if source.keyed:
                keys, rows = numbers(rows.column(KEY), np.int64), rows.drop_columns([KEY])
            good, bad = articles_of(rows, fields, source)
            if good:
                yield _read(list(good.values()), keys[list(good)], settings)
            if bad:
                yield _set_aside(list(bad.values()), keys[list(bad)])


def articles_of(
    batch: Batch, fields: FieldMap, source: Source
) -> tuple[dict[int, Article], dict[int, tuple[str, str, str]]]:
    """The articles of some rows, and file, reason and excerpt of those that are none, by the row's place."""
    good: dict[int, Article] = {}
    bad: dict[int, tuple[str, str, str]] = {}
    names = batch.schema.names
    files = batch.column("file").to_pylist() if source.lines else [""] * batch.num_rows
    if source.lines:
        for place, (raw, file) in enumerate(zip(batch.column("value").to_pylist(), files, strict=True)):
            line = raw.rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                good[place] = fields(decoded(line))
            except ValueError as error:
                bad[place] = file, json_reason(line, error, "utf-8"), line.decode("utf-8", "backslashreplace")
        return good, bad
    columns = [python_values(batch.column(name)) for name in names]
    for place, values in enumerate(zip(*columns, strict=True)):
        try:
            if broken := next((v for v in values if isinstance(v, Unreadable)), None):
                raise RowError(f"a cell cannot be read ({broken.why}); cure: write the row again")
            good[place] = fields(dict(zip(names, values, strict=True)))
        except RowError as error:
            bad[place] = "", str(error), repr(values)
    return good, bad


def _read(articles: list[Article], keys: NDArray[np.int64], settings: Settings) -> Batch:
    n = len(articles)
    outlets = [a.outlet for a in articles]
    dates = np.array([seconds(a.date) for a in articles], dtype=np.float64)
    words = text_words([a.text for a in articles], settings)
    titles = title_words([a.title for a in articles], settings)
    found = boilerplate.segments(words, outlets)
    found = found.where(np.argsort(found.article, kind="stable"))
    if settings.boilerplate != "learned":
        found = found.where(np.zeros(len(found), dtype=np.bool_))
    ends = np.searchsorted(found.article, np.arange(n + 1))
    facts = boilerplate.Facts.of(words, titles, outlets)
    none = pa.nulls(n, pa.string())
    text = with_titles(replace(words, opens_line=None), titles, settings)
    head = _packed(titles)
    return batch_of(
        {
            "key": keys,
            "id": [a.id or a.url or content_id(a) for a in articles],
            "tie": np.array([tie(a.title, a.url) for a in articles], dtype=np.int64),
            "outlet": outlets,
            "date": dates,
            "moment": features.end_of_day(dates),
            "title": head["stems"],
            "heads": head["words"],
            "head_letters": head["letters"],
            "head_ends": head["ends"],
            "stands_in": (text.counts - words.counts).astype(np.int32),
            "same": signed(facts.same),
            "titles": cells(facts.titles.ravel(), np.arange(n + 1) * facts.titles.shape[1]),
            "telling": facts.telling,
            "lines": cells(found.keys, ends),
            "starts": cells((found.starts - words.offsets[found.article]).astype(np.int32), ends),
            "lengths": cells(found.lengths.astype(np.int32), ends),
            "kinds": cells(found.kinds, ends),
            "beside": cells(found.beside, ends),
            **_text(text, settings, len(found) > 0),
            "file": none,
            "reason": none,
            "excerpt": none,
        }
    )


def _text(words: Words, settings: Settings, every: bool) -> dict[str, Any]:
    """The columns of `WORDS`. Articles that may lose boilerplate must all carry their words."""
    n, hashes, sizes = len(words), whole_hashes(words), words.counts
    docs = np.where(sizes > 0, doc_codes(sizes, hashes), -1)
    first = np.zeros(n, dtype=np.bool_)
    first[np.unique(docs, return_index=True)[1]] = True
    first &= docs >= 0
    kept = words.take(np.flatnonzero(first))
    bands, samples = empty_cells(n), empty_cells(n)
    compared = first & (sizes >= settings.min_words)
    if settings.level != "exact" and compared.any():
        rows = np.flatnonzero(compared)
        keys, sampled, row_of_sample = candidates.sketch(words.take(rows), settings)
        b = keys.shape[1]
        bands = _spread(cells(keys.ravel(), np.arange(len(rows) + 1) * b), compared)
        order = np.argsort(sampled)  # and by rows, few enough to be sorted by their digits
        order = order[np.argsort(row_of_sample[order].astype(np.uint16), kind="stable")]
        sampled, row_of_sample = sampled[order], row_of_sample[order]
        new = starts_run(sampled, row_of_sample)
        samples = _spread(cells(sampled[new], np.searchsorted(row_of_sample[new], np.arange(len(rows) + 1))), compared)
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
    return cells(found.values, offsets_from_counts(counts))


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
    return _unpacked(*(batch.column(name) for name in ("words", "stems", "letters", "ends")))


def unpacked_titles(batch: Batch) -> Words:
    """The words of titles."""
    return _unpacked(*(batch.column(name) for name in ("heads", "title", "head_letters", "head_ends")))


def _unpacked(hashes: Any, stemmed: Any, letter_cells: Any, ends: Any) -> Words:
    words, stems, spelt = ragged(hashes, np.uint64), ragged(stemmed, np.uint32), ragged(letter_cells, np.uint16)
    letters = None
    if len(spelt.values):
        letters = spelt.values, offsets_from_counts(ragged(ends, np.int32).values)
    return Words(words.values, words.offsets, letters=letters, stems=stems.values if len(stems.values) else None)


def _set_aside(bad: list[tuple[str, str, str]], keys: NDArray[np.int64]) -> Batch:
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
    columns["key"] = keys
    for place, name in enumerate(("file", "reason", "excerpt")):
        columns[name] = pa.array([printable(row[place]) for row in bad], pa.string())
    return batch_of(columns)


def printable(text: str) -> str:
    """A text as Spark can hold it: lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def suffixes(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Turn rows of `key long, id string, turn int, taken array<string>` into rows of `key long, name string`.

    An id that is there again gets "#2", "#3", ... past those that other articles have.
    """
    for batch in batches:
        names = []
        columns = (batch.column(name).to_pylist() for name in ("id", "turn", "taken"))
        for id, turn, taken in zip(*columns, strict=True):
            names.append(nth_free_id(id, turn, map(int, taken or ())))
        yield batch_of({"key": batch.column("key"), "name": names})


def taken_ids(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Ids that look like one with a suffix: rows of `id string, number string, part int`."""
    for batch in batches:
        parsed = [parse_id(id) for id in batch.column("id").to_pylist()]
        found = [pair for pair in parsed if pair]
        names, numbered = [name for name, _ in found], [str(number) for _, number in found]
        parts = batch.column("part").filter(pa.array([pair is not None for pair in parsed], pa.bool_()))
        yield batch_of({"id": pa.array(names, pa.string()), "number": pa.array(numbered, pa.string()), "part": parts})
