"""The stages of a run on Spark: one table, and a function for each that makes its rows of those of other stages.

Spark moves rows; hashing, scoring and grouping are the package's own, inside its workers (`copies`, `stories`, `result`
of this wing). The functions of the story level are in `story_stages`. What is joined is ordered so that hubs travel and their
many partners stay. Writes nothing: `job` keeps each stage in the run's folder.

Source of the order: `clusterer.pipeline`, step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from clusterer.copies.verify import CONTAINED, COPY
from clusterer.errors import InputError
from clusterer.settings import Settings
from clusterer.spark import (
    articles as spark_articles,
    connected_components,
    copies as spark_copies,
    forms,
    learned_lines,
    messages,
    result as spark_result,
    story_stages,
)
from clusterer.spark.run import Run, part_of_key, within

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

COLUMNS = ("id", "story", "copy", "exact", "representative", "linked_to", "relation", "score", "evidence")
"""Of the result, as `Assignment` has them; `evidence` is JSON."""
_LABELS = ("key", "id", "tie", "outlet", "date", "moment", "title")
_TEXT = tuple(column.split()[0] for column in spark_articles.WORDS.split(","))


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of a run.

    Attributes:
        name: of the step; of its folder, where it is written.
        inputs: the steps whose rows it is made of, in the order of the function's arguments after the run.
        make: the function. Where it returns None the stage is left out, and those that need it get None.
        written: whether it has a folder; else it is made of its inputs wherever it is needed.
        check: called with its rows before they are used, also in a run that goes on.
    """

    name: str
    inputs: tuple[str, ...]
    make: Callable[..., DataFrame | None]
    written: bool = True
    check: Callable[[DataFrame], None] | None = None


def stages_of(settings: Settings) -> dict[str, Stage]:
    """Return the stages of a run by name, each behind its inputs."""
    learned = settings.boilerplate == "learned"
    stages = [
        Stage("articles", (), articles),
        Stage("lines", ("articles",), lines),
        Stage("mended", ("articles", "lines"), mended),
        Stage("words", ("articles", "mended") if learned else ("articles",), words, written=False),
        Stage("again", ("words",), again),
        Stage("ids", ("words", "again"), ids),
        Stage("named", ("words", "ids"), named, written=False),
        Stage("documents", ("named",), documents, check=refuse_mixed),
    ]
    if settings.level == "exact":
        stages += [Stage("told", ("documents",), assigned_exact)]
    else:
        stages += [
            Stage("candidates", ("words",), candidates),
            Stage("links", ("candidates", "words"), links),
            Stage("grouped", ("links", "documents"), grouped),
            Stage("copies", ("grouped",), copies, written=False),
        ]
    if settings.level == "copy":
        stages += [Stage("told", ("documents", "grouped", "copies"), assigned_copies)]
    if settings.level == "story":
        stages += [
            Stage("texts", ("copies", "documents", "words"), story_stages.texts),
            Stage("weighed", ("texts",), story_stages.weighed),
            Stage("met", ("texts", "weighed"), story_stages.met),
            Stage("likely", ("met", "weighed"), story_stages.likely),
            Stage("filled", ("links", "grouped", "copies"), forms.filled, written=False),
            Stage("alike", ("texts", "likely", "weighed", "filled"), story_stages.alike),
            Stage("stories", ("alike",), story_stages.stories),
            Stage("told", ("documents", "grouped", "copies", "stories", "alike"), assigned_stories),
            Stage("follows", ("texts", "alike", "stories", "told"), story_stages.follows),
        ]
    stages += [Stage("result", ("named", "told"), result)]
    return {stage.name: stage for stage in stages}


# --- articles


def articles(run: Run) -> DataFrame:
    """Return the rows read, `spark.articles.ARTICLES`; the bad ones too."""
    read = partial(spark_articles.read, settings=run.settings, source=run.source)
    return run.df.mapInArrow(read, spark_articles.ARTICLES)


def lines(run: Run, articles: DataFrame) -> DataFrame:
    """Return the keys of the segments that were learned to be boilerplate: `line`.

    The rule of `boilerplate.learned_lines`; the segments of an outlet that stand often enough meet in one partition.
    """
    columns = ("key", "outlet", "same", "size", "stands_in", "titles", "telling", "lines", "lengths", "kinds", "beside")
    read = articles.where("reason IS NULL").select(*columns)
    work = partial(learned_lines.send_segments, receivers=run.receivers)
    often = run.send(read.mapInArrow(work, learned_lines.PACKED)).mapInArrow(
        learned_lines.often_met, learned_lines.SEGMENTS
    )
    return run.gather(often, "outlet").mapInArrow(learned_lines.learned, "line long")


def mended(run: Run, articles: DataFrame, lines: DataFrame) -> DataFrame | None:
    """Return the articles that learned lines are cut from, `spark.articles.MENDED`; None where no line was learned.

    What outlets repeat is little, however large a feed is: every worker holds it.
    """
    known = np.unique(lines.toArrow().column("line").to_numpy()).view(np.uint64)
    if not len(known):
        return None
    known.sort()
    columns = (
        "lines",
        "starts",
        "lengths",
        "kinds",
        "words",
        "stems",
        "letters",
        "ends",
        "title",
        "heads",
        "head_letters",
    )
    read = articles.where("reason IS NULL").select("key", *columns, "head_ends", "stands_in")
    held = run.spark.sparkContext.broadcast(known)
    return read.mapInArrow(partial(learned_lines.mend, settings=run.settings, known=held), spark_articles.MENDED)


def words(run: Run, articles: DataFrame, mended: DataFrame | None = None) -> DataFrame:
    """Return articles without boilerplate, with the keys of their texts."""
    read = articles.where("reason IS NULL").select(*_LABELS, *_TEXT)
    if mended is None:
        return read
    others = read.join(mended.select("key"), "key", "left_anti")
    return others.select(*_LABELS, *_TEXT).unionByName(read.select(*_LABELS).join(mended, "key"))


def again(run: Run, words: DataFrame) -> DataFrame:
    """Return the ids that several articles of a part have."""
    return words.groupBy("id", part_of_key()).count().where("count > 1").select("id", "part")


def ids(run: Run, words: DataFrame, again: DataFrame) -> DataFrame | None:
    """Return the articles whose id another one has: `key`, `name`; None where all ids are distinct.

    The rule of `corpus.read`.
    """
    from pyspark.sql import Window, functions as F

    if again.isEmpty():
        return None
    known = words.select("key", "id", part_of_key(), "date", "hash", "outlet", "tie")
    unsigned = F.col("hash").bitwiseXOR(F.lit(-(1 << 63)))
    order = Window.partitionBy("id", "part").orderBy("date", unsigned, "outlet", "tie", "key")
    turns = known.join(again, ["id", "part"], "left_semi").withColumn("turn", F.row_number().over(order))
    suffixed = known.where(F.col("id").contains("#")).select("id", "part")
    numbers = suffixed.mapInArrow(spark_articles.taken_ids, "id string, number string, part int")
    named = numbers.join(again, ["id", "part"], "left_semi").groupBy("id", "part")
    taken = named.agg(F.collect_set("number").alias("taken"))
    later = turns.where("turn > 1").join(taken, ["id", "part"], "left").select("key", "id", "turn", "taken")
    return later.mapInArrow(spark_articles.suffixes, "key long, name string")


def named(run: Run, words: DataFrame, ids: DataFrame | None) -> DataFrame:
    """Return articles by their final ids, without their words."""
    from pyspark.sql import functions as F

    rows = words.select("key", "id", "outlet", "date", "moment", "hash", "doc", "title", "carries")
    if ids is None:
        return rows
    return rows.join(ids, "key", "left").withColumn("id", F.coalesce("name", "id")).drop("name")


# --- copies


def documents(run: Run, named: DataFrame) -> DataFrame:
    """Return distinct texts: who carries the words, who stands for it, who came first, when, and who printed it."""
    grouped = run.gather(named.where("doc >= 0"), "doc")
    return grouped.mapInArrow(spark_copies.documents, spark_copies.DOCUMENTS)


def refuse_mixed(documents: DataFrame) -> None:
    """Refuse a feed in which two texts have one code.

    Raises:
        InputError: two have.
    """
    if not documents.where("mixed").isEmpty():
        raise InputError(
            "two different texts have one code, which happens in very large feeds; cure: run the feed in two parts"
        )


def candidates(run: Run, words: DataFrame) -> DataFrame:
    """Return pairs of documents to be verified, packed by where they are."""
    carried = words.where("carries").select("doc", "bands", "samples")
    keys = carried.mapInArrow(partial(spark_copies.send_keys, receivers=run.receivers), messages.KEYS)
    meet = partial(spark_copies.pairs_met, settings=run.settings, receivers=run.receivers)
    pairs = run.send(keys).mapInArrow(meet, messages.PAIRS)
    return run.send(pairs).mapInArrow(partial(spark_copies.candidates, settings=run.settings), messages.PAIRS)


def links(run: Run, candidates: DataFrame, words: DataFrame) -> DataFrame:
    """Return pairs that are near."""
    from pyspark.sql import functions as F

    carried = words.where("carries").select("doc", "words", "letters", "ends").withColumn("stems", F.lit(b""))
    verify = partial(spark_copies.verified, settings=run.settings)
    return run.send_with_texts(candidates, carried, verify, spark_copies.LINKS)


def grouped(run: Run, links: DataFrame, documents: DataFrame) -> DataFrame:
    """Return what grouping found, component by component: `spark.copies.GROUPS`."""
    from pyspark.sql import functions as F

    tied = links.where("ties")
    if tied.count() <= min(connected_components.FEW_LINKS, run.links_together):
        together = links.withColumn("component", F.lit(0).cast("long"))
    else:
        tied = run.with_components(tied, "copies", "least(shared / smaller, 1.0)")
        ends = tied.select("component", F.col("a").alias("node")).union(
            tied.select("component", F.col("b").alias("node"))
        )
        together = tied.unionByName(within(links.where("NOT ties"), ends.distinct(), "node", "component"))
    for end in ("a", "b"):
        printed = documents.select(
            F.col("doc").alias(end),
            F.col("printed.outlet").alias(f"{end}_outlet"),
            F.col("printed.date").alias(f"{end}_date"),
        )
        together = together.join(printed, end)
    work = partial(spark_copies.groups, settings=run.settings)
    return run.gather(together, "component").mapInArrow(work, spark_copies.GROUPS)


def copies(run: Run, grouped: DataFrame) -> DataFrame:
    """Return linked documents with the first documents of their copy groups."""
    return grouped.where(f"part = {spark_copies.CENTRED}").select("doc", "centre")


# --- the result


def assigned_exact(run: Run, documents: DataFrame) -> DataFrame:
    """Return how the article that stands for each document is assigned, `spark.result.TOLD`, where no copies are found."""
    from pyspark.sql import functions as F

    rows = (
        documents.select("doc", "lead", "earliest").withColumn("centre", F.col("doc")).withColumn("row", F.lit("doc"))
    )
    return _assigned(run, rows.withColumn("story", F.col("centre")))


def assigned_copies(run: Run, documents: DataFrame, grouped: DataFrame, copies: DataFrame) -> DataFrame:
    """Return how the article that stands for each document is assigned, where no stories are found."""
    from pyspark.sql import functions as F

    rows = _centred(documents, copies).unionByName(_links_of_groups(grouped), allowMissingColumns=True)
    return _assigned(run, rows.withColumn("story", F.col("centre")))


def assigned_stories(
    run: Run, documents: DataFrame, grouped: DataFrame, copies: DataFrame, stories: DataFrame, alike: DataFrame
) -> DataFrame:
    """Return how the article that stands for each document is assigned, in its story."""
    from pyspark.sql import functions as F

    story_of_centre = stories.select(F.col("text").alias("centre"), F.col("story").alias("other"))
    rows = _centred(documents, copies).unionByName(_links_of_groups(grouped), allowMissingColumns=True)
    rows = rows.join(story_of_centre, "centre", "left")
    rows = rows.withColumn("story", F.coalesce("other", "centre")).drop("other")
    pairs = within(alike, stories, "text", "story").withColumn("row", F.lit("pair"))
    return _assigned(run, rows.unionByName(pairs, allowMissingColumns=True))


def _links_of_groups(grouped: DataFrame) -> DataFrame:
    """Return verified pairs of documents of one group, with its first document."""
    from pyspark.sql import functions as F

    linked = (F.col("part") == spark_copies.NEAR) & F.col("kind").isin(COPY, CONTAINED)
    return grouped.where(linked).drop("part", "doc").withColumn("row", F.lit("link"))


def _centred(documents: DataFrame, copies: DataFrame) -> DataFrame:
    """Return documents with the centre of their copy group, themselves where they are alone."""
    from pyspark.sql import functions as F

    rows = documents.select("doc", "lead", "earliest").join(copies, "doc", "left")
    return rows.withColumn("centre", F.coalesce("centre", "doc")).withColumn("row", F.lit("doc"))


def _assigned(run: Run, rows: DataFrame) -> DataFrame:
    work = partial(spark_result.tell, settings=run.settings)
    return run.gather(rows, "story").mapInArrow(work, spark_result.TOLD)


def result(run: Run, named: DataFrame, told: DataFrame) -> DataFrame:
    """Return every article with its groups and its link: `COLUMNS`."""
    from pyspark.sql import functions as F

    rows = named.select("id", "doc").join(told, "doc", "left")
    stands = F.col("lead") == F.col("id")  # missing where an article is too short to group
    grouped = F.col("lead").isNotNull()
    columns = [F.when(grouped, F.col(name)).otherwise(F.col("id")).alias(name) for name in COLUMNS[1:4]]
    of_exact_copy: dict[str, Any] = {
        "representative": F.lit(False),
        "linked_to": F.col("lead"),
        "relation": F.lit("exact"),
        "score": F.lit(1.0),
        "evidence": F.lit(None),
    }
    of_single = {"representative": True}
    for name, value in of_exact_copy.items():
        chosen = F.when(stands, F.col(name)).when(grouped, value).otherwise(F.lit(of_single.get(name)))
        columns.append(chosen.alias(name))
    return rows.select("id", *columns)
