"""The report: a run's stories as one page to browse. Data first (`build`), then rendering (`page`).

Counts, orders and packs what was decided elsewhere; recomputes no score and forms no group. Texts go into the page in
blocks, JSON in raw deflate (RFC 1951) in base64, which the page unpacks when a story is opened. Reads and writes no file.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import numpy as np
import orjson

from clusterer import events
from clusterer.arabic import normalise, tables
from clusterer.corpus import seconds
from clusterer.pages import render
from clusterer.passages import Passages
from clusterer.records import Article, Assignment, Relation
from clusterer.rows import BadRow
from clusterer.settings import Settings
from clusterer.threads import in_order

MOST = 50_000
"""Articles whose stories are shown; further ones are counted, and the page says that they are left out."""
OUTLETS = 24
"""Outlets of the matrix, those with the most copies."""
SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (7, 9), (10, 19), (20, 49), (50, None))
"""Steps of the size histogram, first and last number of articles."""
_BLOCK = 150_000  # letters of a block's texts: a quarter of a megabyte of JSON
_LEVEL = 5  # of deflate; 6 takes three times as long for a twentieth less
_KINDS = {"own": 0, "shared": 1, "cut": 2}
_DAYS, _WEEKS = 70, 490  # days that a chart by day, and by week, may span
EVIDENCE: Mapping[str, str] = {
    "jaccard": "share of all shingles of the two texts that both hold",
    "containment": "share of the shorter text's shingles that the longer one holds",
    "opening": "share of the longer text's opening that the shorter one holds",
    "lead": "how alike the leads are, rare and early words weighing more",
    "own_body": "how alike the rare words of the whole texts are, without passages that both share",
    "lead_found": "share of one text's lead that the other holds, the smaller direction",
    "titles": "how alike the titles are",
    "apart": "days between them, over 14",
    "formula": "one outlet: how little the texts agree outside shared passages",
    "unsigned": "outlet unknown: how little the texts agree outside shared passages",
    "stock": "share of the leads' likeness that stands in stock phrases",
    "carried": "outlets that print both, which hardly happens to one event",
}
"""What the names in `Assignment.evidence` mean."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why an article is in its story: its link, as it was verified.

    Attributes:
        to: place, in the story, of the article that it is linked to.
        relation, score, evidence: of the `Assignment`.
        mine, theirs: marks of both texts against each other: runs of kind (0 own, 1 shared, 2 furniture) and length in
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
        date: in UTC, as "2015-07-21T09:08:56Z", or None.
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
        title: of its representative.
        size: articles.
        texts: independent texts: copy groups.
        outlets: numbers of those that print it, in `Report.outlets`, by earliest article.
        first, last: earliest and latest date, as `Member.date`; None where all are unknown.
        block, place: where its articles are: the block's number, and the story's place in it.
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
    key: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: a label, how many stories of two or more articles, how many of one."""

    label: str
    several: int
    single: int


@dataclass(frozen=True, slots=True)
class Copying:
    """Who copies whom. Of a copy group that several outlets print, the outlet of the earliest article is first, and each
    other outlet counts once as copying it.

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
        sizes: stories by number of articles.
        days: stories by the day, week or month of their first dated article.
        unit: which of these: "day", "week", "month".
        undated: stories without any date.
        copying: who copies whom.
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
    sizes: tuple[Bar, ...]
    days: tuple[Bar, ...]
    unit: str
    undated: int
    copying: Copying
    outlets: tuple[str, ...]
    stories: tuple[Summary, ...]
    blocks: tuple[bytes, ...]
    left_out: tuple[int, int]
    most: int
    quarantined: Quarantined | None
    settings: Settings
    stats: Mapping[str, int]


def build(
    assignments: Sequence[Assignment],
    walk: Callable[[], Iterable[Article]],
    settings: Settings,
    *,
    furniture: Collection[int] = (),
    stats: Mapping[str, int] | None = None,
    quarantined: Quarantined | None = None,
    most: int = MOST,
) -> Report:
    """The data of a report.

    Args:
        assignments: one an article.
        walk: gives the articles, in the same order. Called once, or twice where they are more than `most`: then only those
            that are shown are held.
        settings, furniture, stats: of the run, see `Clustering`.
        quarantined: what could not be read.
        most: articles whose stories are shown.
    """
    n = len(assignments)
    held = list(walk()) if n <= most else []
    outlets, when = list[str](), list[float]()
    names: dict[str, str] = {}
    for article in held or walk():
        outlets.append(names.setdefault(article.outlet, article.outlet))
        when.append(seconds(article.date))
    if len(outlets) != n:
        raise ValueError(f"{len(outlets)} articles for {n} assignments")
    groups: dict[str, list[int]] = {}
    for i, a in enumerate(assignments):
        groups.setdefault(a.story, []).append(i)
    stories = list(groups.values())
    for story in stories:
        story.sort(key=when.__getitem__)  # undated articles last
    stories.sort(key=lambda story: (-len(story), -_latest(story, when)))
    shown = _fitting(stories, most)
    if not held:
        wanted = {i for story in shown for i in story}
        held = [a if i in wanted else Article("") for i, a in enumerate(walk())]

    by_articles = Counter(outlet for outlet in outlets if outlet)
    order = sorted(by_articles, key=lambda name: (-by_articles[name], name))
    number = {name: i for i, name in enumerate(order)}
    keys = _search_keys([(held[i].title, outlets[i], assignments[i].id) for story in shown for i in story])
    summaries, blocks = list[Summary](), list[bytes]()
    batches = list(_batches(shown, held))

    told = (_block(batch, assignments, held, settings, furniture) for batch in batches)
    for block, (batch, data) in enumerate(zip(batches, in_order(_pack, told, settings.threads), strict=True)):
        blocks.append(data)
        for place, story in enumerate(batch):
            head = next(i for i in story if assignments[i].representative)
            inside = dict.fromkeys(number[outlets[i]] for i in story if outlets[i])
            dates = [stamp for i in story if (stamp := _stamp(held[i].date))]
            summaries.append(
                Summary(
                    assignments[head].story,
                    _title(held[head]),
                    len(story),
                    len({assignments[i].copy for i in story}),
                    tuple(inside),
                    dates[0] if dates else None,
                    dates[-1] if dates else None,
                    block,
                    place,
                    "\n".join(dict.fromkeys(line for _ in story for line in next(keys))),
                )
            )
    begun = [when[story[0]] for story in stories]
    days, unit = _by_time([(_day(at), len(story) > 1) for at, story in zip(begun, stories, strict=True) if at < np.inf])
    dated = [_day(at) for at in when if at < np.inf]
    return Report(
        totals={
            "articles": n,
            "stories": len(stories),
            "stories of two or more": sum(len(story) > 1 for story in stories),
            "articles in them": sum(len(story) for story in stories if len(story) > 1),
            "independent texts": len({a.copy for a in assignments}),
            "distinct texts": len({a.exact for a in assignments}),
            "outlets": len(by_articles),
            "articles without a date": n - len(dated),
        },
        first=min(dated).isoformat() if dated else None,
        last=max(dated).isoformat() if dated else None,
        sizes=_by_size(stories),
        days=days,
        unit=unit,
        undated=sum(at == np.inf for at in begun),
        copying=copying([a.copy for a in assignments], outlets, when),
        outlets=tuple(order),
        stories=tuple(summaries),
        blocks=tuple(blocks),
        left_out=(len(stories) - len(shown), n - sum(map(len, shown))),
        most=most,
        quarantined=quarantined,
        settings=settings,
        stats=dict(stats or {}),
    )


def page(report: Report) -> bytes:
    """The report as HTML in UTF-8 that stands alone."""
    model = events.shipped_model()
    weights = dict(zip(events.FEATURES, model.weights.tolist(), strict=True))
    listed = {"stories": report.stories, "outlets": report.outlets, "letters": _letters(), "unfolded": _unfolded()}
    about = {
        "weights": weights,
        "bias": model.bias,
        "undated": model.undated,
        "evidence": EVIDENCE,
        "shingle": f"{report.settings.size} {report.settings.unit}s",
        "threshold": report.settings.story,
        "articles": report.totals["articles"],
    }
    script = files("clusterer").joinpath("templates/report.js").read_text("utf-8")
    html = render(
        "report.html",
        report=report,
        listed=b64encode(_pack(listed)).decode(),
        blocks=(b64encode(block).decode() for block in report.blocks),
        about=about,
        most=report.most,
        script=script,
        script_hash=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        settings=report.settings.as_dict(),
        widths=_shares([bar.several + bar.single for bar in report.sizes], np.log1p),
        heights=_heights(report.days),
        heats=_shares(report.copying.counts, np.sqrt),
        days_told=_days_told(report),
    )
    return html.encode("utf-8", "replace")  # half a character in a name: a question mark


def copying(copies: Sequence[str], outlets: Sequence[str], when: Sequence[float]) -> Copying:
    """Who copies whom.

    Args:
        copies, outlets, when: of each article its copy group, its outlet or "", its date in seconds or inf.
    """
    latest = events.end_of_day(np.asarray(when, dtype=np.float64)).tolist()
    groups: dict[str, list[int]] = {}
    for i, copy in enumerate(copies):
        groups.setdefault(copy, []).append(i)
    pairs = Counter[tuple[str, str]]()
    counted = ties = unknown = 0
    for group in groups.values():
        inside = {outlets[i] for i in group}
        if len(inside) < 2:
            continue
        if "" in inside or any(when[i] == np.inf for i in group):
            unknown += 1
            continue
        start = min(latest[i] for i in group)
        earliest = {outlets[i] for i in group if when[i] <= start}
        if len(earliest) > 1:
            ties += 1
            continue
        counted += 1
        (first,) = earliest
        pairs.update((outlet, first) for outlet in inside - earliest)
    copied, was_first = Counter[str](), Counter[str]()
    for (who, whom), count in pairs.items():
        copied[who] += count
        was_first[whom] += count
    order = sorted(copied | was_first, key=lambda name: (-copied[name] - was_first[name], name))
    names = tuple(order[:OUTLETS])
    return Copying(
        names,
        tuple(tuple(pairs[who, whom] for whom in names) for who in names),
        tuple(copied[name] for name in names),
        tuple(was_first[name] for name in names),
        counted,
        ties,
        unknown,
        len(order) - len(names),
    )


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
    assignments: Sequence[Assignment],
    articles: Sequence[Article],
    settings: Settings,
    furniture: Collection[int],
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
                to = place[a.linked_to]
                there = story[to]
                why = Why(to, a.relation, a.score, dict(a.evidence or {}), marks(i, there), marks(there, i))
            stamp = _stamp(article.date)
            copy = copies.setdefault(a.copy, len(copies))
            members.append(
                Member(
                    a.id, article.title, article.outlet, article.url, article.text, stamp, a.representative, copy, why
                )
            )
        out.append(members)
    return out


def _pack(data: Any) -> bytes:
    try:
        encoded = orjson.dumps(data)
    except orjson.JSONEncodeError:  # half a character: only escaped can it be told
        encoded = json.dumps(data, default=asdict).encode()
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return squeeze.compress(encoded) + squeeze.flush()


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _title(article: Article) -> str:
    return article.title.strip() or article.text.strip()[:80]


def _latest(story: list[int], when: list[float]) -> float:
    return max((when[i] for i in story if when[i] < np.inf), default=-np.inf)


def _stamp(when: datetime | None) -> str | None:
    """A date as the page reads it; one without a zone is UTC, as everywhere."""
    if when is None:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    try:
        aware = aware.astimezone(UTC)
    except OverflowError:  # the first or last day there is
        aware = aware.replace(tzinfo=UTC)
    return aware.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _day(at: float) -> date:
    return date.fromordinal(min(max(719_163 + int(at // 86_400), 1), date.max.toordinal()))


def _by_size(stories: list[list[int]]) -> tuple[Bar, ...]:
    sizes = Counter(map(len, stories))
    out = []
    for low, high in SIZES:
        count = sum(x for size, x in sizes.items() if low <= size <= (high or size))
        label = str(low) if low == high else f"{low} or more" if high is None else f"{low} to {high}"
        out.append(Bar(label, 0 if low == 1 else count, count if low == 1 else 0))
    while len(out) > 2 and not out[-1].several:
        out.pop()
    return tuple(out)


def _by_time(begun: list[tuple[date, bool]]) -> tuple[tuple[Bar, ...], str]:
    """Stories by the day they began, also days without any; by week or month where days are too many."""
    if not begun:
        return (), "day"
    first, last = min(begun)[0], max(begun)[0]
    span = (last - first).days
    unit = "day" if span <= _DAYS else "week" if span <= _WEEKS else "month"

    def start(day: date) -> date:
        return day if unit == "day" else day.replace(day=1) if unit == "month" else day - timedelta(day.weekday())

    several, single = Counter[date](), Counter[date]()
    for day, many in begun:
        (several if many else single)[start(day)] += 1
    out, at = [], start(first)
    if (last - first).days > 31 * 240:  # dates that some clock made up: only months with stories
        return tuple(Bar(f"{x:%Y-%m}", several[x], single[x]) for x in sorted({*several, *single})[-240:]), unit
    while at <= last:
        out.append(Bar(f"{at:%Y-%m}" if unit == "month" else at.isoformat(), several[at], single[at]))
        at = start(at + timedelta(days={"day": 1, "week": 7, "month": 31}[unit]))
    return tuple(out), unit


def _shares(counts: Any, scale: Callable[[Any], Any]) -> Any:
    """Counts as percent of the largest, on a scale."""
    scaled = scale(np.array(counts, dtype=np.float64))
    shares = 100 * scaled / max(scaled.max(initial=0.0), 1e-9)
    return np.where(shares > 0, np.maximum(np.rint(shares), 1), 0).astype(int).tolist()


def _heights(days: Sequence[Bar]) -> list[tuple[int, int]]:
    """Both parts of each bar, as percent of the highest."""
    highest = max((bar.several + bar.single for bar in days), default=0) or 1
    return [(round(100 * bar.several / highest), round(100 * bar.single / highest)) for bar in days]


def _days_told(report: Report) -> str:
    """The chart of stories by time, in words."""
    if not report.days:
        return ""
    top = max(report.days, key=lambda bar: bar.several + bar.single)
    return (
        f"Stories per {report.unit}, {report.days[0].label} to {report.days[-1].label}; most of them, "
        f"{top.several + top.single:,}, begin {top.label}. The table below has all numbers."
    )


def _search_keys(lines: list[tuple[str, str, str]]) -> Iterator[list[str]]:
    """Of each article its lines, folded."""
    flat = normalise([" ".join(part.split()) for line in lines for part in line])
    for i in range(0, len(flat), 3):
        yield [part for part in flat[i : i + 3] if part]


def _letters() -> list[tuple[int, int, int, int]]:
    """The character table, for the page to fold queries by: runs of code units with first, how many, and whether they
    become one letter (0) or move by so many (1). Letters that stay are left out; 1 stands for no letter at all."""
    table = tables("news")[0].astype(np.int64)
    codes = np.arange(len(table))
    codes = codes[(table != codes) & (table != 2) & ((codes < 0xD800) | (codes > 0xDFFF))]
    became = table[codes]
    constant = (became <= 0x20).astype(np.int64)
    value = np.where(constant, became, became - codes)
    new = np.flatnonzero((np.diff(codes) != 1) | (np.diff(constant) != 0) | (np.diff(value) != 0)) + 1
    starts = np.concatenate(([0], new))
    counts = np.diff(np.append(starts, len(codes)))
    columns = codes[starts], counts, 1 - constant[starts], value[starts]
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _unfolded() -> dict[str, str]:
    """Letters that are written out as several."""
    special = np.flatnonzero(tables("news")[0] == 2)
    letters = [chr(c) for c in special.tolist() if not 0xD800 <= c <= 0xDFFF]
    return dict(zip(letters, normalise(letters), strict=True))
