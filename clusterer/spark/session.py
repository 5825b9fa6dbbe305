"""The Spark engine that the command line works with: the one that runs in this process, or a new one at a master."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from clusterer.errors import InputError


def session(master: str, options: Mapping[str, str] | None = None) -> Any:
    """An engine: the one that is running in this process, or a quiet one at a master.

    Args:
        master: its URL.
        options: of Spark, beside and over `QUIET`.

    Raises:
        InputError: Spark or Java is not installed, Spark knows no such master, or it does not start.
    """
    if not _MASTER.fullmatch(master):
        raise InputError(
            f"master {master!r}: none that Spark knows; cure: local[*], local[4], spark://HOST:7077, yarn or k8s://HOST:PORT"
        )
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("Spark is not installed; cure: pip install 'clusterer[spark]', and Java 17") from None
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise InputError("Spark needs Java; cure: install Java 17, or set JAVA_HOME")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("clusterer").master(master)
    if master.startswith("local"):
        options = {**_ON_THIS_MACHINE, **(options or {})}
    for name, value in {**QUIET, **(options or {})}.items():
        builder = builder.config(name, value)
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        spark = builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise InputError(f"Spark does not start: {told(error)}; cure: {_CURE}") from None
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def told(error: Exception) -> str:
    """What is wrong, in one line, of an error of Spark's: what it says itself, and what it says at the bottom of it."""
    thrown, said = getattr(error, "java_exception", None), [str(error)]
    if thrown is not None:
        said = [str(thrown.toString())]
        while (thrown := thrown.getCause()) is not None:
            said.append(str(thrown.toString()))
    for text in said:
        if found := _TRACEBACK.search(text):  # raised in a worker
            return re.sub(r"^[\w.]+: ", "", found[1])
    lines = [_MARKS.sub("", text.strip().partition("\n")[0]).strip().rstrip(".") for text in said]
    return lines[0] if lines[-1] in lines[0] else f"{lines[0]}: {lines[-1]}"


_TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:[ \t].*\n)+(\S.*)")
_MARKS = re.compile(r"^(?:[\w$]+\.)+[\w$]+: |\[[A-Z_.]+\] |SQLSTATE: \w+")
_MASTER = re.compile(r"local(\[(\*|0*[1-9][0-9]*)(,[0-9]+)?\])?|local-cluster\[.+\]|spark://.+:[0-9]+.*|yarn|k8s://.+")
_CURE = "Java 17 or 21 (java -version; JAVA_HOME), a master that runs, and settings of --conf as Spark writes them"
QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false",
         "spark.sql.files.maxPartitionBytes": "64m"}  # fmt: skip
"""What an engine is started with unless one is there: inputs in parts that a core works on for some seconds."""

_ON_THIS_MACHINE = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.shuffle.compress": "false",  # hashes do not compress, and nothing goes over a wire
    # The work is Python's: Java moves bytes, and its second compiler and its concurrent collector take more than they give.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseParallelGC"
    " -Darrow.enable_unsafe_memory_access=true -Darrow.enable_null_check_for_get=false",
}
