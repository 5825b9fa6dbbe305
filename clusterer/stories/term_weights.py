"""Term weights: how much each stem of an article tells of its event.

A stem weighs by its rarity (inverse document frequency) and by where it stands (the lead tells the event). Document
frequencies blend the feed's own with background counts of Arabic news that ship with the package, so that five
articles alone are weighed as they would be among thousands. Thresholds and scores live elsewhere.

The background (`background.npz`: stem hashes, in how many of how many articles each occurs, which are those of names) is made by
``python -m benchmarks.training.background FOLDER ...`` from any folders of articles; the one that ships counts the distinct texts
of 12 Saudi newspapers, 21 to 31 July 2015 (SaudiNewsNet, M. Alhagri), and of five pan-Arab outlets, most of February to
October 2018 (ANT corpus 2.1).

Sources: Spärck Jones 1972, "A statistical interpretation of term specificity" (rarity); Salton and Buckley 1988,
"Term-weighting approaches in automatic text retrieval", section 2 (term frequency, cosine).

Array letters: `n` articles, `v` distinct stems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import find_sorted, offsets_from_counts
from clusterer.arrays.interning import intern
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Growing, Ragged
from clusterer.arrays.spill import IN_MEMORY, Store
from clusterer.stories import calendar
from clusterer.text.words import hash_words

LEAD_WORDS = 60.0
"""Scale of the lead's decay: a word so far in counts 1/e of the first one."""
LEAD_END = 120
"""Words from which on the lead counts no more: beyond, a word would weigh an eighth of the first."""
BODY_WORDS = 300
"""Words of a text that count at all: what comes later in long reports is background."""
LEAD_POWER, BODY_POWER, TITLE_POWER = 1.75, 2.0, 1.5
"""Powers of the inverse document frequency."""
RUN = 3
"""Stems in a row, shared by both texts, that count as formula or copied passage."""
LEAD, OPENING = 60, 25
"""Words of a text that are its lead, and its opening (about one sentence); the title belongs to both."""
IN_TITLE, IN_OPENING, IN_LEAD = 1, 2, 4
"""Bits of `TermWeights.places`."""
UNSEEN = 0.5
"""Documents added to the count of every stem, so that one never seen has a rarity too."""
SMOOTH = 0.002
"""Share of all documents that is added besides: a stem that no background knows is not the rarest of all."""
DATE_RARITY = 3.0
"""Most that calendar words and numbers weigh before powers (`clusterer.stories.calendar`)."""
FEED_SHARE = 0.5
"""Largest part that the feed's own counts have in a document frequency, however large the feed."""
SPREADS, BESIDE = 2.0, 300
"""A stem is at least as frequent as the feed itself says: in so many standard deviations fewer of its articles than hold it,
over all and as many articles more that do not. A handful of articles says nothing; a large feed has common words that no
background knows."""
QUESTIONS = "هل ماذا كيف هو هي"
"""Words of a title that asks, which hardly any title of a report holds: what explains the news, or who is in it, is no report.
The pronouns stand in من هو and ما هي; لماذا is ماذا with a prefix. Those that are also names or other words, such as أين, متى
and هم, are left out."""
TABLE_NUMBERS, TABLE_SHARE = 8, 1 / 3
"""Numbers that a text has at least, and the share of its words that they are, to be a table: no news has so many."""

_LEAD_MOST = 2.0  # a stem said again and again in the lead counts as if it stood twice at its start
_NEAR = np.exp(-np.arange(LEAD_END) / LEAD_WORDS)
_ROWS = 4096  # texts weighed at a time


@dataclass(frozen=True, slots=True)
class TermWeights:
    """Weighted stems of n texts: v columns, one a distinct stem; x entries, one a distinct stem of a text.

    Attributes:
        stems: uint32 (v,), the stem of each column, ascending.
        offsets: int64 (n + 1,); text i has entries ``offsets[i]:offsets[i + 1]``.
        columns: uint32 (x,), ascending within a text: the stems anywhere in title or text.
        weights: float32 (3, x), of lead, body and title, 0 where a stem is not there, each text's of length 1. Lead:
            rarity times nearness to the start, the first `LEAD_END` words; body: rarity squared times log frequency;
            title: rarity.
        rarity: float64 (v,), the inverse document frequency of each column.
        tokens: uint32 (w,), the column of every word of the texts, in reading order, `token_offsets` int64 (n + 1,).
        places: uint8 (x,), where each entry stands: `IN_TITLE`, `IN_OPENING`, `IN_LEAD`; 0 further down.
        title_totals, opening_totals: float64 (n,), the sum of the rarities of each title's stems and each opening's.
        is_number: bool (v,), which columns are numbers, but no years.
        numbers: int64 (n,), distinct numbers in each lead.
        is_name: bool (v,), which columns are names of places, people or clubs.
        name_totals: float64 (n,), the sum of the rarities of the names in each title and lead.
        weekdays: uint8 (2, n), a bit for each weekday that is named in the opening, and in the lead.
        asking: bool (n,), texts whose title asks: who is, what, why, how.
        tables: bool (n,), texts that are a table: prices, prayer times, results, without a sentence.
    """

    stems: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    columns: NDArray[np.uint32]
    weights: NDArray[np.float32]
    rarity: NDArray[np.float64]
    tokens: NDArray[np.uint32]
    token_offsets: NDArray[np.int64]
    places: NDArray[np.uint8]
    title_totals: NDArray[np.float64]
    opening_totals: NDArray[np.float64]
    is_number: NDArray[np.bool_]
    numbers: NDArray[np.int64]
    is_name: NDArray[np.bool_]
    name_totals: NDArray[np.float64]
    weekdays: NDArray[np.uint8]
    asking: NDArray[np.bool_]
    tables: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def leads(self) -> tuple[Ragged, NDArray[np.float32]]:
        """The stems of each text's lead, uint32, ascending, and their weights, float32."""
        entries = np.flatnonzero(self.weights[0])
        offsets = np.searchsorted(entries, self.offsets)
        return Ragged(self.stems[self.columns[entries]], offsets), self.weights[0][entries]

    def weighted_sets(self, start: int, stop: int) -> tuple[Ragged, NDArray[np.float64]]:
        """The stems of leads and titles of texts `start` to `stop` as hashes, and the sum of both weights.

        For `weighted_minhash.weighted_signatures`.
        """
        offsets = self.offsets[start : stop + 1]
        lead, _, title = self.weights[:, offsets[0] : offsets[-1]]
        both = lead.astype(np.float64) + title
        entries = np.flatnonzero(both)
        hashes = self.stems[self.columns[offsets[0] + entries]].astype(np.uint64)
        return Ragged(hashes, np.searchsorted(entries, offsets - offsets[0])), both[entries]


@dataclass(frozen=True, slots=True)
class DocumentFrequencies:
    """What is known of a feed whose texts are not all at hand.

    Attributes:
        texts: how many it has.
        counts: how many of them hold each stem: uint32 (v,), ascending, to int64 (v,).
    """

    texts: int
    counts: Callable[[NDArray[np.uint32]], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Background:
    """In how many articles of other feeds each stem occurs.

    Attributes:
        stems: uint32 (b,), ascending.
        counts: int64 (b,), articles that hold each.
        articles: how many were counted.
        names: uint32, ascending, stems that are names of places, people or clubs.
    """

    stems: NDArray[np.uint32]
    counts: NDArray[np.int64]
    articles: int
    names: NDArray[np.uint32]


def weight_terms(
    texts: Ragged,
    titles: Ragged,
    threads: int = 1,
    feed: DocumentFrequencies | None = None,
    known: Background | None = None,
    store: Store = IN_MEMORY,
) -> TermWeights:
    """Weigh the stems of n texts.

    Args:
        texts: uint32 stems of each, in reading order.
        titles: uint32 stems of their titles, in the same order; empty where there is none.
        threads: blocks of texts worked on side by side.
        feed: that the texts are of; None where they are all of it.
        known: counts of other feeds; the shipped ones where None.
        store: where what belongs to stems lives.
    """
    stems, bodies, heads = _columns(texts, titles, threads, store)
    entries, weights, places, rarity = _weighed(bodies, heads, stems, threads, feed, known, store)
    is_number, bit_of = _dated(stems)
    asks = find_sorted(question_stems(), stems)[1]
    is_name = find_sorted((known or background()).names, stems)[1]
    n = len(entries)
    totals, numbers, weekdays = np.zeros((3, n)), np.zeros(n, dtype=np.int64), np.zeros((2, n), dtype=np.uint8)
    asking, tables = np.zeros((2, n), dtype=np.bool_)

    def sum_up(start: int) -> None:
        block = slice(start, min(start + _ROWS, n))
        inside = slice(entries.offsets[block.start], entries.offsets[block.stop])
        columns, place = entries.values[inside], places[inside]
        row = np.repeat(np.arange(block.stop - start), entries.counts[block])
        titled, opening, lead = (np.flatnonzero(place & bit) for bit in (IN_TITLE, IN_OPENING, IN_LEAD))
        for total, here in zip(totals[:2], (titled, opening), strict=True):
            total[block] = np.bincount(row[here], weights=rarity[columns[here]], minlength=block.stop - start)
        asking[start + row[titled[asks[columns[titled]]]]] = True
        for days, here in zip(weekdays, (opening, lead), strict=True):
            dated = here[bit_of[columns[here]] > 0]
            np.bitwise_or.at(days, start + row[dated], bit_of[columns[dated]])
        named = lead[is_name[columns[lead]]]
        totals[2, block] = np.bincount(row[named], weights=rarity[columns[named]], minlength=block.stop - start)
        figures = lead[is_number[columns[lead]]]
        numbers[block] = np.bincount(row[figures], minlength=block.stop - start)
        words = np.repeat(np.arange(block.stop - start), texts.counts[block])
        in_text = is_number[bodies.values[texts.offsets[block.start] : texts.offsets[block.stop]]]
        found = np.bincount(words[in_text], minlength=block.stop - start)
        tables[block] = (found >= TABLE_NUMBERS) & (found >= TABLE_SHARE * texts.counts[block])

    for _ in ordered_map(sum_up, range(0, n, _ROWS), threads):
        pass
    return TermWeights(
        stems=stems, offsets=entries.offsets, columns=entries.values, weights=weights, rarity=rarity,
        tokens=bodies.values, token_offsets=texts.offsets, places=places,
        title_totals=totals[0], opening_totals=totals[1],
        is_number=is_number, numbers=numbers, is_name=is_name, name_totals=totals[2], weekdays=weekdays,
        asking=asking, tables=tables,
    )  # fmt: skip


@lru_cache(maxsize=1)
def question_stems() -> NDArray[np.uint32]:
    """Stems of `QUESTIONS`, uint32, ascending."""
    stems = hash_words([QUESTIONS], stems=True).stems
    assert stems is not None
    return np.unique(stems)


def _dated(stems: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Which stems are numbers, bool (v,), and of each a bit for the weekday that it names, uint8 (v,)."""
    is_number = find_sorted(calendar.number_stems(), stems)[1]
    bit_of = np.zeros(len(stems), dtype=np.uint8)
    for day, stem in enumerate(calendar.weekday_stems().tolist()):
        bit_of[stems == stem] = 1 << day
    return is_number, bit_of


def frequencies(texts: Ragged, titles: Ragged) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The distinct stems of texts and their titles, uint32 (v,), ascending, and how many of the texts hold each, int64 (v,).

    Args:
        texts, titles: as for `weight_terms`.
    """
    stems, bodies, heads = _columns(texts, titles)
    held = np.zeros(len(stems), dtype=np.int64)
    for start in range(0, len(texts), _ROWS):
        held += np.bincount(_distinct(bodies, heads, start, len(stems))[0], minlength=len(stems))
    return stems, held


def _weighed(
    bodies: Ragged,
    heads: Ragged,
    stems: NDArray[np.uint32],
    threads: int,
    feed: DocumentFrequencies | None,
    known: Background | None,
    store: Store,
) -> tuple[Ragged, NDArray[np.float32], NDArray[np.uint8], NDArray[np.float64]]:
    """The entries of n texts, their weights (3, x) and places (x,), and the rarity of stems (v,)."""
    n = len(bodies)
    blocks = range(0, n, _ROWS)

    # Twice over the texts: how many hold a stem decides its weight.
    found, counts, held = Growing(np.uint32, store), Growing(np.int64), np.zeros(len(stems), dtype=np.int64)
    for columns, sizes in ordered_map(lambda start: _distinct(bodies, heads, start, len(stems)), blocks, threads):
        found.append(columns)
        counts.append(sizes)
        held += np.bincount(columns, minlength=len(stems))
    entries = Ragged(found.array(), offsets_from_counts(counts.array()))
    times, articles = (feed.counts(stems), feed.texts) if feed else (held, n)
    rarity = inverse_frequencies(stems, times, articles, known)
    powers = np.stack([rarity**LEAD_POWER, rarity**BODY_POWER, rarity**TITLE_POWER])
    logs = 1.0 + np.log(np.maximum(np.arange(int(bodies.counts.max(initial=0)) + 1), 1.0))
    logs[0] = 0.0
    weights: NDArray[np.float32] = store.empty((3, len(entries.values)), np.float32)
    places: NDArray[np.uint8] = store.empty(len(entries.values), np.uint8)

    def weigh_block(start: int) -> None:
        stop = min(start + _ROWS, n)
        block = slice(entries.offsets[start], entries.offsets[stop])
        weights[:, block], places[block] = _weights(bodies, heads, start, stop, entries, logs, powers)

    for _ in ordered_map(weigh_block, blocks, threads):
        pass
    return entries, weights, places, rarity


def _columns(
    texts: Ragged, titles: Ragged, threads: int = 1, store: Store = IN_MEMORY
) -> tuple[NDArray[np.uint32], Ragged, Ragged]:
    """The distinct stems, ascending, and of each stem of texts and titles its place among them."""
    cut = len(texts.values)
    together, columns = (store.empty(cut + len(titles.values), np.uint32) for _ in range(2))
    together[:cut], together[cut:] = texts.values, titles.values
    stems = intern(together, columns, threads)
    return stems, Ragged(columns[:cut], texts.offsets), Ragged(columns[cut:], titles.offsets)


def _distinct(bodies: Ragged, heads: Ragged, start: int, v: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Distinct columns of a block of rows, ascending in each, and how many there are of each row."""
    stop = min(start + _ROWS, len(bodies))
    counts = np.empty(stop - start, dtype=np.int64)
    found = kernels.distinct_columns(bodies.values, bodies.offsets, heads.values, heads.offsets, start, stop, v, counts)
    return found, counts


def _weights(
    bodies: Ragged,
    heads: Ragged,
    start: int,
    stop: int,
    entries: Ragged,
    logs: NDArray[np.float64],
    powers: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Weights, float32 (3, entries of the block), and places, uint8."""
    size = int(entries.offsets[stop] - entries.offsets[start])
    out, places = np.empty((3, size), dtype=np.float32), np.empty(size, dtype=np.uint8)
    kernels.weigh_rows(
        bodies.values, bodies.offsets, heads.values, heads.offsets, start, stop, entries.values, entries.offsets,
        _NEAR, _LEAD_MOST, OPENING, LEAD, logs, powers, out, places,
    )  # fmt: skip
    return out, places


def inverse_frequencies(
    stems: NDArray[np.uint32], counts: NDArray[np.int64], n: int, known: Background | None = None
) -> NDArray[np.float64]:
    """Rarity of each stem, float64 (v,), over background and feed together.

    log((N + 1) / (df + `SMOOTH` N + `UNSEEN`)), df at least what the feed surely says (`SPREADS`, `BESIDE`); of calendar words
    and numbers at most `DATE_RARITY`.

    Args:
        stems: uint32 (v,), hashes.
        counts: int64 (v,), in how many of the feed's n articles each occurs.
        n: articles of the feed. A large feed is scaled down to `FEED_SHARE` of the whole.
        known: counts of other feeds; the shipped ones where None.
    """
    known = known or background()
    position, found = find_sorted(known.stems, stems)
    before = np.zeros(len(stems))
    before[found] = known.counts[position[found]]
    total = known.articles
    scale = min(1.0, FEED_SHARE / (1.0 - FEED_SHARE) * total / max(n, 1)) if total else 1.0
    articles = total + scale * n
    surely = np.maximum(counts - SPREADS * np.sqrt(counts), 0.0) / (n + BESIDE)
    held = np.maximum(before + scale * counts, surely * articles)
    rarity: NDArray[np.float64] = np.log((articles + 1.0) / (held + SMOOTH * articles + UNSEEN))
    dated = find_sorted(calendar.date_stems(), stems)[1]
    rarity[dated] = np.minimum(rarity[dated], DATE_RARITY)
    return np.maximum(rarity, 0.0)


@lru_cache(maxsize=1)
def background() -> Background:
    """The shipped counts."""
    with (
        files("clusterer.stories").joinpath("background.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as data,
    ):
        return Background(data["stems"], data["counts"].astype(np.int64), int(data["articles"]), data["names"])
