"""Key words and names of a story: what its texts say and other texts do not. Forms no group, shows nothing.

Weighs the stems of titles and openings as the same-event score does (`stories.term_weights`), sums them over the texts of a
story, and spells the heaviest out; those that stand in a row in the leading text ("وزارة التعليم") stay together, as names do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from clusterer.arrays.ragged import Ragged
from clusterer.articles import Article
from clusterer.settings import Settings
from clusterer.stories.term_weights import TermWeights, weight_terms
from clusterer.text.boilerplate_phrases import dateline_end
from clusterer.text.words import Words, hash_words

WORDS, SHOWN = 9, 6
"""Stems that are taken of a story, and words or names that are shown of it."""
TEXTS = 12
"""Independent texts of a story that are read."""
_OPENING = 420  # letters of a text that are read
_IN_A_ROW = 3  # words of a name
_EDGES = "«»\"'“”()[]{}.,،؛:;!؟?…-–— \n\t\u200f\u200e"


def key_words(stories: Sequence[Sequence[Article]], settings: Settings) -> list[tuple[str, ...]]:
    """Return the key words of stories, what weighs most first.

    Args:
        stories: independent texts of each, the leading one first; none of a story that is to have no words.
        settings: of the run.
    """
    read = [article for story in stories for article in story[:TEXTS]]
    titles = [article.title for article in read]
    openings = [article.text[dateline_end(article.text) :][:_OPENING] for article in read]
    heads, bodies = (_stemmed(texts, settings) for texts in (titles, openings))
    assert heads.stems is not None
    assert bodies.stems is not None
    weights = weight_terms(Ragged(bodies.stems, bodies.offsets), Ragged(heads.stems, heads.offsets), settings.threads)
    found, start = [], 0
    for story in stories:
        stop = start + len(story[:TEXTS])
        stems = _heaviest(weights, start, stop)
        runs = [
            list(_spelt(words, texts, i))
            for i in range(start, stop)
            for words, texts in ((heads, titles), (bodies, openings))
        ]
        found.append(tuple(_together(stems, runs)))
        start = stop
    return found


def _stemmed(texts: list[str], settings: Settings) -> Words:
    return hash_words(texts, settings.profile, positions=True, stems=True)


def _heaviest(weights: TermWeights, start: int, stop: int) -> dict[int, float]:
    """The stems that tell most of texts `start` to `stop`, with their weights; of several texts, what two of them say."""
    a, z = int(weights.offsets[start]), int(weights.offsets[stop])
    if a == z:
        return {}
    columns, place, texts = np.unique(weights.columns[a:z], return_inverse=True, return_counts=True)
    total = np.bincount(place, weights=(weights.weights[0, a:z] + weights.weights[2, a:z]).astype(np.float64))
    total[(texts < min(2, stop - start)) | weights.is_number[columns]] = 0
    top = np.argsort(-total, kind="stable")[:WORDS]
    return {int(weights.stems[columns[x]]): float(total[x]) for x in top if total[x] > 0}


def _spelt(words: Words, texts: list[str], i: int) -> Iterator[tuple[int, str]]:
    """Stem and spelling of every word of text i."""
    assert words.spans is not None
    assert words.stems is not None
    a, z = words.offsets[i : i + 2]
    for stem, (first, past) in zip(words.stems[a:z].tolist(), words.spans[a:z].tolist(), strict=True):
        yield stem, texts[i][first:past].strip(_EDGES)


def _together(stems: dict[int, float], runs: list[list[tuple[int, str]]]) -> list[str]:
    """The stems as they are mostly spelt, those in a row in one of the first runs together."""
    spellings: dict[int, Counter[str]] = {stem: Counter() for stem in stems}
    for run in runs:
        for stem, spelling in run:
            if stem in spellings and len(spelling) > 1:
                spellings[stem][spelling] += 1
    usual = {s: min(c, key=lambda word: (-c[word], len(word), word)) for s, c in spellings.items() if c}
    names, done = list[tuple[float, list[int]]](), set[int]()
    for run in runs:
        row: list[int] = []
        for stem, _ in [*run, (-1, "")]:
            if stem in usual and stem not in done and stem not in row and len(row) < _IN_A_ROW:
                row.append(stem)
                continue
            if row:
                names.append((sum(stems[s] for s in row), row))
                done.update(row)
            row = [stem] if stem in usual and stem not in done else []
    names.sort(key=lambda name: -name[0])
    return [" ".join(usual[stem] for stem in row) for _, row in names[:SHOWN]]
