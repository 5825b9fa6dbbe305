"""How a long run tells how far it is: stages with what is done of how much, their time and peak memory."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clusterer.errors import InputError


def silent(stage: str, done: int) -> None:
    """Tell nothing."""


Progress = Callable[[str, int], None]
"""Called with a stage's name and how many articles or pairs it has done since the last call."""


def begin(tell: Progress, stage: str, total: int | None = None) -> None:
    """Tell whoever wants to know that a stage begins, and of how many articles or pairs; what takes counts alone is not told.

    Args:
        tell: `Stages`, or any other progress.
        stage: its name.
        total: None where it is not known.
    """
    if isinstance(tell, Stages):
        tell.begin(stage, total)


@dataclass(slots=True)
class Stage:
    """A stage of a run.

    Attributes:
        name: as it is told.
        total: articles or pairs that it has to do; None where that is not known.
        done: of them.
        share: how much of its work is done, from 0 to 1, where that is known otherwise.
        seconds: that it took, or takes so far.
        processor_seconds: that all threads worked.
        peak_bytes: most memory that the process held meanwhile; where the system does not tell, most so far; 0 where it tells
            nothing.
    """

    name: str
    total: int | None = None
    done: int = 0
    share: float | None = None
    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak_bytes: int = 0

    @property
    def expected(self) -> float | None:
        """Articles or pairs in all, as far as that can be told."""
        if self.total is not None:
            return float(self.total)
        return self.done / self.share if self.share else None

    @property
    def line(self) -> str:
        """What is done, of how much, how fast, and how long the rest takes.

        >>> Stage("sketching", 3_000, 1_000, seconds=10.0).line
        'sketching: 1,000 of 3,000 (33 %), 100/s, 0:20 left'
        """
        rate = self.done / self.seconds if self.seconds else 0.0
        parts = [f"{self.done:,}"]
        expected = self.expected
        if expected:
            parts[0] += f" of {'about ' * (self.total is None)}{expected:,.0f} ({self.done / expected:.0%})".replace(
                "%", " %"
            )
        if self.done:
            parts.append(f"{rate:,.0f}/s")
        if expected and rate:
            parts.append(f"{_clock(max(expected - self.done, 0) / rate)} left")
        return f"{self.name}: {', '.join(parts)}" if self.done else f"{self.name}: for {_clock(self.seconds)}"


@dataclass(slots=True)
class Stages:
    """The stages of a run as they go by; a `Progress`.

    Attributes:
        shares: by a stage's name, what tells how much of its work is done.
        show: called after every change with the stage; must be quick.
        measures_memory: the peak of each stage is measured for itself, where the system can.
        passed: all stages so far, the last one is going on.
    """

    shares: Mapping[str, Callable[[], float | None]] = field(default_factory=dict)
    show: Callable[[Stage], None] | None = None
    measures_memory: bool = False
    passed: list[Stage] = field(default_factory=list)
    _began: tuple[float, float] = (0.0, 0.0)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, stage: str, done: int) -> None:
        """So many more articles or pairs of a stage are done."""
        if not self.passed or self.passed[-1].name != stage:
            self.begin(stage)
        now = self.passed[-1]
        with self._lock:
            now.done += done
        if share := self.shares.get(stage):
            now.share = share()
        self._measure()

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins, the one before is over."""
        self.end()
        self._began = time.monotonic(), time.process_time()
        self.passed.append(Stage(stage, total))
        if self.measures_memory:
            _forget_peak()
        self._measure()

    def end(self) -> None:
        """The latest stage is over."""
        if self.passed:
            self._measure()
            self.passed[-1].peak_bytes = peak_bytes()

    def _measure(self) -> None:
        now = self.passed[-1]
        now.seconds, now.processor_seconds = time.monotonic() - self._began[0], time.process_time() - self._began[1]
        if self.show:
            self.show(now)

    @property
    def latest(self) -> str:
        """A line on the stage that is going on, "" before the first."""
        if not self.passed:
            return ""
        self.passed[-1].seconds = time.monotonic() - self._began[0]
        return self.passed[-1].line


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


def peak_bytes() -> int:
    """Most memory that this process held since `_forget_peak`, or since its start; 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    with contextlib.suppress(ImportError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << (0 if sys.platform == "darwin" else 10)
    return 0


def _forget_peak() -> None:
    """Begin to measure the peak anew, where the system can (Linux, proc(5), clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _clock(seconds: float) -> str:
    """Seconds as minutes and seconds, or hours, minutes and seconds.

    >>> _clock(75), _clock(4000)
    ('1:15', '1:06:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
