"""Links: the verified pairs of documents that an index holds, in and out.

A row keeps what was measured, not what it was called: outlets and dates of articles that come later may make a series of what
was a copy (`judged_links`). Which pairs can tie documents at all does not depend on them, and is kept beside.

Array letters: `m` pairs.
"""

from __future__ import annotations

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer.arrays.indexing import run_starts
from clusterer.copies.facts import Differences
from clusterer.copies.verify import Links, Overlap
from clusterer.index.database import Database
from clusterer.index.guards import damaged
from clusterer.index.remembered import Remembered

STORED = 8
"""Columns of `Differences` that a file has: all but doubts, which matter where articles are removed. An index removes none."""
_COLUMNS = "shared, smaller, larger, opening, own_opening, facts, dates, names, subjects, edits, numbers, others, unknowns, ties"
_MOST = float(1 << 32)  # of any number of a link
MOST = 1 << 19
"""Pairs that are kept in memory: 70 MB."""
WIDTH = 2 + len(_COLUMNS.split(","))
"""Columns of the rows that `read_table` gives."""


def write_links(database: Database, ends: NDArray[np.int64], links: Links) -> NDArray[np.float64]:
    """Store verified pairs; they are returned as `read_table` gives them.

    Args:
        database: in a transaction.
        ends: int64 (m, 2), numbers of the documents, the longer first.
        links: what they share and differ in.
    """
    shared, d = links.overlap, links.differences
    columns = (
        shared.shared, shared.smaller, shared.larger, shared.opening, shared.own_opening,
        *d.columns[:STORED], shared.ties(database.settings).astype(np.int64),
    )  # fmt: skip
    database.write_many(
        f"INSERT OR REPLACE INTO link (a, b, {_COLUMNS}) VALUES ({', '.join('?' * WIDTH)})",
        zip(*ends.T.tolist(), *(x.tolist() for x in columns), strict=True),
    )
    return np.stack([*ends.T, *columns], axis=1).astype(np.float64)


def read_table(
    database: Database,
    where: str = "",
    numbers: NDArray[np.int64] | None = None,
    others: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Rows of stored pairs, float64 (m, columns): both documents, what `measured` reads, and whether they are tied.

    Args:
        database: in a transaction.
        where: condition; with ``{}`` for the numbers.
        numbers: of documents.
        others: of documents whose pairs with these alone are asked for: the condition names both ends as a and b.

    Raises:
        IndexDamaged: a row says what no two texts can.
    """
    statement = f"SELECT a, b, {_COLUMNS} FROM link {where}"
    rows = (
        database.rows(statement)
        if numbers is None
        else database.among(statement, numbers, *([] if others is None else [orjson.dumps(others.tolist()).decode()]))
    )
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
    return shared, Differences(*np.vstack([numbers[:, 7:-1].T, np.zeros((1, len(table)), dtype=np.int64)]))


def links_of(database: Database) -> Remembered[NDArray[np.float64]]:
    """The verified pairs of a file by the longer document, as `read_table` gives them; of those that have some."""

    def read(documents: list[int]) -> dict[int, NDArray[np.float64]]:
        table = read_table(database, "WHERE a IN {} ORDER BY a", np.array(documents, dtype=np.int64))
        if not len(table):
            return {}
        starts = run_starts(table[:, 0])
        return dict(zip(table[starts, 0].astype(np.int64).tolist(), np.split(table, starts[1:]), strict=True))

    return Remembered(read, MOST, len)


def remember_links(remembered: Remembered[NDArray[np.float64]], table: NDArray[np.float64]) -> None:
    """Put pairs that were just stored, rows as `read_table` gives them, among those that are remembered."""
    if not len(table):
        return
    table = table[np.argsort(table[:, 0], kind="stable")]
    starts = run_starts(table[:, 0])
    for longer, rows in zip(table[starts, 0].astype(np.int64).tolist(), np.split(table, starts[1:]), strict=True):
        is_held, before = remembered.held(longer)
        if is_held:
            kept = rows[:0] if before is None else before[~np.isin(before[:, 1], rows[:, 1])]
            remembered.put({longer: np.concatenate([kept, rows])})
