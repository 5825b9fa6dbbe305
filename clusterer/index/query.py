"""Asking: what new articles would be, of which nothing is stored.

The same candidates and the same verification as for an addition, one article at a time: a stored copy decides, else the
story whose texts it is most like on average. What only an addition can do, to bring two stories together, is not tried.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.articles import Article, name_of, seconds
from clusterer.copies.series import hours_apart
from clusterer.copies.verify import COPY, Links, classify
from clusterer.index.articles import digest
from clusterer.index.copy_candidates import Lookup
from clusterer.index.keys import keys_of
from clusterer.index.links import first_articles
from clusterer.index.views import Answers
from clusterer.results import Assignment, Relation
from clusterer.stories import candidates, term_weights
from clusterer.stories import features as stories_features
from clusterer.text import boilerplate
from clusterer.text.words import Words


class _Likeness(NamedTuple):
    """The stored document that an asked article is like."""

    document: int
    relation: Relation
    score: float
    evidence: dict[str, float] | None


def judged(answers: Answers, lookup: Lookup, items: list[Article]) -> list[Assignment]:
    """What articles would be, in the order given. Inside a transaction."""
    settings = lookup.settings
    names = [name_of(a) for a in items]
    out: list[Assignment | None] = [None] * len(items)
    stored = answers.numbers(names)
    there = [i for i, a in enumerate(items) if stored.get(names[i], (0, None))[1] == digest(a)]
    for i, told in zip(there, answers.assigned([stored[names[i]][0] for i in there]), strict=True):
        out[i] = told
    outlets = [a.outlet for a in items]
    words = lookup.cut(lookup.read([a.text for a in items]), outlets)
    hashes, counts = boilerplate.whole_hashes(words), words.counts
    like: dict[int, _Likeness] = {}  # by row
    _, found = lookup.postings.find(np.unique(keys_of(hashes, "words")))
    same = {hash: number for number, (_, hash, _, _) in lookup.documents(found).items()}
    long = counts >= settings.min_words
    for i in np.flatnonzero(long).tolist():
        if int(hashes[i]) in same:
            like[i] = _Likeness(same[int(hashes[i])], "exact", 1.0, None)
    rows = np.array([i for i in np.flatnonzero(long).tolist() if i not in like], dtype=np.int64)
    if len(rows) and settings.level != "exact":
        mine = words.take(rows)
        pairs = lookup.copy_candidates(lookup.sketch(mine), np.full(len(rows), -1))
        links, named = lookup.verify(pairs, mine, counts[rows], hashes[rows])
        links = _judged(lookup, links, named, [(items[i].outlet, seconds(items[i].date)) for i in rows.tolist()])
        shared, score = links.overlap, links.score
        for k in np.argsort(shared.containment, kind="stable").tolist():  # the strongest comes last, and stays
            a, b = (int(named[x]) for x in links.pairs[k])
            at, known_one = (-1 - a, b) if a < 0 else (-1 - b, a)
            measures = {"jaccard": shared.jaccard[k], "containment": shared.containment[k], "opening": shared.opening[k]}
            evidence = {name: round(float(x), 4) for name, x in measures.items()}
            relation: Relation = "copy" if links.kind[k] == COPY else "contained"
            like[int(rows[at])] = _Likeness(known_one, relation, round(float(score[k]), 4), evidence)
        rows = np.array([i for i in rows.tolist() if i not in like], dtype=np.int64)
    if len(rows) and settings.level == "story":
        like |= _reported(lookup, items, words, rows)
    known = lookup.documents(np.array(sorted({x.document for x in like.values()}), dtype=np.int64))
    holders = sorted({article for article, *_ in known.values()})
    assigned = dict(zip(holders, answers.assigned(holders), strict=True))
    for row, x in like.items():
        if out[row] is None:
            other = assigned[known[x.document][0]]
            copy_name = names[row] if x.relation == "story" else other.copy
            exact_name = other.exact if x.relation == "exact" else names[row]
            out[row] = Assignment(
                names[row], other.story, copy_name, exact_name, False, other.id, x.relation, x.score, x.evidence
            )
    alone = [x for a, x in zip(out, names, strict=True) if a is None]
    free = dict(zip(alone, answers.free(alone), strict=True))
    first: dict[int, str] = {}  # of the words of articles that are alike to nothing here, who had them first
    for row, x in enumerate(names):
        if out[row] is None:
            other = first.setdefault(int(hashes[row]), x) if long[row] else x
            out[row] = (
                Assignment(x, free[x], x, x, True, None, None, None)
                if other == x
                else Assignment(x, free[other], other, other, False, other, "exact", 1.0)
            )
    return [a for a in out if a is not None]


def _judged(lookup: Lookup, links: Links, named: NDArray[np.int64], asked: list[tuple[str, float]]) -> Links:
    """Copies and cuts among the verified pairs of new texts, by who printed either text and when.

    Args:
        lookup: of the index.
        links, named: as `Lookup.verify` gives them.
        asked: outlet and date of each new text.
    """
    stored = first_articles(lookup.store, named[named >= 0])
    told = [asked[-1 - x] if x < 0 else stored.get(x, ("", np.inf)) for x in named.tolist()]
    known = {outlet: number for number, outlet in enumerate(dict.fromkeys(outlet for outlet, _ in told)) if outlet}
    outlets = np.array([known.get(outlet, -1) for outlet, _ in told], dtype=np.int64)
    dates = np.array([date for _, date in told], dtype=np.float64)
    a, b = links.pairs.T
    kind = classify(
        links.overlap,
        links.differences,
        (outlets[a] == outlets[b]) & (outlets[a] >= 0),
        hours_apart(dates[a], dates[b]),
        lookup.settings,
    )
    links = Links(links.pairs, links.overlap, links.differences, kind)
    return links.where(links.linked)


def _reported(lookup: Lookup, items: list[Article], words: Words, rows: NDArray[np.int64]) -> dict[int, _Likeness]:
    """By row of a new text the stored text that it is most like, in the story that it would join."""
    store, settings = lookup.store, lookup.settings
    stems, titles = lookup.body_stems(words.take(rows), [items[i].title for i in rows.tolist()])
    salient = term_weights.weight_terms(stems, titles, settings.threads, lookup.feed())
    slots = candidates.story_slots(salient, settings)
    pairs = lookup.story_candidates(slots, np.full(len(rows), -1))
    if not len(pairs):
        return {}
    involved, at = np.unique(pairs[:, 1], return_inverse=True)
    mine = [(items[i].outlet, seconds(items[i].date)) for i in rows.tolist()]
    texts = lookup.texts(involved, stems, titles, mine)
    local = np.stack([at, len(involved) + pairs[:, 0]], axis=1)
    found, score, features = lookup.compare(texts, local)
    story = dict(store.among("SELECT centre, story FROM text WHERE centre IN {}", involved))
    sizes = dict(
        store.among("SELECT story, count(*) FROM text WHERE story IN {} GROUP BY story", sorted(set(story.values())))
    )
    total: dict[tuple[int, int], float] = {}
    best: dict[tuple[int, int], int] = {}
    for k, (text, row) in enumerate(found.tolist()):
        which = row - len(involved), story[int(involved[text])]
        total[which] = total.get(which, 0.0) + score[k]
        if which not in best or score[k] > score[best[which]]:
            best[which] = k
    out: dict[int, _Likeness] = {}
    means: dict[int, float] = {}
    for (row, of), whole in total.items():
        mean = whole / sizes[of]
        if mean >= settings.story and mean > means.get(row, 0.0):
            means[row], k = mean, best[row, of]
            evidence = {
                name: round(float(x), 4)
                for name, x in zip(stories_features.FEATURES, features[k], strict=True)
                if not np.isnan(x)
            }
            out[int(rows[row])] = _Likeness(int(involved[found[k, 0]]), "story", round(float(score[k]), 4), evidence)
    return out
