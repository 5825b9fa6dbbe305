"""Parquet, by pyarrow: a batch of rows at a time; a row group that is damaged does not cost the others."""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, TypeVar

from clusterer.arrays.parallel import ahead
from clusterer.errors import ClustererError, InputError
from clusterer.io.choice import SAMPLE, usual_columns
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.feed_limits import LimitReached, TooManyRows
from clusterer.io.field_names import FETCH_NAMES, column_key
from clusterer.io.member_hints import member_hint
from clusterer.io.readers import parquet_size
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.parquet_footer import unreadable_columns
from clusterer.io.readers.parquet_size import batch_rows
from clusterer.io.readers.parquet_structs import column_at, with_paths
from clusterer.io.rows import (
    PARQUET_BATCH,
    Layout,
    Row,
    Unreadable,
    first_line,
    import_pyarrow,
    python_values,
    unfit,
)

_Taken = TypeVar("_Taken")
MAGIC = b"PAR1"
_HINTED = 20  # rows whose structs are looked into for a hint
HELD = 1 << 27  # bytes of rows that wait for a row group to be full


def require() -> None:
    """Refuse early what cannot be done.

    Raises:
        InputError: pyarrow is not installed.
    """
    import_pyarrow("parquet")


def sniff(head: bytes, columns: FieldMap) -> bool:
    """Whether these first bytes are of a Parquet file."""
    return head.startswith(MAGIC)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a Parquet file.

    Attributes:
        group: number of their row group.
        before: rows of the file before them.
        end: rows of the file up to the end of the group.
        batch: the rows; or what was raised in their place, of which no row of the group can follow.
        made: what was made of them.
    """

    group: int
    before: int
    end: int
    batch: Any
    made: Any = None


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of a Parquet file; of its columns only those that articles have are read as values.

    Raises:
        InputError: pyarrow is not installed, or there is no text column.
    """
    with ExitStack() as stack:
        if (found := begin(opened, stack)) is None:
            return
        table, file, schema = found
        layout = Layout("parquet", schema=schema, packed_as=table.metadata)
        wanted, group = wanted_columns(opened, table, file)

        def rows(piece: Piece) -> Iterator[Row]:
            return rows_of_batch(opened, piece.batch, wanted, piece.before, layout)

        pieces = pieces_of(opened, table, file, partial(_cast, schema=schema), group=group)
        yield from walk_pieces(opened, pieces, rows)


def begin(opened: OpenedInput, stack: ExitStack) -> tuple[Any, Any, Any] | None:
    """An input as a `ParquetFile`, its bytes, and the schema that its rows are given in; None, and reported, where it is none.

    Raises:
        InputError: there is no text column, or two columns have one name.
    """
    if (found := _open(opened, stack)) is None:
        return None
    table, file = found
    refuse_same_names(table.schema_arrow.names, opened.name)
    names = with_paths(table.schema_arrow, opened.columns.paths.values())
    try:
        opened.columns.columns(names)
    except RowError:  # some rows, for the cure
        opened.columns.check_header(names, opened.name, _texts(table))
    opened.columns.check_header(names, opened.name)
    schema = opened.walk.schemas.get(opened.name, table.schema_arrow)
    opened.walk.layout = Layout("parquet", schema=schema, packed_as=table.metadata)
    return table, file, schema


def _texts(table: Any) -> list[dict[str, Any]]:
    """Some rows of the columns of strings."""
    types, head = import_pyarrow("types"), []
    names = [own.name for own in table.schema_arrow if types.is_string(own.type) or types.is_large_string(own.type)]
    with contextlib.suppress(Exception):  # damage is told by who reads on
        head = next(table.iter_batches(SAMPLE, columns=names)).to_pylist()
    return head


def walk_batches(opened: OpenedInput) -> Iterator[tuple[Any, int, Any]]:
    """The batches of a file as they stand, all columns: the file's metadata, the rows before the batch, the batch."""
    with ExitStack() as stack:
        if (found := _open(opened, stack)) is None:
            return
        table, file = found
        schema = opened.walk.schemas.get(opened.name, table.schema_arrow)

        def given(piece: Piece) -> Iterator[tuple[Any, int, Any]]:
            yield table.metadata, piece.before, piece.batch
            opened.walk.rows += piece.batch.num_rows

        pieces = pieces_of(opened, table, file, partial(_cast, schema=schema))
        yield from walk_pieces(opened, ahead(pieces, opened.walk.threads), given)


def pieces_of(
    opened: OpenedInput,
    table: Any,
    file: Any,
    shaped: Callable[[Any], Any],
    columns: Sequence[str] | None = None,
    group: int = 0,
) -> Iterator[Piece]:
    """The rows of a file in pieces, some at a time; may be walked on another thread.

    Args:
        opened: the input.
        table: it as a `ParquetFile`.
        file: its bytes; moved.
        shaped: what becomes of each batch.
        columns: that are read; None for all.
        group: number of the first row group that is read.
    """
    before = sum(table.metadata.row_group(i).num_rows for i in range(group))
    for number in range(group, table.num_row_groups):
        end = before + table.metadata.row_group(number).num_rows
        try:
            for batch in _batches(opened, table, file, number, columns):
                if batch.num_rows:
                    yield Piece(number, before, end, shaped(batch))
                    before += batch.num_rows
        except Exception as error:
            yield Piece(number, before, end, error)
        before = end


def walk_pieces(
    opened: OpenedInput, pieces: Iterable[Piece], take: Callable[[Piece], Iterator[_Taken]]
) -> Iterator[_Taken]:
    """What is made of each piece; of a row group that is damaged those after the damage are left out, and it is reported."""
    lost = -1
    for piece in pieces:
        if piece.group == lost:
            continue
        try:
            if isinstance(piece.batch, Exception):
                raise piece.batch
            yield from take(piece)
        except Exception as error:
            lost = piece.group
            _report_lost(opened, piece.before + 1, piece.end, error)


def _report_lost(opened: OpenedInput, first: int, last: int, error: Exception) -> None:
    """Report the rows from one number to another as lost to an error; or raise it, where it is of all the input."""
    if isinstance(error, ClustererError | TooManyRows):
        raise error
    if isinstance(error, LimitReached):
        opened.damaged(first, f"rows {first} to {last} are not read: {error}")
    else:
        reason = f"rows {first} to {last} cannot be read ({first_line(error)}); cure: fetch the file again"
        opened.damaged(first, reason)


def _batches(opened: OpenedInput, table: Any, file: Any, group: int, columns: Sequence[str] | None) -> Iterator[Any]:
    """The batches of a row group, with these columns, or all.

    Raises:
        LimitReached: it may cost more than it should.
    """
    about = table.metadata.row_group(group)
    size = batch_rows(about, file, opened.limits, group)
    file.seek(max(about.column(0).data_page_offset, 0))  # where a walk is, for who asks
    return iter(table.iter_batches(size, row_groups=[group], columns=columns, use_threads=False))


def _open(opened: OpenedInput, stack: ExitStack) -> tuple[Any, Any] | None:
    """An input as a `ParquetFile`, and its bytes; None, and reported, where it is none."""
    try:
        file = _file(opened, stack)
        table = import_pyarrow("parquet").ParquetFile(_native(opened, stack) or file)
        if reason := unreadable_columns(table, file):
            opened.damaged(1, reason)
            return None
        return table, file
    except (LimitReached, InputError):
        raise
    except Exception as error:  # pyarrow's are of many kinds
        opened.damaged(1, f"not a whole Parquet file ({first_line(error)}); cure: fetch it again")
        return None


def _cast(batch: Any, schema: Any) -> Any:
    """A batch in the schema that its file is read in."""
    return batch if batch.schema.equals(schema) else batch.select(schema.names).cast(schema)


def wanted_columns(opened: OpenedInput, table: Any, file: Any) -> tuple[list[str], int]:
    """The columns that articles are made of, as the first rows tell, and the row group of these; damaged ones are reported."""
    before = 0
    for group in range(table.num_row_groups):
        end = before + table.metadata.row_group(group).num_rows
        try:
            return _wanted(opened, _first_rows(_batches(opened, table, file, group, None), table.schema_arrow)), group
        except Exception as error:
            _report_lost(opened, before + 1, end, error)
        before = end
    return [], table.num_row_groups


def _first_rows(batches: Iterator[Any], schema: Any) -> Any:
    """A table of the first rows."""
    first: list[Any] = []
    while sum(batch.num_rows for batch in first) < SAMPLE and sum(batch.nbytes for batch in first) < parquet_size.HELD:
        if (batch := next(batches, None)) is None:
            break
        first.append(batch)
    return import_pyarrow().Table.from_batches(first, schema)


def refuse_same_names(names: Sequence[str], file: str) -> None:
    """Refuse a file in which two columns have one name.

    Raises:
        InputError: naming the column.
    """
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise InputError(f"{file}: {len(names)} columns, several of the name {twice[0]!r}; cure: rename all but one")


def _wanted(opened: OpenedInput, table: Any) -> list[str]:
    """The columns that articles are made of, as a table of the first rows tells: of those of usual names, and of strings."""
    types, names = import_pyarrow("types"), with_paths(table.schema, opened.columns.paths.values())
    named = [name for name in opened.columns.named.given.values() if name in names]
    usual = {name for columns in usual_columns(names).values() for name in columns}
    looked_at = [
        own.name
        for own in table.schema
        if own.name in usual or types.is_string(own.type) or types.is_large_string(own.type)
    ]
    looked_at = list(dict.fromkeys([*looked_at, *named]))
    cells = [python_values(column_at(table.slice(0, SAMPLE), name)) for name in looked_at]
    rows = zip(*([None if isinstance(v, Unreadable) else v for v in column] for column in cells), strict=True)
    plan = opened.columns.check_header(names, opened.name, [dict(zip(looked_at, row, strict=True)) for row in rows])
    structs = [own.name for own in table.schema if types.is_struct(own.type)]
    inner = zip(*(python_values(column_at(table.slice(0, _HINTED), name)) for name in structs), strict=True)
    seen = [{**dict.fromkeys(names), **dict(zip(structs, row, strict=True))} for row in inner]
    if hint := member_hint(seen, opened.columns.named.used):
        opened.note(hint)
    fetched = [name for name in names if column_key(name) in FETCH_NAMES]
    return list(dict.fromkeys([*(name for columns in plan.values() for name in columns), *fetched]))


def _file(opened: OpenedInput, stack: ExitStack) -> Any:
    """The bytes as a file that can be read from its end, where the format begins; packed ones are unpacked to disk."""
    if opened.path:
        own = stack.enter_context(open(opened.path, "rb"))  # noqa: SIM115
        if opened.walk.position:
            opened.walk.position.stream = own
        return own
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    for chunk in opened.chunks:
        file.write(chunk)
    file.seek(0)
    return file


def _native(opened: OpenedInput, stack: ExitStack) -> Any:
    """A file as Arrow reads it without the interpreter's lock; None where it cannot."""
    with contextlib.suppress(OSError, UnicodeError):
        return stack.enter_context(import_pyarrow().OSFile(opened.path, "rb")) if opened.path else None
    return None


def rows_of_batch(opened: OpenedInput, batch: Any, wanted: Sequence[str], before: int, layout: Layout) -> Iterator[Row]:
    """The good rows of a batch that has `before` rows before it in its file."""
    columns = [python_values(column_at(batch, name)) for name in wanted]
    is_broken = any(Unreadable in set(map(type, column)) for column in columns)
    article_of = opened.columns
    for i, values in enumerate(zip(*columns, strict=True)):
        number = before + i + 1
        try:
            if is_broken and (broken := next((v for v in values if isinstance(v, Unreadable)), None)):
                raise RowError(f"a cell cannot be read ({broken.why}); cure: write the file again")
            article = article_of(dict(zip(wanted, values, strict=True)))
        except RowError as error:
            opened.bad(
                number, str(error), json.dumps(dict(zip(wanted, values, strict=True)), default=str, ensure_ascii=False)
            )
        else:
            yield Row(article, batch.slice(i, 1), opened.name, number, layout)


def write_rows(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    """Write rows of Parquet files of one schema; return their number.

    Raises:
        OutputError: a row has no schema, or another one.
    """
    pyarrow, parquet = import_pyarrow(), import_pyarrow("parquet")
    remaining = iter(rows)
    if layout.schema is None:
        raise unfit(next(remaining), format, f"a row of {layout.format} has no schema to stand")
    about, names = layout.packed_as, layout.schema.names
    size = rows_of_group(about) if about else PARQUET_BATCH
    count, held, rows_held, bytes_held = 0, list[Any](), 0, 0
    with parquet.ParquetWriter(out, layout.schema, **(packed_as(about, names) if about else {})) as writer:

        def flush() -> None:
            if held:
                writer.write_table(pyarrow.concat_tables(held).combine_chunks(), row_group_size=size)

        while batch := list(itertools.islice(remaining, PARQUET_BATCH)):
            for row in batch:
                if row.layout.schema != layout.schema:
                    raise unfit(row, format, "its columns differ from those of the rows before: no place")
            held.append(pyarrow.Table.from_batches([row.raw for row in batch], layout.schema).combine_chunks())
            rows_held, bytes_held, count = rows_held + len(batch), bytes_held + held[-1].nbytes, count + len(batch)
            if rows_held >= size or bytes_held >= HELD:
                flush()
                held, rows_held, bytes_held = [], 0, 0
        flush()
    return count


def packed_as(about: Any, names: Iterable[str]) -> dict[str, Any]:
    """How the first row group of a file is written, as `ParquetWriter` takes it.

    Args:
        about: its metadata.
        names: of the columns that are written; those that the file has not are written as its first one.
    """
    if not about.num_row_groups:
        return {}
    group = about.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    codecs = {
        column.path_in_schema: "NONE" if column.compression == "UNCOMPRESSED" else column.compression
        for column in columns
    }
    known = {path.partition(".")[0] for path in codecs} | set(codecs)
    added = [name for name in names if name not in known]
    return {
        "compression": {**dict.fromkeys(added, next(iter(codecs.values()))), **codecs},
        "use_dictionary": [*added, *(column.path_in_schema for column in columns if column.has_dictionary_page)],
    }


def rows_of_group(about: Any) -> int:
    """The rows of a file's largest row group, 1 at least."""
    return max([1, *(int(about.row_group(group).num_rows) for group in range(about.num_row_groups))])
