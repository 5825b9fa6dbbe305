"""Every threshold of a grid tried on one feed, without hashing a text again.

Sketches do not depend on thresholds, so that all candidate pairs of the grid are known beforehand. Chooses nothing.

Array letters: `d` documents, `m` pairs, `n` members of a graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays import sorting
from clusterer.arrays.hashing import mix
from clusterer.arrays.partitions import Partitions
from clusterer.arrays.ragged import Growing
from clusterer.copies import grouping
from clusterer.copies.candidates import band_shape, shingle
from clusterer.copies.documents import Documents
from clusterer.copies.verify import Links, classify, least_shared, verify
from clusterer.corpus import Corpus
from clusterer.errors import SettingsError
from clusterer.evaluation.judge import Judge, f1_of
from clusterer.lsh import bands, buckets, minhash, samples as lsh_samples
from clusterer.progress import Progress
from clusterer.settings import Settings
from clusterer.stories.clustering import cluster_stories
from clusterer.stories.linkage import link_texts
from clusterer.stories.texts import story_texts

GRID: Mapping[str, tuple[float, ...]] = {
    "jaccard": tuple(round(0.3 + 0.05 * i, 2) for i in range(14)),
    "containment": tuple(round(0.4 + 0.05 * i, 2) for i in range(12)),
    "opening": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "story": tuple(round(0.2 + 0.025 * i, 3) for i in range(25)),
}
"""Values tried of each threshold, beside those started from."""
COPY_AXES = ("jaccard", "containment", "opening")
_LOOSE = 0.1  # containment from which pairs are looked at for the S-curve
_BIN = 0.05  # width of its bins
_CURVE_PAIRS = 200_000  # most pairs looked at for it


@dataclass(frozen=True, slots=True)
class Tried:
    """One setting tried, and what it scores on gold.

    Attributes:
        jaccard, containment, opening: of its copy level.
        story: its story threshold; None where copies are scored.
        precision, recall: B-cubed, or of judged pairs.
    """

    jaccard: float
    containment: float
    opening: float
    story: float | None
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return f1_of(self.precision, self.recall)


@dataclass(frozen=True, slots=True)
class CurveBin:
    """Pairs of a range of Jaccard similarity, and the share of them that meet in a band.

    Attributes:
        low, high: the range, `high` excluded but for 1.
        pairs: how many there are.
        before, after: share that meets in bands of the shape started from, and of the suggested one.
        predicted_before, predicted_after: mean of `lsh.bands.s_curve` over the same pairs.
    """

    low: float
    high: float
    pairs: int
    before: float
    after: float
    predicted_before: float
    predicted_after: float


class CopyPool:
    """All candidate pairs of a feed under any thresholds of the grid, and what they share."""

    def __init__(self, documents: Documents, settings: Settings, progress: Progress) -> None:
        """Sketch once, look at every pair once.

        Args:
            documents: d distinct texts.
            settings: where the grid is laid around.
            progress: called with how far the work is.
        """
        self._settings, self._d = settings, len(documents)
        self._sketch(documents, progress)
        self.axes = {name: axis_of(name, settings) for name in COPY_AXES}
        self.axes["jaccard"] = tuple(j for j in self.axes["jaccard"] if self._shape(j))
        shapes = {shape for j in self.axes["jaccard"] if (shape := self._shape(j))}
        self._banded = {shape: self._band_codes(shape) for shape in sorted(shapes)}
        self._sampled = {c: self._sample_codes(c) for c in self.axes["containment"]}
        self._loose = self._sample_codes(_LOOSE) if settings.sample else sorting.distinct(np.concatenate([
            np.zeros(0, np.int64), *self._banded.values()]))  # fmt: skip
        self._loose = self._loose[:: 1 + len(self._loose) // _CURVE_PAIRS]
        needed = sorting.distinct(np.concatenate([*self._banded.values(), *self._sampled.values(), self._loose]))
        least = {f.name: f.metadata["low"] for f in fields(Settings) if f.name in COPY_AXES}
        # What is below the least of all thresholds is no link at any.
        self.links: Links = verify(documents, self._pairs(needed), replace(settings, **least), progress)
        codes = self.links.pairs[:, 0] * self._d + self.links.pairs[:, 1]
        self._in_bands = {shape: np.isin(codes, found) for shape, found in self._banded.items()}
        self._in_samples = {c: np.isin(codes, found) for c, found in self._sampled.items()}
        self._measured = np.isin(codes, self._loose)
        shared = self.links.overlap
        self._jaccard, self._containment = shared.jaccard, shared.containment
        self._printed = documents.outlets, documents.dates

    def copies(self, settings: Settings) -> NDArray[np.int64]:
        """Return the first document of each document's copy group, int64 (d,), under thresholds of the grid."""
        return self._groups(settings, self.judged(settings), self._d)

    def judged(self, settings: Settings) -> Links:
        """Return all that a run with thresholds of the grid verifies, and what it finds each pair to be."""
        return self._judged(settings, self._near(settings, np.flatnonzero(self._candidates(settings))))

    def _near(self, settings: Settings, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of pairs those that a run with these thresholds keeps: the pool's were verified under the least of all."""
        return rows[self._containment[rows] >= least_shared(settings)]

    def _judged(self, settings: Settings, rows: NDArray[np.int64]) -> Links:
        links = self.links.where(rows)
        kind = classify(links.pairs, links.overlap, links.differences, *self._printed, settings)
        return replace(links, kind=kind)

    def _groups(self, settings: Settings, links: Links, n: int) -> NDArray[np.int64]:
        """Return groups of n documents by some links."""
        return grouping.group_documents(links.likeness, n, settings.jaccard, settings.containment, settings.bucket_cap)

    def part(self, documents: NDArray[np.int64]) -> Part:
        """Return what can ever be in one group with some documents: the rest of the feed decides nothing about them."""
        return Part(self.links.pairs, documents, self._d)

    def precision_recall(self, part: Part, judge: Judge, thresholds: tuple[float, float, float]) -> tuple[float, float]:
        """Return precision and recall of the copies at a Jaccard similarity, containment and opening.

        Args:
            part: the part of the feed that gold decides about.
            judge: gold.
            thresholds: of Jaccard similarity, containment and opening, on the grid.
        """
        chosen: dict[str, Any] = dict(zip(COPY_AXES, thresholds, strict=True))
        settings = replace(self._settings, **chosen)
        rows = self._near(settings, part.chosen[self._candidates(settings)[part.chosen]])
        links = replace(self._judged(settings, rows), pairs=part.local(self.links.pairs[rows]))
        groups = self._groups(settings, links, len(part))
        return judge.precision_recall(part.everywhere(groups))

    def curve(self, before: tuple[int, int], after: tuple[int, int]) -> tuple[CurveBin, ...]:
        """Return the S-curve of two shapes, over pairs that were not found by bands (they were by samples, where there are)."""
        bins = np.minimum((self._jaccard / _BIN + 1e-9).astype(np.int64), round(1 / _BIN) - 1)
        out = []
        for number in range(round(_LOOSE / _BIN), round(1 / _BIN)):
            in_bin = self._measured & (bins == number)
            if in_bin.any():
                met = [float(self._in_bands[shape][in_bin].mean()) for shape in (before, after)]
                predicted = [float(bands.s_curve(self._jaccard[in_bin], *shape).mean()) for shape in (before, after)]
                low, high = round(number * _BIN, 2), round((number + 1) * _BIN, 2)
                out.append(CurveBin(low, high, int(in_bin.sum()), met[0], met[1], predicted[0], predicted[1]))
        return tuple(out)

    def _candidates(self, settings: Settings) -> NDArray[np.bool_]:
        """Return which pairs are looked at, bool."""
        shape = self._shape(settings.jaccard)
        assert shape is not None
        found: NDArray[np.bool_] = self._in_bands[shape] | self._in_samples[settings.containment]
        return found

    def _shape(self, jaccard: float) -> tuple[int, int] | None:
        """The bands that find copies from this similarity on; None where the recall is out of reach."""
        try:
            return band_shape(replace(self._settings, jaccard=jaccard))
        except SettingsError:
            if jaccard == self._settings.jaccard:
                raise
            return None

    def _sketch(self, documents: Documents, progress: Progress) -> None:
        s, d = self._settings, self._d
        slots, samples = [], Growing(np.uint64)
        for start in range(0, d, s.chunk):
            stop = min(start + s.chunk, d)
            shingles = shingle(documents.take(slice(start, stop)), s)
            slots.append(minhash.signatures(shingles, s.slots, s.scheme, s.seed))  # type: ignore[arg-type]
            sampled, rows = lsh_samples.sampled_keys(shingles, s.sample)
            samples.append(sorting.distinct(buckets.entries(mix(sampled), rows + start, d)))
            progress("sketching", stop - start)
        self._slots = np.concatenate(slots) if slots else np.zeros((0, s.slots), np.uint32)
        self._samples = samples.array()
        self._held = np.bincount(buckets.articles_of(self._samples, d), minlength=d)

    def _band_codes(self, shape: tuple[int, int]) -> NDArray[np.int64]:
        keys = list(np.ascontiguousarray(bands.band_keys(self._slots, *shape).T))
        pairs, _ = bands.band_pairs(keys, self._d, self._settings.bucket_cap, self._settings.threads)
        return pairs[:, 0] * self._d + pairs[:, 1]

    def _sample_codes(self, containment: float) -> NDArray[np.int64]:
        entries = Partitions()
        entries.append(self._samples.view(np.int64).copy())
        pairs, _ = lsh_samples.containment_pairs(entries, self._held, self._settings.bucket_cap, containment)
        return pairs[:, 0] * self._d + pairs[:, 1]

    def _pairs(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.stack(np.divmod(codes, max(self._d, 1)), axis=1)


class Part:
    """The members that hang together with some of n by links, with numbers of their own in the same order."""

    def __init__(self, pairs: NDArray[np.int64], members: NDArray[np.int64], n: int) -> None:
        """Follow links from some members as far as they lead.

        Args:
            pairs: int64 (m, 2), all links between n.
            members: int64 (x,), the members started from; those below 0 are left out.
            n: how many there are.
        """
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        graph = coo_array((np.ones(len(pairs), dtype=np.int8), pairs.T), shape=(n, n))
        count, component = connected_components(graph, directed=False)
        touched = np.zeros(count, dtype=np.bool_)
        touched[component[members[members >= 0]]] = True
        reached = touched[component]
        self.chosen = np.flatnonzero(reached[pairs[:, 0]])
        self._members = np.flatnonzero(reached)
        self._n = n

    def __len__(self) -> int:
        """Return how many members there are."""
        return len(self._members)

    def local(self, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return pairs of members by their own numbers."""
        return np.searchsorted(self._members, pairs)

    def everywhere(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return groups by own numbers as groups of all n: who is not a member is alone."""
        out = np.arange(self._n)
        out[self._members] = self._members[groups]
        return out


class StorySweep:
    """The stories of one set of copy groups, at any threshold."""

    def __init__(
        self,
        corpus: Corpus,
        documents: Documents,
        copies: NDArray[np.int64],
        settings: Settings,
        judge: Judge,
        progress: Progress,
        forms: NDArray[np.int64],
    ) -> None:
        """Score all pairs of texts once; thresholds then only choose among them.

        Args:
            corpus: the feed.
            documents: its distinct texts.
            copies: int64 (d,), the centre of each document.
            settings: of the story level.
            judge: gold of stories.
            progress: called with how far the work is.
            forms: as for `cluster_stories`.
        """
        texts = story_texts(corpus, documents, copies)
        stories = cluster_stories(texts, settings, progress, forms)
        self._judge, self._text_of = judge, texts.text_of
        self._pairs, self._score = np.searchsorted(texts.centres, stories.pairs), stories.score
        self._texts = len(texts.centres)
        self._part = Part(self._pairs, texts.text_of[judge.documents[judge.documents >= 0]], self._texts)

    def groups(self, threshold: float) -> NDArray[np.int64]:
        """Return the story of each document, int64 (d,), at a threshold; right for the documents of gold."""
        chosen = self._part.chosen
        pairs = self._part.local(self._pairs[chosen])
        groups = link_texts(pairs, self._score[chosen], len(self._part), threshold)
        return self._part.everywhere(groups)[self._text_of]

    def all_groups(self, threshold: float) -> tuple[NDArray[np.int64], int]:
        """Return the story of each document, int64 (d,), whether gold names it or not, and how many links there are."""
        story = link_texts(self._pairs, self._score, self._texts, threshold)
        return story[self._text_of], int((self._score >= threshold).sum())

    def sweep(self, settings: Settings) -> tuple[Tried, ...]:
        """Return every threshold of the grid tried with these copy settings."""
        copies = settings.jaccard, settings.containment, settings.opening
        return tuple(
            Tried(*copies, x, *self._judge.precision_recall(self.groups(x))) for x in axis_of("story", settings)
        )


def axis_of(name: str, settings: Settings) -> tuple[float, ...]:
    """Return the values tried of a threshold, ascending: the grid's, and the one started from."""
    return tuple(sorted({*GRID[name], float(getattr(settings, name))}))
