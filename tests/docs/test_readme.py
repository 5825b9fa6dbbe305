"""Every command and example of the README runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.S)
SPARK = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "docs" / "spark.md").read_text("utf-8"), re.S)
COMMANDS = [line.split("#")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
# Set-up and long checks: run by CI itself, by `make test-all`, or below on the sample feed.
LONG = ("make ", "pip install")


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    for name in ("data", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_shell_commands_in_order(workplace: Path) -> None:
    commands = [c for c in COMMANDS if c and not c.startswith(LONG)]
    assert len(commands) >= 5
    for command in commands:
        done = shell(command, workplace)
        assert done.returncode == 0, (command, done.stderr)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {c.split()[1] for c in COMMANDS if c.startswith("make ")}
    assert len(targets) >= 4
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


@pytest.mark.parametrize("example", PYTHON)
def test_the_python_examples(example: str, workplace: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=workplace, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_examples_of_spark(workplace: Path) -> None:
    pytest.importorskip("pyspark", reason="Spark is not here: pip install 'clusterer[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Java is not here: Spark needs Java 17")
    for kind, text in SPARK:
        for command in text.splitlines() if kind == "sh" else [f"{sys.executable} - <<'END'\n{text}\nEND"]:
            done = shell(command, workplace)
            assert done.returncode == 0, (command, done.stderr)
            if kind == "python":
                assert int(done.stdout.split()[-2]) > 10


def test_map_names_every_room() -> None:
    rooms = {p.stem for p in (ROOT / "clusterer").glob("*.py")} - {"__init__", "__main__"}
    table = README.split("## Map")[1]
    assert {room for room in rooms if f"`{room}`" not in table} == set()
