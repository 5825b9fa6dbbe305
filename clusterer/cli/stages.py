"""How far a long run is, on a terminal and in a log."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any

from clusterer.cli.terminal import tell
from clusterer.progress import Stage, Stages

_EVERY = 30.0  # seconds between two lines where there is no terminal


@contextlib.contextmanager
def progress_shown(quiet: bool, stages: Stages | None = None) -> Iterator[Stages]:
    """Bars on a terminal; without one a line on standard error now and then; nothing where it is to be quiet."""
    stages = stages or Stages()
    if quiet:
        yield stages
    elif sys.stderr.isatty():
        with _bars(stages):
            yield stages
    else:
        ended = threading.Event()

        def tell_now() -> None:
            while not ended.wait(_EVERY):
                tell(f"clusterer: {stages.latest}", err=True)

        teller = threading.Thread(target=tell_now, daemon=True)
        teller.start()
        try:
            yield stages
        finally:
            ended.set()
            teller.join()


@contextlib.contextmanager
def _bars(stages: Stages) -> Iterator[None]:
    """A bar a stage: what is done of how much, how fast, and how long the rest takes."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress as Bars, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.fields[line]}"), BarColumn(20), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[int, Any] = {}

        def show(stage: Stage) -> None:
            if id(stage) not in tasks:
                tasks[id(stage)] = bars.add_task(stage.name, total=None, line=stage.name)
            bars.update(tasks[id(stage)], completed=stage.done, total=stage.expected, line=stage.line)

        stages.show = show
        try:
            yield
        finally:
            stages.show = None
