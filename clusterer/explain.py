"""Explain: what the pipeline saw in an article. For now: which passages were cut as boilerplate.

Shows decisions that other rooms made; makes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from clusterer import boilerplate
from clusterer.corpus import as_article
from clusterer.records import Article
from clusterer.settings import Settings
from clusterer.words import concatenate, hash_words


def removed_passages(
    articles: Iterable[Article | Mapping[str, Any] | str], settings: Settings | None = None
) -> Iterator[tuple[Article, list[str]]]:
    """Each article with the passages that are cut from it, in reading order, as they stand in its text.

    Holds all texts: what an outlet repeats is only known at the end.

    Raises:
        InputError: an item is neither a text, a mapping nor an `Article`.
    """
    settings = settings or Settings()
    items = [as_article(item, place) for place, item in enumerate(articles, start=1)]
    heads = [0 if settings.boilerplate == "none" else boilerplate.dateline_end(a.text) for a in items]
    texts = [a.text[head:] for a, head in zip(items, heads, strict=True)]
    parts = [hash_words(texts[i : i + settings.chunk], settings.profile) for i in range(0, len(texts), settings.chunk)]
    words = concatenate(parts)
    cut = np.zeros(len(words.hashes), dtype=np.bool_)
    if settings.boilerplate != "none":
        cut = boilerplate.known_tails(words, settings.profile)
    if settings.boilerplate == "learned":
        cut[~cut] = boilerplate.learned_lines(words.keep(~cut), [a.outlet for a in items])
    for i, (article, head, text) in enumerate(zip(items, heads, texts, strict=True)):
        mine = cut[words.offsets[i] : words.offsets[i + 1]]
        passages = [article.text[:head].strip()] if head else []
        if mine.any():
            spans = hash_words([text], settings.profile, positions=True).spans
            assert spans is not None
            edges = np.flatnonzero(np.diff(np.concatenate(([False], mine, [False]))))
            passages += [text[spans[a, 0] : spans[z - 1, 1]] for a, z in edges.reshape(-1, 2)]
        yield article, passages
