"""The living index beside the batch: its answer, its pace, single articles at two sizes, sixty days that come and go.

The batch is `clusterer.cluster` over the same articles in memory. An index lies in a file of its own in the system's folder
for temporary ones, and every addition is one transaction that is on disk when it is counted. What is asked for is in
`BARS`; whether it is met is the first table. Knows the index by its public verbs only.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks.corpora.feeds import DATA, Corpus, generated, planted
from benchmarks.corpora.gold import gold_rows
from benchmarks.measure import in_turn, timed
from benchmarks.plan import Plan, Row, table
from benchmarks.suites.scaling import pair_recall
from clusterer import Article, Settings, cluster
from clusterer.evaluation.metrics import evaluate
from clusterer.index.story_index import StoryIndex
from clusterer.io.feed import Feed

Bar = tuple[Literal["least", "most"], float]
BARS: dict[str, Bar] = {
    "articles whose copy group is the batch's": ("least", 0.995),
    "B-cubed F1 of stories against the batch's": ("least", 0.97),
    "F1 of stories by labels, away from the batch's": ("most", 0.01),
    "articles a second over the batch's": ("least", 0.5),
    "bytes of the file an article": ("most", 6000),
    "median ms to add one article": ("most", 15),
    "99th percentile of ms to add one article": ("most", 50),
    "median to add one, largest index over smallest": ("most", 2),
    "99th percentile to add one, largest index over smallest": ("most", 2),
}
"""What is asked for: at least, or at most."""

BATCHES = (1, 100, 5000)  # articles added at a time
ALONE = 3000  # articles that are added one by one
BATCH = 1000  # articles added at a time where the pace is measured
FILL = 5000  # articles added at a time where nothing is measured
TURN = 50  # additions to one index before it is another one's turn
LARGE_BATCHES = 5
DAYS, KEPT, STEP, PORTION = 60, 7, 5, 100  # days; how long articles stay; days a row; articles added at a time
YARDSTICKS = 3  # runs of the batch a day, of which the quickest counts
START = datetime(2024, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

Labels = tuple[list[str], list[str]]  # copy group and story of every article


def incremental(plan: Plan) -> list[dict[str, Any]]:
    """The living index: the batch's answer, its pace beside the batch, single articles at two sizes, sixty days with expiry.

    An index is one SQLite file and each addition one transaction, on disk when it returns. Bars are on the last corpus,
    which is the user's where one was named, and on generated feeds; they are meant for the full run.
    """
    tables, bars = [], []
    for measured in (same_answer, throughput, latency, retention):
        found, met = measured(plan)
        tables += found
        bars += met
    return [table("incremental", "bars", bars), *tables]


def same_answer(plan: Plan) -> tuple[list[dict[str, Any]], list[Row]]:
    """Groups of an index that was filled in batches of several sizes, beside those of one run over the same articles."""
    tables: list[dict[str, Any]] = []
    for corpus in dict.fromkeys((plan.corpora[0], plan.corpora[-1])):
        feed, rows, wrong = corpus.articles(), list[Row](), list[str]()
        for size in BATCHES:
            articles = feed[: min(ALONE, max(len(feed) // 5, 1))] if size == 1 else feed
            with _index() as (index, _):
                names, changes = _fill(index, articles, size)
                ours = _final(index, names)
                found = index.check()
            wrong += [f"Wrong after batches of {size:,}: {line}." for line in found]
            rows.append(
                {"size": size, "changes": changes, "wrong": len(found), **_beside(articles, ours, corpus, plan)}
            )
        tables.append(
            table(
                "living answer",
                f"same answer: {corpus.name}",
                rows,
                "Copy groups: articles whose copy group is the same set. Stories: B-cubed against the stories of the"
                " batch. Labels: B-cubed F1 against labelled articles, doubtful ones left out. Renamed: how often an"
                " addition merged, split, moved or ended a story that was there. Wrong: what the index's own check finds.",
                *wrong,
            )
        )
    bars = []
    for row in tables[-1]["rows"]:
        where = f"batches of {row['size']:,}, {row['articles']:,} articles"
        bars.append(_bar("articles whose copy group is the batch's", row["copies"], where))
        bars.append(_bar("B-cubed F1 of stories against the batch's", row["f1"], where))
        if row["gold"]:
            away = abs(row["gold_index"] - row["gold_batch"])
            where += f", {row['gold']:,} labelled"
            bars.append(_bar("F1 of stories by labels, away from the batch's", away, where))
    return tables, bars


def _beside(articles: Sequence[Article], ours: Labels, corpus: Corpus, plan: Plan) -> Row:
    """Copy groups and stories of an index beside the batch's, and both beside labels."""
    batch = cluster(articles)
    copies, stories = ours
    theirs = batch.labels("story")
    scores = evaluate(stories, theirs)
    at, events = _labelled(articles, corpus, plan)
    by_labels = [evaluate([x[i] for i in at], events).bcubed_f1 if at else None for x in (stories, theirs)]
    return {
        "articles": len(articles),
        "copies": same_set(copies, batch.labels("copy")),
        "precision": scores.bcubed_precision,
        "recall": scores.bcubed_recall,
        "f1": scores.bcubed_f1,
        "gold": len(at),
        "gold_index": by_labels[0],
        "gold_batch": by_labels[1],
    }


def same_set(labels: Sequence[Hashable], others: Sequence[Hashable]) -> float:
    """Share of the articles whose group is the same set of articles under both labellings."""
    same = sum(a == b for a, b in zip(_sets(labels), _sets(others), strict=True))
    return same / len(labels)


def _sets(labels: Sequence[Hashable]) -> list[list[int]]:
    """Of every article the places of its group."""
    members: dict[Hashable, list[int]] = {}
    for i, label in enumerate(labels):
        members.setdefault(label, []).append(i)
    return [members[label] for label in labels]


def _labelled(articles: Sequence[Article], corpus: Corpus, plan: Plan) -> tuple[list[int], list[int]]:
    """Places of the articles that have a label that is not doubtful, and their events."""
    path = DATA / "gold.jsonl" if corpus.path == DATA / "feed.jsonl" else plan.gold
    if path is None:
        return [], []
    place = {name: i for i, a in enumerate(articles) for name in (a.id, a.url) if name}
    rows = [(r.get("url") or r["id"], r) for r in gold_rows(str(path)) if not r.get("doubtful")]
    found = [(place[name], r["event"]) for name, r in rows if name in place]
    return [at for at, _ in found], [event for _, event in found]


def throughput(plan: Plan) -> tuple[list[dict[str, Any]], list[Row]]:
    """Seconds from articles in memory to groups: the batch, and an index filled in batches, with opening and closing it."""
    corpus = plan.corpora[-1]
    articles, rows, bars = corpus.articles(), list[Row](), list[Row]()
    for level in ("story", "copy"):
        settings = Settings(level=level)
        cluster(articles[:50], settings)
        methods = {"batch": partial(_batch, articles, settings), "index": partial(_indexed, articles, settings)}
        seconds, given = in_turn(methods, plan.rounds)
        (batch, _), (ours, sizes) = given["batch"], given["index"]
        ratio = statistics.median(seconds["batch"]) / statistics.median(seconds["index"])
        same = same_set(ours[0], batch[0])
        f1 = evaluate(ours[1], batch[1]).bcubed_f1 if level == "story" else None
        rows += [
            {"method": "clusterer.cluster", "seconds": seconds["batch"], "ratio": 1.0, "copies": 1.0},
            {
                "method": f"StoryIndex.add, batches of {BATCH:,}",
                "seconds": seconds["index"],
                "ratio": ratio,
                "copies": same,
                "f1": f1,
                "bytes": sizes[0] / len(articles),
                "compact": sizes[1] / len(articles),
            },
        ]
        for row in rows[-2:]:
            row |= {"level": level, "articles": len(articles)}
        bars.append(_bar("articles a second over the batch's", ratio, f"level {level}, batches of {BATCH:,}"))
        bars.append(_bar("bytes of the file an article", sizes[0] / len(articles), f"level {level}"))
        bars.append(_bar("bytes of the file an article", sizes[1] / len(articles), f"level {level}, after compact"))
    said = f"{plan.rounds} rounds in turn, one thread. Copy groups and stories as above. Bytes: of the closed file."
    return [table("living throughput", f"throughput: {corpus.name}", rows, said)], bars


def _batch(articles: list[Article], settings: Settings) -> tuple[float, tuple[Labels, tuple[int, int]]]:
    seconds, result = timed(partial(cluster, articles, settings))
    return seconds, ((result.labels("copy"), result.labels("story")), (0, 0))


def _indexed(articles: list[Article], settings: Settings) -> tuple[float, tuple[Labels, tuple[int, int]]]:
    """Seconds to open an index, fill and close it; its labels; its bytes, as it is and after it was compacted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index.db")

        def filled() -> list[str]:
            with StoryIndex.open(path, settings) as index:
                return _fill(index, articles, BATCH)[0]

        seconds, names = timed(filled)
        before = file_bytes(path)
        with StoryIndex.open(path) as index:
            labels = _final(index, names)
            index.compact()
        return seconds, (labels, (before, file_bytes(path)))


@dataclass
class _Track:
    """An index that grows, and what was measured on it; all lists are seconds."""

    size: int
    singles: int
    feed: Iterator[Article]
    index: StoryIndex
    path: Path
    filled: float = 0.0
    batches: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    added: list[float] = field(default_factory=list)


def latency(plan: Plan) -> tuple[list[dict[str, Any]], list[Row]]:
    """One article at a time in indexes of several sizes, in turn; the articles are those that the feed goes on with."""
    with tempfile.TemporaryDirectory() as folder:
        tracks = [_track(plan, size, Path(folder, f"{size}.db")) for size in plan.stored]
        for track in tracks:
            rest = track.size - (1 + LARGE_BATCHES) * track.singles
            track.filled = sum(_clocked(track.index.add, batch) for batch in _cut(islice(track.feed, rest), FILL))
        for _ in range(LARGE_BATCHES):
            for track in tracks:
                track.batches.append(_clocked(track.index.add, list(islice(track.feed, track.singles))))
        waiting = [list(track.feed) for track in tracks]
        for track, articles in zip(tracks, waiting, strict=True):
            start = time.perf_counter()
            with StoryIndex.open(track.path, must_exist=True) as reader:
                track.opened.append(time.perf_counter() - start)
                track.asked += [_clocked(reader.query, [article]) for article in articles]
        for start in range(0, max(map(len, waiting)), TURN):
            for track, articles in zip(tracks, waiting, strict=True):
                track.added += [_clocked(track.index.add, [article]) for article in articles[start : start + TURN]]
        # Lone milliseconds mean little where others compute as well.
        load = f"{os.getloadavg()[1]:.1f}" if hasattr(os, "getloadavg") else "unknown"
        rows = [_measured(track, plan) for track in tracks]
        for track in tracks:
            track.index.close()
    bars = []
    for row in rows:
        where = f"{row['articles']:,} stored"
        bars.append(_bar("median ms to add one article", row["add"]["p50"], where))
        bars.append(_bar("99th percentile of ms to add one article", row["add"]["p99"], where))
    if len(rows) > 1:
        least, most = min(rows, key=_stored), max(rows, key=_stored)
        where = f"{most['articles']:,} over {least['articles']:,} stored"
        for name, what in (("median", "p50"), ("99th percentile", "p99")):
            ratio = most["add"][what] / least["add"][what]
            bars.append(_bar(f"{name} to add one, largest index over smallest", ratio, where))
    said = (
        f"Filled in batches of {FILL:,}, then {LARGE_BATCHES} batches, then one by one; indexes in turn. Asked: `query` of the"
        " articles that are added next, in an index that was just opened. Planted: pairs of the generator's in one copy group."
        f" Load of the machine meanwhile: {load}."
    )
    return [table("living latency", "latency: generated feeds", rows, said)], bars


def _stored(row: Row) -> int:
    return int(row["articles"])


def _track(plan: Plan, size: int, path: Path) -> _Track:
    # A smaller feed of the generator is the start of a larger one.
    corpus = generated(max(plan.stored), plan.cache, size)
    return _Track(size, min(BATCH, max(size // 10, 1)), _stream(corpus), StoryIndex.open(path), path)


def _measured(track: _Track, plan: Plan) -> Row:
    known = planted(generated(max(plan.stored), plan.cache, track.size))
    labels = {a.id: a.copy for a in track.index.assignments()}
    filled = track.size - (1 + LARGE_BATCHES) * track.singles
    return {
        "articles": len(track.index),
        "singles": track.singles,
        "add": _milliseconds(track.added),
        "query": _milliseconds(track.asked),
        "open": _milliseconds(track.opened),
        "batches": [track.singles / seconds for seconds in track.batches],
        "filled": filled / track.filled,
        "planted": pair_recall([labels[f"g{i}"] for i in range(track.size)], known),
    }


def _milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and most, in milliseconds."""
    p50, p99, most = (np.percentile(seconds, [50, 99, 100]) * 1e3).tolist()
    return {"p50": p50, "p99": p99, "max": most}


def retention(plan: Plan) -> tuple[list[dict[str, Any]], list[Row]]:
    """Sixty days of a generated feed, each added in small batches, then what is older than seven days is forgotten."""
    corpus = generated(max([DAYS * plan.daily, *plan.stored]), plan.cache, DAYS * plan.daily)
    days = _cut(redated(_stream(corpus), plan.daily), plan.daily)
    rows: list[Row] = []
    with _index() as (index, path):
        for day, articles in enumerate(days):
            if day % STEP == 0:
                names = ("kept", "file", "log", "used", "p50", "p99", "expire", "over", "seconds")
                rows.append({"days": f"{day + 1} to {day + STEP}", "day": day + 1, **{name: [] for name in names}})
            seconds = [_clocked(index.add, portion) for portion in _cut(articles, PORTION)]
            expired = _clocked(index.expire, START + (day - KEPT) * _DAY)
            batch = min(_clocked(cluster, articles) for _ in range(YARDSTICKS))
            spread = _milliseconds(seconds)
            now = {
                "kept": len(index),
                "file": file_bytes(path),
                "log": file_bytes(path, "-wal"),
                "used": index.counts()["bytes"],
                "p50": spread["p50"],
                "p99": spread["p99"],
                "expire": expired * 1e3,
                "over": (sum(seconds) + expired) / batch,
            }
            for name, value in now.items():
                rows[-1][name].append(value)
            rows[-1]["seconds"] += seconds
        labels = {a.id: a.copy for a in index.assignments()}
        wrong = index.check()
    here = [int(name.removeprefix("g")) for name in labels]
    known = planted(corpus)
    recall = pair_recall(list(labels.values()), [known[i] for i in here])
    early, late = ([row for row in rows if low <= row["day"] <= high] for low, high in ((16, 30), (46, 60)))
    ratios = [
        f"{what} {_over(late, early, name, q):.2f}"
        for what, name, q in (
            ("articles", "kept", 50),
            ("file", "file", 50),
            ("used", "used", 50),
            ("median of a batch", "seconds", 50),
            ("its 99th percentile", "seconds", 99),
            ("expiry", "expire", 50),
            ("both over the batch run", "over", 50),
        )
    ]
    said = f"Days 46 to 60 over days 16 to 30: {', '.join(ratios)}."
    end = (
        f"At the end {recall:.4f} of the planted pairs that are stored lie in one copy group, and the index's own check"
        f" finds {len(wrong)} things wrong{': ' * bool(wrong)}{'; '.join(wrong)}."
    )
    title = f"retention: generated feed, {plan.daily:,} articles a day, {KEPT} days kept"
    bytes_said = (
        "Used: pages that hold something. File: with its write-ahead log. Log: that alone. The most in these days."
    )
    pace_said = (
        f"Batches of {PORTION} articles; expiry once a day. Over the batch run: both together, in times of what"
        " `clusterer.cluster` takes for the day's articles alone, at the same hour on the same machine."
    )
    return [
        table("living room", f"{title}: room", rows, bytes_said, said, end),
        table("living pace", f"{title}: pace", rows, pace_said),
    ], []


def redated(articles: Iterable[Article], daily: int) -> Iterator[Article]:
    """Articles with new dates: so many a day, evenly over it, on consecutive days."""
    for i, article in enumerate(articles):
        yield replace(article, date=START + _DAY * (i / daily))


def _over(late: list[Row], early: list[Row], name: str, q: int) -> float:
    """Ratio of a percentile over all values of some days."""
    a, b = (np.percentile([x for row in rows for x in row[name]], q) for rows in (late, early))
    return float(a / b)


@contextmanager
def _index() -> Iterator[tuple[StoryIndex, Path]]:
    """An empty index in a folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index.db")
        with StoryIndex.open(path) as index:
            yield index, path


def _fill(index: StoryIndex, articles: Sequence[Article], size: int) -> tuple[list[str], int]:
    """Add articles in batches; the id that each has there, and how many changes to known stories were told."""
    names, changes = list[str](), 0
    for batch in _cut(articles, size):
        added = index.add(batch)
        names += [a.id for a in added]
        changes += len(added.changes)
    return names, changes


def _final(index: StoryIndex, names: list[str]) -> Labels:
    """Copy groups and stories of articles as they are now."""
    now = {a.id: a for a in index.assignments()}
    return [now[name].copy for name in names], [now[name].story for name in names]


def file_bytes(path: Path, *endings: str) -> int:
    """Of an index's file and its write-ahead log, or of what is beside it with these endings."""
    files = [Path(f"{path}{ending}") for ending in endings or ("", "-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def _stream(corpus: Corpus) -> Iterator[Article]:
    return (row.article for row in islice(Feed([corpus.path]), corpus.limit))


def _cut(articles: Iterable[Article], size: int) -> Iterator[list[Article]]:
    walk = iter(articles)
    while batch := list(islice(walk, size)):
        yield batch


def _clocked(method: Callable[[Any], Any], given: Any) -> float:
    """Seconds of a call. Unlike `measure.timed` without cleaning up first, which would take longer than what is timed."""
    start = time.perf_counter()
    method(given)
    return time.perf_counter() - start


def _bar(what: str, measured: float, where: str) -> Row:
    side, bound = BARS[what]
    met = measured >= bound if side == "least" else measured <= bound
    return {"what": what, "where": where, "measured": measured, "bar": f"at {side} {bound:,g}", "met": met}
