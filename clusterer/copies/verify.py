"""Verification: exact measures of given pairs. The only place where a candidate becomes a link.

Jaccard |A & B| / |A | B|, containment |A & B| / min(|A|, |B|), and the openings: which share of either text's first shingles
the other one holds. A cut is shorter than what it was cut from, keeps its opening and begins with it; a text that a roundup
quotes further down does neither, and the two are no copies. What differs is looked at as well: `series`. Finding pairs is
`lsh`'s business.

Source: Broder 1997, "On the resemblance and containment of documents", section 2.

Array letters: `n` sets, `m` pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import kernels
from clusterer.arrays.indexing import factorize
from clusterer.arrays.parallel import ordered_map
from clusterer.arrays.ragged import Ragged
from clusterer.copies.candidates import shingle
from clusterer.copies.documents import Documents
from clusterer.copies.facts import Differences, differences, known_words, no_differences
from clusterer.copies.grouping import Likeness
from clusterer.copies.series import NEXT, NOTICES, RECURS, are_notices, fill_one_form, hours_apart, recur, why_series
from clusterer.copies.short_texts import share_words
from clusterer.progress import Progress, silent
from clusterer.settings import Settings
from clusterer.text.words import Words

OPENING = 40
"""Shingles that count as an article's opening: about its first two sentences."""
LATE = 18
"""Shingles of another lead before which a text begins with the other one: after so many it is another item of a roundup."""
NEAR = 0.4
"""Containment from which a pair is kept: below the thresholds it is no link, and counts where groups are compared."""
AGAINST = -0.25
"""What pairs of a series and pairs far apart count where groups are compared, times what they share."""
NEITHER, COPY, CONTAINED, QUOTED, SERIES, FAR = range(6)
"""What a pair is: no link but near, alike as a whole, a cut, quoted, of one form, further apart in time than is looked."""
KINDS = ("", "copy", "contained", "quoted", "series", "far")
"""Names of the kinds."""
_VERIFY_BLOCK = 1 << 13  # pairs verified at a time: their shingle sets are made, used and dropped


@dataclass(frozen=True, slots=True)
class Links:
    """Verified pairs of documents.

    Attributes:
        pairs: int64 (m, 2), first < second, sorted.
        overlap: what each pair shares.
        differences: what each pair differs in; looked at where a pair would be a link, or where stories are looked for.
        kind: uint8 (m,), `NEITHER`, `COPY`, `CONTAINED`, `QUOTED`, `SERIES` or `FAR`.
    """

    pairs: NDArray[np.int64]
    overlap: Overlap
    differences: Differences
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def linked(self) -> NDArray[np.bool_]:
        """Bool (m,): copies and cuts."""
        linked: NDArray[np.bool_] = (self.kind == COPY) | (self.kind == CONTAINED)
        return linked

    @property
    def forms(self) -> NDArray[np.bool_]:
        """Bool (m,): one form, filled twice.

        Pairs of a series that differ in facts rather than in their lead, and fillings that are too different for copies.
        """
        d = self.differences
        stated = d.facts + d.names + d.subjects
        filled: NDArray[np.bool_] = (self.kind == SERIES) & (stated >= 1) & (stated >= d.edits)
        filled |= ((self.kind == NEITHER) | (self.kind == FAR)) & fill_one_form(d)
        return filled

    @property
    def likeness(self) -> Likeness:
        """What grouping needs to know; what pairs of a series and pairs far apart share speaks against them."""
        apart = (self.kind == SERIES) | (self.kind == FAR)
        shared = self.overlap
        jaccard, containment = (np.where(apart, AGAINST * x, x) for x in (shared.jaccard, shared.containment))
        return Likeness(self.pairs, jaccard, containment, self.kind == COPY, self.kind == CONTAINED)

    @property
    def score(self) -> NDArray[np.float64]:
        """float64 (m,): containment of cuts and quotations, Jaccard of all others."""
        inside = (self.kind == CONTAINED) | (self.kind == QUOTED)
        return np.where(inside, self.overlap.containment, self.overlap.jaccard)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Links:
        """Only the pairs where `kept`, bool (m,), is True, or those with these numbers."""
        return Links(self.pairs[kept], self.overlap.where(kept), self.differences.where(kept), self.kind[kept])


def verify(
    documents: Documents, pairs: NDArray[np.int64], settings: Settings, progress: Progress | None = None
) -> Links:
    """What candidate pairs share by their exact shingle sets, and what they are; without those that share little."""
    tell = progress or silent

    def check(start: int) -> tuple[NDArray[np.int64], Overlap, Differences]:
        block = pairs[start : start + _VERIFY_BLOCK]
        needed, local = factorize(block)
        words = documents.take(needed)
        shared = overlap(shingle(words, settings), local, least_shared(settings))
        near = np.flatnonzero(are_near(words, local, shared, settings))
        shared, local = shared.where(near), local[near]
        differing = no_differences(len(near))
        if settings.series == "separate":
            asked = shared.are_copies(settings.jaccard) | shared.are_contained(settings.containment, settings.cut_ratio)
            asked |= settings.level == "story"  # where fillings of one form are no reports of one event either
            differing = differing.filled(asked, differences(words, local[asked], settings.profile))
        tell("verifying", len(block))
        return block[near], shared, differing

    if len(pairs):
        prepare(settings)
    blocks = list(ordered_map(check, range(0, len(pairs), _VERIFY_BLOCK), settings.threads))
    kept = np.concatenate([pairs[:0], *(block for block, _, _ in blocks)])
    shared, differing = join([x for _, x, _ in blocks]), Differences.join([x for _, _, x in blocks])
    kind = classify(kept, shared, differing, documents.outlets, documents.dates, settings)
    return Links(kept, shared, differing, kind)


def prepare(settings: Settings) -> None:
    """Make what is looked up of words: once, not by every thread for itself; while others work, where a caller can."""
    if settings.series == "separate":
        known_words(settings.profile)


def classify(
    pairs: NDArray[np.int64],
    shared: Overlap,
    differing: Differences,
    outlets: NDArray[np.int64],
    dates: NDArray[np.float64],
    settings: Settings,
) -> NDArray[np.uint8]:
    """What pairs are, uint8 (m,). Arguments as for `judge`."""
    return judge(pairs, shared, differing, outlets, dates, settings)[0]


def judge(
    pairs: NDArray[np.int64],
    shared: Overlap,
    differing: Differences,
    outlets: NDArray[np.int64],
    dates: NDArray[np.float64],
    settings: Settings,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """What pairs are, uint8 (m,), and why those of a series are none else, likewise: places in `series.WHY`.

    Args:
        pairs: int64 (m, 2), rows of d documents: all that tie these, where a series is to be known by its many days.
        shared, differing: of the pairs.
        outlets: int64 (d,), a number of the outlet that printed each document first, -1 where it is unknown.
        dates: float64 (d,), when that was, seconds since 1970, inf where it is unknown.
        settings: with the thresholds.
    """
    a, b = pairs.T
    hours = hours_apart(dates[a], dates[b])
    kind = np.full(len(shared), NEITHER, dtype=np.uint8)
    why = np.zeros(len(shared), dtype=np.uint8)
    if settings.cuts:
        inside = shared.are_contained(settings.containment, settings.cut_ratio)
        kind[inside] = np.where(shared.are_openings(settings.opening), CONTAINED, QUOTED)[inside]
    kind[shared.are_copies(settings.jaccard)] = COPY
    if settings.series == "separate":
        opening = np.minimum(shared.opening, shared.own_opening)
        why = why_series(shared.jaccard, opening, differing, of_one_outlet(pairs, outlets), hours)
        why[(kind == QUOTED) & (why == NEXT)] = 0  # it stands behind another lead; that alone makes it no series
        ties = shared.ties(settings)
        why[recur(pairs, ties, shared.jaccard, differing, dates, hours) & (why == 0)] = RECURS
        notices = are_notices(pairs, ties, shared.jaccard, shared.containment, outlets, dates, hours)
        why[notices & (kind != QUOTED) & (why == 0)] = NOTICES
        kind[(kind != NEITHER) & (why > 0)] = SERIES
    if settings.window:
        kind[hours > 24 * settings.window] = FAR
    why[kind != SERIES] = 0
    return kind, why


def of_one_outlet(pairs: NDArray[np.int64], outlets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Bool (m,): pairs, int64 (m, 2), that one known outlet printed first; `outlets` as of `Documents`."""
    a, b = outlets[pairs].T
    one: NDArray[np.bool_] = (a == b) & (a >= 0)
    return one


def least_shared(settings: Settings) -> float:
    """Containment below which nothing of a pair matters."""
    return min(NEAR, settings.jaccard, settings.containment)


def are_near(words: Words, pairs: NDArray[np.int64], shared: Overlap, settings: Settings) -> NDArray[np.bool_]:
    """Bool (m,): pairs that share enough to be looked at further; of short texts, nearly all words of both.

    So a caption or a headline is a cut of no article.

    Args:
        words: of n texts.
        pairs: int64 (m, 2), rows of `words`.
        shared: what these pairs share.
        settings: with the thresholds.
    """
    near = shared.containment >= least_shared(settings)
    asked = np.flatnonzero(near)
    near[asked] = share_words(words, pairs[asked], settings.profile)
    return near


@dataclass(frozen=True, slots=True)
class Overlap:
    """What m pairs of shingle sets share.

    Attributes:
        shared: int64 (m,), members in both.
        smaller, larger: int64 (m,), members of the smaller and of the larger set.
        opening: float64 (m,) in [0, 1], the share of the larger one's opening that the smaller holds; 0 where none of its
            first `LATE` shingles is there.
        own_opening: float64 (m,) in [0, 1], likewise the share of the smaller one's opening that the larger holds.
    """

    shared: NDArray[np.int64]
    smaller: NDArray[np.int64]
    larger: NDArray[np.int64]
    opening: NDArray[np.float64]
    own_opening: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.shared)

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1]; two empty sets have 0."""
        union = np.maximum(self.smaller + self.larger - self.shared, 1)
        jaccard: NDArray[np.float64] = self.shared / union
        return jaccard

    @property
    def containment(self) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1]: the share of the smaller set that is in the larger."""
        return self.shared / np.maximum(self.smaller, 1)

    @property
    def reverse_containment(self) -> NDArray[np.float64]:
        """float64 (m,) in [0, 1]: the share of the larger set that is in the smaller."""
        return self.shared / np.maximum(self.larger, 1)

    def where(self, kept: NDArray[np.bool_] | NDArray[np.int64]) -> Overlap:
        """Only the pairs where `kept`, bool (m,), is True, or those with these numbers."""
        return Overlap(*(getattr(self, f.name)[kept] for f in fields(self)))

    def are_copies(self, jaccard: float) -> NDArray[np.bool_]:
        """Bool (m,): alike as a whole."""
        return self.jaccard >= jaccard

    def are_contained(self, containment: float, ratio: float) -> NDArray[np.bool_]:
        """Bool (m,): most of the smaller one is in the larger, and it is at most `ratio` as large."""
        return (self.containment >= containment) & (self.smaller <= ratio * self.larger)

    def ties(self, settings: Settings) -> NDArray[np.bool_]:
        """Bool (m,): whether a pair may tie documents, whoever printed them and when."""
        ties = self.are_copies(settings.jaccard)
        if settings.cuts:
            ties |= self.are_contained(settings.containment, settings.cut_ratio) & self.are_openings(settings.opening)
        return ties

    def are_openings(self, opening: float) -> NDArray[np.bool_]:
        """Bool (m,): each holds that share of the other's opening."""
        return (self.opening >= opening) & (self.own_opening >= opening)


def overlap(shingles: Ragged, pairs: NDArray[np.int64], least: float = 0.0) -> Overlap:
    """Exact overlap of pairs of articles.

    Args:
        shingles: uint64, n articles' shingles in reading order, repeats kept.
        pairs: int64 (m, 2), row numbers. Of two sets of one size the first row of the pair counts as the larger.
        least: containment below which a pair counts as sharing nothing, so that not all of it need be compared.
    """
    counts, heads = np.empty((2, len(shingles)), dtype=np.int64)
    shared, opened = np.empty(len(pairs), dtype=np.int64), np.empty((len(pairs), 2), dtype=np.int64)
    pairs = np.ascontiguousarray(pairs)
    kernels.overlaps(shingles.values, shingles.offsets, pairs, OPENING, LATE, least, counts, heads, shared, opened)
    large, small = _by_size(counts, pairs)
    of_large, of_small = np.where(large != pairs[:, 0], opened[:, ::-1].T, opened.T)
    # A very short text cannot hold forty shingles: its own length is then what can be asked of it.
    asked = np.maximum(np.minimum(heads[large], counts[small]), 1)
    own = of_small / np.maximum(heads[small], 1)
    return Overlap(shared, counts[small], counts[large], np.minimum(of_large / asked, 1.0), own)


def join(parts: Sequence[Overlap]) -> Overlap:
    """Several batches of pairs as one."""
    if not parts:
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Overlap(none, none, none, nothing, nothing)
    return Overlap(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Overlap)))


def _by_size(counts: NDArray[np.int64], pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The larger and the smaller set of each pair; of equal ones the first is the larger."""
    swap = counts[pairs[:, 1]] > counts[pairs[:, 0]]
    return np.where(swap, pairs[:, 1], pairs[:, 0]), np.where(swap, pairs[:, 0], pairs[:, 1])
