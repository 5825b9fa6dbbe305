"""Count in how many articles each stem occurs: ``python -m benchmarks.training.background FEED... -o background.npz``.

Counts what the story level sees: title and first words of each distinct text. Keeps hashes of stems and counts, nothing that
could be read; stems of fewer than three articles are left out. And tells which stems are those of names: of listed ones
(`clusterer.copies.facts`), but not where other words have that stem more often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import click
import numpy as np
from numpy.typing import NDArray

from clusterer import Article, Settings
from clusterer.arrays.indexing import find_sorted
from clusterer.arrays.ragged import Ragged, take_rows
from clusterer.copies.facts import are_names, name_forms
from clusterer.corpus import text_words
from clusterer.io.feed import Feed
from clusterer.stories.name_variants import one_spelling
from clusterer.stories.term_weights import BODY_WORDS, Background, frequencies
from clusterer.text.words import Words, hash_words, whole_hashes

LEAST = 3
NAME_SHARE = 0.7
"""Least share of names among the words of a stem that is a name's: below, the stem tells too often of something else."""
_CHUNK = 1024


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", nargs=-1, required=True)
@click.option("-o", "--output", required=True)
def main(feed: tuple[str, ...], output: str) -> None:
    """Write the counts."""
    found = count(row.article for row in Feed(feed))
    counts = found.counts.astype(np.uint16 if found.articles < 2**16 else np.uint32)
    np.savez_compressed(output, stems=found.stems, counts=counts, articles=np.int64(found.articles), names=found.names)
    print(f"{found.articles:,} distinct texts, {len(found.stems):,} stems kept, {len(found.names):,} stems of names")


def count(articles: Iterable[Article]) -> Background:
    """The stems of `LEAST` distinct texts or more, and those of names."""
    settings, seen = Settings(), set[int]()
    names = _Names(settings.profile)
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
        names.add(words.take(rows))
        names.add(titles.take(rows))
        bodies = Ragged(*take_rows(words.stems, words.offsets, rows, BODY_WORDS))
        found, times = frequencies(bodies, Ragged(*take_rows(titles.stems, titles.offsets, rows)))
        both, index = np.unique(np.concatenate([stems, found]), return_inverse=True)
        counts = np.bincount(index, weights=np.concatenate([counts, times])).astype(np.int64)
        stems, total = both, total + len(rows)
    often = counts >= LEAST
    return Background(stems[often], counts[often], total, names.found())


class _Names:
    """Of each stem that a listed name has, how many words have it, and how many of these are names."""

    def __init__(self, profile: str) -> None:
        forms = hash_words(name_forms(), profile, stems=True)
        assert forms.stems is not None
        self._profile, self._stems = profile, np.unique(forms.stems)
        self._words, self._names = np.zeros((2, len(self._stems)), dtype=np.int64)

    def add(self, words: Words) -> None:
        """Count these words."""
        assert words.stems is not None
        place, known = find_sorted(self._stems, words.stems)
        named = known.copy()
        named[known] = are_names(words.hashes[known], self._profile)
        self._words += np.bincount(place[known], minlength=len(self._stems))
        self._names += np.bincount(place[named], minlength=len(self._stems))

    def found(self) -> NDArray[np.uint32]:
        """The stems of names as the story level has them, ascending; those that no text has are among them."""
        return np.unique(one_spelling(self._stems[self._names >= NAME_SHARE * self._words]))


def _chunks(articles: Iterable[Article]) -> Iterator[list[Article]]:
    rows = iter(articles)
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


if __name__ == "__main__":
    main()
