"""A feed that one worker groups by itself: the batch's own code, as one task.

To share a small feed out costs many times what the work does: every stage is written, read and sent. One table of stages,
in place of those of `stages` and of `removal_stages`; their names and what they give are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from clusterer.articles import Article
from clusterer.corpus import gather, read_chunks
from clusterer.deduplication import deduplicate
from clusterer.io.columns import FieldMap
from clusterer.pipeline import group_corpus, left_out
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, numbers
from clusterer.spark.articles import KEY, PART_BITS, Source, articles_of, printable
from clusterer.spark.removal_stages import numbered_old, quoted, rows
from clusterer.spark.removals import REMOVED
from clusterer.spark.run import Run
from clusterer.spark.stages import COLUMNS, Stage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ARTICLES = 65_536
"""As many as one worker groups by itself: four times what it otherwise holds, in some 500 MB."""
BYTES = 512 << 20
"""Of files whose articles may be as few; of more they are not counted."""

_READ = "key long, file string, reason string, excerpt string"
GROUPED = (
    f"{_READ}, id string, story string, copy string, exact string, representative boolean, linked_to string,"
    " relation string, score double, evidence string, follows string, note string"
)
"""A row that was read, with its groups, or why it is no article. The one that stands for a story tells which earlier story
that follows; the first row has a note of the run."""
DECIDED = f"{_READ}, {REMOVED.removeprefix('key long, ')}"
"""A row that was read, with what stays for it where it goes, or why it is no article."""


def are_few(df: DataFrame, old: DataFrame | None, size: int) -> bool:
    """Whether one worker may group all rows.

    Args:
        df: rows that are asked about.
        old: rows that these are compared against.
        size: bytes of the files of both.
    """
    left = ARTICLES
    for given in (df, old):
        if given is not None and left >= 0 and size <= BYTES:
            left -= given.limit(left + 1).count()
    return left >= 0 and size <= BYTES


def together_stages(removes: bool) -> dict[str, Stage]:
    """Return the stages of such a run by name, each behind its inputs."""
    stages = [
        Stage("articles", (), grouped),
        Stage("result", ("articles",), result),
        Stage("follows", ("articles",), follows, written=False),
    ]
    if removes:
        stages = [
            Stage("rows", (), rows),
            Stage("articles", ("rows",), decided),
            Stage("removed", ("articles",), removed),
        ]
    return {stage.name: stage for stage in stages}


def grouped(run: Run) -> DataFrame:
    """Return all rows, `GROUPED`."""
    work = partial(group, settings=run.settings, source=run.source)
    return run.df.coalesce(1).mapInArrow(work, GROUPED)


def result(run: Run, articles: DataFrame) -> DataFrame:
    """Return every article with its groups and its link: `COLUMNS`."""
    return articles.where("reason IS NULL").select(*COLUMNS)


def follows(run: Run, articles: DataFrame) -> DataFrame:
    """Return stories that go on with an earlier one of the same affair, and that one: `story`, `follows`."""
    return articles.where("follows IS NOT NULL").select("story", "follows")


def decided(run: Run, rows: DataFrame) -> DataFrame:
    """Return all rows, those that are compared against too, `DECIDED`."""
    from pyspark.sql import functions as F

    removing = run.removing
    assert removing is not None
    fields = [F.col("row").getField(name).alias(name) for name in run.df.columns]
    together = rows.select(KEY, F.struct(*fields).alias("row"))
    sources = (run.source, run.source)
    if removing.old is not None and removing.old_source is not None:
        old = numbered_old(removing)
        columns = F.struct(*(quoted(name) for name in removing.old_columns)).alias("old")
        together = old.select(KEY, columns).unionByName(together, allowMissingColumns=True)
        sources = (removing.old_source, run.source)
    work = partial(
        decide, settings=run.settings, sources=sources, keep=removing.keep, beside_old=removing.old is not None
    )
    return together.coalesce(1).sortWithinPartitions(KEY).mapInArrow(work, DECIDED)


def removed(run: Run, articles: DataFrame) -> DataFrame:
    """Return what goes, and what stays for it: `REMOVED`."""
    columns = [column.split()[0] for column in REMOVED.split(", ")]
    return articles.where("relation IS NOT NULL").select(*columns)


# --- in the worker


class _Rows:
    """Rows as articles, read once, and what is known of them afterwards.

    Attributes:
        keys: of the articles.
        bad: key, file, reason and excerpt of rows that are none.
    """

    def __init__(self) -> None:
        self.keys: list[int] = []
        self.bad: list[tuple[int, str, str, str]] = []

    def read(self, batch: Batch, keys: list[int], columns: FieldMap, source: Source) -> Iterator[Article]:
        """The articles of a batch whose rows have these keys."""
        good, bad = articles_of(batch, columns, source)
        for place, (file, reason, excerpt) in bad.items():
            self.bad.append((keys[place], printable(file), printable(reason), printable(excerpt)))
        self.keys += [keys[place] for place in good]
        yield from good.values()

    def set_aside(self, schema: str) -> Iterator[Batch]:
        """The bad rows, in columns of which the others are empty."""
        if self.bad:
            names = ("key", "file", "reason", "excerpt")
            yield _batch(dict(zip(names, zip(*self.bad, strict=True), strict=True)), schema)


def group(batches: Iterable[Batch], settings: Settings, source: Source) -> Iterator[Batch]:
    """Rows of a whole feed to `GROUPED`."""
    read, columns = _Rows(), FieldMap(dict(source.fields))
    columns.learn(source.sample)

    def articles() -> Iterator[Article]:
        start = 0
        for batch in batches:
            yield from read.read(batch, list(range(start, start + batch.num_rows)), columns, source)
            start += batch.num_rows

    run = group_corpus(gather(read_chunks(articles(), settings), settings), settings)
    found, notes = run.clustering, left_out(run.stats, run.stories)
    for start in range(0, len(found), settings.chunk):
        some = found.assignments[start : start + settings.chunk]
        told: dict[str, Any] = {name: [getattr(x, name) for x in some] for name in COLUMNS[:-1]}
        told["evidence"] = [
            None if x.evidence is None else orjson.dumps(x.evidence, default=dict).decode() for x in some
        ]
        told["follows"] = [found.follows.get(x.story) if x.representative else None for x in some]
        told["note"] = ["\n".join(notes) if notes and not (start or i) else None for i in range(len(some))]
        yield _batch({"key": read.keys[start : start + len(some)], **told}, GROUPED)
    yield from read.set_aside(GROUPED)


def decide(
    batches: Iterable[Batch], settings: Settings, sources: tuple[Source, Source], keep: str, beside_old: bool
) -> Iterator[Batch]:
    """Rows of a whole feed, in the order of their keys, to `DECIDED`.

    Args:
        batches: rows of `KEY`, `row` and, of what is compared against, `old`.
        settings: of the run.
        sources: how rows of `old` are read, and those of `row`.
        keep: as for `dedup`.
        beside_old: whether there is something to compare against.
    """
    read, parts = _Rows(), [0] if beside_old else []
    columns = [FieldMap(dict(source.fields)) for source in sources]
    for known, source in zip(columns, sources, strict=True):
        known.learn(source.sample)

    def articles() -> Iterator[Article]:
        for batch in batches:
            keys = numbers(batch.column(KEY), np.int64)
            for part, name in enumerate(("old", "row")):
                here = np.flatnonzero(keys >> PART_BITS == part)
                if len(here):
                    held = batch.column(name).take(pa.array(here))
                    rows = pa.RecordBatch.from_struct_array(held)
                    yield from read.read(rows, keys[here].tolist(), columns[part], sources[part])
        if beside_old:  # where the new ones begin is known once all are read
            parts[0] = sum(key >> PART_BITS == 0 for key in read.keys)

    corpus = gather(read_chunks(articles(), settings), settings, parts=parts)
    old = sum(parts)
    found = deduplicate(group_corpus(corpus, settings, keep=True), settings, keep, old=old).removed
    gone = {old + removal.place: removal for removal in found}
    told: dict[str, Any] = {
        "key": read.keys,
        "against": [gone[i].is_against if i in gone else None for i in range(len(read.keys))],
    }
    for name in ("id", "kept", "relation", "score", "words_lost"):
        told[name] = [getattr(gone[i], name) if i in gone else None for i in range(len(read.keys))]
    if read.keys:
        yield _batch(told, DECIDED)
    yield from read.set_aside(DECIDED)


_KINDS = {
    "long": pa.int64(),
    "string": pa.string(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


def _batch(columns: dict[str, Any], schema: str) -> Batch:
    """Columns of a schema, those not given empty."""
    n = len(columns["key"])
    named = [column.split() for column in schema.split(", ")]
    arrays = [pa.array(columns.get(name, [None] * n), _KINDS[kind]) for name, kind in named]
    return pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in named])
