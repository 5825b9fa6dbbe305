"""Count in how many articles each stem occurs: ``python -m benchmarks.training.background FEED -o background.npz``.

Keeps hashes of stems and counts, nothing that could be read; stems of fewer than three articles are left out.
"""

from __future__ import annotations

from itertools import islice

import click
import numpy as np

from clusterer import Settings
from clusterer.arrays.indexing import factorize
from clusterer.corpus import text_words
from clusterer.io.feed import Feed
from clusterer.text.words import hash_words

LEAST = 3


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", nargs=-1, required=True)
@click.option("-o", "--output", required=True)
def main(feed: tuple[str, ...], output: str) -> None:
    """Write the counts."""
    settings = Settings()
    stems, counts, total = np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.int64), 0
    rows = iter(Feed(feed))
    while chunk := [row.article for row in islice(rows, 1024)]:
        words = text_words([a.text for a in chunk], settings)
        titles = hash_words([a.title for a in chunk], settings.profile, stems=True)
        found = [
            np.unique(np.concatenate([words.stems[a:z], titles.stems[b:y]]))
            for a, z, b, y in zip(words.offsets, words.offsets[1:], titles.offsets, titles.offsets[1:], strict=False)
        ]
        new, times = np.unique(np.concatenate(found), return_counts=True)
        both, index = factorize(np.concatenate([stems, new]))
        counts = np.bincount(index, weights=np.concatenate([counts, times])).astype(np.int64)
        stems, total = both, total + len(chunk)
    often = counts >= LEAST
    np.savez_compressed(output, stems=stems[often], counts=counts[often].astype(np.uint32), articles=np.int64(total))
    print(f"{total:,} articles, {often.sum():,} stems kept of {len(stems):,}")


if __name__ == "__main__":
    main()
