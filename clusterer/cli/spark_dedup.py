"""`clusterer dedup --engine spark`: the same command on Spark. Parse, start or join an engine, write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from clusterer.cli.against import is_index
from clusterer.cli.run import keep_apart, settings_of
from clusterer.cli.spark import ONE_MACHINE, engine, lines_or_tables, refuse, refuse_nothing, rows_of, write
from clusterer.cli.terminal import tell
from clusterer.errors import InputError, OutputError
from clusterer.io.nulls import with_nulls

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from clusterer.spark.job import Job

_DEDUP_ONLY = {
    "pairs": ("--pairs", "--engine local"),
    "quote": ("--quote", "--engine local"),
    "unique_url": ("--unique-url", "--engine local"),
}

_BOTH = "{} is an input and in --against; cure: leave it out of one, or nothing of it stays"


def dedup_on_spark(output: str, removed: str | None, keep: str, options: Mapping[str, Any]) -> None:
    """Write the parts of what stays, and of what goes.

    Raises:
        InputError: Spark or Java is not here, an input is of no form that Spark reads, an order needs a field, an index is
            compared against, or no row is an article.
        OutputError: an output is there and is none of ours, or is of another form than the inputs.
        SettingsError: the checkpoint is of a run with other settings.
    """
    inputs, against = options["inputs"], options["against"]
    if options["unit"] == "paragraph":
        raise InputError("--unit paragraph is not for --engine spark; cure: --engine local")
    refuse(options, {**_DEDUP_ONLY, **ONE_MACHINE}, {"-o": output, "--removed": removed})
    if removed and removed.endswith(".parquet"):
        raise OutputError(f"{removed}: holds lines of JSON; cure: --removed NAME.jsonl")
    are_lines = lines_or_tables(inputs, options["format_"])
    if are_lines and output.endswith(".parquet"):
        raise OutputError(f"{output}: rows stay what they are, lines of JSON; cure: -o NAME.jsonl")
    _refuse_against(against, inputs)
    old_are_lines = lines_or_tables(against, options["format_"]) if against else False
    keep_apart([output, removed], [*inputs, *against])
    with engine(options, output, [output, removed]) as on:
        from clusterer.spark.dedup import gone_rows, kept_rows, refuse_order
        from clusterer.spark.job import Job
        from clusterer.spark.run import Removing

        refuse_order(keep)
        read = rows_of(on.spark, inputs, are_lines, options)
        old = rows_of(on.spark, against, old_are_lines, options, "--against: ") if against else None
        if both := sorted({*read.files} & {*(old.files if old else ())}):
            raise InputError(_BOTH.format(unquote(both[0])))
        removing = Removing(read.whole, keep, read.files)
        if old:
            removing = replace(
                removing, old=old.whole, old_source=old.source, old_columns=(*old.df.columns,), old_files=old.files
            )
        job = Job(
            read.df, settings_of(options), read.source, on.checkpoint, options["partitions"], tell=on.tell,
            removing=removing,
        )  # fmt: skip
        refuse_nothing(on, job, inputs if are_lines else (), against)
        count = job.bad_rows()
        job.removed()
        kept = kept_rows(job, on.spark)
        if are_lines:
            write_texts(kept.select("row.value").mapInArrow(as_came, "value string"), output)
        elif output.endswith(".parquet"):
            write(kept.select("row.*"), output)
        else:
            write_texts(kept.mapInArrow(as_objects, "value string"), output)
        if removed:
            write_texts(gone_rows(job, on.spark).mapInArrow(lines_aside, "value string"), removed)
        on.set_aside(job, count)
        _summarise(job, options)


def _refuse_against(against: Sequence[str], inputs: Sequence[str]) -> None:
    """Refuse an index, and what is an input as well.

    Raises:
        InputError: naming it.
    """
    places = {os.path.realpath(path) for path in inputs}
    for path in against:
        if is_index(path):
            raise InputError(f"{path}: Spark reads no index; cure: --engine local, or the files that it was made of")
        if os.path.realpath(path) in places:
            raise InputError(_BOTH.format(path))


def write_texts(lines: DataFrame, folder: str) -> None:
    """Write lines as a folder of parts."""
    writer = lines.write.mode("overwrite")
    (writer.option("compression", "gzip") if folder.endswith(".gz") else writer).text(folder)


def as_came(batches: Iterable[Any]) -> Iterator[Any]:
    """Lines of JSON as the local command gives them back: without a mark at the beginning and a carriage return at the end."""
    import pyarrow as pa

    for batch in batches:
        lines = [_line(raw) for raw in batch.column("value").to_pylist()]
        yield pa.RecordBatch.from_arrays([pa.array(lines, pa.binary()).cast(pa.string())], ["value"])


def as_objects(batches: Iterable[Any]) -> Iterator[Any]:
    """Rows of tables, in a column `row`, as lines of JSON."""
    import pyarrow as pa

    for batch in batches:
        lines = [orjson.dumps(row, default=_plain) for row in batch.column("row").to_pylist()]
        yield pa.RecordBatch.from_arrays([pa.array(lines, pa.binary()).cast(pa.string())], ["value"])


def lines_aside(batches: Iterable[Any]) -> Iterator[Any]:
    """What goes as the lines of --removed, with the whole article."""
    import pyarrow as pa

    for batch in batches:
        lines = []
        for row in batch.to_pylist():
            article = row.pop("row")
            whole = (
                orjson.Fragment(with_nulls(_line(article["value"]))) if set(article) == {"value", "file"} else article
            )
            lines.append(orjson.dumps({**row, "article": whole}, default=_plain))
        yield pa.RecordBatch.from_arrays([pa.array(lines, pa.binary()).cast(pa.string())], ["value"])


def _line(raw: bytes) -> bytes:
    return raw.rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")


def _plain(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _summarise(job: Job, options: Mapping[str, Any]) -> None:
    if options["quiet"] or not (options["summary"] or sys.stderr.isatty()):
        return
    rows = job.removed().groupBy("relation").count().orderBy("relation").collect()
    gone = sum(row["count"] for row in rows)
    kinds = "".join(f", {row['count']:,} removed as {row['relation']}" for row in rows)
    total = job.count_articles()
    tell(f"{total:,} articles{kinds}, {total - gone:,} kept", err=True)
