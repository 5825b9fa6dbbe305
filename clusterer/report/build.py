"""The report: a run's stories as one page to browse. Data first (`build`), then rendering (`page`).

Counts, orders and packs what was decided elsewhere; recomputes no score and forms no group. Texts go into the page in
blocks, JSON in raw deflate (RFC 1951) in base64, which the page unpacks when a story is opened. Reads and writes no file.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

import numpy as np
import orjson

from clusterer.arrays.parallel import ordered_map
from clusterer.articles import Article, seconds
from clusterer.explanation.highlights import Passages
from clusterer.io.dates import on_clock
from clusterer.messages import language_of
from clusterer.report.charts import by_size, by_time, day_of
from clusterer.report.keywords import key_words
from clusterer.report.model import Member, Quarantined, Report, Summary, Why
from clusterer.report.reprints import reprints
from clusterer.results import Assignment
from clusterer.settings import Settings
from clusterer.text.normalize import normalise

MOST = 50_000
"""Articles whose stories are shown; further ones are counted, and the page says that they are left out."""
_BLOCK = 150_000  # letters of a block's texts: a quarter of a megabyte of JSON
_LEVEL = 5  # of deflate; 6 takes three times as long for a twentieth less
_LATE = 0.999  # share of the dated articles whose last is the end of the feed
_KINDS = {"own": 0, "shared": 1, "cut": 2}


def build(
    assignments: Sequence[Assignment],
    walk: Callable[[], Iterable[Article]],
    settings: Settings,
    *,
    furniture: Collection[int] = (),
    stats: Mapping[str, int] | None = None,
    follows: Mapping[str, str] | None = None,
    again: Collection[int] = (),
    quarantined: Quarantined | None = None,
    most: int = MOST,
    zone: tzinfo | None = None,
) -> Report:
    """Return the data of a report.

    Args:
        assignments: one an article.
        walk: gives the articles, in the same order. Called once, or twice where they are more than `most`: then only those
            that are shown are held.
        settings, furniture, stats, follows, again: of the run, see `Clustering`.
        quarantined: what could not be read.
        most: articles whose stories are shown.
        zone: whose clock tells times and days; UTC where None.

    Raises:
        ValueError: there are more or fewer articles than assignments.
    """
    if again:
        rows = walk

        def walk() -> Iterable[Article]:
            return (article for place, article in enumerate(rows()) if place not in again)

        assignments = [assignment for place, assignment in enumerate(assignments) if place not in again]
    n = len(assignments)
    labels = [(a.story, a.copy, a.exact) for a in assignments]
    held = list(walk()) if n <= most else []
    outlets, dates = list[str](), list[float]()
    names: dict[str, str] = {}
    for article in held or walk():
        outlets.append(names.setdefault(article.outlet, article.outlet))
        dates.append(seconds(article.date))
    if len(outlets) != n:
        raise ValueError(f"{len(outlets)} articles for {n} assignments")
    stories = _stories([story for story, _, _ in labels], dates)
    shown = _fitting(stories, most)
    wanted = {i for story in shown for i in story}
    if not held:
        held = [a if i in wanted else Article("") for i, a in enumerate(walk())]
    placed = {i: a for i, a in enumerate(assignments) if i in wanted}  # each is made when it is asked for: once
    by_articles = Counter(outlet for outlet in outlets if outlet)
    order = sorted(by_articles, key=lambda name: (-by_articles[name], name))
    summaries, blocks = _packed(shown, placed, held, outlets, order, settings, furniture, follows or {}, zone)
    starts = [dates[story[0]] for story in stories]
    days, unit = by_time(
        [(day_of(x, zone), len(story) > 1) for x, story in zip(starts, stories, strict=True) if x < np.inf]
    )
    known_days = [day_of(x, zone) for x in dates if x < np.inf]
    return Report(
        totals={
            "articles": n,
            "stories": len(stories),
            "stories of two or more": sum(len(story) > 1 for story in stories),
            "articles in them": sum(len(story) for story in stories if len(story) > 1),
            "independent texts": len({copy for _, copy, _ in labels}),
            "distinct texts": len({exact for _, _, exact in labels}),
            "outlets": len(by_articles),
            "articles without a date": n - len(known_days),
            "articles read before": len(again),
        },
        first=min(known_days).isoformat() if known_days else None,
        last=max(known_days).isoformat() if known_days else None,
        until=_stamp(_end(dates), zone),
        zone=str(zone) if zone else None,
        language=language_of(a.title or a.text for a in held),
        sizes=by_size(stories),
        days=days,
        unit=unit,
        undated=sum(x == np.inf for x in starts),
        reprints=reprints([copy for _, copy, _ in labels], outlets, dates),
        outlets=tuple(order),
        stories=tuple(summaries),
        blocks=tuple(blocks),
        left_out=(len(stories) - len(shown), n - sum(map(len, shown))),
        most=most,
        quarantined=quarantined,
        settings=settings,
        stats=dict(stats or {}),
    )


def _stories(labels: Sequence[str], dates: Sequence[float]) -> list[list[int]]:
    """Return the places of each story's articles, earliest first; the largest story first, then the freshest.

    Args:
        labels: story of each article.
        dates: seconds since 1970 of each article, inf where it is unknown: such articles come last.
    """
    groups: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        groups.setdefault(label, []).append(i)
    stories = list(groups.values())
    for story in stories:
        story.sort(key=dates.__getitem__)
    stories.sort(key=lambda story: (-len(story), -_latest(story, dates)))
    return stories


def _packed(
    shown: list[list[int]],
    assignments: Mapping[int, Assignment],
    articles: Sequence[Article],
    outlets: Sequence[str],
    order: Sequence[str],
    settings: Settings,
    furniture: Collection[int],
    follows: Mapping[str, str],
    zone: tzinfo | None,
) -> tuple[list[Summary], list[bytes]]:
    """Return the list's entry of each story, and the blocks that hold their articles, packed.

    Args:
        shown: places of the articles of each story.
        assignments: of those articles, by place.
        articles, outlets: one an article of the feed.
        order: names of outlets, as the report numbers them.
        settings, furniture, follows: of the run.
        zone: whose clock tells times.
    """
    number = {name: i for i, name in enumerate(order)}
    keys = _search_keys([(articles[i].title, outlets[i], assignments[i].id) for story in shown for i in story])
    summaries, blocks = list[Summary](), list[bytes]()
    words = iter(key_words([_texts(story, assignments, articles) for story in shown], settings))
    batches = list(_batches(shown, articles))
    plain = (_block(batch, assignments, articles, settings, furniture, zone) for batch in batches)
    for block, (batch, data) in enumerate(zip(batches, ordered_map(pack, plain, settings.threads), strict=True)):
        blocks.append(data)
        for place, story in enumerate(batch):
            head = next(i for i in story if assignments[i].representative)
            inside = dict.fromkeys(number[outlets[i]] for i in story if outlets[i])
            stamps = [stamp for i in story if (stamp := _stamp(articles[i].date, zone))]
            summaries.append(
                Summary(
                    assignments[head].story,
                    next(
                        (title for i in (head, *story) if (title := articles[i].title.strip())), articles[head].heading
                    ),
                    len(story),
                    len({assignments[i].copy for i in story}),
                    tuple(inside),
                    stamps[0] if stamps else None,
                    stamps[-1] if stamps else None,
                    block,
                    place,
                    follows.get(assignments[head].story),
                    _hours([x for i in story if (x := seconds(articles[i].date)) < np.inf]),
                    next(words),
                    "\n".join(dict.fromkeys(line for _ in story for line in next(keys))),
                )
            )
    return summaries, blocks


def _fitting(stories: list[list[int]], most: int) -> list[list[int]]:
    """The first stories, in their order, that together have at most so many articles; what does not fit is passed over."""
    shown, left = [], most
    for story in stories:
        if len(story) <= left:
            shown.append(story)
            left -= len(story)
    return shown


def _batches(stories: list[list[int]], articles: Sequence[Article]) -> Iterator[list[list[int]]]:
    """Stories by blocks."""
    batch, letters = list[list[int]](), 0
    for story in stories:
        batch.append(story)
        letters += sum(len(articles[i].text) for i in story)
        if letters >= _BLOCK:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _block(
    batch: list[list[int]],
    assignments: Mapping[int, Assignment],
    articles: Sequence[Article],
    settings: Settings,
    furniture: Collection[int],
    zone: tzinfo | None,
) -> list[list[Member]]:
    linked = [i for story in batch if len(story) > 1 for i in story]
    row = {i: x for x, i in enumerate(linked)}
    passages = Passages([articles[i] for i in linked], settings, furniture)

    def marks(i: int, j: int) -> tuple[tuple[int, int], ...]:
        return tuple((_KINDS[kind], _units(text)) for text, kind in passages.pieces(row[i], row[j]))

    out = []
    for story in batch:
        place = {assignments[i].id: x for x, i in enumerate(story)}
        copies: dict[str, int] = {}
        members = []
        for i in story:
            a, article, why = assignments[i], articles[i], None
            if a.linked_to is not None and a.relation is not None and a.score is not None:
                target = place[a.linked_to]
                other = story[target]
                why = Why(target, a.relation, a.score, dict(a.evidence or {}), marks(i, other), marks(other, i))
            stamp = _stamp(article.date, zone)
            copy = copies.setdefault(a.copy, len(copies))
            members.append(
                Member(
                    a.id, article.title, article.outlet, article.url, article.text, stamp, a.representative, copy, why
                )
            )
        out.append(members)
    return out


def pack(data: Any) -> bytes:
    """Return plain data as JSON in raw deflate."""
    try:
        encoded = orjson.dumps(data)
    except orjson.JSONEncodeError:  # half a character: only escaped can it be told
        encoded = json.dumps(data, default=asdict).encode()
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(encoded) + squeeze.flush()


def _texts(story: list[int], assignments: Mapping[int, Assignment], articles: Sequence[Article]) -> list[Article]:
    """The representative of a story and the first article of each other copy group; none of a single article."""
    if len(story) < 2:
        return []
    first: dict[str, int] = {}
    for i in sorted(story, key=lambda i: not assignments[i].representative):
        first.setdefault(assignments[i].copy, i)
    return [articles[i] for i in first.values()]


def _hours(moments: list[float]) -> tuple[int, ...]:
    """Whole hours after the first of moments, in seconds, ascending."""
    return tuple(int((x - moments[0]) // 3600) for x in moments)


def _end(dates: Sequence[float]) -> datetime | None:
    """The moment by which nearly all dated articles had come."""
    known = np.sort([x for x in dates if x < np.inf])
    if not len(known):
        return None
    moment = float(known[min(int(len(known) * _LATE), len(known) - 1)])
    return datetime.combine(day_of(moment), time(), UTC) + timedelta(seconds=int(moment % 86_400))


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _latest(story: list[int], dates: Sequence[float]) -> float:
    return max((dates[i] for i in story if dates[i] < np.inf), default=-np.inf)


def _stamp(when: datetime | None, zone: tzinfo | None) -> str | None:
    """A date as the page reads it, on the clock of a zone; a day without an hour stays that day, at midnight of UTC."""
    if when is None:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    try:
        aware = aware.astimezone(UTC)
        told = on_clock(aware.replace(microsecond=0), zone)
        if zone and isinstance(told, datetime):
            return told.isoformat(timespec="seconds")
    except OverflowError:  # the first or last day there is
        aware = aware.replace(tzinfo=UTC)
    return aware.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _search_keys(lines: list[tuple[str, str, str]]) -> Iterator[list[str]]:
    """Of each article its lines, folded."""
    flat = normalise([" ".join(part.split()) for line in lines for part in line], "news-1")
    for i in range(0, len(flat), 3):
        yield [part for part in flat[i : i + 3] if part]
