"""Presets on labelled feeds: ``python -m benchmarks.suites.presets FEED GOLD``.

Groups the whole feed, those of GOLD that it lacks among it, by its titles without texts and by its articles, under the
defaults and the preset that is for such a feed. Prints precision, recall and F1 of the pairs of one event among the labelled
articles, doubtful ones left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import click

from benchmarks.corpora.gold import gold_articles, gold_rows
from benchmarks.training.judging import Found, judge
from clusterer import Article, cluster
from clusterer.io.feed import Feed

KINDS = {"titles": ("news", "headlines"), "articles": ("news", "strict")}
"""What is grouped, and the presets that are compared on it."""


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed")
@click.argument("gold")
def main(feed: str, gold: str) -> None:
    """Print a line a preset."""
    for kind, preset, found in judged([row.article for row in Feed([feed])], gold):
        print(
            f"{kind}, {preset}: precision {found.precision:.3f} recall {found.recall:.3f} F1 {found.f1:.3f}", flush=True
        )


def judged(articles: Sequence[Article], gold: str) -> Iterator[tuple[str, str, Found]]:
    """What is grouped, by which preset, and how well."""
    rows, articles = gold_rows(gold), list(articles)
    places = {key: i for i, article in enumerate(articles) for key in (article.url, article.id) if key}
    for row, article in zip(rows, gold_articles(rows), strict=True):
        if row["url"] not in places and row["id"] not in places:
            places[row["id"]] = len(articles)
            articles.append(article)
    labelled = [places[row["url"]] if row["url"] in places else places[row["id"]] for row in rows]
    for kind, presets in KINDS.items():
        given = [replace(article, text="") for article in articles] if kind == "titles" else articles
        for preset in presets:
            labels = cluster(given, preset).labels("story")
            yield kind, preset, judge(rows, [labels[place] for place in labelled])


if __name__ == "__main__":
    main()
