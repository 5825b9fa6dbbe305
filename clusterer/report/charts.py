"""The charts of a report, as numbers: stories by size and by time, bars as percent of the highest. Draws nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

import numpy as np

from clusterer.messages import Message, message
from clusterer.report.model import Bar, Report

SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 6), (7, 9), (10, 19), (20, 49), (50, None))
"""Steps of the size histogram, first and last number of articles."""
_DAYS, _WEEKS = 70, 490  # days that a chart by day, and by week, may span


def day_of(moment: float, zone: tzinfo | None = None) -> date:
    """Return the day, on the clock of a zone, of a time in seconds since 1970; a day without an hour stays that day."""
    if zone and moment % 86_400:
        try:
            return datetime.fromtimestamp(moment, zone).date()
        except (OverflowError, ValueError):  # the first or last day there is
            pass
    return date.fromordinal(min(max(719_163 + int(moment // 86_400), 1), date.max.toordinal()))


def by_size(stories: list[list[int]]) -> tuple[Bar, ...]:
    """Return a bar for each range of sizes: how many stories have so many articles."""
    sizes = Counter(map(len, stories))
    out = []
    for low, high in SIZES:
        count = sum(x for size, x in sizes.items() if low <= size <= (high or size))
        label = str(low) if low == high else f"{low} or more" if high is None else f"{low} to {high}"
        out.append(Bar(label, 0 if low == 1 else count, count if low == 1 else 0))
    while len(out) > 2 and not out[-1].several:
        out.pop()
    return tuple(out)


def by_time(starts: list[tuple[date, bool]]) -> tuple[tuple[Bar, ...], str]:
    """Stories by the day they began, also days without any; by week or month where days are too many."""
    if not starts:
        return (), "day"
    first, last = min(starts)[0], max(starts)[0]
    span = (last - first).days
    unit = "day" if span <= _DAYS else "week" if span <= _WEEKS else "month"

    def start(day: date) -> date:
        return day if unit == "day" else day.replace(day=1) if unit == "month" else day - timedelta(day.weekday())

    several, single = Counter[date](), Counter[date]()
    for day, many in starts:
        (several if many else single)[start(day)] += 1
    out, day = [], start(first)
    if (last - first).days > 31 * 240:  # dates that some clock made up: only months with stories
        return tuple(Bar(f"{x:%Y-%m}", several[x], single[x]) for x in sorted({*several, *single})[-240:]), unit
    step = timedelta(days={"day": 1, "week": 7, "month": 31}[unit])
    while day <= last:
        out.append(Bar(f"{day:%Y-%m}" if unit == "month" else day.isoformat(), several[day], single[day]))
        if day > date.max - step:  # the calendar ends
            break
        day = start(day + step)
    return tuple(out), unit


def shares(counts: Any, scale: Callable[[Any], Any]) -> Any:
    """Counts as percent of the largest, on a scale."""
    scaled = scale(np.array(counts, dtype=np.float64))
    shares = 100 * scaled / max(scaled.max(initial=0.0), 1e-9)
    return np.where(shares > 0, np.maximum(np.rint(shares), 1), 0).astype(int).tolist()


def heights(days: Sequence[Bar]) -> list[tuple[int, int]]:
    """Both parts of each bar, as percent of the highest."""
    highest = max((bar.several + bar.single for bar in days), default=0) or 1
    return [(round(100 * bar.several / highest), round(100 * bar.single / highest)) for bar in days]


def days_told(report: Report) -> Message | None:
    """Return the chart of stories by time, in words; None where it is empty."""
    if not report.days:
        return None
    top = max(report.days, key=lambda bar: bar.several + bar.single)
    return message(
        "days.told",
        per=message(f"per.{report.unit}"),
        first=report.days[0].label,
        last=report.days[-1].label,
        n=message("n.stories", n=top.several + top.single),
        when=top.label,
    )


def sizes_told(report: Report) -> list[Message]:
    """Return the labels of the bars of stories by size."""
    out = []
    for _, (low, high) in zip(report.sizes, SIZES, strict=False):
        if low == high:
            out.append(message("number", value=low))
        else:
            out.append(message("range.more", low=low) if high is None else message("range", low=low, high=high))
    return out
