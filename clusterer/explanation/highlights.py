"""Passages: what of a text was cut, and what of it another text shares. For people to read.

Works on the texts as they came: every word is found again by its place, and marked as the pipeline took it. Two texts
share what stands in a shingle that both hold, wherever it stands: what was counted when they were compared. Decides
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted
from clusterer.articles import Article
from clusterer.corpus import read
from clusterer.explanation.telling import lacking_words, telling_words
from clusterer.io.inputs import articles_from
from clusterer.settings import Settings
from clusterer.text import boilerplate, boilerplate_phrases
from clusterer.text.boilerplate_tails import known_tails
from clusterer.text.numbers import in_one_way
from clusterer.text.shingles import word_shingles
from clusterer.text.words import Words, hash_words

Kind = Literal["shared", "own", "cut"]
_KINDS: tuple[Kind, ...] = ("own", "shared", "cut")
_FIGURE = re.compile(r"\d+(?:[.,:/\u066b\u066c\u060c-]\d+)*")
_FIGURE_LETTERS = 40  # of a figure at most
_RUN = 3  # words in a row that count as shared where shingles are made of letters


class Piece(NamedTuple):
    """A piece of a text: "shared" with the text it is held against, its "own", or "cut" as boilerplate.

    The pieces of a text, one after the other, are the text.
    """

    text: str
    kind: Kind


class Removed(NamedTuple):
    """A passage that is cut, and why: one of `_REASONS`, "dateline" or "address"."""

    text: str
    reason: str


_REASONS = (
    "",
    "known tail or notice",
    "recurring line",
    "recurring first line",
    "recurring beginning",
    "recurring end",
    "recurring notice",
)
"""Why words are cut: as none, by `known_tails`, as learned segments of each kind (`boilerplate.LINE` and so on)."""


class Passages:
    """Some articles, read for showing."""

    def __init__(self, articles: Sequence[Article], settings: Settings, furniture: Collection[int] = ()) -> None:
        """Read them.

        Args:
            articles: n of them.
            settings: that they were grouped with.
            furniture: keys of lines that were learned, `Clustering.furniture`.
        """
        self._texts = [a.text for a in articles]
        self._heads = [
            0 if settings.boilerplate == "none" else boilerplate_phrases.dateline_end(text) for text in self._texts
        ]
        self._cuts_links = settings.boilerplate != "none"
        self._words, self._why = self._read([a.outlet for a in articles], settings, furniture)
        kept = self._words.keep(self._why == 0)
        size = settings.size if settings.unit == "word" else _RUN
        self._kept, self._profile = kept, settings.profile
        shingles = word_shingles(kept, size)
        self._shingles, self._starts = shingles.values, shingles.offsets
        self._size, self._offsets = size, kept.offsets

    def __len__(self) -> int:
        """Return how many articles were read."""
        return len(self._texts)

    def cut(self, i: int) -> list[Removed]:
        """Return the passages that are cut from article i, in reading order."""
        start, stop = self._words.offsets[i : i + 2]
        why, spans, text = self._why[start:stop], self._spans(i), self._texts[i]
        edges = np.flatnonzero(np.diff(np.concatenate(([0], why, [0]))))
        found = [
            (int(spans[a, 0]), Removed(text[spans[a, 0] : spans[z - 1, 1]], _REASONS[why[a]]))
            for a, z in pairwise(edges.tolist())
            if why[a]
        ]
        found += [(a, Removed(text[a:z], "address")) for a, z in self._links(text, self._heads[i])]
        dateline = text[: self._heads[i]].strip()
        return [*([Removed(dateline, "dateline")] if dateline else []), *(passage for _, passage in sorted(found))]

    def telling(self, i: int, j: int, why: str = "") -> list[tuple[str, str, str]]:
        """Return where articles i and j tell other things: the kind of a `Telling`, and the words of either, "" for none.

        Args:
            i, j: which articles.
            why: of two copies, why both stay, of `removals.STAYS`: by "words" it is what the shorter has alone.
        """
        words = self._kept.take(np.array([i, j]))
        met, joined, _ = in_one_way(words, np.array([[0, 1]]), self._profile)
        words = joined if met.any() else words
        assert words.spans is not None
        spelt = [
            (self._texts[x], words.spans[a:z])
            for x, a, z in zip((i, j), words.offsets[:-1], words.offsets[1:], strict=True)
        ]

        def said(side: int, start: int, stop: int) -> str:
            text, spans = spelt[side]
            return _whole(text, int(spans[start, 0]), int(spans[stop - 1, 1])) if stop > start else ""

        found = lacking_words(words) if why == "words" else telling_words(words, self._profile)
        return [(x.kind, said(0, *x.first), said(1, *x.second)) for x in found]

    def pieces(self, i: int, j: int) -> list[Piece]:
        """Return article i in pieces, each held against article j."""
        shingles, other_shingles = (self._shingles[self._starts[x] : self._starts[x + 1]] for x in (i, j))
        words = int(self._offsets[i + 1] - self._offsets[i])
        covered = np.zeros(words + self._size + 1, dtype=np.int64)
        positions = np.flatnonzero(find_sorted(np.sort(other_shingles), shingles)[1])
        np.add.at(covered, positions, 1)
        np.add.at(covered, positions + self._size, -1)
        start, stop = self._words.offsets[i : i + 2]
        kinds = np.full(stop - start, 2)
        kinds[self._why[start:stop] == 0] = np.cumsum(covered)[:words] > 0
        return [part for piece in self._pieces(i, kinds) for part in self._without_links(piece)]

    def _links(self, text: str, start: int = 0) -> list[tuple[int, int]]:
        """Where the addresses of a text stand, which are blanks to the pipeline."""
        return boilerplate_phrases.links_of(text, start) if self._cuts_links else []

    def _without_links(self, piece: Piece) -> Iterator[Piece]:
        """A piece, its addresses cut."""
        done = 0
        for start, stop in self._links(piece.text) if piece.kind != "cut" else ():
            if start > done:
                yield Piece(piece.text[done:start], piece.kind)
            yield Piece(piece.text[start:stop], "cut")
            done = stop
        if done < len(piece.text):
            yield Piece(piece.text[done:], piece.kind)

    def _pieces(self, i: int, kinds: NDArray[np.int64]) -> Iterator[Piece]:
        text, spans, head = self._texts[i], self._spans(i), self._heads[i]
        if head:
            yield Piece(text[:head], "cut")
        if not len(kinds):
            if text[head:]:
                yield Piece(text[head:], "own")
            return
        edges = np.flatnonzero(np.diff(kinds)) + 1
        for a, z in zip([0, *edges.tolist()], [*edges.tolist(), len(kinds)], strict=True):
            stop = len(text) if z == len(kinds) else int(spans[z - 1, 1])
            yield Piece(text[head:stop], _KINDS[int(kinds[a])])
            head = stop

    def _read(
        self, outlets: list[str], settings: Settings, furniture: Collection[int]
    ) -> tuple[Words, NDArray[np.int8]]:
        """Return all words but those of datelines and addresses, with their places in the texts as they came.

        And why each is cut: an index of `_REASONS`, 0 where it is not.
        """
        texts = [text[head:] for text, head in zip(self._texts, self._heads, strict=True)]
        if settings.boilerplate != "none":
            texts = list(map(boilerplate_phrases.without_links, texts))
        words = hash_words(texts, settings.profile, positions=True)
        assert words.spans is not None
        words.spans[:] += np.repeat(np.array(self._heads, dtype=np.int64), words.counts)[:, None]
        why = np.zeros(len(words.hashes), dtype=np.int8)
        if settings.boilerplate != "none":
            why[known_tails(words, settings.profile)] = 1
        if settings.boilerplate == "learned":
            keys, left = np.array(sorted(furniture), dtype=np.uint64), why == 0
            kinds = boilerplate.kinds_of_lines(words.keep(left), outlets, keys)
            why[left] = np.where(kinds < 0, 0, kinds + 2)
        return words, why

    def _spans(self, i: int) -> NDArray[np.int64]:
        assert self._words.spans is not None
        return self._words.spans[self._words.offsets[i] : self._words.offsets[i + 1]]


def _whole(text: str, start: int, stop: int) -> str:
    """A passage of a text with all of the figure that it begins or ends in: words part "39.82"."""
    for figure in _FIGURE.finditer(text, max(start - _FIGURE_LETTERS, 0), stop + _FIGURE_LETTERS):
        if figure.start() < start < figure.end():
            start = figure.start()
        if figure.start() < stop < figure.end():
            stop = figure.end()
    return text[start:stop]


def removed_passages(
    articles: Iterable[Article | Mapping[str, Any] | str], settings: Settings | None = None
) -> Iterator[tuple[Article, list[Removed]]]:
    """Yield each article with the passages that are cut from it, in reading order, as they stand in its text.

    Holds all texts: what an outlet repeats is only known at the end.

    Raises:
        InputError: an item is neither a text, a mapping nor an `Article`.
    """
    settings = settings or Settings()
    items = list(articles_from(articles))
    furniture = read(items, settings).lines.tolist()
    for start in range(0, len(items), settings.chunk):
        batch = items[start : start + settings.chunk]
        passages = Passages(batch, settings, furniture)
        for i, article in enumerate(batch):
            yield article, passages.cut(i)
