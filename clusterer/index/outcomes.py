"""What became of articles that were given to an index, and which of them are versions of one. Plain data; reads no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from clusterer.articles import Article, name_of
from clusterer.index.gone import Gone
from clusterer.index.story_ids import Change
from clusterer.results import Assignment
from clusterer.versions import url_key

Status = Literal["new", "report", "copy", "updated", "known", "older", "removed", "expired"]

LOOKED_AT = 64
"""Articles of one id that a new version is held against, those that came last: corrections are of these days."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of added articles. Walking it gives the assignments.

    Attributes:
        assignments: one an article, in the order given, as the index stands after all of them.
        status: of each: "new" (no story had it before: of the articles of a new story the first alone), "report" (another
            report of a story), "copy" (its text, or nearly, was in another article before), "updated" (it replaced another
            version and is in the story that this was in), "known" (the same id and content were there; nothing was stored),
            "older" (a version that was replaced, or is dated before the stored one; nothing was stored, and its assignment is
            that of the stored one), "removed" (it was removed by its id, whatever its text is now; nothing was stored, and its
            assignment names the story that it had), "expired" (likewise, it was there and has expired).
        changes: what it did to stories that were there before.
        titles: of each one's story, that is, of its representative; "" where that has gone.
    """

    assignments: tuple[Assignment, ...]
    status: tuple[Status, ...]
    changes: tuple[Change, ...]
    titles: tuple[str, ...] = ()

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


def added_of(
    assigned: Mapping[int, Assignment],
    numbers: Sequence[int],
    is_known: Sequence[bool],
    changes: Sequence[Change],
    titles: Mapping[str, str],
    are_older: Sequence[bool] = (),
    former: Mapping[int, str] | None = None,
    gone: Mapping[int, Gone] | None = None,
) -> Added:
    """What became of articles, by number; `assigned` holds all articles of their stories, `titles` those of these by id.

    Numbers of those that are `gone` are negative. Others ascend as articles arrive: an article is a copy or a report of
    those before it, whatever comes later in its batch. `are_older` tells versions that are not the stored one, `former` are the
    stories in which earlier versions were, by number.
    """
    first_of_copy: dict[str, int] = {}
    first_of_story: dict[str, int] = {}
    for number in sorted(x for x in assigned if x > 0):  # a story that ended may have had the name of a new one
        first_of_copy.setdefault(assigned[number].copy, number)
        first_of_story.setdefault(assigned[number].story, number)

    def status(number: int) -> Status:
        if gone and number in gone:
            return gone[number].status
        if former and former.get(number) == assigned[number].story:
            return "updated"
        if first_of_copy[assigned[number].copy] < number:
            return "copy"
        return "report" if first_of_story[assigned[number].story] < number else "new"

    assignments = tuple(gone[number].assignment if gone and number in gone else assigned[number] for number in numbers)
    statuses = tuple(
        "older" if older and number > 0 else "known" if k and number > 0 else status(number)
        for number, k, older in zip(numbers, is_known, are_older or [False] * len(numbers), strict=True)
    )
    return Added(assignments, statuses, tuple(changes), tuple(titles.get(a.story, "") for a in assignments))


def latest_versions(items: Sequence[Article]) -> tuple[list[Article], list[int]]:
    """The last version of each article under its name, in the order of the first ones, and which of them each item is.

    The last is the one with the latest date, of one date or without dates the one that came last.
    """
    latest, places, rows = list[Article](), dict[str, list[int]](), list[int]()
    for item in items:
        article = replace(item, id=name_of(item))
        of_name = places.setdefault(article.id, [])
        held = {id(latest[place]): place for place in of_name[-LOOKED_AT:]}
        former = version_among(article, [latest[place] for place in held.values()])
        if former is None and of_name and not is_another(latest[of_name[-1]], article):
            former = latest[of_name[-1]]
        if former is None:
            of_name.append(len(latest))
            rows.append(len(latest))
            latest.append(article)
        else:
            rows.append(held[id(former)])
            if not is_older(article, former):
                latest[rows[-1]] = article
    return latest, rows


def is_older(article: Article, other: Article) -> bool:
    """Whether an article is dated before another one; unknown dates tell nothing."""
    return article.date is not None and other.date is not None and article.date < other.date


def same_text(article: Article, other: Article) -> bool:
    """Whether two articles have one title and one text."""
    return (article.title, article.text) == (other.title, other.text)


def version_among(article: Article, held: Sequence[Article]) -> Article | None:
    """The last of some articles of one id with the URL of this one, else with its title where one of both has no URL."""
    if article.url and (same := [x for x in held if x.url and _address(x.url) == _address(article.url)]):
        return same[-1]
    if article.title and (same := [x for x in held if x.title == article.title and not (article.url and x.url)]):
        return same[-1]
    return None


def is_another(article: Article, other: Article) -> bool:
    """Whether two articles of one id are no versions of one: both have a URL and a title, and neither is the same."""
    pairs = (_address(article.url), _address(other.url)), (article.title, other.title)
    return all(one and two and one != two for one, two in pairs)


@lru_cache(maxsize=1 << 12)
def _address(url: str) -> str:
    """What two URLs of one article have in common, as `versions.url_key` knows; of others all of it."""
    return url_key(url) or url
