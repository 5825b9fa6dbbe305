"""The folder of a run on Spark, on any file system that Spark knows: whose run it is, and which stages are written.

A stage is a folder of Parquet files in it, whole when it holds `_SUCCESS`. Knows nothing else of stages.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from clusterer.errors import InputError, SettingsError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Checkpoints:
    """The stages that are written in a run's folder."""

    def __init__(self, spark: Any, folder: str, on_stage: Callable[[str], None]) -> None:
        """Remember where they are.

        Args:
            spark: the session that reads and writes.
            folder: of the run, as `folder_of` gives it.
            on_stage: called with the name of each stage that is written.
        """
        self.folder = folder
        self._spark, self._on_stage = spark, on_stage
        self._tables: dict[str, DataFrame] = {}

    def read(self, name: str) -> DataFrame | None:
        """Return a stage as it is written; None where it is not, or only in part."""
        if name not in self._tables:
            if not exists(self._spark, f"{self.folder}/{name}/_SUCCESS"):
                return None
            self._tables[name] = self._spark.read.parquet(f"{self.folder}/{name}")
        return self._tables[name]

    def write(self, name: str, rows: DataFrame) -> DataFrame:
        """Write the rows of a stage, and return them as they are written."""
        path = f"{self.folder}/{name}"
        self._on_stage(name)
        self._spark.sparkContext.setJobDescription(f"clusterer: {name}")
        rows.write.mode("overwrite").option("parquet.enable.dictionary", "false").parquet(path)
        # The schema is known; to find it out is a job.
        self._tables[name] = self._spark.read.schema(rows.schema).parquet(path)
        return self._tables[name]

    def keep(self, name: str, make: Callable[[], DataFrame]) -> DataFrame:
        """Return a stage as it is written; where it is not, or only in part, write what `make` returns."""
        found = self.read(name)
        return self.write(name, make()) if found is None else found


def folder_of(spark: Any, checkpoint: str | None) -> str:
    """Return the folder of a run: the one given, or a temporary one that is gone with the process.

    Raises:
        InputError: none is given, and workers are on other machines.
    """
    if checkpoint:
        return checkpoint.rstrip("/")
    if not str(spark.sparkContext.master).startswith("local"):
        raise InputError("workers on other machines need a folder that all reach; cure: checkpoint='hdfs://...' or so")
    folder = tempfile.mkdtemp(prefix="clusterer-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def hold_against(spark: Any, folder: str, described: Mapping[str, Any]) -> None:
    """Write the description of a run into its folder, or compare it with the one that is there.

    Raises:
        SettingsError: the folder is another run's.
    """
    description = orjson.dumps(described, default=list, option=orjson.OPT_SORT_KEYS)
    found = noted(spark, f"{folder}/run", lambda: description)
    if found != description:
        earlier, current = orjson.loads(found), orjson.loads(description)
        other = ", ".join(name for name in current if current[name] != earlier.get(name))
        raise SettingsError(
            f"{folder} holds a run with other {other}; cure: another folder, or remove this one to begin anew"
        )


def noted(spark: Any, path: str, make: Callable[[], bytes]) -> bytes:
    """Return the bytes of a small file; where it is not there, those that `make` returns, written there whole."""
    target, files = _located(spark, path)
    if files.exists(target):
        opened = files.open(target)
        try:
            return bytes(spark.sparkContext._jvm.org.apache.commons.io.IOUtils.toByteArray(opened))
        finally:
            opened.close()
    data, (half, _) = make(), _located(spark, f"{path}.part")
    out = files.create(half, True)
    try:
        out.write(bytearray(data))
    finally:
        out.close()
    files.rename(half, target)
    return data


def _located(spark: Any, path: str) -> tuple[Any, Any]:
    """Return a path as Hadoop has it, and the file system that it is in."""
    context = spark.sparkContext
    target = context._jvm.org.apache.hadoop.fs.Path(path)
    return target, target.getFileSystem(context._jsc.hadoopConfiguration())


def stamp(spark: Any, names: Sequence[str]) -> str:
    """Return 16 hex digits over names, sizes and times of files."""
    found = hashlib.blake2b(digest_size=8)
    for name, status in _statuses(spark, names):
        found.update(f"{name} {status.getLen()} {status.getModificationTime()}\n".encode())
    return found.hexdigest()


def size_of(spark: Any, names: Sequence[str]) -> int:
    """Return the bytes of files together."""
    return sum(status.getLen() for _, status in _statuses(spark, names))


def _statuses(spark: Any, names: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield files by name, each with what Hadoop knows of it."""
    context = spark.sparkContext
    conf = context._jsc.hadoopConfiguration()
    for name in sorted(names):
        target = context._jvm.org.apache.hadoop.fs.Path(context._jvm.java.net.URI(name))
        yield name, target.getFileSystem(conf).getFileStatus(target)


def exists(spark: Any, path: str) -> bool:
    """Return whether a file is there, in any file system that Spark knows."""
    target, files = _located(spark, path)
    return bool(files.exists(target))


def is_foreign(spark: Any, path: str) -> bool:
    """Return whether something is there that Spark has not written: neither a whole result nor one that it had begun."""
    target, files = _located(spark, path)
    if not files.exists(target) or exists(spark, f"{path}/_SUCCESS") or exists(spark, f"{path}/_temporary"):
        return False
    return bool(files.getFileStatus(target).isFile()) or len(files.listStatus(target)) > 0


def remove(spark: Any, path: str) -> None:
    """Remove a folder, where there is one."""
    target, files = _located(spark, path)
    files.delete(target, True)
