"""Data frames and columns to articles, row by row, in the order of the rows: pandas, Polars, pyarrow, NumPy arrays of texts.

Every library by one road, narwhals. A missing value is an absent one, whatever its library calls it (None, NaN, NaT, NA). A
row without a text is an article with an empty one, so that results stay aligned with the rows. Labels of an index
are a column where the index has a name.

Rows are taken in blocks, of the columns that articles have; no second copy of the frame is made. Names of columns and kinds
of values are the business of `fields`. Does not read files, makes no frames.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError

from clusterer.errors import InputError, did_you_mean
from clusterer.io.choice import SAMPLE, usual_columns
from clusterer.io.columns import FieldMap, RowError, column_key
from clusterer.io.field_names import FETCH_NAMES
from clusterer.io.nested import MISSING, at_path
from clusterer.io.rows import Unreadable, python_values
from clusterer.io.wording import in_python, tell_notes

_BLOCK = 4096  # rows


def rows_of(given: object, fields: Mapping[str, str] | None = None) -> tuple[Iterator[Any], FieldMap | None] | None:
    """The rows of a frame and the map that makes articles of them, or the cells of a column, "" where one is missing, and None.

    None alone where it is neither.

    Args:
        given: what a caller calls articles.
        fields: article attribute to column name, where the usual names do not fit.

    Raises:
        InputError: the frame has no text column, or none that `fields` names; it is lazy; its columns share a name; the
            array is not one row of texts.
    """
    if isinstance(given, np.ndarray):
        if given.ndim != 1:
            raise InputError(
                f"articles is an array of {given.ndim} dimensions; cure: give a column of texts, for example X[:, 0]"
            )
        return _of_array(given), None
    try:
        found = nw.from_native(table_of(given), pass_through=True, allow_series=True)
        names = found.columns if isinstance(found, nw.DataFrame) else ()
    except DuplicateError as error:
        raise InputError(f"data frame: {' '.join(str(error).split())}; cure: rename columns") from None
    if isinstance(found, nw.LazyFrame):
        raise InputError(f"articles is a lazy frame, its rows are not there yet; cure: {_cure_of_lazy(given)} first")
    if isinstance(found, nw.Series):
        return _of_column(found), None
    if isinstance(found, nw.DataFrame):
        return _of_frame(found, tuple(names), fields)
    if (library := _library(given)) in _CURES_OF_LAZY:  # a column of Dask, a connection of DuckDB
        raise InputError(
            f"articles is a {type(given).__name__} of {library}, its rows are not there yet; cure: {_cure_of_lazy(given)} first"
        )
    if hasattr(given, "columns"):  # walking a data frame gives the names of its columns
        raise InputError(
            "articles is a data frame of an unknown kind; cure: pandas, polars or pyarrow, or its rows, for example"
            " frame.to_dict('records')"
        )
    return None


_CURES_OF_LAZY = {"duckdb": ".df()", "dask": ".compute()", "ibis": ".to_pandas()", "pyspark": ".toPandas()"}
"""By library, what makes a data frame of its lazy one; Polars' own word for all others."""
_READERS = {
    "RecordBatchReader": ".read_all()",
    "Dataset": ".to_table()",
    "Scanner": ".to_table()",
    "ParquetFile": ".read()",
}
"""What makes a table of pyarrow's readers, by the name of their class or of its base."""


def _cure_of_lazy(given: object) -> str:
    return f"{_CURES_OF_LAZY.get(_library(given), '.collect()')} it"


def _library(given: object) -> str:
    return type(given).__module__.lstrip("_").split(".")[0]


def _cure_of_reader(given: object) -> str:
    """What makes a table of a reader or a data set of pyarrow; "" of others."""
    for base in type(given).__mro__:
        if base.__module__.startswith("pyarrow") and base.__name__ in _READERS:
            return f"{_READERS[base.__name__]} it"
    return ""


def table_of(given: object) -> object:
    """A frame as narwhals takes it, and as articles are looked for in it.

    Parts of pyarrow's tables are tables and columns; with pandas named labels of rows are columns, and names of columns are
    texts, of several levels the last where it tells them apart.

    Raises:
        InputError: a reader or a data set of pyarrow.
    """
    if cure := _cure_of_reader(given):
        raise InputError(f"articles is a {type(given).__name__}, its rows are not there yet; cure: {cure} first")
    pandas: Any = sys.modules.get("pandas")
    if pandas and isinstance(given, pandas.DataFrame):
        frame: Any = given
        if not all(isinstance(name, str) for name in frame.columns):
            frame = frame.set_axis(_names_as_texts(list(frame.columns)), axis=1)
        named = [name for name in frame.index.names if isinstance(name, str) and name not in frame.columns]
        return frame.reset_index(named) if named else frame
    arrow: Any = sys.modules.get("pyarrow")
    if arrow and isinstance(given, arrow.RecordBatch):
        return arrow.table(given)
    return arrow.chunked_array([given]) if arrow and isinstance(given, arrow.Array) else given


def _names_as_texts(names: Sequence[Any]) -> list[str]:
    """Names of columns as texts; of several levels the last alone where it tells them apart, else all with dots between."""
    levels = [tuple(part for part in name if part != "") if isinstance(name, tuple) else (name,) for name in names]
    last = [str(parts[-1]) if parts else "" for parts in levels]
    return last if len(set(last)) == len(last) else [".".join(map(str, parts)) for parts in levels]


def _of_array(array: np.ndarray[Any, Any]) -> Iterator[Any]:
    for start in range(0, len(array), _BLOCK):
        for cell in array[start : start + _BLOCK].tolist():
            yield "" if _missing(cell) else cell


def _missing(cell: object) -> bool:
    """Whether a cell is None, NaN, NaT or NA; in arrays nobody else tells."""
    try:
        return cell is None or bool(cell != cell)
    except (TypeError, ValueError):  # NA is neither; an array in an array is refused as an article
        return not isinstance(cell, np.ndarray)


def _of_column(column: nw.Series[Any]) -> Iterator[Any]:
    for start in range(0, len(column), _BLOCK):
        yield from ("" if cell is None else cell for cell in _cells(column[start : start + _BLOCK]))


def _of_frame(
    frame: nw.DataFrame[Any], names: tuple[str, ...], fields: Mapping[str, str] | None
) -> tuple[Iterator[dict[str, Any]], FieldMap]:
    article = FieldMap(fields, keeps_empty=True)
    if not names and not len(frame):
        return iter(()), article
    root_of = {path: root for path in article.paths.values() if (root := _root(path, names)) is not None}
    try:
        first = _first_rows(frame, names, root_of.values(), list(article.named.given.values()))
        known = (
            *names,
            *(path for path in root_of if not first or any(at_path(row, path) is not MISSING for row in first)),
        )
        article.columns(known, first)
        article.learn(first)
        plan = article.columns(known)
        tell_notes(article.notes)
    except RowError as error:
        reason = re.sub(
            r"cure: (fields={[^}]*})", r"cure: rename a column, or cluster(frame, \1)", in_python(str(error))
        )
        raise InputError(f"data frame: {reason}") from None
    for attribute, name in (fields or {}).items():
        if not plan[attribute]:
            raise InputError(
                f"data frame: no column {name!r} (given for {attribute}); found columns: {', '.join(map(str, names))}; "
                f"cure: {did_you_mean(name, map(str, names))}fields={{{attribute!r}: one of these}}"
            )
    fetched = [name for name in names if isinstance(name, str) and column_key(name) in FETCH_NAMES]
    read = [root_of.get(name, name) for columns in plan.values() for name in columns]
    wanted = list(dict.fromkeys([*read, *fetched]))
    return _rows(frame.select(wanted)), article


def _root(path: str, names: Sequence[str]) -> str | None:
    """The column that a dotted path begins with; None where it is a column itself, or there is none."""
    parts = path.split(".")
    roots = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    root = next((root for root in roots if root in names), None)
    return None if root == path else root


def _first_rows(
    frame: nw.DataFrame[Any], names: tuple[str, ...], roots: Iterable[str], named: Sequence[str]
) -> list[dict[str, Any]]:
    """The first rows, of columns of usual names, of strings, and of those that the caller named."""
    usual = {name for columns in usual_columns(names).values() for name in columns} | {*roots, *named}
    wanted = [name for name in names if name in usual or frame.schema[name] in (nw.String, nw.Object)]
    head = frame[:SAMPLE].select(wanted)
    return [
        dict(zip(wanted, row, strict=True)) for row in zip(*(_cells(head.get_column(n)) for n in wanted), strict=True)
    ]


def _rows(frame: nw.DataFrame[Any]) -> Iterator[dict[str, Any]]:
    names = frame.columns
    for start in range(0, len(frame), _BLOCK):
        block = frame[start : start + _BLOCK]
        for values in zip(*(_cells(block.get_column(name)) for name in names), strict=True):
            yield dict(zip(names, values, strict=True))


def _cells(column: nw.Series[Any]) -> list[Any]:
    """The cells as Python values; None where one is missing, or a date so far off that Python has no form for it."""
    dates = isinstance(column.dtype, nw.Date | nw.Datetime)
    if column.implementation.is_pyarrow() or (dates and hasattr(column.to_native().dtype, "pyarrow_dtype")):
        return [None if isinstance(cell, Unreadable) else cell for cell in python_values(column.to_arrow())]
    if dates:
        column = _readable(column)
    cells, missing = column.to_list(), column.is_null()
    if missing.any():
        return [None if gone else cell for cell, gone in zip(cells, missing.to_list(), strict=True)]
    return cells


def _readable(column: nw.Series[Any]) -> nw.Series[Any]:
    """A column of dates without those beyond Python's years: over them pandas raises and Polars ends the run."""
    least, most = date(1900, 1, 1), date(2200, 1, 1)  # `fields` keeps fewer
    if isinstance(column.dtype, nw.Datetime):
        zone = UTC if column.dtype.time_zone else None
        column = column.dt.convert_time_zone("UTC") if zone else column
        least, most = (datetime(day.year, 1, 1, tzinfo=zone) for day in (least, most))
    frame = column.alias("day").to_frame()
    return frame.select(nw.when(nw.col("day").is_between(least, most)).then(nw.col("day"))).get_column("day")
