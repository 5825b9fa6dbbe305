"""The distinct texts of a corpus: articles with the same words in the same order are one document.

Documents are numbered longest first (ties by a hash of their words), so that nothing after that depends on the order of
the input.

Array letters: `n` articles, `d` documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import run_starts
from clusterer.arrays.parallel import run_both
from clusterer.corpus import Corpus
from clusterer.settings import Settings
from clusterer.text.words import Words, whole_hashes


def find_documents(corpus: Corpus, settings: Settings) -> Documents:
    """The distinct texts of a word or more, longest first. Those of fewer than `min_words` words are like none."""
    words = corpus.words
    assert words is not None
    hashes, counts = whole_hashes(words, settings.threads), words.counts
    order, numbers = run_both(
        lambda: np.lexsort((hashes, -counts)), lambda: outlet_numbers(corpus.outlets), settings.threads
    )
    order = order[counts[order] > 0]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = hashes[order[1:]] != hashes[order[:-1]]
    of_article = np.full(len(words), -1, dtype=np.int64)
    of_article[order] = np.cumsum(new) - 1
    first = order[new]
    held = order[(np.bincount(of_article[order])[of_article[order]] > 1)]  # several articles have these words
    held = held[np.lexsort((corpus.ranks[held], corpus.dates[held], of_article[held]))]
    held = held[run_starts(of_article[held])]
    first[of_article[held]] = held
    compared = int((counts[order[new]] >= settings.min_words).sum())
    return Documents(order[new], of_article, words, numbers[first], corpus.dates[first], compared)


def outlet_numbers(outlets: Sequence[str]) -> NDArray[np.int64]:
    """A number for each outlet, int64 (n,), from 0 in the order in which they are first there; -1 for "", which is unknown."""
    known = {name: number for number, name in enumerate(dict.fromkeys(outlets))} | {"": -1}
    return np.fromiter(map(known.__getitem__, outlets), np.int64, len(outlets))


@dataclass(frozen=True, slots=True)
class Documents:
    """The d distinct texts of a corpus, longest first.

    Attributes:
        articles: int64 (d,), an article that holds each document.
        of_article: int64 (n,), the document of each article, -1 for those without a word.
        corpus_words: of all articles; None as `Corpus.words`.
        outlets: int64 (d,), a number of the outlet that printed each document first, -1 where it is unknown.
        dates: float64 (d,), when that was, seconds since 1970, inf where it is unknown.
        compared: how many are long enough to be like others; they come first.
    """

    articles: NDArray[np.int64]
    of_article: NDArray[np.int64]
    corpus_words: Words | None
    outlets: NDArray[np.int64]
    dates: NDArray[np.float64]
    compared: int = 1 << 62

    def __len__(self) -> int:
        return len(self.articles)

    def take(self, documents: NDArray[np.int64] | slice) -> Words:
        """The words of some documents, copied."""
        assert self.corpus_words is not None
        return self.corpus_words.take(self.articles[documents])

    def without_words(self) -> Documents:
        """The same without words."""
        return replace(self, corpus_words=None)

    @property
    def words(self) -> Words:
        """The words of all documents, copied."""
        return self.take(slice(None))
