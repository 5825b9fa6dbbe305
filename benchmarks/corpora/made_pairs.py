"""Pairs of reports, made up to be judged: 60 that differ in the spelling of names only, and 60 of two happenings that look alike.

They stand in `made_pairs.json`, written for this. A frame is two reports in other words, with blanks, and names that fill them:
each filling gives a pair. Of `spellings` a filling is the same names spelt in two ways, one for each report. Of `negatives` the
reports tell of another day, another place, an act and the reply to it, or two parts of a series, some hours apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from clusterer import Article

FILE = Path(__file__).with_suffix(".json")
START = datetime(2031, 5, 6, 9, tzinfo=UTC)
HOURS = 3.0
"""Between two reports of one happening."""


def spelling_pairs() -> Iterator[tuple[Article, Article]]:
    """Pairs of reports of one happening whose names are spelt in two ways."""
    for number, frame in enumerate(orjson.loads(FILE.read_bytes())["spellings"]):
        for filling in frame["names"]:
            yield _pair(f"spelling {number}", frame["reports"], filling.split(" / "), HOURS)


def negative_pairs() -> Iterator[tuple[Article, Article]]:
    """Pairs of reports of two happenings that look alike."""
    for number, frame in enumerate(orjson.loads(FILE.read_bytes())["negatives"]):
        for filling in frame["names"]:
            yield _pair(f"{frame['kind']} {number}", frame["reports"], [filling, filling], frame["hours"])


def _pair(frame: str, reports: list[dict[str, str]], fillings: list[str], hours: float) -> tuple[Article, Article]:
    dates = START, START + timedelta(hours=hours)
    one, other = (
        Article(
            report["text"].format(*names.split("|")),
            f"{frame}: {names}, {side}",
            report["title"].format(*names.split("|")),
            f"صحيفة {side}",
            date=date,
        )
        for side, report, names, date in zip("ab", reports, fillings, dates, strict=True)
    )
    return one, other
