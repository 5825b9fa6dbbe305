"""Reports that commands write: whole or absent, never over an input, and what they say of bad rows."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from commands import run
from made import lines_of
from reports import SAMPLE, embedded
from said import said

from clusterer import Article, StoryIndex, cluster
from clusterer.io.feed import Feed
from clusterer.pipeline import PipelineRun


def test_the_commands_write_reports(tmp_path: Path) -> None:
    page, lines, store = tmp_path / "r.html", tmp_path / "c.jsonl", tmp_path / "news.db"
    done = run("cluster", SAMPLE, "-o", lines, "--report", page)
    assert (done.returncode, done.stdout, said(done.stderr)) == (0, b"", "")
    plain = run("cluster", SAMPLE)
    assert lines.read_bytes() == plain.stdout
    stories = embedded(page.read_bytes(), "listed")["stories"]
    assert sum(story["size"] for story in stories) == 130
    piped = run("cluster", "-", "-o", tmp_path / "p.jsonl", "--report", tmp_path / "p.html", stdin=SAMPLE.read_bytes())
    assert piped.returncode == 0, piped.stderr
    assert (tmp_path / "p.html").read_bytes().count(b"block-") == page.read_bytes().count(b"block-")
    with StoryIndex.open(store) as index:
        index.add([row.article for row in Feed([SAMPLE])])
    done = run("index", "export", store, "-o", tmp_path / "e.jsonl", "--report", tmp_path / "e.html")
    assert done.returncode == 0, done.stderr
    exported = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text("utf-8").splitlines()]
    stories = embedded((tmp_path / "e.html").read_bytes(), "listed")["stories"]
    assert {s["id"]: s["size"] for s in stories} == Counter(a["story"] for a in exported)


def test_an_index_tells_its_furniture(tmp_path: Path) -> None:
    footer = "تابعوا جديد الأخبار أولا بأول من هنا"
    articles = [Article(f"{lines_of(i, 3)}\n{footer}", str(i), source="سبق") for i in range(9)]
    with StoryIndex.open(tmp_path / "news.db") as index:
        index.add(articles)
        assert index.furniture() == cluster(articles).furniture != frozenset()


def test_a_report_is_whole_or_absent_and_never_over_an_input(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(SAMPLE.read_bytes())
    other = tmp_path / "other"
    for args, says in (
        (["cluster", feed, "--report", feed], "is also an input"),
        (["cluster", feed, "-o", other, "--report", other], "is also another output"),
        (["cluster", feed, "--report", "-"], "name a file"),
        (["cluster", feed, "-o", other, "--report", tmp_path / "no" / "r.html"], "cannot be written"),
        (["cluster", feed, "-o", other, "--report", tmp_path / "r.html", "--text-field", "nope"], "nope"),
    ):
        done = run(*args)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert says in done.stderr.decode()
        assert [p.name for p in tmp_path.iterdir()] == ["feed.jsonl"]
    assert feed.read_bytes() == SAMPLE.read_bytes()


def test_an_input_that_changes_between_its_readings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clusterer.cli import main as cli, run as cli_run
    from clusterer.errors import InputError

    feed = tmp_path / "feed.jsonl"
    lines = SAMPLE.read_bytes().splitlines(keepends=True)
    whole = cli_run.group_corpus

    for after in (lines[:-1], [*lines, lines[0]], lines[::-1]):

        def changing(*args: Any, _after: list[bytes] = after, **named: Any) -> PipelineRun:
            result = whole(*args, **named)
            feed.write_bytes(b"".join(_after))
            return result

        feed.write_bytes(b"".join(lines))
        monkeypatch.setattr(cli_run, "group_corpus", changing)
        with pytest.raises(InputError, match="changed between"):
            cli.cli.main(
                ["cluster", str(feed), "-o", str(tmp_path / "o"), "--report", str(tmp_path / "r")],
                standalone_mode=False,
            )
        assert [p.name for p in tmp_path.iterdir()] == ["feed.jsonl"]


def test_quarantined_rows_are_told(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(SAMPLE.read_bytes() + b"{broken <b>\n" * 12)
    assert (
        run("cluster", feed, "-o", tmp_path / "c", "--report", tmp_path / "r.html", "--language", "en").returncode == 0
    )
    page = html.unescape(re.sub("<[^>]*>", "", (tmp_path / "r.html").read_text("utf-8")))
    assert "12 rows could not be read" in page
    assert "c.quarantine.jsonl" in page
    assert "feed.jsonl" in page
    assert str(tmp_path) not in page  # who the page is sent to does not learn where it was made
    assert page.count("{broken <b>") == 10
    assert "line 131" in page
