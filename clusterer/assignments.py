"""The last stage: groups of documents to one assignment an article, and the counts of the run.

Names groups, chooses who stands for them, and hangs every article on another by a link that was verified. Forms no
groups and scores nothing.

Array letters: `n` articles, `d` documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.copies.candidates import CandidatePairs
from clusterer.copies.documents import Documents
from clusterer.copies.verify import Links
from clusterer.corpus import Corpus
from clusterer.results import Assignment, Clustering, Relation
from clusterer.settings import Settings
from clusterer.stories import features
from clusterer.stories.clustering import Stories
from clusterer.text import boilerplate_phrases

_RELATIONS: tuple[Relation, ...] = ("exact", "copy", "contained", "story")

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
    """Groups of documents to one assignment an article."""
    n, d = len(corpus.ids), len(documents)
    document = documents.of_article
    alone = document < 0
    # Group numbers an article: its document, its copy group's centre, its story's first centre. Texts too short to
    # group follow, each its own.
    single = d + np.cumsum(alone) - 1
    exact = np.where(alone, single, document)
    copy = np.where(alone, single, copies[document] if d else single)
    story = copy
    if stories is not None and d:
        story = np.where(alone, single, stories.of_text[stories.text_of[document]])

    place = corpus.ranks
    agency = np.array([name in AGENCIES for name in corpus.outlets], dtype=np.bool_)
    dates = features.end_of_day(corpus.dates)  # a day alone is not earlier than an hour of that day
    earliest = np.lexsort((place, dates))
    before: tuple[NDArray[Any], ...] = {
        "earliest": (),
        "longest": (exact,),
        "central": (exact, exact != copy),
    }[settings.representative]
    preferred = np.lexsort((place, dates, *before, ~agency))
    exact_name, copy_name, story_name = (first_of_group(x, earliest)[x] for x in (exact, copy, story))
    lead, best, representative = (first_of_group(x, preferred)[x] for x in (exact, copy, story))

    # A spanning tree of each story, rooted at its representative. Within a copy group: copies of one text hang on that
    # text's lead, leads on the lead of their star's centre, and the centre on the group's best article. The best
    # articles hang on each other by the strongest links between their groups. Each of these links was verified.
    leads = first_of_group(exact, preferred)
    me = np.arange(n)
    parent = np.where(me != lead, lead, np.where(copy == exact, best, leads[copy]))
    link = _link_numbers(links.pairs, exact, exact[parent], d)
    overlap = links.overlap
    relation = np.where(link < 0, 0, np.where(links.is_copy[link], 1, 2)) if len(links.pairs) else np.zeros(n, int)
    score = np.where(links.is_copy, overlap.jaccard, overlap.containment)
    scores = np.where(link < 0, 1.0, score[link]) if len(links.pairs) else np.ones(n)
    told: dict[int, dict[str, float]] = {}
    if stories is not None and len(stories.pairs):
        best_of = first_of_group(copy, preferred)  # by copy group number
        of_group = np.full(d, -1, dtype=np.int64)
        of_group[np.unique(copies)] = stories.of_text
        roots = np.zeros(d, dtype=np.bool_)
        roots[copy[np.unique(representative[~alone])]] = True
        by = spanning_parents(stories.pairs, stories.score, of_group, roots)
        hung = np.flatnonzero((me == best) & (me != representative))
        number = by[copy[hung]]
        ends = stories.pairs[number]
        parent[hung] = best_of[np.where(ends[:, 0] == copy[hung], ends[:, 1], ends[:, 0])]
        relation[hung], scores[hung] = 3, stories.score[number]
        told = {
            i: _named(features.FEATURES, stories.features[x])
            for i, x in zip(hung.tolist(), number.tolist(), strict=True)
        }

    evidence: dict[int, Mapping[str, float]] = dict(told)
    measured = np.flatnonzero((relation == 1) | (relation == 2))
    measures = np.stack([overlap.jaccard, overlap.containment, overlap.opening], axis=1).round(4)[link[measured]]
    evidence |= {
        i: {"jaccard": j, "containment": c, "opening": o}
        for i, (j, c, o) in zip(measured.tolist(), measures.tolist(), strict=True)
    }
    ids = corpus.ids
    heads = me == representative
    linked_to = [None if head else ids[p] for head, p in zip(heads.tolist(), parent.tolist(), strict=True)]
    relations = [None if head else _RELATIONS[k] for head, k in zip(heads.tolist(), relation.tolist(), strict=True)]
    rounded = [None if head else round(x, 4) for head, x in zip(heads.tolist(), scores.tolist(), strict=True)]
    told_why = [None if head else evidence.get(i) for i, head in enumerate(heads.tolist())]
    named = (map(ids.__getitem__, group.tolist()) for group in (story_name, copy_name, exact_name))
    assignments = tuple(map(Assignment, ids, *named, heads.tolist(), linked_to, relations, rounded, told_why))
    stats = {
        "articles": n,
        "too short to group": int(alone.sum()),
        "undated": int(np.isinf(corpus.dates).sum()),
        "duplicate ids renamed": corpus.renamed,
        "learned boilerplate words": corpus.furniture,
        "distinct texts": d + int(alone.sum()),
        "candidate pairs": len(proposed.pairs),
        "pairs large buckets left out": proposed.dropped,
        "links": len(links.pairs),
        "quotations not linked": links.quoted,
        **_group_stats("copy group", copy),
    }
    if stories is not None:
        stats |= {
            "candidate pairs of stories": stories.candidates,
            "story pairs large buckets left out": stories.dropped,
            "story links": int((stories.score >= settings.story).sum()),
            **_group_stats("story", story),
        }
    return Clustering(assignments, stats, settings.fingerprint(), frozenset(corpus.lines.tolist()))


def _named(names: Sequence[str], values: Iterable[float]) -> dict[str, float]:
    """Values by name, rounded; what is not known (NaN) is left out."""
    return {name: round(float(x), 4) for name, x in zip(names, values, strict=True) if not np.isnan(x)}


def _group_stats(name: str, groups: NDArray[np.int64]) -> dict[str, int]:
    sizes = np.bincount(groups, minlength=1)
    many = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return {
        many: int((sizes > 0).sum()),
        f"{many} of two or more": int((sizes > 1).sum()),
        f"largest {name}": int(sizes.max()),
    }


def _link_numbers(pairs: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64], d: int) -> NDArray[np.int64]:
    """The number of the link between documents a[i] and b[i], -1 where they are the same one."""
    out = np.full(len(a), -1, dtype=np.int64)
    differ = np.flatnonzero(a != b)
    codes = pairs[:, 0] * d + pairs[:, 1]
    low, high = np.minimum(a[differ], b[differ]), np.maximum(a[differ], b[differ])
    out[differ] = np.searchsorted(codes, low * d + high)
    return out


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
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    n = len(groups)
    inside = np.flatnonzero(groups[links[:, 0]] == groups[links[:, 1]])
    order = inside[np.lexsort((links[inside, 1], links[inside, 0], -strength[inside]))]
    ranks = np.arange(1.0, len(order) + 1)  # distinct, so that there is one tree; a weight of 0 would be no link
    tree = minimum_spanning_tree(coo_array((ranks, links[order].T), shape=(n, n)).tocsr()).tocoo()
    # One search from an article that does not exist, joined to every root.
    top = np.flatnonzero(roots)
    rows, columns = np.append(tree.row, np.full(len(top), n)), np.append(tree.col, top)
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n + 1, n + 1)).tocsr()
    _, parents = breadth_first_order(graph, n, directed=False)
    number = order[tree.data.astype(np.int64) - 1]
    by = np.full(n, -1, dtype=np.int64)
    for child, parent in ((tree.row, tree.col), (tree.col, tree.row)):
        joined = parents[child] == parent
        by[child[joined]] = number[joined]
    return by
