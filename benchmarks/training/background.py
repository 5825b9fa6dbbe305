"""Count in how many articles each stem occurs: ``python -m benchmarks.training.background FEED... -o background.npz``.

Counts what the story level sees: title and first words of each distinct text. Keeps hashes of stems and counts, nothing that
could be read; stems of fewer than three articles are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import click
import numpy as np

from clusterer import Article, Settings
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.corpus import text_words
from clusterer.io.feed import Feed
from clusterer.stories.term_weights import BODY_WORDS, Background, frequencies
from clusterer.text.boilerplate import whole_hashes
from clusterer.text.words import hash_words

LEAST = 3
_CHUNK = 1024


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", nargs=-1, required=True)
@click.option("-o", "--output", required=True)
def main(feed: tuple[str, ...], output: str) -> None:
    """Write the counts."""
    found = count(row.article for row in Feed(feed))
    counts = found.counts.astype(np.uint16 if found.articles < 2**16 else np.uint32)
    np.savez_compressed(output, stems=found.stems, counts=counts, articles=np.int64(found.articles))
    print(f"{found.articles:,} distinct texts, {len(found.stems):,} stems kept")


def count(articles: Iterable[Article]) -> Background:
    """The stems of `LEAST` distinct texts or more."""
    settings, seen = Settings(), set[int]()
    stems, counts, total = np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int64), 0
    for chunk in _chunks(articles):
        words = text_words([a.text for a in chunk], settings)
        titles = hash_words([a.title for a in chunk], settings.profile, stems=True)
        assert words.stems is not None
        assert titles.stems is not None
        new = []
        for i, text in enumerate(whole_hashes(words).tolist()):
            if text not in seen:
                seen.add(text)
                new.append(i)
        rows = np.array(new, dtype=np.int64)
        bodies = Ragged(*take_rows(words.stems, words.offsets, rows, BODY_WORDS))
        found, times = frequencies(bodies, Ragged(*take_rows(titles.stems, titles.offsets, rows)))
        both, index = np.unique(np.concatenate([stems, found]), return_inverse=True)
        counts = np.bincount(index, weights=np.concatenate([counts, times])).astype(np.int64)
        stems, total = both, total + len(rows)
    often = counts >= LEAST
    return Background(stems[often], counts[often], total)


def _chunks(articles: Iterable[Article]) -> Iterator[list[Article]]:
    rows = iter(articles)
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


if __name__ == "__main__":
    main()
