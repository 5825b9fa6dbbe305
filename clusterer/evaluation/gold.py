"""Gold: what people say of articles, read from files: a label an article, or judged pairs. And results to hold against it.

A label file has a line an article: `id`, and a label a level: `event` or `story`, `copy` or `dup`, `exact`. A file of
judged pairs has a line a pair: `a`, `b` (ids), `same` (true, false, or null where nobody could say), `level` ("story" where
it is missing, or "copy"). JSON lines or a table, also packed, read as `clusterer.io.records` says.

Decides nothing: `evaluate` holds one against the other. Every error names file, line, rule and cure.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from clusterer.errors import InputError
from clusterer.io.columns import FIELD_NAMES, column_key
from clusterer.io.records import BLANKS, read_records, shown
from clusterer.results import LEVELS, Level

FIELDS: Mapping[Level, tuple[str, ...]] = {"exact": ("exact",), "copy": ("copy", "dup"), "story": ("event", "story")}
"""The fields that hold a level's label; of several the first that is there."""
_JUDGED: Mapping[object, Level] = {"story": "story", "copy": "copy"}  # levels that pairs are judged at
_TRUE, _FALSE, _UNSURE = ("true", "yes", "y", "1", "نعم"), ("false", "no", "n", "0", "لا"), ("", "null", "unsure")
_RESULT = ("linked_to", "relation")  # what only a result has
_SHAPE = "lines of a, b and same, or of id and a label (event or story, copy or dup)"


class Judged(NamedTuple):
    """A pair of articles that somebody judged.

    Attributes:
        a, b: their ids.
        same: True where they belong together, None where nobody could say.
        level: at which.
        score: what we thought of it when it was asked, in [0, 1], or None.
        line: where it stands in its file, 0 where it is of none.
    """

    a: str
    b: str
    same: bool | None
    level: Level = "story"
    score: float | None = None
    line: int = 0

    @property
    def key(self) -> tuple[Level, str, str]:
        """What makes it this question: the level and the two, in either order."""
        return self.level, min(self.a, self.b), max(self.a, self.b)


@dataclass(frozen=True, slots=True)
class Gold:
    """What people say.

    Attributes:
        labels: level to article id to label; articles without a label are not in it.
        pairs: judged pairs, each question once; those that nobody could answer too.
        urls: article id to URL, where known: another name by which the article may go.
        name: of the file.
        is_result: whether the file is a result of ours, nobody's judgement.
    """

    labels: Mapping[Level, Mapping[str, str | int | float]] = field(default_factory=dict)
    pairs: tuple[Judged, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    name: str = "gold"
    is_result: bool = False

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that something is said of, story last."""
        judged = {pair.level for pair in self.pairs if pair.same is not None}
        return tuple(level for level in LEVELS if self.labels.get(level) or level in judged)

    def answers(self, level: Level) -> list[Judged]:
        """The judged pairs of a level, without those that nobody could answer."""
        return [pair for pair in self.pairs if pair.level == level and pair.same is not None]

    def within(self, known: Mapping[str, Any], where: str) -> Gold:
        """The gold of articles that are known there, by id or URL; a warning tells how much else there is.

        Raises:
            InputError: of a level nothing is left.
        """

        def is_known(name: str) -> bool:
            return name in known or self.urls.get(name) in known

        labels = {level: {name: x for name, x in own.items() if is_known(name)} for level, own in self.labels.items()}
        pairs = tuple(pair for pair in self.pairs if is_known(pair.a) and is_known(pair.b))
        found = replace(self, labels=labels, pairs=pairs)
        own_names = dict.fromkeys(name for own in self.labels.values() for name in own)
        names = own_names or dict.fromkeys(name for pair in self.pairs for name in (pair.a, pair.b))
        if missing := [name for name in names if not is_known(name)]:
            if found.levels != self.levels:
                self.place(missing[0], known, where)
            gone, total = (len(missing), len(names)) if own_names else (len(self.pairs) - len(pairs), len(self.pairs))
            what = "labels" if own_names else "judged pairs"
            warnings.warn(
                f"{self.name}: {gone:,} of {total:,} {what} are of articles that are not in {where} (first: {missing[0]}),"
                " and are left out; cure: the articles that gold was made of",
                stacklevel=2,
            )
        return found

    def place(self, name: str, known: Mapping[str, Any], where: str) -> str:
        """The name, id or URL, by which an article is known there.

        Raises:
            InputError: it is not there.
        """
        for own in (name, self.urls.get(name)):
            if own is not None and own in known:
                return own
        raise InputError(f"{self.name}: article {name!r} is not in {where}; cure: the articles that gold was made of")


def read_gold(
    path: str | os.PathLike[str],
    *,
    label: str | None = None,
    level: Level | None = None,
    with_doubtful: bool = False,
) -> Gold:
    """Read a gold file of either kind.

    Args:
        path: JSON lines or a table (.csv, .tsv, .xlsx, .parquet), also packed.
        label: the one field to take as label.
        level: what `label` tells; None for what its name says, else stories.
        with_doubtful: also take what is marked as `doubtful`.

    Raises:
        InputError: it cannot be read, a line is of no known kind, an article is labelled twice, a pair is judged both ways.
    """
    name = os.fspath(path)
    lines = list(read_records(name))
    if not lines:
        raise InputError(f"{name}: no line; cure: {_SHAPE}")
    number, first = lines[0]
    if "a" in first and "b" in first:
        return _judged(name, lines, with_doubtful)
    if label is None and _is_feed(first):
        raise InputError(
            f"{name}: looks like a feed, not gold: a text and no label; cure: INPUT comes first, GOLD last; or --label NAME"
        )
    if "id" not in first:
        raise InputError(f"{name}, line {number}: neither a pair nor an article; cure: {_SHAPE}")
    return _labelled(name, lines, label, level, with_doubtful)


def _labelled(
    name: str,
    lines: list[tuple[int, dict[str, Any]]],
    label: str | None,
    of: Level | None,
    with_doubtful: bool,
) -> Gold:
    chosen: dict[Level, str]
    if label is not None:
        own: Level = next((level for level, names in FIELDS.items() if label in names), "story")
        chosen = {of or own: label}
    else:
        present = {key for _, row in lines for key in row}
        known = {level: [n for n in names if n in present] for level, names in FIELDS.items()}
        chosen = {level: names[0] for level, names in known.items() if names}
    labels: dict[Level, dict[str, str | int | float]] = {level: {} for level in chosen}
    urls: dict[str, str] = {}
    seen: set[str] = set()
    for number, row in lines:
        if "id" not in row:
            raise InputError(f"{name}, line {number}: no field 'id'; cure: {_SHAPE}")
        article = _name(name, number, "id", row["id"])
        if article in seen:
            raise InputError(f"{name}, line {number}: article {article!r} is labelled twice; cure: one line an article")
        seen.add(article)
        if isinstance(row.get("url"), str):
            urls[article] = row["url"]
        for level, key in chosen.items():
            if key not in row:
                raise InputError(
                    f"{name}, line {number}: article {article!r} has no field {key!r}; cure: null where it is not labelled"
                )
            value = row[key]
            if value is None or value == "" or (_doubtful(row) and not with_doubtful):
                continue
            if not isinstance(value, str | int | float):
                raise InputError(f"{name}, line {number}: {key} is {shown(value)}; cure: a number or a name")
            labels[level][article] = value
    if not any(labels.values()):
        wanted = f"field {label!r}" if label else "event or story, copy or dup"
        raise InputError(f"{name}: no labelled article; cure: lines with id and {wanted}, or --label NAME")
    found = {level: own for level, own in labels.items() if own}
    return Gold(found, (), urls, name, is_result=all(key in lines[0][1] for key in _RESULT))


def _is_feed(row: Mapping[str, Any]) -> bool:
    """Whether a line holds a text and no label."""
    keys = {column_key(key) for key in row}
    return not any(keys & set(names) for names in FIELDS.values()) and not keys.isdisjoint(FIELD_NAMES["text"])


def _judged(name: str, lines: list[tuple[int, dict[str, Any]]], with_doubtful: bool) -> Gold:
    pairs: dict[tuple[Level, str, str], Judged] = {}
    for number, row in lines:
        for key in ("a", "b", "same"):
            if key not in row:
                raise InputError(f"{name}, line {number}: no field {key!r}; cure: a, b and same on every line")
        a, b = (_name(name, number, key, row[key]) for key in ("a", "b"))
        if a == b:
            raise InputError(f"{name}, line {number}: {a!r} is paired with itself; cure: two articles")
        level = _JUDGED.get(row.get("level") or "story")
        if level is None:
            raise InputError(f"{name}, line {number}: level is {shown(row['level'])}; cure: story or copy")
        score = row.get("score")
        known = float(score) if isinstance(score, int | float) else None
        pair = Judged(a, b, _answer(name, number, row["same"]), level, known, number)
        if _doubtful(row) and not with_doubtful:
            continue
        before = pairs.get(pair.key)
        if before is None or before.same is None:
            pairs[pair.key] = pair
        elif pair.same not in (None, before.same):
            raise InputError(
                f"{name}, line {number}: {a!r} and {b!r} are judged {_said(pair)} here and {_said(before)} in line"
                f" {before.line}; cure: keep one of the two"
            )
    return Gold({}, tuple(pairs.values()), {}, name)


def _doubtful(row: dict[str, Any]) -> bool:
    value = row.get("doubtful")
    return value.strip(BLANKS).lower() in _TRUE if isinstance(value, str) else bool(value)


def _said(pair: Judged) -> str:
    return "the same" if pair.same else "not the same"


def _answer(name: str, number: int, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip(BLANKS).lower()
    if isinstance(value, str | int):
        for words, answer in ((_TRUE, True), (_FALSE, False), (_UNSURE, None)):
            if text in words:
                return answer
    raise InputError(
        f"{name}, line {number}: same is {shown(value)}; cure: true, false, or null where nobody can say (also yes and no,"
        " نعم and لا, 1 and 0)"
    )


def _name(name: str, number: int, key: str, value: Any) -> str:
    if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        return str(value)
    raise InputError(f"{name}, line {number}: {key} is {shown(value)}; cure: the id of an article")
