"""The same job on Spark: every column as the local run's, whatever the partitions; damaged rows, resuming, dead workers.

The slow part starts a real cluster on loopback, a master and two workers in processes of their own.
"""

from __future__ import annotations

import contextlib
import gzip
import inspect
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner
from made import lines_of, text_of, words_of
from places import DATA, ROOT, SHARED
from story_forms import FILLINGS

from benchmarks.corpora import generator
from clusterer import (
    Article,
    Clustering,
    InputError,
    Settings,
    SettingsError,
    cluster as local,
    spark as clusterer_spark,
)
from clusterer.cli.main import cli
from clusterer.cli.spark import _source_of_lines
from clusterer.io.columns import FieldMap
from clusterer.io.feed import Feed
from clusterer.lsh import bands
from clusterer.spark import connected_components, job as spark_job, messages, stages as spark_stages, stories
from clusterer.spark.arrow import batch_of, cells, whole
from clusterer.spark.articles import Source, doc_codes
from clusterer.spark.connected_components import components, large_star, roots_of, small_star
from clusterer.spark.session import session
from clusterer.stories import candidates
from clusterer.stories.model import shipped_model

pytest.importorskip("pyspark", reason="Spark is not here: pip install 'clusterer[spark]'")


if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    pytest.skip("Java is not here: Spark needs Java 17", allow_module_level=True)


FEED_FILE = DATA / "feed.jsonl"
COLUMNS = ("story", "copy", "exact", "representative", "linked_to", "relation", "score")
STAGES = ("articles", "lines", "again", "documents", "candidates", "links", "copies", "texts", "weighed", "met",
          "likely", "alike", "stories", "told", "result")  # fmt: skip


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    engine = session("local[2]")
    engine.conf.set("spark.sql.shuffle.partitions", "3")
    yield engine
    engine.stop()


def rows_of(articles: list[Article]) -> list[tuple[Any, ...]]:
    return [(a.id, a.title, a.source, a.url, a.date, a.text) for a in articles]


def frame(spark: Any, articles: list[Article]) -> Any:
    schema = "id string, title string, source string, url string, date timestamp, text string"
    return spark.createDataFrame(rows_of(articles), schema)


def told(result: Any) -> dict[str, tuple[Any, ...]]:
    """Columns by id, of a data frame or a local result."""
    if isinstance(result, Clustering):
        return {a.id: (*(getattr(a, x) for x in COLUMNS), a.evidence and dict(a.evidence)) for a in result}
    rows = [row.asDict() for row in result.collect()]
    found = {r["id"]: (*(r[x] for x in COLUMNS), r["evidence"] and json.loads(r["evidence"])) for r in rows}
    assert len(found) == len(rows)
    return found


def stories_of(result: Clustering) -> dict[str, Any]:
    """Lines of stories, as `clusterer cluster --stories` writes them, without what needs titles and dates."""
    heads = {a.story: a.id for a in result if a.representative}
    return by_story(
        json.dumps({"story": x, "articles": n, "representative": heads[x], "follows": result.follows.get(x)})
        for x, n in result.sizes("story").items()
    )


def by_story(lines: Iterable[str | bytes]) -> dict[str, Any]:
    rows = list(map(orjson.loads, lines))
    found = {row["story"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def parts(folder: Path) -> list[str]:
    return [line for part in folder.glob("part-*") for line in part.read_text("utf-8").splitlines()]


def differing(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    assert a.keys() == b.keys()
    return {name: (a[name], b[name]) for name in a if a[name] != b[name]}


@pytest.fixture(scope="module")
def some() -> list[Article]:
    """The sample feed and, where it is here, a slice of the real one, with ids that are taken and articles without one."""
    articles = [row.article for row in Feed([str(FEED_FILE)])]
    for file in sorted((SHARED / "feed").glob("*.jsonl.gz"))[2:3]:
        articles += [row.article for row in Feed([str(file)])][:900]
    again = [Article(a.text + " ختام", a.id, a.title, a.source, a.url, a.date) for a in articles[:3]]
    last = articles[5]
    forms = [FILLINGS[name] for name in ("cable-sa", "eid-sa")]  # no copies, and no stories
    filled = [Article(text, title=title, source=f"جريدة {i}") for form in forms for i, (title, text) in enumerate(form)]
    return [
        *articles,
        *filled,
        *again,
        again[0],
        Article("نص قصير", f"{articles[0].id}#2"),
        Article(last.text, source="واس"),
        Article(""),
    ]


@pytest.mark.parametrize("level", ["story", pytest.param("copy", marks=pytest.mark.slow)])
def test_every_column_is_the_local_runs(spark: Any, some: list[Article], level: str, tmp_path: Path) -> None:
    settings, stories_folder = Settings(level=level), tmp_path / "stories"
    rows = frame(spark, some).repartition(3)
    found = clusterer_spark.cluster(rows, settings, partitions=3, stories=str(stories_folder))
    assert tuple(found.columns) == spark_stages.COLUMNS
    wanted = local(some, settings)
    assert differing(told(wanted), told(found)) == {}
    assert by_story(parts(stories_folder)) == stories_of(wanted)
    assert len(wanted.follows) > 5 or level == "copy"


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
    found = clusterer_spark.cluster(frame(spark, some), settings, partitions=5, stories=str(tmp_path / "stories"))
    wanted = local(some, settings)
    assert differing(told(wanted), told(found)) == {}
    assert by_story(parts(tmp_path / "stories")) == stories_of(wanted)


@pytest.mark.slow
def test_no_articles_and_one(spark: Any) -> None:
    assert told(clusterer_spark.cluster(frame(spark, []), Settings())) == {}
    assert set(told(clusterer_spark.cluster(frame(spark, [Article("كلمة", "a")])))) == {"a"}


def test_columns_by_name_and_bad_rows(spark: Any, some: list[Article], tmp_path: Path) -> None:
    rows = [(a.id, a.text, "") for a in some[:40]] + [("x", None, None), ("y", "نص\0", "")]
    df = spark.createDataFrame(rows, "n string, corpus string, title string")
    job = spark_job.Job(df, Settings(level="copy"), Source((("id", "n"), ("text", "corpus"))), str(tmp_path / "stages"))
    found = told(job.result())
    assert set(found) == {a.id for a in some[:40]}
    reasons = sorted(row["reason"] for row in job.quarantined().collect())
    assert len(reasons) == 2
    assert "NUL" in reasons[0]
    assert "null" in reasons[1]
    names = {"id": "n", "text": "corpus"}
    with pytest.warns(UserWarning, match="2 bad rows left out, first: "):
        clusterer_spark.cluster(df, Settings(level="exact"), **names)
    clusterer_spark.cluster(df, Settings(level="exact"), quarantine=str(tmp_path / "bad"), **names)
    assert sorted(row["reason"] for row in spark.read.json(str(tmp_path / "bad")).collect()) == reasons
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
    found = local([str(tmp_path / f"{number}.parquet") for number in (0, 1)])
    rows_of_spark = spark.read.parquet(*(str(tmp_path / f"{number}.parquet") for number in (0, 1)))
    assert not differing(told(clusterer_spark.cluster(rows_of_spark)), told(found))
    lines = spark.read.text([str(tmp_path / f"{number}.jsonl") for number in (0, 1)])
    source, notes = _source_of_lines(lines, {})
    assert [row["id"] for row in source.sample] == [row["id"] for row in rows[:20]]
    columns = FieldMap()
    columns.learn(source.sample)
    assert columns(rows[40]).text == rows[40]["page"]
    assert any("'page' was read as text" in note for note in notes)


def test_resuming_and_other_settings(spark: Any, some: list[Article], tmp_path: Path) -> None:
    df, folder, seen = frame(spark, some[:150]), str(tmp_path / "stages"), []
    settings = Settings(level="copy")
    first = told(clusterer_spark.cluster(df, settings, checkpoint=folder, tell=seen.append))
    assert seen[0] == "articles"
    (tmp_path / "stages" / "grouped" / "_SUCCESS").unlink()  # as if it had died there, half written
    for name in ("told", "result"):
        shutil.rmtree(tmp_path / "stages" / name)
    seen.clear()
    again = told(clusterer_spark.cluster(df, settings, checkpoint=folder, tell=seen.append))
    assert again == first
    assert seen == ["grouped", "told", "result"]
    with pytest.raises(SettingsError, match="other settings"):
        clusterer_spark.cluster(df, Settings(level="copy", jaccard=0.6), checkpoint=folder)
    with pytest.raises(SettingsError, match="other partitions"):
        clusterer_spark.cluster(df, settings, checkpoint=folder, partitions=7)
    with pytest.raises(SettingsError, match="other columns"):
        clusterer_spark.cluster(df.drop("title"), settings, checkpoint=folder)


@pytest.mark.parametrize("boilerplate", ["learned", "known"])
@pytest.mark.parametrize("level", ["exact", "copy", "story"])
def test_stages_come_after_their_inputs_and_name_them_as_their_functions_do(level: str, boilerplate: str) -> None:
    seen: set[str] = set()
    for name, stage in spark_stages.stages_of(Settings(level=level, boilerplate=boilerplate)).items():
        assert name == stage.name
        assert seen.issuperset(stage.inputs)
        parameters = inspect.signature(stage.make).parameters.values()
        names = tuple(p.name for p in parameters if p.name in stage.inputs or p.default is p.empty)
        assert names == ("run", *stage.inputs)
        seen.add(name)
    if level == "story":
        assert seen.issuperset(STAGES)


def giant(count: int, alike: bool) -> list[Article]:
    """Half of them one text: word by word, or each with a word of its own."""
    body = words_of("giant", 60)
    turn = random.Random(1)
    return [
        Article(" ".join([*body, *([] if alike else words_of(f"own {i}", 2))]) if i % 2 else text_of(i, 60), f"g{i:04}",
                source=f"s{turn.randrange(9)}")
        for i in range(count)
    ]  # fmt: skip


@pytest.mark.parametrize("alike", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_giant_bucket(spark: Any, alike: bool) -> None:
    articles = giant(1200, alike)
    settings = Settings(level="copy", boilerplate="known")
    found = told(clusterer_spark.cluster(frame(spark, articles), settings, partitions=4))
    assert differing(told(local(articles, settings)), found) == {}


@pytest.mark.slow
def test_lines_are_learned_alike(spark: Any) -> None:
    footer, wire = "\n" + text_of("footer", 9), "\n" + text_of("wire", 9)
    articles = [Article(lines_of(i, 4) + footer, f"a{i}", source="س") for i in range(6)]
    articles += [Article(lines_of(i, 4) + wire, f"b{i}") for i in range(9)]
    articles += [Article(a.text, f"c{i}", source=a.source) for i, a in enumerate(articles)]
    settings = Settings(level="copy")
    df, wanted = frame(spark, articles), local(articles, settings)
    job = spark_job.Job(df, settings, Source())
    assert differing(told(wanted), told(job.result())) == {}
    learned = {row["line"] % (1 << 64) for row in job.table("lines").collect()}
    assert learned == wanted.furniture
    assert len(learned) == 1


@pytest.mark.parametrize(("groups", "ranges"), [(1, 1), (2, 1), (3, 5), (2, 40)])
def test_signatures_meet_wherever_they_are_sent(groups: int, ranges: int) -> None:
    """By places, of batches, against the local search of all: some signatures alike, one of an empty text."""
    rng = np.random.default_rng(groups)
    slots = rng.integers(0, 1 << 16, (300, 256), dtype=np.uint16)
    for i in range(1, 300):
        same = rng.random(256) < rng.choice([0.0, 0.07, 0.2, 0.9])
        slots[i, same] = slots[rng.integers(0, i), same]
    slots[7] = 9
    texts = np.sort(rng.choice(1 << 60, 300, replace=False))
    settings, places, order = Settings(), stories.Places(groups, ranges), rng.permutation(300)
    first = rng.integers(0, 20, 300) * 86_400.0
    first[::9] = np.inf
    last = first + 3_600.0
    filled = np.flatnonzero((slots != slots[:, :1]).any(axis=1))
    likeness = candidates.story_likeness(first, last, settings)
    wanted, _ = bands.banded_pairs(
        slots.copy(), filled, candidates.STORY_ROWS, candidates.story_cap(settings), likeness
    )
    assert len(wanted) > 100

    ends = np.arange(101) * 256
    batches = [
        batch_of(
            {
                "text": texts[part],
                "first": first[part],
                "last": last[part],
                "slots": cells(slots[part].ravel(), ends),
            }
        )
        for part in np.split(order, 3)
    ]
    sent = list(stories.send_slots(batches, places))
    used = {to for batch in sent for to in batch.column("to").to_pylist()}
    assert used <= set(range(len(places)))
    alone: list[Any] = []
    for to in used:
        here = [batch.filter(pa.compute.equal(batch.column("to"), to)) for batch in sent]
        alone += stories.leads_met(here, settings, places, 4)
    # Where places are dealt out by hash, one task may have several.
    for met in (alone, list(stories.leads_met(sent, settings, places, 4))):
        docs, pairs, _, _ = messages.pairs_of(whole(met))
        assert {tuple(x) for x in docs[pairs].tolist()} == {tuple(x) for x in texts[wanted].tolist()}


def graph(seed: int, nodes: int, edges: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    names = rng.choice(1 << 40, nodes, replace=False).astype(np.int64)
    return names[rng.integers(0, nodes, (edges, 2))]


@pytest.mark.parametrize(
    ("nodes", "edges"), [(60, 20), *(pytest.param(*x, marks=pytest.mark.slow) for x in ((400, 390), (200, 600)))]
)
def test_components(spark: Any, tmp_path: Path, nodes: int, edges: int) -> None:
    found = graph(nodes, nodes, edges)
    chain = np.arange(1000, 1040, dtype=np.int64)
    both = np.concatenate([found, np.stack([chain[:-1], chain[1:]], axis=1)])
    df = spark.createDataFrame(both.tolist(), "a long, b long").repartition(4)

    def stage(name: str, make: Callable[[], Any]) -> Any:
        make().write.mode("overwrite").parquet(f"{tmp_path}/{name}")
        return spark.read.parquet(f"{tmp_path}/{name}")

    ends, roots = roots_of(both.T)
    wanted = {int(n): int(r) for n, r in zip(ends, roots, strict=True)}
    loops = {int(n) for n in ends} - {int(x) for pair in both[both[:, 0] != both[:, 1]] for x in pair}
    for few in (0, 1 << 20) if nodes == 400 else (1 << 20,):
        told = {row["node"]: row["component"] for row in components(df, stage, f"c{few}", few).collect()}
        assert told == {n: r for n, r in wanted.items() if n not in loops}


def test_roots_against_a_walk() -> None:
    for seed in range(30):
        edges = graph(seed, 40, 30)
        top = {int(x): int(x) for x in edges.ravel()}
        changed = True
        while changed:
            changed = False
            for a, b in edges.tolist():
                low = min(top[a], top[b])
                changed |= top[a] != low or top[b] != low
                top[a] = top[b] = low
        nodes, roots = roots_of(edges.T)
        assert dict(zip(nodes.tolist(), roots.tolist(), strict=True)) == top


def test_the_steps_are_the_papers(spark: Any) -> None:
    df = spark.createDataFrame([(1, 2), (2, 3), (3, 4)], "a long, b long")

    def edges(found: Any) -> set[tuple[int, ...]]:
        return {tuple(row) for row in found.collect()}

    assert edges(large_star(df)) == {(1, 2), (1, 3), (2, 4)}
    assert edges(small_star(df)) == {(1, 2), (2, 3), (3, 4)}


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


def test_codes_sort_as_documents_are_numbered() -> None:
    rng = np.random.default_rng(3)
    sizes = np.concatenate([rng.integers(1, 5000, 4000), [2047, 2048, 1 << 19]])
    hashes = rng.integers(0, 1 << 64, len(sizes), dtype=np.uint64)
    codes = doc_codes(sizes, hashes)
    assert codes.min() >= 0
    assert np.array_equal(np.argsort(codes), np.lexsort((hashes, -sizes)))


def test_the_command(some: list[Article], tmp_path: Path, spark: Any) -> None:
    feed, out = tmp_path / "feed.jsonl", tmp_path / "out.jsonl"
    lines = FEED_FILE.read_bytes() + b'{"id": "bad", "text": null}\n{broken\n\xff\n'
    feed.write_bytes(lines)

    def run(*args: object) -> Any:
        return CliRunner().invoke(cli, ["cluster", "--engine", "spark", *map(str, args)])

    done = run(feed, "-o", out, "--level", "copy", "--stories", tmp_path / "stories.jsonl")
    assert done.exit_code == 0, done.output
    got = {x["id"]: x for part in out.glob("part-*") for x in map(orjson.loads, part.read_bytes().splitlines())}
    wanted = local([row.article for row in Feed([str(FEED_FILE)])], Settings(level="copy"))
    assert got == {a.id: json.loads(json.dumps(a.as_dict(), default=dict)) for a in wanted}
    bad = parts(tmp_path / "out.jsonl.quarantine.jsonl")
    assert by_story(parts(tmp_path / "stories.jsonl")) == stories_of(wanted)
    assert len(bad) == 3
    assert "3 bad rows" in done.output
    assert not (tmp_path / "out.jsonl.checkpoint").exists()
    table = tmp_path / "feed.parquet"
    frame(spark, some[:60]).write.parquet(str(table))
    assert run(table, "-o", tmp_path / "out.parquet", "--level", "exact").exit_code == 0
    assert spark.read.parquet(str(tmp_path / "out.parquet")).count() == 60
    for args, why in (
        ((feed, table, "-o", out), "one format"), ((feed, "-o", tmp_path / "x.csv"), "writes .parquet"),
        (("x.csv", "-o", tmp_path / "y.jsonl"), "reads .jsonl"), ((feed, "-o", feed), "is also an input"),
        ((feed, "-o", tmp_path), "writes .parquet"), ((feed, "-o", out, "--stories", "s.csv"), "--stories NAME.parquet"),
        ((feed, "-o", out, "--report", tmp_path / "r.html"), "--report is not for --engine spark"),
        ((feed, "-o", out, "--with", "title"), "--with is not for"), ((feed, "-o", out, "--format", "csv"), "--format csv"),
        ((feed, "-o", out, "--encoding", "cp1256"), "UTF-8"), ((tmp_path / "no.jsonl", "-o", tmp_path / "z.jsonl"), "no.jsonl"),
    ):  # fmt: skip
        assert why in str(run(*args).exception)


@pytest.mark.slow
def test_the_benchmark(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.suites.spark", "cost", "--articles", "1000", "--repeats", "1"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=True)
    assert "Every column the same." in done.stdout


@pytest.fixture(params=["generated", "real"])
def whole_feed(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Files of JSON lines: 3,000 generated articles, or the real feed where it is here."""
    if request.param == "generated":
        file = tmp_path / "generated.jsonl"
        file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in generator.feed(3000)))
        return [str(file)]
    files = sorted(str(file) for file in (SHARED / "feed").glob("*.jsonl.gz"))
    if not files:
        pytest.skip(f"real articles are not here: no *.jsonl.gz in {SHARED / 'feed'}")
    return files


RUN = """
import os, sys, time
from clusterer import Settings
from clusterer.spark.job import Job
from clusterer.spark.session import session
from clusterer.spark.articles import Source
master, level, folder, inputs = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
spark = session(master, {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1",
                         "spark.executor.memory": "1g", "spark.network.timeout": "60s",
                         "spark.executor.heartbeatInterval": "5s"})
lines = spark.read.option("lineSep", "\\n").text(inputs)
df = lines.selectExpr("cast(value AS binary) AS value", "_metadata.file_path AS file").repartition(4)
memory = spark.sparkContext._jsc.sc().getExecutorMemoryStatus
def tell(stage):
    end = time.monotonic() + 60
    while memory().size() < 3 and time.monotonic() < end:  # the driver and both executors
        time.sleep(0.05)
    print(stage, flush=True)
job = Job(df, Settings(level=level), Source((), True), folder, 4, tell=tell)
job.result()
print("done", flush=True)
spark.stop()
"""


class Cluster:
    """A master and two workers on loopback, in processes of their own."""

    def __init__(self, folder: Path) -> None:
        import pyspark

        self.folder, self.port = folder, 17_000 + os.getpid() % 2000
        home = str(Path(pyspark.__file__).parent)
        self.environment = {
            **os.environ, "SPARK_HOME": home, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
            "SPARK_WORKER_DIR": str(folder / "work"), "SPARK_LOCAL_DIRS": str(folder / "local"),
        }  # fmt: skip
        self._class = [f"{home}/bin/spark-class"]
        self._master = self._start(
            "master.Master", "--host", "127.0.0.1", "--port", str(self.port), "--webui-port", "0"
        )
        self.url = f"spark://127.0.0.1:{self.port}"
        self.workers = [self.worker(), self.worker()]

    def _start(self, name: str, *args: str) -> subprocess.Popen[bytes]:
        with open(self.folder / f"{name}.log", "ab") as log:
            return subprocess.Popen(
                [*self._class, f"org.apache.spark.deploy.{name}", *args], env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def worker(self) -> subprocess.Popen[bytes]:
        return self._start(
            "worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0", self.url
        )

    def kill_one(self) -> None:
        """kill -9 of a worker and its executor, and another worker for it."""
        _kill(self.workers.pop(0))
        self.workers.append(self.worker())

    def stop(self) -> None:
        for process in [*self.workers, self._master]:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of a process and all that it started; of these some end by themselves when the first is gone."""
    found, at = [process.pid], 0
    while at < len(found):
        done = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(found[at])], capture_output=True, text=True, check=False
        )
        found += map(int, done.stdout.split())
        at += 1
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.stop()


def run_on(cluster: Cluster, level: str, folder: Path, inputs: list[str], on_stage: Callable[[str], None]) -> None:
    """The driver, in a process of its own; told each stage as it begins."""
    command = [sys.executable, "-c", RUN, cluster.url, level, str(folder), *inputs]
    with open(cluster.folder / "driver.log", "wb") as log:
        driver = subprocess.Popen(command, env=cluster.environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert driver.stdout is not None
        for line in driver.stdout:
            on_stage(line.strip())
        assert driver.wait() == 0, (cluster.folder / "driver.log").read_text()[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("level", ["story", "copy"])
def test_the_whole_feed_on_local_cores(spark: Any, whole_feed: list[str], level: str) -> None:
    files, settings = whole_feed, Settings(level=level)
    df = spark.read.json(files, primitivesAsString=True)
    found = told(clusterer_spark.cluster(df, settings))
    assert differing(told(local([row.article for row in Feed(files)], settings)), found) == {}


@pytest.mark.slow
def test_the_whole_feed_on_a_cluster(standalone: Cluster, spark: Any, whole_feed: list[str], tmp_path: Path) -> None:
    run_on(standalone, "story", tmp_path / "stages", whole_feed, lambda stage: None)
    found = told(spark.read.parquet(str(tmp_path / "stages" / "result")))
    assert differing(told(local([row.article for row in Feed(whole_feed)])), found) == {}


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_each_stage(
    standalone: Cluster, spark: Any, some: list[Article], tmp_path: Path
) -> None:
    """kill -9 of a worker with its executor, a moment after each stage has begun: the same groups."""
    feed = tmp_path / "feed.jsonl"
    rows = [{"id": a.id, "title": a.title, "source": a.source, "url": a.url, "text": a.text,
             "date": a.date.isoformat() if a.date else None} for a in some]  # fmt: skip
    feed.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    seen: list[str] = []
    killed: list[str] = []

    def on_stage(stage: str) -> None:
        seen.append(stage)
        if stage != "done":

            def strike() -> None:
                time.sleep(0.3)
                standalone.kill_one()
                killed.append(stage)

            thread = threading.Thread(target=strike)
            thread.start()
            thread.join()

    run_on(standalone, "story", tmp_path / "stages", [str(feed)], on_stage)
    assert set(killed) >= set(STAGES)
    lost = (standalone.folder / "driver.log").read_text().count("Lost executor")
    assert lost >= len(STAGES)  # the engine saw them go, while it needed them
    found = told(spark.read.parquet(str(tmp_path / "stages" / "result")))
    assert differing(told(local(some)), found) == {}


def test_gzip_is_read(spark: Any, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.jsonl.gz", "wb") as out:
        out.write(FEED_FILE.read_bytes())
    read = spark.read.option("lineSep", "\n").text(str(tmp_path / "a.jsonl.gz"))
    df = read.selectExpr("cast(value AS binary) AS value", "_metadata.file_path AS file")
    job = spark_job.Job(df, Settings(level="exact"), Source((), True))
    assert job.articles().count() == len(FEED_FILE.read_bytes().splitlines())
