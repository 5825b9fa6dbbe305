"""What new articles would be, of which nothing is stored.

The same candidates and the same verification as for an addition, one article at a time: a stored copy decides, else the
story whose texts it is most like on average. Of each other the articles know only whether they have one text. What only an
addition can do, to bring two stories together, is not tried.

Array letters: `n` articles asked about, `m` pairs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.indexing import factorize
from clusterer.articles import Article, name_of, seconds
from clusterer.copies import verify
from clusterer.copies.verify import COPY, Links
from clusterer.index.articles import (
    digest_of,
    numbers_of_ids,
    without_learned_lines,
    words_of_texts,
)
from clusterer.index.copy_candidates import copy_candidates, verify_candidates
from clusterer.index.judged_links import first_articles
from clusterer.index.keys import keys_of, sketch
from clusterer.index.open_index import OpenIndex
from clusterer.index.story_candidates import (
    body_stems,
    compare,
    document_frequencies,
    read_texts,
    story_candidates,
)
from clusterer.index.views import IndexReader
from clusterer.results import Assignment, Relation
from clusterer.stories import candidates, features, term_weights
from clusterer.text.words import Words, whole_hashes


class _Likeness(NamedTuple):
    """The stored document that an article is like."""

    document: int
    relation: Relation
    score: float
    evidence: dict[str, float] | None


def classify(reader: IndexReader, articles: list[Article]) -> list[Assignment]:
    """What articles would be, in the order given; nothing is stored.

    Articles that have one text, of which no copy is stored, are exact copies of each other: the first two name one another,
    the others the first. A group that an article would open has the id that an addition would give the article.

    Args:
        reader: of an index, inside a transaction.
        articles: n of them.
    """
    index, ids = reader.index, [name_of(a) for a in articles]
    stored = numbers_of_ids(index, ids)
    same = [i for i, a in enumerate(articles) if stored.get(ids[i], (0, None))[1] == digest_of(a)]
    assigned = dict(zip(same, reader.assignments([stored[ids[i]][0] for i in same]), strict=True))
    words = words_of_texts([a.text for a in articles], index.settings)
    words = without_learned_lines(index, words, [a.outlet for a in articles], [a.title for a in articles])
    hashes = whole_hashes(words)
    alike = _likenesses(index, articles, words, hashes)
    documents = index.documents.find(sorted({x.document for x in alike.values()}))
    holders = sorted({document.article for document in documents.values()})
    holder_assignments = dict(zip(holders, reader.assignments(holders), strict=True))
    new_rows = [row for row in range(len(ids)) if row not in assigned]
    names = dict(zip(new_rows, reader.free_ids([ids[row] for row in new_rows]), strict=True))
    alone = [row for row in new_rows if row not in alike]
    for row, story in zip(alone, reader.free_names([names[row] for row in alone]), strict=True):
        assigned[row] = Assignment(ids[row], story, names[row], names[row], True, None, None, None)
    for row in set(new_rows) - set(alone):
        x = alike[row]
        other = holder_assignments[documents[x.document].article]
        copy_name = names[row] if x.relation == "story" else other.copy
        exact_name = other.exact if x.relation == "exact" else names[row]
        assigned[row] = Assignment(
            ids[row], other.story, copy_name, exact_name, False, other.id, x.relation, x.score, x.evidence
        )
    new = [row for row in new_rows if row not in alike or alike[row].relation == "story"]
    counts = words.counts
    return _with_twins(assigned, [row for row in new if counts[row]], hashes.tolist())


def _with_twins(assigned: dict[int, Assignment], rows: list[int], hashes: list[int]) -> list[Assignment]:
    """All assignments, in which articles of one text name each other.

    Args:
        assigned: by row, of n articles.
        rows: those of which no copy is stored, ascending.
        hashes: of the words of each article.
    """
    groups: dict[int, list[int]] = {}
    for row in rows:
        groups.setdefault(hashes[row], []).append(row)
    for members in groups.values():
        head = assigned[members[0]]
        others = [assigned[row].id for row in members if assigned[row].id != head.id]
        twin = head._replace(representative=False, linked_to=head.id, relation="exact", score=1.0, evidence=None)
        if others and head.relation is None:
            head = head._replace(linked_to=others[0], relation="exact", score=1.0)
        for row in members:  # one that is asked about twice is no twin of itself
            assigned[row] = head if assigned[row].id == head.id else twin._replace(id=assigned[row].id)
    return [assigned[row] for row in range(len(assigned))]


def _likenesses(
    index: OpenIndex, articles: list[Article], words: Words, hashes: NDArray[np.uint64]
) -> dict[int, _Likeness]:
    """By row of an article the stored document that it is most like; articles that are like none are left out."""
    _, numbers = index.postings.find(sorting.distinct(keys_of(hashes, "words")))
    document_of_hash = {stored.hash: number for number, stored in index.documents.find(numbers).items()}
    long = np.flatnonzero(words.counts >= index.settings.min_words).tolist()
    out = {
        i: _Likeness(document_of_hash[int(hashes[i])], "exact", 1.0, None)
        for i in np.flatnonzero(words.counts).tolist()
        if int(hashes[i]) in document_of_hash
    }
    if index.settings.level == "exact":
        return out
    out |= _copied(index, articles, words, hashes, np.array([i for i in long if i not in out], dtype=np.int64))
    if index.settings.level == "copy":
        return out
    return out | _reported(index, articles, words, np.array([i for i in long if i not in out], dtype=np.int64))


def _copied(
    index: OpenIndex, articles: list[Article], words: Words, hashes: NDArray[np.uint64], rows: NDArray[np.int64]
) -> dict[int, _Likeness]:
    """By row of an article the stored document that it is a copy or a cut of."""
    out: dict[int, _Likeness] = {}
    if not len(rows):
        return out
    some = words.take(rows)
    pairs = copy_candidates(index, sketch(some, index.settings), np.full(len(rows), -1))
    links, ends = verify_candidates(index, pairs, some, some.counts, hashes[rows])
    links = _linked(index, links, ends, [(articles[i].outlet, seconds(articles[i].date)) for i in rows.tolist()])
    overlap, score = links.overlap, links.score
    for k in np.argsort(overlap.containment, kind="stable").tolist():  # the strongest comes last, and stays
        a, b = (int(ends[x]) for x in links.pairs[k])
        row, document = (-1 - a, b) if a < 0 else (-1 - b, a)
        measures = {
            "jaccard": overlap.jaccard[k],
            "containment": overlap.containment[k],
            "opening": overlap.opening[k],
        }
        evidence = {name: round(float(x), 4) for name, x in measures.items()}
        relation: Relation = "copy" if links.kind[k] == COPY else "contained"
        out[int(rows[row])] = _Likeness(document, relation, round(float(score[k]), 4), evidence)
    return out


def _linked(
    index: OpenIndex, links: Links, ends: NDArray[np.int64], outlets_and_dates: list[tuple[str, float]]
) -> Links:
    """Copies and cuts among the verified pairs of new texts, by who printed either text and when.

    Args:
        index: that holds the stored ones.
        links, ends: as `verify_candidates` gives them.
        outlets_and_dates: of each new text.
    """
    stored = first_articles(index, ends[ends >= 0])
    printed = [outlets_and_dates[-1 - x] if x < 0 else stored.get(x, ("", np.inf)) for x in ends.tolist()]
    known = {outlet: number for number, outlet in enumerate(dict.fromkeys(outlet for outlet, _ in printed)) if outlet}
    outlets = np.array([known.get(outlet, -1) for outlet, _ in printed], dtype=np.int64)
    dates = np.array([date for _, date in printed], dtype=np.float64)
    kind = verify.classify(links.pairs, links.overlap, links.differences, outlets, dates, index.settings)
    links = replace(links, kind=kind)
    return links.where(links.linked)


def _reported(index: OpenIndex, articles: list[Article], words: Words, rows: NDArray[np.int64]) -> dict[int, _Likeness]:
    """By row of an article the stored text that it is most like, in the story that it would join."""
    if not len(rows):
        return {}
    settings = index.settings
    stems, titles = body_stems(index, words.take(rows), [articles[i].title for i in rows.tolist()])
    weights = term_weights.weight_terms(stems, titles, settings.threads, document_frequencies(index))
    outlets_and_dates = [(articles[i].outlet, seconds(articles[i].date)) for i in rows.tolist()]
    dates = np.array([(date, date) for _, date in outlets_and_dates], dtype=np.float64)
    pairs = story_candidates(index, candidates.story_slots(weights, settings), dates, np.full(len(rows), -1))
    if not len(pairs):
        return {}
    centres, place = factorize(pairs[:, 1])
    texts = read_texts(index, centres, stems, titles, outlets_and_dates)
    local = np.stack([place, len(centres) + pairs[:, 0]], axis=1)
    alike, score, values = compare(index, texts, local)
    story = dict(index.database.among("SELECT centre, story FROM text WHERE centre IN {}", centres))
    out: dict[int, _Likeness] = {}
    for row, k in _best_pairs(index, alike, score, len(centres), [story[x] for x in centres.tolist()]).items():
        evidence = {
            name: round(float(x), 4) for name, x in zip(features.FEATURES, values[k], strict=True) if not np.isnan(x)
        }
        out[int(rows[row])] = _Likeness(int(centres[alike[k, 0]]), "story", round(float(score[k]), 4), evidence)
    return out


def _best_pairs(
    index: OpenIndex, pairs: NDArray[np.int64], score: NDArray[np.float64], count: int, stories: list[int]
) -> dict[int, int]:
    """By row of a new text its best pair with a text of the story that it would join.

    Args:
        index: that holds the stories.
        pairs: int64 (m, 2), stored texts, below `count`, and new ones, from `count` on.
        score: float64 (m,), of each pair.
        count: of the stored texts.
        stories: number of the story of each stored text.
    """
    sizes = dict(
        index.database.among("SELECT story, count(*) FROM text WHERE story IN {} GROUP BY story", sorted(set(stories)))
    )
    total: dict[tuple[int, int], float] = {}
    best: dict[tuple[int, int], int] = {}
    for k, (text, row) in enumerate(pairs.tolist()):
        key = row - count, stories[text]
        total[key] = total.get(key, 0.0) + score[k]
        if key not in best or score[k] > score[best[key]]:
            best[key] = k
    out: dict[int, int] = {}
    means: dict[int, float] = {}
    for (row, number), sum_of_scores in total.items():
        mean = sum_of_scores / sizes[number]
        if mean >= index.settings.story and mean > means.get(row, 0.0):
            means[row], out[row] = mean, best[row, number]
    return out
