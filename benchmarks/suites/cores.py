"""How much of a run uses all cores: ``python -m benchmarks.suites.cores``.

Runs `dedup` and `cluster` with stories on a generated feed, Parquet to Parquet, each as a process of its own with two threads,
and looks every few milliseconds at how long each of its threads has worked, and which of them work (`schedstat` and `stat` of
proc(5), Linux only). Alone: processor time of the main thread while no other one worked or waited for a core, and of any one
thread likewise; shares are of all processor time. A machine that others use as well changes them little, for a thread that waits
for a core counts as one that works; one that waits for the interpreter's lock mostly does not. By Amdahl's law: how many times as
fast as one thread two can be, given what is alone.

Modules are compiled before, as where the package is installed. One thread against two are whole processes at which nobody looks
meanwhile, for that takes part of the second core; in turn with two processes of one thread side by side, which tell what the
machine has to give. Medians of what the clock says.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import click
import orjson

from benchmarks.corpora.feeds import default_cache, generated
from benchmarks.measure import ROOT

JOBS: dict[str, tuple[str, ...]] = {"dedup": ("dedup",), "cluster": ("cluster",)}
_EVERY = 0.005  # seconds between two looks
_IDLE = 0.05  # share of the time between two looks up to which a thread only woke up and slept again
_DRIVER = """
import sys, time
from clusterer import progress
begin = progress.Stages.begin
def told(self, stage, total=None):
    print(time.monotonic(), stage, file=marks, flush=True)
    begin(self, stage, total)
progress.Stages.begin = told
marks = open(sys.argv.pop(1), "w")
from clusterer.cli.main import main
main()
"""


@dataclass(slots=True)
class Worked:
    """Processor seconds of a stage.

    Attributes:
        all: of all threads.
        main_alone: of the main thread while no other one worked.
        one_alone: of any thread while no other one worked.
        clock: seconds that the stage took.
    """

    all: float = 0.0
    main_alone: float = 0.0
    one_alone: float = 0.0
    clock: float = 0.0

    def add(self, other: Worked) -> None:
        """Count another stretch of time as well."""
        self.all += other.all
        self.main_alone += other.main_alone
        self.one_alone += other.one_alone
        self.clock += other.clock


@dataclass(slots=True)
class Watched:
    """A run that is over: what each stage cost, in the order of the stages, and the whole."""

    stages: dict[str, Worked] = field(default_factory=lambda: defaultdict(Worked))

    @property
    def whole(self) -> Worked:
        """All stages together."""
        out = Worked()
        for stage in self.stages.values():
            out.add(stage)
        return out


@click.command(help=__doc__.partition("\n")[0])
@click.option("--articles", default=30_000, show_default=True, help="Of the generated feed.")
@click.option(
    "--rounds", default=3, show_default=True, help="Times that one thread is held against two; 0 for not at all."
)
@click.option(
    "--tree", default=str(ROOT), help="Another checkout with kernels built, to be measured in place of this one."
)
@click.option("--job", "chosen", multiple=True, type=click.Choice(list(JOBS)), help="Only this one; may be repeated.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where generated feeds are kept.")
def main(articles: int, rounds: int, tree: str, chosen: tuple[str, ...], cache: Path | None) -> None:
    """Print the figures."""
    feed = as_parquet(articles, cache or default_cache())
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen or JOBS:
            arguments = [*JOBS[name], str(feed), "-o", str(Path(folder, f"{name}.parquet")), "--quiet"]
            compile_modules(Path(tree).resolve())
            _print(f"{name}, {articles:,} articles, two threads", watch(arguments, Path(tree).resolve(), Path(folder)))
            if rounds:
                _print_speed(arguments, Path(tree).resolve(), Path(folder), rounds)


def _print(title: str, watched: Watched) -> None:
    whole = watched.whole
    click.echo(f"{title:44}{'clock s':>9}{'processor s':>13}{'main alone':>12}{'one alone':>11}{'of all':>8}")
    for stage, worked in {**watched.stages, "all of it": whole}.items():
        alone = (worked.main_alone / max(worked.all, 1e-9), worked.one_alone / max(worked.all, 1e-9))
        click.echo(
            f"  {stage:42}{worked.clock:9.2f}{worked.all:13.2f}{alone[0]:12.0%}{alone[1]:11.0%}"
            f"{worked.main_alone / whole.all:8.1%}"
        )
    click.echo(
        f"  two threads by Amdahl's law: {whole.all / (whole.one_alone + (whole.all - whole.one_alone) / 2):.2f}\n"
    )


def _print_speed(arguments: list[str], tree: Path, folder: Path, rounds: int) -> None:
    runs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    command = [sys.executable, "-m", "clusterer", *arguments]
    aside = [*command[:-2], str(folder / "aside.parquet"), command[-1]]
    for _ in range(rounds):
        runs["one"].append(_unwatched([[*command, "--threads", "1"]], tree))
        runs["two"].append(_unwatched([[*command, "--threads", "2"]], tree))
        runs["pair"].append(_unwatched([[*each, "--threads", "1"] for each in (command, aside)], tree))
    clock, processor = (
        {kind: statistics.median(run[n] for run in all_of) for kind, all_of in runs.items()} for n in (0, 1)
    )
    one, two, pair = clock["one"], clock["two"], clock["pair"]
    click.echo(
        f"  unwatched: one thread {one:.2f} s, two {two:.2f} s, medians of {rounds}: {one / two:.2f} times as fast;"
        f" processor {processor['one']:.2f} s and {processor['two']:.2f} s\n"
        f"  the machine's ceiling: two processes of one thread side by side take {pair:.2f} s,"
        f" {2 * one / pair:.2f} times as fast as in turn\n"
    )


def _unwatched(commands: list[list[str]], tree: Path) -> tuple[float, float]:
    """Seconds by the clock, and of processor time, that commands take side by side while nobody looks at their threads."""
    start, before = time.monotonic(), os.times()
    started = [subprocess.Popen(command, cwd=tree, env=_environment(tree)) for command in commands]
    codes = [process.wait() for process in started]
    took, after = time.monotonic() - start, os.times()
    if any(codes):
        raise click.ClickException(f"{' '.join(commands[0][-8:])} ended with {max(codes, key=abs)}")
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def _environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(tree)}


def compile_modules(tree: Path) -> None:
    """Let the modules of a tree be compiled, so that no run does it."""
    for name in JOBS:
        command = [sys.executable, "-m", "clusterer", name, "--help"]
        subprocess.run(command, cwd=tree, env=_environment(tree), stdout=subprocess.DEVNULL, check=True)


def watch(arguments: list[str], tree: Path, folder: Path, threads: int = 2) -> Watched:
    """Run a command of the package in a tree, and look at its threads meanwhile."""
    marks = folder / "marks"
    return observe([sys.executable, "-c", _DRIVER, str(marks), *arguments, "--threads", str(threads)], tree, marks)


def observe(command: list[str], tree: Path, marks: Path) -> Watched:
    """Run a command and look at its threads meanwhile.

    Args:
        command: writes a line to `marks` as each of its stages begins, the monotonic time and the name.
        tree: where it is run, and what it imports from.
        marks: read when it is over.
    """
    looks: list[tuple[float, Worked]] = []
    with subprocess.Popen(command, cwd=tree, env=_environment(tree)) as process:
        before, last = _looked(process.pid), time.monotonic()
        while process.poll() is None:
            time.sleep(_EVERY)
            now, at = _looked(process.pid), time.monotonic()
            looks.append((last, _between(before, now, at - last, process.pid)))
            before, last = now or before, at
    if process.returncode:
        raise click.ClickException(f"{' '.join(command[-8:])} ended with {process.returncode}")
    begins = [(0.0, "starting")]
    for line in marks.read_text(encoding="utf-8").splitlines():
        moment, _, name = line.partition(" ")
        begins.append((float(moment), name))
    out, number = Watched(), 0
    for moment, worked in looks:
        while number + 1 < len(begins) and begins[number + 1][0] <= moment:
            number += 1
        out.stages[begins[number][1]].add(worked)
    return out


_Threads = dict[
    int, tuple[float, bool]
]  # by thread, the seconds that it worked and whether it works or waits for a core


def _looked(process: int) -> _Threads:
    """What each thread of a process did so far."""
    found: _Threads = {}
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            folder = f"/proc/{process}/task/{thread}"
            with open(f"{folder}/schedstat", "rb") as file:
                worked = int(file.read().split()[0]) / 1e9
            with open(f"{folder}/stat", "rb") as file:
                state = file.read().rpartition(b")")[2].split()[0]
            found[int(thread)] = worked, state in b"RD"
    except OSError:  # it, or one of its threads, is over
        return found
    return found


def _between(before: _Threads, now: _Threads, took: float, main: int) -> Worked:
    """What was done between two looks; who worked meanwhile is told by the moment of the second."""
    worked = {thread: seconds - before.get(thread, (0.0, False))[0] for thread, (seconds, _) in now.items()}
    busy = {thread for thread, (_, works) in now.items() if works}
    busy = busy or {thread for thread, seconds in worked.items() if seconds > _IDLE * took}
    every = sum(worked.values())
    alone = every if len(busy) <= 1 else 0.0
    return Worked(every, alone if busy <= {main} else 0.0, alone, took)


def as_parquet(count: int, cache: Path) -> Path:
    """The generated feed as a Parquet file, made on first use."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    corpus = generated(count, cache)
    path = corpus.path.with_suffix(".parquet")
    if not path.exists():
        with corpus.path.open("rb") as lines:
            making = path.with_suffix(".making")
            writer = None
            while rows := [orjson.loads(line) for line in islice(lines, 10_000)]:
                table = pa.Table.from_pylist(rows)
                writer = writer or pq.ParquetWriter(making, table.schema)
                writer.write_table(table)
            if writer:
                writer.close()
        os.replace(making, path)
    return path


if __name__ == "__main__":
    main()
