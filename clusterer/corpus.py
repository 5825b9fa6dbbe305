"""The first stage: articles of any kind to words, ids, dates and outlets.

Texts are read once, in chunks, and not held; boilerplate is marked and cut by `clusterer.text.boilerplate`. Compares
nothing.

Array letters: `n` articles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import run_starts
from clusterer.arrays.parallel import ordered_map, run_both
from clusterer.arrays.ragged import Growing, put_before
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.arrays.texts import GrowingTexts, Texts, take_texts
from clusterer.arrays.utf8 import Utf8Texts
from clusterer.articles import Article, free_ids
from clusterer.budget import store_of
from clusterer.deprecated import moved_names
from clusterer.io.blocks import Block, block_of
from clusterer.progress import Progress, begin, silent
from clusterer.settings import Settings
from clusterer.text import boilerplate
from clusterer.text.bare_texts import bare_texts, without_addresses
from clusterer.text.boilerplate_tails import known_tails
from clusterer.text.date_words import without_dates
from clusterer.text.rubrics import are_rubrics
from clusterer.text.words import Words, concatenate, hash_words, whole_hashes

_DAY = 86_400.0  # seconds; a day alone, without an hour, is a time of that day


def read(articles: Iterable[Article] | Iterable[Block], settings: Settings, progress: Progress | None = None) -> Corpus:
    """Read articles in chunks, keep their words, cut boilerplate. Texts are not held."""
    return gather(read_chunks(articles, settings, progress), settings, progress)


def read_chunks(
    articles: Iterable[Article] | Iterable[Block], settings: Settings, progress: Progress | None = None
) -> Iterator[Chunk]:
    """What is kept of articles, or of blocks of them, in order; depends on nothing but these articles."""
    tell = progress or silent

    def read_chunk(block: Block | list[Article]) -> Chunk:
        tell("reading", len(block))
        if isinstance(block, list):
            block = block_of(block)
        words = text_words(block.texts, settings)
        if settings.boilerplate != "learned":  # no line matters any more
            words = replace(words, opens_line=None)
        return Chunk(block.ids, block.ties, block.outlets, block.dates, words, title_words(block.titles, settings))

    yield from ordered_map(read_chunk, _some(articles, settings.chunk), settings.threads)


def _some(articles: Iterable[Article] | Iterable[Block], size: int) -> Iterator[Block | list[Article]]:
    """Blocks as they come, so many articles at a time."""
    few: list[Article] = []
    for item in articles:
        if isinstance(item, Block):
            yield item
            continue
        few.append(item)
        if len(few) == size:
            yield few
            few = []
    if few:
        yield few


def gather(
    chunks: Iterable[Chunk],
    settings: Settings,
    progress: Progress | None = None,
    parts: Sequence[int] = (),
    store: Store | None = None,
) -> Corpus:
    """Put what was read together, cut what was learned of all of it, and make ids unique.

    Args:
        chunks: consumed one by one, each may then go.
        settings: of the run.
        progress: told of stages.
        parts: where other parts begin, as numbers of articles, known once the chunks are consumed; ids are unique within a
            part.
        store: where large arrays of the run live; by default as the settings say.
    """
    tell, store = progress or silent, store or store_of(settings)
    names, outlets = GrowingTexts(), list[str]()
    known: dict[str, str] = {}
    dates, ties = Growing(np.float64), Growing(np.uint32)  # ties: by what else an id is made unique, in few bytes
    titles: list[Words] = []

    def texts() -> Iterator[Words]:
        for chunk in chunks:
            names.extend(chunk.ids)
            outlets.extend([known.setdefault(outlet, outlet) for outlet in chunk.outlets])
            dates.append(chunk.dates)
            ties.append(chunk.ties)
            titles.append(chunk.titles)
            yield chunk.words
        if not titles:  # no article at all
            titles.append(title_words([], settings))
            yield text_words([], settings)

    words = concatenate(texts(), store)
    heads = concatenate(_used_up(titles), store)
    total, lines = 0, np.zeros(0, dtype=np.uint64)
    when, tied = dates.array(), ties.array()
    renamed, repeated, ids, again = 0, names.may_repeat(), names.whole(), dict[int, int]()
    ranks: NDArray[np.int64] | None = None
    if settings.boilerplate == "learned":
        begin(tell, "learning boilerplate", len(ids))
        (furniture, lines), ranks = run_both(
            lambda: boilerplate.learned_lines(words, outlets, heads, settings.threads, store),
            lambda: None if repeated else _ranks(ids, when),
            settings.threads,
        )
        total = int(np.count_nonzero(furniture))
        if total:
            words = words.keep(np.logical_not(furniture, out=furniture), True, settings.threads)
        del furniture
    words = replace(words, opens_line=None)
    short = (words.counts < settings.min_words) & (heads.counts > 0)
    words = with_titles(words, heads, settings, store)
    titled = int((short & (words.counts > 0)).sum())
    if repeated:
        hashes, unique = whole_hashes(words), ids[:]
        for start, stop in pairwise([0, *parts, len(ids)]):
            part = slice(start, stop)
            unique[part], more, twice = _unique_ids(
                unique[part], tied[part].tolist(), outlets[part], when[part], hashes[part]
            )
            renamed += more
            again |= {start + place: start + first for place, first in twice.items()}
        ids = Texts.of(unique)
    if ranks is None:
        ranks = _ranks(ids, when)
    return Corpus(ids, outlets, when, ranks, words, heads, renamed, total, lines, titled, store, again)


def _used_up(parts: list[Words]) -> Iterator[Words]:
    """The parts one by one; each may go once the next is asked for."""
    parts.reverse()
    while parts:
        yield parts.pop()


def text_words(texts: Sequence[str] | Utf8Texts, settings: Settings) -> Words:
    """The words of a chunk of texts without known boilerplate: datelines and tails."""
    if settings.boilerplate != "none":
        texts = bare_texts(texts)
    stems = settings.level == "story"
    words = hash_words(texts, settings.profile, letters=settings.unit == "char", stems=stems)
    if settings.boilerplate != "none":
        tails = known_tails(words, settings.profile)
        words = replace(words, opens_sentence=None)
        if tails.any():
            words = words.keep(~tails)
    return replace(without_dates(words, settings.profile), opens_sentence=None)


def title_words(titles: Sequence[str] | Utf8Texts, settings: Settings) -> Words:
    """The words of titles."""
    if settings.boilerplate != "none":
        titles = without_addresses(titles)
    stems = settings.level == "story"
    words = hash_words(titles, settings.profile, letters=settings.unit == "char", stems=stems)
    return replace(without_dates(words, settings.profile), opens_line=None, opens_sentence=None)


def with_titles(words: Words, titles: Words, settings: Settings, store: Store = IN_MEMORY) -> Words:
    """Words of n articles in which the title, and what there is of a text, stand in for texts of fewer than `min_words` words.

    A rubric (`text.rubrics`) stands for no text: without one the article is left without a word.
    """
    n, counts = len(words), words.counts
    short = (counts < settings.min_words) & (titles.counts > 0)
    alone = np.flatnonzero(short & (counts == 0))
    short[alone[are_rubrics(titles.take(alone))]] = False
    if not short.any():
        return words
    rows = np.flatnonzero(short)
    if words.letters is None and words.spans is None:
        stems = None
        if words.stems is not None and titles.stems is not None:
            stems = put_before(words.stems, words.offsets, titles.stems, titles.offsets, rows, store)[0]
        hashes = put_before(words.hashes, words.offsets, titles.hashes, titles.offsets, rows, store)
        return Words(*hashes, stems=stems)
    rows = np.stack([np.where(short, np.arange(n, 2 * n), -1), np.arange(n)], axis=1).ravel()
    pieces = concatenate([replace(words, opens_line=None), titles]).take(rows[rows >= 0])
    return replace(pieces, offsets=np.concatenate(([0], np.cumsum(counts + titles.counts * short))))


def _ranks(ids: Sequence[str], dates: NDArray[np.float64]) -> NDArray[np.int64]:
    """What orders articles of one date, int64 (n,): their ids; of those without one, the input."""
    ranks = np.arange(len(ids))
    dated = np.flatnonzero(np.isfinite(dates))
    day = dates[dated] // _DAY
    order = np.argsort(day, kind="stable")
    for of_day in np.split(dated[order], run_starts(day[order])[1:]):
        ranks[of_day] = ranks_of_ids(take_texts(ids, of_day))
    return ranks


def ranks_of_ids(ids: Sequence[str]) -> NDArray[np.int64]:
    """The place of each id among all, sorted, int64 (n,)."""
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    return ranks


def _unique_ids(
    ids: list[str], ties: list[int], outlets: list[str], dates: NDArray[np.float64], hashes: NDArray[np.uint64]
) -> tuple[list[str], int, dict[int, int]]:
    """Ids with "#2", "#3", ... where one is taken. Who keeps the bare one does not depend on the order of the input.

    Returns:
        The ids, how many were renamed, and of articles that were read before the place of the first reading: those of one id,
        outlet, date, title, URL and text. Without outlet or date nothing tells a row read again from a second article.
    """
    counts = Counter(ids)
    if len(counts) == len(ids):
        return ids, 0, {}
    shared: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        if counts[name] > 1:
            shared.setdefault(name, []).append(i)
    renamed, again = 0, dict[int, int]()
    for name, members in shared.items():
        keys = {i: (dates[i], hashes[i], outlets[i], ties[i]) for i in members}
        members.sort(key=keys.__getitem__)
        for before, i in pairwise(members):
            if keys[i] == keys[before] and outlets[i] and np.isfinite(dates[i]):
                again[i] = again.get(before, before)
        for i, id in zip(members[1:], free_ids(name, counts.__contains__), strict=False):
            ids[i] = id
            renamed += 1
    return ids, renamed, again


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is kept of n articles as they are read, before anything is learned of all of them.

    Attributes:
        ids: names, not yet unique.
        ties: uint32 (n,), what orders articles of one name (`articles.tie`).
        outlets, dates: as of `Corpus`.
        words, titles: their words, without known boilerplate.
    """

    ids: list[str]
    ties: NDArray[np.uint32]
    outlets: list[str]
    dates: NDArray[np.float64]
    words: Words
    titles: Words

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is kept of n articles once they have been read.

    Attributes:
        ids: unique names.
        outlets: who published each, "" where unknown.
        dates: float64 (n,), seconds since 1970, +inf where unknown.
        ranks: int64 (n,), the place of each article among those of its date: by its id; without a date, by the input.
        words: their words without boilerplate; with stems at the story level. None once the copy level is done: they are
            most of what a run holds.
        titles: the words of their titles, with stems; empty below the story level; None as `words`.
        renamed: articles whose id was taken and got a suffix.
        furniture: words cut away with learned lines.
        lines: uint64 (x,), ascending, the keys of these lines (`boilerplate.segments`).
        titled: articles whose title stands in for a text that is too short.
        store: where large arrays of the run live.
        again: of articles that were read before, by place, the place of the first reading.
    """

    ids: Sequence[str]
    outlets: list[str]
    dates: NDArray[np.float64]
    ranks: NDArray[np.int64]
    words: Words | None
    titles: Words | None
    renamed: int
    furniture: int
    lines: NDArray[np.uint64]
    titled: int = 0
    store: Store = IN_MEMORY
    again: Mapping[int, int] = field(default_factory=dict)

    def without_words(self) -> Corpus:
        """The same without words and titles."""
        return replace(self, words=None, titles=None)


if not TYPE_CHECKING:
    __getattr__ = moved_names(__name__)
