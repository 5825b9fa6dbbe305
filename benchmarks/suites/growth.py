"""Cost under attack: ``python -m benchmarks.suites.growth [NAME...]`` runs the command on hostile feeds of n, 2n and 4n.

Feeds of `benchmarks.corpora.attacks`: many articles that want to be compared with each other, by `cluster` and by `index add`,
and one long text. Prints processor time and peak memory at each size less those of thirty articles of the same kind (the median
of three runs: what starting and first use cost), by unit (a thousand articles, a million characters), and the power of n
that both grow with, by the best line through the logarithms. Exits with 1 where one is over 1.2.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import numpy as np
import orjson

from benchmarks.corpora.attacks import ATTACKS, LONG_TEXTS, Row, long_text
from benchmarks.measure import ROOT, exponent

MOST = 1.2  # power of n
JOBS = ("cluster", "index")
_RUN = """import sys
from pathlib import Path
from clusterer.cli.main import main
from benchmarks.measure import peak_bytes
peak = Path(sys.argv.pop(1))
try:
    main()
finally:
    peak.write_text(str(peak_bytes()))
"""
"""The command, which tells its own peak: what a parent is told of a child begins with the peak of the parent."""
LEAST = 0.5, float(1 << 24)  # seconds of a processor and bytes below which nothing is told of growth


@click.command(help=__doc__.partition("\n")[0])
@click.argument("names", nargs=-1, type=click.Choice([*ATTACKS, *LONG_TEXTS]), metavar="[NAME]...")
@click.option("--articles", default=12_500, show_default=True, help="n of the feeds of many articles.")
@click.option("--added", default=2_000, show_default=True, help="n of those that an index takes.")
@click.option("--characters", default=4_000_000, show_default=True, help="n of long texts.")
@click.option("--seconds", default=900, show_default=True, help="Of a processor, for one run; what takes longer fails.")
def main(names: tuple[str, ...], articles: int, added: int, characters: int, seconds: int) -> None:
    """Run the attacks and print a line each."""
    failed = False
    print(f"{'attack':20}{'of':8}{'n':>12}{'s a unit':>26}{'exponent':>10}{'MB a unit':>26}{'exponent':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name in names or (*ATTACKS, *LONG_TEXTS):
            for job in JOBS if name in ATTACKS else JOBS[:1]:
                n = characters if name in LONG_TEXTS else articles if job == "cluster" else added
                sizes = [n, 2 * n, 4 * n]
                started = [spent(job, rows_of(name, 30), Path(folder), seconds) for _ in range(3)]
                base = np.median(np.array(started, dtype=np.float64), axis=0).tolist()
                costs = [spent(job, rows_of(name, size), Path(folder), seconds) for size in sizes]
                line = f"{name:20}{job:8}{n:12,}"
                for i, least in enumerate(LEAST):
                    spare = [max(cost[i] - base[i], 0.0) for cost in costs]
                    power = growth(sizes, spare, least)
                    units = [size / (1e6 if name in LONG_TEXTS else 1e3) * (1e6 if i else 1) for size in sizes]
                    each = " ".join(f"{s / unit:7.2f}" for s, unit in zip(spare, units, strict=True))
                    line, failed = f"{line}{each:>26}{power:10.2f}", failed or power > MOST
                print(line, flush=True)
    sys.exit(failed)


def rows_of(name: str, n: int) -> Iterator[Row]:
    """The feed of an attack of n articles, or characters."""
    return ATTACKS[name](n, _rng()) if name in ATTACKS else long_text(name, n, _rng())


def spent(job: str, rows: Iterable[Row], folder: Path, seconds: int) -> tuple[float, int]:
    """Seconds of a processor and peak bytes of the command on a feed of these rows.

    Raises:
        SystemExit: the command ended with an error, or took longer than it may.
    """
    feed, index = folder / "feed.jsonl", folder / "news.db"
    with feed.open("wb") as lines:
        for row in rows:
            lines.write(orjson.dumps(row) + b"\n")
    for old in folder.glob("news.db*"):
        old.unlink()
    command = ["cluster", str(feed), "-o", str(folder / "out.jsonl")]
    if job == "index":
        command = ["index", "add", str(index), str(feed), "-o", str(folder / "out.jsonl")]
        subprocess.run(
            [sys.executable, "-m", "clusterer", "index", "create", str(index)], check=True, capture_output=True
        )
    run = [sys.executable, "-c", _RUN, str(folder / "peak"), *command, "-q", "--max-row-bytes", "2GB"]
    with (folder / "said").open("wb") as said:
        limit = ("prlimit", f"--cpu={seconds}") if sys.platform == "linux" else ()
        child = subprocess.Popen([*limit, *run], stdout=said, stderr=said, cwd=ROOT)
        _, status, used = os.wait4(child.pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(command[:2])}: exit code {code}: {(folder / 'said').read_text('utf-8', 'replace')[-500:]}")
    return used.ru_utime + used.ru_stime, int((folder / "peak").read_text())


def growth(sizes: Sequence[int], costs: Sequence[float], least: float) -> float:
    """The power of n that a cost grows with; 0 where even the largest is below what can be told from noise."""
    return exponent([(s, max(c, least / 10)) for s, c in zip(sizes, costs, strict=True)]) if costs[-1] > least else 0.0


def _rng() -> np.random.Generator:
    return np.random.default_rng(1)


if __name__ == "__main__":
    main()
