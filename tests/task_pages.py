"""The pages that tell a task: their blocks by section, and how to run them.

Each block runs as it stands in a folder that holds the sample feed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from places import DATA, ROOT

TASKS = ("desk.md", "schedules.md", "hugging_face.md", "frames.md", "datasketch.md", "scikit_learn.md", "moving.md")
"""Pages whose blocks have a test of their own each; those of all others run by `tests/docs/test_pages.py`."""
ROWS = [json.loads(line) for line in (DATA / "feed.jsonl").read_text("utf-8").splitlines()]
BLOCKS = [
    (section.split("\n", 1)[0], kind, text)
    for page in TASKS
    for section in (ROOT / "docs" / page).read_text("utf-8").split("\n## ")[1:]
    for kind, text in re.findall(r"^```(python|sh)\n(.*?)^```", section, re.S | re.M)
]
NEEDS = ("airflow", "datasets", "duckdb", "pandas", "polars", "prefect", "pyarrow", "redis", "semhash", "text_dedup")


def recipe(section: str, holding: str = "") -> str:
    """The one block of a section that holds a text; skips where it needs what is not installed."""
    (found,) = [text for name, _, text in BLOCKS if name == section and holding in text]
    for name in NEEDS:
        if re.search(rf"^(?:import|from) {name}\b", found, re.M) and find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    return found


def python(code: str, folder: Path, *arguments: str, **environment: str) -> str:
    """What a block prints; an exception fails the test."""
    done = run(code, folder, *arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(code: str, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::FutureWarning", "-c", code, *arguments],
        cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def shell(folder: Path, command: str, end: Callable[[], bool]) -> int:
    """Run a command until it ends by itself, or until there is what was waited for."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    running = subprocess.Popen(
        ["bash", "-ec", command], cwd=folder, env={**os.environ, "PATH": path}, start_new_session=True
    )
    until = time.monotonic() + 60
    try:
        while running.poll() is None and not end():
            assert time.monotonic() < until, f"nothing came of {command!r}"
            time.sleep(0.05)
        return running.poll() or 0
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait()


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def never() -> bool:
    return False
