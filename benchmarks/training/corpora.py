"""Labelled corpora to train and judge on: articles of known events, and judged pairs, each inside the feed they are of.

Features are computed where an article stands: among its feed (what is rare there), and among the labelled articles alone.
Background counts are given from outside, so that a corpus can be judged with counts that never saw it. Fits nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora.gold import LEAST_LEAD, gold_articles, gold_rows, story_input
from clusterer import Article, Settings
from clusterer.evaluation.training import Examples
from clusterer.io.feed import Feed
from clusterer.stories import candidates, features, model, term_weights
from clusterer.stories.texts import StoryTexts

DOUBTFUL = 0.5
"""How much a doubtful pair counts, on whichever side its label is."""
_BLOCK = 1 << 14  # pairs compared at a time
_UNLIKE = 0.02  # leads of a pair of one event that share less are of a copy group that is not theirs


@dataclass(frozen=True)
class Batch:
    """Texts that are grouped together, and where labelled articles stand among them.

    Attributes:
        texts: the copy groups.
        text_of: int64 (g,), the text of each labelled article, -1 for one too short.
        judged: of judged pairs the two texts, same event, doubtful.
        judged_text: the text of each article in a judged pair, by the name it has there; -1 for one too short.
        forms: int64 (x, 2), pairs of texts that are one form, filled twice; the story level never joins them.
    """

    texts: StoryTexts
    text_of: NDArray[np.int64]
    judged: list[tuple[int, int, bool, bool]]
    judged_text: dict[str, int]
    forms: NDArray[np.int64]


@dataclass(frozen=True)
class LabelledFeed:
    """A corpus: g labelled articles alone and in their feed.

    Attributes:
        name: as tables show it.
        rows: of the gold file.
        articles: of the feed, those of the gold file that it lacks among them.
        alone, inside: the labelled articles by themselves, and in the feed.
        forms: the same in the feed, of texts as feeds of summaries and of headlines have them, by their names.
    """

    name: str
    rows: list[dict[str, Any]]
    articles: list[Article]
    alone: Batch
    inside: Batch
    forms: dict[str, Batch]


FORMS: dict[str, Callable[[Article], str]] = {
    "title and 30 words": lambda article: " ".join(article.text.split()[:30]),
    "title alone": lambda article: article.title or article.text,
}
"""Short forms of an article: its name, and what its text is then."""


def load(name: str, feed: Path, gold: Path, pairs: Path) -> LabelledFeed:
    """Read a corpus.

    Args:
        name: as tables show it.
        feed: file or folder.
        gold: labelled articles, JSON lines as `gold_rows` reads them.
        pairs: judged pairs, JSON lines: a, b (ids or URLs of articles in the feed), same, doubtful.
    """
    rows, judged = gold_rows(str(gold)), gold_rows(str(pairs))
    articles = [row.article for row in Feed([feed])]
    place = {key: i for i, a in enumerate(articles) for key in (a.url, a.id) if key}
    labelled = gold_articles(rows)
    for row, article in zip(rows, labelled, strict=True):
        if row["url"] not in place and row["id"] not in place:
            place[row["url"]] = len(articles)
            articles.append(article)
    at = [place[row["url"]] if row["url"] in place else place[row["id"]] for row in rows]
    alone, inside = _batch(labelled, range(len(rows)), [], {}), _batch(articles, at, judged, place)
    forms = {
        form: _batch([replace(article, text=text(article)) for article in articles], at, judged, place)
        for form, text in FORMS.items()
    }
    return LabelledFeed(name, rows, articles, alone, inside, forms)


def batch_of_articles(articles: list[Article], at: Sequence[int]) -> Batch:
    """Articles without judged pairs; `at` has the place of each labelled one."""
    return _batch(articles, at, [], {})


def _batch(articles: list[Article], at: Sequence[int], judged: list[dict[str, Any]], place: dict[str, int]) -> Batch:
    texts, members, filled = story_input(articles)
    text_of = np.full(len(articles), -1)
    for text, group in enumerate(members):
        text_of[group] = text
    found = {}
    for row in judged:
        a, b = sorted((int(text_of[place[row["a"]]]), int(text_of[place[row["b"]]])))
        if 0 <= a < b:
            found[a, b] = bool(row["same"]), bool(row["doubtful"])
    names = {row[end]: int(text_of[place[row[end]]]) for row in judged for end in "ab"}
    return Batch(texts, text_of[list(at)], [(*pair, *label) for pair, label in found.items()], names, filled)


@dataclass(frozen=True)
class Compared:
    """A batch whose texts are weighed with some background.

    Attributes:
        batch: the texts.
        weights: of their stems.
        gold: pairs of labelled articles whose leads have anything in common.
        judged: judged pairs.
        candidates: what the story level compares of the whole batch, int64 (m, 2), and their features, float64 (m, f).
    """

    batch: Batch
    gold: Examples
    judged: Examples
    candidates: tuple[NDArray[np.int64], NDArray[np.float64]]


def compare(rows: list[dict[str, Any]], batch: Batch, known: term_weights.Background) -> Compared:
    """The labelled pairs and the candidates of a batch with their features."""
    texts, settings = batch.texts, Settings()
    weights = term_weights.weight_terms(texts.stems, texts.titles, 1, None, known)
    event: dict[int, int] = {}
    doubtful: dict[int, bool] = {}
    for text, row in zip(batch.text_of.tolist(), rows, strict=True):
        if text >= 0:
            event.setdefault(text, row["event"])
            doubtful[text] = doubtful.get(text, False) or bool(row["doubtful"])
    pairs = np.array(list(combinations(sorted(event), 2)), dtype=np.int64).reshape(-1, 2)
    pairs = pairs[_leads(weights, pairs, texts) >= LEAST_LEAD]
    same = np.array([event[a] == event[b] for a, b in pairs.tolist()])
    doubt = np.array([doubtful[a] or doubtful[b] for a, b in pairs.tolist()])
    gold = Examples(pairs, pair_features(weights, pairs, texts), same, np.where(doubt, DOUBTFUL, 1.0))
    labels = np.array([x[2:] for x in batch.judged], dtype=np.bool_).reshape(-1, 2)
    pairs = np.array([x[:2] for x in batch.judged], dtype=np.int64).reshape(-1, 2)
    weight = np.where(labels[:, 1], DOUBTFUL, 1.0)
    judged = Examples(pairs, pair_features(weights, pairs, texts), labels[:, 0], weight)
    judged = judged.where(~judged.same | (_leads(weights, pairs, texts) >= _UNLIKE))
    met, _ = candidates.story_candidates(weights, texts.first, texts.last, settings)
    both = np.array([len(texts.first), 1])
    met = met[~np.isin(met @ both, batch.forms @ both)]
    met = met[_leads(weights, met, texts) >= candidates.STORY_LEAD]
    return Compared(batch, gold, judged, (met, pair_features(weights, met, texts)))


def examples(articles: Sequence[Article], event: Sequence[int], known: term_weights.Background) -> Examples:
    """All pairs of some articles' texts whose leads have anything in common."""
    return examples_of_groups(articles, event, known)[0]


def examples_of_groups(
    articles: Sequence[Article], event: Sequence[int], known: term_weights.Background
) -> tuple[Examples, NDArray[np.int64]]:
    """As `examples`, with the first article of each of the texts, int64 (t,)."""
    texts, members, _ = story_input(articles)
    weights = term_weights.weight_terms(texts.stems, texts.titles, 1, None, known)
    pairs = np.array(list(combinations(range(len(members)), 2)), dtype=np.int64).reshape(-1, 2)
    pairs = pairs[_leads(weights, pairs, texts) >= LEAST_LEAD]
    of_text = np.array([event[m[0]] for m in members])
    same: NDArray[np.bool_] = of_text[pairs[:, 0]] == of_text[pairs[:, 1]]
    found = Examples(pairs, pair_features(weights, pairs, texts), same, np.ones(len(pairs)))
    return found, np.array([m[0] for m in members])


def pair_features(
    weights: term_weights.TermWeights, pairs: NDArray[np.int64], texts: StoryTexts
) -> NDArray[np.float64]:
    """Features of many pairs, float64 (m, f)."""
    parts = [
        features.pair_features(weights, pairs[i : i + _BLOCK], texts.outlets, texts.first, texts.last)
        for i in range(0, max(len(pairs), 1), _BLOCK)
    ]
    return np.concatenate(parts)


def _leads(weights: term_weights.TermWeights, pairs: NDArray[np.int64], texts: StoryTexts) -> NDArray[np.float64]:
    parts = [
        model.best_case(weights, pairs[i : i + _BLOCK], texts.first, texts.last, model.shipped_model())[0]
        for i in range(0, max(len(pairs), 1), _BLOCK)
    ]
    return np.concatenate(parts)


@cache
def sample() -> tuple[list[Article], list[int], list[str]]:
    """The articles of `data/`, their events and families ("" for none)."""
    data = Path(__file__).parents[2] / "data"
    articles = [row.article for row in Feed([data / "feed.jsonl"])]
    gold = {r["id"]: r for r in gold_rows(str(data / "gold.jsonl"))}
    return articles, [gold[a.id]["event"] for a in articles], [gold[a.id].get("family", "") for a in articles]
