"""The `clusterer index` commands as a user runs them: real processes where pipes, signals and exit codes matter."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import click
import commands
import pytest
from click.testing import CliRunner, Result
from made import words_of
from places import ROOT
from said import said

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


PATIENCE = 120.0  # seconds for an answer: on a loaded machine all is slow


Row = dict[str, Any]


def run(*args: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A command as a process, in the test's own folder."""
    return commands.run("index", *args, stdin=stdin)


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
        return said(self._errors.read_text("utf-8"))

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
