"""gold: see benchmarks.train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from clusterer import Article, Settings
from clusterer.copies import grouping
from clusterer.copies.candidates import generate_candidates
from clusterer.copies.documents import find_documents
from clusterer.copies.verify import verify
from clusterer.corpus import read
from clusterer.evaluation.metrics import Scores, evaluate
from clusterer.io.dates import parse_date
from clusterer.io.feed import Feed
from clusterer.stories import features as stories_features, model, term_weights
from clusterer.stories.texts import StoryTexts, story_texts

DATA = Path(__file__).parents[2] / "data"
STRENGTH, SAMPLE_WEIGHT, UNDATED, LEAST_LEAD, FOLDS = 1.0, 0.25, 0.02, 0.06, 10


@dataclass(frozen=True)
class Labelled:
    """Pairs of copy groups with their features.

    Attributes:
        members: places of the articles of each copy group, n groups.
        event: int64 (n,), label of each group's first member.
        sure: bool (n,), no member is doubtful.
        pairs, features, same: int64 (m, 2), float64 (m, f), bool (m,).
    """

    members: list[list[int]]
    event: NDArray[np.int64]
    sure: NDArray[np.bool_]
    pairs: NDArray[np.int64]
    features: NDArray[np.float64]
    same: NDArray[np.bool_]


def gold_rows(path: str) -> list[dict[str, Any]]:
    """The lines of a gold file."""
    return [orjson.loads(line) for line in Path(path).read_bytes().splitlines()]


def gold_articles(rows: Sequence[dict[str, Any]]) -> list[Article]:
    """The articles of gold rows."""
    return [Article(r["text"], r["id"], r["title"], r["source"], r["url"], parse_date(r["date"])) for r in rows]


def families() -> tuple[Labelled, NDArray[Any]]:
    """The sample feed's pairs, and the family of each pair whose members both belong to it ("" for the rest).

    Every pair stands there twice: as it is, and as it would be without sources and dates, so that the score also knows
    plain texts.
    """
    articles = [row.article for row in Feed([DATA / "feed.jsonl"])]
    gold = {r["id"]: r for r in gold_rows(str(DATA / "gold.jsonl"))}
    plain = [Article(a.text, a.id, a.title) for a in articles]
    event, doubtful = [gold[a.id]["event"] for a in articles], [False] * len(articles)
    found, bare = (label(some, event, doubtful) for some in (articles, plain))
    names = []
    for part in (found, bare):
        of = [gold[articles[m[0]].id].get("family", "") for m in part.members]
        names += [of[a] if of[a] == of[b] else "" for a, b in part.pairs.tolist()]
    both = Labelled(
        found.members,
        found.event,
        found.sure,
        np.concatenate([found.pairs, bare.pairs]),
        np.concatenate([found.features, bare.features]),
        np.concatenate([found.same, bare.same]),
    )
    return both, np.array(names)


def story_input(articles: Sequence[Article]) -> tuple[StoryTexts, list[list[int]], NDArray[np.int64]]:
    """The copy groups of articles as the story level sees them, and the places of each group's articles.

    And pairs of groups that are one form, filled twice, int64 (x, 2), the lower one first.
    """
    settings = Settings()
    corpus = read(articles, settings)
    documents = find_documents(corpus, settings)
    links = verify(documents, generate_candidates(documents, settings).pairs, settings)
    copies = grouping.group_documents(
        links.likeness, len(documents), settings.jaccard, settings.containment, settings.bucket_cap
    )
    texts = story_texts(corpus, documents, copies)
    members: list[list[int]] = [[] for _ in range(len(texts.first))]
    for i, d in enumerate(documents.of_article.tolist()):
        if d >= 0:
            members[texts.text_of[d]].append(i)
    forms = np.sort(texts.text_of[links.pairs[links.forms]], axis=1)
    return texts, members, forms


def compared(texts: StoryTexts, groups: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All pairs among some copy groups whose leads have anything in common, and their features."""
    pairs = np.array(list(combinations(sorted(groups), 2)), dtype=np.int64).reshape(-1, 2)
    salient = term_weights.weight_terms(texts.stems, texts.titles)
    lead, _ = model.best_case(salient, pairs, texts.first, texts.last, model.shipped_model())
    pairs = pairs[lead >= LEAST_LEAD]
    return pairs, stories_features.pair_features(salient, pairs, texts.outlets, texts.first, texts.last)


def label(articles: Sequence[Article], event: Sequence[int], doubtful: Sequence[bool]) -> Labelled:
    """All labelled pairs of copy groups."""
    texts, members, _ = story_input(articles)
    pairs, features = compared(texts, range(len(members)))
    labels = np.array([event[m[0]] for m in members])
    sure = np.array([not any(doubtful[i] for i in m) for m in members])
    return Labelled(members, labels, sure, pairs, features, labels[pairs[:, 0]] == labels[pairs[:, 1]])


def gold_scores(rows: Sequence[dict[str, Any]], labels: Sequence[Any]) -> tuple[Scores, float]:
    """Scores of labels against `event`, and the recall of same-event pairs whose `dup` differs; no doubtful ones."""
    kept = [i for i, r in enumerate(rows) if not r["doubtful"]]
    found = [
        labels[a] == labels[b]
        for a, b in combinations(kept, 2)
        if rows[a]["event"] == rows[b]["event"] and rows[a]["dup"] != rows[b]["dup"]
    ]
    return evaluate([labels[i] for i in kept], [rows[i]["event"] for i in kept]), float(np.mean(found))
