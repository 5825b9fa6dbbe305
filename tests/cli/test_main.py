"""The command as a user runs it: real processes, real files. What is no matter of how a process starts is forked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from commands import run
from damage import write_damaged_feed
from places import ROOT
from said import said

from clusterer import InputError, StoryIndex, cluster, read, read_gold
from clusterer.cli.main import cli
from clusterer.evaluation import evaluate
from clusterer.evaluation.result_file import read_result

DATA = ROOT / "data"


def anew(*args: str | Path, stdin: bytes | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """A process that is started, and not forked as by `run`."""
    command = [sys.executable, "-c", "from clusterer.cli.main import main; main()", *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, timeout=120, check=False)


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_cluster_writes_one_line_an_article_in_input_order(tmp_path: Path) -> None:
    done = anew("cluster", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl")
    assert (done.returncode, done.stdout, said(done.stderr)) == (0, b"", "")
    out = rows(tmp_path / "out.jsonl")
    assert [r["id"] for r in out] == [r["id"] for r in rows(DATA / "feed.jsonl")]
    assert {tuple(r) for r in out} == {
        ("id", "story", "copy", "exact", "representative", "linked_to", "relation", "score", "evidence")
    }
    assert list(tmp_path.iterdir()) == [tmp_path / "out.jsonl"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space are Linux's")
def test_a_machine_without_memory_is_no_defect(tmp_path: Path) -> None:
    code = (
        "import resource, clusterer.pipeline; from clusterer.cli.main import main; from pathlib import Path;"
        "taken = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize();"
        "resource.setrlimit(resource.RLIMIT_AS, (taken + (1 << 23),) * 2); main()"
    )
    command = [sys.executable, "-c", code, "cluster", str(DATA / "feed.jsonl"), "-o", str(tmp_path / "out.jsonl"), "-q"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=60, check=False, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: no memory is left, of the machine or of a limit on it (ulimit -v, a container); cure:"
    )
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_standard_input_gives_what_the_file_gives(tmp_path: Path) -> None:
    piped = anew("cluster", "-", stdin=(DATA / "feed.jsonl").read_bytes(), cwd=tmp_path)
    named = run("cluster", DATA / "feed.jsonl", cwd=tmp_path)
    assert piped.returncode == named.returncode == 0
    assert piped.stdout == named.stdout
    assert len(named.stdout.splitlines()) == len(rows(DATA / "feed.jsonl"))


def test_summary_goes_to_standard_error_where_asked() -> None:
    done = run("cluster", DATA / "feed.jsonl", "--summary")
    assert b"articles" in done.stderr
    assert len(done.stdout.splitlines()) == 130


@pytest.mark.parametrize("policy", ["earliest", "longest", "central"])
def test_dedup_gives_back_whole_rows_and_says_what_kept_the_rest(tmp_path: Path, policy: str) -> None:
    kept, removed = tmp_path / "kept.jsonl", tmp_path / "removed.jsonl"
    done = run("dedup", DATA / "feed.jsonl", "-o", kept, "--removed", removed, "--representative", policy)
    assert done.returncode == 0, done.stderr
    source = (DATA / "feed.jsonl").read_bytes().splitlines()
    assert set(kept.read_bytes().splitlines()) <= set(source)
    ids = [r["id"] for r in rows(DATA / "feed.jsonl")]
    kept_ids = [r["id"] for r in rows(kept)]
    assert kept_ids == [i for i in ids if i in set(kept_ids)]
    gone = rows(removed)
    assert sorted(kept_ids + [r["id"] for r in gone]) == sorted(ids)
    assert {r["kept"] for r in gone} <= set(kept_ids)
    copies = {r["id"]: r["copy"] for r in rows(DATA / "gold.jsonl")}
    assert all(copies[r["id"]] == copies[r["kept"]] for r in gone)
    assert all(r["article"]["id"] == r["id"] and r["article"]["content"] for r in gone)


def test_dedup_of_exact_copies_only(tmp_path: Path) -> None:
    done = run("dedup", DATA / "feed.jsonl", "--level", "exact", "-o", tmp_path / "kept.jsonl")
    assert done.returncode == 0
    assert 0 < 130 - len(rows(tmp_path / "kept.jsonl")) < 10


def test_dedup_keeps_a_csv_a_csv(tmp_path: Path) -> None:
    body = "أعلنت الوزارة اليوم موعد بدء العام الدراسي الجديد في جميع المدارس"
    lines = [
        "رقم,العنوان,النص",
        f'1,"أ, ب","{body}"',
        f'2,ج,"{body}"',
        "3,د,خبر آخر عن أمر آخر تماما في مدينة بعيدة",
        "",
    ]
    (tmp_path / "in.csv").write_text("\n".join(lines))
    done = run("dedup", tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == "رقم,العنوان,النص"
    assert len(lines) == 3
    assert lines[2].startswith("3,")


def test_damaged_feeds_lose_no_good_row(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    damages = write_damaged_feed(folder)
    assert len(damages) >= 40
    done = run("cluster", folder, "-o", tmp_path / "out.jsonl")
    unreadable = [damage for damage in damages if not damage.good]
    assert done.returncode == 1
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith("error: ")
    assert "files are unreadable" in last
    assert "all else is read and written" in last
    told = [line for line in done.stderr.decode().splitlines() if "unreadable; " in line or " of it are read; " in line]
    assert 5 < len(told) <= 10 < len(unreadable)
    assert run("cluster", folder, "-o", tmp_path / "out.jsonl", "--max-bad", "100%").returncode == 0
    good = sorted(name for damage in damages for name in damage.good)
    assert sorted(r["id"] for r in rows(tmp_path / "out.jsonl")) == good
    bad = {Path(r["file"]).as_posix(): r for r in rows(tmp_path / "out.jsonl.quarantine.jsonl")}
    for damage in damages:
        found = [r for name, r in bad.items() if damage.file in name]
        assert found, damage.kind
        assert any(r["line"] == damage.line and damage.reason in r["reason"] for r in found), (damage.kind, found)
    assert f"{len(bad)} bad rows" in done.stderr.decode()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["cluster", "missing.jsonl"], "missing.jsonl"),
        (["cluster", str(DATA / "feed.jsonl"), "--jaccard", "1.5"], "1.5"),
        (["cluster", str(DATA / "feed.jsonl"), "--profile", "x"], "'x'"),
        (["cluster", str(DATA / "feed.jsonl"), "--text-field", "nope"], "nope"),
        (["cluster", str(DATA / "feed.jsonl"), "--slots", "8", "--jaccard", "0.1"], "out of reach"),
        (["cluster", str(DATA / "feed.jsonl"), "-o", "/nonexistent/x.jsonl"], "/nonexistent/x.jsonl"),
        (["cluster"], "INPUT"),
        (["evaluate", str(DATA / "gold.jsonl"), str(DATA / "gold.jsonl"), "--level", "exact"], "exact"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_bad_usage_is_one_clear_line_and_exit_code_1(args: list[str], says: str, tmp_path: Path) -> None:
    done = (anew if args == ["no-such-command"] else run)(*args, cwd=tmp_path)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert len(lines) == 1
    assert says in lines[0]
    assert not list(tmp_path.iterdir())


def test_interrupt_leaves_nothing_half_written(tmp_path: Path) -> None:
    fifo = tmp_path / "feed.jsonl"
    os.mkfifo(fifo)
    command = [
        sys.executable,
        "-c",
        "from clusterer.cli.main import main; main()",
        "cluster",
        "-",
        "-o",
        str(tmp_path / "out.jsonl"),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdin
        process.stdin.write((DATA / "feed.jsonl").read_bytes())
        process.stdin.flush()  # the feed is longer than a pipe holds: it is being read
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"interrupted" in said
    assert [p.name for p in tmp_path.iterdir()] == ["feed.jsonl"]


def test_closed_pipe_is_no_traceback() -> None:
    command = (
        f"{sys.executable} -c 'from clusterer.cli.main import main; main()' cluster {DATA / 'feed.jsonl'} | head -n 1"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert b"Traceback" not in done.stderr


def test_the_result_agrees_with_the_sample_gold(tmp_path: Path) -> None:
    run("cluster", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl")
    result, gold = read_result(tmp_path / "out.jsonl"), read_gold(DATA / "gold.jsonl")
    for level, least in (("copy", 0.99), ("story", 0.93)):
        labels = gold.labels[level]
        assert evaluate([getattr(result[name], level) for name in labels], list(labels.values())).bcubed_f1 >= least
        assert run("evaluate", tmp_path / "out.jsonl", DATA / "gold.jsonl", "--level", level).returncode == 0


def test_boilerplate_shows_what_goes() -> None:
    done = run("boilerplate", DATA / "feed.jsonl")
    rows = list(map(json.loads, done.stdout.splitlines()))
    assert {x["reason"] for r in rows for x in r["removed"]} >= {"dateline", "known tail or notice", "recurring line"}
    shown = {r["id"]: [x["text"] for x in r["removed"]] for r in rows}
    assert any("تابعونا" in passage for passage in shown["marsad-06"])
    assert not any("تدمر" in passage for passages in shown.values() for passage in passages[:-1])


def test_every_command_has_help_with_an_example_and_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert isinstance(cli, click.Group)
    for name, command in cli.commands.items():
        assert f"clusterer {name} " in readme, name
        assert "Example: clusterer " in (command.help or ""), name
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help, (name, option.name)  # type: ignore[attr-defined]


def test_no_output_over_an_input_nor_over_another_output(tmp_path: Path) -> None:
    feed = tmp_path / "feed.jsonl"
    feed.write_bytes((DATA / "feed.jsonl").read_bytes())
    before = feed.read_bytes()
    other = tmp_path / "other.jsonl"
    for args in (
        ["cluster", feed, "-o", feed],
        ["cluster", tmp_path, "-o", feed],
        ["cluster", feed, "-o", other, "--quarantine", feed],
        ["cluster", feed, "-o", other, "--quarantine", other],
        ["dedup", feed, "-o", other, "--removed", feed],
        ["dedup", feed, "-o", other, "--removed", other],
    ):
        done = run(*args)
        assert done.returncode == 1
        assert b"is also" in done.stderr
        assert feed.read_bytes() == before
        assert [p.name for p in tmp_path.iterdir()] == ["feed.jsonl"]


def test_a_result_is_no_feed(tmp_path: Path) -> None:
    run("cluster", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl")
    done = run("cluster", tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert b"a result of clusterer" in done.stderr


def test_gold_labels_are_one_an_article(tmp_path: Path) -> None:
    run("cluster", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl")
    gold = tmp_path / "gold.jsonl"
    lines = (DATA / "gold.jsonl").read_text("utf-8").splitlines()
    gold.write_text("\n".join([*lines, lines[0]]), "utf-8")
    assert b"labelled twice" in run("evaluate", tmp_path / "out.jsonl", gold).stderr
    first = json.loads(lines[0])
    gold.write_text("\n".join([json.dumps({**first, "event": None}), *lines[1:]]), "utf-8")
    assert b"129 articles" in run("evaluate", tmp_path / "out.jsonl", gold).stdout


def test_no_command_shows_the_help() -> None:
    done = anew()
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) > 5
    module = subprocess.run([sys.executable, "-m", "clusterer", "--version"], capture_output=True, cwd=ROOT, check=True)
    assert module.stdout.strip()


def test_a_data_frame_is_refused_with_the_cure() -> None:
    class Frame:
        columns = ("title", "text")

    with pytest.raises(InputError, match="to_dict"):
        cluster(Frame())  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform != "linux", reason="pipes are made small by Linux alone")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("cluster", "feed.jsonl", "-q"), 0, ""),
        (("dedup", "feed.jsonl", "--removed", "removed.jsonl", "-q"), 1, "removed.jsonl: not written, as whoever read"),
        (("index", "query", "news.db", "feed.jsonl", "-q"), 0, ""),
        (("index", "stories", "news.db"), 0, ""),
        (("index", "export", "news.db"), 0, ""),
        (("index", "add", "empty.db", "feed.jsonl", "--batch", "20"), 1, "whoever read the answers left"),
    ],
)
def test_a_reader_that_leaves_loses_nothing_in_silence(
    words: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    """As `head -1`: quiet and 0 where only its own output is cut."""
    import fcntl

    shutil.copy(ROOT / "data" / "feed.jsonl", tmp_path)
    for name in {"news.db", "empty.db"} & set(words):
        with StoryIndex.open(tmp_path / name) as index:
            index.add(read(tmp_path / "feed.jsonl") if name == "news.db" else [])
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    command = [sys.executable, "-c", "from clusterer.cli.main import main; main()", *words]
    child = subprocess.Popen(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    os.read(reading, 10)
    os.close(reading)
    told = child.communicate(timeout=60)[1]
    assert child.returncode == code, told
    assert said in told
    assert "rror" in told if said else told == ""
    assert not (tmp_path / "removed.jsonl").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("words", [["cluster", "-o", "-"], ["dedup", "-o", "-"]])
def test_no_room_behind_standard_output_is_no_defect(words: list[str]) -> None:
    command = [sys.executable, "-m", "clusterer", *words, str(DATA / "feed.jsonl")]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode == 1
    assert b"error: what standard output goes to has no room left; cure: make room" in done.stderr
    assert b"defect" not in done.stderr
    assert b"Exception ignored" not in done.stderr
