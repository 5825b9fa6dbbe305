"""Texts without their datelines and the addresses of pages, before their words are told.

Of texts in UTF-8 only those become strings that may hold an address, of others at most the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clusterer.arrays.utf8 import LATIN_T, LATIN_W, PAUSE, SLASH, Utf8Texts, scanned
from clusterer.text.boilerplate_phrases import dateline_end, without_links


def bare_texts(texts: Sequence[str] | Utf8Texts) -> Sequence[str] | Utf8Texts:
    """The texts from behind their datelines on, with blanks in place of addresses."""
    if not isinstance(texts, Utf8Texts):
        return [without_links(text[dateline_end(text) :]) for text in texts]
    texts = scanned(texts)
    assert texts.scan is not None
    starts = texts.starts.copy()
    for i in np.flatnonzero(texts.scan.opens & PAUSE).tolist():
        head = texts.head(i)
        starts[i] += len(head[: dateline_end(head)].encode("utf-8", "surrogatepass"))
    return without_addresses(replace(texts, starts=starts))


def without_addresses(texts: Sequence[str] | Utf8Texts) -> Sequence[str] | Utf8Texts:
    """The texts with blanks in place of addresses of pages."""
    if not isinstance(texts, Utf8Texts):
        return [without_links(text) for text in texts]
    texts = scanned(texts)
    assert texts.scan is not None
    seen, changed = texts.scan.seen, dict[int, str]()
    # Every form of an address has a "w", or a "t" and a slash.
    for i in np.flatnonzero((seen & LATIN_W > 0) | ((seen & LATIN_T > 0) & (seen & SLASH > 0))).tolist():
        text = texts.text(i)
        bare = without_links(text)
        if bare is not text:
            changed[i] = bare
    return texts.replaced(changed)
