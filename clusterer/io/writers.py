"""Results out: files that are whole or absent, assignments as lines or tables, the quarantine file, rows in the form in
which they came.

Output is UTF-8, whatever the input was in. What cannot be written is an `OutputError`. Cells of tables are what they were:
nothing is put before those that a spreadsheet would take for a formula.

Does not read feeds, decides nothing about rows, does not print.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, cast

import orjson

from clusterer.articles import Article
from clusterer.errors import OutputError
from clusterer.io.atomic import atomic_output
from clusterer.io.rows import PARQUET_BATCH, Layout, Row, import_pyarrow, python_values
from clusterer.results import Assignment

ADDABLE = ("title", "text", "source", "url", "date", "file", "row")
"""Fields of an article, and where it stood, that can be added to its line of a result."""
_RESULTS = ("jsonl", "csv", "tsv", "parquet")
_ENDINGS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".parquet": "parquet",
}  # fmt: skip
# What promises a format, or a packing, that nothing here writes. Other endings promise nothing.
_OTHERS = frozenset((
    ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".html", ".htm", ".xml", ".rss", ".atom", ".pdf", ".doc",
    ".docx", ".odt", ".rtf", ".arrow", ".feather", ".avro", ".orc", ".sqlite", ".db", ".pkl",
))  # fmt: skip
_OTHER_PACKINGS = frozenset((".zip", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz"))


def form_for(path: str, able: Sequence[str], option: str = "-o") -> str:
    """The format that a file's ending asks for; the first of those that can be written where it asks for none.

    JSON lines may be named .json, as they always could.

    Args:
        path: as for `atomic_output`.
        able: the formats that can be written, of "jsonl", "json", "csv", "tsv" and "parquet".
        option: what gave the path, for the cure.

    Raises:
        OutputError: it asks for another one.
        InputError: it asks for Parquet, and pyarrow is not installed.
    """
    stem, ending = os.path.splitext(path)
    packing = ""
    if ending.lower() in (".gz", ".zst"):
        packing = ending
        stem, ending = os.path.splitext(stem)
    low = ending.lower()
    if low in _OTHER_PACKINGS:
        raise OutputError(f"{path}: {low} cannot be written; cure: {option} {stem}.gz or {stem}.zst")
    form = _ENDINGS.get(low)
    if form == "json" and "json" not in able:
        form = "jsonl"
    if low in _OTHERS or (form and form not in able):
        cure = f"{stem}.{'csv' if 'csv' in able else able[0]}{packing}"
        raise OutputError(
            f"{path}: {low} promises what is not written here, only {', '.join(able)}; cure: {option} {cure}"
        )
    if form == "parquet":
        import_pyarrow("parquet")
    return form or able[0]


def result_form(path: str) -> str:
    """The format of a result, as its file's ending asks for it; JSON lines where it asks for none.

    Raises:
        OutputError: it asks for what cannot be written.
        InputError: it asks for Parquet, and pyarrow is not installed.
    """
    form = form_for(path, _RESULTS)
    if form == "parquet" and not path.lower().endswith(".parquet"):
        raise OutputError(f"{path}: Parquet is packed inside; cure: -o {os.path.splitext(path)[0]}")
    return form


def write_result(
    out: BinaryIO,
    assignments: Iterable[Assignment],
    form: str,
    added: Sequence[str] = (),
    articles: Iterable[Article | Row] | None = None,
) -> None:
    """Write assignments, one line or row an article.

    In tables `evidence` is JSON, as in the lines. CSV and TSV begin with a byte order mark, so that Excel shows Arabic;
    what is None is an empty cell there, and records end in CR LF.

    Args:
        out: an open file.
        assignments: consumed lazily.
        form: as `result_form` tells it.
        added: names of `ADDABLE`, to be added at the end of every line.
        articles: where any is added, the articles in the order of the assignments; rows of them for "file" and "row".
    """
    lines: Iterable[dict[str, Any]] = (a.as_dict() for a in assignments)
    if added and articles is not None:
        lines = (
            {**line, **{name: _added(article, name) for name in added}}
            for line, article in zip(lines, articles, strict=True)
        )
    write_lines(out, lines, (*Assignment._fields, *added), form)


def write_lines(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str], form: str) -> None:
    """Write lines of one kind: as JSON lines, or as the rows of a table.

    Args:
        out: an open file.
        lines: values by column, in the order of the columns; consumed lazily.
        columns: names.
        form: "jsonl", "csv", "tsv" or "parquet".
    """
    if form == "parquet":
        _write_lines_parquet(out, lines, columns)
    elif form in ("csv", "tsv"):
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter="\t" if form == "tsv" else ",", lineterminator="\r\n")
        out.write(codecs.BOM_UTF8)
        for cells in itertools.chain([columns], (map(_cell, line.values()) for line in lines)):
            writer.writerow(cells)
            out.write(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    else:
        for line in lines:
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def write_rows(path: str | os.PathLike[str], rows: Iterable[Row], format: str | None = None) -> int:
    """Write rows in the form in which they came.

    JSON lines and array elements keep their bytes, CSV records theirs and their header, Parquet rows their schema.
    Rows of text files and RSS become JSON lines of the article's fields; rows of any format can become JSON.

    Args:
        path: as for `atomic_output`.
        rows: consumed lazily.
        format: "jsonl", "json", "csv", "tsv" or "parquet"; None for that of the first row.

    Returns:
        The number of rows written.

    Raises:
        OutputError: the place cannot be written, or the rows do not fit into one table.
    """
    walk = iter(rows)
    first = next(walk, None)
    own = first.layout.format if first else "jsonl"
    format = format or ("jsonl" if own in ("txt", "rss") else own)
    writers = {"jsonl": _write_jsonl, "json": _write_json, "csv": _write_csv, "tsv": _write_csv,
               "parquet": _write_parquet}  # fmt: skip
    if format not in writers:
        raise OutputError(f"format {format!r} cannot be written; cure: one of {', '.join(writers)}")
    if first is None and format == "parquet":
        format = "jsonl"  # no row, no schema: an empty file
    with atomic_output(path) as out:
        if first is None:
            out.write(b"[]\n" if format == "json" else b"")
            return 0
        return writers[format](out, itertools.chain([first], walk), first.layout, format)


def as_json(row: Row) -> bytes:
    """A row as one line of JSON."""
    if row.layout.format in ("jsonl", "json"):
        raw = cast(bytes, row.raw)
        return raw.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in raw else raw
    if row.layout.format in ("csv", "tsv"):
        return orjson.dumps(dict(zip(row.layout.columns, _cells(row), strict=True)))
    value = row.raw
    if row.layout.format == "parquet":
        batch = cast(Any, row.raw)
        value = {name: python_values(batch.column(i))[0] for i, name in enumerate(batch.schema.names)}
    return orjson.dumps(value, default=lambda v: v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v))


def _added(article: Article | Row, name: str) -> Any:
    if isinstance(article, Row):
        return {"file": article.file, "row": article.line}[name] if name in ("file", "row") else _added(article.article, name)
    return getattr(article, name)


def _cell(value: Any) -> Any:
    """A value of a line of a result, for a cell of text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return orjson.dumps(value, default=dict).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def _write_lines_parquet(out: BinaryIO, lines: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    pyarrow, parquet = import_pyarrow(), import_pyarrow("parquet")
    kinds = {"representative": pyarrow.bool_(), "date": pyarrow.timestamp("us", "UTC")}
    kinds |= dict.fromkeys(("score", "jaccard", "containment", "containment_of_longer"), pyarrow.float64())
    kinds |= dict.fromkeys(("row", "a_row", "b_row"), pyarrow.int64())
    schema = pyarrow.schema({name: kinds.get(name, pyarrow.string()) for name in columns})
    walk = iter(lines)
    with parquet.ParquetWriter(out, schema) as writer:
        while batch := list(itertools.islice(walk, PARQUET_BATCH)):
            for line in batch:
                if line.get("evidence"):
                    line["evidence"] = _cell(line["evidence"])
            writer.write_table(pyarrow.Table.from_pylist(batch, schema))


def _cells(row: Row) -> list[str]:
    text = cast(bytes, row.raw).decode()
    return next(csv.reader(io.StringIO(text, newline=""), **row.layout.dialect))


def _write_jsonl(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    count = 0
    for row in rows:
        out.write(as_json(row) + b"\n")
        count += 1
    return count


def _write_json(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        raw = cast(bytes, row.raw) if row.layout.format == "json" else as_json(row)
        out.write((b",\n" if count > 1 else b"[\n") + raw)
    out.write(b"\n]\n")
    return count


def _unfit(row: Row, format: str, why: str) -> OutputError:
    return OutputError(f"{row.file}, line {row.line}: {why} in a {format} file; cure: write JSON lines (.jsonl)")


def _write_csv(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    delimiter = layout.delimiter if format == layout.format else "\t" if format == "tsv" else ","
    target = replace(layout, format=format, delimiter=delimiter, quoted=layout.quoted or delimiter != layout.delimiter)

    def record(cells: Sequence[str]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=layout.newline.decode(), **target.dialect).writerow(cells)
        return text.getvalue().encode()

    count = 0
    for count, row in enumerate(rows, 1):
        if row.layout.format not in ("csv", "tsv"):
            raise _unfit(row, format, f"a row of {row.layout.format} has no columns to stand")
        same = (row.layout.delimiter, row.layout.quoted) == (target.delimiter, target.quoted)
        if count == 1:
            mark = codecs.BOM_UTF8 if layout.header.startswith(codecs.BOM_UTF8) else b""
            out.write(layout.header + layout.newline if same else mark + record(layout.columns))
        if same and row.layout.columns == layout.columns:
            out.write(cast(bytes, row.raw) + layout.newline)
            continue
        if sorted(row.layout.columns) != sorted(layout.columns):
            raise _unfit(row, format, "its columns differ from those of the rows before, and cannot stand together")
        by_name = dict(zip(row.layout.columns, _cells(row), strict=True))
        try:
            out.write(record([by_name[name] for name in layout.columns]))
        except csv.Error as error:
            raise _unfit(row, format, f"its cells ({error}) cannot stand") from None
    return count


def _write_parquet(out: BinaryIO, rows: Iterable[Row], layout: Layout, format: str) -> int:
    pyarrow, parquet = import_pyarrow(), import_pyarrow("parquet")
    count = 0
    walk = iter(rows)
    first = next(walk)
    if layout.schema is None:
        raise _unfit(first, format, f"a row of {layout.format} has no schema to stand")
    walk = itertools.chain([first], walk)
    with parquet.ParquetWriter(out, layout.schema) as writer:
        while batch := list(itertools.islice(walk, PARQUET_BATCH)):
            for row in batch:
                if row.layout.schema != layout.schema:
                    raise _unfit(row, format, "its columns differ from those of the rows before: no place")
            writer.write_table(pyarrow.Table.from_batches([row.raw for row in batch], layout.schema).combine_chunks())
            count += len(batch)
    return count
