"""Every command and every example of README and of the site's pages runs, in a folder that holds the sample feed.

README's are processes as a user starts them; a page's plain ``clusterer ... > FILE`` are forked from this process, and what is
more to a shell than that is given to one. Benchmarks that run on fewer articles here run as they stand in a slow test.

Pages on other tools and Spark have more to say than that they run: see `task_pages`, `tests/spark` and the slow test here.
"""

from __future__ import annotations

import ast
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run
from places import ROOT
from task_pages import TASKS

from clusterer.cli.main import cli

README = ROOT / "README.md"
ELSEWHERE = (*TASKS, "spark.md")
PAGES = [README, *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.name not in ELSEWHERE)]
# Set-up and long checks: run by CI itself or by `make test-all`.
LONG = ("make ", "pip install", "git ")
SMALLER = {
    "python -m benchmarks.suites.cores": "--articles 300 --rounds 1 --job dedup",
    "python -m benchmarks.suites.mixed": "300",
}
"""What quick tests give to commands that take a minute as they stand on a page."""


def blocks(page: Path, kind: str) -> list[str]:
    """The fenced blocks of a kind on a page."""
    return re.findall(rf"^```{kind}\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)


def commands(page: Path) -> list[str]:
    """The shell commands of a page, without comments."""
    lines = "".join(blocks(page, "sh")).splitlines()
    return [c for c in (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines) if c]


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    return tmp_path


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-exc", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


SHELL = [page for page in PAGES if any(not c.startswith(LONG) for c in commands(page))]
PYTHON = [page for page in PAGES if blocks(page, "python")]


def test_pages_have_what_runs() -> None:
    assert README in SHELL
    assert README in PYTHON
    assert len(SHELL) >= 7
    assert len(PYTHON) >= 6


def plain(command: str) -> tuple[list[str], str] | None:
    """The arguments of a ``clusterer ... > FILE``, and the file or ""; None where the command has more for a shell."""
    parser = shlex.shlex(command, posix=True, punctuation_chars=True)
    parser.whitespace_split = True
    name, *words = parser
    out = words[-1] if words[-2:-1] == [">"] else ""
    words = words[:-2] if out else words
    unquoted = re.sub(r"'[^']*'", "", command)
    return (words, out) if name == "clusterer" and not re.search(r"[|&;<*?~$`]|>.*>", unquoted) else None


def test_what_is_plain_to_run_without_a_shell() -> None:
    assert plain("clusterer index add a.db b.jsonl > c.jsonl") == (["index", "add", "a.db", "b.jsonl"], "c.jsonl")
    assert plain("clusterer cluster 'feed*.jsonl' --keep 'date desc'") == (
        ["cluster", "feed*.jsonl", "--keep", "date desc"],
        "",
    )
    for command in ("clusterer cluster feed*.jsonl", "cat a | clusterer cluster -", "clusterer serve a.db & kill $!"):
        assert plain(command) is None


@pytest.mark.parametrize("page", SHELL, ids=names(SHELL))
def test_the_commands_of_a_page_in_order(page: Path, workplace: Path) -> None:
    told = [f"{c} {SMALLER.get(c, '')}".strip() for c in commands(page) if not c.startswith(LONG)]
    for given, some in itertools.groupby(told, plain if page != README else lambda command: None):
        if given:
            words, out = given
            done = run(*words, cwd=workplace)
            assert done.returncode == 0, (words, done.stderr.decode())
            if out:
                (workplace / out).write_bytes(done.stdout)
        else:
            ended = shell("\n".join(some), workplace)
            assert ended.returncode == 0, ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", SMALLER)
def test_long_benchmarks_of_the_pages_as_they_stand(command: str, workplace: Path) -> None:
    assert any(command in commands(page) for page in SHELL)
    done = shell(command, workplace)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PYTHON, ids=names(PYTHON))
def test_the_examples_of_a_page(page: Path, workplace: Path) -> None:
    for example in blocks(page, "python"):
        done = subprocess.run(
            [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", example],
            cwd=workplace,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, (example, done.stderr)


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    written = [c for page in [*PAGES, ROOT / "CONTRIBUTING.md"] for c in commands(page)]
    targets = {c.split()[1] for c in written if c.startswith("make ")}
    assert len(targets) >= 5
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_examples_of_spark_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options that there are, and names that can be imported; that they run is seen below, and that Spark does in its tests."""
    pytest.importorskip("pyspark", reason="Spark is not here: pip install 'clusterer[spark]'")
    page = ROOT / "docs" / "spark.md"
    monkeypatch.chdir(ROOT)
    typed = [shlex.split(command) for command in commands(page) if command.startswith("clusterer ")]
    assert len(typed) >= 4
    for _, name, *words in typed:
        chosen = cli.commands[name].make_context(name, words).params
        assert chosen["engine"] == "spark"
    assert blocks(page, "python")
    for example in blocks(page, "python"):
        tree = ast.parse(example)
        tree.body = [line for line in tree.body if isinstance(line, ast.Import | ast.ImportFrom)]
        exec(compile(tree, str(page), "exec"), {})


@pytest.mark.slow
def test_the_examples_of_spark(workplace: Path) -> None:
    pytest.importorskip("pyspark", reason="Spark is not here: pip install 'clusterer[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Java is not here: Spark needs Java 17")
    page = ROOT / "docs" / "spark.md"
    for command in commands(page):
        done = shell(command, workplace)
        assert done.returncode == 0, (command, done.stderr)
    for example in blocks(page, "python"):
        done = shell(f"{sys.executable} - <<'END'\n{example}\nEND", workplace)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.split()[-2]) > 10


def test_the_readme_is_short() -> None:
    words = README.read_text("utf-8").split()
    assert len(words) <= 1500, f"README has {len(words)} words; what is over 1,500 belongs on a page in docs/"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*PAGES, *(ROOT / "docs" / name for name in ELSEWHERE), *sorted(ROOT.glob("*.md"))]
    for page in set(pages):
        for target in re.findall(r"\]\((?!https?:)([^)\s#]+)", page.read_text("utf-8")):
            beside = page.parent / target
            root_page = ROOT / f"{Path(target).stem.upper()}.md"  # architecture.md of the site is ARCHITECTURE.md
            assert beside.exists() or root_page.exists(), (str(page), target)
