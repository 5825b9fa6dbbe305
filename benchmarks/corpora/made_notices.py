"""Short notices, made up: forms that an outlet fills anew, and reports of one event by two outlets in other words.

They stand in `made_notices.json`, written for this: appointments, deaths, receptions, visits, fixtures, verdicts, accidents and
the like, of many countries and years. A frame is two reports with blanks, the form and one in other words, and what fills
them. Two fillings of the form are two events, a day or two apart; one filling of both reports is one event. `TAUGHT` frames
teach the same-event score, `HELD` ones judge it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from clusterer import Article

FILE = Path(__file__).with_suffix(".json")
TAUGHT, HELD = "taught", "held"
HOURS = 3.0
"""Between two reports of one event."""


@dataclass(frozen=True)
class Notices:
    """Two notices.

    Attributes:
        kind: appointment, obituary and so on.
        same: whether they report one event.
        pair: the two.
    """

    kind: str
    same: bool
    pair: tuple[Article, Article]


def notices(part: str) -> Iterator[Notices]:
    """Pairs of notices: two outlets on one event, and one outlet on two, dated and undated.

    Args:
        part: `TAUGHT` or `HELD`.
    """
    for number, frame in enumerate(orjson.loads(FILE.read_bytes())[part]):
        start = datetime(frame["year"], 1 + number % 12, 1 + number, 9, tzinfo=UTC)
        form, retold = frame["reports"]
        for place, names in enumerate(frame["names"]):
            following = frame["names"][(place + 1) % len(frame["names"])]
            pair = _article(form, names, "أ", start), _article(retold, names, "ب", start + timedelta(hours=HOURS))
            yield Notices(frame["kind"], True, pair)
            later = start + timedelta(days=1 + place % 2)
            for dates in ((start, later), (None, None)):
                pair = _article(form, names, "أ", dates[0]), _article(form, following, "أ", dates[1])
                yield Notices(frame["kind"], False, pair)


def _article(report: dict[str, Any], names: str, outlet: str, date: datetime | None) -> Article:
    blanks = names.split("|")
    title, text = report["title"].format(*blanks), report["text"].format(*blanks)
    return Article(text, f"{title} {outlet}", title, f"صحيفة {outlet}", date=date)
