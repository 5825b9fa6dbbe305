"""Cost under attack: every attack is what it says, and growth is told from what a run costs in any case."""

from __future__ import annotations

import warnings
from pathlib import Path

import commands
import orjson
import pytest
from click.testing import CliRunner

from benchmarks.corpora.attacks import ATTACKS, LONG_TEXTS
from benchmarks.suites import growth
from clusterer import cluster
from clusterer.lsh import bands


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_has_so_many_articles_and_is_the_same_again(name: str) -> None:
    rows = list(growth.rows_of(name, 30))
    assert len(rows) == 30
    assert rows == list(growth.rows_of(name, 30))
    assert len({row["text"] + row["title"] for row in rows}) > 10


def test_what_a_crowd_leaves_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed, rows = tmp_path / "a.jsonl", list(growth.rows_of("one_story", 200))
    feed.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(cluster(rows)) == 200
    monkeypatch.setattr(bands, "SMALL", 1)
    monkeypatch.setattr(bands, "AVERAGE", 2)
    told = "too many texts look alike: each was compared with about 2 of those before it that are most like it"
    with pytest.warns(UserWarning, match=told):
        assert len(cluster(rows)) == 200
    run = commands.run_in_text("cluster", feed, "-o", tmp_path / "out.jsonl")
    assert (run.returncode, told in run.stderr) == (0, True)


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_a_long_text_has_so_many_characters(name: str) -> None:
    longest = max(len(row["text"]) for row in growth.rows_of(name, 5_000))
    assert 4_000 < longest <= 5_000


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0])
def test_the_power_of_growth_is_found(power: float) -> None:
    assert growth.growth([10, 20, 40], [n**power for n in (10, 20, 40)], 0.5) == pytest.approx(power)


def test_noise_is_no_growth() -> None:
    assert growth.growth([10, 20, 40], [0.0, 0.0, 0.4], 0.5) == 0.0


def test_a_run_that_ends_with_an_error_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="exit code 1"):
        growth.spent("cluster", [{"id": "1"}], tmp_path, 60)


def test_a_small_run_prints_a_line_a_job(tmp_path: Path) -> None:
    result = CliRunner().invoke(growth.main, ["chain", "--articles", "20", "--added", "10"])
    assert result.exit_code == 0, result.output
    assert [line.split()[:2] for line in result.output.splitlines()[1:]] == [["chain", "cluster"], ["chain", "index"]]
