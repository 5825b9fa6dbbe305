"""What the commands of an index share: its files, the lines they write, the file of changes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, BinaryIO

import click

from clusterer.cli.output_names import OutputPath
from clusterer.cli.terminal import tell
from clusterer.index import Change, Story, StoryIndex
from clusterer.index.arrivals import unknown_outlet
from clusterer.io.atomic import appended
from clusterer.io.guard import json_line

file_argument = click.argument("path", metavar="FILE", type=click.Path(dir_okay=False))
changes_option = click.option(
    "--changes",
    type=OutputPath("jsonl", allow_dash=True),
    help="file to add a line to for every story merged, split or ended",
)

quiet_option = click.option("-q", "--quiet", is_flag=True, help="no word of what goes well; only of errors")


def files_of(path: str) -> list[str]:
    """All files of an index."""
    return [path, f"{path}-wal", f"{path}-shm", f"{path}-writer"]


def write_json_lines(out: BinaryIO, rows: Iterable[Any]) -> None:
    """Write rows as lines of JSON, and have them reach whoever reads."""
    for row in rows:
        out.write(json_line(row))
    out.flush()


def appended_changes(path: str | None) -> contextlib.AbstractContextManager[BinaryIO | None]:
    """The file of changes, opened to be added to; "-" is standard output, None no file."""
    if path is None or path == "-":
        return contextlib.nullcontext(sys.stdout.buffer if path else None)
    return appended(path)


def write_changes(file: BinaryIO | None, changes: tuple[Change, ...]) -> None:
    """Write a line a change, where there is a file."""
    if file:
        write_json_lines(file, map(asdict, changes))


def no_outlet(store: StoryIndex, outlet: str | None) -> str:
    """What to say of an outlet that was asked for, where nothing that is there is of it; else nothing."""
    return unknown_outlet(outlet, store.outlets()) if outlet else ""  # an empty name is for the index to refuse


def tell_age(
    newest: Story | None, moment: datetime | timedelta, what: str, option: str, zone: tzinfo | None = None
) -> None:
    """Say why nothing is newer than a moment, if that is so: ages count back from now, and a feed may be of long ago.

    Args:
        newest: the story with the latest article, before anything went.
        moment: that was asked for.
        what: that means for who asked.
        option: that gave the moment.
        zone: in which a date is read by it; UTC where None.
    """
    if newest is None:
        return
    now, last = datetime.now(UTC), newest.last
    try:
        start = now - moment if isinstance(moment, timedelta) else moment
    except OverflowError:  # nothing is so old
        return
    if last < (start if start.tzinfo else start.replace(tzinfo=UTC)):
        counted = f", and ages count back from now, {now:%F %H:%M}" if isinstance(moment, timedelta) else ""
        tell(
            f"{what}: the latest is of {last:%F %H:%M} UTC{counted}; cure: a date, {option} {last.astimezone(zone or UTC):%F}",
            err=True,
        )
