"""The table of features is the one place that says what there is: everything that tells of features agrees with it."""

from __future__ import annotations

import re

import orjson
import pytest
from places import ROOT

from clusterer.messages import message, worded
from clusterer.stories import features, model


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
