"""What a run leaves for machines: the manifest of a folder of outputs, and the file of --stats."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import click
import numpy as np
import orjson

from clusterer import __version__
from clusterer.arrays.parallel import workers
from clusterer.cli.output_names import OutputPath
from clusterer.cli.run import Run
from clusterer.io.atomic import atomic_output
from clusterer.settings import Settings

stats_option = click.option(
    "--stats",
    metavar="FILE",
    type=OutputPath("json"),
    help="also write every count, and time and peak memory of every stage, as JSON",
)


def about(run: Run, counts: Mapping[str, int]) -> dict[str, Any]:
    """What a manifest tells of a run: versions, settings, counts and inputs; the same for equal runs."""
    from clusterer.fingerprint import recipe

    shaping = [f.name for f in fields(Settings) if f.metadata["shapes_result"]]
    inputs = []
    for read in run.reader.inputs:
        path = read.source.path  # none of standard input, and nowhere where a link leads
        size = {"bytes": os.path.getsize(path)} if path and os.path.exists(path) else {}
        inputs.append({"file": read.source.name, **size, "rows": len(read.lines)})
    return {
        "clusterer": __version__,
        "recipe": recipe(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "settings": {name: getattr(run.settings, name) for name in shaping},
        "counts": {**counts, "bad rows": run.quarantine.count, "unreadable dates": run.feed.unreadable_dates},
        "inputs": inputs,
    }


def write_stats(run: Run, counts: Mapping[str, int]) -> None:
    """The file of --stats, where it is asked for."""
    if not run.stats_path:
        return
    stages = [
        {
            "stage": stage.name,
            "done": stage.done if stage.done or stage.total is None else stage.total,
            "seconds": round(stage.seconds, 3),
            "processor_seconds": round(stage.processor_seconds, 3),
            "peak_bytes": stage.peak_bytes,
        }
        for stage in run.stages.passed
    ]
    value = {
        "seconds": round(time.monotonic() - run.began, 3),
        "peak_bytes": max((stage.peak_bytes for stage in run.stages.passed), default=0),
        "spilled_bytes": run.store.spilled,
        "threads": workers(run.settings.threads),
        "stages": stages,
        **about(run, counts),
        **({"removed_by_outlet": run.removed_by_outlet} if run.removed_by_outlet else {}),
    }
    with atomic_output(run.stats_path) as out:
        out.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
