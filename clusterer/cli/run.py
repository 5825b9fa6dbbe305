"""What the commands that read a feed share: the feed, settings and quarantine of their options, what the terminal shows.

No command and no option of its own; options are `options`' business.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, BinaryIO

from clusterer.articles import Article
from clusterer.cli.terminal import tell
from clusterer.errors import InputError
from clusterer.io.columns import FIELD_NAMES
from clusterer.io.feed import Feed
from clusterer.io.feed_limits import MAX_ROW_BYTES
from clusterer.io.quarantine import Quarantine
from clusterer.io.rows import BadRow
from clusterer.io.writers import write_lines
from clusterer.pairs import COLUMNS, verified_pairs
from clusterer.pipeline import PipelineRun, run_pipeline
from clusterer.progress import Progress
from clusterer.results import Clustering
from clusterer.settings import Settings
from clusterer.versions import Versions

CHANGED = "an input changed between its two readings; cure: run again on files at rest"
_FIRST_BAD = 10  # bad rows that a run remembers


def tell_written(*paths: str | None) -> None:
    """One line of the files that were written, on a terminal only. None is no file, "-" standard output."""
    names = [path for path in paths if path and path != "-"]
    if names and sys.stderr.isatty():
        tell(f"wrote {', '.join(names)}", err=True)


def keep_apart(outputs: Sequence[str | None], inputs: Sequence[str]) -> None:
    """Refuse to write over what is read, or two outputs into one file. None is no file, "-" a standard stream.

    Raises:
        InputError: naming the file.
    """
    taken = {os.path.realpath(path): "an input" for path in inputs}
    for path in outputs:
        if path is None or path == "-":
            continue
        place = os.path.realpath(path)
        if place in taken and os.path.isfile(place) | (taken[place] != "an input"):
            raise InputError(f"{path} is also {taken[place]}; cure: write to another name")
        taken[place] = "another output"


def settings_of(options: Mapping[str, Any]) -> Settings:
    """Return the settings that a command's options give."""
    names = {f.name for f in fields(Settings)}
    return Settings(**{k: v for k, v in options.items() if k in names})


def feed_of(options: Mapping[str, Any], on_bad: Callable[[BadRow], None] | None = None) -> Feed:
    """Return the inputs that a command's options name."""
    return Feed(
        options["inputs"],
        fields={a: options[f"{a}_field"] for a in FIELD_NAMES if options[f"{a}_field"]},
        format=options["format_"],
        encoding=options["encoding"],
        timezone=options["timezone"],
        now=options["now"],
        max_row_bytes=options.get("max_row_bytes") or MAX_ROW_BYTES,
        limits=options.get("limits"),
        strict=options.get("strict", False),
        on_bad=on_bad,
    )


class Run:
    """One run over inputs: the feed, the settings, the quarantine file, and what the terminal is told."""

    def __init__(
        self,
        output: str,
        options: Mapping[str, Any],
        read: Sequence[str] = (),
        written: Sequence[str | None] = (),
        lasting: str | None = None,
    ) -> None:
        """Open the feed and its quarantine file as a command's options say.

        Args:
            output: where its result goes.
            options: by name.
            read, written: other files that it reads and writes.
            lasting: the file that it adds to, run after run; its quarantine is added to as well.
        """
        self.settings = settings_of(options)
        self.tells: bool = not options["quiet"] and (options["summary"] or sys.stderr.isatty())
        beside = lasting or ("clusterer" if output == "-" else output)
        self.quarantine_path = options["quarantine"] or f"{beside}.quarantine.jsonl"
        self.quarantine = Quarantine(self.quarantine_path, lasting is not None)
        self.feed = feed_of(options, self._set_aside)
        keep_apart([output, self.quarantine_path, *written], [*self.feed.paths, *read])
        self.first_bad: list[BadRow] = []
        self._max_bad: str | None = options["max_bad"]
        self.quiet: bool = options["quiet"]
        self.versions: Versions | None = None
        self._unique_url: bool = options.get("unique_url", False)

    def _set_aside(self, bad: BadRow) -> None:
        if len(self.first_bad) < _FIRST_BAD:
            self.first_bad.append(bad)
        self.quarantine.add(bad)

    def cluster(self) -> Clustering:
        """Group the articles, with progress on a terminal.

        Raises:
            InputError: all rows are bad.
        """
        return self.pipeline().clustering

    def pipeline(self, keep: bool = False) -> PipelineRun:
        """Run the whole pipeline over the feed, with progress on a terminal.

        Args:
            keep: as for `run_pipeline`.

        Raises:
            InputError: all rows are bad.
        """
        if self._unique_url:
            self.versions = Versions.of(row.article for row in self.feed)
        articles: Iterator[Article] = (row.article for row in self.feed)
        if self.versions is not None:
            articles = self.versions.grouped(articles)
        with progress_shown(self.quiet) as progress:
            done = run_pipeline(articles, self.settings, progress, keep)
        if not done.clustering:
            self.refuse_nothing()
        return done

    def refuse_nothing(self) -> None:
        """Refuse a run in which no row was an article; do nothing where there was no row.

        Raises:
            InputError: there were rows, all bad; tells of the first.
        """
        if self.first_bad:
            bad = self.first_bad[0]
            raise InputError(
                f"none of {self.quarantine.count} rows is an article; {bad.file}, line {bad.line}: {bad.reason}"
            )

    def warn(self) -> None:
        """Unless quiet: a line of bad rows, of each damaged file, of unreadable dates, of doubtful columns, of all columns."""
        if self.quiet:
            return
        self._tell_damage()
        if self.feed.rows:
            for note in self.feed.notes:
                tell(note, err=True)
            tell(f"read as: {self.feed.reading}", err=True)

    def _tell_damage(self) -> None:
        bad, dates, first = self.quarantine.count, self.feed.unreadable_dates, self.feed.first_unreadable_date
        if bad:
            tell(f"{bad} bad {'row' if bad == 1 else 'rows'} set aside in {self.quarantine_path}", err=True)
        damaged = self.feed.damaged_files
        for file in damaged[:_FIRST_BAD]:
            rows = f"{file.rows:,} {'row' if file.rows == 1 else 'rows'} of it are read" if file.rows else "unreadable"
            tell(f"{file.file}: {rows}; {file.reason}", err=True)
        if len(damaged) > _FIRST_BAD:
            tell(f"{len(damaged) - _FIRST_BAD} more files are damaged; see {self.quarantine_path}", err=True)
        if dates and first:
            many = "1 date could not be read:" if dates == 1 else f"{dates:,} dates could not be read, first"
            kept = "the article is kept without" if dates == 1 else "articles are kept without"
            value = repr(first.value)
            value = value if len(value) <= 60 else value[:60] + "…"
            tell(f"{many} {value} ({first.file}, line {first.line}); {kept}", err=True)

    def check(self) -> None:
        """Refuse a run whose input was too damaged, after all is written.

        Raises:
            InputError: more rows were bad than --max-bad allows; without that, a whole file was unreadable.
        """
        bad, rows = self.quarantine.count, self.feed.rows
        if self._max_bad is not None:
            share = self._max_bad.endswith("%")
            limit = float(self._max_bad.rstrip("%"))
            if (100 * bad / max(1, rows + bad) if share else bad) > limit:
                raise InputError(
                    f"{bad:,} of {rows + bad:,} rows are bad, more than --max-bad {self._max_bad}; all outputs are written; "
                    f"cure: see {self.quarantine_path}, mend them, or raise --max-bad"
                )
            return
        unreadable = [file for file in self.feed.damaged_files if file.is_unreadable]
        if unreadable:
            names = ", ".join(file.file for file in unreadable[:3]) + (", …" if len(unreadable) > 3 else "")
            many = "1 file is" if len(unreadable) == 1 else f"{len(unreadable)} files are"
            raise InputError(
                f"{many} unreadable: {names}; all else is read and written; cure: fetch again, leave out, or --max-bad 100%"
            )

    def summarise(self, counts: Mapping[str, int]) -> None:
        """The counts of the run, as a table."""
        self.warn()
        if not self.tells:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="right")
        table.add_column()
        bad = {"bad rows in quarantine": self.quarantine.count, "unreadable dates": self.feed.unreadable_dates}
        if damaged := self.feed.damaged_files:
            bad |= {"damaged files": len(damaged), "of them unreadable": sum(file.is_unreadable for file in damaged)}
        blank = {"blank rows": self.feed.blank_rows} if self.feed.blank_rows else {}
        for name, value in {**counts, **blank, **bad}.items():
            table.add_row(f"{value:,}", name)
        Console(stderr=True).print(table)


def write_pairs(out: BinaryIO, done: PipelineRun, run: Run, form: str, guard: bool = True) -> None:
    """Write the verified pairs of a run, with the files and rows of their articles.

    Args:
        out: an open file.
        done: the run.
        run: its inputs, read once more.
        form: as for `write_lines`.
        guard: as for `write_lines`.

    Raises:
        InputError: there are fewer rows than before.
    """
    stood = [(row.file, row.line) for row in run.feed]
    if run.versions is not None:
        stood = [stood[place] for place in run.versions.places]
    if len(stood) != len(done.clustering):
        raise InputError(CHANGED)
    lines = (
        dict(zip(COLUMNS, (*pair[:-2], *stood[pair.a_place], *stood[pair.b_place]), strict=True))
        for pair in verified_pairs(done, run.settings)
    )
    write_lines(out, lines, COLUMNS, form, guard)


STORY_COLUMNS = ("story", "articles", "representative", "follows")


def write_stories(out: BinaryIO, result: Clustering, form: str, guard: bool = True) -> None:
    """Write a line a story, in the order in which they first appear.

    Args:
        out: an open file.
        result: of the run.
        form: as for `write_lines`.
        guard: as for `write_lines`.
    """
    heads = {a.story: a.id for a in result if a.representative}
    lines = (
        dict(zip(STORY_COLUMNS, (story, size, heads[story], result.follows.get(story)), strict=True))
        for story, size in result.sizes("story").items()
    )
    write_lines(out, lines, STORY_COLUMNS, form, guard)


@contextlib.contextmanager
def progress_shown(quiet: bool) -> Iterator[Progress | None]:
    """Bars on a terminal, unless quiet; what tells them how far the work is."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.advance(tasks[stage], done)

        yield tell
