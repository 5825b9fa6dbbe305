"""Files that are written in one form: a name that promises another one is refused before anything is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import run_in_text
from places import DATA

FEED, GOLD = DATA / "feed.jsonl", DATA / "gold.jsonl"
CASES = [
    (["cluster", FEED, "--report"], "r.csv", "r.html, and for a table of stories `--stories FILE` of cluster, `index"),
    (["cluster", FEED, "--report"], "r.pdf", "r.html"),
    (["cluster", FEED, "--stats"], "s.csv", "s.json"),
    (["cluster", FEED, "--quarantine"], "q.csv.gz", "q.jsonl.gz"),
    (["dedup", FEED, "--removed"], "r.csv", "r.jsonl"),
    (["boilerplate", FEED, "-o"], "b.tsv", "b.jsonl"),
    (["evaluate", GOLD, GOLD, "--html"], "e.csv", "e.html"),
    (["explain", "sadawadi-05", "marsad-06", FEED, "--html"], "x.json", "x.html"),
    (["tune", FEED, GOLD, "-o"], "t.json", "t.toml"),
    (["tune", FEED, GOLD, "--html"], "t.xlsx", "t.html"),
    (["label", FEED, "-o"], "l.csv", "l.jsonl"),
    (["index", "add", "n.db", FEED, "-o"], "a.csv", "a.jsonl"),
    (["index", "add", "n.db", FEED, "--changes"], "c.csv", "c.jsonl"),
    (["index", "query", "n.db", FEED, "-o"], "a.csv", "a.jsonl"),
    (["index", "changes", "n.db", "-o"], "c.parquet", "c.jsonl"),
    (["index", "export", "n.db", "--report"], "r.csv", "r.html"),
]


@pytest.mark.parametrize(("words", "name", "cure"), CASES, ids=lambda case: case if isinstance(case, str) else None)
def test_a_name_that_promises_another_form_is_refused(
    words: list[str | Path], name: str, cure: str, tmp_path: Path
) -> None:
    done = run_in_text(*words, tmp_path / name)
    ending = ".csv" if name.endswith(".gz") else Path(name).suffix
    assert done.returncode == 1
    assert f"{name}: {ending} promises what is not written here" in done.stderr
    assert f"cure: {words[-1]} {tmp_path / cure}" in done.stderr
    assert not list(tmp_path.iterdir())


def test_names_that_promise_what_is_written_or_nothing_are_taken(tmp_path: Path) -> None:
    for name in ("page.html", "page.HTM", "page.html.gz", "page", "page.2016-04-01"):
        done = run_in_text("cluster", FEED, "-o", tmp_path / "o.jsonl", "--level", "exact", "--report", tmp_path / name)
        assert (done.returncode, (tmp_path / name).is_file()) == (0, True), name
