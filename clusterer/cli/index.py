"""`clusterer index`: commands over a living index. Parse, call `StoryIndex`, print.

Data goes to standard output as JSON lines, or as text where it is made to be read; messages go to standard error.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, get_args

import click

from clusterer.articles import Article
from clusterer.cli.batches import batches, live_batches
from clusterer.cli.help import SectionedCommand
from clusterer.cli.index_files import (
    appended_changes,
    changes_option,
    file_argument,
    files_of,
    no_outlet,
    quiet_option,
    tell_age,
    write_changes,
    write_json_lines,
)
from clusterer.cli.index_upkeep import backup, check, compact, expire, merge, remove
from clusterer.cli.limits import parse_moment
from clusterer.cli.options import (
    guard_option,
    input_options,
    language_option,
    output_option,
    pairs_option,
    report_option,
    result_option,
    settings_options,
    stored_with_option,
    with_option,
    zone_option,
)
from clusterer.cli.output_names import OutputPath
from clusterer.cli.result_tables import write_story_lines
from clusterer.cli.run import Run, keep_apart, refuse_empty, settings_of, tell_written
from clusterer.cli.terminal import tell
from clusterer.errors import InputError, OutputError
from clusterer.index import Story, StoryIndex, StoryOrder
from clusterer.io.added_fields import AddedFields
from clusterer.io.atomic import atomic_output, streamed
from clusterer.io.dates import zone_from
from clusterer.io.feed import Feed
from clusterer.io.formats import FORMATS_BY_NAME
from clusterer.io.rows import Row
from clusterer.io.writers import result_form, write_lines, write_result
from clusterer.messages import Language
from clusterer.pairs import Pair
from clusterer.results import Assignment

_BATCH = 1000


@click.group("index")
def index() -> None:
    """A living index: one FILE that takes articles as they come, keeps the ids of stories, and forgets what is old.

    Example: clusterer index add news.db feed.jsonl
    """


@index.command("create", cls=SectionedCommand)
@file_argument
@click.option("--if-missing", is_flag=True, help="an index of the same settings that is there stays as it is")
@settings_options
def create(path: str, if_missing: bool, **options: Any) -> None:
    """Make an empty index. Its settings are kept in it and hold for all that is added.

    Example: clusterer index create news.db --if-missing
    """
    if os.path.exists(path) and not if_missing:
        raise InputError(f"{path}: is there already; cure: --if-missing, another name, or remove it first")
    StoryIndex.open(path, settings_of(options)).close()


@index.command("add", cls=SectionedCommand)
@file_argument
@input_options
@click.option("--batch", type=click.IntRange(1), help="articles stored at a time; 1000, from standard input 1")
@click.option("--update", is_flag=True, help="articles whose ids are there are new versions of these")
@click.option(
    "--unique-url",
    is_flag=True,
    help="articles of one URL, without scheme, www, AMP and tracking, are versions of one, whatever their ids: the URL is the id",
)
@click.option(
    "-o",
    "--output",
    default="-",
    type=OutputPath("jsonl", allow_dash=True),
    help="file for the answers; - is standard output. An earlier one is replaced at once; each line is there when its "
    "article is stored, and stays, however the run ends",
)
@click.option("--again", is_flag=True, help="also what was removed or has expired, which is else not taken in")
@with_option
@changes_option
def add(
    path: str,
    batch: int | None,
    update: bool,
    unique_url: bool,
    again: bool,
    output: str,
    added: tuple[str, ...],
    changes: str | None,
    **options: Any,
) -> None:
    """Add the articles of INPUT to FILE; write one line an article, when it is safely stored.

    Fields of a line: those of `cluster`, status, story_title, and those of --with. A status is new (opens a story), report (of
    a story that is there), copy, updated (a new version, in its story), known (was there already), older (a version that was
    replaced, or is dated before the stored one), removed or expired (they were there); nothing is stored of the last four.
    With - articles are read as JSON lines in UTF-8 and answered as they come. Bad rows are added to FILE.quarantine.jsonl.

    Example: tail -f feed.jsonl | clusterer index add news.db -
    """
    run = Run(output, options, files_of(path), [changes], path)
    plain = options["format_"] in (None, "jsonl") and (options["encoding"] or "utf-8").lower() in ("utf-8", "utf8")
    live = options["inputs"] == ("-",) and plain
    counts, fields = Counter[str](), AddedFields(added)
    stopped: BaseException | None = None
    with run.quarantine, contextlib.ExitStack() as stack:
        store = stack.enter_context(StoryIndex.open(path, must_exist=True))
        take = partial(store.update, unique_url=unique_url) if update or unique_url else store.add
        take = partial(take, again=again)
        parts: Iterator[list[Row]] = iter(())
        try:
            live_rows = run.feed.follow(sys.stdin.fileno()) if live else None
            parts = live_batches(live_rows, batch or 1) if live_rows else _begun(run.feed, batch or _BATCH)
        except BaseException as error:
            stopped = error
        if not stopped:
            out = stack.enter_context(streamed(output))
            changes_file = stack.enter_context(appended_changes(changes))
        try:
            for part in parts:
                taken = take([row.article for row in part])
                counts.update(taken.status)
                answers = zip(taken, taken.status, taken.titles, part, strict=True)
                write_json_lines(
                    out,
                    (
                        {**a.as_dict(), "status": status, "story_title": title, **fields.of(row)}
                        for a, status, title, row in answers
                    ),
                )
                write_changes(changes_file, taken.changes)
        except BaseException as error:  # what was stored and what was set aside stays, whatever ends the run
            stopped = error
    run.summarise({"articles": counts.total(), **counts})
    if (removed := counts["removed"]) and not options["quiet"]:
        told = (
            "1 article was removed earlier and stays"
            if removed == 1
            else f"{removed:,} articles were removed earlier and stay"
        )
        tell(f"{told} away; cure, where that is not meant: --again", err=True)
    if isinstance(stopped, KeyboardInterrupt):
        tell("interrupted; what was answered is stored", err=True)
        sys.exit(130)
    if isinstance(stopped, BrokenPipeError):
        raise OutputError(
            "whoever read the answers left; those of the last batch may be lost, and what comes after it is not stored; cure:"
            " -o FILE, and add again"
        ) from stopped
    if stopped:
        raise stopped
    if not counts and live and run.first_bad:
        raise InputError(
            f"standard input is read as JSON lines, and none of {run.quarantine.count} rows is one ({run.first_bad[0].file}, line"
            f" {run.first_bad[0].line}: {run.first_bad[0].reason});"
            f" cure: --format NAME where it is of another format: {', '.join(FORMATS_BY_NAME)}"
        )
    if not counts:
        run.refuse_nothing()
    if missing := fields.missing():
        tell(f"{missing}; all is stored", err=True)
    run.check()


def _begun(feed: Feed, size: int) -> Iterator[list[Row]]:
    """The batches, of which the first is read: where that cannot be, or all files are empty, nothing is written."""
    parts = batches(iter(feed), size)
    first = next(parts, None)
    if first is None:
        refuse_empty(feed)
    return chain([] if first is None else [first], parts)


@index.command("query", cls=SectionedCommand)
@file_argument
@input_options
@output_option
@with_option
def query(path: str, output: str, added: tuple[str, ...], **options: Any) -> None:
    """Say what the articles of INPUT would be; nothing is stored. Lines as of `add`, without status.

    Example: clusterer index query news.db new.jsonl
    """
    run, relations, fields = Run(output, options, files_of(path)), Counter[str](), AddedFields(added)
    with run.quarantine, StoryIndex.open(path, must_exist=True) as store, atomic_output(output) as out:
        for part in batches(iter(run.feed), _BATCH):
            answers = store.query([row.article for row in part])
            relations.update(a.relation or "alone" for a in answers)
            write_json_lines(out, ({**a.as_dict(), **fields.of(row)} for a, row in zip(answers, part, strict=True)))
        fields.refuse_missing()
    run.summarise({"articles": relations.total(), **relations})
    if not relations:
        run.refuse_nothing()
    run.check()


@index.command("stories", cls=SectionedCommand)
@file_argument
@click.option(
    "--sort",
    type=click.Choice(get_args(StoryOrder)),
    default="date",
    show_default=True,
    help="first those with the latest article; with most articles; with most since --since; with the article that came last",
)
@click.option("--since", metavar="AGE|DATE", help="only with an article not older: 12h, 7d, 2w, or a date")
@click.option("--until", metavar="AGE|DATE", help="and older; an age of --since counts back from this date")
@click.option("--outlet", metavar="NAME", help="and of this outlet, as lines name it")
@click.option("--min-size", type=click.IntRange(1), default=1, show_default=True, help="least number of articles")
@click.option("--limit", type=click.IntRange(1), help="no more than so many")
@stored_with_option
@zone_option
@result_option
@quiet_option
def stories(
    path: str,
    sort: StoryOrder,
    since: str | None,
    until: str | None,
    outlet: str | None,
    min_size: int,
    limit: int | None,
    added: tuple[str, ...],
    timezone: str | None,
    output: str,
    quiet: bool,
) -> None:
    """List the stories, those with the latest article first or as --sort says, one JSON line each, or a row of a table.

    An age such as 24h counts back from now, not from the latest article, and a date is its first moment: the day 2016-04-01 is
    --since 24h --until 2016-04-02.

    A line is one of `cluster --stories`, with `updated`, when its last article came, `recent`, how many of its articles are of
    --since, --until and --outlet, and `aliases`. With --with a line also has `members`: its articles, each with id, linked_to,
    relation, score, and those fields.

    Example: clusterer index stories news.db --since 24h --sort growth --limit 20 --with title,source,date
    """
    keep_apart([output], files_of(path))
    form, zone = result_form(output), zone_from(timezone)
    after, before = parse_moment(since, zone), parse_moment(until, zone)
    from clusterer.cli.story_lines import COLUMNS, story_lines

    columns = [*COLUMNS, *(["members"] if added else [])]
    with StoryIndex.open(path, must_exist=True) as store, atomic_output(output) as out:
        found = store.stories(after, min_size, limit, sort=sort, with_articles=bool(added), until=before, outlet=outlet)
        lines = (
            line | ({"members": _members(story, added)} if added else {})
            for line, story in zip(story_lines(store, found), found, strict=True)
        )
        write_story_lines(out, lines, columns, form, zone=zone)
        if not found and not quiet:
            if unknown := no_outlet(store, outlet):
                tell(unknown, err=True)
            elif after and not before:
                tell_age(
                    next(iter(store.stories(limit=1)), None), after, "no story has an article so new", "--since", zone
                )


@index.command("changes", cls=SectionedCommand)
@file_argument
@click.option("--after", type=click.IntRange(0), default=0, help="`next` of the last time; 0, at first, for all")
@click.option(
    "--history", help="`history` of the last time, for what moved since; a backup that was restored is an error"
)
@output_option
def changes_command(path: str, after: int, history: str | None, output: str) -> None:
    """Tell what came and went since the last time, as JSON lines, as /api/changes of `serve` does.

    Lines of stories that articles came to or went from, or that were split, merged or got articles of others, are those of
    `stories` without `key_words`, with `new`, ids of the articles that came, and `ids`, of all that it has now. Then a line for
    every article that went: `id`, `status` (removed or expired), `of_story`. The last line has `next` and `history`, for the
    next time.

    Example: clusterer index changes news.db --after 1200
    """
    keep_apart([output], files_of(path))
    with StoryIndex.open(path, must_exist=True) as store, atomic_output(output) as out:
        told = store.changes(after, history).as_dict()
        write_json_lines(out, [*told.pop("stories"), *told.pop("gone"), told])


@index.command("show", cls=SectionedCommand)
@file_argument
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="as JSON lines: the story, then its articles' assignments")
def show(path: str, id: str, as_json: bool) -> None:
    """Show a story: by its id, an alias, or the id of one of its articles.

    Example: clusterer index show news.db marsad-14
    """
    with StoryIndex.open(path, must_exist=True) as store:
        story = store.story(id)
        if as_json:
            from clusterer.cli.story_lines import story_lines

            members = (a.as_dict() for a in story.assignments)
            write_json_lines(sys.stdout.buffer, chain(story_lines(store, [story]), members))
            return
        articles = store.articles([a.id for a in story.assignments])
    tell(f"{story.title or story.id}")
    tell(f"  story {story.id}" + (f", also {', '.join(story.aliases)}" if story.aliases else ""))
    if story.follows:
        tell(f"  follows {story.follows}, an earlier story of the same affair")
    counts = ((len(story), "article"), (story.independent_texts, "independent text"), (len(story.outlets), "outlet"))
    told = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts)
    tell(f"  {told}, {story.first:%F %H:%M} to {story.last:%F %H:%M} UTC")
    for a in story.assignments:
        tell(_shown(a, articles[a.id]))


@index.command("export", cls=SectionedCommand)
@file_argument
@result_option
@stored_with_option
@report_option
@language_option
@pairs_option
@zone_option
@guard_option
@quiet_option
def export(
    path: str,
    output: str,
    added: tuple[str, ...],
    report: str | None,
    language: Language | None,
    pairs: str | None,
    timezone: str | None,
    guard: bool,
    quiet: bool,
) -> None:
    """Write every article's assignment, in order of arrival: the lines that `cluster` writes.

    An index does not keep the files and rows in which its articles stood: pairs are without them.

    Example: clusterer index export news.db -o clusters.csv --with title,source,date --report report.html
    """
    keep_apart([output, report, pairs], files_of(path))
    form, zone = result_form(output), zone_from(timezone)
    pairs_form = result_form(pairs, "--pairs") if pairs else ""
    with StoryIndex.open(path, must_exist=True) as store, contextlib.ExitStack() as stack:
        out = stack.enter_context(atomic_output(output))
        page = stack.enter_context(atomic_output(report)) if report else None
        aside = stack.enter_context(atomic_output(pairs)) if pairs else None
        assignments = store.assignments()
        walk = partial(_articles, store, [a.id for a in assignments])
        write_result(out, assignments, form, added, walk() if added else None, guard, zone)
        if page:
            from clusterer.report.build import build
            from clusterer.report.page import page as report_page

            furniture, stats, follows = store.furniture(), store.counts(), store.follows()
            made = build(
                assignments, walk, store.settings, furniture=furniture, stats=stats, follows=follows, zone=zone
            )
            page.write(report_page(made, language))
        if aside:
            names = Pair._fields[:-2]
            write_lines(
                aside, (dict(zip(names, pair, strict=False)) for pair in store.pairs()), names, pairs_form, guard
            )
    if not quiet:
        tell_written(output, report, pairs)


def _articles(store: StoryIndex, ids: list[str]) -> Iterator[Article]:
    """Stored articles, in the order of their ids."""
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        stored = store.articles(batch)
        for name in batch:
            if name not in stored:
                raise InputError(f"article {name!r} was removed while it was exported; cure: export again")
            yield stored[name]


def _members(story: Story, names: Sequence[str]) -> list[dict[str, Any]]:
    """The articles of a story, each with what ties it and some of its fields."""
    fields = AddedFields(names)
    return [
        {"id": a.id, "linked_to": a.linked_to, "relation": a.relation, "score": a.score, **fields.of(article)}
        for a, article in zip(story.assignments, story.articles, strict=True)
    ]


def _shown(a: Assignment, article: Article) -> str:
    date = article.when or "no date"
    why = "stands for the story" if a.relation is None else f"{a.relation} {a.score:.2f} of {a.linked_to}"
    return f"\n  {article.title or article.text[:80]}\n    {date}  {article.outlet or 'no source'}  {a.id}\n    {why}"


for _command in (remove, expire, backup, check, merge, compact):
    index.add_command(_command)
