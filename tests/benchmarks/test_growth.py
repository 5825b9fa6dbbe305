"""Cost under attack: every attack is what it says, and growth is told from what a run costs in any case."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.corpora.attacks import ATTACKS, LONG_TEXTS
from benchmarks.suites import growth


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_has_so_many_articles_and_is_the_same_again(name: str) -> None:
    rows = list(growth.rows_of(name, 30))
    assert len(rows) == 30
    assert rows == list(growth.rows_of(name, 30))
    assert len({row["text"] + row["title"] for row in rows}) > 10


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
