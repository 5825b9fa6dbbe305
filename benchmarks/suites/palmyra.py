"""The telling case, as a table: ``python -m benchmarks.suites.palmyra [FEED]``.

Five reports of calls between the same two presidents. 01 and 02 tell of one call, in other words; the other three are
calls of other years by the outlet of 01, which opens all its reports with one formula and ends them with one long
footer. Prints how alike each pair is as it came and without boilerplate, how likely both report one event (as plain
texts alone, among the articles of `data/` with dates and sources, and inside FEED), and which stories they end in.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.corpora.gold import compared, story_input
from clusterer import Article, Settings, cluster
from clusterer.copies.candidates import shingle
from clusterer.copies.verify import overlap
from clusterer.corpus import text_words
from clusterer.io.feed import Feed
from clusterer.stories import model

DATA = Path(__file__).parents[2] / "data"
IDS = ("marsad-06", "sadawadi-05", "marsad-15", "marsad-02", "marsad-16")  # of 01 to 05 in data/feed.jsonl


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", required=False)
def main(feed: str | None) -> None:
    """Print the table and the stories."""
    reports = [row.article for row in Feed([DATA / "palmyra"])]
    names = [Path(a.id).stem for a in reports]
    pairs = np.array(list(combinations(range(len(reports)), 2)))
    jaccard = {}
    for boilerplate in ("none", "known"):
        settings = Settings(boilerplate=boilerplate)
        words = text_words([a.text for a in reports], settings)
        jaccard[boilerplate] = overlap(shingle(words, settings), pairs).jaccard
    sample = [row.article for row in Feed([DATA / "feed.jsonl"])]
    batches = {"alone": (reports, [a.id for a in reports]), "in data/": (sample, list(IDS))}
    if feed:
        batches["in the feed"] = ([*sample, *(row.article for row in Feed([feed]))], list(IDS))
    scores = {where: pair_scores(articles, ids) for where, (articles, ids) in batches.items()}

    table = Table(title="Calls of two presidents")
    for column in ("report", "report", "one event", "Jaccard", "cut", *(f"score {where}" for where in scores)):
        table.add_column(column, justify="left" if column == "report" else "right")
    for k, (i, j) in enumerate(pairs.tolist()):
        alike = [f"{jaccard[b][k]:.3f}" for b in ("none", "known")]
        shown = [f"{found.get((i, j), 0.0):.3f}" for found in scores.values()]
        table.add_row(names[i], names[j], "yes" if (i, j) == (0, 1) else "no", *alike, *shown)
    Console(width=120).print(table)
    print(f"One story from a mean score of {Settings().story}. Pairs that the leads rule out have 0.")
    for where, (articles, ids) in batches.items():
        together = [f"{names[i]} + {names[j]}" for i, j in joined(articles, ids)]
        print(f"{where}: one story: {', '.join(together) or 'none'}; the others each their own")


def joined(articles: Sequence[Article], ids: Sequence[str]) -> list[tuple[int, int]]:
    """The pairs of the five reports, by number, that are one story."""
    story = {a.id: a.story for a in cluster(articles)}
    return [(i, j) for i, j in combinations(range(len(ids)), 2) if story[ids[i]] == story[ids[j]]]


def pair_scores(articles: Sequence[Article], ids: Sequence[str]) -> dict[tuple[int, int], float]:
    """The score of each pair of the five reports that is compared at all."""
    texts, members, _ = story_input(articles)
    place = {articles[i].id: k for k, group in enumerate(members) for i in group}
    number = {place[name]: i for i, name in enumerate(ids)}
    pairs, features = compared(texts, list(number))
    scores = model.shipped_model().score(features)
    return {
        (min(number[a], number[b]), max(number[a], number[b])): float(score)
        for (a, b), score in zip(pairs.tolist(), scores, strict=True)
    }


if __name__ == "__main__":
    main()
