"""Schemas of Parquet shards, read from their footers before any work: what can stand together, and what cannot.

One feed in many files often differs in what does not matter: the order of columns, string or large_string, widths of
integers, a column that is all null in one shard. Such are made one schema. Reads footers only, never rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from clusterer.errors import InputError, OutputError
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.readers.parquet import refuse_same_names
from clusterer.io.readers.parquet_structs import type_of, with_paths
from clusterer.io.rows import import_pyarrow

_UNITS = ("s", "ms", "us", "ns")
_SHOWN = 5  # conflicts that an error names


@dataclass(slots=True)
class Shards:
    """What the footers of shards say.

    Attributes:
        schemas: name of a shard to the schema that all have once they are cast; empty where they cannot stand together.
        conflicts: why they cannot: both files, field and types of each.
    """

    schemas: dict[str, Any] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)

    def refuse_conflicts(self) -> None:
        """Refuse to put shards into one file that cannot stand together.

        Raises:
            OutputError: naming files and fields, all at once.
        """
        if self.conflicts:
            more = f", and {len(self.conflicts) - _SHOWN} more" if len(self.conflicts) > _SHOWN else ""
            raise OutputError(
                f"shards differ: {'; '.join(self.conflicts[:_SHOWN])}{more}; cure: write JSON lines (.jsonl), or cast the columns"
            )


def check_shards(shards: Sequence[tuple[str, str]], columns: FieldMap) -> Shards:
    """Read the schemas of shards; refuse at once what reading would stumble over in the middle.

    Args:
        shards: name and path of each; a file without a footer is left to its reader.
        columns: tells which columns articles are read from.

    Raises:
        InputError: a shard has no text column, two columns of one name, or texts that are no strings; names all files and
            fields.
    """
    parquet = import_pyarrow("parquet")
    damage = (import_pyarrow().ArrowException, OSError, ValueError)
    found: list[tuple[str, Any]] = []
    for name, path in shards:
        try:
            found.append((name, parquet.read_schema(path)))
        except damage:
            continue
    wrong = []
    for name, schema in found:
        refuse_same_names(schema.names, name)
        try:
            plan = columns.columns(with_paths(schema, columns.paths.values()))
        except RowError as error:
            wrong.append(f"{name}: {error}")
            continue
        for attribute in ("text", "title"):
            for column in plan[attribute][:1]:
                if _family(type_of(schema, column)) not in ("string", "binary", "null"):
                    wrong.append(f"{name}: {attribute} column {column!r} is {type_of(schema, column)}, not a string")
    if wrong:
        beside = next((name for name, _ in found if not any(reason.startswith(f"{name}:") for reason in wrong)), None)
        told = f"{'; '.join(wrong[:_SHOWN])}" + (f"; in {beside} it is right" if beside else "")
        raise InputError(told if "cure:" in told else f"{told}; cure: --text-field NAME, or leave these files out")
    return _unified(found)


def _unified(found: Sequence[tuple[str, Any]]) -> Shards:
    """The one schema of all, in the order of the first."""
    if not found:
        return Shards()
    pyarrow = import_pyarrow()
    first_name, first = found[0]
    fields = {own.name: own for own in first}
    of_file = dict.fromkeys(fields, first_name)
    conflicts = []
    for (_, before), (name, schema) in pairwise(found):
        if schema.equals(before):
            continue
        for missing in sorted(set(fields) ^ set(schema.names)):
            there, not_there = (of_file[missing], name) if missing in fields else (name, first_name)
            conflicts.append(f"column {missing!r} is in {there}, not in {not_there}")
        for own in schema:
            if own.name not in fields:
                continue
            one = _unified_type(fields[own.name].type, own.type)
            if one is None:
                conflicts.append(
                    f"column {own.name!r} is {fields[own.name].type} in {of_file[own.name]}, {own.type} in {name}"
                )
            elif one != fields[own.name].type or (own.nullable and not fields[own.name].nullable):
                fields[own.name] = pyarrow.field(own.name, one)
                of_file[own.name] = name
    if conflicts:
        return Shards(conflicts=list(dict.fromkeys(conflicts)))
    same = all(own == first.field(own.name) for own in fields.values())
    schema = first if same else pyarrow.schema(list(fields.values()))
    return Shards({name: schema for name, _ in found})


def _family(kind: Any) -> str:
    """What a type holds, whatever its width and layout; its own name for those that stand alone."""
    types = import_pyarrow("types")
    if types.is_dictionary(kind):
        return _family(kind.value_type)
    checks = {
        "null": types.is_null, "string": _is_string, "binary": _is_binary, "signed": types.is_signed_integer,
        "unsigned": types.is_unsigned_integer, "float": types.is_floating, "timestamp": types.is_timestamp,
    }  # fmt: skip
    return next((name for name, check in checks.items() if check(kind)), str(kind))


def _is_string(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view")


def _is_binary(kind: Any) -> bool:
    return str(kind) in ("binary", "large_binary", "binary_view")


def _unified_type(one: Any, other: Any) -> Any:
    """The type that holds the values of both, none lost; None where there is no such."""
    pyarrow = import_pyarrow()
    if one == other:
        return one
    families = _family(one), _family(other)
    if "null" in families:
        return other if families[0] == "null" else one
    if families == ("string", "string"):
        return pyarrow.large_string() if "large" in f"{one}{other}" else pyarrow.string()
    if families == ("binary", "binary"):
        return pyarrow.large_binary() if "large" in f"{one}{other}" else pyarrow.binary()
    types = import_pyarrow("types")
    if types.is_dictionary(one) or types.is_dictionary(other):
        return None
    if families[0] == families[1] and families[0] in ("signed", "unsigned", "float"):
        return max(one, other, key=lambda kind: kind.bit_width)
    if set(families) == {"signed", "unsigned"}:
        unsigned = one if families[0] == "unsigned" else other
        return pyarrow.int64() if unsigned.bit_width < 64 else None
    if families == ("timestamp", "timestamp") and one.tz == other.tz:
        return max(one, other, key=lambda kind: _UNITS.index(kind.unit))
    return None
