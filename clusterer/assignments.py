"""The last stage: groups of documents to one assignment an article, and the counts of the run.

Names groups, chooses who stands for them, and joins every article to another one by a link that was verified: a
spanning tree of each story, rooted at its representative. Forms no groups and scores nothing.

Array letters: `n` articles, `d` documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.copies.candidates import CandidatePairs
from clusterer.copies.documents import Documents
from clusterer.copies.verify import QUOTED, SERIES, Links
from clusterer.corpus import Corpus
from clusterer.results import Assignments, Clustering, group_counts
from clusterer.settings import Settings
from clusterer.stories import features
from clusterer.stories.clustering import Stories
from clusterer.text import boilerplate_phrases

_EXACT, _COPY, _CONTAINED, _STORY = range(4)  # places in `results.RELATIONS`

AGENCIES = frozenset(boilerplate_phrases.AGENCIES) | {"وكالة الأنباء السعودية", "spa", "reuters", "afp"}
"""Outlets whose articles stand for their groups first."""


def assign(
    corpus: Corpus,
    documents: Documents,
    proposed: CandidatePairs,
    links: Links,
    copies: NDArray[np.int64],
    stories: Stories | None,
    settings: Settings,
) -> Clustering:
    """Turn groups of documents into one assignment an article.

    Args:
        corpus: n articles.
        documents: d distinct texts of them.
        proposed, links: of the copy level.
        copies: int64 (d,), the centre of each document's copy group.
        stories: None below the story level.
        settings: of the run.
    """
    exact, copy, story = _group_numbers(documents, copies, stories)
    earliest = preferences(corpus, documents, links, copies, "earliest")
    agency = np.fromiter(map(AGENCIES.__contains__, corpus.outlets), dtype=np.bool_, count=len(corpus.outlets))
    preferred = preferences(corpus, documents, links, copies, settings.representative)
    preferred = preferred[np.argsort(~agency[preferred], kind="stable")]
    representative = first_of_group(story, preferred)[story]
    linked = links.where(links.linked)
    tree = _copy_trees(linked, documents, copies, exact, copy, preferred)
    joined = number = np.zeros(0, dtype=np.int64)
    if stories is not None and len(stories.pairs):
        joined, number = _join_copy_groups(tree, stories, copies, copy, preferred, representative)
    heads = np.arange(len(corpus.ids)) == representative
    assignments = Assignments(
        corpus.ids,
        np.stack([first_of_group(x, earliest)[x].astype(np.int32) for x in (story, copy, exact)]),
        tree.parent.astype(np.int32),
        heads,
        tree.relation.astype(np.uint8),
        tree.score,
        *_evidence(tree, linked, stories, joined, number),
        features.FEATURES,
    )
    named: dict[str, str] = {}
    if stories is not None:
        later, earlier = first_of_group(story, earliest)[stories.follows].reshape(-1, 2).T.tolist()
        named = {corpus.ids[a]: corpus.ids[b] for a, b in zip(later, earlier, strict=True)}
    stats = counts(corpus, documents, proposed, links, copies, stories, settings)
    again = _read_before(corpus, preferred)
    return Clustering(assignments, stats, settings.fingerprint(), frozenset(corpus.lines.tolist()), named, again)


def _read_before(corpus: Corpus, preferred: NDArray[np.int64]) -> frozenset[int]:
    """Places of articles that were read before; of several readings the best article, to which others are linked, is none."""
    if not corpus.again:
        return frozenset()
    first = np.arange(len(corpus.ids))
    first[list(corpus.again)] = list(corpus.again.values())
    return frozenset(np.flatnonzero(first_of_group(first, preferred)[first] != np.arange(len(first))).tolist())


def _evidence(
    tree: _Trees, links: Links, stories: Stories | None, joined: NDArray[np.int64], number: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float32]]:
    """What links were measured as: which row each of n articles has, int32 (n,), and the rows, as `Assignments` holds them.

    Args:
        tree: of the n articles.
        links: of their copy groups.
        stories: None below the story level.
        joined, number: int64, the articles that a link of stories joins, and the links.
    """
    measured, overlap = np.flatnonzero(tree.link >= 0), links.overlap
    columns = (x[tree.link[measured]].round(4) for x in (overlap.jaccard, overlap.containment, overlap.opening))
    measures = np.stack([*columns], axis=1)
    row = np.full(len(tree.link), -1, dtype=np.int32)
    row[joined] = np.arange(len(measured), len(measured) + len(joined), dtype=np.int32)
    row[measured] = np.arange(len(measured), dtype=np.int32)
    told = np.zeros((0, 0), dtype=np.float32) if stories is None else stories.features_of(number)
    return row, measures, told


@dataclass(frozen=True, slots=True)
class _Trees:
    """By which link each of n articles is joined to another one of its group; written into, stage by stage.

    Attributes:
        parent: int64 (n,), the article it is joined to; itself at a root.
        relation: int64 (n,), what the link is, a place in `results.RELATIONS`.
        score: float64 (n,), how strong the link is.
        link: int64 (n,), the number of the link of documents, -1 where both have the same words.
    """

    parent: NDArray[np.int64]
    relation: NDArray[np.int64]
    score: NDArray[np.float64]
    link: NDArray[np.int64]


def _group_numbers(
    documents: Documents, copies: NDArray[np.int64], stories: Stories | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return each article's document, its copy group's centre, and its story's first centre, int64 (n,) each.

    Texts too short to group follow, each a group of its own.
    """
    d, document = len(documents), documents.of_article
    alone = document < 0
    single = d + np.cumsum(alone) - 1
    exact = np.where(alone, single, document)
    copy = np.where(alone, single, copies[document] if d else single)
    if stories is None or not d:
        return exact, copy, copy
    return exact, copy, np.where(alone, single, stories.of_text[stories.text_of[document]])


def preferences(
    corpus: Corpus, documents: Documents, links: Links, copies: NDArray[np.int64], policy: str
) -> NDArray[np.int64]:
    """Return the articles from best to last, int64 (n,).

    Args:
        corpus: of n articles.
        documents, links, copies: d documents, their verified pairs, and their copy groups.
        policy: "earliest"; "longest"; or "central", of each copy group the text that is most alike to all others.
    """
    dates = features.end_of_day(corpus.dates)  # a day alone is not earlier than an hour of that day
    document = np.where(documents.of_article >= 0, documents.of_article, len(documents))
    wanted: tuple[NDArray[Any], ...] = {"earliest": (), "longest": (document,), "central": (document,)}[policy]
    if policy == "central" and len(documents):
        inside = links.linked & (copies[links.pairs[:, 0]] == copies[links.pairs[:, 1]])
        weight = sum(np.bincount(links.pairs[inside, end], links.score[inside], len(documents)) for end in (0, 1))
        wanted = (document, np.append(-np.round(weight, 9), 0.0)[document])
    # Articles of one time by name; where no date is known, the first that was read is first.
    return np.lexsort((corpus.ranks, dates, *wanted))


def _copy_trees(
    links: Links,
    documents: Documents,
    copies: NDArray[np.int64],
    exact: NDArray[np.int64],
    copy: NDArray[np.int64],
    preferred: NDArray[np.int64],
) -> _Trees:
    """Join the articles of each copy group to its best one.

    Copies of one text are joined to that text's lead, and leads to others by verified links, the fewest there are to the
    group's best article.

    Args:
        links: copies and cuts only.
        documents, copies: d documents, and the centre of each one's copy group.
        exact, copy: int64 (n,), numbers of groups.
        preferred: int64 (n,), the articles from best to last.
    """
    n, d, articles = len(exact), len(documents), np.arange(len(exact))
    leads, best = first_of_group(exact, preferred), first_of_group(copy, preferred)[copy]
    lead = leads[exact]
    roots = documents.of_article[best[(articles == best) & (documents.of_article >= 0)]]
    link_of_document = copy_tree(links.pairs, links.score, copies, roots)
    joined = np.flatnonzero((articles == lead) & (copy < d) & (articles != best))
    link = np.full(n, -1)
    link[joined] = link_of_document[exact[joined]]
    unlinked, joined = joined[link[joined] < 0], joined[link[joined] >= 0]
    parent = np.where(articles != lead, lead, best)
    ends = links.pairs[link[joined]]
    parent[joined] = leads[np.where(ends[:, 0] == exact[joined], ends[:, 1], ends[:, 0])]
    relation, score = np.full(n, _EXACT), np.ones(n)
    relation[joined], score[joined] = links.kind[link[joined]], links.score[link[joined]]
    relation[unlinked], score[unlinked] = _COPY, 0.0  # of a crowd of an index: by a link that is one no more
    return _Trees(parent, relation, score, link)


def _join_copy_groups(
    trees: _Trees,
    stories: Stories,
    copies: NDArray[np.int64],
    copy: NDArray[np.int64],
    preferred: NDArray[np.int64],
    representative: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join the best articles of copy groups by the strongest links between the groups; return them and the links, int64."""
    d, articles = len(copies), np.arange(len(copy))
    best = first_of_group(copy, preferred)  # by copy group number
    story_of_centre = np.full(d, -1, dtype=np.int64)
    story_of_centre[np.unique(copies)] = stories.of_text
    roots = np.zeros(d, dtype=np.bool_)
    centres = copy[np.unique(representative)]
    roots[centres[centres < d]] = True  # texts too short to group have numbers from d on
    link_of_centre = spanning_parents(stories.pairs, stories.score, story_of_centre, roots)
    joined = np.flatnonzero((articles == best[copy]) & (articles != representative))
    number = link_of_centre[copy[joined]]
    ends = stories.pairs[number]
    trees.parent[joined] = best[np.where(ends[:, 0] == copy[joined], ends[:, 1], ends[:, 0])]
    trees.relation[joined], trees.score[joined] = _STORY, stories.score[number]
    return joined, number


def counts(
    corpus: Corpus,
    documents: Documents,
    proposed: CandidatePairs,
    links: Links,
    copies: NDArray[np.int64],
    stories: Stories | None,
    settings: Settings,
) -> dict[str, int]:
    """Return the counts of a run by name. Arguments as for `assign`."""
    _, copy, story = _group_numbers(documents, copies, stories)
    alone = int((documents.of_article < 0).sum())
    once = np.ones(len(copy), dtype=np.bool_)
    once[list(corpus.again)] = False

    def sizes(groups: NDArray[np.int64]) -> list[int]:
        counted = np.bincount(groups)
        return cast(list[int], counted[counted > 0].tolist())

    stats = {
        "articles": len(corpus.ids),
        "too short to group": alone,
        "undated": int(np.isinf(corpus.dates).sum()),
        "duplicate ids renamed": corpus.renamed,
        "articles read before": len(corpus.again),
        "learned boilerplate words": corpus.furniture,
        "titles in place of short texts": corpus.titled,
        "distinct texts": len(documents) + alone,
        "candidate pairs": len(proposed.pairs),
        "pairs large buckets left out": proposed.dropped,
        "links": int(links.linked.sum()),
        "quotations not linked": int((links.kind == QUOTED).sum()),
        "series not linked": int((links.kind == SERIES).sum()),
        **group_counts("copy group", sizes(copy[once])),
    }
    if stories is not None:
        stats |= {
            "candidate pairs of stories": stories.candidates,
            "story pairs large buckets left out": stories.dropped,
            "story links": int((stories.score >= settings.story).sum()),
            **group_counts("story", sizes(story[once])),
        }
    return stats


def copy_tree(
    pairs: NDArray[np.int64], score: NDArray[np.float64], groups: NDArray[np.int64], roots: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the link by which each document is joined to its group's root: number of a link, int64 (d,), -1 for roots.

    As few links as there can be; of those at one distance the strongest, then the first.

    Args:
        pairs: int64 (m, 2), verified.
        score: float64 (m,).
        groups: int64 (d,), any labels; links across groups are left out.
        roots: int64, one document a group.
    """
    link_of_document = np.full(len(groups), -1, dtype=np.int64)
    reached = np.zeros(len(groups), dtype=np.bool_)
    reached[roots] = True
    inside = np.flatnonzero(groups[pairs[:, 0]] == groups[pairs[:, 1]])
    inside = inside[np.argsort(-score[inside], kind="stable")]
    while True:
        ends = pairs[inside]
        crossing = inside[reached[ends[:, 0]] != reached[ends[:, 1]]]
        if not len(crossing):
            return link_of_document
        new = np.where(reached[pairs[crossing, 0]], pairs[crossing, 1], pairs[crossing, 0])
        found, first = np.unique(new, return_index=True)
        link_of_document[found] = crossing[first]
        reached[found] = True


def first_of_group(groups: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """For every group the member that comes first, int64 (number of groups,).

    Args:
        groups: int64 (n,), group numbers 0, 1, 2, ... of each article.
        order: int64 (n,), the articles from best to last.
    """
    out = np.full(int(groups.max(initial=-1)) + 1, -1, dtype=np.int64)
    out[groups[order[::-1]]] = order[::-1]  # the last write wins: the best of each group
    return out


def spanning_parents(
    links: NDArray[np.int64], strength: NDArray[np.float64], groups: NDArray[np.int64], roots: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the link by which each article is joined to its group's root: int64 (n,), -1 for roots.

    The strongest links that reach everybody: a maximum spanning tree of each group (Kruskal 1956). Of equally strong
    links the one with the lower ends is taken.

    Args:
        links: int64 (m, 2), each pair once, first < second.
        strength: float64 (m,).
        groups: int64 (n,), any labels; links across groups are left out. Links must connect each group.
        roots: bool (n,), one article a group.

    Examples:
        >>> links = np.array([[0, 1], [0, 2], [1, 2]])
        >>> roots = np.array([True, False, False])
        >>> spanning_parents(links, np.array([0.9, 0.5, 0.8]), np.zeros(3, dtype=np.int64), roots).tolist()
        [-1, 0, 2]
    """
    inside = np.flatnonzero(groups[links[:, 0]] == groups[links[:, 1]])
    order = inside[np.lexsort((links[inside, 1], links[inside, 0], -strength[inside]))]
    link = np.empty(len(groups), dtype=np.int64)
    kernels.spanning_links(links[order], np.ascontiguousarray(roots).view(np.uint8), link)
    joined = link >= 0
    link[joined] = order[link[joined]]
    return link
