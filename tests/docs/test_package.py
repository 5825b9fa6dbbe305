"""What is installed: every file that the package reads, and no warning of setuptools about one that is declared nowhere."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from places import DATA, ROOT

from clusterer import __version__
from clusterer.arrays import kernels

LEFT_OUT = re.compile(r'^(\S+); python_version < "3"$', re.M)  # of the page that tells how to install less
READ = (".py", ".pyx", ".h", ".txt", ".html", ".css", ".js", ".npy", ".npz", ".json", ".typed")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the build sees, in a folder that it may write to."""
    folder = tmp_path / "tree"
    ignored = shutil.ignore_patterns("__pycache__", "*.so", "_kernels.c")
    shutil.copytree(ROOT / "clusterer", folder / "clusterer", ignore=ignored)
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
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
    command = [
        sys.executable,
        "setup.py",
        "build_py",
        "--build-lib",
        str(tmp_path / "lib"),
        "sdist",
        "-d",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert complaints(done.stdout + done.stderr) == []
    assert len(expected) > 100
    assert {str(p.relative_to(tmp_path / "lib")) for p in (tmp_path / "lib").rglob("*") if p.is_file()} == expected
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert expected <= held
    assert {name for name in held if name.startswith("clusterer/") and Path(name).suffix} == expected


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


def started(
    code: str, *args: object, absent: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """A process in which some packages cannot be imported."""
    hidden = f"import sys; sys.modules.update(dict.fromkeys({absent}))\n"
    return subprocess.run(
        [sys.executable, "-c", hidden + code, *map(str, args)],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_every_command_is_there_without_optional_packages() -> None:
    code = "from clusterer.cli.main import cli; print(*(command.help for command in cli.commands.values()))"
    done = started(
        code, absent=("pyarrow", "pyspark", "pandas", "polars", "calamine", "trafilatura", "duckdb", "fsspec")
    )
    assert "Example: clusterer dedup" in done.stdout, done.stderr


def test_a_package_that_was_left_out_is_named_with_the_cure(tmp_path: Path) -> None:
    report = ("--report", tmp_path / "report.html")
    done = started(COMMAND, "cluster", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl", *report, absent=("jinja2",))
    assert done.returncode == 1
    assert "jinja2, which this needs, cannot be imported" in done.stderr
    assert "; cure: pip install " in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


COMMAND = "from clusterer.cli.main import main; main()"


def test_the_version_tells_of_the_loops_and_waits_for_no_numpy() -> None:
    for meant in ("", "numpy"):
        done = started(COMMAND, "--version", absent=("numpy",), CLUSTERER_KERNELS=meant)
        assert done.returncode == 0, done.stderr
        loops = "compiled" if "compiled" in kernels.modules and not meant else "NumPy"
        assert done.stdout.endswith(f", version {__version__}, {loops} loops\n")


def test_dedup_needs_nothing_that_only_stories_reports_and_other_formats_need(tmp_path: Path) -> None:
    if "compiled" not in kernels.modules:
        pytest.skip("NumPy's loops take SciPy; the package was built without a C compiler")
    outputs = [tmp_path / "all.jsonl", tmp_path / "few.jsonl"]
    left_out = LEFT_OUT.findall((ROOT / "docs/corpus.md").read_text("utf-8"))
    assert len(left_out) == 5
    absent_modules = tuple(name.replace("scikit-learn", "sklearn") for name in left_out)
    for output, absent in zip(outputs, ((), absent_modules), strict=True):
        done = started(COMMAND, "dedup", DATA / "feed.jsonl", "-o", output, "--quiet", absent=absent)
        assert done.returncode == 0, done.stderr
    assert len({output.read_bytes() for output in outputs}) == 1


def test_loops_that_are_not_compiled_are_told_once_unless_that_is_meant(tmp_path: Path) -> None:
    call = ("boilerplate", DATA / "feed.jsonl", "-o", tmp_path / "out.jsonl")
    told = {}
    for meant in ("", "numpy"):
        done = started(COMMAND, *call, absent=("clusterer.arrays._kernels",), CLUSTERER_KERNELS=meant)
        assert done.returncode == 0, done.stderr
        told[meant] = done.stderr.count("without compiled loops")
    assert told == {"": 1, "numpy": 0}


def test_a_build_without_a_compiler_is_one_without_compiled_loops_and_says_so_once(tree: Path, tmp_path: Path) -> None:
    pytest.importorskip("Cython", reason="Cython is not installed here")
    (tree / "clusterer/arrays/_kernels.pyx").write_text("REVISION = 0\n")  # translated in no time
    done = subprocess.run(
        [sys.executable, "setup.py", "build", "--build-base", str(tmp_path / "build")],
        cwd=tree, env={**os.environ, "CC": "no-such-compiler"}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("clusterer is built without its compiled loops") == 1
    assert not list((tmp_path / "build").rglob("_kernels*.so"))


def test_the_pythons_named_are_the_same_everywhere() -> None:
    with open(ROOT / "pyproject.toml", "rb") as file:
        built = tomllib.load(file)["tool"]["cibuildwheel"]["build"].split()
    about = configparser.ConfigParser()
    about.read(ROOT / "setup.cfg", "utf-8")
    listed = re.findall(r"Python :: (3\.\d+)", about["metadata"]["classifiers"])
    assert built == [f"cp{version.replace('.', '')}-*" for version in listed]
    assert f">={listed[0]}" == about["options"]["python_requires"]
    assert f"Python {listed[0]}\nto {listed[-1]}" in (ROOT / "README.md").read_text("utf-8")
