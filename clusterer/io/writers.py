"""Results and rows out, in the format that a file's ending asks for, or in the one in which rows came.

Output is UTF-8, whatever the input was in. What cannot be written is an `OutputError`. In tables of results a text that a
spreadsheet would take for a formula is guarded; rows that are given back are what they were.

How a format is written stands beside its reader, and `formats` lists it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any, BinaryIO

from clusterer.articles import Article
from clusterer.errors import OutputError, did_you_mean
from clusterer.io.added_fields import AddedFields
from clusterer.io.atomic import atomic_output
from clusterer.io.dates import on_clock
from clusterer.io.formats import FORMATS, FORMATS_BY_NAME, given_back_as
from clusterer.io.guard import guarded
from clusterer.io.readers.base import Copied
from clusterer.io.rows import Layout, Row
from clusterer.results import Assignment, Assignments, Clustering

# What promises a format, or a packing, that nothing here reads or writes. Other endings promise nothing.
_OTHER_WORKBOOKS = frozenset((".xls", ".xlsm", ".xlsb", ".ods"))
_OTHERS = _OTHER_WORKBOOKS | frozenset((
    ".numbers", ".html", ".htm", ".pdf", ".doc", ".docx", ".odt", ".rtf",
    ".arrow", ".feather", ".avro", ".orc", ".sqlite", ".db", ".pkl",
))  # fmt: skip
_OTHER_PACKINGS = frozenset((".zip", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz"))


def form_for(path: str, able: Sequence[str], option: str = "-o") -> str:
    """The format that a file's ending asks for; the first of those that can be written where it asks for none.

    Args:
        path, able, option: as for `promised`.

    Raises:
        OutputError: it asks for another one.
        InputError: it asks for one that needs a package which is not installed.
    """
    name = promised(path, able, option)
    format = FORMATS_BY_NAME[name]
    (format.require_written or format.require)()
    return name


def promised(path: str, able: Sequence[str], option: str = "-o", instead: str = "") -> str:
    """What a file's ending promises, of what can be written; the first of these where it promises nothing.

    JSON lines may be named .json, as they always could, and a .txt promises nothing.

    Args:
        path: as for `atomic_output`.
        able: names of the formats that can be written, or endings of what is no format of articles.
        option: what gave the path, for the cure.
        instead: another cure.

    Raises:
        OutputError: it promises something else.

    >>> promised("out.csv.gz", ("jsonl", "csv")), promised("out", ("jsonl", "csv"))
    ('csv', 'jsonl')
    """
    stem, ending = os.path.splitext(path)
    packing = ""
    if ending.lower() in (".gz", ".zst"):
        packing = ending
        stem, ending = os.path.splitext(stem)
    ending = ending.lower()
    if ending in _OTHER_PACKINGS:
        raise OutputError(f"{path}: {ending} cannot be written; cure: {option} {stem}.gz or {stem}.zst")
    known = [format.name for format in FORMATS if ending in format.endings]
    possible = [name for name in known if name in able and ending not in _OTHER_WORKBOOKS]
    if not possible and (ending in _OTHERS or (known and ending != ".txt")):
        cure = f"{stem}.{'csv' if 'csv' in able else able[0]}{packing}{instead}"
        raise OutputError(
            f"{path}: {ending} promises what is not written here, only {', '.join(able)}; cure: {option} {cure}"
        )
    return possible[-1] if possible else able[0]


def result_form(path: str, option: str = "-o") -> str:
    """The format of a result, as its file's ending asks for it; JSON lines where it asks for none.

    Args:
        path: as for `atomic_output`.
        option: what gave the path, for the cure.

    Raises:
        OutputError: it asks for what cannot be written.
        InputError: it asks for Parquet or a workbook, and the package for that is not installed.
    """
    form = form_for(path, [format.name for format in FORMATS if format.write_result], option)
    if form in ("parquet", "xlsx") and not path.lower().endswith(f".{form}"):
        name = {"parquet": "Parquet", "xlsx": "a workbook"}[form]
        raise OutputError(f"{path}: {name} is packed inside; cure: {option} {os.path.splitext(path)[0]}")
    return form


def write_result(
    out: BinaryIO,
    assignments: Iterable[Assignment],
    form: str,
    added: Sequence[str] = (),
    articles: Iterable[Article | Row] | None = None,
    guard: bool = True,
    zone: tzinfo | None = None,
    threads: int = 1,
) -> None:
    """Write assignments, one line or row an article.

    In tables `evidence` is JSON, as in the lines. CSV and TSV begin with a byte order mark, so that Excel shows Arabic;
    what is None is an empty cell there, and records end in CR LF.

    Args:
        out: an open file.
        assignments: consumed lazily.
        form: as `result_form` tells it.
        added: names of fields, as `AddedFields` takes them, to be added at the end of every line.
        articles: where any is added, the articles in the order of the assignments; rows of them for "file" and "row".
        guard, zone: as for `write_lines`.
        threads: that may work at once, 0 for all cores.

    Raises:
        OutputError: results are not written in this format.
        InputError: no article has a field that is to be added.
    """
    found = assignments.assignments if isinstance(assignments, Clustering) else assignments
    if isinstance(found, Assignments) and not added and (write := FORMATS_BY_NAME[form].write_assignments):
        write(out, found, threads)
        return
    lines: Iterable[dict[str, Any]] = (assignment.as_dict() for assignment in assignments)
    if added and articles is not None:
        fields = AddedFields(added)
        lines = ({**line, **fields.of(article)} for line, article in zip(lines, articles, strict=True))
    write_lines(out, lines, (*Assignment._fields, *added), form, guard, zone)
    if added and articles is not None:
        fields.refuse_missing()


def write_lines(
    out: BinaryIO,
    lines: Iterable[dict[str, Any]],
    columns: Sequence[str],
    form: str,
    guard: bool = True,
    zone: tzinfo | None = None,
) -> None:
    """Write lines of one kind: as JSON lines, or as the rows of a table.

    Args:
        out: an open file.
        lines: values by column, in the order of the columns; consumed lazily.
        columns: names.
        form: as `result_form` tells it.
        guard: in tables of text, put an apostrophe before a text that a spreadsheet would take for a formula.
        zone: in tables of text and workbooks dates are as its clock tells them; UTC where None.

    Raises:
        OutputError: results are not written in this format.
    """
    if zone and form in ("csv", "tsv", "xlsx"):
        lines = (
            {name: on_clock(value, zone) if isinstance(value, datetime) else value for name, value in line.items()}
            for line in lines
        )
    if guard and form in ("csv", "tsv"):
        lines = (
            {name: guarded(value) if type(value) is str else value for name, value in line.items()} for line in lines
        )
    write = FORMATS_BY_NAME[form].write_result
    if write is None:
        raise OutputError(f"a result cannot be written as {form}; cure: JSON lines (jsonl)")
    write(out, lines, columns, form)


def no_layout() -> Layout | None:
    """Know of no layout."""
    return None


def copy_rows(path: str | os.PathLike[str], inputs: Iterable[Copied], format: str, threads: int = 1) -> int:
    """Write rows as they stand in inputs of a format that can do so (`Format.copy_rows`).

    Args:
        path: as for `atomic_output`.
        inputs: consumed lazily.
        format: its name.
        threads: that may work at once.

    Returns:
        The number of rows written.
    """
    copy = FORMATS_BY_NAME[format].copy_rows
    assert copy is not None
    with atomic_output(path) as out:
        return copy(out, inputs, format, threads)


def write_rows(
    path: str | os.PathLike[str],
    rows: Iterable[Row],
    format: str | None = None,
    empty: Callable[[], Layout | None] = no_layout,
) -> int:
    """Write rows in the form in which they came.

    JSON lines and array elements keep their bytes, CSV records theirs and their header, Parquet rows their schema.
    Rows of text files and RSS become JSON lines of the article's fields; rows of any format can become JSON.

    Args:
        path: as for `atomic_output`.
        rows: consumed lazily.
        format: name of a format that is written; None for that of the first row.
        empty: where there is no row, asked how a table of none is laid out; an empty file where nobody knows.

    Returns:
        The number of rows written.

    Raises:
        OutputError: the place cannot be written, or the rows do not fit into one table.
    """
    remaining = iter(rows)
    first = next(remaining, None)
    format = format or given_back_as(first.layout.format if first else "jsonl")[0]
    writers = {own.name: own.write_rows for own in FORMATS if own.write_rows}
    if format not in writers:
        raise OutputError(
            f"format {format!r} cannot be written; cure: {did_you_mean(format, writers)}one of {', '.join(writers)}"
        )
    layout = first.layout if first else empty()
    with atomic_output(path) as out:
        if layout is None or (first is None and format not in ("csv", "tsv", "parquet")):
            out.write(b"[]\n" if format == "json" else b"")
            return 0
        return writers[format](out, remaining if first is None else itertools.chain([first], remaining), layout, format)
