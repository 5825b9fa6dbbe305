"""What the stages of a run on Spark share: settings, the checkpoint folder, how many receivers, how rows are sent to them.

Knows no stage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clusterer.settings import Settings
from clusterer.spark import messages
from clusterer.spark.articles import PART_BITS, Source
from clusterer.spark.checkpoint import Checkpoints
from clusterer.spark.connected_components import with_components

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row


@dataclass(frozen=True, slots=True)
class Removing:
    """What a run that removes is asked for beside groups.

    Attributes:
        rows: the rows that are asked about, with all their columns.
        keep: which of several is kept, as for `clusterer.dedup`.
        files: of the rows in the order in which they count as read, by their column `FILE`; empty where the rows' own order
            counts.
        old, old_source, old_columns: what rows are compared against, how it is read and of which columns; None for nothing.
        old_files: likewise.
    """

    rows: DataFrame
    keep: str = "longest"
    files: tuple[str, ...] = ()
    old: DataFrame | None = None
    old_source: Source | None = None
    old_columns: tuple[str, ...] = ()
    old_files: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """One run.

    Attributes:
        df: the articles as the user gave them.
        spark: a session of the run's own.
        settings: thresholds and choices.
        source: how rows of `df` are read.
        links_together: links of a component that one worker groups.
        checkpoints: the stages that are written.
        removing: what a run that removes is asked for; None where it only groups.
        receivers: partitions that rows are sent to; 0 before the articles are counted.
        text_counts: see `count_texts`; None before they are counted.
    """

    df: DataFrame
    spark: Any
    settings: Settings
    source: Source
    links_together: int
    checkpoints: Checkpoints
    removing: Removing | None = None
    receivers: int = 0
    text_counts: tuple[int, int] | None = None

    @property
    def cores(self) -> int:
        """Tasks that run at a time."""
        return int(self.spark.sparkContext.defaultParallelism)

    def count_texts(self, texts: DataFrame) -> tuple[int, int]:
        """Return how many texts of copy groups there are, and in how many homes; counted once a run."""
        from pyspark.sql import functions as F

        if self.text_counts is None:
            row = only_row(texts.agg(F.count("*").alias("texts"), F.count_distinct("home").alias("homes")))
            self.text_counts = int(row["texts"]), int(row["homes"])
        return self.text_counts

    def send(self, rows: DataFrame, column: str = "to", count: int = 0) -> DataFrame:
        """Return rows in the partitions that a column numbers, of `count`, or of all receivers.

        Before Spark 4.1 a partition takes the rows whose number has its hash, so that it may get those of several.
        """
        count = count or self.receivers
        if hasattr(rows, "repartitionById"):
            return rows.repartitionById(count, column)
        return rows.repartition(count, column)

    def gather(self, rows: DataFrame, column: str) -> DataFrame:
        """Return rows so partitioned that those with one value of a column are in one partition."""
        return rows.repartition(self.receivers, column)

    def send_with_texts(
        self, pairs: DataFrame, texts: DataFrame, work: Callable[..., Any], schema: str, count: int = 0
    ) -> DataFrame:
        """Return what a worker function makes of packed pairs and the texts that they need.

        Args:
            pairs: rows of `messages.PAIRS`.
            texts: rows with a column `doc`, long.
            work: takes the batches of both, those of a receiver together.
            schema: of the rows that it gives.
            count: partitions; 0 for all receivers.
        """
        pairs = pairs.where("octet_length(pairs) > 0").select("to", "docs", "held", "pairs")
        needed = pairs.select("to", "docs").mapInArrow(messages.needed, "doc long, to int")
        together = needed.join(texts, "doc").unionByName(pairs, allowMissingColumns=True)
        return self.send(together, count=count).mapInArrow(work, schema)

    def with_components(self, links: DataFrame, name: str, strength: str) -> DataFrame:
        """Return links with their component, in the checkpoints of this run: see `connected_components`."""
        return with_components(links, self.checkpoints.keep, name, strength, self.links_together)


def part_of_key() -> Any:
    """Return the column `part` of a column `key`: ids are unique within one of the two."""
    from pyspark.sql import functions as F

    return F.shiftright("key", PART_BITS).cast("int").alias("part")


def only_row(rows: DataFrame) -> Row:
    """Return the row of an aggregate over all rows, which always has one."""
    row = rows.first()
    assert row is not None
    return row


def within(pairs: DataFrame, groups: DataFrame, member: str, group: str) -> DataFrame:
    """Return pairs whose two ends, `a` and `b`, are in one group, with it."""
    one, other = (
        groups.withColumnRenamed(member, end).withColumnRenamed(group, name)
        for end, name in (("a", group), ("b", "other_group"))
    )
    return pairs.join(one, "a").join(other, "b").where(f"{group} = other_group").drop("other_group")
