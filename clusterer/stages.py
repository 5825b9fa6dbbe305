"""What the stages of the pipeline hand to each other. Data only.

Articles with the same words are one document from the exact level on; documents are numbered longest first (ties by a
hash of their words), so that nothing after that depends on the order of the input.

Array letters: `n` articles, `d` documents, `m` pairs, `t` copy groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clusterer import similarity
from clusterer.shingles import Ragged
from clusterer.words import Words

Progress = Callable[[str, int], None]
"""Called with a stage's name and how many articles or pairs it has done since the last call."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is kept of n articles once they have been read.

    Attributes:
        ids: unique names.
        outlets: who published each, "" where unknown.
        dates: float64 (n,), seconds since 1970, +inf where unknown.
        ranks: int64 (n,), the place of each id among all, sorted.
        words: their words without boilerplate; with stems at the story level. None once the copy level is done: they are
            most of what a run holds.
        titles: the words of their titles, with stems; empty below the story level; None as `words`.
        renamed: articles whose id was taken and got a suffix.
        furniture: words cut away with learned lines.
        lines: uint64 (x,), ascending, the keys of these lines (`boilerplate.lines`).
    """

    ids: list[str]
    outlets: list[str]
    dates: NDArray[np.float64]
    ranks: NDArray[np.int64]
    words: Words | None
    titles: Words | None
    renamed: int
    furniture: int
    lines: NDArray[np.uint64]

    def without_words(self) -> Corpus:
        """The same without words and titles."""
        return replace(self, words=None, titles=None)


@dataclass(frozen=True, slots=True)
class Documents:
    """The d distinct texts of a corpus, longest first.

    Attributes:
        articles: int64 (d,), an article that holds each document.
        of_article: int64 (n,), the document of each article, -1 for texts too short to group.
        corpus_words: of all articles; None as `Corpus.words`.
    """

    articles: NDArray[np.int64]
    of_article: NDArray[np.int64]
    corpus_words: Words | None

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


@dataclass(frozen=True, slots=True)
class Proposed:
    """Candidate pairs of documents, int64 (m, 2), sorted, and what their making cost."""

    pairs: NDArray[np.int64]
    dropped: int


@dataclass(frozen=True, slots=True)
class Links:
    """Verified links of documents.

    Attributes:
        pairs: int64 (m, 2), first < second, sorted.
        overlap: what each pair shares.
        is_copy: bool (m,), alike as a whole; False for cuts.
        quoted: number of pairs with enough containment that are quotations rather than cuts.
    """

    pairs: NDArray[np.int64]
    overlap: similarity.Overlap
    is_copy: NDArray[np.bool_]
    quoted: int


@dataclass(frozen=True, slots=True)
class StoryTexts:
    """The t copy groups as texts to be compared.

    Attributes:
        centres: int64 (t,), the centre of each copy group.
        text_of: int64 (d,), the copy group of each document, 0 to t - 1.
        articles: int64 (t,), the article whose words and title stand for each.
        stems, titles: of the longest text of each group, as many of its words as count.
        first, last: float64 (t,), earliest and latest date in seconds, inf where unknown.
        outlets: uint32, ascending in each row, the numbers of the outlets that print each group.
    """

    centres: NDArray[np.int64]
    text_of: NDArray[np.int64]
    articles: NDArray[np.int64]
    stems: Ragged
    titles: Ragged
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    outlets: Ragged


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of t copy groups.

    Attributes:
        text_of: int64 (d,), the copy group that each document is of, numbered 0 to t - 1.
        of_text: int64 (t,), the story of each copy group: the centre of its first one.
        pairs: int64 (m, 2), centres of copy groups that were compared and have more than a trace of likeness.
        score: float64 (m,), how likely both report the same event.
        features: float32 (m, f), what the score is made of, columns as in `events.FEATURES`.
        candidates: pairs that shared a band and looked likely.
        dropped: pairs that large buckets left out.
    """

    text_of: NDArray[np.int64]
    of_text: NDArray[np.int64]
    pairs: NDArray[np.int64]
    score: NDArray[np.float64]
    features: NDArray[np.float32]
    candidates: int
    dropped: int
