"""`clusterer explain`: what a person reads, beside what a program does."""

from __future__ import annotations

import json
from pathlib import Path

from commands import run_in_text
from places import DATA


def test_dates_are_told_by_the_clock_of_the_zone(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    asked = ("explain", "sadawadi-05", "marsad-06", DATA / "feed.jsonl", "-q")
    told = run_in_text(*asked, "--timezone", "Asia/Riyadh")
    assert "2016-03-29 09:45 UTC+03:00" in told.stdout
    assert "2016-03-29 06:45 UTC\n" in run_in_text(*asked).stdout
    assert run_in_text(*asked, "--timezone", "Asia/Riyadh", "--language", "en", "--html", page).returncode == 0
    text = page.read_text("utf-8")
    assert "29 Mar 2016 09:45" in text
    assert "Times are those of \u2068Asia/Riyadh\u2069.</span>" in text
    assert run_in_text(*asked, "--language", "en", "--html", page).returncode == 0
    text = page.read_text("utf-8")
    assert "29 Mar 2016 06:45" in text
    assert "Times are UTC.</span>" in text
    lines = json.loads(run_in_text(*asked, "--timezone", "Asia/Riyadh", "--json").stdout)
    assert lines["articles"][0]["date"] == "2016-03-29T06:45:11+00:00", "data stay in UTC"
