"""What Spark costs, where its tasks hang, and what it holds: ``python -m benchmarks.suites.spark [cost|skew|memory] ...``.

- cost: generated articles by the local engine, on an engine that is running (it has grouped a small feed before) and on one
  that was started for them, all on `local[2]` and in processes of their own: seconds, seconds of all their processors, bytes
  shuffled an article, whether every column is the same, and what each further article costs between one size and the next.
- skew: a feed of which half is one article, and one of half the size: of every Spark stage its longest task over its
  median one, and the growth of time. Those that end within a second are left out: a start decides them.
- memory: sizes of a generated feed, the most that Python workers and the JVM hold.

Started by itself, ``python -m benchmarks.suites.spark run FILE LEVEL``, it makes one run and prints it as JSON.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import click
import orjson

from benchmarks.corpora.feeds import default_cache, generated
from benchmarks.measure import run_alone

HEAP = "2g"
REMOVAL = "dedup"
"""In place of a level: what stays of copies."""
FIRST = 1_000
"""Articles that an engine has grouped before it counts as running."""
_TICKS = os.sysconf("SC_CLK_TCK")


@click.group(help=(__doc__ or "").partition("\n")[0])
def main() -> None:
    """Which table."""


@main.command()
@click.option("--articles", default="50000,100000,200000", show_default=True, help="sizes, one after the other")
@click.option("--level", default="story", show_default=True, help="or dedup: what stays of copies")
@click.option("--repeats", default=3, show_default=True)
@click.option("--partitions", help="instead of one worker for few articles, and one for 16,384 of more")
def cost(articles: str, level: str, repeats: int, partitions: str | None) -> None:
    """Against the local engine."""
    sizes = [int(size) for size in articles.split(",")]
    made = {size: _cost(size, level, repeats, partitions) for size in sizes}
    for least, most in pairwise(sizes):
        click.echo(
            f"\n| each article of the {most - least:,} between {least:,} and {most:,} | processor ms | x local |"
        )
        click.echo("| --- | ---: | ---: |")
        each = {name: (row["cpu"] - made[least][name]["cpu"]) / (most - least) for name, row in made[most].items()}
        for name, seconds in each.items():
            click.echo(f"| {name} | {seconds * 1000:.3f} | {seconds / each['local']:.2f} |")


def _cost(articles: int, level: str, repeats: int, partitions: str | None) -> dict[str, dict[str, Any]]:
    """Print what a feed of so many articles costs; the median run of each engine."""
    path = str(generated(articles, default_cache()).path)
    small = str(generated(FIRST, default_cache()).path)
    shared = [partitions] if partitions else []
    commands = {
        "local": ("here", path, level),
        "Spark, running": ("run", path, level, *shared, "--first", small),
        "Spark, started for it": ("run", path, level, *shared),
    }
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for _ in range(repeats):  # in turn, so that a slow minute of the machine is everybody's
        for name, command in commands.items():
            runs[name].append(orjson.loads(run_alone("benchmarks.suites.spark", *command)))
    same = len({row["digest"] for rows in runs.values() for row in rows}) == 1
    made = {name: sorted(rows, key=lambda row: row["cpu"])[len(rows) // 2] for name, rows in runs.items()}
    click.echo(f"\n{articles:,} generated articles, {level}, local[2]; the median run of {repeats} by processor\n")
    click.echo("| engine | seconds | x local | processor seconds | x local | shuffle bytes an article |")
    click.echo("| --- | ---: | ---: | ---: | ---: | ---: |")
    one = made["local"]
    for name, row in made.items():
        times = f"{row['seconds'] / one['seconds']:.2f} | {row['cpu']:.1f} | {row['cpu'] / one['cpu']:.2f}"
        shuffled = f"{row['shuffled'] / articles:,.0f}" if "shuffled" in row else ""
        click.echo(f"| {name} | {row['seconds']:.1f} | {times} | {shuffled} |")
    running = made["Spark, running"]
    click.echo(f"\nStages kept: {running['kept'] / articles:,.0f} bytes an article.")
    click.echo("Every column the same." if same else "The results DIFFER.")
    click.echo("\n| stage, running | seconds | Java's processor seconds | Python's | shuffled, MB |")
    click.echo("| --- | ---: | ---: | ---: | ---: |")
    for name, row in running["stages"].items():
        spent = f"{row['java']:.1f} | {row['python']:.1f} | {row['shuffled'] / 1e6:.1f}"
        click.echo(f"| {name} | {row['seconds']:.1f} | {spent} |")
    return made


@main.command()
@click.option("--articles", default=100_000, show_default=True)
@click.option("--level", default="story", show_default=True, help="or dedup: what stays of copies")
def skew(articles: int, level: str) -> None:
    """Half of the feed is one article."""
    from clusterer.spark.job import A_PARTITION

    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for count in (articles // 2, articles):
            path = Path(folder, f"{count}.jsonl")
            with path.open("wb") as out, generated(count, default_cache()).path.open("rb") as lines:
                first = next(lines)
                same = orjson.loads(first)
                for i, line in enumerate(lines):
                    out.write(orjson.dumps({**same, "id": f"same{i}"}) + b"\n" if i % 2 else line)
            shared = str(2 * -(-count // (2 * A_PARTITION)))  # as many more would be, so that sizes can be compared
            made = orjson.loads(run_alone("benchmarks.suites.spark", "run", str(path), level, shared))
            seconds.append(made["seconds"])
            click.echo(
                f"{count:,} articles, half of them one text: {made['seconds']:.1f} s, {made['cpu']:.1f} of processors"
            )
        click.echo(
            "\n| stage | tasks | longest, s | median, s | longest / median |\n| --- | ---: | ---: | ---: | ---: |"
        )
        worst = 0.0
        for task in made["tasks"]:
            if task["count"] > 2 and task["longest"] >= 1.0:
                ratio = task["longest"] / max(task["median"], 1e-3)
                worst = max(worst, ratio)
                row = f"{task['count']} | {task['longest']:.2f} | {task['median']:.2f} | {ratio:.1f}"
                click.echo(f"| {task['stage']} | {row} |")
        click.echo(f"\nAt most {worst:.1f} x the median; twice the articles, {seconds[1] / seconds[0]:.2f} x the time.")


@main.command()
@click.option("--sizes", default="50000,100000,200000,400000", show_default=True)
@click.option("--level", default="story", show_default=True, help="or dedup: what stays of copies")
@click.option("--partitions", help="instead of one for 16,384 articles")
def memory(sizes: str, level: str, partitions: str | None) -> None:
    """The most that is held, by size."""
    click.echo(
        f"heap of the JVM: {HEAP}\n\n| articles | seconds | a Python worker, MB | JVM, MB | shuffle bytes an article |"
    )
    click.echo("| ---: | ---: | ---: | ---: | ---: |")
    for size in map(int, sizes.split(",")):
        path = str(generated(size, default_cache()).path)
        made = orjson.loads(
            run_alone("benchmarks.suites.spark", "run", path, level, *([partitions] if partitions else []))
        )
        worker, jvm = made["worker"] / 1e6, made["jvm"] / 1e6
        click.echo(
            f"| {size:,} | {made['seconds']:.1f} | {worker:,.0f} | {jvm:,.0f} | {made['shuffled'] / size:,.0f} |"
        )


@main.command()
@click.argument("file")
@click.argument("level")
def here(file: str, level: str) -> None:
    """One run of the local engine."""
    from clusterer import Settings, cluster, dedup
    from clusterer.io.feed import Feed

    articles = (row.article for row in Feed([file]))
    start = time.perf_counter()
    if level == REMOVAL:
        kept = dedup(articles).kept_ids
        seconds, found = time.perf_counter() - start, digest((id,) for id in kept)
    else:
        result = cluster(articles, Settings(level=level))
        seconds = time.perf_counter() - start
        found = digest((a.id, a.story, a.copy, a.exact, a.linked_to, a.relation, a.score) for a in result)
    click.echo(orjson.dumps({"seconds": seconds, "cpu": time.process_time(), "digest": found}).decode())


@main.command()
@click.argument("file")
@click.argument("level")
@click.argument("partitions", type=int, required=False)
@click.option("--first", help="a feed that the engine groups before, which does not count")
def run(file: str, level: str, partitions: int | None, first: str | None) -> None:
    """One run on Spark."""
    from clusterer.spark.session import session

    folder = Path(tempfile.mkdtemp(prefix="clusterer-spark-"))
    (folder / "events").mkdir()
    options = {
        "spark.driver.memory": HEAP, "spark.eventLog.enabled": "true", "spark.eventLog.dir": str(folder / "events"),
        "spark.eventLog.compress": "false", "spark.eventLog.rolling.enabled": "false",
    }  # fmt: skip
    try:
        spark = session("local[2]", options)
        if first:
            grouped(spark, first, level, folder / "first", None)
        with watched() as held:
            since, start = time.time(), time.perf_counter()
            result = grouped(spark, file, level, folder / "stages", partitions)
            seconds = time.perf_counter() - start
        kept = sum(file.stat().st_size for file in (folder / "stages").rglob("*") if file.is_file())
        asked = ("id",) if level == REMOVAL else ("id", "story", "copy", "exact", "linked_to", "relation", "score")
        rows = result.select(*asked).toArrow().to_pylist()
        found = digest(tuple(row.values()) for row in rows)
        spark.stop()
        told = events(next((folder / "events").iterdir()), since, held.pop("clock"))
    finally:
        shutil.rmtree(folder)
    click.echo(orjson.dumps({"seconds": seconds, "digest": found, "kept": kept, **held, **told}).decode())


def grouped(spark: Any, file: str, level: str, stages: Path, partitions: int | None) -> Any:
    """The result of a file of JSON lines: its articles with their groups, or the rows that stay."""
    from clusterer import Settings
    from clusterer.spark.articles import Source
    from clusterer.spark.dedup import dedup
    from clusterer.spark.job import Job

    if level == REMOVAL:
        return dedup(spark.read.json(file), checkpoint=str(stages), partitions=partitions)
    lines = spark.read.option("lineSep", "\n").text(file)
    df = lines.selectExpr("cast(value AS binary) AS value", "_metadata.file_path AS file")
    return Job(df, Settings(level=level), Source((), True), str(stages), partitions).result()


def digest(rows: Any) -> str:
    """Of results in any order."""
    import hashlib

    return hashlib.blake2b(repr(sorted(rows)).encode(), digest_size=8).hexdigest()


def events(path: Path, since: float, clock: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """Of an event log since some time: bytes shuffled, our stages with seconds and bytes, Spark's with their tasks.

    By a `clock` of `watched` also what Java and Python spent while a stage went, on it and on what went beside it.
    """
    names: dict[int, str] = {}
    tasks: dict[int, list[tuple[float, int]]] = {}
    spans: dict[str, list[float]] = {}
    for line in path.open("rb"):
        event = orjson.loads(line)
        kind = event["Event"]
        if kind == "SparkListenerJobStart":
            about = (event["Properties"].get("spark.job.description") or "").removeprefix("clusterer: ")
            names.update(dict.fromkeys(event["Stage IDs"], about))
        elif kind == "SparkListenerStageCompleted" and event["Stage Info"]["Submission Time"] >= since * 1000:
            info = event["Stage Info"]
            span = spans.setdefault(names.get(info["Stage ID"], ""), [])
            span += [info["Submission Time"] / 1000, info["Completion Time"] / 1000]
        elif kind == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            info = event["Task Info"]
            if info["Launch Time"] < since * 1000:
                continue
            took = (info["Finish Time"] - info["Launch Time"]) / 1000
            written = event["Task Metrics"]["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            tasks.setdefault(event["Stage ID"], []).append((took, written))
    stages: dict[str, dict[str, float]] = {}
    looks = [look[0] for look in clock]
    for name, span in spans.items():
        before, after = (clock[max(bisect(looks, time) - 1, 0)] for time in (min(span), max(span)))
        spent = {"java": after[1] - before[1], "python": after[2] - before[2]}
        stages[name] = {"seconds": max(span) - min(span), "shuffled": 0, **spent}
    for number, each in tasks.items():
        if names.get(number) in stages:
            stages[names[number]]["shuffled"] += sum(written for _, written in each)
    listed = [
        {"stage": names.get(number, ""), "count": len(each), "longest": max(t for t, _ in each),
         "median": median(t for t, _ in each)}
        for number, each in sorted(tasks.items())
    ]  # fmt: skip
    return {"shuffled": sum(w for each in tasks.values() for _, w in each), "stages": stages, "tasks": listed}


@contextlib.contextmanager
def watched() -> Iterator[dict[str, Any]]:
    """The most bytes that a Python worker and the JVM held, and the processor seconds of this process and all below it.

    `clock` has a row a look: the time, and what Java and all others had spent by then.
    """
    held: dict[str, Any] = {"worker": 0.0, "jvm": 0.0, "cpu": 0.0, "clock": []}
    spent: dict[int, float] = {}
    begun: dict[int, float] = {}
    is_java: dict[int, bool] = {}
    going = threading.Event()

    def look() -> None:
        while True:
            for pid in below(os.getpid()):
                with contextlib.suppress(OSError, IndexError, ValueError):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    spent[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
                    if int(fields[19]) / _TICKS < since:
                        begun.setdefault(pid, spent[pid])
                    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
                    # By its program: what Java forks bears for a moment another name, and Java's memory.
                    program = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
                    is_java[pid] = program == "java"
                    if pid != os.getpid() and program.startswith(("python", "java")):
                        kind = "jvm" if program == "java" else "worker"
                        held[kind] = max(held[kind], resident)
            java = sum(spent[pid] - begun.get(pid, 0) for pid in spent if is_java.get(pid))
            others = sum(spent[pid] - begun.get(pid, 0) for pid in spent if not is_java.get(pid))
            held["clock"].append((time.time(), java, others))
            if going.wait(0.1):
                return

    since = time.clock_gettime(time.CLOCK_BOOTTIME)
    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield held
    finally:
        going.set()
        watch.join()
        held["cpu"] = sum(spent.values()) - sum(begun.values())


def below(pid: int) -> list[int]:
    """A process and all that it started."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(path.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


if __name__ == "__main__":
    main()
