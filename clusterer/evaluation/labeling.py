"""Telling pairs: which pairs of a feed's articles a person should judge, so that few answers say much.

Most are near the threshold, where settings decide; a few lie well above and well below, as controls: gold of hard pairs
only would not tell that the easy ones are right. They are spread over stories and outlets, so that no wire report that
everybody prints, and no two houses, are all that is asked about. The order is fixed by a seed. Asks nobody.

Array letters: `m` pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import cycle
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer.articles import Article
from clusterer.copies.candidates import generate_candidates
from clusterer.copies.verify import FAR, SERIES, classify, verify
from clusterer.errors import SettingsError
from clusterer.pipeline import PipelineRun, run_pipeline
from clusterer.progress import Progress
from clusterer.settings import Settings

NEAR = 0.15
"""How far from the threshold a pair is still near it."""
Kind = Literal["near", "above", "below"]
_ORDER: tuple[Kind, ...] = ("near", "near", "above", "near", "near", "below")
_FINE = 0.05  # differences in distance from the threshold below this do not matter
_LOOSER = 0.25  # how far below its thresholds the copy level looks for pairs
_AGAIN = 2  # times more that a story is asked about before a pair of another kind is taken instead
_FAR = -0.4  # margin below which nobody needs to be asked


class PairToJudge(NamedTuple):
    """A pair to be judged.

    Attributes:
        a, b: places of the two articles in the feed, the earlier place first.
        score: what we think of it: how likely both report one event, or the containment of the two texts.
        margin: how far above the threshold it is, below 0 where it is not together.
        kind: whether it is near the threshold, or a control.
    """

    a: int
    b: int
    score: float
    margin: float
    kind: Kind


class PairSampler:
    """Chooses pairs of a feed's articles for a person to judge.

    Attributes:
        ids: of all articles, by place.
    """

    def __init__(
        self,
        articles: Iterable[Article | Mapping[str, Any] | str],
        settings: Settings,
        progress: Progress | None = None,
    ) -> None:
        """Group the feed once.

        Args:
            articles: the feed.
            settings: whose decisions are to be judged, at their level.
            progress: called with how far the work is.

        Raises:
            SettingsError: the level is "exact", of which there is nothing to ask.
        """
        if settings.level == "exact":
            raise SettingsError("level exact has nothing to judge; use copy or story")
        done = run_pipeline(articles, settings, progress, keep=settings.level == "copy")
        self.ids = list(done.corpus.ids)
        pairs, self._score, self._margin = (_of_copies if settings.level == "copy" else _of_stories)(done, settings)
        self._pairs = np.sort(done.documents.articles[pairs], axis=1).reshape(-1, 2)
        self._stories = _numbers([a.story for a in done.clustering])
        self._outlets = _numbers(done.corpus.outlets)

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self._pairs)

    def pairs(self, seed: int = 1) -> Iterator[PairToJudge]:
        """Yield all pairs, the most telling first; always the same for a seed.

        Each next one is of those of its kind whose stories were asked about least; of these, whose outlets were; of
        these, near the threshold; of these, by chance. A kind whose stories were asked about too often has to wait.
        """
        chance = np.random.default_rng(seed).permutation(len(self._pairs))
        pairs, score, margin = self._pairs[chance], self._score[chance], self._margin[chance]
        a, b = self._stories[pairs].T
        outlets = np.sort(self._outlets[pairs], axis=1)
        between = np.unique(outlets, axis=0, return_inverse=True)[1].reshape(-1) if len(pairs) else np.zeros(0, int)
        about = np.zeros(self._stories.max(initial=-1) + 1, dtype=np.int64)
        printed = np.zeros(between.max(initial=-1) + 1, dtype=np.int64)
        far = np.abs(margin)
        steps = np.where(far <= NEAR, far // _FINE, 0).astype(np.int64)
        left: dict[Kind, NDArray[np.int64]] = {
            "near": np.flatnonzero(far <= NEAR),
            "above": np.flatnonzero(margin > NEAR),
            "below": np.flatnonzero(margin < -NEAR),
        }
        for kind in cycle(_ORDER):
            if not any(map(len, left.values())):
                return
            rest = left[kind]
            if not len(rest):
                continue
            times_asked = {k: np.maximum(about[a[x]], about[b[x]]) for k, x in left.items() if len(x)}
            if times_asked[kind].min() >= min(x.min() for x in times_asked.values()) + _AGAIN:
                continue
            best = int(np.lexsort((steps[rest], printed[between[rest]], times_asked[kind]))[0])
            i = int(rest[best])
            left[kind] = np.delete(rest, best)
            about[a[i]] += 1
            about[b[i]] += a[i] != b[i]
            printed[between[i]] += 1
            yield PairToJudge(int(pairs[i, 0]), int(pairs[i, 1]), float(score[i]), float(margin[i]), kind)


def _of_stories(
    done: PipelineRun, settings: Settings
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs of documents that stand for copy groups, int64 (m, 2), their scores and margins, float64 (m,)."""
    assert done.stories is not None
    return done.stories.pairs, done.stories.score, done.stories.score - settings.story


def _of_copies(
    done: PipelineRun, settings: Settings
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Pairs of documents, int64 (m, 2), their containment and margins, float64 (m,).

    The margin is by how much the nearer rule is kept or broken: alike as a whole, or a cut that holds the opening. What is a
    series is decided by other things than these, and not asked.
    """
    low = {f.name: f.metadata["low"] for f in fields(Settings) if f.name in ("jaccard", "containment", "opening")}
    looser = replace(settings, containment=max(settings.containment - _LOOSER, low["containment"]))
    for jaccard in (settings.jaccard - _LOOSER, settings.jaccard):
        try:
            proposed = generate_candidates(done.documents, replace(looser, jaccard=max(jaccard, low["jaccard"])))
            break
        except SettingsError:  # so low a similarity is out of reach of so few slots
            continue
    links = verify(done.documents, proposed.pairs, replace(settings, **low))
    overlap = links.overlap
    opening = np.minimum(overlap.opening, overlap.own_opening)
    cut = np.minimum(overlap.containment - settings.containment, opening - settings.opening)
    shorter = overlap.smaller <= settings.cut_ratio * overlap.larger
    margin = np.maximum(overlap.jaccard - settings.jaccard, np.where(shorter, cut, _FAR - 1))
    outlets, dates = done.documents.outlets, done.documents.dates
    kind = classify(links.pairs, overlap, links.differences, outlets, dates, settings)
    kept = (margin >= _FAR) & (kind != SERIES) & (kind != FAR)
    return links.pairs[kept], overlap.containment[kept], margin[kept]


def _numbers(names: Iterable[str]) -> NDArray[np.int64]:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(name, len(seen)) for name in names], dtype=np.int64)
