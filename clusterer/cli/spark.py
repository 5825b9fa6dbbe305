"""Commands on Spark: `clusterer cluster --engine spark`, and what `dedup` there needs as well. Parse, start an engine, write.

Reads JSON lines (also packed, whole files then) and Parquet; writes a folder of parts in one of the two, as Spark does,
and bad rows to a folder beside it. Stages are kept in a third one until the run is done, so that a run that failed goes
on when it is started again.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import click

from clusterer.cli.run import keep_apart, settings_of
from clusterer.cli.terminal import tell
from clusterer.errors import InputError, OutputError
from clusterer.io.columns import FIELD_NAMES, FieldMap
from clusterer.io.readers.jsonl import loaded
from clusterer.io.walk_words import is_loss

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from clusterer.spark.articles import Source
    from clusterer.spark.job import Job

_F = TypeVar("_F", bound=Callable[..., Any])
_WRITTEN = (".parquet", ".jsonl", ".jsonl.gz")
LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".jsonl.bz2")


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


ONE_MACHINE = {
    "encoding": ("--encoding", "UTF-8 inputs"),
    "timezone": ("--timezone", "--engine local, or times with their zone"),
    "now": ("--now", "--engine local, or dates that say the day"),
    "max_bad": ("--max-bad", "--engine local, or look at the quarantine file"),
    "strict": ("--strict", "--engine local, or look at the quarantine file"),
    "max_row_bytes": ("--max-row-bytes", "--engine local"),
    "limits": ("--limits", "--engine local"),
    "stats": ("--stats", "--engine local, or Spark's own page"),
}
"""Options of reading and telling that Spark does not know, by name: how each is written, and what instead."""
_CLUSTER_ONLY = {
    "report": ("--report", "--engine local, or a report of the part that you want to see"),
    "pairs": ("--pairs", "--engine local, or index export --pairs"),
    "added": ("--with", "join the result with its input by id"),
    "join": ("--join", "join the result with its input by id"),
}


def refuse(options: Mapping[str, Any], cures: Mapping[str, tuple[str, str]], written: Mapping[str, str | None]) -> None:
    """What only one machine does.

    Args:
        options: of the command.
        cures: options that Spark does not know, as `ONE_MACHINE`.
        written: what is written, by option.

    Raises:
        InputError: it is asked for; says what instead.
        OutputError: a file is to be of a form that Spark does not write.
    """
    for name, (option, cure) in cures.items():
        if options[name]:
            raise InputError(f"{option} is not for --engine spark; cure: {cure}")
    for option, file in written.items():
        if file and not file.endswith(_WRITTEN):
            raise OutputError(f"{file}: Spark writes .parquet or .jsonl; cure: {option} NAME.parquet or NAME.jsonl")


def cluster_on_spark(output: str, options: Mapping[str, Any]) -> None:
    """Group the articles of the inputs on Spark and write the result's parts.

    Raises:
        InputError: Spark or Java is not here, an input is of no form that Spark reads, or no row is an article.
        OutputError: the output is there and is none of ours.
        SettingsError: the checkpoint is of a run with other settings.
    """
    listed = options["stories"]
    refuse(options, {**_CLUSTER_ONLY, **ONE_MACHINE}, {"-o": output, "--stories": listed})
    keep_apart([output, listed], options["inputs"])
    settings, are_lines = settings_of(options), lines_or_tables(options["inputs"], options["format_"])
    with engine(options, output, [output, listed]) as on:
        from clusterer.spark.job import Job

        read = rows_of(on.spark, options["inputs"], are_lines, options)
        job = Job(read.df, settings, read.source, on.checkpoint, options["partitions"], tell=on.tell)
        refuse_nothing(on, job, options["inputs"] if are_lines else ())
        count = job.bad_rows()
        result = job.result()
        write(result, output)
        if listed:
            write(job.stories(), listed)
        on.set_aside(job, count)
        for note in [] if on.quiet else job.notes():
            tell(note, err=True)
        _summarise(result, options)


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that a command works with.

    Attributes:
        spark: its session.
        checkpoint: folder of stages.
        aside: folder of bad rows.
        quiet: nothing is told.
        tell: called with the name of each stage.
        keeps_stages: the folder of stages stays, for the user has named it.
    """

    spark: Any
    checkpoint: str
    aside: str
    quiet: bool
    tell: Callable[[str], None] | None
    keeps_stages: bool

    def end_stages(self) -> None:
        """Remove the folder of stages, unless it stays."""
        from clusterer.spark.checkpoint import remove

        if not self.keeps_stages:
            remove(self.spark, self.checkpoint)

    def set_aside(self, job: Job, count: int) -> None:
        """Write the bad rows of a run, of which there are so many."""
        from clusterer.spark.checkpoint import exists, remove

        if count:
            job.quarantined().write.mode("overwrite").json(self.aside)
            if not self.quiet:
                tell(f"{count} bad {'row' if count == 1 else 'rows'} set aside in {self.aside}", err=True)
        elif exists(self.spark, f"{self.aside}/_SUCCESS"):
            remove(self.spark, self.aside)  # of an earlier run


@contextmanager
def engine(options: Mapping[str, Any], output: str, written: Sequence[str | None]) -> Iterator[Engine]:
    """Start or join an engine; its stages go when all went well, unless a folder was named for them.

    Args:
        options: of the command.
        output: folder of the result.
        written: all that is written.

    Raises:
        InputError: Spark or Java is not here, or Spark stumbles.
        OutputError: what is to be written is there and is none of ours.
    """
    # pyspark warns of new versions of pandas, of which only Arrow's part is used here.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    try:
        from clusterer.spark.session import session, told as told_by_spark
    except ModuleNotFoundError as error:  # pyarrow: the command is there without it
        raise InputError(f"{error.name} is not installed; cure: pip install 'clusterer[spark]', and Java 17") from None
    spark = session(options["master"], options["conf"])
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    from clusterer.spark.checkpoint import is_foreign

    kept = options["checkpoint"] or f"{output}.checkpoint"
    aside = options["quarantine"] or f"{output}.quarantine.jsonl"
    told = None if options["quiet"] or not sys.stderr.isatty() else _told
    try:
        for name in written:
            if name and is_foreign(spark, name):
                raise OutputError(f"{name}: is there and was not written by Spark; cure: name another")
        on = Engine(spark, kept, aside, options["quiet"], told, bool(options["checkpoint"]))
        yield on
        on.end_stages()
    except (PySparkException, Py4JJavaError) as error:
        said = told_by_spark(error)
        raise InputError(f"Spark: {said}" + ("" if "; cure: " in said else f"; cure: {_CURE}")) from error


_CURE = "a path that is there and can be read or written; a damaged file fetched again, or left out"


def refuse_nothing(on: Engine, job: Job, files: Sequence[str] = (), against: Sequence[str] = ()) -> None:
    """Refuse a run whose files have no line, or that compares with no article, before an output is written.

    Args:
        on: the engine.
        job: the run.
        files: inputs that are lines; a table without a row is a feed without news.
        against: what is compared against, if anything.

    Raises:
        InputError: as the local engine does.
    """
    found = ""
    if files and job.asks_nothing():
        found = (
            f"{', '.join(files)}: no line in it; nothing is written, outputs of an earlier run stay; cure: fetch again"
        )
    elif against and job.has_nothing_old():
        found = f"--against: there is no article in {', '.join(against)}; cure: see whether it was fetched whole"
    if found:
        on.end_stages()  # there is nothing to go on from
        raise InputError(found)


@dataclass(frozen=True, slots=True)
class SparkRows:
    """Rows of inputs.

    Attributes:
        df: what articles are read from.
        source: how.
        whole: all columns, and `FILE`, the file that a row is of.
        files: the files in order: input by input, each by name.
    """

    df: DataFrame
    source: Source
    whole: DataFrame
    files: tuple[str, ...]


def rows_of(
    spark: Any, inputs: Sequence[str], are_lines: bool, options: Mapping[str, Any], name: str = ""
) -> SparkRows:
    """The rows of inputs, with what a reader should know of them told, `name` before it."""
    from pyspark.sql import functions as F

    from clusterer.spark.articles import FILE
    from clusterer.spark.cluster import columns_of

    fields = {a: options[f"{a}_field"] for a in FIELD_NAMES if options[f"{a}_field"]}

    def read(paths: Sequence[str]) -> Any:
        return spark.read.option("lineSep", "\n").text(list(paths)) if are_lines else spark.read.parquet(*paths)

    rows, file = read(inputs), F.col("_metadata.file_path")
    files = [file for path in inputs for file in sorted(read([path]).inputFiles(), key=unquote)]
    if are_lines:
        df = rows.select(F.col("value").cast("binary").alias("value"), file.alias("file"))
        whole = df.withColumn(FILE, F.col("file"))
        source, notes = _source_of_lines(rows, fields)
    else:
        whole = rows.select("*", file.alias(FILE))
        df, source, notes = columns_of(rows, fields, inputs[0])
    for note in filter(is_loss, notes) if options["quiet"] else notes:
        click.echo(f"{name}{note}", err=True)
    return SparkRows(df, source, whole, tuple(dict.fromkeys(files)))


def write(rows: DataFrame, folder: str) -> None:
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


def lines_or_tables(inputs: Sequence[str], form: str | None) -> bool:
    """Whether inputs are lines of JSON; else they are Parquet.

    Raises:
        InputError: they are neither, or both.
    """
    known = {"jsonl": "lines", "parquet": "parquet"}
    if form:
        if form not in known:
            raise InputError(f"--format {form}: Spark reads jsonl and parquet; cure: --engine local, or convert it")
        return form == "jsonl"
    endings = {**dict.fromkeys(LINES, "lines"), ".parquet": "parquet"}
    files = [file for path in inputs for file in _files_in(path)]
    found = {next((kind for end, kind in endings.items() if x.endswith(end)), x) for x in files}
    if found <= {"lines"} or found <= {"parquet"}:
        return "lines" in found
    other = next(iter(found - {"lines", "parquet"}), None)
    what = f"{other}: Spark reads .jsonl (also .gz) and .parquet" if other else "Spark reads one format at a time"
    raise InputError(f"{what}; cure: --format jsonl or parquet, --engine local, or convert it")


def _files_in(path: str) -> list[str]:
    """The files that Spark would read of a folder here whose name tells no format; a path itself where it is none."""
    path = path.rstrip("/")
    if path.endswith((*LINES, ".parquet")) or not os.path.isdir(path):
        return [path]
    found = [str(own) for own in sorted(Path(path).iterdir()) if own.is_file() and own.name[0] not in "._"]
    return found or [path]


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


def _summarise(result: Any, options: Mapping[str, Any]) -> None:
    if options["quiet"] or not (options["summary"] or sys.stderr.isatty()):
        return
    row = result.selectExpr(
        "count(*) AS articles", "count_if(id = copy) AS copies", "count_if(representative) AS stories"
    ).first()
    tell(f"{row['articles']:,} articles, {row['copies']:,} copy groups, {row['stories']:,} stories", err=True)
