"""`clusterer index remove`, `expire`, `backup`, `check`, `merge`, `compact`: an index kept small, whole and safe."""

from __future__ import annotations

import click

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
)
from clusterer.cli.limits import parse_bytes, parse_moment
from clusterer.cli.run import keep_apart
from clusterer.cli.terminal import tell
from clusterer.errors import IndexDamaged, InputError
from clusterer.index import Removed, StoryIndex

_dry_run_option = click.option(
    "--dry-run", is_flag=True, help="only tell what would go; with --changes - also what that would do to stories"
)


@click.command("remove", cls=SectionedCommand)
@file_argument
@click.argument("ids", nargs=-1)
@click.option("--ids", "listed", type=click.Path(allow_dash=True), help="file of ids, one a line; - is standard input")
@click.option("--outlet", metavar="NAME", help="all articles of this outlet, as index stories names it")
@_dry_run_option
@changes_option
@quiet_option
def remove(
    path: str,
    ids: tuple[str, ...],
    listed: str | None,
    outlet: str | None,
    dry_run: bool,
    changes: str | None,
    quiet: bool,
) -> None:
    """Take articles away by their ids, or all of an outlet. What is left of their stories keeps its name.

    They are remembered by id and URL, and not taken in again, but for `add --again`; new ones of an outlet are. `changes` tells
    them. Where none of the ids, or nothing of the outlet, is there, the exit code is 1.

    Example: clusterer index remove news.db marsad-14
    """
    _refuse_changes(dry_run, changes)
    keep_apart([changes], [*files_of(path), *([listed] if listed else [])])
    lines: list[str] = []
    if listed:
        try:
            with click.open_file(listed, "rb") as file:
                lines = [line.rstrip("\r") for line in file.read().decode("utf-8-sig").split("\n")]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{listed}: cannot be read ({error}); cure: a file of ids in UTF-8, one a line") from None
    names = [*ids, *(line for line in lines if line.strip())]
    if bool(names) == (outlet is not None):
        what = "both ids and --outlet given" if names else "no id given"
        raise click.UsageError(f"{what}; cure: ids, or --outlet NAME")
    with StoryIndex.open(path, must_exist=True) as store, appended_changes(changes) as changes_file:
        if unknown := no_outlet(store, outlet):
            raise InputError(f"{path}: nothing was removed, {unknown}")
        removed = store.remove(names, outlet=outlet, dry_run=dry_run)
        write_changes(changes_file, removed.changes)
    shown = ", ".join(removed.missing[:5]) + (", ..." if len(removed.missing) > 5 else "")
    if not removed.articles:
        none = f"no article {shown!r} is there"
        if len(removed.missing) > 1:
            none = f"none of the {len(removed.missing):,} ids is there: {shown}"
        raise InputError(
            f"{path}: nothing was removed, {none}; cure: ids as clusterer index export writes them; what was removed or has"
            " expired before is gone already"
        )
    if not quiet:
        _say(removed, dry_run)
    if removed.missing:
        tell(f"{len(removed.missing)} not there: {shown}", err=True)


@click.command("expire", cls=SectionedCommand)
@file_argument
@click.option("--older-than", metavar="AGE|DATE", help="forget what is older: 12h, 7d, 2w, or a date")
@click.option("--max-articles", type=click.IntRange(0), help="keep no more than so many")
@click.option("--max-size", metavar="SIZE", help="keep so many that the file is at most so large: 500MB, 2GB")
@_dry_run_option
@changes_option
@quiet_option
def expire(
    path: str,
    older_than: str | None,
    max_articles: int | None,
    max_size: str | None,
    dry_run: bool,
    changes: str | None,
    quiet: bool,
) -> None:
    """Forget the oldest articles and give their space back. An article without a date is as old as its stay.

    An age such as 7d counts back from now, not from the latest article; one that all articles are older than is refused.

    Example: clusterer index expire news.db --older-than 7d --dry-run
    """
    if older_than is None and max_articles is None and max_size is None:
        raise click.UsageError("say what to forget: --older-than, --max-articles or --max-size")
    _refuse_changes(dry_run, changes)
    keep_apart([changes], files_of(path))
    limits = parse_moment(older_than), max_articles, parse_bytes(max_size)
    with StoryIndex.open(path, must_exist=True) as store, appended_changes(changes) as changes_file:
        newest = next(iter(store.stories(limit=1)), None) if limits[0] else None
        removed = store.expire(limits[0], max_articles=limits[1], max_bytes=limits[2], dry_run=dry_run)
        write_changes(changes_file, removed.changes)
        if removed.articles and limits[0]:
            tell_age(newest, limits[0], "all articles are older", "--older-than")
    if not quiet:
        _say(removed, dry_run)


@click.command("backup", cls=SectionedCommand)
@file_argument
@click.argument("copy", metavar="COPY", type=click.Path(dir_okay=False))
def backup(path: str, copy: str) -> None:
    """Copy FILE as it is at this moment to COPY, while others read and write it. An earlier copy is replaced.

    A file that is being written must not be copied by other means: its latest batches stand in FILE-wal.

    Example: clusterer index backup news.db news-backup.db
    """
    keep_apart([copy], files_of(path))
    with StoryIndex.open(path, must_exist=True) as store:
        count = store.backup(copy)
    tell(f"{count:,} {'article' if count == 1 else 'articles'} copied to {copy}", err=True)


@click.command("check", cls=SectionedCommand)
@file_argument
def check(path: str) -> None:
    """Read the whole of FILE and compute links, groups and counts anew. Exit code 1 where something is wrong.

    Example: clusterer index check news.db
    """
    try:
        store = StoryIndex.open(path, must_exist=True)
    except IndexDamaged as error:  # its cure is this command
        what = str(error).partition("; cure: ")[0]
        raise IndexDamaged(f"{what}; cure: restore a backup, or add the articles to a new index") from None
    with store:
        problems = store.check()
        if problems:
            for line in problems:
                tell(line)
            cure = "restore a backup, or make a new index and merge this one into it: articles are read anew"
            many = "1 damage" if len(problems) == 1 else f"{len(problems)} damages"
            raise InputError(f"{path}: {many} found; cure: {cure}")
        for name, count in store.counts().items():
            tell(f"{count:>15,}  {name}")


@click.command("merge", cls=SectionedCommand)
@file_argument
@click.argument("others", metavar="OTHER...", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@changes_option
def merge(path: str, others: tuple[str, ...], changes: str | None) -> None:
    """Add all articles of OTHER indexes, also of those with other settings or of another release, to FILE.

    The ids of their stories become aliases. What was removed from FILE is not taken in; what is gone from OTHER is remembered.

    Example: clusterer index merge news.db other.db
    """
    keep_apart([changes], [*files_of(path), *others])
    with StoryIndex.open(path, must_exist=True) as store, appended_changes(changes) as changes_file:
        for other in others:
            added = store.merge(other)
            write_changes(changes_file, added.changes)
            known, gone = added.status.count("known"), added.status.count("removed")
            count = len(added) - known - gone
            aside = f", {gone:,} removed here before" if gone else ""
            tell(
                f"{count:,} {'article' if count == 1 else 'articles'} added of {other}, {known:,} known{aside}",
                err=True,
            )


@click.command("compact", cls=SectionedCommand)
@file_argument
def compact(path: str) -> None:
    """Put the keys in order and give all free space back.

    Example: clusterer index compact news.db
    """
    with StoryIndex.open(path, must_exist=True) as store:
        store.compact()


def _refuse_changes(dry_run: bool, changes: str | None) -> None:
    """Refuse a file of changes that nothing makes."""
    if dry_run and changes not in (None, "-"):
        raise click.UsageError("--dry-run changes nothing; cure: --changes -, which writes to standard output")


def _say(removed: Removed, dry_run: bool) -> None:
    what = "would be removed" if dry_run else "removed"
    tell(f"{removed.articles:,} {'article' if removed.articles == 1 else 'articles'} {what}", err=True)
