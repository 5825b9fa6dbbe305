"""Members of structs in Parquet as columns, by dotted paths: the same whether a file is read by rows or by columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from clusterer.io.rows import import_pyarrow


def with_paths(schema: Any, paths: Iterable[str]) -> tuple[str, ...]:
    """The names of a schema's columns, and of these dotted paths those that are members of its structs."""
    names = tuple(schema.names)
    return (*names, *dict.fromkeys(path for path in paths if path not in names and len(_steps(schema, path)) > 1))


def type_of(schema: Any, name: str) -> Any:
    """The type of a column, or of a member at a path."""
    steps = _steps(schema, name)
    kind = schema.field(steps[0]).type
    for step in steps[1:]:
        kind = kind.field(kind.get_field_index(step)).type
    return kind


def column_at(batch: Any, name: str) -> Any:
    """A column of a batch, or the member at a path as one."""
    steps = _steps(batch.schema, name)
    column = batch.column(steps[0])
    for step in steps[1:]:
        column = import_pyarrow("compute").struct_field(column, column.type.get_field_index(step))
    return column


def selected(batch: Any, names: Sequence[str]) -> Any:
    """A batch of these columns alone, members under their paths."""
    if all(name in batch.schema.names for name in names):
        return batch.select(list(names))
    return import_pyarrow().RecordBatch.from_arrays([column_at(batch, name) for name in names], names=list(names))


def _steps(schema: Any, path: str) -> list[str]:
    """The names on the way to a path, the longest first where names hold dots; none where it is not there."""
    kind = import_pyarrow("types").is_struct
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        name = ".".join(parts[:count])
        if (index := schema.get_field_index(name)) < 0:
            continue
        if count == len(parts):
            return [name]
        inner = schema.field(index).type
        if kind(inner) and (rest := _steps(_Members(inner), ".".join(parts[count:]))):
            return [name, *rest]
    return []


class _Members:
    """The members of a struct, asked for as the columns of a schema are."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def get_field_index(self, name: str) -> int:
        """The place of a member; below 0 where it is not there."""
        return int(self._kind.get_field_index(name))

    def field(self, index: int) -> Any:
        """The member at a place."""
        return self._kind.field(index)
