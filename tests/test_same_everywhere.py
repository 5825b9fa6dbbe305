"""The whole real feed gives the same groups in any order, chunking, number of threads, process and Python."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from clusterer import Article, Clustering, Settings, cluster
from clusterer.arrays import kernels
from clusterer.io.feed import Feed

FEED = ROOT.parent / "shared" / "feed"
pytestmark = pytest.mark.skipif(not FEED.exists(), reason="no real feed beside the project (shared/feed)")


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return [row.article for row in Feed([FEED])]


@pytest.fixture(scope="module")
def expected(articles: list[Article]) -> dict:
    return by_id(cluster(articles))


def by_id(result: Clustering) -> dict:
    return {a.id: a for a in result}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_order(articles: list[Article], expected: dict, seed: int) -> None:
    shuffled = articles[:]
    random.Random(seed).shuffle(shuffled)
    assert by_id(cluster(shuffled)) == expected


@pytest.mark.parametrize(
    "other",
    [
        {"threads": 3, "chunk": 333},
        *(pytest.param(x, marks=pytest.mark.slow) for x in ({"chunk": 100}, {"chunk": 20_000}, {"threads": 2})),
    ],
)
def test_chunks_and_threads(articles: list[Article], expected: dict, other: dict) -> None:
    assert by_id(cluster(articles, Settings(**other))) == expected


@pytest.mark.parametrize("count", [1_500, pytest.param(None, marks=pytest.mark.slow)])
def test_kernels(articles: list[Article], count: int | None) -> None:
    articles = articles[:count]
    expected, before = by_id(cluster(articles)), kernels.active
    if "compiled" not in kernels.modules:
        pytest.skip("the compiled kernels are not here: the package was built without a C compiler")
    try:
        for name in kernels.modules.keys() - {before}:  # on those `expected` is from
            kernels.use(name)
            assert by_id(cluster(articles)) == expected
    finally:
        kernels.use(before)


@pytest.mark.parametrize("files", [2, pytest.param(None, marks=pytest.mark.slow)])
def test_hash_seed(files: int | None, tmp_path: Path) -> None:
    outputs = []
    inputs = sorted(map(str, FEED.glob("*.jsonl.gz")))[:files]
    for i, value in enumerate(["0", "random"]):
        outputs.append(tmp_path / f"{i}.jsonl")
        command = [
            sys.executable,
            "-c",
            "from clusterer.cli.main import main; main()",
            "cluster",
            *inputs,
            "-o",
            str(outputs[-1]),
        ]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": value}, cwd=ROOT, check=True)
    assert len({output.read_bytes() for output in outputs}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_pythons(version: str, tmp_path: Path) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    subprocess.run([python, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "--quiet", ROOT], check=True)
    subprocess.run(
        [tmp_path / "venv/bin/clusterer", "cluster", FEED, "-o", tmp_path / "there.jsonl"], check=True, cwd=tmp_path
    )
    command = [
        sys.executable,
        "-c",
        "from clusterer.cli.main import main; main()",
        "cluster",
        FEED,
        "-o",
        tmp_path / "here.jsonl",
    ]
    subprocess.run(list(map(str, command)), cwd=ROOT, check=True)
    assert (tmp_path / "there.jsonl").read_bytes() == (tmp_path / "here.jsonl").read_bytes()


def find_python(version: str) -> str | None:
    found = shutil.which(f"python{version}")
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
        return found
    homes = [Path(sys.base_prefix).parent, Path.home() / ".pyenv" / "versions"]
    for home in homes:
        for path in sorted(home.glob(f"{version}*/bin/python{version}")):
            return str(path)
    return None
