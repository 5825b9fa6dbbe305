"""What the stored links among some documents are, judged by who printed these first, and when.

As a batch of them would find them. Reads `links`, writes nothing.

Array letters: `d` documents, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import distinct_near
from clusterer.copies import verify
from clusterer.copies.verify import Links
from clusterer.index.links import WIDTH, measured
from clusterer.index.open_index import OpenIndex


def read_links(index: OpenIndex, documents: NDArray[np.int64], place: NDArray[np.int64]) -> Links:
    """The verified pairs among some documents, as a batch of them would find them.

    Args:
        index: in a transaction.
        documents: int64 (d,), numbers, ascending.
        place: int64 (d,), the place of each in the order of a batch: the longest first.
    """
    return judged_links(index, documents, place)[0]


def judged_links(
    index: OpenIndex, documents: NDArray[np.int64], place: NDArray[np.int64]
) -> tuple[Links, NDArray[np.uint8]]:
    """As `read_links`, and why those of a series are one, uint8 (m,), places in `series.WHY`."""
    table = np.concatenate([np.zeros((0, WIDTH)), *index.links.find(documents).values()])
    ends = table[:, :2].astype(np.int64)
    inside = np.isin(ends[:, 1], documents)
    table, rows = table[inside], np.searchsorted(documents, ends[inside])
    pairs = np.sort(place[rows], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    shared, differing = measured(table[order])
    linked = np.unique(rows)  # by whom the others were printed is not asked
    outlets, dates = np.full(len(documents), -1, dtype=np.int64), np.full(len(documents), np.inf)
    outlets[linked], dates[linked] = first_printed(index, documents[linked])
    kind, why = verify.judge(rows[order], shared, differing, outlets, dates, index.settings)
    return Links(pairs[order], shared, differing, kind), why


def are_filled(index: OpenIndex, texts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Bool (m,): pairs of copy groups, int64 (m, 2), in which one form is filled twice: they report two events.

    Of groups of a crowd (`crowds`) the centres alone are asked.
    """
    statement, asked = "SELECT number, centre FROM document WHERE centre IN {}", distinct_near(texts.ravel())
    of_crowd = np.fromiter(map(index.crowd.__contains__, asked.tolist()), dtype=np.bool_, count=len(asked))
    documents = np.array(index.database.among(statement, asked[~of_crowd]), dtype=np.int64).reshape(-1, 2)
    documents = np.concatenate([documents, np.stack([asked[of_crowd]] * 2, axis=1)])
    if not len(documents):
        return np.zeros(len(texts), dtype=np.bool_)
    documents = documents[np.argsort(documents[:, 0])]
    numbers, centres = np.ascontiguousarray(documents.T)
    links = read_links(index, numbers, np.arange(len(numbers)))
    forms = np.sort(centres[links.pairs[links.forms]], axis=1)
    if not len(forms):
        return np.zeros(len(texts), dtype=np.bool_)
    codes, filled = (pairs[:, 0] << 32 | pairs[:, 1] for pairs in (np.sort(texts, axis=1), forms))
    return np.isin(codes, filled)


def first_printed(index: OpenIndex, documents: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A number of the outlet that printed each document first, -1 where it is unknown, and when that was, inf where it is."""
    return numbered(first_articles(index, documents), documents)


def numbered(
    first: dict[int, tuple[str, float]], documents: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """As `first_printed`, of what `earliest` gives."""
    known: dict[str, int] = {}
    outlets, dates = np.full(len(documents), -1, dtype=np.int64), np.full(len(documents), np.inf)
    for i, document in enumerate(documents.tolist()):
        outlet, dates[i] = first.get(document, ("", np.inf))
        if outlet:
            outlets[i] = known.setdefault(outlet, len(known))
    return outlets, dates


def first_articles(index: OpenIndex, documents: NDArray[np.int64]) -> dict[int, tuple[str, float]]:
    """Outlet and date of the article that printed each document first, "" and inf where unknown."""
    return earliest(
        index.database.among("SELECT document, outlet, date, id FROM article WHERE document IN {}", documents)
    )


def earliest(rows: Iterable[Sequence[Any]]) -> dict[int, tuple[str, float]]:
    """Outlet and date of the earliest article of each document, of equally early ones that with the least id.

    Args:
        rows: document, outlet, date and id of articles.
    """
    first: dict[int, tuple[float, str, str]] = {}
    for document, outlet, date, name in rows:
        told = (np.inf if date is None else date, name, outlet)
        if document not in first or told[:2] < first[document][:2]:
            first[document] = told
    return {document: (outlet, date) for document, (date, _, outlet) in first.items()}
