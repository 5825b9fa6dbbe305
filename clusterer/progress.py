"""How a long run tells how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable

from clusterer.errors import InputError


def silent(stage: str, done: int) -> None:
    """Tell nothing."""


Progress = Callable[[str, int], None]
"""Called with a stage's name and how many articles or pairs it has done since the last call."""


def progress_from(given: object) -> Progress:
    """What is told how far the work is, from what a caller calls progress.

    Args:
        given: a function of stage and count; True for a line on standard error at each stage; False or None for nothing.

    Raises:
        InputError: it is none of these.
    """
    if given is None or given is False:
        return silent
    if given is True:
        return _stages_told()
    if callable(given):
        return given
    raise InputError(f"progress is {given!r:.80}; it must be True or a function; cure: progress=True")


def _stages_told() -> Progress:
    """A line on standard error as a stage begins."""
    stages = set[str]()

    def tell(stage: str, done: int) -> None:
        if stage not in stages:
            stages.add(stage)
            print(f"clusterer: {stage} ...", file=sys.stderr, flush=True)

    return tell
