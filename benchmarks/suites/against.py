"""What a run costs beside another commit: ``python -m benchmarks.suites.against COMMIT_OR_FOLDER FEED...``.

Each side is a process of its own that holds the articles; jobs go round by round to one and the other, so that a machine that
slows down slows both. Processor time, medians. Speed is theirs over ours, so 0.9 is a tenth slower; cost is ours over theirs. A
commit is unpacked into a temporary folder, with kernels built there; a folder is taken as it stands.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import orjson

from benchmarks.measure import ROOT, exponent
from benchmarks.suites.stages import STAGES

JOBS: dict[str, dict[str, Any]] = {
    "the peers' job": {"settings": {"level": "copy", "jaccard": 0.7, "boilerplate": "none", "sample": 0}},
    "copies": {"settings": {"level": "copy"}},
    "dedup": {"settings": {"level": "copy"}, "dedup": True},
    "stories": {"settings": {"level": "story"}},
    "index, batches of 1,000": {"settings": {}, "index": {"batch": 1000}},
    "index of 10,000, 300 added singly": {"settings": {}, "index": {"batch": 1, "stored": 10_000}, "articles": 10_300},
    "index of 10,000, 300 asked about singly": {
        "settings": {},
        "index": {"batch": 1, "stored": 10_000, "asked": True},
        "articles": 10_300,
    },
}
PACED = ("stories", "index, batches of 1,000")  # the second is to keep up with the first
STORY_STAGE = "cluster_stories: stories"
PARTS = (4, 2)  # of a feed, whose growth tells whether a job is linear
SIDES = ("theirs", "ours")

Times = dict[tuple[str, str], list[float]]  # of job or stage, and side


@click.command(help=__doc__.partition("\n")[0])
@click.argument("other")
@click.argument("feed", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--rounds", default=5, show_default=True, help="Times that every job is run on either side.")
@click.option("--job", "chosen", multiple=True, type=click.Choice(list(JOBS)), help="Only this one; may be repeated.")
@click.option("--linear", is_flag=True, help="Also a half and a quarter of the feed: the power that time grows with.")
def main(other: str, feed: tuple[str, ...], rounds: int, chosen: tuple[str, ...], linear: bool) -> None:
    """Print the figures."""
    jobs = {name: job for name, job in JOBS.items() if not chosen or name in chosen}
    with ExitStack() as stack:
        folder = stack.enter_context(checkout(other))
        sides = dict(zip(SIDES, (stack.enter_context(process(tree, feed)) for tree in (folder, ROOT)), strict=True))
        told = {side: _answer(worker) for side, worker in sides.items()}
        n, kernels = told["ours"]["articles"], {side: about["kernels"] for side, about in told.items()}
        click.echo(f"{other} on {n:,} articles, kernels {kernels['theirs']} and {kernels['ours']}, {rounds} rounds\n")
        for name in [name for name, job in jobs.items() if job.get("articles", 0) > n]:
            click.echo(f"left out, for it takes {jobs.pop(name)['articles']:,} articles: {name}")
        times, stages = compare(sides, jobs, rounds)
        click.echo(
            f"{'job':52}{'theirs s':>9}{'ours s':>9}{'speed':>8}{'cost':>8}{'speed, least':>14}{'speed by round':>16}"
        )
        for name in jobs:
            _print(name, times)
            if name in ("copies", "stories"):
                for stage in [*STAGES, "everything else"]:
                    _print(f"  {stage}", stages[name], least=0.005)
        if "stories" in jobs:
            click.echo(f"\ncost of the story level: {_cost(STORY_STAGE.join(('  ', '')), stages['stories']):.2f}")
        if all(name in jobs for name in PACED):
            paces = [statistics.median(times[PACED[0], x]) / statistics.median(times[PACED[1], x]) for x in SIDES]
            click.echo(f"pace of the index over the batch's: theirs {paces[0]:.2f}, ours {paces[1]:.2f}")
        if linear:
            jobs = {name: job for name, job in jobs.items() if "articles" not in job}
            _print_growth(sides, jobs, n, rounds, times)


def compare(
    sides: dict[str, subprocess.Popen[bytes]], jobs: dict[str, dict[str, Any]], rounds: int
) -> tuple[Times, dict[str, Times]]:
    """Processor seconds of every job, and of the stages of each, on either side, round by round; a first one warms up."""
    times: Times = defaultdict(list)
    stages: dict[str, Times] = {name: defaultdict(list) for name in jobs}
    for turn in range(rounds + 1):
        for name, job in jobs.items():
            for side in SIDES[:: 1 if turn % 2 else -1]:
                told = _ask(sides[side], job)
                if turn:
                    times[name, side].append(told["seconds"])
                    rest = {"everything else": told["seconds"] - sum(told["stages"].values())}
                    for stage, seconds in (told["stages"] | rest).items():
                        stages[name][f"  {stage}", side].append(seconds)
    return times, stages


def _print(name: str, times: Times, least: float = 0.0) -> None:
    theirs, ours = ([*times.get((name, side), [0.0])] for side in SIDES)
    before, now = statistics.median(theirs), statistics.median(ours)
    if max(before, now) < least:
        return
    told = ""
    if min(before, now):
        rounds = [a / b for a, b in zip(theirs, ours, strict=True)]
        told = f"{before / now:8.2f}{now / before:8.2f}{min(theirs) / min(ours):14.2f}"
        told += f"{min(rounds):.2f} to {max(rounds):.2f}".rjust(16)
    click.echo(f"{name:52}{before:9.3f}{now:9.3f}{told}")


def _cost(name: str, times: Times) -> float:
    theirs, ours = (statistics.median(times[name, side]) for side in SIDES)
    return ours / theirs


def _print_growth(
    sides: dict[str, subprocess.Popen[bytes]], jobs: dict[str, dict[str, Any]], n: int, rounds: int, times: Times
) -> None:
    """The power of the size that every job's time grows with on either side."""
    parts = {}
    for size in (n // part for part in PARTS):
        smaller = {name: job | {"articles": size} for name, job in jobs.items()}
        parts[size] = compare(sides, smaller, rounds)[0]
    click.echo(f"\n{'time grows with the size to the power of':52}{'theirs':>9}{'ours':>9}")
    for name in jobs:
        powers = []
        for side in SIDES:
            points = [(size, statistics.median(found[name, side])) for size, found in {**parts, n: times}.items()]
            powers.append(exponent(points))
        click.echo(f"{name:52}{powers[0]:9.2f}{powers[1]:9.2f}")


@contextmanager
def checkout(other: str) -> Iterator[Path]:
    """The folder of another checkout, or of a commit, unpacked and built while it is open."""
    if Path(other, "clusterer").is_dir():
        yield Path(other).resolve()
        return
    found = subprocess.run(["git", "archive", other], cwd=ROOT, capture_output=True)
    if found.returncode:
        raise click.ClickException(f"{other!r} is neither a checkout nor a commit: {found.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            archive.extractall(folder, filter="data")
        command = [sys.executable, "setup.py", "build_ext", "--inplace", "-q"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        yield Path(folder)


@contextmanager
def process(tree: Path, feed: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    """A process of `timed_runs` that imports the package of a tree; it has read the feed when it first answers."""
    code = Path(__file__).with_name("timed_runs.py").read_text(encoding="utf-8")
    stages = orjson.dumps([(label, where.__name__, name) for label, (where, name) in STAGES.items()]).decode()
    command = [sys.executable, "-c", code, stages, *(str(Path(path).resolve()) for path in feed)]
    with subprocess.Popen(command, cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        try:
            yield worker
        finally:
            assert worker.stdin
            worker.stdin.close()


def _ask(worker: subprocess.Popen[bytes], job: dict[str, Any]) -> dict[str, Any]:
    assert worker.stdin
    worker.stdin.write(orjson.dumps(job) + b"\n")
    worker.stdin.flush()
    return _answer(worker)


def _answer(worker: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert worker.stdout
    line = worker.stdout.readline()
    if not line:
        raise click.ClickException("one side stopped; what it said stands above")
    told: dict[str, Any] = orjson.loads(line)
    return told


if __name__ == "__main__":
    main()
