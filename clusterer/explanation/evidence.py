"""What was measured of two articles: as shingles, as reports of an event, and the links between them.

Measures with the functions of the pipeline, whose decision it reproduces; the sentences are `reasons`' business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.articles import Article
from clusterer.copies import candidates, facts, verify
from clusterer.copies.documents import Documents
from clusterer.copies.series import WHY
from clusterer.explanation.highlights import Piece
from clusterer.messages import Message, plain, worded
from clusterer.removals import why_it_stays
from clusterer.results import Assignment, Level, PairRelation
from clusterer.settings import Settings
from clusterer.stories import (
    candidates as stories_candidates,
    features as stories_features,
    model as stories_model,
    term_weights,
)
from clusterer.text.words import Words, hash_words, whole_hashes

_WORDS = 15  # shared words that are told
_TRACE = 0.002  # likeness that a shared word must bring
_EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, slots=True)
class CopyEvidence:
    """Two texts as sets of shingles.

    Attributes:
        jaccard, containment, opening, own_opening: as in `verify.Overlap`, with `shared`, `smaller` and `larger` as numbers of
            shingles.
        kind: what they are by the settings: "copy", "contained", "quoted", "series", "far" (further apart in time than the
            window), or "" for none of these.
        why: of a series, why it is one, of `copies.series.WHY`; else "".
        stays: of copies, why `dedup` keeps the shorter beside the longer one, of `removals.STAYS`; "" where it does not.
        form: whether they are one form, filled twice: reports of two events, however alike they are.
        facts, names, edits: runs of words that differ: numbers and dates; what names something; all others. All 0 where
            they were not looked at.
        bands: numbers of the signature bands, of `of_bands`, in which both have the same slots.
        samples: sampled shingles that both hold. Without bands or samples in common a pair is not compared.
        few: whether they are no copies for this alone, that one is a short text and they share too few words.
    """

    jaccard: float
    containment: float
    opening: float
    own_opening: float
    shared: int
    smaller: int
    larger: int
    kind: str
    why: str
    stays: str
    form: bool
    facts: int
    names: int
    edits: int
    bands: tuple[int, ...]
    of_bands: int
    samples: int
    few: bool = False

    @property
    def linked(self) -> bool:
        """Whether they are copies or one a cut of the other."""
        return self.kind in ("copy", "contained")


@dataclass(frozen=True, slots=True)
class Part:
    """A feature's part in the score of two texts.

    Attributes:
        name: as in `stories.features.FEATURES`.
        value: of the feature; None where it is not known, and counts as the model's usual value.
        points: what it adds to the sum that the score is made of; below 0 it speaks against one event.
        meaning: of the feature, in words.
    """

    name: str
    value: float | None
    points: float
    meaning: str


@dataclass(frozen=True, slots=True)
class SharedWord:
    """A word that both texts hold, by its stem.

    Attributes:
        word: as the first text spells it.
        rarity: inverse document frequency of its stem.
        lead, body, title: its part in the cosine of leads, of whole texts and of titles.
    """

    word: str
    rarity: float
    lead: float
    body: float
    title: float


@dataclass(frozen=True, slots=True)
class StoryEvidence:
    """Two copy groups as reports of an event.

    Attributes:
        score: how likely both report the same one: ``1 / (1 + exp(-(bias + sum of the parts' points)))``.
        bias: what the sum starts from.
        parts: of the features, what counts most first.
        texts: ids of the articles whose texts were compared, each the longest of its copy group.
        words: that both hold, what counts most first.
        slots: equal ones, of `of_slots`, of the signatures of the leads.
        bands: numbers of the bands in which these are the same. Without one a pair is not compared.
        compared: whether the run compared them and found more than a trace of likeness.
        mean: power mean of the scores (`stories.linkage`) over all pairs of texts between their stories, pairs not compared
            counting as 0; where they are in one story, over all pairs of this story.
        pairs: how many pairs that is.
    """

    score: float
    bias: float
    parts: tuple[Part, ...]
    texts: tuple[str, str]
    words: tuple[SharedWord, ...]
    slots: int
    of_slots: int
    bands: tuple[int, ...]
    compared: bool
    mean: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Step:
    """A verified link on the way from one article to another.

    Attributes:
        a, b: ids of its ends, in the direction of the way.
        titles: of both.
        assignment: of the end that holds the link.
    """

    a: str
    b: str
    titles: tuple[str, str]
    assignment: Assignment


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two articles are together, or not.

    Attributes:
        articles, assignments: of both.
        level: the finest level at which they are together; None where they are apart.
        relation: what they are to each other without the help of others; None where they are nothing.
        messages: the verdict, and what bears it out, the decisive first; to be worded in any language of `messages`.
        copying: their texts as shingles; None where one is too short to be compared, or the run stopped before.
        reporting: their copy groups as reports; None as before, and for copies.
        path: verified links that lead from one to the other; empty where they are apart.
        passages: both texts in pieces, each held against the other.
        telling: where two texts that are alike tell other things, which is why they are no copies or both stay: "number", "date",
            "name", "negation" or "words" (that the shorter has alone), and the words of either, "" where it has none; what tells
            most first.
    """

    articles: tuple[Article, Article]
    assignments: tuple[Assignment, Assignment]
    level: Level | None
    relation: PairRelation | None
    messages: tuple[Message, ...]
    copying: CopyEvidence | None
    reporting: StoryEvidence | None
    path: tuple[Step, ...]
    passages: tuple[tuple[Piece, ...], tuple[Piece, ...]]
    telling: tuple[tuple[str, str, str], ...] = ()

    @property
    def verdict(self) -> str:
        """The answer in one English sentence."""
        return worded(self.messages[0])

    @property
    def by_others(self) -> bool:
        """Whether as reports not both articles' own texts were compared, but for one the longest of its copy group."""
        return self.reporting is not None and self.reporting.texts != tuple(one.id for one in self.articles)

    @property
    def reasons(self) -> tuple[str, ...]:
        """English sentences that bear it out, the decisive one first."""
        return tuple(map(worded, self.messages[1:]))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data: dicts, lists, strings, numbers, dates."""
        return {
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            **{name: _plain(value) for name, value in asdict(self).items()},
        }


def _plain(value: Any) -> Any:
    """Named tuples as dicts, at any depth."""
    if isinstance(value, Assignment | Piece):
        return value._asdict()
    if isinstance(value, Message):
        return plain(value)
    if isinstance(value, Mapping):
        return {name: _plain(x) for name, x in value.items()}
    return [_plain(x) for x in value] if isinstance(value, list | tuple) else value


def path(a: Assignment, b: Assignment, assignment_of: Callable[[str], Assignment]) -> list[Assignment]:
    """Return the verified links that lead from one article to another, each as the assignment that holds it.

    Args:
        a, b: assignments of both.
        assignment_of: gives the assignment of an id.

    Returns:
        The links in the order of the way; empty where the articles are of different stories.

    Raises:
        ValueError: links lead in a circle, as no run makes them.
    """
    if a.story != b.story:
        return []
    chains: list[list[Assignment]] = []
    for end in (a, b):
        chain, seen = [end], {end.id}
        while (link := chain[-1].linked_to) is not None:
            if link in seen:
                raise ValueError(f"the links of {end.id!r} lead in a circle")
            seen.add(link)
            chain.append(assignment_of(link))
        chains.append(chain)
    up, down = chains
    while len(up) > 1 and len(down) > 1 and up[-2].id == down[-2].id:
        up.pop()
        down.pop()
    return [*up[:-1], *down[-2::-1]]


def steps(start: str, links: Iterable[Assignment], titles: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the links of a `path` in its direction.

    Args:
        start: id of the article that the way begins with.
        links: as `path` returns them.
        titles: of articles by id; "" where one is missing.
    """
    out, end = [], start
    for link in links:
        other = link.id if link.linked_to == end else link.linked_to or link.id
        out.append(Step(end, other, (titles.get(end, ""), titles.get(other, "")), link))
        end = other
    return tuple(out)


def copying(
    words: Words,
    settings: Settings,
    outlets: NDArray[np.int64],
    dates: NDArray[np.float64],
    judged: tuple[int, int] | None = None,
) -> CopyEvidence | None:
    """Return what the words of two articles share, boilerplate left out.

    Args:
        words: of the two articles.
        settings: of the run.
        outlets, dates: int64 (2,) and float64 (2,), of the articles that printed the two texts first, as in `Documents`.
        judged: what the run judged them to be, and why, as `verify.judge` has it; None where it did not compare them. Alone
            they would not be told to be notices, nor a form that comes back.

    Returns:
        None where one is too short to be compared, or the run stopped at exact copies.
    """
    if settings.level == "exact" or words.counts.min() < settings.min_words:
        return None
    words = words.take(np.lexsort((whole_hashes(words), -words.counts)))  # as documents are numbered
    pair = np.array([[0, 1]])
    found = verify.overlap(candidates.shingle(words, settings), pair)
    differing = facts.differences(words, pair, settings.profile)
    kind, why = verify.judge(pair, found, differing, outlets, dates, settings)
    if judged is not None:
        kind[0], why[0] = judged
    near = verify.are_near(words, pair, found, settings)
    few = not near[0] and verify.KINDS[kind[0]] in ("copy", "contained")
    kind[~near] = verify.NEITHER
    why[~near] = 0
    links = verify.Links(pair, found, differing, kind)
    documents = Documents(np.arange(2), np.arange(2), words, outlets, dates)
    keys, samples, rows = candidates.sketch(words, settings)
    return CopyEvidence(
        float(found.jaccard[0]),
        float(found.containment[0]),
        float(found.opening[0]),
        float(found.own_opening[0]),
        int(found.shared[0]),
        int(found.smaller[0]),
        int(found.larger[0]),
        verify.KINDS[kind[0]],
        WHY[why[0]],
        why_it_stays(links, documents, settings) if links.linked[0] else "",
        settings.series == "separate" and bool(near[0] and links.forms[0]),
        int(differing.facts[0]),
        int(differing.names[0] + differing.subjects[0]),
        int(differing.edits[0]),
        tuple((np.flatnonzero(keys[0] == keys[1]) + 1).tolist()),
        keys.shape[1],
        len(np.intersect1d(samples[rows == 0], samples[rows == 1])),
        few,
    )


def reporting(
    salient: term_weights.TermWeights,
    rows: tuple[int, int],
    heads: tuple[Article, Article],
    features: NDArray[np.floating[Any]],
    slots: NDArray[np.uint16],
    compared: bool,
    mean: float,
    pairs: int,
    settings: Settings,
) -> StoryEvidence:
    """Return how two copy groups are alike as reports.

    Args:
        salient: holds the stems of their texts.
        rows: of these.
        heads: the articles that the texts are of.
        features: (f,), as `stories.features.pair_features` returns them.
        slots: uint16 (2, k), signatures of the leads.
        compared, mean, pairs: as in `StoryEvidence`.
        settings: of the run.
    """
    model = stories_model.model_of(settings)
    values = np.where(np.isnan(features), model.undated, features).astype(np.float64)
    parts = [
        Part(one.name, None if np.isnan(value) else float(value), float(points) + 0.0, one.label)
        for one, value, points in zip(stories_features.TABLE, features, values * model.weights, strict=True)
    ]
    equal = slots[0] == slots[1] if (slots != slots[:, :1]).any(axis=1).all() else np.zeros(slots.shape[1], np.bool_)
    bands = np.lib.stride_tricks.sliding_window_view(equal, stories_candidates.STORY_ROWS).all(axis=1)
    return StoryEvidence(
        float(model.score(features[None].astype(np.float64))[0]),
        model.bias,
        tuple(sorted(parts, key=lambda part: -abs(part.points))),
        (heads[0].id, heads[1].id),
        _shared_words(salient, rows, heads[0], settings),
        int(equal.sum()),
        len(equal),
        tuple((np.flatnonzero(bands) + 1).tolist()),
        compared,
        mean,
        pairs,
    )


def _shared_words(
    salient: term_weights.TermWeights, rows: tuple[int, int], head: Article, settings: Settings
) -> tuple[SharedWord, ...]:
    """The words that weigh most of those that both texts hold."""
    (a, z), (b, y) = ((salient.offsets[row], salient.offsets[row + 1]) for row in rows)
    columns, places, other_places = np.intersect1d(salient.columns[a:z], salient.columns[b:y], return_indices=True)
    parts = salient.weights[:, a:z][:, places].astype(np.float64) * salient.weights[:, b:y][:, other_places]
    top = np.argsort(-parts.sum(axis=0), kind="stable")[:_WORDS]
    spelt = _spelt(head, settings)
    stems = salient.stems[columns[top]]
    rarity = salient.rarity[columns[top]]
    return tuple(
        SharedWord(spelt[stem], float(rare), *map(float, parts[:, x]))
        for stem, rare, x in zip(stems.tolist(), rarity.tolist(), top.tolist(), strict=True)
        if stem in spelt and parts[:, x].sum() >= _TRACE
    )


def _spelt(article: Article, settings: Settings) -> dict[int, str]:
    """The first word of each stem in title and text, as it is written there."""
    texts = [article.title, article.text]
    words = hash_words(texts, settings.profile, positions=True, stems=True)
    assert words.spans is not None
    assert words.stems is not None
    out: dict[int, str] = {}
    for text, start, stop in zip(texts, words.offsets[:-1], words.offsets[1:], strict=True):
        for stem, (a, z) in zip(words.stems[start:stop].tolist(), words.spans[start:stop].tolist(), strict=True):
            out.setdefault(stem, _EDGES.sub("", text[a:z]))
    return out
