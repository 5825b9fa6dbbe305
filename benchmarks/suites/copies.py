"""The copy level on a real feed: ``python -m benchmarks.suites.copies FEED [--gold GOLD]``.

Prints, for the default settings: how many pairs that are alike by brute force stand in one group, and those that do not; pairs
of one group that share next to nothing; pairs of one outlet on different days whose numbers differ both ways; what `dedup` takes
away, and which of its words no kept article holds; B-cubed of the copy ids against GOLD inside the feed, with the wrong groups.
GOLD is JSON lines with `id`, `url`, `text`, `source`, `title`, `dup` and `doubtful`. With --read the pairs are shown to be read.
Forms that are too different for copies are looked for with --option 'level="story"'.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import click
import numpy as np
import orjson
from numpy.typing import NDArray

from benchmarks.corpora.brute_force import Truth, brute_force
from clusterer import Article, Settings
from clusterer.arrays.letters import UNSURE
from clusterer.articles import seconds
from clusterer.copies.candidates import shingle
from clusterer.copies.verify import SERIES
from clusterer.corpus import text_words
from clusterer.deduplication import deduplicate
from clusterer.evaluation.metrics import evaluate, mistakes
from clusterer.io.feed import Feed
from clusterer.pipeline import PipelineRun, run_pipeline

NEXT_TO_NOTHING = 0.25  # Jaccard and containment of pairs that should not stand in one group
HOURS = 10.0  # between printings on different days


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", nargs=-1, required=True)
@click.option("--gold", help="File of labels.")
@click.option("--errors", default=12, show_default=True, help="Wrong groups to list.")
@click.option("--read", "shown", default=0, show_default=True, help="Pairs of each kind to show.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Another value for a setting.")
def main(feed: tuple[str, ...], gold: str | None, errors: int, shown: int, options: tuple[str, ...]) -> None:
    """Print the figures."""
    chosen = {name: orjson.loads(value) for name, _, value in (o.partition("=") for o in options)}
    settings = Settings(**{"level": "copy", **chosen})
    articles = [row.article for row in Feed(feed)]
    run = run_pipeline(articles, settings, keep=True)
    truth = brute_force(shingle(run.documents.words, settings), NEXT_TO_NOTHING)
    recall_report(run, truth)
    for title, found in (
        ("in one group with neither Jaccard nor containment over 0.25", strangers(run, truth)),
        ("in one group, of one outlet on different days, numbers differ both ways", recounted(run, articles)),
    ):
        listed = list(found)
        print(f"\n{len(listed):,} pairs {title}")
        for a, b in listed[:shown]:
            show(articles[a], articles[b])
    series_report(run, articles, shown)
    dedup_report(run, articles, settings)
    if gold:
        with open(gold, "rb") as lines:
            gold_report(list(map(orjson.loads, lines)), articles, run, errors)


def recall_report(run: PipelineRun, truth: Truth) -> None:
    """Pairs of documents that are alike by brute force, and the share of them in one group."""
    d, pairs = len(run.documents), truth.pairs
    codes = pairs @ np.array([d, 1])
    series = np.isin(codes, run.links.pairs[run.links.kind == SERIES] @ np.array([d, 1]))
    together = run.copies[pairs[:, 0]] == run.copies[pairs[:, 1]]
    print(f"{'pairs by brute force':40}{'pairs':>9}{'one group':>11}{'series':>9}{'else apart':>12}")
    for least in (0.9, 0.7, 0.5):
        wanted = truth.jaccard >= least
        print(
            f"{f'Jaccard >= {least}':40}{wanted.sum():9,}{together[wanted].mean():11.4f}{(wanted & series).sum():9,}"
            f"{(wanted & ~series & ~together).sum():12,}"
        )
    sizes = np.bincount(run.copies, minlength=d)
    inside = int((sizes * (sizes - 1) // 2).sum())
    largest = sorted(sizes.tolist(), reverse=True)[:8]
    print(f"{inside:,} pairs of texts in one group; the largest groups have {', '.join(map(str, largest))} texts")


def groups_of(run: PipelineRun, articles: bool) -> Iterator[list[int]]:
    """Members of copy groups of two or more, documents or articles."""
    held = run.documents.of_article
    labels = np.where(held >= 0, run.copies[held], -1) if articles else run.copies
    order = np.argsort(labels, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        if len(part) > 1 and labels[part[0]] >= 0:
            yield part.tolist()


def strangers(run: PipelineRun, truth: Truth) -> Iterator[tuple[int, int]]:
    """Articles of pairs of documents of one group that share next to nothing."""
    d = len(run.documents)
    near = set((truth.pairs[truth.containment > NEXT_TO_NOTHING] @ np.array([d, 1])).tolist())
    for group in groups_of(run, articles=False):
        for a, b in combinations(group, 2):
            if a * d + b not in near:
                yield int(run.documents.articles[a]), int(run.documents.articles[b])


def recounted(run: PipelineRun, articles: list[Article]) -> Iterator[tuple[int, int]]:
    """Pairs of articles of one group and one outlet, printed on different days, of which each has numbers of its own."""
    words = run.corpus.words
    assert words is not None

    def numbers(i: int) -> set[int]:
        signatures: NDArray[np.uint64] = words.hashes[words.offsets[i] : words.offsets[i + 1]] & np.uint64(0xFFFF)
        return {x for x in signatures.tolist() if x & 1 and x != UNSURE}

    for group in groups_of(run, articles=True):
        for i, j in combinations(group, 2):
            a, b = articles[i], articles[j]
            if a.outlet != b.outlet or a.date is None or b.date is None or a.date.date() == b.date.date():
                continue
            if (
                abs(seconds(a.date) - seconds(b.date)) > 3600 * HOURS
                and numbers(i) - numbers(j)
                and numbers(j) - numbers(i)
            ):
                yield i, j


def series_report(run: PipelineRun, articles: list[Article], shown: int) -> None:
    """What was called a series."""
    links, documents = run.links, run.documents
    found = np.flatnonzero(links.kind == SERIES)
    forms = links.forms
    print(f"\n{len(found):,} pairs are a series, {forms[found].sum():,} of them a form that was filled twice")
    below = np.flatnonzero(forms & (links.kind != SERIES))
    print(f"{len(below):,} more, too different for copies, are such a form")
    for number in [*found[:shown].tolist(), *below[:shown].tolist()]:
        a, b = documents.articles[links.pairs[number]].tolist()
        show(articles[a], articles[b])


def dedup_report(run: PipelineRun, articles: list[Article], settings: Settings) -> None:
    """What goes, and what is lost by it; of learned boilerplate, too, what the kept article does not hold."""
    found = deduplicate(run, settings)
    words, lost = (found.stats[name] for name in ("words of removed articles", "of these not in the one kept"))
    kept = set(found.kept_ids)
    unverified = sum(removal.kept not in kept for removal in found.removed)
    print(
        f"\ndedup keeps {len(kept):,} of {len(found.ids):,}; {unverified} of {len(found.removed):,} removed without a kept one;"
        f" words of removed articles that the kept one does not hold: {lost / max(words, 1):.4f}"
    )
    pairs = [[articles[place].text for place in (r.place, r.kept_place)] for r in found.removed]
    gone, left = (text_words(list(texts), settings) for texts in zip(*pairs, strict=True)) if pairs else [None] * 2
    if gone is not None and left is not None:
        salts = np.arange(1, len(gone) + 1, dtype=np.uint64) << np.uint64(40)
        held = np.isin(gone.hashes ^ np.repeat(salts, gone.counts), left.hashes ^ np.repeat(salts, left.counts))
        print(f"with learned boilerplate counted: {1 - held.mean():.4f}")


def gold_report(rows: list[dict[str, Any]], articles: list[Article], run: PipelineRun, errors: int) -> None:
    """B-cubed of the copy ids against gold's `dup`, without doubtful articles and those that the feed has not."""
    place: dict[str, int] = {}
    for i, a in enumerate(articles):
        place.setdefault(a.url, i)
        place.setdefault(a.id, i)
    told = [(r, place.get(r["url"], place.get(r["id"]))) for r in rows if not r["doubtful"]]
    kept = [(r, i) for r, i in told if i is not None]
    ours, theirs = [run.clustering.assignments[i].copy for _, i in kept], [r["dup"] for r, _ in kept]
    s = evaluate(ours, theirs)
    print(
        f"\ngold, not doubtful: {s.articles} articles, B-cubed precision {s.bcubed_precision:.4f} recall"
        f" {s.bcubed_recall:.4f} F1 {s.bcubed_f1:.4f}, pair F1 {s.pair_f1:.4f}"
    )
    for mistake in mistakes(ours, theirs)[:errors]:
        print(f"  {mistake.kind}, {mistake.pairs} wrong pairs")
        for part in mistake.parts:
            for n, i in enumerate(part):
                row = kept[i][0]
                print(f"    {'-' if n == 0 else ' '} {row['id']} [{row['source']}] {row['title'][:90]}")


def show(a: Article, b: Article) -> None:
    """Two articles and where they differ."""
    print(f"\n  {a.outlet} {a.when} {a.title[:70]}\n  {b.outlet} {b.when} {b.title[:70]}")
    first, second = a.text.split(), b.text.split()
    for kind, i, j, k, m in difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if kind != "equal":
            print(f"      {' '.join(first[i:j])[:120]!r} -> {' '.join(second[k:m])[:120]!r}")


if __name__ == "__main__":
    sys.exit(main())
