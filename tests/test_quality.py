"""The bars of the copy level on real articles and on generated ones, by the code that prints them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.generator import feed
from clusterer import cluster
from clusterer.evaluate import evaluate

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="module")
def printed() -> str:
    if not (SHARED / "gold" / "events.jsonl").exists():
        pytest.skip("no labelled real articles beside the project (shared/feed, shared/gold)")
    command = [sys.executable, "-m", "benchmarks.quality", SHARED / "feed", SHARED / "gold" / "events.jsonl"]
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=True).stdout


def row(text: str, name: str) -> list[float]:
    found = re.search(rf"^{re.escape(name)}.*?\s([\d,]+)((?:\s+[01]\.\d+)+)$", text, re.M)
    assert found, name
    return [float(x) for x in found.group(2).split()]


def test_recall_of_true_pairs(printed: str) -> None:
    verified, linked, _ = row(printed, "Jaccard >= 0.7")
    assert verified >= 0.99
    assert linked >= 0.99


def test_recall_of_cuts(printed: str) -> None:
    verified, linked, _ = row(printed, "cuts: containment >= 0.8")
    assert verified >= 0.97
    assert linked >= 0.90  # the rest are quotations inside roundups, verified and not linked on purpose


def test_precision_of_links(printed: str) -> None:
    assert "thresholds hold by brute force): 1.0000" in printed


@pytest.mark.parametrize("where", ["alone", "inside the feed"])
def test_gold_copies(printed: str, where: str) -> None:
    found = re.search(rf"gold articles {where}, not doubtful:.* F1 (\S+), pair", printed)
    assert found
    assert float(found.group(1)) >= 0.975


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_copies_are_found(seed: int) -> None:
    articles = list(feed(3000, seed))
    copies = [a.pop("copy") for a in articles]
    scores = evaluate(cluster(articles).labels("copy"), copies)
    assert scores.bcubed_recall >= 0.99
    assert scores.bcubed_precision >= 0.995
