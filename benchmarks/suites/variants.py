"""Names spelt in two ways, and happenings that look alike: ``python -m benchmarks.suites.variants``.

Groups each pair of `benchmarks.corpora.made_pairs` by itself. Prints how many of those that differ in spelling only are one
story, how many of those of two happenings are, and which go wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from benchmarks.corpora.made_pairs import negative_pairs, spelling_pairs
from clusterer import Article, cluster


@click.command(help=__doc__.partition("\n")[0])
def main() -> None:
    """Print both shares, and the pairs that go wrong."""
    spelt, alike = list(spelling_pairs()), list(negative_pairs())
    joined, parted = together(alike), [pair for pair in spelt if pair not in together(spelt)]
    print(f"made pairs that differ in the spelling of names: {len(spelt) - len(parted)} of {len(spelt)} together")
    print(f"made pairs of two happenings that look alike: {len(joined)} of {len(alike)} together")
    for one, other in parted + joined:
        print(f"  {one.id.partition(':')[0]}: {one.title} | {other.title}")


def together(pairs: Iterable[tuple[Article, Article]]) -> list[tuple[Article, Article]]:
    """Return the pairs that are one story when they are all there is."""
    return [pair for pair in pairs if len({a.story for a in cluster(pair)}) == 1]


if __name__ == "__main__":
    main()
