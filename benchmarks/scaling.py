"""Cost against the feed's size on generated feeds: ``python -m benchmarks.scaling [SIZE ...]``.

Each size is clustered in a process of its own, read from a file as a user would; prints seconds, peak memory and
candidate pairs an article for both levels, and the exponent of time over size.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import orjson

from benchmarks.generator import feed
from benchmarks.speed import peak_bytes
from clusterer import Settings, cluster
from clusterer.evaluate import evaluate
from clusterer.files import Feed

SIZES = (10_000, 50_000, 200_000)


@click.command(help=__doc__.partition("\n")[0])
@click.argument("sizes", nargs=-1, type=int)
@click.option("--one", hidden=True, help="A feed and a level: run in this process and print one line.")
def main(sizes: tuple[int, ...], one: str | None) -> None:
    """Print the curve."""
    if one:
        path, level = one.split(",")
        measure(path, level)
        return
    print(
        f"{'articles':>9} {'level':>6} {'seconds':>8} {'ms/article':>10} {'MB':>7} {'candidates/article':>19} {'copy recall':>11}"
    )
    times: dict[str, list[tuple[int, float]]] = {"copy": [], "story": []}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes or SIZES:
            path = Path(folder) / f"{size}.jsonl"
            with path.open("wb") as out:
                out.writelines(orjson.dumps(row) + b"\n" for row in feed(size))
            for level, points in times.items():
                command = [sys.executable, "-m", "benchmarks.scaling", "--one", f"{path},{level}"]
                done = subprocess.run(command, check=True, capture_output=True)
                row = orjson.loads(done.stdout)
                points.append((size, row["seconds"]))
                print(
                    f"{size:9,} {level:>6} {row['seconds']:8.1f} {1000 * row['seconds'] / size:10.3f}"
                    f" {row['bytes'] / 1e6:7.0f} {row['candidates'] / size:19.1f} {row['recall']:11.4f}",
                    flush=True,
                )
            path.unlink()
    for level, points in times.items():
        if len(points) > 1:
            logs = np.log(np.array(points))
            print(f"{level}: time grows with size to the power of {np.polyfit(logs[:, 0], logs[:, 1], 1)[0]:.2f}")


def measure(path: str, level: str) -> None:
    """One run; prints its figures as JSON."""
    start = time.perf_counter()
    result = cluster((row.article for row in Feed([path])), Settings(level=level))
    seconds, size = time.perf_counter() - start, peak_bytes()
    with open(path, "rb") as lines:
        gold = [orjson.loads(line)["copy"] for line in lines]
    candidates = sum(result.stats.get(name, 0) for name in ("candidate pairs", "candidate pairs of stories"))
    recall = evaluate(result.labels("copy"), gold).bcubed_recall
    print(orjson.dumps({"seconds": seconds, "bytes": size, "candidates": candidates, "recall": recall}).decode())


if __name__ == "__main__":
    main()
