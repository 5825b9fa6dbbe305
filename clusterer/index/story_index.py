"""The living index: articles come and go, stories keep their names. One file, see `store`.

The verbs, and what those that write give back. Who is like whom is found by `lookup`, groups are formed by `intake`, and what is
told is made by `answers`.

    with StoryIndex.open("news.db") as index:
        for assignment in index.add(articles):
            print(assignment.id, assignment.story, assignment.relation)
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Any, Literal

import numpy as np

from clusterer.articles import Article, name_of, seconds
from clusterer.copies import candidates
from clusterer.errors import ClustererError, InputError
from clusterer.explanation.evidence import Explanation
from clusterer.fingerprint import recipe
from clusterer.index.copy_candidates import Lookup
from clusterer.index.database import Store
from clusterer.index.keys import keys_of
from clusterer.index.query import judged
from clusterer.index.story_ids import Change
from clusterer.index.views import Answers, Story
from clusterer.index.writer import Intake
from clusterer.io.inputs import as_article, items_of
from clusterer.results import Assignment
from clusterer.settings import Settings

Status = Literal["new", "report", "copy", "known"]
_BATCH = 5000  # articles merged from another index at a time
_CONTRADICTIONS = (LookupError, ValueError, TypeError, StopIteration)  # what rows that do not fit together lead to
_DEAD, _FEW = 3, 100  # segments are cleaned when one number in so many of theirs means nothing any more


@dataclass(frozen=True, slots=True)
class Added:
    """What became of added articles. Walking it gives the assignments.

    Attributes:
        assignments: one an article, in the order given, as the index stands after all of them.
        status: of each: "new" (the first article of its story), "report" (another report of a story, the first of its copies),
            "copy" (its text, or nearly, came with an earlier article), "known" (the same id and content were there; nothing
            was stored). Of all articles of a story exactly one is ever new, however they were batched.
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


class StoryIndex:
    """An open index. One process writes at a time, any number read; each thread opens it for itself."""

    def __init__(self, store: Store) -> None:
        """Of an open store; see `open`."""
        self._store, self._lookup = store, Lookup(store)
        self._answers = Answers(self._lookup)

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
        if settings is not None:
            candidates.band_shape(settings)  # refuse what no article could be sketched with
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
                names = [name_of(a) for a in items]
                items = list({name: replace(a, id=name) for name, a in zip(names, items, strict=True)}.values())
                stored = self._answers.numbers([a.id for a in items])
                there = self._lookup.articles([number for number, _ in stored.values()])
                old = {a.id: stored[a.id][0] for a in items if a.id in stored and there[stored[a.id][0]] != a}
                intake.replace(old)
            numbers, known = intake.take(items)
            changes = intake.settle()
            told = self._answers.with_their_stories(numbers)
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
            stored = self._answers.numbers(names)
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
            InputError: a limit or an age is negative.
            OutputError: another writer does not finish, or the disk is full.
        """
        for name, least in (("max_articles", max_articles), ("max_bytes", max_bytes)):
            if least is not None and least < 0:
                raise InputError(f"{name} is {least}; it must be 0 or more, or None to keep all")
        if isinstance(older_than, timedelta) and older_than < timedelta():
            raise InputError(f"older_than is {older_than}; an age must not be negative")
        before = _point(older_than)
        gone, changes = 0, list[Change]()
        while True:
            with self._writing() as intake:
                numbers = set[int]()
                if before is not None:
                    rows = self._store.rows("SELECT number FROM article WHERE coalesce(date, added) < ?", before)
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
            told = self._answers.with_their_stories([*numbers.values()])
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
            return judged(self._answers, self._lookup, items)

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
                return next(self._answers.stories([found[0][0]]))
            numbers = self._answers.numbers([id, id.rpartition("#")[0]])
            short = [name for name in numbers if name != id and self._answers.free([name]) == [id]]  # see `_free`
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
            return next(self._answers.stories([rows[0][0]])) if rows else self._answers.alone(number)

    def explain(self, a: str, b: str) -> Explanation:
        """Why two stored articles, given by id, are together or not.

        Raises:
            InputError: an id is not there.
        """
        with self._reading():
            numbers = self._answers.numbers([a, b])
            for id in (a, b):
                if id not in numbers:
                    raise InputError(f"{self._store.path}: no article {id!r}; cure: an id as add gave it")
            return self._answers.explained(numbers[a][0], numbers[b][0])

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
        after = _point(since)
        with self._reading():
            rows = self._store.rows(
                "SELECT story FROM text JOIN document ON document.centre = text.centre JOIN article ON article.document ="
                " document.number GROUP BY story HAVING count(*) >= ? AND max(coalesce(date, added)) >= ?"
                " ORDER BY max(coalesce(date, added)) DESC, story LIMIT ?",
                min_size,
                -np.inf if after is None else after,
                -1 if limit is None else limit,
            )
            return list(self._answers.stories([number for (number,) in rows]))

    def assignments(self) -> list[Assignment]:
        """Every article's assignment, in order of arrival; each has the fields of a line of `clusterer cluster`."""
        with self._reading():
            numbers = [number for (number,) in self._store.rows("SELECT number FROM article ORDER BY number")]
            return self._answers.assigned(numbers)

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Stored articles by id; those that are not there are left out."""
        with self._reading():
            numbers = self._answers.numbers([ids] if isinstance(ids, str) else ids)
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

    def furniture(self) -> frozenset[int]:
        """Keys of the lines that were learned to be outlets' furniture, and are cut."""
        with self._reading():
            return frozenset(self._lookup.furniture.tolist())

    def check(self) -> list[str]:
        """What is wrong with the file, one line each; empty where all is well. Reads everything, recomputes the links and
        the groups.
        """
        from clusterer.index.check import problems

        with self._reading():
            try:
                return problems(self._lookup)
            except InputError as error:
                return [str(error)]


def _point(when: datetime | timedelta | None) -> float | None:
    """Seconds since 1970 of a point in time, or of so long ago."""
    if isinstance(when, timedelta):
        return time.time() - when.total_seconds()
    return None if when is None else seconds(when)


def _added(
    told: Mapping[int, Assignment], numbers: Sequence[int], known: Sequence[bool], changes: Sequence[Change]
) -> Added:
    """What became of articles, of whose stories all assignments are told, by number."""
    assignments = tuple(told[number] for number in numbers)
    first_of_story, first_of_copies = dict[str, int](), dict[str, int]()
    for number in sorted(told):
        first_of_story.setdefault(told[number].story, number)
        first_of_copies.setdefault(told[number].copy, number)
    status: list[Status] = [
        "known"
        if there
        else "new"
        if first_of_story[told[number].story] == number
        else "report"
        if first_of_copies[told[number].copy] == number
        else "copy"
        for number, there in zip(numbers, known, strict=True)
    ]
    return Added(assignments, tuple(status), tuple(changes))


def _listed(articles: Iterable[Article | Mapping[str, Any] | str]) -> list[Article]:
    out = []
    for place, item in enumerate(items_of(articles), start=1):
        article = as_article(item, place)
        for what, value in (("id", name_of(article)), ("source", article.outlet)):
            if not value.isascii() and value.encode("utf-8", "ignore").decode() != value:
                raise InputError(f"article {place}: {what} {value!r} holds half a character; cure: mend its encoding")
        out.append(article)
    return out
