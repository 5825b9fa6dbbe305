"""Points in time, and what came and went after one: articles in the order in which they did. Reads only."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from clusterer.articles import seconds
from clusterer.errors import InputError, did_you_mean
from clusterer.index.changes import stories_of_articles
from clusterer.index.gone import Gone, gone_after, is_forgotten
from clusterer.index.guards import ascending
from clusterer.index.open_index import OpenIndex
from clusterer.index.rankings import Selection, changed_since
from clusterer.index.told_stories import Story
from clusterer.index.views import IndexReader
from clusterer.io.limits import parse_moment


class OtherHistory(InputError):
    """What is asked for comes after what this index never had, as after a backup was restored, or has forgotten since."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Stories that articles came to or went from, or that were split, merged or got articles of others.

    Who replaces the articles of each story told by those it has now, and takes out what went, holds what the index does.

    Attributes:
        stories: in the order in which the first of these articles came or went, then the others, as they stand now.
        new: of each the ids of its articles that came; none where they went, or other articles moved.
        gone: the articles that went, in order; none of them is there.
        next: what to ask `after` next time.
        history: tells this index from its backups, in which other articles may come after the same number, and what was told
            of how articles moved; to be given back as it is, with `next`.
    """

    stories: tuple[Story, ...]
    new: tuple[tuple[str, ...], ...]
    next: int
    history: str
    gone: tuple[Gone, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer of `/api/changes`."""
        rows = zip(self.stories, self.new, strict=True)
        stories = [{**story.as_dict(), "new": ids, "ids": [a.id for a in story.assignments]} for story, ids in rows]
        return {
            "stories": stories,
            "gone": [asdict(one) for one in self.gone],
            "next": self.next,
            "history": self.history,
        }


def changes_after(
    reader: IndexReader,
    after: int = 0,
    history: str | None = None,
    limit: int | None = None,
    since: str | None = None,
) -> Arrived:
    """The stories of the next articles that came or went, in this order, with the ids of these.

    Args:
        reader: in a transaction.
        after: `next` of the answer before, 0 for all.
        history: that of the answer before; None is not compared.
        limit: no more than so many articles.
        since: only what came since then.

    Raises:
        OtherHistory: the index has another history, no article so late has ever come to it, or not all that went since is
            remembered.
        InputError: `after` is negative, or `since` is no point in time.
    """
    index = reader.index
    given, write = _parted(history)
    _refuse_other(index, after, given)
    now = index.database.state["generation"]
    write = now if write is None or not after else write
    after = max(after, last_before(index, since))
    most = -1 if limit is None else limit + 1
    steps: list[tuple[int, str | Gone]] = [*arrived(index, after, most), *gone_after(index, after, most)]
    steps.sort(key=lambda step: step[0])
    is_last = limit is None or len(steps) <= limit
    steps = steps[:limit]
    story_of = stories_of_articles(index, [number for number, what in steps if isinstance(what, str)])
    living = _stories_named(index, {what.of_story for _, what in steps if isinstance(what, Gone)})
    new: dict[int, list[str]] = {}
    for number, what in steps:
        story = story_of.get(number, -number) if isinstance(what, str) else living.get(what.of_story)
        if story is None:  # it ended with what went
            continue
        ids = new.setdefault(story, [])
        if isinstance(what, str):
            ids.append(what)
    if is_last:  # what moved meanwhile is told once, when all that came is
        for story in changed_since(index.database, write):
            new.setdefault(story, [])
        write = now
    stories = tuple(reader.stories([*new]))
    gone = tuple(what for _, what in steps if isinstance(what, Gone))
    come = tuple(map(tuple, new.values()))
    return Arrived(stories, come, steps[-1][0] if steps else after, f"{index.database.history}.{write}", gone)


def _refuse_other(index: OpenIndex, after: int, given: str | None) -> None:
    """Refuse to tell what comes after an answer that this index did not give, or does not remember; as `changes_after`."""
    own, last = index.database.history, index.database.state["article"]
    if after < 0:
        raise InputError(f"after is {after}; it must be 0 or more")
    cure = "cure: begin anew, after 0 without a history; a story that is told again has the same id"
    if given is not None and given != own:
        raise OtherHistory(
            f"history is {given!r:.40}, that of {index.database.path} is {own!r}: a backup was restored, or the index made"
            f" anew; {cure}"
        )
    if after > last:
        raise OtherHistory(
            f"after is {after}, and no article of {index.database.path} has ever had a number beyond {last}: a backup was"
            f" restored, or the index made anew; {cure}"
        )
    if after and is_forgotten(index, after):
        raise OtherHistory(
            f"after is {after}, and more has expired since then than {index.database.path} remembers; cure: begin anew, after 0"
            " without a history, in place of all that is held"
        )


def _parted(history: str | None) -> tuple[str | None, int | None]:
    """The history of an answer, and the last write of which it tells how articles moved, None where it says neither.

    >>> _parted("0a1b.7"), _parted("0a1b"), _parted(None), _parted("0a1b.x")
    (('0a1b', 7), ('0a1b', None), (None, None), ('0a1b.x', None))
    """
    found = re.fullmatch(r"([0-9a-f]+)(?:\.([0-9]{1,15}))?", history or "")
    return (found[1], int(found[2]) if found[2] else None) if found else (history, None)


def _stories_named(index: OpenIndex, names: Collection[str]) -> dict[str, int]:
    """Numbers of the stories that have these ids, or have them as aliases, by id; those that have ended are left out."""
    rows = index.database.among_texts(
        "SELECT id, coalesce(into_story, number) FROM story WHERE id IN {}", sorted(names)
    )
    return dict(rows)


def arrived(index: OpenIndex, after: int, limit: int) -> list[tuple[int, str]]:
    """Number and id of the articles that came after one, in order of arrival, no more than so many.

    Args:
        index: in a transaction.
        after: number of that article, 0 for all.
        limit: no more than so many; -1 for all.
    """
    statement = "SELECT number, id FROM article WHERE number > ? ORDER BY number LIMIT ?"
    rows = [(number, id) for number, id in index.database.rows(statement, after, limit)]
    ascending(index.database.path, [number for number, _ in rows], after + 1)
    return rows


def last_before(index: OpenIndex, since: str | None) -> int:
    """Number of the last article that came before a point in time, or so long ago; 0 where there is none.

    Raises:
        InputError: `since` says neither.
    """
    when = point("since", since)
    if when is None:
        return 0
    ((number,),) = index.database.rows("SELECT max(number) FROM article WHERE added < ?", when)
    return int(number or 0)


def selection(
    since: datetime | timedelta | str | None, until: datetime | timedelta | str | None, outlet: str | None
) -> Selection:
    """Which articles are asked for; an age given as `since` counts back from now, or from `until` where that is a date.

    Raises:
        InputError: a point in time is none, `until` comes without `since` or is not after it, or `outlet` is no name.
    """
    outlet = checked_outlet(outlet)
    if until is None:
        return Selection(point("since", since), None, outlet)
    if since is None:
        raise InputError(
            f"until is {str(until)!r}, and since when is not said; cure: since, such as 24h: so long before it"
        )
    first, last = (parse_moment(when) if isinstance(when, str) else when for when in (since, until))
    end, start = point("until", last), point("since", first)
    if isinstance(first, timedelta) and isinstance(last, datetime) and end is not None:
        start = end - first.total_seconds()
    if end is None or start is None or end <= start:
        raise InputError(
            f"until is {str(until)!r}, which is not after since, {str(since)!r}; cure: a later one; a date is its first moment:"
            " the day 2016-04-01 is since 2016-04-01 until 2016-04-02, or since 24h until 2016-04-02"
        )
    return Selection(start, end, outlet)


def checked_outlet(outlet: str | None) -> str | None:
    """The name of an outlet that is asked for, if any.

    Raises:
        InputError: it is none.
    """
    if outlet is None or (isinstance(outlet, str) and outlet and outlet.encode("utf-8", "ignore").decode() == outlet):
        return outlet
    raise InputError(f"outlet is {outlet!r}; it must be a name; cure: one of those in `outlets` of a story")


def unknown_outlet(outlet: str, known: Collection[str]) -> str:
    """What to say of an outlet that was asked for, where it is none of those that are known; else nothing."""
    if outlet in known:
        return ""
    return (
        f"no article of outlet {outlet!r} is there; cure: {did_you_mean(outlet, known)}a name as index stories lists it"
    )


def point(name: str, when: datetime | timedelta | str | None) -> float | None:
    """Seconds since 1970 of a point in time, or of so long ago; `name` is what errors call it."""
    if isinstance(when, str):
        when = parse_moment(when)
    if not isinstance(when, datetime | timedelta | None):
        raise InputError(f"{name} is {when!r}; it must be an age or a date; cure: '7d' or '2015-07-21'")
    if isinstance(when, timedelta):
        if when < timedelta():
            raise InputError(f"{name} is {when}; an age must not be negative")
        return time.time() - when.total_seconds()
    return None if when is None else seconds(when)
