"""What a run holds in memory, and how that and its time grow: ``python -m benchmarks.suites.memory SIZE...``.

Each run is the command in a process of its own, on the first SIZE articles of one generated feed, or of FEED. "peak" is the most
memory that the process held (of the system, pages of mapped files included), "a text" the part of it that grows, by the line
through the peaks; "files" what was put into files in all. Without `--memory` runs take what they take by default.
"""

from __future__ import annotations

import filecmp
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np
import orjson

from benchmarks.corpora.feeds import default_cache, generated
from benchmarks.measure import ROOT, exponent


@click.command(help=__doc__.partition("\n")[0])
@click.argument("sizes", metavar="SIZE...", nargs=-1, required=True, type=click.IntRange(1))
@click.option("--level", default="story", show_default=True, type=click.Choice(["exact", "copy", "story"]))
@click.option("--memory", metavar="SIZE", help="The budget of each run; may be repeated.", multiple=True)
@click.option("--threads", default="1", show_default=True)
@click.option("--feed", type=click.Path(exists=True, path_type=Path), help="A file of articles; else a generated feed.")
def main(sizes: tuple[int, ...], level: str, memory: tuple[str, ...], threads: str, feed: Path | None) -> None:
    """Print the figures; with several budgets whether all give the same groups."""
    click.echo(
        f"{'articles':>10}{'memory':>8}{'seconds':>9}{'processor s':>13}{'peak MB':>9}{'files MB':>10}  same groups"
    )
    rows: dict[str, list[dict[str, Any]]] = {}
    for size in sizes:
        first: Path | None = None
        with tempfile.TemporaryDirectory(dir=default_cache().parent) as folder:
            for budget in memory or ("auto",):
                output = Path(folder, f"{budget}.jsonl")
                row = _run(_part(feed, size), output, level, budget, threads)
                same = "" if first is None else "yes" if filecmp.cmp(first, output, shallow=False) else "NO"
                first = first or output
                rows.setdefault(budget, []).append({"articles": size, **row})
                click.echo(
                    f"{size:10,}{budget:>8}{row['seconds']:9.1f}{row['processor']:13.1f}{row['peak'] / 1e6:9,.0f}"
                    f"{row['files'] / 1e6:10,.0f}  {same}"
                )
    for budget, runs in rows.items() if len(sizes) > 1 else ():
        articles = [run["articles"] for run in runs]
        slope = np.polyfit(articles, [run["peak"] for run in runs], 1)[0]
        power = exponent([(run["articles"], run["processor"]) for run in runs])
        click.echo(f"memory {budget}: {slope:,.0f} bytes a text; processor time grows with the power of {power:.2f}")


def _part(feed: Path | None, size: int) -> Path:
    """A file of so many articles, the first of the feed."""
    if feed is None:
        return generated(size, default_cache()).path
    if feed.suffix != ".jsonl":
        return feed
    part = default_cache() / f"{feed.stem}-{size}.jsonl"
    part.parent.mkdir(parents=True, exist_ok=True)
    if not part.exists():
        with feed.open("rb") as lines, part.open("wb") as out:
            out.writelines(islice(lines, size))
    return part


def _run(feed: Path, output: Path, level: str, budget: str, threads: str) -> dict[str, Any]:
    """One run; its seconds, processor seconds, peak and bytes in files."""
    stats = output.with_suffix(".stats")
    options = ["--level", level, "--memory", budget, "--threads", threads, "--stats", str(stats), "-q"]
    command = [sys.executable, "-m", "clusterer", "cluster", str(feed.resolve()), "-o", str(output), *options]
    subprocess.run(command, cwd=ROOT, check=True)
    told = orjson.loads(stats.read_bytes())
    processor = sum(stage["processor_seconds"] for stage in told["stages"])
    return {
        "seconds": told["seconds"], "processor": processor, "peak": told["peak_bytes"], "files": told["spilled_bytes"],
    }  # fmt: skip


if __name__ == "__main__":
    main()
