"""What the commands of an index share: its files, the lines they write, the file of changes."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, BinaryIO

import click

from clusterer.index import Change
from clusterer.io.atomic import appended
from clusterer.io.guard import json_line

file_argument = click.argument("path", metavar="FILE", type=click.Path(dir_okay=False))
changes_option = click.option(
    "--changes", type=click.Path(allow_dash=True), help="file to add a line to for every story merged, split or ended"
)


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
