"""`clusterer label`: what is asked, and that no answer is lost."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner
from commands import run_in_text
from places import ROOT

from benchmarks.corpora.generator import feed
from clusterer import Article, Settings, SettingsError, cluster
from clusterer.cli.main import cli
from clusterer.evaluation.gold import read_gold
from clusterer.evaluation.labeling import NEAR, PairSampler
from clusterer.evaluation.tuning import tune
from clusterer.io.feed import Feed
from clusterer.pipeline import run_pipeline

DATA = ROOT / "data" / "feed.jsonl"
LABEL = [sys.executable, "-c", "from clusterer.cli.main import main; main()", "label", str(DATA), "-o"]


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [row.article for row in Feed([DATA])]


def label(out: Path, answers: str, *options: str) -> subprocess.CompletedProcess[str]:
    return run_in_text("label", DATA, "-o", out, *options, stdin=answers)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("level", ["story", "copy"])
def test_most_are_near_the_threshold_and_every_pair_comes_once(articles: list[Article], level: str) -> None:
    questions = PairSampler(articles, Settings(level=level))
    pairs = list(questions.pairs())
    assert len(pairs) == len(questions) > 20
    assert len({(p.a, p.b) for p in pairs}) == len(pairs)
    assert all(p.a < p.b for p in pairs)
    for pair in pairs:
        assert pair.kind == ("near" if abs(pair.margin) <= NEAR else "above" if pair.margin > 0 else "below")
    kinds = Counter(p.kind for p in pairs[:18])
    assert kinds["above"] >= 3
    assert kinds["below"] >= 1
    there = Counter(p.kind for p in pairs)["near"]
    assert kinds["near"] >= min(12, there)


def test_margins_are_what_decides() -> None:
    settings = Settings(level="copy", jaccard=0.6)
    made = list(feed(1500))
    done = run_pipeline(made, settings)
    of = {a.id: i for i, a in enumerate(done.clustering)}
    linked = {tuple(sorted(pair)) for pair in done.documents.articles[done.links.pairs[done.links.linked]].tolist()}
    questions = PairSampler(made, settings)
    assert {(p.a, p.b) for p in questions.pairs() if p.margin >= 0} == linked
    assert questions.ids == list(of)
    stories = run_pipeline(made[:400], Settings()).stories
    assert stories is not None
    margins = sorted(p.margin for p in PairSampler(made[:400], Settings()).pairs())
    assert margins == pytest.approx(sorted(stories.score - Settings().story))


def test_no_story_and_no_two_outlets_are_all_that_is_asked_about() -> None:
    made = list(feed(3000))
    settings = Settings(level="copy")
    result = cluster(made, settings)
    asked = list(islice(PairSampler(made, settings).pairs(), 60))
    stories = Counter(label for p in asked for label in {result.assignments[p.a].story, result.assignments[p.b].story})
    outlets = Counter(tuple(sorted((made[p.a]["source"], made[p.b]["source"]))) for p in asked)
    assert max(stories.values()) <= 3
    assert max(outlets.values()) <= 5
    assert len(outlets) == 36  # all there are


def test_the_order_is_fixed_by_the_seed(articles: list[Article]) -> None:
    first = list(PairSampler(articles, Settings()).pairs(seed=1))
    assert list(PairSampler(articles, Settings()).pairs(seed=1)) == first
    assert list(PairSampler(articles, Settings()).pairs(seed=2)) != first


def test_nothing_to_ask() -> None:
    assert list(PairSampler([], Settings()).pairs()) == []
    assert list(PairSampler(["نص قصير"], Settings(level="copy")).pairs()) == []
    with pytest.raises(SettingsError, match="exact"):
        PairSampler([], Settings(level="exact"))


def test_answers_are_gold_for_the_other_commands(tmp_path: Path, articles: list[Article]) -> None:
    out = tmp_path / "judged.jsonl"
    done = label(out, "y\nNO\ns\nنعم\nى\n", "--limit", "5")
    assert done.returncode == 0, done.stderr
    assert [r["same"] for r in lines(out)] == [True, False, None, True, False]
    assert {tuple(r) for r in lines(out)} == {("a", "b", "same", "level", "score")}
    assert "5 answers added" in done.stderr
    gold = read_gold(out)
    assert len(gold.answers("story")) == 4
    assert tune(articles, gold).counts == {"story": 4}


def test_both_articles_are_shown_in_the_order_of_their_letters(tmp_path: Path, articles: list[Article]) -> None:
    out = tmp_path / "judged.jsonl"
    shown = label(out, "y\n", "--limit", "1", "--words", "10").stdout
    by_id = {a.id: a for a in articles}
    for article in (by_id[lines(out)[0]["a"]], by_id[lines(out)[0]["b"]]):
        assert article.title in shown
        assert article.source in shown
        assert f"{article.date:%F}" in shown
        words = article.text.split()
        assert " ".join(words[:10]) + " … (" in shown
        assert " ".join(words[:11]) not in shown
    assert "same event" in shown
    copies = label(tmp_path / "copies.jsonl", "n\n", "--limit", "1", "--level", "copy")
    assert "copy or a cut" in copies.stdout
    assert lines(tmp_path / "copies.jsonl")[0]["level"] == "copy"


def test_a_later_run_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    out, whole = tmp_path / "judged.jsonl", tmp_path / "whole.jsonl"
    label(out, "y\ny\ny\nq\n")
    assert len(lines(out)) == 3
    label(out, "n\n" * 4, "--limit", "4")
    label(whole, "y\n" * 7, "--limit", "7")
    asked = [(r["a"], r["b"]) for r in lines(out)]
    assert asked == [(r["a"], r["b"]) for r in lines(whole)]
    assert [r["same"] for r in lines(out)] == [True] * 3 + [False] * 4
    every = label(out, "s\n" * 10_000, "--limit", "10000")
    assert every.returncode == 0
    assert len({(r["a"], r["b"]) for r in lines(out)}) == len(lines(out))
    assert "nothing left to ask" in label(out, "").stdout


def test_every_answer_is_on_disk_when_it_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, seen = tmp_path / "judged.jsonl", []
    real = os.fsync

    def fsync(file: int) -> None:
        real(file)
        seen.append(out.read_bytes().count(b"\n"))

    monkeypatch.setattr(os, "fsync", fsync)
    done = CliRunner().invoke(cli, ["label", str(DATA), "-o", str(out), "--limit", "4"], input="y\nn\nu\ns\nn\ny\n")
    assert done.exit_code == 0, done.output
    assert seen == [1, 2, 1, 2, 3, 4]


def test_undo_takes_back_the_last_answer_and_asks_again(tmp_path: Path) -> None:
    out = tmp_path / "judged.jsonl"
    done = label(out, "u\ny\nn\nu\nu\nn\ny\nq\n")
    assert "nothing to undo" in done.stdout
    assert [r["same"] for r in lines(out)] == [False, True]
    assert len({(r["a"], r["b"]) for r in lines(out)}) == 2
    label(out, "u\nq\n")  # answers of earlier runs stay
    assert len(lines(out)) == 2


def test_another_key_says_which_there_are(tmp_path: Path) -> None:
    done = label(tmp_path / "judged.jsonl", "what?\n\ny\n", "--limit", "1")
    assert done.stdout.count("y yes, n no, s skip") == 2
    assert [r["same"] for r in lines(tmp_path / "judged.jsonl")] == [True]


def test_a_killed_run_loses_no_answer(tmp_path: Path) -> None:
    out = tmp_path / "judged.jsonl"
    with subprocess.Popen([*LABEL, str(out)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin
        for count, answer in enumerate((b"y\n", b"n\n", b"s\n"), start=1):
            process.stdin.write(answer)
            process.stdin.flush()
            for _ in range(600):
                if out.exists() and out.read_bytes().count(b"\n") == count:
                    break
                time.sleep(0.05)
            assert out.read_bytes().count(b"\n") == count  # there before the next answer is given
        process.kill()
    assert [r["same"] for r in lines(out)] == [True, False, None]
    before = out.read_bytes()
    out.write_bytes(before + b'{"a": "marsad-14", "b": "ald')  # killed within a line
    assert label(out, "y\n", "--limit", "1").returncode == 0
    assert out.read_bytes().startswith(before)
    assert len(lines(out)) == 4
    out.write_bytes(before.rstrip(b"\n"))  # a whole last line without its end
    label(out, "y\n", "--limit", "1")
    assert len(lines(out)) == 4


def test_at_a_terminal_one_key_is_enough(tmp_path: Path) -> None:
    out = tmp_path / "judged.jsonl"
    ours, theirs = pty.openpty()
    with subprocess.Popen([*LABEL, str(out), "-q"], stdin=theirs, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for key in (b"y", b"n", "ى".encode(), b"u", b"\x03"):
            asked = b""
            while not asked.endswith(b"[y/n/s/u/q] "):
                asked += process.stdout.read(1)
            while termios.tcgetattr(theirs)[3] & termios.ICANON:  # what is typed before it listens is not an answer
                assert process.poll() is None
                time.sleep(0.01)
            os.write(ours, key)
        process.stdout.read()
        assert process.wait(timeout=60) == 130
    os.close(ours)
    os.close(theirs)
    assert [r["same"] for r in lines(out)] == [True, False]


def test_what_steers_a_terminal_is_not_shown(tmp_path: Path) -> None:
    body = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في المدارس وقالت إن الكتب وصلت إلى كل المدن"
    rows = [
        {"id": "a", "title": "عنوان\x1b[2J\x1b]0;x\x07", "text": "\x9b31m" + body, "source": "و\u202eكالة"},
        {"id": "b", "title": "كتاب\u200cها", "text": body + " قبل الموعد المعلن بأسبوع كامل", "source": "صحيفة"},
    ]
    feed_file = tmp_path / "feed.jsonl"
    feed_file.write_text("\n".join(json.dumps(r) for r in rows), "utf-8")
    words = ("label", feed_file, "-o", tmp_path / "j.jsonl", "--level", "copy", "--limit", "1")
    done = run_in_text(*words, stdin="y\n")
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert "عنوان" in shown
    assert "كتاب\u200cها" in shown
    assert not any(c in shown for c in "\x1b\x07\x9b\u202e")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((str(DATA),), "--output"),
        (("-", "-o", "j.jsonl"), "standard input"),
        ((str(DATA), "-o", "j.jsonl", "--level", "exact"), "exact"),
        ((str(DATA), "-o", "labels.jsonl"), "holds labels"),
        ((str(DATA), "-o", "broken.jsonl"), "broken.jsonl, line 1"),
        ((str(DATA), "-o", "no/such/j.jsonl"), "no/such/j.jsonl"),
        (("feed.jsonl", "-o", "feed.jsonl"), "is also an input"),
    ],
)
def test_bad_usage_is_one_line_and_changes_nothing(tmp_path: Path, args: tuple[str, ...], says: str) -> None:
    (tmp_path / "labels.jsonl").write_text('{"id": "a", "event": 1}\n')
    (tmp_path / "broken.jsonl").write_text("no JSON\n")
    (tmp_path / "feed.jsonl").write_bytes(DATA.read_bytes())
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    done = run_in_text("label", DATA, *args, stdin="y\n", cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert says in done.stderr
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
