"""A run on Spark: articles of a DataFrame to exact copies within copies within stories, as `clusterer.cluster`.

Makes the stages of `stages` when they are needed and keeps each in the run's folder: a run that failed goes on where it
was. Nothing that grows with the feed comes to the driver, but for the lines that outlets repeat, which are few.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from clusterer import __version__
from clusterer.arrays.parallel import run_both
from clusterer.errors import InputError
from clusterer.fingerprint import recipe
from clusterer.settings import Settings
from clusterer.spark import checkpoint as spark_checkpoint, messages
from clusterer.spark.articles import PART_BITS, Source
from clusterer.spark.checkpoint import Checkpoints
from clusterer.spark.connected_components import LINKS_TOGETHER
from clusterer.spark.removal_stages import removal_stages
from clusterer.spark.run import Removing, Run, only_row
from clusterer.spark.stages import Stage, stages_of
from clusterer.spark.together import are_few, together_stages
from clusterer.stories.model import model_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

A_PARTITION = 16_384
"""Articles that one task works on together."""
_CONFIGURATION = {
    "spark.sql.adaptive.enabled": "true",
    # Only compiled queries read Parquet by columns; few rows at a time, for these may have megabytes each.
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.parquet.columnarReaderBatchSize": "256",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": str(16 << 20),  # of a partition after a join
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(messages.CHUNK),
    # What Java hands to a worker at a time, of rows that may have megabytes each.
    "spark.sql.execution.arrow.maxBytesPerBatch": str(32 << 20),
    "spark.sql.parquet.compression.codec": "snappy",
}


class Job:
    """One run: its folder, and its stages, each made when it is first asked for."""

    def __init__(
        self,
        df: DataFrame,
        settings: Settings,
        source: Source,
        checkpoint: str | None = None,
        partitions: int | None = None,
        links_together: int = LINKS_TOGETHER,
        tell: Callable[[str], None] | None = None,
        removing: Removing | None = None,
    ) -> None:
        """Compare the run with what its folder holds; nothing is read yet.

        Args:
            df: articles, a row each.
            settings: thresholds and choices.
            source: how rows are read.
            checkpoint: folder that driver and workers reach; None for a temporary one.
            partitions: tasks that articles are shared out to; None for one for `A_PARTITION` articles, or one for all where they
                are few (`together.are_few`).
            links_together: links of a component that one worker groups.
            tell: called with the name of each stage that is written.
            removing: what a run that removes is asked for beside groups; `df` then has columns of its rows.

        Raises:
            InputError: a data frame is of Spark Connect, or workers are on other machines and no folder is given.
            SettingsError: the folder is of another run.
        """
        old = removing.old if removing else None
        for given in [df] if old is None else [df, old]:
            if ".connect." in type(given).__module__:
                raise InputError(
                    "this data frame is of Spark Connect, which reaches no context; cure: a classic session"
                )
        model_of(settings)  # refuse weights of another release before anything is read
        spark = df.sparkSession.newSession()
        self.folder = spark_checkpoint.folder_of(spark, checkpoint)
        for name, value in _CONFIGURATION.items():
            spark.conf.set(name, value)
        description = {
            "version": __version__,
            "recipe": recipe(),
            "settings": settings.fingerprint(),
            "partitions": partitions,
            "links together": links_together,
            "fields": source.fields,
            "columns": (removing.rows if removing else df).columns,
            "input": spark_checkpoint.stamp(spark, df.inputFiles()),
            "command": "dedup" if removing else "cluster",
            "keep": removing.keep if removing else "",
            "against": "" if old is None else spark_checkpoint.stamp(spark, old.inputFiles()),
        }
        spark_checkpoint.hold_against(spark, self.folder, description)
        checkpoints = Checkpoints(spark, self.folder, tell or (lambda stage: None))
        settings = replace(settings, threads=1)  # Spark has a worker for every core
        self._run = Run(df, spark, settings, source, links_together, checkpoints, removing)
        self._partitions = partitions
        self._stages = self._stages_of(df, old)
        self._tables: dict[str, DataFrame | None] = {}

    def _stages_of(self, df: DataFrame, old: DataFrame | None) -> dict[str, Stage]:
        """Return the stages of the run: of few rows those of one worker, unless it was said how many shall share them.

        Which it is, is noted: a run goes on as it began.
        """
        run = self._run

        def make() -> bytes:
            files = [name for given in (df, old) if given is not None for name in given.inputFiles()]
            alone = not self._partitions and are_few(df, old, spark_checkpoint.size_of(run.spark, files))
            return b"one worker" if alone else b"all workers"

        if spark_checkpoint.noted(run.spark, f"{self.folder}/workers", make) == b"one worker":
            return together_stages(run.removing is not None)
        return removal_stages(run.settings) if run.removing else stages_of(run.settings)

    # --- what is asked for

    def articles(self) -> DataFrame:
        """Return the rows read, `spark.articles.ARTICLES`; the bad ones too."""
        return self.table("articles")

    def quarantined(self) -> DataFrame:
        """Return rows that are no articles: `file`, `reason`, `row`."""
        from pyspark.sql import functions as F

        bad = self.articles().where("reason IS NOT NULL")
        return bad.select("file", "reason", F.col("excerpt").alias("row"))

    def bad_rows(self) -> int:
        """Return how many rows are no articles.

        Raises:
            InputError: all of them.
        """
        asked, bad = self._asked(), self._counts[1]
        if bad and asked.where("reason IS NULL").isEmpty() and not asked.isEmpty():
            first = only_row(self.quarantined())
            raise InputError(f"none of {bad} rows is an article; {first['file'] or 'first'}: {first['reason']}")
        return bad

    def _asked(self) -> DataFrame:
        """Return the rows of `articles` without those that are only compared against."""
        return self.articles().where(f"shiftright(key, {PART_BITS}) = {int(self._run.removing is not None)}")

    def asks_nothing(self) -> bool:
        """Return whether no row was read, of an article or not, of what is asked about."""
        return bool(self._asked().isEmpty())

    def has_nothing_old(self) -> bool:
        """Return whether there is no article to compare against."""
        old = self.articles().where(f"shiftright(key, {PART_BITS}) = 0")
        return bool(old.where("reason IS NULL").isEmpty())

    def count_articles(self) -> int:
        """Return how many articles are asked about."""
        return self._asked().where("reason IS NULL").count()

    def result(self) -> DataFrame:
        """Return every article with its groups and its link: `stages.COLUMNS`."""
        return self._last("result")

    def removed(self) -> DataFrame:
        """Return what goes, and what stays for it: `removals.REMOVED`."""
        return self._last("removed")

    def _last(self, name: str) -> DataFrame:
        """Return the rows of a last stage."""
        if "links" in self._stages and self._run.checkpoints.read(name) is None:
            # Documents and links need the words alone: while one branch is planned, the other one works.
            self._table("words")
            run_both(lambda: self._table("links"), lambda: self._table("documents"), threads=2)
        return self.table(name)

    def notes(self) -> list[str]:
        """Return what the run did not compare, for too many texts look alike; with the cure. After `result`."""
        from pyspark.sql import functions as F

        if "note" in self.articles().columns:  # of one worker
            return [row["note"] for row in self.articles().where("note IS NOT NULL").collect()]
        if "met" not in self._stages:
            return []
        cut = only_row(self.table("met").where(F.col("kind") == messages.CUT).agg(F.sum("dropped").alias("pairs")))[
            "pairs"
        ]
        if not cut:
            return []
        return [
            f"too many texts look alike: {cut:,} of their pairs were not compared, so a large story may lie in parts; cure: "
            "group parts of the feed, such as its days, on their own"
        ]

    def stories(self) -> DataFrame:
        """Return a row a story: `story`, `articles`, `representative`, and `follows`, the earlier one of the same affair."""
        from pyspark.sql import functions as F

        told = (
            self.result()
            .groupBy("story")
            .agg(F.count("*").alias("articles"), F.max_by("id", "representative").alias("representative"))
        )
        if "follows" in self._stages:
            return told.join(self.table("follows"), "story", "left")
        return told.withColumn("follows", F.lit(None).cast("string"))

    def table(self, name: str) -> DataFrame:
        """Return the rows of a stage that no run leaves out."""
        rows = self._table(name)
        assert rows is not None
        return rows

    def _table(self, name: str) -> DataFrame | None:
        """Return the rows of a stage, made of its inputs where they are not written; None where the run leaves it out."""
        if name not in self._tables:
            stage, checkpoints = self._stages[name], self._run.checkpoints
            rows = checkpoints.read(name) if stage.written else None
            if rows is None:
                rows = stage.make(self._run, *(self._table(other) for other in stage.inputs))
                if stage.written and rows is not None:
                    rows = checkpoints.write(name, rows)
            if stage.check and rows is not None:
                stage.check(rows)
            self._tables[name] = rows
            if name == "articles":
                self._count_receivers()
        return self._tables[name]

    @cached_property
    def _counts(self) -> tuple[int, int]:
        """How many rows were read, and how many of them are no articles."""
        from pyspark.sql import functions as F

        row = only_row(self.table("articles").agg(F.count("*").alias("rows"), F.count("reason").alias("bad")))
        return int(row["rows"]), int(row["bad"])

    def _count_receivers(self) -> None:
        """Take as many receivers as the run had when it began: later stages name them, on however many cores it goes on."""

        def make() -> bytes:
            cores = self._run.cores
            needed = max(-(-self._counts[0] // A_PARTITION), 1)
            return b"%d" % (self._partitions or -(-needed // cores) * cores)  # all cores have as many

        spark = self._run.spark
        self._run.receivers = int(spark_checkpoint.noted(spark, f"{self.folder}/partitions", make))
        spark.conf.set("spark.sql.shuffle.partitions", str(self._run.receivers))
