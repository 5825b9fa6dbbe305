"""Fields that the caller named: each is used in every input that has it; an input without it is read as if it were not named.

Knows names of columns alone, never rows. Of one input a missing field is an error at once; of several one that none of them has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clusterer.errors import InputError, did_you_mean
from clusterer.io.field_names import FIELD_NAMES, column_key

LONG_NAME = 80  # characters of a column's name that are told; what is longer is a row in its place
_SHOWN = 3  # inputs that a note names


class NamedFields:
    """What the caller named, and which inputs have it.

    Attributes:
        given: article attribute to field.
        waits: whether an input without a field is read without it, for others may have it.
        lacking: for each attribute whose field some inputs lack how many these are, what the first of them were read from
            instead, and what is to be said if none has it.
    """

    def __init__(self, fields: Mapping[str, str] | None) -> None:
        """Take the names; none was looked for yet.

        Raises:
            InputError: `fields` is no mapping, or names an attribute that articles do not have.
        """
        check_fields(fields)
        self.given = dict(fields or {})
        for attribute in self.given:
            if attribute not in FIELD_NAMES:
                raise InputError(
                    f"field {attribute!r} is not one that articles have; cure: use one of {', '.join(FIELD_NAMES)}"
                )
        self.waits = False
        self.lacking: dict[str, tuple[int, str, str]] = {}
        self.begin_input()

    def begin_input(self) -> None:
        """Forget which of them the input before had."""
        self._had: frozenset[str] = frozenset()
        self._names: Sequence[str] = ()

    @property
    def used(self) -> dict[str, str]:
        """Those that count in the input that is read now."""
        return {attribute: name for attribute, name in self.given.items() if not self.waits or attribute in self._had}

    def settle(self, names: Iterable[str]) -> bool:
        """Note what the input that is read now has, by the names of columns in its first rows; whether that is news.

        What it had once it keeps; a row of it without such a field has none, as of one input.
        """
        if not self.given:
            return False
        names = tuple(names)
        self._names = self._names or names
        if not self.waits:
            return False
        before = self._had
        self._had |= {attribute for attribute in self.given if self.column(attribute, names)}
        return self._had != before

    def column(self, attribute: str, names: Sequence[str]) -> tuple[str, ...]:
        """The column that was named for an attribute, among these; empty where it is not there."""
        given = self.given[attribute]
        if given in names:
            return (given,)
        return tuple([name for name in names if isinstance(name, str) and column_key(name) == column_key(given)][:1])

    def end_input(self, file: str, read: Mapping[str, Iterable[str]]) -> None:
        """Note what an input lacked, once it is read.

        Args:
            file: its name.
            read: for each attribute all columns that it was read from there.
        """
        for attribute in self.given:
            columns = [column for column in read[attribute] if column]
            if not self._names or self.column(attribute, columns):
                continue
            count, told, reason = self.lacking.get(attribute, (0, "", ""))
            if count < _SHOWN:
                taken = " or ".join(map(repr, columns)) or "none"
                told += f"{', ' if told else ''}{file} ({taken})"
            self.lacking[attribute] = count + 1, told, reason or self.missing(attribute, self._names, file)

    def missing(self, attribute: str, names: Sequence[str], file: str) -> str:
        """What is said of a table without the column that was named for an attribute."""
        given = self.given[attribute]
        return (
            f"{file}: no column {given!r} (given for {attribute}); found columns: {told(names)}; "
            f"cure: {did_you_mean(given, map(str, names))}--{attribute}-field with one of these"
        )

    def notes(self) -> list[str]:
        """For each field that some inputs lack a line of what was taken there instead."""
        return [
            f"no field {self.given[attribute]!r} in {count:,} of the files, {attribute} is read there as if none were named: "
            f"{taken}{', …' if count > _SHOWN else ''}"
            for attribute, (count, taken, _) in self.lacking.items()
        ]

    def nowhere(self, read: Mapping[str, Iterable[str]]) -> list[str]:
        """What is to be said of each field that no input had, naming the first input that lacks it.

        Args:
            read: for each attribute all columns that it was read from, in any input.
        """
        return [
            reason
            for attribute, (_, _, reason) in self.lacking.items()
            if not self.column(attribute, tuple(read[attribute]))
        ]


def told(names: Sequence[object]) -> str:
    """The first names of columns, each of a line at most."""
    shown = (str(name) if len(str(name)) <= LONG_NAME else f"{str(name)[:LONG_NAME]}…" for name in names[:20])
    return ", ".join(shown) + (", …" if len(names) > 20 else "")


def check_fields(fields: object) -> None:
    """Refuse what names no columns.

    Raises:
        InputError: it is no mapping of attributes to names.
    """
    for attribute, name in fields.items() if isinstance(fields, Mapping) else ():
        if not isinstance(name, str):
            meant = name[-1] if isinstance(name, tuple) and name else name
            raise InputError(
                f"fields names {name!r:.80} for {attribute!r}; a column goes by a text; "
                f"cure: fields={{{attribute!r}: {str(meant)!r}}}"
            )
    if fields is not None and not isinstance(fields, Mapping):
        example = repr(fields) if isinstance(fields, str) else "NAME"
        raise InputError(
            f"fields is {fields!r:.80}; it must be a dict, attribute to column; cure: fields={{'text': {example}}}"
        )
