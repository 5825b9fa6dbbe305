"""Explain: why two articles are together, or not. In numbers that reproduce the decision, and in words.

Measures one pair with the stages that judged it, and puts together what they say. Decides nothing; prints nothing.

Array letters: as in `stages`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clusterer import boilerplate, events, minhash, pipeline, salience, similarity
from clusterer.corpus import as_article, items_of
from clusterer.errors import InputError
from clusterer.passages import Passages, Piece
from clusterer.records import LEVELS, Article, Assignment, Clustering, Level, Relation
from clusterer.settings import Settings
from clusterer.stages import Progress
from clusterer.words import Words, hash_words

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame, IntoSeries

_WORDS = 15  # shared words that are told
_TRACE = 0.002  # likeness that a shared word must bring
_EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, slots=True)
class Copying:
    """Two texts as sets of shingles.

    Attributes:
        jaccard, containment, opening: as in `similarity.Overlap`, with `shared`, `smaller` and `larger` as numbers of shingles.
        is_copy, is_cut: what they are by the settings' thresholds.
        bands: numbers of the signature bands, of `of_bands`, in which both have the same slots.
        samples: sampled shingles that both hold. Without bands or samples in common a pair is not compared.
    """

    jaccard: float
    containment: float
    opening: float
    shared: int
    smaller: int
    larger: int
    is_copy: bool
    is_cut: bool
    bands: tuple[int, ...]
    of_bands: int
    samples: int

    @property
    def linked(self) -> bool:
        """Whether they are copies or one a cut of the other."""
        return self.is_copy or self.is_cut


@dataclass(frozen=True, slots=True)
class Part:
    """A feature's part in the score of two texts.

    Attributes:
        name: as in `events.FEATURES`.
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
class Reporting:
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
        mean: mean score over all pairs of texts between their stories, pairs not compared counting as 0; where they are
            in one story, over all pairs of this story.
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
        verdict: the answer in one sentence.
        reasons: sentences that bear it out, the decisive one first.
        copying: their texts as shingles; None where one is too short to be compared, or the run stopped before.
        reporting: their copy groups as reports; None as before, and for copies.
        path: verified links that lead from one to the other; empty where they are apart.
        passages: both texts in pieces, each held against the other.
    """

    articles: tuple[Article, Article]
    assignments: tuple[Assignment, Assignment]
    level: Level | None
    relation: Relation | None
    verdict: str
    reasons: tuple[str, ...]
    copying: Copying | None
    reporting: Reporting | None
    path: tuple[Step, ...]
    passages: tuple[tuple[Piece, ...], tuple[Piece, ...]]

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    """Named tuples as dicts, at any depth."""
    if isinstance(value, Assignment | Piece):
        return value._asdict()
    if isinstance(value, Mapping):
        return {name: _plain(x) for name, x in value.items()}
    return [_plain(x) for x in value] if isinstance(value, list | tuple) else value


def explain(
    articles: Iterable[Article | Mapping[str, Any] | str] | IntoDataFrame | IntoSeries,
    a: str,
    b: str,
    settings: Settings | None = None,
) -> Explanation:
    """Group articles, and say why two of them, given by id, are together or not. For several pairs take `Explainer`.

    Raises:
        InputError: an id is not there, or an item is no article.
    """
    return Explainer(articles, settings).explain(a, b)


class Explainer:
    """A run that is kept, to be asked about any two of its articles.

    Attributes:
        clustering: what the run found.
    """

    def __init__(
        self,
        articles: Iterable[Article | Mapping[str, Any] | str] | IntoDataFrame | IntoSeries,
        settings: Settings | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Group articles as `cluster` does.

        Args:
            articles: as for `cluster`. What can be walked again, is, when texts are to be shown; other things are held.
            settings, fields, progress: as for `cluster`.
        """
        self._settings = settings or Settings()
        self._articles = list(articles) if isinstance(articles, Iterator) else articles
        self._fields = fields
        self._walk = pipeline.walk(items_of(self._articles, fields), self._settings, progress, keep=True)
        self.clustering: Clustering = self._walk.clustering
        self._place = {a.id: i for i, a in enumerate(self.clustering)}

    def explain(self, a: str, b: str) -> Explanation:
        """Why two articles, given by id, are together or not.

        Raises:
            InputError: an id is not there.
        """
        i, j = (self._number(x) for x in (a, b))
        told = self.clustering.assignments
        way = path(told[i], told[j], lambda id: told[self._place[id]])
        heads = self._heads(i, j)
        wanted = {i, j, *heads, *(self._place[x] for step in way for x in (step.id, step.linked_to or step.id))}
        items = self._items(wanted)
        documents = self._walk.documents
        assert documents.corpus_words is not None
        words = documents.corpus_words.take(np.array([i, j]))
        titles = {told[x].id: item.title for x, item in items.items()}
        return explained(
            (items[i], items[j]),
            (told[i], told[j]),
            self._settings,
            (int(words.counts[0]), int(words.counts[1])),
            copying(words, self._settings),
            self._reporting(i, j, (items[heads[0]], items[heads[1]])) if heads else None,
            steps(a, way, titles),
            self.clustering.furniture,
        )

    def _number(self, id: str) -> int:
        if id not in self._place:
            raise InputError(f"no article {id!r} among {len(self._place)}; cure: an id as `cluster` writes it")
        return self._place[id]

    def _items(self, places: Collection[int]) -> dict[int, Article]:
        last = max(places)
        found = {}
        for place, item in enumerate(items_of(self._articles, self._fields)):
            if place in places:
                found[place] = replace(as_article(item, place + 1), id=self.clustering.assignments[place].id)
            if place == last:
                break
        return found

    def _heads(self, i: int, j: int) -> tuple[int, ...]:
        """Articles whose texts stand for the copy groups of two articles; empty where these were not compared."""
        texts, documents = self._walk.texts, self._walk.documents
        if texts is None or min(documents.of_article[[i, j]]) < 0:
            return ()
        rows = texts.text_of[documents.of_article[[i, j]]]
        return tuple(texts.articles[rows].tolist()) if rows[0] != rows[1] else ()

    @cached_property
    def _salience(self) -> salience.Salience:
        assert self._walk.texts is not None
        return salience.weigh(self._walk.texts.stems, self._walk.texts.titles, self._settings.threads)

    def _reporting(self, i: int, j: int, heads: tuple[Article, Article]) -> Reporting:
        texts, stories = self._walk.texts, self._walk.stories
        assert texts is not None
        assert stories is not None
        rows = texts.text_of[self._walk.documents.of_article[[i, j]]]
        pair, salient = np.sort(rows), self._salience
        features = events.evidence(salient, pair[None], texts.outlets, texts.first, texts.last)[0]
        slots = [
            minhash.weighted_signatures(
                *salient.weighted_sets(row, row + 1), self._settings.story_slots, self._settings.seed
            )[0]
            for row in rows.tolist()
        ]
        ends, of_text = np.searchsorted(texts.centres, stories.pairs), stories.of_text
        sides = of_text[ends]
        mine, other = of_text[rows].tolist()
        here, there = int((of_text == mine).sum()), int((of_text == other).sum())
        between = (np.sort(sides, axis=1) == sorted((mine, other))).all(axis=1)
        pairs = here * (here - 1) // 2 if mine == other else here * there
        return reporting(
            salient,
            (int(rows[0]), int(rows[1])),
            heads,
            features,
            np.stack(slots),
            bool((ends == pair).all(axis=1).any()),
            float(stories.score[between].sum() / pairs),
            pairs,
            self._settings,
        )


def path(a: Assignment, b: Assignment, of: Callable[[str], Assignment]) -> list[Assignment]:
    """The verified links that lead from one article to another of its story, each as the assignment that holds it; empty
    where they are of different stories.

    Args:
        a, b: of both.
        of: an assignment by id.
    """
    if a.story != b.story:
        return []
    ways: list[list[Assignment]] = []
    for end in (a, b):
        way = [end]
        while (link := way[-1].linked_to) is not None:
            way.append(of(link))
        ways.append(way)
    up, down = ways
    while len(up) > 1 and len(down) > 1 and up[-2].id == down[-2].id:
        up.pop()
        down.pop()
    return [*up[:-1], *down[-2::-1]]


def steps(start: str, way: Iterable[Assignment], titles: Mapping[str, str]) -> tuple[Step, ...]:
    """The links of a `path` in its direction, from the article with the id `start`."""
    out, at = [], start
    for link in way:
        other = link.id if link.linked_to == at else link.linked_to or link.id
        out.append(Step(at, other, (titles.get(at, ""), titles.get(other, "")), link))
        at = other
    return tuple(out)


def copying(words: Words, settings: Settings) -> Copying | None:
    """What the words of two articles share, without furniture; None where one is too short, or copies are not looked for."""
    if settings.level == "exact" or words.counts.min() < settings.min_words:
        return None
    words = words.take(np.lexsort((boilerplate.whole_hashes(words), -words.counts)))  # as documents are numbered
    found = similarity.overlap(pipeline.shingle(words, settings), np.array([[0, 1]]))
    keys, samples, rows = pipeline.sketch(words, settings)
    return Copying(
        float(found.jaccard[0]),
        float(found.containment[0]),
        float(found.opening[0]),
        int(found.shared[0]),
        int(found.smaller[0]),
        int(found.larger[0]),
        bool(found.are_copies(settings.jaccard)[0]),
        bool(found.are_cuts(settings.containment, settings.opening)[0]),
        tuple((np.flatnonzero(keys[0] == keys[1]) + 1).tolist()),
        keys.shape[1],
        len(np.intersect1d(samples[rows == 0], samples[rows == 1])),
    )


def reporting(
    salient: salience.Salience,
    rows: tuple[int, int],
    heads: tuple[Article, Article],
    features: NDArray[np.floating[Any]],
    slots: NDArray[np.uint16],
    compared: bool,
    mean: float,
    pairs: int,
    settings: Settings,
) -> Reporting:
    """How two copy groups are alike as reports.

    Args:
        salient: holds the stems of their texts.
        rows: of these.
        heads: the articles that the texts are of.
        features: (f,), as `events.evidence` gives them.
        slots: uint16 (2, k), signatures of the leads.
        compared, mean, pairs: as in `Reporting`.
        settings: of the run.
    """
    model = events.shipped_model()
    values = np.where(np.isnan(features), model.undated, features).astype(np.float64)
    parts = [
        Part(name, None if np.isnan(value) else float(value), float(points) + 0.0, events.MEANINGS[name])
        for name, value, points in zip(events.FEATURES, features, values * model.weights, strict=True)
    ]
    equal = slots[0] == slots[1] if (slots != slots[:, :1]).any(axis=1).all() else np.zeros(slots.shape[1], np.bool_)
    whole = slots.shape[1] // pipeline.STORY_ROWS
    bands = equal[: whole * pipeline.STORY_ROWS].reshape(whole, -1).all(axis=1)
    return Reporting(
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
    salient: salience.Salience, rows: tuple[int, int], head: Article, settings: Settings
) -> tuple[SharedWord, ...]:
    """The words that weigh most of those that both texts hold."""
    (a, z), (b, y) = ((salient.offsets[row], salient.offsets[row + 1]) for row in rows)
    columns, mine, theirs = np.intersect1d(salient.columns[a:z], salient.columns[b:y], return_indices=True)
    parts = salient.weights[:, a:z][:, mine].astype(np.float64) * salient.weights[:, b:y][:, theirs]
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


def explained(
    articles: tuple[Article, Article],
    assignments: tuple[Assignment, Assignment],
    settings: Settings,
    words: tuple[int, int],
    copies: Copying | None,
    reports: Reporting | None,
    way: Sequence[Step],
    furniture: Collection[int],
) -> Explanation:
    """Everything that was found out about two articles, and the sentences that tell it.

    Args:
        articles, assignments: of both.
        settings: of the run.
        words: how many each has without furniture.
        copies, reports, way: as in `Explanation`'s copying, reporting and path.
        furniture: as for `Passages`.
    """
    a, b = assignments
    level = next((level for level in LEVELS if getattr(a, level) == getattr(b, level)), None)
    if a.exact == b.exact:
        copies = reports = None
    relation: Relation | None = None
    if level == "exact":
        relation = "exact"
    elif copies is not None and copies.linked:
        relation = "copy" if copies.is_copy else "contained"
    elif reports is not None and reports.compared and reports.score >= settings.story:
        relation = "story"
    reasons = list(_reasons(assignments, settings, words, level, copies, reports))
    passages = Passages(articles, settings, furniture)
    pieces = tuple(passages.pieces(0, 1)), tuple(passages.pieces(1, 0))
    return Explanation(
        articles, assignments, level, relation, _VERDICTS[level], tuple(reasons), copies, reports, tuple(way), pieces
    )


_VERDICTS: dict[Level | None, str] = {
    "exact": "The same text: the same words in the same order, once datelines and footers are cut.",
    "copy": "Copies: one text, reprinted, changed a little or cut.",
    "story": "One story: independent reports of the same event.",
    None: "Apart: not the same text, and not the same event.",
}


def _reasons(
    assignments: tuple[Assignment, Assignment],
    settings: Settings,
    words: tuple[int, int],
    level: Level | None,
    copies: Copying | None,
    reports: Reporting | None,
) -> Iterator[str]:
    a, b = assignments
    if level == "exact":
        if a.id != b.id:
            yield "No word differs; spelling variants of letters, diacritics and digits count as the same."
        return
    short = [f"{x.id} has {n} words" for x, n in zip(assignments, words, strict=True) if n < settings.min_words]
    if short:
        yield f"{' and '.join(short)} without furniture; under {settings.min_words} a text is never grouped."
        return
    if copies is not None:
        yield _shingles_told(copies, settings)
        if copies.linked and level != "copy":
            yield (
                "They are alike enough for a link, but copy groups are stars: each article stands with the centre that it is"
                " most alike, and these two have different ones."
            )
        elif level == "copy" and not copies.linked:
            yield "They are in one copy group because both are linked to its centre; see the path."
        elif copies.linked and not (copies.bands or copies.samples):
            yield "Their signatures share no band and no sampled shingle: they met by way of others; see the path."
    else:
        yield "The run stopped at identical texts: copies were not looked for."
    if level == "copy":
        return
    if settings.level != "story":
        yield f"The run stopped at level {settings.level}: reports in other words were not looked for."
    elif reports is not None:
        yield from _score_told(a.story == b.story, reports, settings)


def _shingles_told(x: Copying, settings: Settings) -> str:
    unit = "words" if settings.unit == "word" else "letters"
    both = f"{x.shared} of their {x.smaller + x.larger - x.shared} runs of {settings.size} {unit} stand in both"
    if x.is_copy:
        return f"{both}: Jaccard similarity {x.jaccard:.2f}, and from {settings.jaccard:.2f} on two texts are copies."
    part = f"{x.shared} of the shorter one's {x.smaller} runs of {settings.size} {unit} are in the longer one"
    held = f"containment {x.containment:.2f}, at least {settings.containment:.2f} for a cut"
    if x.is_cut:
        return (
            f"{part} ({held}), and it holds {x.opening:.2f} of that one's opening (at least {settings.opening:.2f}): one is"
            " a cut of the other."
        )
    if x.containment >= settings.containment:
        return (
            f"{part} ({held}), but it holds only {x.opening:.2f} of that one's opening (at least {settings.opening:.2f}):"
            " quoted, not cut."
        )
    return (
        f"No copies: {both}, Jaccard similarity {x.jaccard:.2f} (at least {settings.jaccard:.2f});"
        f" {held.replace('for a cut', 'for a cut of the other')}."
    )


def _score_told(together: bool, x: Reporting, settings: Settings) -> Iterator[str]:
    told = f"The score for one event is {x.score:.2f}; stories are joined from a mean of {settings.story:.2f} on."
    if not x.compared:
        told = (
            f"They were never compared as reports; the score would be {x.score:.2f}, and {settings.story:.2f} is asked."
        )
        if x.bands:
            told += " Their leads looked too different at a cheap first look, or met in too large a bucket."
        else:
            told += f" Their leads share no band: {x.slots} of {x.of_slots} slots are equal."
    yield told
    counted = [part for part in x.parts if abs(part.points) >= 0.05]
    for said, those in (
        ("For one event", [p for p in counted if p.points > 0]),
        ("Against", [p for p in counted if p.points < 0]),
    ):
        if those:
            parts = (f"{'dates unknown' if p.value is None else p.meaning} ({p.points:+.1f})" for p in those)
            yield f"{said}: {', '.join(parts)}."
    whose = f"its {x.pairs} pairs of texts" if together else f"the {x.pairs} pairs of texts between their stories"
    means = f"the mean of {whose} is {x.mean:.2f}"
    if together and (not x.compared or x.score < settings.story):
        yield f"They are together by way of other reports (see the path): {means}."
    elif not together and x.compared and x.score >= settings.story:
        yield f"But one link does not join two stories: {means}, under {settings.story:.2f}."
