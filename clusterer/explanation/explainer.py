"""Explain: why two articles are together, or not. In numbers that reproduce the decision, and in words.

Measures one pair with the stages that judged it, and puts together what they say. Decides nothing; prints nothing.

Array letters: `n` articles, `d` documents, `t` copy groups.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer import pipeline
from clusterer.articles import Article
from clusterer.copies.verify import judge
from clusterer.errors import InputError
from clusterer.explanation.evidence import Explanation, StoryEvidence, copying, path, reporting, steps
from clusterer.explanation.reasons import explained
from clusterer.io.inputs import Articles, articles_from, held
from clusterer.lsh import weighted_minhash
from clusterer.progress import Progress
from clusterer.results import Clustering
from clusterer.settings import GivenSettings, settings_from
from clusterer.stories import features as stories_features, term_weights
from clusterer.stories.linkage import mean_score


def explain(
    articles: Articles,
    a: Article | Mapping[str, Any] | str | int,
    b: str | int | None = None,
    settings: GivenSettings | None = None,
) -> Explanation:
    """Group articles, and return why two of them are together or not. For several pairs take `Explainer`.

    Args:
        articles: as for `cluster`; or one article alone.
        a: id of one; or the other article, where `articles` is one.
        b: id of the other; None where both articles are given themselves.
        settings: as for `cluster`.

    Raises:
        InputError: an id is not there, or an item is no article.

    Example:
        >>> text = "أعلنت وزارة التعليم اليوم موعد بدء الدراسة في المدارس الحكومية كافة"
        >>> found = explain([{"id": "a", "text": text}, {"id": "b", "text": text + " غدا"}], "a", "b")
        >>> found.level, found.verdict
        ('copy', 'Copies: one text, reprinted, changed a little or cut.')
    """
    if b is None:
        for name, one in (("articles", articles), ("a", a)):
            if not isinstance(one, Article | Mapping | str):
                cure = "explain(articles, id, other_id) or explain(article, other_article)"
                raise InputError(
                    f"{name} is a {type(one).__name__}, which is no article, and b is not given; cure: {cure}"
                )
        explainer = Explainer([articles, a], settings)  # type: ignore[list-item]
        return explainer.explain(*(assignment.id for assignment in explainer.clustering))
    if isinstance(articles, Mapping | Article) or not isinstance(a, str | int):
        raise InputError(
            f"a is a {type(a).__name__}, and b is given; cure: explain(articles, id, other_id) with all articles, or"
            " explain(article, other_article)"
        )
    return Explainer(articles, settings).explain(a, b)


class Explainer:
    """A run that is kept, to be asked about any two of its articles.

    Attributes:
        clustering: what the run found.

    Example:
        >>> explainer = Explainer([{"id": "a", "text": "نص قصير"}, {"id": "b", "text": "نص آخر"}])
        >>> explainer.explain("a", "b").reasons
        ('a has 2 words and b has 2 words without furniture; under 6 a text is never grouped.',)
    """

    def __init__(
        self,
        articles: Articles,
        settings: GivenSettings | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        progress: Progress | bool | None = None,
    ) -> None:
        """Group articles as `cluster` does.

        Args:
            articles: as for `cluster`. What can be walked again, is, when texts are to be shown; other things are held.
            settings: as for `cluster`.
            fields: as for `cluster`.
            progress: as for `cluster`.
        """
        self._settings = settings_from(settings)
        self._articles = held(articles, fields)
        self._fields = fields
        self._walk = pipeline.run_pipeline(self._articles, self._settings, progress, keep=True, fields=fields)
        self.clustering: Clustering = self._walk.clustering
        self._place = {a.id: i for i, a in enumerate(self.clustering)}

    def explain(self, a: str | int, b: str | int) -> Explanation:
        """Return why two articles, given by id, are together or not; a number is the id that it is written as.

        Raises:
            InputError: an id is not there.
        """
        i, j = (self._number(x) for x in (a, b))
        assignments = self.clustering.assignments
        links = path(assignments[i], assignments[j], lambda id: assignments[self._place[id]])
        heads = self._heads(i, j)
        wanted = {i, j, *heads, *(self._place[x] for step in links for x in (step.id, step.linked_to or step.id))}
        items = self._items(wanted)
        documents = self._walk.documents
        assert documents.corpus_words is not None
        words = documents.corpus_words.take(np.array([i, j]))
        titles = {assignments[x].id: item.title for x, item in items.items()}
        return explained(
            (items[i], items[j]),
            (assignments[i], assignments[j]),
            self._settings,
            (int(words.counts[0]), int(words.counts[1])),
            copying(words, self._settings, *self._printed(i, j), self._judged(i, j)),
            self._reporting(i, j, (items[heads[0]], items[heads[1]])) if heads else None,
            steps(assignments[i].id, links, titles),
            self.clustering.furniture,
        )

    def _printed(self, i: int, j: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """By whom and when the texts of two articles were first printed."""
        documents = self._walk.documents
        rows = documents.of_article[[i, j]]
        if min(rows) < 0:
            return np.full(2, -1), np.full(2, np.inf)
        return documents.outlets[rows], documents.dates[rows]

    def _judged(self, i: int, j: int) -> tuple[int, int] | None:
        """What the run judged the texts of two articles to be, and why; None where it did not compare them."""
        links = self._walk.links
        pair = np.sort(self._walk.documents.of_article[[i, j]])
        row = np.flatnonzero((links.pairs == pair).all(axis=1))
        return (int(links.kind[row[0]]), int(self._why[row[0]])) if len(row) else None

    @cached_property
    def _why(self) -> NDArray[np.uint8]:
        """Why pairs of the run are a series, as `verify.judge` has it."""
        links, documents = self._walk.links, self._walk.documents
        told = links.pairs, links.overlap, links.differences, documents.outlets, documents.dates, self._settings
        return judge(*told)[1]

    def _number(self, id: str | int) -> int:
        name = str(id) if isinstance(id, int) else id
        if name not in self._place:
            known = f", such as {self.clustering.assignments[0].id!r}" if len(self.clustering) else ""
            raise InputError(
                f"no article {id!r} among {len(self._place)}; cure: an id as `cluster` writes it{known}, not the number of a row"
            )
        return self._place[name]

    def _items(self, places: Collection[int]) -> dict[int, Article]:
        last = max(places)
        found = {}
        for place, article in enumerate(articles_from(self._articles, self._fields)):
            if place in places:
                found[place] = replace(article, id=self.clustering.assignments[place].id)
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
    def _term_weights(self) -> term_weights.TermWeights:
        assert self._walk.texts is not None
        return term_weights.weight_terms(self._walk.texts.stems, self._walk.texts.titles, self._settings.threads)

    def _reporting(self, i: int, j: int, heads: tuple[Article, Article]) -> StoryEvidence:
        texts, stories = self._walk.texts, self._walk.stories
        assert texts is not None
        assert stories is not None
        rows = texts.text_of[self._walk.documents.of_article[[i, j]]]
        pair, salient = np.sort(rows), self._term_weights
        features = stories_features.pair_features(salient, pair[None], texts.outlets, texts.first, texts.last)[0]
        slots = [
            weighted_minhash.weighted_signatures(
                *salient.weighted_sets(row, row + 1), self._settings.story_slots, self._settings.seed
            )[0]
            for row in rows.tolist()
        ]
        ends, of_text = np.searchsorted(texts.centres, stories.pairs), stories.of_text
        sides = of_text[ends]
        story, other_story = of_text[rows].tolist()
        size, other_size = int((of_text == story).sum()), int((of_text == other_story).sum())
        between = (np.sort(sides, axis=1) == sorted((story, other_story))).all(axis=1)
        pairs = size * (size - 1) // 2 if story == other_story else size * other_size
        return reporting(
            salient,
            (int(rows[0]), int(rows[1])),
            heads,
            features,
            np.stack(slots),
            bool((ends == pair).all(axis=1).any()),
            mean_score(stories.score[between], pairs),
            pairs,
            self._settings,
        )
