"""What is installed: every file that the package reads, and no warning of setuptools about one that is declared nowhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from places import ROOT

READ = (".py", ".pyx", ".txt", ".html", ".css", ".js", ".npy", ".npz", ".json", ".typed")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the build sees, in a folder that it may write to."""
    folder = tmp_path / "tree"
    ignored = shutil.ignore_patterns("__pycache__", "*.so", "_kernels.c")
    shutil.copytree(ROOT / "clusterer", folder / "clusterer", ignore=ignored)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def sources(tree: Path) -> set[str]:
    """The files of the package that anything reads."""
    return {
        str(p.relative_to(tree)) for p in (tree / "clusterer").rglob("*") if p.suffix in READ or p.name == "py.typed"
    }


def complaints(said: str) -> list[str]:
    """What setuptools has to say about packages and their data."""
    words = ("absent", "deprecationwarning", "ambiguous", "package_data", "package data")
    return [line for line in said.splitlines() if any(word in line.lower() for word in words)]


def test_every_file_is_installed_and_none_without_being_declared(tree: Path, tmp_path: Path) -> None:
    pytest.importorskip("setuptools", reason="setuptools is not installed here")
    expected = sources(tree)
    command = [sys.executable, "setup.py", "build_py", "--build-lib", str(tmp_path / "lib")]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert complaints(done.stdout + done.stderr) == []
    assert len(expected) > 100
    assert {str(p.relative_to(tmp_path / "lib")) for p in (tmp_path / "lib").rglob("*") if p.is_file()} == expected


@pytest.mark.slow
def test_a_wheel_works_where_nothing_else_is(tree: Path, tmp_path: Path) -> None:
    expected = sources(tree)
    folder = tmp_path / "fresh"
    venv.create(folder, with_pip=True)
    done = subprocess.run(
        [folder / "bin/pip", "wheel", "--verbose", "--no-deps", "-w", tmp_path / "wheels", tree],
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    assert complaints(done.stdout + done.stderr) == []
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("clusterer/")}
    assert expected <= held
    assert all(name.startswith("clusterer/arrays/_kernels") for name in held - expected)
    if shutil.which("cc"):
        assert held - expected, "there is a C compiler and no compiled loops"
    subprocess.run([folder / "bin/pip", "install", "--quiet", wheel], check=True, timeout=600)
    out = tmp_path / "clusters.jsonl"
    command = [
        folder / "bin/clusterer",
        "cluster",
        ROOT / "data/feed.jsonl",
        "-o",
        out,
        "--report",
        tmp_path / "r.html",
    ]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=120)
    assert len(out.read_bytes().splitlines()) == 130


def test_the_command_is_there_without_optional_packages() -> None:
    absent = "import sys; sys.modules.update(dict.fromkeys(('pyarrow', 'pyspark', 'pandas', 'polars')))"
    subprocess.run([sys.executable, "-c", f"{absent}; import clusterer.cli.main"], check=True, cwd=ROOT, timeout=60)
