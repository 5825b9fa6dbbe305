"""Which columns of which rows hold what: found by their names, put in order by what the first rows hold.

Keeps what was found for every tuple of column names, and tells what was read as what. Makes no articles: `columns` does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from clusterer.errors import InputError, UnusableInput, did_you_mean
from clusterer.io.choice import SAMPLE, Choice, choose, usual_columns
from clusterer.io.dates import dates_month_first, parse_date
from clusterer.io.field_names import FIELD_NAMES, column_key
from clusterer.io.member_hints import member_hint
from clusterer.io.named_fields import LONG_NAME, NamedFields, told
from clusterer.io.nested import WRAPPINGS, flattened
from clusterer.io.values import RowError, kind, scalar

_NO_CHOICE = Choice()
_OBJECTS = {
    "date": ("$date", "$numberLong"), "source": ("name", "title", "rendered"), "url": ("url", "href"),
    "id": ("$oid", "$numberLong", "$uuid", "rendered"),
}  # fmt: skip
"""By attribute the members by which an object stands for one value: MongoDB's, NewsAPI's, WordPress's."""
_RESULTS = (
    frozenset({"story", "copy", "exact", "representative"}),
    frozenset({"story", "independent_texts", "representative", "key_words"}),
    frozenset({"kept", "relation", "score", "words_lost"}),
    frozenset({"paragraph", "kept", "words", "file", "row"}),
)
"""Columns by which the lines of groups, of --stories, and of --removed, by articles and paragraphs, are known."""
_FEW_WORDS = 4  # a column that is proposed as text has on average at least so many a row
_TEXT_KEYS = frozenset(FIELD_NAMES["text"])


class ColumnPlans:
    """The columns of rows, resolved once for every distinct tuple of column names.

    Attributes:
        month_first: whether days like 04/11/2016 are read month first; `learn` decides.
        text_columns: all that a text was or might have been read from, the first choices first.
        columns_here, texts_here: what the input that is read now was read from, as `columns_read` and `text_columns`.
        named: the fields that the caller named.
        input: name of the input that is read now, for notes on one of several; "" where there is none.
    """

    def __init__(self, fields: Mapping[str, str] | None, zone: tzinfo | None, now: datetime | None) -> None:
        """Take the explicit column names, and how dates are read; see `FieldMap`.

        Raises:
            InputError: an attribute that articles do not have.
        """
        self.month_first = False
        self.text_columns: dict[str, None] = {}
        self.named = NamedFields(fields)
        self.input = ""
        self._zone, self._now = zone, now
        self._choice = _NO_CHOICE
        self._learnt: dict[frozenset[str], tuple[Choice, list[Mapping[str, Any]]]] = {}
        self._learnt_of: dict[frozenset[str], dict[str, None]] = {}  # from which inputs
        self._known: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
        self._date_columns: dict[frozenset[str], tuple[str, ...]] = {}
        self._notes: dict[str, None] = {}
        self._plans: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}  # the columns in the order of FIELD_NAMES
        self._outlets: dict[str, bool] = {}  # whether a source names an outlet, for those met so far
        self._columns_read: dict[str, dict[str, None]] = {attribute: {} for attribute in FIELD_NAMES}
        self.begin_input()

    def begin_input(self) -> None:
        """Forget what the input before was read as."""
        self.columns_here: dict[str, dict[str, None]] = {attribute: {} for attribute in FIELD_NAMES}
        self.texts_here: dict[str, None] = {}
        self._plans.clear()
        if self.named.waits and self.named.given:
            self.named.begin_input()
            self._known.clear()
            self._outlets.clear()

    def end_input(self, file: str) -> None:
        """Note which of the fields that the caller named an input lacked, once it is read."""
        self.named.end_input(file, self.columns_here)

    @property
    def paths(self) -> dict[str, str]:
        """The dotted paths that the caller named, by article attribute."""
        return {attribute: name for attribute, name in self.named.given.items() if "." in name}

    @property
    def read_as(self) -> dict[str, str] | None:
        """For each article attribute the column that it was read from, "" for none; None where rows differ in that."""
        if any(len(columns) != 1 for columns in self._columns_read.values()):
            return None
        return {attribute: next(iter(columns)) for attribute, columns in self._columns_read.items()}

    @property
    def columns_read(self) -> dict[str, tuple[str, ...]]:
        """For each article attribute all columns that it was read from first, in any row; "" for rows without one."""
        return {attribute: tuple(columns) for attribute, columns in self._columns_read.items()}

    @property
    def notes(self) -> list[str]:
        """What `learn` found that a reader of the run should know."""
        learnt = (self._of_inputs(names, note) for names, (choice, _) in self._learnt.items() for note in choice.notes)
        return list(dict.fromkeys([*self._notes, *learnt, *self.named.notes()]))

    def _of_inputs(self, names: frozenset[str], note: str) -> str:
        """A note on columns, with the inputs that have them where there are others."""
        inputs = list(self._learnt_of.get(names, ())) if self.named.waits else []
        more = f" and {len(inputs) - 1:,} more" if len(inputs) > 1 else ""
        return f"{inputs[0]}{more}: {note}" if inputs else note

    def learn(self, rows: Sequence[Mapping[str, Any]], is_alone: bool = False) -> None:
        """Tell by the first rows of an input which columns hold what, and how its dates are written.

        Args:
            rows: the first ones, as they came.
            is_alone: inputs with the same columns are not shards of one feed; else they are read alike, and what earlier
                ones held counts too.
        """
        rows = [self.flattened(row) if isinstance(row, Mapping) else row for row in rows if not _is_damaged(row)]
        if self.named.settle(
            dict.fromkeys(name for row in rows if isinstance(row, Mapping) for name in row if isinstance(name, str))
        ):
            self._known.clear()
        self._refuse_containers(rows)
        if hint := member_hint([row for row in rows[:SAMPLE] if isinstance(row, Mapping)], self.named.used):
            self._notes[hint] = None
        names = frozenset(name for row in rows[:SAMPLE] for name in row if isinstance(name, str))
        if (dates := self._date_columns.get(names)) is None:
            given = self.named.given.get("date")
            dates = self._date_columns[names] = (given,) if given in names else usual_columns(sorted(names))["date"]
        self.month_first = any(dates_month_first(row.get(name) for row in rows) for name in dates)
        choice, seen = (_NO_CHOICE, []) if is_alone else self._learnt.get(names, (_NO_CHOICE, []))
        if rows and len(seen) < SAMPLE:
            before, seen = len(seen), [*seen, *rows[:SAMPLE]][:SAMPLE]
            if (
                before < 2 or len(seen) == SAMPLE or len(seen).bit_length() > before.bit_length()
            ):  # there may be many inputs
                with contextlib.suppress(RecursionError):  # values in values: bad rows, when they are read
                    choice = choose(seen, self.named.used, self._parse)
            if len(self._learnt) >= 100:  # inputs with ever new columns must not fill the memory
                self._learnt.clear()
                self._learnt_of.clear()
                self._date_columns.clear()
            if is_alone:
                own = f"{self.input}: " if self.input and self.named.waits else ""
                self._notes.update(dict.fromkeys(own + note for note in choice.notes))
            else:
                self._learnt[names] = choice, seen
                if self.input:
                    self._learnt_of.setdefault(names, {})[self.input] = None
        if choice is not self._choice:
            self._choice = choice
            for cache in (self._plans, self._known, self._outlets):
                cache.clear()

    def _refuse_containers(self, rows: Sequence[Any]) -> None:
        """Refuse columns that were named for one value a row, and hold objects or lists of no one value.

        Raises:
            InputError: names the column, and what of it is meant.
        """
        for attribute, known in _OBJECTS.items():
            name = self.named.given.get(attribute)
            cells = [row.get(name) for row in rows if isinstance(row, Mapping)] if name else []
            cells = [cell for cell in cells if cell is not None]
            if not cells or any(_is_one_value(cell, known) for cell in cells):
                continue
            members = cells[0] if isinstance(cells[0], Mapping) else ()
            inner = next((f"{name}.{key}" for key, value in members.items() if scalar(value)), "") if members else ""
            cure = f"--{attribute}-field {quoted(inner)}, or another member" if inner else "a column of one value a row"
            raise InputError(
                f"column {name!r} (given for {attribute}) holds {kind(cells[0])} a row, not one value; cure: {cure}"
            )

    def _parse(self, value: Any) -> datetime | None:
        return None if value is None else parse_date(value, self.month_first, True, self._zone, self._now)

    def columns(self, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]] = ()) -> dict[str, tuple[str, ...]]:
        """For each article attribute the columns among `names` that may hold it, the preferred one first.

        Args:
            names: of the columns.
            rows: some of what is in them, for the cure to propose a column.

        Raises:
            RowError: none of them holds text.
        """
        if (known := self._known.get(names)) is not None:
            return known
        if any(result <= set(names) for result in _RESULTS):
            raise RowError("this is a result of clusterer, not an article; cure: name the feed instead")
        plan: dict[str, tuple[str, ...]] = {}
        used = self.named.used
        for attribute, usual in usual_columns(names).items():
            if attribute in self.named.given and ((column := self.named.column(attribute, names)) or attribute in used):
                plan[attribute] = column
            else:
                chosen = self._choice.columns.get(attribute)
                plan[attribute] = usual if not chosen else tuple(dict.fromkeys(
                    [*(name for name in chosen if name in names), *usual]
                ))  # fmt: skip
        if not plan["text"]:
            given = self.named.given.get("text")
            meant = f"; expected {given!r}, {did_you_mean(given, map(str, names))}".rstrip(", ") if given else ""
            raise RowError(
                f"found columns: {told(names) or '(none)'}; cure: {_text_cure(names, rows)}; "
                f"so far there is no text field{meant}"
            )
        if len(self._known) >= 1000:  # rows with ever new columns must not fill the memory
            self._known.clear()
        self._known[names] = plan
        return plan

    def flattened(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """A row with what it nests, and what the caller named by a dotted path, at the top (`nested`)."""
        paths = self.paths
        if not paths and not any(isinstance(value, Mapping) or name == "from_id" for name, value in row.items()):
            return row
        has_text = any(
            isinstance(name, str)
            and column_key(name) in _TEXT_KEYS
            and not (name in WRAPPINGS and isinstance(value, Mapping))
            for name, value in row.items()
        )
        return flattened(row, paths, has_text)

    def check_header(
        self, names: tuple[str, ...], file: str, rows: Sequence[Mapping[str, Any]] = ()
    ) -> dict[str, tuple[str, ...]]:
        """Refuse a table whose header cannot feed articles; else its `columns`, as its first rows tell them.

        Raises:
            UnusableInput: no text column.
            InputError: a column named in `fields` is not in the header, and no other input may have it.
        """
        if self.named.settle(names):
            self._known.clear()
        try:
            self.columns(names, rows)
        except RowError as error:
            raise UnusableInput(f"{file}: {error}") from None
        self.learn(rows)
        plan = self.columns(names, rows)
        for attribute in () if self.named.waits else self.named.given:
            if not plan[attribute]:
                raise InputError(self.named.missing(attribute, names, file))
        return plan

    @property
    def lacking(self) -> list[str]:
        """What is to be said of each column that the caller named and that no row had, once all are read."""
        return self.named.nowhere(self._columns_read)

    def refuse_lacking(self) -> None:
        """Refuse a column that the caller named and that no input had, once all are read.

        Raises:
            InputError: naming it, and the first input that lacks it.
        """
        for reason in self.lacking:
            raise InputError(reason)

    def _plan(self, names: tuple[str, ...], row: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
        plan = self.columns(names, (row,))
        if len(self._plans) >= 1000:  # rows with ever new columns must not fill the memory
            self._plans.clear()
        for attribute, columns in plan.items():
            for read in (self._columns_read, self.columns_here):
                read[attribute][next(iter(columns), "")] = None
        for texts in (self.text_columns, self.texts_here):
            texts.update(dict.fromkeys(plan["text"]))
        self._plans[names] = tuple(plan[attribute] for attribute in FIELD_NAMES)
        return self._plans[names]


def _is_one_value(cell: Any, members: Sequence[str]) -> bool:
    """Whether a cell is one value, or an object or list that stands for one."""
    if isinstance(cell, list) and len(cell) == 1:
        cell = cell[0]
    return any(name in cell for name in members) if isinstance(cell, Mapping) else not isinstance(cell, list)


def _text_cure(names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> str:
    """The column to name as text, if one is likely; else that it is for who knows."""
    if (likely := _likely_text(names, rows)) and len(likely) <= LONG_NAME:
        return f"--text-field {quoted(likely)}"
    return "leave it out, or name its column in a run of its own, --text-field NAME"


def _likely_text(names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> str:
    """The column most likely meant as text: the longest strings, of several words, of no other usual name; "" for none."""
    usual_elsewhere = {name for attribute, usual in FIELD_NAMES.items() if attribute != "text" for name in usual}
    free = [
        name for name in names if isinstance(name, str) and name.strip() and column_key(name) not in usual_elsewhere
    ]
    length: dict[str, int] = {}
    for name in free:
        cells = [value for row in rows if isinstance(value := row.get(name), str) and value.strip()]
        if cells and sum(len(value.split()) for value in cells) >= _FEW_WORDS * len(cells):
            length[name] = sum(map(len, cells))
    return max(length, key=length.__getitem__, default="")


def quoted(name: str) -> str:
    r"""A name as a shell takes it.

    >>> print(quoted("it's"))
    'it'\''s'
    """
    return "'" + name.replace("'", "'\\''") + "'"


def _is_damaged(row: Any) -> bool:
    """Whether a row holds NULs, so that it is bad where they stand in the text: what other cells became says nothing either."""
    return isinstance(row, Mapping) and any(isinstance(value, str) and "\0" in value for value in row.values())
