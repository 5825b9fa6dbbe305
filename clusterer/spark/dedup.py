"""`clusterer.spark.dedup`: the rows of a Spark DataFrame that stay. The work is `job`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clusterer.deduplication import KEEP
from clusterer.errors import InputError
from clusterer.io.wording import tell_notes
from clusterer.settings import GivenSettings, Settings, settings_from
from clusterer.spark.articles import KEY
from clusterer.spark.cluster import columns_of, tell_bad_rows
from clusterer.spark.job import Job
from clusterer.spark.run import Removing

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["dedup"]


def dedup(
    df: DataFrame,
    settings: GivenSettings | None = None,
    *,
    keep: str = "longest",
    against: DataFrame | None = None,
    text: str | None = None,
    title: str | None = None,
    date: str | None = None,
    source: str | None = None,
    url: str | None = None,
    id: str | None = None,
    checkpoint: str | None = None,
    quarantine: str | None = None,
    removed: str | None = None,
    partitions: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> DataFrame:
    """Keep one article of what is printed again and again, as `clusterer.dedup` does.

    Args:
        df: a row an article; columns as `clusterer.cluster` finds them.
        settings: as for `clusterer.dedup`: by default only copies are looked for.
        keep: "longest", "earliest" or "central".
        against: what is there already: what is verified against one of these goes as well; they all stay, and are not among
            the result.
        text: the column of texts, also of `against`, where the usual names do not fit.
        title: likewise the column of titles.
        date: likewise the column of dates.
        source: likewise the column of outlets.
        url: likewise the column of URLs.
        id: likewise the column of ids.
        checkpoint: as for `cluster`. Rows are kept in it whole.
        quarantine: as for `cluster`.
        removed: a folder for a line an article that goes, JSON lines of `id`, `kept`, `relation`, `score`, `words_lost`,
            `against` and its `row`; not written where there is none.
        partitions: as for `cluster`.
        tell: called with the name of each stage that is written.

    Returns:
        The rows that stay, all their columns, in the order of `df`'s partitions. They are read from the checkpoint folder.

    Raises:
        InputError: no text column; rows, but all bad; an order that is none of these; no folder that all workers reach; two
            texts had one code; a data frame of Spark Connect.
        SettingsError: the folder holds a run with other settings.
    """
    refuse_order(keep)
    given = {"text": text, "title": title, "date": date, "source": source, "url": url, "id": id}
    fields = {name: column for name, column in given.items() if column}
    chosen = settings_from(settings, {}, Settings(level="copy"))
    read, source_of_rows, notes = columns_of(df, fields, "data frame")
    tell_notes(notes)
    removing = Removing(df, keep)
    if against is not None:
        old, old_source, notes = columns_of(against, fields, "against")
        tell_notes([f"against: {note}" for note in notes])
        removing = Removing(df, keep, old=old, old_source=old_source, old_columns=tuple(old.columns))
    job = Job(read, chosen, source_of_rows, checkpoint, partitions, tell=tell, removing=removing)
    tell_bad_rows(job, quarantine)
    job.removed()
    if removed:
        gone_rows(job, df.sparkSession).write.mode("overwrite").option("ignoreNullFields", "false").json(removed)
    return kept_rows(job, df.sparkSession).select("row.*")


def refuse_order(keep: str) -> None:
    """Refuse an order that needs a column.

    Raises:
        InputError: it does.
    """
    if keep not in KEEP:
        raise InputError(f"keep {keep!r}: Spark keeps the {', '.join(KEEP)}; cure: one of these, or the local engine")


def kept_rows(job: Job, spark: Any) -> DataFrame:
    """Return the rows that stay of a run that is done, each in a struct `row`, in their order, read by a session."""
    articles, removed, rows = (spark.read.parquet(f"{job.folder}/{name}") for name in ("articles", "removed", "rows"))
    bad = articles.where("reason IS NOT NULL").select("key")
    gone = removed.select("key").unionByName(bad).withColumnRenamed("key", KEY)
    kept: DataFrame = rows.join(gone, KEY, "left_anti").orderBy(KEY).select("row")
    return kept


def gone_rows(job: Job, spark: Any) -> DataFrame:
    """Return what goes in a run that is done, in the order of the rows: `REMOVED` without its key, and `row`."""
    removed, rows = (spark.read.parquet(f"{job.folder}/{name}") for name in ("removed", "rows"))
    gone: DataFrame = removed.join(rows.withColumnRenamed(KEY, "key"), "key").orderBy("key").drop("key")
    return gone
