"""The fuzzer: what it lacks is told, and nothing of it stays in the folder of temporary files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from places import ROOT


def run(folder: Path, *arguments: str) -> tuple[int, str, int]:
    """Exit code, what was printed, and the process that printed it."""
    command = [sys.executable, "-m", "benchmarks.fuzz", "--out", str(folder / "out"), *arguments]
    there = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    child = subprocess.Popen(command, cwd=ROOT, env=there, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, _ = child.communicate(timeout=120)
    return child.returncode, said, child.pid


def test_nothing_stays_behind(tmp_path: Path) -> None:
    code, said, pid = run(tmp_path, "--random", "--seconds", "1", "dates", "gold")
    assert code == 0, said
    assert said.count(" 0 findings") == 2
    places = [Path("/dev/shm"), Path(tempfile.gettempdir())]
    assert [path for place in places for path in place.glob(f"clusterer-fuzz-{pid}-*")] == []


@pytest.mark.parametrize(
    ("library", "target"),
    [("trafilatura", "read-html"), ("fastapi", "serve"), ("openpyxl", "read-xlsx"), ("atheris", "dates")],
)
def test_a_library_that_is_missing_is_an_error(library: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{library!r}] = None\n")
    how = [] if library == "atheris" else ["--random"]
    code, said, _ = run(tmp_path, *how, "--seconds", "1", target)
    assert code == 1
    assert "; cure: pip install 'clusterer[" in said
    assert "Traceback" not in said
