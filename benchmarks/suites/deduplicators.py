"""Other tools that clean corpora beside ours: ``python -m benchmarks.suites.deduplicators [FEED] --tools FOLDER``.

Every tool of `benchmarks.peers.corpus` runs in a process of its own on one core, in its own environment, FOLDER/NAME, from a file
of JSON lines to the ids that stay; `--install` makes what is missing there, from PyPI alone. Without FEED a feed is generated.
Processor time is that of the whole process less that of a run on 20 articles, which is the start. What went and what stayed is
held against the exact Jaccard similarity of all pairs, by word 3-shingles of letters folded as we fold them; texts without one
are left out:

- recall: of the pairs at 0.8 or more, those of which not both stay;
- precision: of the articles that went, those that are at 0.8 or more with any other;
- lost: articles that went although nothing that stays is at 0.5 with them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import orjson
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.corpora import feeds
from benchmarks.corpora.brute_force import Truth, brute_force
from benchmarks.measure import ROOT
from benchmarks.peers.corpus import THRESHOLD, TOOLS, Tool
from clusterer import Settings
from clusterer.copies.candidates import shingle
from clusterer.corpus import text_words
from clusterer.io.feed import Feed

ALIKE, START = 0.5, 20  # Jaccard from which something of a text is still there; articles of the run that is all start
_ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "TOKENIZERS_PARALLELISM"), "1")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TQDM_DISABLE": "1"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a tool did to a corpus: shares, and counts of articles."""

    recall: float
    precision: float
    went: int
    lost: int


@click.command(help=__doc__.partition("\n")[0])
@click.argument("feed", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--tools", type=click.Path(file_okay=False, path_type=Path), help="Folder of environments, one a tool.")
@click.option("--install", is_flag=True, help="Make those that are missing in it, from PyPI.")
@click.option("--articles", type=click.IntRange(START), default=10_000, show_default=True, help="So many of the feed.")
@click.option("--only", multiple=True, type=click.Choice(list(TOOLS)), help="This tool. May be repeated.")
def main(feed: Path | None, tools: Path | None, install: bool, articles: int, only: tuple[str, ...]) -> None:
    """Print the table."""
    corpus = feeds.named(feed, articles) if feed else feeds.generated(articles, feeds.default_cache())
    texts = [row.article.text for row in islice(Feed([corpus.path]), articles)]
    texts, truth = oracle(texts)
    table = Table(title=f"{corpus.name}: {len(texts):,} articles, {pairs_at(truth, THRESHOLD):,} pairs at {THRESHOLD}")
    for column in ("tool", "seconds", "start", "peak MB", "went", "recall", "precision", "lost", "how"):
        table.add_column(column, justify="left" if column in ("tool", "how") else "right")
    with TemporaryDirectory() as folder:
        source, start = Path(folder, "corpus.jsonl"), Path(folder, "start.jsonl")
        _write(source, texts)
        _write(start, texts[:START])
        for name in only or TOOLS:
            tool = TOOLS[name]
            python, why = environment(name, tool, tools, install)
            if python is None:
                table.add_row(name, *("-",) * 7, f"not run: {why}")
                continue
            try:
                before, *_ = measured(python, name, start)
                seconds, peak, kept = measured(python, name, source)
            except subprocess.CalledProcessError as error:
                last = (error.stderr.decode(errors="replace").strip().splitlines() or ["no word"])[-1]
                table.add_row(name, *("-",) * 7, f"failed: {last[:60]}")
                continue
            found = judge(truth, np.isin(np.arange(len(texts)), np.array(kept, dtype=np.int64)))
            shown = f"{found.went:,}", f"{found.recall:.4f}", f"{found.precision:.4f}", f"{found.lost:,}"
            table.add_row(name, f"{seconds - before:.1f}", f"{before:.1f}", f"{peak / 1e6:,.0f}", *shown, tool.how)
    Console(width=130).print(table)


def oracle(texts: list[str]) -> tuple[list[str], Truth]:
    """The texts that have a shingle, others are neither alike nor different, and all pairs of them by their exact sets."""
    settings = Settings(level="copy", boilerplate="none")
    long = np.flatnonzero(shingle(text_words(texts, settings), settings).counts)
    texts = [texts[i] for i in long]
    return texts, brute_force(shingle(text_words(texts, settings), settings), ALIKE)


def pairs_at(truth: Truth, threshold: float) -> int:
    """How many pairs have a Jaccard similarity of at least this."""
    return int((truth.jaccard >= threshold).sum())


def judge(truth: Truth, stays: NDArray[np.bool_]) -> Judged:
    """Hold what stays, bool (n,), against all pairs.

    >>> two = Truth(np.array([[0, 1], [2, 3]]), np.array([0.9, 0.6]), np.array([1.0, 1.0]), np.array([9, 9]))
    >>> judge(two, np.array([True, False, True, False, False]))
    Judged(recall=1.0, precision=0.3333333333333333, went=3, lost=1)
    """
    near = truth.pairs[truth.jaccard >= THRESHOLD]
    alike = truth.pairs[truth.jaccard >= ALIKE]
    has_near, has_kept = np.zeros(len(stays), dtype=np.bool_), np.zeros(len(stays), dtype=np.bool_)
    has_near[near] = True
    for one, other in (alike.T, alike.T[::-1]):
        has_kept[one[stays[other]]] = True
    went = ~stays
    both = stays[near].all(axis=1)
    return Judged(
        float(1 - both.mean()) if len(near) else 1.0,
        float(has_near[went].mean()) if went.any() else 1.0,
        int(went.sum()),
        int((went & ~has_kept).sum()),
    )


def environment(name: str, tool: Tool, tools: Path | None, install: bool) -> tuple[str | None, str]:
    """The interpreter that has the tool, or None and why there is none."""
    if tool.run is None:
        return None, tool.how
    if not tool.install:
        return sys.executable, ""
    if tools is None:
        return None, "--tools FOLDER was not given"
    folder = tools / re.sub(r"\W", "", name.partition(" ")[0])
    python = folder / "bin" / "python"
    if not python.exists() and install:
        venv.create(folder, with_pip=True)
        for words in tool.install:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *words], check=True)
    return (
        (str(python.absolute()), "") if python.exists() else (None, f"no environment in {folder}; --install makes it")
    )


def measured(python: str, name: str, source: Path) -> tuple[float, int, list[int]]:
    """Processor seconds of a run and all its children on one core, their largest peak in bytes, and what stays."""
    with TemporaryDirectory() as folder:
        out = Path(folder, "kept.json")
        command = [python, "-m", "benchmarks.peers.corpus", name, str(source), str(out)]
        with Path(folder, "errors").open("w+b") as errors:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **_ONE, **_OFFLINE}, stdout=subprocess.DEVNULL, stderr=errors,
                preexec_fn=_on_one_core,
            )  # fmt: skip
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                errors.seek(0)
                raise subprocess.CalledProcessError(process.returncode, command, stderr=errors.read())
        told = orjson.loads(out.read_bytes())
    return used.ru_utime + used.ru_stime, told["peak"], [int(number) for number in told["kept"]]


def _on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _write(path: Path, texts: list[str]) -> None:
    rows: list[dict[str, Any]] = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


if __name__ == "__main__":
    main()
