"""What the stages of the pipeline hand to each other. Data only.

Articles with the same words are one document from the exact level on; documents are numbered longest first (ties by a
hash of their words), so that nothing after that depends on the order of the input.

Array letters: `n` articles, `d` documents, `m` pairs, `t` copy groups.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer import salience, similarity
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
        words: their words without boilerplate; with stems at the story level.
        titles: the words of their titles, with stems; empty below the story level.
        renamed: articles whose id was taken and got a suffix.
        furniture: words cut away.
    """

    ids: list[str]
    outlets: list[str]
    dates: NDArray[np.float64]
    words: Words
    titles: Words
    renamed: int
    furniture: int


@dataclass(frozen=True, slots=True)
class Documents:
    """The d distinct texts of a corpus.

    Attributes:
        words: of each document, longest first.
        of_article: int64 (n,), the document of each article, -1 for texts too short to group.
    """

    words: Words
    of_article: NDArray[np.int64]


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
        salience: of the longest text of each group.
        first, last: float64 (t,), earliest and latest date in seconds, inf where unknown.
        outlets: sparse (t, o) of ones, the outlets that print each group.
    """

    centres: NDArray[np.int64]
    text_of: NDArray[np.int64]
    salience: salience.Salience
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    outlets: Any


@dataclass(frozen=True, slots=True)
class Stories:
    """The stories of t copy groups.

    Attributes:
        text_of: int64 (d,), the copy group that each document is of, numbered 0 to t - 1.
        of_text: int64 (t,), the story of each copy group: the centre of its first one.
        pairs: int64 (m, 2), centres of copy groups that were compared and have more than a trace of likeness.
        score: float64 (m,), how likely both report the same event.
        features: float64 (m, f), what the score is made of, columns as in `events.FEATURES`.
        candidates: pairs that shared a band.
        dropped: pairs that large buckets left out.
    """

    text_of: NDArray[np.int64]
    of_text: NDArray[np.int64]
    pairs: NDArray[np.int64]
    score: NDArray[np.float64]
    features: NDArray[np.float64]
    candidates: int
    dropped: int
