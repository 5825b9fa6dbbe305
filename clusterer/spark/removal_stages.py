"""The stages of a run on Spark that removes: those that group, and behind them what goes and what stays.

Rows are numbered before anything else and kept so, for what stays is written as it came. Which articles of a group go
one worker decides, by `clusterer.deduplication`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from clusterer.settings import Settings
from clusterer.spark import articles as spark_articles, copies as spark_copies, removals as spark_removals
from clusterer.spark.articles import FILE, KEY, PART_BITS, Source
from clusterer.spark.connected_components import components
from clusterer.spark.run import Removing, Run
from clusterer.spark.stages import Stage, stages_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TASK_BITS, _ROW_BITS = 20, 33  # a task's number, and that of a row in it, as far as files leave room


def removal_stages(settings: Settings) -> dict[str, Stage]:
    """Return the stages of a run that removes by name, each behind its inputs."""
    stages = {"rows": Stage("rows", (), rows), **stages_of(settings)}
    stages["articles"] = Stage("articles", ("rows",), articles)
    if settings.level == "exact":
        stages["removed"] = Stage("removed", ("named",), removed_exact)
    elif settings.level == "copy":
        stages["removed"] = Stage("removed", ("named", "documents", "words", "grouped", "copies"), removed_copies)
    else:
        inputs = ("named", "documents", "words", "grouped", "copies", "alike")
        stages["removed"] = Stage("removed", inputs, removed_reports)
    return stages


def rows(run: Run) -> DataFrame:
    """Return the rows that are asked about, whole, in a struct `row`, by their number."""
    from pyspark.sql import functions as F

    removing = _removing(run)
    given = removing.rows
    if run.source.lines:  # blank ones are neither articles nor bad
        given = given.where(~F.col("value").cast("string").rlike(r"\A\uFEFF?\s*\z"))
    numbered = _numbered(given, removing.files, 1)
    return numbered.select(KEY, F.struct(*(F.col(quoted(x)) for x in given.columns if x != FILE)).alias("row"))


def articles(run: Run, rows: DataFrame) -> DataFrame:
    """Return the rows read, `spark.articles.ARTICLES`: those that are compared against, and those that are asked about."""
    from pyspark.sql import functions as F

    fields = [F.col("row").getField(name).alias(name) for name in run.df.columns]
    read = _read(rows.select(KEY, *fields), run.source, run.settings)
    removing = _removing(run)
    if removing.old is None or removing.old_source is None:
        return read
    return _read(numbered_old(removing), removing.old_source, run.settings).unionByName(read)


def numbered_old(removing: Removing) -> DataFrame:
    """Return the rows that are compared against, of the columns that articles are read from, by their number."""
    assert removing.old is not None
    return _numbered(removing.old, removing.old_files, 0).select(KEY, *map(quoted, removing.old_columns))


def _read(rows: DataFrame, source: Source, settings: Settings) -> DataFrame:
    work = partial(spark_articles.read, settings=settings, source=replace(source, keyed=True), task=0)
    return rows.mapInArrow(work, spark_articles.ARTICLES)


def _numbered(rows: DataFrame, files: tuple[str, ...], part: int) -> DataFrame:
    """Return rows with a column `KEY` that ascends as they are read: file by file where files have an order.

    Raises in a worker where a file has more rows than numbers.
    """
    from pyspark.sql import functions as F

    wide = max(len(files) - 1, 0).bit_length()
    row_bits = min(_ROW_BITS, PART_BITS - wide - _TASK_BITS)
    own, low = F.monotonically_increasing_id(), (1 << _ROW_BITS) - 1
    found = rows.withColumn(KEY, own)
    rank: Any = F.lit(0).cast("long")
    if len(files) > 1:
        ranks = [(_plain(name), rank) for rank, name in enumerate(files)]
        listed = rows.sparkSession.createDataFrame(ranks, "__plain string, __rank long")
        plain = F.regexp_replace(F.url_decode(F.regexp_replace(FILE, r"\+", "%2B")), "^file:/+", "file:///")
        found = found.withColumn("__plain", plain).join(F.broadcast(listed), "__plain", "left")
        rank = F.coalesce("__rank", F.raise_error(F.concat(F.lit("unknown file: "), FILE)))
    task, place = F.shiftright(KEY, _ROW_BITS), F.col(KEY).bitwiseAND(low)
    key = (
        F.lit(part << PART_BITS).bitwiseOR(F.shiftleft(rank, PART_BITS - wide))
        .bitwiseOR(F.shiftleft(task, row_bits)).bitwiseOR(place)
    )  # fmt: skip
    fits = (task < 1 << _TASK_BITS) & (place < 1 << row_bits)
    numbered = F.when(fits, key).otherwise(F.raise_error(F.lit("more rows in a file than can be numbered")))
    return found.withColumn(KEY, numbered.cast("long")).drop("__plain", "__rank")


def _plain(name: str) -> str:
    """A file's name without escapes, as `_numbered` compares them."""
    import re

    return re.sub("^file:/+", "file:///", unquote(name))


def quoted(name: str) -> str:
    """A column's name as Spark takes it, whatever is in it."""
    return f"`{name.replace('`', '``')}`"


def _removing(run: Run) -> Removing:
    assert run.removing is not None
    return run.removing


# --- what goes


def removed_exact(run: Run, named: DataFrame) -> DataFrame:
    """Return what goes, `spark.removals.REMOVED`, where only identical texts do."""
    from pyspark.sql import functions as F

    found = named.where("doc >= 0").withColumn("centre", F.col("doc")).withColumn("unit", F.col("doc"))
    held = found.select("unit", "doc").limit(0)
    for name in ("words", "stems", "letters", "ends"):
        held = held.withColumn(name, F.lit(b""))
    return _decided(run, _articles(found), held, None, None)


def removed_copies(
    run: Run, named: DataFrame, documents: DataFrame, words: DataFrame, grouped: DataFrame, copies: DataFrame
) -> DataFrame:
    """Return what goes, `spark.removals.REMOVED`, as copies and cuts: a copy group is decided by one worker."""
    from pyspark.sql import functions as F

    found = _centred(named, copies).withColumn("unit", F.col("centre"))
    wanted = _of_many(copies).withColumn("unit", F.col("centre"))
    near = _near(grouped).withColumn("unit", F.col("centre"))
    return _decided(run, _articles(found), _held(wanted, documents, words), near, None)


def removed_reports(
    run: Run,
    named: DataFrame,
    documents: DataFrame,
    words: DataFrame,
    grouped: DataFrame,
    copies: DataFrame,
    alike: DataFrame,
) -> DataFrame:
    """Return what goes, `spark.removals.REMOVED`, as copies or as reports of one event.

    What goes for another report may be of another story than that: what hangs together by pairs that reach the threshold is
    decided by one worker.
    """
    from pyspark.sql import functions as F

    strong = alike.where(F.col("score") >= run.settings.story).select("a", "b", F.col("score").alias("alike"))
    members = components(strong, run.checkpoints.keep, "removed-components")
    units = members.select(F.col("node").alias("centre"), F.col("component").alias("unit"))
    found, near = (_in_units(x, units) for x in (_centred(named, copies), _near(grouped)))
    singles = documents.select("doc").join(copies, "doc", "left").withColumn("centre", F.coalesce("centre", "doc"))
    wanted = _of_many(copies).unionByName(singles.join(units.select("centre"), "centre", "left_semi")).distinct()
    pairs = strong.join(members.withColumnRenamed("node", "a"), "a").withColumnRenamed("component", "unit")
    return _decided(run, _articles(found), _held(_in_units(wanted, units), documents, words), near, pairs)


def _decided(
    run: Run, articles: DataFrame, held: DataFrame, near: DataFrame | None, alike: DataFrame | None
) -> DataFrame:
    """Return what workers decide of whole units: articles, words of documents, pairs of them, and pairs of groups."""
    from pyspark.sql import functions as F

    together = articles.unionByName(held.withColumn("row", F.lit("words")), allowMissingColumns=True)
    links = near if near is not None else _no_pairs(run)
    together = together.unionByName(links.withColumn("row", F.lit("link")), allowMissingColumns=True)
    pairs = alike if alike is not None else _no_pairs(run).select("unit", "a", "b").withColumn("alike", F.lit(0.0))
    together = together.unionByName(pairs.withColumn("row", F.lit("pair")), allowMissingColumns=True)
    work = partial(spark_removals.removed, settings=run.settings, keep=_removing(run).keep)
    return run.gather(together, "unit").mapInArrow(work, spark_removals.REMOVED)


def _no_pairs(run: Run) -> DataFrame:
    none: DataFrame = run.spark.createDataFrame([], spark_copies.GROUPS)
    return none.withColumnRenamed("centre", "unit").drop("part", "doc")


def _articles(found: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    return found.select("unit", "key", "id", "outlet", "date", "doc", "centre").withColumn("row", F.lit("article"))


def _centred(named: DataFrame, copies: DataFrame) -> DataFrame:
    """Return articles that have a word with the centre of their copy group."""
    from pyspark.sql import functions as F

    rows = named.where("doc >= 0").join(copies, "doc", "left")
    return rows.withColumn("centre", F.coalesce("centre", "doc"))


def _of_many(copies: DataFrame) -> DataFrame:
    """Return the documents of copy groups of two or more, with their centres: `doc`, `centre`."""
    many = copies.groupBy("centre").count().where("count > 1").select("centre")
    return copies.join(many, "centre", "left_semi").select("doc", "centre")


def _near(grouped: DataFrame) -> DataFrame:
    """Return pairs of documents of one group that were verified, whatever they are, with its first document."""
    return grouped.where(f"part = {spark_copies.NEAR}").drop("part", "doc")


def _in_units(rows: DataFrame, units: DataFrame) -> DataFrame:
    """Return rows with a `centre` with the unit that it is of; by itself where it is of none."""
    from pyspark.sql import functions as F

    return rows.join(units, "centre", "left").withColumn("unit", F.coalesce("unit", "centre"))


def _held(wanted: DataFrame, documents: DataFrame, words: DataFrame) -> DataFrame:
    """Return the words of documents: rows of `unit`, `doc` and what `articles.unpacked` takes."""
    from pyspark.sql import functions as F

    holders = wanted.select("doc", "unit").join(documents.select("doc", F.col("holder").alias("key")), "doc")
    carried = words.where("carries").select("key", "words", "letters", "ends").withColumn("stems", F.lit(b""))
    return holders.join(carried, "key").drop("key")
