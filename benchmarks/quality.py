"""The bars of the story level in one table: ``python -m benchmarks.quality --corpus NAME FEED GOLD PAIRS ...``.

Runs what `benchmarks.training.train` runs (every corpus left out, folds by event, short forms, families of `data/` left out),
the made pairs and the calls of `data/palmyra` alone, in `data/` and in each feed. Prints their tables, and at the end a line
a bar: what is asked, what is so, whether it is met. Exits with 1 where one is not. Bars are those of the names `july` and
`panarab`; other corpora are told without one. The bars of the copy level are `benchmarks.suites.copies`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.corpora.made_pairs import negative_pairs, spelling_pairs
from benchmarks.suites import palmyra
from benchmarks.suites.variants import together
from benchmarks.training import corpora
from benchmarks.training.corpora import LabelledFeed
from benchmarks.training.families import leave_families_out
from benchmarks.training.judging import Found
from benchmarks.training.train import cross_validate, examples, leave_out
from clusterer.io.feed import Feed
from clusterer.stories import term_weights

ROUNDING = 5e-5
"""By how much less than a bar counts as met: what four digits do not show."""


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        name: what is measured.
        figure: what is so.
        asked: the least figure, or the most.
        at_most: whether `asked` is the most.
    """

    name: str
    figure: float
    asked: float
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure is within the bar."""
        return self.figure <= self.asked + ROUNDING if self.at_most else self.figure >= self.asked - ROUNDING

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{self.name:66} {sign} {self.asked:<7g} {self.figure:<8.4g} {'met' if self.is_met else 'NOT MET'}"


@click.command(help=__doc__.partition("\n")[0])
@click.option("--corpus", "chosen", multiple=True, nargs=4, metavar="NAME FEED GOLD PAIRS", help="May be repeated.")
def main(chosen: Sequence[tuple[str, str, str, str]]) -> None:
    """Print everything."""
    loaded = [corpora.load(name, *map(Path, paths)) for name, *paths in chosen]
    bars = [*trained(loaded), *made(), *calls({name: feed for name, feed, *_ in chosen})]
    print("\nbar, and what is so")
    for bar in bars:
        print(bar)
    missed = sum(not bar.is_met for bar in bars)
    print(f"{len(bars) - missed} of {len(bars)} bars met")
    sys.exit(1 if missed else 0)


def trained(loaded: Sequence[LabelledFeed]) -> Iterator[Bar]:
    """The bars of scores that did not see what they are judged on."""
    if len(loaded) > 1:
        for held in loaded:
            found, share = leave_out(held, [x for x in loaded if x is not held])
            yield from _left_out(held.name, found)
            yield Bar(f"{held.name} left out, candidates of the pairs of one event", share, 0.99)
    known = term_weights.background()
    if loaded:
        by_folds = cross_validate(loaded, known)
        for where, least in (("alone", 0.85), ("in feed", 0.82)):
            if "panarab" in by_folds:
                yield Bar(f"panarab by folds, {where}, pairs F1", by_folds["panarab"][where].f1, least)
            if "july" in by_folds:
                yield Bar(f"july by folds, {where}, B-cubed F1", by_folds["july"][where].bcubed, 0.975)
    families = leave_families_out([part for x in loaded for part in examples(x, known)], known, len(loaded))
    for where, least in (("with dates", 25), ("plain", 22)):
        right, wrong = families[where]
        yield Bar(f"families of data/ left out, {where}, pairs found of 30", right, least)
        yield Bar(f"families of data/ left out, {where}, wrong", wrong, 0, at_most=True)


def _left_out(name: str, found: dict[str, Found]) -> Iterator[Bar]:
    for where, f1, other_words in (("alone", 0.80, 0.75), ("in feed", 0.76, 0.70)):
        figures, title = found[where], f"{name} left out, {where}"
        if name == "panarab":
            yield Bar(f"{title}, pairs F1", figures.f1, f1)
            yield Bar(f"{title}, pairs precision", figures.precision, 0.80)
            yield Bar(f"{title}, other words found", figures.other_words, other_words)
        elif name == "july":
            yield Bar(f"{title}, B-cubed F1", figures.bcubed, 0.97)
            yield Bar(f"{title}, B-cubed precision", figures.bcubed_precision, 0.97)
            yield Bar(f"{title}, other words found", figures.other_words, 0.75)
    lost = found["in feed"].f1 - found["title and 30 words"].f1
    yield Bar(f"{name} left out, title and 30 words, pairs F1 lost", lost, 0.06, at_most=True)
    yield Bar(f"{name} left out, title alone, pairs precision", found["title alone"].precision, 0.75)
    yield Bar(f"{name} left out, title alone, pairs recall", found["title alone"].recall, 0.60)


def made() -> Iterator[Bar]:
    """The bars of the pairs that are made up."""
    spelt, alike = list(spelling_pairs()), list(negative_pairs())
    yield Bar(f"made pairs spelt in two ways, together of {len(spelt)}", len(together(spelt)), len(spelt))
    yield Bar(f"made pairs of two happenings, together of {len(alike)}", len(together(alike)), 0, at_most=True)


def calls(feeds: dict[str, str]) -> Iterator[Bar]:
    """The bars of the calls of two presidents: 01 and 02 are one story, every other pair is not."""
    reports = [row.article for row in Feed([palmyra.DATA / "palmyra"])]
    sample = [row.article for row in Feed([palmyra.DATA / "feed.jsonl"])]
    yield _calls("alone", palmyra.joined(reports, [a.id for a in reports]))
    yield _calls("in data/", palmyra.joined(sample, palmyra.IDS))
    for name, path in feeds.items():
        articles = [*sample, *(row.article for row in Feed([path]))]
        yield _calls(f"in the feed {name}", palmyra.joined(articles, palmyra.IDS))


def _calls(where: str, pairs: list[tuple[int, int]]) -> Bar:
    return Bar(
        f"calls of two presidents {where}, wrong decisions of 10 pairs", len({*pairs} ^ {(0, 1)}), 0, at_most=True
    )


if __name__ == "__main__":
    main()
