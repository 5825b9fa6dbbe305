"""What users' editors and checks see of the public surface: `user_script` under mypy --strict and pyright, and run.

The script is checked from a folder of its own, with none of this project's settings, as a user's would be.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from places import DATA, ROOT

import clusterer
import clusterer.evaluation
import clusterer.index
import clusterer.io
import clusterer.lsh

SCRIPT = Path(__file__).with_name("user_script.py")
# The package is looked up in this tree, wherever it is installed from; what it lacks stubs for is not the user's error.
MYPY_SETTINGS = "[mypy]\nstrict = True\n[mypy-clusterer.*]\nfollow_imports = silent\n"


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows of everything but the script: the same for every run here."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture
def folder(tmp_path: Path, mypy_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds the script alone."""
    shutil.copy(SCRIPT, tmp_path)
    monkeypatch.setenv("MYPY_CACHE_DIR", str(mypy_cache))
    return tmp_path


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A command in a folder, with this tree's package."""
    environment = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def mypy(folder: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("mypy")
    (folder / "mypy.ini").write_text(MYPY_SETTINGS)
    return run(sys.executable, "-m", "mypy", SCRIPT.name, folder=folder)


def pyright(folder: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("pyright")
    settings = {"include": [SCRIPT.name], "extraPaths": [str(ROOT)], "typeCheckingMode": "strict"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    return run(sys.executable, "-m", "pyright", "--pythonpath", sys.executable, folder=folder)


def test_mypy_knows_every_type(folder: Path) -> None:
    found = mypy(folder)
    assert found.returncode == 0, found.stdout + found.stderr


def test_pyright_knows_every_type(folder: Path) -> None:
    found = pyright(folder)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_name_that_is_not_there_is_an_error(
    folder: Path, checker: Callable[[Path], subprocess.CompletedProcess[str]]
) -> None:
    """Names are imported lazily, which a checker could take for a licence to any name."""
    with (folder / SCRIPT.name).open("a") as script:
        script.write("\n\nclusterer.StoryClusterers  # a slip of the pen\n")
    found = checker(folder)
    assert found.returncode == 1
    assert "StoryClusterers" in found.stdout


def test_the_script_runs(folder: Path) -> None:
    found = run(sys.executable, SCRIPT.name, DATA / "feed.jsonl", DATA / "gold.jsonl", folder, folder=folder)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize(
    "package", [clusterer, clusterer.evaluation, clusterer.index, clusterer.io, clusterer.lsh], ids=lambda p: p.__name__
)
def test_every_public_name_is_there(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert [name for name in names if not hasattr(package, name)] == []
    assert not hasattr(package, "no_such_name")


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, clusterer\n"
        "def here(*names): print([name for name in names if name in sys.modules])\n"
        "here('numpy', 'click', 'clusterer.pipeline', 'tempfile')\n"
        "clusterer.cluster, clusterer.dedup, clusterer.io, clusterer.lsh\n"  # attributes, without an import of their own
        "here('sklearn', 'scipy', 'pyspark', 'pandas', 'sqlite3', 'jinja2', 'feedparser', 'rich', 'narwhals')\n"
        "import clusterer.cli.main\n"
        "here('clusterer.cli.cluster', 'clusterer.cli.run', 'clusterer.cli.index')\n"
    )
    found = run(sys.executable, "-c", code, folder=ROOT)
    assert found.stdout.split("\n")[:-1] == ["[]"] * 3, found.stdout + found.stderr
