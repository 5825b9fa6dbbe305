"""Term weights: how much each stem of an article tells of its event.

A stem weighs by its rarity (inverse document frequency) and by where it stands (the lead tells the event). Document
frequencies blend the feed's own with background counts of Arabic news that ship with the package, so that five
articles alone are weighed as they would be among thousands. Thresholds and scores live elsewhere.

The background (`background.npz`: stem hashes and in how many of how many articles each occurs, nothing else) is made by
``python -m benchmarks.training.background FOLDER`` from any folder of articles; the one that ships counts 15,042 articles of 12
Saudi newspapers, 21 to 31 July 2015 (SaudiNewsNet, M. Alhagri).

Sources: Spärck Jones 1972, "A statistical interpretation of term specificity" (rarity); Salton and Buckley 1988,
"Term-weighting approaches in automatic text retrieval", section 2 (term frequency, cosine).

Array letters: `n` articles, `v` distinct stems.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.hashing import multipliers, run_hashes_at
from clusterer.arrays.indexing import factorize, find_sorted, offsets_from_counts
from clusterer.arrays.parallel import ordered_map, run_both
from clusterer.arrays.ragged import Growing, Ragged, take_rows

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
RECURS = 4
"""Times that a run occurs in different texts to be a stock phrase of the trade, whoever writes it."""
UNSEEN = 0.5
"""Documents added to the count of every stem, so that one never seen has a rarity too."""
FEED_SHARE = 0.5
"""Largest part that the feed's own counts have in a document frequency, however large the feed."""

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
        lead_totals: float64 (n,), the sum of each text's weights of lead.
        tokens: uint32 (w,), the column of every word of the texts, in reading order, `token_offsets` int64 (n + 1,).
        stock: bool (w,), the run of `RUN` stems that begins here occurs `RECURS` times or more: a stock phrase.
    """

    stems: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    columns: NDArray[np.uint32]
    weights: NDArray[np.float32]
    rarity: NDArray[np.float64]
    lead_totals: NDArray[np.float64]
    tokens: NDArray[np.uint32]
    token_offsets: NDArray[np.int64]
    stock: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def leads(self) -> tuple[Ragged, NDArray[np.float32]]:
        """The stems of each text's lead, uint32, ascending, and their weights, float32."""
        entries = np.flatnonzero(self.weights[0])
        offsets = np.searchsorted(entries, self.offsets)
        return Ragged(self.stems[self.columns[entries]], offsets), self.weights[0][entries]

    def weighted_sets(self, start: int, stop: int) -> tuple[Ragged, NDArray[np.float64]]:
        """The leads' stems of texts `start` to `stop` as hashes and weights, for `weighted_minhash.weighted_signatures`."""
        offsets = self.offsets[start : stop + 1]
        lead = self.weights[0, offsets[0] : offsets[-1]]
        entries = np.flatnonzero(lead)
        hashes = self.stems[self.columns[offsets[0] + entries]].astype(np.uint64)
        return Ragged(hashes, np.searchsorted(entries, offsets - offsets[0])), lead[entries].astype(np.float64)


@dataclass(frozen=True, slots=True)
class DocumentFrequencies:
    """What is known of a feed whose texts are not all at hand.

    Attributes:
        texts: how many it has.
        counts: how many of them hold each stem: uint32 (v,), ascending, to int64 (v,).
    """

    texts: int
    counts: Callable[[NDArray[np.uint32]], NDArray[np.int64]]


def weight_terms(
    texts: Ragged, titles: Ragged, threads: int = 1, feed: DocumentFrequencies | None = None
) -> TermWeights:
    """Weigh the stems of n texts.

    Args:
        texts: uint32 stems of each, in reading order.
        titles: uint32 stems of their titles, in the same order; empty where there is none.
        threads: blocks of texts worked on side by side.
        feed: that the texts are of; None where they are all of it. What recurs in a feed is told by `with_stock`.
    """
    together = len(texts.values)
    stems, columns = _columns(np.concatenate([texts.values, titles.values]))
    bodies, heads = Ragged(columns[:together], texts.offsets), Ragged(columns[together:], titles.offsets)
    (entries, weights, rarity, totals), stock = run_both(
        lambda: _weighed(bodies, heads, stems, threads, feed),
        lambda: _recurring(bodies, RECURS) if feed is None else np.zeros(len(bodies.values), dtype=np.bool_),
        threads,
    )
    return TermWeights(
        stems, entries.offsets, entries.values, weights, rarity, totals, bodies.values, texts.offsets, stock
    )


def with_stock(
    weights: TermWeights, rows: NDArray[np.int64], recurs: Callable[[NDArray[np.uint64]], NDArray[np.bool_]]
) -> TermWeights:
    """The same with the stock phrases in the leads of some texts, as their feed knows them.

    Args:
        weights: of n texts.
        rows: int64, which texts; those of the others stay unknown.
        recurs: which runs of `RUN` stems occur `RECURS` times or more: uint64 (x,), distinct hashes of
            `hashing.run_hashes_at`, to bool (x,). Asked of runs that occur twice in these texts: no other is shared.
    """
    tokens, offsets = take_rows(weights.tokens, weights.token_offsets, rows, LEAD_END)
    places = np.flatnonzero(_recurring(Ragged(tokens, offsets), 2))
    hashes = run_hashes_at(weights.stems[tokens].astype(np.uint64), places, RUN)
    distinct, run = factorize(hashes)
    row = np.searchsorted(offsets, places, side="right") - 1
    stock = weights.stock.copy()
    stock[weights.token_offsets[rows][row] + places - offsets[row]] = recurs(distinct)[run]
    return replace(weights, stock=stock)


def frequencies(texts: Ragged, titles: Ragged) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The distinct stems of texts and their titles, uint32 (v,), ascending, and how many of the texts hold each, int64 (v,).

    Args:
        texts, titles: as for `weight_terms`.
    """
    together = len(texts.values)
    stems, columns = _columns(np.concatenate([texts.values, titles.values]))
    bodies, heads = Ragged(columns[:together], texts.offsets), Ragged(columns[together:], titles.offsets)
    held = np.zeros(len(stems), dtype=np.int64)
    for start in range(0, len(texts), _ROWS):
        held += np.bincount(_distinct(bodies, heads, start, len(stems))[0], minlength=len(stems))
    return stems, held


def _weighed(
    bodies: Ragged, heads: Ragged, stems: NDArray[np.uint32], threads: int, feed: DocumentFrequencies | None
) -> tuple[Ragged, NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """The entries of n texts, their weights (3, x), the rarity of stems (v,), and the sums of the leads' weights (n,)."""
    n = len(bodies)
    blocks = range(0, n, _ROWS)

    # Twice over the texts: how many hold a stem decides its weight.
    found, counts, held = Growing(np.uint32), Growing(np.int64), np.zeros(len(stems), dtype=np.int64)
    for columns, sizes in ordered_map(lambda start: _distinct(bodies, heads, start, len(stems)), blocks, threads):
        found.append(columns)
        counts.append(sizes)
        held += np.bincount(columns, minlength=len(stems))
    entries = Ragged(found.array(), offsets_from_counts(counts.array()))
    rarity = inverse_frequencies(stems, feed.counts(stems), feed.texts) if feed else inverse_frequencies(stems, held, n)
    powers = np.stack([rarity**LEAD_POWER, rarity**BODY_POWER, rarity**TITLE_POWER])
    logs = 1.0 + np.log(np.maximum(np.arange(int(bodies.counts.max(initial=0)) + 1), 1.0))
    logs[0] = 0.0
    weights, totals = np.empty((3, len(entries.values)), dtype=np.float32), np.zeros(n)

    def weigh_block(start: int) -> None:
        stop = min(start + _ROWS, n)
        ends = entries.offsets[start : stop + 1]
        out = weights[:, ends[0] : ends[-1]]
        out[:] = _weights(bodies, heads, start, stop, entries, logs, powers)
        rows = np.repeat(np.arange(stop - start), np.diff(ends))
        totals[start:stop] = np.bincount(rows, weights=out[0], minlength=stop - start)

    for _ in ordered_map(weigh_block, blocks, threads):
        pass
    return entries, weights, rarity, totals


def _columns(stems: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The distinct stems, ascending, and of each stem its place among them."""
    columns = np.empty(len(stems), dtype=np.uint32)
    return kernels.intern(np.ascontiguousarray(stems), columns), columns


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
) -> NDArray[np.float32]:
    """float32 (3, entries of the block)."""
    first, last = entries.offsets[start], entries.offsets[stop]
    out = np.empty((3, int(last - first)), dtype=np.float32)
    kernels.weigh_rows(
        bodies.values, bodies.offsets, heads.values, heads.offsets, start, stop, entries.values, entries.offsets,
        _NEAR, _LEAD_MOST, logs, powers, out,
    )  # fmt: skip
    return out


def _recurring(bodies: Ragged, least: int) -> NDArray[np.bool_]:
    """Return bool (w,): the run of `RUN` stems that begins here occurs `least` times or more."""
    recurs = np.zeros(len(bodies.values), dtype=np.bool_)
    kernels.recurring_runs(bodies.values, bodies.offsets, multipliers(RUN), least, recurs.view(np.uint8))
    return recurs


def inverse_frequencies(stems: NDArray[np.uint32], counts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Rarity of each stem, float64 (v,): log((N + 1) / (df + `UNSEEN`)) over background and feed together.

    Args:
        stems: uint32 (v,), hashes.
        counts: int64 (v,), in how many of the feed's n articles each occurs.
        n: articles of the feed. A large feed is scaled down to `FEED_SHARE` of the whole.
    """
    known, frequencies, total = background()
    position, found = find_sorted(known, stems)
    before = np.zeros(len(stems))
    before[found] = frequencies[position[found]]
    scale = min(1.0, FEED_SHARE / (1.0 - FEED_SHARE) * total / max(n, 1)) if total else 1.0
    rarity: NDArray[np.float64] = np.log((total + scale * n + 1.0) / (before + scale * counts + UNSEEN))
    return np.maximum(rarity, 0.0)


@lru_cache(maxsize=1)
def background() -> tuple[NDArray[np.uint32], NDArray[np.int64], int]:
    """The shipped counts: stems uint32 (b,) ascending, articles that hold each int64 (b,), number of articles."""
    with (
        files("clusterer.stories").joinpath("background.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as data,
    ):
        return data["stems"], data["counts"].astype(np.int64), int(data["articles"])
