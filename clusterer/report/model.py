"""The data of a report, as plain frozen records. Counts and renders nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clusterer.io.rows import BadRow
from clusterer.messages import Language
from clusterer.results import Relation
from clusterer.settings import Settings


@dataclass(frozen=True, slots=True)
class Why:
    """Why an article is in its story: its link, as it was verified.

    Attributes:
        to: place, in the story, of the article that it is linked to.
        relation, score, evidence: of the `Assignment`.
        mine, theirs: marks of both texts against each other: runs of kind (0 own, 1 shared, 2 boilerplate) and length in
            UTF-16 units; a text's runs together are as long as the text.
    """

    to: int
    relation: Relation
    score: float
    evidence: Mapping[str, float]
    mine: tuple[tuple[int, int], ...]
    theirs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a story.

    Attributes:
        id, title, outlet, url, text: of the article; the outlet is "" where unknown.
        date: in UTC, as "2015-07-21T09:08:56Z", or on the clock of `Report.zone`, as "2015-07-21T12:08:56+03:00"; of a day
            without an hour always midnight of UTC; or None.
        representative: whether it stands for the story.
        copy: number of its copy group in the story, by earliest member.
        why: None for the representative.
    """

    id: str
    title: str
    outlet: str
    url: str
    text: str
    date: str | None
    representative: bool
    copy: int
    why: Why | None


@dataclass(frozen=True, slots=True)
class Summary:
    """A story in the list.

    Attributes:
        id: its name.
        title: of its representative; without one, of its earliest article that has one, else how the representative begins.
        size: articles.
        texts: independent texts: copy groups.
        outlets: numbers of those that print it, in `Report.outlets`, by earliest article.
        first, last: earliest and latest date, as `Member.date`; None where all are unknown.
        block, place: where its articles are: the block's number, and the story's place in it.
        follows: id of the earlier story of the same affair, None where there is none.
        hours: of each dated article, whole hours after `first`.
        words: key words and names; none of a single article.
        key: what is searched: its articles' titles, outlets and ids, folded as the package folds letters.
    """

    id: str
    title: str
    size: int
    texts: int
    outlets: tuple[int, ...]
    first: str | None
    last: str | None
    block: int
    place: int
    follows: str | None
    hours: tuple[int, ...]
    words: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: a label, how many stories of two or more articles, how many of one."""

    label: str
    several: int
    single: int


@dataclass(frozen=True, slots=True)
class Reprints:
    """Who copies whom.

    Of a copy group that several outlets print, the outlet of the earliest article is first, and each other outlet counts
    once as copying it.

    Attributes:
        outlets: names; those with the most copies, at most `OUTLETS`.
        counts: of each outlet, by row, how often it copied each outlet, by column.
        copied, was_first: of each outlet, over all outlets, also those that are not shown.
        groups: copy groups that count.
        ties: that do not, since two outlets may be the earliest; a date without an hour may be any of its day.
        unknown: that do not, since a date or an outlet is missing.
        left_out: outlets with copies that are not shown.
    """

    outlets: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    copied: tuple[int, ...]
    was_first: tuple[int, ...]
    groups: int
    ties: int
    unknown: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What could not be read: how many rows, where they are, and the first of them."""

    count: int
    path: str
    first: tuple[BadRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What the page shows.

    Attributes:
        totals: counts over all articles, by name.
        first, last: earliest and latest day, or None.
        until: the moment by which all but a thousandth of the dated articles had come (some clocks run ahead): growth is
            counted over the day before it. As `Member.date`; None where all dates are unknown.
        zone: whose clock tells times and days; UTC where None.
        language: of most articles.
        sizes: stories by number of articles.
        days: stories by the day, week or month of their first dated article.
        unit: which of these: "day", "week", "month".
        undated: stories without any date.
        reprints: who copies whom.
        outlets: all names, those with the most articles first.
        stories: in the order in which the list shows them at first: largest, then freshest.
        blocks: their articles, packed.
        left_out: stories and articles that are counted and not shown.
        most: articles that could be shown.
        quarantined: None where nothing is known of it.
        settings, stats: of the run.
    """

    totals: Mapping[str, int]
    first: str | None
    last: str | None
    until: str | None
    zone: str | None
    language: Language
    sizes: tuple[Bar, ...]
    days: tuple[Bar, ...]
    unit: str
    undated: int
    reprints: Reprints
    outlets: tuple[str, ...]
    stories: tuple[Summary, ...]
    blocks: tuple[bytes, ...]
    left_out: tuple[int, int]
    most: int
    quarantined: Quarantined | None
    settings: Settings
    stats: Mapping[str, int]
