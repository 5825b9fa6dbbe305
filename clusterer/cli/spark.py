"""`clusterer cluster --engine spark`: the same command on Spark. Parse, start or join an engine, write.

Reads JSON lines (also packed, whole files then) and Parquet; writes a folder of parts in one of the two, as Spark does,
and bad rows to a folder beside it. Stages are kept in a third one until the run is done, so that a run that failed goes
on when it is started again.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clusterer.cli.run import keep_apart, settings_of
from clusterer.cli.terminal import tell
from clusterer.errors import InputError, OutputError
from clusterer.io.columns import FIELD_NAMES, FieldMap
from clusterer.io.readers.jsonl import loaded

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from clusterer.spark.articles import Source
    from clusterer.spark.job import Job

_F = TypeVar("_F", bound=Callable[..., Any])
_WRITTEN = (".parquet", ".jsonl", ".jsonl.gz")
_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".jsonl.bz2")


def engine_options(command: _F) -> _F:
    """What is chosen of the engine."""
    options = [
        click.option(
            "--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True,
            help="this process, or Spark (clusterer[spark], Java 17): JSON lines and Parquet in and out, OUT is a folder",
        ),
        click.option("--master", metavar="URL", default="local[*]", show_default=True, help="Spark: its master"),
        click.option("--checkpoint", metavar="FOLDER", help="Spark: where stages are kept; else beside OUT until done"),
        click.option("--partitions", type=click.IntRange(1), help="Spark: tasks that articles are shared out to"),
        click.option(
            "--conf", metavar="NAME=VALUE", multiple=True, callback=_pairs,
            help="Spark: a setting of its own, such as spark.driver.memory=8g; any number of times",
        ),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _pairs(context: click.Context, option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE")
    return dict(value.split("=", 1) for value in values)


def _refuse(output: str, options: Mapping[str, Any]) -> None:
    """What only one machine does.

    Raises:
        InputError: it is asked for; says what instead.
        OutputError: a file is to be of a form that Spark does not write.
    """
    cures = {
        "report": ("--report", "--engine local, or a report of the part that you want to see"),
        "pairs": ("--pairs", "--engine local, or index export --pairs"),
        "added": ("--with", "join the result with its input by id"),
        "encoding": ("--encoding", "UTF-8 inputs"),
        "timezone": ("--timezone", "--engine local, or times with their zone"),
        "now": ("--now", "--engine local, or dates that say the day"),
        "max_bad": ("--max-bad", "--engine local, or look at the quarantine file"),
        "strict": ("--strict", "--engine local, or look at the quarantine file"),
        "max_row_bytes": ("--max-row-bytes", "--engine local"),
        "limits": ("--limits", "--engine local"),
        "stats": ("--stats", "--engine local, or Spark's own page"),
        "join": ("--join", "join the result with its input by id"),
    }
    for name, (option, cure) in cures.items():
        if options[name]:
            raise InputError(f"{option} is not for --engine spark; cure: {cure}")
    for option, file in (("-o", output), ("--stories", options["stories"])):
        if file and not file.endswith(_WRITTEN):
            raise OutputError(f"{file}: Spark writes .parquet or .jsonl; cure: {option} NAME.parquet or NAME.jsonl")


def cluster_on_spark(output: str, options: Mapping[str, Any]) -> None:
    """Group the articles of the inputs on Spark and write the result's parts.

    Raises:
        InputError: Spark or Java is not here, an input is of no form that Spark reads, or no row is an article.
        OutputError: the output is there and is none of ours.
        SettingsError: the checkpoint is of a run with other settings.
    """
    _refuse(output, options)
    listed = options["stories"]
    keep_apart([output, listed], options["inputs"])
    settings, lines = settings_of(options), _are_lines(options["inputs"], options["format_"])
    # pyspark warns of new versions of pandas, of which only Arrow's part is used here.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    try:
        from clusterer.spark.session import session
    except ModuleNotFoundError as error:  # pyarrow: the command is there without it
        raise InputError(f"{error.name} is not installed; cure: pip install 'clusterer[spark]', and Java 17") from None
    spark = session(options["master"], options["conf"])
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    from clusterer.spark.checkpoint import exists, remove
    from clusterer.spark.cluster import columns_of
    from clusterer.spark.job import Job

    for name in (output, listed):
        if name and exists(spark, name) and not exists(spark, f"{name}/_SUCCESS"):
            raise OutputError(f"{name}: is there and was not written by Spark; cure: name another")
    kept = options["checkpoint"] or f"{output}.checkpoint"
    aside = options["quarantine"] or f"{output}.quarantine.jsonl"
    fields = {a: options[f"{a}_field"] for a in FIELD_NAMES if options[f"{a}_field"]}
    tell = None if options["quiet"] or not sys.stderr.isatty() else _told
    try:
        if lines:
            read = spark.read.option("lineSep", "\n").text(list(options["inputs"]))
            df = read.select(F.col("value").cast("binary").alias("value"), F.col("_metadata.file_path").alias("file"))
            source, notes = _source_of_lines(read, fields)
        else:
            df = spark.read.parquet(*options["inputs"])
            df, source, notes = columns_of(df, fields, options["inputs"][0])
        for note in [] if options["quiet"] else notes:
            click.echo(note, err=True)
        job = Job(df, settings, source, kept, options["partitions"], tell=tell)
        count = job.bad_rows()
        result = job.result()
        _write(result, output)
        if listed:
            _write(job.stories(), listed)
        if count:
            job.quarantined().write.mode("overwrite").json(aside)
        elif exists(spark, f"{aside}/_SUCCESS"):
            remove(spark, aside)  # of an earlier run
        _summarise(job, result, count, aside, options)
    except PySparkException as error:
        raise InputError(f"Spark: {str(error).strip().splitlines()[0]}") from error
    if not options["checkpoint"]:
        remove(spark, kept)


def _write(rows: DataFrame, folder: str) -> None:
    """Write rows as a folder of parts, in the form that its name tells."""
    if folder.endswith(".parquet"):
        rows.write.mode("overwrite").parquet(folder)
    else:
        text = rows.mapInArrow(as_lines, "value string").write.mode("overwrite")
        (text.option("compression", "gzip") if folder.endswith(".gz") else text).text(folder)


def as_lines(batches: Iterable[Any]) -> Iterator[Any]:
    """Rows as the lines that `cluster` writes."""
    import orjson
    import pyarrow as pa

    for batch in batches:
        rows = batch.to_pylist()
        for row in rows:
            if row.get("evidence") is not None:
                row["evidence"] = orjson.Fragment(row["evidence"])
        yield pa.RecordBatch.from_arrays(
            [pa.array([orjson.dumps(row).decode() for row in rows], pa.string())], ["value"]
        )


def _are_lines(inputs: Sequence[str], form: str | None) -> bool:
    known = {"jsonl": "lines", "parquet": "parquet"}
    if form:
        if form not in known:
            raise InputError(f"--format {form}: Spark reads jsonl and parquet; cure: --engine local, or convert it")
        return form == "jsonl"
    endings = {**dict.fromkeys(_LINES, "lines"), ".parquet": "parquet"}
    found = {next((kind for end, kind in endings.items() if x.rstrip("/").endswith(end)), x) for x in inputs}
    if found <= {"lines"} or found <= {"parquet"}:
        return "lines" in found
    other = next(iter(found - {"lines", "parquet"}), None)
    what = f"{other}: Spark reads .jsonl (also .gz) and .parquet" if other else "Spark reads one format at a time"
    raise InputError(f"{what}; cure: --format jsonl or parquet, --engine local, or convert it")


def _source_of_lines(read: Any, fields: dict[str, str]) -> tuple[Source, list[str]]:
    """How lines of JSON are read, as the first of them tell, and what a reader of the result should know of that."""
    from clusterer.spark.articles import Source
    from clusterer.spark.cluster import first_rows

    values = [loaded(row[0].encode("utf-8", "surrogatepass")) for row in first_rows(read)]
    sample = tuple(value for value in values if isinstance(value, dict))
    plan = FieldMap(fields)
    plan.learn(sample)
    return Source(tuple(fields.items()), True, sample), plan.notes


def _told(stage: str) -> None:
    tell(f"{stage} ...", err=True)


def _summarise(job: Job, result: Any, bad: int, aside: str, options: Mapping[str, Any]) -> None:
    if bad and not options["quiet"]:
        tell(f"{bad} bad {'row' if bad == 1 else 'rows'} set aside in {aside}", err=True)
    if options["quiet"] or not (options["summary"] or sys.stderr.isatty()):
        return
    row = result.selectExpr(
        "count(*) AS articles", "count_if(id = copy) AS copies", "count_if(representative) AS stories"
    ).first()
    tell(f"{row['articles']:,} articles, {row['copies']:,} copy groups, {row['stories']:,} stories", err=True)
