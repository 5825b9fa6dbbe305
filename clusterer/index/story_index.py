"""The living index: articles come and go, stories keep their names. One file, see `database`.

The verbs, each one transaction or more; `outcomes` is what those that write give back. Articles are stored by `writer`, groups
formed by `regroup`, and what is stored is read by `views`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, get_args

from clusterer.articles import Article, name_of
from clusterer.copies import candidates
from clusterer.errors import IndexDamaged, InputError, did_you_mean
from clusterer.explanation.evidence import Explanation
from clusterer.fingerprint import recipe
from clusterer.index import expiring, maintenance, merging
from clusterer.index.arrivals import Arrived, changes_after, checked_outlet, point, selection
from clusterer.index.articles import numbers_of_ids, read_articles
from clusterer.index.backup import backup
from clusterer.index.database import Database
from clusterer.index.explain import explain_pair
from clusterer.index.gone import gone_of
from clusterer.index.open_index import OpenIndex
from clusterer.index.outcomes import Added, Removed, added_of, latest_versions, same_text
from clusterer.index.query import classify
from clusterer.index.rankings import StoryOrder
from clusterer.index.removing import remove
from clusterer.index.replaced import remember
from clusterer.index.told_stories import Story
from clusterer.index.transactions import contradictions_named, reading, writing
from clusterer.index.updating import find_versions, names_by_url, refuse_twice
from clusterer.index.views import IndexReader
from clusterer.io.inputs import articles_from
from clusterer.io.limits import parse_bytes, parse_moment
from clusterer.pairs import Pair
from clusterer.results import Assignment
from clusterer.settings import GivenSettings, Settings, settings_from
from clusterer.stories.model import model_of


class StoryIndex:
    """An open index. One process writes at a time, any number read; each thread opens it for itself.

    Examples:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "news.db")
        >>> text = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في المدارس"
        >>> with StoryIndex.open(path) as index:
        ...     added = index.add([Article(text, "a"), Article(text, "b")])
        ...     [(a.id, a.story, a.relation) for a in added]
        [('a', 'a', None), ('b', 'a', 'exact')]
    """

    def __init__(self, database: Database) -> None:
        """Wrap an open file; `open` is the way to one."""
        self._database, self._index = database, OpenIndex(database)
        self._reader = IndexReader(self._index)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        settings: GivenSettings | None = None,
        *,
        must_exist: bool = False,
    ) -> StoryIndex:
        """Open an index, or make one.

        Args:
            path: of its file.
            settings: that a new one is made with; one that exists must have the same, or leave them out. Threads may
                differ.
            must_exist: refuse to make one.

        Raises:
            InputError: the file is missing, not an index, or of another release; says what to do.
            IndexDamaged: it is damaged or forged; so does every verb below that comes upon it.
            SettingsError: the index was made with other settings.
            OutputError: the file cannot be made.
        """
        chosen = None if settings is None else settings_from(settings)
        if chosen is not None:
            candidates.band_shape(
                chosen
            )  # refuse what no article could be sketched with, and weights of another release
            model_of(chosen)
        return cls(Database(path, chosen, recipe(), must_exist))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> StoryIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        with reading(self._index):
            return self._database.state["articles"]

    @property
    def settings(self) -> Settings:
        """What it was made with."""
        return self._database.settings

    # verbs that write

    def add(self, articles: Iterable[Article | Mapping[str, Any] | str], *, again: bool = False) -> Added:
        """Store articles, and say what each is. All of them or, where an error is raised, none.

        An article whose id is taken by another text gets "#2", "#3", ...; one that is there already is left as it is, and one
        that was removed (known by its id or URL) or has expired is not taken in again.

        Args:
            articles: as `clusterer.cluster` takes them; thousands at a time are quickest.
            again: take in again what was removed or has expired.

        Raises:
            InputError: an item is no article; names its place. Or articles are there that were added with `unique_url`.
            OutputError: another writer does not finish, or the disk is full.
        """
        items = _checked(articles)
        with writing(self._index) as writer:
            refuse_twice(self._index, items, unique_url=False)
            numbers, is_known, are_older = writer.store(items, again)
            changes = writer.settle()
            assigned = self._reader.assignments_of_stories([number for number in numbers if number > 0], brief=True)
            titles = self._reader.titles(assigned, _titles(numbers, items, are_older))
            gone = gone_of(self._index, [number for number in numbers if number < 0])
        return added_of(assigned, numbers, is_known, changes, titles, are_older, gone=gone)

    def update(
        self, articles: Iterable[Article | Mapping[str, Any] | str], *, unique_url: bool = False, again: bool = False
    ) -> Added:
        """Store new versions of articles in place of those with the same ids; ids that are not there are added.

        A version that was replaced before, or is dated before the stored one, is not taken; nor is one of these among the
        articles given, whatever their order. What was removed or has expired is treated as by `add`. Where both have a URL and
        a title and neither is the same, it is no version but another article with a taken id, as of a delivery whose rows are
        numbered from one every day; it is added with "#2", and where it comes again, corrected under its URL, that one is
        replaced.

        Args:
            articles: as `add` takes them.
            unique_url: articles of one URL (`clusterer.versions`) are versions of one article, whatever their ids, as where these
                are numbered anew every day: the URL, without what does not tell which article it is, is their id. From the first
                time on: articles that are there under their own ids are refused.
            again: as for `add`.

        Raises:
            InputError, OutputError: as `add`.
        """
        own = items = _checked(articles)
        if unique_url:
            items = _checked(replace(item, id=name) for item, name in zip(items, names_by_url(items), strict=True))
        latest, rows = latest_versions(items)
        with writing(self._index) as writer:
            refuse_twice(self._index, own, unique_url)
            latest, places, former = find_versions(self._index, latest)
            changed = [a.id for a in latest if a.id in former and former[a.id] != a]
            replaced = {name: number for name, (number, _) in numbers_of_ids(self._index, changed).items()}
            earlier = self._reader.assignments_of_stories([*replaced.values()], brief=True)
            stories = {name: earlier[number].story for name, number in replaced.items()}
            writer.replace(replaced)
            numbers, is_known, are_older = writer.store(latest, again)
            changes = writer.settle()
            assigned = self._reader.assignments_of_stories([number for number in numbers if number > 0], brief=True)
            titles = self._reader.titles(assigned, _titles(numbers, latest, are_older))
            gone = gone_of(self._index, [number for number in numbers if number < 0])
            rows = [places[row] for row in rows]
            stored = {i: replace(latest[i], id=assigned[number].id) for i, number in enumerate(numbers) if number > 0}
            given = [(item, stored[i]) for item, i in zip(items, rows, strict=True) if i in stored and not are_older[i]]
            remember(self._index, [*given, *((former[a.id], a) for a in latest if a.id in replaced)])
        before = {number: stories[a.id] for number, a in zip(numbers, latest, strict=True) if a.id in stories}
        older = [are_older[i] or not same_text(item, latest[i]) for item, i in zip(items, rows, strict=True)]
        return added_of(
            assigned, [numbers[i] for i in rows], [is_known[i] for i in rows], changes, titles, older, before, gone
        )

    def remove(self, ids: Iterable[str] = (), *, outlet: str | None = None, dry_run: bool = False) -> Removed:
        """Take articles away; what is left of their stories stays. They are remembered, and not taken in again (see `add`).

        Args:
            ids: of the articles.
            outlet: of which all articles go, too; new ones of it are taken in as any.
            dry_run: only tell what would be removed, and what that would do to stories. Others wait meanwhile to write.

        Raises:
            InputError: `outlet` is no name.
            OutputError: another writer does not finish, or the disk is full.
        """
        return remove(self._index, [ids] if isinstance(ids, str) else ids, checked_outlet(outlet), dry_run)

    def expire(
        self,
        older_than: datetime | timedelta | str | None = None,
        *,
        max_articles: int | None = None,
        max_bytes: int | str | None = None,
        dry_run: bool = False,
    ) -> Removed:
        """Forget the oldest articles, and give their space back.

        An article is as old as its date, or, where it has none, as its stay in the index.

        Args:
            older_than: a point in time (UTC where it has no zone), or an age; also as texts, "2015-07-21" and "7d".
            max_articles: keep no more than so many.
            max_bytes: keep so many that the file's pages in use are at most so large; also as a text, "500MB".
            dry_run: only tell what would be removed, and what that would do to stories. Others wait meanwhile to write.

        Raises:
            InputError: a limit or an age is negative, or of a kind that says neither; or an age would empty the index, as that
                of a feed that stood still (a date may, and `max_articles=0`).
            OutputError: another writer does not finish, or the disk is full.
        """
        older_than = parse_moment(older_than) if isinstance(older_than, str) else older_than
        before = point("older_than", older_than)
        max_bytes = parse_bytes(max_bytes) if isinstance(max_bytes, str) else max_bytes
        for name, least in (("max_articles", max_articles), ("max_bytes", max_bytes)):
            if least is not None and (not isinstance(least, int) or least < 0):
                raise InputError(f"{name} is {least!r}; it must be a whole number, 0 or more, or None to keep all")
        remove = expiring.rehearse if dry_run else expiring.expire
        age = older_than if isinstance(older_than, timedelta) and max_articles != 0 else None
        count, changes = remove(self._index, before, max_articles, max_bytes, age)
        return Removed(count, (), tuple(changes))

    def merge(self, other: str | os.PathLike[str]) -> Added:
        """Add all articles of another index, of whatever release and settings.

        Its story ids become aliases here, where they are not taken. What was removed here is not taken in again; what is gone
        there, and not here, is remembered here, too.

        Raises:
            InputError: it is not an index, or this one itself.
            OutputError: another writer does not finish, or the disk is full.
        """
        merged = merging.merge(self._reader, other)
        with contradictions_named(self._index):
            return added_of(
                merged.assigned, merged.numbers, merged.is_known, merged.changes, merged.titles, gone=merged.gone
            )

    def compact(self) -> None:
        """Put all keys into one segment, without those of articles that are gone, and give all free space back.

        Raises:
            OutputError: another writer does not finish, or the disk is full.
        """
        with writing(self._index):
            maintenance.clean(self._index)
        self._database.give_back(all_of_it=True)

    # verbs that read

    @contextmanager
    def snapshot(self) -> Iterator[IndexReader]:
        """All that is read inside is the state of one moment, whatever is written meanwhile."""
        with reading(self._index):
            yield self._reader

    def backup(self, path: str | os.PathLike[str]) -> int:
        """Copy the index as it is at one moment into a file, while others read and write it.

        Args:
            path: of the copy. An index that is there and that nobody has open is replaced, once the copy is whole.

        Returns:
            The number of articles in the copy.

        Raises:
            InputError: the path is that of the index itself.
            OutputError: there is another file, or an index in use; or it cannot be written.
        """
        return backup(self._index, path)

    def query(self, articles: Iterable[Article | Mapping[str, Any] | str]) -> list[Assignment]:
        """Say what each article would be; nothing is stored.

        An article of which a copy is there joins its group, else the story whose texts it is most like on average; else
        articles of one text name each other. What only an addition can do, to bring two stories together, is not tried.

        Raises:
            InputError: an item is no article; names its place.
        """
        items = _checked(articles)
        if not items:
            return []
        with reading(self._index):
            return classify(self._reader, items)

    def story(self, id: str) -> Story:
        """A story by its id, an alias, or the id of one of its articles.

        Raises:
            InputError: there is none.
        """
        with reading(self._index):
            return self._reader.find_story(id)

    def explain(self, a: str, b: str) -> Explanation:
        """Why two stored articles, given by id, are together or not.

        Raises:
            InputError: an id is not there.
        """
        with reading(self._index):
            return explain_pair(self._reader, a, b)

    def stories(
        self,
        since: datetime | timedelta | str | None = None,
        min_size: int = 1,
        limit: int | None = None,
        *,
        sort: StoryOrder = "date",
        with_articles: bool = False,
        until: datetime | timedelta | str | None = None,
        outlet: str | None = None,
    ) -> list[Story]:
        """Stories in an order.

        Articles without a word are stories of their own.

        Args:
            since: only stories with an article not older than that; a point in time (UTC where it has no zone), or an age;
                also as texts, "2015-07-21" and "7d".
            min_size: least number of articles.
            limit: no more than so many.
            sort: which come first: "date", with the latest article among those asked for; "size", with most articles;
                "growth", with most articles among those asked for; "change", with the article that came last.
            with_articles: also read their articles, `Story.articles`.
            until: and older than that, with `since`. Where it is a date, an age given as `since` counts back from it.
            outlet: and of this outlet.

        Raises:
            InputError: `since` or `until` says neither, or they make no time; there is no such order, or "growth" is asked for
                without `since`.
        """
        if sort not in get_args(StoryOrder):
            known = get_args(StoryOrder)
            raise InputError(f"sort is {sort!r}; cure: {did_you_mean(sort, known)}one of {', '.join(known)}")
        if sort == "growth" and since is None:
            raise InputError("sort is 'growth', and since when is not said; cure: since, such as 24h")
        selected = selection(since, until, outlet)
        with reading(self._index):
            return self._reader.sorted_stories(selected, min_size, limit, sort, with_articles)

    def changes(self, after: int = 0, history: str | None = None, limit: int | None = None) -> Arrived:
        """Stories that articles came to, went from or moved between since the last time, and what went, as `/api/changes`.

        Args:
            after: `next` of the answer before; 0 at first.
            history: `history` of the answer before: a backup that was restored meanwhile is noticed.
            limit: no more than so many articles; None for all.

        Raises:
            InputError: the index has another history, no article so late has ever come to it, or more has expired since than is
                remembered.
        """
        with reading(self._index):
            return changes_after(self._reader, after, history, limit)

    def follows(self) -> dict[str, str]:
        """Id of a story to that of the earlier story of the same affair that it goes on with, as `Clustering.follows`."""
        with reading(self._index):
            return self._reader.follows(self._reader.all_stories())

    def assignments(self) -> list[Assignment]:
        """Every article's assignment, in order of arrival; each has the fields of a line of `clusterer cluster`."""
        with reading(self._index):
            return self._reader.assignments(self._reader.all_numbers())

    def pairs(self) -> list[Pair]:
        """Every stored pair of articles that is something to each other: copies, cuts, quotations, series, reports.

        As `clusterer cluster --pairs` writes them; a place is that of the article in order of arrival, without those that
        have no word.
        """
        with reading(self._index):
            return self._reader.pairs()

    def articles(self, ids: Iterable[str]) -> dict[str, Article]:
        """Stored articles by id; those that are not there are left out."""
        with reading(self._index):
            stored = numbers_of_ids(self._index, [ids] if isinstance(ids, str) else list(ids))
            articles = read_articles(self._index, [number for number, _ in stored.values()])
            return {article.id: article for article in articles.values()}

    def outlets(self) -> dict[str, int]:
        """How many articles each outlet has, those with most first; "" is of articles that name none."""
        with reading(self._index):
            return self._reader.outlets()

    def counts(self) -> dict[str, int]:
        """How much is there, by name."""
        with reading(self._index):
            return self._reader.counts()

    def furniture(self) -> frozenset[int]:
        """Keys of the lines that were learned to be outlets' boilerplate, and are cut."""
        with reading(self._index):
            return frozenset(self._index.learned_lines.tolist())

    def check(self) -> list[str]:
        """Return what is wrong with the file, one line each; empty where all is well.

        Reads everything, recomputes the links and the groups.
        """
        from clusterer.index.check import check

        try:
            with self._database.reading():
                return check(self._index)
        except IndexDamaged as error:
            return [str(error)]


def _titles(numbers: Iterable[int], articles: Iterable[Article], are_older: Iterable[bool]) -> dict[int, str]:
    """Titles of articles, by the numbers that they are stored under; not of versions that are not the stored ones."""
    rows = zip(numbers, articles, are_older, strict=True)
    return {number: article.heading for number, article, is_older in rows if not is_older}


def _checked(articles: Iterable[Article | Mapping[str, Any] | str]) -> list[Article]:
    out = []
    for place, article in enumerate(articles_from(articles, keeps_bad=False), start=1):
        for what, value in (("id", name_of(article)), ("source", article.outlet)):
            if not value.isascii() and value.encode("utf-8", "ignore").decode() != value:
                raise InputError(f"article {place}: {what} {value!r} holds half a character; cure: mend its encoding")
        if (
            article.date is not None and article.date.tzinfo is None
        ):  # else it is another one than the stored, which has UTC
            article = replace(article, date=article.date.replace(tzinfo=UTC))
        out.append(article)
    return out
