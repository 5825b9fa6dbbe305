"""Why two stored articles are together or not: `explanation` over what an index holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clusterer.errors import InputError
from clusterer.explanation.evidence import Explanation, StoryEvidence, copying, path, reporting, steps
from clusterer.explanation.reasons import explained
from clusterer.index.articles import numbers_of_ids, read_articles, without_learned_lines, words_of_texts
from clusterer.index.crowds import find_components
from clusterer.index.guards import blob_rows
from clusterer.index.judged_links import first_printed, judged_links
from clusterer.index.open_index import OpenIndex
from clusterer.index.story_candidates import pair_evidence, read_texts
from clusterer.index.views import IndexReader
from clusterer.stories.linkage import mean_score


def explain_pair(reader: IndexReader, first_id: str, second_id: str) -> Explanation:
    """Why two stored articles are together, or not.

    Raises:
        InputError: an id is not there.
    """
    index, settings = reader.index, reader.index.settings
    stored = numbers_of_ids(index, [first_id, second_id])
    for id in (first_id, second_id):
        if id not in stored:
            raise InputError(f"{index.database.path}: no article {id!r}; cure: an id as add gave it")
    a, b = stored[first_id][0], stored[second_id][0]
    assigned = reader.assignments_of_stories([a, b])
    number = {x.id: i for i, x in assigned.items()}
    chain = path(assigned[a], assigned[b], lambda id: assigned[number[id]])
    shown = {a, b, *(number[x] for step in chain for x in (step.id, step.linked_to or step.id))}
    articles = read_articles(index, sorted(shown))
    items = articles[a], articles[b]
    words = words_of_texts([x.text for x in items], settings)
    words = without_learned_lines(index, words, [x.outlet for x in items], [x.title for x in items])
    titles = {article.id: article.title for article in articles.values()}
    return explained(
        items,
        (assigned[a], assigned[b]),
        settings,
        (int(words.counts[0]), int(words.counts[1])),
        copying(words, settings, *_printed(index, a, b), _judged(index, a, b)),
        _story_evidence(index, a, b) if settings.level == "story" else None,
        steps(assigned[a].id, chain, titles),
        index.learned_lines.tolist(),
    )


def _printed(index: OpenIndex, a: int, b: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """By whom and when the texts of two articles were first printed, int64 (2,) and float64 (2,), as in `Documents`."""
    documents = dict(index.database.among("SELECT number, document FROM article WHERE number IN {}", [a, b]))
    if None in documents.values():
        return np.full(2, -1), np.full(2, np.inf)
    distinct = np.unique(np.array([documents[a], documents[b]], dtype=np.int64))
    outlets, dates = first_printed(index, distinct)
    rows = np.searchsorted(distinct, [documents[a], documents[b]])
    return outlets[rows], dates[rows]


def _judged(index: OpenIndex, a: int, b: int) -> tuple[int, int] | None:
    """What the texts of two articles are by all that is linked to them, and why; None where they were not compared.

    Of a crowd (`crowds`) not all links are there: the pair is judged alone.
    """
    documents = dict(index.database.among("SELECT number, document FROM article WHERE number IN {}", [a, b]))
    if None in documents.values() or len({*documents.values()}) < 2:
        return None
    pair = np.sort(np.array([documents[a], documents[b]], dtype=np.int64))
    component, crowded = find_components(index, pair.tolist())
    if len(crowded):
        return None
    links, why = judged_links(index, component, np.arange(len(component)))
    row = np.flatnonzero((component[links.pairs] == pair).all(axis=1))
    return (int(links.kind[row[0]]), int(why[row[0]])) if len(row) else None


def _story_evidence(index: OpenIndex, a: int, b: int) -> StoryEvidence | None:
    """How two articles' copy groups are alike as reports; None where they are in one, or in none.

    By the features that are stored, where the groups were compared.
    """
    database = index.database
    rows = {
        number: (centre, story, slots, head)
        for number, centre, story, slots, head in database.among(
            "SELECT article.number, text.centre, text.story, slots, whole.article FROM article JOIN document ON"
            " document.number = document JOIN text ON text.centre = document.centre JOIN document AS whole ON"
            " whole.number = text.body WHERE article.number IN {}",
            [a, b],
        )
    }
    if len(rows) < 2 or rows[a][0] == rows[b][0]:
        return None
    centres, stories = [rows[x][0] for x in (a, b)], [rows[x][1] for x in (a, b)]
    low, high = sorted(centres)
    weights, features = pair_evidence(index, read_texts(index, np.array([low, high])))
    stored = database.rows("SELECT features FROM pair WHERE a = ? AND b = ?", low, high)
    if stored:
        rows_of_features = blob_rows(database.path, "features", [stored[0][0]], "<f4", len(features))
        features = rows_of_features[0].astype(np.float64)
    ((first_size, second_size),) = database.rows(
        "SELECT (SELECT count(*) FROM text WHERE story = ?1), (SELECT count(*) FROM text WHERE story = ?2)", *stories
    )
    scores = database.rows(
        "SELECT score FROM pair JOIN text AS one ON one.centre = a JOIN text AS other ON other.centre = b"
        " WHERE (one.story = ?1 AND other.story = ?2) OR (one.story = ?2 AND other.story = ?1)",
        *stories,
    )
    pairs = first_size * (first_size - 1) // 2 if stories[0] == stories[1] else first_size * second_size
    heads = read_articles(index, [rows[x][3] for x in (a, b)])
    return reporting(
        weights,
        (int(centres[0] > centres[1]), int(centres[0] < centres[1])),
        (heads[rows[a][3]], heads[rows[b][3]]),
        features,
        blob_rows(database.path, "slots", [rows[x][2] for x in (a, b)], "<u2", index.settings.story_slots),
        bool(stored),
        mean_score(np.array(scores, dtype=np.float64).ravel(), pairs),
        pairs,
        index.settings,
    )
