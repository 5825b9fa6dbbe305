"""What the commands that read a feed share: the feed, settings and quarantine of their options, what the terminal shows.

No command and no option of its own; options are `options`' business.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from clusterer import __version__
from clusterer.arrays import kernels
from clusterer.budget import store_of
from clusterer.cli.output_names import FormedPath
from clusterer.cli.run_told import dates_told, outcome
from clusterer.cli.stages import progress_shown
from clusterer.cli.terminal import tell
from clusterer.corpus import Chunk, gather
from clusterer.errors import InputError, OutputError, is_out_of_memory
from clusterer.io.columns import FIELD_NAMES
from clusterer.io.feed import Feed
from clusterer.io.feed_limits import MAX_ROW_BYTES
from clusterer.io.quarantine import Quarantine
from clusterer.io.resuming import chained
from clusterer.io.rows import EXCERPT, BadRow, DamagedFile
from clusterer.io.shard_outputs import is_folder, work_place
from clusterer.io.sources import source_of_file
from clusterer.io.walk_words import is_loss
from clusterer.io.work_folder import WorkFolder
from clusterer.pipeline import PipelineRun, group_corpus, notes_of, refuse_foreign_weights
from clusterer.progress import Stages
from clusterer.reading import InputReader
from clusterer.settings import AUTO, Settings, bytes_from
from clusterer.versions import Versions

NO_KERNELS = (
    "without compiled loops: this was installed where there is no C compiler; results are the same, by NumPy's, slower; "
    "cure: a wheel of this platform, or the installation again where there is one; CLUSTERER_KERNELS=numpy says it is meant"
)
_FIRST_BAD = 10  # bad rows that a run remembers


def tell_written(*paths: str | None) -> None:
    """One line of the files that were written, on a terminal only. None is no file, "-" standard output."""
    names = [path for path in paths if path and path != "-"]
    if names and sys.stderr.isatty():
        tell(f"wrote {', '.join(names)}", err=True)


def tell_damage(
    files: Sequence[DamagedFile],
    path: str | None = None,
    nothing: str = "unreadable",
    staying: Mapping[str, str] | None = None,
) -> None:
    """A line of each of the first files that are cut off, damaged, or of no use, and how many more there are.

    Args:
        files: in the order in which they were read.
        path: of the quarantine file.
        nothing: is said of a file of which no row is read.
        staying: outputs of an earlier run that stay, by the names of their inputs; these are all told.
    """
    staying = staying or {}
    for file in files[:_FIRST_BAD]:
        kept = f"unreadable, {staying[file.file]} stays as an earlier run wrote it" if file.file in staying else nothing
        rows = "1 row of it is read" if file.rows == 1 else f"{file.rows:,} rows of it are read" if file.rows else kept
        tell(f"{file.file}: {rows}; {file.reason}", err=True)
    for file in files[_FIRST_BAD:]:
        if file.file in staying:
            tell(f"{file.file}: unreadable, {staying[file.file]} stays as an earlier run wrote it", err=True)
    if len(files) > _FIRST_BAD:
        tell(f"{len(files) - _FIRST_BAD} more files are damaged{f'; see {path}' if path else ''}", err=True)


def keep_apart(outputs: Sequence[str | None], inputs: Sequence[str]) -> None:
    """Refuse to write over what is read, two outputs into one file, and names that promise another form than is written.

    None is no file, "-" a standard stream.

    Raises:
        InputError: naming the file.
        OutputError: likewise, of what a name promises.
    """
    taken = {os.path.realpath(path): "an input" for path in inputs}
    for path in outputs:
        if path is None or path == "-":
            continue
        place = os.path.realpath(path)
        if place in taken and os.path.isfile(place) | (taken[place] != "an input"):
            raise InputError(f"{path} is also {taken[place]}; cure: write to another name")
        taken[place] = "another output"
    for path in outputs:
        if isinstance(path, FormedPath):
            path.check()


def refuse_within(output: str, given: Sequence[str]) -> None:
    """Refuse outputs inside a folder of inputs: the next run, or one that goes on, would read what this one writes.

    Raises:
        OutputError: naming both.
    """
    place = os.path.join(os.path.realpath(output), "")
    for path in given if is_folder(output) or (output != "-" and source_of_file(output).formats) else ():
        if os.path.isdir(path) and place.startswith(os.path.join(os.path.realpath(path), "")):
            kind = "folder" if is_folder(output) else "file"
            raise OutputError(f"{output} is inside {path}, which is read; cure: a {kind} beside it")


def refuse_beside(folder: str, others: Sequence[str | None]) -> None:
    """Refuse files of other kinds in a folder of outputs: whoever reads it would take them for shards.

    Raises:
        OutputError: naming the file.
    """
    place = os.path.join(os.path.realpath(folder), "")
    for path in others:
        if path and os.path.realpath(path).startswith(place):
            raise OutputError(f"{path} is inside {folder}, which holds a file an input; cure: a place beside it")


def refuse_empty(feed: Feed) -> None:
    """Refuse a run whose inputs are all empty files, before its outputs take the place of what an earlier run wrote.

    A header without a row, or `[]`, is a feed without news; a file without a letter is one that was not fetched.

    Raises:
        InputError: naming them.
    """
    empty = feed.empty_inputs
    if empty and len(empty) == len(feed.sources):
        names = ", ".join(empty[:3]) + (", …" if len(empty) > 3 else "")
        many = "is empty" if len(empty) == 1 else f"are empty, all {len(empty):,} inputs"
        raise InputError(
            f"{names} {many}; nothing is written, outputs of an earlier run stay; cure: fetch again (a feed without news has"
            " a header, or is [])"
        )


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
        resumes: bool = False,
    ) -> None:
        """Open the feed and its quarantine file as a command's options say.

        Args:
            output: where its result goes.
            options: by name.
            read, written: other files that it reads and writes.
            lasting: the file that it adds to, run after run; its quarantine is added to as well.
            resumes: a run over several inputs, or into a folder, keeps what is done until it ends (`going_on`).
        """
        self.settings = settings_of(options)
        if output != "-" and not self.settings.tmp:  # as the work folder: beside the output
            place = os.path.dirname(os.path.realpath(output.rstrip("/" + os.sep)))
            self.settings = replace(self.settings, tmp=place if os.path.isdir(place) else "")
        self.tells: bool = not options["quiet"] and (options["summary"] or sys.stderr.isatty())
        beside = lasting or ("clusterer" if output == "-" else output.rstrip("/" + os.sep))
        self.quarantine_path = options["quarantine"] or f"{beside}.quarantine.jsonl"
        self.quarantine = Quarantine(self.quarantine_path, lasting is not None)
        self.feed = feed_of(options, self.set_aside)
        self.other_feeds: list[Feed] = []
        self.stats_path: str | None = options.get("stats")
        keep_apart([output, self.quarantine_path, self.stats_path, *written], [*self.feed.paths, *read])
        refuse_within(output, [*options["inputs"], *options.get("against", ())])
        if is_folder(output):
            refuse_beside(output, [self.quarantine_path, self.stats_path, *written])
        self.is_by_shard = is_folder(output)
        self.first_bad: list[BadRow] = []
        self.notes: list[str] = []
        self.removed_by_outlet: dict[str, int] = {}  # "" of those without
        self.staying: dict[str, str] = {}  # outputs of an earlier run, by their inputs, which cannot be read now
        self._max_bad: str | None = options["max_bad"]
        self.quiet: bool = options["quiet"]
        self.versions: Versions | None = None
        self._unique_url: bool = options.get("unique_url", False)
        self.began = time.monotonic()
        self.stages = Stages(dict.fromkeys(("reading", "writing"), lambda: self.feed.share_read))
        self.stages.measures_memory = self.stats_path is not None
        self.work = WorkFolder(work_place(output)) if resumes and self._is_long(output, options) else None
        self.key = _reading_key(options, self.settings) if self.work else ""
        self.store = store_of(self.settings)
        self.reader = InputReader(self.feed, self.settings, self.work, self.key, store=self.store)

    def _is_long(self, output: str, options: Mapping[str, Any]) -> bool:
        """Whether what is done is worth keeping: an output with a name, of several inputs, against others, or by shard."""
        named = output != "-" and (not os.path.exists(output) or os.path.isfile(output) or os.path.isdir(output))
        several = len(self.feed.sources) > 1 and not self._unique_url  # versions are not kept, see `InputReader.chunks`
        return named and (several or bool(options.get("against")) or is_folder(output))

    @contextlib.contextmanager
    def going_on(self) -> Iterator[contextlib.ExitStack]:
        """The quarantine file, the work folder, what else is opened, and bars or lines of progress.

        A run that is killed, or runs out of room, leaves its work folder; one that ends, or that cannot be right, takes it away.
        """
        with self.quarantine, self.work or contextlib.nullcontext():
            if self.work and self.work.is_used and self.work.holds("input-000000") and not self.quiet:
                tell(f"goes on where an earlier run ended, with what is kept in {self.work.path}", err=True)
            try:
                with contextlib.ExitStack() as stack:
                    stack.enter_context(progress_shown(self.quiet, self.stages))
                    yield stack
            except KeyboardInterrupt as interrupt:
                if self.work and self.work.is_used:
                    begins = "begins anew" if self._unique_url else f"goes on from here (kept in {self.work.path})"
                    interrupt.add_note(f"the same command {begins}")
                raise
            except OutputError:
                raise
            except Exception as error:
                if self.work and not is_out_of_memory(error):
                    self.work.remove()
                raise
            self.stages.end()
            if self.work:
                self.work.remove()

    def set_aside(self, bad: BadRow) -> None:
        """Put a bad row into the quarantine file."""
        if len(self.first_bad) < _FIRST_BAD:
            self.first_bad.append(replace(bad, excerpt=bad.excerpt[:EXCERPT]))
        self.quarantine.add(bad)

    def pipeline(self, keep: bool = False) -> PipelineRun:
        """Run the whole pipeline over the feed; inside `going_on`.

        Args:
            keep: as for `run_pipeline`.

        Raises:
            InputError: all rows are bad.
        """
        refuse_foreign_weights(self.settings)
        done = group_corpus(
            gather(self.chunks(), self.settings, self.stages, store=self.store), self.settings, self.stages, keep
        )
        if not done.clustering:
            refuse_empty(self.feed)
            self.refuse_nothing()
        self.notes += notes_of(done, self.settings, self.versions)
        self.stages.begin("writing", len(done.clustering))
        return done

    def chunks(self) -> Iterator[Chunk]:
        """What is kept of INPUT: of all its articles, or of the latest version of each."""
        if not self._unique_url:
            return self.reader.chunks(self.stages)
        self.stages.begin("looking for versions")
        self.versions = Versions.of(row.article for row in self.feed)
        return self.reader.chunks(self.stages, self.versions.grouped)

    @property
    def place_of(self) -> Callable[[int], tuple[str, int]]:
        """File and row of a grouped article by its number."""
        if self.versions is None:
            return self.reader.place
        places, place = self.versions.places, self.reader.place
        return lambda number: place(places[number])

    @property
    def feeds(self) -> list[Feed]:
        """What is read: INPUT, and what it is compared against."""
        return [self.feed, *self.other_feeds]

    @property
    def damaged_files(self) -> list[DamagedFile]:
        """Of all that is read, the files that are cut off, damaged, or of no use."""
        return [file for feed in self.feeds for file in feed.damaged_files]

    def refuse_nothing(self, what: str = "") -> None:
        """Refuse a run in which no row was an article; where there was no row, only a word is said at its end.

        Args:
            what: was read, for the error.

        Raises:
            InputError: there were rows, all bad; tells of the first.
        """
        if self.first_bad:
            bad = self.first_bad[0]
            raise InputError(
                f"{what}none of {self.quarantine.count} rows is an article; {bad.file}, line {bad.line}: {bad.reason}"
            )
        if not what:
            self.notes.append("INPUT has no row, so there is nothing to do; cure: see whether it was fetched whole")

    def warn(self) -> None:
        """A line of each damaged file and of what is there and not read; unless quiet also of all else to be known."""
        if (bad := self.quarantine.count) and not self.quiet:
            rows = f"{bad} bad {'row' if bad == 1 else 'rows'}"
            tell(f"{rows} set aside in {self.quarantine_path}: {self.quarantine.told_reasons()}", err=True)
        nothing = "unreadable, no output is written for it" if self.is_by_shard else "unreadable"
        tell_damage(self.damaged_files, self.quarantine_path, nothing, self.staying)
        if self.quiet:
            for loss in [note for feed in self.feeds for note in feed.notes if is_loss(note)]:
                tell(loss, err=True)
            return
        if told := dates_told(self.feeds):
            tell(told, err=True)
        if self.work and self.work.failure:
            tell(
                f"{self.work.path}: what is done cannot be kept ({self.work.failure}); killed, it starts over", err=True
            )
        if "compiled" not in kernels.modules and os.environ.get("CLUSTERER_KERNELS") != "numpy":
            tell(NO_KERNELS, err=True)
        for note in self.notes:
            tell(note, err=True)
        most = max((stage.peak_bytes for stage in self.stages.passed), default=0)
        if self.settings.memory != AUTO and most > bytes_from(self.settings.memory):
            tell(
                f"{most / 1e6:,.0f} MB of memory were held, more than --memory {self.settings.memory}: names, groups and what"
                " is compared at a time have no files; cure: a lower --threads or --chunk, or more",
                err=True,
            )
        if self.feed.rows:
            for note in self.feed.notes:
                tell(note, err=True)
            for reading in self.feed.readings:
                tell(f"read as: {reading}", err=True)
        for feed in self.other_feeds:
            if feed.rows:
                for note in feed.notes:
                    tell(f"--against: {note}", err=True)
                for reading in feed.readings:
                    tell(f"--against read as: {reading}", err=True)

    def check(self) -> None:
        """Refuse a run whose input was too damaged, after all is written.

        Raises:
            InputError: more rows were bad than --max-bad allows; without that, a whole file was unreadable.
        """
        bad, rows = self.quarantine.count, sum(feed.rows for feed in self.feeds)
        if self._max_bad is not None:
            share = self._max_bad.endswith("%")
            limit = float(self._max_bad.rstrip("%"))
            if (100 * bad / max(1, rows + bad) if share else bad) > limit:
                raise InputError(
                    f"{bad:,} of {rows + bad:,} rows are bad, more than --max-bad {self._max_bad}; all outputs are written; "
                    f"cure: see {self.quarantine_path}, mend them, or raise --max-bad"
                )
            return
        unreadable = [file for file in self.damaged_files if file.is_unreadable]
        if unreadable:
            names = ", ".join(file.file for file in unreadable[:3]) + (", …" if len(unreadable) > 3 else "")
            many = "1 file is" if len(unreadable) == 1 else f"{len(unreadable)} files are"
            raise InputError(
                f"{many} unreadable: {names}; all else is read and written; cure: fetch again, leave out, or --max-bad 100%"
            )

    def summarise(self, counts: Mapping[str, int]) -> None:
        """The counts of the run, as a table; where nobody watches, unless quiet, one line of what became of the articles."""
        self.warn()
        if not self.tells:
            if not self.quiet and (line := outcome(counts, self.settings.level)):
                tell(line, err=True)
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(justify="right")
        table.add_column()
        bad = {
            "bad rows in quarantine": self.quarantine.count,
            "unreadable dates": sum(feed.unreadable_dates for feed in self.feeds),
        }
        if damaged := self.damaged_files:
            bad |= {"damaged files": len(damaged), "of them unreadable": sum(file.is_unreadable for file in damaged)}
        blank = {"blank rows": self.feed.blank_rows} if self.feed.blank_rows else {}
        for name, value in {**counts, **blank, **bad}.items():
            table.add_row(f"{value:,}", name)
        Console(stderr=True).print(table)


def _reading_key(options: Mapping[str, Any], settings: Settings) -> str:
    """What holds for how inputs are read and folded: versions, settings and options of reading."""
    from clusterer.fingerprint import recipe

    ways = ("format_", "encoding", "timezone", "now", "max_row_bytes", "limits", "strict", "unique_url")
    reading = {name: str(options.get(name)) for name in (*ways, *(f"{a}_field" for a in FIELD_NAMES))}
    return chained(f"{__version__} {recipe()} {settings.fingerprint()} {np.__version__}", reading)
