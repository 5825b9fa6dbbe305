"""Links: the verified pairs of documents that an index holds, in and out.

A row keeps what was measured, not what it was called: outlets and dates of articles that come later may make a series of what
was a copy (`judged_links`). Which pairs can tie documents at all does not depend on them, and is kept beside.

Array letters: `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import run_starts
from clusterer.copies.facts import Differences
from clusterer.copies.verify import Links, Overlap
from clusterer.index.database import Database
from clusterer.index.guards import damaged
from clusterer.index.remembered import Remembered

_COLUMNS = "shared, smaller, larger, opening, own_opening, facts, dates, names, subjects, edits, numbers, others, unknowns, ties"
_MOST = float(1 << 32)  # of any number of a link
WIDTH = 2 + len(_COLUMNS.split(","))
"""Columns of the rows that `read_table` gives."""


def write_links(database: Database, ends: NDArray[np.int64], links: Links) -> None:
    """Store verified pairs.

    Args:
        database: in a transaction.
        ends: int64 (m, 2), numbers of the documents, the longer first.
        links: what they share and differ in.
    """
    shared, d = links.overlap, links.differences
    columns = (
        shared.shared, shared.smaller, shared.larger, shared.opening, shared.own_opening,
        *d.columns, shared.ties(database.settings).astype(np.int64),
    )  # fmt: skip
    database.write_many(
        f"INSERT OR REPLACE INTO link (a, b, {_COLUMNS}) VALUES ({', '.join('?' * WIDTH)})",
        zip(*ends.T.tolist(), *(x.tolist() for x in columns), strict=True),
    )


def read_table(database: Database, where: str = "", numbers: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """Rows of stored pairs, float64 (m, columns): both documents, what `measured` reads, and whether they are tied.

    Args:
        database: in a transaction.
        where: condition; with ``{}`` for the numbers.
        numbers: of documents.

    Raises:
        IndexDamaged: a row says what no two texts can.
    """
    statement = f"SELECT a, b, {_COLUMNS} FROM link {where}"
    rows = database.rows(statement) if numbers is None else database.among(statement, numbers)
    table = np.array(rows, dtype=np.float64).reshape(-1, WIDTH)
    shared, smaller, larger = table[:, 2:5].T
    in_order = (shared <= smaller) & (smaller >= 1) & (smaller <= larger) & (table[:, 0] != table[:, 1])
    in_range = (table >= 0) & (table <= _MOST)
    if not (in_order.all() and in_range.all() and (table[:, 5:7] <= 1).all()):
        raise damaged(database.path, "a link counts shingles, openings or facts as no two texts share them")
    return table


def measured(table: NDArray[np.float64]) -> tuple[Overlap, Differences]:
    """What stored pairs share and differ in."""
    numbers = table.astype(np.int64)
    shared = Overlap(*numbers[:, 2:5].T, *table[:, 5:7].T)
    return shared, Differences(*numbers[:, 7:-1].T)


def links_of(database: Database) -> Remembered[NDArray[np.float64]]:
    """The verified pairs of a file by the longer document, as `read_table` gives them; of those that have some."""

    def read(documents: list[int]) -> dict[int, NDArray[np.float64]]:
        table = read_table(database, "WHERE a IN {} ORDER BY a", np.array(documents, dtype=np.int64))
        if not len(table):
            return {}
        starts = run_starts(table[:, 0])
        return dict(zip(table[starts, 0].astype(np.int64).tolist(), np.split(table, starts[1:]), strict=True))

    return Remembered(read)
