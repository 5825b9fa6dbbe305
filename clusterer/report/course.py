"""The course of a story: who printed first, and who copied whom. As `templates/story.js` tells it; shows nothing.

A date of midnight to the second is a day whose hour nobody told: it may be any of its day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from clusterer.messages import Message, message
from clusterer.report.model import Member

_DAY = 86_399.0  # seconds that a date without an hour may be later


class Line(NamedTuple):
    """What one article did.

    Attributes:
        member: the article.
        after: how long after the first dated one it came; None where that is not known, or at once.
        did: what it did.
        share: its place on a line from the first to the last dated article, in [0, 1]; None where it has no date.
    """

    member: Member
    after: Message | None
    did: Message
    share: float | None


def course(members: Sequence[Member]) -> list[Line]:
    """Return a line an article.

    Args:
        members: of a story, earliest first, those without a date last.

    Examples:
        >>> a = Member("a", "", "وكالة", "", "", "2016-04-01T08:00:00Z", True, 0, None)
        >>> b = Member("b", "", "صحيفة", "", "", "2016-04-01T11:30:00Z", False, 0, None)
        >>> [(line.did.key, line.after and line.after.values["value"]) for line in course([a, b])]
        [('did.opened', None), ('did.copied', 4)]
    """
    groups: dict[int, list[Member]] = {}
    for member in members:
        groups.setdefault(member.copy, []).append(member)
    dated = [member for member in members if member.date]
    start, end = (_moment(dated[0]), _moment(dated[-1])) if dated else (0.0, 0.0)
    is_clear = all(member is dated[0] or _moment(member) > _latest(dated[0]) for member in dated)
    opener = dated[0] if dated and is_clear else None
    return [
        Line(
            member,
            _since(_moment(member) - start) if member.date and _moment(member) > start else None,
            _did(member, groups[member.copy], opener),
            (_moment(member) - start) / (end - start or 1) if member.date else None,
        )
        for member in members
    ]


def _did(one: Member, group: list[Member], opener: Member | None) -> Message:
    """What an article did within its group of copies."""
    if len(group) == 1:
        return message("did.opened" if one is opener else "did.alone")
    if any(not member.date or not member.outlet for member in group):
        return message("did.unknown")
    end = min(map(_latest, group))
    early = list(dict.fromkeys(member.outlet for member in group if _moment(member) <= end))
    if len(early) > 1:
        return message("did.tied") if one.outlet in early else message("did.copied", whom=early)
    if one is next(member for member in group if member.outlet == early[0]):
        return message("did.opened" if one is opener else "did.first")
    return message("did.same") if one.outlet == early[0] else message("did.copied", whom=early[0])


def _moment(member: Member) -> float:
    return datetime.fromisoformat(member.date or "").timestamp()


def _latest(member: Member) -> float:
    """The latest moment that a date can stand for."""
    is_day = (member.date or "").endswith("T00:00:00Z")
    return _moment(member) + (_DAY if is_day else 0.0)


def _since(seconds: float) -> Message:
    minutes = int(seconds // 60)
    if minutes < 60:
        return message("line.after.minutes", value=minutes)
    if minutes < 48 * 60:
        return message("line.after.hours", value=int(minutes / 60 + 0.5))
    return message("line.after.days", value=int(minutes / 1440 + 0.5))
