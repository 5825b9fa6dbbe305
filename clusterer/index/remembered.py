"""Rows that an open index read or wrote last, kept in memory by the number that finds them.

Whoever changes such a row in the file says so here (`forget`, `put`). `OpenIndex.refresh` clears all where another one wrote.

Array letters: `n` documents or texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusterer.index.database import Database
from clusterer.index.guards import blob_rows

Row = TypeVar("Row")

MOST = 1 << 16
"""Rows of a kind that are kept: some 70 MB of texts with their slots, 20 MB of documents."""


class StoredDocument(NamedTuple):
    """A distinct text of the index.

    Attributes:
        article: number of the article whose text and title stand for it.
        hash: of its words, uint64.
        words: how many.
        centre: number of the longest document of its copy group.
    """

    article: int
    hash: int
    words: int
    centre: int


class StoredText(NamedTuple):
    """What the story level compares of a copy group, its words aside.

    Attributes:
        first: earliest date of its articles, seconds since 1970, NaN where none has one.
        last: latest date, likewise.
        outlets: JSON list of the names of its outlets.
        body: number of its longest document.
        slots: uint16, signature of the weighted lead.
    """

    first: float
    last: float
    outlets: str
    body: int
    slots: bytes


class Leads(NamedTuple):
    """What proposes n texts.

    Attributes:
        slots: uint16 (n, k), signatures of their weighted leads.
        dates: float64 (n, 2), earliest and latest, seconds since 1970, NaN where unknown.
    """

    slots: NDArray[np.uint16]
    dates: NDArray[np.float64]


class Remembered(Generic[Row]):
    """Rows of one kind, at most one a number."""

    def __init__(
        self,
        read: Callable[[list[int]], Mapping[int, Row]],
        most: int = MOST,
        size: Callable[[Row], int] = lambda row: 1,
    ) -> None:
        """Remember nothing yet.

        Args:
            read: gives the rows of some numbers out of the file; those that are not there are left out.
            most: that is kept, in all.
            size: of a row.
        """
        self._read, self._most, self._size = read, most, size
        self._rows: dict[int, Row | None] = {}  # None: there is no such row
        self._held = 0

    def find(self, numbers: NDArray[np.int64] | Iterable[int]) -> dict[int, Row]:
        """Rows by number, in the order given; those that are not there are left out."""
        asked = numbers.tolist() if isinstance(numbers, np.ndarray) else list(numbers)
        rows = self._rows
        if missing := list(dict.fromkeys(x for x in asked if x not in rows)):
            found = self._read(missing)
            if len(missing) > self._most:  # a walk over all of a large index: none is kept
                return {x: row for x in asked if (row := found.get(x, rows.get(x))) is not None}
            self._hold((x, found.get(x)) for x in missing)
        out = {x: row for x in asked if (row := rows[x]) is not None}
        self._trim()
        return out

    def put(self, rows: Mapping[int, Row | None]) -> None:
        """Remember rows as they were just written, None for those that are not there."""
        self._hold(rows.items())
        self._trim()

    def held(self, number: int) -> tuple[bool, Row | None]:
        """Whether a row is remembered, and it; None where it is remembered that there is none."""
        return number in self._rows, self._rows.get(number)

    def forget(self, numbers: Iterable[int]) -> None:
        """Rows with these numbers were changed, made or deleted."""
        for number in numbers:
            if number in self._rows:
                self._held -= self._size_of(self._rows.pop(number))

    def clear(self) -> None:
        """Trust nothing that is remembered."""
        self._rows.clear()
        self._held = 0

    def _hold(self, rows: Iterable[tuple[int, Row | None]]) -> None:
        for number, row in rows:
            self._held += self._size_of(row) - (self._size_of(self._rows[number]) if number in self._rows else 0)
            self._rows[number] = row

    def _size_of(self, row: Row | None) -> int:
        return 1 if row is None else self._size(row)

    def _trim(self) -> None:
        """Drop what was read first, a quarter at a time, where there is too much."""
        if self._held > self._most:
            while self._rows and self._held > self._most * 3 // 4:
                self.forget([next(iter(self._rows))])


class RememberedTexts(Remembered[StoredText]):
    """Texts, of which the slots and dates that were asked for last are kept as arrays, too."""

    def __init__(self, read: Callable[[list[int]], Mapping[int, StoredText]], path: str, slots: int) -> None:
        """Remember nothing yet.

        Args:
            read: as `Remembered`.
            path: of the file, which errors name.
            slots: of a signature.
        """
        super().__init__(read)
        self._path = path
        self._place: dict[int, int] = {}
        self._leads = Leads(np.zeros((0, slots), np.uint16), np.zeros((0, 2)))
        self._used = 0

    def find_leads(self, centres: NDArray[np.int64]) -> tuple[NDArray[np.int64], Leads]:
        """Those of some texts, int64 (n,), that are there, and their leads, in the order given."""
        place, asked = self._place, centres.tolist()
        missing = self.find([x for x in asked if x not in place])
        if self._used + len(missing) > len(self._leads.slots):
            self._make_room(len(asked))
            missing = self.find([x for x in asked if x not in place])
        rows = slice(self._used, self._used + len(missing))
        texts = list(missing.values())
        self._leads.slots[rows] = blob_rows(
            self._path, "slots", [text.slots for text in texts], "<u2", self._leads.slots.shape[1]
        )
        self._leads.dates[rows] = np.array([text[:2] for text in texts], dtype=np.float64).reshape(-1, 2)
        place.update(zip(missing, range(rows.start, rows.stop), strict=True))
        self._used = rows.stop
        found = [x for x in asked if x in place]
        places = np.fromiter(map(place.__getitem__, found), np.int64, len(found))
        return np.array(found, dtype=np.int64), Leads(self._leads.slots[places], self._leads.dates[places])

    def put(self, rows: Mapping[int, StoredText | None]) -> None:
        """Remember texts as they were just written, None for those that are not there."""
        for centre in rows:
            self._place.pop(centre, None)
        super().put(rows)

    def forget(self, numbers: Iterable[int]) -> None:
        """Texts with these centres were changed, made or deleted."""
        numbers = list(numbers)
        super().forget(numbers)
        for number in numbers:
            self._place.pop(number, None)

    def clear(self) -> None:
        """Trust nothing that is remembered."""
        super().clear()
        self._place.clear()
        self._used = 0

    def _make_room(self, count: int) -> None:
        """Forget all leads; there is room for twice as many as were kept, `MOST` of these, or are asked for now."""
        size = 2 * max(min(len(self._place), MOST), count)
        self._place.clear()
        self._leads = Leads(np.empty((size, self._leads.slots.shape[1]), np.uint16), np.empty((size, 2)))
        self._used = 0


def documents_of(database: Database) -> Remembered[StoredDocument]:
    """The documents of a file, by number."""
    statement = "SELECT number, article, hash, words, centre FROM document WHERE number IN {}"

    def read(numbers: list[int]) -> dict[int, StoredDocument]:
        rows = database.among(statement, numbers)
        return {
            number: StoredDocument(article, hash % (1 << 64), words, centre)
            for number, article, hash, words, centre in rows
        }

    return Remembered(read)


def texts_of(database: Database) -> RememberedTexts:
    """The texts of a file that has a story level, by centre."""
    statement = "SELECT centre, first, last, outlets, body, slots FROM text WHERE centre IN {}"

    def read(centres: list[int]) -> dict[int, StoredText]:
        rows = database.blobs_among(statement, centres, 2 * database.settings.story_slots)
        return {centre: stored_text(*row) for centre, *row in rows}

    return RememberedTexts(read, database.path, database.settings.story_slots)


def stored_text(first: float | None, last: float | None, outlets: str, body: int, slots: bytes) -> StoredText:
    """A text as its row tells it."""
    return StoredText(np.nan if first is None else first, np.nan if last is None else last, outlets, body, slots)
