"""Forged index files under every operation: ``python -m benchmarks.suites.forged``, a few minutes.

Each forgery of `benchmarks.corpora.forgeries` is opened, asked, written and merged, every operation on a fresh copy and in a
process of its own. An operation must give an answer or one of our errors: no bare error, no crash, no more than `SECONDS` of
processor time, no more than `MEGABYTES` above what the same operation takes on the honest file. ``check`` must refuse or name
every forgery but those that change no answer.
"""

from __future__ import annotations

import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click
import orjson

from benchmarks.corpora.forgeries import FORGERIES, Forgery
from benchmarks.corpora.generator import feed
from clusterer import Article, StoryIndex
from clusterer.cli.index import _articles as articles_of
from clusterer.errors import ClustererError, IndexDamaged
from clusterer.index import StoryOrder
from clusterer.index.arrivals import arrived
from clusterer.index.search import WordSearch
from clusterer.report.build import build
from clusterer.report.page import page

SECONDS, MEGABYTES = 5, 500
_WALL = 40  # times the seconds of a processor: when a process is ended that waits instead of working


def sample() -> list[Article]:
    """Made articles, a few more than the honest file holds."""
    return [
        Article(row["content"], row["id"], row["title"], row["source"], "", datetime.fromisoformat(row["date"]))
        for row in feed(130, seed=5)
    ]


def make_honest(path: Path, articles: Sequence[Article]) -> None:
    """An index whose articles came, went, changed and came, with an alias."""
    with StoryIndex.open(path) as index:
        for start in range(0, 110, 37):
            index.add(articles[start : min(start + 37, 110)])
        index.remove([x.id for x in articles[:110:11]])
        index.update([replace(article, text=f"{article.text} تصحيح") for article in articles[1:110:25]])
    other = path.with_name("other-honest.db")
    with StoryIndex.open(other) as index:
        index.add(articles[105:112])
    with StoryIndex.open(path) as index:
        index.merge(other)


def _report(index: StoryIndex) -> str:
    assignments = index.assignments()
    articles = partial(articles_of, index, [a.id for a in assignments])
    return page_of(build(assignments, articles, index.settings, furniture=index.furniture(), stats=index.counts()))


def _searched(index: StoryIndex, words: str) -> Any:
    """What a search finds once all words are read, and what came after the tenth article."""
    with index.snapshot() as reader, closing(WordSearch()) as search:
        while search.read_more(reader):
            pass
        return search.find(words, 20), arrived(reader.index, 10, 20)


def page_of(made: Any) -> str:
    """The report as a page."""
    return str(page(made))


def _others(path: Path) -> Path:
    return path.with_name("honest.db")


def _merged_into_new(path: Path, articles: Sequence[Article]) -> Any:
    with StoryIndex.open(path.with_name("new.db")) as index:
        return index.merge(path).assignments


Operation = Callable[[StoryIndex, Sequence[Article]], Any]
OPERATIONS: dict[str, Operation] = {
    "info": lambda index, some: (index.counts(), len(index), sorted(index.furniture())),
    "check": lambda index, some: index.check(),
    "query": lambda index, some: index.query(some[::9]),
    "add": lambda index, some: index.add(some[108:]).assignments,
    "update": lambda index, some: index.update([Article(some[20].text, some[i].id) for i in (12, 13, 40)]).assignments,
    "remove": lambda index, some: index.remove([x.id for x in some[30:40]]).articles,
    "expire by age": lambda index, some: index.expire(some[50].date).articles,
    "expire by number": lambda index, some: index.expire(max_articles=50).articles,
    "expire by size": lambda index, some: index.expire(max_bytes=300_000).articles,
    "compact": lambda index, some: index.compact(),
    "merge from honest": lambda index, some: index.merge(some[0].url).assignments,
    "stories": lambda index, some: index.stories(),
    "ranked": lambda index, some: [index.stories("9000d", 1, 5, sort=sort) for sort in get_args(StoryOrder)],
    "selected": lambda index, some: (
        index.outlets(),
        [index.stories("9000d", 1, 5, sort=sort, until="0h", outlet=_outlet(some)) for sort in get_args(StoryOrder)],
    ),
    "search": lambda index, some: _searched(index, some[0].title),
    "story": lambda index, some: [index.story(x.id) for x in some[12:20]],
    "assignments": lambda index, some: index.assignments(),
    "pairs": lambda index, some: index.pairs(),
    "articles": lambda index, some: [vars_of(x) for x in index.articles([x.id for x in some]).values()],
    "explain": lambda index, some: [
        index.explain(some[i].id, some[j].id).as_dict() for i, j in ((12, 13), (12, 50), (14, 41))
    ],
    "report": lambda index, some: _report(index),
}


def _outlet(articles: Sequence[Article]) -> str:
    """The first outlet that some articles name."""
    return next(article.outlet for article in articles if article.outlet)


def vars_of(article: Article) -> tuple[str, ...]:
    """What the command prints of an article."""
    return (article.id, article.title, article.outlet, article.when or "", article.text)


class Outcome(NamedTuple):
    """How an operation went.

    Attributes:
        kind: "answer", the name of an error, or what went wrong.
        told: what ``check`` found, or the message.
        megabytes: peak of memory of the process.
    """

    kind: str
    told: str
    megabytes: float

    @property
    def is_bad(self) -> bool:
        """Whether neither an answer nor one of our errors came."""
        return self.kind.startswith("bad: ")


def attempt(path: Path, name: str, articles: Sequence[Article]) -> tuple[str, str]:
    """One operation on a file, in this process; what kind of outcome, and what it told."""
    try:
        if name == "merge into new":
            answer: Any = _merged_into_new(path, articles)
        else:
            with StoryIndex.open(path, must_exist=True) as index:
                answer = OPERATIONS[name](index, articles)
        orjson.dumps(answer, default=str)  # what the command does next
    except IndexDamaged as error:
        return "IndexDamaged", str(error)
    except ClustererError as error:
        return type(error).__name__, str(error)
    except RecursionError as error:
        return "bad: RecursionError", repr(error)
    except Exception as error:
        lines = [line.strip() for line in traceback.format_exc().splitlines() if "/clusterer/" in line]
        return f"bad: {type(error).__name__}", f"{error!r:.200} {lines[-1] if lines else ''}"
    return "answer", "; ".join(answer) if name == "check" else ""


def in_process(path: Path, name: str, articles: Sequence[Article], seconds: int = SECONDS) -> Outcome:
    """One operation on a file, in a process of its own that may take so many seconds of a processor."""
    heard, tell = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(heard)
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        if "ASAN_OPTIONS" not in os.environ:
            resource.setrlimit(resource.RLIMIT_AS, (16 << 30, resource.RLIM_INFINITY))
        used = int(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + seconds + 1, used + seconds + 2))
        with suppress(BaseException):
            os.write(tell, orjson.dumps(attempt(path, name, articles), default=str)[:60_000])
        os._exit(0)
    os.close(tell)
    end, raw = time.monotonic() + _WALL * seconds, b""
    while select.select([heard], [], [], max(end - time.monotonic(), 0))[0]:
        if not (part := os.read(heard, 1 << 16)):
            break
        raw += part
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(heard)
    _, status, usage = os.wait4(pid, 0)
    megabytes = usage.ru_maxrss / 1024
    if os.WIFSIGNALED(status):
        end_signal = os.WTERMSIG(status)
        what = "hangs" if end_signal in (signal.SIGXCPU, signal.SIGKILL) else f"signal {end_signal}"
        return Outcome(f"bad: {what}", "", megabytes)
    if not raw:
        return Outcome(f"bad: exit {status}", "", megabytes)
    kind, told = orjson.loads(raw)
    return Outcome(kind, told, megabytes)


def run(
    forgeries: Sequence[Forgery],
    folder: Path,
    names: Sequence[str],
    tell: Callable[[str], None],
    seconds: int = SECONDS,
    megabytes: int = MEGABYTES,
) -> tuple[Counter[str], list[str], list[str]]:
    """Every forgery under some operations.

    Returns:
        How many outcomes there were of each kind, what went wrong, and forgeries that ``check`` found nothing wrong with.
    """
    articles, honest = sample(), folder / "honest.db"
    make_honest(honest, articles)
    articles[0] = Article(articles[0].text, articles[0].id, articles[0].title, "", str(folder / "other-honest.db"))
    counts, wrong, unnoticed = Counter[str](), list[str](), list[str]()
    usual: dict[str, float] = {}
    for forgery in (Forgery("honest", lambda path: None), *forgeries):
        forged, path = folder / "forged.db", folder / "work.db"
        _remove(folder, "forged.db*")
        shutil.copy(honest, forged)
        forgery.forge(forged)
        for name in names:
            _remove(folder, "work.db*", "new.db*")
            for part in folder.glob("forged.db*"):
                shutil.copy(part, folder / part.name.replace("forged", "work"))
            outcome = in_process(path, name, articles, seconds)
            if forgery.name == "honest":
                usual[name] = outcome.megabytes
                if outcome.kind != "answer" or (name == "check" and outcome.told):
                    wrong.append(f"honest, {name}: {outcome}")
                continue
            more = outcome.megabytes - usual[name]
            counts[outcome.kind] += 1
            if outcome.is_bad:
                wrong.append(f"{forgery.name}, {name}: {outcome.kind} {outcome.told}")
            elif more > megabytes:
                wrong.append(f"{forgery.name}, {name}: {more:,.0f} MB more than on the honest file")
            counts["most MB above the honest file"] = max(counts["most MB above the honest file"], int(more))
            if name == "check" and outcome.kind == "answer" and not outcome.told:
                unnoticed.append(forgery.name)
        tell(forgery.name)
    return counts, wrong, unnoticed


def _remove(folder: Path, *patterns: str) -> None:
    for pattern in patterns:
        for path in folder.glob(pattern):
            path.unlink()


@click.command()
@click.option("--only", default="", help="forgeries whose names hold this")
@click.option("--operations", default="", help="some operations, by commas; all where none is named")
@click.option("--seconds", default=SECONDS, show_default=True, help="of a processor that an operation may take")
@click.option("--megabytes", default=MEGABYTES, show_default=True, help="more than on the honest file that it may take")
def main(only: str, operations: str, seconds: int, megabytes: int) -> None:
    """Run every operation on every forged file; exit code 1 where one went wrong."""
    chosen = [forgery for forgery in FORGERIES if only in forgery.name]
    names = operations.split(",") if operations else [*OPERATIONS, "merge into new"]
    with tempfile.TemporaryDirectory() as folder:
        counts, wrong, unnoticed = run(chosen, Path(folder), names, partial(click.echo, err=True), seconds, megabytes)
    for line in wrong:
        click.echo(line)
    click.echo(f"{len(chosen)} forgeries, {len(names)} operations: {len(wrong)} went wrong")
    for kind, count in counts.most_common():
        click.echo(f"{count:>8,}  {kind}")
    click.echo(f"check finds nothing wrong with {len(unnoticed)}: {', '.join(unnoticed)}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
