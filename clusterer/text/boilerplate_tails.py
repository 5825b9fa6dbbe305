"""Known tails: the phrases that articles of Arabic outlets end with, where they prove to be furniture.

Compares words as the profile folds them, and knows where lines and sentences open. Learns nothing; the phrases are in
`boilerplate_phrases`, what is learned from a batch in `boilerplate`.

Array letters: `n` articles, `w` words, `m` phrases found.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import ragged_index
from clusterer.text.boilerplate_phrases import PLACEHOLDERS, SIGNS, SMALL_WORDS, STUBS, TAILS, Tail
from clusterer.text.words import Words, hash_words

STUB_WORDS = 10
"""Words that cutting a known tail leaves at least."""
TITLE_WORDS, TITLES = 16, 5
"""Words of a line that may be the title of another story, and how many such lines may follow each other."""
TAIL_WORDS = 60  # words of tails that may follow a tail
NOTICE_WORDS = 40  # longest notice in place of a text
SIGN_SHARE, SIGN_SHARE_IN_LINE = 0.4, 0.5
"""Share of furniture from a phrase to the end of its article: where it opens a line or a sentence, and elsewhere."""
ECHO = 0.5
"""Share of the words after a phrase that the article has before it, from which they are tags, or its title again."""


def known_tails(words: Words, profile: str) -> NDArray[np.bool_]:
    """Bool (w,), True for the words of tails in `TAILS` that prove to be furniture, and of notices in place of a text.

    A phrase inside a sentence is prose. It counts with a line of its own, or where most of what follows is furniture too:
    words of `SIGNS`, or, as in tags and repeated titles, words of the article itself. Nothing is cut that would leave
    fewer than `STUB_WORDS` words, unless there is nothing else.
    """
    cut = _notices(words, profile)
    article, places, numbers = _phrases_at(words, profile)
    assert words.opens_line is not None
    lines = np.flatnonzero(words.opens_line)
    next_lines = np.append(lines, len(words.hashes))[np.searchsorted(lines, places, side="right")].tolist()
    tails = _hashed_tails(profile)
    bounds = [*np.searchsorted(article, np.unique(article)).tolist(), len(article)]
    for first, last in pairwise(bounds):
        i = int(article[first])
        start, end = int(words.offsets[i]), int(words.offsets[i + 1])
        # From the end: what stands before a tail that is cut is the end of the article then.
        for k in range(last - 1, first - 1, -1):
            place, phrase, tail = int(places[k]), *tails[int(numbers[k])]
            if place + len(phrase) > end:
                continue
            stop = _furniture_end(words, start, place, end, len(phrase), tail, profile, min(next_lines[k], end))
            if stop == place:
                continue
            left = place - start + int((~cut[stop : words.offsets[i + 1]]).sum())
            if left >= STUB_WORDS or left == 0:
                cut[place:stop] = True
                end = place if stop == end else end
    return cut


def _phrases_at(words: Words, profile: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Find phrases of `TAILS` near enough to the end of their article; one word alone must open a line or a sentence.

    Returns:
        Articles, first words and numbers of the phrases in reading order, int64 (m,) each.
    """
    phrases = _hashed_tails(profile)
    hashes, ends = words.hashes, words.offsets[1:]
    assert words.opens_line is not None
    opens = words.opens_line if words.opens_sentence is None else words.opens_sentence
    # Sixteen bits of a word's hash tell nearly all words apart from the phrases' first ones at the cost of one look-up.
    mark = np.zeros(1 << 16, dtype=np.bool_)
    mark[[int(p[0] >> np.uint64(48)) for p, _ in phrases]] = True
    near = np.flatnonzero(mark.take((hashes >> np.uint64(48)).view(np.int64)))
    article = np.searchsorted(ends, near, side="right")
    left = ends[article] - near
    order = np.argsort(hashes[near], kind="stable")
    first, begins = np.unique(hashes[near[order]], return_index=True)
    places = dict(zip(first.tolist(), np.split(order, begins[1:]), strict=False))
    found = [np.zeros((3, 0), dtype=np.int64)]
    for number, (phrase, tail) in enumerate(phrases):
        rows = places.get(int(phrase[0]))
        if rows is None:
            continue
        hit = left[rows] >= len(phrase)
        if not tail.titles:
            hit &= left[rows] <= len(phrase) + tail.within + TAIL_WORDS
        if len(phrase) == 1:
            hit &= opens[near[rows]]
        at, of = near[rows[hit]], article[rows[hit]]
        for i, word in enumerate(phrase[1:], start=1):
            same = hashes[at + i] == word
            at, of = at[same], of[same]
        found.append(np.stack([of, at, np.full(len(at), number)]))
    every = np.concatenate(found, axis=1)
    every = every[:, np.lexsort((every[2], every[1]))]
    return every[0], every[1], every[2]


def _furniture_end(
    words: Words, start: int, place: int, end: int, size: int, tail: Tail, profile: str, line_end: int
) -> int:
    """Where the furniture ends that a phrase of `size` words begins; `place` itself where it is prose.

    Args:
        words: of all articles.
        start, end: of the article.
        place: of the phrase.
        size, tail: of the phrase.
        profile: that the words were folded by.
        line_end: of the line that the phrase begins in.
    """
    assert words.opens_line is not None
    after = place + size
    opens = bool(words.opens_line[place])
    sentences = words.opens_line if words.opens_sentence is None else words.opens_sentence
    alone = opens and line_end - after <= 1
    if tail.closes:
        return end if opens and after == end else place
    colon = bool(sentences[after : min(after + 4, end)].any()) or after == end
    if tail.titles:
        if opens and alone:
            return _titles_end(words, line_end, end)
        if opens and sentences[after]:
            return line_end
        return end if sentences[place] and sentences[after : after + 1].any() and end - after <= TITLE_WORDS else place
    if end - after > tail.within:
        return place
    if alone:
        return end
    rest = words.hashes[after:end].tolist()  # a few dozen words: sets of them are faster than arrays
    if tail.tags:
        small = not opens or not _set_of(SMALL_WORDS, profile).isdisjoint(rest)
        return place if small or _echo(words, start, place, rest) < ECHO else end
    if tail.sure and colon and (opens or sentences[place]):
        return end
    signs = list(filter(_set_of(SIGNS, profile).__contains__, rest))
    kinds, share = len(set(signs)), (size + len(signs)) / (end - place)
    if opens or sentences[place]:
        proven = (kinds >= 1 and share >= SIGN_SHARE) or (
            opens and len(rest) <= 4 and bool(sentences[after : after + 1].any())
        )
        asked = colon
    else:
        proven = kinds >= 2 and share >= SIGN_SHARE_IN_LINE
        asked = colon and len(rest) > 2
    return end if proven or (asked and _echo(words, start, place, rest) >= ECHO) else place


def _echo(words: Words, start: int, place: int, rest: list[int]) -> float:
    """The share of the words of a tail that its article, from `start`, has before it, at `place`."""
    before = set(words.hashes[start:place].tolist())
    return sum(map(before.__contains__, rest)) / max(len(rest), 1)


def _titles_end(words: Words, line_end: int, end: int) -> int:
    """Where titles of other stories end that begin before `line_end`: lines as short as titles, a few of them."""
    assert words.opens_line is not None
    starts = line_end + np.flatnonzero(words.opens_line[line_end:end])
    for line, stop in zip(starts[:TITLES].tolist(), [*starts[1:].tolist(), end], strict=False):
        if stop - line > TITLE_WORDS:
            break
        line_end = int(stop)
    return line_end


def _notices(words: Words, profile: str) -> NDArray[np.bool_]:
    """Bool (w,), True for articles that are a notice in place of a text, such as that it is for subscribers only."""
    cut = np.zeros(len(words.hashes), dtype=np.bool_)
    counts = words.counts
    short = np.flatnonzero((counts > 0) & (counts <= NOTICE_WORDS))
    wanted, purpose, others = (_hashed(kind, profile) for kind in STUBS)
    for i in _rows_with(words, short, np.concatenate([wanted, _hashed(PLACEHOLDERS, profile)])).tolist():
        start, end = words.offsets[i : i + 2]
        held = words.hashes[start:end]
        of_kind = [np.isin(held, kind) for kind in (wanted, purpose, others)]
        notice = of_kind[0].any() and of_kind[1].any() and 3 * np.logical_or.reduce(of_kind).sum() >= len(held)
        cut[start:end] = notice or (len(held) == 1 and np.isin(held[0], _hashed(PLACEHOLDERS, profile)))
    return cut


def _rows_with(words: Words, rows: NDArray[np.int64], any_of: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Those of some articles that hold any of these words."""
    places, offsets = ragged_index(words.offsets, rows)
    held = np.flatnonzero(np.isin(words.hashes[places], any_of))
    return rows[np.unique(np.searchsorted(offsets, held, side="right") - 1)]


@lru_cache(maxsize=32)
def _hashed(phrases: tuple[str, ...], profile: str) -> NDArray[np.uint64]:
    """uint64 (x,), ascending: the words of some phrases."""
    return np.unique(hash_words(list(phrases), profile).hashes)


@lru_cache(maxsize=32)
def _set_of(phrases: tuple[str, ...], profile: str) -> frozenset[int]:
    return frozenset(_hashed(phrases, profile).tolist())


@lru_cache(maxsize=4)
def _hashed_tails(profile: str) -> list[tuple[NDArray[np.uint64], Tail]]:
    words = hash_words([tail.phrase for tail in TAILS], profile)
    rows = zip(words.offsets[:-1], words.offsets[1:], TAILS, strict=True)
    return [(words.hashes[start:stop], tail) for start, stop, tail in rows]
