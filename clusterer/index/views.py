"""What an index says of stored articles and stories.

Hands what is stored of a story to `assignments.assign`, as a batch run does, and puts the lasting names in. Decides
nothing and writes nothing.

Array letters: `d` documents, `t` texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from clusterer.articles import first_outlet, free_ids, free_story_id, latest, seconds
from clusterer.assignments import AGENCIES, assign
from clusterer.copies.candidates import CandidatePairs
from clusterer.copies.documents import Documents
from clusterer.corpus import Corpus, ranks_of_ids
from clusterer.errors import InputError
from clusterer.index.articles import is_article, moment, numbers_of_ids, read_articles
from clusterer.index.follow_ups import follow_ups
from clusterer.index.guards import damaged
from clusterer.index.judged_links import earliest, numbered, read_links
from clusterer.index.likenesses import read_likenesses
from clusterer.index.open_index import OpenIndex
from clusterer.index.rankings import Selection, StoryOrder, ranked_stories
from clusterer.index.told_stories import Dated, Story, ToldStories
from clusterer.pairs import Pair, verified_pairs
from clusterer.pipeline import PipelineRun
from clusterer.results import Assignment

_ALL = Selection()


class IndexReader:
    """The articles and stories of an open index, inside a transaction.

    Attributes:
        told: stories that were told before, of readers that never write; None where none are kept.
    """

    def __init__(self, index: OpenIndex) -> None:
        """Read from an index that was refreshed in the running transaction."""
        self.index, self._database = index, index.database
        self.told: ToldStories | None = None

    # stories

    def find_story(self, name: str) -> Story:
        """A story by its id, an alias, or the id of one of its articles.

        Raises:
            InputError: there is none.
        """
        missing = InputError(f"{self._database.path}: no story, alias or article {name!r}; cure: see index stories")
        if name.encode("utf-8", "ignore").decode() != name:  # half a character: SQLite takes none, and no id has one
            raise missing
        rows = self._database.rows("SELECT coalesce(into_story, number) FROM story WHERE id = ?", name)
        if rows:
            return next(self.stories([rows[0][0]]))
        article = name
        stored = numbers_of_ids(self.index, [name, name.rpartition("#")[0]])
        if (
            article not in stored
        ):  # a story of one article without a word has a name that no story has, see `free_names`
            article = next((x for x in stored if self.free_names([x]) == [name]), name)
        if article not in stored:
            raise missing
        number = stored[article][0]
        rows = self._database.rows(
            "SELECT story FROM article JOIN document ON document.number = document JOIN text ON text.centre ="
            " document.centre WHERE article.number = ?",
            number,
        )
        if rows and article != name:
            raise missing
        return next(self.stories([rows[0][0]])) if rows else next(self.stories([-number]))

    def sorted_stories(
        self, selected: Selection, min_size: int, limit: int | None, sort: StoryOrder, with_articles: bool
    ) -> list[Story]:
        """Stories in an order.

        Args:
            selected: only those with such an article.
            min_size: least number of articles.
            limit: no more than so many.
            sort: which come first, see `StoryOrder`.
            with_articles: read their articles, too.
        """
        numbers = ranked_stories(self._database, selected, min_size, limit, sort)
        return list(self.stories(numbers, selected, with_articles))

    def stories(
        self, stories: Sequence[int], selected: Selection = _ALL, with_articles: bool = False
    ) -> Iterator[Story]:
        """Stories by number, articles without a word by theirs, negative; the others as of `sorted_stories`."""
        dated = (
            self._made_stories(stories, self.follows(stories), True) if with_articles else self._dated_stories(stories)
        )
        return (dated[number].of(selected) for number in stories)

    def _dated_stories(self, stories: Sequence[int]) -> dict[int, Dated]:
        """Stories by number, as they stand; those that were told before need not be made."""
        if self.told is None:
            return self._made_stories(stories, self.follows(stories))
        known, stirred = self.told.find(self._database, stories)
        missing = [x for x in stories if x not in known]
        if missing or stirred:
            follows, paired = self._follows([*missing, *stirred])
            made = self._made_stories(missing, follows)
            for x in stirred:
                story = known[x].story
                made[x] = known[x]._replace(story=replace(story, follows=follows.get(story.id)))
            self.told.put(self._database, made, paired)
            known |= made
        return known

    def _made_stories(
        self, stories: Sequence[int], follows: Mapping[str, str], with_articles: bool = False
    ) -> dict[int, Dated]:
        """Stories by number, as they stand; `follows` by id, their articles only where these are asked for."""
        out = self._wordless([-story for story in stories if story < 0], with_articles)
        stories = [story for story in stories if story > 0]
        rows = self._database.among(f"{_HELD_AND_ADDED} WHERE story IN {{}} ORDER BY article.number", stories)
        assigned = _assign(self.index, [row[:-1] for row in rows]) if rows else {}
        members: dict[int, list[tuple[int, float | None, float, str, int]]] = {}
        for number, _, outlet, date, _, _, _, centre, story, added in rows:
            members.setdefault(story, []).append((number, date, added, outlet, centre))
        numbers = [row[0] for row in rows]
        aliases: dict[int, list[str]] = {}
        for id, into in self._database.among(
            "SELECT id, into_story FROM story WHERE into_story IN {} ORDER BY number", stories
        ):
            aliases.setdefault(into, []).append(id)
        representatives = [number for number in numbers if assigned[number].representative]
        articles = read_articles(self.index, numbers if with_articles else representatives)
        for story in stories:
            rows_of_story = members[story]
            head = next(number for number, *_ in rows_of_story if assigned[number].representative)
            printed = sorted((added if date is None else date, outlet) for _, date, added, outlet, _ in rows_of_story)
            dates = [date for date, _ in printed]
            told = Story(
                assigned[head].story,
                tuple(aliases.get(story, ())),
                tuple(assigned[number] for number, *_ in rows_of_story),
                len({centre for *_, centre in rows_of_story}),
                tuple(sorted({outlet for *_, outlet, _ in rows_of_story} - {""})),
                moment(dates[0]),
                moment(dates[-1]),
                moment(max(added for _, _, added, *_ in rows_of_story)),
                _first_outlet([(outlet, date) for _, date, _, outlet, _ in rows_of_story]),
                articles[head].heading,
                follows.get(assigned[head].story),
                len(dates),
                tuple(articles[number] for number, *_ in rows_of_story) if with_articles else (),
            )
            out[story] = Dated(told, dates, [outlet for _, outlet in printed], [number for number, *_ in rows_of_story])
        return out

    def all_stories(self) -> list[int]:
        """Numbers of all stories."""
        return [number for (number,) in self._database.rows("SELECT story FROM standing")]

    def follows(self, stories: Sequence[int]) -> dict[str, str]:
        """Ids of those of some stories that go on with an earlier one, and of that one; stories by number."""
        return self._follows(stories)[0]

    def _follows(self, stories: Sequence[int]) -> tuple[dict[str, str], dict[int, set[int]]]:
        """As `follows`, and by number the stories that each has a likeness with."""
        followed, paired = follow_ups(self.index, stories)
        ends = sorted({*followed, *followed.values()})
        names = dict(self._database.among("SELECT number, id FROM story WHERE number IN {}", ends))
        return {names[later]: names[earlier] for later, earlier in followed.items()}, paired

    def _wordless(self, numbers: Sequence[int], with_articles: bool = False) -> dict[int, Dated]:
        """Articles without a word, each a story of its own, by their numbers, negative."""
        if not numbers:
            return {}
        articles = read_articles(self.index, numbers)
        added = dict(self._database.among("SELECT number, added FROM article WHERE number IN {}", numbers))
        out = {}
        for number, assignment in zip(numbers, self.assignments(numbers), strict=True):
            article, came = articles[number], moment(added[number])
            date, outlets = article.date or came, (article.outlet,) if article.outlet else ()
            first = article.outlet or None if article.date else None
            asked = (article,) if with_articles else ()
            told = Story(
                assignment.story,
                (),
                (assignment,),
                1,
                outlets,
                date,
                date,
                came,
                first,
                article.heading,
                None,
                1,
                asked,
            )
            out[-number] = Dated(told, [seconds(date)], [article.outlet], [number])
        return out

    def titles(self, assigned: Mapping[int, Assignment], known: Mapping[int, str]) -> dict[str, str]:
        """Titles of stories by their ids.

        Args:
            assigned: by number the assignments of all articles of some stories.
            known: titles of articles at hand, which need not be read.
        """
        heads = {number: a.story for number, a in assigned.items() if a.representative}
        others = read_articles(self.index, [number for number in heads if number not in known])
        return {story: known[x] if x in known else others[x].heading for x, story in heads.items()}

    # assignments

    def all_numbers(self) -> list[int]:
        """Numbers of all articles, in order of arrival."""
        return [number for (number,) in self._database.rows("SELECT number FROM article ORDER BY number")]

    def assignments(self, numbers: Sequence[int]) -> list[Assignment]:
        """Assignments of stored articles, in the order given."""
        assigned = self.assignments_of_stories(numbers)
        return [assigned[number] for number in numbers]

    def assignments_of_stories(self, numbers: Sequence[int], brief: bool = False) -> dict[int, Assignment]:
        """Assignments by number, of stored articles and of all others in their stories.

        Args:
            numbers: of these articles.
            brief: of other articles of a crowd (`crowds`) only the groups are told.
        """
        database = self._database
        stories = database.numbers(
            "SELECT DISTINCT story FROM article JOIN document ON document.number = document JOIN text ON text.centre ="
            " document.centre WHERE article.number IN {}",
            numbers,
        )
        out: dict[int, Assignment] = {}
        if self.told is not None:
            for one in self._dated_stories(sorted(stories)).values():
                out.update(zip(one.numbers, one.story.assignments, strict=True))
        elif rows := database.among(f"{_HELD} WHERE story IN {{}} ORDER BY article.number", sorted(stories)):
            out = _assign(self.index, rows, frozenset(numbers) if brief else None)
        short = database.among("SELECT number, id FROM article WHERE number IN {} AND document IS NULL", numbers)
        names = self.free_names([id for _, id in short])
        for (number, id), name in zip(short, names, strict=True):
            out[number] = Assignment(id, name, id, id, True, None, None, None)
        if missing := [number for number in numbers if number not in out]:
            raise damaged(database.path, f"article {missing[0]} hangs on a text that is not there")
        return out

    def pairs(self) -> list[Pair]:
        """All stored pairs that are something to each other, as a batch of the articles would verify them."""
        rows = self._database.rows(f"{_HELD} ORDER BY article.number")
        return list(verified_pairs(_as_run(self.index, rows), self.index.settings)) if rows else []

    # names

    def free_names(self, ids: Sequence[str]) -> list[str]:
        """Names for stories of articles that are alone.

        Each is the article's id, or, where a story has that name, the first of "#story2", "#story3", ... that neither a story
        nor an article has.
        """
        stories = {id for (id,) in self._database.among_texts("SELECT id FROM story WHERE id IN {}", ids)}

        def free_name(id: str) -> str:
            return free_story_id(id, lambda other: other in stories or (other != id and self._is_held(other)))

        return [free_name(id) for id in ids]

    def free_ids(self, ids: Sequence[str]) -> list[str]:
        """Ids that new articles would get: their own, or, where another article has it, the first free of "#2", "#3", ..."""
        stored = numbers_of_ids(self.index, ids)

        def free_id(id: str) -> str:
            return next(
                free_ids(id, lambda other: other in stored or (other != id and is_article(self._database, other)))
            )

        return [free_id(id) for id in ids]

    def _is_held(self, name: str) -> bool:
        """Whether a story or an article has this id."""
        return bool(self._database.rows("SELECT 1 FROM story WHERE id = ?", name)) or is_article(self._database, name)

    # counts

    def outlets(self) -> dict[str, int]:
        """How many articles each outlet has, those with most first."""
        return dict(self._database.rows("SELECT outlet, count(*) FROM article GROUP BY outlet ORDER BY 2 DESC, outlet"))

    def counts(self) -> dict[str, int]:
        """How much is there, by name."""
        statements = {  # not count(*), which SQLite walks in one step, so that nothing could stop it in a forged file
            "articles": "SELECT count(number) FROM article",
            "too short to group": "SELECT count(*) FROM article WHERE document IS NULL",
            "distinct texts": "SELECT count(number) FROM document",
            "copy groups": "SELECT count(centre) FROM text",
            "stories": "SELECT count(story) FROM standing",
            "aliases": "SELECT count(*) FROM story WHERE into_story IS NOT NULL",
            "learned lines": "SELECT count(line) FROM furniture",
        }
        out = {name: int(self._database.rows(statement)[0][0]) for name, statement in statements.items()}
        return {**out, "bytes": self._database.bytes_used}


_HELD = (
    "SELECT article.number, article.id, outlet, date, document.number, hash, words, document.centre, story FROM text JOIN"
    " document ON document.centre = text.centre JOIN article ON article.document = document.number"
)
"""Articles that are long enough to group, as `_as_run` takes them."""
_HELD_AND_ADDED = _HELD.replace(" FROM ", ", added FROM ", 1)


def _assign(
    index: OpenIndex, rows: Sequence[tuple[Any, ...]], asked: frozenset[int] | None = None
) -> dict[int, Assignment]:
    """Assignments of all articles of some stories, by number; of those of a crowd that are not asked for, only their groups.

    Args:
        index: that holds them.
        rows: as for `_as_run`.
        asked: numbers of articles; None for all.
    """
    size = Counter(story for *_, story in rows)
    names = dict(index.database.among("SELECT number, id FROM story WHERE number IN {}", sorted(size)))
    out = {  # an article that is alone in its story is joined to none
        number: Assignment(id, names[story], id, id, True, None, None, None)
        for number, id, *_, story in rows
        if size[story] == 1
    }
    several = [row for row in rows if size[row[-1]] > 1]
    if not several:
        return out
    exact_name, copy_name = dict[int, str](), dict[int, str]()
    for (
        _,
        id,
        _,
        _,
        document,
        _,
        _,
        centre,
        _,
    ) in several:  # in order of arrival: groups have the name of the article that came first
        exact_name.setdefault(document, id)
        copy_name.setdefault(centre, id)
    if asked is not None and index.crowd:
        told = _told(index, several, asked)
        for number, id, _, _, document, _, _, centre, story in several:
            out[number] = Assignment(id, names[story], copy_name[centre], exact_name[document], False, None, None, None)
        several = told
    for row, a in zip(several, _as_run(index, several).clustering, strict=True):
        out[row[0]] = a._replace(story=names[row[8]], copy=copy_name[row[7]], exact=exact_name[row[4]])
    return out


def _first_outlet(seen: Sequence[tuple[str, float | None]]) -> str | None:
    """Whose article is the earliest, of outlets and dates in seconds since 1970."""
    earliest: dict[str, float] = {}
    for outlet, date in seen:
        earliest[outlet] = min(np.inf if date is None else date, earliest.get(outlet, np.inf))
    return first_outlet(earliest, min((latest(date) for _, date in seen if date is not None), default=np.inf))


def _told(index: OpenIndex, rows: Sequence[tuple[Any, ...]], asked: frozenset[int]) -> list[tuple[Any, ...]]:
    """The rows of articles outside crowds, of those asked for, of centres, and of each story's best article."""
    best: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        _, id, outlet, date, *_, story = row
        key = outlet not in AGENCIES, np.inf if date is None else date, id
        if story not in best or key < best[story][0]:
            best[story] = key, row[0]
    heads = {number for _, number in best.values()}
    return [row for row in rows if row[4] not in index.crowd or row[0] in asked or row[0] in heads or row[4] == row[7]]


def _as_run(index: OpenIndex, rows: Sequence[tuple[Any, ...]]) -> PipelineRun:
    """Some stories as a batch of their articles would find them.

    Args:
        index: that holds them.
        rows: number, id, outlet, date, document, its hash, words and centre, and story of each article, in order of
            arrival.
    """
    _, ids, outlets, dates, document, hashes, words, centre, story = zip(*rows, strict=True)
    distinct, first, row = np.unique(np.array(document, dtype=np.int64), return_index=True, return_inverse=True)
    hash = np.array(hashes, dtype=np.int64).view(np.uint64)[first]
    order = np.lexsort((hash, -np.array(words, dtype=np.int64)[first]))
    place = np.argsort(order)  # by row of `distinct` the number that `assign` knows a document by
    centres = place[np.searchsorted(distinct, np.array(centre, dtype=np.int64)[first])][order]
    days = np.array([np.inf if date is None else date for date in dates])
    ranks = np.where(np.isfinite(days), ranks_of_ids(ids), np.arange(len(ids)))
    corpus = Corpus(list(ids), list(outlets), days, ranks, None, None, 0, 0, index.learned_lines)
    first_outlets, first_dates = numbered(earliest(zip(document, outlets, dates, ids, strict=True)), distinct)
    documents = Documents(first[order], place[row], None, first_outlets[order], first_dates[order])
    stories = None
    if index.settings.level == "story":
        stories = read_likenesses(index, distinct, place, centres, np.array(story, dtype=np.int64)[first][order])
    no_pairs = CandidatePairs(np.zeros((0, 2), dtype=np.int64), 0)
    links = read_links(index, distinct, place)
    clustering = assign(corpus, documents, no_pairs, links, centres, stories, index.settings)
    return PipelineRun(clustering.stats, lambda: clustering, corpus, documents, no_pairs, links, centres, None, stories)
