"""The living index: articles come and go, stories keep their names. One file, see `store`.

The verbs and what they give back. Who is like whom is found by `lookup`, groups are formed by `intake`, and what is
told of an article is made by `assign`, as for a batch.

    with StoryIndex.open("news.db") as index:
        for assignment in index.add(articles):
            print(assignment.id, assignment.story, assignment.relation)
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusterer import boilerplate, events, pipeline, salience, similarity
from clusterer.assign import assign
from clusterer.corpus import as_article, content_id, refuse_one, seconds
from clusterer.errors import ClustererError, InputError
from clusterer.intake import Change, Intake, key
from clusterer.lookup import Lookup, digest, keys_of, moment, recipe
from clusterer.records import Article, Assignment, Relation
from clusterer.settings import Settings
from clusterer.stages import Corpus, Documents, Links, Proposed, Stories
from clusterer.store import Store

Status = Literal["new", "report", "copy", "known"]
_BATCH = 5000  # articles merged from another index at a time
_CONTRADICTIONS = (LookupError, ValueError, TypeError, StopIteration)  # what rows that do not fit together lead to
_DEAD, _FEW = 3, 100  # segments are cleaned when one number in so many of theirs means nothing any more


@dataclass(frozen=True, slots=True)
class Added:
    """What became of added articles. Walking it gives the assignments.

    Attributes:
        assignments: one an article, in the order given, as the index stands after all of them.
        status: of each: "new" (a story of its own), "report" (another report of a story), "copy" (its text, or nearly, is
            in another article too), "known" (the same id and content were there; nothing was stored).
        changes: what it did to stories that were there before.
    """

    assignments: tuple[Assignment, ...]
    status: tuple[Status, ...]
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.assignments)

    def __iter__(self) -> Iterator[Assignment]:
        return iter(self.assignments)


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal took away.

    Attributes:
        articles: how many.
        missing: ids that were not there.
        changes: what it did to stories.
    """

    articles: int
    missing: tuple[str, ...]
    changes: tuple[Change, ...]


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


class _Likeness(NamedTuple):
    """The stored document that an asked article is like."""

    document: int
    relation: Relation
    score: float
    evidence: dict[str, float] | None


class StoryIndex:
    """An open index. One process writes at a time, any number read; each thread opens it for itself."""

    def __init__(self, store: Store) -> None:
        """Of an open store; see `open`."""
        self._store, self._lookup = store, Lookup(store)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], settings: Settings | None = None, *, must_exist: bool = False
    ) -> StoryIndex:
        """Open an index, or make one.

        Args:
            path: of its file.
            settings: that a new one is made with; one that exists must have the same, or leave them out. Threads may
                differ.
            must_exist: refuse to make one.

        Raises:
            InputError: the file is missing, damaged, not an index, or of another release; says what to do.
            SettingsError: the index was made with other settings.
            OutputError: the file cannot be made.
        """
        return cls(Store(path, settings, recipe(), must_exist))

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> StoryIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        with self._reading():
            return self._store.state["articles"]

    @property
    def settings(self) -> Settings:
        """What it was made with."""
        return self._store.settings

    # verbs that write

    def add(self, articles: Iterable[Article | Mapping[str, Any] | str]) -> Added:
        """Store articles, and say what each is. All of them or, where an error is raised, none.

        An article whose id is taken by another text gets "#2", "#3", ...; one that is there already is left as it is.

        Args:
            articles: as `clusterer.cluster` takes them; thousands at a time are quickest.

        Raises:
            InputError: an item is no article; names its place.
            OutputError: another writer does not finish, or the disk is full.
        """
        return self._take(_listed(articles), replacing=False)

    def update(self, articles: Iterable[Article | Mapping[str, Any] | str]) -> Added:
        """Store new versions of articles in place of those with the same ids; ids that are not there are added.

        Raises:
            InputError, OutputError: as `add`.
        """
        return self._take(_listed(articles), replacing=True)

    def _take(self, items: list[Article], replacing: bool) -> Added:
        with self._writing() as intake:
            if replacing:
                names = [_name(a) for a in items]
                items = list({name: replace(a, id=name) for name, a in zip(names, items, strict=True)}.values())
                stored = self._numbers([a.id for a in items])
                old = {a.id: stored[a.id][0] for a in items if a.id in stored and stored[a.id][1] != digest(a)}
                intake.replace(old)
            numbers, known = intake.take(items)
            changes = intake.settle()
            told = self._with_their_stories(numbers)
        if replacing:
            of = {a.id: place for place, a in enumerate(items)}
            numbers, known = [numbers[of[name]] for name in names], [known[of[name]] for name in names]
        return _added(told, numbers, known, changes)

    def remove(self, ids: Iterable[str]) -> Removed:
        """Take articles away; what is left of their stories stays.

        Raises:
            OutputError: another writer does not finish, or the disk is full.
        """
        names = list(dict.fromkeys([ids] if isinstance(ids, str) else ids))
        with self._writing() as intake:
            stored = self._numbers(names)
            intake.drop(number for number, _ in stored.values())
            changes = intake.settle()
        return Removed(len(stored), tuple(name for name in names if name not in stored), tuple(changes))

    def expire(
        self,
        older_than: datetime | timedelta | None = None,
        *,
        max_articles: int | None = None,
        max_bytes: int | None = None,
    ) -> Removed:
        """Forget the oldest articles, and give their space back.

        An article is as old as its date, or, where it has none, as its stay in the index.

        Args:
            older_than: a point in time (UTC where it has no zone), or an age.
            max_articles: keep no more than so many.
            max_bytes: keep so many that the file's pages in use are at most so large.

        Raises:
            OutputError: another writer does not finish, or the disk is full.
        """
        if isinstance(older_than, timedelta):
            older_than = datetime.now(UTC) - older_than
        gone, changes = 0, list[Change]()
        while True:
            with self._writing() as intake:
                numbers = set[int]()
                if older_than is not None:
                    rows = self._store.rows(
                        "SELECT number FROM article WHERE coalesce(date, added) < ?", seconds(older_than)
                    )
                    numbers = {number for (number,) in rows}
                left = self._store.state["articles"]
                surplus = 0 if max_articles is None else left - max_articles
                if max_bytes is not None and (used := self._store.bytes_used) > max_bytes:
                    surplus = max(surplus, min(left, int(left * (1 - max_bytes / used)) + 1))
                if surplus > len(numbers):
                    rows = self._store.rows(
                        "SELECT number FROM article ORDER BY coalesce(date, added), number LIMIT ?", surplus
                    )
                    numbers |= {number for (number,) in rows}
                intake.drop(numbers)
                changes += intake.settle()
                if max_bytes is not None and numbers:
                    self._clean()
            gone += len(numbers)
            if not numbers or max_bytes is None or self._store.bytes_used <= max_bytes:
                break
        if gone:
            self._store.give_back()
        return Removed(gone, (), tuple(changes))

    def merge(self, other: str | os.PathLike[str]) -> Added:
        """Add all articles of another index, of whatever release and settings. Its story ids become aliases here, where
        they are not taken.

        Raises:
            InputError: it is not an index, or this one itself.
            OutputError: another writer does not finish, or the disk is full.
        """
        if os.path.exists(other) and os.path.samefile(other, self._store.path):
            raise InputError(f"{os.fspath(other)}: is this index itself; cure: name another one")
        source = Lookup(Store(other, None, None, True))
        numbers, changes, known = dict[int, int](), list[Change](), list[bool]()
        try:
            with source.store.reading():
                walk = iter([n for (n,) in source.store.rows("SELECT number FROM article ORDER BY number")])
                while batch := list(islice(walk, _BATCH)):
                    articles = source.articles(batch)
                    with self._writing() as intake:
                        placed, there = intake.take([articles[n] for n in batch])
                        changes += intake.settle()
                    numbers |= dict(zip(batch, placed, strict=True))
                    known += there
                named = source.store.rows(
                    "SELECT story.id, min(article.number) FROM story JOIN text ON text.story = coalesce(into_story,"
                    " story.number) JOIN document ON document.centre = text.centre JOIN article ON article.document ="
                    " document.number GROUP BY story.number"
                )
        finally:
            source.store.close()
        with self._writing():
            for name, article in named:
                self._store.write(
                    "INSERT OR IGNORE INTO story (id, into_story) SELECT ?, text.story FROM article JOIN document ON"
                    " document.number = article.document JOIN text ON text.centre = document.centre"
                    " WHERE article.number = ?",
                    name,
                    numbers[article],
                )
            self._store.state["story"] = self._store.rows("SELECT coalesce(max(number), 0) FROM story")[0][0]
            told = self._with_their_stories([*numbers.values()])
        return _added(told, [*numbers.values()], known, changes)

    def compact(self) -> None:
        """Put all keys into one segment, without those of articles that are gone, and give all free space back.

        Raises:
            OutputError: another writer does not finish, or the disk is full.
        """
        with self._writing():
            self._clean()
        self._store.give_back(all_of_it=True)

    def _clean(self) -> None:
        self._lookup.postings.flush(all_of_it=True)
        lines = self._lookup.furniture
        keys, back = np.unique(keys_of(lines, "line"), return_inverse=True)
        which, _ = self._lookup.postings.find(keys)
        unseen = lines[~np.isin(back, which)]
        self._store.write_many(
            "DELETE FROM furniture WHERE line = ?", [(line,) for line in unseen.view(np.int64).tolist()]
        )
        self._lookup.furniture = np.setdiff1d(lines, unseen)

    @contextmanager
    def _writing(self) -> Iterator[Intake]:
        with self._store.named_errors():
            try:
                with self._store.writing():
                    self._lookup.refresh()
                    yield Intake(self._lookup)
                    if self._store.state["dead"] * _DEAD > self._store.state["articles"] + _FEW:
                        self._clean()
                    self._lookup.wrote()
            except BaseException as error:
                self._lookup.forget()
                if isinstance(error, _CONTRADICTIONS) and not isinstance(error, ClustererError):
                    raise self._contradiction(error) from error
                raise

    # verbs that read

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._store.reading():
            self._lookup.refresh()
            try:
                yield
            except ClustererError:
                raise
            except _CONTRADICTIONS as error:
                raise self._contradiction(error) from error

    def _contradiction(self, error: Exception) -> InputError:
        return InputError(
            f"{self._store.path}: its rows contradict each other ({error!r}); cure: clusterer index check"
            f" {self._store.path}, and restore a copy"
        )

    def query(self, articles: Iterable[Article | Mapping[str, Any] | str]) -> list[Assignment]:
        """Say what each article would be, one by one; nothing is stored.

        An article of which a copy is there joins its group, else the story whose texts it is most like on average. What
        only an addition can do, to bring two stories together, is not tried.

        Raises:
            InputError: an item is no article; names its place.
        """
        items = _listed(articles)
        if not items:
            return []
        with self._reading():
            return self._judged(items)

    def story(self, id: str) -> Story:
        """A story by its id, an alias, or the id of one of its articles.

        Raises:
            InputError: there is none.
        """
        with self._reading():
            if id.encode("utf-8", "ignore").decode() != id:  # half a character: SQLite takes none, and no id has one
                raise InputError(f"{self._store.path}: no story, alias or article {id!r}; cure: see index stories")
            found = self._store.rows("SELECT coalesce(into_story, number) FROM story WHERE id = ?", id)
            if found:
                return next(self._told([found[0][0]]))
            numbers = self._numbers([id, id.rpartition("#")[0]])
            short = [name for name in numbers if name != id and self._free([name]) == [id]]  # see `_free`
            if short and id not in numbers:
                id = short[0]
            if id not in numbers:
                raise InputError(f"{self._store.path}: no story, alias or article {id!r}; cure: see index stories")
            number = numbers[id][0]
            rows = self._store.rows(
                "SELECT story FROM article JOIN document ON document.number = document JOIN text ON text.centre ="
                " document.centre WHERE article.number = ?",
                number,
            )
            return next(self._told([rows[0][0]])) if rows else self._alone(number)

    def stories(
        self, since: datetime | timedelta | None = None, min_size: int = 1, limit: int | None = None
    ) -> list[Story]:
        """Stories, those with the latest article first.

        Articles too short to group are stories of their own and are not among these.

        Args:
            since: only stories with an article not older than that; a point in time (UTC where it has no zone), or an age.
            min_size: least number of articles.
            limit: no more than so many.
        """
        if isinstance(since, timedelta):
            since = datetime.now(UTC) - since
        after = -np.inf if since is None else seconds(since)
        with self._reading():
            rows = self._store.rows(
                "SELECT story FROM text JOIN document ON document.centre = text.centre JOIN article ON article.document ="
                " document.number GROUP BY story HAVING count(*) >= ? AND max(coalesce(date, added)) >= ?"
                " ORDER BY max(coalesce(date, added)) DESC, story LIMIT ?",
                min_size,
                after,
                -1 if limit is None else limit,
            )
            return list(self._told([number for (number,) in rows]))

    def assignments(self) -> list[Assignment]:
        """Every article's assignment, in order of arrival; each has the fields of a line of `clusterer cluster`."""
        with self._reading():
            numbers = [number for (number,) in self._store.rows("SELECT number FROM article ORDER BY number")]
            return self._assigned(numbers)

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Stored articles by id; those that are not there are left out."""
        with self._reading():
            numbers = self._numbers(ids)
            found = self._lookup.articles([number for number, _ in numbers.values()])
            return {article.id: article for article in found.values()}

    def counts(self) -> dict[str, int]:
        """How much is there, by name."""
        with self._reading():
            one = {
                "articles": "SELECT count(*) FROM article",
                "too short to group": "SELECT count(*) FROM article WHERE document IS NULL",
                "distinct texts": "SELECT count(*) FROM document",
                "copy groups": "SELECT count(*) FROM text",
                "stories": "SELECT count(*) FROM story WHERE into_story IS NULL",
                "aliases": "SELECT count(*) FROM story WHERE into_story IS NOT NULL",
                "learned lines": "SELECT count(*) FROM furniture",
            }
            out = {name: int(self._store.rows(statement)[0][0]) for name, statement in one.items()}
            return {**out, "bytes": self._store.bytes_used}

    def check(self) -> list[str]:
        """What is wrong with the file, one line each; empty where all is well. Reads everything, recomputes the links and
        the groups.
        """
        from clusterer.checking import problems

        with self._reading():
            try:
                return problems(self._lookup)
            except InputError as error:
                return [str(error)]

    # what is told of articles

    def _numbers(self, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Number and digest of articles by id."""
        names = list(ids)
        rows = self._store.among(
            "SELECT id, number, digest FROM article WHERE key IN {}", [key(name) for name in names]
        )
        wanted = set(names)
        return {name: (number, digest) for name, number, digest in rows if name in wanted}

    def _told(self, stories: Sequence[int]) -> Iterator[Story]:
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
        told = dict(zip(numbers, self._assigned(numbers), strict=True))
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

    def _alone(self, number: int) -> Story:
        """An article too short to group."""
        article = self._lookup.articles([number])[number]
        when = article.date or moment(self._store.rows("SELECT added FROM article WHERE number = ?", number)[0][0])
        outlets = (article.outlet,) if article.outlet else ()
        return Story(article.id, (), tuple(self._assigned([number])), 1, outlets, when, when, article.title)

    def _assigned(self, numbers: Sequence[int]) -> list[Assignment]:
        """Assignments of stored articles, in the order given."""
        told = self._with_their_stories(numbers)
        return [told[number] for number in numbers]

    def _with_their_stories(self, numbers: Sequence[int]) -> dict[int, Assignment]:
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
        name = dict(zip([id for _, id in short], self._free([id for _, id in short]), strict=True))
        for number, id in short:
            told[number] = Assignment(id, name[id], id, id, True, None, None, None)
        return told

    def _free(self, ids: list[str]) -> list[str]:
        """Names for stories of articles that are alone: their ids, or, where a story has that name, with "#2", "#3", ..."""
        taken = {id for (id,) in self._store.among_texts("SELECT id FROM story WHERE id IN {}", ids)}
        out = []
        for id in ids:
            name, again = id, 1
            while name in taken or (again > 1 and self._store.rows("SELECT 1 FROM story WHERE id = ?", name)):
                again += 1
                name = f"{id}#{again}"
            out.append(name)
        return out

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
        corpus = Corpus(list(ids), list(outlets), dated, ranks, None, None, 0, 0)
        documents = Documents(first[order], local, None)
        links = self._links(distinct, place)
        stories = self._stories(distinct, place, centres, np.array(story, dtype=np.int64)[first][order])
        nothing = Proposed(np.zeros((0, 2), dtype=np.int64), 0)
        told = assign(corpus, documents, nothing, links, centres, stories, self.settings)
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

    def _links(self, documents: NDArray[np.int64], place: NDArray[np.int64]) -> Links:
        rows = self._store.among(
            "SELECT a, b, shared, smaller, larger, opening, copy FROM link WHERE a IN {}", documents
        )
        table = np.array(rows, dtype=np.float64).reshape(-1, 7)
        ends = table[:, :2].astype(np.int64)
        table, ends = table[np.isin(ends[:, 1], documents)], ends[np.isin(ends[:, 1], documents)]
        pairs = np.sort(place[np.searchsorted(documents, ends)], axis=1)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        shared, smaller, larger = table[order, 2:5].T.astype(np.int64)
        overlap = similarity.Overlap(shared, smaller, larger, table[order, 5])
        return Links(pairs[order], overlap, table[order, 6] > 0, 0)

    def _stories(
        self,
        documents: NDArray[np.int64],
        place: NDArray[np.int64],
        centres: NDArray[np.int64],
        story: NDArray[np.int64],
    ) -> Stories | None:
        if self.settings.level != "story":
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
        features = np.frombuffer(b"".join([row[3] for row in rows]), dtype="<f4").reshape(-1, len(events.FEATURES))
        return Stories(text_of, distinct[first[of]], pairs, score, features[inside], 0, 0)

    def _judged(self, items: list[Article]) -> list[Assignment]:
        """What articles would be."""
        lookup, n = self._lookup, len(items)
        names = [_name(a) for a in items]
        out: list[Assignment | None] = [None] * n
        stored = self._numbers(names)
        there = [i for i, a in enumerate(items) if stored.get(names[i], (0, None))[1] == digest(a)]
        for i, told in zip(there, self._assigned([stored[names[i]][0] for i in there]), strict=True):
            out[i] = told
        outlets = [a.outlet for a in items]
        words = lookup.cut(lookup.read([a.text for a in items]), outlets)
        hashes, counts = boilerplate.whole_hashes(words), words.counts
        like: dict[int, _Likeness] = {}  # by row
        _, found = lookup.postings.find(np.unique(keys_of(hashes, "words")))
        same = {hash: number for number, (_, hash, _, _) in lookup.documents(found).items()}
        long = counts >= self.settings.min_words
        for i in np.flatnonzero(long).tolist():
            if int(hashes[i]) in same:
                like[i] = _Likeness(same[int(hashes[i])], "exact", 1.0, None)
        rows = np.array([i for i in np.flatnonzero(long).tolist() if i not in like], dtype=np.int64)
        if len(rows) and self.settings.level != "exact":
            mine = words.take(rows)
            pairs = lookup.copy_candidates(lookup.sketch(mine), np.full(len(rows), -1))
            links, named = lookup.verify(pairs, mine, counts[rows], hashes[rows])
            overlap = links.overlap
            for k in np.argsort(overlap.containment, kind="stable").tolist():  # the strongest comes last, and stays
                a, b = (int(named[x]) for x in links.pairs[k])
                at, known_one = (-1 - a, b) if a < 0 else (-1 - b, a)
                measures = {
                    "jaccard": overlap.jaccard[k],
                    "containment": overlap.containment[k],
                    "opening": overlap.opening[k],
                }
                evidence = {name: round(float(x), 4) for name, x in measures.items()}
                copy = bool(links.is_copy[k])
                score = evidence["jaccard" if copy else "containment"]
                like[int(rows[at])] = _Likeness(known_one, "copy" if copy else "contained", score, evidence)
            rows = np.array([i for i in rows.tolist() if i not in like], dtype=np.int64)
        if len(rows) and self.settings.level == "story":
            like |= self._reported(items, words, rows)
        known = lookup.documents(np.array(sorted({x.document for x in like.values()}), dtype=np.int64))
        holders = sorted({article for article, *_ in known.values()})
        assigned = dict(zip(holders, self._assigned(holders), strict=True))
        for row, x in like.items():
            if out[row] is None:
                other = assigned[known[x.document][0]]
                copy_name = names[row] if x.relation == "story" else other.copy
                exact_name = other.exact if x.relation == "exact" else names[row]
                out[row] = Assignment(
                    names[row], other.story, copy_name, exact_name, False, other.id, x.relation, x.score, x.evidence
                )
        alone = [x for a, x in zip(out, names, strict=True) if a is None]
        free = dict(zip(alone, self._free(alone), strict=True))
        return [a or Assignment(x, free[x], x, x, True, None, None, None) for a, x in zip(out, names, strict=True)]

    def _reported(self, items: list[Article], words: Any, rows: NDArray[np.int64]) -> dict[int, _Likeness]:
        """By row of a new text the stored text that it is most like, in the story that it would join."""
        lookup, store = self._lookup, self._store
        stems, titles = lookup.body_stems(words.take(rows), [items[i].title for i in rows.tolist()])
        salient = salience.weigh(stems, titles, self.settings.threads, lookup.feed())
        slots = pipeline.story_slots(salient, self.settings)
        pairs = lookup.story_candidates(slots, np.full(len(rows), -1))
        if not len(pairs):
            return {}
        involved, at = np.unique(pairs[:, 1], return_inverse=True)
        mine = [(items[i].outlet, seconds(items[i].date)) for i in rows.tolist()]
        texts = lookup.texts(involved, stems, titles, mine)
        local = np.stack([at, len(involved) + pairs[:, 0]], axis=1)
        found, score, features = lookup.compare(texts, local)
        story = dict(store.among("SELECT centre, story FROM text WHERE centre IN {}", involved))
        sizes = dict(
            store.among(
                "SELECT story, count(*) FROM text WHERE story IN {} GROUP BY story", sorted(set(story.values()))
            )
        )
        total: dict[tuple[int, int], float] = {}
        best: dict[tuple[int, int], int] = {}
        for k, (text, row) in enumerate(found.tolist()):
            which = row - len(involved), story[int(involved[text])]
            total[which] = total.get(which, 0.0) + score[k]
            if which not in best or score[k] > score[best[which]]:
                best[which] = k
        out: dict[int, _Likeness] = {}
        means: dict[int, float] = {}
        for (row, of), whole in total.items():
            mean = whole / sizes[of]
            if mean >= self.settings.story and mean > means.get(row, 0.0):
                means[row], k = mean, best[row, of]
                evidence = {
                    name: round(float(x), 4)
                    for name, x in zip(events.FEATURES, features[k], strict=True)
                    if not np.isnan(x)
                }
                out[int(rows[row])] = _Likeness(
                    int(involved[found[k, 0]]), "story", round(float(score[k]), 4), evidence
                )
        return out


def _added(
    told: Mapping[int, Assignment], numbers: Sequence[int], known: Sequence[bool], changes: Sequence[Change]
) -> Added:
    """What became of articles, of whose stories all assignments are told, by number."""
    assignments = tuple(told[number] for number in numbers)
    copies, stories = Counter(a.copy for a in told.values()), Counter(a.story for a in told.values())
    status: list[Status] = [
        "known" if k else "copy" if copies[a.copy] > 1 else "report" if stories[a.story] > 1 else "new"
        for a, k in zip(assignments, known, strict=True)
    ]
    return Added(assignments, tuple(status), tuple(changes))


def _listed(articles: Iterable[Article | Mapping[str, Any] | str]) -> list[Article]:
    refuse_one(articles)
    out = []
    for place, item in enumerate(articles, start=1):
        article = as_article(item, place)
        for what, value in (("id", _name(article)), ("source", article.outlet)):
            if not value.isascii() and value.encode("utf-8", "ignore").decode() != value:
                raise InputError(f"article {place}: {what} {value!r} holds half a character; cure: mend its encoding")
        out.append(article)
    return out


def _name(article: Article) -> str:
    return article.id or article.url or content_id(article)
