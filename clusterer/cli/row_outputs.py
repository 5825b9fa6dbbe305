"""The rows of a run written once more, as they came or changed: into one file, or by shard into a folder.

Which rows stay, and how they are changed, is told by the caller; a killed run goes on after the last whole shard.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from clusterer.cli.run import Run
from clusterer.errors import OutputError
from clusterer.io.atomic import atomic_output
from clusterer.io.formats import FORMATS_BY_NAME, given_back_as
from clusterer.io.readers.base import Copied, OpenedInput
from clusterer.io.resuming import chained, layout_of
from clusterer.io.row_edits import RowEditor
from clusterer.io.rows import Layout, Row
from clusterer.io.shard_outputs import ShardOutputs, is_folder
from clusterer.io.writers import copy_rows, form_for, write_rows
from clusterer.reading import ReadInput

_TOLD = 1024  # rows between two words of progress


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of the articles.

    Where rows only stay or go, or get fields more, that is told of many at once, and they are given back as they stand in their
    files where their format can (`Format.copy_rows`); else row by row.

    Attributes:
        row: the row that is written for the article of a number, from 0; None where it goes.
        aside: the line that is written aside for it, where there is a file aside; None for none.
        of: what `row` and `aside` depend on beside the row itself, of the articles from one number to another.
        stays: bool, which rows are written as they stand, of the articles from one number to another; None where `row` or
            `aside` need the article or change the row otherwise.
        added: texts by name of the fields that rows get more, of the articles from one number to another.
    """

    row: Callable[[int, Row], Row | None]
    of: Callable[[int, int], object]
    aside: Callable[[int, Row], bytes | None] = lambda number, row: None
    stays: Callable[[int, int], NDArray[np.bool_]] | None = None
    added: Callable[[int, int], Mapping[str, Sequence[str]]] = lambda start, stop: {}


class RowOutputs:
    """Where the rows of a run go.

    Attributes:
        output: a file, "-" or a folder.
    """

    def __init__(self, run: Run, output: str, aside: str | None = None) -> None:
        """Refuse early what cannot be written.

        Args:
            run: of the command.
            output: where rows go.
            aside: the file of lines aside; None for none.

        Raises:
            OutputError: the ending promises another format, shards cannot stand in one file, or the folder holds other files.
        """
        self.output, self._run, self._aside = output, run, aside
        self._shards: ShardOutputs | None = None
        self._form = ""
        if is_folder(output):
            if run.work is None:
                raise OutputError(f"{output}: cannot be a folder here; cure: name a file")
            self._shards = ShardOutputs(output, run.feed, run.work)
        else:
            self._form = _form_of_rows(output, run)
            if self._form == "parquet":
                run.feed.shards.refuse_conflicts()

    def write(self, fate: Fate) -> list[dict[str, Any]]:
        """Write the rows; return the outputs of a folder as its manifest lists them."""
        if self._shards:
            return self._write_shards(self._shards, fate)
        with _opened(self._aside) as aside:
            inputs = [read for read in self._run.reader.inputs if len(read.lines)]
            if fate.stays and inputs and all(self._can_copy(read, self._form) for read in inputs):
                again = self._run.reader.opened_again(is_needed=lambda read: len(read.lines) > 0)
                copy_rows(
                    self.output,
                    (self._copied(fate, *one, aside) for one in again),
                    self._form,
                    self._run.settings.threads,
                )
                return []
            layouts: list[Layout] = []
            rows = (
                out
                for read, rows in self._run.reader.again()
                for out in self._written(fate, read, rows, aside, layouts)
            )
            write_rows(self.output, rows, self._form, partial(next, iter(layouts), None))
        return []

    @property
    def is_folder(self) -> bool:
        """Whether rows go into a folder, one file an input."""
        return self._shards is not None

    def finish(self, about: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        """Write the manifest of a folder."""
        assert self._shards is not None
        self._shards.finish(about, entries)

    def _written(
        self, fate: Fate, read: ReadInput, rows: Iterator[Row], aside: BinaryIO | None, layouts: list[Layout]
    ) -> Iterator[Row]:
        """The rows that are written for an input; lines aside on the way, and the layout of the first row or table of all."""
        for number, row in enumerate(rows, read.start):
            changed = fate.row(number, row)
            if not layouts:
                layouts.append(row.layout if changed is None else changed.layout)
            if aside and (line := fate.aside(number, row)) is not None:
                aside.write(line + b"\n")
            if (number + 1) % _TOLD == 0:
                self._run.stages("writing", _TOLD)
            if changed is not None:
                yield changed
        if not layouts and (layout := layout_of(self._run.feed)):
            names = tuple(fate.added(read.start, read.start))
            layouts.append(RowEditor(names).with_fields(layout, read.source.name) if names else layout)

    def _can_copy(self, read: ReadInput, form: str) -> bool:
        """Whether the rows of an input can be written as they stand."""
        return read.stands_whole and FORMATS_BY_NAME[form].copy_rows is not None and read.state["format"] == form

    def _copied(self, fate: Fate, read: ReadInput, opened: OpenedInput, aside: BinaryIO | None) -> Copied:
        """The rows that are written for an input, by their places alone; lines aside on the way."""
        assert fate.stays

        def put_aside(place: int, row: Row) -> None:
            if aside and (line := fate.aside(read.start + place, row)) is not None:
                aside.write(line + b"\n")

        stays, added = fate.stays(read.start, read.stop), fate.added(read.start, read.stop)
        tell = partial(self._run.stages, "writing")
        return Copied(opened, read.lines, stays, added, put_aside if aside else None, tell)

    def _write_shards(self, shards: ShardOutputs, fate: Fate) -> list[dict[str, Any]]:
        run, work = self._run, self._run.work
        assert work is not None
        shards.begin()
        inputs = run.reader.inputs
        keys = [chained(read.key, (fate.of(read.start, read.stop), bool(self._aside))) for read in inputs]
        entries = [shards.done(number, key) for number, key in enumerate(keys)]
        number_of = {id(read): number for number, read in enumerate(inputs)}
        parts = [work.place(f"aside-{number:06d}") for number in range(len(inputs))] if self._aside else []
        copied = [
            fate.stays is not None and len(read.lines) > 0 and self._can_copy(read, form)
            for read, form in zip(inputs, shards.forms, strict=True)
        ]

        unreadable = {file.file: file.reason for file in run.feed.damaged_files if file.is_unreadable}
        for number, read in enumerate(inputs):
            if read.source.name in unreadable:
                entry = entries[number] = shards.leave_out(number, unreadable[read.source.name])
                if "of_earlier_run" in entry:
                    run.staying[read.source.name] = shards.path(entry["file"])

        def is_wanted(by_copy: bool, read: ReadInput) -> bool:
            number = number_of[id(read)]
            return entries[number] is None and copied[number] == by_copy

        def done(number: int, entry: dict[str, Any]) -> None:
            shards.mark_done(number, keys[number], entry)
            entries[number] = entry

        for read, rows in run.reader.again(True, partial(is_wanted, False)):
            number = number_of[id(read)]
            layouts: list[Layout] = []
            with _opened(parts[number] if parts else None) as aside:
                written = self._written(fate, read, rows, aside, layouts)
                entry = shards.write(number, written, partial(next, iter(layouts), None))
            done(number, entry)
        for read, opened in run.reader.opened_again(True, partial(is_wanted, True)):
            number = number_of[id(read)]
            with _opened(parts[number] if parts else None) as aside:
                entry = shards.copy(number, self._copied(fate, read, opened, aside), run.settings.threads)
            done(number, entry)
        if self._aside:
            with atomic_output(self._aside) as out:
                for part, read in zip(parts, inputs, strict=True):
                    if read.source.name in unreadable:
                        continue
                    with Path(part).open("rb") as lines:
                        shutil.copyfileobj(lines, out)
        return [entry for entry in entries if entry is not None]


def _form_of_rows(output: str, run: Run) -> str:
    """The format in which rows are given back; those of several formats keep their own fields, which no table holds.

    Raises:
        OutputError: the ending asks for another one.
    """
    names = list(dict.fromkeys(run.feed.formats))
    try:
        return form_for(output, given_back_as(names[0] if len(names) == 1 else "jsonl"))
    except OutputError:
        is_table = output.lower().removesuffix(".gz").removesuffix(".zst").endswith((".csv", ".tsv", ".parquet"))
        if not is_table or len(names) == 1:
            raise
        raise OutputError(
            f"{output}: rows of several formats ({', '.join(names)}) keep their own fields, which no table holds; cure: -o"
            f" {Path(output).with_suffix('.jsonl')}, or of one schema: clusterer cluster INPUT --level copy --with"
            f" title,text,source,date,url -o {output}"
        ) from None


def _opened(path: str | None) -> contextlib.AbstractContextManager[BinaryIO | None]:
    return atomic_output(path) if path else contextlib.nullcontext()
