"""`clusterer.spark.cluster`: the articles of a Spark DataFrame to a DataFrame of their groups. The work is `job`'s."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from clusterer.io.columns import FieldMap
from clusterer.settings import Settings, settings_from
from clusterer.spark.articles import Source
from clusterer.spark.connected_components import LINKS_TOGETHER
from clusterer.spark.job import Job
from clusterer.spark.run import only_row

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["cluster"]


def cluster(
    df: DataFrame,
    settings: Settings | Mapping[str, Any] | None = None,
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
        partitions: tasks that articles are shared out to; None: one for `A_PARTITION` articles, as many for every core.
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
    fields = tuple((name, column) for name, column in given.items() if column)
    settings = settings_from(settings)
    plan = FieldMap(dict(fields))
    plan.check_header(tuple(df.columns), "data frame")
    columns = list(dict.fromkeys(name for names in plan.columns(tuple(df.columns)).values() for name in names))
    job = Job(df.select(*columns), settings, Source(fields), checkpoint, partitions, links_together, tell)
    if bad := job.bad_rows():
        if quarantine:
            job.quarantined().write.mode("overwrite").json(quarantine)
        else:
            first = only_row(job.quarantined())["reason"]
            warnings.warn(
                f"{bad:,} bad rows left out, first: {first}; cure: quarantine='folder' keeps them", stacklevel=2
            )
    job.result()
    if stories:
        job.stories().write.mode("overwrite").option("ignoreNullFields", "false").json(stories)
    return df.sparkSession.read.parquet(f"{job.folder}/result")
