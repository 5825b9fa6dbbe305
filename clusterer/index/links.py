"""Links: the verified pairs of documents that an index holds, in and out.

A row keeps what was measured, not what it was called: outlets and dates of articles that come later may make a series of what
was a copy. Which pairs can tie documents at all does not depend on them, and is kept beside.

Array letters: `d` documents, `m` pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.copies import verify
from clusterer.copies.facts import Differences
from clusterer.copies.verify import Links, Overlap
from clusterer.index.database import Database
from clusterer.index.guards import damaged
from clusterer.settings import Settings

_COLUMNS = "shared, smaller, larger, opening, own_opening, facts, dates, names, subjects, edits, numbers, others, unknowns, ties"
_MOST = float(1 << 32)  # of any number of a link
_WIDTH = 2 + len(_COLUMNS.split(","))


def write_links(database: Database, ends: NDArray[np.int64], links: Links, settings: Settings) -> None:
    """Store verified pairs.

    Args:
        database: in a transaction.
        ends: int64 (m, 2), numbers of the documents, the longer first.
        links: what they share and differ in.
        settings: of the index.
    """
    shared, d = links.overlap, links.differences
    columns = (
        shared.shared, shared.smaller, shared.larger, shared.opening, shared.own_opening,
        *d.columns, shared.ties(settings).astype(np.int64),
    )  # fmt: skip
    database.write_many(
        f"INSERT OR REPLACE INTO link (a, b, {_COLUMNS}) VALUES ({', '.join('?' * _WIDTH)})",
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
    table = np.array(rows, dtype=np.float64).reshape(-1, _WIDTH)
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


def read_links(database: Database, documents: NDArray[np.int64], place: NDArray[np.int64], settings: Settings) -> Links:
    """The verified pairs among some documents, as a batch of them would find them.

    Args:
        database: in a transaction.
        documents: int64 (d,), numbers, ascending.
        place: int64 (d,), the place of each in the order of a batch: the longest first.
        settings: of the index.
    """
    table = read_table(database, "WHERE a IN {}", documents)
    ends = table[:, :2].astype(np.int64)
    inside = np.isin(ends[:, 1], documents)
    table, rows = table[inside], np.searchsorted(documents, ends[inside])
    pairs = np.sort(place[rows], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    shared, differing = measured(table[order])
    outlets, dates = first_printed(database, documents)
    kind = verify.classify(rows[order], shared, differing, outlets, dates, settings)
    return Links(pairs[order], shared, differing, kind)


def are_filled(database: Database, texts: NDArray[np.int64], settings: Settings) -> NDArray[np.bool_]:
    """Bool (m,): pairs of copy groups, int64 (m, 2), in which one form is filled twice: they report two events."""
    statement = "SELECT number, centre FROM document WHERE centre IN {} ORDER BY number"
    documents = np.array(database.among(statement, np.unique(texts)), dtype=np.int64).reshape(-1, 2)
    if not len(documents):
        return np.zeros(len(texts), dtype=np.bool_)
    numbers, centres = np.ascontiguousarray(documents.T)
    links = read_links(database, numbers, np.arange(len(numbers)), settings)
    forms = np.sort(centres[links.pairs[links.forms]], axis=1)
    codes, filled = (pairs[:, 0] << 32 | pairs[:, 1] for pairs in (np.sort(texts, axis=1), forms))
    return np.isin(codes, filled)


def first_printed(database: Database, documents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A number of the outlet that printed each document first, -1 where it is unknown, and when that was, inf where it is."""
    first = first_articles(database, documents)
    known: dict[str, int] = {}
    outlets, dates = np.full(len(documents), -1, dtype=np.int64), np.full(len(documents), np.inf)
    for i, document in enumerate(documents.tolist()):
        outlet, dates[i] = first.get(document, ("", np.inf))
        if outlet:
            outlets[i] = known.setdefault(outlet, len(known))
    return outlets, dates


def first_articles(database: Database, documents: NDArray[np.int64]) -> dict[int, tuple[str, float]]:
    """Outlet and date of the article that printed each document first, "" and inf where unknown."""
    rows = database.among("SELECT document, outlet, date, id FROM article WHERE document IN {}", documents)
    first: dict[int, tuple[float, str, str]] = {}
    for document, outlet, date, name in rows:
        told = (np.inf if date is None else date, name, outlet)
        if document not in first or told[:2] < first[document][:2]:
            first[document] = told
    return {document: (outlet, date) for document, (date, _, outlet) in first.items()}
