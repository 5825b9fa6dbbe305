"""The stories of a run as a table, a row each: what a desk reads of them without a page. Forms no group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import NamedTuple

from clusterer.articles import Article, first_outlet, latest, seconds
from clusterer.report.keywords import TEXTS, key_words
from clusterer.results import Clustering
from clusterer.settings import Settings

_LETTERS = 1500  # of a text that are held: its opening behind a dateline


class StoryRow(NamedTuple):
    """One story.

    Attributes:
        story: its id.
        title: of its representative; without one, of its earliest article that has one, else how the representative begins.
        first, last: earliest and latest date of its articles; None where none has one.
        articles: how many; one that was read several times counts once.
        independent_texts: how many of them are no copies of another one.
        outlets: who printed them, sorted.
        first_outlet: of them, whose article is the earliest that has a date; None where that is not known: all are without a
            date, the earliest is without an outlet, or several may be it, since a day without an hour is any time of that day.
        representative: id of the article that stands for it.
        key_words: what its texts say and others do not, what weighs most first.
        follows: id of the earlier story of the same affair that it goes on with; None where there is none.
    """

    story: str
    title: str
    first: datetime | None
    last: datetime | None
    articles: int
    independent_texts: int
    outlets: tuple[str, ...]
    first_outlet: str | None
    representative: str
    key_words: tuple[str, ...]
    follows: str | None


@dataclass(slots=True)
class _Gathered:
    """What is held of a story while articles are walked."""

    articles: int = 0
    texts: dict[str, Article] = field(default_factory=dict)  # by copy group, shortened, none beyond those that are held
    outlets: dict[str, float] = field(default_factory=dict)  # with the date of their earliest article, inf without one
    opened: float = inf  # by then the earliest article had come, whatever the hour of its day
    dates: list[datetime] = field(default_factory=list)  # earliest and latest
    head: tuple[str, str, str] = ("", "", "")  # id, title and heading of the representative
    titled: tuple[float, str] = (inf, "")  # date and title of the earliest article with one


def story_table(result: Clustering, articles: Iterable[Article], settings: Settings) -> Iterator[StoryRow]:
    """Rows of all stories, those of most articles first; of as many, in the order in which they first appear.

    Args:
        result: of a run.
        articles: that were grouped, in the same order; read once.
        settings: of the run.

    Examples:
        >>> from clusterer import cluster
        >>> text = "أعلنت وزارة التعليم موعد بدء العام الدراسي الجديد في المدارس"
        >>> articles = [Article(text, "a", "موعد الدراسة", "وكالة"), Article(text, "b", source="صحيفة")]
        >>> for row in story_table(cluster(articles), articles, Settings()):
        ...     print(row.story, row.title, row.articles, row.independent_texts, row.outlets)
        a موعد الدراسة 2 1 ('صحيفة', 'وكالة')
    """
    stories: dict[str, _Gathered] = {}
    copies: dict[str, set[str]] = {}
    for place, (a, article) in enumerate(zip(result, articles, strict=True)):
        if place in result.again:
            continue
        story = stories.setdefault(a.story, _Gathered())
        story.articles += 1
        texts = copies.setdefault(a.story, set())
        if a.copy not in texts and len(texts) < TEXTS:
            story.texts[a.copy] = Article(article.text[:_LETTERS], title=article.title)
        texts.add(a.copy)
        when = seconds(article.date)
        story.outlets[article.outlet] = min(when, story.outlets.get(article.outlet, inf))
        if article.date is not None:
            story.opened = min(story.opened, latest(when))
            dates = [*story.dates, article.date]
            story.dates = [min(dates), max(dates)]
        if a.representative:
            story.head = a.id, article.title.strip(), article.heading
        if (title := article.title.strip()) and (not story.titled[1] or seconds(article.date) < story.titled[0]):
            story.titled = seconds(article.date), title
    words = key_words([list(story.texts.values()) for story in stories.values()], settings)
    table = list(zip(stories.items(), words, strict=True))
    for (name, story), found in sorted(table, key=lambda row: -row[0][1].articles):
        first, last = story.dates or (None, None)
        outlets = tuple(sorted(story.outlets.keys() - {""}))
        id, title, heading = story.head
        yield StoryRow(
            name,
            title or story.titled[1] or heading,
            first,
            last,
            story.articles,
            len(copies[name]),
            outlets,
            first_outlet(story.outlets, story.opened),
            id,
            found,
            result.follows.get(name),
        )
