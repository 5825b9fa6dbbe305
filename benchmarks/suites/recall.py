"""What is found: pairs of copies against brute force, groups against labels. No clock.

The oracle shares the shingles with what it judges and nothing after them. Labels with `doubtful` are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora.brute_force import brute_force
from benchmarks.corpora.feeds import DATA, Corpus
from benchmarks.corpora.gold import gold_articles, gold_rows
from benchmarks.plan import Plan, Row, table
from benchmarks.training.alone import labels_out_of_fold
from clusterer import Article, Settings, cluster
from clusterer.copies.candidates import generate_candidates, shingle
from clusterer.copies.documents import find_documents
from clusterer.copies.verify import COPY, verify
from clusterer.corpus import read
from clusterer.evaluation.metrics import evaluate
from clusterer.io.feed import Feed

THRESHOLDS = (0.5, 0.7)
CUT, CUT_WORDS = 0.8, 40  # a cut that has to be found: so much of it is in the other, and so many words


def pairs(plan: Plan) -> list[dict[str, Any]]:
    """Recall and precision of pairs against brute force over all pairs of distinct texts.

    Proposed: true pairs that are candidates. Recall: those that are links as well. Precision: of the links, those whose
    threshold holds by brute force. A text that a roundup quotes further down is a true pair by containment, and no link
    on purpose: that is what the recall of cuts lacks.
    """
    return [_against_brute_force(corpus) for corpus in plan.corpora]


def _against_brute_force(corpus: Corpus) -> dict[str, Any]:
    least = Settings(level="copy", jaccard=min(THRESHOLDS))
    documents = find_documents(read(corpus.articles(), least), least)
    truth, d = brute_force(shingle(documents.words, least)), len(documents.words)
    true = _codes(truth.pairs, d)
    rows: list[Row] = []
    for threshold in THRESHOLDS:
        settings = Settings(level="copy", jaccard=threshold)
        candidates = generate_candidates(documents, settings).pairs
        links = verify(documents, candidates, settings)
        proposed, linked = _codes(candidates, d), _codes(links.pairs[links.linked], d)
        alike = truth.jaccard >= threshold
        long = documents.words.counts[truth.pairs].min(axis=1) >= CUT_WORDS
        cuts = (truth.containment >= CUT) & long & ~alike
        is_copy = links.kind[links.linked] == COPY
        kinds = [(f"copies: Jaccard >= {threshold}", alike, alike, linked[is_copy])]
        if settings == least:
            held = truth.containment >= settings.containment
            kinds.append((f"cuts: containment >= {CUT}, {CUT_WORDS} words or more", cuts, held, linked[~is_copy]))
        for name, wanted, right, claimed in kinds:
            row = {"pairs": name, "true": int(wanted.sum()), "proposed": _share(true[wanted], proposed)}
            row |= {"recall": _share(true[wanted], linked), "links": len(claimed)}
            rows.append(row | {"precision": _share(claimed, true[right])})
    return table(
        "pairs", corpus.name, rows, f"{d:,} distinct texts, default settings of the copy level but the threshold."
    )


def gold(plan: Plan) -> list[dict[str, Any]]:
    """Groups against labels: B-cubed, pairs, adjusted Rand index.

    The story score was trained on both sets of labels; the rows out of fold are by models that never saw the event.
    """
    labels = gold_rows(str(DATA / "gold.jsonl"))
    articles = [row.article for row in Feed([DATA / "feed.jsonl"])]
    place = {a.id: i for i, a in enumerate(articles)}
    rows = _scored("data/", labels, articles, [place[r["id"]] for r in labels])
    if plan.gold is None:
        return [table("gold", "labels", rows, "No labelled real articles: name them with --gold.")]
    labels, name = gold_rows(str(plan.gold)), plan.gold.name
    rows += _scored(f"{name}, alone", labels, gold_articles(labels), list(range(len(labels))))
    rows.append(_out_of_fold(f"{name}, alone, out of fold", labels))
    for corpus in plan.corpora:
        articles = corpus.articles()
        place = {a.url: i for i, a in enumerate(articles) if a.url}
        if all(r["url"] in place for r in labels):
            rows += _scored(f"{name}, inside {corpus.name}", labels, articles, [place[r["url"]] for r in labels])
    return [table("gold", "labels", rows)]


def _scored(name: str, labels: list[Row], articles: list[Article], at: list[int]) -> list[Row]:
    """A row a level; `at` has the place of each labelled article."""
    result, rows = cluster(articles), []
    for level, field in (("copy", "dup" if "dup" in labels[0] else "copy"), ("story", "event")):
        found = result.labels(level)
        rows.append(_row(name, level, [r[field] for r in labels], labels, [found[i] for i in at]))
    return rows


def _out_of_fold(name: str, labels: list[Row]) -> Row:
    found = labels_out_of_fold(labels)
    return _row(name, "story", [r["event"] for r in labels], labels, found)


def _row(name: str, level: str, known: list[Any], labels: list[Row], found: list[Any]) -> Row:
    kept = [i for i, r in enumerate(labels) if not r.get("doubtful")]
    scores = evaluate([found[i] for i in kept], [known[i] for i in kept])
    return {
        "labels": name,
        "level": level,
        "articles": scores.articles,
        "precision": scores.bcubed_precision,
        "recall": scores.bcubed_recall,
        "f1": scores.bcubed_f1,
        "pair_precision": scores.pair_precision,
        "pair_recall": scores.pair_recall,
        "ari": scores.ari,
    }


def _codes(found: NDArray[np.int64], d: int) -> NDArray[np.int64]:
    return found[:, 0] * d + found[:, 1]


def _share(some: NDArray[np.int64], others: NDArray[np.int64]) -> float:
    """Share of `some` that are among `others`; 1 of none."""
    return float(np.isin(some, others).mean()) if len(some) else 1.0
