"""What a corpus asks for: ``python -m benchmarks.suites.sizing``, a table of documents, cores, memory and time.

Runs `clusterer dedup --preset corpus` on two generated feeds, with one thread and with all cores, and reads `--stats`. Time and
memory are taken as lines through both sizes; how much of the time more cores do not shorten is taken from one thread beside all
(Amdahl's law), so more cores than this machine has are an estimate, and the machine must have nothing else to do. Documents of
another length cost by their letters: --letters.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.corpora import feeds
from benchmarks.measure import ROOT

DOCUMENTS, CORES = (1_000_000, 10_000_000, 100_000_000), (1, 2, 16, 64)


@click.command(help=__doc__.partition("\n")[0])
@click.option("--sizes", nargs=2, default=(50_000, 200_000), show_default=True, help="Generated feeds to measure on.")
@click.option("--documents", multiple=True, default=DOCUMENTS, show_default=True, help="A row of the table.")
@click.option("--cores", multiple=True, default=CORES, show_default=True, help="A column of it.")
@click.option("--letters", default=0.0, help="A document of yours; else as many as the generated ones have.")
@click.option("--option", "options", multiple=True, help="For dedup, such as --memory=4G. May be repeated.")
def main(
    sizes: tuple[int, int], documents: tuple[int, ...], cores: tuple[int, ...], letters: float, options: tuple[str, ...]
) -> None:
    """Print the table."""
    small, large = sorted(sizes)
    threads = os.cpu_count() or 1
    runs = {
        (size, t): measured(feeds.generated(size, feeds.default_cache()).path, t, options)
        for size in (small, large)
        for t in sorted({1, threads})
    }
    bytes_a_document = feeds.generated(large, feeds.default_cache()).path.stat().st_size / large
    scale = letters * 2 / bytes_a_document if letters else 1.0  # Arabic letters are two bytes
    alone, peak = (line([(size, runs[size, 1][k]) for size in (small, large)]) for k in (0, 1))
    share = serial_share(runs[large, 1][0], runs[large, threads][0], threads)
    table = Table(title=f"dedup --preset corpus {' '.join(options)}: {alone(2e6) - alone(1e6):.0f} s a million")
    for column in ("documents", "memory GB", *(f"{c} core{'s' * (c > 1)}" for c in cores)):
        table.add_column(column, justify="right")
    for count in documents:
        times = [duration(scale * alone(count) * (share + (1 - share) / c)) for c in cores]
        table.add_row(f"{count:,}", f"{scale * peak(count) / 1e9:,.1f}", *times)
    Console(width=120).print(table)
    print(
        f"Measured on {small:,} and {large:,} generated documents of {bytes_a_document:,.0f} bytes, {threads} cores here; of the"
        f" time of one thread {share:.0%} is not shared out."
    )


def duration(seconds: float) -> str:
    """A stretch of time in the unit that people read it in.

    >>> duration(51.2), duration(504), duration(90_000)
    ('51 s', '8.4 min', '25 h')
    """
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.{0 if seconds >= 10 * size else 1}f} {unit}"
    return f"{seconds:.0f} s"


def measured(source: Path, threads: int, options: tuple[str, ...] = ()) -> tuple[float, float]:
    """Seconds and most bytes of a run."""
    with TemporaryDirectory() as folder:
        stats = Path(folder, "stats.json")
        words = [
            "-o",
            Path(folder, "kept.jsonl"),
            "--preset",
            "corpus",
            "--threads",
            threads,
            "--quiet",
            "--stats",
            stats,
        ]
        command = [sys.executable, "-m", "clusterer", "dedup", source, *words, *options]
        subprocess.run([*map(str, command)], cwd=ROOT, check=True, capture_output=True)
        told = orjson.loads(stats.read_bytes())
    return told["seconds"], told["peak_bytes"]


def line(points: list[tuple[int, float]]) -> Callable[[float], float]:
    """The straight line through two points, never below 0.

    >>> line([(1, 3.0), (2, 5.0)])(10)
    21.0
    """
    slope, start = np.polyfit(*zip(*points, strict=True), 1).tolist()
    return lambda x: round(max(0.0, start + slope * x), 9)


def serial_share(alone: float, together: float, threads: int) -> float:
    """The share of a run that more threads do not shorten, by Amdahl's law from two runs; 1 where there is one core.

    >>> serial_share(10.0, 6.0, 2)
    0.2
    """
    if threads == 1:
        return 1.0
    return round(min(1.0, max(0.0, (together / alone - 1 / threads) / (1 - 1 / threads))), 9)


if __name__ == "__main__":
    main()
