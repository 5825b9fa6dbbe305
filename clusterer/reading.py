"""Reading: the inputs of a run one after the other, each kept in a work folder once it is read, so that a killed run goes on.

What is kept of an input is its chunk of the corpus, where its rows stood, its bad rows, and what the walk had counted after it.
It holds for the same bytes, read by the same options after the same inputs; of anything else it is read again. Groups nothing.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import offsets_from_counts
from clusterer.arrays.ragged import Growing
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.articles import Article
from clusterer.corpus import Chunk, read_chunks
from clusterer.errors import CHANGED, InputError
from clusterer.io.blocks import Block, gathered
from clusterer.io.feed import Feed
from clusterer.io.readers.base import OpenedInput
from clusterer.io.resuming import State, chained, identity, opened_again, pass_over, state_of
from clusterer.io.rows import BadRow, Row
from clusterer.io.sources import Source
from clusterer.io.work_folder import WorkFolder, packed_texts, texts_from
from clusterer.progress import Progress, silent
from clusterer.settings import Settings
from clusterer.text.words import Words, concatenate

_LETTERS = 1 << 25
"""Of all bad rows of an input up to which they are kept with it; they are held for that."""


@dataclass(frozen=True, slots=True)
class ReadInput:
    """An input that was read.

    Attributes:
        source: the input.
        key: holds for its bytes, those of the inputs before it, and how they were read.
        start: number of its first article among all.
        lines: int64 (n,), where its n good rows stood.
        state: of the walk after it.
        known: what told its file when it was read (`resuming.identity`); None of what is no file by itself.
    """

    source: Source
    key: str
    start: int
    lines: NDArray[np.int64]
    state: State
    known: list[Any] | None = None

    @property
    def stands_whole(self) -> bool:
        """Whether each of its rows is all that stands at its place, in a file that can be read again there."""
        return self.known is not None and not self.state["in_pieces"]

    def name(self, number: int) -> str:
        """What a row is told to be of, by the number of its article among all: the input, or a sheet of it."""
        before = number - self.start + self.state["rows"] - len(self.lines)
        return next((name for first, name in reversed(self.state["parts"]) if first <= before), self.source.name)

    @property
    def stop(self) -> int:
        """Number after its last article."""
        return self.start + len(self.lines)


class InputReader:
    """Reads the inputs of a feed, and reads them again for what is written.

    Attributes:
        feed: what is read.
        inputs: those that have been read.
    """

    def __init__(
        self,
        feed: Feed,
        settings: Settings,
        work: WorkFolder | None = None,
        key: str = "",
        name: str = "input",
        store: Store = IN_MEMORY,
    ) -> None:
        """Read nothing yet.

        Args:
            feed: what to read.
            settings: of the run.
            work: where what was read is kept; None for nowhere.
            key: holds for all that decides how inputs are read.
            name: of what is kept in the work folder.
            store: where large arrays live meanwhile.
        """
        self.feed = feed
        feed._threads = settings.threads
        self.inputs: list[ReadInput] = []
        self._settings, self._work, self._key, self._name = settings, work, key, name
        self._store = store

    def chunks(
        self,
        progress: Progress | None = None,
        chosen: Callable[[Iterator[Article], int], Iterator[Article]] | None = None,
    ) -> Iterator[Chunk]:
        """What is kept of the articles, in order; read, or taken from the work folder.

        Args:
            progress: told how far the work is.
            chosen: takes the articles of an input and the number of the first, and gives those that chunks are made of. What it
                learns on the way is in no work folder, so nothing is taken from there, and nothing put there.
        """
        tell, work = progress or silent, None if chosen else self._work
        self.inputs, key, start = [], self._key, 0
        for number, (source, items) in enumerate(self._blocks_or_rows(chosen is None)):
            known = identity(source)
            key = chained(key, known or os.urandom(16))
            name = f"{self._name}-{number:06d}"
            kept = work.get(name) if work and known else None
            lines: NDArray[np.int64]
            if kept and kept[0]["key"] == key:
                header, arrays = kept
                pass_over(self.feed, source, header["state"])
                self._report_again(header)
                lines = arrays["lines"]
                tell("reading", len(lines))
                if len(lines):  # words of nothing have no stems
                    yield _chunk_from(header, arrays)
            else:
                places = Growing(np.int64)
                blocks = _with_places(gathered(items, self._settings.chunk), places)
                if work and known and not work.failure:
                    with _BadRows(self.feed) as bad:
                        chunk = _joined(read_chunks(blocks, self._settings, tell), self._store)
                    lines = places.array()
                    if identity(source) == known and bad.letters <= _LETTERS:
                        about = {"key": key, "state": state_of(self.feed), "bad": [astuple(row) for row in bad.rows]}
                        work.put(name, *_packed(about, chunk, lines))
                    if len(chunk):
                        yield chunk
                elif chosen:
                    rows = cast(Iterator[Row], items)
                    articles = (row.article for row in _with_places_of_rows(rows, places))
                    yield from read_chunks(chosen(articles, start), self._settings, tell)
                    lines = places.array()
                else:
                    yield from read_chunks(blocks, self._settings, tell)
                    lines = places.array()
            self.inputs.append(ReadInput(source, key, start, lines, state_of(self.feed), known))
            start += len(lines)

    def _blocks_or_rows(self, by_block: bool) -> Iterator[tuple[Source, Iterator[Row | Block]]]:
        """A walk over the inputs."""
        if by_block:
            return self.feed.blocks_by_input()
        return cast(Iterator[tuple[Source, Iterator[Row | Block]]], self.feed.by_input())

    def articles(self) -> Iterator[Article]:
        """The articles, in order, for who keeps something else of them; they are not kept in the work folder."""
        self.inputs, key, start = [], self._key, 0
        for source, rows in self.feed.by_input():
            known, places = identity(source), Growing(np.int64)
            key = chained(key, known or os.urandom(16))
            for row in _with_places_of_rows(rows, places):
                yield row.article
            self.inputs.append(ReadInput(source, key, start, places.array(), state_of(self.feed), known))
            start = self.inputs[-1].stop

    def place(self, number: int) -> tuple[str, int]:
        """File and row of an article that was read, by its number among all."""
        read = self.inputs[bisect_right(self.inputs, number, key=lambda read: read.start) - 1]
        return read.name(number), int(read.lines[number - read.start])

    def again(
        self, own_schemas: bool = False, is_needed: Callable[[ReadInput], bool] = lambda _: True
    ) -> Iterator[tuple[ReadInput, Iterator[Row]]]:
        """The inputs once more, each with its good rows; an input that is not needed is passed over.

        Args:
            own_schemas: as for `Feed.by_input`.
            is_needed: whether the rows of an input are.

        Raises:
            InputError: a row does not stand where it stood; an input has more rows, or fewer.
        """
        for read, (source, rows) in zip(self.inputs, self.feed.by_input(own_schemas), strict=True):
            if is_needed(read):
                yield read, _same_rows(rows, read.lines)
            else:
                pass_over(self.feed, source, read.state)

    def opened_again(
        self, own_schemas: bool = False, is_needed: Callable[[ReadInput], bool] = lambda _: True
    ) -> Iterator[tuple[ReadInput, OpenedInput]]:
        """The inputs once more, each opened anew, for who knows which rows of it are wanted and makes no articles of them.

        Args:
            own_schemas: as for `Feed.by_input`.
            is_needed: whether an input is opened; others are passed over.

        Raises:
            InputError: an input is another one than it was.
        """
        for read, (source, _) in zip(self.inputs, self.feed.by_input(own_schemas), strict=True):
            pass_over(self.feed, source, read.state)
            if is_needed(read):
                if read.known != identity(source):
                    raise InputError(CHANGED)
                with opened_again(self.feed, source) as opened:
                    yield read, opened

    def rows_again(self) -> Iterator[Row]:
        """All good rows once more.

        Raises:
            InputError: as `again`.
        """
        for _, rows in self.again():
            yield from rows

    def _report_again(self, header: dict[str, Any]) -> None:
        """Set aside the bad rows of an input that is not read again."""
        self.feed._reported = max(self.feed._reported, header["state"]["bad_rows"])
        for bad in header["bad"]:
            if self.feed._on_bad:
                self.feed._on_bad(BadRow(*bad))


class _BadRows:
    """Remembers the bad rows that a feed reports meanwhile; none of them once they have more than so many letters."""

    def __init__(self, feed: Feed) -> None:
        self.rows: list[BadRow] = []
        self.letters = 0
        self._feed, self._before = feed, feed._on_bad

    def __enter__(self) -> _BadRows:
        self._feed._on_bad = self._take
        return self

    def __exit__(self, *_: object) -> None:
        self._feed._on_bad = self._before

    def _take(self, bad: BadRow) -> None:
        self.letters += len(bad.excerpt)
        if self.letters <= _LETTERS:
            self.rows.append(bad)
        else:  # such an input is not kept, and read again by who goes on
            self.rows.clear()
        if self._before:
            self._before(bad)


def _with_places(blocks: Iterable[Block], places: Growing) -> Iterator[Block]:
    """The blocks; where their articles stood is appended."""
    for block in blocks:
        places.append(block.lines)
        yield block


def _with_places_of_rows(rows: Iterable[Row], places: Growing) -> Iterator[Row]:
    """The rows; where they stood is appended, some at a time."""
    block: list[int] = []
    for row in rows:
        block.append(row.line)
        if len(block) == 1024:
            places.append(np.array(block, dtype=np.int64))
            block = []
        yield row
    places.append(np.array(block, dtype=np.int64))


def _same_rows(rows: Iterator[Row], lines: NDArray[np.int64]) -> Iterator[Row]:
    for line in lines.tolist():
        row = next(rows, None)
        if row is None or row.line != line:
            raise InputError(CHANGED)
        yield row
    if next(rows, None) is not None:
        raise InputError(CHANGED)


def _joined(chunks: Iterable[Chunk], store: Store) -> Chunk:
    """Chunks as one."""
    ids: list[str] = []
    outlets: list[str] = []
    ties, dates, titles = Growing(np.uint32), Growing(np.float64), list[Words]()

    def words() -> Iterator[Words]:
        for chunk in chunks:
            ids.extend(chunk.ids)
            outlets.extend(chunk.outlets)
            ties.append(chunk.ties)
            dates.append(chunk.dates)
            titles.append(chunk.titles)
            yield chunk.words

    texts = concatenate(words(), store)
    return Chunk(ids, ties.array(), outlets, dates.array(), texts, concatenate(titles))


def _packed(
    about: dict[str, Any], chunk: Chunk, lines: NDArray[np.int64]
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """A chunk as a header and arrays."""
    names = {name: number for number, name in enumerate(dict.fromkeys(chunk.outlets))}
    codes = np.array([names[outlet] for outlet in chunk.outlets], dtype=np.int32)
    arrays: dict[str, NDArray[Any]] = {"lines": lines, "ties": chunk.ties, "dates": chunk.dates, "outlet": codes}
    for name, texts in (("ids", chunk.ids), ("outlets", list(names))):
        arrays[name], arrays[f"{name}_counts"] = packed_texts(texts)
    for name, words in (("words", chunk.words), ("titles", chunk.titles)):
        arrays |= {f"{name}_hashes": words.hashes, f"{name}_counts": words.counts}
        if words.stems is not None:
            arrays[f"{name}_stems"] = words.stems
        if words.letters is not None:
            arrays[f"{name}_letters"], arrays[f"{name}_ends"] = words.letters
        if words.opens_line is not None:
            arrays[f"{name}_lines"] = np.packbits(words.opens_line)
    return about, arrays


def _chunk_from(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Chunk:
    """The chunk that `_packed` packed."""

    def words(name: str) -> Words:
        hashes, lines, letters = arrays[f"{name}_hashes"], arrays.get(f"{name}_lines"), arrays.get(f"{name}_letters")
        return Words(
            hashes,
            offsets_from_counts(arrays[f"{name}_counts"]),
            None if lines is None else np.unpackbits(lines, count=len(hashes)).view(np.bool_),
            letters=None if letters is None else (letters, arrays[f"{name}_ends"]),
            stems=arrays.get(f"{name}_stems"),
        )

    names = texts_from(arrays["outlets"], arrays["outlets_counts"])
    outlets = [names[code] for code in arrays["outlet"].tolist()]
    ids = texts_from(arrays["ids"], arrays["ids_counts"])
    return Chunk(ids, arrays["ties"], outlets, arrays["dates"], words("words"), words("titles"))
