"""Feeds of millions of articles: planted copies are copies, and a short feed begins a long one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.corpora import bulk
from clusterer import cluster


def test_a_short_feed_begins_a_long_one_and_holds_copies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bulk, "SHARD", 200)
    long, short = ([row for table in bulk.shards(n) for row in table.to_pylist()] for n in (500, 250))
    assert (len(long), long[:250]) == (500, short)
    assert 60 < sum(map(len, (row["content"].split() for row in long))) / 500 < 200
    done = CliRunner().invoke(bulk.main, ["250", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.parquet", "00001.parquet"]
    found = cluster(str(tmp_path), level="copy")
    planted = [row["copy"] for row in short]
    together = {(a.copy, number) for a, number in zip(found, planted, strict=True)}
    assert len(set(planted)) <= len({a.copy for a in found}) < 1.2 * len(set(planted))
    assert len(together) <= 1.01 * len({a.copy for a in found})  # hardly any strangers in one group
