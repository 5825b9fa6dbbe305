"""`clusterer index create` and `add`: answers, formats, bad rows, summaries, ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from index_commands import (
    BAD,
    FEED,
    FIELDS,
    IDS,
    LINES,
    SAMPLE,
    aside,
    ask,
    assert_alike,
    made,
    refused,
    rows,
    run,
    sound,
    write,
)
from made import words_of
from said import said

from clusterer import Settings
from clusterer.index.story_index import StoryIndex


def test_an_index_is_made_and_keeps_its_settings(tmp_path: Path) -> None:
    done = run("create", "news.db", "--level", "copy", "--jaccard", "0.7", "--threads", "2")
    assert (done.returncode, done.stdout, said(done.stderr)) == (0, b"", "")
    assert [p.name for p in tmp_path.iterdir()] == ["news.db"]
    with StoryIndex.open("news.db", must_exist=True) as store:
        assert store.settings == Settings(level="copy", jaccard=0.7)
        assert len(store) == 0
    ask("add", "news.db", FEED)
    assert {r["relation"] for r in rows(ask("export", "news.db").stdout)} <= {None, "exact", "copy", "contained"}


def test_what_is_there_is_not_made_again(news: Path) -> None:
    before = news.read_bytes()
    done = run("create", news)
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = said(done.stderr).splitlines()
    assert str(news) in line
    assert "cure" in line
    Path("note.txt").write_text("mine")
    assert "cure" in refused("create", "note.txt")
    assert Path("note.txt").read_text() == "mine"
    assert news.read_bytes() == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["x.db", "--jaccard", "1.5"], "1.5"),
        (["x.db", "--level", "page"], "'page'"),
        (["x.db", "--unit", "char"], "size 3"),
        (["x.db", "--slots", "8", "--jaccard", "0.1"], "out of reach"),
        (["missing/x.db"], "missing/x.db"),
        (["."], "directory"),
        ([], "FILE"),
    ],
)
def test_no_index_is_made_that_could_not_be_used(args: list[str], says: str, tmp_path: Path) -> None:
    assert says in refused("create", *args)
    assert list(tmp_path.iterdir()) == []


def test_add_answers_one_line_an_article_in_input_order(empty: Path, tmp_path: Path) -> None:
    done = run("add", empty, FEED)
    assert (done.returncode, said(done.stderr)) == (0, "")
    told = rows(done.stdout)
    assert [r["id"] for r in told] == IDS
    assert {tuple(r) for r in told} == {(*FIELDS, "status", "story_title")}
    assert {r["status"] for r in told} == {"new", "report", "copy"}
    for i, r in enumerate(told):
        is_copy = any(other["copy"] == r["copy"] for other in told[:i])
        is_report = any(other["story"] == r["story"] for other in told[:i])
        assert r["status"] == ("copy" if is_copy else "report" if is_report else "new")
    assert list(tmp_path.iterdir()) == [empty]
    titles = {a["id"]: a["title"] for a in SAMPLE}
    heads = {r["story"]: r["id"] for r in told if r["representative"]}
    assert all(r["story_title"] == titles[heads[r["story"]]] for r in told)
    again = ask("add", empty, FEED)
    assert said(again.stderr) == ""
    assert rows(again.stdout) == [{**r, "status": "known"} for r in told]
    assert sound(empty) == IDS


def test_nothing_but_empty_files_is_refused_and_earlier_answers_stay(empty: Path, tmp_path: Path) -> None:
    none, answers = tmp_path / "none.jsonl", tmp_path / "answers.jsonl"
    none.write_bytes(b"")
    answers.write_bytes(b"earlier")
    assert "none.jsonl is empty" in refused("add", empty, none, "-o", answers)
    assert answers.read_bytes() == b"earlier"


@pytest.mark.parametrize("batch", [1, 50])
def test_the_size_of_batches_changes_no_group(batch: int, empty: Path, filled: Path) -> None:
    told = rows(ask("add", empty, FEED, "--batch", batch).stdout)
    assert [r["id"] for r in told] == IDS
    assert sound(empty) == IDS
    assert_alike(empty, filled)


def test_files_of_other_formats_and_column_names_are_added(empty: Path) -> None:
    body = SAMPLE[0]["content"].replace("\n", " ").replace('"', "")
    Path("a.csv").write_text(f'اسم_الخبر,متن\nالأول,"{body}"\n', "utf-8")
    Path("b.json").write_text(json.dumps([SAMPLE[1], SAMPLE[2]]))
    told = rows(ask("add", empty, "a.csv", "--text-field", "متن", "--id-field", "اسم_الخبر").stdout)
    assert [r["id"] for r in told] == ["الأول"]
    told = rows(ask("add", empty, "b.json", FEED, "--batch", "2").stdout)
    assert [r["id"] for r in told] == [*IDS[1:3], *IDS]
    assert sound(empty) == ["الأول", *IDS[1:3], IDS[0], *IDS[3:]]


def test_bad_rows_are_set_aside_with_file_and_line_and_the_run_goes_on(empty: Path, tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(b"\n".join([LINES[0], BAD, LINES[1], b'{"id": "x"}', LINES[2]]) + b"\n")
    done = run("add", empty, feed)
    assert done.returncode == 0
    assert [r["id"] for r in rows(done.stdout)] == IDS[:3]
    assert f"2 bad rows set aside in {aside(empty)}" in done.stderr.decode()
    bad = rows(aside(empty).read_bytes())
    assert [(Path(r["file"]).name, r["line"]) for r in bad] == [("feed.jsonl", 2), ("feed.jsonl", 4)]
    assert all(r["reason"] for r in bad)
    assert bad[0]["row"] == BAD.decode()
    assert sound(empty) == IDS[:3]
    quiet = ask("add", empty, feed, "-q", "--quarantine", "elsewhere.jsonl")
    assert said(quiet.stderr) == ""
    assert rows(Path("elsewhere.jsonl").read_bytes()) == bad
    ask("add", empty, FEED)  # a run without a bad row takes away none of an earlier one
    assert rows(aside(empty).read_bytes()) == bad
    ask("add", empty, feed)
    assert rows(aside(empty).read_bytes()) == bad * 2


def test_where_no_row_is_an_article_the_first_is_told(empty: Path) -> None:
    for command in ("add", "query"):
        message = refused(command, empty, FEED, "--text-field", "nope")
        assert "none of 130 rows is an article" in message
        assert "feed.jsonl, line 1" in message
    done = run("add", empty, "-", stdin=BAD)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"<stdin>, line 1" in done.stderr
    assert sound(empty) == []


def test_a_summary_is_told_where_asked(empty: Path) -> None:
    for command in ("add", "query"):
        done = ask(command, empty, FEED, "--summary")
        assert len(rows(done.stdout)) == 130
        assert "130  articles" in done.stderr


def test_an_id_with_another_text_gets_a_number_or_is_an_update(news: Path) -> None:
    other = {**SAMPLE[0], "content": SAMPLE[0]["content"] + " وأعلنت الوزارة لاحقا تفاصيل أخرى عن ذلك"}
    feed = write(Path("new.jsonl"), [other, SAMPLE[1], made("fresh", words_of("fresh", 50))])
    first, *_ = rows(ask("add", news, feed).stdout)
    assert (first["id"], first["status"]) == (f"{IDS[0]}#2", "copy")
    ask("remove", news, f"{IDS[0]}#2", "fresh")
    assert ask("add", news, feed, "--update", "-q").stderr == ""
    done = ask("add", news, feed, "--update")
    said_last = done.stderr.splitlines()[-1]
    assert said_last == "1 article was removed earlier and stays away; cure, where that is not meant: --again"
    told = rows(done.stdout)
    assert [r["id"] for r in told] == [IDS[0], IDS[1], "fresh"]
    assert told[0]["story"] == IDS[0]
    assert [r["status"] for r in told[1:]] == ["known", "removed"]
    done = ask("add", news, feed, "--update", "--again")
    assert "--again" not in done.stderr
    again = rows(done.stdout)
    assert [r["status"] for r in again] == ["known", "known", "new"]
    assert [r["status"] for r in rows(ask("add", news, feed, "--update").stdout)] == ["known"] * 3
    with StoryIndex.open(news) as store:
        assert store.articles([IDS[0]])[IDS[0]].text == other["content"]
    assert sorted(sound(news)) == sorted([*IDS, "fresh"])


def test_answers_say_where_their_articles_stood(empty: Path) -> None:
    one, other = write(Path("one.jsonl"), SAMPLE[:3]), write(Path("other.jsonl"), SAMPLE[3:6])
    with_ = ("--with", "row,file,title")
    answers = rows(ask("add", empty, one, other, "--batch", "2", *with_).stdout)
    assert [(r["file"], r["row"]) for r in answers] == [(str(x), i) for x in (one, other) for i in (1, 2, 3)]
    assert [r["title"] for r in answers] == [article["title"] for article in SAMPLE[:6]]
    assert list(answers[0]) == [*FIELDS, "status", "story_title", "row", "file", "title"]
    piped = rows(run("add", empty, "-", *with_, stdin=b"\n".join(LINES[:2])).stdout)
    assert [(r["file"], r["row"], r["status"]) for r in piped] == [("<stdin>", 1, "known"), ("<stdin>", 2, "known")]
    asked = rows(ask("query", empty, other, *with_).stdout)
    assert [(r["file"], r["row"]) for r in asked] == [(str(other), i) for i in (1, 2, 3)]
    assert list(asked[0]) == [*FIELDS, "row", "file", "title"]
