"""`clusterer serve` as a user runs it: what it says, what it refuses, how it ends."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from indexes import SAMPLE

from clusterer import StoryIndex
from clusterer.cli.main import cli
from clusterer.errors import ClustererError
from clusterer.evaluation.gold import read_gold

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install 'clusterer[serve]'")
A, B = SAMPLE[0].id, SAMPLE[1].id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "news.db"
    with StoryIndex.open(path) as index:
        index.add(SAMPLE[:10])
    return path


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    command = [sys.executable, "-c", "from clusterer.cli.main import main; main()", "serve", *options, "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        yield process, int(line.rpartition(":")[2].partition("/")[0]), line
    finally:
        process.kill()
        process.wait(120)


def ask(port: int, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    sent = {"content-type": "application/x-www-form-urlencoded", "origin": f"http://127.0.0.1:{port}"} if form else {}
    connection.request("POST" if form else "GET", path, urlencode(form) if form else None, sent)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_it_serves_until_it_is_killed_and_nothing_is_lost(path: Path) -> None:
    gold = path.with_name("gold.jsonl")
    with serving(str(path), "--gold", str(gold)) as (process, port, line):
        assert line == f"serving {path} at http://127.0.0.1:{port}/ (end it with Ctrl-C)\n"
        assert json.loads(ask(port, "/api/stories")[1])["stories"]
        token = ask(port, f"/explain?a={A}&b={B}")[1].partition('name="token" value="')[2].partition('"')[0]
        assert ask(port, "/label", {"a": A, "b": B, "same": "yes", "level": "story", "token": token})[0] == 303
        process.send_signal(signal.SIGKILL)
        process.wait(120)
    assert [(x.a, x.b, x.same) for x in read_gold(gold).pairs] == [(A, B, True)]
    with StoryIndex.open(path, must_exist=True) as index:
        assert (len(index), index.check()) == (10, [])


def test_it_ends_in_order_and_says_who_may_read_it(path: Path) -> None:
    with serving(str(path), "--host", "0.0.0.0") as (process, port, _):
        assert process.stderr is not None
        assert "there is no password" in process.stderr.readline()
        assert ask(port, "/")[0] == 200
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=120)
        assert process.returncode == 130
        assert told.strip() == f"interrupted; {path} is no longer served"


def refusal(*options: str) -> str:
    done = CliRunner().invoke(cli, ["serve", *options])
    assert isinstance(done.exception, ClustererError), done.output
    assert "\n" not in str(done.exception)
    assert "; cure: " in str(done.exception)
    return str(done.exception)


def test_what_cannot_be_served_is_one_error(path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1, port {port}: cannot listen" in refusal(str(path), "--port", str(port))
    assert "cannot listen" in refusal(str(path), "--host", "no.such.host.invalid")
    assert "no such index" in refusal(str(path.with_name("none.db")))
    assert "also an input" in refusal(str(path), "--gold", str(path))
    path.with_name("labels.jsonl").write_text('{"id": "a", "event": 1}\n', "utf-8")
    assert "holds labels, not judged pairs" in refusal(str(path), "--gold", str(path.with_name("labels.jsonl")))
    assert sorted(x.name for x in path.parent.iterdir() if not x.name.startswith("news.db")) == ["labels.jsonl"]
