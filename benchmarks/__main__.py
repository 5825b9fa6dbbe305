"""Measure what is claimed and write a report: ``python -m benchmarks [SUITE ...]``.

Every claim can be checked here: each suite says what it measures, on which corpora, with which repeats. The report is
Markdown, one HTML page and the JSON that both are made from. What is not there (a corpus, a peer) is said to be absent.
"""

from __future__ import annotations

import inspect
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from benchmarks import measure
from benchmarks.corpora import feeds as corpora_feeds
from benchmarks.plan import Plan
from benchmarks.report import tables as report_tables
from benchmarks.suites import index, recall, scaling, sketches, stages
from benchmarks.suites.throughput import throughput
from clusterer import Settings

SUITES: dict[str, Callable[[Plan], list[dict[str, Any]]]] = {
    "throughput": throughput,
    "stages": stages.stages,
    "floor": stages.floor,
    "cold": stages.cold,
    "workers": stages.workers,
    "scaling": scaling.scaling,
    "incremental": index.incremental,
    "sketch": sketches.sketch,
    "accuracy": sketches.accuracy,
    "s_curve": sketches.bands,
    "pairs": recall.pairs,
    "gold": recall.gold,
}
FULL = {
    "articles": None, "rounds": 5, "pairs": 500, "sizes": (10_000, 50_000, 200_000), "threaded": (15_000, 100_000),
    "stored": (15_000, 200_000), "daily": 1000,
}  # fmt: skip
QUICK = {
    "articles": 700, "rounds": 2, "pairs": 200, "sizes": (1000, 3000, 10_000), "threaded": (3000,),
    "stored": (500, 2000), "daily": 20,
}  # fmt: skip
_THREADS = ("RAYON_NUM_THREADS", "OMP_NUM_THREADS")


class _Numbers(click.ParamType):
    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            numbers = tuple(int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is no list of numbers; cure: 10000,50000", param, ctx)
        if min(numbers) < 1:
            self.fail(f"{value!r} holds a number below 1", param, ctx)
        return numbers


_PATH = click.Path(path_type=Path)


@click.command(help=f"{__doc__.partition(chr(10))[0]}\n\nSuites: {', '.join(SUITES)}; all of them unless named.")
@click.argument("suites", nargs=-1, type=click.Choice(list(SUITES)), metavar="[SUITE]...")
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), default="benchmarks/results", show_default=True
)
@click.option("--name", help="Of the files in it; date and time unless given.")
@click.option("--quick", is_flag=True, help="Small feeds, few rounds: under two minutes.")
@click.option("--feed", type=_PATH, help="A feed of yours, file or folder, in any input format.")
@click.option(
    "--gold",
    type=_PATH,
    help="Labelled articles, JSON lines: id, source, url, date, title, text, event, dup, doubtful.",
)
@click.option("--saudinewsnet", type=_PATH, help="The folder where SaudiNewsNet lies.")
@click.option("--cache", type=click.Path(file_okay=False, path_type=Path), help="Where generated feeds are kept.")
@click.option(
    "--generated", type=click.IntRange(1), default=10_000, show_default=True, help="Articles of the generated feed."
)
@click.option("--articles", type=click.IntRange(10), help="Only so many of each feed.")
@click.option("--rounds", type=click.IntRange(1), help="Repeats of every timing.")
@click.option("--pairs", type=click.IntRange(2), help="Made pairs of sets at every similarity.")
@click.option("--sizes", type=_Numbers(), help="Generated feeds for scaling, such as 10000,1000000.")
@click.option("--threaded", type=_Numbers(), help="Generated feeds for workers.")
@click.option("--stored", type=_Numbers(), help="Articles of the indexes that single ones are added to.")
@click.option("--daily", type=click.IntRange(1), help="Articles a day of the feed that comes and goes.")
def main(
    suites: tuple[str, ...],
    output: Path,
    name: str | None,
    quick: bool,
    feed: Path | None,
    gold: Path | None,
    saudinewsnet: Path | None,
    cache: Path | None,
    generated: int,
    **chosen: Any,
) -> None:
    """Run the suites and write the report."""
    for variable in _THREADS:  # the peers read them when they are first imported, which is later
        os.environ[variable] = "1"
    options = {**(QUICK if quick else FULL), **{k: v for k, v in chosen.items() if v is not None}}
    limit = options["articles"]
    cache = cache or corpora_feeds.default_cache()
    feeds = [corpora_feeds.sample(limit), corpora_feeds.generated(generated, cache, limit)]
    given = {"feed": feed, "saudinewsnet": saudinewsnet, "gold": gold}
    missing = [f"absent: {why}" for why in map(_why_absent, given, given.values()) if why]
    if feed and feed.exists():
        feeds.append(corpora_feeds.named(feed, limit))
    if saudinewsnet and saudinewsnet.exists():
        feeds.append(corpora_feeds.saudinewsnet(saudinewsnet, limit))
    gold = gold if gold and gold.exists() else None
    plan = Plan(tuple(feeds), cache, gold, *(options[key] for key in list(FULL)[1:]))
    start = datetime.now(UTC)
    data = {
        "started": start.isoformat(timespec="seconds"),
        "seconds": 0.0,
        **measure.surroundings(),
        "options": {"quick": quick, **options},
        "settings": Settings().as_dict(),
        "missing": missing,
        "corpora": [corpus.described() for corpus in feeds],
        "suites": {},
    }
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name or start.strftime('%Y-%m-%dT%H%M%SZ')}.json"
    begun = time.perf_counter()
    for suite in suites or SUITES:
        click.echo(f"{suite} ...", err=True, nl=False)
        took, tables = measure.timed(lambda suite=suite: SUITES[suite](plan))
        click.echo(f" {took:.0f} s", err=True)
        data["suites"][suite] = {"about": inspect.getdoc(SUITES[suite]), "seconds": took, "tables": tables}
        data["seconds"] = time.perf_counter() - begun
        path.write_bytes(orjson.dumps(data))  # what is done is not lost should the next one fail
    for file in report_tables.write(data, path):
        click.echo(file)


def _why_absent(option: str, path: Path | None) -> str:
    if path is None:
        return f"--{option} was not given"
    return "" if path.exists() else f"--{option}: there is no {path.name}"


if __name__ == "__main__":
    main()
