"""The command on Spark, and its benchmark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from places import ROOT
from spark_runs import FEED_FILE, by_story, frame, parts, stories_of

from clusterer import (
    Article,
    Settings,
    cluster as local,
)
from clusterer.cli.main import cli
from clusterer.io.feed import Feed


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
    (empty := tmp_path / "empty.jsonl").touch()
    for args, why in (
        ((empty, "-o", tmp_path / "e.jsonl"), "empty.jsonl: no line in it; nothing is written"),
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
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert "Every column the same." in done.stdout
