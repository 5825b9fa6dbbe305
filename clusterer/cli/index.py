"""`clusterer index`: commands over a living index. Parse, call `StoryIndex`, print.

Data goes to standard output as JSON lines, or as text where it is made to be read; messages go to standard error.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any, BinaryIO

import click

from clusterer.articles import Article
from clusterer.cli.batches import batches, live_batches
from clusterer.cli.limits import parse_bytes, parse_moment
from clusterer.cli.options import (
    SectionedCommand,
    guard_option,
    input_options,
    language_option,
    output_option,
    pairs_option,
    report_option,
    result_option,
    settings_options,
    with_option,
)
from clusterer.cli.run import Run, keep_apart, settings_of, tell_written
from clusterer.cli.terminal import tell
from clusterer.errors import InputError
from clusterer.index import Change, Removed, Story, StoryIndex
from clusterer.io.atomic import appended, atomic_output, streamed
from clusterer.io.guard import json_line
from clusterer.io.writers import added_fields, form_for, result_form, write_lines, write_result
from clusterer.messages import Language
from clusterer.pairs import Pair
from clusterer.results import Assignment

_BATCH = 1000
_file = click.argument("path", metavar="FILE", type=click.Path(dir_okay=False))
_changes = click.option(
    "--changes", type=click.Path(allow_dash=True), help="file to add a line to for every story merged, split or ended"
)


@click.group("index")
def index() -> None:
    """A living index: one FILE that takes articles as they come, keeps the ids of stories, and forgets what is old.

    Example: clusterer index add news.db feed.jsonl
    """


@index.command("create")
@_file
@settings_options
def create(path: str, **options: Any) -> None:
    """Make an empty index. Its settings are kept in it and hold for all that is added.

    Example: clusterer index create news.db
    """
    if os.path.exists(path):
        raise InputError(f"{path}: is there already; cure: another name, or remove it first")
    StoryIndex.open(path, settings_of(options)).close()


@index.command("add", cls=SectionedCommand)
@_file
@input_options
@click.option("--batch", type=click.IntRange(1), help="articles stored at a time; 1000, from standard input 1")
@click.option("--update", is_flag=True, help="articles whose ids are there are new versions of these")
@click.option(
    "-o",
    "--output",
    default="-",
    type=click.Path(allow_dash=True),
    help="file for the answers; - is standard output. An earlier one is replaced at once; each line is there when its "
    "article is stored, and stays, however the run ends",
)
@with_option
@_changes
def add(
    path: str,
    batch: int | None,
    update: bool,
    output: str,
    added: tuple[str, ...],
    changes: str | None,
    **options: Any,
) -> None:
    """Add the articles of INPUT to FILE; write one line an article, when it is safely stored.

    Fields of a line: those of `cluster`, status, and those of --with. A status is new (opens a story), report (of a story
    that is there), copy, or known (was there already). With - articles are read as JSON lines in UTF-8 and answered as
    they come. Bad rows are added to FILE.quarantine.jsonl.

    Example: tail -f feed.jsonl | clusterer index add news.db -
    """
    run = Run(output, options, _files(path), [changes], path)
    form_for(output, ("jsonl",))
    plain = options["format_"] in (None, "jsonl") and (options["encoding"] or "utf-8").lower() in ("utf-8", "utf8")
    live = options["inputs"] == ("-",) and plain
    counts: Counter[str] = Counter()
    stopped: BaseException | None = None
    with (
        run.quarantine,
        StoryIndex.open(path, must_exist=True) as store,
        streamed(output) as out,
        _appended(changes) as changes_file,
    ):
        take = store.update if update else store.add
        rows = run.feed.follow(sys.stdin.fileno()) if live else iter(run.feed)
        try:
            for part in live_batches(rows, batch or 1) if live else batches(rows, batch or _BATCH):
                taken = take([row.article for row in part])
                counts.update(taken.status)
                answers = zip(taken, taken.status, part, strict=True)
                _write(out, (_line(a, status, added_fields(row, added)) for a, status, row in answers))
                _write_changes(changes_file, taken.changes)
        except BaseException as error:  # what was stored and what was set aside stays, whatever ends the run
            stopped = error
    run.summarise({"articles": counts.total(), **counts})
    if isinstance(stopped, KeyboardInterrupt):
        tell("interrupted; what was answered is stored", err=True)
        sys.exit(130)
    if stopped:
        raise stopped
    if not counts:
        run.refuse_nothing()
    run.check()


@index.command("query", cls=SectionedCommand)
@_file
@input_options
@output_option
@with_option
def query(path: str, output: str, added: tuple[str, ...], **options: Any) -> None:
    """Say what the articles of INPUT would be; nothing is stored. Lines as of `add`, without status.

    Example: clusterer index query news.db new.jsonl
    """
    run, relations = Run(output, options, _files(path)), Counter[str]()
    with run.quarantine, StoryIndex.open(path, must_exist=True) as store, atomic_output(output) as out:
        for part in batches(iter(run.feed), _BATCH):
            answers = store.query([row.article for row in part])
            relations.update(a.relation or "alone" for a in answers)
            _write(out, (_line(a, None, added_fields(row, added)) for a, row in zip(answers, part, strict=True)))
    run.summarise({"articles": relations.total(), **relations})
    if not relations:
        run.refuse_nothing()
    run.check()


@index.command("stories")
@_file
@click.option("--since", metavar="AGE|DATE", help="only with an article not older: 12h, 7d, 2w, or a date")
@click.option("--min-size", type=click.IntRange(1), default=1, show_default=True, help="least number of articles")
@click.option("--limit", type=click.IntRange(1), help="no more than so many")
@output_option
def stories(path: str, since: str | None, min_size: int, limit: int | None, output: str) -> None:
    """List the stories, those with the latest article first, one JSON line each.

    Example: clusterer index stories news.db --since 24h --min-size 3
    """
    keep_apart([output], _files(path))
    with StoryIndex.open(path, must_exist=True) as store, atomic_output(output) as out:
        for story in store.stories(parse_moment(since), min_size, limit):
            _write(out, [_summary(story)])


@index.command("show")
@_file
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="as JSON lines: the story, then its articles' assignments")
def show(path: str, id: str, as_json: bool) -> None:
    """Show a story: by its id, an alias, or the id of one of its articles.

    Example: clusterer index show news.db marsad-14
    """
    with StoryIndex.open(path, must_exist=True) as store:
        story = store.story(id)
        if as_json:
            _write(sys.stdout.buffer, [_summary(story), *map(_line, story.assignments)])
            return
        articles = store.articles([a.id for a in story.assignments])
    tell(f"{story.title or story.id}")
    tell(f"  story {story.id}" + (f", also {', '.join(story.aliases)}" if story.aliases else ""))
    if story.follows:
        tell(f"  follows {story.follows}, an earlier story of the same affair")
    texts = f"{story.copies} independent {'text' if story.copies == 1 else 'texts'}"
    tell(
        f"  {len(story)} articles, {texts}, {len(story.outlets)} outlets, {story.first:%F %H:%M} to {story.last:%F %H:%M} UTC"
    )
    for a in story.assignments:
        tell(_shown(a, articles[a.id]))


@index.command("remove")
@_file
@click.argument("ids", nargs=-1)
@click.option("--ids", "listed", type=click.Path(allow_dash=True), help="file of ids, one a line; - is standard input")
@_changes
def remove(path: str, ids: tuple[str, ...], listed: str | None, changes: str | None) -> None:
    """Take articles away by their ids. What is left of their stories keeps its name.

    Example: clusterer index remove news.db marsad-14
    """
    keep_apart([changes], [*_files(path), *([listed] if listed else [])])
    lines: list[str] = []
    if listed:
        try:
            with click.open_file(listed, "rb") as file:
                lines = [line.rstrip("\r") for line in file.read().decode("utf-8-sig").split("\n")]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{listed}: cannot be read ({error}); cure: a file of ids in UTF-8, one a line") from None
    names = [*ids, *(line for line in lines if line.strip())]
    if not names:
        raise click.UsageError("no id given")
    with StoryIndex.open(path, must_exist=True) as store, _appended(changes) as changes_file:
        removed = store.remove(names)
        _write_changes(changes_file, removed.changes)
    _say(removed)
    if removed.missing:
        shown = ", ".join(removed.missing[:5]) + (", ..." if len(removed.missing) > 5 else "")
        tell(f"{len(removed.missing)} not there: {shown}", err=True)


@index.command("expire")
@_file
@click.option("--older-than", metavar="AGE|DATE", help="forget what is older: 12h, 7d, 2w, or a date")
@click.option("--max-articles", type=click.IntRange(0), help="keep no more than so many")
@click.option("--max-size", metavar="SIZE", help="keep so many that the file is at most so large: 500MB, 2GB")
@_changes
def expire(
    path: str, older_than: str | None, max_articles: int | None, max_size: str | None, changes: str | None
) -> None:
    """Forget the oldest articles and give their space back. An article without a date is as old as its stay.

    Example: clusterer index expire news.db --older-than 7d
    """
    if older_than is None and max_articles is None and max_size is None:
        raise click.UsageError("say what to forget: --older-than, --max-articles or --max-size")
    keep_apart([changes], _files(path))
    with StoryIndex.open(path, must_exist=True) as store, _appended(changes) as changes_file:
        removed = store.expire(parse_moment(older_than), max_articles=max_articles, max_bytes=parse_bytes(max_size))
        _write_changes(changes_file, removed.changes)
    _say(removed)


@index.command("check")
@_file
def check(path: str) -> None:
    """Read the whole of FILE and compute links, groups and counts anew. Exit code 1 where something is wrong.

    Example: clusterer index check news.db
    """
    with StoryIndex.open(path, must_exist=True) as store:
        problems = store.check()
        if problems:
            for line in problems:
                tell(line)
            cure = "restore a copy, or make a new index and merge this one into it: articles are read anew"
            raise InputError(f"{path}: {len(problems)} found; cure: {cure}")
        for name, count in store.counts().items():
            tell(f"{count:>15,}  {name}")


@index.command("export")
@_file
@result_option
@with_option
@report_option
@language_option
@pairs_option
@guard_option
def export(
    path: str,
    output: str,
    added: tuple[str, ...],
    report: str | None,
    language: Language | None,
    pairs: str | None,
    guard: bool,
) -> None:
    """Write every article's assignment, in order of arrival: the lines that `cluster` writes.

    An index does not keep the files and rows in which its articles stood: pairs are without them.

    Example: clusterer index export news.db -o clusters.csv --with title,source,date --report report.html
    """
    keep_apart([output, report, pairs], _files(path))
    if unknown := {"file", "row"} & {*added}:
        what = " and ".join(sorted(unknown))
        raise InputError(f"--with {what}: an index does not keep that; cure: index add --with file,row")
    form = result_form(output)
    pairs_form = result_form(pairs) if pairs else ""
    with StoryIndex.open(path, must_exist=True) as store, contextlib.ExitStack() as stack:
        out = stack.enter_context(atomic_output(output))
        page = stack.enter_context(atomic_output(report)) if report else None
        aside = stack.enter_context(atomic_output(pairs)) if pairs else None
        assignments = store.assignments()
        walk = partial(_articles, store, [a.id for a in assignments])
        write_result(out, assignments, form, added, walk() if added else None, guard)
        if page:
            from clusterer.report.build import build
            from clusterer.report.page import page as report_page

            furniture, stats, follows = store.furniture(), store.counts(), store.follows()
            made = build(assignments, walk, store.settings, furniture=furniture, stats=stats, follows=follows)
            page.write(report_page(made, language))
        if aside:
            names = Pair._fields[:-2]
            write_lines(
                aside, (dict(zip(names, pair, strict=False)) for pair in store.pairs()), names, pairs_form, guard
            )
    tell_written(output, report, pairs)


@index.command("merge")
@_file
@click.argument("others", metavar="OTHER...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@_changes
def merge(path: str, others: tuple[str, ...], changes: str | None) -> None:
    """Add all articles of OTHER indexes, also of those with other settings or of another release, to FILE.

    The ids of their stories become aliases.

    Example: clusterer index merge news.db other.db
    """
    keep_apart([changes], [*_files(path), *others])
    with StoryIndex.open(path, must_exist=True) as store, _appended(changes) as changes_file:
        for other in others:
            added = store.merge(other)
            _write_changes(changes_file, added.changes)
            known = added.status.count("known")
            tell(f"{len(added) - known:,} articles added of {other}, {known:,} known", err=True)


@index.command("compact")
@_file
def compact(path: str) -> None:
    """Put the keys in order and give all free space back.

    Example: clusterer index compact news.db
    """
    with StoryIndex.open(path, must_exist=True) as store:
        store.compact()


def _articles(store: StoryIndex, ids: list[str]) -> Iterator[Article]:
    """Stored articles, in the order of their ids."""
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        stored = store.articles(batch)
        for name in batch:
            if name not in stored:
                raise InputError(f"article {name!r} was removed while it was exported; cure: export again")
            yield stored[name]


def _files(path: str) -> list[str]:
    """All files of an index."""
    return [path, f"{path}-wal", f"{path}-shm", f"{path}-writer"]


def _line(assignment: Assignment, status: str | None = None, added: Mapping[str, Any] | None = None) -> dict[str, Any]:
    line = assignment.as_dict()
    return {**(line if status is None else {**line, "status": status}), **(added or {})}


def _summary(story: Story) -> dict[str, Any]:
    head = next(a.id for a in story.assignments if a.representative)
    return {
        "story": story.id,
        "articles": len(story),
        "copies": story.copies,
        "outlets": story.outlets,
        "first": story.first,
        "last": story.last,
        "representative": head,
        "title": story.title,
        "aliases": story.aliases,
        "follows": story.follows,
    }


def _shown(a: Assignment, article: Article) -> str:
    date = article.when or "no date"
    why = "stands for the story" if a.relation is None else f"{a.relation} {a.score:.2f} of {a.linked_to}"
    return f"\n  {article.title or article.text[:80]}\n    {date}  {article.outlet or 'no source'}  {a.id}\n    {why}"


def _write(out: BinaryIO, rows: Any) -> None:
    for row in rows:
        out.write(json_line(row))
    out.flush()


def _appended(path: str | None) -> contextlib.AbstractContextManager[BinaryIO | None]:
    if path is None or path == "-":
        return contextlib.nullcontext(sys.stdout.buffer if path else None)
    return appended(path)


def _write_changes(file: BinaryIO | None, changes: tuple[Change, ...]) -> None:
    if file:
        _write(file, map(asdict, changes))


def _say(removed: Removed) -> None:
    tell(f"{removed.articles:,} {'article' if removed.articles == 1 else 'articles'} removed", err=True)
