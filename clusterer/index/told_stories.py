"""What an index tells of a story, and stories that were told before: each is kept until a write changes what is told of it.

Writers note in the table `standing` which write changed a story last. Which earlier one it goes on with is decided anew when its
likeness to others has changed, or one of these. For programs that only read, and read again and again.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from clusterer.articles import Article
from clusterer.index.database import Database
from clusterer.index.rankings import Selection
from clusterer.results import Assignment

_MOST = 1 << 15
"""Articles of the stories that are kept: some 40 MB."""


@dataclass(frozen=True, slots=True)
class Story:
    """A story as it stands.

    Attributes:
        id: its name, for as long as anything of it is there.
        aliases: ids of stories that became part of it.
        assignments: its articles, in order of arrival.
        independent_texts: how many of them are no copies of another one.
        outlets: who printed them, sorted.
        first: earliest date of its articles; where they have none, when they came.
        last: latest date, likewise.
        updated: when the last of its articles came to the index.
        first_outlet: whose article is the earliest that has a date; None where that is not known, see `articles.first_outlet`.
        title: of its representative; without one, how its text begins.
        recent: how many of its articles are of the time and the outlet that were asked for; all where neither was.
        articles: in the order of `assignments`; only where they were asked for, else none.
        follows: id of the earlier story of the same affair that it goes on with, as in `Clustering.follows`; None where there
            is none.
    """

    id: str
    aliases: tuple[str, ...]
    assignments: tuple[Assignment, ...]
    independent_texts: int
    outlets: tuple[str, ...]
    first: datetime
    last: datetime
    updated: datetime
    first_outlet: str | None
    title: str
    follows: str | None
    recent: int = 0
    articles: tuple[Article, ...] = ()

    def __len__(self) -> int:
        return len(self.assignments)

    def as_dict(self) -> dict[str, Any]:
        """The fields of a line of `clusterer index stories`, but for the key words, for which texts must be read."""
        return {
            "story": self.id,
            "title": self.title,
            "first": self.first,
            "last": self.last,
            "articles": len(self),
            "independent_texts": self.independent_texts,
            "outlets": self.outlets,
            "first_outlet": self.first_outlet,
            "representative": next(a.id for a in self.assignments if a.representative),
            "follows": self.follows,
            "updated": self.updated,
            "recent": self.recent,
            "aliases": self.aliases,
        }


class Dated(NamedTuple):
    """A story, and how old its articles are.

    Attributes:
        story: of no window.
        dates: of its articles, ascending, in seconds since 1970; of those without one when they came.
        printed: the outlets of these, in the same order.
        numbers: of its articles, in order of arrival.
    """

    story: Story
    dates: list[float]
    printed: list[str]
    numbers: list[int]

    def of(self, selected: Selection) -> Story:
        """The story with how many of its articles are among those that are asked for."""
        start = 0 if selected.since is None else bisect_left(self.dates, selected.since)
        end = len(self.dates) if selected.until is None else bisect_left(self.dates, selected.until)
        recent = end - start if selected.outlet is None else self.printed[start:end].count(selected.outlet)
        return self.story if recent == len(self.dates) else replace(self.story, recent=recent)


class _Told(NamedTuple):
    dated: Dated
    changed: int  # the write that changed it last
    stirred: int  # the write that changed its likeness to others last
    paired: dict[int, int]  # the stories that it has a likeness with, and the write that changed each last


class ToldStories:
    """Stories of one file by number. Any thread may use it, in a transaction of its own."""

    def __init__(self, most: int = _MOST) -> None:
        """Know none yet; `most` is how many articles those that are kept have, in all."""
        self._most, self._held, self._history = most, 0, ""
        self._told: OrderedDict[int, _Told] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, database: Database, stories: Sequence[int]) -> tuple[dict[int, Dated], list[int]]:
        """Those of some stories that are known as they stand, and those of these of which it must be decided what they follow."""
        history = database.history
        with self._lock:
            if history != self._history:  # another file: its writes are others
                self._told.clear()
                self._held, self._history = 0, history
            told = {x: self._told[x] for x in stories if x in self._told}
            for x in told:
                self._told.move_to_end(x)
        now = _standings(database, {*told}.union(*(one.paired for one in told.values())))
        known = {x: one for x, one in told.items() if x in now and now[x][0] == one.changed}
        stirred = [
            x
            for x, one in known.items()
            if now[x][1] != one.stirred or any(y not in now or now[y][0] != at for y, at in one.paired.items())
        ]
        return {x: one.dated for x, one in known.items()}, stirred

    def put(self, database: Database, made: Mapping[int, Dated], paired: Mapping[int, set[int]]) -> None:
        """Keep stories that were just told.

        Args:
            database: in the transaction that they were told in.
            made: by number.
            paired: of each the stories that it has a likeness with.
        """
        now = _standings(database, {*made}.union(*paired.values()))
        told = {x: _Told(one, *now[x], {y: now[y][0] for y in paired.get(x, ())}) for x, one in made.items()}
        with self._lock:
            for x, one in told.items():
                self._held += len(one.dated.dates)
                if x in self._told:
                    self._held -= len(self._told.pop(x).dated.dates)
                self._told[x] = one
            while self._held > self._most:
                self._held -= len(self._told.popitem(last=False)[1].dated.dates)


def _standings(database: Database, stories: set[int]) -> dict[int, tuple[int, int]]:
    """By story the writes that changed it, and its likeness to others, last."""
    rows = database.among("SELECT story, changed, stirred FROM standing WHERE story IN {}", sorted(stories))
    return {story: (changed, stirred) for story, changed, stirred in rows}
