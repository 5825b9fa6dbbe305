"""Small feeds that one affair fills: ``python -m benchmarks.suites.small_feeds FEED GOLD --pairs PAIRS [--background OTHER]``.

A feed of a few hundred articles is full of the words of its own main affair, which so look common (`term_weights.BESIDE`). Cuts
such feeds out of a labelled one: the neighbourhood of a labelled event or judged pair, and articles of the same days beside it
(`SIZES` articles, of which the neighbourhood is `SHARES`); one day; two days of one country. Prints of each kind, for the main
affair and for all else: recall and precision of labelled pairs in other words, B-cubed of the labelled articles in events of
two or more, both beside what the whole feed says of the same pairs and articles; and how many pairs of one event, each counted
once, are lost in a small feed while the whole one has them, and the other way round. Doubtful labels are left out. The counts
that ship know the words of the feeds that they are made of: with --background they make room for those of another feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks.corpora.gold import gold_articles, gold_rows, story_input
from benchmarks.training.background import count
from clusterer import Article, Settings
from clusterer.evaluation.metrics import evaluate
from clusterer.io.feed import Feed
from clusterer.stories import candidates, model, term_weights
from clusterer.stories.clustering import score_pairs
from clusterer.stories.features import DAY
from clusterer.stories.linkage import link_texts
from clusterer.stories.texts import StoryTexts

SIZES, SHARES = (50, 200, 1000), (0.05, 0.2, 0.5)
NEAR_DAYS, POOL = 1.5, 1.25
"""Days before and after an affair from which its feed is taken, or more, until so many times its articles are there."""
ALIKE, MAIN = 0.12, 0.03
"""Cosine from which on an article is of an affair, and the share of a feed from which on an affair is a main one."""
COUNTRIES = ("سوري", "اليمن", "تركي", "إيران", "العراق", "فلسطين", "مصر", "ليبيا", "تونس", "السعودي", "روسي", "أميركي")
LEAST, MOST = 20, 2500
"""Articles that a cut by days or countries has."""
PARTS = ("main affair", "all else   ")
_BLOCK = 1 << 14  # pairs compared at a time


@dataclass(frozen=True)
class Labels:
    """What is known of the articles of a feed, doubtful ones left out.

    Attributes:
        event: of each labelled article, by its place, its event.
        same: of pairs of places, the lower one first, whether they report one event; of texts that are no copies.
    """

    event: dict[int, int]
    same: dict[tuple[int, int], bool]


@dataclass(frozen=True)
class Cut:
    """A small feed.

    Attributes:
        kind: as the table shows it.
        places: int64, ascending, its articles.
        main: places of its main affair.
    """

    kind: str
    places: NDArray[np.int64]
    main: frozenset[int]


@dataclass
class Tally:
    """Labelled pairs and articles of many cuts, and how they were grouped.

    Attributes:
        pairs: places, same event, together in the small feed, together in the whole one.
        articles: event, group in the small feed, group in the whole one; each with the number of the cut.
    """

    pairs: list[tuple[tuple[int, int], bool, bool, bool]] = field(default_factory=list)
    articles: list[tuple[Any, Any, Any]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in what another tally has, of other cuts."""
        self.pairs += other.pairs
        self.articles += other.articles

    def __str__(self) -> str:
        rows = np.array([row[1:] for row in self.pairs], dtype=np.bool_).reshape(-1, 3)
        same, events = rows[:, 0], [row[0] for row in self.articles]
        said = f"{same.sum():5} of one event, {(~same).sum():6} not"
        for where, column in (("here", 1), ("whole", 2)):
            together = rows[:, column]
            right = (same & together).sum()
            said += f"; {where} recall {right / max(same.sum(), 1):.3f} precision {right / max(together.sum(), 1):.3f}"
            if events:
                said += f" B-cubed {evaluate([row[column] for row in self.articles], events).bcubed_f1:.3f}"
        known = {pair for pair, one, _, _ in self.pairs if one}
        lost = {pair for pair, one, here, whole in self.pairs if one and whole and not here}
        won = {pair for pair, one, here, whole in self.pairs if one and here and not whole}
        return f"{said}; each once, {len(lost)} lost and {len(won)} won of {len(known)}"


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", type=click.Path(exists=True, path_type=Path))
@click.argument("gold", type=click.Path(exists=True, path_type=Path))
@click.option("--pairs", type=click.Path(exists=True, path_type=Path), help="Judged pairs of the feed.")
@click.option("--background", type=click.Path(exists=True), help="Count how common words are in this feed instead.")
@click.option("--feeds", default=60, show_default=True, help="Small feeds of each size and share.")
def main(feed: Path, gold: Path, pairs: Path | None, background: str | None, feeds: int) -> None:
    """Print the table; its last lines are of all small feeds together."""
    articles, labels = labelled(feed, gold, pairs)
    known = count(row.article for row in Feed([background])) if background else term_weights.background()
    whole = grouped(articles, known)
    made = [*affairs(articles, labels, feeds), *windows(articles, labels)]
    found = tally(made, labels, whole, (grouped([articles[i] for i in cut.places], known) for cut in made))
    of_all = Tally(), Tally()
    for kind, tallies in found.items():
        few = [cut for cut in made if cut.kind == kind]
        print(f"{kind}: {len(few)} feeds of {np.mean([len(cut.places) for cut in few]):.0f} articles")
        for part, one, both in zip(PARTS, tallies, of_all, strict=True):
            print(f"  {part}: {one}", flush=True)
            both.add(one)
    print(f"all: {len(made)} feeds")
    for part, both in zip(PARTS, of_all, strict=True):
        print(f"  {part}: {both}")


def labelled(feed: Path, gold: Path, pairs: Path | None) -> tuple[list[Article], Labels]:
    """The articles of a feed, those of the gold file that it lacks after them, and what is known of them."""
    articles = [row.article for row in Feed([feed])]
    place = {key: i for i, a in enumerate(articles) for key in (a.url, a.id) if key}
    rows, at = gold_rows(str(gold)), []
    for row, article in zip(rows, gold_articles(rows), strict=True):
        here = place.get(row["url"], place.get(row["id"], len(articles)))
        if here == len(articles):
            articles.append(article)
        at.append(here)
    sure = [i for i, row in enumerate(rows) if not row["doubtful"]]
    same = {
        (min(at[i], at[j]), max(at[i], at[j])): rows[i]["event"] == rows[j]["event"]
        for i, j in combinations(sure, 2)
        if rows[i]["dup"] != rows[j]["dup"]
    }
    for judged in gold_rows(str(pairs)) if pairs else []:
        if not judged["doubtful"]:
            a, b = sorted((place[judged["a"]], place[judged["b"]]))
            same[a, b] = judged["same"]
    return articles, Labels({at[i]: rows[i]["event"] for i in sure}, same)


def grouped(articles: Sequence[Article], known: term_weights.Background) -> list[int]:
    """The story number of each article, as `cluster` has it, with these counts of other feeds."""
    texts, members, forms = story_input(articles)
    return stories_of(texts, members, forms, known, len(articles))


def stories_of(
    texts: StoryTexts, members: list[list[int]], forms: NDArray[np.int64], known: term_weights.Background, n: int
) -> list[int]:
    """As `grouped`, of what `story_input` gives of n articles."""
    count, scorer = len(members), model.shipped_model()
    weights = term_weights.weight_terms(texts.stems, texts.titles, known=known)
    pairs, _ = candidates.story_candidates(weights, texts.first, texts.last, Settings())
    parts = []
    for start in range(0, max(len(pairs), 1), _BLOCK):
        some = candidates.prefilter_pairs(weights, pairs[start : start + _BLOCK], texts.first, texts.last, scorer)
        parts.append(score_pairs(weights, some, texts.outlets, texts.first, texts.last, scorer)[:2])
    pairs, score = (np.concatenate(x) for x in zip(*parts, strict=True))
    both = np.array([count, 1])
    other = ~np.isin(pairs @ both, forms @ both)
    story = link_texts(pairs[other], score[other], count, Settings().story)
    out = list(range(count, count + n))  # a text too short for any group is a story of its own
    for text, of_text in enumerate(members):
        for i in of_text:
            out[i] = int(story[text])
    return out


def affairs(articles: Sequence[Article], labels: Labels, feeds: int) -> Iterator[Cut]:
    """The neighbourhoods of labelled events and judged pairs, with articles of the same days."""
    likeness, dates, rng = Likeness.of(articles), stamps(articles), np.random.default_rng(0)
    related = likeness.of_pairs(list(labels.same)) >= ALIKE
    near = [pair for (pair, same), close in zip(labels.same.items(), related, strict=True) if same or close]
    for size in SIZES:
        for share in SHARES:
            for chosen in rng.permutation(len(near))[:feeds]:
                seed = near[chosen]
                apart = np.abs(dates - dates[list(seed)].mean())
                nearest = np.argsort(apart, kind="stable")
                around = nearest[: max(int(np.count_nonzero(apart <= NEAR_DAYS * DAY)), int(POOL * size))]
                alike = likeness.to(seed)
                ranked = around[np.argsort(-alike[around], kind="stable")]
                affair = np.union1d(ranked[: max(round(size * share), 2)], seed)
                rest = np.setdiff1d(around, affair)
                beside = rng.permutation(rest)[: size - len(affair)]
                kind = f"{size:5} articles, affair {share:.0%}"
                yield Cut(kind, np.sort(np.concatenate([affair, beside])), frozenset(affair.tolist()))


def windows(articles: Sequence[Article], labels: Labels) -> Iterator[Cut]:
    """One day of a feed, and two days of one country, where something is labelled."""
    likeness, day = Likeness.of(articles), np.floor(stamps(articles) / DAY)
    heads = [f"{a.title} {a.text[:300]}" for a in articles]
    about = {"": np.ones(len(articles), dtype=np.bool_)}
    about |= {name: np.array([name in head for head in heads]) for name in COUNTRIES}
    for name, has in about.items():
        length = 2 if name else 1
        for start in np.unique(day[np.isfinite(day)])[::length]:
            places = np.flatnonzero(has & (day >= start) & (day < start + length))
            inside = set(places.tolist())
            pairs = [pair for pair in labels.same if inside.issuperset(pair)]
            if not LEAST <= len(places) <= MOST or not pairs:
                continue
            alike = {pair: (likeness.to(pair)[places] >= ALIKE).mean() for pair in pairs if labels.same[pair]}
            main = frozenset(i for pair, share in alike.items() if share >= MAIN for i in pair)
            yield Cut("two days of a country" if name else "one day", places, main)


def tally(
    cuts: Sequence[Cut], labels: Labels, whole: Sequence[int], groups: Iterable[Sequence[int]]
) -> dict[str, tuple[Tally, Tally]]:
    """Of each kind of cut, what is of the main affairs and what is not."""
    found: dict[str, tuple[Tally, Tally]] = {}
    judged = {i for pair in labels.same for i in pair}
    for number, (cut, story) in enumerate(zip(cuts, groups, strict=True)):
        here = dict(zip(cut.places.tolist(), story, strict=True))
        tallies = found.setdefault(cut.kind, (Tally(), Tally()))
        inside = sorted(here)
        for pair in combinations([i for i in inside if i in judged], 2):
            if pair in labels.same:
                a, b = pair
                part = tallies[not cut.main.issuperset(pair)]
                part.pairs.append((pair, labels.same[pair], here[a] == here[b], whole[a] == whole[b]))
        events = [labels.event[i] for i in inside if i in labels.event]
        for i in inside:
            if i in labels.event and events.count(labels.event[i]) > 1:
                entry = (number, labels.event[i]), (number, here[i]), (number, whole[i])
                tallies[i not in cut.main].articles.append(entry)
    return found


@dataclass(frozen=True)
class Likeness:
    """Plain TF-IDF of a whole feed: what is near what, whatever the weights of the story level are.

    Attributes:
        rows: float64 (n, v), the weights of each article's stems, of length 1.
    """

    rows: csr_array

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Likeness:
        """Weigh the words of titles and openings."""
        words = [set(f"{a.title} {a.text[:1500]}".split()) for a in articles]
        column = {word: i for i, word in enumerate(dict.fromkeys(w for some in words for w in sorted(some)))}
        columns = np.array([column[w] for some in words for w in sorted(some)])
        row = np.repeat(np.arange(len(words)), [len(some) for some in words])
        rarity = np.log(len(words) / np.bincount(columns))
        length = np.sqrt(np.bincount(row, weights=rarity[columns] ** 2, minlength=len(words)))
        weights = rarity[columns] / np.maximum(length[row], 1e-12)
        return cls(csr_array((weights, (row, columns)), shape=(len(words), len(column))))

    def to(self, seed: Sequence[int]) -> NDArray[np.float64]:
        """The mean cosine of each article to those of the seed, float64 (n,)."""
        found: NDArray[np.float64] = self.rows @ self.rows[list(seed)].sum(axis=0) / len(seed)
        return found

    def of_pairs(self, pairs: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
        """The cosine of the two articles of each of m pairs, float64 (m,)."""
        a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        found: NDArray[np.float64] = np.asarray((self.rows[a] * self.rows[b]).sum(axis=1))
        return found


def stamps(articles: Sequence[Article]) -> NDArray[np.float64]:
    """The date of each article in seconds, NaN without one."""
    return np.array([np.nan if a.date is None else a.date.timestamp() for a in articles])


if __name__ == "__main__":
    main()
