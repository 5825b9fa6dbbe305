"""`clusterer.spark.cluster`: the articles of a Spark DataFrame to a DataFrame of their groups. The work is `job`'s."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from clusterer.io.choice import SAMPLE
from clusterer.io.columns import FieldMap
from clusterer.io.field_names import FETCH_NAMES, column_key
from clusterer.io.wording import tell_notes
from clusterer.settings import GivenSettings, settings_from
from clusterer.spark.articles import Source
from clusterer.spark.connected_components import LINKS_TOGETHER
from clusterer.spark.job import Job
from clusterer.spark.run import only_row

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

__all__ = ["cluster"]


def cluster(
    df: DataFrame,
    settings: GivenSettings | None = None,
    *,
    text: str | None = None,
    title: str | None = None,
    date: str | None = None,
    source: str | None = None,
    url: str | None = None,
    id: str | None = None,
    checkpoint: str | None = None,
    quarantine: str | None = None,
    stories: str | None = None,
    partitions: int | None = None,
    links_together: int = LINKS_TOGETHER,
    tell: Callable[[str], None] | None = None,
) -> DataFrame:
    """Group the articles of a Spark DataFrame.

    Args:
        df: a row an article; columns as `clusterer.cluster` finds them.
        settings: thresholds and choices; defaults where None.
        text: the column of texts, where the usual names do not fit.
        title: likewise the column of titles.
        date: likewise the column of dates.
        source: likewise the column of outlets.
        url: likewise the column of URLs.
        id: likewise the column of ids.
        checkpoint: a folder that driver and workers reach; a run with the same settings and input goes on from what is
            there. Input is told by its files' names, sizes and times; of rows that are in no file nothing is known. None:
            a temporary one of this machine, gone with the process.
        quarantine: a folder for bad rows, JSON lines of `file`, `reason` and `row`; not written where there is none.
        stories: a folder for a line a story, JSON lines of `story`, `articles`, `representative` and `follows`, the earlier
            story of the same affair; not written where there is none.
        partitions: tasks that articles are shared out to; None: one for `A_PARTITION` articles, as many for every core, or one
            for all where they are as few as one worker groups by itself.
        links_together: links of a component that one worker groups.
        tell: called with the name of each stage that is written.

    Returns:
        A DataFrame of `COLUMNS`, a row an article, in no order. It is read from the checkpoint folder. Bad rows are not in
        it; a warning counts them where no `quarantine` takes them.

    Raises:
        InputError: no text column; rows, but all bad; no folder that all workers reach; two texts had one code; a data
            frame of Spark Connect.
        SettingsError: the folder holds a run with other settings.
    """
    given = {"text": text, "title": title, "date": date, "source": source, "url": url, "id": id}
    fields = {name: column for name, column in given.items() if column}
    settings = settings_from(settings)
    chosen, source_of_rows, notes = columns_of(df, fields, "data frame")
    tell_notes(notes)
    job = Job(chosen, settings, source_of_rows, checkpoint, partitions, links_together, tell)
    tell_bad_rows(job, quarantine)
    job.result()
    tell_notes(job.notes())
    if stories:
        job.stories().write.mode("overwrite").option("ignoreNullFields", "false").json(stories)
    return df.sparkSession.read.parquet(f"{job.folder}/result")


def tell_bad_rows(job: Job, quarantine: str | None) -> None:
    """Write a run's bad rows to a folder; without one, warn the caller's caller of them."""
    if not (bad := job.bad_rows()):
        return
    if quarantine:
        job.quarantined().write.mode("overwrite").json(quarantine)
        return
    first = only_row(job.quarantined())["reason"]
    warnings.warn(f"{bad:,} bad rows left out, first: {first}; cure: quarantine='folder' keeps them", stacklevel=3)


def columns_of(df: DataFrame, fields: Mapping[str, str], name: str) -> tuple[DataFrame, Source, list[str]]:
    """Tell by the first rows of a DataFrame which columns hold what.

    Args:
        df: a row an article.
        fields: article attribute to column name, where the usual names do not fit.
        name: of the input, for errors.

    Returns:
        The columns that articles are read from, how, and what a reader of the result should know of the choice.

    Raises:
        InputError: no text column, or one of `fields` is not there.
    """
    names, plan = tuple(df.columns), FieldMap(fields)
    plan.check_header(names, name)  # before a row is read
    sample = [row.asDict(recursive=True) for row in first_rows(df)]
    wanted = [column for columns in plan.check_header(names, name, sample).values() for column in columns]
    fetched = [column for column in names if column_key(column) in FETCH_NAMES]
    return (
        df.select(*dict.fromkeys([*wanted, *fetched])),
        Source(tuple(fields.items()), sample=tuple(sample)),
        plan.notes,
    )


def first_rows(df: DataFrame) -> list[Row]:
    """The first rows of the first file by name, where rows are in several: Spark begins with the largest, a run in memory not."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F

    rows: list[Row] = []
    if len(files := sorted(df.inputFiles())) > 1:
        with suppress(AnalysisException):  # rows that were joined or grouped know no file
            file = F.regexp_replace("_metadata.file_path", "^file:/+", "file:///")  # as `inputFiles` writes it
            rows = df.where(file == files[0]).take(SAMPLE)
    return rows or df.take(SAMPLE)
