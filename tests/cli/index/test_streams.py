"""`clusterer index add -`: articles that come through a pipe are answered as they come."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from index_commands import (
    BAD,
    COMMAND,
    FEED,
    FIELDS,
    IDS,
    LINES,
    PATIENCE,
    SAMPLE,
    Talk,
    aside,
    ask,
    assert_alike,
    made,
    rows,
    run,
    sound,
    strangers,
    write,
)
from made import words_of
from said import said

from clusterer.index.story_index import StoryIndex


def test_each_line_is_answered_before_the_next_is_written(empty: Path, tmp_path: Path) -> None:
    with Talk("add", empty, "-") as talk:
        for i in range(5):
            talk.say(LINES[i] + b"\n")
            told = talk.hear()
            assert (told["id"], list(told)) == (IDS[i], [*FIELDS, "status", "story_title"])
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
        assert talk.said.splitlines() == [f"1 bad row set aside in {aside(empty)}: 1 × broken JSON: the row is cut off"]
    (bad,) = rows(aside(empty).read_bytes())
    assert (bad["file"], bad["line"], bad["row"]) == ("<stdin>", 9, BAD.decode())
    assert sound(empty) == IDS[:10]


@pytest.mark.parametrize("last", [BAD, b"", b"\n\n"])
def test_a_pipe_may_end_in_any_way(last: bytes, empty: Path) -> None:
    done = run("add", empty, "-", "-q", stdin=LINES[0] + b"\n" + last)
    assert (done.returncode, said(done.stderr)) == (0, "")
    assert sound(empty) == [r["id"] for r in rows(done.stdout)] == IDS[:1]


def test_an_empty_pipe_adds_nothing(empty: Path) -> None:
    done = run("add", empty, "-", stdin=b"")
    assert (done.returncode, done.stdout, said(done.stderr)) == (0, b"", "")
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
    assert (done.returncode, said(done.stderr)) == (0, "")
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
    assert (done.returncode, said(done.stderr)) == (0, "")
    with StoryIndex.open(empty) as store:
        assert store.articles(["x"])["x"].title == title


@pytest.mark.parametrize("packed", [gzip.compress(FEED.read_bytes()), b"PK\x03\x04 and more"])
def test_a_packed_pipe_is_refused_with_the_cure(packed: bytes, empty: Path, tmp_path: Path) -> None:
    done = run("add", empty, "-", stdin=packed)
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = said(done.stderr).splitlines()
    assert "zcat" in line
    assert list(tmp_path.iterdir()) == [empty]


def test_other_formats_are_read_from_a_pipe_to_its_end(empty: Path) -> None:
    told = ask("add", empty, "-", "--format", "json", stdin=json.dumps(SAMPLE[:3]).encode())
    assert said(told.stderr) == ""
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
    assert "whoever read the answers left" in done.stderr.decode()  # what came after is not stored


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
        assert (second.returncode, said(second.stderr)) == (0, "")
        assert [r["status"] for r in rows(second.stdout)].count("known") == 1
        ask("remove", empty, IDS[5])
        talk.say(LINES[5] + b"\n" + LINES[6] + b"\n" + json.dumps(made("x", words_of("x", 30))).encode() + b"\n")
        assert [(r["id"], r["status"]) for r in (talk.hear(), talk.hear(), talk.hear())] == [
            (IDS[5], "removed"),
            (IDS[6], "known"),
            ("x", "new"),
        ]
        talk.hang_up()
        assert talk.end() == 0
        assert talk.said == "1 article was removed earlier and stays away; cure, where that is not meant: --again\n"
    assert sorted(sound(empty)) == sorted([*IDS[:5], *IDS[6:], "x"])


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
