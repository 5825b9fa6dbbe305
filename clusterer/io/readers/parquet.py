"""Parquet, by pyarrow: a batch of rows at a time; a row group that is damaged does not cost the others."""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, BinaryIO, TypeVar

import numpy as np

from clusterer.arrays.texts import Texts
from clusterer.errors import ClustererError, InputError
from clusterer.io.arrow import arrow_mask, arrow_reals, arrow_texts
from clusterer.io.choice import SAMPLE, usual_columns
from clusterer.io.columns import FieldMap, RowError
from clusterer.io.feed_limits import LimitReached, TooManyRows
from clusterer.io.field_names import FETCH_NAMES, column_key
from clusterer.io.readers import parquet_size
from clusterer.io.readers.base import OpenedInput
from clusterer.io.readers.parquet_footer import unreadable_columns
from clusterer.io.readers.parquet_size import batch_rows
from clusterer.io.readers.parquet_structs import column_at, with_paths
from clusterer.io.result_columns import Columns, each_block
from clusterer.io.rows import (
    PARQUET_BATCH,
    Layout,
    Row,
    Unreadable,
    as_cell,
    first_line,
    import_pyarrow,
    python_values,
    unfit,
)
from clusterer.results import RELATIONS, Assignment, Assignments

Batches = Callable[[Sequence[str] | None], Iterator[Any]]
"""Opens the batches of a row group, with these columns, or all."""
_Taken = TypeVar("_Taken")
MAGIC = b"PAR1"
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


def read(opened: OpenedInput) -> Iterator[Row]:
    """Yield the rows of a Parquet file; of its columns only those that articles have are read as values.

    Raises:
        InputError: pyarrow is not installed, or there is no text column.
    """
    with ExitStack() as stack:
        if (found := begin(opened, stack)) is None:
            return
        table, file, schema = found
        layout, wanted = Layout("parquet", schema=schema, packed_as=table.metadata), list[str]()

        def rows(batches: Batches, taken: list[int]) -> Iterator[Row]:
            remaining = batches(None)
            if not wanted:
                names, first = wanted_columns(opened, remaining, table.schema_arrow)
                wanted.extend(names)
                remaining = itertools.chain(first, remaining)
            for batch in remaining:
                yield from rows_of_batch(opened, _cast(batch, schema), wanted, taken[0], layout)
                taken[0] += batch.num_rows

        yield from walk_groups(opened, table, file, rows)


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

        def given(batches: Batches, taken: list[int]) -> Iterator[tuple[Any, int, Any]]:
            for batch in batches(None):
                yield table.metadata, taken[0], _cast(batch, schema)
                taken[0] += batch.num_rows
                opened.walk.rows += batch.num_rows

        yield from walk_groups(opened, table, file, given)


def walk_groups(
    opened: OpenedInput, table: Any, file: Any, take: Callable[[Batches, list[int]], Iterator[_Taken]]
) -> Iterator[_Taken]:
    """What is made of the batches of each row group; damaged groups are reported.

    Args:
        opened: the input.
        table: it as a `ParquetFile`.
        file: its bytes.
        take: makes it; is given what opens the batches, and one number, how many rows of all are taken, which it keeps.
    """
    before = 0
    for group in range(table.num_row_groups):
        end = before + table.metadata.row_group(group).num_rows
        taken = [before]
        try:
            size = batch_rows(table.metadata.row_group(group), file, opened.limits, group)
            batches = partial(_batches, table, size, group)
            yield from take(batches, taken)
        except (ClustererError, TooManyRows):
            raise
        except LimitReached as over_limit:
            opened.damaged(taken[0] + 1, f"rows {taken[0] + 1} to {end} are not read: {over_limit}")
        except Exception as error:
            lost = f"rows {taken[0] + 1} to {end} cannot be read ({first_line(error)}); cure: fetch the file again"
            opened.damaged(taken[0] + 1, lost)
        before = end


def _batches(table: Any, size: int, group: int, columns: Sequence[str] | None) -> Iterator[Any]:
    return iter(table.iter_batches(size, row_groups=[group], columns=columns))


def _open(opened: OpenedInput, stack: ExitStack) -> tuple[Any, Any] | None:
    """An input as a `ParquetFile`, and its bytes; None, and reported, where it is none."""
    try:
        file = _file(opened, stack)
        table = import_pyarrow("parquet").ParquetFile(file)
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


def wanted_columns(opened: OpenedInput, batches: Iterator[Any], schema: Any) -> tuple[list[str], list[Any]]:
    """The columns that articles are made of, and the first batches, which tell them and are taken for it."""
    first: list[Any] = []
    while sum(batch.num_rows for batch in first) < SAMPLE and sum(batch.nbytes for batch in first) < parquet_size.HELD:
        if (batch := next(batches, None)) is None:
            break
        first.append(batch)
    return _wanted(opened, import_pyarrow().Table.from_batches(first, schema)), first


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
    named = [name for name in opened.columns.named if name in names]
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


def write_result(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str], format: str) -> None:
    """Write the lines of a result as Parquet; what has no type of its own is text, objects and lists are JSON."""
    pyarrow, parquet = import_pyarrow(), import_pyarrow("parquet")
    types = _types(columns)
    schema = _schema(columns)
    remaining = iter(lines)
    with parquet.ParquetWriter(out, schema) as writer:
        while batch := list(itertools.islice(remaining, PARQUET_BATCH)):
            for line in batch:
                for name, value in line.items():
                    if name not in types and value is not None and type(value) is not str:
                        line[name] = str(as_cell(value))
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))


def write_assignments(out: BinaryIO, found: Assignments, threads: int) -> None:
    """Write assignments as Parquet, with the columns that `write_result` gives them."""
    schema = _schema(Assignment._fields)
    with import_pyarrow("parquet").ParquetWriter(out, schema) as writer:
        for batch in each_block(found, partial(_batch, schema), threads):
            writer.write_batch(batch)


def _batch(schema: Any, columns: Columns) -> Any:
    """Assignments as a batch of rows."""
    none = np.zeros(len(columns), dtype=np.bool_)
    heads, relations = columns.is_head, Texts.of([*RELATIONS, ""])
    relation = relations.picked(np.where(heads, len(RELATIONS), columns.relation))
    names = [columns.names.picked(places) for places in columns.named]
    cells = [
        *(arrow_texts(texts, none) for texts in names[:4]),
        arrow_mask(heads),
        arrow_texts(names[4], heads),
        arrow_texts(relation, heads),
        arrow_reals(columns.score, heads),
        arrow_texts(columns.evidence, np.diff(columns.evidence.offsets) == 0),
    ]
    return import_pyarrow().RecordBatch.from_arrays(cells, schema=schema)


def _schema(columns: Sequence[str]) -> Any:
    """The columns of a result as Parquet has them."""
    types = _types(columns)
    return import_pyarrow().schema({name: types.get(name, import_pyarrow().string()) for name in columns})


def _types(columns: Sequence[str]) -> dict[str, Any]:
    """The types of a result's columns that are no texts."""
    pyarrow = import_pyarrow()
    is_article = "story" not in columns or "copy" in columns  # of a story's row the representative is an id
    types = {"representative": pyarrow.bool_()} if is_article else {}
    types |= dict.fromkeys(("date", "first", "last"), pyarrow.timestamp("us", "UTC"))
    types |= dict.fromkeys(("score", "jaccard", "containment", "containment_of_longer"), pyarrow.float64())
    return types | dict.fromkeys(("row", "a_row", "b_row", "articles", "independent_texts"), pyarrow.int64())
