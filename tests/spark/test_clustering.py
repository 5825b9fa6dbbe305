"""The same job on Spark: every column as the local run's, whatever the partitions; damaged rows, going on."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from made import lines_of, text_of
from spark_runs import FEED_FILE, by_story, differing, frame, giant, parts, stories_of, told

from benchmarks.corpora.attacks import short_titles
from clusterer import (
    Article,
    InputError,
    Settings,
    SettingsError,
    cluster as local,
    spark as clusterer_spark,
)
from clusterer.cli.spark import _source_of_lines
from clusterer.io.columns import FieldMap
from clusterer.spark import connected_components, job as spark_job, stages as spark_stages, together
from clusterer.spark.articles import Source
from clusterer.stories.model import shipped_model


@pytest.mark.parametrize("partitions", [None, 3])  # None: few enough for one worker
@pytest.mark.parametrize("level", ["story", pytest.param("copy", marks=pytest.mark.slow)])
def test_every_column_is_the_local_runs(
    spark: Any, some: list[Article], level: str, partitions: int | None, tmp_path: Path
) -> None:
    settings, stories_folder = Settings(level=level), tmp_path / "stories"
    rows = frame(spark, some).repartition(3)
    found = clusterer_spark.cluster(rows, settings, partitions=partitions, stories=str(stories_folder))
    assert tuple(found.columns) == spark_stages.COLUMNS
    wanted = local(some, settings)
    assert differing(told(wanted), told(found)) == {}
    assert by_story(parts(stories_folder)) == stories_of(wanted)
    assert len(wanted.follows) >= 3 or level == "copy"


@pytest.mark.slow
def test_groups_by_component(spark: Any, some: list[Article], monkeypatch: pytest.MonkeyPatch) -> None:
    """As where links are too many for one worker."""
    monkeypatch.setattr(connected_components, "FEW_LINKS", 0)
    stages: list[str] = []
    found = clusterer_spark.cluster(frame(spark, some), partitions=3, tell=stages.append)
    assert {"copies-components-0", "stories-components-0"} <= set(stages)
    assert differing(told(local(some)), told(found)) == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        Settings(level="exact"), Settings(boilerplate="none", representative="longest"),
        Settings(level="copy", unit="char", size=12), Settings(boilerplate="known", representative="central", sample=0),
        Settings(level="copy", scheme="affine32", profile="strict", min_words=20, bucket_cap=8),
        Settings(weights=replace(shipped_model(), weights=shipped_model().weights * 0.8, bias=-4.5).text),
    ],
    ids=["exact", "longest", "char", "central", "affine", "weights"],
)  # fmt: skip
def test_other_settings(spark: Any, some: list[Article], settings: Settings, tmp_path: Path) -> None:
    wanted = local(some, settings)
    for partitions in (None, 5):
        stories = tmp_path / f"stories-{partitions}"
        found = clusterer_spark.cluster(frame(spark, some), settings, partitions=partitions, stories=str(stories))
        assert differing(told(wanted), told(found)) == {}
        assert by_story(parts(stories)) == stories_of(wanted)


@pytest.mark.slow
def test_texts_that_look_like_too_many_are_told(spark: Any) -> None:
    """By one worker as by the local run; shared out, by how many pairs that are."""
    rows = [Article(x["text"], x["id"], x["title"], x["source"]) for x in short_titles(600, np.random.default_rng(1))]
    with pytest.warns(UserWarning, match="texts look like more than .*; cure: ") as wanted:
        local(rows)
    for partitions, said in (
        (None, re.escape(str(wanted[0].message))),
        (3, "too many texts look alike: .* of their pairs were not compared.*; cure: "),
    ):
        with pytest.warns(UserWarning, match=said):
            found = clusterer_spark.cluster(frame(spark, rows), partitions=partitions)
        assert found.count() == 600


@pytest.mark.slow
@pytest.mark.parametrize("partitions", [None, 3])
def test_no_articles_and_one(spark: Any, partitions: int | None) -> None:
    assert told(clusterer_spark.cluster(frame(spark, []), Settings(), partitions=partitions)) == {}
    one = frame(spark, [Article("كلمة", "a")])
    assert set(told(clusterer_spark.cluster(one, partitions=partitions))) == {"a"}


def test_columns_by_name_and_bad_rows(spark: Any, some: list[Article], tmp_path: Path) -> None:
    rows = [(a.id, a.text, "") for a in some[:40]] + [("x", None, None), ("y", "نص\0", "")]
    df = spark.createDataFrame(rows, "n string, corpus string, title string")
    names, exact = {"id": "n", "text": "corpus"}, Settings(level="exact")
    with pytest.warns(UserWarning, match="2 bad rows left out, first: "):
        assert set(told(clusterer_spark.cluster(df, exact, **names))) == {a.id for a in some[:40]}
    clusterer_spark.cluster(df, exact, quarantine=str(tmp_path / "bad"), **names)
    reasons = sorted(row["reason"] for row in spark.read.json(str(tmp_path / "bad")).collect())
    assert len(reasons) == 2
    assert "NUL" in reasons[0]
    assert "null" in reasons[1]
    with pytest.raises(InputError, match="none of 2 rows is an article; first: text"):
        clusterer_spark.cluster(df.where("n IN ('x', 'y')"), Settings(level="exact"), **names)
    with pytest.raises(InputError, match="no text field"):
        clusterer_spark.cluster(spark.createDataFrame([(1, 2)], "a int, b int"))
    with pytest.raises(InputError, match="expected 'body'"):
        clusterer_spark.cluster(df, text="body", id="n")


@pytest.mark.filterwarnings("ignore:.*was read as text")
@pytest.mark.filterwarnings("ignore:.*stand for none")
def test_columns_are_told_by_what_they_hold_as_in_memory(spark: Any, some: list[Article], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    rows = [{"id": a.id, "description": "كل الأخبار", "page": a.text, "date": "1970-01-01", "pubDate": str(a.date)}
            for a in some[:60]]  # fmt: skip
    for number, part in enumerate(
        (rows[:20], rows[20:])
    ):  # the second file is the larger one, and has another order of columns
        part = part if not number else [dict(reversed(row.items())) for row in part]
        pq.write_table(pa.Table.from_pylist(part), tmp_path / f"{number}.parquet")
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part), "utf-8")
    exact = Settings(level="exact")  # which tells texts apart, and takes the fewest stages
    found = local([str(tmp_path / f"{number}.parquet") for number in (0, 1)], exact)
    assert 1 < len(found.groups("exact")) < len(rows)
    rows_of_spark = spark.read.parquet(*(str(tmp_path / f"{number}.parquet") for number in (0, 1)))
    assert not differing(told(clusterer_spark.cluster(rows_of_spark, exact)), told(found))
    lines = spark.read.text([str(tmp_path / f"{number}.jsonl") for number in (0, 1)])
    source, notes = _source_of_lines(lines, {})
    assert [row["id"] for row in source.sample] == [row["id"] for row in rows[:20]]
    columns = FieldMap()
    columns.learn(source.sample)
    assert columns(rows[40]).text == rows[40]["page"]
    assert any("'page' was read as text" in note for note in notes)


KNOWN = Settings(level="copy", boilerplate="known")


class GiantRun(NamedTuple):
    """A run with a bucket of 600 texts that are alike, each with words of its own, and what it left behind."""

    articles: list[Article]
    folder: Path
    stages: list[str]
    found: dict[str, Any]


@pytest.fixture(scope="module")
def giant_run(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> GiantRun:
    articles, folder, stages = giant(1200, alike=False), tmp_path_factory.mktemp("giant") / "stages", list[str]()
    df = frame(spark, articles)
    found = clusterer_spark.cluster(df, KNOWN, partitions=4, checkpoint=str(folder), tell=stages.append)
    return GiantRun(articles, folder, stages, told(found))


def test_a_giant_bucket(giant_run: GiantRun) -> None:
    assert differing(told(local(giant_run.articles, KNOWN)), giant_run.found) == {}


@pytest.mark.slow
def test_a_giant_bucket_of_one_text(spark: Any) -> None:
    articles = giant(1200, alike=True)
    found = told(clusterer_spark.cluster(frame(spark, articles), KNOWN, partitions=4))
    assert differing(told(local(articles, KNOWN)), found) == {}


def test_resuming_and_other_settings(spark: Any, giant_run: GiantRun) -> None:
    df, folder, seen = frame(spark, giant_run.articles), giant_run.folder, list[str]()
    assert giant_run.stages[0] == "articles"
    (folder / "grouped" / "_SUCCESS").unlink()  # as if it had died there, half written
    for name in ("told", "result"):
        shutil.rmtree(folder / name)
    again = clusterer_spark.cluster(df, KNOWN, partitions=4, checkpoint=str(folder), tell=seen.append)
    assert told(again) == giant_run.found
    assert seen == ["grouped", "told", "result"]
    with pytest.raises(SettingsError, match="other settings"):
        clusterer_spark.cluster(df, replace(KNOWN, jaccard=0.6), partitions=4, checkpoint=str(folder))
    with pytest.raises(SettingsError, match="other partitions"):
        clusterer_spark.cluster(df, KNOWN, partitions=7, checkpoint=str(folder))
    with pytest.raises(SettingsError, match="other columns"):
        clusterer_spark.cluster(df.drop("title"), KNOWN, partitions=4, checkpoint=str(folder))


@pytest.mark.slow
def test_lines_are_learned_alike(spark: Any) -> None:
    footer, wire = "\n" + text_of("footer", 9), "\n" + text_of("wire", 9)
    articles = [Article(lines_of(i, 4) + footer, f"a{i}", source="س") for i in range(6)]
    articles += [Article(lines_of(i, 4) + wire, f"b{i}") for i in range(9)]
    articles += [Article(a.text, f"c{i}", source=a.source) for i, a in enumerate(articles)]
    settings = Settings(level="copy")
    df, wanted = frame(spark, articles), local(articles, settings)
    job = spark_job.Job(df, settings, Source(), partitions=2)
    assert differing(told(wanted), told(job.result())) == {}
    learned = {row["line"] % (1 << 64) for row in job.table("lines").collect()}
    assert learned == wanted.furniture
    assert wanted.stats["learned boilerplate words"] == 12 * 9  # of the footer; what unknown outlets quote stays


@pytest.mark.slow
def test_a_large_component_is_cut_and_said(spark: Any) -> None:
    articles = giant(300, False)
    with pytest.warns(UserWarning, match="cut where they are weakest"):
        found = told(
            clusterer_spark.cluster(
                frame(spark, articles), Settings(level="copy", boilerplate="known"), partitions=2, links_together=200
            )
        )
    assert len(found) == 300
    assert max(np.unique([row[1] for row in found.values()], return_counts=True)[1]) > 20


@pytest.mark.parametrize(
    ("rows", "files"), [(40, 1 << 40), (39, 1 << 40), (40, 10)], ids=["few", "many", "large files"]
)
def test_few_rows_are_one_workers_and_a_run_goes_on_as_it_began(
    spark: Any, some: list[Article], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, files: int
) -> None:
    frame(spark, some[:40]).write.parquet(str(tmp_path / "feed.parquet"))
    df, exact, stages = spark.read.parquet(str(tmp_path / "feed.parquet")), Settings(level="exact"), list[str]()
    monkeypatch.setattr(together, "ARTICLES", rows)
    monkeypatch.setattr(together, "BYTES", files)
    found = clusterer_spark.cluster(df, exact, checkpoint=str(tmp_path / "stages"), tell=stages.append)
    wanted, alone = told(local(some[:40], exact)), (rows, files) == (40, 1 << 40)
    assert differing(wanted, told(found)) == {}
    assert ("documents" in stages) != alone
    shutil.rmtree(tmp_path / "stages" / "result")
    monkeypatch.setattr(together, "ARTICLES", 0 if alone else 1000)
    stages.clear()
    again = clusterer_spark.cluster(df, exact, checkpoint=str(tmp_path / "stages"), tell=stages.append)
    assert stages == ["result"]
    assert differing(wanted, told(again)) == {}


def test_gzip_is_read(spark: Any, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.jsonl.gz", "wb") as out:
        out.write(FEED_FILE.read_bytes())
    read = spark.read.option("lineSep", "\n").text(str(tmp_path / "a.jsonl.gz"))
    df = read.selectExpr("cast(value AS binary) AS value", "_metadata.file_path AS file")
    job = spark_job.Job(df, Settings(level="exact"), Source((), True))
    assert job.articles().count() == len(FEED_FILE.read_bytes().splitlines())
