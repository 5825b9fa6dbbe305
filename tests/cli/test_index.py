"""The `clusterer index` commands as a user runs them: real processes where pipes, signals and exit codes matter."""

from __future__ import annotations

import gzip
import json
import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from made import words_of
from places import ROOT

from clusterer import InputError, OutputError, Settings
from clusterer.cli.index import index
from clusterer.cli.main import cli
from clusterer.errors import ClustererError
from clusterer.index.story_index import StoryIndex

FEED = ROOT / "data" / "feed.jsonl"
GOLD = ROOT / "data" / "gold.jsonl"
LINES = FEED.read_bytes().splitlines()
SAMPLE = [json.loads(line) for line in LINES]
IDS = [article["id"] for article in SAMPLE]
DATES = {article["id"]: datetime.fromisoformat(article["date"]) for article in SAMPLE}
COMMAND = [sys.executable, "-c", "from clusterer.cli.main import main; main()", "index"]
FIELDS = ["id", "story", "copy", "exact", "representative", "linked_to", "relation", "score", "evidence"]
BAD = b'{"id": "broken", "content": "half a row'
STORY = "marsad-14"  # of four articles, two of them its copies
PATIENCE = 20.0  # seconds for an answer
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quarantine files and relative names go to the test's own folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the sample feed. Never written to."""
    path = tmp_path_factory.mktemp("index") / "news.db"
    ask("create", path)
    ask("add", path, FEED)
    return path


@pytest.fixture
def news(filled: Path, tmp_path: Path) -> Path:
    """An index of the sample feed."""
    return Path(shutil.copy(filled, tmp_path / "news.db"))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An index of nothing."""
    StoryIndex.open(tmp_path / "empty.db").close()
    return tmp_path / "empty.db"


def run(*args: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """A command as a process, in the test's own folder."""
    return subprocess.run([*COMMAND, *map(str, args)], input=stdin, capture_output=True, timeout=60, check=False)


def ask(*args: object, stdin: bytes | None = None) -> Result:
    """A command inside this process: quicker. Errors are raised."""
    words = ["index", *map(str, args)]
    return CliRunner().invoke(cli, words, input=stdin, standalone_mode=False, catch_exceptions=False)


def rows(told: str | bytes) -> list[Row]:
    return [json.loads(line) for line in told.splitlines()]


def refused(*args: object, stdin: bytes | None = None) -> str:
    """The one line that `main` makes of a refusal."""
    with pytest.raises((ClustererError, click.ClickException)) as told:
        ask(*args, stdin=stdin)
    error = told.value
    message = error.format_message() if isinstance(error, click.ClickException) else str(error)
    assert "\n" not in message
    return message


def sound(path: Path) -> list[str]:
    """Ids of a sound index, in order of arrival."""
    with StoryIndex.open(path, must_exist=True) as store:
        assert store.check() == []
        return [a.id for a in store.assignments()]


def aside(path: Path) -> Path:
    """Where the bad rows of an index go."""
    return Path(f"{path}.quarantine.jsonl")


def write(path: Path, articles: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles), "utf-8")
    return path


def made(id: str, words: Sequence[str], **more: Any) -> Row:
    return {"id": id, "title": f"عنوان {id}", "content": " ".join(words), "date": "2016-05-01T10:00:00+00:00", **more}


def strangers() -> tuple[Row, Row, Row]:
    """Two articles that have nothing in common, and one that holds the text of both."""
    left, right = words_of("left", 100), words_of("right", 100)
    both = [*left[:20], *right[:20], *left[20:], *right[20:]]
    return made("left", left), made("right", right), made("both", both)


class Talk:
    """A process that is written to and read from line by line, each within `PATIENCE` seconds."""

    def __init__(self, *args: object, stdin: Any = subprocess.PIPE) -> None:
        self._errors = Path(f"stderr-{random.getrandbits(32):x}")
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [*COMMAND, *map(str, args)], stdin=stdin, stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
        self._rest = b""

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()

    @property
    def said(self) -> str:
        """What is on standard error by now."""
        return self._errors.read_text("utf-8")

    def say(self, data: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(data)

    def hear(self, patience: float = PATIENCE) -> Row:
        """The next line of standard output."""
        line = self._line(patience)
        assert line, self.said
        return dict(json.loads(line))

    def rest(self) -> list[Row]:
        """All lines to the end of standard output."""
        return [json.loads(line) for line in iter(self._line, b"")]

    def _line(self, patience: float = PATIENCE) -> bytes:
        assert self._process.stdout
        until = time.monotonic() + patience
        while b"\n" not in self._rest:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"no answer within {patience} s; {self.said}"
            chunk = os.read(self._process.stdout.fileno(), 1 << 16)
            if not chunk:
                assert not self._rest
                return b""
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        assert self._process.stdout
        return not self._rest and not select.select([self._process.stdout], [], [], seconds)[0]

    def hang_up(self) -> None:
        """No more input."""
        assert self._process.stdin
        self._process.stdin.close()

    def leave(self) -> None:
        """Nobody reads any more."""
        assert self._process.stdout
        self._process.stdout.close()

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """The exit code."""
        return self._process.wait(PATIENCE)


def test_an_index_is_made_and_keeps_its_settings(tmp_path: Path) -> None:
    done = run("create", "news.db", "--level", "copy", "--jaccard", "0.7", "--threads", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
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
    (line,) = done.stderr.decode().splitlines()
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
    assert (done.returncode, done.stderr) == (0, b"")
    told = rows(done.stdout)
    assert [r["id"] for r in told] == IDS
    assert {tuple(r) for r in told} == {(*FIELDS, "status")}
    assert {r["status"] for r in told} == {"new", "report", "copy"}
    for i, r in enumerate(told):
        is_copy = any(other["copy"] == r["copy"] for other in told[:i])
        is_report = any(other["story"] == r["story"] for other in told[:i])
        assert r["status"] == ("copy" if is_copy else "report" if is_report else "new")
    assert list(tmp_path.iterdir()) == [empty]
    again = ask("add", empty, FEED)
    assert again.stderr == ""
    assert rows(again.stdout) == [{**r, "status": "known"} for r in told]
    assert sound(empty) == IDS


@pytest.mark.parametrize("batch", [1, 50])
def test_the_size_of_batches_changes_no_group(batch: int, empty: Path, filled: Path) -> None:
    told = rows(ask("add", empty, FEED, "--batch", batch).stdout)
    assert [r["id"] for r in told] == IDS
    assert sound(empty) == IDS
    assert_alike(empty, filled)


def assert_alike(one: Path, other: Path) -> None:
    """The same copies, and nearly the same stories: what is a word's weight depends on what has come before."""
    ours, theirs = (rows(ask("export", path).stdout) for path in (one, other))
    for level in ("exact", "copy"):
        assert groups(ours, level) == groups(theirs, level)
    assert len(groups(ours, "story") - groups(theirs, "story")) < 4


def groups(told: Sequence[Row], level: str) -> set[frozenset[str]]:
    found = defaultdict(set)
    for r in told:
        found[r[level]].add(r["id"])
    return {frozenset(members) for members in found.values()}


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
    assert quiet.stderr == ""
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
    told = rows(ask("add", news, feed, "--update").stdout)
    assert [r["id"] for r in told] == [IDS[0], IDS[1], "fresh"]
    assert told[0]["story"] == IDS[0]
    assert [r["status"] for r in told[1:]] == ["known", "new"]
    assert [r["status"] for r in rows(ask("add", news, feed, "--update").stdout)] == ["known"] * 3
    with StoryIndex.open(news) as store:
        assert store.articles([IDS[0]])[IDS[0]].text == other["content"]
    assert sorted(sound(news)) == sorted([*IDS, "fresh"])


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
    assert "news.db" in refused("add", news, news)
    assert sound(news) == IDS


def test_each_line_is_answered_before_the_next_is_written(empty: Path, tmp_path: Path) -> None:
    with Talk("add", empty, "-") as talk:
        for i in range(5):
            talk.say(LINES[i] + b"\n")
            told = talk.hear()
            assert (told["id"], list(told)) == (IDS[i], [*FIELDS, "status"])
            with StoryIndex.open(empty) as store:  # what is answered is stored
                assert len(store) == i + 1
        talk.say(LINES[0] + b"\n")
        assert talk.hear()["status"] == "known"
        talk.say(LINES[5] + b"\n" + LINES[6] + b"\n")  # two at once
        assert [talk.hear()["id"], talk.hear()["id"]] == IDS[5:7]
        talk.say(BAD + b"\n")
        talk.say(b"\n" + LINES[7][:100])
        time.sleep(0.2)
        talk.say(LINES[7][100:] + b"\n")  # one in two pieces
        assert talk.hear()["id"] == IDS[7]
        assert len(rows(aside(empty).read_bytes())) == 1  # a bad row is there to be read at once
        talk.say(b"\xef\xbb\xbf" + LINES[8] + b"\r\n" + LINES[9])  # the last one without an end
        assert talk.hear()["id"] == IDS[8]
        talk.hang_up()
        assert [r["id"] for r in talk.rest()] == [IDS[9]]
        assert talk.end() == 0
        assert talk.said.splitlines() == [f"1 bad row set aside in {aside(empty)}"]
    (bad,) = rows(aside(empty).read_bytes())
    assert (bad["file"], bad["line"], bad["row"]) == ("<stdin>", 9, BAD.decode())
    assert sound(empty) == IDS[:10]


@pytest.mark.parametrize("last", [BAD, b"", b"\n\n"])
def test_a_pipe_may_end_in_any_way(last: bytes, empty: Path) -> None:
    done = run("add", empty, "-", "-q", stdin=LINES[0] + b"\n" + last)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sound(empty) == [r["id"] for r in rows(done.stdout)] == IDS[:1]


def test_an_empty_pipe_adds_nothing(empty: Path) -> None:
    done = run("add", empty, "-", stdin=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert sound(empty) == []


def test_nobody_waits_for_a_batch_to_fill(empty: Path) -> None:
    with Talk("add", empty, "-", "--batch", 50) as talk:
        for i in range(3):  # slowly
            talk.say(LINES[i] + b"\n")
            assert talk.hear()["id"] == IDS[i]
        talk.say(b"\n".join(LINES[3:130]) + b"\n")  # quickly
        assert [talk.hear()["id"] for _ in range(3, 130)] == IDS[3:]
        assert talk.silent(0.1)
        talk.hang_up()
        assert talk.end() == 0
    assert sound(empty) == IDS


def test_a_pipe_gives_what_the_file_gives(empty: Path, filled: Path) -> None:
    done = run("add", empty, "-", "--batch", 1000, stdin=FEED.read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    assert [r["id"] for r in rows(done.stdout)] == IDS
    assert_alike(empty, filled)


def test_a_pipe_may_bring_updates(news: Path) -> None:
    with Talk("add", news, "-", "--update") as talk:
        for version in range(2):
            text = f"{SAMPLE[0]['content']} نسخة {version}"
            talk.say(json.dumps({**SAMPLE[0], "content": text}).encode() + b"\n")
            assert talk.hear()["id"] == IDS[0]
            with StoryIndex.open(news) as store:
                assert store.articles([IDS[0]])[IDS[0]].text == text
        talk.hang_up()
        assert talk.end() == 0
    assert sorted(sound(news)) == sorted(IDS)


@pytest.mark.parametrize("encoding", ["windows-1256", "utf-16"])
def test_a_pipe_is_read_in_the_encoding_that_is_named(encoding: str, empty: Path) -> None:
    title = "أعلنت الوزارة اليوم موعد العام الدراسي"
    row = json.dumps({"id": "x", "title": title, "text": title * 3}, ensure_ascii=False)
    done = run("add", empty, "-", "--encoding", encoding, stdin=f"{row}\n".encode(encoding))
    assert (done.returncode, done.stderr) == (0, b"")
    with StoryIndex.open(empty) as store:
        assert store.articles(["x"])["x"].title == title


@pytest.mark.parametrize("packed", [gzip.compress(FEED.read_bytes()), b"PK\x03\x04 and more"])
def test_a_packed_pipe_is_refused_with_the_cure(packed: bytes, empty: Path, tmp_path: Path) -> None:
    done = run("add", empty, "-", stdin=packed)
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert "zcat" in line
    assert list(tmp_path.iterdir()) == [empty]


def test_other_formats_are_read_from_a_pipe_to_its_end(empty: Path) -> None:
    told = ask("add", empty, "-", "--format", "json", stdin=json.dumps(SAMPLE[:3]).encode())
    assert told.stderr == ""
    assert [r["id"] for r in rows(told.stdout)] == IDS[:3]


def test_ctrl_c_keeps_what_was_answered(empty: Path, tmp_path: Path) -> None:
    with Talk("add", empty, "-") as talk:
        for i in range(3):
            talk.say(LINES[i] + b"\n" + BAD + b"\n")
            talk.hear()
        talk.say(LINES[3] + b"\n")
        talk.hear()
        talk.interrupt()
        assert talk.end() == 130
        assert talk.rest() == []
        said = talk.said
    assert "interrupted" in said
    assert "nothing was written" not in said
    assert "Traceback" not in said
    assert sound(empty) == IDS[:4]
    bad = rows(aside(empty).read_bytes())  # what was set aside is kept, too
    assert [r["line"] for r in bad] == [2, 4, 6]
    assert f"3 bad rows set aside in {aside(empty)}" in said
    assert {p.name for p in tmp_path.iterdir() if "stderr" not in p.name} == {
        "empty.db",
        aside(empty).name,
    }


def test_ctrl_c_in_the_midst_of_work_keeps_whole_batches(empty: Path, tmp_path: Path) -> None:
    many = b"".join(
        json.dumps(made(f"{i}", words_of(i, 200)), ensure_ascii=False).encode() + b"\n" for i in range(1500)
    )
    Path("many.jsonl").write_bytes(many)
    with Talk("add", empty, "many.jsonl", "--batch", 10) as talk:
        answered = [talk.hear()["id"] for _ in range(25)]
        talk.interrupt()
        assert talk.end() == 130
        answered += [r["id"] for r in talk.rest()]
        assert "Traceback" not in talk.said
        assert "nothing was written" not in talk.said
    stored = sound(empty)
    assert stored[: len(answered)] == answered
    assert len(stored) % 10 == 0
    assert len(stored) - len(answered) <= 10
    assert len(stored) < 1500
    told = rows(ask("add", empty, "many.jsonl").stdout)  # and it can go on
    assert [r["status"] for r in told[: len(stored)]] == ["known"] * len(stored)
    assert sound(empty) == [str(i) for i in range(1500)]


def test_a_reader_that_goes_away_is_no_traceback(empty: Path) -> None:
    with Talk("add", empty, "-") as talk:
        talk.say(LINES[0] + b"\n" + BAD + b"\n")
        assert talk.hear()["id"] == IDS[0]
        talk.leave()
        talk.say(LINES[1] + b"\n")
        assert talk.end() == 1
        assert "Traceback" not in talk.said
        assert "Exception" not in talk.said
    assert sound(empty) == IDS[:2]
    assert len(rows(aside(empty).read_bytes())) == 1


def test_head_takes_one_line_of_many(news: Path) -> None:
    command = " ".join(f"'{word}'" for word in [*COMMAND, "add", str(news), str(FEED), "--batch", "1"])
    done = subprocess.run(["bash", "-c", f"{command} | head -n 1"], capture_output=True, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == b""


@pytest.mark.skipif(shutil.which("tail") is None, reason="there is no tail here")
def test_a_growing_file_is_followed(empty: Path) -> None:
    feed = Path("feed.jsonl")
    feed.write_bytes(LINES[0] + b"\n")
    tail = subprocess.Popen(["tail", "-n", "+1", "-f", feed], stdout=subprocess.PIPE)
    try:
        with Talk("add", empty, "-", stdin=tail.stdout) as talk, feed.open("ab") as growing:
            assert talk.hear()["id"] == IDS[0]
            for i in range(1, 4):
                growing.write(LINES[i] + b"\n")
                growing.flush()
                assert talk.hear()["id"] == IDS[i]
            with StoryIndex.open(empty) as store:  # others read meanwhile
                assert [a.id for a in store.assignments()] == IDS[:4]
            talk.interrupt()
            assert talk.end() == 130
    finally:
        tail.kill()
        tail.wait()
        if tail.stdout:
            tail.stdout.close()
    assert sound(empty) == IDS[:4]


def test_a_second_process_adds_while_the_first_one_streams(empty: Path) -> None:
    with Talk("add", empty, "-") as talk:
        talk.say(LINES[0] + b"\n")
        talk.hear()
        second = run("add", empty, FEED)
        assert (second.returncode, second.stderr) == (0, b"")
        assert [r["status"] for r in rows(second.stdout)].count("known") == 1
        ask("remove", empty, IDS[5])
        talk.say(LINES[5] + b"\n" + LINES[6] + b"\n" + json.dumps(made("x", words_of("x", 30))).encode() + b"\n")
        assert [(r["id"], r["status"] == "known") for r in (talk.hear(), talk.hear(), talk.hear())] == [
            (IDS[5], False),
            (IDS[6], True),
            ("x", False),
        ]
        talk.hang_up()
        assert talk.end() == 0
        assert talk.said == ""
    assert sorted(sound(empty)) == sorted([*IDS, "x"])


def test_two_processes_stream_at_the_same_time(empty: Path) -> None:
    with Talk("add", empty, "-", "--batch", 3) as one, Talk("add", empty, "-", "--batch", 5) as two:
        one.say(b"\n".join(LINES[:60]) + b"\n")
        two.say(b"\n".join(LINES[60:]) + b"\n")
        one.hang_up()
        two.hang_up()
        assert [r["id"] for r in one.rest()] == IDS[:60]
        assert [r["id"] for r in two.rest()] == IDS[60:]
        assert (one.end(), two.end(), one.said, two.said) == (0, 0, "", "")
    assert sorted(sound(empty)) == sorted(IDS)


def test_changes_of_stories_are_appended_to_a_file(empty: Path) -> None:
    left, right, both = strangers()
    changes = Path("changes.jsonl")
    ask("add", empty, write(Path("1.jsonl"), [left, right]), "--changes", changes)
    assert changes.read_bytes() == b""
    (told,) = rows(ask("add", empty, write(Path("2.jsonl"), [both]), "--changes", changes).stdout)
    merged = {"kind": "merged", "story": "right", "into": "left", "articles": ["right"]}
    assert (told["story"], rows(changes.read_bytes())) == ("left", [merged])
    assert rows(ask("show", empty, "right", "--json").stdout)[0]["aliases"] == ["right"]
    ask("remove", empty, "both", "--changes", changes)
    split = {"kind": "split", "story": "left", "into": "right", "articles": ["right"]}
    assert rows(changes.read_bytes()) == [merged, split]
    ended = ask("remove", empty, "right", "--changes", "-")
    assert rows(ended.stdout) == [{"kind": "ended", "story": "right", "into": "", "articles": []}]
    expired = ask("expire", empty, "--max-articles", "0", "--changes", "-")
    assert [(r["kind"], r["story"]) for r in rows(expired.stdout)] == [("ended", "left")]


def test_changes_are_told_as_they_come(empty: Path) -> None:
    left, right, both = (json.dumps(article).encode() + b"\n" for article in strangers())
    with Talk("add", empty, "-", "--changes", "changes.jsonl") as talk:
        talk.say(left + right + both)
        assert [talk.hear()["story"] for _ in range(3)] == ["left", "right", "left"]
        until = time.monotonic() + PATIENCE
        while not Path("changes.jsonl").read_bytes().endswith(b"\n") and time.monotonic() < until:
            time.sleep(0.01)
        assert [r["kind"] for r in rows(Path("changes.jsonl").read_bytes())] == ["merged"]
        talk.interrupt()
        assert talk.end() == 130
    assert [r["kind"] for r in rows(Path("changes.jsonl").read_bytes())] == ["merged"]


def test_a_question_stores_nothing(news: Path, tmp_path: Path) -> None:
    before = news.read_bytes()
    feed = write(tmp_path / "new.jsonl", [SAMPLE[0], {**SAMPLE[1], "id": "again"}, made("x", words_of("x", 30))])
    done = run("query", news, feed)
    assert (done.returncode, done.stderr) == (0, b"")
    known, copy, new = rows(done.stdout)
    assert (known["id"], copy["id"], new["id"]) == (IDS[0], "again", "x")
    assert {tuple(r) for r in (known, copy, new)} == {tuple(FIELDS)}
    assert (copy["linked_to"], copy["relation"], copy["score"]) == (IDS[1], "exact", 1.0)
    assert (new["story"], new["representative"]) == ("x", True)
    assert news.read_bytes() == before
    assert {p.name for p in tmp_path.iterdir()} == {"news.db", "new.jsonl"}


def test_a_question_foretells_what_add_answers(empty: Path) -> None:
    keys, agree = ("id", "story", "copy", "exact"), 0
    for article in SAMPLE[:30]:
        feed = write(Path("one.jsonl"), [article])
        (asked,) = rows(ask("query", empty, feed).stdout)
        (added,) = rows(ask("add", empty, feed).stdout)
        agree += [asked[k] for k in keys] == [added[k] for k in keys]
    assert agree >= 29  # an article's own words weigh once it is there
    done = ask("query", empty, write(Path("all.jsonl"), SAMPLE[:30]), "-o", "out.jsonl")
    assert done.stdout == ""
    assert rows(Path("out.jsonl").read_bytes()) == rows(ask("export", empty).stdout)


def test_bad_rows_of_a_question_are_set_aside(news: Path) -> None:
    Path("feed.jsonl").write_bytes(LINES[0] + b"\n" + BAD + b"\n")
    done = ask("query", news, "feed.jsonl", "-o", "out.jsonl")
    assert "1 bad row set aside in out.jsonl.quarantine.jsonl" in done.stderr
    assert [r["line"] for r in rows(Path("out.jsonl.quarantine.jsonl").read_bytes())] == [2]
    piped = ask("query", news, "-", stdin=b"\n".join(LINES[:3]))
    assert [r["id"] for r in rows(piped.stdout)] == IDS[:3]


def test_stories_are_listed_with_the_latest_first(filled: Path) -> None:
    told = rows(ask("stories", filled).stdout)
    names = ["story", "articles", "copies", "outlets", "first", "last", "representative", "title", "aliases"]
    assert {tuple(r) for r in told} == {tuple(names)}
    exported = rows(ask("export", filled).stdout)
    members = {story: [r for r in exported if r["story"] == story] for story in {r["story"] for r in exported}}
    titles = {a["id"]: a["title"] for a in SAMPLE}
    for r in told:
        inside = members.pop(r["story"])
        dates = [DATES[x["id"]] for x in inside]
        assert r["articles"] == len(inside)
        assert r["copies"] == len({x["copy"] for x in inside})
        assert r["outlets"] == sorted({a["source"] for a in SAMPLE if a["id"] in {x["id"] for x in inside}})
        assert (datetime.fromisoformat(r["first"]), datetime.fromisoformat(r["last"])) == (min(dates), max(dates))
        assert [r["representative"]] == [x["id"] for x in inside if x["representative"]]
        assert r["title"] == titles[r["representative"]]
        assert r["aliases"] == []
    assert all(len(alone) == 1 for alone in members.values())  # too short to group
    last = [datetime.fromisoformat(r["last"]) for r in told]
    assert last == sorted(last, reverse=True)


def test_stories_can_be_narrowed(filled: Path) -> None:
    everything = rows(ask("stories", filled).stdout)
    assert rows(ask("stories", filled, "--min-size", 3).stdout) == [r for r in everything if r["articles"] >= 3]
    assert rows(ask("stories", filled, "--limit", 5).stdout) == everything[:5]
    day = datetime(2016, 4, 10, tzinfo=UTC)
    late = [r for r in everything if datetime.fromisoformat(r["last"]) >= day]
    assert 0 < len(late) < len(everything)
    assert rows(ask("stories", filled, "--since", "2016-04-10").stdout) == late
    assert rows(ask("stories", filled, "--since", "2016-04-10T03:00:00+03:00").stdout) == late
    age = datetime.now(UTC) - day
    for unit, seconds in (("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("w", 604800)):
        assert rows(ask("stories", filled, "--since", f"{age.total_seconds() / seconds:.6f}{unit}").stdout) == late
    assert rows(ask("stories", filled, "--since", "12h").stdout) == []
    both = ask("stories", filled, "--since", "2016-04-10", "--min-size", 2, "--limit", 2)
    assert rows(both.stdout) == [r for r in late if r["articles"] >= 2][:2]
    ask("stories", filled, "-o", "stories.jsonl")
    assert rows(Path("stories.jsonl").read_bytes()) == everything


def test_an_age_longer_than_time_is_every_storys(news: Path) -> None:
    everything = ask("stories", news).stdout
    for age in ("999999d", "99999999999d", f"{'9' * 400}w"):
        assert ask("stories", news, "--since", age).stdout == everything
        assert "0 articles removed" in ask("expire", news, "--older-than", age).stderr


@pytest.mark.parametrize("value", ["soon", "", "7", "7x", "-7d", "d", "2016-13-40", "7d 3h"])
def test_what_is_neither_age_nor_date_is_refused(value: str, filled: Path) -> None:
    for args in (["stories", filled, "--since", value], ["expire", filled, "--older-than", value]):
        assert repr(value) in refused(*args)
    assert sound(filled) == IDS


def test_a_story_is_shown_by_its_id_an_alias_or_an_article(empty: Path) -> None:
    left, right, both = strangers()
    ask("add", empty, write(Path("1.jsonl"), [left, right]))
    ask("add", empty, write(Path("2.jsonl"), [both]))
    shown = {ask("show", empty, name).stdout for name in ("left", "right", "both")}
    (text,) = shown
    assert "story left, also right" in text
    assert "3 articles" in text
    for article in (left, right, both):
        assert article["title"] in text
    assert text.count("2016-05-01 10:00") >= 3
    assert text.count("stands for the story") == 1
    lines = {ask("show", empty, name, "--json").stdout for name in ("left", "right", "both")}
    (told,) = map(rows, lines)
    assert told[0] == rows(ask("stories", empty).stdout)[0]
    assert told[1:] == rows(ask("export", empty).stdout)


def test_a_story_is_shown_with_titles_dates_and_links(filled: Path) -> None:
    text = ask("show", filled, STORY).stdout
    story, *told = rows(ask("show", filled, STORY, "--json").stdout)
    assert story["story"] == STORY
    assert len(told) == story["articles"] == 4
    articles = {a["id"]: a for a in SAMPLE}
    for r in told:
        assert list(r) == FIELDS
        assert articles[r["id"]]["title"] in text
        assert articles[r["id"]]["source"] in text
        assert f"{DATES[r['id']]:%F %H:%M}" in text
        if r["linked_to"]:
            assert f"{r['relation']} {r['score']:.2f} of {r['linked_to']}" in text
    assert text.splitlines()[0] == story["title"]


def test_odd_articles_can_be_shown(empty: Path) -> None:
    ask("add", empty, write(Path("1.jsonl"), [{"text": "نص بلا عنوان ولا تاريخ ولا مصدر ولا اسم على الإطلاق"}]))
    ask("add", empty, write(Path("2.jsonl"), [{"id": "short", "text": "قصير"}]))
    (first, _) = rows(ask("export", empty).stdout)
    text = ask("show", empty, first["id"]).stdout
    assert "no date" in text
    assert "no source" in text
    assert "قصير" in ask("show", empty, "short").stdout
    assert rows(ask("show", empty, "short", "--json").stdout)[0]["articles"] == 1
    for unknown in ("nobody", "", "\udcff", "short#2"):
        assert repr(unknown) in refused("show", empty, unknown)


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
    many = ask("remove", news, *IDS[:6])
    assert many.stderr.splitlines() == ["0 articles removed", f"6 not there: {', '.join(IDS[:5])}, ..."]
    assert "no id" in refused("remove", news, "--ids", "-", stdin=b"\n \n")
    assert sound(news) == IDS[6:]


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
    assert (done.returncode, done.stderr) == (0, b"")
    told = {name.strip(): int(count.replace(",", "")) for count, name in map(halves, done.stdout.decode().splitlines())}
    exported = rows(ask("export", filled).stdout)
    listed = rows(ask("stories", filled).stdout)
    assert told["articles"] == len(IDS)
    assert told["stories"] == len(listed)
    assert told["copy groups"] == sum(r["copies"] for r in listed)
    assert told["articles"] - told["too short to group"] == sum(r["articles"] for r in listed)
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
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"error: {news}: {len(found)} found; cure: ")


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
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("error: ")
    assert "cure: " in line
    for command in ("export", "stories", "compact"):
        assert "cure: " in refused(command, news)


def test_export_is_what_cluster_writes_and_evaluate_takes_it(filled: Path) -> None:
    done = run("export", filled, "-o", "clusters.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
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
    assert rows(ask("show", "whole.db", "right", "--json").stdout)[0]["story"] == "left"
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
    names = ["create", "add", "query", "stories", "show", "remove", "expire", "check", "export", "merge", "compact"]
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
