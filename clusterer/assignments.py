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
from clusterer.copies.verify import QUOTED, SERIES, Links
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

    earliest = preferences(corpus, documents, links, copies, "earliest")
    agency = np.array([name in AGENCIES for name in corpus.outlets], dtype=np.bool_)
    preferred = preferences(corpus, documents, links, copies, settings.representative)
    preferred = preferred[np.argsort(~agency[preferred], kind="stable")]
    exact_name, copy_name, story_name = (first_of_group(x, earliest)[x] for x in (exact, copy, story))
    lead, best, representative = (first_of_group(x, preferred)[x] for x in (exact, copy, story))

    # A spanning tree of each story, rooted at its representative. Within a copy group: copies of one text hang on that
    # text's lead, and leads on others by verified links, the fewest there are to the group's best article. The best articles
    # hang on each other by the strongest links between their groups.
    leads = first_of_group(exact, preferred)
    me = np.arange(n)
    linked = links.where(links.linked)
    link_of = copy_tree(linked.pairs, linked.score, copies, document[best[(me == best) & ~alone]])
    link = np.full(n, -1)
    hanging = np.flatnonzero((me == lead) & (copy < d) & (me != best))
    link[hanging] = link_of[exact[hanging]]
    parent = np.where(me != lead, lead, best)
    ends = linked.pairs[link[hanging]]
    parent[hanging] = leads[np.where(ends[:, 0] == exact[hanging], ends[:, 1], ends[:, 0])]
    relation, scores = np.zeros(n, dtype=np.int64), np.ones(n)
    relation[hanging], scores[hanging] = linked.kind[link[hanging]], linked.score[link[hanging]]
    overlap = linked.overlap
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
        relation[hung], scores[hung] = len(_RELATIONS) - 1, stories.score[number]
        told = {
            i: _named(features.FEATURES, stories.features[x])
            for i, x in zip(hung.tolist(), number.tolist(), strict=True)
        }

    evidence: dict[int, Mapping[str, float]] = dict(told)
    measured = np.flatnonzero(link >= 0)
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
        "links": len(linked),
        "quotations not linked": int((links.kind == QUOTED).sum()),
        "series not linked": int((links.kind == SERIES).sum()),
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


def preferences(
    corpus: Corpus, documents: Documents, links: Links, copies: NDArray[np.int64], policy: str
) -> NDArray[np.int64]:
    """The articles from best to last, int64 (n,).

    Args:
        corpus: of n articles.
        documents, links, copies: d documents, their verified pairs, and their copy groups.
        policy: "earliest"; "longest"; or "central", of each copy group the text that is most alike to all others.
    """
    dates = features.end_of_day(corpus.dates)  # a day alone is not earlier than an hour of that day
    document = np.where(documents.of_article >= 0, documents.of_article, len(documents))
    before: tuple[NDArray[Any], ...] = {"earliest": (), "longest": (document,), "central": (document,)}[policy]
    if policy == "central" and len(documents):
        inside = links.linked & (copies[links.pairs[:, 0]] == copies[links.pairs[:, 1]])
        weight = sum(np.bincount(links.pairs[inside, end], links.score[inside], len(documents)) for end in (0, 1))
        before = (document, np.append(-np.round(weight, 9), 0.0)[document])
    # Articles of one time by name; where nobody tells the time, the first that was read is first.
    place = np.where(np.isfinite(corpus.dates), corpus.ranks, np.arange(len(corpus.ranks)))
    return np.lexsort((place, dates, *before))


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


def copy_tree(
    pairs: NDArray[np.int64], score: NDArray[np.float64], groups: NDArray[np.int64], roots: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The link by which each document hangs on its group's root: number of a link, int64 (d,), -1 for roots.

    As few links as there can be; of those at one distance the strongest, then the first.

    Args:
        pairs: int64 (m, 2), verified.
        score: float64 (m,).
        groups: int64 (d,), any labels; links across groups are left out.
        roots: int64, one document a group.
    """
    by = np.full(len(groups), -1, dtype=np.int64)
    reached = np.zeros(len(groups), dtype=np.bool_)
    reached[roots] = True
    inside = np.flatnonzero(groups[pairs[:, 0]] == groups[pairs[:, 1]])
    inside = inside[np.argsort(-score[inside], kind="stable")]
    while True:
        ends = pairs[inside]
        crossing = inside[reached[ends[:, 0]] != reached[ends[:, 1]]]
        if not len(crossing):
            return by
        new = np.where(reached[pairs[crossing, 0]], pairs[crossing, 1], pairs[crossing, 0])
        found, first = np.unique(new, return_index=True)
        by[found] = crossing[first]
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
    """The link by which each article hangs on its group's root: number of a link, int64 (n,), -1 for roots.

    The strongest links that reach everybody: a maximum spanning tree of each group (Kruskal 1956).

    Args:
        links: int64 (m, 2).
        strength: float64 (m,).
        groups: int64 (n,), any labels; links across groups are left out. Groups must hang together by links.
        roots: bool (n,), one article a group.
    """
    n = len(groups)
    top = list(range(n))

    def find(x: int) -> int:
        while top[x] != x:
            top[x] = top[top[x]]
            x = top[x]
        return x

    inside = np.flatnonzero(groups[links[:, 0]] == groups[links[:, 1]])
    order = inside[np.lexsort((links[inside, 1], links[inside, 0], -strength[inside]))]
    near: dict[int, list[tuple[int, int]]] = {}
    for number in order.tolist():
        a, b = links[number].tolist()
        x, y = find(a), find(b)
        if x != y:
            top[y] = x
            near.setdefault(a, []).append((b, number))
            near.setdefault(b, []).append((a, number))
    by = np.full(n, -1, dtype=np.int64)
    reached = [i for i in np.flatnonzero(roots).tolist() if i in near]
    seen = set(reached)
    while reached:
        a = reached.pop()
        for b, number in near[a]:
            if b not in seen:
                seen.add(b)
                by[b] = number
                reached.append(b)
    return by
