"""Boilerplate: which words of an article are the outlet's furniture and not its news.

Three ways in: the dateline at the head (a pattern on the text's first letters, `boilerplate_phrases`), tails that Arabic
outlets are known to end with (`boilerplate_tails`), and what is learned from the batch, here: segments of articles that
recur in articles of one outlet that are otherwise different. A segment is a line; the first or last words of a line that
goes on, for notices without a line end; or a whole short text, for notices in place of one.

- A line is furniture where enough of its articles are different by their words: at least half of each stands in lines that
  are less than half as frequent.
- A line that is longer than the rest, or stands beside other furniture such as the leads of other stories, is so where the
  titles tell its articles apart: enough of them, and half of all, are different, and a quarter of the other words is the
  article's own. Copies share their titles, or nearly all their lines.
- First and last words are furniture where both the titles and the words that go on are different.
- A whole text is furniture where the titles are different and say other things than it does.

- A line or run that is long enough to be news (a quotation, a paragraph of background) must recur in twice as many articles,
  unless it is the lead of another article, or stands in articles that hold such leads as well: these an outlet weaves in.

A line that opens its article is cut only if it opens half of its articles, or these have no titles: the lead of a story
that other items of the outlet repeat stays where it belongs.

Only marks words; cutting them away is `Words.keep`, and shingles come later.

Array letters: `n` articles, `w` words, `x` segments.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.hashing import mix
from clusterer.arrays.indexing import find_sorted, ragged_index
from clusterer.arrays.parallel import ordered_map, run_both, workers
from clusterer.arrays.partitions import Partitions
from clusterer.arrays.ragged import hash_runs
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.text.boilerplate_lines import Lines, recurring_keys, recurring_rows
from clusterer.text.boilerplate_runs import Runs
from clusterer.text.shingles import word_shingles
from clusterer.text.words import Words, whole_hashes

MIN_SUPPORT = 5
"""Otherwise different articles of an outlet that a line must recur in to be its furniture."""
MIN_SUPPORT_UNKNOWN = 10
"""The same where no outlet is known: unrelated outlets may quote one paragraph of a wire."""
QUOTATION = 12
"""Words from which a line may be a passage that several items on one affair share."""
FEWEST = 3
"""Times that a segment stands in the feed from which it is looked at: half of `MIN_SUPPORT`."""
OWN_SHARE = 0.25
"""Share of an article's words beside a line that are its own, where titles tell articles apart."""
RUNS = (12, 15, 19, 24, 30, 38, 48, 60, 75, 94)
"""Words of a line's beginning or end that may be a notice without a line end; after the last that is, some of it stay."""
BESIDE = 8
"""Fewest words of a line beside such a run: by what goes on articles are told apart."""
HEAD_WORDS = 19
"""Fewest of them at the beginning: news opens with formulas, such as all that a king is called, that are shorter."""
NOTICE_WORDS = 60
"""Longest notice in place of a text."""
TITLE_SHARE = 0.25
"""Share of the words of titles that a notice in place of their texts may hold; news tells what its title tells."""
LINE, FIRST, HEAD, TAIL, WHOLE = range(5)
"""Kinds of segments: lines, lines that open their article, beginnings and ends of lines, whole texts."""
_SALTS = mix(np.arange(5, dtype=np.uint64)) * np.array([0, 1, 1, 1, 1], dtype=np.uint64)
_TITLE_KEYS = 2
_LEAST = {HEAD: HEAD_WORDS, TAIL: RUNS[0]}  # fewest words of a beginning or an end
_BLOCK = 1 << 13  # articles that a thread works on at a time
_SEGMENTS = 16  # of an article, about


@dataclass(frozen=True, slots=True)
class Segments:
    """Segments of n articles that may be furniture, in no order that matters; lines come first.

    Attributes:
        keys: uint64 (x,), of outlet, kind and words.
        starts, lengths: int64 (x,), the first word of each among all, and how many it has.
        article: int64 (x,), whose it is.
        kinds: int8 (x,), `LINE` to `WHOLE`.
        beside: uint64 (x,), a key of the words that go on after a `HEAD` or before a `TAIL`, where no notice that is
            shorter than the next longer run reaches; of a `LINE` 1 where it opens its article; 0 for others.
    """

    keys: NDArray[np.uint64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    article: NDArray[np.int64]
    kinds: NDArray[np.int8]
    beside: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.keys)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Segments:
        """Some of them."""
        columns = (self.keys, self.starts, self.lengths, self.article, self.kinds, self.beside)
        return Segments(*(column[kept] for column in columns))  # type: ignore[arg-type]

    def cuttable(self) -> NDArray[np.bool_]:
        """Bool (x,): a line that opens its article is cut by its segment `FIRST` only."""
        opens = find_sorted(np.unique(self.starts[self.kinds == FIRST]), self.starts)[1]
        cut: NDArray[np.bool_] = (self.kinds != LINE) | ~opens
        return cut


def learned_lines(
    words: Words, outlets: Sequence[str], titles: Words | None = None, threads: int = 1, store: Store = IN_MEMORY
) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Find segments that recur in otherwise different articles of one outlet.

    Args:
        words: n articles; best without what `known_tails` marks.
        outlets: n names; "" where unknown.
        titles: words of their titles; None where there are none.
        threads: blocks of articles worked on side by side.
        store: where what belongs to words lives.

    Returns:
        bool (w,), True for the words of these segments, and their keys, uint64 (x,), ascending.
    """
    hashes = outlet_hashes(outlets)
    found, facts = run_both(
        lambda: _repeated_segments(words, hashes, threads, store),
        lambda: Facts.of(words, titles, hashes, threads),
        threads,
    )
    keys = recurring(found, facts)
    known = find_sorted(keys, found.keys)[1] & found.cuttable()
    return words_of_lines(words, found.starts[known], found.lengths[known], store), keys


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of n articles when their segments are judged.

    Attributes:
        sizes: int64 (n,), words.
        same: uint64 (n,), a hash of outlet and words.
        unknown: bool (n,), whether the outlet is.
        titles: uint64 (n, 2), keys of the titles: alike titles mostly share them; 0 where there is none.
        telling: float64 (n,), the share of the title's words that a short text holds; 1 for texts that are no notice.
    """

    sizes: NDArray[np.int64]
    same: NDArray[np.uint64]
    unknown: NDArray[np.bool_]
    titles: NDArray[np.uint64]
    telling: NDArray[np.float64]

    @staticmethod
    def of(words: Words, titles: Words | None, outlets: Sequence[str] | NDArray[np.uint64], threads: int = 1) -> Facts:
        """The facts of articles, from their words, the words of their titles, and their outlets, by name or by hash."""
        n = len(words)
        outlet = outlets if isinstance(outlets, np.ndarray) else outlet_hashes(outlets)
        unknown, same = outlet == outlet_hashes([""]), whole_hashes(words, threads) ^ outlet
        keys, telling = np.zeros((n, _TITLE_KEYS), dtype=np.uint64), np.ones(n)
        if titles is not None and len(titles.hashes):
            keys, telling = title_keys(titles, threads), _telling(words, titles, threads)
        return Facts(words.counts, same, unknown, keys, telling)


def title_keys(titles: Words, threads: int = 1) -> NDArray[np.uint64]:
    """uint64 (n, 2): of each title the least of its pairs of words by two orders; 0 where it has no word."""
    out = np.zeros((len(titles), _TITLE_KEYS), dtype=np.uint64)

    def of_block(start: int) -> None:
        pairs = word_shingles(titles.slice(start, min(start + _BLOCK, len(titles))), 2)
        filled = np.flatnonzero(np.diff(pairs.offsets))
        for k in range(_TITLE_KEYS if len(filled) else 0):
            out[start + filled, k] = np.minimum.reduceat(mix(pairs.values ^ _SALTS[k + 1]), pairs.offsets[filled])

    deque(ordered_map(of_block, range(0, len(titles), _BLOCK), threads), 0)
    return out


def _telling(words: Words, titles: Words, threads: int = 1) -> NDArray[np.float64]:
    """float64 (n,), `Facts.telling`."""
    out = np.ones(len(words))
    short = np.flatnonzero((words.counts > 0) & (words.counts <= NOTICE_WORDS) & (titles.counts > 0))

    def of_block(start: int) -> None:
        rows = short[start : start + _BLOCK]
        mine, theirs = words.take(rows), titles.take(rows)
        salts = mix(np.arange(len(rows), dtype=np.uint64))  # so that words of different articles never meet
        told = np.isin(theirs.hashes ^ np.repeat(salts, theirs.counts), mine.hashes ^ np.repeat(salts, mine.counts))
        out[rows] = np.add.reduceat(told.astype(np.float64), theirs.offsets[:-1]) / theirs.counts

    deque(ordered_map(of_block, range(0, len(short), _BLOCK), threads), 0)
    return out


def recurring(found: Segments, facts: Facts) -> NDArray[np.uint64]:
    """uint64 (x,), ascending: the keys of segments that are furniture by the rules above."""
    n = len(facts.sizes)
    # Nearly all segments stand in the feed once or twice: only the others are looked at more closely.
    repeated = recurring_keys(found.keys.copy(), FEWEST)
    if not len(repeated):
        return repeated
    key, again = find_sorted(repeated, found.keys)
    found, key = found.where(again), key[again]
    # Once for all articles of an outlet with the same words. They may break into lines differently: which of them counts
    # goes by their lines, not by the order of the input.
    layout = np.zeros(n, dtype=np.uint64)
    lines = found.kinds == LINE
    np.add.at(layout, found.article[lines], found.keys[lines])
    order = np.lexsort((layout, facts.same))
    original = np.zeros(n, dtype=np.bool_)
    original[order[np.unique(facts.same[order], return_index=True)[1]]] = True
    holder = np.unique(key * n + found.article, return_index=True)[1]  # once an article
    frequency = np.bincount(key[holder], weights=original[found.article[holder]], minlength=len(repeated))
    own = facts.sizes[found.article] - _as_frequent(found, frequency[key].astype(np.float64))
    often = np.bincount(key[holder], minlength=len(repeated))[key[holder]] >= MIN_SUPPORT
    often |= found.kinds[holder] == FIRST
    holder = holder[often]
    found, key, own = found.where(holder), key[holder], own[holder]
    wary = facts.unknown[found.article] | _may_be_news(found, key, n)
    needed = np.where(wary, MIN_SUPPORT_UNKNOWN, MIN_SUPPORT)
    sizes = facts.sizes[found.article]
    different = (found.kinds == LINE) & original[found.article] & (2 * own >= sizes)
    learned = np.bincount(key, weights=different, minlength=len(repeated))[key] >= needed
    learned |= _told_apart(found, facts, key, own, needed)
    keys = repeated[np.unique(key[learned & (found.kinds != FIRST)])]
    return np.union1d(keys, _opening(found, key, repeated, keys, (facts.titles != 0).any(axis=1)))


def _may_be_news(found: Segments, key: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Bool (x,): segments as long as a quotation that are no lead and do not mostly stand beside leads of other articles."""
    lines, opens = found.kinds == LINE, found.beside != 0
    long = (found.lengths >= QUOTATION) & (lines | (found.kinds == HEAD) | (found.kinds == TAIL))
    is_lead = np.bincount(key, weights=lines & opens)[key] > 0
    woven = np.bincount(found.article, weights=long & lines & is_lead & ~opens, minlength=n) > 0
    mostly = 2 * np.bincount(key, weights=woven[found.article])[key] >= np.bincount(key)[key]
    may_be: NDArray[np.bool_] = long & ~is_lead & ~mostly
    return may_be


def _as_frequent(found: Segments, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64 (x,): of a segment's article the words in lines at least half as frequent as it."""
    lines = np.flatnonzero(found.kinds == LINE)
    order = lines[np.lexsort((frequency[lines], found.article[lines]))]
    wide = 2.0 ** np.ceil(np.log2(frequency.max(initial=1) + 2))
    place = found.article[order] * wide + frequency[order]
    words = np.concatenate(([0.0], np.cumsum(found.lengths[order], dtype=np.float64)))
    first = np.searchsorted(place, found.article * wide + frequency / 2)
    last = np.searchsorted(place, (found.article + 1) * wide)
    out: NDArray[np.float64] = words[np.maximum(first, last)] - words[first]
    return out


def _told_apart(
    found: Segments,
    facts: Facts,
    key: NDArray[np.int64],
    own: NDArray[np.float64],
    needed: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Bool (x,): whether the articles that hold a segment are told apart by their titles."""
    article, kinds, sizes = found.article, found.kinds, facts.sizes[found.article]
    counts = (facts.titles[article] != 0).any(axis=1)
    rest = sizes - found.lengths
    counts &= (
        ((kinds == LINE) & (rest > 0) & (own >= OWN_SHARE * rest))
        | (kinds == HEAD)
        | (kinds == TAIL)
        | ((kinds == WHOLE) & (facts.telling[article] <= TITLE_SHARE))
    )
    out = np.zeros(len(found), dtype=np.bool_)
    rows = np.flatnonzero(counts)
    if not len(rows):
        return out
    holders = np.bincount(key, weights=kinds != FIRST, minlength=int(key.max()) + 1)[key[rows]]
    least = np.maximum(needed[rows], holders / 2)
    apart = np.ones(len(rows), dtype=np.bool_)
    for column in facts.titles.T:
        apart &= _distinct(key[rows], column[article[rows]]) >= least
    runs = (kinds[rows] == HEAD) | (kinds[rows] == TAIL)
    apart &= ~runs | (_distinct(key[rows], found.beside[rows]) >= least)
    out[rows] = apart
    return out


def _distinct(key: NDArray[np.int64], values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """int64 (x,): how many different values there are beside each one's key."""
    order = np.lexsort((values, key))
    key_there, value_there = key[order], values[order]
    new = np.append(True, (key_there[1:] != key_there[:-1]) | (value_there[1:] != value_there[:-1]))
    return np.bincount(key_there, weights=new, minlength=int(key.max()) + 1).astype(np.int64)[key]


def _opening(
    found: Segments,
    key: NDArray[np.int64],
    repeated: NDArray[np.uint64],
    learned: NDArray[np.uint64],
    titled: NDArray[np.bool_],
) -> NDArray[np.uint64]:
    """Keys of the segments `FIRST` of learned lines that open half of their articles, or whose articles have no titles."""
    lines = found.kinds == LINE
    holders = np.bincount(key[lines], minlength=len(repeated))
    opens = repeated[holders > 0] ^ _SALTS[FIRST]
    place = np.minimum(np.searchsorted(repeated, opens), len(repeated) - 1)
    first = np.bincount(key[found.kinds == FIRST], minlength=len(repeated))[place]
    first[repeated[place] != opens] = 0
    with_titles = np.bincount(key[lines], weights=titled[found.article[lines]], minlength=len(repeated))[holders > 0]
    half = (2 * first >= holders[holders > 0]) | (with_titles == 0)
    keys: NDArray[np.uint64] = opens[half & np.isin(repeated[holders > 0], learned)]
    return keys


def known_lines(words: Words, outlets: Sequence[str], keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Bool (w,), True for the words of segments that have been learned, given by their keys."""
    return kinds_of_lines(words, outlets, keys) >= 0


def kinds_of_lines(words: Words, outlets: Sequence[str], keys: NDArray[np.uint64]) -> NDArray[np.int8]:
    """int8 (w,): for the words of segments that have been learned, given by their keys, the kind of one; -1 for others."""
    out = np.full(len(words.hashes), -1, dtype=np.int8)
    found = segments(words, outlets)
    found = found.where(np.isin(found.keys, keys) & found.cuttable())
    for kind in np.unique(found.kinds).tolist():
        mine = found.where(found.kinds == kind)
        out[words_of_lines(words, mine.starts, mine.lengths)] = kind
    return out


def segments(words: Words, outlets: Sequence[str] | NDArray[np.uint64]) -> Segments:
    """The segments of n articles.

    Args:
        words: of the articles, with their lines.
        outlets: by name or by hash, (n,).
    """
    outlet = outlets if isinstance(outlets, np.ndarray) else outlet_hashes(outlets)
    parts = [_segments_of(Lines.of(words, outlet, start, start + _BLOCK), {}) for start in _blocks(words)]
    return Segments(*map(np.concatenate, zip(*parts, strict=True)))


def _blocks(words: Words) -> range:
    return range(0, max(len(words), 1), _BLOCK)


def _repeated_segments(words: Words, outlet: NDArray[np.uint64], threads: int, store: Store) -> Segments:
    """The `segments` that stand in a feed often enough to be looked at; of a line that does, that it opens its article, too.

    Beginnings and ends are made only where enough articles share their first, or last, three words: the others cannot recur.

    Args:
        words: of n articles, with their lines.
        outlet: uint64 (n,), of each article.
        threads: blocks of articles worked on side by side.
        store: where all segments live meanwhile.
    """

    def edges_of(start: int) -> list[NDArray[np.uint64]]:
        lines = Lines.of(words, outlet, start, start + _BLOCK)
        return [_edges(lines, kind)[1] for kind in (HEAD, TAIL)]

    def segments_of(start: int) -> tuple[NDArray[Any], ...]:
        return _segments_of(Lines.of(words, outlet, start, start + _BLOCK), frequent)

    def key_of(columns: list[NDArray[Any]]) -> NDArray[np.uint64]:
        salts: NDArray[np.uint64] = np.where(columns[4] == FIRST, _SALTS[FIRST], _SALTS[LINE])
        return columns[0] ^ salts  # of a `FIRST` its line's

    frequent: dict[int, NDArray[np.uint64]] = {}
    edges = zip(*ordered_map(edges_of, _blocks(words), threads), strict=True)
    heads, tails = (np.concatenate(found) for found in edges)
    frequent[HEAD], frequent[TAIL] = run_both(
        lambda: recurring_keys(heads, MIN_SUPPORT), lambda: recurring_keys(tails, MIN_SUPPORT), threads
    )
    keys = Partitions(store.parts(8 * _SEGMENTS * len(words), workers(threads)), store)
    blocks = ordered_map(segments_of, _blocks(words), threads)
    return Segments(*recurring_rows(blocks, key_of, FEWEST, keys, threads))


def _edges(lines: Lines, kind: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The lines that may have beginnings or ends, and their first, or last, words."""
    rows = lines.rows(kind == TAIL, _LEAST[kind] + BESIDE)
    return rows, lines.edges(rows, kind == TAIL, _SALTS[1:3])


def _segments_of(table: Lines, frequent: Mapping[int, NDArray[np.uint64]]) -> tuple[NDArray[Any], ...]:
    """The columns of `Segments`; where `frequent` has the kind, only of lines with one of these edges, ascending."""
    words, starts, lengths, article, outlet = table.words, table.starts, table.lengths, table.article, table.outlet
    hashes, offsets, counts = words.hashes, words.offsets, words.counts
    lines = hash_runs(hashes, starts) ^ outlet[article]
    opens = np.flatnonzero(starts == offsets[article])
    short = np.flatnonzero((counts > 0) & (counts <= NOTICE_WORDS))
    none = np.zeros(len(starts), dtype=np.uint64)
    first = none.copy()
    first[opens] = 1
    parts = [(lines, starts, lengths, article, LINE, first)]
    parts.append((lines[opens], starts[opens], lengths[opens], article[opens], FIRST, none[opens]))
    for kind in (HEAD, TAIL):
        rows, edges = _edges(table, kind)
        if kind in frequent:
            rows = rows[find_sorted(frequent[kind], edges)[1]]
        run = Runs(hashes, starts[rows], lengths[rows], kind == TAIL, 3 * RUNS[-1] // 2, _SALTS[1:3])
        for size, longer in pairwise((*(x for x in RUNS if x >= _LEAST[kind]), 5 * RUNS[-1] // 4)):
            long = np.flatnonzero(lengths[rows] >= longer + BESIDE)
            mine = rows[long]
            begin = starts[mine] if kind == HEAD else starts[mine] + lengths[mine] - size
            key = run.hashes(long, size) ^ outlet[article[mine]]
            parts.append(
                (key, begin, np.full(len(mine), size), article[mine], kind, run.beside(long, longer, 2 * BESIDE))
            )
    whole = whole_hashes(words.take(short)) ^ outlet[short]
    parts.append((whole, offsets[short], counts[short], short, WHOLE, np.zeros(len(short), dtype=np.uint64)))
    keys, begins, sizes, owners, kinds, beside = zip(*parts, strict=True)
    every = np.repeat(np.array(kinds, dtype=np.int8), list(map(len, keys)))
    begin, owner = np.concatenate(begins) + table.first[1], np.concatenate(owners) + table.first[0]
    return np.concatenate(keys) ^ _SALTS[every], begin, np.concatenate(sizes), owner, every, np.concatenate(beside)


def words_of_lines(
    words: Words, starts: NDArray[np.int64], lengths: NDArray[np.int64], store: Store = IN_MEMORY
) -> NDArray[np.bool_]:
    """Bool (w,), True for the words of some segments, given by their first words and lengths, int64."""
    inside: NDArray[np.bool_] = store.empty(len(words.hashes), np.bool_)
    inside.fill(False)
    ends = np.stack([starts, starts + lengths], axis=1).ravel()
    inside[ragged_index(ends, 2 * np.arange(len(starts)))[0]] = True
    return inside


def outlet_hashes(outlets: Sequence[str]) -> NDArray[np.uint64]:
    """uint64 (n,), a hash of each outlet's name."""
    hashes = {
        name: int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        for name in dict.fromkeys(outlets)
    }
    return np.fromiter(map(hashes.__getitem__, outlets), dtype=np.uint64, count=len(outlets))
