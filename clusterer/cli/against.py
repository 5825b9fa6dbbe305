"""What inputs are compared against: other files, or the articles of an index. Read as inputs are, never written."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from clusterer.articles import Article
from clusterer.cli.run import Run, feed_of, keep_apart
from clusterer.corpus import Chunk, read_chunks
from clusterer.deduplication import compared_against
from clusterer.errors import InputError
from clusterer.io.choice import SAMPLE
from clusterer.io.field_names import FIELD_NAMES, column_key
from clusterer.io.nulls import decoded
from clusterer.io.rows import BadRow, as_json
from clusterer.io.sources import find_sources
from clusterer.reading import InputReader
from clusterer.text.words import hash_words


class AgainstFeed:
    """The articles that inputs are compared against.

    Attributes:
        parts: one number, how many there are, once they are read.
    """

    def __init__(
        self, paths: Sequence[str], options: Mapping[str, Any], run: Run, outputs: Sequence[str | None]
    ) -> None:
        """Find them.

        Args:
            paths: of --against.
            options: of the command, as `fields_apart` gives them for these.
            run: of the command.
            outputs: what is written.

        Raises:
            InputError: a path is also an input, or stands for nothing.
        """
        self.parts: list[int] = []
        self._run = run
        self._indexes = [path for path in paths if is_index(path)]
        files = [path for path in paths if not is_index(path)]
        self._reader: InputReader | None = None
        self._stored_in: list[str] = []
        self._given: dict[str, str] = {}  # by name of a file or index the path of --against that stands for it
        self._usable: set[str] = set()  # files and indexes with something to compare
        inputs = {os.path.realpath(path) for path in run.feed.paths}
        named = [*self._indexes]
        if files:
            feed = feed_of({**options, "inputs": files}, run.set_aside)
            self._reader = InputReader(feed, run.settings, run.work, run.key, "against", run.store)
            run.other_feeds.append(feed)
            named += feed.paths
            for path in files if len(paths) > 1 else ():
                for source in find_sources(path, options["format_"], feed._limits.members):
                    self._given.setdefault(source.name, path)
        keep_apart(outputs, named)
        for path in named:
            if os.path.realpath(path) in inputs:
                raise InputError(
                    f"{path} is an input and in --against; cure: leave it out of one, or nothing of it stays"
                )

    def chunks(self) -> Iterator[Chunk]:
        """What is kept of the articles, in order."""
        yield from compared_against(self._chunks(), self.parts)

    def _chunks(self) -> Iterator[Chunk]:
        if self._reader:
            for chunk in self._reader.chunks(self._run.stages):  # of one file each
                if len(chunk.words.hashes) + len(chunk.titles.hashes):
                    self._usable.add(self._file)
                yield chunk
            self._refuse_nothing()
        self._stored_in = []
        for path in self._indexes:
            for chunk in read_chunks(self._stored(path), self._run.settings, self._run.stages):
                if len(chunk.words.hashes) + len(chunk.titles.hashes):
                    self._usable.add(path)
                yield chunk
        self._refuse_useless("a word")

    def articles(self, length: int) -> Iterator[Article]:
        """The articles, in order; of use are those with so many words in text or title."""
        if self._reader:
            for article in self._reader.articles():
                if self._file not in self._usable and self._has_words(article, length):
                    self._usable.add(self._file)
                yield article
            self._refuse_nothing()
        self._stored_in = []
        for path in self._indexes:
            for article in self._stored(path):
                if path not in self._usable and self._has_words(article, length):
                    self._usable.add(path)
                yield article
        self._refuse_useless(f"{length} words")

    @property
    def _file(self) -> str:
        """Name of the file that is read now."""
        assert self._reader is not None
        return self._reader.feed.sources[len(self._reader.inputs)].name

    def _has_words(self, article: Article, length: int) -> bool:
        """Whether a text or title has so many words."""
        words = hash_words([article.text, article.title], self._run.settings.profile)
        return bool((words.counts >= length).any())

    def _refuse_useless(self, least: str) -> None:
        """Refuse a path, among several, with nothing to compare; where none has anything, that is refused elsewhere.

        Raises:
            InputError: naming it. What is compared against a part of what was named must not pass for compared with all.
        """
        of_use = {self._given.get(name, name) for name in self._usable}
        useless = [path for path in dict.fromkeys([*self._given.values(), *self._indexes]) if path not in of_use]
        if of_use and useless:
            names = ", ".join(useless[:3]) + (", …" if len(useless) > 3 else "")
            damaged = (file.reason for file in self._run.damaged_files if self._given.get(file.file) == useless[0])
            why = next((f": {reason}" for reason in damaged), "; cure: see what it holds, or leave it out")
            raise InputError(f"--against: nothing in {names} has {least}{why}")

    def _refuse_nothing(self) -> None:
        """Refuse files without an article; these are read before INPUT.

        Raises:
            InputError: all rows are bad, or there is none, and no index either.
        """
        if not any(feed.rows for feed in self._run.other_feeds):
            self._run.refuse_nothing("--against: ")
            if self._reader and not self._indexes:
                names = [source.name for source in self._reader.feed.sources]
                shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
                raise InputError(f"--against: there is no article in {shown}; cure: see whether it was fetched whole")

    def _stored(self, path: str) -> Iterator[Article]:
        """The articles of an index."""
        from clusterer.index.story_index import StoryIndex

        with StoryIndex.open(path, must_exist=True) as index:
            ids = [assignment.id for assignment in index.assignments()]
            for start in range(0, len(ids), self._run.settings.chunk):
                stored = index.articles(ids[start : start + self._run.settings.chunk])
                self._stored_in += [path] * len(stored)
                yield from stored.values()

    def place(self, number: int) -> tuple[str, int | None]:
        """File and row of an article; no row in an index."""
        in_files = self._reader.inputs[-1].stop if self._reader and self._reader.inputs else 0
        if self._reader and number < in_files:
            return self._reader.place(number)
        return self._stored_in[number - in_files], None


def fields_apart(options: Mapping[str, Any], paths: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said of columns, for the inputs and for what they are compared against: these are often of another make.

    A column named for one attribute holds where it is there; of the other side, if that has no such column, it is told anew.
    A column that neither has is named for both, and the inputs refuse it.

    Args:
        options: of the command.
        paths: of --against.

    Returns:
        the options for the inputs, and those for the others.
    """
    ours, theirs = dict(options), dict(options)
    given = {f"{attribute}_field": options[f"{attribute}_field"] for attribute in FIELD_NAMES}
    given = {name: column for name, column in given.items() if column}
    files = [path for path in paths if not is_index(path)]
    if not given or not files or "-" in (*files, *options["inputs"]):  # standard input is read once
        return ours, theirs
    here, there = _columns(options), _columns({**options, "inputs": files})
    for name, column in given.items():
        key = column_key(column.partition(".")[0])
        if here and there and (key in here) != (key in there):
            (theirs if key in here else ours)[name] = None
    return ours, theirs


def _columns(options: Mapping[str, Any]) -> set[str]:
    """The keys of the columns of the first rows, read with the columns that were named or without; empty where none can be."""
    plain = {**options, **{f"{attribute}_field": None for attribute in FIELD_NAMES}}
    found: set[str] = set()
    for tried in (options, plain):
        with contextlib.suppress(InputError):  # told when the run reads them
            feed = feed_of({**tried, "strict": False}, _Enough().count)
            found |= {column_key(name) for row in islice(feed, SAMPLE) for name in decoded(as_json(row))}
    return found


class _Enough:
    """Ends a look at first rows where none of them is an article: the rest need not be read for that."""

    def __init__(self) -> None:
        self._bad = 0

    def count(self, bad: BadRow) -> None:
        """One more of no use.

        Raises:
            InputError: there were enough.
        """
        self._bad += 1
        if self._bad >= SAMPLE:
            raise InputError(bad.reason)


def is_index(path: str) -> bool:
    """Whether a path is an index, by its first bytes: those of SQLite's files of this application."""
    from clusterer.index.schema import APPLICATION

    if not os.path.isfile(path):
        return False
    with Path(path).open("rb") as file:
        head = file.read(100)
    return head.startswith(b"SQLite format 3\0") and int.from_bytes(head[68:72], "big") == APPLICATION
