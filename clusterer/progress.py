"""How a long run tells how far it is."""

from __future__ import annotations

from collections.abc import Callable


def silent(stage: str, done: int) -> None:
    """Tell nothing."""


Progress = Callable[[str, int], None]
"""Called with a stage's name and how many articles or pairs it has done since the last call."""
