"""The table of features is the one place that says what there is: everything that tells of features agrees with it."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import orjson
import pytest
from places import ROOT

from clusterer.arrays.ragged import Ragged
from clusterer.messages import message, worded
from clusterer.stories import candidates, clustering, features, model, term_weights


def test_the_model_weighs_every_feature_by_its_sign() -> None:
    shipped = orjson.loads((ROOT / "clusterer/stories/event_model.json").read_bytes())["weights"]
    assert tuple(shipped) == features.FEATURES
    assert len(set(features.FEATURES)) == len(features.TABLE)
    for feature, weight in zip(features.TABLE, model.shipped_model().weights.tolist(), strict=True):
        assert weight * feature.sign > 0, feature.name
        assert feature.cheap or feature.sign < 0, "a first look takes it for 0, and must not err towards unlikeness"


@pytest.mark.parametrize("feature", features.TABLE, ids=features.FEATURES)
def test_report_and_documentation_describe_it_alike(feature: features.Feature) -> None:
    assert worded(message(f"feature.{feature.name}")) == feature.description
    assert worded(message(f"label.{feature.name}")) == feature.label
    row = f"| `{feature.name}` | {feature.description} | {'for' if feature.sign > 0 else 'against'} |"
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert any(row in path.read_text("utf-8").splitlines() for path in pages), f"no page has the row {row}"


def test_the_documentation_describes_no_other_features() -> None:
    rows = [
        found
        for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for found in re.findall(r"^\| `(\w+)` \| .* \| (?:for|against) \|$", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert rows
    assert set(rows) == set(features.FEATURES)


def test_a_block_of_pairs_costs_nothing_for_the_texts_it_does_not_hold() -> None:
    """A feed has more blocks the more texts it has: what each did with all of these would grow with their square."""
    n = 100_000
    offsets = np.append(np.arange(0, 400, 8), np.full(n + 1 - 50, 400))
    stems = Ragged(np.tile(np.arange(1, 9, dtype=np.uint32), 50), offsets)
    weights = term_weights.weight_terms(stems, Ragged(np.zeros(0, dtype=np.uint32), np.zeros(n + 1, dtype=np.int64)))
    outlets = Ragged(np.arange(n, dtype=np.uint32), np.arange(n + 1))
    dates, pairs, scorer = np.full(n, np.inf), np.array([[0, 1], [3, 40]]), model.shipped_model()

    def compared() -> int:
        left = candidates.prefilter_pairs(weights, pairs, dates, dates, scorer)
        return len(clustering.score_pairs(weights, left, outlets, dates, dates, scorer)[0])

    assert compared() == len(pairs)
    tracemalloc.start()
    try:
        compared()
        assert tracemalloc.get_traced_memory()[1] < n
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("printed", "hours", "carried"),
    [
        ("both by two outlets, two days apart", 48.0, 2 / 3 + 1),
        ("both by two outlets, within hours", 8.0, 2 / 3),
        ("both by two outlets, when is unknown", float("inf"), 2 / 3),
        ("both by one outlet, two days apart", 48.0, 1 / 2),
    ],
)
def test_what_two_outlets_print_on_two_days_is_of_two_days(printed: str, hours: float, carried: float) -> None:
    words = Ragged(np.tile(np.arange(1, 9, dtype=np.uint32), 2), np.array([0, 8, 16]))
    weights = term_weights.weight_terms(words, Ragged(np.zeros(0, dtype=np.uint32), np.zeros(3, dtype=np.int64)))
    houses = np.array([0, 1, 0, 1] if "two outlets" in printed else [0, 0], dtype=np.uint32)
    outlets = Ragged(houses, np.array([0, len(houses) // 2, len(houses)]))
    dates = 60.0 + np.array([0.0, 3600 * hours])
    found = features.pair_features(weights, np.array([[0, 1]]), outlets, dates, dates)
    assert found[0, features.FEATURES.index("carried")] == pytest.approx(carried)
