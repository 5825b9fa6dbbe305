"""`clusterer index`: what is refused, in one line with its cure, and leaves files as they were."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import run_in_text
from index_commands import (
    BAD,
    FEED,
    IDS,
    STORY,
    refused,
    run,
    sound,
)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.db", "clusterer index create missing.db"),
        ("empty.db", "create"),
        ("other.db", "another program"),
        ("text.db", "not an index"),
        ("missing/x.db", "cure"),
    ],
)
def test_what_is_no_index_is_refused_in_one_line_and_left_as_it_is(name: str, says: str, tmp_path: Path) -> None:
    Path("empty.db").touch()
    Path("text.db").write_bytes(FEED.read_bytes())
    with closing(sqlite3.connect("other.db")) as other:
        other.execute("CREATE TABLE mine (x)")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert "cure: " in refused("add", name, FEED)
    for command in (["add", name, FEED], ["query", name, FEED], ["stories", name], ["show", name, STORY], ["remove", name, STORY],
                    ["expire", name, "--max-articles", "1"], ["check", name], ["export", name], ["compact", name]):  # fmt: skip
        assert says in refused(*command), command
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["add"], "FILE"),
        (["add", "news.db"], "INPUT"),
        (["add", "news.db", "missing.jsonl"], "missing.jsonl"),
        (["add", "news.db", FEED, "--batch", "0"], "0"),
        (["add", "news.db", FEED, "--changes", "missing/changes.jsonl"], "missing/changes.jsonl"),
        (["query", "news.db", FEED, "-o", "missing/out.jsonl"], "missing/out.jsonl"),
        (["show", "news.db"], "ID"),
        (["show", "news.db", "no-such-story"], "no-such-story"),
        (["stories", "news.db", "--limit", "0"], "0"),
        (["stories", "news.db", "--min-size", "0"], "0"),
        (["remove", "news.db"], "no id"),
        (["remove", "news.db", "--ids", "missing.txt"], "missing.txt"),
        (["expire", "news.db"], "--older-than"),
        (["expire", "news.db", "--max-articles", "-1"], "-1"),
        (["merge", "news.db"], "OTHER"),
        (["merge", "news.db", "missing.db"], "missing.db"),
        (["merge", "news.db", FEED], "not an index"),
        (["merge", "news.db", "news.db"], "itself"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_bad_usage_is_refused_and_changes_nothing(args: list[object], says: str, news: Path, tmp_path: Path) -> None:
    before = news.read_bytes()
    assert says in refused(*args)
    assert news.read_bytes() == before
    assert list(tmp_path.iterdir()) == [news]


def test_bad_usage_is_one_clear_line_and_exit_code_1(news: Path) -> None:
    for args in (["expire", news], ["show", news, "no-such-story"], ["add", "missing.db", FEED]):
        done = run(*args)
        assert (done.returncode, done.stdout) == (1, b"")
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("error: ")


@pytest.mark.parametrize(
    "args",
    [
        ["export", "news.db", "-o", "news.db"],
        ["stories", "news.db", "-o", "news.db"],
        ["query", "news.db", "feed.jsonl", "-o", "news.db"],
        ["query", "news.db", "feed.jsonl", "-o", "feed.jsonl"],
        ["query", "news.db", "feed.jsonl", "--quarantine", "news.db"],
        ["add", "news.db", "feed.jsonl", "--quarantine", "news.db"],
        ["add", "news.db", "feed.jsonl", "--quarantine", "feed.jsonl"],
        ["add", "news.db", "feed.jsonl", "--changes", "news.db"],
        ["add", "news.db", "feed.jsonl", "--changes", "feed.jsonl"],
        ["add", "news.db", "feed.jsonl", "--changes", "x.jsonl", "--quarantine", "x.jsonl"],
        ["remove", "news.db", STORY, "--changes", "news.db"],
        ["remove", "news.db", "--ids", "ids.txt", "--changes", "ids.txt"],
        ["expire", "news.db", "--max-articles", "9", "--changes", "news.db"],
        ["merge", "news.db", "other.db", "--changes", "news.db"],
        ["merge", "news.db", "other.db", "--changes", "other.db"],
    ],
)
def test_nothing_is_written_over_the_index_nor_over_an_input(args: list[str], news: Path, tmp_path: Path) -> None:
    shutil.copy(news, "other.db")
    Path("feed.jsonl").write_bytes(FEED.read_bytes() + BAD)
    Path("ids.txt").write_text(f"{STORY}\n")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert "is also" in refused(*args)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_an_index_is_no_feed(news: Path) -> None:
    shutil.copy(news, "other.db")
    for args in (
        ["index", "add", "other.db", news],
        ["cluster", news, "-o", "out.jsonl"],
        ["dedup", news, "-o", "out.jsonl"],
    ):
        done = run_in_text(*args)
        assert (done.returncode, Path("out.jsonl").exists()) == (1, False)
        assert f"news.db: a living index, no feed; cure: `clusterer index export {news} -o FILE`" in done.stderr
        assert f"`clusterer index merge OTHER.db {news}`" in done.stderr
    named = run_in_text("cluster", f"{news}::body", "-o", "out.jsonl").stderr
    assert f"none of {len(IDS)} rows is an article" in named, "whoever names a table means it"
    assert sound(news) == IDS


def test_articles_are_not_added_twice_with_and_without_unique_url() -> None:
    for first, other, cure in (
        ([], ["--unique-url"], "leave --unique-url out"),
        (["--unique-url"], [], "--unique-url, as"),
    ):
        Path("news.db").unlink(missing_ok=True)
        run("create", "news.db")
        run("add", "news.db", FEED, *first)
        held = run("export", "news.db", "-o", "-").stdout
        said = refused("add", "news.db", FEED, *other)
        assert f"{len(IDS)} articles are there already" in said
        assert f"cure: {cure}" in said
        assert run("export", "news.db", "-o", "-").stdout == held
