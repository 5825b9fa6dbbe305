"""Salience: how much each stem of an article tells of its event.

A stem weighs by its rarity (inverse document frequency) and by where it stands (the lead tells the event). Document
frequencies blend the feed's own with background counts of Arabic news that ship with the package, so that five
articles alone are weighed as they would be among thousands. Thresholds and scores live elsewhere.

The background (`background.npz`: stem hashes and in how many of how many articles each occurs, nothing else) is made by
``python -m benchmarks.background FOLDER`` from any folder of articles; the one that ships counts 15,042 articles of 12
Saudi newspapers, 21 to 31 July 2015 (SaudiNewsNet, M. Alhagri).

Sources: Spärck Jones 1972, "A statistical interpretation of term specificity" (rarity); Salton and Buckley 1988,
"Term-weighting approaches in automatic text retrieval", section 2 (term frequency, cosine).

Array letters: `n` articles, `v` distinct stems.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.shingles import Ragged, run_hashes_of
from clusterer.words import Words

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
FEED_SHARE = 0.5
"""Largest part that the feed's own counts have in a document frequency, however large the feed."""


@dataclass(frozen=True, slots=True)
class Runs:
    """The x distinct runs of stems of n articles.

    Attributes:
        held: int8 sparse (n, x), 1 where an article holds a run.
        starts: int64 (x,), where a run stands for the first time, an index into `Salience.tokens`.
        stock: bool (x,), it occurs `RECURS` times or more: a stock phrase.
    """

    held: Any
    starts: NDArray[np.int64]
    stock: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Salience:
    """Weighted stems of n articles, as sparse matrices (n, v) that share their columns.

    Attributes:
        stems: uint64 (v,), the hash of each column's stem, ascending.
        lead: float32, rarity times nearness to the start, the first `LEAD_END` words, rows of length 1.
        lead_sums: float32, the same before rows were brought to length 1.
        body: float32, rarity squared times log frequency, all words, rows of length 1.
        title: float32, rarity of the title's stems, rows of length 1.
        present: float32 of ones, stems anywhere in title or text.
        tokens: int64 (w,), the column of every word of the texts, in reading order.
        runs: the runs of `RUN` stems that each text holds.
    """

    stems: NDArray[np.uint64]
    lead: Any
    lead_sums: Any
    body: Any
    title: Any
    present: Any
    tokens: NDArray[np.int64]
    runs: Runs

    @property
    def weighted_sets(self) -> tuple[Ragged, NDArray[np.float64]]:
        """The lead's stems as hashes and weights, for `minhash.weighted_signatures`."""
        lead = self.lead_sums
        return Ragged(self.stems[lead.indices], lead.indptr.astype(np.int64)), lead.data.astype(np.float64)


def weigh(words: Words, titles: Words) -> Salience:
    """Weigh the stems of n articles.

    Args:
        words: their texts, made with stems.
        titles: their titles, made with stems, in the same order; empty where there is none.

    Raises:
        ValueError: either was made without stems.
    """
    from scipy.sparse import csr_array

    if words.stems is None or titles.stems is None:
        raise ValueError("these words carry no stems; make them with hash_words(..., stems=True)")
    n = len(words)
    stems, columns = np.unique(np.concatenate([words.stems, titles.stems]), return_inverse=True)
    shape = (n, len(stems))
    body_columns, title_columns = columns[: len(words.stems)], columns[len(words.stems) :]
    body_rows = np.repeat(np.arange(n), words.counts)
    title_rows = np.repeat(np.arange(n), titles.counts)
    place = np.arange(len(body_rows)) - words.offsets[body_rows]

    def summed(data: NDArray[np.float64], rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Any:
        matrix = csr_array((data.astype(np.float32), (rows.astype(np.int32), cols.astype(np.int32))), shape=shape)
        matrix.sum_duplicates()
        return matrix

    frequency = summed(np.ones(len(body_rows)), body_rows, body_columns)
    title = summed(np.ones(len(title_rows)), title_rows, title_columns)
    present = frequency + title
    present.data[:] = 1.0
    rarity = inverse_frequencies(stems, np.bincount(present.indices, minlength=len(stems)), n)

    near = place < LEAD_END
    lead = summed(np.exp(-place[near] / LEAD_WORDS), body_rows[near], body_columns[near])
    lead.data = (np.minimum(lead.data, 2.0) * rarity[lead.indices] ** LEAD_POWER).astype(np.float32)
    body = frequency
    body.data = ((1.0 + np.log(body.data)) * rarity[body.indices] ** BODY_POWER).astype(np.float32)
    title.data = (rarity[title.indices] ** TITLE_POWER).astype(np.float32)

    def unit(matrix: Any) -> Any:
        filled = np.flatnonzero(np.diff(matrix.indptr))
        lengths = np.ones(n)
        lengths[filled] = np.sqrt(np.add.reduceat(matrix.data.astype(np.float64) ** 2, matrix.indptr[filled]))
        scaled = matrix.copy()
        scaled.data = (matrix.data / np.repeat(np.maximum(lengths, 1e-12), np.diff(matrix.indptr))).astype(np.float32)
        return scaled

    return Salience(
        stems, unit(lead), lead, unit(body), unit(title), present, body_columns, _runs(words, body_columns, stems)
    )


def _runs(words: Words, tokens: NDArray[np.int64], stems: NDArray[np.uint64]) -> Runs:
    """Every run of `RUN` stems of each text."""
    from scipy.sparse import csr_array

    hashes, starts, rows = run_hashes_of(stems[tokens], words.offsets, RUN)
    distinct, columns, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    first = np.empty(len(distinct), dtype=np.int64)
    first[columns[::-1]] = starts[::-1]  # the last write wins: where each run stands first
    columns = columns.astype(np.int32)
    held = csr_array((np.ones(len(columns), dtype=np.int8), (rows, columns)), shape=(len(words), len(distinct)))
    held.sum_duplicates()
    held.data[:] = 1
    return Runs(held, first, counts >= RECURS)


def inverse_frequencies(stems: NDArray[np.uint64], counts: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Rarity of each stem, float64 (v,): log((N + 1) / (df + 0.5)) over background and feed together.

    Args:
        stems: uint64 (v,), hashes.
        counts: int64 (v,), in how many of the feed's n articles each occurs.
        n: articles of the feed. A large feed is scaled down to `FEED_SHARE` of the whole.
    """
    known, frequencies, total = background()
    at = np.minimum(np.searchsorted(known, stems), max(len(known) - 1, 0))
    before = np.where(known[at] == stems, frequencies[at], 0) if len(known) else np.zeros(len(stems))
    scale = min(1.0, FEED_SHARE / (1.0 - FEED_SHARE) * total / max(n, 1)) if total else 1.0
    rarity: NDArray[np.float64] = np.log((total + scale * n + 1.0) / (before + scale * counts + 0.5))
    return np.maximum(rarity, 0.0)


@lru_cache(maxsize=1)
def background() -> tuple[NDArray[np.uint64], NDArray[np.int64], int]:
    """The shipped counts: stems uint64 (b,) ascending, articles that hold each int64 (b,), number of articles."""
    with files("clusterer").joinpath("background.npz").open("rb") as file, np.load(file, allow_pickle=False) as data:
        return data["stems"], data["counts"].astype(np.int64), int(data["articles"])
