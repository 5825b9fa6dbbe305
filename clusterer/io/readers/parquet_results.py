"""Results of a run as Parquet: lines of any result, or assignments by columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from clusterer.arrays.texts import Texts
from clusterer.io.arrow import arrow_mask, arrow_reals, arrow_texts
from clusterer.io.result_columns import Columns, each_block
from clusterer.io.rows import PARQUET_BATCH, as_cell, import_pyarrow
from clusterer.results import RELATIONS, Assignment, Assignments


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
