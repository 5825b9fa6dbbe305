"""The Spark engine that the command line works with: the one that runs in this process, or a new one at a master."""

from __future__ import annotations

import os
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
        InputError: Spark or Java is not installed.
    """
    try:
        from pyspark.errors import PySparkRuntimeError
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
    except PySparkRuntimeError as error:
        raise InputError(f"Spark does not start: {str(error).splitlines()[0]}") from None
    spark.sparkContext.setLogLevel("ERROR")
    return spark


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
