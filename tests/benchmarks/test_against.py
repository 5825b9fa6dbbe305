"""What a run costs beside another checkout: the suite run on this one twice."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks.measure import ROOT
from benchmarks.suites import against as suite


@pytest.mark.slow
def test_a_checkout_costs_what_it_costs() -> None:
    arguments = [str(ROOT), str(ROOT / "data" / "feed.jsonl"), "--rounds", "3", "--linear"]
    said = CliRunner().invoke(suite.main, arguments)
    assert said.exit_code == 0, said.output
    assert "130 articles" in said.output
    for name in (*suite.JOBS, "cost of the story level", "time grows"):
        assert name in said.output


def test_what_is_neither_a_checkout_nor_a_commit_is_told() -> None:
    said = CliRunner().invoke(suite.main, ["no-such-commit", str(ROOT / "data" / "feed.jsonl")])
    assert said.exit_code == 1
    assert "neither a checkout nor a commit" in said.output
