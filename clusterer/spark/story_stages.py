"""The stages of stories of a run on Spark: each makes its rows of those of other stages. The table of all is `stages`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clusterer.spark import connected_components, messages, stories as spark_stories
from clusterer.spark.run import Run, within
from clusterer.stories import candidates as stories_candidates, term_weights

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SIGNATURES_TOGETHER = 1 << 20
"""Texts whose signatures one worker holds; of more, each worker takes those with some keys."""


def texts(run: Run, copies: DataFrame, documents: DataFrame, words: DataFrame) -> DataFrame:
    """Return copy groups as one text each: the longest one's stems and title, dates and outlets of all.

    A column `home` names the partition that wrote the text.
    """
    from pyspark.sql import functions as F

    centres = copies.select("doc", "centre")
    grouped = documents.join(centres, "doc", "left").withColumn("text", F.coalesce("centre", "doc"))
    columns = ("text", "doc", "holder", "title", "first", "last", "outlets")
    groups = run.gather(grouped.select(*columns), "text").mapInArrow(spark_stories.texts, spark_stories.GROUPED)
    body = F.substring("stems", 1, term_weights.BODY_WORDS * 4).alias("stems")
    carried = words.where("carries").select("key", "size", body)
    home = F.spark_partition_id().alias("home")
    joined = groups.hint("shuffle_hash").join(carried, "key").drop("key")
    schema = f"{spark_stories.GROUPED.replace('key long, ', '')}, stems binary"
    told = joined.mapInArrow(partial(spark_stories.telling, least=run.settings.min_words), schema)
    return told.withColumn("home", home)


def weighed(run: Run, texts: DataFrame) -> DataFrame:
    """Return texts with what the feed knows of their stems."""
    count, homes = run.count_texts(texts)
    stems = texts.select("home", "stems", "title")
    sent = stems.mapInArrow(partial(spark_stories.send_stems, receivers=run.receivers), spark_stories.KNOWLEDGE)
    known = run.send(sent).mapInArrow(spark_stories.count_stems, spark_stories.KNOWLEDGE).drop("to")
    both = texts.unionByName(known, allowMissingColumns=True)
    work = partial(spark_stories.weigh, settings=run.settings, texts=count)
    return run.send(both, "home", max(homes, 1)).mapInArrow(work, spark_stories.WEIGHED)


def met(run: Run, texts: DataFrame, weighed: DataFrame) -> DataFrame:
    """Return pairs of texts whose signatures are alike."""
    places = _places(run, run.count_texts(texts)[0])
    slots = weighed.select("text", "slots", "first", "last")
    sent = slots.mapInArrow(partial(spark_stories.send_slots, places=places), spark_stories.SLOTS)
    meet = partial(spark_stories.leads_met, settings=run.settings, places=places, receivers=run.receivers)
    pairs = run.send(sent, count=len(places)).mapInArrow(meet, messages.PAIRS)
    return run.send(pairs).mapInArrow(messages.each_once, messages.PAIRS)


def _places(run: Run, count: int) -> spark_stories.Places:
    """Return where signatures of so many texts meet.

    As few places as there are cores hold the signatures of all texts, while these are few enough.
    """
    bands = max(run.settings.story_slots - stories_candidates.STORY_ROWS + 1, 1)
    groups = min(run.cores, bands)
    ranges = 1 if count <= SIGNATURES_TOGETHER else -(-bands * count // SIGNATURES_TOGETHER // groups)
    return spark_stories.Places(groups, ranges)


def likely(run: Run, met: DataFrame, weighed: DataFrame) -> DataFrame:
    """Return, of these pairs, those whose leads and dates are near each other."""
    from pyspark.sql import functions as F

    leads = weighed.select(F.col("text").alias("doc"), "lead", "near", "first", "last")
    near = partial(spark_stories.near, settings=run.settings, receivers=run.receivers)
    return run.send_with_texts(met, leads, near, messages.PAIRS)


def alike(run: Run, texts: DataFrame, likely: DataFrame, weighed: DataFrame, filled: DataFrame) -> DataFrame:
    """Return, of these pairs, those with more than a trace of likeness, and not of one form, filled twice."""
    rows = weighed.withColumnRenamed("text", "doc").drop("slots", "lead", "near")
    work = partial(spark_stories.compare, settings=run.settings, texts=run.count_texts(texts)[0])
    pairs = run.send_with_texts(likely, rows, work, spark_stories.ALIKE)
    return pairs.join(filled, ["a", "b"], "left_anti")


def stories(run: Run, alike: DataFrame) -> DataFrame:
    """Return the story of each text that has one with others."""
    from pyspark.sql import functions as F

    pairs = alike.select("a", "b", "score")
    work = partial(spark_stories.stories, settings=run.settings)
    if pairs.count() <= min(connected_components.FEW_LINKS, run.links_together):
        return pairs.coalesce(1).mapInArrow(work, spark_stories.STORY_OF)
    strong = run.with_components(pairs.where(F.col("score") >= run.settings.story), "stories", "score")
    ends = strong.select("component", F.col("a").alias("node")).union(
        strong.select("component", F.col("b").alias("node"))
    )
    inside = within(pairs, ends.distinct(), "node", "component")
    return run.gather(inside, "component").mapInArrow(work, spark_stories.STORY_OF)


def follows(run: Run, texts: DataFrame, alike: DataFrame, stories: DataFrame, told: DataFrame) -> DataFrame:
    """Return stories that go on with an earlier one of the same affair, and that one, by their ids: `story`, `follows`."""
    from pyspark.sql import functions as F

    story_of = texts.select("text", "first").join(stories, "text", "left")
    story_of = story_of.withColumn("story", F.coalesce("story", "text"))
    begun = story_of.groupBy("story").agg(F.min("first").alias("begun"))
    pairs = alike.select("a", "b", "features")
    for end in ("a", "b"):
        of_end = story_of.join(begun, "story").select(
            F.col("text").alias(end), F.col("story").alias(f"{end}_story"), F.col("begun").alias(f"{end}_begun")
        )
        pairs = pairs.join(of_end, end)
    later = F.when(F.col("a_begun") > F.col("b_begun"), F.col("a_story")).otherwise(F.col("b_story"))
    between = run.gather(pairs.where("a_story != b_story").withColumn("later", later), "later")
    work = partial(spark_stories.follow_ups, settings=run.settings)
    found = between.mapInArrow(work, spark_stories.FOLLOWS)
    for end in ("story", "follows"):  # the first text of a story is a document of it
        ids = told.select(F.col("doc").alias(end), F.col("story").alias(f"{end}_id"))
        found = found.join(ids, end).drop(end).withColumnRenamed(f"{end}_id", end)
    return found.select("story", "follows")
