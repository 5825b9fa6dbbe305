"""`clusterer serve` under load: ``python -m benchmarks.suites.serve``, some minutes; --articles 200000 half an hour.

An index of generated articles is served by a process of its own while another process adds to it and lets the oldest expire.
Requests of twelve kinds come at a steady rate over loopback, each counted from the moment when it was due. An answer that is not
whole (a story that says another size than it has articles), and one that is neither 200 nor, of what has expired, 404, is told.
"""

from __future__ import annotations

import http.client
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import click
import numpy as np
import orjson

from benchmarks.corpora.generator import feed
from clusterer import Article, StoryIndex

RATE, SECONDS_MOST, WORKERS = 50.0, 600, 64
BATCH, PAUSE, EXPIRES = 10, 0.5, 5  # articles that are added at a time; seconds between; additions between two expiries
FILL = 5000  # articles that an index is filled with at a time
_LATER = timedelta(days=3650)
_READY = 900  # seconds that the server has to read the words of all articles


class Asked(NamedTuple):
    """A request."""

    kind: str
    path: str
    body: bytes | None = None


def articles_of(count: int, seed: int = 1) -> Iterator[Article]:
    """Generated articles; those of another seed have other ids and are later."""
    for row in feed(count, seed):
        when = datetime.fromisoformat(row["date"]) + (timedelta() if seed == 1 else _LATER)
        yield Article(row["content"], f"{seed}-{row['id']}", row["title"], row["source"], "", when)


def fill(path: Path, count: int) -> None:
    """An index of so many articles; one that is there stays."""
    with StoryIndex.open(path) as index:
        if len(index) >= count:
            return
        waiting = articles_of(count)
        while batch := list(itertools.islice(waiting, FILL)):
            index.add(batch)
            print(f"{len(index):,} articles stored", file=sys.stderr)


@contextmanager
def served(path: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The port of a server over an index, and its process."""
    command = [sys.executable, "-c", "from clusterer.cli.main import main; main()", "serve", str(path), "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        if "serving" not in line:
            raise click.ClickException(line + server.stderr.read())
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield int(line.split("//")[1].split(":")[1].split("/")[0]), server
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Another process adds articles and lets the oldest expire."""
    writer = subprocess.Popen([sys.executable, "-m", "benchmarks.suites.serve", "--write", str(path)])
    try:
        yield
    finally:
        writer.terminate()
        writer.wait(30)


def write(path: Path) -> None:
    """Add articles and let as many of the oldest expire, until the process is ended."""
    waiting = articles_of(1_000_000, os.getpid())
    with StoryIndex.open(path, must_exist=True) as index:
        most = len(index)
        for turn in itertools.count(1):
            index.add(itertools.islice(waiting, BATCH))
            if turn % EXPIRES == 0:
                index.expire(max_articles=most)
            time.sleep(PAUSE)


def ask(port: int, asked: Asked) -> tuple[int, bytes]:
    """Status and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"content-type": "application/json"} if asked.body else {}
        connection.request("POST" if asked.body else "GET", asked.path, asked.body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def requests_of(port: int, count: int, seed: int = 1) -> list[Asked]:
    """A mix of requests: pages and API, over stories of every size."""
    draw = random.Random(seed)

    def get(path: str) -> Any:
        return orjson.loads(ask(port, Asked("", path))[1])

    stories = [x for sort in ("size", "date") for x in get(f"/api/stories?sort={sort}&limit=200")["stories"]]
    ids = [quote(x["representative"]) for x in stories]
    texts = [get(f"/api/article?id={id}")["text"] for id in draw.sample(ids, 20)]
    since = stories[-1]["last"][:10]
    outlets = sorted({quote(name) for x in stories for name in x["outlets"]})
    days = sorted({x["last"][:10] for x in stories})

    def one() -> Asked:
        id, other, text = draw.choice(ids), draw.choice(ids), draw.choice(texts)
        words = quote(" ".join(draw.sample(text.split(), 2)))
        outlet = draw.choice(outlets)
        of_day = f"since=24h&until={draw.choice(days)}{draw.choice(('', f'&outlet={outlet}'))}"
        sort, window = draw.choice(("size", "date", "change", "growth")), draw.choice(("", since))
        return draw.choice(
            (
                Asked("page of stories", f"/?sort={sort}&since={window or (since if sort == 'growth' else '')}"),
                Asked("page of a search", f"/?q={words}"),
                Asked("page of a story", f"/story?id={id}"),
                Asked("page of an article", f"/article?id={id}"),
                Asked("page of a pair", f"/explain?a={id}&b={other}"),
                Asked("stories", f"/api/stories?sort={sort}&since={since}"),
                Asked("stories of a day", f"/api/stories?sort={sort}&{of_day}"),
                Asked(
                    "stories of an outlet", f"/?sort={sort}&since={since if sort == 'growth' else ''}&outlet={outlet}"
                ),
                Asked("story", f"/api/story?id={id}"),
                Asked("search", f"/api/search?q={words}"),
                Asked("query", "/api/query", orjson.dumps({"text": f"{text[:1500]} {words}"})),
                Asked("changes", f"/api/changes?after={draw.randint(0, 10_000)}&limit=20"),
            )
        )

    return [one() for _ in range(count)]


class Load:
    """Requests at a steady rate, and what became of them."""

    def __init__(self, port: int, asked: list[Asked], rate: float) -> None:
        """Take the requests of a run; `run` sends them."""
        self.port, self.rate, self.asked = port, rate, asked
        self.milliseconds: dict[str, list[float]] = {}
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def run(self) -> float:
        """Send all; the seconds that it took."""
        start, places = time.perf_counter(), iter(range(len(self.asked)))

        def work() -> None:
            while True:
                with self._lock:
                    place = next(places, None)
                if place is None:
                    return
                due = start + place / self.rate
                time.sleep(max(0.0, due - time.perf_counter()))
                status, body = ask(self.port, self.asked[place])
                self._note(self.asked[place], (time.perf_counter() - due) * 1e3, status, body)

        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    def _note(self, asked: Asked, milliseconds: float, status: int, body: bytes) -> None:
        what = "" if status in (200, 404) else f"{status} for {asked.path}: {body[:200]!r}"
        if status == 200 and asked.kind == "story":
            story = orjson.loads(body)
            if story["articles"] != len(story["members"]) or {x["story"] for x in story["members"]} != {story["story"]}:
                what = f"a story that is not whole: {asked.path}"
        with self._lock:
            self.milliseconds.setdefault(asked.kind, []).append(milliseconds)
            self.wrong += [what] if what else []


def processor_seconds(process: int) -> float | None:
    """Of a process, where the system tells."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@click.command()
@click.option("--articles", default=20_000, show_default=True, help="that are stored")
@click.option("--rate", default=RATE, show_default=True, help="requests a second")
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(1, SECONDS_MOST), help="of load")
@click.option("--keep", type=click.Path(file_okay=False), help="folder to keep the index in, for the next run")
@click.option("--quiet-index", is_flag=True, help="without a writer")
@click.option("--write", "written_index", type=click.Path(path_type=Path), hidden=True)
def main(
    articles: int, rate: float, seconds: float, keep: str | None, quiet_index: bool, written_index: Path | None
) -> None:
    """Serve an index of generated articles under load; rate, median and 99th percentile, and what went wrong."""
    if written_index is not None:
        write(written_index)
        return
    with tempfile.TemporaryDirectory() as folder:
        index = Path(keep or folder, f"served-{articles}.db")
        index.parent.mkdir(parents=True, exist_ok=True)
        fill(index, articles)
        with served(index) as (port, server):
            start = time.monotonic()
            while orjson.loads(ask(port, Asked("", "/api/search?q=x"))[1])["searched"] < articles:
                if time.monotonic() - start > _READY:
                    raise click.ClickException(f"the words of {articles:,} articles are not read after {_READY} s")
                time.sleep(1)
            print(
                f"{time.monotonic() - start:.0f} s from the start of the server until all words can be searched",
                flush=True,
            )
            asked = requests_of(port, int(rate * seconds))
            Load(port, asked[:100], rate).run()  # what is made once, and first lists
            load = Load(port, asked, rate)
            before = processor_seconds(server.pid)
            if quiet_index:
                elapsed = load.run()
            else:
                with written(index):
                    elapsed = load.run()
            after = processor_seconds(server.pid)
    report(load, elapsed, None if before is None or after is None else after - before, articles)


def report(load: Load, elapsed: float, processor: float | None, articles: int) -> None:
    """Print what was measured; fails where an answer was wrong."""
    everything = [x for found in load.milliseconds.values() for x in found]
    print(f"{'':20} {'requests':>9} {'median ms':>10} {'99th ms':>10}")
    for kind, found in (*sorted(load.milliseconds.items()), ("all", everything)):
        median, late = np.percentile(found, [50, 99])
        print(f"{kind:20} {len(found):9,} {median:10.1f} {late:10.1f}")
    print(f"{articles:,} articles, {len(everything) / elapsed:.1f} requests a second of {load.rate:g} asked for")
    if processor is not None:
        print(f"processor time of the server: {processor / len(everything) * 1e3:.1f} ms a request")
    if hasattr(os, "getloadavg"):
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    for line in load.wrong[:10]:
        print(f"wrong: {line}")
    print(f"{len(load.wrong)} wrong answers")
    sys.exit(1 if load.wrong else 0)


if __name__ == "__main__":
    main()
