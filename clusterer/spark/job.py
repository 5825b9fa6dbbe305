"""The same job on Spark: articles of a DataFrame to exact copies within copies within stories, as `clusterer.cluster`.

Spark moves rows; hashing, scoring and grouping are the package's own, inside its workers (`spark_copies`,
`spark_stories`). Every stage is written to a folder and read back from there: a run that failed goes on where it was.
Nothing that grows with the feed comes to the driver. What is joined is ordered so that hubs travel and their many
partners stay.

Source of the road: `pipeline`, step by step; of components: see `components`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

from clusterer import __version__
from clusterer.errors import InputError
from clusterer.fingerprint import recipe
from clusterer.settings import Settings
from clusterer.spark import articles as spark_articles
from clusterer.spark import checkpoint as spark_checkpoint
from clusterer.spark import copies as spark_copies
from clusterer.spark import learned_lines, messages
from clusterer.spark import result as spark_result
from clusterer.spark import stories as spark_stories
from clusterer.spark.articles import Source
from clusterer.spark.connected_components import _CUTS, FEW, LINKS_TOGETHER, _cut, components
from clusterer.stories import candidates as stories_candidates
from clusterer.stories import term_weights
from clusterer.text import boilerplate

A_PARTITION = 16_384
"""Articles that one task works on together."""
SIGNATURES_TOGETHER = 1 << 20
"""Texts whose signatures one worker holds; of more, each worker takes those with some keys."""
COLUMNS = ("id", "story", "copy", "exact", "representative", "linked_to", "relation", "score", "evidence")
"""Of the result, as `Assignment` has them; `evidence` is JSON."""
_ADVISED = 16 << 20  # bytes of a partition after a join
_A_BATCH = 32 << 20  # bytes that Java hands to a worker at a time, of rows that may have megabytes each


class Job:
    """One run: its folder, its stages in order. Each is made when it is first asked for."""

    def __init__(
        self,
        df: Any,
        settings: Settings,
        source: Source,
        checkpoint: str | None = None,
        partitions: int | None = None,
        links_together: int = LINKS_TOGETHER,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Refuse a folder of another run, before anything is read."""
        self._df, self._settings, self._source = df, settings, source
        self._together, self._tell = links_together, tell or (lambda stage: None)
        if ".connect." in type(df).__module__:
            raise InputError("this data frame is of Spark Connect, which reaches no context; cure: a classic session")
        self._spark = df.sparkSession.newSession()
        self.folder = spark_checkpoint.folder_of(self._spark, checkpoint)
        self._conf = self._spark.conf
        self._conf.set("spark.sql.adaptive.enabled", "true")
        # The work is done in workers: to compile a query takes longer than to walk its rows uncompiled.
        self._conf.set("spark.sql.codegen.wholeStage", "false")
        self._conf.set("spark.sql.adaptive.advisoryPartitionSizeInBytes", str(_ADVISED))
        self._conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(messages.CHUNK))
        self._conf.set("spark.sql.execution.arrow.maxBytesPerBatch", str(_A_BATCH))
        self._conf.set("spark.sql.parquet.compression.codec", "snappy")
        described = {
            "version": __version__,
            "recipe": recipe(),
            "settings": settings.fingerprint(),
            "partitions": partitions,
            "links together": links_together,
            "fields": source.fields,
            "columns": df.columns,
            "input": spark_checkpoint.stamp(self._spark, df.inputFiles()),
        }
        spark_checkpoint.hold_against(self._spark, self.folder, described)
        self._chosen, self._receivers = partitions, 0
        self._made: dict[str, Any] = {}

    # --- what stages share

    def _stage(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, written once, read back. Half-written stages are made anew."""
        if name in self._made:
            return self._made[name]
        path, read = f"{self.folder}/{name}", self._spark.read
        if not spark_checkpoint.exists(self._spark, f"{path}/_SUCCESS"):
            rows = make()
            self._tell(name)
            _described(self._spark, name)
            rows.write.mode("overwrite").option("parquet.enable.dictionary", "false").parquet(path)
            read = read.schema(rows.schema)  # known; to find it out is a job
        self._made[name] = read.parquet(path)
        return self._made[name]

    def _to(self, rows: Any, column: str = "to", count: int = 0) -> Any:
        """Rows where they are sent: by number where Spark can, else by its hash of the number."""
        count = count or self._receivers
        if hasattr(rows, "repartitionById"):
            return rows.repartitionById(count, column)
        return rows.repartition(count, column)

    # --- the stages

    def articles(self) -> Any:
        """Rows read; the bad ones too."""
        read = partial(spark_articles.read, settings=self._settings, source=self._source)
        found = self._stage("articles", lambda: self._df.mapInArrow(read, spark_articles.ARTICLES))
        if not self._receivers:
            self._receivers = self._partitions()
            self._conf.set("spark.sql.shuffle.partitions", str(self._receivers))
        return found

    @cached_property
    def _rows(self) -> tuple[int, int]:
        """How many rows were read, and how many of them are no articles."""
        from pyspark.sql import functions as F

        row = self._made["articles"].agg(F.count("*").alias("rows"), F.count("reason").alias("bad")).first()
        return int(row["rows"]), int(row["bad"])

    def _partitions(self) -> int:
        """As many as the run had when it began: later stages name them, on however many cores it goes on."""

        def make() -> bytes:
            cores = int(self._spark.sparkContext.defaultParallelism)
            needed = max(-(-self._rows[0] // A_PARTITION), 1)
            return b"%d" % (self._chosen or -(-needed // cores) * cores)  # all cores have as many

        return int(spark_checkpoint.noted(self._spark, f"{self.folder}/partitions", make))

    def quarantined(self) -> Any:
        """Rows that are no articles: `file`, `reason`, `row`."""
        from pyspark.sql import functions as F

        bad = self.articles().where("reason IS NOT NULL")
        return bad.select("file", "reason", F.col("excerpt").alias("row"))

    def bad_rows(self) -> int:
        """How many rows are no articles.

        Raises:
            InputError: all of them.
        """
        self.articles()
        rows, bad = self._rows
        if bad and bad == rows:
            first = self.quarantined().first()
            raise InputError(f"none of {bad} rows is an article; {first['file'] or 'first'}: {first['reason']}")
        return bad

    def _furniture(self) -> Any:
        """The keys of learned lines: the rule of `boilerplate.learned_lines`."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        def make() -> Any:
            n = self._receivers
            unknown = (F.col("outlet") == "").alias("unknown")
            first = self.articles().where("original").select("key", "same", "lines", "lengths", unknown)
            lines = self._by(first, "same").mapInArrow(
                partial(learned_lines.lines_of_originals, receivers=n), learned_lines.LINES
            )
            frequent = self._to(lines).mapInArrow(learned_lines.frequent_lines, learned_lines.FREQUENT)
            shared = F.sum("length").over(Window.partitionBy("article"))
            needed = F.when(F.max("unknown"), boilerplate.MIN_SUPPORT_UNKNOWN).otherwise(boilerplate.MIN_SUPPORT)
            different = frequent.withColumn("own", F.col("size") - shared).where("2 * own >= size")
            return different.groupBy("line").agg(F.count("*").alias("support"), needed.alias("needed"))

        return self._stage("lines", make).where("support >= needed").select("line")

    def _mended(self) -> Any:
        """Articles that learned lines are cut from; None where there are none."""
        from pyspark.sql import functions as F

        learned = self._furniture()
        if learned.isEmpty():
            return None

        def make() -> Any:
            read = self.articles().where("reason IS NULL")
            held = read.select("key", "lines").mapInArrow(learned_lines.lines_held, learned_lines.HELD)
            cut = held.join(learned, "line", "left_semi").groupBy("key").agg(F.collect_set("line").alias("cut"))
            texts = read.select("key", "lines", "lengths", "words", "stems", "letters", "ends").join(cut, "key")
            return texts.mapInArrow(partial(learned_lines.mend, settings=self._settings), spark_articles.MENDED)

        return self._stage("mended", make)

    def words(self) -> Any:
        """Articles without furniture, with the keys of their texts."""
        return self._words

    @cached_property
    def _words(self) -> Any:
        columns = [
            "key",
            "id",
            "tie",
            "outlet",
            "date",
            "moment",
            "title",
            *(x.split()[0] for x in spark_articles.WORDS.split(",")),
        ]
        read = self.articles().where("reason IS NULL").select(*columns)
        mended = self._mended() if self._settings.boilerplate == "learned" else None
        if mended is None:
            return read
        others = read.join(mended.select("key"), "key", "left_anti")
        whole = read.select("key", "id", "tie", "outlet", "date", "moment", "title").join(mended, "key")
        return others.select(*columns).unionByName(whole)

    @cached_property
    def _renamed(self) -> Any:
        """Articles whose id another one has: `key`, `name`. The rule of `corpus.read`."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        def make() -> Any:
            found = self.words().select("key", "id", "date", "hash", "outlet", "tie")
            unsigned = F.col("hash").bitwiseXOR(F.lit(-(1 << 63)))
            order = Window.partitionBy("id").orderBy("date", unsigned, "outlet", "tie", "key")
            turns = found.join(again, "id", "left_semi").withColumn("turn", F.row_number().over(order))
            tailed = found.where(F.col("id").contains("#")).select("id")
            numbers = tailed.mapInArrow(spark_articles.taken_ids, "id string, number string")
            taken = numbers.join(again, "id", "left_semi").groupBy("id").agg(F.collect_set("number").alias("taken"))
            later = turns.where("turn > 1").join(taken, "id", "left").select("key", "id", "turn", "taken")
            return later.mapInArrow(spark_articles.suffixes, "key long, name string")

        again = self._stage("again", lambda: self.words().groupBy("id").count().where("count > 1").select("id"))
        return None if again.isEmpty() else self._stage("ids", make)

    def named(self) -> Any:
        """Articles by their final ids, without their words."""
        from pyspark.sql import functions as F

        found = self.words().select("key", "id", "outlet", "date", "moment", "hash", "doc", "title", "carries")
        renamed = self._renamed
        if renamed is None:
            return found
        return found.join(renamed, "key", "left").withColumn("id", F.coalesce("name", "id")).drop("name")

    def _branch(self) -> None:
        """Documents and copies hang on the words alone: while one branch is planned, the other one works."""
        self.words()
        with ThreadPoolExecutor(1) as beside:
            documents = beside.submit(self.documents)
            if self._settings.level != "exact":
                self.copies()
            documents.result()

    def documents(self) -> Any:
        """Distinct texts: who carries the words, who stands for it, who came first, when, and who printed it."""

        def make() -> Any:
            grouped = self._by(self.named().where("doc >= 0"), "doc")
            return grouped.mapInArrow(spark_copies.documents, spark_copies.DOCUMENTS)

        found = self._stage("documents", make)
        if not found.where("mixed").isEmpty():
            raise InputError(
                "two different texts have one code, which happens in very large feeds; cure: run the feed in two parts"
            )
        return found

    def candidates(self) -> Any:
        """Pairs of documents to be verified, packed by where they are."""

        def make() -> Any:
            n = self._receivers
            held = self.words().where("carries").select("doc", "bands", "samples")
            keys = held.mapInArrow(partial(spark_copies.send_keys, receivers=n), messages.KEYS)
            meet = partial(spark_copies.pairs_met, settings=self._settings, receivers=n)
            met = self._to(keys).mapInArrow(meet, messages.PAIRS)
            choose = partial(spark_copies.candidates, settings=self._settings)
            return self._to(met).mapInArrow(choose, messages.PAIRS)

        return self._stage("candidates", make)

    def links(self) -> Any:
        """Pairs that are copies or cuts."""

        def make() -> Any:
            from pyspark.sql import functions as F

            texts = self.words().where("carries").select("doc", "words", "letters", "ends")
            texts = texts.withColumn("stems", F.lit(b""))
            work = partial(spark_copies.verified, settings=self._settings)
            return self._beside(self.candidates(), texts, work, spark_copies.LINKS)

        return self._stage("links", make)

    def _beside(self, pairs: Any, texts: Any, work: Callable[..., Any], schema: str, count: int = 0) -> Any:
        """Pairs, packed by where they are, and the texts that they need there (by `doc`), through a worker function."""
        pairs = pairs.where("octet_length(pairs) > 0").select("to", "docs", "held", "pairs")
        needed = pairs.select("to", "docs").mapInArrow(messages.needed, "doc long, to int")
        together = needed.join(texts, "doc").unionByName(pairs, allowMissingColumns=True)
        return self._to(together, count=count).mapInArrow(work, schema)

    def copies(self) -> Any:
        """Linked documents with the centres of their copy groups."""

        def make() -> Any:
            links = self._whole(self.links(), "copies", "least(shared / smaller, 1.0)")
            return self._by(links, "component").mapInArrow(spark_copies.stars, spark_copies.STARS)

        return self._stage("copies", make)

    def _by(self, rows: Any, column: str) -> Any:
        """Rows of one value together."""
        return rows.repartition(self._receivers, column)

    def _whole(self, links: Any, name: str, strength: str) -> Any:
        """Links with the component that they are of; components too large for one worker are cut.

        Few links need not be told apart: they are all of component 0.

        The rule for large ones: of such a component the links weaker than their median go, again and again until its
        pieces are small enough; where all are equally strong, each text keeps only the link to its first neighbour.
        """
        from pyspark.sql import functions as F

        if links.count() <= min(FEW, self._together):
            return links.withColumn("component", F.lit(0).cast("long"))
        before = None
        for turn in range(_CUTS):
            tail = f"-cut{turn}" if turn else ""
            tied = components(links, self._stage, f"{name}-components{tail}")
            joined = links.join(tied.withColumnRenamed("node", "a"), "a")
            large = self._stage(f"{name}-large{tail}", partial(self._too_large, joined, strength))
            left = large.agg({"links": "sum"}).first()[0]
            if left is None or left == before:  # none, or no more to cut
                break
            before = left
            warnings.warn(
                f"{name}: {large.count()} components have more than {self._together:,} links and are cut where they are"
                " weakest",
                stacklevel=2,
            )
            links = self._stage(f"{name}-cut{turn + 1}", partial(_cut, joined, large, strength))
        return joined

    def _too_large(self, links: Any, strength: str) -> Any:
        """Components of too many links: `component`, the median of their strength and the least."""
        from pyspark.sql import functions as F

        return (
            links.groupBy("component")
            .agg(
                F.count("*").alias("links"),
                F.percentile_approx(F.expr(strength), 0.5).alias("median"),
                F.min(F.expr(strength)).alias("weakest"),
            )
            .where(F.col("links") > self._together)
        )

    # --- stories

    def texts(self) -> Any:
        """Copy groups as one text each: the longest one's stems, its title, dates and outlets of all; `home`, the partition
        that wrote it."""
        from pyspark.sql import functions as F

        def make() -> Any:
            centres = self.copies().select("doc", "centre")
            grouped = self.documents().join(centres, "doc", "left").withColumn("text", F.coalesce("centre", "doc"))
            columns = ("text", "doc", "holder", "title", "first", "last", "outlets")
            texts = self._by(grouped.select(*columns), "text").mapInArrow(spark_stories.texts, spark_stories.GROUPED)
            body = F.substring("stems", 1, term_weights.BODY_WORDS * 4).alias("stems")
            held = self.words().where("carries").select("key", body)
            home = F.spark_partition_id().alias("home")
            return texts.hint("shuffle_hash").join(held, "key").drop("key").withColumn("home", home)

        return self._stage("texts", make)

    @cached_property
    def _texts(self) -> tuple[int, int]:
        """How many texts there are, and how many homes."""
        from pyspark.sql import functions as F

        row = self.texts().agg(F.count("*").alias("texts"), F.count_distinct("home").alias("homes")).first()
        return int(row["texts"]), int(row["homes"])

    def weighed(self) -> Any:
        """Texts with what the feed knows of their stems."""

        def make() -> Any:
            texts = self.texts()
            n, (count, homes) = self._receivers, self._texts
            stems = texts.select("home", "stems", "title")
            sent = stems.mapInArrow(partial(spark_stories.send_stems, receivers=n), spark_stories.KNOWLEDGE)
            back = self._to(sent).mapInArrow(spark_stories.count_stems, spark_stories.KNOWLEDGE)
            known = back.withColumnRenamed("stems", "known").drop("to")
            both = texts.unionByName(known.withColumnRenamed("known", "stems"), allowMissingColumns=True)
            work = partial(spark_stories.weigh, settings=self._settings, texts=count)
            return self._to(both, "home", max(homes, 1)).mapInArrow(work, spark_stories.WEIGHED)

        return self._stage("weighed", make)

    def met(self) -> Any:
        """Pairs of texts whose signatures are alike."""

        def make() -> Any:
            places = self._places()
            slots = self.weighed().select("text", "slots", "first", "last")
            sent = slots.mapInArrow(partial(spark_stories.send_slots, places=places), spark_stories.SLOTS)
            work = partial(spark_stories.leads_met, settings=self._settings, places=places, receivers=self._receivers)
            return self._gathered(self._to(sent, count=len(places)).mapInArrow(work, messages.PAIRS))

        return self._stage("met", make)

    def _places(self) -> spark_stories.Places:
        """As few places as there are cores hold the signatures of all texts, while these are few enough."""
        cores = int(self._spark.sparkContext.defaultParallelism)
        bands = max(self._settings.story_slots // stories_candidates.STORY_ROWS, 1)
        groups, texts = min(cores, bands), self._texts[0]
        return spark_stories.Places(
            groups, 1 if texts <= SIGNATURES_TOGETHER else -(-bands * texts // SIGNATURES_TOGETHER // groups)
        )

    def likely(self) -> Any:
        """Of these, pairs whose leads and dates are near each other."""
        from pyspark.sql import functions as F

        def make() -> Any:
            leads = self.weighed().select(F.col("text").alias("doc"), "lead", "near", "first", "last")
            work = partial(spark_stories.near, receivers=self._receivers)
            return self._beside(self.met(), leads, work, messages.PAIRS)

        return self._stage("likely", make)

    def alike(self) -> Any:
        """Of these, pairs with more than a trace of likeness."""

        def make() -> Any:
            texts = self.weighed().withColumnRenamed("text", "doc").drop("slots", "lead", "near")
            work = partial(spark_stories.compare, settings=self._settings, texts=self._texts[0])
            return self._beside(self.likely(), texts, work, spark_stories.ALIKE)

        return self._stage("alike", make)

    def _gathered(self, pairs: Any) -> Any:
        """Packed pairs, one row for each place."""
        return self._to(pairs).mapInArrow(messages.each_once, messages.PAIRS)

    def stories(self) -> Any:
        """The story of each text that has one with others."""
        from pyspark.sql import functions as F

        def make() -> Any:
            alike = self.alike().select("a", "b", "score")
            work = partial(spark_stories.stories, settings=self._settings)
            if alike.count() <= min(FEW, self._together):
                return alike.coalesce(1).mapInArrow(work, spark_stories.STORY_OF)
            strong = self._whole(alike.where(F.col("score") >= self._settings.story), "stories", "score")
            nodes = strong.select("component", F.col("a").alias("node")).union(
                strong.select("component", F.col("b").alias("node"))
            )
            inside = _within(alike, nodes.distinct(), "node", "component")
            return self._by(inside, "component").mapInArrow(work, spark_stories.STORY_OF)

        return self._stage("stories", make)

    # --- the result

    def told(self) -> Any:
        """How the article that stands for each document is assigned."""
        from pyspark.sql import functions as F

        def make() -> Any:
            docs = self.documents().select("doc", "lead", "earliest")
            if self._settings.level == "exact":
                centred = docs.withColumn("centre", F.col("doc"))
                for name in ("shared", "smaller", "larger"):
                    centred = centred.withColumn(name, F.lit(0).cast("long"))
                centred = centred.withColumn("opening", F.lit(0.0)).withColumn("copy", F.lit(False))
            else:
                centred = docs.join(self.copies(), "doc", "left").withColumn("centre", F.coalesce("centre", "doc"))
            rows = centred.withColumn("story", F.col("centre"))
            if self._settings.level == "story":
                stories = self.stories()
                of = stories.select(F.col("text").alias("centre"), F.col("story").alias("other"))
                rows = (
                    centred.join(of, "centre", "left").withColumn("story", F.coalesce("other", "centre")).drop("other")
                )
                pairs = _within(self.alike(), stories, "text", "story")
                rows = rows.unionByName(pairs, allowMissingColumns=True)
            else:
                nothing = {"a": "long", "b": "long", "features": "binary"}
                rows = rows.select("*", *(F.lit(None).cast(kind).alias(name) for name, kind in nothing.items()))
            work = partial(spark_result.tell, settings=self._settings)
            return self._by(rows, "story").mapInArrow(work, spark_result.TOLD)

        return self._stage("told", make)

    def result(self) -> Any:
        """Every article with its groups and its link: `COLUMNS`."""
        from pyspark.sql import functions as F

        def make() -> Any:
            self._branch()
            own = self.named().select("id", "doc").join(self.told(), "doc", "left")
            stands = F.col("lead") == F.col("id")  # missing where an article is too short to group
            grouped = F.col("lead").isNotNull()
            columns = [F.when(grouped, F.col(name)).otherwise(F.col("id")).alias(name) for name in COLUMNS[1:4]]
            copied = {
                "representative": False,
                "linked_to": F.col("lead"),
                "relation": "exact",
                "score": 1.0,
                "evidence": None,
            }
            alone = {"representative": True}
            for name, value in copied.items():
                value = value if name == "linked_to" else F.lit(value)
                chosen = F.when(stands, F.col(name)).when(grouped, value).otherwise(F.lit(alone.get(name)))
                columns.append(chosen.alias(name))
            return own.select("id", *columns)

        return self._stage("result", make)


def _within(pairs: Any, groups: Any, member: str, group: str) -> Any:
    """Pairs whose two ends, `a` and `b`, are in one group, with it."""
    one, other = (
        groups.withColumnRenamed(member, end).withColumnRenamed(group, name)
        for end, name in (("a", group), ("b", "there"))
    )
    return pairs.join(one, "a").join(other, "b").where(f"{group} = there").drop("there")


def _described(spark: Any, name: str) -> None:
    spark.sparkContext.setJobDescription(f"clusterer: {name}")
