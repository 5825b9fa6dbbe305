"""`clusterer index remove`, `expire`, `check`, `export`, `merge` and `compact`."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from index_commands import (
    DATES,
    FEED,
    GOLD,
    IDS,
    SAMPLE,
    STORY,
    aside,
    ask,
    groups,
    made,
    refused,
    rows,
    run,
    sound,
    strangers,
    write,
)
from made import words_of
from said import said

from clusterer import InputError, OutputError, Settings
from clusterer.cli.index import index
from clusterer.cli.main import cli
from clusterer.index.story_index import StoryIndex


def test_articles_are_removed_by_their_ids(news: Path) -> None:
    done = run("remove", news, IDS[0], IDS[1], "nobody", IDS[0])
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode().splitlines() == ["2 articles removed", "1 not there: nobody"]
    assert sound(news) == IDS[2:]
    Path("ids.txt").write_text(f"{IDS[2]}\r\n\n{IDS[3]}", "utf-8")
    assert ask("remove", news, "--ids", "ids.txt").stderr == "2 articles removed\n"
    piped = run("remove", news, IDS[4], "--ids", "-", stdin=f"{IDS[5]}\n{IDS[0]}\n".encode())
    assert piped.stderr.decode().splitlines() == ["2 articles removed", f"1 not there: {IDS[0]}"]
    assert sound(news) == IDS[6:]
    assert ask("remove", news, IDS[6], "-q").stderr == ""
    assert ask("remove", news, IDS[7], "nobody", "--quiet").stderr == "1 not there: nobody\n"
    assert sound(news) == IDS[8:]
    many = refused("remove", news, *IDS[:6])
    assert f"nothing was removed, none of the 6 ids is there: {', '.join(IDS[:5])}, ...; cure: " in many
    assert "nothing was removed, no article 'nobody' is there; cure: " in refused("remove", news, "nobody")
    assert "no id" in refused("remove", news, "--ids", "-", stdin=b"\n \n")
    assert sound(news) == IDS[8:]


def test_all_articles_of_an_outlet_are_removed(news: Path) -> None:
    outlet = SAMPLE[0]["source"]
    went = [a["id"] for a in SAMPLE if a["source"] == outlet]
    would = ask("remove", news, "--outlet", outlet, "--dry-run", "--changes", "-")
    assert would.stderr == f"{len(went)} articles would be removed\n"
    assert sound(news) == IDS
    done = ask("remove", news, "--outlet", outlet, "--changes", "-")
    assert (done.stderr, done.stdout) == (f"{len(went)} articles removed\n", would.stdout)
    assert sound(news) == [id for id in IDS if id not in went]
    other = next(a["source"] for a in SAMPLE if a["source"] != outlet)
    assert f"did you mean '{other}'?" in refused("remove", news, "--outlet", f"{other}ه")
    assert "nothing was removed, no article of outlet" in refused("remove", news, "--outlet", outlet)
    assert "outlet is ''" in refused("remove", news, "--outlet", "")
    assert "both ids and --outlet" in refused("remove", news, IDS[-1], "--outlet", other)
    assert "--dry-run changes nothing" in refused("remove", news, IDS[-1], "--dry-run", "--changes", "c.jsonl")
    assert sound(news) == [id for id in IDS if id not in went]


def test_lists_of_ids_of_other_makers_are_read(news: Path) -> None:
    Path("ids.txt").write_bytes(f"\ufeff{IDS[0]}\n{IDS[1]}\n".encode())
    assert ask("remove", news, "--ids", "ids.txt").stderr == "2 articles removed\n"
    odd = "a\u2028b\u0085c"
    ask("add", news, write(Path("odd.jsonl"), [made(odd, words_of(odd, 30))]))
    Path("ids.txt").write_text(f"{odd}\n", "utf-8")
    assert ask("remove", news, "--ids", "ids.txt").stderr == "1 article removed\n"
    Path("ids.txt").write_bytes(IDS[2].encode() + b"\n\xff\xfe\n")
    assert "ids.txt" in refused("remove", news, "--ids", "ids.txt")
    assert sound(news) == IDS[2:]


def test_a_story_outlives_the_article_it_is_named_after(news: Path) -> None:
    _, *told = rows(ask("show", news, STORY, "--json").stdout)
    ask("remove", news, STORY)
    story, *left = rows(ask("show", news, STORY, "--json").stdout)
    assert story["story"] == STORY
    assert {r["id"] for r in left} == {r["id"] for r in told} - {STORY}


def oldest() -> list[str]:
    return sorted(IDS, key=lambda name: (DATES[name], IDS.index(name)))


def test_the_old_are_forgotten_by_date_or_age(news: Path, filled: Path, tmp_path: Path) -> None:
    day = datetime(2016, 4, 10, tzinfo=UTC)
    stay = [name for name in IDS if DATES[name] >= day]
    assert 0 < len(stay) < len(IDS)
    done = ask("expire", news, "--older-than", "2016-04-10")
    assert done.stdout == ""
    assert done.stderr == f"{len(IDS) - len(stay)} articles removed\n"
    assert sound(news) == stay
    again = Path(shutil.copy(filled, tmp_path / "again.db"))
    age = (datetime.now(UTC) - day) / timedelta(hours=1)
    ask("expire", again, "--older-than", f"{age:.4f}h")
    assert sound(again) == stay
    assert ask("expire", again, "--older-than", "2016-04-10").stderr == "0 articles removed\n"


def test_the_newest_are_kept_by_number_or_size(news: Path) -> None:
    ask("expire", news, "--max-articles", "100")
    assert sorted(sound(news)) == sorted(oldest()[30:])
    assert "0 articles removed" in ask("expire", news, "--max-size", "1GB").stderr
    size = news.stat().st_size
    told = ask("expire", news, "--max-size", f"{size * 0.7 / 1000:.0f}K").stderr
    left = sound(news)
    assert told == f"{100 - len(left)} articles removed\n"
    assert 0 < len(left) < 100
    assert sorted(left) == sorted(oldest()[130 - len(left) :])
    assert news.stat().st_size < size
    with StoryIndex.open(news) as store:
        assert store.counts()["bytes"] <= size * 0.7 + 1000
    together = ask("expire", news, "--older-than", "2001-01-01", "--max-articles", "5", "--max-size", "2 TB")
    assert together.stderr == f"{len(left) - 5} articles removed\n"
    ask("expire", news, "--max-articles", "0")
    assert sound(news) == []


@pytest.mark.parametrize("value", ["", "big", "-1MB", "1XB", "1 MBB", "GB", "1,5GB"])
def test_what_is_no_size_is_refused(value: str, filled: Path) -> None:
    assert repr(value) in refused("expire", filled, "--max-size", value)


def test_a_size_without_end_keeps_all(news: Path) -> None:
    for size in (f"{'9' * 400}GB", "999999999999TB"):
        assert "0 articles removed" in ask("expire", news, "--max-size", size).stderr
    assert sound(news) == IDS


def test_check_counts_what_is_there(filled: Path) -> None:
    done = run("check", filled)
    assert (done.returncode, said(done.stderr)) == (0, "")
    told = {name.strip(): int(count.replace(",", "")) for count, name in map(halves, done.stdout.decode().splitlines())}
    exported = rows(ask("export", filled).stdout)
    listed = rows(ask("stories", filled).stdout)
    assert told["articles"] == len(IDS)
    assert told["stories"] == len(listed)
    assert told["copy groups"] == sum(r["independent_texts"] for r in listed) - told["too short to group"]
    assert told["articles"] == sum(r["articles"] for r in listed)
    assert told["too short to group"] == 1  # without a text, under a rubric: a story of its own, and no copy group
    assert told["distinct texts"] == len({r["exact"] for r in exported}) - told["too short to group"]
    assert told["bytes"] == filled.stat().st_size


def halves(line: str) -> tuple[str, str]:
    count, _, name = line.strip().partition(" ")
    return count, name


def test_damage_is_told_with_exit_code_1(news: Path) -> None:
    with closing(sqlite3.connect(news)) as file, file:
        file.execute("DELETE FROM link")
    done = run("check", news)
    assert done.returncode == 1
    found = done.stdout.decode().splitlines()
    assert found
    (line,) = said(done.stderr).splitlines()
    assert line.startswith(f"error: {news}: {len(found)} damage{'s' * (len(found) > 1)} found; cure: ")


@pytest.mark.parametrize("seed", range(6))
def test_a_torn_file_is_told_in_lines_not_in_tracebacks(seed: int, news: Path) -> None:
    source = random.Random(seed)
    data = bytearray(news.read_bytes())
    start = source.randrange(4096, len(data) - 8192)
    data[start : start + 8192] = source.randbytes(8192)
    news.write_bytes(data)
    with pytest.raises((InputError, OutputError), match="cure"):
        ask("check", news)


def test_a_cut_file_is_told_in_one_line(news: Path) -> None:
    data = news.read_bytes()
    news.write_bytes(data[: len(data) // 2])
    done = run("check", news)
    assert done.returncode == 1
    (line,) = said(done.stderr).splitlines()
    assert line.startswith(f"error: {news}: the file is damaged: ")
    assert line.endswith("; cure: restore a backup, or add the articles to a new index")  # not this command again
    for command in ("export", "stories", "compact"):
        assert f"; cure: clusterer index check {news} names each damage; restore a backup, or" in refused(command, news)


def test_export_is_what_cluster_writes_and_evaluate_takes_it(filled: Path) -> None:
    done = run("export", filled, "-o", "clusters.jsonl")
    assert (done.returncode, done.stdout, said(done.stderr)) == (0, b"", "")
    runner = CliRunner()
    batch = rows(runner.invoke(cli, ["cluster", str(FEED)], catch_exceptions=False).stdout)
    told = rows(Path("clusters.jsonl").read_bytes())
    assert [list(r) for r in told] == [list(r) for r in batch]
    assert [r["id"] for r in told] == [r["id"] for r in batch] == IDS
    for level in ("exact", "copy", "story"):
        assert groups(told, level) == groups(batch, level)
    ours, theirs = ({r["id"] for r in told if r["representative"]}, {r["id"] for r in batch if r["representative"]})
    assert ours == theirs
    assert ask("export", filled).stdout_bytes == Path("clusters.jsonl").read_bytes()
    scores = runner.invoke(cli, ["evaluate", "clusters.jsonl", str(GOLD), "--feed", str(FEED)], catch_exceptions=False)
    assert scores.exit_code == 0
    assert "B-cubed" in scores.stdout


def test_a_result_of_an_index_is_no_feed(news: Path) -> None:
    ask("export", news, "-o", "clusters.jsonl")
    assert "a result of clusterer" in refused("add", news, "clusters.jsonl")
    bad = rows(aside(news).read_bytes())
    assert [r["line"] for r in bad] == list(range(1, 131))
    assert sound(news) == IDS


def test_an_index_of_other_settings_is_merged(news: Path, empty: Path, tmp_path: Path) -> None:
    left, right, both = strangers()
    ask("add", empty, write(Path("1.jsonl"), [left, right]))
    ask("add", empty, write(Path("2.jsonl"), [both]))
    ask("create", "whole.db", "--level", "copy", "--jaccard", "0.6")
    ask("add", "whole.db", write(Path("3.jsonl"), [SAMPLE[0]]))
    done = ask("merge", "whole.db", news, empty)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"129 articles added of {news}, 1 known",
        f"3 articles added of {empty}, 0 known",
    ]
    assert sorted(sound(Path("whole.db"))) == sorted([*IDS, "left", "right", "both"])
    assert rows(ask("show", "whole.db", "both", "--json").stdout)[0]["story"] in ("left", "right")
    with StoryIndex.open("whole.db") as store:
        assert store.settings == Settings(level="copy", jaccard=0.6)
        for r in rows(ask("stories", news).stdout):  # the names of its stories lead to what they were
            inside = {a.id for a in store.story(r["story"]).assignments}
            members = {x["id"] for x in rows(ask("export", news).stdout) if x["story"] == r["story"]}
            assert inside & members
    assert ask("merge", "whole.db", news).stderr == f"0 articles added of {news}, 130 known\n"
    assert sound(news) == IDS


def test_what_a_merge_does_to_stories_is_told(empty: Path) -> None:
    left, right, both = strangers()
    ask("add", empty, write(Path("1.jsonl"), [left, right]))
    ask("create", "other.db")
    ask("add", "other.db", write(Path("2.jsonl"), [both]))
    told = rows(ask("merge", empty, "other.db", "--changes", "-").stdout)
    assert told == [{"kind": "merged", "story": "right", "into": "left", "articles": ["right"]}]
    assert rows(ask("show", empty, "both", "--json").stdout)[0]["aliases"] == ["right", "both"]


def test_compacting_changes_no_answer(news: Path) -> None:
    ask("remove", news, *IDS[::2])
    before, size = ask("export", news).stdout, news.stat().st_size
    done = ask("compact", news)
    assert (done.stdout, done.stderr) == ("", "")
    assert ask("export", news).stdout == before
    assert news.stat().st_size < size
    assert sound(news) == IDS[1::2]


def test_the_help_lists_the_commands() -> None:
    names = [
        "create",
        "add",
        "query",
        "stories",
        "show",
        "remove",
        "expire",
        "changes",
        "check",
        "export",
        "merge",
        "compact",
        "backup",
    ]
    assert sorted(index.commands) == sorted(names)
    listed = [line.split()[0] for line in ask("--help").stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert set(listed) >= set(names)
    assert "compact" in CliRunner().invoke(cli, ["index"]).stderr


@pytest.mark.parametrize(("name", "command"), sorted(index.commands.items()))
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    assert f"clusterer index {name} " in (command.help or "").partition("Example: ")[2]
    text = ask(name, "--help").stdout
    assert "Usage: " in text
    for option in command.params:
        assert isinstance(option, click.Argument) or getattr(option, "help", None), (name, option.name)


def test_a_dry_run_tells_what_expire_does_and_does_nothing(news: Path) -> None:
    before = ask("export", news).stdout
    for limit in (("--older-than", "2016-04-05"), ("--max-articles", 60), ("--max-size", "400KB")):
        rehearsed = ask("expire", news, *limit, "--dry-run", "--changes", "-")
        assert "articles would be removed" in rehearsed.stderr
        assert ask("export", news).stdout == before
        twin = Path(shutil.copy(news, "twin.db"))
        done = ask("expire", twin, *limit, "--changes", "-")
        assert done.stderr == rehearsed.stderr.replace("would be removed", "removed")
        assert done.stdout == rehearsed.stdout
    assert "--changes -" in refused("expire", news, "--max-articles", 60, "--dry-run", "--changes", "changes.jsonl")
    assert sound(news) == IDS


def test_an_index_is_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        assert ask("create", "news.db", "--if-missing", "--jaccard", "0.6").stderr == ""
    assert "jaccard 0.6, not 0.43" in refused("create", "news.db", "--if-missing")
    assert "cure: --if-missing" in refused("create", "news.db")


def test_a_backup_is_an_index(news: Path) -> None:
    assert ask("backup", news, "copy.db").stderr == "130 articles copied to copy.db\n"
    assert sound(Path("copy.db")) == IDS
    assert "is also an input" in refused("backup", news, news)
    assert ask("backup", news, "copy.db").stderr == "130 articles copied to copy.db\n"
