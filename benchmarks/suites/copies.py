"""Recall, precision and gold scores of the copy level on a real feed: ``python -m benchmarks.suites.copies FEED GOLD``.

Prints, for the default settings: recall of true copy pairs and of cuts against brute force; precision of the links;
B-cubed of the copy ids against gold, alone and inside the feed, with the wrong groups. GOLD is JSON lines with `id`,
`url`, `text`, `source`, `title`, `dup` and `doubtful`.
"""

from __future__ import annotations

import sys
from typing import Any

import click
import numpy as np
import orjson

from benchmarks.corpora.brute_force import brute_force
from clusterer import Article, Clustering, Settings, cluster
from clusterer.copies.candidates import generate_candidates, shingle
from clusterer.copies.documents import find_documents
from clusterer.copies.verify import verify
from clusterer.corpus import read
from clusterer.evaluation.metrics import evaluate, mistakes
from clusterer.io.feed import Feed

CUT_WORDS = 40


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed")
@click.argument("gold", required=False)
@click.option("--errors", default=12, show_default=True, help="Wrong groups to list for each gold run.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Another value for a setting.")
def main(feed: str, gold: str | None, errors: int, options: tuple[str, ...]) -> None:
    """Print the figures."""
    chosen = {name: orjson.loads(value) for name, _, value in (o.partition("=") for o in options)}
    settings = Settings(**{"level": "copy", **chosen})
    articles = [row.article for row in Feed([feed])]
    corpus = read(articles, settings)
    documents = find_documents(corpus, settings)
    proposed = generate_candidates(documents, settings)
    links = verify(documents, proposed.pairs, settings)
    result = cluster(articles, settings)
    for name, value in result.stats.items():
        print(f"{value:>12,}  {name}")
    pairs_report(documents, proposed, links, result, settings)
    if gold:
        with open(gold, "rb") as lines:
            rows = list(map(orjson.loads, lines))
        alone = cluster([Article(r["text"], r["id"], r["title"], r["source"], r["url"]) for r in rows], settings)
        by_url = {a.url: assignment for a, assignment in zip(articles, result, strict=True)}
        gold_report("gold articles alone", rows, [a.copy for a in alone], errors)
        if all(r["url"] in by_url for r in rows):
            gold_report("gold articles inside the feed", rows, [by_url[r["url"]].copy for r in rows], errors)


def pairs_report(documents: Any, proposed: Any, links: Any, result: Clustering, settings: Settings) -> None:
    """Candidates and links against brute force."""
    words = documents.words
    truth = brute_force(shingle(words, settings))
    d = len(words)
    true = truth.pairs[:, 0] * d + truth.pairs[:, 1]
    candidate = proposed.pairs[:, 0] * d + proposed.pairs[:, 1]
    linked = links.pairs[:, 0] * d + links.pairs[:, 1]
    group_of = np.full(d, -1)
    labels = np.unique(np.array(result.labels("copy"), dtype=object), return_inverse=True)[1]
    group_of[documents.of_article[documents.of_article >= 0]] = labels[documents.of_article >= 0]
    together = group_of[truth.pairs[:, 0]] == group_of[truth.pairs[:, 1]]
    print(
        f"\ncandidate pairs a distinct text: {len(candidate) / d:.2f}; a link: {len(candidate) / max(len(linked), 1):.2f}"
    )
    print(f"{'true pairs by brute force':46}{'pairs':>8}{'verified':>10}{'linked':>10}{'one group':>10}")
    cuts = (truth.containment >= 0.8) & (words.counts[truth.pairs].min(axis=1) >= CUT_WORDS)
    rows = [(f"Jaccard >= {j}", truth.jaccard >= j) for j in (0.9, 0.7, 0.5)]
    rows += [(f"cuts: containment >= 0.8, {CUT_WORDS} words or more", cuts)]
    rows += [("  of these not Jaccard >= 0.5", cuts & (truth.jaccard < 0.5))]
    for name, wanted in rows:
        shares = [
            np.isin(true[wanted], candidate).mean(),
            np.isin(true[wanted], linked).mean(),
            together[wanted].mean(),
        ]
        print(f"{name:46}{wanted.sum():8,}" + "".join(f"{share:10.4f}" for share in shares))
    meant = (truth.jaccard >= settings.jaccard) | (truth.containment >= settings.containment)
    right = np.isin(linked, true[meant]).mean() if len(linked) else 1.0
    print(f"precision of links (thresholds hold by brute force): {right:.4f} of {len(linked):,}")


def gold_report(name: str, rows: list[dict[str, Any]], labels: list[str], errors: int) -> None:
    """B-cubed of the labels against gold's `dup`, without and with the doubtful articles."""
    for title, kept in (
        ("not doubtful", [i for i, r in enumerate(rows) if not r["doubtful"]]),
        ("all", range(len(rows))),
    ):
        ours, theirs = [labels[i] for i in kept], [rows[i]["dup"] for i in kept]
        s = evaluate(ours, theirs)
        print(
            f"\n{name}, {title}: {s.articles} articles, B-cubed precision {s.bcubed_precision:.4f}"
            f" recall {s.bcubed_recall:.4f} F1 {s.bcubed_f1:.4f}, pair F1 {s.pair_f1:.4f}, ARI {s.ari:.4f}"
        )
        if title == "all":
            continue
        for mistake in mistakes(ours, theirs)[:errors]:
            print(f"  {mistake.kind}, {mistake.pairs} wrong pairs")
            for part in mistake.parts:
                for n, i in enumerate(part):
                    row = rows[kept[i]]
                    print(f"    {'-' if n == 0 else ' '} {row['id']} [{row['source']}] {row['title'][:90]}")


if __name__ == "__main__":
    sys.exit(main())
