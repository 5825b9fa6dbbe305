"""Answers: what an index tells of stored articles and stories.

Hands what is stored of a story to `assign`, which tells of it as of a batch, and puts the lasting names in. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusterer.assignments import assign
from clusterer.copies.candidates import CandidatePairs
from clusterer.copies.documents import Documents
from clusterer.corpus import Corpus
from clusterer.explanation.evidence import Explanation, StoryEvidence, copying, path, reporting, steps
from clusterer.explanation.reasons import explained
from clusterer.index.articles import key, moment
from clusterer.index.copy_candidates import Lookup
from clusterer.index.links import first_printed, read_links
from clusterer.results import Assignment
from clusterer.stories import features as stories_features
from clusterer.stories.clustering import Stories


@dataclass(frozen=True, slots=True)
class Story:
    """A story as it stands.

    Attributes:
        id: its name, for as long as anything of it is there.
        aliases: ids of stories that became part of it.
        assignments: its articles, in order of arrival.
        copies: how many independent texts they are.
        outlets: who printed them, sorted.
        first, last: earliest and latest date of its articles; where they have none, when they came.
        title: of its representative.
    """

    id: str
    aliases: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    copies: int
    outlets: tuple[str, ...]
    first: datetime
    last: datetime
    title: str

    def __len__(self) -> int:
        return len(self.assignments)


class Answers:
    """What is told of the articles of an open index. Inside a transaction."""

    def __init__(self, lookup: Lookup) -> None:
        """Of a lookup."""
        self._lookup, self._store = lookup, lookup.store

    def numbers(self, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Number and digest of articles by id."""
        names = list(ids)
        rows = self._store.among(
            "SELECT id, number, digest FROM article WHERE key IN {}", [key(name) for name in names]
        )
        wanted = set(names)
        return {name: (number, digest) for name, number, digest in rows if name in wanted}

    def stories(self, stories: Sequence[int]) -> Iterator[Story]:
        """Stories by number."""
        store = self._store
        rows = store.among(
            "SELECT text.story, article.number, coalesce(date, added), outlet, text.centre FROM text JOIN document ON"
            " document.centre = text.centre JOIN article ON article.document = document.number WHERE text.story IN {}"
            " ORDER BY article.number",
            stories,
        )
        members: dict[int, list[tuple[int, float, str, int]]] = {}
        for story, *row in rows:
            members.setdefault(story, []).append(tuple(row))
        numbers = [row[0] for x in members.values() for row in x]
        told = dict(zip(numbers, self.assigned(numbers), strict=True))
        aliases: dict[int, list[str]] = {}
        for id, into in store.among("SELECT id, into_story FROM story WHERE into_story IN {} ORDER BY number", stories):
            aliases.setdefault(into, []).append(id)
        heads = [number for number in numbers if told[number].representative]
        titles = {number: article.title for number, article in self._lookup.articles(heads).items()}
        for story in stories:
            inside = members[story]
            head = next(number for number, *_ in inside if told[number].representative)
            dates = [date for _, date, _, _ in inside]
            yield Story(
                told[head].story,
                tuple(aliases.get(story, ())),
                tuple(told[number] for number, *_ in inside),
                len({centre for *_, centre in inside}),
                tuple(sorted({outlet for _, _, outlet, _ in inside} - {""})),
                moment(min(dates)),
                moment(max(dates)),
                titles[head],
            )

    def alone(self, number: int) -> Story:
        """An article too short to group."""
        article = self._lookup.articles([number])[number]
        when = article.date or moment(self._store.rows("SELECT added FROM article WHERE number = ?", number)[0][0])
        outlets = (article.outlet,) if article.outlet else ()
        return Story(
            self.free([article.id])[0], (), tuple(self.assigned([number])), 1, outlets, when, when, article.title
        )

    def assigned(self, numbers: Sequence[int]) -> list[Assignment]:
        """Assignments of stored articles, in the order given."""
        told = self.with_their_stories(numbers)
        return [told[number] for number in numbers]

    def with_their_stories(self, numbers: Sequence[int]) -> dict[int, Assignment]:
        """Assignments by number, of stored articles and of all others in their stories."""
        store = self._store
        stories = store.among(
            "SELECT DISTINCT story FROM article JOIN document ON document.number = document JOIN text ON text.centre ="
            " document.centre WHERE article.number IN {}",
            numbers,
        )
        columns = "article.number, article.id, outlet, date, document.number, hash, words, document.centre, story"
        rows = store.among(
            f"SELECT {columns} FROM text JOIN document ON document.centre = text.centre JOIN article ON"
            " article.document = document.number WHERE story IN {} ORDER BY article.number",
            [story for (story,) in stories],
        )
        told = dict(self._assign(rows)) if rows else {}
        short = store.among("SELECT number, id FROM article WHERE number IN {} AND document IS NULL", numbers)
        name = dict(zip([id for _, id in short], self.free([id for _, id in short]), strict=True))
        for number, id in short:
            told[number] = Assignment(id, name[id], id, id, True, None, None, None)
        return told

    def explained(self, a: int, b: int) -> Explanation:
        """Why two stored articles are together, or not."""
        lookup, settings = self._lookup, self._store.settings
        told = self.with_their_stories([a, b])
        number = {x.id: i for i, x in told.items()}
        way = path(told[a], told[b], lambda id: told[number[id]])
        shown = {a, b, *(number[x] for step in way for x in (step.id, step.linked_to or step.id))}
        articles = lookup.articles(sorted(shown))
        items = articles[a], articles[b]
        words = lookup.cut(lookup.read([x.text for x in items]), [x.outlet for x in items])
        titles = {article.id: article.title for article in articles.values()}
        return explained(
            items,
            (told[a], told[b]),
            settings,
            (int(words.counts[0]), int(words.counts[1])),
            copying(words, settings, *self._printed(a, b)),
            self._reporting(a, b) if settings.level == "story" else None,
            steps(told[a].id, way, titles),
            lookup.furniture.tolist(),
        )

    def _printed(self, a: int, b: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """By whom and when the texts of two articles were first printed."""
        documents = dict(self._store.among("SELECT number, document FROM article WHERE number IN {}", [a, b]))
        if None in documents.values():
            return np.full(2, -1), np.full(2, np.inf)
        distinct = np.unique(np.array([documents[a], documents[b]], dtype=np.int64))
        outlets, dates = first_printed(self._store, distinct)
        rows = np.searchsorted(distinct, [documents[a], documents[b]])
        return outlets[rows], dates[rows]

    def _reporting(self, a: int, b: int) -> StoryEvidence | None:
        """How two articles' copy groups are alike as reports; None where they are in one, or in none. By the features that
        are stored, where the groups were compared."""
        lookup, store = self._lookup, self._store
        rows = {
            number: (centre, story, slots, head)
            for number, centre, story, slots, head in store.among(
                "SELECT article.number, text.centre, text.story, slots, whole.article FROM article JOIN document ON"
                " document.number = document JOIN text ON text.centre = document.centre JOIN document AS whole ON"
                " whole.number = text.body WHERE article.number IN {}",
                [a, b],
            )
        }
        if len(rows) < 2 or rows[a][0] == rows[b][0]:
            return None
        centres, stories = [rows[x][0] for x in (a, b)], [rows[x][1] for x in (a, b)]
        low, high = sorted(centres)
        salient, features = lookup.evidence(lookup.texts(np.array([low, high])))
        stored = store.rows("SELECT features FROM pair WHERE a = ? AND b = ?", low, high)
        if stored:
            features = np.frombuffer(stored[0][0], dtype="<f4").astype(np.float64)
        ((here, there, total),) = store.rows(
            "SELECT (SELECT count(*) FROM text WHERE story = ?1), (SELECT count(*) FROM text WHERE story = ?2), (SELECT"
            " coalesce(sum(score), 0.0) FROM pair JOIN text AS one ON one.centre = a JOIN text AS other ON other.centre = b"
            " WHERE (one.story = ?1 AND other.story = ?2) OR (one.story = ?2 AND other.story = ?1))",
            *stories,
        )
        pairs = here * (here - 1) // 2 if stories[0] == stories[1] else here * there
        heads = lookup.articles([rows[x][3] for x in (a, b)])
        return reporting(
            salient,
            (int(centres[0] > centres[1]), int(centres[0] < centres[1])),
            (heads[rows[a][3]], heads[rows[b][3]]),
            features,
            np.stack([np.frombuffer(rows[x][2], dtype="<u2") for x in (a, b)]),
            bool(stored),
            total / pairs,
            pairs,
            store.settings,
        )

    def free(self, ids: list[str]) -> list[str]:
        """Names for stories of articles that are alone: their ids, or, where a story has that name, the first of "#2", "#3",
        ... that neither a story nor another article has."""
        taken = {id for (id,) in self._store.among_texts("SELECT id FROM story WHERE id IN {}", ids)}
        out = []
        for id in ids:
            name, again = id, 1
            while name in taken or (again > 1 and self._held(name)):
                again += 1
                name = f"{id}#{again}"
            out.append(name)
        return out

    def _held(self, name: str) -> bool:
        """Whether a story or an article has this id."""
        return bool(
            self._store.rows("SELECT 1 FROM story WHERE id = ?", name)
            or self._store.rows("SELECT 1 FROM article WHERE key = ? AND id = ?", key(name), name)
        )

    def _assign(self, rows: list[tuple[Any, ...]]) -> Iterator[tuple[int, Assignment]]:
        """Assignments of all articles of some stories, by number."""
        store = self._store
        numbers, ids, outlets, dates, document, hashes, words, centre, story = zip(*rows, strict=True)
        distinct, first, of = np.unique(np.array(document, dtype=np.int64), return_index=True, return_inverse=True)
        hash = np.array(hashes, dtype=np.int64).view(np.uint64)[first]
        order = np.lexsort((hash, -np.array(words, dtype=np.int64)[first]))
        place = np.argsort(order)  # by place in `distinct`, the number that `assign` knows a document by
        local = place[of]
        centres = place[np.searchsorted(distinct, np.array(centre, dtype=np.int64)[first])][order]
        dated = np.array([np.inf if date is None else date for date in dates])
        ranks = np.empty(len(ids), dtype=np.int64)
        ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
        corpus = Corpus(list(ids), list(outlets), dated, ranks, None, None, 0, 0, self._lookup.furniture)
        outlets_of, dates_of = first_printed(store, distinct)
        documents = Documents(first[order], local, None, outlets_of[order], dates_of[order])
        links = read_links(store, distinct, place, store.settings)
        stories = self._likenesses(distinct, place, centres, np.array(story, dtype=np.int64)[first][order])
        nothing = CandidatePairs(np.zeros((0, 2), dtype=np.int64), 0)
        told = assign(corpus, documents, nothing, links, centres, stories, self._store.settings)
        names = dict(store.among("SELECT number, id FROM story WHERE number IN {}", sorted(set(story))))
        exact_name, copy_name = dict[int, str](), dict[int, str]()
        for i, id in enumerate(ids):  # in order of arrival: groups have the name of the article that came first
            exact_name.setdefault(document[i], id)
            copy_name.setdefault(centre[i], id)
        for i, a in enumerate(told):
            yield (
                numbers[i],
                a._replace(story=names[story[i]], copy=copy_name[centre[i]], exact=exact_name[document[i]]),
            )

    def _likenesses(
        self,
        documents: NDArray[np.int64],
        place: NDArray[np.int64],
        centres: NDArray[np.int64],
        story: NDArray[np.int64],
    ) -> Stories | None:
        if self._store.settings.level != "story":
            return None
        distinct, text_of = np.unique(centres, return_inverse=True)
        of_text = np.empty(len(distinct), dtype=np.int64)
        of_text[text_of] = story
        _, first, of = np.unique(of_text, return_index=True, return_inverse=True)
        rows = self._store.among("SELECT a, b, score, features FROM pair WHERE a IN {}", documents)
        ends = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        inside = np.isin(ends[:, 1], documents)
        pairs = np.sort(place[np.searchsorted(documents, ends[inside])], axis=1)
        score = np.array([row[2] for row in rows], dtype=np.float64)[inside]
        features = np.frombuffer(b"".join([row[3] for row in rows]), dtype="<f4").reshape(
            -1, len(stories_features.FEATURES)
        )
        return Stories(text_of, distinct[first[of]], pairs, score, features[inside], 0, 0)
