"""What reading and writing cost by columns: ``python -m benchmarks.suites.columns OTHER_CHECKOUT``, some minutes.

`dedup` of generated articles from Parquet to Parquet, and from JSON lines to JSON lines, here and in another checkout, a process
each, in turn, modules compiled before as where the package is installed; what stays must be the same. From a file to copy groups
against merely reading and decoding its lines, at one thread and at all: decoding has one. And the share of a run's processor time
in which its main thread works alone, told by looking at its threads every few milliseconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import click
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora.generator import feed
from benchmarks.measure import ROOT
from benchmarks.suites.against import checkout
from benchmarks.suites.cores import compile_modules
from clusterer import Settings, cluster

_GROUP = 20_000  # rows of a row group
_LOOK = 0.004  # seconds between two looks at a run's threads


@click.command(help=__doc__.partition("\n")[0])
@click.argument("other")
@click.option("--articles", default=60_000, show_default=True, help="That are generated.")
@click.option("--rounds", default=3, show_default=True, help="Times that everything is run.")
def main(other: str, articles: int, rounds: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, checkout(other) as theirs:
        lines, table = Path(folder, "feed.jsonl"), Path(folder, "feed.parquet")
        write(articles, lines, table)
        click.echo(
            f"{articles:,} articles, {lines.stat().st_size:,} bytes of JSON lines, {rounds} rounds, one thread\n"
        )
        click.echo(f"{'processor seconds, medians':44}{'theirs':>9}{'ours':>9}{'pace':>8}")
        for path in (table, lines):
            print_dedup(path, theirs, rounds)
        print_floor(lines, rounds)
        click.echo(f"\n{'main thread alone, of all processor time':44}{'1 thread':>9}{'2':>9}")
        for path in (table, lines):
            shares = [statistics.median(serial_share(path, threads) for _ in range(rounds)) for threads in (1, 2)]
            click.echo(f"{'dedup ' + path.suffix:44}{shares[0]:9.0%}{shares[1]:9.0%}")


def write(count: int, lines: Path, table: Path) -> None:
    """Write generated articles as JSON lines and as Parquet."""
    with lines.open("wb") as out:
        for row in feed(count):
            out.write(orjson.dumps(row) + b"\n")
    writer = None
    with lines.open("rb") as given:
        while some := [orjson.loads(line) for line, _ in zip(given, range(_GROUP), strict=False)]:
            rows = pa.Table.from_pylist(some)
            rows = rows.set_column(2, "date", rows["date"].cast(pa.timestamp("us", "UTC")))
            writer = writer or pq.ParquetWriter(table, rows.schema)
            writer.write_table(rows)
    if writer:
        writer.close()


def command(path: Path, out: Path, threads: int) -> list[str]:
    """The command of a run."""
    given = ["dedup", str(path), "-o", str(out), "--quiet", "--threads", str(threads)]
    return [sys.executable, "-m", "clusterer", *given]


def print_dedup(path: Path, theirs: Path, rounds: int) -> None:
    """Both sides in turn; what stays must be equal."""
    seconds: dict[Path, list[float]] = {theirs: [], ROOT: []}
    outputs = {tree: path.with_name(f"{number}{path.suffix}") for number, tree in enumerate(seconds)}
    compiled = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for tree in seconds:
        compile_modules(tree)
    for turn in range(rounds):
        for tree in [*seconds][:: 1 if turn % 2 else -1]:
            with subprocess.Popen(command(path, outputs[tree], 1), cwd=tree, env=compiled) as child:
                _, status, used = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode:
                raise click.ClickException(f"dedup failed in {tree}")
            seconds[tree].append(used.ru_utime + used.ru_stime)
    one, other = outputs.values()
    same = pq.read_table(one).equals(pq.read_table(other)) if path.suffix == ".parquet" else _equal(one, other)
    before, now = (statistics.median(took) for took in seconds.values())
    name = f"dedup {path.suffix}, what stays {'the same' if same else 'IS ANOTHER'}"
    click.echo(f"{name:44}{before:9.2f}{now:9.2f}{before / now:8.2f}")


def _equal(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def print_floor(lines: Path, rounds: int) -> None:
    """From the file to copy groups, in times of reading and decoding it."""
    jobs: dict[str, Callable[[], object]] = {
        "decode": partial(decoded, lines),
        "one": lambda: cluster(lines, Settings(level="copy")),
        "all": lambda: cluster(lines, Settings(level="copy", threads=0)),
    }
    processor, clock = (dict[str, list[float]]({name: [] for name in jobs}) for _ in range(2))
    for turn in range(rounds + 1):  # the first one warms up
        for name, job in jobs.items():
            start, began = time.process_time(), time.monotonic()
            job()
            if turn:
                processor[name].append(time.process_time() - start)
                clock[name].append(time.monotonic() - began)
    click.echo(f"\n{'JSON lines to copy groups':44}{'decode':>9}{'groups':>9}{'times':>8}")
    for name, told, job in (
        ("processor seconds, one thread", processor, "one"),
        ("seconds by the clock, one thread", clock, "one"),
        ("seconds by the clock, all threads", clock, "all"),
    ):
        least, whole = statistics.median(told["decode"]), statistics.median(told[job])
        click.echo(f"{name:44}{least:9.2f}{whole:9.2f}{whole / least:8.2f}")


def decoded(lines: Path) -> list[str]:
    """The texts of a file of JSON lines: the least that any program does with it."""
    return [orjson.loads(line)["content"] for line in lines.read_bytes().splitlines()]


def serial_share(path: Path, threads: int) -> float:
    """Of all looks at a working thread of a run, the share at which the main thread worked alone."""
    alone = working = 0
    with subprocess.Popen(command(path, path.with_name(f"share{path.suffix}"), threads), cwd=ROOT) as child:
        while child.poll() is None:
            states = _states(child.pid)
            working += len(states)
            alone += states == [child.pid]
            time.sleep(_LOOK)
    return alone / max(working, 1)


def _states(pid: int) -> list[int]:
    """The threads of a process that work, or wait for a processor only."""
    found = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                if Path(f"/proc/{pid}/task/{task}/stat").read_text().rpartition(")")[2].split()[0] == "R":
                    found.append(int(task))
    return found


if __name__ == "__main__":
    main()
