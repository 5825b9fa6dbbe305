"""Gold: what people say of articles, read from files: a label an article, or judged pairs. And results to hold against it.

A label file has a line an article: `id`, and a label a level: `event` or `story`, `copy` or `dup`, `exact`. A file of
judged pairs has a line a pair: `a`, `b` (ids), `same` (true, false, or null where nobody could say), `level` ("story" where
it is missing, or "copy"). JSON lines or a table, also packed, read as `clusterer.io.records` says; names of columns are
compared as those of feeds. What a result of ours says itself is nobody's label, unless it is asked for.

Decides nothing: `evaluate` holds one against the other. Every error names file, line, rule and cure.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from clusterer.errors import InputError, did_you_mean
from clusterer.io.columns import FIELD_NAMES, column_key
from clusterer.io.records import BLANKS, is_table, read_records, sheet_names, shown
from clusterer.results import LEVELS, Level

FIELDS: Mapping[Level, tuple[str, ...]] = {"exact": ("exact",), "copy": ("copy", "dup"), "story": ("event", "story")}
"""The fields that hold a level's label; of several the first that is there."""
_JUDGED: Mapping[object, Level] = {"story": "story", "copy": "copy"}  # levels that pairs are judged at
_TRUE, _FALSE, _UNSURE = ("true", "yes", "y", "1", "نعم"), ("false", "no", "n", "0", "لا"), ("", "null", "unsure")
_RESULT = ("representative", "linked_to", "relation")  # what only a result has
_OF_RESULTS = frozenset(("id", *LEVELS, *_RESULT, "score", "evidence"))
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": FIELD_NAMES["id"],
    "event": tuple(map(column_key, ("event", "الحدث", "حدث", "القصة", "قصة"))),
    **{
        name: (name,)
        for name in ("story", "copy", "dup", "exact", "url", "doubtful", "a", "b", "same", "level", "score")
    },
}
"""Field to the names that its column may have, in the form of `column_key`."""
_DIGITS = str.maketrans({chr(zero + i): str(i) for zero in (0x660, 0x6F0) for i in range(10)})
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
        urls: article id to URL, where known: another name by which the article may go; else to the id as a table has it,
            with blanks or marks of direction around it.
        name: of the file.
        is_result: whether the labels are those of a result of ours, nobody's judgement.
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
    results: bool = False,
) -> Gold:
    """Read a gold file of either kind.

    Args:
        path: JSON lines or a table (.csv, .tsv, .xlsx, .parquet), also packed; `book.xlsx::Sheet` for one sheet.
        label: the one field to take as label; without it no field that a result of ours has itself is one.
        level: what `label` tells; None for what its name says, else stories.
        with_doubtful: also take what is marked as `doubtful`.
        results: take a result of ours that has no further column for gold by its own ids, to see how far two results agree.

    Raises:
        InputError: it cannot be read, a line is of no known kind, an article is labelled twice, a pair is judged both ways.
    """
    name = os.fspath(path)
    lines = list(read_records(name))
    if not lines:
        raise InputError(f"{name}: no line; cure: {_SHAPE}")
    written = tuple(dict.fromkeys(key for _, row in lines for key in row))
    if label is not None:
        label = _column_of(name, label, written)
    own_names = _own_names(written, label)
    lines = [(number, {own_names.get(key, key): value for key, value in row.items()}) for number, row in lines]
    number, first = lines[0]
    if "a" in first and "b" in first:
        return _judged(name, lines, with_doubtful)
    if label is None and _is_feed(first):
        raise InputError(
            f"{name}: looks like a feed, not gold: a text and no label; cure: INPUT comes first, GOLD last; or --label NAME"
            f" ({_found(name, written)})"
        )
    if "id" not in first:
        raise InputError(
            f"{name}, line {number}: neither a pair nor an article ({_found(name, written)}); cure: {_SHAPE}"
        )
    return _labelled(name, lines, label, level, with_doubtful, results)


def _own_names(written: Iterable[str], label: str | None) -> dict[str, str]:
    """Columns to the fields that they are, where they are called otherwise; a field that is there by its name has no other."""
    by_key: dict[str, str] = {}
    for column in written:
        if column != label:
            by_key.setdefault(column_key(column), column)
    own = {}
    for field_name, names in _NAMES.items():
        found = next((by_key[key] for key in names if key in by_key), None)
        if found is not None and field_name not in written:
            own[found] = field_name
    return own


def _column_of(name: str, label: str, written: tuple[str, ...]) -> str:
    """The column that is meant by a label.

    Raises:
        InputError: there is none.
    """
    if label in written:
        return label
    for column in written:
        if column_key(column) == column_key(label):
            return column
    raise InputError(
        f"{name}: no field {label!r} ({_found(name, written)}); cure: {did_you_mean(label, written)}a field that is there"
    )


def _found(name: str, written: Iterable[str]) -> str:
    """What a message tells of the columns of a file, and of the sheets of a workbook."""
    sheets = sheet_names(name)
    others = f"; sheets: {', '.join(map(repr, sheets))}, {name}::SHEET reads another" if len(sheets) > 1 else ""
    return f"columns: {', '.join(map(repr, written)) or 'none'}{others}"


def _labelled(
    name: str,
    lines: list[tuple[int, dict[str, Any]]],
    label: str | None,
    of: Level | None,
    with_doubtful: bool,
    results: bool,
) -> Gold:
    chosen: dict[Level, str]
    present = dict.fromkeys(key for _, row in lines for key in row)
    is_result = {"id", "copy", "story"} <= present.keys() and any(key in present for key in _RESULT)
    if label is not None:
        own: Level = next((level for level, names in FIELDS.items() if column_key(label) in names), "story")
        chosen = {of or own: label}
    else:
        own_of_results = _OF_RESULTS if is_result else frozenset[str]()
        known = {
            level: [n for n in names if n in present and n not in own_of_results] for level, names in FIELDS.items()
        }
        chosen = {level: names[0] for level, names in known.items() if names}
        if is_result and not chosen:
            further = [key for key in present if key not in _OF_RESULTS]
            if further or not results:  # one of them may hold what people judged
                raise _nobodys(name, lines, further)
            chosen = {level: level for level in LEVELS if level in present and level in (of or level,)}
    labels: dict[Level, dict[str, str | int | float]] = {level: {} for level in chosen}
    urls: dict[str, str] = {}
    seen: set[str] = set()
    in_table = is_table(name)
    for number, row in lines:
        if "id" not in row:
            raise InputError(f"{name}, line {number}: no field 'id'; cure: {_SHAPE}")
        article, as_written = _bare_name(name, number, "id", row["id"], in_table)
        if article in seen:
            raise InputError(f"{name}, line {number}: article {article!r} is labelled twice; cure: one line an article")
        seen.add(article)
        if isinstance(row.get("url"), str):
            urls[article] = row["url"]
        elif as_written != article:
            urls[article] = as_written
        for level, key in chosen.items():
            if key not in row:
                raise InputError(
                    f"{name}, line {number}: article {article!r} has no field {key!r}; cure: null where it is not labelled"
                )
            value = row[key]
            if isinstance(value, str):
                value = value.strip(BLANKS).translate(_DIGITS)
            if value is None or value == "" or (_doubtful(row) and not with_doubtful):
                continue
            if not isinstance(value, str | int | float):
                raise InputError(f"{name}, line {number}: {key} is {shown(value)}; cure: a number or a name")
            labels[level][article] = value
    if not any(labels.values()):
        wanted = f"field {label!r}" if label else "event or story, copy or dup"
        raise InputError(
            f"{name}: no labelled article ({_found(name, present)}); cure: lines with id and {wanted}, or --label NAME"
        )
    found = {level: _each_as_one(own) for level, own in labels.items() if own}
    return Gold(found, (), urls, name, is_result=is_result and {*chosen.values()} <= {*LEVELS})


def _each_as_one(labels: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    """The labels, a number that is written as a text as the number: cells of a column are of either kind."""
    numbers: dict[str | int | float, int | float] = {str(x): x for x in labels.values() if not isinstance(x, str)}
    return {article: numbers.get(x, x) for article, x in labels.items()}


def _nobodys(name: str, lines: list[tuple[int, dict[str, Any]]], further: Iterable[str]) -> InputError:
    """What is said of a result in which no column is known to be what people judged."""
    filled = [key for key in further if any(not _is_empty(row.get(key)) for _, row in lines)]
    also = f"; further columns: {', '.join(map(repr, filled))}" if filled else ", and no further column is filled"
    return InputError(
        f"{name}: a result of clusterer, whose own story and copy nobody judged{also}; cure: --label NAME for the column that"
        " holds the labels, or name it event; --label story to see how far two results agree"
    )


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip(BLANKS))


def _is_feed(row: Mapping[str, Any]) -> bool:
    """Whether a line holds a text and no label."""
    keys = {column_key(key) for key in row}
    return not any(keys & set(names) for names in FIELDS.values()) and not keys.isdisjoint(FIELD_NAMES["text"])


def _judged(name: str, lines: list[tuple[int, dict[str, Any]]], with_doubtful: bool) -> Gold:
    pairs: dict[tuple[Level, str, str], Judged] = {}
    in_table = is_table(name)
    urls: dict[str, str] = {}
    for number, row in lines:
        for key in ("a", "b", "same"):
            if key not in row:
                raise InputError(f"{name}, line {number}: no field {key!r}; cure: a, b and same on every line")
        both = [_bare_name(name, number, key, row[key], in_table) for key in ("a", "b")]
        urls.update((own, as_written) for own, as_written in both if own != as_written)
        (a, _), (b, _) = both
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
    return Gold({}, tuple(pairs.values()), urls, name)


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


def _bare_name(name: str, number: int, key: str, value: Any, in_table: bool) -> tuple[str, str]:
    """An id without what stands around it in a cell, and as it is written."""
    written = _name(name, number, key, value)
    return (_name(name, number, key, written.strip(BLANKS)) if in_table else written), written
