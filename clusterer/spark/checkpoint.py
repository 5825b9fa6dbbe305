"""The folder of a run on Spark, on any file system that Spark knows: whose it is, what is there, what is gone.

Knows nothing of stages but that each is a folder in it, whole when it holds `_SUCCESS`.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from clusterer.errors import InputError, SettingsError


def folder_of(spark: Any, checkpoint: str | None) -> str:
    if checkpoint:
        return checkpoint.rstrip("/")
    if not str(spark.sparkContext.master).startswith("local"):
        raise InputError("workers on other machines need a folder that all reach; cure: checkpoint='hdfs://...' or so")
    folder = tempfile.mkdtemp(prefix="clusterer-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def hold_against(spark: Any, folder: str, described: Mapping[str, Any]) -> None:
    """Write what a run is into its folder, or hold it against what is there.

    Raises:
        SettingsError: it is another run's.
    """
    mine = orjson.dumps(described, default=list, option=orjson.OPT_SORT_KEYS)
    theirs = noted(spark, f"{folder}/run", lambda: mine)
    if theirs != mine:
        was, now = orjson.loads(theirs), orjson.loads(mine)
        other = ", ".join(name for name in now if now[name] != was.get(name))
        raise SettingsError(
            f"{folder} holds a run with other {other}; cure: another folder, or remove this one to begin anew"
        )


def noted(spark: Any, path: str, make: Callable[[], bytes]) -> bytes:
    """A few bytes that a run keeps: what is in a small file, or what `make` gives, written there whole."""
    place, files = _at(spark, path)
    if files.exists(place):
        opened = files.open(place)
        try:
            return bytes(spark.sparkContext._jvm.org.apache.commons.io.IOUtils.toByteArray(opened))
        finally:
            opened.close()
    data, (half, _) = make(), _at(spark, f"{path}.part")
    out = files.create(half, True)
    try:
        out.write(bytearray(data))
    finally:
        out.close()
    files.rename(half, place)
    return data


def _at(spark: Any, path: str) -> tuple[Any, Any]:
    """A path as Hadoop has it, and the file system that it is in."""
    context = spark.sparkContext
    place = context._jvm.org.apache.hadoop.fs.Path(path)
    return place, place.getFileSystem(context._jsc.hadoopConfiguration())


def stamp(spark: Any, names: Sequence[str]) -> str:
    """A hash of names, sizes and times of files."""
    context = spark.sparkContext
    conf, found = context._jsc.hadoopConfiguration(), hashlib.blake2b(digest_size=8)
    for name in sorted(names):
        place = context._jvm.org.apache.hadoop.fs.Path(context._jvm.java.net.URI(name))
        status = place.getFileSystem(conf).getFileStatus(place)
        found.update(f"{name} {status.getLen()} {status.getModificationTime()}\n".encode())
    return found.hexdigest()


def exists(spark: Any, path: str) -> bool:
    """Whether a file is there, in any file system that Spark knows."""
    place, files = _at(spark, path)
    return bool(files.exists(place))


def remove(spark: Any, path: str) -> None:
    """Take a folder away, where there is one."""
    place, files = _at(spark, path)
    files.delete(place, True)
