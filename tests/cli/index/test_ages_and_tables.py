"""Ages that count from the clock, stories as tables, answers that are written only where something is stored."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from commands import run_in_text
from index_commands import IDS, SAMPLE, ask, refused, rows, write

from clusterer import Article
from clusterer.cli.story_lines import COLUMNS
from clusterer.index import StoryIndex


def test_ages_count_from_now_and_say_so(filled: Path) -> None:
    with StoryIndex.open(filled) as store:
        newest = max(story.last for story in store.stories())
    listed = run_in_text("index", "stories", filled, "--since", "24h")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert (
        f"the latest is of {newest:%F %H:%M} UTC, and ages count back from now, {datetime.now(UTC):%F}" in listed.stderr
    )
    assert f"cure: a date, --since {newest:%F}" in listed.stderr
    told = run_in_text("index", "expire", filled, "--older-than", "2100-01-01", "--dry-run").stderr
    assert f"all articles are older: the latest is of {newest:%F %H:%M} UTC" in told
    for words in (("stories", filled, "--since", "2010-01-01"), ("expire", filled, "--older-than", "2010-01-01")):
        assert "the latest is" not in run_in_text("index", *words).stderr


def test_an_age_that_empties_an_index_is_refused(news: Path) -> None:
    """A job that forgets what is older than a week, of a feed that stood still for one."""
    with StoryIndex.open(news) as store:
        newest = max(story.last for story in store.stories())
        everything = len(store)
    for words in (("--dry-run",), (), ("--max-articles", 5)):
        told = refused("expire", news, "--older-than", "2d", *words)
        assert (
            f"all articles are older: the latest is of {newest:%F %H:%M} UTC, and an age counts back from now" in told
        )
        assert f"cure: a date, such as {newest - timedelta(days=2):%F}, so long before the latest; or" in told
        with StoryIndex.open(news) as store:
            assert len(store) == everything
    left = f"{newest - timedelta(days=2):%F}"
    assert ask("expire", news, "--older-than", left).exit_code == 0  # as the cure says
    with StoryIndex.open(news) as store:
        assert 0 < len(store) < everything
    assert "1 article removed" in ask("expire", news, "--older-than", "2d", "--max-articles", 0).stderr
    assert ask("expire", news, "--older-than", "2d").stderr == "0 articles removed\n"


def test_stories_are_a_table_where_the_name_says_so(filled: Path, tmp_path: Path) -> None:
    table = tmp_path / "st.csv"
    assert run_in_text("index", "stories", filled, "-o", table, "--sort", "size").returncode == 0
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with StoryIndex.open(filled) as store:
        stories = store.stories(sort="size")
    assert tuple(rows[0]) == COLUMNS
    assert {*COLUMNS} - {*stories[0].as_dict()} == {"key_words"}
    assert [(row["story"], row["outlets"]) for row in rows] == [(s.id, "; ".join(s.outlets)) for s in stories]
    batch, folder = tmp_path / "batch.csv", write(tmp_path / "feed.jsonl", SAMPLE)
    assert run_in_text("cluster", folder, "-o", tmp_path / "c.jsonl", "--stories", batch).returncode == 0
    with batch.open(encoding="utf-8-sig", newline="") as file:
        columns, *lines = csv.reader(file)
    others = {row["representative"]: row for row in (dict(zip(columns, line, strict=True)) for line in lines)}
    assert tuple(columns) == COLUMNS[: len(columns)]
    told = [
        name for name in columns if name not in ("story", "follows")
    ]  # ids are of the earliest, there of the first to come
    agreeing = Counter(
        all(row[name] == others.get(row["representative"], {}).get(name) for name in told) for row in rows
    )
    assert agreeing[True] > 0.9 * len(rows)
    refused = run_in_text("index", "stories", filled, "-o", tmp_path / "st.xls")
    assert (refused.returncode, "cure: -o" in refused.stderr) == (1, True)
    assert run_in_text("index", "stories", filled, "--since", "1d", "-o", table).returncode == 0
    assert table.read_text(encoding="utf-8-sig") == ",".join(COLUMNS) + "\n"


def test_answers_are_no_file_where_nothing_is_stored(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"id": "1"}\n{"id": "2", "text": "نص"}\n', encoding="utf-8")
    answers = tmp_path / "answers.jsonl"
    done = run_in_text("index", "add", empty, tmp_path / "bad.jsonl", "--strict", "-o", answers)
    assert (done.returncode, answers.exists()) == (1, False)


def test_a_quiet_run_tells_of_a_cut_file(empty: Path, tmp_path: Path) -> None:
    whole = '[{"id": "1", "text": "نص الخبر الأول"}, {"id": "2", "te'
    (tmp_path / "cut.json").write_text(whole, encoding="utf-8")
    for words in (("index", "add", empty), ("cluster",)):
        done = run_in_text(*words, tmp_path / "cut.json", "--quiet", "-o", tmp_path / "out")
        assert done.returncode == 0
        assert "cut.json: 1 row of it is read" in done.stderr
        assert "read as" not in done.stderr


def test_changes_go_on_where_they_ended(news: Path) -> None:
    *stories, last = rows(ask("changes", news).stdout)
    assert sum(len(story["new"]) for story in stories) == len(IDS)
    again = ask("changes", news, "--after", last["next"], "--history", last["history"])
    assert rows(again.stdout) == [last]
    for asked in (("--after", last["next"] + 1), ("--history", "0" * 16)):
        assert "cure: begin anew, after 0" in refused("changes", news, *asked)


def test_a_moment_is_of_the_zone_that_is_given(empty: Path) -> None:
    with StoryIndex.open(empty) as store:
        store.add([Article("خبر قصير عن حريق في مصنع", "a", date=datetime(2015, 11, 29, 21, 30, tzinfo=UTC))])
    for since, zone, count in (
        ("2015-11-30", "Asia/Baghdad", 1), ("2015-11-30", "UTC", 0), ("2015-11-29T23:00", "America/New_York", 0),
        ("2015-11-30 01:00", "+03:00", 0), ("2015-11-29T21:00Z", "Asia/Baghdad", 1), ("20151130", "Asia/Baghdad", 1),
    ):  # fmt: skip
        listed = ask("stories", empty, "--since", since, "--timezone", zone)
        assert len(rows(listed.stdout)) == count, (since, zone)
    assert "cure: a date, --since 2015-11-30" in ask("stories", empty, "--since", "1h", "--timezone", "+03:00").stderr


def test_a_quiet_command_says_nothing_of_what_goes_well(news: Path, tmp_path: Path) -> None:
    assert ask("stories", news, "--since", "1h", "-q").output == ""
    assert ask("export", news, "-o", tmp_path / "out.jsonl", "-q").output == ""
    assert ask("expire", news, "--max-articles", 5, "--quiet").output == ""
    assert "all articles are older" in refused("expire", news, "--older-than", "1h", "-q")
