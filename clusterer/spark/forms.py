"""Pairs of copy groups that are one form, filled twice, and so no reports of one event.

Those that tie documents are found where their components are grouped; those that are too different to tie anything, here.

Array letters: `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from clusterer.arrays.indexing import factorize
from clusterer.copies import verify
from clusterer.copies.verify import Links
from clusterer.settings import Settings
from clusterer.spark.arrow import Batch, batch_of, numbers
from clusterer.spark.copies import FILLED, measured
from clusterer.spark.run import Run

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def filled(run: Run, links: DataFrame, grouped: DataFrame, copies: DataFrame) -> DataFrame:
    """Return pairs of copy groups by their first documents, `a` below `b`, each once."""
    from pyspark.sql import functions as F

    work = partial(forms, settings=run.settings)
    pairs = links.where("NOT ties AND others > 0").mapInArrow(work, "a long, b long")
    for end in "ab":
        centres = copies.select(F.col("doc").alias(end), F.col("centre").alias(f"{end}_centre"))
        pairs = pairs.join(centres, end, "left").withColumn(end, F.coalesce(f"{end}_centre", end)).drop(f"{end}_centre")
    pairs = pairs.select(F.least("a", "b").alias("a"), F.greatest("a", "b").alias("b"))
    return pairs.unionByName(grouped.where(f"part = {FILLED}").select("a", "b")).distinct()


def forms(batches: Iterable[Batch], settings: Settings) -> Iterator[Batch]:
    """Pairs of documents that are one form, whoever printed them and when, of rows of `spark.copies.LINKS`."""
    for batch in batches:
        ends = np.stack([numbers(batch.column(name)) for name in "ab"], axis=1)
        docs, pairs = factorize(ends)
        shared, differing = measured(batch)
        unknown = np.full(len(docs), -1), np.full(len(docs), np.inf)
        kind = verify.classify(pairs, shared, differing, *unknown, settings)
        found = ends[Links(pairs, shared, differing, kind).forms]
        yield batch_of({"a": found[:, 0], "b": found[:, 1]})
