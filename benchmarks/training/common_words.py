"""Find the most frequent words: ``python -m benchmarks.training.common_words FEED... -o clusterer/copies/common_words.npy``.

Keeps halves of hashes, the most frequent first, nothing that could be read. A word counts once an article.
"""

from __future__ import annotations

from itertools import islice

import click
import numpy as np

from clusterer import Settings
from clusterer.corpus import text_words
from clusterer.io.feed import Feed


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", nargs=-1, required=True)
@click.option("-o", "--output", required=True)
@click.option("--most", default=15_000, show_default=True, help="Words kept.")
def main(feed: tuple[str, ...], output: str, most: int) -> None:
    """Write them."""
    settings = Settings(level="copy")
    words, counts, total = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64), 0
    rows = iter(Feed(feed))
    while chunk := [row.article for row in islice(rows, 1024)]:
        read = text_words([article.text for article in chunk], settings)
        found = [np.unique(read.hashes[a:z]) for a, z in zip(read.offsets, read.offsets[1:], strict=False)]
        new, times = np.unique(np.concatenate(found), return_counts=True)
        both, index = np.unique(np.concatenate([words, new]), return_inverse=True)
        counts = np.bincount(index, weights=np.concatenate([counts, times])).astype(np.int64)
        words, total = both, total + len(chunk)
    often = np.lexsort((words, -counts))[:most]
    kept = (words[often] >> np.uint64(32)).astype(np.uint32)
    np.save(output, kept)
    print(
        f"{total:,} articles, {len(kept):,} words kept of {len(words):,}, each in {counts[often].min()} articles or more"
    )


if __name__ == "__main__":
    main()
