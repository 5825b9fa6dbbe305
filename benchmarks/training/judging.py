"""How well labelled articles are grouped, and how well judged pairs are scored: the figures that training prints.

Knows groups and scores; trains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.corpora import Compared
from clusterer import Settings
from clusterer.evaluation.metrics import evaluate
from clusterer.evaluation.training import Examples
from clusterer.stories.candidates import STORY_TRACE
from clusterer.stories.linkage import link_texts


@dataclass(frozen=True)
class Found:
    """How well labelled articles are grouped, doubtful ones left out.

    Attributes:
        precision, recall: of pairs put together.
        other_words: recall of the pairs of one event that are no copies of one text.
        bcubed, bcubed_precision: B-cubed F1 and precision.
        bcubed_of_groups: B-cubed F1 of the articles in events of two or more.
    """

    precision: float
    recall: float
    other_words: float
    bcubed: float
    bcubed_precision: float
    bcubed_of_groups: float

    @property
    def f1(self) -> float:
        """Of pairs put together."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-12)

    def __str__(self) -> str:
        return (
            f"pairs {self.precision:.3f} {self.recall:.3f} F1 {self.f1:.3f}  other words {self.other_words:.3f}  B-cubed"
            f" {self.bcubed:.4f} (precision {self.bcubed_precision:.4f}), events of two or more {self.bcubed_of_groups:.4f}"
        )


def judge(rows: Sequence[dict[str, Any]], labels: Sequence[Any]) -> Found:
    """Groups of labelled articles against their events."""
    kept = [i for i, row in enumerate(rows) if not row["doubtful"]]
    events = [rows[i]["event"] for i in kept]
    scores = evaluate([labels[i] for i in kept], events)
    large = [i for i in kept if events.count(rows[i]["event"]) > 1]
    of_groups = evaluate([labels[i] for i in large], [rows[i]["event"] for i in large])
    different = [
        labels[a] == labels[b]
        for a, b in combinations(large, 2)
        if rows[a]["event"] == rows[b]["event"] and rows[a]["dup"] != rows[b]["dup"]
    ]
    return Found(
        scores.pair_precision, scores.pair_recall, float(np.mean(different)) if different else 1.0, scores.bcubed_f1,
        scores.bcubed_precision, of_groups.bcubed_f1,
    )  # fmt: skip


def report(name: str, rows: Sequence[dict[str, Any]], compared: Compared, scores: NDArray[np.float64]) -> Found:
    """Print and return how labelled articles are grouped by these scores of candidates."""
    likely = scores >= STORY_TRACE
    count = len(compared.batch.texts.first)
    group = link_texts(compared.candidates[0][likely], scores[likely], count, Settings().story)
    labels = [f"alone {i}" if t < 0 else int(group[t]) for i, t in enumerate(compared.batch.text_of.tolist())]
    found = judge(rows, labels)
    print(f"{name:27} {found}", flush=True)
    return found


def proposed(name: str, rows: Sequence[dict[str, Any]], compared: Compared) -> float:
    """Print and return the share of the pairs of texts that surely report one event, labelled or judged, that are candidates."""
    event: dict[int, list[int]] = {}
    for text, row in zip(compared.batch.text_of.tolist(), rows, strict=True):
        if text >= 0 and not row["doubtful"]:
            event.setdefault(row["event"], []).append(text)
    wanted = {(a, b) for texts in event.values() for a, b in combinations(sorted(set(texts)), 2)}
    wanted |= {(a, b) for a, b, same, doubtful in compared.batch.judged if same and not doubtful}
    met = set(map(tuple, compared.candidates[0].tolist()))
    print(
        f"{name:27} candidates {len(wanted & met) / len(wanted):.4f} of {len(wanted)} pairs of one event;"
        f" {len(met) / len(compared.batch.texts.first):.1f} a text"
    )
    return len(wanted & met) / len(wanted)


def calibration(name: str, judged: Examples, scores: NDArray[np.float64]) -> None:
    """Print the Brier score of judged pairs, and for bands of the score how many of them are one event."""
    brier = np.average((scores - judged.same) ** 2, weights=judged.weight)
    band = np.minimum((scores * 5).astype(np.int64), 4)
    bands = [
        f"{scores[band == b].mean():.2f}: {np.average(judged.same[band == b], weights=judged.weight[band == b]):.2f}"
        f" ({(band == b).sum()})"
        for b in range(5)
        if (band == b).any()
    ]
    print(f"{name:27} Brier {brier:.4f}; mean score: share of one event (pairs)  {', '.join(bands)}")
