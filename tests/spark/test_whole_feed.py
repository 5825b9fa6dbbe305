"""Whole feeds on Spark, and a real cluster on loopback: a master and workers in processes of their own, some of them killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from places import SHARED
from spark_runs import STAGES, differing, told

from benchmarks.corpora import generator
from clusterer import (
    Article,
    Settings,
    cluster as local,
    spark as clusterer_spark,
)
from clusterer.io.feed import Feed


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
    wanted = told(local([row.article for row in Feed(files)], settings))
    for partitions in (None, 4):  # one worker, and some
        assert differing(wanted, told(clusterer_spark.cluster(df, settings, partitions=partitions))) == {}


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
