"""Stories against gold, alone and inside a feed, and beside other methods: ``python -m benchmarks.suites.stories FEED GOLD``.

Prints the bars of the story level: B-cubed of the gold articles alone (scores out of fold) and inside the whole feed;
recall of same-event pairs in different words and of their candidates; single linkage beside average linkage; how often
decisions about small subsets equal those made in the whole feed; the families of the sample feed alone, in `data/` and
inside the feed; the largest stories; time of the story level over the copy level's.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from itertools import combinations
from typing import Any

import click
import numpy as np

from benchmarks.corpora.gold import DATA, gold_rows, gold_scores
from benchmarks.training.alone import labels_out_of_fold
from benchmarks.training.judging import judge
from clusterer import Article, Settings, cluster
from clusterer.copies import grouping
from clusterer.copies.candidates import generate_candidates
from clusterer.copies.documents import Documents, find_documents
from clusterer.copies.verify import verify
from clusterer.corpus import read
from clusterer.io.feed import Feed
from clusterer.stories.candidates import story_candidates
from clusterer.stories.clustering import Stories, cluster_stories
from clusterer.stories.linkage import link_texts
from clusterer.stories.term_weights import TermWeights, weight_terms
from clusterer.stories.texts import StoryTexts, story_texts

SUBSETS = 300


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed")
@click.argument("gold")
@click.option("--largest", default=20, show_default=True, help="Largest stories to list.")
def main(feed: str, gold: str, largest: int) -> None:
    """Print everything."""
    rows = gold_rows(gold)
    articles = [row.article for row in Feed([feed])]
    printed = {a.url for a in articles}
    held = [r for r in rows if r["url"] in printed]
    print(f"{len(held):,} of {len(rows):,} articles of gold are in the feed")
    settings = Settings()
    alone(rows)
    corpus = read(articles, settings)
    documents = find_documents(corpus, settings)
    links = verify(documents, generate_candidates(documents, settings).pairs, settings)
    copies = grouping.group_documents(
        links.likeness, len(documents), settings.jaccard, settings.containment, settings.bucket_cap
    )
    texts = story_texts(corpus, documents, copies)
    stories = cluster_stories(texts, settings, forms=links.pairs[links.forms])
    salient = weight_terms(texts.stems, texts.titles)
    inside(held, articles, documents, texts, stories, salient, settings)
    subsets(held, articles)
    sample(articles)
    cost(articles)
    result = cluster(articles, settings)
    by_id = {a.id: article for a, article in zip(result, articles, strict=True)}
    groups = result.groups("story")
    print(f"\nlargest stories of {len(groups):,}")
    for members in sorted(groups.values(), key=len, reverse=True)[:largest]:
        titles = Counter(by_id[i].title[:70] for i in members)
        print(
            f"  {len(members):3} articles, {len({by_id[i].outlet for i in members}):2} outlets: "
            + " | ".join(titles)[:400]
        )


def alone(rows: list[dict[str, Any]]) -> None:
    """The gold articles alone, scores out of fold."""
    print(f"gold alone, out of fold, average linkage at {Settings().story}: {judge(rows, labels_out_of_fold(rows))}")


def inside(
    rows: list[dict[str, Any]],
    articles: list[Article],
    documents: Documents,
    texts: StoryTexts,
    stories: Stories,
    salient: TermWeights,
    settings: Settings,
) -> None:
    """The same articles inside the whole feed, by the shipped model."""
    place = {a.url: i for i, a in enumerate(articles)}
    mine = [place[r["url"]] for r in rows]
    document = documents.of_article[mine]
    text = np.where(document < 0, -1, stories.text_of[document])
    centres = texts.centres
    at = np.searchsorted(centres, stories.pairs)
    for threshold in (settings.story, 0.35, 0.4, 0.5, 0.55):
        groups = link_texts(at, stories.score, len(centres), threshold)
        labels = [f"alone {i}" if t < 0 else int(groups[t]) for i, t in enumerate(text)]
        scores, different = gold_scores(rows, labels)
        print(
            f"gold inside the feed, average linkage at {threshold:.2f}: precision {scores.bcubed_precision:.4f} recall"
            f" {scores.bcubed_recall:.4f} F1 {scores.bcubed_f1:.4f}, pairs in different words found {different:.3f}"
        )
    kept = [i for i, r in enumerate(rows) if not r["doubtful"]]
    pairs = [
        (min(int(text[a]), int(text[b])), max(int(text[a]), int(text[b])))
        for a, b in combinations(kept, 2)
        if rows[a]["event"] == rows[b]["event"] and rows[a]["dup"] != rows[b]["dup"] and text[a] != text[b]
    ]
    found, dropped = story_candidates(salient, texts.first, texts.last, settings)
    met = {tuple(p) for p in found.tolist()}
    print(
        f"  candidates: {len(found) / len(centres):.1f} a copy group, {dropped:,} pairs left out by large"
        f" buckets; of {len(pairs)} pairs in different words and copy groups {np.mean([p in met for p in pairs]):.3f}"
        " are candidates"
    )


def subsets(rows: list[dict[str, Any]], articles: list[Article]) -> None:
    """Decisions about random subsets of the gold articles beside those made in the whole feed."""
    place = {a.url: i for i, a in enumerate(articles)}
    whole = cluster(articles).labels("story")
    rng = np.random.default_rng(0)
    equal = total = together = equal_together = 0
    for _ in range(SUBSETS):
        chosen = [place[rows[i]["url"]] for i in rng.choice(len(rows), int(rng.integers(5, 51)), replace=False)]
        few = cluster([articles[i] for i in chosen]).labels("story")
        for a, b in combinations(range(len(chosen)), 2):
            there = whole[chosen[a]] == whole[chosen[b]]
            here = few[a] == few[b]
            equal, total = equal + (here == there), total + 1
            together, equal_together = together + (here or there), equal_together + (here and there)
    print(
        f"batch independence: {equal / total:.4f} of {total:,} pair decisions in {SUBSETS} subsets equal the whole feed's;"
        f" of {together} pairs together in either, {equal_together / together:.3f} in both"
    )


def sample(articles: list[Article]) -> None:
    """The families of `data/`: which articles share a story alone, in `data/`, and inside the feed."""
    gold = {r["id"]: r for r in gold_rows(str(DATA / "gold.jsonl"))}
    own = [row.article for row in Feed([DATA / "feed.jsonl"])]
    names = sorted({g["family"] for g in gold.values() if g.get("family")})
    runs = {
        "alone": lambda members: cluster([Article(a.text, a.id, a.title) for a in members]),
        "in data/": lambda _: cluster(own),
        "in the feed": lambda _: cluster([*own, *articles]),
    }
    for where, run in runs.items():
        cached = run([]) if where != "alone" else None
        for name in names:
            members = [a for a in own if gold[a.id].get("family") == name]
            result = cached or run(members)
            story = {a.id: a.story for a in result}
            copy = {a.id: a.copy for a in result}
            wrong, missed, right = [], [], 0
            for a, b in combinations(members, 2):
                if copy[a.id] == copy[b.id]:
                    continue
                same, found = gold[a.id]["event"] == gold[b.id]["event"], story[a.id] == story[b.id]
                wrong += [f"{a.id}+{b.id}"] if found and not same else []
                missed += [f"{a.id}+{b.id}"] if same and not found else []
                right += found and same
            print(f"family {name:12} {where:12} found {right}, missed {missed}, wrongly together {wrong}")


def cost(articles: list[Article]) -> None:
    """Time of the story level over the copy level's, interleaved."""
    times: dict[str, list[float]] = {"copy": [], "story": []}
    for _ in range(3):
        for level, seconds in times.items():
            start = time.perf_counter()
            cluster(articles, Settings(level=level))
            seconds.append(time.perf_counter() - start)
    copy, story = (statistics.median(times[level]) for level in ("copy", "story"))
    added = (story - copy) / copy
    print(f"cost on {len(articles):,} articles: copies {copy:.2f} s, with stories {story:.2f} s: {added:.2f} x more")


if __name__ == "__main__":
    main()
