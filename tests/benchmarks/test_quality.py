"""The bars of the copy level on real articles and on generated ones, by the code that prints them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from places import ROOT, SHARED

from benchmarks.corpora.generator import feed
from clusterer import Settings, cluster
from clusterer.evaluation.metrics import evaluate

pytestmark = pytest.mark.usefixtures("loops")


@pytest.fixture(scope="module", params=["feed", "feed-panarab"])
def printed(request: pytest.FixtureRequest) -> str:
    """What the suite of copies says of a real feed."""
    gold = {"feed": "events.jsonl", "feed-panarab": "panarab.jsonl"}[request.param]
    if not (SHARED / "gold" / gold).exists():
        pytest.skip(f"no labelled real articles beside the project (shared/{request.param}, shared/gold)")
    command = [
        sys.executable,
        "-m",
        "benchmarks.suites.copies",
        SHARED / request.param,
        "--gold",
        SHARED / "gold" / gold,
    ]
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=True).stdout


def number(said: str, pattern: str) -> float:
    found = re.search(pattern, said)
    assert found, (pattern, said)
    return float(found.group(1).replace(",", ""))


@pytest.mark.slow
def test_copies_of_a_real_feed(printed: str) -> None:
    """Near-identical texts stand together, forms and strangers do not, and nothing is removed unverified."""
    for least, most in ((0.9, 0), (0.7, 2)):
        found = re.search(rf"^Jaccard >= {least} +([\d,]+) +(\S+) +([\d,]+) +([\d,]+)$", printed, re.M)
        assert found
        pairs, share, series, apart = (float(x.replace(",", "")) for x in found.groups())
        assert apart <= most
        assert share >= 1 - (series + most) / pairs - 1e-4
        assert series <= 0.01 * pairs
    inside = number(printed, r"([\d,]+) pairs of texts in one group")
    assert number(printed, r"(\d+) pairs in one group with neither") < 0.002 * inside
    assert number(printed, r"(\d+) pairs in one group, of one outlet on different days") <= 10
    assert "; 0 of " in printed
    assert number(printed, r"words of removed articles that the kept one does not hold: (\S+)") <= 0.03
    assert number(printed, r"gold, not doubtful: .* F1 (\S+), pair") >= 0.985


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_generated_copies_are_found(seed: int) -> None:
    articles = list(feed(3000, seed))
    copies = [a.pop("copy") for a in articles]
    scores = evaluate(cluster(articles).labels("copy"), copies)
    assert scores.bcubed_recall >= 0.99
    assert scores.bcubed_precision >= 0.995


@pytest.mark.slow
def test_the_trained_score_meets_its_bars_on_corpora_it_did_not_see() -> None:
    if not (SHARED / "gold" / "panarab-pairs.jsonl").exists():
        pytest.skip("no labelled real articles beside the project (shared/gold)")
    corpora = {
        "july": ("feed", "gold/events.jsonl", "gold/july-pairs.jsonl"),
        "panarab": ("feed-panarab", "gold/panarab.jsonl", "gold/panarab-pairs.jsonl"),
    }
    command = [sys.executable, "-m", "benchmarks.training.train"]
    for name, paths in corpora.items():
        command += ["--corpus", name, *(str(SHARED / path) for path in paths)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    def figures(name: str) -> dict[str, float]:
        found = re.search(
            rf"^{re.escape(name)} +pairs (\S+) (\S+) F1 (\S+)  other words (\S+)  B-cubed (\S+) \(precision (\S+)\)",
            said,
            re.MULTILINE,
        )
        assert found, name
        values = map(float, found.groups())
        names = ("precision", "recall", "f1", "other words", "bcubed", "bcubed precision")
        return dict(zip(names, values, strict=True))

    for where, f1, other_words in (("alone", 0.80, 0.75), ("in feed", 0.76, 0.70)):
        panarab, july = figures(f"panarab left out, {where}"), figures(f"july left out, {where}")
        assert panarab["f1"] >= f1
        assert panarab["precision"] >= 0.80
        assert panarab["other words"] >= other_words
        assert july["bcubed"] >= 0.97
        assert july["bcubed precision"] >= 0.97
        assert july["other words"] >= 0.75
        assert figures(f"panarab by folds, {where}")["f1"] >= (0.85 if where == "alone" else 0.82)
        assert figures(f"july by folds, {where}")["bcubed"] >= 0.975
    for name in corpora:
        titles = figures(f"{name} left out, title alone")
        assert titles["precision"] >= 0.75
        assert titles["recall"] >= 0.60
        candidates = re.search(rf"^{name} left out, in feed +candidates (\S+) of", said, re.MULTILINE)
        assert candidates
        assert float(candidates.group(1)) >= 0.99
        assert (
            figures(f"{name} left out, in feed")["f1"] - figures(f"{name} left out, title and 30 words")["f1"] <= 0.06
        )
    for where, least in (("with dates", 25), ("plain", 22)):  # of 30
        families = re.search(rf"^families of data/ left out, {where}: found (\d+) of 30, wrong 0$", said, re.MULTILINE)
        assert families
        assert int(families.group(1)) >= least
    weights = json.loads((ROOT / "clusterer" / "stories" / "event_model.json").read_text())["weights"]
    assert all(f"'{name}': {value}" in said for name, value in weights.items())  # the shipped ones are these


@pytest.mark.slow
def test_stories_of_the_whole_feed(loops: str) -> None:
    if not (SHARED / "gold" / "events.jsonl").exists():
        pytest.skip("no labelled real articles beside the project (shared/feed, shared/gold)")
    command = [sys.executable, "-m", "benchmarks.suites.stories", SHARED / "feed", SHARED / "gold" / "events.jsonl"]
    said = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    f1 = float(re.search(rf"inside the feed, average linkage at {Settings().story:.2f}:.* F1 (\S+),", said).group(1))
    assert f1 >= 0.96
    assert float(re.search(r"batch independence: (\S+) of", said).group(1)) >= 0.98
    if loops == "compiled":  # the twins are there to be read
        assert float(re.search(r": (\S+) x more", said).group(1)) <= 3
    for line in said.splitlines():
        if line.startswith(("family calls", "family condolences", "family visits", "family gold", "family weather")):
            assert "missed []" in line
            assert "wrongly together []" in line
