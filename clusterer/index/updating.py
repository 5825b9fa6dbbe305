"""Which stored article a new one is a version of, where its id was given to several articles. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from clusterer.articles import Article, numbered_id
from clusterer.index.articles import id_key, read_articles
from clusterer.index.gone import named
from clusterer.index.open_index import OpenIndex
from clusterer.index.outcomes import LOOKED_AT, is_another, version_among
from clusterer.index.replaced import stale


class Versions(NamedTuple):
    """New articles, and of which stored ones they are versions.

    Attributes:
        articles: each under the id of the stored one that it is a version of, or under its own; where it is no new version
            of that one (`replaced`), the stored one itself.
        places: of each one given, its place among these.
        former: the stored ones by id. No two articles are versions of one.
    """

    articles: list[Article]
    places: list[int]
    former: dict[str, Article]


def find_versions(index: OpenIndex, articles: Sequence[Article]) -> Versions:
    """Find for new articles the stored ones that they are versions of.

    That is the one of its id, unless it is another article; or of "id#2", "id#3", ... the one that has its URL, or its title
    where one of both has no URL.

    Args:
        index: in a transaction.
        articles: of distinct ids, or of one id where they are no versions of each other.
    """
    numbers = _numbers(index, {a.id for a in articles})
    stored = read_articles(index, sorted({number for held in numbers.values() for number in held}))
    named, former = list[Article](), dict[str, Article]()
    for article in articles:
        held = [stored[number] for number in numbers.get(article.id, ())]
        found = _former(article, [other for other in held if other.id not in former])
        if found:
            former[found.id] = found
        named.append(replace(article, id=found.id) if found else article)
    changed = [i for i, article in enumerate(named) if former.get(article.id, article) != article]
    for i, is_stale in zip(changed, stale(index, [(named[i], former[named[i].id]) for i in changed]), strict=True):
        named[i] = former[named[i].id] if is_stale else named[i]
    order = list(range(len(named)))
    if any(article.id in numbers and article.id not in former for article in named):
        order = sorted(order, key=lambda i: named[i].id not in former)  # else these would take ids that versions leave
    place = {i: place for place, i in enumerate(order)}
    return Versions([named[i] for i in order], [place[i] for i in range(len(named))], former)


def _former(article: Article, held: Sequence[Article]) -> Article | None:
    """The article of which this is a version, of those that its id was given to, in order; None where it is another one."""
    bare = held[0] if held and held[0].id == article.id and not is_another(held[0], article) else None
    return version_among(article, held) or bare


def _numbers(index: OpenIndex, names: Iterable[str]) -> dict[str, list[int]]:
    """By name the numbers of the stored articles that it was given to: of the bare id first, then of the latest others."""
    taken = _taken(index, names)
    own = {name: [taken[name]] if taken[name] > 0 else [] for name in taken}
    others: dict[str, list[int]] = {name: [] for name in taken}
    start, growing = 2, set(taken)
    while growing:
        asked = {numbered_id(name, n): name for name in growing for n in range(start, 2 * start - 1)}
        found = _taken(index, asked)
        for id, name in asked.items():  # in succession, up to the first that is free
            if name in growing and id in found:
                others[name].append(found[id])
            else:
                growing.discard(name)
        start = 2 * start - 1
    return {name: own[name] + [number for number in others[name] if number > 0][-LOOKED_AT:] for name in taken}


def _taken(index: OpenIndex, ids: Iterable[str]) -> dict[str, int]:
    """The number of the article that has or had an id, by ids that are taken."""
    wanted = set(ids)
    rows = named(index.database, [id_key(id) for id in wanted])
    return {id: number for id, _, number in rows if id in wanted}
