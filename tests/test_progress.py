"""What is told of how far a run is."""

from __future__ import annotations

from pathlib import Path

from places import DATA

from clusterer import Settings
from clusterer.cli import stages as cli_stages
from clusterer.io.feed import Feed
from clusterer.pipeline import run_pipeline
from clusterer.progress import Stage, Stages


def test_every_stage_does_what_it_said(tmp_path: Path) -> None:
    feed = Feed(DATA / "feed.jsonl")
    shares: list[float] = []

    def share() -> float | None:
        shares.append(feed.share_read or 0.0)
        return shares[-1]

    stages = Stages({"reading": share})
    run_pipeline((row.article for row in feed), Settings(chunk=16, threads=2), stages)
    stages.end()
    by_name = {stage.name: stage for stage in stages.passed}
    assert len(by_name) == len(stages.passed) > 8
    assert by_name["reading"].done == 130
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] == 1.0
    for name in ("sketching", "verifying", "comparing", "weighing"):
        assert by_name[name].done == by_name[name].total, name
    assert all(stage.seconds >= 0 and stage.peak_bytes > 0 for stage in stages.passed)


def test_a_line_tells_what_is_known() -> None:
    assert Stage("reading", None, 500, 0.25, seconds=5.0).line == "reading: 500 of about 2,000 (25 %), 100/s, 0:15 left"
    assert Stage("reading", None, 500, None, seconds=5.0).line == "reading: 500, 100/s"
    assert Stage("grouping", 7, seconds=65.0).line == "grouping: for 1:05"


def test_a_log_gets_a_line_now_and_then(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import time

    monkeypatch.setattr(cli_stages, "_EVERY", 0.05)
    with cli_stages.progress_shown(False) as stages:
        stages.begin("sketching", 10)
        stages("sketching", 5)
        written, until = "", time.monotonic() + 120
        while not written and time.monotonic() < until:
            time.sleep(0.05)
            written = capsys.readouterr().err
    told = (written + capsys.readouterr().err).splitlines()
    assert told
    assert all(line.startswith("clusterer: sketching: 5 of 10 (50 %), ") for line in told)
    with cli_stages.progress_shown(True) as stages:
        stages.begin("sketching", 10)
        time.sleep(0.1)
    assert not capsys.readouterr().err
