"""Which stored article a new one is a version of, where its id was given to several articles or made of its URL. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from clusterer.articles import Article, name_of, numbered_id
from clusterer.errors import InputError
from clusterer.index.articles import id_key, read_articles
from clusterer.index.gone import named
from clusterer.index.open_index import OpenIndex
from clusterer.index.outcomes import LOOKED_AT, is_another, version_among
from clusterer.index.replaced import stale
from clusterer.versions import url_key


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


def names_by_url(articles: Sequence[Article]) -> list[str]:
    """The ids of articles of which those of one URL are versions of one: their URLs, without what does not tell them apart."""
    return [(article.url and url_key(article.url)) or name_of(article) for article in articles]


def refuse_twice(index: OpenIndex, articles: Sequence[Article], unique_url: bool) -> None:
    """Refuse articles that are there under ids of the other kind, their own or those made of URLs: each would be there twice.

    One that is there under both is known, and may come again.

    Args:
        index: in a transaction.
        articles: under their own ids.
        unique_url: whether they will be stored under ids made of URLs.

    Raises:
        InputError: naming how many they are, and the first.
    """
    own, by_url = [*map(name_of, articles)], names_by_url(articles)
    names, others = (by_url, own) if unique_url else (own, by_url)
    told = [place for place in range(len(articles)) if names[place] != others[place]]
    if not told:
        return
    held = _by_url(index, {others[place] for place in told})
    told = [place for place in told if by_url[place] in held[others[place]]]
    if not unique_url:  # a URL that is told without its scheme may be the article's own id
        told = [place for place in told if held[others[place]][by_url[place]].url != others[place]]
    here, taken = _by_url(index, {names[place] for place in told}), _taken(index, {names[place] for place in told})
    told = [
        place for place in told if by_url[place] not in here[names[place]] and taken.get(names[place], 0) >= 0
    ]  # what is gone is not taken in again
    if not told:
        return
    first = held[others[told[0]]][by_url[told[0]]].id
    are = "1 article is" if len(told) == 1 else f"{len(told):,} articles are"
    said, cure = (
        "without",
        "leave --unique-url out, or make a new index and add all articles with it from the first time on",
    )
    if not unique_url:
        said, cure = "with", "--unique-url, as the first time (Python: index.update(articles, unique_url=True))"
    raise InputError(
        f"{index.database.path}: {are} there already, as added {said} --unique-url ({names[told[0]]!r} as {first!r}), and would"
        f" be there twice; nothing of {len(articles):,} is stored; cure: {cure}"
    )


def _by_url(index: OpenIndex, names: Collection[str]) -> dict[str, dict[str, Article]]:
    """By name the stored articles that it was given to, by what their URLs tell; those without URLs are left out."""
    numbers = _numbers(index, names)
    stored = read_articles(index, sorted({number for held in numbers.values() for number in held}))
    out: dict[str, dict[str, Article]] = {name: {} for name in names}
    for name, held in numbers.items():
        for article in (stored[number] for number in held):
            if article.url:
                out[name][url_key(article.url)] = article
    return out


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
