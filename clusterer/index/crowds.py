"""Crowds: components of verified pairs so large that their copy groups are not formed anew.

A feed made to be compared with itself ties all its documents to each other: forming the groups of all of them with every
batch would cost the more for each article the more there are. In a component of more than `CROWD` documents the groups that are
there stay, and new documents join the one whose centre they are a copy or a cut of; those that are of none are grouped among
themselves. Where documents go and a component is small again, its groups are those of one run again. No component of a month of
news is a tenth as large.

Array letters: `d` documents, `m` pairs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import factorize, find_sorted, places_of, run_starts
from clusterer.arrays.linkage import average_linkage, components
from clusterer.copies import grouping
from clusterer.copies.verify import COPY, Links, classify
from clusterer.index.articles import document_words
from clusterer.index.changes import Changes, store_links
from clusterer.index.guards import checked_ends, checked_scores, columns_of
from clusterer.index.judged_links import are_filled, first_printed
from clusterer.index.links import measured, read_table
from clusterer.index.open_index import OpenIndex
from clusterer.stories.linkage import raised

CROWD = 1000
"""Documents of a component above which its groups stay as they are."""
_ASKED = 4  # groups whose centre a new document is compared with: those of the documents that it is most like

_LOG = logging.getLogger("clusterer")


def find_components(index: OpenIndex, seeds: Iterable[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The documents of the components of some, int64 (d,) ascending, and those of the seeds that are in a crowd, likewise."""

    def tied(documents: NDArray[np.int64]) -> list[tuple[int, int]]:
        statement = "SELECT a, b FROM link WHERE {end} IN {{}} AND ties"
        return [row for end in "ab" for row in index.database.among(statement.format(end=end), documents)]

    return _components(index, "copies", seeds, tied, index.crowd)


def find_story_components(
    index: OpenIndex, centres: Iterable[int], stories: Iterable[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """As `find_components`, of texts by their likenesses and their stories; stories are numbers below 0, as they are given back.

    Args:
        index: inside a transaction.
        centres: of texts.
        stories: numbers of stories.
    """
    database = index.database

    def tied(nodes: NDArray[np.int64]) -> list[tuple[int, int]]:
        texts = nodes[nodes > 0]
        rows = _leading_out(index, texts)
        rows += database.among("SELECT centre, -story FROM text WHERE centre IN {} AND story", texts)
        return rows + database.among("SELECT centre, -story FROM text WHERE story IN {}", -nodes[nodes < 0])

    return _components(index, "stories", [*centres, *(-x for x in stories)], tied, index.story_crowd)


def _leading_out(index: OpenIndex, texts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Texts, int64 (t,) ascending, with those that are near them; texts of a story by its number, below 0.

    Texts of one story hang together by it: only what leads out of it is told, once for each two stories.
    """
    ends, scores = index.pairs.of(texts)
    ends = ends[scores >= index.settings.story]
    outside = ~places_of(texts, ends[:, 1])[1]
    centres = np.union1d(texts, ends[outside, 1])
    ends = ends[outside | (ends[:, 0] < ends[:, 1])]  # each once
    stored = index.database.among("SELECT centre, story FROM text WHERE centre IN {} ORDER BY centre", centres)
    centre, story = (np.array(column, dtype=np.int64) for column in columns_of(stored, 2))
    row, is_there = find_sorted(centre, centres)
    nodes = centres.copy()
    nodes[is_there] = np.where(story > 0, -story, centre)[row[is_there]]
    place, _ = places_of(centres, ends)
    one, other = nodes[place[is_there[place].all(axis=1)]].T
    apart = one != other
    return list({*zip(one[apart].tolist(), other[apart].tolist(), strict=True)})


class _Components:
    """The components of nodes that are joined edge by edge: a forest, with halved paths (Tarjan and van Leeuwen 1984).

    Attributes:
        above: of every node one that is nearer to the head of its component; a head's own is itself.
        size: by head how many nodes there are, of known ones of a crowd more than `CROWD`.
    """

    def __init__(self) -> None:
        self.above: dict[int, int] = {}
        self.size: dict[int, int] = {}

    def take(self, nodes: Iterable[int], known: set[int]) -> list[int]:
        """Take nodes in, each alone, and give those that were not there; `known` ones are of a crowd."""
        new = [x for x in dict.fromkeys(nodes) if x not in self.above]
        for x in new:
            self.above[x], self.size[x] = x, CROWD + 2 if x in known else 1
        return new

    def head(self, x: int) -> int:
        """The node that a component goes by."""
        above = self.above
        while (y := above[x]) != x:
            above[x] = x = above[y]
        return x

    def join(self, edges: Iterable[tuple[int, int]]) -> None:
        """Join the components of the two nodes of each edge."""
        head, above, size = self.head, self.above, self.size
        for a, b in edges:
            one, other = head(a), head(b)
            if one != other:
                above[other] = one
                size[one] += size[other]


def _components(
    index: OpenIndex,
    what: str,
    seeds: Iterable[int],
    tied: Callable[[NDArray[np.int64]], list[tuple[int, int]]],
    known: set[int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nodes of the components of some, and those of the seeds that are in a crowd; `known` ones are remembered."""
    asked = sorted(seeds)
    component = _Components()
    frontier = component.take(asked, known)
    while frontier:
        edges = tied(np.array(sorted(frontier), dtype=np.int64))
        new = component.take(chain.from_iterable(edges), known)
        component.join(edges)
        frontier = [x for x in new if component.size[component.head(x)] <= CROWD]
    nodes = np.array(sorted(component.above), dtype=np.int64)
    size = np.array([component.size[component.head(x)] for x in nodes.tolist()], dtype=np.int64)
    crowded = size > CROWD
    if crowded.any():
        if not known:
            _LOG.warning(
                "%s: more than %s texts are alike in a chain: the %s that are there stay as they are, and new texts join them",
                index.database.path,
                f"{CROWD:,}",
                what,
            )
        known.update(nodes[crowded].tolist())
    seeds_of_crowds = [x for x in asked if component.size[component.head(x)] > CROWD]
    return nodes[~crowded], np.array(seeds_of_crowds, dtype=np.int64)


def crowded_documents(index: OpenIndex, documents: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Bool (d,), which of all documents of an index, given ascending, are in a crowd."""
    rows = index.database.rows("SELECT a, b FROM link WHERE ties")
    edges = np.searchsorted(documents, np.array(rows, dtype=np.int64).reshape(-1, 2))
    component = components(edges, len(documents))
    crowded: NDArray[np.bool_] = (np.bincount(component, minlength=1) > CROWD)[component]
    return crowded


def join_crowd(
    index: OpenIndex, changes: Changes, documents: NDArray[np.int64], new: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The centres of documents of a crowd, int64 (d,).

    Args:
        index: open for writing.
        changes: of the transaction.
        documents: int64 (d,), ascending: new ones, and those whose centre is gone.
        new: int64, ascending, the new ones.
    """
    stored = index.documents.find(documents)
    after = np.array([stored[x].centre for x in documents.tolist()], dtype=np.int64)
    is_new = np.isin(documents, new)
    orphans = {centre: documents[after == centre] for centre in np.unique(after[~is_new]).tolist()}
    for centre, members in orphans.items():  # what a group leaves stays together
        longest = min(members.tolist(), key=lambda x: (-stored[x].words, stored[x].hash))
        after[after == centre] = longest
    if len(new):
        after[is_new] = _joined(index, changes, new)
    return after


def _joined(index: OpenIndex, changes: Changes, new: NDArray[np.int64]) -> NDArray[np.int64]:
    """The centres of new documents, int64 (d,), which are given ascending."""
    centres = _compare_with_centres(index, changes, new)
    documents = np.union1d(new, centres)
    links = _links_among(index, new, documents)
    linked = links.where(links.linked)
    ends = documents[linked.pairs]
    strength = np.where(linked.kind == COPY, 1.0, 0.0) + linked.score
    row = np.searchsorted(new, ends)
    is_new = np.isin(ends, new)
    # All but equal ones are one, and join the group that any of them is most like.
    dense = (linked.kind == COPY) & (linked.overlap.jaccard >= max(grouping.DENSE, index.settings.jaccard))
    within = is_new.all(axis=1)
    clump = grouping.clump_centres(row[within & dense], linked.overlap.jaccard[within & dense], len(new))
    to_centre = is_new[:, 0] != is_new[:, 1]
    member = np.where(is_new[:, 0], row[:, 0], row[:, 1])[to_centre]
    centre = np.where(is_new[:, 0], ends[:, 1], ends[:, 0])[to_centre]
    order = np.lexsort((centre, -strength[to_centre], clump[member]))
    best = order[run_starts(clump[member][order])]
    joined = np.zeros(len(new), dtype=np.int64)
    joined[clump[member[best]]] = centre[best]
    joined = joined[clump]
    rest = np.flatnonzero(joined == 0)
    joined[rest] = _grouped(index, new[rest], links, documents)
    return joined


def _compare_with_centres(index: OpenIndex, changes: Changes, new: NDArray[np.int64]) -> NDArray[np.int64]:
    """Compare new documents with the centres of the groups that they have their strongest links to; these, ascending."""
    found = [
        index.database.among(
            f"SELECT {end}, {other}, shared, smaller, larger FROM link WHERE {end} IN {{}} AND ties", new
        )
        for end, other in ("ab", "ba")
    ]
    table = np.concatenate([np.array(rows, dtype=np.int64).reshape(-1, 5) for rows in found])
    table = table[~np.isin(table[:, 1], new)]
    if not len(table):
        return np.zeros(0, dtype=np.int64)
    others, place = factorize(table[:, 1])
    stored = index.documents.find(others)
    centre = np.array([stored[x].centre for x in others.tolist()], dtype=np.int64)[place]
    jaccard = table[:, 2] / (table[:, 3] + table[:, 4] - table[:, 2])
    order = np.lexsort((centre, -jaccard, table[:, 0]))
    codes = (np.searchsorted(new, table[:, 0]) << 32 | centre)[order]
    _, first = np.unique(codes, return_index=True)
    codes = codes[np.sort(first)]  # by document, the strongest first
    starts = run_starts(codes >> 32)
    place = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    codes = codes[place < _ASKED]
    linked = np.searchsorted(new, table[:, 0]) << 32 | table[:, 1]
    pairs = np.stack(np.divmod(np.setdiff1d(codes, linked), 1 << 32), axis=1)
    if len(pairs):
        documents = index.documents.find(new)
        words = document_words(index, {x: documents[x].article for x in new.tolist()})
        hashes = np.array([documents[x].hash for x in new.tolist()], dtype=np.uint64)
        store_links(index, changes, pairs, new, words, hashes)
    return sorting.distinct(codes & 0xFFFFFFFF)


def _links_among(index: OpenIndex, new: NDArray[np.int64], documents: NDArray[np.int64]) -> Links:
    """The verified pairs of new documents with each other and with some stored ones, as rows of all these, ascending."""
    # "+": else SQLite looks for each of the new ones beside each of all, a million times a batch
    tables = [
        read_table(
            index.database, f"WHERE {end} IN {{}} AND +{other} IN (SELECT value FROM json_each(?2))", new, documents
        )
        for end, other in ("ab", "ba")
    ]
    table = np.concatenate([tables[0], tables[1][~np.isin(tables[1][:, 0], new)]])
    pairs = np.searchsorted(documents, table[:, :2].astype(np.int64))
    shared, differing = measured(table)
    kind = classify(pairs, shared, differing, *first_printed(index, documents), index.settings)
    return Links(pairs, shared, differing, kind)


def _grouped(
    index: OpenIndex, rest: NDArray[np.int64], links: Links, documents: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The centres of those new documents that no group takes, int64; `links` are of rows of `documents`."""
    stored = index.documents.find(rest)
    hashes = np.array([stored[x].hash for x in rest.tolist()], dtype=np.uint64)
    order = np.lexsort((hashes, -np.array([stored[x].words for x in rest.tolist()], dtype=np.int64)))
    place = np.argsort(order)
    row, inside = find_sorted(rest, documents[links.pairs].ravel())
    inside = inside[0::2] & inside[1::2]
    pairs = np.sort(place[row.reshape(-1, 2)[inside]], axis=1)
    by_pair = np.lexsort((pairs[:, 1], pairs[:, 0]))
    links = links.where(np.flatnonzero(inside)[by_pair])
    links = Links(pairs[by_pair], links.overlap, links.differences, links.kind)
    settings = index.settings
    centres = grouping.group_documents(
        links.likeness, len(rest), settings.jaccard, settings.containment, settings.bucket_cap
    )
    out = np.empty(len(rest), dtype=np.int64)
    out[order] = rest[order][centres]
    return out


def join_stories(index: OpenIndex, new: NDArray[np.int64], stories: set[int]) -> list[list[int]]:
    """Texts of a crowd in groups: stories that lost or won some, and new ones. None that is there joins another one.

    Args:
        index: open for writing.
        new: int64 (t,), ascending, the centres of texts that have no story.
        stories: of the crowd, to which something happened.
    """
    database = index.database
    rows = [row for end in "ab" for row in database.among(f"SELECT a, b, score FROM pair WHERE {end} IN {{}}", new)]
    *ends, score = columns_of(list(set(rows)), 3)
    pairs, scores = checked_ends(database.path, *ends), checked_scores(database.path, score)
    apart = ~are_filled(index, pairs)
    pairs, scores = pairs[apart], scores[apart]
    joins = np.isin(new, pairs[scores >= index.settings.story])
    kept = np.flatnonzero(~np.isin(pairs, new[~joins]).any(axis=1))
    pairs, scores = pairs[kept], raised(scores[kept])
    others = np.setdiff1d(pairs, new)
    story = dict(database.among("SELECT centre, story FROM text WHERE centre IN {}", others))
    node = {x: -story[x] for x in others.tolist()}
    ends_of = np.array([[node.get(x, x) for x in pair] for pair in pairs.tolist()], dtype=np.int64).reshape(-1, 2)
    nodes = np.union1d(new, ends_of)
    statement = "SELECT story, count(*) FROM text WHERE story IN {} GROUP BY story"
    size = dict(database.among(statement, sorted({*story.values()})))
    weights = np.array([size.get(-x, 1) for x in nodes.tolist()], dtype=np.int64)
    local = np.sort(np.searchsorted(nodes, ends_of), axis=1)
    codes, place = factorize(local[:, 0] * len(nodes) + local[:, 1])
    links = np.stack(np.divmod(codes, max(len(nodes), 1)), axis=1)
    mean = np.bincount(place, scores, len(codes)) / (weights[links[:, 0]] * weights[links[:, 1]])
    threshold = float(raised(np.array([index.settings.story]))[0])
    group = average_linkage(links, mean, len(nodes), threshold, weights)
    members: dict[int, list[int]] = {}
    for x, label in zip(nodes.tolist(), group.tolist(), strict=True):
        members.setdefault(label, []).append(x)
    grown: dict[int, list[int]] = {x: [] for x in stories}
    opened = []
    for some in members.values():
        texts = [x for x in some if x > 0]
        old = sorted((-x for x in some if x < 0), key=lambda x: (-size[x], x))
        if old and texts:
            grown.setdefault(old[0], []).extend(texts)
        elif texts:
            opened.append(texts)
    for centre, number in database.among("SELECT centre, story FROM text WHERE story IN {}", sorted(grown)):
        grown[number].append(centre)
    return opened + [texts for texts in grown.values() if texts]
